/* A table of jobs as a plain list: what jl_jobs_ops promises, done in the simplest way, to compare every back end with.

   What a merge of two postings is, and which facts pass, is asked of the functions that the back ends ask too: they have
   tests of their own. */
#ifndef JL_TESTS_JOBS_MODEL_H
#define JL_TESTS_JOBS_MODEL_H

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "contract/well.h"
#include "store/store.h"
#include "jsonl/json.h"

#define MODEL_NOW 1762300000 /* seconds: some time on 2025-11-05 */

/* ---- postings made of lines ---- */

static jl_postings *made_postings;
static jl_field *made_field;

/* Owned. */
typedef struct made_job {
    jl_buf line, text;
    jl_posting posting;
} made_job;

static inline void made_begin(void) {
    jl_err err = {0};
    if (made_postings)
        return;
    made_postings = jl_postings_new(&err);
    assert_non_null(made_postings);
    made_field = calloc(jl_want_count(jl_postings_want(made_postings)), sizeof *made_field);
    assert_non_null(made_field);
}

static inline void made_end(void) {
    jl_postings_free(made_postings);
    free(made_field);
    made_postings = NULL;
    made_field = NULL;
}

static inline void made_read(made_job *m, const char *line) {
    jl_err err = {0};
    jl_rec rec;
    made_begin();
    jl_buf_clear(&m->line);
    well(jl_buf_addf(&m->line, &err, "%s\n", line), &err);
    well(jl_buf_reserve(&m->line, JL_PAD, &err), &err);
    memset(m->line.p + m->line.n, 0, JL_PAD);
    assert_int_equal(
        jl_rec_scan(jl_postings_want(made_postings), m->line.p, m->line.p + m->line.n, false, made_field, &rec, &err),
        JL_SCAN_RECORD);
    well(jl_postings_read(made_postings, &rec, MODEL_NOW, &m->text, &m->posting, &err), &err);
}

static inline void made_free(made_job *m) {
    jl_buf_free(&m->line);
    jl_buf_free(&m->text);
}

/* ---- the table ---- */

#define MODEL_DIMS_MOST 8

typedef struct model_job {
    uint64_t row, change, first;
    int64_t marked;
    made_job made; /* posting.vector points into the following */
    char name[JL_STAGES][JL_MODEL_MAX];
    float data[JL_STAGES][MODEL_DIMS_MOST];
} model_job;

typedef struct model_table {
    model_job **job; /* by row */
    size_t n, room;
    uint64_t row, change;
    uint64_t *gone, *gone_change;
    size_t gones;
    bool touched;
} model_table;

static inline void model_job_free(model_job *j) {
    made_free(&j->made);
    free(j);
}

static inline void model_free(model_table *t) {
    for (size_t i = 0; i < t->n; i++)
        model_job_free(t->job[i]);
    free(t->job);
    free(t->gone);
    free(t->gone_change);
    *t = (model_table){0};
}

static inline uint64_t model_touch(model_table *t) {
    t->change += !t->touched;
    t->touched = true;
    return t->change;
}

/* Makes the job what the posting says. */
static inline void model_keep(model_job *j, const jl_posting *p) {
    jl_err err = {0};
    jl_posting from = *p;
    made_job fresh = {0};
    char name[JL_STAGES][JL_MODEL_MAX] = {{0}};
    float data[JL_STAGES][MODEL_DIMS_MOST] = {{0}};
    for (size_t stage = 0; stage < JL_STAGES; stage++)
        if (from.vector[stage].n) {
            assert_true(from.vector[stage].n <= MODEL_DIMS_MOST);
            memcpy(name[stage], from.vector[stage].model.p, from.vector[stage].model.n);
            memcpy(data[stage], from.vector[stage].data.p, from.vector[stage].data.n);
        }
    well(jl_buf_addf(&fresh.line, &err, "%.*s\n", (int)p->line.n, p->line.p), &err);
    well(jl_buf_reserve(&fresh.line, JL_PAD, &err), &err);
    memset(fresh.line.p + fresh.line.n, 0, JL_PAD);
    made_begin();
    well(jl_postings_load(made_postings, (jl_span){fresh.line.p, fresh.line.n - 1}, &fresh.text, &fresh.posting, &err),
         &err);
    made_free(&j->made);
    j->made = fresh;
    memcpy(j->name, name, sizeof name);
    memcpy(j->data, data, sizeof data);
    for (size_t stage = 0; stage < JL_STAGES; stage++) {
        const jl_vector *v = &from.vector[stage];
        j->made.posting.vector[stage] = v->n ? (jl_vector){{j->name[stage], strlen(j->name[stage])},
                                                           {(const char *)j->data[stage], sizeof(float) * v->n},
                                                           v->n}
                                             : (jl_vector){0};
    }
}

