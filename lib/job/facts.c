/* Facts read out of job lines. */
#include "job/facts.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/digest.h"
#include "job/date.h"
#include "job/job.h"
#include "job/salary.h"
#include "job/space.h"
#include "job/terms.h"
#include "job/visa.h"

const char *const jl_status_name[JL_STATUSES] = {"none", "queued", "failed", "dead", "partial", "done"};

bool jl_status_read(jl_span text, jl_status *status) {
    for (int i = 0; i < JL_STATUSES; ++i)
        if (jl_span_eq(text, jl_span_of(jl_status_name[i]))) {
            *status = (jl_status)i;
            return true;
        }
    return false;
}

uint32_t jl_facts_source(jl_span source) {
    return source.n ? (uint32_t)jl_digest(source, 0) : 0;
}

int jl_facts_want(jl_want *want, jl_err *err) {
    int first = -1;
    for (jl_job_name name = 0; name < JL_JOB_COUNT; ++name) {
        int at = jl_want_name(want, jl_job_bare(name), err);
        if (at < 0)
            return -1;
        if (name == 0)
            first = at;
    }
    return first;
}

/* ---- values of a record ---- */

typedef struct reader {
    const jl_rec *rec;
    const jl_field *field; /* of the first name */
    jl_buf *scratch;
    jl_err *err;
} reader;

static jl_span raw(const reader *r, jl_job_name name) {
    return (jl_span){r->rec->line + r->field[name].off, r->field[name].len};
}

/* The decoded text, empty when the value is no string; it dies with the next one. -1: memory ran out. */
static int text_of(const reader *r, jl_job_name name, jl_span *text) {
    const jl_field *f = &r->field[name];
    *text = (jl_span){"", 0};
    if (f->type != JL_STRING)
        return 0;
    if (f->plain) {
        *text = (jl_span){r->rec->line + f->off + 1, f->len - 2};
        return 0;
    }
    jl_buf_clear(r->scratch);
    if (jl_json_decode(raw(r, name), r->scratch, r->err))
        return -1;
    if (r->scratch->n)
        *text = jl_buf_span(r->scratch);
    return 0;
}

static int64_t integer_of(const reader *r, jl_job_name name) {
    int64_t value = 0;
    if (r->field[name].type != JL_NUMBER || !jl_json_integer(raw(r, name), &value))
        return 0;
    return value;
}

static int read_time(const reader *r, jl_job_name name, int64_t *seconds) {
    jl_span text;
    int64_t wall;
    if (text_of(r, name, &text))
        return -1;
    /* An absolute date alone: there is no now to count back from. */
    if (text.n >= 10 && text.n <= 64 && text.p[4] == '-' && jl_date_read(text, 0, &wall))
        *seconds = wall / JL_SECOND;
    return 0;
}

/* ---- pay ---- */

/* The number ends where the token ends: what follows in a checked line is no part of one. */
static float amount_of(const reader *r, jl_job_name name) {
    if (r->field[name].type != JL_NUMBER)
        return 0;
    double value = strtod(raw(r, name).p, NULL);
    return value > 0 && value < 1e12 ? (float)value : 0;
}

/* Below this an amount without a period may be anything; from it on it is a year's. */
#define SURELY_A_YEAR 10000

static float times_a_year(jl_span period, float amount) {
    static const struct {
        const char *name;
        float times;
    } periods[] = {{"year", 1}, {"hour", 2080}, {"month", 12}, {"day", 260}, {"week", 52}, {"two_weeks", 26}};
    if (period.n == 0)
        return amount >= SURELY_A_YEAR ? 1 : 0;
    for (size_t i = 0; i < sizeof periods / sizeof *periods; ++i)
        if (jl_span_eq(period, jl_span_of(periods[i].name)))
            return periods[i].times;
    return 0;
}

static int read_pay(const reader *r, jl_facts *facts) {
    float min = amount_of(r, JL_JOB_SALARY_MIN);
    float max = amount_of(r, JL_JOB_SALARY_MAX);
    jl_span text;
    if (text_of(r, JL_JOB_SALARY_CURRENCY, &text))
        return -1;
    if (text.n == 3)
        memcpy(facts->currency, text.p, 3);
    if (min == 0 && max == 0)
        return 0;
    if (text_of(r, JL_JOB_SALARY_PERIOD, &text))
        return -1;
    float times = times_a_year(text, max > min ? max : min);
    if (times == 0 && text.n)
        times = times_a_year(jl_span_of(jl_salary_period(text)), 0);
    facts->salary_min = min * times;
    facts->salary_max = max * times;
    return 0;
}

/* ---- terms and place ---- */

static int read_employment(const reader *r, jl_facts *facts) {
    jl_terms terms = {0};
    jl_span text;
    if (text_of(r, JL_JOB_EMPLOYMENT_TYPE, &text))
        return -1;
    while (text.n) {
        const char *comma = memchr(text.p, ',', text.n);
        jl_span phrase = {text.p, comma ? (size_t)(comma - text.p) : text.n};
        size_t used = phrase.n + (comma != NULL);
        if (jl_span_eq(phrase, JL_SPAN("full_time")))
            terms.types |= 1;
        else
            jl_terms_type_of(&terms, phrase);
        text = (jl_span){text.p + used, text.n - used};
    }
    facts->employment = terms.types;
    return 0;
}

