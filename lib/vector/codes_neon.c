/* The scan of codes with the 16-byte vectors of AArch64, four dimensions of four rows a step. */
#include "vector/codes.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#define INLINE __attribute__((always_inline)) static inline

enum { ROWS = 4, QUARTERS = JL_CODES_ROWS / ROWS };
/* gcc leaves short loops alone below -O3. */
#define UNROLL _Pragma("GCC unroll 4")

INLINE int8x16_t four_codes(const int8_t *code, uint32_t i) {
    int32_t four;
    memcpy(&four, code + 4 * (size_t)i, sizeof four);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

INLINE float32x4_t floats(const char *p) {
    return vreinterpretq_f32_u8(vld1q_u8((const uint8_t *)p));
}

INLINE unsigned finish(const char *group, int32x4_t sum, const jl_codes_query *q, float *estimate) {
    static const uint32_t bit[ROWS] = {1, 2, 4, 8};
    float32x4_t scale = vmulq_n_f32(floats(group), q->scale);
    float32x4_t rest = floats(group + JL_CODES_ROWS * sizeof(float));
    float32x4_t e = vmulq_f32(vcvtq_f32_s32(sum), scale);
    float32x4_t away = vaddq_f32(vmulq_n_f32(rest, q->per_rest), vdupq_n_f32(q->margin));
    vst1q_f32(estimate, e);
    uint32x4_t over = vcgtq_f32(vaddq_f32(e, away), vdupq_n_f32(q->over));
    return vaddvq_u32(vandq_u32(over, vld1q_u32(bit)));
}

/* The bias is taken off first: a product of two signed codes fits into sixteen bits. */
INLINE void one(const char *group, uint32_t fours, const jl_codes_query *q, float *estimate, uint16_t *hit) {
    int32x4_t low[QUARTERS], high[QUARTERS];
    UNROLL
    for (size_t k = 0; k < QUARTERS; ++k)
        low[k] = high[k] = vdupq_n_s32(0);
    const uint8_t *row = (const uint8_t *)group + JL_CODES_ROWS * 2 * sizeof(float);
    const uint8x16_t bias = vdupq_n_u8(128);
    for (uint32_t d = 0; d < fours; ++d) {
        int8x16_t code = four_codes(q->code, d);
        UNROLL
        for (size_t k = 0; k < QUARTERS; ++k, row += 4 * ROWS) {
            int8x16_t v = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(row), bias));
            low[k] = vpadalq_s16(low[k], vmull_s8(vget_low_s8(v), vget_low_s8(code)));
            high[k] = vpadalq_s16(high[k], vmull_high_s8(v, code));
        }
    }
    unsigned bits = 0;
    UNROLL
    for (size_t k = 0; k < QUARTERS; ++k)
        bits |= finish(group + k * ROWS * sizeof(float), vpaddq_s32(low[k], high[k]), q, estimate + k * ROWS)
                << (k * ROWS);
    *hit = (uint16_t)bits;
}

void jl_codes_scan_neon(const char *group, size_t groups, uint32_t dims, const jl_codes_query *q, size_t n,
                        float *estimate, uint16_t *hit) {
    size_t size = jl_codes_group(dims);
    for (size_t g = 0; g < groups; ++g)
        for (size_t i = 0; i < n; ++i)
            one(group + g * size, (dims + 3) / 4, &q[i], estimate + (i * groups + g) * JL_CODES_ROWS,
                &hit[i * groups + g]);
}

#endif
