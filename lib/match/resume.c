/* A résumé in free text: what its words, headings and dates say. */
#include "job/space.h"
#include "match/asked.h"
#include "match/draft.h"
#include "match/title.h"

enum { YEAR_FIRST = 1950, YEAR_LAST = 2100, OWN_SKILLS = 64, TOP_LINES = 8, TITLE_BYTES = 256 * 1024 };

#define COUNT(a) (sizeof(a) / sizeof *(a))

typedef struct point {
    int32_t month; /* since year 0; 0 = none */
    size_t word;   /* behind its last one */
    bool whole;    /* the month was told */
    bool fresh;    /* nothing has parted what follows from it */
} point;

typedef struct reading {
    jl_draft *d;
    jl_span text;
    jl_cue section;
    jl_sentence sentence;
    point point;
    size_t word, month_word, number_word;
    int month, number; /* the last ones */
    size_t item_off, item_end, item_words, own;
    int listed; /* the section lasts for this sentence: 2 before its first word, 1 within it */
    bool item_known, begun, experience;
    float years, plain_years; /* of this sentence; the first that no sentence calls experience */
    bool age;
    jl_err *err;
} reading;

/* ---- dates ---- */

static void close_point(reading *r, int32_t month, bool whole) {
    point *p = &r->point;
    bool range = p->month && p->fresh && r->word - p->word <= 4;
    if (range && r->section != JL_CUE_STUDIES) {
        /* "2016 - 2019" lasts from the middle of one to that of the other, on
     * average. */
        int32_t from = p->month, to = month + (whole ? 1 : 0);
        jl_draft_spell(r->d, from, to > from ? to : from + 6);
    }
    *p = range ? (point){0} : (point){.month = month, .word = r->word, .whole = whole, .fresh = true};
}

static void year(reading *r, int value) {
    int month = 0;
    if (r->month && r->month_word + 1 == r->word)
        month = r->month;
    else if (r->number >= 1 && r->number <= 12 && r->number_word + 1 == r->word && r->number < 13)
        month = r->number;
    close_point(r, value * 12 + (month ? month - 1 : 5), month > 0);
}

static void digits(reading *r, const jl_hit *hit) {
    size_t n;
    int value = jl_digits((jl_span){r->text.p + hit->off, hit->n}, &n);
    char before = hit->off ? r->text.p[hit->off - 1] : ' ';
    if (value >= YEAR_FIRST && value <= YEAR_LAST && n == 4) {
        year(r, value);
    } else if (value >= 1 && value <= 12 && r->point.month && !r->point.whole && r->point.word + 1 == r->word &&
               (before == '-' || before == '/' || before == '.')) {
        r->point.month += value - 6;
        r->point.whole = true;
        r->point.word = r->word;
    }
    r->number = value;
    r->number_word = r->word;
}

/* ---- sentences, items, headings ---- */

static int end_item(reading *r) {
    jl_span item = {r->text.p + r->item_off, r->item_end - r->item_off};
    bool own = r->section == JL_CUE_ABILITIES && !r->item_known && r->item_words && r->item_words <= 4;
    r->item_words = 0;
    r->item_known = false;
    if (!own || r->own == OWN_SKILLS || item.n < 2)
        return 0;
    r->own++;
    return jl_draft_skill(r->d, item, r->err);
}

static int end_sentence(reading *r) {
    jl_sentence_end(&r->sentence, r->d->profile->skills > 0);
    for (size_t i = 0; i < r->sentence.n; ++i)
        if (jl_draft_known(r->d, r->sentence.skill[i], r->err))
            return -1;
    if (r->years >= 0 && r->experience && r->years > r->d->said)
        r->d->said = r->years;
    else if (r->years >= 0 && !r->age && r->plain_years < 0)
        r->plain_years = r->years;
    r->age = false;
    r->years = -1;
    r->experience = false;
    r->sentence = (jl_sentence){0};
    return 0;
}

static void location(reading *r, const jl_hit *hit) {
    jl_span rest = {r->text.p + hit->off + hit->n, r->text.n - hit->off - hit->n};
    while (rest.n && strchr(" :\t", *rest.p))
        rest = (jl_span){rest.p + 1, rest.n - 1};
    size_t n = 0;
    while (n < rest.n && n < 60 && !strchr("\n.;(|", rest.p[n]))
        ++n;
    for (size_t i = 0; i + 5 < n; ++i)
        if (memcmp(rest.p + i, " and ", 5) == 0 || memcmp(rest.p + i, " with", 5) == 0 ||
            memcmp(rest.p + i, " but ", 5) == 0)
            n = i;
    while (n && strchr(" ,", rest.p[n - 1]))
        --n;
    bool capital = n && (unsigned char)(rest.p[0] - 'A') < 26;
    if (capital || (n && (unsigned char)rest.p[0] >= 0xC3))
        (void)jl_draft_location(r->d, (jl_span){rest.p, n}, r->err);
}

