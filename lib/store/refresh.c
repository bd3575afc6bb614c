/* The side file of a store: read, laid over, written anew. */
#include "store/refresh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES ((size_t)4 << 20) /* of vectors that are read in one go */
#define PAGE_ROWS ((size_t)4096)

/* ---- which model ---- */

struct models {
    char *model; /* that is wanted, or "" */
    uint32_t *dims;
    char best[JL_MODEL_MAX];
    uint64_t rows; /* of the best so far */
};

/* Vectors of one model with another number of dimensions count as another model's. */
static int models_each(void *self, jl_span model, uint32_t dims, uint64_t rows, jl_err *err) {
    struct models *m = self;
    (void)err;
    if (model.n == 0 || model.n >= JL_MODEL_MAX || (m->model[0] && !jl_span_eq(model, jl_span_of(m->model))))
        return 0;
    int order = jl_span_cmp(model, jl_span_of(m->best));
    bool better = rows > m->rows || (rows == m->rows && (order < 0 || (order == 0 && dims < *m->dims))) || m->rows == 0;
    if (!better)
        return 0;
    memcpy(m->best, model.p, model.n);
    m->best[model.n] = '\0';
    m->rows = rows;
    *m->dims = dims;
    return 0;
}

int jl_refresh_model(jl_jobs *s, char model[JL_MODEL_MAX], uint32_t *dims, jl_err *err) {
    struct models m = {.model = model, .dims = dims};
    *dims = 0;
    if (s->ops->models(s, JL_STAGE_LISTING, models_each, &m, err) != 0)
        return -1;
    if (m.rows)
        memcpy(model, m.best, sizeof m.best);
    return 0;
}

/* ---- the state of both ---- */

struct rows {
    uint64_t *row;
    size_t n, cap, at;
};

struct refresh {
    jl_jobs *s;
    const char *path;
    jl_index_head head; /* of the file to be */
    uint64_t since;     /* the change that the file at hand holds; 0 = there is none that can be used */
    struct rows gone;   /* deleted since, ascending */
    jl_refreshed done;
};

static int rows_add(void *self, uint64_t row, jl_err *err) {
    struct rows *r = self;
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 1024;
        uint64_t *more = realloc(r->row, cap * sizeof *more);
        if (!more)
            return jl_err_nomem(err);
        r->row = more;
        r->cap = cap;
    }
    r->row[r->n++] = row;
    return 0;
}

/* A file that was made from this store, for this model, and is not ahead of it (a store that was set back). */
static bool fits(const struct refresh *r, const jl_index_head *file) {
    return strcmp(file->model, r->head.model) == 0 && file->dims == r->head.dims && file->facts == r->head.facts &&
           file->store == r->head.store && file->change <= r->head.change && file->change > 0;
}

/* *index is NULL when there is no file that can be used. */
static int open_file(const struct refresh *r, jl_index **index, jl_err *err) {
    jl_err reason = {0};
    *index = NULL;
    if (jl_index_open(index, r->path, NULL, &reason) != 0) {
        *index = NULL;
        if (reason.class == JL_CONFIG) /* damaged or of another version: made anew */
            return 0;
        if (reason.class == JL_DATA)
            return jl_err_set(err, JL_CONFIG, "%s is no side file: name another or remove it", r->path);
        *err = reason;
        return -1;
    }
    if (*index && !fits(r, jl_index_about(*index))) {
        jl_index_close(*index);
        *index = NULL;
    }
    return 0;
}

static void forget_file(struct refresh *r) {
    r->since = r->done.rows = r->gone.n = r->gone.at = 0;
}

/* Codes that are made again from damaged floats would agree with them: what is copied has to be sound. */
static int check_file(struct refresh *r, jl_err *err) {
    jl_err reason = {0};
    if (r->since == 0 || jl_index_check(r->path, &reason) == 0)
        return 0;
    if (reason.class != JL_CONFIG) {
        *err = reason;
        return -1;
    }
    forget_file(r);
    return 0;
}

