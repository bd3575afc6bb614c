/* How a bucket lies in a store: which bits of a key choose it, what an entry in it looks like. */
#ifndef JL_BUCKET_LAYOUT_H
#define JL_BUCKET_LAYOUT_H

#include <stdint.h>

#include "jsonl/rec.h"

/* FROZEN, layout version 1 (golden bytes: tests/unit/layout_test.c).
   bucket       hi[63..47] of the key's hash: 2^17 of them. The number cannot change later: the bits that chose
                the bucket are not stored.
   entries      a run of entries of `fingerprint + value` bytes each, in the order in which they were added;
                append-only. A value may be overwritten in place, by whoever holds the bucket and has compared the
                fingerprint there.
   fingerprint  6 bytes:  lo[63..16], big endian. With the bucket 65 bits of identity: the expected number of false
                          matches in L look-ups of absent keys among N entries is L * N / 2^65,
                          1.1e-5 for 20 million look-ups in a store of 20 million.
                14 bytes: hi[46..0] in 6 bytes, then lo in 8 bytes, both big endian. With the bucket the whole hash.
   value        0 or 1 byte; a value byte is 1 to 255, for 0 means "absent" wherever one is handed around. */
#define JL_LAYOUT_VERSION 1
#define JL_BUCKET_BITS 17
#define JL_BUCKETS (UINT32_C(1) << JL_BUCKET_BITS)
#define JL_ENTRY_MAX 15 /* bytes */

/* What is kept of each key. */
typedef struct jl_entry_shape {
    const char *kind;    /* names the use in files and key names, [a-z]+ */
    uint8_t fingerprint; /* bytes, 6 or 14 */
    uint8_t value;       /* bytes, 0 or 1 */
} jl_entry_shape;

static inline size_t jl_entry_size(const jl_entry_shape *shape) {
    return (size_t)shape->fingerprint + shape->value;
}

static inline uint32_t jl_bucket_of(jl_hash key) {
    return (uint32_t)(key.hi >> (64 - JL_BUCKET_BITS));
}

/* Writes the entry's jl_entry_size() bytes. */
void jl_entry_write(const jl_entry_shape *shape, jl_hash key, uint8_t value, unsigned char *entry);
/* The key as far as it is stored: bits that are not kept are 0. */
jl_hash jl_entry_key(const jl_entry_shape *shape, uint32_t bucket, const unsigned char *entry);
/* The entry's value; 1 when entries have none. */
static inline uint8_t jl_entry_value(const jl_entry_shape *shape, const unsigned char *entry) {
    return shape->value ? entry[shape->fingerprint] : 1;
}

/* The first entry with the key's fingerprint, NULL when there is none. `n` is a multiple of the entry's size. Reads
   nothing outside of the `n` bytes. */
const unsigned char *jl_entries_find(const jl_entry_shape *shape, const unsigned char *entries, size_t n, jl_hash key);

#endif
