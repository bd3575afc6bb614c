/* One connection to one Redis server: login, commands out, replies in, which errors pass by themselves. */
#include "wire/redis_link.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "wire/redis_calls.h"

/* For a node of a cluster that has not answered to show that it does again: while it is dead and no replica has taken
   its place yet, the others are asked in between. */
#define PROBE (500 * JL_MILLISECOND)

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

void jl_redis_reply_free(jl_redis_reply *reply) {
    freeReplyObject(reply);
}

const char *jl_redis_reply_error(const jl_redis_reply *r) {
    const redisReply *reply = reply_of(r);
    if (reply->type == REDIS_REPLY_ERROR)
        return reply->str;
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_ERROR)
            return reply->element[i]->str;
    return NULL;
}

/* ---- errors ---- */

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

/* What passes by itself, or is done otherwise; NEXT_FAIL: neither. A master that has been made a replica of its
   successor still has our connections. */
static enum jl_redis_next error_next(const jl_redis_node *node, const char *text) {
    for (const char *const *p = passing; *p; p++)
        if (strncmp(text, *p, strlen(*p)) == 0)
            return NEXT_AGAIN;
    if (strncmp(text, "NOSCRIPT", 8) == 0)
        return NEXT_SCRIPT;
    if (!node->cluster)
        return NEXT_FAIL;
    return error_is(text, "READONLY")        ? NEXT_AGAIN
           : strncmp(text, "MOVED ", 6) == 0 ? NEXT_MOVED
           : strncmp(text, "ASK ", 4) == 0   ? NEXT_ASK
                                             : NEXT_FAIL;
}

enum jl_redis_next jl_redis_refused(const jl_redis_node *node, const jl_redis_command *c, const char *reply,
                                    jl_err *err) {
    const char *text = error_cause(reply);
    enum jl_redis_next next = error_next(node, text);
    if (next != NEXT_FAIL) {
        (void)jl_err_set(err, next == NEXT_SCRIPT ? JL_SOFTWARE : JL_UNAVAILABLE, "%s: %s", node->name, text);
        return next;
    }
    jl_class class = JL_SOFTWARE;
    const char *advice = "";
    if (error_is(text, "WRONGTYPE")) {
        (void)jl_err_set(err, JL_CONFIG, "%s: key '%.*s' holds something of another type: not jobline's, or damaged",
                         node->name, (int)(c->key_n < 256 ? c->key_n : 256), c->bytes.p ? c->bytes.p + c->key : "");
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
        advice = "; the server belongs to a cluster: name it as redis+cluster://HOST:PORT";
    } else if (strstr(text, "cluster support disabled")) {
        class = JL_CONFIG;
        advice = "; a server that belongs to no cluster is named redis://HOST:PORT/DB";
    } else if (error_is(text, "NOAUTH") || error_is(text, "NOPERM") || error_is(text, "WRONGPASS")) {
        class = JL_NOPERM;
    }
    (void)jl_err_set(err, class, "%s: %s%s", node->name, text, advice);
    return NEXT_FAIL;
}

void jl_redis_link_close(jl_redis_link *l) {
    if (l->context)
        redisFree(l->context);
    l->context = NULL;
    l->flying = l->unsent = 0;
}

/* The connection is of no more use. Always -1. */
static int link_lost(jl_redis_link *l, jl_err *err) {
    const redisContext *c = l->context;
    bool late = c && c->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (c || !l->why[0])
        (void)snprintf(l->why, sizeof l->why, "%s", !c ? "memory ran out" : late ? "no answer in time" : c->errstr);
    l->node->suspect = true;
    jl_redis_link_close(l);
    return jl_err_set(err, JL_UNAVAILABLE, "%s: %s", l->node->name, l->why);
}

/* ---- connecting ---- */

jl_redis_reply *jl_redis_link_call(jl_redis_link *l, const char *const *argument, int n, enum jl_redis_next *next,
                                   jl_err *err) {
    redisReply *reply = redisCommandArgv(l->context, n, (const char **)(uintptr_t)argument, NULL);
    *next = NEXT_AGAIN;
    if (!reply) {
        (void)link_lost(l, err);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        *next = jl_redis_refused(l->node, &(jl_redis_command){0}, reply->str, err);
        freeReplyObject(reply);
        reply = NULL;
    }
    return (jl_redis_reply *)(void *)reply;
}

