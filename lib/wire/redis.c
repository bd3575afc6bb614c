/* A pipeline that keeps a bounded number of bytes in flight, and knows which errors pass by themselves. */
#include "wire/redis.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/num.h"
#include "wire/redis_calls.h"
#include "wire/retry.h"

#define PORT 6379
#define PATIENCE (10 * JL_SECOND)
#define FIRST_WAIT (20 * JL_MILLISECOND)
#define MOST_WAIT JL_SECOND
/* In flight, commands and expected replies together: enough to keep both sides busy, little enough for the server's
   buffers. */
#define FLIGHT ((size_t)1 << 20)
#define SCRIPT_LOADS 3 /* without progress */

struct jl_redis {
    jl_url url;
    char name[256];
    uint64_t database;
    int64_t patience;
    redisContext *context; /* NULL: not connected */
    uint64_t connections;  /* so far */
    jl_redis_command command;
    size_t *cost; /* ring of what is in flight, by command */
    size_t ring;
};

/* ---- commands ---- */

int jl_redis_begin(jl_redis_command *c, size_t arguments, jl_err *err) {
    return jl_buf_addf(&c->bytes, err, "*%zu\r\n", arguments);
}

int jl_redis_arg(jl_redis_command *c, const void *bytes, size_t n, jl_err *err) {
    if (jl_buf_reserve(&c->bytes, n + 32, err) != 0)
        return -1;
    char digits[24], *to = c->bytes.p + c->bytes.n;
    size_t used = sizeof digits, left = n;
    do
        digits[--used] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    *to++ = '$';
    memcpy(to, digits + used, sizeof digits - used);
    to += sizeof digits - used;
    memcpy(to, "\r\n", 2);
    if (n)
        memcpy(to + 2, bytes, n);
    memcpy(to + 2 + n, "\r\n", 2);
    c->bytes.n = (size_t)(to + n + 4 - c->bytes.p);
    return 0;
}

int jl_redis_word(jl_redis_command *c, const char *word, jl_err *err) {
    return jl_redis_arg(c, word, strlen(word), err);
}

int jl_redis_number(jl_redis_command *c, uint64_t number, jl_err *err) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    return jl_redis_word(c, text, err);
}

int jl_redis_key(jl_redis_command *c, const char *key, jl_err *err) {
    if (jl_redis_word(c, key, err) != 0)
        return -1;
    c->key_n = strlen(key);
    c->key = c->bytes.n - 2 - c->key_n;
    return 0;
}

/* ---- replies ---- */

static const redisReply *reply_of(const jl_redis_reply *r) {
    return (const redisReply *)(const void *)r;
}

int64_t jl_redis_integer(const jl_redis_reply *r) {
    return reply_of(r)->type == REDIS_REPLY_INTEGER ? reply_of(r)->integer : 0;
}

jl_span jl_redis_text(const jl_redis_reply *r) {
    const redisReply *reply = reply_of(r);
    bool text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
    return text ? (jl_span){reply->str, (size_t)reply->len} : (jl_span){NULL, 0};
}

size_t jl_redis_count(const jl_redis_reply *r) {
    return reply_of(r)->type == REDIS_REPLY_ARRAY ? reply_of(r)->elements : 0;
}

const jl_redis_reply *jl_redis_at(const jl_redis_reply *r, size_t i) {
    return (const jl_redis_reply *)(const void *)reply_of(r)->element[i];
}

/* ---- errors ---- */

/* What a failure calls for. */
enum next {
    NEXT_FAIL,
    NEXT_AGAIN, /* the connection is fine: wait, then send the command again */
    NEXT_SCRIPT /* load the script, then send the command again */
};

/* An error reply begins with its code; inside a script, older servers put the code in the middle. */
static bool error_is(const char *text, const char *code) {
    size_t n = strlen(code);
    return strncmp(text, code, n) == 0 || (strncmp(text, "ERR ", 4) == 0 && strstr(text, code));
}

static const char *const passing[] = {"LOADING", "BUSY ", "TRYAGAIN", "MASTERDOWN", "CLUSTERDOWN", NULL};

/* What has made EXEC refuse a transaction as a whole, if it says so. */
static const char *error_cause(const char *text) {
    static const char aborted[] = "EXECABORT Transaction discarded because of: ";
    return strncmp(text, aborted, sizeof aborted - 1) == 0 ? text + sizeof aborted - 1 : text;
}

