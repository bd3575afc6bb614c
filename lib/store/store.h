/* The table of jobs, whatever keeps it: the vtable of its back ends. */
#ifndef JL_STORE_STORE_H
#define JL_STORE_STORE_H

#include "base/url.h"
#include "job/merge.h"
#include "vector/index.h"

/* One stored job. `row` numbers jobs in the order in which they were first stored and is never used again; it is the stable order of
   everything that lists. Spans live until the callback returns. */
typedef struct jl_stored_job {
    uint64_t row;
    uint64_t change; /* the store's change that touched it last */
    jl_posting job;
    uint64_t first; /* a duplicate: the row that has the description; else 0 */
    int64_t marked; /* seconds since 1970 when its status was set, 0 = never */
} jl_stored_job;

/* What put made of one posting. */
typedef struct jl_put {
    const jl_posting *in;
    jl_stored stored;
    uint64_t row;
} jl_put;

/* Which jobs: those for which all that is asked is so. Zero bytes: all but duplicates. Texts are compared as parts,
   whatever the case ("data" finds "Data Engineer"), but for ids and URLs, which are exact. */
typedef struct jl_find {
    jl_ask_facts facts;
    const jl_span *id; /* "ID" or "SOURCE:ID"; with `url`: those that have one of these ids or one of these URLs */
    size_t ids;
    const jl_span *url; /* canonical */
    size_t urls;
    jl_span company, title, location;
    int64_t seen_before;   /* last_seen before, seconds since 1970; 0 = any */
    int64_t marked_before; /* marked, and before this; 0 = any */
    const char *without;   /* without a vector of this model at `stage`; NULL = whatever */
    jl_stage stage;
    uint32_t without_dims;  /* one with another number of dimensions is none; 0 = whatever */
    bool duplicates;        /* those too */
    uint64_t changed_since; /* touched by a later change than this; 0 = any */
    uint64_t after;         /* rows behind this one */
    uint64_t limit;         /* 0 = none */
    bool vectors;           /* fill the postings' vectors; else they stay empty */
    bool lines;             /* fill line and texts; else facts, row, change and (with `vectors`) vectors alone */
} jl_find;

/* All of `what` but `without`, for a job with its line and texts when company, title, location, ids or urls are asked. Back
   ends let this decide, whatever they use to find candidates, so that all of them find the same. */
bool jl_find_passes(const jl_find *what, const jl_stored_job *job);
/* The part of it that needs facts and row columns alone. */
bool jl_find_facts_pass(const jl_find *what, const jl_stored_job *job);

/* The rules of mark and requeue, the same for every back end; of the job, facts and `first` count. False: it is not marked.
   `*tries`: what it has then. */
bool jl_job_marks(const jl_stored_job *job, jl_status status, uint8_t *tries);
/* What becomes of a job that has been queued or failed for too long; false: it is neither, or was given up before. */
bool jl_job_requeues(const jl_facts *facts, uint8_t most, jl_status *status, uint8_t *tries);

/* Called for each job in row order. 0 goes on, 1 ends the listing, -1 with err. */
typedef int (*jl_each_job)(void *self, const jl_stored_job *job, jl_err *err);

typedef struct jl_jobs_stat {
    uint64_t jobs, duplicates;
    uint64_t status[JL_STATUSES];
    uint64_t full; /* with a description */
    uint64_t vectors[JL_STAGES];
    int64_t oldest, newest; /* last_seen, seconds since 1970 */
    uint64_t bytes;         /* on disk, as far as it is known */
    uint64_t store, change; /* the store's own number and its last change: what an index compares */
    int version;
} jl_jobs_stat;

/* What is searched by vectors: the nearest `k` jobs to each of `n` queries, of those that pass what is asked for that query.
   Borrowed. */
