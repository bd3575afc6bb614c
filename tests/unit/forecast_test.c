/* Where the pace of some days leads. */
#include "unit/cmocka_all.h"

#include "books/forecast.h"

#define NOV_1 INT64_C(1793491200) /* date -u -d 2026-11-01 +%s */
#define DAY INT64_C(86400)

/* On the 11th of a November that has 30 days. */
static jl_account account(int64_t budget, int64_t spent, int64_t held) {
    jl_account a = {.spent = spent, .held = held, .now_ms = (NOV_1 + 10 * DAY) * 1000};
    jl_account_default(&a.settings);
    a.settings.budget = budget;
    memcpy(a.period, "2026-11-01", JL_PERIOD_SIZE);
    memcpy(a.next, "2026-12-01", JL_PERIOD_SIZE);
    return a;
}

static const char *line(const jl_forecast *f, const jl_pace *p) {
    static char text[256];
    jl_buf out = {0};
    jl_err err = {0};
    assert_int_equal(jl_forecast_line(f, p, &out, &err), 0);
    snprintf(text, sizeof text, "%s", jl_buf_text(&out, &err));
    jl_buf_free(&out);
    return text;
}

static void lasts(void **state) {
    (void)state;
    jl_account a = account(10000, 1000, 0);
    jl_forecast f;
    jl_forecast_make(&f, &a, 7, 1400, (NOV_1 - 100 * DAY) * 1000);
    assert_int_equal(f.left, 9000);
    assert_true(f.recent.lasts);
    assert_int_equal(f.recent.spare, 9000 - 20 * 200);
    assert_true(f.period_so_far.lasts);
    assert_int_equal(f.period_so_far.spare, 9000 - 20 * 100);
    assert_string_equal(line(&f, &f.recent),
                        "at 200 credits a day (the last 7 days) the budget lasts the period, with 5,000 left");
}

static void ends(void **state) {
    (void)state;
    jl_account a = account(10000, 7500, 500);
    jl_forecast f;
    jl_forecast_make(&f, &a, 7, 5600, (NOV_1 - 100 * DAY) * 1000);
    assert_int_equal(f.left, 2000); /* what is held is gone, too */
    assert_false(f.recent.lasts);
    assert_int_equal(f.recent.ends, f.now + 2 * DAY + DAY / 2);
    assert_string_equal(line(&f, &f.recent),
                        "at 800 credits a day (the last 7 days) the budget ends on 2026-11-13 12:00 UTC");
    assert_string_equal(line(&f, &f.period_so_far),
                        "at 750 credits a day (this period so far) the budget ends on 2026-11-13 16:00 UTC");
}

static void exactly_enough_is_enough(void **state) {
    (void)state;
    jl_account a = account(10000, 6000, 0);
    jl_forecast f;
    jl_forecast_make(&f, &a, 5, 1000, 0);
    assert_true(f.recent.lasts);
    assert_int_equal(f.recent.spare, 0);
}

/* A young account is not looked back on for longer than it has been there. */
static void a_young_account(void **state) {
    (void)state;
    jl_account a = account(10000, 1900, 0);
    jl_forecast f;
    jl_buf out = {0};
    jl_err err = {0};
    jl_forecast_make(&f, &a, 30, 1900, (NOV_1 - 9 * DAY) * 1000);
    assert_non_null(strstr(line(&f, &f.recent), "at 100 credits a day (the 19.0 days since the account was made)"));
    assert_int_equal(jl_forecast_json(&f, &out, &err), 0);
    assert_non_null(strstr(jl_buf_text(&out, &err), "\"window_days\":19.000"));
    jl_forecast_make(&f, &a, 30, 1900, a.now_ms - 3600 * 1000);
    assert_non_null(strstr(line(&f, &f.recent), "at 1,900 credits a day (the account's first day)"));
    jl_forecast_make(&f, &a, 1, 1900, a.now_ms - 3600 * 1000);
    assert_non_null(strstr(line(&f, &f.recent), "(the last 1 day)"));
    jl_buf_free(&out);
}

static void nothing_spent_and_nothing_left(void **state) {
    (void)state;
    jl_account a = account(10000, 0, 0);
    jl_forecast f;
    jl_forecast_make(&f, &a, 7, 0, 0);
    assert_true(f.recent.lasts);
    assert_string_equal(line(&f, &f.recent), "nothing was spent (the last 7 days): the budget lasts the period");
    a = account(10000, 10010, 0); /* a call cost more than its worst case */
    jl_forecast_make(&f, &a, 7, 10010, 0);
    assert_int_equal(f.left, 0);
    assert_false(f.recent.lasts);
    assert_int_equal(f.recent.ends, f.now);
    assert_string_equal(line(&f, &f.recent), "nothing is left of the budget of 2026-11-01");
}

/* Two days old: its credits are spread over two days, not seven; one of an hour, over one. */
static void young_accounts(void **state) {
    (void)state;
    jl_account a = account(100000, 600, 0);
    jl_forecast f;
    jl_forecast_make(&f, &a, 7, 600, a.now_ms - 2 * DAY * 1000);
    assert_true(f.recent.days > 1.99 && f.recent.days < 2.01);
    assert_true(f.recent.per_day > 299.9 && f.recent.per_day < 300.1);
    assert_true(f.period_so_far.per_day > 299.9 && f.period_so_far.per_day < 300.1);
    jl_forecast_make(&f, &a, 7, 600, a.now_ms - 3600 * 1000);
    assert_true(f.recent.per_day > 599.9 && f.recent.per_day < 600.1);
}

/* Adjustments may have made it negative. */
static void a_negative_pace_is_none(void **state) {
    (void)state;
    jl_account a = account(1000, 10, 0);
    jl_forecast f;
    jl_forecast_make(&f, &a, 1, -500, 0);
    assert_true(f.recent.lasts);
    assert_int_equal(f.recent.spare, 990);
    assert_string_equal(line(&f, &f.recent), "nothing was spent (the last 1 day): the budget lasts the period");
}

static void as_json(void **state) {
    (void)state;
    jl_account a = account(10000, 7500, 500);
    jl_forecast f;
    jl_buf out = {0};
    jl_err err = {0};
    jl_forecast_make(&f, &a, 7, 5600, 0);
    assert_int_equal(jl_forecast_json(&f, &out, &err), 0);
    assert_string_equal(
        jl_buf_text(&out, &err),
        "{\"period\":\"2026-11-01\",\"period_ends_at\":\"2026-12-01T00:00:00Z\",\"budget\":10000,\"committed\":8000,"
        "\"left\":2000,\"window_days\":7.000,\"recent\":{\"credits\":5600,\"days\":7.000,\"per_day\":800.0,\"lasts\":"
        "false,"
        "\"ends_at\":\"2026-11-13T12:00:00Z\"},\"period_so_far\":{\"credits\":7500,\"days\":10.000,\"per_day\":750.0,"
        "\"lasts\":false,\"ends_at\":\"2026-11-13T16:00:00Z\"}}\n");
    jl_buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lasts),
        cmocka_unit_test(ends),
        cmocka_unit_test(exactly_enough_is_enough),
        cmocka_unit_test(a_young_account),
        cmocka_unit_test(nothing_spent_and_nothing_left),
        cmocka_unit_test(young_accounts),
        cmocka_unit_test(a_negative_pace_is_none),
        cmocka_unit_test(as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
