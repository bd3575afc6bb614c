/* A table of jobs put, put again, listed and looked up, as fast as it goes.

     jobs_load STORE-URL JOBS BATCH

   Prints a line for each step: its name, seconds, CPU seconds, jobs a second, the most memory that the process has had so far. A job is a line of about 700 bytes with a
   vector of 384 dimensions; lines are made and read between the clocks, so that the store alone is measured, but for "read". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "store/store.h"
#include "jsonl/json.h"

#define DIMS 384

static const jl_jobs_opener *const stores[] = {&jl_jobs_sqlite, &jl_jobs_postgres, NULL};

static jl_err err;
static jl_postings *postings;
static jl_field *field;
static uint64_t chance = 1;

struct made {
    jl_buf line, text;
    jl_posting posting;
    float vector[DIMS];
};

static struct timing { int64_t wall, cpu; } began;

static void fail(void) {
    fprintf(stderr, "jobs_load: %s\n", err.text);
    exit(1);
}

static uint64_t bits(void) {
    uint64_t z = chance += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return z ^ z >> 29;
}

static struct timing now(void) {
    return (struct timing){jl_clock_now(), jl_clock_cpu()};
}

static void add_time(struct timing *sum) {
    struct timing t = now();
    sum->wall += t.wall - began.wall;
    sum->cpu += t.cpu - began.cpu;
}

static void tell(const char *step, struct timing t, uint64_t jobs) {
    double wall = (double)t.wall / 1e9, cpu = (double)t.cpu / 1e9;
    struct rusage used;
    double most = getrusage(RUSAGE_SELF, &used) == 0 ? (double)used.ru_maxrss / 1024 : 0;
    printf("%-24s %8.3f s %8.3f s CPU %10.0f jobs/s %6.1f MiB\n", step, wall, cpu, (double)jobs / wall, most);
    fflush(stdout);
}

static void make_line(struct made *m, uint64_t i, int day) {
    static const char words[] = "design build run and measure pipelines of data for people who sell ships in large "
                                "numbers to other people who like them red green or blue on week days with a team of "
                                "six in an office near the river where lunch is free and the coffee is not bad at all";
    uint64_t id = i * UINT64_C(0x9e3779b97f4a7c15);
    jl_buf_clear(&m->line);
    if (jl_buf_addf(&m->line, &err,
                    "{\"id\":\"%016llx\",\"source\":\"indeed\",\"url\":\"https://www.indeed.com/viewjob?jk=%016llx\","
                    "\"company\":\"Company %llu\",\"title\":\"Data Engineer %llu\",\"location\":\"Chicago, IL\","
                    "\"snippet\":\"%s\",\"salary_min\":%llu,\"salary_max\":%llu,\"salary_currency\":\"USD\","
                    "\"salary_period\":\"year\",\"employment_type\":\"full_time\",\"remote\":%s,"
                    "\"posted_at\":\"2026-11-0%dT00:00:00Z\",\"last_seen_at\":\"2026-11-0%dT00:00:00Z\","
                    "\"enrichment_status\":\"none\"}\n",
                    (unsigned long long)id, (unsigned long long)id, (unsigned long long)(i % 5000),
                    (unsigned long long)(i % 977), words, (unsigned long long)(50000 + i % 90000),
                    (unsigned long long)(90000 + i % 90000), i % 5 ? "false" : "true", day, day) != 0 ||
        jl_buf_reserve(&m->line, JL_PAD, &err) != 0)
        fail();
}

static void make_vector(struct made *m) {
    float sum = 0;
    for (size_t i = 0; i < DIMS; i++) {
        m->vector[i] = (float)(int64_t)(bits() >> 40) / 16777216.0F - 0.5F;
        sum += m->vector[i] * m->vector[i];
    }
    for (size_t i = 0; i < DIMS; i++)
        m->vector[i] /= sqrtf(sum);
}

static void read_line(struct made *m) {
    jl_rec rec;
    if (jl_rec_scan(jl_postings_want(postings), m->line.p, m->line.p + m->line.n, true, field, &rec, &err) !=
            JL_SCAN_RECORD ||
        jl_postings_read(postings, &rec, 1762000000, &m->text, &m->posting, &err) != 0)
        fail();
    m->posting.vector[JL_STAGE_LISTING] =
        (jl_vector){JL_SPAN("jobline-hash-1"), {(const char *)m->vector, sizeof m->vector}, DIMS};
}

static void put(jl_jobs *s, const char *step, uint64_t jobs, size_t batch, int day) {
    struct made *m = calloc(batch, sizeof *m);
    jl_put *p = calloc(batch, sizeof *p);
    struct timing reading = {0}, putting = {0};
    for (uint64_t i = 0; i < jobs; i += batch) {
        size_t n = jobs - i < batch ? (size_t)(jobs - i) : batch;
        for (size_t k = 0; k < n; k++) {
            make_line(&m[k], i + k, day);
            make_vector(&m[k]);
        }
        began = now();
        for (size_t k = 0; k < n; k++) {
            read_line(&m[k]);
            p[k].in = &m[k].posting;
        }
        add_time(&reading);
        began = now();
        if (s->ops->put(s, p, n, &err) != 0)
            fail();
        add_time(&putting);
    }
    tell("read", reading, jobs);
    tell(step, putting, jobs);
    for (size_t k = 0; k < batch; k++) {
        jl_buf_free(&m[k].line);
        jl_buf_free(&m[k].text);
    }
    free(m);
    free(p);
}

static int count(void *self, const jl_stored_job *job, jl_err *e) {
    (void)e;
    *(uint64_t *)self += job->row > 0;
    return 0;
}

static void find(jl_jobs *s, const char *step, const jl_find *what) {
    uint64_t n = 0;
    struct timing t = {0};
    began = now();
    if (s->ops->find(s, what, count, &n, &err) != 0)
        fail();
    add_time(&t);
    tell(step, t, n);
}

static void look_up(jl_jobs *s, uint64_t jobs, size_t n) {
    uint64_t *row = calloc(n, sizeof *row), found = 0;
    struct timing t = {0};
    for (size_t i = 0; i < n; i++)
        row[i] = 1 + bits() % jobs;
    began = now();
    if (s->ops->rows(s, row, n, true, count, &found, &err) != 0)
        fail();
    add_time(&t);
    free(row);
    char step[48];
    (void)snprintf(step, sizeof step, "rows, %zu at random", n);
    tell(step, t, found);
}

static void find_all(jl_jobs *s, uint64_t jobs, uint64_t change) {
    find(s, "find facts", &(jl_find){0});
    find(s, "find lines", &(jl_find){.lines = true});
    find(s, "find vectors", &(jl_find){.vectors = true});
    find(s, "find remote", &(jl_find){.lines = true, .facts = {.remote = JL_YES}});
    find(s, "find title", &(jl_find){.lines = true, .title = JL_SPAN("engineer 97")});
    find(s, "find changed", &(jl_find){.vectors = true, .changed_since = change});
    look_up(s, jobs, 500);
    look_up(s, jobs, 20000);
}

static void stat_store(jl_jobs *s) {
    jl_jobs_stat stat;
    struct timing t = {0};
    began = now();
    if (s->ops->stat(s, &stat, &err) != 0)
        fail();
    add_time(&t);
    tell("stat", t, stat.jobs);
    printf("%.0f bytes a job on disk\n", (double)stat.bytes / (double)stat.jobs);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fputs("usage: jobs_load STORE-URL JOBS BATCH\n", stderr);
        return 64;
    }
    jl_url url;
    uint64_t jobs = strtoull(argv[2], NULL, 10), store, change;
    size_t batch = strtoul(argv[3], NULL, 10);
    if (!(postings = jl_postings_new(&err)) || jl_url_parse(jl_span_of(argv[1]), &url, &err) != 0)
        fail();
    field = calloc(jl_want_count(jl_postings_want(postings)), sizeof *field);
    jl_jobs *s = jl_jobs_open(stores, &url, 0, &err);
    if (!s || !field)
        fail();
    put(s, "put new", jobs, batch, 1);
    if (s->ops->at(s, &store, &change, &err) != 0)
        fail();
    put(s, "put seen again", jobs / 10, batch, 2);
    put(s, "put the same", jobs / 10, batch, 2);
    find_all(s, jobs, change);
    stat_store(s);
    s->ops->close(s);
    jl_postings_free(postings);
    free(field);
    return 0;
}
