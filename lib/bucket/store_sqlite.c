/* Buckets as rows of an SQLite table.

   One file holds any number of namespaces. A row's key is generation << 17 | bucket, so that the rows of a generation
   lie together in the order of their buckets and a sorted batch walks the file once, forward. Generations are never
   used twice. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "bucket/order.h"
#include "bucket/store.h"
#include "wire/sqlite.h"

#define PUT_STEP 256   /* buckets read before any of them is written */
#define DROP_STEP 1024 /* buckets removed under one lock */
#define DROP_PAGES 256 /* pages given back to the file system under one lock */
#define WALK_STEP 512  /* buckets read under one lock */
#define NOTE_PATIENCE (JL_SECOND / 5)

static const jl_sqlite_kind file_kind = {
    .what = "a jobline store",
    .application_id = 0x6a6c6273, /* "jlbs" */
    .version = JL_LAYOUT_VERSION,
    .schema =
        "CREATE TABLE space(generation INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, model TEXT NOT NULL,"
        " bits INTEGER NOT NULL, fingerprint INTEGER NOT NULL, value INTEGER NOT NULL,"
        " dropped INTEGER NOT NULL DEFAULT 0);"
        "CREATE UNIQUE INDEX space_current ON space(kind, model) WHERE dropped = 0;"
        "CREATE TABLE bucket(cell INTEGER PRIMARY KEY, entries BLOB NOT NULL);"
        "CREATE TABLE run(number INTEGER PRIMARY KEY, generation INTEGER NOT NULL, id TEXT NOT NULL,"
        " verb TEXT NOT NULL, ended INTEGER NOT NULL, hits INTEGER NOT NULL, misses INTEGER NOT NULL);",
};

struct store {
    jl_store base;
    jl_sqlite *db; /* NULL while there is no file */
    char *path, *model;
    int64_t patience;
    /* Statements, each prepared when it is first used. */
    jl_sqlite_stmt *find_space, *add_space, *select, *upsert, *range, *count;
    jl_sqlite_stmt *retire, *find_dropped, *measure, *cut, *cut_runs, *cut_space;
    jl_sqlite_stmt *add_run, *trim_runs, *list_runs;
    jl_order order;
    jl_buf had;     /* entries as stored */
    jl_buf blob;    /* entries to be stored, or handed on */
    uint8_t *state; /* of a batch: the outcomes */
    size_t cap;
};

/* ---- file, namespace ---- */

/* Sees to it that db is the file that the path names now, or NULL when there is none and `create` is false. */
static int store_attach(struct store *s, bool create, jl_err *err) {
    if (s->db && jl_sqlite_gone(s->db)) {
        jl_sqlite_close(s->db);
        s->db = NULL;
    }
    return s->db ? 0 : jl_sqlite_open(&s->db, s->path, &file_kind, s->patience, create, err);
}

static int store_damaged(const struct store *s, const char *what, jl_err *err) {
    return jl_err_set(err, JL_CONFIG, "%s: is damaged: %s", s->path, what);
}

/* The namespace's generation, 0 when there is none. Inside a transaction. */
static int store_generation(struct store *s, int64_t *generation, jl_err *err) {
    *generation = 0;
    if (jl_sqlite_prepare(s->db, &s->find_space,
                          "SELECT generation, bits, fingerprint, value FROM space"
                          " WHERE kind = ? AND model = ? AND dropped = 0",
                          err) != 0)
        return -1;
    jl_sqlite_bind_text(s->find_space, 1, s->base.shape->kind);
    jl_sqlite_bind_text(s->find_space, 2, s->model);
    int rc = jl_sqlite_step(s->find_space, err);
    if (rc <= 0)
        return rc;
    bool same = jl_sqlite_int(s->find_space, 1) == JL_BUCKET_BITS &&
                jl_sqlite_int(s->find_space, 2) == s->base.shape->fingerprint &&
                jl_sqlite_int(s->find_space, 3) == s->base.shape->value;
    *generation = jl_sqlite_int(s->find_space, 0);
    jl_sqlite_reset(s->find_space);
    return same ? 0 : store_damaged(s, "its layout is not the one of its format version", err);
}

