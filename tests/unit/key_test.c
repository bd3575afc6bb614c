/* Keys: the frozen format, and which values are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include <inttypes.h>

#include "json_reference.h"
#include "jsonl/key.h"
#include "jsonl/level.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct probe {
    jl_keyspec spec;
    jl_want *want;
    jl_keyer keyer;
    jl_field field[8];
    jl_rec rec;
    char *line;
} probe;

/* Reads one line's key with everything made anew. */
static void probe_open(probe *p, const char *spec, jl_span line) {
    *p = (probe){0};
    assert_int_equal(jl_keyspec_parse(jl_span_of(spec), &p->spec, NULL), 0);
    p->want = jl_want_new(NULL);
    /* Something before it, so that the first index is not 0. */
    assert_int_equal(jl_want_path(p->want, JL_SPAN("elsewhere"), NULL), 0);
    int first = jl_want_key(p->want, &p->spec, NULL);
    assert_int_equal(first, 1);
    assert_int_equal(jl_keyer_init(&p->keyer, &p->spec, (size_t)first, NULL), 0);
    p->line = malloc(line.n + 1 + JL_PAD);
    if (!p->line)
        abort();
    memcpy(p->line, line.p, line.n);
    memset(p->line + line.n, '\n', 1 + JL_PAD);
    assert_int_equal(jl_rec_scan(p->want, p->line, p->line + line.n + 1, false, p->field, &p->rec, NULL),
                     JL_SCAN_RECORD);
    assert_int_equal(jl_key_of(&p->keyer, &p->rec, NULL), 0);
}

static void probe_close(probe *p) {
    jl_keyer_free(&p->keyer);
    jl_want_free(p->want);
    jl_keyspec_free(&p->spec);
    free(p->line);
}

static bool key_of(const char *spec, const char *line, jl_hash *key) {
    probe p;
    probe_open(&p, spec, jl_span_of(line));
    bool has = p.rec.has_key;
    *key = p.rec.key;
    probe_close(&p);
    return has;
}

static void golden_vectors_hold(void **state) {
    (void)state;
    FILE *f = fopen(JL_TESTS "/unit/golden/key.tsv", "r");
    assert_non_null(f);
    char *text = NULL;
    size_t cap = 0;
    size_t vectors = 0;
    while (getline(&text, &cap, f) > 0) {
        const char *spec = strtok(text, "\t");
        const char *line = strtok(NULL, "\t");
        const char *hi = strtok(NULL, "\t");
        const char *lo = strtok(NULL, "\n");
        assert_non_null(lo);
        for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level) {
            jl_hash key;
            jl_level_force(level);
            assert_true(key_of(spec, line, &key));
            if (key.hi != strtoull(hi, NULL, 16) || key.lo != strtoull(lo, NULL, 16))
                fail_msg("%016" PRIx64 " %016" PRIx64 " instead of %s %s: %s of %s", key.hi, key.lo, hi, lo, spec,
                         line);
        }
        ++vectors;
    }
    free(text);
    fclose(f);
    assert_true(vectors >= 40);
}

static void the_same_value_is_the_same_key(void **state) {
    (void)state;
    static const char *const same[][2] = {
        {"{\"id\":\"company\"}", "{\"\\u0069d\":\"comp\\u0061ny\"}"},
        {"{\"id\":\"\\/\"}", "{\"id\":\"/\"}"},
        {"{\"id\":\"\\u00e9\\ud83d\\ude00\"}", "{\"id\":\"\xc3\xa9\xf0\x9f\x98\x80\"}"},
        {"{\"id\":[1, {\"b\" : 2,\t\"a\":[ ]}]}", "{\"id\":[1,{\"a\":[],\"b\":2}]}"},
        {"{\"id\":{\"a\":1,\"a\":{\"x\":[]},\"\\u0061\":2}}", "{\"id\":{\"a\":2}}"},
        {"{\"id\":1,\"id\":2}", "{\"id\":2}"},
    };
    static const char *const different[][2] = {
        {"{\"id\":1}", "{\"id\":\"1\"}"},
        {"{\"id\":1}", "{\"id\":1.0}"},
        {"{\"id\":[]}", "{\"id\":{}}"},
        {"{\"id\":[1,2]}", "{\"id\":[2,1]}"},
        {"{\"id\":[[1],2]}", "{\"id\":[[1,2]]}"},
        {"{\"id\":\"null\"}", "{\"id\":[null]}"},
        {"{\"id\":\"a\"}", "{\"id\":\"a\\u0000\"}"},
        {"{\"id\":{\"a\":1}}", "{\"id\":{\"a\":1,\"b\":null}}"},
        {"{\"id\":\"A\"}", "{\"id\":\"a\"}"},
        {"{\"id\":\"a\"}", "{\"id\":\"a \"}"},
    };
    jl_hash a;
    jl_hash b;
    for (size_t i = 0; i < COUNT(same); ++i) {
        assert_true(key_of("id", same[i][0], &a) && key_of("id", same[i][1], &b));
        if (!jl_hash_eq(a, b))
            fail_msg("%s and %s", same[i][0], same[i][1]);
    }
    for (size_t i = 0; i < COUNT(different); ++i) {
        assert_true(key_of("id", different[i][0], &a) && key_of("id", different[i][1], &b));
        if (jl_hash_eq(a, b))
            fail_msg("%s and %s", different[i][0], different[i][1]);
    }
}

