/* Words, phrases, skills found in texts, titles compared. */
#include "unit/cmocka_all.h"

#include <stdlib.h>

#include "match/asked.h"
#include "match/title.h"

static const jl_vocabulary *vocabulary(void) {
    jl_err err = {0};
    const jl_vocabulary *v = jl_vocabulary_get(&err);
    assert_non_null(v);
    return v;
}

static uint64_t hash_of(const char *word) {
    jl_tokens t = jl_tokens_of(jl_span_of(word));
    jl_token token;
    assert_true(jl_tokens_next(&t, &token));
    uint64_t hash = token.hash;
    assert_false(jl_tokens_next(&t, &token));
    return hash;
}

static void words_are_folded(void **state) {
    (void)state;
    assert_true(hash_of("Résumés") == hash_of("resume"));
    assert_true(hash_of("Manager's") == hash_of("manager"));
    assert_true(hash_of("C++,") == hash_of("c++"));
    assert_true(hash_of("C") != hash_of("C++"));
    assert_true(hash_of("C#") != hash_of("C"));
    assert_true(hash_of(".NET") != hash_of("net"));
    assert_true(hash_of("business") != hash_of("busines"));
}

static void gaps_part_phrases(void **state) {
    (void)state;
    static const struct {
        const char *text;
        jl_gap gap;
    } cases[] = {{"a b", JL_GAP_NEAR},
                 {"a-b", JL_GAP_NEAR},
                 {"a/b", JL_GAP_NEAR},
                 {"a.b", JL_GAP_NEAR},
                 {"a, b", JL_GAP_ITEM},
                 {"a (b", JL_GAP_ITEM},
                 {"a. b", JL_GAP_SENTENCE},
                 {"a: b", JL_GAP_SENTENCE},
                 {"a\nb", JL_GAP_LINE},
                 {"a \xE2\x80\xA2 b", JL_GAP_LINE},
                 {"a \xE2\x80\x93 b", JL_GAP_NEAR}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        jl_tokens t = jl_tokens_of(jl_span_of(cases[i].text));
        jl_token token;
        assert_true(jl_tokens_next(&t, &token) && jl_tokens_next(&t, &token));
        assert_int_equal(token.gap, cases[i].gap);
    }
}

static jl_asker asker;
static jl_asked asked;

static void ask(const char *text) {
    asker = (jl_asker){.v = vocabulary(), .words = &vocabulary()->posting};
    jl_asked_start(&asker, &asked);
    jl_asked_text(&asker, jl_span_of(text), 1, &asked);
    jl_asked_end(&asker, &asked);
    for (size_t i = 0; i < JL_SKILLS; ++i)
        assert_int_equal(asker.where[i], 0);
}

/* The weight with which a skill is asked, 0 = not at all. */
static double weight(const char *name) {
    bool known = false;
    for (size_t i = 0; i < vocabulary()->skills; ++i)
        known |= jl_span_eq(vocabulary()->skill[i].name, jl_span_of(name));
    assert_true(known);
    for (size_t i = 0; i < asked.n; ++i)
        if (jl_span_eq(vocabulary()->skill[asked.skill[i]].name, jl_span_of(name)))
            return (double)asked.weight[i];
    return 0;
}

static void table_is_sound(void **state) {
    (void)state;
    const jl_vocabulary *v = vocabulary();
    assert_true(v->skills > 1000);
    for (size_t i = 0; i < v->skills; ++i) {
        assert_true(v->skill[i].name.n > 0);
        for (size_t k = 0; k < v->skill[i].parents; ++k)
            assert_true(v->skill[i].parent[k] < v->skills && v->skill[i].parent[k] != i);
    }
    assert_true(v->titles > 1500);
}

static void longest_phrase_wins(void **state) {
    (void)state;
    ask("Requirements:\n- Spring Boot and React Native, AWS Lambda\n- Node.js; C++, C#, ASP.NET");
    assert_true(weight("Spring Boot") > 0 && weight("Spring") == 0);
    assert_true(weight("React Native") > 0 && weight("React") == 0);
    assert_true(weight("AWS Lambda") > 0 && weight("Node.js") > 0);
    assert_true(weight("C++") > 0 && weight("C#") > 0 && weight("ASP.NET") > 0 && weight("C") == 0);
}

static void doubtful_words_need_company(void **state) {
    (void)state;
    ask("Languages: Python, Go, R, C.");
    assert_true(weight("Go") > 0 && weight("R") > 0 && weight("C") > 0);
    ask("Go to our site. Python is fun. We go the extra mile, go, go!");
    assert_true(weight("Go") == 0);
    ask("You excel at Python and express yourself well");
    assert_true(weight("Microsoft Excel") == 0 && weight("Express.js") == 0);
    ask("Excel, Word and SQL");
    assert_true(weight("Microsoft Excel") > 0 && weight("SQL") > 0);
}

static void all_walks_of_life(void **state) {
    (void)state;
    ask("Registered nurse with ACLS; IV therapy. CDL-A, forklift, OSHA-10. CPA with GAAP. Buchhaltung und Schweißen. "
        "Enfermería. Fluent Spanish.");
    static const char *const all[] = {"Registered nurse",   "ACLS",    "IV therapy", "CDL Class A",
                                      "Forklift operation", "OSHA 10", "CPA",        "GAAP",
                                      "Accounting",         "Welding", "Nursing",    "Spanish"};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i)
        assert_true(weight(all[i]) > 0);
}

