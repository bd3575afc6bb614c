/* The nearest jobs to a vector, found in PostgreSQL by the extension pgvector.

   jobline_near names a table for each model: jobline_near_ID, a row for each
   job with a listing's vector of the model, as it was at the store's change
   that jobline_near tells, under an HNSW index. The digest of the vector tells
   which rows still hold. What was touched since and does not hold is read from
   the store itself.

   The index only proposes: rows come in its order, approximately by falling
   inner product, which for vectors of length 1 is the cosine. Facts are those
   of the job now, and scores are computed here from the stored vectors. Scans
   are iterative in relaxed order: strict order would leave out rows that the
   index finds late. Where few of the rows that it proposes pass, looking at all
   facts and at the vectors of those that pass costs less than asking it for
   more; that search is exact. So no filter loses a row. */
#include <stdio.h>
#include <stdlib.h>

#include "store/store_pg.h"
#include "vector/best.h"

#define DIMS_MOST 2000  /* of an HNSW index over the type vector */
#define VERSION_LEAST 8 /* 0.8, the first with iterative scans; thousands are the major version */
#define PAGE_BYTES ((size_t)4 << 20)
#define PIECE ((size_t)2000) /* vectors that are read by one statement */
#define MARGIN 64            /* rows more than wanted are asked for, as the order is not exact */
#define SWEEP_SHARE 8        /* more than one in so many rows are not asked of the index */

/* What jobline_near tells of one model; `rows` are those of its table. */
struct about {
    int64_t id; /* 0: nothing */
    uint64_t store, change, rows;
};

/* ---- the extension ---- */

static int near_refuse(pg_store *s, int64_t version, jl_err *err) {
    const char *name = jl_pg_name(s->db);
    if (version == 0)
        return jl_err_set(err, JL_CONFIG,
                          "%s: the extension pgvector is not installed there: "
                          "--retrieval=index serves",
                          name);
    if (version < 0)
        return jl_err_set(err, JL_CONFIG,
                          "%s: the extension pgvector is on the server but not in "
                          "this database (CREATE EXTENSION "
                          "vector): --retrieval=index serves",
                          name);
    return jl_err_set(err, JL_CONFIG,
                      "%s: pgvector %lld.%lld has no iterative scans, 0.8 has: "
                      "update the extension; "
                      "--retrieval=index serves",
                      name, (long long)(version / 1000), (long long)(version % 1000));
}

static int near_check(pg_store *s, const char *model, uint32_t dims, jl_err *err) {
    int64_t version;
    if (pg_ask(s, SLOT_NEAR_VERSION,
               "SELECT coalesce((SELECT split_part(extversion, '.', 1)::int8 * "
               "1000 + split_part(extversion, '.', "
               "2)::int8"
               " FROM pg_catalog.pg_extension WHERE extname = 'vector'),"
               " -(SELECT count(*) FROM pg_catalog.pg_available_extensions WHERE "
               "name = 'vector'))",
               &version, err) != 0)
        return -1;
    if (version < VERSION_LEAST)
        return near_refuse(s, version, err);
    if (dims > DIMS_MOST)
        return jl_err_set(err, JL_CONFIG,
                          "%s has %u dimensions, pgvector's index takes %d at "
                          "most: --retrieval=index serves",
                          model, dims, DIMS_MOST);
    return 0;
}

/* ---- jobline_near ---- */

static int near_there(pg_store *s, bool *there, jl_err *err) {
    int64_t is;
    int rc = pg_ask(s, SLOT_NEAR_THERE,
                    "SELECT EXISTS(SELECT FROM pg_catalog.pg_class"
                    " WHERE relname = 'jobline_near' AND "
                    "pg_catalog.pg_table_is_visible(oid))",
                    &is, err);
    *there = is != 0;
    return rc;
}

/* Statements have the table's name in them and are kept: one handle serves one
 * model. */
static int near_own(pg_store *s, int64_t id, jl_err *err) {
    if (s->near_id && s->near_id != id)
        return jl_err_set(err, JL_TEMPFAIL, "%s: the pgvector index is another than before: run it again",
                          jl_pg_name(s->db));
    s->near_id = id;
    return 0;
}

