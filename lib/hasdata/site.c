/* Bodies read by the tables of their sites. */
#include "hasdata/site.h"

#include "base/clock.h"
#include "job/date.h"
#include "job/html.h"
#include "job/link.h"
#include "job/space.h"
#include "jsonl/write.h"

/* ---- one posting being read ---- */

typedef struct reading {
    const jl_hasdata_site *site;
    const jl_hasdata_context *context;
    jl_hasdata_details *details;
    jl_salary salary;
    jl_terms terms;
    jl_buf text;    /* scratch: what is being read */
    jl_buf other;   /* scratch: what becomes of it */
    jl_buf parts;   /* the members of `details`, written so far */
    char host[256]; /* of the posting's URL; "" = unknown */
    jl_err *err;
} reading;

int jl_hasdata_text(jl_value value, jl_buf *out, jl_span *text, jl_err *err) {
    size_t start = out->n;
    *text = (jl_span){"", 0};
    if (value.type != JL_STRING && value.type != JL_NUMBER)
        return 0;
    if (value.text.n > JL_HASDATA_TEXT_MAX)
        return 0;
    if (value.type == JL_NUMBER ? jl_buf_add(out, value.text, err) : jl_json_decode(value.text, out, err))
        return -1;
    *text = out->n > start ? (jl_span){out->p + start, out->n - start} : *text;
    return 0;
}

static int read_text(reading *r, jl_value value, jl_span *text) {
    jl_buf_clear(&r->text);
    return jl_hasdata_text(value, &r->text, text, r->err);
}

static int put_line(reading *r, jl_job_name to, jl_value value) {
    jl_span text;
    if (read_text(r, value, &text))
        return -1;
    return jl_job_has(&r->details->job, to) ? 0 : jl_job_line(&r->details->job, to, text, r->err);
}

static int put_name(reading *r, jl_job_name to, jl_value value) {
    static const char *const names[] = {"name", "legalName"};
    if (value.type != JL_OBJECT)
        return put_line(r, to, value);
    jl_value found[2];
    jl_each_pick(value, names, 2, found);
    return put_line(r, to, found[0].type == JL_STRING ? found[0] : found[1]);
}

/* CRLF and CR become LF: the text of a line of JSON has one kind of line end. */
static void one_line_end(jl_buf *b) {
    size_t to = 0;
    for (size_t i = 0; i < b->n; ++i) {
        if (b->p[i] == '\r' && i + 1 < b->n && b->p[i + 1] == '\n')
            continue;
        b->p[to++] = b->p[i] == '\r' ? '\n' : b->p[i];
    }
    b->n = to;
}

static int put_text(reading *r, jl_job_name to, jl_value value) {
    jl_span text;
    if (read_text(r, value, &text))
        return -1;
    one_line_end(&r->text);
    return jl_job_has(&r->details->job, to) ? 0 : jl_job_text(&r->details->job, to, jl_buf_span(&r->text), r->err);
}

/* ---- descriptions ---- */

static bool has(jl_span text, const char *what) {
    return memmem(text.p, text.n, what, strlen(what)) != NULL;
}

static bool looks_like_html(jl_span text) {
    return has(text, "</") || has(text, "<br") || has(text, "<p>") || has(text, "<li>");
}

static int put_html(reading *r, jl_span html) {
    jl_job *job = &r->details->job;
    if (jl_job_has(job, JL_JOB_DESCRIPTION_HTML))
        return 0;
    return jl_job_text(job, JL_JOB_DESCRIPTION_HTML, html, r->err);
}

/* HTML that comes as text was escaped once too often. */
static int put_description(reading *r, jl_value value) {
    jl_span text;
    if (read_text(r, value, &text))
        return -1;
    if (!looks_like_html(text) && has(text, "&lt;") && has(text, "&gt;")) {
        jl_buf_clear(&r->other);
        if (jl_html_decode(text, &r->other, r->err))
            return -1;
        text = jl_buf_span(&r->other);
    }
    if (looks_like_html(text))
        return put_html(r, text);
    return put_text(r, JL_JOB_DESCRIPTION, value);
}

