/* senior-grpc asks the seniority model about the lines that have no answer yet, and splices the answers in.

   Contract: every line goes out, in input order. A line that has an answer goes out untouched; each distinct (company,
   title) of the others is asked once in the run, in batches over gRPC, no faster than --rate, which --pace makes the rate
   of all who share it. A line whose pair the model did not answer goes out untouched too: refused ones are counted,
   unanswered ones make status 75, or 69 when the model was never reached or the pace is away. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/url.h"
#include "frame/fields.h"
#include "frame/filter.h"
#include "frame/prog.h"
#include "frame/tls.h"
#include "jsonl/splice.h"
#include "pace/pace.h"
#include "senior/model.h"
#include "senior/scale.h"

#define DAY (86400 * JL_SECOND)

enum refused { REFUSED_PASS, REFUSED_FAIL };

static struct grpc {
    jl_run *run;
    jl_fields fields;
    const char *server, *method;
    jl_tls tls;
    bool dry_run, ping;
    uint64_t batch, in_flight, rate, retries;
    const char *pace_url, *pace_name;
    bool pace_given;
    int64_t window, timeout;
    jl_scale scale;
    int refused;

    jl_lookup counter; /* the lookup of a dry run */
    jl_model_counts counts;
    uint64_t had_answer, answered, unanswered, no_pair, refused_lines;
} g = {
    .batch = 1000,
    .in_flight = 4,
    .rate = 1000,
    .pace_name = "model",
    .retries = 5,
    .window = 20 * JL_MILLISECOND,
    .timeout = 30 * JL_SECOND,
    .scale = {.min = 1, .max = 7},
};

static const jl_pace_opener *const paces[] = {&jl_pace_sqlite, &jl_pace_redis, &jl_pace_redis_cluster,
                                              &jl_pace_redis_unix, NULL};

static const jl_opt options[] = {
    {.letter = 's',
     .name = "server",
     .arg = "HOST:PORT",
     .kind = JL_OPT_TEXT,
     .to = &g.server,
     .env = "JOBLINE_SERVER",
     .complete = JL_COMPLETE_HOST,
     .help = "the model's server"},
    {.letter = 'b',
     .name = "batch",
     .arg = "PAIRS",
     .kind = JL_OPT_NUMBER,
     .to = &g.batch,
     .min = 1,
     .max = 1000000,
     .help = "pairs in a call, at most [1000]"},
    {.letter = 'j',
     .name = "in-flight",
     .arg = "CALLS",
     .kind = JL_OPT_NUMBER,
     .to = &g.in_flight,
     .min = 1,
     .max = 1000,
     .help = "calls under way at once, at most [4]"},
    {.name = "rate",
     .arg = "PAIRS_PER_S",
     .kind = JL_OPT_NUMBER,
     .to = &g.rate,
     .help = "pairs asked a second, at most; 0 = no limit [1000]"},
    {.name = "pace",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &g.pace_url,
     .env = "JOBLINE_PACE",
     .given = &g.pace_given,
     .help = "share --rate with all who name this: sqlite:PATH, redis://HOST:PORT/DB, redis+cluster://HOST:PORT,..., "
             "redis+unix:///PATH, @FILE"},
    {.name = "pace-name",
     .arg = "NAME",
     .kind = JL_OPT_TEXT,
     .to = &g.pace_name,
     .help = "which pace of those kept there [model]"},
    {.name = "batch-window",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &g.window,
     .help = "a batch leaves so long after its first pair, full or not [20ms]"},
    {.name = "timeout", .arg = "TIME", .kind = JL_OPT_TIME, .to = &g.timeout, .help = "how long a call may take [30s]"},
    {.name = "retries",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &g.retries,
     .max = 1000,
     .help = "how often a batch is asked again [5]"},
    {.name = "method",
     .arg = "PATH",
     .kind = JL_OPT_TEXT,
     .to = &g.method,
     .help = "the method to call [" JL_MODEL_METHOD "]"},
    {.name = "tls",
     .kind = JL_OPT_FLAG,
     .to = &g.tls.on,
     .help = "connect with TLS, trusting the system's authorities"},
    {.name = "ca",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &g.tls.ca,
     .complete = JL_COMPLETE_FILE,
     .help = "connect with TLS, trusting these authorities (PEM)"},
    {.name = "cert",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &g.tls.cert,
     .complete = JL_COMPLETE_FILE,
     .help = "show the server this certificate (PEM)"},
    {.name = "key",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &g.tls.key,
     .complete = JL_COMPLETE_FILE,
     .help = "its private key (PEM); readable by its owner alone"},
    {.name = "scale",
     .arg = "MIN-MAX",
     .kind = JL_OPT_CALL,
     .to = &g.scale,
     .call = jl_scale_parse,
     .help = "integers that are answers [1-7]"},
    {.name = "refused",
     .arg = "WHAT",
     .kind = JL_OPT_CHOICE,
     .to = &g.refused,
     .words = "pass|fail",
     .help = "lines that no run could answer: pass or fail [pass]"},
    {.name = "dry-run",
     .kind = JL_OPT_FLAG,
     .to = &g.dry_run,
     .help = "ask nothing; tell what would be asked, as one line of JSON"},
    {.name = "ping", .kind = JL_OPT_FLAG, .to = &g.ping, .help = "read nothing; tell whether server and method answer"},
    JL_FIELDS_OPT_KEY(g.fields),
    JL_FIELDS_OPT_ANSWER(g.fields, "FIELD", "the member that holds the answer [" JL_FIELDS_ANSWER "]"),
    JL_OPT_END,
};

