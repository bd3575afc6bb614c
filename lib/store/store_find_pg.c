/* Jobs out of PostgreSQL: those that are asked for, and those of given rows.

   A listing reads some hundred rows by a statement, so that no snapshot is held while a slow reader takes its time, and
   goes on behind the last row where the server was lost. What SQL leaves out the rules (jl_find_passes) would leave out
   too; they decide about the rest. */
#include <stdio.h>
#include <stdlib.h>

#include "store/store_pg.h"
#include "jsonl/json.h"

#define PIECE 500
#define TRIES 5 /* of a piece of which no row came */

struct walk {
    pg_store *s;
    const jl_find *what;
    jl_each_job each;
    void *self;
    const int64_t *row; /* listed: those to come; else NULL */
    size_t n;
    uint64_t after; /* the last row that was seen */
    uint64_t found;
    bool ended, called; /* by the callback; the failure is the callback's */
};

/* ---- rows ---- */

static int damaged(const pg_store *s, const jl_stored_job *job, jl_err *err) {
    return jl_err_set(err, JL_CONFIG, "%s: job %llu: is damaged", jl_pg_name(s->db), (unsigned long long)job->row);
}

static int read_line(pg_store *s, jl_stored_job *job, jl_span line, jl_err *err) {
    jl_facts facts = job->job.facts;
    jl_buf_clear(&s->line);
    if (jl_buf_add(&s->line, line, err) != 0 || jl_buf_reserve(&s->line, 1 + JL_PAD, err) != 0)
        return -1;
    memset(s->line.p + s->line.n, 0, 1 + JL_PAD);
    s->line.p[s->line.n] = '\n';
    jl_buf_clear(&s->text);
    if (jl_postings_load(s->reader, jl_buf_span(&s->line), &s->text, &job->job, err) != 0)
        return err && err->class == JL_SOFTWARE ? -1 : damaged(s, job, err);
    job->job.facts = facts;
    return 0;
}

static jl_span bytes_of(const jl_pg_stmt *stmt, int column) {
    jl_span text = jl_pg_bytes(stmt, column);
    return text.p ? text : (jl_span){"", 0};
}

int pg_read_job(pg_store *s, jl_pg_stmt *stmt, jl_stored_job *job, jl_err *err) {
    *job = (jl_stored_job){.row = (uint64_t)jl_pg_int(stmt, 0),
                           .change = (uint64_t)jl_pg_int(stmt, 1),
                           .first = (uint64_t)jl_pg_int(stmt, 2),
                           .marked = jl_pg_int(stmt, 3)};
    jl_span facts = jl_pg_bytes(stmt, 4), line = jl_pg_bytes(stmt, 5);
    if (facts.n != sizeof job->job.facts)
        return damaged(s, job, err);
    memcpy(&job->job.facts, facts.p, facts.n);
    if (line.p && read_line(s, job, line, err) != 0)
        return -1;
    for (int i = 0; i < JL_STAGES; i++) {
        jl_vector v = {bytes_of(stmt, 6 + 3 * i), bytes_of(stmt, 8 + 3 * i), (uint32_t)jl_pg_int(stmt, 7 + 3 * i)};
        job->job.vector[i] = v.n ? v : (jl_vector){0};
        if (v.data.n != 4 * (size_t)v.n)
            return damaged(s, job, err);
    }
    return 0;
}

/* ---- statements ---- */

/* What both kinds ask; parameters from $3 on. */
#define CONDITIONS                                                                                                     \
    " AND ($3::bool OR j.first = 0) AND ($4::int8 = 0 OR j.last_seen < $4) AND ($5::int8 = 0 OR (j.marked <> 0 AND "   \
    "j.marked < $5)) AND ($6::int8 = 0 OR (1::int8 << j.status::int4) & $6 <> 0) AND j.last_seen >= $7::int8"          \
    " AND j.change > $8::int8 AND ($9::bytea IS NULL OR NOT EXISTS (SELECT FROM jobline_vector w WHERE w.row = j.row " \
    "AND"                                                                                                              \
    " w.stage = $10::int8 AND w.model = $9 AND ($11::int8 = 0 OR w.dims = $11)))"

