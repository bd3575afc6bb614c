/* What every back end of the ledger promises, asked of all of them. */
#include "unit/cmocka_all.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "chance.h"
#include "contract/redis_server.h"
#include "contract/turned_clock.h"
#include "books/replay.h"
#include "contract/well.h"
#include "wire/sqlite.h"

#define SLACK (JL_SECOND / 2) /* what a busy machine may take between an answer and the look at it */

static const jl_ledger_opener *const openers[] = {&jl_ledger_sqlite, &jl_ledger_redis, &jl_ledger_redis_unix, NULL};

static char folder[64];
static redis_server redis;
static char url_text[3][160]; /* sqlite, redis, redis+unix */

static bool is_sqlite(void **state) {
    return *state == (void *)url_text[0];
}

static const char *path_of_file(void) {
    return strchr(url_text[0], ':') + 1;
}

static void refused_with(int rc, const jl_err *err, jl_class class, const char *words) {
    if (rc != -1 || err->class != class || !strstr(err->text, words))
        fail_msg("%d, %d: %s; not %d with '%s'", rc, (int)err->class, rc ? err->text : "", (int)class, words);
}

/* ---- short names for what a test does ---- */

static jl_ledger *open_as(const char *text, const char *provider, int64_t patience) {
    jl_err err = {0};
    jl_url url;
    well(jl_url_parse(jl_span_of(text), &url, &err), &err);
    jl_ledger *l = jl_ledger_open(openers, &url, provider, patience, &err);
    if (!l)
        fail_msg("%s: %s", text, err.text);
    return l;
}

static void set_all(jl_ledger *l, const char *const *change) {
    jl_err err = {0};
    size_t n = 0;
    while (change[n])
        n++;
    well(l->ops->set(l, change, n, &err), &err);
}
#define change(l, ...) set_all(l, (const char *const[]){__VA_ARGS__, NULL})

/* A new account, open. */
#define made(state, ...) made_with(state, (const char *const[]){__VA_ARGS__, NULL})
static jl_ledger *made_with(void **state, const char *const *change) {
    jl_ledger *l = open_as(*state, "model", 20 * JL_SECOND);
    set_all(l, change);
    return l;
}

static void done(jl_ledger *l) {
    l->ops->close(l);
}

static const char *id_of(int number) {
    static char id[4][JL_HOLD_ID_SIZE];
    static int next;
    char *text = id[next++ % 4];
    snprintf(text, JL_HOLD_ID_SIZE, "%032x", (unsigned)number);
    return text;
}

static jl_admission ask(jl_ledger *l, const jl_reserve *r) {
    jl_err err = {0};
    jl_admission a = {.refusal = JL_REFUSALS};
    well(l->ops->reserve(l, r, &a, &err), &err);
    return a;
}

static jl_admission reserve(jl_ledger *l, int number, int64_t cost) {
    return ask(l, &(jl_reserve){.id = id_of(number), .endpoint = "page", .user = "", .cost = cost});
}

static jl_admission reserve_for(jl_ledger *l, int number, int64_t cost, const char *user, bool priority) {
    return ask(
        l, &(jl_reserve){.id = id_of(number), .endpoint = "page", .user = user, .cost = cost, .priority = priority});
}

static void admits(jl_ledger *l, int number, int64_t cost) {
    jl_admission a = reserve(l, number, cost);
    if (a.refusal != JL_ADMITTED)
        fail_msg("hold %d: refused for %s", number, jl_refusal_name(a.refusal));
    assert_int_equal(a.worst, cost);
}

static void refuses(jl_ledger *l, int number, int64_t cost, jl_refusal why) {
    jl_admission a = reserve(l, number, cost);
    if (a.refusal != why)
        fail_msg("hold %d: %s, not %s", number, jl_refusal_name(a.refusal), jl_refusal_name(why));
}

static int64_t leaves(jl_ledger *l, int number) {
    jl_err err = {0};
    int64_t lease = 0;
    well(l->ops->send(l, id_of(number), &lease, &err), &err);
    return lease;
}

static jl_settled settle_as(jl_ledger *l, int number, jl_hold_state to, int64_t cost, jl_outcome outcome) {
    jl_err err = {0};
    jl_settled s = {.charged = -7};
    jl_settle how = {.id = id_of(number),
                     .to = to,
                     .cost = cost,
                     .outcome = outcome,
                     .by = "",
                     .endpoint = "page",
                     .user = "",
                     .worst = 15};
    well(l->ops->settle(l, &how, &s, &err), &err);
    return s;
}

static void settles(jl_ledger *l, int number, int64_t cost) {
    jl_settled s = settle_as(l, number, JL_HOLD_SETTLED, cost, JL_CALL_WELL);
    assert_int_equal(s.now, JL_HOLD_SETTLED);
    assert_int_equal(s.charged, cost);
}

static void voids(jl_ledger *l, int number) {
    jl_settled s = settle_as(l, number, JL_HOLD_VOID, -1, JL_CALL_NEUTRAL);
    assert_int_equal(s.now, JL_HOLD_VOID);
    assert_int_equal(s.charged, 0);
}

/* The caller frees it. */
static jl_account look(jl_ledger *l) {
    jl_err err = {0};
    jl_account a;
    well(l->ops->look(l, &a, &err), &err);
    return a;
}

static void stands(jl_ledger *l, int64_t spent, int64_t held, uint32_t live) {
    jl_account a = look(l);
    if (a.spent != spent || a.held != held || a.live != live)
        fail_msg("spent %" PRId64 ", held %" PRId64 ", live %u; not %" PRId64 ", %" PRId64 ", %u", a.spent, a.held,
                 (unsigned)a.live, spent, held, (unsigned)live);
    jl_account_free(&a);
}

static int64_t spent_in(const jl_account *a, const char *period, const char *user) {
    for (size_t i = 0; i < a->sums; i++)
        if (strcmp(a->sum[i].period, period) == 0 && strcmp(a->sum[i].user, user) == 0)
            return a->sum[i].spent;
    return -1;
}

static int add_line(void *self, const jl_event *e, jl_err *err) {
    jl_buf *to = self;
    if (e->kind == JL_EVENT_SET)
        return 0;
    int number = e->id[0] ? (int)strtol(e->id, NULL, 16) : 0;
    return jl_buf_addf(to, err, "%s %d %" PRId64 "%s%s;", jl_event_name(e->kind), number, e->credits,
                       e->note[0] ? " " : "", e->note);
}

/* "reserve 1 5;send 1 5;…": kind, number, credits, note. Settings are left out. */
static void journal_is(jl_ledger *l, const char *wanted) {
    jl_err err = {0};
    jl_buf b = {0};
    well(l->ops->journal(l, 1, add_line, &b, &err), &err);
    const char *text = jl_buf_text(&b, &err);
    if (strcmp(text ? text : "", wanted) != 0)
        fail_msg("%s\nnot %s", text, wanted);
    jl_buf_free(&b);
}

static void turn(int64_t seconds) {
    *turned_ahead += seconds * JL_SECOND;
}

static void about(int64_t wait, int64_t seconds) {
    if (wait > seconds * JL_SECOND + SLACK || wait < seconds * JL_SECOND - SLACK)
        fail_msg("%lld ns, not %lld s", (long long)wait, (long long)seconds);
}

/* Turns to that many seconds before the end of a period that begins on the first. */
static void turn_to_end(int64_t seconds) {
    char period[JL_PERIOD_SIZE];
    int64_t now = jl_clock_wall();
    jl_period_of(now / JL_SECOND, 1, period);
    int64_t end = jl_period_end(period, 1) * JL_SECOND;
    if (end - now < 3600 * JL_SECOND) { /* rather that of the next one than to go back */
        jl_period_of(end / JL_SECOND, 1, period);
        end = jl_period_end(period, 1) * JL_SECOND;
    }
    *turned_ahead += end - seconds * JL_SECOND - now;
}

/* ---- accounts ---- */

static int no_entry(void *self, const jl_event *e, jl_err *err) {
    (void)self;
    (void)e;
    return jl_err_set(err, JL_SOFTWARE, "an entry");
}

/* Only `set` makes an account; all else says that there is none, and makes nothing. */
static void what_is_not_there(void **state) {
    jl_err err = {0};
    jl_admission a;
    jl_settled s;
    jl_account account;
    jl_settings settings;
    int64_t lease;
    for (int round = 0; round < 2; round++) {
        jl_ledger *l = open_as(*state, "model", 20 * JL_SECOND);
        jl_reserve r = {.id = id_of(1), .endpoint = "page", .user = "", .cost = 5};
        jl_settle how = {.id = id_of(1), .to = JL_HOLD_SETTLED, .by = "", .endpoint = "", .user = ""};
        refused_with(l->ops->reserve(l, &r, &a, &err), &err, JL_CONFIG, "credits set");
        refused_with(l->ops->send(l, id_of(1), &lease, &err), &err, JL_CONFIG, "credits set");
        refused_with(l->ops->settle(l, &how, &s, &err), &err, JL_CONFIG, "credits set");
        refused_with(l->ops->look(l, &account, &err), &err, JL_CONFIG, "credits set");
        refused_with(l->ops->settings(l, &settings, &err), &err, JL_CONFIG, "credits set");
        refused_with(l->ops->adjust(l, 5, "", &err), &err, JL_CONFIG, "credits set");
        refused_with(l->ops->breaker(l, true, 0, &err), &err, JL_CONFIG, "credits set");
        refused_with(l->ops->journal(l, 1, no_entry, NULL, &err), &err, JL_CONFIG, "credits set");
        refused_with(l->ops->claim(l, "key", JL_SECOND, &err), &err, JL_CONFIG, "credits set");
        refused_with(l->ops->told(l, "key", true, &err), &err, JL_CONFIG, "credits set");
        if (is_sqlite(state) && round == 0)
            assert_int_equal(access(path_of_file(), F_OK), -1);
        done(l);
        l = open_as(*state, "another", 20 * JL_SECOND); /* beside one, the same */
        change(l, "budget=7");
        done(l);
    }
}

