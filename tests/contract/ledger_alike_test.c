/* The ledger's rules stand in lib/gate/rules.c for SQLite, in lib/gate/ledger.lua for Redis: whatever both are asked,
   they answer alike. Random operations, on a clock that turns; JL_SCALE says how many, JL_SEED which.

   Time goes on between an operation on one ledger and the same on the other. So that no decision hangs on that, the
   clock stands a quarter of a STEP behind a multiple of STEP, it turns by whole steps, and what has a length lasts half
   a step more than whole ones. */
#include "unit/cmocka_all.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "chance.h"
#include "contract/redis_server.h"
#include "contract/turned_clock.h"
#include "books/replay.h"
#include "contract/well.h"

#define STEP 1200 /* s; days are made of whole ones */
#define ROUNDS 12
#define OPERATIONS 150
#define POOL 24
#define SLACK (20 * JL_SECOND)

static const jl_ledger_opener *const openers[] = {&jl_ledger_sqlite, &jl_ledger_redis_unix, NULL};

static char folder[64];
static redis_server redis;

/* A hold that the round has asked for. */
struct asked {
    char id[JL_HOLD_ID_SIZE];
    char period[JL_PERIOD_SIZE];
};

struct round {
    chance c;
    jl_ledger *l[2]; /* sqlite, redis */
    struct asked pool[POOL];
    size_t pooled;
    int anchor;
    unsigned refused[JL_REFUSALS];
    jl_buf said; /* what was done, for a failure to show */
};

__attribute__((format(printf, 2, 3))) static void say(struct round *r, const char *format, ...) {
    char text[300];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_int_equal(jl_buf_addf(&r->said, NULL, "%s\n", text), 0);
}

__attribute__((format(printf, 2, 3))) static void differ(struct round *r, const char *format, ...) {
    char text[600];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const size_t shown = 3000;
    size_t n = r->said.n;
    print_error("%.*s", (int)(n < shown ? n : shown), r->said.p + (n < shown ? 0 : n - shown));
    fail_msg("%s", text);
}

static void same_number(struct round *r, const char *what, int64_t a, int64_t b) {
    if (a != b)
        differ(r, "%s: %" PRId64 " in SQLite, %" PRId64 " in Redis", what, a, b);
}

static void same_text(struct round *r, const char *what, const char *a, const char *b) {
    if (strcmp(a, b) != 0)
        differ(r, "%s: '%s' in SQLite, '%s' in Redis", what, a, b);
}

static void same_span(struct round *r, const char *what, int64_t a, int64_t b) {
    if ((a < 0) != (b < 0) || llabs(a - b) > SLACK)
        differ(r, "%s: %" PRId64 " ns in SQLite, %" PRId64 " in Redis", what, a, b);
}

/* True when both did it. */
static bool same_rc(struct round *r, const int rc[2], const jl_err err[2]) {
    if (rc[0] != rc[1] || (rc[0] < 0 && err[0].class != err[1].class))
        differ(r, "%d %s in SQLite, %d %s in Redis", rc[0], rc[0] < 0 ? err[0].text : "", rc[1],
               rc[1] < 0 ? err[1].text : "");
    return rc[0] >= 0;
}

static const char *user_of(struct round *r) {
    static const char *const users[] = {"", "ann", "ben"};
    return users[chance_below(&r->c, 3)];
}

/* A period before the one before is forgotten by the one sooner than by the other. */
static struct asked *pick(struct round *r) {
    char period[JL_PERIOD_SIZE];
    jl_period_of(jl_clock_wall() / JL_SECOND, r->anchor, period);
    jl_period_of(jl_period_start(period) - 1, r->anchor, period);
    if (r->pooled == 0)
        return NULL;
    struct asked *a = &r->pool[chance_below(&r->c, r->pooled)];
    if (strcmp(a->period, period) >= 0)
        return a;
    *a = r->pool[--r->pooled];
    return NULL;
}

/* ---- operations ---- */

static void new_id(struct round *r, char id[JL_HOLD_ID_SIZE]) {
    (void)snprintf(id, JL_HOLD_ID_SIZE, "%016" PRIx64 "%016" PRIx64, chance_bits(&r->c), chance_bits(&r->c));
}

