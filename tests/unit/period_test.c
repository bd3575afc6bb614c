/* Where billing periods begin. */
#include "unit/cmocka_all.h"

#include <time.h>

#include "chance.h"
#include "gate/period.h"

#define DAY INT64_C(86400)

static int64_t at(int year, int month, int day, int64_t second) {
    struct tm t = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return timegm(&t) + second;
}

static void is(int64_t seconds, int anchor, const char *wanted) {
    char period[JL_PERIOD_SIZE];
    jl_period_of(seconds, anchor, period);
    assert_string_equal(period, wanted);
}

static void they_begin_on_the_anchor_day(void **state) {
    (void)state;
    is(at(2026, 11, 22, 50000), 1, "2026-11-01");
    is(at(2026, 11, 22, 50000), 22, "2026-11-22");
    is(at(2026, 11, 22, 50000), 23, "2026-10-23");
    is(at(2026, 11, 22, 0), 22, "2026-11-22");
    is(at(2026, 11, 21, DAY - 1), 22, "2026-10-22");
    is(at(2026, 1, 1, 0), 2, "2025-12-02");
    is(at(2026, 12, 31, DAY - 1), 1, "2026-12-01");
    is(at(2027, 1, 1, 0), 1, "2027-01-01");
}

static void shorter_months_have_a_last_day(void **state) {
    (void)state;
    is(at(2026, 2, 27, 0), 31, "2026-01-31");
    is(at(2026, 2, 28, 0), 31, "2026-02-28");
    is(at(2026, 3, 30, 0), 31, "2026-02-28");
    is(at(2026, 3, 31, 0), 31, "2026-03-31");
    is(at(2028, 2, 28, 0), 30, "2028-01-30");
    is(at(2028, 2, 29, 0), 30, "2028-02-29");
    is(at(2100, 2, 28, 0), 29, "2100-02-28");
    is(at(2000, 2, 28, 0), 29, "2000-01-29");
    is(at(2026, 4, 30, 0), 31, "2026-04-30");
}

static void starts_and_ends(void **state) {
    (void)state;
    assert_int_equal(jl_period_start("2026-11-01"), at(2026, 11, 1, 0));
    assert_int_equal(jl_period_end("2026-11-01", 1), at(2026, 12, 1, 0));
    assert_int_equal(jl_period_end("2026-12-15", 15), at(2027, 1, 15, 0));
    assert_int_equal(jl_period_end("2026-01-31", 31), at(2026, 2, 28, 0));
    assert_int_equal(jl_period_end("2026-02-28", 31), at(2026, 3, 31, 0));
    assert_int_equal(jl_period_end("2026-11-01", 15), at(2026, 11, 15, 0)); /* the anchor has changed */
}

static void before_and_behind_all_names(void **state) {
    (void)state;
    is(0, 1, "1970-01-01");
    is(-5, 1, "1970-01-01");
    is(INT64_MAX, 1, "9999-12-01");
}

/* Each moment is in the period that is said to contain it; the next one begins where it ends, and is later by name. */
static void without_gaps(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t i = 0; i < chance_rounds(20000); i++) {
        char period[JL_PERIOD_SIZE], next[JL_PERIOD_SIZE], last[JL_PERIOD_SIZE];
        int anchor = 1 + (int)chance_below(&c, 31);
        int64_t now = (int64_t)chance_below(&c, 5000000000u);
        jl_period_of(now, anchor, period);
        int64_t start = jl_period_start(period), end = jl_period_end(period, anchor);
        assert_true(start <= now || now < 31 * DAY);
        assert_true(now < end);
        assert_int_equal(start % DAY, 0);
        assert_in_range(end - start, 28 * DAY, 31 * DAY);
        jl_period_of(end, anchor, next);
        jl_period_of(end - 1, anchor, last);
        assert_int_equal(jl_period_start(next), end);
        assert_string_equal(last, period);
        assert_true(strcmp(period, next) < 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_begin_on_the_anchor_day),
        cmocka_unit_test(shorter_months_have_a_last_day),
        cmocka_unit_test(starts_and_ends),
        cmocka_unit_test(before_and_behind_all_names),
        cmocka_unit_test(without_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
