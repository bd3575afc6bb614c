/* Batches on their way to an embeddings server: paid for, sent. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "embed/http_body.h"
#include "embed/http_client.h"
#include "gate/refusal.h"

#define BODY_LEAST ((size_t)64 << 10)
#define BODY_TEXT ((size_t)192 << 10) /* of a reply's body for each text: 8192 numbers, written out */

/* ---- money ---- */

void jl_server_settle(jl_server *s, const jl_batch *b, jl_hold_state to, jl_outcome outcome) {
    jl_settled done;
    jl_err err = {0};
    if (!s->o.ledger)
        return;
    if (jl_paid_settle(&b->paid, to, to == JL_HOLD_SETTLED ? -1 : 0, outcome, &done, &err) != 0)
        jl_server_trouble(s, &err);
    if (done.lost)
        jl_server_tell(s, true, "the ledger has lost the hold of a call: charged again (%" PRId64 " credits)",
                       done.charged);
    s->counts->credits += (uint64_t)(done.charged > 0 ? done.charged : 0);
    if (to == JL_HOLD_UNCERTAIN) {
        s->counts->uncertain++;
        jl_server_tell(s, true,
                       "a call may have been billed, and counts as %" PRId64 " credits until a person settles %s",
                       b->paid.worst, b->paid.id);
    }
}

static void refused(jl_server *s, const jl_admission *a, const jl_reserve *r) {
    (void)jl_refusal_say(a, r, s->o.provider, &s->refusal);
    jl_server_trouble(s, &s->refusal);
}

/* False: not now, or never. */
static bool reserve(jl_server *s, jl_batch *b, int64_t now) {
    const jl_reserve r = {.endpoint = JL_SERVER_ENDPOINT, .user = s->o.user, .cost = s->o.cost};
    jl_admission a = {0};
    jl_err err = {0};
    if (jl_paid_reserve(&b->paid, s->o.ledger, &r, &a, &err) != 0) {
        jl_server_trouble(s, &err);
        return false;
    }
    if (a.refusal == JL_ADMITTED)
        return true;
    if (jl_refusal_passes(a.refusal))
        s->pause_until = now + jl_paid_pause(&a);
    else
        refused(s, &a, &r);
    return false;
}

/* JL_PAID_LEAVES: the call has `*most` ns. Else it stays where it is, or (JL_PAID_STOOD) has come to its end. */
static jl_paid_sent pay(jl_server *s, jl_batch *b, int64_t now, int64_t *most) {
    jl_err err = {0};
    int64_t left;
    *most = s->o.timeout;
    if (!s->o.ledger)
        return JL_PAID_LEAVES;
    if (!reserve(s, b, now))
        return JL_PAID_ANEW;
    jl_paid_sent sent = jl_paid_send(&b->paid, &left, &err);
    if (sent == JL_PAID_TROUBLE || sent == JL_PAID_NEVER)
        jl_server_trouble(s, &err);
    else if (sent == JL_PAID_STOOD)
        jl_server_settle(s, b, JL_HOLD_UNCERTAIN, JL_CALL_FAILED);
    else if (sent == JL_PAID_LEAVES && left < *most)
        *most = left;
    return sent;
}

/* ---- calls ---- */

static int write_body(jl_server *s, const jl_batch *b, jl_err *err) {
    jl_buf_clear(&s->body);
    if (jl_embeddings_begin(&s->body, s->o.model, err) != 0)
        return -1;
    for (const jl_batch_text *i = b->first; i; i = i->next)
        if (jl_embeddings_text(&s->body, (jl_span){i->text, i->n}, i == b->first, err) != 0)
            return -1;
    return jl_embeddings_end(&s->body, err);
}

static int start(jl_server *s, jl_batch *b, int64_t timeout, jl_err *err) {
    b->number = ++s->number;
    jl_http_request request = {.method = "POST",
                               .url = s->url,
                               .header = s->header,
                               .timeout = timeout,
                               .max_body = BODY_LEAST + b->n * BODY_TEXT,
                               .ticket = b->number};
    if (write_body(s, b, err) != 0)
        return -1;
    request.body = jl_buf_span(&s->body);
    if (jl_http_start(s->http, &request, err) != 0)
        return -1;
    s->counts->calls++;
    s->counts->retries += b->attempts > 0;
    jl_batch_push(&s->out, b, false);
    s->n_out++;
    return 0;
}

/* The first that may leave; NULL: none now. */
static jl_batch *next_call(const jl_server *s, int64_t now) {
    jl_batch *b = s->ready.first;
    while (b && b->due > now)
        b = b->next;
    return b;
}

/* Batches may have become smaller since this one was filled: the rest comes next. */
static int trim(jl_server *s, jl_batch *b, jl_err *err) {
    if (b->n <= s->most)
        return 0;
    jl_batch *rest = calloc(1, sizeof *rest);
    if (!rest)
        return jl_err_nomem(err);
    jl_batch_cut(b, s->most, rest);
    jl_batch_take_out(&s->ready, b);
    jl_batch_push(&s->ready, rest, true);
    jl_batch_push(&s->ready, b, true);
    return 0;
}

int jl_server_dispatch(jl_server *s, jl_err *err) {
    int64_t now = jl_clock_now(), most;
    if (s->open && s->open_until <= now && jl_server_flush(s, err) != 0)
        return -1;
    for (jl_batch *b; !s->stopped && s->n_out < s->o.in_flight && s->pause_until <= now && (b = next_call(s, now));) {
        if (trim(s, b, err) != 0)
            return -1;
        jl_paid_sent sent = pay(s, b, now, &most);
        if (sent != JL_PAID_LEAVES && sent != JL_PAID_STOOD)
            continue; /* paused, stopped, or tried anew */
        jl_batch_take_out(&s->ready, b);
        if (sent == JL_PAID_STOOD) {
            if (jl_server_end(s, b, JL_UNANSWERED, err) != 0)
                return -1;
        } else if (start(s, b, most, err) != 0) {
            jl_batch_push(&s->ready, b, true);
            jl_server_settle(s, b, JL_HOLD_VOID, JL_CALL_NEUTRAL);
            return -1;
        }
    }
    return s->stopped ? jl_server_end_waiting(s, err) : 0;
}
