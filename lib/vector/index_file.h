/* The side file of index.h as bytes: where its parts stand, how they are read and checked.
 *
 *   file    header (256 bytes) | block | block | …
 *   block   head (64 bytes) | row numbers (uint64, ascending) | facts | codes in groups of 16 rows (codes.h) | float32 rows
 *
 * All numbers are little endian, all parts start at multiples of 64 bytes. All blocks but the last have the same number of
 * rows, so that every place is known from the header. The header, the block heads, row numbers and facts carry checksums;
 * codes and floats vouch for each other, as far as they are looked at. */
#ifndef JL_VECTOR_INDEX_FILE_H
#define JL_VECTOR_INDEX_FILE_H

#include "vector/index.h"

#define JL_INDEX_FACTS_MAX 4096
#define JL_INDEX_HEADER 256
#define JL_INDEX_BLOCK_HEAD 64

/* Where things stand, for given dims and facts. */
typedef struct jl_index_shape {
    uint32_t dims, facts;
    uint32_t block_rows; /* of a full block: as many as fit in 8 MiB of floats, at most 4096; a multiple of 16 */
} jl_index_shape;

/* The parts of a block of some number of rows, in bytes from its start. */
typedef struct jl_index_parts {
    size_t facts, codes, floats, end;
} jl_index_parts;

jl_index_shape jl_index_shape_of(uint32_t dims, uint32_t facts);
jl_index_parts jl_index_parts_of(const jl_index_shape *shape, size_t rows);
/* Fills header and block head (whose row numbers and facts follow as in the file). */
void jl_index_header_write(const jl_index_head *head, uint64_t size, char to[JL_INDEX_HEADER]);
void jl_index_block_write(const jl_index_shape *shape, uint64_t block, size_t rows, char *start);

typedef struct jl_index_file {
    int fd;
    const char *path; /* for messages; the caller's */
    jl_index_head head;
    jl_index_shape shape;
} jl_index_file;

/* file->fd is -1 when there is no such file, or an empty one. -1: JL_DATA (something else stands there), JL_CONFIG (another
   version, damaged), JL_IO. */
int jl_index_file_open(jl_index_file *file, const char *path, jl_err *err);
void jl_index_file_close(jl_index_file *file);
uint64_t jl_index_blocks(const jl_index_file *file);
size_t jl_index_block_rows(const jl_index_file *file, uint64_t block);
uint64_t jl_index_block_at(const jl_index_file *file, uint64_t block);
/* -1: JL_CONFIG when the file ends before, JL_IO. */
int jl_index_file_read(const jl_index_file *file, uint64_t at, void *to, size_t n, jl_err *err);
/* Reads and checks a block up to its codes (or facts, when those are not `wanted`) into `to`: room for parts.codes bytes
   of a full block. */
int jl_index_block_read(const jl_index_file *file, uint64_t block, bool wanted, char *to, jl_err *err);
/* The sentence for bytes that do not fit together: JL_CONFIG. Always -1. */
int jl_index_damaged(const jl_index_file *file, jl_err *err);

#endif
