/* What is asked of HasData, and what its answers are taken for. */
#include "cmocka_all.h"

#include "hasdata/hasdata.h"
#include "hasdata_bodies.h"
#include "jsonl/json.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const jl_hasdata_endpoint *endpoint(const char *name) {
    const jl_hasdata_endpoint *e = jl_hasdata_endpoint_named(jl_span_of(name));
    assert_non_null(e);
    return e;
}

static void endpoints_have_names_and_prices(void **state) {
    (void)state;
    static const struct {
        const char *name, *source, *path;
        jl_hasdata_kind kind;
        uint64_t cost;
    } all[] = {
        {"indeed.listing", "indeed", "/scrape/indeed/listing", JL_HASDATA_LISTING, 5},
        {"indeed.job", "indeed", "/scrape/indeed/job", JL_HASDATA_JOB, 5},
        {"glassdoor.listing", "glassdoor", "/scrape/glassdoor/listing", JL_HASDATA_LISTING, 5},
        {"glassdoor.job", "glassdoor", "/scrape/glassdoor/job", JL_HASDATA_JOB, 5},
        {"page", "page", "/scrape/web", JL_HASDATA_PAGE, 1},
        {"page.residential", "page", "/scrape/web", JL_HASDATA_PAGE, 5},
        {"page.js", "page", "/scrape/web", JL_HASDATA_PAGE, 10},
        {"page.js.residential", "page", "/scrape/web", JL_HASDATA_PAGE, 15},
    };
    for (size_t i = 0; i < COUNT(all); ++i) {
        const jl_hasdata_endpoint *e = endpoint(all[i].name);
        assert_ptr_equal(e, jl_hasdata_endpoint_at(i));
        assert_string_equal(e->source, all[i].source);
        assert_string_equal(e->path, all[i].path);
        assert_string_equal(e->method, all[i].kind == JL_HASDATA_PAGE ? "POST" : "GET");
        assert_int_equal(e->kind, all[i].kind);
        assert_int_equal(e->normal, all[i].cost);
        assert_true(e->worst >= e->normal);
        if (e->kind == JL_HASDATA_PAGE)
            assert_ptr_equal(jl_hasdata_page_mode(i - 4), e);
        else
            assert_ptr_equal(jl_hasdata_endpoint_of(jl_span_of(e->source), e->kind), e);
    }
    assert_null(jl_hasdata_endpoint_at(COUNT(all)));
    assert_null(jl_hasdata_page_mode(4));
    assert_null(jl_hasdata_endpoint_named(JL_SPAN("indeed")));
    assert_null(jl_hasdata_endpoint_of(JL_SPAN("monster"), JL_HASDATA_JOB));
}

static void expect_request(const jl_hasdata_request *r, const char *method, const char *target, const char *body) {
    assert_string_equal(r->method, method);
    assert_true(jl_span_eq(jl_buf_span(&r->target), jl_span_of(target)));
    assert_true(jl_span_eq(jl_buf_span(&r->body), jl_span_of(body)));
}

