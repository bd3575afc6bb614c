/* job-embed adds an embedding to each job line.

   Contract: every line goes out, in input order; all its bytes but those of "embedding" stay. A line that has an embedding of
   this model and stage goes out untouched (--again makes it anew), and so does one without any text to embed, which is
   counted. The hash model works in this process. A server is asked in batches; a line that it did not answer goes out
   untouched too: refused ones are counted, unanswered ones make status 75, 69 when the server was never reached. With --cost no
   call leaves without a hold on the ledger. The key is in no argument, message, file or core. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/url.h"
#include "embed/http.h"
#include "embed/line.h"
#include "embed/local.h"
#include "frame/filter.h"
#include "frame/prog.h"
#include "job/facts.h"
#include "job/job.h"
#include "jsonl/each.h"
#include "jsonl/splice.h"
#include "wire/http.h"

#define DAY (86400 * JL_SECOND)
#define KEY_CREDENTIAL "embed-key"
#define KEY_VARIABLE "JOBLINE_EMBED_KEY"
#define KEY_VARIABLE_OPENAI "OPENAI_API_KEY"
#define LOCAL_BATCH 32                       /* the vectors of a batch stay in the caches */
#define SERVER_QUESTION (UINT64_C(16) << 10) /* what a line that waits costs besides itself */

static struct embed {
    jl_run *run;
    const char *model, *name, *key_file, *ledger_url, *provider, *user;
    bool full, again, ledger_given, priced;
    uint64_t batch, in_flight, max_chars, retries, cost;
    int64_t timeout, window;

    bool server_is_asked;
    jl_stage stage;
    jl_keyspec key;
    jl_want *want;
    size_t first, first_key;
    jl_buf secret;
    jl_ledger *ledger;
    jl_embed *local;
    jl_server *server;
    jl_lookup *lookup;
    jl_server_counts counts;

    uint64_t embedded, had, no_text, refused, unanswered;
} e = {
    .model = "hash",
    .provider = "embeddings",
    .user = "",
    .batch = 32,
    .in_flight = 4,
    .max_chars = 8000,
    .retries = 5,
    .timeout = 60 * JL_SECOND,
    .window = 50 * JL_MILLISECOND,
};

static const jl_ledger_opener *const ledgers[] = {&jl_ledger_sqlite, &jl_ledger_redis, &jl_ledger_redis_unix,
                                                  &jl_ledger_redis_cluster, NULL};

static const jl_opt options[] = {
    {.letter = 'm',
     .name = "model",
     .arg = "MODEL",
     .kind = JL_OPT_TEXT,
     .to = &e.model,
     .env = "JOBLINE_EMBEDDER",
     .help = "hash, or the URL of an OpenAI-compatible server, https://HOST/v1 [hash]"},
    {.name = "name",
     .arg = "MODEL",
     .kind = JL_OPT_TEXT,
     .to = &e.name,
     .env = "JOBLINE_EMBEDDER_NAME",
     .help = "the server's name for its model; it travels with the vectors"},
    {.name = "full", .kind = JL_OPT_FLAG, .to = &e.full, .help = "embed the description, too; lines without one pass"},
    {.name = "again", .kind = JL_OPT_FLAG, .to = &e.again, .help = "also lines that have this embedding already"},
    {.letter = 'b',
     .name = "batch",
     .arg = "TEXTS",
     .kind = JL_OPT_NUMBER,
     .to = &e.batch,
     .min = 1,
     .max = JL_SERVER_BATCH_MAX,
     .help = "texts in a call, at most; halved when the server says so [32]"},
    {.letter = 'j',
     .name = "in-flight",
     .arg = "CALLS",
     .kind = JL_OPT_NUMBER,
     .to = &e.in_flight,
     .min = 1,
     .max = 256,
     .help = "calls under way at once, at most [4]"},
    {.name = "max-chars",
     .arg = "BYTES",
     .kind = JL_OPT_NUMBER,
     .to = &e.max_chars,
     .min = 16,
     .max = 1 << 20,
     .help = "a text is cut behind so many bytes before it is sent [8000]"},
    {.name = "batch-window",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &e.window,
     .help = "a batch leaves so long after its first text, full or not [50ms]"},
    {.name = "timeout", .arg = "TIME", .kind = JL_OPT_TIME, .to = &e.timeout, .help = "how long a call may take [60s]"},
    {.name = "retries",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &e.retries,
     .max = 100,
     .help = "how often a call is made again [5]"},
    {.name = "key-file",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &e.key_file,
     .complete = JL_COMPLETE_FILE,
     .help =
         "the server's key, else credential " KEY_CREDENTIAL ", " KEY_VARIABLE ", " KEY_VARIABLE_OPENAI "; or none"},
    {.name = "cost",
     .arg = "CREDITS",
     .kind = JL_OPT_NUMBER,
     .to = &e.cost,
     .min = 1,
     .max = JL_CREDITS_MAX,
     .given = &e.priced,
     .help = "a call costs this: hold it on the ledger before it leaves [calls are free]"},
    {.name = "ledger",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &e.ledger_url,
     .env = "JOBLINE_LEDGER",
     .given = &e.ledger_given,
     .help = "with --cost: sqlite:PATH, redis://HOST:PORT/DB, redis+cluster://HOST:PORT,..., redis+unix:///PATH, @FILE "
             "[sqlite:$XDG_STATE_HOME/jobline/ledger.db]"},
    {.name = "provider",
     .arg = "NAME",
     .kind = JL_OPT_TEXT,
     .to = &e.provider,
     .help = "with --cost: whose account it is in the ledger [embeddings]"},
    {.name = "user",
     .arg = "ID",
     .kind = JL_OPT_TEXT,
     .to = &e.user,
     .help = "with --cost: whose calls these are, for caps and reports"},
    JL_OPT_END,
};

