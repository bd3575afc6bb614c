/* A run of bytes that somebody else owns. */
#ifndef JL_BASE_SPAN_H
#define JL_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Owns nothing; says in its context how long `p` stays valid. `p` may be NULL only when `n` is 0.
   Not NUL-terminated. */
typedef struct jl_span {
    const char *p;
    size_t n;
} jl_span;

/* A span over a string literal. */
#define JL_SPAN(literal) ((jl_span){(literal), sizeof(literal) - 1})

static inline jl_span jl_span_of(const char *text) {
    return (jl_span){text, text ? strlen(text) : 0};
}

static inline bool jl_span_eq(jl_span a, jl_span b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The order of bytes, shorter first where one is a prefix of the other: <0, 0, >0. */
static inline int jl_span_cmp(jl_span a, jl_span b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

#endif
