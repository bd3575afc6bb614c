/* HTML made text: what is seen, what is not, how long it takes. */
#include "cmocka_all.h"

#include "base/clock.h"
#include "job/html.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const pages[][2] = {
    {"plain", "plain"},
    {"", ""},
    {"  a \n\t b  ", "a b"},
    {"<p>One.</p><p>Two.</p>", "One.\n\nTwo."},
    {"<div>One</div><div>Two</div>", "One\nTwo"},
    {"One<br>Two<br/><br />Three<BR><br><br>Four", "One\nTwo\n\nThree\n\nFour"},
    {"<h2>Duties</h2><ul><li>Build</li>\n<li>Ship</li></ul><p>End</p>", "Duties\n\n- Build\n- Ship\n\nEnd"},
    {"<ul><li><p>Build</p></li><li></li><li><b>Ship</b> it</li></ul>x", "- Build\n\n- Ship it\nx"},
    {"<ol><li>a<ul><li>b</li></ul></li></ol>", "- a\n- b"},
    {"<table><tr><td>a</td><td>b</td></tr><tr><th>c</th><td>d</td></tr></table>", "a b\nc d"},
    {"a <b>bold</b>, <i>i</i>!", "a bold, i!"},
    {"a<!-- <p>hidden</p> -->b<!-->c-->d", "abd"},
    {"a<script>if (1 < 2) x = \"</p>\"</script>b", "ab"},
    {"a<SCRIPT src=x></Script >b<style>p > b {}</style>c", "abc"},
    {"<html><head><title>T</title></head><body>B</body></html>", "B"},
    {"<noscript>Enable</noscript><textarea>t</textarea><svg/>seen<svg><text>x</text></svg>", "seen"},
    {"<a href=\"x>y\" title='>'>link</a>", "link"},
    {"a < b &amp; c > d <3 <", "a < b & c > d <3 <"},
    {"&lt;p&gt; &quot;x&quot; &apos;y&apos; caf&eacute; &euro;5 &mdash; &hellip;",
     "<p> \"x\" 'y' caf\xc3\xa9 \xe2\x82\xac"
     "5 \xe2\x80\x94 \xe2\x80\xa6"},
    {"a&nbsp;&nbsp;b&#160;c", "a b c"},
    {"&#8217;&#x2019;&#X2019;&#146;", "\xe2\x80\x99\xe2\x80\x99\xe2\x80\x99\xe2\x80\x99"},
    {"&#128512;&#x1F600", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"},
    {"&#0;&#xD800;&#x110000;&#99999999999999999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"&unknown; &amp &; &#; &#x; & &", "&unknown; &amp &; &#; &#x; & &"},
    {"<!DOCTYPE html><?xml?>x", "x"},
    {"x<!-- open", "x"},
    {"x<script>open", "x"},
    {"x<p", "x"},
    {"x</", "x</"},
    {"</p>x</unknown-and-rather-long-name>y", "xy"},
    {"<p>\xc3\xa9\xe2\x80\xa8z</p>", "\xc3\xa9 z"},
};

static void what_a_reader_sees(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(pages); ++i) {
        jl_buf out = {0};
        assert_int_equal(jl_html_text(jl_span_of(pages[i][0]), &out, NULL), 0);
        if (!jl_span_eq(jl_buf_span(&out), jl_span_of(pages[i][1])))
            fail_msg("%s\nbecame\n%.*s", pages[i][0], (int)out.n, out.p);
        jl_buf_free(&out);
    }
}

static void it_is_appended(void **state) {
    (void)state;
    jl_buf out = {0};
    assert_int_equal(jl_buf_add(&out, JL_SPAN("before"), NULL), 0);
    assert_int_equal(jl_html_text(JL_SPAN("<p>x</p>"), &out, NULL), 0);
    assert_string_equal(jl_buf_text(&out, NULL), "beforex");
    jl_buf_clear(&out);
    assert_int_equal(jl_html_decode(JL_SPAN("<p>&lt;b&gt; &amp;amp; &x</p>"), &out, NULL), 0);
    assert_string_equal(jl_buf_text(&out, NULL), "<p><b> &amp; &x</p>");
    jl_buf_free(&out);
}

static void scripts_are_found_by_type(void **state) {
    (void)state;
    jl_span html =
        JL_SPAN("<script>no</script><SCRIPT id=a data-type=x TYPE='Application/LD+json'>{1}</SCRIPT>"
                "<script type=\"application/ld+json\" class=y>{2}</script>"
                "<script type = application/ld+json>{3}</script><scripty type=application/ld+json>4</scripty>"
                "<script type=application/json>5</script><script type=\"application/ld+json\">{6}");
    const char *expected[] = {"{1}", "{2}", "{3}", "{6}"};
    size_t at = 0;
    jl_span content;
    for (size_t i = 0; i < COUNT(expected); ++i) {
        assert_true(jl_html_script(html, "application/ld+json", &at, &content));
        assert_true(jl_span_eq(content, jl_span_of(expected[i])));
    }
    assert_false(jl_html_script(html, "application/ld+json", &at, &content));
    assert_false(jl_html_script(html, "application/ld+json", &at, &content));
}

/* What could make a reader look at the same bytes again and again. */
static void hostile_pages_take_linear_time(void **state) {
    (void)state;
    static const char *const units[] = {"<",     "&",    "<!--",     "<script>",    "<a \"",          "<li>",
                                        "&#1",   "&#x1", "</",       "<p title=\"", "<svg>",          "</script",
                                        "<!",    "&amp", "<ul><li>", "\xe2\x80",    "<script type=x", "<br>",
                                        "<head", "-->"};
    int64_t start = jl_clock_cpu();
    for (size_t i = 0; i < COUNT(units); ++i) {
        jl_buf html = {0}, out = {0};
        while (html.n < 1000000)
            assert_int_equal(jl_buf_add(&html, jl_span_of(units[i]), NULL), 0);
        size_t at = 0;
        jl_span content;
        assert_int_equal(jl_html_text(jl_buf_span(&html), &out, NULL), 0);
        while (jl_html_script(jl_buf_span(&html), "x", &at, &content))
            ;
        assert_true(out.n <= 3 * html.n);
        jl_buf_free(&html);
        jl_buf_free(&out);
    }
    /* Twenty megabytes: a hundred times what they take, and far below what a square would. */
    assert_true(jl_clock_cpu() - start < 30 * JL_SECOND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_reader_sees),
        cmocka_unit_test(it_is_appended),
        cmocka_unit_test(scripts_are_found_by_type),
        cmocka_unit_test(hostile_pages_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
