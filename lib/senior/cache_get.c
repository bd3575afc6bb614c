/* What the store knows, asked for in batches. */
#include "senior/cache.h"

#include <stdlib.h>

#include "base/clock.h"
#include "bucket/recall.h"
#include "senior/answers.h"

const jl_entry_shape jl_cache_shape = {"senior", 6, 1};

struct get {
    jl_lookup lookup;
    jl_cache_options o;
    jl_recall *recall;
    jl_answers look; /* the batch that was submitted, with what is recalled */
    jl_answers wait; /* what has been collected; the first `known` are answered, not handed on yet */
    size_t known;
    int64_t since; /* when the oldest of those not answered came */
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
    size_t n = g->wait.n - g->known;
    if (n > 0 && jl_recall_get(g->recall, g->wait.key + g->known, g->wait.value + g->known, n, err) != 0)
        return -1;
    g->known = g->wait.n;
    return 0;
}

static int get_hand_on(struct get *g, jl_sink sink, jl_err *err) {
    for (size_t i = 0; i < g->known; i++)
        if (sink.answer(sink.self, g->wait.key[i], g->wait.ticket[i], get_answer(g, g->wait.value[i]), err) != 0)
            return -1;
    jl_answers_drop(&g->wait, g->known);
    g->known = 0;
    return 0;
}

/* Looks the batch up in what is recalled. Returns how many have to wait, -1 when the store failed. */
static ssize_t get_recall(struct get *g, const jl_query *query, size_t n, jl_err *err) {
    g->look.n = 0;
    if (jl_answers_reserve(&g->look, n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        jl_answers_add(&g->look, query[i].key, 0, 0);
    if (g->o.batch == 0)
        return jl_recall_get(g->recall, g->look.key, g->look.value, n, err);
    return jl_recall_try(g->recall, g->look.key, g->look.value, n, g->wait.n == 0, err);
}

static int get_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    struct get *g = (struct get *)(void *)l;
    ssize_t left = get_recall(g, query, n, err);
    if (left < 0 || jl_answers_reserve(&g->wait, (size_t)left, err) != 0)
        return -1;
    if (g->wait.n == g->known)
        g->since = jl_clock_now();
    for (size_t i = 0; i < n; i++)
        if (left == 0 || g->look.value[i])
            query[i].answer = get_answer(g, g->look.value[i]);
        else
            jl_answers_add(&g->wait, query[i].key, query[i].ticket, 0);
    return g->wait.n - g->known >= g->o.batch ? get_ask(g, err) : 0;
}

static bool get_due(const struct get *g) {
    return g->o.delay && g->wait.n > g->known && jl_clock_now() >= g->since + g->o.delay;
}

static int get_collect(jl_lookup *l, jl_sink sink, jl_err *err) {
    struct get *g = (struct get *)(void *)l;
    return get_due(g) && get_ask(g, err) != 0 ? -1 : get_hand_on(g, sink, err);
}

static int64_t get_deadline(jl_lookup *l) {
    const struct get *g = (const struct get *)(const void *)l;
    return g->known ? jl_clock_now() : g->wait.n && g->o.delay ? g->since + g->o.delay : -1;
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
    return ((const struct get *)(const void *)l)->wait.n;
}

static void get_close(jl_lookup *l) {
    struct get *g = (struct get *)(void *)l;
    jl_answers_free(&g->look);
    jl_answers_free(&g->wait);
    jl_recall_free(g->recall);
    free(g);
}

static const jl_lookup_ops ops = {.submit = get_submit,
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
    g->lookup.ops = &ops;
    g->o = *options;
    jl_tokens_init(&g->tokens);
    g->recall = jl_recall_new(g->o.store, err);
    if (!g->recall) {
        free(g);
        return NULL;
    }
    return &g->lookup;
}
