/* libcurl's multi interface behind one epoll descriptor, with a place for each call in flight. */
#include "wire/http.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "wire/http_calls.h"
#include "wire/http_url.h"

#define CONNECT_TIMEOUT (30 * JL_SECOND)
/* Seconds after which an idle connection is not used again. Servers close theirs after five seconds or more: a call that
   crosses that on its way is a call lost, which costs more than a handshake. */
#define IDLE 3L
#define MOST_HEADER ((size_t)64 << 10)
#define PAD 64u /* JL_PAD of jsonl/json.h, which is another room's */
#define EVENTS 64
/* CPU time after which a server that keeps sending no longer puts off the end of calls that are overdue. What can have
   arrived while this process stood still is read in a fraction of it. */
#define MOST_WORK JL_SECOND
/* CURLMOPT_QUICK_EXIT of libcurl 8.20: leaving does not wait for names that are being looked up. By its number, for the
   library that is loaded may be newer than the one that this was built for. */
#define QUICK_EXIT_OF_ALL ((CURLMoption)21)

/* A place for one call after another. */
struct call {
    jl_http *h;
    CURL *easy; /* kept for the calls to come: TLS sessions are remembered with it */
    bool busy;
    uint64_t ticket;
    size_t max_body;
    int64_t started, deadline, ended; /* monotonic ns; ended is 0 until then */
    bool overdue;                     /* ended for want of time */
    struct curl_slist *lines;         /* the request's header */
    char *sent;                       /* its body */
    size_t sent_n;
    unsigned sendings;   /* how often libcurl was about to send it */
    int status;          /* of the last status line */
    jl_buf header, body; /* of the reply */
    bool header_full, header_whole, too_large, no_memory;
    CURLcode result;
    char error[CURL_ERROR_SIZE];
    struct call *next; /* in the queue of those that have ended */
};

struct jl_http {
    size_t in_flight;
    int64_t connect_timeout;
    char *user_agent, *ca_file;
    CURLM *multi;
    int epoll;
    int64_t timer; /* when libcurl wants to be called, monotonic ns; -1 = no date */
    int trouble;   /* errno of epoll */
    struct call *call;
    size_t outstanding;
    struct call *first, **last; /* ended, not handed over */
};

const char *jl_http_version(void) {
    return "libcurl " LIBCURL_VERSION;
}

/* ---- what libcurl calls ---- */

/* What epoll keeps with a descriptor: itself, and above it the number of the call that it serves, 0 = none. No two calls
   share one at the same time. */
static uint64_t socket_label(const jl_http *h, CURL *easy, curl_socket_t fd) {
    struct call *c = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &c) != CURLE_OK || !c)
        return (uint32_t)fd;
    return (uint64_t)(c - h->call + 1) << 32 | (uint32_t)fd;
}

static const struct call *label_call(const jl_http *h, uint64_t label) {
    return label >> 32 ? &h->call[(label >> 32) - 1] : NULL;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *self, void *of_socket) {
    jl_http *h = self;
    (void)of_socket;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(h->epoll, EPOLL_CTL_DEL, fd,
                        NULL); /* a descriptor that is closed already is forgotten already */
        return 0;
    }
    struct epoll_event e = {.data.u64 = socket_label(h, easy, fd)};
    e.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    if (epoll_ctl(h->epoll, EPOLL_CTL_MOD, fd, &e) != 0 &&
        (errno != ENOENT || epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &e) != 0))
        h->trouble = errno;
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *self) {
    jl_http *h = self;
    (void)multi;
    h->timer = ms < 0 ? -1 : jl_clock_now() + ms * JL_MILLISECOND;
    return 0;
}

