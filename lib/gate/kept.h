/* What was bought, kept so that nobody buys it again: the vtable of its back ends. They know, too, who is buying it now. */
#ifndef JL_GATE_KEPT_H
#define JL_GATE_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/url.h"
#include "jsonl/rec.h"

#define JL_OWNER_SIZE 33 /* 32 hex digits and a NUL: who claims */

typedef enum jl_kept_state {
    JL_KEPT_HERE = 1, /* the answer, young enough */
    JL_KEPT_MINE,     /* not there: the claim is the caller's, who now buys it */
    JL_KEPT_OTHERS    /* somebody else is buying it: ask again after `wait` */
} jl_kept_state;

typedef struct jl_kept_answer {
    jl_kept_state state;
    jl_buf body;   /* of HERE: what was kept, owned by the caller; room for JL_PAD readable bytes behind it */
    char note[32]; /* as given to keep: a word that says what kind of answer it is */
    int64_t at_ms; /* when it was kept, since 1970, by the store's clock */
    int64_t wait;  /* of OTHERS: ns, a guess: at most until the claim ends */
} jl_kept_answer;

/* Opening neither connects nor creates anything. One thread at a time. After a failure a later call may succeed. Errors as
   in gate/ledger.h. Clocks are the store's, as there. */
typedef struct jl_kept jl_kept;
typedef struct jl_kept_ops {
    /* One atomic step: the answer if it is not older than `fresh` ns; else the claim for `lease` ns, unless another owner
       has it. The same owner gets its own claim again, with a new lease. fresh 0: whatever is there is too old, but the
       claims of others still count. A file that cannot be written because it is read-only is an error. */
    int (*ask)(jl_kept *k, jl_hash key, int64_t fresh, const char *owner, int64_t lease, jl_kept_answer *a,
               jl_err *err);
    /* Durable when it returns 0: replaces the answer and ends the claim, whoever has it by now. `keep` ns later it may be
       forgotten; expired entries are removed along the way, a few at a time. */
    int (*keep)(jl_kept *k, jl_hash key, jl_span body, const char *note, int64_t keep, jl_err *err);
    /* Gives the claim back, if it is still this owner's. */
    int (*give_back)(jl_kept *k, jl_hash key, const char *owner, jl_err *err);
    void (*close)(jl_kept *k);
} jl_kept_ops;

struct jl_kept {
    const jl_kept_ops *ops;
};

typedef struct jl_kept_opener {
    const char *scheme;
    const char *(*version)(void);
    jl_kept *(*open)(const jl_url *url, int64_t patience, jl_err *err);
} jl_kept_opener;

extern const jl_kept_opener jl_kept_sqlite; /* kept_sqlite.c */
extern const jl_kept_opener jl_kept_redis;  /* kept_redis.c */
extern const jl_kept_opener jl_kept_redis_cluster;
extern const jl_kept_opener jl_kept_redis_unix;

/* As jl_ledger_open. */
jl_kept *jl_kept_open(const jl_kept_opener *const *openers, const jl_url *url, int64_t patience, jl_err *err);

#endif
