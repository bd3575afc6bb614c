/* senior-cache remembers (company, title) -> seniority in a store that outlives the run.

   Contract: get, put and fill are filters: every line goes out, in input order, with the answer spliced in where one
   was found, every other byte as it was; only --misses sends lines elsewhere. put and fill let an answer go out only
   once it is stored durably; if the store fails, what was read goes out all the same, and the status says so. The store
   keeps fingerprints of the pairs, no texts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/url.h"
#include "bucket/timed.h"
#include "bucket/transfer.h"
#include "frame/cmd.h"
#include "frame/fields.h"
#include "frame/filter.h"
#include "frame/output.h"
#include "frame/prog.h"
#include "jsonl/splice.h"
#include "senior/cache.h"

#define BATCH 8192    /* lines per submit() */
#define COLLECT 65536 /* questions per look-up of get: a store sorts them by bucket */
#define COLLECT_MOST (JL_SECOND / 10)
#define WAITING_COST 80 /* bytes that get and put keep for a line that waits, beside the line */
#define LINE_GUESS 1024 /* bytes that a line of --batch may wait with */
#define WINDOW (UINT64_C(32) << 20)
#define NAME "senior"

enum refused { REFUSED_PASS, REFUSED_FAIL };

static struct cache {
    jl_run *run;
    jl_fields fields;
    const char *url_text, *model, *input, *misses_file;
    bool url_given, json;
    jl_scale scale;
    int refused;
    uint64_t batch, window;
    int64_t stall, patience;

    jl_url url;
    jl_store *store;
    jl_cache_counts counts;
    jl_store_times times;
    uint64_t had_answer, no_answer, answered, missed, unanswered, no_pair, refused_lines, lines_not_stored;
    jl_atomic misses_to;
    jl_out misses;
} c = {
    .scale = {.min = 1, .max = 7},
    .stall = 60 * JL_SECOND,
    .misses_to = {.fd = -1},
};

static const jl_store_opener *const stores[] = {&jl_store_sqlite, &jl_store_redis, &jl_store_redis_unix,
                                                &jl_store_redis_cluster, NULL};

static const jl_opt options[] = {
    {.letter = 'C',
     .name = "cache",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &c.url_text,
     .env = "JOBLINE_CACHE",
     .given = &c.url_given,
     .help = "sqlite:PATH, redis://HOST:PORT/DB, redis+unix:///PATH, redis+cluster://HOST:PORT,..., @FILE "
             "[sqlite:$XDG_STATE_HOME/jobline/senior.db]"},
    {.letter = 'm',
     .name = "model",
     .arg = "MODEL",
     .kind = JL_OPT_TEXT,
     .to = &c.model,
     .env = "JOBLINE_MODEL",
     .help = "whose answers: each model has entries of its own [default]"},
    JL_FIELDS_OPT_KEY(c.fields),
    JL_FIELDS_OPT_ANSWER(c.fields, "FIELD", "the member that holds the answer [" JL_FIELDS_ANSWER "]"),
    {.name = "scale",
     .arg = "MIN-MAX",
     .kind = JL_OPT_CALL,
     .to = &c.scale,
     .call = jl_scale_parse,
     .help = "integers that are answers [1-7]"},
    {.name = "refused",
     .arg = "WHAT",
     .kind = JL_OPT_CHOICE,
     .to = &c.refused,
     .words = "pass|fail",
     .verbs = "get|fill",
     .help = "get, fill: lines that no run could answer: pass or fail [pass]"},
    {.name = "misses",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &c.misses_file,
     .complete = JL_COMPLETE_FILE,
     .verbs = "get",
     .help = "get: put lines whose pair is not known into FILE, not to stdout"},
    {.name = "batch",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &c.batch,
     .min = 1,
     .max = 10000000,
     .verbs = "get",
     .help = "get: collect N questions before they are looked up [65536, for 0.1s at most]"},
    {.letter = 'i',
     .name = "input",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &c.input,
     .complete = JL_COMPLETE_FILE,
     .verbs = "fill",
     .help = "fill: read the lines from FILE [stdin]"},
    {.name = "window",
     .arg = "SIZE",
     .kind = JL_OPT_SIZE,
     .to = &c.window,
     .min = 1,
     .verbs = "get|put|fill",
     .help = "get, put, fill: bytes of lines that may wait [32M]"},
    {.name = "stall",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &c.stall,
     .verbs = "fill",
     .help = "fill: end the COMMAND's input when the window is full and nothing has come for TIME [60s]"},
    {.name = "patience",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &c.patience,
     .help = "try again for TIME when the store is locked or away [60s locked, 10s away, 60s a cluster]"},
    {.name = "json", .kind = JL_OPT_FLAG, .to = &c.json, .verbs = "stat", .help = "stat: one line of JSON"},
    JL_OPT_END,
};

