/* A list of questions with an answer each: what waits to be looked up or stored. */
#ifndef JL_SENIOR_ANSWERS_H
#define JL_SENIOR_ANSWERS_H

#include "senior/scale.h"

/* Zero-initialise; free with jl_answers_free. */
typedef struct jl_answers {
    jl_hash *key;
    uint64_t *ticket;
    uint8_t *value;
    size_t n, cap;
} jl_answers;

/* Room for `more`. -1: memory ran out. */
int jl_answers_reserve(jl_answers *a, size_t more, jl_err *err);
/* Into room that is there. */
static inline void jl_answers_add(jl_answers *a, jl_hash key, uint64_t ticket, uint8_t value) {
    a->key[a->n] = key;
    a->ticket[a->n] = ticket;
    a->value[a->n++] = value;
}
/* Drops the first `n`. */
void jl_answers_drop(jl_answers *a, size_t n);
void jl_answers_free(jl_answers *a);

/* Every value of a scale as raw JSON. */
typedef struct jl_tokens {
    char text[256][4];
} jl_tokens;

void jl_tokens_init(jl_tokens *t);
/* Lives as long as the table. */
jl_span jl_tokens_of(const jl_tokens *t, uint8_t value);

#endif
