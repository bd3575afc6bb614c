/* The web page of a posting, as the generic web call brings it.
 *
 * Job boards describe their postings for search engines: schema.org's JobPosting in a script of the page is read where
 * there is one. */
#include "hasdata/site.h"

#include "base/clock.h"
#include "job/date.h"
#include "job/html.h"
#include "job/space.h"

/* What a page has to say at least, in bytes, to be taken for a posting. */
#define POSTING_MIN 40
#define TEXT_MIN 400
#define LINES_MIN 5
/* Where the signs that a page is none are looked for. */
#define BEGINNING 2000

/* https://schema.org/JobPosting */
static const jl_hasdata_member schema_org[] = {
    {.name = "title", .means = JL_MEANS_LINE, .to = JL_JOB_TITLE},
    {.name = "name", .means = JL_MEANS_LINE, .to = JL_JOB_TITLE},
    {.name = "hiringOrganization", .means = JL_MEANS_NAME, .to = JL_JOB_COMPANY},
    {.name = "jobLocation", .means = JL_MEANS_PLACE},
    {.name = "description", .means = JL_MEANS_DESCRIPTION},
    {.name = "jobLocationType", .means = JL_MEANS_TERMS},
    {.name = "employmentType", .means = JL_MEANS_TERMS},
    {.name = "baseSalary", .means = JL_MEANS_SALARY},
    {.name = "datePosted", .means = JL_MEANS_DATE, .to = JL_JOB_POSTED_AT},
    {.name = "validThrough", .means = JL_MEANS_DATE, .to = JL_JOB_EXPIRES_AT},
    {.name = "identifier", .means = JL_MEANS_PART, .part = true},
    {.name = "skills", .means = JL_MEANS_PART, .part = true},
    {.name = "qualifications", .means = JL_MEANS_PART, .part = true},
    {.name = "responsibilities", .means = JL_MEANS_PART, .part = true},
    {.name = "educationRequirements", .means = JL_MEANS_PART, .part = true},
    {.name = "experienceRequirements", .means = JL_MEANS_PART, .part = true},
    {.name = "jobBenefits", .means = JL_MEANS_PART, .part = true},
    {.name = "industry", .means = JL_MEANS_PART, .part = true},
    {.name = "occupationalCategory", .means = JL_MEANS_PART, .part = true},
    {.name = "workHours", .means = JL_MEANS_PART, .part = true},
    {.name = NULL},
};

/* ---- what came ---- */

/* The page in the forms in which it came; views into `memory` and the body. */
typedef struct page {
    jl_span html, text, markdown;
    int64_t status; /* of the site, 0 = not told */
    jl_buf memory[3];
} page;

static void page_free(page *p) {
    for (size_t i = 0; i < 3; ++i)
        jl_buf_free(&p->memory[i]);
}

static int take_string(jl_value value, jl_buf *memory, jl_span *text, jl_err *err) {
    if (value.type != JL_STRING || text->n)
        return 0;
    jl_buf_clear(memory);
    if (jl_json_decode(value.text, memory, err))
        return -1;
    *text = jl_buf_span(memory);
    return 0;
}

static bool begins_like_html(jl_span text) {
    text = jl_space_trim(text);
    return text.n && text.p[0] == '<';
}

static int read_page_object(jl_value object, page *p, jl_err *err) {
    static const char *const names[] = {"content", "html", "text", "markdown", "statusCode", "data"};
    enum { CONTENT, HTML, TEXT, MARKDOWN, STATUS, DATA, N };
    jl_value found[N];
    jl_each_pick(object, names, N, found);
    if (found[STATUS].type == JL_NUMBER)
        jl_json_integer(found[STATUS].text, &p->status);
    if (take_string(found[CONTENT], &p->memory[0], &p->html, err) ||
        take_string(found[HTML], &p->memory[0], &p->html, err) ||
        take_string(found[TEXT], &p->memory[1], &p->text, err) ||
        take_string(found[MARKDOWN], &p->memory[2], &p->markdown, err))
        return -1;
    bool nothing = !p->html.n && !p->text.n && !p->markdown.n;
    return nothing && found[DATA].type == JL_OBJECT ? read_page_object(found[DATA], p, err) : 0;
}

/* JSON, or the page itself. What begins like JSON and is none was cut off or spoilt on its way. */
static int read_page(jl_span body, page *p, jl_err *err) {
    jl_value value;
    jl_span trimmed = jl_space_trim(body);
    if (trimmed.n == 0)
        return jl_err_set(err, JL_DATA, "an empty body");
    if (strchr("{[\"", *trimmed.p)) {
        if (jl_each_check(body, &value, err))
            return -1;
        if (value.type == JL_OBJECT)
            return read_page_object(value, p, err);
        return value.type == JL_STRING ? take_string(value, &p->memory[0], &p->html, err)
                                       : jl_err_set(err, JL_DATA, "a page that is no object");
    }
    if (begins_like_html(trimmed))
        p->html = trimmed;
    else
        p->text = trimmed;
    return 0;
}

