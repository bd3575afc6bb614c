/* The table of jobs on PostgreSQL where it is alone: many that write at once, clients that are killed, a server that goes away. */
#include "unit/postings_bench.h"

#include <sys/mman.h>

#include "base/clock.h"
#include "chance.h"
#include "contract/jobs_open.h"
#include "contract/pg_server.h"
#include "store/keep.h"
#include "store/store.h"
#include "scratch.h"

#define PROCESSES 8
#define ROUNDS 6
#define BATCH 50

static const jl_jobs_opener *const openers[] = {&jl_jobs_postgres, &jl_jobs_postgresql, NULL};

static pg_server server;

static int set_up(void **state) {
    return scratch_enter(state) == 0 && pg_start(&server) ? 0 : -1;
}

static int tear_down(void **state) {
    pg_remove(&server);
    return scratch_leave(state);
}

static jl_jobs *open_at(const char *text, int64_t patience) {
    return jobs_open(openers, text, patience);
}

static void sql(const char *database, const char *text) {
    char command[400];
    snprintf(command, sizeof command, JL_TESTS "/tools/pg_server psql '%s' %s -c \"%s\" >&2", server.folder, database,
             text);
    assert_int_equal(system(command), 0);
}

static const char *url_of(const char *database) {
    static char url[200];
    snprintf(url, sizeof url, "postgres://jobline:" PG_PASSWORD "@127.0.0.1:%d/%s", server.port, database);
    return url;
}

/* A database of its own for each test. */
static jl_jobs *open_new(const char *name) {
    char text[64];
    snprintf(text, sizeof text, "CREATE DATABASE %s", name);
    sql("jobline", text);
    return open_at(url_of(name), 30 * JL_SECOND);
}

static void make_batch(bench *b, jl_keep *keep, unsigned from, unsigned n, unsigned day) {
    jl_buf out = {0};
    jl_err err = {0};
    char line[512];
    jl_keep_clear(keep);
    for (unsigned i = from; i < from + n; i++) {
        snprintf(line, sizeof line,
                 "{\"id\":\"%u\",\"source\":\"s\",\"company\":\"C%u\",\"title\":\"T\",\"url\":\"https://x.example/%u\","
                 "\"description\":\"text %u\",\"last_seen_at\":\"2026-11-%02uT00:00:00Z\","
                 "\"embedding\":{\"model\":\"m\",\"dims\":2,\"data\":\"AACAPwAAAAA=\"}}",
                 i, i % 7, i, i % 3, day);
        jl_posting p = posting_at(b, line, NOW, &out);
        well(jl_keep_add(keep, &p, &err), &err);
    }
    jl_buf_free(&out);
}

static int put_keep(jl_jobs *s, const jl_keep *keep, size_t *stored, jl_err *err) {
    jl_put put[BATCH];
    for (size_t i = 0; i < keep->n; i++)
        put[i] = (jl_put){.in = &keep->posting[i]};
    if (s->ops->put(s, put, keep->n, err) != 0)
        return -1;
    for (size_t i = 0; stored && i < keep->n; i++)
        stored[put[i].stored]++;
    return 0;
}

/* What a whole listing shows: every job once, rows rising. */
struct whole {
    uint64_t last, jobs, firsts, duplicates;
    uint8_t seen[4096];
};

static int see(void *self, const jl_stored_job *job, jl_err *err) {
    struct whole *w = self;
    char id[16];
    snprintf(id, sizeof id, "%.*s", (int)job->job.id.n, job->job.id.p);
    if (job->row <= w->last)
        return jl_err_set(err, JL_SOFTWARE, "row %llu behind row %llu", (unsigned long long)job->row,
                          (unsigned long long)w->last);
    w->last = job->row;
    w->jobs++;
    w->duplicates += job->first != 0;
    w->firsts += job->first == 0;
    w->seen[atoi(id)]++;
    return 0;
}

static void look(jl_jobs *s, struct whole *w) {
    jl_err err = {0};
    *w = (struct whole){0};
    well(s->ops->find(s, &(jl_find){.lines = true, .duplicates = true}, see, w, &err), &err);
}

/* ---- many at once ---- */