static void reserve_as(struct round *r, struct asked *asked, bool again) {
    static const char *const endpoints[] = {"page", "page", "job", "none"};
    jl_admission a[2] = {{0}, {0}};
    jl_err err[2] = {{0}, {0}};
    int rc[2];
    jl_reserve how = {.id = asked->id,
                      .endpoint = endpoints[chance_below(&r->c, 4)],
                      .user = user_of(r),
                      .cost = chance_below(&r->c, 2) ? -1 : (int64_t)chance_below(&r->c, 30),
                      .priority = chance_below(&r->c, 4) == 0};
    for (int i = 0; i < 2; i++)
        rc[i] = r->l[i]->ops->reserve(r->l[i], &how, &a[i], &err[i]);
    say(r, "reserve %s %s '%s' %" PRId64 "%s: %s %" PRId64, how.id, how.endpoint, how.user, how.cost,
        how.priority ? " priority" : "", jl_refusal_name(a[0].refusal), a[0].committed);
    if (!same_rc(r, rc, err))
        return;
    same_number(r, "refusal", a[0].refusal, a[1].refusal);
    same_span(r, "wait", a[0].wait, a[1].wait);
    memcpy(asked->period, a[0].period, sizeof asked->period);
    if (again) /* of one that has ended Redis does not remember more */
        return;
    r->refused[a[0].refusal]++;
    same_number(r, "committed", a[0].committed, a[1].committed);
    same_number(r, "budget", a[0].budget, a[1].budget);
    same_number(r, "normal", a[0].normal, a[1].normal);
    same_number(r, "worst", a[0].worst, a[1].worst);
    same_number(r, "probe", a[0].probe, a[1].probe);
    same_text(r, "period", a[0].period, a[1].period);
}

static void reserve(struct round *r) {
    size_t at = r->pooled < POOL ? r->pooled++ : chance_below(&r->c, POOL);
    new_id(r, r->pool[at].id);
    reserve_as(r, &r->pool[at], false);
}

static void reserve_again(struct round *r) {
    struct asked *a = pick(r);
    struct asked copy;
    if (!a)
        return;
    copy = *a;
    reserve_as(r, &copy, true);
}

static void send_one(struct round *r) {
    const struct asked *a = pick(r);
    int64_t lease[2] = {0, 0};
    jl_err err[2] = {{0}, {0}};
    int rc[2];
    if (!a)
        return;
    for (int i = 0; i < 2; i++)
        rc[i] = r->l[i]->ops->send(r->l[i], a->id, &lease[i], &err[i]);
    say(r, "send %s: %" PRId64, a->id, lease[0]);
    if (same_rc(r, rc, err))
        same_span(r, "lease", lease[0], lease[1]);
}

static void settle_id(struct round *r, const char *id) {
    static const jl_hold_state to[] = {JL_HOLD_SETTLED, JL_HOLD_SETTLED, JL_HOLD_VOID, JL_HOLD_UNCERTAIN};
    static const jl_outcome outcomes[] = {JL_CALL_WELL,   JL_CALL_WELL,   JL_CALL_WELL,    JL_CALL_FAILED,
                                          JL_CALL_FAILED, JL_CALL_FAILED, JL_CALL_NEUTRAL, JL_CALL_QUOTA};
    jl_settled s[2] = {{0}, {0}};
    jl_err err[2] = {{0}, {0}};
    int rc[2];
    bool quota = chance_below(&r->c, 5) == 0;
    jl_settle how = {.id = id,
                     .to = to[chance_below(&r->c, 4)],
                     .cost = chance_below(&r->c, 2) ? -1 : (int64_t)chance_below(&r->c, 40),
                     .outcome = outcomes[chance_below(&r->c, quota ? 8 : 7)],
                     .by = chance_below(&r->c, 4) ? "" : "sync",
                     .endpoint = "page",
                     .user = user_of(r),
                     .worst = chance_below(&r->c, 4) ? 15 : -1};
    for (int i = 0; i < 2; i++)
        rc[i] = r->l[i]->ops->settle(r->l[i], &how, &s[i], &err[i]);
    say(r, "settle %s %s %" PRId64 " outcome %d: was %s", id, jl_hold_state_name(how.to), how.cost, (int)how.outcome,
        jl_hold_state_name(s[0].before));
    if (!same_rc(r, rc, err))
        return;
    same_number(r, "before", s[0].before, s[1].before);
    same_number(r, "now", s[0].now, s[1].now);
    same_number(r, "charged", s[0].charged, s[1].charged);
    same_number(r, "lost", s[0].lost, s[1].lost);
}

