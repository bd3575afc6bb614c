/* What was bought, in a Redis server.

   Keys, both on one node of a cluster, HASH in hex:
     jobline:bought:v1:{HASH}:answer   hash: "at" (ms since 1970), "note", "body"; expires when it may be forgotten
     jobline:bought:v1:{HASH}:claim    string: the owner; expires with its lease
   Times are the server's, by its wall clock; a claim that the server loses, or whose clock is set forward, is taken over
   by whoever asks next, and the same thing is bought twice: once too often, but within the budget. An answer that is
   evicted is bought again.

   Each operation may arrive twice and does no harm then. Kept is what the server has confirmed: how much of that a crash
   may take along is for its `appendfsync` to say. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "gate/kept.h"
#include "gate/kept.lua.h"
#include "wire/redis.h"

#define BODY_EXPECTED ((size_t)64 << 10)
#define VANISHED 8 /* times that an answer may expire between two commands before it gives up */

static jl_redis_script script = {jl_kept_lua, ""};

struct store {
    jl_kept base;
    jl_redis *redis;
    char answer[96], claim[96]; /* keys of the operation at hand */
};

static struct store *store_of(jl_kept *k) {
    return (struct store *)(void *)k;
}

static void name_keys(struct store *s, jl_hash key) {
    (void)snprintf(s->answer, sizeof s->answer, "jobline:bought:v1:{%016" PRIx64 "%016" PRIx64 "}:answer", key.hi,
                   key.lo);
    (void)snprintf(s->claim, sizeof s->claim, "jobline:bought:v1:{%016" PRIx64 "%016" PRIx64 "}:claim", key.hi, key.lo);
}

/* At least one: what expires in no time would be an error to the server. */
static uint64_t ms_of(int64_t ns) {
    return ns < JL_MILLISECOND ? 1 : (uint64_t)(ns / JL_MILLISECOND);
}

static int ask_script(const struct store *s, size_t arguments, jl_redis_command *c, jl_err *err) {
    return jl_redis_begin(c, 5 + arguments, err) == 0 && jl_redis_word(c, "EVALSHA", err) == 0 &&
                   jl_redis_word(c, c->script, err) == 0 && jl_redis_word(c, "2", err) == 0 &&
                   jl_redis_key(c, s->answer, err) == 0
               ? jl_redis_word(c, s->claim, err)
               : -1;
}

/* ---- ask ---- */

/* Two commands that travel together: who has it, and what the answer is, should there be one. */
struct asking {
    struct store *s;
    const char *owner;
    int64_t fresh, lease; /* ns */
    jl_kept_answer *a;
    bool vanished;
};

static int asking_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct asking *k = self;
    if (i == 0)
        return ask_script(k->s, 4, c, err) == 0 && jl_redis_word(c, "ask", err) == 0 &&
                       jl_redis_word(c, k->owner, err) == 0 &&
                       jl_redis_number(c, k->fresh > 0 ? (uint64_t)(k->fresh / JL_MILLISECOND) : 0, err) == 0
                   ? jl_redis_number(c, ms_of(k->lease), err)
                   : -1;
    c->expected = BODY_EXPECTED;
    return jl_redis_begin(c, 5, err) == 0 && jl_redis_word(c, "HMGET", err) == 0 &&
                   jl_redis_key(c, k->s->answer, err) == 0 && jl_redis_word(c, "at", err) == 0 &&
                   jl_redis_word(c, "note", err) == 0
               ? jl_redis_word(c, "body", err)
               : -1;
}

static int take_state(const struct asking *k, const jl_redis_reply *reply, jl_err *err) {
    jl_kept_answer *a = k->a;
    if (jl_redis_count(reply) != 2)
        return jl_err_set(err, JL_SOFTWARE, "%s: the script says nothing", jl_redis_name(k->s->redis));
    jl_span state = jl_redis_text(jl_redis_at(reply, 0));
    int64_t left = jl_redis_integer(jl_redis_at(reply, 1));
    a->state = jl_span_eq(state, JL_SPAN("here"))   ? JL_KEPT_HERE
               : jl_span_eq(state, JL_SPAN("mine")) ? JL_KEPT_MINE
                                                    : JL_KEPT_OTHERS;
    a->wait = a->state == JL_KEPT_OTHERS && left > 0 ? left * JL_MILLISECOND : 0;
    return 0;
}

