/* Threads that scan blocks of lines ahead of the filter loop, which takes them in input order. */
#ifndef JL_FRAME_CREW_H
#define JL_FRAME_CREW_H

#include "jsonl/in.h"
#include "jsonl/slab.h"

/* A block of complete lines. */
typedef struct jl_block {
    char *buf; /* owned; as large as jl_in makes them, or NULL */
    size_t cap;
    jl_span lines;  /* in `buf`, with JL_PAD readable bytes behind them */
    bool utf8;      /* all of it is UTF-8; set by the scan */
    jl_slab slab;   /* the first lines, scanned */
    size_t scanned; /* bytes of the lines in `slab` */
    jl_err trouble; /* the scan failed: memory ran out */
} jl_block;

/* How many blocks stand between reading and the loop is bounded, so memory is. The scan of a block is done by whoever
   has time first: one of the threads, or the loop itself when the next block is not ready. The functions below are
   called by the loop's thread alone. */
typedef struct jl_crew jl_crew;

/* `threads` >= 1 besides the caller's. The rest is for jl_slab_open. NULL: memory ran
   out or a thread could not be started. */
jl_crew *jl_crew_new(size_t threads, const jl_want *want, const jl_keyspec *key, size_t first_key, uint64_t max_line,
                     jl_err *err);
/* Ends the threads, drops what was not taken. NULL is allowed. */
void jl_crew_free(jl_crew *c);

/* Where the next block may be put together, NULL when there is no place: fill in `buf`, `cap` and `lines`. */
jl_block *jl_crew_place(jl_crew *c);
/* Hands that block over for scanning. */
void jl_crew_put(jl_crew *c);
/* Blocks handed over and not taken yet. */
size_t jl_crew_count(const jl_crew *c);
/* True while fewer blocks wait than there are threads, the caller's among them: the time to read on. */
bool jl_crew_hungry(jl_crew *c);
/* The oldest block, scanned; waits for it if need be. There is one. Valid until jl_crew_drop. */
jl_block *jl_crew_first(jl_crew *c);
/* Frees the place of the oldest block. */
void jl_crew_drop(jl_crew *c);

#endif