/* What the line says of `remote`, else what its location says. */
static int read_place(const reader *r, jl_facts *facts) {
    jl_terms terms = {0};
    jl_span text;
    if (text_of(r, JL_JOB_LOCATION, &text))
        return -1;
    if (text.n)
        jl_facts_place(text, facts->place);
    jl_type remote = r->field[JL_JOB_REMOTE].type;
    if (remote == JL_TRUE || remote == JL_FALSE)
        facts->remote = remote == JL_TRUE ? JL_YES : JL_NO;
    else if (text.n && text.n <= 256 && jl_terms_location_of(&terms, text))
        facts->remote = terms.remote && !terms.hybrid ? JL_YES : JL_NO;
    return 0;
}

static void read_visa(const reader *r, jl_facts *facts) {
    static const jl_job_name texts[] = {JL_JOB_DESCRIPTION, JL_JOB_SNIPPET};
    for (size_t i = 0; i < 2 && facts->visa == JL_UNTOLD; ++i)
        if (r->field[texts[i]].type == JL_STRING)
            facts->visa = (uint8_t)jl_visa_told(raw(r, texts[i]));
}

/* A description of white space is none. Nearly all begin with a letter: those are not decoded. */
static int read_full(const reader *r, jl_facts *facts) {
    const jl_field *f = &r->field[JL_JOB_DESCRIPTION];
    jl_span text;
    if (f->type != JL_STRING || f->len <= 2)
        return 0;
    unsigned char begins = (unsigned char)r->rec->line[f->off + 1];
    facts->full = begins > ' ' && begins < 0x80 && begins != '\\';
    if (facts->full)
        return 0;
    if (text_of(r, JL_JOB_DESCRIPTION, &text))
        return -1;
    facts->full = jl_space_trim(text).n > 0;
    return 0;
}

static int read_status(const reader *r, jl_facts *facts) {
    jl_span text;
    jl_status status;
    if (read_full(r, facts))
        return -1;
    if (text_of(r, JL_JOB_ENRICHMENT_STATUS, &text))
        return -1;
    if (!jl_status_read(text, &status))
        status = facts->full ? JL_STATUS_DONE : JL_STATUS_NONE;
    facts->status = (uint8_t)status;
    int64_t tries = integer_of(r, JL_JOB_ENRICHMENT_TRIES);
    facts->tries = (uint8_t)(tries < 0 ? 0 : tries > UINT8_MAX ? UINT8_MAX : tries);
    int64_t seniority = integer_of(r, JL_JOB_SENIORITY);
    facts->seniority = (uint8_t)(seniority >= 1 && seniority <= 7 ? seniority : 0);
    return 0;
}

int jl_facts_read(const jl_rec *rec, size_t first, jl_buf *scratch, jl_facts *facts, jl_err *err) {
    reader r = {rec, rec->field + first, scratch, err};
    jl_span source;
    *facts = (jl_facts){0};
    if (text_of(&r, JL_JOB_SOURCE, &source))
        return -1;
    facts->source = jl_facts_source(source);
    read_visa(&r, facts);
    return read_time(&r, JL_JOB_POSTED_AT, &facts->posted) || read_time(&r, JL_JOB_EXPIRES_AT, &facts->expires) ||
                   read_time(&r, JL_JOB_FIRST_SEEN_AT, &facts->first_seen) ||
                   read_time(&r, JL_JOB_LAST_SEEN_AT, &facts->last_seen) ||
                   read_time(&r, JL_JOB_ENRICHED_AT, &facts->enriched) || read_pay(&r, facts) ||
                   read_employment(&r, facts) || read_place(&r, facts) || read_status(&r, facts)
               ? -1
               : 0;
}

/* ---- what is asked ---- */

static bool pays(const jl_facts *facts, float min) {
    float most = facts->salary_max > 0 ? facts->salary_max : facts->salary_min;
    return most == 0 || most >= min;
}

static bool remote_fits(const jl_facts *facts, jl_tri wanted) {
    if (wanted == JL_YES)
        return facts->remote == JL_YES;
    return wanted != JL_NO || facts->remote != JL_YES;
}

static bool somewhere(const jl_facts *facts, const jl_ask_facts *ask) {
    if (ask->places == 0 || (facts->remote == JL_YES && ask->remote != JL_NO))
        return true;
    for (size_t i = 0; i < ask->places; ++i)
        if (jl_facts_in_place(facts, ask->place[i]))
            return true;
    return false;
}

static bool is_of(const jl_facts *facts, uint32_t employment) {
    return !employment || !facts->employment || (employment & facts->employment);
}

jl_left_out jl_facts_left_out(const jl_facts *facts, const jl_ask_facts *ask) {
    if (facts->last_seen < ask->seen_after || facts->posted < ask->posted_after)
        return JL_LEFT_OUT_AGE;
    if (ask->statuses && !(ask->statuses >> facts->status & 1))
        return JL_LEFT_OUT_STATUS;
    if (ask->now && facts->expires && facts->expires < ask->now)
        return JL_LEFT_OUT_EXPIRED;
    if (ask->source && facts->source != ask->source)
        return JL_LEFT_OUT_SOURCE;
    if (!remote_fits(facts, ask->remote))
        return ask->remote == JL_YES ? JL_LEFT_OUT_ON_SITE : JL_LEFT_OUT_REMOTE;
    if (!somewhere(facts, ask))
        return JL_LEFT_OUT_PLACE;
    if (!is_of(facts, ask->employment))
        return JL_LEFT_OUT_EMPLOYMENT;
    if (!pays(facts, ask->min_salary))
        return JL_LEFT_OUT_PAY;
    return ask->visa && facts->visa == JL_NO ? JL_LEFT_OUT_VISA : JL_LEFT_OUT_NOT;
}

bool jl_facts_pass(const jl_facts *facts, const jl_ask_facts *ask) {
    return jl_facts_left_out(facts, ask) == JL_LEFT_OUT_NOT;
}
