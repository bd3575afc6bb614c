/* Sums over a journal: each call counts once, with what it cost in the end, on the day on which it was charged. */
#include "unit/cmocka_all.h"

#include "chance.h"
#include "books/report.h"

#define NOV "2026-11-01"
#define DAY_MS (INT64_C(86400) * 1000)
#define NOV_1 (INT64_C(1793491200) * 1000) /* date -u -d 2026-11-01 +%s */

static void feed(jl_report *r, jl_event_kind kind, int64_t at_ms, const char *id, const char *endpoint, int64_t credits,
                 const char *note) {
    const jl_event e = {.at_ms = at_ms,
                        .kind = kind,
                        .id = id,
                        .endpoint = endpoint,
                        .user = endpoint,
                        .credits = credits,
                        .period = NOV,
                        .reach = NOV,
                        .note = note};
    jl_err err = {0};
    assert_int_equal(jl_report_event(r, &e, &err), 0);
}

static void end(jl_report *r) {
    jl_err err = {0};
    assert_int_equal(jl_report_end(r, 1, 0, &err), 0);
}

static const jl_report_row *row(const jl_report *r, const char *name) {
    for (size_t i = 0; i < r->rows; i++)
        if (strcmp(r->row[i].name, name) == 0)
            return &r->row[i];
    fail_msg("no row %s", name);
    return NULL;
}

static void by_day(void **state) {
    (void)state;
    jl_report r;
    jl_report_init(&r, JL_BY_DAY, NOV);
    feed(&r, JL_EVENT_RESERVE, NOV_1, "a", "page", 5, "");
    feed(&r, JL_EVENT_SEND, NOV_1, "a", "page", 5, "");
    feed(&r, JL_EVENT_SETTLE, NOV_1 + DAY_MS - 1, "a", "page", 5, "");
    feed(&r, JL_EVENT_SETTLE, NOV_1 + DAY_MS, "b", "page", 7, "");
    feed(&r, JL_EVENT_VOID, NOV_1 + DAY_MS, "c", "page", 0, "");
    feed(&r, JL_EVENT_VOID, NOV_1 + DAY_MS, "d", "page", 0, "lease");
    end(&r);
    assert_int_equal(r.rows, 2);
    assert_string_equal(r.row[0].name, "2026-11-01");
    assert_int_equal(r.row[0].credits, 5);
    assert_int_equal(r.row[0].calls, 1);
    assert_string_equal(r.row[1].name, "2026-11-02");
    assert_int_equal(r.row[1].credits, 7);
    assert_int_equal(r.row[1].calls, 1);
    assert_int_equal(r.row[1].free, 1); /* d was never sent */
    assert_int_equal(r.total.credits, 12);
    jl_report_free(&r);
}

static void corrections_count_where_the_charge_was(void **state) {
    (void)state;
    jl_report r;
    jl_report_init(&r, JL_BY_DAY, NOV);
    feed(&r, JL_EVENT_UNCERTAIN, NOV_1, "a", "page", 15, "lease");
    feed(&r, JL_EVENT_UNCERTAIN, NOV_1, "b", "page", 15, "lease");
    feed(&r, JL_EVENT_UNCERTAIN, NOV_1, "c", "page", 15, "lease");
    feed(&r, JL_EVENT_SETTLE, NOV_1 + 3 * DAY_MS, "a", "page", 10, "person");
    feed(&r, JL_EVENT_VOID, NOV_1 + 3 * DAY_MS, "b", "page", 0, "person");
    end(&r);
    assert_int_equal(r.rows, 1);
    assert_int_equal(r.row[0].credits, 25);
    assert_int_equal(r.row[0].calls, 2);
    assert_int_equal(r.row[0].uncertain, 1);
    assert_int_equal(r.row[0].free, 1);
    jl_report_free(&r);
}

static void other_periods_do_not_count(void **state) {
    (void)state;
    jl_report r;
    jl_report_init(&r, JL_BY_ENDPOINT, "2026-10-01");
    feed(&r, JL_EVENT_SETTLE, NOV_1, "a", "page", 5, "");
    feed(&r, JL_EVENT_ADJUST, NOV_1, "", "", 50, "sync");
    end(&r);
    assert_int_equal(r.rows, 0);
    assert_int_equal(r.total.credits, 0);
    jl_report_free(&r);
}