/* ---- the line ---- */

static int refuse(const char *why, jl_err *err) {
    return c.refused == REFUSED_FAIL ? jl_err_set(err, JL_DATA, "%s", why) : 0;
}

/* get and fill: lines without an answer are asked about. */
static int look_missing(void *self, const jl_rec *rec, jl_err *err) {
    (void)self;
    if (jl_scale_field(c.scale, rec, c.fields.first_answer)) {
        c.had_answer++;
        return JL_PASS;
    }
    if (jl_pair_usable(rec, c.fields.first_key))
        return JL_ASK;
    c.no_pair++;
    return refuse("no company and title that are texts", err) == 0 ? JL_PASS : -1;
}

/* put: lines with an answer are stored. */
static int look_present(void *self, const jl_rec *rec, jl_err *err) {
    (void)self;
    (void)err;
    if (!jl_scale_field(c.scale, rec, c.fields.first_answer)) {
        c.no_answer++;
        return JL_PASS;
    }
    c.had_answer++;
    if (jl_pair_usable(rec, c.fields.first_key))
        return JL_ASK;
    c.no_pair++;
    return JL_PASS;
}

static int splice(const jl_rec *rec, jl_span value, jl_out *out, jl_err *err) {
    jl_member member = {c.fields.answer.token[0], value, c.fields.first_answer};
    c.answered++;
    return jl_splice(out, rec, &member, 1, err) == 0 ? JL_PASS : -1;
}

static int answer_get(void *self, const jl_rec *rec, const jl_answer *known, jl_out *out, jl_err *err) {
    (void)self;
    if (known->state == JL_FOUND)
        return splice(rec, known->value, out, err);
    if (known->state == JL_UNKNOWN)
        c.missed++;
    else
        c.unanswered++; /* the store failed */
    if (!c.misses_file || known->state != JL_UNKNOWN)
        return jl_filter_pass(rec, out, err);
    return jl_filter_pass(rec, &c.misses, err) == JL_PASS ? JL_DROP : -1;
}

static int answer_put(void *self, const jl_rec *rec, const jl_answer *known, jl_out *out, jl_err *err) {
    (void)self;
    c.lines_not_stored += known->state != JL_FOUND;
    return jl_filter_pass(rec, out, err);
}

/* What the command has passed back without an answer, or with one that is not on the scale, is unanswerable if the
   command then says that all is well; if it does not, its status is that of the run. So nothing is decided before the
   end. */
static int answer_fill(void *self, const jl_rec *rec, const jl_answer *known, jl_out *out, jl_err *err) {
    (void)self;
    if (known->state == JL_FOUND)
        return splice(rec, known->value, out, err);
    if (known->state == JL_REFUSED)
        c.refused_lines++;
    else
        c.unanswered++;
    return jl_filter_pass(rec, out, err);
}

static int verdict_fill(void *self, jl_err *err) {
    (void)self;
    if (c.unanswered > 0)
        return jl_err_set(err, JL_TEMPFAIL, "%" PRIu64 " of %" PRIu64 " lines are unanswered: run again later",
                          c.unanswered, c.run->lines_in);
    if (c.refused_lines > 0 && c.refused == REFUSED_FAIL)
        return jl_err_set(err, JL_DATA, "%" PRIu64 " of %" PRIu64 " lines are unanswerable", c.refused_lines,
                          c.run->lines_in);
    return 0;
}

/* ---- --misses ---- */

static int misses_open(jl_err *err) {
    if (!c.misses_file)
        return 0;
    if (c.run->output && strcmp(c.run->output, c.misses_file) == 0)
        return jl_err_set(err, JL_USAGE, "-o and --misses name the same file: %s", c.misses_file);
    if (jl_atomic_open(&c.misses_to, c.misses_file, err) != 0)
        return -1;
    return jl_out_open(&c.misses, c.misses_to.fd, c.misses_file, err);
}

