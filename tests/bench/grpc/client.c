/* The least that a C client of the seniority model can do: what senior-grpc is measured against.
 *
 *   grpc_client --server=HOST:PORT [--pairs=1000000] [--batch=1000] [--in-flight=4] [--encode=call|once] [--method=PATH]
 *
 * Parses no JSON, writes no lines, remembers no pairs. Before the clock starts it makes one batch of questions in memory
 * (companies of 10 to 36 bytes, titles of 16 to 44, 23 and 30 on average as in the feed; uuids from 1), and asks it again
 * and again, --in-flight calls at a time, on one thread of gRPC core. The bytes on the wire are those that senior-grpc
 * would send for such pairs. What is counted for each call: encoding the request from its structs with protobuf-c
 * straight into the slice that is sent (--encode=once leaves even that out), the call, decoding the reply with protobuf-c
 * into an arena that is used again, counting the answers and adding them up. A reply with a wrong number of answers, or a
 * failed call, ends it with status 69.
 *
 * Prints one line of JSON: pairs, calls, sum (of the answers), seconds, pairs_per_s, cpu_ns_per_pair. */
#include <getopt.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "seniority.pb-c.h"

enum { TEXT_MAX = 64, ARENA = 1 << 16, ARENA_PER_PAIR = 256 };

typedef struct call {
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *reply;
    grpc_slice details;
    const char *error_string;
    grpc_status_code status;
    struct call *next; /* in the list of idle ones */
} call;

static struct client {
    const char *server, *method;
    uint64_t pairs, batch, in_flight;
    bool encode_once;

    SeniorityRequest *question;
    SeniorityRequestBatch request;
    grpc_slice encoded;

    grpc_channel *channel;
    grpc_completion_queue *queue;
    void *registered;
    call *calls, *idle;

    char *arena;
    size_t arena_used, arena_size;
    uint64_t started, answered, finished, sum;
} c = {.method = "/SeniorityModel/InferSeniority", .pairs = 1000000, .batch = 1000, .in_flight = 4};

static void *allocate(size_t n, size_t size) {
    void *p = calloc(n, size);
    if (!p)
        abort();
    return p;
}

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the questions ---- */

static ProtobufCBinaryData text(char *room, uint64_t number, const char *words, size_t n) {
    int head = snprintf(room, TEXT_MAX, "%" PRIu64 " ", number);
    size_t words_n = strlen(words);
    for (size_t i = (size_t)head; i < n; i++)
        room[i] = words[i % words_n];
    return (ProtobufCBinaryData){n, (uint8_t *)room};
}

static void make_questions(void) {
    c.question = allocate(c.batch, sizeof *c.question);
    seniority_request_batch__init(&c.request);
    c.request.n_batch = c.batch;
    c.request.batch = allocate(c.batch, sizeof(SeniorityRequest *));
    char *room = allocate(c.batch, 2 * (size_t)TEXT_MAX);
    for (uint64_t i = 0; i < c.batch; i++, room += 2 * (size_t)TEXT_MAX) {
        seniority_request__init(&c.question[i]);
        c.question[i].uuid = (int32_t)(i + 1);
        c.question[i].company = text(room, i, "Northwind Logistics GmbH ", 10 + i * 7 % 27);
        c.question[i].title = text(room + TEXT_MAX, i, "Senior Supply Chain Engineer, EMEA ", 16 + i * 11 % 29);
        c.request.batch[i] = &c.question[i];
    }
}

static grpc_slice encode(void) {
    grpc_slice slice = grpc_slice_malloc(seniority_request_batch__get_packed_size(&c.request));
    (void)seniority_request_batch__pack(&c.request, GRPC_SLICE_START_PTR(slice));
    return slice;
}

/* ---- the calls ---- */

static void start(call *k) {
    grpc_metadata_array_init(&k->initial);
    grpc_metadata_array_init(&k->trailing);
    k->reply = NULL;
    k->error_string = NULL;
    k->call = grpc_channel_create_registered_call(c.channel, NULL, GRPC_PROPAGATE_DEFAULTS, c.queue, c.registered,
                                                  gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    grpc_slice slice = c.encode_once ? grpc_slice_ref(c.encoded) : encode();
    grpc_byte_buffer *request = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    grpc_op op[6] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = request},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA, .data.recv_initial_metadata.recv_initial_metadata = &k->initial},
        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &k->reply},
        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
         .data.recv_status_on_client = {&k->trailing, &k->status, &k->details, &k->error_string}},
    };
    if (grpc_call_start_batch(k->call, op, 6, k, NULL) != GRPC_CALL_OK)
        abort();
    grpc_byte_buffer_destroy(request);
    c.started += c.batch;
}

/* The arena is emptied before each reply, and large enough for those of this batch. */
static void *arena_alloc(void *self, size_t size) {
    (void)self;
    size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    if (c.arena_size - c.arena_used < size)
        return NULL;
    void *p = c.arena + c.arena_used;
    c.arena_used += size;
    return p;
}

static void arena_free(void *self, void *p) {
    (void)self;
    (void)p;
}

