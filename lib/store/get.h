/* Lines looked up in a store of jobs. */
#ifndef JL_STORE_GET_H
#define JL_STORE_GET_H

#include "store/store.h"
#include "lookup/lookup.h"

/* Every line asks, and is answered at once: JL_FOUND with the job's row (a uint64_t in its own bytes), or JL_UNKNOWN. A line means the job with its
   source and id; if there is none, the one known by its URL. Without a source any job with that id, the first by row. */
jl_lookup *jl_get_open(jl_jobs *store, jl_err *err);

/* What the lines are to be scanned for. */
const jl_want *jl_get_want(const jl_lookup *get);

/* To be called for every line in its order, before it is asked about. -1: JL_DATA when it means no job, or memory. */
int jl_get_look(jl_lookup *get, const jl_rec *rec, jl_err *err);

#endif
