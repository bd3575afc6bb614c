/* Orders on their way: asked for in the cache, held in the ledger, called over HTTP, judged, kept, settled. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "gate/buyer.h"
#include "gate/paid.h"
#include "gate/refusal.h"
#include "wire/retry.h"

#define LOOK_AGAIN (250 * JL_MILLISECOND) /* when another process is buying the same */
#define CLOSED_FOR JL_SECOND              /* a gate that said no is not asked again before */
#define RETRY_FIRST JL_SECOND
#define RETRY_MOST (30 * JL_SECOND)
#define RETRY_AFTER_MOST (2 * 60 * JL_SECOND) /* a provider that wants a longer pause gets a later run */
#define RETRY_SHARE 0.1                       /* retries per call, in the long run */
#define RETRY_START 3.0                       /* and so many at once */
#define RETRY_SAVED 10.0
#define STEPS 32 /* look-ups and holds in one go: others want the loop, too */
#define KEPT_DEAD "dead"
#define KEPT_WELL "well"
#define KEPT_BAD "bad"
#define BAD_FOR (24 * 3600 * JL_SECOND) /* what was refused for good is asked again after this */

typedef enum state { ASK, HOLD, OUT } state;

typedef struct order {
    struct order *next;
    jl_order o; /* its texts are ours */
    state state;
    int64_t at; /* when the next step may be taken */
    char owner[JL_OWNER_SIZE];
    jl_paid paid;
    int64_t claimed;
    unsigned tries;
    bool met_others, short_of_money; /* waits until what is out has cost less than feared */
} order;

typedef struct list {
    order *first, *last;
} list;

struct jl_buyer {
    jl_buyer_options o;
    jl_buyer_counts *counts;
    jl_http *http;
    jl_settings settings; /* as they were when it was opened */
    int64_t claim;
    size_t most_out, out;
    list queue;  /* not looked at yet */
    list active; /* twice as many as may be out, at most: what is claimed is soon bought */
    size_t n_active, n;
    jl_retry retry;
    double retries;                    /* tokens */
    int64_t passes_at;                 /* the gate is full until then */
    int64_t closed_until;              /* the gate has said no until then … */
    jl_admission closed;               /* … with these words … */
    char closed_user[JL_USER_MAX + 1]; /* … to this user, if it was a user's cap */
    int64_t worst_out;                 /* of the calls that are out */
    bool stopped;
    bool reached;                                                  /* a call has reached the provider */
    jl_err away;                                                   /* the last that did not */
    jl_err trouble, refusal;                                       /* the first; the last */
    int (*take)(void *self, const jl_bought *bought, jl_err *err); /* during collect */
    void *taker;
    int taken; /* what `take` returned */
    jl_err *take_err;
};

/* ---- lists ---- */

static void push(list *l, order *o, bool ahead) {
    o->next = ahead ? l->first : NULL;
    if (ahead || !l->first) {
        l->first = o;
        if (!l->last)
            l->last = o;
    } else {
        l->last->next = o;
        l->last = o;
    }
}

static void take_out(list *l, order *o) {
    order *before = NULL;
    for (order *i = l->first; i != o; i = i->next)
        before = i;
    *(before ? &before->next : &l->first) = o->next;
    if (l->last == o)
        l->last = before;
}

static void free_order(order *o) {
    if (!o)
        return;
    free((void *)(uintptr_t)o->o.endpoint);
    free((void *)(uintptr_t)o->o.method);
    free((void *)(uintptr_t)o->o.url);
    free((void *)(uintptr_t)o->o.body.p);
    free((void *)(uintptr_t)o->o.notice);
    free((void *)(uintptr_t)o->o.user);
    free(o);
}

/* ---- messages ---- */

