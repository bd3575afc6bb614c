/* What the end of a call means for its texts: vectors, another call, two smaller ones, an end without. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "embed/http_body.h"
#include "embed/http_client.h"

#define PAUSE_MOST (120 * JL_SECOND) /* a server that wants a longer pause gets a later run */
#define BAD_MOST 3                   /* texts refused with 400 before any was embedded: then it is not the texts */

/* ---- the end of texts ---- */

int jl_server_end(jl_server *s, jl_batch *b, jl_state state, jl_err *err) {
    int rc = 0;
    for (jl_batch_text *i; rc == 0 && (i = jl_batch_take(b));) {
        s->outstanding--;
        rc = s->take(s->taker, i->ticket, state, NULL, 0, err);
        free(i);
    }
    jl_batch_free(b);
    return rc;
}

int jl_server_end_waiting(jl_server *s, jl_err *err) {
    if (s->open)
        jl_batch_push(&s->ready, s->open, false);
    s->open = NULL;
    for (jl_batch *b; (b = s->ready.first);) {
        jl_batch_take_out(&s->ready, b);
        if (jl_server_end(s, b, JL_UNANSWERED, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- what it was ---- */

static int give_up(jl_server *s, jl_batch *b, jl_err *err) {
    jl_server_tell(s, true, "%s: %s, after %u calls: what is left stays without an embedding", s->url, s->reason,
                   b->attempts);
    (void)jl_err_set(&s->away, JL_UNAVAILABLE, "%s: %s", s->url, s->reason);
    s->stopped = true;
    return jl_server_end(s, b, JL_UNANSWERED, err);
}

/* The server, not the texts, is in trouble. */
static int ask_again(jl_server *s, jl_batch *b, int64_t pause, jl_err *err) {
    if (s->stopped)
        return jl_server_end(s, b, JL_UNANSWERED, err);
    int64_t wait = jl_retry_wait(&s->retry, ++b->attempts);
    if (pause > wait)
        wait = pause;
    if (b->attempts > s->o.retries || wait > PAUSE_MOST)
        return give_up(s, b, err);
    jl_server_tell(s, false, "%s: %s, again in %.1f s", s->url, s->reason, (double)wait / (double)JL_SECOND);
    b->due = jl_clock_now() + wait;
    if (b->due > s->pause_until)
        s->pause_until = b->due;
    jl_batch_push(&s->ready, b, true);
    return 0;
}

/* Too many texts, or one of them is bad: both halves are asked. */
static int halve(jl_server *s, jl_batch *b, bool remember, jl_err *err) {
    if (b->n == 1)
        return jl_server_end(s, b, JL_REFUSED, err);
    if (s->stopped)
        return jl_server_end(s, b, JL_UNANSWERED, err);
    size_t half = b->n / 2;
    if (remember && half < s->most) {
        s->most = s->counts->batch = half;
        jl_server_tell(s, false, "%s: a batch of %zu texts is too large (%s): at most %zu from now on", s->url, b->n,
                       s->reason, half);
    }
    jl_batch *second = calloc(1, sizeof *second);
    if (!second) {
        jl_batch_push(&s->ready, b, true);
        return jl_err_nomem(err);
    }
    jl_batch_cut(b, half, second);
    jl_batch_push(&s->ready, second, true);
    jl_batch_push(&s->ready, b, true);
    return 0;
}

static int fatal(jl_server *s, jl_batch *b, jl_class class, jl_err *err) {
    jl_err why = {0};
    (void)jl_err_set(&why, class, "%s: %s", s->url, s->reason);
    jl_server_trouble(s, &why);
    return jl_server_end(s, b, JL_UNANSWERED, err);
}

static int on_bad_request(jl_server *s, jl_batch *b, jl_err *err) {
    if (b->n == 1 && !s->reached && ++s->bad >= BAD_MOST)
        return fatal(s, b, JL_CONFIG, err);
    return halve(s, b, false, err);
}

static int one_vector(void *self, size_t index, const float *v, uint32_t dims, jl_err *err) {
    jl_server *s = self;
    jl_batch_text *i = s->read->first;
    if (s->dims && dims != s->dims)
        return jl_err_set(err, JL_CONFIG, "%s: a vector of %" PRIu32 " numbers where the model had %" PRIu32 " before",
                          s->url, dims, s->dims);
    s->dims = dims;
    while (index-- > 0)
        i = i->next;
    if (i->n == 0) /* a second one with this index */
        return 0;
    i->n = 0;
    s->outstanding--;
    s->counts->texts++;
    return s->take(s->taker, i->ticket, JL_FOUND, v, dims, err);
}

static int on_reply(jl_server *s, jl_batch *b, jl_span body, jl_err *err) {
    jl_err why = {0};
    size_t before = s->outstanding;
    s->read = b;
    int rc = jl_embeddings_read(body, b->n, &s->scratch, one_vector, s, &why);
    jl_batch_forget_answered(b);
    if (rc != 0 && why.class == JL_CONFIG) {
        jl_server_trouble(s, &why);
        return jl_server_end(s, b, JL_UNANSWERED, err);
    }
    if (rc != 0 && why.class != JL_DATA) {
        jl_batch_free(b);
        *err = why;
        return -1;
    }
    s->reached = s->reached || s->outstanding < before;
    if (b->n == 0) {
        jl_batch_free(b);
        return 0;
    }
    snprintf(s->reason, sizeof s->reason, "%.200s",
             rc != 0 ? why.text : "the reply lacks vectors, or they are no numbers");
    if (s->reached && b->attempts >= s->o.retries) /* others had theirs: it is these texts */
        return jl_server_end(s, b, JL_REFUSED, err);
    return ask_again(s, b, 0, err);
}

static int on_status(jl_server *s, jl_batch *b, const jl_http_reply *reply, jl_err *err) {
    char said[256];
    int status = reply->status;
    jl_embeddings_error(reply->body, said, sizeof said);
    snprintf(s->reason, sizeof s->reason, "HTTP %d%s%s", status, *said ? ": " : "", said);
    if (status == 429 || status == 408 || status >= 500)
        return ask_again(s, b, jl_http_pause(reply), err);
    if (status == 413 || status == 422)
        return halve(s, b, true, err);
    if (status == 400)
        return on_bad_request(s, b, err);
    return fatal(s, b, status == 401 || status == 403 ? JL_NOPERM : JL_CONFIG, err);
}

/* Whether a call that may have been billed is made again: not when it costs something. */
static int on_loss(jl_server *s, jl_batch *b, const jl_http_reply *reply, jl_err *err) {
    snprintf(s->reason, sizeof s->reason, "%s", reply->why ? reply->why : "no reply");
    if (reply->end == JL_HTTP_TOO_LARGE)
        return halve(s, b, true, err);
    if (s->o.ledger && reply->end != JL_HTTP_NOT_SENT)
        return jl_server_end(s, b, JL_UNANSWERED, err);
    return ask_again(s, b, 0, err);
}

static void settle_reply(jl_server *s, const jl_batch *b, const jl_http_reply *reply) {
    bool whole = reply->end == JL_HTTP_REPLY;
    if (whole && reply->status == 200)
        jl_server_settle(s, b, JL_HOLD_SETTLED, JL_CALL_WELL);
    else if (whole)
        jl_server_settle(s, b, JL_HOLD_VOID, reply->status >= 500 ? JL_CALL_FAILED : JL_CALL_NEUTRAL);
    else if (reply->end == JL_HTTP_NOT_SENT)
        jl_server_settle(s, b, JL_HOLD_VOID, JL_CALL_FAILED);
    else
        jl_server_settle(s, b, JL_HOLD_UNCERTAIN, JL_CALL_FAILED);
}

int jl_server_reply(void *self, const jl_http_reply *reply, jl_err *err) {
    jl_server *s = self;
    jl_batch *b = s->out.first;
    while (b && b->number != reply->ticket)
        b = b->next;
    if (!b)
        return 0;
    jl_batch_take_out(&s->out, b);
    s->n_out--;
    settle_reply(s, b, reply);
    if (reply->end != JL_HTTP_REPLY)
        return on_loss(s, b, reply, err);
    return reply->status == 200 ? on_reply(s, b, reply->body, err) : on_status(s, b, reply, err);
}
