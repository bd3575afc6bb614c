/* The lookup behind job-store put, and behind its mark. */
#include "store/put.h"

#include <stdlib.h>

#include "base/clock.h"
#include "store/keep.h"
#include "store/known.h"
#include "job/posting.h"

#define MOST ((size_t)16384) /* postings that wait for one commit */
#define MOST_BYTES ((size_t)12 << 20)
#define EVERY JL_SECOND

struct put {
    jl_lookup lookup;
    jl_put_options o;
    jl_postings *reader; /* of puts */
    jl_want *want;       /* of marks */
    size_t first;
    jl_buf text; /* of the line at hand */
    jl_keep keep;
    uint64_t *ticket; /* of lines whose answer is not handed on yet */
    uint8_t *stored;
    size_t n, cap;
    size_t committed; /* the first of them are durable; the rest are those of `keep` */
    int64_t since;    /* when the oldest of the rest came */
    jl_put *work;
    const jl_posting **which;
};

static const jl_span token[JL_STOREDS] = {{"\"new\"", 5}, {"\"updated\"", 9}, {"\"same\"", 6}, {"\"duplicate\"", 11}};

static struct put *put_of(jl_lookup *l) {
    return (struct put *)(void *)l;
}

static int commit_jobs(struct put *p, jl_err *err) {
    const jl_keep *k = &p->keep;
    for (size_t i = 0; i < k->n; i++)
        p->work[i] = (jl_put){.in = &k->posting[i]};
    if (p->o.store->ops->put(p->o.store, p->work, k->n, err) != 0)
        return -1;
    for (size_t i = 0; i < k->n; i++) {
        p->stored[p->committed + i] = (uint8_t)p->work[i].stored;
        p->o.counts->stored[p->work[i].stored]++;
    }
    return 0;
}

static int commit_marks(struct put *p, jl_err *err) {
    const jl_keep *k = &p->keep;
    uint64_t marked = 0;
    for (size_t i = 0; i < k->n; i++)
        p->which[i] = &k->posting[i];
    if (p->o.store->ops->mark(p->o.store, p->which, k->n, p->o.status, jl_clock_wall() / JL_SECOND, &marked, err) != 0)
        return -1;
    p->o.counts->marked += marked;
    return 0;
}

static int put_commit(struct put *p, jl_err *err) {
    int64_t began = jl_clock_now();
    size_t n = p->keep.n;
    if (n == 0)
        return 0;
    int rc = p->o.marks ? commit_marks(p, err) : commit_jobs(p, err);
    jl_keep_clear(&p->keep);
    if (rc != 0) {
        p->o.counts->not_stored += n;
        return -1;
    }
    p->committed += n;
    p->o.counts->commits++;
    p->o.counts->commit_ms += (uint64_t)((jl_clock_now() - began) / JL_MILLISECOND);
    return 0;
}

static int put_hand_on(struct put *p, jl_sink sink, jl_err *err) {
    jl_hash none = {0};
    for (size_t i = 0; i < p->committed; i++) {
        jl_answer answer = {JL_FOUND, p->o.marks ? JL_SPAN("") : token[p->stored[i]]};
        if (sink.answer(sink.self, none, p->ticket[i], answer, err) != 0)
            return -1;
    }
    p->n -= p->committed;
    if (p->n)
        memmove(p->ticket, p->ticket + p->committed, p->n * sizeof *p->ticket);
    p->committed = 0;
    return 0;
}

/* Commits, and hands on also what was committed before a commit that failed. */
static int put_all(struct put *p, jl_sink sink, jl_err *err) {
    int rc = put_commit(p, err);
    return put_hand_on(p, sink, rc == 0 ? err : NULL) == 0 ? rc : -1;
}

static int put_reserve(struct put *p, size_t n, jl_err *err) {
    if (p->n + n <= p->cap)
        return 0;
    size_t cap = (p->n + n) * 2;
    uint64_t *ticket = realloc(p->ticket, cap * sizeof *ticket);
    if (ticket)
        p->ticket = ticket;
    uint8_t *stored = realloc(p->stored, cap * sizeof *stored);
    if (stored)
        p->stored = stored;
    jl_put *work = realloc(p->work, cap * sizeof *work);
    if (work)
        p->work = work;
    const jl_posting **which = realloc(p->which, cap * sizeof *which);
    if (which)
        p->which = which;
    if (!ticket || !stored || !work || !which)
        return jl_err_nomem(err);
    p->cap = cap;
    return 0;
}

static int put_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    struct put *p = put_of(l);
    if (put_reserve(p, n, err) != 0)
        return -1;
    if (p->n == p->committed)
        p->since = jl_clock_now();
    for (size_t i = 0; i < n; i++) {
        p->ticket[p->n++] = query[i].ticket;
        query[i].answer.state = JL_PENDING;
    }
    return p->keep.n >= MOST || p->keep.bytes >= MOST_BYTES ? put_commit(p, err) : 0;
}

static int64_t put_deadline(jl_lookup *l) {
    const struct put *p = put_of(l);
    return p->committed ? jl_clock_now() : p->n ? p->since + EVERY : -1;
}

static int put_collect(jl_lookup *l, jl_sink sink, jl_err *err) {
    struct put *p = put_of(l);
    bool late = p->n > p->committed && jl_clock_now() >= p->since + EVERY;
    return late ? put_all(p, sink, err) : put_hand_on(p, sink, err);
}

static int put_idle(jl_lookup *l, jl_sink sink, jl_err *err) {
    return put_all(put_of(l), sink, err);
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
    return ((const struct put *)(const void *)l)->n;
}

static void put_close(jl_lookup *l) {
    struct put *p = put_of(l);
    jl_keep_free(&p->keep);
    jl_buf_free(&p->text);
    jl_postings_free(p->reader);
    jl_want_free(p->want);
    free(p->ticket);
    free(p->stored);
    free(p->work);
    free((void *)p->which);
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

static int want_marks(struct put *p, jl_err *err) {
    p->want = jl_want_new(err);
    int first = p->want ? jl_known_want(p->want, err) : -1;
    p->first = first >= 0 ? (size_t)first : 0;
    return first >= 0 ? 0 : -1;
}

jl_lookup *jl_put_open(const jl_put_options *options, jl_err *err) {
    struct put *p = calloc(1, sizeof *p);
    if (!p) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    p->lookup.ops = &ops;
    p->o = *options;
    p->reader = p->o.marks ? NULL : jl_postings_new(err);
    if (p->o.marks ? want_marks(p, err) != 0 : !p->reader) {
        put_close(&p->lookup);
        return NULL;
    }
    return &p->lookup;
}

const jl_want *jl_put_want(const jl_lookup *put, size_t *stored) {
    const struct put *p = (const struct put *)(const void *)put;
    *stored = p->o.marks ? 0 : JL_POSTING_STORED;
    return p->o.marks ? p->want : jl_postings_want(p->reader);
}

int jl_put_look(jl_lookup *put, const jl_rec *rec, jl_err *err) {
    struct put *p = put_of(put);
    jl_posting posting = {0};
    jl_buf_clear(&p->text);
    int rc = p->o.marks ? jl_known_read(rec, p->first, &p->text, &posting, err)
                        : jl_postings_read(p->reader, rec, jl_clock_wall() / JL_SECOND, &p->text, &posting, err);
    return rc == 0 ? jl_keep_add(&p->keep, &posting, err) : -1;
}
