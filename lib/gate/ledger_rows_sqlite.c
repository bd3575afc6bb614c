/* The tables of a ledger's file, row by row. */
#include "gate/ledger_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define SUBJECT_MAX (1 << 20) /* holds that are read at once; far more than concurrency can be */

/* One account is one provider, so that people can read the tables too. Of `account`: seq and at_ms are of the journal's
   last entry, settings is the seq at which they changed last; live counts live holds, holds and sums all rows of these
   tables, last_sum names the newest period with a sum, so that a row that is missing is noticed. `until` of an open breaker is of the boot's clock after failures, else
   of the wall clock. */
const jl_sqlite_kind jl_lfile_kind = {
    .what = "a ledger of jobline",
    .application_id = 0x6a6c6c67, /* "jllg" */
    .version = 1,
    .schema = "CREATE TABLE account(provider TEXT PRIMARY KEY, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
              " settings INTEGER NOT NULL, live INTEGER NOT NULL, last_sum TEXT NOT NULL, boot TEXT NOT NULL,"
              " arrival INTEGER NOT NULL, breaker INTEGER NOT NULL, why INTEGER NOT NULL, until INTEGER NOT NULL,"
              " probes_well INTEGER NOT NULL, window TEXT NOT NULL, holds INTEGER NOT NULL, sums INTEGER NOT NULL)"
              " WITHOUT ROWID;"
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

#define HOLD_COLUMNS                                                                                                   \
    "id, state, endpoint, user, priority, probe, normal, worst, charged, period, reach, since_ms, lease"
static const char *const sql[QUERIES] = {
    [ACCOUNT_READ] =
        "SELECT seq, at_ms, settings, live, last_sum, boot, arrival, breaker, why, until, probes_well, window,"
        " holds, sums"
        " FROM account WHERE provider = ?",
    [ACCOUNT_WRITE] = "REPLACE INTO account VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SETTING_READ] = "SELECT name || '=' || value FROM setting WHERE provider = ?",
    [SETTING_WRITE] = "INSERT INTO setting VALUES(?, ?, ?)",
    [SETTING_CLEAR] = "DELETE FROM setting WHERE provider = ?",
    [HOLD_LIVE] = "SELECT " HOLD_COLUMNS " FROM hold WHERE provider = ? AND state IN (1, 2) ORDER BY lease",
    [HOLD_UNCERTAIN] = "SELECT " HOLD_COLUMNS " FROM hold WHERE provider = ? AND state = 3",
    [HOLD_READ] = "SELECT " HOLD_COLUMNS " FROM hold WHERE provider = ? AND id = ?",
    [HOLD_WRITE] = "REPLACE INTO hold(provider, " HOLD_COLUMNS ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [HOLD_CLEAR] = "DELETE FROM hold WHERE provider = ?",
    [HOLD_FORGET] = "DELETE FROM hold WHERE provider = ?1 AND state IN (4, 5) AND period < ?3 AND id IN"
                    " (SELECT id FROM hold WHERE provider = ?1 AND id > ?2 ORDER BY id LIMIT 8) RETURNING id",
    [HOLD_COUNT] = "SELECT count(*) FROM hold WHERE provider = ?",
    [CARRIED] = "SELECT sum(charged) FROM hold WHERE provider = ? AND state = 3 AND reach >= ?2 AND period < ?2",
    [SUM_READ] = "SELECT spent FROM sum WHERE provider = ? AND period = ? AND user = ?",
    [SUM_ADD] = "INSERT INTO sum VALUES(?, ?, ?, ?)"
                " ON CONFLICT(provider, period, user) DO UPDATE SET spent = spent + excluded.spent",
    [SUM_COUNT] = "SELECT count(*) FROM sum WHERE provider = ?",
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

/* ---- clocks ---- */

void jl_lfile_clocks(jl_lfile *l) {
    l->now_ms = jl_clock_wall() / JL_MILLISECOND;
    l->now = jl_boot_now();
}

/* The clock that an open breaker's end is of. */
static int64_t breaker_clock(const jl_lfile *l) {
    return l->breaker.why == JL_OPEN_FAILURES ? l->now : l->now_ms * JL_MILLISECOND;
}

/* ---- statements ---- */

static int lost(const jl_lfile *l, const char *what, jl_err *err) {
    return jl_err_set(err, JL_CONFIG, "%s: the account %s has lost %s: run credits rebuild", l->path, l->provider,
                      what);
}

int jl_lfile_no_account(const jl_lfile *l, jl_err *err) {
    return jl_err_set(err, JL_CONFIG,
                      "%s: there is no account %s in this ledger: credits set makes one (if there was one, it has been "
                      "lost)",
                      l->path, l->provider);
}

int jl_lfile_no_ledger(const jl_lfile *l, jl_err *err) {
    return jl_err_set(err, JL_CONFIG,
                      "%s: there is no ledger: credits set makes one (if there was one, it has been lost)", l->path);
}

jl_sqlite_stmt *jl_lfile_ready(jl_lfile *l, enum jl_lfile_query q, jl_err *err) {
    if (jl_sqlite_prepare(l->db, &l->stmt[q], sql[q], err) != 0)
        return NULL;
    jl_sqlite_bind_text(l->stmt[q], 1, l->provider);
    return l->stmt[q];
}

void jl_lfile_copy_text(jl_sqlite_stmt *s, int column, char *to, size_t size) {
    jl_span text = jl_sqlite_bytes(s, column);
    size_t n = text.n < size ? text.n : size - 1;
    if (n)
        memcpy(to, text.p, n);
    to[n] = '\0';
}

int jl_lfile_ask_number(jl_sqlite_stmt *s, int64_t *value, jl_err *err) {
    int rc = jl_sqlite_step(s, err);
    *value = rc == 1 ? jl_sqlite_int(s, 0) : 0;
    if (rc == 1)
        jl_sqlite_reset(s);
    return rc;
}

/* ---- rows ---- */

void jl_lfile_row_read(jl_sqlite_stmt *s, jl_lfile_row *r) {
    jl_hold *h = &r->hold;
    jl_lfile_copy_text(s, 0, h->id, sizeof h->id);
    h->state = (int)jl_sqlite_int(s, 1);
    jl_lfile_copy_text(s, 2, h->endpoint, sizeof h->endpoint);
    jl_lfile_copy_text(s, 3, h->user, sizeof h->user);
    h->priority = jl_sqlite_int(s, 4) != 0;
    h->probe = jl_sqlite_int(s, 5) != 0;
    h->normal = jl_sqlite_int(s, 6);
    h->worst = jl_sqlite_int(s, 7);
    r->charged = jl_sqlite_int(s, 8);
    jl_lfile_copy_text(s, 9, h->period, sizeof h->period);
    jl_lfile_copy_text(s, 10, h->reach, sizeof h->reach);
    r->since_ms = jl_sqlite_int(s, 11);
    r->ends = jl_sqlite_int(s, 12);
}

int jl_lfile_row_write(jl_lfile *l, const jl_lfile_row *r, jl_err *err) {
    const jl_hold *h = &r->hold;
    jl_sqlite_stmt *s = jl_lfile_ready(l, HOLD_WRITE, err);
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

int jl_lfile_row_find(jl_lfile *l, const char *id, jl_lfile_row *r, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, HOLD_READ, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, id);
    int rc = jl_sqlite_step(s, err);
    if (rc == 1) {
        jl_lfile_row_read(s, r);
        jl_sqlite_reset(s);
    }
    return rc;
}

bool jl_lfile_is_live(const jl_lfile_row *r) {
    return r->hold.state == JL_HOLD_RESERVED || r->hold.state == JL_HOLD_SENT;
}

/* Room for one more. */
static int live_reserve(jl_lfile *l, jl_err *err) {
    if (l->lives < l->room)
        return 0;
    size_t room = l->room ? 2 * l->room : 32;
    jl_lfile_row *live = room <= SUBJECT_MAX ? realloc(l->live, room * sizeof *live) : NULL;
    if (!live)
        return jl_err_nomem(err);
    l->live = live;
    l->room = room;
    return 0;
}

static int live_read(jl_lfile *l, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, HOLD_LIVE, err);
    int rc;
    l->lives = 0;
    while (s && (rc = jl_sqlite_step(s, err)) != 0) {
        if (rc < 0 || live_reserve(l, err) != 0)
            return -1;
        jl_lfile_row_read(s, &l->live[l->lives++]);
    }
    return s ? 0 : -1;
}

int jl_lfile_live_update(jl_lfile *l, const jl_lfile_row *r, jl_err *err) {
    size_t i = 0;
    while (i < l->lives && strcmp(l->live[i].hold.id, r->hold.id) != 0)
        i++;
    if (i == l->lives) {
        if (!jl_lfile_is_live(r))
            return 0;
        if (live_reserve(l, err) != 0)
            return -1;
        l->lives++;
    }
    if (jl_lfile_is_live(r)) {
        l->live[i] = *r;
    } else {
        l->lives--;
        memmove(l->live + i, l->live + i + 1, (l->lives - i) * sizeof *l->live);
    }
    return 0;
}

/* ---- sums ---- */

static int counted(jl_lfile *l, enum jl_lfile_query count, int64_t wanted, const char *what, jl_err *err) {
    int64_t n;
    jl_sqlite_stmt *s = jl_lfile_ready(l, count, err);
    if (!s || jl_lfile_ask_number(s, &n, err) < 0)
        return -1;
    return n >= wanted ? 0 : lost(l, what, err);
}

int jl_lfile_count_holds(jl_lfile *l, jl_err *err) {
    return counted(l, HOLD_COUNT, l->holds, "a hold", err);
}

int jl_lfile_count_sums(jl_lfile *l, jl_err *err) {
    return counted(l, SUM_COUNT, l->sums, "the sum of a user or of a period", err);
}

/* 1: found; 0: there is none, or none any more. */
static int sum_find(jl_lfile *l, const char *period, const char *user, int64_t *spent, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, SUM_READ, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, period);
    jl_sqlite_bind_text(s, 3, user);
    return jl_lfile_ask_number(s, spent, err);
}

