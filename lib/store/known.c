/* By what a line says which job it means. */
#include "store/known.h"

#include "job/job.h"
#include "job/link.h"

enum { F_ID, F_SOURCE, F_URL, F_COMPANY, F_TITLE, F_LOCATION, FIELDS };

static const jl_job_name wanted[FIELDS] = {JL_JOB_ID,      JL_JOB_SOURCE, JL_JOB_URL,
                                           JL_JOB_COMPANY, JL_JOB_TITLE,  JL_JOB_LOCATION};

int jl_known_want(jl_want *want, jl_err *err) {
    int first = -1;
    for (size_t i = 0; i < FIELDS; i++) {
        int field = jl_want_name(want, jl_job_bare(wanted[i]), err);
        if (field < 0)
            return -1;
        first = i ? first : field;
    }
    return first;
}

/* A part of the buffer, which may still move. */
struct part {
    size_t off, n;
};

static jl_span part_span(const jl_buf *out, struct part p) {
    return p.n ? (jl_span){out->p + p.off, p.n} : (jl_span){"", 0};
}

/* What a member means, if it is a text, or a number that stands for one in an id. */
static int decode(const jl_rec *rec, size_t field, jl_buf *out, struct part *part, jl_err *err) {
    part->off = out->n;
    if (rec->field[field].type == JL_NUMBER && jl_buf_add(out, jl_rec_value(rec, field), err) != 0)
        return -1;
    if (rec->field[field].type == JL_STRING && jl_json_decode(jl_rec_value(rec, field), out, err) != 0)
        return -1;
    part->n = out->n - part->off;
    return 0;
}

/* A number is an id in its own spelling, and no other text. */
static int decode_text(const jl_rec *rec, size_t field, jl_buf *out, struct part *part, jl_err *err) {
    *part = (struct part){out->n, 0};
    return rec->field[field].type == JL_STRING ? decode(rec, field, out, part, err) : 0;
}

static int derive(const jl_rec *rec, size_t first, jl_buf *out, char id[33], jl_err *err) {
    struct part part[FIELDS];
    for (size_t i = F_COMPANY; i < FIELDS; i++)
        if (decode_text(rec, first + i, out, &part[i], err) != 0)
            return -1;
    return jl_link_derive(part_span(out, part[F_COMPANY]), part_span(out, part[F_TITLE]),
                          part_span(out, part[F_LOCATION]), id, err);
}

static int read_url(const jl_rec *rec, size_t first, jl_buf *out, struct part *url, jl_link *link, jl_err *err) {
    struct part typed;
    jl_buf text = {0};
    if (decode_text(rec, first + F_URL, &text, &typed, err) != 0) {
        jl_buf_free(&text);
        return -1;
    }
    url->off = out->n;
    int rc = jl_link_read(jl_buf_span(&text), out, link, err);
    url->n = rc == 0 ? link->url.n : 0;
    if (url->n)
        url->off = (size_t)(link->url.p - out->p);
    jl_buf_free(&text);
    return rc;
}

static int add(jl_buf *out, const char *text, struct part *part, jl_err *err) {
    *part = (struct part){out->n, strlen(text)};
    return jl_buf_add(out, jl_span_of(text), err);
}

int jl_known_read(const jl_rec *rec, size_t first, jl_buf *out, jl_posting *known, jl_err *err) {
    struct part id, source, url;
    jl_link link = {0};
    *known = (jl_posting){0};
    if (decode(rec, first + F_ID, out, &id, err) != 0 || decode_text(rec, first + F_SOURCE, out, &source, err) != 0 ||
        read_url(rec, first, out, &url, &link, err) != 0)
        return -1;
    if (id.n == 0) {
        if (!link.id[0] && derive(rec, first, out, link.id, err) != 0)
            return -1;
        if (!link.id[0])
            return jl_err_set(err, JL_DATA, "no id, no url, no company and title: no job can be meant");
        if (add(out, link.id, &id, err) != 0)
            return -1;
    }
    if (source.n == 0 && link.site && add(out, link.site, &source, err) != 0)
        return -1;
    known->id = part_span(out, id);
    known->source = part_span(out, source);
    known->url = part_span(out, url);
    return 0;
}
