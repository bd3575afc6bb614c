/* The parts of a score, the score, its reasons. */
#include "unit/cmocka_all.h"

#include <stdlib.h>

#include "match/part.h"
#include "match/score.h"

#define NOW INT64_C(1767268800) /* 2026-01-01T12:00:00Z */

static void parts(void **state) {
    (void)state;
    assert_float_equal(jl_part_skills(0, 0, 0.5), 0.5, 1e-9);
    assert_float_equal(jl_part_skills(0, -1, 0.5), -1, 0);
    assert_float_equal(jl_part_skills(10, 10, 1), 1, 1e-9);
    assert_float_equal(jl_part_skills(0, 10, 0), 0, 1e-9);
    /* One of one says little. */
    assert_true(jl_part_skills(1, 1, 0.3) < 0.75 && jl_part_skills(1, 1, 0.3) > jl_part_skills(0, 1, 0.3));
    assert_true(jl_part_skills(5, 10, 0.5) > jl_part_skills(4, 10, 0.5));
    assert_float_equal(jl_part_seniority(3, 3), 1, 0);
    assert_true(jl_part_seniority(3, 2) > jl_part_seniority(2, 3));
    assert_true(jl_part_seniority(5, 3) < 0.5 && jl_part_seniority(1, 3) < 0.5);
    assert_true(jl_part_seniority(3, 2) > jl_part_seniority(4, 2));
    assert_float_equal(jl_part_seniority(0, 2), -1, 0);
    assert_float_equal(jl_part_seniority(2, 9), -1, 0);
    assert_float_equal(jl_part_years(5, 6), 1, 0);
    assert_float_equal(jl_part_years(4, 2), 0.5, 1e-9);
    assert_float_equal(jl_part_years(2, 7), 1, 1e-9);
    assert_true(jl_part_years(2, 9) < 1 && jl_part_years(2, 30) > 0.5);
    assert_float_equal(jl_part_years(0, 0), 1, 0);
    assert_float_equal(jl_part_years(-1, 3), -1, 0);
    assert_float_equal(jl_part_education(JL_DEGREE_BACHELOR, JL_DEGREE_MASTER, false), 1, 0);
    assert_float_equal(jl_part_education(JL_DEGREE_BACHELOR, JL_DEGREE_ASSOCIATE, false), 0.6, 1e-9);
    assert_float_equal(jl_part_education(JL_DEGREE_BACHELOR, JL_DEGREE_ASSOCIATE, true), 0.8, 1e-9);
    assert_float_equal(jl_part_education(JL_DEGREE_DOCTOR, JL_DEGREE_SCHOOL, false), 0, 0);
    assert_float_equal(jl_part_education(JL_DEGREE_UNTOLD, JL_DEGREE_SCHOOL, false), -1, 0);
    assert_float_equal(jl_part_fresh(0, 3, 7), 3, 1e-9);
    assert_float_equal(jl_part_fresh(7, 3, 7), 1.5, 1e-9);
    assert_float_equal(jl_part_fresh(-1, 3, 7), 0, 0);
}

static void places(void **state) {
    (void)state;
    jl_ask_facts ask = {0};
    jl_whereabouts w = {.ask = &ask};
    jl_facts job = {0};
    jl_facts_place(JL_SPAN("Chicago, IL"), w.home);
    assert_float_equal(jl_part_location(&job, &w), -1, 0);
    job.remote = JL_YES;
    assert_float_equal(jl_part_location(&job, &w), 1, 0);
    job.remote = JL_UNTOLD;
    jl_facts_place(JL_SPAN("Chicago, Illinois 60601"), job.place);
    assert_float_equal(jl_part_location(&job, &w), 1, 0);
    memset(job.place, 0, sizeof job.place);
    jl_facts_place(JL_SPAN("Springfield, IL"), job.place);
    double state_alone = jl_part_location(&job, &w);
    memset(job.place, 0, sizeof job.place);
    jl_facts_place(JL_SPAN("Gary, IN"), job.place);
    assert_true(jl_part_location(&job, &w) > state_alone);
    jl_facts_place(JL_SPAN("Columbus, IN"), job.place);
    assert_true(jl_part_location(&job, &w) < state_alone);
    memset(job.place, 0, sizeof job.place);
    jl_facts_place(JL_SPAN("Paris, France"), job.place);
    assert_true(state_alone > jl_part_location(&job, &w) && state_alone < 1);
    ask.places = 1;
    jl_facts_place(JL_SPAN("France"), ask.place[0]);
    assert_float_equal(jl_part_location(&job, &w), 1, 0);
}

