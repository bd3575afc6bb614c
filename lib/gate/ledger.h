/* The ledger that every paid call goes through: the vtable of its back ends.

   A call is admitted by a hold on the budget that covers its worst case, and the hold lives on its own:

     reserve -> RESERVED -- send --> SENT -- settle --> SETTLED (costs what it cost), VOID (nothing), UNCERTAIN (its
                   |                   |                worst case, until somebody knows better)
                   | lease ended       | lease ended
                   v                   v
                  VOID             UNCERTAIN -- settle --> SETTLED, VOID

   Each operation is one atomic step, for any number of processes, and begins with the end of all leases that have
   passed; `settings` and `journal` only read. An operation that is repeated with the same hold id, because the answer to it was lost, does nothing new.

   Invariant, at each admission in period Q:  committed(Q) + worst <= budget  and  live < concurrency, where
     committed(Q) = spent(Q) + the worst cases of the live holds (RESERVED, SENT) that reach Q
                             + those of the UNCERTAIN ones of an earlier period that reach Q.
   spent(Q) is what SETTLED and UNCERTAIN holds of Q cost, and what was adjusted. A hold belongs to the period in which
   it was sent (until then, reserved) and reaches all up to that in which its lease will have ended at the latest: it is
   admitted only when all of them have room for it.

   Money is whole credits. A period begins at 00:00 UTC on the account's anchor day of a month (in a shorter month, on
   its last day) and is named by that date, "2026-11-01". Clocks are the ledger's: of the server, or of the machine whose
   file it is; those of its clients do not matter, and all times that are handed out are spans.

   A new back end
     - is one file, lib/gate/ledger_NAME.c, with a jl_ledger_opener that is declared below; a third-party library stays
       behind one file of lib/wire (Makefile: NEEDS; lib/FLOORS)
     - has all ops of jl_ledger_ops but `advice`, each of them atomic, durable when it returns, safe to be repeated
     - decides by gate/rules.h, or, where the decision has to fall inside a server, by the same rules written again
     - notices what it has lost: what is missing is JL_CONFIG, never zero
     - is entered in the lists of openers of cmd/hd-fetch.c, cmd/credits.c, of tests/contract/ledger_test.c (all promises)
       and ledger_alike_test.c (random operations, against SQLite)
   What is bought is kept beside it: gate/kept.h, whose back ends are made the same way. */
#ifndef JL_GATE_LEDGER_H
#define JL_GATE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/url.h"
#include "gate/account.h"

#define JL_HOLD_ID_SIZE 33 /* 32 hex digits and a NUL */

/* A new id, random. */
int jl_hold_id(char id[JL_HOLD_ID_SIZE], jl_err *err);

typedef struct jl_reserve {
    const char *id;       /* of the hold to be made; 32 hex digits */
    const char *endpoint; /* the price table's name, JL_ENDPOINT_MAX bytes at most */
    const char *user;     /* "" = nobody's; JL_USER_MAX bytes at most, no control bytes */
    int64_t cost;  /* the worst and the normal cost of a call without an entry in the price table; -1: look there */
    bool priority; /* may use the share of the budget that is kept for such calls */
} jl_reserve;

typedef enum jl_refusal {
    JL_ADMITTED = 0,
    JL_REFUSED_PRICE,       /* the price table has no such endpoint */
    JL_REFUSED_BUDGET,      /* of the period, less the share kept for priority calls */
    JL_REFUSED_USER,        /* this user's cap */
    JL_REFUSED_CONCURRENCY, /* as many calls are live as may be */
    JL_REFUSED_RATE,        /* calls a second */
    JL_REFUSED_BREAKER,     /* open after failures, by a person, or half-open with all its probes out */
    JL_REFUSED_QUOTA,       /* open because the provider said that its quota is used up */
    JL_REFUSALS
} jl_refusal;

/* "budget", "concurrency", …: for counters and messages. */
const char *jl_refusal_name(jl_refusal r);
/* True for those that pass by themselves within seconds: concurrency, rate. */
bool jl_refusal_passes(jl_refusal r);

