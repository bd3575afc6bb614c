/* Dates of postings: what is understood, what it is resolved to, what is not. */
#include "cmocka_all.h"

#include "base/clock.h"
#include "job/date.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* 2026-11-22T14:30:45.5Z */
#define NOW (INT64_C(1795357845) * JL_SECOND + JL_SECOND / 2)

static const struct {
    const char *text, *expected; /* NULL: not understood */
} dates[] = {
    {"2025-06-03", "2025-06-03T00:00:00Z"},
    {"2025-06-03T17:22:54.869Z", "2025-06-03T17:22:54Z"},
    {"2025-06-03T17:22:54Z", "2025-06-03T17:22:54Z"},
    {"2025-06-03t17:22:54z", "2025-06-03T17:22:54Z"},
    {"2025-06-03T17:22:54", "2025-06-03T17:22:54Z"},
    {"2025-06-03 17:22", "2025-06-03T17:22:00Z"},
    {"2024-06-12T23:59:59.9970", "2024-06-12T23:59:59Z"},
    {"2024-06-12T23:59:59.9999999", "2024-06-12T23:59:59Z"},
    {"2024-06-12T23:59:59.", "2024-06-12T23:59:59Z"},
    {"2024-06-12T23:59:59.999999999Z", "2024-06-12T23:59:59Z"},
    {"2024-06-12T23:59:59.9999999990Z", NULL},
    {"2025-06-03T01:00:00+02:00", "2025-06-02T23:00:00Z"},
    {"2025-06-03T01:00:00-0530", "2025-06-03T06:30:00Z"},
    {"2025-06-03T01:00:00+02", "2025-06-02T23:00:00Z"},
    {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"},
    {"2024-02-29", "2024-02-29T00:00:00Z"},
    {"2000-02-29", "2000-02-29T00:00:00Z"},
    {"2100-02-29", NULL},
    {"2025-02-29", NULL},
    {"2025-13-01", NULL},
    {"2025-00-01", NULL},
    {"2025-01-00", NULL},
    {"2025-04-31", NULL},
    {"2025-06-03T24:00:00Z", NULL},
    {"2025-06-03T12:60:00Z", NULL},
    {"2025-06-03T12:00:00+24:00", NULL},
    {"2025-06-03T12:00:00 UTC", NULL},
    {"2025-06-03Z", NULL},
    {"2025-6-3", NULL},
    {"0001-01-01T00:00:00", NULL},
    {"1969-12-31", NULL},
    {"2200-01-01", NULL},
    {"1970-01-01", "1970-01-01T00:00:00Z"},
    {"2199-12-31", "2199-12-31T00:00:00Z"},
    {"06/03/2025", NULL},
    {"30+ days ago", "2026-10-23T00:00:00Z"},
    {"30+ DAYS AGO", "2026-10-23T00:00:00Z"},
    {" 3 days ago\n", "2026-11-19T00:00:00Z"},
    {"1 day ago", "2026-11-21T00:00:00Z"},
    {"a day ago", "2026-11-21T00:00:00Z"},
    {"an hour ago", "2026-11-22T13:30:45Z"},
    {"Active 2 days ago", "2026-11-20T00:00:00Z"},
    {"EmployerActive 4 days ago", "2026-11-18T00:00:00Z"},
    {"Posted 5 hours ago", "2026-11-22T09:30:45Z"},
    {"Posted 30 minutes ago", "2026-11-22T14:00:45Z"},
    {"2 weeks ago", "2026-11-08T00:00:00Z"},
    {"1 month ago", "2026-10-23T00:00:00Z"},
    {"1 year ago", "2025-11-22T00:00:00Z"},
    {"24h", "2026-11-21T14:30:45Z"},
    {"24 h", "2026-11-21T14:30:45Z"},
    {"30d+", "2026-10-23T00:00:00Z"},
    {"30d", "2026-10-23T00:00:00Z"},
    {"2w", "2026-11-08T00:00:00Z"},
    {"Just posted", "2026-11-22T14:30:45Z"},
    {"just now", "2026-11-22T14:30:45Z"},
    {"Today", "2026-11-22T00:00:00Z"},
    {"Posted today", "2026-11-22T00:00:00Z"},
    {"Active today", "2026-11-22T00:00:00Z"},
    {"Yesterday", "2026-11-21T00:00:00Z"},
    {"Hiring ongoing", NULL},
    {"", NULL},
    {"   ", NULL},
    {"3", NULL},
    {"days ago", NULL},
    {"3 days", "2026-11-19T00:00:00Z"},
    {"3 days from now", NULL},
    {"in 3 days", NULL},
    {"3 moons ago", NULL},
    {"-3 days ago", NULL},
    {"99999 days ago", NULL},
    {"99999 years ago", NULL},
    {"36500 years ago", NULL},
    {"123456 days ago", NULL},
    {"posted posted posted", NULL},
};

static void dates_are_resolved(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(dates); ++i) {
        int64_t wall_ns = 0;
        char text[21] = "not understood";
        if (jl_date_read(jl_span_of(dates[i].text), NOW, &wall_ns))
            jl_clock_rfc3339(wall_ns, text);
        const char *expected = dates[i].expected ? dates[i].expected : "not understood";
        if (strcmp(text, expected) != 0)
            fail_msg("\"%s\": %s instead of %s", dates[i].text, text, expected);
    }
}

static void asking_twice_on_one_day_gives_one_answer(void **state) {
    (void)state;
    int64_t early, late;
    int64_t midnight = NOW - NOW % (86400 * JL_SECOND);
    assert_true(jl_date_read(JL_SPAN("3 days ago"), midnight, &early));
    assert_true(jl_date_read(JL_SPAN("3 days ago"), midnight + 86400 * JL_SECOND - 1, &late));
    assert_int_equal(early, late);
}

static void ages_are_midnights(void **state) {
    (void)state;
    int64_t wall_ns;
    char text[21];
    assert_true(jl_date_age(0, NOW, &wall_ns));
    jl_clock_rfc3339(wall_ns, text);
    assert_string_equal(text, "2026-11-22T00:00:00Z");
    assert_true(jl_date_age(31, NOW, &wall_ns));
    jl_clock_rfc3339(wall_ns, text);
    assert_string_equal(text, "2026-10-22T00:00:00Z");
    assert_false(jl_date_age(-1, NOW, &wall_ns));
    assert_false(jl_date_age(36501, NOW, &wall_ns));
    assert_false(jl_date_age(INT64_MAX, NOW, &wall_ns));
}

/* The calendar agrees with the one that writes dates. */
static void every_day_comes_back(void **state) {
    (void)state;
    for (int64_t day = 0; day < 84006; ++day) { /* to the end of 2199 */
        char text[21];
        int64_t wall_ns;
        jl_clock_rfc3339(day * 86400 * JL_SECOND, text);
        assert_true(jl_date_read((jl_span){text, 20}, NOW, &wall_ns));
        assert_int_equal(wall_ns, day * 86400 * JL_SECOND);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_resolved),
        cmocka_unit_test(asking_twice_on_one_day_gives_one_answer),
        cmocka_unit_test(ages_are_midnights),
        cmocka_unit_test(every_day_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
