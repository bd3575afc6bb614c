/* The rows of a table of jobs in SQLite.

   A job is one row of `job`: its line, whose texts are read out of it again when they are needed, the facts as they stand in
   memory, and integers where an index or a count wants them. Keys of indices are 32-bit hashes: their pages, of which a put
   of thousands of jobs writes all, twice, are what it costs beside the jobs' own bytes. Who finds a row by one compares the texts; among ten
   million jobs one look in 400 compares in vain. Vectors lie apart, for whoever lists jobs reads none. */
#include "store/store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "jsonl/json.h"

#define VERSION 1
#define READ_CACHE_KIB 1024 /* the inner pages, and some to be read */
#define WRITE_CACHE_KIB (32 << 10)

/* Versions that were: step[v] makes version v + 1 of version v. The first is yet to come. */
static const char *const steps[VERSION] = {NULL};

/* job.key       of the id; with another source it is another job
   job.link      of the URL, when there is one
   job.content   of the content hash, when the job has the description itself
   job.waiting   queued or failed, and not given up
   job.listing, job.full   models of its vectors
   model.listing, model.full   how many jobs, duplicates left out, have such a vector
   vector.cell   row * 2 + stage */
static const jl_sqlite_kind file_kind = {
    .what = "a store of jobs",
    .application_id = 0x6a6c6a62, /* "jljb" */
    .version = VERSION,
    .schema =
        "CREATE TABLE head(number INTEGER NOT NULL, change INTEGER NOT NULL, row INTEGER NOT NULL,"
        " forgotten INTEGER NOT NULL);"
        "INSERT INTO head VALUES(random(), 0, 0, 0);"
        "CREATE TABLE model(id INTEGER PRIMARY KEY, name BLOB NOT NULL, dims INTEGER NOT NULL,"
        " listing INTEGER NOT NULL DEFAULT 0, full INTEGER NOT NULL DEFAULT 0, UNIQUE(name, dims));"
        "CREATE TABLE job(row INTEGER PRIMARY KEY, change INTEGER NOT NULL, key INTEGER NOT NULL, link INTEGER,"
        " content INTEGER, first INTEGER NOT NULL, marked INTEGER NOT NULL, waiting INTEGER NOT NULL,"
        " listing INTEGER NOT NULL, full INTEGER NOT NULL, facts BLOB NOT NULL, line BLOB NOT NULL);"
        "CREATE INDEX job_key ON job(key);"
        "CREATE INDEX job_link ON job(link) WHERE link IS NOT NULL;"
        "CREATE INDEX job_content ON job(content) WHERE content IS NOT NULL;"
        "CREATE INDEX job_first ON job(first) WHERE first <> 0;"
        "CREATE INDEX job_waiting ON job(marked) WHERE waiting = 1;"
        "CREATE INDEX job_change ON job(change);"
        "CREATE TABLE vector(cell INTEGER PRIMARY KEY, data BLOB NOT NULL);"
        "CREATE TABLE gone(change INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY(change, row)) WITHOUT ROWID;",
    .step = steps,
    .cache_kib = READ_CACHE_KIB,
};

#define JOB_FACTS_COLUMNS "row, change, first, marked, waiting, listing, full, facts"
#define JOB_COLUMNS JOB_FACTS_COLUMNS ", line"

enum column { ROW, CHANGE, FIRST, MARKED, WAITING, LISTING, FULL, FACTS, LINE };

