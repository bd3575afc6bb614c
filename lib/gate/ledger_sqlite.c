/* A ledger as tables of an SQLite file, which any number of accounts share.

   Whatever an operation reads and writes is one transaction, which has the write lock from its beginning. Holds are rows
   that stay when they have ended, so that a second settling finds what the first one did; sums are kept beside them. The
   journal is written once, which triggers see to.

   There are two clocks. Periods and the journal go by the wall clock. Leases, the rate and the breaker's cool-down go by
   CLOCK_BOOTTIME, the same for all processes of a machine, whoever sets its wall clock; what was written before the
   machine was started last has ended, which the boot's id tells. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/boot.h"
#include "base/clock.h"
#include "gate/rules.h"
#include "wire/sqlite.h"

#define PATIENCE (10 * JL_SECOND)
#define JOURNAL_BATCH 256
#define STAND_BACK (7 * JL_SECOND / 10000) /* longer than others sleep at first who wait for the lock */
#define ALONE_MOST 16                      /* operations one behind the other, without a look whether somebody waits */
#define SUBJECT_MAX (1 << 20)              /* holds that are read at once; far more than concurrency can be */

/* One account is one provider, so that people can read the tables too. Of `account`: seq and at_ms are of the journal's
   last entry, settings is the seq at which they changed last; live counts holds, last_sum names the newest period with a
   sum, so that a row that is missing is noticed. `until` of an open breaker is of the boot's clock after failures, else
   of the wall clock. */
static const jl_sqlite_kind file_kind = {
    .what = "a ledger of jobline",
    .application_id = 0x6a6c6c67, /* "jllg" */
    .version = 1,
    .schema = "CREATE TABLE account(provider TEXT PRIMARY KEY, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
              " settings INTEGER NOT NULL, live INTEGER NOT NULL, last_sum TEXT NOT NULL, boot TEXT NOT NULL,"
              " arrival INTEGER NOT NULL, breaker INTEGER NOT NULL, why INTEGER NOT NULL, until INTEGER NOT NULL,"
              " probes_well INTEGER NOT NULL, window TEXT NOT NULL) WITHOUT ROWID;"
              "CREATE TABLE setting(provider TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY(provider, name))"
              " WITHOUT ROWID;"
              "CREATE TABLE hold(provider TEXT, id TEXT, state INTEGER NOT NULL, endpoint TEXT NOT NULL,"
              " user TEXT NOT NULL, priority INTEGER NOT NULL, probe INTEGER NOT NULL, normal INTEGER NOT NULL,"
              " worst INTEGER NOT NULL, charged INTEGER NOT NULL, period TEXT NOT NULL, reach TEXT NOT NULL,"
              " since_ms INTEGER NOT NULL, lease INTEGER NOT NULL, PRIMARY KEY(provider, id)) WITHOUT ROWID;"
              "CREATE INDEX hold_live ON hold(provider, lease) WHERE state IN (1, 2);"
              "CREATE INDEX hold_uncertain ON hold(provider, reach, period) WHERE state = 3;"
              "CREATE TABLE sum(provider TEXT, period TEXT, user TEXT, spent INTEGER NOT NULL,"
              " PRIMARY KEY(provider, period, user)) WITHOUT ROWID;"
              "CREATE TABLE notice(provider TEXT, key TEXT, told INTEGER NOT NULL, boot TEXT NOT NULL,"
              " lease INTEGER NOT NULL, PRIMARY KEY(provider, key)) WITHOUT ROWID;"
              "CREATE TABLE journal(provider TEXT, seq INTEGER, at_ms INTEGER NOT NULL, kind INTEGER NOT NULL,"
              " id TEXT NOT NULL, endpoint TEXT NOT NULL, user TEXT NOT NULL, credits INTEGER NOT NULL,"
              " period TEXT NOT NULL, reach TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY(provider, seq))"
              " WITHOUT ROWID;"
              "CREATE TRIGGER journal_update BEFORE UPDATE ON journal"
              " BEGIN SELECT RAISE(ABORT, 'the journal is only ever added to'); END;"
              "CREATE TRIGGER journal_delete BEFORE DELETE ON journal"
              " BEGIN SELECT RAISE(ABORT, 'the journal is only ever added to'); END;",
};

enum query {
    ACCOUNT_READ,
    ACCOUNT_WRITE,
    SETTING_READ,
    SETTING_WRITE,
    SETTING_CLEAR,
    HOLD_LIVE,
    HOLD_UNCERTAIN,
    HOLD_READ,
    HOLD_WRITE,
    HOLD_CLEAR,
    CARRIED,
    SUM_READ,
    SUM_ADD,
    SUM_CLEAR,
    SUM_LIST,
    UNCERTAIN_SUM,
    NOTICE_READ,
    NOTICE_WRITE,
    NOTICE_GIVE_BACK,
    JOURNAL_LAST,
    JOURNAL_ADD,
    JOURNAL_READ,
    QUERIES
};

/* The first parameter of each is the provider. */
#define HOLD_COLUMNS                                                                                                   \
    "id, state, endpoint, user, priority, probe, normal, worst, charged, period, reach, since_ms, lease"
static const char *const sql[QUERIES] = {
    [ACCOUNT_READ] =
        "SELECT seq, at_ms, settings, live, last_sum, boot, arrival, breaker, why, until, probes_well, window"
        " FROM account WHERE provider = ?",
    [ACCOUNT_WRITE] = "REPLACE INTO account VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SETTING_READ] = "SELECT name || '=' || value FROM setting WHERE provider = ?",
    [SETTING_WRITE] = "INSERT INTO setting VALUES(?, ?, ?)",
    [SETTING_CLEAR] = "DELETE FROM setting WHERE provider = ?",
    [HOLD_LIVE] = "SELECT " HOLD_COLUMNS " FROM hold WHERE provider = ? AND state IN (1, 2) ORDER BY lease",
    [HOLD_UNCERTAIN] = "SELECT " HOLD_COLUMNS " FROM hold WHERE provider = ? AND state = 3",
    [HOLD_READ] = "SELECT " HOLD_COLUMNS " FROM hold WHERE provider = ? AND id = ?",
    [HOLD_WRITE] = "REPLACE INTO hold(provider, " HOLD_COLUMNS ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [HOLD_CLEAR] = "DELETE FROM hold WHERE provider = ?",
    [CARRIED] = "SELECT sum(charged) FROM hold WHERE provider = ? AND state = 3 AND reach >= ?2 AND period < ?2",
    [SUM_READ] = "SELECT spent FROM sum WHERE provider = ? AND period = ? AND user = ?",
    [SUM_ADD] = "INSERT INTO sum VALUES(?, ?, ?, ?)"
                " ON CONFLICT(provider, period, user) DO UPDATE SET spent = spent + excluded.spent",
    [SUM_CLEAR] = "DELETE FROM sum WHERE provider = ?",
    [SUM_LIST] = "SELECT period, user, spent FROM sum WHERE provider = ? AND (user = '' OR period >= ?)",
    [UNCERTAIN_SUM] = "SELECT sum(charged) FROM hold WHERE provider = ? AND state = 3 AND period = ?",
    [NOTICE_READ] = "SELECT told, boot, lease FROM notice WHERE provider = ? AND key = ?",
    [NOTICE_WRITE] = "REPLACE INTO notice VALUES(?, ?, ?, ?, ?)",
    [NOTICE_GIVE_BACK] = "DELETE FROM notice WHERE provider = ? AND key = ? AND NOT told",
    [JOURNAL_LAST] = "SELECT seq FROM journal WHERE provider = ? ORDER BY seq DESC LIMIT 1",
    [JOURNAL_ADD] = "INSERT INTO journal VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [JOURNAL_READ] = "SELECT seq, at_ms, kind, id, endpoint, user, credits, period, reach, note FROM journal"
                     " WHERE provider = ? AND seq BETWEEN ? AND ? ORDER BY seq",
};

