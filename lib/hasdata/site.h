/* How a site's bodies are read: tables of members, and what cannot be said in a table. */
#ifndef JL_HASDATA_SITE_H
#define JL_HASDATA_SITE_H

#include "hasdata/hasdata.h"
#include "job/salary.h"
#include "job/terms.h"
#include "jsonl/each.h"

/* Longer texts and postings are none: a line has to stay below the limit that all programs have (16 MiB). */
#define JL_HASDATA_TEXT_MAX ((size_t)4 << 20)
/* Structured parts that nest deeper are left out. */
#define JL_HASDATA_DEPTH_MAX 64

/* What a member of a posting is. Where several members fill one name, the first of the table that says something wins.
   */
typedef enum jl_hasdata_means {
    JL_MEANS_PART,        /* nothing but a part of `details` */
    JL_MEANS_LINE,        /* a line of text for `to` */
    JL_MEANS_NAME,        /* the same, or an object with a name */
    JL_MEANS_PLACE,       /* a location: text, an address, a list of them; may say that the work is remote */
    JL_MEANS_TEXT,        /* text of several lines for `to` */
    JL_MEANS_DESCRIPTION, /* the full description, as text or HTML */
    JL_MEANS_HTML,        /* the full description as HTML */
    JL_MEANS_DATE,        /* a date for `to` */
    JL_MEANS_AGE,         /* days since it was posted */
    JL_MEANS_TERMS,       /* words, lists or objects of words about the employment */
    JL_MEANS_SALARY,      /* an object of amounts, or a sentence */
    JL_MEANS_EXPIRED,     /* a flag: the posting is over */
    JL_MEANS_LINK,        /* its URL */
    JL_MEANS_ID           /* the source's own id */
} jl_hasdata_means;

typedef struct jl_hasdata_member {
    const char *name;
    jl_hasdata_means means;
    jl_job_name to; /* with LINE, NAME, TEXT, DATE */
    bool part;      /* goes into `details` as well */
} jl_hasdata_member;

#define JL_HASDATA_MEMBERS_MAX 32

struct jl_hasdata_site {
    const char *host; /* what URLs without one belong to */
    /* Asking. */
    const char *next_name;              /* the parameter that asks for a further page */
    const char *by_date, *by_relevance; /* what the parameter `sort` says */
    bool rendered, residential;         /* pages */
    /* Reading; tables end with a NULL name. */
    const jl_hasdata_member *listed;   /* of an element of a listing */
    const jl_hasdata_member *detailed; /* of a job */
    /* Appends the `next` of the page behind this one; nothing when there is none. */
    int (*next)(jl_value body, jl_buf *next, jl_err *err);
    /* Instead of `detailed`: fills the details from a body. */
    int (*page)(jl_span body, const jl_hasdata_context *context, jl_hasdata_details *details, jl_err *err);
};

/* Reads the members of `object` that the table names into details->job, ->expired. The job has url and id only when
   the table does; `details` gets the parts when there are any. */
int jl_hasdata_read(jl_value object, const jl_hasdata_member *table, const jl_hasdata_site *site,
                    const jl_hasdata_context *context, jl_hasdata_details *details, jl_err *err);

/* The text of a string or the spelling of a number, decoded behind what `out` holds; empty for anything else. */
int jl_hasdata_text(jl_value value, jl_buf *out, jl_span *text, jl_err *err);

/* The value of a parameter in the query of a URL, percent-decoded behind what `out` holds; nothing when it is not
   there. */
int jl_hasdata_parameter(jl_span url, const char *name, jl_buf *out, jl_err *err);

extern const jl_hasdata_endpoint jl_hasdata_indeed_listing, jl_hasdata_indeed_job;
extern const jl_hasdata_endpoint jl_hasdata_glassdoor_listing, jl_hasdata_glassdoor_job;
extern const jl_hasdata_endpoint jl_hasdata_page, jl_hasdata_page_residential, jl_hasdata_page_js,
    jl_hasdata_page_js_residential;

#endif
