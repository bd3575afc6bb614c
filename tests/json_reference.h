/* What the scanners are compared with: JSON checked and looked up by simple recursion, a byte at a time. */
#ifndef TESTS_JSON_REFERENCE_H
#define TESTS_JSON_REFERENCE_H

#include <stdint.h>
#include <stdlib.h>

#include "base/span.h"
#include "jsonl/json.h"

/* A text in memory of its own, JL_PAD bytes longer, so that a sanitizer sees every access behind that. The padding
   holds `fill`. The caller frees it. */
static inline char *ref_copy(jl_span text, char fill) {
    char *p = malloc(text.n + JL_PAD);
    if (!p)
        abort();
    if (text.n)
        memcpy(p, text.p, text.n);
    memset(p + text.n, fill, JL_PAD);
    return p;
}

/* ---- UTF-8, by decoding ---- */

/* Bytes of the character at the front, 0 when it is ill formed. */
static inline size_t ref_character(const unsigned char *p, size_t n) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t want = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    if (want == 0 || want > n)
        return 0;
    uint32_t code = want == 1 ? p[0] : p[0] & (0x7fu >> want);
    for (size_t i = 1; i < want; ++i) {
        if (p[i] >> 6 != 2)
            return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    if (code < least[want] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    return want;
}

static inline size_t ref_utf8_first_bad(const char *p, size_t n) {
    size_t i = 0;
    while (i < n) {
        size_t length = ref_character((const unsigned char *)p + i, n - i);
        if (length == 0)
            break;
        i += length;
    }
    return i;
}

/* ---- JSON ---- */

/* Reads from p; p becomes NULL at the first fault and stays so. */
typedef struct ref_reader {
    const char *p, *end;
} ref_reader;

static inline int ref_peek(const ref_reader *r) {
    return r->p && r->p < r->end ? (unsigned char)*r->p : -1;
}

static inline int ref_take(ref_reader *r) {
    int c = ref_peek(r);
    r->p = c < 0 ? NULL : r->p + 1;
    return c;
}

static inline void ref_expect(ref_reader *r, const char *text) {
    for (; *text; ++text)
        if (ref_take(r) != *text)
            r->p = NULL;
}

static inline void ref_space(ref_reader *r) {
    while (ref_peek(r) == ' ' || ref_peek(r) == '\t' || ref_peek(r) == '\r' || ref_peek(r) == '\n')
        ++r->p;
}

static inline uint32_t ref_hex(ref_reader *r) {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        int c = ref_take(r);
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *found = c > 0 ? strchr(digits, c) : NULL;
        if (!found)
            r->p = NULL;
        else
            value = value * 16 + (uint32_t)((found - digits) % 16);
    }
    return value;
}

static inline size_t ref_encode(uint32_t code, char *to) {
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; --i, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)((0xf00 >> n & 0xff) | code);
    return n;
}

/* Reads a string; what it means goes to `to`, which has room for as many bytes as the text, unless NULL. */
static inline size_t ref_string(ref_reader *r, char *to) {
    static const char *const escapes = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    char scratch[4];
    size_t n = 0;
    ref_expect(r, "\"");
    while (r->p) {
        int c = ref_take(r);
        if (c == '"')
            return n;
        if (c < 0x20) {
            r->p = NULL;
        } else if (c != '\\') {
            if (to)
                to[n] = (char)c;
            ++n;
        } else if (ref_peek(r) == 'u') {
            ++r->p;
            uint32_t code = ref_hex(r);
            if (r->p && code >= 0xdc00 && code < 0xe000)
                r->p = NULL;
            if (r->p && code >= 0xd800 && code < 0xdc00) {
                ref_expect(r, "\\u");
                uint32_t low = ref_hex(r);
                if (low < 0xdc00 || low > 0xdfff)
                    r->p = NULL;
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            }
            if (r->p)
                n += ref_encode(code, to ? to + n : scratch);
        } else {
            c = ref_take(r);
            const char *found = c > 0 ? strchr(escapes, c) : NULL;
            if (!found)
                r->p = NULL;
            else if (to)
                to[n] = meanings[found - escapes];
            ++n;
        }
    }
    return 0;
}

