/* job-store keeps jobs in a table: each once, as enriched as it was ever seen, with when it was seen first and last.

   Contract: put and mark are filters: every line goes out, in input order, with "stored" spliced in by put and every
   other byte as it was, once the transaction with its job is durable; if the store fails, what was read goes out
   without it, and the status says so. get and list print stored lines in their own bytes, list in the order in which jobs
   were first stored. purge deletes nothing before its archive is durable. Any verb may be killed at any moment and run
   again. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/stop.h"
#include "frame/child.h"
#include "frame/filter.h"
#include "frame/output.h"
#include "frame/prog.h"
#include "store/get.h"
#include "job/link.h"
#include "store/purge.h"
#include "store/put.h"
#include "store/refresh.h"
#include "store/transfer.h"
#include "jsonl/splice.h"
#include "jsonl/write.h"

#define STORE_ENV "JOBLINE_STORE"
#define NAME "jobs"
#define PUT_BATCH 1024   /* lines per submit() */
#define GET_BATCH 256    /* lines per look-up */
#define WAITING_COST 400 /* bytes that put keeps for a line that waits, beside the line */
#define WINDOW (UINT64_C(16) << 20)
#define HOUR (60 * 60 * JL_SECOND)
#define DAY (24 * HOUR)

enum { ANY_TIME = -1 };

enum { BY_INDEX, BY_PGVECTOR };

enum remote { REMOTE_ONLY, REMOTE_NO, REMOTE_ANY };

static struct store {
    jl_run *run;
    const char *url_text;
    bool url_given;
    int64_t patience;

    /* which jobs */
    jl_texts ids, urls, places;
    const char *company, *title, *location, *source, *without;
    int remote, stage, retrieval;
    bool stage_given, named, visa, unexpired, duplicates, embedding;
    uint64_t min_salary, statuses, limit;
    int64_t seen_within, posted_within, older_than;

    uint64_t tries;
    const char *archive, *raw, *model;
    bool dry_run, json;

    jl_url url;
    char shown[256];
    jl_jobs *jobs;
    jl_lookup *lookup;
    size_t stored_field;
    jl_buf text;

    jl_put_counts counts;
    uint64_t found, missing, purged, needed, touched, payloads, requeued, given_up, moved, left;
} s = {.remote = REMOTE_ANY, .tries = 3, .seen_within = ANY_TIME, .posted_within = ANY_TIME, .older_than = ANY_TIME};

static const jl_jobs_opener *const stores[] = {&jl_jobs_sqlite, &jl_jobs_postgres, &jl_jobs_postgresql, NULL};

/* "none,failed" */
static int read_statuses(void *to, const char *text, jl_err *err) {
    uint64_t *bits = to;
    for (const char *at = text;;) {
        size_t n = strcspn(at, ",");
        jl_status status;
        if (!jl_status_read((jl_span){at, n}, &status))
            return jl_err_set(err, JL_USAGE,
                              "'%.64s' is no status: none, queued, failed, dead, partial or done were expected", text);
        *bits |= UINT64_C(1) << status;
        if (!at[n])
            return 0;
        at += n + 1;
    }
}

