/* Bytes out, buffered, checked. */
#ifndef JL_JSONL_OUT_H
#define JL_JSONL_OUT_H

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* Errors are JL_IO, or JL_PIPE when the reader has gone away (SIGPIPE is ignored by lib/frame/). After a failure
   every further call fails. */
typedef struct jl_out {
    int fd;
    const char *name; /* for messages; borrowed */
    char *buf;        /* owned */
    size_t n, cap;
    uint64_t bytes, lines; /* handed in so far */
    bool broken;
} jl_out;

int jl_out_open(jl_out *out, int fd, const char *name, jl_err *err);
/* Copies bytes into the buffer; writes when it is full. */
int jl_out_add(jl_out *out, jl_span bytes, jl_err *err);
/* A whole line: the bytes and an LF. */
int jl_out_line(jl_out *out, jl_span line, jl_err *err);
/* Room for `n` bytes in the buffer, to be filled by the caller and taken by jl_out_advance; NULL on failure. */
char *jl_out_room(jl_out *out, size_t n, jl_err *err);
static inline void jl_out_advance(jl_out *out, size_t n, uint64_t lines) {
    out->n += n;
    out->bytes += n;
    out->lines += lines;
}
int jl_out_flush(jl_out *out, jl_err *err);
/* Frees the buffer, flushes nothing, leaves the descriptor open. */
void jl_out_free(jl_out *out);

#endif
