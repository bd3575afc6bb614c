/* The journal of a ledger: finding a place in it, writing its entries as JSON. */
#ifndef JL_BOOKS_JOURNAL_H
#define JL_BOOKS_JOURNAL_H

#include "base/buf.h"
#include "gate/ledger.h"

/* No lease is longer: whoever begins so much earlier has seen each call of interest from its beginning. */
#define JL_LEASE_MOST_MS (INT64_C(8) * 86400 * 1000)

/* The time of entry `seq`, ms since 1970; INT64_MAX when there is none. */
int jl_journal_time(jl_ledger *l, uint64_t seq, int64_t *at_ms, jl_err *err);
/* The first entry of the journal that is not older than `at_ms`, or the one behind the last (`last` + 1), by bisection;
   times in the journal never go back. */
int jl_journal_seek(jl_ledger *l, uint64_t last, int64_t at_ms, uint64_t *from, jl_err *err);
/* One object without LF: "seq", "at", "event", "id", "endpoint", "user", "credits", "period", "reach", "note". */
int jl_journal_json(const jl_event *e, jl_buf *out, jl_err *err);
/* One object and LF: "seq", "violation". */
int jl_journal_violation(uint64_t seq, const char *sentence, jl_buf *out, jl_err *err);

#endif
