/* What every back end of a store promises, asked of all of them. */
#include "unit/cmocka_all.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "bucket/recall.h"
#include "bucket/seen.h"
#include "bucket/store.h"
#include "bucket/transfer.h"
#include "chance.h"
#include "contract/redis_cluster.h"
#include "contract/well.h"

static const jl_store_opener *const openers[] = {&jl_store_sqlite, &jl_store_redis_unix, &jl_store_redis_cluster, NULL};
static const jl_entry_shape answers = {"senior", 6, 1}, marks = {"seen", 14, 0};

static char folder[64];
static redis_server redis;
static redis_cluster cluster;
static char url_text[3][160]; /* sqlite, redis, cluster */

static jl_store *open_store(const char *text, const jl_entry_shape *shape, const char *model) {
    jl_err err = {0};
    jl_url url;
    assert_int_equal(jl_url_parse(jl_span_of(text), &url, &err), 0);
    jl_store *s = jl_store_open(openers, &url, &(jl_space){shape, model, 20 * JL_SECOND}, &err);
    if (!s)
        fail_msg("%s: %s", text, err.text);
    return s;
}

static jl_store *open_answers(void **state) {
    return open_store(*state, &answers, "default");
}

static jl_hash hash_of(uint64_t i) {
    chance c = {i * 77};
    uint64_t hi = chance_bits(&c);
    return (jl_hash){hi, chance_bits(&c)};
}

static void put_one(jl_store *s, jl_hash key, uint8_t value, uint8_t outcome) {
    jl_err err = {0};
    jl_put_counts counts = {0};
    uint8_t got = 0;
    well(s->ops->put(s, &key, &value, &got, 1, &counts, &err), &err);
    assert_int_equal(got, outcome);
    assert_int_equal(counts.added, outcome == JL_PUT_ADDED);
    assert_int_equal(counts.present, outcome == JL_PUT_PRESENT);
    assert_int_equal(counts.conflicts, outcome == JL_PUT_CONFLICT);
}

static uint8_t get_one(jl_store *s, jl_hash key) {
    jl_err err = {0};
    uint8_t value = 99;
    well(s->ops->get(s, &key, &value, 1, &err), &err);
    return value;
}

/* Entries 0 to n-1, each with the value `value`, or of its own when that is 0. */
static void put_many(jl_store *s, size_t n, uint8_t value) {
    jl_err err = {0};
    jl_hash *key = malloc(n * sizeof *key);
    uint8_t *values = malloc(n);
    jl_put_counts counts = {0};
    for (size_t i = 0; i < n; i++) {
        key[i] = hash_of(i);
        values[i] = value ? value : (uint8_t)(1 + i % 7);
    }
    well(s->ops->put(s, key, values, NULL, n, &counts, &err), &err);
    assert_int_equal(counts.added + counts.present + counts.conflicts, n);
    free(key);
    free(values);
}

static uint64_t entries_of(jl_store *s) {
    jl_err err = {0};
    jl_store_stat stat;
    well(s->ops->stat(s, &stat, &err), &err);
    return stat.entries;
}

/* What is there: bytes of a file, keys of a server. */
static size_t size_of(const char *text) {
    struct stat st;
    char reply[4096];
    if (strncmp(text, "sqlite:", 7) == 0)
        return stat(text + 7, &st) == 0 ? (size_t)st.st_size : 0;
    if (strncmp(text, "redis+cluster:", 14) == 0) {
        long keys = redis_cluster_say(&cluster, "DBSIZE");
        assert_true(keys >= 0);
        return (size_t)keys;
    }
    assert_true(redis_say(&redis, "DBSIZE", reply, sizeof reply) > 0);
    return strtoull(reply + 1, NULL, 10);
}

/* ---- one at a time ---- */

static void nothing_is_there_at_first(void **state) {
    jl_store *s = open_answers(state);
    jl_err err = {0};
    jl_store_stat stat;
    jl_store_run run[JL_STORE_RUNS];
    size_t n = 7;
    uint64_t dropped = 7;
    assert_int_equal(get_one(s, hash_of(1)), 0);
    well(s->ops->stat(s, &stat, &err), &err);
    assert_int_equal(stat.entries + stat.bytes + stat.buckets, 0);
    assert_string_equal(stat.generation, "");
    well(s->ops->note(s, &(jl_store_run){.id = "x", .verb = "get", .hits = 1}, &err), &err);
    well(s->ops->runs(s, run, &n, &err), &err);
    assert_int_equal(n, 0);
    well(s->ops->drop(s, &dropped, &err), &err);
    assert_int_equal(dropped, 0);
    s->ops->close(s);
    if (*state == (void *)url_text[0])
        assert_int_not_equal(access(strchr(*state, ':') + 1, F_OK), 0); /* asking makes no file */
    assert_int_equal(size_of(*state), 0);
}

