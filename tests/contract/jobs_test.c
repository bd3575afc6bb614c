/* What every back end of the table of jobs promises, asked of all of them. */
#include "unit/cmocka_all.h"

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "chance.h"
#include "contract/jobs_model.h"
#include "contract/jobs_open.h"
#include "contract/pg_server.h"
#include "wire/sqlite.h"

#define PATIENCE (60 * JL_SECOND)
#define PROCESSES 8

static const jl_jobs_opener *const openers[] = {&jl_jobs_sqlite, &jl_jobs_postgres, NULL};

static char folder[64];
static pg_server server;
static char url_text[2][160]; /* sqlite, postgres */

static bool is_sqlite(void **state) {
    return *state == (void *)url_text[0];
}

static const char *path_of_file(void) {
    return strchr(url_text[0], ':') + 1;
}

static jl_jobs *open_at(const char *text, int64_t patience) {
    return jobs_open(openers, text, patience);
}

static jl_jobs *open_jobs(void **state) {
    return open_at(*state, PATIENCE);
}

static bool psql(const char *command) {
    char line[300];
    snprintf(line, sizeof line, JL_TESTS "/tools/pg_server psql '%s' -c '%s'", server.folder, command);
    return system(line) == 0;
}

/* ---- putting a few ---- */

static jl_stored put_line(jl_jobs *s, const char *line, uint64_t *row) {
    jl_err err = {0};
    made_job m = {0};
    made_read(&m, line);
    jl_put p = {.in = &m.posting};
    well(s->ops->put(s, &p, 1, &err), &err);
    if (row)
        *row = p.row;
    made_free(&m);
    return p.stored;
}

#define AD "\"company\":\"Acme\",\"title\":\"Welder\",\"last_seen_at\":\"2026-11-01T00:00:00Z\""
#define TEXT(what) "\"description\":\"" what "\",\"enrichment_status\":\"done\""

struct seen {
    uint64_t row[64], first[64], change[64];
    int64_t marked[64];
    uint8_t status[64], tries[64];
    char line[64][512];
    size_t n;
};

static int see(void *self, const jl_stored_job *job, jl_err *err) {
    (void)err;
    struct seen *seen = self;
    assert_true(seen->n < 64);
    size_t n = seen->n++;
    seen->row[n] = job->row;
    seen->first[n] = job->first;
    seen->change[n] = job->change;
    seen->marked[n] = job->marked;
    seen->status[n] = job->job.facts.status;
    seen->tries[n] = job->job.facts.tries;
    snprintf(seen->line[n], sizeof seen->line[n], "%.*s", (int)job->job.line.n, job->job.line.n ? job->job.line.p : "");
    return 0;
}

static struct seen find(jl_jobs *s, jl_find what) {
    jl_err err = {0};
    struct seen seen = {.n = 0};
    well(s->ops->find(s, &what, see, &seen, &err), &err);
    return seen;
}

static struct seen find_all(jl_jobs *s) {
    return find(s, (jl_find){.duplicates = true, .lines = true});
}

static uint64_t change_of(jl_jobs *s) {
    jl_err err = {0};
    uint64_t store, change;
    well(s->ops->at(s, &store, &change, &err), &err);
    return change;
}

static int never(void *self, const jl_stored_job *job, jl_err *err) {
    (void)self;
    (void)job;
    (void)err;
    fail_msg("there is no job");
    return -1;
}

static int never_gone(void *self, uint64_t row, jl_err *err) {
    (void)self;
    (void)row;
    (void)err;
    fail_msg("nothing is gone");
    return -1;
}

static int never_model(void *self, jl_span model, uint32_t dims, uint64_t rows, jl_err *err) {
    (void)self;
    (void)model;
    (void)dims;
    (void)rows;
    (void)err;
    fail_msg("there is no model");
    return -1;
}

static void what_is_not_there_is_empty(void **state) {
    jl_err err = {0};
    jl_jobs *s = open_jobs(state);
    jl_jobs_stat stat;
    made_job m = {0};
    made_read(&m, "{\"id\":\"1\"," AD "}");
    const jl_posting *which = &m.posting;
    uint64_t n = 7, other = 7, row = 1;
    well(s->ops->find(s, &(jl_find){0}, never, NULL, &err), &err);
    well(s->ops->find(s, &(jl_find){.changed_since = 3}, never, NULL, &err), &err);
    well(s->ops->rows(s, &row, 1, true, never, NULL, &err), &err);
    well(s->ops->gone(s, 0, never_gone, NULL, &err), &err);
    well(s->ops->models(s, JL_STAGE_LISTING, never_model, NULL, &err), &err);
    well(s->ops->stat(s, &stat, &err), &err);
    assert_int_equal(stat.jobs + stat.duplicates + stat.change, 0);
    well(s->ops->mark(s, &which, 1, JL_STATUS_QUEUED, 5, &n, &err), &err);
    assert_int_equal(n, 0);
    well(s->ops->requeue(s, 5, 3, &n, &other, &err), &err);
    assert_int_equal(n + other, 0);
    well(s->ops->purge(s, &row, 1, 100, &n, &err), &err);
    assert_int_equal(n, 0);
    well(s->ops->vacuum(s, &err), &err);
    well(s->ops->put(s, NULL, 0, &err), &err);
    if (is_sqlite(state))
        assert_int_not_equal(access(path_of_file(), F_OK), 0);
    made_free(&m);
    s->ops->close(s);
}

