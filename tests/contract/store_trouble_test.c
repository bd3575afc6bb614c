/* What a store says when its file or its server is not well. */
#include "unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "bucket/store.h"
#include "chance.h"
#include "contract/redis_server.h"
#include "wire/sqlite.h"

static const jl_store_opener *const openers[] = {&jl_store_sqlite, &jl_store_redis, &jl_store_redis_unix,
                                                 &jl_store_redis_cluster, NULL};
static const jl_entry_shape answers = {"senior", 6, 1};

static char folder[64], file[96];
static char url[160];
static redis_server redis;

static jl_store *open_with(const char *text, int64_t patience) {
    jl_err err = {0};
    jl_url parsed;
    assert_int_equal(jl_url_parse(jl_span_of(text), &parsed, &err), 0);
    jl_store *s = jl_store_open(openers, &parsed, &(jl_space){&answers, "default", patience}, &err);
    if (!s)
        fail_msg("%s: %s", text, err.text);
    return s;
}

static jl_store *open_store(void) {
    return open_with(url, JL_SECOND / 5);
}

static jl_hash hash_of(uint64_t i) {
    chance c = {i * 77};
    uint64_t hi = chance_bits(&c);
    return (jl_hash){hi, chance_bits(&c)};
}

static int put_at(jl_store *s, uint64_t first, size_t n, jl_err *err) {
    jl_hash *key = malloc(n * sizeof *key);
    uint8_t *value = malloc(n);
    jl_put_counts counts = {0};
    *err = (jl_err){0};
    for (size_t i = 0; i < n; i++) {
        key[i] = hash_of(first + i);
        value[i] = (uint8_t)(1 + (first + i) % 7);
    }
    int rc = s->ops->put(s, key, value, NULL, n, &counts, err);
    free(key);
    free(value);
    return rc;
}

static int get_at(jl_store *s, uint64_t i, uint8_t *value, jl_err *err) {
    jl_hash key = hash_of(i);
    *err = (jl_err){0};
    return s->ops->get(s, &key, value, 1, err);
}