/* The same, made when there is none. Inside a writing transaction. */
static int store_make_generation(struct store *s, int64_t *generation, jl_err *err) {
    if (store_generation(s, generation, err) != 0)
        return -1;
    if (*generation != 0)
        return 0;
    if (jl_sqlite_prepare(s->db, &s->add_space,
                          "INSERT INTO space(kind, model, bits, fingerprint, value) VALUES(?, ?, ?, ?, ?)", err) != 0)
        return -1;
    jl_sqlite_bind_text(s->add_space, 1, s->base.shape->kind);
    jl_sqlite_bind_text(s->add_space, 2, s->model);
    jl_sqlite_bind_int(s->add_space, 3, JL_BUCKET_BITS);
    jl_sqlite_bind_int(s->add_space, 4, s->base.shape->fingerprint);
    jl_sqlite_bind_int(s->add_space, 5, s->base.shape->value);
    if (jl_sqlite_run(s->add_space, err) != 0)
        return -1;
    return store_generation(s, generation, err);
}

static int64_t cell_of(int64_t generation, uint32_t bucket) {
    return generation << JL_BUCKET_BITS | bucket;
}

/* Appends the bucket's entries to `had`; none when it has none. A bucket is shown, not selected, where it is there: that
   takes half the time, and there are no others in a store of any size. */
static int store_read(struct store *s, int64_t generation, uint32_t bucket, jl_err *err) {
    size_t before = s->had.n;
    int rc = 0;
    if (!jl_sqlite_peek(s->db, "bucket", "entries", cell_of(generation, bucket), &s->had)) {
        jl_sqlite_bind_int(s->select, 1, cell_of(generation, bucket));
        rc = jl_sqlite_step(s->select, err);
        if (rc <= 0)
            return rc;
        rc = jl_buf_add(&s->had, jl_sqlite_bytes(s->select, 0), err);
        jl_sqlite_reset(s->select);
    }
    if (rc == 0 && (s->had.n - before) % jl_entry_size(s->base.shape))
        rc = store_damaged(s, "the length of a bucket is not a multiple of an entry's", err);
    return rc;
}

static int store_prepare(struct store *s, jl_err *err) {
    return jl_sqlite_prepare(s->db, &s->select, "SELECT entries FROM bucket WHERE cell = ?", err);
}

static int store_room(struct store *s, size_t n, jl_err *err) {
    if (n <= s->cap)
        return 0;
    free(s->state);
    s->cap = 0;
    s->state = malloc(n);
    if (!s->state)
        return jl_err_nomem(err);
    s->cap = n;
    return 0;
}

/* ---- get ---- */

static int store_look(struct store *s, int64_t generation, const jl_hash *key, uint8_t *value, jl_err *err) {
    const jl_entry_shape *shape = s->base.shape;
    for (size_t i = 0; i < s->order.n;) {
        jl_buf_clear(&s->had);
        if (store_read(s, generation, jl_order_bucket(&s->order, i), err) != 0)
            return -1;
        for (size_t next = jl_order_next(&s->order, i); i < next; i++) {
            jl_order_prefetch(&s->order, i, key);
            size_t k = jl_order_index(&s->order, i);
            const unsigned char *found = jl_entries_find(shape, (const unsigned char *)s->had.p, s->had.n, key[k]);
            value[k] = found ? jl_entry_value(shape, found) : 0;
        }
    }
    return 0;
}

static int store_get(jl_store *base, const jl_hash *key, uint8_t *value, size_t n, jl_err *err) {
    struct store *s = (struct store *)base;
    memset(value, 0, n);
    if (store_attach(s, false, err) != 0)
        return -1;
    if (!s->db || n == 0)
        return 0;
    int64_t generation;
    if (jl_order_make(&s->order, key, n, err) != 0 || store_prepare(s, err) != 0 ||
        jl_sqlite_begin(s->db, false, err) != 0)
        return -1;
    int rc = store_generation(s, &generation, err);
    if (rc == 0 && generation != 0)
        rc = store_look(s, generation, key, value, err);
    jl_sqlite_rollback(s->db);
    return rc;
}

