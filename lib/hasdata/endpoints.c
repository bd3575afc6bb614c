/* What can be asked of HasData, put into requests. */
#include <strings.h>

#include "hasdata/site.h"
#include "jsonl/utf8.h"
#include "jsonl/write.h"
#include "wire/http.h"

#define TEXT_MAX 8192

/* Every site's endpoints; pages in the order of their price. */
static const jl_hasdata_endpoint *const endpoints[] = {
    &jl_hasdata_indeed_listing,
    &jl_hasdata_indeed_job,
    &jl_hasdata_glassdoor_listing,
    &jl_hasdata_glassdoor_job,
    &jl_hasdata_page,
    &jl_hasdata_page_residential,
    &jl_hasdata_page_js,
    &jl_hasdata_page_js_residential,
};

#define COUNT (sizeof endpoints / sizeof *endpoints)

const jl_hasdata_endpoint *jl_hasdata_endpoint_at(size_t i) {
    return i < COUNT ? endpoints[i] : NULL;
}

const jl_hasdata_endpoint *jl_hasdata_endpoint_named(jl_span name) {
    for (size_t i = 0; i < COUNT; ++i)
        if (jl_span_eq(name, jl_span_of(endpoints[i]->name)))
            return endpoints[i];
    return NULL;
}

const jl_hasdata_endpoint *jl_hasdata_endpoint_of(jl_span source, jl_hasdata_kind kind) {
    for (size_t i = 0; i < COUNT; ++i)
        if (endpoints[i]->kind == kind && jl_span_eq(source, jl_span_of(endpoints[i]->source)))
            return endpoints[i];
    return NULL;
}

const jl_hasdata_endpoint *jl_hasdata_page_mode(size_t mode) {
    for (size_t i = 0; i < COUNT; ++i)
        if (endpoints[i]->kind == JL_HASDATA_PAGE && mode-- == 0)
            return endpoints[i];
    return NULL;
}

void jl_hasdata_request_free(jl_hasdata_request *request) {
    jl_buf_free(&request->target);
    jl_buf_free(&request->body);
    request->method = NULL;
}

static int begin(jl_hasdata_request *request, const char *method, const char *path, jl_err *err) {
    request->method = method;
    jl_buf_clear(&request->target);
    jl_buf_clear(&request->body);
    return jl_buf_add(&request->target, jl_span_of(path), err);
}

static int check_text(const char *what, jl_span text, jl_err *err) {
    if (text.n > TEXT_MAX)
        return jl_err_set(err, JL_DATA, "%s is longer than %d bytes", what, TEXT_MAX);
    if (!jl_utf8_valid(text.p, text.n))
        return jl_err_set(err, JL_DATA, "%s is no UTF-8", what);
    return 0;
}

/* Adds "?name=value" or "&name=value"; nothing for an empty value. */
static int put_parameter(jl_buf *target, const char *name, jl_span value, jl_err *err) {
    if (value.n == 0)
        return 0;
    if (check_text(name, value, err))
        return -1;
    char mark = memchr(target->p, '?', target->n) ? '&' : '?';
    return jl_buf_addc(target, mark, err) || jl_buf_add(target, jl_span_of(name), err) ||
                   jl_buf_addc(target, '=', err) || jl_http_escape(target, value, err)
               ? -1
               : 0;
}

/* The site's own word for an order. */
static int sort_of(const jl_hasdata_site *site, jl_span sort, jl_span *word, jl_err *err) {
    *word = (jl_span){"", 0};
    if (sort.n == 0)
        return 0;
    if (jl_span_eq(sort, JL_SPAN("date")) || jl_span_eq(sort, JL_SPAN("recent")))
        *word = jl_span_of(site->by_date);
    else if (jl_span_eq(sort, JL_SPAN("relevance")) || jl_span_eq(sort, JL_SPAN("relevant")))
        *word = jl_span_of(site->by_relevance);
    else
        return jl_err_set(err, JL_DATA, "sort is either date or relevance");
    return 0;
}

int jl_hasdata_ask_listing(const jl_hasdata_endpoint *e, const jl_hasdata_query *q, jl_hasdata_request *request,
                           jl_err *err) {
    jl_span sort;
    if (e->kind != JL_HASDATA_LISTING)
        return jl_err_set(err, JL_DATA, "%s is no listing", e->name);
    if (q->keyword.n == 0 || q->location.n == 0)
        return jl_err_set(err, JL_DATA, "a listing needs a keyword and a location");
    if (sort_of(e->site, q->sort, &sort, err) || begin(request, e->method, e->path, err))
        return -1;
    jl_buf *target = &request->target;
    return put_parameter(target, "keyword", q->keyword, err) || put_parameter(target, "location", q->location, err) ||
                   put_parameter(target, "sort", sort, err) || put_parameter(target, "domain", q->domain, err) ||
                   put_parameter(target, e->site->next_name, q->next, err)
               ? -1
               : 0;
}

static bool is_web_url(jl_span url) {
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < url.n; ++i)
        if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f)
            return false;
    for (size_t i = 0; i < 2; ++i) {
        size_t n = strlen(schemes[i]);
        if (url.n > n && strncasecmp(url.p, schemes[i], n) == 0)
            return true;
    }
    return false;
}

/* The web call renders pages and takes a picture of them unless it is told not to. */
static int put_web_call(const jl_hasdata_site *site, jl_span url, jl_buf *body, jl_err *err) {
    jl_span rendered = site->rendered ? JL_SPAN("true") : JL_SPAN("false");
    jl_span proxy = site->residential ? JL_SPAN("residential") : JL_SPAN("datacenter");
    return jl_write_open(body, err) || jl_write_text(body, "url", url, err) ||
                   jl_write_raw(body, "jsRendering", rendered, err) || jl_write_text(body, "proxyType", proxy, err) ||
                   jl_write_raw(body, "outputFormat", JL_SPAN("[\"html\",\"text\"]"), err) ||
                   jl_write_raw(body, "screenshot", JL_SPAN("false"), err) ||
                   jl_write_raw(body, "blockResources", JL_SPAN("true"), err) || jl_write_close(body, err)
               ? -1
               : 0;
}

int jl_hasdata_ask_url(const jl_hasdata_endpoint *e, jl_span url, jl_hasdata_request *request, jl_err *err) {
    if (e->kind == JL_HASDATA_LISTING)
        return jl_err_set(err, JL_DATA, "%s takes no URL", e->name);
    if (check_text("url", url, err))
        return -1;
    if (!is_web_url(url))
        return jl_err_set(err, JL_DATA, "url is no http or https URL");
    if (begin(request, e->method, e->path, err))
        return -1;
    return e->kind == JL_HASDATA_PAGE ? put_web_call(e->site, url, &request->body, err)
                                      : put_parameter(&request->target, "url", url, err);
}

int jl_hasdata_ask_usage(jl_hasdata_request *request, jl_err *err) {
    return begin(request, "GET", "/user/me/usage", err);
}
