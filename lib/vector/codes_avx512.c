/* The scan of codes with 64-byte vectors, four dimensions of sixteen rows an instruction.
 *
 * VPDPBUSD multiplies unsigned by signed bytes: the rows' codes are the unsigned ones, so that what their bias adds is
 * the same number for all rows. */
#include "vector/codes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define INLINE TARGET __attribute__((always_inline)) static inline

enum { SIDE = 4 }; /* groups and queries of a tile */
/* gcc leaves short loops alone below -O3. */
#define UNROLL _Pragma("GCC unroll 4")

INLINE __m512i four_codes(const int8_t *code, uint32_t i) {
    int32_t four;
    memcpy(&four, code + 4 * (size_t)i, sizeof four);
    return _mm512_set1_epi32(four);
}

INLINE void finish(const char *group, __m512i sum, const jl_codes_query *q, float *estimate, uint16_t *hit) {
    __m512 scale = _mm512_mul_ps(_mm512_loadu_ps((const void *)group), _mm512_set1_ps(q->scale));
    __m512 rest = _mm512_loadu_ps((const void *)(group + JL_CODES_ROWS * sizeof(float)));
    __m512 e = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(sum, _mm512_set1_epi32(q->bias))), scale);
    __m512 away = _mm512_add_ps(_mm512_mul_ps(rest, _mm512_set1_ps(q->per_rest)), _mm512_set1_ps(q->margin));
    _mm512_storeu_ps(estimate, e);
    *hit = _mm512_cmp_ps_mask(_mm512_add_ps(e, away), _mm512_set1_ps(q->over), _CMP_GT_OQ);
}

/* `height` groups, `width` queries; both are constants where this is inlined, so that the sums stay in registers. */
INLINE void tile(const char *group, size_t size, uint32_t fours, const jl_codes_query *q, size_t groups, size_t height,
                 size_t width, float *estimate, uint16_t *hit) {
    __m512i sum[SIDE][SIDE];
    UNROLL
    for (size_t g = 0; g < height; ++g)
        UNROLL
    for (size_t i = 0; i < width; ++i)
        sum[g][i] = _mm512_setzero_si512();
    const char *row = group + JL_CODES_ROWS * 2 * sizeof(float);
    for (uint32_t d = 0; d < fours; ++d, row += 4 * JL_CODES_ROWS) {
        __m512i code[SIDE];
        UNROLL
        for (size_t i = 0; i < width; ++i)
            code[i] = four_codes(q[i].code, d);
        UNROLL
        for (size_t g = 0; g < height; ++g) {
            __m512i v = _mm512_loadu_si512((const void *)(row + g * size));
            UNROLL
            for (size_t i = 0; i < width; ++i)
                sum[g][i] = _mm512_dpbusd_epi32(sum[g][i], v, code[i]);
        }
    }
    UNROLL
    for (size_t g = 0; g < height; ++g)
        UNROLL
    for (size_t i = 0; i < width; ++i)
        finish(group + g * size, sum[g][i], &q[i], estimate + (i * groups + g) * JL_CODES_ROWS, &hit[i * groups + g]);
}

#define TILES(width)                                                                                                   \
    do {                                                                                                               \
        for (; g + SIDE <= groups; g += SIDE)                                                                          \
            tile(group + g * size, size, fours, q, groups, SIDE, width, estimate + g * JL_CODES_ROWS, hit + g);        \
        for (; g < groups; ++g)                                                                                        \
            tile(group + g * size, size, fours, q, groups, 1, width, estimate + g * JL_CODES_ROWS, hit + g);           \
    } while (0)

TARGET void jl_codes_scan_avx512(const char *group, size_t groups, uint32_t dims, const jl_codes_query *q, size_t n,
                                 float *estimate, uint16_t *hit) {
    size_t size = jl_codes_group(dims), g = 0;
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