static const jl_opt options[] = {
    {.letter = 'S',
     .name = "store",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &s.url_text,
     .env = STORE_ENV,
     .given = &s.url_given,
     .help = "sqlite:PATH, postgres://USER@HOST/DB, @FILE [sqlite:$XDG_STATE_HOME/jobline/jobs.db]"},
    {.name = "patience",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &s.patience,
     .help = "try again for TIME when the store is locked or away [60s]"},
    {.name = "id",
     .arg = "ID",
     .kind = JL_OPT_LIST,
     .to = &s.ids,
     .given = &s.named,
     .verbs = "get|list|purge",
     .help = "get, list, purge: ID or SOURCE:ID; may be repeated"},
    {.name = "url",
     .arg = "URL",
     .kind = JL_OPT_LIST,
     .to = &s.urls,
     .given = &s.named,
     .verbs = "get|list|purge",
     .help = "get, list, purge: the posting's URL; may be repeated"},
    {.name = "company",
     .arg = "TEXT",
     .kind = JL_OPT_TEXT,
     .to = &s.company,
     .verbs = "list",
     .help = "list: the company contains TEXT, whatever the case"},
    {.name = "title",
     .arg = "TEXT",
     .kind = JL_OPT_TEXT,
     .to = &s.title,
     .verbs = "list",
     .help = "list: the title contains TEXT"},
    {.name = "location",
     .arg = "TEXT",
     .kind = JL_OPT_TEXT,
     .to = &s.location,
     .verbs = "list",
     .help = "list: the location contains TEXT"},
    {.name = "place",
     .arg = "PLACE",
     .kind = JL_OPT_LIST,
     .to = &s.places,
     .verbs = "list",
     .help = "list: in PLACE, or remote; may be repeated: in any of them"},
    {.name = "remote",
     .arg = "WHICH",
     .kind = JL_OPT_CHOICE,
     .to = &s.remote,
     .words = "only|no|any",
     .verbs = "list",
     .help = "list: remote jobs only, none of them, or any [any]"},
    {.name = "min-salary",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &s.min_salary,
     .min = 1,
     .max = 1000000000,
     .verbs = "list",
     .help = "list: a year, at the upper end; jobs that tell none pass"},
    {.name = "visa", .kind = JL_OPT_FLAG, .to = &s.visa, .verbs = "list", .help = "list: not those that sponsor none"},
    {.name = "source",
     .arg = "SOURCE",
     .kind = JL_OPT_TEXT,
     .to = &s.source,
     .verbs = "list",
     .help = "list: of this source"},
    {.name = "status",
     .arg = "STATUS,...",
     .kind = JL_OPT_CALL,
     .to = &s.statuses,
     .call = read_statuses,
     .words = "none|queued|failed|dead|partial|done",
     .verbs = "list",
     .help = "list: of any of these statuses"},
    {.name = "seen-within",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &s.seen_within,
     .verbs = "list",
     .help = "list: seen in the last TIME"},
    {.name = "posted-within",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &s.posted_within,
     .verbs = "list",
     .help = "list: posted in the last TIME"},
    {.name = "older-than",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &s.older_than,
     .verbs = "list|purge|requeue",
     .help = "list, purge: not seen for TIME [purge: 45d, any age with --id]; requeue: marked so long ago [1h]"},
    {.name = "unexpired",
     .kind = JL_OPT_FLAG,
     .to = &s.unexpired,
     .verbs = "list",
     .help = "list: not those whose expires_at is past"},
    {.name = "without-embedding",
     .arg = "MODEL",
     .kind = JL_OPT_TEXT,
     .to = &s.without,
     .verbs = "list",
     .help = "list: without an embedding of MODEL at the --stage"},
    {.name = "stage",
     .arg = "STAGE",
     .kind = JL_OPT_CHOICE,
     .to = &s.stage,
     .words = "listing|full",
     .given = &s.stage_given,
     .verbs = "get|list",
     .help = "which embedding is meant [--without-embedding: listing; --embedding: full if there is one]"},
    {.name = "duplicates", .kind = JL_OPT_FLAG, .to = &s.duplicates, .verbs = "list", .help = "list: duplicates, too"},
    {.name = "limit",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &s.limit,
     .min = 1,
     .verbs = "list",
     .help = "list: at most N"},
    {.name = "embedding",
     .kind = JL_OPT_FLAG,
     .to = &s.embedding,
     .verbs = "get|list",
     .help = "get, list: with the member embedding"},
    {.name = "tries",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &s.tries,
     .min = 1,
     .max = 254,
     .verbs = "requeue",
     .help = "requeue: what was tried N times has failed for good [3]"},
    {.name = "archive",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &s.archive,
     .complete = JL_COMPLETE_FILE,
     .verbs = "purge",
     .help = "purge: append the lines to FILE before their jobs are deleted"},
    {.name = "raw",
     .arg = "PLACE",
     .kind = JL_OPT_TEXT,
     .to = &s.raw,
     .complete = JL_COMPLETE_FILE,
     .verbs = "purge",
     .help = "purge: delete their payloads below the folder or s3://BUCKET/PREFIX, too"},
    {.letter = 'n',
     .name = "dry-run",
     .kind = JL_OPT_FLAG,
     .to = &s.dry_run,
     .verbs = "purge",
     .help = "purge: print the jobs that would go, delete nothing"},
    {.letter = 'm',
     .name = "model",
     .arg = "MODEL",
     .kind = JL_OPT_TEXT,
     .to = &s.model,
     .verbs = "index",
     .help = "index: of this model's embeddings [the model that most jobs have]"},
    {.name = "retrieval",
     .arg = "HOW",
     .kind = JL_OPT_CHOICE,
     .to = &s.retrieval,
     .words = "index|pgvector",
     .verbs = "index",
     .help = "index: the side file, or an index inside PostgreSQL by its extension pgvector [index]"},
    {.name = "json", .kind = JL_OPT_FLAG, .to = &s.json, .verbs = "stat", .help = "stat: one line of JSON"},
    JL_OPT_END,
};

/* ---- put, mark ---- */

static int look_put(void *self, const jl_rec *rec, jl_err *err) {
    (void)self;
    if (jl_put_look(s.lookup, rec, err) == 0)
        return JL_ASK;
    return err->class == JL_DATA ? JL_REJECT : -1;
}

/* A line that was not stored must not look as if it were, on account of an earlier run. */
static int answer_put(void *self, const jl_rec *rec, const jl_answer *known, jl_out *out, jl_err *err) {
    (void)self;
    bool stored = known->state == JL_FOUND;
    if (!stored && rec->field[s.stored_field].type == JL_ABSENT)
        return jl_filter_pass(rec, out, err);
    jl_member member = {JL_SPAN("\"stored\""), stored ? known->value : JL_SPAN("null"), s.stored_field};
    return jl_splice(out, rec, &member, 1, err) == 0 ? JL_PASS : -1;
}

static int answer_mark(void *self, const jl_rec *rec, const jl_answer *known, jl_out *out, jl_err *err) {
    (void)self;
    (void)known;
    return jl_filter_pass(rec, out, err);
}

static const jl_keyspec no_key = {.n = 0};

/* What is to be done stands behind why. */
static void advise(jl_run *r, jl_err *err) {
    char advice[200];
    if (s.counts.not_stored == 0)
        return;
    snprintf(advice, sizeof advice,
             "%" PRIu64 " lines were passed on without being %s: when the store is well again, run job-store %s on the "
             "output",
             s.counts.not_stored, strcmp(r->verb, "mark") == 0 ? "marked" : "stored", r->verb);
    size_t n = strlen(err->text);
    if (err->class == JL_OK || err->class == JL_PIPE)
        jl_run_warn(r, "%s", advice);
    else if (n + 3 < sizeof err->text)
        snprintf(err->text + n, sizeof err->text - n, "; %s", advice);
}

static int filter_put(jl_run *r, const jl_put_options *o, char *const *inputs, jl_err *err) {
    s.lookup = jl_put_open(o, err);
    if (!s.lookup)
        return -1;
    jl_filter filter = {.want = jl_put_want(s.lookup, &s.stored_field),
                        .key = &no_key,
                        .lookup = s.lookup,
                        .batch = PUT_BATCH,
                        .question = WAITING_COST,
                        .window = WINDOW,
                        .as_is = o->marks,
                        .inputs = inputs,
                        .look = look_put,
                        .answer = o->marks ? answer_mark : answer_put};
    int rc = jl_filter_run(r, &filter, err);
    s.lookup->ops->close(s.lookup);
    advise(r, err);
    return rc;
}

