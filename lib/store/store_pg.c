/* The job store on PostgreSQL: tables that are named jobline_…, in the first schema of the search path.

   A job is its line, whose texts are read out of it again when they are needed, its facts, and what indices and counts want:
   keys of the id, of the URL, of the content hash when the description is the job's own.

   Texts are bytea: whatever the encoding of the database, and a NUL that a line has as \u0000, bytes are kept. One
   process writes at a time: each writing transaction begins by locking the one row of jobline_meta, so there is nothing
   to lock crosswise; reading waits for nobody. */
#include "store/store_pg.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/digest.h"

#define FORMAT 1

/* Numbers of steps are versions: the first makes version 1 of nothing. A step is never changed once it was released. */
static const char *const steps[FORMAT] = {
    "CREATE TABLE jobline_meta(format int4 NOT NULL, store int8 NOT NULL, change int8 NOT NULL, rows int8 NOT NULL,"
    " forgot int8 NOT NULL);"
    "CREATE TABLE jobline_job(row int8 PRIMARY KEY, change int8 NOT NULL, first int8 NOT NULL, marked int8 NOT NULL,"
    " id_key int8 NOT NULL, url_key int8, hash_key int8, last_seen int8 NOT NULL, status int8 NOT NULL,"
    " hash bytea NOT NULL, facts bytea NOT NULL, line bytea NOT NULL);"
    "CREATE INDEX jobline_job_id ON jobline_job(id_key);"
    "CREATE INDEX jobline_job_url ON jobline_job(url_key) WHERE url_key IS NOT NULL;"
    "CREATE INDEX jobline_job_hash ON jobline_job(hash_key) WHERE hash_key IS NOT NULL;"
    "CREATE INDEX jobline_job_first ON jobline_job(first) WHERE first <> 0;"
    "CREATE INDEX jobline_job_waiting ON jobline_job(marked) WHERE status IN (1, 2);"
    "CREATE INDEX jobline_job_change ON jobline_job(change);"
    "CREATE TABLE jobline_vector(row int8 NOT NULL, stage int8 NOT NULL, dims int8 NOT NULL, model bytea NOT NULL,"
    " data bytea NOT NULL, PRIMARY KEY(row, stage));"
    /* Floats cannot be compressed, and need not be tried. */
    "ALTER TABLE jobline_vector ALTER data SET STORAGE EXTERNAL;"
    "CREATE TABLE jobline_gone(row int8 PRIMARY KEY, change int8 NOT NULL);"
    "CREATE INDEX jobline_gone_change ON jobline_gone(change);",
};

int64_t pg_key(jl_span text) {
    return (int64_t)jl_digest(text, 0);
}

int pg_prepare(pg_store *s, pg_slot slot, const char *sql, jl_pg_stmt **stmt, jl_err *err) {
    int rc = jl_pg_prepare(s->db, &s->stmt[slot], sql, err);
    *stmt = s->stmt[slot];
    return rc;
}

/* ---- the tables ---- */

int pg_ask(pg_store *s, pg_slot slot, const char *sql, int64_t *value, jl_err *err) {
    jl_pg_stmt *stmt;
    *value = 0;
    if (pg_prepare(s, slot, sql, &stmt, err) != 0)
        return -1;
    int rc = jl_pg_step(stmt, err);
    if (rc == 1)
        *value = jl_pg_int(stmt, 0);
    jl_pg_reset(stmt);
    return rc < 0 ? -1 : 0;
}

/* 0: none. */
static int pg_format(pg_store *s, int64_t *format, jl_err *err) {
    int64_t there;
    *format = 0;
    /* to_regclass would answer from a cache that is not brought up to date while make_body waits for its lock. */
    if (pg_ask(s, SLOT_THERE,
               "SELECT EXISTS(SELECT FROM pg_catalog.pg_class"
               " WHERE relname = 'jobline_meta' AND pg_catalog.pg_table_is_visible(oid))",
               &there, err) != 0)
        return -1;
    if (!there)
        return 0;
    if (pg_ask(s, SLOT_FORMAT, "SELECT format FROM jobline_meta", format, err) != 0)
        return -1;
    if (*format > FORMAT)
        return jl_err_set(err, JL_CONFIG,
                          "%s: the store has format version %lld, this program knows %d: use a newer jobline",
                          jl_pg_name(s->db), (long long)*format, FORMAT);
    return 0;
}

