/* Journals that keep the rules, and such that do not. */
#include "unit/cmocka_all.h"

#include "base/clock.h"
#include "books/replay.h"

#define T0 INT64_C(1795348800000) /* 2026-11-22T12:00:00Z, ms */
#define NOV "2026-11-01"
#define DEC "2026-12-01"

struct told {
    size_t n;
    uint64_t seq;
    char last[400];
};

static int tell(void *self, uint64_t seq, const char *sentence, jl_err *err) {
    struct told *t = self;
    (void)err;
    t->n++;
    t->seq = seq;
    snprintf(t->last, sizeof t->last, "%s", sentence);
    return 0;
}

struct journal {
    struct told told;
    jl_replay *r;
    uint64_t seq;
    int64_t now_ms;
};

static void add(struct journal *j, jl_event e) {
    jl_err err = {0};
    e.seq = e.seq ? e.seq : j->seq + 1;
    e.at_ms = e.at_ms ? e.at_ms : j->now_ms;
    e.id = e.id ? e.id : "";
    e.endpoint = e.endpoint ? e.endpoint : "";
    e.user = e.user ? e.user : "";
    e.period = e.period ? e.period : "";
    e.reach = e.reach ? e.reach : "";
    e.note = e.note ? e.note : "";
    j->seq = e.seq;
    if (jl_replay_event(j->r, &e, &err) != 0)
        fail_msg("%s", err.text);
}

static void set(struct journal *j, const char *change) {
    add(j, (jl_event){.kind = JL_EVENT_SET, .note = change});
}

/* `j` has to stay where it is. */
static void begin(struct journal *j) {
    jl_err err = {0};
    *j = (struct journal){.now_ms = T0};
    j->r = jl_replay_open(tell, &j->told, &err);
    assert_non_null(j->r);
    set(j, "budget=100");
    set(j, "concurrency=2");
}

static void end(struct journal *j) {
    jl_replay_close(j->r);
}

static void keeps_the_rules(struct journal *j) {
    if (j->told.n)
        fail_msg("%s", j->told.last);
    assert_int_equal(jl_replay_violations(j->r), 0);
}

static void violates(struct journal *j, const char *words) {
    if (j->told.n != 1 || !strstr(j->told.last, words))
        fail_msg("%zu: '%s', not '%s'", j->told.n, j->told.last, words);
    assert_int_equal(j->told.seq, j->seq);
    assert_int_equal(jl_replay_violations(j->r), 1);
    end(j);
    begin(j);
}

static void reserve_to(struct journal *j, const char *id, int64_t worst, const char *reach, const char *note) {
    add(j, (jl_event){.kind = JL_EVENT_RESERVE,
                      .id = id,
                      .endpoint = "page",
                      .user = "ann",
                      .credits = worst,
                      .period = NOV,
                      .reach = reach,
                      .note = note});
}

static void reserve(struct journal *j, const char *id, int64_t worst) {
    reserve_to(j, id, worst, NOV, "");
}

static void step(struct journal *j, jl_event_kind kind, const char *id, int64_t credits, const char *note) {
    add(j, (jl_event){
               .kind = kind, .id = id, .user = "ann", .credits = credits, .period = NOV, .reach = NOV, .note = note});
}

static void breaker(struct journal *j, const char *note) {
    add(j, (jl_event){.kind = JL_EVENT_BREAKER, .note = note});
}

