/* Jobs into PostgreSQL: a batch is loaded, made anew in memory by the rules of job/merge.h, and written back.

   Since nobody else writes meanwhile, the rows that changed are deleted and copied in again, which costs PostgreSQL no
   more than an UPDATE, for that writes a new version of each row too, and is one COPY for all. */
#include <stdlib.h>

#include "base/digest.h"
#include "store/store_pg.h"

#define SLICE 1000 /* jobs that requeue has in memory at once */

/* One job that the batch may have to do with. */
struct entry {
    jl_stored_job job; /* its texts in `keep` */
    bool stored;       /* is in the table */
    bool dirty, dirty_vectors;
    unsigned duplicates; /* of it */
};

/* From keys to entries, several to one key. What has changed its key stays where it was as well: bytes are compared. */
struct map {
    struct node {
        int64_t key;
        size_t entry, next;
    } * node;
    size_t n, cap;
    size_t *head, mask; /* 1 + a node */
};

enum { BY_ID, BY_URL, BY_HASH, BY_ROW, MAPS };

struct batch {
    pg_store *s;
    jl_put *put;
    const jl_posting *const *which; /* of marks */
    const jl_stored_job *import;
    size_t n;
    jl_status status;
    int64_t now;
    uint64_t marked;
    pg_meta meta;
    jl_keep keep;
    struct entry *entry;
    size_t entries, entries_cap;
    struct map map[MAPS];
    jl_buf merged, stripped;
};

/* ---- maps ---- */

static int map_make(struct map *m, size_t expected, jl_err *err) {
    size_t size = 64;
    while (size < 2 * expected)
        size *= 2;
    m->head = calloc(size, sizeof *m->head);
    m->mask = size - 1;
    return m->head ? 0 : jl_err_nomem(err);
}

static int map_add(struct map *m, int64_t key, size_t entry, jl_err *err) {
    if (m->n == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 256;
        struct node *more = realloc(m->node, cap * sizeof *more);
        if (!more)
            return jl_err_nomem(err);
        m->node = more;
        m->cap = cap;
    }
    size_t *head = &m->head[(size_t)key & m->mask];
    m->node[m->n] = (struct node){key, entry, *head};
    *head = ++m->n;
    return 0;
}

/* The next node with this key behind `*at`, which is 0 at first; NULL: no more. */
static const struct node *map_next(const struct map *m, int64_t key, size_t *at) {
    size_t i = *at ? m->node[*at - 1].next : m->head[(size_t)key & m->mask];
    while (i && m->node[i - 1].key != key)
        i = m->node[i - 1].next;
    *at = i;
    return i ? &m->node[i - 1] : NULL;
}

static void map_free(struct map *m) {
    free(m->node);
    free(m->head);
}

/* ---- entries ---- */

static struct entry *by_name(const struct batch *b, jl_span source, jl_span id) {
    int64_t key = pg_key(id);
    const struct node *node;
    for (size_t at = 0; (node = map_next(&b->map[BY_ID], key, &at));) {
        struct entry *e = &b->entry[node->entry];
        if (jl_span_eq(e->job.job.id, id) && jl_span_eq(e->job.job.source, source))
            return e;
    }
    return NULL;
}

/* Of several the one with the lowest row. */
static struct entry *by_url(const struct batch *b, jl_span url) {
    const struct node *node;
    struct entry *found = NULL;
    int64_t key = pg_key(url);
    for (size_t at = 0; url.n && (node = map_next(&b->map[BY_URL], key, &at));) {
        struct entry *e = &b->entry[node->entry];
        if (jl_span_eq(e->job.job.url, url) && (!found || e->job.row < found->job.row))
            found = e;
    }
    return found;
}

