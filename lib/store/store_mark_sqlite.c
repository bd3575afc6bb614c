/* What becomes of jobs that a table in SQLite has: marked, tried again, thrown away. */
#include <stdlib.h>

#include "store/store_sqlite.h"

/* ---- mark ---- */

static int set_status(jl_jfile *f, jl_status status, uint8_t tries, int64_t marked, jl_err *err) {
    const jl_jfile_row *old = &f->at_hand;
    jl_stored_job job = old->job;
    jl_buf_clear(&f->merged);
    if (jl_merge_mark(f->postings, &old->job.job, status, tries, &f->merged, &job.job, err) != 0)
        return -1;
    job.marked = marked;
    return jl_jfile_change(f, old, &job, err);
}

static int mark_one(jl_jfile *f, const jl_posting *which, jl_status status, int64_t now, uint64_t *marked,
                    jl_err *err) {
    uint8_t tries;
    int rc = jl_jfile_by_name(f, which->source, which->id, &f->at_hand, err);
    if (rc == 0 && which->url.n)
        rc = jl_jfile_by_url(f, which->url, &f->at_hand, err);
    if (rc <= 0 || !jl_job_marks(&f->at_hand.job, status, &tries))
        return rc < 0 ? -1 : 0;
    ++*marked;
    return set_status(f, status, tries, now, err);
}

static int mark_all(jl_jfile *f, const jl_posting *const *which, size_t n, jl_status status, int64_t now,
                    uint64_t *marked, jl_err *err) {
    for (size_t i = 0; i < n; i++)
        if (mark_one(f, which[i], status, now, marked, err) != 0)
            return -1;
    return 0;
}

int jl_jfile_mark(jl_jobs *base, const jl_posting *const *which, size_t n, jl_status status, int64_t now,
                  uint64_t *marked, jl_err *err) {
    jl_jfile *f = (jl_jfile *)base;
    *marked = 0;
    if (jl_jfile_attach(f, false, err) != 0)
        return -1;
    if (!f->db || n == 0)
        return 0;
    if (jl_jfile_enter(f, err) != 0)
        return -1;
    return jl_jfile_leave(f, mark_all(f, which, n, status, now, marked, err), err);
}

/* ---- requeue ---- */

static int requeue_one(jl_jfile *f, uint64_t row, uint8_t most, uint64_t *again, uint64_t *given_up, jl_err *err) {
    jl_status status;
    uint8_t tries;
    int rc = jl_jfile_by_row(f, (int64_t)row, &f->at_hand, err);
    if (rc <= 0 || !jl_job_requeues(&f->at_hand.job.job.facts, most, &status, &tries))
        return rc < 0 ? -1 : 0;
    bool anew = status == JL_STATUS_NONE;
    ++*(anew ? again : given_up);
    return set_status(f, status, tries, anew ? 0 : f->at_hand.job.marked, err);
}

static int requeue_all(jl_jfile *f, int64_t before, uint8_t most, uint64_t *again, uint64_t *given_up, jl_err *err) {
    jl_jfile_list list = {0};
    jl_sqlite_stmt *s = jl_jfile_ready(f, JOB_WAITING, err);
    if (s)
        jl_sqlite_bind_int(s, 1, before);
    int rc = s ? jl_jfile_list_take(&list, s, err) : -1;
    jl_jfile_list_sort(&list);
    for (size_t i = 0; rc == 0 && i < list.n; i++)
        rc = requeue_one(f, list.row[i], most, again, given_up, err);
    free(list.row);
    return rc;
}

int jl_jfile_requeue(jl_jobs *base, int64_t before, uint8_t tries, uint64_t *again, uint64_t *given_up, jl_err *err) {
    jl_jfile *f = (jl_jfile *)base;
    *again = *given_up = 0;
    if (jl_jfile_attach(f, false, err) != 0)
        return -1;
    if (!f->db)
        return 0;
    if (jl_jfile_enter(f, err) != 0)
        return -1;
    return jl_jfile_leave(f, requeue_all(f, before, tries, again, given_up, err), err);
}

/* ---- purge ---- */

static int purge_one(jl_jfile *f, uint64_t row, uint64_t change, bool duplicate, uint64_t *deleted, jl_err *err) {
    if (row > INT64_MAX)
        return 0;
    jl_sqlite_stmt *s = jl_jfile_ready(f, JOB_FACTS_BY_ROW, err);
    if (!s)
        return -1;
    jl_sqlite_bind_int(s, 1, (int64_t)row);
    int rc = jl_sqlite_step(s, err);
    if (rc <= 0)
        return rc;
    rc = jl_jfile_row_columns(f, s, &f->at_hand, err);
    jl_sqlite_reset(s);
    const jl_stored_job *job = &f->at_hand.job;
    if (rc != 0 || job->change > change || (job->first != 0) != duplicate)
        return rc;
    if (!duplicate && (rc = jl_jfile_has_duplicates(f, row, err)) != 0)
        return rc < 0 ? -1 : 0;
    ++*deleted;
    return jl_jfile_delete(f, &f->at_hand, err);
}

/* Duplicates first: then those whose description nobody needs any more. */
static int purge_all(jl_jfile *f, const uint64_t *row, size_t n, uint64_t change, uint64_t *deleted, jl_err *err) {
    for (size_t i = 0; i < 2 * n; i++)
        if (purge_one(f, row[i % n], change, i < n, deleted, err) != 0)
            return -1;
    return 0;
}

int jl_jfile_purge(jl_jobs *base, const uint64_t *row, size_t n, uint64_t change, uint64_t *deleted, jl_err *err) {
    jl_jfile *f = (jl_jfile *)base;
    *deleted = 0;
    if (jl_jfile_attach(f, false, err) != 0)
        return -1;
    if (!f->db || n == 0)
        return 0;
    if (jl_jfile_enter(f, err) != 0)
        return -1;
    return jl_jfile_leave(f, purge_all(f, row, n, change, deleted, err), err);
}
