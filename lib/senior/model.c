/* The lookup that asks the seniority model: when a batch leaves, what its reply means, what is asked again. */
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "senior/model.h"
#include "senior/model_batch.h"
#include "wire/rate.h"
#include "wire/retry.h"

#define BATCH_BYTES ((size_t)1 << 20) /* a quarter of what servers take unless told otherwise */
#define TEXT_MAX ((size_t)1 << 30)    /* half of what a message can be */
#define PROBE_EVERY (10 * JL_SECOND)
#define OFF_SCALE_ASKS 3 /* how often a pair may be answered off the scale before it is refused */
#define GROW_AFTER 64    /* calls that end OK before batches may get larger again */
/* How late a reservation may be used: an eighth of what it costs, but no less than a busy machine needs. What is late is
   near what comes next: used by many at once, as after the machine was suspended, late reservations would add up. */
#define LATE_SHARE 8
#define LATE_LEAST (10 * JL_MILLISECOND)
#define LATE_AGAIN 3 /* reservations let go one after the other before one is used however late it is */

/* A place in the shared pace. */
typedef struct turn {
    enum { TURN_NONE, TURN_ASKED, TURN_HELD } state;
    int64_t cost;  /* that is reserved */
    int64_t at;    /* when what it is for may leave */
    int64_t since; /* when a batch began to wait for it; 0 = none does */
    unsigned late; /* those let go since one was used */
} turn;

/* Parts in order; the oldest first. */
typedef struct list {
    jl_model_part *first, *last;
} list;

typedef struct model {
    jl_lookup base; /* first: the two are cast into each other */
    jl_model_options o;
    jl_model_counts *counts;
    jl_rpc *rpc;
    jl_rate rate;
    jl_retry retry;
    jl_model_arena arena;
    jl_buf company, title; /* the texts of the question at hand */
    jl_span *piece;        /* scratch for a request */
    size_t pieces;         /* its room */

    jl_model_part *open;    /* still collecting questions; NULL = none */
    int64_t open_until;     /* when its window ends */
    list ready;             /* may leave when slots, rate and pause allow */
    list later;             /* wait for their `due`, in no order */
    int64_t later_due;      /* the earliest of them */
    jl_model_part *leaving; /* waits for its turn; NULL = none */
    turn turn;
    int64_t paced; /* ns that batches have waited for their turns */
    list flying;
    size_t n_flying;
    int64_t out_since, out_until; /* when the first of those in flight was started, and the latest end of one */
    int64_t out;                  /* ns, of the times before */
    list landed;                  /* their calls have ended, which the sink has yet to hear */
    bool landed_badly;            /* one of them not with OK */
    size_t outstanding;

    uint32_t most;       /* pairs in a batch, as the server takes them; <= o.batch */
    unsigned accepted;   /* calls OK since `most` changed */
    int64_t pause_until; /* no call before */
    bool finishing;      /* no question will come */
    bool stopping;       /* nothing new is asked */
    bool away;           /* the model is: see jl_model_options */
    int64_t probe_at;    /* when the next probe may leave, while away */
    bool probing;        /* a probe is collecting or flying */
    bool reached;        /* a call got an answer from the server */
    char reason[256];    /* of the last call that did not */
    bool paceless;       /* the last reservation failed */
    char pace_reason[512];
} model;

static model *model_of(jl_lookup *l) {
    return (model *)(void *)l;
}

/* ---- lists ---- */

static void push_back(list *l, jl_model_part *p) {
    p->next = NULL;
    if (l->last)
        l->last->next = p;
    else
        l->first = p;
    l->last = p;
}

static void push_front(list *l, jl_model_part *p) {
    p->next = l->first;
    l->first = p;
    if (!l->last)
        l->last = p;
}

static jl_model_part *pop(list *l) {
    jl_model_part *p = l->first;
    if (p) {
        l->first = p->next;
        if (!l->first)
            l->last = NULL;
    }
    return p;
}

static void take_out(list *l, jl_model_part *p) {
    jl_model_part *before = NULL;
    for (jl_model_part *i = l->first; i != p; i = i->next)
        before = i;
    *(before ? &before->next : &l->first) = p->next;
    if (l->last == p)
        l->last = before;
}

/* ---- messages ---- */

