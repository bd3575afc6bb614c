/* The best of many, in a heap. */
#include "match/rank.h"

#include <stdlib.h>

/* Below zero when `a` comes before `b`. */
static int order(const jl_ranked *a, const jl_ranked *b) {
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (a->posted != b->posted)
        return a->posted > b->posted ? -1 : 1;
    int by_source = jl_span_cmp(a->source, b->source);
    return by_source ? by_source : jl_span_cmp(a->id, b->id);
}

void jl_rank_open(jl_rank *r, size_t most) {
    r->most = most;
}

void jl_rank_free(jl_rank *r) {
    for (size_t i = 0; i < r->n; ++i) {
        jl_buf_free(&r->job[i]->bytes);
        free(r->job[i]);
    }
    free(r->job);
    *r = (jl_rank){0};
}

static void swap(jl_rank *r, size_t i, size_t k) {
    jl_ranked *job = r->job[i];
    r->job[i] = r->job[k];
    r->job[k] = job;
}

static void sift_up(jl_rank *r, size_t i) {
    for (; i > 0 && order(r->job[(i - 1) / 2], r->job[i]) < 0; i = (i - 1) / 2)
        swap(r, i, (i - 1) / 2);
}

static void sift_down(jl_rank *r, size_t i) {
    for (;;) {
        size_t last = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < r->n; ++child)
            if (order(r->job[last], r->job[child]) < 0)
                last = child;
        if (last == i)
            return;
        swap(r, i, last);
        i = last;
    }
}

static int grow(jl_rank *r, jl_err *err) {
    size_t room = r->room ? 2 * r->room : 32;
    jl_ranked **job = realloc(r->job, room * sizeof(jl_ranked *));
    if (!job)
        return jl_err_nomem(err);
    r->job = job;
    r->room = room;
    return 0;
}

/* The texts of the job into the ranked one's own memory. */
static int copy(jl_ranked *to, const jl_posting *job, jl_err *err) {
    jl_buf_clear(&to->bytes);
    if (jl_buf_reserve(&to->bytes, job->source.n + job->id.n + job->line.n + 1, err) ||
        jl_buf_add(&to->bytes, job->source, err) || jl_buf_add(&to->bytes, job->id, err) ||
        jl_buf_add(&to->bytes, job->line, err))
        return -1;
    const char *p = to->bytes.p;
    to->source = (jl_span){p, job->source.n};
    to->id = (jl_span){p + job->source.n, job->id.n};
    to->line = (jl_span){p + job->source.n + job->id.n, job->line.n};
    return 0;
}

static int add(jl_rank *r, const jl_posting *job, const jl_ranked *seen, jl_err *err) {
    if (r->n == r->room && grow(r, err))
        return -1;
    jl_ranked *new = calloc(1, sizeof *new);
    if (!new)
        return jl_err_nomem(err);
    *new = *seen;
    if (copy(new, job, err)) {
        jl_buf_free(&new->bytes);
        free(new);
        return -1;
    }
    r->job[r->n++] = new;
    sift_up(r, r->n - 1);
    return 0;
}

int jl_rank_offer(jl_rank *r, const jl_posting *job, double score, float cosine, jl_stage stage, jl_err *err) {
    jl_ranked seen = {.score = score,
                      .posted = job->facts.posted,
                      .source = job->source,
                      .id = job->id,
                      .cosine = cosine,
                      .stage = stage};
    if (r->n < r->most)
        return add(r, job, &seen, err);
    if (r->most == 0 || order(&seen, r->job[0]) >= 0)
        return 0;
    seen.bytes = r->job[0]->bytes;
    *r->job[0] = seen;
    if (copy(r->job[0], job, err))
        return -1;
    sift_down(r, 0);
    return 0;
}

static int compare(const void *a, const void *b) {
    return order(*(jl_ranked *const *)a, *(jl_ranked *const *)b);
}

void jl_rank_sort(jl_rank *r) {
    if (r->n)
        qsort(r->job, r->n, sizeof(jl_ranked *), compare);
}
