/* HTTP as paid calls need it, asked of servers whose replies go wrong in every way. */
#include "unit/cmocka_all.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/stop.h"
#include "contract/http_server.h"
#include "wire/http.h"

#define KEY "k3y-0f-n0b0dy"
#define PLACES 15
#define PATIENCE (20 * JL_SECOND)

static http_server server;
static char ca_good[96], ca_other[96];

/* ---- names ---- */

static sem_t slow_names;

/* Stands before libc's for libcurl too (it is exported): names whose servers are slow, or do not know them. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **to) {
    if (node && strcmp(node, "nowhere.test") == 0)
        return EAI_NONAME;
    if (node && strcmp(node, "slow.test") == 0) {
        while (sem_wait(&slow_names) != 0)
            ;
        return EAI_AGAIN;
    }
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    return next(node, service, hints, to);
}

/* ---- calls ---- */

typedef struct got {
    unsigned times;
    jl_http_end end;
    int status;
    char *body, *header, why[512];
    size_t n;
    int64_t took;
    int retry_after;
} got;

static got gotten[64]; /* by ticket */

static void forget(void) {
    for (size_t i = 0; i < sizeof gotten / sizeof *gotten; i++) {
        free(gotten[i].body);
        free(gotten[i].header);
    }
    memset(gotten, 0, sizeof gotten);
}

