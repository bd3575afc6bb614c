/* The distinct texts of answers, each kept once. */
#ifndef JL_JSONL_VALUES_H
#define JL_JSONL_VALUES_H

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* Millions of keys share a handful of answers; where they do not, each text costs its bytes and about 50 more. */
typedef struct jl_values jl_values;

/* NULL: memory ran out. */
jl_values *jl_values_new(jl_err *err);
void jl_values_free(jl_values *v);
/* Keeps a copy; equal texts get the same id, ids stay below 2^48. */
int jl_values_keep(jl_values *v, jl_span text, uint64_t *id, jl_err *err);
/* Valid until jl_values_free. */
jl_span jl_values_get(const jl_values *v, uint64_t id);

#endif
