/* The settings of an account as people write them. */
#include "gate/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/near.h"
#include "base/num.h"

#define DAY (86400 * JL_SECOND)
#define LEASE_MOST (2 * DAY) /* three of them are shorter than any period: a hold reaches the next one at most */
#define COOLDOWN_MOST (366 * DAY)
#define RATE_PARTS 1000000 /* a rate has six decimals at most */
#define RATE_LEAST 100     /* of those parts: one call in 10,000 s */
#define RATE_MOST (INT64_C(1000000) * RATE_PARTS)
#define PRICE "price."
#define VALUE_SIZE 64
#define CHANGE_MAX 127

enum kind { CREDITS, WHOLE, DURATION, RATE, ALERTS };

struct setting {
    const char *name;
    enum kind kind;
    size_t at; /* in jl_settings */
    int64_t min, max;
};

/* A new setting has its place in
     account.h         jl_settings, with the list of names above it
     here              this table, and jl_account_default
     ledger_redis.c    numbers_of, and in ledger.lua read_settings at the same place: as a number for the script
     rules.c           whoever decides by it; in ledger.lua again
     books/replay.c    whoever proves that it was kept to
     man/credits.1     for people
   tests/contract/ledger_test.c has a list of all that are kept, ledger_alike_test.c one of values to try. */
#define AT(member) offsetof(jl_settings, member)
static const struct setting table[] = {
    {"budget", CREDITS, AT(budget), 0, JL_CREDITS_MAX},
    {"anchor", WHOLE, AT(anchor), 1, 31},
    {"concurrency", WHOLE, AT(concurrency), 1, 10000},
    {"rate", RATE, AT(rate), 0, RATE_MOST},
    {"burst", WHOLE, AT(burst), 1, 10000},
    {"timeout", DURATION, AT(timeout), JL_MILLISECOND, LEASE_MOST},
    {"grace", DURATION, AT(grace), 0, LEASE_MOST},
    {"hold", DURATION, AT(hold), JL_MILLISECOND, LEASE_MOST},
    {"alerts", ALERTS, AT(alert), 1, 100},
    {"user-cap", CREDITS, AT(user_cap), 0, JL_CREDITS_MAX},
    {"priority-share", WHOLE, AT(priority_share), 0, 100},
    {"breaker-rate", WHOLE, AT(breaker_rate), 1, 100},
    {"breaker-window", WHOLE, AT(breaker_window), 1, 1000},
    {"breaker-calls", WHOLE, AT(breaker_calls), 1, 1000},
    {"breaker-cooldown", DURATION, AT(breaker_cooldown), JL_MILLISECOND, COOLDOWN_MOST},
    {"breaker-probes", WHOLE, AT(breaker_probes), 1, 1000},
};
#define SETTINGS (sizeof table / sizeof *table)

void jl_account_default(jl_settings *s) {
    *s = (jl_settings){.budget = 200000,
                       .anchor = 1,
                       .concurrency = 15,
                       .burst = 1,
                       .timeout = 300 * JL_SECOND,
                       .grace = 30 * JL_SECOND,
                       .hold = 60 * JL_SECOND,
                       .alert = {70, 90},
                       .alerts = 2,
                       .breaker_rate = 50,
                       .breaker_window = 50,
                       .breaker_calls = 10,
                       .breaker_probes = 1,
                       .breaker_cooldown = 60 * JL_SECOND};
}

void jl_account_free(jl_account *a) {
    free(a->hold);
    free(a->sum);
    free(a->ended);
    a->hold = NULL;
    a->sum = NULL;
    a->ended = NULL;
    a->holds = a->sums = a->endings = 0;
}

int64_t jl_account_committed(const jl_account *a) {
    return a->spent + a->held + a->carried;
}

/* ---- prices ---- */

/* The place of the endpoint in the sorted table, or where it would be. */
static size_t price_place(const jl_settings *s, jl_span endpoint, bool *found) {
    size_t i = 0;
    int order = 1;
    while (i < s->prices && (order = jl_span_cmp(jl_span_of(s->price[i].endpoint), endpoint)) < 0)
        i++;
    *found = i < s->prices && order == 0;
    return i;
}

const jl_price *jl_account_price(const jl_settings *s, const char *endpoint) {
    bool found;
    size_t i = price_place(s, jl_span_of(endpoint), &found);
    return found ? &s->price[i] : NULL;
}

static int read_credits(jl_span text, int64_t *credits, jl_err *err) {
    uint64_t read;
    if (jl_num_u64(text, 0, (uint64_t)JL_CREDITS_MAX, &read, err) != 0)
        return -1;
    *credits = (int64_t)read;
    return 0;
}

static int read_price(jl_span text, jl_price *p, jl_err *err) {
    const char *colon = memchr(text.p, ':', text.n);
    jl_span normal = {text.p, colon ? (size_t)(colon - text.p) : text.n};
    jl_span worst = colon ? (jl_span){colon + 1, text.n - normal.n - 1} : normal;
    if (read_credits(normal, &p->normal, err) != 0 || read_credits(worst, &p->worst, err) != 0)
        return -1;
    if (p->normal > p->worst)
        return jl_err_set(err, JL_USAGE, "the normal cost %" PRId64 " is above the worst one, %" PRId64, p->normal,
                          p->worst);
    return 0;
}

