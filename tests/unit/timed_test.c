/* The store that takes the time of another one: every call arrives, what it says comes back, the time is kept apart. */
#include "unit/cmocka_all.h"

#include "base/clock.h"
#include "bucket/timed.h"

#define NAP (3 * JL_MILLISECOND)

/* Answers each call with a number of its own, after a while. */
static struct slow {
    jl_store base;
    const char *called;
    bool closed;
} slow;

static void pass_time(void) {
    int64_t until = jl_clock_now() + NAP;
    while (jl_clock_now() < until)
        ;
}

static int said(jl_store *s, const char *what, int rc, jl_err *err) {
    assert_ptr_equal(s, &slow.base);
    slow.called = what;
    pass_time();
    return rc == 0 ? 0 : jl_err_set(err, JL_CONFIG, "%s", what);
}

static int failing;

static int slow_get(jl_store *s, const jl_hash *key, uint8_t *value, size_t n, jl_err *err) {
    for (size_t i = 0; i < n; i++)
        value[i] = (uint8_t)key[i].lo;
    return said(s, "get", failing, err);
}

static int slow_epoch(jl_store *s, uint64_t *epoch, jl_err *err) {
    *epoch = 17;
    return said(s, "epoch", failing, err);
}

static int slow_put(jl_store *s, const jl_hash *key, const uint8_t *value, uint8_t *outcome, size_t n,
                    jl_put_counts *counts, jl_err *err) {
    (void)key;
    (void)value;
    for (size_t i = 0; outcome && i < n; i++)
        outcome[i] = JL_PUT_ADDED;
    counts->added += n;
    return said(s, "put", failing, err);
}

static int slow_drop(jl_store *s, uint64_t *entries, jl_err *err) {
    *entries = 3;
    return said(s, "drop", failing, err);
}

static int slow_stat(jl_store *s, jl_store_stat *stat, jl_err *err) {
    stat->entries = 5;
    return said(s, "stat", failing, err);
}

static int slow_walk(jl_store *s,
                     int (*bucket)(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err),
                     void *self, jl_err *err) {
    int rc = said(s, "walk", 0, err);
    return rc == 0 ? bucket(self, 9, NULL, 0, err) : rc;
}

static int slow_note(jl_store *s, const jl_store_run *run, jl_err *err) {
    assert_int_equal(run->hits, 11);
    return said(s, "note", failing, err);
}

static int slow_runs(jl_store *s, jl_store_run *run, size_t *n, jl_err *err) {
    run->misses = 13;
    *n = 1;
    return said(s, "runs", failing, err);
}

static void slow_close(jl_store *s) {
    assert_ptr_equal(s, &slow.base);
    slow.closed = true;
}

static const jl_store_ops slow_ops = {slow_get,  slow_epoch, slow_put,  slow_drop, slow_stat,
                                      slow_walk, slow_note,  slow_runs, slow_close};

static int seven(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err) {
    (void)entries;
    (void)err;
    *(uint32_t *)self = number + (uint32_t)n;
    return 7;
}

static void every_call_arrives_and_its_time_is_kept(void **state) {
    (void)state;
    static const jl_entry_shape shape = {"senior", 6, 1};
    jl_err err = {0};
    jl_store_times times = {0};
    slow.base = (jl_store){&slow_ops, &shape};
    jl_store *t = jl_store_timed(&slow.base, &times, &err);
    assert_non_null(t);
    assert_ptr_equal(t->shape, &shape);
    uint64_t reads = 0, writes = 0;
    for (failing = 0; failing <= 1; failing++) {
        int rc = -failing;
        jl_hash key[2] = {{1, 4}, {2, 6}};
        uint8_t value[2] = {0}, outcome[2] = {0};
        uint64_t number = 0;
        jl_put_counts counts = {0};
        jl_store_stat stat = {0};
        jl_store_run run = {.hits = 11};
        size_t n = 0;
        uint32_t bucket = 0;

        assert_int_equal(t->ops->get(t, key, value, 2, &err), rc);
        assert_int_equal(value[0] + value[1], 10);
        assert_int_equal(t->ops->epoch(t, &number, &err), rc);
        assert_int_equal(number, 17);
        assert_int_equal(times.reads, reads += 2);
        assert_true(times.read_ms >= reads * NAP / JL_MILLISECOND);

        assert_int_equal(t->ops->put(t, key, value, outcome, 2, &counts, &err), rc);
        assert_int_equal(counts.added, 2);
        assert_int_equal(outcome[1], JL_PUT_ADDED);
        assert_int_equal(t->ops->note(t, &run, &err), rc);
        assert_string_equal(slow.called, "note");
        assert_int_equal(times.writes, writes += 2);
        assert_true(times.write_ms >= writes * NAP / JL_MILLISECOND);

        jl_store_times before = times;
        assert_int_equal(t->ops->drop(t, &number, &err), rc);
        assert_int_equal(number, 3);
        assert_int_equal(t->ops->stat(t, &stat, &err), rc);
        assert_int_equal(stat.entries, 5);
        assert_int_equal(t->ops->walk(t, seven, &bucket, &err), 7);
        assert_int_equal(bucket, 9);
        assert_int_equal(t->ops->runs(t, &run, &n, &err), rc);
        assert_int_equal(run.misses + n, 14);
        assert_string_equal(slow.called, "runs");
        assert_memory_equal(&before, &times, sizeof times);
        if (failing)
            assert_string_equal(err.text, "runs");
    }
    t->ops->close(t);
    assert_true(slow.closed);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_call_arrives_and_its_time_is_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
