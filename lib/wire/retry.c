/* Exponential back-off with jitter. */
#include <unistd.h>

#include "base/clock.h"
#include "wire/retry.h"

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void jl_retry_init(jl_retry *r, int64_t first, int64_t most) {
    *r = (jl_retry){.first = first, .most = most, .random = (uint64_t)jl_clock_now() ^ ((uint64_t)getpid() << 32)};
}

int64_t jl_retry_wait(jl_retry *r, unsigned n) {
    int64_t wait = r->first < r->most ? r->first : r->most;
    for (unsigned i = 1; i < n && wait < r->most; i++)
        wait = wait > r->most / 2 ? r->most : 2 * wait;
    uint64_t half = (uint64_t)(wait / 2);
    return wait - wait / 4 + (half ? (int64_t)(random_next(&r->random) % half) : 0);
}
