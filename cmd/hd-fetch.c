/* hd-fetch buys job data from HasData, through the gate.

   Contract: no call leaves without a hold on the ledger that covers its worst case, and what was bought is kept before
   it is printed. listing: request lines in, job lines in the normal form out, in the order of the requests. job, page:
   every line goes out, in input order; a line whose posting was bought has the details spliced in, one that is dead or
   failed is marked, one that was not bought is as it came. Status 75 when the gate, a limit or the provider's trouble
   left something unbought, 77 when the key was refused. The key is in no argument, message, file or core. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/url.h"
#include "frame/filter.h"
#include "frame/prog.h"
#include "hasdata/fetch.h"
#include "hasdata/key.h"
#include "hasdata/prices.h"
#include "job/content.h"
#include "job/date.h"
#include "jsonl/set.h"
#include "jsonl/splice.h"

#define PROVIDER "hasdata"
#define DAY (86400 * JL_SECOND)
#define BODY_MAX ((size_t)8 << 20)
#define QUESTION_COST                                                                                                  \
    (UINT64_C(512) << 10) /* what a line that waits may hold besides itself,     \
                           usually far less */

/* Of a listing's request, in jl_rec.field. */
enum { KEYWORD, LOCATION, SORT, DOMAIN_OF, SOURCE_OF, USER_OF, REQUEST_FIELDS };

enum { REFUSED_DROP, REFUSED_PASS };

static struct fetch {
    jl_run *run;
    int refused;
    const char *source, *keyword, *location, *sort, *domain, *user, *key_file, *api, *ledger_url, *cache_url, *raw;
    bool ledger_given, cache_given, priority, html, dry_run, stdin_free;
    uint64_t pages, modes, tries, max_credits;
    int64_t ttl, fresh;

    jl_hasdata_kind what;
    jl_keyspec key;
    jl_want *want;
    size_t first_key;
    jl_buf secret;
    char key_header[JL_HASDATA_KEY_SIZE];
    const char *header[3];
    jl_ledger *ledger;
    jl_kept *kept;
    jl_buyer *buyer;
    jl_lookup *lookup;
    jl_fetch_options options;
    jl_buyer_counts counts;
    jl_settings settings; /* for a dry run */
    jl_set *seen;         /* (source, id) of the job lines of this run; of a dry run, what was asked */
    jl_buf member, scratch;
    char request[32]; /* the input that -w and -l make */
    char *inputs[2];
    int request_fd;

    uint64_t jobs, duplicates, bad_jobs, fresh_lines, no_url, enriched, partial, by_page, dead, failed, unbought;
    uint64_t dry_calls, dry_credits, dry_fallback;
} h = {
    .source = "indeed",
    .api = JL_HASDATA_API,
    .user = "",
    .pages = 1,
    .modes = 4,
    .tries = 3,
    .max_credits = UINT64_MAX,
    .ttl = 300 * JL_SECOND,
    .fresh = 45 * DAY,
    .request_fd = -1,
};

static const jl_ledger_opener *const ledgers[] = {&jl_ledger_sqlite, &jl_ledger_redis, &jl_ledger_redis_unix,
                                                  &jl_ledger_redis_cluster, NULL};
static const jl_kept_opener *const caches[] = {&jl_kept_sqlite, &jl_kept_redis, &jl_kept_redis_unix,
                                               &jl_kept_redis_cluster, NULL};

