/* What every back end of a shared pace promises, asked of all of them. */
#include "unit/cmocka_all.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "chance.h"
#include "contract/redis_server.h"
#include "contract/well.h"
#include "pace/pace.h"
#include "wire/sqlite.h"

#define LATE (JL_SECOND / 2) /* what a busy machine may take between an answer and the look at it */
#define PROCESSES 8
#define TURNS 40

static const jl_pace_opener *const openers[] = {&jl_pace_sqlite, &jl_pace_redis, &jl_pace_redis_unix, NULL};

static char folder[64];
static redis_server redis;
static char url_text[3][160]; /* sqlite, redis, redis+unix */

static bool is_sqlite(void **state) {
    return *state == (void *)url_text[0];
}

static const char *path_of_file(void) {
    return strchr(url_text[0], ':') + 1;
}

static jl_url url_of(const char *text) {
    jl_err err = {0};
    jl_url url;
    well(jl_url_parse(jl_span_of(text), &url, &err), &err);
    return url;
}

static jl_pace_store *open_store(const char *text, const char *name, int64_t patience) {
    jl_err err = {0};
    jl_url url = url_of(text);
    jl_pace_store *s = jl_pace_store_open(openers, &url, name, patience, &err);
    if (!s)
        fail_msg("%s: %s", text, err.text);
    return s;
}

static jl_pace_store *open_model(void **state) {
    return open_store(*state, "model", 20 * JL_SECOND);
}

static int64_t reserve(jl_pace_store *s, int64_t cost) {
    jl_err err = {0};
    int64_t wait = -1;
    well(s->ops->reserve(s, cost, &wait, &err), &err);
    return wait;
}

/* `seconds`, give or take what may have passed since they were counted, or be expected to. */
static void about(int64_t wait, int64_t seconds) {
    if (wait > seconds * JL_SECOND + LATE || wait < seconds * JL_SECOND - LATE)
        fail_msg("%lld ns, not %lld s", (long long)wait, (long long)seconds);
}

/* ---- one at a time ---- */

static void each_behind_the_one_before(void **state) {
    jl_pace_store *s = open_model(state), *other = open_model(state);
    about(reserve(s, 10 * JL_SECOND), 0);
    about(reserve(other, 1000 * JL_SECOND), 10);
    about(reserve(s, 1), 1010);
    about(reserve(other, 0), 1010);
    about(reserve(other, 20000000 * JL_SECOND), 1010);
    about(reserve(other, JL_SECOND), 20001010);
    s->ops->close(s);
    other->ops->close(other);
}

static void names_are_apart(void **state) {
    jl_pace_store *s = open_model(state), *other = open_store(*state, "other", 20 * JL_SECOND);
    about(reserve(s, 100 * JL_SECOND), 0);
    about(reserve(other, 7 * JL_SECOND), 0);
    about(reserve(s, JL_SECOND), 100);
    about(reserve(other, JL_SECOND), 7);
    s->ops->close(s);
    other->ops->close(other);
}

/* Small costs on the real clock: what has passed is not asked for again. */
static void time_pays(void **state) {
    jl_pace_store *s = open_model(state);
    about(reserve(s, JL_SECOND), 0);
    int64_t until = jl_clock_now() + JL_SECOND;
    while (jl_clock_now() < until)
        redis_nap();
    about(reserve(s, JL_SECOND), 0);
    s->ops->close(s);
}

/* ---- many at once ---- */

static struct turn { int64_t at, cost; } * turn; /* PROCESSES * TURNS, shared by all of them */

static int in_a_child(const char *text, size_t who) {
    chance c = {(uint64_t)who + 1};
    struct turn *mine = turn + who * TURNS;
    jl_pace_store *s = open_store(text, "model", 60 * JL_SECOND);
    for (size_t i = 0; i < TURNS; i++) {
        mine[i].cost = (2 + (int64_t)chance_below(&c, 30)) * JL_SECOND;
        mine[i].at = reserve(s, mine[i].cost);
        mine[i].at += jl_clock_now();
    }
    s->ops->close(s);
    return 0;
}

static int by_time(const void *a, const void *b) {
    const int64_t *one = a, *other = b;
    return (*one > *other) - (*one < *other);
}

