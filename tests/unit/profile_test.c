/* Profiles read out of JSON Resume and free text. */
#include "unit/cmocka_all.h"

#include <stdlib.h>

#include "base/clock.h"
#include "match/profile.h"

#define NOW INT64_C(1767268800) /* 2026-01-01T12:00:00Z */

static jl_profile profile;
static jl_err err;

static int try_read(jl_span json) {
    jl_buf padded = {0};
    jl_value value;
    assert_int_equal(jl_buf_reserve(&padded, json.n + JL_PAD, NULL), 0);
    assert_int_equal(jl_buf_add(&padded, json, NULL), 0);
    memset(padded.p + padded.n, 0, JL_PAD);
    assert_int_equal(jl_each_check(jl_buf_span(&padded), &value, NULL), 0);
    err = (jl_err){0};
    int result = jl_profile_read(&profile, value, NOW, &err);
    jl_buf_free(&padded); /* the profile owns its texts */
    return result;
}

static void read_profile(const char *json) {
    if (try_read(jl_span_of(json)))
        fail_msg("%s: %s", json, err.text);
}

static bool has_skill(const char *name) {
    for (size_t i = 0; i < profile.skills; ++i)
        if (jl_span_eq(profile.skill[i], jl_span_of(name)))
            return true;
    return false;
}

static void assert_title(size_t i, const char *title) {
    assert_true(i < profile.titles);
    if (!jl_span_eq(profile.title[i], jl_span_of(title)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)profile.title[i].n, profile.title[i].p, title);
}

static void json_resume(void **state) {
    (void)state;
    read_profile(
        "{\"id\":\"me\",\"basics\":{\"label\":\"Data Engineer\",\"location\":{\"city\":\"Chicago\",\"region\":\"IL\"}},"
        "\"work\":[{\"position\":\"Senior Data Engineer\",\"startDate\":\"2022-01\",\"summary\":\"Kafka\"},"
        "{\"position\":\"Analyst\",\"startDate\":\"2020-01-01\",\"endDate\":\"2022-06\"},{\"position\":null}],"
        "\"education\":[{\"studyType\":\"Master of Science\",\"area\":\"Statistics\"}],"
        "\"skills\":[{\"name\":\"Python\",\"keywords\":[\"pandas\",3]},\"SQL, dbt\",null,7],"
        "\"languages\":[{\"language\":\"German\"}],\"certificates\":[{\"name\":\"PMP\"}]}");
    assert_string_equal(profile.id, "me");
    assert_title(0, "Data Engineer");
    assert_title(1, "Senior Data Engineer");
    assert_title(2, "Analyst");
    assert_true(has_skill("Python") && has_skill("pandas") && has_skill("SQL") && has_skill("dbt") &&
                has_skill("German"));
    assert_true(has_skill("PMP") && has_skill("Apache Kafka"));
    /* 2020-01 to now: the half year in which two jobs overlap counts once. */
    assert_float_equal((double)profile.years, 6, 0.1);
    assert_int_equal(profile.degree, JL_DEGREE_MASTER);
    assert_int_equal(profile.seniority, 3);
    assert_true(jl_span_eq(profile.location, JL_SPAN("Chicago, IL")));
}

static void free_text(void **state) {
    (void)state;
    read_profile("{\"text\":\"Jane Doe\\nRegistered Nurse\\nDenver, CO | jane@example.com\\n\\nExperience\\nStaff "
                 "Nurse, Mercy Hospital\\n"
                 "Jan 2019 – Mar 2022\\nICU, ACLS\\nCharge Nurse at St. Mary\\n04/2022 - present\\n\\nSkills:\\nEpic, "
                 "Wound care, Zorbing\\n\\n"
                 "Education\\nBSN, University of Denver, 2014 - 2018\"}");
    assert_title(0, "Registered Nurse");
    assert_true(profile.titles >= 3);
    assert_true(has_skill("ACLS") && has_skill("Epic") && has_skill("Wound care") && has_skill("Zorbing"));
    assert_int_equal(profile.degree, JL_DEGREE_BACHELOR);
    assert_true(jl_span_eq(profile.location, JL_SPAN("Denver, CO")));
    assert_float_equal((double)profile.years, 7, 0.2);
    assert_int_equal((int)strlen(profile.id), 16);
}

