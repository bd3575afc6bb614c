/* Questions on their way through HasData: which call comes first, which one next, what came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/num.h"
#include "hasdata/fetch.h"
#include "hasdata/raw.h"
#include "job/link.h"

#define DAY (86400 * JL_SECOND)
#define KEEP_JOB (90 * DAY) /* what was bought stays known so long; --fresh decides whether it is used */
#define KEEP_LISTING DAY
#define NOTICE_MAX 200

/* What a record asks for. */
typedef struct question {
    const jl_hasdata_endpoint *endpoint; /* of the first call; NULL: there is none */
    jl_buf url;                          /* of a posting, in its one spelling (job/link.h) */
    jl_buf keyword, location, sort, domain, user;
} question;

/* One question on its way. */
typedef struct task {
    struct task *next;
    jl_hash key; /* of the question, for the loop */
    uint64_t ticket;
    uint64_t number;                     /* names it to the buyer, and its result to the program */
    const jl_hasdata_endpoint *endpoint; /* of the call under way */
    size_t mode;                         /* of the generic web call, the next one to try */
    question q;
    jl_buf next_page;
    unsigned page;   /* of a listing, from 1 */
    jl_hash job_key; /* of the job call */
    bool fell_back;  /* that has failed: the page is looked at */
    jl_fetch_result *result;
} task;

typedef struct fetch {
    jl_lookup base; /* first: the two are cast into each other */
    jl_fetch_options o;
    jl_buyer *buyer;
    task *tasks;            /* under way */
    jl_fetch_result **done; /* by handle; NULL: free */
    size_t n_done, room, outstanding;
    uint64_t number;
    jl_buf url; /* scratch */
    jl_hasdata_request request;
    jl_hasdata_details details;
    jl_sink sink; /* during collect */
} fetch;

static fetch *fetch_of(jl_lookup *l) {
    return (fetch *)(void *)l;
}

/* ---- results ---- */

void jl_fetch_free(jl_fetch_result *r) {
    if (!r)
        return;
    jl_job_free(&r->job);
    jl_buf_free(&r->lines);
    free(r->end);
    free(r->id);
    free(r);
}

static void free_question(question *q) {
    jl_buf *text[] = {&q->url, &q->keyword, &q->location, &q->sort, &q->domain, &q->user};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        jl_buf_free(text[i]);
}

static void free_task(task *t) {
    jl_fetch_free(t->result);
    free_question(&t->q);
    jl_buf_free(&t->next_page);
    free(t);
}

/* Handles are small numbers: the answers of a loop are kept for as long as it runs, those of a few bytes at no cost. */
static int hand_over(fetch *f, jl_fetch_result *r, char handle[24], jl_err *err) {
    size_t i = 0;
    while (i < f->n_done && f->done[i])
        i++;
    if (i == f->room) {
        size_t room = f->room ? 2 * f->room : 64;
        jl_fetch_result **more = realloc(f->done, room * sizeof *more);
        if (!more)
            return jl_err_nomem(err);
        f->done = more;
        f->room = room;
    }
    f->done[i] = r;
    if (i == f->n_done)
        f->n_done++;
    snprintf(handle, 24, "%zu", i);
    return 0;
}

jl_fetch_result *jl_fetch_take(jl_lookup *l, jl_span handle) {
    fetch *f = fetch_of(l);
    uint64_t i;
    if (jl_num_u64(handle, 0, UINT32_MAX, &i, NULL) != 0 || i >= f->n_done)
        return NULL;
    jl_fetch_result *r = f->done[i];
    f->done[i] = NULL;
    return r;
}

/* The task is gone afterwards. */
static int end_task(fetch *f, task *t, jl_err *err) {
    char handle[24];
    task **at = &f->tasks;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    f->outstanding--;
    int rc = hand_over(f, t->result, handle, err);
    if (rc == 0) {
        jl_answer answer = {JL_FOUND, jl_span_of(handle)};
        t->result = NULL;
        rc = f->sink.answer(f->sink.self, t->key, t->ticket, answer, err);
    }
    free_task(t);
    return rc;
}

/* ---- questions ---- */

static bool has_text(const jl_rec *rec, size_t field) {
    return rec->field[field].type == JL_STRING && rec->field[field].len > 2;
}

static int copy_text(const jl_rec *rec, size_t field, jl_buf *to, jl_err *err) {
    return has_text(rec, field) ? jl_json_decode(jl_rec_value(rec, field), to, err) : 0;
}

