/* The parts put together for one job after the other. */
#include "match/score.h"

#include <stdlib.h>

#include "job/html.h"
#include "job/job.h"
#include "match/asked.h"
#include "match/part.h"
#include "match/reason.h"
#include "match/title.h"

const char *const jl_part_name[JL_PARTS] = {"skills", "title", "seniority", "years", "education", "location"};

/* ---- weights ---- */

jl_weights jl_weights_default(void) {
    return (jl_weights){.ats = 0.7,
                        .semantic = 0.3,
                        .part = {[JL_PART_SKILLS] = 4,
                                 [JL_PART_TITLE] = 3,
                                 [JL_PART_SENIORITY] = 2,
                                 [JL_PART_YEARS] = 1,
                                 [JL_PART_EDUCATION] = 0.5,
                                 [JL_PART_LOCATION] = 3},
                        .fresh = 3,
                        .half_life = 7};
}

static double *weight_of(jl_weights *w, jl_span name) {
    struct {
        const char *name;
        double *weight;
    } others[] = {{"ats", &w->ats}, {"semantic", &w->semantic}, {"fresh", &w->fresh}, {"half_life", &w->half_life}};
    for (size_t i = 0; i < JL_PARTS; ++i)
        if (jl_span_eq(name, jl_span_of(jl_part_name[i])))
            return &w->part[i];
    for (size_t i = 0; i < sizeof others / sizeof *others; ++i)
        if (jl_span_eq(name, jl_span_of(others[i].name)))
            return others[i].weight;
    return NULL;
}

static int read_weight(jl_span item, jl_weights *w, jl_err *err) {
    char digits[24];
    const char *sign = memchr(item.p, '=', item.n);
    jl_span name = {item.p, sign ? (size_t)(sign - item.p) : item.n};
    size_t n = sign ? item.n - name.n - 1 : 0;
    double *weight = weight_of(w, name);
    if (!weight)
        return jl_err_set(err, JL_USAGE,
                          "no weight is called \"%.*s\": skills, title, seniority, "
                          "years, education, "
                          "location, ats, semantic, fresh, half_life",
                          (int)(name.n < 40 ? name.n : 40), name.p);
    bool good = n > 0 && n < sizeof digits;
    for (size_t i = 0; good && i < n; ++i)
        good = (sign[1 + i] >= '0' && sign[1 + i] <= '9') || sign[1 + i] == '.';
    if (!good)
        return jl_err_set(err, JL_USAGE, "the weight of %.*s is no number", (int)name.n, name.p);
    memcpy(digits, sign + 1, n);
    digits[n] = '\0';
    *weight = strtod(digits, NULL);
    return 0;
}

int jl_weights_read(jl_span text, jl_weights *w, jl_err *err) {
    jl_weights read = *w;
    double sum = 0;
    for (size_t from = 0, i = 0; i <= text.n; ++i) {
        if (i < text.n && text.p[i] != ',')
            continue;
        if (read_weight((jl_span){text.p + from, i - from}, &read, err))
            return -1;
        from = i + 1;
    }
    for (size_t i = 0; i < JL_PARTS; ++i)
        sum += read.part[i];
    if (read.ats + read.semantic <= 0 || (read.ats > 0 && sum <= 0))
        return jl_err_set(err, JL_USAGE, "the weights leave nothing to score by");
    *w = read;
    return 0;
}

/* ---- the matcher ---- */

enum { DESCRIPTION, SNIPPET, DETAILS, MEMBERS };

struct jl_matcher {
    jl_weights weights;
    const jl_vocabulary *v;
    const jl_calibration *calibration;
    jl_want *want;
    jl_buf line, text, plain;
    jl_phrases words; /* of the vocabulary and the profile */
    jl_asker asker;
    jl_asked asked;
    const jl_profile *profile;
    int64_t now;
    jl_title title[JL_PROFILE_TITLES];
    size_t best; /* the title of the profile that fits best */
    float met[JL_SKILLS];
    jl_whereabouts whereabouts;
    int level;
    bool ready; /* for the next level too, by long practice */
};

