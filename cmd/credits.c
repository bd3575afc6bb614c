/* credits keeps the ledger that every paid call goes through.

   Contract: nothing that costs money is admitted here but through the ledger's own rules; what is doubtful counts as
   spent; what is missing or cannot be read is an error, never a zero. What is told once (watch) is marked as told after
   it was told, so that a failure tells it again. */
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/url.h"
#include "base/num.h"
#include "frame/errand.h"
#include "frame/output.h"
#include "frame/prog.h"
#include "frame/secret.h"
#include "frame/terminal.h"
#include "books/calendar.h"
#include "gate/call.h"
#include "books/forecast.h"
#include "gate/ledger.h"
#include "books/journal.h"
#include "books/plot.h"
#include "gate/refusal.h"
#include "books/replay.h"
#include "books/report.h"
#include "books/status.h"
#include "books/sync.h"
#include "books/watch.h"
#include "books/webhook.h"
#include "hasdata/key.h"
#include "hasdata/prices.h"
#include "hasdata/usage.h"
#include "wire/http.h"

#define NAME "ledger"
#define HASDATA "hasdata"
#define LEDGER_ENV "JOBLINE_LEDGER"
#define WEBHOOK_ENV "JOBLINE_WEBHOOK"
#define HOLD_ENV "JOBLINE_HOLD"
#define TELLING (30 * JL_SECOND) /* how long a command or webhook of watch may take, unless somebody says */

static struct credits {
    jl_run *run;
    const char *url_text, *provider;
    bool url_given;
    int64_t patience;

    bool json, plot, priority, send, failed, uncertain, dry_run, yes, check;
    const char *check_endpoint, *period, *svg;
    bool svg_given;
    int by;
    uint64_t days, from, cost, used;
    bool cost_given, used_given, timeout_given, webhook_given;
    const char *endpoint, *user, *tell, *webhook, *key_file, *api;
    int64_t wait, timeout, open_for, settled;
    jl_call_free is_free;

    jl_url url;
    char shown[256];
    jl_ledger *ledger;
    jl_admission admitted; /* the hold that this run has made */
    uint64_t credits, told, not_told;
} c = {
    .provider = HASDATA,
    .endpoint = "",
    .user = "",
    .days = JL_FORECAST_DAYS,
    .settled = JL_SYNC_SETTLED,
    .admitted = {.normal = -1, .worst = -1},
    .from = 1,
    .api = JL_HASDATA_API,
};

static const jl_ledger_opener *const ledgers[] = {&jl_ledger_sqlite, &jl_ledger_redis, &jl_ledger_redis_unix,
                                                  &jl_ledger_redis_cluster, NULL};

static int read_statuses(void *to, const char *text, jl_err *err) {
    return jl_call_free_add(to, text, err);
}

