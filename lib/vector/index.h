/* Exact nearest neighbours from a side file: 8-bit codes are scanned, the best are compared again in float32. */
#ifndef JL_VECTOR_INDEX_H
#define JL_VECTOR_INDEX_H

#include "vector/vector.h"

/* The file: a header (magic "jlindex1", this head, a checksum), then blocks of at most 4096 rows in ascending row order,
   each: row numbers (uint64) | facts | codes, with a scale per row, in groups of sixteen rows | float32 rows. A block's parts start at
   multiples of 64 bytes; its head has its number of rows and checksums of all but the codes and floats, which are held against
   each other as far as a search looks at both, so that most damage to them goes unseen until jl_index_check. index_file.h and codes.h say it byte for byte. */
typedef struct jl_index_head {
    char model[JL_MODEL_MAX];
    uint32_t dims;
    uint32_t facts; /* bytes a row, at most 4096 */
    uint64_t rows;
    uint64_t store;  /* names the store that it was made from: a random number of the store's own */
    uint64_t change; /* the store's last change that it holds */
} jl_index_head;

typedef struct jl_index jl_index;

/* Opens the file; `path` NULL: an empty index of `head`, to be filled with jl_index_set; else `head` may be NULL. *index is NULL and 0
   is returned when there is no file, or an empty one. -1: JL_DATA (something else stands there), JL_CONFIG (another version,
   damaged), JL_IO. */
int jl_index_open(jl_index **index, const char *path, const jl_index_head *head, jl_err *err);
void jl_index_close(jl_index *index);
const jl_index_head *jl_index_about(const jl_index *index);

/* Changes since the file was written, held in memory and searched with it: a row is new, or takes the place of what the file has for it; hidden
   rows are left out. Any order; the last change of a row counts. Facts and vector are copied, the vector brought to length 1.
   -1: JL_DATA (NaN or infinity), JL_SOFTWARE (memory). */
int jl_index_set(jl_index *index, uint64_t row, const void *facts, const float *vector, jl_err *err);
int jl_index_hide(jl_index *index, uint64_t row, jl_err *err);

/* The nearest `k` rows to each of `n` queries (n * dims floats, brought to length 1), of those whose facts `keep` lets pass for that
   query (NULL: all), by falling score, rows with equal scores by rising row. Exactly what comparing all rows in float32 gives:
   every estimate from the codes has a bound of its error, and all rows that could be among the k by that bound are
   compared in float32, usually fewer than 2k. The same bits with all instruction sets. `keep` is called only for rows that might be
   among the k, and at most once for a row and query. `hit` has n * k entries (query i's from i * k on), `hits` n counts.
   Memory: about 2 MB, 24 bytes for each of (2k + 2048) candidates a query, no more with more rows.
   -1: JL_DATA (a query with NaN or infinity), JL_CONFIG (damaged), JL_IO, JL_SOFTWARE (memory). */
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
   gives in ascending row order laid over it. Streams: about three blocks of memory, 30 MB. `next`: 1 with a row (`gone`: it is no more), 0 at the end, -1;
   what it gives is used before it is called again. The file appears whole or not at all. `head` is what the new file says; its `rows` is counted
   here and returned. An existing file's mode stays. -1: JL_CONFIG (the file that is there is damaged), JL_DATA (it is no index;
   NaN or infinity), JL_CANTCREAT, JL_IO, JL_SOFTWARE, what `next` said. */
typedef struct jl_index_row {
    uint64_t row;
    bool gone;
    const void *facts;
    const float *vector;
} jl_index_row;
int jl_index_write(const char *path, jl_index_head *head, int (*next)(void *self, jl_index_row *row, jl_err *err),
                   void *self, jl_err *err);

/* Reads all of a file and holds its codes against its floats, which have no checksums: a search notices damage only where it
   looks. 0 also when there is no file. -1: as jl_index_open, JL_SOFTWARE (memory). */
int jl_index_check(const char *path, jl_err *err);

#endif
