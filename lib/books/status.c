/* What an account says about itself. */
#include "books/status.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/num.h"
#include "books/plot.h"
#include "gate/rules.h"
#include "jsonl/write.h"

#define TIME_SIZE 21
#define UNCERTAIN_SHOWN 10
#define BAR_MOST 60

/* ---- for people ---- */

static uint32_t uncertain_calls(const jl_account *a) {
    uint32_t n = 0;
    for (size_t i = 0; i < a->holds; i++)
        n += a->hold[i].state == JL_HOLD_UNCERTAIN;
    return n;
}

static const char *breaker_name(jl_breaker_state s) {
    return s == JL_BREAKER_OPEN ? "open" : s == JL_BREAKER_HALF_OPEN ? "half-open" : "closed";
}

static const char *why_name(jl_breaker_why why) {
    return why == JL_OPEN_QUOTA ? "quota" : why == JL_OPEN_PERSON ? "person" : "failures";
}

static int breaker_text(const jl_account *a, jl_buf *out, jl_err *err) {
    char wait[32];
    switch (a->breaker) {
    case JL_BREAKER_CLOSED:
        return jl_buf_addf(out, err, "breaker    closed, %" PRIu32 " of the last %" PRIu32 " calls failed\n",
                           a->failures, a->calls);
    case JL_BREAKER_HALF_OPEN:
        return jl_buf_addf(out, err, "breaker    half-open, %" PRIu32 " of %d probes went well\n", a->probes_well,
                           a->settings.breaker_probes);
    case JL_BREAKER_OPEN:
        break;
    }
    const char *reason = a->why == JL_OPEN_QUOTA    ? "the provider says that its quota is used up"
                         : a->why == JL_OPEN_PERSON ? "opened by hand"
                                                    : "too many calls failed";
    if (a->breaker_wait < 0)
        return jl_buf_addf(out, err, "breaker    open, %s, until it is closed: credits breaker close\n", reason);
    return jl_buf_addf(out, err, "breaker    open, %s, for %s\n", reason, jl_clock_span(a->breaker_wait, wait));
}

static int budget_text(const jl_account *a, size_t width, bool blocks, jl_buf *out, jl_err *err) {
    int64_t budget = a->settings.budget, committed = jl_account_committed(a);
    double share = budget > 0 ? (double)committed / (double)budget : 1;
    char text[32];
    size_t bar = width > BAR_MOST + 40 ? BAR_MOST : width > 50 ? width - 40 : 10;
    if (jl_buf_add(out, JL_SPAN("budget     "), err) != 0 ||
        jl_plot_bar(share, bar, blocks, blocks ? "░" : ".", out, err) != 0)
        return -1;
    return jl_buf_addf(out, err, " %.1f%% of %s\n", share * 100, jl_num_text(budget, text));
}

static int holds_text(const jl_account *a, jl_buf *out, jl_err *err) {
    uint32_t shown = 0, all = uncertain_calls(a);
    char age[32], worst[32], endpoint[4 * JL_ENDPOINT_MAX + 1]; /* in the worst case each byte is escaped */
    for (size_t i = 0; i < a->holds && shown < UNCERTAIN_SHOWN; i++) {
        const jl_hold *h = &a->hold[i];
        if (h->state != JL_HOLD_UNCERTAIN)
            continue;
        shown++;
        (void)jl_err_escape(jl_span_of(h->endpoint), endpoint, sizeof endpoint);
        if (jl_buf_addf(out, err, "uncertain  %s  %s%s%s credits, %s ago\n", h->id, endpoint,
                        h->endpoint[0] ? ", " : "", jl_num_text(h->worst, worst), jl_clock_span(h->age, age)) != 0)
            return -1;
    }
    return shown < all ? jl_buf_addf(out, err, "uncertain  and %" PRIu32 " more: credits status --json\n", all - shown)
                       : 0;
}

int jl_status_text(const jl_account *a, const char *provider, const char *ledger, const jl_forecast *f, size_t width,
                   bool blocks, jl_buf *out, jl_err *err) {
    char spent[32], held[32], left[32], uncertain[32], wait[32];
    int64_t reach = a->held + a->carried;
    if (jl_buf_addf(out, err, "account    %s in %s\nperiod     %s until %s, %s left\n", provider, ledger, a->period,
                    a->next, jl_clock_span((f->period_end - f->now) * JL_SECOND, wait)) != 0 ||
        budget_text(a, width, blocks, out, err) != 0 ||
        jl_buf_addf(out, err, "spent      %s", jl_num_text(a->spent, spent)) != 0 ||
        (a->uncertain &&
         jl_buf_addf(out, err, ", %s of them for %" PRIu32 " uncertain call%s", jl_num_text(a->uncertain, uncertain),
                     uncertain_calls(a), uncertain_calls(a) == 1 ? "" : "s") != 0) ||
        jl_buf_addf(out, err, "\nheld       %s\nleft       %s\ncalls out  %" PRIu32 " of %d\n",
                    jl_num_text(reach, held), jl_num_text(f->left, left), a->live, a->settings.concurrency) != 0 ||
        breaker_text(a, out, err) != 0 || jl_buf_add(out, JL_SPAN("forecast   "), err) != 0 ||
        jl_forecast_line(f, &f->recent, out, err) != 0 || jl_buf_addc(out, '\n', err) != 0)
        return -1;
    return holds_text(a, out, err);
}

