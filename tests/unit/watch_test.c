/* What is news, and what names it. */
#include "unit/cmocka_all.h"

#include "books/status.h"
#include "books/watch.h"

#define NOV_1 (INT64_C(1793491200) * 1000) /* date -u -d 2026-11-01 +%s */
#define DAY_MS (INT64_C(86400) * 1000)

static jl_account account(int64_t now_ms, jl_period_sum *sum, size_t sums) {
    jl_account a = {.now_ms = now_ms, .sum = sum, .sums = sums};
    jl_account_default(&a.settings);
    a.settings.budget = 1000;
    memcpy(a.period, "2026-11-01", JL_PERIOD_SIZE);
    memcpy(a.next, "2026-12-01", JL_PERIOD_SIZE);
    a.spent = sums ? sum[0].spent : 0;
    return a;
}

static jl_watch watch(const jl_account *a) {
    jl_watch w = {0};
    jl_err err = {0};
    assert_int_equal(jl_watch_account(&w, a, &err), 0);
    return w;
}

static void thresholds(void **state) {
    (void)state;
    jl_period_sum sum[] = {{.period = "2026-11-01", .spent = 699},
                           {.period = "2026-11-01", .user = "ann", .spent = 999}};
    jl_account a = account(NOV_1, sum, 2);
    jl_watch w = watch(&a);
    assert_int_equal(w.n, 0);
    sum[0].spent = 700;
    w = watch(&a);
    assert_int_equal(w.n, 1);
    assert_string_equal(w.notice[0].key, "alert:2026-11-01:70");
    jl_watch_free(&w);
    sum[0].spent = 5000;
    w = watch(&a);
    assert_int_equal(w.n, 2);
    assert_string_equal(w.notice[1].key, "alert:2026-11-01:90");
    jl_watch_free(&w);
    a.settings.budget = 0; /* nothing is a percent of nothing */
    w = watch(&a);
    assert_int_equal(w.n, 0);
}

/* Whoever looks every few minutes, or every few days, must not miss what the last minutes of a period brought. */
static void the_period_before_is_news_for_a_week(void **state) {
    (void)state;
    jl_period_sum sum[] = {{.period = "2026-11-01", .spent = 0}, {.period = "2026-10-01", .spent = 950}};
    jl_account a = account(NOV_1 + 7 * DAY_MS - 1, sum, 2);
    jl_watch w = watch(&a);
    assert_int_equal(w.n, 2);
    assert_string_equal(w.notice[0].key, "alert:2026-10-01:70");
    jl_watch_free(&w);
    a.now_ms++;
    w = watch(&a);
    assert_int_equal(w.n, 0);
}

static void uncertain_calls(void **state) {
    (void)state;
    jl_hold hold[] = {
        {.id = "0123456789abcdef0123456789abcdef", .state = JL_HOLD_SENT, .worst = 5},
        {.id = "00000000000000000000000000000001", .state = JL_HOLD_UNCERTAIN, .worst = 15, .user = "\x1b"}};
    jl_account a = account(NOV_1, NULL, 0);
    a.hold = hold;
    a.holds = 2;
    jl_watch w = watch(&a);
    jl_buf out = {0};
    jl_err err = {0};
    assert_int_equal(w.n, 1);
    assert_string_equal(w.notice[0].key, "uncertain:00000000000000000000000000000001");
    assert_int_equal(jl_notice_json(&w.notice[0], "hasdata", &out, &err), 0);
    assert_string_equal(
        jl_buf_text(&out, &err),
        "{\"notice\":\"uncertain\",\"provider\":\"hasdata\",\"text\":\"hasdata: nobody knows what became "
        "of call 00000000000000000000000000000001: it was charged 15 credits\",\"id\":"
        "\"00000000000000000000000000000001\",\"endpoint\":\"\",\"user\":\"\\u001b\",\"credits\":15}");
    jl_buf_free(&out);
    jl_watch_free(&w);
}