/* A row of `hold`. Texts are NUL-terminated. */
struct row {
    jl_hold hold;     /* age and lease are unused here */
    int64_t charged;  /* credits */
    int64_t since_ms; /* when it was reserved, by the wall clock */
    int64_t ends;     /* its lease, by the boot's clock; 0 when it is not live */
};

struct ledger {
    jl_ledger base;
    jl_sqlite *db; /* NULL while it is not open */
    jl_sqlite_stmt *stmt[QUERIES];
    char *path, *provider;
    int64_t patience;
    char boot[JL_BOOT_SIZE];

    /* Of the write lock: when it was given back last, how often it was taken at once since others had a chance, and
       whether others wrote meanwhile. */
    jl_sqlite_stmt *version_query;
    int64_t ended, version;
    unsigned in_a_row;
    bool contended;

    /* As read by the transaction at hand, and as it leaves them. */
    bool changed;
    int64_t now_ms, now; /* the wall clock; the boot's clock, ns */
    int64_t seq, at_ms, settings_seq;
    char last_sum[JL_PERIOD_SIZE];
    int64_t arrival; /* of the next call by the rate alone, the boot's clock */
    jl_breaker breaker;
    char period[JL_PERIOD_SIZE];
    int64_t period_left, spent;
    struct row *live; /* the live holds, by the end of their leases */
    size_t lives, room;

    jl_settings settings;
    int64_t settings_known; /* the settings_seq of `settings`; 0: none */
};

/* ---- clocks ---- */

static void look_at_clocks(struct ledger *l) {
    l->now_ms = jl_clock_wall() / JL_MILLISECOND;
    l->now = jl_boot_now();
}

/* The clock that an open breaker's end is of. */
static int64_t breaker_clock(const struct ledger *l) {
    return l->breaker.why == JL_OPEN_FAILURES ? l->now : l->now_ms * JL_MILLISECOND;
}

/* ---- statements ---- */

static int lost(const struct ledger *l, const char *what, jl_err *err) {
    return jl_err_set(err, JL_CONFIG, "%s: the account %s has lost %s: run credits rebuild", l->path, l->provider,
                      what);
}

static int no_account(const struct ledger *l, jl_err *err) {
    return jl_err_set(err, JL_CONFIG,
                      "%s: there is no account %s in this ledger: credits set makes one (if there was one, it has been "
                      "lost)",
                      l->path, l->provider);
}

static int no_ledger(const struct ledger *l, jl_err *err) {
    return jl_err_set(err, JL_CONFIG,
                      "%s: there is no ledger: credits set makes one (if there was one, it has been lost)", l->path);
}

/* The statement with the provider bound. */
static jl_sqlite_stmt *ready(struct ledger *l, enum query q, jl_err *err) {
    if (jl_sqlite_prepare(l->db, &l->stmt[q], sql[q], err) != 0)
        return NULL;
    jl_sqlite_bind_text(l->stmt[q], 1, l->provider);
    return l->stmt[q];
}

static void copy_text(jl_sqlite_stmt *s, int column, char *to, size_t size) {
    jl_span text = jl_sqlite_bytes(s, column);
    size_t n = text.n < size ? text.n : size - 1;
    if (n)
        memcpy(to, text.p, n);
    to[n] = '\0';
}

/* The one number that a query gives, 0 when it gives no row. 1: there was one. */
static int ask_number(jl_sqlite_stmt *s, int64_t *value, jl_err *err) {
    int rc = jl_sqlite_step(s, err);
    *value = rc == 1 ? jl_sqlite_int(s, 0) : 0;
    if (rc == 1)
        jl_sqlite_reset(s);
    return rc;
}

/* ---- rows ---- */

static void row_read(jl_sqlite_stmt *s, struct row *r) {
    jl_hold *h = &r->hold;
    copy_text(s, 0, h->id, sizeof h->id);
    h->state = (int)jl_sqlite_int(s, 1);
    copy_text(s, 2, h->endpoint, sizeof h->endpoint);
    copy_text(s, 3, h->user, sizeof h->user);
    h->priority = jl_sqlite_int(s, 4) != 0;
    h->probe = jl_sqlite_int(s, 5) != 0;
    h->normal = jl_sqlite_int(s, 6);
    h->worst = jl_sqlite_int(s, 7);
    r->charged = jl_sqlite_int(s, 8);
    copy_text(s, 9, h->period, sizeof h->period);
    copy_text(s, 10, h->reach, sizeof h->reach);
    r->since_ms = jl_sqlite_int(s, 11);
    r->ends = jl_sqlite_int(s, 12);
}

static int row_write(struct ledger *l, const struct row *r, jl_err *err) {
    const jl_hold *h = &r->hold;
    jl_sqlite_stmt *s = ready(l, HOLD_WRITE, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, h->id);
    jl_sqlite_bind_int(s, 3, h->state);
    jl_sqlite_bind_text(s, 4, h->endpoint);
    jl_sqlite_bind_text(s, 5, h->user);
    jl_sqlite_bind_int(s, 6, h->priority);
    jl_sqlite_bind_int(s, 7, h->probe);
    jl_sqlite_bind_int(s, 8, h->normal);
    jl_sqlite_bind_int(s, 9, h->worst);
    jl_sqlite_bind_int(s, 10, r->charged);
    jl_sqlite_bind_text(s, 11, h->period);
    jl_sqlite_bind_text(s, 12, h->reach);
    jl_sqlite_bind_int(s, 13, r->since_ms);
    jl_sqlite_bind_int(s, 14, r->ends);
    l->changed = true;
    return jl_sqlite_run(s, err);
}

/* 1: found, 0: there is none. */
static int row_find(struct ledger *l, const char *id, struct row *r, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, HOLD_READ, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, id);
    int rc = jl_sqlite_step(s, err);
    if (rc == 1) {
        row_read(s, r);
        jl_sqlite_reset(s);
    }
    return rc;
}

static bool is_live(const struct row *r) {
    return r->hold.state == JL_HOLD_RESERVED || r->hold.state == JL_HOLD_SENT;
}

