/* Every call goes on to the other store; those that run while lines wait are timed. */
#include "bucket/timed.h"

#include <stdlib.h>

#include "base/clock.h"

struct timed {
    jl_store base;
    jl_store *store;
    jl_store_times *times;
    int64_t reading, writing; /* ns */
};

static void count_read(struct timed *t, int64_t since) {
    t->reading += jl_clock_now() - since;
    t->times->reads++;
    t->times->read_ms = (uint64_t)(t->reading / JL_MILLISECOND);
}

static void count_write(struct timed *t, int64_t since) {
    t->writing += jl_clock_now() - since;
    t->times->writes++;
    t->times->write_ms = (uint64_t)(t->writing / JL_MILLISECOND);
}

static int timed_get(jl_store *s, const jl_hash *key, uint8_t *value, size_t n, jl_err *err) {
    struct timed *t = (struct timed *)s;
    int64_t since = jl_clock_now();
    int rc = t->store->ops->get(t->store, key, value, n, err);
    count_read(t, since);
    return rc;
}

static int timed_epoch(jl_store *s, uint64_t *epoch, jl_err *err) {
    struct timed *t = (struct timed *)s;
    int64_t since = jl_clock_now();
    int rc = t->store->ops->epoch(t->store, epoch, err);
    count_read(t, since);
    return rc;
}

static int timed_put(jl_store *s, const jl_hash *key, const uint8_t *value, uint8_t *outcome, size_t n,
                     jl_put_counts *counts, jl_err *err) {
    struct timed *t = (struct timed *)s;
    int64_t since = jl_clock_now();
    int rc = t->store->ops->put(t->store, key, value, outcome, n, counts, err);
    count_write(t, since);
    return rc;
}

static int timed_note(jl_store *s, const jl_store_run *run, jl_err *err) {
    struct timed *t = (struct timed *)s;
    int64_t since = jl_clock_now();
    int rc = t->store->ops->note(t->store, run, err);
    count_write(t, since);
    return rc;
}

static int timed_drop(jl_store *s, uint64_t *entries, jl_err *err) {
    struct timed *t = (struct timed *)s;
    return t->store->ops->drop(t->store, entries, err);
}

static int timed_stat(jl_store *s, jl_store_stat *stat, jl_err *err) {
    struct timed *t = (struct timed *)s;
    return t->store->ops->stat(t->store, stat, err);
}

static int timed_walk(jl_store *s,
                      int (*bucket)(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err),
                      void *self, jl_err *err) {
    struct timed *t = (struct timed *)s;
    return t->store->ops->walk(t->store, bucket, self, err);
}

static int timed_runs(jl_store *s, jl_store_run *run, size_t *n, jl_err *err) {
    struct timed *t = (struct timed *)s;
    return t->store->ops->runs(t->store, run, n, err);
}

static void timed_close(jl_store *s) {
    struct timed *t = (struct timed *)s;
    t->store->ops->close(t->store);
    free(t);
}

static const jl_store_ops ops = {.get = timed_get,
                                 .epoch = timed_epoch,
                                 .put = timed_put,
                                 .drop = timed_drop,
                                 .stat = timed_stat,
                                 .walk = timed_walk,
                                 .note = timed_note,
                                 .runs = timed_runs,
                                 .close = timed_close};

jl_store *jl_store_timed(jl_store *store, jl_store_times *times, jl_err *err) {
    struct timed *t = calloc(1, sizeof *t);
    if (!t) {
        store->ops->close(store);
        (void)jl_err_nomem(err);
        return NULL;
    }
    t->base = (jl_store){&ops, store->shape};
    t->store = store;
    t->times = times;
    return &t->base;
}
