/* Which values are answers, which keys are pairs. */
#include "unit/cmocka_all.h"

#include "senior/answers.h"
#include "senior/scale.h"

static void scales(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint8_t min, max;
    } good[] = {{"1-7", 1, 7}, {"1-1", 1, 1}, {"3-255", 3, 255}};
    static const char *const bad[] = {"",      "-",    "1",    "1-",   "-7",    "0-7", "7-1",
                                      "1-256", "1--7", " 1-7", "1-7 ", "1.0-7", "a-b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        jl_scale scale = {0, 0};
        jl_err err = {0};
        assert_int_equal(jl_scale_parse(&scale, good[i].text, &err), 0);
        assert_int_equal(scale.min, good[i].min);
        assert_int_equal(scale.max, good[i].max);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jl_scale scale = {1, 7};
        jl_err err = {0};
        assert_int_equal(jl_scale_parse(&scale, bad[i], &err), -1);
        assert_int_equal(err.class, JL_USAGE);
        assert_int_equal(scale.max, 7);
    }
}

static void answers(void **state) {
    (void)state;
    static const struct {
        const char *token;
        uint8_t value;
    } tokens[] = {{"1", 1},
                  {"7", 7},
                  {"0", 0},
                  {"8", 0},
                  {"-1", 0},
                  {"5.0", 0},
                  {"5e0", 0},
                  {"\"5\"", 0},
                  {"null", 0},
                  {"true", 0},
                  {"[5]", 0},
                  {"{}", 0},
                  {"", 0},
                  {"257", 0},
                  {"261", 0},
                  {"4294967301", 0},
                  {"18446744073709551621", 0}};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        char padded[128] = "";
        strcpy(padded, tokens[i].token);
        assert_int_equal(jl_scale_answer((jl_scale){1, 7}, (jl_span){padded, strlen(padded)}), tokens[i].value);
    }
    jl_tokens all;
    jl_tokens_init(&all);
    for (unsigned v = 0; v < 256; v++) {
        char text[4], wanted[8];
        int n = snprintf(wanted, sizeof wanted, "%u", v);
        assert_true(jl_span_eq(jl_scale_token((uint8_t)v, text), (jl_span){wanted, (size_t)n}));
        assert_true(jl_span_eq(jl_tokens_of(&all, (uint8_t)v), (jl_span){wanted, (size_t)n}));
    }
}

static void pairs(void **state) {
    (void)state;
    static const struct {
        const char *key;
        int rc;
    } keys[] = {{"company,title", 0},      {"title,company", 0}, {"company=a.b,title=c", 0},
                {"a.company,b.title", 0},  {"company", -1},      {"title", -1},
                {"company,title,url", -1}, {"job,title", -1},    {"company=title,t=title", -1}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        jl_keyspec spec;
        jl_err err = {0};
        assert_int_equal(jl_keyspec_parse(jl_span_of(keys[i].key), &spec, &err), 0);
        assert_int_equal(jl_pair_check(&spec, &err), keys[i].rc);
        assert_int_equal(err.class, keys[i].rc ? JL_USAGE : JL_OK);
        jl_keyspec_free(&spec);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales),
        cmocka_unit_test(answers),
        cmocka_unit_test(pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