static int take_answer(struct asking *k, const jl_redis_reply *reply, jl_err *err) {
    jl_kept_answer *a = k->a;
    if (a->state != JL_KEPT_HERE)
        return 0;
    jl_span at = jl_redis_count(reply) == 3 ? jl_redis_text(jl_redis_at(reply, 0)) : (jl_span){NULL, 0};
    k->vanished = at.n == 0;
    if (k->vanished)
        return 0;
    jl_span note = jl_redis_text(jl_redis_at(reply, 1)), body = jl_redis_text(jl_redis_at(reply, 2));
    char text[32];
    (void)snprintf(text, sizeof text, "%.*s", (int)(at.n < sizeof text ? at.n : 0), at.p);
    a->at_ms = strtoll(text, NULL, 10);
    (void)snprintf(a->note, sizeof a->note, "%.*s", (int)(note.n < sizeof a->note ? note.n : 0), note.n ? note.p : "");
    jl_buf_clear(&a->body);
    return jl_buf_reserve(&a->body, body.n + JL_PAD, err) == 0 ? jl_buf_add(&a->body, body, err) : -1;
}

static int asking_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct asking *k = self;
    return i == 0 ? take_state(k, reply, err) : take_answer(k, reply, err);
}

static int store_ask(jl_kept *base, jl_hash key, int64_t fresh, const char *owner, int64_t lease, jl_kept_answer *a,
                     jl_err *err) {
    struct store *s = store_of(base);
    name_keys(s, key);
    for (int tries = 0; tries < VANISHED; tries++) {
        struct asking k = {.s = s, .owner = owner, .fresh = fresh, .lease = lease, .a = a};
        jl_redis_work work = {.self = &k, .n = 2, .script = &script, .ask = asking_ask, .take = asking_take};
        if (jl_redis_pipeline(s->redis, &work, err) != 0)
            return -1;
        if (!k.vanished)
            return 0;
    }
    return jl_err_set(err, JL_UNAVAILABLE, "%s: answers are evicted as soon as they are kept", jl_redis_name(s->redis));
}

/* ---- keep, give back ---- */

struct keeping {
    const struct store *s;
    jl_span body;
    const char *note;
    int64_t keep;      /* ns */
    const char *owner; /* who gives it back; NULL: it is kept */
};

static int keeping_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct keeping *k = self;
    (void)i;
    if (k->owner)
        return ask_script(k->s, 2, c, err) == 0 && jl_redis_word(c, "give_back", err) == 0
                   ? jl_redis_word(c, k->owner, err)
                   : -1;
    return ask_script(k->s, 4, c, err) == 0 && jl_redis_word(c, "keep", err) == 0 &&
                   jl_redis_number(c, ms_of(k->keep), err) == 0 && jl_redis_word(c, k->note, err) == 0
               ? jl_redis_arg(c, k->body.p, k->body.n, err)
               : -1;
}

static int keeping_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    (void)self;
    (void)i;
    (void)reply;
    (void)err;
    return 0;
}

static int store_change(struct store *s, jl_hash key, struct keeping *k, jl_err *err) {
    name_keys(s, key);
    jl_redis_work work = {.self = k, .n = 1, .script = &script, .ask = keeping_ask, .take = keeping_take};
    return jl_redis_pipeline(s->redis, &work, err);
}

static int store_keep(jl_kept *base, jl_hash key, jl_span body, const char *note, int64_t keep, jl_err *err) {
    struct store *s = store_of(base);
    return store_change(s, key, &(struct keeping){.s = s, .body = body, .note = note, .keep = keep}, err);
}

static int store_give_back(jl_kept *base, jl_hash key, const char *owner, jl_err *err) {
    struct store *s = store_of(base);
    return store_change(s, key, &(struct keeping){.s = s, .owner = owner}, err);
}

/* ---- open, close ---- */

static void store_close(jl_kept *base) {
    struct store *s = store_of(base);
    jl_redis_close(s->redis);
    free(s);
}

static const jl_kept_ops ops = {
    .ask = store_ask, .keep = store_keep, .give_back = store_give_back, .close = store_close};

static jl_kept *store_open(const jl_url *url, int64_t patience, jl_err *err) {
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    s->base.ops = &ops;
    s->redis = jl_redis_open(url, patience, err);
    if (!s->redis) {
        store_close(&s->base);
        return NULL;
    }
    return &s->base;
}

const jl_kept_opener jl_kept_redis = {"redis", jl_redis_version, store_open};
const jl_kept_opener jl_kept_redis_cluster = {"redis+cluster", jl_redis_version, store_open};
const jl_kept_opener jl_kept_redis_unix = {"redis+unix", jl_redis_version, store_open};
