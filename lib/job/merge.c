/* Two lines of one job made into one. */
#include "job/merge.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/digest.h"
#include "job/posting.h"

const char *const jl_stored_name[JL_STOREDS] = {"new", "updated", "same", "duplicate"};

/* ---- the members of a line by name ---- */

static int hash_name(jl_postings *p, jl_span token, uint64_t *hash, jl_err *err) {
    jl_span name = {token.p + 1, token.n - 2};
    if (memchr(name.p, '\\', name.n)) {
        jl_buf_clear(&p->scratch);
        if (jl_json_decode(token, &p->scratch, err))
            return -1;
        name = jl_buf_span(&p->scratch);
    }
    *hash = jl_digest(name, 0);
    return 0;
}

/* The slot of the member of that name, or the free one where it would stand. */
static uint32_t *slot_of(const jl_roll *r, uint64_t hash) {
    size_t i = hash & (r->slots - 1);
    while (r->slot[i] && r->member[r->slot[i] - 1].hash != hash)
        i = (i + 1) & (r->slots - 1);
    return &r->slot[i];
}

static const jl_named *roll_find(const jl_roll *r, uint64_t hash) {
    uint32_t slot = *slot_of(r, hash);
    return slot ? &r->member[slot - 1] : NULL;
}

static int roll_grow(jl_roll *r, jl_err *err) {
    size_t cap = r->cap ? 2 * r->cap : 32;
    jl_named *member = realloc(r->member, cap * sizeof *member);
    if (!member)
        return jl_err_nomem(err);
    r->member = member;
    r->cap = cap;
    return 0;
}

static int roll_slots(jl_roll *r, jl_err *err) {
    size_t slots = r->slots ? r->slots : 64;
    while (slots < 2 * r->n)
        slots *= 2;
    if (slots != r->slots) {
        uint32_t *slot = realloc(r->slot, slots * sizeof *slot);
        if (!slot)
            return jl_err_nomem(err);
        r->slot = slot;
        r->slots = slots;
    }
    memset(r->slot, 0, r->slots * sizeof *r->slot);
    for (size_t i = 0; i < r->n; ++i)
        *slot_of(r, r->member[i].hash) = (uint32_t)i + 1;
    return 0;
}

static int roll_read(jl_postings *p, jl_roll *r, const jl_rec *rec, jl_err *err) {
    jl_each it = jl_each_start((jl_value){{rec->line, (size_t)rec->close + 1}, JL_OBJECT});
    jl_named m;
    jl_value value;
    r->n = 0;
    while (jl_each_next(&it, &m.token, &value)) {
        m.value = value.text;
        if (hash_name(p, m.token, &m.hash, err) || (r->n == r->cap && roll_grow(r, err)))
            return -1;
        r->member[r->n++] = m;
    }
    return roll_slots(r, err);
}

/* ---- who wins ---- */

/* One side of a merge. */
typedef struct side {
    const jl_posting *job;
    jl_rec rec;
    jl_roll *roll;
} side;

typedef struct merger {
    jl_postings *p;
    jl_err *err;
    side old, in;
    const side *winner, *loser;
    bool in_wins;
    bool equals; /* neither is the more enriched by its status */
    bool paid;   /* the winner's line tells the pay */
    size_t added;
} merger;

static int rank(const jl_facts *f) {
    return f->full && f->status < JL_STATUS_PARTIAL ? JL_STATUS_PARTIAL : f->status;
}

/* A status is only said, a text is there: what has none never beats what has one. */
static int compare_sides(const jl_facts *a, const jl_facts *b) {
    return a->full != b->full ? a->full - b->full : rank(a) - rank(b);
}

/* A name without a value says nothing, however that is written. */
static bool blank(jl_span value) {
    return jl_span_eq(value, JL_SPAN("null")) || jl_span_eq(value, JL_SPAN("\"\""));
}

static bool is_name(const merger *m, uint64_t hash, jl_job_name name) {
    return m->p->hash[name] == hash;
}

static bool among(const merger *m, uint64_t hash, const jl_job_name *names, size_t n) {
    for (size_t i = 0; i < n; ++i)
        if (is_name(m, hash, names[i]))
            return true;
    return false;
}

#define AMONG(m, hash, names) among(m, hash, names, sizeof(names) / sizeof *(names))

/* What the job at hand keeps or what is set by itself, whatever the other line says. */
static bool settled(const merger *m, uint64_t hash) {
    static const jl_job_name names[] = {JL_JOB_ID, JL_JOB_SOURCE, JL_JOB_FIRST_SEEN_AT, JL_JOB_LAST_SEEN_AT};
    return AMONG(m, hash, names) || (m->old.job->url.n && is_name(m, hash, JL_JOB_URL));
}