static enum next redis_refused(const jl_redis *r, const jl_redis_command *c, const char *reply, jl_err *err) {
    const char *text = error_cause(reply);
    for (const char *const *p = passing; *p; p++)
        if (strncmp(text, *p, strlen(*p)) == 0) {
            (void)jl_err_set(err, JL_UNAVAILABLE, "%s: %s", r->name, text);
            return NEXT_AGAIN;
        }
    jl_class class = JL_SOFTWARE;
    const char *advice = "";
    if (strncmp(text, "NOSCRIPT", 8) == 0) {
        (void)jl_err_set(err, JL_SOFTWARE, "%s: %s", r->name, text);
        return NEXT_SCRIPT;
    }
    if (error_is(text, "WRONGTYPE")) {
        (void)jl_err_set(err, JL_CONFIG, "%s: key '%.*s' holds something of another type: not jobline's, or damaged",
                         r->name, (int)(c->key_n < 256 ? c->key_n : 256), c->bytes.p ? c->bytes.p + c->key : "");
        return NEXT_FAIL;
    }
    if (error_is(text, "OOM ")) {
        class = JL_UNAVAILABLE;
        advice = "; the server is out of memory: raise its maxmemory, or drop what is not needed";
    } else if (error_is(text, "READONLY")) {
        class = JL_UNAVAILABLE;
        advice = "; the server is a read-only replica: name the primary";
    } else if (error_is(text, "MISCONF") || error_is(text, "NOREPLICAS")) {
        class = JL_UNAVAILABLE;
    } else if (error_is(text, "MOVED") || error_is(text, "ASK ") || error_is(text, "CROSSSLOT")) {
        class = JL_CONFIG;
        advice = "; the server belongs to a cluster, and this build knows single servers only";
    } else if (error_is(text, "NOAUTH") || error_is(text, "NOPERM") || error_is(text, "WRONGPASS")) {
        class = JL_NOPERM;
    }
    (void)jl_err_set(err, class, "%s: %s%s", r->name, text, advice);
    return NEXT_FAIL;
}

static void redis_disconnect(jl_redis *r) {
    if (r->context)
        redisFree(r->context);
    r->context = NULL;
}

/* The connection is of no more use. Always -1. */
static int redis_lost(jl_redis *r, jl_err *err) {
    const char *why = r->context ? r->context->errstr : "memory ran out";
    (void)jl_err_set(err, JL_UNAVAILABLE, "%s: %s", r->name, why);
    redis_disconnect(r);
    return -1;
}

static void redis_nap(int64_t ns) {
    struct timespec pause = {(time_t)(ns / JL_SECOND), (long)(ns % JL_SECOND)};
    (void)nanosleep(&pause, NULL);
}

/* ---- connecting ---- */

static struct timeval redis_timeval(int64_t ns) {
    return (struct timeval){(time_t)(ns / JL_SECOND), (suseconds_t)(ns % JL_SECOND / 1000)};
}

/* One command at a time, for the beginning of a connection. NULL: lost, or refused with *next saying what to do. */
static redisReply *redis_call(jl_redis *r, const char *const *argument, int n, enum next *next, jl_err *err) {
    redisReply *reply = redisCommandArgv(r->context, n, (const char **)(uintptr_t)argument, NULL);
    *next = NEXT_AGAIN;
    if (!reply) {
        (void)redis_lost(r, err);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        *next = redis_refused(r, &(jl_redis_command){0}, reply->str, err);
        freeReplyObject(reply);
        reply = NULL;
    }
    return reply;
}

static enum next redis_login(jl_redis *r, jl_err *err) {
    enum next next;
    const char *named[] = {"AUTH", r->url.user, r->url.pass}, *plain[] = {"AUTH", r->url.pass};
    redisReply *reply = r->url.user[0] ? redis_call(r, named, 3, &next, err) : redis_call(r, plain, 2, &next, err);
    freeReplyObject(reply);
    if (!reply && next == NEXT_FAIL && err->class == JL_SOFTWARE)
        err->class = JL_NOPERM; /* "ERR invalid password", "ERR AUTH … called without any password configured" */
    return reply ? NEXT_AGAIN : next;
}

static enum next redis_select(jl_redis *r, jl_err *err) {
    enum next next;
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, r->database);
    const char *select[] = {"SELECT", number};
    redisReply *reply = redis_call(r, select, 2, &next, err);
    freeReplyObject(reply);
    if (!reply && next == NEXT_FAIL && err->class == JL_SOFTWARE)
        err->class = JL_CONFIG; /* "ERR DB index is out of range" */
    return reply ? NEXT_AGAIN : next;
}

