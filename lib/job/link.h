/* The URL of a posting in one spelling, from which its id follows. */
#ifndef JL_JOB_LINK_H
#define JL_JOB_LINK_H

#include "base/buf.h"

/* FROZEN FORMAT, version 1 (golden vectors: tests/unit/golden/job.tsv): stores know postings by these ids.

   Canonical form of an http or https URL:
     - scheme and host in lower case, without user, default port, fragment and the dot behind the host
     - Indeed (a host with the label "indeed" before its last or last two labels): with a job key (jk=, else vjk=, else
       the sixteen digits at the end of /jobs/TITLE-KEY), https://HOST/viewjob?jk=KEY with the key in lower case; HOST
       is www.indeed.com for indeed.com and m.indeed.com, else as it is. Without a key, by the general rules, as https
     - Glassdoor (likewise): with a number jl= or jobListingId=, https://HOST/PATH?THAT=NUMBER and nothing else of the
       query
     - else the parameters utm_*, gclid, gbraid, wbraid, dclid, fbclid, msclkid, yclid, mc_cid, mc_eid, _ga, _gl,
       igshid are dropped; the others keep their order and bytes, and so does the path (an empty one becomes "/")
   The id:
     - Indeed's job key, Glassdoor's number
     - else the 16 lower-case hexadecimal digits of XXH3_64bits (seed 0) of the canonical URL
     - of a URL that changes with every call (Indeed's /pagead/ and /rc/clk without a key; Glassdoor's /partner/
       without a number), or when there is no URL: the same of the encoding of company, title, location (job/content.h)
       */

typedef struct jl_link {
    jl_span url;      /* canonical; empty when there is none; points into the buffer that was given */
    char id[33];      /* NUL-terminated; "" when it has to be derived from the posting */
    bool source_id;   /* the id is the source's own */
    const char *site; /* "indeed" or "glassdoor" by its host, else NULL; static */
} jl_link;

/* Appends the canonical form to `out` and fills `link`. A text that is no http(s) URL, has control bytes, spaces or
   user data in it, or is longer than 8192 bytes, gives none: 0 with an empty url and id. -1: memory ran out. */
int jl_link_read(jl_span url, jl_buf *out, jl_link *link, jl_err *err);

/* The id of a posting that has no other, from decoded texts; "" when title and company are both empty. -1: memory ran
   out. */
int jl_link_derive(jl_span company, jl_span title, jl_span location, char id[33], jl_err *err);

#endif
