/* A store in front of somebody who has to be asked: what comes back is stored before it is handed on. */
#include "senior/cache.h"

#include <stdlib.h>

#include "base/clock.h"
#include "senior/answers.h"

#define MOST ((size_t)100000)        /* answers that wait for one commit */
#define EVERY (100 * JL_MILLISECOND) /* between commits while more answers are on their way */

struct fill {
    jl_lookup lookup;
    jl_cache_options o;
    jl_answers look;  /* the batch at hand */
    jl_query *ask;    /* its misses */
    size_t *asked;    /* where each stands in the batch */
    size_t cap;       /* of both */
    jl_answers fresh; /* have come, are not stored yet */
    int64_t committed;
    jl_tokens tokens;
    int64_t out, out_since; /* ns during which questions were out; when it began, 0 = none is */

    /* After a failure nothing new is asked; what is in flight is waited for, unless `inner` is what failed. */
    bool broken, inner_failed, inner_ended;
    bool inner_asked; /* anything */
    jl_err trouble;
};

static struct fill *fill_of(jl_lookup *l) {
    return (struct fill *)(void *)l;
}

static void fill_break(struct fill *f, const jl_err *trouble, bool inner) {
    if (!f->broken)
        f->trouble = *trouble;
    f->broken = true;
    f->inner_failed = f->inner_failed || inner;
}

/* ---- answers on their way in ---- */

/* Takes an answer of `inner`; what is to be stored first stays JL_PENDING. */
static int fill_accept(struct fill *f, jl_hash key, uint64_t ticket, jl_answer *answer, jl_err *err) {
    if (answer->state != JL_FOUND)
        return 0;
    uint8_t value = jl_scale_answer(f->o.scale, answer->value);
    if (!value) {
        f->o.counts->out_of_scale++;
        *answer = (jl_answer){JL_REFUSED, {NULL, 0}};
        return 0;
    }
    if (jl_answers_reserve(&f->fresh, 1, err) != 0)
        return -1;
    jl_answers_add(&f->fresh, key, ticket, value);
    answer->state = JL_PENDING;
    return 0;
}

struct intake {
    struct fill *fill;
    jl_sink sink;
};

static int intake_answer(void *self, jl_hash key, uint64_t ticket, jl_answer answer, jl_err *err) {
    const struct intake *in = self;
    if (fill_accept(in->fill, key, ticket, &answer, err) != 0)
        return -1;
    return answer.state == JL_PENDING ? 0 : in->sink.answer(in->sink.self, key, ticket, answer, err);
}

static size_t fill_in_flight(const struct fill *f) {
    const jl_lookup *inner = f->o.inner;
    return f->inner_failed || !inner->ops->outstanding ? 0 : inner->ops->outstanding(inner);
}

/* Counts the time in which questions are out, and, once there were any, that until the end of `inner`. */
static void fill_count(struct fill *f) {
    bool out = f->inner_asked && fill_in_flight(f) > 0;
    if (!out && !f->out_since)
        return;
    int64_t now = jl_clock_now();
    if (f->out_since)
        f->out += now - f->out_since;
    f->out_since = out ? now : 0;
    f->o.counts->inner_ms = (uint64_t)(f->out / JL_MILLISECOND);
}

/* ---- answers on their way out ---- */

/* Stores what has come and hands it on, also when storing fails. -1: memory ran out. */
static int fill_commit(struct fill *f, jl_sink sink, jl_err *err) {
    jl_put_counts counts = {0};
    jl_err why = {0};
    size_t n = f->fresh.n;
    if (n == 0)
        return 0;
    if (!f->broken && f->o.store->ops->put(f->o.store, f->fresh.key, f->fresh.value, NULL, n, &counts, &why) != 0)
        fill_break(f, &why, false);
    if (f->broken)
        f->o.counts->not_stored += n;
    f->o.counts->stored += counts.added;
    f->o.counts->present += counts.present;
    f->o.counts->conflicts += counts.conflicts;
    f->committed = jl_clock_now();
    for (size_t i = 0; i < n; i++) {
        jl_answer answer = {JL_FOUND, jl_tokens_of(&f->tokens, f->fresh.value[i])};
        if (sink.answer(sink.self, f->fresh.key[i], f->fresh.ticket[i], answer, err) != 0)
            return -1;
    }
    f->fresh.n = 0;
    return 0;
}

