/* The nearest rows of a side file and of what changed since.
 *
 * The codes are scanned from the first row to the last. Each estimate comes with a bound of its error (codes.h), so a row is
 * dropped only when k others are better for certain (best.h); the float rows of those that are left are read, and what comes
 * out is exact by construction, whatever the vectors look like. Chunks are read, not mapped: the faults of a mapping
 * cost a short process more than the copy, and a file that shrinks would kill it. */
#include "vector/index.h"

#include <stdlib.h>

#include "vector/best.h"
#include "vector/codes.h"
#include "vector/float.h"
#include "vector/index_file.h"
#include "vector/overlay.h"

enum { CHUNK = 256 << 10, GAP = 8 << 10 };

struct jl_index {
    jl_index_file file; /* fd -1: there is none */
    char *path;
    jl_overlay over;
};

static int index_file(jl_index *x, const char *path, bool *there, jl_err *err) {
    x->path = strdup(path);
    if (!x->path)
        return jl_err_nomem(err);
    if (jl_index_file_open(&x->file, x->path, err) != 0)
        return -1;
    *there = x->file.fd >= 0;
    return 0;
}

static int index_empty(jl_index *x, const jl_index_head *head, jl_err *err) {
    if (!head || head->dims == 0 || head->dims > JL_DIMS_MAX || head->facts > JL_INDEX_FACTS_MAX)
        return jl_err_set(err, JL_CONFIG, "an index of %u dimensions", head ? (unsigned)head->dims : 0);
    x->file.head = *head;
    x->file.head.rows = 0;
    x->file.shape = jl_index_shape_of(head->dims, head->facts);
    return 0;
}

int jl_index_open(jl_index **index, const char *path, const jl_index_head *head, jl_err *err) {
    bool there = true;
    *index = NULL;
    jl_index *x = calloc(1, sizeof *x);
    if (!x)
        return jl_err_nomem(err);
    x->file.fd = -1;
    int result = path ? index_file(x, path, &there, err) : index_empty(x, head, err);
    if (result != 0 || !there) {
        jl_index_close(x);
        return result;
    }
    x->over.dims = x->file.head.dims;
    x->over.facts = x->file.head.facts;
    *index = x;
    return 0;
}

void jl_index_close(jl_index *index) {
    if (!index)
        return;
    jl_index_file_close(&index->file);
    jl_overlay_free(&index->over);
    free(index->path);
    free(index);
}

const jl_index_head *jl_index_about(const jl_index *index) {
    return &index->file.head;
}

int jl_index_set(jl_index *index, uint64_t row, const void *facts, const float *vector, jl_err *err) {
    return jl_overlay_set(&index->over, row, facts, vector, err);
}

int jl_index_hide(jl_index *index, uint64_t row, jl_err *err) {
    return jl_overlay_set(&index->over, row, NULL, NULL, err);
}

/* ---- one search ---- */

typedef struct asked {
    jl_codes_query q;
    jl_best best;
    const float *vector;
} asked;

typedef struct search {
    const jl_index *index;
    const jl_index_query *spec;
    size_t k;
    asked *asked;
    void *memory[6]; /* all that is to be freed */
    size_t n_memory;
    char *block; /* a block up to its codes */
    char *chunk; /* groups of codes */
    char *rows;  /* float rows that stand together */
    size_t chunk_groups, rows_room;
    float *estimate;
    uint16_t *hit;
} search;

static void *take(search *s, size_t n, size_t size) {
    size_t bytes = size && n > SIZE_MAX / 2 / size ? 0 : (n * size + 63) & ~(size_t)63;
    void *p = bytes ? aligned_alloc(64, bytes) : NULL;
    if (p)
        s->memory[s->n_memory++] = p;
    return p;
}

static void search_end(search *s) {
    for (size_t i = 0; i < s->n_memory; ++i)
        free(s->memory[i]);
}

