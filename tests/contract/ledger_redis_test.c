/* What a ledger is worth on a Redis server that loses keys, scripts, memory and power. */
#include "unit/cmocka_all.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "contract/redis_cluster.h"
#include "contract/turned_clock.h"
#include "contract/well.h"
#include "gate/ledger.h"
#include "books/replay.h"

#define DAY (86400 * JL_SECOND)
#define TAG "jobline:ledger:v1:{hasdata}:"
#define UNCERTAIN 300

static const jl_ledger_opener *const openers[] = {&jl_ledger_redis, &jl_ledger_redis_unix, &jl_ledger_redis_cluster,
                                                  NULL};

static redis_server server;
static char *const with_aof[] = {"--appendonly", "yes", "--appendfsync", "everysec", NULL};

static jl_ledger *open_at(const char *text) {
    jl_err err = {0};
    jl_url url;
    well(jl_url_parse(jl_span_of(text), &url, &err), &err);
    jl_ledger *l = jl_ledger_open(openers, &url, "hasdata", 5 * JL_SECOND, &err);
    if (!l)
        fail_msg("%s: %s", text, err.text);
    return l;
}

static jl_ledger *open_ledger(void) {
    char text[160];
    snprintf(text, sizeof text, "redis+unix://%s", server.socket);
    return open_at(text);
}

static void say(const char *command, const char *wanted) {
    char reply[4096];
    assert_true(redis_say(&server, command, reply, sizeof reply) > 0);
    if (!strstr(reply, wanted))
        fail_msg("%s: %s", command, reply);
}

static void set(jl_ledger *l, const char *change) {
    jl_err err = {0};
    well(l->ops->set(l, &change, 1, &err), &err);
}

static jl_refusal reserve(jl_ledger *l, char id[JL_HOLD_ID_SIZE]) {
    jl_err err = {0};
    jl_admission a;
    well(jl_hold_id(id, &err), &err);
    jl_reserve r = {.id = id, .endpoint = "page", .user = "ann", .cost = -1};
    well(l->ops->reserve(l, &r, &a, &err), &err);
    return a.refusal;
}

static int64_t sent(jl_ledger *l, const char *id) {
    jl_err err = {0};
    int64_t lease;
    well(l->ops->send(l, id, &lease, &err), &err);
    return lease;
}

static jl_settled settle(jl_ledger *l, const char *id, jl_hold_state to) {
    jl_err err = {0};
    jl_settled result;
    jl_settle s = {.id = id,
                   .to = to,
                   .cost = -1,
                   .outcome = JL_CALL_NEUTRAL,
                   .by = "",
                   .endpoint = "page",
                   .user = "ann",
                   .worst = 10};
    well(l->ops->settle(l, &s, &result, &err), &err);
    return result;
}

static jl_account look(jl_ledger *l) {
    jl_err err = {0};
    jl_account a;
    well(l->ops->look(l, &a, &err), &err);
    return a;
}

static int64_t spent(jl_ledger *l) {
    jl_account a = look(l);
    int64_t credits = a.spent;
    jl_account_free(&a);
    return credits;
}

static void refused(jl_ledger *l, jl_class class, const char *wanted) {
    jl_err err = {0};
    jl_admission a;
    char id[JL_HOLD_ID_SIZE];
    well(jl_hold_id(id, &err), &err);
    jl_reserve r = {.id = id, .endpoint = "page", .user = "", .cost = -1};
    assert_int_equal(l->ops->reserve(l, &r, &a, &err), -1);
    assert_int_equal(err.class, class);
    if (!strstr(err.text, wanted))
        fail_msg("'%s' is not in: %s", wanted, err.text);
}

/* A hold that ended in a period before this one. */
static void remember_an_old_one(jl_ledger *l) {
    jl_err err = {0};
    jl_ended old = {.id = "0123456789abcdef0123456789abcdef", .state = JL_HOLD_SETTLED, .period = "2020-01-01"};
    jl_account a = look(l);
    a.ended = &old;
    a.endings = 1;
    well(l->ops->restore(l, &a, &err), &err);
    a.ended = NULL;
    a.endings = 0;
    jl_account_free(&a);
}

