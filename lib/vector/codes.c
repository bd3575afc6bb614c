/* Vectors packed into 8-bit codes, the scan in plain C, the choice of the best scan at hand. */
#include "vector/codes.h"

#include "jsonl/level.h"

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

enum { CODE_MAX = 127, BIAS = 128 };

/* ---- packing ---- */

static float largest(const float *v, uint32_t n) {
    float most = 0;
    for (uint32_t i = 0; i < n; ++i) {
        float size = v[i] < 0 ? -v[i] : v[i];
        most = size > most ? size : most;
    }
    return most;
}

/* Rounded up, so that a bound stays one: the root of what float32 arithmetic can have left out of `squares`. */
static float root_above(double squares) {
    double root = 1;
    if (squares < 1e-30)
        return squares > 0 ? 1e-15f : 0;
    /* Newton's method from above falls towards the root and never below. */
    for (int step = 0; step < 64 && root * root > squares * 1.000001; ++step)
        root = 0.5 * (root + squares / root);
    return (float)(root * 1.00001);
}

typedef struct coded {
    float scale, rest;
    int32_t sum;
} coded;

/* Writes the codes, each plus `bias`, to code[0], … code[3], code[step], … */
static coded encode(const float *v, uint32_t dims, unsigned bias, unsigned char *code, size_t step) {
    float most = largest(v, dims);
    coded c = {most / CODE_MAX, 0, 0};
    /* A vector of length 1 has a number of 1/91 at least; denormals are as good as nothing. */
    float factor = most > 1e-30f ? CODE_MAX / most : 0;
    double squares = 0;
    for (uint32_t i = 0; i < dims; ++i) {
        float x = v[i] * factor;
        int rounded = (int)(x < 0 ? x - 0.5f : x + 0.5f);
        rounded = rounded > CODE_MAX ? CODE_MAX : rounded < -CODE_MAX ? -CODE_MAX : rounded;
        double rest = (double)v[i] - (double)c.scale * rounded;
        squares += rest * rest;
        c.sum += rounded;
        code[i / 4 * step + i % 4] = (unsigned char)(rounded + (int)bias);
    }
    c.rest = root_above(squares);
    return c;
}

void jl_codes_pack(const float *rows, size_t n, uint32_t dims, char *group) {
    float head[2][JL_CODES_ROWS] = {{0}};
    unsigned char *code = (unsigned char *)group + sizeof head;
    memset(code, BIAS, jl_codes_group(dims) - sizeof head);
    for (size_t r = 0; r < n; ++r) {
        coded c = encode(rows + r * dims, dims, BIAS, code + 4 * r, (size_t)4 * JL_CODES_ROWS);
        head[0][r] = c.scale;
        head[1][r] = c.rest;
    }
    memcpy(group, head, sizeof head);
}

void jl_codes_ask(const float *query, uint32_t dims, int8_t *code, jl_codes_query *q) {
    memset(code, 0, (dims + 3) / 4 * 4);
    coded c = encode(query, dims, 0, (unsigned char *)code, 4);
    /* Beyond the formula: what float32 leaves out of the true score, whose sums run over dims / 16 + 4 numbers, out of the
       estimate and this bound, and lengths that are 1 within 1e-6. */
    float rounding = ((float)dims / 16 + 32) * 1.2e-7f;
    *q = (jl_codes_query){code, c.sum * BIAS, c.scale, 1 + c.rest, c.rest * 1.00001f + rounding, -__builtin_inff()};
    if (c.scale == 0)
        q->per_rest = q->margin = 0; /* all scores are 0 */
}

/* ---- scanning ---- */

static void scan_one(const char *group, uint32_t dims, const jl_codes_query *q, float *estimate, uint16_t *hit) {
    float head[2][JL_CODES_ROWS];
    int32_t sum[JL_CODES_ROWS] = {0};
    memcpy(head, group, sizeof head);
    const unsigned char *row = (const unsigned char *)group + sizeof head;
    for (uint32_t i = 0; i < (dims + 3) / 4; ++i, row += 4 * JL_CODES_ROWS) {
        const int8_t *code = q->code + (size_t)4 * i;
        for (int r = 0; r < JL_CODES_ROWS; ++r)
            sum[r] +=
                row[4 * r] * code[0] + row[4 * r + 1] * code[1] + row[4 * r + 2] * code[2] + row[4 * r + 3] * code[3];
    }
    unsigned bits = 0;
    for (int r = 0; r < JL_CODES_ROWS; ++r) {
        float scale = head[0][r] * q->scale;
        estimate[r] = (float)(sum[r] - q->bias) * scale;
        float away = head[1][r] * q->per_rest;
        away += q->margin;
        bits |= (unsigned)(estimate[r] + away > q->over) << r;
    }
    *hit = (uint16_t)bits;
}

void jl_codes_scan_plain(const char *group, size_t groups, uint32_t dims, const jl_codes_query *q, size_t n,
                         float *estimate, uint16_t *hit) {
    size_t size = jl_codes_group(dims);
    for (size_t i = 0; i < n; ++i)
        for (size_t g = 0; g < groups; ++g)
            scan_one(group + g * size, dims, &q[i], estimate + (i * groups + g) * JL_CODES_ROWS, &hit[i * groups + g]);
}

static jl_codes_scan_fn *best_scan(void) {
#if defined(__x86_64__)
    jl_level level = jl_level_now();
    if (level >= JL_LEVEL_AVX512 && __builtin_cpu_supports("avx512vnni"))
        return jl_codes_scan_avx512;
    if (level >= JL_LEVEL_AVX2)
        return jl_codes_scan_avx2;
#elif defined(__aarch64__)
    if (jl_level_now() >= JL_LEVEL_PLAIN)
        return jl_codes_scan_neon;
#endif
    return jl_codes_scan_plain;
}

void jl_codes_scan(const char *group, size_t groups, uint32_t dims, const jl_codes_query *q, size_t n, float *estimate,
                   uint16_t *hit) {
    best_scan()(group, groups, dims, q, n, estimate, hit);
}
