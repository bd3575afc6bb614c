/* One pace for many processes: reservations, made on a thread of its own so that nobody waits for the store. */
#ifndef JL_PACE_PACE_H
#define JL_PACE_PACE_H

#include "pace/store.h"

typedef struct jl_pace jl_pace;

/* As jl_pace_store_open; the thread is started with the first question. NULL: as there, or JL_SOFTWARE. */
jl_pace *jl_pace_open(const jl_pace_opener *const *openers, const jl_url *url, const char *name, int64_t patience,
                      jl_err *err);
/* Ends at once, also while the store is being waited for: the thread then frees everything when that has an end. NULL
   is fine. */
void jl_pace_close(jl_pace *p);

/* Becomes readable when the answer is there; for poll(). */
int jl_pace_fd(const jl_pace *p);
/* Asks for a reservation of this cost (jl_pace_cost). One question at a time. */
int jl_pace_ask(jl_pace *p, int64_t cost, jl_err *err);
/* 1: reserved, `*at` is when it may leave, monotonic ns; 0: not yet; -1: the store has failed, as its reserve() says.
   After 1 and -1 the next question may be asked. */
int jl_pace_answer(jl_pace *p, int64_t *at, jl_err *err);

#endif
