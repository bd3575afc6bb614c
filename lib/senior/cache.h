/* Seniority remembered: the lookups that read a store of answers, write it, or fill it. */
#ifndef JL_SENIOR_CACHE_H
#define JL_SENIOR_CACHE_H

#include "bucket/store.h"
#include "lookup/lookup.h"
#include "senior/scale.h"

/* An entry of the cache: fingerprint of 6 bytes, answer of 1 byte. */
extern const jl_entry_shape jl_cache_shape;

/* Questions and answers, counted by key (lines that share a question in flight are counted by the program). */
typedef struct jl_cache_counts {
    uint64_t hits, misses; /* get, fill */
    uint64_t stored, present,
        conflicts;         /* put, fill: new; there with this answer; there with another one, which stays */
    uint64_t out_of_scale; /* fill: answers of the command that are none */
    uint64_t not_stored;   /* put, fill: answers passed on when the store failed */
    uint64_t inner_ms;     /* fill: during which at least one question was out */
} jl_cache_counts;

typedef struct jl_cache_options {
    jl_store *store; /* borrowed */
    jl_scale scale;
    jl_cache_counts *counts; /* borrowed; added to */
    size_t answer_field;     /* put: where in jl_rec.field the answer stands */
    size_t batch;            /* get: questions to collect before they are asked; 0 = ask at once in submit() */
    int64_t delay;           /* get: ns after which they are asked all the same; 0 = only when the loop waits */
    jl_lookup *inner;        /* fill: whom to ask; closed with the fill lookup */
} jl_cache_options;

/* All return NULL when memory ran out. When the store fails, the lookup as a whole fails with the store's error. */

/* JL_FOUND with what is stored, else JL_UNKNOWN. A stored value that is not on the scale is unknown. */
jl_lookup *jl_cache_get_open(const jl_cache_options *options, jl_err *err);

/* Every question is an entry to store, its answer taken from the record; JL_FOUND once it is stored durably (or was
   stored already), so that a line goes out only then. Commits at least every second, when the loop is idle, pressed or
   at its end. When the store fails, what was not stored is left unanswered. */
jl_lookup *jl_cache_put_open(const jl_cache_options *options, jl_err *err);

/* Hits at once; misses are asked of `inner`, and what it finds is stored durably before it is handed on. An answer that
   is not on the scale becomes JL_REFUSED. When the store fails: answers that have come are handed on all the same, for
   the line that carries one is its only copy; what is in flight is waited for; then the lookup fails. Other states and
   the verdict are those of `inner`. */
jl_lookup *jl_cache_fill_open(const jl_cache_options *options, jl_err *err);

#endif
