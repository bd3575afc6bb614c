/* A stable radix sort by bucket: two passes over 9 and 8 bits, whatever the batch. */
#include "bucket/order.h"

#include <stdlib.h>

#define LOW_BITS 9
#define HIGH_BITS (JL_BUCKET_BITS - LOW_BITS)
#define FEW 24 /* below this, insertion is faster than clearing the counters */

static int grow(jl_order *o, size_t n, jl_err *err) {
    if (n <= o->cap)
        return 0;
    jl_order_free(o);
    o->slot = malloc(n * sizeof *o->slot);
    o->spare = malloc(n * sizeof *o->spare);
    if (!o->slot || !o->spare) {
        jl_order_free(o);
        return jl_err_nomem(err);
    }
    o->cap = n;
    return 0;
}

static void insert(uint64_t *slot, size_t n) {
    for (size_t i = 1; i < n; i++) {
        uint64_t moving = slot[i];
        size_t j = i;
        /* The index stands in the low bits, so that comparing whole slots keeps equal buckets in their order. */
        for (; j > 0 && slot[j - 1] > moving; j--)
            slot[j] = slot[j - 1];
        slot[j] = moving;
    }
}

static void pass(const uint64_t *from, uint64_t *to, size_t n, unsigned shift, unsigned bits) {
    uint32_t start[1 << LOW_BITS] = {0};
    const uint64_t mask = (UINT64_C(1) << bits) - 1;
    for (size_t i = 0; i < n; i++)
        start[from[i] >> shift & mask]++;
    uint32_t sum = 0;
    for (size_t d = 0; d <= mask; d++) {
        uint32_t count = start[d];
        start[d] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[start[from[i] >> shift & mask]++] = from[i];
}

int jl_order_make(jl_order *o, const jl_hash *key, size_t n, jl_err *err) {
    if (grow(o, n, err) != 0)
        return -1;
    o->n = n;
    for (size_t i = 0; i < n; i++)
        o->slot[i] = (uint64_t)jl_bucket_of(key[i]) << 32 | i;
    if (n < FEW) {
        insert(o->slot, n);
        return 0;
    }
    pass(o->slot, o->spare, n, 32, LOW_BITS);
    pass(o->spare, o->slot, n, 32 + LOW_BITS, HIGH_BITS);
    return 0;
}

void jl_order_free(jl_order *o) {
    free(o->slot);
    free(o->spare);
    *o = (jl_order){0};
}