static const jl_opt options[] = {
    {.name = "ledger",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &c.url_text,
     .env = LEDGER_ENV,
     .given = &c.url_given,
     .help = "sqlite:PATH, redis://HOST:PORT/DB, redis+unix:///PATH, redis+cluster://HOST:PORT,..., @FILE "
             "[sqlite:$XDG_STATE_HOME/jobline/ledger.db]"},
    {.name = "provider",
     .arg = "PROVIDER",
     .kind = JL_OPT_TEXT,
     .to = &c.provider,
     .help = "whose account; a ledger has any number [hasdata]"},
    {.name = "patience",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &c.patience,
     .help = "try again for TIME when the ledger is locked or away [10s, 60s a cluster]"},
    {.name = "json",
     .kind = JL_OPT_FLAG,
     .to = &c.json,
     .verbs = "status|report|forecast|watch|sync|audit",
     .help = "JSON instead of text, an object a line"},
    {.name = "check",
     .arg = "ENDPOINT?",
     .kind = JL_OPT_TEXT,
     .to = &c.check_endpoint,
     .given = &c.check,
     .verbs = "status",
     .help = "status: end with 75 if a call would be refused now; without ENDPOINT, the cheapest one"},
    {.name = "by",
     .arg = "WHAT",
     .kind = JL_OPT_CHOICE,
     .to = &c.by,
     .words = "day|endpoint|user",
     .verbs = "report",
     .help = "report: what the rows are: day, endpoint, user [day]"},
    {.name = "period",
     .arg = "YYYY-MM",
     .kind = JL_OPT_TEXT,
     .to = &c.period,
     .verbs = "report",
     .help = "report: the period that began in this month [the current one]"},
    {.name = "plot", .kind = JL_OPT_FLAG, .to = &c.plot, .verbs = "report", .help = "report: draw bars"},
    {.name = "svg",
     .arg = "FILE?",
     .kind = JL_OPT_TEXT,
     .to = &c.svg,
     .given = &c.svg_given,
     .complete = JL_COMPLETE_FILE,
     .verbs = "report",
     .help = "report: draw a picture into FILE; without FILE, in place of the table"},
    {.name = "days",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &c.days,
     .min = 1,
     .max = 366,
     .verbs = "status|forecast",
     .help = "status, forecast: take the pace from the last N days [7]"},
    {.name = "cost",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &c.cost,
     .max = JL_CREDITS_MAX,
     .given = &c.cost_given,
     .verbs = "run|hold|settle",
     .help = "what the call costs, in credits [the endpoint's price; settle: what was held]"},
    {.name = "endpoint",
     .arg = "ENDPOINT",
     .kind = JL_OPT_TEXT,
     .to = &c.endpoint,
     .verbs = "run|hold|settle",
     .help = "what is called: a name in the account's prices, or with --cost any"},
    {.name = "user",
     .arg = "USER",
     .kind = JL_OPT_TEXT,
     .to = &c.user,
     .verbs = "run|hold|settle",
     .help = "who pays, for reports and the account's user-cap [nobody in particular]"},
    {.name = "priority",
     .kind = JL_OPT_FLAG,
     .to = &c.priority,
     .verbs = "run|hold",
     .help = "run, hold: may use the share of the budget that is kept for such calls"},
    {.name = "wait",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &c.wait,
     .verbs = "run|hold",
     .help = "run, hold: ask again for TIME when concurrency or rate refuse [0s]"},
    {.name = "send", .kind = JL_OPT_FLAG, .to = &c.send, .verbs = "hold", .help = "hold: the call leaves at once"},
    {.name = "timeout",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &c.timeout,
     .given = &c.timeout_given,
     .verbs = "run|watch",
     .help = "end the command after TIME; run: at most the account's timeout [run: that; watch: 30s]"},
    {.name = "free",
     .arg = "STATUS,...",
     .kind = JL_OPT_CALL,
     .to = &c.is_free,
     .call = read_statuses,
     .verbs = "run",
     .help = "run: COMMAND ends so when nothing was billed, too [64,66,77,78,126,127]"},
    {.name = "failed",
     .kind = JL_OPT_FLAG,
     .to = &c.failed,
     .verbs = "settle|void",
     .help = "settle, void: the provider failed; the breaker counts it; without --cost it was free"},
    {.name = "uncertain",
     .kind = JL_OPT_FLAG,
     .to = &c.uncertain,
     .verbs = "settle",
     .help = "settle: nobody knows what became of it; charged the worst case until somebody does"},
    {.name = "run",
     .arg = "CMD",
     .kind = JL_OPT_TEXT,
     .to = &c.tell,
     .complete = JL_COMPLETE_COMMAND,
     .verbs = "watch",
     .help = "watch: run sh -c CMD for each piece of news, which is JSON on its stdin"},
    {.name = "webhook",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &c.webhook,
     .env = WEBHOOK_ENV,
     .given = &c.webhook_given,
     .verbs = "watch",
     .help = "watch: POST each piece of news as JSON to URL, or to the one in @FILE"},
    {.name = "key-file",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &c.key_file,
     .complete = JL_COMPLETE_FILE,
     .verbs = "sync",
     .help = "sync: the file with the API key [the credential hasdata-key, or $HASDATA_API_KEY]"},
    {.name = "api",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &c.api,
     .env = "HASDATA_API_URL",
     .verbs = "sync",
     .help = "sync: where the provider is [https://api.hasdata.com]"},
    {.name = "used",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &c.used,
     .max = JL_CREDITS_MAX,
     .given = &c.used_given,
     .verbs = "sync",
     .help = "sync: what the provider's own pages show as used; it is not asked"},
    {.name = "settled",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &c.settled,
     .verbs = "sync",
     .help = "sync: adopt less only when no call has ended for TIME [10m]"},
    {.letter = 'n',
     .name = "dry-run",
     .kind = JL_OPT_FLAG,
     .to = &c.dry_run,
     .verbs = "sync|watch",
     .help = "sync: only show the difference; watch: only show, mark nothing as told"},
    {.name = "for",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &c.open_for,
     .verbs = "breaker",
     .help = "breaker open: for TIME [until it is closed]"},
    {.name = "from",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &c.from,
     .min = 1,
     .verbs = "journal",
     .help = "journal: begin at entry N [1]"},
    {.name = "yes", .kind = JL_OPT_FLAG, .to = &c.yes, .verbs = "reset", .help = "reset: do it"},
    JL_OPT_END,
};

/* ---- output ---- */

/* Writes what was made with `rc`, and frees it. */
static int write_made(int rc, jl_buf *text, jl_err *err) {
    if (rc == 0)
        rc = jl_output_text(c.run, NULL, jl_buf_span(text), err);
    jl_buf_free(text);
    return rc;
}

/* ---- status, forecast, report, journal ---- */

static int check_refusal(const jl_account *a, jl_err *err) {
    const char *endpoint = c.check_endpoint && *c.check_endpoint ? c.check_endpoint : NULL;
    jl_admission said;
    const jl_reserve asked = {.endpoint = endpoint ? endpoint : "", .user = ""};
    return jl_status_refuses(a, endpoint, &said) == JL_ADMITTED ? 0 : jl_refusal_say(&said, &asked, c.provider, err);
}

static int run_status(jl_run *r, jl_err *err) {
    (void)r;
    jl_account a = {0};
    jl_forecast f;
    jl_buf text = {0};
    if (c.ledger->ops->look(c.ledger, &a, err) != 0)
        return -1;
    int rc = jl_forecast_look(&f, c.ledger, &a, (unsigned)c.days, err);
    if (rc == 0)
        rc = c.json
                 ? jl_status_json(&a, c.provider, c.shown, &f, &text, err)
                 : jl_status_text(&a, c.provider, c.shown, &f, jl_terminal_width(), jl_terminal_blocks(), &text, err);
    rc = write_made(rc, &text, err);
    if (rc == 0 && c.check)
        rc = check_refusal(&a, err);
    jl_account_free(&a);
    return rc;
}

