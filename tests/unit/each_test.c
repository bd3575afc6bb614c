/* Bodies checked and walked. */
#include "cmocka_all.h"

#include "base/clock.h"
#include "jsonl/each.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* With the padding that scanners want, of a kind that could be taken for more of the text. */
static char *padded(jl_span text) {
    char *p = malloc(text.n + JL_PAD);
    if (!p)
        abort();
    if (text.n)
        memcpy(p, text.p, text.n);
    memset(p + text.n, ']', JL_PAD);
    return p;
}

static int check(const char *text, jl_value *value, char **memory, jl_err *err) {
    jl_span body = jl_span_of(text);
    *memory = padded(body);
    return jl_each_check((jl_span){*memory, body.n}, value, err);
}

static void bodies_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int type;      /* JL_ABSENT: bad */
        unsigned byte; /* of the fault; 0 = none is told */
    } bodies[] = {
        {"{}", JL_OBJECT, 0},
        {"\n{\n \"a\": [1,\r\n\t2]\n}\n\n", JL_OBJECT, 0},
        {"\xef\xbb\xbf [1]", JL_ARRAY, 0},
        {"null", JL_NULL, 0},
        {"\"x\"", JL_STRING, 0},
        {"", JL_ABSENT, 0},
        {" \n", JL_ABSENT, 0},
        {"{\"a\":\"x\ny\"}", JL_ABSENT, 8},
        {"{\"a\":1", JL_ABSENT, 7},
        {"{} {}", JL_ABSENT, 4},
        {"\n\n[1,]", JL_ABSENT, 6},
        {"{\"a\":\"\xff\"}", JL_ABSENT, 7},
        {"{\"a\":\"\\ud800\"}", JL_ABSENT, 7},
        {"<html>", JL_ABSENT, 1},
    };
    for (size_t i = 0; i < COUNT(bodies); ++i) {
        jl_value value;
        jl_err err = {0};
        char *memory;
        int result = check(bodies[i].text, &value, &memory, &err);
        if (result != (bodies[i].type == JL_ABSENT ? -1 : 0) || (int)value.type != bodies[i].type)
            fail_msg("%s: %s", bodies[i].text, err.text);
        if (result != 0 && (err.class != JL_DATA || !err.text[0] || (bodies[i].byte && err.byte != bodies[i].byte)))
            fail_msg("%s: byte %d: %s", bodies[i].text, (int)err.byte, err.text);
        free(memory);
    }
}

static void walks_see_everything_once(void **state) {
    (void)state;
    jl_value value, one;
    jl_span name;
    char *memory;
    static const char *const names[] = {"\"a\"", "\"b\"", "\"a\"", "\"\\u0063\""};
    static const char *const values[] = {"1", "[ ]", "{\"x\" : [1,2]}", "\"}\""};
    assert_int_equal(
        check(" { \"a\" : 1 ,\n\"b\":[ ],\"a\":{\"x\" : [1,2]}, \"\\u0063\"\t:\n\"}\"\n} ", &value, &memory, NULL), 0);
    jl_each it = jl_each_start(value);
    for (size_t i = 0; i < COUNT(names); ++i) {
        assert_true(jl_each_next(&it, &name, &one));
        assert_true(jl_span_eq(name, jl_span_of(names[i])));
        assert_true(jl_span_eq(one.text, jl_span_of(values[i])));
    }
    assert_false(jl_each_next(&it, &name, &one));
    assert_false(jl_each_next(&it, &name, &one));
    free(memory);

    assert_int_equal(check("[1,\n [2, 3] , \"x\"\n]", &value, &memory, NULL), 0);
    it = jl_each_start(value);
    size_t n = 0;
    for (; jl_each_next(&it, &name, &one); ++n)
        assert_int_equal(name.n, 0);
    assert_int_equal(n, 3);
    free(memory);

    static const char *const nothing[] = {"[]", "{ }", "[\n]", "1", "null", "\"[1]\""};
    for (size_t i = 0; i < COUNT(nothing); ++i) {
        assert_int_equal(check(nothing[i], &value, &memory, NULL), 0);
        it = jl_each_start(value);
        assert_false(jl_each_next(&it, NULL, &one));
        free(memory);
    }
}

