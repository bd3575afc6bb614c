/* The hash model: its frozen vectors, what it takes for alike, texts that mean harm. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/digest.h"
#include "embed/bag.h"
#include "embed/embed.h"
#include "embed/fold.h"
#include "embed/http_body.h"
#include "embed/line.h"
#include "jsonl/json.h"

#define DIMS 384

static jl_embed *model;

static int open_model(void **state) {
    jl_err err = {0};
    (void)state;
    model = jl_embed_hash(&err);
    return model ? 0 : -1;
}

static int close_model(void **state) {
    (void)state;
    model->ops->close(model);
    return 0;
}

static void embed(jl_embed_text text, float v[DIMS]) {
    jl_err err = {0};
    assert_int_equal(model->ops->batch(model, &text, 1, v, &err), 0);
}

static void embed_title(const char *title, float v[DIMS]) {
    embed((jl_embed_text){.title = jl_span_of(title)}, v);
}

static double alike(const char *a, const char *b) {
    float v[DIMS], w[DIMS];
    double sum = 0;
    embed_title(a, v);
    embed_title(b, w);
    for (size_t i = 0; i < DIMS; i++)
        sum += (double)v[i] * (double)w[i];
    return sum;
}

/* ---- golden vectors: FROZEN with the name jobline-hash-1 ---- */

#define TEXT(literal)                                                                                                  \
    { (literal), sizeof(literal) - 1 }

static const struct {
    jl_embed_text text;
    uint64_t digest; /* of the 384 floats */
} golden[] = {
#include "golden/embed.inc"
};

static void test_golden(void **state) {
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        float v[DIMS];
        embed(golden[i].text, v);
        uint64_t digest = jl_digest((jl_span){(const char *)v, sizeof v}, 0);
        if (digest != golden[i].digest) {
            print_error("golden vector %zu: 0x%016llx\n", i, (unsigned long long)digest);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

/* ---- what is alike ---- */

static void test_alike(void **state) {
    (void)state;
    static const struct {
        const char *a, *near, *far;
    } sets[] = {
        {"Sr. Software Engineer", "Senior Software Developer", "Senior Accountant"},
        {"RN", "Registered Nurse, ICU", "Registered Agent"},
        {"Fullstack Developer", "Full-Stack Developer", "Land Developer"},
        {"C++ Developer", "c++ developer (m/w/d)", "C# Developer"},
        {"Krankenschwester", "Enfermera", "Ingenieur"},
        {"Ingénieur logiciel", "ingenieur LOGICIEL", "Infirmier"},
        {"Softwareentwickler", "Software Engineer", "Sachbearbeiter"},
        {"Node.js", "NodeJS", "Noda"},
        {"водитель грузовика", "Водители грузовиков", "медицинская сестра"},
        {"软件工程师", "高级软件工程师", "护士"},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        double near = alike(sets[i].a, sets[i].near), far = alike(sets[i].a, sets[i].far);
        if (!(near > far + 0.1))
            fail_msg("%s: %s %.3f, %s %.3f", sets[i].a, sets[i].near, near, sets[i].far, far);
    }
}

static void test_same_spelling(void **state) {
    (void)state;
    assert_true(alike("Sr. Mgr", "senior manager") > 0.999);
    assert_true(alike("K8S", "Kubernetes") > 0.999);
    assert_true(alike("E\xcc\x81lectricien", "\xc3\x89lectricien") > 0.999); /* decomposed */
    assert_true(alike("ENGINEER", "engineer") > 0.999);
    assert_true(alike("\xef\xbc\xa3\xef\xbc\xa6\xef\xbc\xaf", "cfo") > 0.999); /* full-width */
}

/* A description of any length does not drown the title; nor does what all postings say. */
static void test_boilerplate(void **state) {
    (void)state;
    static const char eeo[] = "We are an equal opportunity employer and do not discriminate on race, color, religion, "
                              "sex, national origin, age, disability, veteran status or genetic information. ";
    float bare[DIMS], full[DIMS];
    char body[2000] = "";
    double sum = 0;
    strcat(body, "Maintain conveyors and motors in a bottling plant. Read wiring diagrams. ");
    size_t n = strlen(body);
    embed((jl_embed_text){.title = JL_SPAN("Electrician"), .body = {body, n}}, bare);
    for (int i = 0; i < 2; i++)
        strcat(body, eeo);
    embed((jl_embed_text){.title = JL_SPAN("Electrician"), .body = jl_span_of(body)}, full);
    for (size_t i = 0; i < DIMS; i++)
        sum += (double)bare[i] * (double)full[i];
    assert_true(sum > 0.85);
}

/* ---- lengths, extremes ---- */

static double length_of(const float *v) {
    double sum = 0;
    for (size_t i = 0; i < DIMS; i++)
        sum += (double)v[i] * (double)v[i];
    return sqrt(sum);
}

static void test_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {"", " ", "!!! --- ...", "the of and", "\xf0\x9f\x9a\x80", "\xc2\xa0"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        float v[DIMS];
        embed_title(texts[i], v);
        assert_true(length_of(v) == 0);
    }
}

static void test_hostile(void **state) {
    (void)state;
    size_t n = 5 << 20;
    static const char *const parts[] = {"a",    "ab ", "c++ ", "c# ", ".net ", "evp ", "sdet.", "&",  "+",
                                        "\xff", "ß",   "界",   "İ",   "㈱ ",   "1 ",   "x&y ",  "#f", "race color "};
    char *text = malloc(n);
    assert_non_null(text);
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        size_t m = strlen(parts[p]);
        float v[DIMS];
        for (size_t i = 0; i < n; i++)
            text[i] = parts[p][i % m];
        embed((jl_embed_text){.body = {text, n}}, v);
        double length = length_of(v);
        assert_true(length == 0 || fabs(length - 1) < 1e-5);
    }
    free(text);
}