typedef struct jl_nearest {
    const char *model; /* of listings' vectors */
    uint32_t dims;
    const float *queries; /* n * dims floats of length 1 */
    size_t n, k;          /* k > 0; with n = 0 nothing is searched, but all is looked after that a search needs */
    const jl_ask_facts *const *ask;
} jl_nearest;

/* The back end's own index over vectors. */
typedef struct jl_near_index {
    uint64_t rows;
    uint64_t added, gone; /* by near_index; a vector that changed is one of each */
    uint64_t touched;     /* found by near: jobs that it does not hold as they are now, compared one by one */
    bool written;         /* near_index: there was something to do */
    bool whole;           /* from nothing */
} jl_near_index;

/* Functions return 0, or -1 with err: the classes of wire/sqlite.h and wire/pg.h. Each is one transaction that is durable
   when it returns, but for find, rows and vacuum. `change` counts transactions that changed something: every job that one of
   them touched has its number. One thread at a time; a callback may not call into the same jl_jobs. Opening creates
   nothing; what is not there is an empty store until something is put.

   find and rows hold no lock while a callback runs, which may take its time: they read a piece at a time (in memory: a few
   MiB, and 8 bytes a row where ids, urls or changed_since choose the rows). So a listing beside writers sees every job that is
   there from its beginning to its end, each once and whole, as it was at some moment in between; what is added, changed so that
   it passes, or deleted meanwhile may be in it or not. What `at` said before it began is a lower bound of what it has seen. */