static bool fill_due(const struct fill *f) {
    return f->broken || f->fresh.n >= MOST || fill_in_flight(f) == 0 || jl_clock_now() >= f->committed + EVERY;
}

/* Ends the lookup once nothing is in flight any more. */
static int fill_settle(struct fill *f, jl_sink sink, jl_err *err) {
    struct intake in = {f, sink};
    if (!f->broken)
        return 0;
    if (!f->inner_failed && !f->inner_ended) {
        f->inner_ended = true;
        jl_err why = {0};
        if (f->o.inner->ops->finish &&
            f->o.inner->ops->finish(f->o.inner, true, (jl_sink){intake_answer, &in}, &why) != 0)
            fill_break(f, &why, true);
    }
    if (fill_commit(f, sink, err) != 0)
        return -1;
    if (fill_in_flight(f) > 0)
        return 0;
    *err = f->trouble;
    return -1;
}

/* What all of collect, idle, pressed and finish have in common: `inner` has its turn, then what has come is stored if
   it is time. */
static int fill_turn(struct fill *f, int (*turn)(jl_lookup *inner, jl_sink sink, jl_err *err), bool now, jl_sink sink,
                     jl_err *err) {
    struct intake in = {f, sink};
    jl_err why = {0};
    if (turn && !f->inner_failed && turn(f->o.inner, (jl_sink){intake_answer, &in}, &why) != 0)
        fill_break(f, &why, true);
    fill_count(f);
    if ((now || fill_due(f)) && fill_commit(f, sink, err) != 0)
        return -1;
    return fill_settle(f, sink, err);
}

/* ---- the vtable ---- */

static int fill_room(struct fill *f, size_t n, jl_err *err) {
    if (jl_answers_reserve(&f->look, n, err) != 0)
        return -1;
    if (n <= f->cap)
        return 0;
    free(f->ask);
    free(f->asked);
    f->cap = 0;
    f->ask = malloc(n * sizeof *f->ask);
    f->asked = malloc(n * sizeof *f->asked);
    if (!f->ask || !f->asked)
        return jl_err_nomem(err);
    f->cap = n;
    return 0;
}

static void fill_give_up(jl_query *query, size_t n) {
    for (size_t i = 0; i < n; i++)
        query[i].answer = (jl_answer){JL_UNANSWERED, {NULL, 0}};
}

/* Answers the hits; the misses are in `ask` then. Returns how many, -1 when the store failed. */
static ssize_t fill_look(struct fill *f, jl_query *query, size_t n, jl_err *err) {
    f->look.n = 0;
    for (size_t i = 0; i < n; i++)
        jl_answers_add(&f->look, query[i].key, query[i].ticket, 0);
    if (f->o.store->ops->get(f->o.store, f->look.key, f->look.value, n, err) != 0)
        return -1;
    size_t misses = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t value = f->look.value[i];
        if (value >= f->o.scale.min && value <= f->o.scale.max) {
            query[i].answer = (jl_answer){JL_FOUND, jl_tokens_of(&f->tokens, value)};
            continue;
        }
        f->ask[misses] = query[i];
        f->asked[misses++] = i;
    }
    f->o.counts->hits += n - misses;
    f->o.counts->misses += misses;
    return (ssize_t)misses;
}

static int fill_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    struct fill *f = fill_of(l);
    jl_err why = {0};
    if (fill_room(f, n, err) != 0)
        return -1;
    if (f->broken) {
        fill_give_up(query, n);
        return 0;
    }
    ssize_t misses = fill_look(f, query, n, &why);
    if (misses < 0) {
        fill_break(f, &why, false);
        fill_give_up(query, n);
        return 0;
    }
    f->inner_asked = f->inner_asked || misses > 0;
    if (misses > 0 && f->o.inner->ops->submit(f->o.inner, f->ask, (size_t)misses, &why) != 0)
        fill_break(f, &why, true);
    fill_count(f);
    for (size_t m = 0; m < (size_t)misses; m++) {
        jl_answer answer = f->ask[m].answer;
        if (f->inner_failed && answer.state == JL_PENDING)
            answer.state = JL_UNANSWERED;
        if (fill_accept(f, f->ask[m].key, f->ask[m].ticket, &answer, err) != 0)
            return -1;
        query[f->asked[m]].answer = answer;
    }
    return 0;
}

