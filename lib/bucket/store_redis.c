/* Buckets as fields of Redis hashes.

   Keys, MODEL percent-encoded, GENERATION a token that is never made twice:
     jobline:KIND:v1:17:MODEL                    hash: "generation", and "dropped:GENERATION" of those not removed yet
     jobline:KIND:v1:17:MODEL:runs               list: what runs found
     jobline:KIND:v1:17:MODEL:GENERATION:GROUP   hash: bucket & 127, one byte, -> the bucket's entries;
                                                 GROUP = bucket >> 7
   128 fields of a few entries are a listpack, about 15 bytes a pair in a small store where a key for each bucket costs
   90; later the hash is a table of strings that are allocated to their exact size, for they are set as a whole. The
   keys of the groups have no hash tag, so that they spread over a cluster; no script uses two keys.

   A bucket is appended to by whoever has read it and finds it unchanged: WATCH, HMGET, then HSET within MULTI and EXEC,
   which does nothing when anybody has touched a group since. A script that does the same in one step takes 2.5 times
   the server's time, 3 times in a store of 20 million: every value that it handles is made a string of Lua, whose bytes
   are hashed one by one.

   The first key may be evicted like any other. Then the next writer begins a new generation: a cold start, never a
   wrong answer. Who writes reads the generation again behind its writes: when it has changed, the writes went where
   nobody looks, so they are removed and done again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/buf.h"
#include "bucket/order.h"
#include "bucket/store.h"
#include "wire/redis.h"

#define FIELD_BITS 7
#define FIELDS (1u << FIELD_BITS)
#define GROUPS (JL_BUCKETS >> FIELD_BITS)
/* One command: small, for the server does nothing else meanwhile. */
#define CHUNK_BUCKETS 32
#define CHUNK_ENTRIES 256
/* Commands of a put that are one transaction: each takes two round trips. In a cluster it would be those of one group. */
#define TOGETHER 16
#define DROPPED "dropped:"
#define LOSSES 32 /* of the connection within one transaction before it gives up */
#define MOVES 8   /* generations that may change under one put before it gives up */

/* KEYS: meta. ARGV: time. Ends the generation; what it was called stays on record until it is removed. */
static jl_redis_script retire = {"local old = redis.call('HGET', KEYS[1], 'generation')\n"
                                 "if old then\n"
                                 "  redis.call('HSET', KEYS[1], '" DROPPED "' .. old, ARGV[1])\n"
                                 "  redis.call('HDEL', KEYS[1], 'generation')\n"
                                 "end\n"
                                 "return old\n",
                                 ""};

struct store {
    jl_store base;
    jl_redis *redis;
    char meta[512], runs[520]; /* keys */
    char generation[40];       /* as last read; "" = none */
    bool changed;              /* it is not what the work at hand was begun with */
    jl_order order;
    size_t *chunk; /* positions in the order where commands begin; chunk[chunks] = its end */
    size_t chunks, chunk_cap;
    uint8_t *state; /* put: of a batch, the outcomes */
    size_t state_cap;
};

/* ---- the generation ---- */

static void take_generation(struct store *s, jl_span text) {
    char now[sizeof s->generation] = "";
    if (text.n < sizeof now && text.n)
        memcpy(now, text.p, text.n);
    s->changed = strcmp(now, s->generation) != 0;
    memcpy(s->generation, now, sizeof now);
}

static int ask_generation(const struct store *s, jl_redis_command *c, jl_err *err) {
    return jl_redis_begin(c, 3, err) == 0 && jl_redis_word(c, "HGET", err) == 0 && jl_redis_key(c, s->meta, err) == 0 &&
                   jl_redis_word(c, "generation", err) == 0
               ? 0
               : -1;
}

static int read_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    (void)i;
    return ask_generation(self, c, err);
}

static int read_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    (void)i;
    (void)err;
    take_generation(self, jl_redis_text(reply));
    return 0;
}

static int store_generation(struct store *s, jl_err *err) {
    return jl_redis_pipeline(s->redis, &(jl_redis_work){.self = s, .n = 1, .ask = read_ask, .take = read_take}, err);
}

struct making {
    struct store *s;
    char token[40];
};

static int time_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    (void)self;
    (void)i;
    return jl_redis_begin(c, 1, err) == 0 ? jl_redis_word(c, "TIME", err) : -1;
}