static void tell(const jl_buyer *b, bool important, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void tell(const jl_buyer *b, bool important, const char *format, ...) {
    char text[700];
    va_list args;
    if (!b->o.notice)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    b->o.notice(b->o.self, important, text);
}

/* Nothing more is sent; the first trouble is the one that counts. */
static void in_trouble(jl_buyer *b, const jl_err *err) {
    if (b->trouble.class == JL_OK)
        b->trouble = *err;
    b->stopped = true;
}

/* ---- an order's end ---- */

/* The order is gone afterwards. */
static void end_order(jl_buyer *b, order *o, jl_bought *bought) {
    uint64_t *count[] = {[JL_BOUGHT] = &b->counts->bought,
                         [JL_BOUGHT_DEAD] = &b->counts->dead,
                         [JL_BOUGHT_BAD] = &b->counts->bad,
                         [JL_BOUGHT_FAILED] = &b->counts->failed,
                         [JL_BOUGHT_UNCERTAIN] = &b->counts->uncertain,
                         [JL_BOUGHT_REFUSED] = &b->counts->refused_orders};
    take_out(&b->active, o);
    b->n_active--;
    b->n--;
    ++*(bought->kept ? &b->counts->kept : count[bought->how]);
    bought->ticket = o->o.ticket;
    bought->tries = o->tries;
    if (b->taken == 0)
        b->taken = b->take(b->taker, bought, b->take_err);
    free_order(o);
}

static void end_without(jl_buyer *b, order *o, jl_bought_how how, const char *why) {
    jl_bought bought = {.how = how, .why = why, .at_ms = jl_clock_wall() / JL_MILLISECOND};
    end_order(b, o, &bought);
}

/* Somebody else may want it. A claim that cannot be given back ends by itself; where there is trouble already, nobody
   waits for more of it. */
static void give_back(const jl_buyer *b, const order *o) {
    bool trouble = b->trouble.class != JL_OK && b->trouble.class != JL_NOPERM;
    if (o->claimed == 0 || trouble)
        return;
    jl_err err = {0};
    if (b->o.kept->ops->give_back(b->o.kept, o->o.key, o->owner, &err) != 0)
        tell(b, false, "the claim on %s was not given back and ends by itself: %s", o->o.notice, err.text);
}

static void refuse(jl_buyer *b, order *o, const char *why) {
    give_back(b, o);
    end_without(b, o, JL_BOUGHT_REFUSED, why);
}

/* ---- settling ---- */

static void charge(jl_buyer *b, const order *o, jl_hold_state to, int64_t cost, jl_outcome outcome) {
    jl_settled done;
    jl_err err = {0};
    if (jl_paid_settle(&o->paid, to, cost, outcome, &done, &err) != 0)
        in_trouble(b, &err);
    if (done.lost)
        tell(b, true, "the ledger has lost the hold of a call: charged again (%" PRId64 " credits)", done.charged);
    b->counts->credits += (uint64_t)(done.charged > 0 ? done.charged : 0);
    if (to == JL_HOLD_SETTLED && done.charged > o->paid.worst)
        tell(b, true, "%s cost %" PRId64 " credits, more than its worst case of %" PRId64 ": set price.%s",
             o->o.endpoint, done.charged, o->paid.worst, o->o.endpoint);
}

/* ---- replies ---- */

/* Costs nothing, and is asked again if tries and the budget of retries allow it. */
static void ask_again(jl_buyer *b, order *o, int64_t pause, const char *why) {
    int64_t wait = jl_retry_wait(&b->retry, o->tries);
    if (pause > wait)
        wait = pause;
    if (b->stopped || o->tries >= b->o.tries || b->retries < 1 || wait > RETRY_AFTER_MOST) {
        give_back(b, o);
        tell(b, true, "%s: %s, after %u call%s", o->o.notice, why, o->tries, o->tries == 1 ? "" : "s");
        end_without(b, o, JL_BOUGHT_FAILED, why);
        return;
    }
    b->retries -= 1;
    b->counts->retries++;
    tell(b, false, "%s: %s, again in %.1f s", o->o.notice, why, (double)wait / (double)JL_SECOND);
    o->state = ASK;
    o->at = jl_clock_now() + wait;
}

static int hex_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes that spell `c` at `p` in `n` hex digits, or 0. */
static size_t spelled_in_hex(const char *p, const char *end, size_t n, char c) {
    int value = 0;
    if ((size_t)(end - p) < n)
        return 0;
    for (size_t i = 0; i < n; i++) {
        int digit = hex_of(p[i]);
        if (digit < 0 || value > 0xff)
            return 0;
        value = value * 16 + digit;
    }
    return value == (unsigned char)c ? n : 0;
}

/* Bytes that spell `c` at `p` as JSON, a URL or HTML would have it, or 0. */
static size_t spelled(const char *p, const char *end, char c) {
    char numeric[2][8];
    if (p == end)
        return 0;
    if (*p == c)
        return 1;
    size_t left = (size_t)(end - p);
    if (*p == '\\' && left > 1 && p[1] == c)
        return 2;
    if (*p == '\\' && left > 1 && p[1] == 'u')
        return spelled_in_hex(p + 2, end, 4, c) ? 6 : 0;
    if (*p == '%')
        return spelled_in_hex(p + 1, end, 2, c) ? 3 : 0;
    if (*p != '&')
        return 0;
    snprintf(numeric[0], sizeof numeric[0], "&#%d;", c);
    snprintf(numeric[1], sizeof numeric[1], "&#x%x;", (unsigned)c);
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(numeric[i]);
        if (left >= n && strncasecmp(p, numeric[i], n) == 0)
            return n;
    }
    return 0;
}

