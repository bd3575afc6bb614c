/* Pay, terms, lines: what a source's words become. */
#include "cmocka_all.h"

#include "job/job.h"
#include "job/salary.h"
#include "job/terms.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void periods_are_normalised(void **state) {
    (void)state;
    static const char *const words[][2] = {
        {"YEARLY", "year"},
        {"ANNUAL", "year"},
        {"PER_YEAR", "year"},
        {"a year", "year"},
        {"PA", "year"},
        {"p.a.", "year"},
        {"per annum", "year"},
        {"YEAR", "year"},
        {"HOURLY", "hour"},
        {"an hour", "hour"},
        {"/hr", "hour"},
        {"PH", "hour"},
        {"DAILY", "day"},
        {"PD", "day"},
        {"WEEKLY", "week"},
        {"BW", "two_weeks"},
        {"BIWEEKLY", "two_weeks"},
        {"Bi-weekly", "two_weeks"},
        {"MONTHLY", "month"},
        {"PM", "month"},
        {"WC", NULL},
        {"PW", NULL},
        {"SY", NULL},
        {"FB", NULL},
        {"", NULL},
        {"year of 2024", NULL},
        {"2", NULL},
        {"yearlyyearlyyearlyyearlyyearly", NULL},
    };
    for (size_t i = 0; i < COUNT(words); ++i) {
        const char *period = jl_salary_period(jl_span_of(words[i][0]));
        if (!words[i][1] ? period != NULL : !period || strcmp(period, words[i][1]) != 0)
            fail_msg("\"%s\": %s", words[i][0], period ? period : "none");
    }
}

static void amounts_keep_their_spelling_or_are_none(void **state) {
    (void)state;
    static const char *const amounts[][2] = {
        {"120000", "120000"},
        {"134751.0", "134751.0"},
        {"0.5", "0.5"},
        {"1.234", "1.234"},
        {"120,000", "120000"},
        {"$120,000.50", "120000.50"},
        {"1,234,567", "1234567"},
        {"120k", "120000"},
        {"62.5K", "62500"},
        {"1.2345k", NULL},
        {"€ 45 000", "45000"},
        {"45'000 CHF", "45000"},
        {"USD 17.25", "17.25"},
        {"12.3456k", NULL},
        {"0", NULL},
        {"0.00", NULL},
        {"-5", NULL},
        {"", NULL},
        {"abc", NULL},
        {"1,23", NULL},
        {"1.234.567", NULL},
        {"12,34,567", NULL},
        {"007", NULL},
        {"1e5", NULL},
        {".5", NULL},
        {"5.", NULL},
        {"$", NULL},
        {"120000 or so", NULL},
        {"1000000000000000000000000000000000", NULL},
        {" 99 ", "99"},
        {"0.5k", NULL},
    };
    for (size_t i = 0; i < COUNT(amounts); ++i) {
        char amount[32] = "none";
        jl_salary_amount(jl_span_of(amounts[i][0]), amount);
        if (strcmp(amount, amounts[i][1] ? amounts[i][1] : "none") != 0)
            fail_msg("\"%s\": %s", amounts[i][0], amount);
    }
}

static void currencies_are_iso_codes(void **state) {
    (void)state;
    static const char *const currencies[][2] = {
        {"USD", "USD"}, {"eur", "EUR"}, {"€", "EUR"}, {"£", "GBP"},   {"US$", "USD"}, {"CA$", "CAD"},    {"₹", "INR"},
        {"$", ""},      {"¥", ""},      {"XXX", ""},  {"Dollar", ""}, {"", ""},       {"USDollars", ""}, {"US", ""},
    };
    for (size_t i = 0; i < COUNT(currencies); ++i) {
        char currency[4] = "";
        assert_int_equal(jl_salary_currency(jl_span_of(currencies[i][0]), currency), currencies[i][1][0] != '\0');
        assert_string_equal(currency, currencies[i][1]);
    }
    assert_string_equal(jl_salary_currency_of_host(JL_SPAN("www.indeed.com")), "USD");
    assert_string_equal(jl_salary_currency_of_host(JL_SPAN("indeed.com")), "USD");
    assert_string_equal(jl_salary_currency_of_host(JL_SPAN("UK.indeed.com")), "GBP");
    assert_string_equal(jl_salary_currency_of_host(JL_SPAN("www.glassdoor.co.uk")), "GBP");
    assert_string_equal(jl_salary_currency_of_host(JL_SPAN("www.glassdoor.de")), "EUR");
    assert_string_equal(jl_salary_currency_of_host(JL_SPAN("xx.indeed.com")), "");
    assert_string_equal(jl_salary_currency_of_host(JL_SPAN("localhost")), "");
    assert_string_equal(jl_salary_currency_of_host(JL_SPAN("")), "");
}

