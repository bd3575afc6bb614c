/* Postings made of literal lines, for tests. */
#ifndef JL_TESTS_POSTINGS_BENCH_H
#define JL_TESTS_POSTINGS_BENCH_H

#include "unit/cmocka_all.h"

#include "job/merge.h"

#define NOW INT64_C(1795357845) /* 2026-11-22T14:30:45Z */

typedef struct bench {
    jl_postings *p;
    jl_field *field;
    jl_err err;
} bench;

static inline void bench_open(bench *b) {
    *b = (bench){.p = jl_postings_new(NULL)};
    assert_non_null(b->p);
    b->field = calloc(jl_want_count(jl_postings_want(b->p)), sizeof *b->field);
    assert_non_null(b->field);
}

static inline void bench_close(bench *b) {
    jl_postings_free(b->p);
    free(b->field);
}

/* What jl_postings_read returns for the line, seen at `now`. */
static inline int read_at(bench *b, const char *line, int64_t now, jl_buf *out, jl_posting *posting) {
    size_t n = strlen(line);
    char *padded = malloc(n + 1 + JL_PAD);
    jl_rec rec;
    assert_non_null(padded);
    memcpy(padded, line, n);
    memset(padded + n, '\n', 1 + JL_PAD);
    b->err = (jl_err){0};
    assert_int_equal(jl_rec_scan(jl_postings_want(b->p), padded, padded + n + 1, false, b->field, &rec, &b->err),
                     JL_SCAN_RECORD);
    int status = jl_postings_read(b->p, &rec, now, out, posting, &b->err);
    memset(padded, 'X', n); /* nothing of the posting may point there */
    free(padded);
    return status;
}

static inline jl_posting posting_at(bench *b, const char *line, int64_t now, jl_buf *out) {
    jl_posting posting;
    if (read_at(b, line, now, out, &posting))
        fail_msg("%s: %s", b->err.text, line);
    return posting;
}

static inline void span_is(jl_span have, const char *want) {
    if (!jl_span_eq(have, jl_span_of(want)))
        fail_msg("\n%.*s instead of\n%s", (int)have.n, have.p, want);
}

#endif
