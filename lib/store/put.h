/* Lines whose jobs are stored, or marked, before the lines go on. */
#ifndef JL_STORE_PUT_H
#define JL_STORE_PUT_H

#include "store/store.h"
#include "lookup/lookup.h"

typedef struct jl_put_counts {
    uint64_t stored[JL_STOREDS]; /* lines, by what became of them */
    uint64_t marked;             /* jobs whose status was set */
    uint64_t not_stored;         /* lines that the store did not take because it failed */
    uint64_t commits, commit_ms;
} jl_put_counts;

typedef struct jl_put_options {
    jl_jobs *store; /* stays open */
    bool marks;     /* sets the status of jobs that are there, instead of storing them */
    jl_status status;
    jl_put_counts *counts;
} jl_put_options;

/* Every line asks, and is answered JL_FOUND once the transaction with its job is durable: of a put with the token of its jl_stored_name ("\"new\""),
   of a mark with an empty value. Lines are collected: until the input pauses, a second has passed, or thousands have come, so
   that a slow pipe is not kept waiting and bulk costs few commits. Memory: 4 MiB of postings, and a line. */
jl_lookup *jl_put_open(const jl_put_options *options, jl_err *err);

/* What the lines are to be scanned for; `*stored` is the field of the member "stored". */
const jl_want *jl_put_want(const jl_lookup *put, size_t *stored);

/* To be called for every line in its order, before it is asked about. -1: JL_DATA when it means no job, or memory. */
int jl_put_look(jl_lookup *put, const jl_rec *rec, jl_err *err);

#endif
