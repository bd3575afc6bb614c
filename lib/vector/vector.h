/* An embedding as lines carry it and stores keep it. */
#ifndef JL_VECTOR_VECTOR_H
#define JL_VECTOR_VECTOR_H

#include <stdint.h>

#include "base/buf.h"

/* The member in a line:
     "embedding":{"model":"jobline-hash-1","stage":"listing","dims":384,"data":"<base64 of dims little-endian float32>"}
   `model` is the model's name with its version: vectors of different models are never compared. `stage` says what of the job
   was embedded; a line without it has a listing's. */
#define JL_MODEL_MAX 128 /* bytes of a model's name with its NUL: printable ASCII without spaces and quotes */
#define JL_DIMS_MAX 8192

typedef enum jl_stage { JL_STAGE_LISTING = 0, JL_STAGE_FULL, JL_STAGES } jl_stage;
extern const char *const jl_stage_name[JL_STAGES];
/* True for what JL_MODEL_MAX describes. */
bool jl_vector_model_good(jl_span model);

/* n = 0: no vector. `data` is n little-endian float32, 4n bytes, of any alignment; borrowed. Vectors have length 1 (within 1e-4),
   or are all zero: a text without any feature. */
typedef struct jl_vector {
    jl_span model;
    jl_span data;
    uint32_t n;
} jl_vector;

/* `json`: the member's checked value (JL_PAD bytes behind it). The floats are appended to `out`. Any scale is accepted and brought to length 1;
   a vector whose length is 1 within 5e-7 keeps its bits. v->data dies with the next append to `out`, v->model with it or with the line.
   -1 (JL_DATA): no such object, bad base64, a number of bytes other than 4 * dims, NaN or infinity, dims 0 or above JL_DIMS_MAX. */
int jl_vector_read(jl_span json, jl_buf *out, jl_vector *v, jl_stage *stage, jl_err *err);
/* Appends the member's value. JL_DATA: not a model's name, n 0 or above JL_DIMS_MAX. */
int jl_vector_write(jl_span model, jl_stage stage, const float *v, uint32_t n, jl_buf *out, jl_err *err);

/* Brings to length 1; an all-zero vector stays, so does one with NaN or infinity. */
void jl_vector_normalise(float *v, uint32_t n);
/* The cosine of two vectors of length 1, by the best instructions at hand; the same bits with all of them. */
float jl_vector_dot(const float *a, const float *b, uint32_t n);

#endif
