/* What the ledger decides, as functions of what it knows. */
#include "gate/rules.h"

#include <inttypes.h>

#include "base/clock.h"

#define MS_NS JL_MILLISECOND
#define CONCURRENCY_NAP (200 * JL_MILLISECOND) /* calls end before their leases do: look again soon */
#define PROBE_NAP JL_SECOND

/* ---- what may be asked ---- */

static int check_text(const char *what, const char *text, size_t max, jl_err *err) {
    size_t n = strlen(text);
    if (n > max)
        return jl_err_set(err, JL_USAGE, "%s has %zu bytes, at most %zu may be", what, n, max);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return jl_err_set(err, JL_USAGE, "%s has a control byte", what);
    return 0;
}

int jl_rules_check_id(const char *id, jl_err *err) {
    size_t n = strlen(id);
    if (n == JL_HOLD_ID_SIZE - 1 && strspn(id, "0123456789abcdef") == n)
        return 0;
    return jl_err_set(err, JL_USAGE, "'%.40s' is not the id of a hold: 32 hex digits in lower case", id);
}

static int check_credits(const char *what, int64_t credits, jl_err *err) {
    if (credits >= -1 && credits <= JL_CREDITS_MAX)
        return 0;
    return jl_err_set(err, JL_USAGE, "%s of %" PRId64 " credits is not from 0 to %" PRId64, what, credits,
                      JL_CREDITS_MAX);
}

int jl_rules_check_reserve(const jl_reserve *r, jl_err *err) {
    if (jl_rules_check_id(r->id, err) != 0 || check_text("the endpoint", r->endpoint, JL_ENDPOINT_MAX, err) != 0 ||
        check_text("the user", r->user, JL_USER_MAX, err) != 0)
        return -1;
    return check_credits("a cost", r->cost, err);
}

int jl_rules_check_settle(const jl_settle *s, jl_err *err) {
    if (s->to != JL_HOLD_SETTLED && s->to != JL_HOLD_VOID && s->to != JL_HOLD_UNCERTAIN)
        return jl_err_set(err, JL_USAGE, "a hold is settled as settled, void or uncertain, not as %s",
                          jl_hold_state_name(s->to));
    if (jl_rules_check_id(s->id, err) != 0 || check_text("the endpoint", s->endpoint, JL_ENDPOINT_MAX, err) != 0 ||
        check_text("the user", s->user, JL_USER_MAX, err) != 0 || jl_rules_check_note(s->by, err) != 0)
        return -1;
    return check_credits("a cost", s->cost, err) != 0 ? -1 : check_credits("a worst cost", s->worst, err);
}

int jl_rules_check_note(const char *note, jl_err *err) {
    return check_text("the note", note, JL_NOTE_MAX, err);
}

int jl_rules_check_key(const char *key, jl_err *err) {
    if (!key[0])
        return jl_err_set(err, JL_USAGE, "the key of a notice is empty");
    return check_text("the key of a notice", key, JL_NOTICE_MAX, err);
}

/* ---- the breaker ---- */

static void breaker_close(jl_breaker *b) {
    b->state = JL_BREAKER_CLOSED;
    b->wait = 0;
    b->probes_well = 0;
    b->window[0] = '\0';
}

static void breaker_open(jl_breaker *b, jl_breaker_why why, int64_t wait) {
    b->state = JL_BREAKER_OPEN;
    b->why = why;
    b->wait = wait;
    b->probes_well = 0;
}

const char *jl_breaker_wake(jl_breaker *b) {
    if (b->state != JL_BREAKER_OPEN || b->wait != 0)
        return NULL;
    b->state = JL_BREAKER_HALF_OPEN;
    b->probes_well = 0;
    return "half-open";
}

/* The newest outcomes, as many as the window has now. */
static const char *window_tail(const jl_breaker *b, const jl_settings *s, size_t *n) {
    size_t all = strlen(b->window);
    size_t most = (size_t)s->breaker_window;
    *n = all < most ? all : most;
    return b->window + all - *n;
}

void jl_breaker_count(const jl_breaker *b, const jl_settings *s, uint32_t *calls, uint32_t *failures) {
    size_t n;
    const char *tail = window_tail(b, s, &n);
    *calls = (uint32_t)n;
    *failures = 0;
    for (size_t i = 0; i < n; i++)
        *failures += tail[i] == '-';
}

static void window_add(jl_breaker *b, const jl_settings *s, bool well) {
    size_t n;
    const char *tail = window_tail(b, s, &n);
    bool full = n == (size_t)s->breaker_window;
    n -= full;
    memmove(b->window, tail + full, n);
    b->window[n] = well ? '+' : '-';
    b->window[n + 1] = '\0';
}

