/* URLs of postings, ids, content hashes: frozen formats. */
#include "cmocka_all.h"

#include "job/content.h"
#include "job/link.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The id "-" is one that has to be derived from the posting, "#" a digest of the URL. */
static const struct {
    const char *url, *canonical, *id;
} links[] = {
    {"https://www.indeed.com/viewjob?jk=0123456789abcdef", "https://www.indeed.com/viewjob?jk=0123456789abcdef",
     "0123456789abcdef"},
    {"HTTP://WWW.Indeed.COM:80/viewjob?tk=x&jk=0123456789ABCDEF&from=serp#top",
     "https://www.indeed.com/viewjob?jk=0123456789abcdef", "0123456789abcdef"},
    {"https://indeed.com/rc/clk?jk=0123456789abcdef&bb=x", "https://www.indeed.com/viewjob?jk=0123456789abcdef",
     "0123456789abcdef"},
    {"https://m.indeed.com/jobs?q=a&vjk=fedcba9876543210", "https://www.indeed.com/viewjob?jk=fedcba9876543210",
     "fedcba9876543210"},
    {"https://uk.indeed.com/jobs?vjk=fedcba9876543210&jk=0123456789abcdef",
     "https://uk.indeed.com/viewjob?jk=0123456789abcdef", "0123456789abcdef"},
    {"https://www.indeed.co.uk/viewjob?jk=0123456789abcdef", "https://www.indeed.co.uk/viewjob?jk=0123456789abcdef",
     "0123456789abcdef"},
    {"https://www.indeed.com/company/Acme/jobs/Engineer-0123456789abcdef?fccid=1",
     "https://www.indeed.com/viewjob?jk=0123456789abcdef", "0123456789abcdef"},
    {"https://www.indeed.com/pagead/clk?mo=r&ad=-6NYx&p=0&utm_source=y",
     "https://www.indeed.com/pagead/clk?mo=r&ad=-6NYx&p=0", "-"},
    {"https://www.indeed.com/rc/clk?bb=x", "https://www.indeed.com/rc/clk?bb=x", "-"},
    {"https://www.indeed.com/viewjob?jk=not-a-key", "https://www.indeed.com/viewjob?jk=not-a-key", "#"},
    {"https://www.glassdoor.com/job-listing/x-JV_IC1_KO0,3.htm?jl=1009123456789&src=GD_JOB_AD",
     "https://www.glassdoor.com/job-listing/x-JV_IC1_KO0,3.htm?jl=1009123456789", "1009123456789"},
    {"https://www.glassdoor.co.uk/partner/jobListing.htm?pos=101&jobListingId=1009",
     "https://www.glassdoor.co.uk/partner/jobListing.htm?jobListingId=1009", "1009"},
    {"https://www.glassdoor.com/partner/jobListing.htm?pos=101",
     "https://www.glassdoor.com/partner/jobListing.htm?pos=101", "-"},
    {"https://www.glassdoor.com/x?jl=12a", "https://www.glassdoor.com/x?jl=12a", "#"},
    {"https://notindeed.com/viewjob?jk=0123456789abcdef", "https://notindeed.com/viewjob?jk=0123456789abcdef", "#"},
    {"https://indeed.com.evil.example/viewjob?jk=0123456789abcdef",
     "https://indeed.com.evil.example/viewjob?jk=0123456789abcdef", "#"},
    {"https://Example.com", "https://example.com/", "#"},
    {"https://example.com.:443?utm_source=a&B=c&gclid=1&d#x", "https://example.com/?B=c&d", "#"},
    {"http://example.com:8080/A/b?", "http://example.com:8080/A/b", "#"},
    {"https://example.com/?&&a=&=b&", "https://example.com/?a=&=b", "#"},
    {" https://example.com/x ", "https://example.com/x", "#"},
    {"https://example.com/j%C3%B6b", "https://example.com/j%C3%B6b", "#"},
    {"https://user:secret@example.com/", "", ""},
    {"https://user@example.com/", "", ""},
    {"ftp://example.com/", "", ""},
    {"javascript:alert(1)", "", ""},
    {"/viewjob?jk=0123456789abcdef", "", ""},
    {"//example.com/", "", ""},
    {"https://", "", ""},
    {"https:///x", "", ""},
    {"https://example..com/", "", ""},
    {"https://example.com../", "", ""},
    {"https://.example.com/", "", ""},
    {"https://./", "", ""},
    {"https://exa%6dple.com/", "", ""},
    {"https://[::1]/", "", ""},
    {"https://exa mple.com/", "", ""},
    {"https://example.com/a\nb", "", ""},
    {"https://example.com:99999999/", "", ""},
    {"https://example.com:8x/", "", ""},
    {"", "", ""},
};

static void urls_have_one_spelling_and_an_id(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(links); ++i) {
        jl_buf out = {0};
        jl_link link;
        assert_int_equal(jl_link_read(jl_span_of(links[i].url), &out, &link, NULL), 0);
        if (!jl_span_eq(link.url, jl_span_of(links[i].canonical)))
            fail_msg("%s: %.*s", links[i].url, (int)link.url.n, link.url.p);
        bool derived = strcmp(links[i].id, "-") == 0;
        bool digest = strcmp(links[i].id, "#") == 0;
        if (digest ? strlen(link.id) != 16 : strcmp(link.id, derived ? "" : links[i].id) != 0)
            fail_msg("%s: id %s", links[i].url, link.id);
        assert_int_equal(link.source_id, !derived && !digest && links[i].id[0]);
        jl_buf_free(&out);
    }
}

