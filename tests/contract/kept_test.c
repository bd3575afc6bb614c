/* What every back end of what was bought promises, asked of all of them, on a clock that the test turns. */
#include "unit/cmocka_all.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "contract/redis_cluster.h"
#include "contract/turned_clock.h"
#include "contract/well.h"
#include "gate/kept.h"
#include "wire/sqlite.h"

#define MINUTE (60 * JL_SECOND)
#define DAY (1440 * MINUTE)
#define PROCESSES 16
#define THINGS 12
#define BIG ((size_t)16 << 20)

static const jl_kept_opener *const openers[] = {&jl_kept_sqlite, &jl_kept_redis, &jl_kept_redis_unix,
                                                &jl_kept_redis_cluster, NULL};
static const jl_hash key = {UINT64_C(0xfedcba9876543210), 7}, other_key = {UINT64_C(0xfedcba9876543210), 8};
static const char ann[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ben[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                  cat[] = "cccccccccccccccccccccccccccccccc";

static char folder[64];
static redis_server redis;
static redis_cluster cluster;
static char url_text[4][200]; /* sqlite, redis, redis+unix, redis+cluster */
static char *const with_aof[] = {"--appendonly", "yes", "--appendfsync", "always", NULL};

static bool is_sqlite(void **state) {
    return *state == (void *)url_text[0];
}

static bool is_cluster(void **state) {
    return *state == (void *)url_text[3];
}

static const char *path_of_file(void) {
    return strchr(url_text[0], ':') + 1;
}

static jl_kept *open_kept(const char *text, int64_t patience) {
    jl_err err = {0};
    jl_url url;
    well(jl_url_parse(jl_span_of(text), &url, &err), &err);
    jl_kept *k = jl_kept_open(openers, &url, patience, &err);
    if (!k)
        fail_msg("%s: %s", text, err.text);
    return k;
}

/* The state; what it says beside that goes to `a`, whose body is emptied before. */
static jl_kept_state ask(jl_kept *k, jl_hash of, int64_t fresh, const char *owner, jl_kept_answer *a) {
    jl_err err = {0};
    jl_kept_answer own = {0};
    jl_kept_answer *to = a ? a : &own;
    jl_buf_free(&to->body);
    *to = (jl_kept_answer){0};
    well(k->ops->ask(k, of, fresh, owner, MINUTE, to, &err), &err);
    jl_buf_free(&own.body);
    return to->state;
}

static void keep(jl_kept *k, jl_hash of, jl_span body, const char *note, int64_t span) {
    jl_err err = {0};
    well(k->ops->keep(k, of, body, note, span, &err), &err);
}

static void give_back(jl_kept *k, jl_hash of, const char *owner) {
    jl_err err = {0};
    well(k->ops->give_back(k, of, owner, &err), &err);
}

/* ---- one at a time ---- */

static void one_buys(void **state) {
    jl_kept_answer a = {0};
    jl_kept *k = open_kept(*state, 0), *other = open_kept(*state, 0);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_MINE);
    assert_int_equal(ask(other, key, DAY, ben, &a), JL_KEPT_OTHERS);
    assert_in_range(a.wait, MINUTE / 2, MINUTE);
    assert_int_equal(ask(other, other_key, DAY, ben, NULL), JL_KEPT_MINE);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_MINE);
    k->ops->close(k);
    other->ops->close(other);
}

static void all_get_it(void **state) {
    jl_kept_answer a = {0};
    const jl_span body = JL_SPAN("{\"a\":\0\r\n\"\xff\"}");
    jl_kept *k = open_kept(*state, 0), *other = open_kept(*state, 0);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_MINE);
    int64_t before = jl_clock_wall() / JL_MILLISECOND;
    keep(k, key, body, "well", DAY);
    int64_t after = jl_clock_wall() / JL_MILLISECOND;
    assert_int_equal(ask(other, key, DAY, ben, &a), JL_KEPT_HERE);
    assert_int_equal(a.body.n, body.n);
    assert_memory_equal(a.body.p, body.p, body.n);
    assert_true(a.body.cap >= a.body.n + JL_PAD);
    assert_string_equal(a.note, "well");
    assert_in_range(a.at_ms, before, after);
    keep(other, key, JL_SPAN("new"), "dead", DAY);
    assert_int_equal(ask(k, key, DAY, ann, &a), JL_KEPT_HERE);
    assert_int_equal(a.body.n, 3);
    assert_string_equal(a.note, "dead");
    jl_buf_free(&a.body);
    k->ops->close(k);
    other->ops->close(other);
}