static inline model_job *model_by_row(const model_table *t, uint64_t row) {
    for (size_t i = 0; i < t->n; i++)
        if (t->job[i]->row == row)
            return t->job[i];
    return NULL;
}

static inline model_job *model_by_url(const model_table *t, jl_span url) {
    for (size_t i = 0; url.n && i < t->n; i++)
        if (jl_span_eq(t->job[i]->made.posting.url, url))
            return t->job[i];
    return NULL;
}

static inline model_job *model_at_hand(const model_table *t, const jl_posting *p) {
    for (size_t i = 0; i < t->n; i++)
        if (jl_span_eq(t->job[i]->made.posting.id, p->id) && jl_span_eq(t->job[i]->made.posting.source, p->source))
            return t->job[i];
    return model_by_url(t, p->url);
}

static inline bool model_has_duplicates(const model_table *t, uint64_t row) {
    for (size_t i = 0; i < t->n; i++)
        if (row && t->job[i]->first == row)
            return true;
    return false;
}

static inline model_job *model_by_hash(const model_table *t, jl_span hash, uint64_t but) {
    for (size_t i = 0; hash.n && i < t->n; i++)
        if (t->job[i]->first == 0 && t->job[i]->row != but && jl_span_eq(t->job[i]->made.posting.hash, hash))
            return t->job[i];
    return NULL;
}

static inline bool model_same_vectors(const jl_posting *a, const jl_posting *b) {
    for (size_t stage = 0; stage < JL_STAGES; stage++) {
        const jl_vector *one = &a->vector[stage], *other = &b->vector[stage];
        if (one->n != other->n ||
            (one->n && (!jl_span_eq(one->model, other->model) || !jl_span_eq(one->data, other->data))))
            return false;
    }
    return true;
}

static inline model_job *model_new(model_table *t) {
    if (t->n == t->room) {
        t->room = t->room ? 2 * t->room : 64;
        t->job = realloc(t->job, t->room * sizeof(model_job *));
        assert_non_null(t->job);
    }
    model_job *j = calloc(1, sizeof *j);
    assert_non_null(j);
    j->row = ++t->row;
    return t->job[t->n++] = j;
}

static inline int64_t model_marked(int64_t marked, uint8_t before, const jl_facts *now) {
    return now->status != before && marked < now->last_seen ? now->last_seen : marked;
}

/* A duplicate was seen. */
static inline void model_live(model_table *t, uint64_t first, const jl_facts *duplicate) {
    jl_err err = {0};
    jl_buf out = {0};
    jl_posting p;
    model_job *j = first ? model_by_row(t, first) : NULL;
    if (!j)
        return;
    jl_facts lives = j->made.posting.facts;
    if (jl_merge_outlives(&lives, duplicate)) {
        well(jl_merge_live(made_postings, &j->made.posting, &lives, &out, &p, &err), &err);
        model_keep(j, &p);
        j->change = model_touch(t);
    }
    jl_buf_free(&out);
}

/* The first of duplicates is about to get another text: its own goes to the first of them. */
static inline void model_pass_on(model_table *t, const model_job *from) {
    jl_err err = {0};
    jl_buf out = {0};
    jl_posting p;
    model_job *heir = NULL;
    for (size_t i = 0; i < t->n; i++) {
        model_job *j = t->job[i];
        if (j->first != from->row)
            continue;
        j->first = heir ? heir->row : 0;
        j->change = model_touch(t);
        if (heir)
            continue;
        heir = j;
        uint8_t status = j->made.posting.facts.status;
        well(jl_merge_inherit(made_postings, &j->made.posting, &from->made.posting, &out, &p, &err), &err);
        model_keep(j, &p);
        j->marked = model_marked(j->marked, status, &j->made.posting.facts);
    }
    for (size_t i = 0; heir && i < t->n; i++)
        if (t->job[i]->first == heir->row)
            model_live(t, heir->row, &t->job[i]->made.posting.facts);
    jl_buf_free(&out);
}