static const char *heard_closed(jl_breaker *b, const jl_settings *s, bool well) {
    uint32_t calls, failures;
    window_add(b, s, well);
    jl_breaker_count(b, s, &calls, &failures);
    int enough = s->breaker_calls < s->breaker_window ? s->breaker_calls : s->breaker_window;
    if (calls < (uint32_t)enough || failures * 100 < (uint32_t)s->breaker_rate * calls)
        return NULL;
    breaker_open(b, JL_OPEN_FAILURES, s->breaker_cooldown);
    return "open failures";
}

static const char *heard_probe(jl_breaker *b, const jl_settings *s, bool well) {
    if (!well) {
        breaker_open(b, JL_OPEN_FAILURES, s->breaker_cooldown);
        return "open failures";
    }
    if (++b->probes_well < (uint32_t)s->breaker_probes)
        return NULL;
    breaker_close(b);
    return "closed";
}

static const char *heard_quota(jl_breaker *b, int64_t period_left) {
    bool longer = b->wait < 0 || b->wait >= period_left;
    if (b->state == JL_BREAKER_OPEN && longer && b->why != JL_OPEN_FAILURES)
        return NULL;
    breaker_open(b, JL_OPEN_QUOTA, period_left);
    return "open quota";
}

const char *jl_breaker_heard(jl_breaker *b, const jl_settings *s, jl_outcome outcome, bool probe, int64_t period_left) {
    if (outcome == JL_CALL_QUOTA)
        return heard_quota(b, period_left);
    if (outcome == JL_CALL_NEUTRAL || b->state == JL_BREAKER_OPEN)
        return NULL;
    bool well = outcome == JL_CALL_WELL;
    if (b->state == JL_BREAKER_CLOSED)
        return heard_closed(b, s, well);
    return probe ? heard_probe(b, s, well) : NULL;
}

const char *jl_breaker_by_hand(jl_breaker *b, bool open, int64_t open_for) {
    if (open) {
        breaker_open(b, JL_OPEN_PERSON, open_for > 0 ? open_for : -1);
        return "open person";
    }
    bool news = b->state != JL_BREAKER_CLOSED;
    breaker_close(b);
    return news ? "closed person" : NULL;
}

/* ---- admission ---- */

void jl_rules_period(const jl_settings *s, int64_t now_ms, char period[JL_PERIOD_SIZE], int64_t *left) {
    jl_period_of(now_ms / 1000, s->anchor, period);
    *left = (jl_period_end(period, s->anchor) * 1000 - now_ms) * MS_NS;
}

void jl_rules_reach(const jl_settings *s, int64_t now_ms, bool sent, char reach[JL_PERIOD_SIZE]) {
    int64_t lease = s->timeout + s->grace + (sent ? 0 : s->hold);
    jl_period_of((now_ms + lease / MS_NS + 1) / 1000, s->anchor, reach);
}

bool jl_rules_price(const jl_settings *s, const jl_reserve *r, int64_t *normal, int64_t *worst) {
    const jl_price *p = r->cost < 0 ? jl_account_price(s, r->endpoint) : NULL;
    if (r->cost < 0 && !p)
        return false;
    *normal = p ? p->normal : r->cost;
    *worst = p ? p->worst : r->cost;
    return true;
}

int64_t jl_rules_budget(const jl_settings *s, bool priority) {
    return priority ? s->budget : s->budget * (100 - s->priority_share) / 100;
}

static void refuse(jl_admission *a, jl_refusal why, int64_t wait) {
    a->refusal = why;
    a->wait = wait;
}