/* ---- the line ---- */

static int refuse(const char *why, jl_err *err) {
    return g.refused == REFUSED_FAIL ? jl_err_set(err, JL_DATA, "%s", why) : 0;
}

static int look(void *self, const jl_rec *rec, jl_err *err) {
    (void)self;
    if (jl_scale_field(g.scale, rec, g.fields.first_answer)) {
        g.had_answer++;
        return g.dry_run ? JL_DROP : JL_PASS;
    }
    if (jl_pair_usable(rec, g.fields.first_key))
        return JL_ASK;
    g.no_pair++;
    if (refuse("no company and title that are texts", err) != 0)
        return -1;
    return g.dry_run ? JL_DROP : JL_PASS;
}

static int answer(void *self, const jl_rec *rec, const jl_answer *known, jl_out *out, jl_err *err) {
    (void)self;
    switch (known->state) {
    case JL_FOUND:
        g.answered++;
        jl_member member = {g.fields.answer.token[0], known->value, g.fields.first_answer};
        return jl_splice(out, rec, &member, 1, err) == 0 ? JL_PASS : -1;
    case JL_REFUSED:
        g.refused_lines++;
        return refuse("the model gives no answer for this company and title", err) == 0 ? jl_filter_pass(rec, out, err)
                                                                                        : -1;
    default:
        g.unanswered++;
        return g.dry_run ? JL_DROP : jl_filter_pass(rec, out, err);
    }
}

static int verdict(void *self, jl_err *err) {
    (void)self;
    if (g.unanswered == 0 || g.dry_run)
        return 0;
    return jl_err_set(err, JL_TEMPFAIL, "%" PRIu64 " of %" PRIu64 " lines are unanswered: run again later",
                      g.unanswered, g.run->lines_in);
}

static void notice(void *self, bool important, const char *text) {
    (void)self;
    if (important)
        jl_run_warn(g.run, "%s", text);
    else
        jl_run_info(g.run, "%s", text);
}

/* ---- the dry run ---- */

static int counter_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    (void)l;
    (void)err;
    for (size_t i = 0; i < n; i++)
        query[i].answer.state = JL_UNANSWERED;
    g.counts.asked += n;
    return 0;
}

static void counter_close(jl_lookup *l) {
    (void)l;
}

static const jl_lookup_ops counter_ops = {.submit = counter_submit, .close = counter_close};

/* The estimate of a dry run, where the lines would have been. */
static int end(void *self, jl_out *out, jl_err *err) {
    (void)self;
    if (!g.dry_run)
        return 0;
    jl_buf text = {0};
    uint64_t pairs = g.counts.asked;
    int bad = jl_write_open(&text, err) || jl_write_u64(&text, "lines", g.run->lines_in, err) ||
              jl_write_u64(&text, "had_answer", g.had_answer, err) ||
              jl_write_u64(&text, "unanswerable", g.no_pair, err) || jl_write_u64(&text, "pairs", pairs, err) ||
              jl_write_u64(&text, "batches", pairs / g.batch + (pairs % g.batch != 0), err) ||
              (g.rate ? jl_write_real(&text, "seconds", (double)pairs / (double)g.rate, 3, err)
                      : jl_write_raw(&text, "seconds", JL_SPAN("0"), err)) ||
              jl_write_close(&text, err) || jl_out_line(out, jl_buf_span(&text), err);
    jl_buf_free(&text);
    return bad ? -1 : 0;
}