static void calibrations(void **state) {
    (void)state;
    const jl_calibration *hash = jl_calibration_of(JL_SPAN("jobline-hash-1")),
                         *other = jl_calibration_of(JL_SPAN("all-MiniLM-L6-v2"));
    assert_ptr_equal(hash, jl_calibration_of((jl_span){"", 0}));
    assert_true(hash != other);
    for (double c = -1; c <= 1; c += 0.05) {
        double part = jl_part_semantic(hash, c);
        assert_true(part >= 0 && part <= 1 && jl_part_semantic(hash, c + 0.05) >= part);
    }
    assert_float_equal(jl_part_semantic(hash, -2), -1, 0);
    assert_float_equal(jl_part_semantic(hash, hash->low), 0, 1e-9);
    assert_true(jl_part_semantic(hash, hash->high) > 0.8 && jl_part_semantic(hash, 1) > jl_part_semantic(hash, 0.9));
    assert_true(jl_part_semantic(hash, 1) < 1);
}

static void weights(void **state) {
    (void)state;
    jl_weights w = jl_weights_default();
    jl_err err = {0};
    assert_int_equal(jl_weights_read(JL_SPAN("skills=4,semantic=0.5,half_life=3"), &w, &err), 0);
    assert_float_equal(w.part[JL_PART_SKILLS], 4, 0);
    assert_float_equal(w.semantic, 0.5, 0);
    assert_float_equal(w.half_life, 3, 0);
    static const char *const bad[] = {
        "", "skill=1", "skills", "skills=", "skills=x", "skills=-1", "ats=0,semantic=0", "skills=1,,title=1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        jl_weights before = w;
        assert_int_equal(jl_weights_read(jl_span_of(bad[i]), &w, &err), -1);
        assert_int_equal(err.class, JL_USAGE);
        assert_memory_equal(&before, &w, sizeof w);
    }
}

/* ---- whole jobs ---- */

typedef struct fixture {
    jl_matcher *matcher;
    jl_profile profile;
    jl_match match;
    jl_buf reasons;
} fixture;

static fixture fix;

static void person(const char *json) {
    jl_weights w = jl_weights_default();
    jl_value value;
    jl_err err = {0};
    char padded[4096] = "";
    snprintf(padded, sizeof padded - JL_PAD, "%s", json);
    assert_int_equal(jl_each_check((jl_span){padded, strlen(padded)}, &value, &err), 0);
    assert_int_equal(jl_profile_read(&fix.profile, value, NOW, &err), 0);
    if (!fix.matcher)
        fix.matcher = jl_matcher_new(&w, &err);
    assert_non_null(fix.matcher);
    assert_int_equal(jl_matcher_profile(fix.matcher, &fix.profile, NOW, &err), 0);
}

static double score(const char *line, jl_stage stage, float cosine) {
    jl_err err = {0};
    jl_postings *p = jl_postings_new(&err);
    jl_buf out = {0};
    jl_posting job;
    assert_non_null(p);
    assert_int_equal(jl_postings_load(p, jl_span_of(line), &out, &job, &err), 0);
    jl_buf_clear(&fix.reasons);
    assert_int_equal(jl_matcher_score(fix.matcher, &job, stage, cosine, &fix.match, &fix.reasons, &err), 0);
    assert_true(fix.match.score >= 0 && fix.match.score <= 100);
    assert_non_null(jl_buf_text(&fix.reasons, &err));
    jl_buf_free(&out);
    jl_postings_free(p);
    return fix.match.score;
}

static void says(const char *text) {
    if (!strstr(fix.reasons.p, text))
        fail_msg("%s is not in %s", text, fix.reasons.p);
}

#define ENGINEER                                                                                                       \
    "{\"basics\":{\"label\":\"Senior Data "                                                                            \
    "Engineer\",\"location\":{\"city\":\"Chicago\",\"region\":\"IL\"}},\"work\":[{\"position\":\"Data Engineer\","     \
    "\"startDate\":\"2019-12\"}],\"education\":[{\"studyType\":\"Bachelor\"}],\"skills\":[\"Python\",\"PostgreSQL\","  \
    "\"Spark\",\"Zorblatt\"]}"