static int put_html_value(reading *r, jl_value value) {
    jl_span text;
    return read_text(r, value, &text) || put_html(r, text) ? -1 : 0;
}

/* Where only HTML came, the text is made of it. */
static int text_of_html(reading *r) {
    jl_job *job = &r->details->job;
    if (jl_job_has(job, JL_JOB_DESCRIPTION) || !jl_job_has(job, JL_JOB_DESCRIPTION_HTML))
        return 0;
    jl_buf_clear(&r->text);
    jl_buf_clear(&r->other);
    if (jl_job_decoded(job, JL_JOB_DESCRIPTION_HTML, &r->text, r->err) ||
        jl_html_text(jl_buf_span(&r->text), &r->other, r->err))
        return -1;
    return jl_job_text(job, JL_JOB_DESCRIPTION, jl_buf_span(&r->other), r->err);
}

/* ---- dates, places, terms, pay ---- */

static int put_date(reading *r, jl_job_name to, jl_value value) {
    jl_span text;
    int64_t wall_ns;
    if (value.type != JL_STRING)
        return 0;
    if (read_text(r, value, &text))
        return -1;
    if (jl_job_has(&r->details->job, to) || !jl_date_read(text, r->context->now, &wall_ns))
        return 0;
    return jl_job_time(&r->details->job, to, wall_ns, r->err);
}

/* A number, or the text of one; false for everything else. */
static bool read_integer(jl_value value, int64_t *number) {
    jl_span text = value.text;
    if (value.type == JL_STRING && jl_json_plain(text))
        text = jl_space_trim((jl_span){text.p + 1, text.n - 2});
    else if (value.type != JL_NUMBER)
        return false;
    return jl_json_integer(text, number);
}

static int put_age(reading *r, jl_value value) {
    jl_job *job = &r->details->job;
    int64_t days, wall_ns;
    if (jl_job_has(job, JL_JOB_POSTED_AT))
        return 0;
    if (read_integer(value, &days) && jl_date_age(days, r->context->now, &wall_ns))
        return jl_job_time(job, JL_JOB_POSTED_AT, wall_ns, r->err);
    return put_date(r, JL_JOB_POSTED_AT, value);
}

/* "Warren, MI, US" out of an address's parts, in `other`. */
static int join_address(reading *r, jl_value address) {
    static const char *const names[] = {"addressLocality", "city",    "addressRegion", "region",
                                        "state",           "country", "addressCountry"};
    enum { N = sizeof names / sizeof *names };
    jl_value found[N];
    jl_each_pick(address, names, N, found);
    jl_buf_clear(&r->other);
    for (size_t i = 0; i < N; ++i) {
        jl_span text;
        if (found[i].type == JL_OBJECT)
            found[i] = jl_each_member(found[i], "name");
        if (found[i].type != JL_STRING)
            continue;
        if (read_text(r, found[i], &text))
            return -1;
        text = jl_space_trim(text);
        if (text.n == 0)
            continue;
        if ((r->other.n && jl_buf_add(&r->other, JL_SPAN(", "), r->err)) || jl_buf_add(&r->other, text, r->err))
            return -1;
    }
    return 0;
}

/* The first of several places; an address stands in its place, or for itself. */
static int put_place(reading *r, jl_value value) {
    jl_job *job = &r->details->job;
    jl_span text;
    if (value.type == JL_ARRAY) {
        jl_each it = jl_each_start(value);
        if (!jl_each_next(&it, NULL, &value))
            return 0;
    }
    jl_value address = jl_each_member(value, "address");
    if (address.type != JL_ABSENT)
        value = address;
    if (value.type == JL_OBJECT) {
        if (join_address(r, value))
            return -1;
        text = jl_buf_span(&r->other);
    } else if (read_text(r, value, &text)) {
        return -1;
    }
    jl_terms_location_of(&r->terms, text);
    return jl_job_has(job, JL_JOB_LOCATION) ? 0 : jl_job_line(job, JL_JOB_LOCATION, text, r->err);
}