static int near_about(pg_store *s, const char *model, uint32_t dims, struct about *a, jl_err *err) {
    jl_pg_stmt *stmt;
    *a = (struct about){0};
    if (pg_prepare(s, SLOT_NEAR_ABOUT,
                   "SELECT id, store, change, rows FROM jobline_near WHERE model "
                   "= $1::bytea AND dims = $2::int8",
                   &stmt, err) != 0)
        return -1;
    jl_pg_bind_bytes(stmt, 1, jl_span_of(model));
    jl_pg_bind_int(stmt, 2, dims);
    int rc;
    while ((rc = jl_pg_step(stmt, err)) == 1)
        *a = (struct about){jl_pg_int(stmt, 0), (uint64_t)jl_pg_int(stmt, 1), (uint64_t)jl_pg_int(stmt, 2),
                            (uint64_t)jl_pg_int(stmt, 3)};
    return rc;
}

static bool near_fits(const struct about *a, const pg_meta *meta) {
    return a->id && a->store == meta->store && a->change <= meta->change;
}

/* "BEFORE jobline_near_ID AFTER", for the model at hand. */
static int near_sql(const pg_store *s, const char *before, const char *after, char *sql, size_t room, jl_err *err) {
    int n = snprintf(sql, room, "%s jobline_near_%lld %s", before, (long long)s->near_id, after);
    return n < 0 || (size_t)n >= room ? jl_err_set(err, JL_SOFTWARE, "a statement is too long") : 0;
}

static int near_prepare(pg_store *s, pg_slot slot, const char *before, const char *after, jl_pg_stmt **stmt,
                        jl_err *err) {
    char sql[1024];
    return near_sql(s, before, after, sql, sizeof sql, err) == 0 ? pg_prepare(s, slot, sql, stmt, err) : -1;
}

static int near_exec(pg_store *s, const char *before, const char *after, jl_err *err) {
    char sql[512];
    return near_sql(s, before, after, sql, sizeof sql, err) == 0 ? jl_pg_exec(s->db, sql, err) : -1;
}

/* The binary form of pgvector: the number of dimensions and nothing, 16 bits
   each, then floats with their highest byte first. `data`: little-endian
   floats. */
static int add_vector(jl_buf *to, jl_span data, jl_err *err) {
    size_t dims = data.n / 4;
    const char head[4] = {(char)(dims >> 8), (char)(dims & 0xff), 0, 0};
    if (jl_buf_reserve(to, sizeof head + data.n, err) != 0 || jl_buf_add(to, (jl_span){head, sizeof head}, err) != 0)
        return -1;
    for (size_t i = 0; i < dims; i++)
        for (size_t k = 4; k-- > 0;)
            to->p[to->n++] = data.p[4 * i + k];
    return 0;
}

/* ---- the index is brought up ---- */

struct indexing {
    pg_store *s;
    const char *model;
    uint32_t dims;
    jl_near_index *done;
    pg_meta meta;
    struct about about;
    /* a page of rows to come */
    int64_t *row;
    size_t n, most;
    jl_buf keys, vectors; /* as many of each, equally long */
};

static int index_make(struct indexing *x, jl_err *err) {
    pg_store *s = x->s;
    char sql[256];
    int64_t id;
    if (pg_ask(s, SLOT_NEAR_NEXT, "SELECT coalesce(max(id), 0) + 1 FROM jobline_near", &id, err) != 0 ||
        near_own(s, id, err) != 0)
        return -1;
    x->about.id = id;
    x->done->whole = true;
    (void)snprintf(sql, sizeof sql,
                   "(row int8 PRIMARY KEY, key bytea NOT NULL, embedding "
                   "vector(%u) NOT NULL)",
                   x->dims);
    return near_exec(s, "CREATE TABLE", sql, err);
}

/* What was made of another store, or of one that has been set back since, is of
 * no use. */
static int index_drop(struct indexing *x, jl_err *err) {
    char sql[128];
    (void)snprintf(sql, sizeof sql, "DROP TABLE jobline_near_%lld; DELETE FROM jobline_near WHERE id = %lld",
                   (long long)x->about.id, (long long)x->about.id);
    x->about = (struct about){0};
    return jl_pg_exec(x->s->db, sql, err);
}

