/* Texts kept once: equal texts have one id, and an id gives its text back for good. */
#include "unit/cmocka_all.h"

#include "chance.h"
#include "jsonl/values.h"

static void texts_come_back(void **state) {
    (void)state;
    enum { TEXTS = 3000 };
    static char text[TEXTS][40];
    static size_t length[TEXTS];
    static uint64_t id[TEXTS];
    static const char *place[TEXTS];
    chance c = chance_seeded();
    jl_values *v = jl_values_new(NULL);
    assert_non_null(v);
    size_t kept = 0;
    for (size_t round = chance_rounds(100000); round > 0; round--) {
        size_t i = chance_below(&c, kept + 1);
        if (i == kept && kept < TEXTS) { /* the number makes it distinct; NULs and shared beginnings are part of it */
            uint32_t number = (uint32_t)kept;
            length[kept] = sizeof number + chance_below(&c, sizeof text[0] - sizeof number);
            memset(text[kept], 0, sizeof text[0]);
            memcpy(text[kept], &number, sizeof number);
            assert_int_equal(jl_values_keep(v, (jl_span){text[kept], length[kept]}, &id[kept], NULL), 0);
            assert_true(id[kept] < UINT64_C(1) << 56);
            for (size_t k = 0; k < kept && kept < 200; k++)
                assert_true(id[k] != id[kept]);
            place[kept] = jl_values_get(v, id[kept]).p;
            kept++;
        } else if (i < kept) {
            uint64_t again;
            assert_int_equal(jl_values_keep(v, (jl_span){text[i], length[i]}, &again, NULL), 0);
            assert_int_equal(again, id[i]);
            jl_span back = jl_values_get(v, id[i]);
            assert_ptr_equal(back.p, place[i]);
            assert_true(jl_span_eq(back, (jl_span){text[i], length[i]}));
        }
    }
    jl_values_free(v);
}

static void empty_and_large(void **state) {
    (void)state;
    jl_values *v = jl_values_new(NULL);
    size_t sizes[] = {0, 1, 262139, 262140, 262141, 262144, 3000000, 1, 0};
    uint64_t id[9];
    char *large = malloc(3000000);
    assert_non_null(large);
    memset(large, 'x', 3000000);
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(jl_values_keep(v, (jl_span){sizes[i] ? large : NULL, sizes[i]}, &id[i], NULL), 0);
    for (size_t i = 0; i < 9; i++) {
        jl_span back = jl_values_get(v, id[i]);
        assert_int_equal(back.n, sizes[i]);
        if (back.n)
            assert_memory_equal(back.p, large, back.n);
    }
    assert_int_equal(id[0], id[8]);
    assert_int_equal(id[1], id[7]);
    free(large);
    jl_values_free(v);
    jl_values_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_back),
        cmocka_unit_test(empty_and_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