/* 0: connected. -1 with *next: NEXT_AGAIN when it is worth another try. */
static int redis_connect(jl_redis *r, enum next *next, jl_err *err) {
    *next = NEXT_AGAIN;
    r->connections++;
    struct timeval limit = redis_timeval(r->patience);
    bool local = strcmp(r->url.scheme, "redis+unix") == 0;
    r->context = local ? redisConnectUnixWithTimeout(r->url.path, limit)
                       : redisConnectWithTimeout(r->url.host[0] ? r->url.host : "127.0.0.1",
                                                 r->url.port ? r->url.port : PORT, limit);
    if (!r->context || r->context->err)
        return redis_lost(r, err);
    /* Not for the commands that the program starts. */
    (void)fcntl(r->context->fd, F_SETFD, FD_CLOEXEC);
    (void)redisSetTimeout(r->context, limit);
    if (!local)
        (void)redisEnableKeepAlive(r->context);
    r->context->reader->maxbuf = 0; /* keep the buffer between replies */
    jl_err refused = {0};
    if (r->url.pass[0])
        *next = redis_login(r, &refused);
    if (refused.class == JL_OK && r->database)
        *next = redis_select(r, &refused);
    if (refused.class == JL_OK)
        return 0;
    redis_disconnect(r);
    *err = refused;
    return -1;
}

/* ---- the pipeline ---- */

struct flight {
    jl_redis *r;
    const jl_redis_work *work;
    size_t taken, sent; /* commands */
    size_t bytes;       /* in flight */
    bool loaded;        /* the script, into the server at the other end of this connection */
};

static int flight_load(struct flight *f, enum next *next, jl_err *err) {
    const char *load[] = {"SCRIPT", "LOAD", f->work->script->text};
    redisReply *reply = redis_call(f->r, load, 3, next, err);
    if (!reply)
        return -1;
    bool good = reply->type == REDIS_REPLY_STRING && reply->len == 40;
    if (good)
        memcpy(f->work->script->sha, reply->str, 41);
    freeReplyObject(reply);
    if (good) {
        f->loaded = true;
        return 0;
    }
    *next = NEXT_FAIL;
    return jl_err_set(err, JL_SOFTWARE, "%s: SCRIPT LOAD gives no name", f->r->name);
}

static int flight_write(struct flight *f, size_t i, jl_err *err) {
    jl_redis_command *c = &f->r->command;
    jl_buf_clear(&c->bytes);
    c->expected = 64;
    c->key = c->key_n = 0;
    c->script = f->work->script ? f->work->script->sha : NULL;
    return f->work->ask(f->work->self, i, c, err);
}

/* Sends until enough is in flight. */
static int flight_send(struct flight *f, enum next *next, jl_err *err) {
    jl_redis *r = f->r;
    while (f->sent < f->work->n && f->sent - f->taken < r->ring && f->bytes < FLIGHT) {
        *next = NEXT_FAIL;
        if (flight_write(f, f->sent, err) != 0)
            return -1;
        *next = NEXT_AGAIN;
        if (redisAppendFormattedCommand(r->context, r->command.bytes.p, r->command.bytes.n) != REDIS_OK)
            return redis_lost(r, err);
        size_t cost = r->command.bytes.n + r->command.expected;
        r->cost[f->sent % r->ring] = cost;
        f->bytes += cost;
        f->sent++;
    }
    return 0;
}

/* What was sent behind a refused command is answered too; those answers will be asked for again. */
static int flight_discard(struct flight *f, jl_err *err) {
    for (; f->sent > f->taken + 1; f->sent--) {
        void *reply;
        if (redisGetReply(f->r->context, &reply) != REDIS_OK)
            return redis_lost(f->r, err);
        freeReplyObject(reply);
    }
    return 0;
}

/* What an error reply says, or the first of a transaction's replies that is one; NULL: all is well. */
static const char *reply_error(const redisReply *reply) {
    if (reply->type == REDIS_REPLY_ERROR)
        return reply->str;
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_ERROR)
            return reply->element[i]->str;
    return NULL;
}

static int flight_take(struct flight *f, enum next *next, jl_err *err) {
    void *got = NULL;
    *next = NEXT_AGAIN;
    if (redisGetReply(f->r->context, &got) != REDIS_OK)
        return redis_lost(f->r, err);
    redisReply *reply = got;
    const char *refused = reply_error(reply);
    int rc;
    if (refused) {
        /* Written again for the name of its key. */
        rc = flight_write(f, f->taken, err);
        *next = rc == 0 ? redis_refused(f->r, &f->r->command, refused, err) : NEXT_FAIL;
        jl_err lost = {0};
        if (flight_discard(f, &lost) != 0 && *next != NEXT_FAIL)
            *err = lost;
        rc = -1;
    } else {
        *next = NEXT_FAIL;
        rc = f->work->take(f->work->self, f->taken, (const jl_redis_reply *)(const void *)reply, err);
    }
    freeReplyObject(reply);
    if (rc != 0)
        return -1;
    f->bytes -= f->r->cost[f->taken % f->r->ring];
    f->taken++;
    return 0;
}