static void notice(model *m, bool important, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void notice(model *m, bool important, const char *format, ...) {
    char text[512];
    if (!m->o.notice)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    m->o.notice(m->o.self, important, text);
}

static void describe(char *text, size_t size, const jl_rpc_done *done) {
    snprintf(text, size, "%s%s%.*s", jl_rpc_status_name(done->status), done->message.n ? ": " : "",
             (int)(done->message.n < 200 ? done->message.n : 200), done->message.n ? done->message.p : "");
}

/* ---- answers ---- */

static int give(model *m, jl_model_part *p, jl_model_question *q, jl_answer answer, jl_sink sink, jl_err *err) {
    q->done = true;
    p->open--;
    m->outstanding--;
    m->counts->answered += answer.state == JL_FOUND;
    m->counts->refused += answer.state == JL_REFUSED;
    m->counts->unanswered += answer.state == JL_UNANSWERED;
    return sink.answer(sink.self, q->key, q->ticket, answer, err);
}

/* Ends all that is open in the part; frees it. */
static int end_part(model *m, jl_model_part *p, jl_state state, jl_sink sink, jl_err *err) {
    int rc = 0;
    for (size_t i = p->first; i < p->end && rc == 0; i++)
        if (!p->batch->question[i].done)
            rc = give(m, p, &p->batch->question[i], (jl_answer){state, {NULL, 0}}, sink, err);
    jl_model_part_free(p);
    return rc;
}

static int end_list(model *m, list *l, jl_sink sink, jl_err *err) {
    for (jl_model_part *p; (p = pop(l));)
        if (end_part(m, p, JL_UNANSWERED, sink, err) != 0)
            return -1;
    return 0;
}

/* Gives up what is not in flight. */
static int give_up(model *m, jl_sink sink, jl_err *err) {
    if (m->open) {
        push_back(&m->ready, m->open);
        m->open = NULL;
    }
    if (m->leaving)
        push_front(&m->ready, m->leaving);
    m->leaving = NULL;
    m->turn.since = 0;
    return end_list(m, &m->ready, sink, err) || end_list(m, &m->later, sink, err) ? -1 : 0;
}

/* ---- calls ---- */

static int start(model *m, jl_model_part *p, int64_t now, jl_err *err) {
    if (m->pieces < p->open + 1) {
        jl_span *bigger = reallocarray(m->piece, p->open + 1, sizeof *bigger);
        if (!bigger)
            return jl_err_nomem(err);
        m->piece = bigger;
        m->pieces = p->open + 1;
    }
    size_t n = jl_model_part_pieces(p, m->piece);
    if (jl_rpc_start(m->rpc, m->piece, n, now + m->o.timeout, p, err) != 0)
        return -1;
    jl_rate_take(&m->rate, (double)p->open, now);
    *(p->asked ? &m->counts->again : &m->counts->asked) += p->open;
    m->counts->calls++;
    p->asked = true;
    if (m->n_flying == 1)
        m->out_since = m->out_until = now;
    p->started = now;
    return 0;
}

static void close_open(model *m) {
    m->open->probe = m->away;
    push_back(&m->ready, m->open);
    m->open = NULL;
}

static void wake_later(model *m, int64_t now) {
    if (!m->later.first || m->later_due > now)
        return;
    list all = m->later;
    m->later = (list){0};
    m->later_due = INT64_MAX;
    for (jl_model_part *p; (p = pop(&all));) {
        if (p->due <= now) {
            push_front(&m->ready, p); /* older than all that wait there: lines leave in order */
        } else {
            push_back(&m->later, p);
            m->later_due = p->due < m->later_due ? p->due : m->later_due;
        }
    }
}

/* When the part may leave, as far as pause and rate go. */
static int64_t allowed_at(const model *m, const jl_model_part *p, int64_t now) {
    int64_t at = jl_rate_when(&m->rate, (double)p->open, now);
    return at > m->pause_until ? at : m->pause_until;
}

/* The part that comes next, out of its list; NULL: none may leave now. While slots or the rate keep it from leaving, the
   open batch goes on filling. */
static jl_model_part *next_part(model *m, int64_t now) {
    const jl_model_part *next = m->ready.first;
    if (!next && m->open && (m->finishing || m->open_until <= now))
        next = m->open;
    if (!next || allowed_at(m, next, now) > now)
        return NULL;
    if (next == m->open)
        close_open(m);
    return pop(&m->ready);
}

/* Whether the shared pace lets `leaving` go now: 1, 0, or -1. Sees to it that its turn is asked for. */
static int turn_come(model *m, int64_t now, jl_err *err) {
    turn *t = &m->turn;
    int64_t cost = jl_pace_cost((double)m->leaving->open, m->o.pairs_per_s);
    int64_t late = cost / LATE_SHARE > LATE_LEAST ? cost / LATE_SHARE : LATE_LEAST;
    if (!t->since)
        t->since = now;
    if (t->state == TURN_ASKED || m->pause_until > now)
        return 0;
    if (t->state == TURN_HELD && t->cost >= cost) {
        if (t->at > now)
            return 0;
        if (now - t->at <= late || t->late >= LATE_AGAIN) {
            m->paced += now - t->since;
            m->counts->pace_wait_ms = (uint64_t)(m->paced / JL_MILLISECOND);
            *t = (turn){.state = TURN_NONE};
            return 1;
        }
        t->late++;
    }
    if (jl_pace_ask(m->o.pace, cost, err) != 0)
        return -1;
    t->state = TURN_ASKED;
    t->cost = cost;
    return 0;
}

/* Starts what may start. */
static int dispatch(model *m, jl_err *err) {
    int64_t now = jl_clock_now();
    wake_later(m, now);
    while (m->n_flying < m->o.in_flight) {
        if (!m->leaving)
            m->leaving = next_part(m, now);
        if (!m->leaving)
            return 0;
        int may = m->o.pace ? turn_come(m, now, err) : 1;
        if (may <= 0)
            return may;
        jl_model_part *p = m->leaving;
        m->leaving = NULL;
        push_back(&m->flying, p);
        m->n_flying++;
        if (start(m, p, now, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- what a call's end means ---- */

static int ask_again(model *m, jl_model_part *p, int64_t wait) {
    p->due = jl_clock_now() + wait;
    if (!m->later.first || p->due < m->later_due)
        m->later_due = p->due;
    push_back(&m->later, p);
    return 0;
}

static int go_away(model *m, const char *who, const char *why, jl_sink sink, jl_err *err) {
    m->away = true;
    m->probing = false;
    m->pause_until = 0;
    m->probe_at = jl_clock_now() + PROBE_EVERY;
    notice(m, true, "%s is away (%s): questions stay unanswered; one batch every %d s tries again", who, why,
           (int)(PROBE_EVERY / JL_SECOND));
    return give_up(m, sink, err);
}

static void back(model *m, const char *who) {
    notice(m, true, "%s answers again", who);
    m->away = false;
    m->probing = false;
}

static void come_back(model *m) {
    if (m->away && !m->paceless)
        back(m, m->o.target);
}

/* The end of a batch that nothing came of. */
static int fail_part(model *m, jl_model_part *p, jl_sink sink, jl_err *err) {
    if (p->probe) {
        m->probing = false;
        m->probe_at = jl_clock_now() + PROBE_EVERY;
    }
    return end_part(m, p, JL_UNANSWERED, sink, err);
}

/* The server, not the batch, is in trouble. */
static int on_trouble(model *m, jl_model_part *p, jl_sink sink, jl_err *err) {
    if (m->away || m->stopping)
        return fail_part(m, p, sink, err);
    if (++p->attempts > m->o.retries)
        return end_part(m, p, JL_UNANSWERED, sink, err) != 0 ? -1 : go_away(m, m->o.target, m->reason, sink, err);
    int64_t wait = jl_retry_wait(&m->retry, p->attempts);
    int64_t until = jl_clock_now() + wait;
    m->pause_until = until > m->pause_until ? until : m->pause_until;
    notice(m, false, "%s: %s: asking again in %.1f s", m->o.target, m->reason, (double)wait / (double)JL_SECOND);
    return ask_again(m, p, wait);
}

/* This batch is in trouble, others may not be. */
static int on_failure(model *m, jl_model_part *p, jl_sink sink, jl_err *err) {
    if (m->away || m->stopping || ++p->attempts > m->o.retries)
        return fail_part(m, p, sink, err);
    return ask_again(m, p, jl_retry_wait(&m->retry, p->attempts));
}

/* Too large, or one of its pairs is bad: both halves are asked. */
static int on_refusal(model *m, jl_model_part *p, jl_sink sink, jl_err *err) {
    come_back(m);
    if (p->open == 1)
        return end_part(m, p, JL_REFUSED, sink, err);
    if (m->stopping)
        return end_part(m, p, JL_UNANSWERED, sink, err);
    jl_model_part *second = jl_model_part_split(p, err);
    if (second)
        push_front(&m->ready, second);
    push_front(&m->ready, p);
    return second ? 0 : -1;
}

static int on_too_large(model *m, jl_model_part *p, jl_sink sink, jl_err *err) {
    uint32_t half = p->open > 1 ? (uint32_t)(p->open / 2) : 1;
    if (half < m->most) {
        m->most = half;
        notice(m, false, "%s: a batch of %zu pairs is too large: at most %" PRIu32 " from now on", m->o.target, p->open,
               half);
    }
    m->accepted = 0;
    return on_refusal(m, p, sink, err);
}

/* A limit that was met once may have been that of a few long titles. */
static void grow(model *m) {
    if (m->most < m->o.batch && ++m->accepted >= GROW_AFTER) {
        m->most = m->most > m->o.batch / 2 ? m->o.batch : 2 * m->most;
        m->accepted = 0;
    }
}

static bool is_final(const model *m, const jl_model_part *p) {
    return m->stopping || p->attempts >= m->o.retries;
}

static int settle(model *m, jl_model_part *p, jl_model_question *q, jl_sink sink, jl_err *err) {
    char text[4];
    bool value = q->heard == JL_HEARD_VALUE;
    if (value && q->said >= m->o.scale.min && q->said <= m->o.scale.max)
        return give(m, p, q, (jl_answer){JL_FOUND, jl_scale_token((uint8_t)q->said, text)}, sink, err);
    if (value && (is_final(m, p) || p->replies >= OFF_SCALE_ASKS))
        return give(m, p, q, (jl_answer){JL_REFUSED, {NULL, 0}}, sink, err);
    return 0;
}

static int on_reply(model *m, jl_model_part *p, jl_span reply, jl_sink sink, jl_err *err) {
    if (jl_model_part_read(p, reply, &m->arena) != 0) {
        snprintf(m->reason, sizeof m->reason, "the reply is no SeniorityResponseBatch");
        return on_failure(m, p, sink, err);
    }
    p->replies++;
    come_back(m);
    grow(m);
    for (size_t i = p->first; i < p->end; i++) {
        if (!p->batch->question[i].done && settle(m, p, &p->batch->question[i], sink, err) != 0) {
            jl_model_part_free(p);
            return -1;
        }
    }
    if (p->open > 0)
        return on_failure(m, p, sink, err);
    jl_model_part_free(p);
    return 0;
}

/* There is no standard for it: these are the words of the servers in C, Go, Java, Python and of common models. */
static bool speaks_of_size(jl_span message) {
    static const char *const words[] = {"larger than",     "too large",    "too big",    "exceeds max",
                                        "exceeds the max", "message size", "batch size", "payload size"};
    char text[256];
    size_t n = message.n < sizeof text - 1 ? message.n : sizeof text - 1;
    if (n)
        memcpy(text, message.p, n);
    text[n] = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(text, words[i]))
            return true;
    return false;
}

static int on_end(model *m, jl_model_part *p, const jl_rpc_done *done, jl_sink sink, jl_err *err) {
    switch (done->status) {
    case JL_RPC_OK:
        return on_reply(m, p, done->reply, sink, err);
    case JL_RPC_RESOURCE_EXHAUSTED:
        return speaks_of_size(done->message) ? on_too_large(m, p, sink, err) : on_trouble(m, p, sink, err);
    case JL_RPC_OUT_OF_RANGE:
        return on_too_large(m, p, sink, err);
    case JL_RPC_INVALID_ARGUMENT:
        return on_refusal(m, p, sink, err);
    case JL_RPC_UNAVAILABLE:
    case JL_RPC_DEADLINE_EXCEEDED:
        return on_trouble(m, p, sink, err);
    case JL_RPC_UNIMPLEMENTED:
        push_back(&m->ready, p);
        return jl_err_set(err, JL_CONFIG, "%s has no method %s (%s)", m->o.target, m->o.method, m->reason);
    case JL_RPC_UNAUTHENTICATED:
    case JL_RPC_PERMISSION_DENIED:
        push_back(&m->ready, p);
        return jl_err_set(err, JL_NOPERM, "%s refuses us (%s)", m->o.target, m->reason);
    default:
        return on_failure(m, p, sink, err);
    }
}

static int take_landed(model *m, jl_model_part *p, jl_sink sink, jl_err *err) {
    jl_rpc_done *done = p->done;
    p->done = NULL;
    m->counts->failed += done->status != JL_RPC_OK;
    if (done->status != JL_RPC_OK)
        describe(m->reason, sizeof m->reason, done);
    if (done->status != JL_RPC_UNAVAILABLE && (done->status != JL_RPC_DEADLINE_EXCEEDED || done->connected))
        m->reached = true;
    int rc = on_end(m, p, done, sink, err);
    jl_rpc_done_free(done);
    return rc;
}

/* Counts the time in which calls were out, however many: one of them has ended. */
static void count_out(model *m, int64_t ended) {
    m->out_until = ended > m->out_until ? ended : m->out_until;
    int64_t out = m->out + (m->out_until - m->out_since);
    m->counts->wait_ms = (uint64_t)(out / JL_MILLISECOND);
    if (m->n_flying == 0)
        m->out = out;
}

/* Frees the slots of the calls that have ended. */
static void land(model *m) {
    for (jl_rpc_done *done; (done = jl_rpc_next(m->rpc));) {
        jl_model_part *p = done->tag;
        take_out(&m->flying, p);
        m->n_flying--;
        count_out(m, p->started + done->took_ns);
        p->done = done;
        push_back(&m->landed, p);
        m->landed_badly = m->landed_badly || done->status != JL_RPC_OK;
    }
}

/* ---- the shared pace ---- */

#define PACE "the shared pace"

/* What the store has answered, if it has. */
static int take_turn(model *m, jl_sink sink, jl_err *err) {
    jl_err why = {0};
    int rc = m->turn.state == TURN_ASKED ? jl_pace_answer(m->o.pace, &m->turn.at, &why) : 0;
    if (rc == 0)
        return 0;
    m->turn.state = rc > 0 ? TURN_HELD : TURN_NONE;
    bool was_paceless = m->paceless;
    m->paceless = rc < 0;
    if (rc > 0) {
        if (was_paceless && m->away)
            back(m, PACE);
        return 0;
    }
    if (why.class != JL_UNAVAILABLE) {
        *err = why;
        return -1;
    }
    memcpy(m->pace_reason, why.text, sizeof m->pace_reason);
    if (!m->away)
        return go_away(m, PACE, m->pace_reason, sink, err);
    jl_model_part *p = m->leaving; /* a probe */
    m->leaving = NULL;
    m->turn.since = 0;
    return p ? fail_part(m, p, sink, err) : 0;
}

/* ---- the face of the lookup ---- */

static int decode(const jl_rec *rec, size_t field, jl_buf *scratch, jl_span *text, jl_err *err) {
    jl_span token = jl_rec_value(rec, field);
    if (rec->field[field].plain) {
        *text = (jl_span){token.p + 1, token.n - 2};
        return 0;
    }
    jl_buf_clear(scratch);
    if (jl_json_decode(token, scratch, err) != 0)
        return -1;
    *text = jl_buf_span(scratch);
    return 0;
}

static int collect_question(model *m, const jl_query *q, jl_err *err) {
    jl_span company, title;
    if (decode(q->rec, m->o.company, &m->company, &company, err) != 0 ||
        decode(q->rec, m->o.title, &m->title, &title, err) != 0)
        return -1;
    if (!m->open) {
        m->open = jl_model_part_new(m->most, err);
        if (!m->open)
            return -1;
        m->open_until = jl_clock_now() + m->o.window;
    }
    if (jl_model_part_add(m->open, q->key, q->ticket, company, title, err) != 0)
        return -1;
    m->outstanding++;
    if (m->open->open >= m->most || m->open->batch->wire.n >= BATCH_BYTES)
        close_open(m);
    return 0;
}

/* While the model is away, one batch in a while is collected to see whether it is back. */
static bool may_ask(model *m) {
    if (!m->away)
        return true;
    if (m->probing)
        return m->open != NULL;
    if (jl_clock_now() < m->probe_at)
        return false;
    m->probing = true;
    return true;
}

static bool usable(const model *m, const jl_rec *rec) {
    const jl_field *company = &rec->field[m->o.company], *title = &rec->field[m->o.title];
    return company->type == JL_STRING && title->type == JL_STRING && company->len < TEXT_MAX && title->len < TEXT_MAX;
}

static int model_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    model *m = model_of(l);
    for (size_t i = 0; i < n; i++) {
        if (!usable(m, query[i].rec)) {
            query[i].answer.state = JL_REFUSED;
            m->counts->refused++;
        } else if (!may_ask(m)) {
            query[i].answer.state = JL_UNANSWERED;
            m->counts->unanswered++;
        } else if (collect_question(m, &query[i], err) != 0) {
            return -1;
        }
    }
    /* While a block is read slots do not lie idle; what a failure means, though, is for collect() to say first. */
    land(m);
    return m->landed_badly ? 0 : dispatch(m, err);
}

static size_t model_pollfds(jl_lookup *l, struct pollfd *fds, size_t max) {
    if (max == 0)
        return 0;
    const model *m = model_of(l);
    fds[0] = (struct pollfd){.fd = jl_rpc_fd(m->rpc), .events = POLLIN};
    if (m->turn.state != TURN_ASKED || max == 1)
        return 1;
    fds[1] = (struct pollfd){.fd = jl_pace_fd(m->o.pace), .events = POLLIN};
    return 2;
}

/* When `leaving` can go on; INT64_MAX: only an answer of the pace lets it. */
static int64_t turn_at(const model *m, int64_t now) {
    if (m->turn.state == TURN_ASKED)
        return INT64_MAX;
    int64_t at = m->turn.state == TURN_HELD ? m->turn.at : now;
    return at > m->pause_until ? at : m->pause_until;
}

static int64_t model_deadline(jl_lookup *l) {
    const model *m = model_of(l);
    int64_t now = jl_clock_now(), at = INT64_MAX;
    if (m->landed.first)
        return now;
    if (m->n_flying >= m->o.in_flight)
        return -1; /* only the end of a call lets another start */
    if (m->leaving) {
        at = turn_at(m, now);
    } else if (m->ready.first) {
        at = allowed_at(m, m->ready.first, now);
    } else if (m->open) {
        int64_t window = m->finishing ? now : m->open_until;
        at = allowed_at(m, m->open, now);
        at = at > window ? at : window;
    }
    if (m->later.first) {
        int64_t due = m->later_due > m->pause_until ? m->later_due : m->pause_until;
        at = due < at ? due : at;
    }
    return at == INT64_MAX ? -1 : at;
}

static int model_collect(jl_lookup *l, jl_sink sink, jl_err *err) {
    model *m = model_of(l);
    land(m);
    m->landed_badly = false;
    for (jl_model_part *p; (p = pop(&m->landed));)
        if (take_landed(m, p, sink, err) != 0)
            return -1;
    return take_turn(m, sink, err) == 0 ? dispatch(m, err) : -1;
}

static int model_finish(jl_lookup *l, bool stop, jl_sink sink, jl_err *err) {
    model *m = model_of(l);
    m->finishing = true;
    m->stopping = m->stopping || stop;
    if (m->stopping)
        return give_up(m, sink, err);
    return dispatch(m, err);
}

static size_t model_outstanding(const jl_lookup *l) {
    return ((const model *)(const void *)l)->outstanding;
}

static jl_class model_verdict(jl_lookup *l, jl_err *err) {
    const model *m = model_of(l);
    if (m->counts->unanswered > 0 && m->paceless) {
        jl_err_set(err, JL_UNAVAILABLE, PACE " is away (%s); %" PRIu64 " pairs are unanswered", m->pace_reason,
                   m->counts->unanswered);
        return JL_UNAVAILABLE;
    }
    if (m->counts->unanswered == 0 || m->reached || m->counts->calls == 0)
        return JL_OK;
    jl_err_set(err, JL_UNAVAILABLE, "%s was never reached (%s); %" PRIu64 " pairs are unanswered", m->o.target,
               m->reason, m->counts->unanswered);
    return JL_UNAVAILABLE;
}

static void free_list(list *l) {
    for (jl_model_part *p; (p = pop(l));)
        jl_model_part_free(p);
}

static void model_close(jl_lookup *l) {
    model *m = model_of(l);
    jl_rpc_close(m->rpc);
    if (m->open)
        jl_model_part_free(m->open);
    if (m->leaving)
        jl_model_part_free(m->leaving);
    free_list(&m->ready);
    free_list(&m->later);
    free_list(&m->flying);
    for (jl_model_part *p = m->landed.first; p; p = p->next)
        jl_rpc_done_free(p->done);
    free_list(&m->landed);
    jl_model_arena_free(&m->arena);
    jl_buf_free(&m->company);
    jl_buf_free(&m->title);
    free(m->piece);
    free(m);
}

static const jl_lookup_ops model_ops = {
    .submit = model_submit,
    .pollfds = model_pollfds,
    .deadline = model_deadline,
    .collect = model_collect,
    .finish = model_finish,
    .outstanding = model_outstanding,
    .verdict = model_verdict,
    .close = model_close,
};

static jl_rpc *connect(const jl_model_options *o, jl_err *err) {
    jl_rpc_options rpc = {.target = o->target, .method = o->method ? o->method : JL_MODEL_METHOD, .tls = o->tls};
    return jl_rpc_open(&rpc, err);
}

jl_lookup *jl_model_open(const jl_model_options *options, jl_model_counts *counts, jl_err *err) {
    model *m = calloc(1, sizeof *m);
    if (!m) {
        jl_err_nomem(err);
        return NULL;
    }
    m->base.ops = &model_ops;
    m->o = *options;
    m->o.method = options->method ? options->method : JL_MODEL_METHOD;
    m->counts = counts;
    m->most = options->batch;
    m->later_due = INT64_MAX;
    jl_rate_init(&m->rate, options->pace ? 0 : options->pairs_per_s, options->batch, jl_clock_now());
    jl_retry_init(&m->retry, JL_SECOND / 4, 10 * JL_SECOND);
    m->rpc = connect(options, err);
    if (!m->rpc) {
        free(m);
        return NULL;
    }
    m->o.tls = NULL;
    return &m->base;
}

/* ---- the ping ---- */

static jl_rpc_done *wait_for_done(jl_rpc *rpc) {
    jl_rpc_done *done = NULL;
    while (!jl_stop_asked() && !(done = jl_rpc_next(rpc))) {
        struct pollfd fd[2] = {{.fd = jl_rpc_fd(rpc), .events = POLLIN}, {.fd = jl_stop_fd(), .events = POLLIN}};
        (void)poll(fd, 2, -1);
    }
    return done;
}

static int judge_ping(const jl_model_options *o, const jl_rpc_done *done, jl_err *err) {
    char text[256];
    describe(text, sizeof text, done);
    switch (done->status) {
    case JL_RPC_OK:
        return 0;
    case JL_RPC_UNAVAILABLE:
    case JL_RPC_DEADLINE_EXCEEDED:
    case JL_RPC_RESOURCE_EXHAUSTED:
        return jl_err_set(err, JL_UNAVAILABLE, "%s does not answer (%s)", o->target, text);
    case JL_RPC_UNIMPLEMENTED:
        return jl_err_set(err, JL_CONFIG, "%s has no method %s (%s)", o->target,
                          o->method ? o->method : JL_MODEL_METHOD, text);
    case JL_RPC_UNAUTHENTICATED:
    case JL_RPC_PERMISSION_DENIED:
        return jl_err_set(err, JL_NOPERM, "%s refuses us (%s)", o->target, text);
    case JL_RPC_INVALID_ARGUMENT: /* a batch without pairs is nothing to it: it is there, and so is the method */
        return 0;
    default:
        return jl_err_set(err, JL_SOFTWARE, "%s fails (%s)", o->target, text);
    }
}

int jl_model_ping(const jl_model_options *options, int64_t *round_trip, jl_err *err) {
    jl_rpc *rpc = connect(options, err);
    if (!rpc)
        return -1;
    int rc = jl_rpc_start(rpc, NULL, 0, jl_clock_now() + options->timeout, NULL, err);
    jl_rpc_done *done = rc == 0 ? wait_for_done(rpc) : NULL;
    if (done) {
        *round_trip = done->took_ns;
        rc = judge_ping(options, done, err);
    } else if (rc == 0) {
        rc = jl_err_set(err, JL_UNAVAILABLE, "%s: interrupted before it answered", options->target);
    }
    jl_rpc_done_free(done);
    jl_rpc_close(rpc);
    return rc;
}
