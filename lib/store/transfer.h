/* A store of jobs as lines of text, to be moved to another one. */
#ifndef JL_STORE_TRANSFER_H
#define JL_STORE_TRANSFER_H

#include "store/store.h"
#include "jsonl/out.h"

/* FORMAT, version 1, JSON Lines:
     {"jobline":"jobs","version":1}
     {"row":7,"change":3,"first":0,"marked":0,"source":"indeed","id":"…","url":"…","hash":"…","vectors":[…],"job":{…},"sum":"0123456789abcdef"}
         one for each job, rows ascending: what a store keeps of it (store/store.h); vectors as lines have them (vector/vector.h);
         `job` is its line, in its own bytes; sum: XXH3 of the line's bytes before `,"sum"`, hex
     {"end":true,"jobs":1}
   Stores with the same jobs give the same bytes, whatever keeps them. */

typedef struct jl_moved {
    uint64_t jobs;
} jl_moved;

/* Writes all lines; does not flush. Ends early, without the end line, when asked to stop. Errors: the store's, the output's. */
int jl_transfer_jobs(jl_jobs *s, jl_out *out, jl_moved *moved, jl_err *err);

/* Reads PATH ("-" = stdin) into an empty store. -1: JL_NOINPUT, JL_IO; JL_DATA when it is no such export, is damaged or cut short; JL_CONFIG when it is
   of another version, or the store has jobs; or the store's error. After a failure the store may have a part of the jobs, and is to
   be thrown away. */
int jl_transfer_take(jl_jobs *s, const char *path, uint64_t max_line, jl_moved *moved, jl_err *err);

#endif
