/* A ledger as tables of an SQLite file, which any number of accounts share.

   Whatever an operation reads and writes is one transaction, which has the write lock from its beginning. Holds are rows
   that stay when they have ended, for this period and the next at least, so that a second settling finds what the first
   one did; sums are kept beside them. The journal is written once, which triggers see to.

   There are two clocks. Periods and the journal go by the wall clock. Leases, the rate and the breaker's cool-down go by
   CLOCK_BOOTTIME, the same for all processes of a machine, whoever sets its wall clock; what was written before the
   machine was started last has ended, which the boot's id tells. */
#include "gate/ledger_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define PATIENCE (10 * JL_SECOND)

/* ---- reserve ---- */

static int standing_sums(jl_lfile *l, const jl_reserve *r, jl_standing *s, jl_err *err) {
    int64_t carried;
    if (jl_lfile_sum_carried(l, s->period, &carried, err) != 0)
        return -1;
    s->committed += l->spent + carried;
    if (l->settings.user_cap && r->user[0] && jl_lfile_sum_read(l, s->period, r->user, &s->user_spent, err) != 0)
        return -1;
    if (strcmp(s->period, s->reach) == 0)
        return 0;
    int64_t spent;
    if (jl_lfile_sum_carried(l, s->reach, &carried, err) != 0 || jl_lfile_sum_read(l, s->reach, "", &spent, err) != 0)
        return -1;
    s->committed_reach += spent + carried;
    return 0;
}

