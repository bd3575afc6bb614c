/* A ledger as eight keys of a Redis server, which one script works on.

   Keys, all of them on one node of a cluster; PREFIX is jobline:ledger:v1:{PROVIDER}
     PREFIX:account            hash: the settings ("set.NAME"), the same as numbers for the script, sums by period
                               ("spent:PERIOD"), worst cases of live holds by period and reach ("held") and of uncertain
                               ones that reach a later period ("carried"), the breaker, how much the other keys hold, and
                               a digest of what admission depends on ("seal")
     PREFIX:holds              hash: id -> a live or uncertain hold
     PREFIX:leases             sorted set: ids of the live ones by the end of their lease
     PREFIX:users              hash: PERIOD \t USER -> credits spent, \t USER -> worst cases of this user's live holds
     PREFIX:ended:0, :1        hashes: id -> how it ended, by turns of a period, of a month at least
     PREFIX:journal            stream: the entry SEQ has the id SEQ-0
     PREFIX:notices            hash: key -> claimed until, by whom, or told when
   What a call costs does not grow with the number of holds, but for the logarithm of the leases'. It leaves about 400
   bytes in the journal, and 120 in `ended` until the period after the next begins.

   Each operation is one call of the script and may arrive twice: calls are known by the ids of their holds, the others
   by an id made for the purpose. Nothing is written before all is decided, so that a script that fails leaves everything
   as it was.

   The server keeps money, so it has to be set up for it:
     maxmemory-policy noeviction   A key that is evicted takes credits with it. That is noticed (the account's hash says
                                   how many entries the others have) and everything is refused until `credits rebuild`
                                   has made the keys anew from the journal; a lost journal cannot be made anew.
     appendonly yes                Without it a restart loses everything since the last snapshot. When that is
                                   everything, there is no account and all is refused; when it is a part, the ledger goes
                                   on from the snapshot and says less than was spent.
     appendfsync always            loses nothing that was confirmed. With everysec, the default, a machine that dies loses
                                   about the last second (a server that is merely killed loses nothing): what was admitted
                                   in it is spent, but not in the ledger, until `credits sync` has asked the provider.
     replicas                      are behind by what they have not received yet: one that is promoted may lack the last
                                   writes, as with everysec. min-replicas-to-write bounds how many.
   A user of the server with rights of its own needs ~jobline:ledger:v1:* with evalsha, script|load, time, type, del, hget,
   hmget, hset, hmset, hdel, hlen, hkeys, hgetall, zadd, zrem, zcard, zrangebyscore, xadd, xlen, xrange, xrevrange; info,
   for `advice`.

   Noticed is whatever leaves the keys disagreeing with each other. Not noticed is a state that was consistent once: an old
   snapshot that was restored, a replica that was behind; `credits sync` finds it. Of the settings, `advice` tells those
   that INFO shows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/num.h"
#include "gate/ledger.h"
#include "gate/ledger.lua.h"
#include "gate/rules.h"
#include "wire/redis.h"

#define US_NS INT64_C(1000)
#define KEYS 8
#define KEY_SIZE (JL_PROVIDER_MAX + 48)
#define PAGE 500    /* entries of the journal that are read at once */
#define AGAINS 1000 /* changes of the settings by others that a change of ours may meet */
#define FIELDS 11   /* of a hold */
#define NUMBERS_SIZE 512

#define JOURNAL 6 /* among the keys */

static jl_redis_script script = {jl_ledger_lua, ""};

struct ledger {
    jl_ledger base;
    jl_redis *redis;
    char provider[JL_PROVIDER_MAX + 1];
    char key[KEYS][KEY_SIZE];
};

/* ---- one call of the script ---- */

/* Arguments, each with its NUL, one behind the other. `failed`: memory ran out. */
struct args {
    jl_buf text;
    size_t n;
    bool failed;
};

static void add(struct args *a, const char *word) {
    if (jl_buf_add(&a->text, (jl_span){word, strlen(word) + 1}, NULL) != 0)
        a->failed = true;
    a->n++;
}

static void add_number(struct args *a, int64_t number) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    add(a, text);
}

struct call {
    struct ledger *l;
    const struct args *args;
    char status[16], detail[32];
    int (*take)(void *self, const jl_redis_reply *reply, jl_err *err); /* of what is well; NULL: it says no more */
    void *self;
};

static int call_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct call *call = self;
    (void)i;
    if (jl_redis_begin(c, 3 + KEYS + call->args->n, err) != 0 || jl_redis_word(c, "EVALSHA", err) != 0 ||
        jl_redis_word(c, c->script, err) != 0 || jl_redis_number(c, KEYS, err) != 0 ||
        jl_redis_key(c, call->l->key[0], err) != 0)
        return -1;
    for (size_t k = 1; k < KEYS; k++)
        if (jl_redis_word(c, call->l->key[k], err) != 0)
            return -1;
    const char *arg = call->args->text.p;
    for (size_t n = 0; n < call->args->n; n++, arg += strlen(arg) + 1)
        if (jl_redis_word(c, arg, err) != 0)
            return -1;
    return 0;
}

static void copy_text(jl_span text, char *to, size_t size) {
    (void)snprintf(to, size, "%.*s", text.n < size ? (int)text.n : (int)size - 1, text.n ? text.p : "");
}