/* Everything that the incoming line says stands in the one at hand. */
static bool nothing_new(const merger *m) {
    for (size_t i = 0; i < m->in.roll->n; ++i) {
        const jl_named *member = &m->in.roll->member[i];
        const jl_named *known = roll_find(m->old.roll, member->hash);
        bool last = roll_find(m->in.roll, member->hash) == member;
        if (last && !settled(m, member->hash) && !blank(member->value) &&
            !(known && jl_span_eq(known->value, member->value)))
            return false;
    }
    return true;
}

static int begin(merger *m, const jl_posting *old, const jl_posting *in) {
    m->old = (side){.job = old, .roll = &m->p->roll[0]};
    m->in = (side){.job = in, .roll = &m->p->roll[1]};
    if (jl_posting_scan(m->p, 0, old->line, &m->old.rec, m->err) ||
        jl_posting_scan(m->p, 1, in->line, &m->in.rec, m->err) || roll_read(m->p, m->old.roll, &m->old.rec, m->err) ||
        roll_read(m->p, m->in.roll, &m->in.rec, m->err))
        return -1;
    int more = compare_sides(&in->facts, &old->facts);
    m->equals = rank(&old->facts) == rank(&in->facts);
    m->in_wins = more > 0 || (more == 0 && in->facts.last_seen >= old->facts.last_seen);
    if (m->in_wins && more == 0 && nothing_new(m))
        m->in_wins = false;
    m->winner = m->in_wins ? &m->in : &m->old;
    m->loser = m->in_wins ? &m->old : &m->in;
    return 0;
}

/* ---- what is set ---- */

/* The raw value, empty when the line says nothing under that name. */
static jl_span raw(const side *s, jl_job_name name) {
    jl_span value = s->rec.field[name].type == JL_ABSENT ? (jl_span){"", 0} : jl_rec_value(&s->rec, name);
    return blank(value) ? (jl_span){"", 0} : value;
}

static int room_for_members(merger *m) {
    size_t most = m->loser->roll->n + 6;
    if (m->p->members >= most)
        return 0;
    jl_member *member = realloc(m->p->member, most * sizeof *member);
    if (!member)
        return jl_err_nomem(m->err);
    m->p->member = member;
    m->p->members = most;
    return 0;
}

/* The other line's value under the winner's name. */
static void take(merger *m, size_t *n, jl_job_name name) {
    m->p->member[(*n)++] = (jl_member){jl_job_token(name), jl_rec_value(&m->loser->rec, name), name};
}

static bool differs(const merger *m, jl_job_name name) {
    return m->loser->rec.field[name].type != JL_ABSENT &&
           !jl_span_eq(jl_rec_value(&m->loser->rec, name), m->winner->rec.field[name].type == JL_ABSENT
                                                               ? (jl_span){"", 0}
                                                               : jl_rec_value(&m->winner->rec, name));
}

static bool has_pay(const side *s) {
    return raw(s, JL_JOB_SALARY_MIN).n || raw(s, JL_JOB_SALARY_MAX).n;
}

static bool is_pay(const merger *m, uint64_t hash) {
    static const jl_job_name pay[] = {JL_JOB_SALARY_MIN, JL_JOB_SALARY_MAX, JL_JOB_SALARY_CURRENCY,
                                      JL_JOB_SALARY_PERIOD};
    return AMONG(m, hash, pay);
}

/* Members that belong together come from one line: an amount is nothing without its period, a hash without its text. */
static bool may_add(const merger *m, uint64_t hash) {
    static const jl_job_name text[] = {JL_JOB_DESCRIPTION, JL_JOB_DESCRIPTION_HTML, JL_JOB_CONTENT_HASH};
    static const jl_job_name enrichment[] = {JL_JOB_ENRICHED_AT, JL_JOB_ENRICHMENT_STATUS, JL_JOB_ENRICHMENT_TRIES};
    return !settled(m, hash) && !(is_pay(m, hash) && m->paid) &&
           !(AMONG(m, hash, text) && m->winner->job->facts.full) && !(AMONG(m, hash, enrichment) && !m->equals);
}

/* The winner's field of that name; that of `stored`, which is in no stored line, for names that are no job line's. */
static size_t field_for(const merger *m, uint64_t hash) {
    for (size_t i = 0; i < JL_JOB_COUNT; ++i)
        if (m->p->hash[i] == hash)
            return i;
    return JL_POSTING_STORED;
}

