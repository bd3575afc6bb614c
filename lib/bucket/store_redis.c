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
   nobody looks, so they are removed and done again.

   In a cluster the nodes do not wait for each other, so "behind" is a step of its own there, begun when the replies of
   the step before are in. Only get reads the generation and the groups in one step: a generation that was current
   before the step and is named in it was current all the time between, for none is made twice.

   Replication is asynchronous: a master that fails may take along what it has confirmed last. Entries that are lost are
   a cold start for their keys; a generation that is lost with the first key is one for all, and what was stored under
   it stays in memory until it is evicted, for nobody knows its name. A drop whose end of the generation is lost is
   noticed when it is done, and done again. */
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
/* Chunks of a put that take two round trips together. */
#define TOGETHER 16
_Static_assert(TOGETHER <= JL_REDIS_APART, "each may be a conversation of its own");
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

/* A chunk of the batch that is being put. */
struct part {
    size_t chunk;
    unsigned talk;         /* index */
    jl_redis_command args; /* of its HSET: fields, entries */
    size_t changed;        /* how many buckets these are */
};

/* A transaction: what it has read is not written when anybody has touched one of its groups since. On a single server
   all parts share one; in a cluster, where a transaction is of one slot, each group has its own, on a connection of its
   own. */
struct talk {
    uint64_t connection; /* over which its groups are watched; 0: none yet */
    uint32_t group;      /* the first */
    size_t writes;
    bool done; /* else somebody else has written */
};

enum step_kind { STEP_MULTI, STEP_SET, STEP_EXEC };

/* A batch, and of it the parts at hand. */
struct putting {
    struct store *s;
    const jl_hash *key;
    const uint8_t *value;
    size_t next; /* the first chunk that has not been begun */
    struct part part[TOGETHER];
    size_t parts;
    struct talk talk[TOGETHER];
    size_t talks;
    struct step {
        enum step_kind kind;
        unsigned talk;
        const struct part *part;
    } step[3 * TOGETHER];
    size_t steps;
    jl_buf entries; /* of the bucket at hand */
};

static int ask_word(jl_redis_command *c, const char *word, jl_err *err) {
    return jl_redis_begin(c, 1, err) == 0 ? jl_redis_word(c, word, err) : -1;
}

static uint32_t part_group(const struct putting *p, const struct part *part) {
    return jl_order_bucket(&p->s->order, p->s->chunk[part->chunk]) >> FIELD_BITS;
}

static int ask_group(const struct putting *p, const struct part *part, size_t arguments, const char *word,
                     jl_redis_command *c, jl_err *err) {
    char key[600];
    group_key(p->s, p->s->generation, part_group(p, part), key);
    return jl_redis_begin(c, 2 + arguments, err) == 0 && jl_redis_word(c, word, err) == 0 ? jl_redis_key(c, key, err)
                                                                                          : -1;
}

/* As many parts as go together, those that were not done the last time first. */
static void put_gather(struct putting *p) {
    bool clustered = jl_redis_clustered(p->s->redis);
    for (; p->parts < TOGETHER && p->next < p->s->chunks; p->next++)
        p->part[p->parts++].chunk = p->next;
    p->talks = 0;
    for (size_t i = 0; i < p->parts; i++) {
        uint32_t group = part_group(p, &p->part[i]);
        size_t t = 0;
        while (t < p->talks && clustered && p->talk[t].group != group)
            t++;
        if (t == p->talks)
            p->talk[p->talks++] = (struct talk){.group = group};
        p->part[i].talk = (unsigned)t;
        p->part[i].changed = 0;
        jl_buf_clear(&p->part[i].args.bytes);
    }
}

/* First each talk forgets what it has watched, then it watches all its groups, then it reads. */
static int put_read_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct putting *p = self;
    const struct store *s = p->s;
    if (i < p->talks) {
        char key[600];
        group_key(s, s->generation, p->talk[i].group, key);
        c->apart = (unsigned)i + 1;
        jl_redis_near(c, key);
        return ask_word(c, "UNWATCH", err);
    }
    const struct part *part = &p->part[(i - p->talks) % p->parts];
    c->apart = part->talk + 1;
    if (i < p->talks + p->parts)
        return ask_group(p, part, 0, "WATCH", c, err);
    size_t buckets = chunk_buckets(s, part->chunk);
    if (ask_group(p, part, buckets, "HMGET", c, err) != 0)
        return -1;
    for (size_t at = s->chunk[part->chunk]; at < s->chunk[part->chunk + 1]; at = jl_order_next(&s->order, at))
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