static void what_cannot_be_meant(void **state) {
    static const char *const bad[] = {"", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcde",
                                      "0123456789abcdef0123456789abcdef0"};
    char long_text[300];
    jl_err err = {0};
    jl_admission a;
    jl_settled s;
    int64_t lease;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    jl_ledger *l = made(state, "budget=100");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jl_reserve r = {.id = bad[i], .endpoint = "page", .user = "", .cost = 5};
        refused_with(l->ops->reserve(l, &r, &a, &err), &err, JL_USAGE, "id");
        refused_with(l->ops->send(l, bad[i], &lease, &err), &err, JL_USAGE, "id");
    }
    jl_reserve r = {.id = id_of(1), .endpoint = long_text, .user = "", .cost = 5};
    refused_with(l->ops->reserve(l, &r, &a, &err), &err, JL_USAGE, "endpoint");
    r = (jl_reserve){.id = id_of(1), .endpoint = "page", .user = "a\nb", .cost = 5};
    refused_with(l->ops->reserve(l, &r, &a, &err), &err, JL_USAGE, "user");
    r = (jl_reserve){.id = id_of(1), .endpoint = "page", .user = "", .cost = JL_CREDITS_MAX + 1};
    refused_with(l->ops->reserve(l, &r, &a, &err), &err, JL_USAGE, "credits");
    jl_settle how = {.id = id_of(1), .to = JL_HOLD_SENT, .by = "", .endpoint = "", .user = ""};
    refused_with(l->ops->settle(l, &how, &s, &err), &err, JL_USAGE, "sent");
    how = (jl_settle){.id = id_of(1), .to = JL_HOLD_SETTLED, .cost = -2, .by = "", .endpoint = "", .user = ""};
    refused_with(l->ops->settle(l, &how, &s, &err), &err, JL_USAGE, "credits");
    refused_with(l->ops->claim(l, "", JL_SECOND, &err), &err, JL_USAGE, "key");
    refused_with(l->ops->claim(l, long_text, JL_SECOND, &err), &err, JL_USAGE, "key");
    refused_with(l->ops->adjust(l, 1, long_text, &err), &err, JL_USAGE, "note");
    stands(l, 0, 0, 0);
    done(l);
}

static int same_setting(void *self, const char *name, const char *value, jl_err *err) {
    char change[200];
    (void)err;
    snprintf(change, sizeof change, "%s=%s;", name, value);
    if (!strstr(self, change))
        fail_msg("%s is not in %s", change, (char *)self);
    return 0;
}

static void settings_are_kept(void **state) {
    static char all[] = "budget=1000;anchor=17;concurrency=7;rate=2.5;burst=3;timeout=5s;grace=1500ms;hold=2s;"
                        "alerts=50,75,99;user-cap=400;priority-share=20;breaker-rate=30;breaker-window=20;"
                        "breaker-calls=5;breaker-cooldown=90s;breaker-probes=2;price.a=5;price.b.c-d_e=5:15;";
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=1000", "anchor=17", "concurrency=7", "rate=2.50", "burst=3", "timeout=5",
                        "grace=1.5s", "hold=2s", "price.b.c-d_e=5:15", "price.gone=1", "price.a=5");
    change(l, "alerts=50,75,99", "user-cap=400", "priority-share=20", "breaker-rate=30", "breaker-window=20",
           "price.gone=", "breaker-calls=5", "breaker-cooldown=1.5m", "breaker-probes=2");
    done(l);
    l = open_as(*state, "model", 20 * JL_SECOND);
    jl_account a = look(l);
    well(jl_account_each(&a.settings, same_setting, all, &err), &err);
    assert_int_equal(a.settings.prices, 2);
    assert_int_equal(a.spent, 0);
    assert_int_equal(a.holds, 0);
    assert_int_equal(a.breaker, JL_BREAKER_CLOSED);
    jl_account_free(&a);
    done(l);
}

/* Every byte of what the ledger keeps, in whatever form that has; the caller frees it. */
static jl_buf all_of_it(void **state) {
    jl_buf all = {0};
    if (is_sqlite(state)) {
        FILE *f = fopen(path_of_file(), "rb");
        char part[16384];
        assert_non_null(f);
        for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
            assert_int_equal(jl_buf_add(&all, (jl_span){part, n}, NULL), 0);
        assert_int_equal(fclose(f), 0);
        return all;
    }
    static const char *const key[] = {"account", "holds",   "leases",  "users",
                                      "ended:0", "ended:1", "journal", "notices"};
    static char reply[1 << 16];
    for (size_t i = 0; i < sizeof key / sizeof *key; i++) {
        char command[100];
        snprintf(command, sizeof command, "DUMP jobline:ledger:v1:{model}:%s", key[i]);
        size_t n = redis_say(&redis, command, reply, sizeof reply);
        assert_true(n > 0 && n < sizeof reply - 1);
        assert_int_equal(jl_buf_add(&all, (jl_span){reply, n}, NULL), 0);
    }
    return all;
}

/* Not even a lease that has passed is dealt with. */
static void settings_are_read_without_a_trace(void **state) {
    jl_err err = {0};
    jl_settings s;
    jl_ledger *l = made(state, "budget=777", "price.page=5:15"), *other = open_as(*state, "model", 20 * JL_SECOND);
    admits(l, 1, 10);
    admits(l, 2, 20);
    leaves(l, 2);
    turn(40 * 86400);
    jl_buf before = all_of_it(state);
    well(l->ops->settings(l, &s, &err), &err);
    well(other->ops->settings(other, &s, &err), &err);
    jl_buf after = all_of_it(state);
    assert_int_equal(before.n, after.n);
    assert_memory_equal(before.p, after.p, before.n);
    assert_int_equal(s.budget, 777);
    assert_int_equal(s.prices, 1);
    assert_int_equal(jl_account_price(&s, "page")->worst, 15);
    journal_is(l, "reserve 1 10;reserve 2 20;send 2 20;");
    stands(l, 0, 0, 0);
    journal_is(l, "reserve 1 10;reserve 2 20;send 2 20;void 1 0 lease;uncertain 2 20 lease;");
    change(other, "budget=778");
    well(l->ops->settings(l, &s, &err), &err);
    assert_int_equal(s.budget, 778);
    jl_buf_free(&before);
    jl_buf_free(&after);
    done(other);
    done(l);
}

static void settings_hold_for_all_at_once(void **state) {
    jl_ledger *l = made(state, "budget=10"), *other = open_as(*state, "model", 20 * JL_SECOND);
    admits(other, 1, 10);
    refuses(other, 2, 1, JL_REFUSED_BUDGET);
    change(l, "budget=11", "price.page=1");
    assert_int_equal(reserve(other, 2, -1).refusal, JL_ADMITTED);
    done(other);
    done(l);
}

static void accounts_are_apart(void **state) {
    jl_ledger *l = made(state, "budget=10", "concurrency=1"), *other = open_as(*state, "other", 20 * JL_SECOND);
    change(other, "budget=20", "concurrency=1");
    admits(l, 1, 10);
    admits(other, 1, 20);
    settles(l, 1, 4);
    stands(l, 4, 0, 0);
    stands(other, 0, 20, 1);
    journal_is(l, "reserve 1 10;settle 1 4;");
    journal_is(other, "reserve 1 20;");
    done(other);
    done(l);
}

/* ---- the life of a hold ---- */

static void held_sent_settled(void **state) {
    jl_ledger *l = made(state, "budget=100", "price.page=5:15");
    jl_admission a = reserve_for(l, 1, -1, "ann", false);
    assert_int_equal(a.refusal, JL_ADMITTED);
    assert_int_equal(a.normal, 5);
    assert_int_equal(a.worst, 15);
    assert_int_equal(a.committed, 15);
    assert_int_equal(a.budget, 100);
    assert_false(a.probe);
    stands(l, 0, 15, 1);
    about(leaves(l, 1), 330);
    stands(l, 0, 15, 1);
    jl_settled s = settle_as(l, 1, JL_HOLD_SETTLED, -1, JL_CALL_WELL);
    assert_int_equal(s.before, JL_HOLD_SENT);
    assert_int_equal(s.now, JL_HOLD_SETTLED);
    assert_int_equal(s.charged, 5);
    assert_false(s.lost);
    stands(l, 5, 0, 0);
    jl_account account = look(l);
    assert_string_equal(account.period, a.period);
    assert_int_equal(spent_in(&account, a.period, ""), 5);
    assert_int_equal(spent_in(&account, a.period, "ann"), 5);
    assert_int_equal(account.calls, 1);
    assert_int_equal(account.failures, 0);
    jl_account_free(&account);
    journal_is(l, "reserve 1 15;send 1 15;settle 1 5;");
    done(l);
}

static void what_a_look_shows_of_holds(void **state) {
    jl_ledger *l = made(state, "budget=100", "price.page=5:15", "hold=40s");
    (void)reserve_for(l, 1, -1, "ann", true);
    turn(10);
    admits(l, 2, 7);
    (void)leaves(l, 2);
    turn(5);
    jl_account a = look(l);
    assert_int_equal(a.holds, 2);
    assert_string_equal(a.hold[0].id, id_of(1));
    assert_string_equal(a.hold[0].endpoint, "page");
    assert_string_equal(a.hold[0].user, "ann");
    assert_int_equal(a.hold[0].state, JL_HOLD_RESERVED);
    assert_true(a.hold[0].priority);
    assert_int_equal(a.hold[0].normal, 5);
    assert_int_equal(a.hold[0].worst, 15);
    about(a.hold[0].age, 15);
    about(a.hold[0].lease, 25);
    assert_int_equal(a.hold[1].state, JL_HOLD_SENT);
    assert_false(a.hold[1].priority);
    assert_string_equal(a.hold[1].period, a.period);
    about(a.hold[1].age, 5);
    about(a.hold[1].lease, 325);
    assert_int_equal(llabs(a.now_ms - jl_clock_wall() / JL_MILLISECOND) < 5000, 1);
    jl_account_free(&a);
    done(l);
}

static void more_than_the_worst_is_charged_in_full(void **state) {
    jl_ledger *l = made(state, "budget=100");
    admits(l, 1, 60);
    settles(l, 1, 250);
    stands(l, 250, 0, 0);
    refuses(l, 2, 0, JL_REFUSED_BUDGET);
    refuses(l, 2, 1, JL_REFUSED_BUDGET);
    done(l);
}

