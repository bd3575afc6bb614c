/* An embeddings server for those who wait for its vectors. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/stop.h"
#include "embed/http.h"
#include "embed/line.h"

typedef struct model {
    jl_embed base; /* first: the two are cast into each other */
    jl_server *server;
    uint32_t dims;
    jl_buf text;
    float *out; /* during a batch; NULL: only the number of dimensions is wanted */
    size_t without;
} model;

static int take(void *self, uint64_t ticket, jl_state state, const float *v, uint32_t n, jl_err *err) {
    model *m = self;
    (void)err;
    if (state != JL_FOUND) {
        m->without++;
        return 0;
    }
    m->dims = n;
    if (m->out)
        memcpy(m->out + ticket * n, v, n * sizeof *v);
    return 0;
}

/* Until all have their end. */
static int wait_for_all(model *m, jl_err *err) {
    if (jl_server_flush(m->server, err) != 0)
        return -1;
    for (;;) {
        if (jl_stop_asked())
            jl_server_stop(m->server);
        if (jl_server_collect(m->server, take, m, err) != 0)
            return -1;
        if (jl_server_outstanding(m->server) == 0)
            break;
        struct pollfd fds[] = {{.fd = jl_server_fd(m->server), .events = POLLIN},
                               {.fd = jl_stop_asked() ? -1 : jl_stop_fd(), .events = POLLIN}};
        (void)poll(fds, 2, jl_clock_poll_ms(jl_server_deadline(m->server)));
    }
    if (m->without == 0)
        return 0;
    if (jl_server_verdict(m->server, err) != JL_OK)
        return -1;
    return jl_err_set(err, JL_TEMPFAIL, "%s gave no embedding", m->base.name);
}

static int server_dims(jl_embed *e, uint32_t *dims, jl_err *err) {
    model *m = (model *)(void *)e;
    m->out = NULL;
    m->without = 0;
    if (m->dims == 0 && (jl_server_ask(m->server, 0, JL_SPAN("job"), err) != 0 || wait_for_all(m, err) != 0))
        return -1;
    *dims = m->dims;
    return 0;
}

static int server_batch(jl_embed *e, const jl_embed_text *text, size_t n, float *out, jl_err *err) {
    model *m = (model *)(void *)e;
    uint32_t dims;
    if (server_dims(e, &dims, err) != 0)
        return -1;
    m->out = out;
    memset(out, 0, n * dims * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        jl_buf_clear(&m->text);
        if (jl_embed_text_join(&text[i], &m->text, err) != 0 ||
            (m->text.n > 0 && jl_server_ask(m->server, i, jl_buf_span(&m->text), err) != 0))
            return -1;
    }
    return wait_for_all(m, err);
}

static void server_close(jl_embed *e) {
    model *m = (model *)(void *)e;
    jl_server_close(m->server);
    jl_buf_free(&m->text);
    free(m);
}

static const jl_embed_ops ops = {.batch = server_batch, .dims = server_dims, .close = server_close};

jl_embed *jl_embed_server(const jl_server_options *options, jl_server_counts *counts, jl_err *err) {
    model *m = calloc(1, sizeof *m);
    if (!m) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    m->base.ops = &ops;
    snprintf(m->base.name, sizeof m->base.name, "%s", options->model);
    if (!(m->server = jl_server_open(options, counts, err))) {
        free(m);
        return NULL;
    }
    return &m->base;
}