static int put_part(struct putting *p, struct part *part, const jl_redis_reply *reply, jl_err *err) {
    const struct store *s = p->s;
    size_t at = s->chunk[part->chunk], end = s->chunk[part->chunk + 1];
    for (size_t b = 0; at < end && b < jl_redis_count(reply); b++) {
        jl_span had = jl_redis_text(jl_redis_at(reply, b));
        uint32_t bucket = jl_order_bucket(&s->order, at);
        size_t next = jl_order_next(&s->order, at);
        int changed = check_entries(s, bucket, had.n, err) == 0 ? put_bucket(p, at, next, had, err) : -1;
        if (changed < 0 || (changed && (ask_field(&part->args, bucket, err) != 0 ||
                                        jl_redis_arg(&part->args, p->entries.p, p->entries.n, err) != 0)))
            return -1;
        part->changed += changed > 0;
        at = next;
    }
    p->talk[part->talk].writes += part->changed > 0;
    return 0;
}

/* What was watched over a connection that is lost meanwhile is not watched any more: then the first number is that of
   none, and nothing is written. */
static int put_read_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct putting *p = self;
    if (i < p->talks)
        return 0;
    struct part *part = &p->part[(i - p->talks) % p->parts];
    struct talk *talk = &p->talk[part->talk];
    if (i >= p->talks + p->parts)
        return put_part(p, part, reply, err);
    if (!talk->connection)
        talk->connection = jl_redis_connection(p->s->redis);
    return 0;
}

static void put_step(struct putting *p, enum step_kind kind, size_t talk, const struct part *part) {
    p->step[p->steps++] = (struct step){kind, (unsigned)talk, part};
}

static void put_plan(struct putting *p) {
    p->steps = 0;
    for (size_t t = 0; t < p->talks; t++) {
        p->talk[t].done = p->talk[t].writes == 0;
        if (p->talk[t].done)
            continue;
        put_step(p, STEP_MULTI, t, NULL);
        for (size_t i = 0; i < p->parts; i++)
            if (p->part[i].talk == t && p->part[i].changed)
                put_step(p, STEP_SET, t, &p->part[i]);
        put_step(p, STEP_EXEC, t, NULL);
    }
}

static int put_write_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct putting *p = self;
    const struct step *step = &p->step[i];
    c->connection = p->talk[step->talk].connection;
    if (step->kind != STEP_SET)
        return ask_word(c, step->kind == STEP_MULTI ? "MULTI" : "EXEC", err);
    return ask_group(p, step->part, 2 * step->part->changed, "HSET", c, err) == 0
               ? jl_buf_add(&c->bytes, jl_buf_span(&step->part->args.bytes), err)
               : -1;
}

static int put_write_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct putting *p = self;
    struct talk *talk = &p->talk[p->step[i].talk];
    (void)err;
    if (p->step[i].kind == STEP_EXEC)
        talk->done = jl_redis_count(reply) == talk->writes;
    return 0;
}

/* The number of parts that are done, and no longer at hand. */
static size_t put_settle(struct putting *p) {
    size_t left = 0, had = p->parts;
    for (size_t i = 0; i < had; i++) {
        if (p->talk[p->part[i].talk].done)
            continue;
        struct part part = p->part[left]; /* with its memory */
        p->part[left++] = p->part[i];
        p->part[i] = part;
    }
    p->parts = left;
    return had - left;
}

/* The whole batch; each transaction is begun anew until nobody has come in between: whoever has, has got something
   stored. What was done when a connection is lost is found stored the next time. */