static int want(jl_matcher *m, jl_err *err) {
    static const char *const names[MEMBERS] = {"description", "snippet", "details"};
    m->want = jl_want_new(err);
    for (size_t i = 0; m->want && i < MEMBERS; ++i)
        if (jl_want_name(m->want, jl_span_of(names[i]), err) < 0)
            return -1;
    return m->want ? 0 : -1;
}

jl_matcher *jl_matcher_new(const jl_weights *weights, jl_err *err) {
    jl_matcher *m = calloc(1, sizeof *m);
    if (!m) {
        jl_err_nomem(err);
        return NULL;
    }
    m->weights = *weights;
    m->v = jl_vocabulary_get(err);
    m->calibration = jl_calibration_of((jl_span){"", 0});
    if (!m->v || want(m, err)) {
        jl_matcher_free(m);
        return NULL;
    }
    m->asker = (jl_asker){.v = m->v, .words = &m->words};
    return m;
}

void jl_matcher_free(jl_matcher *m) {
    if (!m)
        return;
    jl_want_free(m->want);
    jl_buf_free(&m->line);
    jl_buf_free(&m->text);
    jl_buf_free(&m->plain);
    jl_phrases_free(&m->words);
    free(m);
}

void jl_matcher_model(jl_matcher *m, jl_span model) {
    m->calibration = jl_calibration_of(model);
}

static void credit(jl_matcher *m, uint16_t skill, float part) {
    m->met[skill] = part > m->met[skill] ? part : m->met[skill];
}

/* What comes with the skills offered, then what is near them. */
static void relate(jl_matcher *m) {
    static const float up[] = {0.9F, 0.8F};
    for (size_t i = 0; i < m->v->skills; ++i) {
        const jl_skill *s = &m->v->skill[i];
        for (size_t k = 0; m->met[i] >= 1 && k < s->parents; ++k) {
            const jl_skill *parent = &m->v->skill[s->parent[k]];
            credit(m, s->parent[k], up[0]);
            for (size_t j = 0; j < parent->parents; ++j)
                credit(m, parent->parent[j], up[1]);
        }
    }
    for (size_t i = 0; i < m->v->skills; ++i) {
        const jl_skill *s = &m->v->skill[i];
        for (size_t k = 0; k < s->parents && s->kind != JL_SKILL_PAPER; ++k) {
            float parent = m->met[s->parent[k]];
            credit(m, (uint16_t)i, parent >= 1 ? 0.5F : parent >= up[0] ? 0.35F : 0);
        }
    }
}

static int offer(jl_matcher *m, const jl_profile *p, jl_err *err) {
    memset(m->met, 0, sizeof m->met);
    if (jl_phrases_copy(&m->words, &m->v->posting, err))
        return -1;
    for (size_t i = 0; i < p->skills; ++i) {
        uint16_t id = jl_phrases_find(&m->words, p->skill[i]);
        if (id == JL_PHRASE_NONE && m->v->skills + i < JL_SKILLS) {
            id = (uint16_t)(m->v->skills + i);
            if (jl_phrases_add(&m->words, p->skill[i], id, JL_SPELT_ANY, err))
                return -1;
        }
        if (id != JL_PHRASE_NONE && jl_is_skill(id))
            m->met[id] = 1;
    }
    relate(m);
    return 0;
}

int jl_matcher_profile(jl_matcher *m, const jl_profile *p, int64_t now, jl_err *err) {
    m->profile = p;
    m->now = now;
    for (size_t i = 0; i < p->titles; ++i)
        jl_title_read(m->v, p->title[i], &m->title[i]);
    m->whereabouts = (jl_whereabouts){.ask = &p->ask};
    jl_facts_place(p->location, m->whereabouts.home);
    /* A title without rank is a plain occupation, and somebody with long practice of it is ready for the next one. */
    m->level = p->seniority ? p->seniority : p->titles ? 2 : 0;
    m->ready = !p->seniority && m->level == 2 && p->years >= JL_READY_YEARS;
    return offer(m, p, err);
}

