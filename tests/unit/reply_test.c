/* One line of a table or of a command: whose answer it is, and which. */
#include "unit/cmocka_all.h"

#include "frame/reply.h"
#include "jsonl/json.h"

static jl_keyspec key;
static jl_names names;
static jl_reply reply;

static void open_reply(const char *k, const char *a) {
    assert_int_equal(jl_keyspec_parse(jl_span_of(k), &key, NULL), 0);
    assert_int_equal(jl_names_parse(jl_span_of(a), &names, NULL), 0);
    assert_int_equal(jl_reply_open(&reply, &key, &names, NULL), 0);
}

static void close_reply(void) {
    jl_reply_close(&reply);
    jl_names_free(&names);
    jl_keyspec_free(&key);
}

/* Reads a line that is a copy in memory of its own; the value is copied, as the line dies here. */
static jl_scan read_line(const char *text, jl_err *err, char value[200]) {
    size_t n = strlen(text);
    char *line = calloc(1, n + 1 + JL_PAD);
    assert_non_null(line);
    memcpy(line, text, n);
    line[n] = '\n';
    jl_scan kind = jl_reply_read(&reply, line, line + n + 1, err);
    free(line);
    assert_int_equal(reply.rec.len, n);
    value[0] = '\0';
    if (kind == JL_SCAN_RECORD)
        snprintf(value, 200, "%.*s", (int)reply.answer.value.n, reply.answer.value.p ? reply.answer.value.p : "");
    return kind;
}

static void one(const char *text, bool has_key, jl_state state, const char *want) {
    char value[200];
    jl_err err = {0};
    if (read_line(text, &err, value) != JL_SCAN_RECORD)
        fail_msg("%s: %s", text, err.text);
    assert_int_equal(reply.rec.has_key, has_key);
    assert_int_equal(reply.answer.state, state);
    assert_string_equal(value, want);
}

static jl_hash key_in(const char *text) {
    char value[200];
    assert_int_equal(read_line(text, NULL, value), JL_SCAN_RECORD);
    assert_true(reply.rec.has_key);
    return reply.rec.key;
}

static void one_member(void **state) {
    (void)state;
    open_reply("company=org.name,title", "seniority");
    one("{\"company\":\"a\",\"title\":\"b\",\"seniority\":3}", true, JL_FOUND, "3");
    one("{\"seniority\" :\t[1 , {\"x\":\"\\u0041\"}] ,\"title\":\"b\",\"company\":1}\r", true, JL_FOUND,
        "[1 , {\"x\":\"\\u0041\"}]");
    one("{\"company\":\"a\",\"title\":\"b\"}", true, JL_REFUSED, "");
    one("{\"company\":\"a\",\"title\":\"b\",\"seniority\":null}", true, JL_REFUSED, "");
    one("{\"company\":\"a\",\"title\":\"b\",\"seniority\":3,\"seniority\":null}", true, JL_REFUSED, "");
    one("{\"company\":\"a\",\"title\":\"b\",\"seniority\":3,\"seniority\":\"x\"}", true, JL_FOUND, "\"x\"");
    one("{\"company\":\"a\",\"title\":\"b\",\"x\":{\"seniority\":3}}", true, JL_REFUSED, "");
    one("{\"company\":\"a\",\"title\":\"b\",\"seniorit\\u0079\":false}", true, JL_FOUND, "false");
    one("{\"company\":\"a\",\"seniority\":3}", false, JL_FOUND, "3");
    one("{\"company\":null,\"title\":\"b\",\"seniority\":3}", false, JL_FOUND, "3");
    one("{}", false, JL_REFUSED, "");
    close_reply();
}

static void by_name_or_else_by_path(void **state) {
    (void)state;
    open_reply("company=org.name,title=jobTitle", "s");
    jl_hash flat = key_in("{\"company\":\"a\",\"title\":\"b\"}");
    jl_hash deep = key_in("{\"org\":{\"name\":\"a\"},\"jobTitle\":\"b\"}");
    jl_hash escaped = key_in("{\"title\":\"\\u0062\",\"c\\u006fmpany\":\"\\u0061\"}");
    jl_hash both = key_in("{\"org\":{\"name\":\"x\"},\"jobTitle\":\"y\",\"company\":\"a\",\"title\":\"b\"}");
    jl_hash half = key_in("{\"org\":{\"name\":\"a\"},\"jobTitle\":\"b\",\"company\":\"x\"}");
    assert_true(jl_hash_eq(flat, deep));
    assert_true(jl_hash_eq(flat, escaped));
    assert_true(jl_hash_eq(flat, both));
    assert_true(jl_hash_eq(flat, half));
    assert_false(jl_hash_eq(flat, key_in("{\"company\":\"b\",\"title\":\"a\"}")));
    one("{\"org\":{\"name\":\"a\"},\"title\":\"b\",\"s\":1}", false, JL_FOUND, "1"); /* no mixture of the two */
    close_reply();
}

static void several_members(void **state) {
    (void)state;
    open_reply("k", "b,a,c");
    one("{\"k\":1,\"a\":\"x\",\"b\":2,\"c\":[ ]}", true, JL_FOUND, "2\n\"x\"\n[ ]\n");
    one("{\"k\":1,\"c\":7}", true, JL_FOUND, "\n\n7\n");
    one("{\"k\":1,\"b\":null,\"c\":7}", true, JL_FOUND, "\n\n7\n");
    one("{\"k\":1,\"b\":7}", true, JL_FOUND, "7\n\n\n");
    one("{\"k\":1,\"b\":null,\"a\":null}", true, JL_REFUSED, "");
    one("{\"k\":1}", true, JL_REFUSED, "");
    close_reply();
}

static void lines_that_are_none(void **state) {
    (void)state;
    open_reply("k", "a");
    const char *const bad[] = {"x",          "[1]",       "3", "{\"k\":1", "{\"k\":1}x", "{\"k\":\"\xff\"}",
                               "{\"k\":1,}", "{\"a\":01}"};
    char value[200];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jl_err err = {0};
        assert_int_equal(read_line(bad[i], &err, value), JL_SCAN_BAD);
        assert_int_equal(err.class, JL_DATA);
        assert_true(err.byte > 0);
        one("{\"k\":1,\"a\":2}", true, JL_FOUND, "2"); /* the next one is as good as ever */
    }
    assert_int_equal(read_line("", NULL, value), JL_SCAN_BLANK);
    assert_int_equal(read_line(" \t\r", NULL, value), JL_SCAN_BLANK);
    close_reply();
}

/* A member can be both: the answer that a line had before does not stand in the way. */
static void key_and_answer_are_one(void **state) {
    (void)state;
    open_reply("a,b", "b");
    one("{\"a\":1,\"b\":2}", true, JL_FOUND, "2");
    one("{\"a\":1,\"b\":null}", false, JL_REFUSED, "");
    close_reply();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_member),
        cmocka_unit_test(by_name_or_else_by_path),
        cmocka_unit_test(several_members),
        cmocka_unit_test(lines_that_are_none),
        cmocka_unit_test(key_and_answer_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