static int store_epoch(jl_store *base, uint64_t *epoch, jl_err *err) {
    struct store *s = (struct store *)base;
    int64_t generation;
    *epoch = 0;
    if (store_attach(s, false, err) != 0)
        return -1;
    if (!s->db)
        return 0;
    if (jl_sqlite_begin(s->db, false, err) != 0)
        return -1;
    int rc = store_generation(s, &generation, err);
    jl_sqlite_rollback(s->db);
    if (generation)
        *epoch = (uint64_t)generation * UINT64_C(0x9e3779b97f4a7c15) ^ jl_sqlite_file(s->db);
    return rc;
}

/* ---- put ---- */

static uint8_t outcome_of(uint8_t stored, const uint8_t *value, size_t k) {
    return value && stored != value[k] ? JL_PUT_CONFLICT : JL_PUT_PRESENT;
}

/* Adds the entries of one bucket that it lacks to those it had, positions i to next of the order. */
static int put_bucket(struct store *s, int64_t generation, size_t i, size_t next, jl_span had, const jl_hash *key,
                      const uint8_t *value, jl_err *err) {
    const jl_entry_shape *shape = s->base.shape;
    int64_t cell = cell_of(generation, jl_order_bucket(&s->order, i));
    jl_buf_clear(&s->blob);
    if (jl_buf_reserve(&s->blob, had.n + (next - i) * jl_entry_size(shape), err) != 0 ||
        jl_buf_add(&s->blob, had, err) != 0)
        return -1;
    for (; i < next; i++) {
        jl_order_prefetch(&s->order, i, key);
        size_t k = jl_order_index(&s->order, i);
        const unsigned char *all = (const unsigned char *)s->blob.p;
        const unsigned char *found = jl_entries_find(shape, all, s->blob.n, key[k]);
        if (found) {
            s->state[k] = outcome_of(jl_entry_value(shape, found), value, k);
            continue;
        }
        jl_entry_write(shape, key[k], value ? value[k] : 1, (unsigned char *)s->blob.p + s->blob.n);
        s->blob.n += jl_entry_size(shape);
        s->state[k] = JL_PUT_ADDED;
    }
    if (s->blob.n == had.n)
        return 0;
    jl_sqlite_bind_int(s->upsert, 1, cell);
    jl_sqlite_bind_blob(s->upsert, 2, s->blob.p, s->blob.n);
    return jl_sqlite_run(s->upsert, err);
}

/* Some buckets from position *i on, which moves behind them: all are read before the first is written, for a write
   ends the view through which they are read. */
static int put_step(struct store *s, int64_t generation, size_t *i, const jl_hash *key, const uint8_t *value,
                    jl_err *err) {
    size_t end[PUT_STEP], n = 0, at = *i, from = 0;
    jl_buf_clear(&s->had);
    for (; n < PUT_STEP && at < s->order.n; at = jl_order_next(&s->order, at)) {
        if (store_read(s, generation, jl_order_bucket(&s->order, at), err) != 0)
            return -1;
        end[n++] = s->had.n;
    }
    for (size_t b = 0; b < n; b++) {
        size_t next = jl_order_next(&s->order, *i);
        jl_span had = {s->had.p + from, end[b] - from};
        if (put_bucket(s, generation, *i, next, had, key, value, err) != 0)
            return -1;
        from = end[b];
        *i = next;
    }
    return 0;
}

static int put_write(struct store *s, const jl_hash *key, const uint8_t *value, jl_err *err) {
    if (store_attach(s, true, err) != 0 || store_prepare(s, err) != 0 ||
        jl_sqlite_prepare(s->db, &s->upsert, "REPLACE INTO bucket(cell, entries) VALUES(?, ?)", err) != 0 ||
        jl_sqlite_begin(s->db, true, err) != 0)
        return -1;
    int64_t generation;
    int rc = store_make_generation(s, &generation, err);
    for (size_t i = 0; rc == 0 && i < s->order.n;)
        rc = put_step(s, generation, &i, key, value, err);
    if (rc == 0)
        return jl_sqlite_commit(s->db, err);
    jl_sqlite_rollback(s->db);
    return -1;
}