/* What stands in the winner under this name gives way: nothing is said there, or it is the period of no amount. */
static bool gives_way(const merger *m, const jl_named *known, uint64_t hash) {
    return blank(known->value) || (is_pay(m, hash) && has_pay(m->loser) && !m->paid);
}

/* What the loser says where this member of the winner says nothing; NULL: the member stays. */
static const jl_named *better(const merger *m, const jl_named *known) {
    const jl_named *member = roll_find(m->loser->roll, known->hash);
    if (!member || blank(member->value) || roll_find(m->winner->roll, known->hash) != known ||
        !may_add(m, known->hash) || !gives_way(m, known, known->hash) || jl_span_eq(known->value, member->value))
        return NULL;
    return member;
}

/* The winner's line with the values that it lacks, each in its place. */
static int fill(merger *m, jl_rec *rec, jl_err *err) {
    jl_buf *filled = &m->p->text;
    const char *from = rec->line;
    size_t before = m->added;
    jl_buf_clear(filled);
    for (size_t i = 0; i < m->winner->roll->n; ++i) {
        const jl_named *known = &m->winner->roll->member[i];
        const jl_named *member = better(m, known);
        if (!member)
            continue;
        if (jl_buf_add(filled, (jl_span){from, (size_t)(known->value.p - from)}, err) ||
            jl_buf_add(filled, member->value, err))
            return -1;
        from = known->value.p + known->value.n;
        ++m->added;
    }
    if (m->added == before)
        return 0;
    size_t rest = (size_t)(rec->line + rec->close + 1 - from);
    if (jl_buf_reserve(filled, rest + 1 + JL_PAD, err) || jl_buf_add(filled, (jl_span){from, rest}, err) ||
        jl_buf_addc(filled, '\n', err))
        return -1;
    return jl_posting_scan(m->p, m->in_wins ? 1 : 0, (jl_span){filled->p, filled->n - 1}, rec, err);
}

static void add_missing(merger *m, size_t *n) {
    for (size_t i = 0; i < m->loser->roll->n; ++i) {
        const jl_named *member = &m->loser->roll->member[i];
        bool last = roll_find(m->loser->roll, member->hash) == member;
        if (!last || blank(member->value) || roll_find(m->winner->roll, member->hash) || !may_add(m, member->hash))
            continue;
        m->p->member[(*n)++] = (jl_member){member->token, member->value, field_for(m, member->hash)};
        ++m->added;
    }
}

static int merge_line(merger *m, const jl_rec *rec, int64_t first, int64_t last, jl_buf *out) {
    size_t n = 0;
    if (room_for_members(m))
        return -1;
    if (m->in_wins) {
        if (differs(m, JL_JOB_ID))
            take(m, &n, JL_JOB_ID);
        if (differs(m, JL_JOB_SOURCE))
            take(m, &n, JL_JOB_SOURCE);
        if (m->old.job->url.n && differs(m, JL_JOB_URL))
            take(m, &n, JL_JOB_URL);
    }
    if (first != m->winner->job->facts.first_seen)
        take(m, &n, JL_JOB_FIRST_SEEN_AT);
    if (last != m->winner->job->facts.last_seen)
        take(m, &n, JL_JOB_LAST_SEEN_AT);
    add_missing(m, &n);
    return jl_splice_set(out, rec, m->p->member, n, m->err);
}

/* ---- vectors ---- */

static jl_span description(const side *s) {
    return s->job->facts.full ? raw(s, JL_JOB_DESCRIPTION) : (jl_span){"", 0};
}

/* Is what was embedded of this side still what the merged line says? */
static bool still_says(const merger *m, const side *s, jl_stage stage, const jl_posting *merged) {
    const side *w = m->winner;
    const jl_posting *job = s->job;
    if (stage == JL_STAGE_FULL)
        return jl_span_eq(description(s), description(w));
    jl_span snippet = raw(w, JL_JOB_SNIPPET);
    return jl_span_eq(job->title, merged->title) && jl_span_eq(job->company, merged->company) &&
           jl_span_eq(job->location, merged->location) &&
           jl_span_eq(raw(s, JL_JOB_SNIPPET), snippet.n ? snippet : raw(m->loser, JL_JOB_SNIPPET));
}

static bool same_vector(const jl_vector *a, const jl_vector *b) {
    return a->n == b->n && (a->n == 0 || (jl_span_eq(a->model, b->model) && jl_span_eq(a->data, b->data)));
}

/* The incoming one when it was made from what the line says now, else the one at hand when that was, else the incoming
   one: it comes from a newer reader of the job. */