static const char *const sql[QUERIES] = {
    [HEAD_READ] = "SELECT number, change, row, forgotten FROM head",
    [HEAD_WRITE] = "UPDATE head SET change = ?, row = ?, forgotten = ?",
    [MODEL_LIST] = "SELECT id, name, dims, listing, full FROM model ORDER BY id",
    [MODEL_ADD] = "INSERT INTO model(id, name, dims) VALUES(?, ?, ?)",
    [MODEL_COUNT] = "UPDATE model SET listing = listing + ?2, full = full + ?3 WHERE id = ?1",
    [JOB_BY_ROW] = "SELECT " JOB_COLUMNS " FROM job WHERE row = ?",
    [JOB_BY_KEY] = "SELECT " JOB_COLUMNS " FROM job WHERE key = ? ORDER BY row",
    [JOB_BY_LINK] = "SELECT " JOB_COLUMNS " FROM job WHERE link = ? ORDER BY row",
    [JOB_BY_CONTENT] = "SELECT " JOB_COLUMNS " FROM job WHERE content = ? ORDER BY row",
    [JOB_ADD] = "INSERT INTO job(row, change, key, link, content, first, marked, waiting, listing, full, facts, line)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [JOB_CHANGE] = "UPDATE job SET change = ?2, listing = ?9, full = ?10, facts = ?11, line = ?12 WHERE row = ?1",
    [JOB_CHANGE_ALL] = "UPDATE job SET change = ?2, key = ?3, link = ?4, content = ?5, first = ?6, marked = ?7,"
                       " waiting = ?8, listing = ?9, full = ?10, facts = ?11, line = ?12 WHERE row = ?1",
    [JOB_DELETE] = "DELETE FROM job WHERE row = ?",
    [JOB_HAS_DUPLICATES] = "SELECT 1 FROM job WHERE first = ? AND first <> 0 LIMIT 1",
    [JOB_DUPLICATES] = "SELECT row FROM job WHERE first = ? AND first <> 0 ORDER BY row",
    [JOB_SCAN] = "SELECT " JOB_COLUMNS " FROM job WHERE row > ? ORDER BY row",
    [JOB_SCAN_FACTS] = "SELECT " JOB_FACTS_COLUMNS " FROM job WHERE row > ? ORDER BY row",
    [JOB_FACTS_BY_ROW] = "SELECT " JOB_FACTS_COLUMNS " FROM job WHERE row = ?",
    [JOB_CHANGED] = "SELECT row FROM job WHERE change > ? AND row > ?",
    [JOB_WAITING] = "SELECT row FROM job WHERE marked < ? AND waiting = 1",
    [JOB_COUNT] = "SELECT " JOB_FACTS_COLUMNS " FROM job",
    [VECTOR_READ] = "SELECT data FROM vector WHERE cell = ?",
    [VECTOR_WRITE] = "REPLACE INTO vector(cell, data) VALUES(?, ?)",
    [VECTOR_DELETE] = "DELETE FROM vector WHERE cell = ?",
    [GONE_ADD] = "INSERT INTO gone(change, row) VALUES(?, ?)",
    [GONE_LIST] = "SELECT row FROM gone WHERE change > ?",
    [GONE_FORGET] = "DELETE FROM gone",
    [INTEGRITY] = "PRAGMA integrity_check(1)",
};

int64_t jl_jfile_key(jl_span text) {
    return (int32_t)jl_digest(text, 0);
}

/* ---- file, transactions ---- */

static void forget_models(jl_jfile *f) {
    f->models = 0;
}

int jl_jfile_attach(jl_jfile *f, bool create, jl_err *err) {
    if (f->db && jl_sqlite_gone(f->db)) {
        jl_sqlite_close(f->db);
        f->db = NULL;
        f->importing = false;
    }
    if (f->db)
        return 0;
    f->roomy = false;
    forget_models(f);
    if (!f->postings && !(f->postings = jl_postings_new(err)))
        return -1;
    if (create && jl_sqlite_make_file(f->path, 0660, err) != 0)
        return -1;
    return jl_sqlite_open(&f->db, f->path, &file_kind, f->patience, create, err);
}

jl_sqlite_stmt *jl_jfile_ready(jl_jfile *f, enum jl_jfile_query q, jl_err *err) {
    return jl_sqlite_prepare(f->db, &f->stmt[q], sql[q], err) == 0 ? f->stmt[q] : NULL;
}

int jl_jfile_damaged(const jl_jfile *f, const char *what, jl_err *err) {
    return jl_err_set(err, JL_CONFIG, "%s: is damaged: %s", f->path, what);
}

int jl_jfile_head(jl_jfile *f, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, HEAD_READ, err);
    int rc = s ? jl_sqlite_step(s, err) : -1;
    if (rc < 0)
        return -1;
    if (rc == 0)
        return jl_jfile_damaged(f, "its head is missing", err);
    f->number = jl_sqlite_int(s, 0);
    f->change = jl_sqlite_int(s, 1);
    f->row = jl_sqlite_int(s, 2);
    f->forgotten = jl_sqlite_int(s, 3);
    jl_sqlite_reset(s);
    return 0;
}

