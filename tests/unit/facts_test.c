/* Facts of job lines, and what is asked of them. */
#include "unit/postings_bench.h"

#include "job/visa.h"

static jl_facts facts_of(const char *members) {
    bench b;
    jl_buf out = {0};
    char line[4096];
    bench_open(&b);
    snprintf(line, sizeof line, "{\"company\":\"C\",\"title\":\"T\"%s%s}", *members ? "," : "", members);
    jl_facts facts = posting_at(&b, line, NOW, &out).facts;
    jl_buf_free(&out);
    bench_close(&b);
    return facts;
}

static void white_space_is_no_description(void **state) {
    (void)state;
    static const char *const none[] = {"null",        "7", "\"\"", "\" \"", "\"  \\n\\t \"", "\"\\u00a0\\u2028\"",
                                       "\"\xc2\xa0\""};
    static const char *const some[] = {"\"x\"", "\" x\"", "\"\\n\\u00e9\"", "\"\xc3\xa9\"", "\"\\u200b\""};
    char line[128];
    for (size_t i = 0; i < sizeof none / sizeof *none; ++i) {
        snprintf(line, sizeof line, "\"description\":%s", none[i]);
        jl_facts f = facts_of(line);
        assert_int_equal(f.full, 0);
        assert_int_equal(f.status, JL_STATUS_NONE);
    }
    for (size_t i = 0; i < sizeof some / sizeof *some; ++i) {
        snprintf(line, sizeof line, "\"descriptio\\u006e\":%s", some[i]);
        jl_facts f = facts_of(line);
        assert_int_equal(f.full, 1);
        assert_int_equal(f.status, JL_STATUS_DONE);
    }
}

static void everything_is_read(void **state) {
    (void)state;
    jl_facts f = facts_of("\"posted_at\":\"2026-11-20T00:00:00Z\",\"first_seen_at\":\"2026-11-21\",\"last_seen_at\":"
                          "\"2026-11-22T00:00:00Z\",\"enriched_at\":\"2026-11-22T00:00:01Z\",\"expires_at\":"
                          "\"2026-12-01T00:00:00Z\",\"salary_min\":50,\"salary_max\":60.5,\"salary_currency\":\"USD\","
                          "\"salary_period\":\"hour\",\"employment_type\":\"full_time,contract\",\"remote\":true,"
                          "\"enrichment_status\":\"failed\",\"enrichment_tries\":300,\"seniority\":3");
    assert_int_equal(f.posted, 1795132800);
    assert_int_equal(f.first_seen, 1795132800 + 86400);
    assert_int_equal(f.last_seen, 1795132800 + 2 * 86400);
    assert_int_equal(f.enriched, f.last_seen + 1);
    assert_int_equal(f.expires, 1795132800 + 11 * 86400);
    assert_true(f.salary_min == 104000 && f.salary_max == 125840);
    assert_string_equal(f.currency, "USD");
    assert_int_equal(f.employment, 1 | 4);
    assert_int_equal(f.remote, JL_YES);
    assert_int_equal(f.status, JL_STATUS_FAILED);
    assert_int_equal(f.tries, 255);
    assert_int_equal(f.seniority, 3);
    assert_int_equal(f.full, 0);
}

static void what_cannot_be_read_is_unknown(void **state) {
    (void)state;
    jl_facts f = facts_of(
        "\"posted_at\":\"3 days ago\",\"salary_min\":\"50000\",\"salary_max\":-1,\"salary_currency\":\"euros\","
        "\"employment_type\":7,\"remote\":\"yes\",\"enrichment_status\":\"?\",\"enrichment_tries\":-2,"
        "\"seniority\":8,\"expires_at\":5,\"location\":{},\"enriched_at\":null,\"description\":\"\"");
    jl_facts none = facts_of("");
    assert_memory_equal(&f, &none, sizeof f);
    assert_int_equal(none.first_seen, NOW);
}

static void pay_is_a_years(void **state) {
    (void)state;
    assert_true(facts_of("\"salary_min\":12000").salary_min == 12000);
    assert_true(facts_of("\"salary_min\":120").salary_min == 0);
    assert_true(facts_of("\"salary_min\":90,\"salary_max\":12000").salary_min == 90);
    assert_true(facts_of("\"salary_max\":1e3,\"salary_period\":\"month\"").salary_max == 12000);
    assert_true(facts_of("\"salary_max\":100,\"salary_period\":\"two_weeks\"").salary_max == 2600);
    assert_true(facts_of("\"salary_max\":100,\"salary_period\":\"WEEKLY\"").salary_max == 5200);
    assert_true(facts_of("\"salary_max\":100,\"salary_period\":\"fortnight of years\"").salary_max == 0);
    assert_true(facts_of("\"salary_max\":1e400,\"salary_period\":\"year\"").salary_max == 0);
}

