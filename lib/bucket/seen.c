/* New keys wait in a plain list, not in a set: each is asked for once, and a list takes 16 bytes a key where a growing
   table takes up to 26. */
#include "bucket/seen.h"

#include <stdlib.h>

/* A list grows by blocks, so that nothing is copied and nothing stands twice in memory. */
#define BLOCK ((size_t)1 << 16)  /* keys */
#define COMMIT ((size_t)1 << 18) /* keys in one put: a lock held for well under a second */

static const jl_entry_shape shape = {"seen", 14, 0};

struct seen {
    jl_lookup lookup;
    jl_store *store;
    jl_hash **block;
    size_t blocks, room; /* allocated; entries in `block` */
    uint64_t n;
    jl_hash *key; /* of the batch at hand */
    uint8_t *value;
    size_t cap;
};

static int seen_remember(struct seen *s, jl_hash key, jl_err *err) {
    if (s->n == (uint64_t)s->blocks * BLOCK) {
        if (s->blocks == s->room) {
            size_t room = s->room ? s->room * 2 : 64;
            jl_hash **more = realloc(s->block, room * sizeof *more);
            if (!more)
                return jl_err_nomem(err);
            s->block = more;
            s->room = room;
        }
        jl_hash *block = malloc(BLOCK * sizeof *block);
        if (!block)
            return jl_err_nomem(err);
        s->block[s->blocks++] = block;
    }
    s->block[s->n / BLOCK][s->n % BLOCK] = key;
    s->n++;
    return 0;
}

static int seen_room(struct seen *s, size_t n, jl_err *err) {
    if (n <= s->cap)
        return 0;
    free(s->key);
    free(s->value);
    s->cap = 0;
    s->key = malloc(n * sizeof *s->key);
    s->value = malloc(n);
    if (!s->key || !s->value)
        return jl_err_nomem(err);
    s->cap = n;
    return 0;
}

static int seen_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    struct seen *s = (struct seen *)l;
    if (seen_room(s, n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        s->key[i] = query[i].key;
    if (s->store->ops->get(s->store, s->key, s->value, n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        query[i].answer = (jl_answer){s->value[i] ? JL_FOUND : JL_UNKNOWN, {NULL, 0}};
        if (!s->value[i] && seen_remember(s, query[i].key, err) != 0)
            return -1;
    }
    return 0;
}

/* Sorting all keys once, block by block in order, would touch each bucket once; putting them in batches touches each
   bucket once a batch, needs no second copy of the keys, and lets others in between. */
static int seen_commit(jl_lookup *l, jl_err *err) {
    struct seen *s = (struct seen *)l;
    jl_put_counts counts = {0};
    size_t per = COMMIT / BLOCK;
    jl_hash *batch = s->n > BLOCK ? malloc((s->n < COMMIT ? s->n : COMMIT) * sizeof *batch) : NULL;
    if (s->n > BLOCK && !batch)
        return jl_err_nomem(err);
    int rc = 0;
    for (size_t b = 0; rc == 0 && b < s->blocks; b += per) {
        size_t n = 0;
        for (size_t i = b; i < s->blocks && i < b + per; i++) {
            size_t here = (size_t)(s->n - (uint64_t)i * BLOCK < BLOCK ? s->n - (uint64_t)i * BLOCK : BLOCK);
            if (batch)
                memcpy(batch + n, s->block[i], here * sizeof *batch);
            n += here;
        }
        rc = s->store->ops->put(s->store, batch ? batch : s->block[b], NULL, NULL, n, &counts, err);
    }
    free(batch);
    if (rc != 0)
        return -1;
    for (size_t b = 0; b < s->blocks; b++)
        free(s->block[b]);
    s->blocks = 0;
    s->n = 0;
    return 0;
}

static void seen_close(jl_lookup *l) {
    struct seen *s = (struct seen *)l;
    for (size_t b = 0; b < s->blocks; b++)
        free(s->block[b]);
    free(s->block);
    free(s->key);
    free(s->value);
    s->store->ops->close(s->store);
    free(s);
}

static const jl_lookup_ops ops = {.submit = seen_submit, .commit = seen_commit, .close = seen_close};

jl_lookup *jl_seen_open(const jl_store_opener *const *openers, const jl_url *url, jl_err *err) {
    struct seen *s = calloc(1, sizeof *s);
    if (!s) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    s->lookup.ops = &ops;
    s->store = jl_store_open(openers, url, &(jl_space){.shape = &shape, .model = "default"}, err);
    if (!s->store) {
        free(s);
        return NULL;
    }
    return &s->lookup;
}