int jl_jfile_enter(jl_jfile *f, jl_err *err) {
    if (!f->roomy && jl_sqlite_cache(f->db, WRITE_CACHE_KIB, err) != 0)
        return -1;
    f->roomy = true;
    if (jl_sqlite_begin(f->db, true, err) != 0)
        return -1;
    f->changed = false;
    f->writing = true;
    if (jl_jfile_head(f, err) == 0 && jl_jfile_models(f, err) == 0)
        return 0;
    f->writing = false;
    jl_sqlite_rollback(f->db);
    return -1;
}

int64_t jl_jfile_touch(jl_jfile *f) {
    if (!f->changed)
        f->change++;
    f->changed = true;
    return f->change;
}

static int write_counts(jl_jfile *f, jl_jfile_model *m, jl_err *err) {
    if (m->more[JL_STAGE_LISTING] == 0 && m->more[JL_STAGE_FULL] == 0)
        return 0;
    jl_sqlite_stmt *s = jl_jfile_ready(f, MODEL_COUNT, err);
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, m->id);
    jl_sqlite_bind_int(s, 2, m->more[JL_STAGE_LISTING]);
    jl_sqlite_bind_int(s, 3, m->more[JL_STAGE_FULL]);
    memset(m->more, 0, sizeof m->more);
    return jl_sqlite_run(s, err);
}

static int write_head(jl_jfile *f, jl_err *err) {
    for (size_t i = 0; i < f->models; i++)
        if (write_counts(f, f->model[i], err) != 0)
            return -1;
    jl_sqlite_stmt *s = jl_jfile_ready(f, HEAD_WRITE, err);
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, f->change);
    jl_sqlite_bind_int(s, 2, f->row);
    jl_sqlite_bind_int(s, 3, f->forgotten);
    return jl_sqlite_run(s, err);
}

int jl_jfile_leave(jl_jfile *f, int rc, jl_err *err) {
    f->writing = false;
    if (rc >= 0 && f->changed) {
        if (write_head(f, err) == 0 && jl_sqlite_commit(f->db, err) == 0)
            return rc;
        rc = -1;
    }
    jl_sqlite_rollback(f->db);
    if (f->changed)
        forget_models(f);
    f->changed = false;
    return rc;
}

/* ---- models ---- */

/* Each stays where it is: vectors that were read name it. */
static jl_jfile_model *model_room(jl_jfile *f, jl_err *err) {
    if (f->models == f->model_room) {
        size_t room = f->model_room ? f->model_room * 2 : 8;
        jl_jfile_model **more = realloc(f->model, room * sizeof *more);
        if (!more) {
            (void)jl_err_nomem(err);
            return NULL;
        }
        memset(more + f->model_room, 0, (room - f->model_room) * sizeof *more);
        f->model = more;
        f->model_room = room;
    }
    jl_jfile_model **m = &f->model[f->models];
    if (!*m && !(*m = calloc(1, sizeof **m)))
        (void)jl_err_nomem(err);
    return *m;
}

static int model_note(jl_jfile *f, int64_t id, jl_span name, uint32_t dims, jl_err *err) {
    if (name.n >= JL_MODEL_MAX)
        return jl_jfile_damaged(f, "a model's name is too long", err);
    jl_jfile_model *m = model_room(f, err);
    if (!m)
        return -1;
    *m = (jl_jfile_model){.dims = dims, .id = id};
    memcpy(m->name, name.p, name.n);
    f->models++;
    return 0;
}

int jl_jfile_models(jl_jfile *f, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, MODEL_LIST, err);
    int rc = s ? 1 : -1;
    forget_models(f);
    while (rc == 1 && (rc = jl_sqlite_step(s, err)) == 1) {
        if (model_note(f, jl_sqlite_int(s, 0), jl_sqlite_bytes(s, 1), (uint32_t)jl_sqlite_int(s, 2), err) != 0) {
            jl_sqlite_reset(s);
            return -1;
        }
        for (int stage = 0; stage < JL_STAGES; stage++)
            f->model[f->models - 1]->rows[stage] = jl_sqlite_int(s, 3 + stage);
    }
    return rc;
}