/* The server's microseconds and 32 random bits: never made twice, not even by two writers at once. */
static int time_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct making *m = self;
    (void)i;
    uint64_t time = 0;
    uint32_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return jl_err_set(err, JL_SOFTWARE, "no random numbers");
    if (jl_redis_count(reply) == 2) {
        char seconds[24] = "", micros[24] = "";
        jl_span a = jl_redis_text(jl_redis_at(reply, 0)), b = jl_redis_text(jl_redis_at(reply, 1));
        (void)snprintf(seconds, sizeof seconds, "%.*s", (int)a.n, a.p);
        (void)snprintf(micros, sizeof micros, "%.*s", (int)b.n, b.p);
        time = strtoull(seconds, NULL, 10) * 1000000 + strtoull(micros, NULL, 10);
    }
    (void)snprintf(m->token, sizeof m->token, "%" PRIx64 "-%08" PRIx32, time, random);
    return 0;
}

static int make_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct making *m = self;
    if (i == 1)
        return ask_generation(m->s, c, err);
    return jl_redis_begin(c, 4, err) == 0 && jl_redis_word(c, "HSETNX", err) == 0 &&
                   jl_redis_key(c, m->s->meta, err) == 0 && jl_redis_word(c, "generation", err) == 0 &&
                   jl_redis_word(c, m->token, err) == 0
               ? 0
               : -1;
}

static int make_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    const struct making *m = self;
    (void)err;
    if (i == 1)
        take_generation(m->s, jl_redis_text(reply));
    return 0;
}

/* Begins a generation unless there is one. */
static int store_make_generation(struct store *s, jl_err *err) {
    struct making m = {.s = s};
    jl_redis_work time = {.self = &m, .n = 1, .ask = time_ask, .take = time_take};
    jl_redis_work make = {.self = &m, .n = 2, .ask = make_ask, .take = make_take};
    return jl_redis_pipeline(s->redis, &time, err) == 0 ? jl_redis_pipeline(s->redis, &make, err) : -1;
}

/* ---- buckets ---- */

static void group_key(const struct store *s, const char *generation, uint32_t group, char key[600]) {
    (void)snprintf(key, 600, "%s:%s:%" PRIu32, s->meta, generation, group);
}

static int ask_field(jl_redis_command *c, uint32_t bucket, jl_err *err) {
    char field = (char)(bucket & (FIELDS - 1));
    return jl_redis_arg(c, &field, 1, err);
}

static int check_entries(const struct store *s, uint32_t bucket, size_t n, jl_err *err) {
    if (n % jl_entry_size(s->base.shape) == 0)
        return 0;
    return jl_err_set(err, JL_CONFIG,
                      "%s: is damaged: the length of bucket %" PRIu32 " of %s is not a multiple of an entry's",
                      jl_redis_name(s->redis), bucket, s->meta);
}

static void *grown(void *old, size_t *cap, size_t n, size_t size) {
    if (n <= *cap)
        return old;
    void *more = realloc(old, n * size);
    if (more)
        *cap = n;
    return more;
}

/* Cuts the ordered batch into commands: one group each, few buckets, few entries. */
static int store_chunks(struct store *s, jl_err *err) {
    size_t *chunk = grown(s->chunk, &s->chunk_cap, s->order.n + 1, sizeof *chunk);
    if (!chunk)
        return jl_err_nomem(err);
    s->chunk = chunk;
    s->chunks = 0;
    size_t buckets = 0, first = 0;
    for (size_t i = 0; i < s->order.n;) {
        size_t next = jl_order_next(&s->order, i);
        bool same =
            s->chunks && jl_order_bucket(&s->order, i) >> FIELD_BITS == jl_order_bucket(&s->order, first) >> FIELD_BITS;
        if (!same || buckets == CHUNK_BUCKETS || next - first > CHUNK_ENTRIES) {
            first = i;
            chunk[s->chunks++] = i;
            buckets = 0;
        }
        buckets++;
        i = next;
    }
    chunk[s->chunks] = s->order.n;
    return 0;
}

static size_t chunk_buckets(const struct store *s, size_t i) {
    size_t n = 0;
    for (size_t at = s->chunk[i]; at < s->chunk[i + 1]; at = jl_order_next(&s->order, at))
        n++;
    return n;
}

static size_t expected_bytes(const struct store *s) {
    (void)s;
    return 1024;
}

