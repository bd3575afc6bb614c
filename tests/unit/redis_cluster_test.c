/* The map of a Redis Cluster: the slot of a key, the node that a redirection names. */
#include "unit/cmocka_all.h"

#include "wire/redis_cluster.h"

/* The first value is the specification's own check of its CRC16; the others are what CLUSTER KEYSLOT of Redis 7.0.15
   gives. */
static void slots(void **state) {
    (void)state;
    static const struct {
        const char *key;
        uint16_t slot;
    } cases[] = {{"123456789", 0x31c3},
                 {"", 0},
                 {"foo", 12182},
                 {"{user1000}.following", 3443},
                 {"{user1000}.followers", 3443},
                 {"user1000", 3443},
                 {"foo{}{bar}", 8363},
                 {"foo{{bar}}zap", 4015},
                 {"{bar", 4015},
                 {"foo{bar}{zap}", 5061},
                 {"bar", 5061},
                 {"foo}{bar", 7624},
                 {"\xff\xfe\x80", 11813},
                 {"jobline:senior:v1:17:default", 14254}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (jl_redis_slot(jl_span_of(cases[i].key)) != cases[i].slot)
            fail_msg("%s: %u", cases[i].key, jl_redis_slot(jl_span_of(cases[i].key)));
}

static jl_redis_cluster *open_cluster(jl_url *url, const char *text) {
    jl_err err = {0};
    assert_int_equal(jl_url_parse(jl_span_of(text), url, &err), 0);
    jl_redis_cluster *c = jl_redis_cluster_open(url, &err);
    if (!c)
        fail_msg("%s", err.text);
    return c;
}

static void seeds(void **state) {
    (void)state;
    jl_url url;
    jl_redis_cluster *c = open_cluster(&url, "redis+cluster://u:hunter@a:1,[::2]:2,c%2dd,a:1/0");
    assert_int_equal(c->nodes, 3);
    assert_string_equal(c->node[0]->name, "redis+cluster://a:1");
    assert_string_equal(c->node[1]->name, "redis+cluster://[::2]:2");
    assert_string_equal(c->node[1]->host, "::2");
    assert_string_equal(c->node[2]->name, "redis+cluster://c-d:6379");
    assert_null(strstr(c->name, "hunter"));
    /* In turn, and those that have not answered last. */
    assert_ptr_equal(jl_redis_cluster_ask(c, true), c->node[0]);
    assert_ptr_equal(jl_redis_cluster_ask(c, true), c->node[1]);
    c->node[2]->suspect = true;
    assert_ptr_equal(jl_redis_cluster_ask(c, true), c->node[0]);
    assert_ptr_equal(jl_redis_cluster_ask(c, false), c->node[1]);
    assert_ptr_equal(jl_redis_cluster_ask(c, false), c->node[2]);
    assert_null(jl_redis_cluster_ask(c, false));
    jl_err err = {0};
    assert_null(jl_redis_cluster_master(c, 5, &err));
    assert_int_equal(err.class, JL_UNAVAILABLE);
    assert_null(jl_redis_cluster_any(c, NULL));
    jl_redis_cluster_close(c);
}

static void only_one_database(void **state) {
    (void)state;
    static const char *const cases[] = {"redis+cluster://a/1", "redis+cluster://a/x", "redis+cluster://a?db=0"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jl_url url;
        jl_err err = {0};
        assert_int_equal(jl_url_parse(jl_span_of(cases[i]), &url, &err), 0);
        assert_null(jl_redis_cluster_open(&url, &err));
        assert_int_equal(err.class, JL_USAGE);
    }
}

static void redirections(void **state) {
    (void)state;
    static const struct {
        const char *text, *host;
        uint16_t port, slot;
    } cases[] = {{"MOVED 3999 127.0.0.1:6381", "127.0.0.1", 6381, 3999},
                 {"ASK 0 node.example:1", "node.example", 1, 0},
                 {"MOVED 16383 2001:db8::1:65535", "2001:db8::1", 65535, 16383},
                 {"MOVED 1 :6382", "a", 6382, 1}, /* whose name is not known: as the one that says it */
                 {"MOVED 1 ?:6382", "a", 6382, 1}};
    jl_url url;
    jl_redis_cluster *c = open_cluster(&url, "redis+cluster://a:1,b:2");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jl_err err = {0};
        uint16_t slot = 7;
        jl_redis_node *node = jl_redis_cluster_target(c, c->node[0], cases[i].text, &slot, &err);
        if (!node)
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_string_equal(node->host, cases[i].host);
        assert_int_equal(node->port, cases[i].port);
        assert_int_equal(slot, cases[i].slot);
        jl_redis_cluster_move(c, slot, node);
        assert_ptr_equal(jl_redis_cluster_master(c, slot, &err), node);
    }
    assert_int_equal(c->masters, 4);
    static const char *const bad[] = {
        "MOVED",           "MOVED 3999", "MOVED 16384 h:1", "MOVED x h:1",       "MOVED 1 h",   "MOVED 1 h:0",
        "MOVED 1 h:65536", "MOVED 1 h:", "MOVED 1:2 h x",   "MOVED  1 h:1 more", "MOVED -1 h:1"};
    size_t nodes = c->nodes;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        jl_err err = {0};
        uint16_t slot;
        if (jl_redis_cluster_target(c, c->node[0], bad[i], &slot, &err))
            fail_msg("taken for a node: %s", bad[i]);
        assert_true(err.text[0]);
    }
    assert_int_equal(c->nodes, nodes);
    jl_redis_cluster_close(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots),
        cmocka_unit_test(seeds),
        cmocka_unit_test(only_one_database),
        cmocka_unit_test(redirections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
