/* What the ledger is told of a call, in the order in which it has to be told. */
#include "gate/paid.h"

#include "base/clock.h"

#define PAUSE_MOST JL_SECOND
#define LATE_MOST 10

int jl_paid_reserve(jl_paid *p, jl_ledger *l, const jl_reserve *r, jl_admission *a, jl_err *err) {
    jl_reserve asked = *r;
    p->ledger = l;
    p->endpoint = r->endpoint;
    p->user = r->user;
    asked.id = p->id;
    if (jl_hold_id(p->id, err) != 0 || l->ops->reserve(l, &asked, a, err) != 0)
        return -1;
    p->worst = a->worst;
    return 0;
}

int64_t jl_paid_pause(const jl_admission *a) {
    return a->wait > 0 && a->wait < PAUSE_MOST ? a->wait : PAUSE_MOST;
}

jl_paid_sent jl_paid_send(jl_paid *p, int64_t *left, jl_err *err) {
    int64_t lease = -1, before = jl_clock_now();
    if (p->ledger->ops->send(p->ledger, p->id, &lease, err) != 0)
        return JL_PAID_TROUBLE;
    if (lease < 0) {
        if (++p->late < LATE_MOST)
            return JL_PAID_ANEW;
        (void)jl_err_set(err, JL_TEMPFAIL,
                         "%d holds in a row ended before their calls could leave: credits set hold=TIME", LATE_MOST);
        return JL_PAID_NEVER;
    }
    p->late = 0;
    *left = lease - (jl_clock_now() - before); /* the ledger counts from some moment in between */
    return *left > 0 ? JL_PAID_LEAVES : JL_PAID_STOOD;
}

int jl_paid_settle(const jl_paid *p, jl_hold_state to, int64_t cost, jl_outcome outcome, jl_settled *done,
                   jl_err *err) {
    const jl_settle how = {.id = p->id,
                           .to = to,
                           .cost = cost,
                           .outcome = outcome,
                           .by = "",
                           .endpoint = p->endpoint,
                           .user = p->user,
                           .worst = p->worst};
    *done = (jl_settled){0};
    if (p->ledger->ops->settle(p->ledger, &how, done, err) == 0)
        return 0;
    done->charged = p->worst;
    return -1;
}