static void other_languages(void **state) {
    (void)state;
    static const struct {
        const char *json, *skill;
        double years;
        jl_degree degree;
    } cases[] = {
        {"{\"text\":\"Buchhalterin\\nWohnort: Köln\\nBerufserfahrung\\nBuchhalterin, Muster GmbH\\nMärz 2018 – heute\\n"
         "Kenntnisse\\nDATEV, Rechnungswesen\\nAusbildung\\nBachelor, 2012 - 2015\"}",
         "Accounting", 7.9, JL_DEGREE_BACHELOR},
        {"{\"text\":\"Enfermera\\nExperiencia laboral\\nEnfermera, Hospital\\nenero 2016 - diciembre "
         "2019\\nHabilidades\\nprimeros auxilios\"}",
         "First aid", 4, JL_DEGREE_UNTOLD},
        {"{\"text\":\"Soudeur\\nExpérience professionnelle\\nSoudeur, Usine\\nseptembre 2020 à août "
         "2023\\nCompétences\\nsoudage\"}",
         "Welding", 3, JL_DEGREE_UNTOLD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        read_profile(cases[i].json);
        assert_true(has_skill(cases[i].skill));
        assert_float_equal((double)profile.years, cases[i].years, 0.2);
        assert_int_equal(profile.degree, cases[i].degree);
        assert_true(profile.titles > 0);
    }
}

static void prose(void **state) {
    (void)state;
    read_profile(
        "{\"text\":\"I am a truck driver with 8 years of experience, CDL-A, based in Dallas, TX. Clean record.\"}");
    assert_title(0, "truck driver");
    assert_float_equal((double)profile.years, 8, 0.01);
    assert_true(has_skill("CDL Class A"));
    assert_true(profile.location.n >= 6 && memcmp(profile.location.p, "Dallas", 6) == 0);
}

static void preferences(void **state) {
    (void)state;
    read_profile("{\"text\":\"cook\",\"preferences\":{\"remote\":true,\"min_salary\":{\"amount\":\"20\",\"period\":"
                 "\"hour\"},\"visa\":true,"
                 "\"employment_types\":[\"Full-time\",\"contract\"]}}");
    assert_int_equal(profile.ask.remote, JL_YES);
    assert_float_equal((double)profile.ask.min_salary, 41600, 0.5);
    assert_true(profile.ask.visa && profile.ask.employment == 5);
    read_profile("{\"text\":\"cook\",\"preferences\":{\"remote\":true,\"locations\":[\"Austin, "
                 "TX\",\"Paris\"],\"min_salary\":50000}}");
    assert_int_equal(profile.ask.remote, JL_UNTOLD);
    assert_int_equal(profile.ask.places, 2);
    assert_true(jl_span_eq(profile.place[1], JL_SPAN("Paris")) && jl_span_eq(profile.location, JL_SPAN("Austin, TX")));
    assert_float_equal((double)profile.ask.min_salary, 50000, 0.5);
    read_profile("{\"text\":\"cook\",\"preferences\":{\"remote\":false}}");
    assert_int_equal(profile.ask.remote, JL_NO);
    read_profile("{\"text\":\"cook\",\"preferences\":null}");
    assert_int_equal(profile.ask.remote, JL_UNTOLD);
    read_profile("{\"text\":\"cook\",\"preferences\":{\"locations\":\"Ohio\",\"employment_types\":\"per_diem\"}}");
    assert_true(profile.ask.places == 1 && profile.ask.remote == JL_UNTOLD && profile.ask.employment);
    read_profile("{\"text\":\"cook\",\"preferences\":{\"locations\":\"Remote\"}}");
    assert_true(profile.ask.places == 0 && profile.ask.remote == JL_YES);
    read_profile("{\"text\":\"cook\",\"preferences\":{\"locations\":[\"Remote\",\"Ohio\"]}}");
    assert_true(profile.ask.places == 1 && profile.ask.remote == JL_UNTOLD);
    read_profile("{\"text\":\"cook\",\"preferences\":{\"locations\":[\"Remote\"],\"onsite\":true}}");
    assert_true(profile.ask.places == 0 && profile.ask.remote == JL_UNTOLD);
    read_profile("{\"text\":\"cook\",\"preferences\":{\"locations\":[\"Remote\"],\"remote\":false}}");
    assert_int_equal(profile.ask.remote, JL_NO);
}

static void refused(void **state) {
    (void)state;
    static const struct {
        const char *json, *says;
    } cases[] = {{"[]", "a profile is a JSON object"},
                 {"{}", "neither title, skills nor text"},
                 {"{\"text\":\"  \",\"skills\":[]}", "neither title, skills nor text"},
                 {"{\"text\":\"x\",\"preferences\":[]}", "preferences: an object"},
                 {"{\"text\":\"x\",\"preferences\":{\"remote\":\"yes\"}}", "preferences.remote"},
                 {"{\"text\":\"x\",\"preferences\":{\"locations\":5}}", "preferences.locations"},
                 {"{\"text\":\"x\",\"preferences\":{\"employment_types\":[\"contract\",\"bogus\"]}}",
                  "preferences.employment_types: 'bogus': full_time, part_time,"},
                 {"{\"text\":\"x\",\"preferences\":{\"min_salary\":\"much\"}}", "preferences.min_salary"},
                 {"{\"text\":\"x\",\"preferences\":{\"min_salary\":{\"amount\":5,\"period\":\"moon\"}}}",
                  "preferences.min_salary.period"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        assert_int_equal(try_read(jl_span_of(cases[i].json)), -1);
        assert_int_equal(err.class, JL_DATA);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].json, err.text);
    }
}