/* Something in every key: holds of all kinds, two periods' memories. */
static jl_ledger *lived_in(void) {
    jl_err err = {0};
    char id[JL_HOLD_ID_SIZE];
    jl_ledger *l = open_ledger();
    set(l, "price.page=5:10");
    remember_an_old_one(l);
    assert_int_equal(reserve(l, id), JL_ADMITTED);
    assert_int_equal(settle(l, id, JL_HOLD_SETTLED).charged, 5);
    assert_int_equal(reserve(l, id), JL_ADMITTED);
    assert_int_equal(settle(l, id, JL_HOLD_VOID).charged, 0);
    assert_int_equal(reserve(l, id), JL_ADMITTED);
    assert_int_equal(settle(l, id, JL_HOLD_UNCERTAIN).charged, 10);
    assert_int_equal(reserve(l, id), JL_ADMITTED);
    assert_true(sent(l, id) > 0);
    assert_int_equal(l->ops->claim(l, "70%", JL_SECOND, &err), 1);
    well(l->ops->told(l, "70%", true, &err), &err);
    return l;
}

/* ---- what is lost ---- */

static void nothing_there_is_not_zero(void **state) {
    (void)state;
    jl_ledger *l = open_ledger();
    refused(l, JL_CONFIG, "there is no account hasdata");
    l->ops->close(l);
}

static void a_key_that_is_gone(void **state) {
    static const char *const key[] = {"account", "holds", "leases", "users", "ended:0", "ended:1", "notices"};
    char command[100];
    (void)state;
    for (size_t i = 0; i < sizeof key / sizeof *key; i++) {
        jl_err err = {0};
        const char *change = "budget=1000";
        say("FLUSHALL", "+OK");
        jl_ledger *l = lived_in();
        jl_account a = look(l);
        snprintf(command, sizeof command, "DEL " TAG "%s", key[i]);
        say(command, ":1\r\n");
        refused(l, JL_CONFIG, "run credits rebuild");
        assert_int_equal(l->ops->set(l, &change, 1, &err), -1);
        assert_int_equal(err.class, JL_CONFIG);
        well(l->ops->restore(l, &a, &err), &err);
        jl_account b = look(l);
        assert_int_equal(b.spent, 15);
        assert_int_equal(b.held, 10);
        assert_int_equal(b.uncertain, 10);
        assert_int_equal(b.holds, 2);
        assert_int_equal(b.seq, a.seq + 1);
        jl_account_free(&a);
        jl_account_free(&b);
        l->ops->close(l);
    }
}

