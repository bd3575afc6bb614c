/* The table of known words, made from the lexicon when a model is opened. */
#include "embed/known.h"

#include <stdlib.h>

#include "embed/lexicon.h"

#define PLACES 4096 /* a power of 2, more than twice the words of the lexicon; so many indices fit into 12 bits */
#define WORD_MAX 64

/* Most words that are looked for are not there: a place is small, so that all of them stay in the cache. */
struct jl_known {
    uint32_t place[PLACES]; /* 20 bits of the hash, 12 of the index + 1; 0 = free */
    size_t n;
    jl_known_word word[PLACES / 2];
};

#define LOW(n) ((UINT64_C(1) << 8 * (n)) - 1)
#define ALL UINT64_MAX
const uint64_t jl_known_first[17] = {0,   LOW(1), LOW(2), LOW(3), LOW(4), LOW(5), LOW(6), LOW(7), ALL,
                                     ALL, ALL,    ALL,    ALL,    ALL,    ALL,    ALL,    ALL};
const uint64_t jl_known_second[17] = {0,      0,      0,      0,      0,      0,      0,      0,  0,
                                      LOW(1), LOW(2), LOW(3), LOW(4), LOW(5), LOW(6), LOW(7), ALL};

/* The place of the hash, or the free one where it belongs. */
static size_t place_of(const jl_known *k, uint64_t hash) {
    size_t i = hash & (PLACES - 1);
    uint32_t tag = (uint32_t)(hash >> 44);
    for (; k->place[i]; i = (i + 1) & (PLACES - 1))
        if (k->place[i] >> 12 == tag && k->word[(k->place[i] & 0xfff) - 1].hash == hash)
            break;
    return i;
}

const jl_known_word *jl_known_find(const jl_known *k, uint64_t hash) {
    uint32_t place = k->place[place_of(k, hash)];
    return place ? &k->word[(place & 0xfff) - 1] : NULL;
}

static jl_known_word *enter(jl_known *k, jl_span word) {
    char padded[WORD_MAX + 16] = {0};
    memcpy(padded, word.p, word.n < WORD_MAX ? word.n : WORD_MAX);
    uint64_t hash = jl_known_hash(padded, word.n);
    uint32_t *place = &k->place[place_of(k, hash)];
    if (!*place) {
        k->word[k->n] = (jl_known_word){.hash = hash, .weight = JL_KNOWN_ORDINARY};
        if (k->n + 1 < PLACES / 2)
            k->n++;
        *place = (uint32_t)(hash >> 44 << 12 | k->n);
    }
    return &k->word[(*place & 0xfff) - 1];
}

/* Cuts the next word off a list. */
static bool next_word(const char **list, jl_span *word) {
    const char *p = *list;
    while (*p == ' ')
        p++;
    word->p = p;
    word->n = strcspn(p, " ");
    *list = p + word->n;
    return word->n > 0;
}

static void enter_field(jl_known *k, const jl_lexicon_field *f) {
    char name[WORD_MAX + 16] = {0};
    const char *list = f->words;
    jl_span word;
    memcpy(name, f->name, strlen(f->name));
    uint64_t hash = jl_known_hash(name, strlen(f->name));
    while (next_word(&list, &word)) {
        jl_known_word *w = enter(k, word);
        bool there = false;
        for (size_t i = 0; i < w->fields; i++)
            there = there || w->field[i] == hash;
        if (!there && w->fields < JL_KNOWN_FIELDS)
            w->field[w->fields++] = hash;
    }
}

jl_known *jl_known_new(jl_err *err) {
    jl_known *k = calloc(1, sizeof *k);
    jl_span word;
    if (!k) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    for (const jl_lexicon_weight *i = jl_lexicon_weights; i->words; i++)
        for (const char *list = i->words; next_word(&list, &word);) {
            jl_known_word *w = enter(k, word);
            if (w->weight == JL_KNOWN_ORDINARY) /* of two weights the first counts */
                w->weight = (uint8_t)i->sixteenths;
        }
    for (const char *list = jl_lexicon_boilerplate; next_word(&list, &word);)
        enter(k, word)->boilerplate = true;
    for (const jl_lexicon_form *i = jl_lexicon_forms; i->word; i++)
        enter(k, jl_span_of(i->word))->means = i->means;
    for (const jl_lexicon_field *i = jl_lexicon_fields; i->name; i++)
        enter_field(k, i);
    return k;
}

void jl_known_free(jl_known *k) {
    free(k);
}
