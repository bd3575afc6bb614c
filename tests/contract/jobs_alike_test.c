/* PostgreSQL's table of jobs and SQLite's side by side: random operations on both, and all that can be seen of them is the
   same, row for row and byte for byte. */
#include "unit/postings_bench.h"

#include "chance.h"
#include "contract/jobs_open.h"
#include "contract/pg_server.h"
#include "store/keep.h"
#include "store/store.h"
#include "scratch.h"

#define STEPS 60
#define BATCH 40

static const jl_jobs_opener *const openers[] = {&jl_jobs_sqlite, &jl_jobs_postgres, &jl_jobs_postgresql, NULL};
enum { LITE, PG, BACK_ENDS };

static pg_server server;

static int set_up(void **state) {
    return scratch_enter(state) == 0 && pg_start(&server) ? 0 : -1;
}

static int tear_down(void **state) {
    pg_remove(&server);
    return scratch_leave(state);
}

static jl_jobs *open_store(const char *text) {
    return jobs_open(openers, text, 0);
}

/* A database of its own for each test. */
static jl_jobs *open_pg(const char *name) {
    char command[200], url[200];
    snprintf(command, sizeof command, JL_TESTS "/tools/pg_server psql '%s' -c 'CREATE DATABASE %s'", server.folder,
             name);
    assert_int_equal(system(command), 0);
    snprintf(url, sizeof url, "postgres://jobline:" PG_PASSWORD "@127.0.0.1:%d/%s", server.port, name);
    return open_store(url);
}

/* ---- what can be seen ---- */

static int see_job(void *self, const jl_stored_job *job, jl_err *err) {
    jl_buf *to = self;
    const jl_posting *p = &job->job;
    int rc =
        jl_buf_addf(to, err,
                    "%llu change %llu first %llu marked %lld status %d tries %d seen %lld..%lld\n  "
                    "%.*s|%.*s|%.*s|%.*s|%.*s\n  %.*s\n",
                    (unsigned long long)job->row, (unsigned long long)job->change, (unsigned long long)job->first,
                    (long long)job->marked, p->facts.status, p->facts.tries, (long long)p->facts.first_seen,
                    (long long)p->facts.last_seen, (int)p->source.n, p->source.p, (int)p->id.n, p->id.p, (int)p->url.n,
                    p->url.p, (int)p->hash.n, p->hash.p, (int)p->title.n, p->title.p, (int)p->line.n, p->line.p);
    for (int i = 0; rc == 0 && i < JL_STAGES; i++)
        if (p->vector[i].n) {
            rc = jl_buf_addf(to, err, "  %d %.*s %u ", i, (int)p->vector[i].model.n, p->vector[i].model.p,
                             p->vector[i].n);
            for (size_t k = 0; rc == 0 && k < p->vector[i].data.n; k++)
                rc = jl_buf_addf(to, err, "%02x", (unsigned char)p->vector[i].data.p[k]);
            rc = rc == 0 ? jl_buf_addc(to, '\n', err) : -1;
        }
    return rc;
}

static int see_row(void *self, uint64_t row, jl_err *err) {
    return jl_buf_addf(self, err, "gone %llu\n", (unsigned long long)row);
}

struct model_seen {
    uint64_t rows, sum;
};

static int see_model(void *self, jl_span model, uint32_t dims, uint64_t rows, jl_err *err) {
    struct model_seen *m = self;
    (void)err;
    m->rows += rows;
    m->sum += rows * (dims + 31 * model.n);
    return 0;
}

static void see(jl_jobs *s, const jl_find *what, jl_buf *to) {
    jl_err err = {0};
    well(s->ops->find(s, what, see_job, to, &err), &err);
}