/* ---- the line ---- */

static bool is_text(jl_value value, jl_span text) {
    return value.type == JL_STRING && jl_json_is(value.text, text);
}

/* A vector of this model and stage; whether its numbers are good is for those to say who read them. */
static bool has_embedding(const jl_rec *rec) {
    static const char *const names[] = {"model", "stage", "dims", "data"};
    enum { MODEL, STAGE, DIMS, DATA, MEMBERS };
    const jl_field *f = &rec->field[e.first + JL_JOB_EMBEDDING];
    jl_value found[MEMBERS];
    if (f->type != JL_OBJECT)
        return false;
    jl_each_pick((jl_value){{rec->line + f->off, f->len}, JL_OBJECT}, names, MEMBERS, found);
    bool stage = found[STAGE].type == JL_ABSENT ? e.stage == JL_STAGE_LISTING
                                                : is_text(found[STAGE], jl_span_of(jl_stage_name[e.stage]));
    return stage && is_text(found[MODEL], jl_span_of(e.name)) && found[DIMS].type == JL_NUMBER &&
           found[DATA].type == JL_STRING;
}

static bool has_text(const jl_rec *rec, jl_job_name name) {
    const jl_field *f = &rec->field[e.first + name];
    return f->type == JL_STRING && f->len > 2;
}

static int look(void *self, const jl_rec *rec, jl_err *err) {
    (void)self;
    (void)err;
    if (e.full ? !has_text(rec, JL_JOB_DESCRIPTION)
               : !has_text(rec, JL_JOB_TITLE) && !has_text(rec, JL_JOB_COMPANY) && !has_text(rec, JL_JOB_LOCATION) &&
                     !has_text(rec, JL_JOB_SNIPPET)) {
        e.no_text++;
        return JL_PASS;
    }
    if (!e.again && has_embedding(rec)) {
        e.had++;
        return JL_PASS;
    }
    return JL_ASK;
}

static int answer(void *self, const jl_rec *rec, const jl_answer *a, jl_out *out, jl_err *err) {
    (void)self;
    switch (a->state) {
    case JL_FOUND:
        e.embedded++;
        jl_member member = {jl_job_token(JL_JOB_EMBEDDING), a->value, e.first + JL_JOB_EMBEDDING};
        return jl_splice(out, rec, &member, 1, err) == 0 ? JL_PASS : -1;
    case JL_REFUSED:
        *(e.server_is_asked ? &e.refused : &e.no_text) += 1;
        return jl_filter_pass(rec, out, err);
    default:
        e.unanswered++;
        return jl_filter_pass(rec, out, err);
    }
}

