/* A ledger that is an SQLite file, for lib/gate/ledger*_sqlite.c alone: its rows, with the steps that work on them.

   ledger_rows_sqlite.c    tables, statements, rows, sums, the journal's entries, the account's row
   ledger_step_sqlite.c    the transaction that every operation is, with the end of leases it begins with
   ledger_look_sqlite.c    what only reads: look, settings, the journal
   ledger_set_sqlite.c     what makes an account: set, restore
   ledger_sqlite.c         all other operations, and the opener

   Functions return 0, or -1 with err, unless they say something else. */
#ifndef JL_GATE_LEDGER_SQLITE_H
#define JL_GATE_LEDGER_SQLITE_H

#include "base/boot.h"
#include "gate/rules.h"
#include "wire/sqlite.h"

/* Each is one statement, whose first parameter is the provider. */
enum jl_lfile_query {
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
    HOLD_FORGET,
    HOLD_COUNT,
    CARRIED,
    SUM_READ,
    SUM_ADD,
    SUM_COUNT,
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

/* A row of `hold`. Texts are NUL-terminated. */
typedef struct jl_lfile_row {
    jl_hold hold;     /* age and lease are unused here */
    int64_t charged;  /* credits */
    int64_t since_ms; /* when it was reserved, by the wall clock */
    int64_t ends;     /* its lease, by the boot's clock; 0 when it is not live */
} jl_lfile_row;

typedef struct jl_lfile {
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
    int64_t holds, sums; /* rows */
    int64_t arrival;     /* of the next call by the rate alone, the boot's clock */
    jl_breaker breaker;
    char period[JL_PERIOD_SIZE];
    int64_t period_left, spent;
    jl_lfile_row *live; /* the live holds, by the end of their leases */
    size_t lives, room;

    jl_settings settings;
    int64_t settings_known; /* the settings_seq of `settings`; 0: none */
} jl_lfile;

/* ---- rows ---- */

extern const jl_sqlite_kind jl_lfile_kind;

/* Looks at both clocks. */
void jl_lfile_clocks(jl_lfile *l);
/* JL_CONFIG. */
int jl_lfile_no_account(const jl_lfile *l, jl_err *err);
int jl_lfile_no_ledger(const jl_lfile *l, jl_err *err);

/* The statement with the provider bound; NULL with err. */
jl_sqlite_stmt *jl_lfile_ready(jl_lfile *l, enum jl_lfile_query q, jl_err *err);
/* A column as a text, cut to its room. */
void jl_lfile_copy_text(jl_sqlite_stmt *s, int column, char *to, size_t size);
/* The one number that a query gives, 0 when it gives no row. 1: there was one. */
int jl_lfile_ask_number(jl_sqlite_stmt *s, int64_t *value, jl_err *err);

void jl_lfile_row_read(jl_sqlite_stmt *s, jl_lfile_row *r);
int jl_lfile_row_write(jl_lfile *l, const jl_lfile_row *r, jl_err *err);
/* 1: found, 0: there is none. */
int jl_lfile_row_find(jl_lfile *l, const char *id, jl_lfile_row *r, jl_err *err);
bool jl_lfile_is_live(const jl_lfile_row *r);
/* Puts what the row is by now in place of what it was among the live ones. */
int jl_lfile_live_update(jl_lfile *l, const jl_lfile_row *r, jl_err *err);

/* Walk over all of them: where none is found that should be there, and by those who look. JL_CONFIG: one is lost. */
int jl_lfile_count_holds(jl_lfile *l, jl_err *err);
int jl_lfile_count_sums(jl_lfile *l, jl_err *err);

int jl_lfile_sum_read(jl_lfile *l, const char *period, const char *user, int64_t *spent, jl_err *err);
/* To one sum; to the period's and its user's, in the account's row too. */
int jl_lfile_sum_add_one(jl_lfile *l, const char *period, const char *user, int64_t credits, jl_err *err);
int jl_lfile_sum_add(jl_lfile *l, const char *period, const char *user, int64_t credits, jl_err *err);
/* What UNCERTAIN holds of earlier periods take of this one. */
int jl_lfile_sum_carried(jl_lfile *l, const char *period, int64_t *carried, jl_err *err);

/* Gives the entry the next number and the time. */
int jl_lfile_journal_add(jl_lfile *l, const jl_event *e, jl_err *err);
int jl_lfile_journal_hold(jl_lfile *l, jl_event_kind kind, const jl_hold *h, int64_t credits, const char *note,
                          jl_err *err);
/* `note` NULL: nothing. */
int jl_lfile_journal_breaker(jl_lfile *l, const char *note, jl_err *err);
/* The number of the last entry that is there, 0 = none is. */
int jl_lfile_journal_last(jl_lfile *l, int64_t *seq, jl_err *err);
/* Of the current period's sum, with its entry. */
int jl_lfile_adjust(jl_lfile *l, int64_t credits, const char *note, jl_err *err);

/* 1: the account is there, whole as far as one can see; 0: there is none. */
int jl_lfile_account_read(jl_lfile *l, jl_err *err);
int jl_lfile_account_write(jl_lfile *l, jl_err *err);

/* ---- steps ---- */

/* Sees to it that db is the file that the path names now; `create`: makes it if there is none. */
int jl_lfile_attach(jl_lfile *l, bool create, jl_err *err);
/* Begins an operation: one transaction in which all leases that have passed are dealt with. */
int jl_lfile_enter(jl_lfile *l, jl_err *err);
/* The same for one that only reads: others are kept waiting only if there are leases to be dealt with. */
int jl_lfile_enter_to_read(jl_lfile *l, jl_err *err);
/* Reads the account in a transaction that writes nothing, with leases that may have passed. */
int jl_lfile_begin_read(jl_lfile *l, jl_err *err);
/* The bare transaction, for what may find no account, or an account in parts. */
int jl_lfile_begin_write(jl_lfile *l, jl_err *err);
/* Ends it: durable, unless nothing has changed, or `rc` is a failure. Returns `rc`, or -1. */
int jl_lfile_leave(jl_lfile *l, int rc, jl_err *err);
/* Ends it, with nothing done. */
void jl_lfile_abandon(jl_lfile *l);

/* `r` becomes what it is by now. */
int jl_lfile_end_hold(jl_lfile *l, jl_lfile_row *r, const jl_ending *e, const char *note, jl_err *err);
int jl_lfile_lapse(jl_lfile *l, jl_lfile_row r, jl_err *err);
/* Those whose leases have passed. */
int jl_lfile_lapse_all(jl_lfile *l, jl_err *err);

/* ---- operations: gate/ledger.h ---- */

int jl_lfile_look(jl_ledger *base, jl_account *account, jl_err *err);
int jl_lfile_settings(jl_ledger *base, jl_settings *settings, jl_err *err);
int jl_lfile_journal(jl_ledger *base, uint64_t from, int (*each)(void *self, const jl_event *e, jl_err *err),
                     void *self, jl_err *err);
int jl_lfile_set(jl_ledger *base, const char *const *change, size_t n, jl_err *err);
int jl_lfile_restore(jl_ledger *base, const jl_account *account, jl_err *err);

#endif
