/* The time up to which a shared pace is spoken for, whatever keeps it: the vtable of its back ends. */
#ifndef JL_PACE_STORE_H
#define JL_PACE_STORE_H

#include <stdint.h>

#include "base/err.h"
#include "base/url.h"

/* The generic cell rate algorithm as virtual scheduling (ITU-T I.371, Annex A; ATM Forum TM 4.1, 4.4.2) without a
   tolerance, and never with a no: what comes before its theoretical arrival time is told that time and waits. A
   reservation takes its place behind all that were made before, on credit: it leaves when they have been paid for, then
   pays with `cost` ns during which nobody else leaves. So two that leave one after the other are at least the cost of
   the first apart, whoever they are, and any window of w ns sees what costs w, and one more. Since the cost is of time,
   not of tokens, each may reckon with a rate of its own.

   `taken`: until when the pace is spoken for, in ns of any clock. Returns how long after `now` the reservation may
   leave. cost >= 0. */
int64_t jl_pace_turn(int64_t *taken, int64_t now, int64_t cost);
/* What `n` things cost at so many a second (> 0), rounded up. */
int64_t jl_pace_cost(double n, double per_second);

#define JL_PACE_NAME_MAX 64

/* Opening neither connects nor creates anything. After a failure a later call may succeed. One thread at a time. Classes
   of errors are those of wire/sqlite.h and wire/redis.h; JL_UNAVAILABLE: away or locked beyond patience. */
typedef struct jl_pace_store jl_pace_store;
typedef struct jl_pace_store_ops {
    /* `*wait`: ns from its return until the reservation may leave. A failure may have reserved all the same, which
       costs the others that time and does no other harm. */
    int (*reserve)(jl_pace_store *s, int64_t cost, int64_t *wait, jl_err *err);
    void (*close)(jl_pace_store *s);
} jl_pace_store_ops;

struct jl_pace_store {
    const jl_pace_store_ops *ops;
};

/* One scheme. A program hands a NULL-terminated list of those that it links to jl_pace_store_open. */
typedef struct jl_pace_opener {
    const char *scheme;
    const char *(*version)(void); /* "sqlite 3.40.1", static; for --version */
    jl_pace_store *(*open)(const jl_url *url, const char *name, int64_t patience, jl_err *err);
} jl_pace_opener;

extern const jl_pace_opener jl_pace_sqlite;        /* sqlite:PATH            store_sqlite.c */
extern const jl_pace_opener jl_pace_redis;         /* redis://HOST:PORT/DB   store_redis.c */
extern const jl_pace_opener jl_pace_redis_cluster; /* redis+cluster://HOST:PORT,HOST:PORT... */
extern const jl_pace_opener jl_pace_redis_unix;    /* redis+unix:///PATH */

/* Opens what the URL's scheme says, with copies of all that it needs. `name`: of the pace, of which a store holds any
   number; letters, digits and "._-". `patience` in ns, 0 = 10 s, in a cluster 60 s. NULL (JL_USAGE): a scheme that is not in the list, or
   whose library is not installed, named in the message; a bad name, path or database number. */
jl_pace_store *jl_pace_store_open(const jl_pace_opener *const *openers, const jl_url *url, const char *name,
                                  int64_t patience, jl_err *err);

#endif
