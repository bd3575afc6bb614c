/* A job line while it is being made. */
#include "job/job.h"

#include "base/clock.h"
#include "job/space.h"
#include "jsonl/json.h"
#include "jsonl/write.h"

static const jl_span token[JL_JOB_COUNT] = {
#define JL_JOB_TOKEN(upper, name) [JL_JOB_##upper] = {"\"" name "\"", sizeof(name) + 1},
    JL_JOB_NAMES(JL_JOB_TOKEN)
#undef JL_JOB_TOKEN
};

static const jl_span bare[JL_JOB_COUNT] = {
#define JL_JOB_BARE(upper, name) [JL_JOB_##upper] = {name, sizeof(name) - 1},
    JL_JOB_NAMES(JL_JOB_BARE)
#undef JL_JOB_BARE
};

jl_span jl_job_token(jl_job_name name) {
    return token[name];
}

jl_span jl_job_bare(jl_job_name name) {
    return bare[name];
}

void jl_job_clear(jl_job *job) {
    jl_buf bytes = job->bytes;
    *job = (jl_job){.bytes = bytes};
    jl_buf_clear(&job->bytes);
}

void jl_job_free(jl_job *job) {
    jl_buf bytes = job->bytes;
    jl_buf_free(&bytes);
    *job = (jl_job){.bytes = bytes};
}

void jl_job_unset(jl_job *job, jl_job_name name) {
    job->value[name].n = 0;
}

/* What was appended from `off` on is the value; after a failure nothing was. */
static int settle(jl_job *job, jl_job_name name, size_t off, int failed) {
    if (failed) {
        job->bytes.n = off;
        return -1;
    }
    job->value[name].off = off;
    job->value[name].n = job->bytes.n - off;
    return 0;
}

int jl_job_raw(jl_job *job, jl_job_name name, jl_span json, jl_err *err) {
    size_t off = job->bytes.n;
    return settle(job, name, off, jl_buf_add(&job->bytes, json, err));
}

int jl_job_text(jl_job *job, jl_job_name name, jl_span text, jl_err *err) {
    size_t off = job->bytes.n;
    text = jl_space_trim(text);
    if (text.n == 0)
        return 0;
    return settle(job, name, off, jl_write_string(&job->bytes, text, err));
}

int jl_job_line(jl_job *job, jl_job_name name, jl_span text, jl_err *err) {
    jl_buf line = {0};
    int failed = jl_space_one(text, &line, err) || jl_job_text(job, name, jl_buf_span(&line), err);
    jl_buf_free(&line);
    return failed ? -1 : 0;
}

int jl_job_time(jl_job *job, jl_job_name name, int64_t wall_ns, jl_err *err) {
    char text[21];
    jl_clock_rfc3339(wall_ns, text);
    return jl_job_text(job, name, jl_span_of(text), err);
}

int jl_job_bool(jl_job *job, jl_job_name name, bool value, jl_err *err) {
    return jl_job_raw(job, name, value ? JL_SPAN("true") : JL_SPAN("false"), err);
}

int jl_job_decoded(const jl_job *job, jl_job_name name, jl_buf *out, jl_err *err) {
    jl_span value = jl_job_get(job, name);
    return value.n && value.p[0] == '"' ? jl_json_decode(value, out, err) : 0;
}

int jl_job_write(const jl_job *job, jl_buf *out, jl_err *err) {
    size_t start = out->n;
    int failed = jl_write_open(out, err);
    for (jl_job_name i = 0; !failed && i < JL_JOB_COUNT; ++i)
        if (jl_job_has(job, i))
            failed = jl_write_raw(out, bare[i].p, jl_job_get(job, i), err);
    failed = failed || jl_write_close(out, err) || jl_buf_addc(out, '\n', err);
    if (failed)
        out->n = start;
    return failed ? -1 : 0;
}
