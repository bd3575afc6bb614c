/* Embeddings between lines and memory: base64 at every vector level, what is refused, lengths, cosines. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "chance.h"
#include "jsonl/json.h"
#include "jsonl/level.h"
#include "vector/base64.h"
#include "vector/vector.h"

/* The definition, a digit at a time. */
static size_t slow_base64(const char *bytes, size_t n, char *to) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = 0;
    for (size_t i = 0; i < n; i += 3) {
        unsigned bits = 0;
        for (size_t j = 0; j < 3; ++j)
            bits = bits << 8 | (i + j < n ? (unsigned char)bytes[i + j] : 0);
        for (size_t j = 0; j < 4; ++j)
            to[length++] = j == 0 || i + j <= n ? digits[bits >> (18 - 6 * j) & 63] : '=';
    }
    return length;
}

static void same_base64(chance *c, size_t n) {
    char *bytes = malloc(n + 1), *text = malloc(jl_base64_length(n) + JL_BASE64_SLACK);
    char *right = malloc(jl_base64_length(n) + 4), *back = malloc(n + 3 + JL_BASE64_SLACK);
    for (size_t i = 0; i < n; ++i)
        bytes[i] = (char)chance_bits(c);
    size_t length = slow_base64(bytes, n, right), got = 0;
    assert_int_equal(jl_base64_write((jl_span){bytes, n}, text) - text, length);
    assert_memory_equal(text, right, length);
    assert_true(jl_base64_read((jl_span){right, length}, back, &got));
    assert_int_equal(got, n);
    assert_memory_equal(back, bytes, n);
    free(bytes);
    free(text);
    free(right);
    free(back);
}

/* One character of 80 replaced by each byte in turn. */
static void every_character(void) {
    char back[60 + JL_BASE64_SLACK];
    for (size_t at = 0; at < 80; ++at)
        for (int code = 0; code < 256; ++code) {
            char text[80];
            size_t got;
            memset(text, 'A', sizeof text);
            text[at] = (char)code;
            bool letter = (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z');
            bool good =
                letter || (code >= '0' && code <= '9') || code == '+' || code == '/' || (code == '=' && at == 79);
            if (jl_base64_read((jl_span){text, sizeof text}, back, &got) != good)
                fail_msg("level %d, byte %02x at %zu", (int)jl_level_now(), (unsigned)code, at);
        }
}

static void base64_both_ways(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level) {
        jl_level_force(level);
        for (size_t n = 0; n < 200; ++n)
            same_base64(&c, n);
        same_base64(&c, 1536);
        every_character();
    }
}

static void one_spelling_only(void **state) {
    (void)state;
    static const char *const bad[] = {"A",    "AA",       "AAA",    "A===",  "====", "AB==",    "AAB=",    "AA=A",
                                      "=AAA", "AA==AAAA", "AAAA\n", "AAA\n", "AA-_", "AAAAAAA", "AAAAAAA "};
    char back[16 + JL_BASE64_SLACK];
    size_t n;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i)
        if (jl_base64_read(jl_span_of(bad[i]), back, &n))
            fail_msg("read: %s", bad[i]);
    assert_true(jl_base64_read(JL_SPAN(""), back, &n));
    assert_int_equal(n, 0);
}

/* ---- the member ---- */

static int read_text(const char *text, jl_buf *out, jl_vector *v, jl_stage *stage, jl_err *err) {
    size_t n = strlen(text);
    char *p = calloc(1, n + JL_PAD);
    memcpy(p, text, n);
    jl_type type;
    assert_ptr_equal(jl_json_value(p, p + n, &type, err), p + n);
    int result = jl_vector_read((jl_span){p, n}, out, v, stage, err);
    if (result == 0 && v->model.p >= p && v->model.p < p + n)
        v->model.p = text + (v->model.p - p);
    free(p);
    return result;
}

static void floats_of(const jl_vector *v, float *to) {
    assert_int_equal(v->data.n, v->n * sizeof *to);
    memcpy(to, v->data.p, v->data.n);
}

