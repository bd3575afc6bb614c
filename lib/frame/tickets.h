/* The answers of a run, by ticket: dense, so that a line finds its answer without a search. */
#ifndef JL_FRAME_TICKETS_H
#define JL_FRAME_TICKETS_H

#include "lookup/lookup.h"

/* Tickets are numbered from 0 in the order in which they are given out, and never given out twice. Each costs eight
   bytes until it is forgotten; a text longer than six bytes is kept once in all. */
typedef struct jl_tickets jl_tickets;

/* NULL: memory ran out. */
jl_tickets *jl_tickets_new(jl_err *err);
void jl_tickets_free(jl_tickets *t);

/* The ticket that comes next. */
uint64_t jl_tickets_next(const jl_tickets *t);
/* Gives out `n` tickets, all JL_PENDING. -1: memory ran out, none is given out. */
int jl_tickets_add(jl_tickets *t, size_t n, jl_err *err);
/* The first answer to a ticket is kept; later ones, and those to tickets that nobody has, change nothing. -1: memory
   ran out. */
int jl_tickets_answer(jl_tickets *t, uint64_t ticket, jl_answer answer, jl_err *err);
/* A ticket that was given out and is not forgotten. The value is valid until the next call that changes `t`. */
jl_answer jl_tickets_look(const jl_tickets *t, uint64_t ticket);
/* Starts to bring the answer into the cache. */
void jl_tickets_prefetch(const jl_tickets *t, uint64_t ticket);
/* All before `ticket` (at most the next one, never less than the time before) will not be asked for any more. */
void jl_tickets_forget(jl_tickets *t, uint64_t ticket);

#endif
