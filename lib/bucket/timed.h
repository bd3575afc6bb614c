/* A store that takes the time of another one. */
#ifndef JL_BUCKET_TIMED_H
#define JL_BUCKET_TIMED_H

#include "bucket/store.h"

/* Kept up to date while the store lives, in memory of the caller. Wall time inside the calls, of connecting and opening,
   waiting for locks and commits too. */
typedef struct jl_store_times {
    uint64_t reads, read_ms;   /* get, epoch */
    uint64_t writes, write_ms; /* put, note */
} jl_store_times;

/* Takes the store over, which is closed with the one returned, and when this fails. NULL: memory ran out. */
jl_store *jl_store_timed(jl_store *store, jl_store_times *times, jl_err *err);

#endif
