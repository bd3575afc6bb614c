/* The ledger set right by what the provider says was used. */
#ifndef JL_BOOKS_SYNC_H
#define JL_BOOKS_SYNC_H

#include "base/buf.h"
#include "base/clock.h"
#include "gate/ledger.h"

#define JL_SYNC_SETTLED (10 * 60 * JL_SECOND) /* unless somebody says */

/* What became of the difference. */
typedef enum jl_sync_end {
    JL_SYNC_ADOPTED = 0, /* it stands in the ledger now */
    JL_SYNC_DRY,         /* it was only to be shown */
    JL_SYNC_CALLS_OUT,   /* a decrease, while calls are out */
    JL_SYNC_CALLS_LATE,  /* a decrease, so soon after a call that the provider may not have counted it yet */
    JL_SYNC_NEW_PERIOD   /* a new period has begun meanwhile */
} jl_sync_end;

typedef struct jl_sync {
    int64_t used, spent; /* in the period: by the provider; by the ledger, before it was asked */
    int64_t difference;  /* used - spent */
    uint32_t live;       /* calls that were out then, or are now: the larger figure */
    uint32_t uncertain;  /* calls that were uncertain then */
    jl_sync_end end;
    uint32_t settled; /* of the uncertain calls: settled at what they were charged */
} jl_sync;

/* `then`: the account as it was before the provider was asked for `used`. What was settled in between is in both figures,
   and so counts twice: on the safe side. A decrease is adopted only when no call was out then and none is now, and none
   has ended in the last `settled` ns: for such a call may be billed and not be in `used` yet. With the difference the uncertain calls of then are settled, as
   the provider's figure has them or not; how they are charged does not matter any more. dry_run: only compares. */
int jl_sync_adopt(jl_ledger *l, const jl_account *then, int64_t used, int64_t settled, bool dry_run, jl_sync *s,
                  jl_err *err);
/* Several lines; one JSON object and LF. */
int jl_sync_text(const jl_sync *s, jl_buf *out, jl_err *err);
int jl_sync_json(const jl_sync *s, const char *provider, jl_buf *out, jl_err *err);
/* Takes what is spent in the period back to nothing; uncertain calls are settled first. Calls that are out stay held.
   `taken`: credits taken off. */
int jl_sync_reset(jl_ledger *l, int64_t *taken, jl_err *err);

#endif
