/* The prices that HasData publishes, as settings of an account. */
#ifndef JL_HASDATA_PRICES_H
#define JL_HASDATA_PRICES_H

#include "gate/account.h"

/* Hands out one change a call, "price.page=1", as jl_account_set takes it; valid during the call. -1: what `each`
   returned. */
int jl_hasdata_prices(int (*each)(void *self, const char *change, jl_err *err), void *self, jl_err *err);

#endif
