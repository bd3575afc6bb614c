/* The one face of everything that answers for keys: a table, a cache, a model, a command. */
#ifndef JL_LOOKUP_LOOKUP_H
#define JL_LOOKUP_LOOKUP_H

#include <poll.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "jsonl/rec.h"

typedef enum jl_state {
    JL_PENDING = 0, /* will be answered through collect() */
    JL_FOUND,       /* `value` holds the answer */
    JL_UNKNOWN,     /* not there; asking elsewhere may help (a cache miss, a key seen for the first time) */
    JL_REFUSED,     /* unanswerable: no later run could answer it */
    JL_UNANSWERED   /* a later run could answer it */
} jl_state;

/* `value` is raw JSON; a lookup of several members gives one raw value each, in the order of -a, each ended by LF,
   an absent one as an empty text. */
typedef struct jl_answer {
    jl_state state;
    jl_span value;
} jl_answer;

/* One question. `rec` and its bytes are valid during submit() only: who needs more later copies it then. */
typedef struct jl_query {
    jl_hash key;
    uint64_t ticket; /* names the question when its answer comes later; never used twice in a run */
    const jl_rec *rec;
    jl_answer answer; /* JL_PENDING when submitted */
} jl_query;

/* Takes the answer to one question, named by its key and its ticket; the value is copied before it returns. Non-zero
   only when memory ran out. Answers to tickets that are not outstanding are ignored, so a question answered twice keeps
   its first answer. */
typedef struct jl_sink {
    int (*answer)(void *self, jl_hash key, uint64_t ticket, jl_answer answer, jl_err *err);
    void *self;
} jl_sink;

/* Where a lookup is embedded in a larger struct, `self` functions cast back. All run on the thread of the loop.
   Functions return 0, or -1 with `err` when the lookup as a whole has failed and the run should end; whatever was
   outstanding then is unanswered. Trouble that ends only some keys is an answer, not a failure. */
typedef struct jl_lookup jl_lookup;
typedef struct jl_lookup_ops {
    /* Answers what is at hand in place (spans valid until the next call into the lookup); the rest stays JL_PENDING
       and comes through collect(). Keys in one batch, and keys outstanding, may repeat only when the loop does not
       remember keys (filter.h); never blocks on other queries' answers. */
    int (*submit)(jl_lookup *l, jl_query *query, size_t n, jl_err *err);
    /* Descriptors to wait for; returns how many, at most `max` (8). NULL: none. */
    size_t (*pollfds)(jl_lookup *l, struct pollfd *fds, size_t max);
    /* When to call collect() at the latest, monotonic ns; -1 = no date. NULL: none. */
    int64_t (*deadline)(jl_lookup *l);
    /* Does what can be done without blocking and hands on the answers that have come. NULL: all is answered in
       submit(). */
    int (*collect)(jl_lookup *l, jl_sink sink, jl_err *err);
    /* The loop is about to wait for input: make durable or send what is held back only to collect more. May hand on
       answers. NULL: nothing to do. */
    int (*idle)(jl_lookup *l, jl_sink sink, jl_err *err);
    /* The window is full: only answers can free it. `now` = monotonic ns. NULL: nothing to do. */
    int (*pressed)(jl_lookup *l, int64_t now, jl_sink sink, jl_err *err);
    /* No more questions will come. `stop`: start nothing new, only end what is in flight and give up the rest
       (JL_UNANSWERED). Afterwards collect() is called until outstanding() is 0. NULL: nothing to do. */
    int (*finish)(jl_lookup *l, bool stop, jl_sink sink, jl_err *err);
    /* Questions without an answer. NULL: always 0. */
    size_t (*outstanding)(const jl_lookup *l);
    /* The output is safe: commit the marks that suppress future output. NULL: nothing to do. */
    int (*commit)(jl_lookup *l, jl_err *err);
    /* The status that the run ends with on account of the lookup (a command's exit, a server never reached), JL_OK when
       it has none; `err` says why. Called after finish. NULL: JL_OK. */
    jl_class (*verdict)(jl_lookup *l, jl_err *err);
    /* Frees everything; the lookup is gone. */
    void (*close)(jl_lookup *l);
} jl_lookup_ops;

struct jl_lookup {
    const jl_lookup_ops *ops;
};

#endif