static int run_forecast(jl_run *r, jl_err *err) {
    (void)r;
    jl_account a = {0};
    jl_forecast f;
    jl_buf text = {0};
    if (c.ledger->ops->look(c.ledger, &a, err) != 0)
        return -1;
    int rc = jl_forecast_look(&f, c.ledger, &a, (unsigned)c.days, err);
    if (rc == 0)
        rc = c.json ? jl_forecast_json(&f, &text, err) : jl_forecast_text(&f, &text, err);
    jl_account_free(&a);
    return write_made(rc, &text, err);
}

static int show_report(const jl_report *report, const jl_account *a, jl_err *err) {
    jl_buf text = {0}, picture = {0};
    bool into_file = c.svg_given && *c.svg;
    int rc = 0;
    if (c.svg_given)
        rc = jl_report_svg(report, &a->settings, c.provider, into_file ? &picture : &text, err);
    if (rc == 0 && into_file)
        rc = jl_output_text(c.run, c.svg, jl_buf_span(&picture), err);
    if (rc == 0 && (!c.svg_given || into_file))
        rc = c.json ? jl_report_json(report, &text, err)
                    : jl_report_table(report, c.plot ? jl_terminal_width() : 0, jl_terminal_blocks(), &text, err);
    jl_buf_free(&picture);
    return write_made(rc, &text, err);
}

static int run_report(jl_run *r, jl_err *err) {
    (void)r;
    jl_account a = {0};
    jl_report report;
    jl_calendar calendar = {0};
    const jl_calendar_period *past = NULL;
    if (c.ledger->ops->look(c.ledger, &a, err) != 0)
        return -1;
    int rc = c.period ? jl_calendar_look(&calendar, c.ledger, &a, err) : 0;
    if (rc == 0 && c.period && !(past = jl_calendar_find(&calendar, c.period, err)))
        rc = -1;
    jl_report_init(&report, (jl_report_by)c.by, past ? past->name : a.period);
    report.ends = past ? past->end : jl_period_start(a.next);
    report.bookkeeping = true;
    if (rc == 0)
        rc = jl_report_look(&report, c.ledger, &a, err);
    if (rc == 0)
        rc = show_report(&report, &a, err);
    jl_report_free(&report);
    jl_calendar_free(&calendar);
    jl_account_free(&a);
    return rc;
}

struct printing {
    jl_out *out;
    jl_buf line;
};

static int print_event(void *self, const jl_event *e, jl_err *err) {
    struct printing *p = self;
    jl_buf_clear(&p->line);
    return jl_journal_json(e, &p->line, err) != 0 ? -1 : jl_out_line(p->out, jl_buf_span(&p->line), err);
}

static int run_journal(jl_run *r, jl_err *err) {
    jl_output output;
    jl_err first = {0}, second = {0};
    if (jl_output_open(&output, r, NULL, err) != 0)
        return -1;
    struct printing p = {.out = &output.out};
    int rc = c.ledger->ops->journal(c.ledger, c.from, print_event, &p, &first);
    if (jl_output_end(&output, (int)first.class, &second) != 0 && rc == 0) {
        first = second;
        rc = -1;
    }
    jl_buf_free(&p.line);
    if (rc != 0)
        *err = first;
    return rc;
}

/* ---- set ---- */

static int print_setting(void *self, const char *name, const char *value, jl_err *err) {
    return jl_buf_addf(self, err, "%s=%s\n", name, value);
}

static int print_settings(jl_err *err) {
    jl_account a = {0};
    jl_buf text = {0};
    if (c.ledger->ops->look(c.ledger, &a, err) != 0)
        return -1;
    int rc = jl_account_each(&a.settings, print_setting, &text, err);
    jl_account_free(&a);
    return write_made(rc, &text, err);
}

/* Changes to be made at once, owned. */
struct changes {
    char **text;
    size_t n;
};

static int add_change(void *self, const char *change, jl_err *err) {
    struct changes *all = self;
    char **grown = realloc(all->text, (all->n + 1) * sizeof *grown);
    if (!grown)
        return jl_err_nomem(err);
    all->text = grown;
    all->text[all->n] = strdup(change);
    return all->text[all->n] ? (all->n++, 0) : jl_err_nomem(err);
}

static void changes_free(struct changes *all) {
    for (size_t i = 0; i < all->n; i++)
        free(all->text[i]);
    free(all->text);
}

static int check_changes(const jl_run *r, jl_err *err) {
    jl_settings s;
    jl_account_default(&s);
    for (size_t i = 0; i < r->n_operands; i++)
        if (jl_account_set(&s, r->operand[i], err) != 0)
            return -1;
    return 0;
}

/* A new account gets the prices that are published, before what is given. */
static int make_account(struct changes *all, jl_err *err) {
    return strcmp(c.provider, HASDATA) != 0 ? 0 : jl_hasdata_prices(add_change, all, err);
}

