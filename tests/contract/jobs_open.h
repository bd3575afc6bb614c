/* A table of jobs that has to open. */
#ifndef JL_TESTS_JOBS_OPEN_H
#define JL_TESTS_JOBS_OPEN_H

#include "contract/well.h"
#include "store/store.h"

/* `patience`: ns, 0 = as the back end has it. */
static inline jl_jobs *jobs_open(const jl_jobs_opener *const *openers, const char *text, int64_t patience) {
    jl_err err = {0};
    jl_url url;
    well(jl_url_parse(jl_span_of(text), &url, &err), &err);
    jl_jobs *s = jl_jobs_open(openers, &url, patience, &err);
    if (!s)
        fail_msg("%s: %s", text, err.text);
    return s;
}

#endif