static void the_first_value_stays(void **state) {
    jl_store *s = open_answers(state), *other = open_answers(state);
    put_one(s, hash_of(1), 3, JL_PUT_ADDED);
    put_one(s, hash_of(1), 3, JL_PUT_PRESENT);
    put_one(other, hash_of(1), 5, JL_PUT_CONFLICT);
    put_one(other, hash_of(2), 5, JL_PUT_ADDED);
    assert_int_equal(get_one(s, hash_of(1)), 3);
    assert_int_equal(get_one(s, hash_of(2)), 5);
    assert_int_equal(get_one(other, hash_of(1)), 3);
    assert_int_equal(get_one(other, hash_of(3)), 0);
    s->ops->close(s);
    other->ops->close(other);
}

static void the_first_of_a_batch_wins(void **state) {
    jl_store *s = open_answers(state);
    jl_err err = {0};
    jl_hash key[] = {hash_of(1), hash_of(2), hash_of(1), hash_of(1), hash_of(2), hash_of(3)};
    uint8_t value[] = {4, 2, 4, 6, 1, 7}, outcome[6], got[6];
    jl_put_counts counts = {0};
    put_one(s, hash_of(3), 1, JL_PUT_ADDED);
    well(s->ops->put(s, key, value, outcome, 6, &counts, &err), &err);
    const uint8_t wanted[] = {JL_PUT_ADDED,    JL_PUT_ADDED,    JL_PUT_PRESENT,
                              JL_PUT_CONFLICT, JL_PUT_CONFLICT, JL_PUT_CONFLICT};
    assert_memory_equal(outcome, wanted, 6);
    assert_int_equal(counts.added, 2);
    assert_int_equal(counts.present, 1);
    assert_int_equal(counts.conflicts, 3);
    well(s->ops->get(s, key, got, 6, &err), &err);
    assert_memory_equal(got, ((uint8_t[]){4, 2, 4, 4, 2, 1}), 6);
    s->ops->close(s);
}

/* Keys that share a bucket and differ in one bit of the fingerprint, the lowest and the highest that are kept. */
static void fingerprints_that_are_close(void **state) {
    jl_store *s = open_answers(state);
    jl_hash base = {UINT64_C(0x123456789abcdef0), UINT64_C(0x0102030405060000)};
    for (unsigned bit = 16; bit < 64; bit++)
        put_one(s, (jl_hash){base.hi, base.lo ^ UINT64_C(1) << bit}, (uint8_t)(bit % 7 + 1), JL_PUT_ADDED);
    for (unsigned bit = 47; bit < 64; bit++)
        put_one(s, (jl_hash){base.hi ^ UINT64_C(1) << bit, base.lo}, 2, JL_PUT_ADDED);
    assert_int_equal(get_one(s, base), 0);
    for (unsigned bit = 16; bit < 64; bit++)
        assert_int_equal(get_one(s, (jl_hash){base.hi, base.lo ^ UINT64_C(1) << bit}), bit % 7 + 1);
    /* What is not kept tells no keys apart: 65 bits of identity. */
    put_one(s, (jl_hash){base.hi ^ 1, base.lo ^ UINT64_C(1) << 20 ^ 0xffff}, 1, JL_PUT_CONFLICT);
    s->ops->close(s);
}

/* An entry's bytes may stand in a bucket across the border of two entries: that is no match. */
static void matches_lie_on_borders_only(void **state) {
    jl_store *s = open_answers(state);
    /* Entries (0,0,0,0,0,1 | 2), (3,…): the bytes 0,0,0,0,1,2 begin at offset 1. */
    jl_hash a = {5, UINT64_C(0x000000000001) << 16}, b = {5, UINT64_C(0x030000000000) << 16};
    jl_hash across = {5, UINT64_C(0x000000000102) << 16}, across2 = {5, UINT64_C(0x000001020300) << 16};
    put_one(s, a, 2, JL_PUT_ADDED);
    put_one(s, b, 3, JL_PUT_ADDED);
    assert_int_equal(get_one(s, across), 0);
    assert_int_equal(get_one(s, across2), 0);
    put_one(s, across, 6, JL_PUT_ADDED);
    put_one(s, across2, 7, JL_PUT_ADDED);
    assert_int_equal(get_one(s, across), 6);
    assert_int_equal(get_one(s, across2), 7);
    s->ops->close(s);
}