/* A job call knows the sites that its provider has; every other posting is a page. */
static int read_posting(const jl_fetch_options *o, const jl_rec *rec, question *q, jl_err *err) {
    jl_buf text = {0};
    jl_link link;
    int rc = copy_text(rec, o->url, &text, err);
    if (rc == 0)
        rc = jl_link_read(jl_buf_span(&text), &q->url, &link, err);
    if (rc == 0 && link.url.n) {
        if (o->what == JL_HASDATA_JOB && link.site)
            q->endpoint = jl_hasdata_endpoint_of(jl_span_of(link.site), JL_HASDATA_JOB);
        if (!q->endpoint && o->modes > 0)
            q->endpoint = jl_hasdata_page_mode(0);
    }
    jl_buf_free(&text);
    return rc;
}

static int read_request(const jl_fetch_options *o, const jl_rec *rec, question *q, jl_err *err) {
    jl_buf source = {0};
    int rc = copy_text(rec, o->keyword, &q->keyword, err) != 0 || copy_text(rec, o->location, &q->location, err) != 0 ||
                     copy_text(rec, o->sort, &q->sort, err) != 0 || copy_text(rec, o->domain, &q->domain, err) != 0 ||
                     copy_text(rec, o->source_field, &source, err) != 0
                 ? -1
                 : 0;
    if (rc == 0) {
        q->endpoint =
            jl_hasdata_endpoint_of(source.n ? jl_buf_span(&source) : jl_span_of(o->source), JL_HASDATA_LISTING);
        if (!q->endpoint)
            rc = jl_err_set(err, JL_DATA, "no such source: indeed or glassdoor was expected");
    }
    jl_buf_free(&source);
    return rc;
}

static int read_question(const jl_fetch_options *o, const jl_rec *rec, question *q, jl_err *err) {
    if (copy_text(rec, o->user, &q->user, err) != 0)
        return -1;
    return o->what == JL_HASDATA_LISTING ? read_request(o, rec, q, err) : read_posting(o, rec, q, err);
}

static int write_request(const question *q, const jl_hasdata_endpoint *e, const jl_buf *next,
                         jl_hasdata_request *request, jl_err *err) {
    if (e->kind != JL_HASDATA_LISTING)
        return jl_hasdata_ask_url(e, jl_buf_span(&q->url), request, err);
    jl_hasdata_query query = {.keyword = jl_buf_span(&q->keyword),
                              .location = jl_buf_span(&q->location),
                              .sort = jl_buf_span(&q->sort),
                              .domain = jl_buf_span(&q->domain),
                              .next = jl_buf_span(next)};
    return jl_hasdata_ask_listing(e, &query, request, err);
}

int jl_fetch_check(const jl_fetch_options *o, const jl_rec *rec, const jl_hasdata_endpoint **endpoint, jl_err *err) {
    question q = {0};
    jl_hasdata_request request = {0};
    static const jl_buf first_page;
    int rc = read_question(o, rec, &q, err);
    *endpoint = q.endpoint;
    if (rc == 0 && q.endpoint)
        rc = write_request(&q, q.endpoint, &first_page, &request, err);
    if (rc != 0 && err->class == JL_DATA && o->what != JL_HASDATA_LISTING) {
        *endpoint = NULL;
        rc = 0;
    }
    jl_hasdata_request_free(&request);
    free_question(&q);
    return rc;
}

/* ---- orders ---- */

static jl_hash hash_of(const jl_buf *text) {
    jl_digest128 d = jl_digest_wide(jl_buf_span(text), 0);
    return (jl_hash){d.hi, d.lo};
}

/* What the cache knows an answer by: the request, whatever API server it goes to. */
static int request_key(fetch *f, const task *t, jl_hash *key, jl_err *err) {
    jl_buf text = {0};
    int rc = jl_buf_addf(&text, err, "hasdata %s %s\n", t->endpoint->name, f->request.method);
    if (rc == 0)
        rc = jl_buf_add(&text, jl_buf_span(&f->request.target), err);
    if (rc == 0)
        rc = jl_buf_addc(&text, '\n', err);
    if (rc == 0)
        rc = jl_buf_add(&text, jl_buf_span(&f->request.body), err);
    if (rc == 0)
        *key = hash_of(&text);
    jl_buf_free(&text);
    return rc;
}

static void describe(const task *t, char notice[NOTICE_MAX]) {
    const jl_buf *what = t->q.url.n ? &t->q.url : &t->q.keyword;
    jl_err_escape((jl_span){what->n ? what->p : "", what->n}, notice, NOTICE_MAX);
}

