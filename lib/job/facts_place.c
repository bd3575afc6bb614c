/* Places as postings write them, made comparable. */
#include "base/digest.h"
#include "job/facts.h"

/* What is longer than this is no place but a text; its beginning counts. */
#define LONGEST 512
#define PARTS 16

/* ---- letters ---- */

/* What Latin letters are without their accents, U+00C0 to U+017F; capitals stand for two letters (see put_letter). */
static const char latin[] = "aaaaaaAceeeeiiiidnooooo ouuuuytS"
                            "aaaaaaAceeeeiiiidnooooo ouuuuyty"
                            "aaaaaaccccccccddddeeeeeeeeeegggg"
                            "gggghhhhiiiiiiiiiiiijjkkklllllll"
                            "lllnnnnnnnnnooooooOOrrrrrrssssss"
                            "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

_Static_assert(sizeof latin == 0x180 - 0xc0 + 1, "a letter for each");

typedef struct folded {
    char text[LONGEST + 8]; /* words in lower case with one space between them, parts ended by LF */
    size_t n;
} folded;

static void put(folded *f, char c) {
    char before = f->n ? f->text[f->n - 1] : '\n';
    if ((c == ' ' || c == '\n') && before == ' ')
        --f->n;
    else if ((c == ' ' || c == '\n') && before == '\n')
        return;
    if (c == ' ' && f->n && f->text[f->n - 1] == '\n')
        return;
    f->text[f->n++] = c;
}

static void put_letter(folded *f, char c) {
    switch (c) {
    case 'A':
        put(f, 'a');
        put(f, 'e');
        break;
    case 'O':
        put(f, 'o');
        put(f, 'e');
        break;
    case 'S':
        put(f, 's');
        put(f, 's');
        break;
    default:
        put(f, c);
    }
}

/* Letters of two bytes: Latin ones lose their accents, Greek and Cyrillic ones become small. */
static void put_two(folded *f, unsigned code) {
    if (code == 0xa0 || code == 0x85) {
        put(f, ' ');
    } else if (code == 0xb7) { /* a middle dot */
        put(f, '\n');
    } else if (code >= 0xc0 && code < 0x180) {
        put_letter(f, latin[code - 0xc0]);
    } else if (code < 0x300 || code > 0x36f) { /* else an accent by itself */
        if (code >= 0x400 && code < 0x410)
            code += 0x50;
        else if ((code >= 0x410 && code < 0x430) || (code >= 0x391 && code < 0x3aa))
            code += 0x20;
        put(f, (char)(0xc0 | code >> 6));
        put(f, (char)(0x80 | (code & 0x3f)));
    }
}

static void put_ascii(folded *f, jl_span text, size_t i) {
    char c = text.p[i];
    bool alone = (i == 0 || text.p[i - 1] == ' ') && (i + 1 == text.n || text.p[i + 1] == ' ');
    if (c >= 'A' && c <= 'Z')
        put(f, (char)(c + 32));
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        put(f, c);
    else if (c && (strchr(",;/|()[]\n", c) || (c == '-' && alone)))
        put(f, '\n');
    else if (c != '.' && c != '\'') /* "U.S.", "St. John's" */
        put(f, ' ');
}

static void fold(jl_span text, folded *f) {
    if (text.n > LONGEST)
        text.n = LONGEST;
    f->n = 0;
    for (size_t i = 0; i < text.n;) {
        unsigned char c = (unsigned char)text.p[i];
        size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (i + n > text.n || f->n + 8 > LONGEST)
            break;
        if (n == 1)
            put_ascii(f, text, i);
        else if (n == 2)
            put_two(f, (c & 0x1fU) << 6 | ((unsigned char)text.p[i + 1] & 0x3fU));
        else if (n == 3 && c == 0xe2 && (unsigned char)text.p[i + 1] == 0x80) /* dashes, bullets, separators */
            put(f, (unsigned char)text.p[i + 2] <= 0x92 ? ' ' : '\n');
        else
            for (size_t k = 0; k < n; ++k)
                put(f, text.p[i + k]);
        i += n;
    }
    put(f, '\n');
}

/* ---- states ---- */

#define USA "united states"