static int index_begin(struct indexing *x, jl_err *err) {
    pg_store *s = x->s;
    *x->done = (jl_near_index){0};
    if (jl_pg_exec(s->db,
                   "SELECT pg_advisory_xact_lock(1785491555, "
                   "hashtext(current_schema()))",
                   err) != 0 ||
        jl_pg_exec(s->db,
                   "CREATE TABLE IF NOT EXISTS jobline_near(id int8 PRIMARY KEY, "
                   "model bytea NOT NULL, dims int8 NOT "
                   "NULL, store int8 NOT NULL, change int8 NOT NULL, rows int8 "
                   "NOT NULL, UNIQUE(model, dims))",
                   err) != 0 ||
        pg_read_meta(s, &x->meta, err) != 0 || near_about(s, x->model, x->dims, &x->about, err) != 0)
        return -1;
    if (x->about.id && !near_fits(&x->about, &x->meta) && index_drop(x, err) != 0)
        return -1;
    return x->about.id ? near_own(s, x->about.id, err) : index_make(x, err);
}

/* Rows whose job is no more, is a duplicate, or has another vector now. One
   that was touched after the change at which this began may stay or go: it is
   looked at again when jobs are searched. */
static int index_delete(struct indexing *x, jl_err *err) {
    jl_pg_stmt *stmt;
    if (near_prepare(x->s, SLOT_NEAR_DELETE, "DELETE FROM",
                     "n WHERE NOT EXISTS (SELECT FROM jobline_job j JOIN "
                     "jobline_vector v ON v.row = j.row"
                     " WHERE j.row = n.row AND j.first = 0 AND v.stage = 0 AND "
                     "v.model = $1::bytea AND v.dims = $2::int8"
                     " AND (j.change <= $3::int8 OR sha256(v.data) = n.key))",
                     &stmt, err) != 0)
        return -1;
    jl_pg_bind_bytes(stmt, 1, jl_span_of(x->model));
    jl_pg_bind_int(stmt, 2, x->dims);
    jl_pg_bind_int(stmt, 3, (int64_t)x->about.change);
    return jl_pg_run(stmt, &x->done->gone, err);
}

static int page_take(struct indexing *x, const jl_pg_stmt *stmt, jl_err *err) {
    jl_span data = jl_pg_bytes(stmt, 1);
    if (data.n != 4 * (size_t)x->dims)
        return jl_err_set(err, JL_CONFIG, "%s: job %lld: is damaged", jl_pg_name(x->s->db),
                          (long long)jl_pg_int(stmt, 0));
    x->row[x->n++] = jl_pg_int(stmt, 0);
    return jl_buf_add(&x->keys, jl_pg_bytes(stmt, 2), err) != 0 ? -1 : add_vector(&x->vectors, data, err);
}

