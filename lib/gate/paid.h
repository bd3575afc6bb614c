/* One paid call's way through the ledger: held, sent, settled. */
#ifndef JL_GATE_PAID_H
#define JL_GATE_PAID_H

#include "gate/ledger.h"

/* Zero before its first reserve. Whoever makes the call sees to the rest: what to do about a refusal, the request, what its
   reply means. */
typedef struct jl_paid {
    jl_ledger *ledger; /* borrowed from reserve to settle, as the texts */
    const char *endpoint, *user;
    char id[JL_HOLD_ID_SIZE]; /* of its hold */
    int64_t worst;            /* credits that it may cost */
    unsigned late;            /* holds in a row that ended unsent */
} jl_paid;

/* Takes a hold under a new id; `r->id` is not looked at. A refusal is an answer, and takes none. -1: the ledger's errors. */
int jl_paid_reserve(jl_paid *p, jl_ledger *l, const jl_reserve *r, jl_admission *a, jl_err *err);
/* Of a refusal that passes by itself: ns until the gate is asked again, a second at most. */
int64_t jl_paid_pause(const jl_admission *a);

typedef enum jl_paid_sent {
    JL_PAID_LEAVES = 1, /* the request leaves now, and has `*left` ns, more than 0 */
    JL_PAID_ANEW,       /* its hold has ended by its lease: nothing may leave, nothing is owed; it is reserved again */
    JL_PAID_NEVER,      /* the same once too often: err is JL_TEMPFAIL, and says what to set */
    JL_PAID_STOOD,  /* it counts as sent, but this process stood still for so long that nothing may leave any more: the
                           ledger may charge it by now, so it is settled as UNCERTAIN */
    JL_PAID_TROUBLE /* the ledger's errors: nothing may leave, and its lease sees to the hold */
} jl_paid_sent;

/* At the last moment before the request leaves. */
jl_paid_sent jl_paid_send(jl_paid *p, int64_t *left, jl_err *err);

/* `cost`: of SETTLED, -1 = the normal cost. -1: the ledger's errors; nobody knows what it makes of that, so `done->charged`
   is the worst case, which the lease will charge. */
int jl_paid_settle(const jl_paid *p, jl_hold_state to, int64_t cost, jl_outcome outcome, jl_settled *done, jl_err *err);

#endif