static int find_stmt(pg_store *s, unsigned fetch, jl_pg_stmt **stmt, jl_err *err) {
    char sql[2048];
    bool texts = fetch & FETCH_TEXTS, vectors = fetch & FETCH_VECTORS, listed = fetch & FETCH_LISTED;
    (void)snprintf(sql, sizeof sql, "SELECT " PG_ROW_COLUMNS "%s%s FROM %s%s WHERE %s" CONDITIONS " ORDER BY %s",
                   texts ? PG_TEXT_COLUMNS : ", NULL",
                   vectors ? PG_VECTOR_COLUMNS : ", NULL, NULL, NULL, NULL, NULL, NULL",
                   listed ? "unnest($1::int8[]) WITH ORDINALITY AS u(row, n) JOIN jobline_job j ON j.row = u.row"
                          : "jobline_job j",
                   vectors ? PG_VECTOR_JOINS : "", listed ? "u.n <= $2::int8" : "j.row > $1::int8",
                   listed ? "u.n" : "j.row LIMIT $2::int8");
    return pg_prepare(s, (pg_slot)(SLOT_FIND + fetch), sql, stmt, err);
}

static bool wants_texts(const jl_find *f) {
    return f->lines || f->ids || f->urls || f->company.n || f->title.n || f->location.n;
}

static int bind_find(struct walk *w, jl_pg_stmt *stmt, jl_err *err) {
    const jl_find *f = w->what;
    if (w->row) {
        if (jl_pg_bind_ints(stmt, 1, w->row, w->n < PIECE ? w->n : PIECE, err) != 0)
            return -1;
    } else {
        jl_pg_bind_int(stmt, 1, (int64_t)w->after);
    }
    jl_pg_bind_int(stmt, 2, PIECE);
    jl_pg_bind_bool(stmt, 3, f->duplicates);
    jl_pg_bind_int(stmt, 4, f->seen_before);
    jl_pg_bind_int(stmt, 5, f->marked_before);
    jl_pg_bind_int(stmt, 6, f->facts.statuses);
    jl_pg_bind_int(stmt, 7, f->facts.seen_after > 0 ? f->facts.seen_after : INT64_MIN);
    jl_pg_bind_int(stmt, 8, (int64_t)f->changed_since);
    if (f->without)
        jl_pg_bind_bytes(stmt, 9, jl_span_of(f->without));
    else
        jl_pg_bind_null(stmt, 9);
    jl_pg_bind_int(stmt, 10, f->stage);
    jl_pg_bind_int(stmt, 11, f->without_dims);
    return 0;
}

/* ---- walking ---- */

/* What was read only to be looked into. */
static void take_texts_out(jl_posting *p) {
    jl_posting bare = {.facts = p->facts};
    memcpy(bare.vector, p->vector, sizeof bare.vector);
    *p = bare;
}

static int walk_job(struct walk *w, jl_pg_stmt *stmt, jl_err *err) {
    jl_stored_job job;
    w->called = true;
    if (pg_read_job(w->s, stmt, &job, err) != 0)
        return -1;
    w->after = job.row;
    if (!(wants_texts(w->what) ? jl_find_passes(w->what, &job) : jl_find_facts_pass(w->what, &job))) {
        w->called = false;
        return 0;
    }
    if (!w->what->lines)
        take_texts_out(&job.job);
    int rc = w->each(w->self, &job, err);
    w->found++;
    w->ended = rc != 0 || (w->what->limit && w->found >= w->what->limit);
    w->called = rc < 0;
    return rc < 0 ? -1 : 0;
}

/* Forgets the rows of the list up to the last one that was seen. */
static void walk_skip(struct walk *w, size_t seen) {
    w->row += seen;
    w->n -= seen;
}

/* Where the server was lost in the middle of a piece of a list, the next one begins behind the last row seen. */
static size_t seen_of(const struct walk *w) {
    size_t n = w->n < PIECE ? w->n : PIECE;
    for (size_t i = 0; i < n; i++)
        if ((uint64_t)w->row[i] == w->after)
            return i + 1;
    return 0;
}

/* 1: there may be more. */
static int walk_piece(struct walk *w, jl_err *err) {
    jl_pg_stmt *stmt;
    unsigned fetch = (wants_texts(w->what) ? FETCH_TEXTS : 0U) | (w->what->vectors ? FETCH_VECTORS : 0U) |
                     (w->row ? FETCH_LISTED : 0U);
    size_t n = 0;
    int rc = 0;
    w->called = true;
    if (find_stmt(w->s, fetch, &stmt, err) != 0 || bind_find(w, stmt, err) != 0)
        return -1;
    w->called = false;
    while (!w->ended && (rc = jl_pg_step(stmt, err)) == 1) {
        n++;
        if (walk_job(w, stmt, err) != 0) {
            rc = -1;
            break;
        }
    }
    jl_pg_reset(stmt);
    if (rc < 0) {
        if (w->row)
            walk_skip(w, seen_of(w));
        return -1;
    }
    if (w->row)
        walk_skip(w, w->n < PIECE ? w->n : PIECE);
    return !w->ended && (w->row ? w->n > 0 : n == PIECE);
}