/* A store of an older format waits for somebody who writes. */
int pg_attach(pg_store *s, jl_err *err) {
    int64_t format;
    if (s->there)
        return 1;
    if (pg_format(s, &format, err) != 0)
        return -1;
    if (format == 0)
        return 0;
    if (format < FORMAT)
        return pg_make(s, err) == 0 ? 1 : -1;
    s->there = true;
    return 1;
}

static int pg_first_row(pg_store *s, jl_err *err) {
    char sql[160];
    uint64_t number = 0;
    while (number == 0)
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
            return jl_err_errno(err, JL_SOFTWARE, errno, "no random number");
    (void)snprintf(sql, sizeof sql, "INSERT INTO jobline_meta VALUES(0, %lld, 0, 0, 0)", (long long)number);
    return jl_pg_exec(s->db, sql, err);
}

/* Two that find nothing make one after the other. */
static int make_body(void *self, jl_err *err) {
    pg_store *s = self;
    int64_t format;
    char sql[64];
    if (jl_pg_exec(s->db, "SELECT pg_advisory_xact_lock(1785491554, hashtext(current_schema()))", err) != 0 ||
        pg_format(s, &format, err) != 0)
        return -1;
    for (int64_t i = format; i < FORMAT; i++)
        if (jl_pg_exec(s->db, steps[i], err) != 0 || (i == 0 && pg_first_row(s, err) != 0))
            return -1;
    (void)snprintf(sql, sizeof sql, "UPDATE jobline_meta SET format = %d", FORMAT);
    return format < FORMAT ? jl_pg_exec(s->db, sql, err) : 0;
}

int pg_make(pg_store *s, jl_err *err) {
    int64_t format;
    if (s->there)
        return 0;
    if (pg_format(s, &format, err) != 0 ||
        (format != FORMAT && jl_pg_transact(s->db, JL_PG_WRITE, make_body, s, err) != 0))
        return -1;
    s->there = true;
    return 0;
}

/* ---- what it knows of itself ---- */

static int meta_of(pg_store *s, pg_slot slot, const char *sql, pg_meta *meta, jl_err *err) {
    jl_pg_stmt *stmt;
    *meta = (pg_meta){0};
    if (pg_prepare(s, slot, sql, &stmt, err) != 0)
        return -1;
    int rc = jl_pg_step(stmt, err);
    if (rc == 1) {
        *meta = (pg_meta){(uint64_t)jl_pg_int(stmt, 0), (uint64_t)jl_pg_int(stmt, 1), (uint64_t)jl_pg_int(stmt, 2),
                          (uint64_t)jl_pg_int(stmt, 3)};
        jl_pg_reset(stmt);
        return 0;
    }
    return rc < 0 ? -1
                  : jl_err_set(err, JL_CONFIG, "%s: jobline_meta is empty: the store is damaged", jl_pg_name(s->db));
}

int pg_lock(pg_store *s, pg_meta *meta, jl_err *err) {
    return meta_of(s, SLOT_LOCK, "SELECT store, change, rows, forgot FROM jobline_meta FOR UPDATE", meta, err);
}

int pg_read_meta(pg_store *s, pg_meta *meta, jl_err *err) {
    return meta_of(s, SLOT_META, "SELECT store, change, rows, forgot FROM jobline_meta", meta, err);
}

