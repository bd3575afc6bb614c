/* Errors: sentences that are fit for a terminal, places, classes. */
#include "unit/cmocka_all.h"

#include <errno.h>

#include "base/err.h"

static const char *escaped(const char *text, size_t n, size_t size) {
    static char to[256];
    memset(to, 'Z', sizeof to);
    size_t length = jl_err_escape((jl_span){text, n}, to, size);
    assert_int_equal(to[length], '\0');
    assert_true(length < size);
    assert_int_equal(to[size], 'Z');
    return to;
}
#define ESCAPED(literal) escaped(literal, sizeof(literal) - 1, 200)

static void escapes_what_a_terminal_would_obey(void **state) {
    (void)state;
    assert_string_equal(ESCAPED("plain \\ text"), "plain \\ text");
    assert_string_equal(ESCAPED("\x1b[31m\n\t\r\x7f"), "\\x1b[31m\\x0a\\x09\\x0d\\x7f");
    assert_string_equal(ESCAPED("a\0b"), "a\\x00b");
    assert_string_equal(ESCAPED("Zürich \xe2\x82\xac \xf0\x9f\x98\x80"), "Zürich \xe2\x82\xac \xf0\x9f\x98\x80");
    assert_string_equal(ESCAPED("\xc2\x9b"
                                "31m"),
                        "\\xc2\\x9b31m"); /* U+009B, the C1 form of ESC [ */
    assert_string_equal(ESCAPED("\xc2\xa0"), "\xc2\xa0");
}

static void escapes_what_is_no_utf8(void **state) {
    (void)state;
    assert_string_equal(ESCAPED("\xff\xfe"), "\\xff\\xfe");
    assert_string_equal(ESCAPED("\x80"), "\\x80");
    assert_string_equal(ESCAPED("\xc0\xaf"), "\\xc0\\xaf");                   /* overlong '/' */
    assert_string_equal(ESCAPED("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");          /* overlong '/' */
    assert_string_equal(ESCAPED("\xed\xa0\x80"), "\\xed\\xa0\\x80");          /* a surrogate */
    assert_string_equal(ESCAPED("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
    assert_string_equal(ESCAPED("\xf0\x8f\xbf\xbf"), "\\xf0\\x8f\\xbf\\xbf");
    assert_string_equal(ESCAPED("\xe2\x82"), "\\xe2\\x82"); /* cut off */
    assert_string_equal(ESCAPED("\xe2\x82x"), "\\xe2\\x82x");
}

static void cuts_between_characters(void **state) {
    (void)state;
    assert_string_equal(escaped("abcdef", 6, 7), "abcdef");
    assert_string_equal(escaped("abcdefg", 7, 7), "abc...");
    assert_string_equal(escaped("abc\x1b", 4, 7), "abc...");
    assert_string_equal(escaped("ab\xe2\x82\xac"
                                "ef",
                                7, 7),
                        "ab...");
    assert_string_equal(escaped("abcdefg", 7, 4), "...");
    assert_string_equal(escaped("", 0, 4), "");
    /* Whatever the size, the result fits (escaped() checks) and is never half a character. */
    static const char text[] = "\xf0\x9f\x98\x80\x1b\xe2\x82\xac\xff.";
    for (size_t size = 4; size < 40; size++) {
        const char *got = escaped(text, sizeof text - 1, size);
        char again[256];
        strcpy(again, got);
        assert_string_equal(escaped(again, strlen(again), 200), again);
    }
}

static void set_fills_class_and_sentence(void **state) {
    (void)state;
    jl_err err = {0};
    jl_err_place(&err, "old", 3);
    err.byte = 9;
    assert_int_equal(jl_err_set(&err, JL_DATA, "bad %s at %d", "thing\x1b", 7), -1);
    assert_int_equal(err.class, JL_DATA);
    assert_string_equal(err.text, "bad thing\\x1b at 7");
    assert_string_equal(err.file, "");
    assert_int_equal(err.line, 0);
    assert_int_equal(err.byte, 0);
    assert_int_equal(jl_err_set(NULL, JL_DATA, "nobody listens"), -1);
    /* Its own text may be an argument. */
    assert_int_equal(jl_err_set(&err, JL_IO, "again: %s", err.text), -1);
    assert_string_equal(err.text, "again: bad thing\\x1b at 7");
}

static void errno_text_survives_a_long_name(void **state) {
    (void)state;
    jl_err err = {0};
    assert_int_equal(jl_err_errno(&err, JL_IO, ENOSPC, "cannot write to '%s'", "x"), -1);
    assert_string_equal(err.text, "cannot write to 'x': No space left on device");
    char name[5000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(jl_err_errno(&err, JL_IO, ENOSPC, "cannot write to '%s'", name), -1);
    assert_non_null(strstr(err.text, "nnn...: No space left on device"));
    assert_int_equal(jl_err_errno(NULL, JL_IO, ENOSPC, "nobody"), -1);
    assert_int_equal(jl_err_nomem(&err), -1);
    assert_int_equal(err.class, JL_SOFTWARE);
}

static void place_is_added_once(void **state) {
    (void)state;
    jl_err err = {0};
    jl_err_set(&err, JL_DATA, "bad");
    jl_err_place(&err, NULL, 0);
    assert_string_equal(err.file, "");
    jl_err_place(&err, "jobs\n.jsonl", 17);
    jl_err_place(&err, "other.jsonl", 18);
    assert_string_equal(err.file, "jobs\\x0a.jsonl");
    assert_int_equal(err.line, 17);
    jl_err_place(NULL, "x", 1);
}

static void long_names_keep_their_end(void **state) {
    (void)state;
    char name[400];
    memset(name, 'd', sizeof name);
    strcpy(name + 390, "/end.json");
    jl_err err = {0};
    jl_err_place(&err, name, 1);
    assert_int_equal(strlen(err.file), sizeof err.file - 1);
    assert_memory_equal(err.file, "...ddd", 6);
    assert_string_equal(err.file + strlen(err.file) - 9, "/end.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_what_a_terminal_would_obey),
        cmocka_unit_test(escapes_what_is_no_utf8),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(set_fills_class_and_sentence),
        cmocka_unit_test(errno_text_survives_a_long_name),
        cmocka_unit_test(place_is_added_once),
        cmocka_unit_test(long_names_keep_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
