/* Errors are sentences, so this is where foreign bytes become fit to be read on a terminal. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the well-formed, printable character at `p`; 0 when there is none: control bytes, DEL, the C1 controls
   (U+0080 to U+009F, which some terminals obey) and everything that RFC 3629 does not allow. */
static size_t printable(const unsigned char *p, size_t n) {
    unsigned char c = p[0];
    if (c < 0x80)
        return c >= 0x20 && c != 0x7f;
    size_t want = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
    if (want == 0 || n < want)
        return 0;
    for (size_t i = 1; i < want; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool bad = (c == 0xc2 && p[1] < 0xa0) || (c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ||
               (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f);
    return bad ? 0 : want;
}

size_t jl_err_escape(jl_span text, char *to, size_t size) {
    static const char hex[] = "0123456789abcdef";
    static const char cut[] = "...";
    const unsigned char *p = (const unsigned char *)text.p;
    size_t used = 0;
    size_t last_fit = 0; /* where "..." still fits behind whole characters */

    for (size_t i = 0; i < text.n;) {
        size_t take = printable(p + i, text.n - i);
        size_t need = take ? take : 4;
        if (used + sizeof cut <= size)
            last_fit = used;
        if (used + need >= size) {
            memcpy(to + last_fit, cut, sizeof cut);
            return last_fit + sizeof cut - 1;
        }
        if (take) {
            memcpy(to + used, p + i, take);
        } else {
            const char escape[4] = {'\\', 'x', hex[p[i] >> 4], hex[p[i] & 15]};
            memcpy(to + used, escape, sizeof escape);
            take = 1;
        }
        used += need;
        i += take;
    }
    to[used] = '\0';
    return used;
}

static void put_text(jl_err *err, jl_class class, const char *text) {
    err->class = class;
    err->file[0] = '\0';
    err->line = 0;
    err->byte = 0;
    jl_err_escape(jl_span_of(text), err->text, sizeof err->text);
}

/* The caller's arguments may point into *err, hence the detour through `text`. */
int jl_err_set(jl_err *err, jl_class class, const char *format, ...) {
    if (err) {
        char text[1024];
        va_list args;
        va_start(args, format);
        if (vsnprintf(text, sizeof text, format, args) < 0)
            text[0] = '\0';
        va_end(args);
        put_text(err, class, text);
    }
    return -1;
}

int jl_err_errno(jl_err *err, jl_class class, int number, const char *format, ...) {
    if (err) {
        char text[1024];
        va_list args;
        va_start(args, format);
        if (vsnprintf(text, sizeof text, format, args) < 0)
            text[0] = '\0';
        va_end(args);

        /* A long name must not push the reason out of the sentence. */
        const char *reason = strerror(number);
        size_t room = sizeof err->text - 1 - strlen(": ") - strlen(reason);
        char head[sizeof err->text];
        jl_err_escape(jl_span_of(text), head, room + 1 < sizeof head ? room + 1 : sizeof head);
        char whole[sizeof err->text * 2];
        snprintf(whole, sizeof whole, "%s: %s", head, reason);
        put_text(err, class, whole);
    }
    return -1;
}

int jl_err_nomem(jl_err *err) {
    return jl_err_set(err, JL_SOFTWARE, "out of memory");
}

void jl_err_place(jl_err *err, const char *file, uint64_t line) {
    if (!err)
        return;
    if (err->file[0] == '\0' && file) {
        static const char cut[] = "...";
        size_t n = strlen(file);
        size_t keep = sizeof err->file - 1;
        char name[sizeof err->file];
        if (n > keep) {
            size_t tail = keep - (sizeof cut - 1);
            memcpy(name, cut, sizeof cut - 1);
            memcpy(name + sizeof cut - 1, file + n - tail, tail);
            n = keep;
        } else {
            memcpy(name, file, n);
        }
        jl_err_escape((jl_span){name, n}, err->file, sizeof err->file);
    }
    if (err->line == 0)
        err->line = line;
}
