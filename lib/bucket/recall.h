/* What a store has answered lately, so that a key which comes again and again is not looked up again and again. */
#ifndef JL_BUCKET_RECALL_H
#define JL_BUCKET_RECALL_H

#include <sys/types.h>

#include "bucket/store.h"

/* A table of 4 MiB with four places for a key, which it shares with others: the oldest of them makes room. It keeps what
   is stored only, never that something is not; what is stored never changes but by a drop, after which nothing is
   recalled any more. */
typedef struct jl_recall jl_recall;

/* `store` is borrowed. NULL: memory ran out. */
jl_recall *jl_recall_new(jl_store *store, jl_err *err);
void jl_recall_free(jl_recall *r);
/* What is recalled alone; with `few`, when only few keys are not, those are looked up all the same, so that the others
   need not wait behind them. Returns how many keys have not been looked up, value[i] = 0 for each, or -1. */
ssize_t jl_recall_try(jl_recall *r, const jl_hash *key, uint8_t *value, size_t n, bool few, jl_err *err);
/* As the store's own get. */
int jl_recall_get(jl_recall *r, const jl_hash *key, uint8_t *value, size_t n, jl_err *err);

#endif
