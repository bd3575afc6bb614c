/* A persistent set or map of key hashes, whatever keeps it: the vtable of its back ends. */
#ifndef JL_BUCKET_STORE_H
#define JL_BUCKET_STORE_H

#include "base/err.h"
#include "base/url.h"
#include "bucket/layout.h"

/* What is asked for: a namespace in the store that a URL names. A namespace has a generation; dropping it begins the
   next one, so that what was stored under the old one can never be found again. */
typedef struct jl_space {
    const jl_entry_shape *shape; /* static */
    const char *model;           /* 1 to 128 bytes of UTF-8 without control characters; copied */
    int64_t patience; /* ns to bear a store that is locked or away before giving up; 0 = the back end's default */
} jl_space;

/* What became of an entry that was put. */
typedef enum jl_put {
    JL_PUT_ADDED = 1,
    JL_PUT_PRESENT, /* stored already, or twice in the batch, with this value */
    JL_PUT_CONFLICT /* the same with another value, which stays: the first one stored wins */
} jl_put;

typedef struct jl_put_counts {
    uint64_t added, present, conflicts;
} jl_put_counts;

typedef struct jl_store_stat {
    uint64_t entries;
    uint64_t buckets;    /* that have entries */
    uint64_t bytes;      /* taken in the back end: of the file, or of the server's memory */
    char generation[40]; /* "" while nothing was ever stored */
} jl_store_stat;

/* What one run found, for `stat`. */
typedef struct jl_store_run {
    char id[65];
    char verb[16];
    int64_t ended; /* wall clock, ns since 1970 */
    uint64_t hits, misses;
} jl_store_run;

#define JL_STORE_RUNS 32 /* that a store remembers for a namespace */

/* Opening neither connects nor creates anything: a store that does not exist yet is empty, and the first put makes it.
   Functions return 0, or -1 with err:
     JL_UNAVAILABLE  away, locked, out of memory or read-only beyond patience: nothing is damaged, try again later
     JL_NOPERM       credentials refused
     JL_CONFIG       not such a store, a newer format, or damaged: named in the message
     JL_CANTCREAT    the file cannot be created
     JL_IO           a read or write failed, or the disk is full
     JL_SOFTWARE     memory ran out
   No message contains a password. After a failure a later call may succeed. A batch that failed may be stored in
   part; putting it again does no harm. One thread at a time. */
typedef struct jl_store jl_store;
typedef struct jl_store_ops {
    /* value[i] = what is stored for key[i], 0 when nothing is; 1 when entries have no value. */
    int (*get)(jl_store *s, const jl_hash *key, uint8_t *value, size_t n, jl_err *err);
    /* A number that is another one once the namespace has been dropped, or lost; 0 while nothing was ever stored. For
       those who remember answers. */
    int (*epoch)(jl_store *s, uint64_t *epoch, jl_err *err);
    /* Adds the entries that are not there. Durable (as durable as the back end is) once it returns 0. `value` is NULL
       when entries have none; `outcome` (a jl_put each) may be NULL; `counts` is added to.
       With n = 0 it tries whether entries could be put now, and makes what is missing. */
    int (*put)(jl_store *s, const jl_hash *key, const uint8_t *value, uint8_t *outcome, size_t n, jl_put_counts *counts,
               jl_err *err);
    /* Begins the next generation, at once for all readers and writers, then removes the old entries in small steps
       between which others get on; also what an interrupted drop has left. */
    int (*drop)(jl_store *s, uint64_t *entries, jl_err *err);
    int (*stat)(jl_store *s, jl_store_stat *stat, jl_err *err);
    /* Hands every bucket that has entries to `bucket`, in the order of their numbers; entries live during the call.
       Others may write meanwhile: what was stored before the walk began is in it, what came later may be. A non-zero
       return ends the walk and is returned. JL_TEMPFAIL when the namespace is dropped meanwhile. */
    int (*walk)(jl_store *s,
                int (*bucket)(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err),
                void *self, jl_err *err);
    /* Remembers what a run found. Does nothing when nothing was ever stored, or when the store is read-only. */
    int (*note)(jl_store *s, const jl_store_run *run, jl_err *err);
    /* The runs remembered, latest first; `run` has room for JL_STORE_RUNS. */
    int (*runs)(jl_store *s, jl_store_run *run, size_t *n, jl_err *err);
    void (*close)(jl_store *s);
} jl_store_ops;

struct jl_store {
    const jl_store_ops *ops;
    const jl_entry_shape *shape;
};

/* One scheme. A program hands a NULL-terminated list of those that it links to jl_store_open. */
typedef struct jl_store_opener {
    const char *scheme;
    const char *(*version)(void); /* "sqlite 3.40.1", static; for --version */
    jl_store *(*open)(const jl_url *url, const jl_space *space, jl_err *err);
} jl_store_opener;

extern const jl_store_opener jl_store_sqlite;        /* sqlite:PATH            store_sqlite.c */
extern const jl_store_opener jl_store_redis;         /* redis://HOST:PORT/DB   store_redis.c */
extern const jl_store_opener jl_store_redis_unix;    /* redis+unix:///PATH */
extern const jl_store_opener jl_store_redis_cluster; /* redis+cluster://HOST:PORT,HOST:PORT */

/* For back ends, at the end of a put: adds what became of the entries to `counts`, and hands it on unless `outcome` is
   NULL. */
void jl_put_report(const uint8_t *became, size_t n, uint8_t *outcome, jl_put_counts *counts);

/* Opens what the URL's scheme says, with copies of all that it needs. NULL (JL_USAGE): a scheme that is not in the
   list, or whose library is not installed, named in the message; a bad model name; a bad path or database number. The
   caller closes it with ops->close. */
jl_store *jl_store_open(const jl_store_opener *const *openers, const jl_url *url, const jl_space *space, jl_err *err);

#endif