int jl_lfile_sum_read(jl_lfile *l, const char *period, const char *user, int64_t *spent, jl_err *err) {
    int rc = sum_find(l, period, user, spent, err);
    if (rc == 0 && user[0])
        return jl_lfile_count_sums(l, err);
    if (rc == 0 && strcmp(period, l->last_sum) == 0)
        return lost(l, "the sum of a period", err);
    return rc < 0 ? -1 : 0;
}

int jl_lfile_sum_add_one(jl_lfile *l, const char *period, const char *user, int64_t credits, jl_err *err) {
    int64_t before;
    int found = sum_find(l, period, user, &before, err);
    jl_sqlite_stmt *s = found >= 0 ? jl_lfile_ready(l, SUM_ADD, err) : NULL;
    if (!s)
        return -1;
    l->sums += !found;
    jl_sqlite_bind_text(s, 2, period);
    jl_sqlite_bind_text(s, 3, user);
    jl_sqlite_bind_int(s, 4, credits);
    return jl_sqlite_run(s, err);
}

int jl_lfile_sum_add(jl_lfile *l, const char *period, const char *user, int64_t credits, jl_err *err) {
    if (credits == 0)
        return 0;
    if (jl_lfile_sum_add_one(l, period, "", credits, err) != 0 ||
        (user[0] && jl_lfile_sum_add_one(l, period, user, credits, err) != 0))
        return -1;
    if (strcmp(period, l->last_sum) > 0)
        memcpy(l->last_sum, period, JL_PERIOD_SIZE);
    if (strcmp(period, l->period) == 0)
        l->spent += credits;
    l->changed = true;
    return 0;
}