static char *copy(jl_span s) {
    char *p = malloc(s.n + 1);
    assert_non_null(p);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

static int take(void *self, const jl_http_reply *r, jl_err *err) {
    (void)self;
    (void)err;
    got *g = &gotten[r->ticket];
    unsigned padding = 0;
    for (size_t i = 0; i < 64; i++)
        padding += (unsigned char)r->body.p[r->body.n + i];
    assert_true(padding < 64 * 256);
    assert_int_equal(g->times++, 0);
    jl_span after;
    *g = (got){g->times, r->end, r->status, copy(r->body), copy(r->header), "", r->body.n, r->took, -1};
    if (jl_http_header(r, "Retry-After", &after) == 0)
        g->retry_after = after.n == 1 ? after.p[0] - '0' : -2;
    assert_int_equal(r->why == NULL, r->end == JL_HTTP_REPLY);
    if (r->why) {
        snprintf(g->why, sizeof g->why, "%s", r->why);
        assert_null(strstr(g->why, KEY));
        assert_true(strlen(g->why) > 5);
    }
    return 0;
}

static jl_http *client_with(size_t in_flight, int64_t connect_timeout, const char *ca_file) {
    jl_err err = {0};
    jl_http *h = jl_http_open(&(jl_http_options){in_flight, connect_timeout, "jobline-test", ca_file}, &err);
    if (!h)
        fail_msg("%s", err.text);
    assert_int_equal(jl_http_outstanding(h), 0);
    assert_int_equal(jl_http_deadline(h), -1);
    return h;
}

static jl_http *client(void) {
    return client_with(PLACES, 0, ca_good);
}

static const char *const with_key[] = {"x-api-key: " KEY, NULL};

static jl_http_request get(const char *url, uint64_t ticket) {
    return (jl_http_request){
        .method = "GET", .url = url, .header = with_key, .timeout = PATIENCE, .max_body = 1 << 20, .ticket = ticket};
}

static void start(jl_http *h, const jl_http_request *r) {
    jl_err err = {0};
    if (jl_http_start(h, r, &err) != 0)
        fail_msg("%s", err.text);
}

/* One turn of a loop. */
static void turn(jl_http *h) {
    jl_err err = {0};
    struct pollfd fd = {.fd = jl_http_fd(h), .events = POLLIN};
    assert_true(poll(&fd, 1, jl_clock_poll_ms(jl_http_deadline(h))) >= 0);
    if (jl_http_collect(h, take, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

static void finish(jl_http *h) {
    while (jl_http_outstanding(h))
        turn(h);
}

static const char *at(const char *scheme, int port, const char *path) {
    static char url[512];
    snprintf(url, sizeof url, "%s://127.0.0.1:%d%s%skey=" KEY, scheme, port, path, strchr(path, '?') ? "&" : "?");
    return url;
}

static const got *ask(jl_http *h, const char *url) {
    forget();
    jl_http_request r = get(url, 0);
    start(h, &r);
    finish(h);
    assert_int_equal(gotten[0].times, 1);
    return &gotten[0];
}

static const got *ask_path(jl_http *h, const char *path) {
    return ask(h, at("http", server.port, path));
}

static void is_end(const got *g, jl_http_end end, int status) {
    if (g->end != end || g->status != status)
        fail_msg("end %d with %d, not %d with %d: %s", (int)g->end, g->status, (int)end, status, g->why);
}

static void says(const got *g, const char *text) {
    if (!strstr(g->why, text))
        fail_msg("»%s« is not in »%s«", text, g->why);
}

/* How many requests for `path` a server has read, and over how many connections. */
static unsigned seen(const char *scheme, int port, const char *path, unsigned *connections) {
    static const char *const log = "/log";
    jl_http *h = client();
    const got *g = ask(h, at(scheme, port, log));
    is_end(g, JL_HTTP_REPLY, 200);
    unsigned n = 0, number, known[256] = {0};
    char read[512];
    *connections = 0;
    for (const char *p = g->body; sscanf(p, "%u %511s", &number, read) == 2; p = strchr(p, '\n') + 1) {
        if (strncmp(read, path, strlen(path)) != 0)
            continue;
        n++;
        *connections += known[number % 256]++ == 0;
    }
    jl_http_close(h);
    forget();
    return n;
}

/* ---- replies ---- */

static void a_reply(void **state) {
    (void)state;
    jl_http *h = client();
    const got *g = ask_path(h, "/echo");
    is_end(g, JL_HTTP_REPLY, 200);
    assert_non_null(strstr(g->body, "GET /echo?key=" KEY " HTTP/1.1\r\n"));
    assert_non_null(strstr(g->body, "\r\nx-api-key: " KEY "\r\n"));
    assert_non_null(strstr(g->body, "\r\nUser-Agent: jobline-test\r\n"));
    assert_non_null(strstr(g->body, "\r\nAccept-Encoding: gzip, deflate\r\n"));
    assert_true(g->took > 0 && g->took < PATIENCE);
    const int codes[] = {200, 201, 204, 301, 302, 307, 308, 400, 401, 403, 407, 422, 429, 500, 503};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char path[32];
        snprintf(path, sizeof path, "/status/%d", codes[i]);
        is_end(ask_path(h, path), JL_HTTP_REPLY, codes[i]);
        assert_non_null(strstr(gotten[0].header, "Location: /echo\r\n"));
        assert_null(strstr(gotten[0].header, "HTTP/"));
    }
    g = ask_path(h, "/echo"); /* the cookie that came with them is not kept */
    assert_null(strstr(g->body, "Cookie"));
    jl_http_close(h);
    forget();
}

static void a_post(void **state) {
    (void)state;
    static const char *const typed[] = {"Content-Type: application/json", "x-api-key: " KEY, NULL};
    enum { N = 1500000 }; /* more than libcurl sends without asking first, if it may */
    char *text = malloc(N);
    assert_non_null(text);
    for (int i = 0; i < N; i++)
        text[i] = (char)(i % 251);
    jl_http *h = client();
    char url[512];
    jl_http_request r = get(strcpy(url, at("http", server.port, "/echo")), 1);
    r.method = "POST";
    r.header = typed;
    r.body = (jl_span){text, N};
    r.max_body = 2 * N;
    start(h, &r);
    memset(text, 'z', N); /* all was copied */
    memset(url, 'z', sizeof url - 1);
    finish(h);
    const got *g = &gotten[1];
    is_end(g, JL_HTTP_REPLY, 200);
    const char *body = memmem(g->body, g->n, "\r\n\r\n", 4);
    assert_non_null(body);
    assert_null(memmem(g->body, (size_t)(body - g->body), "Expect", 6));
    assert_non_null(memmem(g->body, (size_t)(body - g->body), "\r\nContent-Type: application/json\r\n", 34));
    body += 4;
    assert_int_equal(g->n - (size_t)(body - g->body), N);
    for (int i = 0; i < N; i++)
        assert_int_equal(body[i], (char)(i % 251));
    forget();
    r = get(at("http", server.port, "/echo"), 0); /* without a body, and without a type that nobody named */
    r.method = "POST";
    start(h, &r);
    finish(h);
    assert_non_null(strstr(gotten[0].body, "\r\nContent-Length: 0\r\n"));
    assert_null(strstr(gotten[0].body, "Content-Type"));
    free(text);
    jl_http_close(h);
    forget();
}

static void header_lines(void **state) {
    (void)state;
    jl_http *h = client();
    const got *g = ask_path(h, "/until-close");
    is_end(g, JL_HTTP_REPLY, 200);
    assert_string_equal(g->body, "to the end");
    assert_int_equal(g->retry_after, 7); /* the last one, trimmed */
    g = ask_path(h, "/hints");
    is_end(g, JL_HTTP_REPLY, 200);
    assert_string_equal(g->body, "ok");
    assert_string_equal(g->header, "Transfer-Encoding: chunked\r\nIs: final\r\n");
    g = ask_path(h, "/many-headers");
    is_end(g, JL_HTTP_REPLY, 200);
    assert_true(strlen(g->header) <= 65536 && strlen(g->header) > 64000);
    assert_non_null(strstr(g->header, "First: 1\r\n"));
    assert_null(strstr(g->header, "Last: 1\r\n"));
    assert_int_equal(ask_path(h, "/bytes/0")->retry_after, -1);
    jl_span value;
    assert_int_equal(jl_http_header(&(jl_http_reply){0}, "X", &value), -1);
    assert_int_equal(jl_http_header(&(jl_http_reply){.header = JL_SPAN("Xy: 1\r\nX:")}, "x", &value), 0);
    assert_int_equal(value.n, 0);
    jl_http_close(h);
    forget();
}

/* ---- sizes ---- */

static void sizes(void **state) {
    (void)state;
    jl_http *h = client();
    for (int more = 0; more < 2; more++) {
        char path[32];
        snprintf(path, sizeof path, "/bytes/%d", 100000 + more);
        forget();
        jl_http_request r = get(at("http", server.port, path), 0);
        r.max_body = 100000;
        start(h, &r);
        finish(h);
        is_end(&gotten[0], more ? JL_HTTP_TOO_LARGE : JL_HTTP_REPLY, 200);
        assert_int_equal(gotten[0].n, 100000);
    }
    says(&gotten[0], "100000 bytes");
    const got *g = ask_path(h, "/gzip");
    is_end(g, JL_HTTP_REPLY, 200);
    assert_int_equal(g->n, 10000);
    is_end(ask_path(h, "/bytes/0"), JL_HTTP_REPLY, 200);
    jl_http_close(h);
    forget();
}

/* Two hundred megabytes are not held, nor read to their end, also when they arrive as two hundred kilobytes. */
static void floods(void **state) {
    (void)state;
    struct rusage before, after;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    jl_http *h = client();
    for (int i = 0; i < 2; i++) {
        is_end(ask_path(h, i ? "/bomb" : "/pour"), JL_HTTP_TOO_LARGE, 200);
        assert_int_equal(gotten[0].n, 1 << 20);
    }
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_true(after.ru_maxrss - before.ru_maxrss < 64 << 10);
    assert_true(atol(ask_path(h, "/poured")->body) < 64 << 20);
    jl_http_close(h);
    forget();
}

/* ---- broken replies ---- */

static void lost(void **state) {
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *said;
    } fault[] = {{"/close", 0, "without a reply"},  {"/reset", 0, ""},
                 {"/cut-length", 200, "broke off"}, {"/cut-chunked", 200, ""},
                 {"/bad-gzip", 200, "compression"}, {"/no-http", 0, ""},
                 {"/interim", 0, "without a reply"}};
    for (int tls = 0; tls < 2; tls++) {
        jl_http *h = client();
        for (size_t i = 0; i < sizeof fault / sizeof *fault; i++) {
            /* A server that ends TLS without saying so is found out earlier. */
            is_end(ask(h, at(tls ? "https" : "http", tls ? server.tls : server.port, fault[i].path)), JL_HTTP_LOST,
                   fault[i].status);
            if (!tls)
                says(&gotten[0], fault[i].said);
            if (strncmp(fault[i].path, "/cut", 4) == 0)
                assert_string_equal(gotten[0].body, "only this");
        }
        jl_http_close(h);
    }
    forget();
}

static void header_cut_short(void **state) {
    (void)state;
    jl_http *h = client();
    const got *g = ask_path(h, "/cut-header");
    assert_int_equal(g->end, JL_HTTP_LOST);
    jl_http_close(h);
    forget();
}

static void trickles_end(void **state) {
    (void)state;
    jl_http *h = client();
    const char *const path[] = {"/slow-header", "/slow-body", "/barrier/1000"};
    for (uint64_t i = 0; i < 3; i++) {
        jl_http_request r = get(at("http", server.port, path[i]), i);
        r.timeout = 600 * JL_MILLISECOND;
        start(h, &r);
    }
    finish(h);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gotten[i].end, JL_HTTP_TIMEOUT);
        says(&gotten[i], "no whole reply came in ");
        assert_true(gotten[i].took >= 600 * JL_MILLISECOND && gotten[i].took < PATIENCE / 2);
    }
    assert_int_equal(gotten[1].status, 200);
    assert_true(gotten[1].n > 0);
    jl_http_close(h);
    forget();
}