static const jl_opt options[] = {
    {.letter = 'w',
     .name = "keyword",
     .arg = "KEYWORDS",
     .kind = JL_OPT_TEXT,
     .to = &h.keyword,
     .given = &h.stdin_free,
     .verbs = "listing",
     .help = "one request, made of this and -l, instead of request lines"},
    {.letter = 'l',
     .name = "location",
     .arg = "LOCATION",
     .kind = JL_OPT_TEXT,
     .to = &h.location,
     .verbs = "listing",
     .help = "its location"},
    {.name = "source",
     .arg = "NAME",
     .kind = JL_OPT_TEXT,
     .to = &h.source,
     .verbs = "listing",
     .help = "where to look: indeed or glassdoor; a request's own source wins "
             "[indeed]"},
    {.name = "sort",
     .arg = "ORDER",
     .kind = JL_OPT_TEXT,
     .to = &h.sort,
     .verbs = "listing",
     .help = "date or relevance, with -w [the site's own]"},
    {.name = "domain",
     .arg = "HOST",
     .kind = JL_OPT_TEXT,
     .to = &h.domain,
     .verbs = "listing",
     .help = "the country's site, uk.indeed.com, with -w [the site's own]"},
    {.name = "pages",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &h.pages,
     .min = 1,
     .max = 1000,
     .verbs = "listing",
     .help = "pages of a listing, at most; each is a call [1]"},
    {.name = "ttl",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &h.ttl,
     .verbs = "listing",
     .help = "a listing bought no longer ago is not bought again [5m]"},
    {.name = "fresh",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &h.fresh,
     .verbs = "job|page",
     .help = "a posting bought no longer ago is not bought again [45d]"},
    {.name = "modes",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &h.modes,
     .max = 4,
     .verbs = "job|page",
     .help = "modes of the page call that are tried, the cheapest first; 0 = "
             "job does without [4]"},
    {.name = "html", .kind = JL_OPT_FLAG, .to = &h.html, .verbs = "job|page", .help = "add description_html, too"},
    {.name = "raw",
     .arg = "DIR",
     .kind = JL_OPT_TEXT,
     .to = &h.raw,
     .complete = JL_COMPLETE_FILE,
     .verbs = "job|page",
     .help = "keep payloads there under their hash; the line's raw names them"},
    {.name = "refused",
     .arg = "WHAT",
     .kind = JL_OPT_CHOICE,
     .to = &h.refused,
     .words = "drop|pass",
     .verbs = "listing",
     .help = "a request that could not be bought: drop it, or pass it on as it came [drop]"},
    {.name = "user",
     .arg = "ID",
     .kind = JL_OPT_TEXT,
     .to = &h.user,
     .help = "whose search this is, for caps and reports; a line's own user wins"},
    {.name = "priority",
     .kind = JL_OPT_FLAG,
     .to = &h.priority,
     .help = "may use the share of the budget that is kept for such calls"},
    {.name = "max-credits",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &h.max_credits,
     .help = "what this run may cost, at most [no limit but the budget]"},
    {.name = "dry-run",
     .kind = JL_OPT_FLAG,
     .to = &h.dry_run,
     .help = "print the calls and their worst cost; buy nothing"},
    {.name = "tries",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &h.tries,
     .min = 1,
     .max = 10,
     .help = "calls for one thing, at most, when the provider is busy or fails "
             "[3]"},
    {.name = "key-file",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &h.key_file,
     .complete = JL_COMPLETE_FILE,
     .help = "the API key, else credential hasdata-key, else HASDATA_API_KEY"},
    {.name = "ledger",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &h.ledger_url,
     .env = "JOBLINE_LEDGER",
     .given = &h.ledger_given,
     .help = "sqlite:PATH, redis://HOST:PORT/DB, "
             "redis+cluster://HOST:PORT,..., redis+unix:///PATH, @FILE "
             "[sqlite:$XDG_STATE_HOME/jobline/ledger.db]"},
    {.name = "cache",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &h.cache_url,
     .env = "JOBLINE_BOUGHT",
     .given = &h.cache_given,
     .help = "what was bought, the same kinds of URL "
             "[sqlite:$XDG_STATE_HOME/jobline/bought.db]"},
    {.name = "api",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &h.api,
     .env = "HASDATA_API_URL",
     .help = "the provider's server [" JL_HASDATA_API "]"},
    JL_OPT_END,
};

/* ---- whose a line is ---- */

static bool is_user(jl_span text) {
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
            return false;
    return text.n <= JL_USER_MAX;
}

/* The ledger takes no other. */
static int check_user(const jl_rec *rec, jl_err *err) {
    size_t field = h.options.user;
    if (rec->field[field].type != JL_STRING)
        return 0;
    jl_buf_clear(&h.scratch);
    if (jl_json_decode(jl_rec_value(rec, field), &h.scratch, err) != 0)
        return -1;
    if (is_user(jl_buf_span(&h.scratch)))
        return 0;
    return jl_err_set(err, JL_DATA, "its user has more than %d bytes, or a control byte", JL_USER_MAX);
}

/* ---- lines of a listing ---- */

static int look_request(void *self, const jl_rec *rec, jl_err *err) {
    const jl_hasdata_endpoint *endpoint;
    (void)self;
    if (jl_fetch_check(&h.options, rec, &endpoint, err) == 0 && check_user(rec, err) == 0)
        return JL_ASK;
    return err->class == JL_DATA ? JL_REJECT : -1;
}

/* Job lines that were not there before. */
static int write_jobs(const jl_fetch_result *r, jl_out *out, jl_err *err) {
    size_t from = 0;
    for (size_t i = 0; i < r->n; from = r->end[i++]) {
        int added = jl_set_add(h.seen, r->id[i], NULL, err);
        if (added < 0)
            return -1;
        if (added == 0) {
            h.duplicates++;
            continue;
        }
        jl_span line = {r->lines.p + from, r->end[i] - from - 1}; /* without its LF */
        if (jl_out_line(out, line, err) != 0)
            return -1;
        h.jobs++;
        h.run->lines_out++;
    }
    return 0;
}

