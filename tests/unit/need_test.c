/* When the cache is poor; what is searched for then. */
#include "unit/cmocka_all.h"

#include <stdlib.h>

#include "match/need.h"

static void poor(void **state) {
    (void)state;
    const jl_enough enough = {.floor = 40, .best = 60, .found = 100};
    assert_false(jl_need_poor(&enough, 60, 20, 20));
    assert_false(jl_need_poor(&enough, 59.9, 100, 20));
    assert_true(jl_need_poor(&enough, 59.9, 99, 20));
    assert_true(jl_need_poor(&enough, 99, 19, 20));
    assert_true(jl_need_poor(&enough, 0, 0, 0));
}

static jl_buf out;
static size_t n;
static jl_err err;

static int ask(const char *json, size_t max) {
    char padded[2048] = "";
    jl_profile profile = {0};
    jl_value value;
    snprintf(padded, sizeof padded - JL_PAD, "%s", json);
    assert_int_equal(jl_each_check((jl_span){padded, strlen(padded)}, &value, &err), 0);
    assert_int_equal(jl_profile_read(&profile, value, 1767268800, &err), 0);
    jl_buf_clear(&out);
    int result = jl_need_requests(&profile, max, &out, &n, &err);
    assert_non_null(jl_buf_text(&out, NULL));
    jl_profile_free(&profile);
    return result;
}

static void expect(const char *json, size_t max, size_t lines, const char *text) {
    assert_int_equal(ask(json, max), 0);
    assert_int_equal(n, lines);
    if (strcmp(out.p, text) != 0)
        fail_msg("%s", out.p);
}

static void requests(void **state) {
    (void)state;
    expect("{\"title\":\"Senior Data Engineer II (Remote)\",\"location\":\"Chicago, "
           "IL\",\"skills\":[\"Communication\",\"Python\"]}",
           5, 2,
           "{\"keyword\":\"Data Engineer\",\"location\":\"Chicago, IL\"}\n{\"keyword\":\"Data Engineer "
           "Python\",\"location\":\"Chicago, IL\"}\n");
    expect("{\"title\":\"Cook\",\"preferences\":{\"locations\":[\"Paris\",\"Lyon\"]},\"location\":\"Nice\"}", 5, 2,
           "{\"keyword\":\"Cook\",\"location\":\"Paris\"}\n{\"keyword\":\"Cook\",\"location\":\"Lyon\"}\n");
    expect("{\"title\":\"Cook\",\"location\":\"Nice\",\"preferences\":{\"remote\":true}}", 5, 1,
           "{\"keyword\":\"Cook\",\"location\":\"Remote\"}\n");
    expect("{\"titles\":[\"Cook\",\"Senior Cook\"],\"location\":\"Nice\"}", 5, 1,
           "{\"keyword\":\"Cook\",\"location\":\"Nice\"}\n");
    expect("{\"skills\":[\"Welding\",\"Forklift\"]}", 1, 1, "{\"keyword\":\"Welding\",\"location\":\"Remote\"}\n");
    expect("{\"title\":\"Cook\"}", 0, 0, "");
    assert_int_equal(ask("{\"text\":\"hello there\"}", 5), -1);
    assert_int_equal(err.class, JL_DATA);
}

static int done(void **state) {
    (void)state;
    jl_buf_free(&out);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(poor), cmocka_unit_test(requests)};
    return cmocka_run_group_tests(tests, NULL, done);
}