static void the_location_may_tell_remote(void **state) {
    (void)state;
    assert_int_equal(facts_of("\"location\":\"Remote in Austin, TX\"").remote, JL_YES);
    assert_int_equal(facts_of("\"location\":\"Hybrid work in Austin, TX\"").remote, JL_NO);
    assert_int_equal(facts_of("\"location\":\"Austin, TX\"").remote, JL_UNTOLD);
    assert_int_equal(facts_of("\"location\":\"Remote\",\"remote\":false").remote, JL_NO);
}

static void statuses_have_names(void **state) {
    (void)state;
    jl_status s;
    for (int i = 0; i < JL_STATUSES; ++i) {
        assert_true(jl_status_read(jl_span_of(jl_status_name[i]), &s));
        assert_int_equal(s, i);
    }
    assert_false(jl_status_read(JL_SPAN("Done"), &s));
}

/* ---- places ---- */

static bool is_in(const char *job, const char *wanted) {
    jl_facts f = {0};
    uint32_t place[JL_FACTS_PLACES];
    jl_facts_place(jl_span_of(job), f.place);
    assert_true(jl_facts_place(jl_span_of(wanted), place) > 0);
    return jl_facts_in_place(&f, place);
}

static void places_hold_their_jobs(void **state) {
    (void)state;
    static const char *const yes[][2] = {
        {"Chicago, IL 60601", "Illinois"},
        {"Chicago, IL 60601", "chicago"},
        {"Chicago, IL", "Chicago, Illinois, United States"},
        {"Chicago, Illinois, USA", "Chicago, IL"},
        {"Chicago IL", "Chicago, IL"},
        {"Remote in Austin, TX", "Austin, TX"},
        {"Hybrid work in Leeds", "Leeds"},
        {"Austin, TX (Remote)", "austin"},
        {"Z\xc3\xbcrich", "Zurich"},
        {"S\xc3\xa3o Paulo", "SAO PAULO"},
        {"\xc5\x81\xc3\xb3"
         "d\xc5\xba, Poland",
         "Lodz"},
        {"Sa\xcc\x83o Paulo", "Sao Paulo"},
        {"Greater London", "London"},
        {"London SW1A 1AA, UK", "London, United Kingdom"},
        {"10115 Berlin, Germany", "Berlin"},
        {"New York, NY", "NYC"},
        {"New York, NY", "New York"},
        {"Buffalo, NY", "New York"},
        {"Washington, D.C.", "Washington DC"},
        {"Montr\xc3\xa9"
         "al, QC",
         "Montreal, Quebec, Canada"},
        {"United States", "US"},
        {"U.S.", "usa"},
        {"Winston-Salem, NC", "Winston Salem"},
        {"\xd0\x9c\xd0\x9e\xd0\xa1\xd0\x9a\xd0\x92\xd0\x90", "\xd0\xbc\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0"},
        {"San Francisco Bay Area, CA", "San Francisco"},
        {"Austin, TX; Boston, MA", "Austin"},
    };
    static const char *const no[][2] = {
        {"IL", "Chicago"},
        {"Chicago, IL", "Springfield, IL"},
        {"Chicago, IL", "Canada"},
        {"Buffalo, NY", "New York City"},
        {"Seattle, WA", "Washington, DC"},
        {"Rio de la Plata", "Louisiana"},
        {"", "Chicago"},
        {"Remote", "Chicago"},
        {"New Yorkshire", "York"},
    };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; ++i)
        if (!is_in(yes[i][0], yes[i][1]))
            fail_msg("\"%s\" is not in \"%s\"", yes[i][0], yes[i][1]);
    for (size_t i = 0; i < sizeof no / sizeof *no; ++i)
        if (is_in(no[i][0], no[i][1]))
            fail_msg("\"%s\" is in \"%s\"", no[i][0], no[i][1]);
}