/* Before each sending; the second would be the one that nobody asked for, one after the deadline could only be lost. */
static int on_sending(void *self, char *to, char *from, int to_port, int from_port) {
    struct call *c = self;
    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    c->overdue = c->sendings == 0 && jl_clock_now() >= c->deadline;
    if (c->overdue)
        return CURL_PREREQFUNC_ABORT;
    return ++c->sendings > 1 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static int status_of(jl_span line) {
    const char *space = memchr(line.p, ' ', line.n);
    int status = 0;
    for (const char *p = space; p && ++p < line.p + line.n && *p >= '0' && *p <= '9' && status < 100;)
        status = 10 * status + (*p - '0');
    return status;
}

/* One line of a header, that of an interim response (1xx), of the final one, or behind the body. */
static size_t on_header(char *p, size_t size, size_t count, void *self) {
    struct call *c = self;
    jl_span line = {p, size * count};
    if (c->header_whole)
        return line.n;
    if (line.n >= 5 && memcmp(p, "HTTP/", 5) == 0) {
        jl_buf_clear(&c->header);
        c->header_full = false;
        c->status = status_of(line);
    } else if (line.n > 0 && (*p == '\r' || *p == '\n')) {
        c->header_whole = c->status >= 200;
    } else if (c->header_full || line.n > MOST_HEADER - c->header.n) {
        c->header_full = true;
    } else if (jl_buf_add(&c->header, line, NULL) != 0) {
        c->no_memory = true;
        return 0;
    }
    return line.n;
}

static size_t on_body(char *p, size_t size, size_t count, void *self) {
    struct call *c = self;
    size_t n = size * count, room = c->max_body - c->body.n;
    c->too_large = n > room;
    size_t kept = c->too_large ? room : n;
    c->no_memory = jl_buf_reserve(&c->body, kept + PAD, NULL) != 0;
    if (c->no_memory)
        return n + 1;
    if (kept)
        memcpy(c->body.p + c->body.n, p, kept);
    c->body.n += kept;
    return c->too_large ? n + 1 : n; /* another number than n ends the call */
}

/* ---- a call's life ---- */

static void call_wipe(struct call *c) {
    curl_slist_free_all(c->lines);
    c->lines = NULL;
    if (c->sent)
        explicit_bzero(c->sent, c->sent_n);
    free(c->sent);
    c->sent = NULL;
}

/* Makes the place free. */
static void call_clear(struct call *c) {
    call_wipe(c);
    jl_buf_free(&c->header);
    jl_buf_free(&c->body);
    *c = (struct call){.h = c->h, .easy = c->easy};
}

static int call_line(struct call *c, const char *line) {
    struct curl_slist *more = curl_slist_append(c->lines, line);
    if (!more)
        return -1;
    c->lines = more;
    return 0;
}

/* "Name: value", nothing that could be read as a second line, a value (libcurl takes a line without for an order to
   leave the header out). */
static bool line_is_header(const char *line) {
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    size_t n = strspn(line, token);
    if (n == 0 || line[n] != ':' || strspn(line + n + 1, " \t") == strlen(line + n + 1))
        return false;
    for (const char *p = line + n; *p; p++)
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
            return false;
    return true;
}

static bool line_names(const char *line, const char *name) {
    size_t n = strlen(name);
    return strncasecmp(line, name, n) == 0 && line[n] == ':';
}

static int request_check(const jl_http_request *r, jl_http_url *url, jl_err *err) {
    bool post = strcmp(r->method, "POST") == 0;
    if (!post && strcmp(r->method, "GET") != 0)
        return jl_err_set(err, JL_USAGE, "HTTP requests are GET or POST");
    if (!post && r->body.n)
        return jl_err_set(err, JL_USAGE, "a GET request has no body");
    if (r->timeout <= 0)
        return jl_err_set(err, JL_USAGE, "an HTTP request needs a timeout");
    if (!jl_http_url_read(r->url, url))
        return jl_err_set(err, JL_USAGE,
                          "a URL to ask for has the form http[s]://HOST[:PORT][/PATH][?QUERY], without user "
                          "and password, in printable ASCII, other characters as %%XX");
    for (const char *const *line = r->header; line && *line; line++)
        if (!line_is_header(*line))
            return jl_err_set(err, JL_USAGE, "an HTTP header has the form \"Name: value\", on one line");
    return 0;
}

/* Header lines and body; what libcurl would add by itself and nobody asked for is left out. */
static int call_copy(struct call *c, const jl_http_request *r, jl_err *err) {
    bool typed = false;
    int rc = call_line(c, "Expect:");
    for (const char *const *line = r->header; rc == 0 && line && *line; line++) {
        typed |= line_names(*line, "Content-Type");
        rc = call_line(c, *line);
    }
    if (rc == 0 && !typed)
        rc = call_line(c, "Content-Type:");
    if (rc == 0 && r->body.n) {
        c->sent = malloc(r->body.n);
        c->sent_n = r->body.n;
        if (c->sent)
            memcpy(c->sent, r->body.p, r->body.n);
        rc = c->sent ? 0 : -1;
    }
    return rc == 0 ? 0 : jl_err_nomem(err);
}

static long milliseconds(int64_t ns) {
    int64_t ms = ns / JL_MILLISECOND + (ns % JL_MILLISECOND != 0);
    return ms > INT_MAX ? INT_MAX : (long)ms;
}

/* One option after the other, until one is refused. */
#define SET(option, ...)                                                                                               \
    if (rc == CURLE_OK)                                                                                                \
    rc = curl_easy_setopt(c->easy, option, __VA_ARGS__)

static CURLcode set_conduct(struct call *c) {
    const jl_http *h = c->h;
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* a name that is still being looked up is not waited for */
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_MAXAGE_CONN, IDLE);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(h->connect_timeout));
    if (h->user_agent)
        SET(CURLOPT_USERAGENT, h->user_agent);
    if (h->ca_file) {
        SET(CURLOPT_CAINFO, h->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    return rc;
}

static CURLcode set_callbacks(struct call *c) {
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_PRIVATE, c);
    SET(CURLOPT_ERRORBUFFER, c->error);
    SET(CURLOPT_PREREQFUNCTION, on_sending);
    SET(CURLOPT_PREREQDATA, c);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, c);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, c);
    return rc;
}

