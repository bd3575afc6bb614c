/* The lookup that asks the seniority model over gRPC. */
#ifndef JL_SENIOR_MODEL_H
#define JL_SENIOR_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "lookup/lookup.h"
#include "pace/pace.h"
#include "senior/scale.h"
#include "wire/rpc.h"

#define JL_MODEL_METHOD "/SeniorityModel/InferSeniority"

/* How questions become calls. A batch leaves when it is full, or when `window` has passed since its first question, or
   when no more questions will come; and then as soon as fewer than `in_flight` calls are out and the rate allows.

   With a shared pace, a batch that could leave is closed and reserves its place there, one at a time; a reservation that
   is not used in time is let go and made again. While the pace is away, so is the model, as below.

   What a call's end means for its pairs:
   OK                    each uuid that was asked and came with one value on the scale is answered. A uuid that is
                         missing, or came with two different values, is asked again and in the end unanswered; one off
                         the scale is asked at most twice again and then refused. Unknown uuids are nobody's.
   UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED
                         all calls pause (back-off with jitter), then the batch is asked again, at most `retries`
                         times. Once a batch has used them up the model is away: every question is unanswered at
                         once, but for one batch every 10 s, which tries whether it is back.
   RESOURCE_EXHAUSTED about the size of a message, OUT_OF_RANGE
                         the batch is halved, and later ones are no larger for a while; a pair too large alone is
                         refused.
   INVALID_ARGUMENT      the batch is halved until the pair is alone, which is then refused.
   UNIMPLEMENTED         the lookup fails with JL_CONFIG; UNAUTHENTICATED, PERMISSION_DENIED: with JL_NOPERM.
   any other             the batch waits and is asked again, at most `retries` times, then unanswered. */
typedef struct jl_model_options {
    const char *target;    /* HOST:PORT */
    const char *method;    /* NULL = JL_MODEL_METHOD */
    const jl_rpc_tls *tls; /* NULL = without; borrowed during jl_model_open */
    size_t company, title; /* their indices in jl_rec.field */
    jl_scale scale;
    uint32_t batch;          /* pairs in a call, at most; >= 1 */
    uint32_t in_flight;      /* calls, at most; >= 1 */
    double pairs_per_s;      /* 0 = no limit; the burst is one batch */
    jl_pace *pace;           /* shared with other processes, borrowed; pairs_per_s > 0 then. NULL: one's own */
    int64_t window, timeout; /* ns */
    unsigned retries;
    /* Told when the model goes away or comes back (`important`), and of each retry. May be NULL. */
    void (*notice)(void *self, bool important, const char *text);
    void *self;
} jl_model_options;

/* Kept up to date while the lookup lives, in memory of the caller. */
typedef struct jl_model_counts {
    uint64_t asked;                         /* distinct pairs that were sent */
    uint64_t again;                         /* pairs sent once more, each time counted */
    uint64_t calls;                         /* started */
    uint64_t failed;                        /* calls that ended with another status than OK */
    uint64_t answered, refused, unanswered; /* pairs */
    uint64_t wait_ms;                       /* during which at least one call was out */
    uint64_t pace_wait_ms;                  /* during which a batch that could leave waited for the shared pace */
} jl_model_counts;

/* For a loop that remembers its keys for the run: outstanding keys never repeat. Connects with the first call. NULL
   with JL_CONFIG (TLS texts) or JL_SOFTWARE. verdict(): JL_UNAVAILABLE when pairs are unanswered and the server was
   never reached, or the pace is away, else JL_OK. */
jl_lookup *jl_model_open(const jl_model_options *options, jl_model_counts *counts, jl_err *err);

/* One call without pairs. 0: the method is there, `round_trip` in ns. -1: JL_UNAVAILABLE, JL_CONFIG (no such method),
   JL_NOPERM, JL_SOFTWARE (any other status). Waits at most `timeout`; a signal that asks to stop ends it with
   JL_UNAVAILABLE. */
int jl_model_ping(const jl_model_options *options, int64_t *round_trip, jl_err *err);

#endif
