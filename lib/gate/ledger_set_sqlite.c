/* How an account comes into a ledger's file: by its settings, or anew from its journal. */
#include "gate/ledger_sqlite.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* ---- set ---- */

static int setting_write(void *self, const char *name, const char *value, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(self, SETTING_WRITE, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, name);
    jl_sqlite_bind_text(s, 3, value);
    return jl_sqlite_run(s, err);
}

static int settings_write(jl_lfile *l, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, SETTING_CLEAR, err);
    if (!s || jl_sqlite_run(s, err) != 0 || jl_account_each(&l->settings, setting_write, l, err) != 0)
        return -1;
    l->settings_seq = l->settings_known = l->seq;
    l->changed = true;
    return 0;
}

static int journal_set(jl_lfile *l, const char *change, jl_err *err) {
    jl_event e = {.kind = JL_EVENT_SET, .note = change};
    return jl_lfile_journal_add(l, &e, err);
}

static int setting_default(void *self, const char *name, const char *value, jl_err *err) {
    char change[JL_NOTE_MAX + 1];
    (void)snprintf(change, sizeof change, "%s=%s", name, value);
    return journal_set(self, change, err);
}

static int make_account(jl_lfile *l, jl_err *err) {
    l->seq = l->at_ms = l->arrival = l->spent = l->holds = l->sums = 0;
    l->last_sum[0] = '\0';
    l->breaker = (jl_breaker){0};
    jl_account_default(&l->settings);
    jl_rules_period(&l->settings, l->now_ms, l->period, &l->period_left);
    return jl_account_each(&l->settings, setting_default, l, err);
}

/* What jl_rules_carry asks; a failure stays in `rc`. */
struct carry {
    jl_lfile *l;
    int rc;
    jl_err *err;
};

static int64_t carry_spent(void *self, const char *period) {
    struct carry *c = self;
    int64_t spent = 0;
    if (c->rc == 0)
        c->rc = jl_lfile_sum_read(c->l, period, "", &spent, c->err);
    return spent;
}

static int change_anchor(jl_lfile *l, const jl_settings *before, jl_err *err) {
    if (l->lives)
        return jl_err_set(err, JL_TEMPFAIL, "%s: the anchor cannot be changed while calls are under way: %zu now",
                          l->path, l->lives);
    struct carry c = {l, 0, err};
    int64_t credits = jl_rules_carry(before, &l->settings, l->now_ms, carry_spent, &c);
    jl_rules_period(&l->settings, l->now_ms, l->period, &l->period_left);
    if (c.rc != 0 || jl_lfile_sum_read(l, l->period, "", &l->spent, err) != 0)
        return -1;
    return credits ? jl_lfile_adjust(l, credits, "anchor", err) : 0;
}

static int change_settings(jl_lfile *l, const char *const *change, size_t n, jl_err *err) {
    jl_settings before = l->settings;
    l->settings_known = 0; /* until this has been committed */
    for (size_t i = 0; i < n; i++)
        if (jl_account_set(&l->settings, change[i], err) != 0 || journal_set(l, change[i], err) != 0)
            return -1;
    if (l->arrival > l->now)
        l->arrival = l->now + jl_rules_ahead(&l->settings, l->arrival - l->now);
    if (l->settings.anchor != before.anchor && change_anchor(l, &before, err) != 0)
        return -1;
    return settings_write(l, err);
}

int jl_lfile_set(jl_ledger *base, const char *const *change, size_t n, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
    if (jl_lfile_attach(l, true, err) != 0 || jl_lfile_begin_write(l, err) != 0)
        return -1;
    int rc = jl_lfile_account_read(l, err);
    if (rc == 0)
        rc = make_account(l, err);
    else if (rc > 0)
        rc = jl_lfile_lapse_all(l, err);
    if (rc == 0)
        rc = change_settings(l, change, n, err);
    rc = jl_lfile_leave(l, rc, err);
    if (rc != 0)
        l->settings_known = 0;
    return rc;
}

