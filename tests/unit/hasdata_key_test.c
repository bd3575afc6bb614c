/* What looks like no key is never sent. */
#include "unit/cmocka_all.h"

#include "hasdata/key.h"

static void a_key(void **state) {
    (void)state;
    char header[JL_HASDATA_KEY_SIZE];
    jl_err err = {0};
    assert_int_equal(jl_hasdata_key_header(JL_SPAN("12ab-34~"), header, &err), 0);
    assert_string_equal(header, "x-api-key: 12ab-34~");
}

static void no_key(void **state) {
    (void)state;
    static const char *const wrong[] = {"", "a b", "ab\r\nx-other: 1", "ab\x7f", "\xc3\xa4"};
    char header[JL_HASDATA_KEY_SIZE];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        jl_err err = {0};
        assert_int_equal(jl_hasdata_key_header(jl_span_of(wrong[i]), header, &err), -1);
        assert_int_equal(err.class, JL_CONFIG);
        assert_string_equal(header, "");
    }
}

static void the_longest(void **state) {
    (void)state;
    char key[JL_HASDATA_KEY_SIZE], header[JL_HASDATA_KEY_SIZE];
    jl_err err = {0};
    size_t most = JL_HASDATA_KEY_SIZE - sizeof "x-api-key: ";
    memset(key, 'k', sizeof key);
    assert_int_equal(jl_hasdata_key_header((jl_span){key, most}, header, &err), 0);
    assert_int_equal(strlen(header), JL_HASDATA_KEY_SIZE - 1);
    assert_int_equal(jl_hasdata_key_header((jl_span){key, most + 1}, header, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    assert_null(strstr(err.text, "kk"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key),
        cmocka_unit_test(no_key),
        cmocka_unit_test(the_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