static int call_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct call *call = self;
    size_t n = jl_redis_count(reply);
    (void)i;
    if (n == 0)
        return jl_err_set(err, JL_SOFTWARE, "%s: the ledger's script says nothing", jl_redis_name(call->l->redis));
    copy_text(jl_redis_text(jl_redis_at(reply, 0)), call->status, sizeof call->status);
    if (n > 1)
        copy_text(jl_redis_text(jl_redis_at(reply, 1)), call->detail, sizeof call->detail);
    bool well = strcmp(call->status, "ok") == 0;
    return well && call->take ? call->take(call->self, reply, err) : 0;
}

static int lost(const struct ledger *l, const char *what, jl_err *err) {
    return jl_err_set(err, JL_CONFIG, "%s: the account %s has lost a part of its state (%s): run credits rebuild",
                      jl_redis_name(l->redis), l->provider, what);
}

static int refuse(const struct call *call, jl_err *err) {
    const struct ledger *l = call->l;
    const char *name = jl_redis_name(l->redis);
    if (strcmp(call->status, "none") == 0)
        return jl_err_set(err, JL_CONFIG,
                          "%s: there is no account %s in this ledger: credits set makes one; if there was one, it has "
                          "been lost",
                          name, l->provider);
    if (strcmp(call->status, "lost") == 0)
        return lost(l, call->detail, err);
    if (strcmp(call->status, "below") == 0)
        return jl_err_set(err, JL_DATA, "%s: what is spent would become less than nothing", name);
    if (strcmp(call->status, "live") == 0)
        return jl_err_set(err, JL_TEMPFAIL, "%s: the anchor cannot be changed while calls are held or in flight", name);
    if (strcmp(call->status, "cost") == 0)
        return jl_err_set(err, JL_USAGE, "the ledger does not have this hold: say what it has cost");
    return jl_err_set(err, JL_SOFTWARE, "%s: the ledger's script says '%s'", name, call->status);
}

/* Frees the arguments. 1: something has changed since they were made. */
static int ledger_call(struct ledger *l, struct args *args,
                       int (*take)(void *self, const jl_redis_reply *reply, jl_err *err), void *self, jl_err *err) {
    struct call call = {.l = l, .args = args, .take = take, .self = self};
    jl_redis_work work = {.self = &call, .n = 1, .script = &script, .ask = call_ask, .take = call_take};
    int rc = args->failed ? jl_err_nomem(err) : jl_redis_pipeline(l->redis, &work, err);
    jl_buf_free(&args->text);
    if (rc != 0 || strcmp(call.status, "ok") == 0)
        return rc;
    return strcmp(call.status, "again") == 0 ? 1 : refuse(&call, err);
}

static int64_t number_at(const jl_redis_reply *reply, size_t i) {
    return i < jl_redis_count(reply) ? jl_redis_integer(jl_redis_at(reply, i)) : 0;
}

static jl_span text_at(const jl_redis_reply *reply, size_t i) {
    return i < jl_redis_count(reply) ? jl_redis_text(jl_redis_at(reply, i)) : (jl_span){NULL, 0};
}

/* Of an operation that is about no hold: known by an id of its own. */
static int add_once(struct args *args, const char *operation, jl_err *err) {
    char id[JL_HOLD_ID_SIZE];
    if (jl_hold_id(id, err) != 0)
        return -1;
    add(args, operation);
    add(args, id);
    return 0;
}

static int64_t us_of(int64_t ns) {
    return ns < 0 ? -1 : (ns + US_NS - 1) / US_NS;
}

static int64_t ns_of(int64_t us) {
    return us < 0 ? -1 : us < INT64_MAX / US_NS ? us * US_NS : INT64_MAX;
}

/* ---- reserve, send, settle ---- */

static int reserve_take(void *self, const jl_redis_reply *reply, jl_err *err) {
    jl_admission *a = self;
    (void)err;
    *a = (jl_admission){.refusal = (jl_refusal)number_at(reply, 1),
                        .wait = ns_of(number_at(reply, 2)),
                        .normal = number_at(reply, 3),
                        .worst = number_at(reply, 4),
                        .committed = number_at(reply, 5),
                        .budget = number_at(reply, 6),
                        .probe = number_at(reply, 7) != 0};
    copy_text(text_at(reply, 8), a->period, sizeof a->period);
    return 0;
}

static int ledger_reserve(jl_ledger *base, const jl_reserve *r, jl_admission *a, jl_err *err) {
    struct args args = {0};
    if (jl_rules_check_reserve(r, err) != 0)
        return -1;
    add(&args, "reserve");
    add(&args, r->id);
    add(&args, r->endpoint);
    add(&args, r->user);
    add_number(&args, r->cost);
    add(&args, r->priority ? "1" : "0");
    return ledger_call((struct ledger *)base, &args, reserve_take, a, err);
}

static int send_take(void *self, const jl_redis_reply *reply, jl_err *err) {
    int64_t *lease = self;
    (void)err;
    *lease = ns_of(number_at(reply, 1));
    return 0;
}

static int ledger_send(jl_ledger *base, const char *id, int64_t *lease, jl_err *err) {
    struct args args = {0};
    if (jl_rules_check_id(id, err) != 0)
        return -1;
    add(&args, "send");
    add(&args, id);
    return ledger_call((struct ledger *)base, &args, send_take, lease, err);
}

