/* Phrases by the hashes of their words: one probe a word, further ones behind a
 * word that begins a phrase. */
#include "match/phrase.h"

#include <stdlib.h>

#include "base/digest.h"

struct jl_phrase_slot {
    uint64_t hash;     /* 0 = free */
    uint32_t spelling; /* hash of the bytes, for phrases that are spelt exactly */
    uint16_t id;       /* JL_PHRASE_NONE: only the beginning of phrases */
    uint8_t longest;   /* words of the longest phrase that begins with this word; 0:
                      none does */
    uint8_t spelt;     /* jl_spelling */
};

typedef struct jl_phrase_slot slot;

enum { FIRST_SLOTS = 64 };

static slot *probe(const jl_phrases *t, uint64_t hash) {
    uint32_t at = (uint32_t)(hash >> 32) & t->mask;
    while (t->slot[at].hash && t->slot[at].hash != hash)
        at = (at + 1) & t->mask;
    return &t->slot[at];
}

void jl_phrases_free(jl_phrases *t) {
    free(t->slot);
    *t = (jl_phrases){0};
}

int jl_phrases_copy(jl_phrases *to, const jl_phrases *from, jl_err *err) {
    size_t bytes = ((size_t)from->mask + 1) * sizeof(slot);
    slot *copy = from->slot ? malloc(bytes) : NULL;
    if (from->slot && !copy)
        return jl_err_nomem(err);
    if (copy)
        memcpy(copy, from->slot, bytes);
    free(to->slot);
    *to = (jl_phrases){copy, from->mask, from->used};
    return 0;
}

/* Room for the two slots that a phrase may need, with half of the table free.
 */
static int grow(jl_phrases *t, jl_err *err) {
    if (t->slot && (t->used + 2) * 2 <= t->mask)
        return 0;
    jl_phrases wider = {.mask = t->slot ? t->mask * 2 + 1 : FIRST_SLOTS - 1, .used = t->used};
    wider.slot = calloc((size_t)wider.mask + 1, sizeof *wider.slot);
    if (!wider.slot)
        return jl_err_nomem(err);
    for (uint32_t i = 0; t->slot && i <= t->mask; ++i)
        if (t->slot[i].hash)
            *probe(&wider, t->slot[i].hash) = t->slot[i];
    free(t->slot);
    *t = wider;
    return 0;
}

static slot *take(jl_phrases *t, uint64_t hash) {
    slot *s = probe(t, hash);
    if (!s->hash) {
        *s = (slot){.hash = hash, .id = JL_PHRASE_NONE};
        t->used++;
    }
    return s;
}

static uint32_t spelling_of(jl_span bytes) {
    return (uint32_t)jl_digest(bytes, 0);
}

/* The hash of all words; 0: there are none, or too many. */
static uint64_t hash_of(jl_span phrase, uint64_t *first, uint8_t *words, jl_span *bytes) {
    jl_tokens t = jl_tokens_of(phrase);
    jl_token token;
    uint64_t hash = 0;
    for (*words = 0; jl_tokens_next(&t, &token); ++*words) {
        if (*words == JL_PHRASE_WORDS)
            return 0;
        if (*words == 0)
            bytes->p = phrase.p + token.off;
        bytes->n = (size_t)(phrase.p + token.off + token.n - bytes->p);
        hash = *words ? jl_token_join(hash, token.hash) : token.hash;
        *first = *words ? *first : hash;
    }
    return hash;
}

int jl_phrases_add(jl_phrases *t, jl_span phrase, uint16_t id, jl_spelling spelling, jl_err *err) {
    uint64_t first = 0;
    uint8_t words;
    jl_span bytes = phrase;
    uint64_t hash = hash_of(phrase, &first, &words, &bytes);
    if (!hash)
        return 0;
    if (grow(t, err))
        return -1;
    slot *s = take(t, hash);
    if (s->id == JL_PHRASE_NONE) {
        s->id = id;
        s->spelt = (uint8_t)spelling;
        s->spelling = spelling_of(bytes);
    }
    s = take(t, first);
    s->longest = s->longest > words ? s->longest : words;
    return 0;
}

