/* The best of many scored jobs. */
#ifndef JL_MATCH_RANK_H
#define JL_MATCH_RANK_H

#include "job/merge.h"

/* A scored job that was kept: what its rank follows from, and its line. Texts are owned by `bytes`. */
typedef struct jl_ranked {
    double score;
    int64_t posted; /* seconds since 1970, 0 = unknown */
    jl_span source, id, line;
    float cosine; /* what it was scored with: -2 = no vector */
    jl_stage stage;
    jl_buf bytes;
} jl_ranked;

/* Zero bytes keep nothing. Jobs rank by falling score; equal scores: the one posted later first; then by source, then by id, in
   the order of their bytes, so that a ranking does not depend on the order in which jobs came. */
typedef struct jl_rank {
    jl_ranked **job; /* a heap with the last in rank on top; after jl_rank_sort by rank, the first at 0 */
    size_t n, room, most;
} jl_rank;

/* Keeps the best `most` from now on. */
void jl_rank_open(jl_rank *r, size_t most);
/* Copies the job when it is among the best so far. -1: memory ran out. */
int jl_rank_offer(jl_rank *r, const jl_posting *job, double score, float cosine, jl_stage stage, jl_err *err);
/* Brings them into their order; nothing is offered afterwards. */
void jl_rank_sort(jl_rank *r);
void jl_rank_free(jl_rank *r);

#endif
