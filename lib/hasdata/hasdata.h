/* HasData: what can be asked, what an answer means, job lines out of answers.
 *
 * Between the request and the body lies the fetching (fetch.h). The functions here do no input or output, hold no state
 * and may be called from any thread. Facts about the service: docs.hasdata.com. What is read out of a body is untrusted.
 *
 * Adding a site (a source that HasData offers) means adding a file like indeed.c with its endpoints and the tables of
 * its members, and naming the endpoints in the list of endpoints.c. */
#ifndef JL_HASDATA_HASDATA_H
#define JL_HASDATA_HASDATA_H

#include <stdint.h>

#include "job/job.h"

#define JL_HASDATA_API "https://api.hasdata.com"
/* The header that carries the key. */
#define JL_HASDATA_KEY_HEADER "x-api-key"

/* ---- endpoints ------------------------------------------------------------------------------------------------ */

typedef enum jl_hasdata_kind { JL_HASDATA_LISTING, JL_HASDATA_JOB, JL_HASDATA_PAGE } jl_hasdata_kind;

typedef struct jl_hasdata_site jl_hasdata_site; /* how a site is asked and read: hasdata/site.h */

/* One thing that costs money. Static, as all its texts. */
typedef struct jl_hasdata_endpoint {
    const char *name;   /* in price tables: "indeed.listing", "page.js.residential" */
    const char *source; /* "indeed", "glassdoor"; "page" for the generic web call */
    jl_hasdata_kind kind;
    uint64_t normal, worst; /* credits a call costs unless the price table says otherwise */
    const char *method;     /* "GET" or "POST" */
    const char *path;       /* behind the API's base URL */
    const jl_hasdata_site *site;
} jl_hasdata_endpoint;

/* By its name; NULL when there is none. */
const jl_hasdata_endpoint *jl_hasdata_endpoint_named(jl_span name);
/* Listing or job of a source; NULL when there is none. For pages: mode 0 is the cheapest, then in the order of price;
   NULL behind the last. */
const jl_hasdata_endpoint *jl_hasdata_endpoint_of(jl_span source, jl_hasdata_kind kind);
const jl_hasdata_endpoint *jl_hasdata_page_mode(size_t mode);
/* All of them, one after the other: NULL behind the last. */
const jl_hasdata_endpoint *jl_hasdata_endpoint_at(size_t i);

/* ---- asking --------------------------------------------------------------------------------------------------- */

/* One query for a listing; decoded texts, "" = not given. Borrowed. */
typedef struct jl_hasdata_query {
    jl_span keyword, location; /* both needed */
    jl_span sort;              /* "date" (also "recent") or "relevance" (also "relevant"), whatever the site calls it */
    jl_span domain;            /* the site's own parameter, as "www.indeed.com" or "uk.indeed.com" */
    jl_span next;              /* "" for the first page, else jl_hasdata_listing.next of the page before */
} jl_hasdata_query;

/* What to send. Owned; zero-initialise, free with jl_hasdata_request_free. */
typedef struct jl_hasdata_request {
    const char *method; /* static */
    jl_buf target;      /* path and query: "/scrape/indeed/listing?keyword=…", to stand behind the base URL */
    jl_buf body;        /* JSON for a POST (Content-Type: application/json), else empty */
} jl_hasdata_request;

/* Both replace what `request` held. -1: JL_DATA when keyword or location is missing, a text is no UTF-8 or longer than
   8192 bytes, `sort` is unknown, `url` is no http(s) URL; or memory. The target is the same bytes for the same query:
   it can serve as the key of a cache. */
int jl_hasdata_ask_listing(const jl_hasdata_endpoint *e, const jl_hasdata_query *q, jl_hasdata_request *request,
                           jl_err *err);
/* Job and page endpoints. */
int jl_hasdata_ask_url(const jl_hasdata_endpoint *e, jl_span url, jl_hasdata_request *request, jl_err *err);
/* GET of the account's usage, which costs nothing. */
int jl_hasdata_ask_usage(jl_hasdata_request *request, jl_err *err);
void jl_hasdata_request_free(jl_hasdata_request *request);

/* ---- judging -------------------------------------------------------------------------------------------------- */

typedef enum jl_hasdata_verdict {
    JL_HASDATA_OK,          /* 200 and requestMetadata.status "ok": billed */
    JL_HASDATA_DEAD,        /* 400 with a status of "error": the posting is gone; not billed */
    JL_HASDATA_KEY,         /* 401; not billed */
    JL_HASDATA_QUOTA,       /* 403; not billed */
    JL_HASDATA_BUSY,        /* 429: worth retrying; not billed */
    JL_HASDATA_FAILED,      /* 5xx: worth retrying; not billed */
    JL_HASDATA_BAD_REQUEST, /* 422 and every other 4xx, 1xx and whatever else is no status: not worth retrying; not
                               billed */
    JL_HASDATA_GARBLED, /* 2xx that cannot be read or does not say "ok": may have been billed, so it counts as billed */
    JL_HASDATA_REDIRECT /* 3xx: never followed with the key; not billed */
} jl_hasdata_verdict;

