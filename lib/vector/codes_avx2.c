/* The scan of codes with 32-byte vectors, four dimensions of eight rows a step.
 *
 * VPMADDUBSW would saturate; codes are taken apart into those of even and odd dimensions instead, sixteen bits each. */
#include "vector/codes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#define TARGET __attribute__((target("avx2")))
#define INLINE TARGET __attribute__((always_inline)) static inline

enum { ROWS = 8, HALVES = JL_CODES_ROWS / ROWS };
/* gcc leaves short loops alone below -O3. */
#define UNROLL _Pragma("GCC unroll 4")

INLINE __m256i four_codes(const int8_t *code, uint32_t i) {
    int32_t four;
    memcpy(&four, code + 4 * (size_t)i, sizeof four);
    return _mm256_set1_epi32(four);
}

INLINE unsigned finish(const char *group, __m256i sum, const jl_codes_query *q, float *estimate) {
    __m256 scale = _mm256_mul_ps(_mm256_loadu_ps((const float *)(const void *)group), _mm256_set1_ps(q->scale));
    __m256 rest = _mm256_loadu_ps((const float *)(const void *)(group + JL_CODES_ROWS * sizeof(float)));
    __m256 e = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(sum, _mm256_set1_epi32(q->bias))), scale);
    __m256 away = _mm256_add_ps(_mm256_mul_ps(rest, _mm256_set1_ps(q->per_rest)), _mm256_set1_ps(q->margin));
    _mm256_storeu_ps(estimate, e);
    __m256 over = _mm256_cmp_ps(_mm256_add_ps(e, away), _mm256_set1_ps(q->over), _CMP_GT_OQ);
    return (unsigned)_mm256_movemask_ps(over);
}

/* One group, `width` queries; a constant where this is inlined, so that the sums stay in registers. */
INLINE void tile(const char *group, uint32_t fours, const jl_codes_query *q, size_t groups, size_t width,
                 float *estimate, uint16_t *hit) {
    __m256i sum[HALVES][JL_CODES_TILE];
    UNROLL
    for (size_t h = 0; h < HALVES; ++h)
        UNROLL
    for (size_t i = 0; i < width; ++i)
        sum[h][i] = _mm256_setzero_si256();
    const char *row = group + JL_CODES_ROWS * 2 * sizeof(float);
    const __m256i low = _mm256_set1_epi16(0xff);
    for (uint32_t d = 0; d < fours; ++d) {
        __m256i even[HALVES], odd[HALVES];
        UNROLL
        for (size_t h = 0; h < HALVES; ++h, row += 4 * ROWS) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)row);
            even[h] = _mm256_and_si256(v, low);
            odd[h] = _mm256_srli_epi16(v, 8);
        }
        UNROLL
        for (size_t i = 0; i < width; ++i) {
            __m256i code = four_codes(q[i].code, d);
            __m256i even_code = _mm256_srai_epi16(_mm256_slli_epi16(code, 8), 8);
            __m256i odd_code = _mm256_srai_epi16(code, 8);
            UNROLL
            for (size_t h = 0; h < HALVES; ++h) {
                __m256i a = _mm256_madd_epi16(even[h], even_code), b = _mm256_madd_epi16(odd[h], odd_code);
                sum[h][i] = _mm256_add_epi32(sum[h][i], _mm256_add_epi32(a, b));
            }
        }
    }
    UNROLL
    for (size_t i = 0; i < width; ++i) {
        float *to = estimate + i * groups * JL_CODES_ROWS;
        unsigned bits = finish(group, sum[0][i], &q[i], to);
        bits |= finish(group + ROWS * sizeof(float), sum[1][i], &q[i], to + ROWS) << ROWS;
        hit[i * groups] = (uint16_t)bits;
    }
}

#define TILES(width)                                                                                                   \
    for (size_t g = 0; g < groups; ++g)                                                                                \
    tile(group + g * size, fours, q, groups, width, estimate + g * JL_CODES_ROWS, hit + g)

TARGET void jl_codes_scan_avx2(const char *group, size_t groups, uint32_t dims, const jl_codes_query *q, size_t n,
                               float *estimate, uint16_t *hit) {
    size_t size = jl_codes_group(dims);
    uint32_t fours = (dims + 3) / 4;
    if (n == 1)
        TILES(1);
    else if (n == 2)
        TILES(2);
    else if (n == 3)
        TILES(3);
    else
        TILES(4);
}

#endif