/* ---- late ---- */

/* Neither looks nor listens, as a process that is stopped, or a loop that has other things to do. */
static void stand_still(int64_t until) {
    for (int64_t now; (now = jl_clock_now()) <= until;)
        (void)poll(NULL, 0, jl_clock_poll_ms(until));
}

/* Collects once, and no more. */
static void collect(jl_http *h) {
    jl_err err = {0};
    if (jl_http_collect(h, take, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

/* Takes turns until a server holds so many requests of this client's. */
static void until_held(jl_http *h, const char *scheme, int port, int many) {
    jl_http *other = client();
    do {
        jl_http_request r = get(at(scheme, port, "/held"), 63);
        start(other, &r);
        while (jl_http_outstanding(other)) {
            struct pollfd fd[] = {{.fd = jl_http_fd(h), .events = POLLIN}, {.fd = jl_http_fd(other), .events = POLLIN}};
            int ms = jl_clock_poll_ms(jl_http_deadline(h)), others = jl_clock_poll_ms(jl_http_deadline(other));
            assert_true(poll(fd, 2, ms < 0 || (others >= 0 && others < ms) ? others : ms) >= 0);
            collect(h);
            collect(other);
        }
        is_end(&gotten[63], JL_HTTP_REPLY, 200);
        many -= atoi(gotten[63].body) >= many ? many : 0;
        free(gotten[63].body);
        free(gotten[63].header);
        gotten[63] = (got){0};
    } while (many);
    jl_http_close(other);
}

static void release(const char *scheme, int port) {
    jl_http *other = client();
    jl_http_request r = get(at(scheme, port, "/release"), 62);
    start(other, &r);
    finish(other);
    is_end(&gotten[62], JL_HTTP_REPLY, 200);
    jl_http_close(other);
    free(gotten[62].body);
    free(gotten[62].header);
    gotten[62] = (got){0};
}

/* What has arrived is a reply, also when nobody looked until its time was over. */
static void late_replies(void **state) {
    (void)state;
    static const struct {
        const char *path;
        int status;
        size_t n;
    } reply[] = {{"/hold/bytes/50", 200, 50},    {"/hold/bytes/50000", 200, 50000},
                 {"/hold/hints", 200, 2},        {"/hold/gzip", 200, 10000},
                 {"/hold/until-close", 200, 10}, {"/hold/status/500", 500, 2},
                 {"/hold/cut-length", 200, 9},   {"/hold/close", 0, 0}};
    enum { N = sizeof reply / sizeof *reply };
    forget();
    jl_http *h = client_with(2 * N + 2, 0, ca_good);
    const int64_t before = jl_clock_now(), timeout = 2 * JL_SECOND;
    for (uint64_t i = 0; i < 2 * N + 2; i++) {
        const char *path = i < 2 * N ? reply[i / 2].path : "/hold";
        int port = i >= 2 * N ? server.http2 : i & 1 ? server.tls : server.port;
        jl_http_request r = get(at(port == server.port ? "http" : "https", port, path), i);
        r.timeout = timeout;
        start(h, &r);
    }
    const int64_t over = jl_clock_now() + timeout;
    until_held(h, "http", server.port, 2 * N);
    until_held(h, "https", server.http2, 2);
    release("http", server.port);
    release("https", server.http2);
    assert_true(jl_clock_now() - before < timeout); /* else it was too slow to show anything */
    assert_int_equal(jl_http_outstanding(h), 2 * N + 2);
    stand_still(over);
    collect(h);
    assert_int_equal(jl_http_outstanding(h), 0);
    for (int i = 0; i < 2 * N + 2; i++) {
        const bool two = i >= 2 * N, lost = !two && i / 2 >= N - 2;
        assert_int_equal(gotten[i].times, 1);
        is_end(&gotten[i], lost ? JL_HTTP_LOST : JL_HTTP_REPLY, two ? 200 : reply[i / 2].status);
        assert_int_equal(gotten[i].n, two ? 50000 : reply[i / 2].n);
        assert_true(gotten[i].took > timeout);
    }
    jl_http_close(h);
    forget();
}

/* What had not arrived ends then: nothing came, a little, more than a socket holds. */
static void late_and_not_whole(void **state) {
    (void)state;
    static const char *const path[] = {"/hold/close", "/slow-header", "/slow-body", "/bytes/32000000"};
    enum { N = sizeof path / sizeof *path };
    forget();
    jl_http *h = client();
    for (uint64_t i = 0; i < N; i++) {
        jl_http_request r = get(at("http", server.port, path[i]), i);
        r.timeout = JL_SECOND;
        r.max_body = 64 << 20;
        start(h, &r);
        for (int turns = 0; turns < 3 && jl_http_outstanding(h) > i; turns++)
            collect(h);
    }
    stand_still(jl_clock_now() + JL_SECOND);
    collect(h);
    assert_int_equal(jl_http_outstanding(h), 0);
    for (int i = 0; i < N - 1; i++)
        assert_int_equal(gotten[i].end, JL_HTTP_TIMEOUT);
    assert_true(gotten[2].n > 0);
    assert_true(gotten[N - 1].n > 32768);
    assert_int_equal(gotten[N - 1].end, gotten[N - 1].n == 32000000 ? JL_HTTP_REPLY : JL_HTTP_TIMEOUT);
    release("http", server.port);
    is_end(ask_path(h, "/bytes/5"), JL_HTTP_REPLY, 200);
    jl_http_close(h);
    forget();
}

/* Whoever sends more than one can read, and never a byte of a body, does not keep us for ever. */
static void late_without_end(void **state) {
    (void)state;
    forget();
    jl_http *h = client();
    jl_http_request r = get(at("http", server.port, "/nothing-without-end"), 0);
    r.timeout = 300 * JL_MILLISECOND;
    start(h, &r);
    for (int turns = 0; turns < 3 && jl_http_outstanding(h); turns++)
        collect(h);
    stand_still(jl_clock_now() + r.timeout);
    int64_t before = jl_clock_cpu();
    collect(h);
    assert_true(jl_clock_cpu() - before < PATIENCE);
    assert_int_equal(gotten[0].end, JL_HTTP_TIMEOUT);
    jl_http_close(h);
    forget();
}

/* Nothing leaves after its deadline, over new connections and kept ones. */
static void too_late_to_send(void **state) {
    (void)state;
    const struct {
        const char *scheme;
        int port;
    } to[] = {{"http", server.port}, {"https", server.tls}, {"https", server.http2}};
    for (int i = 0; i < 6; i++) {
        const char *scheme = to[i / 2].scheme;
        int port = to[i / 2].port;
        jl_http *h = client();
        if (i & 1)
            is_end(ask(h, at(scheme, port, "/bytes/1")), JL_HTTP_REPLY, 200);
        forget();
        jl_http_request r = get(at(scheme, port, "/too-late"), 1);
        r.timeout = 20 * JL_MILLISECOND;
        start(h, &r);
        stand_still(jl_clock_now() + r.timeout);
        collect(h);
        is_end(&gotten[1], JL_HTTP_NOT_SENT, 0);
        says(&gotten[1], "nothing could be sent in ");
        is_end(ask(h, at(scheme, port, "/bytes/1")), JL_HTTP_REPLY, 200);
        unsigned connections;
        assert_int_equal(seen(scheme, port, "/too-late", &connections), 0);
        jl_http_close(h);
    }
}

/* In time a call ends when its time is over, neither earlier nor, where somebody looks, much later. */
static void on_time(void **state) {
    (void)state;
    forget();
    jl_http *h = client();
    for (uint64_t i = 0; i < 10; i++) {
        jl_http_request r = get(at("http", server.port, "/barrier/998"), i);
        r.timeout = (int64_t)(200 + 3 * i) * JL_MILLISECOND + 1;
        start(h, &r);
        assert_true(jl_http_deadline(h) >= 0 && jl_http_deadline(h) <= jl_clock_now() + 200 * JL_MILLISECOND + 1);
    }
    finish(h);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(gotten[i].end, JL_HTTP_TIMEOUT);
        assert_true(gotten[i].took > (200 + 3 * i) * JL_MILLISECOND && gotten[i].took < 2 * JL_SECOND);
    }
    assert_int_equal(jl_http_deadline(h), -1);
    jl_http_close(h);
    forget();
}

/* ---- not sent ---- */

/* Listens, but nobody is there: connections succeed, and that is all. */
static int silent(int *fd) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(*fd, (struct sockaddr *)&a, &n), 0);
    return ntohs(a.sin_port);
}