static int place_order(fetch *f, task *t, jl_err *err) {
    char notice[NOTICE_MAX];
    jl_order order = {.ticket = t->number,
                      .fresh = f->o.fresh,
                      .keep = f->o.what == JL_HASDATA_LISTING ? KEEP_LISTING : KEEP_JOB,
                      .endpoint = t->endpoint->name,
                      .ahead = t->page > 1 || t->mode > 1,
                      .notice = notice};
    if (write_request(&t->q, t->endpoint, &t->next_page, &f->request, err) != 0 ||
        request_key(f, t, &order.key, err) != 0)
        return -1;
    jl_buf_clear(&f->url);
    if (jl_buf_addf(&f->url, err, "%s", f->o.api) != 0 ||
        jl_buf_add(&f->url, jl_buf_span(&f->request.target), err) != 0)
        return -1;
    if (t->endpoint->kind == JL_HASDATA_JOB)
        t->job_key = order.key;
    describe(t, notice);
    order.user = jl_buf_text(&t->q.user, err);
    order.method = f->request.method;
    order.url = jl_buf_text(&f->url, err);
    order.body = jl_buf_span(&f->request.body);
    return order.url && order.user ? jl_buyer_order(f->buyer, &order, err) : -1;
}

/* ---- what came ---- */

/* True when there is a call that may tell more about this posting. */
static bool next_mode(const fetch *f, task *t) {
    const jl_hasdata_endpoint *e = jl_hasdata_page_mode(t->mode);
    if (!e || t->mode >= f->o.modes)
        return false;
    t->endpoint = e;
    t->mode++;
    return true;
}

static jl_hasdata_context context_of(const task *t, int64_t at) {
    return (jl_hasdata_context){.now = at, .currency_by_domain = true, .domain = jl_buf_span(&t->q.domain)};
}

/* Values that an earlier call told stay unless this one tells them, too. */
static int take_details(fetch *f, const task *t, jl_err *err) {
    for (int name = 0; name < JL_JOB_COUNT; name++) {
        jl_span value = jl_job_get(&f->details.job, (jl_job_name)name);
        if (value.n && jl_job_raw(&t->result->job, (jl_job_name)name, value, err) != 0)
            return -1;
    }
    return 0;
}

static int take_raw(const fetch *f, const task *t, jl_span body, jl_err *err) {
    char name[JL_RAW_NAME_SIZE];
    if (!f->o.raw)
        return 0;
    return jl_raw_put(f->o.raw, body, name, err) == 0 ? jl_job_text(&t->result->job, JL_JOB_RAW, jl_span_of(name), err)
                                                      : -1;
}

/* 1: another call was ordered; 0: the task is at its end. */
static int go_on(fetch *f, task *t, jl_err *err) {
    return place_order(f, t, err) == 0 ? 1 : -1;
}

static int job_bought(fetch *f, task *t, const jl_bought *b, jl_err *err) {
    jl_err why = {0};
    jl_hasdata_context context = context_of(t, t->result->at);
    int rc = jl_hasdata_map_job(t->endpoint, b->body, &context, &f->details, &why);
    if (rc != 0 && why.class != JL_DATA) {
        *err = why;
        return -1;
    }
    if (rc == 0) {
        if (take_details(f, t, err) != 0 || take_raw(f, t, b->body, err) != 0)
            return -1;
        t->result->page = t->endpoint->kind == JL_HASDATA_PAGE;
        t->result->how = f->details.expired ? JL_FETCHED_DEAD : JL_FETCHED_DONE;
        if (t->fell_back && f->details.complete)
            jl_buyer_give_up(f->buyer, t->job_key);
        if (f->details.complete || f->details.expired)
            return 0;
    }
    if (next_mode(f, t))
        return go_on(f, t, err);
    t->result->how = JL_FETCHED_PARTIAL;
    return 0;
}

static int make_room(jl_fetch_result *r, jl_err *err) {
    if (r->n < r->room)
        return 0;
    size_t room = r->room ? 2 * r->room : 64;
    size_t *end = realloc(r->end, room * sizeof *end);
    if (end)
        r->end = end;
    jl_hash *id = realloc(r->id, room * sizeof *id);
    if (id)
        r->id = id;
    if (!end || !id)
        return jl_err_nomem(err);
    r->room = room;
    return 0;
}

