/* Bits that stand for bytes: to tell whether they have changed on their way, or to name them. */
#ifndef JL_BASE_DIGEST_H
#define JL_BASE_DIGEST_H

#include <stdint.h>

#include "base/span.h"

/* XXH3_64bits_withSeed. Finds accidents; it is no protection against somebody who wants it to agree. */
uint64_t jl_digest(jl_span bytes, uint64_t seed);

typedef struct jl_digest128 {
    uint64_t hi, lo;
} jl_digest128;

/* XXH3_128bits_withSeed: wide enough to stand for the bytes wherever nobody tries to make two that agree. */
jl_digest128 jl_digest_wide(jl_span bytes, uint64_t seed);

#endif
