/* Exact nearest neighbours from a side file: 8-bit codes are scanned, the best are compared again in float32. */
#ifndef JL_VECTOR_INDEX_H
#define JL_VECTOR_INDEX_H

#include "vector/vector.h"

/* The file: a header (magic "jlindex1", this head, a checksum), then blocks of at most 4096 rows in ascending row order,
   each: row numbers (uint64) | facts | per row scale (float32) and codes (dims bytes, padded to 64) | float32 rows. A block's
   parts start at multiples of 64 bytes; its head has its numbers of rows and a checksum of all but the codes and floats. */
typedef struct jl_index_head {
    char model[JL_MODEL_MAX];
    uint32_t dims;
    uint32_t facts; /* bytes a row */
    uint64_t rows;
    uint64_t store;  /* names the store that it was made from: a random number of the store's own */
    uint64_t change; /* the store's last change that it holds */
} jl_index_head;

typedef struct jl_index jl_index;

/* Opens the file; `path` NULL: an empty index of `head`, to be filled with jl_index_set. *index is NULL and 0 is returned when there is no file.
   -1: JL_CONFIG (no index, another version, damaged), JL_IO. */
int jl_index_open(jl_index **index, const char *path, const jl_index_head *head, jl_err *err);
void jl_index_close(jl_index *index);
const jl_index_head *jl_index_about(const jl_index *index);

/* Changes since the file was written, held in memory and searched with it: a row is new, or takes the place of what the file has for it; hidden
   rows are left out. Any order. */
int jl_index_set(jl_index *index, uint64_t row, const void *facts, const float *vector, jl_err *err);
int jl_index_hide(jl_index *index, uint64_t row, jl_err *err);

/* The nearest `k` rows to each of `n` queries (n * dims floats of length 1), of those whose facts `keep` lets pass for that query (NULL: all), by
   falling score, rows with equal scores by rising row; exact for k up to what `rerank` = 2k holds (recall 1 against float32).
   `hit` has n * k entries, `hits` n counts. The same with all instruction sets: codes to the bit, scores within 1e-5. */
typedef struct jl_hit {
    uint64_t row;
    float score;
} jl_hit;
typedef struct jl_index_query {
    const float *queries;
    size_t n, k;
    bool (*keep)(void *self, size_t query, const void *facts);
    void *self;
} jl_index_query;
int jl_index_search(jl_index *index, const jl_index_query *query, jl_hit *hit, size_t *hits, jl_err *err);

/* Writes `path` anew: what the file of that name holds (when it is of the same model, dims, facts and store; else nothing), with the changes that `next`
   gives in ascending row order laid over it. Streams: a few blocks of memory. `next`: 1 with a row (`gone`: it is no more), 0 at the end, -1. The file appears
   whole or not at all. `head` is what the new file says; its `rows` is counted here and returned. */
typedef struct jl_index_row {
    uint64_t row;
    bool gone;
    const void *facts;
    const float *vector;
} jl_index_row;
int jl_index_write(const char *path, jl_index_head *head, int (*next)(void *self, jl_index_row *row, jl_err *err),
                   void *self, jl_err *err);

#endif