static void written_is_read(void **state) {
    (void)state;
    static const uint32_t dims[] = {1, 2, 3, 128, 384, 768, 1000, 1536, JL_DIMS_MAX};
    chance c = chance_seeded();
    for (size_t d = 0; d < sizeof dims / sizeof *dims; ++d) {
        uint32_t n = dims[d];
        float *v = malloc(n * sizeof *v), *got = malloc(n * sizeof *got);
        for (uint32_t i = 0; i < n; ++i)
            v[i] = (float)((double)(int64_t)chance_bits(&c) * 1e-19);
        jl_vector_normalise(v, n);
        assert_true(fabs((double)jl_vector_dot(v, v, n) - 1) < 1e-5);
        jl_buf text = {0}, out = {0};
        jl_stage stage;
        jl_vector vector;
        assert_int_equal(jl_vector_write(JL_SPAN("m-1"), d % 2 ? JL_STAGE_FULL : JL_STAGE_LISTING, v, n, &text, NULL),
                         0);
        assert_int_equal(jl_buf_add(&out, JL_SPAN("kept"), NULL), 0);
        assert_int_equal(read_text(jl_buf_text(&text, NULL), &out, &vector, &stage, NULL), 0);
        assert_true(jl_span_eq(vector.model, JL_SPAN("m-1")));
        assert_int_equal(stage, d % 2);
        assert_int_equal(vector.n, n);
        floats_of(&vector, got);
        assert_memory_equal(got, v, n * sizeof *v);
        assert_memory_equal(out.p, "kept", 4);
        jl_buf_free(&text);
        jl_buf_free(&out);
        free(v);
        free(got);
    }
}

/* 3 and 4 become 0.6 and 0.8. */
#define DATA_3_4 "AABAQAAAgEA="

static void any_scale_and_spelling(void **state) {
    (void)state;
    static const char *const lines[] = {
        "{\"model\":\"a/b\",\"dims\":2,\"data\":\"" DATA_3_4 "\"}",
        "{ \"data\" : \"\\u0041ABAQAAAgEA=\" , \"stage\":null, \"dims\":2,\"x\":[{}],\"model\" : \"a\\/b\" }",
        "{\"model\":\"z\",\"dims\":7,\"data\":0,\"stage\":\"listing\",\"model\":\"a/b\",\"dims\":2,\"data\":\"" DATA_3_4
        "\"}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i) {
        jl_buf out = {0};
        jl_vector v;
        jl_stage stage = JL_STAGE_FULL;
        float got[2];
        assert_int_equal(read_text(lines[i], &out, &v, &stage, NULL), 0);
        floats_of(&v, got);
        assert_true(got[0] == 0.6f && got[1] == 0.8f);
        assert_true(jl_span_eq(v.model, JL_SPAN("a/b")));
        assert_int_equal(stage, JL_STAGE_LISTING);
        jl_buf_free(&out);
    }
}

static void what_is_refused(void **state) {
    (void)state;
#define WITH(members) "{\"model\":\"m\"," members "}"
    static const char *const lines[] = {"null",
                                        "[]",
                                        "\"x\"",
                                        "{}",
                                        WITH("\"dims\":2"),
                                        WITH("\"data\":\"" DATA_3_4 "\""),
                                        WITH("\"dims\":2,\"data\":[3,4]"),
                                        WITH("\"dims\":\"2\",\"data\":\"" DATA_3_4 "\""),
                                        WITH("\"dims\":1,\"data\":\"" DATA_3_4 "\""),
                                        WITH("\"dims\":3,\"data\":\"" DATA_3_4 "\""),
                                        WITH("\"dims\":0,\"data\":\"\""),
                                        WITH("\"dims\":-1,\"data\":\"\""),
                                        WITH("\"dims\":8193,\"data\":\"\""),
                                        WITH("\"dims\":2.0,\"data\":\"" DATA_3_4 "\""),
                                        WITH("\"dims\":2,\"data\":\"AABAQAAAgEB=\""),
                                        WITH("\"dims\":2,\"data\":\"AABAQAAAgEAA\""),
                                        WITH("\"dims\":2,\"data\":\"AABAQAAAgE==\""),
                                        WITH("\"dims\":2,\"data\":\"AABAQAAA*EA=\""),
                                        WITH("\"dims\":1,\"data\":\"AADAfw==\"") /* NaN */,
                                        WITH("\"dims\":1,\"data\":\"AACAfw==\"") /* infinity */,
                                        WITH("\"dims\":1,\"data\":\"AACA/w==\""),
                                        WITH("\"stage\":\"half\",\"dims\":2,\"data\":\"" DATA_3_4 "\""),
                                        WITH("\"stage\":1,\"dims\":2,\"data\":\"" DATA_3_4 "\""),
                                        "{\"dims\":2,\"data\":\"" DATA_3_4 "\"}",
                                        "{\"model\":\"\",\"dims\":2,\"data\":\"" DATA_3_4 "\"}",
                                        "{\"model\":\"a b\",\"dims\":2,\"data\":\"" DATA_3_4 "\"}",
                                        "{\"model\":\"\\\"\",\"dims\":2,\"data\":\"" DATA_3_4 "\"}",
                                        "{\"model\":\"\xc3\xa4\",\"dims\":2,\"data\":\"" DATA_3_4 "\"}",
                                        "{\"model\":7,\"dims\":2,\"data\":\"" DATA_3_4 "\"}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i) {
        jl_buf out = {0};
        jl_vector v;
        jl_stage stage;
        jl_err err = {0};
        if (read_text(lines[i], &out, &v, &stage, &err) == 0)
            fail_msg("read: %s", lines[i]);
        assert_int_equal(err.class, JL_DATA);
        assert_true(err.text[0] && v.n == 0 && out.n == 0);
        jl_buf_free(&out);
    }
}

