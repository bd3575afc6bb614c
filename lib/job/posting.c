/* Postings made of lines. */
#include "job/posting.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/digest.h"
#include "job/content.h"
#include "job/link.h"
#include "job/space.h"

/* Bytes of an id or the name of a source: both stand in the keys of tables. */
#define LONGEST_KEY 512

static int make_want(jl_postings *p, jl_err *err) {
    p->want = jl_want_new(err);
    if (!p->want || jl_facts_want(p->want, err) < 0 || jl_want_name(p->want, JL_SPAN("stored"), err) < 0 ||
        jl_want_name(p->want, JL_SPAN("scraped_on"), err) < 0)
        return -1;
    for (size_t i = 0; i < 2; ++i) {
        p->field[i] = calloc(jl_want_count(p->want), sizeof **p->field);
        if (!p->field[i])
            return jl_err_nomem(err);
    }
    for (jl_job_name name = 0; name < JL_JOB_COUNT; ++name)
        p->hash[name] = jl_digest(jl_job_bare(name), 0);
    return 0;
}

jl_postings *jl_postings_new(jl_err *err) {
    jl_postings *p = calloc(1, sizeof *p);
    if (!p) {
        jl_err_nomem(err);
        return NULL;
    }
    if (make_want(p, err)) {
        jl_postings_free(p);
        return NULL;
    }
    return p;
}

void jl_postings_free(jl_postings *p) {
    if (!p)
        return;
    for (size_t i = 0; i < 2; ++i) {
        free(p->field[i]);
        free(p->roll[i].member);
        free(p->roll[i].slot);
    }
    jl_want_free(p->want);
    jl_buf_free(&p->scratch);
    jl_buf_free(&p->text);
    jl_buf_free(&p->line);
    jl_buf_free(&p->stored);
    free(p->member);
    free(p);
}

const jl_want *jl_postings_want(const jl_postings *p) {
    return p->want;
}

int jl_posting_scan(jl_postings *p, size_t which, jl_span line, jl_rec *rec, jl_err *err) {
    jl_scan scan = jl_rec_scan(p->want, line.p, line.p + line.n + 1, true, p->field[which], rec, err);
    if (scan == JL_SCAN_BLANK)
        return jl_err_set(err, JL_DATA, "an empty line where a job should be");
    return scan == JL_SCAN_RECORD ? 0 : -1;
}

/* ---- one posting on its way ---- */

/* Where something stands in `out`, which may still move. */
typedef struct piece {
    size_t off, n;
} piece;

typedef struct draft {
    jl_postings *p;
    const jl_rec *rec;
    jl_rec own; /* of the line without its guests */
    jl_buf *out;
    jl_err *err;
    bool fresh; /* it comes from a reader, not out of a store */
    piece source, id, url, hash, company, title, location, line;
    struct {
        piece model, data;
        uint32_t n;
    } vector[JL_STAGES];
    jl_facts facts;
    jl_link link; /* of the line's URL; link.url is not used */
    char new_id[36], new_source[20], new_hash[36], new_first[24], new_last[24];
    jl_member member[5];
    size_t members;
} draft;

static const jl_field *field_of(const draft *d, jl_job_name name) {
    return &d->rec->field[name];
}

static jl_span at(const draft *d, piece where) {
    return where.n ? (jl_span){d->out->p + where.off, where.n} : (jl_span){"", 0};
}

static int add(draft *d, jl_span bytes, piece *where) {
    *where = (piece){d->out->n, bytes.n};
    return jl_buf_add(d->out, bytes, d->err);
}

/* The decoded text; nothing when the value is no string. */
static int add_text(draft *d, jl_job_name name, piece *where) {
    *where = (piece){d->out->n, 0};
    if (field_of(d, name)->type == JL_STRING && jl_json_decode(jl_rec_value(d->rec, name), d->out, d->err))
        return -1;
    where->n = d->out->n - where->off;
    return 0;
}

static void set(draft *d, jl_job_name name, const char *value) {
    d->member[d->members++] = (jl_member){jl_job_token(name), jl_span_of(value), name};
}

static int add_vector(draft *d) {
    const jl_field *f = field_of(d, JL_JOB_EMBEDDING);
    if (f->type == JL_ABSENT || f->type == JL_NULL)
        return 0;
    jl_vector v;
    jl_stage stage;
    if (jl_vector_read(jl_rec_value(d->rec, JL_JOB_EMBEDDING), d->out, &v, &stage, d->err)) {
        if (d->err && d->err->class == JL_DATA)
            d->err->byte = (uint64_t)f->off + 1;
        return -1;
    }
    d->vector[stage].n = v.n;
    d->vector[stage].data = (piece){(size_t)(v.data.p - d->out->p), v.data.n};
    /* The model's name may stand in `out` too. */
    char model[JL_MODEL_MAX];
    memcpy(model, v.model.p, v.model.n);
    return add(d, (jl_span){model, v.model.n}, &d->vector[stage].model);
}

