/* Tables of text made into tables of phrases. */
#include "match/vocabulary.h"

#include <pthread.h>

#include "match/cues.tsv.h"
#include "match/skills.tsv.h"
#include "match/titles.tsv.h"

static jl_vocabulary vocabulary;
static bool complete;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static jl_rows rows_of(const char *text, size_t n) {
    return (jl_rows){text, text + n};
}

static bool cut(jl_span *text, char mark) {
    if (text->n < 2 || text->p[0] != mark)
        return false;
    text->p++;
    text->n--;
    return true;
}

static jl_spelling spelling_of(jl_span *text) {
    return cut(text, '^') ? JL_SPELT_EXACT : cut(text, '!') ? JL_SPELT_ITEM : JL_SPELT_ANY;
}

/* ---- skills ---- */

static int skill_row(jl_vocabulary *v, jl_span line) {
    jl_span field;
    jl_skill *s = &v->skill[v->skills];
    bool first = true;
    while (jl_rows_field(&line, &field)) {
        if (!first && field.n && *field.p == '>')
            continue;
        if (first) {
            s->kind = (uint8_t)(cut(&field, '*') ? JL_SKILL_PAPER : JL_SKILL_PLAIN);
            s->kind = (uint8_t)(cut(&field, '~') && s->kind != JL_SKILL_PAPER ? JL_SKILL_COMMON : s->kind);
        }
        jl_spelling spelling = spelling_of(&field);
        s->name = first ? field : s->name;
        first = false;
        if (jl_phrases_add(&v->posting, field, (uint16_t)v->skills, spelling, NULL))
            return -1;
    }
    v->skills++;
    return 0;
}

static uint16_t named(const jl_vocabulary *v, jl_span name) {
    for (size_t i = 0; i < v->skills; ++i)
        if (jl_span_eq(v->skill[i].name, name))
            return (uint16_t)i;
    return JL_PHRASE_NONE;
}

/* Parents may stand anywhere: they are looked up by their phrase first, which
 * is much faster, and by name where the phrase is another's. */
static void parents_row(jl_vocabulary *v, jl_span line, jl_skill *s) {
    jl_span field;
    while (jl_rows_field(&line, &field)) {
        if (!cut(&field, '>') || s->parents == JL_SKILL_PARENTS)
            continue;
        uint16_t id = jl_phrases_find(&v->posting, field);
        if (id == JL_PHRASE_NONE || !jl_is_skill(id) || !jl_span_eq(v->skill[id].name, field))
            id = named(v, field);
        if (id != JL_PHRASE_NONE)
            s->parent[s->parents++] = id;
    }
}

static int read_skills(jl_vocabulary *v) {
    jl_span line;
    jl_rows r = rows_of(jl_skills_tsv, sizeof jl_skills_tsv - 1);
    while (jl_rows_next(&r, &line))
        if (v->skills == JL_SKILLS || skill_row(v, line))
            return -1;
    r = rows_of(jl_skills_tsv, sizeof jl_skills_tsv - 1);
    for (size_t i = 0; i < v->skills && jl_rows_next(&r, &line); ++i)
        parents_row(v, line, &v->skill[i]);
    return jl_phrases_copy(&v->profile, &v->posting, NULL);
}

/* ---- cues ---- */

static const struct meaning {
    const char *name;
    uint8_t kind, value;
} meanings[] = {
    {"preferred", JL_CUE_PREFERRED, 0},
    {"required", JL_CUE_REQUIRED, 0},
    {"duties", JL_CUE_DUTIES, 0},
    {"boilerplate", JL_CUE_BOILERPLATE, 0},
    {"aside", JL_CUE_ASIDE, 0},
    {"school", JL_CUE_DEGREE, 1},
    {"associate", JL_CUE_DEGREE, 2},
    {"bachelor", JL_CUE_DEGREE, 3},
    {"master", JL_CUE_DEGREE, 4},
    {"doctor", JL_CUE_DEGREE, 5},
    {"equivalent", JL_CUE_EQUIVALENT, 0},
    {"years", JL_CUE_YEARS, 0},
    {"months", JL_CUE_MONTHS, 0},
    {"experience", JL_CUE_EXPERIENCE, 0},
    {"age", JL_CUE_AGE, 0},
    {"number", JL_CUE_NUMBER, 0},
    {"month", JL_CUE_MONTH, 0},
    {"present", JL_CUE_PRESENT, 0},
    {"work", JL_CUE_WORK, 0},
    {"abilities", JL_CUE_ABILITIES, 0},
    {"studies", JL_CUE_STUDIES, 0},
    {"papers", JL_CUE_PAPERS, 0},
    {"tongues", JL_CUE_TONGUES, 0},
    {"summary", JL_CUE_SUMMARY, 0},
    {"other", JL_CUE_OTHER, 0},
    {"where", JL_CUE_WHERE, 0},
    {"city", JL_CUE_CITY, 0},
    {"anywhere", JL_CUE_ANYWHERE, 0},
};

