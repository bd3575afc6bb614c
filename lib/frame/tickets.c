/* Entries of eight bytes in chunks that never move. */
#include "frame/tickets.h"

#include <stdlib.h>
#include <string.h>

#include "jsonl/values.h"

#define CHUNK_BITS 14
#define CHUNK (UINT64_C(1) << CHUNK_BITS)

#define SHORT 6   /* bytes of text that stand in the entry itself */
#define LONG 0xff /* as a length: the text stands in `values`, under an id of 48 bits */

struct entry {
    uint8_t state; /* a jl_state */
    uint8_t length;
    char text[SHORT];
};
_Static_assert(sizeof(struct entry) == 8, "what the header says a ticket costs");

struct jl_tickets {
    struct entry **chunk; /* that of ticket `base` first */
    size_t n_chunks, cap_chunks;
    struct entry *spare;
    uint64_t base; /* the first ticket of the first chunk */
    uint64_t first, next;
    jl_values *values;
};

jl_tickets *jl_tickets_new(jl_err *err) {
    jl_tickets *t = calloc(1, sizeof *t);
    if (!t) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    t->values = jl_values_new(err);
    if (!t->values) {
        free(t);
        return NULL;
    }
    return t;
}

void jl_tickets_free(jl_tickets *t) {
    if (!t)
        return;
    for (size_t i = 0; i < t->n_chunks; i++)
        free(t->chunk[i]);
    free(t->chunk);
    free(t->spare);
    jl_values_free(t->values);
    free(t);
}

uint64_t jl_tickets_next(const jl_tickets *t) {
    return t->next;
}

static struct entry *entry_of(const jl_tickets *t, uint64_t ticket) {
    uint64_t i = ticket - t->base;
    return &t->chunk[i >> CHUNK_BITS][i & (CHUNK - 1)];
}

static int tickets_chunk(jl_tickets *t, jl_err *err) {
    if (t->n_chunks == t->cap_chunks) {
        size_t cap = t->cap_chunks ? t->cap_chunks * 2 : 16;
        struct entry **grown = reallocarray(t->chunk, cap, sizeof(struct entry *));
        if (!grown)
            return jl_err_nomem(err);
        t->chunk = grown;
        t->cap_chunks = cap;
    }
    struct entry *fresh = t->spare ? t->spare : malloc(CHUNK * sizeof *fresh);
    if (!fresh)
        return jl_err_nomem(err);
    t->spare = NULL;
    t->chunk[t->n_chunks++] = fresh;
    return 0;
}

int jl_tickets_add(jl_tickets *t, size_t n, jl_err *err) {
    while (t->n_chunks * CHUNK - (t->next - t->base) < n)
        if (tickets_chunk(t, err) != 0)
            return -1;
    for (size_t i = 0; i < n; i++)
        *entry_of(t, t->next + i) = (struct entry){.state = JL_PENDING};
    t->next += n;
    return 0;
}

int jl_tickets_answer(jl_tickets *t, uint64_t ticket, jl_answer answer, jl_err *err) {
    if (ticket < t->first || ticket >= t->next || answer.state == JL_PENDING)
        return 0;
    struct entry *e = entry_of(t, ticket);
    if (e->state != JL_PENDING)
        return 0;
    uint64_t id;
    if (answer.state != JL_FOUND) {
        e->length = 0;
    } else if (answer.value.n <= SHORT) {
        e->length = (uint8_t)answer.value.n;
        memcpy(e->text, answer.value.n ? answer.value.p : "", answer.value.n);
    } else {
        if (jl_values_keep(t->values, answer.value, &id, err) != 0)
            return -1;
        e->length = LONG;
        for (size_t i = 0; i < SHORT; i++)
            e->text[i] = (char)(id >> 8 * i & 0xff);
    }
    e->state = (uint8_t)answer.state;
    return 0;
}

jl_answer jl_tickets_look(const jl_tickets *t, uint64_t ticket) {
    const struct entry *e = entry_of(t, ticket);
    if (e->length != LONG)
        return (jl_answer){(jl_state)e->state, {e->text, e->length}};
    uint64_t id = 0;
    for (size_t i = 0; i < SHORT; i++)
        id |= (uint64_t)(unsigned char)e->text[i] << 8 * i;
    return (jl_answer){(jl_state)e->state, jl_values_get(t->values, id)};
}

void jl_tickets_prefetch(const jl_tickets *t, uint64_t ticket) {
    __builtin_prefetch(entry_of(t, ticket));
}

void jl_tickets_forget(jl_tickets *t, uint64_t ticket) {
    size_t gone = (size_t)((ticket - t->base) >> CHUNK_BITS);
    t->first = ticket;
    if (gone == 0)
        return;
    for (size_t i = 0; i < gone; i++) {
        free(t->spare);
        t->spare = t->chunk[i];
    }
    t->n_chunks -= gone;
    memmove(t->chunk, t->chunk + gone, t->n_chunks * sizeof(struct entry *));
    t->base += gone * CHUNK;
}