/* The file appears under the rule of -o: whole, when the run has come to a good end. */
static int misses_close(int rc, jl_err *err) {
    if (!c.misses_file)
        return rc;
    bool good = rc == 0 && !jl_stop_asked();
    if (good && (jl_out_flush(&c.misses, err) != 0 || jl_atomic_commit(&c.misses_to, "", err) != 0))
        rc = -1;
    if (!good || rc != 0)
        jl_atomic_abandon(&c.misses_to);
    jl_out_free(&c.misses);
    return rc;
}

/* ---- the filters ---- */

/* What this run found, for `stat`. Not worth failing for. */
static void note(const jl_run *r) {
    jl_store_run run = {.ended = jl_clock_wall(), .hits = c.counts.hits, .misses = c.counts.misses};
    jl_err err = {0};
    if (run.hits + run.misses == 0)
        return;
    (void)snprintf(run.id, sizeof run.id, "%s", r->id);
    (void)snprintf(run.verb, sizeof run.verb, "%s", r->verb);
    if (c.store->ops->note(c.store, &run, &err) != 0)
        jl_run_info(r, "the figures of this run are not kept: %s", err.text);
}

static int filter_lines(jl_run *r, const jl_filter *filter, jl_err *err) {
    char shown[256];
    jl_url_show(&c.url, shown, sizeof shown);
    jl_run_info(r, "cache %s, model %s", shown, c.model);
    int rc = jl_filter_run(r, filter, err);
    if (c.lines_not_stored > 0)
        jl_run_warn(r,
                    "%" PRIu64
                    " lines were passed on without their answers being stored: when the store is well again, run "
                    "senior-cache put on the output",
                    c.lines_not_stored);
    if (c.counts.not_stored > 0 && c.lines_not_stored == 0)
        jl_run_warn(r,
                    "%" PRIu64 " answers were passed on without being stored: when the store is well again, run "
                    "senior-cache put on the output",
                    c.counts.not_stored);
    if (c.counts.conflicts > 0)
        jl_run_warn(r, "%" PRIu64 " answers differ from those stored, which stay", c.counts.conflicts);
    if (rc == 0 && c.no_pair + c.refused_lines > 0)
        jl_run_warn(r,
                    "%" PRIu64 " lines are unanswerable: %" PRIu64 " without company and title, %" PRIu64
                    " without an answer on the scale",
                    c.no_pair + c.refused_lines, c.no_pair, c.refused_lines);
    return rc;
}

static jl_filter filter_for(const jl_run *r, jl_lookup *lookup) {
    return (jl_filter){.want = c.fields.want,
                       .key = &c.fields.key,
                       .first_key = c.fields.first_key,
                       .lookup = lookup,
                       .batch = BATCH,
                       .window = c.window ? c.window : WINDOW,
                       .inputs = r->operand};
}

static jl_cache_options lookup_options(void) {
    return (jl_cache_options){.store = c.store,
                              .scale = c.scale,
                              .counts = &c.counts,
                              .answer_field = c.fields.first_answer,
                              .batch = (size_t)(c.batch ? c.batch : COLLECT),
                              .delay = c.batch ? 0 : COLLECT_MOST};
}

static int run_get(jl_run *r, jl_err *err) {
    jl_cache_options o = lookup_options();
    jl_lookup *lookup = jl_cache_get_open(&o, err);
    if (!lookup)
        return -1;
    jl_filter filter = filter_for(r, lookup);
    filter.question = WAITING_COST;
    if (!c.window && c.batch * LINE_GUESS > WINDOW)
        filter.window = c.batch * LINE_GUESS;
    filter.look = look_missing;
    filter.answer = answer_get;
    int rc = misses_open(err);
    if (rc == 0)
        rc = filter_lines(r, &filter, err);
    rc = misses_close(rc, err);
    lookup->ops->close(lookup);
    if (rc == 0)
        note(r);
    return rc;
}

static int run_put(jl_run *r, jl_err *err) {
    jl_cache_options o = lookup_options();
    jl_lookup *lookup = jl_cache_put_open(&o, err);
    if (!lookup)
        return -1;
    jl_filter filter = filter_for(r, lookup);
    filter.question = WAITING_COST;
    filter.as_is = true;
    filter.look = look_present;
    filter.answer = answer_put;
    int rc = filter_lines(r, &filter, err);
    lookup->ops->close(lookup);
    return rc;
}