/* ---- get ---- */

struct getting {
    struct store *s;
    const jl_hash *key;
    uint8_t *value;
};

/* Command 0 reads the generation, the others the buckets. */
static int get_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct getting *g = self;
    const struct store *s = g->s;
    if (i-- == 0)
        return ask_generation(s, c, err);
    char key[600];
    size_t n = chunk_buckets(s, i);
    group_key(s, s->generation, jl_order_bucket(&s->order, s->chunk[i]) >> FIELD_BITS, key);
    if (jl_redis_begin(c, 2 + n, err) != 0 || jl_redis_word(c, "HMGET", err) != 0 || jl_redis_key(c, key, err) != 0)
        return -1;
    for (size_t at = s->chunk[i]; at < s->chunk[i + 1]; at = jl_order_next(&s->order, at))
        if (ask_field(c, jl_order_bucket(&s->order, at), err) != 0)
            return -1;
    c->expected = n * expected_bytes(s);
    return 0;
}

static int get_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    const struct getting *g = self;
    struct store *s = g->s;
    if (i == 0) {
        take_generation(s, jl_redis_text(reply));
        return 0;
    }
    if (s->changed)
        return 0;
    size_t at = s->chunk[i - 1], end = s->chunk[i];
    for (size_t b = 0; at < end && b < jl_redis_count(reply); b++) {
        jl_span entries = jl_redis_text(jl_redis_at(reply, b));
        if (check_entries(s, jl_order_bucket(&s->order, at), entries.n, err) != 0)
            return -1;
        for (size_t next = jl_order_next(&s->order, at); at < next; at++) {
            jl_order_prefetch(&s->order, at, g->key);
            size_t k = jl_order_index(&s->order, at);
            const unsigned char *found =
                jl_entries_find(s->base.shape, (const unsigned char *)entries.p, entries.n, g->key[k]);
            g->value[k] = found ? jl_entry_value(s->base.shape, found) : 0;
        }
    }
    return 0;
}

static int store_get(jl_store *base, const jl_hash *key, uint8_t *value, size_t n, jl_err *err) {
    struct store *s = (struct store *)base;
    memset(value, 0, n);
    if (n == 0)
        return 0;
    if (!s->generation[0] && store_generation(s, err) != 0)
        return -1;
    if (!s->generation[0])
        return 0;
    if (jl_order_make(&s->order, key, n, err) != 0 || store_chunks(s, err) != 0)
        return -1;
    struct getting g = {s, key, value};
    do {
        jl_redis_work work = {.self = &g, .n = 1 + s->chunks, .ask = get_ask, .take = get_take};
        if (jl_redis_pipeline(s->redis, &work, err) != 0)
            return -1;
    } while (s->changed && s->generation[0]);
    return 0;
}

/* FNV-1a of the token. */
static int store_epoch(jl_store *base, uint64_t *epoch, jl_err *err) {
    struct store *s = (struct store *)base;
    if (store_generation(s, err) != 0)
        return -1;
    *epoch = s->generation[0] ? UINT64_C(0xcbf29ce484222325) : 0;
    for (const char *c = s->generation; *c; c++)
        *epoch = (*epoch ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return 0;
}

/* ---- put ---- */

/* A batch, and of it the transaction at hand: chunks from..to-1. */
struct putting {
    struct store *s;
    const jl_hash *key;
    const uint8_t *value;
    size_t from, to;
    uint64_t connection;             /* over which the groups are watched */
    jl_redis_command args[TOGETHER]; /* of the HSET of each chunk: fields, entries */
    size_t changed[TOGETHER];        /* how many buckets these are */
    size_t write[TOGETHER], writes;  /* the chunks that have any */
    bool done;                       /* else somebody else has written */
    jl_buf entries;                  /* of the bucket at hand */
};

static int ask_word(jl_redis_command *c, const char *word, jl_err *err) {
    return jl_redis_begin(c, 1, err) == 0 ? jl_redis_word(c, word, err) : -1;
}

static int ask_group(const struct putting *p, size_t chunk, size_t arguments, const char *word, jl_redis_command *c,
                     jl_err *err) {
    const struct store *s = p->s;
    char key[600];
    group_key(s, s->generation, jl_order_bucket(&s->order, s->chunk[chunk]) >> FIELD_BITS, key);
    return jl_redis_begin(c, 2 + arguments, err) == 0 && jl_redis_word(c, word, err) == 0 ? jl_redis_key(c, key, err)
                                                                                          : -1;
}

/* First it watches all the groups, then it reads. */
static int put_read_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct putting *p = self;
    const struct store *s = p->s;
    size_t n = p->to - p->from;
    if (i == 0)
        return ask_word(c, "UNWATCH", err);
    if (i <= n)
        return ask_group(p, p->from + i - 1, 0, "WATCH", c, err);
    size_t chunk = p->from + i - 1 - n, buckets = chunk_buckets(s, chunk);
    if (ask_group(p, chunk, buckets, "HMGET", c, err) != 0)
        return -1;
    for (size_t at = s->chunk[chunk]; at < s->chunk[chunk + 1]; at = jl_order_next(&s->order, at))
        if (ask_field(c, jl_order_bucket(&s->order, at), err) != 0)
            return -1;
    c->expected = buckets * expected_bytes(s);
    return 0;
}