/* A provider may repeat what it was sent, in whatever spelling; the key must not come to rest with it. */
static void strike_out(jl_span body, jl_span secret) {
    char *p = (char *)(uintptr_t)body.p, *end = p + body.n;
    for (; secret.n && p < end; p++) {
        char *at = p;
        size_t i = 0, n;
        while (i < secret.n && (n = spelled(at, end, secret.p[i])) > 0) {
            at += n;
            i++;
        }
        if (i == secret.n) {
            memset(p, '*', (size_t)(at - p));
            p = at - 1;
        }
    }
}

/* Kept before it is settled: should this process die between the two, the money is charged by the lease, and what it
   has bought is there. */
static void keep(jl_buyer *b, order *o, const jl_http_reply *reply, const jl_judgement *j) {
    jl_err err = {0};
    bool well = j->is == JL_JUDGED_WELL;
    jl_bought bought = {.how = well ? JL_BOUGHT : JL_BOUGHT_DEAD,
                        .body = reply->body,
                        .at_ms = jl_clock_wall() / JL_MILLISECOND,
                        .why = j->text};
    if (b->o.kept->ops->keep(b->o.kept, o->o.key, reply->body, well ? KEPT_WELL : KEPT_DEAD, o->o.keep, &err) != 0)
        in_trouble(b, &err);
    if (well)
        charge(b, o, JL_HOLD_SETTLED, j->cost, JL_CALL_WELL);
    else
        charge(b, o, JL_HOLD_VOID, 0, JL_CALL_WELL); /* the provider is well, and says so */
    end_order(b, o, &bought);
}

static void end_uncertain(jl_buyer *b, order *o, const char *why) {
    charge(b, o, JL_HOLD_UNCERTAIN, -1, JL_CALL_FAILED);
    give_back(b, o);
    tell(b, true,
         "%s: %s: it may have been billed, and counts as %" PRId64 " credits until credits sync or a person settles %s",
         o->o.notice, why, o->paid.worst, o->paid.id);
    end_without(b, o, JL_BOUGHT_UNCERTAIN, why);
}

void jl_buyer_give_up(jl_buyer *b, jl_hash key) {
    jl_err err = {0};
    if (b->o.kept->ops->keep(b->o.kept, key, JL_SPAN(""), KEPT_BAD, BAD_FOR, &err) != 0)
        in_trouble(b, &err);
}

static void note_quota(jl_buyer *b, const char *text) {
    (void)jl_err_set(&b->refusal, JL_TEMPFAIL,
                     "the provider says that its credits are used up (%s): nothing is bought "
                     "until the period ends",
                     text);
}