static jl_jfile_model *model_known(jl_jfile *f, int64_t id) {
    for (size_t i = 0; i < f->models; i++)
        if (f->model[i]->id == id)
            return f->model[i];
    return NULL;
}

const jl_jfile_model *jl_jfile_model_of(jl_jfile *f, int64_t id, jl_err *err) {
    if (!model_known(f, id) && !f->writing && jl_jfile_models(f, err) != 0)
        return NULL;
    const jl_jfile_model *m = model_known(f, id);
    if (!m)
        (void)jl_jfile_damaged(f, "a vector of no model", err);
    return m;
}

static jl_jfile_model *model_named(jl_jfile *f, const jl_vector *v) {
    for (size_t i = 0; i < f->models; i++)
        if (f->model[i]->dims == v->n && jl_span_eq(jl_span_of(f->model[i]->name), v->model))
            return f->model[i];
    return NULL;
}

/* The id of a vector's model, which becomes known to the file when it is not yet; 0 for no vector, -1 with err. */
static int64_t model_id(jl_jfile *f, const jl_vector *v, jl_err *err) {
    if (v->n == 0)
        return 0;
    jl_jfile_model *m = model_named(f, v);
    if (m)
        return m->id;
    int64_t id = f->models ? f->model[f->models - 1]->id + 1 : 1;
    jl_sqlite_stmt *s = jl_jfile_ready(f, MODEL_ADD, err);
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, id);
    jl_sqlite_bind_blob(s, 2, v->model.p, v->model.n);
    jl_sqlite_bind_int(s, 3, v->n);
    if (jl_sqlite_run(s, err) != 0 || model_note(f, id, v->model, v->n, err) != 0)
        return -1;
    return id;
}

static void count_vectors(jl_jfile *f, const int64_t model[JL_STAGES], uint64_t first, int64_t by) {
    for (size_t stage = 0; stage < JL_STAGES; stage++) {
        jl_jfile_model *m = model[stage] && first == 0 ? model_known(f, model[stage]) : NULL;
        if (m)
            m->more[stage] += by;
    }
}

/* ---- reading one job ---- */

/* With an LF and the bytes that a scanner may look at behind it. */
static int keep_line(jl_buf *to, jl_span line, jl_err *err) {
    jl_buf_clear(to);
    if (jl_buf_reserve(to, line.n + 1 + JL_PAD, err) != 0)
        return -1;
    memcpy(to->p, line.p, line.n);
    to->p[line.n] = '\n';
    memset(to->p + line.n + 1, 0, JL_PAD);
    to->n = line.n;
    return 0;
}

int jl_jfile_row_columns(jl_jfile *f, jl_sqlite_stmt *s, jl_jfile_row *r, jl_err *err) {
    jl_stored_job *j = &r->job;
    *j = (jl_stored_job){.row = (uint64_t)jl_sqlite_int(s, ROW),
                         .change = (uint64_t)jl_sqlite_int(s, CHANGE),
                         .first = (uint64_t)jl_sqlite_int(s, FIRST),
                         .marked = jl_sqlite_int(s, MARKED)};
    r->waiting = jl_sqlite_int(s, WAITING) != 0;
    r->model[JL_STAGE_LISTING] = jl_sqlite_int(s, LISTING);
    r->model[JL_STAGE_FULL] = jl_sqlite_int(s, FULL);
    jl_span facts = jl_sqlite_bytes(s, FACTS);
    if (facts.n != sizeof j->job.facts)
        return jl_jfile_damaged(f, "a job's facts have another length", err);
    memcpy(&j->job.facts, facts.p, facts.n);
    return 0;
}

jl_span jl_jfile_line(jl_sqlite_stmt *s) {
    return jl_sqlite_bytes(s, LINE);
}

