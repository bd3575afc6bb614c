/* Why a job has its score, in short sentences. */
#ifndef JL_MATCH_REASON_H
#define JL_MATCH_REASON_H

#include "match/asked.h"
#include "match/score.h"

/* What the sentences are made of. */
typedef struct jl_reasoning {
    const jl_vocabulary *v;
    const jl_profile *profile;
    const jl_posting *job;
    const jl_asked *asked;
    const float *met; /* by skill: how far the person meets it, 0 to 1 */
    const jl_match *match;
    jl_span title; /* of the profile, the one that fits best; may be empty */
    int64_t now;
} jl_reasoning;

/* Appends a JSON array of texts:
     "Skills: Python, SQL (2 of 3)"              those of the profile that are
   asked "Missing: Airflow"                          licences first, then by
   weight; at most six "Title: Data Engineer (yours: Data Analyst)" "Experience:
   5 years asked, 6 offered" "Education: bachelor asked, master offered"
     "Location: remote", "Location: Chicago, IL (yours)", "Location: Austin, TX"
     "Salary: 90000 to 120000 USD a year"
     "Posted today", "Posted 2 days ago"
     "Enrichment failed: scored by its listing" */
int jl_reasons(const jl_reasoning *r, jl_buf *out, jl_err *err);

#endif