/* The bucket's entries with those that it lacks behind them, positions at to next of the order. 1: it lacks some. */
static int put_bucket(struct putting *p, size_t at, size_t next, jl_span had, jl_err *err) {
    struct store *s = p->s;
    const jl_entry_shape *shape = s->base.shape;
    jl_buf_clear(&p->entries);
    if (jl_buf_reserve(&p->entries, had.n + (next - at) * jl_entry_size(shape), err) != 0 ||
        jl_buf_add(&p->entries, had, err) != 0)
        return -1;
    for (; at < next; at++) {
        jl_order_prefetch(&s->order, at, p->key);
        size_t k = jl_order_index(&s->order, at);
        uint8_t value = p->value ? p->value[k] : 1;
        const unsigned char *all = (const unsigned char *)p->entries.p;
        const unsigned char *found = jl_entries_find(shape, all, p->entries.n, p->key[k]);
        s->state[k] = !found ? JL_PUT_ADDED : jl_entry_value(shape, found) == value ? JL_PUT_PRESENT : JL_PUT_CONFLICT;
        if (found)
            continue;
        jl_entry_write(shape, p->key[k], value, (unsigned char *)p->entries.p + p->entries.n);
        p->entries.n += jl_entry_size(shape);
    }
    return p->entries.n > had.n;
}

static int put_read_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct putting *p = self;
    const struct store *s = p->s;
    size_t n = p->to - p->from;
    if (i == 0)
        p->connection = jl_redis_connection(s->redis);
    if (i <= n)
        return 0;
    size_t c = i - 1 - n, at = s->chunk[p->from + c], end = s->chunk[p->from + c + 1];
    jl_buf_clear(&p->args[c].bytes);
    p->changed[c] = 0;
    for (size_t b = 0; at < end && b < jl_redis_count(reply); b++) {
        jl_span had = jl_redis_text(jl_redis_at(reply, b));
        uint32_t bucket = jl_order_bucket(&s->order, at);
        size_t next = jl_order_next(&s->order, at);
        int changed = check_entries(s, bucket, had.n, err) == 0 ? put_bucket(p, at, next, had, err) : -1;
        if (changed < 0 || (changed && (ask_field(&p->args[c], bucket, err) != 0 ||
                                        jl_redis_arg(&p->args[c], p->entries.p, p->entries.n, err) != 0)))
            return -1;
        p->changed[c] += changed > 0;
        at = next;
    }
    if (p->changed[c])
        p->write[p->writes++] = c;
    return 0;
}

static int put_write_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct putting *p = self;
    if (i == 0)
        return ask_word(c, "MULTI", err);
    if (i > p->writes)
        return ask_word(c, "EXEC", err);
    size_t chunk = p->write[i - 1];
    return ask_group(p, p->from + chunk, 2 * p->changed[chunk], "HSET", c, err) == 0
               ? jl_buf_add(&c->bytes, jl_buf_span(&p->args[chunk].bytes), err)
               : -1;
}

static int put_write_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct putting *p = self;
    (void)err;
    if (i > p->writes)
        p->done = jl_redis_count(reply) == p->writes;
    return 0;
}

/* The transaction at hand, begun anew until nobody has come in between: whoever has, has got something stored. What was
   done when a connection is lost is found stored the next time. */
