/* The calendar against the C library's, and poll() timeouts. */
#include "unit/cmocka_all.h"

#include <limits.h>
#include <time.h>

#include "base/clock.h"

static void rfc3339_agrees_with_gmtime(void **state) {
    (void)state;
    /* A step that is no divisor of a day, over the whole range: years 1678 to 2262. */
    for (int64_t t = INT64_C(-9200000000); t <= INT64_C(9200000000); t += 86400 * 13 + 12345) {
        char got[21];
        char want[64];
        time_t seconds = (time_t)t;
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%SZ", &tm);
        jl_clock_rfc3339(t * JL_SECOND, got);
        assert_string_equal(got, want);
        jl_clock_rfc3339(t * JL_SECOND + JL_SECOND - 1, got);
        assert_string_equal(got, want);
    }
    char text[21];
    jl_clock_rfc3339(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    jl_clock_rfc3339(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    jl_clock_rfc3339(INT64_C(951782400) * JL_SECOND, text);
    assert_string_equal(text, "2000-02-29T00:00:00Z");
    jl_clock_rfc3339(INT64_MIN, text);
    assert_string_equal(text, "1677-09-21T00:12:43Z");
    jl_clock_rfc3339(INT64_MAX, text);
    assert_string_equal(text, "2262-04-11T23:47:16Z");
}

static void clocks_go_forward(void **state) {
    (void)state;
    int64_t now = jl_clock_now();
    int64_t cpu = jl_clock_cpu();
    int64_t wall = jl_clock_wall();
    assert_true(now > 0 && cpu >= 0 && wall > INT64_C(1600000000) * JL_SECOND);
    while (jl_clock_cpu() == cpu) { /* burns CPU until the clock has seen it */
    }
    assert_true(jl_clock_now() > now);
    assert_true(jl_clock_cpu() > cpu);
}

static void poll_never_wakes_too_early(void **state) {
    (void)state;
    assert_int_equal(jl_clock_poll_ms(-1), -1);
    assert_int_equal(jl_clock_poll_ms(0), 0);
    assert_int_equal(jl_clock_poll_ms(jl_clock_now() - 1), 0);
    assert_int_equal(jl_clock_poll_ms(INT64_MAX), INT_MAX);
    for (int i = 0; i < 1000; i++) {
        int64_t before = jl_clock_now();
        int64_t deadline = before + i * 100000;
        int ms = jl_clock_poll_ms(deadline);
        int64_t after = jl_clock_now();
        assert_true(after + ms * JL_MILLISECOND >= deadline);
        assert_true(before + (ms - 1) * JL_MILLISECOND < deadline || ms == 0);
    }
}

static void spans_of_time(void **state) {
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } want[] = {{0, "0.0s"},  {0.25, "0.2s"},  {9.94, "9.9s"}, {41, "41s"},       {60, "1m"},         {200, "3m 20s"},
                {3600, "1h"}, {3660, "1h 1m"}, {3659, "1h"},   {187200, "2d 4h"}, {86400 * 40, "40d"}};
    char text[32];
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_string_equal(jl_clock_span((int64_t)(want[i].seconds * 1e9), text), want[i].text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc3339_agrees_with_gmtime),
        cmocka_unit_test(clocks_go_forward),
        cmocka_unit_test(poll_never_wakes_too_early),
        cmocka_unit_test(spans_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