static void not_sent(void **state) {
    (void)state;
    int fd;
    jl_http *h = client_with(2, 300 * JL_MILLISECOND, ca_good);
    is_end(ask(h, at("http", silent(&fd), "/")), JL_HTTP_NOT_SENT, 0); /* bound, but not listening: refused */
    says(&gotten[0], "127.0.0.1");
    close(fd);
    is_end(ask(h, "http://nowhere.test/"), JL_HTTP_NOT_SENT, 0);
    says(&gotten[0], "nowhere.test");
    int port = silent(&fd);
    assert_int_equal(listen(fd, 8), 0);
    is_end(ask(h, at("https", port, "/")), JL_HTTP_NOT_SENT, 0); /* the handshake lasts too long */
    assert_true(gotten[0].took < PATIENCE / 2);
    jl_http_request r = get(at("http", port, "/"), 1);
    r.timeout = 300 * JL_MILLISECOND;
    start(h, &r);
    finish(h);
    is_end(&gotten[1], JL_HTTP_TIMEOUT, 0); /* while this was sent, to whomever */
    close(fd);
    is_end(ask(h, at("https", server.port, "/")), JL_HTTP_NOT_SENT, 0); /* no TLS there */
    jl_http_close(h);
    forget();
}

static void certificates(void **state) {
    (void)state;
    jl_http *h = client();
    is_end(ask(h, at("https", server.tls, "/echo")), JL_HTTP_REPLY, 200);
    is_end(ask(h, at("https", server.other, "/echo")), JL_HTTP_NOT_SENT, 0); /* signed by nobody that we know */
    says(&gotten[0], "certificate");
    jl_http_close(h);
    h = client_with(1, 0, ca_other);
    is_end(ask(h, at("https", server.other, "/echo")), JL_HTTP_NOT_SENT, 0); /* known, but for another name */
    says(&gotten[0], "127.0.0.1");
    jl_http_close(h);
    h = client_with(1, 0, NULL);
    is_end(ask(h, at("https", server.tls, "/echo")), JL_HTTP_NOT_SENT, 0); /* unknown to the system */
    jl_http_close(h);
    unsigned connections;
    assert_int_equal(seen("https", server.tls, "/echo", &connections), 1);
    jl_err err = {0};
    assert_null(jl_http_open(&(jl_http_options){.in_flight = 1, .ca_file = "/nowhere/ca.pem"}, &err));
    assert_int_equal(err.class, JL_NOINPUT);
    forget();
}

