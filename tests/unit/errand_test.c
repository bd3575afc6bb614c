/* Commands run from start to end: what they get, how they ended, who ends them. */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "frame/errand.h"

static jl_errand_end run(const char *script, jl_span input, int64_t timeout) {
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    const jl_errand e = {.argv = argv, .feed = true, .input = input, .timeout = timeout};
    jl_errand_end end;
    jl_err err = {0};
    assert_int_equal(jl_errand_run(&e, &end, &err), 0);
    return end;
}

static void statuses_and_signals(void **state) {
    (void)state;
    jl_errand_end end = run("exit 0", JL_SPAN(""), 0);
    assert_true(end.status == 0 && end.signal == 0 && !end.timed_out);
    end = run("exit 75", JL_SPAN(""), 0);
    assert_true(end.status == 75 && end.signal == 0 && !end.timed_out);
    end = run("kill -9 $$", JL_SPAN(""), 0);
    assert_true(end.status == -1 && end.signal == SIGKILL && !end.timed_out);
}

static void what_cannot_be_run(void **state) {
    (void)state;
    char *argv[] = {"./no-such-command", NULL};
    const jl_errand e = {.argv = argv};
    jl_errand_end end;
    jl_err err = {0};
    assert_int_equal(jl_errand_run(&e, &end, &err), -1);
    assert_int_equal(err.class, JL_USAGE);
}

/* More than a pipe holds, to one that reads it all, and to one that reads none of it. */
static void large_input(void **state) {
    (void)state;
    const size_t n = 3 << 20;
    char *input = malloc(n);
    assert_non_null(input);
    memset(input, 'x', n);
    assert_int_equal(run("test $(wc -c) = 3145728", (jl_span){input, n}, 0).status, 0);
    assert_int_equal(run("exec <&-; exit 3", (jl_span){input, n}, 0).status, 3);
    free(input);
}

static void its_own_input_or_ours(void **state) {
    (void)state;
    assert_int_equal(run("test \"$(cat)\" = hello", JL_SPAN("hello\n"), 0).status, 0);
    char *argv[] = {"sh", "-c", "test \"$(cat)\" = ''", NULL};
    const jl_errand e = {.argv = argv};
    jl_errand_end end;
    jl_err err = {0};
    int kept = dup(STDIN_FILENO), nothing = open("/dev/null", O_RDONLY);
    assert_true(nothing >= 0 && dup2(nothing, STDIN_FILENO) == STDIN_FILENO);
    assert_int_equal(jl_errand_run(&e, &end, &err), 0);
    assert_int_equal(end.status, 0);
    if (kept >= 0)
        dup2(kept, STDIN_FILENO);
    close(nothing);
}

static void variables_that_are_kept_from_it(void **state) {
    (void)state;
    static const char *const unset[] = {"JL_TEST_SECRET", NULL};
    char *argv[] = {"sh", "-c", "test -z \"${JL_TEST_SECRET+set}\" && test -n \"${JL_TEST_SECRETARY+set}\"", NULL};
    const jl_errand e = {.argv = argv, .unset = unset};
    jl_errand_end end;
    jl_err err = {0};
    setenv("JL_TEST_SECRET", "x", 1);
    setenv("JL_TEST_SECRETARY", "x", 1);
    assert_int_equal(jl_errand_run(&e, &end, &err), 0);
    assert_int_equal(end.status, 0);
}

static void time_ends_it(void **state) {
    (void)state;
    jl_errand_end end = run("exec sleep 100", JL_SPAN(""), 50 * JL_MILLISECOND);
    assert_true(end.timed_out && end.signal == SIGTERM);
    /* It may still end well. */
    end = run("trap 'exit 4' TERM; while :; do sleep 0.01; done", JL_SPAN(""), 200 * JL_MILLISECOND);
    assert_true(end.timed_out && end.status == 4);
}

/* The last one: a stop is asked once and for all. */
static void a_stop_is_passed_on(void **state) {
    (void)state;
    jl_stop_ask(SIGTERM);
    jl_errand_end end = run("exec sleep 100", JL_SPAN(""), 0);
    assert_true(end.signal == SIGTERM && !end.timed_out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_and_signals),
        cmocka_unit_test(what_cannot_be_run),
        cmocka_unit_test(large_input),
        cmocka_unit_test(its_own_input_or_ours),
        cmocka_unit_test(variables_that_are_kept_from_it),
        cmocka_unit_test(time_ends_it),
        cmocka_unit_test(a_stop_is_passed_on),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