static jl_hold_state state_of(jl_span name) {
    for (jl_hold_state s = JL_HOLD_RESERVED; s <= JL_HOLD_VOID; s++)
        if (jl_span_eq(name, jl_span_of(jl_hold_state_name(s))))
            return s;
    return JL_HOLD_NONE;
}

static int settle_take(void *self, const jl_redis_reply *reply, jl_err *err) {
    jl_settled *s = self;
    (void)err;
    *s = (jl_settled){.before = state_of(text_at(reply, 1)),
                      .now = state_of(text_at(reply, 2)),
                      .charged = number_at(reply, 3),
                      .lost = number_at(reply, 4) != 0};
    return 0;
}

static int ledger_settle(jl_ledger *base, const jl_settle *s, jl_settled *result, jl_err *err) {
    static const char *const outcome[] = {"well", "failed", "neutral", "quota"};
    struct args args = {0};
    if (jl_rules_check_settle(s, err) != 0)
        return -1;
    add(&args, "settle");
    add(&args, s->id);
    add(&args, jl_hold_state_name(s->to));
    add_number(&args, s->cost);
    add(&args, outcome[s->outcome <= JL_CALL_QUOTA ? s->outcome : JL_CALL_NEUTRAL]);
    add(&args, s->by);
    add(&args, s->endpoint);
    add(&args, s->user);
    add_number(&args, s->worst);
    return ledger_call((struct ledger *)base, &args, settle_take, result, err);
}

/* ---- settings as they are kept ---- */

/* The settings as the script wants them, times in microseconds, the rate as the time between two calls. */
static void numbers_of(const jl_settings *s, char text[NUMBERS_SIZE]) {
    int64_t interval = 0;
    if (s->rate > 0) {
        interval = (int64_t)(1e6 / s->rate);
        interval += (double)interval * s->rate < 1e6;
    }
    (void)snprintf(text, NUMBERS_SIZE,
                   "%" PRId64 " %d %d %" PRId64 " %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
                   " %d %d %d %d %" PRId64 " %d",
                   s->budget, s->anchor, s->concurrency, interval, s->burst, us_of(s->timeout), us_of(s->grace),
                   us_of(s->hold), s->user_cap, s->priority_share, s->breaker_rate, s->breaker_window, s->breaker_calls,
                   us_of(s->breaker_cooldown), s->breaker_probes);
}

/* What is no setting is passed over. */
static int take_setting(const char *server, jl_settings *s, jl_span field, jl_span value, jl_err *err) {
    const jl_span set = JL_SPAN("set.");
    char change[JL_NOTE_MAX + 1];
    jl_err why = {0};
    if (field.n <= set.n || memcmp(field.p, set.p, set.n) != 0)
        return 0;
    (void)snprintf(change, sizeof change, "%.*s=%.*s", (int)(field.n - set.n), field.p + set.n, (int)value.n,
                   value.n ? value.p : "");
    if (jl_account_set(s, change, &why) == 0)
        return 0;
    return jl_err_set(err, JL_CONFIG, "%s: a setting that this version does not know: %s", server, why.text);
}

/* Of the account's hash. The script goes by the numbers: they must be what the settings say. */
static int take_settings(const struct ledger *l, jl_settings *s, const jl_redis_reply *fields, jl_err *err) {
    char numbers[NUMBERS_SIZE];
    jl_span kept = {NULL, 0};
    jl_account_default(s);
    for (size_t i = 0; i + 1 < jl_redis_count(fields); i += 2) {
        jl_span field = text_at(fields, i), value = text_at(fields, i + 1);
        if (jl_span_eq(field, JL_SPAN("numbers")))
            kept = value;
        if (take_setting(jl_redis_name(l->redis), s, field, value, err) != 0)
            return -1;
    }
    numbers_of(s, numbers);
    return jl_span_eq(kept, jl_span_of(numbers)) ? 0 : lost(l, "settings", err);
}

/* ---- look ---- */

struct looking {
    const struct ledger *l;
    jl_account *a;
    int64_t now; /* us */
    char previous[JL_PERIOD_SIZE];
};

static int64_t whole(jl_span text) {
    uint64_t n;
    bool negative = text.n && text.p[0] == '-';
    if (negative)
        text = (jl_span){text.p + 1, text.n - 1};
    if (jl_num_u64(text, 0, INT64_MAX, &n, NULL) != 0)
        return 0;
    return negative ? -(int64_t)n : (int64_t)n;
}

/* Grows for one more. */
static void *one_more(void *list, size_t n, size_t size, jl_err *err) {
    if (n & (n - 1) && n)
        return list;
    void *more = realloc(list, (n ? 2 * n : 1) * size);
    if (!more)
        (void)jl_err_nomem(err);
    return more;
}

static int look_sum(jl_account *a, jl_span period, jl_span user, int64_t spent, jl_err *err) {
    jl_period_sum *more = one_more(a->sum, a->sums, sizeof *more, err);
    if (!more)
        return -1;
    a->sum = more;
    jl_period_sum *sum = &a->sum[a->sums++];
    copy_text(period, sum->period, sizeof sum->period);
    copy_text(user, sum->user, sizeof sum->user);
    sum->spent = spent;
    if (user.n == 0 && strcmp(sum->period, a->period) == 0)
        a->spent = spent;
    return 0;
}