/* ---- the program ---- */

static bool paced(void) {
    return g.pace_url && *g.pace_url;
}

static int check_usage(const jl_run *r, jl_err *err) {
    if (g.ping && g.dry_run)
        return jl_err_set(err, JL_USAGE, "--ping and --dry-run exclude each other");
    if (g.ping && r->n_operands)
        return jl_err_set(err, JL_USAGE, "--ping reads no file");
    if (g.method && g.method[0] != '/')
        return jl_err_set(err, JL_USAGE, "--method=%s: a path like /Service/Method was expected", g.method);
    if (g.timeout <= 0 || g.timeout > DAY || g.window > DAY)
        return jl_err_set(err, JL_USAGE, "--%s: a time above 0 and of at most a day was expected",
                          g.window > DAY ? "batch-window" : "timeout");
    if (paced() && g.rate == 0)
        return jl_err_set(err, JL_USAGE, "--rate=0 is no rate that --pace could share");
    if (g.dry_run)
        return 0;
    if (!g.server || !*g.server)
        return jl_err_set(err, JL_USAGE, "give the model's server with -s HOST:PORT or in JOBLINE_SERVER");
    const char *colon = strrchr(g.server, ':');
    uint64_t port;
    if (!colon || colon == g.server || jl_num_u64(jl_span_of(colon + 1), 1, UINT16_MAX, &port, NULL) != 0)
        return jl_err_set(err, JL_USAGE, "--server=%s: HOST:PORT was expected, PORT from 1 to 65535", g.server);
    return 0;
}

static int open_fields(jl_err *err) {
    if (jl_fields_open(&g.fields, true, err) != 0 || jl_pair_check(&g.fields.key, err) != 0)
        return -1;
    if (g.fields.answer.n != 1)
        return jl_err_set(err, JL_USAGE, "-a takes one member here");
    return 0;
}

static jl_model_options model_options(void) {
    size_t first = g.fields.first_key;
    bool swapped = !jl_span_eq(g.fields.key.member[0].name, JL_SPAN("company"));
    return (jl_model_options){.target = g.server,
                              .method = g.method,
                              .tls = jl_tls_texts(&g.tls),
                              .company = first + swapped,
                              .title = first + !swapped,
                              .scale = g.scale,
                              .batch = (uint32_t)g.batch,
                              .in_flight = (uint32_t)g.in_flight,
                              .pairs_per_s = (double)g.rate,
                              .window = g.window,
                              .timeout = g.timeout,
                              .retries = (unsigned)g.retries,
                              .notice = notice};
}

static int ping(const jl_model_options *model, jl_err *err) {
    int64_t round_trip = 0;
    if (jl_model_ping(model, &round_trip, err) != 0)
        return -1;
    if (printf("%s %s %.1f ms\n", g.server, g.method ? g.method : JL_MODEL_METHOD,
               (double)round_trip / (double)JL_MILLISECOND) < 0 ||
        fflush(stdout) != 0)
        return jl_err_set(err, JL_IO, "cannot write to stdout");
    return 0;
}

static int filter_lines(jl_run *r, jl_lookup *lookup, jl_err *err) {
    jl_filter filter = {
        .want = g.fields.want,
        .key = &g.fields.key,
        .first_key = g.fields.first_key,
        .lookup = lookup,
        .remember = true,
        .inputs = r->operand,
        .look = look,
        .answer = answer,
        .end = end,
        .verdict = verdict,
    };
    int rc = jl_filter_run(r, &filter, err);
    if (g.no_pair + g.refused_lines > 0 && !g.dry_run)
        jl_run_warn(r, "unanswerable lines: %" PRIu64 " without company and title, %" PRIu64 " refused by the model",
                    g.no_pair, g.refused_lines);
    return rc;
}

