/* The serving side of rpc.h: one thread takes calls from gRPC's completion queue, answers them at their time. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

#include "base/clock.h"
#include "wire/rpc.h"
#include "wire/rpc_core.h"

/* How many calls may be accepted between two turns of the thread. */
enum { ACCEPTORS = 64 };

/* A call goes through its states in this order; each ends with the call itself as the tag. */
typedef enum phase {
    ACCEPT, /* waiting for a client */
    READ,   /* waiting for the request */
    ANSWER  /* replied, waiting until it is sent */
} phase;

struct jl_rpc_call {
    phase phase;
    jl_rpc_server *server;
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    grpc_byte_buffer *request, *reply;
    grpc_slice message;
    grpc_status_code status;
    int cancelled;
    int64_t at; /* when the reply may leave, while it stands in the heap */
};

struct jl_rpc_server {
    jl_rpc_service service;
    char *method; /* owned copy */
    grpc_server *server;
    grpc_completion_queue *queue;
    pthread_t thread;
    bool threaded;
    atomic_bool stopping;
    /* A binary heap of the replies that wait for their time, the earliest first. Used by the thread alone. */
    jl_rpc_call **waiting;
    size_t n_waiting, cap_waiting;
};

static jl_rpc_call *call_new(jl_rpc_server *s) {
    jl_rpc_call *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->server = s;
    c->message = grpc_empty_slice();
    grpc_call_details_init(&c->details);
    grpc_metadata_array_init(&c->metadata);
    return c;
}

static void call_free(jl_rpc_call *c) {
    if (c->call)
        grpc_call_unref(c->call);
    grpc_call_details_destroy(&c->details);
    grpc_metadata_array_destroy(&c->metadata);
    if (c->request)
        grpc_byte_buffer_destroy(c->request);
    if (c->reply)
        grpc_byte_buffer_destroy(c->reply);
    grpc_slice_unref(c->message);
    free(c);
}

static void accept_one(jl_rpc_server *s) {
    jl_rpc_call *c = call_new(s);
    if (c &&
        grpc_server_request_call(s->server, &c->call, &c->details, &c->metadata, s->queue, s->queue, c) != GRPC_CALL_OK)
        call_free(c);
}

static void send(jl_rpc_call *c) {
    grpc_op op[4] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_RECV_CLOSE_ON_SERVER, .data.recv_close_on_server.cancelled = &c->cancelled},
        {.op = GRPC_OP_SEND_STATUS_FROM_SERVER,
         .data.send_status_from_server = {.status = c->status, .status_details = &c->message}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = c->reply},
    };
    c->phase = ANSWER;
    if (grpc_call_start_batch(c->call, op, c->reply ? 4 : 3, c, NULL) != GRPC_CALL_OK)
        call_free(c);
}

static void sift_up(jl_rpc_call **heap, size_t i) {
    for (; i > 0 && heap[i]->at < heap[(i - 1) / 2]->at; i = (i - 1) / 2) {
        jl_rpc_call *c = heap[i];
        heap[i] = heap[(i - 1) / 2];
        heap[(i - 1) / 2] = c;
    }
}

static void sift_down(jl_rpc_call **heap, size_t n, size_t i) {
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (heap[child]->at < heap[least]->at)
                least = child;
        if (least == i)
            return;
        jl_rpc_call *c = heap[i];
        heap[i] = heap[least];
        heap[least] = c;
        i = least;
    }
}

/* Without memory to wait in, the reply leaves early: late answers are a rehearsal, lost ones would be a bug. */
static void wait_until(jl_rpc_server *s, jl_rpc_call *c, int64_t at) {
    if (s->n_waiting == s->cap_waiting) {
        size_t cap = s->cap_waiting ? 2 * s->cap_waiting : 64;
        jl_rpc_call **bigger = reallocarray(s->waiting, cap, sizeof *bigger);
        if (!bigger) {
            send(c);
            return;
        }
        s->waiting = bigger;
        s->cap_waiting = cap;
    }
    c->at = at;
    s->waiting[s->n_waiting] = c;
    sift_up(s->waiting, s->n_waiting++);
}

static void send_due(jl_rpc_server *s) {
    while (s->n_waiting && (atomic_load(&s->stopping) || s->waiting[0]->at <= jl_clock_now())) {
        jl_rpc_call *c = s->waiting[0];
        s->waiting[0] = s->waiting[--s->n_waiting];
        sift_down(s->waiting, s->n_waiting, 0);
        send(c);
    }
}

void jl_rpc_reply(jl_rpc_call *call, jl_span reply, int64_t at) {
    grpc_slice slice = grpc_slice_from_copied_buffer(reply.p, reply.n);
    call->reply = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    call->status = GRPC_STATUS_OK;
    if (at > jl_clock_now() && !atomic_load(&call->server->stopping))
        wait_until(call->server, call, at);
    else
        send(call);
}