/* ---- schema.org ---- */

static bool names_posting(jl_value type) {
    if (type.type == JL_STRING)
        return jl_json_is(type.text, JL_SPAN("JobPosting")) || jl_json_is(type.text, JL_SPAN("schema:JobPosting")) ||
               jl_json_is(type.text, JL_SPAN("http://schema.org/JobPosting")) ||
               jl_json_is(type.text, JL_SPAN("https://schema.org/JobPosting"));
    if (type.type != JL_ARRAY)
        return false;
    jl_each it = jl_each_start(type);
    jl_value one;
    while (jl_each_next(&it, NULL, &one))
        if (one.type == JL_STRING && names_posting(one))
            return true;
    return false;
}

/* The first JobPosting in lists, @graph and mainEntity. */
static bool find_posting(jl_value value, int levels, jl_value *posting) {
    static const char *const names[] = {"@type", "@graph", "mainEntity", "mainEntityOfPage"};
    jl_value found[4];
    if (levels == 0)
        return false;
    if (value.type == JL_ARRAY) {
        jl_each it = jl_each_start(value);
        jl_value one;
        while (jl_each_next(&it, NULL, &one))
            if (find_posting(one, levels - 1, posting))
                return true;
        return false;
    }
    if (value.type != JL_OBJECT)
        return false;
    jl_each_pick(value, names, 4, found);
    if (names_posting(found[0])) {
        *posting = value;
        return true;
    }
    for (size_t i = 1; i < 4; ++i)
        if (find_posting(found[i], levels - 1, posting))
            return true;
    return false;
}

/* What stands between "<![CDATA[" and "]]>". */
static jl_span without_cdata(jl_span script) {
    static const jl_span open = {"<![CDATA[", 9};
    const char *start = memmem(script.p, script.n < 64 ? script.n : 64, open.p, open.n);
    if (!start)
        return script;
    jl_span inside = {start + open.n, (size_t)(script.p + script.n - start) - open.n};
    const char *close = memrchr(inside.p, '>', inside.n);
    if (close && close - inside.p >= 2 && close[-1] == ']' && close[-2] == ']')
        inside.n = (size_t)(close - inside.p) - 2;
    return inside;
}

/* Copies a script into memory that the scanner can read: from its first bracket to its last, raw line ends and tabs,
   which are frequent inside its strings, made spaces. */
static int copy_script(jl_span script, jl_buf *copy, jl_err *err) {
    jl_buf_clear(copy);
    script = without_cdata(script);
    while (script.n && script.p[0] != '{' && script.p[0] != '[') {
        ++script.p;
        --script.n;
    }
    while (script.n && script.p[script.n - 1] != '}' && script.p[script.n - 1] != ']')
        --script.n;
    if (jl_buf_reserve(copy, script.n + JL_PAD, err) || jl_buf_add(copy, script, err))
        return -1;
    for (size_t i = 0; i < copy->n; ++i)
        if ((unsigned char)copy->p[i] < ' ')
            copy->p[i] = ' ';
    memset(copy->p + copy->n, 0, JL_PAD);
    return 0;
}

/* 1: found, 0: not in this script, -1: memory ran out. Scripts that were escaped as if they were text are unescaped. */
static int posting_in(jl_span script, jl_buf *copy, jl_value *posting, jl_err *err) {
    jl_value value;
    if (copy_script(script, copy, err))
        return -1;
    if (jl_each_check(jl_buf_span(copy), &value, NULL) == 0)
        return find_posting(value, 6, posting);
    if (!memmem(script.p, script.n, "&quot;", 6) && !memmem(script.p, script.n, "&#", 2))
        return 0;
    jl_buf decoded = {0};
    int failed = jl_html_decode(script, &decoded, err) || copy_script(jl_buf_span(&decoded), copy, err);
    jl_buf_free(&decoded);
    if (failed)
        return -1;
    return jl_each_check(jl_buf_span(copy), &value, NULL) == 0 && find_posting(value, 6, posting);
}

static size_t description_length(const jl_job *job) {
    size_t n = jl_job_get(job, JL_JOB_DESCRIPTION).n;
    return n > 2 ? n - 2 : 0; /* without the quotes */
}

/* A date alone lasts until its end. */
static bool is_over(const jl_job *job, int64_t now) {
    jl_span text = jl_job_get(job, JL_JOB_EXPIRES_AT);
    int64_t wall_ns;
    return text.n > 2 && jl_date_read((jl_span){text.p + 1, text.n - 2}, now, &wall_ns) &&
           wall_ns < now - 86400 * JL_SECOND;
}

static const jl_hasdata_site generic = {.host = ""};

static int read_schema_org(const page *p, const jl_hasdata_context *context, jl_hasdata_details *details, jl_err *err) {
    jl_span script;
    jl_buf copy = {0};
    jl_value posting;
    size_t at = 0;
    int found = 0;
    while (!found && p->html.n && jl_html_script(p->html, "application/ld+json", &at, &script))
        found = posting_in(script, &copy, &posting, err);
    if (found > 0 && jl_hasdata_read(posting, schema_org, &generic, context, details, err))
        found = -1;
    jl_buf_free(&copy);
    if (found < 0)
        return -1;
    details->expired |= found && is_over(&details->job, context->now);
    details->complete = found && description_length(&details->job) >= POSTING_MIN;
    return 0;
}

