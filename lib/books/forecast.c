/* Straight lines through what was spent: nothing cleverer is known about tomorrow. */
#include "base/num.h"
#include "books/forecast.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "books/journal.h"
#include "books/plot.h"
#include "books/report.h"
#include "jsonl/write.h"

#define DAY 86400.0
#define TIME_SIZE 21
#define DAY_MS (INT64_C(86400) * 1000)

static void lead_on(const jl_forecast *f, jl_pace *p) {
    double until_end = (double)(f->period_end - f->now) / DAY;
    p->per_day = p->credits > 0 ? (double)p->credits / p->days : 0;
    double needed = p->per_day * until_end;
    p->lasts = f->left > 0 && needed <= (double)f->left;
    p->spare = p->lasts ? f->left - (int64_t)needed : 0;
    p->ends = f->now;
    if (!p->lasts && f->left > 0)
        p->ends += (int64_t)((double)f->left / p->per_day * DAY);
}

void jl_forecast_make(jl_forecast *f, const jl_account *a, unsigned window, int64_t recent, int64_t began_ms) {
    *f = (jl_forecast){.now = a->now_ms / 1000,
                       .period_end = jl_period_start(a->next),
                       .budget = a->settings.budget,
                       .committed = jl_account_committed(a),
                       .window = window};
    memcpy(f->period, a->period, sizeof f->period);
    f->left = f->budget > f->committed ? f->budget - f->committed : 0;
    double age = (double)(a->now_ms - began_ms) / 1000 / DAY;
    double so_far = (double)(f->now - jl_period_start(a->period)) / DAY;
    double days = f->looked = age < window ? age : window;
    f->recent = (jl_pace){.credits = recent, .days = days < 1 ? 1 : days};
    so_far = age < so_far ? age : so_far;
    f->period_so_far = (jl_pace){.credits = a->spent, .days = so_far < 1 ? 1 : so_far};
    lead_on(f, &f->recent);
    lead_on(f, &f->period_so_far);
}

int jl_forecast_look(jl_forecast *f, jl_ledger *l, const jl_account *a, unsigned window, jl_err *err) {
    jl_report recent;
    uint64_t from = 1;
    int64_t began = INT64_MAX;
    jl_report_init(&recent, JL_BY_NOTHING, NULL);
    recent.since_ms = a->now_ms - window * DAY_MS;
    int rc = jl_journal_time(l, 1, &began, err);
    if (rc == 0)
        rc = jl_journal_seek(l, a->seq, recent.since_ms - JL_LEASE_MOST_MS, &from, err);
    if (rc == 0)
        rc = l->ops->journal(l, from, jl_report_event, &recent, err);
    if (rc == 0)
        rc = jl_report_end(&recent, 1, 0, err);
    if (rc == 0)
        jl_forecast_make(f, a, window, recent.total.credits, began < a->now_ms ? began : a->now_ms);
    jl_report_free(&recent);
    return rc;
}

/* ---- as text ---- */

static void minute_of(int64_t seconds, char text[32]) {
    char whole[TIME_SIZE];
    jl_clock_rfc3339(seconds * JL_SECOND, whole);
    (void)snprintf(text, 32, "%.10s %.5s UTC", whole, whole + 11);
}

static int64_t rounded(double x) {
    return (int64_t)(x + 0.5);
}

int jl_forecast_line(const jl_forecast *f, const jl_pace *p, jl_buf *out, jl_err *err) {
    char pace[32], spare[32], when[32], span[48];
    if (p == &f->period_so_far)
        (void)snprintf(span, sizeof span, "this period so far");
    else if (f->looked <= 1 && f->window > 1)
        (void)snprintf(span, sizeof span, "the account's first day");
    else if (f->looked < f->window && f->window > 1)
        (void)snprintf(span, sizeof span, "the %.1f days since the account was made", f->looked);
    else
        (void)snprintf(span, sizeof span, "the last %u day%s", f->window, f->window == 1 ? "" : "s");
    if (f->left == 0)
        return jl_buf_addf(out, err, "nothing is left of the budget of %s", f->period);
    if (p->per_day <= 0)
        return jl_buf_addf(out, err, "nothing was spent (%s): the budget lasts the period", span);
    const char *credits = jl_num_text(rounded(p->per_day), pace);
    if (p->lasts)
        return jl_buf_addf(out, err, "at %s credits a day (%s) the budget lasts the period, with %s left", credits,
                           span, jl_num_text(p->spare, spare));
    minute_of(p->ends, when);
    return jl_buf_addf(out, err, "at %s credits a day (%s) the budget ends on %s", credits, span, when);
}

int jl_forecast_text(const jl_forecast *f, jl_buf *out, jl_err *err) {
    char left[32], budget[32], end[32];
    minute_of(f->period_end, end);
    return jl_buf_addf(out, err, "%s of %s credits are left until %s, %.1f days from now\n", jl_num_text(f->left, left),
                       jl_num_text(f->budget, budget), end, (double)(f->period_end - f->now) / DAY) != 0 ||
                   jl_forecast_line(f, &f->recent, out, err) != 0 || jl_buf_addc(out, '\n', err) != 0 ||
                   jl_forecast_line(f, &f->period_so_far, out, err) != 0 || jl_buf_addc(out, '\n', err) != 0
               ? -1
               : 0;
}

static int write_pace(jl_buf *out, const char *name, const jl_pace *p, jl_err *err) {
    jl_buf json = {0};
    char ends[TIME_SIZE];
    jl_clock_rfc3339(p->ends * JL_SECOND, ends);
    bool bad = jl_write_open(&json, err) != 0 || jl_write_i64(&json, "credits", p->credits, err) != 0 ||
               jl_write_real(&json, "days", p->days, 3, err) != 0 ||
               jl_write_real(&json, "per_day", p->per_day, 1, err) != 0 ||
               jl_write_raw(&json, "lasts", p->lasts ? JL_SPAN("true") : JL_SPAN("false"), err) != 0 ||
               (p->lasts ? jl_write_i64(&json, "spare", p->spare, err)
                         : jl_write_text(&json, "ends_at", jl_span_of(ends), err)) != 0 ||
               jl_write_close(&json, err) != 0 || jl_write_raw(out, name, jl_buf_span(&json), err) != 0;
    jl_buf_free(&json);
    return bad ? -1 : 0;
}

int jl_forecast_json(const jl_forecast *f, jl_buf *out, jl_err *err) {
    char end[TIME_SIZE];
    jl_clock_rfc3339(f->period_end * JL_SECOND, end);
    return jl_write_open(out, err) != 0 || jl_write_text(out, "period", jl_span_of(f->period), err) != 0 ||
                   jl_write_text(out, "period_ends_at", jl_span_of(end), err) != 0 ||
                   jl_write_i64(out, "budget", f->budget, err) != 0 ||
                   jl_write_i64(out, "committed", f->committed, err) != 0 ||
                   jl_write_i64(out, "left", f->left, err) != 0 ||
                   jl_write_real(out, "window_days", f->looked, 3, err) != 0 ||
                   write_pace(out, "recent", &f->recent, err) != 0 ||
                   write_pace(out, "period_so_far", &f->period_so_far, err) != 0 || jl_write_close(out, err) != 0 ||
                   jl_buf_addc(out, '\n', err) != 0
               ? -1
               : 0;
}