static int run_set(jl_run *r, jl_err *err) {
    struct changes all = {0};
    jl_settings ignored;
    jl_err why = {0};
    if (r->n_operands == 0)
        return print_settings(err);
    bool there = c.ledger->ops->settings(c.ledger, &ignored, &why) == 0;
    if (!there && why.class != JL_CONFIG) {
        *err = why;
        return -1;
    }
    int rc = there ? 0 : jl_run_state_folder(&c.url, err);
    if (rc == 0 && !there)
        rc = make_account(&all, err);
    for (size_t i = 0; rc == 0 && i < r->n_operands; i++)
        rc = add_change(&all, r->operand[i], err);
    if (rc == 0)
        rc = c.ledger->ops->set(c.ledger, (const char *const *)all.text, all.n, err);
    changes_free(&all);
    if (rc == 0 && !there)
        jl_run_warn(r, "%s: a new account in %s", c.provider, c.shown);
    return rc;
}

/* ---- hold, send, settle, void ---- */

static int64_t named_cost(void) {
    return c.cost_given ? (int64_t)c.cost : -1;
}

/* A hold for the call that the options name; what was admitted stays in c.admitted. */
static int admit(char id[JL_HOLD_ID_SIZE], jl_err *err) {
    const jl_reserve reserve = {
        .id = id, .endpoint = c.endpoint, .user = c.user, .cost = named_cost(), .priority = c.priority};
    if (!c.cost_given && !*c.endpoint)
        return jl_err_set(err, JL_USAGE, "say what the call costs: --cost=N, or --endpoint=ENDPOINT");
    if (jl_hold_id(id, err) != 0 || jl_call_admit(c.ledger, &reserve, c.provider, c.wait, &c.admitted, err) != 0)
        return -1;
    c.credits = (uint64_t)c.admitted.worst;
    return 0;
}

/* A hold of this run is charged as it was admitted, should the ledger have lost it; another one as the options say. */
static int end_hold(const char *id, jl_hold_state to, int64_t cost, jl_outcome outcome, const char *by,
                    jl_settled *result, jl_err *err) {
    const jl_settle settle = {.id = id,
                              .to = to,
                              .cost = cost,
                              .outcome = outcome,
                              .by = by,
                              .endpoint = c.endpoint,
                              .user = c.user,
                              .worst = c.admitted.worst >= 0 ? c.admitted.worst : named_cost()};
    return c.ledger->ops->settle(c.ledger, &settle, result, err);
}

static int run_hold(jl_run *r, jl_err *err) {
    (void)r;
    char id[JL_HOLD_ID_SIZE], line[JL_HOLD_ID_SIZE + 1];
    jl_settled result;
    if (admit(id, err) != 0 || (c.send && jl_call_send(c.ledger, id, err) != 0))
        return -1;
    (void)snprintf(line, sizeof line, "%s\n", id);
    if (jl_output_text(c.run, NULL, jl_span_of(line), err) == 0)
        return 0;
    /* Nobody can send it any more, should somebody have got to know it. */
    jl_err ignored = {0};
    if (!c.send)
        (void)end_hold(id, JL_HOLD_VOID, -1, JL_CALL_NEUTRAL, "", &result, &ignored);
    return -1;
}

static int one_operand(const jl_run *r, const char *what, jl_err *err) {
    if (r->n_operands == 1)
        return 0;
    return jl_err_set(err, JL_USAGE, "%s takes one operand: %s", r->verb, what);
}

static int run_send(jl_run *r, jl_err *err) {
    return one_operand(r, "the ID of a hold", err) != 0 ? -1 : jl_call_send(c.ledger, r->operand[0], err);
}

static int say_ended(const jl_run *r, const char *id, const jl_settled *result) {
    char credits[32];
    if (result->before == result->now && (result->now == JL_HOLD_SETTLED || result->now == JL_HOLD_VOID))
        jl_run_warn(r, "%s was %s before, at %s credits, and stays so", id, jl_hold_state_name(result->now),
                    jl_num_text(result->charged, credits));
    else if (result->now == JL_HOLD_NONE)
        jl_run_warn(r, "the ledger knows no hold %s", id);
    else if (result->lost)
        jl_run_warn(r, "the ledger did not know %s: it is recorded all the same, at %s credits", id,
                    jl_num_text(result->charged, credits));
    else
        jl_run_info(r, "%s: %s at %s credits", id, jl_hold_state_name(result->now),
                    jl_num_text(result->charged, credits));
    return 0;
}

static int run_settle(jl_run *r, jl_err *err) {
    jl_settled result;
    jl_hold_state to = c.uncertain ? JL_HOLD_UNCERTAIN : c.failed && !c.cost_given ? JL_HOLD_VOID : JL_HOLD_SETTLED;
    if (one_operand(r, "the ID of a hold", err) != 0 || end_hold(r->operand[0], to, named_cost(),
                                                                 c.failed      ? JL_CALL_FAILED
                                                                 : c.uncertain ? JL_CALL_NEUTRAL
                                                                               : JL_CALL_WELL,
                                                                 "person", &result, err) != 0)
        return -1;
    return say_ended(r, r->operand[0], &result);
}