static void repeated_it_does_nothing_new(void **state) {
    jl_ledger *l = made(state, "budget=100", "price.page=5:15");
    jl_admission a = reserve(l, 1, -1), again = reserve(l, 1, -1);
    assert_int_equal(a.refusal, JL_ADMITTED);
    assert_int_equal(again.refusal, JL_ADMITTED);
    assert_int_equal(again.normal, 5);
    assert_int_equal(again.worst, 15);
    stands(l, 0, 15, 1);
    about(leaves(l, 1), 330);
    turn(10);
    about(leaves(l, 1), 320);
    settles(l, 1, 7);
    static const jl_hold_state to[] = {JL_HOLD_SETTLED, JL_HOLD_VOID, JL_HOLD_UNCERTAIN};
    for (size_t i = 0; i < 3; i++) {
        jl_settled s = settle_as(l, 1, to[i], 3, JL_CALL_QUOTA);
        assert_int_equal(s.before, JL_HOLD_SETTLED);
        assert_int_equal(s.now, JL_HOLD_SETTLED);
        assert_int_equal(s.charged, 7);
        assert_false(s.lost);
    }
    assert_int_equal(leaves(l, 1), -1);
    admits(l, 2, 1);
    voids(l, 2);
    jl_settled s = settle_as(l, 2, JL_HOLD_SETTLED, 3, JL_CALL_WELL);
    assert_int_equal(s.now, JL_HOLD_VOID);
    assert_int_equal(s.charged, 0);
    assert_int_equal(leaves(l, 2), -1);
    assert_int_equal(leaves(l, 3), -1);
    stands(l, 7, 0, 0);
    journal_is(l, "reserve 1 15;send 1 15;settle 1 7;reserve 2 1;void 2 0;");
    done(l);
}

/* Never sent: given back. */
static void a_lease_that_ends_before_the_call(void **state) {
    jl_ledger *l = made(state, "budget=10", "hold=20s");
    admits(l, 1, 10);
    turn(19);
    refuses(l, 2, 1, JL_REFUSED_BUDGET);
    turn(2);
    assert_int_equal(leaves(l, 1), -1);
    jl_settled s = settle_as(l, 1, JL_HOLD_SETTLED, 3, JL_CALL_WELL);
    assert_int_equal(s.before, JL_HOLD_VOID);
    assert_int_equal(s.charged, 0);
    stands(l, 0, 0, 0);
    admits(l, 2, 10);
    journal_is(l, "reserve 1 10;void 1 0 lease;reserve 2 10;");
    done(l);
}

/* Sent: charged the worst, until somebody knows better. */
static void a_lease_that_ends_behind_the_call(void **state) {
    jl_ledger *l = made(state, "budget=100", "price.page=5:20", "timeout=30s", "grace=5s");
    for (int i = 1; i <= 3; i++) {
        (void)reserve_for(l, i, -1, "ann", false);
        about(leaves(l, i), 35);
    }
    turn(34);
    stands(l, 0, 60, 3);
    turn(2);
    stands(l, 60, 0, 0);
    jl_account a = look(l);
    assert_int_equal(a.uncertain, 60);
    assert_int_equal(a.carried, 0);
    assert_int_equal(a.holds, 3);
    assert_int_equal(a.hold[0].state, JL_HOLD_UNCERTAIN);
    assert_int_equal(a.hold[0].lease, 0);
    assert_int_equal(spent_in(&a, a.period, "ann"), 60);
    jl_account_free(&a);
    assert_int_equal(leaves(l, 1), -1);
    jl_settled s = settle_as(l, 1, JL_HOLD_SETTLED, -1, JL_CALL_WELL);
    assert_int_equal(s.before, JL_HOLD_UNCERTAIN);
    assert_int_equal(s.charged, 5);
    s = settle_as(l, 2, JL_HOLD_UNCERTAIN, -1, JL_CALL_FAILED);
    assert_int_equal(s.now, JL_HOLD_UNCERTAIN);
    assert_int_equal(s.charged, 20);
    stands(l, 45, 0, 0);
    voids(l, 2);
    stands(l, 25, 0, 0);
    a = look(l);
    assert_int_equal(a.uncertain, 20);
    assert_int_equal(spent_in(&a, a.period, "ann"), 25);
    jl_account_free(&a);
    journal_is(l, "reserve 1 20;send 1 20;reserve 2 20;send 2 20;reserve 3 20;send 3 20;uncertain 1 20 lease;"
                  "uncertain 2 20 lease;uncertain 3 20 lease;settle 1 5;void 2 0;");
    done(l);
}

static void said_to_be_uncertain(void **state) {
    jl_ledger *l = made(state, "budget=100");
    admits(l, 1, 8);
    (void)leaves(l, 1);
    jl_settled s = settle_as(l, 1, JL_HOLD_UNCERTAIN, 3, JL_CALL_FAILED);
    assert_int_equal(s.now, JL_HOLD_UNCERTAIN);
    assert_int_equal(s.charged, 8);
    stands(l, 8, 0, 0);
    settles(l, 1, 3);
    stands(l, 3, 0, 0);
    done(l);
}

/* It was bought, whatever the ledger knows of it. */
static void a_hold_that_was_lost(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=100");
    jl_settled s = settle_as(l, 1, JL_HOLD_SETTLED, 4, JL_CALL_WELL);
    assert_int_equal(s.before, JL_HOLD_NONE);
    assert_int_equal(s.now, JL_HOLD_SETTLED);
    assert_int_equal(s.charged, 4);
    assert_true(s.lost);
    s = settle_as(l, 1, JL_HOLD_SETTLED, 9, JL_CALL_WELL);
    assert_int_equal(s.before, JL_HOLD_SETTLED);
    assert_int_equal(s.charged, 4);
    assert_false(s.lost);
    s = settle_as(l, 2, JL_HOLD_SETTLED, -1, JL_CALL_WELL);
    assert_int_equal(s.charged, 15);
    s = settle_as(l, 3, JL_HOLD_UNCERTAIN, 2, JL_CALL_NEUTRAL);
    assert_int_equal(s.now, JL_HOLD_UNCERTAIN);
    assert_int_equal(s.charged, 15);
    stands(l, 34, 0, 0);
    voids(l, 3);
    stands(l, 19, 0, 0);
    s = settle_as(l, 4, JL_HOLD_VOID, -1, JL_CALL_QUOTA);
    assert_int_equal(s.before, JL_HOLD_NONE);
    assert_int_equal(s.now, JL_HOLD_NONE);
    jl_settle how = {
        .id = id_of(5), .to = JL_HOLD_SETTLED, .cost = -1, .by = "", .endpoint = "", .user = "", .worst = -1};
    refused_with(l->ops->settle(l, &how, &s, &err), &err, JL_USAGE, "cost");
    journal_is(l, "settle 1 4 lost;settle 2 15 lost;uncertain 3 15 lost;void 3 0;");
    done(l);
}

/* ---- refusals ---- */

static void a_price_that_nobody_knows(void **state) {
    jl_ledger *l = made(state, "price.other=5");
    jl_admission a = reserve(l, 1, -1);
    assert_int_equal(a.refusal, JL_REFUSED_PRICE);
    assert_int_equal(a.wait, -1);
    admits(l, 1, 3);
    stands(l, 0, 3, 1);
    done(l);
}

static void the_budget_to_the_last_credit(void **state) {
    jl_ledger *l = made(state, "budget=20");
    admits(l, 1, 5);
    settles(l, 1, 5);
    admits(l, 2, 10);
    jl_admission a = reserve(l, 3, 6);
    assert_int_equal(a.refusal, JL_REFUSED_BUDGET);
    assert_int_equal(a.committed, 15);
    assert_int_equal(a.budget, 20);
    assert_true(a.wait > 0 && a.wait <= INT64_C(31) * 86400 * JL_SECOND);
    int64_t end = jl_period_end(a.period, 1) * JL_SECOND - jl_clock_wall();
    assert_true(llabs(a.wait - end) < JL_SECOND);
    admits(l, 3, 5);
    admits(l, 4, 0);
    refuses(l, 5, 1, JL_REFUSED_BUDGET);
    settles(l, 2, 9);
    admits(l, 5, 1);
    refuses(l, 6, 1, JL_REFUSED_BUDGET);
    voids(l, 5);
    admits(l, 6, 1);
    stands(l, 14, 6, 3);
    done(l);
}

static void the_budget_in_reserve(void **state) {
    jl_ledger *l = made(state, "budget=99", "priority-share=20"); /* 79.2 for the others */
    assert_int_equal(reserve_for(l, 1, 79, "", false).refusal, JL_ADMITTED);
    assert_int_equal(reserve_for(l, 2, 1, "", false).refusal, JL_REFUSED_BUDGET);
    assert_int_equal(reserve_for(l, 2, 20, "", true).refusal, JL_ADMITTED);
    assert_int_equal(reserve_for(l, 3, 1, "", true).refusal, JL_REFUSED_BUDGET);
    voids(l, 1);
    assert_int_equal(reserve_for(l, 4, 60, "", false).refusal, JL_REFUSED_BUDGET);
    assert_int_equal(reserve_for(l, 4, 59, "", false).refusal, JL_ADMITTED);
    done(l);
}

static void what_a_user_may_spend(void **state) {
    jl_ledger *l = made(state, "budget=1000", "user-cap=10");
    assert_int_equal(reserve_for(l, 1, 6, "ann", false).refusal, JL_ADMITTED);
    jl_admission a = reserve_for(l, 2, 5, "ann", false);
    assert_int_equal(a.refusal, JL_REFUSED_USER);
    assert_int_equal(a.committed, 6);
    assert_int_equal(a.budget, 10);
    assert_true(a.wait > 0);
    settle_as(l, 1, JL_HOLD_SETTLED, 7, JL_CALL_WELL);
    assert_int_equal(reserve_for(l, 2, 4, "ann", false).refusal, JL_REFUSED_USER);
    assert_int_equal(reserve_for(l, 2, 3, "ann", false).refusal, JL_ADMITTED);
    assert_int_equal(reserve_for(l, 3, 1, "ann", true).refusal, JL_REFUSED_USER);
    assert_int_equal(reserve_for(l, 3, 10, "\xc3\xa4nn:e {x}", false).refusal, JL_ADMITTED);
    assert_int_equal(reserve_for(l, 4, 500, "", false).refusal, JL_ADMITTED);
    assert_int_equal(reserve_for(l, 5, 1, "\xc3\xa4nn:e {x}", false).refusal, JL_REFUSED_USER);
    done(l);
}

