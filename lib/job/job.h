/* A job line in the normal form.
 *
 * Job lines from every source use these names (jobline(7)), so that all filters compose. Absent means unknown: a name
 * without a value is
 * left out, it is never null, "" or a guess. */
#ifndef JL_JOB_JOB_H
#define JL_JOB_JOB_H

#include "base/buf.h"

/* In the order in which a line has them. What each holds:
     id                  text: the source's own id, or derived (job/link.h)
     source              text: "indeed", "glassdoor", …
     url                 text: canonical (job/link.h)
     company, title, location     text, one line, white space at its ends dropped
     description         text: the full description; line ends are LF
     description_html    text: the same as HTML, as it came
     snippet             text: the short description of a listing
     salary_min, salary_max       numbers, per salary_period, gross
     salary_currency     text: ISO 4217
     salary_period       text: hour, day, week, two_weeks, month, year
     employment_type     text: job/terms.h
     remote              true or false
     posted_at … enriched_at      text: RFC 3339 in UTC with seconds
     enrichment_status   text: none, queued, failed, dead, partial, done (job/facts.h)
     enrichment_tries    number: how often buying it failed
     content_hash        text: job/content.h
     details             object: the source's structured parts as they came
     raw, seniority, embedding    what other programs of the kit add */
#define JL_JOB_NAMES(X)                                                                                                \
    X(ID, "id")                                                                                                        \
    X(SOURCE, "source")                                                                                                \
    X(URL, "url")                                                                                                      \
    X(COMPANY, "company")                                                                                              \
    X(TITLE, "title")                                                                                                  \
    X(LOCATION, "location")                                                                                            \
    X(DESCRIPTION, "description")                                                                                      \
    X(DESCRIPTION_HTML, "description_html")                                                                            \
    X(SNIPPET, "snippet")                                                                                              \
    X(SALARY_MIN, "salary_min")                                                                                        \
    X(SALARY_MAX, "salary_max")                                                                                        \
    X(SALARY_CURRENCY, "salary_currency")                                                                              \
    X(SALARY_PERIOD, "salary_period")                                                                                  \
    X(EMPLOYMENT_TYPE, "employment_type")                                                                              \
    X(REMOTE, "remote")                                                                                                \
    X(POSTED_AT, "posted_at")                                                                                          \
    X(EXPIRES_AT, "expires_at")                                                                                        \
    X(FIRST_SEEN_AT, "first_seen_at")                                                                                  \
    X(LAST_SEEN_AT, "last_seen_at")                                                                                    \
    X(ENRICHED_AT, "enriched_at")                                                                                      \
    X(ENRICHMENT_STATUS, "enrichment_status")                                                                          \
    X(ENRICHMENT_TRIES, "enrichment_tries")                                                                            \
    X(CONTENT_HASH, "content_hash")                                                                                    \
    X(DETAILS, "details")                                                                                              \
    X(RAW, "raw")                                                                                                      \
    X(SENIORITY, "seniority")                                                                                          \
    X(EMBEDDING, "embedding")

typedef enum jl_job_name {
#define JL_JOB_ENUM(upper, name) JL_JOB_##upper,
    JL_JOB_NAMES(JL_JOB_ENUM)
#undef JL_JOB_ENUM
        JL_JOB_COUNT
} jl_job_name;

/* The name as a JSON string with its quotes, as jl_member wants it; static. */
jl_span jl_job_token(jl_job_name name);
/* The bare name; static, NUL-terminated behind its end. */
jl_span jl_job_bare(jl_job_name name);

/* The values of one line while it is being made. Zero bytes are an empty one; `bytes.max` may be set to bound its
   memory. Owned; freed with jl_job_free. */
typedef struct jl_job {
    jl_buf bytes;
    struct {
        size_t off, n; /* of the raw JSON value in `bytes`; n = 0: not set */
    } value[JL_JOB_COUNT];
} jl_job;

/* Empty again, the memory kept. */
void jl_job_clear(jl_job *job);
void jl_job_free(jl_job *job);

/* Setting a value again replaces it. `json` is a checked value that fits into a line (jl_each_compact). */
int jl_job_raw(jl_job *job, jl_job_name name, jl_span json, jl_err *err);
/* A string: white space at its ends is dropped, and when nothing is left the name stays as it was. */
int jl_job_text(jl_job *job, jl_job_name name, jl_span text, jl_err *err);
/* The same with every run of white space made one space: for what is one line (title, company, location). */
int jl_job_line(jl_job *job, jl_job_name name, jl_span text, jl_err *err);
/* RFC 3339 of nanoseconds since 1970. */
int jl_job_time(jl_job *job, jl_job_name name, int64_t wall_ns, jl_err *err);
int jl_job_bool(jl_job *job, jl_job_name name, bool value, jl_err *err);
void jl_job_unset(jl_job *job, jl_job_name name);

static inline bool jl_job_has(const jl_job *job, jl_job_name name) {
    return job->value[name].n > 0;
}
/* The raw JSON value, empty when it is not set; valid until the next value is set. */
static inline jl_span jl_job_get(const jl_job *job, jl_job_name name) {
    return job->value[name].n ? (jl_span){job->bytes.p + job->value[name].off, job->value[name].n} : (jl_span){"", 0};
}
/* Appends the decoded text of a value that is a string; nothing when it is not set. */
int jl_job_decoded(const jl_job *job, jl_job_name name, jl_buf *out, jl_err *err);

/* Appends the line: an object with the values that are set, in the order of the names, and an LF. */
int jl_job_write(const jl_job *job, jl_buf *out, jl_err *err);

#endif
