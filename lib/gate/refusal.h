/* What a person is told of a call that the gate has refused. */
#ifndef JL_GATE_REFUSAL_H
#define JL_GATE_REFUSAL_H

#include "gate/ledger.h"

/* Which limit, and when asking again may help, or that it never will. JL_TEMPFAIL; JL_CONFIG when a price is missing.
   Always -1. */
int jl_refusal_say(const jl_admission *a, const jl_reserve *r, const char *provider, jl_err *err);

#endif
