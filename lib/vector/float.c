/* Arithmetic on vectors of float32, with the same results whatever instructions do it.
 *
 * Sums run in sixteen lanes that are added up pairwise at the end: that order, and no fused multiplication, is the
 * definition; how many lanes an instruction takes at once is not. */
#include "vector/float.h"

#include "jsonl/level.h"

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

__attribute__((always_inline)) static inline float dot(const float *a, const float *b, uint32_t n) {
    lanes sum = {0};
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes x, y;
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        sum += x * y;
    }
    if (i < n) {
        lanes x = {0}, y = {0};
        memcpy(&x, a + i, (n - i) * sizeof *a);
        memcpy(&y, b + i, (n - i) * sizeof *b);
        sum += x * y;
    }
    float part[LANES];
    memcpy(part, &sum, sizeof part);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; ++j)
            part[j] += part[j + half];
    return part[0];
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static float dot_avx2(const float *a, const float *b, uint32_t n) {
    return dot(a, b, n);
}
#endif

float jl_vector_dot(const float *a, const float *b, uint32_t n) {
#if defined(__x86_64__)
    if (jl_level_now() >= JL_LEVEL_AVX2)
        return dot_avx2(a, b, n);
#endif
    return dot(a, b, n);
}

static double squares_of(const float *v, uint32_t n) {
    double sum[8] = {0};
    uint32_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; ++j)
            sum[j] += (double)v[i + (uint32_t)j] * (double)v[i + (uint32_t)j];
    for (; i < n; ++i)
        sum[0] += (double)v[i] * (double)v[i];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

/* 1 / sqrt(x) for 0 < x < infinity, by Newton's method from a guess that halves the exponent: a call of sqrt would load
   the mathematical library into every program. The guess is off by less than 4 %, four steps bring that below 2^-53. */
static double inverse_root(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = UINT64_C(0x5fe6eb50c7b537a9) - bits / 2;
    double y;
    memcpy(&y, &bits, sizeof y);
    for (int step = 0; step < 5; ++step)
        y *= 1.5 - 0.5 * x * y * y;
    return y;
}

bool jl_float_normalise(float *v, uint32_t n) {
    /* As near to 1 as float32 can be sure to come; vectors that travel keep their bits. */
    static const double near = 1e-6;
    double squares = squares_of(v, n);
    /* A double holds the square of every float32: the sum is finite when all of them are. */
    if (!(squares < __DBL_MAX__))
        return false;
    if (squares == 0 || (squares > 1 - near && squares < 1 + near))
        return true;
    double factor = inverse_root(squares);
    for (uint32_t i = 0; i < n; ++i)
        v[i] = (float)((double)v[i] * factor);
    return true;
}

void jl_vector_normalise(float *v, uint32_t n) {
    jl_float_normalise(v, n);
}