static int run_void(jl_run *r, jl_err *err) {
    jl_settled result;
    if (one_operand(r, "the ID of a hold", err) != 0 ||
        end_hold(r->operand[0], JL_HOLD_VOID, -1, c.failed ? JL_CALL_FAILED : JL_CALL_NEUTRAL, "person", &result,
                 err) != 0)
        return -1;
    return say_ended(r, r->operand[0], &result);
}

/* ---- run ---- */

/* Names of variables that a command must not see. */
static const char *const *secrets(void) {
    static const char *names[4];
    size_t n = 0;
    names[n++] = WEBHOOK_ENV;
    names[n++] = jl_url_secret(&c.url) ? LEDGER_ENV : NULL;
    return names;
}

/* The words with which a person can tell the ledger what it has not heard, also should it have lost the hold. */
static void say_unsettled(const jl_run *r, const char *id, jl_hold_state to) {
    char how[64] = "void";
    if (to != JL_HOLD_VOID)
        (void)snprintf(how, sizeof how, "settle%s --cost=%" PRId64, to == JL_HOLD_UNCERTAIN ? " --uncertain" : "",
                       to == JL_HOLD_UNCERTAIN ? c.admitted.worst : c.admitted.normal);
    jl_run_warn(r,
                "the call has ended (%s), and the ledger does not know: say credits %s %s; else it is charged when its "
                "lease ends, unless the ledger has lost its hold",
                jl_hold_state_name(to), how, id);
}

/* What the command has done stands, whatever the ledger says: trouble here is told and does not become the run's status,
   for a caller that tries again would pay again. The call is charged when its lease ends. */
static void settle_run(jl_run *r, const char *id, jl_hold_state to, jl_outcome outcome) {
    jl_settled result;
    jl_err why = {0};
    if (end_hold(id, to, c.admitted.normal, outcome, "", &result, &why) != 0) {
        jl_run_error(r, &why);
        say_unsettled(r, id, to);
        return;
    }
    if (result.lost)
        (void)say_ended(r, id, &result);
    if (result.now == JL_HOLD_UNCERTAIN)
        jl_run_warn(r,
                    "nobody knows whether the call was billed: it is charged %" PRId64 " credits until somebody "
                    "does: credits settle %s, or void",
                    result.charged, id);
    c.credits = (uint64_t)result.charged;
}

static int run_run(jl_run *r, jl_err *err) {
    jl_account a = {0};
    char id[JL_HOLD_ID_SIZE];
    if (c.ledger->ops->look(c.ledger, &a, err) != 0)
        return -1;
    int64_t timeout = c.timeout_given ? c.timeout : a.settings.timeout, most = a.settings.timeout;
    jl_account_free(&a);
    if (timeout <= 0 || timeout > most) /* its place would count as free while it runs */
        return jl_err_set(err, JL_USAGE,
                          "--timeout: above 0 and at most the account's timeout, which its lease is made for: "
                          "credits set timeout=TIME");
    if (admit(id, err) != 0 || jl_call_send(c.ledger, id, err) != 0)
        return -1;
    jl_errand errand = {.argv = r->operand, .unset = secrets(), .timeout = timeout};
    jl_errand_end end = {.status = -1};
    jl_hold_state to = JL_HOLD_UNCERTAIN;
    jl_outcome outcome = JL_CALL_NEUTRAL;
    jl_err trouble = {0};
    jl_call_free_untried(&c.is_free);
    if (setenv(HOLD_ENV, id, 1) != 0) {
        (void)jl_err_nomem(&trouble);
        to = JL_HOLD_VOID;
    } else if (jl_errand_run(&errand, &end, &trouble) == 0) {
        jl_call_judge(&c.is_free, end.status, end.timed_out, &to, &outcome);
    } else if (trouble.class == JL_USAGE) {
        to = JL_HOLD_VOID; /* it has never run */
    }
    settle_run(r, id, to, outcome);
    if (trouble.class != JL_OK) {
        *err = trouble;
        return -1;
    }
    r->status = end.timed_out ? JL_TEMPFAIL : end.signal ? 128 + end.signal : end.status;
    if (end.timed_out)
        jl_run_warn(r, "'%s' was ended after its time", r->operand[0]);
    return 0;
}

/* ---- watch ---- */

/* How long a command or a webhook may take. */
static int64_t telling(void) {
    return c.timeout_given && c.timeout > 0 ? c.timeout : TELLING;
}

/* Claims outlive the telling, whatever it takes, so that nobody else begins it meanwhile. */
static int64_t claim_lease(void) {
    return 2 * telling() + TELLING;
}