/* The states of the USA, then the provinces and territories of Canada; the name is what is hashed. */
static const struct state {
    char code[3];
    const char *name;
} states[] = {
    {"al", "alabama"},
    {"ak", "alaska"},
    {"az", "arizona"},
    {"ar", "arkansas"},
    {"ca", "california"},
    {"co", "colorado"},
    {"ct", "connecticut"},
    {"de", "delaware"},
    {"dc", "district of columbia"},
    {"fl", "florida"},
    {"ga", "georgia"},
    {"hi", "hawaii"},
    {"id", "idaho"},
    {"il", "illinois"},
    {"in", "indiana"},
    {"ia", "iowa"},
    {"ks", "kansas"},
    {"ky", "kentucky"},
    {"la", "louisiana"},
    {"me", "maine"},
    {"md", "maryland"},
    {"ma", "massachusetts"},
    {"mi", "michigan"},
    {"mn", "minnesota"},
    {"ms", "mississippi"},
    {"mo", "missouri"},
    {"mt", "montana"},
    {"ne", "nebraska"},
    {"nv", "nevada"},
    {"nh", "new hampshire"},
    {"nj", "new jersey"},
    {"nm", "new mexico"},
    {"ny", "new york"},
    {"nc", "north carolina"},
    {"nd", "north dakota"},
    {"oh", "ohio"},
    {"ok", "oklahoma"},
    {"or", "oregon"},
    {"pa", "pennsylvania"},
    {"pr", "puerto rico"},
    {"ri", "rhode island"},
    {"sc", "south carolina"},
    {"sd", "south dakota"},
    {"tn", "tennessee"},
    {"tx", "texas"},
    {"ut", "utah"},
    {"vt", "vermont"},
    {"va", "virginia"},
    {"wa", "washington"},
    {"wv", "west virginia"},
    {"wi", "wisconsin"},
    {"wy", "wyoming"},
    {"ab", "alberta"},
    {"bc", "british columbia"},
    {"mb", "manitoba"},
    {"nb", "new brunswick"},
    {"nl", "newfoundland and labrador"},
    {"ns", "nova scotia"},
    {"nt", "northwest territories"},
    {"nu", "nunavut"},
    {"on", "ontario"},
    {"pe", "prince edward island"},
    {"qc", "quebec"},
    {"sk", "saskatchewan"},
    {"yt", "yukon"},
};
#define STATES (sizeof states / sizeof *states)
#define STATES_USA 52

static bool is(jl_span text, const char *word) {
    size_t n = strlen(word);
    return text.n == n && memcmp(text.p, word, n) == 0;
}

static const struct state *state_by_code(jl_span text) {
    for (size_t i = 0; text.n == 2 && i < STATES; ++i)
        if (memcmp(states[i].code, text.p, 2) == 0)
            return &states[i];
    return NULL;
}

static const struct state *state_by_name(jl_span text) {
    for (size_t i = 0; text.n > 3 && i < STATES; ++i)
        if (states[i].name[0] == text.p[0] && is(text, states[i].name))
            return &states[i];
    return NULL;
}

