/* What becomes of orders, over a real ledger and store in SQLite and a real server, with faults put in at each step. */
#include "unit/cmocka_all.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "contract/well.h"
#include "gate/buyer.h"

#define FOR_EVER (100 * INT64_C(86400) * JL_SECOND)
#define DAY (INT64_C(86400) * JL_SECOND)
#define MOST_ENDS 256
#define PATIENCE 10000 /* ms of the real clock, after which a test gives up */

/* ---- a clock that jumps over what would only be waited for ---- */

static _Atomic int64_t ahead; /* ns */

int clock_gettime(clockid_t which, struct timespec *t) {
    if (syscall(SYS_clock_gettime, which, t) != 0)
        return -1;
    if (which == CLOCK_REALTIME || which == CLOCK_BOOTTIME || which == CLOCK_MONOTONIC) {
        int64_t ns = (int64_t)t->tv_sec * JL_SECOND + t->tv_nsec + ahead;
        *t = (struct timespec){ns / JL_SECOND, ns % JL_SECOND};
    }
    return 0;
}

/* ---- what has happened, in order: a letter each ----

   a ask, g give_back, k keep; r reserve, s send, S settled, V void, U uncertain; ! a request has arrived; t an order's end. */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char trail[8192];
static int64_t when[8192]; /* of each letter, monotonic */
static size_t letters;

static void note(char letter) {
    pthread_mutex_lock(&lock);
    if (letters + 1 < sizeof trail) {
        when[letters] = jl_clock_now();
        trail[letters++] = letter;
        trail[letters] = '\0';
    }
    pthread_mutex_unlock(&lock);
}

static size_t count_of(char letter) {
    size_t n = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < letters; i++)
        n += trail[i] == letter;
    pthread_mutex_unlock(&lock);
    return n;
}

/* When a letter was written for the n-th time, from 1. */
static int64_t when_of(char letter, size_t n) {
    for (size_t i = 0; i < letters; i++)
        if (trail[i] == letter && --n == 0)
            return when[i];
    fail_msg("%s: no such %c", trail, letter);
    return 0;
}

/* ---- the server ---- */

typedef enum conduct { REPLY = 0, HOLD, HANG, CUT, HALF, ECHO } conduct;

/* What the first requests get that are for `path` (NULL: for any). */
typedef struct play {
    int status;
    conduct conduct;
    const char *path, *header, *body;
    unsigned times; /* 0 = each */
} play;

static struct server {
    int fd, port, shut; /* shut: a port at which nobody listens */
    pthread_t thread;
    play play[16];
    size_t plays;
    unsigned requests, held, released, hung, busy, busy_max, threads;
    bool unasked; /* a request has come for which no send had said yes */
    char arrived[2048];
} server;

static atomic_uint allowed; /* sends that said yes */

static bool read_all(int fd, char *text, size_t size) {
    size_t n = 0;
    for (;;) {
        ssize_t got = recv(fd, text + n, size - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");
        if (end && (!length || strlen(end + 4) >= (size_t)atoi(length + 16)))
            return true;
    }
}

static play next_play(const char *path) {
    for (size_t i = 0; i < server.plays; i++) {
        play *p = &server.play[i];
        if (p->path && strcmp(p->path, path) != 0)
            continue;
        play now = *p;
        if (p->times && --p->times == 0) {
            memmove(p, p + 1, (server.plays - i - 1) * sizeof *p);
            server.plays--;
        }
        return now;
    }
    return (play){.status = 200};
}

static play arrive(const char *path) {
    note('!');
    pthread_mutex_lock(&lock);
    play p = next_play(path);
    server.unasked |= ++server.requests > allowed;
    size_t n = strlen(server.arrived);
    (void)snprintf(server.arrived + n, sizeof server.arrived - n, "%s ", path + 1);
    server.busy_max = ++server.busy > server.busy_max ? server.busy : server.busy_max;
    if (p.conduct == HOLD) {
        unsigned place = server.held++;
        pthread_cond_broadcast(&changed);
        while (server.released <= place)
            pthread_cond_wait(&changed, &lock);
    }
    server.hung += p.conduct == HANG;
    pthread_mutex_unlock(&lock);
    return p;
}

static void answer(int fd, const play *p, const char *text, const char *path) {
    char reply[4096];
    const char *body = p->body ? p->body : p->conduct == ECHO ? text : path;
    size_t stated = strlen(body) + (p->conduct == HALF ? 10 : 0);
    int n = snprintf(reply, sizeof reply, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%sConnection: close\r\n\r\n%s",
                     p->status, stated, p->header ? p->header : "", body);
    if (p->conduct == HANG)
        (void)recv(fd, reply, 1, 0);
    else if (p->conduct != CUT)
        (void)send(fd, reply, (size_t)n, MSG_NOSIGNAL);
}

static void *serve(void *connection) {
    int fd = (int)(intptr_t)connection;
    char text[4096], path[64];
    if (read_all(fd, text, sizeof text) && sscanf(text, "%*s %63s", path) == 1) {
        play p = arrive(path);
        pthread_mutex_lock(&lock);
        server.busy--; /* before the reply: what follows on it may arrive at once */
        pthread_mutex_unlock(&lock);
        answer(fd, &p, text, path);
    }
    shutdown(fd, SHUT_WR);
    while (recv(fd, text, sizeof text, 0) > 0)
        ;
    close(fd);
    pthread_mutex_lock(&lock);
    server.threads--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void *listening(void *self) {
    (void)self;
    for (int fd; (fd = accept(server.fd, NULL, NULL)) >= 0;) {
        pthread_t thread;
        pthread_mutex_lock(&lock);
        server.threads++;
        pthread_mutex_unlock(&lock);
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0)
            abort();
        pthread_detach(thread);
    }
    return NULL;
}

static int bound(int *port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof to;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&to, n) == 0 &&
                getsockname(fd, (struct sockaddr *)&to, &n) == 0);
    *port = ntohs(to.sin_port);
    return fd;
}

static int shut_fd; /* bound, so that nobody else gets the port */
static char folder[64];

static int begin(void **state) {
    (void)state;
    /* In memory where that can be had: what is tested is no disk. */
    strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/jobline-buyer.XXXXXX" : "/tmp/jobline-buyer.XXXXXX");
    server.fd = bound(&server.port);
    shut_fd = bound(&server.shut);
    return mkdtemp(folder) && listen(server.fd, 64) == 0 && pthread_create(&server.thread, NULL, listening, NULL) == 0
               ? 0
               : -1;
}

