/* The settings of an account as people write them. */
#include "unit/cmocka_all.h"

#include "base/buf.h"
#include "base/clock.h"
#include "chance.h"
#include "gate/ledger.h"

static int write_setting(void *self, const char *name, const char *value, jl_err *err) {
    return jl_buf_addf(self, err, "%s=%s\n", name, value);
}

static void all_are(const jl_settings *s, const char *wanted) {
    jl_err err = {0};
    jl_buf b = {0};
    assert_int_equal(jl_account_each(s, write_setting, &b, &err), 0);
    assert_string_equal(jl_buf_text(&b, &err), wanted);
    jl_buf_free(&b);
}

static void set(jl_settings *s, const char *change) {
    jl_err err = {0};
    if (jl_account_set(s, change, &err) != 0)
        fail_msg("%s: %s", change, err.text);
}

static void refuses(const char *change, const char *words) {
    jl_err err = {0};
    jl_settings s, before;
    jl_account_default(&s);
    set(&s, "price.page=5:15");
    before = s;
    assert_int_equal(jl_account_set(&s, change, &err), -1);
    assert_int_equal(err.class, JL_USAGE);
    if (!strstr(err.text, words))
        fail_msg("%s: %s", change, err.text);
    assert_memory_equal(&s, &before, sizeof s);
}

static void defaults(void **state) {
    (void)state;
    jl_settings s;
    jl_account_default(&s);
    all_are(&s, "budget=200000\nanchor=1\nconcurrency=15\nrate=0\nburst=1\ntimeout=300s\ngrace=30s\nhold=60s\n"
                "alerts=70,90\nuser-cap=0\npriority-share=0\nbreaker-rate=50\nbreaker-window=50\nbreaker-calls=10\n"
                "breaker-cooldown=60s\nbreaker-probes=1\n");
}

static void each_can_be_set(void **state) {
    (void)state;
    static const char *const changes[] = {"budget=1000000000000",
                                          "anchor=31",
                                          "concurrency=10000",
                                          "rate=0.000100",
                                          "burst=10000",
                                          "timeout=1.5",
                                          "grace=0",
                                          "hold=2m",
                                          "alerts=1,2,3,4,5,6,7,100",
                                          "user-cap=7",
                                          "priority-share=100",
                                          "breaker-rate=100",
                                          "breaker-window=1000",
                                          "breaker-calls=1",
                                          "breaker-cooldown=1ms",
                                          "breaker-probes=1000",
                                          "price.z=007",
                                          "price.a.b-c_D9=5:15",
                                          "price.m=0:0"};
    jl_settings s;
    jl_account_default(&s);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        set(&s, changes[i]);
    all_are(&s, "budget=1000000000000\nanchor=31\nconcurrency=10000\nrate=0.0001\nburst=10000\ntimeout=1500ms\n"
                "grace=0s\nhold=120s\nalerts=1,2,3,4,5,6,7,100\nuser-cap=7\npriority-share=100\nbreaker-rate=100\n"
                "breaker-window=1000\nbreaker-calls=1\nbreaker-cooldown=1ms\nbreaker-probes=1000\nprice.a.b-c_D9=5:15\n"
                "price.m=0\nprice.z=7\n");
    set(&s, "alerts=");
    assert_int_equal(s.alerts, 0);
}

static void what_cannot_be_set(void **state) {
    (void)state;
    refuses("", "NAME=VALUE");
    refuses("budget", "NAME=VALUE");
    refuses("=5", "no such setting");
    refuses("Budget=5", "no such setting");
    refuses("budge=5", "no such setting");
    refuses("budget=", "budget: ");
    refuses("budget=-1", "whole number");
    refuses("budget=5 ", "whole number");
    refuses("budget=1000000000001", "1000000000000");
    refuses("budget=1e3", "whole number");
    refuses("anchor=0", "from 1 to 31");
    refuses("anchor=32", "from 1 to 31");
    refuses("concurrency=0", "from 1");
    refuses("rate=0.00001", "calls a second");
    refuses("rate=1.0000000", "calls a second");
    refuses("rate=1.", "calls a second");
    refuses("rate=.5", "calls a second");
    refuses("rate=-1", "calls a second");
    refuses("rate=", "calls a second");
    refuses("rate=1000001", "calls a second");
    refuses("rate=1.5.5", "calls a second");
    refuses("timeout=0", "timeout: ");
    refuses("timeout=3d", "2 days");
    refuses("hold=8d", "days");
    refuses("grace=soon", "20ms");
    refuses("alerts=90,70", "above");
    refuses("alerts=70,70", "above");
    refuses("alerts=0", "from 1 to 100");
    refuses("alerts=101", "from 1 to 100");
    refuses("alerts=70,", "comma");
    refuses("alerts=,", "whole number");
    refuses("alerts=1,2,3,4,5,6,7,8,9", "8 percents");
    refuses("price.=5", "letters");
    refuses("price.a b=5", "letters");
    refuses("price.page=15:5", "above the worst");
    refuses("price.page=5:", "whole number");
    refuses("price.page=:5", "whole number");
    refuses("price.page=5:5:5", "whole number");
    refuses("price.1234567890123456789012345678901234567890123456789012345678901234x=5", "64");
    refuses(
        "budget=00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000001",
        "NAME=VALUE");
}