static int walk(struct walk *w, jl_err *err) {
    int tries = 0, rc = w->row && w->n == 0 ? 0 : 1;
    while (rc == 1) {
        uint64_t before = w->after;
        jl_err why = {0};
        rc = walk_piece(w, &why);
        tries = w->after != before ? 0 : tries + (rc < 0);
        if (rc < 0 && !w->called && tries < TRIES && jl_pg_passing(w->s->db))
            rc = w->row && w->n == 0 ? 0 : 1;
        else if (rc < 0 && err)
            *err = why;
    }
    return rc;
}

/* ---- lists ---- */

struct list {
    int64_t *row;
    size_t n, cap;
};

static int list_add(struct list *l, int64_t row, jl_err *err) {
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 1024;
        int64_t *more = realloc(l->row, cap * sizeof *more);
        if (!more)
            return jl_err_nomem(err);
        l->row = more;
        l->cap = cap;
    }
    l->row[l->n++] = row;
    return 0;
}

static int list_fill(struct list *l, jl_pg_stmt *stmt, jl_err *err) {
    int rc;
    while ((rc = jl_pg_step(stmt, err)) == 1)
        if (list_add(l, jl_pg_int(stmt, 0), err) != 0) {
            jl_pg_reset(stmt);
            return -1;
        }
    return rc;
}

static int list_changed(pg_store *s, const jl_find *what, struct list *l, jl_err *err) {
    jl_pg_stmt *stmt;
    if (pg_prepare(s, SLOT_CHANGED,
                   "SELECT row FROM jobline_job WHERE change > $1::int8 AND row > $2::int8 ORDER BY row", &stmt,
                   err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, (int64_t)what->changed_since);
    jl_pg_bind_int(stmt, 2, (int64_t)what->after);
    return list_fill(l, stmt, err);
}

/* Of "a:b:c" the id may be all of it, "b:c" or "c". */
static int keys_of_name(jl_span name, struct list *keys, jl_err *err) {
    for (;;) {
        if (list_add(keys, pg_key(name), err) != 0)
            return -1;
        const char *colon = name.n ? memchr(name.p, ':', name.n) : NULL;
        if (!colon)
            return 0;
        size_t skip = (size_t)(colon - name.p) + 1;
        name = (jl_span){name.p + skip, name.n - skip};
    }
}

static int list_named(pg_store *s, const jl_find *what, struct list *l, jl_err *err) {
    struct list ids = {0}, urls = {0};
    jl_pg_stmt *stmt;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < what->ids; i++)
        rc = keys_of_name(what->id[i], &ids, err);
    for (size_t i = 0; rc == 0 && i < what->urls; i++)
        rc = list_add(&urls, pg_key(what->url[i]), err);
    if (rc == 0)
        rc = pg_prepare(s, SLOT_NAMED,
                        "SELECT row FROM jobline_job WHERE id_key = ANY($1::int8[]) UNION"
                        " SELECT row FROM jobline_job WHERE url_key = ANY($2::int8[]) ORDER BY 1",
                        &stmt, err);
    if (rc == 0 && jl_pg_bind_ints(stmt, 1, ids.row, ids.n, err) == 0 &&
        jl_pg_bind_ints(stmt, 2, urls.row, urls.n, err) == 0)
        rc = list_fill(l, stmt, err);
    else
        rc = -1;
    free(ids.row);
    free(urls.row);
    return rc;
}

int pg_find(jl_jobs *base, const jl_find *what, jl_each_job each, void *self, jl_err *err) {
    pg_store *s = pg_store_of(base);
    struct walk w = {.s = s, .what = what, .each = each, .self = self, .after = what->after};
    struct list l = {0};
    int rc = what->after < INT64_MAX && what->changed_since < INT64_MAX ? pg_attach(s, err) : 0;
    if (rc <= 0)
        return rc;
    bool named = what->ids + what->urls > 0;
    if (named || what->changed_since) {
        if ((named ? list_named(s, what, &l, err) : list_changed(s, what, &l, err)) != 0) {
            free(l.row);
            return -1;
        }
        if (l.n == 0) {
            free(l.row);
            return 0;
        }
        w.row = l.row;
        w.n = l.n;
    }
    rc = walk(&w, err);
    free(l.row);
    return rc;
}

int pg_rows(jl_jobs *base, const uint64_t *row, size_t n, bool vectors, jl_each_job each, void *self, jl_err *err) {
    pg_store *s = pg_store_of(base);
    const jl_find what = {.lines = true, .vectors = vectors, .duplicates = true};
    struct walk w = {.s = s, .what = &what, .each = each, .self = self, .row = (const int64_t *)row, .n = n};
    int rc = n ? pg_attach(s, err) : 0;
    return rc <= 0 ? rc : walk(&w, err);
}
