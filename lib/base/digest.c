/* XXH3 of bytes. */
#include "base/digest.h"

#include <xxhash.h>

uint64_t jl_digest(jl_span bytes, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.p, bytes.n, seed);
}

jl_digest128 jl_digest_wide(jl_span bytes, uint64_t seed) {
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.p, bytes.n, seed);
    return (jl_digest128){hash.high64, hash.low64};
}
