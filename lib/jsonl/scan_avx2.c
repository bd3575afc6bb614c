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

static inline uint32_t mask_of(__m256i v) {
    return (uint32_t)_mm256_movemask_epi8(v);
}

static inline __m256i quotes(__m256i v) {
    return _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
}

static inline __m256i slashes(__m256i v) {
    return _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
}

static inline __m256i controls(__m256i v) {
    return _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
}

/* Zero for the bytes that JSON escapes by a backslash before them. */
static inline __m256i no_escapes(__m256i v) {
    const __m256i low = _mm256_setr_epi8(JL_ESCAPE_LOW, JL_ESCAPE_LOW);
    const __m256i high = _mm256_setr_epi8(JL_ESCAPE_HIGH, JL_ESCAPE_HIGH);
    const __m256i half = _mm256_set1_epi8(0x0f);
    __m256i a = _mm256_shuffle_epi8(low, _mm256_and_si256(v, half));
    __m256i b = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
    return _mm256_cmpeq_epi8(_mm256_and_si256(a, b), _mm256_setzero_si256());
}

static inline uint64_t quotes_at(const char *p) {
    return mask_of(quotes(load(p))) | (uint64_t)mask_of(quotes(load(p + 32))) << 32;
}

static inline uint32_t odd_half(__m256i v) {
    return mask_of(_mm256_or_si256(slashes(v), controls(v)));
}

static inline uint64_t odd_at(const char *p) {
    return odd_half(load(p)) | (uint64_t)odd_half(load(p + 32)) << 32;
}

#define HAVE_BLOCKS
static inline uint64_t equal(const char *p, char c) {
    __m256i wanted = _mm256_set1_epi8(c);
    return mask_of(_mm256_cmpeq_epi8(load(p), wanted)) | (uint64_t)mask_of(_mm256_cmpeq_epi8(load(p + 32), wanted))
                                                             << 32;
}

static inline uint32_t digit_half(__m256i v) {
    __m256i value = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));
    return mask_of(_mm256_cmpeq_epi8(_mm256_min_epu8(value, _mm256_set1_epi8(9)), value));
}

static inline uint64_t digit(const char *p) {
    return digit_half(load(p)) | (uint64_t)digit_half(load(p + 32)) << 32;
}

static inline jl_scan_block block_of(const char *p) {
    __m256i a = load(p);
    __m256i b = load(p + 32);
    return (jl_scan_block){.quote = mask_of(quotes(a)) | (uint64_t)mask_of(quotes(b)) << 32,
                           .slash = mask_of(slashes(a)) | (uint64_t)mask_of(slashes(b)) << 32,
                           .control = mask_of(controls(a)) | (uint64_t)mask_of(controls(b)) << 32,
                           .simple = ~(mask_of(no_escapes(a)) | (uint64_t)mask_of(no_escapes(b)) << 32)};
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
