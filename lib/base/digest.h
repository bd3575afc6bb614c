/* Sixty-four bits that tell whether bytes have changed on their way. */
#ifndef JL_BASE_DIGEST_H
#define JL_BASE_DIGEST_H

#include <stdint.h>

#include "base/span.h"

/* XXH3_64bits_withSeed. Finds accidents; it is no protection against somebody who wants it to agree. */
uint64_t jl_digest(jl_span bytes, uint64_t seed);

#endif
