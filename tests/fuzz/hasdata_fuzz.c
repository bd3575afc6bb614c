/* Any bytes as an answer of HasData: whatever comes is judged, and what is made of it is a line that every program reads.
 *
 * The first byte chooses what they are taken for: '0' to '7' an answer of that endpoint, 'u' the usage, 'h' HTML, 'l' a URL,
 * 'd' a date, 's' a salary, 't' terms, 'e' any JSON; the rest is the body. */
#include "base/clock.h"
#include "fuzz/target.h"
#include "hasdata/hasdata.h"
#include "job/date.h"
#include "job/html.h"
#include "job/link.h"
#include "job/salary.h"
#include "job/terms.h"
#include "jsonl/each.h"
#include "jsonl/rec.h"
#include "jsonl/utf8.h"

#define NOW (INT64_C(1795357845) * JL_SECOND)

static const jl_hasdata_context context = {.now = NOW, .currency_by_domain = true};

static char *padded(jl_span text, char with) {
    char *p = malloc(text.n + JL_PAD);
    MUST(p != NULL);
    if (text.n)
        memcpy(p, text.p, text.n);
    memset(p + text.n, with, JL_PAD);
    return p;
}

static bool plain_number(jl_span text) {
    size_t points = 0;
    for (size_t i = 0; i < text.n; ++i) {
        points += text.p[i] == '.';
        if (text.p[i] != '.' && (text.p[i] < '0' || text.p[i] > '9'))
            return false;
    }
    return text.n > 0 && points <= 1 && text.p[0] != '.' && text.p[text.n - 1] != '.';
}

static void values_are_normal(const jl_job *job) {
    static const jl_job_name times[] = {JL_JOB_POSTED_AT, JL_JOB_EXPIRES_AT, JL_JOB_FIRST_SEEN_AT, JL_JOB_LAST_SEEN_AT};
    for (size_t i = 0; i < sizeof times / sizeof *times; ++i) {
        jl_span time = jl_job_get(job, times[i]);
        int64_t wall_ns;
        MUST(time.n == 0 || time.n == 22);
        /* What lies long before 1970 is no date of a posting, but "36500 days ago" may. */
        MUST(time.n == 0 || time.p[1] == '1' || jl_date_read((jl_span){time.p + 1, 20}, NOW, &wall_ns));
    }
    jl_span min = jl_job_get(job, JL_JOB_SALARY_MIN);
    jl_span max = jl_job_get(job, JL_JOB_SALARY_MAX);
    MUST((!min.n || plain_number(min)) && (!max.n || plain_number(max)));
    MUST(jl_job_get(job, JL_JOB_SALARY_CURRENCY).n == 0 || jl_job_get(job, JL_JOB_SALARY_CURRENCY).n == 5);
    jl_span details = jl_job_get(job, JL_JOB_DETAILS);
    MUST(details.n == 0 || (details.p[0] == '{' && details.p[details.n - 1] == '}'));
}

/* One record, one LF, at its end. */
static void line_is_a_record(jl_span line) {
    jl_want *want = jl_want_new(NULL);
    jl_field field[1];
    jl_rec rec;
    char *copy = padded(line, '"');
    MUST(want && jl_want_name(want, JL_SPAN("title"), NULL) == 0);
    MUST(line.n > 0 && memchr(line.p, '\n', line.n) == line.p + line.n - 1);
    MUST(jl_rec_scan(want, copy, copy + line.n, false, field, &rec, NULL) == JL_SCAN_RECORD);
    free(copy);
    jl_want_free(want);
}

static int take(void *self, const jl_job *job, jl_span line, jl_err *err) {
    (void)err;
    ++*(uint64_t *)self;
    MUST(jl_job_has(job, JL_JOB_ID) && jl_job_has(job, JL_JOB_TITLE) && jl_job_has(job, JL_JOB_COMPANY));
    values_are_normal(job);
    line_is_a_record(line);
    return 0;
}

static void as_listing(const jl_hasdata_endpoint *e, jl_span body) {
    jl_hasdata_listing listing = {0};
    jl_err err = {0};
    uint64_t lines = 0;
    int result = jl_hasdata_map_listing(e, body, &context, take, &lines, &listing, &err);
    MUST(lines == listing.jobs);
    MUST(result == 0 || (err.class == JL_DATA && err.text[0]));
    MUST(listing.next.n <= 4096);
    if (listing.next.n && jl_utf8_valid(listing.next.p, listing.next.n)) {
        jl_hasdata_request request = {0};
        jl_hasdata_query q = {.keyword = JL_SPAN("a"), .location = JL_SPAN("b"), .next = jl_buf_span(&listing.next)};
        MUST(jl_hasdata_ask_listing(e, &q, &request, NULL) == 0);
        jl_hasdata_request_free(&request);
    }
    jl_hasdata_listing_free(&listing);
}

static void as_job(const jl_hasdata_endpoint *e, jl_span body) {
    jl_hasdata_details details = {0};
    jl_err err = {0};
    jl_buf line = {0};
    int result = jl_hasdata_map_job(e, body, &context, &details, &err);
    MUST(result == 0 || (err.class == JL_DATA && err.text[0]));
    if (result == 0) {
        MUST(!details.complete || jl_job_has(&details.job, JL_JOB_DESCRIPTION));
        MUST(!jl_job_has(&details.job, JL_JOB_ID) && !jl_job_has(&details.job, JL_JOB_URL));
        values_are_normal(&details.job);
        MUST(jl_job_write(&details.job, &line, NULL) == 0);
        line_is_a_record(jl_buf_span(&line));
    }
    jl_buf_free(&line);
    jl_hasdata_details_free(&details);
}