static int answer_request(void *self, const jl_rec *rec, const jl_answer *answer, jl_out *out, jl_err *err) {
    jl_fetch_result *r = answer->state == JL_FOUND ? jl_fetch_take(h.lookup, answer->value) : NULL;
    (void)self;
    if (!r) {
        h.unbought++;
        return h.refused == REFUSED_PASS ? jl_filter_pass(rec, out, err) : JL_TURNED;
    }
    if (r->how == JL_FETCHED_REFUSED || (r->how == JL_FETCHED_PARTIAL && r->again))
        h.unbought++;
    else if (r->how == JL_FETCHED_FAILED || r->how == JL_FETCHED_PARTIAL)
        h.failed++;
    h.unbought += r->how == JL_FETCHED_FAILED && r->again;
    h.bad_jobs += r->bad;
    int rc = write_jobs(r, out, err) == 0 ? JL_TURNED : -1;
    if (rc == JL_TURNED && h.refused == REFUSED_PASS && r->how != JL_FETCHED_DONE)
        rc = jl_filter_pass(rec, out, err);
    jl_fetch_free(r);
    return rc;
}

/* ---- job lines ---- */

static bool is_word(const jl_rec *rec, jl_job_name name, jl_span word) {
    return rec->field[name].type == JL_STRING && jl_json_is(jl_rec_value(rec, name), word);
}

static bool is_unknown(const jl_rec *rec, jl_job_name name) {
    return rec->field[name].type == JL_ABSENT || rec->field[name].type == JL_NULL;
}

/* True when a line has been bought before: it keeps what it has. */
static bool has_text(const jl_rec *rec) {
    return is_word(rec, JL_JOB_ENRICHMENT_STATUS, JL_SPAN("done")) ||
           is_word(rec, JL_JOB_ENRICHMENT_STATUS, JL_SPAN("partial"));
}

/* What was bought is not bought again before its time. */
static bool is_fresh(const jl_rec *rec) {
    int64_t at, now = jl_clock_wall();
    if (is_word(rec, JL_JOB_ENRICHMENT_STATUS, JL_SPAN("dead")))
        return true;
    if (!has_text(rec))
        return false;
    if (rec->field[JL_JOB_ENRICHED_AT].type != JL_STRING)
        return false;
    /* RFC 3339: "1 day ago" would be fresh for ever. So would a time to come, which nobody means. */
    jl_span text = jl_rec_value(rec, JL_JOB_ENRICHED_AT);
    if (text.n < 2 + sizeof "2026-11-22T04:45:00Z" - 1 || text.p[11] != 'T')
        return false;
    return jl_date_read((jl_span){text.p + 1, text.n - 2}, now, &at) && at - now < DAY && now - at < h.fresh;
}

static int look_job(void *self, const jl_rec *rec, jl_err *err) {
    (void)self;
    if (is_fresh(rec)) {
        h.fresh_lines++;
        return h.dry_run ? JL_DROP : JL_PASS;
    }
    const jl_hasdata_endpoint *endpoint;
    if (jl_fetch_check(&h.options, rec, &endpoint, err) != 0)
        return -1;
    if (!endpoint) {
        h.no_url++;
        return h.dry_run ? JL_DROP : JL_PASS;
    }
    if (check_user(rec, err) == 0)
        return JL_ASK;
    return err->class == JL_DATA ? JL_REJECT : -1;
}

/* The decoded text of a line's value, or else of what was bought. */
static int add_text(const jl_rec *rec, const jl_job *job, jl_job_name name, size_t *n, jl_err *err) {
    size_t before = h.scratch.n;
    int rc = rec && rec->field[name].type == JL_STRING ? jl_json_decode(jl_rec_value(rec, name), &h.scratch, err)
                                                       : jl_job_decoded(job, name, &h.scratch, err);
    *n = h.scratch.n - before;
    return rc;
}

static int set_content_hash(const jl_rec *rec, jl_job *job, jl_err *err) {
    size_t n[4];
    char hex[33];
    jl_buf_clear(&h.scratch);
    if (add_text(rec, job, JL_JOB_TITLE, &n[0], err) != 0 || add_text(rec, job, JL_JOB_COMPANY, &n[1], err) != 0 ||
        add_text(rec, job, JL_JOB_LOCATION, &n[2], err) != 0 ||
        add_text(NULL, job, JL_JOB_DESCRIPTION, &n[3], err) != 0)
        return -1;
    const char *p = h.scratch.p;
    if (jl_content_hash((jl_span){p, n[0]}, (jl_span){p + n[0], n[1]}, (jl_span){p + n[0] + n[1], n[2]},
                        (jl_span){p + n[0] + n[1] + n[2], n[3]}, hex, err) != 0)
        return -1;
    return jl_job_text(job, JL_JOB_CONTENT_HASH, jl_span_of(hex), err);
}

