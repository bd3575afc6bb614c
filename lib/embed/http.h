/* Models behind an OpenAI-compatible server: POST …/embeddings. */
#ifndef JL_EMBED_HTTP_H
#define JL_EMBED_HTTP_H

#include "embed/embed.h"
#include "gate/ledger.h"
#include "lookup/lookup.h"

#define JL_SERVER_BATCH_MAX 2048

/* All borrowed until the client is closed. */
typedef struct jl_server_options {
    const char *url;   /* "https://api.openai.com/v1"; "/embeddings" is appended unless it ends so */
    const char *model; /* its name is sent, and travels with the vectors */
    jl_span key;       /* sent as a bearer token; empty = none. Then `url` must be private (wire/http.h) */
    size_t batch;      /* texts in a call, at most; halved for good when the server says 413 or 422 */
    size_t in_flight;  /* calls at once */
    size_t max_chars;  /* bytes of a text that are sent, cut between characters */
    unsigned retries;  /* how often a call is made again */
    int64_t timeout;   /* ns, of a call */
    int64_t window;    /* ns: a batch leaves so long after its first text, full or not */
    /* Who pays: each call takes a hold before it leaves and settles it after. NULL: nobody, calls are free. */
    jl_ledger *ledger;
    const char *provider, *user; /* of the account in the ledger; "" = nobody's */
    int64_t cost;                /* credits a call, where the account has no price.embeddings */
    /* Told of retries, smaller batches, trouble. May be NULL. */
    void (*notice)(void *self, bool important, const char *text);
    void *self;
} jl_server_options;

typedef struct jl_server_counts {
    uint64_t calls, retries, texts, cut, credits, uncertain, batch; /* batch: what the server takes now */
} jl_server_counts;

/* The calls themselves, for an event loop. */
typedef struct jl_server jl_server;

/* NULL: JL_USAGE: a URL that is none, or a key that would travel in the clear; as jl_http_open. */
jl_server *jl_server_open(const jl_server_options *options, jl_server_counts *counts, jl_err *err);
/* Calls in flight are cut off; where they cost something, their leases charge them. */
void jl_server_close(jl_server *s);
/* `text` (copied, not empty) waits for its batch to be full, its window to end, or a flush. */
int jl_server_ask(jl_server *s, uint64_t ticket, jl_span text, jl_err *err);
/* No more texts are expected soon. */
int jl_server_flush(jl_server *s, jl_err *err);
/* Nothing new is sent; what has not been sent ends as JL_UNANSWERED. */
void jl_server_stop(jl_server *s);
int jl_server_fd(const jl_server *s);
int64_t jl_server_deadline(const jl_server *s); /* monotonic ns, -1 = no date */
size_t jl_server_outstanding(const jl_server *s);
/* What a text's end is told to: JL_FOUND with `n` floats of length 1, valid during the call; JL_REFUSED: the server will never
   embed this text; JL_UNANSWERED. */
typedef int (*jl_server_take)(void *self, uint64_t ticket, jl_state state, const float *v, uint32_t n, jl_err *err);
int jl_server_collect(jl_server *s, jl_server_take take, void *self, jl_err *err);
/* JL_OK; or what ended it: JL_NOPERM (the key), JL_CONFIG (no such model, vectors of another length in mid-run),
   JL_UNAVAILABLE (never reached), JL_TEMPFAIL (the gate refused), the ledger's own. */
jl_class jl_server_verdict(const jl_server *s, jl_err *err);

/* For a loop that does not remember keys; the server is borrowed. The answer's value is that of "embedding", ready to be spliced.
   The texts are those of the record's line (embed/line.h), whose wanted members begin at field `first`; a record without any is
   JL_REFUSED unasked, and so is one whose text the server will never take. */
jl_lookup *jl_server_lookup(jl_server *server, const char *model, jl_stage stage, size_t first, jl_err *err);

/* For who waits for the vectors: a few profiles. Texts are joined (jl_embed_join); an empty one gets a vector of zeros without asking.
   batch: -1 also when a text got no vector: the verdict, else JL_TEMPFAIL. Takes `options` as jl_server_open does. */
jl_embed *jl_embed_server(const jl_server_options *options, jl_server_counts *counts, jl_err *err);

#endif
