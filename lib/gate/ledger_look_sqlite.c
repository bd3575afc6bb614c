/* What a ledger's file says when somebody only looks. */
#include "gate/ledger_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define JOURNAL_BATCH 256

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

static void look_hold(const jl_lfile *l, const jl_lfile_row *r, jl_account *a) {
    jl_hold *h = &a->hold[a->holds++];
    *h = r->hold;
    h->age = l->now_ms > r->since_ms ? (l->now_ms - r->since_ms) * JL_MILLISECOND : 0;
    h->lease = jl_lfile_is_live(r) ? r->ends - l->now : 0;
    a->held += jl_lfile_is_live(r) ? h->worst : 0;
}

static int look_holds(jl_lfile *l, jl_account *a, jl_err *err) {
    jl_sqlite_stmt *s = jl_lfile_ready(l, HOLD_UNCERTAIN, err);
    int rc;
    if (!s)
        return -1;
    for (size_t i = 0; i < l->lives; i++) {
        if (look_room(a, err) != 0)
            return -1;
        look_hold(l, &l->live[i], a);
    }
    while ((rc = jl_sqlite_step(s, err)) == 1) {
        jl_lfile_row r;
        if (look_room(a, err) != 0)
            return -1;
        jl_lfile_row_read(s, &r);
        look_hold(l, &r, a);
    }
    if (a->holds)
        qsort(a->hold, a->holds, sizeof *a->hold, by_age);
    return rc;
}

static int look_sums(jl_lfile *l, jl_account *a, jl_err *err) {
    char previous[JL_PERIOD_SIZE];
    jl_sqlite_stmt *s = jl_lfile_ready(l, SUM_LIST, err);
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
        jl_lfile_copy_text(s, 0, sum->period, sizeof sum->period);
        jl_lfile_copy_text(s, 1, sum->user, sizeof sum->user);
        sum->spent = jl_sqlite_int(s, 2);
    }
    return rc;
}

static int look_all(jl_lfile *l, jl_account *a, jl_err *err) {
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
    if (jl_lfile_count_holds(l, err) != 0 || jl_lfile_count_sums(l, err) != 0)
        return -1;
    jl_sqlite_stmt *s = jl_lfile_ready(l, UNCERTAIN_SUM, err);
    if (!s || jl_lfile_sum_carried(l, l->period, &a->carried, err) != 0)
        return -1;
    jl_sqlite_bind_text(s, 2, l->period);
    if (jl_lfile_ask_number(s, &a->uncertain, err) < 0)
        return -1;
    return look_holds(l, a, err) == 0 ? look_sums(l, a, err) : -1;
}

int jl_lfile_look(jl_ledger *base, jl_account *account, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
    *account = (jl_account){0};
    if (jl_lfile_enter_to_read(l, err) != 0)
        return -1;
    int rc = jl_lfile_leave(l, look_all(l, account, err), err);
    if (rc != 0)
        jl_account_free(account);
    return rc;
}

int jl_lfile_settings(jl_ledger *base, jl_settings *settings, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
    if (jl_lfile_begin_read(l, err) != 0)
        return -1;
    *settings = l->settings;
    jl_lfile_abandon(l);
    return 0;
}

/* ---- reading the journal ---- */

/* An entry with texts of its own: nobody is kept from writing while somebody looks at it. */
struct entry {
    jl_event e;
    char id[JL_HOLD_ID_SIZE], endpoint[JL_ENDPOINT_MAX + 1], user[JL_USER_MAX + 1];
    char period[JL_PERIOD_SIZE], reach[JL_PERIOD_SIZE], note[JL_NOTE_MAX + 1];
};

static void entry_read(jl_sqlite_stmt *s, struct entry *to) {
    jl_lfile_copy_text(s, 3, to->id, sizeof to->id);
    jl_lfile_copy_text(s, 4, to->endpoint, sizeof to->endpoint);
    jl_lfile_copy_text(s, 5, to->user, sizeof to->user);
    jl_lfile_copy_text(s, 7, to->period, sizeof to->period);
    jl_lfile_copy_text(s, 8, to->reach, sizeof to->reach);
    jl_lfile_copy_text(s, 9, to->note, sizeof to->note);
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
static int journal_batch(jl_lfile *l, uint64_t from, uint64_t last, struct entry *to, size_t *n, jl_err *err) {
    *n = 0;
    if (jl_lfile_attach(l, false, err) != 0 || jl_sqlite_begin(l->db, false, err) != 0)
        return -1;
    jl_sqlite_stmt *s = jl_lfile_ready(l, JOURNAL_READ, err);
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
static int journal_end(jl_lfile *l, int64_t *last, jl_err *err) {
    if (jl_lfile_attach(l, false, err) != 0 || jl_sqlite_begin(l->db, false, err) != 0)
        return -1;
    int rc = jl_lfile_journal_last(l, last, err);
    if (rc == 0 && *last == 0) {
        jl_lfile_clocks(l);
        rc = jl_lfile_account_read(l, err);
        rc = rc == 0 ? jl_lfile_no_account(l, err) : rc < 0 ? -1 : 0;
    }
    jl_sqlite_rollback(l->db);
    return rc;
}

int jl_lfile_journal(jl_ledger *base, uint64_t from, int (*each)(void *self, const jl_event *e, jl_err *err),
                     void *self, jl_err *err) {
    jl_lfile *l = (jl_lfile *)base;
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
