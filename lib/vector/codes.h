/* Vectors as 8-bit codes: how they are packed, how many of them are compared at once.
 *
 * A vector v becomes v = scale * code + rest with codes from -127 to 127. The length of the rest, which is known, bounds
 * the error of the product of two coded vectors (Cauchy-Schwarz):
 *
 *   |<q, v> - scale_q scale_v <code_q, code_v>| <= rest_v + rest_q (|v| + rest_v)
 *
 * Codes stand in groups of sixteen rows: 16 scales | 16 rests (float32) | four codes of each row, the next four of each
 * row, and so on, each plus 128. One 64-byte load has four dimensions of all rows, and sums never cross a vector. */
#ifndef JL_VECTOR_CODES_H
#define JL_VECTOR_CODES_H

#include "vector/vector.h"

#define JL_CODES_ROWS 16
#define JL_CODES_TILE 4 /* queries that a scan takes at once, at most */

/* Bytes of a group, a multiple of 64. */
static inline size_t jl_codes_group(uint32_t dims) {
    return JL_CODES_ROWS * 2 * sizeof(float) + (size_t)JL_CODES_ROWS * ((dims + 3) / 4 * 4);
}

/* Packs `n` <= 16 rows of length 1 or 0, one behind the other; the group's other rows are zero. */
void jl_codes_pack(const float *rows, size_t n, uint32_t dims, char *group);

typedef struct jl_codes_query {
    const int8_t *code; /* of the dims, zero up to the next multiple of 4 */
    int32_t bias;       /* 128 times the sum of the codes */
    float scale;
    float per_rest, margin; /* a row's true score is within rest * per_rest + margin of its estimate */
    float over;             /* rows that cannot score more are passed over */
} jl_codes_query;

/* `code` has room for dims rounded up to 4. `over` is -infinity at first. */
void jl_codes_ask(const float *query, uint32_t dims, int8_t *code, jl_codes_query *q);

/* Estimates 16 * `groups` rows for each of `n` <= 4 queries. estimate[(i * groups + g) * 16 + r] is that of query i, row r
   of group g; bit r of hit[i * groups + g] says that its true score may be more than `over`. The bits of all results
   are the same with all instructions. */
void jl_codes_scan(const char *group, size_t groups, uint32_t dims, const jl_codes_query *q, size_t n, float *estimate,
                   uint16_t *hit);

typedef void jl_codes_scan_fn(const char *group, size_t groups, uint32_t dims, const jl_codes_query *q, size_t n,
                              float *estimate, uint16_t *hit);
jl_codes_scan_fn jl_codes_scan_plain, jl_codes_scan_avx2, jl_codes_scan_avx512, jl_codes_scan_neon;

#endif