int jl_jfile_load(jl_jfile *f, jl_span line, jl_buf *text, jl_posting *posting, jl_err *err) {
    jl_facts facts = posting->facts;
    jl_buf_clear(text);
    if (jl_postings_load(f->postings, line, text, posting, err) != 0)
        return err->class == JL_SOFTWARE ? -1 : jl_jfile_damaged(f, "a job's line is none", err);
    posting->facts = facts;
    return 0;
}

/* Fills `r` from the row of a statement whose columns are those of JOB_COLUMNS. The vectors stay empty. */
static int take_row(jl_jfile *f, jl_sqlite_stmt *s, jl_jfile_row *r, jl_err *err) {
    if (jl_jfile_row_columns(f, s, r, err) != 0 || keep_line(&r->line, jl_sqlite_bytes(s, LINE), err) != 0)
        return -1;
    return jl_jfile_load(f, jl_buf_span(&r->line), &r->text, &r->job.job, err);
}

int jl_jfile_vector(jl_jfile *f, uint64_t row, jl_stage stage, jl_buf *out, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, VECTOR_READ, err);
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, (int64_t)row * 2 + (int64_t)stage);
    int rc = jl_sqlite_step(s, err);
    if (rc != 1)
        return rc;
    rc = jl_buf_add(out, jl_sqlite_bytes(s, 0), err) == 0 ? 1 : -1;
    jl_sqlite_reset(s);
    return rc;
}

/* The vectors of both stages lie one behind the other in r->vector. */
static int row_vectors(jl_jfile *f, jl_jfile_row *r, jl_err *err) {
    size_t end[JL_STAGES];
    jl_buf_clear(&r->vector);
    for (jl_stage stage = 0; stage < JL_STAGES; stage++) {
        if (r->model[stage]) {
            int rc = jl_jfile_vector(f, r->job.row, stage, &r->vector, err);
            if (rc != 1)
                return rc < 0 ? -1 : jl_jfile_damaged(f, "a vector is missing", err);
        }
        end[stage] = r->vector.n;
    }
    for (size_t stage = 0, from = 0; stage < JL_STAGES; from = end[stage++]) {
        const jl_jfile_model *m = r->model[stage] ? jl_jfile_model_of(f, r->model[stage], err) : NULL;
        jl_vector *v = &r->job.job.vector[stage];
        *v = (jl_vector){0};
        if (!r->model[stage])
            continue;
        if (!m)
            return -1;
        if (end[stage] - from != (size_t)m->dims * 4)
            return jl_jfile_damaged(f, "a vector has another number of dimensions than its model", err);
        *v = (jl_vector){jl_span_of(m->name), {r->vector.p + from, end[stage] - from}, m->dims};
    }
    return 0;
}

typedef bool is_meant(const jl_posting *job, jl_span one, jl_span other);

/* Of the rows that a hash leads to, the first that is meant. */
static int seek(jl_jfile *f, enum jl_jfile_query q, int64_t hash, uint64_t but, is_meant *meant, jl_span one,
                jl_span other, jl_jfile_row *r, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, q, err);
    int rc;
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, hash);
    while ((rc = jl_sqlite_step(s, err)) == 1) {
        if ((uint64_t)jl_sqlite_int(s, ROW) == but)
            continue;
        if (take_row(f, s, r, err) != 0) {
            jl_sqlite_reset(s);
            return -1;
        }
        if (!meant || meant(&r->job.job, one, other)) {
            jl_sqlite_reset(s);
            return 1;
        }
    }
    return rc;
}

static int with_vectors(jl_jfile *f, int found, jl_jfile_row *r, jl_err *err) {
    return found == 1 && row_vectors(f, r, err) != 0 ? -1 : found;
}

static bool is_named(const jl_posting *job, jl_span source, jl_span id) {
    return jl_span_eq(job->id, id) && jl_span_eq(job->source, source);
}

static bool is_at(const jl_posting *job, jl_span url, jl_span unused) {
    (void)unused;
    return jl_span_eq(job->url, url);
}

static bool has_hash(const jl_posting *job, jl_span hash, jl_span unused) {
    (void)unused;
    return jl_span_eq(job->hash, hash);
}

int jl_jfile_by_row(jl_jfile *f, int64_t row, jl_jfile_row *r, jl_err *err) {
    jl_span none = {0};
    return with_vectors(f, seek(f, JOB_BY_ROW, row, 0, NULL, none, none, r, err), r, err);
}