/* Memory for the queries: their vectors, codes, candidates. */
static int take_queries(search *s, jl_err *err) {
    const jl_index_shape *shape = &s->index->file.shape;
    size_t n = s->spec->n, room = jl_best_room(s->k), codes = (shape->dims + 3) / 4 * 4;
    asked *a = take(s, n, sizeof *a);
    float *vector = take(s, n * shape->dims, sizeof *vector);
    /* Candidates first, then their scratch, then the codes. */
    size_t each = room * (sizeof(jl_near) + sizeof(float)) + codes;
    each = (each + 15) & ~(size_t)15;
    char *p = take(s, n, each);
    if (!a || !vector || !p)
        return jl_err_nomem(err);
    memcpy(vector, s->spec->queries, n * shape->dims * sizeof *vector);
    for (size_t i = 0; i < n; ++i, p += each) {
        float *v = vector + i * shape->dims;
        if (!jl_float_normalise(v, shape->dims))
            return jl_err_set(err, JL_DATA, "a query has a number that is NaN or infinite");
        a[i] = (asked){.vector = v};
        a[i].best.list = (jl_near *)(void *)p;
        a[i].best.scratch = (float *)(void *)(p + room * sizeof(jl_near));
        jl_best_start(&a[i].best, s->k);
        jl_codes_ask(v, shape->dims, (int8_t *)(a[i].best.scratch + room), &a[i].q);
    }
    s->asked = a;
    return 0;
}

static int take_buffers(search *s, jl_err *err) {
    const jl_index_shape *shape = &s->index->file.shape;
    size_t group = jl_codes_group(shape->dims), row = shape->dims * sizeof(float);
    size_t most = shape->block_rows / JL_CODES_ROWS;
    s->chunk_groups = CHUNK / group < 4 ? 4 : CHUNK / group > most ? most : CHUNK / group;
    s->rows_room = CHUNK / row < 1 ? 1 : CHUNK / row;
    s->block = take(s, jl_index_parts_of(shape, shape->block_rows).codes, 1);
    /* Codes and rows are not in use at the same time for long, but a scan goes on behind a settlement. */
    size_t codes = s->chunk_groups * group;
    size_t estimates = JL_CODES_TILE * s->chunk_groups * (JL_CODES_ROWS * sizeof(float) + sizeof(uint16_t));
    s->chunk = take(s, codes + s->rows_room * row + 64 + estimates, 1);
    if (!s->block || !s->chunk)
        return jl_err_nomem(err);
    s->rows = s->chunk + codes;
    s->estimate = (float *)(void *)(s->rows + ((s->rows_room * row + 63) & ~(size_t)63));
    s->hit = (uint16_t *)(void *)(s->estimate + JL_CODES_TILE * s->chunk_groups * JL_CODES_ROWS);
    return 0;
}

/* ---- true scores ---- */

/* True scores of list[0..n), whose rows stand within the read span that starts at list[0]. */
static int score_rows(search *s, asked *a, jl_near *list, size_t n, jl_err *err) {
    const jl_index_file *file = &s->index->file;
    uint32_t dims = file->shape.dims;
    const float *rows = (const float *)(const void *)s->rows;
    for (size_t i = 0; i < n; ++i) {
        float score = jl_vector_dot(a->vector, rows + (list[i].at - list[0].at) * dims, dims);
        float away = score - list[i].score;
        /* Also when it is NaN. */
        if (!(away <= list[i].radius && -away <= list[i].radius))
            return jl_index_damaged(file, err);
        list[i].score = score;
        list[i].radius = 0;
    }
    return 0;
}

/* How many of the list, from the first, are worth one read. */
static size_t neighbours(const search *s, const jl_near *list, size_t n) {
    const jl_index_shape *shape = &s->index->file.shape;
    uint64_t row = shape->dims * sizeof(float), block = list[0].at / shape->block_rows;
    size_t i = 1;
    while (i < n && list[i].at / shape->block_rows == block && list[i].at - list[0].at < s->rows_room &&
           (list[i].at - list[i - 1].at - 1) * row <= GAP)
        ++i;
    return i;
}