static void end_free(jl_buyer *b, order *o, const jl_judgement *j, const jl_http_reply *reply) {
    switch (j->is) {
    case JL_JUDGED_AGAIN:
        charge(b, o, JL_HOLD_VOID, 0, JL_CALL_FAILED);
        ask_again(b, o, jl_http_pause(reply), j->text);
        return;
    case JL_JUDGED_BUSY:
        charge(b, o, JL_HOLD_VOID, 0, JL_CALL_NEUTRAL);
        ask_again(b, o, jl_http_pause(reply), j->text);
        return;
    case JL_JUDGED_QUOTA:
        charge(b, o, JL_HOLD_VOID, 0, JL_CALL_QUOTA);
        note_quota(b, j->text);
        b->counts->refused[JL_REFUSED_QUOTA]++;
        refuse(b, o, j->text);
        return;
    case JL_JUDGED_KEY: {
        jl_err err = {0};
        charge(b, o, JL_HOLD_VOID, 0, JL_CALL_NEUTRAL);
        (void)jl_err_set(&err, JL_NOPERM, "the provider refuses the key: %s", j->text);
        in_trouble(b, &err);
        refuse(b, o, j->text);
        return;
    }
    default:
        charge(b, o, JL_HOLD_VOID, 0, JL_CALL_NEUTRAL);
        jl_buyer_give_up(b, o->o.key);
        tell(b, true, "%s: %s", o->o.notice, j->text);
        end_without(b, o, JL_BOUGHT_BAD, j->text);
    }
}

static order *find_out(const jl_buyer *b, uint64_t ticket) {
    order *o = b->active.first;
    while (o && !(o->state == OUT && o->o.ticket == ticket))
        o = o->next;
    return o;
}

static void judge(jl_buyer *b, order *o, const jl_http_reply *reply) {
    strike_out(reply->body, b->o.secret);
    jl_judgement j = b->o.judge(b->o.self, o->o.endpoint, reply);
    if (j.is == JL_JUDGED_WELL || j.is == JL_JUDGED_DEAD)
        keep(b, o, reply, &j);
    else if (j.is == JL_JUDGED_GARBLED)
        end_uncertain(b, o, j.text);
    else
        end_free(b, o, &j, reply);
}

static int take_reply(void *self, const jl_http_reply *reply, jl_err *err) {
    jl_buyer *b = self;
    order *o = find_out(b, reply->ticket);
    (void)err;
    if (!o)
        return 0;
    b->out--;
    b->worst_out -= o->paid.worst;
    b->reached = b->reached || reply->end != JL_HTTP_NOT_SENT;
    if (reply->end == JL_HTTP_REPLY) {
        judge(b, o, reply);
    } else if (reply->end == JL_HTTP_NOT_SENT) {
        charge(b, o, JL_HOLD_VOID, 0, JL_CALL_FAILED);
        (void)jl_err_set(&b->away, JL_UNAVAILABLE, "the provider was never reached: %s", reply->why);
        ask_again(b, o, 0, reply->why);
    } else {
        end_uncertain(b, o, reply->why);
    }
    return 0;
}

/* ---- the run's own limit ---- */

static int64_t expected_worst(const jl_buyer *b, const order *o) {
    const jl_price *price = jl_account_price(&b->settings, o->o.endpoint);
    return price ? price->worst : 0; /* without a price the gate refuses */
}

static bool over_limit(const jl_buyer *b, int64_t worst) {
    return b->o.max_credits != UINT64_MAX && b->counts->credits + (uint64_t)(b->worst_out + worst) > b->o.max_credits;
}

/* What is out may turn out cheaper than its worst case; when nothing is, the limit is reached. */
static void stay_within(jl_buyer *b, order *o, int64_t worst) {
    if (b->out > 0) {
        o->short_of_money = true;
        o->at = INT64_MAX;
        return;
    }
    b->counts->limited++;
    (void)jl_err_set(&b->refusal, JL_TEMPFAIL,
                     "--max-credits=%" PRIu64 " is reached: %" PRIu64
                     " credits are spent, and a call may cost %" PRId64,
                     b->o.max_credits, b->counts->credits, worst);
    refuse(b, o, b->refusal.text);
}