/* Neither a name that is slow to look up, nor giving up on it, nor leaving, keeps the loop waiting. */
static void slow_names_do_not_block(void **state) {
    (void)state;
    jl_http *h = client();
    int64_t before = jl_clock_now();
    jl_http_request r = get("http://slow.test/", 0);
    r.timeout = 200 * JL_MILLISECOND;
    start(h, &r);
    r = get(at("http", server.port, "/echo"), 1);
    start(h, &r);
    while (!gotten[1].times)
        turn(h);
    assert_int_equal(gotten[0].times, 0);
    finish(h);
    is_end(&gotten[0], JL_HTTP_NOT_SENT, 0);
    r = get("http://slow.test/", 2);
    start(h, &r);
    turn(h);
    jl_http_close(h);
    assert_true(jl_clock_now() - before < PATIENCE / 2); /* nobody has let the names go on */
    sem_post(&slow_names);
    sem_post(&slow_names);
    forget();
}

/* ---- once ---- */

static void connections_are_kept(void **state) {
    (void)state;
    jl_http *h = client();
    unsigned connections;
    for (int i = 0; i < 5; i++) {
        is_end(ask_path(h, "/kept"), JL_HTTP_REPLY, 200);
        is_end(ask(h, at("https", server.tls, "/kept")), JL_HTTP_REPLY, 200);
    }
    assert_int_equal(seen("http", server.port, "/kept", &connections), 5);
    assert_int_equal(connections, 1);
    assert_int_equal(seen("https", server.tls, "/kept", &connections), 5);
    assert_int_equal(connections, 1);
    jl_http_close(h);
}

/* A server that ends a kept connection instead of a reply may have carried out the request. */
static void never_sent_twice(void **state) {
    (void)state;
    static const char *const path[] = {"/again-close", "/again-reset"};
    for (int i = 0; i < 8; i++) {
        bool tls = i & 1, post = i & 4;
        const char *p = path[i >> 1 & 1], *scheme = tls ? "https" : "http";
        int port = tls ? server.tls : server.port;
        unsigned connections, before = seen(scheme, port, p, &connections);
        jl_http *h = client();
        is_end(ask(h, at(scheme, port, p)), JL_HTTP_REPLY, 200);
        jl_http_request r = get(at(scheme, port, p), 1);
        r.method = post ? "POST" : "GET";
        r.body = post ? JL_SPAN("{\"a\":1}") : r.body;
        start(h, &r);
        finish(h);
        is_end(&gotten[1], JL_HTTP_LOST, 0);
        says(&gotten[1], "not sent again");
        is_end(ask(h, at(scheme, port, "/echo")), JL_HTTP_REPLY, 200); /* and the client goes on */
        jl_http_close(h);
        assert_int_equal(seen(scheme, port, p, &connections) - before, 2);
    }
}

/* A kept connection that the server has ended in the meantime is noticed before anything is sent. */
static void ended_connections_are_not_used(void **state) {
    (void)state;
    jl_http *h = client(), *other = client();
    for (int i = 1; i <= 5; i++) {
        is_end(ask_path(h, "/leave"), JL_HTTP_REPLY, 200);
        while (atoi(ask_path(other, "/closed")->body) < i)
            ;
    }
    jl_http_close(h);
    jl_http_close(other);
    unsigned connections;
    assert_int_equal(seen("http", server.port, "/leave", &connections), 5);
    assert_int_equal(connections, 5);
}

static void http2(void **state) {
    (void)state;
    unsigned connections;
    jl_http *h = client();
    for (int i = 0; i < 3; i++)
        is_end(ask(h, at("https", server.http2, "/")), JL_HTTP_REPLY, 200);
    assert_string_equal(gotten[0].body, "h2");
    assert_non_null(strstr(gotten[0].header, "is: two\r\n"));
    is_end(ask(h, at("https", server.http2, "/cut")), JL_HTTP_LOST, 200);
    is_end(ask(h, at("https", server.http2, "/cancel")), JL_HTTP_LOST, 0);
    is_end(ask(h, at("https", server.http2, "/refuse")), JL_HTTP_LOST, 0);
    is_end(ask(h, at("https", server.http2, "/downgrade")), JL_HTTP_LOST, 0);
    assert_int_equal(seen("https", server.http2, "/cut", &connections), 1);
    assert_int_equal(seen("https", server.http2, "/cancel", &connections), 1);
    assert_int_equal(seen("https", server.http2, "/refuse", &connections), 1);
    assert_int_equal(seen("https", server.http2, "/downgrade", &connections), 1);
    static const char *const again[] = {"/again-close", "/again-goaway"};
    for (int i = 0; i < 2; i++) {
        is_end(ask(h, at("https", server.http2, "/")), JL_HTTP_REPLY, 200);
        is_end(ask(h, at("https", server.http2, again[i])), JL_HTTP_LOST, 0);
        assert_int_equal(seen("https", server.http2, again[i], &connections), 1);
    }
    jl_http_close(h);
}

