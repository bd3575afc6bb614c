/* Names of payloads that may be deleted, and the file that holds what must not be lost. */
#include "unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/payload.h"

#define HASH "0123456789abcdef0123456789abcdef"

static void only_names_of_payloads_are_names(void **state) {
    static const struct {
        const char *text;
        bool is;
    } name[] = {
        {"01/" HASH ".json", true},
        {"ff/" HASH ".html", true},
        {"", false},
        {"/", false},
        {"../" HASH ".jso", false},
        {"../../../../../../../../../../etc/passwd", false},
        {"01/" HASH ".txt ", false},
        {"01/" HASH ".jsonx", false},
        {"01/" HASH ".JSON", false},
        {"0A/" HASH ".json", false},
        {"/01/" HASH ".jso", false},
        {"01//123456789abcdef0123456789abcdef.json", false},
        {"01/../456789abcdef0123456789abcdef.json.", false},
        {"01\\" HASH ".json", false},
        {"g1/" HASH ".json", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        if (jl_payload_is_name(jl_span_of(name[i].text)) != name[i].is)
            fail_msg("'%s' is %sa name", name[i].text, name[i].is ? "" : "not ");
}

static char *scratch_file(const char *content) {
    char *path = strdup("/tmp/jobline-append.XXXXXX");
    assert_non_null(path);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(close(fd), 0);
    return path;
}

static void holds(const char *path, const char *wanted) {
    static char text[200000];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    assert_int_equal(fclose(f), 0);
    assert_string_equal(text, wanted);
}

static void a_torn_line_is_cut_off(void **state) {
    static char torn[10001], begun[10006];
    memset(torn, 'x', sizeof torn - 1); /* longer than a piece that is read */
    (void)snprintf(begun, sizeof begun, "one\n%s", torn);
    const char *const before[] = {"", "torn", "one\n", "one\ntorn", begun};
    const char *const after[] = {"two\n", "two\n", "one\ntwo\n", "one\ntwo\n", "one\ntwo\n"};
    (void)state;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        char *path = scratch_file(before[i]);
        jl_append a = {.fd = -1};
        jl_err err = {0};
        assert_int_equal(jl_append_open(&a, path, &err), 0);
        assert_int_equal(jl_out_line(&a.out, JL_SPAN("two"), &err), 0);
        assert_int_equal(jl_append_sync(&a, &err), 0);
        jl_append_close(&a);
        holds(path, after[i]);
        assert_int_equal(unlink(path), 0);
        free(path);
    }
}

static void what_was_not_synced_is_taken_back(void **state) {
    char *path = scratch_file("one\n");
    jl_append a = {.fd = -1};
    jl_err err = {0};
    (void)state;
    assert_int_equal(jl_append_open(&a, path, &err), 0);
    assert_int_equal(jl_out_line(&a.out, JL_SPAN("two"), &err), 0);
    assert_int_equal(jl_append_sync(&a, &err), 0);
    assert_int_equal(jl_out_line(&a.out, JL_SPAN("three"), &err), 0);
    assert_int_equal(jl_out_flush(&a.out, &err), 0);
    holds(path, "one\ntwo\nthree\n");
    jl_append_close(&a);
    holds(path, "one\ntwo\n");
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void one_process_appends(void **state) {
    char *path = scratch_file("");
    jl_append first = {.fd = -1}, second = {.fd = -1};
    jl_err err = {0};
    (void)state;
    assert_int_equal(jl_append_open(&first, path, &err), 0);
    assert_int_equal(jl_append_open(&second, path, &err), -1);
    assert_int_equal(err.class, JL_TEMPFAIL);
    jl_append_close(&first);
    assert_int_equal(jl_append_open(&second, path, &err), 0);
    jl_append_close(&second);
    assert_int_equal(unlink(path), 0);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_names_of_payloads_are_names),
        cmocka_unit_test(a_torn_line_is_cut_off),
        cmocka_unit_test(what_was_not_synced_is_taken_back),
        cmocka_unit_test(one_process_appends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