static void as_many_at_once_and_no_more(void **state) {
    jl_ledger *l = made(state, "concurrency=3", "hold=20s");
    for (int i = 1; i <= 3; i++)
        admits(l, i, 1);
    (void)leaves(l, 2);
    jl_admission a = reserve(l, 4, 1);
    assert_int_equal(a.refusal, JL_REFUSED_CONCURRENCY);
    assert_true(a.wait > 0 && a.wait <= JL_SECOND / 5);
    settles(l, 2, 1);
    admits(l, 4, 1);
    refuses(l, 5, 1, JL_REFUSED_CONCURRENCY);
    change(l, "concurrency=2");
    voids(l, 1);
    refuses(l, 5, 1, JL_REFUSED_CONCURRENCY);
    turn(21);
    admits(l, 5, 1);
    done(l);
}

static void so_many_a_second_and_a_burst(void **state) {
    jl_ledger *l = made(state, "rate=0.1", "burst=3");
    for (int i = 1; i <= 3; i++)
        admits(l, i, 1);
    jl_admission a = reserve(l, 4, 1);
    assert_int_equal(a.refusal, JL_REFUSED_RATE);
    about(a.wait, 10);
    turn(4);
    a = reserve(l, 4, 1);
    assert_int_equal(a.refusal, JL_REFUSED_RATE);
    about(a.wait, 6);
    turn(6);
    admits(l, 4, 1);
    refuses(l, 5, 1, JL_REFUSED_RATE);
    turn(3600);
    for (int i = 5; i <= 7; i++)
        admits(l, i, 1);
    refuses(l, 8, 1, JL_REFUSED_RATE);
    change(l, "rate=0");
    admits(l, 8, 1);
    done(l);
}

/* Nobody waits for what a rate asked that holds no more. */
static void a_rate_that_was_raised(void **state) {
    jl_ledger *l = made(state, "rate=0.001", "burst=2");
    admits(l, 1, 1);
    admits(l, 2, 1);
    refuses(l, 3, 1, JL_REFUSED_RATE);
    change(l, "rate=0.1");
    jl_admission a = reserve(l, 3, 1);
    assert_int_equal(a.refusal, JL_REFUSED_RATE);
    about(a.wait, 10);
    turn(10);
    admits(l, 3, 1);
    done(l);
}

/* One call that is admitted, and what becomes of it. */
static jl_admission call(jl_ledger *l, int number, jl_outcome outcome) {
    jl_admission a = reserve(l, number, 1);
    if (a.refusal != JL_ADMITTED)
        fail_msg("call %d: refused for %s", number, jl_refusal_name(a.refusal));
    (void)leaves(l, number);
    (void)settle_as(l, number, outcome == JL_CALL_WELL ? JL_HOLD_SETTLED : JL_HOLD_VOID, -1, outcome);
    return a;
}

static void the_order_of_refusals(void **state) {
    jl_ledger *l = made(state, "budget=10", "user-cap=5", "concurrency=1", "rate=0.1");
    assert_int_equal(reserve_for(l, 1, 5, "ann", false).refusal, JL_ADMITTED);
    assert_int_equal(reserve_for(l, 2, 0, "ann", false).refusal, JL_REFUSED_CONCURRENCY);
    assert_int_equal(reserve_for(l, 2, 1, "ann", false).refusal, JL_REFUSED_USER);
    assert_int_equal(reserve_for(l, 2, 6, "ann", false).refusal, JL_REFUSED_BUDGET);
    voids(l, 1);
    assert_int_equal(reserve_for(l, 2, 1, "ann", false).refusal, JL_REFUSED_RATE);
    jl_err err = {0};
    well(l->ops->breaker(l, true, 0, &err), &err);
    assert_int_equal(reserve_for(l, 2, 60, "ann", false).refusal, JL_REFUSED_BREAKER);
    assert_int_equal(reserve_for(l, 2, -1, "ann", false).refusal, JL_REFUSED_PRICE);
    done(l);
}

/* ---- the breaker ---- */

static void breaker_is(jl_ledger *l, jl_breaker_state wanted, uint32_t calls, uint32_t failures) {
    jl_account a = look(l);
    if (a.breaker != wanted || a.calls != calls || a.failures != failures)
        fail_msg("breaker %d, %u of %u failed; not %d, %u of %u", (int)a.breaker, (unsigned)a.failures,
                 (unsigned)a.calls, (int)wanted, (unsigned)failures, (unsigned)calls);
    jl_account_free(&a);
}

static void it_opens_probes_closes(void **state) {
    jl_ledger *l = made(state, "breaker-calls=4", "breaker-window=6", "breaker-rate=50", "breaker-cooldown=60s",
                        "breaker-probes=2", "hold=20s");
    (void)call(l, 1, JL_CALL_FAILED);
    (void)call(l, 2, JL_CALL_NEUTRAL);
    (void)call(l, 3, JL_CALL_FAILED);
    (void)call(l, 4, JL_CALL_WELL);
    breaker_is(l, JL_BREAKER_CLOSED, 3, 2);
    admits(l, 5, 1); /* on its way while all this happens */
    (void)leaves(l, 5);
    assert_false(call(l, 6, JL_CALL_FAILED).probe);
    jl_admission a = reserve(l, 7, 1);
    assert_int_equal(a.refusal, JL_REFUSED_BREAKER);
    about(a.wait, 60);
    turn(59);
    refuses(l, 7, 1, JL_REFUSED_BREAKER);
    turn(1);
    a = reserve(l, 7, 1);
    assert_int_equal(a.refusal, JL_ADMITTED);
    assert_true(a.probe);
    assert_true(reserve(l, 8, 1).probe);
    a = reserve(l, 9, 1);
    assert_int_equal(a.refusal, JL_REFUSED_BREAKER);
    assert_true(a.wait > 0 && a.wait <= JL_SECOND);
    (void)settle_as(l, 5, JL_HOLD_VOID, -1, JL_CALL_FAILED); /* no probe: says nothing */
    jl_account account = look(l);
    assert_int_equal(account.breaker, JL_BREAKER_HALF_OPEN);
    jl_account_free(&account);
    (void)settle_as(l, 7, JL_HOLD_SETTLED, -1, JL_CALL_WELL);
    turn(21); /* the other probe's lease ends, which frees its place */
    assert_true(reserve(l, 9, 1).probe);
    (void)settle_as(l, 9, JL_HOLD_VOID, -1, JL_CALL_FAILED);
    a = reserve(l, 10, 1);
    assert_int_equal(a.refusal, JL_REFUSED_BREAKER);
    about(a.wait, 60);
    turn(60);
    assert_true(call(l, 10, JL_CALL_WELL).probe);
    assert_true(call(l, 11, JL_CALL_WELL).probe);
    breaker_is(l, JL_BREAKER_CLOSED, 0, 0);
    assert_false(call(l, 12, JL_CALL_WELL).probe);
    journal_is(l, "reserve 1 1;send 1 1;void 1 0;reserve 2 1;send 2 1;void 2 0;reserve 3 1;send 3 1;void 3 0;"
                  "reserve 4 1;send 4 1;settle 4 1;reserve 5 1;send 5 1;reserve 6 1;send 6 1;void 6 0;"
                  "breaker 0 0 open failures;breaker 0 0 half-open;reserve 7 1 probe;reserve 8 1 probe;void 5 0;"
                  "settle 7 1;void 8 0 lease;reserve 9 1 probe;void 9 0;breaker 0 0 open failures;"
                  "breaker 0 0 half-open;reserve 10 1 probe;send 10 1;settle 10 1;reserve 11 1 probe;send 11 1;"
                  "settle 11 1;breaker 0 0 closed;reserve 12 1;send 12 1;settle 12 1;");
    done(l);
}

/* Only the last calls count, and only those that changed something. */
/* Its time comes with any reserve. */
static void half_open_without_a_price(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=100");
    well(l->ops->breaker(l, true, 5 * JL_SECOND, &err), &err);
    assert_int_equal(reserve(l, 1, -1).refusal, JL_REFUSED_PRICE);
    breaker_is(l, JL_BREAKER_OPEN, 0, 0);
    turn(6);
    assert_int_equal(reserve(l, 1, -1).refusal, JL_REFUSED_PRICE);
    breaker_is(l, JL_BREAKER_HALF_OPEN, 0, 0);
    done(l);
}

static void the_window_moves_on(void **state) {
    jl_ledger *l = made(state, "breaker-calls=3", "breaker-window=4", "breaker-rate=75", "concurrency=50");
    (void)call(l, 1, JL_CALL_FAILED);
    (void)call(l, 2, JL_CALL_FAILED);
    (void)settle_as(l, 1, JL_HOLD_VOID, -1, JL_CALL_FAILED); /* the same once more */
    (void)settle_as(l, 99, JL_HOLD_VOID, -1, JL_CALL_FAILED);
    breaker_is(l, JL_BREAKER_CLOSED, 2, 2);
    (void)call(l, 3, JL_CALL_WELL);
    (void)call(l, 4, JL_CALL_WELL);
    breaker_is(l, JL_BREAKER_CLOSED, 4, 2);
    (void)call(l, 5, JL_CALL_FAILED);
    breaker_is(l, JL_BREAKER_CLOSED, 4, 2);
    (void)call(l, 6, JL_CALL_FAILED);
    (void)call(l, 7, JL_CALL_FAILED);
    breaker_is(l, JL_BREAKER_OPEN, 4, 3);
    done(l);
}

static void a_quota_that_is_used_up(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=1000");
    turn_to_end(86400);
    (void)call(l, 1, JL_CALL_QUOTA);
    jl_admission a = reserve(l, 2, 1);
    assert_int_equal(a.refusal, JL_REFUSED_QUOTA);
    int64_t end = jl_period_end(a.period, 1) * JL_SECOND - jl_clock_wall();
    assert_true(llabs(a.wait - end) < JL_SECOND);
    well(l->ops->breaker(l, false, 0, &err), &err);
    (void)call(l, 2, JL_CALL_WELL);
    (void)call(l, 3, JL_CALL_QUOTA);
    turn_to_end(10);
    refuses(l, 4, 1, JL_REFUSED_QUOTA);
    turn(11);
    a = reserve(l, 4, 1);
    assert_int_equal(a.refusal, JL_ADMITTED);
    assert_true(a.probe);
    done(l);
}

