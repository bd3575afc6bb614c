/* The journal told again, each step held against the rules. */
#include "books/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/digest.h"
#include "gate/rules.h"

#define SENTENCE_SIZE 400
#define MS JL_MILLISECOND
#define LONGEST_PERIOD (31 * 86400) /* s */

/* ---- tables: nodes that begin with a link, found by hash ---- */

struct link {
    struct link *next;
    uint64_t hash;
};

struct table {
    struct link **bucket;
    size_t n, buckets; /* a power of two */
};

static int table_grow(struct table *t, jl_err *err) {
    size_t buckets = t->buckets ? 2 * t->buckets : 64;
    struct link **bucket = calloc(buckets, sizeof(struct link *));
    if (!bucket)
        return jl_err_nomem(err);
    for (size_t i = 0; i < t->buckets; i++) {
        for (struct link *l = t->bucket[i], *next; l; l = next) {
            next = l->next;
            struct link **to = &bucket[l->hash & (buckets - 1)];
            l->next = *to;
            *to = l;
        }
    }
    free(t->bucket);
    t->bucket = bucket;
    t->buckets = buckets;
    return 0;
}

static struct link *table_chain(const struct table *t, uint64_t hash) {
    return t->buckets ? t->bucket[hash & (t->buckets - 1)] : NULL;
}

/* Takes a node of `size` zero bytes into the table. NULL: memory ran out. */
static void *table_add(struct table *t, uint64_t hash, size_t size, jl_err *err) {
    if (t->n >= t->buckets && table_grow(t, err) != 0)
        return NULL;
    struct link *l = calloc(1, size);
    if (!l) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    struct link **to = &t->bucket[hash & (t->buckets - 1)];
    l->hash = hash;
    l->next = *to;
    *to = l;
    t->n++;
    return l;
}

/* Frees the nodes that are out of date. */
static void table_sweep(struct table *t, bool (*old)(const struct link *l, const char *period), const char *period) {
    for (size_t i = 0; i < t->buckets; i++) {
        for (struct link **at = &t->bucket[i]; *at;) {
            struct link *l = *at;
            if (old(l, period)) {
                *at = l->next;
                free(l);
                t->n--;
            } else {
                at = &l->next;
            }
        }
    }
}

/* ---- what is known ---- */

/* A live or UNCERTAIN hold. */
struct open {
    struct open *before, *behind;
    jl_hold hold; /* age and lease are unused */
    int64_t since_ms, ends_ms;
};

struct node {
    struct link link;
    char id[JL_HOLD_ID_SIZE];
    jl_hold_state state;
    int64_t charged;
    char period[JL_PERIOD_SIZE];
    struct open *open; /* NULL: it has ended */
};

struct sum {
    struct link link;
    jl_period_sum s;
};

struct jl_replay {
    jl_violation *told;
    void *self;
    uint64_t violations, seq, gap;
    int64_t now_ms;
    char period[JL_PERIOD_SIZE]; /* of the last entry */
    jl_settings settings;
    struct table holds, sums;
    struct open *first; /* of the open holds, in no order */
    uint32_t live, probes;
    jl_breaker breaker; /* without a window; `wait` is unused */
    int64_t opened_ms;  /* when the breaker was */
};