static void sentences_are_read_where_they_can_be_read_in_one_way(void **state) {
    (void)state;
    static const struct {
        const char *text, *min, *max, *currency, *period;
    } sentences[] = {
        {"$120k - $150k a year", "120000", "150000", "", "year"},
        {"$120 - $150k a year", "120000", "150000", "", "year"},
        {"$800 - $12000 a week", "800", "12000", "", "week"},
        {"$120,000 - $150,000 a year", "120000", "150000", "", "year"},
        {"$20.50–$25.75 an hour", "20.50", "25.75", "", "hour"},
        {"From £30,000 per annum", "30000", "", "GBP", "year"},
        {"Up to $25 an hour", "", "25", "", "hour"},
        {"€45,000 to €55,000 per year", "45000", "55000", "EUR", "year"},
        {"USD 100,000 - USD 120,000 yearly", "100000", "120000", "USD", "year"},
        {"100000 - 120000 CAD", "100000", "120000", "CAD", ""},
        {"$25 an hour", "25", "25", "", "hour"},
        {"Pay: $25/hr", "25", "25", "", "hour"},
        {"$25/hr - $30/hr", "25", "30", "", "hour"},
        {"$55K - $73K (Glassdoor est.)", "55000", "73000", "", ""},
        {"$25 an hour - $50,000 a year", "", "", "", ""},
        {"$20 - €30 an hour", "", "", "", ""},
        {"$100,000 - $120,000 USD a year", "100000", "120000", "USD", "year"},
        {"CA$100 - $120 a day", "100", "120", "CAD", "day"},
        {"120000", "", "", "", ""},
        {"Pay: $20 an hour, 401(k)", "", "", "", ""},
        {"401(k) matching", "", "", "", ""},
        {"Competitive", "", "", "", ""},
        {"Monday to Friday", "", "", "", ""},
        {"", "", "", "", ""},
        {"$", "", "", "", ""},
        {"45.000 € – 55.000 € pro Jahr", "", "", "", ""},
    };
    for (size_t i = 0; i < COUNT(sentences); ++i) {
        jl_salary s = {0};
        jl_salary_sentence(jl_span_of(sentences[i].text), &s);
        if (strcmp(s.min, sentences[i].min) != 0 || strcmp(s.max, sentences[i].max) != 0 ||
            strcmp(s.currency, sentences[i].currency) != 0 ||
            strcmp(s.period ? s.period : "", sentences[i].period) != 0)
            fail_msg("\"%s\": %s to %s %s per %s", sentences[i].text, s.min, s.max, s.currency,
                     s.period ? s.period : "-");
    }
}

static void what_is_known_is_not_overwritten(void **state) {
    (void)state;
    jl_salary s = {.min = "5", .currency = "EUR"};
    jl_salary_sentence(JL_SPAN("$25/hr"), &s);
    assert_string_equal(s.min, "5");
    assert_string_equal(s.max, "");
    assert_string_equal(s.currency, "EUR");
    assert_string_equal(s.period, "hour");
}

static void put(const jl_salary *s, const jl_terms *t, const char *expected) {
    jl_job job = {0};
    jl_buf line = {0};
    assert_int_equal(jl_salary_put(s, &job, NULL), 0);
    assert_int_equal(jl_terms_put(t, &job, NULL), 0);
    assert_int_equal(jl_job_write(&job, &line, NULL), 0);
    assert_string_equal(jl_buf_text(&line, NULL), expected);
    jl_buf_free(&line);
    jl_job_free(&job);
}

