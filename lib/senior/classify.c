/* Rules from the words of a title to its seniority; classify.h says which. */
#include <stdbool.h>
#include <stdint.h>

#include "senior/classify.h"
#include "senior/words.h"

enum { TOKENS = 64, LETTERS = 24, PLAIN_OCCUPATION = 2, OCCUPATION_MAX = 4 };

static const jl_word plain = {"", JL_WORD_PLAIN, 0};

/* One word of the title. */
typedef struct token {
    const jl_word *word;
    bool part;       /* the first of its part */
    bool possessive; /* president's */
} token;

/* A run of tokens first..end-1. */
typedef struct run {
    const token *t;
    size_t first, end;
} run;

static jl_word_kind kind(run r, size_t i) {
    return i >= r.first && i < r.end ? (jl_word_kind)r.t[i].word->kind : JL_WORD_PLAIN;
}

/* ---- from bytes to tokens ---- */

typedef struct reader {
    const char *p, *end;
    token *token;
    size_t n;
    bool part; /* the next word starts a part */
} reader;

static bool is_letter(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/* Length of the UTF-8 encoded character at `p` when it is `text`, else 0. */
static size_t is(const reader *r, const char *text) {
    size_t n = strlen(text);
    return (size_t)(r->end - r->p) >= n && memcmp(r->p, text, n) == 0 ? n : 0;
}

static size_t dash(const reader *r) {
    size_t n = is(r, "\xe2\x80\x93");     /* en */
    return n ? n : is(r, "\xe2\x80\x94"); /* em */
}

static size_t apostrophe(const reader *r) {
    size_t n = is(r, "'");
    return n ? n : is(r, "\xe2\x80\x99");
}

static void put(reader *r, const jl_word *word, bool possessive) {
    if (r->n == TOKENS)
        return;
    r->token[r->n++] = (token){.word = word, .part = r->part, .possessive = possessive};
    r->part = false;
}

/* "Sr.", "V.P." and "C.E.O." lose their stops, "co-founder" its hyphen. */
static void read_word(reader *r) {
    char text[LETTERS + 1];
    size_t n = 0;
    bool possessive = false;
    while (r->p < r->end) {
        size_t quote = apostrophe(r);
        if (quote) {
            r->p += quote;
            possessive = r->p == r->end || *r->p == 's' || *r->p == 'S' || *r->p == ' ';
            if (r->p < r->end && (*r->p == 's' || *r->p == 'S'))
                r->p++;
            break;
        }
        unsigned char c = (unsigned char)*r->p;
        if (c == '-' && n == 2 && memcmp(text, "co", 2) == 0 && r->p + 1 < r->end &&
            is_letter((unsigned char)r->p[1])) {
            r->p++;
            continue;
        }
        if (c != '.' && (!is_letter(c) || dash(r)))
            break;
        if (c != '.' && n <= LETTERS)
            text[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        r->p++;
    }
    const jl_word *word = n <= LETTERS ? jl_word_find((jl_span){text, n}) : NULL;
    if (n)
        put(r, word ? word : &plain, possessive);
}

static void read_separator(reader *r) {
    static const jl_word and = {"and", JL_WORD_AND, 0};
    static const jl_word at = {"at", JL_WORD_FIELD, 0};
    size_t n = dash(r);
    char c = *r->p;
    if (n || (c && strchr(",;|:()[]", c)))
        r->part = true;
    else if (c == '-' && r->p + 1 < r->end && r->p[1] == ' ')
        r->part = true;
    else if ((c == '&' || c == '/' || c == '+') && !r->part)
        put(r, &and, false);
    else if (c == '@')
        put(r, &at, false);
    r->p += n ? n : 1;
}

static size_t read_title(jl_span title, token *t) {
    reader r = {.p = title.p, .end = title.p + title.n, .token = t, .part = true};
    while (r.p < r.end)
        if (is_letter((unsigned char)*r.p) && !dash(&r) && !apostrophe(&r))
            read_word(&r);
        else
            read_separator(&r);
    return r.n;
}

/* ---- parts, phrases, pieces ---- */

static bool is_preposition(jl_word_kind k) {
    return k == JL_WORD_OF || k == JL_WORD_FIELD || k == JL_WORD_TO;
}

/* The next part's phrase: what stands in front of the field of the work. Moves `at` to the part behind. */
static run next_phrase(const token *t, size_t n, size_t *at) {
    run r = {.t = t, .first = *at, .end = *at};
    size_t i = *at;
    bool inside = true;
    do {
        inside = inside && !is_preposition((jl_word_kind)t[i].word->kind);
        i++;
        if (inside)
            r.end = i;
    } while (i < n && !t[i].part);
    *at = i;
    return r;
}

/* The next piece of a phrase: what stands between "and"s. False when there is none. */
static bool next_piece(run phrase, size_t *at, run *piece) {
    while (*at < phrase.end && kind(phrase, *at) == JL_WORD_AND)
        ++*at;
    *piece = (run){.t = phrase.t, .first = *at, .end = *at};
    while (piece->end < phrase.end && kind(phrase, piece->end) != JL_WORD_AND)
        piece->end++;
    *at = piece->end;
    return piece->first < piece->end;
}

/* Only words stand before it that may stand before a rank. */
static bool leads(run r, size_t i) {
    for (size_t k = r.first; k < i; k++)
        switch (kind(r, k)) {
        case JL_WORD_SCOPE:
        case JL_WORD_SENIOR:
        case JL_WORD_STEP:
        case JL_WORD_LEAD:
        case JL_WORD_UNDER:
        case JL_WORD_ASSOCIATE:
        case JL_WORD_ASSISTANT:
        case JL_WORD_JUNIOR:
        case JL_WORD_EXECUTIVE:
        case JL_WORD_MANAGING:
        case JL_WORD_GENERAL:
        case JL_WORD_VICE:
            break;
        default:
            return false;
        }
    return true;
}

static bool is_last(run r, size_t i) {
    return i + 1 == r.end || (i + 2 == r.end && kind(r, i + 1) == JL_WORD_NUMERAL);
}

static bool is_word(run r, size_t i, const char *text) {
    return i >= r.first && i < r.end && strcmp(r.t[i].word->text, text) == 0;
}

/* What level the word stands for as the name of an occupation; 0 = it is none. */
static int occupation_of(run r, size_t i) {
    jl_word_kind before = kind(r, i - 1);
    switch (kind(r, i)) {
    case JL_WORD_ROLE:
    case JL_WORD_MAKER:
    case JL_WORD_SUPPORT:
    case JL_WORD_COUNSEL:
    case JL_WORD_CONTROLLER:
        return r.t[i].word->level;
    case JL_WORD_ASSISTANT: /* a physician assistant is licensed; an executive assistant is trusted */
        if (!is_last(r, i))
            return 0;
        return before == JL_WORD_EXECUTIVE ? 2 : is_word(r, i - 1, "physician") ? 3 : 1;
    case JL_WORD_ASSOCIATE:
        if (!is_last(r, i))
            return 0;
        return i == r.first ? 3 : before == JL_WORD_ROLE || before == JL_WORD_SHOP || before == JL_WORD_THING ? 1 : 2;
    case JL_WORD_WORKER:
        return before == JL_WORD_SHOP || before == JL_WORD_STUDENT ? 1 : 2;
    case JL_WORD_MEMBER:
        return before == JL_WORD_TEAM || before == JL_WORD_SUPPORT ? 1 : 2;
    case JL_WORD_OFFICER:
    case JL_WORD_EXECUTIVE:
        return is_last(r, i) ? 2 : 0;
    case JL_WORD_OPERATOR:
        return 2;
    case JL_WORD_OWNER:
    case JL_WORD_PARTNER:
    case JL_WORD_MASTER:
        return is_last(r, i) ? 3 : 0;
    default:
        return 0;
    }
}

static bool occupation_behind(run r, size_t i) {
    for (size_t k = i + 1; k < r.end; k++)
        if (occupation_of(r, k) || kind(r, k) == JL_WORD_MANAGER)
            return true;
    return false;
}

/* ---- ranks ---- */

static bool supports(run r) {
    size_t last = r.end - 1;
    if (last > r.first && kind(r, last) == JL_WORD_NUMERAL)
        last--;
    jl_word_kind k = kind(r, last);
    if (k != JL_WORD_SUPPORT && k != JL_WORD_ASSISTANT)
        return false;
    return kind(r, r.first) != JL_WORD_HEAD;
}

/* `rest` runs to the end of the phrase: "Chief Risk and Compliance Officer". */
static int chief(run rest, size_t i) {
    if (kind(rest, i + 1) == JL_WORD_EXECUTIVE)
        return 7;
    for (size_t k = i + 1; k < rest.end; k++)
        if (kind(rest, k) == JL_WORD_OFFICER)
            return 7;
    return 5;
}

static int head(run r, size_t i) {
    if (kind(r, i + 1) == JL_WORD_START || (!leads(r, i) && !is_last(r, i)))
        return 0;
    for (size_t k = r.end; k > i + 1; k--) {
        int level = occupation_of(r, k - 1);
        if (level)
            return level + 2 < OCCUPATION_MAX ? level + 2 : OCCUPATION_MAX;
    }
    return 5;
}

static int vice_president(run r, size_t i, int level) {
    for (size_t k = r.first; k < i; k++) {
        jl_word_kind w = kind(r, k);
        if (w == JL_WORD_SENIOR || w == JL_WORD_EXECUTIVE)
            return 6;
    }
    return level;
}

static int director(run r, size_t i) {
    jl_word_kind before = kind(r, i - 1);
    if (before == JL_WORD_MANAGING || before == JL_WORD_EXECUTIVE || before == JL_WORD_BOARD)
        return 6;
    return leads(r, i) ? 6 : 5;
}

static int manager(run r, size_t i) {
    return kind(r, i - 1) == JL_WORD_GENERAL ? 5 : 4;
}

static int controller(run r, size_t i) {
    if (!is_last(r, i) && !leads(r, i))
        return 0;
    return leads(r, i) || kind(r, i - 1) == JL_WORD_MONEY ? 5 : 0;
}

/* Partners and owners of a product, a process, a relation are none of the firm; an owner operator drives a lorry. */
static int holder(run phrase, run r, size_t i, int level) {
    jl_word_kind before = kind(r, i - 1);
    size_t next = kind(phrase, i + 1) == JL_WORD_AND ? i + 2 : i + 1;
    if (before == JL_WORD_THING || before == JL_WORD_CARE || before == JL_WORD_PROGRAM)
        return 0;
    return is_last(r, i) && kind(phrase, next) != JL_WORD_OPERATOR ? level : 0;
}

/* A rank that counts at the front or the end, unless it only says whose work it is. */
static int placed(run r, size_t i, int level) {
    if (is_last(r, i))
        return level;
    return leads(r, i) && !occupation_behind(r, i) && kind(r, i + 1) != JL_WORD_OFFICE ? level : 0;
}

static int superior(run r, size_t i) {
    return kind(r, i - 1) == JL_WORD_GRADE ? 3 : r.t[i].word->level;
}

/* The rank of word `i` of a piece of a phrase, 0 = none. */
static int rank_of(run phrase, run r, size_t i) {
    if (r.t[i].possessive)
        return 0;
    jl_word_kind next = kind(r, i + 1);
    switch (kind(r, i)) {
    case JL_WORD_RANK:
    case JL_WORD_LETTERS:
        return placed(r, i, r.t[i].word->level);
    case JL_WORD_PRESIDENT:
        return kind(r, i - 1) == JL_WORD_VICE ? vice_president(r, i - 1, 5) : placed(r, i, 7);
    case JL_WORD_VP:
        return vice_president(r, i, r.t[i].word->level);
    case JL_WORD_CHIEF:
        return chief((run){r.t, r.first, phrase.end}, i);
    case JL_WORD_HEAD:
        return head(r, i);
    case JL_WORD_DIRECTOR:
        return director(r, i);
    case JL_WORD_MANAGER:
        return manager(r, i);
    case JL_WORD_SUPERIOR:
        return superior(r, i);
    case JL_WORD_MANAGING:
        return next == JL_WORD_PRINCIPAL ? 6 : occupation_behind(r, i) ? 4 : 0;
    case JL_WORD_COUNSEL:
        return kind(r, i - 1) == JL_WORD_GENERAL ? 6 : 0;
    case JL_WORD_PRINCIPAL:
        return is_last(r, i) ? 5 : 0;
    case JL_WORD_PARTNER:
        return holder(phrase, r, i, 6);
    case JL_WORD_OWNER:
        return holder(phrase, r, i, 7);
    case JL_WORD_CONTROLLER:
        return controller(r, i);
    case JL_WORD_BOARD:
        return next == JL_WORD_MEMBER ? 6 : 0;
    case JL_WORD_EXECUTIVE:
        return is_word(r, i + 1, "chef") ? 4 : 0;
    default:
        return 0;
    }
}

/* Deputies take one off. */
static int lowered(run r, size_t i, int rank) {
    for (size_t k = r.first; k < i && rank >= OCCUPATION_MAX; k++) {
        jl_word_kind w = kind(r, k);
        if (!leads(r, k) && k + 1 != i)
            continue;
        bool vice = w == JL_WORD_VICE && kind(r, k + 1) != JL_WORD_PRESIDENT;
        if (w == JL_WORD_ASSISTANT && kind(r, i) == JL_WORD_DIRECTOR)
            return 4;
        if (vice || w == JL_WORD_UNDER || w == JL_WORD_ASSOCIATE || w == JL_WORD_ASSISTANT || w == JL_WORD_JUNIOR)
            return rank - 1;
    }
    return rank;
}

static int rank_of_phrase(run phrase, bool first) {
    int highest = 0;
    run piece;
    for (size_t at = phrase.first; next_piece(phrase, &at, &piece);) {
        if (supports(piece))
            continue;
        for (size_t i = piece.first; i < piece.end; i++) {
            int rank = rank_of(phrase, piece, i);
            /* Behind the first part a rank in the middle is somebody else's. */
            if (!first && !leads(piece, i) && !is_last(piece, i) && kind(piece, i) != JL_WORD_CHIEF)
                rank = 0;
            rank = lowered(piece, i, rank);
            highest = rank > highest ? rank : highest;
        }
    }
    return highest;
}

/* ---- beginners ---- */

static bool begins(run r, size_t i) {
    jl_word_kind next = kind(r, i + 1);
    const char *word = r.t[i].word->text;
    switch (kind(r, i)) {
    case JL_WORD_ENTRY:
        if (next == JL_WORD_PROGRAM || next == JL_WORD_DIRECTOR || next == JL_WORD_SUPERIOR ||
            is_word(r, i + 1, "coordinator"))
            return false;
        return next != JL_WORD_MANAGER || word[0] == 't'; /* a trainee manager is one, an intern manager is not */
    case JL_WORD_FIRST:
        return next == JL_WORD_LEVEL;
    case JL_WORD_STUDENT:
        if (is_last(r, i) || next == JL_WORD_PROGRAM)
            return true;
        if (word[0] == 's')
            return next == JL_WORD_MAKER || next == JL_WORD_ASSISTANT || next == JL_WORD_WORKER ||
                   is_word(r, i + 1, "nurse");
        return i == r.first && next != JL_WORD_SCHOOL && occupation_behind(r, i);
    default:
        return false;
    }
}

/* "Manager in Training", not "Specialist in Training and Development". */
static bool in_training(const token *t, size_t n, size_t i) {
    if (i + 1 >= n || t[i].word->kind != JL_WORD_FIELD || t[i + 1].word->kind != JL_WORD_TRAINING)
        return false;
    return i + 2 == n || t[i + 2].part || t[i + 2].word->kind == JL_WORD_PROGRAM;
}

static bool is_beginner(const token *t, size_t n) {
    for (size_t at = 0; at < n;) {
        run r = next_phrase(t, n, &at);
        for (size_t i = r.first; i < r.end; i++)
            if (begins(r, i))
                return true;
        if (r.end < at && in_training(t, n, r.end))
            return true;
    }
    return false;
}

/* ---- occupations ---- */

/* The last name of an occupation is the one; what stands before it says of which kind. */
static int occupation(run r) {
    for (size_t i = r.end; i > r.first; i--) {
        int level = occupation_of(r, i - 1);
        if (!level)
            continue;
        for (size_t k = r.first; k + 1 < i && leads(r, k); k++) {
            jl_word_kind w = kind(r, k);
            if (w == JL_WORD_ASSISTANT && level > 1)
                return level - 1;
            if ((w == JL_WORD_UNDER || w == JL_WORD_ASSOCIATE) && level >= OCCUPATION_MAX)
                return level - 1;
        }
        return level;
    }
    return 0;
}

static bool maker_behind(run r, size_t i) {
    for (size_t k = i + 1; k < r.end; k++)
        if (kind(r, k) == JL_WORD_MAKER)
            return true;
    return false;
}

static int numeral_step(run r, size_t i) {
    jl_word_kind before = kind(r, i - 1);
    if (i == r.first || i + 1 != r.end || before == JL_WORD_GRADE || before == JL_WORD_SHOP || before == JL_WORD_AND)
        return 0;
    int value = r.t[i].word->level;
    return value >= 5 ? 2 : value >= 3 ? 1 : 0;
}

static int step_of(run r, size_t i) {
    jl_word_kind next = kind(r, i + 1);
    if (r.t[i].possessive)
        return 0;
    switch (kind(r, i)) {
    case JL_WORD_STEP:
        return r.t[i].word->level;
    case JL_WORD_SENIOR:
        return next == JL_WORD_CARE ? 0 : 1;
    case JL_WORD_LEAD:
        return next == JL_WORD_GENERATION ? 0 : 1;
    case JL_WORD_STAFF:
        return maker_behind(r, i) ? 1 : 0;
    case JL_WORD_PRINCIPAL:
        return 2;
    case JL_WORD_MASTER:
        return i + 1 < r.end && next != JL_WORD_THING ? 1 : 0;
    case JL_WORD_NUMERAL:
        return numeral_step(r, i);
    default:
        return 0;
    }
}

/* A staff engineer who is senior is one more. */
static int step_of_phrase(run r) {
    int highest = 0;
    bool staff = false, senior = false;
    for (size_t i = r.first; i < r.end; i++) {
        int step = step_of(r, i);
        staff = staff || (step && kind(r, i) == JL_WORD_STAFF);
        senior = senior || (step && kind(r, i) == JL_WORD_SENIOR);
        highest = step > highest ? step : highest;
    }
    return staff && senior ? 2 : highest;
}

static bool is_junior(run r) {
    for (size_t i = r.first; i < r.end; i++)
        if (kind(r, i) == JL_WORD_JUNIOR)
            return true;
    return false;
}

static int level_of_occupation(const token *t, size_t n) {
    int base = 0, step = 0;
    bool junior = false;
    for (size_t at = 0; at < n;) {
        run r = next_phrase(t, n, &at);
        if (r.first == r.end)
            continue;
        base = base ? base : occupation(r);
        int more = step_of_phrase(r);
        step = more > step ? more : step;
        junior = junior || is_junior(r);
    }
    int level = (base ? base : PLAIN_OCCUPATION) + step;
    if (level > OCCUPATION_MAX)
        level = OCCUPATION_MAX;
    return junior && level > 2 ? 2 : level;
}

static bool is_one_piece(run r) {
    for (size_t i = r.first; i < r.end; i++)
        if (kind(r, i) == JL_WORD_AND)
            return false;
    return true;
}

int jl_classify(jl_span title) {
    token t[TOKENS];
    size_t n = read_title(title, t);
    if (is_beginner(t, n))
        return 1;
    int highest = 0;
    for (size_t at = 0; at < n;) {
        bool first = at == 0;
        run r = next_phrase(t, n, &at);
        if (r.first == r.end)
            continue;
        if (first && is_one_piece(r) && supports(r))
            return level_of_occupation(t, at);
        int rank = rank_of_phrase(r, first);
        highest = rank > highest ? rank : highest;
    }
    return highest ? highest : level_of_occupation(t, n);
}
