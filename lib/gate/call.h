/* A paid call made by hand or by a command: admitted, sent, judged by how the command ended. */
#ifndef JL_GATE_CALL_H
#define JL_GATE_CALL_H

#include "gate/ledger.h"

#define JL_CALL_STATUSES 256

/* Reserves; asks again for `wait` ns while what refuses passes by itself, or until a stop is asked. -1: refused, as
   jl_refusal_say; the ledger's errors. */
int jl_call_admit(jl_ledger *l, const jl_reserve *r, const char *provider, int64_t wait, jl_admission *a, jl_err *err);
/* The call leaves now. -1: JL_TEMPFAIL when it must not, for it is too late; the ledger's errors. */
int jl_call_send(jl_ledger *l, const char *id, jl_err *err);

/* Exit statuses of a command by which it says that nothing was billed. */
typedef struct jl_call_free {
    bool status[JL_CALL_STATUSES];
} jl_call_free;

/* Adds those that say that nothing was even tried: a wrong command line (64), no input (66), no key (77), a wrong
   configuration (78), and of sh no such command (126, 127). */
void jl_call_free_untried(jl_call_free *f);
/* Adds "22,69". -1 (JL_USAGE): no list of statuses from 1 to 255. */
int jl_call_free_add(jl_call_free *f, const char *list, jl_err *err);

/* What becomes of the hold of a command that exited with `status`, or was ended by a signal (-1), or for want of time.
   Whatever is no good end, and does not say for certain that nothing was billed, may have been billed. */
void jl_call_judge(const jl_call_free *f, int status, bool timed_out, jl_hold_state *to, jl_outcome *outcome);

#endif