static void look_breaker(const struct looking *k, jl_span field, jl_span value) {
    jl_account *a = k->a;
    if (jl_span_eq(field, JL_SPAN("breaker"))) {
        a->breaker = jl_span_eq(value, JL_SPAN("open"))        ? JL_BREAKER_OPEN
                     : jl_span_eq(value, JL_SPAN("half-open")) ? JL_BREAKER_HALF_OPEN
                                                               : JL_BREAKER_CLOSED;
    } else if (jl_span_eq(field, JL_SPAN("why"))) {
        a->why = jl_span_eq(value, JL_SPAN("quota"))    ? JL_OPEN_QUOTA
                 : jl_span_eq(value, JL_SPAN("person")) ? JL_OPEN_PERSON
                                                        : JL_OPEN_FAILURES;
    } else if (jl_span_eq(field, JL_SPAN("cooled"))) {
        int64_t at = whole(value);
        a->breaker_wait = at < 0 ? -1 : at > k->now ? ns_of(at - k->now) : 0;
    } else if (jl_span_eq(field, JL_SPAN("well"))) {
        a->probes_well = (uint32_t)whole(value);
    }
}

static int look_field(const struct looking *k, jl_span field, jl_span value, jl_err *err) {
    const jl_span spent = JL_SPAN("spent:");
    if (field.n > spent.n && memcmp(field.p, spent.p, spent.n) == 0)
        return look_sum(k->a, (jl_span){field.p + spent.n, field.n - spent.n}, (jl_span){NULL, 0}, whole(value), err);
    if (jl_span_eq(field, JL_SPAN("seq")))
        k->a->seq = (uint64_t)whole(value);
    else
        look_breaker(k, field, value);
    return 0;
}

static void look_window(jl_account *a, const jl_redis_reply *fields) {
    jl_breaker b = {0};
    for (size_t i = 0; i + 1 < jl_redis_count(fields); i += 2)
        if (jl_span_eq(text_at(fields, i), JL_SPAN("window")))
            copy_text(text_at(fields, i + 1), b.window, sizeof b.window);
    jl_breaker_count(&b, &a->settings, &a->calls, &a->failures);
    if (a->breaker != JL_BREAKER_OPEN)
        a->breaker_wait = 0;
}

static void cut_fields(jl_span text, jl_span field[FIELDS]) {
    for (size_t i = 0; i < FIELDS; i++) {
        const char *tab = text.n && i + 1 < FIELDS ? memchr(text.p, '\t', text.n) : NULL;
        field[i] = (jl_span){text.p, tab ? (size_t)(tab - text.p) : text.n};
        text = tab ? (jl_span){tab + 1, text.n - field[i].n - 1} : (jl_span){NULL, 0};
    }
}

static bool has_word(jl_span flags, const char *word) {
    return flags.n >= strlen(word) && memmem(flags.p, flags.n, word, strlen(word));
}

/* Adds it to the sums of the current period that it belongs to. */
static void count_hold(jl_account *a, const jl_hold *h) {
    int order = strcmp(h->period, a->period);
    if (h->state != JL_HOLD_UNCERTAIN) {
        a->live++;
        a->held += h->worst;
    } else {
        a->carried += order < 0 && strcmp(h->reach, a->period) >= 0 ? h->worst : 0;
        a->uncertain += order == 0 ? h->worst : 0;
    }
}

static int look_hold(const struct looking *k, jl_span id, jl_span text, jl_err *err) {
    jl_account *a = k->a;
    jl_span f[FIELDS];
    jl_hold *more = one_more(a->hold, a->holds, sizeof *more, err);
    if (!more)
        return -1;
    a->hold = more;
    jl_hold *h = &a->hold[a->holds++];
    cut_fields(text, f);
    *h = (jl_hold){.state = (int)state_of(f[0]),
                   .priority = has_word(f[1], "priority"),
                   .probe = has_word(f[1], "probe"),
                   .normal = whole(f[2]),
                   .worst = whole(f[3])};
    int64_t age = k->now - whole(f[4]), lease = whole(f[5]) - k->now;
    h->age = age > 0 ? ns_of(age) : 0;
    h->lease = h->state != JL_HOLD_UNCERTAIN && lease > 0 ? ns_of(lease) : 0;
    copy_text(id, h->id, sizeof h->id);
    copy_text(f[6], h->period, sizeof h->period);
    copy_text(f[7], h->reach, sizeof h->reach);
    copy_text(f[9], h->endpoint, sizeof h->endpoint);
    copy_text(f[10], h->user, sizeof h->user);
    count_hold(a, h);
    return 0;
}

static int look_user(const struct looking *k, jl_span field, jl_span value, jl_err *err) {
    const char *tab = field.n ? memchr(field.p, '\t', field.n) : NULL;
    if (!tab || tab == field.p)
        return 0;
    size_t n = (size_t)(tab - field.p);
    if (jl_span_cmp((jl_span){field.p, n}, jl_span_of(k->previous)) < 0)
        return 0;
    return look_sum(k->a, (jl_span){field.p, n}, (jl_span){tab + 1, field.n - n - 1}, whole(value), err);
}

static int by_age(const void *a, const void *b) {
    const jl_hold *one = a, *other = b;
    int older = (one->age < other->age) - (one->age > other->age);
    return older ? older : strcmp(one->id, other->id);
}

