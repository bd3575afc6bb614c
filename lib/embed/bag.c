/* A text taken apart into words, each kept once. */
#include "embed/bag.h"

#include <stdlib.h>

#include "embed/fold.h"

#define PAD 72                /* readable behind the folded text */
#define PAIR_MAX ((size_t)32) /* bytes of a word that takes part in pairs */
#define PAIR_WEIGHT 5         /* of the lesser of its words, at least */
#define WORD_BYTES 255        /* a longer word is cut */
#define SAID_NORMAL 16
#define SAID_BOILERPLATE 2
#define BOILERPLATE_WORDS 2

typedef struct reader {
    jl_bag *b;
    const jl_known *known;
    const char *p, *end;
    size_t start; /* of the word at hand in the folded text */
    bool wide;
    bool abbreviated; /* the last word was a short form: a dot behind it ends nothing */
} reader;

/* ---- words ---- */

static jl_bag_word *keep(jl_bag *b, uint64_t hash, bool *new) {
    size_t i = hash >> 20 & (b->slots - 1);
    *new = false;
    for (; b->slot[i]; i = (i + 1) & (b->slots - 1))
        if (b->word[b->slot[i] - 1].hash == hash)
            return &b->word[b->slot[i] - 1];
    if (b->n == b->most)
        return NULL;
    *new = true;
    b->slot[i] = (uint32_t)++b->n;
    jl_bag_word *w = &b->word[b->n - 1];
    *w = (jl_bag_word){.hash = hash};
    return w;
}

static void say(jl_bag *b, const jl_bag_word *w) {
    if (b->n_said < b->most)
        b->said[b->n_said++] = (uint32_t)(w - b->word);
}

static void pair(reader *r, size_t index) {
    jl_bag *b = r->b;
    char both[2 * PAIR_MAX + 16];
    bool new;
    const jl_bag_word *first = &b->word[b->last], *second = &b->word[index];
    uint8_t weight = first->weight < second->weight ? first->weight : second->weight;
    if (first->n > PAIR_MAX || second->n > PAIR_MAX || weight < PAIR_WEIGHT)
        return;
    memcpy(both, b->text.p + first->off, PAIR_MAX);
    memcpy(both + first->n, b->text.p + second->off, PAIR_MAX + 16);
    uint64_t hash = jl_known_hash(both, (size_t)first->n + second->n);
    jl_bag_word *w = keep(b, hash, &new);
    if (!w)
        return;
    if (new) {
        w->known = jl_known_find(r->known, hash);
        w->weight = weight;
    }
    say(b, w);
}

static void enter(reader *r, size_t off, size_t n, uint64_t hash, const jl_known_word *known) {
    jl_bag *b = r->b;
    bool new;
    jl_bag_word *w = keep(b, hash, &new);
    if (!w)
        return;
    if (w->n == 0) { /* new, or only a pair so far */
        w->known = known;
        w->off = (uint32_t)off;
        w->n = (uint16_t)n;
        w->weight = known ? known->weight : JL_KNOWN_ORDINARY;
        w->wide = r->wide;
    }
    size_t index = (size_t)(w - b->word);
    b->boilerplate += known && known->boilerplate;
    say(b, w);
    if (b->last != SIZE_MAX)
        pair(r, index);
    b->last = index;
}

/* ---- the folded text: its room was made before ---- */

static void put(reader *r, const char *bytes, size_t n) {
    memcpy(r->b->text.p + r->b->text.n, bytes, n);
    r->b->text.n += n;
}

static size_t word_length(const reader *r) {
    return r->b->text.n - r->start;
}

static void begin(reader *r) {
    put(r, " ", 1);
    r->start = r->b->text.n;
    r->wide = false;
}

static int enter_means(reader *r, const char *means, jl_err *err) {
    size_t n;
    if (jl_buf_reserve(&r->b->text, strlen(means) + (size_t)(r->end - r->p) * 4 + 2 * PAD, err) != 0)
        return -1;
    r->b->text.n = r->start;
    for (; *means; means += n + (means[n] == ' ')) {
        n = strcspn(means, " ");
        put(r, means, n);
        uint64_t hash = jl_known_hash(r->b->text.p + r->start, n);
        enter(r, r->start, n, hash, jl_known_find(r->known, hash));
        begin(r);
    }
    return 0;
}

static int end_word(reader *r, jl_err *err) {
    jl_bag *b = r->b;
    size_t n = word_length(r);
    if (n == 0)
        return 0;
    if (n > WORD_BYTES) {
        n = WORD_BYTES;
        b->text.n = r->start + n;
    }
    uint64_t hash = jl_known_hash(b->text.p + r->start, n);
    const jl_known_word *known = jl_known_find(r->known, hash);
    r->abbreviated = known && known->means;
    if (r->abbreviated)
        return enter_means(r, known->means, err);
    if (known && known->weight == 0) {
        b->boilerplate += known->boilerplate;
        b->text.n = r->start;
        r->wide = false;
        return 0;
    }
    enter(r, r->start, n, hash, known);
    begin(r);
    return 0;
}

static void end_sentence(jl_bag *b) {
    uint32_t count = b->boilerplate >= BOILERPLATE_WORDS ? SAID_BOILERPLATE : SAID_NORMAL;
    for (size_t i = 0; i < b->n_said; i++)
        b->word[b->said[i]].count += count;
    b->n_said = 0;
    b->boilerplate = 0;
    b->last = SIZE_MAX;
}