/* ---- one job ---- */

/* Its members in memory that the scanner may look behind. */
static int scan(jl_matcher *m, const jl_posting *job, jl_field *field, jl_rec *rec, jl_err *err) {
    jl_buf_clear(&m->line);
    if (jl_buf_reserve(&m->line, job->line.n + 1 + JL_PAD, err) || jl_buf_add(&m->line, job->line, err) ||
        jl_buf_addc(&m->line, '\n', err))
        return -1;
    memset(m->line.p + m->line.n, 0, JL_PAD);
    memset(field, 0, MEMBERS * sizeof *field);
    *rec = (jl_rec){.line = m->line.p, .field = field};
    if (job->line.n == 0)
        return 0;
    if (jl_rec_scan(m->want, m->line.p, m->line.p + m->line.n, true, field, rec, err) == JL_SCAN_BAD)
        return -1;
    return 0;
}

static int text_of(jl_matcher *m, const jl_rec *rec, size_t member, float weight, jl_err *err) {
    if (rec->field[member].type != JL_STRING)
        return 0;
    jl_buf_clear(&m->text);
    jl_span text = jl_rec_value(rec, member);
    if (rec->field[member].plain) {
        text = (jl_span){text.p + 1, text.n - 2};
    } else {
        if (jl_json_decode(text, &m->text, err))
            return -1;
        text = jl_buf_span(&m->text);
    }
    if (text.n && memmem(text.p, text.n, "</", 2)) {
        jl_buf_clear(&m->plain);
        if (jl_html_text(text, &m->plain, err))
            return -1;
        text = jl_buf_span(&m->plain);
    }
    jl_asked_text(&m->asker, text, weight, &m->asked);
    return 0;
}

/* details.skills, as Glassdoor lists them. */
static int listed(jl_matcher *m, const jl_rec *rec, jl_err *err) {
    jl_value details = {jl_rec_value(rec, DETAILS), rec->field[DETAILS].type}, one;
    if (details.type != JL_OBJECT)
        return 0;
    jl_value skills = jl_each_member(details, "skills");
    jl_each it = jl_each_start(skills);
    while (skills.type == JL_ARRAY && jl_each_next(&it, NULL, &one)) {
        if (one.type != JL_STRING)
            continue;
        jl_buf_clear(&m->text);
        if (jl_json_decode(one.text, &m->text, err))
            return -1;
        jl_asked_skill(&m->asker, jl_buf_span(&m->text), &m->asked);
    }
    return 0;
}

static int read_job(jl_matcher *m, const jl_posting *job, jl_stage stage, jl_err *err) {
    jl_field field[MEMBERS];
    jl_rec rec;
    jl_asked_start(&m->asker, &m->asked);
    m->asker.employer = job->company;
    if (scan(m, job, field, &rec, err))
        return -1;
    bool full = stage == JL_STAGE_FULL && field[DESCRIPTION].type == JL_STRING;
    jl_asked_text(&m->asker, job->title, 1.5F, &m->asked);
    if (text_of(m, &rec, full ? DESCRIPTION : SNIPPET, 1, err) || listed(m, &rec, err))
        return -1;
    return 0;
}

static double title_part(jl_matcher *m, const jl_title *job) {
    double best = -1, recency = 1;
    m->best = 0;
    for (size_t i = 0; i < m->profile->titles; ++i) {
        double part = jl_title_likeness(job, &m->title[i]);
        part = part < 0 ? part : part * recency;
        if (part > best) {
            best = part;
            m->best = i;
        }
        recency = recency > 0.75 ? recency - 0.05 : recency;
    }
    return best;
}

