/* The lookup behind job-store get. */
#include "store/get.h"

#include <stdlib.h>

#include "store/keep.h"
#include "store/known.h"

struct got {
    uint64_t by_id, by_url; /* rows, 0 = none */
    uint64_t row;
};

struct get {
    jl_lookup lookup;
    jl_jobs *store;
    jl_want *want;
    size_t first;
    jl_keep keep; /* of the batch */
    jl_buf text, names;
    jl_span *id, *url;
    struct got *got;
    size_t cap;
};

static struct get *get_of(jl_lookup *l) {
    return (struct get *)(void *)l;
}

/* Jobs come by row: the first that fits counts. */
static int match(void *self, const jl_stored_job *job, jl_err *err) {
    struct get *g = self;
    const jl_posting *found = &job->job;
    (void)err;
    for (size_t i = 0; i < g->keep.n; i++) {
        const jl_posting *asked = &g->keep.posting[i];
        struct got *got = &g->got[i];
        if (!got->by_id && jl_span_eq(asked->id, found->id) &&
            (asked->source.n == 0 || jl_span_eq(asked->source, found->source)))
            got->by_id = job->row;
        if (!got->by_url && asked->url.n && jl_span_eq(asked->url, found->url))
            got->by_url = job->row;
    }
    return 0;
}

static int reserve(struct get *g, jl_err *err) {
    size_t n = g->keep.n;
    if (n > g->cap) {
        jl_span *id = realloc(g->id, n * sizeof *id);
        if (id)
            g->id = id;
        jl_span *url = realloc(g->url, n * sizeof *url);
        if (url)
            g->url = url;
        struct got *got = realloc(g->got, n * sizeof *got);
        if (got)
            g->got = got;
        if (!id || !url || !got)
            return jl_err_nomem(err);
        g->cap = n;
    }
    memset(g->got, 0, n * sizeof *g->got);
    return 0;
}

/* "SOURCE:ID", or "ID" of any source. */
static int write_names(struct get *g, jl_err *err) {
    size_t bytes = 0, at = 0;
    for (size_t i = 0; i < g->keep.n; i++)
        bytes += g->keep.posting[i].source.n + 1 + g->keep.posting[i].id.n;
    jl_buf_clear(&g->names);
    if (jl_buf_reserve(&g->names, bytes, err) != 0)
        return -1;
    for (size_t i = 0; i < g->keep.n; i++) {
        const jl_posting *p = &g->keep.posting[i];
        if (p->source.n && (jl_buf_add(&g->names, p->source, err) != 0 || jl_buf_addc(&g->names, ':', err) != 0))
            return -1;
        if (jl_buf_add(&g->names, p->id, err) != 0)
            return -1;
        g->id[i] = (jl_span){g->names.p + at, g->names.n - at};
        at = g->names.n;
    }
    return 0;
}

static int look_up(struct get *g, jl_err *err) {
    jl_find find = {.id = g->id, .ids = g->keep.n, .url = g->url, .duplicates = true, .lines = true};
    if (reserve(g, err) != 0)
        return -1;
    find.id = g->id;
    find.url = g->url;
    for (size_t i = 0; i < g->keep.n; i++)
        if (g->keep.posting[i].url.n)
            g->url[find.urls++] = g->keep.posting[i].url;
    return write_names(g, err) == 0 ? g->store->ops->find(g->store, &find, match, g, err) : -1;
}

static int get_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    struct get *g = get_of(l);
    int rc = look_up(g, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct got *got = &g->got[i];
        got->row = got->by_id ? got->by_id : got->by_url;
        query[i].answer.state = got->row ? JL_FOUND : JL_UNKNOWN;
        query[i].answer.value = (jl_span){(const char *)&got->row, sizeof got->row};
    }
    jl_keep_clear(&g->keep);
    return rc;
}

static void get_close(jl_lookup *l) {
    struct get *g = get_of(l);
    jl_keep_free(&g->keep);
    jl_buf_free(&g->text);
    jl_buf_free(&g->names);
    jl_want_free(g->want);
    free(g->id);
    free(g->url);
    free(g->got);
    free(g);
}

static const jl_lookup_ops ops = {.submit = get_submit, .close = get_close};

jl_lookup *jl_get_open(jl_jobs *store, jl_err *err) {
    struct get *g = calloc(1, sizeof *g);
    if (!g) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    g->lookup.ops = &ops;
    g->store = store;
    g->want = jl_want_new(err);
    int first = g->want ? jl_known_want(g->want, err) : -1;
    if (first < 0) {
        get_close(&g->lookup);
        return NULL;
    }
    g->first = (size_t)first;
    return &g->lookup;
}

const jl_want *jl_get_want(const jl_lookup *get) {
    return ((const struct get *)(const void *)get)->want;
}

int jl_get_look(jl_lookup *get, const jl_rec *rec, jl_err *err) {
    struct get *g = get_of(get);
    jl_posting known;
    jl_buf_clear(&g->text);
    if (jl_known_read(rec, g->first, &g->text, &known, err) != 0)
        return -1;
    return jl_keep_add(&g->keep, &known, err);
}
