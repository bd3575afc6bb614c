/* The asking side of rpc.h: a thread waits on gRPC's completion queue, an eventfd wakes the loop. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

#include "base/clock.h"
#include "wire/rpc.h"
#include "wire/rpc_core.h"

/* One unary call is one batch of six operations with one tag: this struct. `done` is first, so that what the loop frees
   is the whole call. */
typedef struct call {
    jl_rpc_done done;
    struct call *next;          /* in the list of finished calls */
    struct call *older, *newer; /* in the list of all calls that the loop has not got back */
    grpc_call *call;
    int64_t started;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *reply_buffer;
    grpc_slice message, reply;
    const char *error_string;
    grpc_status_code status;
} call;

struct jl_rpc {
    grpc_channel *channel;
    grpc_completion_queue *queue;
    void *method;
    pthread_t thread;
    bool threaded;
    int event;
    call *newest; /* of the calls that the loop has not got back */
    call *ready;  /* the loop's own: taken from `finished`, oldest first */
    /* Shared with the thread. */
    pthread_mutex_t lock;
    call *finished, **finished_end;
};

static void call_free(call *c) {
    if (c->call)
        grpc_call_unref(c->call);
    grpc_metadata_array_destroy(&c->initial);
    grpc_metadata_array_destroy(&c->trailing);
    if (c->reply_buffer)
        grpc_byte_buffer_destroy(c->reply_buffer);
    grpc_slice_unref(c->message);
    grpc_slice_unref(c->reply);
    gpr_free((void *)c->error_string);
    free(c);
}

/* Runs on the completion thread: everything that costs time is done here, not on the loop. */
static void call_finish(jl_rpc *r, call *c) {
    c->done.status = (int)c->status;
    c->done.took_ns = jl_clock_now() - c->started;
    c->done.message = jl_rpc_slice_span(&c->message);
    c->done.connected =
        c->status == GRPC_STATUS_OK || grpc_channel_check_connectivity_state(r->channel, 0) == GRPC_CHANNEL_READY;
    if (c->status == GRPC_STATUS_OK && c->reply_buffer) {
        if (jl_rpc_read_buffer(c->reply_buffer, &c->reply) == 0) {
            c->done.reply = jl_rpc_slice_span(&c->reply);
        } else {
            c->done.status = JL_RPC_INTERNAL;
            c->done.message = JL_SPAN("the reply cannot be decompressed");
        }
    }
}