static int add_texts(draft *d) {
    if (add_text(d, JL_JOB_COMPANY, &d->company) || add_text(d, JL_JOB_TITLE, &d->title) ||
        add_text(d, JL_JOB_LOCATION, &d->location))
        return -1;
    return 0;
}

static int add_url(draft *d) {
    jl_buf *scratch = &d->p->scratch;
    jl_buf_clear(scratch);
    if (field_of(d, JL_JOB_URL)->type != JL_STRING)
        return 0;
    if (jl_json_decode(jl_rec_value(d->rec, JL_JOB_URL), scratch, d->err))
        return -1;
    size_t off = d->out->n;
    if (jl_link_read(jl_buf_span(scratch), d->out, &d->link, d->err))
        return -1;
    d->url = (piece){off, d->link.url.n};
    return 0;
}

static int good_key(const draft *d, const char *name, piece key) {
    if (key.n > LONGEST_KEY)
        return jl_err_set(d->err, JL_DATA, "\"%s\" of %zu bytes: at most %d", name, key.n, LONGEST_KEY);
    if (key.n && memchr(d->out->p + key.off, '\0', key.n))
        return jl_err_set(d->err, JL_DATA, "\"%s\" with a NUL in it", name);
    return 0;
}

static int add_id(draft *d) {
    if (field_of(d, JL_JOB_ID)->type == JL_NUMBER) {
        if (add(d, jl_rec_value(d->rec, JL_JOB_ID), &d->id))
            return -1;
    } else if (add_text(d, JL_JOB_ID, &d->id)) {
        return -1;
    }
    if (d->id.n)
        return good_key(d, "id", d->id);
    if (!d->link.id[0] && jl_link_derive(at(d, d->company), at(d, d->title), at(d, d->location), d->link.id, d->err))
        return -1;
    snprintf(d->new_id, sizeof d->new_id, "\"%s\"", d->link.id);
    set(d, JL_JOB_ID, d->new_id);
    return add(d, jl_span_of(d->link.id), &d->id);
}

static int add_source(draft *d) {
    if (add_text(d, JL_JOB_SOURCE, &d->source))
        return -1;
    /* A stored line without a source belongs to a job that has none. */
    if (d->source.n || !d->link.site || !d->fresh)
        return good_key(d, "source", d->source);
    snprintf(d->new_source, sizeof d->new_source, "\"%s\"", d->link.site);
    set(d, JL_JOB_SOURCE, d->new_source);
    d->facts.source = jl_facts_source(jl_span_of(d->link.site));
    return add(d, jl_span_of(d->link.site), &d->source);
}

static bool is_hash(jl_span token, bool plain) {
    if (!plain || token.n != 34)
        return false;
    for (size_t i = 1; i < 33; ++i)
        if (!(token.p[i] >= '0' && token.p[i] <= '9') && !(token.p[i] >= 'a' && token.p[i] <= 'f'))
            return false;
    return true;
}

static int add_hash(draft *d) {
    const jl_field *f = field_of(d, JL_JOB_CONTENT_HASH);
    if (!d->facts.full)
        return 0;
    jl_span token = jl_rec_value(d->rec, JL_JOB_CONTENT_HASH);
    if (f->type == JL_STRING && is_hash(token, f->plain))
        return add(d, (jl_span){token.p + 1, 32}, &d->hash);
    jl_buf *text = &d->p->text;
    char hex[33];
    jl_buf_clear(text);
    if (jl_json_decode(jl_rec_value(d->rec, JL_JOB_DESCRIPTION), text, d->err) ||
        jl_content_hash(at(d, d->title), at(d, d->company), at(d, d->location), jl_buf_span(text), hex, d->err))
        return -1;
    snprintf(d->new_hash, sizeof d->new_hash, "\"%s\"", hex);
    set(d, JL_JOB_CONTENT_HASH, d->new_hash);
    return add(d, (jl_span){hex, 32}, &d->hash);
}

static void quote_time(int64_t seconds, char quoted[24]) {
    char text[21];
    jl_clock_rfc3339(seconds * JL_SECOND, text);
    snprintf(quoted, 24, "\"%s\"", text);
}

/* A raw posting, which has no other times, was seen when it was scraped: seconds since 1970, whose fraction is dropped. What
   is no such number, or in the future, was seen now. */
