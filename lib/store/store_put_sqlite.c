/* What comes into a table of jobs in SQLite: postings from outside, jobs of a copy. */
#include <stdlib.h>

#include "store/store_sqlite.h"

/* ---- put ---- */

/* 1: f->at_hand is the job that the posting is, 0: it is a new one. */
static int find_at_hand(jl_jfile *f, const jl_posting *in, jl_err *err) {
    int rc = jl_jfile_by_name(f, in->source, in->id, &f->at_hand, err);
    return rc == 0 && in->url.n ? jl_jfile_by_url(f, in->url, &f->at_hand, err) : rc;
}

/* Makes it a duplicate when another job has its description. */
static int find_first(jl_jfile *f, jl_stored_job *job, jl_put *put, jl_err *err) {
    int rc = job->job.hash.n ? jl_jfile_by_content(f, job->job.hash, job->row, &f->other, err) : 0;
    if (rc == 1 && job->row != 0) {
        rc = jl_jfile_has_duplicates(f, job->row, err);
        rc = rc < 0 ? -1 : !rc;
    }
    if (rc == 0 && job->job.facts.full)
        job->first = 0;
    if (rc <= 0)
        return rc;
    jl_posting whole = job->job;
    jl_buf_clear(&f->stripped);
    if (jl_merge_strip(f->postings, &whole, &f->stripped, &job->job, err) != 0)
        return -1;
    job->first = f->other.job.row;
    put->stored = JL_STORED_DUPLICATE;
    return 0;
}

static void note_marked(jl_stored_job *job, uint8_t status_before) {
    if (job->job.facts.status != status_before && job->marked < job->job.facts.last_seen)
        job->marked = job->job.facts.last_seen;
}

/* The job in f->other is there for others too. */
static int live(jl_jfile *f, const jl_facts *lives, jl_err *err) {
    jl_stored_job job = f->other.job;
    jl_buf_clear(&f->stripped);
    return jl_merge_live(f->postings, &f->other.job.job, lives, &f->stripped, &job.job, err) == 0
               ? jl_jfile_change(f, &f->other, &job, err)
               : -1;
}

/* A duplicate was seen. */
static int first_lives(jl_jfile *f, uint64_t first, const jl_facts *duplicate, jl_err *err) {
    int rc = first ? jl_jfile_by_row(f, (int64_t)first, &f->other, err) : 0;
    if (rc <= 0)
        return rc;
    jl_facts lives = f->other.job.job.facts;
    return jl_merge_outlives(&lives, duplicate) ? live(f, &lives, err) : 0;
}

/* ---- the first of duplicates gets another text ---- */

/* The first's text goes to the lowest of its duplicates, which is a job of its own now. */
static int inherit(jl_jfile *f, const jl_posting *from, uint64_t heir, jl_facts *lives, jl_err *err) {
    int rc = jl_jfile_by_row(f, (int64_t)heir, &f->other, err);
    jl_stored_job job = f->other.job;
    if (rc != 1)
        return rc < 0 ? -1 : jl_jfile_damaged(f, "a duplicate is missing", err);
    jl_buf_clear(&f->stripped);
    if (jl_merge_inherit(f->postings, &f->other.job.job, from, &f->stripped, &job.job, err) != 0)
        return -1;
    job.first = 0;
    note_marked(&job, f->other.job.job.facts.status);
    *lives = job.job.facts;
    return jl_jfile_change(f, &f->other, &job, err);
}

/* The others are duplicates of the heir from now on. */
static int repoint(jl_jfile *f, const jl_jfile_list *rows, jl_facts *lives, jl_err *err) {
    for (size_t i = 1; i < rows->n; i++) {
        int rc = jl_jfile_by_row(f, (int64_t)rows->row[i], &f->other, err);
        jl_stored_job job = f->other.job;
        job.first = rows->row[0];
        if (rc != 1 || jl_jfile_change(f, &f->other, &job, err) != 0)
            return -1;
        (void)jl_merge_outlives(lives, &job.job.facts);
    }
    return first_lives(f, rows->row[0], lives, err);
}