static CURLcode set_request(struct call *c, const jl_http_request *r, const jl_http_url *url) {
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_URL, r->url);
    SET(CURLOPT_HTTPHEADER, c->lines);
    if (jl_http_url_here(url))
        SET(CURLOPT_PROXY, "");
    if (strcmp(r->method, "POST") == 0) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->sent_n);
        SET(CURLOPT_POSTFIELDS, c->sent ? c->sent : "");
    }
    return rc;
}

static int call_prepare(struct call *c, const jl_http_request *r, const jl_http_url *url, jl_err *err) {
    if (call_copy(c, r, err) != 0)
        return -1;
    if (!c->easy)
        c->easy = curl_easy_init();
    if (!c->easy)
        return jl_err_nomem(err);
    curl_easy_reset(c->easy);
    CURLcode rc = set_conduct(c);
    if (rc == CURLE_OK)
        rc = set_callbacks(c);
    if (rc == CURLE_OK)
        rc = set_request(c, r, url);
    return rc == CURLE_OK ? 0 : jl_err_set(err, JL_SOFTWARE, "libcurl: %s", curl_easy_strerror(rc));
}

/* ---- how it ended ---- */

static jl_http_end call_end(const struct call *c) {
    if (c->too_large)
        return JL_HTTP_TOO_LARGE;
    if (c->result == CURLE_OK && c->header_whole)
        return JL_HTTP_REPLY;
    if (c->sendings == 0)
        return JL_HTTP_NOT_SENT;
    return c->result == CURLE_OPERATION_TIMEDOUT ? JL_HTTP_TIMEOUT : JL_HTTP_LOST;
}

static const char *why_lost(const struct call *c) {
    if (c->no_memory)
        return "memory ran out while the reply came";
    if (c->sendings > 1)
        return "the connection ended, or refused the request, before a reply came; it is not sent again, as it may "
               "have "
               "been carried out";
    switch ((int)c->result) {
    case CURLE_OK:
    case CURLE_GOT_NOTHING:
        return "the server ended the connection without a reply";
    case CURLE_PARTIAL_FILE:
        return "the reply broke off";
    case CURLE_BAD_CONTENT_ENCODING:
        return "the reply's compression is damaged";
    default:
        return curl_easy_strerror(c->result);
    }
}

/* A sentence made of what cannot hold a secret: before anything is sent, libcurl's own, which then names host and port
   at most; later, or when time is up, what only says what kind of trouble it was. */
static void call_why(const struct call *c, jl_http_end end, char *to, size_t size) {
    char text[512];
    const char *why = text;
    double took = (double)(c->ended - c->started) / 1e9;
    if (end == JL_HTTP_NOT_SENT && c->overdue)
        (void)snprintf(text, sizeof text, "nothing could be sent in %.3g s", took);
    else if (end == JL_HTTP_NOT_SENT)
        why = c->error[0] ? c->error : curl_easy_strerror(c->result);
    else if (end == JL_HTTP_LOST)
        why = why_lost(c);
    else if (end == JL_HTTP_TIMEOUT)
        (void)snprintf(text, sizeof text, "no whole reply came in %.3g s", took);
    else
        (void)snprintf(text, sizeof text, "the reply is longer than %zu bytes", c->max_body);
    (void)jl_err_escape(jl_span_of(why), to, size);
}

/* ---- libcurl's memory ---- */