/* The lowest row but this one that has a description of its own with this hash. */
static struct entry *by_hash(const struct batch *b, jl_span hash, uint64_t but) {
    const struct node *node;
    struct entry *found = NULL;
    int64_t key = pg_key(hash);
    for (size_t at = 0; hash.n && (node = map_next(&b->map[BY_HASH], key, &at));) {
        struct entry *e = &b->entry[node->entry];
        if (e->job.row != but && e->job.first == 0 && jl_span_eq(e->job.job.hash, hash) &&
            (!found || e->job.row < found->job.row))
            found = e;
    }
    return found;
}

static struct entry *by_row(const struct batch *b, uint64_t row) {
    size_t at = 0;
    const struct node *node = map_next(&b->map[BY_ROW], (int64_t)row, &at);
    return node ? &b->entry[node->entry] : NULL;
}

/* `job` is copied. */
static int entry_add(struct batch *b, const jl_stored_job *job, jl_err *err) {
    if (b->entries == b->entries_cap) {
        size_t cap = b->entries_cap ? b->entries_cap * 2 : 1024;
        struct entry *more = realloc(b->entry, cap * sizeof *more);
        if (!more)
            return jl_err_nomem(err);
        b->entry = more;
        b->entries_cap = cap;
    }
    if (jl_keep_add(&b->keep, &job->job, err) != 0)
        return -1;
    size_t i = b->entries;
    b->entry[i] = (struct entry){.job = *job};
    b->entry[i].job.job = b->keep.posting[b->keep.n - 1];
    b->entries++;
    return map_add(&b->map[BY_ROW], (int64_t)job->row, i, err);
}

static int entry_index(struct batch *b, size_t i, jl_err *err) {
    const struct entry *e = &b->entry[i];
    const jl_posting *p = &e->job.job;
    if (p->id.n && map_add(&b->map[BY_ID], pg_key(p->id), i, err) != 0)
        return -1;
    if (p->url.n && map_add(&b->map[BY_URL], pg_key(p->url), i, err) != 0)
        return -1;
    return p->hash.n ? map_add(&b->map[BY_HASH], pg_key(p->hash), i, err) : 0;
}

/* ---- loading ---- */

struct keys {
    int64_t *key;
    size_t n;
};

static int keys_make(struct keys *k, size_t most, jl_err *err) {
    k->n = 0;
    k->key = malloc((most ? most : 1) * sizeof *k->key);
    return k->key ? 0 : jl_err_nomem(err);
}

/* Those that are not there yet: what became of a job in this batch is not in the table. */
static int load_full(struct batch *b, jl_pg_stmt *stmt, jl_err *err) {
    int rc;
    while ((rc = jl_pg_step(stmt, err)) == 1) {
        jl_stored_job job;
        if (by_row(b, (uint64_t)jl_pg_int(stmt, 0)))
            continue;
        if (pg_read_job(b->s, stmt, &job, err) != 0 || entry_add(b, &job, err) != 0)
            return -1;
        b->entry[b->entries - 1].stored = true;
        if (entry_index(b, b->entries - 1, err) != 0)
            return -1;
    }
    return rc;
}

#define LOAD "SELECT " PG_ROW_COLUMNS PG_TEXT_COLUMNS PG_VECTOR_COLUMNS " FROM jobline_job j" PG_VECTOR_JOINS " WHERE "

static const jl_posting *posting_of(const struct batch *b, size_t i) {
    return b->put ? b->put[i].in : b->which[i];
}

static int load_named(struct batch *b, jl_err *err) {
    struct keys ids = {0}, urls = {0};
    jl_pg_stmt *stmt;
    int rc = keys_make(&ids, b->n, err) != 0 || keys_make(&urls, b->n, err) != 0 ? -1 : 0;
    for (size_t i = 0; rc == 0 && i < b->n; i++) {
        const jl_posting *p = posting_of(b, i);
        ids.key[ids.n++] = pg_key(p->id);
        if (p->url.n)
            urls.key[urls.n++] = pg_key(p->url);
    }
    if (rc == 0)
        rc = pg_prepare(b->s, SLOT_LOAD,
                        LOAD "j.row IN (SELECT row FROM jobline_job WHERE id_key = ANY($1::int8[]) UNION"
                             " SELECT row FROM jobline_job WHERE url_key = ANY($2::int8[]))",
                        &stmt, err);
    if (rc == 0 && jl_pg_bind_ints(stmt, 1, ids.key, ids.n, err) == 0 &&
        jl_pg_bind_ints(stmt, 2, urls.key, urls.n, err) == 0)
        rc = load_full(b, stmt, err);
    else
        rc = -1;
    free(ids.key);
    free(urls.key);
    return rc;
}