static int tell_command(void *self, const jl_notice *n, jl_err *err) {
    (void)self;
    char *argv[] = {"sh", "-c", (char *)c.tell, NULL};
    jl_buf line = {0};
    jl_errand_end end = {.status = -1};
    int rc = jl_notice_json(n, c.provider, &line, err);
    if (rc == 0)
        rc = jl_buf_addc(&line, '\n', err);
    if (rc == 0 &&
        (setenv("JOBLINE_NOTICE", jl_notice_word(n->kind), 1) != 0 || setenv("JOBLINE_PROVIDER", c.provider, 1) != 0))
        rc = jl_err_nomem(err);
    const jl_errand errand = {
        .argv = argv, .feed = true, .input = jl_buf_span(&line), .unset = secrets(), .timeout = telling()};
    if (rc == 0)
        rc = jl_errand_run(&errand, &end, err);
    jl_buf_free(&line);
    if (rc != 0 || end.status == 0)
        return rc;
    if (end.timed_out)
        return jl_err_set(err, JL_SOFTWARE, "the command of --run took too long and was ended");
    if (end.signal)
        return jl_err_set(err, JL_SOFTWARE, "the command of --run was killed by signal %d", end.signal);
    bool listed = end.status >= JL_USAGE && end.status <= JL_CONFIG;
    return jl_err_set(err, listed ? (jl_class)end.status : JL_SOFTWARE, "the command of --run ended with status %d",
                      end.status);
}

static int tell_webhook(void *self, const jl_notice *n, jl_err *err) {
    (void)self;
    jl_buf json = {0};
    int rc = jl_notice_json(n, c.provider, &json, err);
    if (rc == 0)
        rc = jl_webhook_post(c.webhook, jl_buf_span(&json), telling(), err);
    jl_buf_free(&json);
    return rc;
}

/* Tells a notice in one way, if that is to be done. Trouble with the telling is said, and the first kept for the end. */
static int tell(const char *way, int (*how)(void *self, const jl_notice *n, jl_err *err), const jl_notice *n,
                jl_err *trouble, jl_err *err) {
    jl_err why = {0};
    int told = jl_watch_tell(c.ledger, n, way, claim_lease(), how, NULL, &why, err);
    c.told += told == 1;
    if (why.class == JL_OK)
        return told < 0 ? -1 : 0;
    c.not_told++;
    if (trouble->class == JL_OK)
        *trouble = why;
    else
        jl_run_warn(c.run, "%s", why.text);
    return told < 0 ? -1 : 0;
}

static int show_notice(const jl_notice *n, jl_buf *out, jl_err *err) {
    return (c.json ? jl_notice_json(n, c.provider, out, err) : jl_notice_text(n, c.provider, out, err)) != 0 ||
                   jl_buf_addc(out, '\n', err) != 0
               ? -1
               : 0;
}

/* All that is new on stdout, and marked as told once it is out. */
static int print_news(const jl_watch *w, jl_err *err) {
    jl_buf text = {0};
    bool *mine = calloc(w->n ? w->n : 1, sizeof *mine);
    int rc = mine ? 0 : jl_err_nomem(err);
    for (size_t i = 0; rc == 0 && i < w->n; i++) {
        int claimed = c.dry_run ? 1 : jl_watch_claim(c.ledger, &w->notice[i], "print", claim_lease(), err);
        mine[i] = claimed > 0;
        rc = claimed > 0 ? show_notice(&w->notice[i], &text, err) : claimed;
    }
    rc = write_made(rc, &text, err);
    for (size_t i = 0; mine && !c.dry_run && i < w->n; i++) {
        jl_err ignored = {0};
        if (mine[i] && jl_watch_told(c.ledger, &w->notice[i], "print", rc == 0, rc == 0 ? err : &ignored) != 0)
            rc = -1;
        c.told += mine[i] && rc == 0;
    }
    free(mine);
    return rc;
}

/* From @FILE or the environment, or this machine's. */
static int open_webhook(jl_buf *held, jl_err *err) {
    if (!c.webhook)
        return 0;
    bool from_file = c.webhook[0] == '@';
    if (from_file) {
        if (jl_secret_read(c.webhook + 1, true, held, err) != 0)
            return -1;
        c.webhook = jl_buf_text(held, err);
    }
    if (!c.webhook || jl_webhook_check(c.webhook, c.webhook_given && !from_file, err) != 0)
        return -1;
    jl_secret_held();
    return 0;
}

static int run_watch(jl_run *r, jl_err *err) {
    (void)r;
    jl_watch w = {0};
    jl_buf held = {0};
    jl_err trouble = {0};
    int rc = open_webhook(&held, err);
    if (rc == 0)
        rc = jl_watch_look(&w, c.ledger, err);
    if (rc == 0)
        rc = print_news(&w, err);
    for (size_t i = 0; rc == 0 && !c.dry_run && i < w.n && !jl_stop_asked(); i++) {
        if (c.tell)
            rc = tell("run", tell_command, &w.notice[i], &trouble, err);
        if (rc == 0 && c.webhook)
            rc = tell("webhook", tell_webhook, &w.notice[i], &trouble, err);
    }
    if (rc == 0 && trouble.class != JL_OK) {
        *err = trouble;
        rc = -1;
    }
    if (held.p)
        explicit_bzero(held.p, held.cap);
    jl_buf_free(&held);
    jl_watch_free(&w);
    return rc;
}

/* ---- sync ---- */

