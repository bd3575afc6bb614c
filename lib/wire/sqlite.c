/* One connection, its statements, what SQLite's codes mean to a person. */
#include "wire/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/sqlite_calls.h"

#define PATIENCE_DEFAULT (60 * JL_SECOND)
#define PAGE_SIZE "16384"
#define CACHE_KIB "16384"
#define WAITING_NAP (2 * JL_MILLISECOND)
#define HELD_MOST (100 * JL_MILLISECOND)
#define STAND_BACK (5 * JL_MILLISECOND)
#define UNSEEN_MOST 64 /* a look at a row that is not there costs more than a statement */

struct jl_sqlite_stmt {
    sqlite3_stmt *stmt;
    jl_sqlite *db;
    jl_sqlite_stmt **slot;
    jl_sqlite_stmt *next;
};

struct jl_sqlite {
    sqlite3 *db;
    char *path;
    jl_sqlite_stmt *statements;
    int64_t patience;
    int64_t waiting_since; /* of the lock that is being waited for */
    int64_t begun, ended;  /* of the writing transaction */
    int64_t held;          /* the write lock, since others last had a chance */
    bool readonly;
    sqlite3_blob *peek; /* of the transaction */
    unsigned unseen;    /* rows of the transaction that it did not show */
    dev_t device;
    ino_t inode;
};

/* ---- errors ---- */

static int sqlite_fail(jl_sqlite *db, int code, jl_err *err) {
    int number = sqlite3_system_errno(db->db);
    db->readonly = false;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return jl_err_set(err, JL_UNAVAILABLE, "%s: locked by another process for %.0f s", db->path,
                          (double)db->patience / (double)JL_SECOND);
    case SQLITE_ERROR: /* all SQL is this house's own: a table that is missing has been taken out */
        if (strncmp(sqlite3_errmsg(db->db), "no such ", 8) != 0)
            return jl_err_set(err, JL_SOFTWARE, "%s: %s", db->path, sqlite3_errmsg(db->db));
        /* fall through */
    case SQLITE_CORRUPT:
        return jl_err_set(err, JL_CONFIG, "%s: is damaged (%s); move it away, or try the sqlite3 command's .recover",
                          db->path, sqlite3_errmsg(db->db));
    case SQLITE_NOTADB:
        return jl_err_set(err, JL_CONFIG, "%s: is not an SQLite database", db->path);
    case SQLITE_FULL:
        return jl_err_set(err, JL_IO, "%s: the disk is full", db->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        db->readonly = true;
        return jl_err_set(err, JL_CANTCREAT, "%s: cannot be written: the file or its folder is read-only", db->path);
    case SQLITE_CANTOPEN:
        db->readonly = true;
        if (number)
            return jl_err_errno(err, JL_CANTCREAT, number, "%s", db->path);
        return jl_err_set(err, JL_CANTCREAT, "%s: cannot be opened", db->path);
    case SQLITE_IOERR:
        if (number)
            return jl_err_errno(err, JL_IO, number, "%s", db->path);
        return jl_err_set(err, JL_IO, "%s: %s", db->path, sqlite3_errmsg(db->db));
    case SQLITE_NOMEM:
        return jl_err_nomem(err);
    default:
        return jl_err_set(err, JL_SOFTWARE, "%s: %s", db->path, sqlite3_errmsg(db->db));
    }
}

static void sqlite_nap(int64_t ns) {
    struct timespec pause = {0, (long)ns};
    nanosleep(&pause, NULL);
}

/* Called by SQLite while others hold the lock; 0 gives up. Short sleeps first: most locks are held for a
   millisecond. */
static int sqlite_busy(void *self, int attempt) {
    jl_sqlite *db = self;
    int64_t now = jl_clock_now();
    if (attempt == 0)
        db->waiting_since = now;
    if (now - db->waiting_since >= db->patience)
        return 0;
    sqlite_nap(attempt < 5 ? JL_MILLISECOND / 2 : WAITING_NAP);
    return 1;
}

/* ---- statements ---- */

int jl_sqlite_prepare(jl_sqlite *db, jl_sqlite_stmt **slot, const char *sql, jl_err *err) {
    if (*slot)
        return 0;
    jl_sqlite_stmt *s = calloc(1, sizeof *s);
    if (!s)
        return jl_err_nomem(err);
    int code = sqlite3_prepare_v3(db->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt, NULL);
    if (code != SQLITE_OK) {
        free(s);
        return sqlite_fail(db, code, err);
    }
    s->db = db;
    s->slot = slot;
    s->next = db->statements;
    db->statements = s;
    *slot = s;
    return 0;
}

void jl_sqlite_bind_int(jl_sqlite_stmt *s, int i, int64_t value) {
    (void)sqlite3_bind_int64(s->stmt, i, value);
}

