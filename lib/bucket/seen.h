/* The keys that earlier runs have seen. */
#ifndef JL_BUCKET_SEEN_H
#define JL_BUCKET_SEEN_H

#include "bucket/store.h"
#include "lookup/lookup.h"

/* A lookup that answers all in submit(): JL_FOUND, seen in an earlier run; JL_UNKNOWN, new, and remembered (16 bytes a
   key) until commit() stores it. Nothing is stored before commit(), which the loop calls once the output is safe; so a
   run that was killed is run again with the same result. A commit that was interrupted has stored a part of the keys:
   their lines were safe by then. The caller asks for each key once in a run: a key asked for again before commit() is
   new again. `openers` is static; `url` is copied. NULL with err: as jl_store_open. Closing it closes the store. */
jl_lookup *jl_seen_open(const jl_store_opener *const *openers, const jl_url *url, jl_err *err);

#endif
