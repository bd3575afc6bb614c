/* The words that the match knows: skills, what stands around them, occupations.
 */
#ifndef JL_MATCH_VOCABULARY_H
#define JL_MATCH_VOCABULARY_H

#include "match/phrase.h"

#define JL_SKILLS 4096 /* at most, those of a profile that are not in skills.tsv included */
#define JL_SKILL_PARENTS 4
#define JL_TITLE_WORDS 4096

/* The meanings of cues.tsv, whose ids are JL_CUE | kind << 8 | value. */
#define JL_CUE 0x8000U
typedef enum jl_cue {
    JL_CUE_NONE = 0,
    /* of postings */
    JL_CUE_PREFERRED,
    JL_CUE_REQUIRED,
    JL_CUE_DUTIES,
    JL_CUE_ASIDE,       /* about the employer, not about the person */
    JL_CUE_BOILERPLATE, /* so is its sentence */
    /* of both */
    JL_CUE_DEGREE, /* the value is a jl_degree */
    JL_CUE_EQUIVALENT,
    JL_CUE_YEARS,
    JL_CUE_MONTHS,
    JL_CUE_EXPERIENCE,
    JL_CUE_AGE, /* the years are no experience */
    JL_CUE_NUMBER,
    JL_CUE_MONTH,
    JL_CUE_PRESENT,
    /* headings of profiles */
    JL_CUE_WORK,
    JL_CUE_ABILITIES,
    JL_CUE_STUDIES,
    JL_CUE_PAPERS,
    JL_CUE_TONGUES,
    JL_CUE_SUMMARY,
    JL_CUE_OTHER,
    JL_CUE_WHERE,
    JL_CUE_CITY,
    JL_CUE_ANYWHERE
} jl_cue;

static inline jl_cue jl_cue_of(uint16_t id) {
    return id != JL_PHRASE_NONE && id & JL_CUE ? (jl_cue)(id >> 8 & 0x7F) : JL_CUE_NONE;
}
static inline bool jl_is_skill(uint16_t id) {
    return !(id & JL_CUE);
}

typedef enum jl_skill_kind {
    JL_SKILL_PLAIN = 0,
    JL_SKILL_COMMON, /* asked of nearly everybody */
    JL_SKILL_PAPER   /* a licence or certificate, which no practice stands in for */
} jl_skill_kind;

typedef struct jl_skill {
    jl_span name;
    uint16_t parent[JL_SKILL_PARENTS]; /* broader skills that come with it */
    uint8_t parents;
    uint8_t kind;  /* jl_skill_kind */
    uint16_t also; /* a cue of the same spelling ("MBA"), 0 = none */
} jl_skill;

typedef struct jl_title_word {
    uint16_t word;  /* spellings of one word have the same */
    uint8_t family; /* words of one family are neighbours; 0 = none */
    bool head;      /* an occupation */
    bool general;   /* of many fields: engineer, manager */
    bool empty;     /* says nothing about the occupation */
} jl_title_word;

typedef struct jl_vocabulary {
    jl_skill skill[JL_SKILLS];
    size_t skills;
    jl_phrases posting, profile; /* ids: skills, cues */
    jl_title_word title[JL_TITLE_WORDS];
    size_t titles;
    jl_phrases occupation; /* ids: into title */
    jl_phrases level;      /* ids: 1 to 7 */
} jl_vocabulary;

/* Made at the first call, then shared by all threads and never freed. NULL:
 * memory ran out. */
const jl_vocabulary *jl_vocabulary_get(jl_err *err);

#endif