static int take_line(void *context, const jl_job *job, jl_span line, jl_err *err) {
    jl_fetch_result *r = context;
    jl_buf key = {0};
    int rc = make_room(r, err);
    if (rc == 0)
        rc = jl_buf_add(&key, jl_job_get(job, JL_JOB_SOURCE), err);
    if (rc == 0)
        rc = jl_buf_add(&key, jl_job_get(job, JL_JOB_ID), err);
    if (rc == 0)
        rc = jl_buf_add(&r->lines, line, err);
    if (rc == 0) {
        r->id[r->n] = hash_of(&key);
        r->end[r->n++] = r->lines.n;
    }
    jl_buf_free(&key);
    return rc;
}

static int listing_bought(fetch *f, task *t, const jl_bought *b, jl_err *err) {
    jl_err why = {0};
    jl_hasdata_listing listing = {0};
    jl_hasdata_context context = context_of(t, t->result->at);
    int rc = jl_hasdata_map_listing(t->endpoint, b->body, &context, take_line, t->result, &listing, &why);
    if (rc != 0 && why.class != JL_DATA) {
        *err = why;
    } else if (rc != 0) {
        t->result->how = t->page > 1 ? JL_FETCHED_PARTIAL : JL_FETCHED_FAILED;
        rc = 0;
    } else {
        t->result->how = JL_FETCHED_DONE;
        t->result->bad += listing.bad;
        jl_buf_clear(&t->next_page);
        if (listing.next.n && t->page < f->o.pages) {
            t->page++;
            rc = jl_buf_add(&t->next_page, jl_buf_span(&listing.next), err) == 0 ? go_on(f, t, err) : -1;
        }
    }
    jl_hasdata_listing_free(&listing);
    return rc;
}

/* A call that brought nothing. */
static int not_bought(fetch *f, task *t, const jl_bought *b, jl_err *err) {
    jl_fetch_result *r = t->result;
    bool had_some = r->how == JL_FETCHED_DONE; /* of a call before this one */
    bool job = f->o.what == JL_HASDATA_JOB && t->endpoint->kind == JL_HASDATA_JOB;
    /* What failed each time it was asked has failed for good as far as this posting goes: its page is another matter. */
    bool for_good = b->how == JL_BOUGHT_BAD || (b->how == JL_BOUGHT_FAILED && b->tries >= f->o.tries);
    if (job && for_good && next_mode(f, t)) {
        t->fell_back = true;
        return go_on(f, t, err);
    }
    r->again = b->how != JL_BOUGHT_DEAD && b->how != JL_BOUGHT_BAD;
    if (had_some)
        r->how = JL_FETCHED_PARTIAL;
    else if (b->how == JL_BOUGHT_DEAD)
        r->how = JL_FETCHED_DEAD;
    else
        r->how = b->how == JL_BOUGHT_REFUSED ? JL_FETCHED_REFUSED : JL_FETCHED_FAILED;
    return 0;
}

static int task_bought(void *self, const jl_bought *b, jl_err *err) {
    fetch *f = self;
    task *t = f->tasks;
    while (t && t->number != b->ticket)
        t = t->next;
    if (!t)
        return 0;
    t->result->at = b->at_ms * JL_MILLISECOND;
    int rc;
    if (b->how != JL_BOUGHT)
        rc = not_bought(f, t, b, err);
    else
        rc = f->o.what == JL_HASDATA_LISTING ? listing_bought(f, t, b, err) : job_bought(f, t, b, err);
    return rc == 0 ? end_task(f, t, err) : rc > 0 ? 0 : -1;
}

/* ---- judging ---- */

jl_judgement jl_fetch_judge(void *self, const char *endpoint, const jl_http_reply *reply) {
    static const jl_judged means[] = {
        [JL_HASDATA_OK] = JL_JUDGED_WELL,         [JL_HASDATA_DEAD] = JL_JUDGED_DEAD,
        [JL_HASDATA_KEY] = JL_JUDGED_KEY,         [JL_HASDATA_QUOTA] = JL_JUDGED_QUOTA,
        [JL_HASDATA_BUSY] = JL_JUDGED_BUSY,       [JL_HASDATA_FAILED] = JL_JUDGED_AGAIN,
        [JL_HASDATA_BAD_REQUEST] = JL_JUDGED_BAD, [JL_HASDATA_GARBLED] = JL_JUDGED_GARBLED,
        [JL_HASDATA_REDIRECT] = JL_JUDGED_BAD};
    jl_hasdata_reply said;
    jl_judgement j = {0};
    (void)self;
    jl_hasdata_judge(jl_hasdata_endpoint_named(jl_span_of(endpoint)), reply->status, reply->header, reply->body, &said);
    j.is = means[said.verdict];
    /* One that calls itself free may mean something else by it: the price counts then. */
    j.cost = said.has_cost && said.cost > 0 && said.cost <= JL_CREDITS_MAX ? (int64_t)said.cost : -1;
    /* A failure that names a price has been billed: nothing that costs is called free. */
    if (said.billed && j.is != JL_JUDGED_WELL)
        j.is = JL_JUDGED_GARBLED;
    snprintf(j.text, sizeof j.text, "%s", said.text);
    return j;
}