static int run_put(jl_run *r, jl_err *err) {
    jl_put_options o = {.store = s.jobs, .counts = &s.counts};
    return filter_put(r, &o, r->operand, err);
}

static int run_mark(jl_run *r, jl_err *err) {
    jl_put_options o = {.store = s.jobs, .marks = true, .counts = &s.counts};
    if (r->n_operands == 0 || !jl_status_read(jl_span_of(r->operand[0]), &o.status))
        return jl_err_set(err, JL_USAGE, "mark: a STATUS was expected: none, queued, failed, dead, partial or done");
    return filter_put(r, &o, r->operand + 1, err);
}

/* ---- lines out ---- */

static const jl_vector *shown_vector(const jl_posting *job) {
    const jl_vector *full = &job->vector[JL_STAGE_FULL];
    if (s.stage_given)
        return &job->vector[s.stage];
    return full->n ? full : &job->vector[JL_STAGE_LISTING];
}

/* The line, which is an object with members, and the embedding before its last brace. */
static int write_with_vector(jl_out *out, const jl_posting *job, const jl_vector *v, jl_err *err) {
    static float vector[JL_DIMS_MAX];
    jl_stage stage = v == &job->vector[JL_STAGE_FULL] ? JL_STAGE_FULL : JL_STAGE_LISTING;
    size_t close = job->line.n;
    while (close > 0 && job->line.p[close - 1] != '}')
        close--;
    close--;
    memcpy(vector, v->data.p, v->data.n);
    jl_buf_clear(&s.text);
    if (jl_buf_add(&s.text, (jl_span){job->line.p, close}, err) != 0 ||
        jl_buf_add(&s.text, JL_SPAN(",\"embedding\":"), err) != 0 ||
        jl_vector_write(v->model, stage, vector, v->n, &s.text, err) != 0 ||
        jl_buf_add(&s.text, (jl_span){job->line.p + close, job->line.n - close}, err) != 0)
        return -1;
    return jl_out_line(out, jl_buf_span(&s.text), err);
}

static int show_job(void *self, const jl_stored_job *job, jl_err *err) {
    jl_out *out = self;
    const jl_vector *v = s.embedding ? shown_vector(&job->job) : NULL;
    if (jl_stop_asked())
        return 1;
    s.found++;
    s.run->lines_out++;
    return v && v->n ? write_with_vector(out, &job->job, v, err) : jl_out_line(out, job->job.line, err);
}

/* Opens the output, lets `write` fill it, ends it under the rules of -o. */
static int with_output(jl_run *r, int (*write)(jl_out *out, jl_err *err), jl_err *err) {
    jl_output output;
    jl_err first = {0}, second = {0};
    if (jl_output_open(&output, r, NULL, err) != 0)
        return -1;
    (void)write(&output.out, &first);
    int status = first.class != JL_OK ? (int)first.class : jl_stop_asked() ? 128 + jl_stop_asked() : 0;
    if (jl_output_end(&output, status, &second) != 0 && first.class == JL_OK)
        first = second;
    r->bytes_out = output.out.bytes;
    if (first.class == JL_OK)
        return 0;
    *err = first;
    return -1;
}

/* ---- list ---- */

/* Times are kept in seconds. `within`: what is not older than that; `before`: what is that old, or older. */
static int64_t within(int64_t ns) {
    return ns == ANY_TIME ? 0 : (jl_clock_wall() - ns) / JL_SECOND;
}

static int64_t before(int64_t ns) {
    return ns == ANY_TIME ? 0 : (jl_clock_wall() - ns) / JL_SECOND + 1;
}

static jl_span text_of(const char *text) {
    return text ? jl_span_of(text) : (jl_span){"", 0};
}

static int ask_places(jl_ask_facts *ask, jl_err *err) {
    if (s.places.n > JL_ASK_PLACES)
        return jl_err_set(err, JL_USAGE, "at most %d times --place", JL_ASK_PLACES);
    for (size_t i = 0; i < s.places.n; i++)
        if (jl_facts_place(jl_span_of(s.places.text[i]), ask->place[i]) == 0)
            return jl_err_set(err, JL_USAGE, "--place=%.100s names no place", s.places.text[i]);
    ask->places = s.places.n;
    return 0;
}

static int ask_facts(jl_ask_facts *ask, jl_err *err) {
    *ask = (jl_ask_facts){.seen_after = within(s.seen_within),
                          .posted_after = within(s.posted_within),
                          .remote = s.remote == REMOTE_ONLY ? JL_YES
                                    : s.remote == REMOTE_NO ? JL_NO
                                                            : JL_UNTOLD,
                          .visa = s.visa,
                          .min_salary = (float)s.min_salary,
                          .source = s.source ? jl_facts_source(jl_span_of(s.source)) : 0,
                          .statuses = (uint32_t)s.statuses,
                          .now = s.unexpired ? jl_clock_wall() / JL_SECOND : 0};
    return ask_places(ask, err);
}

/* URLs in the spelling by which jobs are known. */
static int ask_urls(jl_span *url, jl_buf *text, jl_err *err) {
    for (size_t i = 0; i < s.urls.n; i++) {
        jl_link link;
        if (jl_link_read(jl_span_of(s.urls.text[i]), &text[i], &link, err) != 0)
            return -1;
        if (link.url.n == 0)
            return jl_err_set(err, JL_USAGE, "--url=%.200s is no URL of a posting", s.urls.text[i]);
        url[i] = link.url;
    }
    return 0;
}

/* What --id and --url name, in memory that lives as long as it is asked for. */
struct names {
    jl_span *name; /* ids, then URLs */
    jl_buf *text;  /* of the URLs */
};

