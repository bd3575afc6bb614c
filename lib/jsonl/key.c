/* Keys: canonical bytes of values, hashed. */
#include "jsonl/key.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* What the copy of a short string may move without looking at its length. */
#define SHORT_COPY 64
_Static_assert(SHORT_COPY <= JL_PAD, "the scanner's padding covers the copy, put_field's room too");

int jl_keyer_init(jl_keyer *k, const jl_keyspec *spec, size_t first, jl_err *err) {
    *k = (jl_keyer){.n = spec->n};
    k->field = malloc(spec->n * sizeof *k->field);
    if (!k->field)
        return jl_err_nomem(err);
    for (size_t i = 0; i < spec->n; ++i)
        k->field[i] = first + spec->canonical[i];
    return 0;
}

void jl_keyer_free(jl_keyer *k) {
    free(k->field);
    jl_buf_free(&k->scratch);
    *k = (jl_keyer){0};
}

/* ---- values, one behind the other ---- */

static void put_length(char *to, size_t n) {
    to[0] = (char)(n & 0xff);
    to[1] = (char)(n >> 8 & 0xff);
    to[2] = (char)(n >> 16 & 0xff);
    to[3] = (char)(n >> 24 & 0xff);
}

/* Tag, length, bytes. */
static int put_sized(jl_buf *out, char tag, jl_span bytes, jl_err *err) {
    if (jl_buf_reserve(out, bytes.n + 5, err))
        return -1;
    char *to = out->p + out->n;
    *to = tag;
    put_length(to + 1, bytes.n);
    memcpy(to + 5, bytes.p, bytes.n);
    out->n += bytes.n + 5;
    return 0;
}

static int put_decoded(jl_buf *out, jl_span token, jl_err *err) {
    if (put_sized(out, 's', JL_SPAN(""), err))
        return -1;
    size_t start = out->n;
    if (jl_json_decode(token, out, err))
        return -1;
    put_length(out->p + start - 4, out->n - start);
    return 0;
}

static int put_string(jl_buf *out, jl_span token, jl_err *err) {
    if (jl_json_plain(token))
        return put_sized(out, 's', (jl_span){token.p + 1, token.n - 2}, err);
    return put_decoded(out, token, err);
}

/* A member of an object that is being encoded: its bytes stand in the buffer already, its place in the order not
   yet. */
typedef struct pair {
    size_t off;       /* in the buffer, of the encoded name */
    size_t n;         /* of name and value together, encoded */
    const char *name; /* decoded; valid while sorting */
    size_t name_n;
} pair;

/* A value being encoded. Containers recurse: the scanner has made sure that they do not nest deeper than
   JL_DEPTH_MAX. */
typedef struct encoder {
    jl_buf *out;
    jl_buf pairs; /* a stack of pair: those of an object lie on those of the objects around it */
    jl_err *err;
} encoder;

static int pair_order(const void *left, const void *right) {
    const pair *a = left;
    const pair *b = right;
    int order = jl_span_cmp((jl_span){a->name, a->name_n}, (jl_span){b->name, b->name_n});
    return order ? order : (a->off > b->off) - (a->off < b->off);
}

static bool in_order(const pair *p, size_t n) {
    for (size_t i = 1; i < n; ++i)
        if (jl_span_cmp((jl_span){p[i - 1].name, p[i - 1].name_n}, (jl_span){p[i].name, p[i].name_n}) >= 0)
            return false;
    return true;
}

/* Sorts the pairs, which fill the buffer from `start` on, and drops all but the last of a name. */
static int arrange_pairs(encoder *e, size_t start, pair *p, size_t *n) {
    for (size_t i = 0; i < *n; ++i)
        p[i].name = e->out->p + p[i].off + 5;
    if (in_order(p, *n))
        return 0;
    qsort(p, *n, sizeof *p, pair_order);
    size_t bytes = e->out->n - start;
    char *arranged = malloc(bytes);
    if (!arranged)
        return jl_err_nomem(e->err);
    size_t kept = 0;
    size_t at = 0;
    for (size_t i = 0; i < *n; ++i) {
        bool again =
            i + 1 < *n && jl_span_eq((jl_span){p[i].name, p[i].name_n}, (jl_span){p[i + 1].name, p[i + 1].name_n});
        if (again)
            continue;
        memcpy(arranged + at, e->out->p + p[i].off, p[i].n);
        at += p[i].n;
        ++kept;
    }
    memcpy(e->out->p + start, arranged, at);
    free(arranged);
    e->out->n = start + at;
    *n = kept;
    return 0;
}

/* ---- walking a checked value: only what tells tokens apart has to be looked at ---- */