static int run_fill(jl_run *r, jl_err *err) {
    static const char *const secrets[] = {"JOBLINE_CACHE", NULL};
    char *const from_file[] = {(char *)c.input, NULL};
    if (r->n_operands == 0)
        return jl_err_set(err, JL_USAGE, "fill: give the COMMAND that answers");
    jl_cmd_options command = {.argv = r->operand,
                              .key = &c.fields.key,
                              .answer = &c.fields.answer,
                              .first_key = c.fields.first_key,
                              .max_line = r->max_line,
                              .stall = c.stall,
                              .unset = c.url.pass[0] ? secrets : NULL};
    jl_cache_options o = lookup_options();
    jl_put_counts nothing = {0};
    o.inner = jl_cmd_open(r, &command, err);
    if (!o.inner)
        return -1;
    /* No question is asked whose answer could not be kept. */
    jl_lookup *lookup = NULL;
    if (c.store->ops->put(c.store, NULL, NULL, NULL, 0, &nothing, err) == 0)
        lookup = jl_cache_fill_open(&o, err);
    if (!lookup) {
        o.inner->ops->close(o.inner);
        return -1;
    }
    jl_filter filter = filter_for(r, lookup);
    filter.remember = true;
    filter.inputs = from_file;
    filter.look = look_missing;
    filter.answer = answer_fill;
    filter.verdict = verdict_fill;
    int rc = filter_lines(r, &filter, err);
    lookup->ops->close(lookup);
    if (rc == 0)
        note(r);
    return rc;
}

/* ---- stat, drop ---- */

static double per_entry(const jl_store_stat *stat) {
    return stat->entries ? (double)stat->bytes / (double)stat->entries : 0;
}

static int stat_runs_json(const jl_store_run *run, size_t n, jl_buf *out, jl_err *err) {
    for (size_t i = 0; i < n; i++) {
        char ended[21];
        jl_clock_rfc3339(run[i].ended, ended);
        if (jl_buf_addc(out, i ? ',' : '[', err) != 0 || jl_write_open(out, err) != 0 ||
            jl_write_text(out, "run", jl_span_of(run[i].id), err) != 0 ||
            jl_write_text(out, "verb", jl_span_of(run[i].verb), err) != 0 ||
            jl_write_text(out, "ended_at", jl_span_of(ended), err) != 0 ||
            jl_write_u64(out, "hits", run[i].hits, err) != 0 || jl_write_u64(out, "misses", run[i].misses, err) != 0 ||
            jl_write_close(out, err) != 0)
            return -1;
    }
    return jl_buf_add(out, n ? JL_SPAN("]") : JL_SPAN("[]"), err);
}

static int stat_json(const char *shown, const jl_store_stat *stat, const jl_store_run *run, size_t n, jl_buf *out,
                     jl_err *err) {
    jl_buf runs = {0};
    bool bad = stat_runs_json(run, n, &runs, err) || jl_write_open(out, err) ||
               jl_write_text(out, "cache", jl_span_of(shown), err) ||
               jl_write_text(out, "model", jl_span_of(c.model), err) ||
               jl_write_text(out, "generation", jl_span_of(stat->generation), err) ||
               jl_write_u64(out, "entries", stat->entries, err) || jl_write_u64(out, "buckets", stat->buckets, err) ||
               jl_write_u64(out, "bytes", stat->bytes, err) ||
               jl_write_real(out, "bytes_per_entry", per_entry(stat), 2, err) ||
               jl_write_raw(out, "runs", jl_buf_span(&runs), err) || jl_write_close(out, err);
    jl_buf_free(&runs);
    return bad ? -1 : 0;
}

static int stat_text(const char *shown, const jl_store_stat *stat, const jl_store_run *run, size_t n, jl_buf *out,
                     jl_err *err) {
    if (jl_buf_addf(out, err,
                    "cache            %s\nmodel            %s\nentries          %" PRIu64 "\nbytes            %" PRIu64
                    "\nbytes per entry  %.2f\n",
                    shown, c.model, stat->entries, stat->bytes, per_entry(stat)) != 0)
        return -1;
    if (n && jl_buf_addf(out, err, "\n%-20s  %-4s  %12s  %12s\n", "run ended at", "verb", "hits", "misses") != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        char ended[21];
        jl_clock_rfc3339(run[i].ended, ended);
        if (jl_buf_addf(out, err, "%-20s  %-4s  %12" PRIu64 "  %12" PRIu64 "\n", ended, run[i].verb, run[i].hits,
                        run[i].misses) != 0)
            return -1;
    }
    if (out->n && out->p[out->n - 1] == '\n')
        out->n--; /* jl_out_line ends it */
    return 0;
}