int jl_lfile_sum_carried(jl_lfile *l, const char *period, int64_t *carried, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, CARRIED, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, period);
    return jl_lfile_ask_number(s, carried, err) < 0 ? -1 : 0;
}

/* ---- the journal ---- */

int jl_lfile_journal_add(jl_lfile *l, const jl_event *e, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, JOURNAL_ADD, err);
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

int jl_lfile_journal_hold(jl_lfile *l, jl_event_kind kind, const jl_hold *h, int64_t credits, const char *note,
                          jl_err *err) {
    jl_event e = {.kind = kind,
                  .id = h->id,
                  .endpoint = h->endpoint,
                  .user = h->user,
                  .credits = credits,
                  .period = h->period,
                  .reach = h->reach,
                  .note = note};
    return jl_lfile_journal_add(l, &e, err);
}

int jl_lfile_journal_breaker(jl_lfile *l, const char *note, jl_err *err) {
    if (!note)
        return 0;
    jl_event e = {.kind = JL_EVENT_BREAKER, .period = l->period, .note = note};
    return jl_lfile_journal_add(l, &e, err);
}

int jl_lfile_adjust(jl_lfile *l, int64_t credits, const char *note, jl_err *err) {
    jl_event e = {.kind = JL_EVENT_ADJUST, .credits = credits, .period = l->period, .note = note};
    return jl_lfile_sum_add(l, l->period, "", credits, err) == 0 ? jl_lfile_journal_add(l, &e, err) : -1;
}