static int store_put(jl_store *base, const jl_hash *key, const uint8_t *value, uint8_t *outcome, size_t n,
                     jl_put_counts *counts, jl_err *err) {
    struct store *s = (struct store *)base;
    if (n == 0) {
        s->order.n = 0;
        return put_write(s, NULL, NULL, err);
    }
    if (store_room(s, n, err) != 0 || jl_order_make(&s->order, key, n, err) != 0 || put_write(s, key, value, err) != 0)
        return -1;
    jl_put_report(s->state, n, outcome, counts);
    return 0;
}

/* ---- drop ---- */

/* Removes the first buckets of a generation that are there, from *next on; *next = behind them, 0 when there were
   none. */
static int drop_step(struct store *s, int64_t last, int64_t *next, uint64_t *bytes, jl_err *err) {
    if (jl_sqlite_prepare(s->db, &s->measure,
                          "SELECT max(cell), total(length(entries)) FROM (SELECT cell, entries FROM bucket"
                          " WHERE cell BETWEEN ? AND ? ORDER BY cell LIMIT ?)",
                          err) != 0 ||
        jl_sqlite_prepare(s->db, &s->cut, "DELETE FROM bucket WHERE cell BETWEEN ? AND ?", err) != 0 ||
        jl_sqlite_begin(s->db, true, err) != 0)
        return -1;
    jl_sqlite_bind_int(s->measure, 1, *next);
    jl_sqlite_bind_int(s->measure, 2, last);
    jl_sqlite_bind_int(s->measure, 3, DROP_STEP);
    int rc = jl_sqlite_step(s->measure, err);
    if (rc == 1) {
        int64_t end = jl_sqlite_int(s->measure, 0);
        *bytes += (uint64_t)jl_sqlite_int(s->measure, 1);
        jl_sqlite_reset(s->measure);
        jl_sqlite_bind_int(s->cut, 1, *next);
        jl_sqlite_bind_int(s->cut, 2, end);
        rc = end ? jl_sqlite_run(s->cut, err) : 0;
        *next = end ? end + 1 : 0;
    }
    if (rc == 0)
        return jl_sqlite_commit(s->db, err);
    jl_sqlite_rollback(s->db);
    return -1;
}

/* Runs a statement about one generation in a transaction of its own. */
static int drop_one(struct store *s, jl_sqlite_stmt **slot, const char *sql, int64_t generation, jl_err *err) {
    if (jl_sqlite_prepare(s->db, slot, sql, err) != 0)
        return -1;
    jl_sqlite_bind_int(*slot, 1, generation);
    return jl_sqlite_run(*slot, err);
}

static int drop_generation(struct store *s, int64_t generation, uint64_t *bytes, jl_err *err) {
    int64_t next = cell_of(generation, 0);
    do
        if (drop_step(s, cell_of(generation, JL_BUCKETS - 1), &next, bytes, err) != 0)
            return -1;
    while (next);
    if (drop_one(s, &s->cut_runs, "DELETE FROM run WHERE generation = ?", generation, err) != 0)
        return -1;
    return drop_one(s, &s->cut_space, "DELETE FROM space WHERE generation = ?", generation, err);
}

/* Gives the free pages back to the file system. */
static int drop_shrink(struct store *s, jl_err *err) {
    int64_t left = 0, before;
    if (jl_sqlite_ask(s->db, "PRAGMA freelist_count", &left, err) != 0)
        return -1;
    do {
        char sql[64];
        before = left;
        (void)snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", DROP_PAGES);
        if (left == 0)
            break;
        if (jl_sqlite_exec(s->db, sql, err) != 0 || jl_sqlite_ask(s->db, "PRAGMA freelist_count", &left, err) != 0)
            return -1;
    } while (left < before);
    return 0;
}