static void as_answer(const jl_hasdata_endpoint *e, jl_span body) {
    static const long statuses[] = {200, 400, 401, 422, 500};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; ++i) {
        jl_hasdata_reply reply;
        jl_hasdata_judge(e, statuses[i], body, body, &reply);
        MUST(strlen(reply.text) < sizeof reply.text && jl_utf8_valid(reply.text, strlen(reply.text)));
        MUST(!e || statuses[i] != 200 || reply.billed);
    }
    if (!e) {
        jl_hasdata_usage usage;
        jl_err err = {0};
        MUST(jl_hasdata_read_usage(body, &usage, &err) == 0 || err.class == JL_DATA);
        return;
    }
    if (e->kind == JL_HASDATA_LISTING)
        as_listing(e, body);
    else
        as_job(e, body);
}

static void as_html(jl_span html) {
    jl_buf text = {0}, decoded = {0};
    jl_span script;
    size_t at = 0;
    bool valid = jl_utf8_valid(html.p, html.n);
    MUST(jl_html_text(html, &text, NULL) == 0 && jl_html_decode(html, &decoded, NULL) == 0);
    MUST(!valid || (jl_utf8_valid(text.p, text.n) && jl_utf8_valid(decoded.p, decoded.n)));
    MUST(text.n <= 3 * html.n && decoded.n <= 3 * html.n);
    for (size_t before = 0; jl_html_script(html, "application/ld+json", &at, &script); before = at)
        MUST(at > before && at <= html.n && script.p >= html.p && script.p + script.n <= html.p + html.n);
    jl_buf_free(&text);
    jl_buf_free(&decoded);
}

/* What is canonical stays. */
static void as_link(jl_span url) {
    jl_buf first = {0}, second = {0};
    jl_link a, b;
    MUST(jl_link_read(url, &first, &a, NULL) == 0 && jl_link_read(a.url, &second, &b, NULL) == 0);
    MUST(jl_span_eq(a.url, b.url) && strcmp(a.id, b.id) == 0 && strlen(a.id) <= 32);
    jl_buf_free(&first);
    jl_buf_free(&second);
}

static void as_words(char kind, jl_span text) {
    jl_job job = {0};
    jl_salary salary = {0};
    jl_terms terms = {0};
    char amount[32] = "1";
    int64_t wall_ns = 0;
    if (kind == 'd' && jl_date_read(text, NOW, &wall_ns))
        MUST(jl_job_time(&job, JL_JOB_POSTED_AT, wall_ns, NULL) == 0);
    if (kind == 's') {
        jl_salary_sentence(text, &salary);
        jl_salary_amount(text, amount);
        jl_salary_currency(text, salary.currency);
        jl_salary_currency_of_host(text);
        MUST(plain_number(jl_span_of(amount)));
        MUST(jl_salary_put(&salary, &job, NULL) == 0);
    }
    if (kind == 't') {
        jl_terms_type_of(&terms, text);
        jl_terms_location_of(&terms, text);
        MUST(jl_terms_put(&terms, &job, NULL) == 0);
    }
    values_are_normal(&job);
    jl_job_free(&job);
}

/* A walk sees what the check saw; compacting twice changes nothing. */
static size_t walk(jl_value value, int levels) {
    jl_each it = jl_each_start(value);
    jl_value one;
    jl_span name;
    size_t n = 0;
    while (jl_each_next(&it, &name, &one)) {
        MUST(one.type != JL_ABSENT && (name.n > 0) == (value.type == JL_OBJECT));
        n += 1 + (levels > 0 ? walk(one, levels - 1) : 0);
    }
    return n;
}

static void as_json(jl_span body) {
    jl_value value, again;
    if (jl_each_check(body, &value, NULL) != 0)
        return;
    jl_buf once = {0}, twice = {0};
    MUST(jl_each_compact(value, JL_DEPTH_MAX, &once, NULL) == 0);
    char *copy = padded(jl_buf_span(&once), ',');
    MUST(jl_each_check((jl_span){copy, once.n}, &again, NULL) == 0 && again.type == value.type);
    MUST(walk(value, 3) == walk(again, 3));
    MUST(jl_each_compact(again, JL_DEPTH_MAX, &twice, NULL) == 0 &&
         jl_span_eq(jl_buf_span(&once), jl_buf_span(&twice)));
    free(copy);
    jl_buf_free(&once);
    jl_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    char kind = (char)data[0];
    jl_span body = {(const char *)data + 1, size - 1};
    char *copy = padded(body, "}\"]1"[size % 4]);
    body.p = copy;
    if (kind >= '0' && kind <= '7')
        as_answer(jl_hasdata_endpoint_at((size_t)(kind - '0')), body);
    else if (kind == 'u')
        as_answer(NULL, body);
    else if (kind == 'h')
        as_html(body);
    else if (kind == 'l')
        as_link(body);
    else if (kind == 'e')
        as_json(body);
    else
        as_words(kind, body);
    free(copy);
    return 0;
}