/* A connection over which nothing came in time may be dead: it is not used again. */
static void http2_that_is_mute(void **state) {
    (void)state;
    forget();
    unsigned connections;
    jl_http *h = client();
    is_end(ask(h, at("https", server.http2, "/mute-not")), JL_HTTP_REPLY, 200);
    for (uint64_t i = 1; i < 3; i++) {
        jl_http_request r = get(at("https", server.http2, "/mute"), i);
        r.timeout = 300 * JL_MILLISECOND;
        start(h, &r);
        finish(h);
        is_end(&gotten[i], JL_HTTP_TIMEOUT, 0);
    }
    assert_int_equal(seen("https", server.http2, "/mute", &connections), 3);
    assert_int_equal(connections, 2);
    jl_http_close(h);
}

/* Connections are kept, and shared one after the other only. */
static void http2_connections(void **state) {
    (void)state;
    unsigned connections;
    jl_http *h = client();
    for (int i = 0; i < 3; i++)
        is_end(ask(h, at("https", server.http2, "/one-by-one")), JL_HTTP_REPLY, 200);
    assert_int_equal(seen("https", server.http2, "/one-by-one", &connections), 3);
    assert_int_equal(connections, 1);
    for (uint64_t i = 0; i < 2; i++) {
        jl_http_request r = get(at("https", server.http2, "/pair"), i);
        start(h, &r);
    }
    finish(h);
    is_end(&gotten[0], JL_HTTP_REPLY, 200);
    is_end(&gotten[1], JL_HTTP_REPLY, 200);
    assert_int_equal(seen("https", server.http2, "/pair", &connections), 2);
    assert_int_equal(connections, 2);
    jl_http_close(h);
}

/* ---- many ---- */

static void as_many_as_places(void **state) {
    (void)state;
    jl_http *h = client();
    jl_err err = {0};
    char path[32];
    snprintf(path, sizeof path, "/barrier/%d", PLACES);
    jl_http_request r;
    for (uint64_t i = 0; i < PLACES; i++) {
        r = get(at("http", server.port, path), i);
        start(h, &r);
    }
    assert_int_equal(jl_http_start(h, &r, &err), -1);
    assert_int_equal(err.class, JL_SOFTWARE);
    assert_non_null(strstr(err.text, "15 HTTP calls at once"));
    assert_int_equal(jl_http_outstanding(h), PLACES);
    finish(h);
    for (int i = 0; i < PLACES; i++) {
        assert_int_equal(gotten[i].times, 1);
        is_end(&gotten[i], JL_HTTP_REPLY, 200);
    }
    jl_http_close(h);
    forget();
}

static unsigned left;

/* Starts another call for each that has ended. */
static int and_another(void *self, const jl_http_reply *r, jl_err *err) {
    assert_int_equal(r->end, JL_HTTP_REPLY);
    if (!left)
        return 0;
    left--;
    jl_http_request next = get(at("http", server.port, "/bytes/1000"), r->ticket);
    return jl_http_start(self, &next, err);
}

static void from_within(void **state) {
    (void)state;
    jl_http *h = client();
    jl_err err = {0};
    left = 300;
    for (uint64_t i = 0; i < PLACES; i++) {
        jl_http_request r = get(at("http", server.port, "/bytes/1000"), i);
        start(h, &r);
    }
    while (jl_http_outstanding(h)) {
        struct pollfd fd = {.fd = jl_http_fd(h), .events = POLLIN};
        assert_true(poll(&fd, 1, jl_clock_poll_ms(jl_http_deadline(h))) >= 0);
        if (jl_http_collect(h, and_another, h, &err) != 0)
            fail_msg("%s", err.text);
    }
    assert_int_equal(left, 0);
    jl_http_close(h);
    unsigned connections;
    (void)seen("http", server.port, "/bytes/1000", &connections);
    assert_true(connections <= 2 * PLACES);
}

static int refuse(void *self, const jl_http_reply *r, jl_err *err) {
    (void)r;
    ++*(unsigned *)self;
    return jl_err_set(err, JL_IO, "no room");
}

/* A reply whose taker fails is handed over; the others are still there. */
static void a_taker_that_fails(void **state) {
    (void)state;
    jl_http *h = client();
    jl_err err = {0};
    unsigned refused = 0;
    for (uint64_t i = 0; i < 2; i++) {
        jl_http_request r = get(at("http", server.port, "/barrier/2"), i);
        start(h, &r);
    }
    while (!refused) {
        struct pollfd fd = {.fd = jl_http_fd(h), .events = POLLIN};
        assert_true(poll(&fd, 1, jl_clock_poll_ms(jl_http_deadline(h))) >= 0);
        int rc = jl_http_collect(h, refuse, &refused, &err);
        assert_int_equal(rc, refused ? -1 : 0);
    }
    assert_int_equal(err.class, JL_IO);
    assert_int_equal(jl_http_outstanding(h), 1);
    finish(h);
    assert_int_equal(gotten[0].times + gotten[1].times, 1);
    jl_http_close(h);
    forget();
}