/* Other names of the same place. */
static jl_span usual_name(jl_span text) {
    static const struct {
        const char *other, *usual;
    } names[] = {
        {"us", USA},
        {"usa", USA},
        {"united states of america", USA},
        {"uk", "united kingdom"},
        {"gb", "united kingdom"},
        {"great britain", "united kingdom"},
        {"nyc", "new york city"},
        {"san francisco bay", "san francisco"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        if (is(text, names[i].other))
            return jl_span_of(names[i].usual);
    return text;
}

/* ---- parts ---- */

typedef struct parts {
    jl_span part[PARTS];
    size_t n;
} parts;

static bool among(jl_span word, const char *const *words) {
    for (; *words; ++words)
        if (is(word, *words))
            return true;
    return false;
}

static bool has_digit(jl_span word) {
    for (size_t i = 0; i < word.n; ++i)
        if (word.p[i] >= '0' && word.p[i] <= '9')
            return true;
    return false;
}

/* Words that say how one works or how large the place is, not which. */
static const char *const noise[] = {"remote", "remotely", "hybrid",   "onsite", "telecommute",  "telework",
                                    "wfh",    "fully",    "anywhere", "metro",  "metropolitan", "greater",
                                    "area",   "work",     "only",     NULL};
static const char *const lead[] = {"in", "within", "near", "from", "around", NULL};
static const char *const no_place[] = {"from home", "on site", "in person", "in office", "home", NULL};
/* Codes that are words too: at the end of "rio de la" they are no state. */
static const char *const doubtful[] = {"in", "on", "de", "la", "al", "or", "me", NULL};

/* The next word of `rest`, moved over; false: there is none. */
static bool next_word(jl_span *rest, jl_span *word) {
    if (rest->n == 0)
        return false;
    const char *space = memchr(rest->p, ' ', rest->n);
    word->p = rest->p;
    word->n = space ? (size_t)(space - rest->p) : rest->n;
    size_t used = word->n + (space != NULL);
    *rest = (jl_span){rest->p + used, rest->n - used};
    return true;
}

/* Takes postal codes and noise out of the part, in place. */
static jl_span without_noise(char *p, size_t n) {
    jl_span rest = {p, n};
    jl_span word;
    size_t used = 0;
    while (next_word(&rest, &word)) {
        if (has_digit(word) || among(word, noise))
            continue;
        if (used)
            p[used++] = ' ';
        memmove(p + used, word.p, word.n);
        used += word.n;
    }
    jl_span left = {p, used};
    rest = left;
    while (next_word(&rest, &word) && rest.n && among(word, lead))
        left = rest;
    return among(left, no_place) ? (jl_span){"", 0} : left;
}

static void add_part(parts *all, jl_span part) {
    if (part.n && all->n < PARTS)
        all->part[all->n++] = part;
}

/* "chicago il" is two. */
static void add_split(parts *all, jl_span part) {
    jl_span code = {part.p + part.n - 2, 2};
    if (part.n > 3 && code.p[-1] == ' ' && state_by_code(code) && !among(code, doubtful)) {
        add_part(all, (jl_span){part.p, part.n - 3});
        part = code;
    }
    add_part(all, part);
}

static void split(folded *f, parts *all) {
    size_t start = 0;
    all->n = 0;
    for (size_t i = 0; i < f->n; ++i)
        if (f->text[i] == '\n') {
            add_split(all, without_noise(f->text + start, i - start));
            start = i + 1;
        }
}

static uint32_t hash_of(jl_span text) {
    uint32_t hash = (uint32_t)jl_digest(text, 0);
    return hash ? hash : 1;
}

static size_t add_hash(uint32_t place[JL_FACTS_PLACES], size_t n, jl_span text) {
    uint32_t hash = hash_of(text);
    for (size_t i = 0; i < n; ++i)
        if (place[i] == hash)
            return n;
    if (n < JL_FACTS_PLACES)
        place[n++] = hash;
    return n;
}

/* "new york" before a state is the city. */
static jl_span city_of_state(const struct state *state, char text[64]) {
    size_t n = strlen(state->name);
    memcpy(text, state->name, n);
    memcpy(text + n, " city", 5);
    return (jl_span){text, n + 5};
}

size_t jl_facts_place(jl_span location, uint32_t place[JL_FACTS_PLACES]) {
    folded f;
    parts all;
    size_t n = 0;
    const char *country = NULL;
    fold(location, &f);
    split(&f, &all);
    for (size_t i = 0; i < all.n; ++i) {
        jl_span part = all.part[i];
        const struct state *named = state_by_name(part);
        const struct state *state = named ? named : state_by_code(part);
        char city[64];
        if (state)
            country = state < states + STATES_USA ? USA : "canada";
        if (named && i + 1 < all.n && (state_by_code(all.part[i + 1]) || state_by_name(all.part[i + 1]) == named))
            part = city_of_state(state, city);
        else
            part = state ? jl_span_of(state->name) : usual_name(part);
        n = add_hash(place, n, part);
    }
    if (country)
        n = add_hash(place, n, jl_span_of(country));
    for (size_t i = n; i < JL_FACTS_PLACES; ++i)
        place[i] = 0;
    return n;
}

bool jl_facts_in_place(const jl_facts *facts, const uint32_t wanted[JL_FACTS_PLACES]) {
    for (size_t i = 0; i < JL_FACTS_PLACES; ++i) {
        bool there = wanted[i] == 0;
        for (size_t k = 0; k < JL_FACTS_PLACES; ++k)
            there |= facts->place[k] == wanted[i];
        if (!there)
            return false;
    }
    return true;
}
