/* Buffers: growth, ceiling, formatting, and what happens when memory runs out. */
#include "unit/cmocka_all.h"

#include "base/buf.h"

/* The allocator of the address sanitizer ends the process instead of returning NULL. */
#if defined(__SANITIZE_ADDRESS__)
#define MALLOC_MAY_FAIL 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MALLOC_MAY_FAIL 0
#endif
#endif
#ifndef MALLOC_MAY_FAIL
#define MALLOC_MAY_FAIL 1
#endif

static void grows_and_keeps(void **state) {
    (void)state;
    jl_buf b = {0};
    jl_err err = {0};
    for (int i = 0; i < 100000; i++)
        assert_int_equal(jl_buf_addc(&b, (char)('a' + i % 26), &err), 0);
    assert_int_equal(b.n, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(b.p[i], 'a' + i % 26);
    jl_buf_drop(&b, 26);
    assert_int_equal(b.n, 99974);
    assert_int_equal(b.p[0], 'a');
    jl_buf_drop(&b, b.n);
    assert_int_equal(b.n, 0);
    jl_buf_free(&b);
    assert_null(b.p);
    jl_buf_free(&b);
}

static void an_empty_one_needs_no_memory(void **state) {
    (void)state;
    jl_buf b = {0};
    assert_int_equal(jl_buf_add(&b, (jl_span){NULL, 0}, NULL), 0);
    assert_int_equal(jl_buf_reserve(&b, 0, NULL), 0);
    jl_buf_drop(&b, 0);
    assert_null(b.p);
    assert_string_equal(jl_buf_text(&b, NULL), "");
    assert_int_equal(b.n, 0);
    jl_buf_free(&b);
}

static void the_ceiling_holds_to_the_byte(void **state) {
    (void)state;
    for (size_t max = 1; max < 600; max += 7) {
        jl_buf b = {.max = max};
        jl_err err = {0};
        for (size_t i = 0; i < max; i++)
            assert_int_equal(jl_buf_addc(&b, 'x', &err), 0);
        assert_true(b.cap <= (max < 256 ? 256 : max));
        assert_int_equal(jl_buf_addc(&b, 'x', &err), -1);
        assert_int_equal(err.class, JL_SOFTWARE);
        assert_int_equal(b.n, max);
        /* The NUL is not part of the text. */
        assert_int_equal(strlen(jl_buf_text(&b, &err)), max);
        assert_int_equal(jl_buf_addf(&b, &err, "%s", ""), 0);
        assert_int_equal(jl_buf_addf(&b, &err, "%d", 1), -1);
        jl_buf_free(&b);
        assert_int_equal(b.max, max);
    }
}

static void formats_short_and_long(void **state) {
    (void)state;
    for (int n = 0; n < 1200; n++) {
        jl_buf b = {.max = (size_t)n + 2};
        jl_err err = {0};
        assert_int_equal(jl_buf_addf(&b, &err, "<%*s>", n, ""), 0);
        assert_int_equal(b.n, n + 2);
        assert_int_equal(b.p[0], '<');
        assert_int_equal(b.p[n + 1], '>');
        jl_buf_free(&b);
    }
}

static void absurd_sizes_are_refused(void **state) {
    (void)state;
    jl_buf b = {0};
    jl_err err = {0};
    assert_int_equal(jl_buf_add(&b, JL_SPAN("x"), &err), 0);
    assert_int_equal(jl_buf_reserve(&b, SIZE_MAX, &err), -1);
    assert_int_equal(jl_buf_reserve(&b, SIZE_MAX / 2, &err), -1);
#if MALLOC_MAY_FAIL
    /* More than the address space: the allocator itself says no. */
    assert_int_equal(jl_buf_reserve(&b, SIZE_MAX / 2 - 1, &err), -1);
    assert_string_equal(err.text, "out of memory");
#endif
    assert_int_equal(b.n, 1);
    assert_int_equal(b.p[0], 'x');
    jl_buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps),
        cmocka_unit_test(an_empty_one_needs_no_memory),
        cmocka_unit_test(the_ceiling_holds_to_the_byte),
        cmocka_unit_test(formats_short_and_long),
        cmocka_unit_test(absurd_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