/* The next rows that are missing. */
static int page_read(struct indexing *x, int64_t after, jl_err *err) {
    jl_pg_stmt *stmt;
    if (near_prepare(x->s, SLOT_NEAR_MISSING,
                     "SELECT j.row, v.data, sha256(v.data) FROM jobline_job j JOIN "
                     "jobline_vector v ON v.row = j.row"
                     " WHERE j.row > $1::int8 AND j.first = 0 AND j.change > $2::int8 AND "
                     "j.change <= $3::int8"
                     " AND v.stage = 0 AND v.model = $4::bytea AND v.dims = $5::int8"
                     " AND NOT EXISTS (SELECT FROM",
                     "n WHERE n.row = j.row) ORDER BY j.row LIMIT $6::int8", &stmt, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, after);
    jl_pg_bind_int(stmt, 2, (int64_t)x->about.change);
    jl_pg_bind_int(stmt, 3, (int64_t)x->meta.change);
    jl_pg_bind_bytes(stmt, 4, jl_span_of(x->model));
    jl_pg_bind_int(stmt, 5, x->dims);
    jl_pg_bind_int(stmt, 6, (int64_t)x->most);
    x->n = 0;
    jl_buf_clear(&x->keys);
    jl_buf_clear(&x->vectors);
    int rc;
    while ((rc = jl_pg_step(stmt, err)) == 1)
        if (page_take(x, stmt, err) != 0) {
            jl_pg_reset(stmt);
            return -1;
        }
    return rc;
}

static int page_write(struct indexing *x, jl_err *err) {
    char table[64];
    size_t key = x->keys.n / x->n, vector = x->vectors.n / x->n;
    (void)snprintf(table, sizeof table, "jobline_near_%lld(row, key, embedding)", (long long)x->about.id);
    if (jl_pg_copy(x->s->db, table, 3, err) != 0)
        return -1;
    for (size_t i = 0; i < x->n; i++)
        if (jl_pg_copy_int(x->s->db, x->row[i], err) != 0 ||
            jl_pg_copy_bytes(x->s->db, (jl_span){x->keys.p + i * key, key}, err) != 0 ||
            jl_pg_copy_bytes(x->s->db, (jl_span){x->vectors.p + i * vector, vector}, err) != 0)
            return -1;
    x->done->added += x->n;
    return jl_pg_copy_end(x->s->db, err);
}

static int index_fill(struct indexing *x, jl_err *err) {
    int64_t after = 0;
    do {
        if (page_read(x, after, err) != 0 || (x->n && page_write(x, err) != 0))
            return -1;
        after = x->n ? x->row[x->n - 1] : after;
    } while (x->n == x->most);
    return 0;
}

/* Built at the end, which takes a fraction of what a row at a time would. */
static int index_end(struct indexing *x, jl_err *err) {
    jl_pg_stmt *stmt;
    if (x->done->whole && near_exec(x->s, "CREATE INDEX ON", "USING hnsw (embedding vector_ip_ops)", err) != 0)
        return -1;
    x->done->rows = x->about.rows + x->done->added - x->done->gone;
    if (pg_prepare(x->s, SLOT_NEAR_NOTE,
                   "INSERT INTO jobline_near VALUES($1::int8, $2::bytea, "
                   "$3::int8, $4::int8, $5::int8, $6::int8)"
                   " ON CONFLICT (id) DO UPDATE SET change = excluded.change, "
                   "rows = excluded.rows",
                   &stmt, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, x->about.id);
    jl_pg_bind_bytes(stmt, 2, jl_span_of(x->model));
    jl_pg_bind_int(stmt, 3, x->dims);
    jl_pg_bind_int(stmt, 4, (int64_t)x->meta.store);
    jl_pg_bind_int(stmt, 5, (int64_t)x->meta.change);
    jl_pg_bind_int(stmt, 6, (int64_t)x->done->rows);
    return jl_pg_run(stmt, NULL, err);
}

/* One transaction, so that an index is there whole, or as it was. Those who
 * search and those who store go on meanwhile. */
static int index_body(void *self, jl_err *err) {
    struct indexing *x = self;
    if (index_begin(x, err) != 0)
        return -1;
    x->done->rows = x->about.rows;
    if (!x->done->whole && x->about.change == x->meta.change)
        return 0;
    x->done->written = true;
    if (!x->done->whole && index_delete(x, err) != 0)
        return -1;
    return index_fill(x, err) == 0 ? index_end(x, err) : -1;
}

int pg_near_index(jl_jobs *base, const char *model, uint32_t dims, jl_near_index *done, jl_err *err) {
    pg_store *s = pg_store_of(base);
    struct indexing x = {.s = s, .model = model, .dims = dims, .done = done};
    *done = (jl_near_index){0};
    if (near_check(s, model, dims, err) != 0)
        return -1;
    int rc = pg_attach(s, err);
    if (rc <= 0)
        return rc;
    x.most = PAGE_BYTES / (4 * (size_t)dims);
    x.row = calloc(x.most, sizeof *x.row);
    if (!x.row)
        return jl_err_nomem(err);
    jl_pg_silence(s->db, INT64_MAX);
    rc = jl_pg_transact(s->db, JL_PG_WRITE, index_body, &x, err);
    jl_pg_silence(s->db, 0);
    free(x.row);
    jl_buf_free(&x.keys);
    jl_buf_free(&x.vectors);
    return rc;
}

/* ---- a search ---- */

struct search {
    pg_store *s;
    const jl_nearest *what;
    jl_near_index *about;
    pg_meta meta;
    struct about index;
    jl_best *best; /* of each query */
    bool *swept;   /* queries for which all jobs were looked at */
    int64_t *row;  /* that pass, for one query */
    size_t n, cap;
    size_t proposed;
    jl_buf bytes;
};

static void offer(struct search *f, size_t query, uint64_t row, const float *vector) {
    jl_best *b = &f->best[query];
    float score = jl_vector_dot(f->what->queries + query * f->what->dims, vector, f->what->dims);
    if (!jl_best_wants(b, score, row))
        return;
    b->list[b->n++] = (jl_near){.score = score, .row = row};
    if (b->n == b->room)
        jl_best_drop(b);
}

/* Bytes of a row are of any alignment. */
static const float *floats_of(struct search *f, jl_span data, jl_err *err) {
    jl_buf_clear(&f->bytes);
    if (data.n != sizeof(float) * f->what->dims) {
        (void)jl_err_set(err, JL_CONFIG, "%s: a vector is damaged", jl_pg_name(f->s->db));
        return NULL;
    }
    return jl_buf_add(&f->bytes, data, err) == 0 ? (const float *)(const void *)f->bytes.p : NULL;
}

static int facts_of(const struct search *f, jl_span bytes, jl_facts *facts, jl_err *err) {
    if (bytes.n != sizeof *facts)
        return jl_err_set(err, JL_CONFIG, "%s: the facts of a job are damaged", jl_pg_name(f->s->db));
    memcpy(facts, bytes.p, sizeof *facts);
    return 0;
}

/* The rows of a statement with columns row, facts that pass. */
static int take_passing(struct search *f, size_t query, jl_pg_stmt *stmt, jl_err *err) {
    jl_facts facts;
    int rc;
    f->n = f->proposed = 0;
    while ((rc = jl_pg_step(stmt, err)) == 1) {
        f->proposed++;
        rc = facts_of(f, jl_pg_bytes(stmt, 1), &facts, err);
        if (rc == 0 && jl_facts_pass(&facts, f->what->ask[query])) {
            if (f->n == f->cap) {
                size_t cap = f->cap ? 2 * f->cap : 4096;
                int64_t *more = realloc(f->row, cap * sizeof *more);
                rc = more ? 0 : jl_err_nomem(err);
                f->row = more ? more : f->row;
                f->cap = more ? cap : f->cap;
            }
            if (rc == 0)
                f->row[f->n++] = jl_pg_int(stmt, 0);
        }
        if (rc != 0) {
            jl_pg_reset(stmt);
            return -1;
        }
    }
    return rc;
}

static int score_piece(struct search *f, size_t query, const int64_t *row, size_t n, jl_err *err) {
    jl_pg_stmt *stmt;
    if (pg_prepare(f->s, SLOT_NEAR_VECTORS,
                   "SELECT row, data FROM jobline_vector WHERE row = "
                   "ANY($1::int8[]) AND stage = 0 AND model = $2::bytea"
                   " AND dims = $3::int8",
                   &stmt, err) != 0 ||
        jl_pg_bind_ints(stmt, 1, row, n, err) != 0)
        return -1;
    jl_pg_bind_bytes(stmt, 2, jl_span_of(f->what->model));
    jl_pg_bind_int(stmt, 3, f->what->dims);
    int rc;
    while ((rc = jl_pg_step(stmt, err)) == 1) {
        const float *vector = floats_of(f, jl_pg_bytes(stmt, 1), err);
        if (!vector) {
            jl_pg_reset(stmt);
            return -1;
        }
        offer(f, query, (uint64_t)jl_pg_int(stmt, 0), vector);
    }
    return rc;
}

/* The rows at hand by their vectors as they are stored. */
static int score_rows(struct search *f, size_t query, jl_err *err) {
    for (size_t i = 0; i < f->n; i += PIECE)
        if (score_piece(f, query, f->row + i, f->n - i < PIECE ? f->n - i : PIECE, err) != 0)
            return -1;
    return 0;
}

static int64_t seen_after(const jl_ask_facts *ask) {
    return ask->seen_after > 0 ? ask->seen_after : INT64_MIN;
}

/* What SQL can tell of the filters; jl_facts_pass decides. $1: last_seen, $2:
 * statuses. */
#define PASSING                                                                                                        \
    "j.first = 0 AND j.last_seen >= $1::int8 AND ($2::int8 = 0 OR (1::int8 << "                                        \
    "j.status::int4) & $2 <> 0)"

/* Every job is looked at: exact, and at its best where few pass. */
static int sweep(struct search *f, size_t query, jl_err *err) {
    jl_pg_stmt *stmt;
    if (pg_prepare(f->s, SLOT_NEAR_SWEEP, "SELECT j.row, j.facts FROM jobline_job j WHERE " PASSING, &stmt, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, seen_after(f->what->ask[query]));
    jl_pg_bind_int(stmt, 2, f->what->ask[query]->statuses);
    f->swept[query] = true;
    return take_passing(f, query, stmt, err) == 0 ? score_rows(f, query, err) : -1;
}

/* The planner knows neither how many rows a filter leaves nor what sorting all
   of them costs. JIT would be started by the costs that ways which are not
   wanted have. */
static const char plan_by_index[] = "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off;"
                                    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"
                                    "SET LOCAL jit = off; SET LOCAL hnsw.iterative_scan = relaxed_order;"
                                    "SET LOCAL hnsw.max_scan_tuples = 2147483647;"
                                    "SET LOCAL hnsw.scan_mem_multiplier = 16";
static const char plan_freely[] = "SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on;"
                                  "SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on";

static int bind_nearest(struct search *f, size_t query, jl_pg_stmt *stmt, size_t most, jl_err *err) {
    const jl_nearest *w = f->what;
    jl_span data = {(const char *)(w->queries + query * w->dims), sizeof(float) * w->dims};
    jl_buf_clear(&f->bytes);
    if (add_vector(&f->bytes, data, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, seen_after(w->ask[query]));
    jl_pg_bind_int(stmt, 2, w->ask[query]->statuses);
    jl_pg_bind_int(stmt, 3, (int64_t)f->index.change);
    jl_pg_bind_bytes(stmt, 4, jl_span_of(w->model));
    jl_pg_bind_int(stmt, 5, w->dims);
    jl_pg_bind_bytes(stmt, 6, jl_buf_span(&f->bytes));
    jl_pg_bind_int(stmt, 7, (int64_t)most);
    return 0;
}

/* The rows that pass of the first `most` of the index. */
static int propose(struct search *f, size_t query, size_t most, jl_err *err) {
    jl_pg_stmt *stmt;
    char effort[64];
    size_t wide = most < 100 ? 100 : most > 1000 ? 1000 : most;
    (void)snprintf(effort, sizeof effort, "SET LOCAL hnsw.ef_search = %zu", wide);
    if (jl_pg_exec(f->s->db, plan_by_index, err) != 0 || jl_pg_exec(f->s->db, effort, err) != 0 ||
        near_prepare(f->s, SLOT_NEAR_NEAREST, "SELECT j.row, j.facts FROM",
                     "n JOIN jobline_job j ON j.row = n.row WHERE " PASSING
                     " AND (j.change <= $3::int8 OR EXISTS (SELECT FROM "
                     "jobline_vector v WHERE v.row = j.row AND v.stage "
                     "= 0 AND v.model = $4::bytea AND v.dims = $5::int8 AND "
                     "sha256(v.data) = n.key))"
                     " ORDER BY n.embedding <#> $6::vector LIMIT $7::int8",
                     &stmt, err) != 0 ||
        bind_nearest(f, query, stmt, most, err) != 0 || take_passing(f, query, stmt, err) != 0)
        return -1;
    return jl_pg_exec(f->s->db, plan_freely, err);
}

/* When too few pass, the index is asked once more, for as many as should be
 * enough by the share that passed. */
static int search_one(struct search *f, size_t query, jl_err *err) {
    size_t k = f->what->k, most = k + k / 4 + MARGIN, limit = (size_t)f->index.rows / SWEEP_SHARE;
    while (most <= limit) {
        if (propose(f, query, most, err) != 0)
            return -1;
        if (f->n >= k)
            return score_rows(f, query, err);
        if (f->proposed < most || f->n == 0)
            break;
        size_t more = (size_t)(1.3 * (double)most * (double)k / (double)f->n) + MARGIN;
        most = more > most ? more : 2 * most;
    }
    return sweep(f, query, err);
}

/* ---- what the index does not hold ---- */

static int touched_row(struct search *f, const jl_pg_stmt *stmt, jl_err *err) {
    jl_facts facts;
    const float *vector = floats_of(f, jl_pg_bytes(stmt, 2), err);
    if (!vector || facts_of(f, jl_pg_bytes(stmt, 1), &facts, err) != 0)
        return -1;
    f->about->touched++;
    for (size_t i = 0; i < f->what->n; i++)
        if (!f->swept[i] && jl_facts_pass(&facts, f->what->ask[i]))
            offer(f, i, (uint64_t)jl_pg_int(stmt, 0), vector);
    return 0;
}

static int search_touched(struct search *f, jl_err *err) {
    jl_pg_stmt *stmt;
    if (f->index.change == f->meta.change)
        return 0;
    if (near_prepare(f->s, SLOT_NEAR_TOUCHED,
                     "SELECT j.row, j.facts, v.data FROM jobline_job j JOIN "
                     "jobline_vector v ON v.row = j.row"
                     " WHERE j.change > $1::int8 AND j.first = 0 AND v.stage = 0 "
                     "AND v.model = $2::bytea AND v.dims = "
                     "$3::int8 AND NOT EXISTS (SELECT FROM",
                     "n WHERE n.row = j.row AND n.key = sha256(v.data))", &stmt, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, (int64_t)f->index.change);
    jl_pg_bind_bytes(stmt, 2, jl_span_of(f->what->model));
    jl_pg_bind_int(stmt, 3, f->what->dims);
    int rc;
    while ((rc = jl_pg_step(stmt, err)) == 1)
        if (touched_row(f, stmt, err) != 0) {
            jl_pg_reset(stmt);
            return -1;
        }
    return rc;
}

static int search_begin(struct search *f, jl_err *err) {
    bool there;
    *f->about = (jl_near_index){0};
    if (pg_read_meta(f->s, &f->meta, err) != 0 || near_there(f->s, &there, err) != 0 ||
        (there && near_about(f->s, f->what->model, f->what->dims, &f->index, err) != 0))
        return -1;
    if (!near_fits(&f->index, &f->meta))
        return jl_err_set(err, JL_CONFIG,
                          "%s: no pgvector index of %s there: job-store index "
                          "--retrieval=pgvector makes it",
                          jl_pg_name(f->s->db), f->what->model);
    f->about->rows = f->index.rows;
    for (size_t i = 0; i < f->what->n; i++) {
        jl_best_start(&f->best[i], f->what->k);
        f->swept[i] = false;
    }
    return near_own(f->s, f->index.id, err);
}

/* One state of the store for all of it. */
static int search_body(void *self, jl_err *err) {
    struct search *f = self;
    if (search_begin(f, err) != 0)
        return -1;
    bool all = true;
    for (size_t i = 0; i < f->what->n; i++) {
        if (search_one(f, i, err) != 0)
            return -1;
        all = all && f->swept[i];
    }
    return f->what->n && all ? 0 : search_touched(f, err);
}

static void search_free(struct search *f) {
    for (size_t i = 0; f->best && i < f->what->n; i++) {
        free(f->best[i].list);
        free(f->best[i].scratch);
    }
    free(f->best);
    free(f->swept);
    free(f->row);
    jl_buf_free(&f->bytes);
}

static int search_make(struct search *f, jl_err *err) {
    size_t n = f->what->n, room = jl_best_room(f->what->k);
    f->best = calloc(n + 1, sizeof *f->best);
    f->swept = calloc(n + 1, sizeof *f->swept);
    if (!f->best || !f->swept)
        return jl_err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        f->best[i].list = malloc(room * sizeof *f->best[i].list);
        f->best[i].scratch = malloc(room * sizeof *f->best[i].scratch);
        if (!f->best[i].list || !f->best[i].scratch)
            return jl_err_nomem(err);
    }
    return 0;
}

static void give_hits(const struct search *f, jl_hit *hit, size_t *hits) {
    for (size_t i = 0; i < f->what->n; i++) {
        jl_best *b = &f->best[i];
        jl_best_drop(b);
        hits[i] = b->n < f->what->k ? b->n : f->what->k;
        for (size_t k = 0; k < hits[i]; k++)
            hit[i * f->what->k + k] = (jl_hit){b->list[k].row, b->list[k].score};
    }
}

int pg_near(jl_jobs *base, const jl_nearest *what, jl_hit *hit, size_t *hits, jl_near_index *about, jl_err *err) {
    pg_store *s = pg_store_of(base);
    struct search f = {.s = s, .what = what, .about = about};
    *about = (jl_near_index){0};
    for (size_t i = 0; i < what->n; i++)
        hits[i] = 0;
    if (near_check(s, what->model, what->dims, err) != 0)
        return -1;
    int rc = pg_attach(s, err);
    if (rc <= 0)
        return rc;
    rc = search_make(&f, err);
    if (rc == 0)
        rc = jl_pg_transact(s->db, JL_PG_READ, search_body, &f, err);
    if (rc == 0)
        give_hits(&f, hit, hits);
    search_free(&f);
    return rc;
}