static void values_stand_in_the_line(void **state) {
    (void)state;
    jl_terms none = {0};
    put(&(jl_salary){.min = "150000", .max = "99999.5", .currency = "USD", .period = "year"}, &none,
        "{\"salary_min\":99999.5,\"salary_max\":150000,\"salary_currency\":\"USD\",\"salary_period\":\"year\"}\n");
    put(&(jl_salary){.currency = "USD", .period = "year"}, &none, "{}\n");
    put(&(jl_salary){.max = "7"}, &none, "{\"salary_max\":7}\n");
    put(&(jl_salary){0}, &(jl_terms){.types = 1 | 64}, "{\"employment_type\":\"full_time\"}\n");
    put(&(jl_salary){0}, &(jl_terms){.types = 64}, "{\"employment_type\":\"other\"}\n");
    put(&(jl_salary){0}, &(jl_terms){.types = 127, .remote = true},
        "{\"employment_type\":\"full_time,part_time,contract,temporary,internship,per_diem\",\"remote\":true}\n");
    put(&(jl_salary){0}, &(jl_terms){.remote = true, .hybrid = true}, "{\"remote\":false}\n");
    put(&(jl_salary){0}, &(jl_terms){.remote = true, .on_site = true}, "{\"remote\":true}\n");
    put(&(jl_salary){0}, &(jl_terms){.on_site = true}, "{\"remote\":false}\n");
}

static void terms_are_recognised(void **state) {
    (void)state;
    static const struct {
        const char *phrase;
        unsigned types;
    } types[] = {{"Full-time", 1}, {"FULL_TIME", 1},        {"full time", 1},         {"PART_TIME", 2},
                 {"Contract", 4},  {"CONTRACTOR", 4},       {"Temporary", 8},         {"Intern", 16},
                 {"INTERN", 16},   {"PER_DIEM", 32},        {"Internship", 16},       {"VOLUNTEER", 64},
                 {"OTHER", 64},    {"Monday to Friday", 0}, {"Full or part time", 3}, {"", 0}};
    for (size_t i = 0; i < COUNT(types); ++i) {
        jl_terms t = {0};
        assert_int_equal(jl_terms_type_of(&t, jl_span_of(types[i].phrase)), types[i].types != 0);
        assert_int_equal(t.types, types[i].types);
    }
    jl_terms t = {0};
    assert_true(jl_terms_place_of(&t, JL_SPAN("TELECOMMUTE")) && t.remote && !t.hybrid);
    assert_true(jl_terms_place_of(&t, JL_SPAN("Hybrid work")) && t.hybrid);
    assert_true(jl_terms_place_of(&t, JL_SPAN("In-person")) && t.on_site);
    assert_false(jl_terms_place_of(&t, JL_SPAN("Remote control engineer")));
}

static void locations_say_remote(void **state) {
    (void)state;
    static const char *const remote[] = {"Remote",     "Remote in Austin, TX", "Austin, TX (Remote)",
                                         "remote, US", "Berlin / Remote",      "Remote - United States"};
    static const char *const neither[] = {"Austin, TX", "", "Remoteville, NY", "Indianapolis, IN", "Inverness"};
    for (size_t i = 0; i < COUNT(remote); ++i) {
        jl_terms t = {0};
        jl_terms_location_of(&t, jl_span_of(remote[i]));
        if (!t.remote || t.hybrid || t.on_site)
            fail_msg("%s", remote[i]);
    }
    for (size_t i = 0; i < COUNT(neither); ++i) {
        jl_terms t = {0};
        if (jl_terms_location_of(&t, jl_span_of(neither[i])))
            fail_msg("%s", neither[i]);
    }
    jl_terms t = {0};
    assert_true(jl_terms_location_of(&t, JL_SPAN("Hybrid work in Leeds")) && t.hybrid && !t.remote);
}

