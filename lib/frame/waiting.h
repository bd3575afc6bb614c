/* The lines that wait for their own answer or an earlier line's, in input order. */
#ifndef JL_FRAME_WAITING_H
#define JL_FRAME_WAITING_H

#include "jsonl/rec.h"

/* A copy of a line. Stays where it is until it is taken. */
typedef struct jl_waiter {
    jl_rec rec;       /* its spans point into this copy */
    const char *file; /* where the line came from; borrowed */
    uint64_t number;
    uint64_t ticket; /* of its question */
    bool asked;      /* waits for the answer to `ticket`; false: goes out untouched in its turn */
    size_t size;     /* bytes of the copy */
    size_t extra;    /* further bytes accounted to it: the question that it caused */
} jl_waiter;

typedef struct jl_waiting jl_waiting;

/* NULL: memory ran out. `fields`: entries of jl_rec.field. */
jl_waiting *jl_waiting_new(size_t fields, jl_err *err);
void jl_waiting_free(jl_waiting *w);
/* Copies `rec` behind the others; `extra` as above. The caller fills in the rest of what is returned; NULL: memory ran
   out. */
jl_waiter *jl_waiting_add(jl_waiting *w, const jl_rec *rec, size_t extra, jl_err *err);
/* The first, or NULL. */
const jl_waiter *jl_waiting_first(const jl_waiting *w);
/* The one behind the first, or NULL. */
const jl_waiter *jl_waiting_second(const jl_waiting *w);
/* Frees the first. */
void jl_waiting_take(jl_waiting *w);
/* Bytes of all that wait, their questions included. */
uint64_t jl_waiting_bytes(const jl_waiting *w);

#endif
