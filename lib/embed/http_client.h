/* What the parts of the client of an embeddings server know of each other: http.c gathers texts, http_send.c sends what
   is paid for, http_end.c takes what comes back. */
#ifndef JL_EMBED_HTTP_CLIENT_H
#define JL_EMBED_HTTP_CLIENT_H

#include "base/buf.h"
#include "embed/http.h"
#include "embed/http_batch.h"
#include "wire/http.h"
#include "wire/retry.h"

#define JL_SERVER_ENDPOINT "embeddings" /* of the URL, in the price table */

struct jl_server {
    jl_server_options o;
    jl_server_counts *counts;
    jl_http *http;
    jl_retry retry;
    char *url;
    char *authorization; /* wiped */
    const char *header[3];
    jl_batch *open;     /* still collecting */
    int64_t open_until; /* when its window ends */
    jl_batches ready, out;
    size_t n_out, outstanding; /* calls, texts */
    size_t most;               /* texts in a batch, as the server takes them */
    uint64_t number;
    int64_t pause_until;
    bool stopped, reached;
    unsigned bad;  /* texts refused with 400, of batches of one */
    uint32_t dims; /* 0: not known yet */
    jl_err trouble, refusal, away;
    char reason[400]; /* why the call that is being read failed */
    jl_buf body, scratch;
    jl_server_take take; /* during collect */
    void *taker;
    jl_batch *read; /* the call whose reply is being read */
};

/* ---- http.c ---- */

void jl_server_tell(const jl_server *s, bool important, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Nothing more is sent; the first trouble is the one that counts. */
void jl_server_trouble(jl_server *s, const jl_err *err);

/* ---- http_send.c ---- */

/* Sends what may leave now; what never will ends. */
int jl_server_dispatch(jl_server *s, jl_err *err);
/* Nothing, where calls are free. A failure is noted as trouble. */
void jl_server_settle(jl_server *s, const jl_batch *b, jl_hold_state to, jl_outcome outcome);

/* ---- http_end.c ---- */

/* For jl_http_collect: `self` is the client. */
int jl_server_reply(void *self, const jl_http_reply *reply, jl_err *err);
/* All texts of a batch, which is gone afterwards and in no list, end so. */
int jl_server_end(jl_server *s, jl_batch *b, jl_state state, jl_err *err);
/* And all that has not been sent, as JL_UNANSWERED. */
int jl_server_end_waiting(jl_server *s, jl_err *err);

#endif
