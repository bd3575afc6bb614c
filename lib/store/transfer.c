/* Lines of text out of a store of jobs, a store out of lines that are believed only after they have been checked. */
#include "store/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/stop.h"
#include "store/keep.h"
#include "jsonl/each.h"
#include "jsonl/in.h"
#include "jsonl/write.h"

#define VERSION 1
#define BATCH ((size_t)2000)
#define BATCH_BYTES ((size_t)8 << 20)
#define SUM_SIZE 26 /* ,"sum":"0123456789abcdef"} */

static uint64_t sum_of(jl_span line) {
    return jl_digest(line, VERSION);
}

/* ---- out ---- */

struct out {
    jl_out *out;
    jl_moved *moved;
    jl_buf line;
    float vector[JL_DIMS_MAX];
};

static int write_vectors(struct out *o, const jl_posting *job, jl_err *err) {
    bool some = false;
    if (jl_buf_add(&o->line, JL_SPAN(",\"vectors\":["), err) != 0)
        return -1;
    for (int stage = 0; stage < JL_STAGES; stage++) {
        const jl_vector *v = &job->vector[stage];
        if (v->n == 0)
            continue;
        memcpy(o->vector, v->data.p, v->data.n);
        if ((some && jl_buf_addc(&o->line, ',', err) != 0) ||
            jl_vector_write(v->model, (jl_stage)stage, o->vector, v->n, &o->line, err) != 0)
            return -1;
        some = true;
    }
    return jl_buf_addc(&o->line, ']', err);
}

static int write_job(void *self, const jl_stored_job *job, jl_err *err) {
    struct out *o = self;
    const jl_posting *p = &job->job;
    if (jl_stop_asked())
        return 1;
    jl_buf_clear(&o->line);
    if (jl_write_open(&o->line, err) != 0 || jl_write_u64(&o->line, "row", job->row, err) != 0 ||
        jl_write_u64(&o->line, "change", job->change, err) != 0 ||
        jl_write_u64(&o->line, "first", job->first, err) != 0 ||
        jl_write_i64(&o->line, "marked", job->marked, err) != 0 ||
        jl_write_text(&o->line, "source", p->source, err) != 0 || jl_write_text(&o->line, "id", p->id, err) != 0 ||
        jl_write_text(&o->line, "url", p->url, err) != 0 || jl_write_text(&o->line, "hash", p->hash, err) != 0 ||
        write_vectors(o, p, err) != 0 || jl_write_raw(&o->line, "job", p->line, err) != 0 ||
        jl_buf_addf(&o->line, err, ",\"sum\":\"%016" PRIx64 "\"}", sum_of(jl_buf_span(&o->line))) != 0)
        return -1;
    o->moved->jobs++;
    return jl_out_line(o->out, jl_buf_span(&o->line), err);
}

static int write_all(struct out *o, jl_jobs *s, jl_err *err) {
    char text[64];
    jl_find everything = {.duplicates = true, .lines = true, .vectors = true};
    (void)snprintf(text, sizeof text, "{\"jobline\":\"jobs\",\"version\":%d}", VERSION);
    if (jl_out_line(o->out, jl_span_of(text), err) != 0 || s->ops->find(s, &everything, write_job, o, err) != 0)
        return -1;
    if (jl_stop_asked())
        return 0;
    (void)snprintf(text, sizeof text, "{\"end\":true,\"jobs\":%" PRIu64 "}", o->moved->jobs);
    return jl_out_line(o->out, jl_span_of(text), err);
}

int jl_transfer_jobs(jl_jobs *s, jl_out *out, jl_moved *moved, jl_err *err) {
    struct out *o = calloc(1, sizeof *o);
    if (!o)
        return jl_err_nomem(err);
    o->out = out;
    o->moved = moved;
    int rc = write_all(o, s, err);
    jl_buf_free(&o->line);
    free(o);
    return rc;
}

/* ---- in ---- */

enum {
    F_JOBLINE,
    F_VERSION,
    F_END,
    F_JOBS,
    F_ROW,
    F_CHANGE,
    F_FIRST,
    F_MARKED,
    F_SOURCE,
    F_ID,
    F_URL,
    F_HASH,
    F_VECTORS,
    F_JOB,
    FIELDS
};
static const char *const field_name[FIELDS] = {"jobline", "version", "end", "jobs", "row",  "change",  "first",
                                               "marked",  "source",  "id",  "url",  "hash", "vectors", "job"};

struct in {
    jl_jobs *s;
    jl_in in;
    jl_want *want;
    jl_field field[FIELDS];
    jl_postings *reader;
    jl_buf text;
    jl_keep keep;
    jl_stored_job *job; /* without what `keep` has of it */
    size_t cap;
    uint64_t row; /* the last one */
    jl_moved *moved;
    bool begun, ended;
};

