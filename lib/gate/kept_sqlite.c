/* What was bought, in an SQLite file.

   An answer stands in the row whose rowid is the high half of its key, so that it is found without an index; the low half
   tells whether it is the one. Two keys that share the high half (not to be expected in 2^32 of them) take turns in the
   row: one of them is bought again. Answers carry wall time, for their age has to outlive a restart of the machine;
   claims the boot clock, so that nobody's wall clock ends another's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/boot.h"
#include "base/clock.h"
#include "gate/kept.h"
#include "wire/sqlite.h"

#define PATIENCE (10 * JL_SECOND)
#define FILE_MODE 0660 /* as the ledger's: what was asked for is the group's that the file belongs to */
#define FORGET "8"     /* expired answers, and claims that have ended, that go with each new answer */

static const jl_sqlite_kind file_kind = {
    .what = "a cache of what was bought",
    .application_id = 0x6a6c6270, /* "jlbp" */
    .version = 1,
    .schema = "CREATE TABLE answer(hi INTEGER PRIMARY KEY, lo INTEGER NOT NULL, at INTEGER NOT NULL,"
              " forget INTEGER NOT NULL, note TEXT NOT NULL, body BLOB NOT NULL);"
              "CREATE INDEX answer_forget ON answer(forget);"
              "CREATE TABLE claim(hi INTEGER PRIMARY KEY, lo INTEGER NOT NULL, owner TEXT NOT NULL,"
              " boot TEXT NOT NULL, ends INTEGER NOT NULL);",
};

struct store {
    jl_kept base;
    jl_sqlite *db; /* NULL while it is not open */
    char *path;
    int64_t patience;
    char boot[JL_BOOT_SIZE];
    jl_sqlite_stmt *answer, *claim, *claim_set, *claim_end, *claim_give, *answer_set, *forget, *claim_forget;
};

static struct store *store_of(jl_kept *k) {
    return (struct store *)(void *)k;
}

/* Sees to it that db is the file that the path names now. */
static int attach(struct store *s, jl_err *err) {
    if (s->db && jl_sqlite_gone(s->db)) {
        jl_sqlite_close(s->db);
        s->db = NULL;
        s->answer = s->claim = s->claim_set = s->claim_end = s->claim_give = s->answer_set = s->forget =
            s->claim_forget = NULL;
    }
    if (s->db)
        return 0;
    return jl_sqlite_make_file(s->path, FILE_MODE, err) == 0
               ? jl_sqlite_open(&s->db, s->path, &file_kind, s->patience, true, err)
               : -1;
}

static void bind_key(jl_sqlite_stmt *s, jl_hash key) {
    jl_sqlite_bind_int(s, 1, (int64_t)key.hi);
    jl_sqlite_bind_int(s, 2, (int64_t)key.lo);
}

static int copy_answer(struct store *s, jl_kept_answer *a, jl_err *err) {
    jl_span note = jl_sqlite_bytes(s->answer, 1), body = jl_sqlite_bytes(s->answer, 2);
    snprintf(a->note, sizeof a->note, "%.*s", (int)note.n, note.n ? note.p : "");
    jl_buf_clear(&a->body);
    if (jl_buf_reserve(&a->body, body.n + JL_PAD, err) != 0)
        return -1;
    return jl_buf_add(&a->body, body, err);
}

/* 1: there is one, young enough. */
static int find_answer(struct store *s, jl_hash key, int64_t fresh, jl_kept_answer *a, jl_err *err) {
    if (jl_sqlite_prepare(s->db, &s->answer, "SELECT at, note, body FROM answer WHERE hi = ? AND lo = ? AND forget > ?",
                          err) != 0)
        return -1;
    int64_t now = jl_clock_wall();
    bind_key(s->answer, key);
    jl_sqlite_bind_int(s->answer, 3, now / JL_MILLISECOND);
    int rc = jl_sqlite_step(s->answer, err);
    if (rc <= 0)
        return rc;
    a->at_ms = jl_sqlite_int(s->answer, 0);
    /* From the future, when the clock was set back: as new as can be. */
    int64_t age = now / JL_MILLISECOND - a->at_ms;
    rc = (age > 0 ? age : 0) < fresh / JL_MILLISECOND;
    if (rc == 1 && copy_answer(s, a, err) != 0)
        rc = -1;
    jl_sqlite_reset(s->answer);
    return rc;
}

