/* Job lines out of HasData's bodies, shape by shape. */
#include "cmocka_all.h"

#include "base/clock.h"
#include "hasdata/hasdata.h"
#include "hasdata_bodies.h"
#include "jsonl/json.h"
#include "jsonl/rec.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* 2026-11-22T14:30:45Z */
#define NOW (INT64_C(1795357845) * JL_SECOND)
static const jl_hasdata_context context = {.now = NOW};
static const jl_hasdata_context by_domain = {.now = NOW, .currency_by_domain = true};

#define SEEN                                                                                                           \
    "\"first_seen_at\":\"2026-11-22T14:30:45Z\",\"last_seen_at\":\"2026-11-22T14:30:45Z\",\"enrichment_status\":"      \
    "\"none\"}\n"

static const jl_hasdata_endpoint *endpoint(const char *name) {
    const jl_hasdata_endpoint *e = jl_hasdata_endpoint_named(jl_span_of(name));
    assert_non_null(e);
    return e;
}

static char *padded(jl_span text) {
    char *p = malloc(text.n + JL_PAD);
    if (!p)
        abort();
    if (text.n)
        memcpy(p, text.p, text.n);
    memset(p + text.n, '}', JL_PAD);
    return p;
}

/* Every line is one that all programs read. */
static int take(void *self, const jl_job *job, jl_span line, jl_err *err) {
    jl_buf *lines = self;
    char *copy = padded(line);
    jl_want *want = jl_want_new(NULL);
    jl_field field[1];
    jl_rec rec;
    assert_int_equal(jl_want_name(want, JL_SPAN("id"), NULL), 0);
    assert_int_equal(jl_rec_scan(want, copy, copy + line.n, false, field, &rec, NULL), JL_SCAN_RECORD);
    assert_int_equal(rec.len + 1, line.n);
    assert_true(jl_span_eq(jl_rec_value(&rec, 0), jl_job_get(job, JL_JOB_ID)));
    jl_want_free(want);
    free(copy);
    return jl_buf_add(lines, line, err);
}

static int map_listing(const char *name, const char *body, const jl_hasdata_context *c, jl_hasdata_listing *listing,
                       jl_buf *lines, jl_err *err) {
    char *copy = padded(jl_span_of(body));
    int result = jl_hasdata_map_listing(endpoint(name), (jl_span){copy, strlen(body)}, c, take, lines, listing, err);
    free(copy);
    return result;
}

static void indeed_listings_become_lines(void **state) {
    (void)state;
    jl_hasdata_listing listing = {0};
    jl_buf lines = {0};
    assert_int_equal(map_listing("indeed.listing", INDEED_LISTING, &context, &listing, &lines, NULL), 0);
    assert_string_equal(
        jl_buf_text(&lines, NULL),
        "{\"id\":\"0123456789abcdef\",\"source\":\"indeed\",\"url\":\"https://www.indeed.com/"
        "viewjob?jk=0123456789abcdef\","
        "\"company\":\"Acme \\\"R&D\\\"\",\"title\":\"Senior Engineer\",\"location\":\"Hybrid work in Austin, TX\","
        "\"snippet\":\"Build\\nthings…\",\"salary_min\":120000,\"salary_max\":150000.50,\"salary_period\":\"year\","
        "\"employment_type\":\"full_time\",\"remote\":false,\"posted_at\":\"2025-06-03T17:22:54Z\"," SEEN
        "{\"id\":\"00000000deadbeef\",\"source\":\"indeed\",\"url\":\"https://www.indeed.com/"
        "viewjob?jk=00000000deadbeef\","
        "\"company\":\"Diner\",\"title\":\"Cook\",\"location\":\"Remote\",\"employment_type\":\"part_time,contract\","
        "\"remote\":true,\"posted_at\":\"2026-11-19T00:00:00Z\"," SEEN
        "{\"id\":\"19f21c825838260a\",\"source\":\"indeed\",\"url\":\"https://www.indeed.com/pagead/"
        "clk?mo=r&ad=-6NYb\","
        "\"company\":\"Adco\",\"title\":\"Ad\",\"location\":\"Reno, NV\",\"salary_min\":20,\"salary_max\":25,"
        "\"salary_period\":\"hour\"," SEEN);
    assert_int_equal(listing.jobs, 3);
    assert_int_equal(listing.bad, 4);
    assert_true(jl_span_eq(jl_buf_span(&listing.next), JL_SPAN("15")));
    jl_buf_free(&lines);
    jl_hasdata_listing_free(&listing);
}

