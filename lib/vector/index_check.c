/* A side file looked at from its first byte to its last. */
#include <stdlib.h>

#include "vector/codes.h"
#include "vector/float.h"
#include "vector/index_file.h"

struct check {
    jl_index_file file;
    char *block;   /* up to its floats */
    float *floats; /* of a full block */
    char *group;   /* codes as they should be */
};

/* Floats of a file have length 1 already: bringing them there changes nothing, unless they are damaged. */
static bool rows_good(struct check *c, size_t rows) {
    for (size_t i = 0; i < rows; ++i)
        if (!jl_float_normalise(c->floats + i * c->file.shape.dims, c->file.shape.dims))
            return false;
    return true;
}

static bool codes_good(struct check *c, const char *codes, size_t rows) {
    uint32_t dims = c->file.shape.dims;
    size_t size = jl_codes_group(dims);
    for (size_t i = 0; i < rows; i += JL_CODES_ROWS, codes += size) {
        size_t n = rows - i < JL_CODES_ROWS ? rows - i : JL_CODES_ROWS;
        jl_codes_pack(c->floats + i * dims, n, dims, c->group);
        if (memcmp(codes, c->group, size) != 0)
            return false;
    }
    return true;
}

static int check_block(struct check *c, uint64_t block, jl_err *err) {
    const jl_index_file *file = &c->file;
    size_t rows = jl_index_block_rows(file, block);
    jl_index_parts parts = jl_index_parts_of(&file->shape, rows);
    uint64_t at = jl_index_block_at(file, block);
    if (jl_index_block_read(file, block, true, c->block, err) != 0 ||
        jl_index_file_read(file, at + parts.codes, c->block + parts.codes, parts.floats - parts.codes, err) != 0 ||
        jl_index_file_read(file, at + parts.floats, c->floats, rows * file->shape.dims * sizeof *c->floats, err) != 0)
        return -1;
    return rows_good(c, rows) && codes_good(c, c->block + parts.codes, rows) ? 0 : jl_index_damaged(file, err);
}

static int check_blocks(struct check *c, jl_err *err) {
    const jl_index_shape *shape = &c->file.shape;
    jl_index_parts parts = jl_index_parts_of(shape, shape->block_rows);
    c->block = aligned_alloc(64, parts.floats);
    c->floats = malloc(parts.end - parts.floats);
    c->group = malloc(jl_codes_group(shape->dims));
    if (!c->block || !c->floats || !c->group)
        return jl_err_nomem(err);
    uint64_t blocks = jl_index_blocks(&c->file);
    for (uint64_t block = 0; block < blocks; ++block)
        if (check_block(c, block, err) != 0)
            return -1;
    return 0;
}

int jl_index_check(const char *path, jl_err *err) {
    struct check c = {0};
    if (jl_index_file_open(&c.file, path, err) != 0)
        return -1;
    int result = c.file.fd >= 0 ? check_blocks(&c, err) : 0;
    jl_index_file_close(&c.file);
    free(c.block);
    free(c.floats);
    free(c.group);
    return result;
}