static void test_random_bytes(void **state) {
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int round = 0; round < 3000; round++) {
        size_t n = (size_t)round % 97;
        char *text = malloc(n + 1); /* exact, for the sanitizer */
        float v[DIMS];
        assert_non_null(text);
        for (size_t i = 0; i < n; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            text[i] = round % 2 ? (char)x : " aé.+#&netjsC"[x % 14];
        }
        char *exact = realloc(text, n ? n : 1);
        embed((jl_embed_text){.title = {exact, n}, .snippet = {exact, n}}, v);
        double length = length_of(v);
        assert_true(length == 0 || fabs(length - 1) < 1e-5);
        free(exact);
    }
}

/* Whatever was embedded before: nothing is left of it. */
static void test_no_memory(void **state) {
    (void)state;
    float first[DIMS], again[DIMS];
    embed_title("Data Engineer", first);
    test_hostile(state);
    embed_title("Data Engineer", again);
    assert_memory_equal(first, again, sizeof first);
}

/* ---- folding ---- */

static void test_fold(void **state) {
    (void)state;
    static const struct {
        const char *text, *folded;
        jl_letter letter;
    } sets[] = {
        {"A", "a", JL_LETTER},
        {"é", "e", JL_LETTER},
        {"Ä", "a", JL_LETTER},
        {"ß", "ss", JL_LETTER},
        {"Æ", "ae", JL_LETTER},
        {"Ł", "l", JL_LETTER},
        {"ế", "e", JL_LETTER},
        {"Д", "д", JL_LETTER},
        {"Ω", "ω", JL_LETTER},
        {"ς", "σ", JL_LETTER},
        {"Ա", "ա", JL_LETTER},
        {"Ａ", "a", JL_LETTER},
        {"界", "界", JL_LETTER_ALONE},
        {"ก", "ก", JL_LETTER_ALONE},
        {"Ñ", "n", JL_LETTER},
        {"9", "9", JL_LETTER},
        {"한", "한", JL_LETTER},
        {"“", "", JL_LETTER_NONE},
        {"×", "", JL_LETTER_NONE},
        {"🚀", "", JL_LETTER_NONE},
        {"\xff", "", JL_LETTER_NONE},
        {"\xc3", "", JL_LETTER_NONE},
        {"\xed\xa0\x80", "", JL_LETTER_NONE},
        {"\xcc\x81", "", JL_LETTER_DROPPED},
        {"\xc2\xad", "", JL_LETTER_DROPPED},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        jl_folded f;
        jl_letter letter = jl_fold(sets[i].text, strlen(sets[i].text), &f);
        if (letter != sets[i].letter)
            fail_msg("%s: %d", sets[i].text, (int)letter);
        if (letter == JL_LETTER || letter == JL_LETTER_ALONE)
            assert_true(jl_span_eq((jl_span){f.bytes, f.n}, jl_span_of(sets[i].folded)));
    }
}