static inline void model_put(model_table *t, jl_put *put) {
    jl_err err = {0};
    jl_buf merged = {0}, stripped = {0};
    model_job *j = model_at_hand(t, put->in);
    jl_posting p = *put->in;
    uint64_t first = j ? j->first : 0;
    uint8_t status = j ? j->made.posting.facts.status : JL_STATUS_NONE;
    put->stored = JL_STORED_NEW;
    if (j)
        well(jl_merge(made_postings, &j->made.posting, put->in, &merged, &p, &put->stored, &err), &err);
    if (j && j->first == 0 && j->made.posting.hash.n && !jl_span_eq(j->made.posting.hash, p.hash))
        model_pass_on(t, j);
    const model_job *holder = model_by_hash(t, p.hash, j ? j->row : 0);
    if (holder && !(j && model_has_duplicates(t, j->row))) {
        jl_posting whole = p;
        well(jl_merge_strip(made_postings, &whole, &stripped, &p, &err), &err);
        first = holder->row;
        put->stored = JL_STORED_DUPLICATE;
    } else if (p.facts.full) {
        first = 0;
    }
    int64_t marked = model_marked(j ? j->marked : 0, status, &p.facts);
    bool same = j && j->first == first && j->marked == marked && jl_span_eq(j->made.posting.line, p.line) &&
                model_same_vectors(&j->made.posting, &p);
    if (!j)
        j = model_new(t);
    if (!same) {
        model_keep(j, &p);
        j->change = model_touch(t);
        j->first = first;
        j->marked = marked;
    }
    put->row = j->row;
    model_live(t, first, &p.facts);
    jl_buf_free(&merged);
    jl_buf_free(&stripped);
}

static inline void model_set(model_table *t, model_job *j, jl_status status, uint8_t tries, int64_t marked) {
    jl_err err = {0};
    jl_buf out = {0};
    jl_posting p;
    well(jl_merge_mark(made_postings, &j->made.posting, status, tries, &out, &p, &err), &err);
    if (!jl_span_eq(p.line, j->made.posting.line) || j->marked != marked)
        j->change = model_touch(t);
    model_keep(j, &p);
    j->marked = marked;
    jl_buf_free(&out);
}

static inline uint64_t model_mark(model_table *t, const jl_posting *p, jl_status status, int64_t now) {
    model_job *j = model_at_hand(t, p);
    if (!j)
        return 0;
    const jl_facts *f = &j->made.posting.facts;
    if (status != JL_STATUS_DONE && (f->full || j->first || f->status == JL_STATUS_DONE))
        return 0;
    unsigned tries = f->tries;
    if (status == JL_STATUS_FAILED && tries < 254)
        tries++;
    model_set(t, j, status, (uint8_t)tries, now);
    return 1;
}

static inline void model_requeue(model_table *t, int64_t before, unsigned most, uint64_t *again, uint64_t *given_up) {
    *again = *given_up = 0;
    for (size_t i = 0; i < t->n; i++) {
        model_job *j = t->job[i];
        const jl_facts *f = &j->made.posting.facts;
        unsigned tries = f->tries;
        if ((f->status != JL_STATUS_QUEUED && f->status != JL_STATUS_FAILED) || tries == 255 || j->marked >= before)
            continue;
        tries += f->status == JL_STATUS_QUEUED;
        if (tries < most) {
            ++*again;
            model_set(t, j, JL_STATUS_NONE, (uint8_t)tries, 0);
        } else {
            ++*given_up;
            model_set(t, j, JL_STATUS_FAILED, 255, j->marked);
        }
    }
}