static int verdict(void *self, jl_err *err) {
    (void)self;
    if (e.unanswered == 0)
        return 0;
    return jl_err_set(err, JL_TEMPFAIL, "%" PRIu64 " of %" PRIu64 " lines have no embedding: run again later",
                      e.unanswered, e.run->lines_in);
}

static void notice(void *self, bool important, const char *text) {
    (void)self;
    if (important)
        jl_run_warn(e.run, "%s", text);
    else
        jl_run_info(e.run, "%s", text);
}

/* ---- the model ---- */

static int check_usage(jl_err *err) {
    bool hash = strcmp(e.model, "hash") == 0;
    e.server_is_asked = !hash;
    e.stage = e.full ? JL_STAGE_FULL : JL_STAGE_LISTING;
    if (hash && e.priced)
        return jl_err_set(err, JL_USAGE, "--cost: the hash model costs nothing");
    if (!hash && strncmp(e.model, "http://", 7) != 0 && strncmp(e.model, "https://", 8) != 0)
        return jl_err_set(err, JL_USAGE, "--model=%s: hash was expected, or a URL that begins with https:// or http://",
                          e.model);
    if (hash) {
        e.name = JL_EMBED_HASH;
        return 0;
    }
    if (!e.name || !*e.name)
        return jl_err_set(err, JL_USAGE, "--model=URL needs --name=MODEL: what the server calls its model");
    if (!jl_vector_model_good(jl_span_of(e.name)))
        return jl_err_set(err, JL_USAGE, "--name: at most %d printable characters of ASCII, no blanks and quotes",
                          JL_MODEL_MAX - 1);
    if (e.timeout <= 0 || e.timeout > DAY || e.window < 0 || e.window > DAY)
        return jl_err_set(err, JL_USAGE, "--%s: a time above 0 and of at most a day was expected",
                          e.timeout <= 0 || e.timeout > DAY ? "timeout" : "batch-window");
    return 0;
}

static int open_fields(jl_err *err) {
    int first, key;
    if (!(e.want = jl_want_new(err)) || (first = jl_facts_want(e.want, err)) < 0 ||
        jl_keyspec_parse(JL_SPAN("title"), &e.key, err) != 0 || (key = jl_want_key(e.want, &e.key, err)) < 0)
        return -1;
    e.first = (size_t)first;
    e.first_key = (size_t)key;
    return 0;
}

/* A server on this machine often has no key. */
static int read_key(jl_err *err) {
    jl_err why = {0};
    if (jl_run_secret(e.key_file, KEY_CREDENTIAL, KEY_VARIABLE, &e.secret, &why) == 0)
        return 0;
    bool none = !e.key_file && why.class == JL_NOPERM;
    if (none && !getenv(KEY_VARIABLE) &&
        (!getenv(KEY_VARIABLE_OPENAI) ||
         jl_run_secret(NULL, KEY_CREDENTIAL, KEY_VARIABLE_OPENAI, &e.secret, &why) == 0))
        return 0;
    *err = why;
    return -1;
}

static int open_ledger(jl_err *err) {
    jl_url url;
    char shown[256];
    if (!e.priced)
        return 0;
    if (jl_run_state_url(e.run, e.ledger_url, e.ledger_given, "JOBLINE_LEDGER", "ledger", &url, err) != 0)
        return -1;
    jl_url_show(&url, shown, sizeof shown);
    e.ledger = jl_ledger_open(ledgers, &url, e.provider, 0, err);
    jl_url_wipe(&url);
    if (e.ledger)
        jl_run_info(e.run, "ledger %s, account %s", shown, e.provider);
    return e.ledger ? 0 : -1;
}