/* Room for one more. */
static int live_reserve(struct ledger *l, jl_err *err) {
    if (l->lives < l->room)
        return 0;
    size_t room = l->room ? 2 * l->room : 32;
    struct row *live = room <= SUBJECT_MAX ? realloc(l->live, room * sizeof *live) : NULL;
    if (!live)
        return jl_err_nomem(err);
    l->live = live;
    l->room = room;
    return 0;
}

static int live_read(struct ledger *l, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, HOLD_LIVE, err);
    int rc;
    l->lives = 0;
    while (s && (rc = jl_sqlite_step(s, err)) != 0) {
        if (rc < 0 || live_reserve(l, err) != 0)
            return -1;
        row_read(s, &l->live[l->lives++]);
    }
    return s ? 0 : -1;
}

/* Puts what the row is by now in place of what it was. */
static int live_update(struct ledger *l, const struct row *r, jl_err *err) {
    size_t i = 0;
    while (i < l->lives && strcmp(l->live[i].hold.id, r->hold.id) != 0)
        i++;
    if (i == l->lives) {
        if (!is_live(r))
            return 0;
        if (live_reserve(l, err) != 0)
            return -1;
        l->lives++;
    }
    if (is_live(r)) {
        l->live[i] = *r;
    } else {
        l->lives--;
        memmove(l->live + i, l->live + i + 1, (l->lives - i) * sizeof *l->live);
    }
    return 0;
}

/* ---- sums ---- */

static int sum_read(struct ledger *l, const char *period, const char *user, int64_t *spent, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, SUM_READ, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, period);
    jl_sqlite_bind_text(s, 3, user);
    int rc = ask_number(s, spent, err);
    if (rc == 0 && !user[0] && strcmp(period, l->last_sum) == 0)
        return lost(l, "the sum of a period", err);
    return rc < 0 ? -1 : 0;
}

static int sum_add_one(struct ledger *l, const char *period, const char *user, int64_t credits, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, SUM_ADD, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, period);
    jl_sqlite_bind_text(s, 3, user);
    jl_sqlite_bind_int(s, 4, credits);
    return jl_sqlite_run(s, err);
}

static int sum_add(struct ledger *l, const char *period, const char *user, int64_t credits, jl_err *err) {
    if (credits == 0)
        return 0;
    if (sum_add_one(l, period, "", credits, err) != 0 || (user[0] && sum_add_one(l, period, user, credits, err) != 0))
        return -1;
    if (strcmp(period, l->last_sum) > 0)
        memcpy(l->last_sum, period, JL_PERIOD_SIZE);
    if (strcmp(period, l->period) == 0)
        l->spent += credits;
    l->changed = true;
    return 0;
}

static int sum_carried(struct ledger *l, const char *period, int64_t *carried, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, CARRIED, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, period);
    return ask_number(s, carried, err) < 0 ? -1 : 0;
}

/* ---- the journal ---- */

static int journal_add(struct ledger *l, const jl_event *e, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, JOURNAL_ADD, err);
    if (!s)
        return -1;
    l->seq++;
    if (l->at_ms < l->now_ms)
        l->at_ms = l->now_ms;
    jl_sqlite_bind_int(s, 2, l->seq);
    jl_sqlite_bind_int(s, 3, l->at_ms);
    jl_sqlite_bind_int(s, 4, e->kind);
    jl_sqlite_bind_text(s, 5, e->id ? e->id : "");
    jl_sqlite_bind_text(s, 6, e->endpoint ? e->endpoint : "");
    jl_sqlite_bind_text(s, 7, e->user ? e->user : "");
    jl_sqlite_bind_int(s, 8, e->credits);
    jl_sqlite_bind_text(s, 9, e->period ? e->period : "");
    jl_sqlite_bind_text(s, 10, e->reach ? e->reach : "");
    jl_sqlite_bind_text(s, 11, e->note ? e->note : "");
    l->changed = true;
    return jl_sqlite_run(s, err);
}

static int journal_hold(struct ledger *l, jl_event_kind kind, const jl_hold *h, int64_t credits, const char *note,
                        jl_err *err) {
    jl_event e = {.kind = kind,
                  .id = h->id,
                  .endpoint = h->endpoint,
                  .user = h->user,
                  .credits = credits,
                  .period = h->period,
                  .reach = h->reach,
                  .note = note};
    return journal_add(l, &e, err);
}

static int journal_breaker(struct ledger *l, const char *note, jl_err *err) {
    if (!note)
        return 0;
    jl_event e = {.kind = JL_EVENT_BREAKER, .period = l->period, .note = note};
    return journal_add(l, &e, err);
}

/* ---- the account's row ---- */

/* What the file says, for the clocks of this moment. */
static void account_take(struct ledger *l, jl_sqlite_stmt *s) {
    char boot[JL_BOOT_SIZE];
    l->seq = jl_sqlite_int(s, 0);
    l->at_ms = jl_sqlite_int(s, 1);
    l->settings_seq = jl_sqlite_int(s, 2);
    copy_text(s, 4, l->last_sum, sizeof l->last_sum);
    copy_text(s, 5, boot, sizeof boot);
    bool here = strcmp(boot, l->boot) == 0;
    l->arrival = here ? jl_sqlite_int(s, 6) : 0;
    l->breaker.state = (jl_breaker_state)jl_sqlite_int(s, 7);
    l->breaker.why = (jl_breaker_why)jl_sqlite_int(s, 8);
    int64_t until = jl_sqlite_int(s, 9);
    int64_t left = l->breaker.why == JL_OPEN_FAILURES && !here ? 0 : until - breaker_clock(l);
    l->breaker.wait = until < 0 ? -1 : left > 0 ? left : 0;
    l->breaker.probes_well = (uint32_t)jl_sqlite_int(s, 10);
    copy_text(s, 11, l->breaker.window, sizeof l->breaker.window);
    if (!here)
        for (size_t i = 0; i < l->lives; i++)
            l->live[i].ends = 0;
}

static int account_write(struct ledger *l, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, ACCOUNT_WRITE, err);
    if (!s)
        return -1;
    const jl_breaker *b = &l->breaker;
    jl_sqlite_bind_int(s, 2, l->seq);
    jl_sqlite_bind_int(s, 3, l->at_ms);
    jl_sqlite_bind_int(s, 4, l->settings_seq);
    jl_sqlite_bind_int(s, 5, (int64_t)l->lives);
    jl_sqlite_bind_text(s, 6, l->last_sum);
    jl_sqlite_bind_text(s, 7, l->boot);
    jl_sqlite_bind_int(s, 8, l->arrival);
    jl_sqlite_bind_int(s, 9, b->state);
    jl_sqlite_bind_int(s, 10, b->why);
    jl_sqlite_bind_int(s, 11, b->wait < 0 ? -1 : b->state == JL_BREAKER_OPEN ? breaker_clock(l) + b->wait : 0);
    jl_sqlite_bind_int(s, 12, b->probes_well);
    jl_sqlite_bind_text(s, 13, b->window);
    return jl_sqlite_run(s, err);
}

static int journal_last(struct ledger *l, int64_t *seq, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, JOURNAL_LAST, err);
    return s && ask_number(s, seq, err) >= 0 ? 0 : -1;
}

