/* What the ledger decides, case by case, on numbers that the test gives. */
#include "unit/cmocka_all.h"

#include <time.h>

#include "base/clock.h"
#include "chance.h"
#include "gate/rules.h"

#define DAY INT64_C(86400)

static int64_t ms_of(int year, int month, int day, int64_t second) {
    struct tm t = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return (timegm(&t) + second) * 1000;
}

static jl_settings settings_of(const char *const *change) {
    jl_settings s;
    jl_err err = {0};
    jl_account_default(&s);
    for (; *change; change++)
        if (jl_account_set(&s, *change, &err) != 0)
            fail_msg("%s", err.text);
    return s;
}
#define settings(...) settings_of((const char *const[]){__VA_ARGS__, NULL})

static const jl_reserve any_call = {.id = "", .endpoint = "page", .user = "ann", .cost = 5};

static jl_standing quiet(const jl_settings *s) {
    jl_standing q = {.settings = s, .period = "2026-11-01", .reach = "2026-11-01", .period_left = 700 * JL_SECOND};
    return q;
}

static jl_admission decide(jl_standing *s, const jl_reserve *r) {
    jl_admission a;
    jl_rules_reserve(s, r, &a);
    return a;
}

/* ---- admission ---- */

static void prices(void **state) {
    (void)state;
    jl_settings s = settings("price.page=5:15");
    int64_t normal = -7, worst = -7;
    jl_reserve r = {.endpoint = "page", .user = "", .cost = -1};
    assert_true(jl_rules_price(&s, &r, &normal, &worst));
    assert_int_equal(normal, 5);
    assert_int_equal(worst, 15);
    r.cost = 3; /* who names a cost knows it better */
    assert_true(jl_rules_price(&s, &r, &normal, &worst));
    assert_int_equal(normal, 3);
    assert_int_equal(worst, 3);
    r = (jl_reserve){.endpoint = "pages", .user = "", .cost = -1};
    assert_false(jl_rules_price(&s, &r, &normal, &worst));
    jl_standing q = quiet(&s);
    jl_admission a = decide(&q, &r);
    assert_int_equal(a.refusal, JL_REFUSED_PRICE);
    assert_int_equal(a.wait, -1);
}

static void budgets(void **state) {
    (void)state;
    jl_settings s = settings("budget=100", "priority-share=33");
    assert_int_equal(jl_rules_budget(&s, true), 100);
    assert_int_equal(jl_rules_budget(&s, false), 67);
    jl_standing q = quiet(&s);
    q.committed = 62;
    assert_int_equal(decide(&q, &any_call).committed, 67);
    q.committed = 63;
    jl_admission a = decide(&q, &any_call);
    assert_int_equal(a.refusal, JL_REFUSED_BUDGET);
    assert_int_equal(a.wait, q.period_left);
    assert_int_equal(a.committed, 63);
    assert_int_equal(a.budget, 67);
    s = settings("budget=1000000000000", "priority-share=1");
    assert_int_equal(jl_rules_budget(&s, false), 990000000000);
    s = settings("budget=0");
    q = quiet(&s);
    jl_reserve r = any_call;
    r.cost = 0;
    assert_int_equal(decide(&q, &r).refusal, JL_ADMITTED);
    r.cost = 1;
    assert_int_equal(decide(&q, &r).refusal, JL_REFUSED_BUDGET);
}

/* Both periods must have room. */
static void across_the_end(void **state) {
    (void)state;
    jl_settings s = settings("budget=100");
    jl_standing q = quiet(&s);
    memcpy(q.reach, "2026-12-01", JL_PERIOD_SIZE);
    q.committed = q.committed_reach = 95;
    assert_int_equal(decide(&q, &any_call).refusal, JL_ADMITTED);
    q.committed_reach = 96;
    jl_admission a = decide(&q, &any_call);
    assert_int_equal(a.refusal, JL_REFUSED_BUDGET);
    assert_string_equal(a.period, "2026-12-01");
    assert_int_equal(a.committed, 96);
    memcpy(q.reach, "2026-11-01", JL_PERIOD_SIZE);
    assert_int_equal(decide(&q, &any_call).refusal, JL_ADMITTED);
}

