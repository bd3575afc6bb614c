/* -k and -a: what they mean, and what they must not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "jsonl/path.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void is(jl_span have, const char *want) {
    if (!jl_span_eq(have, jl_span_of(want)))
        fail_msg("%.*s instead of %s", (int)have.n, have.p, want);
}

static void keys_are_read(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *name[3], *path[3], *flat[3];
    } key[] = {
        {"company,title", 2, {"company", "title"}, {"company", "title"}, {"company", "title"}},
        {"company=hiringOrganization.name,title=jobTitle",
         2,
         {"company", "title"},
         {"hiringOrganization.name", "jobTitle"},
         {"company", "title"}},
        {"a.b.c", 1, {"c"}, {"a.b.c"}, {"c"}},
        {"hiringOrganization\\.x", 1, {"hiringOrganization.x"}, {"hiringOrganization\\.x"}, {"hiringOrganization\\.x"}},
        {"a.b\\.c", 1, {"b.c"}, {"a.b\\.c"}, {"b\\.c"}},
        {"x\\=y=p", 1, {"x=y"}, {"p"}, {"x\\=y"}},
        {"x\\=y", 1, {"x=y"}, {"x\\=y"}, {"x\\=y"}},
        {"n=p=q", 1, {"n"}, {"p=q"}, {"n"}},
        {"a.b=c", 1, {"a.b"}, {"c"}, {"a\\.b"}},
        {"a\\,b,c\\\\d,e", 3, {"a,b", "c\\d", "e"}, {"a\\,b", "c\\\\d", "e"}, {"a\\,b", "c\\\\d", "e"}},
        {"m\\\\=p", 1, {"m\\"}, {"p"}, {"m\\\\"}},
        {"\xc3\xa9t\xc3\xa9 1", 1, {"\xc3\xa9t\xc3\xa9 1"}, {"\xc3\xa9t\xc3\xa9 1"}, {"\xc3\xa9t\xc3\xa9 1"}},
    };
    for (size_t i = 0; i < COUNT(key); ++i) {
        jl_keyspec spec;
        jl_keyspec flat;
        jl_keyspec again;
        assert_int_equal(jl_keyspec_parse(jl_span_of(key[i].text), &spec, NULL), 0);
        assert_int_equal(jl_keyspec_flat(&spec, &flat, NULL), 0);
        assert_int_equal(spec.n, key[i].n);
        assert_int_equal(flat.n, key[i].n);
        for (size_t k = 0; k < spec.n; ++k) {
            is(spec.member[k].name, key[i].name[k]);
            is(spec.member[k].path, key[i].path[k]);
            is(flat.member[k].name, key[i].name[k]);
            is(flat.member[k].path, key[i].flat[k]);
            /* A flat path is read back as that one name. */
            assert_int_equal(jl_keyspec_parse(flat.member[k].path, &again, NULL), 0);
            assert_int_equal(again.n, 1);
            is(again.member[0].name, key[i].name[k]);
            jl_keyspec_free(&again);
        }
        jl_keyspec_free(&spec);
        jl_keyspec_free(&flat);
    }
}

static void canonical_order_is_that_of_the_names(void **state) {
    (void)state;
    jl_keyspec spec;
    jl_keyspec flat;
    assert_int_equal(jl_keyspec_parse(JL_SPAN("title=z,b=y,company=x,bb=a,B=q"), &spec, NULL), 0);
    assert_int_equal(jl_keyspec_flat(&spec, &flat, NULL), 0);
    static const size_t want[] = {4, 1, 3, 2, 0};
    for (size_t i = 0; i < 5; ++i) {
        assert_int_equal(spec.canonical[i], want[i]);
        assert_int_equal(flat.canonical[i], want[i]);
    }
    jl_keyspec_free(&spec);
    jl_keyspec_free(&flat);
}

