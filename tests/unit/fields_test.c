/* -k and -a turned into what is looked for in each line. */
#include "unit/cmocka_all.h"

#include "frame/fields.h"

static void the_defaults(void **state) {
    (void)state;
    jl_fields f = {0};
    assert_int_equal(jl_fields_open(&f, true, NULL), 0);
    assert_int_equal(f.key.n, 2);
    assert_true(jl_span_eq(f.key.member[0].name, JL_SPAN("company")));
    assert_true(jl_span_eq(f.key.member[1].name, JL_SPAN("title")));
    assert_int_equal(f.answer.n, 1);
    assert_true(jl_span_eq(f.answer.name[0], JL_SPAN("seniority")));
    assert_int_equal(f.first_key, 0);
    assert_int_equal(f.first_answer, 2);
    assert_int_equal(jl_want_count(f.want), 3);
    jl_fields_close(&f);
    jl_fields_close(&f); /* harmless */
}

static void as_typed(void **state) {
    (void)state;
    jl_fields f = {.key_text = "c=org.name,t=jobTitle,id", .answer_text = "a,b"};
    assert_int_equal(jl_fields_open(&f, true, NULL), 0);
    assert_int_equal(f.key.n, 3);
    assert_true(jl_span_eq(f.answer.token[1], JL_SPAN("\"b\"")));
    assert_int_equal(f.first_answer, 3);
    assert_int_equal(jl_want_count(f.want), 5);
    jl_fields_close(&f);

    f = (jl_fields){.key_text = "k", .answer_text = "a.b"}; /* no matter where -a does not exist */
    assert_int_equal(jl_fields_open(&f, false, NULL), 0);
    assert_int_equal(f.answer.n, 0);
    assert_int_equal(jl_want_count(f.want), 1);
    jl_fields_close(&f);
}

static void what_is_wrong(void **state) {
    (void)state;
    const char *const key[] = {"", "a,,b", "a,a", "x=a,x=b", "a..b", "a\\x"}, *const answer[] = {"", "a,a", "a.b",
                                                                                                 "a,"};
    for (size_t i = 0; i < 10; i++) {
        jl_err err = {0};
        jl_fields f = {.key_text = i < 6 ? key[i] : "k", .answer_text = i < 6 ? "a" : answer[i - 6]};
        assert_int_equal(jl_fields_open(&f, true, &err), -1);
        assert_int_equal(err.class, JL_USAGE);
        jl_fields_close(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults),
        cmocka_unit_test(as_typed),
        cmocka_unit_test(what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