static void places_have_few_parts(void **state) {
    (void)state;
    uint32_t place[JL_FACTS_PLACES];
    char many[4000];
    memset(place, 7, sizeof place);
    assert_int_equal(jl_facts_place(JL_SPAN("Remote, on-site, 60601"), place), 0);
    for (size_t i = 0; i < JL_FACTS_PLACES; ++i)
        assert_int_equal(place[i], 0);
    assert_int_equal(jl_facts_place(JL_SPAN("a, b, a, c, d, e"), place), 4);
    assert_int_equal(jl_facts_place(JL_SPAN(""), place), 0);
    for (size_t i = 0; i < sizeof many; ++i)
        many[i] = i % 2 ? ',' : (char)('a' + i % 26);
    assert_int_equal(jl_facts_place((jl_span){many, sizeof many}, place), 4);
    memset(many, '\xc3', sizeof many);
    (void)jl_facts_place((jl_span){many, sizeof many}, place);
    jl_facts anywhere = {0};
    assert_true(jl_facts_in_place(&anywhere, (uint32_t[JL_FACTS_PLACES]){0}));
}

/* ---- visas ---- */

static void visa_is(const char *text, jl_tri told) {
    if (jl_visa_told(jl_span_of(text)) != told)
        fail_msg("%s", text);
}

static void texts_tell_of_sponsorship(void **state) {
    (void)state;
    visa_is("We offer visa sponsorship.", JL_YES);
    visa_is("H-1B sponsorship is available for this role", JL_YES);
    visa_is("Great job. We are unable to provide visa sponsorship at this time.", JL_NO);
    visa_is("Visa sponsorship: No", JL_NO);
    visa_is("Candidates must be able to work in the US without sponsorship.", JL_NO);
    visa_is("We don\xe2\x80\x99t sponsor visas", JL_NO);
    visa_is("We don\\u2019t sponsor applicants", JL_NO);
    visa_is("We can not wait to meet you.\\nVisa sponsorship is offered.", JL_YES);
    visa_is("Will you now or in the future require visa sponsorship? We offer lunch.", JL_UNTOLD);
    visa_is("You work with the executive sponsor and offer advice; not a desk job", JL_UNTOLD);
    visa_is("", JL_UNTOLD);
    visa_is("ponsor", JL_UNTOLD);
    assert_int_equal(facts_of("\"description\":\"No visa sponsorship.\"").visa, JL_NO);
    assert_int_equal(facts_of("\"snippet\":\"Visa sponsorship available\"").visa, JL_YES);
}

/* ---- asking ---- */

static void passes(const char *members, jl_ask_facts ask, bool want) {
    jl_facts f = facts_of(members);
    if (jl_facts_pass(&f, &ask) != want)
        fail_msg("%s: %s", members, want ? "does not pass" : "passes");
}

static jl_ask_facts place_ask(const char *place, jl_tri remote) {
    jl_ask_facts ask = {.places = 2, .remote = remote};
    jl_facts_place(JL_SPAN("Nowhere"), ask.place[0]);
    jl_facts_place(jl_span_of(place), ask.place[1]);
    return ask;
}

static void left_out(const char *members, jl_ask_facts ask, jl_left_out why) {
    jl_facts f = facts_of(members);
    assert_int_equal(jl_facts_left_out(&f, &ask), why);
}

static void what_is_left_out_has_a_reason(void **state) {
    (void)state;
    left_out("", (jl_ask_facts){0}, JL_LEFT_OUT_NOT);
    left_out("", (jl_ask_facts){.seen_after = NOW + 1}, JL_LEFT_OUT_AGE);
    left_out("", (jl_ask_facts){.posted_after = 1}, JL_LEFT_OUT_AGE);
    left_out("\"enrichment_status\":\"dead\"", (jl_ask_facts){.statuses = ~(1U << JL_STATUS_DEAD)}, JL_LEFT_OUT_STATUS);
    left_out("\"expires_at\":\"2020-01-01\"", (jl_ask_facts){.now = NOW}, JL_LEFT_OUT_EXPIRED);
    left_out("", (jl_ask_facts){.source = 7}, JL_LEFT_OUT_SOURCE);
    left_out("\"remote\":true", (jl_ask_facts){.remote = JL_NO}, JL_LEFT_OUT_REMOTE);
    left_out("", (jl_ask_facts){.remote = JL_YES}, JL_LEFT_OUT_ON_SITE);
    left_out("\"location\":\"Chicago, IL\"", place_ask("Texas", JL_UNTOLD), JL_LEFT_OUT_PLACE);
    left_out("\"location\":\"Chicago, IL\"", place_ask("Illinois", JL_UNTOLD), JL_LEFT_OUT_NOT);
    left_out("\"employment_type\":\"contract\"", (jl_ask_facts){.employment = 1}, JL_LEFT_OUT_EMPLOYMENT);
    left_out("\"salary_max\":50000", (jl_ask_facts){.min_salary = 60000}, JL_LEFT_OUT_PAY);
    left_out("\"description\":\"No visa sponsorship.\"", (jl_ask_facts){.visa = true}, JL_LEFT_OUT_VISA);
}

