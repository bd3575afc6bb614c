/* What is read out of a table of jobs in SQLite, a piece at a time.

   A rollback journal lets nobody write while somebody reads, and whoever takes the jobs may be slow. So a piece of the table is
   copied in a short transaction, the lock given back, and only then are the copies looked at and handed on. */
#include <stdlib.h>
#include <string.h>

#include "store/store_sqlite.h"
#include "jsonl/json.h"

#define PIECE_ROWS 2048               /* looked at under one lock */
#define PIECE_BYTES ((size_t)1 << 20) /* copied under one lock, with one job more */

/* A job that was copied: where its bytes stand. */
struct copied {
    jl_stored_job job; /* without spans */
    int64_t model[JL_STAGES];
    size_t line, line_n, vector[JL_STAGES], vector_n[JL_STAGES];
};

struct jl_jfile_piece {
    struct copied *job;
    size_t n, room;
    jl_buf bytes;
    bool whole; /* nothing is left behind it */
};

/* One listing. */
struct listing {
    jl_jfile *f;
    const jl_find *what;
    bool texts;                  /* the line is needed, to be handed on or to be looked into */
    const jl_jfile_list *chosen; /* NULL: the table in its order */
    size_t at;                   /* in the chosen ones */
    uint64_t after;              /* row */
    uint64_t left;               /* of the limit */
    jl_each_job each;
    void *self;
};

void jl_jfile_piece_free(struct jl_jfile_piece *piece) {
    if (piece) {
        free(piece->job);
        jl_buf_free(&piece->bytes);
    }
    free(piece);
}

static struct jl_jfile_piece *piece_of(jl_jfile *f, jl_err *err) {
    if (!f->piece && !(f->piece = calloc(1, sizeof *f->piece)))
        (void)jl_err_nomem(err);
    return f->piece;
}

/* ---- copying ---- */

static struct copied *next_copied(struct jl_jfile_piece *p, jl_err *err) {
    if (p->n == p->room) {
        size_t room = p->room ? p->room * 2 : 64;
        struct copied *more = realloc(p->job, room * sizeof *more);
        if (!more) {
            (void)jl_err_nomem(err);
            return NULL;
        }
        p->job = more;
        p->room = room;
    }
    p->job[p->n] = (struct copied){0};
    return &p->job[p->n];
}

static int copy_line(struct jl_jfile_piece *p, struct copied *c, jl_span line, jl_err *err) {
    static const char behind[1 + JL_PAD] = {'\n'};
    c->line = p->bytes.n;
    c->line_n = line.n;
    return jl_buf_add(&p->bytes, line, err) == 0 ? jl_buf_add(&p->bytes, (jl_span){behind, sizeof behind}, err) : -1;
}

static int copy_vectors(struct listing *l, struct jl_jfile_piece *p, struct copied *c, jl_err *err) {
    for (jl_stage stage = 0; stage < JL_STAGES; stage++) {
        const jl_jfile_model *m = c->model[stage] ? jl_jfile_model_of(l->f, c->model[stage], err) : NULL;
        if (!c->model[stage])
            continue;
        c->vector[stage] = p->bytes.n;
        if (!m || jl_jfile_vector(l->f, c->job.row, stage, &p->bytes, err) < 0)
            return -1;
        c->vector_n[stage] = p->bytes.n - c->vector[stage];
        if (c->vector_n[stage] != (size_t)m->dims * 4)
            return jl_jfile_damaged(l->f, "a vector is missing, or has another number of dimensions than its model",
                                    err);
    }
    return 0;
}

/* 1: a vector of that model is there already. */
static int is_with(struct listing *l, const int64_t model[JL_STAGES], jl_err *err) {
    int64_t id = l->what->without ? model[l->what->stage] : 0;
    if (id == 0)
        return 0;
    const jl_jfile_model *m = jl_jfile_model_of(l->f, id, err);
    if (!m)
        return -1;
    return strcmp(m->name, l->what->without) == 0 && (!l->what->without_dims || m->dims == l->what->without_dims);
}