static int64_t at_most(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static bool breaker_refuses(const jl_standing *s, jl_admission *a) {
    const jl_breaker *b = &s->breaker;
    if (b->state == JL_BREAKER_OPEN) {
        refuse(a, b->why == JL_OPEN_QUOTA ? JL_REFUSED_QUOTA : JL_REFUSED_BREAKER, b->wait);
        return true;
    }
    a->probe = b->state == JL_BREAKER_HALF_OPEN;
    if (a->probe && s->probes >= (uint32_t)s->settings->breaker_probes) {
        refuse(a, JL_REFUSED_BREAKER, at_most(s->first_probe_ends, PROBE_NAP));
        return true;
    }
    return false;
}

static bool budget_refuses(const jl_standing *s, jl_admission *a) {
    bool crosses = strcmp(s->period, s->reach) != 0;
    if (s->committed + a->worst > a->budget) {
        refuse(a, JL_REFUSED_BUDGET, s->period_left);
        return true;
    }
    if (crosses && s->committed_reach + a->worst > a->budget) {
        a->committed = s->committed_reach;
        memcpy(a->period, s->reach, JL_PERIOD_SIZE);
        refuse(a, JL_REFUSED_BUDGET, s->period_left);
        return true;
    }
    return false;
}

static bool user_refuses(const jl_standing *s, const jl_reserve *r, jl_admission *a) {
    int64_t cap = s->settings->user_cap;
    int64_t committed = s->user_spent + s->user_held;
    if (cap == 0 || !r->user[0] || committed + a->worst <= cap)
        return false;
    a->committed = committed;
    a->budget = cap;
    refuse(a, JL_REFUSED_USER, s->period_left);
    return true;
}

/* ns between two calls. */
static int64_t apart_by(const jl_settings *s) {
    return s->rate > 0 ? (int64_t)((double)JL_SECOND / s->rate + 0.5) : 0;
}

int64_t jl_rules_ahead(const jl_settings *s, int64_t ahead) {
    return at_most(ahead, s->burst * apart_by(s));
}

static bool rate_refuses(jl_standing *s, jl_admission *a) {
    int64_t apart = apart_by(s->settings);
    if (apart == 0)
        return false;
    s->ahead = jl_rules_ahead(s->settings, s->ahead);
    int64_t early = s->ahead - (s->settings->burst - 1) * apart;
    if (early > 0) {
        refuse(a, JL_REFUSED_RATE, early);
        return true;
    }
    s->ahead += apart;
    return false;
}

static bool concurrency_refuses(const jl_standing *s, jl_admission *a) {
    if (s->live < (uint32_t)s->settings->concurrency)
        return false;
    refuse(a, JL_REFUSED_CONCURRENCY, at_most(s->first_lease_ends, CONCURRENCY_NAP));
    return true;
}

void jl_rules_reserve(jl_standing *s, const jl_reserve *r, jl_admission *a) {
    *a = (jl_admission){.committed = s->committed, .budget = jl_rules_budget(s->settings, r->priority)};
    memcpy(a->period, s->period, JL_PERIOD_SIZE);
    if (!jl_rules_price(s->settings, r, &a->normal, &a->worst)) {
        refuse(a, JL_REFUSED_PRICE, -1);
        return;
    }
    /* The rate comes last, for it is the one that takes note. */
    if (breaker_refuses(s, a) || budget_refuses(s, a) || user_refuses(s, r, a) || concurrency_refuses(s, a) ||
        rate_refuses(s, a)) {
        a->probe = false;
        return;
    }
    a->committed += a->worst;
}

/* ---- the end of a hold ---- */

static int settle_lost(const jl_settle *s, jl_ending *e, jl_err *err) {
    if (s->to == JL_HOLD_VOID)
        return 0;
    e->charged = s->to == JL_HOLD_SETTLED && s->cost >= 0 ? s->cost : s->worst;
    if (e->charged < 0)
        return jl_err_set(err, JL_USAGE, "the ledger has no hold %s: say what it has cost", s->id);
    e->difference = e->charged;
    return 1;
}

int jl_rules_settle(jl_hold_state before, int64_t charged, int64_t normal, int64_t worst, const jl_settle *s,
                    jl_ending *e, jl_err *err) {
    *e = (jl_ending){.state = s->to};
    e->kind = s->to == JL_HOLD_SETTLED     ? JL_EVENT_SETTLE
              : s->to == JL_HOLD_UNCERTAIN ? JL_EVENT_UNCERTAIN
                                           : JL_EVENT_VOID;
    if (before == JL_HOLD_NONE)
        return settle_lost(s, e, err);
    bool live = before == JL_HOLD_RESERVED || before == JL_HOLD_SENT;
    if (!live && (before != JL_HOLD_UNCERTAIN || s->to == JL_HOLD_UNCERTAIN))
        return 0;
    if (s->to == JL_HOLD_SETTLED)
        e->charged = s->cost >= 0 ? s->cost : normal;
    else if (s->to == JL_HOLD_UNCERTAIN)
        e->charged = worst;
    e->difference = e->charged - (live ? 0 : charged);
    return 1;
}

void jl_rules_lapse(jl_hold_state before, int64_t worst, jl_ending *e) {
    bool sent = before == JL_HOLD_SENT;
    *e = (jl_ending){.kind = sent ? JL_EVENT_UNCERTAIN : JL_EVENT_VOID,
                     .state = sent ? JL_HOLD_UNCERTAIN : JL_HOLD_VOID,
                     .charged = sent ? worst : 0,
                     .difference = sent ? worst : 0};
}

/* ---- a changed anchor ---- */

int64_t jl_rules_carry(const jl_settings *before, const jl_settings *after, int64_t now_ms,
                       int64_t (*spent)(void *self, const char *period), void *self) {
    char old[JL_PERIOD_SIZE], new[JL_PERIOD_SIZE], earlier[JL_PERIOD_SIZE];
    jl_period_of(now_ms / 1000, before->anchor, old);
    jl_period_of(now_ms / 1000, after->anchor, new);
    int order = strcmp(new, old);
    if (order == 0)
        return 0;
    int64_t sum = spent(self, old);
    jl_period_of(jl_period_start(old) - 1, before->anchor, earlier);
    if (order < 0 && strcmp(earlier, new) != 0)
        sum += spent(self, earlier);
    int64_t there = spent(self, new);
    return sum > there ? sum - there : 0;
}
