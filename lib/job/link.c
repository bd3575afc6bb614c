/* URLs of postings brought into one spelling. */
#include "job/link.h"

#include <stdio.h>

#include "base/digest.h"
#include "job/content.h"
#include "job/space.h"

#define LONGEST 8192

/* Views into the URL as it came. */
typedef struct parts {
    bool https;
    jl_span host;  /* in lower case, in `lower` */
    jl_span port;  /* with its colon; empty when it is the default */
    jl_span path;  /* from its '/' on; may be empty */
    jl_span query; /* without '?' */
    char lower[256];
} parts;

static char lower_of(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool begins(jl_span text, const char *with) {
    size_t n = strlen(with);
    if (text.n < n)
        return false;
    for (size_t i = 0; i < n; ++i)
        if (lower_of(text.p[i]) != with[i])
            return false;
    return true;
}

static bool printable(jl_span text) {
    for (size_t i = 0; i < text.n; ++i) {
        unsigned char c = (unsigned char)text.p[i];
        if (c <= ' ' || c == 0x7f || c == '"' || c == '<' || c == '>' || c == '\\')
            return false;
    }
    return true;
}

/* Up to the first byte out of `stops`. */
static jl_span until(jl_span text, const char *stops) {
    size_t n = 0;
    while (n < text.n && !strchr(stops, text.p[n]))
        ++n;
    return (jl_span){text.p, n};
}

static jl_span behind(jl_span text, size_t n) {
    return (jl_span){text.p + n, text.n - n};
}

/* Digits behind a colon, or nothing. */
static bool split_port(jl_span rest, bool https, jl_span *port) {
    *port = (jl_span){"", 0};
    if (rest.n == 0)
        return true;
    jl_span digits = behind(rest, 1);
    if (*rest.p != ':' || digits.n > 5)
        return false;
    for (size_t i = 0; i < digits.n; ++i)
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return false;
    if (digits.n && !jl_span_eq(digits, https ? JL_SPAN("443") : JL_SPAN("80")))
        *port = rest;
    return true;
}

/* Labels of letters, digits, - and _ (also of other scripts), none of them empty. */
static bool is_host(jl_span host) {
    char before = '.';
    for (size_t i = 0; i < host.n; ++i) {
        char c = host.p[i];
        bool usual =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || (unsigned char)c >= 0x80;
        if (!usual && (c != '.' || before == '.'))
            return false;
        before = c;
    }
    return before != '.';
}

static bool split(jl_span url, parts *u) {
    u->https = begins(url, "https://");
    if (!u->https && !begins(url, "http://"))
        return false;
    url = behind(url, u->https ? 8 : 7);
    url = until(url, "#");
    jl_span authority = until(url, "/?");
    jl_span host = until(authority, ":");
    if (memchr(authority.p, '@', authority.n) || !split_port(behind(authority, host.n), u->https, &u->port))
        return false;
    host.n -= host.n && host.p[host.n - 1] == '.';
    if (host.n == 0 || host.n > sizeof u->lower)
        return false;
    for (size_t i = 0; i < host.n; ++i)
        u->lower[i] = lower_of(host.p[i]);
    u->host = (jl_span){u->lower, host.n};
    if (!is_host(u->host))
        return false;
    url = behind(url, authority.n);
    u->path = until(url, "?");
    u->query = behind(url, u->path.n);
    if (u->query.n)
        u->query = behind(u->query, 1);
    return true;
}

/* ---- parameters ---- */

/* The next "name=value" of a query, moved over; false at its end. */
static bool next_parameter(jl_span *query, jl_span *name, jl_span *value) {
    if (query->n == 0)
        return false;
    jl_span pair = until(*query, "&");
    *query = behind(*query, pair.n + (pair.n < query->n));
    *name = until(pair, "=");
    *value = behind(pair, name->n + (name->n < pair.n));
    return true;
}

static jl_span parameter(jl_span query, const char *wanted) {
    jl_span name, value;
    while (next_parameter(&query, &name, &value))
        if (jl_span_eq(name, jl_span_of(wanted)))
            return value;
    return (jl_span){"", 0};
}

static bool is_tracking(jl_span name) {
    static const char *const names[] = {"gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid",
                                        "yclid", "mc_cid", "mc_eid", "_ga",   "_gl",    "igshid"};
    if (begins(name, "utm_"))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        if (jl_span_eq(name, jl_span_of(names[i])))
            return true;
    return false;
}

/* ---- sites ---- */

/* Is `label` what stands before the last label of the host, or before its last two? "uk.indeed.com",
   "www.glassdoor.co.uk". */
static bool is_site(jl_span host, const char *label) {
    size_t n = strlen(label);
    size_t last = 0; /* bytes of the label behind the dot before this one */
    for (int dots = 0; host.n > 0; --host.n) {
        if (host.p[host.n - 1] != '.') {
            ++last;
            continue;
        }
        if (++dots > 2 || (dots == 2 && last > 3)) /* co.uk, com.br: indeed.example.com is somebody else's */
            return false;
        last = 0;
        jl_span before = {host.p, host.n - 1};
        if (before.n >= n && memcmp(before.p + before.n - n, label, n) == 0 &&
            (before.n == n || before.p[before.n - n - 1] == '.'))
            return true;
    }
    return false;
}

/* Copies a job key in lower case; false when it is none. */
static bool job_key(jl_span text, char id[33]) {
    if (text.n < 8 || text.n > 32)
        return false;
    for (size_t i = 0; i < text.n; ++i) {
        char c = lower_of(text.p[i]);
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return false;
        id[i] = c;
    }
    id[text.n] = '\0';
    return true;
}

static bool number(jl_span text, char id[33]) {
    if (text.n == 0 || text.n > 20)
        return false;
    for (size_t i = 0; i < text.n; ++i)
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    memcpy(id, text.p, text.n);
    id[text.n] = '\0';
    return true;
}

/* …/jobs/TITLE-0123456789abcdef */
static bool key_in_path(jl_span path, char id[33]) {
    static const jl_span jobs = {"/jobs/", 6};
    if (path.n < 17 + jobs.n || path.p[path.n - 17] != '-' || !memmem(path.p, path.n, jobs.p, jobs.n))
        return false;
    return job_key((jl_span){path.p + path.n - 16, 16}, id);
}

static bool indeed_key(const parts *u, char id[33]) {
    return job_key(parameter(u->query, "jk"), id) || job_key(parameter(u->query, "vjk"), id) ||
           key_in_path(u->path, id);
}

static const char *glassdoor_name(const parts *u, char id[33]) {
    if (number(parameter(u->query, "jl"), id))
        return "jl";
    return number(parameter(u->query, "jobListingId"), id) ? "jobListingId" : NULL;
}

static bool changes_each_time(const parts *u, bool indeed, bool glassdoor) {
    return (indeed && (begins(u->path, "/pagead/") || begins(u->path, "/rc/clk"))) ||
           (glassdoor && begins(u->path, "/partner/"));
}

/* ---- put together ---- */

static int put_origin(const parts *u, bool indeed, jl_buf *out, jl_err *err) {
    jl_span host = u->host;
    if (indeed && (jl_span_eq(host, JL_SPAN("indeed.com")) || jl_span_eq(host, JL_SPAN("m.indeed.com"))))
        host = JL_SPAN("www.indeed.com");
    return jl_buf_add(out, u->https || indeed ? JL_SPAN("https://") : JL_SPAN("http://"), err) ||
                   jl_buf_add(out, host, err) || jl_buf_add(out, u->port, err)
               ? -1
               : 0;
}

static int put_path(const parts *u, jl_buf *out, jl_err *err) {
    return jl_buf_add(out, u->path.n ? u->path : JL_SPAN("/"), err);
}

static int put_query(const parts *u, jl_buf *out, jl_err *err) {
    jl_span query = u->query;
    jl_span name, value;
    char mark = '?';
    while (next_parameter(&query, &name, &value)) {
        const char *end = value.p + value.n;
        if (name.n + value.n == 0 || is_tracking(name))
            continue;
        if (jl_buf_addc(out, mark, err) || jl_buf_add(out, (jl_span){name.p, (size_t)(end - name.p)}, err))
            return -1;
        mark = '&';
    }
    return 0;
}

static int put_site(const parts *u, bool indeed, const char *name, const char *id, jl_buf *out, jl_err *err) {
    if (put_origin(u, true, out, err))
        return -1;
    if (indeed)
        return jl_buf_addf(out, err, "/viewjob?jk=%s", id);
    return put_path(u, out, err) || jl_buf_addf(out, err, "?%s=%s", name, id) ? -1 : 0;
}

static void digest_id(jl_span bytes, char id[33]) {
    snprintf(id, 33, "%016llx", (unsigned long long)jl_digest(bytes, 0));
}

static int put_url(const parts *u, jl_buf *out, jl_link *link, jl_err *err) {
    bool indeed = is_site(u->host, "indeed");
    bool glassdoor = is_site(u->host, "glassdoor");
    const char *name = glassdoor ? glassdoor_name(u, link->id) : NULL;
    link->site = indeed ? "indeed" : glassdoor ? "glassdoor" : NULL;
    link->source_id = name || (indeed && indeed_key(u, link->id));
    size_t start = out->n;
    int failed = link->source_id ? put_site(u, indeed, name, link->id, out, err)
                                 : put_origin(u, indeed, out, err) || put_path(u, out, err) || put_query(u, out, err);
    if (failed) {
        out->n = start;
        return -1;
    }
    link->url = (jl_span){out->p + start, out->n - start};
    if (!link->source_id && !changes_each_time(u, indeed, glassdoor))
        digest_id(link->url, link->id);
    return 0;
}

int jl_link_read(jl_span url, jl_buf *out, jl_link *link, jl_err *err) {
    parts u;
    *link = (jl_link){.url = {"", 0}};
    url = jl_space_trim(url);
    if (url.n > LONGEST || !printable(url) || !split(url, &u))
        return 0;
    return put_url(&u, out, link, err);
}

int jl_link_derive(jl_span company, jl_span title, jl_span location, char id[33], jl_err *err) {
    id[0] = '\0';
    if (jl_space_trim(company).n == 0 && jl_space_trim(title).n == 0)
        return 0;
    jl_buf b = {0};
    int failed = jl_content_encode(company, &b, err) || jl_content_encode(title, &b, err) ||
                 jl_content_encode(location, &b, err);
    if (!failed)
        digest_id(jl_buf_span(&b), id);
    jl_buf_free(&b);
    return failed ? -1 : 0;
}