static void how_old_it_may_be(void **state) {
    jl_kept *k = open_kept(*state, 0);
    keep(k, key, JL_SPAN("x"), "well", DAY);
    assert_int_equal(ask(k, key, 0, ann, NULL), JL_KEPT_MINE);
    assert_int_equal(ask(k, key, 0, ben, NULL), JL_KEPT_OTHERS);
    assert_int_equal(ask(k, key, DAY, ben, NULL), JL_KEPT_HERE);
    *turned_ahead += 10 * MINUTE;
    assert_int_equal(ask(k, key, 11 * MINUTE, ben, NULL), JL_KEPT_HERE);
    assert_int_equal(ask(k, key, 9 * MINUTE, ben, NULL), JL_KEPT_MINE);
    assert_int_equal(ask(k, key, 11 * MINUTE, cat, NULL), JL_KEPT_HERE);
    keep(k, key, JL_SPAN("y"), "well", DAY);
    assert_int_equal(ask(k, key, MINUTE, cat, NULL), JL_KEPT_HERE);
    *turned_ahead -= 5 * MINUTE; /* what is from the future is new, but not newer than now */
    assert_int_equal(ask(k, key, MINUTE, cat, NULL), JL_KEPT_HERE);
    assert_int_equal(ask(k, key, 0, cat, NULL), JL_KEPT_MINE);
    k->ops->close(k);
}

static void how_long_it_is_kept(void **state) {
    jl_kept *k = open_kept(*state, 0);
    keep(k, key, JL_SPAN("x"), "well", MINUTE);
    keep(k, other_key, JL_SPAN("x"), "well", 3 * MINUTE);
    keep(k, key, JL_SPAN("x"), "well", MINUTE);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_HERE);
    *turned_ahead += MINUTE + JL_SECOND;
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_MINE);
    k->ops->close(k);
}

static void a_lease_that_ends(void **state) {
    jl_kept *k = open_kept(*state, 0);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_MINE);
    *turned_ahead += MINUTE / 2;
    assert_int_equal(ask(k, key, DAY, ben, NULL), JL_KEPT_OTHERS);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_MINE); /* anew */
    *turned_ahead += MINUTE - JL_SECOND;
    assert_int_equal(ask(k, key, DAY, ben, NULL), JL_KEPT_OTHERS);
    *turned_ahead += 2 * JL_SECOND;
    assert_int_equal(ask(k, key, DAY, ben, NULL), JL_KEPT_MINE);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_OTHERS);
    keep(k, key, JL_SPAN("late"), "well", DAY); /* ann's, and it counts all the same */
    assert_int_equal(ask(k, key, DAY, cat, NULL), JL_KEPT_HERE);
    assert_int_equal(ask(k, key, 0, cat, NULL), JL_KEPT_MINE);
    k->ops->close(k);
}

static void given_back(void **state) {
    jl_kept *k = open_kept(*state, 0);
    give_back(k, key, ann);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_MINE);
    give_back(k, key, ben);
    assert_int_equal(ask(k, key, DAY, ben, NULL), JL_KEPT_OTHERS);
    give_back(k, key, ann);
    assert_int_equal(ask(k, key, DAY, ben, NULL), JL_KEPT_MINE);
    k->ops->close(k);
}