static int score_all(search *s, asked *a, size_t n, jl_err *err) {
    const jl_index_file *file = &s->index->file;
    const jl_index_shape *shape = &file->shape;
    size_t row = shape->dims * sizeof(float);
    for (size_t i = 0, step; i < n; i += step) {
        jl_near *first = a->best.list + i;
        step = neighbours(s, first, n - i);
        uint64_t block = first->at / shape->block_rows;
        uint64_t at = jl_index_block_at(file, block) +
                      jl_index_parts_of(shape, jl_index_block_rows(file, block)).floats +
                      first->at % shape->block_rows * row;
        size_t rows = (size_t)(first[step - 1].at - first->at) + 1;
        if (jl_index_file_read(file, at, s->rows, rows * row, err) != 0 || score_rows(s, a, first, step, err) != 0)
            return -1;
    }
    return 0;
}

/* The scores of those that would be the k tell which others have to be looked at. */
static int settle(search *s, asked *a, jl_err *err) {
    jl_best_drop(&a->best);
    size_t n = jl_best_unsettled(&a->best, false);
    if (score_all(s, a, n, err) != 0)
        return -1;
    jl_best_drop(&a->best);
    n = jl_best_unsettled(&a->best, true);
    if (score_all(s, a, n, err) != 0)
        return -1;
    jl_best_drop(&a->best);
    return 0;
}

/* ---- candidates ---- */

