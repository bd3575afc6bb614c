/* The parts of a score, each a function of what is asked and what is offered
 * alone. */
#ifndef JL_MATCH_PART_H
#define JL_MATCH_PART_H

#include "job/facts.h"
#include "match/profile.h"

/* All return 0 to 1, or -1 where one of the two sides is not known. */

/* `met`: the weights of the skills asked, each times how far it is met;
   `asked`: their sum. A listing that names few skills says little: as many as
   JL_SKILLS_PRIOR plain ones are added of which the share `prior` is met. Few
   people have all that is asked, so 0.7 of it is full marks: min(1, (met +
   JL_SKILLS_PRIOR * 0.7 * prior) / (0.7 * (asked + JL_SKILLS_PRIOR))). Where
   nothing is asked that is the prior: silence is no merit. -1: not known. */
#define JL_SKILLS_PRIOR 2.0
#define JL_SKILLS_ENOUGH 0.7
double jl_part_skills(double met, double asked, double prior);

/* The levels of jobline(7), 0 = unknown: 1 for the same, 0.7 for the next step
 * up, 0.6 for one down, 0.2 for two, 0 for more. */
double jl_part_seniority(int job, int person);
/* Whose title tells no level is at 2, with so many years ready for 3 as well, for this much of it. */
#define JL_READY_YEARS 6
#define JL_NEXT_LEVEL 0.95

/* Years of work, negative = unknown: offered / asked, at most 1; each year above twice of what is asked (above five more,
 * where that is more) costs JL_YEARS_OVER, down to JL_YEARS_LEAST. */
#define JL_YEARS_OVER 0.05
#define JL_YEARS_LEAST 0.7
double jl_part_years(double asked, double offered);

/* 1 for enough, 0.6 for one degree less, 0.3 for two, 0 for more; halfway to 1
 * where experience does instead. */
double jl_part_education(jl_degree asked, jl_degree offered, bool equivalent);

/* What a person wants of a place. */
typedef struct jl_whereabouts {
    uint32_t home[JL_FACTS_PLACES]; /* jl_facts_place of where the person lives;
                                     zeros: unknown */
    const jl_ask_facts *ask;        /* places wanted, remote */
} jl_whereabouts;
/* 1 remote (unless only work on site is wanted), or in a place wanted or the
   same as home; 0 on site when only remote work is wanted; else by how near it is
   to the nearest of these: in the same metropolitan area (match/metro.h), in the
   same state, or not. */
#define JL_NEAR_METRO 0.75
#define JL_NEAR_STATE 0.35
#define JL_NEAR_NOT 0.05
double jl_part_location(const jl_facts *job, const jl_whereabouts *person);

/* How alike two embeddings are by the scale of their model: x = (cosine - low) / (high - low), at least 0; where x is
   above the knee k, k + (1 - k) * (x - k) / (1 - k + x - k), which stays below 1. `low` is what jobs of other occupations
   reach, `high` what a good match does. */
typedef struct jl_calibration {
    const char *model; /* the beginning of its name; "" = any */
    double low, high;
} jl_calibration;
#define JL_SEMANTIC_KNEE 0.7
/* The calibration of a model; an empty name is the embedded model's. */
const jl_calibration *jl_calibration_of(jl_span model);
double jl_part_semantic(const jl_calibration *c, double cosine);

/* Points for a posting of this age: most * half_life / (half_life + days); 0
 * where the age is not known. */
double jl_part_fresh(double days, double most, double half_life);

#endif
