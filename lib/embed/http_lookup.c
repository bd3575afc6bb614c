/* Job lines and an embeddings server: the lookup of the filter loop. */
#include <stdlib.h>

#include "embed/http.h"
#include "embed/line.h"

typedef struct asking {
    jl_lookup base; /* first: the two are cast into each other */
    jl_server *server;
    const char *model;
    jl_stage stage;
    size_t first;
    jl_embed_line line;
    jl_buf text, value;
    jl_sink sink; /* during collect */
} asking;

static asking *asking_of(jl_lookup *l) {
    return (asking *)(void *)l;
}

static int take(void *self, uint64_t ticket, jl_state state, const float *v, uint32_t n, jl_err *err) {
    asking *a = self;
    jl_answer answer = {state, {NULL, 0}};
    jl_buf_clear(&a->value);
    if (state == JL_FOUND) {
        if (jl_vector_write(jl_span_of(a->model), a->stage, v, n, &a->value, err) != 0)
            return -1;
        answer.value = jl_buf_span(&a->value);
    }
    return a->sink.answer(a->sink.self, (jl_hash){0}, ticket, answer, err); /* its ticket names it */
}

static int asking_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    asking *a = asking_of(l);
    for (size_t i = 0; i < n; i++) {
        jl_buf_clear(&a->text);
        if (jl_embed_line_read(&a->line, query[i].rec, a->first, a->stage, err) != 0 ||
            jl_embed_text_join(&a->line.text, &a->text, err) != 0)
            return -1;
        if (a->text.n == 0)
            query[i].answer.state = JL_REFUSED;
        else if (jl_server_ask(a->server, query[i].ticket, jl_buf_span(&a->text), err) != 0)
            return -1;
    }
    return 0;
}

static size_t asking_pollfds(jl_lookup *l, struct pollfd *fds, size_t max) {
    if (max < 1)
        return 0;
    fds[0] = (struct pollfd){.fd = jl_server_fd(asking_of(l)->server), .events = POLLIN};
    return 1;
}

static int64_t asking_deadline(jl_lookup *l) {
    return jl_server_deadline(asking_of(l)->server);
}

static int asking_collect(jl_lookup *l, jl_sink sink, jl_err *err) {
    asking *a = asking_of(l);
    a->sink = sink;
    return jl_server_collect(a->server, take, a, err);
}

static int asking_idle(jl_lookup *l, jl_sink sink, jl_err *err) {
    (void)sink;
    return jl_server_flush(asking_of(l)->server, err);
}

static int asking_pressed(jl_lookup *l, int64_t now, jl_sink sink, jl_err *err) {
    (void)now;
    (void)sink;
    return jl_server_flush(asking_of(l)->server, err);
}

static int asking_finish(jl_lookup *l, bool stop, jl_sink sink, jl_err *err) {
    (void)sink;
    if (stop)
        jl_server_stop(asking_of(l)->server);
    return jl_server_flush(asking_of(l)->server, err);
}

static size_t asking_outstanding(const jl_lookup *l) {
    return jl_server_outstanding(((const asking *)(const void *)l)->server);
}

static jl_class asking_verdict(jl_lookup *l, jl_err *err) {
    return jl_server_verdict(asking_of(l)->server, err);
}

static void asking_close(jl_lookup *l) {
    asking *a = asking_of(l);
    jl_embed_line_free(&a->line);
    jl_buf_free(&a->text);
    jl_buf_free(&a->value);
    free(a);
}

static const jl_lookup_ops ops = {.submit = asking_submit,
                                  .pollfds = asking_pollfds,
                                  .deadline = asking_deadline,
                                  .collect = asking_collect,
                                  .idle = asking_idle,
                                  .pressed = asking_pressed,
                                  .finish = asking_finish,
                                  .outstanding = asking_outstanding,
                                  .verdict = asking_verdict,
                                  .close = asking_close};

jl_lookup *jl_server_lookup(jl_server *server, const char *model, jl_stage stage, size_t first, jl_err *err) {
    asking *a = calloc(1, sizeof *a);
    if (!a) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    *a = (asking){.base = {&ops}, .server = server, .model = model, .stage = stage, .first = first};
    return &a->base;
}
