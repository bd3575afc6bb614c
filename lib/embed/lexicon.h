/* What the hash model knows about words: which say little, which stand for others, which belong together. */
#ifndef JL_EMBED_LEXICON_H
#define JL_EMBED_LEXICON_H

/* FROZEN with the hash model's name. Words are folded as embed/fold.h has them, and separated by one space. */

/* How much a word says, in sixteenths of one that is not listed. */
typedef struct jl_lexicon_weight {
    const char *words;
    int sixteenths; /* 0: as if it were not there */
} jl_lexicon_weight;
extern const jl_lexicon_weight jl_lexicon_weights[]; /* ends with {0} */

/* Words of equal-opportunity statements, benefits and the like: a sentence with two of them says little. */
extern const char *const jl_lexicon_boilerplate;

/* A word, and those that are read in its place. */
typedef struct jl_lexicon_form {
    const char *word, *means;
} jl_lexicon_form;
extern const jl_lexicon_form jl_lexicon_forms[]; /* ends with {0} */

/* Words of one field of work, in several languages; two words that are one without the space between them ("machine
   learning") are here as one. A word may stand in several lines. */
typedef struct jl_lexicon_field {
    const char *name, *words;
} jl_lexicon_field;
extern const jl_lexicon_field jl_lexicon_fields[]; /* ends with {0} */

#endif