/* As far as it goes without a failure. */
static int flight_go(struct flight *f, enum next *next, jl_err *err) {
    uint64_t only = f->work->connection;
    if (only && (!f->r->context || only != f->r->connections)) {
        *next = NEXT_AGAIN;
        return jl_err_set(err, JL_UNAVAILABLE, "%s: the connection is lost", f->r->name);
    }
    if (!f->r->context) {
        f->loaded = false;
        if (redis_connect(f->r, next, err) != 0)
            return -1;
    }
    if (f->work->script && !f->loaded && flight_load(f, next, err) != 0)
        return -1;
    while (f->taken < f->work->n)
        if (flight_send(f, next, err) != 0 || flight_take(f, next, err) != 0)
            return -1;
    return 0;
}

/* Gives up with the last reason. A connection with replies still to come would give them to the next pipeline. */
static int redis_give_up(jl_redis *r, const jl_err *why, jl_err *err) {
    redis_disconnect(r);
    if (err)
        *err = *why;
    return -1;
}

int jl_redis_pipeline(jl_redis *r, const jl_redis_work *work, jl_err *err) {
    /* A script that an earlier pipeline has loaded is there still, or NOSCRIPT tells. */
    struct flight f = {.r = r, .work = work, .loaded = work->script && work->script->sha[0]};
    jl_err why = {0}; /* `err` stays as it was when a later attempt does it */
    jl_retry retry;
    jl_retry_init(&retry, FIRST_WAIT, MOST_WAIT);
    int64_t since = -1;
    size_t before = 0;
    for (unsigned attempt = 1;; attempt++) {
        enum next next;
        if (flight_go(&f, &next, &why) == 0)
            return 0;
        if (work->connection && next == NEXT_AGAIN) {
            (void)redis_give_up(r, &why, err);
            return 1;
        }
        if (f.taken > before || since < 0) {
            since = jl_clock_now();
            attempt = 1;
            before = f.taken;
        }
        int64_t wait = next == NEXT_SCRIPT ? 0 : jl_retry_wait(&retry, attempt);
        if (next == NEXT_FAIL || (next == NEXT_SCRIPT && attempt > SCRIPT_LOADS) ||
            jl_clock_now() + wait - since > r->patience)
            return redis_give_up(r, &why, err);
        if (next == NEXT_SCRIPT)
            f.loaded = false;
        else
            redis_nap(wait);
        f.sent = f.taken;
        f.bytes = 0;
    }
}

uint64_t jl_redis_connection(const jl_redis *r) {
    return r->connections;
}

/* ---- open, close ---- */

static int redis_database(jl_redis *r, const jl_url *url, jl_err *err) {
    bool local = strcmp(url->scheme, "redis+unix") == 0;
    jl_span text = jl_span_of(local ? url->query : url->path);
    if (local) {
        if (url->path[0] != '/')
            return jl_err_set(err, JL_USAGE, "redis+unix: names no socket: redis+unix:///PATH");
        if (text.n == 0)
            return 0;
        if (text.n < 4 || memcmp(text.p, "db=", 3) != 0)
            return jl_err_set(err, JL_USAGE, "redis+unix: ?db=NUMBER is all that can stand behind the path");
        text = (jl_span){text.p + 3, text.n - 3};
    } else {
        if (url->query[0])
            return jl_err_set(err, JL_USAGE, "redis: nothing can stand behind a '?'");
        if (text.n <= 1)
            return 0;
        text = (jl_span){text.p + 1, text.n - 1};
    }
    if (jl_num_u64(text, 0, 65535, &r->database, NULL) != 0)
        return jl_err_set(err, JL_USAGE, "redis: '%.*s' is not the number of a database", (int)text.n, text.p);
    return 0;
}

jl_redis *jl_redis_open(const jl_url *url, int64_t patience, jl_err *err) {
    if (jl_late_load(&redis_library, err) != 0)
        return NULL;
    jl_redis *r = calloc(1, sizeof *r);
    if (r) {
        r->ring = 4096;
        r->cost = calloc(r->ring, sizeof *r->cost);
    }
    if (!r || !r->cost) {
        jl_redis_close(r);
        (void)jl_err_nomem(err);
        return NULL;
    }
    r->url = *url;
    r->patience = patience > 0 ? patience : PATIENCE;
    jl_url_show(url, r->name, sizeof r->name);
    if (redis_database(r, url, err) != 0) {
        jl_redis_close(r);
        return NULL;
    }
    return r;
}

void jl_redis_close(jl_redis *r) {
    if (!r)
        return;
    redis_disconnect(r);
    jl_url_wipe(&r->url);
    jl_buf_free(&r->command.bytes);
    free(r->cost);
    free(r);
}

const char *jl_redis_name(const jl_redis *r) {
    return r->name;
}

const char *jl_redis_version(void) {
    static char text[32];
    (void)snprintf(text, sizeof text, "hiredis %d.%d.%d", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
    return text;
}