static void not_written(void **state) {
    (void)state;
    char longest[JL_MODEL_MAX + 1];
    memset(longest, 'm', sizeof longest);
    float v[2] = {1, 0};
    jl_buf out = {0};
    assert_int_equal(jl_vector_write((jl_span){longest, JL_MODEL_MAX}, JL_STAGE_LISTING, v, 2, &out, NULL), -1);
    assert_int_equal(jl_vector_write(JL_SPAN("a\"b"), JL_STAGE_LISTING, v, 2, &out, NULL), -1);
    assert_int_equal(jl_vector_write(JL_SPAN("m"), JL_STAGE_LISTING, v, 0, &out, NULL), -1);
    assert_int_equal(jl_vector_write(JL_SPAN("m"), JL_STAGE_LISTING, v, JL_DIMS_MAX + 1, &out, NULL), -1);
    assert_int_equal(jl_vector_write((jl_span){longest, JL_MODEL_MAX - 1}, JL_STAGE_LISTING, v, 2, &out, NULL), 0);
    jl_buf_free(&out);
}

/* ---- lengths and cosines ---- */

static void every_length(void **state) {
    (void)state;
    static const float sizes[] = {1e-45f, 1e-38f, 1e-20f, 1e-3f, 1, 77, 1e19f, 1e38f, FLT_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        float v[3] = {sizes[i], -sizes[i], 0}, again[3];
        jl_vector_normalise(v, 3);
        assert_true(fabsf(v[0] - 0.70710678f) < 2e-7f && v[1] == -v[0] && v[2] == 0);
        memcpy(again, v, sizeof v);
        jl_vector_normalise(again, 3);
        assert_memory_equal(again, v, sizeof v);
    }
    float none[5] = {0};
    jl_vector_normalise(none, 5);
    for (int i = 0; i < 5; ++i)
        assert_true(none[i] == 0);
}

static void cosines_have_the_same_bits(void **state) {
    (void)state;
    chance c = chance_seeded();
    float a[200], b[200];
    for (uint32_t n = 0; n <= 200; ++n) {
        double exact = 0;
        for (uint32_t i = 0; i < n; ++i) {
            a[i] = (float)((double)(int64_t)chance_bits(&c) * 1e-20);
            b[i] = (float)((double)(int64_t)chance_bits(&c) * 1e-20);
            exact += (double)a[i] * (double)b[i];
        }
        float first = 0;
        for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level) {
            jl_level_force(level);
            float got = jl_vector_dot(a, b, n);
            first = level == JL_LEVEL_PLAIN ? got : first;
            assert_memory_equal(&got, &first, sizeof got);
        }
        assert_true(fabs((double)first - exact) < 1e-6);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_both_ways), cmocka_unit_test(one_spelling_only),
        cmocka_unit_test(written_is_read),  cmocka_unit_test(any_scale_and_spelling),
        cmocka_unit_test(what_is_refused),  cmocka_unit_test(not_written),
        cmocka_unit_test(every_length),     cmocka_unit_test(cosines_have_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