typedef struct jl_admission {
    jl_refusal refusal;
    int64_t wait; /* of a refusal: ns until asking again may help; -1 = not before somebody changes something */
    int64_t normal, worst;     /* of the hold, credits */
    int64_t committed, budget; /* of the period, the hold included if admitted; what calls of this class may use of it;
                                  both of the user under JL_REFUSED_USER */
    bool probe;                /* the breaker is half-open, and this call probes */
    char period[JL_PERIOD_SIZE];
} jl_admission;

typedef enum jl_hold_state {
    JL_HOLD_NONE = 0, /* the ledger knows no such hold */
    JL_HOLD_RESERVED,
    JL_HOLD_SENT,
    JL_HOLD_UNCERTAIN,
    JL_HOLD_SETTLED,
    JL_HOLD_VOID
} jl_hold_state;

const char *jl_hold_state_name(jl_hold_state s);

/* What a call says about the provider's health; the breaker counts the first two. */
typedef enum jl_outcome { JL_CALL_WELL = 0, JL_CALL_FAILED, JL_CALL_NEUTRAL, JL_CALL_QUOTA } jl_outcome;

typedef struct jl_settle {
    const char *id;
    jl_hold_state to; /* SETTLED, VOID or UNCERTAIN */
    int64_t cost;     /* for SETTLED: credits, -1 = the normal cost of the hold */
    jl_outcome outcome;
    const char *by; /* "", "sync", "person": for the journal */
    /* For a hold that the ledger has lost: settled or uncertain it is recorded all the same, in the current period, and
       costs `cost`, or `worst` when that is unknown (-1) or it is UNCERTAIN. */
    const char *endpoint, *user;
    int64_t worst;
} jl_settle;

typedef struct jl_settled {
    jl_hold_state before, now;
    int64_t charged; /* credits that the hold has cost */
    bool lost;       /* the ledger did not know it */
} jl_settled;

/* One entry of the journal. Texts are valid during the call that hands it out. */
typedef enum jl_event_kind {
    JL_EVENT_SET = 1,   /* `note` is NAME=VALUE */
    JL_EVENT_RESERVE,   /* credits = worst case; note "priority", "probe" or both or "" */
    JL_EVENT_SEND,      /* period and reach as they are now */
    JL_EVENT_SETTLE,    /* credits = what it cost; note = `by`, or "lost" for a hold that was not known */
    JL_EVENT_VOID,      /* note "lease" when its lease ended in RESERVED; else `by` */
    JL_EVENT_UNCERTAIN, /* credits = charged; note "lease", "lost", or `by` */
    JL_EVENT_ADJUST,    /* credits are added to the period's spent; may be negative; note says why ("sync", "reset") */
    JL_EVENT_BREAKER,   /* note: "open failures", "open quota", "open person", "half-open", "closed", "closed person" */
    JL_EVENT_REBUILD    /* counters were made anew */
} jl_event_kind;

const char *jl_event_name(jl_event_kind k);

typedef struct jl_event {
    uint64_t seq;  /* from 1, without gaps */
    int64_t at_ms; /* milliseconds since 1970 by the ledger's clock */
    jl_event_kind kind;
    const char *id; /* of the hold, "" when it is about none */
    const char *endpoint, *user;
    int64_t credits;
    const char *period, *reach; /* "" when they say nothing */
    const char *note;
} jl_event;

/* Opening neither connects nor creates anything. After a failure a later call may succeed. One thread at a time.
   Functions return 0, or -1 with err: the classes of wire/sqlite.h and wire/redis.h (JL_UNAVAILABLE: away or locked
   beyond patience); JL_CONFIG: there is no such ledger or account (only `set` makes one: what is missing may have been
   lost, and counts as unknown, never as zero), or a part of it has been lost ("credits rebuild" is the advice). */