static void what_it_comes_to(void **state) {
    (void)state;
    struct journal j;
    jl_account a;
    jl_err err = {0};
    begin(&j);
    set(&j, "concurrency=5");
    set(&j, "timeout=100s");
    reserve(&j, "a", 15);
    step(&j, JL_EVENT_SEND, "a", 15, "");
    step(&j, JL_EVENT_SETTLE, "a", 5, "");
    reserve(&j, "b", 10);
    step(&j, JL_EVENT_VOID, "b", 0, "lease");
    reserve(&j, "c", 20);
    step(&j, JL_EVENT_SEND, "c", 20, "");
    step(&j, JL_EVENT_UNCERTAIN, "c", 20, "lease");
    reserve_to(&j, "d", 7, DEC, "priority");
    j.now_ms += 1000;
    add(&j, (jl_event){.kind = JL_EVENT_SEND, .id = "d", .credits = 7, .period = NOV, .reach = DEC});
    add(&j, (jl_event){.kind = JL_EVENT_ADJUST, .credits = 30, .period = NOV, .note = "sync"});
    step(&j, JL_EVENT_SETTLE, "e", 3, "lost");
    breaker(&j, "open failures");
    j.now_ms += 2000;
    add(&j, (jl_event){.kind = JL_EVENT_REBUILD});
    keeps_the_rules(&j);
    assert_int_equal(jl_replay_gap(j.r), 0);
    assert_int_equal(jl_replay_account(j.r, &a, &err), 0);
    assert_string_equal(a.period, NOV);
    assert_string_equal(a.next, DEC);
    assert_int_equal(a.seq, j.seq);
    assert_int_equal(a.now_ms, T0 + 3000);
    assert_int_equal(a.settings.budget, 100);
    assert_int_equal(a.spent, 58);
    assert_int_equal(a.uncertain, 20);
    assert_int_equal(a.held, 7);
    assert_int_equal(a.live, 1);
    assert_int_equal(a.breaker, JL_BREAKER_OPEN);
    assert_int_equal(a.why, JL_OPEN_FAILURES);
    assert_int_equal(a.breaker_wait, 58 * JL_SECOND);
    assert_int_equal(a.holds, 2);
    assert_string_equal(a.hold[0].id, "c");
    assert_int_equal(a.hold[0].state, JL_HOLD_UNCERTAIN);
    assert_int_equal(a.hold[0].lease, 0);
    assert_string_equal(a.hold[1].id, "d");
    assert_true(a.hold[1].priority);
    assert_string_equal(a.hold[1].reach, DEC);
    assert_int_equal(a.hold[1].age, 3 * JL_SECOND);
    assert_int_equal(a.hold[1].lease, 128 * JL_SECOND);
    assert_int_equal(a.endings, 3);
    assert_int_equal(a.sums, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(a.sum[i].spent, a.sum[i].user[0] ? 28 : 58);
    jl_account_free(&a);
    end(&j);
}

static void each_limit_to_the_last(void **state) {
    (void)state;
    struct journal j;
    begin(&j);
    reserve(&j, "a", 60);
    reserve(&j, "b", 40);
    step(&j, JL_EVENT_VOID, "b", 0, "");
    keeps_the_rules(&j);
    reserve(&j, "c", 41);
    violates(&j, "101 credits committed of the 100");
    reserve(&j, "a", 1);
    reserve(&j, "b", 1);
    keeps_the_rules(&j);
    reserve(&j, "c", 1);
    violates(&j, "beside 2 live ones");
    set(&j, "user-cap=5");
    reserve(&j, "a", 5);
    keeps_the_rules(&j);
    reserve(&j, "b", 1);
    violates(&j, "of its user");
    set(&j, "priority-share=50");
    reserve_to(&j, "a", 60, NOV, "priority");
    keeps_the_rules(&j);
    reserve(&j, "b", 1);
    violates(&j, "61 credits committed of the 50");
    end(&j);
}

/* What reaches the next period has to fit there too. */
static void across_the_end(void **state) {
    (void)state;
    struct journal j;
    begin(&j);
    reserve_to(&j, "a", 60, DEC, "");
    step(&j, JL_EVENT_SEND, "a", 60, ""); /* within November after all */
    reserve_to(&j, "b", 40, DEC, "");
    add(&j, (jl_event){.kind = JL_EVENT_SEND, .id = "b", .credits = 40, .period = NOV, .reach = DEC});
    step(&j, JL_EVENT_UNCERTAIN, "b", 40, "lease");
    step(&j, JL_EVENT_SETTLE, "a", 60, "");
    j.now_ms = T0 + INT64_C(9) * 86400 * 1000;
    add(&j, (jl_event){
                .kind = JL_EVENT_RESERVE, .id = "c", .endpoint = "page", .credits = 60, .period = DEC, .reach = DEC});
    keeps_the_rules(&j);
    add(&j,
        (jl_event){.kind = JL_EVENT_RESERVE, .id = "d", .endpoint = "page", .credits = 1, .period = DEC, .reach = DEC});
    violates(&j, "101 credits committed of the 100 of period " DEC);
    end(&j);
}

static void holds_that_go_astray(void **state) {
    (void)state;
    struct journal j;
    begin(&j);
    reserve(&j, "a", 5);
    reserve(&j, "a", 5);
    violates(&j, "reserved twice");
    step(&j, JL_EVENT_SEND, "a", 5, "");
    violates(&j, "was none");
    reserve(&j, "a", 5);
    step(&j, JL_EVENT_SEND, "a", 5, "");
    step(&j, JL_EVENT_SEND, "a", 5, "");
    violates(&j, "was sent");
    reserve(&j, "a", 5);
    add(&j, (jl_event){.kind = JL_EVENT_SEND, .id = "a", .credits = 5, .period = NOV, .reach = DEC});
    violates(&j, "admitted up to " NOV);
    step(&j, JL_EVENT_SETTLE, "a", 5, "");
    violates(&j, "never reserved");
    step(&j, JL_EVENT_VOID, "a", 0, "lost");
    violates(&j, "never reserved");
    reserve(&j, "a", 5);
    step(&j, JL_EVENT_SETTLE, "a", 5, "");
    step(&j, JL_EVENT_VOID, "a", 0, "");
    violates(&j, "ends twice");
    reserve(&j, "a", 5);
    step(&j, JL_EVENT_UNCERTAIN, "a", 5, "");
    step(&j, JL_EVENT_UNCERTAIN, "a", 5, "");
    violates(&j, "ends twice");
    reserve(&j, "a", 5);
    step(&j, JL_EVENT_VOID, "a", 1, "");
    violates(&j, "void, and costs 1");
    reserve(&j, "a", 5);
    step(&j, JL_EVENT_UNCERTAIN, "a", 4, "");
    violates(&j, "not its worst, 5");
    reserve(&j, "a", 5);
    step(&j, JL_EVENT_UNCERTAIN, "a", 5, "lease");
    violates(&j, "the lease of hold a");
    reserve(&j, "a", 5);
    step(&j, JL_EVENT_SEND, "a", 5, "");
    step(&j, JL_EVENT_VOID, "a", 0, "lease");
    violates(&j, "the lease of hold a");
    reserve(&j, "a", 5);
    add(&j, (jl_event){.kind = JL_EVENT_SETTLE, .id = "a", .credits = 5, .period = DEC});
    violates(&j, "of period " NOV " ends in " DEC);
    end(&j);
}

static void entries_that_are_none(void **state) {
    (void)state;
    struct journal j;
    begin(&j);
    add(&j, (jl_event){.seq = 9, .kind = JL_EVENT_REBUILD});
    assert_int_equal(jl_replay_gap(j.r), 3);
    violates(&j, "entry 9 where 3 belongs");
    add(&j, (jl_event){.at_ms = T0 - 5, .kind = JL_EVENT_REBUILD});
    violates(&j, "goes back by 5 ms");
    add(&j, (jl_event){.kind = (jl_event_kind)99});
    violates(&j, "kind 99");
    set(&j, "budget=-5");
    violates(&j, "a setting that is none");
    add(&j, (jl_event){.kind = JL_EVENT_ADJUST, .credits = -1, .period = NOV});
    violates(&j, "adjusted to -1");
    end(&j);
}

static void the_breaker(void **state) {
    (void)state;
    struct journal j;
    begin(&j);
    breaker(&j, "open failures");
    breaker(&j, "open person");
    breaker(&j, "open quota");
    breaker(&j, "half-open");
    reserve_to(&j, "a", 1, NOV, "probe");
    breaker(&j, "closed");
    reserve(&j, "b", 1);
    breaker(&j, "open person");
    breaker(&j, "closed person");
    keeps_the_rules(&j);
    breaker(&j, "half-open");
    violates(&j, "does not follow");
    breaker(&j, "closed");
    violates(&j, "does not follow");
    breaker(&j, "ajar");
    violates(&j, "'ajar'");
    breaker(&j, "open quota");
    reserve(&j, "a", 1);
    violates(&j, "while the breaker was open");
    reserve_to(&j, "a", 1, NOV, "probe");
    violates(&j, "probes while the breaker was closed");
    breaker(&j, "open failures");
    breaker(&j, "half-open");
    reserve(&j, "a", 1);
    violates(&j, "does not probe");
    breaker(&j, "open failures");
    breaker(&j, "half-open");
    reserve_to(&j, "a", 1, NOV, "priority probe");
    reserve_to(&j, "b", 1, NOV, "probe");
    violates(&j, "beside 1 others");
    end(&j);
}

/* Many calls in many periods: what has ended is forgotten in time, sums stay. */
static void memory_has_an_end(void **state) {
    (void)state;
    struct journal j;
    jl_account a;
    jl_err err = {0};
    begin(&j);
    set(&j, "budget=1000000");
    for (int month = 0; month < 10; month++) {
        char period[JL_PERIOD_SIZE];
        j.now_ms = T0 + month * INT64_C(31) * 86400 * 1000;
        jl_period_of(j.now_ms / 1000, 1, period);
        for (int i = 0; i < 500; i++) {
            char id[40], user[40];
            snprintf(id, sizeof id, "%d-%d", month, i);
            snprintf(user, sizeof user, "user %d", i);
            jl_event e = {
                .kind = JL_EVENT_RESERVE, .id = id, .user = user, .credits = 2, .period = period, .reach = period};
            add(&j, e);
            e.kind = JL_EVENT_SETTLE;
            add(&j, e);
        }
    }
    keeps_the_rules(&j);
    assert_int_equal(jl_replay_account(j.r, &a, &err), 0);
    assert_int_equal(a.endings, 1000);
    assert_int_equal(a.sums, 10 + 1000);
    assert_int_equal(a.spent, 1000);
    jl_account_free(&a);
    end(&j);
}

static int refuse(void *self, uint64_t seq, const char *sentence, jl_err *err) {
    (void)self;
    return jl_err_set(err, JL_DATA, "entry %d: %s", (int)seq, sentence);
}

static void told_enough(void **state) {
    (void)state;
    jl_err err = {0};
    jl_event e = {.seq = 1,
                  .kind = JL_EVENT_SEND,
                  .id = "a",
                  .endpoint = "",
                  .user = "",
                  .period = NOV,
                  .reach = NOV,
                  .note = ""};
    jl_replay *r = jl_replay_open(refuse, NULL, &err);
    assert_int_equal(jl_replay_event(r, &e, &err), -1);
    assert_string_equal(err.text, "entry 1: hold a is sent, and was none");
    jl_replay_close(r);
    r = jl_replay_open(NULL, NULL, &err);
    assert_int_equal(jl_replay_event(r, &e, &err), 0);
    assert_int_equal(jl_replay_violations(r), 1);
    jl_replay_close(r);
    jl_replay_close(NULL);
}

/* What users spent in the previous period is known, whatever day that begins on since the anchor was set. */
static void anchors_that_come_back(void **state) {
    (void)state;
    static const char period[] = "2026-10-31";
    struct journal j;
    jl_account a;
    jl_err err = {0};
    int64_t spent = 0;
    const int64_t day = 86400000;
    j = (struct journal){.now_ms = T0 - 22 * day};
    j.r = jl_replay_open(tell, &j.told, &err);
    set(&j, "anchor=31");
    add(&j,
        (jl_event){.kind = JL_EVENT_SETTLE, .id = "a", .user = "ann", .credits = 5, .period = period, .note = "lost"});
    j.now_ms += day;
    set(&j, "anchor=1");
    j.now_ms = T0 + 9 * day; /* 1 December */
    add(&j, (jl_event){.kind = JL_EVENT_ADJUST, .credits = 1, .period = DEC, .note = "sync"});
    set(&j, "anchor=31");
    keeps_the_rules(&j);
    assert_int_equal(jl_replay_account(j.r, &a, &err), 0);
    for (size_t i = 0; i < a.sums; i++)
        spent += strcmp(a.sum[i].period, period) == 0 && strcmp(a.sum[i].user, "ann") == 0 ? a.sum[i].spent : 0;
    assert_string_equal(a.period, "2026-11-30");
    assert_int_equal(spent, 5);
    jl_account_free(&a);
    end(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_comes_to),       cmocka_unit_test(each_limit_to_the_last),
        cmocka_unit_test(across_the_end),         cmocka_unit_test(holds_that_go_astray),
        cmocka_unit_test(entries_that_are_none),  cmocka_unit_test(the_breaker),
        cmocka_unit_test(memory_has_an_end),      cmocka_unit_test(told_enough),
        cmocka_unit_test(anchors_that_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
