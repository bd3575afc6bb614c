/* Lines written with members added or replaced. */
#include "jsonl/splice.h"

#include "jsonl/each.h"

/* Where the bytes go: into room that was made beforehand (`to`), or piece by piece when the line is larger than the
   buffer of `out`. */
typedef struct sink {
    jl_out *out;
    char *to;
    jl_err *err;
} sink;

static inline int put(sink *s, jl_span bytes) {
    if (!s->to)
        return jl_out_add(s->out, bytes, s->err);
    if (bytes.n)
        memcpy(s->to, bytes.p, bytes.n);
    s->to += bytes.n;
    return 0;
}

static inline int put_member(sink *s, bool comma, jl_span token, jl_span value) {
    return (comma && put(s, JL_SPAN(","))) || put(s, token) || put(s, JL_SPAN(":")) || put(s, value) ? -1 : 0;
}

/* `most` is no less than the bytes that will be put. */
static int sink_open(sink *s, jl_out *out, size_t most, jl_err *err) {
    *s = (sink){.out = out, .err = err};
    if (most > out->cap)
        return 0;
    s->to = jl_out_room(out, most, err);
    return s->to ? 0 : -1;
}

static int sink_close(sink *s) {
    if (put(s, JL_SPAN("\n")))
        return -1;
    size_t n = s->to ? (size_t)(s->to - (s->out->buf + s->out->n)) : 0;
    jl_out_advance(s->out, n, 1);
    return 0;
}

static bool in_place(const jl_rec *rec, const jl_member *m) {
    return rec->field[m->field].type != JL_ABSENT;
}

/* The member to be replaced that comes next at or after `off`; NULL when there is none. */
static const jl_member *next_in_place(const jl_rec *rec, const jl_member *member, size_t n, uint32_t off) {
    const jl_member *next = NULL;
    for (size_t i = 0; i < n; ++i) {
        const jl_member *m = &member[i];
        if (in_place(rec, m) && rec->field[m->field].off >= off &&
            (!next || rec->field[m->field].off < rec->field[next->field].off))
            next = m;
    }
    return next;
}

/* From `off` on up to the '}' of the record, with the members set. */
static int put_set(sink *s, const jl_rec *rec, uint32_t off, const jl_member *member, size_t n) {
    for (const jl_member *m; (m = next_in_place(rec, member, n, off));) {
        const jl_field *f = &rec->field[m->field];
        if (put(s, (jl_span){rec->line + off, f->off - off}) || put(s, m->value))
            return -1;
        off = f->off + f->len;
    }
    if (put(s, (jl_span){rec->line + off, rec->close - off}))
        return -1;
    bool comma = !rec->empty;
    for (size_t i = 0; i < n; ++i) {
        if (in_place(rec, &member[i]))
            continue;
        if (put_member(s, comma, member[i].token, member[i].value))
            return -1;
        comma = true;
    }
    return 0;
}

static size_t most_set(const jl_rec *rec, const jl_member *member, size_t n) {
    size_t most = (size_t)rec->len + 1;
    for (size_t i = 0; i < n; ++i)
        most += member[i].token.n + member[i].value.n + 2;
    return most;
}

int jl_splice(jl_out *out, const jl_rec *rec, const jl_member *member, size_t n, jl_err *err) {
    sink s;
    if (sink_open(&s, out, most_set(rec, member, n), err) || put_set(&s, rec, 0, member, n) ||
        put(&s, (jl_span){rec->line + rec->close, rec->len - rec->close}))
        return -1;
    return sink_close(&s);
}

/* ---- into memory ---- */

/* The '{' of the record. */
static uint32_t open_of(const jl_rec *rec) {
    uint32_t off = 0;
    while (rec->line[off] != '{')
        ++off;
    return off;
}

/* Ends the object that was put behind out->n; the room for all of it was reserved. */
static void settle(jl_buf *out, sink *s) {
    put(s, JL_SPAN("}\n"));
    out->n = (size_t)(s->to - out->p);
}

int jl_splice_set(jl_buf *out, const jl_rec *rec, const jl_member *member, size_t n, jl_err *err) {
    if (jl_buf_reserve(out, most_set(rec, member, n) + JL_PAD, err))
        return -1;
    sink s = {.to = out->p + out->n};
    put_set(&s, rec, open_of(rec), member, n);
    settle(out, &s);
    return 0;
}

static bool named(jl_span token, const jl_span *name, size_t n) {
    for (size_t i = 0; i < n; ++i)
        if (jl_json_is(token, name[i]))
            return true;
    return false;
}

int jl_splice_drop(jl_buf *out, const jl_rec *rec, const jl_span *name, size_t n, jl_err *err) {
    if (jl_buf_reserve(out, (size_t)rec->len + 1 + JL_PAD, err))
        return -1;
    sink s = {.to = out->p + out->n};
    const char *open = rec->line + open_of(rec);
    const char *close = rec->line + rec->close;
    jl_each it = jl_each_start((jl_value){{open, (size_t)(close - open) + 1}, JL_OBJECT});
    jl_span token;
    jl_value value;
    /* A member takes the bytes between the one before it and itself along; the first that stays leaves a comma behind. */
    const char *behind = open + 1;
    bool first = true;
    put(&s, JL_SPAN("{"));
    while (jl_each_next(&it, &token, &value)) {
        const char *from = first ? token.p : behind;
        while (first && from[-1] != ',' && from[-1] != '{')
            --from;
        behind = value.text.p + value.text.n;
        if (named(token, name, n))
            continue;
        put(&s, (jl_span){from, (size_t)(behind - from)});
        first = false;
    }
    put(&s, (jl_span){behind, (size_t)(close - behind)});
    settle(out, &s);
    return 0;
}

int jl_splice_key(jl_buf *out, const jl_rec *rec, const jl_names *names, size_t first, jl_span extra, jl_err *err) {
    size_t most = extra.n + 3;
    for (size_t i = 0; i < names->n; ++i)
        most += names->token[i].n + rec->field[first + i].len + 2;
    if (jl_buf_reserve(out, most, err))
        return -1;
    sink s = {.to = out->p + out->n};
    put(&s, JL_SPAN("{"));
    bool comma = false;
    for (size_t i = 0; i < names->n; ++i) {
        if (rec->field[first + i].type == JL_ABSENT)
            continue;
        put_member(&s, comma, names->token[i], jl_rec_value(rec, first + i));
        comma = true;
    }
    if (!comma && extra.n) /* nothing before it: its comma goes */
        extra = (jl_span){extra.p + 1, extra.n - 1};
    put(&s, extra);
    put(&s, JL_SPAN("}\n"));
    out->n = (size_t)(s.to - out->p);
    return 0;
}
