/* Texts in batches, batches in lists. */
#include "embed/http_batch.h"

#include <stdlib.h>

void jl_batch_push(jl_batches *l, jl_batch *b, bool ahead) {
    b->next = ahead ? l->first : NULL;
    if (ahead || !l->first) {
        l->first = b;
        if (!b->next)
            l->last = b;
    } else {
        l->last->next = b;
        l->last = b;
    }
}

void jl_batch_take_out(jl_batches *l, const jl_batch *b) {
    jl_batch *before = NULL;
    for (jl_batch *i = l->first; i != b; i = i->next)
        before = i;
    *(before ? &before->next : &l->first) = b->next;
    if (l->last == b)
        l->last = before;
}

void jl_batch_add(jl_batch *b, jl_batch_text *i) {
    i->next = NULL;
    *(b->last ? &b->last->next : &b->first) = i;
    b->last = i;
    b->n++;
    b->bytes += i->n;
}

jl_batch_text *jl_batch_take(jl_batch *b) {
    jl_batch_text *i = b->first;
    if (i) {
        b->first = i->next;
        if (!b->first)
            b->last = NULL;
        b->n--;
        b->bytes -= i->n;
    }
    return i;
}

void jl_batch_free(jl_batch *b) {
    if (!b)
        return;
    for (jl_batch_text *i; (i = jl_batch_take(b));)
        free(i);
    free(b);
}

void jl_batch_cut(jl_batch *b, size_t n, jl_batch *second) {
    jl_batch all = *b;
    b->first = b->last = NULL;
    b->n = b->bytes = 0;
    for (jl_batch_text *i; (i = jl_batch_take(&all));)
        jl_batch_add(b->n < n ? b : second, i);
}

void jl_batch_forget_answered(jl_batch *b) {
    jl_batch all = *b;
    b->first = b->last = NULL;
    b->n = b->bytes = 0;
    for (jl_batch_text *i; (i = jl_batch_take(&all));)
        if (i->n)
            jl_batch_add(b, i);
        else
            free(i);
}

void jl_batches_free(const jl_batches *l) {
    for (jl_batch *b = l->first, *next; b; b = next) {
        next = b->next;
        jl_batch_free(b);
    }
}
