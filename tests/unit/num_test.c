/* Numbers, sizes, durations and shares, as people type them. */
#include "unit/cmocka_all.h"

#include "base/num.h"

#define OK 0

static void whole_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t min, max;
        int result;
        uint64_t value;
    } cases[] = {
        {"0", 0, UINT64_MAX, OK, 0},
        {"007", 0, 9, OK, 7},
        {"18446744073709551615", 0, UINT64_MAX, OK, UINT64_MAX},
        {"18446744073709551616", 0, UINT64_MAX, -1, 0},
        {"99999999999999999999", 0, UINT64_MAX, -1, 0},
        {"1", 1, 10, OK, 1},
        {"10", 1, 10, OK, 10},
        {"0", 1, 10, -1, 0},
        {"11", 1, 10, -1, 0},
        {"", 0, 10, -1, 0},
        {" 1", 0, 10, -1, 0},
        {"1 ", 0, 10, -1, 0},
        {"+1", 0, 10, -1, 0},
        {"-1", 0, 10, -1, 0},
        {"1.0", 0, 10, -1, 0},
        {"0x1", 0, 10, -1, 0},
        {"1e1", 0, 10, -1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 42;
        jl_err err = {0};
        int result = jl_num_u64(jl_span_of(cases[i].text), cases[i].min, cases[i].max, &value, &err);
        assert_int_equal(result, cases[i].result);
        assert_int_equal(value, result == OK ? cases[i].value : 42);
        assert_int_equal(err.class, result == OK ? JL_OK : JL_USAGE);
    }
    jl_err err = {0};
    uint64_t value;
    jl_num_u64(JL_SPAN("x"), 1, 9, &value, &err);
    assert_string_equal(err.text, "'x' is not a whole number from 1 to 9");
    jl_num_u64(JL_SPAN("x"), 1, UINT64_MAX, &value, &err);
    assert_string_equal(err.text, "'x' is not a whole number of at least 1");
    /* Not the whole span: what stands behind it is never read. */
    assert_int_equal(jl_num_u64((jl_span){"123", 2}, 0, 99, &value, &err), 0);
    assert_int_equal(value, 12);
}

static void sizes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int result;
        uint64_t value;
    } cases[] = {
        {"0", OK, 0},
        {"4096", OK, 4096},
        {"1k", OK, 1024},
        {"1K", OK, 1024},
        {"16M", OK, UINT64_C(16) << 20},
        {"16m", OK, UINT64_C(16) << 20},
        {"2G", OK, UINT64_C(2) << 30},
        {"3T", OK, UINT64_C(3) << 40},
        {"1KiB", OK, 1024},
        {"1MiB", OK, 1 << 20},
        {"16777215T", OK, UINT64_C(16777215) << 40},
        {"16777216T", -1, 0},
        {"18446744073709551615", OK, UINT64_MAX},
        {"18446744073709551616", -1, 0},
        {"", -1, 0},
        {"K", -1, 0},
        {"1KB", -1, 0},
        {"1Ki", -1, 0},
        {"1 K", -1, 0},
        {"1.5M", -1, 0},
        {"1P", -1, 0},
        {"-1", -1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 42;
        jl_err err = {0};
        int result = jl_num_size(jl_span_of(cases[i].text), &value, &err);
        assert_int_equal(result, cases[i].result);
        if (result == OK)
            assert_int_equal(value, cases[i].value);
        else
            assert_int_equal(err.class, JL_USAGE);
    }
    uint64_t value;
    assert_int_equal(jl_num_size((jl_span){"1\0", 2}, &value, NULL), -1);
}

static void durations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int result;
        int64_t value;
    } cases[] = {
        {"0", OK, 0},
        {"1", OK, INT64_C(1000000000)},
        {"1s", OK, INT64_C(1000000000)},
        {"20ms", OK, 20000000},
        {"1.5s", OK, INT64_C(1500000000)},
        {"0.1", OK, 100000000},
        {"0.001ms", OK, 1000},
        {"7us", OK, 7000},
        {"9ns", OK, 9},
        {"10m", OK, INT64_C(600000000000)},
        {"2h", OK, INT64_C(7200000000000)},
        {"0.5h", OK, INT64_C(1800000000000)},
        {"1d", OK, INT64_C(86400000000000)},
        {"1.000000000000000000000000000001s", OK, INT64_C(1000000000)},
        {"0.999999999s", OK, 999999999},
        {"106751d", OK, INT64_C(106751) * 86400 * 1000000000},
        {"106752d", -1, 0},
        {"9223372036s", OK, INT64_C(9223372036000000000)},
        {"9223372037s", -1, 0},
        {"18446744073709551615s", -1, 0},
        {"", -1, 0},
        {"s", -1, 0},
        {".5s", -1, 0},
        {"1.s", -1, 0},
        {"1,5s", -1, 0},
        {"-1s", -1, 0},
        {"1 s", -1, 0},
        {"1sec", -1, 0},
        {"1M", -1, 0},
        {"inf", -1, 0},
        {"1e3", -1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 42;
        jl_err err = {0};
        int result = jl_num_duration(jl_span_of(cases[i].text), &value, &err);
        if (result != cases[i].result || value != (result == OK ? cases[i].value : 42))
            fail_msg("%s: %d, %lld", cases[i].text, result, (long long)value);
        assert_int_equal(err.class, result == OK ? JL_OK : JL_USAGE);
    }
}

static void shares(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int result;
        int64_t count;
        double percent;
    } cases[] = {
        {"0", OK, 0, -1},
        {"17", OK, 17, -1},
        {"0%", OK, -1, 0},
        {"100%", OK, -1, 100},
        {"0.5%", OK, -1, 0.5},
        {"12.25%", OK, -1, 12.25},
        {"100.5%", -1, 0, 0},
        {"101%", -1, 0, 0},
        {"1.5", -1, 0, 0},
        {"%", -1, 0, 0},
        {"", -1, 0, 0},
        {"-1", -1, 0, 0},
        {"5 %", -1, 0, 0},
        {"5%%", -1, 0, 0},
        {"9223372036854775807", OK, INT64_MAX, -1},
        {"9223372036854775808", -1, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t count = 42;
        double percent = 42;
        jl_err err = {0};
        int result = jl_num_share(jl_span_of(cases[i].text), &count, &percent, &err);
        assert_int_equal(result, cases[i].result);
        assert_int_equal(count, result == OK ? cases[i].count : 42);
        assert_true(percent == (result == OK ? cases[i].percent : 42));
        assert_int_equal(err.class, result == OK ? JL_OK : JL_USAGE);
    }
}

static void with_commas(void **state) {
    (void)state;
    char text[32];
    assert_string_equal(jl_num_text(0, text), "0");
    assert_string_equal(jl_num_text(999, text), "999");
    assert_string_equal(jl_num_text(1000, text), "1,000");
    assert_string_equal(jl_num_text(-1234567, text), "-1,234,567");
    assert_string_equal(jl_num_text(INT64_MAX, text), "9,223,372,036,854,775,807");
    assert_string_equal(jl_num_text(INT64_MIN, text), "-9,223,372,036,854,775,808");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers), cmocka_unit_test(sizes),       cmocka_unit_test(durations),
        cmocka_unit_test(shares),        cmocka_unit_test(with_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
