/* job-match ranks jobs for a person's profile.

   Contract: jobs come as lines (-p PROFILE) or out of a store (profile lines from stdin, or -p with --store). What passes the
   hard filters is scored; the best --top go out as lines in rank order, with reasons. The ranking follows from the jobs alone:
   from lines and from a store it is the same, byte for byte, while the store has no more than --candidates. Vectors of different
   models are never compared: a line with another model's is a bad line. With --tier=paid, --need and --need-enrich say what to buy
   when what was found is poor; both files appear whole or not at all, empty ones too. Nothing is bought here. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/stop.h"
#include "embed/http.h"
#include "embed/line.h"
#include "frame/filter.h"
#include "frame/output.h"
#include "frame/prog.h"
#include "job/job.h"
#include "store/refresh.h"
#include "job/terms.h"
#include "jsonl/each.h"
#include "jsonl/set.h"
#include "match/need.h"
#include "match/rank.h"
#include "wire/http.h"

#define TILE 64           /* profiles that are searched together */
#define PEOPLE_MOST 1000  /* profiles that lines are ranked for at once */
#define PENDING 64        /* jobs whose vectors are made together */
#define SMALL_STORE 50000 /* so many jobs in the index, or fewer: those without a vector are looked for */
#define MISSING_MOST 2000 /* so many of those, or fewer, get a vector for the run */
#define TRIES 3           /* enrichment that failed so often is not asked for again */
#define DAY (86400 * JL_SECOND)
#define KEY_CREDENTIAL "embed-key"
#define KEY_VARIABLE "JOBLINE_EMBED_KEY"
#define KEY_VARIABLE_OPENAI "OPENAI_API_KEY"

enum { TIER_FREE, TIER_PAID };
enum { WHEN_POOR, WHEN_ALWAYS };
enum { BY_INDEX, BY_SCAN, BY_PGVECTOR };

/* One profile with what was found for it. */
typedef struct person {
    jl_profile profile;
    jl_ask_facts ask;
    jl_matcher *matcher;
    jl_rank top, enrich;
    uint64_t found;
    double best;
} person;

/* A job whose vector has to be made. */
typedef struct pending {
    jl_buf bytes;
    jl_posting job;
    jl_stage stage;
    uint64_t row; /* of a store */
    jl_embed_line text;
} pending;

static struct state {
    jl_run *run;
    const char *profile_path, *store_url, *index_path, *model_name, *name, *key_file, *weights_text, *need,
        *need_enrich;
    const char *source;
    bool profile_given, store_given, index_given, retrieval_given, candidates_given, name_given, key_given;
    bool explain, visa, anywhere;
    uint64_t top, candidates, enrich_most, enough_found, requests, min_salary;
    int64_t max_age;
    int tier, stage, enrich_when, retrieval, remote;
    jl_texts locations, employment;
    jl_enough enough;
    jl_weights weights;

    int64_t now;
    jl_ask_facts asked; /* by options */
    jl_buf secret;
    jl_server_counts calls;
    jl_embed *model;
    uint32_t dims;
    jl_want *profile_want; /* of profile lines */
    jl_keyspec no_key;
    jl_postings *postings;
    jl_jobs *jobs;
    jl_index *index;
    char *side_file; /* the index's */
    bool mended;
    jl_set *seen;     /* jobs of the lines read */
    jl_set *enriched; /* jobs that --need-enrich has */
    person *person;
    size_t people;
    float *queries, *vectors; /* of the people; of the pending */
    jl_hit *hit;
    size_t hits[TILE];
    pending *pending;
    size_t waiting;
    uint64_t *missing; /* rows of the store's jobs that get a vector for the run */
    uint64_t missed;   /* of them, and of those that are too many */
    bool leave_missing;
    jl_field *field;
    jl_buf posting_bytes, line_bytes, out, floats, reasons, requests_text, enrich_text;
    char input[32];
    char *inputs[2];
    int input_fd;
    jl_atomic need_file, enrich_file;
    bool need_open, enrich_open;
    bool profile_told, preferences_told; /* what is wrong with it */

    uint64_t left_out[JL_LEFT_OUTS], filtered;
    uint64_t profiles, scored, found, needed, to_enrich, repeated, computed;
    double best;
    bool sufficient;
} m = {
    .model_name = "hash",
    .weights_text = "",
    .top = 20,
    .candidates = 500,
    .enrich_most = 100,
    .requests = 3,
    .max_age = 45 * DAY,
    .enough = {40, 60, 100},
    .input_fd = -1,
    .sufficient = true,
};

static const jl_jobs_opener *const stores[] = {&jl_jobs_sqlite, &jl_jobs_postgres, &jl_jobs_postgresql, NULL};

/* ---- options ---- */

static int read_points(void *to, const char *text, jl_err *err) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0) || value > 100)
        return jl_err_set(err, JL_USAGE, "'%s': points from 0 to 100 were expected", text);
    *(double *)to = value;
    return 0;
}

static int read_weights(void *to, const char *text, jl_err *err) {
    *(const char **)to = text;
    m.weights = jl_weights_default();
    return jl_weights_read(jl_span_of(text), &m.weights, err);
}

