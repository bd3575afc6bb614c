/* What to search for when the cache has too little. */
#include "match/need.h"

#include <stdlib.h>

#include "jsonl/write.h"
#include "match/phrase.h"
#include "match/vocabulary.h"

bool jl_need_poor(const jl_enough *enough, double best, uint64_t found, uint64_t top) {
    return (best < enough->best && found < enough->found) || found < top;
}

enum { KEYWORDS = 8, LONGEST = 160 };

typedef struct keyword {
    char text[LONGEST];
    size_t n;
} keyword;

typedef struct keywords {
    keyword *one;
    size_t n;
} keywords;

static void append(keyword *k, jl_span word) {
    if (!word.n || k->n + word.n + 1 >= LONGEST)
        return;
    if (k->n)
        k->text[k->n++] = ' ';
    memcpy(k->text + k->n, word.p, word.n);
    k->n += word.n;
}

/* A word that holds a title together: "Director of Nursing". */
static bool connects(jl_span word) {
    static const char *const words[] = {"of", "and", "for", "in", "de", "del", "la", "des", "du", "und", "y", "et"};
    for (size_t i = 0; i < sizeof words / sizeof *words; ++i)
        if (word.n == strlen(words[i]) && strncasecmp(word.p, words[i], word.n) == 0)
            return true;
    return false;
}

/* Rank narrows a search more than it helps: "Senior Data Engineer II (Remote)"
 * asks for "Data Engineer". Where nothing else is left the title stays. */
static keyword from_title(const jl_vocabulary *v, jl_span title) {
    keyword bare = {.n = 0}, whole = {.n = 0};
    jl_walk w = jl_walk_start(&v->occupation, title);
    jl_hit hit;
    while (jl_walk_next(&w, &hit)) {
        if (bare.n && hit.gap >= JL_GAP_ITEM)
            break;
        jl_span words = {title.p + hit.off, hit.n};
        bool empty = hit.id != JL_PHRASE_NONE && v->title[hit.id].empty;
        append(&whole, words);
        if (!empty || (bare.n && connects(words)))
            append(&bare, words);
    }
    return bare.n ? bare : whole;
}

static bool same(const keyword *a, const keyword *b) {
    return a->n == b->n && strncasecmp(a->text, b->text, a->n) == 0;
}

static void add(keywords *all, const keyword *k) {
    for (size_t i = 0; i < all->n; ++i)
        if (same(&all->one[i], k))
            return;
    if (k->n && all->n < KEYWORDS)
        all->one[all->n++] = *k;
}

/* The first skill that the title does not name already, and that says
 * something. */
static jl_span top_skill(const jl_vocabulary *v, const jl_profile *p, const keyword *title) {
    jl_span best = {"", 0};
    for (size_t i = 0; i < p->skills && !best.n; ++i) {
        uint16_t id = jl_phrases_find(&v->posting, p->skill[i]);
        bool plain = id != JL_PHRASE_NONE && jl_is_skill(id) && v->skill[id].kind == JL_SKILL_PLAIN;
        if (plain && p->skill[i].n <= 40 && !memmem(title->text, title->n, p->skill[i].p, p->skill[i].n))
            best = p->skill[i];
    }
    return best;
}

static void gather(const jl_vocabulary *v, const jl_profile *p, keywords *all) {
    for (size_t i = 0; i < p->titles && i < 2; ++i) {
        keyword k = from_title(v, p->title[i]);
        add(all, &k);
        append(&k, top_skill(v, p, &k));
        add(all, &k);
    }
    for (size_t i = 0; p->titles == 0 && i < p->skills && i < 3; ++i) {
        keyword k = {.n = 0};
        append(&k, p->skill[i]);
        add(all, &k);
    }
}

static int request(jl_span word, jl_span place, jl_buf *out, jl_err *err) {
    return jl_write_open(out, err) || jl_write_text(out, "keyword", word, err) ||
                   jl_write_text(out, "location", place, err) || jl_write_close(out, err) || jl_buf_addc(out, '\n', err)
               ? -1
               : 0;
}

/* The strongest keyword in every place that is wanted, the others in the first.
 */
static int in_places(const jl_profile *p, const keyword *k, bool strongest, size_t max, jl_buf *out, size_t *n,
                     jl_err *err) {
    jl_span word = {k->text, k->n};
    bool remote = p->ask.remote == JL_YES || (p->places == 0 && p->location.n == 0);
    if (remote || p->places == 0)
        return ++*n, request(word, remote ? JL_SPAN("Remote") : p->location, out, err);
    for (size_t i = 0; i < (strongest ? p->places : 1) && *n < max; ++i, ++*n)
        if (request(word, p->place[i], out, err))
            return -1;
    return 0;
}

int jl_need_requests(const jl_profile *p, size_t max, jl_buf *out, size_t *n, jl_err *err) {
    const jl_vocabulary *v = jl_vocabulary_get(err);
    keyword memory[KEYWORDS];
    keywords all = {memory, 0};
    *n = 0;
    if (!v)
        return -1;
    gather(v, p, &all);
    if (all.n == 0)
        return jl_err_set(err, JL_DATA, "the profile gives nothing to search for: neither a title nor a skill");
    for (size_t i = 0; i < all.n && *n < max; ++i)
        if (in_places(p, &all.one[i], i == 0, max, out, n, err))
            return -1;
    return 0;
}
