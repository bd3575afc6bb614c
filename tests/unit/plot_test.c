/* Bars of blocks and of SVG. */
#include "unit/cmocka_all.h"

#include <math.h>

#include "books/plot.h"

static const char *bar(double share, size_t width, bool blocks, const char *fill) {
    static char text[256];
    jl_buf out = {0};
    jl_err err = {0};
    assert_int_equal(jl_plot_bar(share, width, blocks, fill, &out, &err), 0);
    snprintf(text, sizeof text, "%s", jl_buf_text(&out, &err));
    jl_buf_free(&out);
    return text;
}

static void blocks_have_eighths(void **state) {
    (void)state;
    assert_string_equal(bar(0, 4, true, NULL), "");
    assert_string_equal(bar(1, 4, true, NULL), "████");
    assert_string_equal(bar(0.5, 4, true, NULL), "██");
    assert_string_equal(bar(0.625, 2, true, NULL), "█▎");
    assert_string_equal(bar(15.0 / 16, 2, true, NULL), "█▉");
    assert_string_equal(bar(0.0001, 4, true, NULL), "▏"); /* something is more than nothing */
    assert_string_equal(bar(0.625, 4, true, "░"), "██▌░");
    assert_string_equal(bar(1, 4, true, "░"), "████");
}

static void ascii(void **state) {
    (void)state;
    assert_string_equal(bar(0.5, 8, false, NULL), "####");
    assert_string_equal(bar(0.01, 8, false, "."), "#.......");
    assert_string_equal(bar(0, 8, false, "."), "........");
}

static void shares_are_bounded(void **state) {
    (void)state;
    assert_string_equal(bar(7, 3, false, NULL), "###");
    assert_string_equal(bar(-1, 3, false, NULL), "");
    assert_string_equal(bar((double)NAN, 3, false, NULL), "");
    assert_string_equal(bar(1, 0, true, "░"), "");
}

static const char *svg(const jl_plot *p) {
    static char text[65536];
    jl_buf out = {0};
    jl_err err = {0};
    assert_int_equal(jl_plot_svg(p, &out, &err), 0);
    assert_true(out.n < sizeof text);
    snprintf(text, sizeof text, "%s", jl_buf_text(&out, &err));
    jl_buf_free(&out);
    return text;
}

static void names_are_escaped(void **state) {
    (void)state;
    const jl_plot_value value[] = {{"<script>&\"\x01\xff", 5, 0}, {"", 3, 0}};
    const jl_plot p = {.title = "a<b", .subtitle = "", .unit = "credits", .value = value, .n = 2};
    const char *text = svg(&p);
    assert_non_null(strstr(text, "&lt;script&gt;&amp;&quot;\\x01\\xff"));
    assert_null(strstr(text, "<script"));
    assert_non_null(strstr(text, "a&lt;b"));
    assert_null(strstr(text, "http://www.w3.org/1999")); /* nothing that leads elsewhere */
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
}

static void long_names_are_cut(void **state) {
    (void)state;
    const jl_plot_value value[] = {{"äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü", 5, 0}};
    const jl_plot p = {.title = "t", .subtitle = "", .unit = "credits", .value = value, .n = 1};
    assert_non_null(strstr(svg(&p), ">äöüäöüäöüäöüäöüäöüäöüäöüäöüä…<"));
}

static size_t count(const char *text, const char *what) {
    size_t n = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

static void days_have_a_running_sum(void **state) {
    (void)state;
    const jl_plot_value value[] = {{"2026-11-01", 5, 0}, {"2026-11-02", 0, 0}, {"2026-11-03", -7, 0}};
    const int mark[] = {70, 90};
    jl_plot p = {.title = "t",
                 .subtitle = "s",
                 .unit = "credits",
                 .value = value,
                 .n = 3,
                 .running = true,
                 .limit = 1000,
                 .mark = mark,
                 .marks = 2,
                 .places = 30};
    const char *text = svg(&p);
    assert_int_equal(count(text, "class=\"mark\""), 2);
    assert_int_equal(count(text, "class=\"limit\""), 1);
    assert_int_equal(count(text, "class=\"bar\""), 3);
    assert_non_null(strstr(text, "2026-11-01: 5 credits"));
    assert_non_null(strstr(text, ">900<"));
    assert_null(strstr(text, "height=\"-"));
    p.n = p.places = 0;
    text = svg(&p);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
}

static void what_stands_beside_a_bar_is_in_the_sum(void **state) {
    (void)state;
    const jl_plot_value apart[] = {{"2026-11-01", 5, 600}}, whole[] = {{"2026-11-01", 605, 0}};
    jl_plot p = {
        .title = "t", .subtitle = "", .unit = "credits", .value = apart, .n = 1, .running = true, .limit = 1000};
    char sum[256];
    const char *text = svg(&p);
    assert_non_null(strstr(text, "2026-11-01: 5 credits"));
    snprintf(sum, sizeof sum, "%.*s", (int)strcspn(strstr(text, "class=\"sum\""), "\n"), strstr(text, "class=\"sum\""));
    p.value = whole;
    assert_non_null(strstr(svg(&p), sum));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_have_eighths),
        cmocka_unit_test(ascii),
        cmocka_unit_test(shares_are_bounded),
        cmocka_unit_test(names_are_escaped),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(days_have_a_running_sum),
        cmocka_unit_test(what_stands_beside_a_bar_is_in_the_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