static inline void model_delete(model_table *t, model_job *j) {
    t->gone = realloc(t->gone, (t->gones + 1) * sizeof *t->gone);
    t->gone_change = realloc(t->gone_change, (t->gones + 1) * sizeof *t->gone_change);
    assert_true(t->gone && t->gone_change);
    t->gone[t->gones] = j->row;
    t->gone_change[t->gones++] = model_touch(t);
    for (size_t i = 0; i < t->n; i++)
        if (t->job[i] == j) {
            memmove(t->job + i, t->job + i + 1, (t->n - i - 1) * sizeof(model_job *));
            break;
        }
    t->n--;
    model_job_free(j);
}

/* As a copy has it: of what was deleted it knows nothing, not even that it was. */
static inline void model_forget_deleted(model_table *t) {
    t->gones = 0;
    t->row = t->change = 0;
    for (size_t i = 0; i < t->n; i++) {
        t->row = t->job[i]->row;
        t->change = t->job[i]->change > t->change ? t->job[i]->change : t->change;
    }
}

static inline uint64_t model_purge(model_table *t, const uint64_t *row, size_t n, uint64_t change) {
    uint64_t deleted = 0;
    for (int duplicates = 1; duplicates >= 0; duplicates--)
        for (size_t i = 0; i < n; i++) {
            model_job *j = model_by_row(t, row[i]);
            if (!j || j->change > change || (j->first != 0) != (duplicates != 0) || model_has_duplicates(t, row[i]))
                continue;
            model_delete(t, j);
            deleted++;
        }
    return deleted;
}

/* ---- what is done to both ---- */

static const char *const model_companies[] = {"Acme", "Bolt & Co", "\\u00c9toile", "DATA HOUSE"};
static const char *const model_titles[] = {"Data Engineer", "Welder", "Ingenieur f\\u00fcr Daten"};
static const char *const model_places[] = {"Chicago, IL", "Berlin, Germany", "Remote in Austin, TX"};
static const char *const model_blanks[] = {"null", "\"\"", "\" \\n\"", "\" \\u00a0\""};
static const char *const model_statuses[] = {"none", "queued", "failed", "dead", "partial", "done"};

static inline const char *model_pick(chance *c, const char *const *of, size_t n) {
    return of[chance_below(c, n)];
}

/* A line out of a small world, so that jobs meet by id, by URL, by text. */
static inline void model_line(chance *c, jl_buf *line) {
    jl_err err = {0};
    int rc = jl_buf_addf(line, &err, "{\"id\":\"%zu\",\"company\":\"%s\",\"title\":\"%s\"", chance_below(c, 24),
                         model_pick(c, model_companies, 4), model_pick(c, model_titles, 3));
    if (chance_below(c, 4))
        rc |= jl_buf_addf(line, &err, ",\"source\":\"%s\"", chance_below(c, 2) ? "indeed" : "us:jobs");
    if (chance_below(c, 2))
        rc |= jl_buf_addf(line, &err, ",\"url\":\"https://example.com/%zu\"", chance_below(c, 20));
    if (chance_below(c, 2))
        rc |= jl_buf_addf(line, &err, ",\"location\":\"%s\"", model_pick(c, model_places, 3));
    if (chance_below(c, 3) == 0)
        rc |= jl_buf_addf(line, &err, ",\"description\":\"All about it, %zu\"", chance_below(c, 3));
    else if (chance_below(c, 6) == 0)
        rc |= jl_buf_addf(line, &err, ",\"descriptio\\u006e\":%s", model_pick(c, model_blanks, 4));
    if (chance_below(c, 4) == 0)
        rc |= jl_buf_addf(line, &err, ",\"description_html\":\"<p>%zu\"", chance_below(c, 3));
    if (chance_below(c, 4) == 0)
        rc |= jl_buf_addf(line, &err, ",\"x\":%s", model_pick(c, model_blanks, 4));
    if (chance_below(c, 3) == 0)
        rc |= jl_buf_addf(line, &err, ",\"expires_at\":\"2025-11-%02zuT00:00:00Z\"", 1 + chance_below(c, 28));
    if (chance_below(c, 3) == 0)
        rc |= jl_buf_addf(line, &err, ",\"snippet\":\"In short, %zu\"", chance_below(c, 3));
    if (chance_below(c, 3) == 0)
        rc |= jl_buf_addf(line, &err, ",\"remote\":%s", chance_below(c, 2) ? "true" : "false");
    if (chance_below(c, 3) == 0)
        rc |= jl_buf_addf(line, &err, ",\"salary_max\":%zu,\"salary_period\":\"year\"", 50000 + chance_below(c, 90000));
    if (chance_below(c, 2))
        rc |= jl_buf_addf(line, &err, ",\"enrichment_status\":\"%s\"", model_pick(c, model_statuses, 6));
    if (chance_below(c, 2))
        rc |= jl_buf_addf(line, &err, ",\"last_seen_at\":\"2025-11-%02zuT00:00:00Z\"", 1 + chance_below(c, 28));
    well(rc | jl_buf_addc(line, '}', &err), &err);
}

