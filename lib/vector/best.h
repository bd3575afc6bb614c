/* The rows that may be among the nearest to one query, while their true scores are not all known. */
#ifndef JL_VECTOR_BEST_H
#define JL_VECTOR_BEST_H

#include "vector/index.h"

/* The true score is within `radius` of `score`; with radius 0 it is `score`. */
typedef struct jl_near {
    float score, radius;
    uint64_t row;
    uint64_t at; /* its place in the file, from 0 */
} jl_near;

/* Whatever is dropped has k others that are better for certain, in the order of jl_index_search. */
typedef struct jl_best {
    jl_near *list;  /* the caller's memory, for `room` of them */
    float *scratch; /* likewise */
    size_t n, room, k;
    float least;       /* k rows have at least this score; -infinity while there are no k rows */
    uint64_t last_row; /* of rows that have just `least`, those before this one may be among the k */
} jl_best;

/* What `room` has to be for `k`. */
static inline size_t jl_best_room(size_t k) {
    return 2 * k + 2048;
}

/* `list` and `scratch` are set, k > 0. */
void jl_best_start(jl_best *b, size_t k);

static inline bool jl_best_wants(const jl_best *b, float most, uint64_t row) {
    return most > b->least || (most == b->least && row < b->last_row);
}

/* Drops what cannot be among the k, and orders the rest when all true scores are known. */
void jl_best_drop(jl_best *b);

/* Brings forward those of unknown score which, by their estimates, would be among the k (all: every one of unknown
   score); returns their number. They stand first in the list, in the order of `at`. */
size_t jl_best_unsettled(jl_best *b, bool all);

#endif