static int put_together(struct putting *p, jl_err *err) {
    const struct store *s = p->s;
    jl_err lost = {0};
    int losses = 0;
    p->done = false;
    while (!p->done && losses < LOSSES) {
        p->writes = 0;
        jl_redis_work read = {.self = p, .n = 1 + 2 * (p->to - p->from), .ask = put_read_ask, .take = put_read_take};
        if (jl_redis_pipeline(s->redis, &read, err) != 0)
            return -1;
        if (p->writes == 0)
            return 0;
        jl_redis_work write = {
            .self = p, .n = p->writes + 2, .connection = p->connection, .ask = put_write_ask, .take = put_write_take};
        int rc = jl_redis_pipeline(s->redis, &write, &lost);
        if (rc < 0)
            break;
        losses += rc;
    }
    if (p->done)
        return 0;
    *err = lost;
    return -1;
}

struct clearing {
    const struct store *s;
    const char *generation;
};

/* Of the groups that the batch has written. */
static int clear_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct clearing *l = self;
    char key[600];
    group_key(l->s, l->generation, jl_order_bucket(&l->s->order, l->s->chunk[i]) >> FIELD_BITS, key);
    return jl_redis_begin(c, 2, err) == 0 && jl_redis_word(c, "UNLINK", err) == 0 ? jl_redis_key(c, key, err) : -1;
}

static int take_nothing(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    (void)self;
    (void)i;
    (void)reply;
    (void)err;
    return 0;
}

/* One attempt. 1: the generation changed meanwhile, so that it is to be done again. */
static int put_once(struct putting *p, jl_err *err) {
    struct store *s = p->s;
    if (!s->generation[0] && store_make_generation(s, err) != 0)
        return -1;
    char generation[sizeof s->generation];
    memcpy(generation, s->generation, sizeof generation);
    for (p->from = 0; p->from < s->chunks; p->from = p->to) {
        p->to = p->from + TOGETHER < s->chunks ? p->from + TOGETHER : s->chunks;
        if (put_together(p, err) != 0)
            return -1;
    }
    if (store_generation(s, err) != 0)
        return -1;
    if (!s->changed)
        return 0;
    struct clearing clearing = {s, generation};
    jl_redis_work work = {.self = &clearing, .n = s->chunks, .ask = clear_ask, .take = take_nothing};
    return jl_redis_pipeline(s->redis, &work, err) == 0 ? 1 : -1;
}

static int store_put(jl_store *base, const jl_hash *key, const uint8_t *value, uint8_t *outcome, size_t n,
                     jl_put_counts *counts, jl_err *err) {
    struct store *s = (struct store *)base;
    if (n == 0)
        return store_make_generation(s, err);
    uint8_t *state = grown(s->state, &s->state_cap, n, sizeof *state);
    if (!state)
        return jl_err_nomem(err);
    s->state = state;
    if (jl_order_make(&s->order, key, n, err) != 0 || store_chunks(s, err) != 0 ||
        (!s->generation[0] && store_generation(s, err) != 0))
        return -1;
    struct putting p = {.s = s, .key = key, .value = value};
    int rc = 1;
    for (int moves = 0; rc == 1 && moves < MOVES; moves++)
        rc = put_once(&p, err);
    for (size_t c = 0; c < TOGETHER; c++)
        jl_buf_free(&p.args[c].bytes);
    jl_buf_free(&p.entries);
    if (rc == 1)
        return jl_err_set(err, JL_UNAVAILABLE, "%s: %s is dropped, or evicted, again and again",
                          jl_redis_name(s->redis), s->meta);
    if (rc != 0)
        return -1;
    uint64_t count[JL_PUT_CONFLICT + 1] = {0};
    for (size_t k = 0; k < n; k++)
        count[s->state[k]]++;
    counts->added += count[JL_PUT_ADDED];
    counts->present += count[JL_PUT_PRESENT];
    counts->conflicts += count[JL_PUT_CONFLICT];
    if (outcome)
        memcpy(outcome, s->state, n);
    return 0;
}

/* ---- walk, stat ---- */

struct walking {
    struct store *s;
    int (*bucket)(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err);
    void *self;
    int ended; /* what `bucket` has returned */
};

#define WALK_COMMANDS (JL_BUCKETS / CHUNK_BUCKETS)