/* What the provider says was used. */
static int ask_provider(const jl_account *then, int64_t *used, jl_err *err) {
    jl_hasdata_usage usage;
    jl_buf key = {0};
    if (strcmp(c.provider, HASDATA) != 0)
        return jl_err_set(err, JL_USAGE, "%s: it cannot be asked from here: say what was used with --used=N",
                          c.provider);
    int rc = jl_run_secret(c.key_file, JL_HASDATA_KEY_CREDENTIAL, JL_HASDATA_KEY_VARIABLE, &key, err);
    if (rc == 0)
        rc = jl_hasdata_usage_ask(c.api, jl_buf_span(&key), &usage, err);
    if (key.p)
        explicit_bzero(key.p, key.cap);
    jl_buf_free(&key);
    if (rc != 0)
        return -1;
    if (usage.total > JL_CREDITS_MAX || usage.available > usage.total)
        return jl_err_set(err, JL_DATA, "the provider's usage makes no sense: %" PRIu64 " of %" PRIu64 " are left",
                          usage.available, usage.total);
    *used = (int64_t)(usage.total - usage.available);
    if ((int64_t)usage.total != then->settings.budget)
        jl_run_warn(c.run, "the provider's budget is %" PRIu64 " credits, the account's %" PRId64, usage.total,
                    then->settings.budget);
    return 0;
}

static int run_sync(jl_run *r, jl_err *err) {
    jl_account then = {0};
    jl_sync s = {0};
    jl_buf text = {0};
    int64_t used = (int64_t)c.used;
    /* The ledger first: what is settled while the provider answers is in its figure, and added to ours. */
    if (c.ledger->ops->look(c.ledger, &then, err) != 0)
        return -1;
    int rc = c.used_given ? 0 : ask_provider(&then, &used, err);
    if (rc == 0)
        rc = jl_sync_adopt(c.ledger, &then, used, c.settled, c.dry_run, &s, err);
    if (rc == 0)
        rc = c.json ? jl_sync_json(&s, c.provider, &text, err) : jl_sync_text(&s, &text, err);
    jl_account_free(&then);
    rc = write_made(rc, &text, err);
    if (rc == 0 && s.end != JL_SYNC_ADOPTED && s.end != JL_SYNC_DRY)
        r->status = JL_TEMPFAIL;
    return rc;
}

/* ---- breaker, reset, rebuild, audit ---- */

static int run_breaker(jl_run *r, jl_err *err) {
    if (one_operand(r, "open or close", err) != 0)
        return -1;
    bool open = strcmp(r->operand[0], "open") == 0;
    if (!open && strcmp(r->operand[0], "close") != 0)
        return jl_err_set(err, JL_USAGE, "'%.40s' is neither open nor close", r->operand[0]);
    return c.ledger->ops->breaker(c.ledger, open, c.open_for, err);
}

static int run_reset(jl_run *r, jl_err *err) {
    int64_t taken;
    char credits[32];
    if (!c.yes)
        return jl_err_set(err, JL_USAGE,
                          "what is spent in this period will count as unspent, and may be spent again: "
                          "say --yes if that is meant");
    if (jl_sync_reset(c.ledger, &taken, err) != 0)
        return -1;
    jl_run_info(r, "%s: %s credits taken back", c.provider, jl_num_text(taken, credits));
    return 0;
}

static int add_violation(void *self, uint64_t seq, const char *sentence, jl_err *err) {
    return c.json ? jl_journal_violation(seq, sentence, self, err)
                  : jl_buf_addf(self, err, "entry %" PRIu64 ": %s\n", seq, sentence);
}

static int run_audit(jl_run *r, jl_err *err) {
    (void)r;
    jl_audit audit = {0};
    jl_buf text = {0};
    char entries[32];
    int rc = jl_ledger_audit(c.ledger, add_violation, &text, &audit, err);
    if (rc == 0 && c.json)
        rc = jl_buf_addf(&text, err, "{\"entries\":%" PRIu64 ",\"violations\":%" PRIu64 "}\n", audit.entries,
                         audit.violations);
    else if (rc == 0 && audit.violations == 0)
        rc = jl_buf_addf(&text, err, "%s entries, and the account is what they say\n",
                         jl_num_text((int64_t)audit.entries, entries));
    rc = write_made(rc, &text, err);
    if (rc == 0 && audit.violations > 0)
        rc = jl_err_set(err, JL_DATA, "%s: %" PRIu64 " of the rules were broken in %" PRIu64 " entries", c.provider,
                        audit.violations, audit.entries);
    return rc;
}

static int run_rebuild(jl_run *r, jl_err *err) {
    if (jl_ledger_rebuild(c.ledger, err) != 0)
        return -1;
    jl_run_info(r, "%s: made anew from the journal", c.provider);
    return 0;
}

/* ---- the program ---- */

static const jl_verb verbs[] = {
    {.name = "status", .help = "show budget, calls, breaker, forecast", .takes_no_input = true},
    {.name = "report", .help = "sums of a period by day, endpoint, user", .takes_no_input = true},
    {.name = "forecast", .help = "tell when the budget ends at this pace", .takes_no_input = true},
    {.name = "set", .help = "make the account, change its settings: NAME=VALUE...; without any, print them"},
    {.name = "watch", .help = "tell what is new, once: for cron", .takes_no_input = true},
    {.name = "run", .help = "run COMMAND as one paid call", .takes_command = true},
    {.name = "hold", .help = "hold the cost of a call, print its ID", .takes_no_input = true},
    {.name = "send", .help = "the call ID leaves now"},
    {.name = "settle", .help = "the call ID is done, and cost what was held or --cost"},
    {.name = "void", .help = "the call ID cost nothing"},
    {.name = "sync", .help = "compare with the provider's usage, adopt the difference", .takes_no_input = true},
    {.name = "breaker", .help = "open or close the breaker by hand"},
    {.name = "journal", .help = "print all that ever happened, as JSON Lines", .takes_no_input = true},
    {.name = "audit", .help = "prove the account from the journal", .takes_no_input = true},
    {.name = "rebuild", .help = "make the account anew from the journal", .takes_no_input = true},
    {.name = "reset", .help = "count what is spent in this period as unspent", .takes_no_input = true},
    {0},
};