/* ---- the account's row ---- */

/* What the file says, for the clocks of this moment. */
static void account_take(jl_lfile *l, jl_sqlite_stmt *s) {
    char boot[JL_BOOT_SIZE];
    l->seq = jl_sqlite_int(s, 0);
    l->at_ms = jl_sqlite_int(s, 1);
    l->settings_seq = jl_sqlite_int(s, 2);
    jl_lfile_copy_text(s, 4, l->last_sum, sizeof l->last_sum);
    jl_lfile_copy_text(s, 5, boot, sizeof boot);
    bool here = strcmp(boot, l->boot) == 0;
    l->arrival = here ? jl_sqlite_int(s, 6) : 0;
    l->breaker.state = (jl_breaker_state)jl_sqlite_int(s, 7);
    l->breaker.why = (jl_breaker_why)jl_sqlite_int(s, 8);
    int64_t until = jl_sqlite_int(s, 9);
    int64_t left = l->breaker.why == JL_OPEN_FAILURES && !here ? 0 : until - breaker_clock(l);
    l->breaker.wait = until < 0 ? -1 : left > 0 ? left : 0;
    l->breaker.probes_well = (uint32_t)jl_sqlite_int(s, 10);
    jl_lfile_copy_text(s, 11, l->breaker.window, sizeof l->breaker.window);
    l->holds = jl_sqlite_int(s, 12);
    l->sums = jl_sqlite_int(s, 13);
    if (!here)
        for (size_t i = 0; i < l->lives; i++)
            l->live[i].ends = 0;
}

int jl_lfile_account_write(jl_lfile *l, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, ACCOUNT_WRITE, err);
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
    jl_sqlite_bind_int(s, 14, l->holds);
    jl_sqlite_bind_int(s, 15, l->sums);
    return jl_sqlite_run(s, err);
}

int jl_lfile_journal_last(jl_lfile *l, int64_t *seq, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, JOURNAL_LAST, err);
    return s && jl_lfile_ask_number(s, seq, err) >= 0 ? 0 : -1;
}

static int settings_read(jl_lfile *l, jl_err *err) {
    if (l->settings_known == l->settings_seq)
        return 0;
    char change[JL_NOTE_MAX + 1];
    jl_settings read;
    jl_sqlite_stmt *s = jl_lfile_ready(l, SETTING_READ, err);
    int rc = s ? 0 : -1;
    size_t n = 0;
    jl_account_default(&read);
    while (rc == 0 && (rc = jl_sqlite_step(s, err)) == 1) {
        jl_lfile_copy_text(s, 0, change, sizeof change);
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

int jl_lfile_account_read(jl_lfile *l, jl_err *err) {
    int64_t last;
    if (live_read(l, err) != 0 || jl_lfile_journal_last(l, &last, err) != 0)
        return -1;
    jl_sqlite_stmt *s = jl_lfile_ready(l, ACCOUNT_READ, err);
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
    return jl_lfile_sum_read(l, l->period, "", &l->spent, err) == 0 ? 1 : -1;
}
