/* Texts that go to an embeddings server together. */
#ifndef JL_EMBED_HTTP_BATCH_H
#define JL_EMBED_HTTP_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/paid.h"

typedef struct jl_batch_text {
    struct jl_batch_text *next;
    uint64_t ticket;
    size_t n; /* bytes; 0: it has its vector */
    char text[];
} jl_batch_text;

/* One call, or one to be. Zero is one without texts, which it owns. */
typedef struct jl_batch {
    struct jl_batch *next;
    jl_batch_text *first, *last;
    size_t n, bytes;
    unsigned attempts; /* calls made for these texts */
    int64_t due;       /* when it may leave; monotonic ns */
    uint64_t number;   /* of its call, while that is out */
    jl_paid paid;
} jl_batch;

/* Owns its batches. */
typedef struct jl_batches {
    jl_batch *first, *last;
} jl_batches;

void jl_batch_add(jl_batch *b, jl_batch_text *i);
/* The first text, the caller's from now on; NULL: there is none. */
jl_batch_text *jl_batch_take(jl_batch *b);
/* What stands behind the first `n` texts goes to `second`, which is empty. */
void jl_batch_cut(jl_batch *b, size_t n, jl_batch *second);
/* Drops the texts that have their vectors. */
void jl_batch_forget_answered(jl_batch *b);
/* Accepts NULL. */
void jl_batch_free(jl_batch *b);

void jl_batch_push(jl_batches *l, jl_batch *b, bool ahead);
/* `b` is in the list, and the caller's from now on. */
void jl_batch_take_out(jl_batches *l, const jl_batch *b);
void jl_batches_free(const jl_batches *l);

#endif