void jl_sqlite_bind_text(jl_sqlite_stmt *s, int i, const char *text) {
    (void)sqlite3_bind_text(s->stmt, i, text, -1, SQLITE_STATIC);
}

void jl_sqlite_bind_blob(jl_sqlite_stmt *s, int i, const void *bytes, size_t n) {
    (void)sqlite3_bind_blob64(s->stmt, i, bytes, n, SQLITE_STATIC);
}

int jl_sqlite_step(jl_sqlite_stmt *s, jl_err *err) {
    int code = sqlite3_step(s->stmt);
    if (code == SQLITE_ROW)
        return 1;
    int rc = code == SQLITE_DONE ? 0 : sqlite_fail(s->db, code, err);
    (void)sqlite3_reset(s->stmt);
    return rc;
}

void jl_sqlite_reset(jl_sqlite_stmt *s) {
    (void)sqlite3_reset(s->stmt);
}

int64_t jl_sqlite_int(jl_sqlite_stmt *s, int column) {
    return sqlite3_column_int64(s->stmt, column);
}

jl_span jl_sqlite_bytes(jl_sqlite_stmt *s, int column) {
    const void *p = sqlite3_column_blob(s->stmt, column);
    return (jl_span){p, p ? (size_t)sqlite3_column_bytes(s->stmt, column) : 0};
}

static void sqlite_peek_end(jl_sqlite *db) {
    (void)sqlite3_blob_close(db->peek);
    db->peek = NULL;
}

/* Moves to the row; begins anew when what was shown last has been written since. */
static int sqlite_peek_at(jl_sqlite *db, const char *table, const char *column, int64_t row) {
    if (db->peek) {
        int code = sqlite3_blob_reopen(db->peek, row);
        if ((code & 0xff) != SQLITE_ABORT)
            return code;
        sqlite_peek_end(db);
    }
    return sqlite3_blob_open(db->db, "main", table, column, row, 0, &db->peek);
}

bool jl_sqlite_peek(jl_sqlite *db, const char *table, const char *column, int64_t row, jl_buf *to) {
    if (db->unseen >= UNSEEN_MOST)
        return false;
    int code = sqlite_peek_at(db, table, column, row);
    size_t n = code == SQLITE_OK ? (size_t)sqlite3_blob_bytes(db->peek) : 0;
    if (code == SQLITE_OK && jl_buf_reserve(to, n, NULL) == 0 &&
        sqlite3_blob_read(db->peek, to->p + to->n, (int)n, 0) == SQLITE_OK) {
        to->n += n;
        return true;
    }
    /* After a failure it shows nothing any more. */
    sqlite_peek_end(db);
    db->unseen++;
    return false;
}

int jl_sqlite_run(jl_sqlite_stmt *s, jl_err *err) {
    int rc;
    do
        rc = jl_sqlite_step(s, err);
    while (rc == 1);
    return rc;
}