static void price_remove(jl_settings *s, size_t i) {
    s->prices--;
    memmove(s->price + i, s->price + i + 1, (s->prices - i) * sizeof *s->price);
}

static int price_insert(jl_settings *s, size_t i, jl_span endpoint, jl_err *err) {
    if (s->prices == JL_PRICES_MAX)
        return jl_err_set(err, JL_USAGE, "there are %d prices already, which is all that an account has room for",
                          JL_PRICES_MAX);
    memmove(s->price + i + 1, s->price + i, (s->prices - i) * sizeof *s->price);
    s->prices++;
    s->price[i] = (jl_price){0};
    memcpy(s->price[i].endpoint, endpoint.p, endpoint.n);
    return 0;
}

static int set_price(jl_settings *s, jl_span endpoint, jl_span value, jl_err *err) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    jl_price p = {0};
    bool found;
    if (endpoint.n < 1 || endpoint.n > JL_ENDPOINT_MAX || strspn(endpoint.p, allowed) < endpoint.n)
        return jl_err_set(err, JL_USAGE, "the name of an endpoint is 1 to %d letters, digits and '._-'",
                          JL_ENDPOINT_MAX);
    size_t i = price_place(s, endpoint, &found);
    if (value.n == 0) {
        if (found)
            price_remove(s, i);
        return 0;
    }
    if (read_price(value, &p, err) != 0 || (!found && price_insert(s, i, endpoint, err) != 0))
        return -1;
    s->price[i].normal = p.normal;
    s->price[i].worst = p.worst;
    return 0;
}

/* ---- the other settings ---- */

static int read_whole(const struct setting *t, jl_span value, int64_t *whole, jl_err *err) {
    uint64_t read;
    if (jl_num_u64(value, (uint64_t)t->min, (uint64_t)t->max, &read, err) != 0)
        return -1;
    *whole = (int64_t)read;
    return 0;
}

static int read_duration(const struct setting *t, jl_span value, int64_t *ns, jl_err *err) {
    if (jl_num_duration(value, ns, err) != 0)
        return -1;
    if (*ns < t->min || *ns > t->max)
        return jl_err_set(err, JL_USAGE, "'%.*s' is not a time from %lld ms to %lld days", (int)value.n, value.p,
                          (long long)(t->min / JL_MILLISECOND), (long long)(t->max / DAY));
    return 0;
}

/* Parts: the digits before the point, then six behind it, missing ones zero. */
static int read_rate(jl_span value, double *rate, jl_err *err) {
    char text[32];
    const char *point = value.n ? memchr(value.p, '.', value.n) : NULL;
    size_t whole = point ? (size_t)(point - value.p) : value.n;
    size_t decimals = point ? value.n - whole - 1 : 0;
    uint64_t parts;
    jl_err ignored = {0};
    if (whole >= 1 && whole <= 20 && decimals <= 6 && (!point || decimals >= 1)) {
        memcpy(text, value.p, whole);
        memset(text + whole, '0', 6);
        if (point)
            memcpy(text + whole, point + 1, decimals);
        if (jl_num_u64((jl_span){text, whole + 6}, 0, (uint64_t)RATE_MOST, &parts, &ignored) == 0 &&
            (parts == 0 || parts >= RATE_LEAST)) {
            *rate = (double)parts / RATE_PARTS;
            return 0;
        }
    }
    return jl_err_set(err, JL_USAGE, "'%.*s' is not a number of calls a second: 0, or 0.0001 to 1000000", (int)value.n,
                      value.p);
}

static int read_alerts(const struct setting *t, jl_span value, jl_settings *s, jl_err *err) {
    s->alerts = 0;
    while (value.n) {
        const char *comma = memchr(value.p, ',', value.n);
        jl_span one = {value.p, comma ? (size_t)(comma - value.p) : value.n};
        int64_t percent;
        if (read_whole(t, one, &percent, err) != 0)
            return -1;
        if (s->alerts == JL_ALERTS_MAX || (s->alerts && percent <= s->alert[s->alerts - 1]))
            return jl_err_set(err, JL_USAGE, "wants at most %d percents, each above the one before it", JL_ALERTS_MAX);
        s->alert[s->alerts++] = (int)percent;
        value = comma ? (jl_span){comma + 1, value.n - one.n - 1} : (jl_span){NULL, 0};
        if (comma && value.n == 0)
            return jl_err_set(err, JL_USAGE, "ends with a comma");
    }
    return 0;
}

static int set_value(jl_settings *s, const struct setting *t, jl_span value, jl_err *err) {
    void *at = (char *)s + t->at;
    int64_t whole = 0;
    int rc = 0;
    switch (t->kind) {
    case CREDITS:
        return read_whole(t, value, at, err);
    case WHOLE:
        rc = read_whole(t, value, &whole, err);
        if (rc == 0)
            *(int *)at = (int)whole;
        return rc;
    case DURATION:
        return read_duration(t, value, at, err);
    case RATE:
        return read_rate(value, at, err);
    case ALERTS:
        return read_alerts(t, value, s, err);
    }
    return rc;
}