static void since_a_time(void **state) {
    (void)state;
    jl_report r;
    jl_report_init(&r, JL_BY_NOTHING, NULL);
    r.since_ms = NOV_1 + DAY_MS;
    feed(&r, JL_EVENT_UNCERTAIN, NOV_1, "early", "page", 15, "lease");
    feed(&r, JL_EVENT_SETTLE, NOV_1 + DAY_MS - 1, "a", "page", 100, "");
    feed(&r, JL_EVENT_SETTLE, NOV_1 + DAY_MS, "b", "page", 7, "");
    feed(&r, JL_EVENT_SETTLE, NOV_1 + 2 * DAY_MS, "early", "page", 5, "person"); /* was charged before */
    feed(&r, JL_EVENT_ADJUST, NOV_1 + 2 * DAY_MS, "", "", 30, "sync");
    feed(&r, JL_EVENT_ADJUST, NOV_1 + 2 * DAY_MS, "", "", -37, "reset"); /* is no spending */
    feed(&r, JL_EVENT_ADJUST, NOV_1 + 2 * DAY_MS, "", "", 500, "anchor");
    end(&r);
    assert_int_equal(r.total.credits, 37);
    jl_report_free(&r);
}

static void adjustments_have_rows_of_their_own(void **state) {
    (void)state;
    jl_report r;
    jl_report_init(&r, JL_BY_ENDPOINT, NOV);
    r.bookkeeping = true;
    feed(&r, JL_EVENT_SETTLE, NOV_1, "a", "page", 5, "");
    feed(&r, JL_EVENT_SETTLE, NOV_1, "b", "indeed.job", 9, "");
    feed(&r, JL_EVENT_ADJUST, NOV_1, "", "", 50, "sync");
    feed(&r, JL_EVENT_ADJUST, NOV_1, "", "", -64, "reset");
    end(&r);
    assert_int_equal(r.rows, 4);
    assert_string_equal(r.row[0].name, "indeed.job"); /* the dearest first */
    assert_string_equal(r.row[1].name, "page");
    assert_string_equal(r.row[2].name, "(sync)");
    assert_true(r.row[2].adjustment);
    assert_int_equal(row(&r, "(reset)")->credits, -64);
    assert_int_equal(row(&r, "(reset)")->calls, 0);
    assert_int_equal(r.total.credits, 0);
    jl_report_free(&r);
}

/* What a new anchor carries over is no day's spending: no bar, but in the running sum. */
static void adjustments_stand_beside_the_days(void **state) {
    (void)state;
    jl_report r;
    jl_settings s;
    jl_buf out = {0};
    jl_err err = {0};
    jl_account_default(&s);
    jl_report_init(&r, JL_BY_DAY, NOV);
    r.bookkeeping = true;
    r.ends = NOV_1 / 1000 + 30 * 86400;
    feed(&r, JL_EVENT_ADJUST, NOV_1 + DAY_MS, "", "", 5290, "anchor");
    feed(&r, JL_EVENT_SETTLE, NOV_1 + DAY_MS, "a", "page", 20, "");
    assert_int_equal(jl_report_end(&r, NOV_1 / 1000, (NOV_1 + 2 * DAY_MS) / 1000 - 1, &err), 0);
    assert_int_equal(r.rows, 3);
    assert_int_equal(row(&r, "2026-11-02")->credits, 20);
    assert_int_equal(row(&r, "2026-11-02")->beside, 5290);
    assert_string_equal(r.row[2].name, "(anchor)");
    assert_int_equal(r.row[2].credits, 5290);
    assert_int_equal(r.total.credits, 5310);
    assert_int_equal(jl_report_table(&r, 68, false, &out, &err), 0);
    assert_non_null(strstr(jl_buf_text(&out, &err), " 20  ####"));
    assert_non_null(strstr(jl_buf_text(&out, &err), " 5,290\n"));
    jl_buf_clear(&out);
    assert_int_equal(jl_report_svg(&r, &s, "hasdata", &out, &err), 0);
    assert_non_null(
        strstr(jl_buf_text(&out, &err), "5,310 of 200,000 credits in 1 call, 5,290 of them by adjustments"));
    assert_null(strstr(jl_buf_text(&out, &err), "(anchor)"));
    jl_buf_free(&out);
    jl_report_free(&r);
}

/* A user may be called as an adjustment is. */
static void a_user_is_no_adjustment(void **state) {
    (void)state;
    jl_report r;
    jl_report_init(&r, JL_BY_USER, NOV);
    r.bookkeeping = true;
    feed(&r, JL_EVENT_ADJUST, NOV_1, "", "", 50, "sync");
    feed(&r, JL_EVENT_SETTLE, NOV_1, "a", "(sync)", 5, "");
    end(&r);
    assert_int_equal(r.rows, 2);
    assert_int_equal(r.row[0].credits, 5);
    assert_int_equal(r.row[1].credits, 50);
    jl_report_free(&r);
}

