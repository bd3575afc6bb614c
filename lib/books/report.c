/* Sums over the journal: each hold counts once, with what it has cost in the end. */
#include "base/num.h"
#include "books/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "books/journal.h"
#include "books/plot.h"
#include "jsonl/write.h"

#define DAY INT64_C(86400)
#define DAY_SIZE 11

/* An uncertain call: what it was charged, and the day. */
struct jl_report_pending {
    char id[JL_HOLD_ID_SIZE];
    char day[DAY_SIZE];
    int64_t charged;
    bool counts; /* it was charged since `since_ms` */
};

void jl_report_init(jl_report *r, jl_report_by by, const char *period) {
    *r = (jl_report){.by = by, .since_ms = INT64_MIN};
    if (period)
        (void)snprintf(r->period, sizeof r->period, "%s", period);
}

void jl_report_free(jl_report *r) {
    free(r->row);
    free(r->pending);
    r->row = NULL;
    r->pending = NULL;
    r->rows = r->pendings = 0;
}

static void day_of(int64_t ms, char day[DAY_SIZE]) {
    char text[21];
    jl_clock_rfc3339(ms * JL_MILLISECOND, text);
    memcpy(day, text, DAY_SIZE - 1);
    day[DAY_SIZE - 1] = '\0';
}

/* Makes room at place `at` of an array of `n` elements. */
static void *insert(void *array, size_t n, size_t size, size_t at, jl_err *err) {
    if ((n & (n - 1)) == 0) { /* full: it grows by powers of two */
        void *grown = realloc(array, (n ? 2 * n : 1) * size);
        if (!grown) {
            (void)jl_err_nomem(err);
            return NULL;
        }
        array = grown;
    }
    char *place = (char *)array + at * size;
    memmove(place + size, place, (n - at) * size);
    memset(place, 0, size);
    return array;
}

/* Adjustments behind all others. */
static int compare(const jl_report_row *row, bool adjustment, const char *name) {
    return row->adjustment != adjustment ? row->adjustment - adjustment : strcmp(row->name, name);
}

/* The row of that name, made if need be; valid until the next one is. */
static jl_report_row *row_named(jl_report *r, const char *name, bool adjustment, jl_err *err) {
    size_t low = 0, high = r->rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(&r->row[middle], adjustment, name);
        if (order == 0)
            return &r->row[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    jl_report_row *grown = insert(r->row, r->rows, sizeof *r->row, low, err);
    if (!grown)
        return NULL;
    r->row = grown;
    r->rows++;
    (void)snprintf(r->row[low].name, sizeof r->row[low].name, "%s", name);
    r->row[low].adjustment = adjustment;
    return &r->row[low];
}

/* Where the call stands among the pending ones, or would. */
static size_t pending_place(const jl_report *r, const char *id, bool *found) {
    size_t low = 0, high = r->pendings;
    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(r->pending[middle].id, id);
        *found = order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
        if (*found)
            low = middle;
    }
    return low;
}

static void pending_remove(jl_report *r, size_t at) {
    /* A copy at most as long as the array: insert() counts on the powers of two being allocated. */
    memmove(r->pending + at, r->pending + at + 1, (r->pendings - at - 1) * sizeof *r->pending);
    r->pendings--;
}

static jl_report_row *row_of(jl_report *r, const jl_event *e, const char *day, jl_err *err) {
    switch (r->by) {
    case JL_BY_DAY:
        return row_named(r, day, false, err);
    case JL_BY_ENDPOINT:
        return row_named(r, e->endpoint, false, err);
    case JL_BY_USER:
        return row_named(r, e->user, false, err);
    case JL_BY_NOTHING:
        break;
    }
    return row_named(r, "", false, err);
}

static int uncertain(jl_report *r, const jl_event *e, const char *day, bool counts, jl_err *err) {
    bool found;
    size_t at = pending_place(r, e->id, &found);
    if (found)
        return 0;
    struct jl_report_pending *grown = insert(r->pending, r->pendings, sizeof *r->pending, at, err);
    if (!grown)
        return -1;
    r->pending = grown;
    r->pendings++;
    struct jl_report_pending *p = &r->pending[at];
    (void)snprintf(p->id, sizeof p->id, "%s", e->id);
    memcpy(p->day, day, sizeof p->day);
    p->charged = e->credits;
    p->counts = counts;
    jl_report_row *row = counts ? row_of(r, e, day, err) : NULL;
    if (!row)
        return counts ? -1 : 0;
    row->calls++;
    row->uncertain++;
    row->credits += e->credits;
    return 0;
}

