/* Formulas; part.h tells them. */
#include "match/part.h"

#include "match/metro.h"

double jl_part_skills(double met, double asked, double prior) {
    if (asked < 0)
        return -1;
    double share = (met + JL_SKILLS_PRIOR * JL_SKILLS_ENOUGH * prior) / (JL_SKILLS_ENOUGH * (asked + JL_SKILLS_PRIOR));
    return share < 1 ? share : 1;
}

double jl_part_seniority(int job, int person) {
    static const double above[] = {1, 0.7, 0.2, 0, 0, 0, 0}, below[] = {1, 0.6, 0.2, 0, 0, 0, 0};
    if (job < 1 || job > 7 || person < 1 || person > 7)
        return -1;
    return job > person ? above[job - person] : below[person - job];
}

double jl_part_years(double asked, double offered) {
    if (asked < 0 || offered < 0)
        return -1;
    double much = 2 * asked > asked + 5 ? 2 * asked : asked + 5;
    if (offered < asked)
        return offered / asked;
    double part = 1 - JL_YEARS_OVER * (offered - much);
    return part > 1 ? 1 : part < JL_YEARS_LEAST ? JL_YEARS_LEAST : part;
}

double jl_part_education(jl_degree asked, jl_degree offered, bool equivalent) {
    static const double by_distance[] = {1, 0.6, 0.3, 0, 0, 0};
    if (asked == JL_DEGREE_UNTOLD || offered == JL_DEGREE_UNTOLD)
        return -1;
    double part = offered >= asked ? 1 : by_distance[asked - offered];
    return equivalent ? (1 + part) / 2 : part;
}

static bool has_place(const jl_facts *job, uint32_t place) {
    for (size_t i = 0; i < JL_FACTS_PLACES; ++i)
        if (job->place[i] == place)
            return true;
    return false;
}

static double nearness(const jl_facts *job, const uint32_t place[JL_FACTS_PLACES]) {
    size_t parts = 0, same = 0;
    for (; parts < JL_FACTS_PLACES && place[parts]; ++parts)
        same += has_place(job, place[parts]);
    if (same == parts)
        return 1;
    unsigned area = jl_metro_of(place);
    if (area && area == jl_metro_of(job->place))
        return JL_NEAR_METRO;
    return same > 1 ? JL_NEAR_STATE : JL_NEAR_NOT;
}

double jl_part_location(const jl_facts *job, const jl_whereabouts *person) {
    double best = -1;
    if (job->remote == JL_YES && person->ask->remote != JL_NO)
        return 1;
    if (person->ask->remote == JL_YES && job->remote != JL_UNTOLD)
        return 0;
    if (!job->place[0])
        return -1;
    if (person->home[0])
        best = nearness(job, person->home);
    for (size_t i = 0; i < person->ask->places && best < 1; ++i) {
        double near = nearness(job, person->ask->place[i]);
        best = near > best ? near : best;
    }
    return best;
}

const jl_calibration *jl_calibration_of(jl_span model) {
    static const jl_calibration known[] = {
        {"jobline-hash-", 0.08, 0.60},      {"jobline-", 0.10, 0.70}, {"text-embedding-3", 0.20, 0.65},
        {"text-embedding-ada", 0.74, 0.90}, {"", 0.30, 0.80}, /* sentence transformers, e5, bge, gte and their like
                           lie between 0.2 and 0.85 */
    };
    for (size_t i = 0; model.n && i < sizeof known / sizeof *known; ++i) {
        size_t n = strlen(known[i].model);
        if (model.n >= n && memcmp(model.p, known[i].model, n) == 0)
            return &known[i];
    }
    return &known[0];
}

double jl_part_semantic(const jl_calibration *c, double cosine) {
    double part = (cosine - c->low) / (c->high - c->low);
    if (!(cosine >= -1.001))
        return -1;
    if (part < JL_SEMANTIC_KNEE)
        return part < 0 ? 0 : part;
    /* Above, ever less for the same more, so that the best still differ. */
    double rest = 1 - JL_SEMANTIC_KNEE, over = part - JL_SEMANTIC_KNEE;
    return JL_SEMANTIC_KNEE + rest * over / (rest + over);
}

double jl_part_fresh(double days, double most, double half_life) {
    if (days < 0 || most <= 0 || half_life <= 0)
        return 0;
    return most * half_life / (half_life + days);
}
