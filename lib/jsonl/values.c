/* Texts stand in chunks that never move, found again by the hash of their bytes. */
#include "jsonl/values.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "jsonl/set.h"

#define CHUNK_BITS 18
#define CHUNK (UINT32_C(1) << CHUNK_BITS)

struct chunk {
    char *p;
    size_t n, cap;
};

/* An id is chunk number << CHUNK_BITS | offset of a text: its length as uint32, then its bytes. */
struct jl_values {
    jl_set *ids;
    struct chunk *chunk;
    size_t n_chunks, cap_chunks;
};

jl_values *jl_values_new(jl_err *err) {
    jl_values *v = calloc(1, sizeof *v);
    if (!v) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    v->ids = jl_set_new(true, err);
    if (!v->ids) {
        free(v);
        return NULL;
    }
    return v;
}

void jl_values_free(jl_values *v) {
    if (!v)
        return;
    for (size_t i = 0; i < v->n_chunks; i++)
        free(v->chunk[i].p);
    free(v->chunk);
    jl_set_free(v->ids);
    free(v);
}

/* A chunk with room for `need` bytes, the last one. */
static struct chunk *values_room(jl_values *v, size_t need, jl_err *err) {
    if (v->n_chunks > 0) {
        struct chunk *last = &v->chunk[v->n_chunks - 1];
        if (last->cap - last->n >= need)
            return last;
    }
    if (v->n_chunks == v->cap_chunks) {
        size_t cap = v->cap_chunks ? v->cap_chunks * 2 : 16;
        struct chunk *grown = realloc(v->chunk, cap * sizeof *grown);
        if (!grown)
            goto nomem;
        v->chunk = grown;
        v->cap_chunks = cap;
    }
    struct chunk fresh = {.cap = need > CHUNK ? need : CHUNK};
    fresh.p = malloc(fresh.cap);
    if (!fresh.p)
        goto nomem;
    v->chunk[v->n_chunks] = fresh;
    return &v->chunk[v->n_chunks++];
nomem:
    (void)jl_err_nomem(err);
    return NULL;
}

int jl_values_keep(jl_values *v, jl_span text, uint64_t *id, jl_err *err) {
    XXH128_hash_t h = XXH3_128bits(text.p, text.n);
    jl_hash key = {h.high64, h.low64};
    const uint64_t *known = jl_set_find(v->ids, key);
    if (known) {
        *id = *known;
        return 0;
    }
    if (text.n > UINT32_MAX - sizeof(uint32_t))
        return jl_err_set(err, JL_DATA, "an answer is longer than 4 GiB");
    uint32_t length = (uint32_t)text.n;
    struct chunk *c = values_room(v, sizeof length + text.n, err);
    uint64_t *place;
    if (!c || jl_set_add(v->ids, key, &place, err) < 0)
        return -1;
    *id = (uint64_t)(v->n_chunks - 1) << CHUNK_BITS | c->n;
    *place = *id;
    memcpy(c->p + c->n, &length, sizeof length);
    if (text.n)
        memcpy(c->p + c->n + sizeof length, text.p, text.n);
    c->n += sizeof length + text.n;
    return 0;
}

jl_span jl_values_get(const jl_values *v, uint64_t id) {
    const char *p = v->chunk[id >> CHUNK_BITS].p + (id & (CHUNK - 1));
    uint32_t length;
    memcpy(&length, p, sizeof length);
    return (jl_span){p + sizeof length, length};
}
