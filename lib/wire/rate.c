/* A token bucket in real numbers: nothing is lost to rounding at any rate. */
#include "base/clock.h"
#include "wire/rate.h"

void jl_rate_init(jl_rate *r, double per_second, double burst, int64_t now) {
    *r = (jl_rate){.per_second = per_second, .burst = burst, .tokens = burst, .at = now};
}

static double tokens_at(const jl_rate *r, int64_t now) {
    double tokens = r->tokens + (double)(now - r->at) * r->per_second / (double)JL_SECOND;
    return tokens < r->burst ? tokens : r->burst;
}

int64_t jl_rate_when(const jl_rate *r, double n, int64_t now) {
    if (r->per_second <= 0)
        return now;
    double want = n < r->burst ? n : r->burst;
    double missing = want - tokens_at(r, now);
    /* Rounded up, and a nanosecond more: at the time returned the tokens are there, whatever the rounding did. */
    return missing <= 0 ? now : now + 2 + (int64_t)(missing / r->per_second * (double)JL_SECOND);
}

void jl_rate_take(jl_rate *r, double n, int64_t now) {
    if (r->per_second <= 0)
        return;
    r->tokens = tokens_at(r, now) - n;
    r->at = now;
}