static void users(void **state) {
    (void)state;
    jl_settings s = settings("user-cap=10");
    jl_standing q = quiet(&s);
    q.user_spent = 3;
    q.user_held = 2;
    assert_int_equal(decide(&q, &any_call).refusal, JL_ADMITTED);
    q.user_held = 3;
    jl_admission a = decide(&q, &any_call);
    assert_int_equal(a.refusal, JL_REFUSED_USER);
    assert_int_equal(a.committed, 6);
    assert_int_equal(a.budget, 10);
    jl_reserve r = any_call;
    r.user = "";
    assert_int_equal(decide(&q, &r).refusal, JL_ADMITTED);
}

static void at_once(void **state) {
    (void)state;
    jl_settings s = settings("concurrency=2");
    jl_standing q = quiet(&s);
    q.live = 1;
    assert_int_equal(decide(&q, &any_call).refusal, JL_ADMITTED);
    q.live = 2;
    q.first_lease_ends = JL_SECOND;
    jl_admission a = decide(&q, &any_call);
    assert_int_equal(a.refusal, JL_REFUSED_CONCURRENCY);
    assert_int_equal(a.wait, JL_SECOND / 5);
    q.first_lease_ends = 1000;
    assert_int_equal(decide(&q, &any_call).wait, 1000);
}

/* In no window do more leave than the rate and the burst allow; who is refused and comes again in time is admitted. */
static void the_rate(void **state) {
    (void)state;
    chance c = chance_seeded();
    static int64_t at[600];
    for (size_t round = 0; round < chance_rounds(40); round++) {
        char rate[32], burst[32];
        unsigned tenths = 1 + (unsigned)chance_below(&c, 300), most = 1 + (unsigned)chance_below(&c, 6);
        snprintf(rate, sizeof rate, "rate=%u.%u", tenths / 10, tenths % 10);
        snprintf(burst, sizeof burst, "burst=%u", most);
        jl_settings s = settings(rate, burst);
        int64_t now = 0, arrival = 0, apart = JL_SECOND * 10 / tenths;
        size_t n = 0;
        while (n < sizeof at / sizeof *at) {
            jl_standing q = quiet(&s);
            q.ahead = arrival > now ? arrival - now : 0;
            jl_admission a = decide(&q, &any_call);
            if (a.refusal == JL_ADMITTED) {
                arrival = now + q.ahead;
                at[n++] = now;
                now += chance_below(&c, 4) ? 0 : (int64_t)chance_below(&c, (size_t)(3 * apart));
                continue;
            }
            assert_int_equal(a.refusal, JL_REFUSED_RATE);
            assert_true(a.wait > 0);
            jl_standing again = quiet(&s);
            again.ahead = arrival - now - a.wait + 1;
            assert_int_equal(decide(&again, &any_call).refusal, JL_REFUSED_RATE);
            again.ahead = arrival > now + a.wait ? arrival - now - a.wait : 0;
            assert_int_equal(decide(&again, &any_call).refusal, JL_ADMITTED);
            now += a.wait;
        }
        for (size_t i = 0; i + most < n; i++)
            assert_true(at[i + most] - at[i] >= apart - 2);
    }
}

/* What the old rate had put off until the day after tomorrow. */
static void a_rate_that_was_set_higher(void **state) {
    (void)state;
    jl_settings s = settings("rate=10", "burst=3");
    jl_standing q = quiet(&s);
    q.ahead = 30000 * JL_SECOND;
    jl_admission a = decide(&q, &any_call);
    assert_int_equal(a.refusal, JL_REFUSED_RATE);
    assert_int_equal(a.wait, JL_SECOND / 10);
    q.ahead -= a.wait;
    assert_int_equal(decide(&q, &any_call).refusal, JL_ADMITTED);
    assert_int_equal(q.ahead, 3 * JL_SECOND / 10);
}

/* ---- periods ---- */

static void periods_and_reaches(void **state) {
    (void)state;
    char text[JL_PERIOD_SIZE];
    int64_t left;
    jl_settings s = settings("timeout=300s", "grace=30s", "hold=60s");
    jl_rules_period(&s, ms_of(2026, 11, 30, DAY - 10), text, &left);
    assert_string_equal(text, "2026-11-01");
    assert_int_equal(left, 10 * JL_SECOND);
    jl_rules_reach(&s, ms_of(2026, 11, 30, DAY - 391), false, text);
    assert_string_equal(text, "2026-11-01");
    jl_rules_reach(&s, ms_of(2026, 11, 30, DAY - 390), false, text);
    assert_string_equal(text, "2026-12-01");
    jl_rules_reach(&s, ms_of(2026, 11, 30, DAY - 331), true, text);
    assert_string_equal(text, "2026-11-01");
    jl_rules_reach(&s, ms_of(2026, 11, 30, DAY - 330), true, text);
    assert_string_equal(text, "2026-12-01");
}