/* ---- signs ---- */

static bool is_alnum(char c) {
    unsigned char low = (unsigned char)c | 0x20;
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0xc3;
}

/* True when exactly `word` stands at `p`. */
static bool stands(const reader *r, const char *p, const char *word) {
    size_t n = strlen(word);
    if ((size_t)(r->end - p) < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((p[i] | 0x20) != word[i])
            return false;
    return p + n == r->end || !is_alnum(p[n]);
}

/* A sign that belongs to the word at hand. */
static bool joins(reader *r, char sign) {
    if (sign != '.' && sign != '+' && sign != '#' && sign != '&')
        return false;
    const char *next = r->p + 1;
    size_t n = word_length(r);
    if (sign == '.' && (stands(r, next, "net") || (n > 1 && stands(r, next, "js")))) {
        if (n == 0)
            put(r, "dot", 3);
        return true;
    }
    if (sign == '+' && n > 0 && n <= 8 && next < r->end && *next == '+') {
        put(r, "plusplus", 8);
        r->p++;
        return true;
    }
    if (sign == '#' && n == 1) {
        put(r, "sharp", 5);
        return true;
    }
    return sign == '&' && n > 0 && n <= 2 && next < r->end && is_alnum(*next);
}

static int take_sign(reader *r, char sign, jl_err *err) {
    if (joins(r, sign))
        return 0;
    bool ends_word = word_length(r) > 0;
    if (end_word(r, err) != 0)
        return -1;
    r->abbreviated = r->abbreviated && ends_word;
    switch (sign) {
    case ' ':
    case '-':
    case '/':
    case '\t':
    case '\r':
    case '\'':
        return 0;
    case '.':
        if (!r->abbreviated)
            end_sentence(r->b);
        return 0;
    case '!':
    case '?':
    case ';':
    case '\n':
        end_sentence(r->b);
        return 0;
    default:
        r->b->last = SIZE_MAX;
        return 0;
    }
}

static int take_wide(reader *r, jl_err *err) {
    jl_folded f;
    jl_letter letter = jl_fold(r->p, (size_t)(r->end - r->p), &f);
    r->p += f.read;
    if (letter == JL_LETTER_DROPPED)
        return 0;
    if (letter != JL_LETTER && end_word(r, err) != 0)
        return -1;
    if (letter == JL_LETTER_NONE)
        return 0;
    put(r, f.bytes, f.n);
    r->wide = r->wide || (unsigned char)f.bytes[0] >= 0x80;
    return letter == JL_LETTER_ALONE ? end_word(r, err) : 0;
}

/* ---- the bag ---- */

/* A letter becomes four bytes at most, a sign eight. */
static int make_room(jl_bag *b, size_t n, jl_err *err) {
    size_t words = n + 16, slots = 128;
    while (slots < 2 * words)
        slots *= 2;
    jl_buf_clear(&b->text);
    if (jl_buf_reserve(&b->text, 4 * n + 2 * PAD, err) != 0)
        return -1;
    if (b->room < words) {
        jl_bag_word *word = reallocarray(b->word, words, sizeof *word);
        if (word)
            b->word = word;
        uint32_t *said = reallocarray(b->said, words, sizeof *said);
        if (said)
            b->said = said;
        if (!word || !said)
            return jl_err_nomem(err);
        b->room = words;
    }
    if (b->slot_room < slots) {
        uint32_t *slot = reallocarray(b->slot, slots, sizeof *slot);
        if (!slot)
            return jl_err_nomem(err);
        b->slot = slot;
        b->slot_room = slots;
    }
    b->slots = slots;
    b->most = words;
    memset(b->slot, 0, slots * sizeof *b->slot);
    return 0;
}

int jl_bag_fill(jl_bag *b, const jl_known *known, jl_span text, jl_err *err) {
    reader r = {.b = b, .known = known, .p = text.p};
    if (text.n > JL_BAG_TEXT)
        text.n = JL_BAG_TEXT;
    r.end = text.p ? text.p + text.n : NULL;
    b->n = b->n_said = b->boilerplate = 0;
    b->last = SIZE_MAX;
    if (make_room(b, text.n, err) != 0)
        return -1;
    begin(&r);
    while (r.p < r.end) {
        unsigned char c = (unsigned char)*r.p, low = c | 0x20;
        int rc = 0;
        if ((unsigned char)(low - 'a') < 26) {
            b->text.p[b->text.n++] = (char)low;
            r.p++;
        } else if ((unsigned char)(c - '0') < 10) {
            b->text.p[b->text.n++] = (char)c;
            r.p++;
        } else if (c < 0x80) {
            rc = take_sign(&r, (char)c, err);
            r.p++;
        } else {
            rc = take_wide(&r, err);
        }
        if (rc != 0)
            return -1;
    }
    if (end_word(&r, err) != 0)
        return -1;
    end_sentence(b);
    memset(b->text.p + b->text.n, 0, PAD);
    return 0;
}

void jl_bag_free(jl_bag *b) {
    jl_buf_free(&b->text);
    free(b->word);
    free(b->slot);
    free(b->said);
    *b = (jl_bag){0};
}