/* ---- restore ---- */

/* Leaves the counts of what `a` is about to bring. */
static int clear_all(jl_lfile *l, const jl_account *a, jl_err *err) {
    static const enum jl_lfile_query clear[] = {SETTING_CLEAR, HOLD_CLEAR, SUM_CLEAR};
    for (size_t i = 0; i < sizeof clear / sizeof *clear; i++) {
        jl_sqlite_stmt *s = jl_lfile_ready(l, clear[i], err);
        if (!s || jl_sqlite_run(s, err) != 0)
            return -1;
    }
    l->lives = 0;
    l->holds = (int64_t)(a->holds + a->endings);
    l->sums = 0;
    return 0;
}

static int restore_holds(jl_lfile *l, const jl_account *a, jl_err *err) {
    for (size_t i = 0; i < a->holds; i++) {
        jl_lfile_row r = {.hold = a->hold[i], .since_ms = l->now_ms - a->hold[i].age / JL_MILLISECOND};
        if (jl_lfile_is_live(&r)) {
            r.ends = l->now + (r.hold.lease > 0 ? r.hold.lease : 0);
            l->lives++;
        } else {
            r.charged = r.hold.worst;
        }
        if (jl_lfile_row_write(l, &r, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < a->endings; i++) {
        const jl_ended *e = &a->ended[i];
        jl_lfile_row r = {.hold = {.state = e->state}, .charged = e->charged, .since_ms = l->now_ms};
        memcpy(r.hold.id, e->id, sizeof r.hold.id);
        memcpy(r.hold.period, e->period, JL_PERIOD_SIZE);
        memcpy(r.hold.reach, e->period, JL_PERIOD_SIZE);
        if (jl_lfile_row_write(l, &r, err) != 0)
            return -1;
    }
    return 0;
}

static int restore_sums(jl_lfile *l, const jl_account *a, jl_err *err) {
    l->last_sum[0] = '\0';
    for (size_t i = 0; i < a->sums; i++) {
        const jl_period_sum *sum = &a->sum[i];
        if (jl_lfile_sum_add_one(l, sum->period, sum->user, sum->spent, err) != 0)
            return -1;
        if (!sum->user[0] && strcmp(sum->period, l->last_sum) > 0)
            memcpy(l->last_sum, sum->period, JL_PERIOD_SIZE);
    }
    return 0;
}

static int restore_all(jl_lfile *l, const jl_account *a, jl_err *err) {
    jl_event rebuilt = {.kind = JL_EVENT_REBUILD};
    l->settings = a->settings;
    l->settings_known = 0;
    l->seq = (int64_t)a->seq;
    l->at_ms = a->now_ms;
    l->arrival = 0;
    l->breaker =
        (jl_breaker){.state = a->breaker, .why = a->why, .wait = a->breaker_wait, .probes_well = a->probes_well};
    jl_rules_period(&l->settings, l->now_ms, l->period, &l->period_left);
    if (clear_all(l, a, err) != 0 || restore_holds(l, a, err) != 0 || restore_sums(l, a, err) != 0 ||
        jl_lfile_journal_add(l, &rebuilt, err) != 0)
        return -1;
    return settings_write(l, err);
}

/* What the account has seen of its journal must still be there. */
static int journal_whole(jl_lfile *l, int64_t last, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, ACCOUNT_READ, err);
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

int jl_lfile_restore(jl_ledger *base, const jl_account *account, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
    int64_t last;
    if (jl_lfile_attach(l, false, err) != 0 || jl_lfile_begin_write(l, err) != 0)
        return -1;
    int rc = jl_lfile_journal_last(l, &last, err);
    if (rc == 0)
        rc = journal_whole(l, last, err);
    if (rc == 0)
        rc = last != (int64_t)account->seq ? 1 : restore_all(l, account, err);
    rc = jl_lfile_leave(l, rc, err);
    l->settings_known = 0;
    return rc;
}
