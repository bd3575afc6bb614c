/* The two clocks: one that only goes forward, for waiting, and the one on the wall, for records. */
#ifndef JL_BASE_CLOCK_H
#define JL_BASE_CLOCK_H

#include <stdint.h>

#define JL_SECOND INT64_C(1000000000) /* in ns */
#define JL_MILLISECOND INT64_C(1000000)

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t jl_clock_now(void);
/* Nanoseconds since 1970, UTC. */
int64_t jl_clock_wall(void);
/* CPU nanoseconds, user and system, of this process. */
int64_t jl_clock_cpu(void);
/* RFC 3339 in UTC with seconds, "2026-11-22T04:45:00Z"; `text` holds at least 21 bytes. */
void jl_clock_rfc3339(int64_t wall_ns, char text[21]);
/* Milliseconds to hand to poll() so that it wakes not before `deadline` (monotonic ns; -1 = never → -1). */
int jl_clock_poll_ms(int64_t deadline);

/* "41s", "3m 20s", "2d 4h": a span of time for people. Returns `text`. */
const char *jl_clock_span(int64_t ns, char text[32]);

#endif