/* One batch that all have, one that this process alone has. */
static int put_round(jl_jobs *s, unsigned who, unsigned round, size_t *stored, jl_err *err) {
    jl_keep keep = {0};
    bench b;
    bench_open(&b);
    make_batch(&b, &keep, (round + who) % ROUNDS * BATCH, BATCH, 1 + who);
    int rc = put_keep(s, &keep, stored, err);
    make_batch(&b, &keep, 1000 + who * 100 + round * 10, 10, 1);
    rc = rc == 0 ? put_keep(s, &keep, stored, err) : -1;
    if (rc != 0)
        fprintf(stderr, "# %s\n", err->text);
    jl_keep_free(&keep);
    bench_close(&b);
    return rc;
}

/* Each puts the same jobs in an order of its own, and some that are its own. */
static int one_of_many(const char *url, unsigned who, size_t *stored) {
    jl_err err = {0};
    jl_jobs *s = open_at(url, 60 * JL_SECOND);
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < ROUNDS; i++)
        rc = put_round(s, who, i, stored, &err);
    s->ops->close(s);
    return rc == 0 ? 0 : (int)err.class;
}

static void eight_that_put_at_once_lose_and_double_nothing(void **state) {
    (void)state;
    pid_t pid[PROCESSES];
    int status;
    struct whole w;
    jl_jobs *s = open_new("eight");
    size_t(*stored)[JL_STOREDS] = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true((void *)stored != MAP_FAILED);
    for (unsigned i = 0; i < PROCESSES; i++) {
        pid[i] = fork();
        if (pid[i] == 0)
            _exit(one_of_many(url_of("eight"), i, stored[i]));
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_int_equal(status, 0);
    }
    look(s, &w);
    assert_int_equal(w.jobs, ROUNDS * BATCH + PROCESSES * ROUNDS * 10);
    assert_int_equal(w.last, w.jobs); /* no number was given and not used */
    for (unsigned i = 0; i < ROUNDS * BATCH; i++)
        assert_int_equal(w.seen[i], 1);
    /* Seven companies with three texts: as many descriptions, each with one first. */
    assert_int_equal(w.firsts, 21);
    size_t new = 0, all = 0;
    for (unsigned i = 0; i < PROCESSES; i++)
        for (int k = 0; k < JL_STOREDS; k++) {
            all += stored[i][k];
            new += k == JL_STORED_NEW ? stored[i][k] : 0;
        }
    assert_int_equal(all, PROCESSES * (ROUNDS * BATCH + ROUNDS * 10));
    assert_int_equal(new, w.firsts); /* the others were new, and duplicates */
    jl_err err = {0};
    well(s->ops->vacuum(s, &err), &err);
    s->ops->close(s);
    munmap((void *)stored, 4096);
}

/* ---- killed ---- */

static void whoever_is_killed_is_run_again(void **state) {
    (void)state;
    chance c = chance_seeded();
    struct whole w;
    jl_err err = {0};
    jl_jobs *s = open_new("killed");
    for (size_t i = 0, n = chance_rounds(12); i < n; i++) {
        size_t stored[JL_STOREDS] = {0};
        pid_t pid = fork();
        if (pid == 0)
            _exit(one_of_many(url_of("killed"), (unsigned)i % 8, stored));
        nanosleep(&(struct timespec){0, (long)chance_below(&c, 60) * 1000000L}, NULL);
        kill(pid, SIGKILL);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        look(s, &w);
        assert_int_equal(w.last, w.jobs);
        for (size_t k = 0; k < sizeof w.seen; k++)
            assert_true(w.seen[k] <= 1);
    }
    size_t stored[JL_STOREDS] = {0};
    assert_int_equal(one_of_many(url_of("killed"), 3, stored), 0);
    look(s, &w);
    for (unsigned i = 0; i < ROUNDS * BATCH; i++)
        assert_int_equal(w.seen[i], 1);
    well(s->ops->vacuum(s, &err), &err);
    s->ops->close(s);
}

/* ---- a server that goes away ---- */

static int see_slowly(void *self, const jl_stored_job *job, jl_err *err) {
    struct whole *w = self;
    if (w->jobs == 100) {
        pg_stop(&server, SIGINT);
        if (!pg_start_again(&server))
            return jl_err_set(err, JL_SOFTWARE, "the server does not start again");
    }
    return see(self, job, err);
}