static void a_job_comes_again(void **state) {
    jl_jobs *s = open_jobs(state);
    uint64_t row, again;
    assert_int_equal(put_line(s, "{\"id\":\"1\",\"source\":\"a\"," AD "}", &row), JL_STORED_NEW);
    assert_int_equal(put_line(s, "{\"id\":\"1\",\"source\":\"b\"," AD "}", &again), JL_STORED_NEW);
    assert_true(again > row);
    uint64_t change = change_of(s);
    assert_int_equal(put_line(s, "{\"id\":\"1\",\"source\":\"a\"," AD "}", &again), JL_STORED_SAME);
    assert_int_equal(again, row);
    assert_int_equal(change_of(s), change); /* not a byte has changed */
    assert_int_equal(put_line(s,
                              "{\"id\":\"1\",\"source\":\"a\",\"company\":\"Acme\",\"title\":\"Welder\","
                              "\"last_seen_at\":\"2026-11-09T00:00:00Z\"}",
                              NULL),
                     JL_STORED_SAME);
    assert_true(change_of(s) > change);
    assert_int_equal(put_line(s, "{\"id\":\"1\",\"source\":\"a\"," AD "," TEXT("Weld.") "}", NULL), JL_STORED_UPDATED);
    struct seen all = find_all(s);
    assert_int_equal(all.n, 2);
    assert_non_null(strstr(all.line[0], "2026-11-09"));
    assert_non_null(strstr(all.line[0], "Weld."));
    assert_int_equal(all.status[0], JL_STATUS_DONE);
    s->ops->close(s);
}

#define URL(n) "\"url\":\"https://example.com/" n "\""

static void known_by_a_url(void **state) {
    jl_jobs *s = open_jobs(state);
    uint64_t row, other;
    put_line(s, "{\"id\":\"1\",\"source\":\"a\"," URL("1") "," AD "}", &row);
    assert_int_equal(put_line(s, "{\"id\":\"x\",\"source\":\"b\"," URL("1") "," AD "," TEXT("Weld.") "}", &other),
                     JL_STORED_UPDATED);
    assert_int_equal(other, row);
    /* By its id, though another job has its URL: two have it then. */
    put_line(s, "{\"id\":\"2\",\"source\":\"a\"," AD "}", &other);
    assert_int_equal(put_line(s, "{\"id\":\"2\",\"source\":\"a\"," URL("1") "," AD "}", NULL), JL_STORED_UPDATED);
    jl_span url = JL_SPAN("https://example.com/1");
    struct seen found = find(s, (jl_find){.url = &url, .urls = 1, .lines = true});
    assert_int_equal(found.n, 2);
    assert_int_equal(found.row[0], row);
    assert_non_null(strstr(found.line[0], "\"id\":\"1\""));
    put_line(s, "{\"id\":\"3\",\"source\":\"a\"," URL("1") "," AD "}", &other);
    assert_int_equal(other, row); /* the older of the two */
    s->ops->close(s);
}

static void several_of_one_batch(void **state) {
    static const char *const line[] = {
        "{\"id\":\"1\",\"source\":\"a\"," AD "}",
        "{\"id\":\"1\",\"source\":\"a\"," AD "," TEXT("Weld.") "}",
        "{\"id\":\"2\",\"source\":\"a\"," AD "," TEXT("Weld.") "}",
        "{\"id\":\"1\",\"source\":\"a\"," AD "}",
    };
    static const jl_stored becomes[] = {JL_STORED_NEW, JL_STORED_UPDATED, JL_STORED_DUPLICATE, JL_STORED_SAME};
    jl_err err = {0};
    jl_jobs *s = open_jobs(state);
    made_job m[4] = {0};
    jl_put p[4];
    for (size_t i = 0; i < 4; i++) {
        made_read(&m[i], line[i]);
        p[i] = (jl_put){.in = &m[i].posting};
    }
    well(s->ops->put(s, p, 4, &err), &err);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(p[i].stored, becomes[i]);
    assert_int_equal(p[0].row, p[1].row);
    assert_int_equal(p[0].row, p[3].row);
    assert_int_equal(change_of(s), 1);
    struct seen all = find_all(s);
    assert_int_equal(all.n, 2);
    assert_int_equal(all.first[1], all.row[0]);
    assert_null(strstr(all.line[1], "Weld."));
    for (size_t i = 0; i < 4; i++)
        made_free(&m[i]);
    s->ops->close(s);
}