typedef struct model_vectors {
    float data[JL_STAGES][MODEL_DIMS_MOST];
} model_vectors;

static inline void model_embed(chance *c, jl_posting *p, model_vectors *to) {
    for (size_t stage = 0; stage < JL_STAGES; stage++) {
        bool small = chance_below(c, 2);
        p->vector[stage] = (jl_vector){0};
        if (chance_below(c, 2) || (stage == JL_STAGE_FULL && !p->facts.full))
            continue;
        memset(to->data[stage], 0, sizeof to->data[stage]);
        to->data[stage][chance_below(c, 4)] = 1;
        p->vector[stage] = (jl_vector){small ? JL_SPAN("small-1") : JL_SPAN("other/2"),
                                       {(const char *)to->data[stage], small ? 16 : 32},
                                       small ? 4 : 8};
    }
}

#define MODEL_BATCH 12

static inline void model_step_put(model_table *t, jl_jobs *s, chance *c) {
    jl_err err = {0};
    size_t n = 1 + chance_below(c, MODEL_BATCH);
    made_job m[MODEL_BATCH] = {0};
    model_vectors v[MODEL_BATCH];
    jl_put mine[MODEL_BATCH], theirs[MODEL_BATCH];
    for (size_t i = 0; i < n; i++) {
        jl_buf line = {0};
        model_line(c, &line);
        made_read(&m[i], jl_buf_text(&line, &err));
        model_embed(c, &m[i].posting, &v[i]);
        mine[i] = theirs[i] = (jl_put){.in = &m[i].posting};
        jl_buf_free(&line);
    }
    well(s->ops->put(s, theirs, n, &err), &err);
    for (size_t i = 0; i < n; i++) {
        model_put(t, &mine[i]);
        if (mine[i].stored != theirs[i].stored || mine[i].row != theirs[i].row)
            fail_msg("put %zu: %s in row %llu, not %s in row %llu: %.*s", i, jl_stored_name[theirs[i].stored],
                     (unsigned long long)theirs[i].row, jl_stored_name[mine[i].stored], (unsigned long long)mine[i].row,
                     (int)m[i].posting.line.n, m[i].posting.line.p);
    }
    for (size_t i = 0; i < n; i++)
        made_free(&m[i]);
}

static inline void model_step_mark(model_table *t, jl_jobs *s, chance *c) {
    jl_err err = {0};
    size_t n = 1 + chance_below(c, 4);
    made_job m[4] = {0};
    const jl_posting *which[4];
    jl_status status = (jl_status)chance_below(c, JL_STATUSES);
    int64_t now = MODEL_NOW + (int64_t)chance_below(c, 2000000);
    uint64_t theirs, mine = 0;
    for (size_t i = 0; i < n; i++) {
        jl_buf line = {0};
        model_line(c, &line);
        made_read(&m[i], jl_buf_text(&line, &err));
        which[i] = &m[i].posting;
        jl_buf_free(&line);
    }
    well(s->ops->mark(s, which, n, status, now, &theirs, &err), &err);
    for (size_t i = 0; i < n; i++)
        mine += model_mark(t, which[i], status, now);
    assert_int_equal(mine, theirs);
    for (size_t i = 0; i < n; i++)
        made_free(&m[i]);
}