static int by_period(const void *a, const void *b) {
    const jl_period_sum *one = a, *other = b;
    int order = strcmp(one->period, other->period);
    return order ? order : strcmp(one->user, other->user);
}

/* Reply: ok, now, period, next, and three hashes. */
static int look_take(void *self, const jl_redis_reply *reply, jl_err *err) {
    struct looking *k = self;
    jl_account *a = k->a;
    if (jl_redis_count(reply) != 7)
        return jl_err_set(err, JL_SOFTWARE, "%s: the ledger's script says too little", jl_redis_name(k->l->redis));
    const jl_redis_reply *fields = jl_redis_at(reply, 4), *holds = jl_redis_at(reply, 5),
                         *users = jl_redis_at(reply, 6);
    k->now = number_at(reply, 1);
    a->now_ms = k->now / 1000;
    copy_text(text_at(reply, 2), a->period, sizeof a->period);
    copy_text(text_at(reply, 3), a->next, sizeof a->next);
    if (take_settings(k->l, &a->settings, fields, err) != 0)
        return -1;
    for (size_t i = 0; i + 1 < jl_redis_count(fields); i += 2)
        if (look_field(k, text_at(fields, i), text_at(fields, i + 1), err) != 0)
            return -1;
    look_window(a, fields);
    jl_period_of(jl_period_start(a->period) - 1, a->settings.anchor, k->previous);
    for (size_t i = 0; i + 1 < jl_redis_count(holds); i += 2)
        if (look_hold(k, text_at(holds, i), text_at(holds, i + 1), err) != 0)
            return -1;
    for (size_t i = 0; i + 1 < jl_redis_count(users); i += 2)
        if (look_user(k, text_at(users, i), text_at(users, i + 1), err) != 0)
            return -1;
    if (a->holds)
        qsort(a->hold, a->holds, sizeof *a->hold, by_age);
    if (a->sums)
        qsort(a->sum, a->sums, sizeof *a->sum, by_period);
    return 0;
}

static int ledger_look(jl_ledger *base, jl_account *a, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    struct args args = {0};
    struct looking k = {.l = l, .a = a};
    *a = (jl_account){0};
    add(&args, "look");
    int rc = ledger_call(l, &args, look_take, &k, err);
    if (rc != 0)
        jl_account_free(a);
    return rc;
}

/* ---- settings ---- */

struct known {
    const struct ledger *l;
    jl_settings *settings;
    uint64_t version; /* of the settings; 0: there are none */
};

/* Reply: ok, version, the account's hash. */
static int settings_take(void *self, const jl_redis_reply *reply, jl_err *err) {
    struct known *k = self;
    if (jl_redis_count(reply) != 3)
        return jl_err_set(err, JL_SOFTWARE, "%s: the ledger's script says too little", jl_redis_name(k->l->redis));
    k->version = (uint64_t)number_at(reply, 1);
    return take_settings(k->l, k->settings, jl_redis_at(reply, 2), err);
}

static int ask_settings(struct ledger *l, jl_settings *s, uint64_t *version, jl_err *err) {
    struct args args = {0};
    struct known k = {.l = l, .settings = s};
    add(&args, "settings");
    int rc = ledger_call(l, &args, settings_take, &k, err);
    *version = k.version;
    return rc;
}

static int ledger_settings(jl_ledger *base, jl_settings *settings, jl_err *err) {
    uint64_t version;
    return ask_settings((struct ledger *)base, settings, &version, err);
}

/* ---- set ---- */

static int add_setting(void *self, const char *name, const char *value, jl_err *err) {
    (void)err;
    add(self, name);
    add(self, value);
    return 0;
}

static int add_change(void *self, const char *name, const char *value, jl_err *err) {
    char change[JL_NOTE_MAX + 1];
    (void)err;
    (void)snprintf(change, sizeof change, "%s=%s", name, value);
    add(self, change);
    return 0;
}

/* `changes` are those that the journal gets. */
static int send_settings(struct ledger *l, const jl_settings *s, uint64_t version, const struct args *changes,
                         jl_err *err) {
    struct args args = {0};
    char numbers[NUMBERS_SIZE];
    numbers_of(s, numbers);
    if (add_once(&args, "set", err) != 0)
        return -1;
    add_number(&args, (int64_t)version);
    add(&args, numbers);
    add_number(&args, (int64_t)changes->n);
    args.failed = args.failed || changes->failed || jl_buf_add(&args.text, jl_buf_span(&changes->text), NULL) != 0;
    args.n += changes->n;
    (void)jl_account_each(s, add_setting, &args, err);
    return ledger_call(l, &args, NULL, NULL, err);
}

/* What the account has now, or is born with and the journal then begins with. Where a part is lost the script says so. */
static int old_settings(struct ledger *l, jl_settings *s, uint64_t *version, struct args *changes, jl_err *err) {
    jl_err why = {0};
    if (ask_settings(l, s, version, &why) == 0)
        return 0;
    if (why.class != JL_CONFIG || *version) {
        *err = why;
        return -1;
    }
    jl_account_default(s);
    return jl_account_each(s, add_change, changes, err);
}

static int set_once(struct ledger *l, const char *const *change, size_t n, jl_err *err) {
    struct args changes = {0};
    jl_settings s;
    uint64_t version;
    int rc = old_settings(l, &s, &version, &changes, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = jl_account_set(&s, change[i], err);
        add(&changes, change[i]);
    }
    if (rc == 0)
        rc = send_settings(l, &s, version, &changes, err);
    jl_buf_free(&changes.text);
    return rc;
}