static int settings_read(struct ledger *l, jl_err *err) {
    if (l->settings_known == l->settings_seq)
        return 0;
    char change[JL_NOTE_MAX + 1];
    jl_settings read;
    jl_sqlite_stmt *s = ready(l, SETTING_READ, err);
    int rc = s ? 0 : -1;
    size_t n = 0;
    jl_account_default(&read);
    while (rc == 0 && (rc = jl_sqlite_step(s, err)) == 1) {
        copy_text(s, 0, change, sizeof change);
        n++;
        rc = jl_account_set(&read, change, err);
    }
    if (rc != 0)
        return -1;
    if (n == 0)
        return lost(l, "its settings", err);
    l->settings = read;
    l->settings_known = l->settings_seq;
    return 0;
}

/* 1: the account is there, whole as far as one can see; 0: there is none. */
static int account_read(struct ledger *l, jl_err *err) {
    int64_t last;
    if (live_read(l, err) != 0 || journal_last(l, &last, err) != 0)
        return -1;
    jl_sqlite_stmt *s = ready(l, ACCOUNT_READ, err);
    int rc = s ? jl_sqlite_step(s, err) : -1;
    if (rc < 0)
        return -1;
    if (rc == 0)
        return last || l->lives ? lost(l, "its first row", err) : 0;
    bool counted = jl_sqlite_int(s, 3) == (int64_t)l->lives;
    account_take(l, s);
    jl_sqlite_reset(s);
    if (last != l->seq)
        return lost(l, "entries of its journal", err);
    if (!counted)
        return lost(l, "a hold", err);
    if (settings_read(l, err) != 0)
        return -1;
    jl_rules_period(&l->settings, l->now_ms, l->period, &l->period_left);
    return sum_read(l, l->period, "", &l->spent, err) == 0 ? 1 : -1;
}

/* ---- the end of a hold ---- */

/* `r` becomes what it is by now. */
static int end_hold(struct ledger *l, struct row *r, const jl_ending *e, const char *note, jl_err *err) {
    r->hold.state = (int)e->state;
    r->charged = e->charged;
    r->ends = 0;
    if (row_write(l, r, err) != 0 || sum_add(l, r->hold.period, r->hold.user, e->difference, err) != 0 ||
        live_update(l, r, err) != 0)
        return -1;
    return journal_hold(l, e->kind, &r->hold, e->charged, note, err);
}

static int lapse(struct ledger *l, struct row r, jl_err *err) {
    jl_ending e;
    jl_rules_lapse((jl_hold_state)r.hold.state, r.hold.worst, &e);
    return end_hold(l, &r, &e, "lease", err);
}

/* The first in the list is the one whose lease ends first. */
static int lapse_all(struct ledger *l, jl_err *err) {
    while (l->lives && l->live[0].ends <= l->now)
        if (lapse(l, l->live[0], err) != 0)
            return -1;
    return 0;
}

/* ---- transactions ---- */

static void detach(struct ledger *l) {
    jl_sqlite_close(l->db);
    l->db = NULL;
    l->settings_known = 0;
}

/* An empty file of its own mode, for SQLite to fill: what users asked for is nobody's but the group's that the file
   belongs to, if the umask says so. */
static int make_file(const struct ledger *l, jl_err *err) {
    int fd = open(l->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0660);
    if (fd < 0)
        return errno == EEXIST ? 0 : jl_err_errno(err, JL_CANTCREAT, errno, "%s", l->path);
    return close(fd) == 0 ? 0 : jl_err_errno(err, JL_CANTCREAT, errno, "%s", l->path);
}

/* Sees to it that db is the file that the path names now. */
static int attach(struct ledger *l, bool create, jl_err *err) {
    if (l->db && jl_sqlite_gone(l->db))
        detach(l);
    if (l->db)
        return 0;
    if ((create && make_file(l, err) != 0) ||
        jl_sqlite_open(&l->db, l->path, &file_kind, l->patience, create, err) != 0)
        return -1;
    return l->db ? 0 : no_ledger(l, err);
}

/* SQLite hands a lock to nobody in particular: whoever waits sleeps and tries again, and would rarely be lucky beside
   one that takes it again at once. So there is a pause behind each operation while others write, and now and then to
   find out whether any would. */
static void stand_back(struct ledger *l) {
    int64_t away = jl_clock_now() - l->ended;
    if (away >= STAND_BACK) {
        l->in_a_row = 0;
    } else if (l->contended || ++l->in_a_row >= ALONE_MOST) {
        struct timespec pause = {0, (long)(STAND_BACK - away)};
        (void)nanosleep(&pause, NULL);
        l->in_a_row = 0;
    }
}

static int begin_write(struct ledger *l, jl_err *err) {
    int64_t version;
    stand_back(l);
    if (jl_sqlite_begin(l->db, true, err) != 0)
        return -1;
    if (jl_sqlite_prepare(l->db, &l->version_query, "PRAGMA data_version", err) != 0 ||
        ask_number(l->version_query, &version, err) < 0) {
        jl_sqlite_rollback(l->db);
        return -1;
    }
    l->contended = l->version != version;
    l->version = version;
    l->changed = false;
    look_at_clocks(l);
    return 0;
}

static void abandon(struct ledger *l) {
    jl_sqlite_rollback(l->db);
    l->ended = jl_clock_now();
}

/* Begins an operation: one transaction in which all leases that have passed are dealt with. */
static int enter(struct ledger *l, jl_err *err) {
    if (attach(l, false, err) != 0 || begin_write(l, err) != 0)
        return -1;
    int rc = account_read(l, err);
    if (rc == 0)
        rc = no_account(l, err);
    if (rc > 0 && lapse_all(l, err) == 0)
        return 0;
    abandon(l);
    return -1;
}

/* Reads the account in a transaction that writes nothing, with leases that may have passed. */
static int begin_read(struct ledger *l, jl_err *err) {
    if (attach(l, false, err) != 0 || jl_sqlite_begin(l->db, false, err) != 0)
        return -1;
    l->changed = false;
    look_at_clocks(l);
    int rc = account_read(l, err);
    if (rc == 0)
        rc = no_account(l, err);
    if (rc > 0)
        return 0;
    abandon(l);
    return -1;
}

/* As `enter` for one that only reads: others are kept waiting only if there are leases to be dealt with. */
static int enter_to_read(struct ledger *l, jl_err *err) {
    if (begin_read(l, err) != 0)
        return -1;
    if (l->lives == 0 || l->live[0].ends > l->now)
        return 0;
    abandon(l);
    return enter(l, err);
}

/* Ends it: durable, unless nothing has changed, or `rc` is a failure. Returns `rc`, or -1. */
static int leave(struct ledger *l, int rc, jl_err *err) {
    if (rc >= 0 && l->changed && account_write(l, err) != 0)
        rc = -1;
    if (rc < 0 || !l->changed) {
        abandon(l);
        return rc;
    }
    int committed = jl_sqlite_commit(l->db, err);
    l->ended = jl_clock_now();
    if (committed != 0)
        return -1;
    /* What was written into a file that nobody will find again must admit nothing. */
    return jl_sqlite_gone(l->db) ? no_ledger(l, err) : rc;
}