static void requests_are_escaped(void **state) {
    (void)state;
    jl_hasdata_request r = {0};
    jl_hasdata_query q = {.keyword = JL_SPAN("c++ & \"r\u00e9mi\"?"), .location = JL_SPAN("Austin, TX")};
    assert_int_equal(jl_hasdata_ask_listing(endpoint("indeed.listing"), &q, &r, NULL), 0);
    expect_request(&r, "GET",
                   "/scrape/indeed/listing?keyword=c%2B%2B%20%26%20%22r%C3%A9mi%22%3F&location=Austin%2C%20TX", "");
    q = (jl_hasdata_query){JL_SPAN("a"), JL_SPAN("b"), JL_SPAN("date"), JL_SPAN("uk.indeed.com"), JL_SPAN("15")};
    assert_int_equal(jl_hasdata_ask_listing(endpoint("indeed.listing"), &q, &r, NULL), 0);
    expect_request(&r, "GET", "/scrape/indeed/listing?keyword=a&location=b&sort=date&domain=uk.indeed.com&start=15",
                   "");
    q.next = JL_SPAN("AB/c+1==");
    assert_int_equal(jl_hasdata_ask_listing(endpoint("glassdoor.listing"), &q, &r, NULL), 0);
    expect_request(&r, "GET",
                   "/scrape/glassdoor/"
                   "listing?keyword=a&location=b&sort=recent&domain=uk.indeed.com&nextPageToken=AB%2Fc%2B1%3D%3D",
                   "");
    assert_int_equal(jl_hasdata_ask_url(endpoint("indeed.job"), JL_SPAN("https://x.example/?a=b&c=d"), &r, NULL), 0);
    expect_request(&r, "GET", "/scrape/indeed/job?url=https%3A%2F%2Fx.example%2F%3Fa%3Db%26c%3Dd", "");
    assert_int_equal(jl_hasdata_ask_url(endpoint("page.js"), JL_SPAN("HTTP://x.example/\"\\"), &r, NULL), 0);
    expect_request(
        &r, "POST", "/scrape/web",
        "{\"url\":\"HTTP://x.example/\\\"\\\\\",\"jsRendering\":true,\"proxyType\":\"datacenter\",\"outputFormat\":"
        "[\"html\",\"text\"],\"screenshot\":false,\"blockResources\":true}");
    assert_int_equal(jl_hasdata_ask_url(endpoint("page.residential"), JL_SPAN("https://x.example/"), &r, NULL), 0);
    expect_request(
        &r, "POST", "/scrape/web",
        "{\"url\":\"https://x.example/\",\"jsRendering\":false,\"proxyType\":\"residential\",\"outputFormat\":"
        "[\"html\",\"text\"],\"screenshot\":false,\"blockResources\":true}");
    assert_int_equal(jl_hasdata_ask_usage(&r, NULL), 0);
    expect_request(&r, "GET", "/user/me/usage", "");
    jl_hasdata_request_free(&r);
}

static void what_cannot_be_meant_is_not_asked(void **state) {
    (void)state;
    jl_hasdata_request r = {0};
    static const char *const urls[] = {
        "", "ftp://x/", "/viewjob", "https://", "https://x.example/ y", "https://x.example/\n", "\xff"};
    for (size_t i = 0; i < COUNT(urls); ++i)
        assert_int_equal(jl_hasdata_ask_url(endpoint("indeed.job"), jl_span_of(urls[i]), &r, NULL), -1);
    const jl_hasdata_query queries[] = {
        {.keyword = JL_SPAN("a")},
        {.location = JL_SPAN("a")},
        {.keyword = JL_SPAN("a"), .location = JL_SPAN("b"), .sort = JL_SPAN("salary")},
        {.keyword = JL_SPAN("\xff"), .location = JL_SPAN("b")},
    };
    for (size_t i = 0; i < COUNT(queries); ++i) {
        jl_err err = {0};
        assert_int_equal(jl_hasdata_ask_listing(endpoint("indeed.listing"), &queries[i], &r, &err), -1);
        assert_int_equal(err.class, JL_DATA);
    }
    assert_int_equal(jl_hasdata_ask_listing(endpoint("indeed.job"), &queries[0], &r, NULL), -1);
    assert_int_equal(jl_hasdata_ask_url(endpoint("indeed.listing"), JL_SPAN("https://x.example/"), &r, NULL), -1);
    jl_hasdata_request_free(&r);
}

/* ---- answers ---- */

static jl_hasdata_reply judge(const char *name, long status, const char *headers, const char *body) {
    jl_hasdata_reply reply;
    size_t n = strlen(body);
    char *copy = calloc(1, n + JL_PAD);
    assert_non_null(copy);
    memcpy(copy, body, n);
    jl_hasdata_judge(name ? endpoint(name) : NULL, status, jl_span_of(headers), (jl_span){copy, n}, &reply);
    free(copy);
    return reply;
}