/* A live hold reaches the current period, whatever is written: it is live. */
static void standing_live(const jl_lfile *l, const jl_reserve *r, jl_standing *s) {
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

/* Rows of holds that ended before the previous period are looked for among the neighbours of each new one: ids are
   random, so that all have their turn, in pages that are being written anyway. */
static int forget_some(jl_lfile *l, const char *id, jl_err *err) {
    char previous[JL_PERIOD_SIZE];
    jl_sqlite_stmt *s = jl_lfile_ready(l, HOLD_FORGET, err);
    if (!s)
        return -1;
    jl_period_of(jl_period_start(l->period) - 1, l->settings.anchor, previous);
    jl_sqlite_bind_text(s, 2, id);
    jl_sqlite_bind_text(s, 3, previous);
    int rc;
    while ((rc = jl_sqlite_step(s, err)) == 1)
        l->holds--;
    return rc;
}

static int make_hold(jl_lfile *l, const jl_reserve *r, const jl_standing *s, const jl_admission *a, jl_err *err) {
    static const char *const notes[] = {"", "priority", "probe", "priority probe"};
    jl_lfile_row row = {.hold = {.state = JL_HOLD_RESERVED,
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
    l->holds++;
    if (forget_some(l, r->id, err) != 0 || jl_lfile_row_write(l, &row, err) != 0 ||
        jl_lfile_live_update(l, &row, err) != 0)
        return -1;
    return jl_lfile_journal_hold(l, JL_EVENT_RESERVE, &row.hold, a->worst, notes[r->priority + 2 * a->probe], err);
}

static int admit(jl_lfile *l, const jl_reserve *r, jl_admission *a, jl_err *err) {
    if (jl_lfile_journal_breaker(l, jl_breaker_wake(&l->breaker), err) != 0)
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
static void admitted_before(const jl_lfile *l, const jl_lfile_row *r, jl_admission *a) {
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
    jl_lfile *l = (jl_lfile *)base;
    jl_lfile_row before;
    if (jl_rules_check_reserve(r, err) != 0 || jl_lfile_enter(l, err) != 0)
        return -1;
    int rc = jl_lfile_row_find(l, r->id, &before, err);
    if (rc == 0)
        rc = admit(l, r, a, err);
    else if (rc == 1)
        admitted_before(l, &before, a);
    return jl_lfile_leave(l, rc < 0 ? -1 : 0, err);
}

/* ---- send ---- */

static int send_hold(jl_lfile *l, jl_lfile_row *r, jl_err *err) {
    char reach[JL_PERIOD_SIZE];
    jl_rules_reach(&l->settings, l->now_ms, true, reach);
    /* It would reach a period that it was not admitted for: the clock or the settings have changed. */
    if (strcmp(reach, r->hold.reach) > 0)
        return jl_lfile_lapse(l, *r, err);
    r->hold.state = JL_HOLD_SENT;
    r->ends = l->now + l->settings.timeout + l->settings.grace;
    memcpy(r->hold.period, l->period, JL_PERIOD_SIZE);
    memcpy(r->hold.reach, reach, JL_PERIOD_SIZE);
    if (jl_lfile_row_write(l, r, err) != 0 || jl_lfile_live_update(l, r, err) != 0)
        return -1;
    return jl_lfile_journal_hold(l, JL_EVENT_SEND, &r->hold, r->hold.worst, "", err);
}

static int ledger_send(jl_ledger *base, const char *id, int64_t *lease, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
    jl_lfile_row r = {0};
    if (jl_rules_check_id(id, err) != 0 || jl_lfile_enter(l, err) != 0)
        return -1;
    int rc = jl_lfile_row_find(l, id, &r, err);
    if (rc > 0 && r.hold.state == JL_HOLD_RESERVED)
        rc = send_hold(l, &r, err);
    if (jl_lfile_leave(l, rc, err) < 0)
        return -1;
    int64_t left = r.hold.state == JL_HOLD_SENT ? r.ends - jl_boot_now() : -1;
    *lease = left > 0 ? left : -1;
    return 0;
}

/* ---- settle ---- */

/* A hold that the ledger has lost, or never had. */
static void lost_row(const jl_lfile *l, const jl_settle *s, const jl_ending *e, jl_lfile_row *r) {
    *r = (jl_lfile_row){.hold = {.normal = e->charged, .worst = e->charged}, .since_ms = l->now_ms};
    memcpy(r->hold.id, s->id, sizeof r->hold.id);
    (void)snprintf(r->hold.endpoint, sizeof r->hold.endpoint, "%s", s->endpoint);
    (void)snprintf(r->hold.user, sizeof r->hold.user, "%s", s->user);
    memcpy(r->hold.period, l->period, JL_PERIOD_SIZE);
    memcpy(r->hold.reach, l->period, JL_PERIOD_SIZE);
}

static int settle_hold(jl_lfile *l, const jl_settle *s, jl_settled *result, jl_err *err) {
    jl_lfile_row r = {0};
    jl_ending e;
    int found = jl_lfile_row_find(l, s->id, &r, err);
    if (found < 0)
        return -1;
    jl_hold_state before = (jl_hold_state)r.hold.state;
    int rc = jl_rules_settle(before, r.charged, r.hold.normal, r.hold.worst, s, &e, err);
    *result = (jl_settled){.before = before, .now = before, .charged = r.charged};
    if (rc <= 0)
        return rc;
    if (!found) {
        /* One that has ended would be charged twice. */
        if (jl_lfile_count_holds(l, err) != 0)
            return -1;
        lost_row(l, s, &e, &r);
        l->holds++;
    }
    *result = (jl_settled){.before = before, .now = e.state, .charged = e.charged, .lost = !found};
    if (jl_lfile_end_hold(l, &r, &e, found ? s->by : "lost", err) != 0)
        return -1;
    const char *news = jl_breaker_heard(&l->breaker, &l->settings, s->outcome, r.hold.probe, l->period_left);
    return jl_lfile_journal_breaker(l, news, err);
}

static int ledger_settle(jl_ledger *base, const jl_settle *s, jl_settled *result, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
    if (jl_rules_check_settle(s, err) != 0 || jl_lfile_enter(l, err) != 0)
        return -1;
    return jl_lfile_leave(l, settle_hold(l, s, result, err), err);
}

/* ---- by hand ---- */

static int ledger_adjust(jl_ledger *base, int64_t credits, const char *note, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
    if (jl_rules_check_note(note, err) != 0)
        return -1;
    if (credits > JL_CREDITS_MAX || credits < -JL_CREDITS_MAX)
        return jl_err_set(err, JL_USAGE, "%lld credits are more than an account can have", (long long)credits);
    if (jl_lfile_enter(l, err) != 0)
        return -1;
    int rc = l->spent + credits < 0
                 ? jl_err_set(err, JL_DATA, "%s: of the period %s %lld credits are spent: %lld cannot be taken off",
                              l->path, l->period, (long long)l->spent, (long long)-credits)
                 : jl_lfile_adjust(l, credits, note, err);
    return jl_lfile_leave(l, rc, err);
}

static int ledger_breaker(jl_ledger *base, bool open, int64_t open_for, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
    if (jl_lfile_enter(l, err) != 0)
        return -1;
    const char *news = jl_breaker_by_hand(&l->breaker, open, open_for);
    l->changed = true;
    return jl_lfile_leave(l, jl_lfile_journal_breaker(l, news, err), err);
}

/* ---- notices ---- */

static int notice_write(jl_lfile *l, const char *key, bool told, int64_t lease, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, NOTICE_WRITE, err);
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
static int notice_free(jl_lfile *l, const char *key, jl_err *err) {
    char boot[JL_BOOT_SIZE];
    jl_sqlite_stmt *s = jl_lfile_ready(l, NOTICE_READ, err);
    if (!s)
        return -1;
    jl_sqlite_bind_text(s, 2, key);
    int rc = jl_sqlite_step(s, err);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return 1;
    jl_lfile_copy_text(s, 1, boot, sizeof boot);
    bool told = jl_sqlite_int(s, 0) != 0;
    bool claimed = strcmp(boot, l->boot) == 0 && jl_sqlite_int(s, 2) > l->now;
    jl_sqlite_reset(s);
    return !told && !claimed;
}

static int ledger_claim(jl_ledger *base, const char *key, int64_t lease, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
    if (jl_rules_check_key(key, err) != 0 || jl_lfile_enter(l, err) != 0)
        return -1;
    int rc = notice_free(l, key, err);
    if (rc == 1 && notice_write(l, key, false, l->now + lease, err) != 0)
        rc = -1;
    return jl_lfile_leave(l, rc, err);
}

static int ledger_told(jl_ledger *base, const char *key, bool done, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
    if (jl_rules_check_key(key, err) != 0 || jl_lfile_enter(l, err) != 0)
        return -1;
    if (done)
        return jl_lfile_leave(l, notice_write(l, key, true, 0, err), err);
    jl_sqlite_stmt *s = jl_lfile_ready(l, NOTICE_GIVE_BACK, err);
    if (s)
        jl_sqlite_bind_text(s, 2, key);
    l->changed = true;
    return jl_lfile_leave(l, s ? jl_sqlite_run(s, err) : -1, err);
}

/* ---- opening ---- */

static void ledger_close(jl_ledger *base) {
    jl_lfile *l = (jl_lfile *)base;
    jl_sqlite_close(l->db);
    free(l->live);
    free(l->path);
    free(l->provider);
    free(l);
}

static const jl_ledger_ops ops = {.reserve = ledger_reserve,
                                  .send = ledger_send,
                                  .settle = ledger_settle,
                                  .look = jl_lfile_look,
                                  .settings = jl_lfile_settings,
                                  .set = jl_lfile_set,
                                  .adjust = ledger_adjust,
                                  .breaker = ledger_breaker,
                                  .journal = jl_lfile_journal,
                                  .claim = ledger_claim,
                                  .told = ledger_told,
                                  .restore = jl_lfile_restore,
                                  .close = ledger_close};

static jl_ledger *ledger_open(const jl_url *url, const char *provider, int64_t patience, jl_err *err) {
    jl_lfile *l = calloc(1, sizeof *l);
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