static int bad(jl_err *err, const char *what) {
    return jl_err_set(err, JL_DATA, "%s", what);
}

static bool number(const jl_rec *rec, size_t field, int64_t *value) {
    return rec->field[field].type == JL_NUMBER && jl_json_integer(jl_rec_value(rec, field), value) && *value >= 0;
}

static int flush(struct in *i, jl_err *err) {
    if (i->keep.n == 0)
        return 0;
    for (size_t k = 0; k < i->keep.n; k++)
        i->job[k].job = i->keep.posting[k];
    if (i->s->ops->import(i->s, i->job, i->keep.n, err) != 0)
        return -1;
    i->moved->jobs += i->keep.n;
    jl_keep_clear(&i->keep);
    return 0;
}

/* The texts' places in a buffer that moves while it grows. */
static int read_names(struct in *i, const jl_rec *rec, jl_posting *p, jl_err *err) {
    jl_span *const to[] = {&p->source, &p->id, &p->url, &p->hash};
    size_t off[5];
    jl_buf_clear(&i->text);
    for (size_t k = 0; k < 4; k++) {
        off[k] = i->text.n;
        if (rec->field[F_SOURCE + k].type != JL_STRING)
            return bad(err, "a job of an export has no source, id, url or hash");
        if (jl_json_decode(jl_rec_value(rec, F_SOURCE + k), &i->text, err) != 0)
            return -1;
    }
    off[4] = i->text.n;
    for (size_t k = 0; k < 4; k++)
        *to[k] = (jl_span){off[k + 1] > off[k] ? i->text.p + off[k] : "", off[k + 1] - off[k]};
    return p->id.n ? 0 : bad(err, "a job of an export has no id");
}

static int read_vectors(const jl_rec *rec, jl_buf data[JL_STAGES], jl_posting *p, jl_err *err) {
    jl_value item;
    jl_each it = jl_each_start((jl_value){jl_rec_value(rec, F_VECTORS), rec->field[F_VECTORS].type});
    if (rec->field[F_VECTORS].type != JL_ARRAY)
        return bad(err, "a job of an export has no vectors");
    for (size_t n = 0; jl_each_next(&it, NULL, &item); n++) {
        jl_vector v;
        jl_stage stage;
        if (n == JL_STAGES)
            return bad(err, "a job of an export has too many vectors");
        if (jl_vector_read(item.text, &data[n], &v, &stage, err) != 0)
            return -1;
        p->vector[stage] = v;
    }
    return 0;
}

static int keep_job(struct in *i, const jl_rec *rec, const jl_stored_job *columns, jl_err *err) {
    jl_posting posting = {0}, names;
    jl_buf loaded = {0}, data[JL_STAGES] = {{0}};
    int rc = jl_postings_load(i->reader, jl_rec_value(rec, F_JOB), &loaded, &posting, err);
    if (rc == 0)
        rc = read_names(i, rec, &names, err);
    if (rc == 0)
        rc = read_vectors(rec, data, &posting, err);
    if (rc == 0) {
        posting.source = names.source;
        posting.id = names.id;
        posting.url = names.url;
        posting.hash = names.hash;
        i->job[i->keep.n] = *columns;
        rc = jl_keep_add(&i->keep, &posting, err);
    }
    jl_buf_free(&loaded);
    for (size_t k = 0; k < JL_STAGES; k++)
        jl_buf_free(&data[k]);
    return rc;
}

static int take_job(struct in *i, const jl_rec *rec, jl_err *err) {
    jl_span line = {rec->line, rec->len};
    char sum[SUM_SIZE + 1];
    int64_t row, change, first, marked;
    if (line.n <= SUM_SIZE || !number(rec, F_ROW, &row) || !number(rec, F_CHANGE, &change) ||
        !number(rec, F_FIRST, &first) || !number(rec, F_MARKED, &marked) || rec->field[F_JOB].type != JL_OBJECT)
        return bad(err, "no job of an export");
    line.n -= SUM_SIZE;
    (void)snprintf(sum, sizeof sum, ",\"sum\":\"%016" PRIx64 "\"}", sum_of(line));
    if (memcmp(sum, line.p + line.n, SUM_SIZE) != 0)
        return bad(err, "the sum is wrong: the line was changed on its way");
    if ((uint64_t)row <= i->row)
        return bad(err, "the rows do not ascend");
    i->row = (uint64_t)row;
    jl_stored_job columns = {
        .row = (uint64_t)row, .change = (uint64_t)change, .first = (uint64_t)first, .marked = marked};
    if (keep_job(i, rec, &columns, err) != 0)
        return -1;
    return i->keep.n == BATCH || i->keep.bytes >= BATCH_BYTES ? flush(i, err) : 0;
}