static int put_all(struct putting *p, jl_err *err) {
    const struct store *s = p->s;
    jl_err lost = {0};
    int losses = 0;
    p->next = p->parts = 0;
    while (p->parts || p->next < s->chunks) {
        put_gather(p);
        jl_redis_work read = {.self = p, .n = p->talks + 2 * p->parts, .ask = put_read_ask, .take = put_read_take};
        if (jl_redis_pipeline(s->redis, &read, err) != 0)
            return -1;
        put_plan(p);
        jl_redis_work write = {.self = p, .n = p->steps, .once = true, .ask = put_write_ask, .take = put_write_take};
        int rc = jl_redis_pipeline(s->redis, &write, &lost);
        losses = put_settle(p) ? rc : losses + rc;
        if (rc < 0 || losses >= LOSSES) {
            *err = lost;
            return -1;
        }
    }
    return 0;
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
    if (!s->generation[0])
        return 1; /* lost between two commands */
    char generation[sizeof s->generation];
    memcpy(generation, s->generation, sizeof generation);
    if (put_all(p, err) != 0 || store_generation(s, err) != 0)
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
        jl_buf_free(&p.part[c].args.bytes);
    jl_buf_free(&p.entries);
    if (rc == 1)
        return jl_err_set(err, JL_UNAVAILABLE, "%s: %s is dropped, or evicted, again and again",
                          jl_redis_name(s->redis), s->meta);
    if (rc != 0)
        return -1;
    jl_put_report(s->state, n, outcome, counts);
    return 0;
}

/* ---- walk, stat ---- */

struct walking {
    struct store *s;
    int (*bucket)(void *self, uint32_t number, const unsigned char *entries, size_t n, jl_err *err);
    void *self;
    int ended; /* what `bucket` has returned */
};

/* Command i reads CHUNK_BUCKETS buckets. */
static int walk_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct walking *w = self;
    const struct store *s = w->s;
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
    const struct store *s = w->s;
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
    jl_redis_work work = {.self = &w, .n = JL_BUCKETS / CHUNK_BUCKETS, .ask = walk_ask, .take = walk_take};
    if (jl_redis_pipeline(s->redis, &work, err) != 0 || store_generation(s, err) != 0)
        return w.ended ? w.ended : -1;
    return s->changed ? jl_err_set(err, JL_TEMPFAIL, "%s: %s was dropped meanwhile", jl_redis_name(s->redis), s->meta)
                      : 0;
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
    char ended[40];      /* the generation that was current; "" = none was */
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

static int retire_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct dropping *d = self;
    jl_span old = jl_redis_text(reply);
    (void)i;
    (void)err;
    if (old.n && old.n < sizeof d->ended)
        (void)snprintf(d->ended, sizeof d->ended, "%.*s", (int)old.n, old.p);
    return 0;
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

static int drop_once(struct dropping *d, uint64_t *entries, jl_err *err) {
    struct store *s = d->s;
    jl_redis_work end = {.self = d, .n = 1, .script = &retire, .ask = retire_ask, .take = retire_take};
    jl_redis_work forget = {.self = d, .n = 1, .ask = forget_ask, .take = take_nothing};
    jl_redis_work next = {.self = d, .n = 1, .ask = next_ask, .take = next_take};
    if (jl_redis_pipeline(s->redis, &end, err) != 0 || jl_redis_pipeline(s->redis, &forget, err) != 0 ||
        jl_redis_pipeline(s->redis, &next, err) != 0)
        return -1;
    while (d->generation[0]) {
        jl_store_stat had = {0};
        jl_err uncounted = {0}; /* what is damaged goes too */
        jl_redis_work remove = {.self = d, .n = GROUPS + 1, .ask = remove_ask, .take = take_nothing};
        if (store_measure(s, d->generation, JL_BUCKETS, &had, &uncounted) != 0 && uncounted.class != JL_CONFIG) {
            *err = uncounted;
            return -1;
        }
        if (jl_redis_pipeline(s->redis, &remove, err) != 0 || jl_redis_pipeline(s->redis, &next, err) != 0)
            return -1;
        *entries += had.entries;
    }
    return 0;
}

static int store_drop(jl_store *base, uint64_t *entries, jl_err *err) {
    struct store *s = (struct store *)base;
    *entries = 0;
    for (int moves = 0; moves < MOVES; moves++) {
        struct dropping d = {.s = s};
        if (drop_once(&d, entries, err) != 0 || store_generation(s, err) != 0)
            return -1;
        /* A replica that took over before it had heard of the end knows the old generation still. */
        if (!d.ended[0] || strcmp(d.ended, s->generation) != 0) {
            s->generation[0] = '\0';
            return 0;
        }
    }
    return jl_err_set(err, JL_UNAVAILABLE, "%s: %s comes back again and again", jl_redis_name(s->redis), s->meta);
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
const jl_store_opener jl_store_redis_cluster = {"redis+cluster", jl_redis_version, store_open};