static int ledger_set(jl_ledger *base, const char *const *change, size_t n, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    for (size_t i = 0; i < n; i++)
        if (jl_rules_check_note(change[i], err) != 0)
            return -1;
    int rc = 1;
    for (int agains = 0; rc == 1 && agains < AGAINS; agains++)
        rc = set_once(l, change, n, err);
    return rc != 1 ? rc
                   : jl_err_set(err, JL_UNAVAILABLE, "%s: others change the settings again and again",
                                jl_redis_name(l->redis));
}

/* ---- by hand ---- */

static int ledger_adjust(jl_ledger *base, int64_t credits, const char *note, jl_err *err) {
    struct args args = {0};
    if (jl_rules_check_note(note, err) != 0)
        return -1;
    if (credits > JL_CREDITS_MAX || credits < -JL_CREDITS_MAX)
        return jl_err_set(err, JL_USAGE, "%" PRId64 " credits are more than an account can have", credits);
    if (add_once(&args, "adjust", err) != 0)
        return -1;
    add_number(&args, credits);
    add(&args, note);
    return ledger_call((struct ledger *)base, &args, NULL, NULL, err);
}

static int ledger_breaker(jl_ledger *base, bool open, int64_t open_for, jl_err *err) {
    struct args args = {0};
    if (add_once(&args, "breaker", err) != 0)
        return -1;
    add(&args, open ? "1" : "0");
    add_number(&args, open_for > 0 ? us_of(open_for) : 0);
    return ledger_call((struct ledger *)base, &args, NULL, NULL, err);
}

/* ---- notices ---- */

static int claim_take(void *self, const jl_redis_reply *reply, jl_err *err) {
    int *mine = self;
    (void)err;
    *mine = (int)number_at(reply, 1);
    return 0;
}

static int ledger_claim(jl_ledger *base, const char *key, int64_t lease, jl_err *err) {
    struct args args = {0};
    int mine = 0;
    if (jl_rules_check_key(key, err) != 0 || add_once(&args, "claim", err) != 0)
        return -1;
    add(&args, key);
    add_number(&args, us_of(lease));
    return ledger_call((struct ledger *)base, &args, claim_take, &mine, err) == 0 ? mine : -1;
}

static int ledger_told(jl_ledger *base, const char *key, bool done, jl_err *err) {
    struct args args = {0};
    if (jl_rules_check_key(key, err) != 0)
        return -1;
    add(&args, "told");
    add(&args, key);
    add(&args, done ? "1" : "0");
    return ledger_call((struct ledger *)base, &args, NULL, NULL, err);
}

/* ---- the journal ---- */

struct reading {
    const struct ledger *l;
    uint64_t next, last; /* entries */
    int (*each)(void *self, const jl_event *e, jl_err *err);
    void *self;
};

static uint64_t entry_number(jl_span id) {
    const char *dash = id.n ? memchr(id.p, '-', id.n) : NULL;
    return dash ? (uint64_t)whole((jl_span){id.p, (size_t)(dash - id.p)}) : 0;
}

static int last_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct reading *r = self;
    (void)i;
    return jl_redis_begin(c, 6, err) == 0 && jl_redis_word(c, "XREVRANGE", err) == 0 &&
                   jl_redis_key(c, r->l->key[JOURNAL], err) == 0 && jl_redis_word(c, "+", err) == 0 &&
                   jl_redis_word(c, "-", err) == 0 && jl_redis_word(c, "COUNT", err) == 0
               ? jl_redis_word(c, "1", err)
               : -1;
}

static int last_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct reading *r = self;
    (void)i;
    (void)err;
    r->last = jl_redis_count(reply) ? entry_number(text_at(jl_redis_at(reply, 0), 0)) : 0;
    return 0;
}

static int page_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct reading *r = self;
    char from[32], to[32];
    (void)i;
    (void)snprintf(from, sizeof from, "%" PRIu64 "-0", r->next);
    (void)snprintf(to, sizeof to, "%" PRIu64 "-0", r->last);
    c->expected = (size_t)PAGE * 300;
    return jl_redis_begin(c, 6, err) == 0 && jl_redis_word(c, "XRANGE", err) == 0 &&
                   jl_redis_key(c, r->l->key[JOURNAL], err) == 0 && jl_redis_word(c, from, err) == 0 &&
                   jl_redis_word(c, to, err) == 0 && jl_redis_word(c, "COUNT", err) == 0
               ? jl_redis_number(c, PAGE, err)
               : -1;
}

static jl_event_kind kind_of(jl_span name) {
    for (jl_event_kind k = JL_EVENT_SET; k <= JL_EVENT_REBUILD; k++)
        if (jl_span_eq(name, jl_span_of(jl_event_name(k))))
            return k;
    return 0;
}

/* Texts of one entry, each with its NUL. */
struct texts {
    char id[JL_HOLD_ID_SIZE], endpoint[JL_ENDPOINT_MAX + 1], user[JL_USER_MAX + 1];
    char period[JL_PERIOD_SIZE], reach[JL_PERIOD_SIZE], note[JL_NOTE_MAX + 1];
};