static size_t fill_pollfds(jl_lookup *l, struct pollfd *fds, size_t max) {
    const struct fill *f = fill_of(l);
    return f->inner_failed || !f->o.inner->ops->pollfds ? 0 : f->o.inner->ops->pollfds(f->o.inner, fds, max);
}

static int64_t fill_deadline(jl_lookup *l) {
    const struct fill *f = fill_of(l);
    if (f->broken && fill_in_flight(f) == 0)
        return jl_clock_now();
    int64_t inner = f->inner_failed || !f->o.inner->ops->deadline ? -1 : f->o.inner->ops->deadline(f->o.inner);
    int64_t mine = f->fresh.n ? f->committed + EVERY : -1;
    return inner < 0 ? mine : mine < 0 || inner < mine ? inner : mine;
}

static int fill_collect(jl_lookup *l, jl_sink sink, jl_err *err) {
    struct fill *f = fill_of(l);
    return fill_turn(f, f->o.inner->ops->collect, false, sink, err);
}

static int fill_idle(jl_lookup *l, jl_sink sink, jl_err *err) {
    struct fill *f = fill_of(l);
    return fill_turn(f, f->o.inner->ops->idle, false, sink, err);
}

static int fill_pressed(jl_lookup *l, int64_t now, jl_sink sink, jl_err *err) {
    struct fill *f = fill_of(l);
    struct intake in = {f, sink};
    jl_err why = {0};
    if (!f->inner_failed && f->o.inner->ops->pressed &&
        f->o.inner->ops->pressed(f->o.inner, now, (jl_sink){intake_answer, &in}, &why) != 0)
        fill_break(f, &why, true);
    return fill_turn(f, NULL, false, sink, err);
}

static int fill_finish(jl_lookup *l, bool stop, jl_sink sink, jl_err *err) {
    struct fill *f = fill_of(l);
    struct intake in = {f, sink};
    jl_err why = {0};
    if (!f->inner_failed && f->o.inner->ops->finish &&
        f->o.inner->ops->finish(f->o.inner, stop, (jl_sink){intake_answer, &in}, &why) != 0)
        fill_break(f, &why, true);
    return fill_turn(f, NULL, true, sink, err);
}

/* One more while there is a failure to tell: collect() tells it. */
static size_t fill_outstanding(const jl_lookup *l) {
    const struct fill *f = (const struct fill *)(const void *)l;
    return fill_in_flight(f) + f->fresh.n + f->broken;
}

static jl_class fill_verdict(jl_lookup *l, jl_err *err) {
    const struct fill *f = fill_of(l);
    return f->o.inner->ops->verdict ? f->o.inner->ops->verdict(f->o.inner, err) : JL_OK;
}

static int fill_marks(jl_lookup *l, jl_err *err) {
    const struct fill *f = fill_of(l);
    return f->o.inner->ops->commit ? f->o.inner->ops->commit(f->o.inner, err) : 0;
}

static void fill_close(jl_lookup *l) {
    struct fill *f = fill_of(l);
    f->o.inner->ops->close(f->o.inner);
    jl_answers_free(&f->look);
    jl_answers_free(&f->fresh);
    free(f->ask);
    free(f->asked);
    free(f);
}

static const jl_lookup_ops ops = {.submit = fill_submit,
                                  .pollfds = fill_pollfds,
                                  .deadline = fill_deadline,
                                  .collect = fill_collect,
                                  .idle = fill_idle,
                                  .pressed = fill_pressed,
                                  .finish = fill_finish,
                                  .outstanding = fill_outstanding,
                                  .commit = fill_marks,
                                  .verdict = fill_verdict,
                                  .close = fill_close};

jl_lookup *jl_cache_fill_open(const jl_cache_options *options, jl_err *err) {
    struct fill *f = calloc(1, sizeof *f);
    if (!f) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    f->lookup.ops = &ops;
    f->o = *options;
    jl_tokens_init(&f->tokens);
    return &f->lookup;
}