static void settle(struct round *r) {
    const struct asked *a = pick(r);
    if (a)
        settle_id(r, a->id);
}

static void settle_lost(struct round *r) {
    char id[JL_HOLD_ID_SIZE];
    new_id(r, id);
    settle_id(r, id);
}

static void turn(struct round *r) {
    static const int64_t steps[] = {1, 1, 1, 2, 3, 10, 72, 72 * 15};
    int64_t by = steps[chance_below(&r->c, sizeof steps / sizeof *steps)];
    *turned_ahead += by * STEP * JL_SECOND;
    say(r, "turn %" PRId64 " steps", by);
}

static void set(struct round *r) {
    static const char *const changes[] = {"budget=90",
                                          "budget=160",
                                          "budget=1000",
                                          "budget=1000",
                                          "concurrency=3",
                                          "concurrency=8",
                                          "rate=0",
                                          "rate=0.000139",
                                          "rate=0.001667",
                                          "rate=0.000556",
                                          "burst=1",
                                          "burst=3",
                                          "timeout=400s",
                                          "timeout=1600s",
                                          "timeout=41h20m",
                                          "hold=600s",
                                          "hold=1800s",
                                          "user-cap=0",
                                          "user-cap=60",
                                          "user-cap=150",
                                          "priority-share=0",
                                          "priority-share=30",
                                          "breaker-rate=1",
                                          "breaker-rate=50",
                                          "breaker-window=4",
                                          "breaker-window=20",
                                          "breaker-calls=2",
                                          "breaker-calls=9",
                                          "breaker-probes=1",
                                          "breaker-probes=3",
                                          "breaker-cooldown=600s",
                                          "breaker-cooldown=3000s",
                                          "price.page=7",
                                          "price.page=5:15",
                                          "price.job=",
                                          "price.job=2"};
    char anchor[32];
    const char *change = changes[chance_below(&r->c, sizeof changes / sizeof *changes)];
    jl_err err[2] = {{0}, {0}};
    int rc[2];
    int day = 1 + (int)chance_below(&r->c, 31);
    if (chance_below(&r->c, 8) == 0) {
        (void)snprintf(anchor, sizeof anchor, "anchor=%d", day);
        change = anchor;
    }
    for (int i = 0; i < 2; i++)
        rc[i] = r->l[i]->ops->set(r->l[i], &change, 1, &err[i]);
    say(r, "set %s: %d", change, rc[0]);
    if (same_rc(r, rc, err) && change == anchor) {
        r->anchor = day;
        r->pooled = 0; /* what is the period before the last one now? */
    }
}

static void adjust(struct round *r) {
    int64_t credits = (int64_t)chance_below(&r->c, 60) - 30;
    jl_err err[2] = {{0}, {0}};
    int rc[2];
    for (int i = 0; i < 2; i++)
        rc[i] = r->l[i]->ops->adjust(r->l[i], credits, "sync", &err[i]);
    say(r, "adjust %" PRId64 ": %d", credits, rc[0]);
    (void)same_rc(r, rc, err);
}

static void breaker(struct round *r) {
    static const int64_t spans[] = {0, STEP / 2, STEP * 3 / 2, 40 * 86400 + STEP / 2};
    bool open = chance_below(&r->c, 3) == 0;
    int64_t span = spans[chance_below(&r->c, 4)] * JL_SECOND;
    jl_err err[2] = {{0}, {0}};
    int rc[2];
    for (int i = 0; i < 2; i++)
        rc[i] = r->l[i]->ops->breaker(r->l[i], open, span, &err[i]);
    say(r, "breaker %s %" PRId64 ": %d", open ? "open" : "closed", span, rc[0]);
    (void)same_rc(r, rc, err);
}

static void notice(struct round *r) {
    static const char *const keys[] = {"alert 70", "alert 90", "quota"};
    const char *key = keys[chance_below(&r->c, 3)];
    bool claim = chance_below(&r->c, 3) != 0, told = chance_below(&r->c, 2) == 0;
    jl_err err[2] = {{0}, {0}};
    int rc[2];
    for (int i = 0; i < 2; i++)
        rc[i] = claim ? r->l[i]->ops->claim(r->l[i], key, STEP / 2 * JL_SECOND, &err[i])
                      : r->l[i]->ops->told(r->l[i], key, told, &err[i]);
    say(r, "%s %s: %d", claim ? "claim" : told ? "told" : "given back", key, rc[0]);
    (void)same_rc(r, rc, err);
}