static int open_server(jl_err *err) {
    if (read_key(err) != 0 || open_ledger(err) != 0)
        return -1;
    jl_server_options o = {.url = e.model,
                           .model = e.name,
                           .key = jl_buf_span(&e.secret),
                           .batch = e.batch,
                           .in_flight = e.in_flight,
                           .max_chars = e.max_chars,
                           .retries = (unsigned)e.retries,
                           .timeout = e.timeout,
                           .window = e.window,
                           .ledger = e.ledger,
                           .provider = e.provider,
                           .user = e.user,
                           .cost = (int64_t)e.cost,
                           .notice = notice};
    jl_run_info(e.run, "model %s at %s", e.name, e.model);
    if (!(e.server = jl_server_open(&o, &e.counts, err)))
        return -1;
    e.lookup = jl_server_lookup(e.server, e.name, e.stage, e.first, err);
    return e.lookup ? 0 : -1;
}

static int open_hash(jl_err *err) {
    jl_run_info(e.run, "model %s", e.name);
    if (!(e.local = jl_embed_hash(err)))
        return -1;
    e.lookup = jl_local_lookup(e.local, e.stage, e.first, err);
    return e.lookup ? 0 : -1;
}

/* ---- the program ---- */

static void register_counters(jl_run *r) {
    jl_run_counter(r, "embedded", &e.embedded, true);
    jl_run_counter(r, "had_embedding", &e.had, true);
    jl_run_counter(r, "no_text", &e.no_text, false);
    if (!e.server_is_asked)
        return;
    jl_run_counter(r, "refused", &e.refused, false);
    jl_run_counter(r, "unanswered", &e.unanswered, true);
    jl_run_counter(r, "calls", &e.counts.calls, true);
    jl_run_counter(r, "retries", &e.counts.retries, false);
    jl_run_counter(r, "cut_texts", &e.counts.cut, false);
    jl_run_counter(r, "batch", &e.counts.batch, false);
    if (!e.priced)
        return;
    jl_run_counter(r, "credits", &e.counts.credits, true);
    jl_run_counter(r, "uncertain", &e.counts.uncertain, false);
}

static int filter_lines(jl_run *r, jl_err *err) {
    jl_filter filter = {
        .want = e.want,
        .key = &e.key,
        .first_key = e.first_key,
        .lookup = e.lookup,
        .batch = e.server_is_asked ? 0 : LOCAL_BATCH,
        .question = e.server_is_asked ? SERVER_QUESTION : 0,
        .inputs = r->operand,
        .look = look,
        .answer = answer,
        .verdict = verdict,
    };
    int rc = jl_filter_run(r, &filter, err);
    if (e.refused > 0)
        jl_run_warn(r, "%" PRIu64 " lines whose text the server does not take", e.refused);
    return rc;
}

static void close_all(void) {
    if (e.lookup)
        e.lookup->ops->close(e.lookup);
    jl_server_close(e.server);
    if (e.local)
        e.local->ops->close(e.local);
    if (e.ledger)
        e.ledger->ops->close(e.ledger);
    if (e.secret.p)
        explicit_bzero(e.secret.p, e.secret.cap);
    jl_buf_free(&e.secret);
    jl_want_free(e.want);
    jl_keyspec_free(&e.key);
}

static int run(jl_run *r, jl_err *err) {
    e.run = r;
    int rc = -1;
    if (check_usage(err) == 0) {
        register_counters(r);
        if (open_fields(err) == 0 && (e.server_is_asked ? open_server(err) : open_hash(err)) == 0)
            rc = filter_lines(r, err);
    }
    close_all();
    return rc;
}

static void versions(void (*say)(void *to, const char *line), void *to) {
    const char *last = NULL;
    say(to, "model " JL_EMBED_HASH);
    say(to, jl_http_version());
    for (const jl_ledger_opener *const *l = ledgers; *l; l++) {
        const char *version = (*l)->version();
        if (last != version)
            say(to, version);
        last = version;
    }
}

static const char *const synopsis[] = {
    "[--full] [--again] [FILE...]",
    "-m URL --name=MODEL [-b TEXTS] [-j CALLS] [--key-file=FILE] [--cost=CREDITS] [OPTION...] [FILE...]",
    NULL,
};

static const jl_prog prog = {
    .name = "job-embed",
    .about = "add an embedding to each job line",
    .synopsis = synopsis,
    .opts = options,
    .versions = versions,
    .run = run,
};

int main(int argc, char **argv) {
    return jl_main(&prog, argc, argv);
}