/* ---- reserve ---- */

static int standing_sums(struct ledger *l, const jl_reserve *r, jl_standing *s, jl_err *err) {
    int64_t carried;
    if (sum_carried(l, s->period, &carried, err) != 0)
        return -1;
    s->committed += l->spent + carried;
    if (l->settings.user_cap && r->user[0] && sum_read(l, s->period, r->user, &s->user_spent, err) != 0)
        return -1;
    if (strcmp(s->period, s->reach) == 0)
        return 0;
    int64_t spent;
    if (sum_carried(l, s->reach, &carried, err) != 0 || sum_read(l, s->reach, "", &spent, err) != 0)
        return -1;
    s->committed_reach += spent + carried;
    return 0;
}

/* A live hold reaches the current period, whatever is written: it is live. */
static void standing_live(const struct ledger *l, const jl_reserve *r, jl_standing *s) {
    s->live = (uint32_t)l->lives;
    s->first_lease_ends = l->lives ? l->live[0].ends - l->now : 0;
    for (size_t i = 0; i < l->lives; i++) {
        const jl_hold *h = &l->live[i].hold;
        s->committed += h->worst;
        s->committed_reach += strcmp(h->reach, s->reach) >= 0 ? h->worst : 0;
        s->user_held += strcmp(h->user, r->user) == 0 ? h->worst : 0;
        if (h->probe && s->probes++ == 0)
            s->first_probe_ends = l->live[i].ends - l->now;
    }
}

static int make_hold(struct ledger *l, const jl_reserve *r, const jl_standing *s, const jl_admission *a, jl_err *err) {
    static const char *const notes[] = {"", "priority", "probe", "priority probe"};
    struct row row = {.hold = {.state = JL_HOLD_RESERVED,
                               .priority = r->priority,
                               .probe = a->probe,
                               .normal = a->normal,
                               .worst = a->worst},
                      .since_ms = l->now_ms,
                      .ends = l->now + l->settings.hold};
    memcpy(row.hold.id, r->id, sizeof row.hold.id);
    (void)snprintf(row.hold.endpoint, sizeof row.hold.endpoint, "%s", r->endpoint);
    (void)snprintf(row.hold.user, sizeof row.hold.user, "%s", r->user);
    memcpy(row.hold.period, s->period, JL_PERIOD_SIZE);
    memcpy(row.hold.reach, s->reach, JL_PERIOD_SIZE);
    l->arrival = l->now + s->ahead;
    if (row_write(l, &row, err) != 0 || live_update(l, &row, err) != 0)
        return -1;
    return journal_hold(l, JL_EVENT_RESERVE, &row.hold, a->worst, notes[r->priority + 2 * a->probe], err);
}

static int admit(struct ledger *l, const jl_reserve *r, jl_admission *a, jl_err *err) {
    if (journal_breaker(l, jl_breaker_wake(&l->breaker), err) != 0)
        return -1;
    jl_standing s = {.settings = &l->settings, .breaker = l->breaker, .period_left = l->period_left};
    memcpy(s.period, l->period, JL_PERIOD_SIZE);
    jl_rules_reach(&l->settings, l->now_ms, false, s.reach);
    s.ahead = l->arrival > l->now ? l->arrival - l->now : 0;
    standing_live(l, r, &s);
    if (standing_sums(l, r, &s, err) != 0)
        return -1;
    jl_rules_reserve(&s, r, a);
    return a->refusal == JL_ADMITTED ? make_hold(l, r, &s, a, err) : 0;
}

/* The hold is there already: the answer to it was lost. */
static void admitted_before(const struct ledger *l, const struct row *r, jl_admission *a) {
    *a = (jl_admission){.normal = r->hold.normal,
                        .worst = r->hold.worst,
                        .committed = l->spent,
                        .budget = jl_rules_budget(&l->settings, r->hold.priority),
                        .probe = r->hold.probe};
    for (size_t i = 0; i < l->lives; i++)
        a->committed += l->live[i].hold.worst;
    memcpy(a->period, r->hold.period, JL_PERIOD_SIZE);
}

static int ledger_reserve(jl_ledger *base, const jl_reserve *r, jl_admission *a, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    struct row before;
    if (jl_rules_check_reserve(r, err) != 0 || enter(l, err) != 0)
        return -1;
    int rc = row_find(l, r->id, &before, err);
    if (rc == 0)
        rc = admit(l, r, a, err);
    else if (rc == 1)
        admitted_before(l, &before, a);
    return leave(l, rc < 0 ? -1 : 0, err);
}

/* ---- send ---- */

static int send_hold(struct ledger *l, struct row *r, jl_err *err) {
    char reach[JL_PERIOD_SIZE];
    jl_rules_reach(&l->settings, l->now_ms, true, reach);
    /* It would reach a period that it was not admitted for: the clock or the settings have changed. */
    if (strcmp(reach, r->hold.reach) > 0)
        return lapse(l, *r, err);
    r->hold.state = JL_HOLD_SENT;
    r->ends = l->now + l->settings.timeout + l->settings.grace;
    memcpy(r->hold.period, l->period, JL_PERIOD_SIZE);
    memcpy(r->hold.reach, reach, JL_PERIOD_SIZE);
    if (row_write(l, r, err) != 0 || live_update(l, r, err) != 0)
        return -1;
    return journal_hold(l, JL_EVENT_SEND, &r->hold, r->hold.worst, "", err);
}

static int ledger_send(jl_ledger *base, const char *id, int64_t *lease, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    struct row r = {0};
    if (jl_rules_check_id(id, err) != 0 || enter(l, err) != 0)
        return -1;
    int rc = row_find(l, id, &r, err);
    if (rc > 0 && r.hold.state == JL_HOLD_RESERVED)
        rc = send_hold(l, &r, err);
    if (leave(l, rc, err) < 0)
        return -1;
    int64_t left = r.hold.state == JL_HOLD_SENT ? r.ends - jl_boot_now() : -1;
    *lease = left > 0 ? left : -1;
    return 0;
}

/* ---- settle ---- */

/* A hold that the ledger has lost, or never had. */
static void lost_row(const struct ledger *l, const jl_settle *s, const jl_ending *e, struct row *r) {
    *r = (struct row){.hold = {.normal = e->charged, .worst = e->charged}, .since_ms = l->now_ms};
    memcpy(r->hold.id, s->id, sizeof r->hold.id);
    (void)snprintf(r->hold.endpoint, sizeof r->hold.endpoint, "%s", s->endpoint);
    (void)snprintf(r->hold.user, sizeof r->hold.user, "%s", s->user);
    memcpy(r->hold.period, l->period, JL_PERIOD_SIZE);
    memcpy(r->hold.reach, l->period, JL_PERIOD_SIZE);
}

