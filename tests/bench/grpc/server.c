/* A model server that costs next to nothing, so that what is measured beside it is the client.
 *
 *   grpc_server [--listen=127.0.0.1:0] [--method=/SeniorityModel/InferSeniority]
 *
 * Prints "listening on ADDRESS:PORT" and serves until SIGTERM or SIGINT, on one thread of gRPC core. Every pair is
 * answered with 1 + (bytes of its company and title as they stand in the message) % 7: the same pair gets the same
 * answer from every run and batch. Requests are read by hand: texts are stepped over, not copied. At its end it prints
 * "answered N pairs in M calls, T ns of CPU per pair". */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/rpc.h"

enum { VARINT = 0, BYTES = 2, REPLY_MAX = 2 + 2 * 6 };

static char *reply;
static size_t reply_n, reply_cap;
static uint64_t pairs, calls;

/* -1: the varint does not end. */
static int read_varint(const unsigned char **p, const unsigned char *end, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; *p < end && shift < 64; shift += 7) {
        unsigned char c = *(*p)++;
        *value |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return 0;
    }
    return -1;
}

static unsigned char *put_varint(unsigned char *p, uint32_t value) {
    for (; value >= 0x80; value >>= 7)
        *p++ = (unsigned char)(value | 0x80);
    *p++ = (unsigned char)value;
    return p;
}

/* One element of the batch: its uuid, and how many bytes its texts have, tags and lengths included. */
static int read_question(const unsigned char *p, const unsigned char *end, uint64_t *uuid, size_t *text) {
    *uuid = 0;
    *text = 0;
    while (p < end) {
        const unsigned char *field = p;
        unsigned tag = *p++;
        uint64_t value;
        if (read_varint(&p, end, &value) != 0)
            return -1;
        if (tag == (1 << 3 | VARINT)) {
            *uuid = value;
        } else if ((tag & 7) == BYTES && value <= (size_t)(end - p)) {
            p += value;
            *text += (size_t)(p - field);
        } else {
            return -1;
        }
    }
    return 0;
}

static void put_answer(uint64_t uuid, uint32_t seniority) {
    unsigned char *start = (unsigned char *)reply + reply_n, *p = start + 2;
    start[0] = 1 << 3 | BYTES;
    *p++ = 1 << 3 | VARINT;
    p = put_varint(p, (uint32_t)uuid);
    *p++ = 2 << 3 | VARINT;
    *p++ = (unsigned char)seniority;
    start[1] = (unsigned char)(p - start - 2);
    reply_n += (size_t)(p - start);
}

/* An element takes at least two bytes, so that this is room for all answers. */
static int make_room(size_t request) {
    size_t need = request / 2 * REPLY_MAX;
    if (need <= reply_cap)
        return 0;
    free(reply);
    reply = malloc(need);
    reply_cap = reply ? need : 0;
    return reply ? 0 : -1;
}

static int answer_all(jl_span request) {
    const unsigned char *p = (const unsigned char *)request.p, *end = p + request.n;
    reply_n = 0;
    while (p < end) {
        uint64_t size, uuid;
        size_t text;
        if (*p++ != (1 << 3 | BYTES) || read_varint(&p, end, &size) != 0 || size > (size_t)(end - p) ||
            read_question(p, p + size, &uuid, &text) != 0)
            return -1;
        put_answer(uuid, 1 + (uint32_t)(text % 7));
        p += size;
        pairs++;
    }
    return 0;
}

static void serve(void *self, jl_rpc_call *call, jl_span request) {
    (void)self;
    calls++;
    if (make_room(request.n) != 0)
        jl_rpc_refuse(call, JL_RPC_INTERNAL, "memory ran out");
    else if (answer_all(request) != 0)
        jl_rpc_refuse(call, JL_RPC_INVALID_ARGUMENT, "the request is no SeniorityRequestBatch");
    else
        jl_rpc_reply(call, (jl_span){reply, reply_n}, 0);
}

static int usage(FILE *to) {
    fputs("usage: grpc_server [--listen=127.0.0.1:0] [--method=/SeniorityModel/InferSeniority]\n", to);
    return to == stdout ? 0 : 64;
}

static int serve_until_signalled(const jl_rpc_service *service) {
    jl_err err = {0};
    uint16_t port;
    sigset_t stop;
    int number;
    /* Before gRPC starts threads, which inherit it. */
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    jl_rpc_server *server = jl_rpc_server_open(service, &port, &err);
    if (!server) {
        fprintf(stderr, "grpc_server: %s\n", err.text);
        return (int)err.class;
    }
    const char *colon = strrchr(service->listen, ':');
    printf("listening on %.*s:%u\n", colon ? (int)(colon - service->listen) : 0, service->listen, port);
    fflush(stdout);
    sigwait(&stop, &number);
    jl_rpc_server_close(server);
    printf("answered %" PRIu64 " pairs in %" PRIu64 " calls, %.0f ns of CPU per pair\n", pairs, calls,
           pairs ? (double)jl_clock_cpu() / (double)pairs : 0);
    free(reply);
    return 0;
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
                                            {"method", required_argument, NULL, 'm'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    jl_rpc_service service = {.listen = "127.0.0.1:0", .method = "/SeniorityModel/InferSeniority", .serve = serve};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'l':
            service.listen = optarg;
            break;
        case 'm':
            service.method = optarg;
            break;
        default:
            return usage(c == 'h' ? stdout : stderr);
        }
    }
    return optind == argc ? serve_until_signalled(&service) : usage(stderr);
}
