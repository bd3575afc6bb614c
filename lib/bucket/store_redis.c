/* Buckets as fields of Redis hashes.

   Keys, MODEL percent-encoded, GENERATION a token that is never made twice:
     jobline:KIND:v1:17:MODEL                    hash: "generation", and "dropped:GENERATION" of those not removed yet
     jobline:KIND:v1:17:MODEL:runs               list: what runs found
     jobline:KIND:v1:17:MODEL:GENERATION:GROUP   hash: bucket & 127, one byte, -> the bucket's entries;
                                                 GROUP = bucket >> 7
   128 fields of a few entries are a listpack, about 15 bytes a pair in a small store where a key for each bucket costs
   90; later the hash is a table of strings that are allocated to their exact size, for they are set as a whole. The
   keys of the groups have no hash tag, so that they spread over a cluster; no script uses two keys.

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
#define DROPPED "dropped:"
#define MOVES 8 /* generations that may change under one put before it gives up */

/* KEYS: group. ARGV: entry size, fingerprint size, then field, entries, field, entries, … Appends the entries whose
   fingerprints are not there; the reply has one byte for each entry: 0 = added, else the value that is stored, 1 when
   entries have none. The append is safe because the script sees the bucket as it is when it writes it. What costs is
   the bucket, not the entry: a third goes into HMGET, whose values become strings of Lua, a third into HSET. So most
   entries, those of buckets that have none of them, are appended together: a tenth less than one by one. */
static jl_redis_script append = {
    "local size, print = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "local find, sub = string.find, string.sub\n"
    "local fields, news, n = {}, {}, 0\n"
    "for i = 3, #ARGV, 2 do n = n + 1; fields[n] = ARGV[i]; news[n] = ARGV[i + 1] end\n"
    "local stored = redis.call('HMGET', KEYS[1], unpack(fields))\n"
    "local set, s, reply, r = {}, 0, {}, 0\n"
    "for b = 1, n do\n"
    "  local have, new = stored[b] or '', news[b]\n"
    "  if #have % size ~= 0 then return redis.error_reply('DAMAGED bucket in ' .. KEYS[1]) end\n"
    "  local add, known = new, false\n"
    "  for p = 1, #new, size do\n"
    "    local wanted = sub(new, p, p + print - 1)\n"
    "    local at = find(have, wanted, 1, true)\n"
    "    while at and (at - 1) % size ~= 0 do at = find(have, wanted, at + 1, true) end\n"
    "    r = r + 1\n"
    "    if not at then\n"
    "      reply[r] = '\\0'\n"
    "      if known then add = add .. sub(new, p, p + size - 1) end\n"
    "    else\n"
    "      if print == size then reply[r] = '\\1' else reply[r] = sub(have, at + print, at + print) end\n"
    "      if not known then add, known = sub(new, 1, p - 1), true end\n"
    "    end\n"
    "  end\n"
    "  if add ~= '' then set[s + 1] = fields[b]; set[s + 2] = have .. add; s = s + 2 end\n"
    "end\n"
    "if s > 0 then redis.call('HSET', KEYS[1], unpack(set)) end\n"
    "return table.concat(reply)\n",
    ""};

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
    uint32_t *place; /* put: by position in the order, the entry's number in its command */
    size_t place_cap;
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

struct putting {
    struct store *s;
    const jl_hash *key;
    const uint8_t *value;
    uint8_t *outcome; /* may be NULL */
    jl_put_counts counts;
    jl_buf entries; /* of the bucket at hand */
};

/* The entries of one bucket, each fingerprint once; says where each key's entry stands in the command. */
static int put_entries(struct putting *p, size_t at, size_t next, uint32_t *number, jl_err *err) {
    struct store *s = p->s;
    const jl_shape *shape = s->base.shape;
    size_t size = jl_entry_size(shape);
    jl_buf_clear(&p->entries);
    if (jl_buf_reserve(&p->entries, (next - at) * size, err) != 0)
        return -1;
    uint32_t first = *number;
    for (; at < next; at++) {
        jl_order_prefetch(&s->order, at, p->key);
        size_t k = jl_order_index(&s->order, at);
        const unsigned char *all = (const unsigned char *)p->entries.p;
        const unsigned char *found = jl_entries_find(shape, all, p->entries.n, p->key[k]);
        if (found) {
            s->place[at] = first + (uint32_t)((size_t)(found - all) / size);
            continue;
        }
        jl_entry_write(shape, p->key[k], p->value ? p->value[k] : 1, (unsigned char *)p->entries.p + p->entries.n);
        p->entries.n += size;
        s->place[at] = (*number)++;
    }
    return 0;
}

