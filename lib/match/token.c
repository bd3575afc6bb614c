/* Words out of bytes in one pass. */
#include "match/token.h"

enum { LETTER = 'a', SPACE = ' ', NEWLINE = 'n', ITEM = ',', STOP = '.', NEAR = '-', BULLET = '*', HIGH = 'h' };

/* What a byte of ASCII is. */
static const char kinds[129] = "--------- n n --"
                               "----------------"
                               " .,-----,,*-,-.-"
                               "aaaaaaaaaa..,,,."
                               "-aaaaaaaaaaaaaaa"
                               "aaaaaaaaaaa,-,--"
                               "-aaaaaaaaaaaaaaa"
                               "aaaaaaaaaaa,,,--";

static inline char kind(char c) {
    return (unsigned char)c < 0x80 ? kinds[(unsigned char)c] : HIGH;
}

/* U+00C0 to U+00FF without accents; what has no letter of ASCII stays apart by
 * its second byte. */
static const char plain[65] = "aaaaaaaceeeeiiiidnooooo*ouuuuypsaaaaaaaceeeeiiiidnooooo*ouuuuypy";

/* Length of the character at `p` that parts words, 0 when it is a letter;
 * `*bullet` when it marks an item. */
static size_t parts(const char *p, const char *end, bool *bullet) {
    const unsigned char *u = (const unsigned char *)p;
    size_t left = (size_t)(end - p);
    if (left >= 2 && u[0] == 0xC2)
        return *bullet |= u[1] == 0xB7, 2;
    if (left < 3 || u[0] != 0xE2)
        return 0;
    if (u[1] == 0x80 || u[1] == 0x81) /* dashes, quotes, bullets, spaces */
        return *bullet |= u[1] == 0x80 && u[2] >= 0xA2 && u[2] <= 0xA3, 3;
    if (u[1] >= 0x94 && u[1] <= 0x9E) /* boxes, geometric shapes, ticks, stars */
        return *bullet = true, 3;
    return 0;
}

static bool is_word(const char *p, const char *end) {
    bool bullet = false;
    char k = p < end ? kind(*p) : NEAR;
    return k == LETTER || (k == HIGH && !parts(p, end, &bullet));
}

/* ".NET" where a word begins. */
static bool is_net(const char *p, const char *end) {
    return end - p >= 4 && p[0] == '.' && (p[1] | 32) == 'n' && (p[2] | 32) == 'e' && (p[3] | 32) == 't' &&
           !is_word(p + 4, end);
}

/* Moves to the next word and says what was passed over. */
static const char *skip(const char *p, const char *start, const char *end, jl_token *token) {
    uint8_t gap = JL_GAP_NEAR;
    bool bullet = false, line = p == start;
    for (; p < end; ++p) {
        char k = kind(*p);
        if (k == LETTER)
            break;
        if (k == HIGH) {
            bool mark = false;
            size_t n = parts(p, end, &mark);
            if (n == 0)
                break;
            bullet |= mark;
            gap = mark && gap < JL_GAP_LINE ? JL_GAP_LINE : gap;
            p += n - 1;
        } else if (k == NEWLINE) {
            gap = JL_GAP_LINE;
            line = true;
        } else if (k == ITEM && gap < JL_GAP_ITEM) {
            gap = JL_GAP_ITEM;
        } else if (k == STOP) {
            if (is_net(p, end) && (p == start || !is_word(p - 1, end)))
                break;
            bool inside = p + 1 < end && *p == '.' && is_word(p + 1, end);
            gap = !inside && gap < JL_GAP_SENTENCE ? JL_GAP_SENTENCE : gap;
        } else if (k == BULLET || (line && *p == '-')) {
            bullet |= line;
        }
    }
    token->gap = gap;
    token->bullet = bullet;
    return p;
}

static uint64_t mix(uint64_t h, unsigned char c) {
    return (h ^ c) * UINT64_C(0x100000001B3); /* FNV-1a:
                                http://www.isthe.com/chongo/tech/comp/fnv/ */
}

/* Behind a word: its + and #. "A+B" has none. */
static const char *signs(const char *p, const char *end, uint64_t *h) {
    const char *q = p;
    while (q < end && q - p < 2 && (*q == '+' || *q == '#'))
        ++q;
    if (q == p || (q - p == 1 && is_word(q, end)))
        return p;
    for (; p < q; ++p)
        *h = mix(*h, (unsigned char)*p);
    return q;
}

static const char *possessive(const char *p, const char *end) {
    size_t n = p < end && *p == '\'' ? 1 : end - p >= 3 && memcmp(p, "\xE2\x80\x99", 3) == 0 ? 3 : 0;
    if (n && p + n < end && (p[n] | 32) == 's' && !is_word(p + n + 1, end))
        return p + n + 1;
    return p;
}

bool jl_tokens_next(jl_tokens *t, jl_token *token) {
    const char *p = skip(t->p, t->start, t->end, token), *end = t->end;
    uint64_t h = UINT64_C(0xCBF29CE484222325), before = h;
    unsigned char last = 0, last_but_one = 0;
    token->off = (uint32_t)(p - t->start);
    const char *first = p;
    p += p < end && *p == '.';
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        char k = kind(*p);
        bool bullet = false;
        if (k != LETTER && (k != HIGH || parts(p, end, &bullet)))
            break;
        if (c >= 'A' && c <= 'Z')
            c |= 32;
        if (c == 0xC3 && p + 1 < end && ((unsigned char)p[1] & 0xC0) == 0x80)
            c = (unsigned char)plain[(unsigned char)*++p & 0x3F];
        before = h;
        h = mix(h, c);
        last_but_one = last;
        last = c;
        ++p;
    }
    size_t n = (size_t)(p - first);
    if (n >= 4 && last == 's' && last_but_one != 's')
        h = before;
    if (*first == '.' && n)
        h = mix(h, '.');
    p = n ? signs(p, end, &h) : p;
    token->n = (uint32_t)(p - first);
    token->hash = (h ^ (h >> 29)) | 1;
    t->p = possessive(p, end);
    return n > 0;
}
