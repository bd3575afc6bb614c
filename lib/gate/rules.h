/* The ledger's decisions, made on numbers alone.

   Back ends that are C ask here, as the replay of a journal does. A Redis server cannot: its rules are ledger.lua, the same
   ones again, and both are changed together:

     jl_rules_period, _reach        period_of, end_of, reach_at
     jl_breaker_wake                breaker_wake
     jl_breaker_heard, _by_hand     breaker_hear, breaker_count, breaker_probed; breaker, breaker_open, breaker_close
     jl_rules_price, _budget        price, limit_of
     jl_rules_reserve               reserve: breaker_check, check_budget, check_flow
     jl_rules_ahead                 cut_ahead
     jl_rules_settle, _lapse        settle, settle_unknown, hold_doubt; lapse
     jl_rules_carry                 carry

   tests/contract/ledger_test.c asks both for each promise of ledger.h; tests/contract/ledger_alike_test.c asks both at
   random, and wants the same answers, the same account, the same journal. */
#ifndef JL_GATE_RULES_H
#define JL_GATE_RULES_H

#include "gate/ledger.h"

#define JL_NOTE_MAX 127
#define JL_WINDOW_MAX 1000

/* ---- what may be asked; -1: JL_USAGE ---- */

int jl_rules_check_id(const char *id, jl_err *err);
int jl_rules_check_reserve(const jl_reserve *r, jl_err *err);
int jl_rules_check_settle(const jl_settle *s, jl_err *err);
/* JL_NOTE_MAX bytes at most, no control bytes. */
int jl_rules_check_note(const char *note, jl_err *err);
int jl_rules_check_key(const char *key, jl_err *err);

/* ---- the breaker ---- */

typedef struct jl_breaker {
    jl_breaker_state state;
    jl_breaker_why why;
    int64_t
        wait; /* of an open one: ns until it may be half-open, never below 0 but for -1 = until it is closed by hand */
    uint32_t probes_well;
    char window[JL_WINDOW_MAX + 1]; /* outcomes of calls, '+' and '-', the oldest first */
} jl_breaker;

/* These return the note of the journal's entry (JL_EVENT_BREAKER), static; NULL: nothing that is written there. */

/* At each reserve: one that is open becomes half-open when its time has come. */
const char *jl_breaker_wake(jl_breaker *b);
/* The outcome of a call whose hold has just changed its state.

   Closed: it goes into the window of the last breaker-window outcomes, and the breaker opens for the cool-down when the
   window has breaker-calls of them (or is full), and breaker-rate percent of them failed. Half-open: a probe's failure
   opens it again, breaker-probes successes of probes close it, with an empty window; calls that are no probes say
   nothing. Open: nothing. JL_CALL_QUOTA opens it until the period ends, whatever it was, except that what a person has
   opened for longer stays so. JL_CALL_NEUTRAL: nothing. */
const char *jl_breaker_heard(jl_breaker *b, const jl_settings *s, jl_outcome outcome, bool probe, int64_t period_left);
/* A person opens it (open_for 0: until it is closed), or closes it, with an empty window. */
const char *jl_breaker_by_hand(jl_breaker *b, bool open, int64_t open_for);
void jl_breaker_count(const jl_breaker *b, const jl_settings *s, uint32_t *calls, uint32_t *failures);

/* ---- admission ---- */

/* The period of a moment, ms since 1970, and ns until it ends. */
void jl_rules_period(const jl_settings *s, int64_t now_ms, char period[JL_PERIOD_SIZE], int64_t *left);
/* The period in which a lease has ended at the latest, from now: of a hold to be reserved, or to be sent. */
void jl_rules_reach(const jl_settings *s, int64_t now_ms, bool sent, char reach[JL_PERIOD_SIZE]);
/* The normal and the worst cost of a call; false: the account has no price for it. */
bool jl_rules_price(const jl_settings *s, const jl_reserve *r, int64_t *normal, int64_t *worst);
/* Credits of a period that calls of this class may use. */
int64_t jl_rules_budget(const jl_settings *s, bool priority);

/* All that an admission depends on, leases that have passed being dealt with. */
typedef struct jl_standing {
    const jl_settings *settings;
    jl_breaker breaker;                         /* woken */
    char period[JL_PERIOD_SIZE];                /* the current one */
    char reach[JL_PERIOD_SIZE];                 /* of the hold to be made */
    int64_t period_left;                        /* ns */
    int64_t committed;                          /* ledger.h, of the current period */
    int64_t committed_reach;                    /* of `reach`, if that is another one */
    int64_t user_spent, user_held;              /* of this user: in the period; worst cases of its live holds */
    uint32_t live, probes;                      /* RESERVED and SENT holds; those of them that probe */
    int64_t first_lease_ends, first_probe_ends; /* ns, of the live ones */
    int64_t ahead; /* ns by which the theoretical arrival time of the next call is later than now; 0 at least */
} jl_standing;

/* Of `ahead`, what the rate and the burst account for: more is left over from a lower rate. */
int64_t jl_rules_ahead(const jl_settings *s, int64_t ahead);

/* Says yes or no, in the order price, breaker, budget, user, concurrency, rate. With a yes it also reckons the call into
   `ahead` (generic cell rate algorithm as virtual scheduling, ITU-T I.371, with a tolerance of burst - 1 calls). */
void jl_rules_reserve(jl_standing *s, const jl_reserve *r, jl_admission *a);

/* ---- the end of a hold ---- */

typedef struct jl_ending {
    jl_event_kind kind;  /* SETTLE, VOID, UNCERTAIN */
    jl_hold_state state; /* as it is now */
    int64_t charged;     /* credits that the hold has cost as it is now */
    int64_t difference;  /* to be added to what is spent in its period, and by its user */
} jl_ending;

/* What settling does to a hold in state `before`, or NONE, that was charged `charged` so far. 0: nothing; 1: `*e`. -1:
   JL_USAGE: a lost hold (ledger.h) whose cost nobody says. */
int jl_rules_settle(jl_hold_state before, int64_t charged, int64_t normal, int64_t worst, const jl_settle *s,
                    jl_ending *e, jl_err *err);
/* What the end of its lease does to a hold that is RESERVED or SENT. */
void jl_rules_lapse(jl_hold_state before, int64_t worst, jl_ending *e);

/* ---- a changed anchor ---- */

/* A period that begins on another day has spent something already, as much as the one was that it takes the place of,
   and the one before that when it begins earlier: doubtful credits count as spent. `spent(self, period)` gives sums as
   they stand. Returns what is to be added to the new current period as an adjustment with the note "anchor"; 0 when the
   current period stays the same. Anchors change only while no hold is live. */
int64_t jl_rules_carry(const jl_settings *before, const jl_settings *after, int64_t now_ms,
                       int64_t (*spent)(void *self, const char *period), void *self);

#endif