static void a_canonical_url_is_its_own(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(links); ++i) {
        jl_buf first = {0}, second = {0};
        jl_link a, b;
        assert_int_equal(jl_link_read(jl_span_of(links[i].canonical), &first, &a, NULL), 0);
        assert_int_equal(jl_link_read(a.url, &second, &b, NULL), 0);
        assert_true(jl_span_eq(a.url, jl_span_of(links[i].canonical)));
        assert_true(jl_span_eq(a.url, b.url));
        assert_string_equal(a.id, b.id);
        jl_buf_free(&first);
        jl_buf_free(&second);
    }
}

static void long_urls_are_none(void **state) {
    (void)state;
    char url[8300] = "https://example.com/";
    memset(url + 20, 'a', sizeof url - 20);
    jl_buf out = {0};
    jl_link link;
    assert_int_equal(jl_link_read((jl_span){url, 8193}, &out, &link, NULL), 0);
    assert_int_equal(link.url.n, 0);
    assert_int_equal(jl_link_read((jl_span){url, 8192}, &out, &link, NULL), 0);
    assert_int_equal(link.url.n, 8192);
    jl_buf_free(&out);
}

/* ---- golden vectors ---- */

/* Decodes \xHH in place. */
static jl_span unescape(char *text) {
    char *to = text;
    for (char *p = text; *p; ++to) {
        unsigned byte = (unsigned char)*p;
        bool escape = p[0] == '\\' && p[1] == 'x' && sscanf(p + 2, "%2x", &byte) == 1;
        *to = (char)byte;
        p += escape ? 4 : 1;
    }
    *to = '\0';
    return (jl_span){text, (size_t)(to - text)};
}

static size_t texts_of(char *field, jl_span texts[4]) {
    size_t n = 0;
    for (char *p = field; p; ++n) {
        char *bar = strchr(p, '|');
        if (bar)
            *bar = '\0';
        texts[n] = unescape(p);
        p = bar ? bar + 1 : NULL;
    }
    return n;
}

static void one_vector(char *kind, char *field, const char *expected) {
    jl_span t[4];
    char hex[33] = "";
    if (strcmp(kind, "url") == 0) {
        jl_buf out = {0};
        jl_link link;
        assert_int_equal(jl_link_read(unescape(field), &out, &link, NULL), 0);
        memcpy(hex, link.id, sizeof hex);
        jl_buf_free(&out);
    } else if (strcmp(kind, "texts") == 0) {
        assert_int_equal(texts_of(field, t), 3);
        assert_int_equal(jl_link_derive(t[0], t[1], t[2], hex, NULL), 0);
    } else {
        /* The tool names company first; the hash has title first. */
        assert_int_equal(texts_of(field, t), 4);
        assert_int_equal(jl_content_hash(t[0], t[1], t[2], t[3], hex, NULL), 0);
    }
    assert_string_equal(hex, expected);
}

static void golden_vectors_hold(void **state) {
    (void)state;
    FILE *f = fopen(JL_TESTS "/unit/golden/job.tsv", "r");
    char line[2048];
    int n = 0;
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        char *kind = strtok(line, "\t");
        char *field = strtok(NULL, "\t");
        char *expected = strtok(NULL, "\n");
        assert_non_null(expected);
        one_vector(kind, field, expected);
        ++n;
    }
    fclose(f);
    assert_int_equal(n, 24);
}

static void a_posting_without_name_has_no_id(void **state) {
    (void)state;
    char id[33] = "x";
    assert_int_equal(jl_link_derive(JL_SPAN(" "), JL_SPAN(""), JL_SPAN("Berlin"), id, NULL), 0);
    assert_string_equal(id, "");
}

static void white_space_does_not_count(void **state) {
    (void)state;
    char a[33], b[33];
    assert_int_equal(jl_content_hash(JL_SPAN("A  B"), JL_SPAN("C"), JL_SPAN(""), JL_SPAN("x\r\n\r\ny "), a, NULL), 0);
    assert_int_equal(jl_content_hash(JL_SPAN("A B "), JL_SPAN("C"), JL_SPAN(" \n"), JL_SPAN("x y"), b, NULL), 0);
    assert_string_equal(a, b);
    assert_int_equal(jl_content_hash(JL_SPAN("A B"), JL_SPAN("C"), JL_SPAN(""), JL_SPAN("xy"), b, NULL), 0);
    assert_string_not_equal(a, b);
    assert_int_equal(jl_content_hash(JL_SPAN("AB"), JL_SPAN("C"), JL_SPAN(""), JL_SPAN("xy"), a, NULL), 0);
    assert_int_equal(jl_content_hash(JL_SPAN("A"), JL_SPAN("BC"), JL_SPAN(""), JL_SPAN("xy"), b, NULL), 0);
    assert_string_not_equal(a, b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_have_one_spelling_and_an_id),
        cmocka_unit_test(a_canonical_url_is_its_own),
        cmocka_unit_test(long_urls_are_none),
        cmocka_unit_test(golden_vectors_hold),
        cmocka_unit_test(a_posting_without_name_has_no_id),
        cmocka_unit_test(white_space_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