static void glassdoor_listings_become_lines(void **state) {
    (void)state;
    jl_hasdata_listing listing = {0};
    jl_buf lines = {0};
    assert_int_equal(map_listing("glassdoor.listing", GLASSDOOR_LISTING, &context, &listing, &lines, NULL), 0);
    assert_string_equal(
        jl_buf_text(&lines, NULL),
        "{\"id\":\"1009123456789\",\"source\":\"glassdoor\",\"url\":\"https://www.glassdoor.com/job-listing/"
        "nurse.htm?jl=1009123456789\",\"company\":\"NHS\",\"title\":\"Nurse\",\"location\":\"Leeds, England\","
        "\"snippet\":\"Short.\",\"salary_min\":30000,\"salary_max\":34000,\"salary_currency\":\"GBP\","
        "\"salary_period\":\"year\",\"posted_at\":\"2026-11-18T00:00:00Z\"," SEEN);
    assert_true(jl_span_eq(jl_buf_span(&listing.next), JL_SPAN("AB/c+1==")));
    assert_int_equal(listing.bad, 0);
    jl_buf_free(&lines);
    jl_hasdata_listing_free(&listing);
}

static void currencies_come_from_the_domain_only_where_that_is_asked(void **state) {
    (void)state;
    static const char body[] =
        "{\"jobs\":[{\"title\":\"t\",\"company\":\"c\",\"url\":\"https://uk.indeed.com/viewjob?jk="
        "0123456789abcdef\",\"salary\":{\"min\":5,\"type\":\"DAILY\"}}]}";
    jl_hasdata_context asked = by_domain;
    asked.domain = JL_SPAN("de.indeed.com");
    const jl_hasdata_context *contexts[] = {&context, &by_domain, &asked};
    const char *currencies[] = {"\"salary_min\":5,\"salary_period\"", "\"salary_currency\":\"GBP\"",
                                "\"salary_currency\":\"EUR\""};
    for (size_t i = 0; i < 3; ++i) {
        jl_hasdata_listing listing = {0};
        jl_buf lines = {0};
        assert_int_equal(map_listing("indeed.listing", body, contexts[i], &listing, &lines, NULL), 0);
        assert_non_null(strstr(jl_buf_text(&lines, NULL), currencies[i]));
        jl_buf_free(&lines);
        jl_hasdata_listing_free(&listing);
    }
}

static void further_pages_are_found(void **state) {
    (void)state;
    static const char *const pages[][3] = {
        {"indeed.listing", "{\"nextPage\":\"https://api.hasdata.com/scrape/indeed/listing?keyword=a&start=30&x=1\"}",
         "30"},
        {"indeed.listing", "{\"nextPage\":\"/jobs?q=a&start=45\"}", "45"},
        {"indeed.listing", "{\"nextPage\":\"/jobs?q=a&start=0\"}", ""},
        {"indeed.listing", "{\"nextPage\":\"/jobs?q=a&restart=5\"}", ""},
        {"indeed.listing", "{\"nextPage\":\"/jobs?start=1e9\"}", ""},
        {"indeed.listing", "{\"nextPage\":\"/jobs?start=99999999999\"}", ""},
        {"indeed.listing", "{\"nextPage\":\"/jobs\"}", ""},
        {"indeed.listing", "{\"nextPage\":null}", ""},
        {"indeed.listing", "{}", ""},
        {"indeed.listing", "null", ""},
        {"glassdoor.listing", "{\"nextPageToken\":null,\"nextPage\":\"abc\"}", "abc"},
        {"glassdoor.listing", "{\"next\":\"https://x.example/?nextPageToken=a%3D%2Fb&c=d\"}", "a=/b"},
        {"glassdoor.listing", "{\"nextPage\":2}", ""},
        {"glassdoor.listing", "{\"nextPageToken\":\"\"}", ""},
        {"glassdoor.listing", "{}", ""},
    };
    for (size_t i = 0; i < COUNT(pages); ++i) {
        jl_hasdata_listing listing = {0};
        jl_buf lines = {0}, body = {0};
        assert_int_equal(jl_buf_addf(&body, NULL, "{\"jobs\":[],\"pagination\":%s}", pages[i][1]), 0);
        assert_int_equal(map_listing(pages[i][0], jl_buf_text(&body, NULL), &context, &listing, &lines, NULL), 0);
        if (!jl_span_eq(jl_buf_span(&listing.next), jl_span_of(pages[i][2])))
            fail_msg("%s: %.*s", pages[i][1], (int)listing.next.n, listing.next.p);
        jl_buf_free(&body);
        jl_buf_free(&lines);
        jl_hasdata_listing_free(&listing);
    }
    jl_hasdata_listing listing = {0};
    jl_buf lines = {0};
    assert_int_equal(
        map_listing("glassdoor.listing", "{\"jobs\":[],\"nextPageToken\":\"top\"}", &context, &listing, &lines, NULL),
        0);
    assert_true(jl_span_eq(jl_buf_span(&listing.next), JL_SPAN("top")));
    jl_buf_free(&lines);
    jl_hasdata_listing_free(&listing);
}

