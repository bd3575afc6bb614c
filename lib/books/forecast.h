/* When the budget of a period ends, if spending goes on as it did. */
#ifndef JL_BOOKS_FORECAST_H
#define JL_BOOKS_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "gate/ledger.h"

#define JL_FORECAST_DAYS 7 /* that the pace is taken from, unless somebody wants others */

/* Credits in a span of days, and where that leads. */
typedef struct jl_pace {
    int64_t credits;
    double days;    /* that they are spread over: at least one */
    double per_day; /* 0 when nothing was spent */
    bool lasts;     /* the budget lasts until the period ends */
    int64_t ends;   /* when it does not: the second since 1970 at which nothing is left */
    int64_t spare;  /* when it does: credits that are left over then */
} jl_pace;

/* Two paces, as neither is the truth: that of the last days, across the beginning of the period if need be, and that of
   the period so far. */
typedef struct jl_forecast {
    int64_t now, period_end; /* seconds since 1970 */
    char period[JL_PERIOD_SIZE];
    int64_t budget, committed,
        left;        /* left = budget - committed, at least 0; as the gate counts, with calls that are out */
    unsigned window; /* days that `recent` was to look back on */
    double looked;   /* those that it did: fewer when the account is younger */
    jl_pace recent, period_so_far;
} jl_forecast;

/* `recent`: credits charged in the last `window` days; `began_ms`: the time of the journal's first entry, for accounts
   that are younger than that. */
void jl_forecast_make(jl_forecast *f, const jl_account *a, unsigned window, int64_t recent, int64_t began_ms);
/* The same, with what the journal says. */
int jl_forecast_look(jl_forecast *f, jl_ledger *l, const jl_account *a, unsigned window, jl_err *err);
/* One line without LF: "at 5,120 credits a day (the last 7 days) the budget ends on 2026-11-27 14:00 UTC". */
int jl_forecast_line(const jl_forecast *f, const jl_pace *pace, jl_buf *out, jl_err *err);
/* Several lines; one JSON object and LF. */
int jl_forecast_text(const jl_forecast *f, jl_buf *out, jl_err *err);
int jl_forecast_json(const jl_forecast *f, jl_buf *out, jl_err *err);

#endif