typedef struct jl_jobs jl_jobs;
typedef struct jl_jobs_ops {
    /* Upserts, one posting after the other, as if each came alone: several of one batch may be the same job. Batches of
       thousands are what makes it fast; a few times a batch's bytes is the memory that it takes.
         1. The job at hand is the one with (source, id); else the one with the posting's URL, of several that with the lowest
            row (it is rare: a job known by its id gets a URL that another has); else there is none. jl_merge makes the two one.
         2. If what comes out has a content hash that another job with a description of its own has (the one with the lowest row;
            duplicates have none of their own), and no job is a duplicate of this one, it is stored as a duplicate of that:
            jl_merge_strip. `stored` says so. Else, with a description, it is (again) a job of its own; without one it stays what it was.
            A job whose text changes while others are duplicates of it passes the text that it had on to the lowest of them (jl_merge_inherit),
            which is a job of its own then and the one that the rest are duplicates of.
            Whenever a duplicate is stored or seen again, the one that it is a duplicate of lives as it does (jl_merge_outlives): a job under a
            new id is seen, and thrown away, as the job that has its description.
         3. Where its status is another than before (than none, if it is new), `marked` becomes last_seen unless it is later.
       A put that changes no byte of a job (the same batch again) does not touch it. */
    int (*put)(jl_jobs *s, jl_put *put, size_t n, jl_err *err);
    int (*find)(jl_jobs *s, const jl_find *what, jl_each_job each, void *self, jl_err *err);
    /* The jobs of these rows, in the order given, with their lines; rows that are no more are left out. */
    int (*rows)(jl_jobs *s, const uint64_t *row, size_t n, bool vectors, jl_each_job each, void *self, jl_err *err);
    /* The rows that were deleted after this change, ascending. -1 with JL_TEMPFAIL when the store cannot tell (vacuum forgets; `since` is
       later than its last change, as after an old copy was put back): build anew. */
    int (*gone)(jl_jobs *s, uint64_t since, int (*each)(void *self, uint64_t row, jl_err *err), void *self,
                jl_err *err);
    /* Sets the status of the jobs known by these postings' (source, id), else URL as in put, in their order; `now` in seconds. `*marked`: how many
       were. Never takes a description away: one that is done, has a description or is a duplicate is left as it is, but
       may become done.
       JL_STATUS_FAILED counts a try. */
    int (*mark)(jl_jobs *s, const jl_posting *const *which, size_t n, jl_status status, int64_t now, uint64_t *marked,
                jl_err *err);
    /* What has been queued or failed since before `before` (marked): back to none and no longer marked, a queued one counted as a
       try; with `tries` or more it is given up: failed for good (tries 255). */
    int (*requeue)(jl_jobs *s, int64_t before, uint8_t tries, uint64_t *again, uint64_t *given_up, jl_err *err);
    /* Deletes these rows unless they were touched after `change` (seen again meanwhile); `*deleted` counts. A job that others are
       duplicates of stays until they go; with them in one call it does. */
    int (*purge)(jl_jobs *s, const uint64_t *row, size_t n, uint64_t change, uint64_t *deleted, jl_err *err);
    int (*stat)(jl_jobs *s, jl_jobs_stat *stat, jl_err *err);
    /* Gives back the disk of what was deleted, checks the store, forgets deletions. */
    int (*vacuum)(jl_jobs *s, jl_err *err);
    /* A whole copy: every column, rows and changes kept. `find` with duplicates, lines and vectors hands each job in row order; import takes
       them, in several calls if need be, into a store that is empty before the first: else JL_CONFIG. Deletions before the copy are not known
       to it, and its number is its own. */
    int (*import)(jl_jobs *s, const jl_stored_job *job, size_t n, jl_err *err);
    void (*close)(jl_jobs *s);
    /* The same `store` and `change` as stat tells, without counting anything: what an index is compared with at each start. */
    int (*at)(jl_jobs *s, uint64_t *store, uint64_t *change, jl_err *err);
    /* Each model and number of dimensions that vectors of this stage have, duplicates' left out, in any order; `model` lives until the callback returns. */
    int (*models)(jl_jobs *s, jl_stage stage,
                  int (*each)(void *self, jl_span model, uint32_t dims, uint64_t rows, jl_err *err), void *self,
                  jl_err *err);
    /* NULL, both, where the back end has no index of its own over vectors. `near`: the nearest jobs as they are now, whatever
       was stored since near_index, by falling score, rows with equal scores by rising row; query i's from hit[i * k] on,
       hits[i] of them. Scores are those of jl_index_search; a job may be missing that the index does not find, but never
       for a filter's sake. `about` is filled. JL_CONFIG: no such index yet, what it needs is not installed or too old, too many
       dimensions; the message says what serves instead. near_index makes the index for this model or brings it up to the
       store as it is, in one transaction beside which others store and search. */
    int (*near)(jl_jobs *s, const jl_nearest *what, jl_hit *hit, size_t *hits, jl_near_index *about, jl_err *err);
    int (*near_index)(jl_jobs *s, const char *model, uint32_t dims, jl_near_index *done, jl_err *err);
} jl_jobs_ops;

struct jl_jobs {
    const jl_jobs_ops *ops;
    unsigned mode; /* permissions for files made from it: those of its own file; 0 = not known */
};

typedef struct jl_jobs_opener {
    const char *scheme;
    const char *(*version)(void);
    jl_jobs *(*open)(const jl_url *url, int64_t patience, jl_err *err);
} jl_jobs_opener;

extern const jl_jobs_opener jl_jobs_sqlite;     /* sqlite:PATH                        store_sqlite.c */
extern const jl_jobs_opener jl_jobs_postgres;   /* postgres://USER@HOST:PORT/DB       store_pg.c */
extern const jl_jobs_opener jl_jobs_postgresql; /* the same, postgresql:// */

/* NULL (JL_USAGE): a scheme that is not in the list or whose library is not installed, named in the message. `patience` ns, 0 = 60 s. */
jl_jobs *jl_jobs_open(const jl_jobs_opener *const *openers, const jl_url *url, int64_t patience, jl_err *err);

/* The side file of a store for one model: PATH.MODEL.index beside an SQLite file; else in $XDG_CACHE_HOME/jobline (~/.cache/jobline), named by a hash of the URL
   without its password. The caller frees it. */
char *jl_jobs_index_path(const jl_url *url, const char *model, jl_err *err);

#endif
