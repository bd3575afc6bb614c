/* What was spent, by day, by endpoint or by user: sums over the journal of a ledger. */
#ifndef JL_BOOKS_REPORT_H
#define JL_BOOKS_REPORT_H

#include <stdint.h>

#include "base/buf.h"
#include "gate/ledger.h"

typedef enum jl_report_by { JL_BY_DAY = 0, JL_BY_ENDPOINT, JL_BY_USER, JL_BY_NOTHING } jl_report_by;

typedef struct jl_report_row {
    char name
        [JL_USER_MAX +
         1]; /* a day (UTC), an endpoint, a user; "" = none was named; of an adjustment "(sync)", "(reset)", "(anchor)" */
    bool adjustment;
    uint64_t calls;     /* that were charged, the uncertain ones included */
    uint64_t uncertain; /* of them, those of which nobody knows better yet */
    uint64_t free;      /* that cost nothing */
    int64_t credits;
    int64_t beside; /* of a day: what was adjusted on it, which stands in rows of its own */
} jl_report_row;

typedef struct jl_report_pending jl_report_pending;

/* What was charged for an uncertain call and corrected later counts on the day on which it was charged. */
typedef struct jl_report {
    jl_report_by by;
    char period[JL_PERIOD_SIZE]; /* only what belongs to it; "" = to whatever period */
    int64_t ends;                /* when it does, seconds since 1970; for jl_report_look, jl_report_svg */
    int64_t since_ms;            /* only what was charged since then, as in jl_event.at_ms */
    bool bookkeeping;            /* adjustments count that are no spending: resets, what a new anchor carries over */
    jl_report_row *row;          /* owned; by name until jl_report_end */
    size_t rows;
    jl_report_row total; /* by jl_report_end */
    jl_report_pending *pending;
    size_t pendings;
} jl_report;

/* `period` may be NULL. Free it with jl_report_free. */
void jl_report_init(jl_report *r, jl_report_by by, const char *period);
/* Takes the next entry of the journal: `self` is the jl_report, as jl_ledger_ops.journal wants it. Begin so early that
   the sending of the first call of interest is among the entries. */
int jl_report_event(void *self, const jl_event *e, jl_err *err);
/* Puts rows in order, days by date, others by credits, the dearest first, adjustments behind them; sums them up. Days from `first` to `last`
   (seconds since 1970; only if by day and first <= last) that had no call get rows as well. */
int jl_report_end(jl_report *r, int64_t first, int64_t last, jl_err *err);
void jl_report_free(jl_report *r);

/* One JSON object a row, and LF behind each: "by", "name", "period", "calls", "uncertain", "free", "credits",
   "adjustment". */
int jl_report_json(const jl_report *r, jl_buf *out, jl_err *err);
/* A table with a head and a line of totals; with bars of `width` columns in all if width > 0, drawn by jl_plot_bar. */
int jl_report_table(const jl_report *r, size_t width, bool blocks, jl_buf *out, jl_err *err);

/* Reads what the journal says of r->period, and ends the report, with a row for each of its days until now. */
int jl_report_look(jl_report *r, jl_ledger *l, const jl_account *a, jl_err *err);
/* A picture of it, after jl_report_end. */
int jl_report_svg(const jl_report *r, const jl_settings *s, const char *provider, jl_buf *out, jl_err *err);

#endif