static int settle_hold(struct ledger *l, const jl_settle *s, jl_settled *result, jl_err *err) {
    struct row r = {0};
    jl_ending e;
    int found = row_find(l, s->id, &r, err);
    if (found < 0)
        return -1;
    jl_hold_state before = (jl_hold_state)r.hold.state;
    int rc = jl_rules_settle(before, r.charged, r.hold.normal, r.hold.worst, s, &e, err);
    *result = (jl_settled){.before = before, .now = before, .charged = r.charged};
    if (rc <= 0)
        return rc;
    if (!found)
        lost_row(l, s, &e, &r);
    *result = (jl_settled){.before = before, .now = e.state, .charged = e.charged, .lost = !found};
    if (end_hold(l, &r, &e, found ? s->by : "lost", err) != 0)
        return -1;
    const char *news = jl_breaker_heard(&l->breaker, &l->settings, s->outcome, r.hold.probe, l->period_left);
    return journal_breaker(l, news, err);
}

static int ledger_settle(jl_ledger *base, const jl_settle *s, jl_settled *result, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    if (jl_rules_check_settle(s, err) != 0 || enter(l, err) != 0)
        return -1;
    return leave(l, settle_hold(l, s, result, err), err);
}

/* ---- look ---- */

static int by_age(const void *a, const void *b) {
    const jl_hold *x = a, *y = b;
    return x->age == y->age ? strcmp(x->id, y->id) : (x->age < y->age) - (x->age > y->age);
}

/* Room for one more entry of `size` bytes behind `n`: the room doubles. NULL: memory ran out. */
static void *list_grow(void *list, size_t n, size_t size) {
    if (n == 0)
        return malloc(16 * size);
    bool full = n >= 16 && (n & (n - 1)) == 0;
    return full ? realloc(list, 2 * n * size) : list;
}

static int look_room(jl_account *a, jl_err *err) {
    jl_hold *hold = list_grow(a->hold, a->holds, sizeof *hold);
    if (!hold)
        return jl_err_nomem(err);
    a->hold = hold;
    return 0;
}

static void look_hold(const struct ledger *l, const struct row *r, jl_account *a) {
    jl_hold *h = &a->hold[a->holds++];
    *h = r->hold;
    h->age = l->now_ms > r->since_ms ? (l->now_ms - r->since_ms) * JL_MILLISECOND : 0;
    h->lease = is_live(r) ? r->ends - l->now : 0;
    a->held += is_live(r) ? h->worst : 0;
}

static int look_holds(struct ledger *l, jl_account *a, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, HOLD_UNCERTAIN, err);
    int rc;
    if (!s)
        return -1;
    for (size_t i = 0; i < l->lives; i++) {
        if (look_room(a, err) != 0)
            return -1;
        look_hold(l, &l->live[i], a);
    }
    while ((rc = jl_sqlite_step(s, err)) == 1) {
        struct row r;
        if (look_room(a, err) != 0)
            return -1;
        row_read(s, &r);
        look_hold(l, &r, a);
    }
    if (a->holds)
        qsort(a->hold, a->holds, sizeof *a->hold, by_age);
    return rc;
}

static int look_sums(struct ledger *l, jl_account *a, jl_err *err) {
    char previous[JL_PERIOD_SIZE];
    jl_sqlite_stmt *s = ready(l, SUM_LIST, err);
    int rc;
    if (!s)
        return -1;
    jl_period_of(jl_period_start(l->period) - 1, l->settings.anchor, previous);
    jl_sqlite_bind_text(s, 2, previous);
    while ((rc = jl_sqlite_step(s, err)) == 1) {
        jl_period_sum *sum = list_grow(a->sum, a->sums, sizeof *sum);
        if (!sum)
            return jl_err_nomem(err);
        a->sum = sum;
        sum += a->sums++;
        copy_text(s, 0, sum->period, sizeof sum->period);
        copy_text(s, 1, sum->user, sizeof sum->user);
        sum->spent = jl_sqlite_int(s, 2);
    }
    return rc;
}

static int look_all(struct ledger *l, jl_account *a, jl_err *err) {
    a->settings = l->settings;
    memcpy(a->period, l->period, JL_PERIOD_SIZE);
    jl_period_of(jl_period_end(l->period, l->settings.anchor), l->settings.anchor, a->next);
    a->now_ms = l->now_ms;
    a->spent = l->spent;
    a->live = (uint32_t)l->lives;
    a->breaker = l->breaker.state;
    a->why = l->breaker.why;
    a->breaker_wait = l->breaker.wait;
    jl_breaker_count(&l->breaker, &l->settings, &a->calls, &a->failures);
    a->probes_well = l->breaker.probes_well;
    a->seq = (uint64_t)l->seq;
    jl_sqlite_stmt *s = ready(l, UNCERTAIN_SUM, err);
    if (!s || sum_carried(l, l->period, &a->carried, err) != 0)
        return -1;
    jl_sqlite_bind_text(s, 2, l->period);
    if (ask_number(s, &a->uncertain, err) < 0)
        return -1;
    return look_holds(l, a, err) == 0 ? look_sums(l, a, err) : -1;
}

static int ledger_look(jl_ledger *base, jl_account *account, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    *account = (jl_account){0};
    if (enter_to_read(l, err) != 0)
        return -1;
    int rc = leave(l, look_all(l, account, err), err);
    if (rc != 0)
        jl_account_free(account);
    return rc;
}

static int ledger_settings(jl_ledger *base, jl_settings *settings, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    if (begin_read(l, err) != 0)
        return -1;
    *settings = l->settings;
    abandon(l);
    return 0;
}

/* ---- set ---- */

static int setting_write(void *self, const char *name, const char *value, jl_err *err) {
    jl_sqlite_stmt *s = ready(self, SETTING_WRITE, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, name);
    jl_sqlite_bind_text(s, 3, value);
    return jl_sqlite_run(s, err);
}

static int settings_write(struct ledger *l, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, SETTING_CLEAR, err);
    if (!s || jl_sqlite_run(s, err) != 0 || jl_account_each(&l->settings, setting_write, l, err) != 0)
        return -1;
    l->settings_seq = l->settings_known = l->seq;
    l->changed = true;
    return 0;
}

static int journal_set(struct ledger *l, const char *change, jl_err *err) {
    jl_event e = {.kind = JL_EVENT_SET, .note = change};
    return journal_add(l, &e, err);
}

static int setting_default(void *self, const char *name, const char *value, jl_err *err) {
    char change[JL_NOTE_MAX + 1];
    (void)snprintf(change, sizeof change, "%s=%s", name, value);
    return journal_set(self, change, err);
}

static int make_account(struct ledger *l, jl_err *err) {
    l->seq = l->at_ms = l->arrival = l->spent = 0;
    l->last_sum[0] = '\0';
    l->breaker = (jl_breaker){0};
    jl_account_default(&l->settings);
    jl_rules_period(&l->settings, l->now_ms, l->period, &l->period_left);
    return jl_account_each(&l->settings, setting_default, l, err);
}

/* What jl_rules_carry asks; a failure stays in `rc`. */
struct carry {
    struct ledger *l;
    int rc;
    jl_err *err;
};

