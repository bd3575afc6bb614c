/* How long to wait before asking again. */
#ifndef JL_WIRE_RETRY_H
#define JL_WIRE_RETRY_H

#include <stdint.h>

/* Exponential back-off with jitter: the n-th wait (n = 1, 2, …) is first * 2^(n-1), at most `most`, then spread evenly
   over [3/4, 5/4) of that, so that many who failed together do not come back together. Times in ns. */
typedef struct jl_retry {
    int64_t first, most;
    uint64_t random; /* state of the generator; jl_retry_init seeds it from the clock and the process id */
} jl_retry;

void jl_retry_init(jl_retry *r, int64_t first, int64_t most);
/* The wait before attempt `n` + 1, n >= 1. */
int64_t jl_retry_wait(jl_retry *r, unsigned n);

#endif