/* A call has come to its end: it has cost e->credits, or nothing. */
static int ended(jl_report *r, const jl_event *e, const char *today, bool counts, jl_err *err) {
    bool was_uncertain;
    size_t at = pending_place(r, e->id, &was_uncertain);
    bool is_free = e->kind == JL_EVENT_VOID;
    char day[DAY_SIZE];
    int64_t before = 0;
    memcpy(day, today, sizeof day);
    if (was_uncertain) {
        memcpy(day, r->pending[at].day, sizeof day);
        before = r->pending[at].charged;
        counts = r->pending[at].counts;
        pending_remove(r, at);
    } else if (is_free && strcmp(e->note, "lease") == 0) {
        return 0; /* was never sent */
    }
    jl_report_row *row = counts ? row_of(r, e, day, err) : NULL;
    if (!row)
        return counts ? -1 : 0;
    row->calls += !is_free;
    row->free += is_free;
    row->calls -= was_uncertain;
    row->uncertain -= was_uncertain;
    row->credits += (is_free ? 0 : e->credits) - before;
    return 0;
}

static int adjusted(jl_report *r, const jl_event *e, const char *day, jl_err *err) {
    char name[JL_USER_MAX + 1];
    if (!r->bookkeeping && strcmp(e->note, "sync") != 0)
        return 0;
    (void)snprintf(name, sizeof name, "(%.100s)", e->note);
    jl_report_row *row = r->by == JL_BY_DAY ? row_named(r, day, false, err) : NULL;
    if (row)
        row->beside += e->credits;
    else if (r->by == JL_BY_DAY)
        return -1;
    row = r->by == JL_BY_NOTHING ? row_named(r, "", false, err) : row_named(r, name, true, err);
    if (!row)
        return -1;
    row->credits += e->credits;
    return 0;
}

int jl_report_event(void *self, const jl_event *e, jl_err *err) {
    jl_report *r = self;
    char day[DAY_SIZE];
    bool counts = e->at_ms >= r->since_ms && (!r->period[0] || strcmp(e->period, r->period) == 0);
    day_of(e->at_ms, day);
    switch (e->kind) {
    case JL_EVENT_UNCERTAIN:
        return uncertain(r, e, day, counts, err);
    case JL_EVENT_SETTLE:
    case JL_EVENT_VOID:
        return ended(r, e, day, counts, err);
    case JL_EVENT_ADJUST:
        return counts ? adjusted(r, e, day, err) : 0;
    case JL_EVENT_SET:
    case JL_EVENT_RESERVE:
    case JL_EVENT_SEND:
    case JL_EVENT_BREAKER:
    case JL_EVENT_REBUILD:
        break;
    }
    return 0;
}

static int dearest_first(const void *a, const void *b) {
    const jl_report_row *x = a, *y = b;
    if (x->adjustment != y->adjustment)
        return x->adjustment - y->adjustment;
    int order = (y->credits > x->credits) - (y->credits < x->credits);
    return order ? order : strcmp(x->name, y->name);
}

int jl_report_end(jl_report *r, int64_t first, int64_t last, jl_err *err) {
    char day[DAY_SIZE];
    for (int64_t at = first - first % DAY; r->by == JL_BY_DAY && first <= last && at <= last; at += DAY) {
        day_of(at * 1000, day);
        if (!row_named(r, day, false, err))
            return -1;
    }
    if (r->by != JL_BY_DAY && r->rows)
        qsort(r->row, r->rows, sizeof *r->row, dearest_first);
    r->total = (jl_report_row){.name = "all"};
    for (size_t i = 0; i < r->rows; i++) {
        r->total.calls += r->row[i].calls;
        r->total.uncertain += r->row[i].uncertain;
        r->total.free += r->row[i].free;
        r->total.credits += r->row[i].credits;
    }
    return 0;
}

/* ---- as text ---- */

static const char *by_name(jl_report_by by) {
    return by == JL_BY_DAY ? "day" : by == JL_BY_ENDPOINT ? "endpoint" : by == JL_BY_USER ? "user" : "";
}

int jl_report_json(const jl_report *r, jl_buf *out, jl_err *err) {
    for (size_t i = 0; i < r->rows; i++) {
        const jl_report_row *row = &r->row[i];
        if (jl_write_open(out, err) != 0 || jl_write_text(out, "by", jl_span_of(by_name(r->by)), err) != 0 ||
            jl_write_text(out, "name", jl_span_of(row->name), err) != 0 ||
            jl_write_text(out, "period", jl_span_of(r->period), err) != 0 ||
            jl_write_u64(out, "calls", row->calls, err) != 0 ||
            jl_write_u64(out, "uncertain", row->uncertain, err) != 0 ||
            jl_write_u64(out, "free", row->free, err) != 0 || jl_write_i64(out, "credits", row->credits, err) != 0 ||
            jl_write_raw(out, "adjustment", row->adjustment ? JL_SPAN("true") : JL_SPAN("false"), err) != 0 ||
            jl_write_close(out, err) != 0 || jl_buf_addc(out, '\n', err) != 0)
            return -1;
    }
    return 0;
}