static double skills_part(const jl_matcher *m, double title) {
    double met = 0, asked = 0;
    for (size_t i = 0; i < m->asked.n; ++i) {
        met += m->asked.weight[i] * m->met[m->asked.skill[i]];
        asked += m->asked.weight[i];
    }
    if (m->profile->skills == 0)
        return -1;
    return jl_part_skills(met, asked, title < 0 ? 0.3 : 0.1 + 0.6 * title);
}

static void parts(jl_matcher *m, const jl_posting *job, jl_match *match) {
    const jl_profile *p = m->profile;
    jl_title title;
    jl_title_read(m->v, job->title, &title);
    int level = job->facts.seniority ? job->facts.seniority : title.level ? title.level : title.n ? 2 : 0;
    double *part = match->part;
    part[JL_PART_TITLE] = title_part(m, &title);
    part[JL_PART_SKILLS] = skills_part(m, part[JL_PART_TITLE]);
    part[JL_PART_SENIORITY] = jl_part_seniority(level, m->level);
    if (m->ready) {
        double next = JL_NEXT_LEVEL * jl_part_seniority(level, m->level + 1);
        part[JL_PART_SENIORITY] = next > part[JL_PART_SENIORITY] ? next : part[JL_PART_SENIORITY];
    }
    part[JL_PART_YEARS] = jl_part_years(m->asked.years, p->years);
    part[JL_PART_EDUCATION] = jl_part_education(m->asked.degree, p->degree, m->asked.equivalent);
    part[JL_PART_LOCATION] = jl_part_location(&job->facts, &m->whereabouts);
}

static double ats(const jl_weights *w, const double part[JL_PARTS]) {
    double best = part[JL_PART_SKILLS] > part[JL_PART_TITLE] ? part[JL_PART_SKILLS] : part[JL_PART_TITLE];
    double fit = best < 0 ? 0.3 : best > 0.5 ? 1 : 2 * best;
    double sum = 0, weight = 0;
    for (size_t i = 0; i < JL_PARTS; ++i) {
        if (part[i] < 0)
            continue;
        sum += w->part[i] * part[i] * (i == JL_PART_SKILLS || i == JL_PART_TITLE ? 1 : fit);
        weight += w->part[i];
    }
    return weight > 0 ? sum / weight : 0;
}

static void total(const jl_matcher *m, const jl_posting *job, float cosine, jl_match *match) {
    const jl_weights *w = &m->weights;
    bool vectors = cosine >= -1.001F;
    double days = job->facts.posted ? (double)(m->now - job->facts.posted) / 86400 : -1;
    match->ats = ats(w, match->part);
    match->semantic = vectors ? jl_part_semantic(m->calibration, (double)cosine) : -1;
    match->fresh = jl_part_fresh(job->facts.posted && days < 0 ? 0 : days, w->fresh, w->half_life);
    double weight = w->ats + (vectors ? w->semantic : 0);
    double score = w->ats * match->ats + (vectors ? w->semantic * match->semantic : 0);
    score = weight > 0 ? 100 * score / weight : 0;
    /* New is no merit of its own. */
    match->fresh *= score / 100;
    match->score = score + match->fresh > 100 ? 100 : score + match->fresh;
}

int jl_matcher_score(jl_matcher *m, const jl_posting *job, jl_stage stage, float cosine, jl_match *match,
                     jl_buf *reasons, jl_err *err) {
    int result = read_job(m, job, stage, err);
    if (result == 0) {
        parts(m, job, match);
        total(m, job, cosine, match);
    }
    jl_asked_end(&m->asker, &m->asked);
    if (result || !reasons)
        return result;
    jl_reasoning r = {.v = m->v,
                      .profile = m->profile,
                      .job = job,
                      .asked = &m->asked,
                      .met = m->met,
                      .match = match,
                      .title = m->profile->titles ? m->profile->title[m->best] : (jl_span){"", 0},
                      .now = m->now};
    return jl_reasons(&r, reasons, err);
}