static void answers_are_judged(void **state) {
    (void)state;
    static const struct {
        const char *name;
        long status;
        const char *headers, *body;
        jl_hasdata_verdict verdict;
    } answers[] = {
        {"indeed.listing", 200, "", INDEED_LISTING, JL_HASDATA_OK},
        {"indeed.job", 200, "", INDEED_JOB_FLAT, JL_HASDATA_OK},
        {"page", 200, "", PAGE_LD, JL_HASDATA_OK},
        {"page", 200, "", "<!DOCTYPE html><html></html>", JL_HASDATA_OK},
        {"page", 200, "Content-Type: text/markdown\r\n", "# Title", JL_HASDATA_OK},
        {"page", 200, "Content-Type: application/json\r\n", "# Title", JL_HASDATA_GARBLED},
        {"page", 200, "Content-Type: text/html\r\n", "", JL_HASDATA_GARBLED},
        {"page", 200, "Content-Type: text/html\r\n", "{\"content\":\"x", JL_HASDATA_GARBLED},
        {"page", 200, "Content-Type: text/html\r\n", "<\xff\xff", JL_HASDATA_GARBLED},
        {"page", 200, "", "{\"content\":\"x\"}", JL_HASDATA_GARBLED},
        {"indeed.job", 200, "", "<html></html>", JL_HASDATA_GARBLED},
        {"indeed.job", 200, "", ERROR_BODY, JL_HASDATA_GARBLED},
        {"indeed.job", 200, "", "{\"status\":\"ok\"}", JL_HASDATA_GARBLED},
        {"indeed.job", 200, "", "{\"requestMetadata\":{\"status\":\"ok\"}", JL_HASDATA_GARBLED},
        {"indeed.job", 200, "", "null", JL_HASDATA_GARBLED},
        {"indeed.job", 200, "", "", JL_HASDATA_GARBLED},
        {"indeed.job", 204, "", "", JL_HASDATA_GARBLED},
        {"indeed.job", 202, "", INDEED_JOB_FLAT, JL_HASDATA_GARBLED},
        {"indeed.job", 400, "", ERROR_BODY, JL_HASDATA_DEAD},
        {"page", 400, "", "{\"status\":\"error\"}", JL_HASDATA_DEAD},
        {"indeed.listing", 400, "", ERROR_BODY, JL_HASDATA_BAD_REQUEST},
        {"indeed.job", 400, "", "{\"message\":\"bad\"}", JL_HASDATA_BAD_REQUEST},
        {"indeed.job", 400, "", "<html>", JL_HASDATA_BAD_REQUEST},
        {"indeed.job", 401, "", "{\"message\":\"Invalid API key\"}", JL_HASDATA_KEY},
        {"indeed.job", 403, "", "", JL_HASDATA_QUOTA},
        {"indeed.job", 404, "", ERROR_BODY, JL_HASDATA_BAD_REQUEST},
        {"indeed.job", 422, "", "", JL_HASDATA_BAD_REQUEST},
        {"indeed.job", 429, "", "", JL_HASDATA_BUSY},
        {"indeed.job", 500, "", ERROR_BODY, JL_HASDATA_FAILED},
        {"indeed.job", 503, "", "<html>", JL_HASDATA_FAILED},
        {"indeed.job", 599, "", "", JL_HASDATA_FAILED},
        {"indeed.job", 302, "Location: https://evil.example/\r\n", "", JL_HASDATA_REDIRECT},
        {"indeed.job", 0, "", "", JL_HASDATA_BAD_REQUEST},
        {"indeed.job", 100, "", "", JL_HASDATA_BAD_REQUEST},
        {"indeed.job", 999, "", "", JL_HASDATA_BAD_REQUEST},
        {NULL, 200, "", USAGE_BODY, JL_HASDATA_OK},
        {NULL, 200, "", "{\"status\":\"error\"}", JL_HASDATA_GARBLED},
        {NULL, 200, "", "<html>", JL_HASDATA_GARBLED},
        {NULL, 401, "", "", JL_HASDATA_KEY},
    };
    for (size_t i = 0; i < COUNT(answers); ++i) {
        jl_hasdata_reply r = judge(answers[i].name, answers[i].status, answers[i].headers, answers[i].body);
        if (r.verdict != answers[i].verdict)
            fail_msg("%ld %s: %s", answers[i].status, answers[i].body, jl_hasdata_verdict_word(r.verdict));
        bool paid = r.verdict == JL_HASDATA_OK || r.verdict == JL_HASDATA_GARBLED;
        assert_int_equal(r.billed, answers[i].name && paid);
        assert_false(r.has_cost);
        assert_true(strlen(r.text) > 5);
    }
}