int jl_jfile_by_name(jl_jfile *f, jl_span source, jl_span id, jl_jfile_row *r, jl_err *err) {
    return with_vectors(f, seek(f, JOB_BY_KEY, jl_jfile_key(id), 0, is_named, source, id, r, err), r, err);
}

int jl_jfile_by_url(jl_jfile *f, jl_span url, jl_jfile_row *r, jl_err *err) {
    return with_vectors(f, seek(f, JOB_BY_LINK, jl_jfile_key(url), 0, is_at, url, url, r, err), r, err);
}

int jl_jfile_by_content(jl_jfile *f, jl_span hash, uint64_t row, jl_jfile_row *r, jl_err *err) {
    return seek(f, JOB_BY_CONTENT, jl_jfile_key(hash), row, has_hash, hash, hash, r, err);
}

int jl_jfile_has_duplicates(jl_jfile *f, uint64_t row, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, JOB_HAS_DUPLICATES, err);
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, (int64_t)row);
    int rc = jl_sqlite_step(s, err);
    if (rc == 1)
        jl_sqlite_reset(s);
    return rc;
}

int jl_jfile_duplicates(jl_jfile *f, uint64_t row, jl_jfile_list *to, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, JOB_DUPLICATES, err);
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, (int64_t)row);
    return jl_jfile_list_take(to, s, err);
}

void jl_jfile_row_free(jl_jfile_row *r) {
    jl_buf_free(&r->line);
    jl_buf_free(&r->text);
    jl_buf_free(&r->vector);
}

/* ---- writing one job ---- */

static bool is_waiting(const jl_facts *facts) {
    return (facts->status == JL_STATUS_QUEUED || facts->status == JL_STATUS_FAILED) && facts->tries != 255;
}

static bool has_content(const jl_stored_job *job) {
    return job->first == 0 && job->job.hash.n > 0;
}

static void bind_maybe(jl_sqlite_stmt *s, int i, bool there, jl_span text) {
    if (there)
        jl_sqlite_bind_int(s, i, jl_jfile_key(text));
    else
        jl_sqlite_bind_blob(s, i, NULL, 0);
}

static int write_job(jl_jfile *f, enum jl_jfile_query q, const jl_stored_job *job, const int64_t model[JL_STAGES],
                     jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, q, err);
    const jl_posting *p = &job->job;
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, (int64_t)job->row);
    jl_sqlite_bind_int(s, 2, (int64_t)job->change);
    if (q != JOB_CHANGE) {
        jl_sqlite_bind_int(s, 3, jl_jfile_key(p->id));
        bind_maybe(s, 4, p->url.n > 0, p->url);
        bind_maybe(s, 5, has_content(job), p->hash);
        jl_sqlite_bind_int(s, 6, (int64_t)job->first);
        jl_sqlite_bind_int(s, 7, job->marked);
        jl_sqlite_bind_int(s, 8, is_waiting(&p->facts));
    }
    jl_sqlite_bind_int(s, 9, model[JL_STAGE_LISTING]);
    jl_sqlite_bind_int(s, 10, model[JL_STAGE_FULL]);
    jl_sqlite_bind_blob(s, 11, &p->facts, sizeof p->facts);
    jl_sqlite_bind_blob(s, 12, p->line.p, p->line.n);
    return jl_sqlite_run(s, err);
}

static int write_vector(jl_jfile *f, uint64_t row, jl_stage stage, const jl_vector *v, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, v->n ? VECTOR_WRITE : VECTOR_DELETE, err);
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, (int64_t)row * 2 + (int64_t)stage);
    if (v->n)
        jl_sqlite_bind_blob(s, 2, v->data.p, v->data.n);
    return jl_sqlite_run(s, err);
}

static bool same_vector(const jl_vector *a, const jl_vector *b) {
    return a->n == b->n && jl_span_eq(a->model, b->model) && (a->data.p == b->data.p || jl_span_eq(a->data, b->data));
}