/* "Raleigh" or "Raleigh NC", as it stands there. */
static jl_span with_state(jl_span text, size_t off, size_t n) {
    uint32_t place[JL_FACTS_PLACES];
    jl_span longer = {text.p + off, n + 3};
    bool state = off + n + 3 <= text.n && text.p[off + n] == ' ' && jl_facts_place(longer, place) >= 3;
    return state ? longer : (jl_span){text.p + off, n};
}

static void cue(reading *r, const jl_hit *hit, uint16_t id) {
    jl_cue c = jl_cue_of(id);
    bool heads = hit->gap >= JL_GAP_SENTENCE && hit->after >= JL_GAP_SENTENCE;
    if (c >= JL_CUE_WORK && c <= JL_CUE_OTHER && heads)
        r->section = c;
    r->listed = c >= JL_CUE_WORK && c <= JL_CUE_OTHER && heads ? hit->after != JL_GAP_LINE ? 2 : 0 : r->listed;
    if (c == JL_CUE_WHERE && (heads || hit->words > 1))
        location(r, hit);
    if (c == JL_CUE_CITY && !r->d->city.n && (unsigned char)r->text.p[hit->off] < 'a')
        r->d->city = with_state(r->text, hit->off, hit->n);
    r->d->anywhere |= c == JL_CUE_ANYWHERE;
    if (c == JL_CUE_DEGREE)
        jl_draft_degree(r->d, (jl_degree)(id & 0xFF));
    if (c == JL_CUE_EXPERIENCE || c == JL_CUE_WORK)
        r->experience = true;
    r->age |= c == JL_CUE_AGE;
    if (c == JL_CUE_MONTH) {
        r->month = id & 0xFF;
        r->month_word = r->word;
    }
    if (c == JL_CUE_NUMBER) {
        r->number = id & 0xFF;
        r->number_word = r->word;
    }
    if (c == JL_CUE_PRESENT && r->point.month && r->point.fresh && r->word - r->point.word <= 4)
        close_point(r, r->d->now, true);
    if (c == JL_CUE_YEARS && r->number > 0 && r->number <= 50 && r->number_word + 2 >= r->word)
        r->years = (float)r->number;
}

static int take(reading *r, const jl_hit *hit) {
    if (r->begun && hit->gap >= JL_GAP_ITEM && end_item(r))
        return -1;
    if (r->begun && hit->gap >= JL_GAP_SENTENCE && end_sentence(r))
        return -1;
    if (hit->gap >= JL_GAP_ITEM && r->point.month)
        r->point.fresh = hit->gap == JL_GAP_ITEM && r->section == JL_CUE_WORK && r->point.fresh;
    if (hit->gap >= JL_GAP_SENTENCE) {
        r->point.fresh = false;
        r->section = r->listed == 1 ? JL_CUE_NONE : r->section;
        r->listed = r->listed == 2 ? 1 : 0;
    }
    r->begun = true;
    r->word += hit->words;
    r->sentence.words += hit->words;
    r->item_off = r->item_words ? r->item_off : hit->off;
    r->item_words += hit->words;
    r->item_end = hit->off + hit->n;
    r->item_known |= hit->id != JL_PHRASE_NONE;
    if (hit->id == JL_PHRASE_NONE) {
        if (r->text.p[hit->off] >= '0' && r->text.p[hit->off] <= '9')
            digits(r, hit);
    } else if (jl_is_skill(hit->id)) {
        if (!jl_asked_denied(r->text, hit->off))
            jl_sentence_add(&r->sentence, hit);
        uint16_t also = r->d->v->skill[hit->id].also;
        if (also)
            cue(r, hit, also);
    } else {
        cue(r, hit, hit->id);
    }
    return 0;
}

static int read_words(jl_draft *d, jl_err *err) {
    reading r = {.d = d, .err = err, .years = -1, .plain_years = -1};
    r.text = (jl_span){d->profile->bytes.p + d->text.off, d->text.n};
    jl_walk w = jl_walk_start(&d->v->profile, r.text);
    jl_hit hit;
    while (jl_walk_next(&w, &hit))
        if (take(&r, &hit))
            return -1;
    if (end_item(&r) || end_sentence(&r))
        return -1;
    if (d->said < 0 && d->spells == 0)
        d->said = r.plain_years;
    return 0;
}

