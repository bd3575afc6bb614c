/* The set of key hashes: what it holds, in which order, in how much memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "chance.h"
#include "jsonl/set.h"

static jl_hash random_hash(chance *c) {
    return (jl_hash){chance_bits(c), chance_bits(c)};
}

/* Key number i of `n`: spread, crowded in one place, or differing in one bit somewhere. */
static jl_hash nth_hash(int kind, size_t i) {
    chance c = {i};
    switch (kind) {
    case 0:
        return random_hash(&c);
    case 1:
        return (jl_hash){0, i}; /* with the one that is all zero */
    case 2:
        return (jl_hash){UINT64_MAX, UINT64_MAX - i};
    case 3:
        return (jl_hash){(uint64_t)i << 56 | i >> 8, 0};
    case 4:
        return (jl_hash){UINT64_C(0x7f00000000000000) + (i % 3), i};
    default:
        return i < 64 ? (jl_hash){UINT64_C(1) << i, 0} : (jl_hash){0, UINT64_C(1) << (i % 64)};
    }
}

enum { KINDS = 6, KEYS = 3000 };

typedef struct model {
    bool in[KEYS];
    uint64_t payload[KEYS];
    size_t count;
} model;

typedef struct walk {
    jl_hash last;
    size_t n;
    uint64_t sum;
} walk;

static int ascending(void *self, jl_hash key, uint64_t payload) {
    walk *w = self;
    if (w->n > 0)
        assert_true(key.hi > w->last.hi || (key.hi == w->last.hi && key.lo > w->last.lo));
    w->last = key;
    ++w->n;
    w->sum += payload;
    return 0;
}

static void check(const jl_set *s, const model *m, int kind, size_t keys, bool payload) {
    walk w = {0};
    uint64_t sum = 0;
    assert_int_equal(jl_set_count(s), m->count);
    for (size_t i = 0; i < keys; ++i) {
        jl_hash key = nth_hash(kind, i);
        assert_int_equal(jl_set_has(s, key), m->in[i]);
        uint64_t *place = jl_set_find(s, key);
        assert_int_equal(place != NULL, m->in[i] && payload);
        if (place)
            assert_true(*place == m->payload[i]);
        sum += m->in[i] && payload ? m->payload[i] : 0;
    }
    assert_int_equal(jl_set_walk(s, ascending, &w), 0);
    assert_int_equal(w.n, m->count);
    assert_true(w.sum == sum);
}

static void play(int kind, bool payload, size_t steps, chance *c) {
    jl_set *s = jl_set_new(payload, NULL);
    static model m;
    memset(&m, 0, sizeof m);
    size_t keys = kind == 5 ? 128 : KEYS;
    /* Mostly adding, then mostly removing, then adding again. */
    for (size_t step = 0; step < steps; ++step) {
        size_t i = chance_below(c, keys);
        jl_hash key = nth_hash(kind, i);
        size_t phase = step * 3 / steps;
        jl_set_prefetch(s, key);
        if (chance_below(c, 10) < (phase == 1 ? 2u : 8u)) {
            uint64_t *place = NULL;
            assert_int_equal(jl_set_add(s, key, &place, NULL), !m.in[i]);
            assert_int_equal(place != NULL, payload);
            if (place) {
                assert_true(*place == (m.in[i] ? m.payload[i] : 0));
                *place = m.payload[i] = chance_bits(c);
            }
            m.count += !m.in[i];
            m.in[i] = true;
        } else {
            assert_int_equal(jl_set_remove(s, key), m.in[i]);
            m.count -= m.in[i];
            m.in[i] = false;
        }
        if (step % (steps / 10) == 0)
            check(s, &m, kind, keys, payload);
    }
    check(s, &m, kind, keys, payload);
    jl_set_clear(s);
    memset(&m, 0, sizeof m);
    check(s, &m, kind, keys, payload);
    assert_int_equal(jl_set_add(s, nth_hash(kind, 1), NULL, NULL), 1);
    jl_set_free(s);
}

static void holds_what_was_added_less_what_was_removed(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t round = chance_rounds(1); round > 0; --round)
        for (int kind = 0; kind < KINDS; ++kind)
            for (int payload = 0; payload < 2; ++payload)
                play(kind, payload, 20000, &c);
}