/* What is admitted for a reach is sent within it, however long it waits for that. */
static void sent_within_the_reach(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t i = 0; i < chance_rounds(5000); i++) {
        char a[JL_PERIOD_SIZE], b[JL_PERIOD_SIZE], hold[40];
        snprintf(hold, sizeof hold, "hold=%ums", 1 + (unsigned)chance_below(&c, 100000000));
        jl_settings s = settings(hold, "timeout=1d");
        s.anchor = 1 + (int)chance_below(&c, 31);
        int64_t now = ms_of(2026, 1, 1, 0) + (int64_t)chance_below(&c, 100000000000u);
        jl_rules_reach(&s, now, false, a);
        jl_rules_reach(&s, now + (int64_t)chance_below(&c, (size_t)(s.hold / JL_MILLISECOND) + 1), true, b);
        assert_true(strcmp(b, a) <= 0);
    }
}

static int64_t spent_in(void *self, const char *period) {
    for (const char **p = self; *p; p += 2)
        if (strcmp(*p, period) == 0)
            return strtol(p[1], NULL, 10);
    return 0;
}

static int64_t carried(int before, int after, int day, const char **spent) {
    jl_settings a, b;
    jl_account_default(&a);
    b = a;
    a.anchor = before;
    b.anchor = after;
    return jl_rules_carry(&a, &b, ms_of(2026, 11, day, 0), spent_in, spent);
}

static void a_changed_anchor(void **state) {
    (void)state;
    const char *spent[] = {"2026-11-01", "60", "2026-10-01", "500", "2026-11-05", "50", NULL};
    assert_int_equal(carried(1, 1, 22, spent), 0);
    assert_int_equal(carried(1, 5, 22, spent), 10);
    assert_int_equal(carried(1, 6, 22, spent), 60);
    assert_int_equal(carried(1, 25, 22, spent), 560);
    assert_int_equal(carried(5, 1, 22, spent), 0); /* 60 are there already */
    spent[5] = "70";
    assert_int_equal(carried(5, 1, 22, spent), 10);
}

/* ---- the breaker ---- */

static const char *hear(jl_breaker *b, const jl_settings *s, jl_outcome o) {
    return jl_breaker_heard(b, s, o, false, 700 * JL_SECOND);
}

static void a_window_of_calls(void **state) {
    (void)state;
    uint32_t calls, failures;
    jl_settings s = settings("breaker-window=5", "breaker-calls=4", "breaker-rate=60", "breaker-cooldown=9s");
    jl_breaker b = {0};
    assert_null(hear(&b, &s, JL_CALL_FAILED));
    assert_null(hear(&b, &s, JL_CALL_FAILED));
    assert_null(hear(&b, &s, JL_CALL_FAILED));
    assert_null(hear(&b, &s, JL_CALL_NEUTRAL));
    jl_breaker_count(&b, &s, &calls, &failures);
    assert_int_equal(calls, 3);
    assert_int_equal(failures, 3);
    jl_breaker other = b;
    assert_string_equal(hear(&other, &s, JL_CALL_WELL), "open failures"); /* 75 of 100 */
    assert_int_equal(other.state, JL_BREAKER_OPEN);
    assert_int_equal(other.wait, 9 * JL_SECOND);
    s.breaker_rate = 76;
    assert_null(hear(&b, &s, JL_CALL_WELL));
    assert_null(hear(&b, &s, JL_CALL_WELL));
    assert_null(hear(&b, &s, JL_CALL_WELL)); /* the first failure falls out */
    jl_breaker_count(&b, &s, &calls, &failures);
    assert_int_equal(calls, 5);
    assert_int_equal(failures, 2);
    s.breaker_window = 2; /* a smaller window looks at the last ones */
    jl_breaker_count(&b, &s, &calls, &failures);
    assert_int_equal(calls, 2);
    assert_int_equal(failures, 0);
    assert_null(hear(&b, &s, JL_CALL_FAILED));
    s.breaker_rate = 100;
    assert_string_equal(hear(&b, &s, JL_CALL_FAILED), "open failures"); /* a full window, though calls wants more */
}