static void agrees_with_a_plain_table(void **state) {
    enum { KEYS = 30000 };
    static uint8_t table[KEYS];
    memset(table, 0, sizeof table);
    chance c = chance_seeded();
    jl_store *s = open_answers(state), *other = open_answers(state);
    jl_err err = {0};
    jl_hash key[5000];
    uint8_t value[5000], outcome[5000], got[5000];
    size_t number[5000];
    for (size_t round = 0; round < chance_rounds(60); round++) {
        size_t n = 1 + chance_below(&c, round % 3 ? 50 : 5000);
        for (size_t i = 0; i < n; i++) {
            number[i] = chance_below(&c, KEYS);
            key[i] = hash_of(number[i]);
            value[i] = (uint8_t)(1 + chance_below(&c, 255));
        }
        jl_put_counts counts = {0};
        jl_store *writer = round % 2 ? s : other, *reader = round % 2 ? other : s;
        well(writer->ops->put(writer, key, value, outcome, n, &counts, &err), &err);
        for (size_t i = 0; i < n; i++) {
            uint8_t *stored = &table[number[i]];
            uint8_t wanted = !*stored ? JL_PUT_ADDED : *stored == value[i] ? JL_PUT_PRESENT : JL_PUT_CONFLICT;
            assert_int_equal(outcome[i], wanted);
            *stored = *stored ? *stored : value[i];
        }
        for (size_t i = 0; i < n; i++) {
            number[i] = chance_below(&c, KEYS);
            key[i] = hash_of(number[i]);
        }
        well(reader->ops->get(reader, key, got, n, &err), &err);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(got[i], table[number[i]]);
    }
    uint64_t count = 0;
    for (size_t i = 0; i < KEYS; i++)
        count += table[i] != 0;
    assert_int_equal(entries_of(s), count);
    s->ops->close(s);
    other->ops->close(other);
}

static void a_crowded_bucket(void **state) {
    enum { N = 4000 };
    jl_store *s = open_answers(state);
    jl_err err = {0};
    static jl_hash key[N];
    static uint8_t value[N], got[N];
    jl_put_counts counts = {0};
    for (size_t i = 0; i < N; i++) {
        key[i] = (jl_hash){UINT64_C(77) << 47, (uint64_t)i << 16};
        value[i] = (uint8_t)(1 + i % 255);
    }
    well(s->ops->put(s, key, value, NULL, N / 2, &counts, &err), &err);
    well(s->ops->put(s, key, value, NULL, N, &counts, &err), &err);
    assert_int_equal(counts.added, N);
    assert_int_equal(counts.present, N / 2);
    well(s->ops->get(s, key, got, N, &err), &err);
    assert_memory_equal(got, value, N);
    s->ops->close(s);
}

static void models_and_kinds_do_not_mix(void **state) {
    static const char *const names[] = {"default", "a", "A", "a:b", "a%3Ab", "gemma 3/27b", "modèle", "a'b", "runs"};
    enum { N = sizeof names / sizeof *names };
    jl_store *s[N];
    for (size_t i = 0; i < N; i++) {
        s[i] = open_store(*state, &answers, names[i]);
        put_one(s[i], hash_of(1), (uint8_t)(i + 1), JL_PUT_ADDED);
    }
    jl_store *seen = open_store(*state, &marks, "default");
    assert_int_equal(get_one(seen, hash_of(1)), 0);
    uint64_t dropped;
    jl_err err = {0};
    well(s[0]->ops->drop(s[0], &dropped, &err), &err);
    assert_int_equal(dropped, 1);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(get_one(s[i], hash_of(1)), i ? i + 1 : 0);
        s[i]->ops->close(s[i]);
    }
    seen->ops->close(seen);
}

static void sets_keep_the_whole_hash(void **state) {
    jl_store *s = open_store(*state, &marks, "default");
    jl_err err = {0};
    jl_hash base = hash_of(9), key[129];
    uint8_t outcome[129], got[129];
    jl_put_counts counts = {0};
    for (unsigned bit = 0; bit < 128; bit++)
        key[bit] = bit < 64 ? (jl_hash){base.hi, base.lo ^ UINT64_C(1) << bit}
                            : (jl_hash){base.hi ^ UINT64_C(1) << (bit - 64), base.lo};
    well(s->ops->put(s, key, NULL, outcome, 128, &counts, &err), &err);
    assert_int_equal(counts.added, 128);
    key[128] = base;
    well(s->ops->get(s, key, got, 129, &err), &err);
    for (size_t i = 0; i < 128; i++)
        assert_int_equal(got[i], 1);
    assert_int_equal(got[128], 0);
    well(s->ops->put(s, key, NULL, outcome, 129, &counts, &err), &err);
    assert_int_equal(counts.added, 129);
    assert_int_equal(outcome[0], JL_PUT_PRESENT);
    assert_int_equal(outcome[128], JL_PUT_ADDED);
    s->ops->close(s);
}