static void prices(void **state) {
    (void)state;
    char change[64];
    jl_err err = {0};
    jl_settings s;
    jl_account_default(&s);
    assert_null(jl_account_price(&s, "page"));
    for (int i = 0; i < JL_PRICES_MAX; i++) {
        snprintf(change, sizeof change, "price.%d=%d:100", i * 37 % JL_PRICES_MAX, i);
        set(&s, change);
    }
    for (int i = 0; i < JL_PRICES_MAX; i++) {
        snprintf(change, sizeof change, "%d", i * 37 % JL_PRICES_MAX);
        const jl_price *p = jl_account_price(&s, change);
        assert_non_null(p);
        assert_int_equal(p->normal, i);
        assert_int_equal(p->worst, 100);
    }
    assert_int_equal(jl_account_set(&s, "price.page=5", &err), -1);
    set(&s, "price.page=");
    set(&s, "price.37=");
    assert_null(jl_account_price(&s, "37"));
    set(&s, "price.page=5");
    set(&s, "price.page=6:7");
    assert_int_equal(jl_account_price(&s, "page")->normal, 6);
    assert_int_equal(jl_account_price(&s, "page")->worst, 7);
    assert_null(jl_account_price(&s, "pag"));
    assert_null(jl_account_price(&s, "page2"));
    assert_null(jl_account_price(&s, ""));
}

static int set_again(void *self, const char *name, const char *value, jl_err *err) {
    char change[160];
    snprintf(change, sizeof change, "%s=%s", name, value);
    return jl_account_set(self, change, err);
}

/* What is written reads as what it was. */
static void there_and_back(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t i = 0; i < chance_rounds(2000); i++) {
        char change[64];
        jl_err err = {0};
        jl_settings s, again;
        jl_account_default(&s);
        snprintf(change, sizeof change, "rate=%u.%06u", (unsigned)chance_below(&c, 1000000),
                 (unsigned)chance_below(&c, 1000000));
        set(&s, change);
        snprintf(change, sizeof change, "hold=%uns", 1000000 + (unsigned)chance_below(&c, 4000000000u));
        set(&s, change);
        snprintf(change, sizeof change, "grace=%ums", (unsigned)chance_below(&c, 172800000u));
        set(&s, change);
        set(&s, "price.page=5:15");
        jl_account_default(&again);
        assert_int_equal(jl_account_each(&s, set_again, &again, &err), 0);
        assert_true(again.rate == s.rate);
        assert_int_equal(again.hold, s.hold);
        assert_int_equal(again.grace, s.grace);
        assert_memory_equal(again.price, s.price, sizeof s.price);
    }
}

static jl_ledger *opened(const jl_url *url, const char *provider, int64_t patience, jl_err *err) {
    static jl_ledger ledger;
    (void)url;
    (void)provider;
    (void)patience;
    (void)err;
    return &ledger;
}

static const jl_ledger_opener one = {"one", NULL, opened}, other = {"other", NULL, opened};
static const jl_ledger_opener *const openers[] = {&one, &other, NULL};

static void providers_and_schemes(void **state) {
    (void)state;
    char long_name[JL_PROVIDER_MAX + 2];
    memset(long_name, 'x', sizeof long_name);
    long_name[JL_PROVIDER_MAX + 1] = '\0';
    const char *const bad[] = {"", "a b", "a:b", "a/b", "{a}", "\xc3\xa4", long_name};
    jl_url url = {.scheme = "other"};
    jl_err err = {0};
    assert_non_null(jl_ledger_open(openers, &url, "Has.Data_v-2", 0, &err));
    assert_non_null(jl_ledger_open(openers, &url, long_name + 1, 0, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(jl_ledger_open(openers, &url, bad[i], 0, &err));
        assert_int_equal(err.class, JL_USAGE);
    }
    url = (jl_url){.scheme = "postgres"};
    assert_null(jl_ledger_open(openers, &url, "hasdata", 0, &err));
    assert_int_equal(err.class, JL_USAGE);
    assert_string_equal(err.text, "postgres: cannot keep a ledger in this build, which has: one: other:");
}

static void ids_and_names(void **state) {
    (void)state;
    jl_err err = {0};
    char a[JL_HOLD_ID_SIZE], b[JL_HOLD_ID_SIZE];
    assert_int_equal(jl_hold_id(a, &err), 0);
    assert_int_equal(jl_hold_id(b, &err), 0);
    assert_int_equal(strlen(a), 32);
    assert_int_equal(strspn(a, "0123456789abcdef"), 32);
    assert_string_not_equal(a, b);
    assert_string_equal(jl_refusal_name(JL_ADMITTED), "admitted");
    assert_string_equal(jl_refusal_name(JL_REFUSED_PRICE), "price");
    assert_string_equal(jl_refusal_name(JL_REFUSED_QUOTA), "quota");
    assert_string_equal(jl_refusal_name(JL_REFUSALS), "unknown");
    assert_string_equal(jl_hold_state_name(JL_HOLD_NONE), "none");
    assert_string_equal(jl_hold_state_name(JL_HOLD_VOID), "void");
    assert_string_equal(jl_event_name(JL_EVENT_SET), "set");
    assert_string_equal(jl_event_name(JL_EVENT_REBUILD), "rebuild");
    assert_string_equal(jl_event_name((jl_event_kind)77), "unknown");
    for (jl_refusal r = JL_ADMITTED; r < JL_REFUSALS; r++)
        assert_int_equal(jl_refusal_passes(r), r == JL_REFUSED_CONCURRENCY || r == JL_REFUSED_RATE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),      cmocka_unit_test(each_can_be_set), cmocka_unit_test(what_cannot_be_set),
        cmocka_unit_test(prices),        cmocka_unit_test(there_and_back),  cmocka_unit_test(providers_and_schemes),
        cmocka_unit_test(ids_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
