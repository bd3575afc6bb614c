/* News, out of the state of an account with its journal; whether it was told is the ledger's to know. */
#include "base/num.h"
#include "books/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "books/journal.h"
#include "books/plot.h"
#include "jsonl/write.h"

static int add(jl_watch *w, const jl_notice *n, jl_err *err) {
    if ((w->n & (w->n - 1)) == 0) { /* full: it grows by powers of two */
        jl_notice *grown = realloc(w->notice, (w->n ? 2 * w->n : 1) * sizeof *grown);
        if (!grown)
            return jl_err_nomem(err);
        w->notice = grown;
    }
    w->notice[w->n++] = *n;
    return 0;
}

void jl_watch_free(jl_watch *w) {
    free(w->notice);
    *w = (jl_watch){0};
}

static int thresholds(jl_watch *w, const jl_settings *s, const jl_period_sum *sum, jl_err *err) {
    for (size_t i = 0; i < s->alerts; i++) {
        /* Credits are at most 10^12 and percents 100: no overflow. */
        if (s->budget <= 0 || sum->spent * 100 < s->budget * s->alert[i])
            continue;
        jl_notice n = {.kind = JL_NOTICE_ALERT, .percent = s->alert[i], .spent = sum->spent, .budget = s->budget};
        memcpy(n.period, sum->period, sizeof n.period);
        (void)snprintf(n.key, sizeof n.key, "alert:%s:%d", n.period, n.percent);
        if (add(w, &n, err) != 0)
            return -1;
    }
    return 0;
}