/* ---- duplicates ---- */

#define WELDER "\"company\":\"Acme\",\"title\":\"Welder\""
#define SEEN(day) "\"first_seen_at\":\"2026-10-01T00:00:00Z\",\"last_seen_at\":\"2026-" day "T00:00:00Z\""

/* The first of three gets another text: what was paid for passes on. */
static void a_text_is_passed_on(void **state) {
    jl_jobs *s = open_jobs(state);
    uint64_t row[3];
    assert_int_equal(put_line(s, "{\"id\":\"1\",\"source\":\"a\"," AD "," TEXT("Paid.") "}", &row[0]), JL_STORED_NEW);
    assert_int_equal(put_line(s, "{\"id\":\"2\",\"source\":\"b\"," AD "," TEXT("Paid.") "}", &row[1]),
                     JL_STORED_DUPLICATE);
    assert_int_equal(put_line(s, "{\"id\":\"3\",\"source\":\"c\"," AD "," TEXT("Paid.") "}", &row[2]),
                     JL_STORED_DUPLICATE);
    assert_int_equal(put_line(s, "{\"id\":\"1\",\"source\":\"a\"," AD ",\"description\":\"Closed.\"}", NULL),
                     JL_STORED_UPDATED);
    struct seen all = find_all(s);
    assert_int_equal(all.n, 3);
    assert_int_equal(all.first[0], 0);
    assert_non_null(strstr(all.line[0], "Closed."));
    assert_int_equal(all.first[1], 0);
    assert_non_null(strstr(all.line[1], "\"id\":\"2\""));
    assert_non_null(strstr(all.line[1], "Paid."));
    assert_int_equal(all.first[2], row[1]);
    for (size_t i = 1; i < 3; i++)
        assert_int_equal(all.change[i], all.change[0]);
    /* And on, to one in the same batch as well; with the title it is another text. */
    assert_int_equal(put_line(s,
                              "{\"id\":\"2\",\"source\":\"b\",\"company\":\"Acme\",\"title\":\"Smith\","
                              "\"last_seen_at\":\"2026-11-02T00:00:00Z\"," TEXT("Paid.") "}",
                              NULL),
                     JL_STORED_UPDATED);
    all = find_all(s);
    assert_int_equal(all.first[2], 0);
    assert_non_null(strstr(all.line[2], "Paid."));
    /* The first back to its text is a duplicate itself. */
    assert_int_equal(put_line(s, "{\"id\":\"1\",\"source\":\"a\"," AD "," TEXT("Paid.") "}", NULL),
                     JL_STORED_DUPLICATE);
    all = find_all(s);
    assert_int_equal(all.first[0], row[2]);
    s->ops->close(s);
}

static void a_repost_keeps_the_first_alive(void **state) {
    jl_jobs *s = open_jobs(state);
    jl_find recent = {.lines = true, .facts.seen_after = 1794182400 /* 2026-11-09 */, .facts.now = 1794182400};
    put_line(s,
             "{\"id\":\"1\",\"source\":\"a\",\"expires_at\":\"2026-10-20T00:00:00Z\"," WELDER
             "," SEEN("10-01") "," TEXT("Weld.") "}",
             NULL);
    assert_int_equal(find(s, recent).n, 0);
    uint64_t change = change_of(s);
    assert_int_equal(
        put_line(s, "{\"id\":\"2\",\"source\":\"a\"," WELDER "," SEEN("11-10") "," TEXT("Weld.") "}", NULL),
        JL_STORED_DUPLICATE);
    struct seen found = find(s, recent);
    assert_int_equal(found.n, 1);
    assert_non_null(strstr(found.line[0], "\"id\":\"1\""));
    assert_non_null(strstr(found.line[0], "\"last_seen_at\":\"2026-11-10T00:00:00Z\""));
    assert_null(strstr(found.line[0], "expires_at"));
    assert_true(found.change[0] > change);
    /* Seen again as a bare listing it still is that job. */
    put_line(s, "{\"id\":\"2\",\"source\":\"a\"," WELDER "," SEEN("11-12") "}", NULL);
    assert_non_null(strstr(find(s, recent).line[0], "\"last_seen_at\":\"2026-11-12T00:00:00Z\""));
    change = change_of(s);
    put_line(s, "{\"id\":\"2\",\"source\":\"a\"," WELDER "," SEEN("11-12") "}", NULL);
    assert_int_equal(change_of(s), change);
    s->ops->close(s);
}

