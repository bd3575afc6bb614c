/* The lookup that buys from HasData: a request's listing, a posting's details. */
#ifndef JL_HASDATA_FETCH_H
#define JL_HASDATA_FETCH_H

#include "gate/buyer.h"
#include "hasdata/hasdata.h"
#include "lookup/lookup.h"

typedef struct jl_fetch_options {
    jl_hasdata_kind what;
    const char *source; /* where a record names none: "indeed", "glassdoor" */
    const char *api;    /* base URL, without a slash at its end */
    /* Indices in jl_rec.field; of a listing's request: keyword … source, of a job: url, source; of both: whose it is. */
    size_t keyword, location, sort, domain, source_field, url, user;
    unsigned pages;  /* of a listing, at most */
    unsigned modes;  /* of the generic web call, at most: the cheapest first; 0 = no fallback to it */
    unsigned tries;  /* as jl_buyer_options: a job call that has failed so often falls back, too */
    int64_t fresh;   /* ns: how old what was bought before may be */
    const char *raw; /* folder for payloads of jobs and pages, NULL = none */
} jl_fetch_options;

typedef enum jl_fetched {
    JL_FETCHED_DONE = 1, /* all that was asked for */
    JL_FETCHED_PARTIAL,  /* of a job: no full description was to be had; of a listing: its later pages were not */
    JL_FETCHED_DEAD,     /* the posting is gone */
    JL_FETCHED_FAILED,   /* for good or not, see `again` */
    JL_FETCHED_REFUSED   /* not bought: the gate, a limit, a stop */
} jl_fetched;

/* What became of one question. */
typedef struct jl_fetch_result {
    jl_fetched how;
    bool again; /* of FAILED and PARTIAL: a later run may get more */
    bool page;  /* the details come from the generic web call */
    int64_t at; /* wall ns: when it was bought */
    jl_job job; /* details, to be spliced; with `raw` set if it was asked for */
    /* Of a listing: its lines, one behind the other, and for each where it ends and the key of its (source, id). */
    jl_buf lines;
    size_t *end;
    jl_hash *id;
    size_t n, room;
    uint64_t bad; /* elements that were no posting */
} jl_fetch_result;

/* `buyer` is borrowed. For a loop that does not remember keys. A question that was dealt with is JL_FOUND with a
   handle as its value, for jl_fetch_take; verdict() is the buyer's. */
jl_lookup *jl_fetch_open(const jl_fetch_options *options, jl_buyer *buyer, jl_err *err);
/* The result behind a handle; the caller frees it with jl_fetch_free. Each handle can be taken once. */
jl_fetch_result *jl_fetch_take(jl_lookup *l, jl_span handle);
void jl_fetch_free(jl_fetch_result *r);

/* Whether a record can be asked about, and what would be asked first: `*endpoint`, NULL when a job line has no URL that
   can be bought. -1: JL_DATA, a listing's request that none can be made of, and why; or memory ran out. */
int jl_fetch_check(const jl_fetch_options *o, const jl_rec *rec, const jl_hasdata_endpoint **endpoint, jl_err *err);
/* From the verdict on a reply to what the buyer makes of it; for jl_buyer_options.judge. */
jl_judgement jl_fetch_judge(void *self, const char *endpoint, const jl_http_reply *reply);

#endif