struct alike {
    struct keys hashes, firsts, there;
};

static int alike_keys(const struct batch *b, struct alike *k, jl_err *err) {
    if (keys_make(&k->hashes, b->n + b->entries, err) != 0 || keys_make(&k->firsts, b->entries, err) != 0 ||
        keys_make(&k->there, b->entries, err) != 0)
        return -1;
    for (size_t i = 0; i < b->n; i++)
        if (b->put[i].in->hash.n)
            k->hashes.key[k->hashes.n++] = pg_key(b->put[i].in->hash);
    for (size_t i = 0; i < b->entries; i++) {
        const jl_stored_job *job = &b->entry[i].job;
        k->there.key[k->there.n++] = (int64_t)job->row;
        if (job->job.hash.n)
            k->hashes.key[k->hashes.n++] = pg_key(job->job.hash);
        if (job->first)
            k->firsts.key[k->firsts.n++] = (int64_t)job->first;
    }
    return 0;
}

/* Others that have a text that one of ours has or may get, and those that ours are duplicates of. */
static int load_alike(struct batch *b, jl_err *err) {
    struct alike k = {0};
    jl_pg_stmt *stmt;
    int rc = alike_keys(b, &k, err);
    if (rc == 0 && k.hashes.n + k.firsts.n) {
        rc = pg_prepare(b->s, SLOT_ALIKE,
                        LOAD "j.row IN (SELECT row FROM jobline_job WHERE hash_key = ANY($1::int8[])"
                             " UNION SELECT unnest($2::int8[]) EXCEPT SELECT unnest($3::int8[]))",
                        &stmt, err);
        if (rc == 0 && jl_pg_bind_ints(stmt, 1, k.hashes.key, k.hashes.n, err) == 0 &&
            jl_pg_bind_ints(stmt, 2, k.firsts.key, k.firsts.n, err) == 0 &&
            jl_pg_bind_ints(stmt, 3, k.there.key, k.there.n, err) == 0)
            rc = load_full(b, stmt, err);
        else
            rc = -1;
    }
    free(k.hashes.key);
    free(k.firsts.key);
    free(k.there.key);
    return rc;
}

static int load_duplicates(struct batch *b, jl_err *err) {
    struct keys rows = {0};
    jl_pg_stmt *stmt;
    if (keys_make(&rows, b->entries, err) != 0)
        return -1;
    for (size_t i = 0; i < b->entries; i++)
        rows.key[rows.n++] = (int64_t)b->entry[i].job.row;
    int rc = pg_prepare(
        b->s, SLOT_FIRSTS,
        "SELECT first, count(*) FROM jobline_job WHERE first <> 0 AND first = ANY($1::int8[]) GROUP BY 1", &stmt, err);
    if (rc == 0)
        rc = jl_pg_bind_ints(stmt, 1, rows.key, rows.n, err);
    while (rc == 0 && (rc = jl_pg_step(stmt, err)) == 1) {
        struct entry *e = by_row(b, (uint64_t)jl_pg_int(stmt, 0));
        if (e)
            e->duplicates = (unsigned)jl_pg_int(stmt, 1);
        rc = 0;
    }
    free(rows.key);
    return rc;
}

/* Empty, for a first or a second try. */
static int batch_begin(struct batch *b, jl_err *err) {
    jl_keep_clear(&b->keep);
    b->entries = 0;
    b->marked = 0;
    for (size_t i = 0; i < MAPS; i++) {
        map_free(&b->map[i]);
        b->map[i] = (struct map){0};
        if (map_make(&b->map[i], 2 * b->n, err) != 0)
            return -1;
    }
    return 0;
}