static void bodies_that_are_no_listing_are_errors(void **state) {
    (void)state;
    static const char *const bodies[] = {"",
                                         "null",
                                         "[]",
                                         "{}",
                                         "{\"jobs\":{}}",
                                         "{\"jobs\":\"x\"}",
                                         "<html></html>",
                                         "{\"jobs\":[{\"title\":\"x\"",
                                         "{\"jobs\":[\"\xff\"]}",
                                         "{\"jobs\":[]} x"};
    for (size_t i = 0; i < COUNT(bodies); ++i) {
        jl_hasdata_listing listing = {0};
        jl_buf lines = {0};
        jl_err err = {0};
        if (map_listing("indeed.listing", bodies[i], &context, &listing, &lines, &err) != -1)
            fail_msg("%s", bodies[i]);
        assert_int_equal(err.class, JL_DATA);
        assert_int_equal(lines.n, 0);
        jl_buf_free(&lines);
        jl_hasdata_listing_free(&listing);
    }
    jl_hasdata_listing listing = {0};
    jl_buf lines = {0};
    assert_int_equal(map_listing("indeed.listing", "{\"jobs\":null}", &context, &listing, &lines, NULL), 0);
    assert_int_equal(map_listing("indeed.job", "{\"jobs\":[]}", &context, &listing, &lines, NULL), -1);
    jl_hasdata_listing_free(&listing);
}

static int refuse(void *self, const jl_job *job, jl_span line, jl_err *err) {
    (void)job;
    (void)line;
    ++*(int *)self;
    return jl_err_set(err, JL_IO, "full");
}

static void a_sink_that_fails_ends_it(void **state) {
    (void)state;
    jl_hasdata_listing listing = {0};
    jl_err err = {0};
    int calls = 0;
    char *body = padded(jl_span_of(INDEED_LISTING));
    assert_int_equal(jl_hasdata_map_listing(endpoint("indeed.listing"), (jl_span){body, strlen(INDEED_LISTING)},
                                            &context, refuse, &calls, &listing, &err),
                     -1);
    assert_int_equal(err.class, JL_IO);
    assert_int_equal(calls, 1);
    free(body);
    jl_hasdata_listing_free(&listing);
}

/* ---- jobs and pages ---- */

static int map_job(const char *name, const char *body, jl_hasdata_details *d, jl_err *err) {
    char *copy = padded(jl_span_of(body));
    int result = jl_hasdata_map_job(endpoint(name), (jl_span){copy, strlen(body)}, &context, d, err);
    free(copy);
    return result;
}

static void expect_details(const char *name, const char *body, bool complete, bool expired, const char *expected) {
    jl_hasdata_details d = {0};
    jl_buf line = {0};
    jl_err err = {0};
    if (map_job(name, body, &d, &err) != 0)
        fail_msg("%s: %s", body, err.text);
    assert_int_equal(jl_job_write(&d.job, &line, NULL), 0);
    if (expected && strcmp(jl_buf_text(&line, NULL), expected) != 0)
        fail_msg("%s\ninstead of %s", jl_buf_text(&line, NULL), expected);
    if (d.complete != complete || d.expired != expired)
        fail_msg("%s: complete %d, expired %d", body, d.complete, d.expired);
    jl_buf_free(&line);
    jl_hasdata_details_free(&d);
}

