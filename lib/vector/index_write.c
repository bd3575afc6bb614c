/* A side file written anew, block by block, from the one before it, with changes laid over. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "vector/codes.h"
#include "vector/float.h"
#include "vector/index_file.h"

/* ---- what the file has, row by row ---- */

typedef struct old_rows {
    jl_index_file file; /* fd -1: there is none, or it is of no use */
    uint64_t block;     /* the one in `head`; the next one when rows == 0 */
    size_t at, rows;
    char *head; /* row numbers and facts */
    float *floats;
} old_rows;

static bool same_kind(const jl_index_head *a, const jl_index_head *b) {
    return a->dims == b->dims && a->facts == b->facts && a->store == b->store &&
           strncmp(a->model, b->model, sizeof a->model) == 0;
}

static int old_open(old_rows *old, const char *path, const jl_index_head *head, jl_err *err) {
    if (jl_index_file_open(&old->file, path, err) != 0)
        return -1;
    if (old->file.fd >= 0 && !same_kind(&old->file.head, head))
        jl_index_file_close(&old->file);
    if (old->file.fd < 0)
        return 0;
    const jl_index_shape *shape = &old->file.shape;
    old->head = aligned_alloc(64, jl_index_parts_of(shape, shape->block_rows).codes);
    old->floats = malloc((size_t)shape->block_rows * shape->dims * sizeof *old->floats);
    return old->head && old->floats ? 0 : jl_err_nomem(err);
}

static void old_close(old_rows *old) {
    jl_index_file_close(&old->file);
    free(old->head);
    free(old->floats);
}

static int old_block(old_rows *old, jl_err *err) {
    const jl_index_file *file = &old->file;
    old->at = 0;
    old->rows = jl_index_block_rows(file, old->block);
    jl_index_parts parts = jl_index_parts_of(&file->shape, old->rows);
    if (jl_index_block_read(file, old->block, true, old->head, err) != 0)
        return -1;
    return jl_index_file_read(file, jl_index_block_at(file, old->block) + parts.floats, old->floats,
                              old->rows * file->shape.dims * sizeof *old->floats, err);
}

/* The row at hand, which stays until old->at moves on: 1; 0 at the end; -1. */
static int old_row(old_rows *old, jl_index_row *row, jl_err *err) {
    const jl_index_shape *shape = &old->file.shape;
    if (old->at == old->rows) {
        if (old->rows)
            ++old->block;
        old->at = old->rows = 0;
        if (old->file.fd < 0 || old->block == jl_index_blocks(&old->file))
            return 0;
        if (old_block(old, err) != 0)
            return -1;
    }
    const char *facts = old->head + jl_index_parts_of(shape, old->rows).facts + old->at * shape->facts;
    *row = (jl_index_row){.facts = facts, .vector = old->floats + old->at * shape->dims};
    memcpy(&row->row, old->head + JL_INDEX_BLOCK_HEAD + old->at * sizeof row->row, sizeof row->row);
    return 1;
}

/* ---- the new file ---- */

typedef struct writer {
    jl_atomic file;
    const char *path;
    jl_index_shape shape;
    uint64_t blocks, total; /* blocks and rows written */
    uint64_t size;          /* bytes written */
    size_t rows;            /* of the block at hand, gathered as in a full one */
    uint64_t *row;
    char *facts;
    float *floats;
    char *block; /* a block as it goes out, up to its floats */
} writer;

static int writer_start(writer *w, const char *path, const jl_index_head *head, jl_err *err) {
    w->shape = jl_index_shape_of(head->dims, head->facts);
    size_t n = w->shape.block_rows;
    w->row = malloc(n * sizeof *w->row);
    w->facts = malloc(n * head->facts + 1);
    /* As many bytes as the part of a block has. */
    jl_index_parts parts = jl_index_parts_of(&w->shape, n);
    w->floats = calloc(1, parts.end - parts.floats);
    w->block = aligned_alloc(64, parts.floats);
    if (!w->row || !w->facts || !w->floats || !w->block)
        return jl_err_nomem(err);
    return jl_atomic_open(&w->file, path, err);
}

static void writer_end(writer *w) {
    jl_atomic_abandon(&w->file);
    free(w->row);
    free(w->facts);
    free(w->floats);
    free(w->block);
}

