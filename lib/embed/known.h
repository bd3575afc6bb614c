/* The lexicon as a table: what is known of a word, by its hash. */
#ifndef JL_EMBED_KNOWN_H
#define JL_EMBED_KNOWN_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

#define JL_KNOWN_FIELDS 4
#define JL_KNOWN_ORDINARY 16 /* the weight of a word that is not listed */

typedef struct jl_known_word {
    uint64_t hash;                   /* 0: a free place */
    uint64_t field[JL_KNOWN_FIELDS]; /* hashes of the fields of work that it belongs to */
    const char *means;               /* words that are read in its place; NULL = itself. Static */
    uint8_t fields;
    uint8_t weight; /* sixteenths; 0: as if it were not there */
    bool boilerplate;
} jl_known_word;

typedef struct jl_known jl_known;

/* NULL: memory ran out. */
jl_known *jl_known_new(jl_err *err);
void jl_known_free(jl_known *k);
/* NULL: nothing is known of it. */
const jl_known_word *jl_known_find(const jl_known *k, uint64_t hash);

/* Odd numbers without a pattern: the fractions of the square roots of 2, 3 and 5. */
#define JL_KNOWN_K1 UINT64_C(0x6a09e667f3bcc909)
#define JL_KNOWN_K2 UINT64_C(0xbb67ae8584caa73b)
#define JL_KNOWN_K3 UINT64_C(0x3c6ef372fe94f82b)

/* 8 bytes as a little-endian number. */
static inline uint64_t jl_known_load(const char *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/* By length: the bits of a word's first and second 8 bytes that are its own. */
extern const uint64_t jl_known_first[17], jl_known_second[17];

/* The hash of a word, never 0; 16 bytes are readable from its start and from its end. FROZEN with the hash model's name: with
   a = its first 8 bytes and b = the 8 behind them, little endian, what is missing filled up with zeros:
     n <= 16: h = (a ^ n * K3) * K1; h = ((h ^ h >> 32) + b) * K2; h ^ h >> 29
     else XXH3_64bits of it. */
static inline uint64_t jl_known_hash(const char *p, size_t n) {
    uint64_t h;
    if (n > 16) {
        h = jl_digest((jl_span){p, n}, 0);
    } else {
        h = ((jl_known_load(p) & jl_known_first[n]) ^ (uint64_t)n * JL_KNOWN_K3) * JL_KNOWN_K1;
        h = ((h ^ h >> 32) + (jl_known_load(p + 8) & jl_known_second[n])) * JL_KNOWN_K2;
        h ^= h >> 29;
    }
    return h ? h : 1;
}

#endif