static void lines_are_written_in_the_order_of_names(void **state) {
    (void)state;
    jl_job job = {0};
    jl_buf line = {0};
    assert_int_equal(jl_job_bool(&job, JL_JOB_REMOTE, true, NULL), 0);
    assert_int_equal(jl_job_line(&job, JL_JOB_TITLE, JL_SPAN(" Engineer \t\n \"X\"\xc2\xa0 "), NULL), 0);
    assert_int_equal(jl_job_text(&job, JL_JOB_ID, JL_SPAN("first"), NULL), 0);
    assert_int_equal(jl_job_text(&job, JL_JOB_ID, JL_SPAN("second"), NULL), 0);
    assert_int_equal(jl_job_text(&job, JL_JOB_ID, JL_SPAN(" \n"), NULL), 0);
    assert_int_equal(jl_job_raw(&job, JL_JOB_DETAILS, JL_SPAN("{\"a\":[1.0]}"), NULL), 0);
    assert_int_equal(jl_job_time(&job, JL_JOB_POSTED_AT, 0, NULL), 0);
    assert_int_equal(jl_job_text(&job, JL_JOB_URL, JL_SPAN("gone"), NULL), 0);
    jl_job_unset(&job, JL_JOB_URL);
    assert_int_equal(jl_job_write(&job, &line, NULL), 0);
    assert_string_equal(jl_buf_text(&line, NULL),
                        "{\"id\":\"second\",\"title\":\"Engineer \\\"X\\\"\",\"remote\":true,"
                        "\"posted_at\":\"1970-01-01T00:00:00Z\",\"details\":{\"a\":[1.0]}}\n");
    jl_buf_clear(&line);
    assert_int_equal(jl_job_decoded(&job, JL_JOB_TITLE, &line, NULL), 0);
    assert_string_equal(jl_buf_text(&line, NULL), "Engineer \"X\"");
    jl_job_clear(&job);
    jl_buf_clear(&line);
    assert_int_equal(jl_job_write(&job, &line, NULL), 0);
    assert_string_equal(jl_buf_text(&line, NULL), "{}\n");
    jl_buf_free(&line);
    jl_job_free(&job);
}

static void memory_has_a_ceiling(void **state) {
    (void)state;
    jl_job job = {.bytes.max = 64};
    jl_err err = {0};
    char text[200];
    memset(text, 'x', sizeof text);
    assert_int_equal(jl_job_text(&job, JL_JOB_TITLE, JL_SPAN("short"), &err), 0);
    assert_int_equal(jl_job_text(&job, JL_JOB_COMPANY, (jl_span){text, sizeof text}, &err), -1);
    assert_false(jl_job_has(&job, JL_JOB_COMPANY));
    assert_true(jl_span_eq(jl_job_get(&job, JL_JOB_TITLE), JL_SPAN("\"short\"")));
    jl_job_free(&job);
}

static void names_are_those_of_the_normal_form(void **state) {
    (void)state;
    assert_true(jl_span_eq(jl_job_token(JL_JOB_ID), JL_SPAN("\"id\"")));
    assert_true(jl_span_eq(jl_job_bare(JL_JOB_ENRICHMENT_STATUS), JL_SPAN("enrichment_status")));
    assert_true(jl_span_eq(jl_job_token(JL_JOB_EMBEDDING), JL_SPAN("\"embedding\"")));
    assert_int_equal(JL_JOB_COUNT, 27);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_are_normalised),
        cmocka_unit_test(amounts_keep_their_spelling_or_are_none),
        cmocka_unit_test(currencies_are_iso_codes),
        cmocka_unit_test(sentences_are_read_where_they_can_be_read_in_one_way),
        cmocka_unit_test(what_is_known_is_not_overwritten),
        cmocka_unit_test(values_stand_in_the_line),
        cmocka_unit_test(terms_are_recognised),
        cmocka_unit_test(locations_say_remote),
        cmocka_unit_test(lines_are_written_in_the_order_of_names),
        cmocka_unit_test(memory_has_a_ceiling),
        cmocka_unit_test(names_are_those_of_the_normal_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