uint16_t jl_phrases_find(const jl_phrases *t, jl_span phrase) {
    uint64_t first;
    uint8_t words;
    jl_span bytes = phrase;
    uint64_t hash = t->slot ? hash_of(phrase, &first, &words, &bytes) : 0;
    return hash ? probe(t, hash)->hash ? probe(t, hash)->id : JL_PHRASE_NONE : JL_PHRASE_NONE;
}

/* ---- the walk ---- */

jl_walk jl_walk_start(const jl_phrases *t, jl_span text) {
    return (jl_walk){.table = t, .text = text, .tokens = jl_tokens_of(text), .first = true};
}

static bool fill(jl_walk *w) {
    while (w->n <= JL_PHRASE_WORDS && !w->ended) {
        w->ended = !jl_tokens_next(&w->tokens, &w->ahead[w->n]);
        if (w->ended)
            w->ahead[w->n].gap = JL_GAP_LINE;
        w->n++;
    }
    return w->n > 1 || !w->ended;
}

static jl_span words_of(const jl_walk *w, size_t words) {
    const jl_token *last = &w->ahead[words - 1];
    return (jl_span){w->text.p + w->ahead[0].off, last->off + last->n - w->ahead[0].off};
}

static bool counts(const jl_walk *w, const slot *s, size_t words) {
    return s->hash && s->id != JL_PHRASE_NONE &&
           (s->spelt == JL_SPELT_ANY || s->spelling == spelling_of(words_of(w, words)));
}

/* The longest phrase that begins with the next word. */
static void longest(jl_walk *w, jl_hit *hit) {
    uint64_t hash = w->ahead[0].hash;
    const slot *s = probe(w->table, hash);
    size_t most = s->longest;
    size_t known = w->ended ? w->n - 1 : w->n;
    for (size_t words = 1; words <= most && words <= known; ++words) {
        if (words > 1) {
            if (w->ahead[words - 1].gap != JL_GAP_NEAR)
                return;
            hash = jl_token_join(hash, w->ahead[words - 1].hash);
            s = probe(w->table, hash);
        }
        if (!counts(w, s, words))
            continue;
        hit->id = s->id;
        hit->spelling = s->spelt;
        hit->words = (uint8_t)words;
    }
}

bool jl_walk_next(jl_walk *w, jl_hit *hit) {
    if (!fill(w))
        return false;
    const jl_token *t = &w->ahead[0];
    *hit = (jl_hit){.id = JL_PHRASE_NONE, .words = 1, .gap = w->first ? JL_GAP_LINE : t->gap, .bullet = t->bullet};
    hit->off = t->off;
    hit->hash = t->hash;
    if (w->table->slot)
        longest(w, hit);
    hit->n = (uint32_t)words_of(w, hit->words).n;
    hit->after = w->ahead[hit->words].gap;
    w->n -= hit->words;
    memmove(w->ahead, w->ahead + hit->words, w->n * sizeof *w->ahead);
    w->first = false;
    return true;
}

/* ---- rows ---- */

bool jl_rows_next(jl_rows *r, jl_span *line) {
    while (r->p < r->end) {
        const char *lf = memchr(r->p, '\n', (size_t)(r->end - r->p));
        const char *stop = lf ? lf : r->end;
        *line = (jl_span){r->p, (size_t)(stop - r->p)};
        r->p = lf ? lf + 1 : r->end;
        if (line->n && !(line->n >= 2 && line->p[0] == '#' && line->p[1] == ' '))
            return true;
    }
    return false;
}

bool jl_rows_field(jl_span *line, jl_span *field) {
    if (line->n == 0)
        return false;
    const char *tab = memchr(line->p, '\t', line->n);
    *field = (jl_span){line->p, tab ? (size_t)(tab - line->p) : line->n};
    size_t gone = tab ? field->n + 1 : field->n;
    *line = (jl_span){line->p + gone, line->n - gone};
    return true;
}