static const struct {
    const char *verb;
    int (*run)(jl_run *r, jl_err *err);
} runs[] = {{"status", run_status},   {"report", run_report}, {"forecast", run_forecast}, {"set", run_set},
            {"watch", run_watch},     {"run", run_run},       {"hold", run_hold},         {"send", run_send},
            {"settle", run_settle},   {"void", run_void},     {"sync", run_sync},         {"breaker", run_breaker},
            {"journal", run_journal}, {"reset", run_reset},   {"audit", run_audit},       {"rebuild", run_rebuild}};

/* For --metrics: the account as it stands when all is done. */
static int add_gauges(jl_run *r, jl_err *err) {
    jl_account a = {0};
    if (!r->metrics)
        return 0;
    if (c.ledger->ops->look(c.ledger, &a, err) != 0)
        return -1;
    int rc = jl_status_gauges(&a, c.provider, &r->gauges, err);
    jl_account_free(&a);
    return rc;
}

/* What makes the place unsafe, where people look who can change it. */
static void advise(const jl_run *r) {
    const char *advice = c.ledger->ops->advice ? c.ledger->ops->advice(c.ledger) : NULL;
    if (advice)
        jl_run_warn(r, "%s", advice);
}

static int perform(jl_run *r, jl_err *err) {
    int rc = -1;
    if (strcmp(r->verb, "set") == 0 || strcmp(r->verb, "audit") == 0)
        advise(r);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        if (strcmp(runs[i].verb, r->verb) == 0)
            rc = runs[i].run(r, err);
    jl_err ignored = {0};
    return add_gauges(r, rc == 0 ? err : &ignored) == 0 ? rc : -1;
}

static int run(jl_run *r, jl_err *err) {
    c.run = r;
    (void)setlocale(LC_CTYPE, ""); /* for what the terminal can show */
    jl_run_counter(r, "call_credits", &c.credits, false);
    jl_run_counter(r, "told", &c.told, false);
    jl_run_counter(r, "not_told", &c.not_told, false);
    if (strcmp(r->verb, "set") == 0 && check_changes(r, err) != 0)
        return -1;
    r->no_state_folder = true; /* only `set` makes a ledger, and its folder */
    int rc = jl_run_state_url(r, c.url_text, c.url_given, LEDGER_ENV, NAME, &c.url, err);
    if (rc == 0) {
        jl_url_show(&c.url, c.shown, sizeof c.shown);
        jl_run_info(r, "ledger %s, account %s", c.shown, c.provider);
        c.ledger = jl_ledger_open(ledgers, &c.url, c.provider, c.patience, err);
        rc = c.ledger ? perform(r, err) : -1;
    }
    if (c.ledger)
        c.ledger->ops->close(c.ledger);
    jl_url_wipe(&c.url);
    return rc;
}

static void versions(void (*say)(void *to, const char *line), void *to) {
    for (const jl_ledger_opener *const *o = ledgers; *o; o++)
        say(to, (*o)->version());
    say(to, jl_http_version());
}

static const char *const synopsis[] = {
    "[status] [--check[=ENDPOINT]] [--days=N] [--json]",
    "report [--by=day|endpoint|user] [--period=YYYY-MM] [--plot] [--svg[=FILE]] [--json]",
    "forecast [--days=N] [--json]",
    "set [NAME=VALUE...]",
    "watch [--run=CMD] [--webhook=URL] [--timeout=TIME] [--json] [-n]",
    "run --cost=N|--endpoint=ENDPOINT [--user=USER] [--priority] [--wait=TIME] [--timeout=TIME] "
    "[--free=STATUS,...] COMMAND [ARG...]",
    "hold --cost=N|--endpoint=ENDPOINT [--user=USER] [--priority] [--wait=TIME] [--send]",
    "send ID",
    "settle [--cost=N] [--endpoint=ENDPOINT] [--user=USER] [--failed] [--uncertain] ID",
    "void [--failed] ID",
    "sync [--key-file=FILE] [--api=URL] [--used=N] [--settled=TIME] [-n] [--json]",
    "breaker open [--for=TIME] | close",
    "journal [--from=N]",
    "audit [--json]",
    "rebuild",
    "reset --yes",
    NULL,
};

static const jl_prog prog = {
    .name = "credits",
    .about = "the ledger of paid calls: budget, holds, reports, alerts",
    .synopsis = synopsis,
    .opts = options,
    .verbs = verbs,
    .versions = versions,
    .no_filter = true,
    .tells = true,
    .run = run,
};

int main(int argc, char **argv) {
    return jl_main(&prog, argc, argv);
}