static void closing_drops(void **state) {
    (void)state;
    jl_http *h = client();
    for (uint64_t i = 0; i < 4; i++) {
        jl_http_request r = get(at("http", server.port, i < 2 ? "/slow-body" : "/close"), i);
        start(h, &r);
        turn(h);
    }
    jl_http_close(h);
    jl_http_close(NULL);
    forget();
}

/* ---- requests ---- */

static void refused_with(const jl_http_request *r) {
    jl_http *h = client();
    jl_err err = {0};
    assert_int_equal(jl_http_start(h, r, &err), -1);
    assert_int_equal(err.class, JL_USAGE);
    assert_null(strstr(err.text, KEY));
    assert_int_equal(jl_http_outstanding(h), 0);
    jl_http_close(h);
}

static void requests_that_cannot_be_meant(void **state) {
    (void)state;
    static const char *const url[] = {"",
                                      "file:///etc/passwd",
                                      "ftp://127.0.0.1/" KEY,
                                      "127.0.0.1/",
                                      "http://",
                                      "http:///x",
                                      "http://u:" KEY "@127.0.0.1/",
                                      "http://127.0.0.1@elsewhere/",
                                      "http://127.0.0.1\\@elsewhere/",
                                      "http://127.0.0.1/a b",
                                      "http://127.0.0.1/a\r\nX: y",
                                      "http://127.0.0.1/\xc3\xa4",
                                      "http://127.0.0.1:/",
                                      "http://127.0.0.1:0/",
                                      "http://127.0.0.1:65536/",
                                      "http://127.0.0.1:1x/",
                                      "http://[::1/",
                                      "http://[]/",
                                      "http://a%41/"};
    for (size_t i = 0; i < sizeof url / sizeof *url; i++) {
        jl_http_request r = get(url[i], 0);
        refused_with(&r);
        assert_false(jl_http_private(url[i]));
    }
    static const char *const line[] = {"x-api-key: " KEY "\r\nX: y",
                                       "x-api-key: " KEY "\n",
                                       "no colon " KEY,
                                       ": " KEY,
                                       "x y: " KEY,
                                       "x-api-key:",
                                       "x-api-key:  "};
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        jl_http_request r = get("http://127.0.0.1/", 0);
        r.header = (const char *const[]){line[i], NULL};
        refused_with(&r);
    }
    jl_http_request r = get("http://127.0.0.1/", 0);
    r.method = "DELETE";
    refused_with(&r);
    r = get("http://127.0.0.1/", 0);
    r.body = JL_SPAN("x");
    refused_with(&r);
    r = get("http://127.0.0.1/", 0);
    r.timeout = 0;
    refused_with(&r);
}