static void see_all(jl_jobs *s, jl_buf *to) {
    jl_err err = {0};
    jl_jobs_stat st;
    jl_buf_clear(to);
    see(s, &(jl_find){.lines = true, .vectors = true, .duplicates = true}, to);
    well(s->ops->stat(s, &st, &err), &err);
    well(jl_buf_addf(to, &err,
                     "jobs %llu duplicates %llu full %llu vectors %llu %llu seen %lld %lld change %llu version %d\n",
                     (unsigned long long)st.jobs, (unsigned long long)st.duplicates, (unsigned long long)st.full,
                     (unsigned long long)st.vectors[0], (unsigned long long)st.vectors[1], (long long)st.oldest,
                     (long long)st.newest, (unsigned long long)st.change, st.version),
         &err);
    for (int i = 0; i < JL_STATUSES; i++)
        well(jl_buf_addf(to, &err, "%d: %llu\n", i, (unsigned long long)st.status[i]), &err);
    for (int i = 0; i < JL_STAGES; i++) {
        struct model_seen m = {0};
        well(s->ops->models(s, (jl_stage)i, see_model, &m, &err), &err);
        well(jl_buf_addf(to, &err, "models %d: %llu %llu\n", i, (unsigned long long)m.rows, (unsigned long long)m.sum),
             &err);
    }
}

static void same(const jl_buf *a, const jl_buf *b, const char *after) {
    if (a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0))
        return;
    scratch_write("sqlite", jl_buf_span(a));
    scratch_write("postgres", jl_buf_span(b));
    if (system("diff -a sqlite postgres | cut -c 1-600 | head -n 20 >&2") < 0)
        abort();
    fail_msg("after %s they are not alike", after);
}

/* ---- random jobs ---- */

static const char *const hashed[] = {"All of it.", "Some of it, and more.", "A third text."};
static const char *const statuses[] = {"none", "queued", "failed", "dead", "partial", "done"};
static const char *const vectors[] = {"AACAPwAAAAA=", "AAAAAAAAgD8="};

static int random_line(chance *c, char *line, size_t size) {
    int day = 1 + (int)chance_below(c, 20);
    int n =
        snprintf(line, size, "{\"id\":\"%d\",\"source\":\"%c\",\"company\":\"C\\u0000%d\",\"title\":\"T%d\"",
                 (int)chance_below(c, 30), "ab"[chance_below(c, 2)], (int)chance_below(c, 3), (int)chance_below(c, 2));
    if (chance_below(c, 2))
        n += snprintf(line + n, size - (size_t)n, ",\"url\":\"https://x.example/%d\"", (int)chance_below(c, 25));
    if (chance_below(c, 3) == 0)
        n += snprintf(line + n, size - (size_t)n, ",\"description\":\"%s\",\"enriched_at\":\"2026-11-%02dT00:00:00Z\"",
                      hashed[chance_below(c, 3)], day);
    else if (chance_below(c, 6) == 0)
        n += snprintf(line + n, size - (size_t)n, ",\"description\":\" \\n\",\"snippet\":null");
    if (chance_below(c, 3) == 0)
        n += snprintf(line + n, size - (size_t)n, ",\"expires_at\":\"2026-11-%02dT00:00:00Z\"",
                      1 + (int)chance_below(c, 28));
    if (chance_below(c, 4) == 0)
        n += snprintf(line + n, size - (size_t)n, ",\"location\":\"L\"");
    if (chance_below(c, 2))
        n += snprintf(line + n, size - (size_t)n, ",\"enrichment_status\":\"%s\"", statuses[chance_below(c, 6)]);
    if (chance_below(c, 3) == 0)
        n += snprintf(
            line + n, size - (size_t)n, ",\"embedding\":{\"model\":\"%s\",\"stage\":\"%s\",\"dims\":2,\"data\":\"%s\"}",
            chance_below(c, 4) ? "m" : "other", chance_below(c, 3) ? "listing" : "full", vectors[chance_below(c, 2)]);
    return n + snprintf(line + n, size - (size_t)n, ",\"last_seen_at\":\"2026-11-%02dT00:00:00Z\"}", day);
}

static void random_batch(chance *c, bench *b, jl_keep *keep) {
    jl_buf out = {0};
    jl_err err = {0};
    char line[1024];
    jl_keep_clear(keep);
    for (uint64_t n = 1 + chance_below(c, BATCH); n > 0; n--) {
        (void)random_line(c, line, sizeof line);
        jl_posting p = posting_at(b, line, NOW, &out);
        well(jl_keep_add(keep, &p, &err), &err);
    }
    jl_buf_free(&out);
}

/* ---- random operations ---- */