int jl_watch_account(jl_watch *w, const jl_account *a, jl_err *err) {
    bool fresh = a->now_ms - jl_period_start(a->period) * 1000 < JL_WATCH_BACK_MS;
    for (size_t i = 0; i < a->sums; i++) {
        const jl_period_sum *sum = &a->sum[i];
        bool now = strcmp(sum->period, a->period) == 0;
        bool before = strcmp(sum->period, a->period) < 0;
        if (!sum->user[0] && (now || (before && fresh)) && thresholds(w, &a->settings, sum, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < a->holds; i++) {
        const jl_hold *h = &a->hold[i];
        if (h->state != JL_HOLD_UNCERTAIN)
            continue;
        jl_notice n = {.kind = JL_NOTICE_UNCERTAIN, .credits = h->worst};
        memcpy(n.id, h->id, sizeof n.id);
        memcpy(n.endpoint, h->endpoint, sizeof n.endpoint);
        memcpy(n.user, h->user, sizeof n.user);
        (void)snprintf(n.key, sizeof n.key, "uncertain:%s", n.id);
        if (add(w, &n, err) != 0)
            return -1;
    }
    return 0;
}

int jl_watch_event(void *self, const jl_event *e, jl_err *err) {
    static const char open[] = "open ";
    if (e->kind != JL_EVENT_BREAKER || strncmp(e->note, open, sizeof open - 1) != 0)
        return 0;
    jl_notice n = {.kind = JL_NOTICE_BREAKER, .at_ms = e->at_ms};
    (void)snprintf(n.why, sizeof n.why, "%.15s", e->note + sizeof open - 1);
    /* With its time: entries that a ledger has lost may be numbered anew. */
    (void)snprintf(n.key, sizeof n.key, "breaker:%" PRIu64 ":%" PRId64, e->seq, e->at_ms);
    return add(self, &n, err);
}

int jl_watch_look(jl_watch *w, jl_ledger *l, jl_err *err) {
    jl_account a = {0};
    uint64_t from = 1;
    if (l->ops->look(l, &a, err) != 0)
        return -1;
    int rc = jl_watch_account(w, &a, err);
    if (rc == 0)
        rc = jl_journal_seek(l, a.seq, a.now_ms - JL_WATCH_BACK_MS, &from, err);
    if (rc == 0)
        rc = l->ops->journal(l, from, jl_watch_event, w, err);
    jl_account_free(&a);
    return rc;
}

/* ---- once ---- */

static void key_of(const jl_notice *n, const char *way, char key[JL_NOTICE_MAX + 1]) {
    (void)snprintf(key, JL_NOTICE_MAX + 1, "%s:%s", way, n->key);
}

int jl_watch_claim(jl_ledger *l, const jl_notice *n, const char *way, int64_t lease, jl_err *err) {
    char key[JL_NOTICE_MAX + 1];
    key_of(n, way, key);
    return l->ops->claim(l, key, lease, err);
}

int jl_watch_told(jl_ledger *l, const jl_notice *n, const char *way, bool done, jl_err *err) {
    char key[JL_NOTICE_MAX + 1];
    key_of(n, way, key);
    return l->ops->told(l, key, done, err);
}

int jl_watch_tell(jl_ledger *l, const jl_notice *n, const char *way, int64_t lease,
                  int (*how)(void *self, const jl_notice *n, jl_err *err), void *self, jl_err *why, jl_err *err) {
    int mine = jl_watch_claim(l, n, way, lease, err);
    if (mine <= 0)
        return mine;
    bool done = how(self, n, why) == 0;
    return jl_watch_told(l, n, way, done, err) != 0 ? -1 : done;
}

/* ---- as text ---- */

const char *jl_notice_word(jl_notice_kind k) {
    return k == JL_NOTICE_ALERT ? "alert" : k == JL_NOTICE_BREAKER ? "breaker" : "uncertain";
}

int jl_notice_text(const jl_notice *n, const char *provider, jl_buf *out, jl_err *err) {
    char a[32], b[32], at[21], endpoint[4 * JL_ENDPOINT_MAX + 1]; /* in the worst case each byte is escaped */
    switch (n->kind) {
    case JL_NOTICE_ALERT:
        return jl_buf_addf(out, err, "%s: %d%% of the budget of %s is spent: %s of %s credits", provider, n->percent,
                           n->period, jl_num_text(n->spent, a), jl_num_text(n->budget, b));
    case JL_NOTICE_BREAKER:
        jl_clock_rfc3339(n->at_ms * JL_MILLISECOND, at);
        return jl_buf_addf(out, err, "%s: the breaker opened at %s: %s", provider, at,
                           strcmp(n->why, "quota") == 0    ? "the provider says that its quota is used up"
                           : strcmp(n->why, "person") == 0 ? "by hand"
                                                           : "too many calls failed");
    case JL_NOTICE_UNCERTAIN:
        break;
    }
    (void)jl_err_escape(jl_span_of(n->endpoint), endpoint, sizeof endpoint);
    return jl_buf_addf(out, err, "%s: nobody knows what became of call %s%s%s: it was charged %s credits", provider,
                       n->id, n->endpoint[0] ? " of " : "", endpoint, jl_num_text(n->credits, a));
}

static int write_what(const jl_notice *n, jl_buf *out, jl_err *err) {
    char at[21];
    switch (n->kind) {
    case JL_NOTICE_ALERT:
        return jl_write_text(out, "period", jl_span_of(n->period), err) != 0 ||
                       jl_write_i64(out, "percent", n->percent, err) != 0 ||
                       jl_write_i64(out, "spent", n->spent, err) != 0 ||
                       jl_write_i64(out, "budget", n->budget, err) != 0
                   ? -1
                   : 0;
    case JL_NOTICE_BREAKER:
        jl_clock_rfc3339(n->at_ms * JL_MILLISECOND, at);
        return jl_write_text(out, "why", jl_span_of(n->why), err) != 0 ||
                       jl_write_text(out, "opened_at", jl_span_of(at), err) != 0
                   ? -1
                   : 0;
    case JL_NOTICE_UNCERTAIN:
        break;
    }
    return jl_write_text(out, "id", jl_span_of(n->id), err) != 0 ||
                   jl_write_text(out, "endpoint", jl_span_of(n->endpoint), err) != 0 ||
                   jl_write_text(out, "user", jl_span_of(n->user), err) != 0 ||
                   jl_write_i64(out, "credits", n->credits, err) != 0
               ? -1
               : 0;
}

int jl_notice_json(const jl_notice *n, const char *provider, jl_buf *out, jl_err *err) {
    jl_buf text = {0};
    int rc = jl_notice_text(n, provider, &text, err);
    if (rc == 0 &&
        (jl_write_open(out, err) != 0 || jl_write_text(out, "notice", jl_span_of(jl_notice_word(n->kind)), err) != 0 ||
         jl_write_text(out, "provider", jl_span_of(provider), err) != 0 ||
         jl_write_text(out, "text", jl_buf_span(&text), err) != 0 || write_what(n, out, err) != 0 ||
         jl_write_close(out, err) != 0))
        rc = -1;
    jl_buf_free(&text);
    return rc;
}
