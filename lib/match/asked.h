/* What the text of a posting asks of a person. */
#ifndef JL_MATCH_ASKED_H
#define JL_MATCH_ASKED_H

#include "match/profile.h"
#include "match/vocabulary.h"

#define JL_ASKED_MAX 192

/* Skills found in one sentence, those in doubt apart: "Go" is a language where
 * other skills stand beside it. */
#define JL_SENTENCE_MAX 96
typedef struct jl_sentence {
    uint16_t skill[JL_SENTENCE_MAX];
    size_t n, firm;
    uint16_t doubt[8];
    size_t doubts, words;
} jl_sentence;

void jl_sentence_add(jl_sentence *s, const jl_hit *hit);
/* The sentence is at its end: `skills` holds all that count. `listed`: skills
 * were found before, so that a word that is a line of its own is one more. */
void jl_sentence_end(jl_sentence *s, bool listed);

typedef struct jl_asked {
    uint16_t skill[JL_ASKED_MAX];
    float weight[JL_ASKED_MAX];
    size_t n;
    float years;      /* -1: not told */
    jl_degree degree; /* the least that will do; JL_DEGREE_UNTOLD: not told */
    bool equivalent;  /* experience will do instead */
} jl_asked;

/* Zero `where` bytes (of JL_SKILLS) before the first use; jl_asked_text adds to
 * `asked`. */
typedef struct jl_asker {
    const jl_vocabulary *v;
    const jl_phrases *words;   /* of v->posting and perhaps more skills */
    uint16_t where[JL_SKILLS]; /* index + 1 into asked, by skill */
    jl_span employer;          /* a sentence that begins with it asks nothing; may be empty */
} jl_asker;

void jl_asked_start(jl_asker *a, jl_asked *asked);
/* Reads a text whose skills have this weight: 1 for a description, more for a
   title. A skill counts with its greatest weight: by this factor, by its kind
   (common 0.25, licence 1.5) and by where it stands: "nice to have" 0.4, duties
   0.8, about the employer 0.1. Ends marked by `end`. */
void jl_asked_text(jl_asker *a, jl_span text, float weight, jl_asked *asked);
/* One that stands in a list of skills. */
void jl_asked_skill(jl_asker *a, jl_span text, jl_asked *asked);
/* Makes the asker ready for the next posting. */
void jl_asked_end(jl_asker *a, const jl_asked *asked);

/* True when the words just before `at` deny what stands there: "no CDL", "without a degree". */
bool jl_asked_denied(jl_span text, size_t at);

/* Digits at the front, at most three of them; -1: none. */
int jl_digits(jl_span text, size_t *n);

#endif