/* ---- how both stand ---- */

static int by_id(const void *a, const void *b) {
    const jl_hold *x = a, *y = b;
    return strcmp(x->id, y->id);
}

static void same_hold(struct round *r, const jl_hold *a, const jl_hold *b) {
    same_text(r, "id", a->id, b->id);
    same_number(r, "state", a->state, b->state);
    same_text(r, "endpoint", a->endpoint, b->endpoint);
    same_text(r, "user", a->user, b->user);
    same_text(r, "period", a->period, b->period);
    same_text(r, "reach", a->reach, b->reach);
    same_number(r, "priority", a->priority, b->priority);
    same_number(r, "probe", a->probe, b->probe);
    same_number(r, "normal", a->normal, b->normal);
    same_number(r, "worst", a->worst, b->worst);
    same_span(r, "age", a->age, b->age);
    same_span(r, "lease of a hold", a->lease, b->lease);
}

static int64_t sum_of(const jl_account *a, const jl_period_sum *of) {
    for (size_t i = 0; i < a->sums; i++)
        if (strcmp(a->sum[i].period, of->period) == 0 && strcmp(a->sum[i].user, of->user) == 0)
            return a->sum[i].spent;
    return 0;
}

static void same_account(struct round *r, const jl_account *a, const jl_account *b) {
    same_text(r, "current period", a->period, b->period);
    same_text(r, "next period", a->next, b->next);
    same_number(r, "spent", a->spent, b->spent);
    same_number(r, "held", a->held, b->held);
    same_number(r, "carried", a->carried, b->carried);
    same_number(r, "uncertain", a->uncertain, b->uncertain);
    same_number(r, "live", a->live, b->live);
    same_number(r, "breaker", a->breaker, b->breaker);
    if (a->breaker == JL_BREAKER_OPEN) {
        same_number(r, "why", a->why, b->why);
        same_span(r, "until half-open", a->breaker_wait, b->breaker_wait);
    }
    same_number(r, "calls", a->calls, b->calls);
    same_number(r, "failures", a->failures, b->failures);
    same_number(r, "probes that went well", a->probes_well, b->probes_well);
    same_number(r, "entries", (int64_t)a->seq, (int64_t)b->seq);
    same_number(r, "holds", (int64_t)a->holds, (int64_t)b->holds);
    for (size_t i = 0; i < a->holds; i++)
        same_hold(r, &a->hold[i], &b->hold[i]);
    for (size_t i = 0; i < a->sums; i++)
        same_number(r, a->sum[i].period, a->sum[i].spent, sum_of(b, &a->sum[i]));
    for (size_t i = 0; i < b->sums; i++)
        same_number(r, b->sum[i].period, sum_of(a, &b->sum[i]), b->sum[i].spent);
}

static void look(struct round *r) {
    jl_account a[2];
    jl_settings s;
    jl_err err[2] = {{0}, {0}};
    int rc[2];
    for (int i = 0; i < 2; i++)
        rc[i] = r->l[i]->ops->look(r->l[i], &a[i], &err[i]);
    say(r, "look");
    if (!same_rc(r, rc, err))
        differ(r, "%s", err[0].text);
    for (int i = 0; i < 2; i++) {
        if (a[i].holds)
            qsort(a[i].hold, a[i].holds, sizeof *a[i].hold, by_id);
        well(r->l[i]->ops->settings(r->l[i], &s, &err[i]), &err[i]);
        assert_memory_equal(&s.budget, &a[0].settings.budget, sizeof s.budget);
        assert_int_equal(s.prices, a[0].settings.prices);
    }
    same_account(r, &a[0], &a[1]);
    jl_account_free(&a[0]);
    jl_account_free(&a[1]);
}

static int add_line(void *self, const jl_event *e, jl_err *err) {
    return jl_buf_addf(self, err, "%" PRIu64 " %s %s %s '%s' %" PRId64 " %s %s '%s'\n", e->seq, jl_event_name(e->kind),
                       e->id, e->endpoint, e->user, e->credits, e->period, e->reach, e->note);
}

