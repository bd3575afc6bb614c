/* What an account must be by its journal, with proof on the way that the rules were kept: gate/rules.h. */
#ifndef JL_BOOKS_REPLAY_H
#define JL_BOOKS_REPLAY_H

#include "gate/ledger.h"

/* Told of each violation: a sentence, and the entry at which it shows. Returns 0 to go on, or -1 with err. */
typedef int jl_violation(void *self, uint64_t seq, const char *sentence, jl_err *err);

/* Proven are: entries without gaps, in order of time; that each hold goes the ways of ledger.h, is settled once, and
   is charged to its period; at each admission, with the settings of that moment: the invariant of ledger.h for all
   periods that the hold reaches, the share that is kept for priority calls, the user's cap, concurrency, and what the
   breaker was like. Memory: live and UNCERTAIN holds, of those that have ended those of the last few periods, sums. */
typedef struct jl_replay jl_replay;

/* `told` may be NULL. NULL: memory ran out. */
jl_replay *jl_replay_open(jl_violation *told, void *self, jl_err *err);
void jl_replay_close(jl_replay *r);
/* The next entry. -1: memory ran out (JL_SOFTWARE), or what `told` returned. */
int jl_replay_event(jl_replay *r, const jl_event *e, jl_err *err);
uint64_t jl_replay_violations(const jl_replay *r);
/* The first entry that is missing; 0: none is. */
uint64_t jl_replay_gap(const jl_replay *r);
/* The account as it is behind the last entry, at the time of that entry, as restore() takes it; the caller frees it with
   jl_account_free. What the journal does not say is as cautious as can be: calls and failures of the breaker's window
   are none, what a person has opened stays so until it is closed, the normal cost of a hold is its worst one. */
int jl_replay_account(const jl_replay *r, jl_account *a, jl_err *err);

/* ---- rebuild.c ---- */

/* Makes an account's counters anew from its journal, again while others write. -1: as the ledger's operations; JL_CONFIG
   also when entries of the journal are missing, for nobody knows what they have cost; JL_UNAVAILABLE: others wrote all
   the time. */
int jl_ledger_rebuild(jl_ledger *l, jl_err *err);

/* ---- audit.c ---- */

typedef struct jl_audit {
    uint64_t entries;    /* of the journal, replayed */
    uint64_t violations; /* told */
} jl_audit;

/* Proves the whole journal, and that the account is what it says. 0, whatever was found; -1: as above. */
int jl_ledger_audit(jl_ledger *l, jl_violation *told, void *self, jl_audit *audit, jl_err *err);

#endif