static const struct meaning *meaning_of(jl_span name) {
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; ++i)
        if (jl_span_eq(name, jl_span_of(meanings[i].name)))
            return &meanings[i];
    return NULL;
}

/* "five=5". */
static uint8_t value_of(jl_span *phrase, uint8_t value) {
    const char *sign = memchr(phrase->p, '=', phrase->n);
    if (!sign)
        return value;
    value = 0;
    for (const char *p = sign + 1; p < phrase->p + phrase->n; ++p)
        value = (uint8_t)(value * 10 + (*p - '0'));
    phrase->n = (size_t)(sign - phrase->p);
    return value;
}

static int cue_row(jl_vocabulary *v, jl_phrases *t, const struct meaning *m, jl_span line) {
    jl_span field;
    while (jl_rows_field(&line, &field)) {
        uint8_t value = value_of(&field, m->value);
        uint16_t id = (uint16_t)(JL_CUE | (unsigned)m->kind << 8 | value);
        jl_spelling spelling = spelling_of(&field);
        uint16_t known = jl_phrases_find(t, field);
        if (known != JL_PHRASE_NONE && jl_is_skill(known) && m->kind == JL_CUE_DEGREE)
            v->skill[known].also = id;
        if (jl_phrases_add(t, field, id, spelling, NULL))
            return -1;
    }
    return 0;
}

/* A heading of one of the two kinds of text may be a plain word in the other.
 */
static int read_cues(jl_vocabulary *v, jl_phrases *t, bool headings, jl_cue from, jl_cue to) {
    jl_span line, name;
    jl_rows r = rows_of(jl_cues_tsv, sizeof jl_cues_tsv - 1);
    while (jl_rows_next(&r, &line)) {
        if (!jl_rows_field(&line, &name))
            continue;
        const struct meaning *m = meaning_of(name);
        if (m && (m->kind >= from && m->kind <= to) && (headings || m->kind < JL_CUE_WORK) && cue_row(v, t, m, line))
            return -1;
    }
    return 0;
}

/* ---- titles ---- */

typedef struct families {
    jl_span name[128];
    size_t n;
} families;

static uint8_t family_of(families *f, jl_span name) {
    for (size_t i = 0; i < f->n; ++i)
        if (jl_span_eq(f->name[i], name))
            return (uint8_t)(i + 1);
    if (f->n == sizeof f->name / sizeof *f->name)
        return 0;
    f->name[f->n++] = name;
    return (uint8_t)f->n;
}

