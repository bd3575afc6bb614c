/* A paid call's way through a real ledger in SQLite, whose leases end and whose process stands still. */
#include "unit/cmocka_all.h"

#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "contract/well.h"
#include "gate/account.h"
#include "gate/paid.h"
#include "scratch.h"

static int64_t ahead; /* ns */

int clock_gettime(clockid_t which, struct timespec *t) {
    if (syscall(SYS_clock_gettime, which, t) != 0)
        return -1;
    if (which == CLOCK_REALTIME || which == CLOCK_BOOTTIME || which == CLOCK_MONOTONIC) {
        int64_t ns = (int64_t)t->tv_sec * JL_SECOND + t->tv_nsec + ahead;
        *t = (struct timespec){ns / JL_SECOND, ns % JL_SECOND};
    }
    return 0;
}

static jl_ledger *real;
static bool stands_still, fails; /* behind a send; instead of a settle */

static int watch_reserve(jl_ledger *l, const jl_reserve *r, jl_admission *a, jl_err *err) {
    (void)l;
    return real->ops->reserve(real, r, a, err);
}

static int watch_send(jl_ledger *l, const char *id, int64_t *lease, jl_err *err) {
    (void)l;
    int rc = real->ops->send(real, id, lease, err);
    ahead += stands_still ? 3600 * JL_SECOND : 0;
    return rc;
}

static int watch_settle(jl_ledger *l, const jl_settle *s, jl_settled *done, jl_err *err) {
    (void)l;
    return fails ? jl_err_set(err, JL_UNAVAILABLE, "away") : real->ops->settle(real, s, done, err);
}

static const jl_ledger_ops watch_ops = {.reserve = watch_reserve, .send = watch_send, .settle = watch_settle};
static jl_ledger watched = {.ops = &watch_ops};

static int set_up(void **state) {
    static const jl_ledger_opener *const openers[] = {&jl_ledger_sqlite, NULL};
    static const char *const change[] = {"budget=100", "price.jobs=5:8", "concurrency=2", "hold=30s", "timeout=60s"};
    jl_err err = {0};
    jl_url url;
    (void)state;
    (void)unlink("ledger.db");
    ahead = 0;
    stands_still = fails = false;
    well(jl_url_parse(JL_SPAN("sqlite:ledger.db"), &url, &err), &err);
    real = jl_ledger_open(openers, &url, "p", 0, &err);
    assert_non_null(real);
    well(real->ops->set(real, change, sizeof change / sizeof *change, &err), &err);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    real->ops->close(real);
    return 0;
}

static jl_admission reserve(jl_paid *p) {
    const jl_reserve r = {.endpoint = "jobs", .user = "ann", .cost = -1};
    jl_admission a = {0};
    jl_err err = {0};
    well(jl_paid_reserve(p, &watched, &r, &a, &err), &err);
    return a;
}

static int64_t spent(void) {
    jl_account account;
    jl_err err = {0};
    well(real->ops->look(real, &account, &err), &err);
    int64_t credits = account.spent;
    jl_account_free(&account);
    return credits;
}

static void a_call_goes_its_way(void **state) {
    jl_paid p = {0};
    jl_settled done;
    jl_err err = {0};
    int64_t left = 0;
    (void)state;
    assert_int_equal(reserve(&p).refusal, JL_ADMITTED);
    assert_int_equal(p.worst, 8);
    assert_int_equal(jl_paid_send(&p, &left, &err), JL_PAID_LEAVES);
    assert_true(left > 60 * JL_SECOND - JL_SECOND); /* the timeout and its grace, less the moment that it took */
    well(jl_paid_settle(&p, JL_HOLD_SETTLED, -1, JL_CALL_WELL, &done, &err), &err);
    assert_int_equal(done.charged, 5);
    assert_int_equal(spent(), 5);
}

static void each_try_has_a_hold_of_its_own(void **state) {
    jl_paid p = {0};
    jl_settled done;
    jl_err err = {0};
    char first[JL_HOLD_ID_SIZE];
    (void)state;
    (void)reserve(&p);
    strcpy(first, p.id);
    well(jl_paid_settle(&p, JL_HOLD_VOID, 0, JL_CALL_NEUTRAL, &done, &err), &err);
    (void)reserve(&p);
    assert_string_not_equal(first, p.id);
}

