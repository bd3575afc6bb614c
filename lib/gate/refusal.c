/* One sentence for each limit. */
#include "gate/refusal.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/num.h"

/* Spans are for those who wait, moments for those who come back. */
#define SOON (2 * 60 * JL_SECOND)

static void say_when(int64_t wait, char text[64]) {
    char when[32];
    if (wait < 0) {
        (void)snprintf(text, 64, "not before somebody changes something");
    } else if (wait < SOON) {
        (void)snprintf(text, 64, "in %s", jl_clock_span(wait, when));
    } else {
        jl_clock_rfc3339(jl_clock_wall() + wait, when);
        (void)snprintf(text, 64, "at %s", when);
    }
}

/* `limit`: "the budget of 2026-11-01". */
static int say_credits(const jl_admission *a, const char *limit, const char *provider, jl_err *err) {
    char committed[32], budget[32], worst[32], when[64];
    (void)jl_num_text(a->committed, committed);
    (void)jl_num_text(a->budget, budget);
    (void)jl_num_text(a->worst, worst);
    say_when(a->wait, when);
    if (a->worst > a->budget)
        return jl_err_set(
            err, JL_TEMPFAIL,
            "%s: refused for %s: this call may cost %s credits, and never fits into the %s that it may use", provider,
            limit, worst, budget);
    return jl_err_set(err, JL_TEMPFAIL,
                      "%s: refused for %s: %s of %s credits are spent or held, and this call may cost %s; the next "
                      "period begins %s",
                      provider, limit, committed, budget, worst, when);
}

int jl_refusal_say(const jl_admission *a, const jl_reserve *r, const char *provider, jl_err *err) {
    char when[64], limit[128];
    say_when(a->wait, when);
    switch (a->refusal) {
    case JL_REFUSED_PRICE:
        return jl_err_set(err, JL_CONFIG, "%s: '%s' has no price here: credits set price.%s=N", provider, r->endpoint,
                          r->endpoint);
    case JL_REFUSED_BUDGET:
        (void)snprintf(limit, sizeof limit, "the budget of %s", a->period);
        return say_credits(a, limit, provider, err);
    case JL_REFUSED_USER:
        (void)snprintf(limit, sizeof limit, "the cap of user '%.40s'", r->user);
        return say_credits(a, limit, provider, err);
    case JL_REFUSED_CONCURRENCY:
        return jl_err_set(err, JL_TEMPFAIL, "%s: refused, as many calls are out as may be at once: ask again %s",
                          provider, when);
    case JL_REFUSED_RATE:
        return jl_err_set(err, JL_TEMPFAIL, "%s: refused, calls come faster than the rate allows: ask again %s",
                          provider, when);
    case JL_REFUSED_QUOTA:
        return jl_err_set(err, JL_TEMPFAIL,
                          "%s: refused, the provider has said that its quota is used up: ask again %s", provider, when);
    case JL_REFUSED_BREAKER:
        if (a->wait < 0)
            return jl_err_set(err, JL_TEMPFAIL,
                              "%s: refused, the breaker is open until it is closed: credits breaker close", provider);
        return jl_err_set(err, JL_TEMPFAIL, "%s: refused, the breaker is open (credits status says why): ask again %s",
                          provider, when);
    case JL_ADMITTED:
    case JL_REFUSALS:
        break;
    }
    return jl_err_set(err, JL_SOFTWARE, "%s: no refusal", provider);
}
