/* A server that answers like the seniority model, by rules. */
#ifndef JL_SENIOR_MODEL_SERVE_H
#define JL_SENIOR_MODEL_SERVE_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "wire/rpc.h"

typedef struct jl_model_service {
    const char *listen;    /* ADDR:PORT; port 0 = any free one */
    const char *method;    /* NULL = the contract's */
    const jl_rpc_tls *tls; /* NULL = without; borrowed during the call */
    int64_t latency_ns;    /* no reply leaves earlier than this behind its request */
    uint64_t pairs_per_s;  /* capacity in total; what comes faster queues. 0 = no limit */
    uint64_t max_batch;    /* pairs; a larger batch is refused with RESOURCE_EXHAUSTED. 0 = no limit */
    FILE *log;             /* one line of JSON for each pair asked, flushed with each call; borrowed. NULL = none */
} jl_model_service;

/* Written by the server's thread; read when the server is closed. */
typedef struct jl_model_served {
    uint64_t calls, pairs, refused; /* refused: calls */
    bool log_failed;                /* a write to the log failed; its lines are incomplete from there on */
} jl_model_served;

typedef struct jl_model_server jl_model_server;

/* Listens and serves from now on. `port` receives the port. Errors as jl_rpc_server_open. */
jl_model_server *jl_model_server_open(const jl_model_service *service, uint16_t *port, jl_err *err);
/* Ends in order; `served` receives the counts. Frees everything. */
void jl_model_server_close(jl_model_server *s, jl_model_served *served);

#endif
