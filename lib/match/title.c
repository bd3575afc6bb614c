/* Occupations told apart by the words of their titles. */
#include "match/title.h"

static uint8_t level_of(const jl_vocabulary *v, jl_span text) {
    jl_walk w = jl_walk_start(&v->level, text);
    jl_hit hit;
    uint8_t level = 0;
    while (jl_walk_next(&w, &hit)) {
        if (hit.id == JL_PHRASE_NONE)
            continue;
        if (hit.id == 1)
            return 1;
        level = hit.id > level ? (uint8_t)hit.id : level;
    }
    return level;
}

static void add(jl_title *t, const jl_vocabulary *v, const jl_hit *hit, float weight) {
    jl_title_part p = {.word = hit->hash, .weight = weight};
    if (hit->id != JL_PHRASE_NONE) {
        const jl_title_word *w = &v->title[hit->id];
        if (w->empty)
            return;
        p.word = w->word;
        p.family = w->family;
        p.head = w->head;
        p.general = w->general;
        p.known = true;
        p.weight *= w->general ? 0.6F : 1.0F;
    } else {
        p.weight *= 0.7F;
    }
    for (size_t i = 0; i < t->n; ++i)
        if (t->part[i].word == p.word)
            return;
    if (t->n < JL_TITLE_PARTS)
        t->part[t->n++] = p;
}

/* What stands behind a comma, a bracket or a dash between spaces tells more
 * about the post than about the work. */
void jl_title_read(const jl_vocabulary *v, jl_span text, jl_title *t) {
    jl_walk w = jl_walk_start(&v->occupation, text);
    jl_hit hit;
    float weight = 1;
    *t = (jl_title){.level = level_of(v, text)};
    while (jl_walk_next(&w, &hit)) {
        bool dash = t->n && hit.off >= 2 && text.p[hit.off - 1] == ' ' && strchr("-|/", text.p[hit.off - 2]);
        if (t->n && (hit.gap >= JL_GAP_ITEM || dash))
            weight = 0.4F;
        bool digit = text.p[hit.off] >= '0' && text.p[hit.off] <= '9';
        if (!digit || hit.id != JL_PHRASE_NONE)
            add(t, v, &hit, weight);
    }
}

/* "Developer" and "engineer": within a field nearly the same, alone no likeness. */
#define JL_HEADS 0.75

static double pair(const jl_title_part *a, const jl_title_part *b) {
    if (a->word == b->word && a->known == b->known)
        return 1;
    if (a->family && a->family == b->family)
        return a->head && b->head ? 0.55 : 0.45;
    if (a->head && b->head && a->general != b->general)
        return JL_HEADS;
    return 0;
}

static double met(const jl_title *a, const jl_title *b, double *weight, bool *special) {
    double sum = 0;
    for (size_t i = 0; i < a->n; ++i) {
        double best = 0;
        for (size_t k = 0; k < b->n; ++k) {
            double p = pair(&a->part[i], &b->part[k]);
            best = p > best ? p : best;
            *special |= p > 0.4 && p != JL_HEADS && !a->part[i].general && a->part[i].weight >= 0.5F;
        }
        sum += best * a->part[i].weight;
        *weight += a->part[i].weight;
    }
    return sum;
}

static bool all_general(const jl_title *t) {
    for (size_t i = 0; i < t->n; ++i)
        if (!t->part[i].general)
            return false;
    return true;
}

double jl_title_likeness(const jl_title *a, const jl_title *b) {
    double wa = 0, wb = 0;
    bool special = false;
    if (!a->n || !b->n)
        return -1;
    double sum = met(a, b, &wa, &special) / wa;
    double mean = (sum + met(b, a, &wb, &special) / wb) / 2;
    if (special || (all_general(a) && all_general(b)))
        return mean;
    /* "Staff Engineer" does not tell the field: it may be the one. */
    return all_general(a) || all_general(b) ? mean * 0.6 : mean / 3;
}

bool jl_title_names(const jl_vocabulary *v, jl_span text, size_t *begin, size_t *end) {
    jl_walk w = jl_walk_start(&v->occupation, text);
    jl_hit hit;
    bool started = false;
    while (jl_walk_next(&w, &hit)) {
        bool known = hit.id != JL_PHRASE_NONE && !v->title[hit.id].empty;
        uint16_t rank = jl_phrases_find(&v->level, (jl_span){text.p + hit.off, hit.n});
        if (started && hit.gap >= JL_GAP_ITEM)
            started = false;
        if (!known && rank == JL_PHRASE_NONE) {
            started = false;
            continue;
        }
        *begin = started ? *begin : hit.off;
        started = true;
        if (known && v->title[hit.id].head &&
            (hit.after >= JL_GAP_ITEM || !v->title[hit.id].general || hit.off > *begin)) {
            *end = hit.off + hit.n;
            return true;
        }
    }
    return false;
}