/* A request with its key passes through buffers of libcurl's, which gives them back as they are: here they are wiped. */
static void wipe_and_free(void *p) {
    if (p)
        explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

/* As realloc, without leaving the old bytes behind. */
static void *move_and_wipe(void *p, size_t n) {
    size_t had = p ? malloc_usable_size(p) : 0;
    if (p && n <= had)
        return p;
    void *moved = malloc(n);
    if (!moved)
        return NULL;
    if (p)
        memcpy(moved, p, had);
    wipe_and_free(p);
    return moved;
}

/* ---- the client ---- */

static int http_load(jl_err *err) {
    static bool ready;
    if (ready)
        return 0;
    if (jl_late_load(&curl_library, err) != 0)
        return -1;
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free, move_and_wipe, strdup, calloc) != CURLE_OK)
        return jl_err_set(err, JL_SOFTWARE, "libcurl cannot be started");
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
    const int needed = CURL_VERSION_SSL | CURL_VERSION_ASYNCHDNS;
    if (v->version_num < 0x075500 || (v->features & needed) != needed)
        return jl_err_set(
            err, JL_USAGE,
            "libcurl %s cannot be used: 7.85 or newer is needed, with TLS and a resolver that does not block",
            v->version);
    ready = true;
    return 0;
}

static int http_copy(jl_http *h, const jl_http_options *o, jl_err *err) {
    h->in_flight = o->in_flight ? o->in_flight : 1;
    h->connect_timeout = o->connect_timeout > 0 ? o->connect_timeout : CONNECT_TIMEOUT;
    h->user_agent = o->user_agent ? strdup(o->user_agent) : NULL;
    h->ca_file = o->ca_file ? strdup(o->ca_file) : NULL;
    h->call = calloc(h->in_flight, sizeof *h->call);
    if ((o->user_agent && !h->user_agent) || (o->ca_file && !h->ca_file) || !h->call)
        return jl_err_nomem(err);
    for (size_t i = 0; i < h->in_flight; i++)
        h->call[i].h = h;
    if (h->ca_file && access(h->ca_file, R_OK) != 0)
        return jl_err_errno(err, JL_NOINPUT, errno, "%s", h->ca_file);
    return 0;
}

static int http_join(jl_http *h, jl_err *err) {
    h->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (h->epoll < 0)
        return jl_err_errno(err, JL_SOFTWARE, errno, "epoll");
    h->multi = curl_multi_init();
    if (!h->multi)
        return jl_err_nomem(err);
    CURLMcode rc = curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    if (rc == CURLM_OK)
        rc = curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    if (rc == CURLM_OK)
        rc = curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    if (rc == CURLM_OK)
        rc = curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    if (rc == CURLM_OK)
        rc = curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    if (rc == CURLM_OK)
        rc = curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)h->in_flight);
    /* A library that does not know it does not need it. */
    (void)curl_multi_setopt(h->multi, QUICK_EXIT_OF_ALL, 1L);
    return rc == CURLM_OK ? 0 : jl_err_set(err, JL_SOFTWARE, "libcurl: %s", curl_multi_strerror(rc));
}

jl_http *jl_http_open(const jl_http_options *options, jl_err *err) {
    jl_http *h = calloc(1, sizeof *h);
    if (!h) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    h->epoll = -1;
    h->timer = -1;
    h->last = &h->first;
    if (http_load(err) == 0 && http_copy(h, options, err) == 0 && http_join(h, err) == 0)
        return h;
    jl_http_close(h);
    return NULL;
}

void jl_http_close(jl_http *h) {
    if (!h)
        return;
    for (size_t i = 0; h->call && i < h->in_flight; i++) {
        struct call *c = &h->call[i];
        if (!c->easy)
            continue;
        (void)curl_multi_remove_handle(h->multi, c->easy); /* one that is not in it is left alone */
        curl_easy_cleanup(c->easy);
        call_clear(c);
    }
    if (h->multi)
        (void)curl_multi_cleanup(h->multi);
    if (h->epoll >= 0)
        (void)close(h->epoll);
    free(h->call);
    free(h->user_agent);
    free(h->ca_file);
    free(h);
}

static struct call *http_place(jl_http *h) {
    for (size_t i = 0; i < h->in_flight; i++)
        if (!h->call[i].busy)
            return &h->call[i];
    return NULL;
}

