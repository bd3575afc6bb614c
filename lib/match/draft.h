/* A profile while it is being read: texts as offsets, since the memory they
 * stand in still grows. */
#ifndef JL_MATCH_DRAFT_H
#define JL_MATCH_DRAFT_H

#include "match/profile.h"
#include "match/vocabulary.h"

#define JL_DRAFT_SPELLS 128

typedef struct jl_mark {
    size_t off, n; /* in the profile's bytes */
} jl_mark;

typedef struct jl_draft {
    const jl_vocabulary *v;
    jl_profile *profile;
    jl_mark title[JL_PROFILE_TITLES], skill[JL_PROFILE_SKILLS];
    jl_mark location, text, place[JL_ASK_PLACES];
    bool known[JL_SKILLS];                              /* skills of the vocabulary that are there */
    int32_t from[JL_DRAFT_SPELLS], to[JL_DRAFT_SPELLS]; /* months since year 0, `to` excluded */
    size_t spells;
    jl_span city;  /* the first large one that the text names */
    bool anywhere; /* the place does not matter to the person */
    bool remote;   /* "Remote" is one of the places wanted */
    float said;    /* years of experience that a sentence names; -1: none */
    int32_t now;   /* months since year 0 */
} jl_draft;

/* Each returns 0 or, when memory ran out, -1; what does not fit into the
 * profile is passed over. Spans may point into the profile's bytes. */
int jl_draft_title(jl_draft *d, jl_span text, jl_err *err);
/* One that the vocabulary knows under any name is kept once. */
int jl_draft_skill(jl_draft *d, jl_span text, jl_err *err);
int jl_draft_known(jl_draft *d, uint16_t skill, jl_err *err);
int jl_draft_location(jl_draft *d, jl_span text, jl_err *err);
void jl_draft_degree(jl_draft *d, jl_degree degree);
/* A time at work; months since year 0. */
void jl_draft_spell(jl_draft *d, int32_t from, int32_t to);
/* Years at work, overlaps counted once; -1: nothing is known. */
float jl_draft_years(jl_draft *d);

/* What a text (d->text) says: skills, degrees, years; titles and a location too
 * where the draft has none. */
int jl_resume_read(jl_draft *d, jl_err *err);

#endif
