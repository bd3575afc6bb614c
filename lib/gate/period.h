/* Billing periods: months that begin on an anchor day, by date arithmetic alone. */
#ifndef JL_GATE_PERIOD_H
#define JL_GATE_PERIOD_H

#include <stdint.h>

#define JL_PERIOD_SIZE 11 /* "2026-11-01" and a NUL: the date of its first day, which is its name */

/* The period that contains this moment (seconds since 1970, UTC): of the days min(anchor, days of the month) of all
   months, the last one that is not after it. Names order as the periods do. 1 <= anchor <= 31. */
void jl_period_of(int64_t seconds, int anchor, char period[JL_PERIOD_SIZE]);
/* Its first second, and that of the next one. `period` is the text that jl_period_of gave. */
int64_t jl_period_start(const char *period);
int64_t jl_period_end(const char *period, int anchor);

#endif