/* A rebuild from less than there was would make credits of nothing. */
static void a_journal_that_is_gone(void **state) {
    jl_err err = {0};
    (void)state;
    jl_ledger *l = lived_in();
    jl_account a = look(l);
    say("DEL " TAG "journal", ":1\r\n");
    refused(l, JL_CONFIG, "journal");
    assert_int_equal(l->ops->restore(l, &a, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    a.seq = 0;
    assert_int_equal(l->ops->restore(l, &a, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    jl_account_free(&a);
    l->ops->close(l);
}

static void an_entry_that_is_gone(void **state) {
    jl_err err = {0};
    (void)state;
    jl_ledger *l = lived_in();
    jl_account a = look(l);
    say("XDEL " TAG "journal 3-0", ":1\r\n");
    refused(l, JL_CONFIG, "journal");
    assert_int_equal(l->ops->restore(l, &a, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    jl_account_free(&a);
    l->ops->close(l);
}

static void a_key_of_another_type(void **state) {
    static const char *const key[] = {"account", "holds", "leases", "users", "ended:0", "journal", "notices"};
    char command[100], named[60];
    (void)state;
    for (size_t i = 0; i < sizeof key / sizeof *key; i++) {
        say("FLUSHALL", "+OK");
        jl_ledger *l = lived_in();
        snprintf(command, sizeof command, "SET " TAG "%s x", key[i]);
        say(command, "+OK");
        snprintf(named, sizeof named, "(%s): run credits rebuild", key[i]);
        refused(l, JL_CONFIG, named);
        l->ops->close(l);
    }
}

/* ---- what is damaged ---- */

static void unseen(jl_ledger *l, const char *wanted) {
    jl_err err = {0};
    jl_account a;
    assert_int_equal(l->ops->look(l, &a, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    if (!strstr(err.text, wanted) || !strstr(err.text, "run credits rebuild"))
        fail_msg("'%s' is not in: %s", wanted, err.text);
}

/* What decides whether a call may pass is nobody's but the ledger's. */
static void a_field_that_is_damaged(void **state) {
    static const char *const damage[] = {
        "HSET " TAG "account numbers '1000000 1 15 0 1 300000000 30000000 60000000 0 0 50 50 10 60000000 1'",
        "HSET " TAG "account numbers nonsense",
        "HSET " TAG "account held ''",
        "HSET " TAG "account carried '2000-01-01 2999-01-01 1'",
        "HSET " TAG "account breaker closed",
        "HSET " TAG "account breaker nonsense",
        "HSET " TAG "account probes 0123",
        "HSET " TAG "account cooled 0",
        "HSET " TAG "account cooled nonsense",
        "HSET " TAG "account tat nonsense",
        "HSET " TAG "account seq 999999",
        "HSET " TAG "account at nonsense",
        "HSET " TAG "account period nonsense",
        "HDEL " TAG "account live",
        "HDEL " TAG "account seq",
        "HDEL " TAG "account seal",
    };
    (void)state;
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        jl_err err = {0};
        char id[JL_HOLD_ID_SIZE];
        say("FLUSHALL", "+OK");
        jl_ledger *l = lived_in();
        well(l->ops->breaker(l, true, 0, &err), &err);
        say(damage[i], ":");
        refused(l, JL_CONFIG, "(account): run credits rebuild");
        unseen(l, "(account)");
        well(jl_ledger_rebuild(l, &err), &err);
        assert_int_equal(reserve(l, id), JL_REFUSED_BREAKER);
        assert_int_equal(spent(l), 15);
        l->ops->close(l);
    }
}

static void a_sum_that_is_damaged(void **state) {
    static const char *const how[] = {"HSET " TAG "account spent:%s 0", "HSET " TAG "account spent:%s nonsense",
                                      "HDEL " TAG "account spent:%s"};
    (void)state;
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        jl_err err = {0};
        char command[100];
        say("FLUSHALL", "+OK");
        jl_ledger *l = lived_in();
        jl_account a = look(l);
        snprintf(command, sizeof command, how[i], a.period);
        jl_account_free(&a);
        say(command, ":");
        refused(l, JL_CONFIG, "(account): run credits rebuild");
        well(jl_ledger_rebuild(l, &err), &err);
        assert_int_equal(spent(l), 15);
        l->ops->close(l);
    }
}

static void a_setting_that_is_damaged(void **state) {
    jl_err err = {0};
    const char *change = "concurrency=3";
    (void)state;
    jl_ledger *l = lived_in();
    say("HSET " TAG "account set.budget 7", ":0\r\n");
    unseen(l, "(settings)");
    assert_int_equal(l->ops->set(l, &change, 1, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    well(jl_ledger_rebuild(l, &err), &err);
    jl_account a = look(l);
    assert_int_equal(a.settings.budget, 200000);
    jl_account_free(&a);
    l->ops->close(l);
}

static void trouble(int rc, const jl_err *err, const char *wanted) {
    assert_int_equal(rc, -1);
    assert_int_equal(err->class, JL_CONFIG);
    if (!strstr(err->text, wanted) || !strstr(err->text, "run credits rebuild"))
        fail_msg("'%s' is not in: %s", wanted, err->text);
}

static void a_hold_that_is_damaged(void **state) {
    jl_err err = {0};
    char id[JL_HOLD_ID_SIZE], command[200];
    int64_t lease;
    jl_settled result;
    (void)state;
    jl_ledger *l = lived_in();
    assert_int_equal(reserve(l, id), JL_ADMITTED);
    snprintf(command, sizeof command, "HSET " TAG "holds %s nonsense", id);
    say(command, ":0\r\n");
    unseen(l, "(holds)");
    trouble(l->ops->send(l, id, &lease, &err), &err, "(holds)");
    well(jl_ledger_rebuild(l, &err), &err);
    assert_int_equal(settle(l, id, JL_HOLD_VOID).before, JL_HOLD_RESERVED);
    snprintf(command, sizeof command, "HSET " TAG "ended:0 %s nonsense", id);
    say(command, ":0\r\n");
    jl_settle again = {.id = id, .to = JL_HOLD_SETTLED, .cost = 5, .by = "", .endpoint = "", .user = "", .worst = 5};
    trouble(l->ops->settle(l, &again, &result, &err), &err, "(ended)");
    well(jl_ledger_rebuild(l, &err), &err);
    assert_int_equal(l->ops->settle(l, &again, &result, &err), 0);
    assert_int_equal(result.before, JL_HOLD_VOID);
    l->ops->close(l);
}

/* A lease of what is no hold, and one that is not the hold's. */
static void a_lease_that_is_damaged(void **state) {
    jl_err err = {0};
    char id[JL_HOLD_ID_SIZE], command[200];
    (void)state;
    jl_ledger *l = lived_in();
    assert_int_equal(reserve(l, id), JL_ADMITTED);
    snprintf(command, sizeof command, "ZREM " TAG "leases %s", id);
    say(command, ":1\r\n");
    say("ZADD " TAG "leases 1 nonsense", ":1\r\n");
    refused(l, JL_CONFIG, "(holds): run credits rebuild");
    well(jl_ledger_rebuild(l, &err), &err);
    snprintf(command, sizeof command, "ZADD " TAG "leases 9e15 %s", id);
    say(command, ":0\r\n");
    unseen(l, "(leases)");
    l->ops->close(l);
}

static void what_users_hold_is_damaged(void **state) {
    (void)state;
    jl_ledger *l = lived_in();
    say("HSET " TAG "users \"\\tann\" 1", ":0\r\n");
    unseen(l, "(users)");
    say("HSET " TAG "users \"\\tann\" nonsense", ":0\r\n");
    unseen(l, "(users)");
    l->ops->close(l);
}

static int count_entry(void *self, const jl_event *e, jl_err *err) {
    uint64_t *n = self;
    (void)err;
    assert_int_equal(e->seq, ++*n);
    return 0;
}

static void the_journal_outlives_the_account(void **state) {
    jl_err err = {0};
    uint64_t n = 0;
    (void)state;
    jl_ledger *l = lived_in();
    jl_account a = look(l);
    say("DEL " TAG "account " TAG "holds", ":2\r\n");
    well(l->ops->journal(l, 1, count_entry, &n, &err), &err);
    assert_int_equal(n, a.seq);
    jl_account_free(&a);
    say("FLUSHALL", "+OK");
    assert_int_equal(l->ops->journal(l, 1, count_entry, &n, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    l->ops->close(l);
}

/* More than one page of it. */
static void a_long_journal(void **state) {
    jl_err err = {0};
    uint64_t n = 0;
    char id[JL_HOLD_ID_SIZE];
    (void)state;
    jl_ledger *l = lived_in();
    for (int i = 0; i < 700; i++) {
        assert_int_equal(reserve(l, id), JL_ADMITTED);
        assert_int_equal(settle(l, id, JL_HOLD_SETTLED).charged, 5);
    }
    well(l->ops->journal(l, 1, count_entry, &n, &err), &err);
    jl_account a = look(l);
    assert_int_equal(n, a.seq);
    assert_int_equal(a.spent, 15 + 700 * 5);
    jl_account_free(&a);
    l->ops->close(l);
}

/* ---- servers ---- */

static void a_script_that_is_gone(void **state) {
    char id[JL_HOLD_ID_SIZE];
    (void)state;
    jl_ledger *l = lived_in();
    assert_int_equal(reserve(l, id), JL_ADMITTED);
    say("SCRIPT FLUSH", "+OK");
    assert_int_equal(settle(l, id, JL_HOLD_SETTLED).charged, 5);
    assert_int_equal(spent(l), 20);
    l->ops->close(l);
}

/* A server that is killed has written what it has confirmed, with everysec, too. */
static void restarted_with_aof(void **state) {
    char id[JL_HOLD_ID_SIZE];
    (void)state;
    redis_stop(&server);
    assert_true(redis_start(&server, with_aof));
    jl_ledger *l = lived_in();
    assert_null(l->ops->advice(l));
    assert_int_equal(reserve(l, id), JL_ADMITTED);
    redis_stop(&server);
    refused(l, JL_UNAVAILABLE, "");
    assert_true(redis_start(&server, with_aof));
    assert_true(sent(l, id) > 0);
    assert_int_equal(settle(l, id, JL_HOLD_SETTLED).before, JL_HOLD_SENT);
    assert_int_equal(settle(l, id, JL_HOLD_SETTLED).before, JL_HOLD_SETTLED);
    assert_int_equal(spent(l), 20);
    redis_stop(&server);
    assert_true(redis_start(&server, with_aof));
    assert_int_equal(spent(l), 20);
    l->ops->close(l);
}

static void restarted_without(void **state) {
    (void)state;
    jl_ledger *l = lived_in();
    assert_non_null(strstr(l->ops->advice(l), "appendonly"));
    redis_stop(&server);
    assert_true(redis_start(&server, NULL));
    refused(l, JL_CONFIG, "there is no account hasdata");
    l->ops->close(l);
}

static void advice_on_eviction(void **state) {
    (void)state;
    jl_ledger *l = open_ledger();
    say("CONFIG SET maxmemory-policy allkeys-lru", "+OK");
    assert_null(strstr(l->ops->advice(l), "noeviction"));
    say("CONFIG SET maxmemory 100mb", "+OK");
    assert_non_null(strstr(l->ops->advice(l), "noeviction"));
    l->ops->close(l);
}

static void a_server_that_is_full_changes_nothing(void **state) {
    char id[JL_HOLD_ID_SIZE];
    (void)state;
    jl_ledger *l = lived_in();
    jl_account a = look(l);
    say("CONFIG SET maxmemory 1", "+OK");
    refused(l, JL_UNAVAILABLE, "out of memory");
    say("CONFIG SET maxmemory 0", "+OK");
    jl_account b = look(l);
    assert_int_equal(a.seq, b.seq);
    assert_int_equal(a.held, b.held);
    assert_int_equal(reserve(l, id), JL_ADMITTED);
    jl_account_free(&a);
    jl_account_free(&b);
    l->ops->close(l);
}

static void a_cluster(void **state) {
    redis_cluster cluster = {0};
    char id[JL_HOLD_ID_SIZE], single[160];
    jl_err err = {0};
    jl_admission a;
    uint64_t n = 0;
    (void)state;
    assert_true(redis_cluster_start(&cluster));
    jl_ledger *l = open_at(cluster.url);
    refused(l, JL_CONFIG, "there is no account hasdata");
    set(l, "price.page=5:10");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(reserve(l, id), JL_ADMITTED);
        assert_true(sent(l, id) > 0);
        assert_int_equal(settle(l, id, JL_HOLD_SETTLED).before, JL_HOLD_SENT);
    }
    assert_int_equal(spent(l), 100);
    well(l->ops->journal(l, 1, count_entry, &n, &err), &err);
    assert_true(n > 60);
    (void)l->ops->advice(l);
    l->ops->close(l);
    /* Named as a single server, one of the nodes says what is wrong. */
    int away = 0;
    for (int i = 0; i < CLUSTER_NODES; i++) {
        snprintf(single, sizeof single, "redis://127.0.0.1:%d", cluster.node[i].port);
        l = open_at(single);
        jl_reserve r = {.id = id, .endpoint = "page", .user = "", .cost = -1};
        if (l->ops->reserve(l, &r, &a, &err) != 0) {
            assert_int_equal(err.class, JL_CONFIG);
            away++;
        }
        l->ops->close(l);
    }
    assert_int_equal(away, CLUSTER_NODES - 1);
    redis_cluster_remove(&cluster);
}

/* ---- replies that are lost ---- */

static volatile int *cut_at; /* the reply that the relay is to swallow with its connection: 1 = the next; 0 = none */

static int connected(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    return fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ? fd : -1;
}

static bool pass(int from, int to) {
    char bytes[1 << 16];
    ssize_t n = read(from, bytes, sizeof bytes);
    return n > 0 && write(to, bytes, (size_t)n) == n;
}

static void serve(int client, int to) {
    struct pollfd fd[] = {{.fd = client, .events = POLLIN}, {.fd = to, .events = POLLIN}};
    for (bool open = true; open && poll(fd, 2, -1) > 0;) {
        if (fd[0].revents)
            open = pass(client, to);
        bool cut = fd[1].revents && *cut_at > 0 && --*cut_at == 0;
        if (open && fd[1].revents)
            open = !cut && pass(to, client);
    }
}

/* One connection after the other. */
static pid_t start_relay(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    assert_true(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 8) == 0);
    pid_t pid = fork();
    if (pid != 0) {
        close(fd);
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        int client = accept(fd, NULL, NULL), to = connected(server.socket);
        if (client < 0 || to < 0)
            _exit(1);
        serve(client, to);
        close(client);
        close(to);
    }
}

static jl_ledger *cut_off(jl_ledger *l) {
    *cut_at = 1;
    return l;
}

static void went_twice(void) {
    assert_int_equal(*cut_at, 0);
}

/* The server has done it, and does it again for nothing. */
static void each_step_twice(void **state) {
    char path[100], url[128], id[JL_HOLD_ID_SIZE], other[JL_HOLD_ID_SIZE];
    const char *change = "budget=1000";
    jl_err err = {0};
    (void)state;
    cut_at = mmap(NULL, sizeof *cut_at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(cut_at != MAP_FAILED);
    snprintf(path, sizeof path, "%s/relay", server.folder);
    snprintf(url, sizeof url, "redis+unix://%s", path);
    pid_t relay = start_relay(path);
    jl_ledger *l = open_at(url);
    set(l, "price.page=5:10");
    jl_account before = look(l);
    assert_int_equal(reserve(cut_off(l), id), JL_ADMITTED);
    went_twice();
    assert_true(sent(cut_off(l), id) > 0);
    went_twice();
    assert_int_equal(settle(cut_off(l), id, JL_HOLD_SETTLED).charged, 5);
    went_twice();
    well(jl_hold_id(other, &err), &err);
    assert_int_equal(settle(cut_off(l), other, JL_HOLD_UNCERTAIN).charged, 10); /* one that nobody knows */
    went_twice();
    well(cut_off(l)->ops->adjust(l, 100, "sync", &err), &err);
    went_twice();
    well(cut_off(l)->ops->breaker(l, true, 0, &err), &err);
    went_twice();
    assert_int_equal(cut_off(l)->ops->claim(l, "70%", JL_SECOND, &err), 1);
    went_twice();
    assert_int_equal(l->ops->claim(l, "70%", JL_SECOND, &err), 0);
    jl_account a = look(l);
    assert_int_equal(a.spent, 115);
    assert_int_equal(a.seq, before.seq + 6);
    assert_int_equal(a.live, 0);
    jl_account_free(&a);
    *cut_at = 2; /* the first one is to the look that it begins with */
    well(l->ops->set(l, &change, 1, &err), &err);
    went_twice();
    a = look(l);
    assert_int_equal(a.settings.budget, 1000);
    assert_int_equal(a.seq, before.seq + 7);
    jl_account_free(&a);
    jl_account_free(&before);
    l->ops->close(l);
    kill(relay, SIGKILL);
    waitpid(relay, NULL, 0);
    munmap((void *)(uintptr_t)cut_at, sizeof *cut_at);
}

/* ---- time is the server's ---- */

static void forty_days_later(void **state) {
    char settled[JL_HOLD_ID_SIZE], held[JL_HOLD_ID_SIZE], out[JL_HOLD_ID_SIZE];
    (void)state;
    redis_stop(&server);
    turned_preload();
    bool up = redis_start(&server, NULL);
    turned_preloaded();
    assert_true(up);
    jl_ledger *l = open_ledger();
    set(l, "price.page=5:10");
    assert_int_equal(reserve(l, settled), JL_ADMITTED);
    settle(l, settled, JL_HOLD_SETTLED);
    assert_int_equal(reserve(l, held), JL_ADMITTED);
    assert_int_equal(reserve(l, out), JL_ADMITTED);
    assert_true(sent(l, out) > 0);
    jl_account before = look(l);
    *turned_ahead = 40 * DAY;
    jl_account a = look(l);
    assert_true(strcmp(a.period, before.period) > 0);
    assert_true(llabs(a.now_ms - before.now_ms - INT64_C(40) * 86400 * 1000) < 600 * 1000);
    assert_int_equal(a.spent, 0);
    assert_int_equal(a.live, 0);
    assert_int_equal(a.holds, 1); /* whose lease ended in SENT */
    assert_string_equal(a.hold[0].id, out);
    assert_string_equal(a.hold[0].period, before.period);
    int64_t old = 0;
    for (size_t i = 0; i < a.sums; i++)
        if (strcmp(a.sum[i].period, before.period) == 0 && a.sum[i].user[0] == '\0')
            old = a.sum[i].spent;
    assert_int_equal(old, 15);
    assert_int_equal(settle(l, settled, JL_HOLD_SETTLED).before, JL_HOLD_SETTLED);
    assert_int_equal(settle(l, held, JL_HOLD_SETTLED).before, JL_HOLD_VOID);
    assert_int_equal(settle(l, out, JL_HOLD_VOID).before, JL_HOLD_UNCERTAIN);
    assert_int_equal(spent(l), 0);
    jl_account_free(&before);
    jl_account_free(&a);
    /* And back: nothing that was spent is forgotten. */
    *turned_ahead = 0;
    assert_int_equal(spent(l), 5);
    assert_int_equal(settle(l, out, JL_HOLD_SETTLED).before, JL_HOLD_VOID);
    l->ops->close(l);
}

/* The 25th of a month, the next one at the earliest. */
static int64_t until_the_25th(void) {
    time_t now = time(NULL);
    struct tm t;
    assert_non_null(gmtime_r(&now, &t));
    t.tm_mon++;
    t.tm_mday = 25;
    return (int64_t)(timegm(&t) - now) * JL_SECOND;
}

/* Months are what is waited for, whatever the periods are called. */
static void a_moved_anchor_forgets_nothing(void **state) {
    char settled[JL_HOLD_ID_SIZE], other[JL_HOLD_ID_SIZE];
    (void)state;
    redis_stop(&server);
    turned_preload();
    bool up = redis_start(&server, NULL);
    turned_preloaded();
    assert_true(up);
    *turned_ahead = 0;
    const int64_t then = until_the_25th();
    *turned_ahead = then;
    jl_ledger *l = open_ledger();
    set(l, "price.page=5:10");
    assert_int_equal(reserve(l, settled), JL_ADMITTED);
    settle(l, settled, JL_HOLD_SETTLED);
    for (int anchor = 10; anchor <= 25; anchor += 5) {
        char change[20];
        snprintf(change, sizeof change, "anchor=%d", anchor);
        set(l, change);
        assert_int_equal(reserve(l, other), JL_ADMITTED);
        settle(l, other, JL_HOLD_VOID);
    }
    jl_settled again = settle(l, settled, JL_HOLD_SETTLED);
    assert_int_equal(again.before, JL_HOLD_SETTLED);
    assert_false(again.lost);
    assert_int_equal(spent(l), 5);
    *turned_ahead = then + 32 * DAY; /* one period further */
    assert_int_equal(reserve(l, other), JL_ADMITTED);
    assert_int_equal(settle(l, settled, JL_HOLD_SETTLED).before, JL_HOLD_SETTLED);
    for (int months = 2; months <= 3; months++) { /* nothing is kept for ever */
        *turned_ahead = then + months * 32 * DAY;
        assert_int_equal(reserve(l, other), JL_ADMITTED);
    }
    assert_int_equal(settle(l, settled, JL_HOLD_VOID).before, JL_HOLD_NONE);
    *turned_ahead = 0;
    l->ops->close(l);
}

/* ---- what it costs ---- */

/* How many commands of the server's the script has run since its statistics were reset. */
static long commands(void) {
    static char reply[1 << 16];
    long sum = 0;
    assert_true(redis_say(&server, "INFO commandstats", reply, sizeof reply) > 0);
    for (char *line = strstr(reply, "cmdstat_"); line; line = strstr(line + 1, "cmdstat_"))
        sum += strtol(strstr(line, "calls=") + 6, NULL, 10);
    return sum;
}

static long commands_of_a_call(jl_ledger *l) {
    char id[JL_HOLD_ID_SIZE];
    say("CONFIG RESETSTAT", "+OK");
    assert_int_equal(reserve(l, id), JL_ADMITTED);
    assert_true(sent(l, id) > 0);
    settle(l, id, JL_HOLD_SETTLED);
    return commands();
}

static void uncertain_holds_are_not_walked(void **state) {
    char id[JL_HOLD_ID_SIZE];
    (void)state;
    jl_ledger *l = lived_in();
    set(l, "breaker-calls=1000");
    long few = commands_of_a_call(l);
    assert_in_range(few, 30, 80);
    for (int i = 0; i < UNCERTAIN; i++) {
        assert_int_equal(reserve(l, id), JL_ADMITTED);
        assert_int_equal(settle(l, id, JL_HOLD_UNCERTAIN).charged, 10);
    }
    assert_int_equal(commands_of_a_call(l), few);
    l->ops->close(l);
}

/* ---- set up ---- */

static int enter(void **state) {
    (void)state;
    alarm(120);
    signal(SIGPIPE, SIG_IGN);
    return redis_start(&server, NULL) && turned_begin(server.folder) ? 0 : -1;
}

static int leave(void **state) {
    (void)state;
    redis_remove(&server);
    return 0;
}

/* Each test begins with an empty server as it comes. */
static int fresh(void **state) {
    char command[256];
    (void)state;
    redis_stop(&server);
    snprintf(command, sizeof command, "rm -rf '%s'/appendonlydir '%s'/*.aof", server.folder, server.folder);
    return system(command) == 0 && redis_start(&server, NULL) ? 0 : -1;
}

#define TEST(name)                                                                                                     \
    { #name, name, fresh, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nothing_there_is_not_zero),
        TEST(a_key_that_is_gone),
        TEST(a_journal_that_is_gone),
        TEST(an_entry_that_is_gone),
        TEST(a_key_of_another_type),
        TEST(a_field_that_is_damaged),
        TEST(a_sum_that_is_damaged),
        TEST(a_setting_that_is_damaged),
        TEST(a_hold_that_is_damaged),
        TEST(a_lease_that_is_damaged),
        TEST(what_users_hold_is_damaged),
        TEST(the_journal_outlives_the_account),
        TEST(a_long_journal),
        TEST(a_script_that_is_gone),
        TEST(restarted_with_aof),
        TEST(restarted_without),
        TEST(advice_on_eviction),
        TEST(a_server_that_is_full_changes_nothing),
        TEST(a_cluster),
        TEST(each_step_twice),
        TEST(forty_days_later),
        TEST(a_moved_anchor_forgets_nothing),
        TEST(uncertain_holds_are_not_walked),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