/* 1: somebody else has claimed it, and `*wait` is left of that. A claim of before the machine was started is none. */
static int find_claim(struct store *s, jl_hash key, const char *owner, int64_t now, int64_t *wait, jl_err *err) {
    if (jl_sqlite_prepare(s->db, &s->claim, "SELECT owner, boot, ends FROM claim WHERE hi = ? AND lo = ?", err) != 0)
        return -1;
    bind_key(s->claim, key);
    int rc = jl_sqlite_step(s->claim, err);
    if (rc <= 0)
        return rc;
    *wait = jl_sqlite_int(s->claim, 2) - now;
    rc = *wait > 0 && !jl_span_eq(jl_sqlite_bytes(s->claim, 0), jl_span_of(owner)) &&
         jl_span_eq(jl_sqlite_bytes(s->claim, 1), jl_span_of(s->boot));
    jl_sqlite_reset(s->claim);
    return rc;
}

static int set_claim(struct store *s, jl_hash key, const char *owner, int64_t ends, jl_err *err) {
    if (jl_sqlite_prepare(s->db, &s->claim_set,
                          "INSERT OR REPLACE INTO claim(hi, lo, owner, boot, ends) VALUES(?, ?, ?, ?, ?)", err) != 0)
        return -1;
    bind_key(s->claim_set, key);
    jl_sqlite_bind_text(s->claim_set, 3, owner);
    jl_sqlite_bind_text(s->claim_set, 4, s->boot);
    jl_sqlite_bind_int(s->claim_set, 5, ends);
    return jl_sqlite_run(s->claim_set, err);
}

/* Inside the transaction, as the answer may have come since it was looked for. */
static int claim_it(struct store *s, jl_hash key, int64_t fresh, const char *owner, int64_t lease, jl_kept_answer *a,
                    jl_err *err) {
    int64_t now = jl_boot_now();
    int rc = find_answer(s, key, fresh, a, err);
    if (rc != 0) {
        a->state = JL_KEPT_HERE;
        return rc < 0 ? -1 : 0;
    }
    rc = find_claim(s, key, owner, now, &a->wait, err);
    a->state = rc == 1 ? JL_KEPT_OTHERS : JL_KEPT_MINE;
    return rc == 0 ? set_claim(s, key, owner, now + lease, err) : rc < 0 ? -1 : 0;
}

static int store_ask(jl_kept *k, jl_hash key, int64_t fresh, const char *owner, int64_t lease, jl_kept_answer *a,
                     jl_err *err) {
    struct store *s = store_of(k);
    if (attach(s, err) != 0)
        return -1;
    int rc = find_answer(s, key, fresh, a, err);
    if (rc != 0) {
        a->state = JL_KEPT_HERE;
        return rc < 0 ? -1 : 0;
    }
    if (jl_sqlite_begin(s->db, true, err) != 0)
        return -1;
    if (claim_it(s, key, fresh, owner, lease, a, err) == 0)
        return jl_sqlite_commit(s->db, err);
    jl_sqlite_rollback(s->db);
    return -1;
}

static int end_claim(struct store *s, jl_hash key, jl_err *err) {
    if (jl_sqlite_prepare(s->db, &s->claim_end, "DELETE FROM claim WHERE hi = ? AND lo = ?", err) != 0)
        return -1;
    bind_key(s->claim_end, key);
    return jl_sqlite_run(s->claim_end, err);
}