static void the_longest_window(void **state) {
    (void)state;
    uint32_t calls, failures;
    jl_settings s = settings("breaker-window=1000", "breaker-calls=1000", "breaker-rate=100");
    jl_breaker b = {0};
    for (int i = 0; i < 2500; i++)
        assert_null(hear(&b, &s, i % 2 ? JL_CALL_WELL : JL_CALL_FAILED));
    jl_breaker_count(&b, &s, &calls, &failures);
    assert_int_equal(calls, 1000);
    assert_int_equal(failures, 500);
}

static void half_open(void **state) {
    (void)state;
    jl_settings s = settings("breaker-probes=2", "breaker-calls=1", "breaker-cooldown=9s");
    jl_breaker b = {.state = JL_BREAKER_OPEN, .wait = 5};
    assert_null(jl_breaker_wake(&b));
    b.wait = 0;
    assert_string_equal(jl_breaker_wake(&b), "half-open");
    assert_null(jl_breaker_wake(&b));
    assert_null(hear(&b, &s, JL_CALL_FAILED)); /* none of the probes */
    assert_null(jl_breaker_heard(&b, &s, JL_CALL_WELL, true, 1));
    assert_null(jl_breaker_heard(&b, &s, JL_CALL_NEUTRAL, true, 1));
    jl_breaker again = b;
    assert_string_equal(jl_breaker_heard(&b, &s, JL_CALL_WELL, true, 1), "closed");
    assert_int_equal(b.state, JL_BREAKER_CLOSED);
    assert_string_equal(b.window, "");
    assert_string_equal(jl_breaker_heard(&again, &s, JL_CALL_FAILED, true, 1), "open failures");
    assert_int_equal(again.wait, 9 * JL_SECOND);
    again.wait = 0;
    assert_string_equal(jl_breaker_wake(&again), "half-open");
    assert_int_equal(again.probes_well, 0);

    jl_standing q = quiet(&s);
    q.breaker = again;
    q.probes = 1;
    jl_admission a = decide(&q, &any_call);
    assert_int_equal(a.refusal, JL_ADMITTED);
    assert_true(a.probe);
    q.probes = 2;
    q.first_probe_ends = 100 * JL_SECOND;
    a = decide(&q, &any_call);
    assert_int_equal(a.refusal, JL_REFUSED_BREAKER);
    assert_false(a.probe);
    assert_int_equal(a.wait, JL_SECOND);
    q.first_probe_ends = 7;
    assert_int_equal(decide(&q, &any_call).wait, 7);
}

static void quotas_and_persons(void **state) {
    (void)state;
    jl_settings s = settings("budget=100");
    jl_breaker b = {0};
    assert_string_equal(hear(&b, &s, JL_CALL_QUOTA), "open quota");
    assert_int_equal(b.why, JL_OPEN_QUOTA);
    assert_int_equal(b.wait, 700 * JL_SECOND);
    jl_standing q = quiet(&s);
    q.breaker = b;
    assert_int_equal(decide(&q, &any_call).refusal, JL_REFUSED_QUOTA);
    assert_int_equal(decide(&q, &any_call).wait, 700 * JL_SECOND);
    assert_null(hear(&b, &s, JL_CALL_QUOTA)); /* no news */
    assert_null(hear(&b, &s, JL_CALL_FAILED));
    assert_string_equal(jl_breaker_by_hand(&b, false, 0), "closed person");
    assert_null(jl_breaker_by_hand(&b, false, 0));
    assert_string_equal(hear(&b, &s, JL_CALL_QUOTA), "open quota");
    assert_string_equal(jl_breaker_by_hand(&b, true, 5), "open person");
    assert_int_equal(b.wait, 5);
    assert_string_equal(hear(&b, &s, JL_CALL_QUOTA), "open quota"); /* for longer than the person meant */
    assert_string_equal(jl_breaker_by_hand(&b, true, 0), "open person");
    assert_int_equal(b.wait, -1);
    assert_null(hear(&b, &s, JL_CALL_QUOTA)); /* the person meant it for longer */
    assert_null(jl_breaker_wake(&b));
    q.breaker = b;
    assert_int_equal(decide(&q, &any_call).refusal, JL_REFUSED_BREAKER);
    assert_int_equal(decide(&q, &any_call).wait, -1);
    b = (jl_breaker){.state = JL_BREAKER_OPEN, .why = JL_OPEN_FAILURES, .wait = 9000 * JL_SECOND};
    assert_string_equal(hear(&b, &s, JL_CALL_QUOTA), "open quota");
}