static int count(grpc_slice bytes) {
    static ProtobufCAllocator allocator = {arena_alloc, arena_free, NULL};
    c.arena_used = 0;
    SeniorityResponseBatch *reply =
        seniority_response_batch__unpack(&allocator, GRPC_SLICE_LENGTH(bytes), GRPC_SLICE_START_PTR(bytes));
    if (!reply || reply->n_batch != c.batch)
        return -1;
    for (size_t i = 0; i < reply->n_batch; i++)
        c.sum += (uint64_t)reply->batch[i]->seniority;
    c.answered += reply->n_batch;
    c.finished++;
    return 0;
}

static int read_reply(const call *k) {
    grpc_byte_buffer_reader reader;
    if (k->status != GRPC_STATUS_OK || !k->reply || !grpc_byte_buffer_reader_init(&reader, k->reply)) {
        fprintf(stderr, "grpc_client: status %d: %.*s\n", (int)k->status, (int)GRPC_SLICE_LENGTH(k->details),
                (const char *)GRPC_SLICE_START_PTR(k->details));
        return -1;
    }
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    int rc = count(bytes);
    if (rc != 0)
        fprintf(stderr, "grpc_client: a reply has not the answers that were asked for\n");
    grpc_slice_unref(bytes);
    grpc_byte_buffer_reader_destroy(&reader);
    return rc;
}

static void end(call *k) {
    grpc_metadata_array_destroy(&k->initial);
    grpc_metadata_array_destroy(&k->trailing);
    if (k->reply)
        grpc_byte_buffer_destroy(k->reply);
    grpc_slice_unref(k->details);
    gpr_free((void *)(uintptr_t)k->error_string);
    grpc_call_unref(k->call);
    k->next = c.idle;
    c.idle = k;
}

static int ask_all(void) {
    uint64_t flying = 0;
    int rc = 0;
    while (flying > 0 || (rc == 0 && c.started < c.pairs)) {
        for (; rc == 0 && c.started < c.pairs && c.idle; flying++) {
            call *k = c.idle;
            c.idle = k->next;
            start(k);
        }
        grpc_event e = grpc_completion_queue_next(c.queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        flying--;
        if (rc == 0)
            rc = read_reply(e.tag);
        end(e.tag);
    }
    return rc;
}

/* ---- the program ---- */

static void open_channel(void) {
    setenv("GRPC_VERBOSITY", "NONE", 0);
    grpc_init();
    grpc_channel_credentials *creds = grpc_insecure_credentials_create();
    grpc_arg arg = {
        .type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, .value.integer = -1};
    c.channel = grpc_channel_create(c.server, creds, &(grpc_channel_args){1, &arg});
    grpc_channel_credentials_release(creds);
    c.registered = grpc_channel_register_call(c.channel, c.method, NULL, NULL);
    c.queue = grpc_completion_queue_create_for_next(NULL);
    c.calls = allocate(c.in_flight, sizeof *c.calls);
    for (uint64_t i = 0; i < c.in_flight; i++) {
        c.calls[i].next = c.idle;
        c.idle = &c.calls[i];
    }
}

static void close_channel(void) {
    grpc_channel_destroy(c.channel);
    grpc_completion_queue_shutdown(c.queue);
    while (grpc_completion_queue_next(c.queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type != GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(c.queue);
    grpc_shutdown();
}

static int measure(void) {
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    int rc = ask_all();
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    double n = c.answered ? (double)c.answered : 1;
    printf("{\"pairs\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"sum\":%" PRIu64
           ",\"seconds\":%.3f,\"pairs_per_s\":%.0f,\"cpu_ns_per_pair\":%.1f}\n",
           c.answered, c.finished, c.sum, wall, n / wall, cpu * 1e9 / n);
    return rc == 0 ? 0 : 69;
}

static int usage(FILE *to) {
    fputs(
        "usage: grpc_client --server=HOST:PORT [--pairs=1000000] [--batch=1000] [--in-flight=4] [--encode=call|once]\n"
        "                   [--method=/SeniorityModel/InferSeniority]\n",
        to);
    return to == stdout ? 0 : 64;
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"server", required_argument, NULL, 's'}, {"pairs", required_argument, NULL, 'n'},
        {"batch", required_argument, NULL, 'b'},  {"in-flight", required_argument, NULL, 'j'},
        {"encode", required_argument, NULL, 'e'}, {"method", required_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},         {0}};
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case 's':
            c.server = optarg;
            break;
        case 'n':
            c.pairs = strtoull(optarg, NULL, 10);
            break;
        case 'b':
            c.batch = strtoull(optarg, NULL, 10);
            break;
        case 'j':
            c.in_flight = strtoull(optarg, NULL, 10);
            break;
        case 'e':
            c.encode_once = strcmp(optarg, "once") == 0;
            break;
        case 'm':
            c.method = optarg;
            break;
        default:
            return usage(o == 'h' ? stdout : stderr);
        }
    }
    if (!c.server || optind < argc || c.batch == 0 || c.batch > INT32_MAX / 2 || c.in_flight == 0)
        return usage(stderr);
    c.arena_size = ARENA + c.batch * ARENA_PER_PAIR;
    c.arena = allocate(c.arena_size, 1);
    make_questions();
    open_channel();
    if (c.encode_once)
        c.encoded = encode();
    int status = measure();
    if (c.encode_once)
        grpc_slice_unref(c.encoded);
    close_channel();
    return status;
}
