/* What a checked JSON token means. */
#include "jsonl/json.h"

#include "jsonl/scan.h"

static jl_scan_value_fn *const scan_value[JL_LEVELS] = {
#if defined(__x86_64__)
    [JL_LEVEL_PLAIN] = jl_scan_value_plain,
    [JL_LEVEL_SSE2] = jl_scan_value_sse2,
    [JL_LEVEL_SSSE3] = jl_scan_value_sse2,
    [JL_LEVEL_AVX2] = jl_scan_value_avx2,
#else
    [JL_LEVEL_PLAIN] = jl_scan_value_plain,
#endif
};

const char *jl_json_value(const char *p, const char *end, jl_type *type, jl_err *err) {
    jl_fault fault = {0};
    const char *q = scan_value[jl_level_now()](p, end, type, &fault);
    if (!q) {
        jl_err_set(err, JL_DATA, "%s", fault.text);
        if (err)
            err->byte = (uint64_t)(fault.at - p) + 1;
    }
    return q;
}

/* The value of four hexadecimal digits, -1 when one is none. */
static int hex4(const char *p) {
    int value = 0;
    for (int i = 0; i < 4; ++i) {
        int c = (unsigned char)p[i];
        int digit = c - '0';
        if (digit < 0 || digit > 9) {
            digit = (c | 0x20) - 'a';
            if (digit < 0 || digit > 5)
                return -1;
            digit += 10;
        }
        value = value * 16 + digit;
    }
    return value;
}

size_t jl_scan_unicode_escape(const char *s, jl_fault *fault) {
    int code = s[1] == 'u' ? hex4(s + 2) : -1;
    size_t n = code < 0 ? 0 : 6;
    fault->at = s;
    fault->text = s[1] == 'u' ? "a \\u escape without four hexadecimal digits" : "an escape that JSON does not have";
    if (code >= 0xd800 && code <= 0xdfff) {
        int low = code < 0xdc00 && s[6] == '\\' && s[7] == 'u' ? hex4(s + 8) : -1;
        n = low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
        fault->text = "lone surrogate";
    }
    return n;
}

/* Writes the meaning of the checked escape at `p` as UTF-8; returns its length, the escape's in *used. */
static size_t unescape(const char *p, char utf8[4], size_t *used) {
    *used = 2;
    switch (p[1]) {
    case 'b':
        utf8[0] = '\b';
        return 1;
    case 'f':
        utf8[0] = '\f';
        return 1;
    case 'n':
        utf8[0] = '\n';
        return 1;
    case 'r':
        utf8[0] = '\r';
        return 1;
    case 't':
        utf8[0] = '\t';
        return 1;
    case 'u':
        break;
    default:
        utf8[0] = p[1];
        return 1;
    }
    int code = hex4(p + 2);
    *used = 6;
    if (code < 0x80) {
        utf8[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        utf8[0] = (char)(0xc0 | code >> 6);
        utf8[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0xd800 || code > 0xdfff) {
        utf8[0] = (char)(0xe0 | code >> 12);
        utf8[1] = (char)(0x80 | (code >> 6 & 0x3f));
        utf8[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    code = 0x10000 + ((code - 0xd800) << 10) + (hex4(p + 8) - 0xdc00);
    *used = 12;
    utf8[0] = (char)(0xf0 | code >> 18);
    utf8[1] = (char)(0x80 | (code >> 12 & 0x3f));
    utf8[2] = (char)(0x80 | (code >> 6 & 0x3f));
    utf8[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

int jl_json_decode(jl_span token, jl_buf *out, jl_err *err) {
    /* No escape means more bytes than it has. */
    if (jl_buf_reserve(out, token.n, err))
        return -1;
    const char *p = token.p + 1;
    const char *end = token.p + token.n - 1;
    char *to = out->p + out->n;
    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t run = (size_t)((slash ? slash : end) - p);
        memcpy(to, p, run);
        to += run;
        p += run;
        if (slash) {
            char utf8[4];
            size_t used;
            size_t n = unescape(p, utf8, &used);
            memcpy(to, utf8, n);
            to += n;
            p += used;
        }
    }
    out->n = (size_t)(to - out->p);
    return 0;
}

bool jl_json_is(jl_span token, jl_span text) {
    const char *p = token.p + 1;
    const char *end = token.p + token.n - 1;
    size_t at = 0;
    while (p < end) {
        char utf8[4];
        size_t used = 1;
        size_t n = 1;
        if (*p == '\\')
            n = unescape(p, utf8, &used);
        else
            utf8[0] = *p;
        if (text.n - at < n || memcmp(text.p + at, utf8, n) != 0)
            return false;
        at += n;
        p += used;
    }
    return at == text.n;
}

bool jl_json_plain(jl_span token) {
    return memchr(token.p, '\\', token.n) == NULL;
}

bool jl_json_integer(jl_span token, int64_t *value) {
    bool negative = token.n > 0 && token.p[0] == '-';
    uint64_t limit = negative ? UINT64_C(1) << 63 : INT64_MAX;
    uint64_t sum = 0;
    if (token.n == (size_t)negative)
        return false;
    for (size_t i = negative; i < token.n; ++i) {
        unsigned digit = (unsigned char)token.p[i] - (unsigned)'0';
        if (digit > 9 || sum > (limit - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}
