/* What a profile gathers, each thing once. */
#include "match/draft.h"

#include <stdlib.h>

#include "job/space.h"

/* Copies `text`, which may stand in the bytes themselves. */
static int keep(jl_draft *d, jl_span text, jl_mark *mark, jl_err *err) {
    jl_buf *b = &d->profile->bytes;
    bool inside = b->p && text.p >= b->p && text.p < b->p + b->n;
    size_t off = inside ? (size_t)(text.p - b->p) : 0;
    if (jl_buf_reserve(b, text.n + 1, err))
        return -1;
    if (inside)
        text.p = b->p + off;
    *mark = (jl_mark){b->n, text.n};
    return jl_buf_add(b, text, err);
}

static jl_span marked(const jl_draft *d, jl_mark m) {
    return (jl_span){d->profile->bytes.p + m.off, m.n};
}

static bool has(const jl_draft *d, const jl_mark *marks, size_t n, jl_span text) {
    for (size_t i = 0; i < n; ++i) {
        jl_span known = marked(d, marks[i]);
        if (known.n == text.n && strncasecmp(known.p, text.p, text.n) == 0)
            return true;
    }
    return false;
}

enum { LONGEST_TITLE = 120, LONGEST_SKILL = 80 };

int jl_draft_title(jl_draft *d, jl_span text, jl_err *err) {
    text = jl_space_trim(text);
    jl_profile *p = d->profile;
    if (!text.n || text.n > LONGEST_TITLE || p->titles == JL_PROFILE_TITLES || has(d, d->title, p->titles, text))
        return 0;
    return keep(d, text, &d->title[p->titles++], err);
}

int jl_draft_known(jl_draft *d, uint16_t skill, jl_err *err) {
    if (d->known[skill] || d->profile->skills == JL_PROFILE_SKILLS)
        return 0;
    d->known[skill] = true;
    return keep(d, d->v->skill[skill].name, &d->skill[d->profile->skills++], err);
}

int jl_draft_skill(jl_draft *d, jl_span text, jl_err *err) {
    text = jl_space_trim(text);
    jl_profile *p = d->profile;
    if (!text.n || text.n > LONGEST_SKILL || p->skills == JL_PROFILE_SKILLS || has(d, d->skill, p->skills, text))
        return 0;
    uint16_t id = jl_phrases_find(&d->v->posting, text);
    if (id != JL_PHRASE_NONE && jl_is_skill(id)) {
        if (d->known[id])
            return 0;
        d->known[id] = true;
    }
    return keep(d, text, &d->skill[p->skills++], err);
}

int jl_draft_location(jl_draft *d, jl_span text, jl_err *err) {
    text = jl_space_trim(text);
    return d->location.n || !text.n || text.n > LONGEST_TITLE ? 0 : keep(d, text, &d->location, err);
}

void jl_draft_degree(jl_draft *d, jl_degree degree) {
    if (degree > d->profile->degree)
        d->profile->degree = degree;
}

void jl_draft_spell(jl_draft *d, int32_t from, int32_t to) {
    to = to > d->now + 1 ? d->now + 1 : to;
    if (from >= to || d->spells == JL_DRAFT_SPELLS)
        return;
    d->from[d->spells] = from;
    d->to[d->spells++] = to;
}

float jl_draft_years(jl_draft *d) {
    int32_t months = 0, until = 0;
    for (size_t i = 1; i < d->spells; ++i)
        for (size_t k = i; k > 0 && d->from[k] < d->from[k - 1]; --k) {
            int32_t from = d->from[k], to = d->to[k];
            d->from[k] = d->from[k - 1];
            d->to[k] = d->to[k - 1];
            d->from[k - 1] = from;
            d->to[k - 1] = to;
        }
    for (size_t i = 0; i < d->spells; ++i) {
        int32_t from = d->from[i] > until ? d->from[i] : until;
        months += d->to[i] > from ? d->to[i] - from : 0;
        until = d->to[i] > until ? d->to[i] : until;
    }
    float years = d->spells ? (float)months / 12 : -1;
    return d->said > years ? d->said : years;
}
