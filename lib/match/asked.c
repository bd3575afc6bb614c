/* One pass over a posting: skills by the section they stand in, years,
 * education. */
#include "match/asked.h"

int jl_digits(jl_span text, size_t *n) {
    int value = 0;
    for (*n = 0; *n < text.n && text.p[*n] >= '0' && text.p[*n] <= '9'; ++*n)
        if (*n < 6)
            value = value * 10 + (text.p[*n] - '0');
    return *n && *n <= 6 ? value : -1;
}

bool jl_asked_denied(jl_span text, size_t at) {
    static const char *const denials[] = {"no",   "not",   "without", "never", "don't", "lack",
                                          "kein", "keine", "ohne",    "sin",   "sans"};
    enum { WORDS = 3 };
    for (size_t k = 0; k < WORDS; ++k) {
        while (at && text.p[at - 1] == ' ')
            --at;
        size_t from = at;
        while (from && (unsigned char)text.p[from - 1] > ' ' && !strchr(",;:.!?()", text.p[from - 1]))
            --from;
        size_t n = at - from;
        for (size_t i = 0; i < sizeof denials / sizeof *denials; ++i)
            if (n == strlen(denials[i]) && strncasecmp(text.p + from, denials[i], n) == 0)
                return true;
        if (n == 0 || n > 4)
            return false;
        at = from;
    }
    return false;
}

/* ---- sentences ---- */

void jl_sentence_add(jl_sentence *s, const jl_hit *hit) {
    bool item = hit->gap >= JL_GAP_ITEM || hit->after >= JL_GAP_ITEM;
    if (hit->spelling != JL_SPELT_ITEM) {
        s->firm++;
        if (s->n < JL_SENTENCE_MAX)
            s->skill[s->n++] = hit->id;
    } else if (item && s->doubts < sizeof s->doubt / sizeof *s->doubt) {
        s->doubt[s->doubts++] = hit->id;
    }
}

void jl_sentence_end(jl_sentence *s, bool listed) {
    bool alone = s->words == 1 && listed;
    for (size_t i = 0; i < s->doubts && (s->firm || alone); ++i)
        if (s->n < JL_SENTENCE_MAX)
            s->skill[s->n++] = s->doubt[i];
}

/* ---- a posting ---- */

enum { BACK = 4, YEARS_MOST = 15 };

typedef struct reading {
    jl_asker *a;
    jl_asked *asked;
    jl_span text;
    float factor;
    jl_cue section, line; /* `line`: of the rest of this line alone */
    size_t first;         /* of the skills that this text added */
    bool headed, listed;  /* the text has headings; the section has items */
    jl_sentence sentence;
    float number[BACK]; /* the last ones, with the word at which they stood */
    size_t at[BACK], numbers, word;
    float years;
    jl_degree degree;
    bool preferred, experience, age, equivalent, boilerplate, begun;
} reading;

static float kind_weight(const reading *r, uint16_t id) {
    static const float weights[] = {1.0F, 0.25F, 1.5F};
    return id < r->a->v->skills ? weights[r->a->v->skill[id].kind] : 1.0F;
}

static void ask(jl_asker *a, jl_asked *asked, uint16_t id, float weight) {
    if (a->where[id]) {
        float *known = &asked->weight[a->where[id] - 1];
        *known = weight > *known ? weight : *known;
    } else if (asked->n < JL_ASKED_MAX) {
        asked->skill[asked->n] = id;
        asked->weight[asked->n] = weight;
        a->where[id] = (uint16_t)++asked->n;
    }
}

static float section_weight(jl_cue section, bool preferred) {
    float w = section == JL_CUE_ASIDE ? 0.05F : section == JL_CUE_DUTIES ? 0.8F : section == JL_CUE_NONE ? 0.5F : 1.0F;
    bool less = preferred || section == JL_CUE_PREFERRED;
    return less && w > 0.4F ? 0.4F : w;
}