/* Columns that a name takes on a terminal: characters, as far as UTF-8 tells. */
static size_t columns(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* A name as it may be shown: users come from elsewhere. */
static void shown(const char *name, char text[4 * JL_USER_MAX + 1]) {
    (void)jl_err_escape(name[0] ? jl_span_of(name) : JL_SPAN("-"), text, 4 * JL_USER_MAX + 1);
}

#define FIGURES 44 /* columns of the figures behind a name */

static int table_row(const jl_report_row *row, size_t names, jl_buf *out, jl_err *err) {
    char name[4 * JL_USER_MAX + 1], credits[32];
    shown(row->name, name);
    size_t used = columns(name);
    return jl_buf_addf(out, err, "%s%*s%10" PRIu64 "%11" PRIu64 "%9" PRIu64 "%14s", name,
                       (int)(names > used ? names - used : 0), "", row->calls, row->uncertain, row->free,
                       jl_num_text(row->credits, credits));
}

int jl_report_table(const jl_report *r, size_t width, bool blocks, jl_buf *out, jl_err *err) {
    size_t names = sizeof "endpoint" - 1;
    int64_t most = 1;
    char name[4 * JL_USER_MAX + 1];
    for (size_t i = 0; i < r->rows; i++) {
        shown(r->row[i].name, name);
        names = columns(name) > names ? columns(name) : names;
        most = r->row[i].credits > most && !r->row[i].adjustment ? r->row[i].credits : most;
    }
    size_t bar = width > names + FIGURES + 12 ? width - names - FIGURES - 2 : width ? 10 : 0;
    if (jl_buf_addf(out, err, "%-*s%10s%11s%9s%14s\n", (int)names, by_name(r->by), "calls", "uncertain", "free",
                    "credits") != 0)
        return -1;
    for (size_t i = 0; i < r->rows; i++) {
        const jl_report_row *row = &r->row[i];
        if (table_row(row, names, out, err) != 0 ||
            (bar && row->credits > 0 && !row->adjustment &&
             (jl_buf_add(out, JL_SPAN("  "), err) != 0 ||
              jl_plot_bar((double)row->credits / (double)most, bar, blocks, NULL, out, err) != 0)) ||
            jl_buf_addc(out, '\n', err) != 0)
            return -1;
    }
    return table_row(&r->total, names, out, err) != 0 || jl_buf_addc(out, '\n', err) != 0 ? -1 : 0;
}

/* ---- as a picture ---- */

int jl_report_svg(const jl_report *r, const jl_settings *s, const char *provider, jl_buf *out, jl_err *err) {
    char title[128], subtitle[128], sum[32], budget[32], beside[32], adjusted[64] = "";
    int64_t days = (r->ends - jl_period_start(r->period) + DAY - 1) / DAY, adjustments = 0;
    size_t n = 0;
    jl_plot_value *value = calloc(r->rows ? r->rows : 1, sizeof *value);
    if (!value)
        return jl_err_nomem(err);
    for (size_t i = 0; i < r->rows; i++)
        if (r->row[i].adjustment)
            adjustments += r->row[i].credits;
        else
            value[n++] = (jl_plot_value){r->row[i].name, (double)r->row[i].credits, (double)r->row[i].beside};
    if (adjustments)
        (void)snprintf(adjusted, sizeof adjusted, ", %s of them by adjustments", jl_num_text(adjustments, beside));
    (void)snprintf(title, sizeof title, "%s: credits by %s", provider, by_name(r->by));
    (void)snprintf(subtitle, sizeof subtitle, "period of %s: %s of %s credits in %" PRIu64 " call%s%s", r->period,
                   jl_num_text(r->total.credits, sum), jl_num_text(s->budget, budget), r->total.calls,
                   r->total.calls == 1 ? "" : "s", adjusted);
    jl_plot plot = {.title = title,
                    .subtitle = subtitle,
                    .unit = "credits",
                    .value = value,
                    .n = n,
                    .running = r->by == JL_BY_DAY,
                    .limit = (double)s->budget,
                    .mark = s->alert,
                    .marks = s->alerts,
                    .places = (size_t)days};
    int rc = jl_plot_svg(&plot, out, err);
    free(value);
    return rc;
}

/* ---- out of a ledger ---- */

int jl_report_look(jl_report *r, jl_ledger *l, const jl_account *a, jl_err *err) {
    int64_t first = jl_period_start(r->period);
    int64_t last = r->ends - 1;
    uint64_t from;
    last = last < a->now_ms / 1000 ? last : a->now_ms / 1000;
    if (jl_journal_seek(l, a->seq, first * 1000 - JL_LEASE_MOST_MS, &from, err) != 0 ||
        l->ops->journal(l, from, jl_report_event, r, err) != 0)
        return -1;
    return jl_report_end(r, first, last, err);
}