/* The verdict's word for summaries: "ok", "dead", "key", "quota", "busy", "failed", "bad-request", "garbled",
   "redirect". */
const char *jl_hasdata_verdict_word(jl_hasdata_verdict verdict);

typedef struct jl_hasdata_reply {
    jl_hasdata_verdict verdict;
    bool billed;    /* the call costs: OK and GARBLED, or the reply names a cost above 0 */
    bool has_cost;  /* the reply says what this call cost */
    uint64_t cost;  /* credits, when has_cost */
    char text[256]; /* a sentence for a person, without a final stop; the provider's own words bounded and escaped */
} jl_hasdata_reply;

/* `e` may be NULL (usage). `body` has JL_PAD readable bytes behind it; `headers` are the reply's header lines, each
   ended by LF or CRLF, or empty. A page may come as HTML or text instead of JSON: 200 with such a body is OK for page
   endpoints. Costs are taken from requestMetadata's creditsUsed, creditsSpent, creditsCharged (also at
   the top of the body) and the headers X-Credits-Used, X-Credits-Spent, X-Credits-Cost, X-Request-Cost; a balance or a
   limit is no cost. */
void jl_hasdata_judge(const jl_hasdata_endpoint *e, long status, jl_span headers, jl_span body,
                      jl_hasdata_reply *reply);

/* ---- reading what was bought ---------------------------------------------------------------------------------- */

/* What a mapping has to know besides the body. */
typedef struct jl_hasdata_context {
    int64_t now;             /* wall ns: first_seen_at, last_seen_at, and what relative dates are reckoned from */
    bool currency_by_domain; /* a salary without a currency gets that of the site's country */
    jl_span domain;          /* the query's, for that; "" = from the posting's own URL */
} jl_hasdata_context;

/* Takes a job of a listing: its values, and the complete line in the normal form with its LF. Both die when it
   returns. -1 ends the mapping. */
typedef int jl_hasdata_line_fn(void *context, const jl_job *job, jl_span line, jl_err *err);

/* What a listing was. Owned; zero-initialise, free with jl_hasdata_listing_free. */
typedef struct jl_hasdata_listing {
    uint64_t jobs; /* lines handed out */
    uint64_t bad;  /* elements that are no posting: not an object, or without title and company */
    jl_buf next;   /* the `next` of the query for the page behind this one; empty: there is none */
} jl_hasdata_listing;

/* Each line has source, first_seen_at = last_seen_at = now and enrichment_status "none". -1: JL_DATA when the body is
   no listing; what `take` failed with; memory. Lines that went out before count. */
int jl_hasdata_map_listing(const jl_hasdata_endpoint *e, jl_span body, const jl_hasdata_context *context,
                           jl_hasdata_line_fn *take, void *taker, jl_hasdata_listing *listing, jl_err *err);
void jl_hasdata_listing_free(jl_hasdata_listing *listing);

/* What a job or page call brought. Owned; zero-initialise, free with jl_hasdata_details_free. */
typedef struct jl_hasdata_details {
    jl_job job;    /* what the body tells, to be spliced into a job line: of description, description_html, details,
                      employment_type, remote, salary_*, posted_at, expires_at, company, title, location; never id,
                      source, url, times of seeing or a status */
    bool complete; /* there is a full description: a job without one falls back to its page */
    bool expired;  /* the source says that the posting is over */
} jl_hasdata_details;

/* Replaces what `details` held. A job is complete when it has a description. A page is when it has a schema.org
   JobPosting with a description of 40 bytes or more, else when its text has 400 bytes or more in 5 lines or sentences,
   the site's own status is below 400, and near the beginning there is none of the signs of a page that stands before
   the real one or instead of it: captchas, "verify you are human", "access denied", "enable JavaScript", "page not
   found", …
   Expired is what says so: `expired`, a validThrough more than a day ago, "this job has expired", a status of 404 or
   410. -1: JL_DATA when the body cannot be read; memory. */
int jl_hasdata_map_job(const jl_hasdata_endpoint *e, jl_span body, const jl_hasdata_context *context,
                       jl_hasdata_details *details, jl_err *err);
void jl_hasdata_details_free(jl_hasdata_details *details);

/* ---- usage ---------------------------------------------------------------------------------------------------- */

/* The account as the provider sees it. Numbers in strings are accepted, and the names totalCredits, total_credits,
   credits.total, …, with or without "data" around. */
typedef struct jl_hasdata_usage {
    uint64_t total, available; /* credits of the period, and what is left of them */
    bool has_concurrency;
    uint64_t concurrency; /* calls at once, when it is told */
} jl_hasdata_usage;

/* -1 (JL_DATA): the body cannot be read, or total or available is not told for certain; never 0 for unknown. */
int jl_hasdata_read_usage(jl_span body, jl_hasdata_usage *usage, jl_err *err);

#endif