static void missing_and_null_are_no_key(void **state) {
    (void)state;
    static const char *const none[] = {"{}",
                                       "{\"a\":1}",
                                       "{\"b\":{\"c\":1}}",
                                       "{\"a\":null,\"b\":{\"c\":1}}",
                                       "{\"a\":1,\"b\":{\"c\":null}}",
                                       "{\"a\":1,\"b\":1}",
                                       "{\"a\":1,\"a\":null,\"b\":{\"c\":1}}"};
    jl_hash key;
    for (size_t i = 0; i < COUNT(none); ++i)
        assert_false(key_of("a,b.c", none[i], &key));
    assert_true(key_of("a,b.c", "{\"a\":null,\"a\":false,\"b\":{\"c\":\"\"}}", &key));
}

/* The bytes of one example, spelled out: the format that key.h freezes. */
static void canonical_bytes_are_as_documented(void **state) {
    (void)state;
    probe p;
    probe_open(
        &p, "t=title,c=company",
        JL_SPAN("{\"title\":[\"\\u00e9\",-1.5e3,null,true,{\"b\":false,\"a\":{},\"b\":\"x\"}],\"company\":\"ab\"}"));
    static const char want[] = "s\2\0\0\0ab"
                               "a\5\0\0\0"
                               "s\2\0\0\0\xc3\xa9"
                               "n\6\0\0\0-1.5e3"
                               "z"
                               "t"
                               "o\2\0\0\0"
                               "s\1\0\0\0a"
                               "o\0\0\0\0"
                               "s\1\0\0\0b"
                               "s\1\0\0\0x";
    jl_buf out = {0};
    assert_int_equal(jl_key_canonical(&p.keyer, &p.rec, &out, NULL), 0);
    assert_int_equal(out.n, sizeof want - 1);
    assert_memory_equal(out.p, want, out.n);
    jl_buf_free(&out);
    probe_close(&p);
}

/* A deep value with disordered members at each level; the largest that a record can hold. */
static void deep_values_are_keys(void **state) {
    (void)state;
    enum { LEVELS = 1022 };
    char *text[2];
    jl_hash key[2];
    for (int turn = 0; turn < 2; ++turn) {
        char *p = text[turn] = malloc(LEVELS * 24 + 64);
        assert_non_null(p);
        p = stpcpy(p, "{\"id\":");
        for (int i = 0; i < LEVELS; ++i)
            p = stpcpy(p, turn ? "{\"z\":1,\"a\":" : "{\"a\":");
        p = stpcpy(p, "[]");
        for (int i = 0; i < LEVELS; ++i)
            p = stpcpy(p, turn ? "}" : ",\"z\":1}");
        strcpy(p, "}");
        assert_true(key_of("id", text[turn], &key[turn]));
        free(text[turn]);
    }
    assert_true(jl_hash_eq(key[0], key[1]));
}

static void shards_share_out_the_keys(void **state) {
    (void)state;
    uint32_t count[7] = {0};
    for (uint32_t i = 0; i < 70000; ++i) {
        uint32_t shard = jl_key_shard((jl_hash){i * UINT64_C(0x9e3779b97f4a7c15) >> 20, 0}, 7);
        assert_true(shard < 7);
        ++count[shard];
    }
    for (int i = 0; i < 7; ++i)
        assert_in_range(count[i], 9000, 11000);
    assert_int_equal(jl_key_shard((jl_hash){UINT64_MAX, 0}, 1), 0);
    assert_int_equal(jl_key_shard((jl_hash){UINT64_MAX, 0}, UINT32_MAX), UINT32_MAX - 1);
    assert_int_equal(jl_key_shard((jl_hash){UINT64_C(0xffffffff00000000), 0}, 16), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_vectors_hold),         cmocka_unit_test(the_same_value_is_the_same_key),
        cmocka_unit_test(missing_and_null_are_no_key), cmocka_unit_test(canonical_bytes_are_as_documented),
        cmocka_unit_test(deep_values_are_keys),        cmocka_unit_test(shards_share_out_the_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
