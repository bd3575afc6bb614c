/* Whether the cache's answer is good enough, what to buy when it is not. */
#ifndef JL_MATCH_NEED_H
#define JL_MATCH_NEED_H

#include "match/score.h"

typedef struct jl_enough {
    double floor;   /* a job counts as found from this score on: 40 */
    double best;    /* 60 */
    uint64_t found; /* 100 */
} jl_enough;

/* Poor: (best < enough.best and found < enough.found) or found < top. */
bool jl_need_poor(const jl_enough *enough, double best, uint64_t found, uint64_t top);

/* Appends the discovery requests for hd-fetch listing, a line each:
   {"keyword":…,"location":…}, at most `max`, the most telling first: from the
   profile's titles, skills, locations (preferences first; "Remote" when only
   remote jobs are wanted). -1: memory, or JL_DATA when the profile gives no
   keyword. */
int jl_need_requests(const jl_profile *profile, size_t max, jl_buf *out, size_t *n, jl_err *err);

#endif