static void costs_are_read_where_they_mean_this_call(void **state) {
    (void)state;
    static const struct {
        long status;
        const char *headers, *body;
        int cost; /* -1: none */
    } costs[] = {
        {200, "", "{\"requestMetadata\":{\"status\":\"ok\",\"creditsSpent\":10}}", 10},
        {200, "", "{\"requestMetadata\":{\"status\":\"ok\",\"creditsUsed\":\"7\"}}", 7},
        {200, "", "{\"requestMetadata\":{\"status\":\"ok\",\"creditsSpent\":6.0}}", 6},
        {200, "", "{\"requestMetadata\":{\"status\":\"ok\",\"credits\":195000}}", -1},
        {200, "", "{\"requestMetadata\":{\"status\":\"ok\",\"creditsSpent\":6.5}}", -1},
        {200, "", "{\"requestMetadata\":{\"status\":\"ok\",\"creditsSpent\":-6}}", -1},
        {200, "", "{\"requestMetadata\":{\"status\":\"ok\",\"creditsSpent\":null}}", -1},
        {200, "", "{\"requestMetadata\":{\"status\":\"ok\"},\"creditsSpent\":3}", 3},
        {200, "", "{\"requestMetadata\":{\"status\":\"ok\"},\"credits\":199995}", -1},
        {200, "", "{\"requestMetadata\":{\"status\":\"ok\",\"creditsRemaining\":199995}}", -1},
        {200, "x-credits-spent: 5\r\nX-RateLimit-Remaining: 9\r\n", "{\"requestMetadata\":{\"status\":\"ok\"}}", 5},
        {200, "X-Credits-Used:12\n", "{\"requestMetadata\":{\"status\":\"ok\",\"creditsUsed\":10}}", 12},
        {200, "X-Credits-Used: many\r\n", "{\"requestMetadata\":{\"status\":\"ok\"}}", -1},
        {200, "X-RateLimit-Limit: 15\r\nX-Credits-Remaining: 4\r\n", "{\"requestMetadata\":{\"status\":\"ok\"}}", -1},
        {400, "X-Credits-Used: 5\r\n", ERROR_BODY, 5},
        {500, "", "{\"requestMetadata\":{\"creditsSpent\":0}}", 0},
    };
    for (size_t i = 0; i < COUNT(costs); ++i) {
        jl_hasdata_reply r = judge("indeed.job", costs[i].status, costs[i].headers, costs[i].body);
        if ((r.has_cost ? (int)r.cost : -1) != costs[i].cost)
            fail_msg("%s%s: %d", costs[i].headers, costs[i].body, r.has_cost ? (int)r.cost : -1);
        assert_int_equal(r.billed, costs[i].status == 200 || costs[i].cost > 0);
    }
}