static void openings(void **state) {
    (void)state;
    static const char *const note[] = {"open failures", "half-open",   "closed",
                                       "open quota",    "open person", "closed person"};
    jl_watch w = {0};
    jl_err err = {0};
    for (size_t i = 0; i < sizeof note / sizeof *note; i++) {
        const jl_event e = {.seq = i + 7, .at_ms = 1000 + (int64_t)i, .kind = JL_EVENT_BREAKER, .note = note[i]};
        assert_int_equal(jl_watch_event(&w, &e, &err), 0);
    }
    const jl_event other = {.kind = JL_EVENT_SET, .note = "open "};
    assert_int_equal(jl_watch_event(&w, &other, &err), 0);
    assert_int_equal(w.n, 3);
    assert_string_equal(w.notice[0].key, "breaker:7:1000");
    assert_string_equal(w.notice[1].why, "quota");
    assert_string_equal(w.notice[2].why, "person");
    jl_watch_free(&w);
}

/* The longest keys still have room for the way before them. */
static void keys_fit_into_a_ledger(void **state) {
    (void)state;
    jl_watch w = {0};
    jl_err err = {0};
    const jl_event e = {.seq = UINT64_MAX, .at_ms = INT64_MAX, .kind = JL_EVENT_BREAKER, .note = "open failures"};
    assert_int_equal(jl_watch_event(&w, &e, &err), 0);
    assert_true(strlen(w.notice[0].key) + strlen("webhook:") <= JL_NOTICE_MAX);
    jl_watch_free(&w);
}

/* ---- what would be refused ---- */

static jl_refusal refuses(const jl_account *a, const char *endpoint) {
    jl_admission said;
    return jl_status_refuses(a, endpoint, &said);
}

static void refusals(void **state) {
    (void)state;
    jl_period_sum sum[] = {{.period = "2026-11-01", .spent = 994}};
    jl_account a = account(NOV_1 + DAY_MS, sum, 1);
    assert_int_equal(refuses(&a, NULL), JL_ADMITTED);
    assert_int_equal(refuses(&a, "page"), JL_REFUSED_PRICE);
    jl_err err = {0};
    assert_int_equal(jl_account_set(&a.settings, "price.page=6", &err), 0);
    assert_int_equal(jl_account_set(&a.settings, "price.page.js=7", &err), 0);
    assert_int_equal(refuses(&a, NULL), JL_ADMITTED); /* the lowest price */
    assert_int_equal(refuses(&a, "page"), JL_ADMITTED);
    assert_int_equal(refuses(&a, "page.js"), JL_REFUSED_BUDGET);
    a.settings.priority_share = 10;
    assert_int_equal(refuses(&a, "page"), JL_REFUSED_BUDGET);
    a.settings.priority_share = 0;
    a.settings.concurrency = 1;
    a.live = 1;
    assert_int_equal(refuses(&a, "page"), JL_REFUSED_CONCURRENCY);
    a.breaker = JL_BREAKER_OPEN;
    a.breaker_wait = -1;
    assert_int_equal(refuses(&a, "page"), JL_REFUSED_BREAKER);
    a.why = JL_OPEN_QUOTA;
    assert_int_equal(refuses(&a, "page"), JL_REFUSED_QUOTA);
}

/* A call whose lease would end in the next period needs room there as well. */
static void the_next_period_may_refuse(void **state) {
    (void)state;
    jl_hold hold[] = {{.id = "0123456789abcdef0123456789abcdef",
                       .state = JL_HOLD_SENT,
                       .worst = 999,
                       .period = "2026-11-01",
                       .reach = "2026-12-01"}};
    jl_account a = account(NOV_1 + 30 * DAY_MS - 1000, NULL, 0);
    a.hold = hold;
    a.holds = a.live = 1;
    a.held = 999;
    assert_int_equal(refuses(&a, NULL), JL_ADMITTED);
    hold[0].worst = 1000;
    a.held = 0; /* as if it did not reach the current one */
    assert_int_equal(refuses(&a, NULL), JL_REFUSED_BUDGET);
    a.now_ms = NOV_1 + 20 * DAY_MS;
    assert_int_equal(refuses(&a, NULL), JL_ADMITTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds),
        cmocka_unit_test(the_period_before_is_news_for_a_week),
        cmocka_unit_test(uncertain_calls),
        cmocka_unit_test(openings),
        cmocka_unit_test(keys_fit_into_a_ledger),
        cmocka_unit_test(refusals),
        cmocka_unit_test(the_next_period_may_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