static inline void model_step_requeue(model_table *t, jl_jobs *s, chance *c) {
    jl_err err = {0};
    int64_t before = MODEL_NOW + (int64_t)chance_below(c, 2000000);
    uint8_t most = (uint8_t)(1 + chance_below(c, 4));
    uint64_t again, given_up, mine[2];
    well(s->ops->requeue(s, before, most, &again, &given_up, &err), &err);
    model_requeue(t, before, most, &mine[0], &mine[1]);
    assert_int_equal(mine[0], again);
    assert_int_equal(mine[1], given_up);
}

static inline void model_step_purge(model_table *t, jl_jobs *s, chance *c) {
    jl_err err = {0};
    uint64_t row[16], theirs, change = t->change - chance_below(c, t->change < 4 ? 1 : 4);
    size_t n = 1 + chance_below(c, 16);
    for (size_t i = 0; i < n; i++)
        row[i] = t->row > 40 ? t->row - chance_below(c, 40) : chance_below(c, 40);
    well(s->ops->purge(s, row, n, change, &theirs, &err), &err);
    assert_int_equal(model_purge(t, row, n, change), theirs);
}

static inline void model_step(model_table *t, jl_jobs *s, chance *c) {
    t->touched = false;
    size_t what = chance_below(c, 10);
    if (what < 6)
        model_step_put(t, s, c);
    else if (what < 7)
        model_step_requeue(t, s, c);
    else if (what < 9)
        model_step_mark(t, s, c);
    else
        model_step_purge(t, s, c);
}

/* ---- what is asked of both ---- */

typedef struct model_asked {
    const model_table *t;
    const jl_find *what;
    size_t at; /* in the table */
    size_t n;
} model_asked;

/* Lower case of ASCII and of the one other pair that the small world has. */
static inline bool model_contains(jl_span text, jl_span part) {
    for (size_t at = 0; at + part.n <= text.n; at++) {
        size_t i = 0;
        while (i < part.n) {
            unsigned char a = (unsigned char)text.p[at + i], b = (unsigned char)part.p[i];
            if (tolower(a) != tolower(b) &&
                !(i > 0 && (unsigned char)part.p[i - 1] == 0xc3 && (a | 0x20) == (b | 0x20)))
                break;
            i++;
        }
        if (i == part.n)
            return true;
    }
    return part.n == 0;
}

static inline bool model_is_named(const model_job *j, const jl_find *what) {
    const jl_posting *p = &j->made.posting;
    for (size_t i = 0; i < what->ids; i++) {
        char both[64];
        int n = snprintf(both, sizeof both, "%.*s:%.*s", (int)p->source.n, p->source.p ? p->source.p : "", (int)p->id.n,
                         p->id.p);
        if (jl_span_eq(what->id[i], p->id) || jl_span_eq(what->id[i], (jl_span){both, (size_t)n}))
            return true;
    }
    for (size_t i = 0; i < what->urls; i++)
        if (p->url.n && jl_span_eq(what->url[i], p->url))
            return true;
    return what->ids + what->urls == 0;
}

static inline bool model_passes(const model_job *j, const jl_find *w) {
    const jl_posting *p = &j->made.posting;
    if (j->row <= w->after || j->change <= w->changed_since || (j->first && !w->duplicates) ||
        (w->seen_before && p->facts.last_seen >= w->seen_before) ||
        (w->marked_before && !(j->marked && j->marked < w->marked_before)))
        return false;
    if (w->without && p->vector[w->stage].n && jl_span_eq(p->vector[w->stage].model, jl_span_of(w->without)) &&
        (!w->without_dims || w->without_dims == p->vector[w->stage].n))
        return false;
    return jl_facts_pass(&p->facts, &w->facts) && model_contains(p->company, w->company) &&
           model_contains(p->title, w->title) && model_contains(p->location, w->location) && model_is_named(j, w);
}