static int pass_on(jl_jfile *f, const jl_stored_job *old, const jl_stored_job *job, jl_err *err) {
    jl_jfile_list rows = {0};
    jl_facts lives;
    if (old->first || !old->job.hash.n || jl_span_eq(old->job.hash, job->job.hash))
        return 0;
    int rc = jl_jfile_duplicates(f, old->row, &rows, err);
    if (rc == 0 && rows.n)
        rc = inherit(f, &old->job, rows.row[0], &lives, err) == 0 ? repoint(f, &rows, &lives, err) : -1;
    free(rows.row);
    return rc;
}

/* ---- one posting ---- */

static int put_new(jl_jfile *f, jl_put *put, jl_err *err) {
    jl_stored_job job = {.job = *put->in};
    put->stored = JL_STORED_NEW;
    if (find_first(f, &job, put, err) != 0)
        return -1;
    note_marked(&job, JL_STATUS_NONE);
    job.change = (uint64_t)jl_jfile_touch(f);
    job.row = (uint64_t)++f->row;
    put->row = job.row;
    return jl_jfile_add(f, &job, err) == 0 ? first_lives(f, job.first, &job.job.facts, err) : -1;
}

static int put_again(jl_jfile *f, jl_put *put, jl_err *err) {
    const jl_jfile_row *old = &f->at_hand;
    jl_stored_job job = old->job;
    put->row = job.row;
    jl_buf_clear(&f->merged);
    if (jl_merge(f->postings, &old->job.job, put->in, &f->merged, &job.job, &put->stored, err) != 0 ||
        pass_on(f, &old->job, &job, err) != 0 || find_first(f, &job, put, err) != 0)
        return -1;
    note_marked(&job, old->job.job.facts.status);
    return jl_jfile_change(f, old, &job, err) == 0 ? first_lives(f, job.first, &job.job.facts, err) : -1;
}

static int put_all(jl_jfile *f, jl_put *put, size_t n, jl_err *err) {
    for (size_t i = 0; i < n; i++) {
        int rc = find_at_hand(f, put[i].in, err);
        if (rc < 0 || (rc ? put_again(f, &put[i], err) : put_new(f, &put[i], err)) != 0)
            return -1;
    }
    return 0;
}

int jl_jfile_put(jl_jobs *base, jl_put *put, size_t n, jl_err *err) {
    jl_jfile *f = (jl_jfile *)base;
    if (n == 0)
        return 0;
    if (jl_jfile_attach(f, true, err) != 0 || jl_jfile_enter(f, err) != 0)
        return -1;
    return jl_jfile_leave(f, put_all(f, put, n, err), err);
}

/* ---- import ---- */

static int import_check(const jl_jfile *f, const jl_stored_job *job, jl_err *err) {
    if (!f->importing && (f->row != 0 || f->change != 0))
        return jl_err_set(err, JL_CONFIG, "%s: is not empty: a copy is brought back into a new store", f->path);
    if (job->row <= (uint64_t)f->row || job->row > INT64_MAX / 2 || job->change == 0 || job->change > INT64_MAX / 2)
        return jl_err_set(err, JL_CONFIG, "%s: job %llu does not follow %lld: the copy is damaged, or others write too",
                          f->path, (unsigned long long)job->row, (long long)f->row);
    return 0;
}

static int import_all(jl_jfile *f, const jl_stored_job *job, size_t n, jl_err *err) {
    for (size_t i = 0; i < n; i++) {
        if (import_check(f, &job[i], err) != 0 || jl_jfile_add(f, &job[i], err) != 0)
            return -1;
        f->row = (int64_t)job[i].row;
        if (f->change < (int64_t)job[i].change)
            f->change = (int64_t)job[i].change;
        f->changed = true;
        f->importing = true;
    }
    f->forgotten = f->change;
    return 0;
}

int jl_jfile_import(jl_jobs *base, const jl_stored_job *job, size_t n, jl_err *err) {
    jl_jfile *f = (jl_jfile *)base;
    if (jl_jfile_attach(f, true, err) != 0 || jl_jfile_enter(f, err) != 0)
        return -1;
    bool before = f->importing;
    int rc = jl_jfile_leave(f, import_all(f, job, n, err), err);
    if (rc != 0)
        f->importing = before;
    return rc;
}