static int set_answer(struct store *s, jl_hash key, jl_span body, const char *note, int64_t now, int64_t keep,
                      jl_err *err) {
    if (jl_sqlite_prepare(s->db, &s->answer_set,
                          "INSERT OR REPLACE INTO answer(hi, lo, at, forget, note, body) VALUES(?, ?, ?, ?, ?, ?)",
                          err) != 0)
        return -1;
    bind_key(s->answer_set, key);
    jl_sqlite_bind_int(s->answer_set, 3, now);
    jl_sqlite_bind_int(s->answer_set, 4, now + keep / JL_MILLISECOND);
    jl_sqlite_bind_text(s->answer_set, 5, note);
    jl_sqlite_bind_blob(s->answer_set, 6, body.n ? body.p : "", body.n);
    return jl_sqlite_run(s->answer_set, err);
}

static int forget_some(struct store *s, int64_t now, jl_err *err) {
    if (jl_sqlite_prepare(s->db, &s->forget,
                          "DELETE FROM answer WHERE hi IN (SELECT hi FROM answer WHERE forget < ? LIMIT " FORGET ")",
                          err) != 0)
        return -1;
    jl_sqlite_bind_int(s->forget, 1, now);
    return jl_sqlite_run(s->forget, err);
}

/* Those of owners that were killed, of things that nobody has asked for since. The table holds few others. */
static int forget_claims(struct store *s, jl_err *err) {
    if (jl_sqlite_prepare(
            s->db, &s->claim_forget,
            "DELETE FROM claim WHERE hi IN (SELECT hi FROM claim WHERE boot <> ? OR ends < ? LIMIT " FORGET ")",
            err) != 0)
        return -1;
    jl_sqlite_bind_text(s->claim_forget, 1, s->boot);
    jl_sqlite_bind_int(s->claim_forget, 2, jl_boot_now());
    return jl_sqlite_run(s->claim_forget, err);
}

static int store_keep(jl_kept *k, jl_hash key, jl_span body, const char *note, int64_t keep, jl_err *err) {
    struct store *s = store_of(k);
    int64_t now = jl_clock_wall() / JL_MILLISECOND;
    if (attach(s, err) != 0 || jl_sqlite_begin(s->db, true, err) != 0)
        return -1;
    if (forget_some(s, now, err) == 0 && forget_claims(s, err) == 0 &&
        set_answer(s, key, body, note, now, keep, err) == 0 && end_claim(s, key, err) == 0)
        return jl_sqlite_commit(s->db, err);
    jl_sqlite_rollback(s->db);
    return -1;
}

static int store_give_back(jl_kept *k, jl_hash key, const char *owner, jl_err *err) {
    struct store *s = store_of(k);
    if (attach(s, err) != 0 ||
        jl_sqlite_prepare(s->db, &s->claim_give, "DELETE FROM claim WHERE hi = ? AND lo = ? AND owner = ?", err) != 0 ||
        jl_sqlite_begin(s->db, true, err) != 0)
        return -1;
    bind_key(s->claim_give, key);
    jl_sqlite_bind_text(s->claim_give, 3, owner);
    if (jl_sqlite_run(s->claim_give, err) == 0)
        return jl_sqlite_commit(s->db, err);
    jl_sqlite_rollback(s->db);
    return -1;
}

static void store_close(jl_kept *k) {
    struct store *s = store_of(k);
    jl_sqlite_close(s->db);
    free(s->path);
    free(s);
}

static const jl_kept_ops ops = {
    .ask = store_ask, .keep = store_keep, .give_back = store_give_back, .close = store_close};

static jl_kept *store_open(const jl_url *url, int64_t patience, jl_err *err) {
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    if (!(s->path = jl_sqlite_path(url, err))) {
        free(s);
        return NULL;
    }
    s->base.ops = &ops;
    s->patience = patience > 0 ? patience : PATIENCE;
    jl_boot_id(s->boot);
    return &s->base;
}

const jl_kept_opener jl_kept_sqlite = {"sqlite", jl_sqlite_version, store_open};
