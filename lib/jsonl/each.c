/* A walk over a checked container: only what tells tokens apart is looked at. */
#include "jsonl/each.h"

#include "jsonl/utf8.h"

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_space(const char *p, const char *end) {
    while (p < end && is_space(*p))
        ++p;
    return p;
}

static int bad_body(jl_span body, const char *at, const char *text, jl_err *err) {
    jl_err_set(err, JL_DATA, "%s", text);
    if (err)
        err->byte = (uint64_t)(at - body.p) + 1;
    return -1;
}

int jl_each_check(jl_span body, jl_value *value, jl_err *err) {
    *value = (jl_value){0};
    if (body.n == 0)
        return jl_err_set(err, JL_DATA, "an empty body");
    const char *end = body.p + body.n;
    size_t ill = jl_utf8_first_bad(body.p, body.n);
    if (ill < body.n)
        return bad_body(body, body.p + ill, "invalid UTF-8", err);
    bool bom = body.n >= 3 && memcmp(body.p, "\xef\xbb\xbf", 3) == 0;
    const char *p = skip_space(body.p + (bom ? 3 : 0), end);
    if (p == end)
        return jl_err_set(err, JL_DATA, "an empty body");
    jl_type type = JL_ABSENT;
    const char *behind = jl_json_value(p, end, &type, err);
    if (!behind) {
        if (err)
            err->byte += (uint64_t)(p - body.p);
        return -1;
    }
    const char *rest = skip_space(behind, end);
    if (rest != end)
        return bad_body(body, rest, "bytes behind the value", err);
    *value = (jl_value){{p, (size_t)(behind - p)}, type};
    return 0;
}

jl_each jl_each_start(jl_value container) {
    if (container.type != JL_ARRAY && container.type != JL_OBJECT)
        return (jl_each){0};
    /* Without the closing bracket. */
    return (jl_each){container.text.p + 1, container.text.p + container.text.n - 1, container.type == JL_OBJECT};
}

/* The value at it->p, which moves behind it. False: it cannot be one, so the container was not checked. */
static bool take_value(jl_each *it, jl_value *value) {
    jl_type type = JL_ABSENT;
    const char *behind = jl_json_value(it->p, it->end, &type, NULL);
    if (!behind) {
        it->p = it->end;
        return false;
    }
    *value = (jl_value){{it->p, (size_t)(behind - it->p)}, type};
    it->p = behind;
    return true;
}

bool jl_each_next(jl_each *it, jl_span *name, jl_value *value) {
    jl_value token = {{"", 0}, JL_ABSENT};
    it->p = skip_space(it->p, it->end);
    if (it->p < it->end && *it->p == ',')
        it->p = skip_space(it->p + 1, it->end);
    if (it->p == it->end)
        return false;
    if (it->object) {
        if (!take_value(it, &token))
            return false;
        it->p = skip_space(it->p, it->end);
        it->p = skip_space(it->p + (it->p < it->end), it->end); /* the colon */
    }
    if (name)
        *name = token.text;
    return take_value(it, value);
}

void jl_each_pick(jl_value object, const char *const *names, size_t n, jl_value *found) {
    jl_each it = {0};
    jl_span name;
    jl_value value;
    for (size_t i = 0; i < n; ++i)
        found[i] = (jl_value){{"", 0}, JL_ABSENT};
    if (object.type == JL_OBJECT)
        it = jl_each_start(object);
    while (jl_each_next(&it, &name, &value))
        for (size_t i = 0; i < n; ++i)
            if (jl_json_is(name, jl_span_of(names[i])))
                found[i] = value;
}

jl_value jl_each_member(jl_value object, const char *name) {
    jl_value found;
    jl_each_pick(object, &name, 1, &found);
    return found;
}

/* ---- white space out ---- */

/* The byte behind the string that opens at `p`. */
static const char *behind_string(const char *p) {
    for (++p; *p != '"'; ++p)
        p += *p == '\\';
    return p + 1;
}

/* The run that goes out as it is; `depth` follows the brackets in it, *deepest their height. */
static const char *behind_run(const char *p, const char *end, size_t *depth, size_t *deepest) {
    while (p < end && !is_space(*p)) {
        if (*p == '"') {
            p = behind_string(p);
            continue;
        }
        *depth += *p == '{' || *p == '[';
        *depth -= *p == '}' || *p == ']';
        if (*depth > *deepest)
            *deepest = *depth;
        ++p;
    }
    return p;
}

int jl_each_compact(jl_value value, size_t depth, jl_buf *out, jl_err *err) {
    const char *p = value.text.p;
    const char *end = p + value.text.n;
    size_t at_depth = 0;
    size_t deepest = 0;
    size_t start = out->n;
    while (p < end) {
        const char *behind = behind_run(p, end, &at_depth, &deepest);
        if (jl_buf_add(out, (jl_span){p, (size_t)(behind - p)}, err)) {
            out->n = start;
            return -1;
        }
        p = skip_space(behind, end);
    }
    if (deepest > depth) {
        out->n = start;
        return jl_err_set(err, JL_DATA, "nested deeper than %zu", depth);
    }
    return 0;
}