static void quiet_days_have_rows(void **state) {
    (void)state;
    jl_report r;
    jl_err err = {0};
    jl_report_init(&r, JL_BY_DAY, NOV);
    feed(&r, JL_EVENT_SETTLE, NOV_1 + 2 * DAY_MS, "a", "page", 5, "");
    assert_int_equal(jl_report_end(&r, NOV_1 / 1000, (NOV_1 + 4 * DAY_MS) / 1000 - 1, &err), 0);
    assert_int_equal(r.rows, 4);
    assert_string_equal(r.row[3].name, "2026-11-04");
    assert_int_equal(r.row[2].credits, 5);
    assert_int_equal(r.row[3].credits, 0);
    jl_report_free(&r);
}

/* Against a table that knows each call's last word. */
static void the_rows_sum_up_to_what_each_call_cost(void **state) {
    (void)state;
    enum { CALLS = 300, NAMES = 7 };
    static const char *const name[NAMES] = {"a", "b", "c", "d", "e", "f", "g"};
    chance c = chance_seeded();
    for (size_t round = 0; round < chance_rounds(40); round++) {
        int64_t cost[CALLS] = {0}, wanted[NAMES] = {0}, sum = 0;
        int stage[CALLS] = {0};
        jl_report r;
        jl_report_init(&r, (jl_report_by)chance_below(&c, 4), NOV);
        for (int i = 0; i < 3000; i++) {
            size_t call = chance_below(&c, CALLS);
            char id[33];
            snprintf(id, sizeof id, "%032zx", call * 7919);
            int64_t at = NOV_1 + i * INT64_C(600000);
            int64_t credits = (int64_t)chance_below(&c, 20);
            if (stage[call] == 2)
                continue;
            if (stage[call] == 0 && chance_below(&c, 3) == 0) {
                feed(&r, JL_EVENT_UNCERTAIN, at, id, name[call % NAMES], 15, "lease");
                cost[call] = 15;
                stage[call] = 1;
            } else if (chance_below(&c, 3) == 0) {
                feed(&r, JL_EVENT_VOID, at, id, name[call % NAMES], 0, "");
                cost[call] = 0;
                stage[call] = 2;
            } else {
                feed(&r, JL_EVENT_SETTLE, at, id, name[call % NAMES], credits, "");
                cost[call] = credits;
                stage[call] = 2;
            }
        }
        end(&r);
        for (size_t i = 0; i < CALLS; i++) {
            wanted[i % NAMES] += cost[i];
            sum += cost[i];
        }
        assert_int_equal(r.total.credits, sum);
        for (size_t i = 0; (r.by == JL_BY_ENDPOINT || r.by == JL_BY_USER) && i < r.rows; i++)
            assert_int_equal(r.row[i].credits, wanted[r.row[i].name[0] - 'a']);
        jl_report_free(&r);
    }
}

static void as_json_and_as_a_table(void **state) {
    (void)state;
    jl_report r;
    jl_buf out = {0};
    jl_err err = {0};
    jl_report_init(&r, JL_BY_USER, NOV);
    feed(&r, JL_EVENT_SETTLE, NOV_1, "a", "\x1b[2J", 1234, "");
    feed(&r, JL_EVENT_SETTLE, NOV_1, "b", "", 617, "");
    end(&r);
    assert_int_equal(jl_report_json(&r, &out, &err), 0);
    assert_string_equal(
        jl_buf_text(&out, &err),
        "{\"by\":\"user\",\"name\":\"\\u001b[2J\",\"period\":\"2026-11-01\",\"calls\":1,\"uncertain\":0,"
        "\"free\":0,\"credits\":1234,\"adjustment\":false}\n"
        "{\"by\":\"user\",\"name\":\"\",\"period\":\"2026-11-01\",\"calls\":1,\"uncertain\":0,"
        "\"free\":0,\"credits\":617,\"adjustment\":false}\n");
    jl_buf_clear(&out);
    assert_int_equal(jl_report_table(&r, 68, false, &out, &err), 0);
    assert_string_equal(jl_buf_text(&out, &err),
                        "user         calls  uncertain     free       credits\n"
                        "\\x1b[2J          1          0        0         1,234  ##############\n"
                        "-                1          0        0           617  #######\n"
                        "all              2          0        0         1,851\n");
    jl_buf_free(&out);
    jl_report_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_day),
        cmocka_unit_test(corrections_count_where_the_charge_was),
        cmocka_unit_test(other_periods_do_not_count),
        cmocka_unit_test(since_a_time),
        cmocka_unit_test(adjustments_have_rows_of_their_own),
        cmocka_unit_test(adjustments_stand_beside_the_days),
        cmocka_unit_test(a_user_is_no_adjustment),
        cmocka_unit_test(quiet_days_have_rows),
        cmocka_unit_test(the_rows_sum_up_to_what_each_call_cost),
        cmocka_unit_test(as_json_and_as_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
