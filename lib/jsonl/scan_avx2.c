/* The scanner with 32-byte vectors. */
#include "jsonl/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2")
#endif

#define SCAN(name) name##_avx2
#define STEP 64

static inline __m256i load(const char *p) {
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline uint32_t special_half(__m256i v) {
    __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
    __m256i slash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
    __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quote, slash), control));
}

static inline uint64_t special(const char *p) {
    return special_half(load(p)) | (uint64_t)special_half(load(p + 32)) << 32;
}

static inline size_t digit_run(const char *p) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i value = _mm_sub_epi8(v, _mm_set1_epi8('0'));
    __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
    return (size_t)__builtin_ctz(~(unsigned)_mm_movemask_epi8(digit));
}

static inline bool same_token(const char *p, const jl_name_seen *seen) {
    __m256i equal = _mm256_cmpeq_epi8(load(p), load(seen->token));
    return (~(uint32_t)_mm256_movemask_epi8(equal) & seen->mask) == 0;
}

#include "jsonl/scan_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