static void end_sentence(reading *r) {
    jl_cue section = r->boilerplate ? JL_CUE_ASIDE : r->line != JL_CUE_NONE ? r->line : r->section;
    float weight = r->factor * section_weight(section, r->preferred);
    bool counts = !r->preferred && section != JL_CUE_PREFERRED && section != JL_CUE_ASIDE;
    jl_asked *asked = r->asked;
    jl_sentence_end(&r->sentence, asked->n > 0);
    for (size_t i = 0; i < r->sentence.n; ++i)
        ask(r->a, asked, r->sentence.skill[i], weight * kind_weight(r, r->sentence.skill[i]));
    if (counts && r->years >= 0 && !r->age && (r->experience || r->sentence.n) && r->years > asked->years)
        asked->years = r->years;
    if (counts && r->degree && (!asked->degree || r->degree < asked->degree))
        asked->degree = r->degree;
    asked->equivalent |= r->equivalent;
    r->sentence = (jl_sentence){0};
    r->years = -1;
    r->degree = JL_DEGREE_UNTOLD;
    r->preferred = r->boilerplate = r->experience = r->age = r->equivalent = false;
}

/* Where lists follow, what was said before them was an introduction. */
static void introduced(reading *r) {
    for (size_t i = r->first; i < r->asked->n && !r->headed; ++i)
        r->asked->weight[i] *= 0.4F;
    r->headed = true;
}

static void heading(reading *r, const jl_hit *hit, jl_cue cue) {
    if (cue == JL_CUE_REQUIRED || cue == JL_CUE_DUTIES)
        introduced(r);
    r->listed = false;
    if (hit->after == JL_GAP_LINE || hit->gap != JL_GAP_LINE) {
        r->section = cue;
        r->line = JL_CUE_NONE;
    } else {
        r->line = cue;
    }
}

/* "5+ years", "3-5 years", "5 (five) years": the least of the numbers just
 * before. */
static void years(reading *r, float unit) {
    float least = -1;
    for (size_t i = 0; i < r->numbers; ++i)
        if (r->at[i] + 3 >= r->word && (least < 0 || r->number[i] < least))
            least = r->number[i];
    least *= unit;
    if (least >= 0 && least <= YEARS_MOST && (r->years < 0 || least < r->years))
        r->years = least;
}

static void number(reading *r, float value) {
    size_t i = r->numbers < BACK ? r->numbers++ : 0;
    if (i == 0 && r->numbers == BACK) {
        memmove(r->number, r->number + 1, (BACK - 1) * sizeof *r->number);
        memmove(r->at, r->at + 1, (BACK - 1) * sizeof *r->at);
        i = BACK - 1;
    }
    r->number[i] = value;
    r->at[i] = r->word;
}

static void plain(reading *r, const jl_hit *hit) {
    size_t n;
    char c = r->text.p[hit->off];
    int value = c >= '0' && c <= '9' ? jl_digits((jl_span){r->text.p + hit->off, hit->n}, &n) : -1;
    if (value < 0 || value > 99)
        return;
    number(r, (float)value);
    jl_span rest = {r->text.p + hit->off + n, hit->n - n};
    if (rest.n >= 2 && (rest.p[0] | 32) == 'y' && ((rest.p[1] | 32) == 'r' || (rest.p[1] | 32) == 'e'))
        years(r, 1);
}

/* "two years in sales", "3 years as a welder", but not "ten years in business": those of somebody at work. */
static bool at_work(const reading *r, const jl_hit *hit) {
    static const char *const begins[] = {" in ", " as "}, *const not_work[] = {"business", "the ", "a row"};
    jl_span rest = {r->text.p + hit->off + hit->n, r->text.n - hit->off - hit->n};
    bool begun = false;
    for (size_t i = 0; i < sizeof begins / sizeof *begins && !begun; ++i)
        begun = rest.n > 4 && strncasecmp(rest.p, begins[i], 4) == 0;
    for (size_t i = 0; i < sizeof not_work / sizeof *not_work && begun; ++i) {
        size_t n = strlen(not_work[i]);
        begun = rest.n < 4 + n || strncasecmp(rest.p + 4, not_work[i], n) != 0;
    }
    return begun;
}