/* To -o or stdout, as lines go. */
static int write_out(const jl_run *r, jl_span text, jl_err *err) {
    jl_output output;
    if (jl_output_open(&output, r, NULL, err) != 0)
        return -1;
    jl_err first = {0}, second = {0};
    int rc = jl_out_line(&output.out, text, &first);
    if (jl_output_end(&output, (int)first.class, &second) != 0 && rc == 0) {
        first = second;
        rc = -1;
    }
    if (rc != 0)
        *err = first;
    return rc;
}

static int run_stat(jl_run *r, jl_err *err) {
    static jl_store_run run[JL_STORE_RUNS];
    jl_store_stat stat;
    size_t n;
    char shown[256];
    if (c.store->ops->stat(c.store, &stat, err) != 0 || c.store->ops->runs(c.store, run, &n, err) != 0)
        return -1;
    jl_url_show(&c.url, shown, sizeof shown);
    jl_buf text = {0};
    int rc = c.json ? stat_json(shown, &stat, run, n, &text, err) : stat_text(shown, &stat, run, n, &text, err);
    if (rc == 0)
        rc = write_out(r, jl_buf_span(&text), err);
    jl_buf_free(&text);
    return rc;
}

static int run_drop(jl_run *r, jl_err *err) {
    uint64_t entries = 0;
    if (c.store->ops->drop(c.store, &entries, err) != 0)
        return -1;
    jl_run_info(r, "model %s: %" PRIu64 " entries dropped", c.model, entries);
    return 0;
}

/* ---- export, import ---- */

static int run_export(jl_run *r, jl_err *err) {
    jl_output output;
    jl_transfer done = {0};
    if (jl_output_open(&output, r, NULL, err) != 0)
        return -1;
    jl_err first = {0}, second = {0};
    (void)jl_transfer_export(c.store, c.model, &output.out, &done, &first);
    int status = first.class != JL_OK ? (int)first.class : jl_stop_asked() ? 128 + jl_stop_asked() : 0;
    if (jl_output_end(&output, status, &second) != 0 && first.class == JL_OK)
        first = second;
    jl_run_info(r, "model %s: %" PRIu64 " entries exported", c.model, done.entries);
    if (first.class == JL_OK)
        return 0;
    *err = first;
    return -1;
}

static int open_store(jl_err *err) {
    jl_space space = {&jl_cache_shape, c.model, c.patience};
    jl_store *store = jl_store_open(stores, &c.url, &space, err);
    c.store = store ? jl_store_timed(store, &c.times, err) : NULL;
    return c.store ? 0 : -1;
}

/* Into the model that was named, else into the one that was exported. */
static int import_file(const jl_run *r, const char *path, jl_err *err) {
    jl_put_counts counts = {0};
    jl_transfer done = {0};
    jl_import *import = jl_import_open(path, &jl_cache_shape, r->max_line, err);
    if (!import)
        return -1;
    const char *named = c.model;
    if (!named)
        c.model = jl_import_model(import);
    int rc = open_store(err);
    if (rc == 0) {
        rc = jl_import_run(import, c.store, c.scale.min, c.scale.max, &counts, &done, err);
        c.store->ops->close(c.store);
        c.store = NULL;
    }
    c.counts.stored += counts.added;
    c.counts.present += counts.present;
    c.counts.conflicts += counts.conflicts;
    jl_run_info(r,
                "model %s: %" PRIu64 " entries read, %" PRIu64 " new, %" PRIu64 " differ from those stored, which stay",
                c.model, done.entries, counts.added, counts.conflicts);
    c.model = named;
    jl_import_close(import);
    return rc;
}

static int run_import(jl_run *r, jl_err *err) {
    if (r->n_operands == 0)
        return import_file(r, "-", err);
    for (size_t i = 0; i < r->n_operands; i++)
        if (import_file(r, r->operand[i], err) != 0)
            return -1;
    return 0;
}

/* ---- the program ---- */

static const jl_verb verbs[] = {
    {.name = "get", .help = "add the answers that are known to the lines that have none"},
    {.name = "put", .help = "store the answers that the lines carry, pass the lines on"},
    {.name = "fill",
     .help = "answer what is known, ask COMMAND for the rest, store what it says",
     .takes_command = true},
    {.name = "stat", .help = "tell the number of entries, their bytes, the last runs", .takes_no_input = true},
    {.name = "drop", .help = "forget all entries of the model", .takes_no_input = true},
    {.name = "export", .help = "write the entries of the model as JSON Lines", .takes_no_input = true},
    {.name = "import", .help = "store the entries of an export"},
    {0},
};