/* ---- replies ---- */

typedef struct heard {
    size_t n, sum;
    uint32_t dims;
} heard;

static int hear(void *self, size_t index, const float *v, uint32_t dims, jl_err *err) {
    heard *h = self;
    (void)v;
    (void)err;
    h->n++;
    h->sum += index;
    h->dims = dims;
    return 0;
}

static int read_reply(const char *body, size_t n, heard *h) {
    char padded[1024] = {0};
    jl_buf scratch = {0};
    jl_err err = {0};
    *h = (heard){0};
    snprintf(padded, sizeof padded - JL_PAD, "%s", body);
    int rc = jl_embeddings_read((jl_span){padded, strlen(body)}, n, &scratch, hear, h, &err);
    jl_buf_free(&scratch);
    assert_true(rc == 0 || err.class == JL_DATA);
    return rc;
}

static void test_replies(void **state) {
    heard h;
    (void)state;
    assert_int_equal(
        read_reply("{\"data\":[{\"index\":1,\"embedding\":[1,-2.5e0]},{\"embedding\":[3,4],\"index\":0}]}", 2, &h), 0);
    assert_int_equal(h.n, 2);
    assert_int_equal(h.sum, 1);
    assert_int_equal(h.dims, 2);
    assert_int_equal(read_reply("{\"data\":[{\"index\":0,\"embedding\":\"AACAPwAAAEA=\"}]}", 1, &h), 0);
    assert_int_equal(h.dims, 2);
    assert_int_equal(read_reply("{\"data\":[{\"index\":0,\"embedding\":\"AACAPwAAAEA\\u003d\"}]}", 1, &h), 0);
    assert_int_equal(h.n, 1);
    static const char *const none[] = {
        "{\"data\":[{\"index\":2,\"embedding\":[1]}]}",          "{\"data\":[{\"index\":-1,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[]}]}",           "{\"data\":[{\"index\":0,\"embedding\":[1,null]}]}",
        "{\"data\":[{\"index\":0,\"embedding\":[1e99]}]}",       "{\"data\":[{\"index\":0,\"embedding\":\"AACAPw=\"}]}",
        "{\"data\":[{\"index\":0,\"embedding\":\"AAAAfwA=\"}]}", "{\"data\":[{\"index\":0}]}",
        "{\"data\":[{\"index\":\"0\",\"embedding\":[1]}]}",      "{\"data\":[7,null,[]]}",
        "{\"data\":[{\"index\":0,\"embedding\":\"AADAfw==\"}]}"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(read_reply(none[i], 2, &h), 0);
        if (h.n)
            fail_msg("%s", none[i]);
    }
    assert_int_equal(read_reply("{\"data\":{}}", 1, &h), -1);
    assert_int_equal(read_reply("{\"data\":[", 1, &h), -1);
    assert_int_equal(read_reply("", 1, &h), -1);
}

static void test_error_bodies(void **state) {
    (void)state;
    static const struct {
        const char *body, *text;
    } sets[] = {{"{\"error\":{\"message\":\"too\\nlong\",\"code\":400}}", "too\\x0along"},
                {"{\"message\":\"flat\",\"code\":\"x\"}", "flat"},
                {"{\"error\":\"plain\"}", "plain"},
                {"{\"detail\":\"there\"}", "there"},
                {"<html>", "<html>"}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        char padded[512] = {0}, text[64];
        snprintf(padded, sizeof padded - JL_PAD, "%s", sets[i].body);
        jl_embeddings_error((jl_span){padded, strlen(sets[i].body)}, text, sizeof text);
        assert_string_equal(text, sets[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),       cmocka_unit_test(test_alike),        cmocka_unit_test(test_same_spelling),
        cmocka_unit_test(test_boilerplate),  cmocka_unit_test(test_nothing),      cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_random_bytes), cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_fold),
        cmocka_unit_test(test_replies),      cmocka_unit_test(test_error_bodies),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