/* Command i reads CHUNK_BUCKETS buckets; the last one reads the generation. */
static int walk_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct walking *w = self;
    const struct store *s = w->s;
    if (i == WALK_COMMANDS)
        return ask_generation(s, c, err);
    char key[600];
    uint32_t bucket = (uint32_t)i * CHUNK_BUCKETS;
    group_key(s, s->generation, bucket >> FIELD_BITS, key);
    if (jl_redis_begin(c, 2 + CHUNK_BUCKETS, err) != 0 || jl_redis_word(c, "HMGET", err) != 0 ||
        jl_redis_key(c, key, err) != 0)
        return -1;
    for (uint32_t b = 0; b < CHUNK_BUCKETS; b++)
        if (ask_field(c, bucket + b, err) != 0)
            return -1;
    c->expected = CHUNK_BUCKETS * expected_bytes(s);
    return 0;
}

static int walk_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct walking *w = self;
    struct store *s = w->s;
    if (i == WALK_COMMANDS) {
        take_generation(s, jl_redis_text(reply));
        return s->changed
                   ? jl_err_set(err, JL_TEMPFAIL, "%s: %s was dropped meanwhile", jl_redis_name(s->redis), s->meta)
                   : 0;
    }
    for (size_t b = 0; b < jl_redis_count(reply); b++) {
        jl_span entries = jl_redis_text(jl_redis_at(reply, b));
        uint32_t bucket = (uint32_t)(i * CHUNK_BUCKETS + b);
        if (check_entries(s, bucket, entries.n, err) != 0)
            return -1;
        if (entries.n == 0)
            continue;
        w->ended = w->bucket(w->self, bucket, (const unsigned char *)entries.p, entries.n, err);
        if (w->ended != 0)
            return -1;
    }
    return 0;
}

static int store_walk(jl_store *base,
                      int (*bucket)(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err),
                      void *self, jl_err *err) {
    struct store *s = (struct store *)base;
    if (store_generation(s, err) != 0)
        return -1;
    if (!s->generation[0])
        return 0;
    struct walking w = {s, bucket, self, 0};
    jl_redis_work work = {.self = &w, .n = WALK_COMMANDS + 1, .ask = walk_ask, .take = walk_take};
    int rc = jl_redis_pipeline(s->redis, &work, err);
    return w.ended ? w.ended : rc;
}

struct measuring {
    const struct store *s;
    const char *generation;
    jl_store_stat *stat;
};

/* Commands 0 to JL_BUCKETS-1 ask for the length of a bucket, the others for the memory of a group. */
static int stat_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct measuring *m = self;
    char key[600];
    if (i < JL_BUCKETS) {
        group_key(m->s, m->generation, (uint32_t)i >> FIELD_BITS, key);
        return jl_redis_begin(c, 3, err) == 0 && jl_redis_word(c, "HSTRLEN", err) == 0 && jl_redis_key(c, key, err) == 0
                   ? ask_field(c, (uint32_t)i, err)
                   : -1;
    }
    group_key(m->s, m->generation, (uint32_t)(i - JL_BUCKETS), key);
    return jl_redis_begin(c, 5, err) == 0 && jl_redis_word(c, "MEMORY", err) == 0 &&
                   jl_redis_word(c, "USAGE", err) == 0 && jl_redis_key(c, key, err) == 0 &&
                   jl_redis_word(c, "SAMPLES", err) == 0
               ? jl_redis_word(c, "0", err)
               : -1;
}

static int stat_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    const struct measuring *m = self;
    uint64_t n = (uint64_t)jl_redis_integer(reply);
    if (i >= JL_BUCKETS) {
        m->stat->bytes += n;
        return 0;
    }
    m->stat->entries += n / jl_entry_size(m->s->base.shape);
    m->stat->buckets += n > 0;
    return check_entries(m->s, (uint32_t)i, n, err);
}

static int store_measure(struct store *s, const char *generation, size_t commands, jl_store_stat *stat, jl_err *err) {
    struct measuring m = {s, generation, stat};
    return jl_redis_pipeline(s->redis, &(jl_redis_work){.self = &m, .n = commands, .ask = stat_ask, .take = stat_take},
                             err);
}

static int store_stat(jl_store *base, jl_store_stat *stat, jl_err *err) {
    struct store *s = (struct store *)base;
    *stat = (jl_store_stat){0};
    if (store_generation(s, err) != 0)
        return -1;
    memcpy(stat->generation, s->generation, sizeof s->generation);
    return s->generation[0] ? store_measure(s, s->generation, JL_BUCKETS + GROUPS, stat, err) : 0;
}