static void merge_vectors(const merger *m, jl_posting *merged) {
    for (jl_stage stage = 0; stage < JL_STAGES; ++stage) {
        const jl_vector *old = &m->old.job->vector[stage];
        const jl_vector *in = &m->in.job->vector[stage];
        bool old_holds = old->n && still_says(m, &m->old, stage, merged);
        bool in_holds = in->n && still_says(m, &m->in, stage, merged);
        merged->vector[stage] = old_holds && !in_holds ? *old : *in;
    }
}

/* ---- together ---- */

static int64_t earlier(int64_t a, int64_t b) {
    return a && (!b || a < b) ? a : b;
}

static int merge_facts(merger *m, jl_posting *merged) {
    jl_rec rec;
    merged->facts = m->winner->job->facts;
    if (!m->in_wins && !m->added)
        return 0;
    /* The loser's record is done with, the winner's is still needed. */
    size_t free_field = m->in_wins ? 0 : 1;
    if (jl_posting_scan(m->p, free_field, merged->line, &rec, m->err))
        return -1;
    return jl_facts_read(&rec, 0, &m->p->scratch, &merged->facts, m->err);
}

static int make_line(merger *m, int64_t first, int64_t last, jl_buf *out) {
    side *winner = m->in_wins ? &m->in : &m->old;
    jl_buf *line = &m->p->line;
    if (fill(m, &winner->rec, m->err))
        return -1;
    /* Known by its URL alone, and of no source: so it stays. */
    if (m->in_wins && !m->old.job->source.n && m->in.job->source.n) {
        const jl_span source = JL_SPAN("source");
        jl_buf_clear(line);
        if (jl_splice_drop(line, &winner->rec, &source, 1, m->err) ||
            jl_posting_scan(m->p, 1, (jl_span){line->p, line->n - 1}, &winner->rec, m->err))
            return -1;
    }
    jl_buf_clear(out);
    return merge_line(m, &winner->rec, first, last, out);
}

static int finish(merger *m, jl_buf *out, jl_posting *merged, jl_stored *stored) {
    const jl_posting *w = m->winner->job;
    const jl_posting *l = m->loser->job;
    int64_t first = earlier(w->facts.first_seen, l->facts.first_seen);
    int64_t last = w->facts.last_seen > l->facts.last_seen ? w->facts.last_seen : l->facts.last_seen;
    m->paid = has_pay(m->winner);
    /* What the lines said counts, not what becomes of the winner's. */
    *merged = *w;
    merged->source = m->old.job->source;
    merged->id = m->old.job->id;
    merged->url = m->old.job->url;
    if (!merged->url.n && (m->in_wins || raw(&m->old, JL_JOB_URL).n == 0))
        merged->url = m->in.job->url;
    if (raw(m->winner, JL_JOB_LOCATION).n == 0)
        merged->location = l->location;
    merge_vectors(m, merged);
    if (make_line(m, first, last, out))
        return -1;
    merged->line = (jl_span){out->p, out->n - 1};
    if (merge_facts(m, merged))
        return -1;
    merged->facts.first_seen = first;
    merged->facts.last_seen = last;
    bool same = !m->in_wins && !m->added && first == m->old.job->facts.first_seen;
    for (size_t i = 0; i < JL_STAGES; ++i)
        same = same && same_vector(&merged->vector[i], &m->old.job->vector[i]);
    *stored = same ? JL_STORED_SAME : JL_STORED_UPDATED;
    return 0;
}

int jl_merge(jl_postings *p, const jl_posting *old, const jl_posting *in, jl_buf *out, jl_posting *merged,
             jl_stored *stored, jl_err *err) {
    merger m = {.p = p, .err = err};
    return begin(&m, old, in) || finish(&m, out, merged, stored) ? -1 : 0;
}

/* ---- one line ---- */

int jl_merge_strip(jl_postings *p, const jl_posting *in, jl_buf *out, jl_posting *stripped, jl_err *err) {
    const jl_span texts[] = {JL_SPAN("description"), JL_SPAN("description_html")};
    jl_rec rec;
    jl_buf_clear(out);
    if (jl_posting_scan(p, 0, in->line, &rec, err) || jl_splice_drop(out, &rec, texts, 2, err))
        return -1;
    *stripped = *in;
    stripped->line = (jl_span){out->p, out->n - 1};
    stripped->hash = (jl_span){"", 0};
    stripped->vector[JL_STAGE_FULL] = (jl_vector){0};
    return jl_posting_scan(p, 0, stripped->line, &rec, err) ||
                   jl_facts_read(&rec, 0, &p->scratch, &stripped->facts, err)
               ? -1
               : 0;
}

