/* A growable run of bytes that is born with a ceiling. */
#ifndef JL_BASE_BUF_H
#define JL_BASE_BUF_H

#include "base/err.h"
#include "base/span.h"

/* Zero bytes are an empty buffer without memory and with no ceiling but SIZE_MAX/2. The owner frees it with
   jl_buf_free. Appending may move `p`: spans into the buffer die with the next append. */
typedef struct jl_buf {
    char *p;
    size_t n;   /* bytes in use */
    size_t cap; /* bytes allocated */
    size_t max; /* the ceiling in bytes, 0 = none */
} jl_buf;

static inline jl_span jl_buf_span(const jl_buf *b) {
    return (jl_span){b->p, b->n};
}

/* Makes room for `extra` more bytes. -1: memory ran out or the ceiling would be passed (JL_SOFTWARE). */
int jl_buf_reserve(jl_buf *b, size_t extra, jl_err *err);
int jl_buf_add(jl_buf *b, jl_span bytes, jl_err *err);
int jl_buf_addc(jl_buf *b, char c, jl_err *err);
int jl_buf_addf(jl_buf *b, jl_err *err, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* NUL-terminates without counting the NUL; returns the text, or NULL when memory ran out. */
const char *jl_buf_text(jl_buf *b, jl_err *err);
static inline void jl_buf_clear(jl_buf *b) {
    b->n = 0;
}
/* Drops the first `n` bytes (n <= b->n). */
void jl_buf_drop(jl_buf *b, size_t n);
void jl_buf_free(jl_buf *b);

#endif