/* The statement's row, if by facts and columns it may be one that is asked for. */
static int copy_row(struct listing *l, struct jl_jfile_piece *p, jl_sqlite_stmt *s, jl_err *err) {
    jl_jfile_row *r = &l->f->other;
    if (jl_jfile_row_columns(l->f, s, r, err) != 0)
        return -1;
    l->after = r->job.row;
    if (!jl_find_facts_pass(l->what, &r->job))
        return 0;
    int with = is_with(l, r->model, err);
    struct copied *c = with == 0 ? next_copied(p, err) : NULL;
    if (!c)
        return with == 1 ? 0 : -1;
    c->job = r->job;
    memcpy(c->model, r->model, sizeof c->model);
    if ((l->texts && copy_line(p, c, jl_jfile_line(s), err) != 0) ||
        (l->what->vectors && copy_vectors(l, p, c, err) != 0))
        return -1;
    p->n++;
    return 0;
}

static int copy_next(struct listing *l, struct jl_jfile_piece *p, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(l->f, l->texts ? JOB_SCAN : JOB_SCAN_FACTS, err);
    int rc = 1;
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, (int64_t)l->after);
    for (size_t seen = 0; seen < PIECE_ROWS && p->bytes.n < PIECE_BYTES && rc == 1; seen++) {
        rc = jl_sqlite_step(s, err);
        if (rc == 1 && copy_row(l, p, s, err) != 0)
            rc = -1;
    }
    jl_sqlite_reset(s);
    p->whole = rc == 0;
    return rc < 0 ? -1 : 0;
}

static int copy_chosen(struct listing *l, struct jl_jfile_piece *p, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(l->f, l->texts ? JOB_BY_ROW : JOB_FACTS_BY_ROW, err);
    if (!s)
        return -1;
    for (size_t seen = 0; seen < PIECE_ROWS && p->bytes.n < PIECE_BYTES && l->at < l->chosen->n; seen++) {
        uint64_t row = l->chosen->row[l->at++];
        jl_sqlite_bind_int(s, 1, row > INT64_MAX ? 0 : (int64_t)row);
        int rc = jl_sqlite_step(s, err);
        if (rc == 1 && copy_row(l, p, s, err) != 0)
            rc = -1;
        jl_sqlite_reset(s);
        if (rc < 0)
            return -1;
    }
    p->whole = l->at == l->chosen->n;
    return 0;
}

static int copy_piece(struct listing *l, struct jl_jfile_piece *p, jl_err *err) {
    p->n = 0;
    jl_buf_clear(&p->bytes);
    p->whole = true;
    if (jl_jfile_attach(l->f, false, err) != 0)
        return -1;
    if (!l->f->db)
        return 0;
    if (jl_sqlite_begin(l->f->db, false, err) != 0)
        return -1;
    int rc = l->chosen ? copy_chosen(l, p, err) : copy_next(l, p, err);
    jl_sqlite_rollback(l->f->db);
    return rc;
}

/* ---- handing on ---- */

/* Fills the job's spans. */
static int unpack(struct listing *l, struct jl_jfile_piece *p, struct copied *c, jl_err *err) {
    jl_jfile_row *r = &l->f->at_hand;
    if (l->texts && jl_jfile_load(l->f, (jl_span){p->bytes.p + c->line, c->line_n}, &r->text, &c->job.job, err) != 0)
        return -1;
    for (size_t stage = 0; stage < JL_STAGES; stage++) {
        c->job.job.vector[stage] = (jl_vector){0};
        const jl_jfile_model *m = c->vector_n[stage] ? jl_jfile_model_of(l->f, c->model[stage], err) : NULL;
        if (!c->vector_n[stage])
            continue;
        if (!m)
            return -1;
        c->job.job.vector[stage] =
            (jl_vector){jl_span_of(m->name), {p->bytes.p + c->vector[stage], c->vector_n[stage]}, m->dims};
    }
    return 0;
}

/* What was read only to be looked into. */
static void take_texts_out(jl_posting *p) {
    jl_posting bare = {.facts = p->facts};
    memcpy(bare.vector, p->vector, sizeof bare.vector);
    *p = bare;
}

static int hand_on(struct listing *l, struct jl_jfile_piece *p, jl_err *err) {
    for (size_t i = 0; i < p->n; i++) {
        struct copied *c = &p->job[i];
        if (unpack(l, p, c, err) != 0)
            return -1;
        if (!jl_find_passes(l->what, &c->job))
            continue;
        if (!l->what->lines)
            take_texts_out(&c->job.job);
        int rc = l->each(l->self, &c->job, err);
        if (rc != 0 || (l->left && --l->left == 0))
            return rc < 0 ? -1 : 1;
    }
    return 0;
}

