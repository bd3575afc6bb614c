/* Texts on their way to an embeddings server: gathered in batches, paid for, sent, asked again. */
#include "embed/http.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "embed/http_body.h"
#include "gate/paid.h"
#include "gate/refusal.h"
#include "jsonl/utf8.h"
#include "wire/http.h"
#include "wire/retry.h"

#define ENDPOINT "embeddings"
#define BATCH_BYTES ((size_t)4 << 20) /* of texts in a call */
#define BODY_LEAST ((size_t)64 << 10)
#define BODY_TEXT ((size_t)192 << 10) /* of a reply's body for each text: 8192 numbers, written out */
#define RETRY_FIRST (JL_SECOND / 2)
#define RETRY_MOST (30 * JL_SECOND)
#define PAUSE_MOST (120 * JL_SECOND) /* a server that wants a longer pause gets a later run */
#define BAD_MOST 3                   /* texts refused with 400 before any was embedded: then it is not the texts */
#define KEY_MAX 4096

typedef struct item {
    struct item *next;
    uint64_t ticket;
    size_t n;
    char text[];
} item;

/* A batch: one call, or one to be. */
typedef struct call {
    struct call *next;
    item *first, *last;
    size_t n, bytes;
    unsigned attempts;
    int64_t due;
    uint64_t number;
    jl_paid paid;
} call;

typedef struct list {
    call *first, *last;
} list;

struct jl_server {
    jl_server_options o;
    jl_server_counts *counts;
    jl_http *http;
    jl_retry retry;
    char *url;
    char *authorization; /* wiped */
    const char *header[3];
    call *open;         /* still collecting */
    int64_t open_until; /* when its window ends */
    list ready, out;
    size_t n_out, outstanding, most;
    uint64_t number;
    int64_t pause_until;
    bool stopped, reached;
    unsigned bad;
    uint32_t dims; /* 0: not known yet */
    jl_err trouble, refusal, away;
    char reason[400];
    jl_buf body, scratch;
    jl_server_take take; /* during collect */
    void *taker;
    call *read; /* the call whose reply is being read */
};

/* ---- lists ---- */

static void push(list *l, call *c, bool ahead) {
    c->next = ahead ? l->first : NULL;
    if (ahead || !l->first) {
        l->first = c;
        if (!c->next)
            l->last = c;
    } else {
        l->last->next = c;
        l->last = c;
    }
}

static void take_out(list *l, const call *c) {
    call *before = NULL;
    for (call *i = l->first; i != c; i = i->next)
        before = i;
    *(before ? &before->next : &l->first) = c->next;
    if (l->last == c)
        l->last = before;
}

static void add_item(call *c, item *i) {
    i->next = NULL;
    *(c->last ? &c->last->next : &c->first) = i;
    c->last = i;
    c->n++;
    c->bytes += i->n;
}

static item *take_item(call *c) {
    item *i = c->first;
    if (i) {
        c->first = i->next;
        if (!c->first)
            c->last = NULL;
        c->n--;
        c->bytes -= i->n;
    }
    return i;
}

static void free_call(call *c) {
    if (!c)
        return;
    for (item *i; (i = take_item(c));)
        free(i);
    free(c);
}

/* ---- messages ---- */

