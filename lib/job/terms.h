/* The terms of employment in a source's words. */
#ifndef JL_JOB_TERMS_H
#define JL_JOB_TERMS_H

#include "job/job.h"

/* Collects what several words say: zero bytes say nothing. */
typedef struct jl_terms {
    unsigned types; /* a bit for each employment type that was named, in the order below */
    bool remote, hybrid, on_site;
} jl_terms;

/* full_time, part_time, contract, temporary, internship, per_diem, other: the names for bit 0, 1, … ; NULL behind the
   last. */
extern const char *const jl_terms_type[];

/* Each reads one phrase ("Full-time", "FULL_TIME", "Hybrid work", "TELECOMMUTE", "Contract-to-hire"); true when it was
   one. Words that are no type ("Monday to Friday", "Health insurance") say nothing. */
bool jl_terms_type_of(jl_terms *terms, jl_span phrase);
bool jl_terms_place_of(jl_terms *terms, jl_span phrase);
/* The same for a location, in which the word stands beside others: "Remote", "Remote in Austin, TX", "Austin, TX
   (Remote)", "Hybrid work in Leeds". */
bool jl_terms_location_of(jl_terms *terms, jl_span location);

/* Sets employment_type and remote, each when something is known about it.
     employment_type   always ONE string, so that a comparison, a column of a table and a CSV have one type to handle:
                       the names of all types that were named, in the order above, with a comma between them, as in
                       "full_time,contract". Nearly all postings name one. "other" only where nothing else was named
     remote            true: can be done without ever coming in; false: hybrid or on site. Where a source says remote
                       and something else as well, hybrid wins over remote, remote over on site */
int jl_terms_put(const jl_terms *terms, jl_job *job, jl_err *err);

#endif
