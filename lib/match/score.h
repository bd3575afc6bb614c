/* How well a job fits a profile: parts between 0 and 1, the score out of them,
 * the reasons.
 *
 *   score = 100 * (ats * ATS + semantic * SEMANTIC) / (ats + semantic) + FRESH,
 * at most 100
 *
 * with the weights of jl_weights; without vectors ATS alone. ATS is the mean of
 * the parts that are known, by weight, in which seniority, years, education and
 * location count as far as the occupation fits: each times min(1, 2 *
 * max(skills, title)), for a short way to work makes no nurse of an accountant.
 * match/part.h has the formula of each part, of SEMANTIC out of the cosine, of
 * FRESH; match/title.h how titles are compared; match/asked.h what a text asks.
 * One skill is met by itself (1), by one that it is part of (0.9: PostgreSQL
 * for SQL), in part by a broader one (0.5: SQL for PostgreSQL) or a sister
 * (0.35: MySQL for PostgreSQL). */
#ifndef JL_MATCH_SCORE_H
#define JL_MATCH_SCORE_H

#include "job/merge.h"
#include "match/profile.h"

typedef enum jl_part {
    JL_PART_SKILLS = 0,
    JL_PART_TITLE,
    JL_PART_SENIORITY,
    JL_PART_YEARS,
    JL_PART_EDUCATION,
    JL_PART_LOCATION,
    JL_PARTS
} jl_part;
extern const char *const jl_part_name[JL_PARTS];

/* Settable; the defaults are those of job-match(1). */
typedef struct jl_weights {
    double ats, semantic;  /* 0.7 and 0.3 */
    double part[JL_PARTS]; /* of ATS; parts that are unknown on either side leave
                            their weight to the others */
    double fresh;          /* at most this many points of 100 for one posted today */
    double half_life;      /* days after which half of that is left */
} jl_weights;
jl_weights jl_weights_default(void);
/* "skills=3,title=2,semantic=0.4": sets those named. -1: JL_USAGE. */
int jl_weights_read(jl_span text, jl_weights *weights, jl_err *err);

typedef struct jl_match {
    double score;          /* 0 to 100 */
    double ats, semantic;  /* 0 to 1; semantic -1: no vector */
    double part[JL_PARTS]; /* 0 to 1; -1 = unknown on either side */
    double fresh;          /* points added */
} jl_match;

/* The texts of one job that are scored: of the listing, with JL_STAGE_FULL of
 * the description too when there is one. */
typedef struct jl_matcher jl_matcher;
jl_matcher *jl_matcher_new(const jl_weights *weights, jl_err *err);
void jl_matcher_free(jl_matcher *m);
/* The person to match next; keeps what it needs of the profile, which must
 * outlive it. */
int jl_matcher_profile(jl_matcher *m, const jl_profile *profile, int64_t now, jl_err *err);
/* The model whose cosines come next: its name with its version (match/part.h
 * has the scales); empty: the embedded one. */
void jl_matcher_model(jl_matcher *m, jl_span model);
/* `cosine`: of the two vectors, -2 when there is none. `reasons` gets a JSON
 * array of texts appended when it is not NULL. */
int jl_matcher_score(jl_matcher *m, const jl_posting *job, jl_stage stage, float cosine, jl_match *match,
                     jl_buf *reasons, jl_err *err);

/* What the profile is embedded as is embed/embed.h's: its titles as title,
 * location, its skills, its text as body. */

#endif
