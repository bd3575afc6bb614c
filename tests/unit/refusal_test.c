/* A refusal says which limit it was, and whether to come back. */
#include "unit/cmocka_all.h"

#include "base/clock.h"
#include "gate/refusal.h"

static const char *say(jl_admission a, jl_class class) {
    static jl_err err;
    const jl_reserve r = {.endpoint = "page", .user = "ann"};
    memcpy(a.period, "2026-11-01", JL_PERIOD_SIZE);
    err = (jl_err){0};
    assert_int_equal(jl_refusal_say(&a, &r, "hasdata", &err), -1);
    assert_int_equal(err.class, class);
    return err.text;
}

static void comes_back(void **state) {
    (void)state;
    jl_admission a = {
        .refusal = JL_REFUSED_BUDGET, .wait = 41 * JL_SECOND, .committed = 1996, .budget = 2000, .worst = 5};
    assert_string_equal(say(a, JL_TEMPFAIL),
                        "hasdata: refused for the budget of 2026-11-01: 1,996 of 2,000 credits are spent or held, and "
                        "this call may cost 5; the next period begins in 41s");
    a.refusal = JL_REFUSED_USER;
    a.wait = 3600 * JL_SECOND;
    const char *text = say(a, JL_TEMPFAIL);
    assert_non_null(strstr(text, "the cap of user 'ann': 1,996 of 2,000"));
    assert_non_null(strstr(text, "the next period begins at 2"));
    a.refusal = JL_REFUSED_CONCURRENCY;
    a.wait = JL_SECOND / 5;
    assert_non_null(strstr(say(a, JL_TEMPFAIL), "ask again in 0.2s"));
}

static void never_fits(void **state) {
    (void)state;
    jl_admission a = {.refusal = JL_REFUSED_BUDGET, .wait = 86400 * JL_SECOND, .committed = 0, .budget = 3, .worst = 5};
    const char *text = say(a, JL_TEMPFAIL);
    assert_non_null(strstr(text, "never fits into the 3"));
    assert_null(strstr(text, "period begins"));
    a.budget = 5; /* exactly enough fits, once there is a new period */
    a.committed = 1;
    assert_null(strstr(say(a, JL_TEMPFAIL), "never"));
}

static void wants_a_change(void **state) {
    (void)state;
    jl_admission a = {.refusal = JL_REFUSED_PRICE, .wait = -1};
    assert_string_equal(say(a, JL_CONFIG), "hasdata: 'page' has no price here: credits set price.page=N");
    a.refusal = JL_REFUSED_BREAKER;
    assert_non_null(strstr(say(a, JL_TEMPFAIL), "credits breaker close"));
    a.refusal = JL_REFUSED_QUOTA;
    assert_non_null(strstr(say(a, JL_TEMPFAIL), "not before somebody changes something"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(never_fits),
        cmocka_unit_test(wants_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