static void the_last_member_of_a_name_counts(void **state) {
    (void)state;
    jl_value value, found[3];
    char *memory;
    static const char *const names[] = {"a", "none", "b"};
    assert_int_equal(check("{\"a\":1,\"b\":{\"a\":9},\"\\u0061\":2}", &value, &memory, NULL), 0);
    jl_each_pick(value, names, 3, found);
    assert_true(jl_span_eq(found[0].text, JL_SPAN("2")));
    assert_int_equal(found[1].type, JL_ABSENT);
    assert_int_equal(found[2].type, JL_OBJECT);
    assert_true(jl_span_eq(jl_each_member(found[2], "a").text, JL_SPAN("9")));
    assert_int_equal(jl_each_member(found[0], "a").type, JL_ABSENT);
    free(memory);
}

static void white_space_goes_out_and_nothing_else(void **state) {
    (void)state;
    jl_value value;
    jl_buf out = {0};
    jl_err err = {0};
    char *memory;
    assert_int_equal(check("{ \"a b\" : [ 1.0 , \"x \\\" ] y\", null ],\n\t\"c\": { } }", &value, &memory, NULL), 0);
    assert_int_equal(jl_each_compact(value, 2, &out, &err), 0);
    assert_string_equal(jl_buf_text(&out, NULL), "{\"a b\":[1.0,\"x \\\" ] y\",null],\"c\":{}}");
    assert_int_equal(jl_each_compact(value, 1, &out, &err), -1);
    assert_int_equal(err.class, JL_DATA);
    assert_string_equal(jl_buf_text(&out, NULL), "{\"a b\":[1.0,\"x \\\" ] y\",null],\"c\":{}}");
    free(memory);
    jl_buf_clear(&out);
    assert_int_equal(check("\"[[\"", &value, &memory, NULL), 0);
    assert_int_equal(jl_each_compact(value, 0, &out, &err), 0);
    assert_string_equal(jl_buf_text(&out, NULL), "\"[[\"");
    free(memory);
    jl_buf_free(&out);
}

/* Every body cut off anywhere is an error, none reads behind its end. */
static void truncated_bodies_are_errors(void **state) {
    (void)state;
    const char *whole = "{\"jobs\":[{\"title\":\"a\\u00e9\",\"n\":-1.5e3,\"l\":[true,false,null]}],\"p\":{}}";
    size_t length = strlen(whole);
    for (size_t n = 0; n < length; ++n) {
        char *memory = padded((jl_span){whole, n});
        jl_value value;
        assert_int_equal(jl_each_check((jl_span){memory, n}, &value, NULL), -1);
        assert_int_equal(value.type, JL_ABSENT);
        free(memory);
    }
}

static void deep_and_wide_bodies_take_linear_time(void **state) {
    (void)state;
    jl_buf body = {0};
    jl_value value, one;
    int64_t start = jl_clock_cpu();
    for (int i = 0; i < 100000; ++i)
        assert_int_equal(jl_buf_addc(&body, '[', NULL), 0);
    assert_int_equal(jl_buf_reserve(&body, JL_PAD, NULL), 0);
    assert_int_equal(jl_each_check(jl_buf_span(&body), &value, NULL), -1);
    jl_buf_clear(&body);
    assert_int_equal(jl_buf_addc(&body, '[', NULL), 0);
    for (int i = 0; i < 1000000; ++i)
        assert_int_equal(jl_buf_add(&body, JL_SPAN("{}, "), NULL), 0);
    assert_int_equal(jl_buf_add(&body, JL_SPAN("0]"), NULL), 0);
    assert_int_equal(jl_buf_reserve(&body, JL_PAD, NULL), 0);
    assert_int_equal(jl_each_check(jl_buf_span(&body), &value, NULL), 0);
    size_t n = 0;
    jl_each it = jl_each_start(value);
    while (jl_each_next(&it, NULL, &one))
        ++n;
    assert_int_equal(n, 1000001);
    assert_true(jl_clock_cpu() - start < 20 * JL_SECOND);
    jl_buf_free(&body);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_checked),
        cmocka_unit_test(walks_see_everything_once),
        cmocka_unit_test(the_last_member_of_a_name_counts),
        cmocka_unit_test(white_space_goes_out_and_nothing_else),
        cmocka_unit_test(truncated_bodies_are_errors),
        cmocka_unit_test(deep_and_wide_bodies_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
