/* A pace as a row of an SQLite table.

   Times are of CLOCK_BOOTTIME, the same for all processes of a machine, whoever sets its wall clock. A row that was
   written before the machine was started last says nothing any more: the boot's id tells. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/boot.h"
#include "base/clock.h"
#include "pace/store.h"
#include "wire/sqlite.h"

#define PATIENCE (10 * JL_SECOND)
#define TOOK_MOST (JL_SECOND / 10)

static const jl_sqlite_kind file_kind = {
    .what = "a pace of jobline",
    .application_id = 0x6a6c7063, /* "jlpc" */
    .version = 1,
    .schema = "CREATE TABLE pace(name TEXT PRIMARY KEY, boot TEXT NOT NULL, taken INTEGER NOT NULL) WITHOUT ROWID;",
};

struct store {
    jl_pace_store base;
    jl_sqlite *db; /* NULL while it is not open */
    char *path, *name;
    int64_t patience;
    char boot[JL_BOOT_SIZE];
    int64_t took; /* ns from the look at the clock to the return, lately */
    jl_sqlite_stmt *select, *upsert;
};

/* Sees to it that db is the file that the path names now. */
static int store_attach(struct store *s, jl_err *err) {
    if (s->db && jl_sqlite_gone(s->db)) {
        jl_sqlite_close(s->db);
        s->db = NULL;
    }
    return s->db ? 0 : jl_sqlite_open(&s->db, s->path, &file_kind, s->patience, true, err);
}

/* Inside the transaction. */
static int read_taken(struct store *s, int64_t *taken, jl_err *err) {
    *taken = 0;
    if (jl_sqlite_prepare(s->db, &s->select, "SELECT boot, taken FROM pace WHERE name = ?", err) != 0)
        return -1;
    jl_sqlite_bind_text(s->select, 1, s->name);
    int rc = jl_sqlite_step(s->select, err);
    if (rc <= 0)
        return rc;
    if (jl_span_eq(jl_sqlite_bytes(s->select, 0), jl_span_of(s->boot)))
        *taken = jl_sqlite_int(s->select, 1);
    jl_sqlite_reset(s->select);
    return 0;
}

static int write_taken(struct store *s, int64_t taken, jl_err *err) {
    if (jl_sqlite_prepare(s->db, &s->upsert, "INSERT OR REPLACE INTO pace(name, boot, taken) VALUES(?, ?, ?)", err) !=
        0)
        return -1;
    jl_sqlite_bind_text(s->upsert, 1, s->name);
    jl_sqlite_bind_text(s->upsert, 2, s->boot);
    jl_sqlite_bind_int(s->upsert, 3, taken);
    return jl_sqlite_run(s->upsert, err);
}

static void note_return(struct store *s, int64_t took) {
    int64_t before = s->took - s->took / 4;
    s->took = took < before ? before : took < TOOK_MOST ? took : TOOK_MOST;
}

static int store_reserve(jl_pace_store *base, int64_t cost, int64_t *wait, jl_err *err) {
    struct store *s = (struct store *)base;
    if (store_attach(s, err) != 0 || jl_sqlite_begin(s->db, true, err) != 0)
        return -1;
    int64_t taken, now = 0, at = 0;
    int rc = read_taken(s, &taken, err);
    if (rc == 0) {
        now = jl_boot_now();
        /* What nobody waits for could leave now, but does when this returns: what follows is counted from then. */
        int64_t soonest = now + s->took;
        at = soonest + jl_pace_turn(&taken, soonest, cost);
        rc = write_taken(s, taken, err);
    }
    if (rc != 0) {
        jl_sqlite_rollback(s->db);
        return -1;
    }
    if (jl_sqlite_commit(s->db, err) != 0)
        return -1;
    int64_t done = jl_boot_now();
    note_return(s, done - now);
    *wait = at > done ? at - done : 0;
    return 0;
}

static void store_close(jl_pace_store *base) {
    struct store *s = (struct store *)base;
    jl_sqlite_close(s->db);
    free(s->path);
    free(s->name);
    free(s);
}

static const jl_pace_store_ops ops = {.reserve = store_reserve, .close = store_close};

static jl_pace_store *store_open(const jl_url *url, const char *name, int64_t patience, jl_err *err) {
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    s->path = jl_sqlite_path(url, err);
    s->name = strdup(name);
    if (s->path && !s->name)
        (void)jl_err_nomem(err);
    if (!s->path || !s->name) {
        store_close(&s->base);
        return NULL;
    }
    s->base.ops = &ops;
    s->patience = patience > 0 ? patience : PATIENCE;
    jl_boot_id(s->boot);
    return &s->base;
}

const jl_pace_opener jl_pace_sqlite = {"sqlite", jl_sqlite_version, store_open};