/* The next generation that was dropped but is not removed yet; 0 when there is none. */
static int drop_next(struct store *s, int64_t *generation, jl_err *err) {
    *generation = 0;
    if (jl_sqlite_prepare(s->db, &s->find_dropped,
                          "SELECT min(generation) FROM space WHERE kind = ? AND model = ? AND dropped = 1", err) != 0)
        return -1;
    jl_sqlite_bind_text(s->find_dropped, 1, s->base.shape->kind);
    jl_sqlite_bind_text(s->find_dropped, 2, s->model);
    int rc = jl_sqlite_step(s->find_dropped, err);
    if (rc == 1) {
        *generation = jl_sqlite_int(s->find_dropped, 0);
        jl_sqlite_reset(s->find_dropped);
    }
    return rc < 0 ? -1 : 0;
}

static int store_drop(jl_store *base, uint64_t *entries, jl_err *err) {
    struct store *s = (struct store *)base;
    *entries = 0;
    if (store_attach(s, false, err) != 0)
        return -1;
    if (!s->db)
        return 0;
    if (jl_sqlite_prepare(s->db, &s->retire,
                          "UPDATE space SET dropped = 1 WHERE kind = ? AND model = ? AND dropped = 0", err) != 0)
        return -1;
    jl_sqlite_bind_text(s->retire, 1, base->shape->kind);
    jl_sqlite_bind_text(s->retire, 2, s->model);
    if (jl_sqlite_run(s->retire, err) != 0)
        return -1;
    uint64_t bytes = 0;
    int64_t generation;
    do {
        if (drop_next(s, &generation, err) != 0 || (generation && drop_generation(s, generation, &bytes, err) != 0))
            return -1;
    } while (generation);
    *entries = bytes / jl_entry_size(base->shape);
    return drop_shrink(s, err);
}

/* ---- stat, walk ---- */

static int stat_count(struct store *s, int64_t generation, jl_store_stat *stat, jl_err *err) {
    if (jl_sqlite_prepare(s->db, &s->count,
                          "SELECT cell >> 17 = ?, count(*), total(length(entries)) FROM bucket GROUP BY 1", err) != 0)
        return -1;
    int64_t page, pages, unused;
    if (jl_sqlite_ask(s->db, "PRAGMA page_size", &page, err) != 0 ||
        jl_sqlite_ask(s->db, "PRAGMA page_count", &pages, err) != 0 ||
        jl_sqlite_ask(s->db, "PRAGMA freelist_count", &unused, err) != 0)
        return -1;
    uint64_t mine = 0, all = 0;
    jl_sqlite_bind_int(s->count, 1, generation);
    int rc;
    while ((rc = jl_sqlite_step(s->count, err)) == 1) {
        uint64_t bytes = (uint64_t)jl_sqlite_int(s->count, 2);
        all += bytes;
        if (jl_sqlite_int(s->count, 0)) {
            mine = bytes;
            stat->buckets = (uint64_t)jl_sqlite_int(s->count, 1);
        }
    }
    stat->entries = mine / jl_entry_size(s->base.shape);
    /* Where namespaces share a file, each has its share of the pages by the bytes of its entries. */
    stat->bytes = (uint64_t)((double)((pages - unused) * page) * (all ? (double)mine / (double)all : 0) + 0.5);
    return rc;
}

static int store_stat(jl_store *base, jl_store_stat *stat, jl_err *err) {
    struct store *s = (struct store *)base;
    *stat = (jl_store_stat){0};
    if (store_attach(s, false, err) != 0)
        return -1;
    if (!s->db)
        return 0;
    int64_t generation;
    if (jl_sqlite_begin(s->db, false, err) != 0)
        return -1;
    int rc = store_generation(s, &generation, err);
    if (rc == 0 && generation) {
        (void)snprintf(stat->generation, sizeof stat->generation, "%lld", (long long)generation);
        rc = stat_count(s, generation, stat, err);
    }
    jl_sqlite_rollback(s->db);
    return rc;
}

struct chunk {
    uint32_t number[WALK_STEP];
    size_t end[WALK_STEP]; /* in the buffer */
    size_t n;
};

