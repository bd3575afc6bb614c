/* Unary gRPC calls, asked and served. */
#ifndef JL_WIRE_RPC_H
#define JL_WIRE_RPC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* The status codes of gRPC (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
typedef enum jl_rpc_status {
    JL_RPC_OK = 0,
    JL_RPC_CANCELLED = 1,
    JL_RPC_UNKNOWN = 2,
    JL_RPC_INVALID_ARGUMENT = 3,
    JL_RPC_DEADLINE_EXCEEDED = 4,
    JL_RPC_NOT_FOUND = 5,
    JL_RPC_ALREADY_EXISTS = 6,
    JL_RPC_PERMISSION_DENIED = 7,
    JL_RPC_RESOURCE_EXHAUSTED = 8,
    JL_RPC_FAILED_PRECONDITION = 9,
    JL_RPC_ABORTED = 10,
    JL_RPC_OUT_OF_RANGE = 11,
    JL_RPC_UNIMPLEMENTED = 12,
    JL_RPC_INTERNAL = 13,
    JL_RPC_UNAVAILABLE = 14,
    JL_RPC_DATA_LOSS = 15,
    JL_RPC_UNAUTHENTICATED = 16
} jl_rpc_status;

/* "UNAVAILABLE"; "status 99" has no name: "UNKNOWN". */
const char *jl_rpc_status_name(int status);
/* "29.0.0", the version of the core in use. Static. */
const char *jl_rpc_version(void);

/* PEM texts; an empty span is "none". */
typedef struct jl_rpc_tls {
    jl_span ca; /* client: the roots to trust, none = the system's; server: asks clients for a certificate of these */
    jl_span cert, key; /* one's own; a server must have them */
} jl_rpc_tls;

/* ---- the client: all functions are called on one thread, that of the loop ---- */

typedef struct jl_rpc_options {
    const char *target;    /* HOST:PORT, or another name that gRPC resolves (unix:PATH, dns:///HOST:PORT) */
    const char *method;    /* "/Service/Method" */
    const jl_rpc_tls *tls; /* NULL = without TLS; borrowed during jl_rpc_open */
} jl_rpc_options;

typedef struct jl_rpc jl_rpc;

/* A finished call. Freed by jl_rpc_done_free; the spans live as long. */
typedef struct jl_rpc_done {
    void *tag;       /* what jl_rpc_start was given */
    int status;      /* jl_rpc_status */
    bool connected;  /* a connection to the server stood when the call ended */
    int64_t took_ns; /* from start to end */
    jl_span message; /* the server's, or the library's, sentence; foreign bytes */
    jl_span reply;   /* empty unless status is JL_RPC_OK */
} jl_rpc_done;

/* Connects lazily: the first call does. NULL with JL_CONFIG (TLS texts) or JL_SOFTWARE. */
jl_rpc *jl_rpc_open(const jl_rpc_options *options, jl_err *err);
/* Cancels what is in flight and frees everything, finished calls that nobody took included. NULL is fine. */
void jl_rpc_close(jl_rpc *r);
/* Becomes readable when calls have finished; for poll(). */
int jl_rpc_fd(const jl_rpc *r);
/* Starts a call with the `n` pieces, one behind the other, as the request; they are copied. `deadline` in monotonic ns.
   Never blocks. -1: memory ran out. */
int jl_rpc_start(jl_rpc *r, const jl_span *piece, size_t n, int64_t deadline, void *tag, jl_err *err);
/* The next finished call, or NULL when there is none now (and jl_rpc_fd is then no longer readable). Never blocks. */
jl_rpc_done *jl_rpc_next(jl_rpc *r);
void jl_rpc_done_free(jl_rpc_done *done);

/* ---- the server: one thread of its own serves all calls ---- */

typedef struct jl_rpc_call jl_rpc_call; /* a call that waits for its reply */

typedef struct jl_rpc_service {
    const char *listen;    /* ADDR:PORT; port 0 = any free one */
    const char *method;    /* "/Service/Method"; calls of others end with UNIMPLEMENTED */
    const jl_rpc_tls *tls; /* NULL = without TLS; borrowed during jl_rpc_server_open */
    /* Called on the server's thread; ends the call by jl_rpc_reply or jl_rpc_refuse before it returns. `request` dies
       with the return. */
    void (*serve)(void *self, jl_rpc_call *call, jl_span request);
    void *self;
} jl_rpc_service;

typedef struct jl_rpc_server jl_rpc_server;

/* Listens and serves from now on; `port` receives the port. NULL with JL_CONFIG (TLS texts), JL_UNAVAILABLE (cannot
   listen there) or JL_SOFTWARE. */
jl_rpc_server *jl_rpc_server_open(const jl_rpc_service *service, uint16_t *port, jl_err *err);
/* Takes no new calls, sends at once the replies that wait for their time, ends the thread, frees everything. */
void jl_rpc_server_close(jl_rpc_server *s);
/* Sends `reply` (copied) not before monotonic `at` (0 = now). */
void jl_rpc_reply(jl_rpc_call *call, jl_span reply, int64_t at);
/* Ends the call with a status that is not JL_RPC_OK. */
void jl_rpc_refuse(jl_rpc_call *call, jl_rpc_status status, const char *message);

#endif