static void take_field(jl_event *e, struct texts *t, jl_span name, jl_span value) {
    struct {
        const char *name;
        char *to;
        size_t size;
    } text[] = {{"id", t->id, sizeof t->id},          {"endpoint", t->endpoint, sizeof t->endpoint},
                {"user", t->user, sizeof t->user},    {"period", t->period, sizeof t->period},
                {"reach", t->reach, sizeof t->reach}, {"note", t->note, sizeof t->note}};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (jl_span_eq(name, jl_span_of(text[i].name)))
            copy_text(value, text[i].to, text[i].size);
    if (jl_span_eq(name, JL_SPAN("at")))
        e->at_ms = whole(value);
    else if (jl_span_eq(name, JL_SPAN("credits")))
        e->credits = whole(value);
    else if (jl_span_eq(name, JL_SPAN("kind")))
        e->kind = kind_of(value);
}

static int take_entry(struct reading *r, const jl_redis_reply *entry, jl_err *err) {
    struct texts t = {.id = ""};
    jl_event e = {.seq = entry_number(text_at(entry, 0)),
                  .id = t.id,
                  .endpoint = t.endpoint,
                  .user = t.user,
                  .period = t.period,
                  .reach = t.reach,
                  .note = t.note};
    if (jl_redis_count(entry) != 2)
        return jl_err_set(err, JL_CONFIG, "%s: %s holds no journal", jl_redis_name(r->l->redis), r->l->key[JOURNAL]);
    const jl_redis_reply *fields = jl_redis_at(entry, 1);
    for (size_t i = 0; i + 1 < jl_redis_count(fields); i += 2)
        take_field(&e, &t, text_at(fields, i), text_at(fields, i + 1));
    if (!e.kind)
        return jl_err_set(err, JL_CONFIG, "%s: entry %" PRIu64 " of the journal of %s cannot be read",
                          jl_redis_name(r->l->redis), e.seq, r->l->provider);
    r->next = e.seq + 1;
    return r->each(r->self, &e, err);
}

static int page_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct reading *r = self;
    uint64_t before = r->next;
    (void)i;
    for (size_t n = 0; n < jl_redis_count(reply); n++)
        if (take_entry(r, jl_redis_at(reply, n), err) != 0)
            return -1;
    if (r->next == before)
        r->next = r->last + 1;
    return 0;
}

/* Hands out the journal of an account of which parts are lost, too: that is what it is made anew from. Entries that are
   missing leave a gap. */
static int ledger_journal(jl_ledger *base, uint64_t from, int (*each)(void *self, const jl_event *e, jl_err *err),
                          void *self, jl_err *err) {
    struct ledger *l = (struct ledger *)base;
    struct reading r = {.l = l, .next = from, .each = each, .self = self};
    struct args args = {0};
    jl_err why = {0};
    add(&args, "settings");
    if (ledger_call(l, &args, NULL, NULL, &why) != 0 && why.class != JL_CONFIG) {
        *err = why;
        return -1;
    }
    jl_redis_work last = {.self = &r, .n = 1, .ask = last_ask, .take = last_take};
    if (jl_redis_pipeline(l->redis, &last, err) != 0)
        return -1;
    if (r.last == 0) {
        *err = why;
        return why.class ? -1 : 0;
    }
    while (r.next <= r.last)
        if (jl_redis_pipeline(l->redis, &(jl_redis_work){.self = &r, .n = 1, .ask = page_ask, .take = page_take},
                              err) != 0)
            return -1;
    return 0;
}

/* ---- restore ---- */

static void add_hold(struct args *args, const jl_hold *h) {
    char text[512];
    bool both = h->priority && h->probe;
    (void)snprintf(text, sizeof text,
                   "%s\t%s%s%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s\t%s\t%" PRId64 "\t%s\t%s",
                   jl_hold_state_name((jl_hold_state)h->state), h->priority ? "priority" : "", both ? " " : "",
                   h->probe ? "probe" : "", h->normal, h->worst, h->age > 0 ? us_of(h->age) : 0,
                   h->lease > 0 ? us_of(h->lease) : 0, h->period, h->reach,
                   h->state == (int)JL_HOLD_UNCERTAIN ? h->worst : 0, h->endpoint, h->user);
    add(args, h->id);
    add(args, text);
}

static void add_ended(struct args *args, const jl_ended *e) {
    char text[64];
    (void)snprintf(text, sizeof text, "%s\t%" PRId64 "\t%s", jl_hold_state_name((jl_hold_state)e->state), e->charged,
                   e->period);
    add(args, e->id);
    add(args, text);
}

/* Which calls of the window have failed, the account does not say: the newest, so that they count the longest. */
static void add_breaker(struct args *args, const jl_account *a) {
    static const char *const state[] = {"closed", "open", "half-open"}, *const why[] = {"failures", "quota", "person"};
    char window[JL_WINDOW_MAX + 1];
    size_t calls = a->calls < JL_WINDOW_MAX ? a->calls : JL_WINDOW_MAX;
    size_t failures = a->failures < calls ? a->failures : calls;
    memset(window, '+', calls - failures);
    memset(window + (calls - failures), '-', failures);
    window[calls] = '\0';
    add(args, state[a->breaker]);
    add(args, why[a->why]);
    add_number(args, a->breaker_wait < 0 ? -1 : us_of(a->breaker_wait));
    add(args, window);
    add_number(args, a->probes_well);
}