int jl_jfile_add(jl_jfile *f, const jl_stored_job *job, jl_err *err) {
    int64_t model[JL_STAGES];
    for (jl_stage stage = 0; stage < JL_STAGES; stage++) {
        const jl_vector *v = &job->job.vector[stage];
        model[stage] = model_id(f, v, err);
        if (model[stage] < 0 || (v->n && write_vector(f, job->row, stage, v, err) != 0))
            return -1;
    }
    count_vectors(f, model, job->first, 1);
    return write_job(f, JOB_ADD, job, model, err);
}

/* Nothing in it that an index holds has changed, but for the number of the change. */
static bool same_keys(const jl_jfile_row *old, const jl_stored_job *job) {
    const jl_stored_job *o = &old->job;
    return o->first == job->first && o->marked == job->marked && old->waiting == is_waiting(&job->job.facts) &&
           jl_span_eq(o->job.hash, job->job.hash) && jl_span_eq(o->job.url, job->job.url) &&
           jl_span_eq(o->job.id, job->job.id);
}

static bool same_vectors(const jl_posting *a, const jl_posting *b) {
    for (size_t stage = 0; stage < JL_STAGES; stage++)
        if (!same_vector(&a->vector[stage], &b->vector[stage]))
            return false;
    return true;
}

int jl_jfile_change(jl_jfile *f, const jl_jfile_row *old, jl_stored_job *job, jl_err *err) {
    int64_t model[JL_STAGES];
    bool keys = same_keys(old, job);
    if (keys && jl_span_eq(old->job.job.line, job->job.line) && same_vectors(&old->job.job, &job->job))
        return 0;
    for (jl_stage stage = 0; stage < JL_STAGES; stage++) {
        const jl_vector *v = &job->job.vector[stage];
        model[stage] = model_id(f, v, err);
        if (model[stage] < 0 ||
            (!same_vector(&old->job.job.vector[stage], v) && write_vector(f, job->row, stage, v, err) != 0))
            return -1;
    }
    job->change = (uint64_t)jl_jfile_touch(f);
    count_vectors(f, old->model, old->job.first, -1);
    count_vectors(f, model, job->first, 1);
    return write_job(f, keys ? JOB_CHANGE : JOB_CHANGE_ALL, job, model, err);
}

static int run_with(jl_jfile *f, enum jl_jfile_query q, int64_t one, int64_t other, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, q, err);
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, one);
    if (q == GONE_ADD)
        jl_sqlite_bind_int(s, 2, other);
    return jl_sqlite_run(s, err);
}

int jl_jfile_delete(jl_jfile *f, const jl_jfile_row *old, jl_err *err) {
    int64_t row = (int64_t)old->job.row, change = jl_jfile_touch(f);
    for (jl_stage stage = 0; stage < JL_STAGES; stage++)
        if (old->model[stage] && run_with(f, VECTOR_DELETE, row * 2 + (int64_t)stage, 0, err) != 0)
            return -1;
    count_vectors(f, old->model, old->job.first, -1);
    return run_with(f, JOB_DELETE, row, 0, err) == 0 ? run_with(f, GONE_ADD, change, row, err) : -1;
}

/* ---- row numbers ---- */

static int add_to_list(jl_jfile_list *l, uint64_t row, jl_err *err) {
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 256;
        uint64_t *more = realloc(l->row, room * sizeof *more);
        if (!more)
            return jl_err_nomem(err);
        l->row = more;
        l->room = room;
    }
    l->row[l->n++] = row;
    return 0;
}

static int by_number(const void *a, const void *b) {
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

void jl_jfile_list_sort(jl_jfile_list *l) {
    size_t n = 0;
    if (l->n > 1)
        qsort(l->row, l->n, sizeof *l->row, by_number);
    for (size_t i = 0; i < l->n; i++)
        if (n == 0 || l->row[n - 1] != l->row[i])
            l->row[n++] = l->row[i];
    l->n = n;
}

int jl_jfile_list_take(jl_jfile_list *l, jl_sqlite_stmt *s, jl_err *err) {
    int rc;
    while ((rc = jl_sqlite_step(s, err)) == 1)
        if (add_to_list(l, (uint64_t)jl_sqlite_int(s, 0), err) != 0) {
            jl_sqlite_reset(s);
            return -1;
        }
    return rc;
}
