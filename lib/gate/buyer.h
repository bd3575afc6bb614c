/* Orders become paid calls: each is looked for in what was bought already, then claimed, held on the budget, sent, judged,
   kept, settled. */
#ifndef JL_GATE_BUYER_H
#define JL_GATE_BUYER_H

#include <stdbool.h>
#include <stdint.h>

#include "gate/kept.h"
#include "gate/ledger.h"
#include "wire/http.h"

/* What a provider's reply means. */
typedef enum jl_judged {
    JL_JUDGED_WELL = 1, /* what was asked for: kept, charged */
    JL_JUDGED_DEAD,     /* there is no such thing any more: kept, free */
    JL_JUDGED_AGAIN,    /* the provider failed: free, asked again */
    JL_JUDGED_BUSY,     /* too many calls: free, asked again */
    JL_JUDGED_QUOTA,    /* the provider has no credits left for us: free, and the breaker opens */
    JL_JUDGED_KEY,      /* the key was refused: free, the end of the run */
    JL_JUDGED_BAD,      /* refused for good: free */
    JL_JUDGED_GARBLED   /* cannot be read, and may have been billed: charged the worst case, uncertain */
} jl_judged;

typedef struct jl_judgement {
    jl_judged is;
    int64_t cost;   /* of WELL: as the reply says; -1 = it says nothing */
    char text[256]; /* for a person; control bytes escaped */
} jl_judgement;

/* Texts are copied. */
typedef struct jl_order {
    uint64_t ticket;
    jl_hash key;          /* in what was bought */
    int64_t fresh, keep;  /* ns: how old what was bought may be; how long it stays known */
    const char *endpoint; /* in the price table */
    const char *user;     /* who pays; NULL or "": jl_buyer_options.user */
    const char *method, *url;
    jl_span body;       /* JSON; empty = none */
    bool ahead;         /* before those that wait: it goes on with something */
    const char *notice; /* what it is about, for messages: the posting's URL, a keyword */
} jl_order;

typedef enum jl_bought_how {
    JL_BOUGHT = 1,       /* `body` is what was asked for */
    JL_BOUGHT_DEAD,      /* there is no such thing */
    JL_BOUGHT_BAD,       /* no later run would get it */
    JL_BOUGHT_FAILED,    /* a later run may get it; not charged */
    JL_BOUGHT_UNCERTAIN, /* the same; may have been billed and is charged */
    JL_BOUGHT_REFUSED    /* not tried: the gate, the run's limit, a stop */
} jl_bought_how;

typedef struct jl_bought {
    uint64_t ticket;
    jl_bought_how how;
    bool kept;       /* it was there already */
    jl_span body;    /* JL_PAD readable bytes behind it */
    int64_t at_ms;   /* when it was bought, since 1970 */
    unsigned tries;  /* calls made for it in this run */
    const char *why; /* a sentence, unless how is JL_BOUGHT */
} jl_bought;

/* Kept up to date while the buyer lives, in memory of the caller. */
typedef struct jl_buyer_counts {
    uint64_t calls, retries, credits; /* credits: charged to this run's calls, the uncertain ones included */
    uint64_t bought, kept, dead, bad, failed, uncertain, refused_orders;
    uint64_t refused[JL_REFUSALS]; /* orders, by the gate */
    uint64_t limited;              /* orders refused for max_credits */
    uint64_t waited_for_others;    /* orders that found another process at it */
    uint64_t in_flight_max;
} jl_buyer_counts;

typedef struct jl_buyer_options {
    jl_ledger *ledger; /* borrowed, as `kept` */
    jl_kept *kept;
    const char *const *header; /* of each request, "Name: value", NULL-terminated; the key is among them */
    jl_span secret;            /* the key itself: never let out with a body, should a reply repeat it */
    const char *user;          /* who pays when an order does not say, "" = nobody in particular */
    bool priority;
    uint64_t max_credits; /* of this run; UINT64_MAX = no limit */
    size_t max_body;      /* bytes of a reply */
    unsigned tries;       /* calls for an order, at most */
    const char *agent;    /* User-Agent */
    jl_judgement (*judge)(void *self, const char *endpoint, const jl_http_reply *reply);
    /* Told of refusals, retries, uncertain calls. */
    void (*notice)(void *self, bool important, const char *text);
    void *self;
} jl_buyer_options;

typedef struct jl_buyer jl_buyer;

/* Looks at the ledger for concurrency and timeout, which are as they are then. NULL: the ledger's error. */
jl_buyer *jl_buyer_open(const jl_buyer_options *options, jl_buyer_counts *counts, jl_err *err);
/* Calls in flight are cut off, and charged when their leases end. */
void jl_buyer_close(jl_buyer *b);

int jl_buyer_order(jl_buyer *b, const jl_order *order, jl_err *err);
/* For poll(), and when collect wants to be called at the latest (monotonic ns, -1 = no date). */
int jl_buyer_fd(const jl_buyer *b);
int64_t jl_buyer_deadline(const jl_buyer *b);
/* Does what can be done now. `take` gets each order's end and may place further orders; what it gets is valid during the
   call. -1: `take` failed. Trouble with ledger, cache or key is no failure of this: nothing more is sent then, the orders
   end as refused or as what became of their calls, and jl_buyer_verdict says why. */
int jl_buyer_collect(jl_buyer *b, int (*take)(void *self, const jl_bought *bought, jl_err *err), void *self,
                     jl_err *err);
/* Orders with this key end as JL_BOUGHT_BAD for a day: asking again is no use, for what was wanted was had elsewhere. */
void jl_buyer_give_up(jl_buyer *b, jl_hash key);
/* From now on nothing is sent; what is in flight comes to its end. */
void jl_buyer_stop(jl_buyer *b);
/* JL_OK; or the class and sentence of the trouble: the key (JL_NOPERM), the ledger's and cache's own. */
jl_class jl_buyer_verdict(const jl_buyer *b, jl_err *err);
/* Whether the gate has refused anything, and what it said last: JL_TEMPFAIL with which limit, and when it opens;
   JL_CONFIG when no price is known. */
jl_class jl_buyer_refused(const jl_buyer *b, jl_err *err);
/* JL_UNAVAILABLE, and why, when calls were made and none of them ever reached the provider. */
jl_class jl_buyer_away(const jl_buyer *b, jl_err *err);

#endif
