/* A person's profile: what the person offers, wants and will not take. */
#ifndef JL_MATCH_PROFILE_H
#define JL_MATCH_PROFILE_H

#include "job/facts.h"
#include "jsonl/each.h"

#define JL_PROFILE_SKILLS 256
#define JL_PROFILE_TITLES 16

/* Education, rising. */
typedef enum jl_degree {
    JL_DEGREE_UNTOLD = 0,
    JL_DEGREE_SCHOOL,
    JL_DEGREE_ASSOCIATE,
    JL_DEGREE_BACHELOR,
    JL_DEGREE_MASTER,
    JL_DEGREE_DOCTOR
} jl_degree;

/* All texts are decoded and owned by `bytes`. */
typedef struct jl_profile {
    char id[64];                      /* "id", else 16 hex digits of the hash of the line */
    jl_span title[JL_PROFILE_TITLES]; /* latest first: basics.label,
                                       work[].position */
    size_t titles;
    jl_span skill[JL_PROFILE_SKILLS]; /* as written */
    size_t skills;
    jl_span location;             /* where the person lives, else the first place wanted */
    jl_span place[JL_ASK_PLACES]; /* preferences.locations, as written */
    size_t places;
    jl_span text; /* summaries, highlights, free text */
    float years;  /* of work, overlaps counted once; -1 = unknown */
    jl_degree degree;
    uint8_t seniority; /* 1 to 7 (jobline(7)), 0 = unknown */
    jl_ask_facts ask;  /* the hard filters out of `preferences` */
    jl_buf bytes;
} jl_profile;

/* Reads a checked object: JSON Resume, or {"text":…}, or both, with optional
   `preferences`. `now`: seconds since 1970. -1 (JL_DATA): no object, or nothing
   in it that says anything ("the profile has neither title, skills nor text"),
   preferences of the wrong type (named). Zero `profile` before the first use;
   it may be used again. */
int jl_profile_read(jl_profile *profile, jl_value value, int64_t now, jl_err *err);
void jl_profile_free(jl_profile *profile);

#endif
