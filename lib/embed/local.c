/* Embedding inside submit(): lines in, values out. */
#include "embed/local.h"

#include <stdlib.h>

#include "embed/line.h"

typedef struct local {
    jl_lookup base; /* first: the two are cast into each other */
    jl_embed *model;
    jl_stage stage;
    size_t first;
    uint32_t dims;
    float *vector; /* of one line */
    jl_embed_line line;
    jl_buf values; /* of one batch */
} local;

static local *local_of(jl_lookup *l) {
    return (local *)(void *)l;
}

static int answer(local *l, jl_query *query, jl_err *err) {
    if (jl_embed_line_read(&l->line, query->rec, l->first, l->stage, err) != 0)
        return -1;
    query->answer.state = JL_REFUSED;
    if (jl_embed_text_empty(&l->line.text))
        return 0;
    if (l->model->ops->batch(l->model, &l->line.text, 1, l->vector, err) != 0 ||
        jl_vector_write(jl_span_of(l->model->name), l->stage, l->vector, l->dims, &l->values, err) != 0)
        return -1;
    query->answer.state = JL_FOUND;
    return 0;
}

static int local_submit(jl_lookup *base, jl_query *query, size_t n, jl_err *err) {
    local *l = local_of(base);
    jl_buf_clear(&l->values);
    for (size_t i = 0; i < n; i++) {
        size_t before = l->values.n;
        if (answer(l, &query[i], err) != 0)
            return -1;
        query[i].answer.value.n = l->values.n - before;
    }
    const char *p = l->values.p; /* it moves no more */
    for (size_t i = 0; i < n; i++) {
        query[i].answer.value.p = p;
        p += query[i].answer.value.n;
    }
    return 0;
}

static void local_close(jl_lookup *base) {
    local *l = local_of(base);
    jl_embed_line_free(&l->line);
    jl_buf_free(&l->values);
    free(l->vector);
    free(l);
}

static const jl_lookup_ops ops = {.submit = local_submit, .close = local_close};

jl_lookup *jl_local_lookup(jl_embed *model, jl_stage stage, size_t first, jl_err *err) {
    local *l = calloc(1, sizeof *l);
    if (!l) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    *l = (local){.base = {&ops}, .model = model, .stage = stage, .first = first};
    if (model->ops->dims(model, &l->dims, err) == 0) {
        l->vector = calloc(l->dims, sizeof *l->vector);
        if (l->vector)
            return &l->base;
        (void)jl_err_nomem(err);
    }
    local_close(&l->base);
    return NULL;
}