static void do_put(jl_jobs **s, const jl_keep *keep) {
    jl_err err = {0};
    jl_put put[BACK_ENDS][BATCH];
    for (int i = 0; i < BACK_ENDS; i++) {
        for (size_t k = 0; k < keep->n; k++)
            put[i][k] = (jl_put){.in = &keep->posting[k]};
        well(s[i]->ops->put(s[i], put[i], keep->n, &err), &err);
    }
    for (size_t k = 0; k < keep->n; k++)
        if (put[PG][k].row != put[LITE][k].row || put[PG][k].stored != put[LITE][k].stored)
            fail_msg("%zu: row %llu %s, in SQLite row %llu %s: %.*s", k, (unsigned long long)put[PG][k].row,
                     jl_stored_name[put[PG][k].stored], (unsigned long long)put[LITE][k].row,
                     jl_stored_name[put[LITE][k].stored], (int)keep->posting[k].line.n, keep->posting[k].line.p);
}

static void do_mark(jl_jobs **s, const jl_keep *keep, jl_status status, int64_t now) {
    jl_err err = {0};
    const jl_posting *which[BATCH];
    uint64_t marked[BACK_ENDS];
    for (size_t k = 0; k < keep->n; k++)
        which[k] = &keep->posting[k];
    for (int i = 0; i < BACK_ENDS; i++)
        well(s[i]->ops->mark(s[i], which, keep->n, status, now, &marked[i], &err), &err);
    assert_int_equal(marked[PG], marked[LITE]);
}

static void do_requeue(jl_jobs **s, int64_t before) {
    jl_err err = {0};
    uint64_t again[BACK_ENDS], given_up[BACK_ENDS];
    for (int i = 0; i < BACK_ENDS; i++)
        well(s[i]->ops->requeue(s[i], before, 3, &again[i], &given_up[i], &err), &err);
    assert_int_equal(again[PG], again[LITE]);
    assert_int_equal(given_up[PG], given_up[LITE]);
}

static uint64_t change_of(jl_jobs *s) {
    jl_err err = {0};
    uint64_t store, change;
    well(s->ops->at(s, &store, &change, &err), &err);
    return change;
}

static void do_purge(jl_jobs **s, chance *c) {
    jl_err err = {0};
    uint64_t row[12], deleted[BACK_ENDS], change = change_of(s[LITE]) - chance_below(c, 3);
    for (size_t i = 0; i < 12; i++)
        row[i] = 1 + chance_below(c, 80);
    for (int i = 0; i < BACK_ENDS; i++)
        well(s[i]->ops->purge(s[i], row, 12, change, &deleted[i], &err), &err);
    assert_int_equal(deleted[PG], deleted[LITE]);
}

static void random_find(jl_jobs **s, chance *c) {
    jl_err err = {0};
    jl_buf seen[BACK_ENDS] = {{0}};
    const jl_span id[] = {JL_SPAN("a:7"), JL_SPAN("9"), JL_SPAN("b:c:1")}, url[] = {JL_SPAN("https://x.example/3")};
    jl_find f = {.lines = chance_below(c, 2), .vectors = chance_below(c, 2), .duplicates = chance_below(c, 2)};
    if (chance_below(c, 3) == 0) {
        f.id = id;
        f.ids = 3;
    }
    if (chance_below(c, 3) == 0) {
        f.url = url;
        f.urls = 1;
    }
    if (chance_below(c, 3) == 0)
        f.title = JL_SPAN("t1");
    if (chance_below(c, 3) == 0)
        f.changed_since = change_of(s[LITE]) - chance_below(c, 4);
    if (chance_below(c, 3) == 0)
        f.without = "m";
    if (chance_below(c, 3) == 0)
        f.after = chance_below(c, 30);
    if (chance_below(c, 3) == 0)
        f.limit = 1 + chance_below(c, 10);
    if (chance_below(c, 3) == 0)
        f.facts.statuses = (uint32_t)chance_below(c, 64);
    if (chance_below(c, 3) == 0)
        f.seen_before = NOW - (int64_t)chance_below(c, 20) * 86400;
    if (chance_below(c, 3) == 0)
        f.marked_before = NOW - (int64_t)chance_below(c, 20) * 86400;
    for (int i = 0; i < BACK_ENDS; i++)
        see(s[i], &f, &seen[i]);
    same(&seen[LITE], &seen[PG], "a find");
    const uint64_t row[] = {7, 3, 3, 900, 1 + chance_below(c, 40), 1};
    uint64_t since = change_of(s[LITE]) - chance_below(c, 5);
    for (int i = 0; i < BACK_ENDS; i++) {
        jl_buf_clear(&seen[i]);
        well(s[i]->ops->rows(s[i], row, 6, f.vectors, see_job, &seen[i], &err), &err);
        if (s[i]->ops->gone(s[i], since, see_row, &seen[i], &err) != 0)
            well(jl_buf_addf(&seen[i], &err, "%d\n", (int)err.class), &err);
    }
    same(&seen[LITE], &seen[PG], "rows");
    for (int i = 0; i < BACK_ENDS; i++)
        jl_buf_free(&seen[i]);
}