typedef struct jl_ledger jl_ledger;
typedef struct jl_ledger_ops {
    /* A refusal is an answer, not an error. */
    int (*reserve)(jl_ledger *l, const jl_reserve *r, jl_admission *a, jl_err *err);
    /* RESERVED -> SENT, at the last moment before the request leaves. `*lease`: ns until the lease ends, the account's
       timeout and grace from now; -1: too late, the hold has ended or is none: the request must not leave. */
    int (*send)(jl_ledger *l, const char *id, int64_t *lease, jl_err *err);
    /* Idempotent: what is SETTLED or VOID stays so, which is remembered in the period of the hold and in the next; later
       such a hold counts as lost. An UNCERTAIN hold can be settled or voided. */
    int (*settle)(jl_ledger *l, const jl_settle *s, jl_settled *result, jl_err *err);
    /* Everything as it stands; the caller frees it with jl_account_free. */
    int (*look)(jl_ledger *l, jl_account *account, jl_err *err);
    /* The settings alone. Writes nothing, not even the end of leases: for whoever only reckons, and may only read. */
    int (*settings)(jl_ledger *l, jl_settings *settings, jl_err *err);
    /* Makes the account with the defaults of jl_account_default if there is none, which the journal then begins with (an
       entry JL_EVENT_SET each), and changes settings: `change` is NAME=VALUE, checked with jl_account_set before. All or
       nothing. JL_TEMPFAIL: the anchor cannot be changed while holds are live (what becomes of the period's sum:
       jl_rules_carry). */
    int (*set)(jl_ledger *l, const char *const *change, size_t n, jl_err *err);
    /* Adds to the current period's spent (may be negative; spent may not become so: JL_DATA). */
    int (*adjust)(jl_ledger *l, int64_t credits, const char *note, jl_err *err);
    /* By hand: opens for `open_for` ns (0 = until it is closed), or closes. */
    int (*breaker)(jl_ledger *l, bool open, int64_t open_for, jl_err *err);
    /* Hands out the journal in order, from entry `from` (>= 1) on, as far as it went when the call began. `each` returns
       0, or -1 with err, which ends it. */
    int (*journal)(jl_ledger *l, uint64_t from, int (*each)(void *self, const jl_event *e, jl_err *err), void *self,
                   jl_err *err);
    /* Notices that somebody has to get once. claim: 1 = it is this caller's for `lease` ns, 0 = it is told already, or
       somebody is telling it. `told` ends the matter; without it, it can be claimed again after the lease. Keys are
       JL_NOTICE_MAX bytes at most. */
    int (*claim)(jl_ledger *l, const char *key, int64_t lease, jl_err *err);
    int (*told)(jl_ledger *l, const char *key, bool done, jl_err *err); /* done false: gives the claim back */
    /* Replaces everything but the journal by `account`, which was made from the journal up to entry `account->seq`; works
       also where parts are lost. 1: the journal has grown since, make it anew. Adds JL_EVENT_REBUILD. */
    int (*restore)(jl_ledger *l, const jl_account *account, jl_err *err);
    /* A sentence about what makes this place unsafe for money, static; NULL: nothing that shows. The op itself is NULL
       where there is nothing to say. */
    const char *(*advice)(jl_ledger *l);
    void (*close)(jl_ledger *l);
} jl_ledger_ops;

struct jl_ledger {
    const jl_ledger_ops *ops;
};

/* One scheme. A program hands a NULL-terminated list of those that it links to jl_ledger_open. */
typedef struct jl_ledger_opener {
    const char *scheme;
    const char *(*version)(void); /* "sqlite 3.40.1", static; for --version */
    jl_ledger *(*open)(const jl_url *url, const char *provider, int64_t patience, jl_err *err);
} jl_ledger_opener;

extern const jl_ledger_opener jl_ledger_sqlite;        /* sqlite:PATH            ledger_sqlite.c */
extern const jl_ledger_opener jl_ledger_redis;         /* redis://HOST:PORT/DB   ledger_redis.c, ledger.lua */
extern const jl_ledger_opener jl_ledger_redis_cluster; /* redis+cluster://HOST:PORT,HOST:PORT... */
extern const jl_ledger_opener jl_ledger_redis_unix;    /* redis+unix:///PATH */

/* `provider`: of the account, of which a ledger holds any number; 1 to JL_PROVIDER_MAX letters, digits and "._-".
   `patience` in ns, 0 = 10 s, in a cluster 60 s. NULL (JL_USAGE): a scheme that is not in the list, or whose library is not
   installed, named in the message; a bad provider, path or database number. */
jl_ledger *jl_ledger_open(const jl_ledger_opener *const *openers, const jl_url *url, const char *provider,
                          int64_t patience, jl_err *err);

#endif