static const char *skip_space(const char *p) {
    while (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')
        ++p;
    return p;
}

/* Behind the white space and the one ',' or ':' that may stand there. */
static const char *skip_mark(const char *p) {
    p = skip_space(p);
    return *p == ',' || *p == ':' ? skip_space(p + 1) : p;
}

static const char *string_end(const char *p) {
    for (++p; *p != '"'; ++p)
        p += *p == '\\';
    return p + 1;
}

static const char *number_end(const char *p) {
    while (*p == '-' || *p == '+' || *p == '.' || (*p | 0x20) == 'e' || (*p >= '0' && *p <= '9'))
        ++p;
    return p;
}

static const char *put_value(encoder *e, const char *p);

static const char *put_elements(encoder *e, const char *p, size_t *count) {
    for (p = skip_space(p); p && *p != ']'; ++*count) {
        p = put_value(e, p);
        if (p)
            p = skip_mark(p);
    }
    return p;
}

static const char *put_pairs(encoder *e, const char *p, size_t *count) {
    size_t bottom = e->pairs.n;
    size_t start = e->out->n;
    for (p = skip_space(p); *p != '}'; ++*count) {
        const char *end = string_end(p);
        pair m = {.off = e->out->n};
        if (put_string(e->out, (jl_span){p, (size_t)(end - p)}, e->err))
            return NULL;
        m.name_n = e->out->n - m.off - 5;
        p = put_value(e, skip_mark(end));
        if (!p)
            return NULL;
        m.n = e->out->n - m.off;
        if (jl_buf_add(&e->pairs, (jl_span){(const char *)&m, sizeof m}, e->err))
            return NULL;
        p = skip_mark(p);
    }
    if (*count && arrange_pairs(e, start, (pair *)(void *)(e->pairs.p + bottom), count))
        return NULL;
    e->pairs.n = bottom;
    return p;
}

/* Encodes the value at `p`; returns the byte behind it, NULL when memory ran out. */
static const char *put_value(encoder *e, const char *p) {
    const char *end;
    switch (*p) {
    case '"':
        end = string_end(p);
        return put_string(e->out, (jl_span){p, (size_t)(end - p)}, e->err) ? NULL : end;
    case 't':
        return jl_buf_addc(e->out, 't', e->err) ? NULL : p + 4;
    case 'f':
        return jl_buf_addc(e->out, 'f', e->err) ? NULL : p + 5;
    case 'n':
        return jl_buf_addc(e->out, 'z', e->err) ? NULL : p + 4;
    case '[':
    case '{':
        break;
    default:
        end = number_end(p);
        return put_sized(e->out, 'n', (jl_span){p, (size_t)(end - p)}, e->err) ? NULL : end;
    }
    size_t count = 0;
    size_t at = e->out->n + 1;
    if (put_sized(e->out, *p == '[' ? 'a' : 'o', JL_SPAN(""), e->err))
        return NULL;
    p = *p == '[' ? put_elements(e, p + 1, &count) : put_pairs(e, p + 1, &count);
    if (!p)
        return NULL;
    put_length(e->out->p + at, count);
    return p + 1;
}

/* ---- keys ---- */

/* A plain string, the usual case, copied by whole vectors: rec.h promises readable bytes behind it. */
static inline void put_plain(jl_buf *out, const char *from, size_t n) {
    char *to = out->p + out->n;
    *to = 's';
    put_length(to + 1, n);
    if (n <= SHORT_COPY)
        memcpy(to + 5, from, SHORT_COPY);
    else
        memcpy(to + 5, from, n);
    out->n += n + 5;
}

static int put_field(const jl_rec *rec, const jl_field *f, jl_buf *out, jl_err *err) {
    size_t most = (size_t)f->len + 5 + JL_PAD;
    if (out->cap - out->n < most && jl_buf_reserve(out, most, err))
        return -1;
    if (f->type == JL_STRING && f->plain) {
        put_plain(out, rec->line + f->off + 1, f->len - 2);
        return 0;
    }
    if (f->type == JL_STRING) {
        char *to = out->p + out->n;
        char *behind = jl_json_decode_to((jl_span){rec->line + f->off, f->len}, to + 5);
        *to = 's';
        put_length(to + 1, (size_t)(behind - to) - 5);
        out->n = (size_t)(behind - out->p);
        return 0;
    }
    encoder e = {.out = out, .err = err};
    const char *end = put_value(&e, rec->line + f->off);
    jl_buf_free(&e.pairs);
    return end ? 0 : -1;
}

int jl_key_canonical(jl_keyer *k, const jl_rec *rec, jl_buf *out, jl_err *err) {
    for (size_t i = 0; i < k->n; ++i)
        if (put_field(rec, &rec->field[k->field[i]], out, err))
            return -1;
    return 0;
}

int jl_key_of(jl_keyer *k, jl_rec *rec, jl_err *err) {
    rec->has_key = false;
    for (size_t i = 0; i < k->n; ++i)
        if (rec->field[k->field[i]].type <= JL_NULL)
            return 0;
    jl_buf_clear(&k->scratch);
    if (jl_key_canonical(k, rec, &k->scratch, err))
        return -1;
    XXH128_hash_t hash = XXH3_128bits_withSeed(k->scratch.p, k->scratch.n, JL_KEY_SEED);
    rec->key = (jl_hash){.hi = hash.high64, .lo = hash.low64};
    rec->has_key = true;
    return 0;
}