static const struct {
    const char *verb;
    int (*run)(jl_run *r, jl_err *err);
} runs[] = {{"get", run_get},   {"put", run_put},       {"fill", run_fill},    {"stat", run_stat},
            {"drop", run_drop}, {"export", run_export}, {"import", run_import}};

static void register_counters(jl_run *r) {
    jl_run_counter(r, "hits", &c.counts.hits, true);
    jl_run_counter(r, "misses", &c.counts.misses, true);
    jl_run_counter(r, "stored", &c.counts.stored, true);
    jl_run_counter(r, "present", &c.counts.present, false);
    jl_run_counter(r, "conflicts", &c.counts.conflicts, false);
    jl_run_counter(r, "out_of_scale", &c.counts.out_of_scale, false);
    jl_run_counter(r, "not_stored", &c.counts.not_stored, false);
    jl_run_counter(r, "had_answer", &c.had_answer, false);
    jl_run_counter(r, "no_answer", &c.no_answer, false);
    jl_run_counter(r, "answered", &c.answered, false);
    jl_run_counter(r, "missed_lines", &c.missed, false);
    jl_run_counter(r, "unanswered", &c.unanswered, false);
    jl_run_counter(r, "no_pair", &c.no_pair, false);
    jl_run_counter(r, "refused", &c.refused_lines, false);
    jl_run_counter(r, "lines_not_stored", &c.lines_not_stored, false);
    jl_run_counter(r, "cache_reads", &c.times.reads, false);
    jl_run_counter(r, "cache_read_ms", &c.times.read_ms, false);
    jl_run_counter(r, "cache_writes", &c.times.writes, false);
    jl_run_counter(r, "cache_write_ms", &c.times.write_ms, false);
    jl_run_counter(r, "command_wait_ms", &c.counts.inner_ms, false);
}

static int open_fields(jl_err *err) {
    if (jl_fields_open(&c.fields, true, err) != 0 || jl_pair_check(&c.fields.key, err) != 0)
        return -1;
    if (c.fields.answer.n != 1)
        return jl_err_set(err, JL_USAGE, "-a takes one member here");
    return 0;
}

static int run(jl_run *r, jl_err *err) {
    c.run = r;
    register_counters(r);
    bool import = strcmp(r->verb, "import") == 0;
    if (!import && !c.model)
        c.model = "default";
    int rc = open_fields(err);
    if (rc == 0)
        rc = jl_run_state_url(r, c.url_text, c.url_given, "JOBLINE_CACHE", NAME, &c.url, err);
    if (rc == 0 && !import)
        rc = open_store(err);
    for (size_t i = 0; rc == 0 && i < sizeof runs / sizeof *runs; i++)
        if (strcmp(runs[i].verb, r->verb) == 0) {
            rc = runs[i].run(r, err);
            break;
        }
    if (c.store)
        c.store->ops->close(c.store);
    jl_url_wipe(&c.url);
    jl_fields_close(&c.fields);
    return rc;
}

static void versions(void (*say)(void *to, const char *line), void *to) {
    const char *last = NULL;
    for (const jl_store_opener *const *o = stores; *o; o++) {
        const char *version = (*o)->version();
        if (last != version)
            say(to, version);
        last = version;
    }
}

static const char *const synopsis[] = {
    "[-C URL] [-m MODEL] [get] [--misses=FILE] [FILE...]",
    "[-C URL] [-m MODEL] put [FILE...]",
    "[-C URL] [-m MODEL] fill [-i FILE] COMMAND [ARG...]",
    "[-C URL] [-m MODEL] stat [--json]",
    "[-C URL] [-m MODEL] drop",
    "[-C URL] [-m MODEL] export",
    "[-C URL] [-m MODEL] import [FILE...]",
    NULL,
};

static const jl_prog prog = {
    .name = "senior-cache",
    .about = "remember the seniority of (company, title) pairs",
    .synopsis = synopsis,
    .opts = options,
    .verbs = verbs,
    .versions = versions,
    .run = run,
};

int main(int argc, char **argv) {
    return jl_main(&prog, argc, argv);
}