void jl_rpc_refuse(jl_rpc_call *call, jl_rpc_status status, const char *message) {
    call->status = (grpc_status_code)status;
    call->message = grpc_slice_from_copied_string(message);
    send(call);
}

static void accepted(jl_rpc_server *s, jl_rpc_call *c) {
    accept_one(s);
    if (!jl_span_eq(jl_rpc_slice_span(&c->details.method), jl_span_of(s->method))) {
        jl_rpc_refuse(c, JL_RPC_UNIMPLEMENTED, "unknown method");
        return;
    }
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &c->request};
    c->phase = READ;
    if (grpc_call_start_batch(c->call, &op, 1, c, NULL) != GRPC_CALL_OK)
        call_free(c);
}

static void serve(jl_rpc_server *s, jl_rpc_call *c) {
    grpc_slice request;
    if (!c->request) {
        jl_rpc_refuse(c, JL_RPC_INVALID_ARGUMENT, "the call ended without a request");
        return;
    }
    if (jl_rpc_read_buffer(c->request, &request) != 0) {
        jl_rpc_refuse(c, JL_RPC_INTERNAL, "the request cannot be decompressed");
        return;
    }
    s->service.serve(s->service.self, c, jl_rpc_slice_span(&request));
    grpc_slice_unref(request);
}

static void turn(jl_rpc_server *s, jl_rpc_call *c, bool success) {
    if (c->phase == ACCEPT && success)
        accepted(s, c);
    else if (c->phase == READ)
        serve(s, c);
    else
        call_free(c); /* sent, or not to be accepted any more */
}

static void *work(void *self) {
    jl_rpc_server *s = self;
    for (;;) {
        int64_t next = s->n_waiting ? s->waiting[0]->at : INT64_MAX;
        grpc_event e = grpc_completion_queue_next(s->queue, jl_rpc_time(next), NULL);
        if (e.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        /* The tag of the shutdown is the server itself: all calls have ended. */
        if (e.type == GRPC_OP_COMPLETE && e.tag == s)
            grpc_completion_queue_shutdown(s->queue);
        else if (e.type == GRPC_OP_COMPLETE)
            turn(s, e.tag, e.success != 0);
        send_due(s);
    }
}

static int server_listen(jl_rpc_server *s, uint16_t *port, jl_err *err) {
    grpc_server_credentials *creds = NULL;
    if (jl_rpc_server_creds(s->service.tls, &creds, err) != 0)
        return -1;
    int bound = grpc_server_add_http2_port(s->server, s->service.listen, creds);
    grpc_server_credentials_release(creds);
    if (bound <= 0)
        return jl_err_set(err, JL_UNAVAILABLE, "cannot listen on %s: the address is taken or not of this machine",
                          s->service.listen);
    *port = (uint16_t)bound;
    return 0;
}

static grpc_server *server_new(void) {
    grpc_arg arg[] = {
        {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, .value.integer = -1},
        /* Two servers on one port would share the calls by chance. */
        {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)GRPC_ARG_ALLOW_REUSEPORT, .value.integer = 0},
    };
    return grpc_server_create(&(grpc_channel_args){.num_args = sizeof arg / sizeof *arg, .args = arg}, NULL);
}

static int server_start(jl_rpc_server *s, jl_err *err) {
    grpc_server_start(s->server);
    for (int i = 0; i < ACCEPTORS; i++)
        accept_one(s);
    int number = pthread_create(&s->thread, NULL, work, s);
    if (number != 0)
        return jl_err_errno(err, JL_SOFTWARE, number, "cannot start a thread");
    s->threaded = true;
    return 0;
}

jl_rpc_server *jl_rpc_server_open(const jl_rpc_service *service, uint16_t *port, jl_err *err) {
    jl_rpc_server *s = calloc(1, sizeof *s);
    if (!s || !(s->method = strdup(service->method))) {
        free(s);
        jl_err_nomem(err);
        return NULL;
    }
    jl_rpc_init();
    s->service = *service;
    s->queue = grpc_completion_queue_create_for_next(NULL);
    s->server = server_new();
    grpc_server_register_completion_queue(s->server, s->queue, NULL);
    if (server_listen(s, port, err) == 0 && server_start(s, err) == 0) {
        s->service.tls = NULL;
        return s;
    }
    jl_rpc_server_close(s);
    return NULL;
}

void jl_rpc_server_close(jl_rpc_server *s) {
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    grpc_server_shutdown_and_notify(s->server, s->queue, s);
    if (s->threaded)
        pthread_join(s->thread, NULL);
    else
        work(s);
    grpc_completion_queue_destroy(s->queue);
    grpc_server_destroy(s->server);
    free(s->waiting);
    free(s->method);
    grpc_shutdown();
    free(s);
}
