/* The hash model: a text's words, word pairs and pieces of words, each thrown onto a few of 384 dimensions.

   FROZEN under its name, "jobline-hash-1": the same text gives the same bits on every machine (whole numbers up to one
   rounding for each dimension and part, in a fixed order), and vectors of this name that others have stored are compared with
   these. Whoever changes anything here, or in bag.c, fold.c, known.c, lexicon.c, gives it another name.

   The parts of a text (title, company, …) are made into vectors by themselves, brought to length 1, weighted and added, so that
   a long description does not outweigh a title of three words. In a part, each distinct word or pair (bag.h) has the strength
       s = weight * f(count)                  both in sixteenths: 256 is a word that says something, once
       f(c) = c for c <= 16, else 16 + 11 * (log2(c / 16), between powers of 2 linear): 1 + ln, sub-linear
   and adds
       the word             4 dimensions, ±s/2 each       (length s)
       a pair               4 dimensions, ±PAIR * s / 32 each
       each field of work that it belongs to (lexicon.h)   4 dimensions, ±FIELD * s / 32 each
       its character 3-, 4- and 5-grams, with a blank before the word and one behind it:
                            1 dimension each, ±s * GRAMS / 16 / sqrt(number of them)     (length s * GRAMS/16, about)
   Words of weight 4 or less and those of digits alone have no grams; of a longer word its first 32 bytes have. A gram is the
   little-endian number of its bytes; of a word that is no ASCII, with grams of more than 8 bytes, XXH3_64bits of them.
   From a gram's number x to dimension and sign: h = x * K1; dimension = (h >> 32) * 384 >> 32; minus when bit 45 of h is set. From
   a word's hash x: h = x * K1; each 16 bits of h, the lowest first, are a dimension, (15 bits) * 384 >> 15, and a sign. */
#include <stdlib.h>

#include "base/digest.h"
#include "embed/bag.h"
#include "embed/embed.h"

#define DIMS 384
#define SPREAD 4 /* dimensions of a word: agreements by chance are smaller, though more frequent */
#define FIELD 13 /* of a field of work, against the word, in sixteenths */
#define PAIR 4   /* of a pair */
#define GRAMS 16 /* of all grams together */
#define GRAM_BYTES ((size_t)32)
#define GRAM_MIN_WEIGHT 5
#define GRAM_COUNTS 128

/* How much each part of a text counts. */
static const double part_weight[] = {0.6, 0.15, 0.4, 0.55, 0.35, 1.1};
enum { TITLE, COMPANY, LOCATION, SKILLS, SNIPPET, BODY, PARTS };

typedef struct model {
    jl_embed base; /* first: the two are cast into each other */
    jl_known *known;
    jl_bag bag;
    int32_t gram[GRAM_COUNTS]; /* by the number of grams: the strength of each, against the word's 256 */
    int32_t part[DIMS], sum[DIMS];
} model;

/* ---- features ---- */

static inline void add_at(int32_t *to, size_t i, int32_t minus, int32_t strength) {
    to[i] += (strength ^ -minus) + minus;
}

static inline void add(int32_t *to, uint64_t x, int32_t strength) {
    uint64_t h = x * JL_KNOWN_K1;
    add_at(to, (size_t)((h >> 32) * DIMS >> 32), (int32_t)(h >> 45 & 1), strength);
}

/* A word's hash is good bits already: each quarter of it gives a dimension and a sign. */
static inline void add_spread(int32_t *to, uint64_t hash, int32_t strength) {
    uint64_t h = hash * JL_KNOWN_K1;
    for (int i = 0; i < SPREAD; i++, h >>= 16)
        add_at(to, (size_t)((h & 0x7fff) * DIMS >> 15), (int32_t)(h >> 15 & 1), strength);
}

/* `p` stands on the blank before the word, `n` counts both blanks: all characters are one byte long. */
static void add_grams(model *m, const char *p, size_t n, int32_t s) {
    if (n < 3)
        return;
    size_t last = n - 3, count = last + 1 + (n > 3 ? n - 3 : 0) + (n > 4 ? n - 4 : 0);
    int32_t strength = s * m->gram[count] / 256, *part = m->part;
    size_t i = 0;
    for (; i + 5 <= n; i++) {
        uint64_t x = jl_known_load(p + i);
        add(part, x & 0xffffff, strength);
        add(part, x & 0xffffffff, strength);
        add(part, x & 0xffffffffff, strength);
    }
    for (; i <= last; i++) {
        uint64_t x = jl_known_load(p + i);
        add(part, x & 0xffffff, strength);
        if (i + 4 <= n)
            add(part, x & 0xffffffff, strength);
    }
}

/* The first byte of each character, and where the text ends. */
static size_t cut_characters(const char *p, size_t n, uint8_t at[]) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            at[count++] = (uint8_t)i;
    at[count] = (uint8_t)n;
    return count;
}

static uint64_t gram_number(const char *p, size_t n) {
    return n > 8    ? jl_digest((jl_span){p, n}, 0)
           : n == 8 ? jl_known_load(p)
                    : jl_known_load(p) & ((UINT64_C(1) << 8 * n) - 1);
}

/* The same for words that have characters of several bytes. */
static void add_wide_grams(model *m, const char *p, size_t n, int32_t s) {
    uint8_t at[GRAM_BYTES + 3];
    size_t chars = cut_characters(p, n, at), count = 0;
    for (size_t length = 3; length <= 5 && length <= chars; length++)
        count += chars - length + 1;
    int32_t strength = s * m->gram[count] / 256;
    for (size_t length = 3; length <= 5 && length <= chars; length++)
        for (size_t i = 0; i + length <= chars; i++)
            add(m->part, gram_number(p + at[i], (size_t)at[i + length] - at[i]), strength);
}