static inline void ref_digits(ref_reader *r) {
    if (ref_peek(r) < '0' || ref_peek(r) > '9')
        r->p = NULL;
    while (ref_peek(r) >= '0' && ref_peek(r) <= '9')
        ++r->p;
}

static inline void ref_number(ref_reader *r) {
    if (ref_peek(r) == '-')
        ++r->p;
    if (ref_peek(r) == '0')
        ++r->p;
    else
        ref_digits(r);
    if (ref_peek(r) == '.') {
        ++r->p;
        ref_digits(r);
    }
    if (ref_peek(r) == 'e' || ref_peek(r) == 'E') {
        ++r->p;
        if (ref_peek(r) == '+' || ref_peek(r) == '-')
            ++r->p;
        ref_digits(r);
    }
}

/* One value; `depth` is that of a container which starts here. */
static inline jl_type ref_value(ref_reader *r, int depth) {
    int c = ref_peek(r);
    switch (c) {
    case '"':
        ref_string(r, NULL);
        return JL_STRING;
    case 't':
        ref_expect(r, "true");
        return JL_TRUE;
    case 'f':
        ref_expect(r, "false");
        return JL_FALSE;
    case 'n':
        ref_expect(r, "null");
        return JL_NULL;
    case '[':
    case '{':
        break;
    default:
        ref_number(r);
        return JL_NUMBER;
    }
    int close = c == '[' ? ']' : '}';
    ++r->p;
    if (depth > JL_DEPTH_MAX)
        r->p = NULL;
    ref_space(r);
    if (ref_peek(r) == close) {
        ++r->p;
        return c == '[' ? JL_ARRAY : JL_OBJECT;
    }
    for (c = ','; r->p && c == ',';) {
        ref_space(r);
        if (close == '}') {
            ref_string(r, NULL);
            ref_space(r);
            ref_expect(r, ":");
            ref_space(r);
        }
        ref_value(r, depth + 1);
        ref_space(r);
        c = ref_take(r);
    }
    if (c != close)
        r->p = NULL;
    return close == ']' ? JL_ARRAY : JL_OBJECT;
}

/* Is the whole text, without a line's LF, a record? */
static inline bool ref_record(jl_span line) {
    if (memchr(line.p, '\n', line.n) || ref_utf8_first_bad(line.p, line.n) != line.n)
        return false;
    ref_reader r = {line.p, line.p + line.n};
    ref_space(&r);
    if (ref_peek(&r) != '{')
        return false;
    ref_value(&r, 1);
    ref_space(&r);
    return r.p == r.end;
}

static inline bool ref_blank(jl_span line) {
    ref_reader r = {line.p, line.p + line.n};
    ref_space(&r);
    return r.p == r.end;
}

/* The last member of a checked object whose name means `name`; p is NULL when there is none. */
static inline jl_span ref_member(jl_span object, jl_span name, jl_type *type) {
    jl_span found = {0};
    *type = JL_ABSENT;
    ref_reader r = {object.p, object.p + object.n};
    ref_space(&r);
    if (ref_peek(&r) != '{')
        return found;
    ++r.p;
    ref_space(&r);
    char *meaning = malloc(object.n);
    if (!meaning)
        abort();
    for (int c = ref_peek(&r) == '}' ? '}' : ','; c == ',';) {
        ref_space(&r);
        size_t n = ref_string(&r, meaning);
        ref_space(&r);
        ref_expect(&r, ":");
        ref_space(&r);
        const char *start = r.p;
        jl_type one = ref_value(&r, 1);
        if (jl_span_eq((jl_span){meaning, n}, name)) {
            found = (jl_span){start, (size_t)(r.p - start)};
            *type = one;
        }
        ref_space(&r);
        c = ref_take(&r);
    }
    free(meaning);
    return found;
}

/* Follows names into a checked record. */
static inline jl_span ref_path(jl_span line, const jl_span *name, size_t n, jl_type *type) {
    for (size_t i = 0; i < n && line.p; ++i)
        line = ref_member(line, name[i], type);
    return line;
}

#endif