static void the_provider_is_quoted_within_bounds(void **state) {
    (void)state;
    assert_string_equal(judge("indeed.job", 400, "", ERROR_BODY).text,
                        "HTTP 400: the posting is gone: Job posting is not available");
    assert_string_equal(judge("indeed.job", 401, "", "{\"error\":{\"message\":\"No\\u001b[31m\"}}").text,
                        "HTTP 401: the key was refused: No\\x1b[31m");
    assert_string_equal(judge("indeed.job", 422, "", "{\"errors\":[{\"message\":\"url is missing.\"}]}").text,
                        "HTTP 422: the request was refused: url is missing");
    assert_string_equal(judge("indeed.job", 503, "", "<html>\x1b[31m").text, "HTTP 503: the provider failed");
    jl_buf body = {0};
    assert_int_equal(jl_buf_add(&body, JL_SPAN("{\"message\":\""), NULL), 0);
    for (int i = 0; i < 3000; ++i)
        assert_int_equal(jl_buf_addc(&body, 'x', NULL), 0);
    assert_int_equal(jl_buf_add(&body, JL_SPAN("\"}"), NULL), 0);
    jl_hasdata_reply r = judge("indeed.job", 429, "", jl_buf_text(&body, NULL));
    assert_true(strlen(r.text) > 150 && strlen(r.text) < sizeof r.text && strstr(r.text, "xxx..."));
    jl_buf_free(&body);
}

static void usage_is_told_for_certain_or_not_at_all(void **state) {
    (void)state;
    static const struct {
        const char *body;
        long total, available, concurrency; /* total -1: an error; concurrency -1: not told */
    } bodies[] = {
        {USAGE_BODY, 200000, 198766, 15},
        {"{\"status\":\"ok\",\"totalCredits\":\"200000\",\"availableCredits\":\"5\"}", 200000, 5, -1},
        {"{\"data\":{\"total_credits\":100.0,\"remaining_credits\":0}}", 100, 0, -1},
        {"{\"data\":{\"credits\":{\"total\":10,\"remaining\":4},\"concurrency\":5}}", 10, 4, 5},
        {"{\"totalCredits\":10,\"usedCredits\":4}", 10, 6, -1},
        {"{\"totalCredits\":10,\"usedCredits\":14}", 10, 0, -1},
        {"{\"totalCredits\":10,\"availableCredits\":-4}", 10, 0, -1},
        {"{\"totalCredits\":10,\"availableCredits\":null}", -1, 0, 0},
        {"{\"totalCredits\":10}", -1, 0, 0},
        {"{\"availableCredits\":10}", -1, 0, 0},
        {"{\"totalCredits\":10,\"availableCredits\":\"\"}", -1, 0, 0},
        {"{\"totalCredits\":10,\"availableCredits\":1.5}", -1, 0, 0},
        {"{\"totalCredits\":10,\"availableCredits\":\"lots\"}", -1, 0, 0},
        {"{\"totalCredits\":9999999999999999999,\"availableCredits\":1}", -1, 0, 0},
        {"{\"total\":10,\"available\":5}", -1, 0, 0},
        {"{}", -1, 0, 0},
        {"[]", -1, 0, 0},
        {"", -1, 0, 0},
        {"{\"totalCredits\":1", -1, 0, 0},
    };
    for (size_t i = 0; i < COUNT(bodies); ++i) {
        jl_hasdata_usage u;
        jl_err err = {0};
        size_t n = strlen(bodies[i].body);
        char *copy = calloc(1, n + JL_PAD);
        assert_non_null(copy);
        memcpy(copy, bodies[i].body, n);
        int result = jl_hasdata_read_usage((jl_span){copy, n}, &u, &err);
        free(copy);
        if (result != (bodies[i].total < 0 ? -1 : 0))
            fail_msg("%s: %d %s", bodies[i].body, result, err.text);
        if (result != 0) {
            assert_int_equal(err.class, JL_DATA);
            continue;
        }
        if (u.total != (uint64_t)bodies[i].total || u.available != (uint64_t)bodies[i].available)
            fail_msg("%s: %ld %ld", bodies[i].body, (long)u.total, (long)u.available);
        assert_int_equal(u.has_concurrency ? (long)u.concurrency : -1, bodies[i].concurrency);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_have_names_and_prices),
        cmocka_unit_test(requests_are_escaped),
        cmocka_unit_test(what_cannot_be_meant_is_not_asked),
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(costs_are_read_where_they_mean_this_call),
        cmocka_unit_test(the_provider_is_quoted_within_bounds),
        cmocka_unit_test(usage_is_told_for_certain_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
