/* What is doubtful counts as spent. */
#include "gate/call.h"

#include <poll.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/stop.h"
#include "gate/refusal.h"

/* Sleeps for `ns`, or until a stop is asked. */
static void nap(int64_t ns) {
    struct pollfd stop = {.fd = jl_stop_fd(), .events = POLLIN};
    (void)poll(&stop, 1, jl_clock_poll_ms(jl_clock_now() + ns));
}

int jl_call_admit(jl_ledger *l, const jl_reserve *r, const char *provider, int64_t wait, jl_admission *a, jl_err *err) {
    int64_t deadline = jl_clock_now() + wait;
    for (;;) {
        if (l->ops->reserve(l, r, a, err) != 0)
            return -1;
        if (a->refusal == JL_ADMITTED)
            return 0;
        int64_t left = deadline - jl_clock_now();
        if (!jl_refusal_passes(a->refusal) || left <= 0 || jl_stop_asked())
            return jl_refusal_say(a, r, provider, err);
        nap(a->wait < left ? a->wait : left);
    }
}

int jl_call_send(jl_ledger *l, const char *id, jl_err *err) {
    int64_t lease;
    if (l->ops->send(l, id, &lease, err) != 0)
        return -1;
    if (lease < 0)
        return jl_err_set(err, JL_TEMPFAIL, "too late: hold %.40s has ended, or is none; nothing may be sent", id);
    return 0;
}

void jl_call_free_untried(jl_call_free *f) {
    static const int statuses[] = {JL_USAGE, JL_NOINPUT, JL_NOPERM, JL_CONFIG, 126, 127};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        f->status[statuses[i]] = true;
}

int jl_call_free_add(jl_call_free *f, const char *list, jl_err *err) {
    for (;;) {
        size_t n = strcspn(list, ",");
        uint64_t status;
        if (jl_num_u64((jl_span){list, n}, 1, JL_CALL_STATUSES - 1, &status, err) != 0)
            return -1;
        f->status[status] = true;
        if (!list[n])
            return 0;
        list += n + 1;
    }
}

void jl_call_judge(const jl_call_free *f, int status, bool timed_out, jl_hold_state *to, jl_outcome *outcome) {
    bool exited = status >= 0 && !timed_out;
    *to = JL_HOLD_UNCERTAIN;
    *outcome = JL_CALL_FAILED;
    if (exited && status == 0) {
        *to = JL_HOLD_SETTLED;
        *outcome = JL_CALL_WELL;
    } else if (exited && status < JL_CALL_STATUSES && f->status[status]) {
        *to = JL_HOLD_VOID;
        *outcome = status == JL_UNAVAILABLE || status == JL_TEMPFAIL ? JL_CALL_FAILED : JL_CALL_NEUTRAL;
    } else if (!exited && !timed_out) {
        *outcome = JL_CALL_NEUTRAL; /* killed: that says nothing about the provider */
    }
}
