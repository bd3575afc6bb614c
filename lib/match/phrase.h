/* Many phrases looked for in a text at once. */
#ifndef JL_MATCH_PHRASE_H
#define JL_MATCH_PHRASE_H

#include "base/err.h"
#include "match/token.h"

#define JL_PHRASE_WORDS 5 /* at most in a phrase */
#define JL_PHRASE_NONE 0xFFFFU

/* How a phrase is to be written before it counts. */
typedef enum jl_spelling {
    JL_SPELT_ANY = 0,
    JL_SPELT_EXACT, /* byte for byte as it was added: "Excel" the program, not
                     "excel" the verb */
    JL_SPELT_ITEM   /* the same, and what stands around it must speak for it: "Go",
                   "R", "C" */
} jl_spelling;

/* A hash table of phrases. Zero bytes are an empty one; the owner frees it.
 * Once built it may be shared by threads. */
typedef struct jl_phrases {
    struct jl_phrase_slot *slot;
    uint32_t mask, used;
} jl_phrases;

void jl_phrases_free(jl_phrases *t);
/* A phrase that is there already keeps its first id; one without words or with
   more than JL_PHRASE_WORDS is passed over. `id` is not JL_PHRASE_NONE. */
int jl_phrases_add(jl_phrases *t, jl_span phrase, uint16_t id, jl_spelling spelling, jl_err *err);
int jl_phrases_copy(jl_phrases *to, const jl_phrases *from, jl_err *err);
/* The id of a text that is a phrase as a whole, however it is spelt;
 * JL_PHRASE_NONE: it is none. */
uint16_t jl_phrases_find(const jl_phrases *t, jl_span phrase);

/* One word that begins no phrase (`id` JL_PHRASE_NONE), or the longest phrase
 * that begins here. */
typedef struct jl_hit {
    uint16_t id;
    uint8_t spelling;   /* jl_spelling */
    uint8_t words;      /* 1 and more */
    uint8_t gap, after; /* jl_gap, before and behind; JL_GAP_LINE at the text's ends */
    bool bullet;
    uint32_t off, n; /* in the text */
    uint64_t hash;   /* of the first word */
} jl_hit;

/* A walk over a text: every word is in exactly one hit, in order. */
typedef struct jl_walk {
    const jl_phrases *table;
    jl_span text;
    jl_tokens tokens;
    jl_token ahead[JL_PHRASE_WORDS + 1]; /* the last one read has the gap alone
                                          when the text is at its end */
    size_t n;
    bool ended, first;
} jl_walk;

/* The text has less than 2^32 bytes. */
jl_walk jl_walk_start(const jl_phrases *t, jl_span text);
bool jl_walk_next(jl_walk *w, jl_hit *hit);

/* The rows of a table that stands in the program: lines of fields parted by
 * TABs; blank lines and those that begin with "# " are passed over. */
typedef struct jl_rows {
    const char *p, *end;
} jl_rows;
bool jl_rows_next(jl_rows *r, jl_span *line);
/* The next field of a line, which is cut off its front. */
bool jl_rows_field(jl_span *line, jl_span *field);

#endif