static void opened_by_a_person(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=1000");
    well(l->ops->breaker(l, true, 100 * JL_SECOND, &err), &err);
    jl_admission a = reserve(l, 1, 1);
    assert_int_equal(a.refusal, JL_REFUSED_BREAKER);
    about(a.wait, 100);
    well(l->ops->breaker(l, true, 0, &err), &err);
    a = reserve(l, 1, 1);
    assert_int_equal(a.refusal, JL_REFUSED_BREAKER);
    assert_int_equal(a.wait, -1);
    turn(86400);
    refuses(l, 1, 1, JL_REFUSED_BREAKER);
    jl_account account = look(l);
    assert_int_equal(account.breaker, JL_BREAKER_OPEN);
    assert_int_equal(account.why, JL_OPEN_PERSON);
    assert_int_equal(account.breaker_wait, -1);
    jl_account_free(&account);
    well(l->ops->breaker(l, false, 0, &err), &err);
    assert_false(call(l, 1, JL_CALL_WELL).probe);
    well(l->ops->breaker(l, false, 0, &err), &err);
    breaker_is(l, JL_BREAKER_CLOSED, 0, 0);
    journal_is(l, "breaker 0 0 open person;breaker 0 0 open person;breaker 0 0 closed person;reserve 1 1;send 1 1;"
                  "settle 1 1;");
    done(l);
}

/* What a person has stopped for good, no late answer starts again in the next period. */
static void a_quota_under_what_a_person_said(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=1000");
    for (int i = 1; i <= 2; i++)
        admits(l, i, 1);
    well(l->ops->breaker(l, true, 10 * JL_SECOND, &err), &err);
    (void)settle_as(l, 1, JL_HOLD_VOID, -1, JL_CALL_QUOTA);
    refuses(l, 3, 1, JL_REFUSED_QUOTA);
    well(l->ops->breaker(l, true, 0, &err), &err);
    (void)settle_as(l, 2, JL_HOLD_VOID, -1, JL_CALL_QUOTA);
    jl_admission a = reserve(l, 3, 1);
    assert_int_equal(a.refusal, JL_REFUSED_BREAKER);
    assert_int_equal(a.wait, -1);
    done(l);
}

/* ---- periods ---- */

static void a_new_period_begins_with_nothing_spent(void **state) {
    jl_ledger *l = made(state, "budget=10", "user-cap=10");
    turn_to_end(1000);
    jl_admission a = reserve_for(l, 1, 10, "ann", false);
    assert_int_equal(a.refusal, JL_ADMITTED);
    settles(l, 1, 10);
    refuses(l, 2, 1, JL_REFUSED_BUDGET);
    turn(1001);
    stands(l, 0, 0, 0);
    jl_admission b = reserve_for(l, 2, 10, "ann", false);
    assert_int_equal(b.refusal, JL_ADMITTED);
    assert_true(strcmp(b.period, a.period) > 0);
    settles(l, 2, 9);
    jl_account account = look(l);
    assert_string_equal(account.period, b.period);
    assert_int_equal(spent_in(&account, a.period, ""), 10);
    assert_int_equal(spent_in(&account, a.period, "ann"), 10);
    assert_int_equal(spent_in(&account, b.period, ""), 9);
    assert_int_equal(spent_in(&account, b.period, "ann"), 9);
    jl_account_free(&account);
    done(l);
}

/* In doubt which of the two it is billed to, it has to fit into both. */
static void a_call_across_the_end_counts_in_both(void **state) {
    jl_ledger *l = made(state, "budget=100", "timeout=300s", "grace=30s");
    turn_to_end(100);
    admits(l, 1, 60);
    (void)leaves(l, 1);
    refuses(l, 2, 41, JL_REFUSED_BUDGET);
    turn(101);
    jl_account a = look(l);
    assert_int_equal(a.spent, 0);
    assert_int_equal(a.held, 60);
    assert_true(strcmp(a.hold[0].period, a.period) < 0);
    assert_string_equal(a.hold[0].reach, a.period);
    jl_account_free(&a);
    refuses(l, 2, 41, JL_REFUSED_BUDGET);
    admits(l, 2, 40);
    settles(l, 1, 55); /* of the earlier period */
    stands(l, 0, 40, 1);
    admits(l, 3, 60);
    a = look(l);
    char before[JL_PERIOD_SIZE];
    jl_period_of(jl_period_start(a.period) - 1, 1, before);
    assert_int_equal(spent_in(&a, before, ""), 55);
    jl_account_free(&a);
    done(l);
}

static void an_uncertain_call_across_the_end_too(void **state) {
    jl_ledger *l = made(state, "budget=100", "timeout=300s", "grace=30s");
    turn_to_end(100);
    admits(l, 1, 60);
    (void)leaves(l, 1);
    turn(400);
    jl_account a = look(l);
    assert_int_equal(a.spent, 0);
    assert_int_equal(a.held, 0);
    assert_int_equal(a.carried, 60);
    assert_int_equal(a.uncertain, 0);
    assert_int_equal(a.holds, 1);
    jl_account_free(&a);
    refuses(l, 2, 41, JL_REFUSED_BUDGET);
    admits(l, 2, 40);
    settles(l, 1, 50);
    admits(l, 3, 60);
    refuses(l, 4, 1, JL_REFUSED_BUDGET);
    stands(l, 0, 100, 2);
    done(l);
}

/* It belongs where it was sent. */
static void held_in_one_period_sent_in_the_next(void **state) {
    jl_ledger *l = made(state, "budget=100");
    turn_to_end(20);
    admits(l, 1, 60);
    turn(30);
    about(leaves(l, 1), 330);
    settles(l, 1, 60);
    stands(l, 60, 0, 0);
    refuses(l, 2, 41, JL_REFUSED_BUDGET);
    admits(l, 2, 40);
    done(l);
}

/* Only for as long as it was admitted for. */
static void what_would_reach_further_is_not_sent(void **state) {
    jl_ledger *l = made(state, "budget=100");
    turn_to_end(86400);
    admits(l, 1, 60);
    change(l, "timeout=2d");
    assert_int_equal(leaves(l, 1), -1);
    stands(l, 0, 0, 0);
    done(l);
}

/* What was spent is spent, whatever the period is called. */
static void another_anchor(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=100");
    turn_to_end(20 * 86400);
    admits(l, 1, 60);
    const char *const five[] = {"anchor=5"};
    refused_with(l->ops->set(l, five, 1, &err), &err, JL_TEMPFAIL, "anchor");
    settles(l, 1, 60);
    change(l, "anchor=5");
    stands(l, 60, 0, 0);
    admits(l, 2, 40);
    settles(l, 2, 20);
    change(l, "anchor=1");
    stands(l, 80, 0, 0);
    change(l, "anchor=1", "anchor=31", "anchor=1");
    stands(l, 80, 0, 0);
    journal_is(l, "reserve 1 60;settle 1 60;adjust 0 60 anchor;reserve 2 40;settle 2 20;adjust 0 20 anchor;");
    done(l);
}

static void adjusted_by_hand(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=100");
    well(l->ops->adjust(l, 70, "sync", &err), &err);
    stands(l, 70, 0, 0);
    refuses(l, 1, 31, JL_REFUSED_BUDGET);
    well(l->ops->adjust(l, -30, "sync", &err), &err);
    refused_with(l->ops->adjust(l, -41, "sync", &err), &err, JL_DATA, "spent");
    stands(l, 40, 0, 0);
    well(l->ops->adjust(l, -40, "reset", &err), &err);
    stands(l, 0, 0, 0);
    journal_is(l, "adjust 0 70 sync;adjust 0 -30 sync;adjust 0 -40 reset;");
    done(l);
}

/* ---- notices ---- */

static int claim(jl_ledger *l, const char *key) {
    jl_err err = {0};
    int rc = l->ops->claim(l, key, 60 * JL_SECOND, &err);
    if (rc < 0)
        fail_msg("%s", err.text);
    return rc;
}

static void notices(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=100"), *other = open_as(*state, "other", 0);
    change(other, "budget=1");
    assert_int_equal(claim(l, "alert 2026-11-01 70"), 1);
    assert_int_equal(claim(l, "alert 2026-11-01 70"), 0);
    assert_int_equal(claim(l, "alert 2026-11-01 90"), 1);
    assert_int_equal(claim(other, "alert 2026-11-01 70"), 1);
    turn(59);
    assert_int_equal(claim(l, "alert 2026-11-01 70"), 0);
    turn(2); /* whoever had it did not tell it */
    assert_int_equal(claim(l, "alert 2026-11-01 70"), 1);
    well(l->ops->told(l, "alert 2026-11-01 70", true, &err), &err);
    turn(1000);
    assert_int_equal(claim(l, "alert 2026-11-01 70"), 0);
    assert_int_equal(claim(l, "alert 2026-11-01 90"), 1);
    well(l->ops->told(l, "alert 2026-11-01 90", false, &err), &err);
    assert_int_equal(claim(l, "alert 2026-11-01 90"), 1);
    well(l->ops->told(l, "alert 2026-11-01 70", false, &err), &err);
    assert_int_equal(claim(l, "alert 2026-11-01 70"), 0); /* what is told stays told */
    done(other);
    done(l);
}

/* ---- the journal ---- */

struct reading {
    uint64_t next, stop;
    int64_t at_ms;
};

static int in_order(void *self, const jl_event *e, jl_err *err) {
    struct reading *r = self;
    if (e->seq != r->next || e->at_ms < r->at_ms)
        return jl_err_set(err, JL_DATA, "entry %" PRIu64 ", not %" PRIu64, e->seq, r->next);
    r->next++;
    r->at_ms = e->at_ms;
    return e->seq == r->stop ? jl_err_set(err, JL_TEMPFAIL, "enough") : 0;
}

static void all_that_happened_in_order(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=100000");
    for (int i = 1; i <= 300; i++) {
        admits(l, i, 1);
        settles(l, i, 1);
    }
    jl_account a = look(l);
    assert_int_equal(a.spent, 300);
    struct reading r = {.next = 1};
    well(l->ops->journal(l, 1, in_order, &r, &err), &err);
    assert_int_equal(r.next, a.seq + 1);
    r = (struct reading){.next = 555};
    well(l->ops->journal(l, 555, in_order, &r, &err), &err);
    assert_int_equal(r.next, a.seq + 1);
    r = (struct reading){.next = 2, .stop = 300};
    refused_with(l->ops->journal(l, 2, in_order, &r, &err), &err, JL_TEMPFAIL, "enough");
    assert_int_equal(r.next, 301);
    r = (struct reading){.next = a.seq + 1};
    well(l->ops->journal(l, a.seq + 1, in_order, &r, &err), &err);
    assert_int_equal(r.next, a.seq + 1);
    jl_account_free(&a);
    done(l);
}

