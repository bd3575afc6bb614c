/* What can be asked of a job without reading its text again: the columns by which jobs are filtered. */
#ifndef JL_JOB_FACTS_H
#define JL_JOB_FACTS_H

#include <stdint.h>

#include "jsonl/rec.h"

/* How much is known about a job beyond its listing; the names are those of enrichment_status. */
typedef enum jl_status {
    JL_STATUS_NONE = 0, /* a bare listing */
    JL_STATUS_QUEUED,   /* somebody is about to buy the details */
    JL_STATUS_FAILED,   /* buying them failed; may be tried again */
    JL_STATUS_DEAD,     /* the posting is gone */
    JL_STATUS_PARTIAL,  /* some details came */
    JL_STATUS_DONE,
    JL_STATUSES
} jl_status;

/* "none", "queued", …; static. */
extern const char *const jl_status_name[JL_STATUSES];
/* False: no such status. */
bool jl_status_read(jl_span text, jl_status *status);

typedef enum jl_tri { JL_UNTOLD = 0, JL_NO, JL_YES } jl_tri;

#define JL_FACTS_PLACES 4

/* Plain bytes that a side file stores as they are: no pointers, no padding, 96 bytes, little endian. Zero is "unknown"
   in every field. FROZEN FORMAT, version 1: a change of meaning needs a new version of the side file. */
typedef struct jl_facts {
    int64_t posted, first_seen, last_seen, enriched, expires; /* seconds since 1970 */
    float salary_min, salary_max; /* gross, a year (2080 hours, 260 days, 52 weeks, 26 two weeks, 12 months); without a
                                        period 10,000 or more are a year's, less is unknown */
    char currency[4];             /* ISO 4217, zero-padded */
    uint32_t place[JL_FACTS_PLACES]; /* hashes of the parts of `location` (jl_facts_place), unused ones 0 */
    uint32_t source;                 /* jl_facts_source of `source` */
    uint32_t employment;             /* bits as in job/terms.h */
    uint8_t remote;    /* jl_tri; where the line does not say, its location may ("Remote in Austin, TX") */
    uint8_t visa;      /* jl_tri: does the text offer sponsorship (job/visa.h) */
    uint8_t status;    /* jl_status; a line with a description that tells none is done */
    uint8_t tries;     /* enrichment_tries, 255 = that or more */
    uint8_t full;      /* 1: has a description, not of white space alone (job/content.h) */
    uint8_t seniority; /* 1 to 7 when the line has it */
    uint8_t reserved[10];
} jl_facts;

_Static_assert(sizeof(jl_facts) == 96, "a side file holds these bytes");

/* The low half of XXH3_64bits (seed 0) of the decoded text, 0 for an empty one. */
uint32_t jl_facts_source(jl_span source);

/* The members that jl_facts_read wants, to be added to a line's jl_want in one go: returns the index of the first, the
   others follow in the order of jl_job_name (job/job.h; all of JL_JOB_COUNT, so that value(name) is field[first + name]);
   -1 when memory ran out. */
int jl_facts_want(jl_want *want, jl_err *err);

/* From a record scanned with those members. A value that cannot be read (a salary that is a text, a date of no known
   form) is unknown, never an error. `scratch` is memory to decode into; its content is lost. -1: memory ran out. */
int jl_facts_read(const jl_rec *rec, size_t first, jl_buf *scratch, jl_facts *facts, jl_err *err);

/* The parts of a place as written ("Chicago, IL 60601", "Remote in Austin, TX", "Berlin, Germany", "Greater London"),
   lower-cased and without accents, postal codes, "remote", "hybrid" and the like; "United States", "US" and "USA" are one,
   and so are the names and codes of the states of the USA and provinces of Canada; a state brings its country with it, so that
   "Chicago, IL" is in "United States". "New York" and "Washington" before a state are the cities. Returns how many hashes it
   wrote, at most JL_FACTS_PLACES, unused entries 0: the low halves of XXH3_64bits (seed 0), never 0. */
size_t jl_facts_place(jl_span location, uint32_t place[JL_FACTS_PLACES]);
/* True when every part of `wanted` is one of the job's; a job in "Chicago, IL" is in "Illinois" and in "Chicago", one in
   "IL" is not in "Chicago". Unused entries are 0. A place without parts holds every job. */
bool jl_facts_in_place(const jl_facts *facts, const uint32_t wanted[JL_FACTS_PLACES]);

/* What is asked of jobs before they are looked at. Zero bytes ask nothing. A job of which the wanted thing is not known
   passes min_salary and visa, which few postings tell, and remote = JL_NO, which excludes those known as remote; it fails
   everything else. */
#define JL_ASK_PLACES 16
typedef struct jl_ask_facts {
    int64_t seen_after, posted_after; /* seconds since 1970; seen: last_seen */
    jl_tri remote;                    /* JL_YES: remote ones alone; JL_NO: none that are remote */
    bool visa;                        /* not those that say they do not sponsor */
    float min_salary;                 /* a year, against salary_max (else salary_min), whatever the currency */
    uint32_t employment;              /* any of these bits; jobs that tell none pass */
    uint32_t place[JL_ASK_PLACES][JL_FACTS_PLACES];
    size_t places;     /* in any of these; a remote job passes unless `remote` is JL_NO */
    uint32_t source;   /* 0 = any */
    uint32_t statuses; /* bits 1 << jl_status; 0 = any */
    int64_t now;       /* expired before then: fails; 0 = expiry does not matter */
} jl_ask_facts;

bool jl_facts_pass(const jl_facts *facts, const jl_ask_facts *ask);

/* Why a job does not pass: the first of these that is so. */
typedef enum jl_left_out {
    JL_LEFT_OUT_NOT = 0, /* it passes */
    JL_LEFT_OUT_AGE,     /* last seen or posted too long ago */
    JL_LEFT_OUT_STATUS,
    JL_LEFT_OUT_EXPIRED,
    JL_LEFT_OUT_SOURCE,
    JL_LEFT_OUT_ON_SITE, /* not remote, as far as is known, where remote ones alone are wanted */
    JL_LEFT_OUT_REMOTE,  /* remote where none are wanted */
    JL_LEFT_OUT_PLACE,
    JL_LEFT_OUT_EMPLOYMENT,
    JL_LEFT_OUT_PAY,
    JL_LEFT_OUT_VISA,
    JL_LEFT_OUTS
} jl_left_out;

jl_left_out jl_facts_left_out(const jl_facts *facts, const jl_ask_facts *ask);

#endif
