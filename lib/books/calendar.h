/* The billing periods that an account has had, by its journal. */
#ifndef JL_BOOKS_CALENDAR_H
#define JL_BOOKS_CALENDAR_H

#include "gate/ledger.h"

typedef struct jl_calendar_period {
    char name[JL_PERIOD_SIZE];
    int64_t end; /* seconds since 1970: when the next one takes its place, be it by a new anchor */
} jl_calendar_period;

/* In the order in which they were current, the current one last. One that a new anchor has ended before anything stood in
   it is none; one that an anchor has brought back is there once. Start with {0}. */
typedef struct jl_calendar {
    jl_calendar_period *period; /* owned */
    size_t n;
    int anchor;
    bool used; /* something stands in the last one */
} jl_calendar;

/* Takes the next entry of the journal, from the first one on: `self` is the jl_calendar, as jl_ledger_ops.journal wants
   it. */
int jl_calendar_event(void *self, const jl_event *e, jl_err *err);
/* As far as `now` (seconds since 1970), behind the last entry. */
int jl_calendar_end(jl_calendar *c, int64_t now, jl_err *err);
/* All of it out of a ledger. */
int jl_calendar_look(jl_calendar *c, jl_ledger *l, const jl_account *a, jl_err *err);
void jl_calendar_free(jl_calendar *c);

/* "2026-11", the period that began in this month, or the name of one, "2026-11-15"; valid as long as `c` is not changed.
   NULL: JL_USAGE, when none or more than one did, with the names that might have been meant. */
const jl_calendar_period *jl_calendar_find(const jl_calendar *c, const char *text, jl_err *err);

#endif
