/* Waits that double, up to a limit, and differ from each other. */
#include "unit/cmocka_all.h"

#include "base/clock.h"
#include "wire/retry.h"

static void each_wait_is_about_twice_the_last(void **state) {
    (void)state;
    jl_retry r;
    jl_retry_init(&r, JL_SECOND / 4, 10 * JL_SECOND);
    static const int64_t middle[] = {250, 500, 1000, 2000, 4000, 8000, 10000, 10000, 10000};
    for (unsigned round = 0; round < 1000; round++)
        for (unsigned n = 1; n <= sizeof middle / sizeof *middle; n++) {
            int64_t wait = jl_retry_wait(&r, n), about = middle[n - 1] * JL_MILLISECOND;
            assert_true(wait >= about - about / 4);
            assert_true(wait < about + about / 4);
        }
}

static void waits_spread(void **state) {
    (void)state;
    jl_retry r;
    jl_retry_init(&r, JL_SECOND, JL_SECOND);
    int low = 0, high = 0;
    for (int i = 0; i < 1000; i++) {
        int64_t wait = jl_retry_wait(&r, 1);
        low += wait < JL_SECOND * 9 / 10;
        high += wait > JL_SECOND * 11 / 10;
    }
    /* A fifth and more of them in each outer part; far from certain limits for 1000 draws. */
    assert_in_range(low, 200, 400);
    assert_in_range(high, 200, 400);
}

static void any_number_of_attempts_is_within_the_limit(void **state) {
    (void)state;
    jl_retry r;
    jl_retry_init(&r, 1, INT64_MAX / 2);
    assert_true(jl_retry_wait(&r, 1) >= 0);
    assert_true(jl_retry_wait(&r, 4000000000U) <= INT64_MAX / 2 + INT64_MAX / 8);
    jl_retry_init(&r, 0, 0);
    assert_int_equal(jl_retry_wait(&r, 3), 0);
    jl_retry_init(&r, 100, 10); /* a first wait over the limit */
    assert_true(jl_retry_wait(&r, 1) <= 12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wait_is_about_twice_the_last),
        cmocka_unit_test(waits_spread),
        cmocka_unit_test(any_number_of_attempts_is_within_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
