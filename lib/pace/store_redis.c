/* A pace as a Redis hash.

     jobline:pace:v1:NAME   "taken": until when the pace is spoken for, "seen": when it was reserved last,
                            both microseconds of the server's clock

   The key goes away when nothing is reserved any more: then its absence says the same. That clock is a wall clock. Set
   back, it counts as having stood still since "seen", so that what is reserved stays as far off as it was; set forward,
   it ends what was reserved before, and the pace is exceeded once, by no more than that. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pace/store.h"
#include "wire/redis.h"

#define MICROSECOND INT64_C(1000)

/* KEYS: the pace. ARGV: the cost. jl_pace_turn on the server's clock; returns the wait. Numbers of this size are written
   with a format, for Lua itself would round them. Servers before 5 want to be told that a script may write behind
   TIME. */
static jl_redis_script turn = {"if redis.replicate_commands then redis.replicate_commands() end\n"
                               "local time = redis.call('TIME')\n"
                               "local now = time[1] * 1000000 + time[2]\n"
                               "local had = redis.call('HMGET', KEYS[1], 'taken', 'seen')\n"
                               "local taken, seen = tonumber(had[1]) or 0, tonumber(had[2]) or now\n"
                               "if now < seen then taken = taken - (seen - now) end\n"
                               "if taken < now then taken = now end\n"
                               "local wait = taken - now\n"
                               "taken = taken + ARGV[1]\n"
                               "redis.call('HMSET', KEYS[1], 'taken', string.format('%.0f', taken),\n"
                               "  'seen', string.format('%.0f', now))\n"
                               "redis.call('PEXPIRE', KEYS[1], string.format('%.0f', (taken - now) / 1000 + 1))\n"
                               "return wait\n",
                               ""};

struct store {
    jl_pace_store base;
    jl_redis *redis;
    char key[32 + JL_PACE_NAME_MAX];
    int64_t cost, wait; /* us, of the reservation at hand */
};

static int turn_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct store *s = self;
    (void)i;
    return jl_redis_begin(c, 5, err) == 0 && jl_redis_word(c, "EVALSHA", err) == 0 &&
                   jl_redis_word(c, c->script, err) == 0 && jl_redis_word(c, "1", err) == 0 &&
                   jl_redis_key(c, s->key, err) == 0
               ? jl_redis_number(c, (uint64_t)s->cost, err)
               : -1;
}

static int turn_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct store *s = self;
    (void)i;
    (void)err;
    s->wait = jl_redis_integer(reply);
    return 0;
}

/* The wait is counted from the arrival of the reply, so that what it took to come is never gained. */
static int store_reserve(jl_pace_store *base, int64_t cost, int64_t *wait, jl_err *err) {
    struct store *s = (struct store *)base;
    jl_redis_work work = {.self = s, .n = 1, .script = &turn, .ask = turn_ask, .take = turn_take};
    s->cost = (cost + MICROSECOND - 1) / MICROSECOND;
    if (jl_redis_pipeline(s->redis, &work, err) != 0)
        return -1;
    *wait = s->wait > 0 ? s->wait * MICROSECOND : 0;
    return 0;
}

static void store_close(jl_pace_store *base) {
    struct store *s = (struct store *)base;
    jl_redis_close(s->redis);
    free(s);
}

static const jl_pace_store_ops ops = {.reserve = store_reserve, .close = store_close};

static jl_pace_store *store_open(const jl_url *url, const char *name, int64_t patience, jl_err *err) {
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    s->base.ops = &ops;
    (void)snprintf(s->key, sizeof s->key, "jobline:pace:v1:%s", name);
    s->redis = jl_redis_open(url, patience, err);
    if (!s->redis) {
        store_close(&s->base);
        return NULL;
    }
    return &s->base;
}

const jl_pace_opener jl_pace_redis = {"redis", jl_redis_version, store_open};
const jl_pace_opener jl_pace_redis_cluster = {"redis+cluster", jl_redis_version, store_open};
const jl_pace_opener jl_pace_redis_unix = {"redis+unix", jl_redis_version, store_open};
