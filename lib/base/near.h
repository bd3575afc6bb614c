/* How far a name is from the one that was probably meant. */
#ifndef JL_BASE_NEAR_H
#define JL_BASE_NEAR_H

#include "base/span.h"

/* The number of single-byte edits (insert, delete, replace, swap of neighbours) between two names; 99 when one is too
   long to be compared, which is 40 bytes. Optimal string alignment distance. */
size_t jl_near_distance(jl_span a, jl_span b);

#endif