static void put_well(jl_store *s, uint64_t first, size_t n) {
    jl_err err;
    if (put_at(s, first, n, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(err.class, JL_OK);
}

static uint8_t get_well(jl_store *s, uint64_t i) {
    jl_err err;
    uint8_t value;
    if (get_at(s, i, &value, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(err.class, JL_OK);
    return value;
}

static void refused(int rc, const jl_err *err, jl_class class, const char *text) {
    if (rc != -1 || err->class != class || !strstr(err->text, text))
        fail_msg("wanted %d »%s«, got %d: %d %s", (int)class, text, rc, (int)err->class, err->text);
}

static int ignore(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err) {
    (void)self;
    (void)number;
    (void)entries;
    (void)n;
    (void)err;
    return 0;
}

/* All operations are refused alike. */
static void all_refused(jl_store *s, jl_class class, const char *text) {
    jl_err err = {0};
    uint8_t value;
    uint64_t n;
    jl_store_stat stat;
    refused(get_at(s, 1, &value, &err), &err, class, text);
    refused(put_at(s, 1, 1, &err), &err, class, text);
    refused(s->ops->stat(s, &stat, &err), &err, class, text);
    refused(s->ops->walk(s, ignore, NULL, &err), &err, class, text);
    refused(s->ops->drop(s, &n, &err), &err, class, text);
}

/* ---- SQLite ---- */

static void write_file(const char *path, const char *bytes, size_t n) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void sql(const char *statement) {
    char command[512];
    snprintf(command, sizeof command, "sqlite3 '%s' \"%s\" >/dev/null", file, statement);
    assert_int_equal(system(command), 0);
}

static void a_file_that_is_no_database(void **state) {
    (void)state;
    static char text[5000];
    memset(text, 'x', sizeof text);
    write_file(file, text, sizeof text);
    jl_store *s = open_store();
    all_refused(s, JL_CONFIG, "is not an SQLite database");
    s->ops->close(s);
}

static void somebody_elses_database(void **state) {
    (void)state;
    sql("CREATE TABLE t(a)");
    jl_store *s = open_store();
    all_refused(s, JL_CONFIG, "not a jobline store");
    s->ops->close(s);
}

static void a_newer_version(void **state) {
    (void)state;
    jl_store *s = open_store();
    put_well(s, 0, 10);
    s->ops->close(s);
    sql("PRAGMA user_version = 2");
    s = open_store();
    all_refused(s, JL_CONFIG, "has format version 2");
    s->ops->close(s);
}

static void an_empty_file_is_an_empty_store(void **state) {
    (void)state;
    write_file(file, "", 0);
    jl_store *s = open_store();
    assert_int_equal(get_well(s, 1), 0);
    put_well(s, 0, 10);
    assert_int_equal(get_well(s, 1), 2);
    s->ops->close(s);
}

static void a_bucket_of_odd_length(void **state) {
    (void)state;
    jl_store *s = open_store();
    jl_err err;
    uint8_t value;
    jl_store_stat stat;
    put_well(s, 0, 100);
    char statement[200];
    snprintf(statement, sizeof statement, "UPDATE bucket SET entries = x'0102030405060708' WHERE cell %% 131072 = %u",
             jl_bucket_of(hash_of(1)));
    sql(statement);
    refused(get_at(s, 1, &value, &err), &err, JL_CONFIG, "is damaged");
    refused(put_at(s, 1, 1, &err), &err, JL_CONFIG, "is damaged");
    refused(s->ops->walk(s, ignore, NULL, &err), &err, JL_CONFIG, "is damaged");
    assert_int_equal(get_well(s, 2), 3);
    assert_int_equal(s->ops->stat(s, &stat, &err), 0);
    s->ops->close(s);
}

static void pages_overwritten(void **state) {
    (void)state;
    jl_store *s = open_store();
    put_well(s, 0, 20000);
    s->ops->close(s);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    char *noise = malloc((size_t)st.st_size - 16384);
    chance c = chance_seeded();
    for (off_t i = 0; i < st.st_size - 16384; i++)
        noise[i] = (char)chance_bits(&c);
    int fd = open(file, O_WRONLY);
    assert_int_equal(pwrite(fd, noise, (size_t)st.st_size - 16384, 16384), st.st_size - 16384);
    close(fd);
    free(noise);
    s = open_store();
    all_refused(s, JL_CONFIG, file);
    s->ops->close(s);
}

static void a_file_cut_short(void **state) {
    (void)state;
    jl_store *s = open_store();
    jl_err err;
    put_well(s, 0, 20000);
    s->ops->close(s);
    assert_int_equal(truncate(file, 5 * 16384), 0);
    s = open_store();
    int failed = 0;
    for (uint64_t i = 0; i < 20000; i += 100) {
        uint8_t value = 0;
        if (get_at(s, i, &value, &err) != 0) {
            refused(-1, &err, JL_CONFIG, "is damaged");
            failed++;
        } else {
            assert_true(value == 0 || value == 1 + i % 7);
        }
    }
    assert_true(failed > 0);
    s->ops->close(s);
}

/* Runs `body` in a process without root's rights, which would open anything. */
static void as_nobody(void (*body)(void)) {
    pid_t pid = fork();
    if (pid == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(2);
        body();
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

#define CHILD_CHECK(condition)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "# line %d: %s; %d %s\n", __LINE__, #condition, (int)err.class, err.text);                 \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static void read_only_file(void) {
    jl_err err = {0};
    uint8_t value = 0;
    jl_store *s = open_store();
    CHILD_CHECK(get_at(s, 1, &value, &err) == 0 && value == 2);
    CHILD_CHECK(put_at(s, 500, 1, &err) == -1 && err.class == JL_CANTCREAT && strstr(err.text, file));
    CHILD_CHECK(s->ops->note(s, &(jl_store_run){.id = "x", .verb = "get"}, &err) == 0);
    s->ops->close(s);
}

static void a_read_only_file(void **state) {
    (void)state;
    jl_store *s = open_store();
    put_well(s, 0, 10);
    s->ops->close(s);
    assert_int_equal(chmod(file, 0444) | chmod(folder, 0755), 0);
    as_nobody(read_only_file);
}

static void read_only_folder(void) {
    jl_err err = {0};
    uint8_t value = 9;
    jl_store *s = open_store();
    CHILD_CHECK(get_at(s, 1, &value, &err) == 0 && value == 0);
    CHILD_CHECK(put_at(s, 1, 1, &err) == -1 && err.class == JL_CANTCREAT && strstr(err.text, file));
    s->ops->close(s);
}

static void a_read_only_folder(void **state) {
    (void)state;
    assert_int_equal(chmod(folder, 0555), 0);
    as_nobody(read_only_folder);
    assert_int_equal(chmod(folder, 0755), 0);
}

static void no_folder(void **state) {
    (void)state;
    char text[200];
    jl_err err;
    uint8_t value = 9;
    snprintf(text, sizeof text, "sqlite:%s/none/store.db", folder);
    jl_store *s = open_with(text, 0);
    assert_int_equal(get_at(s, 1, &value, &err), 0);
    refused(put_at(s, 1, 1, &err), &err, JL_CANTCREAT, "/none/store.db");
    s->ops->close(s);
}

static void full_disk(void) {
    jl_err err = {0};
    struct rlimit limit = {1 << 20, 1 << 20};
    jl_store *s = open_store();
    CHILD_CHECK(put_at(s, 0, 1000, &err) == 0);
    CHILD_CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    int rc = 0;
    uint64_t at = 1000;
    for (; rc == 0 && at < 300000; at += 10000)
        rc = put_at(s, at, 10000, &err);
    CHILD_CHECK(rc == -1 && err.class == JL_IO && strstr(err.text, file));
    s->ops->close(s);
}

static void a_full_disk(void **state) {
    (void)state;
    assert_int_equal(chmod(folder, 0777), 0);
    as_nobody(full_disk);
    jl_store *s = open_store();
    for (uint64_t i = 0; i < 1000; i += 10)
        assert_int_equal(get_well(s, i), 1 + i % 7);
    put_well(s, 0, 50000);
    s->ops->close(s);
}

static void locked_by_another(void **state) {
    (void)state;
    jl_store *s = open_store();
    jl_err err;
    uint8_t value;
    put_well(s, 0, 10);
    int to_us[2], to_them[2];
    char byte;
    assert_int_equal(pipe(to_us) | pipe(to_them), 0);
    pid_t pid = fork();
    if (pid == 0) {
        static const jl_sqlite_kind kind = {
            .what = "a jobline store", .application_id = 0x6a6c6273, .version = 1, .schema = ""};
        jl_sqlite *db;
        close(to_us[0]);
        if (jl_sqlite_open(&db, file, &kind, 0, false, &err) != 0 || jl_sqlite_exec(db, "BEGIN EXCLUSIVE", &err) != 0)
            _exit(1);
        if (write(to_us[1], "x", 1) != 1 || read(to_them[0], &byte, 1) != 1)
            _exit(1);
        jl_sqlite_close(db);
        _exit(0);
    }
    assert_int_equal(read(to_us[0], &byte, 1), 1);
    refused(get_at(s, 1, &value, &err), &err, JL_UNAVAILABLE, "locked by another process");
    refused(put_at(s, 99, 1, &err), &err, JL_UNAVAILABLE, "locked by another process");
    assert_int_equal(write(to_them[1], "x", 1), 1);
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(get_well(s, 1), 2);
    put_well(s, 99, 1);
    s->ops->close(s);
}

static void the_file_is_replaced(void **state) {
    (void)state;
    jl_store *s = open_store();
    put_well(s, 0, 10);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(get_well(s, 1), 0);
    put_well(s, 1, 1);
    assert_int_equal(get_well(s, 1), 2);
    assert_int_equal(access(file, F_OK), 0);
    s->ops->close(s);
}

/* ---- Redis ---- */

static void say(const char *command, const char *wanted) {
    char reply[4096];
    redis_say(&redis, command, reply, sizeof reply);
    if (!strstr(reply, wanted))
        fail_msg("%s: %s", command, reply);
}

static void restart(const char *a, const char *b, const char *c, const char *d) {
    char *options[] = {(char *)(uintptr_t)a, (char *)(uintptr_t)b, (char *)(uintptr_t)c, (char *)(uintptr_t)d, NULL};
    redis_stop(&redis);
    assert_true(redis_start(&redis, options));
}

static void no_server(void **state) {
    (void)state;
    redis_stop(&redis);
    jl_store *s = open_store();
    all_refused(s, JL_UNAVAILABLE, url);
    assert_true(redis_start(&redis, NULL));
    put_well(s, 1, 1); /* the same store goes on when the server is back */
    s->ops->close(s);
}

static void a_restart_is_waited_for(void **state) {
    (void)state;
    jl_store *s = open_with(url, 20 * JL_SECOND);
    put_well(s, 0, 5000);
    redis_stop(&redis);
    pid_t pid = fork();
    if (pid == 0) {
        jl_err err = {0};
        uint8_t value = 0;
        CHILD_CHECK(get_at(s, 1, &value, &err) == 0 && err.class == JL_OK &&
                    value == 0); /* what was in its memory is gone */
        CHILD_CHECK(put_at(s, 0, 5000, &err) == 0);
        CHILD_CHECK(get_at(s, 1, &value, &err) == 0 && value == 2);
        _exit(0);
    }
    redis_nap(); /* it finds nobody at least once */
    assert_true(redis_start(&redis, NULL));
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    s->ops->close(s);
}

static void connections_are_cut(void **state) {
    (void)state;
    jl_store *s = open_with(url, 20 * JL_SECOND);
    jl_err err = {0};
    pid_t pid = fork();
    if (pid == 0) {
        for (;;) {
            char reply[64];
            redis_say(&redis, "CLIENT KILL TYPE normal", reply, sizeof reply);
            nanosleep(&(struct timespec){0, 2000000}, NULL);
        }
    }
    for (uint64_t i = 0; i < 20; i++)
        put_well(s, i * 3000, 3000);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (uint64_t i = 0; i < 60000; i += 97)
        assert_int_equal(get_well(s, i), 1 + i % 7);
    jl_store_stat stat;
    assert_int_equal(s->ops->stat(s, &stat, &err), 0);
    assert_int_equal(stat.entries, 60000);
    s->ops->close(s);
}

static void scripts_are_flushed(void **state) {
    (void)state;
    jl_store *s = open_store();
    put_well(s, 0, 3000);
    for (uint64_t i = 1; i < 5; i++) {
        jl_err err = {0};
        uint64_t dropped;
        say("SCRIPT FLUSH", "+OK");
        assert_int_equal(s->ops->drop(s, &dropped, &err), 0);
        assert_int_equal(dropped, 3000);
        put_well(s, i * 3000, 3000);
    }
    for (uint64_t i = 0; i < 15000; i += 7)
        assert_int_equal(get_well(s, i), i < 12000 ? 0 : 1 + i % 7);
    s->ops->close(s);
}

/* Several write into the same few buckets: a transaction that finds them changed is done again, nothing is lost. */
static void writers_come_in_between(void **state) {
    enum { WRITERS = 3, BATCHES = 100, EACH = 40 };
    (void)state;
    jl_hash key[EACH];
    uint8_t value[EACH];
    pid_t pid[WRITERS];
    for (uint64_t w = 0; w < WRITERS; w++) {
        pid[w] = fork();
        if (pid[w] != 0)
            continue;
        jl_store *own = open_store();
        for (uint64_t b = 0; b < BATCHES; b++) {
            jl_err err = {0};
            jl_put_counts counts = {0};
            for (uint64_t i = 0; i < EACH; i++) {
                key[i] = (jl_hash){i << 47, ((w * BATCHES + b) * EACH + i + 1) << 16};
                value[i] = (uint8_t)(1 + w);
            }
            CHILD_CHECK(own->ops->put(own, key, value, NULL, EACH, &counts, &err) == 0 && counts.added == EACH);
        }
        _exit(0);
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        waitpid(pid[w], &status, 0);
        assert_int_equal(status, 0);
    }
    jl_err err = {0};
    jl_store *s = open_store();
    jl_store_stat stat;
    assert_int_equal(s->ops->stat(s, &stat, &err), 0);
    assert_int_equal(stat.entries, WRITERS * BATCHES * EACH);
    s->ops->close(s);
}

static void memory_runs_out(void **state) {
    (void)state;
    jl_store *s = open_store();
    jl_err err;
    put_well(s, 0, 1000);
    say("CONFIG SET maxmemory-policy noeviction", "+OK");
    /* Each limit is reached at another command, be it one of a transaction or its EXEC. */
    uint64_t at = 10000;
    for (int limit = 1500000; limit < 3500000; limit += 50000) {
        char command[64];
        int rc = 0;
        snprintf(command, sizeof command, "CONFIG SET maxmemory %d", limit);
        say(command, "+OK");
        for (int i = 0; rc == 0 && i < 1000; i++, at += 1000)
            rc = put_at(s, at, 1000, &err);
        refused(rc, &err, JL_UNAVAILABLE, "maxmemory");
    }
    assert_int_equal(get_well(s, 5), 6);
    say("CONFIG SET maxmemory 0", "+OK");
    put_well(s, at, 1000);
    s->ops->close(s);
}

static void a_read_only_replica(void **state) {
    (void)state;
    jl_store *s = open_store();
    jl_err err;
    put_well(s, 0, 100);
    say("CONFIG SET replica-serve-stale-data yes", "+OK");
    say("REPLICAOF 127.0.0.1 1", "+OK");
    assert_int_equal(get_well(s, 5), 6);
    refused(put_at(s, 500, 1, &err), &err, JL_UNAVAILABLE, "read-only replica");
    say("REPLICAOF NO ONE", "+OK");
    put_well(s, 500, 1);
    s->ops->close(s);
}

static void something_else_under_our_name(void **state) {
    (void)state;
    jl_store *s = open_store();
    jl_err err;
    uint8_t value;
    put_well(s, 0, 1);
    char reply[4096], key[128], command[200];
    redis_say(&redis, "KEYS *:*:*:*:*:*:*", reply, sizeof reply);
    assert_int_equal(sscanf(reply, "*1\r\n$%*d\r\n%127s", key), 1);
    snprintf(command, sizeof command, "SET %s x", key);
    say(command, "+OK");
    refused(get_at(s, 0, &value, &err), &err, JL_CONFIG, key);
    refused(put_at(s, 0, 1, &err), &err, JL_CONFIG, key);
    say("SET jobline:senior:v1:17:default x", "+OK");
    all_refused(s, JL_CONFIG, "jobline:senior:v1:17:default");
    s->ops->close(s);
}

static void a_field_of_odd_length(void **state) {
    (void)state;
    jl_store *s = open_store();
    jl_err err;
    uint8_t value;
    jl_store_stat stat;
    put_well(s, 0, 1);
    char reply[4096], key[128], command[200];
    redis_say(&redis, "KEYS *:*:*:*:*:*:*", reply, sizeof reply);
    assert_int_equal(sscanf(reply, "*1\r\n$%*d\r\n%127s", key), 1);
    snprintf(command, sizeof command, "HSET %s \"\\x%02x\" 12345678", key, jl_bucket_of(hash_of(0)) & 127);
    say(command, ":0");
    refused(get_at(s, 0, &value, &err), &err, JL_CONFIG, "damaged");
    refused(put_at(s, 0, 1, &err), &err, JL_CONFIG, "damaged");
    refused(s->ops->walk(s, ignore, NULL, &err), &err, JL_CONFIG, "damaged");
    refused(s->ops->stat(s, &stat, &err), &err, JL_CONFIG, "damaged");
    s->ops->close(s);
}

/* Any key may be evicted: a miss, a cold start, never a wrong or a revived answer. */
static void keys_are_evicted(void **state) {
    (void)state;
    jl_store *s = open_store(), *other = open_store();
    put_well(s, 0, 1000);
    assert_int_equal(get_well(other, 5), 6);
    say("DEL jobline:senior:v1:17:default", ":1");
    assert_int_equal(get_well(s, 5), 0);
    put_well(other, 1, 1);
    assert_int_equal(get_well(s, 5), 0);
    assert_int_equal(get_well(s, 1), 2);
    char reply[1 << 16], command[200];
    redis_say(&redis, "HGET jobline:senior:v1:17:default generation", reply, sizeof reply);
    char generation[64];
    assert_int_equal(sscanf(reply, "$%*d\r\n%63s", generation), 1);
    snprintf(command, sizeof command, "DEL jobline:senior:v1:17:default:%s:%u", generation,
             jl_bucket_of(hash_of(1)) >> 7);
    say(command, ":1");
    assert_int_equal(get_well(s, 1), 0);
    s->ops->close(s);
    other->ops->close(other);
}

/* What a failover in the middle of a drop does: a replica takes over that has not heard of the end of the generation. */
static void a_dropped_generation_comes_back(void **state) {
    (void)state;
    jl_store *s = open_store();
    put_well(s, 0, 3000);
    char reply[256], generation[64], dropped[128], revive[160];
    redis_say(&redis, "HGET jobline:senior:v1:17:default generation", reply, sizeof reply);
    assert_int_equal(sscanf(reply, "$%*d\r\n%63s", generation), 1);
    snprintf(dropped, sizeof dropped, "HDEL jobline:senior:v1:17:default dropped:%s", generation);
    snprintf(revive, sizeof revive, "HSET jobline:senior:v1:17:default generation %s", generation);
    pid_t pid = fork();
    if (pid == 0) {
        do
            redis_say(&redis, dropped, reply, sizeof reply);
        while (!strstr(reply, ":1"));
        redis_say(&redis, revive, reply, sizeof reply);
        _exit(0);
    }
    jl_err err = {0};
    uint64_t entries;
    assert_int_equal(s->ops->drop(s, &entries, &err), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (uint64_t i = 0; i < 3000; i += 7)
        assert_int_equal(get_well(s, i), 0);
    say("EXISTS jobline:senior:v1:17:default", ":0");
    s->ops->close(s);
}

static void passwords(void **state) {
    (void)state;
    char text[300];
    jl_err err;
    uint8_t value;
    restart("--requirepass", "s3cret/pass", NULL, NULL);
    jl_store *s = open_store();
    all_refused(s, JL_NOPERM, "NOAUTH");
    s->ops->close(s);
    snprintf(text, sizeof text, "redis://:wr0ng@127.0.0.1:%d/0", redis.port);
    s = open_with(text, 0);
    refused(get_at(s, 1, &value, &err), &err, JL_NOPERM, "WRONGPASS");
    assert_null(strstr(err.text, "wr0ng"));
    s->ops->close(s);
    snprintf(text, sizeof text, "redis://nobody:wr0ng@127.0.0.1:%d/0", redis.port);
    s = open_with(text, 0);
    refused(get_at(s, 1, &value, &err), &err, JL_NOPERM, "WRONGPASS");
    assert_null(strstr(err.text, "wr0ng"));
    s->ops->close(s);
    static const char *const right[] = {":s3cret%%2Fpass", "default:s3cret%%2Fpass"};
    for (size_t i = 0; i < 2; i++) {
        char login[64];
        snprintf(login, sizeof login, right[i], "");
        snprintf(text, sizeof text, "redis://%s@127.0.0.1:%d/3", login, redis.port);
        s = open_with(text, 0);
        put_well(s, i, 1);
        assert_int_equal(get_well(s, i), 1 + i);
        s->ops->close(s);
    }
    restart(NULL, NULL, NULL, NULL);
    snprintf(text, sizeof text, "redis://:s3cret@127.0.0.1:%d/0", redis.port);
    s = open_with(text, 0);
    refused(get_at(s, 1, &value, &err), &err, JL_NOPERM, "AUTH");
    assert_null(strstr(err.text, "s3cret"));
    s->ops->close(s);
}

static void databases(void **state) {
    (void)state;
    char text[200];
    jl_err err;
    uint8_t value;
    jl_store *s[2];
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "redis://127.0.0.1:%d/%d", redis.port, i);
        s[i] = open_with(text, 0);
    }
    put_well(s[1], 1, 1);
    assert_int_equal(get_well(s[0], 1), 0);
    assert_int_equal(get_well(s[1], 1), 2);
    s[0]->ops->close(s[0]);
    s[1]->ops->close(s[1]);
    snprintf(text, sizeof text, "%s?db=1", url);
    s[0] = open_with(text, 0);
    assert_int_equal(get_well(s[0], 1), 2);
    s[0]->ops->close(s[0]);
    snprintf(text, sizeof text, "redis://127.0.0.1:%d/999", redis.port);
    s[0] = open_with(text, 0);
    refused(get_at(s[0], 1, &value, &err), &err, JL_CONFIG, "out of range");
    s[0]->ops->close(s[0]);
}

/* ---- URLs ---- */

static void urls_that_cannot_be_meant(void **state) {
    (void)state;
    static const struct {
        const char *url, *text;
    } wrong[] = {{"redis+cluster://a:1,b:2/3", "nothing can stand behind the hosts"},
                 {"redis+cluster://a:1?db=3", "nothing can stand behind the hosts"},
                 {"rediss://a:1",
                  "rediss: is not supported by this build, which has: sqlite: redis: redis+unix: redis+cluster:"},
                 {"postgres://a/b", "postgres: is not supported"},
                 {"nonsense://a", "nonsense: is not a scheme known here"},
                 {"redis://a:1/x", "'x' is not the number of a database"},
                 {"redis://a:1/1?b=2", "nothing can stand behind"},
                 {"redis+unix:///s?x=1", "?db=NUMBER"},
                 {"sqlite:", "names no file"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        jl_err err = {0};
        jl_url parsed;
        int rc = jl_url_parse(jl_span_of(wrong[i].url), &parsed, &err);
        if (rc == 0)
            rc = jl_store_open(openers, &parsed, &(jl_space){&answers, "default", 0}, &err) ? 0 : -1;
        if (strcmp(wrong[i].url, "sqlite:") == 0)
            assert_int_equal(rc, -1);
        else
            refused(rc, &err, JL_USAGE, wrong[i].text);
    }
    char longest[130] = "";
    memset(longest, 'x', 129);
    const char *const models[] = {"", "a\nb", "\xff", longest};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        jl_err err = {0};
        jl_url parsed;
        assert_int_equal(jl_url_parse(JL_SPAN("sqlite:x"), &parsed, &err), 0);
        refused(jl_store_open(openers, &parsed, &(jl_space){&answers, models[i], 0}, &err) ? 0 : -1, &err, JL_USAGE,
                "a model's name");
    }
}

/* ---- setup ---- */

static int on_sqlite(void **state) {
    (void)state;
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s/*", folder);
    snprintf(url, sizeof url, "sqlite:%s", file);
    return system(command);
}

static int on_redis(void **state) {
    (void)state;
    char reply[64];
    snprintf(url, sizeof url, "redis+unix://%s", redis.socket);
    return redis_say(&redis, "FLUSHALL", reply, sizeof reply) > 0 ? 0 : -1;
}

static int begin(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    strcpy(folder, "/tmp/jobline-trouble.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/store.db", folder);
    return redis_start(&redis, NULL) ? 0 : -1;
}

static int end(void **state) {
    char command[96];
    (void)state;
    redis_remove(&redis);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

#define SQLITE(test) cmocka_unit_test_setup(test, on_sqlite)
#define REDIS(test) cmocka_unit_test_setup(test, on_redis)

int main(void) {
    const struct CMUnitTest tests[] = {
        SQLITE(a_file_that_is_no_database),
        SQLITE(somebody_elses_database),
        SQLITE(a_newer_version),
        SQLITE(an_empty_file_is_an_empty_store),
        SQLITE(a_bucket_of_odd_length),
        SQLITE(pages_overwritten),
        SQLITE(a_file_cut_short),
        SQLITE(a_read_only_file),
        SQLITE(a_read_only_folder),
        SQLITE(no_folder),
        SQLITE(a_full_disk),
        SQLITE(locked_by_another),
        SQLITE(the_file_is_replaced),
        REDIS(no_server),
        REDIS(a_restart_is_waited_for),
        REDIS(connections_are_cut),
        REDIS(scripts_are_flushed),
        REDIS(writers_come_in_between),
        REDIS(memory_runs_out),
        REDIS(a_read_only_replica),
        REDIS(something_else_under_our_name),
        REDIS(a_field_of_odd_length),
        REDIS(keys_are_evicted),
        REDIS(a_dropped_generation_comes_back),
        REDIS(passwords),
        REDIS(databases),
        SQLITE(urls_that_cannot_be_meant),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