static void a_blank_text_takes_no_text(void **state) {
    static const char *const blank[] = {"\" \\n \"", "\"\"", "null", "null,\"enrichment_status\":\"done\""};
    jl_jobs *s = open_jobs(state);
    char line[400];
    put_line(s, "{\"id\":\"1\",\"source\":\"a\"," WELDER "," SEEN("11-01") "," TEXT("Weld.") "}", NULL);
    for (size_t i = 0; i < 4; i++) {
        snprintf(line, sizeof line,
                 "{\"id\":\"1\",\"source\":\"a\",\"descriptio\\u006e\":%s," WELDER "," SEEN("11-02") "}", blank[i]);
        assert_int_equal(put_line(s, line, NULL), JL_STORED_SAME);
    }
    assert_non_null(strstr(find_all(s).line[0], "Weld."));
    s->ops->close(s);
}

/* ---- statuses ---- */

static uint64_t mark(jl_jobs *s, const char *line, jl_status status, int64_t now) {
    jl_err err = {0};
    made_job m = {0};
    uint64_t marked;
    made_read(&m, line);
    const jl_posting *which = &m.posting;
    well(s->ops->mark(s, &which, 1, status, now, &marked, &err), &err);
    made_free(&m);
    return marked;
}

static void tried_until_given_up(void **state) {
    static const char line[] = "{\"id\":\"1\",\"source\":\"a\"," AD "}";
    jl_err err = {0};
    jl_jobs *s = open_jobs(state);
    uint64_t again, given_up;
    put_line(s, line, NULL);
    for (int64_t i = 1; i <= 3; i++) {
        assert_int_equal(mark(s, line, JL_STATUS_QUEUED, 100 * i), 1);
        well(s->ops->requeue(s, 100 * i, 3, &again, &given_up, &err), &err);
        assert_int_equal(again + given_up, 0); /* not before then */
        well(s->ops->requeue(s, 100 * i + 1, 3, &again, &given_up, &err), &err);
        assert_int_equal(again, i < 3);
        assert_int_equal(given_up, i == 3);
        struct seen all = find_all(s);
        assert_int_equal(all.tries[0], i < 3 ? i : 255);
        assert_int_equal(all.status[0], i < 3 ? JL_STATUS_NONE : JL_STATUS_FAILED);
        assert_int_equal(all.marked[0], i < 3 ? 0 : 300);
    }
    well(s->ops->requeue(s, 100000, 3, &again, &given_up, &err), &err);
    assert_int_equal(again + given_up, 0);
    s->ops->close(s);
}

static void a_description_stays(void **state) {
    jl_jobs *s = open_jobs(state);
    put_line(s, "{\"id\":\"1\",\"source\":\"a\"," AD "," TEXT("Weld.") "}", NULL);
    put_line(s, "{\"id\":\"2\",\"source\":\"a\"," AD "," TEXT("Weld.") "}", NULL);
    for (jl_status status = JL_STATUS_NONE; status < JL_STATUS_DONE; status++) {
        assert_int_equal(mark(s, "{\"id\":\"1\",\"source\":\"a\"," AD "}", status, 5), 0);
        assert_int_equal(mark(s, "{\"id\":\"2\",\"source\":\"a\"," AD "}", status, 5), 0);
    }
    assert_int_equal(put_line(s, "{\"id\":\"1\",\"source\":\"a\"," AD ",\"enrichment_status\":\"none\"}", NULL),
                     JL_STORED_SAME);
    struct seen all = find_all(s);
    assert_non_null(strstr(all.line[0], "Weld."));
    assert_int_equal(all.status[0], JL_STATUS_DONE);
    s->ops->close(s);
}

/* ---- purge, gone ---- */

struct gone {
    uint64_t row[16];
    size_t n;
};

static int see_gone(void *self, uint64_t row, jl_err *err) {
    (void)err;
    struct gone *gone = self;
    assert_true(gone->n < 16);
    gone->row[gone->n++] = row;
    return 0;
}

static uint64_t purge(jl_jobs *s, const uint64_t *row, size_t n, uint64_t change) {
    jl_err err = {0};
    uint64_t deleted;
    well(s->ops->purge(s, row, n, change, &deleted, &err), &err);
    return deleted;
}