static int64_t carry_spent(void *self, const char *period) {
    struct carry *c = self;
    int64_t spent = 0;
    if (c->rc == 0)
        c->rc = sum_read(c->l, period, "", &spent, c->err);
    return spent;
}

static int adjust_sum(struct ledger *l, int64_t credits, const char *note, jl_err *err) {
    jl_event e = {.kind = JL_EVENT_ADJUST, .credits = credits, .period = l->period, .note = note};
    return sum_add(l, l->period, "", credits, err) == 0 ? journal_add(l, &e, err) : -1;
}

static int change_anchor(struct ledger *l, const jl_settings *before, jl_err *err) {
    if (l->lives)
        return jl_err_set(err, JL_TEMPFAIL, "%s: the anchor cannot be changed while calls are under way: %zu now",
                          l->path, l->lives);
    struct carry c = {l, 0, err};
    int64_t credits = jl_rules_carry(before, &l->settings, l->now_ms, carry_spent, &c);
    jl_rules_period(&l->settings, l->now_ms, l->period, &l->period_left);
    if (c.rc != 0 || sum_read(l, l->period, "", &l->spent, err) != 0)
        return -1;
    return credits ? adjust_sum(l, credits, "anchor", err) : 0;
}

static int change_settings(struct ledger *l, const char *const *change, size_t n, jl_err *err) {
    jl_settings before = l->settings;
    l->settings_known = 0; /* until this has been committed */
    for (size_t i = 0; i < n; i++)
        if (jl_account_set(&l->settings, change[i], err) != 0 || journal_set(l, change[i], err) != 0)
            return -1;
    if (l->settings.anchor != before.anchor && change_anchor(l, &before, err) != 0)
        return -1;
    return settings_write(l, err);
}

static int ledger_set(jl_ledger *base, const char *const *change, size_t n, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    if (attach(l, true, err) != 0 || begin_write(l, err) != 0)
        return -1;
    int rc = account_read(l, err);
    if (rc == 0)
        rc = make_account(l, err);
    else if (rc > 0)
        rc = lapse_all(l, err);
    if (rc == 0)
        rc = change_settings(l, change, n, err);
    rc = leave(l, rc, err);
    if (rc != 0)
        l->settings_known = 0;
    return rc;
}

/* ---- by hand ---- */

static int ledger_adjust(jl_ledger *base, int64_t credits, const char *note, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    if (jl_rules_check_note(note, err) != 0)
        return -1;
    if (credits > JL_CREDITS_MAX || credits < -JL_CREDITS_MAX)
        return jl_err_set(err, JL_USAGE, "%lld credits are more than an account can have", (long long)credits);
    if (enter(l, err) != 0)
        return -1;
    int rc = l->spent + credits < 0
                 ? jl_err_set(err, JL_DATA, "%s: of the period %s %lld credits are spent: %lld cannot be taken off",
                              l->path, l->period, (long long)l->spent, (long long)-credits)
                 : adjust_sum(l, credits, note, err);
    return leave(l, rc, err);
}

static int ledger_breaker(jl_ledger *base, bool open, int64_t open_for, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    if (enter(l, err) != 0)
        return -1;
    const char *news = jl_breaker_by_hand(&l->breaker, open, open_for);
    l->changed = true;
    return leave(l, journal_breaker(l, news, err), err);
}

/* ---- notices ---- */

static int notice_write(struct ledger *l, const char *key, bool told, int64_t lease, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, NOTICE_WRITE, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, key);
    jl_sqlite_bind_int(s, 3, told);
    jl_sqlite_bind_text(s, 4, l->boot);
    jl_sqlite_bind_int(s, 5, lease);
    l->changed = true;
    return jl_sqlite_run(s, err);
}