/* What has to be laid over the file at hand, *index, which is closed and NULL when the store no longer knows. */
static int find_since(struct refresh *r, jl_index **index, jl_err *err) {
    jl_err reason = {0};
    r->gone.n = r->gone.at = 0;
    r->since = *index ? jl_index_about(*index)->change : 0;
    r->done.rows = *index ? jl_index_about(*index)->rows : 0;
    if (!*index || r->since == r->head.change || r->s->ops->gone(r->s, r->since, rows_add, &r->gone, &reason) == 0)
        return 0;
    if (reason.class != JL_TEMPFAIL) {
        *err = reason;
        return -1;
    }
    jl_index_close(*index);
    *index = NULL;
    forget_file(r);
    return 0;
}

static int refresh_begin(struct refresh *r, jl_jobs *s, const char *path, const char *model, uint32_t dims,
                         jl_index **index, jl_err *err) {
    *r = (struct refresh){.s = s, .path = path, .head = {.dims = dims, .facts = sizeof(jl_facts)}};
    *index = NULL;
    if (strlen(model) >= sizeof r->head.model)
        return jl_err_set(err, JL_USAGE, "the name of the model is too long");
    memcpy(r->head.model, model, strlen(model));
    if (s->ops->at(s, &r->head.store, &r->head.change, err) != 0 || open_file(r, index, err) != 0)
        return -1;
    return find_since(r, index, err);
}

/* The vector that belongs into the index; NULL: the job does not. */
static const char *wanted(struct refresh *r, const jl_stored_job *job) {
    const jl_vector *v = &job->job.vector[JL_STAGE_LISTING];
    if (job->first || v->n == 0 || !jl_span_eq(v->model, jl_span_of(r->head.model)))
        return NULL;
    if (v->n == r->head.dims && v->data.n == sizeof(float) * v->n)
        return v->data.p;
    r->done.odd++;
    return NULL;
}

/* ---- written ---- */

/* Rows are read a page at a time, each page from one state of the store: what is touched between two pages has a change
   later than the file's, and is laid over again the next time. */
struct page {
    struct refresh *r;
    size_t most, n, at;
    uint64_t after;
    bool last;
    uint64_t *row;
    bool *gone;
    jl_facts *facts;
    float *vector;
};

static int page_open(struct page *p, struct refresh *r, jl_err *err) {
    size_t bytes = sizeof(float) * r->head.dims;
    *p = (struct page){.r = r, .most = PAGE_BYTES / bytes < PAGE_ROWS ? PAGE_BYTES / bytes : PAGE_ROWS};
    p->row = calloc(p->most, sizeof *p->row);
    p->gone = calloc(p->most, sizeof *p->gone);
    p->facts = calloc(p->most, sizeof *p->facts);
    p->vector = calloc(p->most, bytes);
    return p->row && p->gone && p->facts && p->vector ? 0 : jl_err_nomem(err);
}

static void page_close(struct page *p) {
    free(p->row);
    free(p->gone);
    free(p->facts);
    free(p->vector);
}

static int page_take(void *self, const jl_stored_job *job, jl_err *err) {
    struct page *p = self;
    (void)err;
    const char *data = wanted(p->r, job);
    p->row[p->n] = job->row;
    p->gone[p->n] = !data;
    p->facts[p->n] = job->job.facts;
    if (data)
        memcpy(p->vector + p->n * p->r->head.dims, data, sizeof(float) * p->r->head.dims);
    p->n++;
    return p->n == p->most;
}

static int page_fill(struct page *p, jl_err *err) {
    struct refresh *r = p->r;
    jl_find find = {.duplicates = true,
                    .changed_since = r->since,
                    .after = p->after,
                    .limit = p->most,
                    .vectors = true,
                    .stage = JL_STAGE_LISTING};
    p->n = p->at = 0;
    if (r->s->ops->find(r->s, &find, page_take, p, err) != 0)
        return -1;
    p->last = p->n < p->most;
    if (p->n)
        p->after = p->row[p->n - 1];
    r->done.changed += p->n;
    return 0;
}

