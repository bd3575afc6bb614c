/* The queue of copied lines against a list that is simple. */
#include "unit/cmocka_all.h"

#include "chance.h"
#include "frame/waiting.h"

enum { FIELDS = 3, MOST = 5000 };

typedef struct known {
    char *line;
    size_t n;
    jl_field field[FIELDS];
    const char *file;
    uint64_t number;
    bool asked;
    size_t extra;
    jl_hash key;
    const jl_waiter *place; /* where it was seen first */
} known;

static known model[MOST]; /* a ring */
static size_t first, count;
static uint64_t least; /* bytes of lines and questions in it */

static void add(jl_waiting *w, chance *c) {
    known *k = &model[(first + count) % MOST];
    size_t most = chance_below(c, 200) ? 300 : chance_below(c, 10) ? 100000 : 1500000;
    k->n = 2 + chance_below(c, most);
    k->line = malloc(k->n);
    assert_non_null(k->line);
    memset(k->line, (int)chance_below(c, 256), k->n);
    k->line[k->n - 1] = (char)chance_bits(c);
    for (size_t i = 0; i < FIELDS; i++)
        k->field[i] = (jl_field){(uint32_t)chance_bits(c), (uint32_t)chance_bits(c), JL_NUMBER, chance_below(c, 2)};
    k->file = k->line; /* any pointer: it is borrowed */
    k->number = chance_bits(c);
    k->asked = chance_below(c, 2);
    k->extra = k->asked ? chance_below(c, 500) : 0;
    k->key = (jl_hash){chance_bits(c), chance_bits(c)};
    k->place = NULL;
    jl_field field[FIELDS];
    memcpy(field, k->field, sizeof field);
    char *line = malloc(k->n);
    assert_non_null(line);
    memcpy(line, k->line, k->n);
    jl_rec rec = {.line = line, .field = field, .len = (uint32_t)k->n, .close = 1, .has_key = k->asked, .key = k->key};
    jl_waiter *added = jl_waiting_add(w, &rec, k->extra, NULL);
    assert_non_null(added);
    added->file = k->file;
    added->number = k->number;
    added->asked = k->asked;
    memset(line, '#', k->n); /* it was copied */
    memset(field, 0xff, sizeof field);
    free(line);
    least += k->n + k->extra;
    count++;
}

static void check_first(const jl_waiting *w) {
    const jl_waiter *is = jl_waiting_first(w);
    const jl_waiter *next = jl_waiting_second(w);
    if (count > 1)
        assert_memory_equal(next->rec.line, model[(first + 1) % MOST].line, model[(first + 1) % MOST].n);
    else
        assert_null(next);
    if (count == 0) {
        assert_null(is);
        assert_int_equal(jl_waiting_bytes(w), 0);
        return;
    }
    known *k = &model[first];
    assert_non_null(is);
    if (!k->place)
        k->place = is;
    assert_ptr_equal(is, k->place);
    assert_int_equal((uintptr_t)is % _Alignof(max_align_t), 0);
    assert_int_equal(is->rec.len, k->n);
    assert_memory_equal(is->rec.line, k->line, k->n);
    assert_int_equal(is->rec.close, 1);
    assert_int_equal(is->rec.has_key, k->asked);
    assert_true(jl_hash_eq(is->rec.key, k->key));
    for (size_t i = 0; i < FIELDS; i++) {
        assert_int_equal(is->rec.field[i].off, k->field[i].off);
        assert_int_equal(is->rec.field[i].len, k->field[i].len);
        assert_int_equal(is->rec.field[i].plain, k->field[i].plain);
    }
    assert_ptr_equal(is->file, k->file);
    assert_int_equal(is->number, k->number);
    assert_int_equal(is->asked, k->asked);
    assert_int_equal(is->extra, k->extra);
    /* What is accounted covers the lines and their questions, and little more. */
    assert_true(jl_waiting_bytes(w) >= least);
    assert_true(jl_waiting_bytes(w) <= least + count * (sizeof(jl_waiter) + FIELDS * sizeof(jl_field) + 16));
}

static void take(jl_waiting *w) {
    jl_waiting_take(w);
    least -= model[first].n + model[first].extra;
    free(model[first].line);
    first = (first + 1) % MOST;
    count--;
}

static void long_random_sequences(void **state) {
    (void)state;
    chance c = chance_seeded();
    jl_waiting *w = jl_waiting_new(FIELDS, NULL);
    assert_non_null(w);
    check_first(w);
    for (size_t phase = chance_rounds(60); phase > 0; phase--) {
        size_t bias = 1 + chance_below(&c, 9);
        for (size_t step = 0; step < 1500; step++) {
            bool grow = chance_below(&c, 10) < bias && count < MOST;
            if (grow)
                add(w, &c);
            else if (count > 0)
                take(w);
            check_first(w);
        }
        if (phase % 3 == 0) {
            while (count > 0) {
                take(w);
                check_first(w);
            }
        }
    }
    while (count > 1)
        take(w);
    add(w, &c);
    jl_waiting_free(w); /* with lines in it */
    while (count > 0) {
        free(model[first].line);
        first = (first + 1) % MOST;
        count--;
    }
    least = 0;
}

/* A line stays where it is while others come and go behind it. */
static void lines_do_not_move(void **state) {
    (void)state;
    chance c = {7};
    jl_waiting *w = jl_waiting_new(FIELDS, NULL);
    add(w, &c);
    check_first(w);
    const char *line = jl_waiting_first(w)->rec.line;
    for (int i = 0; i < 3000; i++)
        add(w, &c);
    check_first(w);
    assert_ptr_equal(jl_waiting_first(w)->rec.line, line);
    while (count > 0) {
        take(w);
        check_first(w);
    }
    jl_waiting_free(w);
}

static void no_fields(void **state) {
    (void)state;
    jl_waiting *w = jl_waiting_new(0, NULL);
    for (int i = 0; i < 5; i++) {
        jl_rec rec = {.line = "{}", .len = 2};
        assert_non_null(jl_waiting_add(w, &rec, 0, NULL));
        assert_memory_equal(jl_waiting_first(w)->rec.line, "{}", 2);
        jl_waiting_take(w);
        assert_null(jl_waiting_first(w));
        assert_int_equal(jl_waiting_bytes(w), 0);
    }
    jl_waiting_free(w);
    jl_waiting_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_random_sequences),
        cmocka_unit_test(lines_do_not_move),
        cmocka_unit_test(no_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
