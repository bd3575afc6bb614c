/* The table of known words, made from the lexicon when a model is opened. */
#include "embed/known.h"

#include <stdlib.h>

#include "base/digest.h"
#include "embed/lexicon.h"

#define PLACES 8192 /* a power of 2, more than twice the words of the lexicon */
#define WORD_MAX 64

struct jl_known {
    jl_known_word word[PLACES];
};

uint64_t jl_known_hash(const char *p, size_t n) {
    uint64_t a, b = 0, h;
    if (n > 16) {
        h = jl_digest((jl_span){p, n}, 0);
    } else {
        a = jl_known_load(p);
        if (n < 8)
            a &= (UINT64_C(1) << 8 * n) - 1;
        else if (n > 8)
            b = jl_known_load(p + n - 8) >> 8 * (16 - n);
        h = (a ^ (uint64_t)n * JL_KNOWN_K3) * JL_KNOWN_K1;
        h = ((h ^ h >> 32) + b) * JL_KNOWN_K2;
        h ^= h >> 29;
    }
    return h ? h : 1;
}

static size_t place_of(const jl_known *k, uint64_t hash) {
    size_t i = hash & (PLACES - 1);
    while (k->word[i].hash && k->word[i].hash != hash)
        i = (i + 1) & (PLACES - 1);
    return i;
}

const jl_known_word *jl_known_find(const jl_known *k, uint64_t hash) {
    const jl_known_word *w = &k->word[place_of(k, hash)];
    return w->hash ? w : NULL;
}

static jl_known_word *enter(jl_known *k, jl_span word) {
    char padded[WORD_MAX + 8] = {0};
    memcpy(padded, word.p, word.n < WORD_MAX ? word.n : WORD_MAX);
    uint64_t hash = jl_known_hash(padded, word.n);
    jl_known_word *w = &k->word[place_of(k, hash)];
    if (!w->hash)
        *w = (jl_known_word){.hash = hash, .weight = JL_KNOWN_ORDINARY};
    return w;
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
    char name[WORD_MAX + 8] = {0};
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