/* What a line says of itself stays; the parts of a salary go together. */
static void leave_what_is_known(const jl_rec *rec, jl_job *job) {
    static const jl_job_name own[] = {JL_JOB_COMPANY, JL_JOB_TITLE,     JL_JOB_LOCATION,  JL_JOB_EMPLOYMENT_TYPE,
                                      JL_JOB_REMOTE,  JL_JOB_POSTED_AT, JL_JOB_EXPIRES_AT};
    static const jl_job_name salary[] = {JL_JOB_SALARY_MIN, JL_JOB_SALARY_MAX, JL_JOB_SALARY_CURRENCY,
                                         JL_JOB_SALARY_PERIOD};
    bool paid = !is_unknown(rec, JL_JOB_SALARY_MIN) || !is_unknown(rec, JL_JOB_SALARY_MAX);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!is_unknown(rec, own[i]))
            jl_job_unset(job, own[i]);
    for (size_t i = 0; paid && i < sizeof salary / sizeof *salary; i++)
        jl_job_unset(job, salary[i]);
    if (!h.html)
        jl_job_unset(job, JL_JOB_DESCRIPTION_HTML);
}

static int splice_job(const jl_rec *rec, const jl_job *job, jl_out *out, jl_err *err) {
    jl_member member[JL_JOB_COUNT];
    size_t n = 0;
    for (int name = 0; name < JL_JOB_COUNT; name++) {
        jl_span value = jl_job_get(job, (jl_job_name)name);
        if (value.n)
            member[n++] = (jl_member){jl_job_token((jl_job_name)name), value, (size_t)name};
    }
    return jl_splice(out, rec, member, n, err) == 0 ? JL_PASS : -1;
}

static int write_enriched(const jl_rec *rec, jl_fetch_result *r, jl_out *out, jl_err *err) {
    bool whole = r->how == JL_FETCHED_DONE;
    *(whole ? &h.enriched : &h.partial) += 1;
    h.by_page += r->page;
    leave_what_is_known(rec, &r->job);
    if (rec->field[JL_JOB_ENRICHMENT_TRIES].type != JL_ABSENT &&
        jl_job_raw(&r->job, JL_JOB_ENRICHMENT_TRIES, JL_SPAN("0"), err) != 0)
        return -1;
    if ((jl_job_has(&r->job, JL_JOB_DESCRIPTION) && set_content_hash(rec, &r->job, err) != 0) ||
        jl_job_time(&r->job, JL_JOB_ENRICHED_AT, r->at, err) != 0 ||
        jl_job_text(&r->job, JL_JOB_ENRICHMENT_STATUS, whole ? JL_SPAN("done") : JL_SPAN("partial"), err) != 0)
        return -1;
    return splice_job(rec, &r->job, out, err);
}

/* One that is dead, or failed; then with the number of runs in which it did: one outage, however often it is asked again, is one. */
static int write_marked(const jl_rec *rec, jl_fetch_result *r, jl_out *out, jl_err *err) {
    bool dead = r->how == JL_FETCHED_DEAD;
    int64_t tries = 0;
    char text[24];
    *(dead ? &h.dead : &h.failed) += 1;
    h.unbought += !dead && r->again;
    if (!dead && has_text(rec))
        return jl_filter_pass(rec, out, err);
    jl_job_clear(&r->job);
    if (rec->field[JL_JOB_ENRICHMENT_TRIES].type == JL_NUMBER)
        (void)jl_json_integer(jl_rec_value(rec, JL_JOB_ENRICHMENT_TRIES), &tries); /* stays 0 when it is none */
    snprintf(text, sizeof text, "%" PRId64, (tries > 0 && tries < INT32_MAX ? tries : 0) + 1);
    if (jl_job_text(&r->job, JL_JOB_ENRICHMENT_STATUS, dead ? JL_SPAN("dead") : JL_SPAN("failed"), err) != 0 ||
        (!dead && jl_job_raw(&r->job, JL_JOB_ENRICHMENT_TRIES, jl_span_of(text), err) != 0))
        return -1;
    return splice_job(rec, &r->job, out, err);
}

static int answer_job(void *self, const jl_rec *rec, const jl_answer *answer, jl_out *out, jl_err *err) {
    jl_fetch_result *r = answer->state == JL_FOUND ? jl_fetch_take(h.lookup, answer->value) : NULL;
    int rc;
    (void)self;
    if (!r || r->how == JL_FETCHED_REFUSED) {
        *(answer->state == JL_REFUSED ? &h.no_url : &h.unbought) += 1;
        rc = jl_filter_pass(rec, out, err);
    } else if (r->how == JL_FETCHED_DONE || r->how == JL_FETCHED_PARTIAL) {
        rc = write_enriched(rec, r, out, err);
    } else {
        rc = write_marked(rec, r, out, err);
    }
    jl_fetch_free(r);
    return rc;
}

