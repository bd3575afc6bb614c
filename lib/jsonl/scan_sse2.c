/* The scanner with the 16-byte vectors that every x86-64 has. */
#include "jsonl/scan.h"

#if defined(__x86_64__)
#include <emmintrin.h>

#define SCAN(name) name##_sse2
#define STEP 32

static inline __m128i load(const char *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline uint32_t quotes_half(__m128i v) {
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
}

static inline uint64_t quotes_at(const char *p) {
    return quotes_half(load(p)) | quotes_half(load(p + 16)) << 16;
}

static inline uint32_t odd_half(__m128i v) {
    __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(slash, control));
}

static inline uint64_t odd_at(const char *p) {
    return odd_half(load(p)) | odd_half(load(p + 16)) << 16;
}

static inline size_t digit_run(const char *p) {
    __m128i value = _mm_sub_epi8(load(p), _mm_set1_epi8('0'));
    __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
    return (size_t)__builtin_ctz(~(unsigned)_mm_movemask_epi8(digit));
}

static inline bool same_token(const char *p, const jl_name_seen *seen) {
    uint32_t low = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(load(p), load(seen->token)));
    uint32_t high = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(load(p + 16), load(seen->token + 16)));
    return (~(low | high << 16) & seen->mask) == 0;
}

#include "jsonl/scan_body.h"
#endif