#define GOOD                                                                                                           \
    "{\"id\":\"1\",\"source\":\"x\",\"company\":\"A\",\"title\":\"Sr. Data Engineer\",\"location\":\"Chicago, "        \
    "IL\",\"salary_min\":120000,\"salary_max\":150000,"                                                                \
    "\"salary_currency\":\"USD\",\"salary_period\":\"year\",\"posted_at\":\"2025-12-30T12:00:00Z\",\"snippet\":"       \
    "\"Python, SQL, Airflow\",\"description\":"                                                                        \
    "\"Requirements:\\n- Python, SQL and Zorblatt\\n- 5+ years of experience\\n- Bachelor's degree\\nNice to "         \
    "have:\\n- Airflow\"}"
#define NURSE                                                                                                          \
    "{\"id\":\"2\",\"source\":\"x\",\"company\":\"B\",\"title\":\"Registered Nurse, ICU\",\"location\":\"Chicago, "    \
    "IL\",\"posted_at\":\"2026-01-01T10:00:00Z\","                                                                     \
    "\"enrichment_status\":\"failed\",\"snippet\":\"RN license, ACLS, patient care, 2 years of experience\"}"

static void good_and_unrelated(void **state) {
    (void)state;
    person(ENGINEER);
    assert_true(score(GOOD, JL_STAGE_FULL, 0.55F) > 75);
    assert_float_equal(fix.match.part[JL_PART_TITLE], 1, 1e-6);
    assert_float_equal(fix.match.part[JL_PART_YEARS], 1, 1e-6);
    says("\"Experience: 5 years asked, 6 offered\"");
    says("Zorblatt");
    says("\"Missing: Apache Airflow\"");
    says("(3 of 4)");
    says("\"Education: bachelor asked, bachelor offered\"");
    says("\"Salary: 120000 to 150000 USD a year\"");
    says("\"Posted 2 days ago\"");
    double listing = score(GOOD, JL_STAGE_LISTING, 0.55F);
    assert_true(listing > 60);
    assert_float_equal(fix.match.part[JL_PART_YEARS], -1, 0);
    assert_true(score(NURSE, JL_STAGE_LISTING, 0.1F) < 25);
    says("\"Enrichment failed: scored by its listing\"");
    says("\"Posted today\"");
    assert_true(score(NURSE, JL_STAGE_LISTING, -2.0F) < 25);
    assert_float_equal(fix.match.semantic, -1, 0);
    person("{\"text\":\"Registered nurse, 4 years of experience in the ICU, ACLS, BLS. Chicago, IL\"}");
    assert_true(score(NURSE, JL_STAGE_LISTING, 0.5F) > 70);
    assert_true(score(GOOD, JL_STAGE_FULL, 0.05F) < 25);
}

static void related_skills_count_in_part(void **state) {
    (void)state;
    static const char *const job =
        "{\"id\":\"1\",\"source\":\"x\",\"company\":\"A\",\"title\":\"Developer\",\"snippet\":\"%s\"}";
    static const char *const skills[] = {"PostgreSQL", "SQL", "MySQL", "Welding"};
    char line[256], who[256];
    double before = 2;
    for (size_t i = 0; i < sizeof skills / sizeof *skills; ++i) {
        snprintf(who, sizeof who, "{\"skills\":[\"%s\"]}", skills[i]);
        person(who);
        snprintf(line, sizeof line, job, "PostgreSQL");
        score(line, JL_STAGE_LISTING, -2.0F);
        assert_true(fix.match.part[JL_PART_SKILLS] < before);
        before = fix.match.part[JL_PART_SKILLS];
    }
}

static void listed_skills(void **state) {
    (void)state;
    person(ENGINEER);
    score("{\"id\":\"1\",\"source\":\"x\",\"company\":\"A\",\"title\":\"Analyst\",\"details\":{\"skills\":[\"Python\","
          "\"Go\",7,null]}}",
          JL_STAGE_LISTING, -2);
    says("\"Skills: Python (1 of 2)\"");
    says("\"Missing: Go\"");
}

/* The same job scores the same after any other. */
static void nothing_is_left_behind(void **state) {
    (void)state;
    person(ENGINEER);
    double first = score(GOOD, JL_STAGE_FULL, 0.5F);
    score(NURSE, JL_STAGE_FULL, 0.5F);
    assert_float_equal(score(GOOD, JL_STAGE_FULL, 0.5F), first, 0);
}

static int done(void **state) {
    (void)state;
    jl_matcher_free(fix.matcher);
    jl_profile_free(&fix.profile);
    jl_buf_free(&fix.reasons);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts),
        cmocka_unit_test(places),
        cmocka_unit_test(calibrations),
        cmocka_unit_test(weights),
        cmocka_unit_test(good_and_unrelated),
        cmocka_unit_test(related_skills_count_in_part),
        cmocka_unit_test(listed_skills),
        cmocka_unit_test(nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
