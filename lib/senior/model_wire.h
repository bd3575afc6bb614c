/* The seniority model's messages, to bytes and back. */
#ifndef JL_SENIOR_MODEL_WIRE_H
#define JL_SENIOR_MODEL_WIRE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* The contract is proto/seniority.proto. Encoded elements of a batch, one behind the other in any order, are an encoded
   batch: so each is encoded once and sent, split or sent again without being touched. */

/* Appends one SeniorityRequest as an element of a SeniorityRequestBatch. Texts are UTF-8 and may contain NUL. */
int jl_model_put_question(jl_buf *batch, int32_t uuid, jl_span company, jl_span title, jl_err *err);
/* Appends one SeniorityResponse as an element of a SeniorityResponseBatch. */
int jl_model_put_reply(jl_buf *batch, int32_t uuid, int32_t seniority, jl_err *err);

/* Memory for reading messages, used again for each: nothing is allocated once it has grown. */
typedef struct jl_model_arena {
    struct jl_model_block *block; /* owned; newest first */
} jl_model_arena;

void jl_model_arena_free(jl_model_arena *a);

/* Calls `each` for every element in the order of the bytes. -1: the bytes are no such message (or memory ran out), and
   `each` was never called. */
int jl_model_read_questions(jl_span batch, jl_model_arena *arena,
                            void (*each)(void *self, int32_t uuid, jl_span company, jl_span title), void *self);
int jl_model_read_replies(jl_span batch, jl_model_arena *arena,
                          void (*each)(void *self, int32_t uuid, int32_t seniority), void *self);

#endif
