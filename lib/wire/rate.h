/* A token bucket: so many things a second, in bursts of at most so many. */
#ifndef JL_WIRE_RATE_H
#define JL_WIRE_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* Starts full. Times are monotonic ns. */
typedef struct jl_rate {
    double per_second; /* 0 = no limit */
    double burst;      /* the most that the bucket holds */
    double tokens;     /* at `at` */
    int64_t at;
} jl_rate;

void jl_rate_init(jl_rate *r, double per_second, double burst, int64_t now);
/* When `n` tokens will be there (`now` or earlier = they are). More than a full bucket counts as a full bucket. */
int64_t jl_rate_when(const jl_rate *r, double n, int64_t now);
/* Takes them, if need be on credit: a debt delays later ones, so that the long-run rate holds whatever `n` is. */
void jl_rate_take(jl_rate *r, double n, int64_t now);

#endif