/* ---- what all verbs say at the end ---- */

static int verdict(void *self, jl_err *err) {
    (void)self;
    if (h.unbought == 0 || h.dry_run)
        return 0;
    if (jl_buyer_refused(h.buyer, err) != JL_OK || jl_buyer_away(h.buyer, err) != JL_OK)
        return -1;
    return jl_err_set(err, JL_TEMPFAIL, "%" PRIu64 " of %" PRIu64 " lines were not bought: run again later", h.unbought,
                      h.run->lines_in);
}

static void notice(void *self, bool important, const char *text) {
    (void)self;
    if (important)
        jl_run_warn(h.run, "%s", text);
    else
        jl_run_info(h.run, "%s", text);
}

/* ---- the dry run ---- */

static int64_t worst_of(const jl_hasdata_endpoint *e) {
    const jl_price *price = jl_account_price(&h.settings, e->name);
    return price ? price->worst : -1;
}

static int dry_answer(void *self, const jl_rec *rec, const jl_answer *answer, jl_out *out, jl_err *err) {
    const jl_hasdata_endpoint *e;
    (void)self;
    (void)answer;
    int added = jl_set_add(h.seen, rec->key, NULL, err); /* what is asked twice is bought once */
    if (added <= 0)
        return added < 0 ? -1 : JL_DROP;
    if (jl_fetch_check(&h.options, rec, &e, err) != 0)
        return -1;
    int64_t worst = worst_of(e);
    if (worst < 0)
        return jl_err_set(err, JL_CONFIG, "no price is known for %s: credits set price.%s=N", e->name, e->name);
    uint64_t calls = h.what == JL_HASDATA_LISTING ? h.pages : 1;
    h.dry_calls += calls;
    h.dry_credits += calls * (uint64_t)worst;
    for (size_t i = e->kind == JL_HASDATA_PAGE; h.what != JL_HASDATA_LISTING && i < h.modes; i++) {
        int64_t more = worst_of(jl_hasdata_page_mode(i));
        h.dry_fallback += more > 0 ? (uint64_t)more : 0;
    }
    jl_buf_clear(&h.scratch);
    if (jl_write_open(&h.scratch, err) != 0 || jl_write_text(&h.scratch, "endpoint", jl_span_of(e->name), err) != 0)
        return -1;
    size_t first = h.what == JL_HASDATA_LISTING ? KEYWORD : JL_JOB_URL;
    size_t last = h.what == JL_HASDATA_LISTING ? LOCATION : JL_JOB_URL;
    for (size_t i = first; i <= last; i++) {
        const char *name = h.what != JL_HASDATA_LISTING ? "url" : i == KEYWORD ? "keyword" : "location";
        if (jl_write_raw(&h.scratch, name, jl_rec_value(rec, i), err) != 0)
            return -1;
    }
    if (jl_write_u64(&h.scratch, "calls", calls, err) != 0 ||
        jl_write_u64(&h.scratch, "credits", calls * (uint64_t)worst, err) != 0 ||
        jl_write_close(&h.scratch, err) != 0 || jl_out_line(out, jl_buf_span(&h.scratch), err) != 0)
        return -1;
    h.run->lines_out++;
    return JL_TURNED;
}

/* The sum, behind the calls. */
static int dry_end(void *self, jl_out *out, jl_err *err) {
    (void)self;
    jl_buf_clear(&h.scratch);
    int bad = jl_write_open(&h.scratch, err) || jl_write_u64(&h.scratch, "calls", h.dry_calls, err) ||
              jl_write_u64(&h.scratch, "credits", h.dry_credits, err) ||
              (h.what != JL_HASDATA_LISTING && jl_write_u64(&h.scratch, "fallback_credits", h.dry_fallback, err)) ||
              jl_write_close(&h.scratch, err) || jl_out_line(out, jl_buf_span(&h.scratch), err);
    return bad ? -1 : 0;
}

static int dry_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    (void)l;
    (void)err;
    for (size_t i = 0; i < n; i++)
        query[i].answer.state = JL_UNKNOWN;
    return 0;
}

static void dry_close(jl_lookup *l) {
    (void)l;
}

static const jl_lookup_ops dry_ops = {.submit = dry_submit, .close = dry_close};
static jl_lookup dry_lookup = {&dry_ops};

/* ---- the request that -w and -l make ---- */

static int write_request(jl_err *err) {
    struct {
        const char *name, *text;
    } part[] = {{"keyword", h.keyword}, {"location", h.location}, {"sort", h.sort}, {"domain", h.domain}};
    int rc = jl_write_open(&h.scratch, err);
    for (size_t i = 0; rc == 0 && i < sizeof part / sizeof *part; i++)
        rc = part[i].text ? jl_write_text(&h.scratch, part[i].name, jl_span_of(part[i].text), err) : 0;
    return rc == 0 && jl_write_close(&h.scratch, err) == 0 ? jl_buf_addc(&h.scratch, '\n', err) : -1;
}

