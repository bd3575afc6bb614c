/* The two clocks of the kernel, as nanoseconds. */
#include "base/clock.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t id) {
    struct timespec t;
    /* Cannot fail: the clocks named here exist on every Linux, and `t` is ours. */
    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * JL_SECOND + t.tv_nsec;
}

int64_t jl_clock_now(void) {
    return read_clock(CLOCK_MONOTONIC);
}

int64_t jl_clock_wall(void) {
    return read_clock(CLOCK_REALTIME);
}

int64_t jl_clock_cpu(void) {
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* gmtime_r would read the time zone files first. The calendar here is the proleptic Gregorian one in eras of 400
   years that begin on 1 March: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. */
void jl_clock_rfc3339(int64_t wall_ns, char text[21]) {
    static const int64_t day = 86400;
    int64_t seconds = wall_ns / JL_SECOND - (wall_ns % JL_SECOND < 0);
    int64_t of_day = ((seconds % day) + day) % day;
    int64_t days = (seconds - of_day) / day + 719468; /* since 0000-03-01 */

    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * of_year + 2) / 153;
    int64_t date = of_year - (153 * month_from_march + 2) / 5 + 1;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);

    /* int64_t nanoseconds span the years 1677 to 2262, so the text always has 20 bytes; the compiler does not know. */
    char wide[96];
    snprintf(wide, sizeof wide, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month, (int)date,
             (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60));
    snprintf(text, 21, "%.20s", wide);
}

int jl_clock_poll_ms(int64_t deadline) {
    if (deadline < 0)
        return -1;
    int64_t left = deadline - jl_clock_now();
    if (left <= 0)
        return 0;
    int64_t ms = left / JL_MILLISECOND + (left % JL_MILLISECOND != 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

const char *jl_clock_span(int64_t ns, char text[32]) {
    static const struct {
        int64_t s;
        const char *name;
    } unit[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    int64_t s = ns / JL_SECOND;
    if (ns < 10 * JL_SECOND) {
        (void)snprintf(text, 32, "%.1fs", (double)(ns > 0 ? ns : 0) / (double)JL_SECOND);
        return text;
    }
    size_t i = 0;
    while (s < unit[i].s)
        i++;
    int n = snprintf(text, 32, "%" PRId64 "%s", s / unit[i].s, unit[i].name);
    if (i < 3 && s % unit[i].s / unit[i + 1].s)
        (void)snprintf(text + n, 32 - (size_t)n, " %" PRId64 "%s", s % unit[i].s / unit[i + 1].s, unit[i + 1].name);
    return text;
}
