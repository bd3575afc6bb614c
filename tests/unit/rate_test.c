/* The token bucket, on a clock that the test turns. */
#include "unit/cmocka_all.h"

#include "base/clock.h"
#include "chance.h"
#include "wire/rate.h"

static void starts_full(void **state) {
    (void)state;
    jl_rate r;
    jl_rate_init(&r, 1000, 100, 5);
    assert_int_equal(jl_rate_when(&r, 100, 5), 5);
    jl_rate_take(&r, 100, 5);
    int64_t when = jl_rate_when(&r, 100, 5);
    assert_in_range(when - 5, JL_SECOND / 10, JL_SECOND / 10 + 10);
    assert_in_range(jl_rate_when(&r, 1, 5) - 5, JL_SECOND / 1000, JL_SECOND / 1000 + 10);
}

static void never_holds_more_than_the_burst(void **state) {
    (void)state;
    jl_rate r;
    jl_rate_init(&r, 1000, 100, 0);
    int64_t later = 3600 * JL_SECOND;
    jl_rate_take(&r, 100, later);
    assert_true(jl_rate_when(&r, 50, later) > later);
}

static void no_limit_is_no_limit(void **state) {
    (void)state;
    jl_rate r;
    jl_rate_init(&r, 0, 100, 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(jl_rate_when(&r, 1e9, 7), 7);
        jl_rate_take(&r, 1e9, 7);
    }
}

static void more_than_the_burst_waits_for_a_full_bucket_and_is_paid_back(void **state) {
    (void)state;
    jl_rate r;
    jl_rate_init(&r, 10, 5, 0);
    assert_int_equal(jl_rate_when(&r, 20, 0), 0);
    jl_rate_take(&r, 20, 0); /* 15 in debt */
    assert_in_range(jl_rate_when(&r, 5, 0), 2 * JL_SECOND, 2 * JL_SECOND + 10);
}

/* Whoever waits as long as told finds the tokens, and no interval sees more than burst + rate × time. */
static void the_long_run_keeps_the_rate(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t round = 0; round < chance_rounds(50); round++) {
        double rate = 1 + (double)chance_below(&c, 100000), burst = 1 + (double)chance_below(&c, 2000);
        int64_t start = (int64_t)chance_below(&c, 1000000), now = start;
        double taken = 0;
        jl_rate r;
        jl_rate_init(&r, rate, burst, now);
        for (int i = 0; i < 2000; i++) {
            double n = 1 + (double)chance_below(&c, (size_t)burst);
            int64_t when = jl_rate_when(&r, n, now);
            assert_true(when >= now);
            assert_int_equal(jl_rate_when(&r, n, when), when);
            now = when;
            jl_rate_take(&r, n, now);
            taken += n;
            assert_true(taken <= burst + rate * (double)(now - start) / (double)JL_SECOND + 1);
        }
        /* And it is not slower either. */
        double allowed = burst + rate * (double)(now - start) / (double)JL_SECOND;
        assert_true(taken >= allowed - 2 * burst - 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_full),
        cmocka_unit_test(never_holds_more_than_the_burst),
        cmocka_unit_test(no_limit_is_no_limit),
        cmocka_unit_test(more_than_the_burst_waits_for_a_full_bucket_and_is_paid_back),
        cmocka_unit_test(the_long_run_keeps_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