static int list(struct listing *l, jl_err *err) {
    struct jl_jfile_piece *p = piece_of(l->f, err);
    int rc = p ? 0 : -1;
    do
        rc = rc == 0 && copy_piece(l, p, err) == 0 ? hand_on(l, p, err) : -1;
    while (rc == 0 && !p->whole);
    return rc < 0 ? -1 : 0;
}

/* ---- choosing rows by an index ---- */

static int choose_hashed(jl_jfile *f, enum jl_jfile_query q, jl_span text, jl_jfile_list *to, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, q, err);
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, jl_jfile_key(text));
    return jl_jfile_list_take(to, s, err);
}

/* "SOURCE:ID" or "ID", either of which may have more colons. */
static int choose_id(jl_jfile *f, jl_span name, jl_jfile_list *to, jl_err *err) {
    for (size_t i = 0; i <= name.n; i++)
        if ((i == 0 || name.p[i - 1] == ':') &&
            choose_hashed(f, JOB_BY_KEY, (jl_span){name.p + i, name.n - i}, to, err) != 0)
            return -1;
    return 0;
}

static int choose_named(jl_jfile *f, const jl_find *what, jl_jfile_list *to, jl_err *err) {
    for (size_t i = 0; i < what->ids; i++)
        if (choose_id(f, what->id[i], to, err) != 0)
            return -1;
    for (size_t i = 0; i < what->urls; i++)
        if (choose_hashed(f, JOB_BY_LINK, what->url[i], to, err) != 0)
            return -1;
    return 0;
}

static int choose_changed(jl_jfile *f, const jl_find *what, jl_jfile_list *to, jl_err *err) {
    jl_sqlite_stmt *s = what->changed_since < INT64_MAX ? jl_jfile_ready(f, JOB_CHANGED, err) : NULL;
    if (!s)
        return what->changed_since < INT64_MAX ? -1 : 0;
    jl_sqlite_bind_int(s, 1, (int64_t)what->changed_since);
    jl_sqlite_bind_int(s, 2, (int64_t)what->after);
    return jl_jfile_list_take(to, s, err);
}

/* One state of the store chooses; what has changed since is seen when the rows are read. */
static int choose(jl_jfile *f, const jl_find *what, jl_jfile_list *to, jl_err *err) {
    if (jl_jfile_attach(f, false, err) != 0)
        return -1;
    if (!f->db)
        return 0;
    if (jl_sqlite_begin(f->db, false, err) != 0)
        return -1;
    int rc = what->ids + what->urls ? choose_named(f, what, to, err) : choose_changed(f, what, to, err);
    jl_sqlite_rollback(f->db);
    jl_jfile_list_sort(to);
    return rc;
}

int jl_jfile_find(jl_jobs *base, const jl_find *what, jl_each_job each, void *self, jl_err *err) {
    jl_jfile *f = (jl_jfile *)base;
    jl_jfile_list chosen = {0};
    bool named = what->ids + what->urls > 0;
    struct listing l = {.f = f,
                        .what = what,
                        .texts = what->lines || named || what->company.n || what->title.n || what->location.n,
                        .after = what->after,
                        .left = what->limit,
                        .each = each,
                        .self = self};
    if (what->after >= INT64_MAX)
        return 0;
    if (named || what->changed_since) {
        if (choose(f, what, &chosen, err) != 0) {
            free(chosen.row);
            return -1;
        }
        l.chosen = &chosen;
    }
    int rc = list(&l, err);
    free(chosen.row);
    return rc;
}

int jl_jfile_rows(jl_jobs *base, const uint64_t *row, size_t n, bool vectors, jl_each_job each, void *self,
                  jl_err *err) {
    jl_find what = {.vectors = vectors, .lines = true, .duplicates = true};
    jl_jfile_list chosen = {.n = n};
    if (n == 0)
        return 0;
    chosen.row = malloc(n * sizeof *chosen.row);
    if (!chosen.row)
        return jl_err_nomem(err);
    memcpy(chosen.row, row, n * sizeof *row);
    struct listing l = {
        .f = (jl_jfile *)base, .what = &what, .texts = true, .chosen = &chosen, .each = each, .self = self};
    int rc = list(&l, err);
    free(chosen.row);
    return rc;
}