/* ---- JSON ---- */

static int write_seconds(jl_buf *out, const char *name, int64_t ns, jl_err *err) {
    return ns < 0 ? jl_write_raw(out, name, JL_SPAN("null"), err)
                  : jl_write_real(out, name, (double)ns / (double)JL_SECOND, 3, err);
}

static int write_hold(jl_buf *out, const jl_hold *h, jl_err *err) {
    return jl_write_open(out, err) != 0 || jl_write_text(out, "id", jl_span_of(h->id), err) != 0 ||
                   jl_write_text(out, "state", jl_span_of(jl_hold_state_name((jl_hold_state)h->state)), err) != 0 ||
                   jl_write_text(out, "endpoint", jl_span_of(h->endpoint), err) != 0 ||
                   jl_write_text(out, "user", jl_span_of(h->user), err) != 0 ||
                   jl_write_i64(out, "normal", h->normal, err) != 0 || jl_write_i64(out, "worst", h->worst, err) != 0 ||
                   write_seconds(out, "age_seconds", h->age, err) != 0 ||
                   write_seconds(out, "lease_seconds", h->lease, err) != 0 ||
                   jl_write_text(out, "period", jl_span_of(h->period), err) != 0 || jl_write_close(out, err) != 0
               ? -1
               : 0;
}

static int write_holds(jl_buf *out, const jl_account *a, jl_err *err) {
    jl_buf list = {0};
    int rc = jl_buf_addc(&list, '[', err);
    for (size_t i = 0; rc == 0 && i < a->holds; i++)
        if ((i && jl_buf_addc(&list, ',', err) != 0) || write_hold(&list, &a->hold[i], err) != 0)
            rc = -1;
    if (rc == 0 && (jl_buf_addc(&list, ']', err) != 0 || jl_write_raw(out, "holds", jl_buf_span(&list), err) != 0))
        rc = -1;
    jl_buf_free(&list);
    return rc;
}

static int write_setting(void *self, const char *name, const char *value, jl_err *err) {
    return jl_write_text(self, name, jl_span_of(value), err);
}

static int write_settings(jl_buf *out, const jl_account *a, jl_err *err) {
    jl_buf list = {0};
    int rc = jl_write_open(&list, err) != 0 || jl_account_each(&a->settings, write_setting, &list, err) != 0 ||
                     jl_write_close(&list, err) != 0 || jl_write_raw(out, "settings", jl_buf_span(&list), err) != 0
                 ? -1
                 : 0;
    jl_buf_free(&list);
    return rc;
}

static int write_breaker(jl_buf *out, const jl_account *a, jl_err *err) {
    bool closed = a->breaker == JL_BREAKER_CLOSED;
    return jl_write_text(out, "breaker", jl_span_of(breaker_name(a->breaker)), err) != 0 ||
                   (!closed && jl_write_text(out, "breaker_why", jl_span_of(why_name(a->why)), err) != 0) ||
                   (!closed && write_seconds(out, "breaker_wait_seconds", a->breaker_wait, err) != 0) ||
                   jl_write_u64(out, "breaker_calls", a->calls, err) != 0 ||
                   jl_write_u64(out, "breaker_failures", a->failures, err) != 0
               ? -1
               : 0;
}

static int write_forecast(jl_buf *out, const jl_forecast *f, jl_err *err) {
    jl_buf json = {0};
    int rc = jl_forecast_json(f, &json, err);
    if (rc == 0) {
        json.n--; /* its LF */
        rc = jl_write_raw(out, "forecast", jl_buf_span(&json), err);
    }
    jl_buf_free(&json);
    return rc;
}

int jl_status_json(const jl_account *a, const char *provider, const char *ledger, const jl_forecast *f, jl_buf *out,
                   jl_err *err) {
    char now[TIME_SIZE];
    jl_clock_rfc3339(a->now_ms * JL_MILLISECOND, now);
    return jl_write_open(out, err) != 0 || jl_write_text(out, "provider", jl_span_of(provider), err) != 0 ||
                   jl_write_text(out, "ledger", jl_span_of(ledger), err) != 0 ||
                   jl_write_text(out, "at", jl_span_of(now), err) != 0 ||
                   jl_write_text(out, "period", jl_span_of(a->period), err) != 0 ||
                   jl_write_text(out, "next_period", jl_span_of(a->next), err) != 0 ||
                   jl_write_i64(out, "budget", a->settings.budget, err) != 0 ||
                   jl_write_i64(out, "spent", a->spent, err) != 0 || jl_write_i64(out, "held", a->held, err) != 0 ||
                   jl_write_i64(out, "carried", a->carried, err) != 0 ||
                   jl_write_i64(out, "uncertain", a->uncertain, err) != 0 ||
                   jl_write_i64(out, "left", f->left, err) != 0 || jl_write_u64(out, "live", a->live, err) != 0 ||
                   jl_write_i64(out, "concurrency", a->settings.concurrency, err) != 0 ||
                   write_breaker(out, a, err) != 0 || jl_write_u64(out, "journal", a->seq, err) != 0 ||
                   write_forecast(out, f, err) != 0 || write_settings(out, a, err) != 0 ||
                   write_holds(out, a, err) != 0 || jl_write_close(out, err) != 0 || jl_buf_addc(out, '\n', err) != 0
               ? -1
               : 0;
}