/* A request line like any other, in a file that nobody sees. */
static int make_request(jl_err *err) {
    if (write_request(err) != 0)
        return -1;
    h.request_fd = memfd_create("request", MFD_CLOEXEC);
    if (h.request_fd < 0 || write(h.request_fd, h.scratch.p, h.scratch.n) != (ssize_t)h.scratch.n)
        return jl_err_errno(err, JL_SOFTWARE, errno, "cannot hold a request");
    snprintf(h.request, sizeof h.request, "/proc/self/fd/%d", h.request_fd);
    h.inputs[0] = h.request;
    return 0;
}

/* ---- the program ---- */

/* What -w, -l and the others say is no input line: what is wrong with it is wrong with the command. */
static int check_request(jl_err *err) {
    const jl_hasdata_endpoint *e = jl_hasdata_endpoint_of(jl_span_of(h.source), JL_HASDATA_LISTING);
    jl_hasdata_query q = {.keyword = jl_span_of(h.keyword),
                          .location = jl_span_of(h.location),
                          .sort = jl_span_of(h.sort),
                          .domain = jl_span_of(h.domain)};
    jl_hasdata_request request = {0};
    int rc = jl_hasdata_ask_listing(e, &q, &request, err);
    if (rc != 0 && err->class == JL_DATA)
        err->class = JL_USAGE;
    jl_hasdata_request_free(&request);
    return rc;
}

static int check_usage(const jl_run *r, jl_err *err) {
    bool one = h.keyword || h.location;
    h.what = strcmp(r->verb, "listing") == 0 ? JL_HASDATA_LISTING
             : strcmp(r->verb, "job") == 0   ? JL_HASDATA_JOB
                                             : JL_HASDATA_PAGE;
    if (one && (!h.keyword || !h.location))
        return jl_err_set(err, JL_USAGE, "-w and -l make a request together");
    if (one && r->n_operands)
        return jl_err_set(err, JL_USAGE, "either -w and -l or files of requests");
    if (!one && (h.sort || h.domain))
        return jl_err_set(err, JL_USAGE, "--sort and --domain go with -w; request lines have their own");
    if (h.what == JL_HASDATA_LISTING && !jl_hasdata_endpoint_of(jl_span_of(h.source), JL_HASDATA_LISTING))
        return jl_err_set(err, JL_USAGE, "--source=%s: indeed or glassdoor was expected", h.source);
    if (h.what == JL_HASDATA_PAGE && h.modes == 0)
        return jl_err_set(err, JL_USAGE, "--modes=0 leaves page nothing to do");
    if (h.ttl < 0 || h.fresh < 0)
        return jl_err_set(err, JL_USAGE, "--%s: a time was expected", h.ttl < 0 ? "ttl" : "fresh");
    if (!is_user(jl_span_of(h.user)))
        return jl_err_set(err, JL_USAGE, "--user: at most %d bytes, no control bytes", JL_USER_MAX);
    if (!jl_http_private(h.api))
        return jl_err_set(err, JL_USAGE,
                          "--api: https://HOST was expected, or http:// on this "
                          "machine: the key is sent nowhere else");
    return one ? check_request(err) : 0;
}

static int want_request(jl_err *err) {
    static const char *const names[REQUEST_FIELDS] = {"keyword", "location", "sort", "domain", "source", "user"};
    for (size_t i = 0; i < REQUEST_FIELDS; i++)
        if (jl_want_name(h.want, jl_span_of(names[i]), err) != (int)i)
            return -1;
    return jl_keyspec_parse(JL_SPAN("keyword,location"), &h.key, err);
}

static int want_job(jl_err *err) {
    for (int i = 0; i < JL_JOB_COUNT; i++)
        if (jl_want_name(h.want, jl_job_bare((jl_job_name)i), err) != i)
            return -1;
    if (jl_want_name(h.want, JL_SPAN("user"), err) != JL_JOB_COUNT)
        return -1;
    return jl_keyspec_parse(JL_SPAN("url"), &h.key, err);
}

static int open_fields(jl_err *err) {
    bool listing = h.what == JL_HASDATA_LISTING;
    if (!(h.want = jl_want_new(err)) || (listing ? want_request(err) : want_job(err)) != 0)
        return -1;
    int first = jl_want_key(h.want, &h.key, err);
    if (first < 0 || !(h.seen = jl_set_new(false, err)))
        return -1;
    h.first_key = (size_t)first;
    h.options = (jl_fetch_options){.what = h.what,
                                   .source = h.source,
                                   .api = h.api,
                                   .keyword = KEYWORD,
                                   .location = LOCATION,
                                   .sort = SORT,
                                   .domain = DOMAIN_OF,
                                   .source_field = listing ? SOURCE_OF : JL_JOB_SOURCE,
                                   .url = JL_JOB_URL,
                                   .user = listing ? USER_OF : JL_JOB_COUNT,
                                   .pages = (unsigned)h.pages,
                                   .modes = (unsigned)h.modes,
                                   .tries = (unsigned)h.tries,
                                   .fresh = listing ? h.ttl : h.fresh,
                                   .raw = h.raw};
    return h.keyword ? make_request(err) : 0;
}