static void same_journal(struct round *r) {
    jl_buf text[2] = {{0}, {0}};
    jl_err err = {0};
    for (int i = 0; i < 2; i++)
        well(r->l[i]->ops->journal(r->l[i], 1, add_line, &text[i], &err), &err);
    size_t n = 0, line = 0;
    while (n < text[0].n && n < text[1].n && text[0].p[n] == text[1].p[n]) {
        line = text[0].p[n] == '\n' ? n + 1 : line;
        n++;
    }
    if (text[0].n != text[1].n || n != text[0].n)
        differ(r, "journals: '%.200s' in SQLite, '%.200s' in Redis", jl_buf_text(&text[0], &err) + line,
               jl_buf_text(&text[1], &err) + line);
    jl_buf_free(&text[0]);
    jl_buf_free(&text[1]);
}

static int tell(void *self, uint64_t seq, const char *sentence, jl_err *err) {
    struct round *r = self;
    (void)err;
    differ(r, "entry %" PRIu64 ": %s", seq, sentence);
    return 0;
}

/* ---- rounds ---- */

static jl_ledger *open_at(const char *text, const char *provider) {
    jl_err err = {0};
    jl_url url;
    well(jl_url_parse(jl_span_of(text), &url, &err), &err);
    jl_ledger *l = jl_ledger_open(openers, &url, provider, 20 * JL_SECOND, &err);
    if (!l)
        fail_msg("%s: %s", text, err.text);
    return l;
}

static void begin(struct round *r, size_t number) {
    static const char *const first[] = {"budget=200",      "user-cap=60",       "concurrency=5",        "timeout=400s",
                                        "grace=200s",      "hold=600s",         "price.page=5:15",      "price.job=3",
                                        "breaker-calls=4", "breaker-window=10", "breaker-cooldown=600s"};
    char text[160], provider[32];
    jl_err err = {0};
    (void)snprintf(provider, sizeof provider, "round%zu", number);
    (void)snprintf(text, sizeof text, "sqlite:%s/ledger.db", folder);
    r->l[0] = open_at(text, provider);
    (void)snprintf(text, sizeof text, "redis+unix://%s", redis.socket);
    r->l[1] = open_at(text, provider);
    r->anchor = 1;
    int64_t late = jl_clock_wall() % (STEP * JL_SECOND);
    *turned_ahead += STEP * JL_SECOND - late + STEP / 4 * JL_SECOND;
    for (int i = 0; i < 2; i++)
        well(r->l[i]->ops->set(r->l[i], first, sizeof first / sizeof *first, &err), &err);
}

static void end(struct round *r) {
    jl_err err = {0};
    jl_audit audit;
    look(r);
    same_journal(r);
    for (int i = 0; i < 2; i++) {
        well(jl_ledger_audit(r->l[i], tell, r, &audit, &err), &err);
        r->l[i]->ops->close(r->l[i]);
    }
    jl_buf_free(&r->said);
}

static void one_round(struct round *r, size_t number) {
    static const struct {
        void (*what)(struct round *r);
        size_t of; /* hundredths */
    } share[] = {{reserve, 38}, {reserve_again, 2}, {send_one, 14}, {settle, 20}, {settle_lost, 2}, {turn, 11},
                 {set, 5},      {adjust, 2},        {breaker, 1},   {notice, 2},  {look, 3}};
    begin(r, number);
    for (int n = 0; n < OPERATIONS; n++) {
        size_t at = chance_below(&r->c, 100), i = 0;
        while (at >= share[i].of)
            at -= share[i++].of;
        share[i].what(r);
    }
    end(r);
}

static void they_answer_alike(void **state) {
    unsigned refused[JL_REFUSALS] = {0};
    chance c = chance_seeded();
    size_t rounds = chance_rounds(ROUNDS);
    (void)state;
    for (size_t n = 0; n < rounds; n++) {
        struct round r = {.c = {chance_bits(&c)}};
        one_round(&r, n);
        for (int i = 0; i < JL_REFUSALS; i++)
            refused[i] += r.refused[i];
    }
    for (int i = 0; rounds >= ROUNDS && i < JL_REFUSALS; i++)
        if (refused[i] == 0)
            fail_msg("no call was %s: this proves little", jl_refusal_name((jl_refusal)i));
}

static int enter(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN); /* as the frame does */
    strcpy(folder, "/tmp/jobline-alike.XXXXXX");
    if (!mkdtemp(folder) || !turned_begin(folder))
        return -1;
    turned_preload();
    bool started = redis_start(&redis, NULL);
    turned_preloaded();
    return started ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    char command[128];
    redis_remove(&redis);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(they_answer_alike)};
    return cmocka_run_group_tests(tests, enter, leave);
}
