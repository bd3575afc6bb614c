/* Postings that outlive the lines that they were read from. */
#ifndef JL_STORE_KEEP_H
#define JL_STORE_KEEP_H

#include "job/merge.h"

/* Zero bytes keep nothing. */
typedef struct jl_keep {
    jl_posting *posting; /* `n` of them; their spans live until jl_keep_clear, the array moves when it grows */
    size_t n, cap;
    size_t bytes; /* of their texts and vectors */
    char **block; /* which never move; all but the last are full */
    size_t blocks, blocks_cap;
    size_t used, size; /* of the last block */
} jl_keep;

/* Appends a copy, an LF and JL_PAD readable bytes behind each of its texts. -1: memory ran out. */
int jl_keep_add(jl_keep *k, const jl_posting *posting, jl_err *err);
/* Empty again; the memory of a few postings stays. */
void jl_keep_clear(jl_keep *k);
void jl_keep_free(jl_keep *k);

#endif