static void jobs_are_read_flat_and_nested(void **state) {
    (void)state;
    const char *expected =
        "{\"company\":\"Acme\",\"title\":\"Senior Engineer\",\"location\":\"Austin, TX\","
        "\"description\":\"Line one.\\nLine two.\",\"description_html\":\"<p>Line one.<br>Line two.</p>\","
        "\"salary_min\":60,\"salary_max\":70,\"salary_currency\":\"USD\",\"salary_period\":\"hour\","
        "\"employment_type\":\"full_time\",\"remote\":true,\"details\":{\"details\":{\"jobType\":[\"Full-time\"],"
        "\"workSetting\":[\"Remote\"]},\"salary\":{\"min\":\"60\",\"max\":\"70\",\"type\":\"HOURLY\",\"currency\":"
        "\"USD\"}}}\n";
    expect_details("indeed.job", INDEED_JOB_FLAT, true, false, expected);
    expect_details("indeed.job", INDEED_JOB_NESTED, true, false, expected);
    expect_details("glassdoor.job", GLASSDOOR_JOB, true, false,
                   "{\"company\":\"NHS\",\"title\":\"Nurse\",\"location\":\"Leeds, England, UK\","
                   "\"description\":\"- Care\\n- More\",\"description_html\":\"<ul><li>Care</li><li>More</li></ul>\","
                   "\"salary_min\":30000,\"salary_max\":34000,\"salary_currency\":\"GBP\",\"salary_period\":\"year\","
                   "\"posted_at\":\"2026-11-01T00:00:00Z\",\"details\":{\"employer\":{\"id\":7,\"name\":\"NHS\"},"
                   "\"address\":{\"country\":\"UK\",\"region\":\"England\",\"city\":\"Leeds\"},\"requirements\":"
                   "{\"skills\":[\"care\"]},\"salary\":{\"payCurrency\":\"GBP\",\"period\":\"ANNUAL\",\"min\":30000,"
                   "\"max\":34000}}}\n");
}

static void jobs_without_description_are_incomplete(void **state) {
    (void)state;
    expect_details("indeed.job", "{\"job\":{\"title\":\"t\",\"description\":null}}", false, false,
                   "{\"title\":\"t\"}\n");
    expect_details("indeed.job", "{\"job\":{\"description\":\" \\n\",\"descriptionHtml\":\"<p> </p>\"}}", false, false,
                   NULL);
    expect_details("indeed.job", "{\"expired\":true,\"job\":{\"title\":\"t\"}}", false, true, NULL);
    expect_details("glassdoor.job", "{\"job\":{\"expired\":true,\"description\":\"d\"}}", true, true,
                   "{\"description\":\"d\"}\n");
    expect_details("glassdoor.job", "{\"job\":{\"expired\":\"true\"}}", false, true, "{}\n");
    expect_details("indeed.job", "{\"job\":[],\"title\":\"flat\"}", false, false, "{\"title\":\"flat\"}\n");
    expect_details("indeed.job", "{}", false, false, "{}\n");
    /* HTML where text should be, as it is and escaped. */
    expect_details("indeed.job", "{\"description\":\"<p>a</p><p>b</p>\"}", true, false,
                   "{\"description\":\"a\\n\\nb\",\"description_html\":\"<p>a</p><p>b</p>\"}\n");
    expect_details("indeed.job", "{\"description\":\"&lt;p&gt;a&lt;/p&gt;\"}", true, false,
                   "{\"description\":\"a\",\"description_html\":\"<p>a</p>\"}\n");
}

static void deep_parts_are_left_out(void **state) {
    (void)state;
    jl_buf body = {0};
    assert_int_equal(jl_buf_add(&body, JL_SPAN("{\"title\":\"t\",\"benefits\":"), NULL), 0);
    for (int i = 0; i < 1000; ++i)
        assert_int_equal(jl_buf_addc(&body, '[', NULL), 0);
    for (int i = 0; i < 1000; ++i)
        assert_int_equal(jl_buf_addc(&body, ']', NULL), 0);
    assert_int_equal(jl_buf_add(&body, JL_SPAN(",\"salary\": {\"min\" : 1 }\n}"), NULL), 0);
    expect_details("indeed.job", jl_buf_text(&body, NULL), false, false,
                   "{\"title\":\"t\",\"salary_min\":1,\"details\":{\"salary\":{\"min\":1}}}\n");
    jl_buf_free(&body);
}