/* Some of what was held has become free. */
static void money_came_back(jl_buyer *b) {
    int64_t now = jl_clock_now();
    for (order *o = b->active.first; o; o = o->next) {
        if (o->short_of_money) {
            o->short_of_money = false;
            o->at = now;
        }
    }
}

/* ---- steps ---- */

static jl_bought_how kept_as(const char *note) {
    return strcmp(note, KEPT_DEAD) == 0 ? JL_BOUGHT_DEAD : strcmp(note, KEPT_BAD) == 0 ? JL_BOUGHT_BAD : JL_BOUGHT;
}

/* True when the claim is ours now; else it has come to its end, or waits. */
static bool claim(jl_buyer *b, order *o, int64_t now) {
    jl_kept_answer a = {0};
    jl_err err = {0};
    if (b->o.kept->ops->ask(b->o.kept, o->o.key, o->o.fresh, o->owner, b->claim, &a, &err) != 0) {
        in_trouble(b, &err);
        end_without(b, o, JL_BOUGHT_REFUSED, err.text);
        return false;
    }
    bool mine = a.state == JL_KEPT_MINE;
    if (a.state == JL_KEPT_HERE) {
        jl_bought bought = {.how = kept_as(a.note),
                            .kept = true,
                            .body = jl_buf_span(&a.body),
                            .at_ms = a.at_ms,
                            .why = "the provider has said no before"};
        end_order(b, o, &bought);
    } else if (mine) {
        o->state = HOLD;
        o->claimed = now;
    } else {
        b->counts->waited_for_others += !o->met_others;
        o->met_others = true;
        o->at = now + (a.wait > 0 && a.wait < LOOK_AGAIN ? a.wait : LOOK_AGAIN);
    }
    jl_buf_free(&a.body);
    return mine;
}

static void refused(jl_buyer *b, order *o, const jl_admission *a) {
    b->counts->refused[a->refusal]++;
    const jl_reserve asked = {.endpoint = o->o.endpoint, .user = o->o.user};
    (void)jl_refusal_say(a, &asked, "the gate", &b->refusal);
    refuse(b, o, b->refusal.text);
}

/* A gate that has just said no to all calls of this price need not be asked for each. */
static bool is_closed(const jl_buyer *b, int64_t now, const order *o, int64_t worst) {
    if (now >= b->closed_until || (b->closed.refusal == JL_REFUSED_USER && strcmp(b->closed_user, o->o.user) != 0))
        return false;
    return b->closed.refusal == JL_REFUSED_BREAKER || b->closed.refusal == JL_REFUSED_QUOTA ||
           (b->closed.refusal != JL_REFUSED_PRICE && worst >= b->closed.worst);
}

/* True when it is admitted; else it has come to its end, or waits. */
static bool reserve(jl_buyer *b, order *o, int64_t now) {
    jl_admission a = {0};
    jl_err err = {0};
    const jl_reserve r = {.endpoint = o->o.endpoint, .user = o->o.user, .cost = -1, .priority = b->o.priority};
    if (jl_paid_reserve(&o->paid, b->o.ledger, &r, &a, &err) != 0) {
        in_trouble(b, &err);
        refuse(b, o, err.text);
        return false;
    }
    if (a.refusal == JL_ADMITTED)
        return true;
    if (jl_refusal_passes(a.refusal)) {
        b->passes_at = now + jl_paid_pause(&a);
        return false;
    }
    b->closed = a;
    snprintf(b->closed_user, sizeof b->closed_user, "%s", o->o.user);
    b->closed_until = now + (a.wait >= 0 && a.wait < CLOSED_FOR ? a.wait : CLOSED_FOR);
    refused(b, o, &a);
    return false;
}