static inline void model_same(const model_job *j, const jl_stored_job *job, const jl_find *what) {
    const jl_posting *mine = &j->made.posting, *theirs = &job->job;
    if (j->row != job->row)
        fail_msg("row %llu, not %llu", (unsigned long long)job->row, (unsigned long long)j->row);
    assert_int_equal(job->change, j->change);
    assert_int_equal(job->first, j->first);
    assert_int_equal(job->marked, j->marked);
    if (memcmp(&mine->facts, &theirs->facts, sizeof mine->facts) != 0)
        fail_msg("row %llu: other facts", (unsigned long long)job->row);
    if (what->lines) {
        if (!jl_span_eq(mine->line, theirs->line))
            fail_msg("row %llu: %.*s, not %.*s", (unsigned long long)job->row, (int)theirs->line.n, theirs->line.p,
                     (int)mine->line.n, mine->line.p);
        assert_true(jl_span_eq(mine->id, theirs->id) && jl_span_eq(mine->source, theirs->source) &&
                    jl_span_eq(mine->url, theirs->url) && jl_span_eq(mine->hash, theirs->hash) &&
                    jl_span_eq(mine->company, theirs->company) && jl_span_eq(mine->title, theirs->title) &&
                    jl_span_eq(mine->location, theirs->location));
    } else {
        assert_int_equal(theirs->line.n + theirs->id.n + theirs->title.n, 0);
    }
    if (what->vectors)
        assert_true(model_same_vectors(mine, theirs));
    else
        assert_true(theirs->vector[0].n == 0 && theirs->vector[1].n == 0);
}

static inline int model_asked_one(void *self, const jl_stored_job *job, jl_err *err) {
    model_asked *a = self;
    (void)err;
    while (a->at < a->t->n && !model_passes(a->t->job[a->at], a->what))
        a->at++;
    if (a->at == a->t->n)
        fail_msg("row %llu does not pass", (unsigned long long)job->row);
    model_same(a->t->job[a->at++], job, a->what);
    a->n++;
    return 0;
}

static inline void model_find(const model_table *t, jl_jobs *s, const jl_find *what) {
    jl_err err = {0};
    model_asked a = {.t = t, .what = what};
    size_t n = 0;
    well(s->ops->find(s, what, model_asked_one, &a, &err), &err);
    for (size_t i = 0; i < t->n; i++)
        n += model_passes(t->job[i], what);
    assert_int_equal(a.n, what->limit && what->limit < n ? what->limit : n);
}

/* All that there is, in rows. */
static inline void model_compare_rows(const model_table *t, jl_jobs *s) {
    model_find(t, s, &(jl_find){.duplicates = true, .lines = true, .vectors = true});
}

typedef struct model_counted {
    const model_table *t;
    jl_stage stage;
    uint64_t sum;
} model_counted;

static inline int model_count(void *self, jl_span model, uint32_t dims, uint64_t rows, jl_err *err) {
    model_counted *k = self;
    uint64_t n = 0;
    (void)err;
    for (size_t i = 0; i < k->t->n; i++) {
        const jl_vector *v = &k->t->job[i]->made.posting.vector[k->stage];
        n += v->n == dims && jl_span_eq(v->model, model) && k->t->job[i]->first == 0;
    }
    assert_int_equal(rows, n);
    assert_true(rows > 0);
    k->sum += n;
    return 0;
}

typedef struct model_gone {
    const model_table *t;
    uint64_t since, before;
    size_t n;
} model_gone;

static inline int model_gone_one(void *self, uint64_t row, jl_err *err) {
    model_gone *g = self;
    bool known = false;
    (void)err;
    for (size_t i = 0; i < g->t->gones; i++)
        known = known || (g->t->gone[i] == row && g->t->gone_change[i] > g->since);
    assert_true(known && row > g->before);
    g->before = row;
    g->n++;
    return 0;
}

