/* Jobs that have not been seen for long, taken out of a store. */
#include "store/purge.h"

#include <stdlib.h>

#include "base/stop.h"
#include "job/job.h"

#define PAGE ((size_t)1000)

struct purging {
    jl_purge *p;
    uint64_t change;  /* the store's, before anything was looked at */
    uint64_t *needed; /* rows that younger duplicates need, ascending after `sort` */
    size_t n_needed, cap_needed;
    bool duplicates; /* this pass takes duplicates, the next the others: those that they need are free then */
    uint64_t row[PAGE];
    size_t n;
    uint64_t after, seen; /* the last row looked at; how many in this page */
    jl_want *want;
    jl_field field[1];
    jl_buf text, name;
};

/* ---- what has to stay ---- */

static int note_needed(void *self, const jl_stored_job *job, jl_err *err) {
    struct purging *g = self;
    if (jl_stop_asked())
        return 1;
    if (!job->first || (!g->p->named && job->job.facts.last_seen < g->p->before))
        return 0;
    if (g->n_needed == g->cap_needed) {
        size_t cap = g->cap_needed ? g->cap_needed * 2 : 256;
        uint64_t *more = realloc(g->needed, cap * sizeof *more);
        if (!more)
            return jl_err_nomem(err);
        g->needed = more;
        g->cap_needed = cap;
    }
    g->needed[g->n_needed++] = job->first;
    return 0;
}

static int compare(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static bool is_needed(const struct purging *g, uint64_t row) {
    return g->n_needed && bsearch(&row, g->needed, g->n_needed, sizeof row, compare);
}

/* ---- a page ---- */

static int note_payload(struct purging *g, jl_span line, jl_err *err) {
    jl_rec rec;
    jl_buf_clear(&g->text);
    jl_buf_clear(&g->name);
    if (jl_buf_reserve(&g->text, line.n + 1 + JL_PAD, err) != 0 || jl_buf_add(&g->text, line, err) != 0 ||
        jl_buf_addc(&g->text, '\n', err) != 0)
        return -1;
    if (jl_rec_scan(g->want, g->text.p, g->text.p + g->text.n, false, g->field, &rec, NULL) != JL_SCAN_RECORD ||
        rec.field[0].type != JL_STRING)
        return 0;
    if (jl_json_decode(jl_rec_value(&rec, 0), &g->name, err) != 0)
        return -1;
    return jl_payloads_add(g->p->payloads, jl_buf_span(&g->name), err);
}

static int take(void *self, const jl_stored_job *job, jl_err *err) {
    struct purging *g = self;
    jl_purge *p = g->p;
    g->after = job->row;
    g->seen++;
    if ((job->first != 0) != g->duplicates)
        return 0;
    if (is_needed(g, job->row)) {
        p->needed++;
        return 0;
    }
    p->found++;
    if (p->show)
        return jl_out_line(p->show, job->job.line, err);
    if ((p->archive && jl_out_line(&p->archive->out, job->job.line, err) != 0) ||
        (p->payloads && note_payload(g, job->job.line, err) != 0))
        return -1;
    g->row[g->n++] = job->row;
    return 0;
}

/* What is to outlive the jobs is durable before they go. */
static int delete_page(struct purging *g, jl_err *err) {
    jl_purge *p = g->p;
    uint64_t deleted = 0;
    if (g->n == 0)
        return 0;
    if ((p->archive && jl_append_sync(p->archive, err) != 0) ||
        (p->payloads && jl_payloads_sync(p->payloads, err) != 0) ||
        p->store->ops->purge(p->store, g->row, g->n, g->change, &deleted, err) != 0)
        return -1;
    p->deleted += deleted;
    p->touched += g->n - deleted;
    return 0;
}

static int pass(struct purging *g, bool duplicates, jl_err *err) {
    g->duplicates = duplicates;
    g->after = 0;
    do {
        jl_find old = g->p->named ? *g->p->named : (jl_find){0};
        old.duplicates = old.lines = true;
        old.seen_before = g->p->before;
        old.after = g->after;
        old.limit = PAGE;
        g->n = g->seen = 0;
        if (g->p->store->ops->find(g->p->store, &old, take, g, err) != 0 || delete_page(g, err) != 0)
            return -1;
    } while (g->seen == PAGE && !jl_stop_asked());
    return 0;
}

static int find_needed(struct purging *g, jl_err *err) {
    jl_jobs *s = g->p->store;
    jl_find everything = {.duplicates = true};
    g->n_needed = 0;
    if (s->ops->find(s, &everything, note_needed, g, err) != 0)
        return -1;
    if (g->n_needed)
        qsort(g->needed, g->n_needed, sizeof *g->needed, compare);
    return 0;
}

/* Age tells beforehand which duplicates go; of named ones that is known when they are gone. */
static int purge(struct purging *g, jl_err *err) {
    jl_jobs *s = g->p->store;
    bool named = g->p->named;
    uint64_t number;
    if (s->ops->at(s, &number, &g->change, err) != 0 || (!named && find_needed(g, err) != 0))
        return -1;
    if (jl_stop_asked())
        return 0;
    if (pass(g, true, err) != 0 || (named && find_needed(g, err) != 0))
        return -1;
    return jl_stop_asked() ? 0 : pass(g, false, err);
}

int jl_purge_run(jl_purge *p, jl_err *err) {
    struct purging *g = calloc(1, sizeof *g);
    if (!g)
        return jl_err_nomem(err);
    g->p = p;
    g->want = jl_want_new(err);
    int rc = g->want && jl_want_name(g->want, jl_job_bare(JL_JOB_RAW), err) >= 0 ? 0 : -1;
    if (rc == 0)
        rc = purge(g, err);
    jl_want_free(g->want);
    jl_buf_free(&g->text);
    jl_buf_free(&g->name);
    free(g->needed);
    free(g);
    return rc;
}
