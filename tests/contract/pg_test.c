/* PostgreSQL's client against the real server: values, streams, transactions, what happens when things go wrong. */
#include "unit/cmocka_all.h"

#include <sys/socket.h>
#include <arpa/inet.h>

#include "base/clock.h"
#include "base/stop.h"
#include "contract/pg_server.h"
#include "wire/pg.h"
#include "wire/pg_state.h"

#define SOON (20 * JL_SECOND)

static pg_server server;

static jl_url url_of(const char *text) {
    jl_err err = {0};
    jl_url url;
    if (jl_url_parse(jl_span_of(text), &url, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    return url;
}

static jl_pg *open_at(const char *text, int64_t patience) {
    jl_err err = {0};
    jl_url url = url_of(text);
    jl_pg *db = jl_pg_open(&url, patience, &err);
    if (!db)
        fail_msg("%s", err.text);
    return db;
}

static void well(int rc, const jl_err *err) {
    if (rc < 0)
        fail_msg("%d: %s", (int)err->class, err->text);
}

static void exec(jl_pg *db, const char *sql) {
    jl_err err = {0};
    well(jl_pg_exec(db, sql, &err), &err);
}

static int64_t ask(jl_pg *db, const char *sql) {
    jl_err err = {0};
    jl_pg_stmt *s = NULL;
    well(jl_pg_prepare(db, &s, sql, &err), &err);
    well(jl_pg_step(s, &err), &err);
    int64_t value = jl_pg_int(s, 0);
    jl_pg_reset(s);
    return value;
}

static int set_up(void **state) {
    (void)state;
    alarm(120);
    return pg_start(&server) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    pg_remove(&server);
    return 0;
}

/* ---- values ---- */

static void values_come_back(void **state) {
    (void)state;
    jl_err err = {0};
    jl_pg *db = open_at(server.url, SOON);
    jl_pg_stmt *s = NULL;
    char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    well(jl_pg_prepare(db, &s,
                       "SELECT $1::int8, $2::bytea, $3::text, $4::bool, $5::int8, -7::int2, -70000::int4, ''::bytea",
                       &err),
         &err);
    for (int64_t n = INT64_MIN;; n = INT64_MAX) {
        jl_pg_bind_int(s, 1, n);
        jl_pg_bind_bytes(s, 2, (jl_span){bytes, 256});
        jl_pg_bind_bytes(s, 3, JL_SPAN("żółw 🐢"));
        jl_pg_bind_bool(s, 4, true);
        jl_pg_bind_null(s, 5);
        assert_int_equal(jl_pg_step(s, &err), 1);
        assert_true(jl_pg_int(s, 0) == n);
        assert_true(jl_span_eq(jl_pg_bytes(s, 1), (jl_span){bytes, 256}));
        assert_true(jl_span_eq(jl_pg_bytes(s, 2), JL_SPAN("żółw 🐢")));
        assert_int_equal(jl_pg_int(s, 3), 1);
        assert_null(jl_pg_bytes(s, 4).p);
        assert_int_equal(jl_pg_int(s, 4), 0);
        assert_int_equal(jl_pg_int(s, 5), -7);
        assert_int_equal(jl_pg_int(s, 6), -70000);
        assert_non_null(jl_pg_bytes(s, 7).p);
        assert_int_equal(jl_pg_bytes(s, 7).n, 0);
        assert_int_equal(jl_pg_step(s, &err), 0);
        if (n == INT64_MAX)
            break;
    }
    jl_pg_close(db);
}

static void arrays_go_out(void **state) {
    (void)state;
    jl_err err = {0};
    jl_pg *db = open_at(server.url, SOON);
    jl_pg_stmt *s = NULL;
    const int64_t number[] = {5, -1, INT64_MAX};
    const jl_span text[] = {JL_SPAN("a\0b"), JL_SPAN(""), JL_SPAN("{\",")};
    well(jl_pg_prepare(db, &s,
                       "SELECT array_length($1::int8[], 1), ($1::int8[])[3], ($2::bytea[])[1], ($2::bytea[])[3], "
                       "cardinality($3::bytea[])",
                       &err),
         &err);
    well(jl_pg_bind_ints(s, 1, number, 3, &err), &err);
    well(jl_pg_bind_spans(s, 2, text, 3, &err), &err);
    well(jl_pg_bind_spans(s, 3, NULL, 0, &err), &err);
    assert_int_equal(jl_pg_step(s, &err), 1);
    assert_int_equal(jl_pg_int(s, 0), 3);
    assert_true(jl_pg_int(s, 1) == INT64_MAX);
    assert_true(jl_span_eq(jl_pg_bytes(s, 2), text[0]));
    assert_true(jl_span_eq(jl_pg_bytes(s, 3), text[2]));
    assert_int_equal(jl_pg_int(s, 4), 0);
    jl_pg_close(db);
}

/* 20,000 rows in with COPY, some of them long, and out again one by one. */
static void rows_stream_in_and_out(void **state) {
    (void)state;
    enum { ROWS = 20000, LONG = 1 << 20 };
    jl_err err = {0};
    jl_pg *db = open_at(server.socket, SOON);
    char *big = malloc(LONG);
    assert_non_null(big);
    memset(big, '\n', LONG);
    exec(db, "CREATE TEMP TABLE t(n int8, b bytea, x int8)");
    well(jl_pg_copy(db, "t(n, b, x)", 3, &err), &err);
    for (int i = 0; i < ROWS; i++) {
        well(jl_pg_copy_int(db, i, &err), &err);
        well(jl_pg_copy_bytes(db, (jl_span){big, i % 5000 == 7 ? LONG : (size_t)i % 100}, &err), &err);
        well(i % 2 ? jl_pg_copy_null(db, &err) : jl_pg_copy_int(db, -i, &err), &err);
    }
    well(jl_pg_copy_end(db, &err), &err);
    jl_pg_stmt *s = NULL;
    well(jl_pg_prepare(db, &s, "SELECT n, b, x FROM t ORDER BY n", &err), &err);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(jl_pg_step(s, &err), 1);
        assert_int_equal(jl_pg_int(s, 0), i);
        assert_int_equal(jl_pg_bytes(s, 1).n, i % 5000 == 7 ? LONG : i % 100);
        assert_int_equal(jl_pg_bytes(s, 2).p == NULL, i % 2);
        assert_int_equal(jl_pg_int(s, 2), i % 2 ? 0 : -i);
    }
    assert_int_equal(jl_pg_step(s, &err), 0);
    uint64_t touched = 0;
    jl_pg_stmt *d = NULL;
    well(jl_pg_prepare(db, &d, "DELETE FROM t WHERE n < 123", &err), &err);
    well(jl_pg_run(d, &touched, &err), &err);
    assert_int_equal(touched, 123);
    free(big);
    jl_pg_close(db);
}

static void one_statement_at_a_time(void **state) {
    (void)state;
    jl_err err = {0};
    jl_pg *db = open_at(server.url, SOON);
    jl_pg_stmt *s = NULL;
    well(jl_pg_prepare(db, &s, "SELECT generate_series(1, 5000000)", &err), &err);
    assert_int_equal(jl_pg_step(s, &err), 1);
    assert_int_equal(jl_pg_exec(db, "SELECT 1", &err), -1);
    assert_int_equal(err.class, JL_SOFTWARE);
    /* Ended early, it can be asked again, and so can others. */
    jl_pg_reset(s);
    assert_int_equal(ask(db, "SELECT 42"), 42);
    assert_int_equal(jl_pg_step(s, &err), 1);
    assert_int_equal(jl_pg_int(s, 0), 1);
    jl_pg_close(db);
}

static void a_copy_that_fails_copies_nothing(void **state) {
    (void)state;
    jl_err err = {0};
    jl_pg *db = open_at(server.url, SOON);
    exec(db, "CREATE TEMP TABLE u(n int8 PRIMARY KEY)");
    well(jl_pg_copy(db, "u(n)", 1, &err), &err);
    for (int i = 0; i < 10; i++)
        well(jl_pg_copy_int(db, i % 9, &err), &err);
    assert_int_equal(jl_pg_copy_end(db, &err), -1);
    assert_string_equal(jl_pg_state(db), "23505");
    assert_int_equal(ask(db, "SELECT count(*) FROM u"), 0);
    assert_int_equal(jl_pg_copy(db, "nowhere(n)", 1, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    assert_int_equal(ask(db, "SELECT count(*) FROM u"), 0);
    jl_pg_close(db);
}

/* ---- refusals ---- */

static void refused(const char *url, jl_class class, const char *said) {
    jl_err err = {0};
    jl_pg *db = open_at(url, SOON);
    int64_t begun = jl_clock_now();
    assert_int_equal(jl_pg_connect(db, &err), -1);
    assert_int_equal(err.class, class);
    if (!strstr(err.text, said))
        fail_msg("no »%s« in: %s", said, err.text);
    if (strstr(err.text, PG_PASSWORD) || strstr(err.text, "hunter2") || strchr(err.text, '\n'))
        fail_msg("said too much: %s", err.text);
    /* What cannot be over by itself is not waited for. */
    if (class != JL_UNAVAILABLE)
        assert_true(jl_clock_now() - begun < 5 * JL_SECOND);
    jl_pg_close(db);
}

static void who_may_not_is_told_so(void **state) {
    (void)state;
    char url[400];
    const int port = server.port;
    snprintf(url, sizeof url, "postgres://jobline:hunter2@127.0.0.1:%d/jobline", port);
    refused(url, JL_NOPERM, "password authentication failed");
    snprintf(url, sizeof url, "postgresql://jobline@127.0.0.1:%d/jobline", port);
    refused(url, JL_NOPERM, "no password supplied; give it in the URL");
    snprintf(url, sizeof url, "postgres://jobline:" PG_PASSWORD "@127.0.0.1:%d/nowhere", port);
    refused(url, JL_CONFIG, "database \"nowhere\" does not exist; make it with the createdb command");
    snprintf(url, sizeof url, "postgres://nobody@/jobline?host=%s&port=%d", server.folder, port);
    refused(url, JL_NOPERM, "role \"nobody\" does not exist");
    snprintf(url, sizeof url, "postgres://jobline:hunter2@127.0.0.1:%d/jobline?speed=high", port);
    refused(url, JL_USAGE, "speed");
    snprintf(url, sizeof url, "postgres://jobline:hunter2@127.0.0.1:%d/jobline?sslmode=sometimes", port);
    refused(url, JL_USAGE, "sslmode");
    snprintf(url, sizeof url, "postgres://jobline:hunter2@127.0.0.1:%d/jobline?speed", port);
    refused(url, JL_USAGE, "has no value");
    /* A server that puts the password into its words: a role's name stands in for it. */
    snprintf(url, sizeof url, "postgres://hunter2:hunter2@/jobline?host=%s&port=%d", server.folder, port);
    refused(url, JL_NOPERM, "*******");
}

static void who_is_not_there_is_unavailable(void **state) {
    (void)state;
    char url[200];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    jl_err err = {0};
    snprintf(url, sizeof url, "postgres://jobline:" PG_PASSWORD "@127.0.0.1:%d/jobline", ntohs(a.sin_port));
    jl_pg *db = open_at(url, JL_SECOND / 2);
    assert_int_equal(jl_pg_exec(db, "SELECT 1", &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    assert_non_null(strstr(err.text, "Connection refused"));
    assert_null(strstr(err.text, PG_PASSWORD));
    /* One that takes connections and says nothing. */
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(jl_pg_exec(db, "SELECT 1", &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    assert_non_null(strstr(err.text, "not reached in time"));
    jl_pg_close(db);
    close(fd);
    db = open_at("postgres:///x?host=/nowhere/at/all", JL_SECOND / 2);
    assert_int_equal(jl_pg_connect(db, &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    jl_pg_close(db);
}

static void several_hosts_are_tried(void **state) {
    (void)state;
    char url[300];
    snprintf(url, sizeof url, "postgres://jobline:" PG_PASSWORD "@127.0.0.1:1,127.0.0.1:%d/jobline", server.port);
    jl_pg *db = open_at(url, SOON);
    assert_int_equal(ask(db, "SELECT 7"), 7);
    jl_pg_close(db);
}

static void the_session_is_ours(void **state) {
    (void)state;
    jl_err err = {0};
    jl_pg *db = open_at(server.url, SOON);
    jl_pg_stmt *s = NULL;
    exec(db, "ALTER ROLE jobline SET synchronous_commit = off; ALTER ROLE jobline SET statement_timeout = '1ms'");
    jl_pg_close(db);
    db = open_at(server.url, SOON);
    well(jl_pg_prepare(db, &s,
                       "SELECT current_setting('application_name'), current_setting('synchronous_commit'), "
                       "current_setting('statement_timeout'), current_setting('lock_timeout')",
                       &err),
         &err);
    assert_int_equal(jl_pg_step(s, &err), 1);
    assert_true(jl_span_eq(jl_pg_bytes(s, 0), JL_SPAN("jobline")));
    assert_true(jl_span_eq(jl_pg_bytes(s, 1), JL_SPAN("on")));
    assert_true(jl_span_eq(jl_pg_bytes(s, 2), JL_SPAN("0")));
    assert_true(jl_span_eq(jl_pg_bytes(s, 3), JL_SPAN("20s")));
    jl_pg_reset(s);
    exec(db, "ALTER ROLE jobline RESET ALL");
    jl_pg_close(db);
}

/* ---- transactions ---- */

static void a_reader_sees_one_state(void **state) {
    (void)state;
    jl_err err = {0};
    jl_pg *reader = open_at(server.url, SOON), *writer = open_at(server.url, SOON);
    exec(writer, "CREATE TABLE one(n int8)");
    well(jl_pg_begin(reader, JL_PG_READ, &err), &err);
    assert_int_equal(ask(reader, "SELECT count(*) FROM one"), 0);
    exec(writer, "INSERT INTO one VALUES(1)");
    assert_int_equal(ask(reader, "SELECT count(*) FROM one"), 0);
    assert_int_equal(jl_pg_exec(reader, "INSERT INTO one VALUES(2)", &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    jl_pg_rollback(reader);
    assert_int_equal(ask(reader, "SELECT count(*) FROM one"), 1);
    exec(writer, "DROP TABLE one");
    jl_pg_close(reader);
    jl_pg_close(writer);
}

static void a_lock_is_waited_for_as_long_as_asked(void **state) {
    (void)state;
    jl_err err = {0};
    jl_pg *holder = open_at(server.url, SOON), *other = open_at(server.url, JL_SECOND / 2);
    well(jl_pg_begin(holder, JL_PG_WRITE, &err), &err);
    exec(holder, "SELECT pg_advisory_xact_lock(77)");
    well(jl_pg_begin(other, JL_PG_WRITE, &err), &err);
    assert_int_equal(jl_pg_exec(other, "SELECT pg_advisory_xact_lock(77)", &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    assert_non_null(strstr(err.text, "locked by another process for"));
    jl_pg_rollback(other);
    well(jl_pg_commit(holder, &err), &err);
    exec(other, "SELECT pg_advisory_xact_lock(77)");
    jl_pg_close(holder);
    jl_pg_close(other);
}

struct two {
    jl_pg *db;
    int first, second;
    int rounds;
    int hold; /* a pipe's end: nobody goes on before the other has its first lock */
    int release;
};

static int lock_two(void *self, jl_err *err) {
    struct two *t = self;
    char sql[96], byte = 'x';
    snprintf(sql, sizeof sql, "UPDATE pair SET v = v + 1 WHERE n = %d", t->first);
    if (jl_pg_exec(t->db, sql, err) != 0)
        return -1;
    if (t->rounds++ == 0 && (write(t->release, &byte, 1) != 1 || read(t->hold, &byte, 1) != 1))
        return jl_err_set(err, JL_IO, "a pipe");
    snprintf(sql, sizeof sql, "UPDATE pair SET v = v + 1 WHERE n = %d", t->second);
    return jl_pg_exec(t->db, sql, err);
}

/* Two that lock crosswise: one of them is told so by the server, and does its transaction again. */
static void a_deadlock_is_done_again(void **state) {
    (void)state;
    jl_err err = {0};
    int here[2], there[2], status;
    jl_pg *db = open_at(server.url, SOON);
    exec(db, "CREATE TABLE pair(n int, v int); INSERT INTO pair VALUES(1, 0), (2, 0)");
    assert_int_equal(pipe(here) | pipe(there), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct two t = {open_at(server.url, SOON), 2, 1, 0, there[0], here[1]};
        int rc = jl_pg_transact(t.db, JL_PG_WRITE, lock_two, &t, &err);
        jl_pg_close(t.db);
        _exit(rc != 0 ? 99 : t.rounds);
    }
    struct two t = {db, 1, 2, 0, here[0], there[1]};
    well(jl_pg_transact(db, JL_PG_WRITE, lock_two, &t, &err), &err);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(t.rounds + WEXITSTATUS(status), 3);
    assert_int_equal(ask(db, "SELECT sum(v) FROM pair"), 4);
    exec(db, "DROP TABLE pair");
    jl_pg_close(db);
}

/* ---- lost connections ---- */

static int add_one(void *self, jl_err *err) {
    jl_pg *db = self;
    return jl_pg_exec(db, "INSERT INTO counted VALUES(1)", err);
}

/* Says to the server, over another connection, that this one is to end. */
static void cut(jl_pg *db, jl_pg *by) {
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%lld, 10000)",
             (long long)ask(db, "SELECT pg_backend_pid()"));
    exec(by, sql);
}

static void a_lost_connection_is_made_anew(void **state) {
    (void)state;
    jl_err err = {0};
    jl_pg *db = open_at(server.url, SOON), *by = open_at(server.url, SOON);
    jl_pg_stmt *s = NULL;
    exec(by, "CREATE TABLE counted(n int)");
    well(jl_pg_prepare(db, &s, "SELECT 5", &err), &err);
    assert_int_equal(jl_pg_step(s, &err), 1);
    jl_pg_reset(s);
    uint64_t session = jl_pg_session(db);
    cut(db, by);
    well(jl_pg_transact(db, JL_PG_WRITE, add_one, db, &err), &err);
    assert_true(jl_pg_session(db) != session);
    /* Statements are prepared again. */
    assert_int_equal(jl_pg_step(s, &err), 1);
    assert_int_equal(jl_pg_int(s, 0), 5);
    jl_pg_reset(s);
    /* In the middle of a transaction it is not made anew behind the caller's back. */
    well(jl_pg_begin(db, JL_PG_WRITE, &err), &err);
    exec(db, "INSERT INTO counted VALUES(2)");
    cut(db, by);
    assert_int_equal(jl_pg_exec(db, "INSERT INTO counted VALUES(3)", &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    assert_true(jl_pg_passing(db));
    assert_int_equal(jl_pg_exec(db, "INSERT INTO counted VALUES(3)", &err), -1);
    assert_int_equal(jl_pg_commit(db, &err), -1);
    assert_int_equal(ask(db, "SELECT count(*) FROM counted"), 1);
    exec(db, "DELETE FROM counted");
    jl_pg_close(db);
    jl_pg_close(by);
}

static void a_server_that_restarts_is_waited_for(void **state) {
    (void)state;
    jl_err err = {0};
    jl_pg *db = open_at(server.url, SOON);
    for (int i = 0; i < 2; i++) {
        well(jl_pg_transact(db, JL_PG_WRITE, add_one, db, &err), &err);
        pg_stop(&server, i ? SIGQUIT : SIGINT);
        pid_t pid = fork();
        if (pid == 0) {
            pg_nap();
            well(jl_pg_transact(db, JL_PG_WRITE, add_one, db, &err), &err);
            _exit(0);
        }
        assert_true(pg_start_again(&server));
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    jl_pg_close(db);
    db = open_at(server.url, SOON);
    assert_int_equal(ask(db, "SELECT count(*) FROM counted"), 4);
    exec(db, "DROP TABLE counted");
    jl_pg_close(db);
}

/* ---- being stopped ---- */

static void stopped_in(const char *url, const char *sql) {
    int pipes[2], status;
    char byte;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        jl_err err = {0};
        jl_pg *db = open_at(url, 100 * JL_SECOND);
        signal(SIGTERM, jl_stop_ask);
        if (!strstr(url, ":1/") && jl_pg_connect(db, &err) != 0)
            _exit(97);
        if (write(pipes[1], "x", 1) != 1 || jl_pg_exec(db, sql, &err) != -1)
            _exit(98);
        jl_pg_close(db);
        _exit((int)err.class);
    }
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    int64_t begun = jl_clock_now();
    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), JL_TEMPFAIL);
    assert_true(jl_clock_now() - begun < 9 * JL_SECOND);
}

static void a_stop_ends_waiting(void **state) {
    (void)state;
    stopped_in("postgres://jobline@127.0.0.1:1/jobline", "SELECT 1");
    stopped_in(server.url, "SELECT pg_sleep(100)");
}

/* ---- codes ---- */

static void codes_are_found(void **state) {
    (void)state;
    char code[6];
    jl_span line;
    assert_true(
        jl_pg_state_in("first: no\nconnection to x failed: FATAL:  28P01: nope\nLOCATION:  f.c:3\n", code, &line));
    assert_string_equal(code, "28P01");
    assert_true(jl_span_eq(line, JL_SPAN("connection to x failed: FATAL:  28P01: nope")));
    assert_true(jl_pg_state_in("SCHWERWIEGEND:  3D000: Datenbank", code, &line));
    assert_false(jl_pg_state_in("Connection refused\nIs the server  12345: running?", code, &line));
    assert_true(jl_span_eq(line, JL_SPAN("Connection refused")));
    assert_string_equal(code, "");
    assert_false(jl_pg_state_in(":  28P0", code, &line));
    assert_int_equal(jl_pg_meaning_of("57P01")->next, JL_PG_LOST);
    assert_int_equal(jl_pg_meaning_of("40P01")->next, JL_PG_AGAIN);
    assert_int_equal(jl_pg_meaning_of("53100")->class, JL_IO);
    assert_int_equal(jl_pg_meaning_of("53200")->class, JL_UNAVAILABLE);
    assert_int_equal(jl_pg_meaning_of("ZZZZZ")->class, JL_SOFTWARE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_found),
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(arrays_go_out),
        cmocka_unit_test(rows_stream_in_and_out),
        cmocka_unit_test(one_statement_at_a_time),
        cmocka_unit_test(a_copy_that_fails_copies_nothing),
        cmocka_unit_test(who_may_not_is_told_so),
        cmocka_unit_test(who_is_not_there_is_unavailable),
        cmocka_unit_test(several_hosts_are_tried),
        cmocka_unit_test(the_session_is_ours),
        cmocka_unit_test(a_reader_sees_one_state),
        cmocka_unit_test(a_lock_is_waited_for_as_long_as_asked),
        cmocka_unit_test(a_deadlock_is_done_again),
        cmocka_unit_test(a_lost_connection_is_made_anew),
        cmocka_unit_test(a_server_that_restarts_is_waited_for),
        cmocka_unit_test(a_stop_ends_waiting),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