/* `most`: ns until its lease ends; settings may have changed since they were read. */
static void start(jl_buyer *b, order *o, int64_t most) {
    jl_http_request request = {.method = o->o.method,
                               .url = o->o.url,
                               .header = b->o.header,
                               .body = o->o.body,
                               .timeout = b->settings.timeout < most ? b->settings.timeout : most,
                               .max_body = b->o.max_body,
                               .ticket = o->o.ticket};
    jl_err err = {0};
    if (jl_http_start(b->http, &request, &err) != 0) {
        charge(b, o, JL_HOLD_VOID, 0, JL_CALL_NEUTRAL);
        in_trouble(b, &err);
        refuse(b, o, err.text);
        return;
    }
    o->state = OUT;
    b->worst_out += o->paid.worst;
    if (++b->out > b->counts->in_flight_max)
        b->counts->in_flight_max = b->out;
}

/* From RESERVED to the wire. A process that was stopped in between finds its lease ended, and sends nothing. */
static void dispatch(jl_buyer *b, order *o) {
    int64_t left, before = jl_clock_now();
    jl_err err = {0};
    jl_paid_sent sent = jl_paid_send(&o->paid, &left, &err);
    switch (sent) {
    case JL_PAID_TROUBLE:
        in_trouble(b, &err);
        refuse(b, o, err.text);
        return;
    case JL_PAID_NEVER:
        b->refusal = err;
        refuse(b, o, err.text);
        return;
    case JL_PAID_ANEW:
        o->state = ASK;
        o->at = before;
        return;
    case JL_PAID_STOOD:
    case JL_PAID_LEAVES:
        break;
    }
    b->counts->calls++;
    if (++o->tries == 1 && b->retries < RETRY_SAVED)
        b->retries += RETRY_SHARE;
    if (sent == JL_PAID_STOOD)
        end_uncertain(b, o, "this process stood still for too long before it could send");
    else
        start(b, o, left);
}

static void buy(jl_buyer *b, order *o, int64_t now) {
    int64_t expected = expected_worst(b, o);
    if (is_closed(b, now, o, expected)) {
        refused(b, o, &b->closed);
    } else if (over_limit(b, expected)) {
        stay_within(b, o, expected);
    } else if (reserve(b, o, now)) {
        if (o->paid.worst > expected && over_limit(b, o->paid.worst)) { /* its price has risen meanwhile */
            charge(b, o, JL_HOLD_VOID, 0, JL_CALL_NEUTRAL);
            stay_within(b, o, o->paid.worst);
        } else {
            dispatch(b, o);
        }
    }
}

/* A claim that has waited for the gate for long is taken anew, so that each one outlives the lease of its call. */
static bool is_stale(const jl_buyer *b, const order *o, int64_t now) {
    return o->state == HOLD && now - o->claimed > b->settings.hold;
}

/* False when there was nothing to do about it. */
static bool step(jl_buyer *b, order *o, int64_t now) {
    if (o->state == OUT || (o->at > now && !b->stopped))
        return false;
    if (b->stopped) {
        refuse(b, o, b->trouble.class != JL_OK ? b->trouble.text : "the run was asked to stop");
        return true;
    }
    if (o->state == ASK || is_stale(b, o, now)) {
        if (!claim(b, o, now))
            return true;
    }
    if (b->out >= b->most_out || b->passes_at > now)
        return false;
    buy(b, o, now);
    return true;
}

static void refill(jl_buyer *b) {
    order *o;
    while ((o = b->queue.first) != NULL && (b->n_active < 2 * b->most_out || b->stopped)) {
        take_out(&b->queue, o);
        push(&b->active, o, false);
        b->n_active++;
    }
}

/* ---- the buyer ---- */

int jl_buyer_collect(jl_buyer *b, int (*take)(void *self, const jl_bought *bought, jl_err *err), void *self,
                     jl_err *err) {
    size_t before = b->out;
    unsigned steps = 0;
    b->take = take;
    b->taker = self;
    b->taken = 0;
    b->take_err = err;
    if (jl_http_collect(b->http, take_reply, b, err) != 0)
        return -1;
    if (b->out < before)
        money_came_back(b);
    refill(b);
    int64_t now = jl_clock_now();
    for (order *o = b->active.first, *next; o && b->taken == 0 && steps < STEPS; o = next) {
        next = o->next;
        steps += step(b, o, now);
    }
    refill(b);
    return b->taken;
}