/* Copies the next buckets, so that no lock is held while they are handed on: who takes them may be slow. */
static int walk_chunk(struct store *s, int64_t generation, uint32_t from, struct chunk *c, jl_err *err) {
    int64_t now;
    c->n = 0;
    jl_buf_clear(&s->blob);
    if (jl_sqlite_prepare(s->db, &s->range,
                          "SELECT cell, entries FROM bucket WHERE cell BETWEEN ? AND ? ORDER BY cell LIMIT ?",
                          err) != 0 ||
        jl_sqlite_begin(s->db, false, err) != 0)
        return -1;
    int rc = store_generation(s, &now, err);
    if (rc == 0 && now != generation)
        rc = jl_err_set(err, JL_TEMPFAIL, "%s: model %s was dropped meanwhile", s->path, s->model);
    if (rc == 0) {
        jl_sqlite_bind_int(s->range, 1, cell_of(generation, from));
        jl_sqlite_bind_int(s->range, 2, cell_of(generation, JL_BUCKETS - 1));
        jl_sqlite_bind_int(s->range, 3, WALK_STEP);
        while ((rc = jl_sqlite_step(s->range, err)) == 1) {
            jl_span entries = jl_sqlite_bytes(s->range, 1);
            if (entries.n % jl_entry_size(s->base.shape))
                rc = store_damaged(s, "the length of a bucket is not a multiple of an entry's", err);
            else
                rc = jl_buf_add(&s->blob, entries, err);
            if (rc != 0)
                break;
            c->number[c->n] = (uint32_t)jl_sqlite_int(s->range, 0) & (JL_BUCKETS - 1);
            c->end[c->n++] = s->blob.n;
        }
    }
    jl_sqlite_rollback(s->db);
    return rc;
}

static int store_walk(jl_store *base,
                      int (*bucket)(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err),
                      void *self, jl_err *err) {
    struct store *s = (struct store *)base;
    if (store_attach(s, false, err) != 0)
        return -1;
    if (!s->db)
        return 0;
    int64_t generation;
    if (jl_sqlite_begin(s->db, false, err) != 0)
        return -1;
    int rc = store_generation(s, &generation, err);
    jl_sqlite_rollback(s->db);
    struct chunk *c = rc == 0 && generation ? malloc(sizeof *c) : NULL;
    if (rc != 0 || !generation)
        return rc;
    if (!c)
        return jl_err_nomem(err);
    uint32_t from = 0;
    do {
        rc = walk_chunk(s, generation, from, c, err);
        size_t at = 0;
        for (size_t i = 0; rc == 0 && i < c->n; i++) {
            rc = bucket(self, c->number[i], (const unsigned char *)s->blob.p + at, c->end[i] - at, err);
            at = c->end[i];
            from = c->number[i] + 1;
        }
    } while (rc == 0 && c->n == WALK_STEP && from < JL_BUCKETS);
    free(c);
    return rc;
}

/* ---- runs ---- */

static int note_write(struct store *s, const jl_store_run *run, jl_err *err) {
    if (jl_sqlite_prepare(s->db, &s->add_run,
                          "INSERT INTO run(generation, id, verb, ended, hits, misses) VALUES(?, ?, ?, ?, ?, ?)",
                          err) != 0 ||
        jl_sqlite_prepare(s->db, &s->trim_runs,
                          "DELETE FROM run WHERE generation = ?1 AND number NOT IN"
                          " (SELECT number FROM run WHERE generation = ?1 ORDER BY number DESC LIMIT ?2)",
                          err) != 0 ||
        jl_sqlite_begin(s->db, true, err) != 0)
        return -1;
    int64_t generation;
    int rc = store_generation(s, &generation, err);
    if (rc == 0 && generation) {
        jl_sqlite_bind_int(s->add_run, 1, generation);
        jl_sqlite_bind_text(s->add_run, 2, run->id);
        jl_sqlite_bind_text(s->add_run, 3, run->verb);
        jl_sqlite_bind_int(s->add_run, 4, run->ended);
        jl_sqlite_bind_int(s->add_run, 5, (int64_t)run->hits);
        jl_sqlite_bind_int(s->add_run, 6, (int64_t)run->misses);
        jl_sqlite_bind_int(s->trim_runs, 1, generation);
        jl_sqlite_bind_int(s->trim_runs, 2, JL_STORE_RUNS);
        rc = jl_sqlite_run(s->add_run, err) == 0 ? jl_sqlite_run(s->trim_runs, err) : -1;
    }
    if (rc == 0)
        return jl_sqlite_commit(s->db, err);
    jl_sqlite_rollback(s->db);
    return -1;
}