static bool is_number(const char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i] > '9')
            return false;
    return true;
}

static size_t gram_bytes(const char *p, size_t n) {
    if (n <= GRAM_BYTES)
        return n + 2;
    size_t cut = GRAM_BYTES;
    while (((unsigned char)p[cut] & 0xc0) == 0x80)
        cut--;
    return cut + 1; /* without a blank behind it */
}

/* ---- parts ---- */

/* In sixteenths, both. */
static int32_t sublinear(uint32_t count) {
    if (count <= 16)
        return (int32_t)count;
    uint32_t power = 31 - (uint32_t)__builtin_clz(count); /* 4 or more */
    uint32_t fraction = (uint32_t)(((uint64_t)count << 4 >> power) - 16);
    return (int32_t)(16 + (11 * (16 * (power - 4) + fraction) >> 4));
}

static void add_word(model *m, const jl_bag_word *w) {
    const char *p = m->bag.text.p + w->off;
    int32_t s = w->weight * sublinear(w->count);
    add_spread(m->part, w->hash, w->n ? s / 2 : s * PAIR / 32);
    for (size_t i = 0; w->known && i < w->known->fields; i++)
        add_spread(m->part, w->known->field[i], s * FIELD / 32);
    if (w->n == 0 || w->weight < GRAM_MIN_WEIGHT || is_number(p, w->n))
        return;
    if (w->wide)
        add_wide_grams(m, p - 1, gram_bytes(p, w->n), s);
    else
        add_grams(m, p - 1, gram_bytes(p, w->n), s);
}

/* The length squared. Exact while numbers stay below 2^26, squares below 2^53; beyond that the same on all machines all the same,
   for the order of the sums is fixed: every fourth dimension is added to one of four sums. They stand in two registers: a
   vector of all four would live in memory where registers hold two. */
static uint64_t length2(const int32_t *v) {
    typedef double fraction __attribute__((vector_size(16)));
    fraction low = {0}, high = {0};
    for (size_t i = 0; i < DIMS; i += 4) {
        fraction a = {v[i], v[i + 1]}, b = {v[i + 2], v[i + 3]};
        low += a * a;
        high += b * b;
    }
    return (uint64_t)((low[0] + low[1]) + (high[0] + high[1]));
}

/* floor(sqrt(n)) for n >= 2^62: near it by Newton's method, then exactly, whatever the machine made of the fractions. */
static uint64_t root(uint64_t n) {
    double x = (double)n, y = 1.0 / 3e9;
    for (int step = 0; step < 6; step++)
        y *= 1.5 - 0.5 * x * y * y;
    uint64_t r = (uint64_t)(x * y);
    while (r > UINT32_MAX || r * r > n)
        r--;
    while (r < UINT32_MAX && (r + 1) * (r + 1) <= n)
        r++;
    return r;
}

/* What brings a vector of this length, squared, to length `to`. */
static float scale_to(double to, uint64_t squared) {
    int k = __builtin_clzll(squared) / 2;
    return (float)(to * (double)(UINT64_C(1) << k) / (double)root(squared << 2 * k));
}

static int add_part(model *m, jl_span text, double weight, jl_err *err) {
    if (text.n == 0)
        return 0;
    if (jl_bag_fill(&m->bag, m->known, text, err) != 0)
        return -1;
    memset(m->part, 0, sizeof m->part);
    for (size_t i = 0; i < m->bag.n; i++)
        add_word(m, &m->bag.word[i]);
    uint64_t length = length2(m->part);
    if (length == 0)
        return 0;
    float scale = scale_to(weight * 1048576.0, length);
    for (size_t i = 0; i < DIMS; i++)
        m->sum[i] += (int32_t)((float)m->part[i] * scale);
    return 0;
}

/* ---- the model ---- */

static int embed_one(model *m, const jl_embed_text *text, float *restrict out, jl_err *err) {
    const jl_span part[PARTS] = {[TITLE] = text->title,   [COMPANY] = text->company, [LOCATION] = text->location,
                                 [SKILLS] = text->skills, [SNIPPET] = text->snippet, [BODY] = text->body};
    memset(m->sum, 0, sizeof m->sum);
    for (size_t i = 0; i < PARTS; i++)
        if (add_part(m, part[i], part_weight[i], err) != 0)
            return -1;
    uint64_t length = length2(m->sum);
    float scale = length ? scale_to(1, length) : 0;
    for (size_t i = 0; i < DIMS; i++)
        out[i] = (float)m->sum[i] * scale;
    return 0;
}

static int hash_batch(jl_embed *e, const jl_embed_text *text, size_t n, float *out, jl_err *err) {
    for (size_t i = 0; i < n; i++)
        if (embed_one((model *)(void *)e, &text[i], out + i * DIMS, err) != 0)
            return -1;
    return 0;
}

static int hash_dims(jl_embed *e, uint32_t *dims, jl_err *err) {
    (void)e;
    (void)err;
    *dims = DIMS;
    return 0;
}

static void hash_close(jl_embed *e) {
    model *m = (model *)(void *)e;
    jl_known_free(m->known);
    jl_bag_free(&m->bag);
    free(m);
}

static const jl_embed_ops ops = {.batch = hash_batch, .dims = hash_dims, .close = hash_close};

jl_embed *jl_embed_hash(jl_err *err) {
    model *m = calloc(1, sizeof *m);
    if (!m) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    m->base = (jl_embed){.ops = &ops, .name = JL_EMBED_HASH};
    for (size_t i = 1; i < GRAM_COUNTS; i++)
        m->gram[i] = (int32_t)scale_to(256 * GRAMS / 16.0, i);
    if (!(m->known = jl_known_new(err))) {
        free(m);
        return NULL;
    }
    return &m->base;
}
