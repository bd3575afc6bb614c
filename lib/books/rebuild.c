/* An account's counters made anew from its journal. */
#include <inttypes.h>

#include "books/replay.h"

#define ATTEMPTS 20

static int feed(void *self, const jl_event *e, jl_err *err) {
    return jl_replay_event(self, e, err);
}

static int tell(jl_ledger *l, jl_account *a, jl_err *err) {
    jl_replay *r = jl_replay_open(NULL, NULL, err);
    int rc = r ? l->ops->journal(l, 1, feed, r, err) : -1;
    uint64_t gap = rc == 0 ? jl_replay_gap(r) : 0;
    if (gap)
        rc = jl_err_set(err, JL_CONFIG,
                        "the journal has lost entries from %" PRIu64
                        " on, and nobody knows what they have cost: move this "
                        "ledger away, make a new one, adopt the provider's figure with credits sync",
                        gap);
    if (rc == 0)
        rc = jl_replay_account(r, a, err);
    jl_replay_close(r);
    return rc;
}

int jl_ledger_rebuild(jl_ledger *l, jl_err *err) {
    int rc = 1; /* the journal has grown meanwhile */
    for (int i = 0; rc > 0 && i < ATTEMPTS; i++) {
        jl_account a;
        if (tell(l, &a, err) != 0)
            return -1;
        rc = l->ops->restore(l, &a, err);
        jl_account_free(&a);
    }
    return rc <= 0 ? rc
                   : jl_err_set(err, JL_UNAVAILABLE,
                                "the ledger is being written all the time: try again when fewer calls are made");
}
