/* Lists that grow by half and are kept for the next batch. */
#include "senior/answers.h"

#include <stdlib.h>

int jl_answers_reserve(jl_answers *a, size_t more, jl_err *err) {
    if (more <= a->cap - a->n)
        return 0;
    size_t cap = a->cap + a->cap / 2 > a->n + more ? a->cap + a->cap / 2 : a->n + more;
    jl_hash *key = realloc(a->key, cap * sizeof *key);
    if (key)
        a->key = key;
    uint64_t *ticket = realloc(a->ticket, cap * sizeof *ticket);
    if (ticket)
        a->ticket = ticket;
    uint8_t *value = realloc(a->value, cap);
    if (value)
        a->value = value;
    if (!key || !ticket || !value)
        return jl_err_nomem(err);
    a->cap = cap;
    return 0;
}

void jl_answers_drop(jl_answers *a, size_t n) {
    a->n -= n;
    if (n == 0 || a->n == 0)
        return;
    memmove(a->key, a->key + n, a->n * sizeof *a->key);
    memmove(a->ticket, a->ticket + n, a->n * sizeof *a->ticket);
    memmove(a->value, a->value + n, a->n);
}

void jl_answers_free(jl_answers *a) {
    free(a->key);
    free(a->ticket);
    free(a->value);
    *a = (jl_answers){0};
}

void jl_tokens_init(jl_tokens *t) {
    for (unsigned v = 0; v < 256; v++) {
        char text[4];
        jl_span token = jl_scale_token((uint8_t)v, text);
        memcpy(t->text[v], token.p, token.n);
        t->text[v][3] = (char)token.n;
    }
}

jl_span jl_tokens_of(const jl_tokens *t, uint8_t value) {
    return (jl_span){t->text[value], (size_t)t->text[value][3]};
}
