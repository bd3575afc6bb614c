/* The scanner with 64-byte vectors. */
#include "jsonl/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,avx512f,avx512bw,avx512vl"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,avx512f,avx512bw,avx512vl")
#endif

#define SCAN(name) name##_avx512
#define STEP 64

static inline __m512i load(const char *p) {
    return _mm512_loadu_si512((const void *)p);
}

/* Compilers do arithmetic on masks where compares leave them, which costs several times what it does in ordinary
   registers. */
static inline uint64_t in_register(uint64_t mask) {
    __asm__("" : "+r"(mask));
    return mask;
}

static inline uint64_t quotes(__m512i v) {
    return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"'));
}

static inline uint64_t slashes(__m512i v) {
    return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));
}

static inline uint64_t controls(__m512i v) {
    return _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20));
}

/* By halves: masks come sooner out of these registers than out of those of the long compares. */
static inline uint64_t quotes_at(const char *p) {
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    const __m256i quote = _mm256_set1_epi8('"');
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, quote)) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, quote)) << 32;
}

static inline uint64_t odd_at(const char *p) {
    __m512i v = load(p);
    return slashes(v) | controls(v);
}

#define HAVE_BLOCKS
static inline uint64_t equal(const char *p, char c) {
    return in_register(_mm512_cmpeq_epi8_mask(load(p), _mm512_set1_epi8(c)));
}

static inline uint64_t digit(const char *p) {
    __m512i value = _mm512_sub_epi8(load(p), _mm512_set1_epi8('0'));
    return in_register(_mm512_cmplt_epu8_mask(value, _mm512_set1_epi8(10)));
}

static inline jl_scan_block block_of(const char *p) {
    __m512i v = load(p);
    const __m512i low = _mm512_broadcast_i32x4(_mm_setr_epi8(JL_ESCAPE_LOW));
    const __m512i high = _mm512_broadcast_i32x4(_mm_setr_epi8(JL_ESCAPE_HIGH));
    const __m512i half = _mm512_set1_epi8(0x0f);
    __m512i a = _mm512_shuffle_epi8(low, _mm512_and_si512(v, half));
    __m512i b = _mm512_shuffle_epi8(high, _mm512_and_si512(_mm512_srli_epi16(v, 4), half));
    return (jl_scan_block){.quote = in_register(quotes(v)),
                           .slash = in_register(slashes(v)),
                           .control = in_register(controls(v)),
                           .simple = in_register(_mm512_test_epi8_mask(a, b))};
}

static inline size_t digit_run(const char *p) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i value = _mm_sub_epi8(v, _mm_set1_epi8('0'));
    return (size_t)__builtin_ctz(_mm_cmpgt_epu8_mask(value, _mm_set1_epi8(9)) | 0x10000u);
}

static inline bool same_token(const char *p, const jl_name_seen *seen) {
    __m256i now = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i then = _mm256_loadu_si256((const __m256i *)(const void *)seen->token);
    return _mm256_mask_cmpneq_epi8_mask(seen->mask, now, then) == 0;
}

#include "jsonl/scan_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