static void where_a_key_may_go(void **state) {
    (void)state;
    static const char *const good[] = {
        "https://api.hasdata.com/scrape", "HTTPS://x",         "http://127.0.0.1", "http://127.255.0.9:80/x",
        "http://localhost:1?x",           "http://LocalHost/", "http://[::1]:5/"};
    static const char *const bad[] = {"http://api.hasdata.com/",
                                      "http://127.0.0.1.elsewhere/",
                                      "http://127.0.0/",
                                      "http://127.0.0.256/",
                                      "http://127.0.0.01/",
                                      "http://0127.0.0.1/",
                                      "http://localhost.else/",
                                      "http://localhost./",
                                      "http://1127.0.0.1/",
                                      "http://[127.0.0.1]/",
                                      "http://[::2]/",
                                      "http://128.0.0.1/",
                                      "http://127.0.0.1./",
                                      "http://127.0.0.1.1/",
                                      "http://127/"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!jl_http_private(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (jl_http_private(bad[i]))
            fail_msg("%s", bad[i]);
}

static void escapes(void **state) {
    (void)state;
    jl_err err = {0};
    jl_buf b = {0};
    assert_int_equal(jl_buf_add(&b, JL_SPAN("q="), &err), 0);
    assert_int_equal(jl_http_escape(&b, JL_SPAN("AZaz09-._~ +&=%/\xc3\xa4\0"), &err), 0);
    assert_true(jl_span_eq(jl_buf_span(&b), JL_SPAN("q=AZaz09-._~%20%2B%26%3D%25%2F%C3%A4%00")));
    jl_buf_free(&b);
}

/* How often `what` stands in the memory that malloc has had from the system. */
static unsigned in_the_heap(const char *what, size_t n) {
    unsigned long from, to;
    char line[512], *heap = NULL;
    unsigned found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (!heap && fgets(line, sizeof line, maps))
        if (strstr(line, "[heap]") && sscanf(line, "%lx-%lx", &from, &to) == 2)
            heap = (char *)from; /* NOLINT(performance-no-int-to-ptr) */
    assert_int_equal(fclose(maps), 0);
    FILE *memory = fopen("/proc/self/mem", "r");
    assert_non_null(memory);
    char part[4096 + 64];
    for (unsigned long at_byte = from; heap && at_byte < to; at_byte += 4096) {
        assert_int_equal(fseek(memory, (long)at_byte, SEEK_SET), 0);
        size_t got_n = fread(part, 1, sizeof part, memory);
        for (char *p = part; (p = memmem(p, got_n - (size_t)(p - part), what, n)); p++)
            found++;
    }
    assert_int_equal(fclose(memory), 0);
    return found;
}

/* Freed memory holds no key. (This one is nowhere in the program as it is sent.) */
static void nothing_is_left_of_a_key(void **state) {
    (void)state;
    char line[] = "x-api-key: ..................", *key = line + 11;
    for (size_t i = 0; key[i]; i++)
        key[i] = (char)('A' + (i * i + 7) % 23);
    const char *const header[] = {line, NULL};
    static const char *const path[] = {"/kept", "/close", "/kept", "/cut-length"};
    jl_http *h = client();
    for (uint64_t i = 0; i < 8; i++) {
        jl_http_request r = get(at(i & 1 ? "https" : "http", i & 1 ? server.tls : server.port, path[i / 2]), i);
        r.header = header;
        start(h, &r);
        finish(h);
    }
    jl_http_close(h);
    forget();
    assert_int_equal(in_the_heap(key, strlen(key)), 0);
}

/* ---- surroundings ---- */

static void proxies(void **state) {
    (void)state;
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", server.port);
    setenv("http_proxy", proxy, 1);
    setenv("https_proxy", proxy, 1);
    jl_http *h = client();
    is_end(ask(h, "http://elsewhere.test/echo"), JL_HTTP_REPLY, 200);
    is_end(ask(h, "https://elsewhere.test/echo"), JL_HTTP_NOT_SENT, 0); /* the proxy does not let us through */
    jl_http_close(h);
    unsigned connections;
    assert_int_equal(seen("http", server.port, "http://elsewhere.test/echo", &connections), 1);
    assert_int_equal(seen("http", server.port, "elsewhere.test:443", &connections), 1);
    /* One that cannot be reached is not asked for what goes to this machine. */
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    h = client();
    is_end(ask_path(h, "/echo"), JL_HTTP_REPLY, 200);
    is_end(ask(h, at("https", server.tls, "/")), JL_HTTP_REPLY, 200);
    jl_http_close(h);
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    forget();
}

static void just_one(void **state) {
    (void)state;
    jl_err err = {0};
    jl_http *h = client();
    forget();
    jl_http_request r = get(at("http", server.port, "/echo"), 3);
    assert_int_equal(jl_http_once(h, &r, take, NULL, &err), 0);
    is_end(&gotten[3], JL_HTTP_REPLY, 200);
    r = get(at("http", server.port, "/close"), 4);
    assert_int_equal(jl_http_once(h, &r, take, NULL, &err), 0);
    is_end(&gotten[4], JL_HTTP_LOST, 0);
    unsigned refused = 0;
    assert_int_equal(jl_http_once(h, &r, refuse, &refused, &err), -1);
    assert_int_equal(err.class, JL_IO);
    r = get(at("http", server.port, "/echo"), 5);
    start(h, &r);
    assert_int_equal(jl_http_once(h, &r, take, NULL, &err), -1);
    assert_int_equal(err.class, JL_SOFTWARE);
    finish(h);
    jl_http_close(h);
    forget();
}

static void on_alarm(int number) {
    jl_stop_ask(number);
}

/* The last test: a stop is for good. */
static void a_stop_cuts_off(void **state) {
    (void)state;
    jl_err err = {0};
    jl_http *h = client();
    signal(SIGALRM, on_alarm);
    jl_http_request r = get(at("http", server.port, "/barrier/999"), 0);
    int64_t before = jl_clock_now();
    assert_int_equal(ualarm(100000, 0), 0);
    assert_int_equal(jl_http_once(h, &r, take, NULL, &err), -1);
    assert_int_equal(err.class, JL_TEMPFAIL);
    assert_true(jl_clock_now() - before < PATIENCE / 2);
    assert_int_equal(jl_http_outstanding(h), 0);
    assert_int_equal(gotten[0].times, 0);
    is_end(ask_path(h, "/echo"), JL_HTTP_REPLY, 200); /* the client is as before */
    jl_http_close(h);
    forget();
}

static int before_all(void **state) {
    (void)state;
    static const char *const unwanted[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                           "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        unsetenv(unwanted[i]);
    signal(SIGPIPE, SIG_DFL); /* what is written into a connection that is gone must not end the process */
    if (sem_init(&slow_names, 0, 0) != 0 || !http_start_servers(&server))
        return -1;
    snprintf(ca_good, sizeof ca_good, "%s/good.pem", server.folder);
    snprintf(ca_other, sizeof ca_other, "%s/other.pem", server.folder);
    return 0;
}

static int after_all(void **state) {
    (void)state;
    http_stop_servers(&server);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_reply),
                                       cmocka_unit_test(a_post),
                                       cmocka_unit_test(header_lines),
                                       cmocka_unit_test(sizes),
                                       cmocka_unit_test(floods),
                                       cmocka_unit_test(lost),
                                       cmocka_unit_test(header_cut_short),
                                       cmocka_unit_test(trickles_end),
                                       cmocka_unit_test(late_replies),
                                       cmocka_unit_test(late_and_not_whole),
                                       cmocka_unit_test(late_without_end),
                                       cmocka_unit_test(too_late_to_send),
                                       cmocka_unit_test(on_time),
                                       cmocka_unit_test(not_sent),
                                       cmocka_unit_test(certificates),
                                       cmocka_unit_test(slow_names_do_not_block),
                                       cmocka_unit_test(connections_are_kept),
                                       cmocka_unit_test(never_sent_twice),
                                       cmocka_unit_test(ended_connections_are_not_used),
                                       cmocka_unit_test(http2),
                                       cmocka_unit_test(http2_that_is_mute),
                                       cmocka_unit_test(http2_connections),
                                       cmocka_unit_test(as_many_as_places),
                                       cmocka_unit_test(from_within),
                                       cmocka_unit_test(a_taker_that_fails),
                                       cmocka_unit_test(closing_drops),
                                       cmocka_unit_test(requests_that_cannot_be_meant),
                                       cmocka_unit_test(where_a_key_may_go),
                                       cmocka_unit_test(escapes),
                                       cmocka_unit_test(nothing_is_left_of_a_key),
                                       cmocka_unit_test(proxies),
                                       cmocka_unit_test(just_one),
                                       cmocka_unit_test(a_stop_cuts_off)};
    return cmocka_run_group_tests(tests, before_all, after_all);
}
