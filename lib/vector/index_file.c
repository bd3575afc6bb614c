/* The side file: sizes computed, headers written and checked, bytes read. */
#include "vector/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "vector/codes.h"

#define MAGIC "jlindex1"

enum { BLOCK_ROWS_MAX = 4096, BLOCK_FLOATS_MAX = 2 << 20, MAGIC_SIZE = 8 };

/* So many rows cannot overflow anything, and no disk holds them. */
#define ROWS_MAX (UINT64_C(1) << 40)

typedef struct header {
    char magic[MAGIC_SIZE];
    char model[JL_MODEL_MAX];
    uint32_t dims, facts;
    uint64_t rows, store, change;
    uint64_t size; /* bytes of the whole file */
    uint64_t sum;  /* of all before */
} header;

typedef struct block_head {
    uint64_t block; /* its place in the file, from 0 */
    uint64_t rows;
    uint64_t rows_sum, facts_sum;
    uint64_t sum; /* of all before */
} block_head;

_Static_assert(sizeof(header) <= JL_INDEX_HEADER && sizeof(block_head) <= JL_INDEX_BLOCK_HEAD, "they fit");

static size_t whole(size_t n) {
    return (n + 63) & ~(size_t)63;
}

static uint64_t sum_of(const void *p, size_t n, uint64_t seed) {
    return jl_digest((jl_span){p, n}, seed);
}

/* ---- shape ---- */

jl_index_shape jl_index_shape_of(uint32_t dims, uint32_t facts) {
    uint32_t rows = BLOCK_FLOATS_MAX / dims / JL_CODES_ROWS * JL_CODES_ROWS;
    return (jl_index_shape){dims, facts, rows < BLOCK_ROWS_MAX ? rows : BLOCK_ROWS_MAX};
}

jl_index_parts jl_index_parts_of(const jl_index_shape *shape, size_t rows) {
    jl_index_parts p;
    size_t groups = (rows + JL_CODES_ROWS - 1) / JL_CODES_ROWS;
    p.facts = JL_INDEX_BLOCK_HEAD + whole(rows * sizeof(uint64_t));
    p.codes = p.facts + whole(rows * shape->facts);
    p.floats = p.codes + groups * jl_codes_group(shape->dims);
    p.end = p.floats + whole(rows * shape->dims * sizeof(float));
    return p;
}

static uint64_t size_of(const jl_index_shape *shape, uint64_t rows) {
    uint64_t full = rows / shape->block_rows;
    size_t left = (size_t)(rows % shape->block_rows);
    uint64_t size = JL_INDEX_HEADER + full * jl_index_parts_of(shape, shape->block_rows).end;
    return size + (left ? jl_index_parts_of(shape, left).end : 0);
}

uint64_t jl_index_blocks(const jl_index_file *file) {
    return (file->head.rows + file->shape.block_rows - 1) / file->shape.block_rows;
}

size_t jl_index_block_rows(const jl_index_file *file, uint64_t block) {
    uint64_t left = file->head.rows - block * file->shape.block_rows;
    return (size_t)(left < file->shape.block_rows ? left : file->shape.block_rows);
}

uint64_t jl_index_block_at(const jl_index_file *file, uint64_t block) {
    return JL_INDEX_HEADER + block * jl_index_parts_of(&file->shape, file->shape.block_rows).end;
}

/* ---- headers ---- */

void jl_index_header_write(const jl_index_head *head, uint64_t size, char to[JL_INDEX_HEADER]) {
    header h = {.dims = head->dims, .facts = head->facts, .rows = head->rows, .store = head->store};
    h.change = head->change;
    h.size = size;
    memcpy(h.magic, MAGIC, sizeof h.magic);
    for (size_t i = 0; i + 1 < sizeof h.model && head->model[i]; ++i)
        h.model[i] = head->model[i];
    h.sum = sum_of(&h, offsetof(header, sum), 0);
    memset(to, 0, JL_INDEX_HEADER);
    memcpy(to, &h, sizeof h);
}

static void block_sums(const jl_index_shape *shape, size_t rows, const char *start, bool facts, block_head *h) {
    h->rows_sum = sum_of(start + JL_INDEX_BLOCK_HEAD, rows * sizeof(uint64_t), h->block);
    if (facts)
        h->facts_sum = sum_of(start + jl_index_parts_of(shape, rows).facts, rows * shape->facts, h->block);
    h->sum = sum_of(h, offsetof(block_head, sum), 0);
}

void jl_index_block_write(const jl_index_shape *shape, uint64_t block, size_t rows, char *start) {
    block_head h = {.block = block, .rows = rows};
    block_sums(shape, rows, start, true, &h);
    memset(start, 0, JL_INDEX_BLOCK_HEAD);
    memcpy(start, &h, sizeof h);
}