static void batch_end(struct batch *b) {
    for (size_t i = 0; i < MAPS; i++)
        map_free(&b->map[i]);
    jl_keep_free(&b->keep);
    jl_buf_free(&b->merged);
    jl_buf_free(&b->stripped);
    free(b->entry);
}

/* ---- what becomes of a job ---- */

static bool vector_eq(const jl_vector *a, const jl_vector *b) {
    return a->n == b->n && jl_span_eq(a->model, b->model) && jl_span_eq(a->data, b->data);
}

/* The entry gets what came out, if anything of it is another. */
static int entry_become(struct batch *b, size_t i, const jl_stored_job *job, jl_err *err) {
    struct entry *e = &b->entry[i];
    bool vectors = false;
    for (int k = 0; k < JL_STAGES; k++)
        vectors |= !vector_eq(&e->job.job.vector[k], &job->job.vector[k]);
    bool same = !vectors && e->dirty + e->stored > 0 && jl_span_eq(e->job.job.line, job->job.line) &&
                e->job.first == job->first && e->job.marked == job->marked;
    if (same)
        return 0;
    if (jl_keep_add(&b->keep, &job->job, err) != 0)
        return -1;
    e->job = *job;
    e->job.job = b->keep.posting[b->keep.n - 1];
    e->dirty = true;
    e->dirty_vectors |= vectors;
    return entry_index(b, i, err);
}

static void count_duplicate(struct batch *b, uint64_t first, int by) {
    struct entry *e = first ? by_row(b, first) : NULL;
    if (e)
        e->duplicates = (unsigned)((int)e->duplicates + by);
}

/* Rule 2 of put. */
static int settle_duplicate(struct batch *b, struct entry *e, jl_stored_job *job, jl_stored *stored, jl_err *err) {
    struct entry *first = by_hash(b, job->job.hash, job->row);
    if (!job->job.hash.n)
        return 0; /* what it was */
    if (!first || e->duplicates) {
        job->first = 0;
        return 0;
    }
    jl_posting stripped;
    jl_buf_clear(&b->stripped);
    if (jl_merge_strip(b->s->reader, &job->job, &b->stripped, &stripped, err) != 0)
        return -1;
    job->job = stripped;
    job->first = first->job.row;
    *stored = JL_STORED_DUPLICATE;
    return 0;
}

static size_t index_of(const struct batch *b, const struct entry *e) {
    return (size_t)(e - b->entry);
}

static void note_marked(jl_stored_job *job, uint8_t status_before) {
    if (job->job.facts.status != status_before && job->marked < job->job.facts.last_seen)
        job->marked = job->job.facts.last_seen;
}

/* A duplicate was seen. */
static int first_lives(struct batch *b, uint64_t first, const jl_facts *duplicate, jl_err *err) {
    struct entry *e = first ? by_row(b, first) : NULL;
    if (!e)
        return 0;
    jl_facts lives = e->job.job.facts;
    if (!jl_merge_outlives(&lives, duplicate))
        return 0;
    jl_stored_job job = e->job;
    jl_buf_clear(&b->stripped);
    return jl_merge_live(b->s->reader, &e->job.job, &lives, &b->stripped, &job.job, err) == 0
               ? entry_become(b, index_of(b, e), &job, err)
               : -1;
}

/* ---- the first of duplicates gets another text ---- */

