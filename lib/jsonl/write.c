/* JSON text written into a buffer. */
#include "jsonl/write.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "jsonl/utf8.h"

#define REPLACEMENT JL_SPAN("\xef\xbf\xbd")

static int write_escape(jl_buf *out, unsigned char c, jl_err *err) {
    switch (c) {
    case '"':
        return jl_buf_add(out, JL_SPAN("\\\""), err);
    case '\\':
        return jl_buf_add(out, JL_SPAN("\\\\"), err);
    case '\b':
        return jl_buf_add(out, JL_SPAN("\\b"), err);
    case '\f':
        return jl_buf_add(out, JL_SPAN("\\f"), err);
    case '\n':
        return jl_buf_add(out, JL_SPAN("\\n"), err);
    case '\r':
        return jl_buf_add(out, JL_SPAN("\\r"), err);
    case '\t':
        return jl_buf_add(out, JL_SPAN("\\t"), err);
    default:
        return jl_buf_addf(out, err, "\\u%04x", (unsigned)c);
    }
}

/* How many bytes from the front go out as they are. */
static size_t literal_run(const char *p, size_t n) {
    size_t i = 0;
    while (i < n && (unsigned char)p[i] >= 0x20 && (unsigned char)p[i] < 0x80 && p[i] != '"' && p[i] != '\\')
        ++i;
    return i;
}

int jl_write_string(jl_buf *out, jl_span text, jl_err *err) {
    if (jl_buf_addc(out, '"', err))
        return -1;
    for (size_t i = 0; i < text.n;) {
        const char *p = text.p + i;
        size_t n = literal_run(p, text.n - i);
        bool valid = true;
        if (n == 0 && (unsigned char)*p >= 0x80)
            n = jl_utf8_sequence(p, text.n - i, &valid);
        int failed;
        if (n == 0) {
            failed = write_escape(out, (unsigned char)*p, err);
            n = 1;
        } else {
            failed = jl_buf_add(out, valid ? (jl_span){p, n} : REPLACEMENT, err);
        }
        if (failed)
            return -1;
        i += n;
    }
    return jl_buf_addc(out, '"', err);
}

int jl_write_open(jl_buf *out, jl_err *err) {
    return jl_buf_addc(out, '{', err);
}

/* A value never ends with '{', so that byte at the end says that nothing has been written yet. */
static int write_name(jl_buf *out, const char *name, jl_err *err) {
    if (out->n > 0 && out->p[out->n - 1] != '{' && jl_buf_addc(out, ',', err))
        return -1;
    if (jl_write_string(out, jl_span_of(name), err))
        return -1;
    return jl_buf_addc(out, ':', err);
}

int jl_write_text(jl_buf *out, const char *name, jl_span text, jl_err *err) {
    return write_name(out, name, err) || jl_write_string(out, text, err) ? -1 : 0;
}

int jl_write_u64(jl_buf *out, const char *name, uint64_t value, jl_err *err) {
    return write_name(out, name, err) || jl_buf_addf(out, err, "%" PRIu64, value) ? -1 : 0;
}

int jl_write_i64(jl_buf *out, const char *name, int64_t value, jl_err *err) {
    return write_name(out, name, err) || jl_buf_addf(out, err, "%" PRId64, value) ? -1 : 0;
}

int jl_write_real(jl_buf *out, const char *name, double value, int decimals, jl_err *err) {
    if (write_name(out, name, err))
        return -1;
    if (!isfinite(value))
        return jl_buf_add(out, JL_SPAN("null"), err);
    size_t start = out->n;
    if (jl_buf_addf(out, err, "%.*f", decimals, value))
        return -1;
    for (size_t i = start; i < out->n; ++i) /* the locale may have its own decimal sign */
        if (out->p[i] == ',')
            out->p[i] = '.';
    return 0;
}

int jl_write_raw(jl_buf *out, const char *name, jl_span json, jl_err *err) {
    return write_name(out, name, err) || jl_buf_add(out, json, err) ? -1 : 0;
}

int jl_write_close(jl_buf *out, jl_err *err) {
    return jl_buf_addc(out, '}', err);
}