/* Rows of the page and rows that were deleted, merged by their numbers. */
static int page_next(void *self, jl_index_row *row, jl_err *err) {
    struct page *p = self;
    struct rows *gone = &p->r->gone;
    if (p->at == p->n && !p->last && page_fill(p, err) != 0)
        return -1;
    bool here = p->at < p->n;
    if (gone->at < gone->n && (!here || gone->row[gone->at] < p->row[p->at])) {
        *row = (jl_index_row){.row = gone->row[gone->at++], .gone = true};
        p->r->done.gone++;
        return 1;
    }
    if (!here)
        return 0;
    size_t i = p->at++;
    *row = (jl_index_row){.row = p->row[i], .gone = p->gone[i]};
    p->r->done.gone += row->gone && p->r->since > 0;
    if (!row->gone) {
        row->facts = &p->facts[i];
        row->vector = p->vector + i * p->r->head.dims;
    }
    return 1;
}

static int sync_folder(const char *path, jl_err *err) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    int rc = fd < 0 || fsync(fd) != 0 ? jl_err_errno(err, JL_IO, errno, "%s: fsync of its folder", path) : 0;
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* Who may not read the store does not read its vectors. */
static mode_t mode_of(const struct refresh *r) {
    return r->s->mode ? r->s->mode : 0640;
}

/* The file that is written takes the mode of the one that stands there. */
static int begin_fresh(const char *path, mode_t mode, jl_err *err) {
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return jl_err_errno(err, JL_CANTCREAT, errno, "%s", path);
    int rc = fchmod(fd, mode) != 0 ? jl_err_errno(err, JL_CANTCREAT, errno, "%s: its mode", path) : 0;
    return close(fd) != 0 && rc == 0 ? jl_err_errno(err, JL_IO, errno, "%s", path) : rc;
}

/* jl_index_write lays changes over what it finds at its path, so that a file made from nothing begins elsewhere. */
static int write_whole(struct page *p, jl_err *err) {
    struct refresh *r = p->r;
    char *fresh;
    if (asprintf(&fresh, "%s.%ld", r->path, (long)getpid()) < 0)
        return jl_err_nomem(err);
    int rc = begin_fresh(fresh, mode_of(r), err);
    if (rc == 0)
        rc = jl_index_write(fresh, &r->head, page_next, p, err);
    if (rc == 0 && rename(fresh, r->path) != 0)
        rc = jl_err_errno(err, JL_CANTCREAT, errno, "%s", r->path);
    if (rc == 0)
        rc = sync_folder(r->path, err);
    else
        (void)unlink(fresh);
    free(fresh);
    return rc;
}

/* A file of another user keeps its mode: what can be done is done when it is made anew. */
static int write_over(struct page *p, jl_err *err) {
    struct refresh *r = p->r;
    (void)chmod(r->path, mode_of(r));
    return jl_index_write(r->path, &r->head, page_next, p, err);
}

static int write_file(struct refresh *r, jl_err *err) {
    struct page page = {0};
    if (r->head.dims == 0 || r->head.dims > JL_DIMS_MAX)
        return jl_err_set(err, JL_DATA, "no job has an embedding of the model %s", r->head.model);
    r->done.whole = r->since == 0;
    r->done.changed = r->done.gone = r->done.odd = 0;
    int rc = page_open(&page, r, err);
    if (rc == 0)
        rc = r->since ? write_over(&page, err) : write_whole(&page, err);
    page_close(&page);
    r->done.written = rc == 0;
    r->done.rows = r->head.rows;
    return rc;
}

int jl_refresh_write(jl_jobs *s, const char *path, const char *model, uint32_t dims, jl_refreshed *done, jl_err *err) {
    struct refresh r;
    jl_index *index;
    int rc = refresh_begin(&r, s, path, model, dims, &index, err);
    if (rc == 0)
        rc = check_file(&r, err);
    bool fresh = rc == 0 && r.since > 0 && r.since == r.head.change;
    if (index)
        jl_index_close(index);
    if (rc == 0 && !fresh)
        rc = write_file(&r, err);
    free(r.gone.row);
    *done = r.done;
    return rc;
}

