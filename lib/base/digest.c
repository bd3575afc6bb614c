/* The checksum that exports carry. */
#include "base/digest.h"

#include <xxhash.h>

uint64_t jl_digest(jl_span bytes, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.p, bytes.n, seed);
}
