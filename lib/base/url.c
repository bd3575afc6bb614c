/* URLs taken apart without ever repeating, in a message, a text that could hold a password. */
#include "base/url.h"

#include <stdio.h>

#include "base/num.h"

static bool scheme_byte(char c, bool first) {
    return (c >= 'a' && c <= 'z') || (!first && ((c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-'));
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static int too_long(jl_err *err, const char *what) {
    return jl_err_set(err, JL_USAGE, "the %s of the URL is too long", what);
}

/* Copies with %XX decoded. `what` names the part for messages. */
static int decode(jl_span from, char *to, size_t size, const char *what, jl_err *err) {
    size_t used = 0;
    for (size_t i = 0; i < from.n; i++) {
        char c = from.p[i];
        if (c == '%') {
            int high = i + 2 < from.n ? hex_digit(from.p[i + 1]) : -1;
            int low = i + 2 < from.n ? hex_digit(from.p[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return jl_err_set(err, JL_USAGE,
                                  "a '%%' in the %s of the URL is not followed by two hex digits (%%25 is a '%%')",
                                  what);
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0')
            return jl_err_set(err, JL_USAGE, "the %s of the URL contains a NUL", what);
        if (used + 1 >= size)
            return too_long(err, what);
        to[used++] = c;
    }
    to[used] = '\0';
    return 0;
}

/* Copies as it stands. */
static int copy(jl_span from, char *to, size_t size, const char *what, jl_err *err) {
    if (from.n >= size)
        return too_long(err, what);
    if (memchr(from.p, '\0', from.n))
        return jl_err_set(err, JL_USAGE, "the %s of the URL contains a NUL", what);
    memcpy(to, from.p, from.n);
    to[from.n] = '\0';
    return 0;
}

/* Splits off what stands before the first (or last) `c`; false when there is none. */
static bool split(jl_span text, char c, bool last, jl_span *before, jl_span *behind) {
    const char *at = text.n == 0 ? NULL : last ? memrchr(text.p, c, text.n) : memchr(text.p, c, text.n);
    if (!at)
        return false;
    size_t n = (size_t)(at - text.p);
    *before = (jl_span){text.p, n};
    *behind = (jl_span){at + 1, text.n - n - 1};
    return true;
}

/* "host", "host:port", "[v6]:port": the host may be empty. */
static int parse_host(jl_span text, jl_url *url, jl_err *err) {
    jl_span host = text;
    jl_span port = {0};
    bool has_port = false;
    if (text.n && text.p[0] == '[') {
        jl_span behind;
        if (!split(text, ']', false, &host, &behind) || (behind.n && behind.p[0] != ':'))
            return jl_err_set(err, JL_USAGE, "the '[' of the URL's host has no ']' at the host's end");
        host = (jl_span){host.p + 1, host.n - 1};
        has_port = behind.n > 0;
        port = has_port ? (jl_span){behind.p + 1, behind.n - 1} : behind;
    } else {
        has_port = split(text, ':', false, &host, &port);
    }
    if (decode(host, url->host, sizeof url->host, "host", err) != 0)
        return -1;
    uint64_t number = 0;
    /* What stands behind the ':' may be a part of a password with a raw '/' in it: not to be repeated. */
    if (has_port && jl_num_u64(port, 1, 65535, &number, NULL) != 0) {
        return jl_err_set(err, JL_USAGE,
                          "the port of the URL is not a number from 1 to 65535 (inside a password, "
                          "write '/' as %%2F, '?' as %%3F and '@' as %%40)");
    }
    url->port = (uint16_t)number;
    return 0;
}

/* "h1:p1,h2:p2": each is checked, the first one stays in host and port. */
static int parse_hosts(jl_span text, jl_url *url, jl_err *err) {
    if (copy(text, url->hosts, sizeof url->hosts, "host list", err) != 0)
        return -1;
    jl_url first = {0};
    bool is_first = true;
    jl_span left = text;
    for (bool more = true; more;) {
        jl_span one = left;
        more = split(left, ',', false, &one, &left);
        if (one.n == 0)
            return jl_err_set(err, JL_USAGE, "the host list of the URL has an empty entry");
        if (parse_host(one, url, err) != 0)
            return -1;
        if (is_first) {
            memcpy(first.host, url->host, sizeof first.host);
            first.port = url->port;
            is_first = false;
        }
    }
    memcpy(url->host, first.host, sizeof url->host);
    url->port = first.port;
    return 0;
}

static int parse_user(jl_span text, jl_url *url, jl_err *err) {
    jl_span user = text;
    jl_span pass = {0};
    bool has_pass = split(text, ':', false, &user, &pass);
    if (decode(user, url->user, sizeof url->user, "user name", err) != 0)
        return -1;
    return has_pass ? decode(pass, url->pass, sizeof url->pass, "password", err) : 0;
}

/* Everything behind "scheme://". */
static int parse_hierarchy(jl_span text, jl_url *url, jl_err *err) {
    size_t end = 0;
    while (end < text.n && text.p[end] != '/' && text.p[end] != '?')
        end++;
    jl_span authority = {text.p, end};
    jl_span path = {text.p + end, text.n - end};
    jl_span query = {0};
    jl_span before;
    if (split(path, '?', false, &before, &query))
        path = before;

    jl_span user;
    jl_span hosts = authority;
    if (split(authority, '@', true, &user, &hosts)) {
        if (parse_user(user, url, err) != 0)
            return -1;
    } else if (memchr(text.p, '@', text.n)) {
        return jl_err_set(err, JL_USAGE,
                          "the URL has a '@' behind its host: inside a password, write '/' as %%2F and '?' as "
                          "%%3F, and anywhere else '@' as %%40");
    }

    size_t scheme = strlen(url->scheme);
    bool is_list = memchr(hosts.p, ',', hosts.n) || (scheme > 8 && strcmp(url->scheme + scheme - 8, "+cluster") == 0);
    int host = is_list ? parse_hosts(hosts, url, err) : parse_host(hosts, url, err);
    if (host != 0 || decode(path, url->path, sizeof url->path, "path", err) != 0)
        return -1;
    return decode(query, url->query, sizeof url->query, "query", err);
}

static int parse(jl_span text, jl_url *url, jl_err *err) {
    size_t n = 0;
    while (n < text.n && n + 1 < sizeof url->scheme && scheme_byte(text.p[n], n == 0))
        n++;
    if (n == 0 || n == text.n || text.p[n] != ':')
        return jl_err_set(err, JL_USAGE, "this is not a URL such as sqlite:PATH or redis://HOST:PORT/DB");
    memcpy(url->scheme, text.p, n);
    jl_span behind = {text.p + n + 1, text.n - n - 1};
    if (strcmp(url->scheme, "sqlite") == 0) {
        if (behind.n == 0)
            return jl_err_set(err, JL_USAGE, "the URL names no file: write sqlite:PATH");
        return copy(behind, url->path, sizeof url->path, "path", err);
    }
    if (behind.n < 2 || behind.p[0] != '/' || behind.p[1] != '/')
        return jl_err_set(err, JL_USAGE, "the URL lacks the '//' behind '%s:'", url->scheme);
    return parse_hierarchy((jl_span){behind.p + 2, behind.n - 2}, url, err);
}

int jl_url_parse(jl_span text, jl_url *url, jl_err *err) {
    memset(url, 0, sizeof *url);
    if (parse(text, url, err) != 0) {
        explicit_bzero(url, sizeof *url);
        return -1;
    }
    return 0;
}

void jl_url_show(const jl_url *url, char *text, size_t size) {
    if (strcmp(url->scheme, "sqlite") == 0) {
        snprintf(text, size, "sqlite:%s", url->path);
        return;
    }
    char port[8] = "";
    if (url->port)
        snprintf(port, sizeof port, ":%u", (unsigned)url->port);
    bool v6 = strchr(url->host, ':') != NULL;
    /* A query may hold anything, a password too; only the number of a database is known to be harmless. */
    bool db = strncmp(url->query, "db=", 3) == 0 && url->query[3 + strspn(url->query + 3, "0123456789")] == '\0';
    if (url->hosts[0]) {
        snprintf(text, size, "%s://%s%s%s%s", url->scheme, url->hosts, url->path, db ? "?" : "", db ? url->query : "");
    } else {
        snprintf(text, size, "%s://%s%s%s%s%s%s%s", url->scheme, v6 ? "[" : "", url->host, v6 ? "]" : "", port,
                 url->path, db ? "?" : "", db ? url->query : "");
    }
}

/* libpq and others take a password as a parameter, too. */
static bool secret_query(const jl_url *url) {
    return strcasestr(url->query, "pass") || strcasestr(url->query, "auth");
}

bool jl_url_secret(const jl_url *url) {
    return url->pass[0] || secret_query(url);
}

void jl_url_wipe(jl_url *url) {
    if (secret_query(url))
        explicit_bzero(url->query, sizeof url->query);
    explicit_bzero(url->pass, sizeof url->pass);
}
