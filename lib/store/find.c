/* Which jobs a question means: what all back ends of the table of jobs decide in the same way. */
#include "store/store.h"

#include <string.h>

/* ---- texts ---- */

/* The two bytes of U+0080 to U+07FF in lower case: the letters of Latin-1 and Latin Extended-A, Greek and Cyrillic that
   are one step, or one row, away (Unicode's simple case folding of those). */
static unsigned fold_wide(unsigned c) {
    if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3ab && c != 0x3a2) || (c >= 0x410 && c <= 0x42f))
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40f)
        return c + 0x50;
    bool even = (c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) || (c >= 0x14a && c <= 0x177) ||
                (c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf);
    bool odd = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    if (c == 0x178)
        return 0xff;
    return (even && c % 2 == 0) || (odd && c % 2 == 1) ? c + 1 : c;
}

/* The folded character at `*at`, which moves behind it: what is not folded comes byte by byte. */
static unsigned next_folded(jl_span text, size_t *at) {
    unsigned char c = (unsigned char)text.p[*at];
    if (c >= 0xc3 && c < 0xe0 && *at + 1 < text.n) {
        unsigned wide = fold_wide((c & 0x1fU) << 6 | ((unsigned char)text.p[*at + 1] & 0x3fU));
        *at += 2;
        return wide;
    }
    *at += 1;
    return c >= 'A' && c <= 'Z' ? c + 0x20U : c < 0x80 ? c : 0x10000U + c;
}

static bool begins_with(jl_span text, size_t at, jl_span part) {
    for (size_t i = 0; i < part.n;)
        if (at >= text.n || next_folded(text, &at) != next_folded(part, &i))
            return false;
    return true;
}

static bool contains(jl_span text, jl_span part) {
    if (part.n == 0)
        return true;
    for (size_t at = 0; at < text.n; (void)next_folded(text, &at))
        if (begins_with(text, at, part))
            return true;
    return false;
}

/* ---- ids, URLs ---- */

/* "ID", or "SOURCE:ID". */
static bool is_named(const jl_posting *job, jl_span name) {
    if (jl_span_eq(job->id, name))
        return true;
    size_t before = job->source.n + 1;
    return name.n == before + job->id.n && name.p[job->source.n] == ':' &&
           memcmp(name.p, job->source.p, job->source.n) == 0 && memcmp(name.p + before, job->id.p, job->id.n) == 0;
}

static bool is_asked_by_name(const jl_find *what, const jl_posting *job) {
    for (size_t i = 0; i < what->ids; i++)
        if (is_named(job, what->id[i]))
            return true;
    for (size_t i = 0; i < what->urls; i++)
        if (job->url.n && jl_span_eq(job->url, what->url[i]))
            return true;
    return what->ids + what->urls == 0;
}

/* ---- both ---- */

bool jl_find_facts_pass(const jl_find *what, const jl_stored_job *job) {
    if (job->row <= what->after || job->change <= what->changed_since || (job->first && !what->duplicates))
        return false;
    if (what->seen_before && job->job.facts.last_seen >= what->seen_before)
        return false;
    if (what->marked_before && (job->marked == 0 || job->marked >= what->marked_before))
        return false;
    return jl_facts_pass(&job->job.facts, &what->facts);
}

bool jl_find_passes(const jl_find *what, const jl_stored_job *job) {
    return jl_find_facts_pass(what, job) && contains(job->job.company, what->company) &&
           contains(job->job.title, what->title) && contains(job->job.location, what->location) &&
           is_asked_by_name(what, &job->job);
}

/* ---- statuses ---- */

#define GIVEN_UP 255

bool jl_job_marks(const jl_stored_job *job, jl_status status, uint8_t *tries) {
    const jl_facts *f = &job->job.facts;
    *tries = f->tries;
    if (status != JL_STATUS_DONE && (f->status == JL_STATUS_DONE || f->full || job->first))
        return false;
    if (status == JL_STATUS_FAILED && *tries < GIVEN_UP - 1)
        ++*tries;
    return true;
}

bool jl_job_requeues(const jl_facts *facts, uint8_t most, jl_status *status, uint8_t *tries) {
    if ((facts->status != JL_STATUS_QUEUED && facts->status != JL_STATUS_FAILED) || facts->tries == GIVEN_UP)
        return false;
    unsigned so_far = facts->tries + (facts->status == JL_STATUS_QUEUED ? 1U : 0U);
    bool again = so_far < most;
    *status = again ? JL_STATUS_NONE : JL_STATUS_FAILED;
    *tries = again ? (uint8_t)so_far : GIVEN_UP;
    return true;
}
