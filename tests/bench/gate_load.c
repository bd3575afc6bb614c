/* Calls held, sent and settled in a ledger as fast as they go, against bare commits to a file on the same disk.

     gate_load hold LEDGER-URL CALLS PROCESSES     each call takes three steps: reserve, send, settle
     gate_load pair LEDGER-URL CALLS PROCESSES     two steps: reserve, settle
     gate_load bare FILE STEPS PROCESSES           each step is one synchronous commit of one changed row

   Prints the seconds that it took and how many steps there were. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "gate/ledger.h"
#include "wire/sqlite.h"

static const jl_ledger_opener *const ledgers[] = {&jl_ledger_sqlite, &jl_ledger_redis, &jl_ledger_redis_unix, NULL};

static const jl_sqlite_kind bare_kind = {.what = "a file to write to",
                                         .application_id = 0x6a6c6262,
                                         .version = 1,
                                         .schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER);"
                                                   "INSERT INTO t VALUES(1, 0);"};

static void fail(const jl_err *err) {
    fprintf(stderr, "gate_load: %s\n", err->text);
    _exit(1);
}

static jl_ledger *open_ledger(const char *text) {
    jl_err err = {0};
    jl_url url;
    jl_ledger *l = NULL;
    if (jl_url_parse(jl_span_of(text), &url, &err) != 0 ||
        !(l = jl_ledger_open(ledgers, &url, "bench", 120 * JL_SECOND, &err)))
        fail(&err);
    return l;
}

static void one_call(jl_ledger *l, bool sent) {
    char id[JL_HOLD_ID_SIZE];
    int64_t lease;
    jl_err err = {0};
    jl_admission a;
    jl_settled settled;
    jl_reserve r = {.id = id, .endpoint = "call", .user = "somebody", .cost = -1};
    jl_settle s = {.id = id, .to = JL_HOLD_SETTLED, .cost = -1, .by = "", .endpoint = "call", .user = "somebody"};
    if (jl_hold_id(id, &err) != 0 || l->ops->reserve(l, &r, &a, &err) != 0)
        fail(&err);
    if (a.refusal != JL_ADMITTED) {
        fprintf(stderr, "gate_load: refused: %s\n", jl_refusal_name(a.refusal));
        _exit(1);
    }
    if (sent && (l->ops->send(l, id, &lease, &err) != 0 || lease < 0))
        fail(&err);
    if (l->ops->settle(l, &s, &settled, &err) != 0)
        fail(&err);
}

static void calls_of(const char *url, long calls, bool sent) {
    jl_ledger *l = open_ledger(url);
    for (long i = 0; i < calls; i++)
        one_call(l, sent);
    l->ops->close(l);
}

static void hold(const char *url, long calls) {
    calls_of(url, calls, true);
}

static void pair(const char *url, long calls) {
    calls_of(url, calls, false);
}

static void bare(const char *path, long steps) {
    jl_err err = {0};
    jl_sqlite *db;
    jl_sqlite_stmt *update = NULL;
    if (jl_sqlite_open(&db, path, &bare_kind, 120 * JL_SECOND, true, &err) != 0 ||
        jl_sqlite_prepare(db, &update, "UPDATE t SET n = n + 1 WHERE id = 1", &err) != 0)
        fail(&err);
    for (long i = 0; i < steps; i++)
        if (jl_sqlite_begin(db, true, &err) != 0 || jl_sqlite_run(update, &err) != 0 || jl_sqlite_commit(db, &err) != 0)
            fail(&err);
    jl_sqlite_close(db);
}

static void make_account(const char *url) {
    static const char *const change[] = {"budget=1000000000", "concurrency=1000", "price.call=5"};
    jl_err err = {0};
    jl_ledger *l = open_ledger(url);
    if (l->ops->set(l, change, sizeof change / sizeof *change, &err) != 0)
        fail(&err);
    l->ops->close(l);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fputs("usage: gate_load hold|pair|bare WHERE COUNT PROCESSES\n", stderr);
        return 64;
    }
    bool holds = argv[1][0] != 'b';
    void (*work)(const char *where, long count) = argv[1][0] == 'h' ? hold : holds ? pair : bare;
    long steps = argv[1][0] == 'h' ? 3 : holds ? 2 : 1;
    long count = atol(argv[3]), processes = atol(argv[4]);
    if (holds)
        make_account(argv[2]);
    else
        bare(argv[2], 1);
    int64_t started = jl_clock_now();
    for (long i = 0; i < processes; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            work(argv[2], count / processes);
            _exit(0);
        }
        if (pid < 0)
            return 1;
    }
    int status, failed = 0;
    while (wait(&status) > 0)
        failed |= status;
    printf("%.6f %ld\n", (double)(jl_clock_now() - started) / (double)JL_SECOND, count / processes * processes * steps);
    return failed ? 1 : 0;
}