int jl_http_start(jl_http *h, const jl_http_request *request, jl_err *err) {
    jl_http_url url;
    if (request_check(request, &url, err) != 0)
        return -1;
    struct call *c = http_place(h);
    if (!c)
        return jl_err_set(err, JL_SOFTWARE, "more than %zu HTTP calls at once", h->in_flight);
    c->ticket = request->ticket;
    c->max_body = request->max_body < SIZE_MAX / 4 ? request->max_body : SIZE_MAX / 4;
    c->body.max = c->max_body + PAD;
    c->started = jl_clock_now();
    c->deadline = request->timeout < INT64_MAX - c->started ? c->started + request->timeout : INT64_MAX;
    if (call_prepare(c, request, &url, err) != 0) {
        call_clear(c);
        return -1;
    }
    CURLMcode rc = curl_multi_add_handle(h->multi, c->easy);
    if (rc != CURLM_OK) {
        call_clear(c);
        return jl_err_set(err, JL_SOFTWARE, "libcurl: %s", curl_multi_strerror(rc));
    }
    c->busy = true;
    h->outstanding++;
    return 0;
}

size_t jl_http_outstanding(const jl_http *h) {
    return h->outstanding;
}

int jl_http_fd(const jl_http *h) {
    return h->epoll;
}

static bool call_runs(const struct call *c) {
    return c->busy && !c->ended;
}

int64_t jl_http_deadline(const jl_http *h) {
    int64_t first = h->timer;
    for (size_t i = 0; i < h->in_flight; i++)
        if (call_runs(&h->call[i]) && (first < 0 || h->call[i].deadline < first))
            first = h->call[i].deadline;
    return h->first ? 0 : first;
}

/* ---- driving it ----

   Deadlines are kept here: libcurl looks at its own clock before it looks at the connection, and so throws away a whole
   reply that lies there when it is called late. */

static bool any_overdue(const jl_http *h, int64_t now) {
    for (size_t i = 0; i < h->in_flight; i++)
        if (call_runs(&h->call[i]) && now >= h->call[i].deadline)
            return true;
    return false;
}

/* Gives each descriptor that is ready one turn: one over which much comes does not keep the others waiting. `more`:
   something may be left to read for calls that were overdue at `now`. */