static const jl_opt options[] = {
    {.letter = 'p',
     .name = "profile",
     .arg = "PROFILE",
     .kind = JL_OPT_TEXT,
     .to = &m.profile_path,
     .given = &m.profile_given,
     .complete = JL_COMPLETE_FILE,
     .help = "rank job lines for the profile in this file [profile lines from stdin, jobs from the store]"},
    {.letter = 'S',
     .name = "store",
     .arg = "URL",
     .kind = JL_OPT_TEXT,
     .to = &m.store_url,
     .env = "JOBLINE_STORE",
     .given = &m.store_given,
     .help = "sqlite:PATH, postgres://HOST/DB, @FILE [sqlite:$XDG_STATE_HOME/jobline/jobs.db]"},
    {.name = "index",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &m.index_path,
     .given = &m.index_given,
     .complete = JL_COMPLETE_FILE,
     .help = "the store's side file, as job-store index writes it [beside the store]"},
    {.name = "retrieval",
     .arg = "HOW",
     .kind = JL_OPT_CHOICE,
     .to = &m.retrieval,
     .given = &m.retrieval_given,
     .words = "index|scan|pgvector",
     .help = "how the candidates are found: side file, all vectors, PostgreSQL's pgvector [index]"},
    {.name = "top",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &m.top,
     .min = 1,
     .max = 100000,
     .help = "matches a profile [20]"},
    {.name = "candidates",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &m.candidates,
     .given = &m.candidates_given,
     .min = 1,
     .max = 100000,
     .help = "of a store, the nearest N jobs by vector are scored [500]"},
    {.name = "stage",
     .arg = "STAGE",
     .kind = JL_OPT_CHOICE,
     .to = &m.stage,
     .words = "listing|full",
     .help = "score by what listings say, or by the full texts where they are there [listing]"},
    {.name = "max-age",
     .arg = "TIME",
     .kind = JL_OPT_TIME,
     .to = &m.max_age,
     .help = "jobs not seen for so long are no matches; 0 = any [45d]"},
    {.name = "remote",
     .arg = "WHICH",
     .kind = JL_OPT_CHOICE,
     .to = &m.remote,
     .words = "profile|any|only|no",
     .help = "remote jobs only, none of them, or any; else as the profile says"},
    {.name = "location",
     .arg = "PLACE",
     .kind = JL_OPT_LIST,
     .to = &m.locations,
     .help = "jobs in any of these places, instead of the profile's; any = wherever they are"},
    {.name = "min-salary",
     .arg = "AMOUNT",
     .kind = JL_OPT_NUMBER,
     .to = &m.min_salary,
     .help = "a year, instead of the profile's; jobs that tell no pay pass"},
    {.name = "visa", .kind = JL_OPT_FLAG, .to = &m.visa, .help = "no jobs that say they do not sponsor visas"},
    {.name = "employment",
     .arg = "TYPE",
     .kind = JL_OPT_LIST,
     .to = &m.employment,
     .help = "full_time, part_time, contract, temporary, internship, per_diem; instead of the profile's"},
    {.name = "source", .arg = "NAME", .kind = JL_OPT_TEXT, .to = &m.source, .help = "jobs of this source alone"},
    {.name = "weights",
     .arg = "NAME=N,...",
     .kind = JL_OPT_CALL,
     .to = &m.weights_text,
     .call = read_weights,
     .help = "of ats, semantic, fresh, half_life and the parts of ats"},
    {.name = "explain", .kind = JL_OPT_FLAG, .to = &m.explain, .help = "add to each match how its score came about"},
    {.name = "tier",
     .arg = "TIER",
     .kind = JL_OPT_CHOICE,
     .to = &m.tier,
     .words = "free|paid",
     .help = "free never asks for anything to be bought [free]"},
    {.name = "need",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &m.need,
     .complete = JL_COMPLETE_FILE,
     .help = "paid: the requests that would find more go there, for hd-fetch listing"},
    {.name = "requests",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &m.requests,
     .min = 1,
     .max = 100,
     .help = "of them for a profile, at most [3]"},
    {.name = "need-enrich",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &m.need_enrich,
     .complete = JL_COMPLETE_FILE,
     .help = "paid: the best jobs without a full text go there, for hd-fetch job"},
    {.name = "enrich",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &m.enrich_most,
     .max = 100000,
     .help = "of them for a profile, at most [100]"},
    {.name = "enrich-when",
     .arg = "WHEN",
     .kind = JL_OPT_CHOICE,
     .to = &m.enrich_when,
     .words = "poor|always",
     .help = "only when what was found is poor, or in any case [poor]"},
    {.name = "floor",
     .arg = "SCORE",
     .kind = JL_OPT_CALL,
     .to = &m.enough.floor,
     .call = read_points,
     .help = "from this score on a job counts as found [40]"},
    {.name = "enough-best",
     .arg = "SCORE",
     .kind = JL_OPT_CALL,
     .to = &m.enough.best,
     .call = read_points,
     .help = "poor is less than this, [60]"},
    {.name = "enough-found",
     .arg = "N",
     .kind = JL_OPT_NUMBER,
     .to = &m.enough.found,
     .help = "with fewer than this found; fewer than --top are poor in any case [100]"},
    {.letter = 'm',
     .name = "model",
     .arg = "MODEL",
     .kind = JL_OPT_TEXT,
     .to = &m.model_name,
     .env = "JOBLINE_EMBEDDER",
     .help = "hash, or the URL of an OpenAI-compatible server, https://HOST/v1 [hash]"},
    {.name = "name",
     .arg = "MODEL",
     .kind = JL_OPT_TEXT,
     .to = &m.name,
     .given = &m.name_given,
     .env = "JOBLINE_EMBEDDER_NAME",
     .help = "the server's name for its model; vectors of no other are compared"},
    {.name = "key-file",
     .arg = "FILE",
     .kind = JL_OPT_TEXT,
     .to = &m.key_file,
     .given = &m.key_given,
     .complete = JL_COMPLETE_FILE,
     .help =
         "the server's key, else credential " KEY_CREDENTIAL ", " KEY_VARIABLE ", " KEY_VARIABLE_OPENAI "; or none"},
    JL_OPT_END,
};

static int check_model(jl_err *err) {
    if (strcmp(m.model_name, "hash") == 0) {
        m.name = JL_EMBED_HASH;
        return 0;
    }
    if (strncmp(m.model_name, "http://", 7) != 0 && strncmp(m.model_name, "https://", 8) != 0)
        return jl_err_set(err, JL_USAGE, "--model=%s: hash was expected, or a URL that begins with https:// or http://",
                          m.model_name);
    if (!m.name || !jl_vector_model_good(jl_span_of(m.name)))
        return jl_err_set(err, JL_USAGE, "--model=URL needs --name=MODEL: what the server calls its model");
    return 0;
}

static int read_employment(jl_err *err) {
    for (size_t i = 0; i < m.employment.n; i++) {
        jl_terms terms = {0};
        jl_span word = jl_span_of(m.employment.text[i]);
        for (size_t k = 0; jl_terms_type[k]; k++)
            if (jl_span_eq(word, jl_span_of(jl_terms_type[k])))
                terms.types |= 1U << k;
        if (!terms.types && (!jl_terms_type_of(&terms, word) || !terms.types))
            return jl_err_set(err, JL_USAGE,
                              "--employment=%s: full_time, part_time, contract, temporary, internship or per_diem",
                              m.employment.text[i]);
        m.asked.employment |= terms.types;
    }
    return 0;
}

static int read_locations(jl_err *err) {
    if (m.locations.n > JL_ASK_PLACES)
        return jl_err_set(err, JL_USAGE, "--location: at most %d places", JL_ASK_PLACES);
    m.anywhere = m.locations.n == 1 && strcasecmp(m.locations.text[0], "any") == 0;
    if (m.anywhere)
        return 0;
    for (size_t i = 0; i < m.locations.n; i++)
        if (strcasecmp(m.locations.text[i], "any") == 0)
            return jl_err_set(err, JL_USAGE, "--location=any stands alone");
        else if (jl_facts_place(jl_span_of(m.locations.text[i]), m.asked.place[m.asked.places++]) == 0)
            return jl_err_set(err, JL_USAGE, "--location=%s: no place; --remote=only asks for remote jobs",
                              m.locations.text[i]);
    return 0;
}

/* With -p and no FILE: a terminal or /dev/null has no lines to give, so the store is meant. */
static bool from_store(const jl_run *r) {
    struct stat st;
    if (!m.profile_given || m.store_given)
        return true;
    return r->n_operands == 0 && fstat(STDIN_FILENO, &st) == 0 && S_ISCHR(st.st_mode);
}

/* An option that would do nothing is a mistake. */
static int check_effect(const jl_run *r, jl_err *err) {
    bool lines = !from_store(r), hash = strcmp(m.model_name, "hash") == 0;
    const struct {
        bool wrong;
        const char *name, *why;
    } idle[] = {
        {lines && m.index_given, "index", "for a store"},
        {lines && m.retrieval_given, "retrieval", "for a store"},
        {lines && m.candidates_given, "candidates", "for a store"},
        {m.index_given && m.retrieval != BY_INDEX, "index", "for --retrieval=index"},
        {hash && m.name_given, "name", "for --model=URL"},
        {hash && m.key_given, "key-file", "for --model=URL"},
        {m.tier == TIER_FREE && m.need, "need", "for --tier=paid"},
        {m.tier == TIER_FREE && m.need_enrich, "need-enrich", "for --tier=paid"},
    };
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        if (idle[i].wrong)
            return jl_err_set(err, JL_USAGE, "option '--%s' is %s", idle[i].name, idle[i].why);
    return 0;
}

