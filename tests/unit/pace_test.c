/* The arithmetic of a shared pace, on a clock that the test turns. */
#include "unit/cmocka_all.h"

#include "base/clock.h"
#include "chance.h"
#include "pace/store.h"

#define TURNS 400

static void the_first_leaves_at_once_the_next_behind_it(void **state) {
    (void)state;
    int64_t taken = 0;
    assert_int_equal(jl_pace_turn(&taken, 1000, 50), 0);
    assert_int_equal(taken, 1050);
    assert_int_equal(jl_pace_turn(&taken, 1000, 7), 50);
    assert_int_equal(jl_pace_turn(&taken, 1049, 1), 8);
    assert_int_equal(jl_pace_turn(&taken, 1058, 0), 0);
    assert_int_equal(jl_pace_turn(&taken, 1058, 5), 0);
}

static void a_pause_is_not_saved_up(void **state) {
    (void)state;
    int64_t taken = 0;
    assert_int_equal(jl_pace_turn(&taken, JL_SECOND, JL_SECOND), 0);
    int64_t later = 3600 * JL_SECOND;
    assert_int_equal(jl_pace_turn(&taken, later, JL_SECOND), 0);
    assert_int_equal(jl_pace_turn(&taken, later, JL_SECOND), JL_SECOND);
}

static void costs_are_rounded_up(void **state) {
    (void)state;
    assert_int_equal(jl_pace_cost(1000, 1000), JL_SECOND);
    assert_int_equal(jl_pace_cost(1, 3), 333333334);
    assert_int_equal(jl_pace_cost(0, 3), 0);
    assert_int_equal(jl_pace_cost(1, 1e12), 1);
    assert_int_equal(jl_pace_cost(1, 1e300), 1);
    assert_int_equal(jl_pace_cost(1e300, 1), jl_pace_cost(1e9, 1)); /* at the ceiling */
}

/* However absurd what is asked, sums do not overflow and time goes forward. */
static void there_is_an_end_to_credit(void **state) {
    (void)state;
    int64_t taken = 0;
    for (int i = 0; i < 100000; i++) {
        int64_t before = taken;
        assert_true(jl_pace_turn(&taken, 5, jl_pace_cost(1e18, 1)) >= 0);
        assert_true(taken >= before);
    }
}

/* Whoever comes, at whatever rate of its own: any window sees what costs as much as it lasts, and one more; and nobody
   waits while nothing is paid for. */
static void every_window_keeps_the_pace(void **state) {
    (void)state;
    chance c = chance_seeded();
    static int64_t at[TURNS], cost[TURNS];
    for (size_t round = 0; round < chance_rounds(30); round++) {
        int64_t now = (int64_t)chance_below(&c, 1000000), taken = 0, paid = 0;
        size_t crowd = 1 + chance_below(&c, 5);
        for (size_t i = 0; i < TURNS; i++) {
            cost[i] = jl_pace_cost((double)(1 + chance_below(&c, 1000)), (double)(1 + chance_below(&c, 5000)));
            at[i] = now + jl_pace_turn(&taken, now, cost[i]);
            assert_int_equal(at[i], now > paid ? now : paid);
            paid = at[i] + cost[i];
            if (chance_below(&c, crowd) == 0)
                now += (int64_t)chance_below(&c, (size_t)(2 * cost[i] + 1));
        }
        for (size_t i = 0; i < TURNS; i++) {
            int64_t seen = 0;
            for (size_t j = i; j < TURNS; j++) {
                assert_true(seen <= at[j] - at[i]);
                seen += cost[j];
            }
        }
    }
}

static jl_pace_store *opened(const jl_url *url, const char *name, int64_t patience, jl_err *err) {
    static jl_pace_store store;
    (void)url;
    (void)name;
    (void)patience;
    (void)err;
    return &store;
}

static const jl_pace_opener one = {"one", NULL, opened}, other = {"other", NULL, opened};
static const jl_pace_opener *const openers[] = {&one, &other, NULL};

static void names_and_schemes(void **state) {
    (void)state;
    char long_name[JL_PACE_NAME_MAX + 2];
    memset(long_name, 'x', sizeof long_name);
    long_name[JL_PACE_NAME_MAX + 1] = '\0';
    const char *const bad[] = {"", "a b", "a:b", "a/b", "\xc3\xa4", long_name};
    jl_url url = {.scheme = "other"};
    jl_err err = {0};
    assert_non_null(jl_pace_store_open(openers, &url, "the.Model_v-2", 0, &err));
    assert_non_null(jl_pace_store_open(openers, &url, long_name + 1, 0, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(jl_pace_store_open(openers, &url, bad[i], 0, &err));
        assert_int_equal(err.class, JL_USAGE);
    }
    url = (jl_url){.scheme = "postgres"};
    assert_null(jl_pace_store_open(openers, &url, "model", 0, &err));
    assert_int_equal(err.class, JL_USAGE);
    assert_string_equal(err.text, "postgres: cannot keep a pace in this build, which has: one: other:");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_leaves_at_once_the_next_behind_it),
        cmocka_unit_test(a_pause_is_not_saved_up),
        cmocka_unit_test(costs_are_rounded_up),
        cmocka_unit_test(there_is_an_end_to_credit),
        cmocka_unit_test(every_window_keeps_the_pace),
        cmocka_unit_test(names_and_schemes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