static int http_turn(jl_http *h, int64_t now, bool *more, jl_err *err) {
    struct epoll_event e[EVENTS];
    int running;
    CURLMcode rc = CURLM_OK;
    *more = h->timer >= 0 && jl_clock_now() >= h->timer;
    if (*more) {
        h->timer = -1;
        rc = curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    int n = epoll_wait(h->epoll, e, EVENTS, 0);
    if (n < 0 && errno != EINTR)
        h->trouble = errno;
    *more |= n < 0 || n == EVENTS;
    for (int i = 0; i < n && rc == CURLM_OK; i++) {
        const struct call *c = label_call(h, e[i].data.u64);
        *more |= c && now >= c->deadline;
        int what = (e[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) | (e[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (e[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        rc = curl_multi_socket_action(h->multi, (curl_socket_t)(uint32_t)e[i].data.u64, what, &running);
    }
    if (h->trouble)
        return jl_err_errno(err, JL_SOFTWARE, h->trouble, "epoll");
    return rc == CURLM_OK ? 0 : jl_err_set(err, JL_SOFTWARE, "libcurl: %s", curl_multi_strerror(rc));
}

/* Lets libcurl do what can be done now: a turn, or as long as there is something to read for a call whose time is up,
   which has no later. */
static int http_drive(jl_http *h, int64_t now, jl_err *err) {
    const bool overdue = any_overdue(h, now);
    const int64_t enough = overdue ? jl_clock_cpu() + MOST_WORK : 0;
    bool more;
    do
        if (http_turn(h, now, &more, err) != 0)
            return -1;
    while (overdue && more && jl_clock_cpu() < enough);
    return 0;
}

/* Takes a call away from libcurl, into the queue of those that have ended. */
static void call_finish(struct call *c, CURLcode result) {
    jl_http *h = c->h;
    (void)curl_multi_remove_handle(h->multi, c->easy);
    curl_easy_reset(c->easy);
    call_wipe(c);
    c->result = result;
    c->ended = jl_clock_now();
    c->next = NULL;
    *h->last = c;
    h->last = &c->next;
}

/* Queues the calls that have ended, and ends those that were overdue at `now`. */
static void http_settle(jl_http *h, int64_t now) {
    int more;
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &more));) {
        struct call *c = NULL;
        CURL *easy = m->easy_handle;
        CURLcode result = m->data.result; /* the message dies with the handle's removal */
        if (m->msg == CURLMSG_DONE && curl_easy_getinfo(easy, CURLINFO_PRIVATE, &c) == CURLE_OK && c)
            call_finish(c, result);
    }
    for (size_t i = 0; i < h->in_flight; i++) {
        struct call *c = &h->call[i];
        if (!call_runs(c) || now < c->deadline)
            continue;
        /* Also HTTP/2's connection, which libcurl would keep: it may be one over which nothing comes any more. */
        (void)curl_easy_setopt(c->easy, CURLOPT_FORBID_REUSE, 1L);
        c->overdue = true;
        call_finish(c, CURLE_OPERATION_TIMEDOUT);
    }
}

static jl_span padded(jl_buf *body) {
    static const char nothing[PAD];
    if (body->n == 0)
        return (jl_span){nothing, 0};
    memset(body->p + body->n, 0, PAD);
    return jl_buf_span(body);
}

static int http_hand_over(jl_http *h, int (*take)(void *, const jl_http_reply *, jl_err *), void *self, jl_err *err) {
    struct call *c = h->first;
    h->first = c->next;
    if (!h->first)
        h->last = &h->first;
    char why[512];
    jl_http_end end = call_end(c);
    if (end != JL_HTTP_REPLY)
        call_why(c, end, why, sizeof why);
    jl_buf header = c->header, body = c->body;
    c->header = c->body = (jl_buf){0};
    jl_http_reply reply = {.ticket = c->ticket,
                           .end = end,
                           .status = end != JL_HTTP_NOT_SENT && c->status >= 200 ? c->status : 0,
                           .body = padded(&body),
                           .header = jl_buf_span(&header),
                           .why = end != JL_HTTP_REPLY ? why : NULL,
                           .took = c->ended - c->started};
    call_clear(c);
    h->outstanding--;
    int rc = take(self, &reply, err);
    jl_buf_free(&header);
    jl_buf_free(&body);
    return rc;
}

int jl_http_collect(jl_http *h, int (*take)(void *self, const jl_http_reply *reply, jl_err *err), void *self,
                    jl_err *err) {
    int64_t now = jl_clock_now();
    if (http_drive(h, now, err) != 0)
        return -1;
    http_settle(h, now);
    while (h->first)
        if (http_hand_over(h, take, self, err) != 0)
            return -1;
    return 0;
}

/* ---- one call ---- */

static void http_cut_off(jl_http *h) {
    for (size_t i = 0; i < h->in_flight; i++) {
        if (!h->call[i].busy)
            continue;
        (void)curl_multi_remove_handle(h->multi, h->call[i].easy);
        curl_easy_reset(h->call[i].easy);
        call_clear(&h->call[i]);
    }
    h->outstanding = 0;
    h->first = NULL;
    h->last = &h->first;
}

int jl_http_once(jl_http *h, const jl_http_request *request,
                 int (*take)(void *self, const jl_http_reply *reply, jl_err *err), void *self, jl_err *err) {
    if (h->outstanding)
        return jl_err_set(err, JL_SOFTWARE, "another HTTP call is outstanding");
    if (jl_http_start(h, request, err) != 0)
        return -1;
    for (;;) {
        if (jl_http_collect(h, take, self, err) != 0) {
            http_cut_off(h);
            return -1;
        }
        if (!h->outstanding)
            return 0;
        if (jl_stop_asked()) {
            http_cut_off(h);
            return jl_err_set(err, JL_TEMPFAIL, "stopped before a reply came");
        }
        struct pollfd fd[] = {{.fd = h->epoll, .events = POLLIN}, {.fd = jl_stop_fd(), .events = POLLIN}};
        if (poll(fd, 2, jl_clock_poll_ms(jl_http_deadline(h))) < 0 && errno != EINTR) {
            int number = errno;
            http_cut_off(h);
            return jl_err_errno(err, JL_SOFTWARE, number, "poll");
        }
    }
}

/* ---- headers of a reply ---- */

static jl_span trim(jl_span s) {
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    while (s.n && (*s.p == ' ' || *s.p == '\t')) {
        s.p++;
        s.n--;
    }
    return s;
}

int jl_http_header(const jl_http_reply *reply, const char *name, jl_span *value) {
    size_t n = strlen(name);
    int rc = -1;
    const char *p = reply->header.p, *end = p + reply->header.n;
    while (p < end) {
        const char *next = memchr(p, '\n', (size_t)(end - p));
        next = next ? next + 1 : end;
        if ((size_t)(next - p) > n && strncasecmp(p, name, n) == 0 && p[n] == ':') {
            *value = trim((jl_span){p + n + 1, (size_t)(next - p) - n - 1});
            rc = 0;
        }
        p = next;
    }
    return rc;
}