/* "FULL_TIME, CONTRACTOR" */
static void read_phrases(reading *r, jl_span text) {
    jl_span phrase = {text.p, 0};
    for (size_t i = 0; i <= text.n; ++i) {
        if (i < text.n && text.p[i] != ',' && text.p[i] != ';' && text.p[i] != '|')
            continue;
        phrase.n = i - (size_t)(phrase.p - text.p);
        jl_terms_type_of(&r->terms, phrase);
        jl_terms_place_of(&r->terms, phrase);
        if (i < text.n)
            phrase.p = text.p + i + 1;
    }
}

/* Phrases anywhere in lists and objects, `levels` deep. */
static int read_terms(reading *r, jl_value value, int levels) {
    jl_span text;
    if (value.type == JL_STRING) {
        if (read_text(r, value, &text))
            return -1;
        read_phrases(r, text);
        return 0;
    }
    jl_each it = jl_each_start(value);
    while (levels > 0 && jl_each_next(&it, NULL, &value))
        if (read_terms(r, value, levels - 1))
            return -1;
    return 0;
}

static int read_amount(reading *r, jl_value value, char amount[32]) {
    jl_span text;
    if (amount[0])
        return 0;
    if (read_text(r, value, &text))
        return -1;
    jl_salary_amount(text, amount);
    return 0;
}

static int read_salary(reading *r, jl_value value);

static int read_salary_object(reading *r, jl_value object, int levels) {
    static const char *const names[] = {"min",  "minValue", "max",       "maxValue", "currency", "payCurrency",
                                        "type", "period",   "payPeriod", "unitText", "value",    "text"};
    enum { MIN, MIN_VALUE, MAX, MAX_VALUE, CURRENCY, PAY_CURRENCY, TYPE, PERIOD, PAY_PERIOD, UNIT, VALUE, TEXT, N };
    jl_value found[N];
    jl_span text;
    jl_salary *s = &r->salary;
    jl_each_pick(object, names, N, found);
    if (read_amount(r, found[MIN], s->min) || read_amount(r, found[MIN_VALUE], s->min) ||
        read_amount(r, found[MAX], s->max) || read_amount(r, found[MAX_VALUE], s->max))
        return -1;
    for (size_t i = CURRENCY; i <= UNIT; ++i) {
        if (read_text(r, found[i], &text))
            return -1;
        if (i <= PAY_CURRENCY && !s->currency[0])
            jl_salary_currency(text, s->currency);
        else if (i > PAY_CURRENCY && !s->period)
            s->period = jl_salary_period(text);
    }
    if (found[VALUE].type == JL_OBJECT)
        return levels > 0 ? read_salary_object(r, found[VALUE], levels - 1) : 0;
    if (!s->min[0] && !s->max[0]) {
        if (read_amount(r, found[VALUE], s->min))
            return -1;
        memcpy(s->max, s->min, sizeof s->max);
    }
    return found[TEXT].type == JL_STRING ? read_salary(r, found[TEXT]) : 0;
}

static int read_salary(reading *r, jl_value value) {
    jl_span text;
    if (value.type == JL_OBJECT)
        return read_salary_object(r, value, 1);
    if (value.type != JL_STRING)
        return 0;
    if (read_text(r, value, &text))
        return -1;
    jl_salary_sentence(text, &r->salary);
    return 0;
}

/* ---- the posting's name ---- */

/* The URL without a host belongs to the site, or to the domain that was asked. */
static int absolute(reading *r, jl_span text, jl_buf *url) {
    bool relative = text.n > 1 && text.p[0] == '/' && text.p[1] != '/';
    jl_span host = r->context->domain.n ? r->context->domain : jl_span_of(r->site->host);
    if (relative && (jl_buf_add(url, JL_SPAN("https://"), r->err) || jl_buf_add(url, host, r->err)))
        return -1;
    return jl_buf_add(url, text, r->err);
}

static void keep_host(reading *r, jl_span url) {
    const char *host = memmem(url.p, url.n, "://", 3);
    if (!host)
        return;
    host += 3;
    const char *end = memchr(host, '/', (size_t)(url.p + url.n - host));
    size_t n = end ? (size_t)(end - host) : (size_t)(url.p + url.n - host);
    if (n >= sizeof r->host)
        return;
    memcpy(r->host, host, n);
    r->host[n] = '\0';
}