static int take_header(struct in *i, const jl_rec *rec, jl_err *err) {
    int64_t version;
    if (rec->field[F_JOBLINE].type != JL_STRING || !jl_json_is(jl_rec_value(rec, F_JOBLINE), JL_SPAN("jobs")) ||
        !number(rec, F_VERSION, &version))
        return bad(err, "no export of a store of jobs");
    if (version != VERSION)
        return jl_err_set(err, JL_CONFIG, "an export of version %" PRId64 "; this program knows version %d", version,
                          VERSION);
    i->begun = true;
    return 0;
}

static int take_end(struct in *i, const jl_rec *rec, jl_err *err) {
    int64_t jobs;
    if (!number(rec, F_JOBS, &jobs) || (uint64_t)jobs != i->moved->jobs + i->keep.n)
        return bad(err, "the end has another number of jobs than came before it");
    i->ended = true;
    return 0;
}

static int take_line(struct in *i, const jl_rec *rec, jl_err *err) {
    if (!i->begun)
        return take_header(i, rec, err);
    if (i->ended)
        return bad(err, "something stands behind the end");
    return rec->field[F_END].type == JL_TRUE ? take_end(i, rec, err) : take_job(i, rec, err);
}

static int take_lines(struct in *i, jl_err *err) {
    for (jl_span lines = jl_in_lines(&i->in); lines.n > 0; lines = jl_in_lines(&i->in)) {
        jl_rec rec;
        jl_scan scan = jl_rec_scan(i->want, lines.p, lines.p + lines.n, false, i->field, &rec, err);
        if (scan == JL_SCAN_BAD || (scan == JL_SCAN_RECORD && take_line(i, &rec, err) != 0)) {
            jl_err_place(err, i->in.name, i->in.line);
            return -1;
        }
        jl_in_take(&i->in, rec.len + 1, 1);
    }
    return 0;
}

/* Waits for what is not there yet. 1: something came, or a stop is asked; 0: the end. */
static int fill(struct in *i, jl_err *err) {
    for (;;) {
        int has = jl_in_fill(&i->in, err);
        if (has != -2)
            return has;
        struct pollfd fd[2] = {{.fd = i->in.fd, .events = POLLIN}, {.fd = jl_stop_fd(), .events = POLLIN}};
        if (poll(fd, 2, -1) < 0 && errno != EINTR)
            return jl_err_errno(err, JL_IO, errno, "poll");
        if (jl_stop_asked())
            return 1;
    }
}

static int take_all(struct in *i, jl_err *err) {
    int has = 1;
    while (has > 0 && !jl_stop_asked()) {
        jl_span piece;
        bool last;
        if (take_lines(i, err) != 0)
            return -1;
        if (jl_in_long(&i->in, &piece, &last))
            return jl_in_too_long(i->in.name, i->in.max_line, i->in.line, err);
        has = fill(i, err);
        if (has < 0)
            return -1;
    }
    if (jl_stop_asked())
        return 0;
    if (take_lines(i, err) != 0)
        return -1;
    if (!i->ended) {
        (void)bad(err, i->begun ? "the end is missing: the export was cut short" : "no export of a store of jobs");
        jl_err_place(err, i->in.name, i->in.line);
        return -1;
    }
    return flush(i, err);
}

static int open_reader(struct in *i, jl_err *err) {
    i->reader = jl_postings_new(err);
    i->want = i->reader ? jl_want_new(err) : NULL;
    i->job = calloc(BATCH, sizeof *i->job);
    if (!i->want)
        return -1;
    if (!i->job)
        return jl_err_nomem(err);
    for (size_t f = 0; f < FIELDS; f++)
        if (jl_want_name(i->want, jl_span_of(field_name[f]), err) < 0)
            return -1;
    return 0;
}

/* A line of an export is longer than the job's by its vectors and names. */
int jl_transfer_take(jl_jobs *s, const char *path, uint64_t max_line, jl_moved *moved, jl_err *err) {
    struct in i = {.s = s, .moved = moved};
    uint64_t most = max_line * 2 + ((uint64_t)JL_STAGES * JL_DIMS_MAX * 6);
    int rc = jl_in_open(&i.in, path, most, err);
    bool open = rc == 0;
    if (rc == 0)
        rc = open_reader(&i, err);
    if (rc == 0)
        rc = take_all(&i, err);
    if (open)
        jl_in_close(&i.in);
    jl_keep_free(&i.keep);
    jl_buf_free(&i.text);
    jl_postings_free(i.reader);
    jl_want_free(i.want);
    free(i.job);
    return rc;
}
