/* Periods follow from the anchors, whose changes are entries of the journal. */
#include "books/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define ANCHOR "anchor="

static int add(jl_calendar *c, const char *name, jl_err *err) {
    jl_calendar_period *grown = realloc(c->period, (c->n + 1) * sizeof *grown);
    if (!grown)
        return jl_err_nomem(err);
    c->period = grown;
    c->period[c->n] = (jl_calendar_period){.end = jl_period_end(name, c->anchor)};
    memcpy(c->period[c->n].name, name, JL_PERIOD_SIZE);
    c->n++;
    c->used = false;
    return 0;
}

static void drop(jl_calendar *c, size_t i) {
    c->n--;
    memmove(c->period + i, c->period + i + 1, (c->n - i) * sizeof *c->period);
}

int jl_calendar_end(jl_calendar *c, int64_t now, jl_err *err) {
    char name[JL_PERIOD_SIZE];
    if (!c->anchor) {
        jl_settings s;
        jl_account_default(&s);
        c->anchor = s.anchor;
    }
    while (c->n == 0 || c->period[c->n - 1].end <= now) {
        jl_period_of(c->n ? c->period[c->n - 1].end : now, c->anchor, name);
        if (add(c, name, err) != 0)
            return -1;
    }
    return 0;
}

static int change_anchor(jl_calendar *c, int anchor, int64_t now, jl_err *err) {
    char name[JL_PERIOD_SIZE];
    jl_calendar_period *last = &c->period[c->n - 1];
    c->anchor = anchor;
    jl_period_of(now, anchor, name);
    if (strcmp(name, last->name) == 0) {
        last->end = jl_period_end(name, anchor);
        return 0;
    }
    last->end = now;
    if (!c->used)
        drop(c, c->n - 1);
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->period[i].name, name) == 0)
            drop(c, i--);
    return add(c, name, err);
}

int jl_calendar_event(void *self, const jl_event *e, jl_err *err) {
    jl_calendar *c = self;
    size_t n = sizeof ANCHOR - 1;
    uint64_t anchor;
    if (jl_calendar_end(c, e->at_ms / 1000, err) != 0)
        return -1;
    switch (e->kind) {
    case JL_EVENT_SET:
        if (strncmp(e->note, ANCHOR, n) != 0)
            return 0;
        return jl_num_u64(jl_span_of(e->note + n), 1, 31, &anchor, err) != 0
                   ? -1
                   : change_anchor(c, (int)anchor, e->at_ms / 1000, err);
    case JL_EVENT_RESERVE:
    case JL_EVENT_SEND:
    case JL_EVENT_SETTLE:
    case JL_EVENT_VOID:
    case JL_EVENT_UNCERTAIN:
    case JL_EVENT_ADJUST:
        c->used = true;
        return 0;
    case JL_EVENT_BREAKER:
    case JL_EVENT_REBUILD:
        break;
    }
    return 0;
}

int jl_calendar_look(jl_calendar *c, jl_ledger *l, const jl_account *a, jl_err *err) {
    return l->ops->journal(l, 1, jl_calendar_event, c, err) != 0 ? -1 : jl_calendar_end(c, a->now_ms / 1000, err);
}

void jl_calendar_free(jl_calendar *c) {
    free(c->period);
    *c = (jl_calendar){0};
}

/* ---- by name ---- */

static bool is_date(const char *text, size_t n) {
    static const char form[] = "dddd-dd-dd";
    bool good = n == 7 || n == 10;
    for (size_t i = 0; good && i < n; i++)
        good = form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
    return good;
}

static int say_none(const jl_calendar *c, const char *text, jl_err *err) {
    const char *before = NULL, *behind = NULL;
    for (size_t i = 0; i < c->n; i++) {
        const char *name = c->period[i].name;
        if (strcmp(name, text) < 0)
            before = !before || strcmp(name, before) > 0 ? name : before;
        else
            behind = !behind || strcmp(name, behind) < 0 ? name : behind;
    }
    return jl_err_set(err, JL_USAGE, "no period of this account began %s %s; near are %s%s%s",
                      strlen(text) == 7 ? "in" : "on", text, before ? before : "", before && behind ? " and " : "",
                      behind ? behind : "");
}

const jl_calendar_period *jl_calendar_find(const jl_calendar *c, const char *text, jl_err *err) {
    const jl_calendar_period *found = NULL;
    size_t n = strlen(text);
    if (!is_date(text, n)) {
        (void)jl_err_set(err, JL_USAGE,
                         "'%.20s' is neither a month, 2026-11, nor the first day of a period, 2026-11-15", text);
        return NULL;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (strncmp(c->period[i].name, text, n) != 0)
            continue;
        if (found) {
            (void)jl_err_set(err, JL_USAGE, "more than one period began in %s, as the anchor was changed: say %s or %s",
                             text, found->name, c->period[i].name);
            return NULL;
        }
        found = &c->period[i];
    }
    if (!found)
        (void)say_none(c, text, err);
    return found;
}