/* ---- laid over in memory ---- */

struct lay {
    struct refresh *r;
    jl_index *index;
    float *vector;
    bool many;
};

static int lay_each(void *self, const jl_stored_job *job, jl_err *err) {
    struct lay *l = self;
    struct refresh *r = l->r;
    if (r->done.changed == JL_REFRESH_MOST) {
        l->many = true;
        return 1;
    }
    r->done.changed++;
    const char *data = wanted(r, job);
    if (!data) {
        r->done.gone += r->since > 0;
        return jl_index_hide(l->index, job->row, err);
    }
    memcpy(l->vector, data, sizeof(float) * r->head.dims);
    return jl_index_set(l->index, job->row, &job->job.facts, l->vector, err);
}

static int lay_gone(struct lay *l, jl_err *err) {
    struct rows *gone = &l->r->gone;
    for (size_t i = 0; i < gone->n; i++)
        if (jl_index_hide(l->index, gone->row[i], err) != 0)
            return -1;
    l->r->done.gone += gone->n;
    return 0;
}

/* Lays over `index` what changed; *many: there is more than belongs into memory. */
static int lay_over(struct refresh *r, jl_index *index, bool *many, jl_err *err) {
    struct lay l = {.r = r, .index = index};
    jl_find find = {.duplicates = true, .changed_since = r->since, .vectors = true, .stage = JL_STAGE_LISTING};
    r->done.changed = r->done.gone = r->done.odd = 0;
    l.vector = calloc(r->head.dims ? r->head.dims : 1, sizeof *l.vector);
    if (!l.vector)
        return jl_err_nomem(err);
    int rc = r->s->ops->find(r->s, &find, lay_each, &l, err);
    if (rc == 0 && !l.many)
        rc = lay_gone(&l, err);
    free(l.vector);
    *many = l.many;
    return rc;
}

/* The file has just been written, so that little can have changed since: whatever it is, it is laid over. */
static int open_written(struct refresh *r, jl_index **index, jl_err *err) {
    jl_index_head head = r->head;
    jl_refreshed done = r->done;
    bool many = false;
    if (jl_index_open(index, r->path, NULL, err) != 0)
        return -1;
    if (!*index)
        return jl_err_set(err, JL_TEMPFAIL, "%s went away again", r->path);
    if (r->s->ops->at(r->s, &head.store, &head.change, err) != 0)
        return -1;
    r->since = jl_index_about(*index)->change;
    r->gone.n = 0;
    if (r->since != head.change &&
        (r->s->ops->gone(r->s, r->since, rows_add, &r->gone, err) != 0 || lay_over(r, *index, &many, err) != 0))
        return -1;
    r->done = done;
    return many ? jl_err_set(err, JL_TEMPFAIL, "the store changes faster than its index can be written") : 0;
}

static int open_over(struct refresh *r, jl_index **index, jl_err *err) {
    bool many = false;
    if (!*index && jl_index_open(index, NULL, &r->head, err) != 0)
        return -1;
    if (r->since == r->head.change)
        return 0;
    if (lay_over(r, *index, &many, err) != 0)
        return -1;
    if (!many)
        return 0;
    jl_index_close(*index);
    *index = NULL;
    r->gone.at = 0;
    return check_file(r, err) == 0 && write_file(r, err) == 0 ? open_written(r, index, err) : -1;
}

int jl_refresh_open(jl_jobs *s, const char *path, const char *model, uint32_t dims, jl_index **index,
                    jl_refreshed *done, jl_err *err) {
    struct refresh r;
    int rc = refresh_begin(&r, s, path, model, dims, index, err);
    if (rc == 0)
        rc = open_over(&r, index, err);
    if (rc != 0 && *index) {
        jl_index_close(*index);
        *index = NULL;
    }
    free(r.gone.row);
    if (done)
        *done = r.done;
    return rc;
}