/* And counts, models, deletions. */
static inline void model_compare(const model_table *t, jl_jobs *s) {
    jl_err err = {0};
    jl_jobs_stat stat, mine = {.jobs = 0};
    uint64_t store, change;
    model_compare_rows(t, s);
    for (size_t i = 0; i < t->n; i++) {
        const jl_facts *f = &t->job[i]->made.posting.facts;
        if (t->job[i]->first) {
            mine.duplicates++;
            continue;
        }
        mine.status[f->status]++;
        mine.full += f->full;
        for (size_t stage = 0; stage < JL_STAGES; stage++)
            mine.vectors[stage] += t->job[i]->made.posting.vector[stage].n > 0;
        mine.oldest = mine.jobs && mine.oldest < f->last_seen ? mine.oldest : f->last_seen;
        mine.newest = mine.jobs && mine.newest > f->last_seen ? mine.newest : f->last_seen;
        mine.jobs++;
    }
    well(s->ops->stat(s, &stat, &err), &err);
    well(s->ops->at(s, &store, &change, &err), &err);
    assert_true(stat.store == store && stat.change == change && change == t->change);
    assert_true(stat.jobs == mine.jobs && stat.duplicates == mine.duplicates && stat.full == mine.full);
    assert_true(stat.oldest == mine.oldest && stat.newest == mine.newest);
    assert_true(stat.bytes > 0 || t->change == 0);
    assert_memory_equal(stat.status, mine.status, sizeof stat.status);
    assert_memory_equal(stat.vectors, mine.vectors, sizeof stat.vectors);
    for (jl_stage stage = 0; stage < JL_STAGES; stage++) {
        model_counted k = {.t = t, .stage = stage};
        well(s->ops->models(s, stage, model_count, &k, &err), &err);
        assert_int_equal(k.sum, mine.vectors[stage]);
    }
    model_gone g = {.t = t, .since = t->change / 2};
    size_t n = 0;
    well(s->ops->gone(s, g.since, model_gone_one, &g, &err), &err);
    for (size_t i = 0; i < t->gones; i++)
        n += t->gone_change[i] > g.since;
    assert_int_equal(g.n, n);
}

/* Random questions. */
static inline void model_ask(const model_table *t, jl_jobs *s, chance *c) {
    static const char *const ids[] = {"3", "indeed:4", "us:jobs:5", ":6", "jobs:7", "17", "nobody"};
    static const char *const urls[] = {"https://example.com/1", "https://example.com/2", "https://example.com/9"};
    jl_span id[3], url[2];
    jl_find w = {.duplicates = chance_below(c, 2), .lines = chance_below(c, 2), .vectors = chance_below(c, 2)};
    for (size_t i = 0; i < 3; i++)
        id[i] = jl_span_of(model_pick(c, ids, 7));
    for (size_t i = 0; i < 2; i++)
        url[i] = jl_span_of(model_pick(c, urls, 3));
    switch (chance_below(c, 12)) {
    case 0:
        w.id = id, w.ids = 3;
        break;
    case 1:
        w.url = url, w.urls = 2;
        break;
    case 2:
        w.id = id, w.ids = 2, w.url = url, w.urls = 1;
        break;
    case 3:
        w.company = chance_below(c, 2) ? JL_SPAN("\xc3\xa9TO") : JL_SPAN("data");
        break;
    case 4:
        w.title = JL_SPAN("data ENG");
        break;
    case 5:
        w.location = JL_SPAN("berlin");
        break;
    case 6:
        w.seen_before = MODEL_NOW + 86400 * (int64_t)chance_below(c, 20);
        break;
    case 7:
        w.marked_before = MODEL_NOW + (int64_t)chance_below(c, 2000000);
        break;
    case 8:
        w.without = chance_below(c, 2) ? "small-1" : "other/2", w.stage = (jl_stage)chance_below(c, 2);
        w.without_dims = (uint32_t)(4 * chance_below(c, 3));
        break;
    case 9:
        w.changed_since = t->change - chance_below(c, t->change < 10 ? 1 : 10);
        break;
    case 10:
        w.facts.remote = chance_below(c, 2) ? JL_YES : JL_NO;
        break;
    default:
        w.facts.statuses = (uint32_t)chance_below(c, 64);
        break;
    }
    if (chance_below(c, 3) == 0)
        w.facts.min_salary = (float)(60000 + chance_below(c, 60000));
    if (chance_below(c, 4) == 0)
        w.limit = 1 + chance_below(c, 5);
    if (chance_below(c, 4) == 0)
        w.after = chance_below(c, t->row + 1);
    model_find(t, s, &w);
}

#endif
