/* A table in front of a store: a key has four places in one line of the processor's cache, and the newest of four moves
   in. The value lies in the eight bits of the hash that it takes up. */
#include "bucket/recall.h"

#include <stdlib.h>

#define PLACES ((size_t)1 << 18)
#define WAYS 4
/* Keys that are not recalled, one in so many, are few: to let a line wait costs a tenth of looking its key up alone. */
#define FEW 10
#define AHEAD 16 /* keys whose places are on their way into the processor's cache */

struct place {
    uint64_t hi, lo; /* lo[7..0] is the value, 0 = empty; 120 bits tell the keys apart */
};

struct jl_recall {
    jl_store *store;
    void *memory;
    struct place *place; /* in it, aligned to lines */
    uint64_t epoch;      /* of all that is in the table; UINT64_MAX = not known yet */
    jl_hash *ask;        /* of a batch: what is not recalled */
    uint8_t *answer;
    uint32_t *index;
    size_t cap;
};

_Static_assert(WAYS * sizeof(struct place) == 64, "the places of a key are a line of the cache");

/* Bits of which no other use is made within a bucket of keys. */
static struct place *places_of(const jl_recall *r, jl_hash key) {
    return &r->place[((key.lo >> 16) & (PLACES / WAYS - 1)) * WAYS];
}

/* The value, 0 when it is not recalled. */
static uint8_t recall_one(const jl_recall *r, jl_hash key) {
    const struct place *p = places_of(r, key);
    uint64_t lo = 0;
    for (size_t i = 0; i < WAYS; i++)
        lo |= p[i].hi == key.hi && (p[i].lo ^ key.lo) < 256 ? p[i].lo : 0;
    return (uint8_t)lo;
}

static void recall_keep(jl_recall *r, jl_hash key, uint8_t value) {
    struct place *p = places_of(r, key);
    if (recall_one(r, key) != 0)
        return;
    memmove(p + 1, p, (WAYS - 1) * sizeof *p);
    p[0] = (struct place){key.hi, (key.lo & ~UINT64_C(0xff)) | value};
}

jl_recall *jl_recall_new(jl_store *store, jl_err *err) {
    jl_recall *r = calloc(1, sizeof *r);
    if (r) {
        r->store = store;
        r->epoch = UINT64_MAX;
        r->memory = calloc(PLACES + WAYS, sizeof *r->place); /* zeros that are not touched cost nothing */
    }
    if (!r || !r->memory) {
        jl_recall_free(r);
        (void)jl_err_nomem(err);
        return NULL;
    }
    const uintptr_t line = WAYS * sizeof *r->place;
    r->place = (struct place *)(((uintptr_t)r->memory + line - 1) / line * line);
    return r;
}

void jl_recall_free(jl_recall *r) {
    if (!r)
        return;
    free(r->memory);
    free(r->ask);
    free(r->answer);
    free(r->index);
    free(r);
}

static int recall_room(jl_recall *r, size_t n, jl_err *err) {
    if (n <= r->cap)
        return 0;
    free(r->ask);
    free(r->answer);
    free(r->index);
    r->cap = 0;
    r->ask = malloc(n * sizeof *r->ask);
    r->answer = malloc(n);
    r->index = malloc(n * sizeof *r->index);
    if (!r->ask || !r->answer || !r->index)
        return jl_err_nomem(err);
    r->cap = n;
    return 0;
}

/* Answers what is recalled, lists the rest. Returns how many are in the list. */
static size_t recall_look(jl_recall *r, const jl_hash *key, uint8_t *value, size_t n) {
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            __builtin_prefetch(places_of(r, key[i + AHEAD]));
        value[i] = recall_one(r, key[i]);
        if (value[i])
            continue;
        r->ask[left] = key[i];
        r->index[left++] = (uint32_t)i;
    }
    return left;
}

/* The same, after making sure that what is recalled is still so. -1: the store failed. */
static ssize_t recall_checked(jl_recall *r, const jl_hash *key, uint8_t *value, size_t n, jl_err *err) {
    uint64_t epoch;
    if (recall_room(r, n, err) != 0)
        return -1;
    size_t left = recall_look(r, key, value, n);
    if (left == n && r->epoch != UINT64_MAX)
        return (ssize_t)n;
    if (r->store->ops->epoch(r->store, &epoch, err) != 0)
        return -1;
    if (epoch != r->epoch) {
        if (r->epoch != UINT64_MAX)
            memset(r->place, 0, PLACES * sizeof *r->place);
        r->epoch = epoch;
        left = recall_look(r, key, value, n);
    }
    return (ssize_t)left;
}

/* Looks up what is in the list. */
static int recall_rest(jl_recall *r, uint8_t *value, size_t left, jl_err *err) {
    if (left == 0)
        return 0;
    if (r->store->ops->get(r->store, r->ask, r->answer, left, err) != 0)
        return -1;
    for (size_t i = 0; i < left; i++) {
        value[r->index[i]] = r->answer[i];
        if (r->answer[i])
            recall_keep(r, r->ask[i], r->answer[i]);
    }
    return 0;
}

ssize_t jl_recall_try(jl_recall *r, const jl_hash *key, uint8_t *value, size_t n, bool few, jl_err *err) {
    ssize_t left = recall_checked(r, key, value, n, err);
    return left > 0 && few && (size_t)left <= n / FEW ? recall_rest(r, value, (size_t)left, err) : left;
}

int jl_recall_get(jl_recall *r, const jl_hash *key, uint8_t *value, size_t n, jl_err *err) {
    ssize_t left = recall_checked(r, key, value, n, err);
    return left < 0 ? -1 : recall_rest(r, value, (size_t)left, err);
}