static void bodies_of_all_sizes(void **state) {
    static const size_t size[] = {0, 1, 50000, BIG};
    char *body = malloc(BIG);
    jl_kept_answer a = {0};
    jl_kept *k = open_kept(*state, 30 * JL_SECOND);
    assert_non_null(body);
    for (size_t i = 0; i < BIG; i++)
        body[i] = (char)(i * 2654435761u >> 13);
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        keep(k, key, (jl_span){body, size[i]}, "well", DAY);
        assert_int_equal(ask(k, key, DAY, ann, &a), JL_KEPT_HERE);
        assert_int_equal(a.body.n, size[i]);
        assert_memory_equal(a.body.p, body, size[i]);
    }
    jl_buf_free(&a.body);
    free(body);
    k->ops->close(k);
}

/* ---- many at once ---- */

static struct things {
    int mine[THINGS], inside[THINGS];
    int wrong;
} * things; /* shared by all processes */

static void buy(jl_kept *k, jl_hash of, int thing) {
    if (__atomic_add_fetch(&things->inside[thing], 1, __ATOMIC_SEQ_CST) != 1)
        __atomic_add_fetch(&things->wrong, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&things->mine[thing], 1, __ATOMIC_SEQ_CST);
    redis_nap();
    __atomic_sub_fetch(&things->inside[thing], 1, __ATOMIC_SEQ_CST);
    keep(k, of, JL_SPAN("bought"), "well", DAY);
}

static int in_a_child(const char *text, int who) {
    char owner[JL_OWNER_SIZE];
    jl_kept *k = open_kept(text, 60 * JL_SECOND);
    snprintf(owner, sizeof owner, "%032x", who + 1);
    for (int i = 0; i < THINGS; i++) {
        jl_hash of = {(uint64_t)i << 40, 1};
        jl_kept_state s;
        while ((s = ask(k, of, DAY, owner, NULL)) != JL_KEPT_HERE)
            if (s == JL_KEPT_MINE)
                buy(k, of, i);
            else
                redis_nap();
    }
    k->ops->close(k);
    return 0;
}

