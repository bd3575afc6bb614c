/* A score told in words. */
#include "match/reason.h"

#include <stdio.h>

#include "jsonl/write.h"

enum { SHOWN = 6, LONGEST = 480 };

typedef struct list {
    jl_buf *out;
    bool any;
} list;

static int say(list *l, const char *text, jl_err *err) {
    if (l->any && jl_buf_addc(l->out, ',', err))
        return -1;
    l->any = true;
    return jl_write_string(l->out, jl_span_of(text), err);
}

static void append(char text[LONGEST], const char *between, jl_span more) {
    size_t n = strlen(text);
    if (n + strlen(between) + more.n + 1 < LONGEST)
        snprintf(text + n, LONGEST - n, "%s%.*s", between, (int)more.n, more.p);
}

static jl_span skill_name(const jl_reasoning *r, uint16_t id) {
    return id < r->v->skills ? r->v->skill[id].name : r->profile->skill[id - r->v->skills];
}

static bool paper(const jl_reasoning *r, uint16_t id) {
    return id < r->v->skills && r->v->skill[id].kind == JL_SKILL_PAPER;
}

/* The next skill to tell that is met (or is not), the weightiest first. False:
 * there is none. */
static bool next_skill(const jl_reasoning *r, bool met, bool *told, size_t *best) {
    double most = 0;
    for (size_t i = 0; i < r->asked->n; ++i) {
        bool is = r->met[r->asked->skill[i]] >= 0.85F;
        double weight = r->asked->weight[i] * (paper(r, r->asked->skill[i]) ? 2 : 1);
        if (told[i] || is != met || weight <= most)
            continue;
        most = weight;
        *best = i;
    }
    return most > 0;
}

static int skills(const jl_reasoning *r, list *l, jl_err *err) {
    bool told[JL_ASKED_MAX] = {0};
    char offered[LONGEST] = "Skills: ", missing[LONGEST] = "Missing: ", count[48];
    size_t met = 0, best = 0;
    for (size_t i = 0; i < r->asked->n; ++i)
        met += r->met[r->asked->skill[i]] >= 0.85F;
    for (size_t i = 0; i < SHOWN && next_skill(r, true, told, &best); ++i, told[best] = true)
        append(offered, i ? ", " : "", skill_name(r, r->asked->skill[best]));
    for (size_t i = 0; i < SHOWN && next_skill(r, false, told, &best); ++i, told[best] = true)
        append(missing, i ? ", " : "", skill_name(r, r->asked->skill[best]));
    snprintf(count, sizeof count, "%s(%zu of %zu)", met ? " " : "none ", met, r->asked->n);
    append(offered, "", jl_span_of(count));
    if (r->asked->n && say(l, offered, err))
        return -1;
    return r->asked->n > met ? say(l, missing, err) : 0;
}

static int title(const jl_reasoning *r, list *l, jl_err *err) {
    char text[LONGEST] = "Title: ";
    if (r->match->part[JL_PART_TITLE] < 0 || !r->job->title.n)
        return 0;
    jl_span job = {r->job->title.p, r->job->title.n < 160 ? r->job->title.n : 160};
    append(text, "", job);
    if (r->title.n && !(job.n == r->title.n && strncasecmp(job.p, r->title.p, job.n) == 0)) {
        append(text, " (yours: ", r->title);
        append(text, "", JL_SPAN(")"));
    }
    return say(l, text, err);
}

static int experience(const jl_reasoning *r, list *l, jl_err *err) {
    char text[LONGEST];
    if (r->asked->years < 0)
        return 0;
    double asked = r->asked->years, offered = r->profile->years;
    int n =
        snprintf(text, sizeof text, "Experience: %.3g year%s asked", asked, asked > 0.99 && asked < 1.01 ? "" : "s");
    if (offered >= 0)
        snprintf(text + n, sizeof text - (size_t)n, ", %.0f offered", offered);
    return say(l, text, err);
}

static int education(const jl_reasoning *r, list *l, jl_err *err) {
    static const char *const name[] = {"", "school diploma", "associate", "bachelor", "master", "doctor"};
    char text[LONGEST];
    if (r->match->part[JL_PART_EDUCATION] < 0)
        return 0;
    snprintf(text, sizeof text, "Education: %s asked, %s offered%s", name[r->asked->degree], name[r->profile->degree],
             r->asked->equivalent && r->profile->degree < r->asked->degree ? ", experience may do instead" : "");
    return say(l, text, err);
}

static int location(const jl_reasoning *r, list *l, jl_err *err) {
    char text[LONGEST] = "Location: ";
    jl_span place = r->job->location;
    if (r->job->facts.remote == JL_YES)
        return say(l, "Location: remote", err);
    if (!place.n || r->match->part[JL_PART_LOCATION] < 0)
        return 0;
    append(text, "", (jl_span){place.p, place.n < 160 ? place.n : 160});
    if (r->match->part[JL_PART_LOCATION] >= 1)
        append(text, "", JL_SPAN(" (as wanted)"));
    return say(l, text, err);
}

static int salary(const jl_reasoning *r, list *l, jl_err *err) {
    char text[LONGEST] = "Salary: ", amount[64];
    const jl_facts *f = &r->job->facts;
    if (f->salary_min <= 0 && f->salary_max <= 0)
        return 0;
    if (f->salary_min > 0 && f->salary_max > f->salary_min)
        snprintf(amount, sizeof amount, "%.0f to %.0f", (double)f->salary_min, (double)f->salary_max);
    else
        snprintf(amount, sizeof amount, "%.0f", (double)(f->salary_max > 0 ? f->salary_max : f->salary_min));
    append(text, "", jl_span_of(amount));
    append(text, " ", (jl_span){f->currency, strnlen(f->currency, sizeof f->currency)});
    append(text, f->currency[0] ? " " : "", JL_SPAN("a year"));
    return say(l, text, err);
}

static int age(const jl_reasoning *r, list *l, jl_err *err) {
    char text[64];
    int64_t days = (r->now - r->job->facts.posted) / 86400;
    if (!r->job->facts.posted || days < 0)
        return 0;
    snprintf(text, sizeof text, days == 0 ? "Posted today" : "Posted %lld day%s ago", (long long)days,
             days == 1 ? "" : "s");
    return say(l, text, err);
}

int jl_reasons(const jl_reasoning *r, jl_buf *out, jl_err *err) {
    list l = {.out = out};
    if (jl_buf_addc(out, '[', err) || skills(r, &l, err) || title(r, &l, err) || experience(r, &l, err) ||
        education(r, &l, err) || location(r, &l, err) || salary(r, &l, err) || age(r, &l, err))
        return -1;
    if (r->job->facts.status == JL_STATUS_FAILED && say(&l, "Enrichment failed: scored by its listing", err))
        return -1;
    return jl_buf_addc(out, ']', err);
}
