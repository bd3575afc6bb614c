/* From the key members of a record to the 128 bits that stand for them everywhere: tables, caches, shards. */
#ifndef JL_JSONL_KEY_H
#define JL_JSONL_KEY_H

#include "base/buf.h"
#include "jsonl/rec.h"

/* FROZEN FORMAT, version 1 (golden vectors: tests/unit/golden/key.tsv).
   canonical bytes = the members' encodings, in the byte order of their NAMEs, one behind the other:
     string   's' length content     content decoded, UTF-8; length = uint32 little endian, bytes
     number   'n' length spelling    1 and 1.0 differ
     true 't' · false 'f' · null 'z' (null only inside containers: a null member is no key)
     array    'a' count elements
     object   'o' count pairs        pairs sorted by the bytes of the decoded name, each 's' length name, then the
                                     value; of duplicate names the last
   hash = XXH3_128bits_withSeed(canonical, JL_KEY_SEED), hi = high64, lo = low64.

   Who uses which bits: cache buckets hi[63..47], cache fingerprints lo[63..16], shards hi[31..0];
   tables in memory use all of them. */
#define JL_KEY_SEED UINT64_C(0x6a6f626c696e6531) /* "jobline1" */

/* Reads keys out of records. Holds scratch memory: one per thread. */
typedef struct jl_keyer {
    size_t *field; /* indices into jl_rec.field, in canonical order; owned */
    size_t n;
    jl_buf scratch;
} jl_keyer;

/* `first` is what jl_want_key returned for `spec`. */
int jl_keyer_init(jl_keyer *k, const jl_keyspec *spec, size_t first, jl_err *err);
void jl_keyer_free(jl_keyer *k);

/* Sets rec->has_key (false when a member is missing or null) and rec->key. The record is as jl_rec_scan left it, with
   the padding behind its bytes. -1: memory ran out. */
int jl_key_of(jl_keyer *k, jl_rec *rec, jl_err *err);

/* Appends the canonical bytes (for tests and golden vectors). The record has all members. */
int jl_key_canonical(jl_keyer *k, const jl_rec *rec, jl_buf *out, jl_err *err);

/* The shard, 0 <= shard < count, that a key belongs to: (hi[31..0] * count) >> 32. Frozen like the hash. */
static inline uint32_t jl_key_shard(jl_hash key, uint32_t count) {
    return (uint32_t)(((key.hi & UINT64_C(0xffffffff)) * count) >> 32);
}

#endif