static void names_close(struct names *n) {
    for (size_t i = 0; n->text && i < s.urls.n; i++)
        jl_buf_free(&n->text[i]);
    free(n->text);
    free(n->name);
}

/* names_close is called whatever this returns. */
static int names_open(struct names *n, jl_find *find, jl_err *err) {
    n->name = calloc(s.ids.n + s.urls.n + 1, sizeof *n->name);
    n->text = calloc(s.urls.n + 1, sizeof *n->text);
    if (!n->name || !n->text)
        return jl_err_nomem(err);
    for (size_t i = 0; i < s.ids.n; i++)
        n->name[i] = jl_span_of(s.ids.text[i]);
    find->id = n->name;
    find->ids = s.ids.n;
    find->url = n->name + s.ids.n;
    find->urls = s.urls.n;
    return ask_urls(n->name + s.ids.n, n->text, err);
}

static int list_named(jl_find *find, jl_out *out, jl_err *err) {
    struct names names = {0};
    int rc = names_open(&names, find, err);
    if (rc == 0)
        rc = s.jobs->ops->find(s.jobs, find, show_job, out, err);
    names_close(&names);
    return rc;
}

/* A vector of the model that has not the dimensions that its vectors have here is found by nobody. */
static int ask_dims(jl_find *find, jl_err *err) {
    char model[JL_MODEL_MAX];
    if (!find->without || snprintf(model, sizeof model, "%s", find->without) >= (int)sizeof model || !*model)
        return 0;
    return jl_refresh_model(s.jobs, model, &find->without_dims, err);
}

static int write_list(jl_out *out, jl_err *err) {
    bool get = strcmp(s.run->verb, "get") == 0;
    jl_find find = {.company = text_of(s.company),
                    .title = text_of(s.title),
                    .location = text_of(s.location),
                    .seen_before = before(s.older_than),
                    .without = s.without,
                    .stage = (jl_stage)s.stage,
                    .duplicates = s.duplicates || get,
                    .limit = s.limit,
                    .vectors = s.embedding,
                    .lines = true};
    return ask_facts(&find.facts, err) == 0 && ask_dims(&find, err) == 0 ? list_named(&find, out, err) : -1;
}

static int run_list(jl_run *r, jl_err *err) {
    return with_output(r, write_list, err);
}

/* ---- get ---- */

static int look_get(void *self, const jl_rec *rec, jl_err *err) {
    (void)self;
    if (jl_get_look(s.lookup, rec, err) == 0)
        return JL_ASK;
    return err->class == JL_DATA ? JL_REJECT : -1;
}

static int answer_get(void *self, const jl_rec *rec, const jl_answer *known, jl_out *out, jl_err *err) {
    (void)self;
    (void)rec;
    uint64_t row, found = s.found;
    if (known->state != JL_FOUND) {
        s.missing++;
        return JL_DROP;
    }
    memcpy(&row, known->value.p, sizeof row);
    if (s.jobs->ops->rows(s.jobs, &row, 1, s.embedding, show_job, out, err) != 0)
        return -1;
    s.missing += s.found == found; /* deleted meanwhile */
    return s.found == found ? JL_DROP : JL_TURNED;
}

static int run_get(jl_run *r, jl_err *err) {
    if (s.named) {
        if (r->n_operands > 0)
            return jl_err_set(err, JL_USAGE, "get: lines from files, or --id and --url, not both");
        return with_output(r, write_list, err);
    }
    s.lookup = jl_get_open(s.jobs, err);
    if (!s.lookup)
        return -1;
    jl_filter filter = {.want = jl_get_want(s.lookup),
                        .key = &no_key,
                        .lookup = s.lookup,
                        .batch = GET_BATCH,
                        .inputs = r->operand,
                        .look = look_get,
                        .answer = answer_get};
    int rc = jl_filter_run(r, &filter, err);
    s.lookup->ops->close(s.lookup);
    return rc;
}

/* ---- requeue, purge ---- */

static int run_requeue(jl_run *r, jl_err *err) {
    int64_t until = before(s.older_than == ANY_TIME ? HOUR : s.older_than);
    if (s.jobs->ops->requeue(s.jobs, until, (uint8_t)s.tries, &s.requeued, &s.given_up, err) != 0)
        return -1;
    jl_run_info(r, "%" PRIu64 " jobs may be tried again, %" PRIu64 " have failed for good", s.requeued, s.given_up);
    return 0;
}

/* What stands there is no payload: a link to somewhere else, a folder. It would stand there the next time, too. */
static bool is_no_payload(int number) {
    return number == ENOTDIR || number == ELOOP || number == EISDIR;
}

static int drop_failed(const char *name, int number, jl_err *err) {
    if (number == ENOENT)
        return 0;
    if (!is_no_payload(number))
        return jl_err_errno(err, JL_IO, number, "%s/%s: remove", s.raw, name);
    s.left++;
    return 0;
}