static int open_pace(const jl_run *r, jl_pace **pace, jl_err *err) {
    jl_url url;
    char shown[256];
    *pace = NULL;
    if (!paced())
        return 0;
    if (jl_run_state_url(r, g.pace_url, g.pace_given, "JOBLINE_PACE", "pace", &url, err) != 0)
        return -1;
    jl_url_show(&url, shown, sizeof shown);
    *pace = jl_pace_open(paces, &url, g.pace_name, 0, err);
    jl_url_wipe(&url);
    if (!*pace)
        return -1;
    jl_run_info(r, "pace '%s' at %s, %" PRIu64 " pairs a second", g.pace_name, shown, g.rate);
    return 0;
}

static int ask_through(jl_run *r, const jl_model_options *model, jl_err *err) {
    jl_lookup *lookup = jl_model_open(model, &g.counts, err);
    if (!lookup)
        return -1;
    int rc = filter_lines(r, lookup, err);
    lookup->ops->close(lookup);
    return rc;
}

static int ask(jl_run *r, jl_err *err) {
    if (jl_tls_read(&g.tls, err) != 0)
        return -1;
    jl_model_options model = model_options();
    if (g.ping)
        return ping(&model, err);
    jl_run_info(r, "server %s, method %s%s", g.server, model.method ? model.method : JL_MODEL_METHOD,
                g.tls.on ? ", TLS" : "");
    if (open_pace(r, &model.pace, err) != 0)
        return -1;
    int rc = ask_through(r, &model, err);
    jl_pace_close(model.pace);
    return rc;
}

static void register_counters(jl_run *r) {
    jl_run_counter(r, "had_answer", &g.had_answer, false);
    jl_run_counter(r, "answered", &g.answered, true);
    jl_run_counter(r, "unanswered", &g.unanswered, true);
    jl_run_counter(r, "no_pair", &g.no_pair, false);
    jl_run_counter(r, "refused", &g.refused_lines, false);
    jl_run_counter(r, "pairs_asked", &g.counts.asked, true);
    jl_run_counter(r, "pairs_asked_again", &g.counts.again, false);
    jl_run_counter(r, "pairs_answered", &g.counts.answered, false);
    jl_run_counter(r, "pairs_refused", &g.counts.refused, false);
    jl_run_counter(r, "pairs_unanswered", &g.counts.unanswered, false);
    jl_run_counter(r, "calls", &g.counts.calls, true);
    jl_run_counter(r, "failed_calls", &g.counts.failed, false);
    jl_run_counter(r, "model_wait_ms", &g.counts.wait_ms, false);
    jl_run_counter(r, "pace_wait_ms", &g.counts.pace_wait_ms, false);
}

static int run(jl_run *r, jl_err *err) {
    g.run = r;
    int rc = -1;
    if (!g.ping)
        register_counters(r);
    if (check_usage(r, err) == 0 && open_fields(err) == 0) {
        g.counter.ops = &counter_ops;
        rc = g.dry_run ? filter_lines(r, &g.counter, err) : ask(r, err);
    }
    jl_tls_free(&g.tls);
    jl_fields_close(&g.fields);
    return rc;
}

static void versions(void (*say)(void *to, const char *line), void *to) {
    char line[64];
    snprintf(line, sizeof line, "gRPC core %s", jl_rpc_version());
    say(to, line);
    const char *last = NULL;
    for (const jl_pace_opener *const *p = paces; *p; p++) {
        const char *version = (*p)->version();
        if (last != version)
            say(to, version);
        last = version;
    }
}

static const char *const synopsis[] = {
    "[-s HOST:PORT] [-b PAIRS] [-j CALLS] [--rate=PAIRS_PER_S] [--pace=URL] [--batch-window=TIME] [--timeout=TIME] "
    "[--retries=N] "
    "[-k KEY] [-a FIELD] [FILE...]",
    "[OPTION...] --dry-run [FILE...]",
    "[OPTION...] --ping",
    NULL,
};

static const jl_prog prog = {
    .name = "senior-grpc",
    .about = "ask the seniority model for the lines that have no answer yet",
    .synopsis = synopsis,
    .opts = options,
    .versions = versions,
    .no_input_when = &g.ping,
    .run = run,
};

int main(int argc, char **argv) {
    return jl_main(&prog, argc, argv);
}