static int store_note(jl_store *base, const jl_store_run *run, jl_err *err) {
    struct store *s = (struct store *)base;
    if (store_attach(s, false, err) != 0)
        return -1;
    if (!s->db)
        return 0;
    /* A figure for people is not worth a long wait. */
    jl_sqlite_patience(s->db, NOTE_PATIENCE);
    jl_err why = {0};
    int rc = note_write(s, run, &why);
    jl_sqlite_patience(s->db, s->patience);
    if (rc == 0 || jl_sqlite_readonly(s->db))
        return 0;
    *err = why;
    return -1;
}

static void copy_text(char *to, size_t size, jl_span from) {
    size_t n = from.n < size ? from.n : size - 1;
    if (n)
        memcpy(to, from.p, n);
    to[n] = '\0';
}

static int store_runs(jl_store *base, jl_store_run *run, size_t *n, jl_err *err) {
    struct store *s = (struct store *)base;
    *n = 0;
    if (store_attach(s, false, err) != 0)
        return -1;
    if (!s->db)
        return 0;
    if (jl_sqlite_prepare(
            s->db, &s->list_runs,
            "SELECT id, verb, ended, hits, misses FROM run WHERE generation = ? ORDER BY number DESC LIMIT ?",
            err) != 0 ||
        jl_sqlite_begin(s->db, false, err) != 0)
        return -1;
    int64_t generation;
    int rc = store_generation(s, &generation, err);
    if (rc == 0) {
        jl_sqlite_bind_int(s->list_runs, 1, generation);
        jl_sqlite_bind_int(s->list_runs, 2, JL_STORE_RUNS);
        while (*n < JL_STORE_RUNS && (rc = jl_sqlite_step(s->list_runs, err)) == 1) {
            jl_store_run *r = &run[(*n)++];
            copy_text(r->id, sizeof r->id, jl_sqlite_bytes(s->list_runs, 0));
            copy_text(r->verb, sizeof r->verb, jl_sqlite_bytes(s->list_runs, 1));
            r->ended = jl_sqlite_int(s->list_runs, 2);
            r->hits = (uint64_t)jl_sqlite_int(s->list_runs, 3);
            r->misses = (uint64_t)jl_sqlite_int(s->list_runs, 4);
        }
    }
    jl_sqlite_rollback(s->db);
    return rc < 0 ? -1 : 0;
}

/* ---- open, close ---- */

static void store_close(jl_store *base) {
    struct store *s = (struct store *)base;
    jl_sqlite_close(s->db);
    jl_order_free(&s->order);
    jl_buf_free(&s->had);
    jl_buf_free(&s->blob);
    free(s->state);
    free(s->path);
    free(s->model);
    free(s);
}

static const jl_store_ops ops = {.get = store_get,
                                 .epoch = store_epoch,
                                 .put = store_put,
                                 .drop = store_drop,
                                 .stat = store_stat,
                                 .walk = store_walk,
                                 .note = store_note,
                                 .runs = store_runs,
                                 .close = store_close};

static jl_store *store_open(const jl_url *url, const jl_space *space, jl_err *err) {
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    s->path = jl_sqlite_path(url, err);
    s->model = strdup(space->model);
    if (s->path && !s->model)
        (void)jl_err_nomem(err);
    if (!s->path || !s->model) {
        store_close(&s->base);
        return NULL;
    }
    s->base = (jl_store){&ops, space->shape};
    s->patience = space->patience;
    return &s->base;
}

const jl_store_opener jl_store_sqlite = {"sqlite", jl_sqlite_version, store_open};
