/* A letter as the hash model sees it: in one case, without accents. */
#ifndef JL_EMBED_FOLD_H
#define JL_EMBED_FOLD_H

#include <stdint.h>

#include "base/span.h"

typedef enum jl_letter {
    JL_LETTER_NONE = 0, /* ends a word */
    JL_LETTER,
    JL_LETTER_ALONE,  /* of a script without spaces: a word by itself */
    JL_LETTER_DROPPED /* as if it were not there: combining accents, soft hyphens, marks without width */
} jl_letter;

typedef struct jl_folded {
    char bytes[4]; /* UTF-8; what NONE and DROPPED leave here means nothing */
    size_t n;
    size_t read; /* bytes of the text that were looked at */
} jl_folded;

/* The first character of `p` (n > 0): Unicode simple case folding; letters of Latin without accents, as one or two of
   a to z (é → e, ß → ss, æ → ae). Bytes that are no UTF-8 end a word, one at a time. */
jl_letter jl_fold(const char *p, size_t n, jl_folded *f);

#endif