static void thrown_away(void **state) {
    jl_err err = {0};
    jl_jobs *s = open_jobs(state);
    struct gone gone = {.n = 0};
    uint64_t row[3], change;
    put_line(s, "{\"id\":\"1\",\"source\":\"a\"," AD "," TEXT("Weld.") "}", &row[0]);
    put_line(s, "{\"id\":\"2\",\"source\":\"a\"," AD "," TEXT("Weld.") "}", &row[1]);
    put_line(s, "{\"id\":\"3\",\"source\":\"a\"," AD "}", &row[2]);
    change = change_of(s);
    assert_int_equal(purge(s, row, 1, change), 0); /* its description is needed */
    put_line(s, "{\"id\":\"3\",\"source\":\"a\",\"snippet\":\"More.\"," AD "}", NULL);
    assert_int_equal(purge(s, row, 3, change), 2); /* the third has been seen again */
    assert_int_equal(find_all(s).n, 1);
    well(s->ops->gone(s, change, see_gone, &gone, &err), &err);
    assert_int_equal(gone.n, 2);
    assert_int_equal(gone.row[0], row[0]);
    assert_int_equal(gone.row[1], row[1]);
    assert_int_equal(purge(s, row, 3, change_of(s)), 1);
    put_line(s, "{\"id\":\"1\",\"source\":\"a\"," AD "}", &row[0]);
    assert_true(row[0] > row[2]); /* a row is never used again */
    change = change_of(s);
    well(s->ops->vacuum(s, &err), &err);
    assert_int_equal(s->ops->gone(s, change - 1, never_gone, NULL, &err), -1);
    assert_int_equal(err.class, JL_TEMPFAIL);
    well(s->ops->gone(s, change_of(s), never_gone, NULL, &err), &err);
    assert_int_equal(s->ops->gone(s, change_of(s) + 1, never_gone, NULL, &err), -1);
    assert_int_equal(err.class, JL_TEMPFAIL);
    s->ops->close(s);
}

/* ---- everything against a plain model ---- */

static void like_the_model(void **state) {
    chance c = chance_seeded();
    size_t rounds = chance_rounds(250);
    jl_jobs *s = open_jobs(state);
    model_table t = {0};
    for (size_t i = 0; i < rounds; i++) {
        model_step(&t, s, &c);
        if (i % 8 == 0 || i + 1 == rounds)
            model_compare(&t, s);
        if (i % 64 == 63) { /* what is kept is kept */
            s->ops->close(s);
            s = open_jobs(state);
        }
        model_ask(&t, s, &c);
    }
    model_free(&t);
    s->ops->close(s);
}

/* ---- a copy ---- */

struct copying {
    jl_jobs *to;
    size_t n;
};

static int copy_one(void *self, const jl_stored_job *job, jl_err *err) {
    struct copying *copying = self;
    copying->n++;
    return copying->to->ops->import(copying->to, job, 1, err);
}