static void a_restart_in_the_middle_is_waited_for(void **state) {
    (void)state;
    struct whole w = {0};
    jl_err err = {0};
    size_t stored[JL_STOREDS] = {0};
    jl_jobs *s = open_new("restart");
    assert_int_equal(one_of_many(url_of("restart"), 0, stored), 0);
    well(s->ops->find(s, &(jl_find){.lines = true, .duplicates = true}, see_slowly, &w, &err), &err);
    assert_int_equal(w.jobs, ROUNDS * BATCH + ROUNDS * 10);
    for (int i = 0; i < 3; i++) {
        int said[2];
        char byte;
        assert_int_equal(pipe(said), 0);
        pid_t pid = fork();
        if (pid == 0) {
            /* A server that was never reached would not be waited for so long. */
            jl_jobs *mine = open_at(url_of("restart"), 60 * JL_SECOND);
            jl_jobs_stat st;
            if (mine->ops->stat(mine, &st, &err) != 0 || write(said[1], "", 1) != 1)
                _exit(99);
            for (unsigned r = 0; r < ROUNDS; r++)
                if (put_round(mine, (unsigned)i, r, stored, &err) != 0)
                    _exit((int)err.class);
            mine->ops->close(mine);
            _exit(0);
        }
        assert_int_equal(read(said[0], &byte, 1), 1);
        (void)close(said[0]);
        (void)close(said[1]);
        pg_stop(&server, i == 1 ? SIGQUIT : SIGINT);
        assert_true(pg_start_again(&server));
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        look(s, &w);
        assert_int_equal(w.jobs, ROUNDS * BATCH + (i + 1) * ROUNDS * 10);
    }
    s->ops->close(s);
}

/* ---- refusals ---- */

static void nothing_is_made_before_something_is_put(void **state) {
    (void)state;
    jl_err err = {0};
    struct whole w;
    jl_jobs_stat st;
    uint64_t deleted, marked, store, change, row = 1;
    jl_jobs *s = open_new("empty");
    look(s, &w);
    assert_int_equal(w.jobs, 0);
    well(s->ops->stat(s, &st, &err), &err);
    well(s->ops->at(s, &store, &change, &err), &err);
    well(s->ops->purge(s, &row, 1, 1, &deleted, &err), &err);
    well(s->ops->requeue(s, 1, 1, &deleted, &marked, &err), &err);
    well(s->ops->rows(s, &row, 1, true, see, &w, &err), &err);
    well(s->ops->vacuum(s, &err), &err);
    assert_int_equal(st.jobs + store + change, 0);
    sql("empty", "SELECT 1 / (count(*) = 0)::int FROM pg_tables WHERE tablename LIKE 'jobline%'");
    s->ops->close(s);
}

static void refused(const char *url, jl_class class, const char *said) {
    jl_err err = {0};
    struct whole w = {0};
    jl_jobs *s = open_at(url, JL_SECOND);
    assert_int_equal(s->ops->find(s, &(jl_find){.lines = true}, see, &w, &err), -1);
    assert_int_equal(err.class, class);
    if (!strstr(err.text, said) || strstr(err.text, PG_PASSWORD) || strstr(err.text, "hunter2"))
        fail_msg("not »%s« is said: %s", said, err.text);
    s->ops->close(s);
}

static void what_cannot_be_is_said(void **state) {
    (void)state;
    char url[200];
    snprintf(url, sizeof url, "postgresql://jobline:hunter2@127.0.0.1:%d/jobline", server.port);
    refused(url, JL_NOPERM, "password authentication failed");
    refused(url_of("nowhere"), JL_CONFIG, "does not exist");
    refused("postgres://jobline:hunter2@127.0.0.1:1/jobline", JL_UNAVAILABLE, "refused");
    jl_jobs *s = open_new("newer");
    size_t stored[JL_STOREDS] = {0};
    assert_int_equal(one_of_many(url_of("newer"), 0, stored), 0);
    sql("newer", "UPDATE jobline_meta SET format = 99");
    refused(url_of("newer"), JL_CONFIG, "format version 99, this program knows 1: use a newer jobline");
    sql("newer", "UPDATE jobline_meta SET format = 1; CREATE ROLE guest LOGIN");
    snprintf(url, sizeof url, "postgres://guest@/newer?host=%s&port=%d", server.folder, server.port);
    refused(url, JL_NOPERM, "permission denied for table");
    sql("newer", "DROP TABLE jobline_vector");
    jl_err err = {0};
    assert_int_equal(s->ops->find(s, &(jl_find){.vectors = true}, see, &(struct whole){0}, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    s->ops->close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_that_put_at_once_lose_and_double_nothing),
        cmocka_unit_test(whoever_is_killed_is_run_again),
        cmocka_unit_test(a_restart_in_the_middle_is_waited_for),
        cmocka_unit_test(nothing_is_made_before_something_is_put),
        cmocka_unit_test(what_cannot_be_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
