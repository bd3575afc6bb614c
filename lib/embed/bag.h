/* The distinct words and word pairs of a text, with how much each says. */
#ifndef JL_EMBED_BAG_H
#define JL_EMBED_BAG_H

#include "base/buf.h"
#include "embed/known.h"

#define JL_BAG_TEXT ((size_t)64 << 10) /* bytes of a text that are read; what comes behind them does not count */

typedef struct jl_bag_word {
    uint64_t hash;
    const jl_known_word *known; /* NULL: nothing is known of it */
    uint32_t off;               /* of its bytes in `text`; a blank stands before and behind it */
    uint16_t n;                 /* 0: a pair */
    uint8_t weight;             /* sixteenths; of a pair the lesser of its words' */
    bool wide;                  /* has bytes that are no ASCII */
    uint32_t count;             /* sixteenths: an occurrence counts 16, one in boilerplate 2 */
} jl_bag_word;

/* Zero bytes are an empty bag; used again for each text. */
typedef struct jl_bag {
    jl_buf text;
    jl_bag_word *word;
    size_t n, most, room; /* most: words that are kept of this text */
    uint32_t *slot;       /* hash → index + 1, 0 = free */
    size_t slots, slot_room;
    uint32_t *said; /* words of the sentence at hand, by index */
    size_t n_said;
    unsigned boilerplate; /* and how many of them are known as such */
    size_t last;          /* index of the word before, for pairs; SIZE_MAX = none */
} jl_bag;

/* How text becomes words: FROZEN with the hash model's name.
     - Characters are folded (embed/fold.h). Letters and digits make words; of scripts without spaces each character is one.
     - "C++" is cplusplus, "C#" csharp, ".NET" dotnet, "Node.js" nodejs, "ASP.NET" aspnet, "R&D" rd; all other signs end words.
     - The lexicon's words of weight 0 are passed over, its short forms read as what they stand for.
     - Two words that follow one another are a pair, over blanks, '-', '/' and words passed over, not over other signs, nor
       when one of them has a weight below 5. A pair is the word of both without anything between them: "full-stack" holds "fullstack".
     - A sentence ends at . ! ? ; and LF, but not at the dot of a short form ("Sr. Manager"). One with two words of the lexicon's boilerplate or more is boilerplate. */
int jl_bag_fill(jl_bag *b, const jl_known *known, jl_span text, jl_err *err);
void jl_bag_free(jl_bag *b);

#endif
