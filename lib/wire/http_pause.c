/* How long a server asks to be left alone. */
#include <time.h>

#include "base/clock.h"
#include "base/num.h"
#include "wire/http.h"

/* An HTTP date (RFC 9110, 5.6.7, the form that is sent), seconds since 1970; -1: it is none. */
static int64_t http_date(jl_span text) {
    struct tm tm = {0};
    char copy[40];
    if (text.n >= sizeof copy)
        return -1;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    const char *end = strptime(copy, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    return end && !*end ? (int64_t)timegm(&tm) : -1;
}

/* A date is reckoned from the reply's own, so that nobody's clock matters. */
static int64_t seconds_until(const jl_http_reply *reply, int64_t until) {
    jl_span date;
    int64_t now = jl_http_header(reply, "Date", &date) == 0 ? http_date(date) : -1;
    if (now < 0)
        now = jl_clock_wall() / JL_SECOND;
    return until > now ? until - now : 0;
}

int64_t jl_http_pause(const jl_http_reply *reply) {
    const int64_t most = JL_HTTP_PAUSE_MOST / JL_SECOND; /* the year 9999 does not fit into nanoseconds */
    uint64_t number;
    jl_span value;
    if (jl_http_header(reply, "Retry-After", &value) != 0)
        return 0;
    bool digits = value.n > 0 && value.p[0] >= '0' && value.p[0] <= '9';
    int64_t seconds = digits ? most : seconds_until(reply, http_date(value));
    if (digits && jl_num_u64(value, 0, (uint64_t)most, &number, NULL) == 0)
        seconds = (int64_t)number;
    return (seconds < most ? seconds : most) * JL_SECOND;
}