static const struct setting *find_setting(jl_span name) {
    for (size_t i = 0; i < SETTINGS; i++)
        if (jl_span_eq(jl_span_of(table[i].name), name))
            return &table[i];
    return NULL;
}

/* The name that was probably meant, whatever its case: at most two edits away. NULL: none. */
static const char *nearest_setting(jl_span name) {
    const char *best = NULL;
    size_t least = 3; /* to be undercut */
    for (size_t i = 0; i < SETTINGS; i++) {
        const char *known = table[i].name;
        bool cased = strlen(known) == name.n && strncasecmp(known, name.p, name.n) == 0;
        size_t far = cased ? 0 : jl_near_distance(name, jl_span_of(known));
        if (far < least) {
            best = known;
            least = far;
        }
    }
    return best;
}

static int say_unknown(jl_span name, jl_err *err) {
    const char *meant = nearest_setting(name);
    if (meant)
        return jl_err_set(err, JL_USAGE, "there is no such setting (did you mean '%s'?)", meant);
    return jl_err_set(err, JL_USAGE, "there is no such setting: 'credits set' shows all");
}

static int change_setting(jl_settings *s, jl_span name, jl_span value, jl_err *err) {
    size_t n = sizeof PRICE - 1;
    if (name.n >= n && memcmp(name.p, PRICE, n) == 0)
        return set_price(s, (jl_span){name.p + n, name.n - n}, value, err);
    const struct setting *t = find_setting(name);
    if (!t)
        return say_unknown(name, err);
    return set_value(s, t, value, err);
}

int jl_account_set(jl_settings *s, const char *change, jl_err *err) {
    const char *equals = strchr(change, '=');
    jl_err why = {0};
    if (!equals || strlen(change) > CHANGE_MAX)
        return jl_err_set(err, JL_USAGE, "'%.*s' is not NAME=VALUE", CHANGE_MAX, change);
    jl_span name = {change, (size_t)(equals - change)};
    jl_settings changed = *s;
    if (change_setting(&changed, name, jl_span_of(equals + 1), &why) != 0)
        return jl_err_set(err, JL_USAGE, "%.*s: %s", (int)name.n, name.p, why.text);
    *s = changed;
    return 0;
}

/* ---- as texts ---- */

static void write_duration(int64_t ns, char text[VALUE_SIZE]) {
    static const struct {
        int64_t ns;
        const char *name;
    } unit[] = {{JL_SECOND, "s"}, {JL_MILLISECOND, "ms"}, {1000, "us"}, {1, "ns"}};
    size_t i = 0;
    while (ns % unit[i].ns)
        i++;
    (void)snprintf(text, VALUE_SIZE, "%" PRId64 "%s", ns / unit[i].ns, unit[i].name);
}

static void write_rate(double rate, char text[VALUE_SIZE]) {
    int64_t parts = (int64_t)(rate * RATE_PARTS + 0.5);
    int n = snprintf(text, VALUE_SIZE, "%" PRId64 ".%06" PRId64, parts / RATE_PARTS, parts % RATE_PARTS);
    while (text[n - 1] == '0')
        n--;
    text[n - (text[n - 1] == '.')] = '\0';
}

static void write_alerts(const jl_settings *s, char text[VALUE_SIZE]) {
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < s->alerts; i++)
        n += (size_t)snprintf(text + n, VALUE_SIZE - n, "%s%d", i ? "," : "", s->alert[i]);
}

static void write_value(const jl_settings *s, const struct setting *t, char text[VALUE_SIZE]) {
    const void *at = (const char *)s + t->at;
    switch (t->kind) {
    case CREDITS:
        (void)snprintf(text, VALUE_SIZE, "%" PRId64, *(const int64_t *)at);
        break;
    case WHOLE:
        (void)snprintf(text, VALUE_SIZE, "%d", *(const int *)at);
        break;
    case DURATION:
        write_duration(*(const int64_t *)at, text);
        break;
    case RATE:
        write_rate(*(const double *)at, text);
        break;
    case ALERTS:
        write_alerts(s, text);
        break;
    }
}

int jl_account_each(const jl_settings *s, int (*each)(void *self, const char *name, const char *value, jl_err *err),
                    void *self, jl_err *err) {
    char text[VALUE_SIZE];
    char name[sizeof PRICE + JL_ENDPOINT_MAX];
    for (size_t i = 0; i < SETTINGS; i++) {
        write_value(s, &table[i], text);
        if (each(self, table[i].name, text, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < s->prices; i++) {
        const jl_price *p = &s->price[i];
        (void)snprintf(name, sizeof name, PRICE "%s", p->endpoint);
        (void)snprintf(text, sizeof text, "%" PRId64 ":%" PRId64, p->normal, p->worst);
        if (p->normal == p->worst)
            *strchr(text, ':') = '\0';
        if (each(self, name, text, err) != 0)
            return -1;
    }
    return 0;
}