/* ---- drop ---- */

struct dropping {
    struct store *s;
    char generation[40]; /* the next one to remove; "" = no more */
};

static int retire_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct dropping *d = self;
    (void)i;
    return jl_redis_begin(c, 5, err) == 0 && jl_redis_word(c, "EVALSHA", err) == 0 &&
                   jl_redis_word(c, c->script, err) == 0 && jl_redis_word(c, "1", err) == 0 &&
                   jl_redis_key(c, d->s->meta, err) == 0
               ? jl_redis_word(c, "1", err)
               : -1;
}

static int next_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct dropping *d = self;
    (void)i;
    return jl_redis_begin(c, 2, err) == 0 && jl_redis_word(c, "HKEYS", err) == 0 ? jl_redis_key(c, d->s->meta, err)
                                                                                 : -1;
}

static int next_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct dropping *d = self;
    const size_t prefix = sizeof DROPPED - 1;
    (void)i;
    (void)err;
    d->generation[0] = '\0';
    for (size_t f = 0; f < jl_redis_count(reply); f++) {
        jl_span name = jl_redis_text(jl_redis_at(reply, f));
        if (name.n > prefix && name.n - prefix < sizeof d->generation && memcmp(name.p, DROPPED, prefix) == 0)
            (void)snprintf(d->generation, sizeof d->generation, "%.*s", (int)(name.n - prefix), name.p + prefix);
    }
    return 0;
}

/* All groups, then the record that the generation was dropped, so that a drop which is interrupted can be taken up. */
static int remove_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct dropping *d = self;
    char text[600];
    if (i < GROUPS) {
        group_key(d->s, d->generation, (uint32_t)i, text);
        return jl_redis_begin(c, 2, err) == 0 && jl_redis_word(c, "UNLINK", err) == 0 ? jl_redis_key(c, text, err) : -1;
    }
    (void)snprintf(text, sizeof text, DROPPED "%s", d->generation);
    return jl_redis_begin(c, 3, err) == 0 && jl_redis_word(c, "HDEL", err) == 0 && jl_redis_key(c, d->s->meta, err) == 0
               ? jl_redis_word(c, text, err)
               : -1;
}

static int forget_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct dropping *d = self;
    (void)i;
    return jl_redis_begin(c, 2, err) == 0 && jl_redis_word(c, "UNLINK", err) == 0 ? jl_redis_key(c, d->s->runs, err)
                                                                                  : -1;
}

static int store_drop(jl_store *base, uint64_t *entries, jl_err *err) {
    struct store *s = (struct store *)base;
    struct dropping d = {.s = s};
    jl_redis_work end = {.self = &d, .n = 1, .script = &retire, .ask = retire_ask, .take = take_nothing};
    jl_redis_work forget = {.self = &d, .n = 1, .ask = forget_ask, .take = take_nothing};
    jl_redis_work next = {.self = &d, .n = 1, .ask = next_ask, .take = next_take};
    *entries = 0;
    s->generation[0] = '\0';
    if (jl_redis_pipeline(s->redis, &end, err) != 0 || jl_redis_pipeline(s->redis, &forget, err) != 0 ||
        jl_redis_pipeline(s->redis, &next, err) != 0)
        return -1;
    while (d.generation[0]) {
        jl_store_stat had = {0};
        jl_err uncounted = {0}; /* what is damaged goes too */
        jl_redis_work remove = {.self = &d, .n = GROUPS + 1, .ask = remove_ask, .take = take_nothing};
        if (store_measure(s, d.generation, JL_BUCKETS, &had, &uncounted) != 0 && uncounted.class != JL_CONFIG) {
            *err = uncounted;
            return -1;
        }
        if (jl_redis_pipeline(s->redis, &remove, err) != 0 || jl_redis_pipeline(s->redis, &next, err) != 0)
            return -1;
        *entries += had.entries;
    }
    return 0;
}

/* ---- runs ---- */

struct noting {
    const struct store *s;
    char text[160];
    jl_store_run *run;
    size_t n;
};