/* Each has a place of its own, and there are no gaps. */
static void nobody_leaves_beside_another(void **state) {
    const size_t n = (size_t)PROCESSES * TURNS;
    turn = mmap(NULL, n * sizeof *turn, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(turn != MAP_FAILED);
    pid_t pid[PROCESSES];
    for (size_t i = 0; i < PROCESSES; i++) {
        pid[i] = fork();
        if (pid[i] == 0)
            _exit(in_a_child(*state, i));
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_int_equal(status, 0);
    }
    qsort(turn, n, sizeof *turn, by_time);
    for (size_t i = 1; i < n; i++) {
        int64_t apart = turn[i].at - turn[i - 1].at;
        if (llabs(apart - turn[i - 1].cost) > LATE)
            fail_msg("%zu: %lld apart, cost %lld", i, (long long)apart, (long long)turn[i - 1].cost);
    }
    munmap(turn, n * sizeof *turn);
}

/* ---- clocks that are set ---- */

static void say(const char *command, const char *wanted) {
    char reply[512];
    assert_true(redis_say(&redis, command, reply, sizeof reply) > 0);
    if (!strstr(reply, wanted))
        fail_msg("%s: %s", command, reply);
}

/* In the key a second of a year from now, as after the clock was set back by a year. */
static void a_redis_clock_set_back(void **state) {
    if (is_sqlite(state))
        return;
    char command[200];
    jl_pace_store *s = open_model(state);
    long long then = jl_clock_wall() / 1000 + 365LL * 86400 * 1000000;
    snprintf(command, sizeof command, "HSET jobline:pace:v1:model seen %lld taken %lld", then, then + 30 * 1000000LL);
    say(command, ":2\r\n");
    about(reserve(s, 10 * JL_SECOND), 30);
    about(reserve(s, 10 * JL_SECOND), 40);
    s->ops->close(s);
}

static void keys_go_away_once_nothing_is_reserved(void **state) {
    if (is_sqlite(state))
        return;
    char reply[256];
    jl_pace_store *s = open_model(state);
    (void)reserve(s, 7 * JL_SECOND);
    assert_true(redis_say(&redis, "PTTL jobline:pace:v1:model", reply, sizeof reply) > 0);
    assert_in_range(atoi(reply + 1), 6000, 7001);
    (void)reserve(s, 1000 * JL_SECOND);
    assert_true(redis_say(&redis, "PTTL jobline:pace:v1:model", reply, sizeof reply) > 0);
    assert_in_range(atoi(reply + 1), 1006000, 1007001);
    say("DBSIZE", ":1\r\n");
    s->ops->close(s);
}

static void sql(const char *text) {
    static const jl_sqlite_kind kind = {
        .what = "a pace of jobline", .application_id = 0x6a6c7063, .version = 1, .schema = ""};
    jl_err err = {0};
    jl_sqlite *db;
    well(jl_sqlite_open(&db, path_of_file(), &kind, JL_SECOND, true, &err), &err);
    well(jl_sqlite_exec(db, text, &err), &err);
    jl_sqlite_close(db);
}

/* What was written before the machine was started last does not count, whatever time it says. */
static void a_row_of_another_boot(void **state) {
    if (!is_sqlite(state))
        return;
    jl_pace_store *s = open_model(state);
    (void)reserve(s, 1000 * JL_SECOND);
    about(reserve(s, 1000 * JL_SECOND), 1000);
    sql("UPDATE pace SET boot = '00000000-0000-0000-0000-000000000000'");
    about(reserve(s, 5 * JL_SECOND), 0);
    about(reserve(s, 5 * JL_SECOND), 5);
    s->ops->close(s);
}

/* ---- trouble ---- */

static void a_file_that_is_taken_away(void **state) {
    if (!is_sqlite(state))
        return;
    jl_pace_store *s = open_model(state);
    (void)reserve(s, 1000 * JL_SECOND);
    assert_int_equal(unlink(path_of_file()), 0);
    about(reserve(s, 1000 * JL_SECOND), 0);
    assert_int_equal(access(path_of_file(), F_OK), 0);
    s->ops->close(s);
}

static void a_locked_file(void **state) {
    static const jl_sqlite_kind kind = {
        .what = "a pace of jobline", .application_id = 0x6a6c7063, .version = 1, .schema = ""};
    if (!is_sqlite(state))
        return;
    jl_err err = {0};
    jl_sqlite *db;
    int64_t wait;
    jl_pace_store *s = open_store(*state, "model", JL_SECOND / 5);
    (void)reserve(s, JL_SECOND);
    well(jl_sqlite_open(&db, path_of_file(), &kind, JL_SECOND, true, &err), &err);
    well(jl_sqlite_begin(db, true, &err), &err);
    assert_int_equal(s->ops->reserve(s, JL_SECOND, &wait, &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    jl_sqlite_rollback(db);
    (void)reserve(s, JL_SECOND); /* a later one succeeds */
    jl_sqlite_close(db);
    s->ops->close(s);
}

static void what_is_no_pace(void **state) {
    jl_err err = {0};
    int64_t wait;
    jl_pace_store *s = open_model(state);
    if (is_sqlite(state)) {
        FILE *f = fopen(path_of_file(), "w");
        assert_true(f && fputs("not at all", f) >= 0 && fclose(f) == 0);
    } else {
        say("SET jobline:pace:v1:model x", "+OK");
    }
    assert_int_equal(s->ops->reserve(s, JL_SECOND, &wait, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    s->ops->close(s);
}

static void scripts_are_loaded_again(void **state) {
    if (is_sqlite(state))
        return;
    jl_pace_store *s = open_model(state);
    about(reserve(s, 100 * JL_SECOND), 0);
    say("SCRIPT FLUSH", "+OK");
    about(reserve(s, 100 * JL_SECOND), 100);
    s->ops->close(s);
}

static void a_server_that_comes_back(void **state) {
    if (is_sqlite(state))
        return;
    jl_err err = {0};
    int64_t wait;
    jl_pace_store *s = open_store(*state, "model", JL_SECOND / 5);
    (void)reserve(s, 1000 * JL_SECOND);
    redis_stop(&redis);
    assert_int_equal(s->ops->reserve(s, JL_SECOND, &wait, &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    assert_true(redis_start(&redis, NULL));
    about(reserve(s, 1000 * JL_SECOND), 0); /* what was reserved is forgotten */
    about(reserve(s, 1000 * JL_SECOND), 1000);
    s->ops->close(s);
}

/* ---- on a thread ---- */

static jl_pace *open_pace(const char *text, int64_t patience) {
    jl_err err = {0};
    jl_url url = url_of(text);
    jl_pace *p = jl_pace_open(openers, &url, "model", patience, &err);
    if (!p)
        fail_msg("%s: %s", text, err.text);
    return p;
}

static int answered(jl_pace *p, int64_t *at, jl_err *err) {
    struct pollfd fd = {.fd = jl_pace_fd(p), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 60000), 1);
    return jl_pace_answer(p, at, err);
}

static void asked_on_a_thread(void **state) {
    jl_err err = {0};
    jl_pace *p = open_pace(*state, 20 * JL_SECOND);
    int64_t at = 0;
    assert_int_equal(jl_pace_answer(p, &at, &err), 0);
    for (int i = 0; i < 20; i++) {
        well(jl_pace_ask(p, 10 * JL_SECOND, &err), &err);
        assert_int_equal(answered(p, &at, &err), 1);
        about(at - jl_clock_now(), 10 * i);
        struct pollfd fd = {.fd = jl_pace_fd(p), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 0), 0);
        assert_int_equal(jl_pace_answer(p, &at, &err), 0);
    }
    jl_pace_close(p);
    jl_pace_close(open_pace(*state, 0)); /* never asked */
    jl_pace_close(NULL);
}

/* An answer that nobody takes, and a question whose answer is still out: the end does not wait for it. */
static void closed_in_between(void **state) {
    jl_err err = {0};
    jl_pace *p = open_pace(*state, 20 * JL_SECOND);
    well(jl_pace_ask(p, JL_SECOND, &err), &err);
    struct pollfd fd = {.fd = jl_pace_fd(p), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 60000), 1);
    jl_pace_close(p);
    if (is_sqlite(state))
        return;
    redis_stop(&redis);
    int64_t before = jl_clock_now();
    p = open_pace(*state, 60 * JL_SECOND);
    well(jl_pace_ask(p, JL_SECOND, &err), &err);
    redis_nap();
    jl_pace_close(p);
    assert_true(jl_clock_now() - before < 20 * JL_SECOND);
    p = open_pace(*state, JL_SECOND / 5);
    well(jl_pace_ask(p, JL_SECOND, &err), &err);
    int64_t at;
    assert_int_equal(answered(p, &at, &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    assert_true(redis_start(&redis, NULL));
    well(jl_pace_ask(p, JL_SECOND, &err), &err);
    assert_int_equal(answered(p, &at, &err), 1);
    jl_pace_close(p);
}

/* ---- set up ---- */

static int enter(void **state) {
    (void)state;
    alarm(240);
    signal(SIGPIPE, SIG_IGN); /* as the frame does */
    strcpy(folder, "/tmp/jobline-pace.XXXXXX");
    if (!mkdtemp(folder) || !redis_start(&redis, NULL))
        return -1;
    snprintf(url_text[0], sizeof url_text[0], "sqlite:%s/pace.db", folder);
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

/* Each test begins with nothing reserved. */
static int fresh(void **state) {
    (void)state;
    char reply[64];
    (void)unlink(path_of_file());
    return redis_say(&redis, "FLUSHALL", reply, sizeof reply) > 0 ? 0 : -1;
}

#define EACH(test)                                                                                                     \
    {#test " sqlite", test, fresh, NULL, url_text[0]}, {#test " redis", test, fresh, NULL, url_text[1]}, {             \
#test " redis+unix", test, fresh, NULL, url_text[2]                                                            \
    }

int main(void) {
    const struct CMUnitTest tests[] = {
        EACH(each_behind_the_one_before),
        EACH(names_are_apart),
        EACH(time_pays),
        EACH(nobody_leaves_beside_another),
        EACH(a_redis_clock_set_back),
        EACH(keys_go_away_once_nothing_is_reserved),
        EACH(a_row_of_another_boot),
        EACH(a_file_that_is_taken_away),
        EACH(a_locked_file),
        EACH(what_is_no_pace),
        EACH(scripts_are_loaded_again),
        EACH(a_server_that_comes_back),
        EACH(asked_on_a_thread),
        EACH(closed_in_between),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
