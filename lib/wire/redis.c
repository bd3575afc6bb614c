/* A pipeline, over the connections to one server or to the nodes of a cluster, that keeps a bounded number of bytes in
   flight. */
#include "wire/redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/num.h"
#include "wire/redis_cluster.h"
#include "wire/retry.h"

#define PORT 6379
#define PATIENCE (10 * JL_SECOND)
#define PATIENCE_CLUSTER (60 * JL_SECOND)
#define FIRST_WAIT (20 * JL_MILLISECOND)
#define MOST_WAIT JL_SECOND
/* For a node of a cluster to answer: others can take its place, so it is not waited for as a single server is; longer
   when it comes back after it has not answered, for it may just be slow. */
#define FIRST_TRY (2 * JL_SECOND)
#define MOST_TRY (5 * JL_SECOND)
/* In flight, commands and expected replies together: enough to keep both sides busy, little enough for the server's
   buffers. In a cluster for each master, up to MOST_FLIGHTS of them. */
#define FLIGHT ((size_t)1 << 20)
#define MOST_FLIGHTS 8
#define RING 4096u                    /* commands in flight */
#define SCRIPT_LOADS 3u               /* without progress */
#define SEND_EARLY ((size_t)16 << 10) /* bytes that a node of a cluster need not wait for while others are waited for */

/* A command in flight. */
struct sent {
    size_t cost; /* bytes */
    jl_redis_link *link;
    bool asking; /* the reply to ASKING comes first */
};

