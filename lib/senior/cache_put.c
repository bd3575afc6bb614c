/* Answers that lines carry, stored before the lines go on. */
#include "senior/cache.h"

#include <stdlib.h>

#include "base/clock.h"
#include "bucket/recall.h"
#include "senior/answers.h"

#define MOST ((size_t)1000000) /* entries that wait for one commit */
#define EVERY JL_SECOND

struct put {
    jl_lookup lookup;
    jl_cache_options o;
    jl_recall *recall;
    jl_answers wait; /* the first `stored` are durable, not handed on yet */
    size_t stored;
    int64_t since;    /* when the oldest of those not stored came */
    jl_answers look;  /* of a batch or a commit: its keys, what is stored for them */
    jl_answers fresh; /* of a commit: what is not stored */
    bool mostly_new;  /* the last commit: no use in looking before the next */
};

/* Counts what is stored already, lists the rest in `fresh`. */
static int put_look(struct put *p, const jl_hash *key, const uint8_t *value, size_t n, jl_put_counts *counts,
                    jl_err *err) {
    p->look.n = p->fresh.n = 0;
    if (jl_answers_reserve(&p->look, n, err) != 0 || jl_answers_reserve(&p->fresh, n, err) != 0 ||
        jl_recall_get(p->recall, key, p->look.value, n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        uint8_t known = p->look.value[i];
        if (!known)
            jl_answers_add(&p->fresh, key[i], 0, value[i]);
        counts->present += known == value[i];
        counts->conflicts += known && known != value[i];
    }
    return 0;
}

/* Looks before it writes: reading takes no lock and no commit. */
static int put_store(struct put *p, const jl_hash *key, const uint8_t *value, size_t n, jl_put_counts *counts,
                     jl_err *err) {
    if (!p->mostly_new) {
        if (put_look(p, key, value, n, counts, err) != 0)
            return -1;
        key = p->fresh.key;
        value = p->fresh.value;
        n = p->fresh.n;
    }
    return n > 0 ? p->o.store->ops->put(p->o.store, key, value, NULL, n, counts, err) : 0;
}

static int put_commit(struct put *p, jl_err *err) {
    size_t n = p->wait.n - p->stored;
    jl_put_counts counts = {0};
    if (n == 0)
        return 0;
    if (put_store(p, p->wait.key + p->stored, p->wait.value + p->stored, n, &counts, err) != 0) {
        p->o.counts->not_stored += n;
        return -1;
    }
    p->mostly_new = counts.added > n / 2;
    p->o.counts->stored += counts.added;
    p->o.counts->present += counts.present;
    p->o.counts->conflicts += counts.conflicts;
    p->stored = p->wait.n;
    return 0;
}

static int put_hand_on(struct put *p, jl_sink sink, jl_err *err) {
    for (size_t i = 0; i < p->stored; i++)
        if (sink.answer(sink.self, p->wait.key[i], p->wait.ticket[i], (jl_answer){JL_FOUND, {NULL, 0}}, err) != 0)
            return -1;
    jl_answers_drop(&p->wait, p->stored);
    p->stored = 0;
    return 0;
}

/* Commits, and hands on also what was stored before a commit that failed. */
static int put_all(struct put *p, jl_sink sink, jl_err *err) {
    int rc = put_commit(p, err);
    return put_hand_on(p, sink, rc == 0 ? err : NULL) == 0 ? rc : -1;
}

/* Most lines of a warm pipe repeat a pair that has been found stored a moment ago: those need not wait. Nor need they
   wait behind a few others, which are looked up at once: they are likely to be stored, too. */
static int put_recall(struct put *p, const jl_query *query, size_t n, jl_err *err) {
    p->look.n = 0;
    if (jl_answers_reserve(&p->look, n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        jl_answers_add(&p->look, query[i].key, 0, 0);
    return jl_recall_try(p->recall, p->look.key, p->look.value, n, p->wait.n == 0, err) < 0 ? -1 : 0;
}

static int put_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    struct put *p = (struct put *)(void *)l;
    if (jl_answers_reserve(&p->wait, n, err) != 0)
        return -1;
    if (put_recall(p, query, n, err) != 0) {
        p->o.counts->not_stored += p->wait.n - p->stored + n;
        return -1;
    }
    if (p->wait.n == p->stored)
        p->since = jl_clock_now();
    for (size_t i = 0; i < n; i++) {
        uint8_t value = jl_scale_field(p->o.scale, query[i].rec, p->o.answer_field), known = p->look.value[i];
        query[i].answer.state = !value ? JL_REFUSED : known ? JL_FOUND : JL_PENDING;
        if (query[i].answer.state == JL_PENDING)
            jl_answers_add(&p->wait, query[i].key, query[i].ticket, value);
        p->o.counts->present += value && known == value;
        p->o.counts->conflicts += value && known && known != value;
    }
    return p->wait.n - p->stored >= MOST ? put_commit(p, err) : 0;
}

static int64_t put_deadline(jl_lookup *l) {
    const struct put *p = (const struct put *)(const void *)l;
    return p->stored ? jl_clock_now() : p->wait.n ? p->since + EVERY : -1;
}

static int put_collect(jl_lookup *l, jl_sink sink, jl_err *err) {
    struct put *p = (struct put *)(void *)l;
    if (p->wait.n > p->stored && jl_clock_now() >= p->since + EVERY)
        return put_all(p, sink, err);
    return put_hand_on(p, sink, err);
}

static int put_idle(jl_lookup *l, jl_sink sink, jl_err *err) {
    return put_all((struct put *)(void *)l, sink, err);
}

static int put_pressed(jl_lookup *l, int64_t now, jl_sink sink, jl_err *err) {
    (void)now;
    return put_idle(l, sink, err);
}

static int put_finish(jl_lookup *l, bool stop, jl_sink sink, jl_err *err) {
    (void)stop; /* what was read is stored also when the run is asked to end */
    return put_idle(l, sink, err);
}

static size_t put_outstanding(const jl_lookup *l) {
    return ((const struct put *)(const void *)l)->wait.n;
}

static void put_close(jl_lookup *l) {
    struct put *p = (struct put *)(void *)l;
    jl_answers_free(&p->wait);
    jl_answers_free(&p->look);
    jl_answers_free(&p->fresh);
    jl_recall_free(p->recall);
    free(p);
}

static const jl_lookup_ops ops = {.submit = put_submit,
                                  .deadline = put_deadline,
                                  .collect = put_collect,
                                  .idle = put_idle,
                                  .pressed = put_pressed,
                                  .finish = put_finish,
                                  .outstanding = put_outstanding,
                                  .close = put_close};

jl_lookup *jl_cache_put_open(const jl_cache_options *options, jl_err *err) {
    struct put *p = calloc(1, sizeof *p);
    if (!p) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    p->lookup.ops = &ops;
    p->o = *options;
    p->recall = jl_recall_new(p->o.store, err);
    if (!p->recall) {
        free(p);
        return NULL;
    }
    return &p->lookup;
}
