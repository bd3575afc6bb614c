/* What HasData says was used, asked of it. */
#ifndef JL_HASDATA_USAGE_H
#define JL_HASDATA_USAGE_H

#include "hasdata/hasdata.h"

/* `api`: the base URL, without a slash at its end. Costs nothing, so it is asked again when that may help, three times in all.
   -1: JL_USAGE when the key would be sent where others can read it; JL_CONFIG when it is none; JL_NOPERM when it is refused; JL_UNAVAILABLE;
   JL_DATA for an answer that says nothing certain; the classes of jl_http_open; JL_TEMPFAIL when a stop was asked. */
int jl_hasdata_usage_ask(const char *api, jl_span key, jl_hasdata_usage *usage, jl_err *err);

#endif