int64_t jl_buyer_deadline(const jl_buyer *b) {
    int64_t first = jl_http_deadline(b->http);
    if (b->queue.first && b->n_active < 2 * b->most_out)
        return jl_clock_now();
    for (const order *o = b->active.first; o; o = o->next) {
        if (o->state == OUT)
            continue;
        if (b->stopped)
            return jl_clock_now(); /* it has nothing to wait for any more */
        int64_t at = o->at;
        if (at == INT64_MAX || (o->state == HOLD && b->out >= b->most_out))
            continue; /* a reply is what it waits for */
        if (o->state == HOLD && at < b->passes_at)
            at = b->passes_at;
        if (first < 0 || at < first)
            first = at;
    }
    return first;
}

int jl_buyer_fd(const jl_buyer *b) {
    return jl_http_fd(b->http);
}

static bool copy_texts(order *o, const jl_order *from, const char *user) {
    char *body = NULL;
    o->o = *from;
    o->o.endpoint = strdup(from->endpoint);
    o->o.method = strdup(from->method);
    o->o.url = strdup(from->url);
    o->o.notice = strdup(from->notice);
    o->o.user = strdup(from->user && *from->user ? from->user : user);
    if (from->body.n && (body = malloc(from->body.n)) != NULL)
        memcpy(body, from->body.p, from->body.n);
    o->o.body.p = body;
    return o->o.endpoint && o->o.method && o->o.url && o->o.notice && o->o.user && (body || from->body.n == 0);
}

int jl_buyer_order(jl_buyer *b, const jl_order *from, jl_err *err) {
    order *o = calloc(1, sizeof *o);
    if (!o)
        return jl_err_nomem(err);
    if (!copy_texts(o, from, b->o.user)) {
        free_order(o);
        return jl_err_nomem(err);
    }
    /* Each order claims for itself, so that two for the same thing in one run are one purchase, too. */
    if (jl_hold_id(o->owner, err) != 0) {
        free_order(o);
        return -1;
    }
    push(&b->queue, o, from->ahead);
    b->n++;
    return 0;
}

void jl_buyer_stop(jl_buyer *b) {
    b->stopped = true;
}

jl_class jl_buyer_verdict(const jl_buyer *b, jl_err *err) {
    if (b->trouble.class != JL_OK)
        *err = b->trouble;
    return b->trouble.class;
}

jl_class jl_buyer_refused(const jl_buyer *b, jl_err *err) {
    if (b->refusal.class != JL_OK)
        *err = b->refusal;
    return b->refusal.class;
}

jl_class jl_buyer_away(const jl_buyer *b, jl_err *err) {
    if (b->reached || b->away.class == JL_OK)
        return JL_OK;
    *err = b->away;
    return b->away.class;
}

static int read_settings(jl_buyer *b, jl_err *err) {
    jl_account account;
    if (b->o.ledger->ops->look(b->o.ledger, &account, err) != 0)
        return -1;
    b->settings = account.settings;
    b->most_out = (size_t)account.settings.concurrency;
    b->claim = account.settings.hold + account.settings.timeout + 2 * account.settings.grace;
    jl_account_free(&account);
    return 0;
}

jl_buyer *jl_buyer_open(const jl_buyer_options *options, jl_buyer_counts *counts, jl_err *err) {
    jl_buyer *b = calloc(1, sizeof *b);
    if (!b) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    b->o = *options;
    b->counts = counts;
    b->retries = RETRY_START;
    jl_retry_init(&b->retry, RETRY_FIRST, RETRY_MOST);
    if (read_settings(b, err) == 0) {
        jl_http_options http = {.in_flight = b->most_out, .user_agent = options->agent};
        b->http = jl_http_open(&http, err);
    }
    if (!b->http) {
        free(b);
        return NULL;
    }
    return b;
}

static void free_list(const list *l) {
    for (order *o = l->first, *next; o; o = next) {
        next = o->next;
        free_order(o);
    }
}

void jl_buyer_close(jl_buyer *b) {
    if (!b)
        return;
    jl_http_close(b->http);
    free_list(&b->active);
    free_list(&b->queue);
    free(b);
}