static void pages_are_read_by_what_they_tell_search_engines(void **state) {
    (void)state;
    const char *expected =
        "{\"company\":\"Hull\",\"title\":\"Welder\",\"location\":\"Kiel, DE\","
        "\"description\":\"You weld hulls of ships in our yard by the sea.\\n\\nYou weld them well, and you weld them "
        "all "
        "day long.\",\"description_html\":\"<p>You weld hulls of ships in our yard by the sea.</p><p>You weld them "
        "well, "
        "and you weld them all day long.</p>\",\"salary_min\":20,\"salary_max\":25.5,\"salary_currency\":\"EUR\","
        "\"salary_period\":\"hour\",\"employment_type\":\"full_time\",\"remote\":true,"
        "\"posted_at\":\"2026-11-01T00:00:00Z\",\"expires_at\":\"2027-01-01T00:00:00Z\"}\n";
    expect_details("page", PAGE_LD, true, false, expected);
    expect_details("page.js", PAGE_GRAPH, true, false, expected);
    expect_details("page", PAGE_ARRAY, true, false, expected);
    expect_details(
        "page", PAGE_ESCAPED, true, false,
        "{\"title\":\"A&B\",\"description\":\"You weld hulls of ships in our yard by the sea.\\n\\nYou weld them "
        "well, and you weld them all day long.\",\"description_html\":\"<p>You weld hulls of ships in our yard by "
        "the sea.</p> You weld them well, and you weld them all day long.\"}\n");
}

static void pages_are_read_as_text_where_that_is_plausible(void **state) {
    (void)state;
    expect_details("page", PAGE_TEXT, true, false, NULL);
    expect_details("page", PAGE_MARKDOWN, true, false, NULL);
    expect_details("page", PAGE_CAPTCHA, false, false, "{}\n");
    expect_details("page", PAGE_SHORT, false, false, "{}\n");
    expect_details("page", PAGE_GONE, false, true, "{}\n");
    expect_details("page", "{" OK_METADATA ",\"statusCode\":404,\"text\":\"" LONG_TEXT "\"}", false, true, "{}\n");
    expect_details("page", "{" OK_METADATA ",\"statusCode\":503,\"text\":\"" LONG_TEXT "\"}", false, false, "{}\n");
    expect_details("page", "{" OK_METADATA ",\"data\":{\"text\":\"" LONG_TEXT "\"}}", true, false, NULL);
    expect_details("page", "{}", false, false, "{}\n");
    expect_details("page", "<html><body><p>x</p></body></html>", false, false, "{}\n");
    expect_details("page", "just words", false, false, "{}\n");
}

static void bodies_that_cannot_be_read_are_errors(void **state) {
    (void)state;
    static const char *const bodies[][2] = {{"indeed.job", ""},
                                            {"indeed.job", "[]"},
                                            {"indeed.job", "null"},
                                            {"indeed.job", "{\"job\":{"},
                                            {"indeed.job", "<html>"},
                                            {"page", ""},
                                            {"page", "  "},
                                            {"page", "{\"content\":\"x"},
                                            {"page", "[1]"},
                                            {"indeed.listing", "{}"},
                                            {"page", "{\"content\":\"\xc3\"}"}};
    for (size_t i = 0; i < COUNT(bodies); ++i) {
        jl_hasdata_details d = {0};
        jl_err err = {0};
        if (map_job(bodies[i][0], bodies[i][1], &d, &err) != -1)
            fail_msg("%s: %s", bodies[i][0], bodies[i][1]);
        assert_int_equal(err.class, JL_DATA);
        jl_hasdata_details_free(&d);
    }
}

static void words_in_one_string_are_told_apart(void **state) {
    (void)state;
    expect_details("glassdoor.job", "{\"job\":{\"jobType\":\"FULL_TIME, CONTRACTOR;Remote\"}}", false, false,
                   "{\"employment_type\":\"full_time,contract\",\"remote\":true,\"details\":{\"jobType\":"
                   "\"FULL_TIME, CONTRACTOR;Remote\"}}\n");
    expect_details("glassdoor.job", "{\"job\":{\"jobType\":\"\"}}", false, false, "{\"details\":{\"jobType\":\"\"}}\n");
}

static int count(void *self, const jl_job *job, jl_span line, jl_err *err) {
    (void)job;
    (void)err;
    *(size_t *)self += line.n;
    return 0;
}

