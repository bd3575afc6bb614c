/* What is said to an embeddings server, and what it says. */
#include "embed/http_body.h"

#include <stdlib.h>

#include "jsonl/each.h"
#include "jsonl/write.h"
#include "vector/base64.h"
#include "vector/float.h"

#define NUMBER_MAX 64 /* bytes of a number that anybody means */

int jl_embeddings_begin(jl_buf *out, const char *model, jl_err *err) {
    return jl_write_open(out, err) != 0 || jl_write_text(out, "model", jl_span_of(model), err) != 0 ||
                   jl_buf_add(out, JL_SPAN(",\"input\":["), err) != 0
               ? -1
               : 0;
}

int jl_embeddings_text(jl_buf *out, jl_span text, bool first, jl_err *err) {
    return (!first && jl_buf_addc(out, ',', err) != 0) || jl_write_string(out, text, err) != 0 ? -1 : 0;
}

int jl_embeddings_end(jl_buf *out, jl_err *err) {
    return jl_buf_add(out, JL_SPAN("],\"encoding_format\":\"base64\"}"), err);
}

/* ---- the reply ---- */

static bool read_number(jl_span token, float *value) {
    char text[NUMBER_MAX], *end;
    if (token.n >= sizeof text)
        return false;
    memcpy(text, token.p, token.n);
    text[token.n] = '\0';
    *value = strtof(text, &end);
    return end == text + token.n;
}

/* Floats as JSON numbers, to the end of `out`. */
static int read_floats(jl_value array, jl_buf *out, bool *good, jl_err *err) {
    jl_each it = jl_each_start(array);
    jl_value number;
    *good = false;
    while (jl_each_next(&it, NULL, &number)) {
        float f;
        if (number.type != JL_NUMBER || !read_number(number.text, &f) || out->n >= JL_DIMS_MAX * sizeof f)
            return 0;
        if (jl_buf_add(out, (jl_span){(const char *)&f, sizeof f}, err) != 0)
            return -1;
    }
    *good = out->n > 0;
    return 0;
}

static int read_base64(jl_span token, jl_buf *out, bool *good, jl_err *err) {
    jl_buf text = {0};
    size_t n = 0;
    *good = false;
    if (jl_json_decode(token, &text, err) != 0)
        return -1;
    int rc = jl_buf_reserve(out, text.n / 4 * 3 + JL_BASE64_SLACK, err);
    if (rc == 0 && jl_base64_read(jl_buf_span(&text), out->p, &n)) {
        out->n = n;
        *good = n > 0 && n % sizeof(float) == 0 && n <= JL_DIMS_MAX * sizeof(float);
    }
    jl_buf_free(&text);
    return rc;
}

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "base64 brings little-endian floats: turn them here"
#endif

static int read_element(jl_value element, size_t n, jl_buf *scratch, jl_embeddings_each each, void *self, jl_err *err) {
    jl_value index = jl_each_member(element, "index"), v = jl_each_member(element, "embedding");
    int64_t i;
    bool good = false;
    if (index.type != JL_NUMBER || !jl_json_integer(index.text, &i) || i < 0 || (uint64_t)i >= n)
        return 0;
    jl_buf_clear(scratch);
    int rc = v.type == JL_STRING  ? read_base64(v.text, scratch, &good, err)
             : v.type == JL_ARRAY ? read_floats(v, scratch, &good, err)
                                  : 0;
    float *floats = (float *)(void *)scratch->p;
    uint32_t dims = (uint32_t)(scratch->n / sizeof *floats);
    if (rc != 0 || !good || !jl_float_normalise(floats, dims))
        return rc;
    return each(self, (size_t)i, floats, dims, err);
}

int jl_embeddings_read(jl_span body, size_t n, jl_buf *scratch, jl_embeddings_each each, void *self, jl_err *err) {
    jl_value whole, element;
    jl_err why = {0};
    if (jl_each_check(body, &whole, &why) != 0)
        return jl_err_set(err, JL_DATA, "the reply is no JSON: %s", why.text);
    jl_value data = jl_each_member(whole, "data");
    if (data.type != JL_ARRAY)
        return jl_err_set(err, JL_DATA, "the reply has no \"data\"");
    for (jl_each it = jl_each_start(data); jl_each_next(&it, NULL, &element);)
        if (read_element(element, n, scratch, each, self, err) != 0)
            return -1;
    return 0;
}

/* ---- errors ---- */

static jl_value message_of(jl_value whole) {
    jl_value error = jl_each_member(whole, "error");
    jl_value inner = jl_each_member(error, "message");
    if (inner.type == JL_STRING)
        return inner;
    if (error.type == JL_STRING)
        return error;
    jl_value flat = jl_each_member(whole, "message");
    return flat.type == JL_STRING ? flat : jl_each_member(whole, "detail");
}

void jl_embeddings_error(jl_span body, char *text, size_t size) {
    jl_value whole;
    jl_buf said = {0};
    jl_span shown = body;
    if (jl_each_check(body, &whole, NULL) == 0) {
        jl_value message = message_of(whole);
        if (message.type == JL_STRING && jl_json_decode(message.text, &said, NULL) == 0)
            shown = jl_buf_span(&said);
    }
    if (shown.n > 200)
        shown.n = 200;
    (void)jl_err_escape(shown, text, size);
    jl_buf_free(&said);
}
