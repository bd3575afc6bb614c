/* A batch of questions for the model, encoded once, asked in parts. */
#ifndef JL_SENIOR_MODEL_BATCH_H
#define JL_SENIOR_MODEL_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "jsonl/rec.h"
#include "senior/model_wire.h"

/* Question i of a batch has uuid i + 1, in every call in which it is asked: any subset of a batch has unique uuids,
   none 0. */
typedef struct jl_model_question {
    jl_hash key;
    uint64_t ticket;
    size_t end;    /* of its encoding in the batch's bytes; it begins where the one before ends */
    int32_t said;  /* the model's value in the reply at hand */
    uint8_t heard; /* jl_model_heard of the reply at hand */
    bool done;     /* answered, refused or given up */
} jl_model_question;

typedef enum jl_model_heard { JL_HEARD_NOTHING = 0, JL_HEARD_VALUE, JL_HEARD_CONTRADICTION } jl_model_heard;

typedef struct jl_model_batch {
    jl_buf wire;
    jl_model_question *question;
    size_t n, cap;
    size_t parts; /* that refer to it; the last one frees it */
} jl_model_batch;

/* The questions first..end-1 of a batch that are not done: what one call asks. */
typedef struct jl_model_part {
    struct jl_model_part *next; /* for the owner's lists */
    struct jl_rpc_done *done;   /* for the owner: how its call ended */
    jl_model_batch *batch;
    size_t first, end;
    size_t open;       /* questions not done */
    unsigned attempts; /* calls that did not settle it, but for those that split it */
    unsigned replies;  /* calls that ended OK */
    bool asked;        /* at least one call was started */
    bool probe;        /* tries whether the model is back */
    int64_t due;       /* when it may be asked again, monotonic ns */
    int64_t started;   /* when its last call was */
} jl_model_part;

/* An empty batch with one part; `pairs` (>= 1) are expected, more may come. NULL: memory ran out. */
jl_model_part *jl_model_part_new(size_t pairs, jl_err *err);
/* Appends a question to a part that is the whole batch. */
int jl_model_part_add(jl_model_part *p, jl_hash key, uint64_t ticket, jl_span company, jl_span title, jl_err *err);
/* Frees the part, with the last one the batch. */
void jl_model_part_free(jl_model_part *p);

/* Cuts the part (open >= 2) in two with half of the open questions each; returns the second. NULL: memory ran out,
   nothing changed. */
jl_model_part *jl_model_part_split(jl_model_part *p, jl_err *err);
/* The request that asks the open questions, in pieces of the batch's bytes. `piece` has room for open + 1; returns how
   many. */
size_t jl_model_part_pieces(const jl_model_part *p, jl_span *piece);
/* Notes for each open question what the reply says. -1: the reply is no such message; nothing is heard then. */
int jl_model_part_read(jl_model_part *p, jl_span reply, jl_model_arena *arena);

#endif