static void tell(const jl_server *s, bool important, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void tell(const jl_server *s, bool important, const char *format, ...) {
    char text[600];
    va_list args;
    if (!s->o.notice)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    s->o.notice(s->o.self, important, text);
}

/* Nothing more is sent; the first trouble is the one that counts. */
static void in_trouble(jl_server *s, const jl_err *err) {
    if (s->trouble.class == JL_OK)
        s->trouble = *err;
    s->stopped = true;
}

/* ---- the end of texts ---- */

static int end_items(jl_server *s, call *c, jl_state state, jl_err *err) {
    int rc = 0;
    for (item *i; rc == 0 && (i = take_item(c));) {
        s->outstanding--;
        rc = s->take(s->taker, i->ticket, state, NULL, 0, err);
        free(i);
    }
    free_call(c);
    return rc;
}

static int end_waiting(jl_server *s, jl_err *err) {
    if (s->open)
        push(&s->ready, s->open, false);
    s->open = NULL;
    for (call *c; (c = s->ready.first);) {
        take_out(&s->ready, c);
        if (end_items(s, c, JL_UNANSWERED, err) != 0)
            return -1;
    }
    return 0;
}

/* What stands behind the first `n` texts goes to `second`. */
static void cut_behind(call *c, size_t n, call *second) {
    call all = *c;
    c->first = c->last = NULL;
    c->n = c->bytes = 0;
    for (item *i; (i = take_item(&all));)
        add_item(c->n < n ? c : second, i);
}

/* ---- money ---- */

static void settle(jl_server *s, const call *c, jl_hold_state to, jl_outcome outcome) {
    jl_settled done;
    jl_err err = {0};
    if (!s->o.ledger)
        return;
    if (jl_paid_settle(&c->paid, to, to == JL_HOLD_SETTLED ? -1 : 0, outcome, &done, &err) != 0)
        in_trouble(s, &err);
    if (done.lost)
        tell(s, true, "the ledger has lost the hold of a call: charged again (%" PRId64 " credits)", done.charged);
    s->counts->credits += (uint64_t)(done.charged > 0 ? done.charged : 0);
    if (to == JL_HOLD_UNCERTAIN) {
        s->counts->uncertain++;
        tell(s, true, "a call may have been billed, and counts as %" PRId64 " credits until a person settles %s",
             c->paid.worst, c->paid.id);
    }
}

static void refused(jl_server *s, const jl_admission *a, const jl_reserve *r) {
    (void)jl_refusal_say(a, r, s->o.provider, &s->refusal);
    in_trouble(s, &s->refusal);
}

/* False: not now, or never. */
static bool reserve(jl_server *s, call *c, int64_t now) {
    const jl_reserve r = {.endpoint = ENDPOINT, .user = s->o.user, .cost = s->o.cost};
    jl_admission a = {0};
    jl_err err = {0};
    if (jl_paid_reserve(&c->paid, s->o.ledger, &r, &a, &err) != 0) {
        in_trouble(s, &err);
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
static jl_paid_sent pay(jl_server *s, call *c, int64_t now, int64_t *most) {
    jl_err err = {0};
    int64_t left;
    *most = s->o.timeout;
    if (!s->o.ledger)
        return JL_PAID_LEAVES;
    if (!reserve(s, c, now))
        return JL_PAID_ANEW;
    jl_paid_sent sent = jl_paid_send(&c->paid, &left, &err);
    if (sent == JL_PAID_TROUBLE || sent == JL_PAID_NEVER)
        in_trouble(s, &err);
    else if (sent == JL_PAID_STOOD)
        settle(s, c, JL_HOLD_UNCERTAIN, JL_CALL_FAILED);
    else if (sent == JL_PAID_LEAVES && left < *most)
        *most = left;
    return sent;
}

/* ---- calls ---- */

static int write_body(jl_server *s, const call *c, jl_err *err) {
    jl_buf_clear(&s->body);
    if (jl_embeddings_begin(&s->body, s->o.model, err) != 0)
        return -1;
    for (const item *i = c->first; i; i = i->next)
        if (jl_embeddings_text(&s->body, (jl_span){i->text, i->n}, i == c->first, err) != 0)
            return -1;
    return jl_embeddings_end(&s->body, err);
}

static int start(jl_server *s, call *c, int64_t timeout, jl_err *err) {
    c->number = ++s->number;
    jl_http_request request = {.method = "POST",
                               .url = s->url,
                               .header = s->header,
                               .timeout = timeout,
                               .max_body = BODY_LEAST + c->n * BODY_TEXT,
                               .ticket = c->number};
    if (write_body(s, c, err) != 0)
        return -1;
    request.body = jl_buf_span(&s->body);
    if (jl_http_start(s->http, &request, err) != 0)
        return -1;
    s->counts->calls++;
    s->counts->retries += c->attempts > 0;
    push(&s->out, c, false);
    s->n_out++;
    return 0;
}

/* The first that may leave; NULL: none now. */
static call *next_call(const jl_server *s, int64_t now) {
    call *c = s->ready.first;
    while (c && c->due > now)
        c = c->next;
    return c;
}

/* Batches may have become smaller since this one was filled: the rest comes next. */
static int trim(jl_server *s, call *c, jl_err *err) {
    if (c->n <= s->most)
        return 0;
    call *rest = calloc(1, sizeof *rest);
    if (!rest)
        return jl_err_nomem(err);
    cut_behind(c, s->most, rest);
    take_out(&s->ready, c);
    push(&s->ready, rest, true);
    push(&s->ready, c, true);
    return 0;
}

static int dispatch(jl_server *s, jl_err *err) {
    int64_t now = jl_clock_now(), most;
    if (s->open && s->open_until <= now && jl_server_flush(s, err) != 0)
        return -1;
    for (call *c; !s->stopped && s->n_out < s->o.in_flight && s->pause_until <= now && (c = next_call(s, now));) {
        if (trim(s, c, err) != 0)
            return -1;
        jl_paid_sent sent = pay(s, c, now, &most);
        if (sent != JL_PAID_LEAVES && sent != JL_PAID_STOOD)
            continue; /* paused, stopped, or tried anew */
        take_out(&s->ready, c);
        if (sent == JL_PAID_STOOD) {
            if (end_items(s, c, JL_UNANSWERED, err) != 0)
                return -1;
        } else if (start(s, c, most, err) != 0) {
            push(&s->ready, c, true);
            settle(s, c, JL_HOLD_VOID, JL_CALL_NEUTRAL);
            return -1;
        }
    }
    return s->stopped ? end_waiting(s, err) : 0;
}

/* ---- what a call's end means ---- */

static int give_up(jl_server *s, call *c, jl_err *err) {
    tell(s, true, "%s: %s, after %u calls: what is left stays without an embedding", s->url, s->reason, c->attempts);
    (void)jl_err_set(&s->away, JL_UNAVAILABLE, "%s: %s", s->url, s->reason);
    s->stopped = true;
    return end_items(s, c, JL_UNANSWERED, err);
}

/* The server, not the texts, is in trouble. */
static int ask_again(jl_server *s, call *c, int64_t pause, jl_err *err) {
    if (s->stopped)
        return end_items(s, c, JL_UNANSWERED, err);
    int64_t wait = jl_retry_wait(&s->retry, ++c->attempts);
    if (pause > wait)
        wait = pause;
    if (c->attempts > s->o.retries || wait > PAUSE_MOST)
        return give_up(s, c, err);
    tell(s, false, "%s: %s, again in %.1f s", s->url, s->reason, (double)wait / (double)JL_SECOND);
    c->due = jl_clock_now() + wait;
    if (c->due > s->pause_until)
        s->pause_until = c->due;
    push(&s->ready, c, true);
    return 0;
}

/* Too many texts, or one of them is bad: both halves are asked. */
static int halve(jl_server *s, call *c, bool remember, jl_err *err) {
    if (c->n == 1)
        return end_items(s, c, JL_REFUSED, err);
    if (s->stopped)
        return end_items(s, c, JL_UNANSWERED, err);
    size_t half = c->n / 2;
    if (remember && half < s->most) {
        s->most = s->counts->batch = half;
        tell(s, false, "%s: a batch of %zu texts is too large (%s): at most %zu from now on", s->url, c->n, s->reason,
             half);
    }
    call *second = calloc(1, sizeof *second);
    if (!second) {
        push(&s->ready, c, true);
        return jl_err_nomem(err);
    }
    cut_behind(c, half, second);
    push(&s->ready, second, true);
    push(&s->ready, c, true);
    return 0;
}

static int fatal(jl_server *s, call *c, jl_class class, jl_err *err) {
    jl_err why = {0};
    (void)jl_err_set(&why, class, "%s: %s", s->url, s->reason);
    in_trouble(s, &why);
    return end_items(s, c, JL_UNANSWERED, err);
}

static int on_bad_request(jl_server *s, call *c, jl_err *err) {
    if (c->n == 1 && !s->reached && ++s->bad >= BAD_MOST)
        return fatal(s, c, JL_CONFIG, err);
    return halve(s, c, false, err);
}

static int one_vector(void *self, size_t index, const float *v, uint32_t dims, jl_err *err) {
    jl_server *s = self;
    item *i = s->read->first;
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

/* Drops what has its vector. */
static void leave_unanswered(call *c) {
    call all = *c;
    c->first = c->last = NULL;
    c->n = c->bytes = 0;
    for (item *i; (i = take_item(&all));)
        if (i->n)
            add_item(c, i);
        else
            free(i);
}

static int on_reply(jl_server *s, call *c, jl_span body, jl_err *err) {
    jl_err why = {0};
    size_t before = s->outstanding;
    s->read = c;
    int rc = jl_embeddings_read(body, c->n, &s->scratch, one_vector, s, &why);
    leave_unanswered(c);
    if (rc != 0 && why.class == JL_CONFIG) {
        in_trouble(s, &why);
        return end_items(s, c, JL_UNANSWERED, err);
    }
    if (rc != 0 && why.class != JL_DATA) {
        free_call(c);
        *err = why;
        return -1;
    }
    s->reached = s->reached || s->outstanding < before;
    if (c->n == 0) {
        free_call(c);
        return 0;
    }
    snprintf(s->reason, sizeof s->reason, "%.200s",
             rc != 0 ? why.text : "the reply lacks vectors, or they are no numbers");
    if (s->reached && c->attempts >= s->o.retries) /* others had theirs: it is these texts */
        return end_items(s, c, JL_REFUSED, err);
    return ask_again(s, c, 0, err);
}

static int on_status(jl_server *s, call *c, const jl_http_reply *reply, jl_err *err) {
    char said[256];
    int status = reply->status;
    jl_embeddings_error(reply->body, said, sizeof said);
    snprintf(s->reason, sizeof s->reason, "HTTP %d%s%s", status, *said ? ": " : "", said);
    if (status == 429 || status == 408 || status >= 500)
        return ask_again(s, c, jl_http_pause(reply), err);
    if (status == 413 || status == 422)
        return halve(s, c, true, err);
    if (status == 400)
        return on_bad_request(s, c, err);
    return fatal(s, c, status == 401 || status == 403 ? JL_NOPERM : JL_CONFIG, err);
}

/* Whether a call that may have been billed is made again: not when it costs something. */
static int on_loss(jl_server *s, call *c, const jl_http_reply *reply, jl_err *err) {
    snprintf(s->reason, sizeof s->reason, "%s", reply->why ? reply->why : "no reply");
    if (reply->end == JL_HTTP_TOO_LARGE)
        return halve(s, c, true, err);
    if (s->o.ledger && reply->end != JL_HTTP_NOT_SENT)
        return end_items(s, c, JL_UNANSWERED, err);
    return ask_again(s, c, 0, err);
}

static void settle_reply(jl_server *s, const call *c, const jl_http_reply *reply) {
    bool whole = reply->end == JL_HTTP_REPLY;
    if (whole && reply->status == 200)
        settle(s, c, JL_HOLD_SETTLED, JL_CALL_WELL);
    else if (whole)
        settle(s, c, JL_HOLD_VOID, reply->status >= 500 ? JL_CALL_FAILED : JL_CALL_NEUTRAL);
    else if (reply->end == JL_HTTP_NOT_SENT)
        settle(s, c, JL_HOLD_VOID, JL_CALL_FAILED);
    else
        settle(s, c, JL_HOLD_UNCERTAIN, JL_CALL_FAILED);
}

static int take_reply(void *self, const jl_http_reply *reply, jl_err *err) {
    jl_server *s = self;
    call *c = s->out.first;
    while (c && c->number != reply->ticket)
        c = c->next;
    if (!c)
        return 0;
    take_out(&s->out, c);
    s->n_out--;
    settle_reply(s, c, reply);
    if (reply->end != JL_HTTP_REPLY)
        return on_loss(s, c, reply, err);
    return reply->status == 200 ? on_reply(s, c, reply->body, err) : on_status(s, c, reply, err);
}

/* ---- the client ---- */

int jl_server_collect(jl_server *s, jl_server_take take, void *self, jl_err *err) {
    s->take = take;
    s->taker = self;
    if (jl_http_collect(s->http, take_reply, s, err) != 0)
        return -1;
    return dispatch(s, err);
}

int jl_server_flush(jl_server *s, jl_err *err) {
    (void)err;
    if (s->open)
        push(&s->ready, s->open, false);
    s->open = NULL;
    return 0;
}

static size_t cut_text(jl_span text, size_t most) {
    if (text.n <= most)
        return text.n;
    size_t n = most;
    while (n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
        n--;
    return n;
}

int jl_server_ask(jl_server *s, uint64_t ticket, jl_span text, jl_err *err) {
    size_t n = cut_text(text, s->o.max_chars);
    item *i = malloc(sizeof *i + n);
    if (i && !s->open)
        s->open = calloc(1, sizeof *s->open);
    if (!i || !s->open) {
        free(i);
        return jl_err_nomem(err);
    }
    if (s->open->n == 0)
        s->open_until = jl_clock_now() + s->o.window;
    s->counts->cut += n < text.n;
    i->ticket = ticket;
    i->n = n;
    memcpy(i->text, text.p, n);
    add_item(s->open, i);
    s->outstanding++;
    return s->open->n >= s->most || s->open->bytes >= BATCH_BYTES ? jl_server_flush(s, err) : 0;
}

void jl_server_stop(jl_server *s) {
    s->stopped = true;
}

int jl_server_fd(const jl_server *s) {
    return jl_http_fd(s->http);
}

size_t jl_server_outstanding(const jl_server *s) {
    return s->outstanding;
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < 0 || b < a ? b : a;
}

int64_t jl_server_deadline(const jl_server *s) {
    int64_t at = jl_http_deadline(s->http);
    if (s->stopped && (s->open || s->ready.first))
        return jl_clock_now();
    if (s->n_out < s->o.in_flight) {
        for (const call *c = s->ready.first; c; c = c->next)
            at = earlier(at, c->due > s->pause_until ? c->due : s->pause_until);
        if (s->open)
            at = earlier(at, s->open_until);
    }
    return at;
}

jl_class jl_server_verdict(const jl_server *s, jl_err *err) {
    const jl_err *e = s->trouble.class != JL_OK ? &s->trouble : !s->reached ? &s->away : NULL;
    if (!e || e->class == JL_OK)
        return JL_OK;
    *err = *e;
    return e->class;
}

static bool is_key(jl_span key) {
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] <= ' ' || key.p[i] > '~')
            return false;
    return key.n <= KEY_MAX;
}

static int set_headers(jl_server *s, jl_err *err) {
    static const char bearer[] = "Authorization: Bearer ";
    s->header[0] = "Content-Type: application/json";
    if (s->o.key.n == 0)
        return 0;
    if (!is_key(s->o.key))
        return jl_err_set(err, JL_CONFIG, "the key has bytes that no key has, or is too long for one");
    if (!jl_http_private(s->url))
        return jl_err_set(err, JL_USAGE, "the key is sent to https:// alone, or to http:// on this machine");
    if (!(s->authorization = calloc(1, sizeof bearer + s->o.key.n)))
        return jl_err_nomem(err);
    memcpy(s->authorization, bearer, sizeof bearer - 1);
    memcpy(s->authorization + sizeof bearer - 1, s->o.key.p, s->o.key.n);
    s->header[1] = s->authorization;
    return 0;
}

static int set_url(jl_server *s, jl_err *err) {
    static const char end[] = "/" ENDPOINT;
    size_t n = strlen(s->o.url);
    if (strncmp(s->o.url, "http://", 7) != 0 && strncmp(s->o.url, "https://", 8) != 0)
        return jl_err_set(err, JL_USAGE, "%s: http:// or https:// was expected", s->o.url);
    while (n > 0 && s->o.url[n - 1] == '/')
        n--;
    bool whole = n >= sizeof end - 1 && memcmp(s->o.url + n - (sizeof end - 1), end, sizeof end - 1) == 0;
    if (!(s->url = malloc(n + sizeof end)))
        return jl_err_nomem(err);
    memcpy(s->url, s->o.url, n);
    memcpy(s->url + n, whole ? "" : end, whole ? 1 : sizeof end);
    return 0;
}

jl_server *jl_server_open(const jl_server_options *options, jl_server_counts *counts, jl_err *err) {
    jl_server *s = calloc(1, sizeof *s);
    if (!s) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    s->o = *options;
    s->counts = counts;
    s->most = options->batch;
    counts->batch = options->batch;
    jl_retry_init(&s->retry, RETRY_FIRST, RETRY_MOST);
    jl_http_options http = {.in_flight = options->in_flight, .user_agent = "jobline/" JL_VERSION};
    if (set_url(s, err) != 0 || set_headers(s, err) != 0 || !(s->http = jl_http_open(&http, err))) {
        jl_server_close(s);
        return NULL;
    }
    return s;
}

static void free_list(const list *l) {
    for (call *c = l->first, *next; c; c = next) {
        next = c->next;
        free_call(c);
    }
}

void jl_server_close(jl_server *s) {
    if (!s)
        return;
    jl_http_close(s->http);
    free_list(&s->ready);
    free_list(&s->out);
    free_call(s->open);
    free(s->url);
    if (s->authorization) {
        explicit_bzero(s->authorization, strlen(s->authorization));
        free(s->authorization);
    }
    jl_buf_free(&s->body);
    jl_buf_free(&s->scratch);
    free(s);
}
