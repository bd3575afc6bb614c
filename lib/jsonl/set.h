/* A set, or map to 64-bit payloads, of key hashes: open addressing kept sorted, so that it grows by copying. */
#ifndef JL_JSONL_SET_H
#define JL_JSONL_SET_H

#include "base/err.h"
#include "jsonl/rec.h"

/* 256 segments chosen by the top bits of the hash, each an ordered linear-probing table that grows on its own by
   1.4 at 7/8 load: at most 16 * 1.4 / (7/8) = 25.6 bytes a key, 38.4 with payloads, at the worst moment. Up to a
   million keys some 100 KB (150 KB) for the segments as such come on top. Keys are taken to be hashes: keys that crowd
   together keep within that memory, but looking them up takes long. */
typedef struct jl_set jl_set;

/* `payload`: with a uint64_t for each key. NULL: memory ran out. */
jl_set *jl_set_new(bool payload, jl_err *err);
void jl_set_free(jl_set *s);
uint64_t jl_set_count(const jl_set *s);
/* Bytes allocated now. */
uint64_t jl_set_bytes(const jl_set *s);

/* The most that was ever allocated at once, with the old and the new of a segment while it grows. */
uint64_t jl_set_peak(const jl_set *s);

/* Starts to bring the key's slot into the cache: call about 32 keys before its look-up. */
void jl_set_prefetch(const jl_set *s, jl_hash key);
bool jl_set_has(const jl_set *s, jl_hash key);
/* The payload's place, valid until the next insertion or removal; NULL when the key is not there. */
uint64_t *jl_set_find(const jl_set *s, jl_hash key);
/* 1: inserted, 0: it was there, -1: memory ran out. `payload` may be NULL; else receives the place of the payload
   (0 when inserted just now), valid until the next insertion or removal. */
int jl_set_add(jl_set *s, jl_hash key, uint64_t **payload, jl_err *err);
/* True when the key was there. */
bool jl_set_remove(jl_set *s, jl_hash key);
void jl_set_clear(jl_set *s);
/* Calls `each` for every key, in the order of the hashes; stops early when it returns non-zero and returns that. */
int jl_set_walk(const jl_set *s, int (*each)(void *self, jl_hash key, uint64_t payload), void *self);

#endif