static int finish(void **state) {
    char command[128];
    (void)state;
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
    close(shut_fd);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void release(unsigned n) {
    pthread_mutex_lock(&lock);
    server.released += n;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* ---- ledger and store, watched, and with faults ---- */

typedef enum fault { FAILS = 1, ANSWER_LOST, TOO_LATE } fault; /* ANSWER_LOST: done all the same */

typedef struct end {
    uint64_t ticket;
    jl_bought_how how;
    bool kept;
    unsigned tries;
    char body[4096], why[512];
} end;

static struct rig {
    jl_ledger ledger, *real_ledger;
    jl_kept kept, *real_kept;
    jl_buyer *b;
    jl_buyer_counts counts;
    jl_buyer_options options;
    char fault_at;
    fault fault;
    int64_t lease;                         /* that send speaks of, if not 0 */
    char sent[MOST_ENDS][JL_HOLD_ID_SIZE]; /* ids, in order */
    size_t n_sent;
    unsigned out;
    int64_t charged, worst, exposed; /* exposed: charged, and the worst cases of what was out, at most */
    bool settled_unkept;
    jl_hash key; /* of the last order that was kept */
    end end[MOST_ENDS];
    size_t ends, orders;
    char said[8192];
    const char *endpoint; /* of the orders to come; NULL: "e" */
    uint64_t then;        /* placed `ahead` when an order has ended */
} rig;

/* 1: the answer of the real one is to be lost; -1: the step fails; 0: neither. */
static int faulty(char at, jl_err *err) {
    bool here = rig.fault_at == at && rig.fault != TOO_LATE;
    if (here)
        (void)jl_err_set(err, JL_UNAVAILABLE, "the test has cut off %c", at);
    return here ? rig.fault == ANSWER_LOST ? 1 : -1 : 0;
}

static int watch_reserve(jl_ledger *l, const jl_reserve *r, jl_admission *a, jl_err *err) {
    int bad = faulty('r', err);
    (void)l;
    note('r');
    if (bad < 0)
        return -1;
    return rig.real_ledger->ops->reserve(rig.real_ledger, r, a, err) == 0 && !bad ? 0 : -1;
}

static int watch_send(jl_ledger *l, const char *id, int64_t *lease, jl_err *err) {
    int bad = faulty('s', err);
    (void)l;
    note('s');
    if (bad < 0)
        return -1;
    if (rig.fault_at == 's' && rig.fault == TOO_LATE) {
        rig.fault_at = 0;
        ahead += 3600 * JL_SECOND; /* the process stood still: the lease has really ended */
    }
    if (rig.real_ledger->ops->send(rig.real_ledger, id, lease, err) != 0 || bad)
        return -1;
    if (*lease < 0)
        return 0;
    for (size_t i = 0; i < rig.n_sent; i++)
        assert_string_not_equal(rig.sent[i], id);
    strcpy(rig.sent[rig.n_sent++], id);
    rig.out++;
    int64_t exposed = rig.charged + (int64_t)rig.out * rig.worst;
    rig.exposed = exposed > rig.exposed ? exposed : rig.exposed;
    allowed++;
    if (rig.lease)
        *lease = rig.lease;
    return 0;
}

/* Read from the store itself, in the middle between the two. */
static bool is_kept(void) {
    jl_kept_answer a = {0};
    jl_err err = {0};
    char owner[JL_OWNER_SIZE];
    assert_int_equal(jl_hold_id(owner, &err), 0);
    well(rig.real_kept->ops->ask(rig.real_kept, rig.key, FOR_EVER, owner, 1, &a, &err), &err);
    jl_buf_free(&a.body);
    return a.state == JL_KEPT_HERE;
}

static int watch_settle(jl_ledger *l, const jl_settle *s, jl_settled *result, jl_err *err) {
    char letter = s->to == JL_HOLD_SETTLED ? 'S' : s->to == JL_HOLD_VOID ? 'V' : 'U';
    int bad = faulty(letter, err);
    (void)l;
    note(letter);
    for (size_t i = 0; i < rig.n_sent; i++)
        rig.out -= strcmp(rig.sent[i], s->id) == 0;
    if (letter == 'S' && rig.fault_at != 'k')
        rig.settled_unkept |= !is_kept();
    if (bad < 0)
        return -1;
    int rc = rig.real_ledger->ops->settle(rig.real_ledger, s, result, err);
    rig.charged += rc == 0 ? result->charged : 0;
    return rc == 0 && !bad ? 0 : -1;
}

static int watch_look(jl_ledger *l, jl_account *account, jl_err *err) {
    (void)l;
    return rig.real_ledger->ops->look(rig.real_ledger, account, err);
}

static int watch_ask(jl_kept *k, jl_hash key, int64_t fresh, const char *owner, int64_t lease, jl_kept_answer *a,
                     jl_err *err) {
    int bad = faulty('a', err);
    (void)k;
    note('a');
    if (bad < 0)
        return -1;
    return rig.real_kept->ops->ask(rig.real_kept, key, fresh, owner, lease, a, err) == 0 && !bad ? 0 : -1;
}

static int watch_keep(jl_kept *k, jl_hash key, jl_span body, const char *word, int64_t keep, jl_err *err) {
    int bad = faulty('k', err);
    (void)k;
    note('k');
    rig.key = key;
    if (bad < 0)
        return -1;
    return rig.real_kept->ops->keep(rig.real_kept, key, body, word, keep, err) == 0 && !bad ? 0 : -1;
}

static int watch_give_back(jl_kept *k, jl_hash key, const char *owner, jl_err *err) {
    int bad = faulty('g', err);
    (void)k;
    note('g');
    if (bad < 0)
        return -1;
    return rig.real_kept->ops->give_back(rig.real_kept, key, owner, err) == 0 && !bad ? 0 : -1;
}

static const jl_ledger_ops watched_ledger = {
    .reserve = watch_reserve, .send = watch_send, .settle = watch_settle, .look = watch_look};
static const jl_kept_ops watched_kept = {.ask = watch_ask, .keep = watch_keep, .give_back = watch_give_back};

/* ---- a judge ---- */

static jl_judgement judged(void *self, const char *endpoint, const jl_http_reply *reply) {
    static const struct {
        int status;
        jl_judged is;
    } verdict[] = {{200, JL_JUDGED_WELL},  {404, JL_JUDGED_DEAD}, {503, JL_JUDGED_AGAIN}, {429, JL_JUDGED_BUSY},
                   {402, JL_JUDGED_QUOTA}, {401, JL_JUDGED_KEY},  {422, JL_JUDGED_BAD},   {299, JL_JUDGED_GARBLED}};
    jl_judgement j = {.cost = -1};
    jl_span cost;
    (void)self;
    assert_true(strcmp(endpoint, "e") == 0 || strcmp(endpoint, "cheap") == 0);
    for (size_t i = 0; i < sizeof verdict / sizeof *verdict; i++)
        if (verdict[i].status == reply->status)
            j.is = verdict[i].is;
    if (jl_http_header(reply, "Cost", &cost) == 0)
        j.cost = atoi(cost.p);
    snprintf(j.text, sizeof j.text, "it said %d: %.*s", reply->status, (int)(reply->body.n < 200 ? reply->body.n : 200),
             reply->body.p);
    return j;
}

static void noticed(void *self, bool important, const char *text) {
    size_t n = strlen(rig.said);
    (void)self;
    (void)important;
    snprintf(rig.said + n, sizeof rig.said - n, "%s\n", text);
}

/* ---- the rig ---- */

static void settings(const char *const *change, size_t n) {
    jl_err err = {0};
    well(rig.real_ledger->ops->set(rig.real_ledger, change, n, &err), &err);
}

static const char *const usual[] = {"price.e=5:8", "budget=100000", "concurrency=4", "breaker-calls=1000",
                                    "breaker-window=1000"};
static const char *const no_header[] = {"X-Key: seCret/1", NULL};

/* A new ledger and store; `change` on top of the usual settings. */
static void set_up(const char *const *change, size_t n) {
    static const jl_ledger_opener *const ledgers[] = {&jl_ledger_sqlite, NULL};
    static const jl_kept_opener *const stores[] = {&jl_kept_sqlite, NULL};
    static int number;
    char text[128];
    jl_url url;
    jl_err err = {0};
    memset(&rig, 0, sizeof rig);
    number++;
    snprintf(text, sizeof text, "sqlite:%s/l%d.db", folder, number);
    well(jl_url_parse(jl_span_of(text), &url, &err), &err);
    rig.real_ledger = jl_ledger_open(ledgers, &url, "p", 0, &err);
    snprintf(text, sizeof text, "sqlite:%s/k%d.db", folder, number);
    well(jl_url_parse(jl_span_of(text), &url, &err), &err);
    rig.real_kept = jl_kept_open(stores, &url, 0, &err);
    assert_true(rig.real_ledger && rig.real_kept);
    rig.ledger.ops = &watched_ledger;
    rig.kept.ops = &watched_kept;
    settings(usual, sizeof usual / sizeof *usual);
    if (n)
        settings(change, n);
    rig.worst = 8;
    rig.options = (jl_buyer_options){.ledger = &rig.ledger,
                                     .kept = &rig.kept,
                                     .header = no_header,
                                     .secret = JL_SPAN("seCret/1"),
                                     .user = "",
                                     .max_credits = UINT64_MAX,
                                     .max_body = 3000,
                                     .tries = 3,
                                     .judge = judged,
                                     .notice = noticed};
    pthread_mutex_lock(&lock);
    letters = 0;
    trail[0] = '\0';
    server.plays = server.requests = server.held = server.released = server.hung = server.busy = server.busy_max = 0;
    server.unasked = false;
    server.arrived[0] = '\0';
    allowed = 0;
    pthread_mutex_unlock(&lock);
}

#define SET_UP(...)                                                                                                    \
    do {                                                                                                               \
        const char *const change_[] = {__VA_ARGS__};                                                                   \
        set_up(change_, sizeof change_ / sizeof *change_);                                                             \
    } while (0)

static void plays(play p) {
    pthread_mutex_lock(&lock);
    server.play[server.plays++] = p;
    pthread_mutex_unlock(&lock);
}

static void open_buyer(void) {
    jl_err err = {0};
    rig.b = jl_buyer_open(&rig.options, &rig.counts, &err);
    if (!rig.b)
        fail_msg("%s", err.text);
}

/* Whatever a test is about: no request has left without a yes; what was settled had been kept. */
static void tear_down(void) {
    jl_buyer_close(rig.b);
    pthread_mutex_lock(&lock);
    server.released = UINT32_MAX;
    pthread_cond_broadcast(&changed);
    while (server.threads)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    rig.real_kept->ops->close(rig.real_kept);
    rig.real_ledger->ops->close(rig.real_ledger);
    assert_false(server.unasked);
    assert_false(rig.settled_unkept);
    assert_null(strstr(rig.said, "seCret/1"));
}

static void place(uint64_t n, bool first, const char *user, int port) {
    char url[64];
    jl_err err = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%llu", port, (unsigned long long)n);
    const jl_order o = {.ticket = rig.orders++,
                        .key = {n, 1},
                        .fresh = FOR_EVER / 2,
                        .keep = FOR_EVER,
                        .endpoint = rig.endpoint ? rig.endpoint : "e",
                        .user = user,
                        .method = "GET",
                        .url = url,
                        .ahead = first,
                        .notice = url};
    well(jl_buyer_order(rig.b, &o, &err), &err);
}

static void order(uint64_t n) {
    place(n, false, NULL, server.port);
}

static int ended(void *self, const jl_bought *bought, jl_err *err) {
    end *e = &rig.end[rig.ends++];
    (void)self;
    (void)err;
    note('t');
    *e = (end){.ticket = bought->ticket, .how = bought->how, .kept = bought->kept, .tries = bought->tries};
    snprintf(e->body, sizeof e->body, "%.*s", (int)bought->body.n, bought->body.n ? bought->body.p : "");
    snprintf(e->why, sizeof e->why, "%s", bought->why ? bought->why : "");
    if (bought->how != JL_BOUGHT)
        assert_true(e->why[0] != '\0');
    if (rig.then) {
        place(rig.then, true, NULL, server.port);
        rig.then = 0;
    }
    return 0;
}

static void collect(void) {
    jl_err err = {0};
    well(jl_buyer_collect(rig.b, ended, NULL, &err), &err);
}

static bool all_hang(void) {
    pthread_mutex_lock(&lock);
    bool all = server.hung == rig.out;
    pthread_mutex_unlock(&lock);
    return all;
}

static bool all_ended(void) {
    return rig.ends == rig.orders;
}

/* Until `done`; time that nobody works in is jumped over. */
static void drive_until(bool (*done)(void)) {
    for (int waited = 0, spun = 0; collect(), !done();) {
        int64_t left = jl_buyer_deadline(rig.b) - jl_clock_now();
        if (left <= 0 && jl_buyer_deadline(rig.b) >= 0) {
            if (++spun > 100000)
                fail_msg("it spins: %s", trail);
            continue;
        }
        struct pollfd p = {.fd = jl_buyer_fd(rig.b), .events = POLLIN};
        bool jump = all_hang() && jl_buyer_deadline(rig.b) >= 0;
        if (poll(&p, 1, jump ? 0 : 2) == 0) {
            if (jump)
                ahead += left;
            else if ((waited += 2) > PATIENCE)
                fail_msg("nothing happens: %s", trail);
        }
    }
}

static void drive(void) {
    drive_until(all_ended);
}

static jl_account look(void) {
    jl_account a;
    jl_err err = {0};
    well(rig.real_ledger->ops->look(rig.real_ledger, &a, &err), &err);
    return a;
}

/* In all periods: a test may run across the end of one. */
static int64_t spent(void) {
    jl_account a = look();
    int64_t n = 0;
    for (size_t i = 0; i < a.sums; i++)
        n += a.sum[i].user[0] ? 0 : a.sum[i].spent;
    jl_account_free(&a);
    return n;
}

static void check_end(size_t i, jl_bought_how how, unsigned tries) {
    assert_true(i < rig.ends);
    assert_int_equal(rig.end[i].how, how);
    assert_int_equal(rig.end[i].tries, tries);
}

/* ---- one order ---- */

static void what_was_bought_is_kept_then_settled(void **state) {
    (void)state;
    set_up(NULL, 0);
    open_buyer();
    order(1);
    drive();
    assert_string_equal(trail, "ars!kSt");
    check_end(0, JL_BOUGHT, 1);
    assert_string_equal(rig.end[0].body, "/1");
    assert_int_equal(spent(), 5);
    order(1);
    drive();
    assert_string_equal(trail, "ars!kStat");
    assert_true(rig.end[1].kept);
    assert_string_equal(rig.end[1].body, "/1");
    assert_int_equal(rig.counts.calls, 1);
    assert_int_equal(rig.counts.credits, 5);
    tear_down();
}

/* At each step, before it was done and after. What must hold: nothing leaves without a yes, what has come is handed out,
   nothing is sent after it, the verdict says so, what is doubtful is counted. */
static void trouble_at_each_step(void **state) {
    static const struct {
        char at;
        fault fault;
        int status;
        const char *trail;
        jl_bought_how how;
        unsigned tries;
        jl_class verdict;
        uint64_t credits;
        int64_t spent, in_the_end; /* when all leases have ended, too */
    } c[] = {
        {'a', FAILS, 200, "at", JL_BOUGHT_REFUSED, 0, JL_UNAVAILABLE, 0, 0, 0},
        {'a', ANSWER_LOST, 200, "at", JL_BOUGHT_REFUSED, 0, JL_UNAVAILABLE, 0, 0, 0},
        {'r', FAILS, 200, "art", JL_BOUGHT_REFUSED, 0, JL_UNAVAILABLE, 0, 0, 0},
        {'r', ANSWER_LOST, 200, "art", JL_BOUGHT_REFUSED, 0, JL_UNAVAILABLE, 0, 0, 0},
        {'s', FAILS, 200, "arst", JL_BOUGHT_REFUSED, 0, JL_UNAVAILABLE, 0, 0, 0},
        {'s', ANSWER_LOST, 200, "arst", JL_BOUGHT_REFUSED, 0, JL_UNAVAILABLE, 0, 0, 8},
        {'s', TOO_LATE, 200, "arsars!kSt", JL_BOUGHT, 1, JL_OK, 5, 5, 5},
        {'k', FAILS, 200, "ars!kSt", JL_BOUGHT, 1, JL_UNAVAILABLE, 5, 5, 5},
        {'k', ANSWER_LOST, 200, "ars!kSt", JL_BOUGHT, 1, JL_UNAVAILABLE, 5, 5, 5},
        {'k', FAILS, 404, "ars!kVt", JL_BOUGHT_DEAD, 1, JL_UNAVAILABLE, 0, 0, 0},
        {'k', FAILS, 422, "ars!Vkt", JL_BOUGHT_BAD, 1, JL_UNAVAILABLE, 0, 0, 0},
        {'S', FAILS, 200, "ars!kSt", JL_BOUGHT, 1, JL_UNAVAILABLE, 8, 0, 8},
        {'S', ANSWER_LOST, 200, "ars!kSt", JL_BOUGHT, 1, JL_UNAVAILABLE, 8, 5, 5},
        {'V', FAILS, 503, "ars!Vt", JL_BOUGHT_FAILED, 1, JL_UNAVAILABLE, 8, 0, 8},
        {'V', FAILS, 429, "ars!Vt", JL_BOUGHT_FAILED, 1, JL_UNAVAILABLE, 8, 0, 8},
        {'V', FAILS, 404, "ars!kVt", JL_BOUGHT_DEAD, 1, JL_UNAVAILABLE, 8, 0, 8},
        {'U', FAILS, 299, "ars!Ut", JL_BOUGHT_UNCERTAIN, 1, JL_UNAVAILABLE, 8, 0, 8},
        {'U', ANSWER_LOST, 299, "ars!Ut", JL_BOUGHT_UNCERTAIN, 1, JL_UNAVAILABLE, 8, 8, 8},
        {'g', FAILS, 299, "ars!Ugt", JL_BOUGHT_UNCERTAIN, 1, JL_OK, 8, 8, 8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        jl_err err = {0};
        set_up(NULL, 0);
        plays((play){.status = c[i].status});
        open_buyer();
        rig.fault_at = c[i].at;
        rig.fault = c[i].fault;
        order(1);
        drive();
        assert_string_equal(trail, c[i].trail);
        check_end(0, c[i].how, c[i].tries);
        assert_int_equal(jl_buyer_verdict(rig.b, &err), c[i].verdict);
        assert_int_equal(rig.counts.credits, c[i].credits);
        assert_int_equal(spent(), c[i].spent);
        rig.fault_at = 0;
        if (c[i].verdict != JL_OK) {
            size_t before = letters;
            order(2);
            drive();
            assert_string_equal(trail + before, "t");
            check_end(1, JL_BOUGHT_REFUSED, 0);
        }
        ahead += DAY / 2;
        assert_int_equal(spent(), c[i].in_the_end);
        tear_down();
    }
}

/* Each try with a hold of its own (watch_send sees to that). */
static void what_costs_nothing_is_asked_again(void **state) {
    static const int status[] = {503, 429};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        set_up(NULL, 0);
        plays((play){.status = status[i], .path = "/1"});
        plays((play){.status = status[i], .path = "/2", .times = 1});
        open_buyer();
        order(1);
        drive();
        assert_string_equal(trail, "ars!Vars!Vars!Vgt");
        check_end(0, JL_BOUGHT_FAILED, 3);
        assert_non_null(strstr(rig.end[0].why, "it said"));
        order(2);
        drive();
        assert_string_equal(trail + 17, "ars!Vars!kSt");
        check_end(1, JL_BOUGHT, 2);
        assert_int_equal(rig.counts.retries, 3);
        assert_int_equal(spent(), 5);
        tear_down();
    }
}

static void what_never_left_is_asked_again(void **state) {
    jl_err err = {0};
    (void)state;
    set_up(NULL, 0);
    open_buyer();
    place(1, false, NULL, server.shut);
    drive();
    assert_string_equal(trail, "arsVarsVarsVgt");
    check_end(0, JL_BOUGHT_FAILED, 3);
    assert_int_equal(spent(), 0);
    assert_int_equal(jl_buyer_away(rig.b, &err), JL_UNAVAILABLE);
    assert_int_equal(jl_buyer_verdict(rig.b, &err), JL_OK);
    order(2);
    drive();
    assert_int_equal(jl_buyer_away(rig.b, &err), JL_OK);
    tear_down();
}

static void what_may_have_been_billed_is_never_asked_again(void **state) {
    static char large[3200];
    (void)state;
    memset(large, 'x', sizeof large - 1);
    const play c[] = {{.status = 200, .conduct = CUT},  {.status = 200, .conduct = HALF},
                      {.status = 503, .conduct = HALF}, {.status = 200, .conduct = HANG},
                      {.status = 200, .body = large},   {.status = 299}};
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        set_up(NULL, 0);
        plays(c[i]);
        open_buyer();
        order(1);
        drive();
        assert_string_equal(trail, "ars!Ugt");
        check_end(0, JL_BOUGHT_UNCERTAIN, 1);
        assert_int_equal(spent(), 8);
        assert_int_equal(rig.counts.credits, 8);
        assert_non_null(strstr(rig.said, rig.sent[0]));
        tear_down();
    }
}

static void a_call_ends_before_its_lease(void **state) {
    (void)state;
    set_up(NULL, 0);
    plays((play){.conduct = HANG});
    open_buyer();
    rig.lease = 2 * JL_SECOND;
    order(1);
    drive();
    check_end(0, JL_BOUGHT_UNCERTAIN, 1);
    assert_true(when_of('U', 1) - when_of('s', 1) <= 2 * JL_SECOND + JL_SECOND / 2);
    tear_down();
    SET_UP("timeout=7s");
    plays((play){.conduct = HANG});
    open_buyer();
    order(1);
    drive();
    int64_t took = when_of('U', 1) - when_of('s', 1);
    assert_in_range(took, 7 * JL_SECOND, 7 * JL_SECOND + JL_SECOND / 2);
    tear_down();
}

/* The process stands still behind the yes: nothing leaves, and since the ledger may have charged it, it counts. */
static void a_lease_that_is_over_sends_nothing(void **state) {
    (void)state;
    set_up(NULL, 0);
    open_buyer();
    rig.lease = 1;
    order(1);
    drive();
    assert_string_equal(trail, "arsUgt");
    check_end(0, JL_BOUGHT_UNCERTAIN, 1);
    tear_down();
}

static void what_is_dead_is_free_and_stays_known(void **state) {
    (void)state;
    set_up(NULL, 0);
    plays((play){.status = 404});
    open_buyer();
    order(1);
    drive();
    assert_string_equal(trail, "ars!kVt");
    check_end(0, JL_BOUGHT_DEAD, 1);
    ahead += 2 * DAY;
    order(1);
    drive();
    assert_string_equal(trail, "ars!kVtat");
    check_end(1, JL_BOUGHT_DEAD, 0);
    assert_int_equal(spent(), 0);
    tear_down();
}

static void what_was_refused_for_good_is_asked_for_again_after_a_day(void **state) {
    (void)state;
    set_up(NULL, 0);
    plays((play){.status = 422, .times = 1});
    open_buyer();
    order(1);
    drive();
    assert_string_equal(trail, "ars!Vkt");
    check_end(0, JL_BOUGHT_BAD, 1);
    ahead += DAY - 60 * JL_SECOND;
    order(1);
    drive();
    check_end(1, JL_BOUGHT_BAD, 0);
    assert_true(rig.end[1].kept);
    ahead += 120 * JL_SECOND;
    order(1);
    drive();
    check_end(2, JL_BOUGHT, 1);
    jl_buyer_give_up(rig.b, (jl_hash){7, 1});
    order(7);
    drive();
    check_end(3, JL_BOUGHT_BAD, 0);
    assert_int_equal(rig.counts.calls, 2);
    tear_down();
}

static void used_up_credits_close_the_gate(void **state) {
    jl_err err = {0};
    (void)state;
    set_up(NULL, 0);
    plays((play){.status = 402});
    open_buyer();
    order(1);
    drive();
    assert_string_equal(trail, "ars!Vgt");
    order(2);
    drive();
    assert_string_equal(trail, "ars!Vgtargt");
    check_end(0, JL_BOUGHT_REFUSED, 1);
    check_end(1, JL_BOUGHT_REFUSED, 0);
    assert_int_equal(rig.counts.refused[JL_REFUSED_QUOTA], 2);
    assert_int_equal(jl_buyer_refused(rig.b, &err), JL_TEMPFAIL);
    assert_int_equal(jl_buyer_verdict(rig.b, &err), JL_OK);
    assert_int_equal(spent(), 0);
    tear_down();
}

static void a_refused_key_ends_the_run(void **state) {
    jl_err err = {0};
    (void)state;
    SET_UP("concurrency=1");
    plays((play){.status = 401});
    open_buyer();
    order(1);
    order(2);
    order(3);
    drive();
    assert_int_equal(server.requests, 1);
    assert_int_equal(count_of('a'), count_of('g')); /* others need not wait for the claims */
    for (size_t i = 0; i < 3; i++)
        check_end(i, JL_BOUGHT_REFUSED, i == 0);
    assert_int_equal(jl_buyer_verdict(rig.b, &err), JL_NOPERM);
    assert_int_equal(spent(), 0);
    tear_down();
}

/* ---- retries ---- */

static void retries_are_a_tenth_in_the_long_run(void **state) {
    enum { ORDERS = 60 };
    (void)state;
    set_up(NULL, 0);
    plays((play){.status = 503});
    open_buyer();
    for (uint64_t i = 0; i < ORDERS; i++)
        order(i);
    drive();
    assert_int_equal(rig.counts.failed, ORDERS);
    assert_in_range(rig.counts.retries, ORDERS / 10 + 1, ORDERS / 10 + 3);
    assert_int_equal(server.requests, ORDERS + rig.counts.retries);
    assert_int_equal(rig.counts.calls, server.requests);
    assert_int_equal(spent(), 0);
    tear_down();
}

/* However many went well before. */
static void retries_are_not_saved_up_for_ever(void **state) {
    enum { WELL = 120, ILL = 30 };
    (void)state;
    set_up(NULL, 0);
    plays((play){.status = 200, .times = WELL});
    plays((play){.status = 503});
    open_buyer();
    for (uint64_t i = 0; i < WELL; i++)
        order(i);
    drive();
    assert_int_equal(rig.counts.bought, WELL);
    for (uint64_t i = WELL; i < WELL + ILL; i++)
        order(i);
    drive();
    assert_in_range(rig.counts.retries, 10, 10 + ILL / 10);
    tear_down();
}

static void the_pause_is_as_asked(void **state) {
    static const struct {
        const char *header;
        int least, most; /* s; 0 = not asked again */
    } c[] = {
        {"", 0, 2},
        {"Retry-After: 7\r\n", 7, 8},
        {"Retry-After: 120\r\n", 120, 121},
        {"Retry-After: 121\r\n", 0, 0},
        {"Retry-After: 99999999999999999999999\r\n", 0, 0},
        {"Retry-After: -5\r\n", 0, 2},
        {"Retry-After: soon\r\n", 0, 2},
        {"Retry-After:\r\n", 0, 2},
        {"Date: Sun, 22 Nov 2026 10:00:00 GMT\r\nRetry-After: Sun, 22 Nov 2026 10:00:09 GMT\r\n", 9, 10},
        {"Date: Sun, 22 Nov 2026 10:00:00 GMT\r\nRetry-After: Sun, 22 Nov 2026 09:00:00 GMT\r\n", 0, 2},
        {"Date: Sun, 22 Nov 2026 10:00:00 GMT\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 0, 0},
        {"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 0, 0},
        {"Retry-After: Sun, 22 Nov 2026 10:00:09 GMT and then some more text\r\n", 0, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        set_up(NULL, 0);
        plays((play){.status = i % 2 ? 503 : 429, .header = c[i].header, .times = 1});
        open_buyer();
        order(1);
        drive();
        if (c[i].most == 0) {
            assert_string_equal(trail, "ars!Vgt");
            check_end(0, JL_BOUGHT_FAILED, 1);
        } else {
            int64_t pause = when_of('a', 2) - when_of('V', 1);
            if (pause < c[i].least * JL_SECOND || pause > c[i].most * JL_SECOND)
                fail_msg("%s: %.3f s", c[i].header, (double)pause / 1e9);
            check_end(0, JL_BOUGHT, 2);
        }
        tear_down();
    }
}

/* ---- the run's limit ---- */

static void the_limit_holds_with_several_out(void **state) {
    jl_err err = {0};
    (void)state;
    set_up(NULL, 0);
    rig.options.max_credits = 20;
    open_buyer();
    for (uint64_t i = 0; i < 10; i++)
        order(i);
    drive();
    assert_int_equal(rig.counts.calls, 3); /* two, when they were cheaper than feared a third; 15 + 8 is too much */
    assert_int_equal(rig.counts.credits, 15);
    assert_int_equal(rig.counts.in_flight_max, 2);
    assert_int_equal(rig.counts.limited, 7);
    assert_true(rig.exposed <= 20);
    assert_int_equal(jl_buyer_refused(rig.b, &err), JL_TEMPFAIL);
    assert_non_null(strstr(err.text, "--max-credits=20 is reached: 15"));
    assert_int_equal(count_of('a'), count_of('g') + 3);
    tear_down();
}

/* Exactly what it may be, no more and no less. */
static void the_limit_can_be_reached(void **state) {
    (void)state;
    SET_UP("price.e=5");
    rig.worst = 5;
    rig.options.max_credits = 20;
    open_buyer();
    for (uint64_t i = 0; i < 6; i++)
        order(i);
    drive();
    assert_int_equal(rig.counts.calls, 4);
    assert_int_equal(rig.counts.credits, 20);
    assert_int_equal(rig.exposed, 20);
    tear_down();
}

static void costs_above_and_below_the_worst_case(void **state) {
    (void)state;
    SET_UP("concurrency=1");
    plays((play){.status = 200, .header = "Cost: 0\r\n", .times = 2});
    plays((play){.status = 299, .times = 1});
    plays((play){.status = 200, .header = "Cost: 30\r\n"});
    rig.options.max_credits = 20;
    open_buyer();
    for (uint64_t i = 0; i < 6; i++)
        order(i);
    drive();
    assert_int_equal(rig.counts.calls, 4); /* 0, 0, 8 uncertain, 30: no more */
    assert_int_equal(rig.counts.credits, 38);
    assert_int_equal(spent(), 38);
    assert_non_null(strstr(rig.said, "more than its worst case of 8"));
    assert_int_equal(rig.counts.limited, 2);
    tear_down();
}

static void a_limit_below_one_call_buys_nothing(void **state) {
    (void)state;
    set_up(NULL, 0);
    rig.options.max_credits = 7;
    open_buyer();
    order(1);
    drive();
    assert_string_equal(trail, "agt");
    assert_int_equal(rig.counts.limited, 1);
    tear_down();
}

/* The limit is that of the price at which it would be bought. */
static void a_price_that_rises_meanwhile(void **state) {
    (void)state;
    set_up(NULL, 0);
    rig.options.max_credits = 10;
    open_buyer();
    settings((const char *const[]){"price.e=11"}, 1);
    order(1);
    drive();
    assert_string_equal(trail, "arVgt");
    assert_int_equal(rig.counts.limited, 1);
    assert_int_equal(spent(), 0);
    jl_account a = look();
    assert_int_equal(a.live, 0);
    jl_account_free(&a);
    tear_down();
}

/* ---- several orders ---- */

static void two_orders_of_one_thing_are_one_call(void **state) {
    (void)state;
    set_up(NULL, 0);
    open_buyer();
    order(1);
    order(1);
    drive();
    assert_int_equal(rig.counts.calls, 1);
    assert_int_equal(rig.counts.bought, 1);
    assert_int_equal(rig.counts.kept, 1);
    assert_int_equal(rig.counts.waited_for_others, 1);
    assert_string_equal(rig.end[1].body, "/1");
    assert_true(rig.end[1].kept);
    tear_down();
}

/* When the first fails the second tries for itself. */
static void a_claim_that_is_given_back_is_the_next_ones(void **state) {
    (void)state;
    set_up(NULL, 0);
    plays((play){.status = 299, .times = 1});
    open_buyer();
    order(1);
    order(1);
    drive();
    check_end(0, JL_BOUGHT_UNCERTAIN, 1);
    check_end(1, JL_BOUGHT, 1);
    tear_down();
}

static void what_goes_on_goes_first(void **state) {
    (void)state;
    SET_UP("concurrency=1");
    open_buyer();
    for (uint64_t i = 1; i <= 5; i++)
        order(i);
    rig.then = 9;
    drive();
    assert_string_equal(server.arrived, "1 2 9 3 4 5 "); /* 2 had its claim already */
    tear_down();
}

static bool four_are_held(void) {
    pthread_mutex_lock(&lock);
    bool yes = server.held - server.released == 4;
    pthread_mutex_unlock(&lock);
    return yes;
}

static void never_more_out_than_allowed(void **state) {
    (void)state;
    set_up(NULL, 0);
    plays((play){.status = 200, .conduct = HOLD});
    open_buyer();
    for (uint64_t i = 0; i < 12; i++)
        order(i);
    for (size_t i = 0; i < 9; i++) {
        drive_until(four_are_held);
        assert_int_equal(rig.out, 4);
        release(1);
    }
    release(3);
    drive();
    assert_int_equal(rig.counts.bought, 12);
    assert_int_equal(rig.counts.in_flight_max, 4);
    assert_int_equal(server.busy_max, 4);
    assert_int_equal(spent(), 60);
    tear_down();
}

/* Another process has two of the four places; who waits for one is not refused. */
static void places_that_others_have_are_waited_for(void **state) {
    jl_err err = {0};
    char id[3][JL_HOLD_ID_SIZE];
    jl_admission a;
    (void)state;
    SET_UP("hold=5s");
    open_buyer();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(jl_hold_id(id[i], &err), 0);
        const jl_reserve r = {.id = id[i], .endpoint = "e", .user = "", .cost = -1};
        well(rig.real_ledger->ops->reserve(rig.real_ledger, &r, &a, &err), &err);
    }
    for (uint64_t i = 0; i < 6; i++)
        order(i);
    drive();
    assert_int_equal(rig.counts.bought, 6);
    assert_int_equal(jl_buyer_refused(rig.b, &err), JL_OK);
    assert_int_equal(rig.counts.refused[JL_REFUSED_CONCURRENCY], 0);
    tear_down();
}

/* Whoever dies now must not keep others waiting for longer than its call's lease, so a claim is young when it is used. */
static void a_claim_that_waited_is_taken_anew(void **state) {
    jl_err err = {0};
    (void)state;
    SET_UP("hold=5s", "timeout=60s", "grace=30s");
    open_buyer();
    for (int i = 0; i < 4; i++) {
        char id[JL_HOLD_ID_SIZE];
        jl_admission a;
        int64_t lease;
        assert_int_equal(jl_hold_id(id, &err), 0);
        const jl_reserve r = {.id = id, .endpoint = "e", .user = "", .cost = -1};
        well(rig.real_ledger->ops->reserve(rig.real_ledger, &r, &a, &err), &err);
        well(rig.real_ledger->ops->send(rig.real_ledger, id, &lease, &err), &err);
    }
    order(1);
    drive();
    check_end(0, JL_BOUGHT, 1);
    assert_true(when_of('s', 1) - when_of('a', 1) > 80 * JL_SECOND);
    assert_true(when_of('s', 1) - when_of('a', count_of('a')) <= 6 * JL_SECOND);
    tear_down();
}

static bool the_rest_has_ended(void) {
    return rig.ends == 5;
}

static void a_stop_lets_what_is_out_come_to_its_end(void **state) {
    (void)state;
    set_up(NULL, 0);
    plays((play){.status = 200, .conduct = HOLD});
    open_buyer();
    for (uint64_t i = 0; i < 9; i++)
        order(i);
    drive_until(four_are_held);
    jl_buyer_stop(rig.b);
    drive_until(the_rest_has_ended);
    for (size_t i = 0; i < 5; i++)
        check_end(i, JL_BOUGHT_REFUSED, 0);
    release(4);
    drive();
    for (size_t i = 5; i < 9; i++)
        check_end(i, JL_BOUGHT, 1);
    assert_int_equal(server.requests, 4);
    assert_int_equal(count_of('g'), count_of('a') - 4);
    tear_down();
}

static bool has_failed_once(void) {
    return count_of('V') == 1;
}

/* Who waits for nothing but a time is not kept waiting by a stop. */
static void a_stop_ends_pauses(void **state) {
    jl_err err = {0};
    (void)state;
    for (int trouble = 0; trouble < 2; trouble++) {
        set_up(NULL, 0);
        plays((play){.status = 429, .header = "Retry-After: 100\r\n"});
        open_buyer();
        order(1);
        drive_until(has_failed_once);
        int64_t before = jl_clock_now();
        if (trouble) {
            rig.fault_at = 'r';
            rig.fault = FAILS;
            order(2);
        } else {
            jl_buyer_stop(rig.b);
        }
        drive();
        assert_true(jl_clock_now() - before < 5 * JL_SECOND);
        check_end(trouble ? 1 : 0, JL_BOUGHT_REFUSED, 1);
        assert_int_equal(jl_buyer_verdict(rig.b, &err), trouble ? JL_UNAVAILABLE : JL_OK);
        tear_down();
    }
}

static bool one_is_held(void) {
    pthread_mutex_lock(&lock);
    bool yes = server.held == 1;
    pthread_mutex_unlock(&lock);
    return yes;
}

static bool one_has_ended(void) {
    return rig.ends == 1;
}

static void the_first_trouble_is_the_one_that_counts(void **state) {
    jl_err err = {0};
    (void)state;
    set_up(NULL, 0);
    plays((play){.status = 200, .conduct = HOLD, .path = "/1"});
    plays((play){.status = 401, .path = "/2"});
    open_buyer();
    order(1);
    drive_until(one_is_held);
    order(2);
    drive_until(one_has_ended);
    rig.fault_at = 'S';
    rig.fault = FAILS;
    release(1);
    drive();
    check_end(1, JL_BOUGHT, 1);
    assert_int_equal(jl_buyer_verdict(rig.b, &err), JL_NOPERM);
    assert_int_equal(rig.counts.credits, 8);
    tear_down();
}

static void closing_leaves_holds_to_their_leases(void **state) {
    (void)state;
    set_up(NULL, 0);
    plays((play){.status = 200, .conduct = HOLD});
    open_buyer();
    order(1);
    drive_until(one_is_held);
    jl_buyer_close(rig.b);
    rig.b = NULL;
    jl_account a = look();
    assert_int_equal(a.live, 1);
    assert_int_equal(a.held, 8);
    assert_int_equal(a.hold[0].state, JL_HOLD_SENT);
    jl_account_free(&a);
    ahead += 331 * JL_SECOND; /* timeout and grace */
    a = look();
    assert_int_equal(a.live, 0);
    assert_int_equal(a.holds, 1);
    assert_int_equal(a.hold[0].state, JL_HOLD_UNCERTAIN);
    jl_account_free(&a);
    assert_int_equal(spent(), 8);
    tear_down();
}

/* ---- what the gate says ---- */

static void a_users_cap_is_no_one_elses(void **state) {
    jl_err err = {0};
    (void)state;
    SET_UP("user-cap=10", "concurrency=1");
    open_buyer();
    static const char *const users[] = {"ann", "ann", "ann", "ben", "", "ann"};
    for (uint64_t i = 0; i < 6; i++)
        place(i, false, users[i], server.port);
    drive();
    static const jl_bought_how how[] = {JL_BOUGHT, JL_BOUGHT_REFUSED, JL_BOUGHT_REFUSED,
                                        JL_BOUGHT, JL_BOUGHT,         JL_BOUGHT_REFUSED};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(rig.end[i].how, how[rig.end[i].ticket]);
    assert_int_equal(rig.counts.refused[JL_REFUSED_USER], 3);
    assert_int_equal(jl_buyer_refused(rig.b, &err), JL_TEMPFAIL);
    assert_non_null(strstr(err.text, "ann"));
    tear_down();
}

static void an_open_breaker_is_not_asked_for_a_second(void **state) {
    jl_err err = {0};
    (void)state;
    SET_UP("price.cheap=1");
    open_buyer();
    well(rig.real_ledger->ops->breaker(rig.real_ledger, true, 0, &err), &err);
    for (uint64_t i = 0; i < 10; i++) {
        rig.endpoint = i % 2 ? "cheap" : "e";
        order(i);
    }
    drive();
    assert_int_equal(count_of('r'), 1);
    assert_int_equal(rig.counts.refused[JL_REFUSED_BREAKER], 10);
    well(rig.real_ledger->ops->breaker(rig.real_ledger, false, 0, &err), &err);
    ahead += JL_SECOND;
    order(11);
    drive();
    check_end(10, JL_BOUGHT, 1);
    assert_int_equal(count_of('a'), count_of('g') + 1);
    tear_down();
}

/* What is too much for a dear call need not be for a cheap one. */
static void cheaper_calls_are_asked_for_all_the_same(void **state) {
    (void)state;
    SET_UP("price.cheap=1", "budget=10", "concurrency=1");
    open_buyer();
    order(1);
    order(2);
    order(3);
    rig.endpoint = "cheap";
    order(4);
    drive();
    assert_int_equal(count_of('r'), 3); /* 1, 2, 4: what is true for 2 is for 3 */
    assert_int_equal(rig.counts.refused[JL_REFUSED_BUDGET], 2);
    assert_int_equal(spent(), 6);
    tear_down();
}

static void what_has_no_price_is_refused(void **state) {
    jl_err err = {0};
    (void)state;
    SET_UP("price.e=");
    open_buyer();
    order(1);
    drive();
    assert_string_equal(trail, "argt");
    assert_int_equal(jl_buyer_refused(rig.b, &err), JL_CONFIG);
    tear_down();
}

static void a_budget_that_is_used_up(void **state) {
    jl_err err = {0};
    (void)state;
    SET_UP("budget=20", "concurrency=1", "priority-share=50");
    open_buyer();
    for (uint64_t i = 0; i < 4; i++)
        order(i);
    drive();
    assert_int_equal(rig.counts.bought, 1); /* 5 + 8 > 10 */
    assert_int_equal(rig.counts.refused[JL_REFUSED_BUDGET], 3);
    assert_int_equal(jl_buyer_refused(rig.b, &err), JL_TEMPFAIL);
    jl_buyer_close(rig.b);
    rig.options.priority = true;
    open_buyer();
    for (uint64_t i = 4; i < 8; i++)
        order(i);
    drive();
    assert_int_equal(spent(), 15); /* 15 + 8 > 20 */
    tear_down();
}

/* ---- the key ---- */

static void the_key_comes_to_rest_nowhere(void **state) {
    static const char *const spelling[] = {"seCret/1",           "seCret\\/1",           "seCret%2F1",
                                           "seCret%2f1",         "\\u0073eCret\\u002f1", "%73eC%72et/1",
                                           "&#115;eCret&#x2F;1", "seCret&#47;1",         "xseseCret/1seCret/1y"};
    static const int status[] = {200, 404, 422, 503, 299, 402, 401};
    (void)state;
    for (size_t i = 0; i < sizeof spelling / sizeof *spelling; i++) {
        for (size_t j = 0; j < (i ? 1 : sizeof status / sizeof *status); j++) {
            set_up(NULL, 0);
            rig.options.tries = 1;
            plays((play){.status = status[j], .body = spelling[i]});
            open_buyer();
            order(1);
            drive();
            assert_int_equal(rig.ends, 1);
            if (j == 0)
                assert_non_null(strstr(rig.end[0].body, "****"));
            for (size_t k = 0; k < sizeof spelling / sizeof *spelling; k++) {
                assert_null(strstr(rig.end[0].body, spelling[k]));
                assert_null(strstr(rig.end[0].why, spelling[k]));
                assert_null(strstr(rig.said, spelling[k]));
            }
            order(1); /* from the store, if it is there */
            drive();
            assert_null(strstr(rig.end[1].body, spelling[i]));
            tear_down();
        }
    }
    set_up(NULL, 0);
    plays((play){.status = 200, .conduct = ECHO});
    open_buyer();
    order(1);
    drive();
    assert_non_null(strstr(rig.end[0].body, "X-Key: ********\r\n"));
    tear_down();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_bought_is_kept_then_settled),
        cmocka_unit_test(trouble_at_each_step),
        cmocka_unit_test(what_costs_nothing_is_asked_again),
        cmocka_unit_test(what_never_left_is_asked_again),
        cmocka_unit_test(what_may_have_been_billed_is_never_asked_again),
        cmocka_unit_test(a_call_ends_before_its_lease),
        cmocka_unit_test(a_lease_that_is_over_sends_nothing),
        cmocka_unit_test(what_is_dead_is_free_and_stays_known),
        cmocka_unit_test(what_was_refused_for_good_is_asked_for_again_after_a_day),
        cmocka_unit_test(used_up_credits_close_the_gate),
        cmocka_unit_test(a_refused_key_ends_the_run),
        cmocka_unit_test(retries_are_a_tenth_in_the_long_run),
        cmocka_unit_test(retries_are_not_saved_up_for_ever),
        cmocka_unit_test(the_pause_is_as_asked),
        cmocka_unit_test(the_limit_holds_with_several_out),
        cmocka_unit_test(the_limit_can_be_reached),
        cmocka_unit_test(costs_above_and_below_the_worst_case),
        cmocka_unit_test(a_limit_below_one_call_buys_nothing),
        cmocka_unit_test(a_price_that_rises_meanwhile),
        cmocka_unit_test(two_orders_of_one_thing_are_one_call),
        cmocka_unit_test(a_claim_that_is_given_back_is_the_next_ones),
        cmocka_unit_test(what_goes_on_goes_first),
        cmocka_unit_test(never_more_out_than_allowed),
        cmocka_unit_test(places_that_others_have_are_waited_for),
        cmocka_unit_test(a_claim_that_waited_is_taken_anew),
        cmocka_unit_test(a_stop_lets_what_is_out_come_to_its_end),
        cmocka_unit_test(a_stop_ends_pauses),
        cmocka_unit_test(the_first_trouble_is_the_one_that_counts),
        cmocka_unit_test(closing_leaves_holds_to_their_leases),
        cmocka_unit_test(a_users_cap_is_no_one_elses),
        cmocka_unit_test(an_open_breaker_is_not_asked_for_a_second),
        cmocka_unit_test(cheaper_calls_are_asked_for_all_the_same),
        cmocka_unit_test(what_has_no_price_is_refused),
        cmocka_unit_test(a_budget_that_is_used_up),
        cmocka_unit_test(the_key_comes_to_rest_nowhere),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