/* ---- titles and a place at the top, line by line ---- */

static bool has_year(jl_span line) {
    for (size_t i = 0; i + 4 <= line.n; ++i) {
        size_t n;
        bool starts = i == 0 || line.p[i - 1] < '0' || line.p[i - 1] > '9';
        if (!starts || (line.p[i] != '1' && line.p[i] != '2'))
            continue;
        int value = jl_digits((jl_span){line.p + i, line.n - i}, &n);
        if (n == 4 && value >= YEAR_FIRST && value <= YEAR_LAST)
            return true;
    }
    return false;
}

/* Length of what parts a title from the employer at `p`, 0 = nothing does. */
static size_t cut(const char *p, const char *end) {
    static const char *const marks[] = {" - ",          " at ",         " @ ",          " bei ",    " chez ",
                                        "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\xA2", "\xC2\xB7", "  "};
    if (strchr(",|;\t()", *p) && *p)
        return 1;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; ++i) {
        size_t n = strlen(marks[i]);
        if ((size_t)(end - p) >= n && memcmp(p, marks[i], n) == 0)
            return n;
    }
    return 0;
}

static size_t words_in(jl_span text) {
    jl_tokens t = jl_tokens_of(text);
    jl_token token;
    size_t n = 0;
    while (n < 64 && jl_tokens_next(&t, &token))
        ++n;
    return n;
}