static void cue(reading *r, const jl_hit *hit, uint16_t id) {
    jl_cue c = jl_cue_of(id);
    switch (c) {
    case JL_CUE_PREFERRED:
    case JL_CUE_REQUIRED:
    case JL_CUE_DUTIES:
    case JL_CUE_ASIDE:
        if (hit->gap >= JL_GAP_SENTENCE && hit->after >= JL_GAP_SENTENCE && !hit->bullet)
            heading(r, hit, c);
        else
            r->preferred |= c == JL_CUE_PREFERRED;
        break;
    case JL_CUE_DEGREE:
        if (!r->degree || (id & 0xFF) < r->degree)
            r->degree = (jl_degree)(id & 0xFF);
        break;
    case JL_CUE_EQUIVALENT:
        r->equivalent = true;
        break;
    case JL_CUE_NUMBER:
        number(r, (float)(id & 0xFF));
        break;
    case JL_CUE_YEARS:
        years(r, 1);
        r->experience |= at_work(r, hit);
        break;
    case JL_CUE_MONTHS:
        years(r, 1.0F / 12);
        break;
    case JL_CUE_EXPERIENCE:
        r->experience = true;
        break;
    case JL_CUE_BOILERPLATE:
        r->boilerplate = true;
        break;
    case JL_CUE_AGE:
        r->age = true;
        break;
    default:
        break;
    }
}

/* "Acme is a logistics company", "At Acme we believe": what the employer is, not what is asked. */
static bool of_employer(const reading *r, const jl_hit *hit) {
    static const char *const leads[] = {"At ", "Join ", "About "};
    jl_span name = r->a->employer, rest = {r->text.p + hit->off, r->text.n - hit->off};
    for (size_t i = 0; i < sizeof leads / sizeof *leads; ++i) {
        size_t n = strlen(leads[i]);
        if (rest.n > n && memcmp(rest.p, leads[i], n) == 0)
            rest = (jl_span){rest.p + n, rest.n - n};
    }
    return name.n > 1 && rest.n > name.n && strncasecmp(rest.p, name.p, name.n) == 0;
}

static void take(reading *r, const jl_hit *hit) {
    if (hit->gap >= JL_GAP_SENTENCE && r->begun)
        end_sentence(r);
    if (hit->gap >= JL_GAP_SENTENCE)
        r->boilerplate |= of_employer(r, hit);
    if (hit->gap == JL_GAP_LINE) {
        r->line = JL_CUE_NONE;
        /* A paragraph behind a list is about something else. */
        if (r->listed && !hit->bullet)
            r->section = JL_CUE_ASIDE;
        r->listed = hit->bullet;
    }
    r->begun = true;
    r->word += hit->words;
    r->sentence.words += hit->words;
    if (hit->id == JL_PHRASE_NONE) {
        plain(r, hit);
    } else if (jl_is_skill(hit->id)) {
        if (!jl_asked_denied(r->text, hit->off))
            jl_sentence_add(&r->sentence, hit);
        uint16_t also = hit->id < r->a->v->skills ? r->a->v->skill[hit->id].also : 0;
        if (also)
            cue(r, hit, also);
    } else {
        cue(r, hit, hit->id);
    }
}

void jl_asked_start(jl_asker *a, jl_asked *asked) {
    (void)a;
    asked->n = 0;
    asked->years = -1;
    asked->degree = JL_DEGREE_UNTOLD;
    asked->equivalent = false;
}

void jl_asked_text(jl_asker *a, jl_span text, float weight, jl_asked *asked) {
    reading r = {.a = a, .asked = asked, .text = text, .factor = weight, .years = -1, .first = asked->n};
    jl_walk w = jl_walk_start(a->words, text);
    jl_hit hit;
    while (jl_walk_next(&w, &hit))
        take(&r, &hit);
    end_sentence(&r);
}

void jl_asked_skill(jl_asker *a, jl_span text, jl_asked *asked) {
    uint16_t id = jl_phrases_find(a->words, text);
    static const float weights[] = {1.0F, 0.25F, 1.5F};
    if (id == JL_PHRASE_NONE || !jl_is_skill(id)) {
        jl_asked_text(a, text, 1, asked);
        return;
    }
    ask(a, asked, id, id < a->v->skills ? weights[a->v->skill[id].kind] : 1.0F);
}

void jl_asked_end(jl_asker *a, const jl_asked *asked) {
    for (size_t i = 0; i < asked->n; ++i)
        a->where[asked->skill[i]] = 0;
}