/* ---- reading ---- */

int jl_index_damaged(const jl_index_file *file, jl_err *err) {
    jl_err_set(err, JL_CONFIG, "the index is damaged: rm %s && job-store index", file->path);
    jl_err_place(err, file->path, 0);
    return -1;
}

int jl_index_file_read(const jl_index_file *file, uint64_t at, void *to, size_t n, jl_err *err) {
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(file->fd, (char *)to + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            jl_err_errno(err, JL_IO, errno, "cannot read the index");
            jl_err_place(err, file->path, 0);
            return -1;
        }
        if (got == 0)
            return jl_index_damaged(file, err);
        done += (size_t)got;
    }
    return 0;
}

static bool header_good(const header *h, uint64_t size) {
    if (h->sum != sum_of(h, offsetof(header, sum), 0) || h->size != size || h->rows > ROWS_MAX)
        return false;
    if (h->dims == 0 || h->dims > JL_DIMS_MAX || h->facts > JL_INDEX_FACTS_MAX)
        return false;
    jl_index_shape shape = jl_index_shape_of(h->dims, h->facts);
    return memchr(h->model, 0, sizeof h->model) && size_of(&shape, h->rows) == size;
}

static int header_read(jl_index_file *file, uint64_t size, jl_err *err) {
    union {
        char bytes[JL_INDEX_HEADER];
        header h;
    } u;
    if (size < sizeof u.bytes)
        memset(&u, 0, sizeof u);
    if (jl_index_file_read(file, 0, u.bytes, size < sizeof u.bytes ? (size_t)size : sizeof u.bytes, err) != 0)
        return -1;
    if (memcmp(u.h.magic, MAGIC, MAGIC_SIZE - 1) != 0) {
        jl_err_set(err, JL_DATA, "this is no index of vectors");
        jl_err_place(err, file->path, 0);
        return -1;
    }
    if (u.h.magic[MAGIC_SIZE - 1] != MAGIC[MAGIC_SIZE - 1]) {
        jl_err_set(err, JL_CONFIG, "this index is of another version: rm %s && job-store index", file->path);
        jl_err_place(err, file->path, 0);
        return -1;
    }
    if (size < sizeof u.bytes || !header_good(&u.h, size))
        return jl_index_damaged(file, err);
    memcpy(file->head.model, u.h.model, sizeof file->head.model);
    file->head.dims = u.h.dims;
    file->head.facts = u.h.facts;
    file->head.rows = u.h.rows;
    file->head.store = u.h.store;
    file->head.change = u.h.change;
    file->shape = jl_index_shape_of(u.h.dims, u.h.facts);
    return 0;
}

int jl_index_file_open(jl_index_file *file, const char *path, jl_err *err) {
    struct stat st;
    *file = (jl_index_file){.path = path};
    /* O_NONBLOCK: a named pipe of this name would wait for its writer. */
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file->fd < 0 && errno == ENOENT)
        return 0;
    if (file->fd < 0 || fstat(file->fd, &st) != 0) {
        jl_err_errno(err, JL_IO, errno, "cannot open the index");
        jl_err_place(err, path, 0);
        jl_index_file_close(file);
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        jl_err_set(err, JL_DATA, "an index is a regular file");
        jl_err_place(err, path, 0);
        jl_index_file_close(file);
        return -1;
    }
    if (st.st_size == 0) { /* nothing that could be lost */
        jl_index_file_close(file);
        return 0;
    }
    if (header_read(file, (uint64_t)st.st_size, err) != 0) {
        jl_index_file_close(file);
        return -1;
    }
    /* Reading ahead would bring the floats in between, which are four fifths of the file. */
    (void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_RANDOM);
    return 0;
}

void jl_index_file_close(jl_index_file *file) {
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

int jl_index_block_read(const jl_index_file *file, uint64_t block, bool wanted, char *to, jl_err *err) {
    size_t rows = jl_index_block_rows(file, block);
    jl_index_parts parts = jl_index_parts_of(&file->shape, rows);
    if (jl_index_file_read(file, jl_index_block_at(file, block), to, wanted ? parts.codes : parts.facts, err) != 0)
        return -1;
    block_head h;
    memcpy(&h, to, sizeof h);
    block_head right = {.block = block, .rows = rows, .facts_sum = h.facts_sum};
    block_sums(&file->shape, rows, to, wanted, &right);
    return memcmp(&h, &right, sizeof h) == 0 ? 0 : jl_index_damaged(file, err);
}
