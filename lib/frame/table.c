/* Keys point to texts that are kept once. */
#include "frame/table.h"

#include <stdlib.h>

#include "base/stop.h"
#include "frame/reply.h"
#include "jsonl/in.h"
#include "jsonl/set.h"
#include "jsonl/values.h"

#define AHEAD 32 /* look-ups whose slots are on their way into the cache */

struct table {
    jl_lookup base;
    jl_set *keys; /* payload: value id */
    jl_values *values;
};

static int table_add(struct table *t, const jl_reply *line, uint64_t *without, jl_err *err) {
    uint64_t id, *place;
    if (!line->rec.has_key || line->answer.state != JL_FOUND) {
        ++*without;
        return 0;
    }
    if (jl_values_keep(t->values, line->answer.value, &id, err) != 0 ||
        jl_set_add(t->keys, line->rec.key, &place, err) < 0)
        return -1;
    *place = id;
    return 0;
}

static int table_block(struct table *t, jl_reply *r, jl_in *in, uint64_t *without, jl_err *err) {
    jl_span block = jl_in_lines(in);
    for (const char *p = block.p, *limit = p + block.n; p < limit;) {
        jl_scan kind = jl_reply_read(r, p, limit, err);
        if (r->rec.len > in->max_line && (kind != JL_SCAN_BAD || err->class == JL_DATA))
            return jl_in_too_long(in->name, in->max_line, in->line, err);
        if (kind == JL_SCAN_BAD || (kind == JL_SCAN_RECORD && table_add(t, r, without, err) != 0)) {
            jl_err_place(err, in->name, in->line);
            return -1;
        }
        jl_in_take(in, r->rec.len + 1, 1);
        p += r->rec.len + 1;
    }
    return 0;
}

/* Waits for bytes, or for somebody to ask the process to stop. */
static void table_wait(const jl_in *in) {
    struct pollfd fd[] = {{.fd = in->fd, .events = POLLIN}, {.fd = jl_stop_fd(), .events = POLLIN}};
    if (in->size == 0) /* a file keeps nobody waiting */
        (void)poll(fd, 2, -1);
}

/* A table that is not read to its end on account of a stop is as good as any: no line will be looked up in it. */
static int table_read(struct table *t, jl_reply *r, const char *path, uint64_t max_line, uint64_t *without,
                      jl_err *err) {
    jl_in in;
    jl_span piece;
    bool last;
    if (jl_in_open(&in, path, max_line, err) != 0)
        return -1;
    int got;
    do {
        table_wait(&in);
        got = jl_stop_asked() ? 0 : jl_in_fill(&in, err);
        if (got != -1 && table_block(t, r, &in, without, err) != 0)
            got = -1;
        if (got != -1 && jl_in_long(&in, &piece, &last))
            got = jl_in_too_long(in.name, in.max_line, in.line - (last ? 1 : 0), err);
    } while (got == 1 || got == -2);
    jl_in_close(&in);
    return got;
}

static int table_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    const struct table *t = (const struct table *)(const void *)l;
    (void)err;
    for (size_t from = 0; from < n; from += AHEAD) {
        size_t to = n - from < AHEAD ? n : from + AHEAD;
        for (size_t i = from; i < to; i++)
            jl_set_prefetch(t->keys, query[i].key);
        for (size_t i = from; i < to; i++) {
            const uint64_t *id = jl_set_find(t->keys, query[i].key);
            query[i].answer.state = id ? JL_FOUND : JL_UNKNOWN;
            if (id)
                query[i].answer.value = jl_values_get(t->values, *id);
        }
    }
    return 0;
}

static void table_close(jl_lookup *l) {
    struct table *t = (struct table *)(void *)l;
    jl_set_free(t->keys);
    jl_values_free(t->values);
    free(t);
}

static const jl_lookup_ops table_ops = {.submit = table_submit, .close = table_close};

uint64_t jl_table_keys(const jl_lookup *table) {
    return jl_set_count(((const struct table *)(const void *)table)->keys);
}

jl_lookup *jl_table_open(const jl_table_options *options, uint64_t *without, jl_err *err) {
    jl_reply r = {0};
    struct table *t = calloc(1, sizeof *t);
    if (!t) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    t->base.ops = &table_ops;
    t->keys = jl_set_new(true, err);
    t->values = t->keys ? jl_values_new(err) : NULL;
    int rc = t->values ? jl_reply_open(&r, options->key, options->answer, err) : -1;
    for (size_t i = 0; rc == 0 && i < options->n_files; i++)
        rc = table_read(t, &r, options->file[i], options->max_line, without, err);
    jl_reply_close(&r);
    if (rc == 0)
        return &t->base;
    table_close(&t->base);
    return NULL;
}