static void a_copy(void **state) {
    jl_err err = {0};
    chance c = chance_seeded();
    char text[200];
    jl_jobs *s = open_jobs(state);
    model_table t = {0};
    for (size_t i = 0; i < 60; i++)
        model_step(&t, s, &c);
    if (is_sqlite(state))
        snprintf(text, sizeof text, "%s.copy", url_text[0]);
    else
        snprintf(text, sizeof text, "postgres://jobline:" PG_PASSWORD "@127.0.0.1:%d/copy", server.port);
    assert_true(is_sqlite(state) || psql("CREATE DATABASE copy"));
    struct copying copying = {.to = open_at(text, PATIENCE)};
    well(s->ops->find(s, &(jl_find){.duplicates = true, .lines = true, .vectors = true}, copy_one, &copying, &err),
         &err);
    model_compare_rows(&t, copying.to);
    model_forget_deleted(&t);
    assert_int_equal(change_of(copying.to), t.change);
    for (size_t i = 0; i < 60; i++) { /* and goes on like it */
        model_step(&t, copying.to, &c);
        model_compare_rows(&t, copying.to);
    }
    /* Into a store that has jobs it is refused. */
    jl_jobs *other = open_at(text, PATIENCE);
    copying.to->ops->close(copying.to);
    copying.to = other;
    assert_int_equal(s->ops->find(s, &(jl_find){.duplicates = true, .lines = true}, copy_one, &copying, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    other->ops->close(other);
    s->ops->close(s);
    model_free(&t);
}

/* ---- many at once ---- */

#define EACH_PUTS 600
#define BATCH 50

/* Sets that overlap: jobs 0 to 899, of which each process puts 600 in an order of its own. */
static void put_mine(const char *text, size_t who) {
    chance c = {(uint64_t)who + 1};
    jl_err err = {0};
    jl_jobs *s = open_at(text, 2 * PATIENCE);
    made_job m[BATCH] = {0};
    jl_put p[BATCH];
    size_t start = chance_below(&c, EACH_PUTS);
    for (size_t done = 0; done < EACH_PUTS; done += BATCH) {
        for (size_t i = 0; i < BATCH; i++) {
            char line[400];
            size_t job = who * 40 + (start + done + i) % EACH_PUTS;
            snprintf(line, sizeof line,
                     "{\"id\":\"%zu\",\"source\":\"a\"," URL("%zu") ",\"seen_by_%zu\":true," AD
                                                                    "," TEXT("Text %zu") "}",
                     job, job, who, job / 2);
            made_read(&m[i], line);
            p[i] = (jl_put){.in = &m[i].posting};
        }
        if (s->ops->put(s, p, BATCH, &err) != 0) {
            fprintf(stderr, "%s\n", err.text);
            _exit(1);
        }
    }
    _exit(0);
}

struct tally {
    uint64_t before;
    size_t jobs, duplicates, by[PROCESSES];
    bool seen[2000];
};

static int tally_one(void *self, const jl_stored_job *job, jl_err *err) {
    (void)err;
    struct tally *t = self;
    char id[32];
    snprintf(id, sizeof id, "%.*s", (int)job->job.id.n, job->job.id.p);
    size_t n = (size_t)atoi(id);
    assert_true(job->row > t->before && n < 2000);
    t->before = job->row;
    assert_false(t->seen[n]);
    t->seen[n] = true;
    *(job->first ? &t->duplicates : &t->jobs) += 1;
    for (size_t who = 0; who < PROCESSES; who++) {
        char member[32];
        snprintf(member, sizeof member, "\"seen_by_%zu\":true", who);
        bool has = memmem(job->job.line.p, job->job.line.n, member, strlen(member)) != NULL;
        bool should = n >= who * 40 && n < who * 40 + EACH_PUTS;
        if (has != should)
            fail_msg("job %zu, process %zu: %d", n, who, has);
    }
    return 0;
}

static void nobody_is_lost_in_the_crowd(void **state) {
    pid_t pid[PROCESSES];
    for (size_t i = 0; i < PROCESSES; i++) {
        pid[i] = fork();
        if (pid[i] == 0)
            put_mine(*state, i);
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_int_equal(status, 0);
    }
    jl_err err = {0};
    jl_jobs *s = open_jobs(state);
    struct tally *t = calloc(1, sizeof *t);
    well(s->ops->find(s, &(jl_find){.duplicates = true, .lines = true}, tally_one, t, &err), &err);
    assert_int_equal(t->jobs + t->duplicates, EACH_PUTS + 40 * (PROCESSES - 1));
    assert_int_equal(t->jobs, t->duplicates); /* two and two have one text */
    free(t);
    s->ops->close(s);
}

/* ---- killed ---- */

/* Puts for ever, in batches whose number stands in every line of them. */
static void put_until_killed(const char *text) {
    jl_err err = {0};
    jl_jobs *s = open_at(text, PATIENCE);
    made_job m[BATCH] = {0};
    jl_put p[BATCH];
    for (size_t batch = 0;; batch++) {
        for (size_t i = 0; i < BATCH; i++) {
            char line[600];
            snprintf(line, sizeof line, "{\"id\":\"%zu\",\"source\":\"a\",\"snippet\":\"%zu %0300d\"," AD "}",
                     (batch % 7) * BATCH + i, batch, 0);
            made_read(&m[i], line);
            p[i] = (jl_put){.in = &m[i].posting};
        }
        if (s->ops->put(s, p, BATCH, &err) != 0)
            _exit(1);
    }
}

struct halves {
    size_t n[7];
    unsigned long batch[7];
};

static int see_halves(void *self, const jl_stored_job *job, jl_err *err) {
    (void)err;
    struct halves *h = self;
    char line[900];
    snprintf(line, sizeof line, "%.*s", (int)job->job.line.n, job->job.line.p);
    size_t id = (size_t)atoi(strstr(line, "\"id\":\"") + 6);
    unsigned long batch = strtoul(strstr(line, "\"snippet\":\"") + 11, NULL, 10);
    size_t group = id / BATCH;
    if (h->n[group]++ == 0)
        h->batch[group] = batch;
    assert_int_equal(h->batch[group], batch);
    return 0;
}

/* Batches are there whole or not at all; and what was begun can be done again. */
static void killed_in_between(void **state) {
    jl_err err = {0};
    chance c = chance_seeded();
    size_t rounds = chance_rounds(12);
    for (size_t i = 0; i < rounds; i++) {
        struct halves h = {.n = {0}};
        pid_t pid = fork();
        if (pid == 0)
            put_until_killed(*state);
        uint64_t before = 0;
        jl_jobs *s = open_jobs(state);
        before = change_of(s);
        while (change_of(s) < before + 1 + chance_below(&c, 8))
            usleep(500);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        well(s->ops->find(s, &(jl_find){.lines = true}, see_halves, &h, &err), &err);
        for (size_t g = 0; g < 7; g++)
            assert_true(h.n[g] == BATCH || h.n[g] == 0);
        s->ops->close(s);
    }
    jl_jobs *s = open_jobs(state);
    well(s->ops->vacuum(s, &err), &err); /* which checks it */
    s->ops->close(s);
}

/* ---- a listing beside writers ---- */

struct beside {
    jl_jobs *writer;
    uint64_t before;
    size_t old, all;
};

static int write_meanwhile(void *self, const jl_stored_job *job, jl_err *err) {
    (void)err;
    struct beside *b = self;
    assert_true(job->row > b->before);
    b->before = job->row;
    b->all++;
    b->old += memmem(job->job.line.p, job->job.line.n, "\"id\":\"old", 9) != NULL;
    if (b->all % 500 == 1) {
        char line[300];
        snprintf(line, sizeof line, "{\"id\":\"new %zu\",\"source\":\"a\"," AD "}", b->all);
        put_line(b->writer, line, NULL);
        snprintf(line, sizeof line, "{\"id\":\"old %zu\",\"source\":\"a\",\"snippet\":\"again\"," AD "}", b->all);
        put_line(b->writer, line, NULL);
    }
    return 0;
}

static void a_listing_lets_others_write(void **state) {
    enum { OLD = 3000 };
    jl_err err = {0};
    jl_jobs *s = open_jobs(state);
    struct beside b = {.writer = open_at(*state, 2 * JL_SECOND)};
    made_job *m = calloc(OLD, sizeof *m);
    jl_put *p = calloc(OLD, sizeof *p);
    for (size_t i = 0; i < OLD; i++) {
        char line[300];
        snprintf(line, sizeof line, "{\"id\":\"old %zu\",\"source\":\"a\"," AD "}", i);
        made_read(&m[i], line);
        p[i].in = &m[i].posting;
    }
    well(s->ops->put(s, p, OLD, &err), &err);
    well(s->ops->find(s, &(jl_find){.lines = true}, write_meanwhile, &b, &err), &err);
    assert_int_equal(b.old, OLD);
    assert_true(b.all >= OLD);
    for (size_t i = 0; i < OLD; i++)
        made_free(&m[i]);
    free(m);
    free(p);
    b.writer->ops->close(b.writer);
    s->ops->close(s);
}

/* ---- trouble ---- */

static jl_sqlite_kind kind_like(int version) {
    return (jl_sqlite_kind){.what = "a store of jobs", .application_id = 0x6a6c6a62, .version = version, .schema = ""};
}

static void a_newer_store(void **state) {
    jl_err err = {0};
    jl_sqlite *db;
    jl_jobs *s = open_jobs(state);
    put_line(s, "{\"id\":\"1\"," AD "}", NULL);
    s->ops->close(s);
    /* What version 2 might bring, on a store of version 1 with a job in it. */
    static const char *const steps[] = {NULL, "ALTER TABLE job ADD COLUMN colour TEXT; UPDATE job SET colour = 'red'"};
    jl_sqlite_kind kind = kind_like(2);
    kind.step = steps;
    for (int i = 0; i < 2; i++) { /* once */
        int64_t red, version;
        well(jl_sqlite_open(&db, path_of_file(), &kind, PATIENCE, false, &err), &err);
        well(jl_sqlite_ask(db, "SELECT count(*) FROM job WHERE colour = 'red'", &red, &err), &err);
        well(jl_sqlite_ask(db, "PRAGMA user_version", &version, &err), &err);
        assert_int_equal(red, 1);
        assert_int_equal(version, 2);
        jl_sqlite_close(db);
    }
    s = open_jobs(state);
    uint64_t store, change;
    assert_int_equal(s->ops->at(s, &store, &change, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    assert_non_null(strstr(err.text, "version 2"));
    assert_non_null(strstr(err.text, "knows 1"));
    s->ops->close(s);
}

static void a_step_that_fails(void **state) {
    jl_err err = {0};
    jl_sqlite *db;
    jl_jobs *s = open_jobs(state);
    put_line(s, "{\"id\":\"1\"," AD "}", NULL);
    static const char *const steps[] = {NULL, "ALTER TABLE job ADD COLUMN colour TEXT",
                                        "ALTER TABLE nothing RENAME TO x"};
    jl_sqlite_kind kind = kind_like(3);
    kind.step = steps;
    assert_int_equal(jl_sqlite_open(&db, path_of_file(), &kind, PATIENCE, false, &err), -1);
    assert_int_equal(put_line(s, "{\"id\":\"1\"," AD "}", NULL), JL_STORED_SAME); /* as it was */
    s->ops->close(s);
}

static void a_locked_file(void **state) {
    jl_err err = {0};
    jl_sqlite *db;
    jl_sqlite_kind kind = kind_like(1);
    jl_jobs *s = open_at(*state, JL_SECOND / 5);
    made_job m = {0};
    made_read(&m, "{\"id\":\"2\"," AD "}");
    jl_put p = {.in = &m.posting};
    put_line(s, "{\"id\":\"1\"," AD "}", NULL);
    well(jl_sqlite_open(&db, path_of_file(), &kind, JL_SECOND, false, &err), &err);
    well(jl_sqlite_begin(db, true, &err), &err);
    assert_int_equal(s->ops->put(s, &p, 1, &err), -1);
    assert_int_equal(err.class, JL_UNAVAILABLE);
    jl_sqlite_rollback(db);
    well(s->ops->put(s, &p, 1, &err), &err); /* a later one succeeds */
    jl_sqlite_close(db);
    made_free(&m);
    s->ops->close(s);
}

static void a_file_of_its_group(void **state) {
    struct stat st;
    mode_t mask = umask(007);
    jl_jobs *s = open_jobs(state);
    put_line(s, "{\"id\":\"1\"," AD "}", NULL);
    (void)umask(mask);
    assert_int_equal(stat(path_of_file(), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_int_equal(unlink(path_of_file()), 0); /* taken away: it is an empty store again */
    assert_int_equal(find_all(s).n, 0);
    assert_int_equal(put_line(s, "{\"id\":\"1\"," AD "}", NULL), JL_STORED_NEW);
    s->ops->close(s);
}

static void what_is_no_store(void **state) {
    jl_err err = {0};
    uint64_t store, change;
    jl_jobs *s = open_jobs(state);
    FILE *f = fopen(path_of_file(), "w");
    assert_true(f && fputs("not at all", f) >= 0 && fclose(f) == 0);
    assert_int_equal(s->ops->at(s, &store, &change, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    s->ops->close(s);
}

static void schemes(void **state) {
    (void)state;
    jl_err err = {0};
    jl_url url;
    well(jl_url_parse(JL_SPAN("redis://127.0.0.1:1"), &url, &err), &err);
    assert_null(jl_jobs_open(openers, &url, 0, &err));
    assert_int_equal(err.class, JL_USAGE);
    assert_non_null(strstr(err.text, "redis"));
    assert_non_null(strstr(err.text, "sqlite:"));
}

static char *index_path(const char *text, const char *model) {
    jl_err err = {0};
    jl_url url;
    well(jl_url_parse(jl_span_of(text), &url, &err), &err);
    char *path = jl_jobs_index_path(&url, model, &err);
    assert_non_null(path);
    return path;
}

static void side_files(void **state) {
    (void)state;
    char cache[96];
    struct stat st;
    snprintf(cache, sizeof cache, "%s/cache", folder);
    assert_int_equal(setenv("XDG_CACHE_HOME", cache, 1), 0);
    char *path = index_path("sqlite:/var/jobs.db", "acme/model-3%");
    assert_string_equal(path, "/var/jobs.db.acme%2Fmodel-3%25.index");
    free(path);
    char *one = index_path("postgres://user:secret@host:5432/db", "m");
    char *same = index_path("postgres://user:other@host:5432/db", "m");
    char *another = index_path("postgres://user:secret@host:5432/db2", "m");
    assert_string_equal(one, same);
    assert_string_not_equal(one, another);
    assert_int_equal(strncmp(one, cache, strlen(cache)), 0);
    strcat(cache, "/jobline");
    assert_int_equal(stat(cache, &st), 0);
    free(one);
    free(same);
    free(another);
}

/* ---- set up ---- */

static int enter(void **state) {
    (void)state;
    alarm(240);
    signal(SIGPIPE, SIG_IGN); /* as the frame does */
    strcpy(folder, "/tmp/jobline-jobs.XXXXXX");
    if (!mkdtemp(folder) || !pg_start(&server))
        return -1;
    snprintf(url_text[0], sizeof url_text[0], "sqlite:%s/jobs.db", folder);
    snprintf(url_text[1], sizeof url_text[1], "%s", server.url);
    return 0;
}

static int leave(void **state) {
    (void)state;
    char command[128];
    made_end();
    pg_remove(&server);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : -1;
}

/* Each test begins with nothing stored. */
static int fresh(void **state) {
    char copy[200];
    snprintf(copy, sizeof copy, "%s.copy", path_of_file());
    (void)unlink(path_of_file());
    (void)unlink(copy);
    return is_sqlite(state) || psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public") ? 0 : -1;
}

#define EACH(test)                                                                                                     \
    {#test " sqlite", test, fresh, NULL, url_text[0]}, {                                                               \
#test " postgres", test, fresh, NULL, url_text[1]                                                              \
    }

#define SQLITE(test)                                                                                                   \
    { #test " sqlite", test, fresh, NULL, url_text[0] }

int main(void) {
    const struct CMUnitTest tests[] = {
        EACH(what_is_not_there_is_empty),
        EACH(a_job_comes_again),
        EACH(known_by_a_url),
        EACH(several_of_one_batch),
        EACH(a_text_is_passed_on),
        EACH(a_repost_keeps_the_first_alive),
        EACH(a_blank_text_takes_no_text),
        EACH(tried_until_given_up),
        EACH(a_description_stays),
        EACH(thrown_away),
        EACH(like_the_model),
        EACH(a_copy),
        EACH(nobody_is_lost_in_the_crowd),
        EACH(killed_in_between),
        EACH(a_listing_lets_others_write),
        SQLITE(a_newer_store),
        SQLITE(a_step_that_fails),
        SQLITE(a_locked_file),
        SQLITE(a_file_of_its_group),
        SQLITE(what_is_no_store),
        cmocka_unit_test(schemes),
        cmocka_unit_test(side_files),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
