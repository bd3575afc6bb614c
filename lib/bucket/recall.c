/* A direct-mapped table in front of a store; the value lies in the eight bits of the hash that it takes up. */
#include "bucket/recall.h"

#include <stdlib.h>

#define PLACES ((size_t)1 << 18)
#define AHEAD 16 /* keys whose places are on their way into the processor's cache */

struct place {
    uint64_t hi, lo; /* lo[7..0] is the value, 0 = empty; 120 bits tell the keys apart */
};

struct jl_recall {
    jl_store *store;
    struct place *place;
    uint64_t epoch; /* of all that is in the table; UINT64_MAX = not known yet */
    jl_hash *ask;   /* of a batch: what is not recalled */
    uint8_t *answer;
    uint32_t *index;
    size_t cap;
};

/* Bits of which no other use is made within a bucket of keys. */
static struct place *place_of(const jl_recall *r, jl_hash key) {
    return &r->place[(key.lo >> 16) & (PLACES - 1)];
}

jl_recall *jl_recall_new(jl_store *store, jl_err *err) {
    jl_recall *r = calloc(1, sizeof *r);
    if (r) {
        r->store = store;
        r->epoch = UINT64_MAX;
        r->place = calloc(PLACES, sizeof *r->place);
    }
    if (!r || !r->place) {
        jl_recall_free(r);
        (void)jl_err_nomem(err);
        return NULL;
    }
    return r;
}

void jl_recall_free(jl_recall *r) {
    if (!r)
        return;
    free(r->place);
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
            __builtin_prefetch(place_of(r, key[i + AHEAD]));
        const struct place *p = place_of(r, key[i]);
        bool same = p->hi == key[i].hi && (p->lo ^ key[i].lo) < 256;
        value[i] = same ? (uint8_t)p->lo : 0;
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
        memset(r->place, 0, PLACES * sizeof *r->place);
        r->epoch = epoch;
        left = recall_look(r, key, value, n);
    }
    return (ssize_t)left;
}

int jl_recall_try(jl_recall *r, const jl_hash *key, uint8_t *value, size_t n, jl_err *err) {
    return recall_checked(r, key, value, n, err) < 0 ? -1 : 0;
}

int jl_recall_get(jl_recall *r, const jl_hash *key, uint8_t *value, size_t n, jl_err *err) {
    ssize_t checked = recall_checked(r, key, value, n, err);
    if (checked < 0)
        return -1;
    size_t left = (size_t)checked;
    if (left == 0)
        return 0;
    if (r->store->ops->get(r->store, r->ask, r->answer, left, err) != 0)
        return -1;
    for (size_t i = 0; i < left; i++) {
        value[r->index[i]] = r->answer[i];
        if (r->answer[i])
            *place_of(r, r->ask[i]) = (struct place){r->ask[i].hi, (r->ask[i].lo & ~UINT64_C(0xff)) | r->answer[i]};
    }
    return 0;
}