static void any_types(void **state) {
    (void)state;
    static const char *const values[] = {
        "null", "7", "\"x\"", "[]", "{}", "[[[\"x\"]]]", "[null,7,{\"name\":{\"name\":[1]}}]", "true", "\"\\u0000\""};
    static const char *const names[] = {"id",        "basics",       "work",     "education", "skills",
                                        "languages", "certificates", "projects", "years",     "seniority",
                                        "location",  "label",        "title",    "volunteer"};
    char json[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        for (size_t k = 0; k < sizeof values / sizeof *values; ++k) {
            snprintf(json, sizeof json, "{\"text\":\"nurse\",\"%s\":%s}", names[i], values[k]);
            read_profile(json);
        }
}

/* Time is linear: 5 MB of lines, of one line, of one word, of list items. */
static void huge(void **state) {
    (void)state;
    static const char *const units[] = {
        "Senior nurse, Boston 2016 - 2019 skills: Python, Go, unknown thing, 5+ years of experience\\n",
        "Senior nurse, Boston 2016 - 2019 Python, ",
        "x",
        ", ",
        "Jan ",
        "2016 - "};
    for (size_t u = 0; u < sizeof units / sizeof *units; ++u) {
        jl_buf b = {0};
        assert_int_equal(jl_buf_add(&b, JL_SPAN("{\"text\":\"nurse "), NULL), 0);
        while (b.n < 5000000)
            assert_int_equal(jl_buf_add(&b, jl_span_of(units[u]), NULL), 0);
        assert_int_equal(jl_buf_add(&b, JL_SPAN("\"}"), NULL), 0);
        assert_int_equal(try_read(jl_buf_span(&b)), 0);
        jl_buf_free(&b);
    }
}

static void assert_location(const char *place) {
    if (!jl_span_eq(profile.location, jl_span_of(place)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)profile.location.n, profile.location.p, place);
}

static void headings_of_skills(void **state) {
    (void)state;
    read_profile(
        "{\"skills\":[{\"name\":\"Languages\",\"keywords\":[\"Python\"]},{\"name\":\"SQL\",\"keywords\":[\"dbt\"]},"
        "{\"name\":\"Beekeeping\",\"keywords\":[]}]}");
    assert_true(has_skill("Python") && has_skill("SQL") && has_skill("dbt") && has_skill("Beekeeping"));
    assert_false(has_skill("Languages"));
}

/* What somebody is or wants to be comes before what somebody was. */
static void sentences(void **state) {
    (void)state;
    read_profile(
        "{\"text\":\"I used to be an accountant for 6 years. Since 2021 I work as a UX designer. Near Boise, ID.\"}");
    assert_title(0, "UX designer");
    assert_int_equal(profile.titles, 1);
    assert_location("Boise, ID");
    read_profile("{\"text\":\"New grad, BSN, passed NCLEX in June, living near Raleigh NC.\"}");
    assert_title(0, "Registered Nurse");
    read_profile(
        "{\"text\":\"Apprentice electrician who can bend EMT. I live in Charlotte, North Carolina with two cats.\"}");
    assert_title(0, "Apprentice electrician");
    assert_location("Charlotte, North Carolina");
    read_profile("{\"text\":\"Truck driver from Ohio, hire from anywhere, hazmat\"}");
    assert_location("");
}

static void denied(void **state) {
    (void)state;
    read_profile(
        "{\"text\":\"Security guard. Guard card, CPR, no firearm permit. I do not have a CDL. Best paper at ACL.\"}");
    assert_true(has_skill("CPR") && has_skill("Guard card"));
    assert_false(has_skill("Armed guard license") || has_skill("CDL Class A") || has_skill("ACLS"));
}

static int free_profile(void **state) {
    (void)state;
    jl_profile_free(&profile);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_resume),        cmocka_unit_test(free_text),
        cmocka_unit_test(other_languages),    cmocka_unit_test(prose),
        cmocka_unit_test(preferences),        cmocka_unit_test(refused),
        cmocka_unit_test(any_types),          cmocka_unit_test(huge),
        cmocka_unit_test(sentences),          cmocka_unit_test(denied),
        cmocka_unit_test(headings_of_skills),
    };
    return cmocka_run_group_tests(tests, NULL, free_profile);
}
