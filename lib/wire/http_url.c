/* Scheme, host, port: read strictly. */
#include "wire/http_url.h"

#include <stdlib.h>
#include <strings.h>

#include "wire/http.h"

static bool plain(const char *text) {
    for (; *text; text++)
        if (*text <= ' ' || *text >= 0x7f || *text == '\\')
            return false;
    return true;
}

static bool port_is_one(const char *p, size_t n) {
    char digits[6] = "";
    if (n == 0 || n >= sizeof digits || strspn(p, "0123456789") < n)
        return false;
    memcpy(digits, p, n);
    long port = strtol(digits, NULL, 10);
    return port >= 1 && port <= 65535;
}

bool jl_http_url_read(const char *url, jl_http_url *to) {
    static const char of_a_name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (!plain(url))
        return false;
    to->tls = strncasecmp(url, "https://", 8) == 0;
    if (!to->tls && strncasecmp(url, "http://", 7) != 0)
        return false;
    const char *p = url + (to->tls ? 8 : 7);
    const char *end = p + strcspn(p, "/?#");
    to->v6 = *p == '[';
    to->host.p = p += to->v6;
    to->host.n = strspn(p, to->v6 ? "0123456789abcdefABCDEF:." : of_a_name);
    p += to->host.n;
    if (to->host.n == 0 || (to->v6 && *p++ != ']'))
        return false;
    return p == end || (*p == ':' && port_is_one(p + 1, (size_t)(end - p) - 1));
}

/* A number of an IPv4 address; leading zeros, which some take for octal, are none. Moves *p behind it. */
static bool octet(const char **p, const char *end, unsigned *value) {
    const char *from = *p;
    *value = 0;
    while (*p < end && **p >= '0' && **p <= '9' && *p - from < 3)
        *value = 10 * *value + (unsigned)(*(*p)++ - '0');
    return *p > from && *value <= 255 && (*from != '0' || *p - from == 1);
}

static bool loopback(jl_span host) {
    const char *p = host.p, *end = p + host.n;
    for (int i = 0; i < 4; i++) {
        unsigned value;
        if ((i > 0 && (p == end || *p++ != '.')) || !octet(&p, end, &value) || (i == 0 && value != 127))
            return false;
    }
    return p == end;
}

bool jl_http_url_here(const jl_http_url *url) {
    if (url->v6)
        return jl_span_eq(url->host, JL_SPAN("::1"));
    return (url->host.n == 9 && strncasecmp(url->host.p, "localhost", 9) == 0) || loopback(url->host);
}

bool jl_http_private(const char *url) {
    jl_http_url parts;
    return jl_http_url_read(url, &parts) && (parts.tls || jl_http_url_here(&parts));
}

int jl_http_escape(jl_buf *out, jl_span text, jl_err *err) {
    static const char hex[] = "0123456789ABCDEF";
    if (text.n > SIZE_MAX / 3 || jl_buf_reserve(out, 3 * text.n, err) != 0)
        return text.n > SIZE_MAX / 3 ? jl_err_nomem(err) : -1;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool kept = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                    c == '.' || c == '_' || c == '~';
        if (kept) {
            out->p[out->n++] = (char)c;
            continue;
        }
        out->p[out->n++] = '%';
        out->p[out->n++] = hex[c >> 4];
        out->p[out->n++] = hex[c & 15];
    }
    return 0;
}