static int ascending(const void *a, const void *b) {
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* The rows of its duplicates, ascending: those in the table and those that came before in this batch. */
static int duplicates_of(struct batch *b, uint64_t row, struct keys *rows, jl_err *err) {
    jl_pg_stmt *stmt;
    if (pg_prepare(b->s, SLOT_DUPLICATES, LOAD "j.first = $1::int8 AND j.first <> 0", &stmt, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, (int64_t)row);
    if (load_full(b, stmt, err) != 0 || keys_make(rows, b->entries, err) != 0)
        return -1;
    for (size_t i = 0; i < b->entries; i++)
        if (b->entry[i].job.first == row)
            rows->key[rows->n++] = (int64_t)b->entry[i].job.row;
    qsort(rows->key, rows->n, sizeof *rows->key, ascending);
    return 0;
}

/* The first's text goes to the lowest of its duplicates, which is a job of its own now. */
static int inherit(struct batch *b, const jl_posting *from, struct entry *heir, jl_err *err) {
    jl_stored_job job = heir->job;
    jl_buf_clear(&b->stripped);
    if (jl_merge_inherit(b->s->reader, &heir->job.job, from, &b->stripped, &job.job, err) != 0)
        return -1;
    job.first = 0;
    note_marked(&job, heir->job.job.facts.status);
    return entry_become(b, index_of(b, heir), &job, err);
}

static int pass_on_to(struct batch *b, const jl_posting *from, const struct keys *rows, jl_err *err) {
    struct entry *heir = by_row(b, (uint64_t)rows->key[0]);
    if (inherit(b, from, heir, err) != 0)
        return -1;
    jl_facts lives = heir->job.job.facts;
    for (size_t i = 1; i < rows->n; i++) {
        struct entry *e = by_row(b, (uint64_t)rows->key[i]);
        jl_stored_job job = e->job;
        job.first = heir->job.row;
        if (entry_become(b, index_of(b, e), &job, err) != 0)
            return -1;
        (void)jl_merge_outlives(&lives, &job.job.facts);
    }
    heir->duplicates = (unsigned)rows->n - 1;
    return first_lives(b, heir->job.row, &lives, err);
}

/* Entry `i` is about to become `job`. */
static int pass_on(struct batch *b, size_t i, const jl_stored_job *job, jl_err *err) {
    jl_stored_job old = b->entry[i].job;
    struct keys rows = {0};
    if (!b->entry[i].duplicates || !old.job.hash.n || jl_span_eq(old.job.hash, job->job.hash))
        return 0;
    int rc = duplicates_of(b, old.row, &rows, err);
    if (rc == 0 && rows.n)
        rc = pass_on_to(b, &old.job, &rows, err);
    b->entry[i].duplicates = 0;
    free(rows.key);
    return rc;
}

/* ---- one posting ---- */

static int put_one(struct batch *b, jl_put *put, jl_err *err) {
    const jl_posting *in = put->in;
    struct entry *e = by_name(b, in->source, in->id);
    if (!e)
        e = by_url(b, in->url);
    jl_stored_job job;
    uint8_t status = JL_STATUS_NONE;
    jl_buf_clear(&b->merged);
    put->stored = JL_STORED_NEW;
    if (e) {
        job = e->job;
        status = e->job.job.facts.status;
        if (jl_merge(b->s->reader, &e->job.job, in, &b->merged, &job.job, &put->stored, err) != 0)
            return -1;
        size_t i = index_of(b, e);
        if (pass_on(b, i, &job, err) != 0)
            return -1;
        e = &b->entry[i];
    } else {
        /* Until something becomes of it, it is nothing. */
        job = (jl_stored_job){.row = ++b->meta.rows};
        if (entry_add(b, &job, err) != 0)
            return -1;
        e = &b->entry[b->entries - 1];
        job.job = *in;
    }
    uint64_t first = e->job.first;
    if (settle_duplicate(b, e, &job, &put->stored, err) != 0)
        return -1;
    note_marked(&job, status);
    put->row = job.row;
    count_duplicate(b, first, -1);
    count_duplicate(b, job.first, 1);
    return entry_become(b, index_of(b, e), &job, err) == 0 ? first_lives(b, job.first, &job.job.facts, err) : -1;
}

static int mark_one(struct batch *b, const jl_posting *which, jl_err *err) {
    struct entry *e = by_name(b, which->source, which->id);
    if (!e)
        e = by_url(b, which->url);
    uint8_t tries;
    if (!e || !jl_job_marks(&e->job, b->status, &tries))
        return 0;
    jl_stored_job job = e->job;
    jl_buf_clear(&b->merged);
    if (jl_merge_mark(b->s->reader, &e->job.job, b->status, tries, &b->merged, &job.job, err) != 0)
        return -1;
    job.marked = b->now;
    b->marked++;
    return entry_become(b, index_of(b, e), &job, err);
}

/* ---- writing ---- */

static int delete_rows(struct batch *b, bool vectors, jl_err *err) {
    struct keys rows = {0};
    jl_pg_stmt *stmt;
    if (keys_make(&rows, b->entries, err) != 0)
        return -1;
    for (size_t i = 0; i < b->entries; i++)
        if (b->entry[i].stored && (vectors ? b->entry[i].dirty_vectors : b->entry[i].dirty))
            rows.key[rows.n++] = (int64_t)b->entry[i].job.row;
    int rc = 0;
    if (rows.n) {
        rc = vectors ? pg_prepare(b->s, SLOT_DELETE_VECTORS, "DELETE FROM jobline_vector WHERE row = ANY($1::int8[])",
                                  &stmt, err)
                     : pg_prepare(b->s, SLOT_DELETE, "DELETE FROM jobline_job WHERE row = ANY($1::int8[])", &stmt, err);
        if (rc == 0)
            rc = jl_pg_bind_ints(stmt, 1, rows.key, rows.n, err) == 0 ? jl_pg_run(stmt, NULL, err) : -1;
    }
    free(rows.key);
    return rc;
}

static int copy_key(jl_pg *db, bool has, jl_span text, jl_err *err) {
    return has ? jl_pg_copy_int(db, pg_key(text), err) : jl_pg_copy_null(db, err);
}

#define JOB_COPIED                                                                                                     \
    "jobline_job(row, change, first, marked, id_key, url_key, hash_key, last_seen, status, hash, facts, line)"
#define JOB_COPIED_N 12
#define VECTOR_COPIED "jobline_vector(row, stage, dims, model, data)"
#define VECTOR_COPIED_N 5

static int copy_job(jl_pg *db, const jl_stored_job *job, jl_err *err) {
    const jl_posting *p = &job->job;
    const int64_t number[] = {(int64_t)job->row, (int64_t)job->change, (int64_t)job->first, job->marked, pg_key(p->id)};
    const jl_span text[] = {p->hash, {(const char *)&p->facts, sizeof p->facts}, p->line};
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        if (jl_pg_copy_int(db, number[i], err) != 0)
            return -1;
    if (copy_key(db, p->url.n > 0, p->url, err) != 0 || copy_key(db, p->hash.n && job->first == 0, p->hash, err) != 0 ||
        jl_pg_copy_int(db, p->facts.last_seen, err) != 0 || jl_pg_copy_int(db, p->facts.status, err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (jl_pg_copy_bytes(db, text[i], err) != 0)
            return -1;
    return 0;
}

static int copy_vectors(jl_pg *db, const jl_stored_job *job, jl_err *err) {
    for (int k = 0; k < JL_STAGES; k++) {
        const jl_vector *v = &job->job.vector[k];
        if (v->n && (jl_pg_copy_int(db, (int64_t)job->row, err) != 0 || jl_pg_copy_int(db, k, err) != 0 ||
                     jl_pg_copy_int(db, v->n, err) != 0 || jl_pg_copy_bytes(db, v->model, err) != 0 ||
                     jl_pg_copy_bytes(db, v->data, err) != 0))
            return -1;
    }
    return 0;
}

static int copy_entries(struct batch *b, bool vectors, jl_err *err) {
    jl_pg *db = b->s->db;
    size_t n = 0;
    for (size_t i = 0; i < b->entries; i++)
        n += vectors ? b->entry[i].dirty_vectors : b->entry[i].dirty;
    if (n == 0)
        return 0;
    if (delete_rows(b, vectors, err) != 0 ||
        jl_pg_copy(db, vectors ? VECTOR_COPIED : JOB_COPIED, vectors ? VECTOR_COPIED_N : JOB_COPIED_N, err) != 0)
        return -1;
    for (size_t i = 0; i < b->entries; i++) {
        const struct entry *e = &b->entry[i];
        if (!(vectors ? e->dirty_vectors : e->dirty))
            continue;
        if ((vectors ? copy_vectors(db, &e->job, err) : copy_job(db, &e->job, err)) != 0)
            return -1;
    }
    return jl_pg_copy_end(db, err);
}

static int batch_write(struct batch *b, jl_err *err) {
    bool any = false;
    for (size_t i = 0; i < b->entries; i++)
        any |= b->entry[i].dirty;
    if (!any)
        return 0;
    b->meta.change++;
    for (size_t i = 0; i < b->entries; i++)
        if (b->entry[i].dirty)
            b->entry[i].job.change = b->meta.change;
    return copy_entries(b, false, err) != 0 || copy_entries(b, true, err) != 0 ? -1 : pg_note(b->s, &b->meta, err);
}

/* ---- the functions ---- */

static int batch_body(void *self, jl_err *err) {
    struct batch *b = self;
    if (batch_begin(b, err) != 0 || pg_lock(b->s, &b->meta, err) != 0 || load_named(b, err) != 0 ||
        (b->put && load_alike(b, err) != 0) || load_duplicates(b, err) != 0)
        return -1;
    for (size_t i = 0; i < b->n; i++)
        if ((b->put ? put_one(b, &b->put[i], err) : mark_one(b, b->which[i], err)) != 0)
            return -1;
    return batch_write(b, err);
}

int pg_put(jl_jobs *base, jl_put *put, size_t n, jl_err *err) {
    struct batch b = {.s = pg_store_of(base), .put = put, .n = n};
    if (n == 0)
        return 0;
    int rc = pg_make(b.s, err);
    if (rc == 0)
        rc = jl_pg_transact(b.s->db, JL_PG_WRITE, batch_body, &b, err);
    batch_end(&b);
    return rc;
}

int pg_mark(jl_jobs *base, const jl_posting *const *which, size_t n, jl_status status, int64_t now, uint64_t *marked,
            jl_err *err) {
    struct batch b = {.s = pg_store_of(base), .which = which, .n = n, .status = status, .now = now};
    *marked = 0;
    int rc = n ? pg_attach(b.s, err) : 0;
    if (rc > 0)
        rc = jl_pg_transact(b.s->db, JL_PG_WRITE, batch_body, &b, err);
    *marked = rc == 0 ? b.marked : 0;
    batch_end(&b);
    return rc;
}

struct requeueing {
    struct batch b;
    int64_t before;
    uint8_t tries;
    uint64_t again, given_up;
};

static int requeue_one(struct requeueing *r, size_t i, jl_err *err) {
    struct batch *b = &r->b;
    struct entry *e = &b->entry[i];
    jl_status status;
    uint8_t tries;
    if (!jl_job_requeues(&e->job.job.facts, r->tries, &status, &tries))
        return 0;
    jl_stored_job job = e->job;
    jl_buf_clear(&b->merged);
    if (jl_merge_mark(b->s->reader, &e->job.job, status, tries, &b->merged, &job.job, err) != 0)
        return -1;
    if (status == JL_STATUS_NONE)
        job.marked = 0;
    r->again += status == JL_STATUS_NONE;
    r->given_up += status != JL_STATUS_NONE;
    return entry_become(b, i, &job, err);
}

/* Rows in their order, a slice at a time; `*after` is the last one. 1: there may be more. */
static int requeue_slice(struct requeueing *r, uint64_t *after, jl_err *err) {
    struct batch *b = &r->b;
    jl_pg_stmt *stmt;
    if (batch_begin(b, err) != 0 || pg_prepare(b->s, SLOT_MARKED,
                                               LOAD "j.row > $1::int8 AND j.marked < $2::int8 AND j.status IN (1, 2)"
                                                    " ORDER BY j.row LIMIT $3::int8",
                                               &stmt, err) != 0)
        return -1;
    jl_pg_bind_int(stmt, 1, (int64_t)*after);
    jl_pg_bind_int(stmt, 2, r->before);
    jl_pg_bind_int(stmt, 3, SLICE);
    if (load_full(b, stmt, err) != 0)
        return -1;
    uint64_t change = b->meta.change;
    for (size_t i = 0; i < b->entries; i++) {
        *after = b->entry[i].job.row;
        if (requeue_one(r, i, err) != 0)
            return -1;
    }
    if (batch_write(b, err) != 0)
        return -1;
    if (b->meta.change != change)
        b->meta.change = change; /* all slices are one change */
    return b->entries == SLICE;
}

_Static_assert(JL_STATUS_QUEUED == 1 && JL_STATUS_FAILED == 2, "SQL chooses by these numbers");

static int requeue_body(void *self, jl_err *err) {
    struct requeueing *r = self;
    uint64_t after = 0;
    int rc;
    r->again = r->given_up = 0;
    if (pg_lock(r->b.s, &r->b.meta, err) != 0)
        return -1;
    do
        rc = requeue_slice(r, &after, err);
    while (rc == 1);
    return rc;
}

int pg_requeue(jl_jobs *base, int64_t before, uint8_t tries, uint64_t *again, uint64_t *given_up, jl_err *err) {
    struct requeueing r = {.b = {.s = pg_store_of(base), .n = SLICE}, .before = before, .tries = tries};
    *again = *given_up = 0;
    int rc = pg_attach(r.b.s, err);
    if (rc > 0)
        rc = jl_pg_transact(r.b.s->db, JL_PG_WRITE, requeue_body, &r, err);
    if (rc == 0) {
        *again = r.again;
        *given_up = r.given_up;
    }
    batch_end(&r.b);
    return rc;
}

/* ---- a whole copy ---- */

static int import_check(const struct batch *b, const jl_stored_job *job, jl_err *err) {
    const char *name = jl_pg_name(b->s->db);
    if (!b->s->importing && (b->meta.rows || b->meta.change) && b->entries == 0)
        return jl_err_set(err, JL_CONFIG, "%s: is not empty: a copy is brought back into a new store", name);
    if (job->row <= b->meta.rows || job->row > INT64_MAX / 2 || job->change == 0 || job->change > INT64_MAX / 2)
        return jl_err_set(err, JL_CONFIG, "%s: job %llu does not follow %llu: the copy is damaged, or others write too",
                          name, (unsigned long long)job->row, (unsigned long long)b->meta.rows);
    return 0;
}

static int import_one(struct batch *b, const jl_stored_job *job, jl_err *err) {
    if (entry_add(b, job, err) != 0)
        return -1;
    struct entry *e = &b->entry[b->entries - 1];
    e->dirty = e->dirty_vectors = true;
    b->meta.rows = job->row;
    b->meta.change = job->change > b->meta.change ? job->change : b->meta.change;
    return 0;
}

static int import_body(void *self, jl_err *err) {
    struct batch *b = self;
    if (batch_begin(b, err) != 0 || pg_lock(b->s, &b->meta, err) != 0)
        return -1;
    for (size_t i = 0; i < b->n; i++)
        if (import_check(b, &b->import[i], err) != 0 || import_one(b, &b->import[i], err) != 0)
            return -1;
    b->meta.forgot = b->meta.change;
    return copy_entries(b, false, err) != 0 || copy_entries(b, true, err) != 0 ? -1 : pg_note(b->s, &b->meta, err);
}

int pg_import(jl_jobs *base, const jl_stored_job *job, size_t n, jl_err *err) {
    struct batch b = {.s = pg_store_of(base), .import = job, .n = n};
    int rc = pg_make(b.s, err);
    if (rc == 0)
        rc = jl_pg_transact(b.s->db, JL_PG_WRITE, import_body, &b, err);
    b.s->importing |= rc == 0;
    batch_end(&b);
    return rc;
}
