/* Growth by doubling under a ceiling. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The smallest allocation: most buffers that are used at all hold a line or more. */
#define FIRST_CAP 256

/* Grows so that `need` bytes fit; the ceiling has been checked. */
static int grow(jl_buf *b, size_t need, jl_err *err) {
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    while (cap < need)
        cap *= 2;
    if (b->max && cap > b->max && need <= b->max)
        cap = b->max;
    char *p = realloc(b->p, cap);
    if (!p)
        return jl_err_nomem(err);
    b->p = p;
    b->cap = cap;
    return 0;
}

int jl_buf_reserve(jl_buf *b, size_t extra, jl_err *err) {
    if (extra <= b->cap - b->n && (b->max == 0 || extra <= b->max - b->n))
        return 0;
    size_t max = b->max ? b->max : SIZE_MAX / 2;
    if (max > SIZE_MAX / 2)
        max = SIZE_MAX / 2;
    if (b->n > max || extra > max - b->n)
        return jl_err_set(err, JL_SOFTWARE, "a text grew beyond its limit of %zu bytes", max);
    return grow(b, b->n + extra, err);
}

int jl_buf_add(jl_buf *b, jl_span bytes, jl_err *err) {
    if (bytes.n == 0)
        return 0;
    if (jl_buf_reserve(b, bytes.n, err) != 0)
        return -1;
    memcpy(b->p + b->n, bytes.p, bytes.n);
    b->n += bytes.n;
    return 0;
}

int jl_buf_addc(jl_buf *b, char c, jl_err *err) {
    if (jl_buf_reserve(b, 1, err) != 0)
        return -1;
    b->p[b->n++] = c;
    return 0;
}

int jl_buf_addf(jl_buf *b, jl_err *err, const char *format, ...) {
    char small[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (n < 0)
        return jl_err_set(err, JL_SOFTWARE, "a text cannot be formatted");
    size_t length = (size_t)n;
    if (length < sizeof small)
        return jl_buf_add(b, (jl_span){small, length}, err);
    /* vsnprintf wants a byte for its NUL, which is not part of the text and not under its ceiling. */
    if (jl_buf_reserve(b, length, err) != 0 || (b->cap - b->n == length && grow(b, b->n + length + 1, err) != 0))
        return -1;
    va_start(args, format);
    vsnprintf(b->p + b->n, length + 1, format, args);
    va_end(args);
    b->n += length;
    return 0;
}

const char *jl_buf_text(jl_buf *b, jl_err *err) {
    if (b->n == b->cap && grow(b, b->n + 1, err) != 0)
        return NULL;
    b->p[b->n] = '\0';
    return b->p;
}

void jl_buf_drop(jl_buf *b, size_t n) {
    b->n -= n;
    if (b->n && n)
        memmove(b->p, b->p + n, b->n);
}

void jl_buf_free(jl_buf *b) {
    free(b->p);
    *b = (jl_buf){.max = b->max};
}