static void filters_pass_what_they_should(void **state) {
    (void)state;
    passes("", (jl_ask_facts){0}, true);
    passes("", (jl_ask_facts){.seen_after = NOW}, true);
    passes("", (jl_ask_facts){.seen_after = NOW + 1}, false);
    passes("\"posted_at\":\"2026-11-20\"", (jl_ask_facts){.posted_after = 1795132800}, true);
    passes("\"posted_at\":\"2026-11-20\"", (jl_ask_facts){.posted_after = 1795132801}, false);
    passes("", (jl_ask_facts){.posted_after = 1}, false);
    passes("", (jl_ask_facts){.remote = JL_YES}, false);
    passes("", (jl_ask_facts){.remote = JL_NO}, true);
    passes("\"remote\":true", (jl_ask_facts){.remote = JL_YES}, true);
    passes("\"remote\":true", (jl_ask_facts){.remote = JL_NO}, false);
    passes("\"remote\":false", (jl_ask_facts){.remote = JL_YES}, false);
    passes("\"snippet\":\"no visa sponsorship\"", (jl_ask_facts){.visa = true}, false);
    passes("", (jl_ask_facts){.visa = true}, true);
    passes("", (jl_ask_facts){.min_salary = 100000}, true);
    passes("\"salary_min\":90000", (jl_ask_facts){.min_salary = 100000}, false);
    passes("\"salary_min\":90000,\"salary_max\":100000", (jl_ask_facts){.min_salary = 100000}, true);
    passes("\"employment_type\":\"contract\"", (jl_ask_facts){.employment = 1}, false);
    passes("\"employment_type\":\"contract,full_time\"", (jl_ask_facts){.employment = 1}, true);
    passes("", (jl_ask_facts){.employment = 1}, true);
    passes("\"source\":\"a\"", (jl_ask_facts){.source = jl_facts_source(JL_SPAN("a"))}, true);
    passes("\"source\":\"b\"", (jl_ask_facts){.source = jl_facts_source(JL_SPAN("a"))}, false);
    passes("\"enrichment_status\":\"dead\"", (jl_ask_facts){.statuses = ~(1U << JL_STATUS_DEAD)}, false);
    passes("", (jl_ask_facts){.statuses = ~(1U << JL_STATUS_DEAD)}, true);
    passes("\"expires_at\":\"2026-11-20\"", (jl_ask_facts){.now = NOW}, false);
    passes("\"expires_at\":\"2026-11-20\"", (jl_ask_facts){0}, true);
    passes("", (jl_ask_facts){.now = NOW}, true);
    passes("\"location\":\"Chicago, IL\"", place_ask("Illinois", JL_UNTOLD), true);
    passes("\"location\":\"Chicago, IL\"", place_ask("Texas", JL_UNTOLD), false);
    passes("", place_ask("Texas", JL_UNTOLD), false);
    passes("\"remote\":true", place_ask("Texas", JL_UNTOLD), true);
    passes("\"remote\":true,\"location\":\"Austin, TX\"", place_ask("Texas", JL_NO), false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_space_is_no_description),  cmocka_unit_test(everything_is_read),
        cmocka_unit_test(what_cannot_be_read_is_unknown), cmocka_unit_test(pay_is_a_years),
        cmocka_unit_test(the_location_may_tell_remote),   cmocka_unit_test(statuses_have_names),
        cmocka_unit_test(places_hold_their_jobs),         cmocka_unit_test(places_have_few_parts),
        cmocka_unit_test(texts_tell_of_sponsorship),      cmocka_unit_test(what_is_left_out_has_a_reason),
        cmocka_unit_test(filters_pass_what_they_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