static int open_ledger(jl_run *r, jl_err *err) {
    jl_url url;
    char shown[256];
    if (jl_run_state_url(r, h.ledger_url, h.ledger_given, "JOBLINE_LEDGER", "ledger", &url, err) != 0)
        return -1;
    jl_url_show(&url, shown, sizeof shown);
    h.ledger = jl_ledger_open(ledgers, &url, PROVIDER, 0, err);
    jl_url_wipe(&url);
    if (h.ledger)
        jl_run_info(r, "ledger %s", shown);
    return h.ledger ? 0 : -1;
}

static int open_cache(jl_run *r, jl_err *err) {
    jl_url url;
    char shown[256];
    if (jl_run_state_url(r, h.cache_url, h.cache_given, "JOBLINE_BOUGHT", "bought", &url, err) != 0)
        return -1;
    jl_url_show(&url, shown, sizeof shown);
    h.kept = jl_kept_open(caches, &url, 0, err);
    jl_url_wipe(&url);
    if (h.kept)
        jl_run_info(r, "what was bought is kept in %s", shown);
    return h.kept ? 0 : -1;
}

static int read_key(jl_err *err) {
    if (jl_run_secret(h.key_file, JL_HASDATA_KEY_CREDENTIAL, JL_HASDATA_KEY_VARIABLE, &h.secret, err) != 0 ||
        jl_hasdata_key_header(jl_buf_span(&h.secret), h.key_header, err) != 0)
        return -1;
    h.header[0] = h.key_header;
    h.header[1] = h.what == JL_HASDATA_LISTING ? NULL : "Content-Type: application/json";
    return 0;
}

static int filter_lines(jl_run *r, jl_lookup *lookup, jl_err *err) {
    bool listing = h.what == JL_HASDATA_LISTING;
    jl_filter filter = {
        .want = h.want,
        .key = &h.key,
        .first_key = h.first_key,
        .lookup = lookup,
        .remember = h.dry_run, /* what is asked twice is bought once: the cache
                                sees to it */
        .batch = 1,
        .question = QUESTION_COST,
        .inputs = h.inputs[0] ? h.inputs : r->operand,
        .look = listing ? look_request : look_job,
        .answer = h.dry_run ? dry_answer
                  : listing ? answer_request
                            : answer_job,
        .end = h.dry_run ? dry_end : NULL,
        .verdict = verdict,
    };
    return jl_filter_run(r, &filter, err);
}

static int set_price(void *self, const char *change, jl_err *err) {
    return jl_account_set(self, change, err);
}

/* The prices of the ledger's account; without one, those that are published. */
static int dry_run(jl_run *r, jl_err *err) {
    jl_err why = {0};
    if (open_ledger(r, err) != 0)
        return -1;
    if (h.ledger->ops->settings(h.ledger, &h.settings, &why) == 0)
        return filter_lines(r, &dry_lookup, err);
    if (why.class == JL_CONFIG) {
        jl_run_warn(r, "%s; reckoned with the published prices", why.text);
        jl_account_default(&h.settings);
        if (jl_hasdata_prices(set_price, &h.settings, err) != 0)
            return -1;
    } else {
        *err = why;
        return -1;
    }
    return filter_lines(r, &dry_lookup, err);
}

static int buy(jl_run *r, jl_err *err) {
    if (read_key(err) != 0 || open_ledger(r, err) != 0 || open_cache(r, err) != 0)
        return -1;
    jl_buyer_options o = {.ledger = h.ledger,
                          .kept = h.kept,
                          .header = h.header,
                          .secret = jl_buf_span(&h.secret),
                          .user = h.user,
                          .priority = h.priority,
                          .max_credits = h.max_credits,
                          .max_body = BODY_MAX,
                          .tries = (unsigned)h.tries,
                          .agent = "jobline/" JL_VERSION,
                          .judge = jl_fetch_judge,
                          .notice = notice};
    if (!(h.buyer = jl_buyer_open(&o, &h.counts, err)) || !(h.lookup = jl_fetch_open(&h.options, h.buyer, err)))
        return -1;
    jl_run_info(r, "server %s", h.api);
    int rc = filter_lines(r, h.lookup, err);
    if (h.counts.calls > 0 || h.counts.refused_orders > 0)
        jl_run_info(r, "%" PRIu64 " calls, %" PRIu64 " credits, %" PRIu64 " from what was bought before",
                    h.counts.calls, h.counts.credits, h.counts.kept);
    return rc;
}

