/* Proof that an account is what its journal says, each step of which is proven on the way. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "books/replay.h"

#define SENTENCE_SIZE 400

struct audit {
    jl_violation *told;
    void *self;
    jl_replay *replay;
    const jl_account *is; /* as the ledger says */
    bool compared;
    uint64_t entries, violations; /* the latter without those of the replay */
};

__attribute__((format(printf, 4, 5))) static int violated(struct audit *u, uint64_t seq, jl_err *err,
                                                          const char *format, ...) {
    char text[SENTENCE_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    u->violations++;
    return u->told ? u->told(u->self, seq, text, err) : 0;
}

/* ---- holds; `by` is the account by the journal ---- */

static int by_id(const void *a, const void *b) {
    const jl_hold *x = a, *y = b;
    return strcmp(x->id, y->id);
}

static jl_hold_state ended_as(const jl_account *by, const char *id) {
    for (size_t i = 0; i < by->endings; i++)
        if (strcmp(by->ended[i].id, id) == 0)
            return (jl_hold_state)by->ended[i].state;
    return JL_HOLD_NONE;
}

static int compare_hold(struct audit *u, const jl_hold *h, const jl_account *by, jl_err *err) {
    const jl_hold *told = by->holds ? bsearch(h, by->hold, by->holds, sizeof *by->hold, by_id) : NULL;
    if (!told || told->state != h->state)
        return violated(u, by->seq, err, "hold %s is %s, by the journal %s", h->id,
                        jl_hold_state_name((jl_hold_state)h->state),
                        jl_hold_state_name(told ? (jl_hold_state)told->state : ended_as(by, h->id)));
    if (h->worst != told->worst || strcmp(h->period, told->period) != 0 || strcmp(h->reach, told->reach) != 0 ||
        strcmp(h->user, told->user) != 0 || strcmp(h->endpoint, told->endpoint) != 0)
        return violated(u, by->seq, err, "hold %s is not what the journal says of it", h->id);
    return 0;
}

static int compare_holds(struct audit *u, const jl_account *by, jl_err *err) {
    const jl_account *is = u->is;
    if (by->holds)
        qsort(by->hold, by->holds, sizeof *by->hold, by_id);
    if (by->holds != is->holds &&
        violated(u, by->seq, err, "%zu holds are open, by the journal %zu", is->holds, by->holds) != 0)
        return -1;
    for (size_t i = 0; i < is->holds; i++)
        if (compare_hold(u, &is->hold[i], by, err) != 0)
            return -1;
    return 0;
}

/* ---- sums ---- */

static int by_period(const void *a, const void *b) {
    const jl_period_sum *x = a, *y = b;
    int order = strcmp(x->period, y->period);
    return order ? order : strcmp(x->user, y->user);
}

/* In an account whose sums are in that order. */
static const jl_period_sum *sum_find(const jl_account *a, const jl_period_sum *of) {
    return a->sums ? bsearch(of, a->sum, a->sums, sizeof *a->sum, by_period) : NULL;
}

static void sums_sort(const jl_account *a) {
    if (a->sums)
        qsort(a->sum, a->sums, sizeof *a->sum, by_period);
}

static int wrong_sum(struct audit *u, const jl_period_sum *of, int64_t spent, int64_t told, uint64_t seq, jl_err *err) {
    if (spent == told)
        return 0;
    return violated(u, seq, err, "in period %s %s%" PRId64 " credits are spent, by the journal %" PRId64, of->period,
                    of->user[0] ? "by a user " : "", spent, told);
}

/* Each sum once, in whichever of the two accounts it is missing. Of users the account knows this period and the
   previous one. */
static int compare_sums(struct audit *u, const jl_account *by, jl_err *err) {
    const jl_account *is = u->is;
    char previous[JL_PERIOD_SIZE];
    jl_period_sum current = {.user = ""};
    jl_period_of(jl_period_start(is->period) - 1, is->settings.anchor, previous);
    memcpy(current.period, is->period, JL_PERIOD_SIZE);
    sums_sort(is);
    sums_sort(by);
    const jl_period_sum *now = sum_find(is, &current);
    for (size_t i = 0; i < is->sums; i++) {
        const jl_period_sum *told = sum_find(by, &is->sum[i]);
        if (wrong_sum(u, &is->sum[i], is->sum[i].spent, told ? told->spent : 0, by->seq, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < by->sums; i++) {
        const jl_period_sum *told = &by->sum[i];
        bool kept = !told->user[0] || strcmp(told->period, previous) >= 0;
        if (kept && !sum_find(is, told) && wrong_sum(u, told, 0, told->spent, by->seq, err) != 0)
            return -1;
    }
    if (is->spent == (now ? now->spent : 0))
        return 0;
    return violated(u, by->seq, err, "the account says two things of what period %s has spent", is->period);
}

/* ---- the rest ---- */

static int write_setting(void *self, const char *name, const char *value, jl_err *err) {
    return jl_buf_addf(self, err, "%s=%s ", name, value);
}

static int compare_settings(struct audit *u, const jl_account *by, jl_err *err) {
    jl_buf is = {0}, told = {0};
    int rc = jl_account_each(&u->is->settings, write_setting, &is, err);
    if (rc == 0)
        rc = jl_account_each(&by->settings, write_setting, &told, err);
    if (rc == 0 && !jl_span_eq(jl_buf_span(&is), jl_buf_span(&told)))
        rc = violated(u, by->seq, err, "the settings are not those that the journal says");
    jl_buf_free(&is);
    jl_buf_free(&told);
    return rc;
}

static int compare_counts(struct audit *u, const jl_account *by, jl_err *err) {
    const jl_account *is = u->is;
    if (by->seq != is->seq && violated(u, by->seq, err, "the account is at entry %" PRIu64 ", the journal at %" PRIu64,
                                       is->seq, by->seq) != 0)
        return -1;
    if (by->live != is->live &&
        violated(u, by->seq, err, "%" PRIu32 " holds are live, by the journal %" PRIu32, is->live, by->live) != 0)
        return -1;
    bool same = by->breaker == is->breaker && (is->breaker == JL_BREAKER_CLOSED || by->why == is->why);
    return same ? 0 : violated(u, by->seq, err, "the breaker is not what the journal says");
}

/* When the journal has been told as far as the account had seen it. */
static int compare(struct audit *u, jl_err *err) {
    jl_account by;
    u->compared = true;
    if (jl_replay_account(u->replay, &by, err) != 0)
        return -1;
    int rc = compare_counts(u, &by, err) == 0 && compare_settings(u, &by, err) == 0 && compare_holds(u, &by, err) == 0
                 ? compare_sums(u, &by, err)
                 : -1;
    jl_account_free(&by);
    return rc;
}

static int audit_event(void *self, const jl_event *e, jl_err *err) {
    struct audit *u = self;
    if (!u->compared && e->seq > u->is->seq && compare(u, err) != 0)
        return -1;
    u->entries++;
    return jl_replay_event(u->replay, e, err);
}

int jl_ledger_audit(jl_ledger *l, jl_violation *told, void *self, jl_audit *audit, jl_err *err) {
    jl_account a;
    *audit = (jl_audit){0};
    if (l->ops->look(l, &a, err) != 0)
        return -1;
    struct audit u = {.told = told, .self = self, .replay = jl_replay_open(told, self, err), .is = &a};
    int rc = u.replay ? l->ops->journal(l, 1, audit_event, &u, err) : -1;
    if (rc == 0 && !u.compared)
        rc = compare(&u, err);
    if (u.replay)
        *audit = (jl_audit){.entries = u.entries, .violations = u.violations + jl_replay_violations(u.replay)};
    jl_replay_close(u.replay);
    jl_account_free(&a);
    return rc;
}