static int drop_file(int folder, const char *name, jl_err *err) {
    char sub[3] = {name[0], name[1], '\0'};
    int fd = openat(folder, sub, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return drop_failed(name, errno, err);
    int rc = unlinkat(fd, name + 3, 0) != 0 ? drop_failed(name, errno, err) : 0;
    (void)close(fd);
    return rc;
}

static int drop_files(void *self, const char *const *name, size_t n, jl_err *err) {
    (void)self;
    int folder = open(s.raw, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return jl_err_errno(err, JL_NOINPUT, errno, "%s", s.raw);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = drop_file(folder, name[i], err);
    (void)close(folder);
    return rc;
}

/* s3://BUCKET/PREFIX: the PREFIX is a folder, whether it ends in '/' or not. */
static int split_s3(const char *place, jl_buf *bucket, jl_buf *prefix, jl_err *err) {
    const char *at = place + strlen("s3://");
    size_t n = strcspn(at, "/");
    if (n == 0 || jl_buf_add(bucket, (jl_span){at, n}, err) != 0)
        return n ? -1 : jl_err_set(err, JL_USAGE, "--raw=%.200s names no bucket", place);
    at += n + (at[n] == '/');
    size_t end = strlen(at);
    if (jl_buf_add(prefix, (jl_span){at, end}, err) != 0 ||
        (end && at[end - 1] != '/' && jl_buf_addc(prefix, '/', err) != 0))
        return -1;
    return jl_buf_text(bucket, err) ? 0 : -1;
}

static int write_request(const char *const *name, size_t n, jl_span prefix, jl_buf *request, jl_err *err) {
    jl_buf key = {0};
    int rc = jl_buf_add(request, JL_SPAN("{\"Quiet\":true,\"Objects\":["), err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        jl_buf_clear(&key);
        bool bad = jl_buf_add(&key, prefix, err) || jl_buf_add(&key, jl_span_of(name[i]), err) ||
                   jl_buf_add(request, i ? JL_SPAN(",{\"Key\":") : JL_SPAN("{\"Key\":"), err) ||
                   jl_write_string(request, jl_buf_span(&key), err) || jl_buf_addc(request, '}', err);
        rc = bad ? -1 : 0;
    }
    jl_buf_free(&key);
    return rc == 0 ? jl_buf_add(request, JL_SPAN("]}"), err) : -1;
}

/* Hands the request over and takes what is said about it: with Quiet, that is about what was not deleted. */
static int talk(jl_child *aws, jl_span request, jl_buf *said, jl_err *err) {
    while (request.n > 0) {
        ssize_t n = write(aws->to, request.p, request.n);
        if (n < 0 && errno != EINTR)
            break; /* its status says why it read no further */
        request.p += n > 0 ? n : 0;
        request.n -= n > 0 ? (size_t)n : 0;
    }
    (void)close(aws->to);
    aws->to = -1;
    for (;;) {
        if (jl_buf_reserve(said, 4096, err) != 0)
            return -1;
        ssize_t n = read(aws->from, said->p + said->n, 4096);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return jl_err_errno(err, JL_IO, errno, "what aws says");
        said->n += n > 0 ? (size_t)n : 0;
    }
}

/* The errors' list: null, or empty. */
static bool all_deleted(jl_span said) {
    while (said.n && strchr(" \n\r\t", said.p[said.n - 1]))
        said.n--;
    return said.n == 0 || jl_span_eq(said, JL_SPAN("null")) || jl_span_eq(said, JL_SPAN("[]"));
}

static int run_aws(char *const *argv, jl_span request, jl_err *err) {
    static const char *const secrets[] = {STORE_ENV, NULL};
    jl_child aws = {.to = -1, .from = -1};
    jl_err why = {0};
    jl_buf said = {.max = 1 << 20};
    if (jl_child_start(&aws, argv, true, secrets, err) != 0)
        return -1;
    int rc = talk(&aws, request, &said, err);
    jl_class end = jl_child_wait(&aws, &why);
    if (rc == 0 && end != JL_OK)
        rc = jl_err_set(err, end == JL_SOFTWARE ? JL_UNAVAILABLE : end, "payloads below %s are not deleted: %s", s.raw,
                        why.text);
    if (rc == 0 && !all_deleted(jl_buf_span(&said)))
        rc = jl_err_set(err, JL_UNAVAILABLE, "payloads below %s are not deleted: %.*s", s.raw,
                        (int)(said.n < 200 ? said.n : 200), said.p);
    jl_buf_free(&said);
    return rc;
}

/* Older aws commands do not know the variables of the endpoint. */
static int drop_objects(void *self, const char *const *name, size_t n, jl_err *err) {
    (void)self;
    jl_buf bucket = {0}, prefix = {0}, request = {0};
    const char *endpoint = getenv("AWS_ENDPOINT_URL_S3");
    if (!endpoint || !*endpoint)
        endpoint = getenv("AWS_ENDPOINT_URL");
    int rc = split_s3(s.raw, &bucket, &prefix, err);
    if (rc == 0)
        rc = write_request(name, n, jl_buf_span(&prefix), &request, err);
    if (rc == 0) {
        char *argv[16] = {"aws",     "s3api",  "delete-objects", "--bucket", bucket.p,
                          "--query", "Errors", "--output=json",  "--delete", "file:///dev/stdin"};
        if (endpoint && *endpoint) {
            argv[10] = "--endpoint-url";
            argv[11] = (char *)endpoint;
        }
        rc = run_aws(argv, jl_buf_span(&request), err);
    }
    jl_buf_free(&bucket);
    jl_buf_free(&prefix);
    jl_buf_free(&request);
    return rc;
}

/* Where the names of payloads stand until they are gone: beside an SQLite file, else in the user's folder for state. */
static int list_path(const jl_run *r, jl_buf *path, jl_err *err) {
    jl_url own;
    jl_buf both = {0};
    if (jl_buf_addf(&both, err, "%s\n%s", s.shown, s.raw) != 0)
        return -1;
    unsigned long long hash = jl_digest(jl_buf_span(&both), 0);
    jl_buf_free(&both);
    if (strcmp(s.url.scheme, "sqlite") == 0)
        return jl_buf_addf(path, err, "%s.raw-%016llx", s.url.path, hash) == 0 && jl_buf_text(path, err) ? 0 : -1;
    if (jl_run_state_url(r, NULL, false, NULL, "jobs", &own, err) != 0 || jl_run_state_folder(&own, err) != 0)
        return -1;
    return jl_buf_addf(path, err, "%s.raw-%016llx", own.path, hash) == 0 && jl_buf_text(path, err) ? 0 : -1;
}

static int purge_jobs(jl_purge *p, jl_err *err) {
    struct names names = {0};
    jl_find named = {0};
    int rc = names_open(&names, &named, err);
    if (s.named)
        p->named = &named;
    if (rc == 0)
        rc = jl_purge_run(p, err);
    names_close(&names);
    p->named = NULL;
    s.found = p->found;
    s.purged = p->deleted;
    s.needed = p->needed;
    s.touched = p->touched;
    return rc;
}

static int write_purge(jl_out *out, jl_err *err) {
    jl_purge p = {.store = s.jobs, .before = before(s.older_than), .show = out};
    int rc = purge_jobs(&p, err);
    s.run->lines_out = p.found;
    return rc;
}

static int purge_with(jl_run *r, jl_append *archive, jl_payloads *payloads, jl_err *err) {
    jl_purge p = {.store = s.jobs,
                  .before = before(s.older_than),
                  .archive = s.archive ? archive : NULL,
                  .payloads = s.raw ? payloads : NULL};
    bool s3 = s.raw && strncmp(s.raw, "s3://", 5) == 0;
    if (purge_jobs(&p, err) != 0)
        return -1;
    if (s.raw && !jl_stop_asked() && jl_payloads_end(payloads, s.jobs, s3 ? drop_objects : drop_files, NULL, err) != 0)
        return -1;
    s.payloads = payloads->dropped - s.left;
    if (s.left)
        jl_run_warn(r, "%" PRIu64 " payloads below %s are no files in folders: what stands there was left alone",
                    s.left, s.raw);
    if (payloads->strange)
        jl_run_warn(r, "%" PRIu64 " jobs had a raw that is no payload's name: those were left alone",
                    payloads->strange);
    return 0;
}

static int run_purge(jl_run *r, jl_err *err) {
    jl_append archive = {.fd = -1};
    jl_payloads payloads = {.list = {.fd = -1}};
    jl_buf list = {0};
    if (s.older_than == ANY_TIME && !s.named)
        s.older_than = 45 * DAY;
    if (s.dry_run)
        return with_output(r, write_purge, err);
    if (s.raw && strncmp(s.raw, "s3://", 5) != 0 && access(s.raw, R_OK | X_OK) != 0)
        return jl_err_errno(err, JL_NOINPUT, errno, "%s", s.raw);
    int rc = s.archive ? jl_append_open(&archive, s.archive, err) : 0;
    if (rc == 0 && s.raw)
        rc = list_path(r, &list, err) == 0 ? jl_payloads_open(&payloads, list.p, err) : -1;
    if (rc == 0)
        rc = purge_with(r, &archive, &payloads, err);
    jl_payloads_close(&payloads);
    jl_append_close(&archive);
    jl_buf_free(&list);
    if (s.named && s.needed)
        jl_run_warn(r, "%" PRIu64 " jobs stay until their duplicates go", s.needed);
    jl_run_info(r,
                "%" PRIu64 " jobs deleted, %" PRIu64 " seen again meanwhile, %" PRIu64 " needed by duplicates; %" PRIu64
                " payloads deleted",
                s.purged, s.touched, s.needed, s.payloads);
    return rc;
}

/* ---- stat ---- */

struct figures {
    jl_jobs_stat stat;
    jl_stage stage; /* of the models that are being told */
    bool json;
    jl_buf *out;
    size_t models;
};

static int figure_model(void *self, jl_span model, uint32_t dims, uint64_t rows, jl_err *err) {
    struct figures *f = self;
    if (!f->json)
        return jl_buf_addf(f->out, err, "%-16s %" PRIu64 " of %.*s, %" PRIu32 " dimensions\n", jl_stage_name[f->stage],
                           rows, (int)model.n, model.p, dims);
    if ((f->models++ && jl_buf_addc(f->out, ',', err) != 0) || jl_write_open(f->out, err) != 0)
        return -1;
    return jl_write_text(f->out, "model", model, err) ||
                   jl_write_text(f->out, "stage", jl_span_of(jl_stage_name[f->stage]), err) ||
                   jl_write_u64(f->out, "dims", dims, err) || jl_write_u64(f->out, "jobs", rows, err) ||
                   jl_write_close(f->out, err)
               ? -1
               : 0;
}

static int figure_models(struct figures *f, jl_err *err) {
    for (int stage = 0; stage < JL_STAGES; stage++) {
        f->stage = (jl_stage)stage;
        if (s.jobs->ops->models(s.jobs, f->stage, figure_model, f, err) != 0)
            return -1;
    }
    return 0;
}

static const char *time_text(int64_t seconds, char text[21]) {
    jl_clock_rfc3339(seconds * JL_SECOND, text);
    return seconds ? text : "never";
}

static int stat_text(struct figures *f, jl_err *err) {
    const jl_jobs_stat *t = &f->stat;
    char oldest[21], newest[21];
    if (jl_buf_addf(f->out, err,
                    "store            %s\njobs             %" PRIu64 "\nduplicates       %" PRIu64
                    "\nfull text        %" PRIu64 "\n",
                    s.shown, t->jobs, t->duplicates, t->full) != 0)
        return -1;
    for (int i = 0; i < JL_STATUSES; i++)
        if (jl_buf_addf(f->out, err, "%-16s %" PRIu64 "\n", jl_status_name[i], t->status[i]) != 0)
            return -1;
    if (jl_buf_addf(f->out, err,
                    "seen, oldest     %s\nseen, newest     %s\nbytes            %" PRIu64 "\nchange           %" PRIu64
                    "\n",
                    time_text(t->oldest, oldest), time_text(t->newest, newest), t->bytes, t->change) != 0 ||
        figure_models(f, err) != 0)
        return -1;
    f->out->n--; /* the last line is ended by the output */
    return 0;
}

static int stat_json(struct figures *f, jl_err *err) {
    const jl_jobs_stat *t = &f->stat;
    char time[21], number[17];
    jl_buf status = {0}, models = {0};
    jl_buf *out = f->out;
    bool bad = jl_write_open(&status, err);
    for (int i = 0; i < JL_STATUSES; i++)
        bad = bad || jl_write_u64(&status, jl_status_name[i], t->status[i], err);
    bad = bad || jl_write_close(&status, err) || jl_buf_addc(&models, '[', err);
    f->out = &models;
    bad = bad || figure_models(f, err) || jl_buf_addc(&models, ']', err);
    f->out = out;
    bad = bad || jl_write_open(out, err) || jl_write_text(out, "store", jl_span_of(s.shown), err) ||
          jl_write_i64(out, "version", t->version, err) || jl_write_u64(out, "jobs", t->jobs, err) ||
          jl_write_u64(out, "duplicates", t->duplicates, err) || jl_write_u64(out, "full", t->full, err) ||
          jl_write_raw(out, "status", jl_buf_span(&status), err) ||
          jl_write_raw(out, "models", jl_buf_span(&models), err);
    snprintf(number, sizeof number, "%016" PRIx64, t->store);
    if (!bad && t->store) /* a number of JSON would lose bits of it */
        bad = jl_write_text(out, "number", jl_span_of(number), err);
    if (!bad && t->oldest)
        bad = jl_write_text(out, "oldest_seen_at", jl_span_of(time_text(t->oldest, time)), err) ||
              jl_write_text(out, "newest_seen_at", jl_span_of(time_text(t->newest, time)), err);
    bad = bad || jl_write_u64(out, "bytes", t->bytes, err) || jl_write_u64(out, "change", t->change, err) ||
          jl_write_close(out, err);
    jl_buf_free(&status);
    jl_buf_free(&models);
    return bad ? -1 : 0;
}

static int run_stat(jl_run *r, jl_err *err) {
    jl_buf text = {0};
    struct figures f = {.json = s.json, .out = &text};
    int rc = s.jobs->ops->stat(s.jobs, &f.stat, err);
    if (rc == 0)
        rc = s.json ? stat_json(&f, err) : stat_text(&f, err);
    if (rc == 0 && jl_buf_addc(&text, '\n', err) == 0)
        rc = jl_output_text(r, NULL, jl_buf_span(&text), err);
    jl_buf_free(&text);
    return rc;
}

/* ---- index ---- */

static int write_index(jl_run *r, const char *model, uint32_t dims, jl_err *err) {
    jl_refreshed done;
    char *path = r->output ? strdup(r->output) : jl_jobs_index_path(&s.url, model, err);
    if (!path)
        return r->output ? jl_err_nomem(err) : -1;
    int rc = jl_refresh_write(s.jobs, path, model, dims, &done, err);
    if (rc == 0 && done.odd)
        jl_run_warn(r, "%" PRIu64 " jobs are left out: their vectors of %s do not have %" PRIu32 " dimensions",
                    done.odd, model, dims);
    if (rc == 0)
        jl_run_info(r, "%s: %" PRIu64 " jobs of %s, %" PRIu64 " new or changed, %" PRIu64 " gone%s", path, done.rows,
                    model, done.changed, done.gone, done.written ? "" : "; nothing to write");
    s.found = done.rows;
    free(path);
    return rc;
}

static int write_near(jl_run *r, const char *model, uint32_t dims, jl_err *err) {
    jl_near_index done;
    if (s.jobs->ops->near_index(s.jobs, model, dims, &done, err) != 0)
        return -1;
    jl_run_info(r, "pgvector: %" PRIu64 " jobs of %s, %" PRIu64 " new or changed, %" PRIu64 " gone%s", done.rows, model,
                done.added, done.gone, done.written ? "" : "; nothing to write");
    s.found = done.rows;
    return 0;
}

static int check_near(const jl_run *r, jl_err *err) {
    if (s.retrieval != BY_PGVECTOR)
        return 0;
    if (!s.jobs->ops->near_index)
        return jl_err_set(err, JL_USAGE,
                          "--retrieval=pgvector is for stores in PostgreSQL: without it there is a side file");
    return r->output ? jl_err_set(err, JL_USAGE, "--retrieval=pgvector writes no file: no --output") : 0;
}

static int run_index(jl_run *r, jl_err *err) {
    char model[JL_MODEL_MAX] = "";
    uint32_t dims;
    if (s.model && (strlen(s.model) >= sizeof model || !*s.model))
        return jl_err_set(err, JL_USAGE, "--model: the name has 1 to %d bytes", JL_MODEL_MAX - 1);
    if (check_near(r, err) != 0)
        return -1;
    if (s.model)
        memcpy(model, s.model, strlen(s.model) + 1);
    if (jl_refresh_model(s.jobs, model, &dims, err) != 0)
        return -1;
    if (dims)
        return s.retrieval == BY_PGVECTOR ? write_near(r, model, dims, err) : write_index(r, model, dims, err);
    if (s.model)
        return jl_err_set(err, JL_NOINPUT, "no job in %s has an embedding of the model %s", s.shown, model);
    jl_run_warn(r,
                "no job in %s has an embedding: nothing to index; job-store list --without-embedding=jobline-hash-1 | "
                "job-embed | job-store put gives them some",
                s.shown);
    return 0;
}

/* ---- export, import, vacuum ---- */

static int write_export(jl_out *out, jl_err *err) {
    jl_moved moved = {0};
    int rc = jl_transfer_jobs(s.jobs, out, &moved, err);
    s.moved = s.run->lines_out = moved.jobs;
    return rc;
}

static int run_export(jl_run *r, jl_err *err) {
    int rc = with_output(r, write_export, err);
    jl_run_info(r, "%" PRIu64 " jobs exported", s.moved);
    return rc;
}

static int run_import(jl_run *r, jl_err *err) {
    jl_moved moved = {0};
    if (r->n_operands > 1)
        return jl_err_set(err, JL_USAGE, "import: a store is one export's");
    int rc = jl_transfer_take(s.jobs, r->n_operands ? r->operand[0] : "-", r->max_line, &moved, err);
    s.moved = r->lines_in = moved.jobs;
    jl_run_info(r, "%" PRIu64 " jobs imported", moved.jobs);
    return rc;
}

static int run_vacuum(jl_run *r, jl_err *err) {
    (void)r;
    return s.jobs->ops->vacuum(s.jobs, err);
}

/* ---- the program ---- */

static const jl_verb verbs[] = {
    {.name = "put", .help = "store the jobs of the lines, pass the lines on"},
    {.name = "get", .help = "print the stored lines of the jobs that the lines name"},
    {.name = "list", .help = "print the stored lines of the jobs that pass the filters", .takes_no_input = true},
    {.name = "mark", .help = "set the status of the jobs of the lines, pass the lines on"},
    {.name = "requeue", .help = "try again what has been queued or failed for too long", .takes_no_input = true},
    {.name = "purge", .help = "delete jobs that were not seen for long, or that are named", .takes_no_input = true},
    {.name = "stat", .help = "tell the number of jobs, their statuses, models, bytes", .takes_no_input = true},
    {.name = "index", .help = "write the side file from which job-match finds the nearest", .takes_no_input = true},
    {.name = "export", .help = "write the whole store as JSON Lines", .takes_no_input = true},
    {.name = "import", .help = "fill an empty store from an export"},
    {.name = "vacuum", .help = "check the store, give back the disk of what was deleted", .takes_no_input = true},
    {0},
};

static const struct {
    const char *verb;
    int (*run)(jl_run *r, jl_err *err);
    bool makes; /* a store, where there is none */
} runs[] = {{"put", run_put, true},       {"get", run_get, false},      {"list", run_list, false},
            {"mark", run_mark, false},    {"purge", run_purge, false},  {"requeue", run_requeue, false},
            {"stat", run_stat, false},    {"index", run_index, false},  {"export", run_export, false},
            {"import", run_import, true}, {"vacuum", run_vacuum, false}};

static void register_counters(jl_run *r) {
    jl_run_counter(r, "new", &s.counts.stored[JL_STORED_NEW], true);
    jl_run_counter(r, "updated", &s.counts.stored[JL_STORED_UPDATED], true);
    jl_run_counter(r, "same", &s.counts.stored[JL_STORED_SAME], true);
    jl_run_counter(r, "duplicate", &s.counts.stored[JL_STORED_DUPLICATE], true);
    jl_run_counter(r, "not_stored", &s.counts.not_stored, false);
    jl_run_counter(r, "commits", &s.counts.commits, false);
    jl_run_counter(r, "commit_ms", &s.counts.commit_ms, false);
    jl_run_counter(r, "marked", &s.counts.marked, false);
    jl_run_counter(r, "found", &s.found, false);
    jl_run_counter(r, "missing", &s.missing, false);
    jl_run_counter(r, "purged", &s.purged, false);
    jl_run_counter(r, "needed", &s.needed, false);
    jl_run_counter(r, "touched", &s.touched, false);
    jl_run_counter(r, "payloads", &s.payloads, false);
    jl_run_counter(r, "requeued", &s.requeued, false);
    jl_run_counter(r, "given_up", &s.given_up, false);
    jl_run_counter(r, "moved", &s.moved, false);
}

static int open_store(jl_run *r, bool makes, jl_err *err) {
    r->no_state_folder = !makes;
    if (jl_run_state_url(r, s.url_text, s.url_given, STORE_ENV, NAME, &s.url, err) != 0)
        return -1;
    jl_url_show(&s.url, s.shown, sizeof s.shown);
    s.jobs = jl_jobs_open(stores, &s.url, s.patience, err);
    if (s.jobs)
        jl_run_info(r, "store %s", s.shown);
    return s.jobs ? 0 : -1;
}

static int run(jl_run *r, jl_err *err) {
    int rc = -1;
    s.run = r;
    register_counters(r);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        if (strcmp(runs[i].verb, r->verb) == 0)
            rc = open_store(r, runs[i].makes, err) == 0 ? runs[i].run(r, err) : -1;
    if (s.jobs)
        s.jobs->ops->close(s.jobs);
    jl_url_wipe(&s.url);
    jl_buf_free(&s.text);
    return rc;
}

static void versions(void (*say)(void *to, const char *line), void *to) {
    const char *last = NULL;
    for (const jl_jobs_opener *const *o = stores; *o; o++) {
        const char *version = (*o)->version();
        if (last != version)
            say(to, version);
        last = version;
    }
}

static const char *const synopsis[] = {
    "[-S URL] [put] [FILE...]",
    "[-S URL] get [--embedding [--stage=STAGE]] [--id=ID] [--url=URL] [FILE...]",
    "[-S URL] list [FILTER...]",
    "[-S URL] mark STATUS [FILE...]",
    "[-S URL] requeue [--older-than=TIME] [--tries=N]",
    "[-S URL] purge [-n] [--older-than=TIME] [--id=ID] [--url=URL] [--archive=FILE] [--raw=PLACE]",
    "[-S URL] stat [--json]",
    "[-S URL] index [-m MODEL] [-o FILE]",
    "[-S URL] export",
    "[-S URL] import [FILE]",
    "[-S URL] vacuum",
    NULL,
};

static const jl_prog prog = {
    .name = "job-store",
    .about = "keep jobs: each once, as enriched as it was ever seen",
    .synopsis = synopsis,
    .opts = options,
    .verbs = verbs,
    .no_input_when = &s.named,
    .versions = versions,
    .run = run,
};

int main(int argc, char **argv) {
    return jl_main(&prog, argc, argv);
}
