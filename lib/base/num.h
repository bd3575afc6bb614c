/* Numbers, sizes, durations, as people type or read them. */
#ifndef JL_BASE_NUM_H
#define JL_BASE_NUM_H

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* All take the whole text or fail with JL_USAGE and a sentence that names the text and the form expected. */

/* Decimal digits, min <= value <= max. */
int jl_num_u64(jl_span text, uint64_t min, uint64_t max, uint64_t *value, jl_err *err);
/* Bytes: digits and an optional K, M, G, T (also k, KiB, MiB, …; powers of 1024). */
int jl_num_size(jl_span text, uint64_t *bytes, jl_err *err);
/* Nanoseconds: a decimal number, with a fraction if need be, and ns, us, ms, s, m, h, d; no unit = s. */
int jl_num_duration(jl_span text, int64_t *ns, jl_err *err);
/* "N" or "N%" (0 to 100, a fraction is allowed with %): fills exactly one of the two, -1 in the other. */
int jl_num_share(jl_span text, int64_t *count, double *percent, jl_err *err);

/* "1,234,567"; returns `text`. */
const char *jl_num_text(int64_t n, char text[32]);

#endif
