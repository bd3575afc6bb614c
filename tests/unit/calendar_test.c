/* Periods as they were, whatever the anchor is now. */
#include "unit/cmocka_all.h"

#include "books/calendar.h"

#define NOV_1 INT64_C(1793491200) /* date -u -d 2026-11-01 +%s */
#define DAY INT64_C(86400)

static void feed(jl_calendar *c, jl_event_kind kind, int64_t day, const char *note) {
    const jl_event e = {.at_ms = (NOV_1 + day * DAY) * 1000 + 500, .kind = kind, .note = note};
    jl_err err = {0};
    assert_int_equal(jl_calendar_event(c, &e, &err), 0);
}

static void until(jl_calendar *c, int64_t day) {
    jl_err err = {0};
    assert_int_equal(jl_calendar_end(c, NOV_1 + day * DAY, &err), 0);
}

static const char *found(const jl_calendar *c, const char *text) {
    jl_err err = {0};
    const jl_calendar_period *p = jl_calendar_find(c, text, &err);
    if (!p)
        fail_msg("%s", err.text);
    return p->name;
}

static void lacks(const jl_calendar *c, const char *text, const char *because) {
    jl_err err = {0};
    assert_null(jl_calendar_find(c, text, &err));
    assert_int_equal(err.class, JL_USAGE);
    if (!strstr(err.text, because))
        fail_msg("%s lacks %s", err.text, because);
}

/* As `set anchor=15` makes an account: the defaults first. */
static void born_with_an_anchor(void **state) {
    (void)state;
    jl_calendar c = {0};
    feed(&c, JL_EVENT_SET, 20, "budget=200000");
    feed(&c, JL_EVENT_SET, 20, "anchor=1");
    feed(&c, JL_EVENT_SET, 20, "anchor=15");
    until(&c, 60);
    assert_int_equal(c.n, 2);
    assert_string_equal(found(&c, "2026-11"), "2026-11-15");
    assert_string_equal(found(&c, "2026-12-15"), "2026-12-15");
    lacks(&c, "2026-11-01", "2026-11-15");
    jl_calendar_free(&c);
}

static void an_anchor_ends_a_period(void **state) {
    (void)state;
    jl_calendar c = {0};
    feed(&c, JL_EVENT_SET, -20, "anchor=1");
    feed(&c, JL_EVENT_SETTLE, 3, "");
    feed(&c, JL_EVENT_SET, 17, "anchor=15");
    feed(&c, JL_EVENT_ADJUST, 17, "anchor");
    until(&c, 20);
    assert_int_equal(c.n, 3);
    assert_string_equal(found(&c, "2026-10"), "2026-10-01");
    lacks(&c, "2026-11", "2026-11-01 or 2026-11-15");
    assert_string_equal(found(&c, "2026-11-01"), "2026-11-01");
    assert_int_equal(c.period[0].end, NOV_1);
    assert_int_equal(c.period[1].end, NOV_1 + 17 * DAY);
    assert_int_equal(c.period[2].end, NOV_1 + 44 * DAY); /* 2026-12-15 */
    feed(&c, JL_EVENT_SET, 21, "anchor=1");              /* and back */
    assert_int_equal(c.n, 3);
    assert_string_equal(c.period[2].name, "2026-11-01");
    assert_int_equal(c.period[2].end, NOV_1 + 30 * DAY);
    jl_calendar_free(&c);
}

static void what_never_began(void **state) {
    (void)state;
    static const char *const wrong[] = {"", "2026", "26-11", "2026-1", "2026/11", "2026-11-1x", "2026-11-011"};
    jl_calendar c = {0};
    feed(&c, JL_EVENT_SET, -20, "anchor=1");
    until(&c, 20);
    lacks(&c, "2026-11-32", "no period of this account began on 2026-11-32; near are 2026-11-01");
    lacks(&c, "2026-11-07", "2026-11-01");
    lacks(&c, "2026-12", "no period of this account began in 2026-12; near are 2026-11-01");
    lacks(&c, "2026-10-31", "2026-10-01 and 2026-11-01");
    lacks(&c, "2026-02-31", "near are 2026-10-01");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        lacks(&c, wrong[i], "neither a month");
    jl_calendar_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(born_with_an_anchor),
        cmocka_unit_test(an_anchor_ends_a_period),
        cmocka_unit_test(what_never_began),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