/* An id that came before wins: the source's own. */
static int put_link(reading *r, jl_value value) {
    jl_job *job = &r->details->job;
    jl_buf made = {0};
    jl_span text;
    jl_link link;
    if (read_text(r, value, &text))
        return -1;
    jl_buf_clear(&r->other);
    int failed =
        absolute(r, jl_space_trim(text), &r->other) || jl_link_read(jl_buf_span(&r->other), &made, &link, r->err);
    if (!failed && link.url.n) {
        keep_host(r, link.url);
        failed = jl_job_text(job, JL_JOB_URL, link.url, r->err);
        if (!failed && !jl_job_has(job, JL_JOB_ID))
            failed = jl_job_text(job, JL_JOB_ID, jl_span_of(link.id), r->err);
    }
    jl_buf_free(&made);
    return failed ? -1 : 0;
}

static int put_id(reading *r, jl_value value) {
    jl_span text;
    int64_t number;
    if (!read_integer(value, &number) || number <= 0)
        return 0;
    jl_job_unset(&r->details->job, JL_JOB_ID);
    return read_text(r, value, &text) || jl_job_text(&r->details->job, JL_JOB_ID, text, r->err) ? -1 : 0;
}

/* ---- members ---- */

static bool is_true(jl_value value) {
    return value.type == JL_TRUE || (value.type == JL_STRING && jl_json_is(value.text, JL_SPAN("true")));
}

/* Under the source's own name; what nests too deep is left out, as is what says nothing. */
static int put_part(reading *r, const char *name, jl_value value) {
    if (value.type <= JL_NULL || value.text.n > JL_HASDATA_TEXT_MAX)
        return 0;
    jl_buf *parts = &r->parts;
    size_t start = parts->n;
    jl_err deep = {0};
    if (jl_write_raw(parts, name, JL_SPAN(""), r->err))
        return -1;
    if (jl_each_compact(value, JL_HASDATA_DEPTH_MAX, parts, &deep) == 0)
        return 0;
    parts->n = start;
    return deep.class == JL_DATA ? 0 : jl_err_nomem(r->err);
}

static int read_member(reading *r, const jl_hasdata_member *m, jl_value value) {
    switch (m->means) {
    case JL_MEANS_PART:
        return 0;
    case JL_MEANS_LINE:
        return put_line(r, m->to, value);
    case JL_MEANS_NAME:
        return put_name(r, m->to, value);
    case JL_MEANS_PLACE:
        return put_place(r, value);
    case JL_MEANS_TEXT:
        return put_text(r, m->to, value);
    case JL_MEANS_DESCRIPTION:
        return put_description(r, value);
    case JL_MEANS_HTML:
        return put_html_value(r, value);
    case JL_MEANS_DATE:
        return put_date(r, m->to, value);
    case JL_MEANS_AGE:
        return put_age(r, value);
    case JL_MEANS_TERMS:
        return read_terms(r, value, 3);
    case JL_MEANS_SALARY:
        return read_salary(r, value);
    case JL_MEANS_EXPIRED:
        r->details->expired |= is_true(value);
        return 0;
    case JL_MEANS_LINK:
        return put_link(r, value);
    case JL_MEANS_ID:
        return put_id(r, value);
    }
    return 0;
}

static int read_members(reading *r, jl_value object, const jl_hasdata_member *table) {
    const char *names[JL_HASDATA_MEMBERS_MAX];
    jl_value found[JL_HASDATA_MEMBERS_MAX];
    size_t n = 0;
    for (; table[n].name && n < JL_HASDATA_MEMBERS_MAX; ++n)
        names[n] = table[n].name;
    jl_each_pick(object, names, n, found);
    for (size_t i = 0; i < n; ++i) {
        if (found[i].type <= JL_NULL)
            continue;
        if (read_member(r, &table[i], found[i]) || (table[i].part && put_part(r, names[i], found[i])))
            return -1;
    }
    return 0;
}

