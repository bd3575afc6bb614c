/* A batch of keys in the order of their buckets. */
#ifndef JL_BUCKET_ORDER_H
#define JL_BUCKET_ORDER_H

#include "bucket/layout.h"

/* Reusable memory: zero-initialise, free with jl_order_free. Grows to 16 bytes for each key of the largest batch. */
typedef struct jl_order {
    uint64_t *slot; /* bucket << 32 | index into the batch; ascending */
    uint64_t *spare;
    size_t n, cap;
} jl_order;

/* Fills `slot`; keys of one bucket keep their order in the batch, which has less than 2^32 keys. -1: memory ran out. */
int jl_order_make(jl_order *o, const jl_hash *key, size_t n, jl_err *err);
void jl_order_free(jl_order *o);

static inline uint32_t jl_order_bucket(const jl_order *o, size_t i) {
    return (uint32_t)(o->slot[i] >> 32);
}
static inline size_t jl_order_index(const jl_order *o, size_t i) {
    return (size_t)(o->slot[i] & UINT64_C(0xffffffff));
}
/* Call at each position that is gone through: brings what stands further on in the batch into the processor's cache. In
   the order of buckets the batch is read here and there, so that at a million keys each one costs a miss, a third of a
   look-up. */
static inline void jl_order_prefetch(const jl_order *o, size_t i, const jl_hash *key) {
    const size_t ahead = 16;
    if (i + ahead < o->n)
        __builtin_prefetch(&key[jl_order_index(o, i + ahead)]);
}
/* The first position behind `i` that belongs to another bucket. */
static inline size_t jl_order_next(const jl_order *o, size_t i) {
    uint64_t bucket = o->slot[i] >> 32;
    do
        i++;
    while (i < o->n && o->slot[i] >> 32 == bucket);
    return i;
}

#endif