static void *complete(void *self) {
    jl_rpc *r = self;
    for (;;) {
        grpc_event e = grpc_completion_queue_next(r->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
        if (e.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        call *c = e.tag;
        call_finish(r, c);
        pthread_mutex_lock(&r->lock);
        bool first = r->finished == NULL;
        *r->finished_end = c;
        r->finished_end = &c->next;
        pthread_mutex_unlock(&r->lock);
        /* The counter cannot overflow: it is raised only when the list was empty. */
        if (first)
            while (eventfd_write(r->event, 1) != 0 && errno == EINTR)
                ;
    }
}

static grpc_arg integer(const char *key, int value) {
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key, .value.integer = value};
}

static bool is_loopback(const char *target) {
    return strncmp(target, "127.", 4) == 0 || strncmp(target, "localhost:", 10) == 0 ||
           strncmp(target, "[::1]", 5) == 0 || strncmp(target, "unix:", 5) == 0;
}

static grpc_channel *channel_new(const jl_rpc_options *o, jl_err *err) {
    grpc_channel_credentials *creds = NULL;
    if (jl_rpc_channel_creds(o->tls, &creds, err) != 0)
        return NULL;
    grpc_arg arg[] = {
        integer(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, -1),
        integer(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1),
        /* Who retries counts: the library must not ask behind the caller's back. */
        integer(GRPC_ARG_ENABLE_RETRIES, 0),
        integer(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
        integer(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100),
        /* This one is also how long a connection attempt may take. */
        integer(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000),
        integer(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000),
        /* Finds a connection whose other end vanished; rarer than what servers punish as too many pings while data
           flows. */
        integer(GRPC_ARG_KEEPALIVE_TIME_MS, 60 * 1000),
        integer(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20 * 1000),
        integer(GRPC_ARG_ENABLE_HTTP_PROXY, !is_loopback(o->target)),
    };
    grpc_channel_args args = {.num_args = sizeof arg / sizeof *arg, .args = arg};
    grpc_channel *channel = grpc_channel_create(o->target, creds, &args);
    grpc_channel_credentials_release(creds);
    if (!channel)
        jl_err_set(err, JL_SOFTWARE, "%s: gRPC made no channel", o->target);
    return channel;
}

static int thread_start(jl_rpc *r, jl_err *err) {
    int number = pthread_create(&r->thread, NULL, complete, r);
    if (number != 0)
        return jl_err_errno(err, JL_SOFTWARE, number, "cannot start a thread");
    r->threaded = true;
    return 0;
}

jl_rpc *jl_rpc_open(const jl_rpc_options *options, jl_err *err) {
    jl_rpc *r = calloc(1, sizeof *r);
    if (!r) {
        jl_err_nomem(err);
        return NULL;
    }
    jl_rpc_init();
    r->finished_end = &r->finished;
    pthread_mutex_init(&r->lock, NULL);
    r->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->event < 0) {
        jl_err_errno(err, JL_SOFTWARE, errno, "cannot make an eventfd");
        goto fail;
    }
    r->channel = channel_new(options, err);
    if (!r->channel)
        goto fail;
    r->method = grpc_channel_register_call(r->channel, options->method, NULL, NULL);
    r->queue = grpc_completion_queue_create_for_next(NULL);
    if (thread_start(r, err) == 0)
        return r;
fail:
    jl_rpc_close(r);
    return NULL;
}

static void free_list(call *c) {
    while (c) {
        call *next = c->next;
        call_free(c);
        c = next;
    }
}

void jl_rpc_close(jl_rpc *r) {
    if (!r)
        return;
    /* Each cancelled call still comes out of the queue, which the thread drains. */
    for (call *c = r->newest; c; c = c->older)
        grpc_call_cancel(c->call, NULL);
    if (r->queue)
        grpc_completion_queue_shutdown(r->queue);
    if (r->threaded)
        pthread_join(r->thread, NULL);
    if (r->channel)
        grpc_channel_destroy(r->channel);
    if (r->queue)
        grpc_completion_queue_destroy(r->queue);
    free_list(r->ready);
    free_list(r->finished);
    if (r->event >= 0)
        close(r->event);
    pthread_mutex_destroy(&r->lock);
    grpc_shutdown();
    free(r);
}

int jl_rpc_fd(const jl_rpc *r) {
    return r->event;
}

static grpc_byte_buffer *request_buffer(const jl_span *piece, size_t n) {
    size_t size = 0;
    for (size_t i = 0; i < n; i++)
        size += piece[i].n;
    grpc_slice slice = grpc_slice_malloc(size);
    char *to = (char *)GRPC_SLICE_START_PTR(slice);
    for (size_t i = 0; i < n; i++) {
        if (piece[i].n)
            memcpy(to, piece[i].p, piece[i].n);
        to += piece[i].n;
    }
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

int jl_rpc_start(jl_rpc *r, const jl_span *piece, size_t n, int64_t deadline, void *tag, jl_err *err) {
    call *c = calloc(1, sizeof *c);
    if (!c)
        return jl_err_nomem(err);
    c->done.tag = tag;
    c->started = jl_clock_now();
    c->message = grpc_empty_slice();
    c->reply = grpc_empty_slice();
    grpc_metadata_array_init(&c->initial);
    grpc_metadata_array_init(&c->trailing);
    c->call = grpc_channel_create_registered_call(r->channel, NULL, GRPC_PROPAGATE_DEFAULTS, r->queue, r->method,
                                                  jl_rpc_time(deadline), NULL);
    grpc_byte_buffer *request = request_buffer(piece, n);
    grpc_op op[6] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = request},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA, .data.recv_initial_metadata.recv_initial_metadata = &c->initial},
        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &c->reply_buffer},
        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
         .data.recv_status_on_client = {.trailing_metadata = &c->trailing,
                                        .status = &c->status,
                                        .status_details = &c->message,
                                        .error_string = &c->error_string}},
    };
    grpc_call_error error = grpc_call_start_batch(c->call, op, 6, c, NULL);
    grpc_byte_buffer_destroy(request);
    if (error != GRPC_CALL_OK) {
        call_free(c);
        return jl_err_set(err, JL_SOFTWARE, "gRPC does not start the call: %s", grpc_call_error_to_string(error));
    }
    c->older = r->newest;
    if (c->older)
        c->older->newer = c;
    r->newest = c;
    return 0;
}

static void take_finished(jl_rpc *r) {
    eventfd_t count;
    /* Cleared before the list is taken: a call that finishes in between raises it again. */
    while (eventfd_read(r->event, &count) != 0 && errno == EINTR)
        ;
    pthread_mutex_lock(&r->lock);
    r->ready = r->finished;
    r->finished = NULL;
    r->finished_end = &r->finished;
    pthread_mutex_unlock(&r->lock);
}

jl_rpc_done *jl_rpc_next(jl_rpc *r) {
    if (!r->ready)
        take_finished(r);
    call *c = r->ready;
    if (!c)
        return NULL;
    r->ready = c->next;
    if (c->older)
        c->older->newer = c->newer;
    *(c->newer ? &c->newer->older : &r->newest) = c->older;
    return &c->done;
}

void jl_rpc_done_free(jl_rpc_done *done) {
    if (done)
        call_free((call *)done);
}