int jl_sqlite_exec(jl_sqlite *db, const char *sql, jl_err *err) {
    int code = sqlite3_exec(db->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : sqlite_fail(db, code, err);
}

int jl_sqlite_ask(jl_sqlite *db, const char *sql, int64_t *value, jl_err *err) {
    sqlite3_stmt *stmt;
    int code = sqlite3_prepare_v2(db->db, sql, -1, &stmt, NULL);
    if (code != SQLITE_OK)
        return sqlite_fail(db, code, err);
    code = sqlite3_step(stmt);
    *value = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    int rc = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : sqlite_fail(db, code, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

/* ---- transactions ---- */

/* SQLite hands a lock to nobody in particular: whoever waits sleeps and tries again, and would never be lucky beside a
   process that takes the lock again at once. So that one pauses now and then, for longer than the others sleep. */
static void sqlite_stand_back(jl_sqlite *db) {
    int64_t away = jl_clock_now() - db->ended;
    if (db->held >= HELD_MOST && away < STAND_BACK)
        sqlite_nap(STAND_BACK - away);
    if (db->held >= HELD_MOST || away >= STAND_BACK)
        db->held = 0;
}

int jl_sqlite_begin(jl_sqlite *db, bool write, jl_err *err) {
    if (!write)
        return jl_sqlite_exec(db, "BEGIN", err);
    sqlite_stand_back(db);
    int rc = jl_sqlite_exec(db, "BEGIN IMMEDIATE", err);
    db->begun = jl_clock_now();
    return rc;
}

static void sqlite_ended(jl_sqlite *db) {
    db->unseen = 0;
    if (db->begun) {
        db->ended = jl_clock_now();
        db->held += db->ended - db->begun;
        db->begun = 0;
    }
}

int jl_sqlite_commit(jl_sqlite *db, jl_err *err) {
    sqlite_peek_end(db);
    int rc = jl_sqlite_exec(db, "COMMIT", err);
    if (rc != 0)
        jl_sqlite_rollback(db);
    sqlite_ended(db);
    return rc;
}

void jl_sqlite_rollback(jl_sqlite *db) {
    sqlite_peek_end(db);
    for (jl_sqlite_stmt *s = db->statements; s; s = s->next)
        (void)sqlite3_reset(s->stmt);
    if (!sqlite3_get_autocommit(db->db))
        (void)sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite_ended(db);
}

/* ---- opening ---- */

int jl_sqlite_load(jl_err *err) {
    return jl_late_load(&sqlite_library, err);
}

static int sqlite_refuse(const jl_sqlite *db, const jl_sqlite_kind *kind, jl_err *err) {
    return jl_err_set(err, JL_CONFIG, "%s: is an SQLite database, but not %s", db->path, kind->what);
}

/* 1: of this kind, 0: empty, -1: error. Inside a transaction, so that it cannot change meanwhile. */
static int sqlite_recognise(jl_sqlite *db, const jl_sqlite_kind *kind, jl_err *err) {
    int64_t application, version, tables;
    if (jl_sqlite_ask(db, "PRAGMA application_id", &application, err) != 0 ||
        jl_sqlite_ask(db, "PRAGMA user_version", &version, err) != 0 ||
        jl_sqlite_ask(db, "SELECT count(*) FROM sqlite_master", &tables, err) != 0)
        return -1;
    if (application == 0 && version == 0 && tables == 0)
        return 0;
    if (application != kind->application_id)
        return sqlite_refuse(db, kind, err);
    if (version > kind->version)
        return jl_err_set(err, JL_CONFIG, "%s: has format version %lld, this program knows %d: use a newer jobline",
                          db->path, (long long)version, kind->version);
    return 1;
}

static int sqlite_make(jl_sqlite *db, const jl_sqlite_kind *kind, jl_err *err) {
    char stamp[96];
    (void)snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d; PRAGMA user_version=%d", kind->application_id,
                   kind->version);
    if (jl_sqlite_begin(db, true, err) != 0)
        return -1;
    int known = sqlite_recognise(db, kind, err);
    if (known == 0 && (jl_sqlite_exec(db, kind->schema, err) != 0 || jl_sqlite_exec(db, stamp, err) != 0))
        known = -1;
    if (known < 0) {
        jl_sqlite_rollback(db);
        return -1;
    }
    return jl_sqlite_commit(db, err);
}

/* A rollback journal with every version of SQLite. WAL mode would let readers and a writer work side by side, but
   before 3.51.3 several writers can damage a database in it (https://sqlite.org/wal.html, "the WAL-reset bug"), it
   cannot be read where it cannot be written, and a file that is copied or replaced takes its -wal file's contents for
   its own. The mode stays in the file: whoever writes sets it right. */
static int sqlite_journal(jl_sqlite *db, jl_err *err) {
    int code = sqlite3_exec(db->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_READONLY ||
        (code & 0xff) == SQLITE_CANTOPEN)
        return 0;
    return sqlite_fail(db, code, err);
}

/* The SQL of the next step, when there is one. */
static const char *sqlite_step(const jl_sqlite_kind *kind, int64_t version) {
    return kind->step && version >= 0 && version < kind->version ? kind->step[version] : NULL;
}

/* Brings an older file to the version that is known; whoever comes second finds it done. */
static int sqlite_migrate(jl_sqlite *db, const jl_sqlite_kind *kind, jl_err *err) {
    int64_t version = 0;
    if (jl_sqlite_ask(db, "PRAGMA user_version", &version, err) != 0)
        return -1;
    if (!sqlite_step(kind, version))
        return 0;
    if (jl_sqlite_begin(db, true, err) != 0)
        return -1;
    int rc = jl_sqlite_ask(db, "PRAGMA user_version", &version, err);
    for (const char *sql; rc == 0 && (sql = sqlite_step(kind, version)); version++) {
        char stamp[48];
        (void)snprintf(stamp, sizeof stamp, "PRAGMA user_version=%d", (int)version + 1);
        rc = jl_sqlite_exec(db, sql, err) == 0 ? jl_sqlite_exec(db, stamp, err) : -1;
    }
    if (rc == 0)
        return jl_sqlite_commit(db, err);
    jl_sqlite_rollback(db);
    return -1;
}

/* SQLite counts its cache in pages, by the size that a page has when it is told: 4096 bytes before the file's first page was
   read. */
int jl_sqlite_cache(jl_sqlite *db, int kib, jl_err *err) {
    char sql[48];
    (void)snprintf(sql, sizeof sql, "PRAGMA cache_size=-%d", kib);
    return jl_sqlite_exec(db, sql, err);
}

static int sqlite_setup(jl_sqlite *db, const jl_sqlite_kind *kind, bool create, bool *empty, jl_err *err) {
    if (jl_sqlite_exec(db, "PRAGMA cache_size=-" CACHE_KIB "; PRAGMA temp_store=MEMORY", err) != 0)
        return -1;
    /* These count only before a file has its first page; later, setting one of them would be a write. */
    if (*empty && jl_sqlite_exec(db, "PRAGMA page_size=" PAGE_SIZE "; PRAGMA auto_vacuum=INCREMENTAL", err) != 0)
        return -1;
    if (jl_sqlite_begin(db, false, err) != 0)
        return -1;
    int known = sqlite_recognise(db, kind, err);
    jl_sqlite_rollback(db);
    if (known < 0)
        return -1;
    *empty = known == 0;
    if (kind->cache_kib && jl_sqlite_cache(db, kind->cache_kib, err) != 0)
        return -1;
    if (*empty && !create)
        return 0;
    if (sqlite_journal(db, err) != 0 || jl_sqlite_exec(db, "PRAGMA synchronous=FULL", err) != 0)
        return -1;
    return *empty ? sqlite_make(db, kind, err) : sqlite_migrate(db, kind, err);
}

/* A name that begins with ':' means something else to SQLite. */
char *jl_sqlite_path(const jl_url *url, jl_err *err) {
    char *path;
    if (!url->path[0]) {
        (void)jl_err_set(err, JL_USAGE, "sqlite: names no file: sqlite:PATH");
        return NULL;
    }
    if (jl_sqlite_load(err) != 0)
        return NULL;
    if (asprintf(&path, "%s%s", url->path[0] == ':' ? "./" : "", url->path) >= 0)
        return path;
    (void)jl_err_nomem(err);
    return NULL;
}

int jl_sqlite_make_file(const char *path, mode_t mode, jl_err *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, mode);
    if (fd < 0)
        return errno == EEXIST ? 0 : jl_err_errno(err, JL_CANTCREAT, errno, "%s", path);
    return close(fd) == 0 ? 0 : jl_err_errno(err, JL_CANTCREAT, errno, "%s", path);
}

int jl_sqlite_open(jl_sqlite **out, const char *path, const jl_sqlite_kind *kind, int64_t patience, bool create,
                   jl_err *err) {
    struct stat st;
    *out = NULL;
    if (jl_sqlite_load(err) != 0)
        return -1;
    bool there = stat(path, &st) == 0;
    if (!there && errno != ENOENT)
        return jl_err_errno(err, JL_CANTCREAT, errno, "%s", path);
    if (!create && (!there || st.st_size == 0))
        return 0;
    jl_sqlite *db = calloc(1, sizeof *db);
    if (!db || !(db->path = strdup(path))) {
        free(db);
        return jl_err_nomem(err);
    }
    jl_sqlite_patience(db, patience);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(path, &db->db, flags, NULL);
    bool empty = !there || st.st_size == 0;
    int rc = 0;
    if (code != SQLITE_OK) {
        rc = db->db ? sqlite_fail(db, code, err) : jl_err_nomem(err);
    } else {
        (void)sqlite3_extended_result_codes(db->db, 1);
        (void)sqlite3_busy_handler(db->db, sqlite_busy, db);
        rc = sqlite_setup(db, kind, create, &empty, err);
    }
    if (rc == 0 && stat(path, &st) == 0) {
        db->device = st.st_dev;
        db->inode = st.st_ino;
    }
    if (rc != 0 || (empty && !create)) {
        jl_sqlite_close(db);
        return rc;
    }
    *out = db;
    return 0;
}

void jl_sqlite_close(jl_sqlite *db) {
    if (!db)
        return;
    sqlite_peek_end(db);
    while (db->statements) {
        jl_sqlite_stmt *s = db->statements;
        db->statements = s->next;
        *s->slot = NULL;
        (void)sqlite3_finalize(s->stmt);
        free(s);
    }
    (void)sqlite3_close(db->db);
    free(db->path);
    free(db);
}

bool jl_sqlite_gone(const jl_sqlite *db) {
    struct stat st;
    return stat(db->path, &st) != 0 || st.st_ino != db->inode || st.st_dev != db->device;
}

uint64_t jl_sqlite_file(const jl_sqlite *db) {
    return (uint64_t)db->inode ^ (uint64_t)db->device << 48;
}

void jl_sqlite_patience(jl_sqlite *db, int64_t patience) {
    db->patience = patience > 0 ? patience : PATIENCE_DEFAULT;
}

bool jl_sqlite_readonly(const jl_sqlite *db) {
    return db->readonly;
}

const char *jl_sqlite_version(void) {
    return "sqlite " SQLITE_VERSION;
}