static void runs_are_remembered(void **state) {
    jl_store *s = open_answers(state);
    jl_err err = {0};
    jl_store_run run[JL_STORE_RUNS];
    size_t n;
    put_one(s, hash_of(1), 1, JL_PUT_ADDED);
    for (uint64_t i = 0; i < JL_STORE_RUNS + 5; i++) {
        jl_store_run one = {.verb = "get", .ended = (int64_t)(1000 + i), .hits = i, .misses = 2 * i};
        snprintf(one.id, sizeof one.id, "run-%d", (int)i);
        well(s->ops->note(s, &one, &err), &err);
    }
    well(s->ops->runs(s, run, &n, &err), &err);
    assert_int_equal(n, JL_STORE_RUNS);
    for (size_t i = 0; i < n; i++) {
        uint64_t number = JL_STORE_RUNS + 4 - i;
        char id[32];
        snprintf(id, sizeof id, "run-%d", (int)number);
        assert_string_equal(run[i].id, id);
        assert_string_equal(run[i].verb, "get");
        assert_int_equal(run[i].ended, 1000 + number);
        assert_int_equal(run[i].hits, number);
        assert_int_equal(run[i].misses, 2 * number);
    }
    s->ops->close(s);
}

/* ---- drop ---- */

static void a_drop_is_seen_at_once(void **state) {
    jl_store *s = open_answers(state), *reader = open_answers(state), *writer = open_answers(state);
    jl_err err = {0};
    jl_store_stat before, after;
    uint64_t dropped;
    put_many(s, 20000, 0);
    assert_int_equal(get_one(reader, hash_of(5)), 6);
    put_one(writer, hash_of(0), 1, JL_PUT_PRESENT);
    well(s->ops->stat(s, &before, &err), &err);
    well(s->ops->drop(s, &dropped, &err), &err);
    assert_int_equal(dropped, 20000);
    assert_int_equal(get_one(reader, hash_of(5)), 0);
    put_one(writer, hash_of(5), 3, JL_PUT_ADDED);
    assert_int_equal(get_one(reader, hash_of(5)), 3);
    assert_int_equal(get_one(reader, hash_of(6)), 0);
    well(s->ops->stat(s, &after, &err), &err);
    assert_int_equal(after.entries, 1);
    assert_string_not_equal(after.generation, before.generation);
    s->ops->close(s);
    reader->ops->close(reader);
    writer->ops->close(writer);
}

static void a_drop_gives_the_space_back(void **state) {
    jl_store *s = open_answers(state);
    jl_err err = {0};
    uint64_t dropped;
    put_many(s, 100000, 0);
    size_t full = size_of(*state);
    well(s->ops->drop(s, &dropped, &err), &err);
    assert_int_equal(dropped, 100000);
    assert_true(size_of(*state) <= full / 8);
    s->ops->close(s);
}

/* A drop that is killed is taken up by the next one. */
static void a_killed_drop_is_taken_up(void **state) {
    chance c = chance_seeded();
    for (size_t round = 0; round < chance_rounds(4); round++) {
        jl_store *s = open_answers(state);
        jl_err err = {0};
        uint64_t dropped;
        put_many(s, 50000, 0);
        pid_t pid = fork();
        if (pid == 0) {
            jl_store *own = open_answers(state);
            _exit(own->ops->drop(own, &dropped, &err) != 0);
        }
        nanosleep(&(struct timespec){0, (long)chance_below(&c, 30000000)}, NULL);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        well(s->ops->drop(s, &dropped, &err), &err);
        assert_int_equal(entries_of(s), 0);
        assert_true(size_of(*state) <= (strncmp(*state, "sqlite", 6) == 0 ? 200000 : 1));
        s->ops->close(s);
    }
}

