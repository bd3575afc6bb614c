/* Slabs: lines scanned many at a time are what they are one by one. */
#include "unit/cmocka_all.h"

#include <stdlib.h>

#include "base/buf.h"
#include "chance.h"
#include "jsonl/slab.h"

enum { MAX_LINE = 60 };

static jl_buf text;

/* Lines of every kind, one after the other. */
static void write_lines(chance *c, size_t n) {
    static const char *const bad[] = {"{\"k\":1", "[]", "{\"k\":\"\xff\"}"};
    static const char *const blank[] = {"", " ", "\t\r"};
    jl_buf_clear(&text);
    for (; n > 0; n--) {
        size_t kind = chance_below(c, 40);
        const char *line = kind == 0 ? bad[chance_below(c, 3)] : blank[chance_below(c, 3)];
        if (kind < 4)
            assert_int_equal(jl_buf_addf(&text, NULL, "%s\n", line), 0);
        else if (kind == 4 && chance_below(c, 2))
            assert_int_equal(jl_buf_addf(&text, NULL, "%*s%s\n", 70, "", chance_below(c, 2) ? "" : "{bad"), 0);
        else if (kind == 4)
            assert_int_equal(jl_buf_addf(&text, NULL, "{\"x\":%0*d}\n", 70, 0), 0);
        else if (kind < 8)
            assert_int_equal(jl_buf_addf(&text, NULL, "{\"k\":null}\r\n"), 0);
        else
            assert_int_equal(jl_buf_addf(&text, NULL, "{\"k\":%d,\"a\":[]}\n", (int)chance_below(c, 9999) + 1), 0);
    }
    static const char padding[JL_PAD];
    assert_int_equal(jl_buf_add(&text, (jl_span){padding, sizeof padding}, NULL), 0);
    text.n -= sizeof padding;
}

/* The next line, seen alone: what it is, and that the slab says so. */
static size_t same_line(const jl_want *want, jl_keyer *keyer, const char *p, const jl_slab *s, size_t *record,
                        uint32_t line) {
    jl_field field[1];
    jl_rec rec;
    jl_scan kind = jl_rec_scan(want, p, text.p + text.n, false, field, &rec, NULL);
    if (kind == JL_SCAN_BLANK && rec.len <= MAX_LINE)
        return rec.len + 1;
    assert_true(*record <= s->n);
    const jl_rec *is = &s->rec[*record];
    assert_ptr_equal(is->line, p);
    assert_int_equal(is->len, rec.len);
    assert_int_equal(s->line[*record], line);
    if (kind == JL_SCAN_BAD || rec.len > MAX_LINE) {
        assert_int_equal(*record, s->n);
        assert_int_equal(s->bad, rec.len > MAX_LINE ? JL_BAD_LENGTH : JL_BAD_LINE);
        return rec.len + 1;
    }
    assert_int_equal(jl_key_of(keyer, &rec, NULL), 0);
    assert_int_equal(is->has_key, rec.has_key);
    assert_true(!rec.has_key || jl_hash_eq(is->key, rec.key));
    assert_int_equal(is->field[0].type, field[0].type);
    ++*record;
    return rec.len + 1;
}

static void as_line_by_line(void **state) {
    (void)state;
    chance c = chance_seeded();
    jl_keyspec key;
    assert_int_equal(jl_keyspec_parse(JL_SPAN("k"), &key, NULL), 0);
    jl_want *want = jl_want_new(NULL);
    int first = jl_want_key(want, &key, NULL);
    assert_true(first >= 0);
    jl_keyer keyer;
    assert_int_equal(jl_keyer_init(&keyer, &key, (size_t)first, NULL), 0);
    for (size_t round = chance_rounds(300); round > 0; round--) {
        jl_slab s;
        jl_err err = {0};
        size_t cap = 1 + chance_below(&c, chance_below(&c, 2) ? 5 : 300);
        assert_int_equal(jl_slab_open(&s, want, &key, (size_t)first, MAX_LINE, cap, &err), 0);
        write_lines(&c, chance_below(&c, 200));
        for (size_t at = 0; at < text.n;) {
            size_t taken, record = 0, seen = 0;
            uint32_t line = 0;
            assert_int_equal(jl_slab_scan(&s, (jl_span){text.p + at, text.n - at}, false, &taken, &err), 0);
            assert_true(taken > 0 && s.n <= cap);
            while (seen < taken)
                seen += same_line(want, &keyer, text.p + at + seen, &s, &record, line++);
            assert_int_equal(seen, taken);
            assert_int_equal(record, s.n);
            assert_int_equal(jl_slab_lines(&s), line);
            at += taken;
        }
        jl_slab_free(&s);
    }
    jl_buf_free(&text);
    jl_keyer_free(&keyer);
    jl_want_free(want);
    jl_keyspec_free(&key);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_line_by_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