static void an_empty_set_has_nothing(void **state) {
    (void)state;
    jl_set *s = jl_set_new(true, NULL);
    walk w = {0};
    assert_false(jl_set_has(s, (jl_hash){0, 0}));
    assert_false(jl_set_has(s, (jl_hash){1, 2}));
    assert_false(jl_set_remove(s, (jl_hash){0, 0}));
    assert_false(jl_set_remove(s, (jl_hash){1, 2}));
    assert_null(jl_set_find(s, (jl_hash){0, 0}));
    assert_int_equal(jl_set_walk(s, ascending, &w), 0);
    assert_int_equal(w.n, 0);
    jl_set_prefetch(s, (jl_hash){1, 2});
    jl_set_free(s);
    jl_set_free(NULL);
}

static int third(void *self, jl_hash key, uint64_t payload) {
    (void)key;
    (void)payload;
    return ++*(int *)self == 3 ? 42 : 0;
}

static void a_walk_can_be_stopped(void **state) {
    (void)state;
    jl_set *s = jl_set_new(false, NULL);
    for (size_t i = 0; i < 10; ++i)
        jl_set_add(s, nth_hash(1, i), NULL, NULL);
    int n = 0;
    assert_int_equal(jl_set_walk(s, third, &n), 42);
    assert_int_equal(n, 3);
    jl_set_free(s);
}

/* The promise of set.h, at every moment of growth: the peak counts what is allocated while a segment is copied. */
static void keeps_promise(bool payload) {
    const double promise = payload ? 38.4 : 25.6;
    const double segments = payload ? 150e3 : 100e3;
    jl_set *s = jl_set_new(payload, NULL);
    chance c = chance_seeded();
    double worst = 0;
    uint64_t peak = 0;
    size_t n = chance_rounds(2000000);
    n = n < 2000000 ? 2000000 : n > 30000000 ? 30000000 : n;
    for (size_t i = 1; i <= n; ++i) {
        assert_int_equal(jl_set_add(s, random_hash(&c), NULL, NULL), 1);
        if (jl_set_peak(s) == peak)
            continue;
        peak = jl_set_peak(s);
        double allowed = promise * (double)i + (i < 1000000 ? segments : 0);
        if ((double)peak > allowed)
            fail_msg("%zu keys, %zu bytes, %.2f each", i, (size_t)peak, (double)peak / (double)i);
        if (i >= 20000 && (double)peak / allowed > worst)
            worst = (double)peak / allowed;
    }
    /* The promise is no more generous than it has to be, and the figures are not made up. */
    assert_true(worst > 0.95);
    assert_true(jl_set_bytes(s) >= n * (payload ? 24 : 16) && jl_set_bytes(s) <= peak);
    jl_set_free(s);
}

static void memory_stays_within_the_promise(void **state) {
    (void)state;
    keeps_promise(false);
    keeps_promise(true);
}

static void small_sets_are_small(void **state) {
    (void)state;
    jl_set *s = jl_set_new(true, NULL);
    assert_true(jl_set_bytes(s) < 16384);
    for (size_t i = 0; i < 10; ++i)
        jl_set_add(s, nth_hash(0, i), NULL, NULL);
    assert_true(jl_set_bytes(s) < 16384);
    jl_set_clear(s);
    assert_true(jl_set_bytes(s) < 16384);
    jl_set_free(s);
}

/* Keys that are no hashes: slow, but neither wrong nor wasteful. */
static void crowded_keys_keep_within_memory(void **state) {
    (void)state;
    for (int kind = 1; kind < 5; ++kind) {
        jl_set *s = jl_set_new(false, NULL);
        for (size_t i = 0; i < 5000; ++i)
            assert_int_equal(jl_set_add(s, nth_hash(kind, kind == 3 ? i * 256 : i), NULL, NULL), 1);
        assert_true(jl_set_bytes(s) < 5000 * 64 + 65536);
        jl_set_free(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_was_added_less_what_was_removed),
        cmocka_unit_test(an_empty_set_has_nothing),
        cmocka_unit_test(a_walk_can_be_stopped),
        cmocka_unit_test(memory_stays_within_the_promise),
        cmocka_unit_test(small_sets_are_small),
        cmocka_unit_test(crowded_keys_keep_within_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