/* The occupation that a line names, as it names it; empty: none. */
static jl_span title_of(const jl_vocabulary *v, jl_span line) {
    const char *p = line.p, *end = line.p + line.n;
    while (p < end) {
        const char *q = p;
        size_t n = 0;
        while (q < end && !(n = cut(q, end)))
            ++q;
        size_t from, to;
        jl_span part = jl_space_trim((jl_span){p, (size_t)(q - p)});
        if (jl_title_names(v, part, &from, &to)) {
            size_t words = words_in(part);
            return words <= 6 ? part : from <= 40 ? (jl_span){part.p + from, to - from} : (jl_span){"", 0};
        }
        p = q + n;
    }
    return (jl_span){"", 0};
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

/* "City, ST" or "City, Country" at the top of a résumé. */
static jl_span place_of(const jl_vocabulary *v, jl_span line) {
    size_t begin = 0;
    for (size_t i = 0; i < line.n; ++i) {
        if (strchr("|;\t:", line.p[i]) ||
            (i && (unsigned char)line.p[i - 1] >= 0x80 && strchr("\xA2\xB7\x93\x94", line.p[i])))
            begin = i + 1;
        if (line.p[i] != ',' || i + 4 > line.n)
            continue;
        size_t end = i + 1 + (line.p[i + 1] == ' ');
        size_t from = end;
        while (end < line.n && !strchr("|;,\t(\n", line.p[end]) && (unsigned char)line.p[end] != 0xE2 &&
               (unsigned char)line.p[end] != 0xC2)
            ++end;
        jl_span place = jl_space_trim((jl_span){line.p + begin, end - begin});
        size_t a, b;
        bool state = end >= from + 2 && is_upper(line.p[from]) && is_upper(line.p[from + 1]) &&
                     (end == from + 2 || line.p[from + 2] == ' ');
        bool land = is_upper(line.p[from]) && words_in(place) <= 3 && end + 2 >= line.n;
        if (place.n && is_upper(place.p[0]) && (state || land) && words_in(place) <= 5 &&
            !memchr(place.p, '@', place.n) && (place.p[0] < '0' || place.p[0] > '9') &&
            !jl_title_names(v, place, &a, &b))
            return place;
        begin = i + 1;
    }
    return (jl_span){"", 0};
}

static size_t word_before(const char *p, size_t at) {
    while (at && (unsigned char)p[at - 1] > ' ' && !strchr(",;(/", p[at - 1]))
        --at;
    return at;
}

/* "Near Boise". */
static size_t length_of_lead(jl_span place) {
    static const char *const leads[] = {"Near ",   "In ",      "From ",     "At ",
                                        "Around ", "Home in ", "Based in ", "Living in "};
    for (size_t i = 0; i < COUNT(leads); ++i) {
        size_t n = strlen(leads[i]);
        if (place.n > n && memcmp(place.p, leads[i], n) == 0)
            return n;
    }
    return 0;
}

/* "Boise, ID" or "Charlotte, North Carolina" somewhere in a text: up to three words with capitals before a state. */
static jl_span place_in_prose(jl_span text) {
    for (size_t i = 3; i + 4 <= text.n; ++i) {
        if (text.p[i] != ',' || text.p[i + 1] != ' ' || !is_upper(text.p[i + 2]))
            continue;
        size_t from = i, to = i + 2, words = 0;
        for (size_t next; words < 3 && (next = word_before(text.p, from)) < from && is_upper(text.p[next]); ++words) {
            if (from < i && text.p[from] == ' ' && from > next && text.p[from - 1] == '.' && from - next > 3)
                break;
            from = next ? next - 1 : 0;
            if (!next || text.p[from] != ' ') {
                from = next;
                break;
            }
        }
        if (words == 0 && from == i)
            continue;
        from += text.p[from] == ' ';
        from += length_of_lead((jl_span){text.p + from, i - from});
        for (int k = 0; k < 2 && to < text.n && is_upper(text.p[to]); ++k) {
            while (to < text.n && ((text.p[to] | 32) >= 'a' && (text.p[to] | 32) <= 'z'))
                ++to;
            uint32_t place[JL_FACTS_PLACES];
            jl_span found = {text.p + from, to - from};
            if (jl_facts_place((jl_span){text.p + i + 2, to - i - 2}, place) == 2 && found.n < 60 &&
                jl_facts_place(found, place) >= 3)
                return found;
            to += to < text.n && text.p[to] == ' ';
        }
    }
    return (jl_span){"", 0};
}

/* Takes lines in a row: a title stands in one with a date, beside one, or at
 * the top. */
typedef struct lines {
    jl_span before;
    bool dated_before;
    size_t n;
} lines;

static int take_line(jl_draft *d, lines *l, bool titles, jl_span line, jl_span next, jl_err *err) {
    bool dated = has_year(line);
    bool item = strchr("-*", *line.p) || (unsigned char)*line.p == 0xE2;
    bool near = dated || l->dated_before || has_year(next);
    size_t words = words_in(line);
    if (l->n < TOP_LINES && !d->location.n && jl_draft_location(d, place_of(d->v, line), err))
        return -1;
    if (titles && !item && ((l->n < TOP_LINES && words <= 12) || (near && words <= 16)))
        if (jl_draft_title(d, title_of(d->v, line), err))
            return -1;
    l->dated_before = dated;
    l->n++;
    return 0;
}

static jl_span next_line(jl_span text, size_t *at) {
    while (*at < text.n) {
        const char *p = text.p + *at;
        const char *lf = memchr(p, '\n', text.n - *at);
        size_t n = lf ? (size_t)(lf - p) : text.n - *at;
        *at += n + 1;
        jl_span line = jl_space_trim((jl_span){p, n});
        if (line.n)
            return line;
    }
    return (jl_span){"", 0};
}

/* Occupations that sentences name, by what stands before them: who is or wants to be one, what the text begins with,
 * one that was worked as, one that is long past. */
typedef enum standing { PRESENT, FIRST, BEFORE, PAST, STANDINGS } standing;

enum { NAMED = 16, BACK = 48 };

typedef struct named {
    jl_span title[NAMED];
    standing standing[NAMED];
    size_t n;
} named;

/* True when one of the words stands in the rest of the sentence before. */
static bool said(jl_span before, const char *const *words, size_t n) {
    for (size_t i = 0; i < n; ++i)
        if (memmem(before.p, before.n, words[i], strlen(words[i])))
            return true;
    return false;
}

static jl_span sentence_before(jl_span text, size_t at) {
    size_t from = at;
    while (from && at - from < BACK && !strchr(".;!?\n", text.p[from - 1]))
        --from;
    return (jl_span){text.p + from, at - from};
}

static bool led(jl_span before) {
    static const char *const leads[] = {" as a ", " as an ", " as ",  " a ",    " an ",      "am ",        "m a ",
                                        "m an ",  " als ",   "como ", "comme ", "urrently ", "position: ", "title: "};
    for (size_t i = 0; i < COUNT(leads); ++i) {
        size_t n = strlen(leads[i]);
        if (before.n >= n && memcmp(before.p + before.n - n, leads[i], n) == 0)
            return true;
    }
    return before.n == 2 && memcmp(before.p, "A ", 2) == 0;
}

static standing standing_of(jl_span before, bool first) {
    static const char *const past[] = {"sed to ",    "n college",    "n school",  "ormer",   "reviously",
                                       "efore that", "arlier",       "tarted as", "egan as", "summer job",
                                       "side job",   "part-time as", "früher",    "antes",   "avant"};
    static const char *const present[] = {"eeking",    "ooking for", " want",    "I am",  "I'm",
                                          "I work as", "working as", "urrently", "ince ", "Ich bin",
                                          "soy ",      "suis ",      "now ",     "Now ",  "position as"};
    if (said(before, past, COUNT(past)))
        return PAST;
    return said(before, present, COUNT(present)) ? PRESENT : first ? FIRST : BEFORE;
}

/* "EMT" alone may be a conduit. */
static bool is_short(jl_span title) {
    return title.n <= 4 && !memchr(title.p, ' ', title.n);
}

static void gather_named(const jl_vocabulary *v, jl_span text, named *found) {
    size_t at = 0, from, to;
    for (int i = 0; i < 64 && at < text.n && found->n < NAMED; ++i) {
        jl_span rest = {text.p + at, text.n - at};
        if (!jl_title_names(v, rest, &from, &to))
            return;
        bool first = at == 0 && from <= 60;
        /* "iPhone developer": what a text begins with belongs to it. */
        if (at == 0 && words_in((jl_span){text.p, from}) <= 2 && !memchr(text.p, ',', from))
            from = 0;
        jl_span title = {rest.p + from, to - from}, before = sentence_before(text, at + from);
        bool counts = led(before) || (first && (from == 0 || !is_short(title)));
        if (counts) {
            found->standing[found->n] = standing_of(before, first);
            found->title[found->n++] = title;
        }
        at += to;
    }
}

static int titles_of_sentences(jl_draft *d, jl_span text, jl_err *err) {
    named found = {.n = 0};
    gather_named(d->v, text, &found);
    for (int s = PRESENT; s < STANDINGS; ++s)
        for (size_t i = 0; i < found.n; ++i)
            if (found.standing[i] == (standing)s && !(s == PAST && d->profile->titles) &&
                jl_draft_title(d, found.title[i], err))
                return -1;
    return 0;
}

/* A licence is for an occupation: who says nothing else has one by it. */
static int titles_of_papers(jl_draft *d, jl_err *err) {
    static const struct {
        const char *word, *title;
    } known[] = {{"BSN", "Registered Nurse"},      {"ADN", "Registered Nurse"}, {"NCLEX", "Registered Nurse"},
                 {"RN", "Registered Nurse"},       {"CDL", "Truck Driver"},     {"Forklift", "Forklift Operator"},
                 {"guard card", "Security Guard"}, {"CPA", "Accountant"},       {"EPA 608", "HVAC Technician"},
                 {"teaching license", "Teacher"},  {"ServSafe", "Cook"},        {"PE license", "Engineer"},
                 {"PMP", "Project Manager"},       {"CCNA", "Network Engineer"}};
    for (size_t i = 0; i < d->v->skills && d->profile->titles == 0; ++i) {
        jl_span name = d->v->skill[i].name, title = name;
        if (!d->known[i] || d->v->skill[i].kind != JL_SKILL_PAPER)
            continue;
        for (size_t k = 0; k < COUNT(known); ++k)
            if (memmem(name.p, name.n, known[k].word, strlen(known[k].word)))
                title = jl_span_of(known[k].title);
        if (jl_draft_title(d, title, err))
            return -1;
    }
    return 0;
}

static int read_lines(jl_draft *d, bool titles, jl_err *err) {
    size_t n = d->text.n < TITLE_BYTES ? d->text.n : TITLE_BYTES, at = 0;
    jl_span text = {d->profile->bytes.p + d->text.off, n};
    lines l = {0};
    if (jl_draft_location(d, place_in_prose(text), err))
        return -1;
    jl_span line = next_line(text, &at);
    for (jl_span next; line.n; line = next) {
        next = next_line(text, &at);
        if (line.n <= 400 && (titles || l.n < TOP_LINES) && take_line(d, &l, titles, line, next, err))
            return -1;
    }
    if (titles && d->profile->titles == 0 && titles_of_sentences(d, text, err))
        return -1;
    return titles && d->profile->titles == 0 ? titles_of_papers(d, err) : 0;
}

int jl_resume_read(jl_draft *d, jl_err *err) {
    bool titles = d->profile->titles == 0;
    if (d->text.n == 0)
        return 0;
    /* What is found is kept behind the text: with room for all of it the text
   * does not move under those who walk it. */
    if (jl_buf_reserve(&d->profile->bytes, (JL_PROFILE_SKILLS + JL_PROFILE_TITLES + 1) * 128, err))
        return -1;
    return read_words(d, err) || read_lines(d, titles, err) ? -1 : jl_draft_location(d, d->city, err);
}