__attribute__((format(printf, 3, 4))) static int violated(jl_replay *r, jl_err *err, const char *format, ...) {
    char text[SENTENCE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->violations++;
    return r->told ? r->told(r->self, r->seq, text, err) : 0;
}

jl_replay *jl_replay_open(jl_violation *told, void *self, jl_err *err) {
    jl_replay *r = calloc(1, sizeof *r);
    if (!r) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    r->told = told;
    r->self = self;
    jl_account_default(&r->settings);
    return r;
}

static bool any(const struct link *l, const char *period) {
    (void)l;
    (void)period;
    return true;
}

void jl_replay_close(jl_replay *r) {
    if (!r)
        return;
    for (struct open *o = r->first, *next; o; o = next) {
        next = o->behind;
        free(o);
    }
    table_sweep(&r->holds, any, "");
    table_sweep(&r->sums, any, "");
    free(r->holds.bucket);
    free(r->sums.bucket);
    free(r);
}

uint64_t jl_replay_violations(const jl_replay *r) {
    return r->violations;
}

uint64_t jl_replay_gap(const jl_replay *r) {
    return r->gap;
}

/* ---- sums ---- */

static uint64_t sum_hash(const char *period, const char *user) {
    return jl_digest(jl_span_of(user), jl_digest(jl_span_of(period), 0));
}

static struct sum *sum_find(const jl_replay *r, const char *period, const char *user) {
    uint64_t hash = sum_hash(period, user);
    for (struct link *l = table_chain(&r->sums, hash); l; l = l->next) {
        struct sum *s = (struct sum *)l;
        if (l->hash == hash && strcmp(s->s.period, period) == 0 && strcmp(s->s.user, user) == 0)
            return s;
    }
    return NULL;
}

static int64_t spent_of(const jl_replay *r, const char *period, const char *user) {
    const struct sum *s = sum_find(r, period, user);
    return s ? s->s.spent : 0;
}

static int sum_add_one(jl_replay *r, const char *period, const char *user, int64_t credits, jl_err *err) {
    struct sum *s = sum_find(r, period, user);
    if (!s) {
        s = table_add(&r->sums, sum_hash(period, user), sizeof *s, err);
        if (!s)
            return -1;
        (void)snprintf(s->s.period, sizeof s->s.period, "%s", period);
        (void)snprintf(s->s.user, sizeof s->s.user, "%s", user);
    }
    s->s.spent += credits;
    return 0;
}

static int sum_add(jl_replay *r, const char *period, const char *user, int64_t credits, jl_err *err) {
    if (credits == 0)
        return 0;
    return sum_add_one(r, period, "", credits, err) == 0 &&
                   (!user[0] || sum_add_one(r, period, user, credits, err) == 0)
               ? 0
               : -1;
}

/* ---- holds ---- */

static bool is_live(jl_hold_state s) {
    return s == JL_HOLD_RESERVED || s == JL_HOLD_SENT;
}

static struct node *hold_find(const jl_replay *r, const char *id) {
    uint64_t hash = jl_digest(jl_span_of(id), 0);
    for (struct link *l = table_chain(&r->holds, hash); l; l = l->next)
        if (l->hash == hash && strcmp(((struct node *)l)->id, id) == 0)
            return (struct node *)l;
    return NULL;
}

/* Both are the entry's; the state is the caller's to give. */
static struct node *hold_add(jl_replay *r, const jl_event *e, jl_err *err) {
    struct open *o = calloc(1, sizeof *o);
    struct node *n = o ? table_add(&r->holds, jl_digest(jl_span_of(e->id), 0), sizeof *n, err) : NULL;
    if (!n) {
        free(o);
        (void)jl_err_nomem(err);
        return NULL;
    }
    jl_hold *h = &o->hold;
    (void)snprintf(n->id, sizeof n->id, "%s", e->id);
    (void)snprintf(n->period, sizeof n->period, "%s", e->period);
    (void)snprintf(h->id, sizeof h->id, "%s", e->id);
    (void)snprintf(h->endpoint, sizeof h->endpoint, "%s", e->endpoint);
    (void)snprintf(h->user, sizeof h->user, "%s", e->user);
    (void)snprintf(h->period, sizeof h->period, "%s", e->period);
    (void)snprintf(h->reach, sizeof h->reach, "%s", e->reach[0] ? e->reach : e->period);
    h->normal = h->worst = e->credits;
    o->since_ms = r->now_ms;
    o->behind = r->first;
    if (r->first)
        r->first->before = o;
    r->first = o;
    n->open = o;
    return n;
}

static void hold_close(jl_replay *r, struct node *n) {
    struct open *o = n->open;
    if (o->before)
        o->before->behind = o->behind;
    else
        r->first = o->behind;
    if (o->behind)
        o->behind->before = o->before;
    free(o);
    n->open = NULL;
}

static void hold_state(jl_replay *r, struct node *n, jl_hold_state state) {
    uint32_t was = is_live(n->state);
    uint32_t is = is_live(state);
    r->live += is - was;
    if (n->open && n->open->hold.probe)
        r->probes += is - was;
    n->state = state;
    if (n->open)
        n->open->hold.state = (int)state;
}

/* ---- a new period ---- */

static bool hold_old(const struct link *l, const char *period) {
    const struct node *n = (const struct node *)l;
    return !n->open && strcmp(n->period, period) < 0;
}

static bool sum_old(const struct link *l, const char *period) {
    const struct sum *s = (const struct sum *)l;
    return s->s.user[0] && strcmp(s->s.period, period) < 0;
}

/* What is swept away was over before the previous period, whatever day the anchor may yet be set to. */
static void follow_time(jl_replay *r) {
    char period[JL_PERIOD_SIZE], oldest[JL_PERIOD_SIZE];
    jl_period_of(r->now_ms / 1000, r->settings.anchor, period);
    if (strcmp(period, r->period) == 0)
        return;
    memcpy(r->period, period, JL_PERIOD_SIZE);
    jl_period_of(r->now_ms / 1000 - 2 * LONGEST_PERIOD, r->settings.anchor, oldest);
    table_sweep(&r->holds, hold_old, oldest);
    table_sweep(&r->sums, sum_old, oldest);
}

/* ---- entries ---- */

static int64_t committed_in(const jl_replay *r, const char *period) {
    int64_t sum = spent_of(r, period, "");
    for (const struct open *o = r->first; o; o = o->behind) {
        bool live = is_live((jl_hold_state)o->hold.state);
        int begins = strcmp(o->hold.period, period);
        bool counts = strcmp(o->hold.reach, period) >= 0 && (live ? begins <= 0 : begins < 0);
        sum += counts ? o->hold.worst : 0;
    }
    return sum;
}

static int64_t held_for(const jl_replay *r, const char *user) {
    int64_t sum = 0;
    for (const struct open *o = r->first; o; o = o->behind)
        sum += is_live((jl_hold_state)o->hold.state) && strcmp(o->hold.user, user) == 0 ? o->hold.worst : 0;
    return sum;
}

static int prove_budget(jl_replay *r, const jl_event *e, const char *period, bool priority, jl_err *err) {
    int64_t committed = committed_in(r, period) + e->credits;
    int64_t budget = jl_rules_budget(&r->settings, priority);
    if (committed <= budget)
        return 0;
    return violated(r, err, "hold %s was admitted with %" PRId64 " credits committed of the %" PRId64 " of period %s",
                    e->id, committed, budget, period);
}

static int prove_user(jl_replay *r, const jl_event *e, jl_err *err) {
    int64_t cap = r->settings.user_cap;
    if (cap == 0 || !e->user[0])
        return 0;
    int64_t committed = spent_of(r, e->period, e->user) + held_for(r, e->user) + e->credits;
    if (committed <= cap)
        return 0;
    return violated(r, err, "hold %s was admitted with %" PRId64 " credits of its user, who may spend %" PRId64, e->id,
                    committed, cap);
}

static int prove_breaker(jl_replay *r, const jl_event *e, bool probe, jl_err *err) {
    bool half = r->breaker.state == JL_BREAKER_HALF_OPEN;
    if (r->breaker.state == JL_BREAKER_OPEN)
        return violated(r, err, "hold %s was admitted while the breaker was open", e->id);
    if (probe != half)
        return violated(r, err, "hold %s %s while the breaker was %s", e->id, probe ? "probes" : "does not probe",
                        half ? "half-open" : "closed");
    if (probe && r->probes >= (uint32_t)r->settings.breaker_probes)
        return violated(r, err, "hold %s probes beside %" PRIu32 " others", e->id, r->probes);
    return 0;
}

static int reserve(jl_replay *r, const jl_event *e, jl_err *err) {
    bool priority = strstr(e->note, "priority") != NULL;
    bool probe = strstr(e->note, "probe") != NULL;
    if (hold_find(r, e->id))
        return violated(r, err, "hold %s is reserved twice", e->id);
    if (prove_budget(r, e, e->period, priority, err) != 0 || prove_user(r, e, err) != 0 ||
        prove_breaker(r, e, probe, err) != 0)
        return -1;
    if (strcmp(e->reach, e->period) != 0 && prove_budget(r, e, e->reach, priority, err) != 0)
        return -1;
    if (r->live >= (uint32_t)r->settings.concurrency &&
        violated(r, err, "hold %s was admitted beside %" PRIu32 " live ones, of %d", e->id, r->live,
                 r->settings.concurrency) != 0)
        return -1;
    struct node *n = hold_add(r, e, err);
    if (!n)
        return -1;
    n->open->hold.priority = priority;
    n->open->hold.probe = probe;
    n->open->ends_ms = r->now_ms + r->settings.hold / MS;
    hold_state(r, n, JL_HOLD_RESERVED);
    return 0;
}

static int send_hold(jl_replay *r, const jl_event *e, jl_err *err) {
    struct node *n = hold_find(r, e->id);
    if (!n || n->state != JL_HOLD_RESERVED)
        return violated(r, err, "hold %s is sent, and was %s", e->id, jl_hold_state_name(n ? n->state : JL_HOLD_NONE));
    jl_hold *h = &n->open->hold;
    int rc = 0;
    if (strcmp(e->reach, h->reach) > 0)
        rc = violated(r, err, "hold %s is sent up to period %s, and was admitted up to %s", e->id, e->reach, h->reach);
    (void)snprintf(h->period, sizeof h->period, "%s", e->period);
    (void)snprintf(h->reach, sizeof h->reach, "%s", e->reach);
    (void)snprintf(n->period, sizeof n->period, "%s", e->period);
    n->open->ends_ms = r->now_ms + (r->settings.timeout + r->settings.grace) / MS;
    hold_state(r, n, JL_HOLD_SENT);
    return rc;
}

static int prove_end(jl_replay *r, const struct node *n, const jl_event *e, jl_err *err) {
    bool lease = strcmp(e->note, "lease") == 0;
    if (strcmp(n->period, e->period) != 0)
        return violated(r, err, "hold %s of period %s ends in %s", e->id, n->period, e->period);
    if (e->kind == JL_EVENT_VOID && e->credits != 0)
        return violated(r, err, "hold %s is void, and costs %" PRId64, e->id, e->credits);
    if (e->kind == JL_EVENT_UNCERTAIN && e->credits != n->open->hold.worst)
        return violated(r, err, "hold %s is uncertain, and costs %" PRId64 ", not its worst, %" PRId64, e->id,
                        e->credits, n->open->hold.worst);
    if (lease && n->state != (e->kind == JL_EVENT_VOID ? JL_HOLD_RESERVED : JL_HOLD_SENT))
        return violated(r, err, "the lease of hold %s, which was %s, ends as %s", e->id, jl_hold_state_name(n->state),
                        jl_event_name(e->kind));
    return 0;
}

/* A hold that the ledger did not know; it was recorded all the same. */
static int end_lost(jl_replay *r, const jl_event *e, jl_hold_state to, jl_err *err) {
    if ((strcmp(e->note, "lost") != 0 || to == JL_HOLD_VOID) &&
        violated(r, err, "hold %s ends, and was never reserved", e->id) != 0)
        return -1;
    struct node *n = hold_add(r, e, err);
    if (!n || sum_add(r, e->period, e->user, e->credits, err) != 0)
        return -1;
    n->charged = e->credits;
    hold_state(r, n, to);
    if (to != JL_HOLD_UNCERTAIN)
        hold_close(r, n);
    return 0;
}

static int end_hold(jl_replay *r, const jl_event *e, jl_err *err) {
    jl_hold_state to = e->kind == JL_EVENT_SETTLE ? JL_HOLD_SETTLED
                       : e->kind == JL_EVENT_VOID ? JL_HOLD_VOID
                                                  : JL_HOLD_UNCERTAIN;
    struct node *n = hold_find(r, e->id);
    if (!n)
        return end_lost(r, e, to, err);
    if (!n->open || (n->state == JL_HOLD_UNCERTAIN && to == JL_HOLD_UNCERTAIN))
        return violated(r, err, "hold %s ends twice: %s, then %s", e->id, jl_hold_state_name(n->state),
                        jl_hold_state_name(to));
    if (prove_end(r, n, e, err) != 0 || sum_add(r, n->period, n->open->hold.user, e->credits - n->charged, err) != 0)
        return -1;
    n->charged = e->credits;
    hold_state(r, n, to);
    if (to != JL_HOLD_UNCERTAIN)
        hold_close(r, n);
    return 0;
}

static int adjust(jl_replay *r, const jl_event *e, jl_err *err) {
    if (sum_add_one(r, e->period, "", e->credits, err) != 0)
        return -1;
    int64_t spent = spent_of(r, e->period, "");
    return e->credits < 0 && spent < 0 ? violated(r, err, "period %s is adjusted to %" PRId64, e->period, spent) : 0;
}

static int breaker(jl_replay *r, const jl_event *e, jl_err *err) {
    static const struct {
        const char *note;
        jl_breaker_state to;
        jl_breaker_why why;
        unsigned from; /* a bit for each state */
    } ways[] = {
        {"open failures", JL_BREAKER_OPEN, JL_OPEN_FAILURES, 1 << JL_BREAKER_CLOSED | 1 << JL_BREAKER_HALF_OPEN},
        {"open quota", JL_BREAKER_OPEN, JL_OPEN_QUOTA, 7},
        {"open person", JL_BREAKER_OPEN, JL_OPEN_PERSON, 7},
        {"half-open", JL_BREAKER_HALF_OPEN, JL_OPEN_FAILURES, 1 << JL_BREAKER_OPEN},
        {"closed", JL_BREAKER_CLOSED, JL_OPEN_FAILURES, 1 << JL_BREAKER_HALF_OPEN},
        {"closed person", JL_BREAKER_CLOSED, JL_OPEN_FAILURES, 1 << JL_BREAKER_OPEN | 1 << JL_BREAKER_HALF_OPEN}};
    size_t n = sizeof ways / sizeof *ways;
    size_t i = 0;
    while (i < n && strcmp(ways[i].note, e->note) != 0)
        i++;
    if (i == n)
        return violated(r, err, "the breaker's '%s' says nothing", e->note);
    bool allowed = ways[i].from >> r->breaker.state & 1;
    r->breaker.state = ways[i].to;
    if (ways[i].to == JL_BREAKER_OPEN) {
        r->breaker.why = ways[i].why;
        r->opened_ms = r->now_ms;
    }
    return allowed ? 0 : violated(r, err, "the breaker's '%s' does not follow from what it was", e->note);
}

static int change(jl_replay *r, const jl_event *e, jl_err *err) {
    jl_err why = {0};
    if (jl_account_set(&r->settings, e->note, &why) == 0)
        return 0;
    return violated(r, err, "a setting that is none: %s", why.text);
}

static int in_order(jl_replay *r, const jl_event *e, jl_err *err) {
    uint64_t wanted = r->seq + 1;
    int64_t before = r->now_ms;
    r->seq = e->seq;
    if (r->now_ms < e->at_ms)
        r->now_ms = e->at_ms;
    if (e->seq != wanted && r->gap == 0)
        r->gap = wanted;
    if (e->seq != wanted &&
        violated(r, err, "the journal has entry %" PRIu64 " where %" PRIu64 " belongs", e->seq, wanted))
        return -1;
    return e->at_ms < before ? violated(r, err, "the journal's time goes back by %" PRId64 " ms", before - e->at_ms)
                             : 0;
}

int jl_replay_event(jl_replay *r, const jl_event *e, jl_err *err) {
    if (in_order(r, e, err) != 0)
        return -1;
    follow_time(r);
    switch (e->kind) {
    case JL_EVENT_SET:
        return change(r, e, err);
    case JL_EVENT_RESERVE:
        return reserve(r, e, err);
    case JL_EVENT_SEND:
        return send_hold(r, e, err);
    case JL_EVENT_SETTLE:
    case JL_EVENT_VOID:
    case JL_EVENT_UNCERTAIN:
        return end_hold(r, e, err);
    case JL_EVENT_ADJUST:
        return adjust(r, e, err);
    case JL_EVENT_BREAKER:
        return breaker(r, e, err);
    case JL_EVENT_REBUILD:
        return 0;
    }
    return violated(r, err, "an entry of kind %d, which there is not", (int)e->kind);
}

/* ---- the account ---- */

static int by_age(const void *a, const void *b) {
    const jl_hold *x = a, *y = b;
    return x->age == y->age ? strcmp(x->id, y->id) : (x->age < y->age) - (x->age > y->age);
}

static void take_holds(const jl_replay *r, jl_account *a) {
    for (const struct open *o = r->first; o; o = o->behind) {
        jl_hold *h = &a->hold[a->holds++];
        *h = o->hold;
        h->age = (r->now_ms - o->since_ms) * MS;
        bool live = is_live((jl_hold_state)h->state);
        h->lease = live && o->ends_ms > r->now_ms ? (o->ends_ms - r->now_ms) * MS : 0;
        if (live)
            a->held += strcmp(h->reach, a->period) >= 0 ? h->worst : 0;
        else if (strcmp(h->period, a->period) == 0)
            a->uncertain += h->worst;
        else if (strcmp(h->period, a->period) < 0 && strcmp(h->reach, a->period) >= 0)
            a->carried += h->worst;
    }
    if (a->holds)
        qsort(a->hold, a->holds, sizeof *a->hold, by_age);
}

static void previous_period(const jl_replay *r, const char *period, char previous[JL_PERIOD_SIZE]) {
    jl_period_of(jl_period_start(period) - 1, r->settings.anchor, previous);
}

static void take_endings(const jl_replay *r, const char *previous, jl_account *a) {
    for (size_t i = 0; i < r->holds.buckets; i++) {
        for (const struct link *l = r->holds.bucket[i]; l; l = l->next) {
            const struct node *n = (const struct node *)l;
            if (n->open || hold_old(l, previous))
                continue;
            jl_ended *e = &a->ended[a->endings++];
            *e = (jl_ended){.state = (int)n->state, .charged = n->charged};
            memcpy(e->id, n->id, sizeof e->id);
            memcpy(e->period, n->period, JL_PERIOD_SIZE);
        }
    }
}

static void take_sums(const jl_replay *r, const char *previous, jl_account *a) {
    for (size_t i = 0; i < r->sums.buckets; i++)
        for (const struct link *l = r->sums.bucket[i]; l; l = l->next)
            if (!sum_old(l, previous))
                a->sum[a->sums++] = ((const struct sum *)l)->s;
}

/* The time of the last entry is earlier than now: waits and leases are never too short. */
static int64_t breaker_wait(const jl_replay *r) {
    char period[JL_PERIOD_SIZE];
    int64_t until = 0;
    if (r->breaker.state != JL_BREAKER_OPEN)
        return 0;
    switch (r->breaker.why) {
    case JL_OPEN_FAILURES:
        until = r->opened_ms + r->settings.breaker_cooldown / MS;
        break;
    case JL_OPEN_QUOTA:
        jl_period_of(r->opened_ms / 1000, r->settings.anchor, period);
        until = jl_period_end(period, r->settings.anchor) * 1000;
        break;
    case JL_OPEN_PERSON:
        return -1;
    }
    return until > r->now_ms ? (until - r->now_ms) * MS : 0;
}

int jl_replay_account(const jl_replay *r, jl_account *a, jl_err *err) {
    char previous[JL_PERIOD_SIZE];
    *a = (jl_account){.settings = r->settings,
                      .now_ms = r->now_ms,
                      .live = r->live,
                      .breaker = r->breaker.state,
                      .why = r->breaker.why,
                      .breaker_wait = breaker_wait(r),
                      .seq = r->seq};
    jl_period_of(r->now_ms / 1000, r->settings.anchor, a->period);
    jl_period_of(jl_period_end(a->period, r->settings.anchor), r->settings.anchor, a->next);
    a->spent = spent_of(r, a->period, "");
    size_t open = 0;
    for (const struct open *o = r->first; o; o = o->behind)
        open++;
    a->hold = calloc(open + 1, sizeof *a->hold);
    a->ended = calloc(r->holds.n + 1, sizeof *a->ended);
    a->sum = calloc(r->sums.n + 1, sizeof *a->sum);
    if (!a->hold || !a->ended || !a->sum) {
        jl_account_free(a);
        return jl_err_nomem(err);
    }
    take_holds(r, a);
    previous_period(r, a->period, previous);
    take_endings(r, previous, a);
    take_sums(r, previous, a);
    return 0;
}