static void step(jl_jobs **s, chance *c, bench *b, jl_keep *keep, const char **what) {
    int64_t now = NOW - (int64_t)chance_below(c, 20) * 86400;
    random_batch(c, b, keep);
    switch (chance_below(c, 8)) {
    case 0:
        *what = "a mark";
        do_mark(s, keep, (jl_status)chance_below(c, JL_STATUSES), now);
        break;
    case 1:
        *what = "a requeue";
        do_requeue(s, now);
        break;
    case 2:
        *what = "a purge";
        do_purge(s, c);
        break;
    default:
        *what = "a put";
        do_put(s, keep);
        break;
    }
}

static void copy(jl_jobs *from, jl_jobs *to);

static void random_operations(void **state) {
    (void)state;
    chance c = chance_seeded();
    const char *what = "nothing";
    bench b;
    jl_keep keep = {0};
    jl_buf seen[BACK_ENDS] = {{0}};
    jl_jobs *s[BACK_ENDS] = {open_store("sqlite:jobs.db"), open_pg("alike")};
    bench_open(&b);
    for (size_t i = 0, n = chance_rounds(STEPS); i < n; i++) {
        step(s, &c, &b, &keep, &what);
        for (int k = 0; k < BACK_ENDS; k++)
            see_all(s[k], &seen[k]);
        same(&seen[LITE], &seen[PG], what);
        random_find(s, &c);
        if (i == n / 2) {
            jl_err err = {0};
            for (int k = 0; k < BACK_ENDS; k++)
                well(s[k]->ops->vacuum(s[k], &err), &err);
        }
    }
    /* Each as a copy of the other. */
    jl_jobs *t[BACK_ENDS] = {open_store("sqlite:copy.db"), open_pg("copy")};
    copy(s[LITE], t[PG]);
    copy(s[PG], t[LITE]);
    for (int k = 0; k < BACK_ENDS; k++)
        see_all(t[k], &seen[k]);
    same(&seen[LITE], &seen[PG], "a copy");
    do_put(t, &keep);
    for (int k = 0; k < BACK_ENDS; k++)
        see_all(t[k], &seen[k]);
    same(&seen[LITE], &seen[PG], "a put into a copy");
    for (int k = 0; k < BACK_ENDS; k++) {
        s[k]->ops->close(s[k]);
        t[k]->ops->close(t[k]);
        jl_buf_free(&seen[k]);
    }
    jl_keep_free(&keep);
    bench_close(&b);
}

struct copying {
    jl_jobs *to;
    jl_keep keep;
    jl_stored_job job[BATCH];
    size_t n;
};

static int copy_flush(struct copying *c, jl_err *err) {
    for (size_t i = 0; i < c->n; i++)
        c->job[i].job = c->keep.posting[i];
    int rc = c->n ? c->to->ops->import(c->to, c->job, c->n, err) : 0;
    c->n = 0;
    jl_keep_clear(&c->keep);
    return rc;
}

static int copy_job(void *self, const jl_stored_job *job, jl_err *err) {
    struct copying *c = self;
    if (c->n == BATCH && copy_flush(c, err) != 0)
        return -1;
    c->job[c->n++] = *job;
    return jl_keep_add(&c->keep, &job->job, err);
}

static void copy(jl_jobs *from, jl_jobs *to) {
    jl_err err = {0};
    struct copying c = {.to = to};
    well(from->ops->find(from, &(jl_find){.lines = true, .vectors = true, .duplicates = true}, copy_job, &c, &err),
         &err);
    well(copy_flush(&c, &err), &err);
    jl_keep_free(&c.keep);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