/* The last command reads the generation again. */
static int put_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    struct putting *p = self;
    struct store *s = p->s;
    if (i == s->chunks)
        return ask_generation(s, c, err);
    char key[600];
    group_key(s, s->generation, jl_order_bucket(&s->order, s->chunk[i]) >> FIELD_BITS, key);
    if (jl_redis_begin(c, 6 + 2 * chunk_buckets(s, i), err) != 0 || jl_redis_word(c, "EVALSHA", err) != 0 ||
        jl_redis_word(c, c->script, err) != 0 || jl_redis_word(c, "1", err) != 0 || jl_redis_key(c, key, err) != 0 ||
        jl_redis_number(c, jl_entry_size(s->base.shape), err) != 0 ||
        jl_redis_number(c, s->base.shape->fingerprint, err) != 0)
        return -1;
    uint32_t number = 0;
    for (size_t at = s->chunk[i]; at < s->chunk[i + 1];) {
        size_t next = jl_order_next(&s->order, at);
        if (put_entries(p, at, next, &number, err) != 0 || ask_field(c, jl_order_bucket(&s->order, at), err) != 0 ||
            jl_redis_arg(c, p->entries.p, p->entries.n, err) != 0)
            return -1;
        at = next;
    }
    c->expected = 32 + number;
    return 0;
}

static void put_settle(struct putting *p, size_t k, uint8_t stored, bool added) {
    bool other = p->value && stored != p->value[k];
    uint8_t outcome = added ? JL_PUT_ADDED : other ? JL_PUT_CONFLICT : JL_PUT_PRESENT;
    p->counts.added += outcome == JL_PUT_ADDED;
    p->counts.present += outcome == JL_PUT_PRESENT;
    p->counts.conflicts += outcome == JL_PUT_CONFLICT;
    if (p->outcome)
        p->outcome[k] = outcome;
}

static int put_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct putting *p = self;
    struct store *s = p->s;
    if (i == s->chunks) {
        take_generation(s, jl_redis_text(reply));
        return 0;
    }
    /* What is stored for each entry now, filled in as the added ones pass. Places rise, but for keys that stand twice
       in the batch: those point back to an entry that has passed. */
    jl_buf_clear(&p->entries);
    if (jl_buf_add(&p->entries, jl_redis_text(reply), err) != 0)
        return -1;
    size_t next = 0;
    for (size_t at = s->chunk[i]; at < s->chunk[i + 1]; at++) {
        size_t k = jl_order_index(&s->order, at), place = s->place[at];
        if (place >= p->entries.n)
            return jl_err_set(err, JL_SOFTWARE, "%s: the reply to a put is too short", jl_redis_name(s->redis));
        bool added = place == next && p->entries.p[place] == 0;
        if (added)
            p->entries.p[place] = (char)(p->value ? p->value[k] : 1);
        put_settle(p, k, (uint8_t)p->entries.p[place], added);
        next += place == next;
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
    char generation[sizeof s->generation];
    memcpy(generation, s->generation, sizeof generation);
    p->counts = (jl_put_counts){0};
    jl_redis_work work = {.self = p, .n = s->chunks + 1, .script = &append, .ask = put_ask, .take = put_take};
    if (jl_redis_pipeline(s->redis, &work, err) != 0)
        return -1;
    if (!s->changed)
        return 0;
    struct clearing clearing = {s, generation};
    work = (jl_redis_work){.self = &clearing, .n = s->chunks, .ask = clear_ask, .take = take_nothing};
    return jl_redis_pipeline(s->redis, &work, err) == 0 ? 1 : -1;
}

static int store_put(jl_store *base, const jl_hash *key, const uint8_t *value, uint8_t *outcome, size_t n,
                     jl_put_counts *counts, jl_err *err) {
    struct store *s = (struct store *)base;
    if (n == 0)
        return store_make_generation(s, err);
    uint32_t *place = grown(s->place, &s->place_cap, n, sizeof *place);
    if (!place)
        return jl_err_nomem(err);
    s->place = place;
    if (jl_order_make(&s->order, key, n, err) != 0 || store_chunks(s, err) != 0 ||
        (!s->generation[0] && store_generation(s, err) != 0))
        return -1;
    struct putting p = {.s = s, .key = key, .value = value, .outcome = outcome};
    int rc = 1;
    for (int moves = 0; rc == 1 && moves < MOVES; moves++)
        rc = put_once(&p, err);
    jl_buf_free(&p.entries);
    if (rc == 1)
        return jl_err_set(err, JL_UNAVAILABLE, "%s: %s is dropped, or evicted, again and again",
                          jl_redis_name(s->redis), s->meta);
    counts->added += p.counts.added;
    counts->present += p.counts.present;
    counts->conflicts += p.counts.conflicts;
    return rc;
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
    free(s->place);
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