/* What several members together say. */
static int settle(reading *r) {
    jl_job *job = &r->details->job;
    if (text_of_html(r))
        return -1;
    jl_salary *s = &r->salary;
    if (r->context->currency_by_domain && !s->currency[0]) {
        jl_span host = r->context->domain.n ? r->context->domain : jl_span_of(r->host);
        const char *currency = jl_salary_currency_of_host(host.n ? host : jl_span_of(r->site->host));
        memcpy(s->currency, currency, strlen(currency) + 1);
    }
    if (jl_salary_put(s, job, r->err) || jl_terms_put(&r->terms, job, r->err))
        return -1;
    if (r->parts.n <= 1)
        return 0;
    return jl_write_close(&r->parts, r->err) || jl_job_raw(job, JL_JOB_DETAILS, jl_buf_span(&r->parts), r->err) ? -1
                                                                                                                : 0;
}

int jl_hasdata_read(jl_value object, const jl_hasdata_member *table, const jl_hasdata_site *site,
                    const jl_hasdata_context *context, jl_hasdata_details *details, jl_err *err) {
    reading r = {.site = site, .context = context, .details = details, .err = err};
    int failed = jl_write_open(&r.parts, err) || read_members(&r, object, table) || settle(&r);
    jl_buf_free(&r.text);
    jl_buf_free(&r.other);
    jl_buf_free(&r.parts);
    return failed ? -1 : 0;
}

/* ---- parameters ---- */