/* ---- the lookup ---- */

/* NULL, with 0: nothing can be asked about it. */
static int new_task(fetch *f, const jl_query *query, task **made, jl_err *err) {
    task *t = calloc(1, sizeof *t);
    *made = NULL;
    if (!t || !(t->result = calloc(1, sizeof *t->result))) {
        free(t);
        return jl_err_nomem(err);
    }
    t->key = query->key;
    t->ticket = query->ticket;
    t->number = ++f->number;
    t->page = 1;
    int rc = read_question(&f->o, query->rec, &t->q, err);
    t->endpoint = t->q.endpoint;
    t->mode = t->endpoint && t->endpoint->kind == JL_HASDATA_PAGE;
    if (rc == 0 && t->endpoint && (rc = place_order(f, t, err)) == 0)
        *made = t;
    else
        free_task(t);
    return rc;
}

static int fetch_submit(jl_lookup *l, jl_query *query, size_t n, jl_err *err) {
    fetch *f = fetch_of(l);
    for (size_t i = 0; i < n; i++) {
        jl_err why = {0};
        task *t;
        if (new_task(f, &query[i], &t, &why) != 0 && why.class != JL_DATA) {
            *err = why;
            return -1;
        }
        if (!t) {
            query[i].answer.state = JL_REFUSED;
            continue;
        }
        t->next = f->tasks;
        f->tasks = t;
        f->outstanding++;
    }
    return 0;
}

static size_t fetch_pollfds(jl_lookup *l, struct pollfd *fds, size_t max) {
    if (max < 1)
        return 0;
    fds[0] = (struct pollfd){.fd = jl_buyer_fd(fetch_of(l)->buyer), .events = POLLIN};
    return 1;
}

static int64_t fetch_deadline(jl_lookup *l) {
    return jl_buyer_deadline(fetch_of(l)->buyer);
}

static int fetch_collect(jl_lookup *l, jl_sink sink, jl_err *err) {
    fetch *f = fetch_of(l);
    f->sink = sink;
    return jl_buyer_collect(f->buyer, task_bought, f, err);
}

static int fetch_finish(jl_lookup *l, bool stop, jl_sink sink, jl_err *err) {
    (void)sink;
    (void)err;
    if (stop)
        jl_buyer_stop(fetch_of(l)->buyer);
    return 0;
}

static size_t fetch_outstanding(const jl_lookup *l) {
    return ((const fetch *)(const void *)l)->outstanding;
}

static jl_class fetch_verdict(jl_lookup *l, jl_err *err) {
    return jl_buyer_verdict(fetch_of(l)->buyer, err);
}

static void fetch_close(jl_lookup *l) {
    fetch *f = fetch_of(l);
    for (task *t = f->tasks, *next; t; t = next) {
        next = t->next;
        free_task(t);
    }
    for (size_t i = 0; i < f->n_done; i++)
        jl_fetch_free(f->done[i]);
    free(f->done);
    jl_buf_free(&f->url);
    jl_hasdata_request_free(&f->request);
    jl_hasdata_details_free(&f->details);
    free(f);
}

static const jl_lookup_ops ops = {.submit = fetch_submit,
                                  .pollfds = fetch_pollfds,
                                  .deadline = fetch_deadline,
                                  .collect = fetch_collect,
                                  .finish = fetch_finish,
                                  .outstanding = fetch_outstanding,
                                  .verdict = fetch_verdict,
                                  .close = fetch_close};

jl_lookup *jl_fetch_open(const jl_fetch_options *options, jl_buyer *buyer, jl_err *err) {
    fetch *f = calloc(1, sizeof *f);
    if (!f) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    f->base.ops = &ops;
    f->o = *options;
    f->buyer = buyer;
    return &f->base;
}