static bool same_file(const char *a, const char *b) {
    struct stat one, other;
    return strcmp(a, b) == 0 || (stat(a, &one) == 0 && stat(b, &other) == 0 && S_ISREG(one.st_mode) &&
                                 one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

static int check_usage(const jl_run *r, jl_err *err) {
    if (m.store_given && m.profile_given && r->n_operands)
        return jl_err_set(err, JL_USAGE, "job lines are read from FILEs, or jobs from --store");
    if (m.need && m.need_enrich && same_file(m.need, m.need_enrich))
        return jl_err_set(err, JL_USAGE, "--need and --need-enrich are two files");
    if (m.max_age < 0)
        return jl_err_set(err, JL_USAGE, "--max-age: a time was expected");
    return check_model(err) != 0 || read_employment(err) != 0 || read_locations(err) != 0 ? -1 : check_effect(r, err);
}

/* ---- the model ---- */

/* A server on this machine often has no key. */
static int read_key(jl_err *err) {
    jl_err why = {0};
    if (jl_run_secret(m.key_file, KEY_CREDENTIAL, KEY_VARIABLE, &m.secret, &why) == 0)
        return 0;
    bool none = !m.key_file && why.class == JL_NOPERM;
    if (none && !getenv(KEY_VARIABLE) &&
        (!getenv(KEY_VARIABLE_OPENAI) ||
         jl_run_secret(NULL, KEY_CREDENTIAL, KEY_VARIABLE_OPENAI, &m.secret, &why) == 0))
        return 0;
    *err = why;
    return -1;
}

static void notice(void *self, bool important, const char *text) {
    (void)self;
    if (important)
        jl_run_warn(m.run, "%s", text);
    else
        jl_run_info(m.run, "%s", text);
}

static int open_model(jl_err *err) {
    if (strcmp(m.model_name, "hash") == 0) {
        m.model = jl_embed_hash(err);
    } else {
        if (read_key(err) != 0)
            return -1;
        jl_server_options o = {.url = m.model_name,
                               .model = m.name,
                               .key = jl_buf_span(&m.secret),
                               .batch = 32,
                               .in_flight = 4,
                               .max_chars = 8000,
                               .retries = 5,
                               .timeout = 60 * JL_SECOND,
                               .window = 50 * JL_MILLISECOND,
                               .notice = notice};
        m.model = jl_embed_server(&o, &m.calls, err);
    }
    if (!m.model || m.model->ops->dims(m.model, &m.dims, err) != 0)
        return -1;
    jl_run_info(m.run, "model %s, %" PRIu32 " dimensions", m.name, m.dims);
    m.vectors = malloc(sizeof *m.vectors * m.dims * PENDING);
    m.pending = calloc(PENDING, sizeof *m.pending);
    m.postings = jl_postings_new(err);
    if (!m.postings)
        return -1;
    m.field = calloc(jl_want_count(jl_postings_want(m.postings)), sizeof *m.field);
    return m.vectors && m.pending && m.field ? 0 : jl_err_nomem(err);
}

/* ---- people ---- */

/* What options ask takes the place of what the profile does. */
static void settle_filters(person *p) {
    static const jl_tri remote[] = {JL_UNTOLD, JL_UNTOLD, JL_YES, JL_NO};
    jl_ask_facts *ask = &p->ask;
    *ask = p->profile.ask;
    if (m.remote)
        ask->remote = remote[m.remote];
    if (m.min_salary)
        ask->min_salary = (float)m.min_salary;
    ask->visa = ask->visa || m.visa;
    if (m.asked.employment)
        ask->employment = m.asked.employment;
    if (m.asked.places || m.anywhere) {
        memcpy(ask->place, m.asked.place, sizeof ask->place);
        ask->places = m.asked.places;
    }
    if (m.source)
        ask->source = jl_facts_source(jl_span_of(m.source));
    if (m.max_age)
        ask->seen_after = m.now - m.max_age / JL_SECOND;
    ask->now = m.now;
    ask->statuses = ~(1U << JL_STATUS_DEAD);
}

/* Whoever leaves out -p has job lines read as profiles. */
static int refuse_job(jl_value object, jl_err *err) {
    static const char *const names[] = {"company", "title", "basics", "work",       "skills", "text",
                                        "summary", "about", "titles", "experience", "label",  "preferences"};
    jl_value found[sizeof names / sizeof *names];
    jl_each_pick(object, names, sizeof names / sizeof *names, found);
    bool resume = found[0].type == JL_ABSENT || found[1].type == JL_ABSENT;
    for (size_t i = 2; i < sizeof names / sizeof *names; i++)
        resume = resume || found[i].type != JL_ABSENT;
    return resume ? 0 : jl_err_set(err, JL_DATA, "this is a job line; -p names the profile");
}

/* The first time that preferences have members which say nothing here. */
static int tell_preferences(const char *id, jl_value object, jl_err *err) {
    static const char *const known[] = {"remote", "onsite", "locations", "min_salary", "visa", "employment_types"};
    jl_span name;
    jl_buf strange = {0};
    jl_each it = jl_each_start(jl_each_member(object, "preferences"));
    for (jl_value one; !m.preferences_told && it.object && jl_each_next(&it, &name, &one);) {
        bool is_known = name.n < 2;
        jl_span inner = {name.p + 1, name.n - 2};
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            is_known = is_known || jl_span_eq(inner, jl_span_of(known[i]));
        if (!is_known && strange.n < 200 &&
            jl_buf_addf(&strange, err, "%s%.*s", strange.n ? ", " : "", inner.n < 64 ? (int)inner.n : 64, inner.p) != 0)
            return jl_buf_free(&strange), -1;
    }
    if (strange.n)
        jl_run_warn(m.run, "profile %s: preferences that say nothing to job-match: %.*s", id, (int)strange.n,
                    strange.p);
    m.preferences_told = m.preferences_told || strange.n;
    jl_buf_free(&strange);
    return 0;
}

static int person_read(person *p, jl_span object, jl_err *err) {
    jl_rank_free(&p->top);
    jl_rank_free(&p->enrich);
    p->found = 0;
    p->best = 0;
    jl_value value = {object, JL_OBJECT};
    if (refuse_job(value, err) != 0 || jl_profile_read(&p->profile, value, m.now, err) != 0 ||
        tell_preferences(p->profile.id, value, err) != 0)
        return -1;
    settle_filters(p);
    jl_rank_open(&p->top, m.top);
    if (m.enrich_open)
        jl_rank_open(&p->enrich, m.enrich_most);
    if (!p->matcher && !(p->matcher = jl_matcher_new(&m.weights, err)))
        return -1;
    jl_matcher_model(p->matcher, jl_span_of(m.name));
    return jl_matcher_profile(p->matcher, &p->profile, m.now, err);
}

static void person_free(person *p) {
    jl_profile_free(&p->profile);
    jl_matcher_free(p->matcher);
    jl_rank_free(&p->top);
    jl_rank_free(&p->enrich);
}

static int join(const jl_span *part, size_t n, jl_buf *text, size_t *length, jl_err *err) {
    size_t start = text->n;
    for (size_t i = 0; i < n; i++)
        if ((i && jl_buf_addc(text, '\n', err) != 0) || jl_buf_add(text, part[i], err) != 0)
            return -1;
    *length = text->n - start;
    return 0;
}

/* The vectors of the people from..from+n-1 into m.queries. */
static int embed_people(const person *p, size_t n, float *to, jl_err *err) {
    for (size_t i = 0; i < n; i++) {
        size_t titles, skills;
        jl_buf_clear(&m.line_bytes);
        if (join(p[i].profile.title, p[i].profile.titles, &m.line_bytes, &titles, err) != 0 ||
            join(p[i].profile.skill, p[i].profile.skills, &m.line_bytes, &skills, err) != 0)
            return -1;
        const char *bytes = m.line_bytes.n ? m.line_bytes.p : "";
        jl_embed_text text = {.title = {bytes, titles},
                              .location = p[i].profile.location,
                              .skills = {bytes + titles, skills},
                              .body = p[i].profile.text};
        if (m.model->ops->batch(m.model, &text, 1, to + i * m.dims, err) != 0)
            return -1;
    }
    return 0;
}

static int make_people(size_t n, jl_err *err) {
    m.person = calloc(n, sizeof *m.person);
    m.queries = malloc(sizeof *m.queries * m.dims * n);
    return m.person && m.queries ? 0 : jl_err_nomem(err);
}

/* ---- one job for all people ---- */

static bool may_enrich(const jl_posting *job) {
    const jl_facts *f = &job->facts;
    return !f->full && job->url.n &&
           (f->status == JL_STATUS_NONE || f->status == JL_STATUS_PARTIAL ||
            (f->status == JL_STATUS_FAILED && f->tries < TRIES));
}

static int score_for(person *p, const jl_posting *job, jl_stage stage, float cosine, jl_err *err) {
    jl_match match;
    if (jl_matcher_score(p->matcher, job, stage, cosine, &match, NULL, err) != 0)
        return -1;
    m.scored++;
    p->found += match.score >= m.enough.floor;
    p->best = match.score > p->best ? match.score : p->best;
    if (jl_rank_offer(&p->top, job, match.score, cosine, stage, err) != 0)
        return -1;
    return p->enrich.most && may_enrich(job) ? jl_rank_offer(&p->enrich, job, match.score, cosine, stage, err) : 0;
}

/* Counts why not. */
static bool passes(const jl_facts *facts, size_t i) {
    jl_left_out why = jl_facts_left_out(facts, &m.person[i].ask);
    m.left_out[why]++;
    return why == JL_LEFT_OUT_NOT;
}

static float cosine_of(size_t i, const float *vector) {
    return jl_vector_dot(m.queries + i * m.dims, vector, m.dims);
}

/* For the people from..to-1. */
static int score_job(const jl_posting *job, jl_stage stage, const float *vector, size_t from, size_t to, jl_err *err) {
    for (size_t i = from; i < to; i++)
        if (passes(&job->facts, i) && score_for(&m.person[i], job, stage, cosine_of(i, vector), err) != 0)
            return -1;
    return 0;
}

static jl_stage stage_of(const jl_posting *job) {
    return m.stage == JL_STAGE_FULL && job->facts.full ? JL_STAGE_FULL : JL_STAGE_LISTING;
}

static bool of_model(const jl_vector *v) {
    return v->n == m.dims && jl_span_eq(v->model, jl_span_of(m.name));
}

/* The vector in memory that floats may be read from. */
static const float *aligned(const jl_vector *v, jl_err *err) {
    jl_buf_clear(&m.floats);
    return jl_buf_add(&m.floats, v->data, err) == 0 ? (const float *)(const void *)m.floats.p : NULL;
}

/* Makes the vectors of the first n jobs that wait for one. */
static int embed_pending(size_t n, jl_err *err) {
    jl_embed_text text[PENDING];
    for (size_t i = 0; i < n; i++) {
        jl_rec rec;
        jl_span line = m.pending[i].job.line;
        if (jl_rec_scan(jl_postings_want(m.postings), line.p, line.p + line.n + 1, true, m.field, &rec, err) !=
                JL_SCAN_RECORD ||
            jl_embed_line_read(&m.pending[i].text, &rec, 0, m.pending[i].stage, err) != 0)
            return -1;
        text[i] = m.pending[i].text.text;
    }
    m.computed += n;
    return n ? m.model->ops->batch(m.model, text, n, m.vectors, err) : 0;
}

static int settle_pending(size_t from, size_t to, jl_err *err) {
    size_t n = m.waiting;
    m.waiting = 0;
    if (embed_pending(n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (score_job(&m.pending[i].job, m.pending[i].stage, m.vectors + i * m.dims, from, to, err) != 0)
            return -1;
    return 0;
}

static int add_pending(const jl_posting *job, jl_stage stage, uint64_t row, jl_err *err) {
    pending *wait = &m.pending[m.waiting];
    if (jl_postings_load(m.postings, job->line, &wait->bytes, &wait->job, err) != 0)
        return -1;
    wait->stage = stage;
    wait->row = row;
    m.waiting++;
    return 0;
}

/* What nobody asks for is counted as left out. */
static bool anybody_asks(const jl_posting *job, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        if (jl_facts_pass(&job->facts, &m.person[i].ask))
            return true;
    for (size_t i = from; i < to; i++)
        passes(&job->facts, i);
    return false;
}

/* Scores the job at once, or when its vector has been made. */
static int take_job(const jl_posting *job, size_t from, size_t to, jl_err *err) {
    jl_stage stage = stage_of(job);
    if (!anybody_asks(job, from, to))
        return 0;
    if (of_model(&job->vector[stage])) {
        const float *vector = aligned(&job->vector[stage], err);
        return vector ? score_job(job, stage, vector, from, to, err) : -1;
    }
    if (add_pending(job, stage, 0, err) != 0)
        return -1;
    return m.waiting == PENDING ? settle_pending(from, to, err) : 0;
}

/* ---- matches out ---- */

static int write_parts(const jl_match *match, jl_err *err) {
    if (jl_buf_add(&m.out, JL_SPAN(",\"parts\":"), err) != 0 || jl_write_open(&m.out, err) != 0)
        return -1;
    for (size_t i = 0; i < JL_PARTS; i++)
        if (match->part[i] >= 0 && jl_write_real(&m.out, jl_part_name[i], match->part[i], 3, err) != 0)
            return -1;
    return jl_write_close(&m.out, err);
}

/* What a near occupation leaves of the parts that are not skills or title, as match/score.h has it. */
static double fit_of(const jl_match *match) {
    double skills = match->part[JL_PART_SKILLS], title = match->part[JL_PART_TITLE];
    double best = skills > title ? skills : title;
    return best < 0 ? 0.3 : best > 0.5 ? 1 : 2 * best;
}

static int write_ats(const jl_match *match, jl_err *err) {
    double weights = 0, fit = fit_of(match);
    const char *separator = "ats = (";
    for (size_t i = 0; i < JL_PARTS; i++) {
        bool whole = i == JL_PART_SKILLS || i == JL_PART_TITLE || fit >= 1;
        if (match->part[i] < 0)
            continue;
        weights += m.weights.part[i];
        if (jl_buf_addf(&m.out, err, "%s%g * ", separator, m.weights.part[i]) != 0 ||
            (!whole && jl_buf_addf(&m.out, err, "fit %.3f * ", fit) != 0) ||
            jl_buf_addf(&m.out, err, "%s %.3f", jl_part_name[i], match->part[i]) != 0)
            return -1;
        separator = " + ";
    }
    return weights > 0 ? jl_buf_addf(&m.out, err, ") / %g = %.3f", weights, match->ats)
                       : jl_buf_add(&m.out, JL_SPAN("ats is unknown"), err);
}

/* How the score came about: the formula with its numbers. */
static int write_explanation(const jl_match *match, jl_err *err) {
    const jl_weights *w = &m.weights;
    if (jl_buf_add(&m.out, JL_SPAN(",\"explain\":\""), err) != 0 || write_ats(match, err) != 0)
        return -1;
    if (match->semantic < 0)
        return jl_buf_addf(&m.out, err, "; score = 100 * ats + fresh %.2f = %.2f\"", match->fresh, match->score);
    return jl_buf_addf(&m.out, err, "; score = 100 * (%g * ats %.3f + %g * semantic %.3f) / %g + fresh %.2f = %.2f\"",
                       w->ats, match->ats, w->semantic, match->semantic, w->ats + w->semantic, match->fresh,
                       match->score);
}

static int write_match(const person *p, const jl_ranked *job, size_t rank, jl_err *err) {
    jl_posting posting;
    jl_match match;
    jl_buf_clear(&m.out);
    jl_buf_clear(&m.reasons);
    if (jl_postings_load(m.postings, job->line, &m.posting_bytes, &posting, err) != 0 ||
        jl_matcher_score(p->matcher, &posting, job->stage, job->cosine, &match, &m.reasons, err) != 0)
        return -1;
    bool failed = posting.facts.status == JL_STATUS_FAILED;
    return jl_write_open(&m.out, err) || jl_write_text(&m.out, "profile", jl_span_of(p->profile.id), err) ||
                   jl_write_u64(&m.out, "rank", rank, err) || jl_write_real(&m.out, "score", match.score, 2, err) ||
                   jl_write_real(&m.out, "ats", match.ats, 3, err) ||
                   (match.semantic >= 0 && jl_write_real(&m.out, "semantic", match.semantic, 3, err)) ||
                   write_parts(&match, err) || jl_write_real(&m.out, "fresh", match.fresh, 2, err) ||
                   jl_write_raw(&m.out, "reasons", jl_buf_span(&m.reasons), err) ||
                   (failed && jl_write_text(&m.out, "enrichment", JL_SPAN("failed"), err)) ||
                   (m.explain && write_explanation(&match, err)) || jl_write_raw(&m.out, "job", posting.line, err) ||
                   jl_write_close(&m.out, err)
               ? -1
               : 0;
}

/* ---- what to buy ---- */

static jl_hash key_of(jl_span source, jl_span id) {
    jl_digest128 by_source = jl_digest_wide(source, 0);
    jl_digest128 key = jl_digest_wide(id, by_source.lo);
    return (jl_hash){key.hi ^ by_source.hi, key.lo};
}

static int ask_for_texts(person *p, jl_err *err) {
    jl_rank_sort(&p->enrich);
    for (size_t i = 0; i < p->enrich.n; i++) {
        const jl_ranked *job = p->enrich.job[i];
        int new = jl_set_add(m.enriched, key_of(job->source, job->id), NULL, err);
        if (new < 0)
            return -1;
        if (!new)
            continue;
        if (jl_buf_add(&m.enrich_text, job->line, err) != 0 || jl_buf_addc(&m.enrich_text, '\n', err) != 0)
            return -1;
        m.to_enrich++;
    }
    return 0;
}

static int ask_for_more(const person *p, bool poor, jl_err *err) {
    size_t n = 0;
    jl_err why = {0};
    if (!m.need_open || !poor)
        return 0;
    if (jl_need_requests(&p->profile, (size_t)m.requests, &m.requests_text, &n, &why) != 0) {
        if (why.class != JL_DATA) {
            *err = why;
            return -1;
        }
        jl_run_warn(m.run, "profile %s: %s", p->profile.id, why.text);
    }
    m.needed += n;
    return 0;
}

static void tell(const person *p, bool poor) {
    jl_run_info(m.run, "profile %s: %" PRIu64 " found with a score of %g or more, the best has %.1f: %s", p->profile.id,
                p->found, m.enough.floor, p->best, poor ? "poor" : "enough");
}

/* The matches of one person, and what is wanted for it. */
static int finish_person(person *p, jl_out *out, jl_err *err) {
    jl_rank_sort(&p->top);
    for (size_t i = 0; i < p->top.n; i++) {
        if (write_match(p, p->top.job[i], i + 1, err) != 0 || jl_out_line(out, jl_buf_span(&m.out), err) != 0)
            return -1;
        m.run->lines_out++;
    }
    bool poor = jl_need_poor(&m.enough, p->best, p->found, m.top);
    m.profiles++;
    m.found += p->found;
    m.best = p->best > m.best ? p->best : m.best;
    m.sufficient = m.sufficient && !poor;
    tell(p, poor);
    if (ask_for_more(p, poor, err) != 0)
        return -1;
    return m.enrich_open && (poor || m.enrich_when == WHEN_ALWAYS) ? ask_for_texts(p, err) : 0;
}

static int open_need(jl_atomic *file, bool *open, const char *path, jl_err *err) {
    if (m.tier != TIER_PAID || !path)
        return 0;
    *open = jl_atomic_open(file, path, err) == 0;
    return *open ? 0 : -1;
}

static int write_all(int fd, jl_span text, const char *path, jl_err *err) {
    while (text.n) {
        ssize_t n = write(fd, text.p, text.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return jl_err_errno(err, JL_IO, errno, "%s", path);
        text = (jl_span){text.p + n, text.n - (size_t)n};
    }
    return 0;
}

static int close_need(jl_atomic *file, bool open, const jl_buf *text, jl_err *err) {
    if (!open)
        return 0;
    if (write_all(file->fd, jl_buf_span(text), file->path, err) != 0)
        return -1;
    return jl_atomic_commit(file, "", err);
}

/* ---- jobs as lines ---- */

/* An embedding of another model is told by its name. */
static int refuse_mix(const jl_posting *job, jl_err *err) {
    for (size_t i = 0; i < JL_STAGES; i++) {
        const jl_vector *v = &job->vector[i];
        if (v->n && !of_model(v))
            return jl_err_set(err, JL_DATA,
                              "an embedding of model %.*s with %" PRIu32 " dimensions, not of %s with %" PRIu32
                              ": job-match refuses a mix",
                              (int)v->model.n, v->model.p, v->n, m.name, m.dims);
    }
    return 0;
}

static int look_job(void *self, const jl_rec *rec, jl_err *err) {
    jl_posting job;
    (void)self;
    if (jl_postings_read(m.postings, rec, m.now, &m.posting_bytes, &job, err) != 0 || refuse_mix(&job, err) != 0)
        return err->class == JL_DATA ? JL_REJECT : -1;
    int new = jl_set_add(m.seen, key_of(job.source, job.id), NULL, err);
    if (new < 0)
        return -1;
    m.repeated += !new;
    return !new || take_job(&job, 0, m.people, err) == 0 ? JL_DROP : -1;
}

/* Matches are lines that were read: they are not dropped after all. */
static int end_lines(void *self, jl_out *out, jl_err *err) {
    (void)self;
    if (settle_pending(0, m.people, err) != 0)
        return -1;
    for (size_t i = 0; i < m.people; i++)
        if (finish_person(&m.person[i], out, err) != 0)
            return -1;
    if (m.people == 1)
        m.run->dropped -= m.person->top.n;
    return 0;
}

static int match_lines(jl_run *r, jl_err *err) {
    jl_filter filter = {
        .want = jl_postings_want(m.postings),
        .key = &m.no_key,
        .inputs = r->operand,
        .look = look_job,
        .end = end_lines,
    };
    if (!(m.seen = jl_set_new(false, err)))
        return -1;
    return jl_filter_run(r, &filter, err);
}

/* ---- jobs out of a store ---- */

/* Where the callbacks of a listing are: rows come in the order of the hits, but for those that are no more. */
typedef struct cursor {
    size_t who, next;
    const jl_hit *hit;
} cursor;

/* The search has compared the listings' vectors. */
static int take_row(void *self, const jl_stored_job *row, jl_err *err) {
    cursor *c = self;
    while (c->hit[c->next].row != row->row)
        c->next++;
    if (stage_of(&row->job) == JL_STAGE_FULL)
        return take_job(&row->job, c->who, c->who + 1, err);
    person *p = &m.person[c->who];
    if (!jl_facts_pass(&row->job.facts, &p->ask)) /* it was changed meanwhile */
        return 0;
    return score_for(p, &row->job, JL_STAGE_LISTING, c->hit[c->next].score, err);
}

static bool keep_row(void *self, size_t query, const void *facts) {
    jl_facts f;
    (void)self;
    memcpy(&f, facts, sizeof f);
    return passes(&f, query);
}

static int mend_index(jl_err *err);

/* A damaged side file shows only where a search looks. */
static int search(size_t n, jl_err *err) {
    jl_index_query query = {.queries = m.queries, .n = n, .k = (size_t)m.candidates, .keep = keep_row};
    int rc = jl_index_search(m.index, &query, m.hit, m.hits, err);
    if (rc == 0 || !err || err->class != JL_CONFIG || m.mended || mend_index(err) != 0)
        return rc;
    return jl_index_search(m.index, &query, m.hit, m.hits, err);
}

/* A heap with the worst hit on top, as jl_index_search would fill it. */
static bool hit_before(const jl_hit *a, const jl_hit *b) {
    return a->score != b->score ? a->score > b->score : a->row < b->row;
}

static void offer_hit(jl_hit *hit, size_t *n, jl_hit new) {
    size_t i;
    if (*n < m.candidates) {
        i = (*n)++;
        for (; i > 0 && hit_before(&hit[(i - 1) / 2], &new); i = (i - 1) / 2)
            hit[i] = hit[(i - 1) / 2];
        hit[i] = new;
        return;
    }
    if (!hit_before(&new, &hit[0]))
        return;
    for (i = 0;;) {
        size_t child = 2 * i + 1;
        if (child >= *n)
            break;
        if (child + 1 < *n && hit_before(&hit[child], &hit[child + 1]))
            child++;
        if (!hit_before(&new, &hit[child]))
            break;
        hit[i] = hit[child];
        i = child;
    }
    hit[i] = new;
}

static void offer_row(size_t people, uint64_t row, const jl_facts *facts, const float *vector) {
    for (size_t i = 0; i < people; i++)
        if (passes(facts, i))
            offer_hit(m.hit + i * m.candidates, &m.hits[i], (jl_hit){row, cosine_of(i, vector)});
}

static int offer_pending(size_t people, jl_err *err) {
    size_t n = m.waiting;
    m.waiting = 0;
    if (embed_pending(n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        offer_row(people, m.pending[i].row, &m.pending[i].job.facts, m.vectors + i * m.dims);
    return 0;
}

static int scan_row(void *self, const jl_stored_job *row, jl_err *err) {
    const size_t *people = self;
    const jl_vector *v = &row->job.vector[JL_STAGE_LISTING];
    if (!anybody_asks(&row->job, 0, *people))
        return 0;
    if (!of_model(v)) {
        if (m.leave_missing)
            return 0;
        if (add_pending(&row->job, JL_STAGE_LISTING, row->row, err) != 0)
            return -1;
        return m.waiting == PENDING ? offer_pending(*people, err) : 0;
    }
    const float *vector = aligned(v, err);
    if (vector)
        offer_row(*people, row->row, &row->job.facts, vector);
    return vector ? 0 : -1;
}

static int scan(size_t people, jl_err *err) {
    jl_find all = {.vectors = true, .lines = true};
    memset(m.hits, 0, sizeof m.hits);
    return m.jobs->ops->find(m.jobs, &all, scan_row, &people, err) == 0 ? offer_pending(people, err) : -1;
}

static int offer_missing(void *self, const jl_stored_job *row, jl_err *err) {
    const size_t *people = self;
    if (!anybody_asks(&row->job, 0, *people))
        return 0;
    if (add_pending(&row->job, JL_STAGE_LISTING, row->row, err) != 0)
        return -1;
    return m.waiting == PENDING ? offer_pending(*people, err) : 0;
}

/* Hits with the worst first are a heap already. */
static void turn_hits(jl_hit *hit, size_t n) {
    for (size_t i = 0; i < n / 2; i++) {
        jl_hit t = hit[i];
        hit[i] = hit[n - 1 - i];
        hit[n - 1 - i] = t;
    }
}

/* The store's own index, and a few jobs that have no vector of the model. */
static int search_near(size_t people, jl_err *err) {
    const jl_ask_facts *ask[TILE];
    jl_near_index about;
    jl_nearest what = {.model = m.name, .dims = m.dims, .queries = m.queries, .n = people, .ask = ask};
    what.k = (size_t)m.candidates;
    for (size_t i = 0; i < people; i++)
        ask[i] = &m.person[i].ask;
    if (m.jobs->ops->near(m.jobs, &what, m.hit, m.hits, &about, err) != 0)
        return -1;
    for (size_t i = 0; i < people; i++)
        turn_hits(m.hit + i * m.candidates, m.hits[i]);
    if (m.missed == 0)
        return 0;
    return m.jobs->ops->rows(m.jobs, m.missing, (size_t)m.missed, false, offer_missing, &people, err) == 0
               ? offer_pending(people, err)
               : -1;
}

/* By falling score, as a search has them. */
static int by_score(const void *a, const void *b) {
    return hit_before(a, b) ? -1 : hit_before(b, a);
}

/* Candidates are read with their rows and scored. */
static int score_candidates(size_t i, jl_err *err) {
    const jl_hit *hit = m.hit + i * m.candidates;
    cursor c = {.who = i, .hit = hit};
    uint64_t *row = malloc(sizeof *row * (m.hits[i] + 1));
    if (!row)
        return jl_err_nomem(err);
    for (size_t k = 0; k < m.hits[i]; k++)
        row[k] = hit[k].row;
    int rc = m.jobs->ops->rows(m.jobs, row, m.hits[i], m.stage == JL_STAGE_FULL, take_row, &c, err);
    free(row);
    return rc == 0 ? settle_pending(i, i + 1, err) : -1;
}

static int look_profile(void *self, const jl_rec *rec, jl_err *err) {
    (void)self;
    const char *open = memchr(rec->line, '{', rec->len);
    jl_span object = {open, (size_t)(rec->line + rec->close + 1 - open)};
    if (person_read(&m.person[m.people], object, err) != 0) {
        m.profile_told = true;
        return err->class == JL_DATA ? JL_REJECT : -1;
    }
    m.people++;
    return JL_ASK;
}

/* What a question is answered with stands in the people's order. */
typedef struct finder {
    jl_lookup lookup;
    size_t next;
} finder;

static int find_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    finder *f = (finder *)l;
    static int (*const search_by[])(size_t,
                                    jl_err *) = {[BY_INDEX] = search, [BY_SCAN] = scan, [BY_PGVECTOR] = search_near};
    size_t people = m.people;
    m.people = 0;
    f->next = 0;
    if (embed_people(m.person, people, m.queries, err) != 0 || search_by[m.retrieval](people, err) != 0)
        return -1;
    for (size_t i = 0; i < people; i++) {
        if (m.retrieval != BY_INDEX)
            qsort(m.hit + i * m.candidates, m.hits[i], sizeof *m.hit, by_score);
        if (score_candidates(i, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < n; i++)
        query[i].answer.state = JL_FOUND;
    return 0;
}

static void find_close(jl_lookup *l) {
    (void)l;
}

static const jl_lookup_ops find_ops = {.submit = find_submit, .close = find_close};
static finder finding = {{&find_ops}, 0};

static int answer_profile(void *self, const jl_rec *rec, const jl_answer *answer, jl_out *out, jl_err *err) {
    (void)self;
    (void)rec;
    if (answer->state != JL_FOUND)
        return JL_DROP;
    return finish_person(&m.person[finding.next++], out, err) == 0 ? JL_TURNED : -1;
}

/* ---- jobs of a store without a vector ---- */

/* The vectors that a store has. */
typedef struct census {
    uint64_t own, most; /* of the model; of the other one that most have */
    char other[JL_MODEL_MAX];
    uint32_t dims;
} census;

static int count_model(void *self, jl_span model, uint32_t dims, uint64_t rows, jl_err *err) {
    census *c = self;
    (void)err;
    if (dims == m.dims && jl_span_eq(model, jl_span_of(m.name))) {
        c->own += rows;
    } else if (rows > c->most) {
        c->most = rows;
        c->dims = dims;
        snprintf(c->other, sizeof c->other, "%.*s", (int)model.n, model.p);
    }
    return 0;
}

static int note_missing(void *self, const jl_stored_job *row, jl_err *err) {
    (void)self;
    (void)err;
    if (m.missed < MISSING_MOST)
        m.missing[m.missed] = row->row;
    m.missed++;
    return 0;
}

static void tell_missing(const census *c) {
    if (c->own + m.missed == 0) {
        jl_run_warn(m.run, "the store has no jobs");
    } else if (m.missed > MISSING_MOST) {
        jl_run_warn(m.run,
                    "%" PRIu64 " jobs have no embedding of %s and are left out: "
                    "job-store list --without-embedding=%s | job-embed | job-store put",
                    m.missed, m.name, m.name);
        m.leave_missing = true;
        m.missed = 0;
    }
}

/* Notes the jobs that have no vector of the model, unless so many have one that looking for the others would take longer than
   the search. */
static int look_for_missing(uint64_t indexed, jl_err *err) {
    census c = {0};
    jl_find missing = {.without = m.name, .stage = JL_STAGE_LISTING};
    if (indexed > SMALL_STORE)
        return 0;
    if (m.jobs->ops->models(m.jobs, JL_STAGE_LISTING, count_model, &c, err) != 0)
        return -1;
    if (c.own == 0 && c.most > 0)
        return jl_err_set(err, JL_CONFIG,
                          "the store's jobs have embeddings of %s with %" PRIu32 " dimensions, none of %s with %" PRIu32
                          ": another -m/--model, or job-store list --without-embedding=%s | job-embed | job-store put",
                          c.other, c.dims, m.name, m.dims, m.name);
    m.missing = malloc(sizeof *m.missing * MISSING_MOST);
    if (!m.missing)
        return jl_err_nomem(err);
    if (m.jobs->ops->find(m.jobs, &missing, note_missing, NULL, err) != 0)
        return -1;
    tell_missing(&c);
    return 0;
}

static int index_pending(jl_err *err) {
    size_t n = m.waiting;
    m.waiting = 0;
    if (embed_pending(n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (jl_index_set(m.index, m.pending[i].row, &m.pending[i].job.facts, m.vectors + i * m.dims, err) != 0)
            return -1;
    return 0;
}

static int index_missing(void *self, const jl_stored_job *row, jl_err *err) {
    (void)self;
    if (add_pending(&row->job, JL_STAGE_LISTING, row->row, err) != 0)
        return -1;
    return m.waiting == PENDING ? index_pending(err) : 0;
}

static int open_side_file(jl_err *err) {
    jl_refreshed done = {0};
    if (jl_refresh_open(m.jobs, m.side_file, m.name, m.dims, &m.index, &done, err) != 0)
        return -1;
    jl_run_info(m.run, "the index has %" PRIu64 " jobs, %" PRIu64 " changed since", done.rows, done.changed);
    int rc = look_for_missing(jl_index_about(m.index)->rows, err);
    if (rc != 0 || m.missed == 0)
        return rc;
    return m.jobs->ops->rows(m.jobs, m.missing, (size_t)m.missed, false, index_missing, NULL, err) == 0
               ? index_pending(err)
               : -1;
}

static int open_index(const jl_url *url, jl_err *err) {
    m.side_file = m.index_path ? strdup(m.index_path) : jl_jobs_index_path(url, m.name, err);
    if (!m.side_file)
        return m.index_path ? jl_err_nomem(err) : -1;
    return open_side_file(err);
}

/* Makes the file anew. Where that cannot be done, *err stays: it says how somebody else does it. */
static int mend_index(jl_err *err) {
    jl_refreshed done;
    jl_err reason = {0};
    m.mended = true;
    if (jl_refresh_write(m.jobs, m.side_file, m.name, m.dims, &done, &reason) != 0)
        return -1;
    jl_run_warn(m.run, "%s was damaged: it was made anew", m.side_file);
    jl_index_close(m.index);
    m.index = NULL;
    free(m.missing);
    m.missing = NULL;
    m.missed = 0;
    *err = (jl_err){0};
    return open_side_file(err);
}

/* Says before profiles are read what a search would fail for. */
static int open_near(jl_err *err) {
    jl_nearest none = {.model = m.name, .dims = m.dims, .k = 1};
    jl_near_index about;
    if (!m.jobs->ops->near)
        return jl_err_set(err, JL_USAGE,
                          "--retrieval=pgvector is for stores in PostgreSQL: --retrieval=index serves here");
    if (m.jobs->ops->near(m.jobs, &none, m.hit, m.hits, &about, err) != 0)
        return -1;
    jl_run_info(m.run, "the pgvector index has %" PRIu64 " jobs, %" PRIu64 " to be compared besides", about.rows,
                about.touched);
    return look_for_missing(about.rows, err);
}

static int open_candidates(const jl_url *url, jl_err *err) {
    if (m.retrieval == BY_SCAN)
        return look_for_missing(0, err);
    return m.retrieval == BY_INDEX ? open_index(url, err) : open_near(err);
}

static int open_store(jl_run *r, jl_err *err) {
    jl_url url;
    char shown[256];
    if (jl_run_state_url(r, m.store_url, m.store_given, "JOBLINE_STORE", "jobs", &url, err) != 0)
        return -1;
    jl_url_show(&url, shown, sizeof shown);
    m.jobs = jl_jobs_open(stores, &url, 0, err);
    int rc = m.jobs ? 0 : -1;
    if (rc == 0) {
        jl_run_info(r, "store %s", shown);
        rc = open_candidates(&url, err);
    }
    jl_url_wipe(&url);
    return rc;
}

/* A profile over many lines is one where they are read one by one. */
static void advise(jl_err *err) {
    size_t n = strlen(err->text);
    if (err->class == JL_DATA && err->line && !m.profile_told && !m.profile_given)
        snprintf(err->text + n, sizeof err->text - n, "; one profile a line: jq -c . FILE, or -p FILE");
}

static int match_store(jl_run *r, jl_err *err) {
    m.hit = malloc(sizeof *m.hit * m.candidates * TILE);
    m.profile_want = jl_want_new(err);
    if (!m.hit || !m.profile_want)
        return m.hit ? -1 : jl_err_nomem(err);
    jl_filter filter = {
        .want = m.profile_want,
        .key = &m.no_key,
        .lookup = &finding.lookup,
        .batch = TILE,
        .inputs = m.inputs[0] ? m.inputs : r->operand,
        .look = look_profile,
        .answer = answer_profile,
    };
    if (make_people(TILE, err) != 0 || open_store(r, err) != 0)
        return -1;
    int rc = jl_filter_run(r, &filter, err);
    if (rc != 0)
        advise(err);
    return rc;
}

/* ---- profiles of a file ---- */

/* The whole file, with room behind it for the scanners. */
static int read_file(int fd, jl_buf *text, jl_err *err) {
    ssize_t n = 0;
    do {
        if (jl_buf_reserve(text, (64 << 10) + JL_PAD, err) != 0)
            return -1;
        n = read(fd, text->p + text->n, 64 << 10);
        if (n < 0 && errno != EINTR)
            return jl_err_errno(err, JL_IO, errno, "%s", m.profile_path);
        text->n += n > 0 ? (size_t)n : 0;
    } while (n != 0 && text->n <= m.run->max_line);
    if (text->n > m.run->max_line)
        return jl_err_set(err, JL_DATA, "%s: longer than %" PRIu64 " bytes (--max-line)", m.profile_path,
                          m.run->max_line);
    return 0;
}

/* One profile becomes one line. */
static int add_profile(jl_span text, jl_buf *lines, size_t *n, jl_err *err) {
    jl_value value;
    if (jl_each_check(text, &value, err) != 0)
        return -1;
    if (value.type != JL_OBJECT)
        return jl_err_set(err, JL_DATA, "a profile is a JSON object");
    ++*n;
    return jl_each_compact(value, JL_DEPTH_MAX, lines, err) != 0 ? -1 : jl_buf_addc(lines, '\n', err);
}

static bool is_blank(jl_span text) {
    for (size_t i = 0; i < text.n; i++)
        if (!strchr(" \t\r\n", text.p[i]) || !text.p[i])
            return false;
    return true;
}

/* A file is one profile, over as many lines as it likes, or one a line. */
static int split_profiles(jl_span text, jl_buf *lines, size_t *n, jl_err *err) {
    uint64_t line = 0;
    jl_err whole = {0};
    if (is_blank(text))
        return jl_err_set(err, JL_DATA, "%s: no profile in it", m.profile_path);
    if (add_profile(text, lines, n, &whole) == 0)
        return 0;
    for (const char *p = text.p, *end = text.p + text.n; p < end;) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        jl_span one = {p, (size_t)((lf ? lf : end) - p)};
        p = lf ? lf + 1 : end;
        line++;
        if (is_blank(one) || add_profile(one, lines, n, err) == 0)
            continue;
        if (*n == 0)
            *err = whole;
        jl_err_place(err, m.profile_path, *n ? line : 0);
        return -1;
    }
    return 0;
}

static int read_profiles(jl_buf *lines, size_t *n, jl_err *err) {
    jl_buf text = {0};
    bool standard = strcmp(m.profile_path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(m.profile_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return jl_err_errno(err, JL_NOINPUT, errno, "%s", m.profile_path);
    int rc = read_file(fd, &text, err) == 0 ? split_profiles(jl_buf_span(&text), lines, n, err) : -1;
    if (!standard)
        close(fd); /* only read from */
    jl_buf_free(&text);
    return rc == 0 ? jl_buf_reserve(lines, JL_PAD, err) : -1;
}

/* The people that lines are ranked for. */
static int load_people(const jl_buf *lines, size_t n, jl_err *err) {
    const char *p = lines->p;
    if (n > PEOPLE_MOST)
        return jl_err_set(err, JL_DATA, "%s: %zu profiles; lines are ranked for %d at once", m.profile_path, n,
                          PEOPLE_MOST);
    if (make_people(n, err) != 0)
        return -1;
    for (; m.people < n; m.people++) {
        const char *lf = strchr(p, '\n');
        if (person_read(&m.person[m.people], (jl_span){p, (size_t)(lf - p)}, err) != 0) {
            m.people++; /* what it has is freed */
            jl_err_place(err, m.profile_path, n > 1 ? m.people : 0);
            return -1;
        }
        p = lf + 1;
    }
    return embed_people(m.person, n, m.queries, err);
}

/* Profile lines like any others, in a file that nobody sees. They were looked at, so that what is wrong is told of the
   file that the user knows. */
static int lend_lines(const jl_buf *lines, jl_err *err) {
    m.input_fd = memfd_create("profiles", MFD_CLOEXEC);
    if (m.input_fd < 0 || write_all(m.input_fd, jl_buf_span(lines), "profiles", err) != 0)
        return jl_err_errno(err, JL_SOFTWARE, errno, "cannot hold the profiles");
    snprintf(m.input, sizeof m.input, "/proc/self/fd/%d", m.input_fd);
    m.inputs[0] = m.input;
    return 0;
}

static int check_profiles(const jl_buf *lines, size_t n, jl_err *err) {
    jl_profile profile = {0};
    const char *p = lines->p;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        const char *lf = strchr(p, '\n');
        jl_value value = {{p, (size_t)(lf - p)}, JL_OBJECT};
        rc = refuse_job(value, err) == 0 ? jl_profile_read(&profile, value, m.now, err) : -1;
        if (rc != 0)
            jl_err_place(err, m.profile_path, n > 1 ? i + 1 : 0);
        p = lf + 1;
    }
    jl_profile_free(&profile);
    return rc;
}

/* ---- the program ---- */

static int match(jl_run *r, jl_err *err) {
    bool store = from_store(r);
    jl_buf lines = {0};
    size_t n = 0;
    int rc = -1;
    if (m.profile_given && read_profiles(&lines, &n, err) != 0)
        goto end;
    if (open_model(err) != 0)
        goto end;
    if (!store)
        rc = load_people(&lines, n, err) == 0 ? match_lines(r, err) : -1;
    else if (!m.profile_given || (check_profiles(&lines, n, err) == 0 && lend_lines(&lines, err) == 0))
        rc = match_store(r, err);
end:
    jl_buf_free(&lines);
    return rc;
}

static void register_counters(jl_run *r) {
    jl_run_counter(r, "profiles", &m.profiles, false);
    jl_run_counter(r, "jobs", &m.scored, true);
    jl_run_counter(r, "found", &m.found, true);
    jl_run_counter(r, "filtered", &m.filtered, false);
    jl_run_counter(r, "needed", &m.needed, false);
    jl_run_counter(r, "enrich", &m.to_enrich, false);
    jl_run_counter(r, "repeated", &m.repeated, false);
    jl_run_counter(r, "computed", &m.computed, false);
}

/* What was left out, and why: members of a figure, words of a sentence. */
static int say_left_out(jl_buf *figures, jl_buf *words, jl_err *err) {
    static const char *const names[JL_LEFT_OUTS][2] = {
        [JL_LEFT_OUT_AGE] = {"age", "too old"},
        [JL_LEFT_OUT_STATUS] = {"status", "gone"},
        [JL_LEFT_OUT_EXPIRED] = {"expired", "expired"},
        [JL_LEFT_OUT_SOURCE] = {"source", "of other sources"},
        [JL_LEFT_OUT_ON_SITE] = {"on_site", "not remote"},
        [JL_LEFT_OUT_REMOTE] = {"remote", "remote"},
        [JL_LEFT_OUT_PLACE] = {"place", "elsewhere"},
        [JL_LEFT_OUT_EMPLOYMENT] = {"employment", "of other employment"},
        [JL_LEFT_OUT_PAY] = {"pay", "for less pay"},
        [JL_LEFT_OUT_VISA] = {"visa", "without a visa"},
    };
    if (jl_buf_add(figures, JL_SPAN(",\"left_out\":{"), err) != 0)
        return -1;
    for (size_t i = 1; i < JL_LEFT_OUTS; i++) {
        if (m.left_out[i] == 0)
            continue;
        const char *comma = m.filtered ? "," : "";
        m.filtered += m.left_out[i];
        if (jl_buf_addf(figures, err, "%s\"%s\":%" PRIu64, comma, names[i][0], m.left_out[i]) != 0 ||
            jl_buf_addf(words, err, "%s %" PRIu64 " %s", comma, m.left_out[i], names[i][1]) != 0)
            return -1;
    }
    return jl_buf_addc(figures, '}', err);
}

static int say_figures(jl_run *r, jl_err *err) {
    jl_buf words = {0};
    int rc = jl_buf_addf(&r->extra, err, ",\"best\":%.2f,\"sufficient\":%s", m.best, m.sufficient ? "true" : "false");
    rc = rc == 0 ? say_left_out(&r->extra, &words, err) : -1;
    if (rc == 0 && m.filtered)
        (m.scored ? jl_run_info : jl_run_warn)(r, "%" PRIu64 " jobs; %" PRIu64 " left out:%.*s", m.scored, m.filtered,
                                               (int)words.n, words.p);
    jl_buf_free(&words);
    return rc;
}

static void close_all(void) {
    if (m.need_open)
        jl_atomic_abandon(&m.need_file);
    if (m.enrich_open)
        jl_atomic_abandon(&m.enrich_file);
    jl_index_close(m.index);
    free(m.side_file);
    if (m.jobs)
        m.jobs->ops->close(m.jobs);
    if (m.model)
        m.model->ops->close(m.model);
    if (m.secret.p)
        explicit_bzero(m.secret.p, m.secret.cap);
}

static void free_all(void) {
    jl_buf *const bufs[] = {&m.secret, &m.posting_bytes, &m.line_bytes,    &m.out,
                            &m.floats, &m.reasons,       &m.requests_text, &m.enrich_text};
    size_t people = m.person ? (m.hit ? TILE : m.people) : 0;
    for (size_t i = 0; i < people; i++)
        person_free(&m.person[i]);
    for (size_t i = 0; m.pending && i < PENDING; i++) {
        jl_buf_free(&m.pending[i].bytes);
        jl_embed_line_free(&m.pending[i].text);
    }
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        jl_buf_free(bufs[i]);
    free(m.person);
    free(m.queries);
    free(m.vectors);
    free(m.pending);
    free(m.hit);
    free(m.missing);
    free(m.field);
    jl_set_free(m.seen);
    jl_set_free(m.enriched);
    jl_want_free(m.profile_want);
    jl_postings_free(m.postings);
    if (m.input_fd >= 0)
        close(m.input_fd); /* nobody reads it any more */
}

static int run(jl_run *r, jl_err *err) {
    m.run = r;
    m.now = jl_clock_wall() / JL_SECOND;
    if (!*m.weights_text)
        m.weights = jl_weights_default();
    register_counters(r);
    int rc = check_usage(r, err);
    if (rc == 0 && (open_need(&m.need_file, &m.need_open, m.need, err) != 0 ||
                    open_need(&m.enrich_file, &m.enrich_open, m.need_enrich, err) != 0 ||
                    !(m.enriched = jl_set_new(false, err)) || match(r, err) != 0 || say_figures(r, err) != 0))
        rc = -1;
    if (rc == 0 && !jl_stop_asked() &&
        (close_need(&m.need_file, m.need_open, &m.requests_text, err) != 0 ||
         close_need(&m.enrich_file, m.enrich_open, &m.enrich_text, err) != 0))
        rc = -1;
    close_all();
    free_all();
    return rc;
}

static void versions(void (*say)(void *to, const char *line), void *to) {
    const char *last = NULL;
    say(to, "model " JL_EMBED_HASH);
    say(to, jl_http_version());
    for (const jl_jobs_opener *const *s = stores; *s; s++) {
        const char *version = (*s)->version();
        if (last != version)
            say(to, version);
        last = version;
    }
}

static const char *const synopsis[] = {
    "-p PROFILE [--top=N] [--stage=STAGE] [--explain] [OPTION...] [FILE...]",
    "-p PROFILE -S URL [--candidates=N] [--need=FILE] [--need-enrich=FILE] [OPTION...]",
    "[-S URL] [--candidates=N] [OPTION...] [FILE...]",
    NULL,
};

static const jl_prog prog = {
    .name = "job-match",
    .about = "rank jobs for a person's profile, with reasons",
    .synopsis = synopsis,
    .opts = options,
    .versions = versions,
    .no_input_when = &m.profile_given,
    .run = run,
};

int main(int argc, char **argv) {
    return jl_main(&prog, argc, argv);
}