/* A word for somebody at work, by its ending or by itself: "Retail" stands beside "Cashier" and is none. */
static bool is_person(jl_span text) {
    static const char *const endings[] = {"er",   "or",   "ist",    "ian",   "ant",   "man",  "yst",  "eur",
                                          "euse", "ein",  "rin",    "tin",   "frau",  "mann", "aft",  "ero",
                                          "era",  "ario", "ière",   "ier",   "ico",   "dor",  "dora", "ista",
                                          "nt",   "geon", "person", "woman", "teuse", "lfe"};
    static const char *const words[] = {"nurse",      "chef",        "cook",
                                        "cooks",      "clerk",       "rn",
                                        "lpn",        "lvn",         "cna",
                                        "coach",      "attorney",    "pilot",
                                        "guard",      "maid",        "host",
                                        "emt",        "aide",        "hand",
                                        "agent",      "rep",         "swe",
                                        "sde",        "paralegal",   "secretary",
                                        "intern",     "nanny",       "tutor",
                                        "koch",       "hostess",     "barista",
                                        "mechanic",   "paramedic",   "representative",
                                        "executive",  "associate",   "specialist",
                                        "fahrer",     "nurses",      "drivers",
                                        "sre",        "sdet",        "dba",
                                        "bookkeeper", "waitress",    "arzt",
                                        "tech",       "hygienist",   "therapist",
                                        "employee",   "counsel",     "scientist",
                                        "steward",    "helper",      "coordinator",
                                        "operative",  "attendant",   "professor",
                                        "lead",       "technologist"};
    static const char *const things[] = {
        "restaurant", "content",  "water",  "customer", "computer", "center", "floor", "trailer", "labor", "interior",
        "motor",      "behavior", "senior", "junior",   "career",   "power",  "laser", "color",   "plant"};
    size_t from = text.n;
    while (from > 0 && text.p[from - 1] != ' ' && text.p[from - 1] != '-')
        --from;
    jl_span last = {text.p + from, text.n - from};
    for (size_t i = 0; i < sizeof words / sizeof *words; ++i)
        if (last.n == strlen(words[i]) && strncasecmp(last.p, words[i], last.n) == 0)
            return true;
    for (size_t i = 0; i < sizeof things / sizeof *things; ++i)
        if (last.n == strlen(things[i]) && strncasecmp(last.p, things[i], last.n) == 0)
            return false;
    if (last.n > 4 && memcmp(last.p + last.n - 4, "ment", 4) == 0)
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; ++i) {
        size_t n = strlen(endings[i]);
        if (last.n > n + 2 && memcmp(last.p + last.n - n, endings[i], n) == 0)
            return true;
    }
    return false;
}

static int title_row(jl_vocabulary *v, jl_span line, jl_title_word row) {
    jl_span field;
    bool heads = false;
    row.word = (uint16_t)v->titles;
    while (jl_rows_field(&line, &field)) {
        bool marked = cut(&field, '*');
        heads = heads || marked;
        jl_title_word w = row;
        w.head = marked || (heads && is_person(field));
        if (v->titles == JL_TITLE_WORDS)
            return -1;
        v->title[v->titles] = w;
        if (jl_phrases_add(&v->occupation, field, (uint16_t)v->titles, JL_SPELT_ANY, NULL))
            return -1;
        v->titles++;
    }
    return 0;
}

static int level_row(jl_vocabulary *v, jl_span line, uint16_t level) {
    jl_span field;
    while (jl_rows_field(&line, &field))
        if (jl_phrases_add(&v->level, field, level, JL_SPELT_ANY, NULL))
            return -1;
    return 0;
}

enum { OCCUPATIONS, EMPTY_WORDS };

static int read_titles(jl_vocabulary *v, int pass) {
    families f = {0};
    jl_span line, name;
    jl_rows r = rows_of(jl_titles_tsv, sizeof jl_titles_tsv - 1);
    while (jl_rows_next(&r, &line)) {
        if (!jl_rows_field(&line, &name) || name.n == 0)
            continue;
        bool empty = *name.p == '=' || *name.p == '-';
        jl_title_word row = {.empty = empty, .general = *name.p == '.'};
        if (!empty && !row.general)
            row.family = family_of(&f, name);
        if (*name.p == '=' && pass == OCCUPATIONS && level_row(v, line, (uint16_t)(name.p[1] - '0')))
            return -1;
        if ((pass == EMPTY_WORDS) == empty && title_row(v, line, row))
            return -1;
    }
    return 0;
}

static void build(void) {
    jl_vocabulary *v = &vocabulary;
    complete = read_skills(v) == 0 && read_cues(v, &v->posting, false, JL_CUE_PREFERRED, JL_CUE_PRESENT) == 0 &&
               read_cues(v, &v->profile, true, JL_CUE_WORK, JL_CUE_ANYWHERE) == 0 &&
               read_cues(v, &v->profile, true, JL_CUE_DEGREE, JL_CUE_PRESENT) == 0 &&
               read_titles(v, OCCUPATIONS) == 0 && read_titles(v, EMPTY_WORDS) == 0;
}

const jl_vocabulary *jl_vocabulary_get(jl_err *err) {
    pthread_once(&once, build);
    if (!complete)
        jl_err_nomem(err);
    return complete ? &vocabulary : NULL;
}
