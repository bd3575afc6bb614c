/* What the files of this room need of vectors of float32. */
#ifndef JL_VECTOR_FLOAT_H
#define JL_VECTOR_FLOAT_H

#include "vector/vector.h"

/* jl_vector_normalise that says whether all numbers are finite; when they are not, nothing is changed. */
bool jl_float_normalise(float *v, uint32_t n);

#endif