/* A clock that goes back: the journal's does not, leases are not touched. */
static void clocks_that_go_back(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=100");
    turn(3600);
    admits(l, 1, 1);
    settles(l, 1, 1);
    turn(-3600);
    admits(l, 2, 1);
    settles(l, 2, 1);
    struct reading r = {.next = 1};
    well(l->ops->journal(l, 1, in_order, &r, &err), &err);
    stands(l, 2, 0, 0);
    done(l);
}

/* ---- many at once ---- */

#define CROWD 8

static void crowd(void **state, int (*each)(const char *url, int who)) {
    pid_t pid[CROWD];
    for (int i = 0; i < CROWD; i++) {
        pid[i] = fork();
        if (pid[i] == 0)
            _exit(each(*state, i));
    }
    int sum = 0;
    for (int i = 0; i < CROWD; i++) {
        int status;
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_true(WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    assert_int_equal(sum, 40);
}

/* Returns how many it was admitted. */
static int takes_ten(const char *url, int who) {
    int n = 0;
    jl_ledger *l = open_as(url, "model", 60 * JL_SECOND);
    for (int i = 1; i <= 10; i++)
        n += reserve(l, 100 * who + i, 3).refusal == JL_ADMITTED;
    done(l);
    return n;
}

static void many_and_a_budget(void **state) {
    jl_ledger *l = made(state, "budget=122", "concurrency=1000");
    crowd(state, takes_ten);
    stands(l, 0, 120, 40);
    done(l);
}

static void many_and_so_many_at_once(void **state) {
    jl_ledger *l = made(state, "concurrency=40");
    crowd(state, takes_ten);
    stands(l, 0, 120, 40);
    done(l);
}

static int claims_forty(const char *url, int who) {
    int n = 0;
    jl_ledger *l = open_as(url, "model", 60 * JL_SECOND);
    (void)who;
    for (int i = 0; i < 40; i++)
        n += claim(l, id_of(i));
    done(l);
    return n;
}

static void many_and_a_notice(void **state) {
    jl_ledger *l = made(state, "budget=1");
    crowd(state, claims_forty);
    done(l);
}

/* ---- proven and made anew ---- */

static int show(void *self, uint64_t seq, const char *sentence, jl_err *err) {
    (void)self;
    (void)err;
    print_error("entry %" PRIu64 ": %s\n", seq, sentence);
    return 0;
}

static void proves(jl_ledger *l) {
    jl_err err = {0};
    jl_audit audit;
    well(jl_ledger_audit(l, show, NULL, &audit, &err), &err);
    assert_int_equal(audit.violations, 0);
    assert_true(audit.entries > 0);
}

static const jl_hold *hold_of(const jl_account *a, const char *id) {
    for (size_t i = 0; i < a->holds; i++)
        if (strcmp(a->hold[i].id, id) == 0)
            return &a->hold[i];
    fail_msg("%s is not there", id);
    return NULL;
}

static void same_holds(const jl_account *a, const jl_account *b) {
    assert_int_equal(a->holds, b->holds);
    for (size_t i = 0; i < a->holds; i++) {
        const jl_hold *x = &a->hold[i], *y = hold_of(b, x->id);
        assert_string_equal(x->endpoint, y->endpoint);
        assert_string_equal(x->user, y->user);
        assert_string_equal(x->period, y->period);
        assert_string_equal(x->reach, y->reach);
        assert_int_equal(x->state, y->state);
        assert_true(x->normal <= y->normal); /* the journal does not say it */
        assert_int_equal(x->worst, y->worst);
        assert_int_equal(x->priority, y->priority);
        assert_int_equal(x->probe, y->probe);
        assert_true(llabs(x->age - y->age) < 2 * JL_SECOND);
        assert_true(llabs(x->lease - y->lease) < 2 * JL_SECOND);
    }
}

static void same_accounts(const jl_account *a, const jl_account *b) {
    same_holds(a, b);
    assert_string_equal(a->period, b->period);
    assert_int_equal(a->spent, b->spent);
    assert_int_equal(a->held, b->held);
    assert_int_equal(a->carried, b->carried);
    assert_int_equal(a->uncertain, b->uncertain);
    assert_int_equal(a->live, b->live);
    assert_int_equal(a->breaker, b->breaker);
    assert_int_equal(a->why, b->why);
    assert_true(llabs(a->breaker_wait - b->breaker_wait) < 2 * JL_SECOND);
    assert_int_equal(a->sums, b->sums);
    for (size_t i = 0; i < a->sums; i++)
        assert_int_equal(a->sum[i].spent, spent_in(b, a->sum[i].period, a->sum[i].user));
}

/* Something of all kinds, in two periods. */
static void busy(jl_ledger *l) {
    change(l, "budget=1000", "price.page=5:15", "concurrency=9", "hold=5m");
    turn_to_end(300);
    for (int i = 1; i <= 6; i++)
        (void)reserve_for(l, i, -1, i % 2 ? "ann" : "", i == 3);
    for (int i = 2; i <= 5; i++)
        (void)leaves(l, i);
    settles(l, 2, 7);
    voids(l, 1);
    jl_settled s = settle_as(l, 3, JL_HOLD_UNCERTAIN, -1, JL_CALL_FAILED);
    assert_int_equal(s.now, JL_HOLD_UNCERTAIN);
    turn(301);
    admits(l, 7, 5);
    settles(l, 7, 5);
    jl_err err = {0};
    well(l->ops->adjust(l, 11, "sync", &err), &err);
    (void)settle_as(l, 8, JL_HOLD_UNCERTAIN, 1, JL_CALL_NEUTRAL);
    (void)settle_as(l, 9, JL_HOLD_SETTLED, 3, JL_CALL_NEUTRAL);
    admits(l, 10, 5);
    (void)settle_as(l, 10, JL_HOLD_VOID, -1, JL_CALL_QUOTA);
}

static void made_anew_from_the_journal(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=1");
    busy(l);
    jl_account before = look(l);
    assert_int_equal(before.holds, 4);
    assert_int_equal(before.spent, 34);
    proves(l);
    well(jl_ledger_rebuild(l, &err), &err);
    jl_account after = look(l);
    same_accounts(&before, &after);
    assert_int_equal(after.seq, before.seq + 1);
    proves(l);
    /* What has ended is still known. */
    assert_int_equal(settle_as(l, 2, JL_HOLD_SETTLED, 9, JL_CALL_WELL).charged, 7);
    assert_int_equal(settle_as(l, 1, JL_HOLD_SETTLED, 9, JL_CALL_WELL).now, JL_HOLD_VOID);
    assert_int_equal(settle_as(l, 9, JL_HOLD_VOID, 9, JL_CALL_WELL).charged, 3);
    settles(l, 4, 2);
    settles(l, 3, 1);
    jl_account_free(&before);
    before = look(l);
    assert_int_equal(before.spent, 34);
    assert_int_equal(before.carried, 0);
    proves(l);
    jl_account_free(&before);
    jl_account_free(&after);
    done(l);
}

/* A replay of a journal that has grown since is none. */
static void restored_only_at_the_end(void **state) {
    jl_err err = {0};
    jl_ledger *l = made(state, "budget=100");
    admits(l, 1, 5);
    jl_account a = look(l);
    settles(l, 1, 5);
    assert_int_equal(l->ops->restore(l, &a, &err), 1);
    stands(l, 5, 0, 0);
    jl_account_free(&a);
    done(l);
}

/* ---- a campaign ---- */

#define WORKERS 16
#define STEPS 12

/* Odd seeds go on until they are killed. */
static int worker(const char *url, size_t seed) {
    static const jl_outcome outcomes[] = {JL_CALL_WELL, JL_CALL_WELL, JL_CALL_WELL, JL_CALL_FAILED, JL_CALL_NEUTRAL};
    chance c = {seed};
    jl_err err = {0};
    jl_ledger *l = open_as(url, "model", 60 * JL_SECOND);
    for (int i = 0; i < STEPS || seed % 2; i++) {
        char id[JL_HOLD_ID_SIZE];
        jl_admission a;
        jl_settled s;
        int64_t lease = 0;
        const char *user = chance_below(&c, 2) ? "ann" : "";
        jl_reserve r = {.id = id,
                        .endpoint = "page",
                        .user = user,
                        .cost = (int64_t)chance_below(&c, 20) - 1,
                        .priority = chance_below(&c, 2)};
        if (jl_hold_id(id, &err) != 0 || l->ops->reserve(l, &r, &a, &err) != 0)
            return 2;
        if (a.refusal != JL_ADMITTED || chance_below(&c, 8) == 0)
            continue;
        if (chance_below(&c, 8) && l->ops->send(l, id, &lease, &err) != 0)
            return 2;
        jl_settle how = {.id = id,
                         .to = lease == -1           ? JL_HOLD_VOID
                               : chance_below(&c, 8) ? JL_HOLD_SETTLED
                                                     : JL_HOLD_UNCERTAIN,
                         .cost = (int64_t)chance_below(&c, 20) - 1,
                         .outcome = outcomes[chance_below(&c, 5)],
                         .by = "",
                         .endpoint = "page",
                         .user = user,
                         .worst = a.worst};
        for (size_t times = chance_below(&c, 3); times; times--)
            if (l->ops->settle(l, &how, &s, &err) != 0)
                return 2;
    }
    done(l);
    return 0;
}

struct worker {
    pid_t pid;
    bool mortal; /* ends when it is killed, not before */
};

static struct worker start_worker(const char *url, size_t seed) {
    pid_t pid = fork();
    if (pid == 0)
        _exit(worker(url, seed));
    assert_true(pid > 0);
    return (struct worker){pid, seed % 2};
}

/* Waits for one to end, whom it kills if need be; returns which. */
static size_t end_of_one(chance *c, struct worker *w, size_t n) {
    int status;
    size_t victim = chance_below(c, n);
    if (w[victim].mortal) {
        (void)usleep((useconds_t)chance_below(c, 20000));
        (void)kill(w[victim].pid, SIGKILL);
    }
    assert_int_equal(waitpid(w[victim].pid, &status, 0), w[victim].pid);
    if (w[victim].mortal)
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    else
        assert_int_equal(status, 0);
    return victim;
}

/* Processes that are killed anywhere, holds that nobody ends: whatever the journal says must be true, and in the end
   every hold has ended. */
static void killed_anywhere(void **state) {
    jl_err err = {0};
    chance c = chance_seeded();
    size_t left = chance_rounds(4 * WORKERS), running = 0;
    char budget[32], cap[32];
    snprintf(budget, sizeof budget, "budget=%zu", 45 * left); /* most of them get something, the last ones nothing */
    snprintf(cap, sizeof cap, "user-cap=%zu", 30 * left);
    jl_ledger *l = made(state, budget, cap, "concurrency=6", "price.page=5:15", "timeout=40ms", "grace=10ms",
                        "hold=30ms", "priority-share=10", "breaker-calls=20", "breaker-cooldown=20ms");
    struct worker w[WORKERS];
    for (; running < WORKERS && left; left--)
        w[running++] = start_worker(*state, chance_bits(&c));
    while (running) {
        size_t i = end_of_one(&c, w, running);
        w[i] = left ? start_worker(*state, chance_bits(&c)) : w[--running];
        left -= left > 0;
    }
    for (int i = 0; i < 2; i++) { /* a server may still have a question of one that is dead */
        jl_account a = look(l);
        jl_account_free(&a);
    }
    turn(1);
    jl_account a = look(l);
    assert_int_equal(a.live, 0);
    proves(l);
    well(jl_ledger_rebuild(l, &err), &err);
    jl_account b = look(l);
    same_accounts(&a, &b);
    proves(l);
    jl_account_free(&a);
    jl_account_free(&b);
    done(l);
}

/* ---- files ---- */

static void write_file(const char *bytes) {
    FILE *f = fopen(path_of_file(), "w");
    assert_true(f && fputs(bytes, f) >= 0 && fclose(f) == 0);
}

static const jl_sqlite_kind any_kind = {
    .what = "a ledger of jobline", .application_id = 0x6a6c6c67, .version = 99, .schema = ""};

static void sql(const char *text) {
    jl_err err = {0};
    jl_sqlite *db;
    well(jl_sqlite_open(&db, path_of_file(), &any_kind, JL_SECOND, true, &err), &err);
    well(jl_sqlite_exec(db, text, &err), &err);
    jl_sqlite_close(db);
}

static void a_look_fails(void **state, const char *words) {
    jl_err err = {0};
    jl_account a;
    jl_ledger *l = open_as(*state, "model", JL_SECOND);
    refused_with(l->ops->look(l, &a, &err), &err, JL_CONFIG, words);
    done(l);
}

static void files_that_are_none(void **state) {
    static const char *const five[] = {"budget=5"};
    jl_err err = {0};
    write_file("");
    a_look_fails(state, "credits set");
    struct stat st;
    assert_int_equal(stat(path_of_file(), &st), 0);
    assert_int_equal(st.st_size, 0);
    write_file(
        "not at all what one would call a database, though it has more bytes than a header of one needs, really");
    a_look_fails(state, "database");
    jl_ledger *l = open_as(*state, "model", JL_SECOND);
    refused_with(l->ops->set(l, five, 1, &err), &err, JL_CONFIG, "database");
    assert_int_equal(unlink(path_of_file()), 0);
    well(l->ops->set(l, five, 1, &err), &err);
    done(l);
    sql("PRAGMA user_version = 2");
    a_look_fails(state, "newer");
    sql("PRAGMA user_version = 1; PRAGMA application_id = 7");
    a_look_fails(state, "not a ledger");
}

static void a_damaged_file(void **state) {
    char junk[16384];
    jl_err err = {0};
    jl_admission a;
    jl_ledger *l = made(state, "budget=1000");
    admits(l, 1, 5);
    done(l);
    memset(junk, 0xa5, sizeof junk);
    FILE *f = fopen(path_of_file(), "r+");
    assert_true(f && fseek(f, sizeof junk, SEEK_SET) == 0); /* all but the first page */
    struct stat st;
    assert_int_equal(fstat(fileno(f), &st), 0);
    for (off_t at = sizeof junk; at < st.st_size; at += (off_t)sizeof junk)
        assert_int_equal(fwrite(junk, sizeof junk, 1, f), 1);
    assert_int_equal(fclose(f), 0);
    l = open_as(*state, "model", JL_SECOND);
    jl_reserve r = {.id = id_of(2), .endpoint = "page", .user = "", .cost = 5};
    refused_with(l->ops->reserve(l, &r, &a, &err), &err, JL_CONFIG, "damaged");
    refused_with(l->ops->set(l, (const char *const[]){"budget=7"}, 1, &err), &err, JL_CONFIG, "damaged");
    done(l);
}

static void a_file_of_its_own_mode(void **state) {
    struct stat st;
    mode_t before = umask(022);
    done(made(state, "budget=5"));
    assert_int_equal(stat(path_of_file(), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(unlink(path_of_file()), 0);
    (void)umask(007);
    done(made(state, "budget=5"));
    assert_int_equal(stat(path_of_file(), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    (void)umask(before);
}

static void a_file_that_is_taken_away(void **state) {
    jl_err err = {0};
    jl_account a;
    jl_ledger *l = made(state, "budget=5");
    admits(l, 1, 5);
    assert_int_equal(unlink(path_of_file()), 0);
    refused_with(l->ops->look(l, &a, &err), &err, JL_CONFIG, "no ledger");
    jl_ledger *other = made(state, "budget=7");
    refuses(l, 2, 8, JL_REFUSED_BUDGET); /* another one in its place is one */
    admits(l, 2, 7);
    stands(other, 0, 7, 1);
    done(other);
    done(l);
}

static void a_locked_file(void **state) {
    jl_err err = {0};
    jl_sqlite *db;
    jl_admission a;
    done(made(state, "budget=5"));
    jl_ledger *l = open_as(*state, "model", JL_SECOND / 5);
    well(jl_sqlite_open(&db, path_of_file(), &any_kind, JL_SECOND, true, &err), &err);
    well(jl_sqlite_begin(db, true, &err), &err);
    jl_reserve r = {.id = id_of(1), .endpoint = "page", .user = "", .cost = 5};
    refused_with(l->ops->reserve(l, &r, &a, &err), &err, JL_UNAVAILABLE, "locked");
    stands(l, 0, 0, 0); /* who only looks is not kept waiting */
    jl_sqlite_rollback(db);
    admits(l, 1, 5);
    jl_sqlite_close(db);
    done(l);
}

/* Leases of before the machine was started last have ended, whatever time they say. */
static void a_machine_that_was_started_again(void **state) {
    jl_ledger *l = made(state, "budget=100", "rate=0.01");
    admits(l, 1, 5);
    refuses(l, 2, 5, JL_REFUSED_RATE);
    change(l, "rate=0");
    admits(l, 2, 7);
    (void)leaves(l, 2);
    change(l, "breaker-calls=1", "breaker-rate=1", "breaker-cooldown=1d");
    (void)call(l, 3, JL_CALL_FAILED);
    refuses(l, 4, 5, JL_REFUSED_BREAKER);
    sql("UPDATE account SET boot = '00000000-0000-0000-0000-000000000000', arrival = arrival + 1000000000000000");
    stands(l, 7, 0, 0);
    change(l, "rate=0.01");
    jl_admission again = reserve(l, 4, 5);
    assert_int_equal(again.refusal, JL_ADMITTED);
    assert_true(again.probe);
    done(l);
}

/* A row that somebody took out, or a disk forgot. */
static void parts_that_are_lost(void **state) {
    static const char *const lose[] = {"DELETE FROM hold WHERE state = 1", "DELETE FROM sum", "DELETE FROM setting",
                                       "DROP TRIGGER journal_delete; DELETE FROM journal WHERE credits = 7",
                                       "DELETE FROM account WHERE provider = 'model'"};
    static const char *const five[] = {"budget=5"};
    jl_err err = {0};
    for (size_t i = 0; i < sizeof lose / sizeof *lose; i++) {
        (void)unlink(path_of_file());
        jl_ledger *l = made(state, "budget=100");
        admits(l, 1, 5);
        settles(l, 1, 5);
        admits(l, 2, 7);
        jl_account before = look(l);
        sql(lose[i]);
        a_look_fails(state, "lost");
        done(l);
        l = open_as(*state, "model", JL_SECOND);
        refused_with(l->ops->set(l, five, 1, &err), &err, JL_CONFIG, "credits rebuild");
        int rc = jl_ledger_rebuild(l, &err);
        if (strstr(lose[i], "journal")) {
            refused_with(rc, &err, JL_CONFIG, "nobody knows");
        } else {
            well(rc, &err);
            jl_account after = look(l);
            same_accounts(&before, &after);
            jl_account_free(&after);
            proves(l);
        }
        jl_account_free(&before);
        done(l);
    }
}

static int gather(void *self, uint64_t seq, const char *sentence, jl_err *err) {
    (void)seq;
    return jl_buf_addf(self, err, "%s;", sentence);
}

/* Whatever is wrong is told once. */
static void an_account_that_is_not_what_the_journal_says(void **state) {
    static const struct {
        const char *change;
        uint64_t violations;
        const char *words;
    } wrong[] = {
        {"UPDATE sum SET spent = 3 WHERE user = ''", 1, " 3 credits are spent, by the journal 5;"},
        {"UPDATE sum SET spent = 3 WHERE user = 'ann'", 1, " by a user 3 credits are spent, by the journal 5;"},
        {"INSERT INTO sum VALUES('model', '2001-01-01', '', 9)", 1, "2001-01-01 9 credits are spent, by the "},
        {"UPDATE hold SET worst = 6 WHERE state = 1", 1, "is not what the journal says of it;"},
        {"UPDATE hold SET state = 2 WHERE state = 1", 1, "is sent, by the journal reserved;"},
        {"UPDATE account SET breaker = 1, until = -1, why = 2", 1, "the breaker is not what"},
        {"UPDATE setting SET value = '7' WHERE name = 'burst'", 1, "the settings are not those"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        jl_err err = {0};
        jl_buf told = {0};
        jl_audit audit;
        (void)unlink(path_of_file());
        jl_ledger *l = made(state, "budget=100", "price.page=5");
        assert_int_equal(reserve_for(l, 1, -1, "ann", false).refusal, JL_ADMITTED);
        settles(l, 1, 5);
        admits(l, 2, 7);
        done(l);
        sql(wrong[i].change);
        l = open_as(*state, "model", JL_SECOND);
        well(jl_ledger_audit(l, gather, &told, &audit, &err), &err);
        const char *text = jl_buf_text(&told, &err);
        if (audit.violations != wrong[i].violations || !text || !strstr(text, wrong[i].words))
            fail_msg("%s: %d, %s", wrong[i].change, (int)audit.violations, text ? text : "");
        jl_buf_free(&told);
        done(l);
    }
}

static int64_t rows_of_holds(void) {
    jl_err err = {0};
    jl_sqlite *db;
    int64_t n = -1;
    well(jl_sqlite_open(&db, path_of_file(), &any_kind, JL_SECOND, false, &err), &err);
    well(jl_sqlite_ask(db, "SELECT count(*) FROM hold", &n, &err), &err);
    jl_sqlite_close(db);
    return n;
}

/* Not those of the previous period, nor what is uncertain. */
static void holds_that_ended_long_ago_are_forgotten(void **state) {
    jl_ledger *l = made(state, "budget=100000");
    for (int i = 110; i < 120; i++) {
        admits(l, i, 5);
        settles(l, i, 3);
    }
    admits(l, 120, 5);
    (void)settle_as(l, 120, JL_HOLD_UNCERTAIN, -1, JL_CALL_NEUTRAL);
    turn_to_end(-3600);
    admits(l, 109, 5); /* neighbours of it: 110 to 117 */
    voids(l, 109);
    assert_int_equal(rows_of_holds(), 12);
    assert_int_equal(settle_as(l, 110, JL_HOLD_SETTLED, 9, JL_CALL_WELL).charged, 3);
    turn_to_end(-3600);
    admits(l, 108, 5); /* 109 to 116 */
    assert_int_equal(rows_of_holds(), 12 + 1 - 7);
    admits(l, 105, 5); /* 108, 109, 117 to 120 */
    assert_int_equal(rows_of_holds(), 6 + 1 - 3);
    assert_int_equal(settle_as(l, 109, JL_HOLD_SETTLED, 9, JL_CALL_WELL).before, JL_HOLD_VOID);
    assert_int_equal(settle_as(l, 117, JL_HOLD_VOID, -1, JL_CALL_NEUTRAL).before, JL_HOLD_NONE);
    assert_int_equal(settle_as(l, 120, JL_HOLD_VOID, -1, JL_CALL_NEUTRAL).before, JL_HOLD_UNCERTAIN);
    proves(l);
    done(l);
}

/* Where a row is that nobody would miss: a user's sum, a hold that was paid. */
static void what_would_be_paid_twice(void **state) {
    static const char *const lose[] = {"DELETE FROM sum WHERE user = 'ann'", "DELETE FROM hold WHERE state = 4",
                                       "DELETE FROM hold WHERE state = 3"};
    jl_err err = {0};
    for (size_t i = 0; i < sizeof lose / sizeof *lose; i++) {
        (void)unlink(path_of_file());
        jl_ledger *l = made(state, "budget=100", "user-cap=20");
        assert_int_equal(reserve_for(l, 1, 5, "ann", false).refusal, JL_ADMITTED);
        settles(l, 1, 5);
        assert_int_equal(reserve_for(l, 2, 15, "ann", false).refusal, JL_ADMITTED);
        (void)settle_as(l, 2, JL_HOLD_UNCERTAIN, -1, JL_CALL_NEUTRAL);
        sql(lose[i]);
        jl_admission a;
        jl_settled s;
        jl_reserve more = {.id = id_of(3), .endpoint = "page", .user = "ann", .cost = 1};
        jl_settle again = {.id = id_of(1), .to = JL_HOLD_SETTLED, .cost = 5, .by = "", .endpoint = "", .user = ""};
        if (i == 0)
            refused_with(l->ops->reserve(l, &more, &a, &err), &err, JL_CONFIG, "credits rebuild");
        if (i == 1)
            refused_with(l->ops->settle(l, &again, &s, &err), &err, JL_CONFIG, "credits rebuild");
        a_look_fails(state, "lost");
        well(jl_ledger_rebuild(l, &err), &err);
        stands(l, 20, 0, 0);
        assert_int_equal(settle_as(l, 1, JL_HOLD_SETTLED, 5, JL_CALL_WELL).before, JL_HOLD_SETTLED);
        assert_int_equal(reserve_for(l, 3, 1, "ann", false).refusal, JL_REFUSED_USER);
        proves(l);
        done(l);
    }
}

static int count_violation(void *self, uint64_t seq, const char *sentence, jl_err *err) {
    (void)seq;
    (void)err;
    *(int *)self += strstr(sentence, "by a user") != NULL;
    return 0;
}

/* A sum that is another user's now: the number of rows is the same. */
static void what_a_user_has_not_spent(void **state) {
    jl_err err = {0};
    jl_audit audit;
    int users = 0;
    jl_ledger *l = made(state, "budget=100");
    assert_int_equal(reserve_for(l, 1, 5, "ann", false).refusal, JL_ADMITTED);
    settles(l, 1, 5);
    sql("UPDATE sum SET user = 'bob', spent = 0 WHERE user = 'ann'");
    well(jl_ledger_audit(l, count_violation, &users, &audit, &err), &err);
    assert_int_equal(users, 1);
    done(l);
}

static void nobody_writes_into_the_journal(void **state) {
    jl_err err = {0};
    jl_sqlite *db;
    done(made(state, "budget=100"));
    well(jl_sqlite_open(&db, path_of_file(), &any_kind, JL_SECOND, true, &err), &err);
    refused_with(jl_sqlite_exec(db, "DELETE FROM journal", &err), &err, JL_SOFTWARE, "only ever added to");
    refused_with(jl_sqlite_exec(db, "UPDATE journal SET credits = 0", &err), &err, JL_SOFTWARE, "only ever added to");
    jl_sqlite_close(db);
}

/* As somebody whom the file's mode lets read: 0 when the settings are to be had and a look, which ends leases, is not. */
static int read_by_another(const char *text) {
    jl_err err = {0};
    jl_settings s = {0};
    jl_account a;
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    jl_ledger *l = open_as(text, "model", JL_SECOND);
    int rc = l->ops->settings(l, &s, &err) != 0 || s.budget != 55;
    bool looked = l->ops->look(l, &a, &err) == 0;
    done(l);
    return looked ? 3 : rc;
}

static void settings_for_those_who_may_only_read(void **state) {
    int status;
    jl_ledger *l = made(state, "budget=55");
    admits(l, 1, 5);
    done(l);
    turn(3600);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(chmod(path_of_file(), 0444), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(read_by_another(*state));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(status, 0);
}

/* ---- set up ---- */

static int enter(void **state) {
    (void)state;
    alarm(280);
    signal(SIGPIPE, SIG_IGN); /* as the frame does */
    strcpy(folder, "/tmp/jobline-ledger.XXXXXX");
    if (!mkdtemp(folder) || !turned_begin(folder))
        return -1;
    turned_preload();
    bool started = redis_start(&redis, NULL);
    turned_preloaded();
    if (!started)
        return -1;
    snprintf(url_text[0], sizeof url_text[0], "sqlite:%s/ledger.db", folder);
    snprintf(url_text[1], sizeof url_text[1], "redis://127.0.0.1:%d/0", redis.port);
    snprintf(url_text[2], sizeof url_text[2], "redis+unix://%s", redis.socket);
    return 0;
}

static int leave(void **state) {
    (void)state;
    char command[128];
    redis_remove(&redis);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : -1;
}

/* Each test begins with nothing, on a clock that goes right. */
static int fresh(void **state) {
    (void)state;
    char reply[64];
    *turned_ahead = 0;
    (void)unlink(path_of_file());
    return redis_say(&redis, "FLUSHALL", reply, sizeof reply) > 0 ? 0 : -1;
}

#define EACH(test)                                                                                                     \
    {#test " sqlite", test, fresh, NULL, url_text[0]}, {#test " redis", test, fresh, NULL, url_text[1]}, {             \
#test " redis+unix", test, fresh, NULL, url_text[2]                                                            \
    }
#define FILES(test)                                                                                                    \
    { #test, test, fresh, NULL, url_text[0] }

int main(void) {
    const struct CMUnitTest tests[] = {
        EACH(what_is_not_there),
        EACH(what_cannot_be_meant),
        EACH(settings_are_kept),
        EACH(settings_are_read_without_a_trace),
        EACH(settings_hold_for_all_at_once),
        EACH(accounts_are_apart),
        EACH(held_sent_settled),
        EACH(what_a_look_shows_of_holds),
        EACH(more_than_the_worst_is_charged_in_full),
        EACH(repeated_it_does_nothing_new),
        EACH(a_lease_that_ends_before_the_call),
        EACH(a_lease_that_ends_behind_the_call),
        EACH(said_to_be_uncertain),
        EACH(a_hold_that_was_lost),
        EACH(a_price_that_nobody_knows),
        EACH(the_budget_to_the_last_credit),
        EACH(the_budget_in_reserve),
        EACH(what_a_user_may_spend),
        EACH(as_many_at_once_and_no_more),
        EACH(so_many_a_second_and_a_burst),
        EACH(a_rate_that_was_raised),
        EACH(the_order_of_refusals),
        EACH(it_opens_probes_closes),
        EACH(half_open_without_a_price),
        EACH(the_window_moves_on),
        EACH(a_quota_that_is_used_up),
        EACH(opened_by_a_person),
        EACH(a_quota_under_what_a_person_said),
        EACH(a_new_period_begins_with_nothing_spent),
        EACH(a_call_across_the_end_counts_in_both),
        EACH(an_uncertain_call_across_the_end_too),
        EACH(held_in_one_period_sent_in_the_next),
        EACH(what_would_reach_further_is_not_sent),
        EACH(another_anchor),
        EACH(adjusted_by_hand),
        EACH(notices),
        EACH(all_that_happened_in_order),
        EACH(clocks_that_go_back),
        EACH(many_and_a_budget),
        EACH(many_and_so_many_at_once),
        EACH(many_and_a_notice),
        EACH(made_anew_from_the_journal),
        EACH(restored_only_at_the_end),
        EACH(killed_anywhere),
        FILES(files_that_are_none),
        FILES(a_damaged_file),
        FILES(a_file_of_its_own_mode),
        FILES(settings_for_those_who_may_only_read),
        FILES(a_file_that_is_taken_away),
        FILES(a_locked_file),
        FILES(a_machine_that_was_started_again),
        FILES(parts_that_are_lost),
        FILES(what_would_be_paid_twice),
        FILES(what_a_user_has_not_spent),
        FILES(nobody_writes_into_the_journal),
        FILES(an_account_that_is_not_what_the_journal_says),
        FILES(holds_that_ended_long_ago_are_forgotten),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