/* ---- the end of a hold ---- */

static int end(jl_hold_state before, int64_t charged, jl_hold_state to, int64_t cost, jl_ending *e) {
    jl_err err = {0};
    jl_settle s = {.id = "x", .to = to, .cost = cost, .by = "", .endpoint = "", .user = "", .worst = 20};
    return jl_rules_settle(before, charged, 5, 15, &s, e, &err);
}

static void ends(jl_hold_state before, int64_t charged, jl_hold_state to, int64_t cost, int64_t wanted,
                 int64_t difference) {
    jl_ending e;
    assert_int_equal(end(before, charged, to, cost, &e), 1);
    assert_int_equal(e.state, to);
    assert_int_equal(e.charged, wanted);
    assert_int_equal(e.difference, difference);
    assert_int_equal(e.kind, to == JL_HOLD_SETTLED ? JL_EVENT_SETTLE
                             : to == JL_HOLD_VOID  ? JL_EVENT_VOID
                                                   : JL_EVENT_UNCERTAIN);
}

static void all_ends(void **state) {
    (void)state;
    jl_ending e;
    static const jl_hold_state live[] = {JL_HOLD_RESERVED, JL_HOLD_SENT};
    static const jl_hold_state over[] = {JL_HOLD_SETTLED, JL_HOLD_VOID};
    for (size_t i = 0; i < 2; i++) {
        ends(live[i], 0, JL_HOLD_SETTLED, 7, 7, 7);
        ends(live[i], 0, JL_HOLD_SETTLED, -1, 5, 5);
        ends(live[i], 0, JL_HOLD_SETTLED, 700, 700, 700);
        ends(live[i], 0, JL_HOLD_VOID, 7, 0, 0);
        ends(live[i], 0, JL_HOLD_UNCERTAIN, 7, 15, 15);
        assert_int_equal(end(over[i], 7, JL_HOLD_SETTLED, 7, &e), 0);
        assert_int_equal(end(over[i], 7, JL_HOLD_VOID, 7, &e), 0);
        assert_int_equal(end(over[i], 7, JL_HOLD_UNCERTAIN, 7, &e), 0);
    }
    ends(JL_HOLD_UNCERTAIN, 15, JL_HOLD_SETTLED, 7, 7, -8);
    ends(JL_HOLD_UNCERTAIN, 15, JL_HOLD_SETTLED, -1, 5, -10);
    ends(JL_HOLD_UNCERTAIN, 15, JL_HOLD_SETTLED, 40, 40, 25);
    ends(JL_HOLD_UNCERTAIN, 15, JL_HOLD_VOID, 7, 0, -15);
    assert_int_equal(end(JL_HOLD_UNCERTAIN, 15, JL_HOLD_UNCERTAIN, 7, &e), 0);
    ends(JL_HOLD_NONE, 0, JL_HOLD_SETTLED, 7, 7, 7);
    ends(JL_HOLD_NONE, 0, JL_HOLD_SETTLED, -1, 20, 20);
    ends(JL_HOLD_NONE, 0, JL_HOLD_UNCERTAIN, 7, 20, 20);
    assert_int_equal(end(JL_HOLD_NONE, 0, JL_HOLD_VOID, 7, &e), 0);
    jl_rules_lapse(JL_HOLD_RESERVED, 15, &e);
    assert_int_equal(e.state, JL_HOLD_VOID);
    assert_int_equal(e.difference, 0);
    jl_rules_lapse(JL_HOLD_SENT, 15, &e);
    assert_int_equal(e.state, JL_HOLD_UNCERTAIN);
    assert_int_equal(e.charged, 15);
    assert_int_equal(e.difference, 15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices),
        cmocka_unit_test(budgets),
        cmocka_unit_test(across_the_end),
        cmocka_unit_test(users),
        cmocka_unit_test(at_once),
        cmocka_unit_test(the_rate),
        cmocka_unit_test(a_rate_that_was_set_higher),
        cmocka_unit_test(periods_and_reaches),
        cmocka_unit_test(sent_within_the_reach),
        cmocka_unit_test(a_changed_anchor),
        cmocka_unit_test(a_window_of_calls),
        cmocka_unit_test(the_longest_window),
        cmocka_unit_test(half_open),
        cmocka_unit_test(quotas_and_persons),
        cmocka_unit_test(all_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
