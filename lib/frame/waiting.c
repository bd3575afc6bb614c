/* A queue of chunks: lines are copied behind one another and never move. */
#include "frame/waiting.h"

#include <stddef.h>
#include <stdlib.h>

#define CHUNK (UINT32_C(256) << 10)

struct chunk {
    struct chunk *next;
    size_t head, tail, cap;
    _Alignas(max_align_t) char bytes[];
};

struct jl_waiting {
    struct chunk *first, *last;
    struct chunk *spare; /* chunks of the usual size, for use again: fresh memory costs more than a line in it */
    size_t fields;
    uint64_t bytes;
};

jl_waiting *jl_waiting_new(size_t fields, jl_err *err) {
    jl_waiting *w = calloc(1, sizeof *w);
    if (w)
        w->fields = fields;
    else
        (void)jl_err_nomem(err);
    return w;
}

static void waiting_free_list(struct chunk *c) {
    while (c) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
}

void jl_waiting_free(jl_waiting *w) {
    if (!w)
        return;
    waiting_free_list(w->first);
    waiting_free_list(w->spare);
    free(w);
}

static struct chunk *waiting_room(jl_waiting *w, size_t size, jl_err *err) {
    if (w->last && w->last->cap - w->last->tail >= size)
        return w->last;
    struct chunk *c;
    if (w->spare && size <= w->spare->cap) {
        c = w->spare;
        w->spare = c->next;
    } else {
        size_t cap = size > CHUNK ? size : CHUNK;
        c = malloc(sizeof *c + cap);
        if (!c) {
            (void)jl_err_nomem(err);
            return NULL;
        }
        c->cap = cap;
    }
    c->next = NULL;
    c->head = c->tail = 0;
    if (w->last)
        w->last->next = c;
    else
        w->first = c;
    w->last = c;
    return c;
}

jl_waiter *jl_waiting_add(jl_waiting *w, const jl_rec *rec, size_t extra, jl_err *err) {
    const size_t align = _Alignof(max_align_t);
    size_t fields = w->fields * sizeof(jl_field);
    size_t size = (sizeof(jl_waiter) + fields + rec->len + align - 1) / align * align;
    struct chunk *c = waiting_room(w, size, err);
    if (!c)
        return NULL;
    jl_waiter *waiter = (jl_waiter *)(void *)(c->bytes + c->tail);
    jl_field *field = (jl_field *)(void *)(waiter + 1);
    char *line = (char *)field + fields;
    if (fields)
        memcpy(field, rec->field, fields);
    memcpy(line, rec->line, rec->len);
    waiter->rec = *rec;
    waiter->rec.field = field;
    waiter->rec.line = line;
    waiter->size = size;
    waiter->extra = extra;
    c->tail += size;
    w->bytes += size + extra;
    return waiter;
}

const jl_waiter *jl_waiting_first(const jl_waiting *w) {
    return w->first ? (const jl_waiter *)(const void *)(w->first->bytes + w->first->head) : NULL;
}

const jl_waiter *jl_waiting_second(const jl_waiting *w) {
    const struct chunk *c = w->first;
    if (!c)
        return NULL;
    size_t at = c->head + jl_waiting_first(w)->size;
    if (at == c->tail) {
        c = c->next;
        at = 0;
    }
    return c ? (const jl_waiter *)(const void *)(c->bytes + at) : NULL;
}

void jl_waiting_take(jl_waiting *w) {
    struct chunk *c = w->first;
    const jl_waiter *waiter = jl_waiting_first(w);
    w->bytes -= waiter->size + waiter->extra;
    c->head += waiter->size;
    if (c->head < c->tail)
        return;
    if (c == w->last) /* the only one */
        w->last = NULL;
    w->first = c->next;
    if (c->cap != CHUNK) {
        free(c);
        return;
    }
    c->next = w->spare;
    w->spare = c;
}

uint64_t jl_waiting_bytes(const jl_waiting *w) {
    return w->bytes;
}