/* ---- text ---- */

/* In lower case: what pages say that stand before the real one, or instead of it. */
static const char *const obstacles[] = {
    "captcha",
    "verify you are human",
    "verify that you are",
    "are you a robot",
    "not a robot",
    "access denied",
    "enable javascript",
    "javascript is disabled",
    "unusual traffic",
    "checking your browser",
    "just a moment",
    "attention required",
    "request blocked",
    "you have been blocked",
    "security check",
    "sign in to continue",
    "log in to continue",
    "403 forbidden",
    "404 not found",
    "page not found",
    "service unavailable",
    "temporarily unavailable",
    "too many requests",
    "ray id",
    "bot detection",
};

static const char *const endings[] = {
    "job has expired",          "no longer accepting", "no longer available", "posting has been removed",
    "position has been filled", "job is closed",       "posting has expired", "no longer active",
};

/* Is one of these in the beginning of the text? */
static bool says(jl_span text, const char *const *what, size_t n) {
    char lower[BEGINNING];
    size_t length = text.n < sizeof lower ? text.n : sizeof lower;
    for (size_t i = 0; i < length; ++i)
        lower[i] = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] + 32) : text.p[i];
    for (size_t i = 0; i < n; ++i)
        if (memmem(lower, length, what[i], strlen(what[i])))
            return true;
    return false;
}
#define SAYS(text, list) says(text, list, sizeof(list) / sizeof *(list))

/* Lines with something on them, and sentences that end within them. */
static size_t count_lines(jl_span text) {
    size_t lines = 0;
    bool filled = false;
    for (size_t i = 0; i < text.n; ++i) {
        char c = text.p[i];
        bool sentence = (c == '.' || c == '!' || c == '?') && i + 1 < text.n && text.p[i + 1] == ' ';
        lines += filled && (c == '\n' || sentence);
        filled = c != '\n' && !sentence && (filled || c != ' ');
    }
    return lines + filled;
}

static bool plausible(jl_span text) {
    text = jl_space_trim(text);
    return text.n >= TEXT_MIN && count_lines(text) >= LINES_MIN && !SAYS(text, obstacles) && !SAYS(text, endings);
}

/* A page that says nothing to search engines is taken for what it says to people. */
static int read_as_text(page *p, jl_hasdata_details *details, jl_err *err) {
    jl_buf made = {0};
    jl_span text = p->text.n ? p->text : p->markdown;
    if (!text.n && p->html.n) {
        if (jl_html_text(p->html, &made, err)) {
            jl_buf_free(&made);
            return -1;
        }
        text = jl_buf_span(&made);
    }
    details->expired |= SAYS(text, endings);
    bool usable = plausible(text) && text.n <= JL_HASDATA_TEXT_MAX && p->status < 400;
    int failed = 0;
    if (usable) {
        jl_job_unset(&details->job, JL_JOB_DESCRIPTION_HTML);
        failed = jl_job_text(&details->job, JL_JOB_DESCRIPTION, text, err);
        details->complete = !failed;
    }
    jl_buf_free(&made);
    return failed ? -1 : 0;
}

static int read_details(jl_span body, const jl_hasdata_context *context, jl_hasdata_details *details, jl_err *err) {
    page p = {.html = {"", 0}, .text = {"", 0}, .markdown = {"", 0}};
    int failed = read_page(body, &p, err) || read_schema_org(&p, context, details, err);
    if (!failed) {
        details->expired |= p.status == 404 || p.status == 410;
        if (!details->complete)
            failed = read_as_text(&p, details, err);
    }
    page_free(&p);
    return failed ? -1 : 0;
}

static const jl_hasdata_site plain = {.host = "", .page = read_details};
static const jl_hasdata_site plain_residential = {.host = "", .residential = true, .page = read_details};
static const jl_hasdata_site rendered = {.host = "", .rendered = true, .page = read_details};
static const jl_hasdata_site rendered_residential = {
    .host = "", .rendered = true, .residential = true, .page = read_details};

#define WEB JL_HASDATA_PAGE
const jl_hasdata_endpoint jl_hasdata_page = {"page", "page", WEB, 1, 1, "POST", "/scrape/web", &plain};
const jl_hasdata_endpoint jl_hasdata_page_residential = {"page.residential", "page", WEB, 5, 5, "POST", "/scrape/web",
                                                         &plain_residential};
const jl_hasdata_endpoint jl_hasdata_page_js = {"page.js", "page", WEB, 10, 10, "POST", "/scrape/web", &rendered};
const jl_hasdata_endpoint jl_hasdata_page_js_residential = {
    "page.js.residential", "page", WEB, 15, 15, "POST", "/scrape/web", &rendered_residential};