/* The number before it, so that a comparison by "more" lets equal scores through. */
static float just_below(float x) {
    int32_t bits;
    if (x == -__builtin_inff())
        return x;
    if (x == 0)
        return -1e-40f;
    memcpy(&bits, &x, sizeof bits);
    bits += x > 0 ? -1 : 1;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static int make_room(search *s, asked *a, jl_err *err) {
    jl_best *b = &a->best;
    jl_best_drop(b);
    if (b->n > b->room - b->room / 4 && settle(s, a, err) != 0)
        return -1;
    a->q.over = just_below(b->least);
    return 0;
}

static int offer(search *s, asked *a, const jl_near *near, const void *facts, jl_err *err) {
    const jl_index_query *spec = s->spec;
    jl_best *b = &a->best;
    if (!jl_best_wants(b, near->score + near->radius, near->row))
        return 0;
    if (spec->keep && !spec->keep(spec->self, (size_t)(a - s->asked), facts))
        return 0;
    b->list[b->n++] = *near;
    return b->n < b->room ? 0 : make_room(s, a, err);
}

static int search_overlay(search *s, asked *a, jl_err *err) {
    const jl_overlay *o = &s->index->over;
    for (size_t i = 0; i < o->n; ++i) {
        const jl_overlay_row *r = &o->list[i];
        if (r->at == JL_OVERLAY_HIDDEN)
            continue;
        jl_near near = {jl_vector_dot(a->vector, jl_overlay_vector(o, r), o->dims), 0, r->row, 0};
        if (offer(s, a, &near, jl_overlay_facts(o, r), err) != 0)
            return -1;
    }
    jl_best_drop(&a->best);
    a->q.over = just_below(a->best.least);
    return 0;
}

/* ---- the scan ---- */

typedef struct place {
    uint64_t block, first; /* `first`: the place in the file of the block's first row */
    jl_index_parts parts;
    size_t rows;
    size_t group, groups; /* in the chunk: the first, counted in the block, and how many */
} place;

static int offer_group(search *s, const place *p, asked *a, size_t g, const float *estimate, unsigned hit,
                       jl_err *err) {
    const jl_index_file *file = &s->index->file;
    float rest[JL_CODES_ROWS];
    memcpy(rest, s->chunk + g * jl_codes_group(file->shape.dims) + sizeof rest, sizeof rest);
    for (; hit; hit &= hit - 1) {
        size_t r = (size_t)__builtin_ctz(hit), i = (p->group + g) * JL_CODES_ROWS + r;
        if (i >= p->rows)
            break;
        jl_near near = {estimate[r], rest[r] * a->q.per_rest + a->q.margin, 0, p->first + i};
        /* Also when they are NaN. */
        if (!(near.score > -2 && near.score < 2 && rest[r] >= 0 && rest[r] < 2))
            return jl_index_damaged(file, err);
        memcpy(&near.row, s->block + JL_INDEX_BLOCK_HEAD + i * sizeof near.row, sizeof near.row);
        if (s->index->over.n && jl_overlay_has(&s->index->over, near.row))
            continue;
        if (offer(s, a, &near, s->block + p->parts.facts + i * file->shape.facts, err) != 0)
            return -1;
    }
    return 0;
}

static int scan_chunk(search *s, const place *p, jl_err *err) {
    uint32_t dims = s->index->file.shape.dims;
    for (size_t i = 0; i < s->spec->n; i += JL_CODES_TILE) {
        size_t n = s->spec->n - i < JL_CODES_TILE ? s->spec->n - i : JL_CODES_TILE;
        jl_codes_query q[JL_CODES_TILE];
        for (size_t j = 0; j < n; ++j)
            q[j] = s->asked[i + j].q;
        jl_codes_scan(s->chunk, p->groups, dims, q, n, s->estimate, s->hit);
        for (size_t j = 0; j < n * p->groups; ++j)
            if (s->hit[j] && offer_group(s, p, &s->asked[i + j / p->groups], j % p->groups,
                                         s->estimate + j * JL_CODES_ROWS, s->hit[j], err) != 0)
                return -1;
    }
    return 0;
}

static int scan_block(search *s, uint64_t block, jl_err *err) {
    const jl_index_file *file = &s->index->file;
    size_t rows = jl_index_block_rows(file, block), size = jl_codes_group(file->shape.dims);
    place p = {block, block * file->shape.block_rows, jl_index_parts_of(&file->shape, rows), rows, 0, 0};
    if (jl_index_block_read(file, block, s->spec->keep && file->shape.facts, s->block, err) != 0)
        return -1;
    size_t groups = (rows + JL_CODES_ROWS - 1) / JL_CODES_ROWS;
    for (; p.group < groups; p.group += p.groups) {
        p.groups = groups - p.group < s->chunk_groups ? groups - p.group : s->chunk_groups;
        uint64_t at = jl_index_block_at(file, block) + p.parts.codes + p.group * size;
        if (jl_index_file_read(file, at, s->chunk, p.groups * size, err) != 0 || scan_chunk(s, &p, err) != 0)
            return -1;
    }
    return 0;
}

static int search_run(search *s, jl_hit *hit, size_t *hits, jl_err *err) {
    const jl_index_file *file = &s->index->file;
    uint64_t blocks = file->fd >= 0 ? jl_index_blocks(file) : 0;
    if (take_queries(s, err) != 0 || (blocks && take_buffers(s, err) != 0))
        return -1;
    for (size_t i = 0; i < s->spec->n; ++i)
        if (search_overlay(s, &s->asked[i], err) != 0)
            return -1;
    for (uint64_t b = 0; b < blocks; ++b)
        if (scan_block(s, b, err) != 0)
            return -1;
    for (size_t i = 0; i < s->spec->n; ++i) {
        jl_best *best = &s->asked[i].best;
        if (settle(s, &s->asked[i], err) != 0)
            return -1;
        hits[i] = best->n;
        for (size_t j = 0; j < best->n; ++j)
            hit[i * s->spec->k + j] = (jl_hit){best->list[j].row, best->list[j].score};
    }
    return 0;
}

int jl_index_search(jl_index *index, const jl_index_query *query, jl_hit *hit, size_t *hits, jl_err *err) {
    jl_overlay_settle(&index->over);
    memset(hits, 0, query->n * sizeof *hits);
    uint64_t rows = index->file.head.rows + index->over.n;
    search s = {.index = index, .spec = query, .k = query->k < rows ? query->k : (size_t)rows};
    if (s.k == 0 || query->n == 0)
        return 0;
    int result = search_run(&s, hit, hits, err);
    search_end(&s);
    return result;
}
