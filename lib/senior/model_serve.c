/* A server that answers like the seniority model: rules in place of the model, a queue in place of its costs. */
#include <stdlib.h>

#include "base/clock.h"
#include "jsonl/write.h"
#include "senior/classify.h"
#include "senior/model.h"
#include "senior/model_serve.h"
#include "senior/model_wire.h"

struct jl_model_server {
    jl_model_service service;
    jl_model_served served;
    jl_rpc_server *rpc;
    jl_model_arena arena;
    jl_buf reply, line;
    uint64_t pairs;  /* of the call at hand */
    bool failed;     /* memory ran out in the call at hand */
    int64_t free_at; /* when the model will have worked off what it has been asked */
};

static int log_pair(jl_model_server *s, jl_span company, jl_span title) {
    jl_buf_clear(&s->line);
    if (jl_write_open(&s->line, NULL) != 0 || jl_write_text(&s->line, "company", company, NULL) != 0 ||
        jl_write_text(&s->line, "title", title, NULL) != 0 || jl_write_close(&s->line, NULL) != 0 ||
        jl_buf_addc(&s->line, '\n', NULL) != 0)
        return -1;
    return fwrite(s->line.p, 1, s->line.n, s->service.log) == s->line.n ? 0 : -1;
}

static void answer(void *self, int32_t uuid, jl_span company, jl_span title) {
    jl_model_server *s = self;
    s->pairs++;
    if (jl_model_put_reply(&s->reply, uuid, jl_classify(title), NULL) != 0)
        s->failed = true;
    if (s->service.log && log_pair(s, company, title) != 0)
        s->served.log_failed = true;
}

static void count_only(void *self, int32_t uuid, jl_span company, jl_span title) {
    jl_model_server *s = self;
    (void)uuid, (void)company, (void)title;
    s->pairs++;
}

static void refuse(jl_model_server *s, jl_rpc_call *call, jl_rpc_status status, const char *why) {
    s->served.refused++;
    jl_rpc_refuse(call, status, why);
}

/* When the reply to `pairs` may leave: behind everything asked before, after the time that they take themselves. */
static int64_t ready_at(jl_model_server *s, int64_t now) {
    if (s->service.pairs_per_s) {
        if (s->free_at < now)
            s->free_at = now;
        s->free_at += (int64_t)((double)s->pairs * (double)JL_SECOND / (double)s->service.pairs_per_s);
    }
    int64_t worked = s->service.pairs_per_s ? s->free_at : now;
    return worked > now + s->service.latency_ns ? worked : now + s->service.latency_ns;
}

static bool too_many(jl_model_server *s, jl_span request) {
    if (!s->service.max_batch)
        return false;
    s->pairs = 0;
    return jl_model_read_questions(request, &s->arena, count_only, s) == 0 && s->pairs > s->service.max_batch;
}

static void serve(void *self, jl_rpc_call *call, jl_span request) {
    jl_model_server *s = self;
    int64_t now = jl_clock_now();
    s->served.calls++;
    if (too_many(s, request)) {
        refuse(s, call, JL_RPC_RESOURCE_EXHAUSTED, "the batch is too large");
        return;
    }
    s->pairs = 0;
    s->failed = false;
    jl_buf_clear(&s->reply);
    if (jl_model_read_questions(request, &s->arena, answer, s) != 0) {
        refuse(s, call, JL_RPC_INVALID_ARGUMENT, "the request is no SeniorityRequestBatch");
        return;
    }
    /* The log is complete before the client can know the answer: whoever has the one may rely on the other. */
    if (s->service.log && fflush(s->service.log) != 0)
        s->served.log_failed = true;
    if (s->failed) {
        refuse(s, call, JL_RPC_INTERNAL, "memory ran out");
        return;
    }
    s->served.pairs += s->pairs;
    jl_rpc_reply(call, jl_buf_span(&s->reply), ready_at(s, now));
}

jl_model_server *jl_model_server_open(const jl_model_service *service, uint16_t *port, jl_err *err) {
    jl_model_server *s = calloc(1, sizeof *s);
    if (!s) {
        jl_err_nomem(err);
        return NULL;
    }
    s->service = *service;
    jl_rpc_service rpc = {.listen = service->listen,
                          .method = service->method ? service->method : JL_MODEL_METHOD,
                          .tls = service->tls,
                          .serve = serve,
                          .self = s};
    s->rpc = jl_rpc_server_open(&rpc, port, err);
    if (!s->rpc) {
        free(s);
        return NULL;
    }
    return s;
}

void jl_model_server_close(jl_model_server *s, jl_model_served *served) {
    if (!s)
        return;
    jl_rpc_server_close(s->rpc);
    *served = s->served;
    jl_model_arena_free(&s->arena);
    jl_buf_free(&s->reply);
    jl_buf_free(&s->line);
    free(s);
}