static int write_at(writer *w, uint64_t at, const void *p, size_t n, jl_err *err) {
    for (size_t done = 0; done < n;) {
        ssize_t put = pwrite(w->file.fd, (const char *)p + done, n - done, (off_t)(at + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            jl_err_errno(err, JL_IO, errno, "cannot write the index");
            jl_err_place(err, w->path, 0);
            return -1;
        }
        done += (size_t)put;
    }
    return 0;
}

static int flush(writer *w, jl_err *err) {
    const jl_index_shape *shape = &w->shape;
    if (w->rows == 0)
        return 0;
    jl_index_parts parts = jl_index_parts_of(shape, w->rows);
    memset(w->block, 0, parts.codes);
    memcpy(w->block + JL_INDEX_BLOCK_HEAD, w->row, w->rows * sizeof *w->row);
    if (shape->facts)
        memcpy(w->block + parts.facts, w->facts, w->rows * shape->facts);
    jl_index_block_write(shape, w->blocks, w->rows, w->block);
    char *group = w->block + parts.codes;
    for (size_t i = 0; i < w->rows; i += JL_CODES_ROWS, group += jl_codes_group(shape->dims)) {
        size_t n = w->rows - i < JL_CODES_ROWS ? w->rows - i : JL_CODES_ROWS;
        jl_codes_pack(w->floats + i * shape->dims, n, shape->dims, group);
    }
    /* What is behind the last row, up to the block's end, has to be the same at every writing. */
    size_t floats = w->rows * shape->dims * sizeof *w->floats;
    memset((char *)w->floats + floats, 0, parts.end - parts.floats - floats);
    if (write_at(w, w->size, w->block, parts.floats, err) != 0 ||
        write_at(w, w->size + parts.floats, w->floats, parts.end - parts.floats, err) != 0)
        return -1;
    w->size += parts.end;
    w->total += w->rows;
    ++w->blocks;
    w->rows = 0;
    return 0;
}

static int add(writer *w, const jl_index_row *row, jl_err *err) {
    const jl_index_shape *shape = &w->shape;
    float *v = w->floats + w->rows * shape->dims;
    if (!row->vector || (shape->facts && !row->facts))
        return jl_err_set(err, JL_SOFTWARE, "row %llu has no vector or no facts", (unsigned long long)row->row);
    memcpy(v, row->vector, shape->dims * sizeof *v);
    if (!jl_float_normalise(v, shape->dims))
        return jl_err_set(err, JL_DATA, "the vector of row %llu has a number that is NaN or infinite",
                          (unsigned long long)row->row);
    if (shape->facts)
        memcpy(w->facts + w->rows * shape->facts, row->facts, shape->facts);
    w->row[w->rows++] = row->row;
    return w->rows < shape->block_rows ? 0 : flush(w, err);
}

/* ---- both together ---- */

typedef int next_row(void *self, jl_index_row *row, jl_err *err);

/* The file's rows before `before`; the one of that number is passed over. */
static int copy_rows(writer *w, old_rows *old, uint64_t before, jl_err *err) {
    jl_index_row row;
    int got;
    while ((got = old_row(old, &row, err)) == 1 && row.row < before) {
        if (add(w, &row, err) != 0)
            return -1;
        ++old->at;
    }
    if (got == 1 && row.row == before)
        ++old->at;
    return got < 0 ? -1 : 0;
}

static int merge(writer *w, old_rows *old, next_row *next, void *self, jl_err *err) {
    jl_index_row row = {0};
    bool first = true;
    uint64_t last = 0;
    int got;
    while ((got = next(self, &row, err)) == 1) {
        if (!first && row.row <= last)
            return jl_err_set(err, JL_SOFTWARE, "rows for the index come in no ascending order");
        first = false;
        last = row.row;
        if (copy_rows(w, old, row.row, err) != 0 || (!row.gone && add(w, &row, err) != 0))
            return -1;
    }
    if (got < 0)
        return -1;
    jl_index_row left;
    while ((got = old_row(old, &left, err)) == 1) {
        if (add(w, &left, err) != 0)
            return -1;
        ++old->at;
    }
    return got < 0 ? -1 : flush(w, err);
}

static int write_all(writer *w, old_rows *old, jl_index_head *head, next_row *next, void *self, jl_err *err) {
    char header[JL_INDEX_HEADER];
    w->size = sizeof header;
    if (merge(w, old, next, self, err) != 0)
        return -1;
    head->rows = w->total;
    jl_index_header_write(head, w->size, header);
    if (write_at(w, 0, header, sizeof header, err) != 0)
        return -1;
    return jl_atomic_commit(&w->file, "", err);
}

int jl_index_write(const char *path, jl_index_head *head, int (*next)(void *self, jl_index_row *row, jl_err *err),
                   void *self, jl_err *err) {
    if (head->dims == 0 || head->dims > JL_DIMS_MAX || head->facts > JL_INDEX_FACTS_MAX)
        return jl_err_set(err, JL_CONFIG, "an index of %u dimensions", (unsigned)head->dims);
    old_rows old = {.file.fd = -1};
    writer w = {.file.fd = -1, .path = path};
    int result = -1;
    if (old_open(&old, path, head, err) == 0 && writer_start(&w, path, head, err) == 0)
        result = write_all(&w, &old, head, next, self, err);
    writer_end(&w);
    old_close(&old);
    return result;
}
