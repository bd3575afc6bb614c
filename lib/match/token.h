/* The words of a text, one after the other, as the match compares them. */
#ifndef JL_MATCH_TOKEN_H
#define JL_MATCH_TOKEN_H

#include <stdint.h>

#include "base/span.h"

/* What stands between a word and the one before it, rising. Phrases go over
 * JL_GAP_NEAR alone. */
typedef enum jl_gap {
    JL_GAP_NEAR = 0, /* spaces, hyphens, slashes, &, a full stop inside a word */
    JL_GAP_ITEM,     /* , | ( ) " and the like: another item of the same sentence */
    JL_GAP_SENTENCE, /* . ! ? : ; before white space */
    JL_GAP_LINE
} jl_gap;

typedef struct jl_token {
    uint64_t hash; /* of the folded word; never 0 */
    uint32_t off;  /* of its first byte in the text */
    uint32_t n;    /* bytes, of which those of a possessive 's are none */
    uint8_t gap;   /* jl_gap: before it */
    bool bullet;   /* a mark of a list's item stands before it */
} jl_token;

/* A word is a run of letters, digits and bytes above 0x7F, with the + and #
   behind it ("C++", "C#") and the stop of ".NET". It is folded: lower case,
   Latin letters without their accents, without a final s (of four letters and
   more, not "ss"), so that a plural is its singular. Punctuation beyond ASCII
   (U+0080 to U+00BF, U+2000 to U+207F, U+25xx) parts words. The text need not
   be UTF-8 and is shorter than 2^32 bytes. */
typedef struct jl_tokens {
    const char *start, *p, *end;
} jl_tokens;

static inline jl_tokens jl_tokens_of(jl_span text) {
    return (jl_tokens){text.p, text.p, text.n ? text.p + text.n : text.p};
}
/* False at the end; then `token` has the gap alone. */
bool jl_tokens_next(jl_tokens *t, jl_token *token);

/* The hash of several words in a row out of that of the first ones and that of
 * the next. */
static inline uint64_t jl_token_join(uint64_t first, uint64_t next) {
    uint64_t h = (first ^ (next >> 31)) * UINT64_C(0x9E3779B97F4A7C15) + next;
    return h ? h : 1;
}

#endif