struct jl_redis {
    jl_url url;
    char name[256];
    int64_t patience;
    jl_redis_node server;      /* unless it is a cluster */
    jl_redis_cluster *cluster; /* NULL: a single server */
    bool stale;                /* the cluster's map */
    jl_redis_link **link;
    size_t links, link_room;
    uint64_t connections; /* so far */
    uint64_t works;
    uint64_t at_hand; /* the connection of the reply at hand */
    jl_redis_command command;
    struct sent *sent; /* a ring */
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

void jl_redis_near(jl_redis_command *c, const char *key) {
    c->near_slot = 1u + jl_redis_slot(jl_span_of(key));
}

/* ---- connections ---- */

static jl_redis_link *redis_new_link(jl_redis *r, jl_redis_node *node, bool apart, jl_err *err) {
    if (r->links == r->link_room) {
        size_t room = r->link_room ? 2 * r->link_room : 8;
        jl_redis_link **more = realloc(r->link, room * sizeof *more);
        if (!more) {
            (void)jl_err_nomem(err);
            return NULL;
        }
        r->link = more;
        r->link_room = room;
    }
    jl_redis_link *l = calloc(1, sizeof *l);
    if (!l) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    l->node = node;
    l->apart = apart;
    if (!apart)
        node->link = l;
    r->link[r->links++] = l;
    return l;
}

static jl_redis_link *redis_link(jl_redis *r, jl_redis_node *node, jl_err *err) {
    return node->link ? node->link : redis_new_link(r, node, false, err);
}

static int redis_connect(jl_redis *r, jl_redis_link *l, enum jl_redis_next *next, jl_err *err) {
    if (l->context)
        return 0;
    l->number = ++r->connections;
    int64_t limit = l->node->suspect ? MOST_TRY : FIRST_TRY;
    return jl_redis_link_connect(l, r->cluster && limit < r->patience ? limit : r->patience, next, err);
}

static int redis_ask_map(jl_redis *r, jl_redis_node *node, enum jl_redis_next *next, jl_err *err) {
    *next = NEXT_FAIL;
    jl_redis_link *l = redis_link(r, node, err);
    if (!l || redis_connect(r, l, next, err) != 0)
        return -1;
    const char *ask[] = {"CLUSTER", "SLOTS"};
    jl_redis_reply *map = jl_redis_link_call(l, ask, 2, next, err);
    if (!map)
        return -1;
    int rc = jl_redis_cluster_learn(r->cluster, node, map, err);
    jl_redis_reply_free(map);
    *next = rc != 0 && err->class != JL_UNAVAILABLE ? NEXT_FAIL : NEXT_AGAIN;
    return rc;
}

/* Asks one node after the other. Nothing is in flight. */
static int redis_map(jl_redis *r, enum jl_redis_next *next, jl_err *err) {
    jl_err why = {0};
    for (bool first = true;; first = false) {
        jl_redis_node *node = jl_redis_cluster_ask(r->cluster, first);
        if (!node)
            break;
        if (redis_ask_map(r, node, next, &why) == 0) {
            r->stale = false;
            return 0;
        }
        if (*next == NEXT_FAIL) {
            *err = why;
            return -1;
        }
    }
    *next = NEXT_AGAIN;
    return jl_err_set(err, JL_UNAVAILABLE, "no node answers: %s", why.text);
}

static void redis_nap(int64_t ns) {
    struct timespec pause = {(time_t)(ns / JL_SECOND), (long)(ns % JL_SECOND)};
    (void)nanosleep(&pause, NULL);
}

/* ---- the pipeline ---- */

struct flight {
    jl_redis *r;
    const jl_redis_work *work;
    uint64_t serial;                     /* of the work */
    size_t taken, sent;                  /* commands */
    size_t bytes;                        /* in flight */
    jl_redis_link *load;                 /* into which the script is to be loaded */
    jl_redis_node *target;               /* to which a reply has sent us */
    uint16_t slot;                       /* because of which */
    bool moved, asked;                   /* what to do about it */
    jl_redis_link *talk[JL_REDIS_APART]; /* the connections of the conversations */
};

static jl_redis_link *flight_any(struct flight *f, enum jl_redis_next *next, jl_err *err) {
    jl_redis *r = f->r;
    *next = NEXT_AGAIN;
    jl_redis_node *node = r->cluster ? jl_redis_cluster_any(r->cluster, err) : &r->server;
    if (!node)
        return NULL;
    *next = NEXT_FAIL;
    return redis_link(r, node, err);
}

/* When it does not get there, whoever lacks the script will say so. */
static int flight_load(struct flight *f, enum jl_redis_next *next, jl_err *err) {
    jl_redis *r = f->r;
    jl_redis_link *l = f->load ? f->load : flight_any(f, next, err);
    f->load = NULL;
    if (!l || redis_connect(r, l, next, err) != 0)
        return -1;
    const char *load[] = {"SCRIPT", "LOAD", f->work->script->text};
    jl_redis_reply *reply = jl_redis_link_call(l, load, 3, next, err);
    if (!reply)
        return -1;
    jl_span sha = jl_redis_text(reply);
    bool good = sha.n == 40;
    if (good) {
        memcpy(f->work->script->sha, sha.p, 40);
        f->work->script->sha[40] = '\0';
    }
    jl_redis_reply_free(reply);
    if (good)
        return 0;
    *next = NEXT_FAIL;
    return jl_err_set(err, JL_SOFTWARE, "%s: SCRIPT LOAD gives no name", r->name);
}

static int flight_write(struct flight *f, size_t i, jl_err *err) {
    jl_redis_command *c = &f->r->command;
    *c = (jl_redis_command){.bytes = c->bytes, .expected = 64, .script = f->work->script ? f->work->script->sha : NULL};
    jl_buf_clear(&c->bytes);
    return f->work->ask(f->work->self, i, c, err);
}

/* A connection of its own for a conversation with a node: one that has not been used in this work, lest two of them
   share one. */
static jl_redis_link *flight_talk(struct flight *f, jl_redis_node *node, unsigned apart, jl_err *err) {
    jl_redis *r = f->r;
    jl_redis_link **talk = &f->talk[(apart - 1) % JL_REDIS_APART];
    if (*talk && (*talk)->node == node)
        return *talk;
    *talk = NULL;
    for (size_t i = 0; !*talk && i < r->links; i++)
        if (r->link[i]->apart && r->link[i]->node == node && r->link[i]->work != f->serial)
            *talk = r->link[i];
    if (!*talk)
        *talk = redis_new_link(r, node, true, err);
    return *talk;
}

static jl_redis_node *flight_node(struct flight *f, const jl_redis_command *c, jl_err *err) {
    jl_redis *r = f->r;
    if (!r->cluster)
        return &r->server;
    if (f->asked && f->sent == f->taken)
        return f->target;
    if (c->key_n)
        return jl_redis_cluster_master(r->cluster, jl_redis_slot((jl_span){c->bytes.p + c->key, c->key_n}), err);
    return c->near_slot ? jl_redis_cluster_master(r->cluster, (uint16_t)(c->near_slot - 1), err)
                        : jl_redis_cluster_any(r->cluster, err);
}

/* Over which connection the next command goes. */
static jl_redis_link *flight_route(struct flight *f, const jl_redis_command *c, enum jl_redis_next *next, jl_err *err) {
    jl_redis *r = f->r;
    *next = NEXT_AGAIN;
    if (c->connection) {
        for (size_t i = 0; i < r->links; i++)
            if (r->link[i]->number == c->connection && r->link[i]->context)
                return r->link[i];
        (void)jl_err_set(err, JL_UNAVAILABLE, "%s: the connection is lost", r->name);
        return NULL;
    }
    jl_redis_node *node = flight_node(f, c, err);
    if (!node)
        return NULL;
    *next = NEXT_FAIL;
    jl_redis_link *l = r->cluster && c->apart ? flight_talk(f, node, c->apart, err) : redis_link(r, node, err);
    return l && redis_connect(r, l, next, err) == 0 ? l : NULL;
}

static int flight_send_one(struct flight *f, enum jl_redis_next *next, jl_err *err) {
    static const char asking[] = "*1\r\n$6\r\nASKING\r\n";
    jl_redis *r = f->r;
    const jl_redis_command *c = &r->command;
    *next = NEXT_FAIL;
    if (flight_write(f, f->sent, err) != 0)
        return -1;
    jl_redis_link *l = flight_route(f, c, next, err);
    if (!l)
        return -1;
    *next = NEXT_AGAIN;
    /* ASKING holds for the next command, or for a whole transaction. */
    bool ask = c->connection ? l->asked && l->work != f->serial : f->asked && f->sent == f->taken;
    l->asked = ask || (c->connection && l->asked);
    l->work = f->serial;
    if ((ask && jl_redis_link_send(l, asking, sizeof asking - 1, err) != 0) ||
        jl_redis_link_send(l, c->bytes.p, c->bytes.n, err) != 0)
        return -1;
    f->asked = false;
    r->sent[f->sent % RING] = (struct sent){c->bytes.n + c->expected, l, ask};
    f->bytes += c->bytes.n + c->expected;
    f->sent++;
    return r->cluster && l->unsent >= SEND_EARLY ? jl_redis_link_flush(l, err) : 0;
}

/* Sends until enough is in flight. */
static int flight_send(struct flight *f, enum jl_redis_next *next, jl_err *err) {
    const jl_redis_cluster *c = f->r->cluster;
    size_t most = FLIGHT * (!c ? 1 : c->masters < MOST_FLIGHTS ? c->masters : MOST_FLIGHTS);
    while (f->sent < f->work->n && f->sent - f->taken < RING && f->bytes < most)
        if (flight_send_one(f, next, err) != 0)
            return -1;
    return 0;
}

/* The next reply of a connection. Before it is waited for, all that is written gets on its way, so that the nodes of a
   cluster work at the same time. */
static int flight_reply(struct flight *f, jl_redis_link *l, jl_redis_reply **reply, jl_err *err) {
    jl_redis *r = f->r;
    if (r->cluster) {
        if (jl_redis_link_take(l, true, reply, err) != 0)
            return -1;
        if (*reply)
            return 0;
        for (size_t i = 0; i < r->links; i++)
            if (jl_redis_link_flush(r->link[i], err) != 0)
                return -1;
    }
    return jl_redis_link_take(l, false, reply, err);
}

/* Always -1. */
static int flight_refused(struct flight *f, jl_redis_link *l, const char *why, enum jl_redis_next *next, jl_err *err) {
    jl_redis *r = f->r;
    *next = NEXT_FAIL;
    /* Written again for the name of its key. */
    if (flight_write(f, f->taken, err) != 0)
        return -1;
    *next = jl_redis_refused(l->node, &r->command, why, err);
    if (*next == NEXT_SCRIPT)
        f->load = l;
    if (f->work->once || (*next != NEXT_MOVED && *next != NEXT_ASK))
        return -1;
    f->target = jl_redis_cluster_target(r->cluster, l->node, why, &f->slot, err);
    f->moved = *next == NEXT_MOVED;
    f->asked = *next == NEXT_ASK;
    if (!f->target)
        *next = NEXT_FAIL;
    return -1;
}

static int flight_take(struct flight *f, enum jl_redis_next *next, jl_err *err) {
    jl_redis *r = f->r;
    const struct sent *s = &r->sent[f->taken % RING];
    jl_redis_reply *reply = NULL;
    *next = NEXT_AGAIN;
    if (flight_reply(f, s->link, &reply, err) != 0)
        return -1;
    const char *refused = jl_redis_reply_error(reply);
    if (s->asking && !refused) {
        jl_redis_reply_free(reply);
        if (flight_reply(f, s->link, &reply, err) != 0)
            return -1;
        refused = jl_redis_reply_error(reply);
    }
    int rc;
    if (refused) {
        rc = flight_refused(f, s->link, refused, next, err);
    } else {
        *next = NEXT_FAIL;
        r->at_hand = s->link->number;
        rc = f->work->take(f->work->self, f->taken, reply, err);
    }
    jl_redis_reply_free(reply);
    if (rc != 0)
        return -1;
    f->bytes -= s->cost;
    f->taken++;
    return 0;
}

/* As far as it goes without a failure. */
static int flight_go(struct flight *f, enum jl_redis_next *next, jl_err *err) {
    jl_redis *r = f->r;
    if (r->cluster && r->stale && redis_map(r, next, err) != 0)
        return -1;
    if (f->moved)
        jl_redis_cluster_move(r->cluster, f->slot, f->target);
    f->moved = false;
    if (f->work->script && (f->load || !f->work->script->sha[0]) && flight_load(f, next, err) != 0)
        return -1;
    while (f->taken < f->work->n)
        if (flight_send(f, next, err) != 0 || flight_take(f, next, err) != 0)
            return -1;
    return 0;
}

/* What was sent behind a refused command is answered too; those answers will be asked for again. A node that has just
   let one wait in vain is not waited for again, whatever else has been asked of it. */
static void flight_settle(struct flight *f) {
    for (size_t i = 0; i < f->r->links; i++) {
        jl_redis_link *l = f->r->link[i];
        jl_redis_reply *reply = NULL;
        while (l->flying && !l->node->suspect && jl_redis_link_take(l, false, &reply, NULL) == 0)
            jl_redis_reply_free(reply);
        if (l->node->suspect)
            jl_redis_link_close(l);
    }
    f->sent = f->taken;
    f->bytes = 0;
}

/* A connection with replies still to come would give them to the next pipeline; one in the middle of a transaction
   would make what comes next a part of it. */
static void flight_abandon(struct flight *f) {
    for (size_t i = 0; i < f->r->links; i++)
        if (f->r->link[i]->work == f->serial || f->r->link[i]->node->suspect)
            jl_redis_link_close(f->r->link[i]);
}

int jl_redis_pipeline(jl_redis *r, const jl_redis_work *work, jl_err *err) {
    struct flight f = {.r = r, .work = work, .serial = ++r->works};
    jl_err why = {0}; /* `err` stays as it was when a later attempt does it */
    jl_retry retry;
    jl_retry_init(&retry, FIRST_WAIT, MOST_WAIT);
    int64_t since = -1;
    size_t before = 0;
    unsigned loads = 0; /* not counted among the attempts: a server that was long away has lost the script, too */
    for (unsigned attempt = 1;; attempt++) {
        enum jl_redis_next next;
        if (flight_go(&f, &next, &why) == 0)
            return 0;
        bool again = next != NEXT_FAIL;
        if (f.taken > before || since < 0) {
            since = jl_clock_now();
            attempt = 1;
            loads = 0;
            before = f.taken;
        }
        /* What is known at once to go on elsewhere is not waited for, unless it goes round in circles. */
        bool at_once = next == NEXT_SCRIPT || (attempt == 1 && (next == NEXT_MOVED || next == NEXT_ASK));
        int64_t wait = at_once ? 0 : jl_retry_wait(&retry, attempt);
        loads += next == NEXT_SCRIPT;
        if (work->once || !again || loads > SCRIPT_LOADS || jl_clock_now() + wait - since > r->patience) {
            flight_abandon(&f);
            if (err)
                *err = why;
            return work->once && again ? 1 : -1;
        }
        flight_settle(&f);
        redis_nap(wait);
        r->stale = r->stale || next == NEXT_AGAIN || next == NEXT_MOVED;
        f.asked = f.asked && next == NEXT_ASK;
    }
}

bool jl_redis_clustered(const jl_redis *r) {
    return r->cluster != NULL;
}

uint64_t jl_redis_connection(const jl_redis *r) {
    return r->at_hand;
}

/* ---- open, close ---- */

static int redis_database(const jl_url *url, uint64_t *database, jl_err *err) {
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
    if (jl_num_u64(text, 0, 65535, database, NULL) != 0)
        return jl_err_set(err, JL_USAGE, "redis: '%.*s' is not the number of a database", (int)text.n, text.p);
    return 0;
}

static int redis_server(jl_redis *r, jl_err *err) {
    bool local = strcmp(r->url.scheme, "redis+unix") == 0;
    r->server.url = &r->url;
    r->server.path = local ? r->url.path : NULL;
    (void)snprintf(r->server.host, sizeof r->server.host, "%s", r->url.host[0] ? r->url.host : "127.0.0.1");
    r->server.port = r->url.port ? r->url.port : PORT;
    (void)snprintf(r->server.name, sizeof r->server.name, "%s", r->name);
    return redis_database(&r->url, &r->server.database, err);
}

jl_redis *jl_redis_open(const jl_url *url, int64_t patience, jl_err *err) {
    if (jl_redis_link_ready(err) != 0)
        return NULL;
    jl_redis *r = calloc(1, sizeof *r);
    if (r)
        r->sent = calloc(RING, sizeof *r->sent);
    if (!r || !r->sent) {
        jl_redis_close(r);
        (void)jl_err_nomem(err);
        return NULL;
    }
    bool cluster = strcmp(url->scheme, "redis+cluster") == 0;
    r->url = *url;
    r->patience = patience > 0 ? patience : cluster ? PATIENCE_CLUSTER : PATIENCE;
    jl_url_show(url, r->name, sizeof r->name);
    r->stale = true;
    if (cluster)
        r->cluster = jl_redis_cluster_open(&r->url, err);
    if (cluster ? !r->cluster : redis_server(r, err) != 0) {
        jl_redis_close(r);
        return NULL;
    }
    return r;
}

void jl_redis_close(jl_redis *r) {
    if (!r)
        return;
    for (size_t i = 0; i < r->links; i++) {
        jl_redis_link_close(r->link[i]);
        free(r->link[i]);
    }
    free(r->link);
    jl_redis_cluster_close(r->cluster);
    jl_url_wipe(&r->url);
    jl_buf_free(&r->command.bytes);
    free(r->sent);
    free(r);
}

const char *jl_redis_name(const jl_redis *r) {
    return r->name;
}