/* As jl_redis_link_call, for a step of the login: what nobody knows better is of the class `class`. */
static int link_step(jl_redis_link *l, const char *const *argument, int n, jl_class class, enum jl_redis_next *next,
                     jl_err *err) {
    jl_err why = {0};
    jl_redis_reply *reply = jl_redis_link_call(l, argument, n, next, &why);
    if (reply) {
        freeReplyObject(reply);
        return 0;
    }
    if (*next == NEXT_FAIL && why.class == JL_SOFTWARE)
        why.class = class;
    *err = why;
    return -1;
}

static int link_login(jl_redis_link *l, enum jl_redis_next *next, jl_err *err) {
    const char *user = l->node->url->user, *pass = l->node->url->pass;
    const char *named[] = {"AUTH", user, pass}, *plain[] = {"AUTH", pass};
    /* "ERR invalid password", "ERR AUTH … called without any password configured" */
    if (pass[0] && link_step(l, user[0] ? named : plain, user[0] ? 3 : 2, JL_NOPERM, next, err) != 0)
        return -1;
    if (!l->node->database)
        return 0;
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, l->node->database);
    /* "ERR DB index is out of range" */
    return link_step(l, (const char *[]){"SELECT", number}, 2, JL_CONFIG, next, err);
}

static struct timeval link_time(int64_t ns) {
    return (struct timeval){(time_t)(ns / JL_SECOND), (suseconds_t)(ns % JL_SECOND / 1000)};
}

int jl_redis_link_connect(jl_redis_link *l, int64_t limit, enum jl_redis_next *next, jl_err *err) {
    *next = NEXT_AGAIN;
    l->why[0] = '\0';
    const jl_redis_node *node = l->node;
    bool probe = node->cluster && node->suspect;
    struct timeval later = link_time(limit), time = probe && PROBE < limit ? link_time(PROBE) : later;
    redisContext *c = node->path ? redisConnectUnixWithTimeout(node->path, time)
                                 : redisConnectWithTimeout(node->host, node->port, time);
    l->context = c;
    if (!c || c->err)
        return link_lost(l, err);
    /* Not for the commands that the program starts. */
    (void)fcntl(c->fd, F_SETFD, FD_CLOEXEC);
    (void)redisSetTimeout(c, time);
    if (!node->path)
        (void)redisEnableKeepAlive(c);
    c->reader->maxbuf = 0; /* keep the buffer between replies */
    if (link_login(l, next, err) != 0 ||
        (probe && link_step(l, (const char *[]){"PING"}, 1, JL_SOFTWARE, next, err) != 0)) {
        jl_redis_link_close(l);
        return -1;
    }
    if (probe)
        (void)redisSetTimeout(c, later);
    l->node->suspect = false;
    return 0;
}

/* ---- commands ---- */

int jl_redis_link_send(jl_redis_link *l, const char *command, size_t n, jl_err *err) {
    if (redisAppendFormattedCommand(l->context, command, n) != REDIS_OK)
        return link_lost(l, err);
    l->flying++;
    l->unsent += n;
    return 0;
}

int jl_redis_link_flush(jl_redis_link *l, jl_err *err) {
    for (int done = l->unsent == 0; !done;)
        if (redisBufferWrite(l->context, &done) != REDIS_OK)
            return link_lost(l, err);
    l->unsent = 0;
    return 0;
}

int jl_redis_link_take(jl_redis_link *l, bool at_hand, jl_redis_reply **reply, jl_err *err) {
    void *got = NULL;
    if (!l->context)
        return link_lost(l, err);
    const redisContext *c = l->context;
    int rc = at_hand ? redisReaderGetReply(c->reader, &got) : redisGetReply(l->context, &got);
    if (at_hand && rc != REDIS_OK)
        rc = redisGetReply(l->context, &got); /* which says why */
    if (rc != REDIS_OK)
        return link_lost(l, err);
    l->flying -= got != NULL;
    *reply = got;
    return 0;
}

int jl_redis_link_ready(jl_err *err) {
    return jl_late_load(&redis_library, err);
}

const char *jl_redis_version(void) {
    static char text[32];
    (void)snprintf(text, sizeof text, "hiredis %d.%d.%d", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
    return text;
}