int jl_merge_inherit(jl_postings *p, const jl_posting *heir, const jl_posting *from, jl_buf *out, jl_posting *whole,
                     jl_err *err) {
    static const jl_job_name names[] = {JL_JOB_DESCRIPTION, JL_JOB_DESCRIPTION_HTML, JL_JOB_CONTENT_HASH};
    jl_member member[sizeof names / sizeof *names];
    jl_rec rec, giver;
    size_t n = 0;
    jl_buf_clear(out);
    if (jl_posting_scan(p, 0, heir->line, &rec, err) || jl_posting_scan(p, 1, from->line, &giver, err))
        return -1;
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        if (giver.field[names[i]].type != JL_ABSENT)
            member[n++] = (jl_member){jl_job_token(names[i]), jl_rec_value(&giver, names[i]), names[i]};
    if (jl_splice_set(out, &rec, member, n, err))
        return -1;
    *whole = *heir;
    whole->line = (jl_span){out->p, out->n - 1};
    whole->hash = from->hash;
    whole->vector[JL_STAGE_FULL] = from->vector[JL_STAGE_FULL];
    return jl_posting_scan(p, 0, whole->line, &rec, err) || jl_facts_read(&rec, 0, &p->scratch, &whole->facts, err) ? -1
                                                                                                                    : 0;
}

bool jl_merge_outlives(jl_facts *first, const jl_facts *duplicate) {
    bool seen = duplicate->last_seen > first->last_seen;
    bool expires = first->expires &&
                   (duplicate->expires ? duplicate->expires > first->expires : duplicate->last_seen > first->expires);
    if (seen)
        first->last_seen = duplicate->last_seen;
    if (expires)
        first->expires = duplicate->expires;
    return seen || expires;
}

static jl_member time_member(jl_job_name name, int64_t seconds, char quoted[24]) {
    char text[21];
    jl_clock_rfc3339(seconds * JL_SECOND, text);
    snprintf(quoted, 24, "\"%s\"", text);
    return (jl_member){jl_job_token(name), jl_span_of(quoted), name};
}

int jl_merge_live(jl_postings *p, const jl_posting *old, const jl_facts *lives, jl_buf *out, jl_posting *lived,
                  jl_err *err) {
    const jl_span expires = JL_SPAN("expires_at");
    char text[2][24];
    jl_member member[2];
    size_t n = 0;
    jl_rec rec;
    if (jl_posting_scan(p, 0, old->line, &rec, err))
        return -1;
    if (lives->last_seen != old->facts.last_seen)
        member[n++] = time_member(JL_JOB_LAST_SEEN_AT, lives->last_seen, text[0]);
    if (lives->expires && lives->expires != old->facts.expires)
        member[n++] = time_member(JL_JOB_EXPIRES_AT, lives->expires, text[1]);
    if (!lives->expires && old->facts.expires) {
        jl_buf_clear(&p->line);
        if (jl_splice_drop(&p->line, &rec, &expires, 1, err) ||
            jl_posting_scan(p, 0, (jl_span){p->line.p, p->line.n - 1}, &rec, err))
            return -1;
    }
    jl_buf_clear(out);
    if (jl_splice_set(out, &rec, member, n, err))
        return -1;
    *lived = *old;
    lived->line = (jl_span){out->p, out->n - 1};
    lived->facts.last_seen = lives->last_seen;
    lived->facts.expires = lives->expires;
    return 0;
}

int jl_merge_mark(jl_postings *p, const jl_posting *old, jl_status status, uint8_t tries, jl_buf *out,
                  jl_posting *marked, jl_err *err) {
    char name[16];
    char number[8];
    jl_rec rec;
    snprintf(name, sizeof name, "\"%s\"", jl_status_name[status]);
    snprintf(number, sizeof number, "%u", tries);
    const jl_member member[] = {
        {jl_job_token(JL_JOB_ENRICHMENT_STATUS), jl_span_of(name), JL_JOB_ENRICHMENT_STATUS},
        {jl_job_token(JL_JOB_ENRICHMENT_TRIES), jl_span_of(number), JL_JOB_ENRICHMENT_TRIES},
    };
    jl_buf_clear(out);
    if (jl_posting_scan(p, 0, old->line, &rec, err))
        return -1;
    bool counted = tries || rec.field[JL_JOB_ENRICHMENT_TRIES].type != JL_ABSENT;
    if (jl_splice_set(out, &rec, member, counted ? 2 : 1, err))
        return -1;
    *marked = *old;
    marked->line = (jl_span){out->p, out->n - 1};
    marked->facts.status = (uint8_t)status;
    marked->facts.tries = tries;
    return 0;
}