static int note_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct noting *n = self;
    if (i == 0)
        return jl_redis_begin(c, 3, err) == 0 && jl_redis_word(c, "LPUSH", err) == 0 &&
                       jl_redis_key(c, n->s->runs, err) == 0
                   ? jl_redis_word(c, n->text, err)
                   : -1;
    return jl_redis_begin(c, 4, err) == 0 && jl_redis_word(c, "LTRIM", err) == 0 &&
                   jl_redis_key(c, n->s->runs, err) == 0 && jl_redis_word(c, "0", err) == 0
               ? jl_redis_number(c, JL_STORE_RUNS - 1, err)
               : -1;
}

static int store_note(jl_store *base, const jl_store_run *run, jl_err *err) {
    struct store *s = (struct store *)base;
    if (store_generation(s, err) != 0)
        return -1;
    if (!s->generation[0])
        return 0;
    struct noting n = {.s = s};
    (void)snprintf(n.text, sizeof n.text, "%s %s %" PRId64 " %" PRIu64 " %" PRIu64, run->id, run->verb, run->ended,
                   run->hits, run->misses);
    return jl_redis_pipeline(s->redis, &(jl_redis_work){.self = &n, .n = 2, .ask = note_ask, .take = take_nothing},
                             err);
}

static int runs_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct noting *n = self;
    (void)i;
    return jl_redis_begin(c, 4, err) == 0 && jl_redis_word(c, "LRANGE", err) == 0 &&
                   jl_redis_key(c, n->s->runs, err) == 0 && jl_redis_word(c, "0", err) == 0
               ? jl_redis_number(c, JL_STORE_RUNS - 1, err)
               : -1;
}

static int runs_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct noting *n = self;
    (void)i;
    (void)err;
    for (size_t r = 0; r < jl_redis_count(reply) && n->n < JL_STORE_RUNS; r++) {
        jl_span text = jl_redis_text(jl_redis_at(reply, r));
        jl_store_run *run = &n->run[n->n];
        *run = (jl_store_run){0};
        (void)snprintf(n->text, sizeof n->text, "%.*s", (int)text.n, text.p);
        if (sscanf(n->text, "%64s %15s %" SCNd64 " %" SCNu64 " %" SCNu64, run->id, run->verb, &run->ended, &run->hits,
                   &run->misses) == 5)
            n->n++;
    }
    return 0;
}

static int store_runs(jl_store *base, jl_store_run *run, size_t *n, jl_err *err) {
    struct store *s = (struct store *)base;
    struct noting noting = {.s = s, .run = run};
    *n = 0;
    if (jl_redis_pipeline(s->redis, &(jl_redis_work){.self = &noting, .n = 1, .ask = runs_ask, .take = runs_take},
                          err) != 0)
        return -1;
    *n = noting.n;
    return 0;
}

/* ---- open, close ---- */

static void store_close(jl_store *base) {
    struct store *s = (struct store *)base;
    jl_redis_close(s->redis);
    jl_order_free(&s->order);
    free(s->chunk);
    free(s->state);
    free(s);
}

static const jl_store_ops ops = {.get = store_get,
                                 .epoch = store_epoch,
                                 .put = store_put,
                                 .drop = store_drop,
                                 .stat = store_stat,
                                 .walk = store_walk,
                                 .note = store_note,
                                 .runs = store_runs,
                                 .close = store_close};

static void name_keys(struct store *s, const char *kind, const char *model) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    char text[3 * 128 + 1];
    size_t n = 0;
    for (; *model && n + 4 < sizeof text; model++)
        n +=
            (size_t)snprintf(text + n, sizeof text - n, strchr(plain, *model) ? "%c" : "%%%02X", (unsigned char)*model);
    text[n] = '\0';
    (void)snprintf(s->meta, sizeof s->meta, "jobline:%s:v%d:%d:%s", kind, JL_LAYOUT_VERSION, JL_BUCKET_BITS, text);
    (void)snprintf(s->runs, sizeof s->runs, "%s:runs", s->meta);
}

static jl_store *store_open(const jl_url *url, const jl_space *space, jl_err *err) {
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    s->base = (jl_store){&ops, space->shape};
    name_keys(s, space->shape->kind, space->model);
    s->redis = jl_redis_open(url, space->patience, err);
    if (!s->redis) {
        store_close(&s->base);
        return NULL;
    }
    return &s->base;
}

const jl_store_opener jl_store_redis = {"redis", jl_redis_version, store_open};
const jl_store_opener jl_store_redis_unix = {"redis+unix", jl_redis_version, store_open};