int pg_note(pg_store *s, const pg_meta *meta, jl_err *err) {
    jl_pg_stmt *stmt;
    if (pg_prepare(s, SLOT_NOTE, "UPDATE jobline_meta SET change = $1, rows = $2, forgot = $3", &stmt, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, (int64_t)meta->change);
    jl_pg_bind_int(stmt, 2, (int64_t)meta->rows);
    jl_pg_bind_int(stmt, 3, (int64_t)meta->forgot);
    return jl_pg_run(stmt, NULL, err);
}

static int pg_at(jl_jobs *base, uint64_t *store, uint64_t *change, jl_err *err) {
    pg_store *s = pg_store_of(base);
    pg_meta meta = {0};
    int there = pg_attach(s, err);
    if (there < 0 || (there && pg_read_meta(s, &meta, err) != 0))
        return -1;
    *store = meta.store;
    *change = meta.change;
    return 0;
}

/* ---- counting ---- */

_Static_assert(offsetof(jl_facts, full) == 80, "SQL counts by this byte");

static int stat_jobs(pg_store *s, jl_jobs_stat *stat, jl_err *err) {
    jl_pg_stmt *stmt;
    if (pg_prepare(s, SLOT_STAT,
                   "SELECT status, first <> 0, get_byte(facts, 80) <> 0, count(*), min(last_seen), max(last_seen)"
                   " FROM jobline_job GROUP BY 1, 2, 3",
                   &stmt, err) != 0)
        return -1;
    int rc;
    while ((rc = jl_pg_step(stmt, err)) == 1) {
        uint64_t n = (uint64_t)jl_pg_int(stmt, 3);
        int64_t status = jl_pg_int(stmt, 0), oldest = jl_pg_int(stmt, 4), newest = jl_pg_int(stmt, 5);
        if (jl_pg_int(stmt, 1)) {
            stat->duplicates += n;
            continue;
        }
        stat->oldest = stat->jobs == 0 || oldest < stat->oldest ? oldest : stat->oldest;
        stat->newest = stat->jobs == 0 || newest > stat->newest ? newest : stat->newest;
        stat->jobs += n;
        stat->status[status > 0 && status < JL_STATUSES ? status : JL_STATUS_NONE] += n;
        stat->full += jl_pg_int(stmt, 2) ? n : 0;
    }
    return rc;
}

static int stat_vectors(pg_store *s, jl_jobs_stat *stat, jl_err *err) {
    jl_pg_stmt *stmt;
    if (pg_prepare(s, SLOT_STAT_VECTORS,
                   "SELECT v.stage, count(*) FROM jobline_vector v JOIN jobline_job j ON j.row = v.row WHERE j.first = "
                   "0 GROUP BY 1",
                   &stmt, err) != 0)
        return -1;
    int rc;
    while ((rc = jl_pg_step(stmt, err)) == 1)
        if (jl_pg_int(stmt, 0) >= 0 && jl_pg_int(stmt, 0) < JL_STAGES)
            stat->vectors[jl_pg_int(stmt, 0)] = (uint64_t)jl_pg_int(stmt, 1);
    return rc;
}

static int stat_size(pg_store *s, jl_jobs_stat *stat, jl_err *err) {
    jl_pg_stmt *stmt;
    if (pg_prepare(s, SLOT_SIZE,
                   "SELECT (pg_total_relation_size('jobline_job') + pg_total_relation_size('jobline_vector') +"
                   " pg_total_relation_size('jobline_gone') + pg_total_relation_size('jobline_meta') +"
                   " (SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_catalog.pg_class WHERE relkind = 'r'"
                   " AND relname ~ '^jobline_near(_[0-9]+)?$' AND pg_catalog.pg_table_is_visible(oid)))::int8",
                   &stmt, err) != 0)
        return -1;
    int rc;
    while ((rc = jl_pg_step(stmt, err)) == 1)
        stat->bytes = (uint64_t)jl_pg_int(stmt, 0);
    return rc;
}

struct counting {
    pg_store *s;
    jl_jobs_stat *stat;
};

static int stat_body(void *self, jl_err *err) {
    struct counting *c = self;
    pg_meta meta;
    *c->stat = (jl_jobs_stat){.version = FORMAT};
    if (pg_read_meta(c->s, &meta, err) != 0 || stat_jobs(c->s, c->stat, err) != 0 ||
        stat_vectors(c->s, c->stat, err) != 0 || stat_size(c->s, c->stat, err) != 0)
        return -1;
    c->stat->store = meta.store;
    c->stat->change = meta.change;
    return 0;
}

static int pg_stat(jl_jobs *base, jl_jobs_stat *stat, jl_err *err) {
    pg_store *s = pg_store_of(base);
    struct counting c = {s, stat};
    *stat = (jl_jobs_stat){0};
    int there = pg_attach(s, err);
    return there <= 0 ? there : jl_pg_transact(s->db, JL_PG_READ, stat_body, &c, err);
}

static int pg_models(jl_jobs *base, jl_stage stage,
                     int (*each)(void *self, jl_span model, uint32_t dims, uint64_t rows, jl_err *err), void *self,
                     jl_err *err) {
    pg_store *s = pg_store_of(base);
    jl_pg_stmt *stmt;
    int rc = pg_attach(s, err);
    if (rc <= 0)
        return rc;
    if (pg_prepare(s, SLOT_MODELS,
                   "SELECT v.model, v.dims, count(*) FROM jobline_vector v JOIN jobline_job j ON j.row = v.row"
                   " WHERE v.stage = $1::int8 AND j.first = 0 GROUP BY 1, 2",
                   &stmt, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, stage);
    while ((rc = jl_pg_step(stmt, err)) == 1) {
        rc = each(self, jl_pg_bytes(stmt, 0), (uint32_t)jl_pg_int(stmt, 1), (uint64_t)jl_pg_int(stmt, 2), err);
        if (rc != 0)
            break;
    }
    jl_pg_reset(stmt);
    return rc < 0 ? -1 : 0;
}

/* ---- deletions ---- */

struct purging {
    pg_store *s;
    const uint64_t *row;
    size_t n;
    uint64_t change;
    uint64_t deleted;
};

/* A job that others are duplicates of stays, unless they go with it. */
static int purge_body(void *self, jl_err *err) {
    struct purging *p = self;
    pg_meta meta;
    jl_pg_stmt *stmt;
    if (pg_lock(p->s, &meta, err) != 0 ||
        pg_prepare(
            p->s, SLOT_PURGE,
            "WITH w AS MATERIALIZED (SELECT j.row FROM unnest($1::int8[]) AS u(row) JOIN jobline_job j ON j.row = u.row"
            " WHERE j.change <= $2::int8),"
            " dead AS (DELETE FROM jobline_job j USING w WHERE j.row = w.row AND NOT EXISTS (SELECT FROM jobline_job d"
            " WHERE d.first = j.row AND d.first <> 0 AND d.row NOT IN (SELECT row FROM w)) RETURNING j.row),"
            " vectors AS (DELETE FROM jobline_vector WHERE row IN (SELECT row FROM dead)),"
            " noted AS (INSERT INTO jobline_gone SELECT row, $3::int8 FROM dead)"
            " SELECT count(*) FROM dead",
            &stmt, err) != 0 ||
        jl_pg_bind_ints(stmt, 1, (const int64_t *)p->row, p->n, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 2, (int64_t)p->change);
    jl_pg_bind_int(stmt, 3, (int64_t)++meta.change);
    if (jl_pg_step(stmt, err) != 1)
        return -1;
    p->deleted = (uint64_t)jl_pg_int(stmt, 0);
    jl_pg_reset(stmt);
    return p->deleted ? pg_note(p->s, &meta, err) : 0;
}

static int pg_purge(jl_jobs *base, const uint64_t *row, size_t n, uint64_t change, uint64_t *deleted, jl_err *err) {
    struct purging p = {pg_store_of(base), row, n, change, 0};
    *deleted = 0;
    int there = pg_attach(p.s, err);
    if (there <= 0 || n == 0)
        return there < 0 ? -1 : 0;
    if (jl_pg_transact(p.s->db, JL_PG_WRITE, purge_body, &p, err) != 0)
        return -1;
    *deleted = p.deleted;
    return 0;
}

static int gone_since(pg_store *s, const pg_meta *meta, uint64_t since, jl_err *err) {
    if (since <= meta->change && since >= meta->forgot)
        return 0;
    return jl_err_set(err, JL_TEMPFAIL, "%s: cannot tell what was deleted since its change %llu", jl_pg_name(s->db),
                      (unsigned long long)since);
}

static int pg_gone(jl_jobs *base, uint64_t since, int (*each)(void *self, uint64_t row, jl_err *err), void *self,
                   jl_err *err) {
    pg_store *s = pg_store_of(base);
    pg_meta meta = {0};
    jl_pg_stmt *stmt;
    int rc = pg_attach(s, err);
    if (rc < 0 || (rc && pg_read_meta(s, &meta, err) != 0) || gone_since(s, &meta, since, err) != 0)
        return -1;
    if (rc == 0)
        return 0;
    if (pg_prepare(s, SLOT_GONE, "SELECT row FROM jobline_gone WHERE change > $1::int8 ORDER BY row", &stmt, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, (int64_t)since);
    while ((rc = jl_pg_step(stmt, err)) == 1) {
        rc = each(self, (uint64_t)jl_pg_int(stmt, 0), err);
        if (rc != 0)
            break;
    }
    jl_pg_reset(stmt);
    return rc < 0 ? -1 : 0;
}

/* ---- housekeeping ---- */

static int forget_body(void *self, jl_err *err) {
    pg_store *s = self;
    pg_meta meta;
    int64_t damaged;
    if (pg_lock(s, &meta, err) != 0 ||
        pg_ask(s, SLOT_CHECK,
               "SELECT (SELECT count(*) FROM jobline_vector v WHERE NOT EXISTS (SELECT FROM jobline_job j WHERE j.row "
               "= v.row))"
               " + (SELECT count(*) FROM jobline_job d WHERE d.first <> 0 AND NOT EXISTS (SELECT FROM jobline_job j"
               " WHERE j.row = d.first AND j.first = 0))"
               " + (SELECT count(*) FROM jobline_job WHERE octet_length(facts) <> 96 OR octet_length(line) < 2)",
               &damaged, err) != 0)
        return -1;
    if (damaged)
        return jl_err_set(err, JL_CONFIG, "%s: the store is damaged (%lld rows lead nowhere): restore a backup",
                          jl_pg_name(s->db), (long long)damaged);
    meta.forgot = meta.change;
    return jl_pg_exec(s->db, "DELETE FROM jobline_gone", err) == 0 ? pg_note(s, &meta, err) : -1;
}

/* Rewrites the tables, which others wait for. */
static int pg_vacuum(jl_jobs *base, jl_err *err) {
    pg_store *s = pg_store_of(base);
    int rc = pg_attach(s, err);
    if (rc <= 0)
        return rc;
    jl_pg_silence(s->db, INT64_MAX);
    rc = jl_pg_transact(s->db, JL_PG_WRITE, forget_body, s, err);
    static const char *const tables[] = {"jobline_job", "jobline_vector", "jobline_gone", "jobline_meta"};
    for (size_t i = 0; rc == 0 && i < sizeof tables / sizeof *tables; i++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "VACUUM (FULL, ANALYZE) %s", tables[i]);
        rc = jl_pg_exec(s->db, sql, err);
    }
    jl_pg_silence(s->db, 0);
    return rc;
}

static void pg_close(jl_jobs *base) {
    pg_store *s = pg_store_of(base);
    jl_pg_close(s->db);
    jl_postings_free(s->reader);
    jl_buf_free(&s->line);
    jl_buf_free(&s->text);
    free(s);
}

static const jl_jobs_ops ops = {.put = pg_put,
                                .find = pg_find,
                                .rows = pg_rows,
                                .gone = pg_gone,
                                .mark = pg_mark,
                                .requeue = pg_requeue,
                                .purge = pg_purge,
                                .stat = pg_stat,
                                .vacuum = pg_vacuum,
                                .import = pg_import,
                                .close = pg_close,
                                .at = pg_at,
                                .models = pg_models,
                                .near = pg_near,
                                .near_index = pg_near_index};

static jl_jobs *pg_open(const jl_url *url, int64_t patience, jl_err *err) {
    pg_store *s = calloc(1, sizeof *s);
    if (!s) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    s->base.ops = &ops;
    s->db = jl_pg_open(url, patience, err);
    s->reader = s->db ? jl_postings_new(err) : NULL;
    if (!s->reader) {
        pg_close(&s->base);
        return NULL;
    }
    return &s->base;
}

const jl_jobs_opener jl_jobs_postgres = {"postgres", jl_pg_version, pg_open};
const jl_jobs_opener jl_jobs_postgresql = {"postgresql", jl_pg_version, pg_open};
