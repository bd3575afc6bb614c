/* Copies of postings. */
#include "store/keep.h"

#include <stdlib.h>

#include "jsonl/json.h"

#define BLOCK ((size_t)256 << 10)

static int keep_block(jl_keep *k, size_t n, jl_err *err) {
    size_t size = n > BLOCK ? n : BLOCK;
    if (k->blocks == k->blocks_cap) {
        size_t cap = k->blocks_cap ? k->blocks_cap * 2 : 16;
        char **more = realloc(k->block, cap * sizeof *more);
        if (!more)
            return jl_err_nomem(err);
        k->block = more;
        k->blocks_cap = cap;
    }
    char *block = calloc(1, size + JL_PAD);
    if (!block)
        return jl_err_nomem(err);
    k->block[k->blocks++] = block;
    k->used = 0;
    k->size = size;
    return 0;
}

static int keep_span(jl_keep *k, jl_span *span, jl_err *err) {
    if (span->n == 0) {
        *span = (jl_span){"", 0};
        return 0;
    }
    size_t n = span->n + 1;
    if ((k->blocks == 0 || n > k->size - k->used) && keep_block(k, n, err) != 0)
        return -1;
    char *copy = k->block[k->blocks - 1] + k->used;
    memcpy(copy, span->p, span->n);
    copy[span->n] = '\n'; /* which ends a line that is scanned again */
    span->p = copy;
    k->used += n;
    k->bytes += n;
    return 0;
}

static int keep_spans(jl_keep *k, jl_posting *p, jl_err *err) {
    jl_span *const text[] = {&p->source, &p->id, &p->url, &p->hash, &p->company, &p->title, &p->location, &p->line};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (keep_span(k, text[i], err) != 0)
            return -1;
    for (size_t i = 0; i < JL_STAGES; i++)
        if (keep_span(k, &p->vector[i].model, err) != 0 || keep_span(k, &p->vector[i].data, err) != 0)
            return -1;
    return 0;
}

int jl_keep_add(jl_keep *k, const jl_posting *posting, jl_err *err) {
    if (k->n == k->cap) {
        size_t cap = k->cap ? k->cap * 2 : 256;
        jl_posting *more = realloc(k->posting, cap * sizeof *more);
        if (!more)
            return jl_err_nomem(err);
        k->posting = more;
        k->cap = cap;
    }
    k->posting[k->n] = *posting;
    if (keep_spans(k, &k->posting[k->n], err) != 0)
        return -1;
    k->n++;
    return 0;
}

void jl_keep_clear(jl_keep *k) {
    bool one = k->blocks == 1 && k->size == BLOCK;
    for (size_t i = one; i < k->blocks; i++)
        free(k->block[i]);
    k->blocks = one;
    k->used = 0;
    k->n = k->bytes = 0;
}

void jl_keep_free(jl_keep *k) {
    k->size = 0;
    jl_keep_clear(k);
    free(k->block);
    free(k->posting);
    *k = (jl_keep){0};
}