static int hex_of(char c) {
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static int unescape(jl_span value, jl_buf *out, jl_err *err) {
    for (size_t i = 0; i < value.n; ++i) {
        int high = value.p[i] == '%' && value.n - i > 2 ? hex_of(value.p[i + 1]) : -1;
        int low = high >= 0 ? hex_of(value.p[i + 2]) : -1;
        char c = low >= 0 ? (char)(high << 4 | low) : value.p[i];
        i += low >= 0 ? 2 : 0;
        if (jl_buf_addc(out, c, err))
            return -1;
    }
    return 0;
}

int jl_hasdata_parameter(jl_span url, const char *name, jl_buf *out, jl_err *err) {
    size_t length = strlen(name);
    const char *end = url.p + url.n;
    const char *p = url.n ? memchr(url.p, '?', url.n) : NULL;
    while (p) {
        ++p;
        const char *next = memchr(p, '&', (size_t)(end - p));
        size_t n = (size_t)((next ? next : end) - p);
        if (n > length && n <= 4096 && memcmp(p, name, length) == 0 && p[length] == '=')
            return unescape((jl_span){p + length + 1, n - length - 1}, out, err);
        p = next;
    }
    return 0;
}

/* ---- whole bodies ---- */

void jl_hasdata_listing_free(jl_hasdata_listing *listing) {
    jl_buf_free(&listing->next);
    *listing = (jl_hasdata_listing){0};
}

void jl_hasdata_details_free(jl_hasdata_details *details) {
    jl_job_free(&details->job);
    details->complete = details->expired = false;
}

/* Fills what a listing does not tell: where the line comes from, when, and an id in any case. */
static int complete_line(const jl_hasdata_endpoint *e, const jl_hasdata_context *context, jl_job *job, jl_err *err) {
    jl_buf b = {0};
    char id[33] = "";
    int failed = 0;
    if (!jl_job_has(job, JL_JOB_ID)) {
        failed = jl_job_decoded(job, JL_JOB_COMPANY, &b, err);
        size_t company = b.n;
        failed = failed || jl_job_decoded(job, JL_JOB_TITLE, &b, err);
        size_t title = b.n - company;
        failed = failed || jl_job_decoded(job, JL_JOB_LOCATION, &b, err);
        if (!failed && b.n)
            failed = jl_link_derive((jl_span){b.p, company}, (jl_span){b.p + company, title},
                                    (jl_span){b.p + company + title, b.n - company - title}, id, err);
    }
    failed = failed || jl_job_text(job, JL_JOB_ID, jl_span_of(id), err) ||
             jl_job_text(job, JL_JOB_SOURCE, jl_span_of(e->source), err) ||
             jl_job_time(job, JL_JOB_FIRST_SEEN_AT, context->now, err) ||
             jl_job_time(job, JL_JOB_LAST_SEEN_AT, context->now, err) ||
             jl_job_text(job, JL_JOB_ENRICHMENT_STATUS, JL_SPAN("none"), err);
    jl_buf_free(&b);
    return failed ? -1 : 0;
}

/* Both are needed ever after: a line without them answers no question. */
static bool is_posting(const jl_job *job) {
    return jl_job_has(job, JL_JOB_TITLE) && jl_job_has(job, JL_JOB_COMPANY);
}

typedef struct lines {
    const jl_hasdata_endpoint *e;
    const jl_hasdata_context *context;
    jl_hasdata_line_fn *take;
    void *taker;
    jl_hasdata_details posting;
    jl_buf line;
} lines;

static int hand_out(lines *l, jl_value element, jl_hasdata_listing *listing, jl_err *err) {
    jl_job_clear(&l->posting.job);
    l->posting.expired = false;
    jl_buf_clear(&l->line);
    if (element.type != JL_OBJECT || element.text.n > JL_HASDATA_TEXT_MAX) {
        ++listing->bad;
        return 0;
    }
    if (jl_hasdata_read(element, l->e->site->listed, l->e->site, l->context, &l->posting, err))
        return -1;
    if (!is_posting(&l->posting.job)) {
        ++listing->bad;
        return 0;
    }
    if (complete_line(l->e, l->context, &l->posting.job, err) || jl_job_write(&l->posting.job, &l->line, err) ||
        l->take(l->taker, &l->posting.job, jl_buf_span(&l->line), err))
        return -1;
    ++listing->jobs;
    return 0;
}

int jl_hasdata_map_listing(const jl_hasdata_endpoint *e, jl_span body, const jl_hasdata_context *context,
                           jl_hasdata_line_fn *take, void *taker, jl_hasdata_listing *listing, jl_err *err) {
    jl_value whole, element;
    lines l = {.e = e, .context = context, .take = take, .taker = taker};
    listing->jobs = listing->bad = 0;
    jl_buf_clear(&listing->next);
    if (e->kind != JL_HASDATA_LISTING)
        return jl_err_set(err, JL_DATA, "%s is no listing", e->name);
    if (jl_each_check(body, &whole, err))
        return -1;
    jl_value jobs = jl_each_member(whole, "jobs");
    if (jobs.type != JL_ARRAY && jobs.type != JL_NULL)
        return jl_err_set(err, JL_DATA, "a listing without a list of jobs");
    int failed = 0;
    jl_each it = jl_each_start(jobs);
    while (!failed && jl_each_next(&it, NULL, &element))
        failed = hand_out(&l, element, listing, err);
    jl_hasdata_details_free(&l.posting);
    jl_buf_free(&l.line);
    return failed || e->site->next(whole, &listing->next, err) ? -1 : 0;
}

/* A job stands under `job` or at the top. */
static int map_job(const jl_hasdata_endpoint *e, jl_span body, const jl_hasdata_context *context,
                   jl_hasdata_details *details, jl_err *err) {
    jl_value whole;
    if (jl_each_check(body, &whole, err))
        return -1;
    if (whole.type != JL_OBJECT)
        return jl_err_set(err, JL_DATA, "a job that is no object");
    jl_value job = jl_each_member(whole, "job");
    if (job.type != JL_OBJECT)
        job = whole;
    details->expired = is_true(jl_each_member(whole, "expired"));
    if (jl_hasdata_read(job, e->site->detailed, e->site, context, details, err))
        return -1;
    details->complete = jl_job_has(&details->job, JL_JOB_DESCRIPTION);
    return 0;
}

int jl_hasdata_map_job(const jl_hasdata_endpoint *e, jl_span body, const jl_hasdata_context *context,
                       jl_hasdata_details *details, jl_err *err) {
    jl_job_clear(&details->job);
    details->complete = details->expired = false;
    if (e->kind == JL_HASDATA_LISTING)
        return jl_err_set(err, JL_DATA, "%s is no job", e->name);
    return e->kind == JL_HASDATA_PAGE ? e->site->page(body, context, details, err)
                                      : map_job(e, body, context, details, err);
}