static void sixteen_at_once(void **state) {
    things = mmap(NULL, sizeof *things, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(things != MAP_FAILED);
    pid_t pid[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        pid[i] = fork();
        if (pid[i] == 0)
            _exit(in_a_child(*state, i));
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(things->wrong, 0);
    for (int i = 0; i < THINGS; i++)
        assert_int_equal(things->mine[i], 1);
    munmap(things, sizeof *things);
}

static void an_owner_that_is_killed(void **state) {
    int out[2], status;
    char byte;
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        jl_kept *k = open_kept(*state, 0);
        if (ask(k, key, DAY, ann, NULL) != JL_KEPT_MINE || write(out[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(out[0], &byte, 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(out[0]);
    close(out[1]);
    jl_kept *k = open_kept(*state, 0);
    assert_int_equal(ask(k, key, DAY, ben, NULL), JL_KEPT_OTHERS);
    *turned_ahead += MINUTE + JL_SECOND;
    assert_int_equal(ask(k, key, DAY, ben, NULL), JL_KEPT_MINE);
    k->ops->close(k);
}

/* ---- what stays, and what goes ---- */

static int64_t rows(const char *sql) {
    static const jl_sqlite_kind kind = {
        .what = "a cache of what was bought", .application_id = 0x6a6c6270, .version = 1, .schema = ""};
    jl_err err = {0};
    jl_sqlite *db;
    int64_t n = -1;
    well(jl_sqlite_open(&db, path_of_file(), &kind, JL_SECOND, true, &err), &err);
    well(jl_sqlite_ask(db, sql, &n, &err), &err);
    jl_sqlite_close(db);
    return n;
}

static void what_has_expired_goes(void **state) {
    if (!is_sqlite(state))
        return;
    jl_kept *k = open_kept(*state, 0);
    for (uint64_t i = 0; i < 40; i++) {
        keep(k, (jl_hash){i, 1}, JL_SPAN("x"), "well", MINUTE);
        assert_int_equal(ask(k, (jl_hash){1000 + i, 1}, DAY, ann, NULL), JL_KEPT_MINE);
    }
    assert_int_equal(rows("SELECT count(*) FROM answer"), 40);
    assert_int_equal(rows("SELECT count(*) FROM claim"), 40);
    *turned_ahead += 2 * MINUTE;
    for (uint64_t i = 0; i < 10; i++)
        keep(k, (jl_hash){2000 + i, 1}, JL_SPAN("x"), "well", DAY);
    assert_int_equal(rows("SELECT count(*) FROM answer"), 10);
    assert_int_equal(rows("SELECT count(*) FROM claim"), 0);
    k->ops->close(k);
}

static void keys_that_expire(void **state) {
    char reply[256];
    if (is_sqlite(state) || is_cluster(state))
        return;
    jl_kept *k = open_kept(*state, 0);
    const char *answer = "PTTL jobline:bought:v1:{fedcba98765432100000000000000007}:answer";
    const char *claim = "PTTL jobline:bought:v1:{fedcba98765432100000000000000007}:claim";
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_MINE);
    assert_true(redis_say(&redis, claim, reply, sizeof reply) > 0);
    assert_in_range(atoi(reply + 1), 50000, 60000);
    keep(k, key, JL_SPAN("x"), "well", 2 * MINUTE);
    assert_true(redis_say(&redis, answer, reply, sizeof reply) > 0);
    assert_in_range(atoi(reply + 1), 110000, 120000);
    assert_true(redis_say(&redis, claim, reply, sizeof reply) > 0);
    assert_int_equal(atoi(reply + 1), -2);
    k->ops->close(k);
}

static bool start_redis(void) {
    turned_preload();
    bool up = redis_start(&redis, with_aof);
    turned_preloaded();
    return up;
}

static void what_is_kept_stays(void **state) {
    if (is_cluster(state))
        return;
    jl_err err = {0};
    jl_kept_answer a = {0};
    jl_kept *k = open_kept(*state, JL_SECOND / 5);
    keep(k, key, JL_SPAN("dear"), "well", DAY);
    if (!is_sqlite(state)) {
        redis_stop(&redis);
        assert_int_equal(k->ops->ask(k, key, DAY, ann, MINUTE, &a, &err), -1);
        assert_int_equal(err.class, JL_UNAVAILABLE);
        assert_true(start_redis());
    }
    assert_int_equal(ask(k, key, DAY, ann, &a), JL_KEPT_HERE);
    k->ops->close(k);
    k = open_kept(*state, 0);
    assert_int_equal(ask(k, key, DAY, ann, &a), JL_KEPT_HERE);
    assert_int_equal(a.body.n, 4);
    jl_buf_free(&a.body);
    k->ops->close(k);
}

/* ---- trouble ---- */

static void a_file_that_is_taken_away(void **state) {
    if (!is_sqlite(state))
        return;
    jl_kept *k = open_kept(*state, 0);
    keep(k, key, JL_SPAN("x"), "well", DAY);
    assert_int_equal(unlink(path_of_file()), 0);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_MINE);
    keep(k, key, JL_SPAN("y"), "well", DAY);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_HERE);
    assert_int_equal(access(path_of_file(), F_OK), 0);
    k->ops->close(k);
}

static void what_is_no_cache(void **state) {
    jl_err err = {0};
    jl_kept_answer a = {0};
    char reply[64];
    if (is_cluster(state))
        return;
    jl_kept *k = open_kept(*state, 0);
    if (is_sqlite(state)) {
        FILE *f = fopen(path_of_file(), "w");
        assert_true(f && fputs("not at all", f) >= 0 && fclose(f) == 0);
    } else {
        assert_true(redis_say(&redis, "SET jobline:bought:v1:{fedcba98765432100000000000000007}:answer x", reply,
                              sizeof reply) > 0);
    }
    assert_int_equal(k->ops->ask(k, key, DAY, ann, MINUTE, &a, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    assert_int_equal(k->ops->keep(k, key, JL_SPAN("x"), "well", DAY, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    k->ops->close(k);
}

static void scripts_are_loaded_again(void **state) {
    char reply[64];
    if (is_sqlite(state) || is_cluster(state))
        return;
    jl_kept *k = open_kept(*state, 0);
    assert_int_equal(ask(k, key, DAY, ann, NULL), JL_KEPT_MINE);
    assert_true(redis_say(&redis, "SCRIPT FLUSH", reply, sizeof reply) > 0);
    keep(k, key, JL_SPAN("x"), "well", DAY);
    assert_true(redis_say(&redis, "SCRIPT FLUSH", reply, sizeof reply) > 0);
    assert_int_equal(ask(k, key, DAY, ben, NULL), JL_KEPT_HERE);
    k->ops->close(k);
}

static void an_unknown_scheme(void **state) {
    jl_err err = {0};
    jl_url url = {.scheme = "ftp"};
    (void)state;
    assert_null(jl_kept_open(openers, &url, 0, &err));
    assert_int_equal(err.class, JL_USAGE);
    assert_non_null(strstr(err.text, "sqlite:"));
}

/* ---- set up ---- */

static int enter(void **state) {
    (void)state;
    alarm(120);
    signal(SIGPIPE, SIG_IGN);
    strcpy(folder, "/tmp/jobline-kept.XXXXXX");
    if (!mkdtemp(folder) || !turned_begin(folder) || !start_redis())
        return -1;
    turned_preload();
    bool up = redis_cluster_start(&cluster);
    turned_preloaded();
    snprintf(url_text[0], sizeof url_text[0], "sqlite:%s/bought.db", folder);
    snprintf(url_text[1], sizeof url_text[1], "redis://127.0.0.1:%d/0", redis.port);
    snprintf(url_text[2], sizeof url_text[2], "redis+unix://%s", redis.socket);
    snprintf(url_text[3], sizeof url_text[3], "%s", cluster.url);
    return up ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    char command[128];
    redis_remove(&redis);
    redis_cluster_remove(&cluster);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : -1;
}

/* Each test begins with nothing bought. */
static int fresh(void **state) {
    (void)state;
    char reply[64];
    (void)unlink(path_of_file());
    return redis_say(&redis, "FLUSHALL", reply, sizeof reply) > 0 && redis_cluster_say(&cluster, "FLUSHALL") >= 0 ? 0
                                                                                                                  : -1;
}

#define TEST(test, place, scheme)                                                                                      \
    { #test " " scheme, test, fresh, NULL, url_text[place] }
#define EACH(test)                                                                                                     \
    TEST(test, 0, "sqlite"), TEST(test, 1, "redis"), TEST(test, 2, "redis+unix"), TEST(test, 3, "redis+cluster")

/* What was asked for is nobody's but the group's. */
static void a_file_of_its_own_mode(void **state) {
    jl_err err = {0};
    struct stat st;
    if (!is_sqlite(state))
        return;
    mode_t before = umask(022);
    (void)unlink(path_of_file());
    jl_kept *k = open_kept(*state, JL_SECOND);
    well(k->ops->keep(k, key, JL_SPAN("body"), "", DAY, &err), &err);
    assert_int_equal(stat(path_of_file(), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    k->ops->close(k);
    (void)umask(before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        EACH(one_buys),
        EACH(all_get_it),
        EACH(how_old_it_may_be),
        EACH(how_long_it_is_kept),
        EACH(a_lease_that_ends),
        EACH(given_back),
        EACH(bodies_of_all_sizes),
        EACH(sixteen_at_once),
        EACH(an_owner_that_is_killed),
        EACH(what_has_expired_goes),
        EACH(keys_that_expire),
        EACH(what_is_kept_stays),
        EACH(a_file_that_is_taken_away),
        EACH(a_file_of_its_own_mode),
        EACH(what_is_no_cache),
        EACH(scripts_are_loaded_again),
        TEST(an_unknown_scheme, 0, "none"),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