/* 1: free to be claimed. */
static int notice_free(struct ledger *l, const char *key, jl_err *err) {
    char boot[JL_BOOT_SIZE];
    jl_sqlite_stmt *s = ready(l, NOTICE_READ, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, key);
    int rc = jl_sqlite_step(s, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return 1;
    copy_text(s, 1, boot, sizeof boot);
    bool told = jl_sqlite_int(s, 0) != 0;
    bool claimed = strcmp(boot, l->boot) == 0 && jl_sqlite_int(s, 2) > l->now;
    jl_sqlite_reset(s);
    return !told && !claimed;
}

static int ledger_claim(jl_ledger *base, const char *key, int64_t lease, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    if (jl_rules_check_key(key, err) != 0 || enter(l, err) != 0)
        return -1;
    int rc = notice_free(l, key, err);
    if (rc == 1 && notice_write(l, key, false, l->now + lease, err) != 0)
        rc = -1;
    return leave(l, rc, err);
}

static int ledger_told(jl_ledger *base, const char *key, bool done, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    if (jl_rules_check_key(key, err) != 0 || enter(l, err) != 0)
        return -1;
    if (done)
        return leave(l, notice_write(l, key, true, 0, err), err);
    jl_sqlite_stmt *s = ready(l, NOTICE_GIVE_BACK, err);
    if (s)
        jl_sqlite_bind_text(s, 2, key);
    l->changed = true;
    return leave(l, s ? jl_sqlite_run(s, err) : -1, err);
}

/* ---- reading the journal ---- */

/* An entry with texts of its own: nobody is kept from writing while somebody looks at it. */
struct entry {
    jl_event e;
    char id[JL_HOLD_ID_SIZE], endpoint[JL_ENDPOINT_MAX + 1], user[JL_USER_MAX + 1];
    char period[JL_PERIOD_SIZE], reach[JL_PERIOD_SIZE], note[JL_NOTE_MAX + 1];
};

static void entry_read(jl_sqlite_stmt *s, struct entry *to) {
    copy_text(s, 3, to->id, sizeof to->id);
    copy_text(s, 4, to->endpoint, sizeof to->endpoint);
    copy_text(s, 5, to->user, sizeof to->user);
    copy_text(s, 7, to->period, sizeof to->period);
    copy_text(s, 8, to->reach, sizeof to->reach);
    copy_text(s, 9, to->note, sizeof to->note);
    to->e = (jl_event){.seq = (uint64_t)jl_sqlite_int(s, 0),
                       .at_ms = jl_sqlite_int(s, 1),
                       .kind = (jl_event_kind)jl_sqlite_int(s, 2),
                       .id = to->id,
                       .endpoint = to->endpoint,
                       .user = to->user,
                       .credits = jl_sqlite_int(s, 6),
                       .period = to->period,
                       .reach = to->reach,
                       .note = to->note};
}

/* Fills up to JOURNAL_BATCH entries from `from` on; those that are missing leave a gap. */
static int journal_batch(struct ledger *l, uint64_t from, uint64_t last, struct entry *to, size_t *n, jl_err *err) {
    *n = 0;
    if (attach(l, false, err) != 0 || jl_sqlite_begin(l->db, false, err) != 0)
        return -1;
    jl_sqlite_stmt *s = ready(l, JOURNAL_READ, err);
    int rc = s ? 1 : -1;
    if (s) {
        uint64_t to_seq = last - from < JOURNAL_BATCH ? last : from + JOURNAL_BATCH - 1;
        jl_sqlite_bind_int(s, 2, (int64_t)from);
        jl_sqlite_bind_int(s, 3, (int64_t)to_seq);
    }
    while (rc > 0 && (rc = jl_sqlite_step(s, err)) == 1)
        entry_read(s, &to[(*n)++]);
    jl_sqlite_rollback(l->db);
    return rc;
}

/* The journal may be all that is left of an account. */
static int journal_end(struct ledger *l, int64_t *last, jl_err *err) {
    if (attach(l, false, err) != 0 || jl_sqlite_begin(l->db, false, err) != 0)
        return -1;
    int rc = journal_last(l, last, err);
    if (rc == 0 && *last == 0) {
        look_at_clocks(l);
        rc = account_read(l, err);
        rc = rc == 0 ? no_account(l, err) : rc < 0 ? -1 : 0;
    }
    jl_sqlite_rollback(l->db);
    return rc;
}

static int ledger_journal(jl_ledger *base, uint64_t from, int (*each)(void *self, const jl_event *e, jl_err *err),
                          void *self, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    int64_t last;
    if (journal_end(l, &last, err) != 0)
        return -1;
    struct entry *batch = malloc(JOURNAL_BATCH * sizeof *batch);
    if (!batch)
        return jl_err_nomem(err);
    int rc = 0;
    for (; rc == 0 && from <= (uint64_t)last; from += JOURNAL_BATCH) {
        size_t n;
        rc = journal_batch(l, from, (uint64_t)last, batch, &n, err);
        for (size_t i = 0; rc == 0 && i < n; i++)
            rc = each(self, &batch[i].e, err);
    }
    free(batch);
    return rc;
}

/* ---- restore ---- */

static int clear_all(struct ledger *l, jl_err *err) {
    static const enum query clear[] = {SETTING_CLEAR, HOLD_CLEAR, SUM_CLEAR};
    for (size_t i = 0; i < sizeof clear / sizeof *clear; i++) {
        jl_sqlite_stmt *s = ready(l, clear[i], err);
        if (!s || jl_sqlite_run(s, err) != 0)
            return -1;
    }
    l->lives = 0;
    return 0;
}

static int restore_holds(struct ledger *l, const jl_account *a, jl_err *err) {
    for (size_t i = 0; i < a->holds; i++) {
        struct row r = {.hold = a->hold[i], .since_ms = l->now_ms - a->hold[i].age / JL_MILLISECOND};
        if (is_live(&r)) {
            r.ends = l->now + (r.hold.lease > 0 ? r.hold.lease : 0);
            l->lives++;
        } else {
            r.charged = r.hold.worst;
        }
        if (row_write(l, &r, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < a->endings; i++) {
        const jl_ended *e = &a->ended[i];
        struct row r = {.hold = {.state = e->state}, .charged = e->charged, .since_ms = l->now_ms};
        memcpy(r.hold.id, e->id, sizeof r.hold.id);
        memcpy(r.hold.period, e->period, JL_PERIOD_SIZE);
        memcpy(r.hold.reach, e->period, JL_PERIOD_SIZE);
        if (row_write(l, &r, err) != 0)
            return -1;
    }
    return 0;
}

static int restore_sums(struct ledger *l, const jl_account *a, jl_err *err) {
    l->last_sum[0] = '\0';
    for (size_t i = 0; i < a->sums; i++) {
        const jl_period_sum *sum = &a->sum[i];
        if (sum_add_one(l, sum->period, sum->user, sum->spent, err) != 0)
            return -1;
        if (!sum->user[0] && strcmp(sum->period, l->last_sum) > 0)
            memcpy(l->last_sum, sum->period, JL_PERIOD_SIZE);
    }
    return 0;
}

static int restore_all(struct ledger *l, const jl_account *a, jl_err *err) {
    jl_event rebuilt = {.kind = JL_EVENT_REBUILD};
    l->settings = a->settings;
    l->settings_known = 0;
    l->seq = (int64_t)a->seq;
    l->at_ms = a->now_ms;
    l->arrival = 0;
    l->breaker =
        (jl_breaker){.state = a->breaker, .why = a->why, .wait = a->breaker_wait, .probes_well = a->probes_well};
    jl_rules_period(&l->settings, l->now_ms, l->period, &l->period_left);
    if (clear_all(l, err) != 0 || restore_holds(l, a, err) != 0 || restore_sums(l, a, err) != 0 ||
        journal_add(l, &rebuilt, err) != 0)
        return -1;
    return settings_write(l, err);
}

/* What the account has seen of its journal must still be there. */
static int journal_whole(struct ledger *l, int64_t last, jl_err *err) {
    jl_sqlite_stmt *s = ready(l, ACCOUNT_READ, err);
    int rc = s ? jl_sqlite_step(s, err) : -1;
    if (rc <= 0)
        return rc;
    int64_t seen = jl_sqlite_int(s, 0);
    jl_sqlite_reset(s);
    if (seen <= last)
        return 0;
    return jl_err_set(err, JL_CONFIG,
                      "%s: the journal of %s has lost its last entries: nobody knows what they have cost", l->path,
                      l->provider);
}

static int ledger_restore(jl_ledger *base, const jl_account *account, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    int64_t last;
    if (attach(l, false, err) != 0 || begin_write(l, err) != 0)
        return -1;
    int rc = journal_last(l, &last, err);
    if (rc == 0)
        rc = journal_whole(l, last, err);
    if (rc == 0)
        rc = last != (int64_t)account->seq ? 1 : restore_all(l, account, err);
    rc = leave(l, rc, err);
    l->settings_known = 0;
    return rc;
}

/* ---- opening ---- */

static void ledger_close(jl_ledger *base) {
    struct ledger *l = (struct ledger *)base;
    jl_sqlite_close(l->db);
    free(l->live);
    free(l->path);
    free(l->provider);
    free(l);
}

static const jl_ledger_ops ops = {.reserve = ledger_reserve,
                                  .send = ledger_send,
                                  .settle = ledger_settle,
                                  .look = ledger_look,
                                  .settings = ledger_settings,
                                  .set = ledger_set,
                                  .adjust = ledger_adjust,
                                  .breaker = ledger_breaker,
                                  .journal = ledger_journal,
                                  .claim = ledger_claim,
                                  .told = ledger_told,
                                  .restore = ledger_restore,
                                  .close = ledger_close};

static jl_ledger *ledger_open(const jl_url *url, const char *provider, int64_t patience, jl_err *err) {
    struct ledger *l = calloc(1, sizeof *l);
    if (!l) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    l->path = jl_sqlite_path(url, err);
    l->provider = strdup(provider);
    if (l->path && !l->provider)
        (void)jl_err_nomem(err);
    if (!l->path || !l->provider) {
        ledger_close(&l->base);
        return NULL;
    }
    l->base.ops = &ops;
    l->patience = patience > 0 ? patience : PATIENCE;
    jl_boot_id(l->boot);
    return &l->base;
}

const jl_ledger_opener jl_ledger_sqlite = {"sqlite", jl_sqlite_version, ledger_open};