static void close_all(void) {
    if (h.lookup)
        h.lookup->ops->close(h.lookup);
    jl_buyer_close(h.buyer);
    if (h.kept)
        h.kept->ops->close(h.kept);
    if (h.ledger)
        h.ledger->ops->close(h.ledger);
    explicit_bzero(h.key_header, sizeof h.key_header);
    if (h.secret.p)
        explicit_bzero(h.secret.p, h.secret.cap);
    jl_buf_free(&h.secret);
    jl_buf_free(&h.scratch);
    jl_set_free(h.seen);
    jl_want_free(h.want);
    jl_keyspec_free(&h.key);
    if (h.request_fd >= 0)
        close(h.request_fd); /* nobody reads it any more */
}

static void register_counters(jl_run *r) {
    static const char *const refused[JL_REFUSALS] = {[JL_REFUSED_PRICE] = "refused_price",
                                                     [JL_REFUSED_BUDGET] = "refused_budget",
                                                     [JL_REFUSED_USER] = "refused_user_cap",
                                                     [JL_REFUSED_BREAKER] = "refused_breaker",
                                                     [JL_REFUSED_QUOTA] = "refused_quota"};
    bool listing = h.what == JL_HASDATA_LISTING;
    jl_run_counter(r, "calls", &h.counts.calls, true);
    jl_run_counter(r, "credits", &h.counts.credits, true);
    jl_run_counter(r, "cache_hits", &h.counts.kept, true);
    jl_run_counter(r, "retries", &h.counts.retries, false);
    jl_run_counter(r, "uncertain", &h.counts.uncertain, false);
    jl_run_counter(r, "unbought", &h.unbought, true);
    jl_run_counter(r, "failed", &h.failed, false);
    if (listing) {
        jl_run_counter(r, "jobs", &h.jobs, true);
        jl_run_counter(r, "duplicates", &h.duplicates, false);
        jl_run_counter(r, "bad_jobs", &h.bad_jobs, false);
    } else {
        jl_run_counter(r, "enriched", &h.enriched, true);
        jl_run_counter(r, "partial", &h.partial, false);
        jl_run_counter(r, "by_page", &h.by_page, false);
        jl_run_counter(r, "dead", &h.dead, false);
        jl_run_counter(r, "fresh", &h.fresh_lines, false);
        jl_run_counter(r, "no_url", &h.no_url, false);
    }
    for (size_t i = 0; i < JL_REFUSALS; i++)
        if (refused[i])
            jl_run_counter(r, refused[i], &h.counts.refused[i], false);
    jl_run_counter(r, "refused_limit", &h.counts.limited, false);
    jl_run_counter(r, "waited_for_others", &h.counts.waited_for_others, false);
    jl_run_counter(r, "in_flight_max", &h.counts.in_flight_max, false);
}

static int run(jl_run *r, jl_err *err) {
    h.run = r;
    int rc = -1;
    if (check_usage(r, err) == 0) {
        if (!h.dry_run)
            register_counters(r);
        if (open_fields(err) == 0)
            rc = h.dry_run ? dry_run(r, err) : buy(r, err);
    }
    close_all();
    return rc;
}

static void versions(void (*say)(void *to, const char *line), void *to) {
    const char *last = NULL;
    say(to, jl_http_version());
    for (const jl_ledger_opener *const *l = ledgers; *l; l++) {
        const char *version = (*l)->version();
        if (last != version)
            say(to, version);
        last = version;
    }
}

static const char *const synopsis[] = {
    "listing -w KEYWORDS -l LOCATION [--source=NAME] [--pages=N] [OPTION...]",
    "listing [--source=NAME] [--pages=N] [OPTION...] [FILE...]",
    "job [--fresh=TIME] [--modes=N] [--raw=DIR] [OPTION...] [FILE...]",
    "page [--fresh=TIME] [--modes=N] [--raw=DIR] [OPTION...] [FILE...]",
    NULL,
};

static const jl_verb verbs[] = {
    {.name = "listing", .help = "requests become job lines"},
    {.name = "job", .help = "job lines get their full description and details"},
    {.name = "page", .help = "the same by the generic web call, for postings of any site"},
    {0},
};

static const jl_prog prog = {
    .name = "hd-fetch",
    .about = "buy job listings and details from HasData, through the gate",
    .synopsis = synopsis,
    .opts = options,
    .verbs = verbs,
    .versions = versions,
    .no_input_when = &h.stdin_free,
    .run = run,
};

int main(int argc, char **argv) {
    return jl_main(&prog, argc, argv);
}