static int ledger_restore(jl_ledger *base, const jl_account *a, jl_err *err) {
    struct args args = {0};
    char numbers[NUMBERS_SIZE];
    numbers_of(&a->settings, numbers);
    add(&args, "restore");
    add_number(&args, (int64_t)a->seq);
    add(&args, numbers);
    add_breaker(&args, a);
    add_number(&args, (int64_t)a->holds);
    add_number(&args, (int64_t)a->endings);
    add_number(&args, (int64_t)a->sums);
    for (size_t i = 0; i < a->holds; i++)
        add_hold(&args, &a->hold[i]);
    for (size_t i = 0; i < a->endings; i++)
        add_ended(&args, &a->ended[i]);
    for (size_t i = 0; i < a->sums; i++) {
        add(&args, a->sum[i].period);
        add(&args, a->sum[i].user);
        add_number(&args, a->sum[i].spent);
    }
    (void)jl_account_each(&a->settings, add_setting, &args, err);
    return ledger_call((struct ledger *)base, &args, NULL, NULL, err);
}

/* ---- advice ---- */

struct advising {
    struct ledger *l;
    bool evicts, bounded, forgets;
};

static int info_ask(void *self, size_t i, jl_redis_command *c, jl_err *err) {
    const struct advising *v = self;
    jl_redis_near(c, v->l->key[0]);
    return jl_redis_begin(c, 2, err) == 0 && jl_redis_word(c, "INFO", err) == 0
               ? jl_redis_word(c, i == 0 ? "memory" : "persistence", err)
               : -1;
}

/* Each line is NAME:VALUE and CR LF. */
static jl_span info_value(jl_span text, const char *name) {
    const char *at = text.n ? memmem(text.p, text.n, name, strlen(name)) : NULL;
    if (!at)
        return (jl_span){NULL, 0};
    at += strlen(name);
    size_t left = (size_t)(text.p + text.n - at);
    const char *end = memchr(at, '\r', left);
    return (jl_span){at, end ? (size_t)(end - at) : left};
}

static int info_take(void *self, size_t i, const jl_redis_reply *reply, jl_err *err) {
    struct advising *v = self;
    jl_span text = jl_redis_text(reply);
    (void)err;
    if (i == 0) {
        jl_span policy = info_value(text, "\nmaxmemory_policy:");
        v->evicts = policy.n && !jl_span_eq(policy, JL_SPAN("noeviction"));
        v->bounded = whole(info_value(text, "\nmaxmemory:")) > 0;
    } else {
        v->forgets = jl_span_eq(info_value(text, "\naof_enabled:"), JL_SPAN("0"));
    }
    return 0;
}

static const char *ledger_advice(jl_ledger *base) {
    struct advising v = {.l = (struct ledger *)base};
    jl_redis_work work = {.self = &v, .n = 2, .ask = info_ask, .take = info_take};
    jl_err ignored = {0};
    if (jl_redis_pipeline(v.l->redis, &work, &ignored) != 0)
        return NULL;
    bool evicts = v.evicts && v.bounded;
    if (evicts && v.forgets)
        return "this Redis server may evict the ledger's keys and keeps no append-only file: set maxmemory-policy "
               "noeviction and appendonly yes";
    if (evicts)
        return "this Redis server may evict the ledger's keys: set maxmemory-policy noeviction";
    return v.forgets ? "this Redis server keeps no append-only file, so a restart may lose what was spent: set "
                       "appendonly yes"
                     : NULL;
}

/* ---- open, close ---- */

static void ledger_close(jl_ledger *base) {
    struct ledger *l = (struct ledger *)base;
    jl_redis_close(l->redis);
    free(l);
}

static const jl_ledger_ops ops = {.reserve = ledger_reserve,
                                  .send = ledger_send,
                                  .settle = ledger_settle,
                                  .look = ledger_look,
                                  .settings = ledger_settings,
                                  .set = ledger_set,
                                  .adjust = ledger_adjust,
                                  .breaker = ledger_breaker,
                                  .journal = ledger_journal,
                                  .claim = ledger_claim,
                                  .told = ledger_told,
                                  .restore = ledger_restore,
                                  .advice = ledger_advice,
                                  .close = ledger_close};

static jl_ledger *ledger_open(const jl_url *url, const char *provider, int64_t patience, jl_err *err) {
    static const char *const name[KEYS] = {"account", "holds",   "leases",  "users",
                                           "ended:0", "ended:1", "journal", "notices"};
    struct ledger *l = calloc(1, sizeof *l);
    if (!l) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    l->base.ops = &ops;
    (void)snprintf(l->provider, sizeof l->provider, "%s", provider);
    for (size_t i = 0; i < KEYS; i++)
        (void)snprintf(l->key[i], sizeof l->key[i], "jobline:ledger:v1:{%s}:%s", provider, name[i]);
    l->redis = jl_redis_open(url, patience, err);
    if (!l->redis) {
        ledger_close(&l->base);
        return NULL;
    }
    return &l->base;
}

const jl_ledger_opener jl_ledger_redis = {"redis", jl_redis_version, ledger_open};
const jl_ledger_opener jl_ledger_redis_cluster = {"redis+cluster", jl_redis_version, ledger_open};
const jl_ledger_opener jl_ledger_redis_unix = {"redis+unix", jl_redis_version, ledger_open};