static void bad_keys_are_usage_errors(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",   ",",  "a,",  ",a",   "a,,b",   "a,a", "a=b,a=c",         "x.a,a", "a..b",   ".a",   "a.",
        "=a", "a=", "a\\", "a\\b", "a=b\\n", "\\",  "a\\.b,x=a,a\\.b", "a=.b",  "a=b..c", "\xff", "a=\xc3"};
    for (size_t i = 0; i < COUNT(bad); ++i) {
        jl_keyspec spec;
        jl_err err = {0};
        if (jl_keyspec_parse(jl_span_of(bad[i]), &spec, &err) != -1)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(err.class, JL_USAGE);
        assert_true(err.text[0] != 0);
        jl_keyspec_free(&spec);
    }
}

static void names_become_tokens(void **state) {
    (void)state;
    jl_names names;
    assert_int_equal(jl_names_parse(JL_SPAN("seniority,a\\.b,q\"\\\\\t,x=y,\xc3\xa9"), &names, NULL), 0);
    static const char *const name[] = {"seniority", "a.b", "q\"\\\t", "x=y", "\xc3\xa9"};
    static const char *const token[] = {"\"seniority\"", "\"a.b\"", "\"q\\\"\\\\\\t\"", "\"x=y\"", "\"\xc3\xa9\""};
    assert_int_equal(names.n, 5);
    for (size_t i = 0; i < names.n; ++i) {
        is(names.name[i], name[i]);
        is(names.token[i], token[i]);
    }
    jl_names_free(&names);
}

static void bad_names_are_usage_errors(void **state) {
    (void)state;
    static const char *const bad[] = {"", ",", "a,", "a,b,a", "a.b", "a\\", "a\\x", "\xff", "a\\.b,a\\.b"};
    for (size_t i = 0; i < COUNT(bad); ++i) {
        jl_names names;
        jl_err err = {0};
        if (jl_names_parse(jl_span_of(bad[i]), &names, &err) != -1)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(err.class, JL_USAGE);
        jl_names_free(&names);
    }
}

static void names_of_a_key_stand_in_its_order(void **state) {
    (void)state;
    jl_keyspec spec;
    jl_names names;
    assert_int_equal(jl_keyspec_parse(JL_SPAN("title=jobTitle,company=a.b\\.c,x\\.y"), &spec, NULL), 0);
    assert_int_equal(jl_keyspec_names(&spec, &names, NULL), 0);
    jl_keyspec_free(&spec);
    assert_int_equal(names.n, 3);
    is(names.name[0], "title");
    is(names.token[1], "\"company\"");
    is(names.token[2], "\"x.y\"");
    jl_names_free(&names);
}

static void paths_are_counted(void **state) {
    (void)state;
    jl_err err = {0};
    jl_want *w = jl_want_new(&err);
    assert_non_null(w);
    assert_int_equal(jl_want_path(w, JL_SPAN("a.b"), &err), 0);
    assert_int_equal(jl_want_path(w, JL_SPAN("a"), &err), 1);
    assert_int_equal(jl_want_path(w, JL_SPAN("a.b"), &err), 2);
    assert_int_equal(jl_want_name(w, JL_SPAN("a.b"), &err), 3);
    static const char *const bad[] = {"", "a..b", "a.", ".", "a\\", "\xff", "a.\\b"};
    for (size_t i = 0; i < COUNT(bad); ++i) {
        assert_int_equal(jl_want_path(w, jl_span_of(bad[i]), &err), -1);
        assert_int_equal(err.class, JL_USAGE);
    }
    assert_int_equal(jl_want_name(w, JL_SPAN(""), &err), -1);
    assert_int_equal(jl_want_count(w), 4);

    char name[16];
    for (int i = 4; i < 65535; ++i) {
        int n = snprintf(name, sizeof name, "n%d", i);
        assert_int_equal(jl_want_name(w, (jl_span){name, (size_t)n}, &err), i);
    }
    assert_int_equal(jl_want_name(w, JL_SPAN("one more"), &err), -1);
    assert_int_equal(jl_want_path(w, JL_SPAN("one more"), &err), -1);
    jl_want_free(w);
    jl_want_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read),
        cmocka_unit_test(canonical_order_is_that_of_the_names),
        cmocka_unit_test(bad_keys_are_usage_errors),
        cmocka_unit_test(names_become_tokens),
        cmocka_unit_test(bad_names_are_usage_errors),
        cmocka_unit_test(names_of_a_key_stand_in_its_order),
        cmocka_unit_test(paths_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