static void a_hold_that_ended_is_taken_anew_but_not_for_ever(void **state) {
    jl_paid p = {0};
    jl_settled done;
    jl_err err = {0};
    int64_t left;
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 9; i++) {
            assert_int_equal(reserve(&p).refusal, JL_ADMITTED);
            ahead += 3600 * JL_SECOND;
            assert_int_equal(jl_paid_send(&p, &left, &err), JL_PAID_ANEW);
        }
        if (round == 0) { /* one that leaves ends the row */
            (void)reserve(&p);
            assert_int_equal(jl_paid_send(&p, &left, &err), JL_PAID_LEAVES);
            well(jl_paid_settle(&p, JL_HOLD_VOID, 0, JL_CALL_NEUTRAL, &done, &err), &err);
        }
    }
    (void)reserve(&p);
    ahead += 3600 * JL_SECOND;
    assert_int_equal(jl_paid_send(&p, &left, &err), JL_PAID_NEVER);
    assert_int_equal(err.class, JL_TEMPFAIL);
    assert_non_null(strstr(err.text, "credits set hold=TIME"));
    assert_int_equal(spent(), 0);
}

static void who_stood_still_sends_nothing(void **state) {
    jl_paid p = {0};
    jl_settled done;
    jl_err err = {0};
    int64_t left;
    (void)state;
    (void)reserve(&p);
    stands_still = true;
    assert_int_equal(jl_paid_send(&p, &left, &err), JL_PAID_STOOD);
    assert_int_equal(p.late, 0);
    well(jl_paid_settle(&p, JL_HOLD_UNCERTAIN, -1, JL_CALL_FAILED, &done, &err), &err);
    assert_int_equal(done.charged, 8);
}

static void a_full_gate_takes_no_hold(void **state) {
    jl_paid p[3] = {0};
    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(reserve(&p[i]).refusal, JL_ADMITTED);
    assert_int_equal(reserve(&p[2]).refusal, JL_REFUSED_CONCURRENCY);
    static const struct {
        int64_t wait, pause;
    } c[] = {{-1, JL_SECOND}, {0, JL_SECOND}, {1, 1}, {JL_SECOND - 1, JL_SECOND - 1}, {60 * JL_SECOND, JL_SECOND}};
    for (size_t i = 0; i < sizeof c / sizeof *c; i++)
        assert_int_equal(jl_paid_pause(&(jl_admission){.wait = c[i].wait}), c[i].pause);
}

static void what_cannot_be_settled_counts_as_its_worst(void **state) {
    jl_paid p = {0};
    jl_settled done;
    jl_err err = {0};
    int64_t left;
    (void)state;
    (void)reserve(&p);
    assert_int_equal(jl_paid_send(&p, &left, &err), JL_PAID_LEAVES);
    fails = true;
    assert_int_equal(jl_paid_settle(&p, JL_HOLD_SETTLED, 5, JL_CALL_WELL, &done, &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    assert_int_equal(done.charged, 8);
    ahead += 3600 * JL_SECOND;
    assert_int_equal(spent(), 8); /* by its lease */
}

/* The hold of a ledger that was lost is charged all the same, to who made the call. */
static void a_hold_that_was_lost_is_charged(void **state) {
    jl_paid p = {0};
    jl_settled done;
    jl_err err = {0};
    int64_t left;
    (void)reserve(&p);
    assert_int_equal(jl_paid_send(&p, &left, &err), JL_PAID_LEAVES);
    tear_down(state);
    set_up(state);
    well(jl_paid_settle(&p, JL_HOLD_SETTLED, -1, JL_CALL_WELL, &done, &err), &err);
    assert_true(done.lost);
    assert_int_equal(done.charged, 8);
    assert_int_equal(spent(), 8);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_call_goes_its_way),
        CASE(each_try_has_a_hold_of_its_own),
        CASE(a_hold_that_ended_is_taken_anew_but_not_for_ever),
        CASE(who_stood_still_sends_nothing),
        CASE(a_full_gate_takes_no_hold),
        CASE(what_cannot_be_settled_counts_as_its_worst),
        CASE(a_hold_that_was_lost_is_charged),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
