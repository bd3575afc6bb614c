/* A table of jobs as an SQLite file: what it tells about itself, how it is opened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_sqlite.h"

/* ---- at, models, stat ---- */

/* 1: a transaction for reading has begun, 0: there is no store, -1: error. */
static int begin_read(jl_jfile *f, jl_err *err) {
    if (jl_jfile_attach(f, false, err) != 0)
        return -1;
    if (!f->db)
        return 0;
    if (jl_sqlite_begin(f->db, false, err) != 0)
        return -1;
    if (jl_jfile_head(f, err) == 0)
        return 1;
    jl_sqlite_rollback(f->db);
    return -1;
}

static int jfile_at(jl_jobs *base, uint64_t *store, uint64_t *change, jl_err *err) {
    jl_jfile *f = (jl_jfile *)base;
    *store = *change = 0;
    int rc = begin_read(f, err);
    if (rc <= 0)
        return rc;
    jl_sqlite_rollback(f->db);
    *store = (uint64_t)f->number;
    *change = (uint64_t)f->change;
    return 0;
}

static int jfile_models(jl_jobs *base, jl_stage stage,
                        int (*each)(void *self, jl_span model, uint32_t dims, uint64_t rows, jl_err *err), void *self,
                        jl_err *err) {
    jl_jfile *f = (jl_jfile *)base;
    int rc = begin_read(f, err);
    if (rc <= 0)
        return rc;
    rc = jl_jfile_models(f, err);
    jl_sqlite_rollback(f->db);
    for (size_t i = 0; rc == 0 && i < f->models; i++) {
        const jl_jfile_model *m = f->model[i];
        if (m->rows[stage] > 0)
            rc = each(self, jl_span_of(m->name), m->dims, (uint64_t)m->rows[stage], err);
    }
    return rc < 0 ? -1 : 0;
}

static void stat_one(const jl_jfile_row *r, jl_jobs_stat *stat) {
    const jl_facts *facts = &r->job.job.facts;
    if (r->job.first) {
        stat->duplicates++;
    } else {
        stat->jobs++;
        stat->status[facts->status < JL_STATUSES ? facts->status : JL_STATUS_NONE]++;
        stat->full += facts->full != 0;
        for (size_t stage = 0; stage < JL_STAGES; stage++)
            stat->vectors[stage] += r->model[stage] != 0;
        if (stat->jobs == 1 || facts->last_seen < stat->oldest)
            stat->oldest = facts->last_seen;
        if (stat->jobs == 1 || facts->last_seen > stat->newest)
            stat->newest = facts->last_seen;
    }
}

static int stat_all(jl_jfile *f, jl_jobs_stat *stat, jl_err *err) {
    int64_t page, pages, version;
    jl_sqlite_stmt *s = jl_jfile_ready(f, JOB_COUNT, err);
    int rc = s ? 1 : -1;
    while (rc == 1 && (rc = jl_sqlite_step(s, err)) == 1) {
        if (jl_jfile_row_columns(f, s, &f->other, err) != 0)
            return -1;
        stat_one(&f->other, stat);
    }
    if (rc != 0 || jl_sqlite_ask(f->db, "PRAGMA page_size", &page, err) != 0 ||
        jl_sqlite_ask(f->db, "PRAGMA page_count", &pages, err) != 0 ||
        jl_sqlite_ask(f->db, "PRAGMA user_version", &version, err) != 0)
        return -1;
    stat->bytes = (uint64_t)page * (uint64_t)pages;
    stat->version = (int)version;
    return 0;
}

static int jfile_stat(jl_jobs *base, jl_jobs_stat *stat, jl_err *err) {
    jl_jfile *f = (jl_jfile *)base;
    *stat = (jl_jobs_stat){0};
    int rc = begin_read(f, err);
    if (rc <= 0)
        return rc;
    stat->store = (uint64_t)f->number;
    stat->change = (uint64_t)f->change;
    rc = stat_all(f, stat, err);
    jl_sqlite_rollback(f->db);
    return rc;
}

/* ---- gone ---- */

static int list_gone(jl_jfile *f, uint64_t since, jl_jfile_list *to, jl_err *err) {
    int rc = begin_read(f, err);
    if (rc < 0)
        return -1;
    uint64_t change = rc ? (uint64_t)f->change : 0, forgotten = rc ? (uint64_t)f->forgotten : 0;
    jl_sqlite_stmt *s = NULL;
    if (since < forgotten || since > change)
        rc = jl_err_set(err, JL_TEMPFAIL, "%s: cannot tell what was deleted since its change %llu", f->path,
                        (unsigned long long)since);
    else if (since == change)
        rc = 0;
    else if (!(s = jl_jfile_ready(f, GONE_LIST, err)))
        rc = -1;
    if (s) {
        jl_sqlite_bind_int(s, 1, (int64_t)since);
        rc = jl_jfile_list_take(to, s, err);
    }
    if (f->db)
        jl_sqlite_rollback(f->db);
    return rc;
}

