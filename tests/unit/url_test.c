/* URLs: their parts, and passwords that never show. */
#include "unit/cmocka_all.h"

#include "base/url.h"

typedef struct url_case {
    const char *text;
    const char *scheme, *user, *pass, *host;
    unsigned port;
    const char *path, *query, *hosts, *shown;
} url_case;

static void parts(void **state) {
    (void)state;
    static const url_case cases[] = {
        {"sqlite:a b%20c.db", "sqlite", "", "", "", 0, "a b%20c.db", "", "", "sqlite:a b%20c.db"},
        {"sqlite:/var/x?y#z@h", "sqlite", "", "", "", 0, "/var/x?y#z@h", "", "", "sqlite:/var/x?y#z@h"},
        {"sqlite::memory:", "sqlite", "", "", "", 0, ":memory:", "", "", "sqlite::memory:"},
        {"redis://h", "redis", "", "", "h", 0, "", "", "", "redis://h"},
        {"redis://h:6379/2", "redis", "", "", "h", 6379, "/2", "", "", "redis://h:6379/2"},
        {"redis://:pw@h:1/0", "redis", "", "pw", "h", 1, "/0", "", "", "redis://h:1/0"},
        {"redis://u:p%40%2F%3a@h:65535", "redis", "u", "p@/:", "h", 65535, "", "", "", "redis://h:65535"},
        {"redis://u:p:q@h", "redis", "u", "p:q", "h", 0, "", "", "", "redis://h"},
        {"redis://u:p@q@h", "redis", "u", "p@q", "h", 0, "", "", "", "redis://h"},
        {"redis://u@h", "redis", "u", "", "h", 0, "", "", "", "redis://h"},
        {"redis://[::1]:6379/1", "redis", "", "", "::1", 6379, "/1", "", "", "redis://[::1]:6379/1"},
        {"redis://u:p@[fe80::1%25eth0]", "redis", "u", "p", "fe80::1%eth0", 0, "", "", "", "redis://[fe80::1%eth0]"},
        {"redis:///3", "redis", "", "", "", 0, "/3", "", "", "redis:///3"},
        {"redis+unix:///run/r%20s.sock?db=2", "redis+unix", "", "", "", 0, "/run/r s.sock", "db=2", "",
         "redis+unix:///run/r s.sock?db=2"},
        {"redis+unix://u:p@/run/r.sock", "redis+unix", "u", "p", "", 0, "/run/r.sock", "", "",
         "redis+unix:///run/r.sock"},
        {"redis+cluster://h1:1,h2:2", "redis+cluster", "", "", "h1", 1, "", "", "h1:1,h2:2",
         "redis+cluster://h1:1,h2:2"},
        {"redis+cluster://u:p@h1:1,[::2]:2/", "redis+cluster", "u", "p", "h1", 1, "/", "", "h1:1,[::2]:2",
         "redis+cluster://h1:1,[::2]:2/"},
        {"redis+cluster://h1", "redis+cluster", "", "", "h1", 0, "", "", "h1", "redis+cluster://h1"},
        {"postgres://u:p@h/db?sslmode=require&password=x", "postgres", "u", "p", "h", 0, "/db",
         "sslmode=require&password=x", "", "postgres://h/db"},
        {"https://example.org?x=%26", "https", "", "", "example.org", 0, "", "x=&", "", "https://example.org"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const url_case *want = &cases[i];
        jl_url url;
        jl_err err = {0};
        if (jl_url_parse(jl_span_of(want->text), &url, &err) != 0)
            fail_msg("%s: %s", want->text, err.text);
        assert_string_equal(url.scheme, want->scheme);
        assert_string_equal(url.user, want->user);
        assert_string_equal(url.pass, want->pass);
        assert_string_equal(url.host, want->host);
        assert_int_equal(url.port, want->port);
        assert_string_equal(url.path, want->path);
        assert_string_equal(url.query, want->query);
        assert_string_equal(url.hosts, want->hosts);
        char shown[200];
        jl_url_show(&url, shown, sizeof shown);
        assert_string_equal(shown, want->shown);
        char cut[8];
        jl_url_show(&url, cut, sizeof cut);
        assert_int_equal(strncmp(cut, want->shown, 7), 0);
    }
}

static void refused(void **state) {
    (void)state;
    /* "hunter" stands for a password wherever one could have come to stand: no message may repeat it. */
    static const char *const cases[] = {
        "",
        "hunter",
        "/hunter",
        ":hunter",
        "sqlite:",
        "redis:hunter@h",
        "redis:/hunter",
        "REDIS://h",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:hunter",
        "redis://h:",
        "redis://:hunter/x@h:1/0",
        "redis://u:hunter?x@h",
        "redis://u:1/hunter@h",
        "redis://u:hunter%@h",
        "redis://u:hunter%4@h",
        "redis://u:hunter%zz@h",
        "redis://u:hunter%00@h",
        "redis://[::1",
        "redis://[::1]6379",
        "redis+cluster://h1:1,,h2:2",
        "redis+cluster://h1:1,h2:hunter",
        "redis+cluster://",
        "redis+cluster://h1,",
        "a-scheme-that-is-much-too-long-for-us://h",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        jl_url url;
        jl_err err = {0};
        if (jl_url_parse(jl_span_of(cases[i]), &url, &err) == 0)
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(err.class, JL_USAGE);
        assert_true(strlen(err.text) > 10);
        assert_null(strstr(err.text, "hunter"));
        assert_null(memmem(&url, sizeof url, "hunter", 6));
    }
}

static void too_long(void **state) {
    (void)state;
    static const char *const forms[] = {"sqlite:%s",    "redis://%s",   "redis://u:%s@h",    "redis://%s@h",
                                        "redis://h/%s", "redis://h?%s", "redis+cluster://%s"};
    char name[3000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char text[4000];
        snprintf(text, sizeof text, forms[i], name);
        jl_url url;
        jl_err err = {0};
        assert_int_equal(jl_url_parse(jl_span_of(text), &url, &err), -1);
        assert_non_null(strstr(err.text, "too long"));
    }
    /* The longest that fits, to the byte. */
    jl_url url;
    char text[1100] = "sqlite:";
    memset(text + 7, 'p', sizeof url.path - 1);
    assert_int_equal(jl_url_parse((jl_span){text, 7 + sizeof url.path - 1}, &url, NULL), 0);
    text[7 + sizeof url.path - 1] = 'p';
    assert_int_equal(jl_url_parse((jl_span){text, 7 + sizeof url.path}, &url, NULL), -1);
}

static void nul_bytes(void **state) {
    (void)state;
    jl_url url;
    assert_int_equal(jl_url_parse(JL_SPAN("sqlite:a\0b"), &url, NULL), -1);
    assert_int_equal(jl_url_parse(JL_SPAN("redis://a\0b"), &url, NULL), -1);
    assert_int_equal(jl_url_parse(JL_SPAN("redis+cluster://a\0b"), &url, NULL), -1);
}

static void secrets_are_known_and_wiped(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool secret;
    } cases[] = {
        {"redis://h/0", false},
        {"redis://u@h/0", false},
        {"redis://u:hunter@h/0", true},
        {"postgres://h/db?password=hunter", true},
        {"postgres://h/db?sslmode=x", false},
        {"redis+unix:///p?PASS=hunter", true},
        {"sqlite:password", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        jl_url url;
        assert_int_equal(jl_url_parse(jl_span_of(cases[i].text), &url, NULL), 0);
        assert_int_equal(jl_url_secret(&url), cases[i].secret);
        jl_url_wipe(&url);
        assert_false(jl_url_secret(&url));
        assert_null(memmem(&url, sizeof url, "hunter", 6));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts),
        cmocka_unit_test(refused),
        cmocka_unit_test(too_long),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(secrets_are_known_and_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