static void sections_weigh(void **state) {
    (void)state;
    ask("Requirements:\n- Python\n- Docker is a plus\nNice to have:\n- Airflow\nBenefits:\n- Payroll cards\n");
    assert_float_equal(weight("Python"), 1.0, 1e-6);
    assert_float_equal(weight("Docker"), 0.4, 1e-6);
    assert_float_equal(weight("Apache Airflow"), 0.4, 1e-6);
    assert_float_equal(weight("Payroll"), 0.05, 1e-6);
    ask("Requirements: Python.\nDental insurance, paid time off and Excel training");
    assert_true(weight("Insurance") < 0.1);
}

static void years_and_degrees(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double years;
        jl_degree degree;
    } cases[] = {
        {"5+ years of experience with Python", 5, JL_DEGREE_UNTOLD},
        {"3-5 years experience", 3, JL_DEGREE_UNTOLD},
        {"at least two years in sales", 2, JL_DEGREE_UNTOLD},
        {"five (5) years of experience", 5, JL_DEGREE_UNTOLD},
        {"6 months experience", 0.5, JL_DEGREE_UNTOLD},
        {"mindestens 3 Jahre Berufserfahrung", 3, JL_DEGREE_UNTOLD},
        {"2 años de experiencia", 2, JL_DEGREE_UNTOLD},
        {"4 ans d'expérience", 4, JL_DEGREE_UNTOLD},
        {"You are at least 18 years old with experience", -1, JL_DEGREE_UNTOLD},
        {"We have been ten years in business", -1, JL_DEGREE_UNTOLD},
        {"Our firm has 30 years of experience", -1, JL_DEGREE_UNTOLD},
        {"Preferred: 10 years of experience", -1, JL_DEGREE_UNTOLD},
        {"Bachelor's or Master's degree required", -1, JL_DEGREE_BACHELOR},
        {"High school diploma. Associate degree preferred", -1, JL_DEGREE_SCHOOL},
        {"Ph.D. in chemistry", -1, JL_DEGREE_DOCTOR},
        {"Licenciatura en derecho", -1, JL_DEGREE_BACHELOR},
        {"Baltimore, MD 21201; Jackson, MS", -1, JL_DEGREE_UNTOLD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        ask(cases[i].text);
        assert_float_equal((double)asked.years, cases[i].years, 1e-6);
        assert_int_equal(asked.degree, cases[i].degree);
    }
    ask("Bachelor's degree or equivalent experience");
    assert_true(asked.equivalent);
}

static double like(const char *a, const char *b) {
    jl_title one, other;
    jl_title_read(vocabulary(), jl_span_of(a), &one);
    jl_title_read(vocabulary(), jl_span_of(b), &other);
    double there = jl_title_likeness(&one, &other);
    assert_float_equal(there, jl_title_likeness(&other, &one), 1e-9);
    assert_true(there >= -1 && there <= 1 + 1e-9);
    return there;
}

static void titles_are_compared(void **state) {
    (void)state;
    static const char *const same[][2] = {{"Senior Data Engineer (Remote)", "Data Engineer II"},
                                          {"RN", "Registered Nurse - Nights"},
                                          {"SWE", "Software Developer"},
                                          {"Sr. Acct", "Accountant"},
                                          {"LKW-Fahrer (m/w/d)", "CDL A Truck Driver"},
                                          {"Abogado", "Attorney"},
                                          {"Waitress", "Server"}};
    static const char *const other[][2] = {
        {"Software Engineer", "Mechanical Engineer"}, {"Sales Manager", "Nurse Manager"},
        {"Data Engineer", "Data Entry Clerk"},        {"Registered Nurse", "Accountant"},
        {"Electrician", "Marketing Specialist"},      {"Truck Driver", "Device Driver Developer"}};
    for (size_t i = 0; i < sizeof same / sizeof *same; ++i)
        if (like(same[i][0], same[i][1]) < 0.75)
            fail_msg("%s and %s: %f", same[i][0], same[i][1], like(same[i][0], same[i][1]));
    for (size_t i = 0; i < sizeof other / sizeof *other; ++i)
        if (like(other[i][0], other[i][1]) > 0.45)
            fail_msg("%s and %s: %f", other[i][0], other[i][1], like(other[i][0], other[i][1]));
    assert_true(like("Backend Developer", "Full Stack Developer") > like("Backend Developer", "Network Technician"));
    assert_float_equal(like("", "Nurse"), -1, 0);
    assert_float_equal(like("Senior", "Nurse"), -1, 0);
}

static void titles_have_levels(void **state) {
    (void)state;
    static const struct {
        const char *title;
        int level;
    } cases[] = {{"Software Engineering Intern", 1},
                 {"Junior Developer", 2},
                 {"Developer", 0},
                 {"Sr. Developer", 3},
                 {"Store Manager", 4},
                 {"VP of Engineering", 5},
                 {"CFO", 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        jl_title t;
        jl_title_read(vocabulary(), jl_span_of(cases[i].title), &t);
        assert_int_equal(t.level, cases[i].level);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded),
        cmocka_unit_test(gaps_part_phrases),
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(longest_phrase_wins),
        cmocka_unit_test(doubtful_words_need_company),
        cmocka_unit_test(all_walks_of_life),
        cmocka_unit_test(sections_weigh),
        cmocka_unit_test(years_and_degrees),
        cmocka_unit_test(titles_are_compared),
        cmocka_unit_test(titles_have_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
