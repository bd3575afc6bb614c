/* What the store knows, asked for at once or in batches of the caller's size. */
#include "senior/cache.h"

#include <stdlib.h>

#include "base/clock.h"
#include "bucket/recall.h"
#include "senior/answers.h"

const jl_shape jl_cache_shape = {"senior", 6, 1};

struct get {
    jl_lookup lookup;
    jl_cache_options o;
    jl_recall *recall;
    jl_answers batch; /* at once: the batch at hand; else what has been collected */
    bool answered;    /* the values of what has been collected are there, not handed on yet */
    jl_tokens tokens;
};

static jl_answer get_answer(struct get *g, uint8_t value) {
    if (value < g->o.scale.min || value > g->o.scale.max) {
        g->o.counts->misses++;
        return (jl_answer){JL_UNKNOWN, {NULL, 0}};
    }
    g->o.counts->hits++;
    return (jl_answer){JL_FOUND, jl_tokens_of(&g->tokens, value)};
}

/* Asks the store for all that has been collected. */
static int get_ask(struct get *g, jl_err *err) {
    if (g->answered || g->batch.n == 0)
        return 0;
    if (jl_recall_get(g->recall, g->batch.key, g->batch.value, g->batch.n, err) != 0)
        return -1;
    g->answered = true;
    return 0;
}

static int get_hand_on(struct get *g, jl_sink sink, jl_err *err) {
    if (!g->answered)
        return 0;
    for (size_t i = 0; i < g->batch.n; i++)
        if (sink.answer(sink.self, g->batch.key[i], g->batch.ticket[i], get_answer(g, g->batch.value[i]), err) != 0)
            return -1;
    g->batch.n = 0;
    g->answered = false;
    return 0;
}

static int get_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    struct get *g = (struct get *)(void *)l;
    size_t first = g->batch.n;
    if (jl_answers_reserve(&g->batch, n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        jl_answers_add(&g->batch, query[i].key, query[i].ticket, 0);
    if (g->o.batch > 0) {
        /* What was asked for and not handed on yet is asked for again with the rest: rare, and cheaper than two
           lists. */
        g->answered = false;
        return g->batch.n >= g->o.batch ? get_ask(g, err) : 0;
    }
    if (get_ask(g, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        query[i].answer = get_answer(g, g->batch.value[first + i]);
    g->batch.n = 0;
    g->answered = false;
    return 0;
}

static int get_collect(jl_lookup *l, jl_sink sink, jl_err *err) {
    return get_hand_on((struct get *)(void *)l, sink, err);
}

static int64_t get_deadline(jl_lookup *l) {
    const struct get *g = (const struct get *)(const void *)l;
    return g->answered ? jl_clock_now() : -1;
}

static int get_idle(jl_lookup *l, jl_sink sink, jl_err *err) {
    struct get *g = (struct get *)(void *)l;
    return get_ask(g, err) == 0 ? get_hand_on(g, sink, err) : -1;
}

static int get_pressed(jl_lookup *l, int64_t now, jl_sink sink, jl_err *err) {
    (void)now;
    return get_idle(l, sink, err);
}

static int get_finish(jl_lookup *l, bool stop, jl_sink sink, jl_err *err) {
    (void)stop; /* what has been read is answered: it takes a moment */
    return get_idle(l, sink, err);
}

static size_t get_outstanding(const jl_lookup *l) {
    return ((const struct get *)(const void *)l)->batch.n;
}

static void get_close(jl_lookup *l) {
    struct get *g = (struct get *)(void *)l;
    jl_answers_free(&g->batch);
    jl_recall_free(g->recall);
    free(g);
}

static const jl_lookup_ops at_once = {.submit = get_submit, .close = get_close};
static const jl_lookup_ops collected = {.submit = get_submit,
                                        .deadline = get_deadline,
                                        .collect = get_collect,
                                        .idle = get_idle,
                                        .pressed = get_pressed,
                                        .finish = get_finish,
                                        .outstanding = get_outstanding,
                                        .close = get_close};

jl_lookup *jl_cache_get_open(const jl_cache_options *options, jl_err *err) {
    struct get *g = calloc(1, sizeof *g);
    if (!g) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    g->lookup.ops = options->batch > 0 ? &collected : &at_once;
    g->o = *options;
    jl_tokens_init(&g->tokens);
    g->recall = jl_recall_new(g->o.store, err);
    if (!g->recall) {
        free(g);
        return NULL;
    }
    return &g->lookup;
}