static int jfile_gone(jl_jobs *base, uint64_t since, int (*each)(void *self, uint64_t row, jl_err *err), void *self,
                      jl_err *err) {
    jl_jfile_list list = {0};
    int rc = list_gone((jl_jfile *)base, since, &list, err);
    jl_jfile_list_sort(&list);
    for (size_t i = 0; rc == 0 && i < list.n; i++)
        rc = each(self, list.row[i], err);
    free(list.row);
    return rc < 0 ? -1 : 0;
}

/* ---- vacuum ---- */

#define SHRINK_PAGES 1024 /* given back under one lock */

static int check(jl_jfile *f, jl_err *err) {
    jl_sqlite_stmt *s = jl_jfile_ready(f, INTEGRITY, err);
    int rc = s ? jl_sqlite_step(s, err) : -1;
    if (rc < 0)
        return -1;
    char found[128] = "nothing can be read";
    jl_span said = rc ? jl_sqlite_bytes(s, 0) : (jl_span){0};
    bool sound = jl_span_eq(said, JL_SPAN("ok"));
    if (said.n)
        (void)jl_err_escape(said, found, sizeof found);
    jl_sqlite_reset(s);
    return sound ? 0 : jl_jfile_damaged(f, found, err);
}

static int forget_gone(jl_jfile *f, jl_err *err) {
    if (jl_jfile_enter(f, err) != 0)
        return -1;
    jl_sqlite_stmt *s = jl_jfile_ready(f, GONE_FORGET, err);
    int rc = s ? jl_sqlite_run(s, err) : -1;
    f->forgotten = f->change;
    f->changed = true; /* no job is: the number of the change stays */
    return jl_jfile_leave(f, rc, err);
}

static int shrink(jl_jfile *f, jl_err *err) {
    int64_t left = 0, before;
    do {
        char sql[64];
        before = left;
        (void)snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", SHRINK_PAGES);
        if (jl_sqlite_exec(f->db, sql, err) != 0 || jl_sqlite_ask(f->db, "PRAGMA freelist_count", &left, err) != 0)
            return -1;
    } while (left > 0 && (before == 0 || left < before));
    return 0;
}

static int jfile_vacuum(jl_jobs *base, jl_err *err) {
    jl_jfile *f = (jl_jfile *)base;
    if (jl_jfile_attach(f, false, err) != 0)
        return -1;
    if (!f->db)
        return 0;
    return check(f, err) == 0 && forget_gone(f, err) == 0 ? shrink(f, err) : -1;
}

/* ---- opening ---- */

static void jfile_close(jl_jobs *base) {
    jl_jfile *f = (jl_jfile *)base;
    jl_sqlite_close(f->db);
    jl_postings_free(f->postings);
    for (size_t i = 0; i < f->model_room; i++)
        free(f->model[i]);
    free(f->model);
    jl_jfile_row_free(&f->at_hand);
    jl_jfile_row_free(&f->other);
    jl_buf_free(&f->merged);
    jl_buf_free(&f->stripped);
    jl_jfile_piece_free(f->piece);
    free(f->path);
    free(f);
}

static const jl_jobs_ops ops = {.put = jl_jfile_put,
                                .find = jl_jfile_find,
                                .rows = jl_jfile_rows,
                                .gone = jfile_gone,
                                .mark = jl_jfile_mark,
                                .requeue = jl_jfile_requeue,
                                .purge = jl_jfile_purge,
                                .stat = jfile_stat,
                                .vacuum = jfile_vacuum,
                                .import = jl_jfile_import,
                                .close = jfile_close,
                                .at = jfile_at,
                                .models = jfile_models};

static jl_jobs *jfile_open(const jl_url *url, int64_t patience, jl_err *err) {
    jl_jfile *f = calloc(1, sizeof *f);
    if (!f) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    f->base.ops = &ops;
    f->patience = patience;
    f->path = jl_sqlite_path(url, err);
    if (f->path)
        return &f->base;
    jfile_close(&f->base);
    return NULL;
}

const jl_jobs_opener jl_jobs_sqlite = {"sqlite", jl_sqlite_version, jfile_open};