static int64_t scraped(const draft *d, int64_t now) {
    const jl_field *f = &d->rec->field[JL_POSTING_SCRAPED];
    if (f->type != JL_NUMBER)
        return now;
    jl_span whole = jl_rec_value(d->rec, JL_POSTING_SCRAPED);
    const char *dot = memchr(whole.p, '.', whole.n);
    int64_t seconds;
    if (dot && !memchr(whole.p, 'e', whole.n) && !memchr(whole.p, 'E', whole.n))
        whole.n = (size_t)(dot - whole.p);
    return jl_json_integer(whole, &seconds) && seconds > 0 && seconds < now ? seconds : now;
}

static void see(draft *d, int64_t now) {
    jl_facts *f = &d->facts;
    now = f->last_seen ? now : scraped(d, now);
    if (!f->first_seen) {
        f->first_seen = f->last_seen && f->last_seen < now ? f->last_seen : now;
        quote_time(f->first_seen, d->new_first);
        set(d, JL_JOB_FIRST_SEEN_AT, d->new_first);
    }
    if (!f->last_seen) {
        f->last_seen = f->first_seen > now ? f->first_seen : now;
        quote_time(f->last_seen, d->new_last);
        set(d, JL_JOB_LAST_SEEN_AT, d->new_last);
    }
}

static int add_line(draft *d) {
    size_t off = d->out->n;
    if (jl_splice_set(d->out, d->rec, d->member, d->members, d->err))
        return -1;
    d->line = (piece){off, d->out->n - off - 1};
    return 0;
}

static void settle(const draft *d, jl_posting *posting) {
    *posting = (jl_posting){.source = at(d, d->source),
                            .id = at(d, d->id),
                            .url = at(d, d->url),
                            .hash = at(d, d->hash),
                            .company = at(d, d->company),
                            .title = at(d, d->title),
                            .location = at(d, d->location),
                            .line = at(d, d->line),
                            .facts = d->facts};
    for (size_t i = 0; i < JL_STAGES; ++i)
        if (d->vector[i].n)
            posting->vector[i] = (jl_vector){at(d, d->vector[i].model), at(d, d->vector[i].data), d->vector[i].n};
}

static int needed(const draft *d, const char *name, piece text) {
    if (jl_space_trim(at(d, text)).n == 0)
        return jl_err_set(d->err, JL_DATA, "no \"%s\"", name);
    return 0;
}

/* What a line in its own bytes does not have: members that other programs add for their reader alone. */
static int without_guests(draft *d) {
    const jl_span guests[] = {JL_SPAN("embedding"), JL_SPAN("stored")};
    jl_buf *line = &d->p->line;
    if (d->rec->field[JL_JOB_EMBEDDING].type == JL_ABSENT && d->rec->field[JL_POSTING_STORED].type == JL_ABSENT)
        return 0;
    jl_buf_clear(line);
    if (jl_splice_drop(line, d->rec, guests, 2, d->err) ||
        jl_posting_scan(d->p, 0, (jl_span){line->p, line->n - 1}, &d->own, d->err))
        return -1;
    d->rec = &d->own;
    return 0;
}

static int draw(draft *d, int64_t now) {
    if (add_vector(d) || without_guests(d) || add_texts(d))
        return -1;
    if (d->fresh && (needed(d, "company", d->company) || needed(d, "title", d->title)))
        return -1;
    if (jl_facts_read(d->rec, 0, &d->p->scratch, &d->facts, d->err) || add_url(d) || add_id(d) || add_source(d) ||
        add_hash(d))
        return -1;
    if (d->fresh)
        see(d, now);
    return add_line(d);
}

int jl_postings_read(jl_postings *p, const jl_rec *rec, int64_t now, jl_buf *out, jl_posting *posting, jl_err *err) {
    draft d = {.p = p, .rec = rec, .out = out, .err = err, .fresh = true};
    jl_buf_clear(out);
    if (draw(&d, now))
        return -1;
    settle(&d, posting);
    return 0;
}

int jl_postings_load(jl_postings *p, jl_span line, jl_buf *out, jl_posting *posting, jl_err *err) {
    jl_rec rec;
    draft d = {.p = p, .rec = &rec, .out = out, .err = err};
    jl_buf_clear(&p->stored);
    jl_buf_clear(out);
    if (jl_buf_reserve(&p->stored, line.n + 1 + JL_PAD, err) || jl_buf_add(&p->stored, line, err) ||
        jl_buf_addc(&p->stored, '\n', err) || jl_posting_scan(p, 1, (jl_span){p->stored.p, line.n}, &rec, err))
        return -1;
    if (draw(&d, 0))
        return -1;
    settle(&d, posting);
    return 0;
}