/* Units repeated to a megabyte in a place that is read; the time is that of a hundred such bodies, far below a square. */
static void hostile_bodies_take_linear_time(void **state) {
    (void)state;
    static const char *const bodies[][4] = {
        {"indeed.listing", "{\"jobs\":[0", ",{}", "]}"},
        {"indeed.listing", "{\"jobs\":[0", ",{\"title\":\"a\",\"company\":\"b\"}", "]}"},
        {"indeed.listing", "{\"jobs\":[{\"title\":\"a\",\"company\":\"b\",\"location\":\"", " in (-", "\"}]}"},
        {"indeed.listing", "{\"jobs\":[{\"title\":\"a\",\"company\":\"b\",\"salary\":\"from", " pay from", "\"}]}"},
        {"indeed.listing", "{\"jobs\":[{\"title\":\"a\",\"company\":\"b\",\"details\":[0", ",[[\"Intern\"]]", "]}]}"},
        {"indeed.listing", "{\"jobs\":[{\"title\":\"a\",\"company\":\"b\",\"details\":\"", "Intern,", "\"}]}"},
        {"indeed.listing", "{\"jobs\":[],\"pagination\":{\"nextPage\":\"?", "start&", "\"}}"},
        {"indeed.listing", "{\"jobs\":[{", "\"title\":\"a\",", "\"company\":\"b\"}]}"},
        {"indeed.job", "{\"description\":\"", "<li>&lt;&gt;", "\"}"},
        {"indeed.job", "{\"description\":\"</", "\\r\\n", "x\"}"},
        {"page", "{\"content\":\"", "<script type=application/ld+json>{", "\"}"},
        {"page", "{\"content\":\"", "<script type=application/ld+json>[]</script>", "\"}"},
        {"page", "{\"content\":\"<script type=application/ld+json>[0", ",{\\\"@graph\\\":[]}", "]</script>\"}"},
        {"page", "{\"content\":\"", "<script &quot;", "\"}"},
        {"page", "{\"text\":\"", "a. b\\n", "\"}"},
        {"page", "", "<p \"", ""},
    };
    int64_t start = jl_clock_cpu();
    for (size_t i = 0; i < COUNT(bodies); ++i) {
        jl_buf body = {0};
        jl_hasdata_listing listing = {0};
        jl_hasdata_details details = {0};
        size_t bytes = 0;
        const jl_hasdata_endpoint *e = endpoint(bodies[i][0]);
        assert_int_equal(jl_buf_add(&body, jl_span_of(bodies[i][1]), NULL), 0);
        while (body.n < 1000000)
            assert_int_equal(jl_buf_add(&body, jl_span_of(bodies[i][2]), NULL), 0);
        assert_int_equal(jl_buf_add(&body, jl_span_of(bodies[i][3]), NULL), 0);
        assert_int_equal(jl_buf_reserve(&body, JL_PAD, NULL), 0);
        int result = e->kind == JL_HASDATA_LISTING
                         ? jl_hasdata_map_listing(e, jl_buf_span(&body), &context, count, &bytes, &listing, NULL)
                         : jl_hasdata_map_job(e, jl_buf_span(&body), &context, &details, NULL);
        if (result != 0)
            fail_msg("%s%s", bodies[i][1], bodies[i][2]);
        assert_true(bytes <= 16 * body.n);
        jl_buf_free(&body);
        jl_hasdata_listing_free(&listing);
        jl_hasdata_details_free(&details);
    }
    assert_true(jl_clock_cpu() - start < 60 * JL_SECOND);
}

static void details_are_replaced(void **state) {
    (void)state;
    jl_hasdata_details d = {0};
    assert_int_equal(map_job("indeed.job", "{\"title\":\"a\",\"description\":\"x\",\"expired\":true}", &d, NULL), 0);
    assert_true(d.complete && d.expired);
    assert_int_equal(map_job("indeed.job", "{\"company\":\"b\"}", &d, NULL), 0);
    assert_false(d.complete || d.expired || jl_job_has(&d.job, JL_JOB_TITLE));
    jl_hasdata_details_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indeed_listings_become_lines),
        cmocka_unit_test(glassdoor_listings_become_lines),
        cmocka_unit_test(currencies_come_from_the_domain_only_where_that_is_asked),
        cmocka_unit_test(further_pages_are_found),
        cmocka_unit_test(bodies_that_are_no_listing_are_errors),
        cmocka_unit_test(a_sink_that_fails_ends_it),
        cmocka_unit_test(jobs_are_read_flat_and_nested),
        cmocka_unit_test(jobs_without_description_are_incomplete),
        cmocka_unit_test(deep_parts_are_left_out),
        cmocka_unit_test(pages_are_read_by_what_they_tell_search_engines),
        cmocka_unit_test(pages_are_read_as_text_where_that_is_plausible),
        cmocka_unit_test(bodies_that_cannot_be_read_are_errors),
        cmocka_unit_test(details_are_replaced),
        cmocka_unit_test(words_in_one_string_are_told_apart),
        cmocka_unit_test(hostile_bodies_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