/* ---- Prometheus ---- */

int jl_status_gauges(const jl_account *a, const char *provider, jl_buf *out, jl_err *err) {
    int64_t committed = jl_account_committed(a);
    const struct {
        const char *name, *help;
        int64_t value;
    } gauge[] = {
        {"budget_credits", "Credits of the period", a->settings.budget},
        {"spent_credits", "Credits spent in the period, the uncertain ones included", a->spent},
        {"held_credits", "Worst cases of the calls that are out", a->held + a->carried},
        {"uncertain_credits", "Of the credits spent, those for calls of which nobody knows", a->uncertain},
        {"left_credits", "Credits that are neither spent nor held", a->settings.budget - committed},
        {"live_calls", "Calls that are out", a->live},
        {"concurrency_calls", "Calls that may be out at once", a->settings.concurrency},
        {"uncertain_calls", "Calls of which nobody knows whether they were billed", uncertain_calls(a)},
        {"breaker_state", "0 closed, 1 half-open, 2 open",
         a->breaker == JL_BREAKER_OPEN ? 2 : a->breaker == JL_BREAKER_HALF_OPEN},
        {"breaker_calls", "Calls that the breaker looks back on", a->calls},
        {"breaker_failures", "Those of them that failed", a->failures},
        {"period_end_timestamp_seconds", "When the period ends, Unix time", jl_period_start(a->next)},
        {"journal_entries", "Entries of the journal", (int64_t)a->seq},
    };
    for (size_t i = 0; i < sizeof gauge / sizeof *gauge; i++)
        if (jl_buf_addf(out, err,
                        "# HELP jobline_gate_%s %s\n# TYPE jobline_gate_%s gauge\n"
                        "jobline_gate_%s{provider=\"%s\"} %" PRId64 "\n",
                        gauge[i].name, gauge[i].help, gauge[i].name, gauge[i].name, provider, gauge[i].value) != 0)
            return -1;
    return 0;
}

/* ---- would it be refused? ---- */

static int64_t period_spent(const jl_account *a, const char *period) {
    for (size_t i = 0; i < a->sums; i++)
        if (!a->sum[i].user[0] && strcmp(a->sum[i].period, period) == 0)
            return a->sum[i].spent;
    return 0;
}

/* What a period has to bear: ledger.h says why. */
static int64_t period_committed(const jl_account *a, const char *period) {
    int64_t sum = period_spent(a, period);
    for (size_t i = 0; i < a->holds; i++) {
        const jl_hold *h = &a->hold[i];
        bool reaches = strcmp(h->period, period) <= 0 && strcmp(h->reach, period) >= 0;
        bool charged = h->state == JL_HOLD_UNCERTAIN && strcmp(h->period, period) == 0;
        sum += reaches && !charged ? h->worst : 0;
    }
    return sum;
}

static int64_t cheapest(const jl_settings *s) {
    int64_t least = s->prices ? INT64_MAX : 1;
    for (size_t i = 0; i < s->prices; i++)
        least = s->price[i].worst < least ? s->price[i].worst : least;
    return least;
}

jl_refusal jl_status_refuses(const jl_account *a, const char *endpoint, jl_admission *said) {
    jl_standing s = {.settings = &a->settings,
                     .breaker = {.state = a->breaker, .why = a->why, .wait = a->breaker_wait},
                     .live = a->live,
                     .committed = jl_account_committed(a),
                     .first_lease_ends = INT64_MAX,
                     .first_probe_ends = INT64_MAX};
    (void)jl_breaker_wake(&s.breaker);
    jl_rules_period(&a->settings, a->now_ms, s.period, &s.period_left);
    jl_rules_reach(&a->settings, a->now_ms, false, s.reach);
    s.committed_reach = period_committed(a, s.reach);
    for (size_t i = 0; i < a->holds; i++) {
        const jl_hold *h = &a->hold[i];
        if (h->state == JL_HOLD_UNCERTAIN)
            continue;
        s.first_lease_ends = h->lease < s.first_lease_ends ? h->lease : s.first_lease_ends;
        s.first_probe_ends = h->probe && h->lease < s.first_probe_ends ? h->lease : s.first_probe_ends;
        s.probes += h->probe;
    }
    const jl_reserve r = {
        .endpoint = endpoint ? endpoint : "", .user = "", .cost = endpoint ? -1 : cheapest(&a->settings)};
    jl_rules_reserve(&s, &r, said);
    return said->refusal;
}
