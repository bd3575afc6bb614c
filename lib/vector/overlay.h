/* Rows that changed since a side file was written, in memory. */
#ifndef JL_VECTOR_OVERLAY_H
#define JL_VECTOR_OVERLAY_H

#include "vector/vector.h"

typedef struct jl_overlay_row {
    uint64_t row;
    uint64_t turn; /* the last one for a row counts */
    size_t at;     /* of its facts in `data`, the floats follow; JL_OVERLAY_HIDDEN */
} jl_overlay_row;

#define JL_OVERLAY_HIDDEN SIZE_MAX

typedef struct jl_overlay {
    uint32_t dims, facts;
    jl_overlay_row *list; /* ascending and without doubles once `settled` */
    size_t n, cap;
    bool settled;
    uint64_t turns;
    char *data;
    size_t used, room;
} jl_overlay;

/* `facts` and `vector` are copied; both NULL hide the row. -1: JL_SOFTWARE (memory), JL_DATA (a number that is not
   finite). */
int jl_overlay_set(jl_overlay *o, uint64_t row, const void *facts, const float *vector, jl_err *err);
/* To be called before those below. */
void jl_overlay_settle(jl_overlay *o);
bool jl_overlay_has(const jl_overlay *o, uint64_t row);
static inline const void *jl_overlay_facts(const jl_overlay *o, const jl_overlay_row *r) {
    return o->data + r->at;
}
const float *jl_overlay_vector(const jl_overlay *o, const jl_overlay_row *r);
void jl_overlay_free(jl_overlay *o);

#endif
