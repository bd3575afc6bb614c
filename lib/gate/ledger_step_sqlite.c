/* The transaction that every operation on a ledger's file is. */
#include "gate/ledger_sqlite.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"

#define FILE_MODE                                                                                                      \
    0660 /* what users asked for is nobody's but the group's that the file belongs to, if the umask says so */
#define STAND_BACK (7 * JL_SECOND / 10000) /* longer than others sleep at first who wait for the lock */
#define ALONE_MOST 16                      /* operations one behind the other, without a look whether somebody waits */

/* ---- the end of a hold ---- */

int jl_lfile_end_hold(jl_lfile *l, jl_lfile_row *r, const jl_ending *e, const char *note, jl_err *err) {
    r->hold.state = (int)e->state;
    r->charged = e->charged;
    r->ends = 0;
    if (jl_lfile_row_write(l, r, err) != 0 ||
        jl_lfile_sum_add(l, r->hold.period, r->hold.user, e->difference, err) != 0 ||
        jl_lfile_live_update(l, r, err) != 0)
        return -1;
    return jl_lfile_journal_hold(l, e->kind, &r->hold, e->charged, note, err);
}

int jl_lfile_lapse(jl_lfile *l, jl_lfile_row r, jl_err *err) {
    jl_ending e;
    jl_rules_lapse((jl_hold_state)r.hold.state, r.hold.worst, &e);
    return jl_lfile_end_hold(l, &r, &e, "lease", err);
}

int jl_lfile_lapse_all(jl_lfile *l, jl_err *err) {
    /* The first in the list is the one whose lease ends first. */
    while (l->lives && l->live[0].ends <= l->now)
        if (jl_lfile_lapse(l, l->live[0], err) != 0)
            return -1;
    return 0;
}

/* ---- transactions ---- */

static void detach(jl_lfile *l) {
    jl_sqlite_close(l->db);
    l->db = NULL;
    l->settings_known = 0;
}

int jl_lfile_attach(jl_lfile *l, bool create, jl_err *err) {
    if (l->db && jl_sqlite_gone(l->db))
        detach(l);
    if (l->db)
        return 0;
    if ((create && jl_sqlite_make_file(l->path, FILE_MODE, err) != 0) ||
        jl_sqlite_open(&l->db, l->path, &jl_lfile_kind, l->patience, create, err) != 0)
        return -1;
    return l->db ? 0 : jl_lfile_no_ledger(l, err);
}

/* SQLite hands a lock to nobody in particular: whoever waits sleeps and tries again, and would rarely be lucky beside
   one that takes it again at once. So there is a pause behind each operation while others write, and now and then to
   find out whether any would. */
static void stand_back(jl_lfile *l) {
    int64_t away = jl_clock_now() - l->ended;
    if (away >= STAND_BACK) {
        l->in_a_row = 0;
    } else if (l->contended || ++l->in_a_row >= ALONE_MOST) {
        struct timespec pause = {0, (long)(STAND_BACK - away)};
        (void)nanosleep(&pause, NULL);
        l->in_a_row = 0;
    }
}

int jl_lfile_begin_write(jl_lfile *l, jl_err *err) {
    int64_t version;
    stand_back(l);
    if (jl_sqlite_begin(l->db, true, err) != 0)
        return -1;
    if (jl_sqlite_prepare(l->db, &l->version_query, "PRAGMA data_version", err) != 0 ||
        jl_lfile_ask_number(l->version_query, &version, err) < 0) {
        jl_sqlite_rollback(l->db);
        return -1;
    }
    l->contended = l->version != version;
    l->version = version;
    l->changed = false;
    jl_lfile_clocks(l);
    return 0;
}

void jl_lfile_abandon(jl_lfile *l) {
    jl_sqlite_rollback(l->db);
    l->ended = jl_clock_now();
}

int jl_lfile_enter(jl_lfile *l, jl_err *err) {
    if (jl_lfile_attach(l, false, err) != 0 || jl_lfile_begin_write(l, err) != 0)
        return -1;
    int rc = jl_lfile_account_read(l, err);
    if (rc == 0)
        rc = jl_lfile_no_account(l, err);
    if (rc > 0 && jl_lfile_lapse_all(l, err) == 0)
        return 0;
    jl_lfile_abandon(l);
    return -1;
}

int jl_lfile_begin_read(jl_lfile *l, jl_err *err) {
    if (jl_lfile_attach(l, false, err) != 0 || jl_sqlite_begin(l->db, false, err) != 0)
        return -1;
    l->changed = false;
    jl_lfile_clocks(l);
    int rc = jl_lfile_account_read(l, err);
    if (rc == 0)
        rc = jl_lfile_no_account(l, err);
    if (rc > 0)
        return 0;
    jl_lfile_abandon(l);
    return -1;
}

int jl_lfile_enter_to_read(jl_lfile *l, jl_err *err) {
    if (jl_lfile_begin_read(l, err) != 0)
        return -1;
    if (l->lives == 0 || l->live[0].ends > l->now)
        return 0;
    jl_lfile_abandon(l);
    return jl_lfile_enter(l, err);
}

int jl_lfile_leave(jl_lfile *l, int rc, jl_err *err) {
    if (rc >= 0 && l->changed && jl_lfile_account_write(l, err) != 0)
        rc = -1;
    if (rc < 0 || !l->changed) {
        jl_lfile_abandon(l);
        return rc;
    }
    int committed = jl_sqlite_commit(l->db, err);
    l->ended = jl_clock_now();
    if (committed != 0)
        return -1;
    /* What was written into a file that nobody will find again must admit nothing. */
    return jl_sqlite_gone(l->db) ? jl_lfile_no_ledger(l, err) : rc;
}
