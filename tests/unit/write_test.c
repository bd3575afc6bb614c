/* JSON written: what is read back is what was given. */
#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdio.h>
#include <cmocka.h>

#include "chance.h"
#include "json_reference.h"
#include "jsonl/write.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void is(const jl_buf *have, jl_span want) {
    if (!jl_span_eq(jl_buf_span(have), want))
        fail_msg("%.*s instead of %.*s", (int)have->n, have->p, (int)want.n, want.p);
}

static void strings_are_escaped(void **state) {
    (void)state;
    const struct {
        jl_span text, token;
    } string[] = {
        {JL_SPAN(""), JL_SPAN("\"\"")},
        {JL_SPAN("plain"), JL_SPAN("\"plain\"")},
        {JL_SPAN("\"\\/\b\f\n\r\t"), JL_SPAN("\"\\\"\\\\/\\b\\f\\n\\r\\t\"")},
        {JL_SPAN("a\0b\x1f\x7f"), JL_SPAN("\"a\\u0000b\\u001f\x7f\"")},
        {JL_SPAN("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), JL_SPAN("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"")},
        {JL_SPAN("\xff"), JL_SPAN("\"\xef\xbf\xbd\"")},
        {JL_SPAN("a\xe2\x82z"), JL_SPAN("\"a\xef\xbf\xbdz\"")},
        {JL_SPAN("\xed\xa0\x80"), JL_SPAN("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"")},
        {JL_SPAN("\xf0\x9f\x98"), JL_SPAN("\"\xef\xbf\xbd\"")},
        {JL_SPAN("\xc0\xaf"), JL_SPAN("\"\xef\xbf\xbd\xef\xbf\xbd\"")},
    };
    for (size_t i = 0; i < COUNT(string); ++i) {
        jl_buf out = {0};
        assert_int_equal(jl_write_string(&out, string[i].text, NULL), 0);
        is(&out, string[i].token);
        jl_buf_free(&out);
    }
}

static void random_bytes_make_good_strings(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t round = chance_rounds(20000); round > 0; --round) {
        char text[64];
        size_t n = chance_below(&c, sizeof text);
        for (size_t i = 0; i < n; ++i)
            text[i] = (char)(chance_below(&c, 3) ? chance_below(&c, 128) : chance_bits(&c));
        jl_buf out = {0};
        jl_buf back = {0};
        assert_int_equal(jl_write_string(&out, (jl_span){text, n}, NULL), 0);
        ref_reader r = {out.p, out.p + out.n};
        ref_string(&r, NULL);
        assert_ptr_equal(r.p, out.p + out.n);
        assert_int_equal(ref_utf8_first_bad(out.p, out.n), out.n);
        assert_int_equal(jl_json_decode(jl_buf_span(&out), &back, NULL), 0);
        if (ref_utf8_first_bad(text, n) == n)
            is(&back, (jl_span){text, n});
        jl_buf_free(&out);
        jl_buf_free(&back);
    }
}

static void objects_get_their_commas(void **state) {
    (void)state;
    jl_buf out = {0};
    jl_write_open(&out, NULL);
    jl_write_close(&out, NULL);
    is(&out, JL_SPAN("{}"));
    jl_buf_clear(&out);
    jl_write_open(&out, NULL);
    jl_write_text(&out, "a\"b", JL_SPAN("{"), NULL);
    jl_write_u64(&out, "n", UINT64_MAX, NULL);
    jl_write_real(&out, "r", 0.125, 2, NULL);
    jl_write_real(&out, "i", -3, 0, NULL);
    jl_write_real(&out, "inf", INFINITY, 3, NULL);
    jl_write_real(&out, "nan", NAN, 3, NULL);
    jl_write_raw(&out, "raw", JL_SPAN("{\"x\":[]}"), NULL);
    jl_write_raw(&out, "last", JL_SPAN("{}"), NULL);
    jl_write_close(&out, NULL);
    is(&out, JL_SPAN("{\"a\\\"b\":\"{\",\"n\":18446744073709551615,\"r\":0.12,\"i\":-3,\"inf\":null,\"nan\":null,"
                     "\"raw\":{\"x\":[]},\"last\":{}}"));
    jl_buf_free(&out);
}

static void a_second_object_starts_anew(void **state) {
    (void)state;
    jl_buf out = {0};
    for (int i = 0; i < 2; ++i) {
        jl_write_open(&out, NULL);
        jl_write_u64(&out, "a", 1, NULL);
        jl_write_u64(&out, "b", 2, NULL);
        jl_write_close(&out, NULL);
        jl_buf_addc(&out, '\n', NULL);
    }
    is(&out, JL_SPAN("{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}\n"));
    jl_buf_free(&out);
}

static void a_ceiling_is_an_error(void **state) {
    (void)state;
    jl_buf out = {.max = 8};
    jl_err err = {0};
    assert_int_equal(jl_write_string(&out, JL_SPAN("0123456789"), &err), -1);
    assert_int_equal(err.class, JL_SOFTWARE);
    assert_int_equal(jl_write_text(&out, "name", JL_SPAN("text"), NULL), -1);
    assert_int_equal(jl_write_u64(&out, "number", 12345, NULL), -1);
    jl_buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped),      cmocka_unit_test(random_bytes_make_good_strings),
        cmocka_unit_test(objects_get_their_commas), cmocka_unit_test(a_second_object_starts_anew),
        cmocka_unit_test(a_ceiling_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