/* What a put has reported as stored after a drop had ended is there; no value is found that nobody stored. */
static void drops_during_puts(void **state) {
    enum { ROUNDS = 8 };
    jl_store *s = open_answers(state);
    jl_err err = {0};
    volatile uint64_t *stored = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(stored, MAP_FAILED);
    pid_t pid = fork();
    if (pid == 0) {
        jl_store *own = open_answers(state);
        jl_put_counts counts = {0};
        jl_hash key[200];
        uint8_t value[200];
        for (uint64_t at = 0;; at += 200) {
            for (size_t i = 0; i < 200; i++) {
                key[i] = hash_of(at + i);
                value[i] = (uint8_t)(1 + (at + i) % 7);
            }
            if (own->ops->put(own, key, value, NULL, 200, &counts, &err) != 0)
                _exit(1);
            *stored = at + 200;
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t from = *stored, dropped;
        while (*stored < from + 1000)
            redis_nap();
        well(s->ops->drop(s, &dropped, &err), &err);
        uint64_t first = *stored + 200, now; /* the batch under way may have been stored before the drop */
        while (*stored < first + 1000)
            redis_nap();
        now = *stored;
        for (uint64_t i = first; i < now; i += 7)
            assert_int_equal(get_one(s, hash_of(i)), 1 + i % 7);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    munmap((void *)(uintptr_t)stored, 4096);
    s->ops->close(s);
}

/* ---- many at once ---- */

enum { CROWD = 8, CROWD_KEYS = 20000 };

/* The order in which a writer goes through all keys: 7919 and the number of keys have no common divisor. */
static size_t crowd_key(uint8_t me, size_t i) {
    return (i * 7919 + me * 500u) % CROWD_KEYS;
}

/* Each writer stores overlapping entries with a value of its own, writes down whose came first, and may be killed. */
static void crowd_member(void **state, uint8_t me, uint8_t *won, uint64_t seed) {
    jl_store *s = open_answers(state);
    jl_err err = {0};
    chance c = {seed};
    jl_put_counts counts = {0};
    for (size_t at = 0; at < CROWD_KEYS;) {
        jl_hash key[400];
        uint8_t value[400], outcome[400];
        size_t n = 1 + chance_below(&c, 400), i = 0;
        size_t start = at;
        for (; i < n && at < CROWD_KEYS; i++, at++) {
            key[i] = hash_of(crowd_key(me, at));
            value[i] = me;
        }
        if (s->ops->put(s, key, value, outcome, i, &counts, &err) != 0) {
            fprintf(stderr, "# writer %d: %s\n", me, err.text);
            _exit(1);
        }
        for (size_t k = 0; k < i; k++)
            if (outcome[k] == JL_PUT_ADDED)
                __atomic_add_fetch(&won[crowd_key(me, start + k)], me, __ATOMIC_RELAXED);
    }
    s->ops->close(s);
    _exit(0);
}

struct tally {
    uint64_t entries;
    unsigned char last[8];
};

static int no_twins(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err) {
    struct tally *t = self;
    (void)number;
    for (size_t a = 0; a < n; a += 7)
        for (size_t b = a + 7; b < n; b += 7)
            if (memcmp(entries + a, entries + b, 6) == 0)
                return jl_err_set(err, JL_CONFIG, "bucket %u has an entry twice", number);
    t->entries += n / 7;
    return 0;
}

static void writers_at_once(void **state) {
    chance c = chance_seeded();
    uint8_t *won = mmap(NULL, CROWD_KEYS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(won, MAP_FAILED);
    pid_t pid[CROWD];
    for (uint8_t i = 0; i < CROWD; i++) {
        uint64_t seed = chance_bits(&c);
        pid[i] = fork();
        if (pid[i] == 0)
            crowd_member(state, (uint8_t)(i + 1), won, seed);
    }
    /* Two of them do not live to the end. */
    for (int i = 0; i < 2; i++) {
        nanosleep(&(struct timespec){0, (long)chance_below(&c, 60000000)}, NULL);
        kill(pid[i], SIGKILL);
    }
    for (int i = 0; i < CROWD; i++) {
        int status;
        waitpid(pid[i], &status, 0);
        if (i >= 2)
            assert_int_equal(status, 0);
    }
    jl_store *s = open_answers(state);
    jl_err err = {0};
    size_t unreported = 0;
    for (size_t i = 0; i < CROWD_KEYS; i++) {
        uint8_t stored = get_one(s, hash_of(i));
        assert_in_range(stored, 1, CROWD);
        if (won[i])
            assert_int_equal(stored, won[i]); /* reported as added by one writer, and its value is there */
        else
            unreported += 1;
        /* Whoever was not killed has reported all that it added. */
        if (!won[i])
            assert_true(stored <= 2);
    }
    assert_true(unreported <= 800);
    struct tally t = {0};
    well(s->ops->walk(s, no_twins, &t, &err), &err);
    assert_int_equal(t.entries, CROWD_KEYS);
    s->ops->close(s);
    munmap(won, CROWD_KEYS);
}

static void a_reader_during_puts(void **state) {
    pid_t pid = fork();
    if (pid == 0) {
        jl_store *own = open_answers(state);
        jl_err err = {0};
        jl_put_counts counts = {0};
        for (uint64_t at = 0; at < 30000; at += 300) {
            jl_hash key[300];
            uint8_t value[300];
            for (size_t i = 0; i < 300; i++) {
                key[i] = hash_of(at + i);
                value[i] = (uint8_t)(1 + (at + i) % 7);
            }
            if (own->ops->put(own, key, value, NULL, 300, &counts, &err) != 0)
                _exit(1);
        }
        _exit(0);
    }
    jl_store *s = open_answers(state);
    jl_err err = {0};
    static uint8_t known[30000], got[30000];
    static jl_hash key[30000];
    memset(known, 0, sizeof known);
    for (size_t i = 0; i < 30000; i++)
        key[i] = hash_of(i);
    int status, ended;
    do {
        ended = waitpid(pid, &status, WNOHANG);
        well(s->ops->get(s, key, got, 30000, &err), &err);
        for (size_t i = 0; i < 30000; i++) {
            assert_true(got[i] == 1 + i % 7 || (got[i] == 0 && known[i] == 0));
            known[i] = got[i];
        }
    } while (!ended);
    assert_int_equal(status, 0);
    assert_null(memchr(known, 0, sizeof known));
    s->ops->close(s);
}

/* ---- walk, export, import ---- */

static int in_order(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err) {
    int64_t *last = self;
    (void)entries;
    if ((int64_t)number <= *last || n == 0 || n % 7)
        return jl_err_set(err, JL_SOFTWARE, "bucket %u behind %lld", number, (long long)*last);
    *last = number;
    return 0;
}

static int stop_at_ten(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err) {
    (void)number;
    (void)entries;
    (void)n;
    (void)err;
    return ++*(int *)self == 10 ? 42 : 0;
}

static void a_walk_goes_by_number(void **state) {
    jl_store *s = open_answers(state);
    jl_err err = {0};
    int64_t last = -1;
    int count = 0;
    put_many(s, 5000, 0);
    put_one(s, (jl_hash){0, 1 << 16}, 1, JL_PUT_ADDED);
    put_one(s, (jl_hash){UINT64_MAX, 1 << 16}, 1, JL_PUT_ADDED);
    well(s->ops->walk(s, in_order, &last, &err), &err);
    assert_int_equal(last, JL_BUCKETS - 1);
    assert_int_equal(s->ops->walk(s, stop_at_ten, &count, &err), 42);
    assert_int_equal(get_one(s, hash_of(3)), 4);
    s->ops->close(s);
}

static char *export_text(jl_store *s, size_t *n) {
    char path[128];
    jl_err err = {0};
    jl_out out;
    jl_transfer done = {0};
    snprintf(path, sizeof path, "%s/export", folder);
    FILE *f = fopen(path, "w+");
    assert_non_null(f);
    well(jl_out_open(&out, fileno(f), path, &err), &err);
    well(jl_transfer_export(s, "default", &out, &done, &err), &err);
    well(jl_out_flush(&out, &err), &err);
    jl_out_free(&out);
    struct stat st;
    assert_int_equal(fstat(fileno(f), &st), 0);
    *n = (size_t)st.st_size;
    char *text = malloc(*n + 1);
    rewind(f);
    assert_int_equal(fread(text, 1, *n, f), *n);
    text[*n] = '\0';
    fclose(f);
    return text;
}

/* From each back end into each, by way of the file that export_text has left. */
static void import_text(jl_store *s, jl_put_counts *counts) {
    char path[128];
    jl_err err = {0};
    jl_transfer done = {0};
    snprintf(path, sizeof path, "%s/export", folder);
    jl_import *i = jl_import_open(path, &answers, 1 << 20, &err);
    well(i ? 0 : -1, &err);
    assert_string_equal(jl_import_model(i), "default");
    well(jl_import_run(i, s, 1, 7, counts, &done, &err), &err);
    jl_import_close(i);
}

static void exports_are_equal_everywhere(void **state) {
    (void)state;
    jl_store *from = open_store(url_text[0], &answers, "default"), *to = open_store(url_text[1], &answers, "default");
    jl_put_counts counts = {0};
    put_many(from, 3000, 0);
    put_many(from, 9000, 0);
    put_many(to, 12000, 0);
    put_one(from, hash_of(10000), 7, JL_PUT_ADDED);
    size_t a_n, b_n, c_n, d_n;
    char *a = export_text(from, &a_n);
    import_text(to, &counts);
    assert_int_equal(counts.added, 0);
    assert_int_equal(counts.present, 9000);
    assert_int_equal(counts.conflicts, 1); /* the one stored first stays */
    assert_int_equal(get_one(to, hash_of(10000)), 1 + 10000 % 7);
    char *b = export_text(to, &b_n);
    jl_store *again = open_store(url_text[0], &answers, "again");
    import_text(again, &(jl_put_counts){0});
    char *c = export_text(again, &c_n);
    jl_store *third = open_store(url_text[2], &answers, "third");
    import_text(third, &(jl_put_counts){0});
    char *d = export_text(third, &d_n);
    assert_true(a_n < b_n);
    assert_int_equal(b_n, c_n);
    assert_memory_equal(b, c, b_n);
    assert_int_equal(b_n, d_n);
    assert_memory_equal(b, d, b_n);
    free(a);
    free(b);
    free(c);
    free(d);
    from->ops->close(from);
    to->ops->close(to);
    again->ops->close(again);
    third->ops->close(third);
}

/* ---- recall ---- */

static void what_is_recalled_is_stored(void **state) {
    enum { KEYS = 600000, BATCH = 3000 };
    jl_store *s = open_answers(state), *other = open_answers(state);
    jl_err err = {0};
    jl_recall *r = jl_recall_new(s, &err);
    assert_non_null(r);
    chance c = chance_seeded();
    jl_hash key[BATCH];
    uint8_t recalled[BATCH], tried[BATCH], looked_up[BATCH];
    put_many(other, 1000, 0);
    for (size_t round = 0; round < chance_rounds(40); round++) {
        /* Some keys come again and again, most are stored, some are not; after a while all is dropped and stored anew
           with another value. */
        if (round % 10 == 9) {
            uint64_t dropped;
            well(other->ops->drop(other, &dropped, &err), &err);
            put_many(other, 300000, (uint8_t)(1 + round % 7));
        }
        for (size_t i = 0; i < BATCH; i++)
            key[i] = hash_of(chance_below(&c, round % 2 ? 1000 : KEYS));
        bool few = chance_below(&c, 2);
        ssize_t left = jl_recall_try(r, key, tried, BATCH, few, &err);
        assert_true(left >= 0 && (!few || left == 0 || left > BATCH / 10));
        well(jl_recall_get(r, key, recalled, BATCH, &err), &err);
        well(s->ops->get(s, key, looked_up, BATCH, &err), &err);
        assert_memory_equal(recalled, looked_up, BATCH);
        for (size_t i = 0; i < BATCH; i++)
            assert_true((tried[i] == 0 && left > 0) || tried[i] == looked_up[i]);
        well(jl_recall_get(r, key, recalled, BATCH, &err), &err); /* the first one may have found out about a drop */
        assert_true(jl_recall_try(r, key, tried, BATCH, false, &err) >= 0);
        size_t known = 0, stored = 0;
        for (size_t i = 0; i < BATCH; i++) {
            known += tried[i] != 0;
            stored += looked_up[i] != 0;
        }
        assert_true(known >= stored * 9 / 10); /* it is of some use */
    }
    jl_recall_free(r);
    s->ops->close(s);
    other->ops->close(other);
}

static void epochs(void **state) {
    jl_store *s = open_answers(state), *other = open_answers(state);
    jl_err err = {0};
    uint64_t first, now, dropped;
    well(s->ops->epoch(s, &first, &err), &err);
    assert_int_equal(first, 0);
    put_one(s, hash_of(1), 3, JL_PUT_ADDED);
    well(s->ops->epoch(s, &first, &err), &err);
    assert_true(first != 0);
    put_one(other, hash_of(2), 3, JL_PUT_ADDED);
    well(s->ops->epoch(s, &now, &err), &err);
    assert_true(now == first);
    well(other->ops->drop(other, &dropped, &err), &err);
    well(s->ops->epoch(s, &now, &err), &err);
    assert_true(now == 0);
    put_one(other, hash_of(2), 3, JL_PUT_ADDED);
    well(s->ops->epoch(s, &now, &err), &err);
    assert_true(now != 0 && now != first);
    s->ops->close(s);
    other->ops->close(other);
}

/* ---- seen ---- */

static jl_lookup *open_seen(const char *text) {
    jl_err err = {0};
    jl_url url;
    assert_int_equal(jl_url_parse(jl_span_of(text), &url, &err), 0);
    jl_lookup *l = jl_seen_open(openers, &url, &err);
    assert_non_null(l);
    return l;
}

static size_t count_found(jl_lookup *l, size_t from, size_t n) {
    jl_err err = {0};
    jl_query *query = calloc(n, sizeof *query);
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        query[i].key = hash_of(from + i);
    well(l->ops->submit(l, query, n, &err), &err);
    for (size_t i = 0; i < n; i++) {
        assert_true(query[i].answer.state == JL_FOUND || query[i].answer.state == JL_UNKNOWN);
        found += query[i].answer.state == JL_FOUND;
    }
    free(query);
    return found;
}

static void seen_is_what_was_committed(void **state) {
    jl_err err = {0};
    jl_lookup *l = open_seen(*state);
    assert_int_equal(count_found(l, 0, 100), 0);
    l->ops->close(l); /* nothing was committed */
    l = open_seen(*state);
    assert_int_equal(count_found(l, 0, 100), 0);
    well(l->ops->commit(l, &err), &err);
    assert_int_equal(count_found(l, 50, 100), 50);
    l->ops->close(l);
    l = open_seen(*state);
    assert_int_equal(count_found(l, 0, 200), 100);
    l->ops->close(l);
}

static void seen_in_blocks(void **state) {
    enum { N = 300000 }; /* several blocks, more than one put */
    jl_err err = {0};
    jl_lookup *l = open_seen(*state);
    for (size_t i = 0; i < N; i += 10000)
        assert_int_equal(count_found(l, i, 10000), 0);
    well(l->ops->commit(l, &err), &err);
    l->ops->close(l);
    l = open_seen(*state);
    assert_int_equal(count_found(l, 0, N + 1000), N);
    l->ops->close(l);
}

/* ---- setup ---- */

static int clean(void) {
    char command[160], reply[64];
    snprintf(command, sizeof command, "rm -f %s/store.db*", folder);
    return system(command) == 0 && redis_say(&redis, "FLUSHALL", reply, sizeof reply) > 0 &&
                   redis_cluster_say(&cluster, "FLUSHALL") == 0
               ? 0
               : -1;
}

static int on_sqlite(void **state) {
    *state = url_text[0];
    return clean();
}

static int on_redis(void **state) {
    *state = url_text[1];
    return clean();
}

static int on_cluster(void **state) {
    *state = url_text[2];
    return clean();
}

static int begin(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    strcpy(folder, "/tmp/jobline-store.XXXXXX");
    if (!mkdtemp(folder) || !redis_start(&redis, NULL) || !redis_cluster_start(&cluster))
        return -1;
    snprintf(url_text[0], sizeof url_text[0], "sqlite:%s/store.db", folder);
    snprintf(url_text[1], sizeof url_text[1], "redis+unix://%s", redis.socket);
    snprintf(url_text[2], sizeof url_text[2], "%s", cluster.url);
    return 0;
}

static int end(void **state) {
    char command[96];
    (void)state;
    redis_remove(&redis);
    redis_cluster_remove(&cluster);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

#define ON_ALL(test)                                                                                                   \
    {#test " (sqlite)", test, on_sqlite, NULL, NULL}, {#test " (redis)", test, on_redis, NULL, NULL}, {                \
#test " (cluster)", test, on_cluster, NULL, NULL                                                               \
    }

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_ALL(nothing_is_there_at_first),
        ON_ALL(the_first_value_stays),
        ON_ALL(the_first_of_a_batch_wins),
        ON_ALL(fingerprints_that_are_close),
        ON_ALL(matches_lie_on_borders_only),
        ON_ALL(agrees_with_a_plain_table),
        ON_ALL(a_crowded_bucket),
        ON_ALL(models_and_kinds_do_not_mix),
        ON_ALL(sets_keep_the_whole_hash),
        ON_ALL(runs_are_remembered),
        ON_ALL(a_drop_is_seen_at_once),
        ON_ALL(a_drop_gives_the_space_back),
        ON_ALL(a_killed_drop_is_taken_up),
        ON_ALL(drops_during_puts),
        ON_ALL(writers_at_once),
        ON_ALL(a_reader_during_puts),
        ON_ALL(a_walk_goes_by_number),
        ON_ALL(what_is_recalled_is_stored),
        ON_ALL(epochs),
        ON_ALL(seen_is_what_was_committed),
        ON_ALL(seen_in_blocks),
        cmocka_unit_test_setup(exports_are_equal_everywhere, on_sqlite),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
