/* Texts for an embeddings server: gathered in batches until they leave. */
#include "embed/http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "embed/http_client.h"

#define BATCH_BYTES ((size_t)4 << 20) /* of texts in a call */
#define RETRY_FIRST (JL_SECOND / 2)
#define RETRY_MOST (30 * JL_SECOND)
#define KEY_MAX 4096

/* ---- for its parts ---- */

void jl_server_tell(const jl_server *s, bool important, const char *format, ...) {
    char text[600];
    va_list args;
    if (!s->o.notice)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    s->o.notice(s->o.self, important, text);
}

void jl_server_trouble(jl_server *s, const jl_err *err) {
    if (s->trouble.class == JL_OK)
        s->trouble = *err;
    s->stopped = true;
}

/* ---- the client ---- */

int jl_server_collect(jl_server *s, jl_server_take take, void *self, jl_err *err) {
    s->take = take;
    s->taker = self;
    if (jl_http_collect(s->http, jl_server_reply, s, err) != 0)
        return -1;
    return jl_server_dispatch(s, err);
}

int jl_server_flush(jl_server *s, jl_err *err) {
    (void)err;
    if (s->open)
        jl_batch_push(&s->ready, s->open, false);
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
    jl_batch_text *i = malloc(sizeof *i + n);
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
    jl_batch_add(s->open, i);
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
        for (const jl_batch *b = s->ready.first; b; b = b->next)
            at = earlier(at, b->due > s->pause_until ? b->due : s->pause_until);
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
    static const char end[] = "/" JL_SERVER_ENDPOINT;
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

void jl_server_close(jl_server *s) {
    if (!s)
        return;
    jl_http_close(s->http);
    jl_batches_free(&s->ready);
    jl_batches_free(&s->out);
    jl_batch_free(s->open);
    free(s->url);
    if (s->authorization) {
        explicit_bzero(s->authorization, strlen(s->authorization));
        free(s->authorization);
    }
    jl_buf_free(&s->body);
    jl_buf_free(&s->scratch);
    free(s);
}
