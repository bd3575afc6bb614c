/* The nearest rows: against brute force over random, clustered and equal vectors, with filters and changes, at every vector
 * level; files that are damaged. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "chance.h"
#include "jsonl/level.h"
#include "scratch.h"
#include "vector/codes.h"
#include "vector/index.h"
#include "vector/index_file.h"

/* ---- data ---- */

typedef enum kind { RANDOM, CLUSTERED, EQUAL, SPARSE, KINDS } kind;

typedef struct facts {
    uint32_t number;
    uint8_t tenth;
    char more[3];
} facts;

typedef struct table {
    uint32_t dims;
    size_t n;
    uint64_t *row;
    facts *facts;
    float *v;
    bool *gone; /* not to be found */
} table;

static float normal(chance *c) {
    double sum = -6;
    for (int i = 0; i < 12; ++i)
        sum += (double)(chance_bits(c) >> 11) * 0x1p-53;
    return (float)sum;
}

static void one_vector(chance *c, kind k, uint32_t dims, const float *centre, float *v) {
    for (uint32_t i = 0; i < dims; ++i)
        v[i] = k == CLUSTERED ? centre[i] + 0.002f * normal(c)
               : k == EQUAL   ? centre[i]
               : k == SPARSE  ? (chance_below(c, 16) ? 0 : normal(c))
                              : normal(c);
}

static table table_made(chance *c, kind k, uint32_t dims, size_t n) {
    table t = {dims,
               n,
               malloc((n + 1) * sizeof *t.row),
               calloc(n + 1, sizeof *t.facts),
               malloc((n + 1) * dims * sizeof *t.v),
               calloc(n + 1, sizeof *t.gone)};
    enum { CENTRES = 3 };
    float *centre = malloc(CENTRES * dims * sizeof *centre);
    for (size_t i = 0; i < CENTRES * dims; ++i)
        centre[i] = normal(c);
    uint64_t row = 0;
    for (size_t i = 0; i < n; ++i) {
        row += 1 + chance_below(c, 3);
        t.row[i] = row;
        t.facts[i] = (facts){.number = (uint32_t)row, .tenth = (uint8_t)(row % 10)};
        one_vector(c, k, dims, centre + chance_below(c, CENTRES) * dims, t.v + i * dims);
        jl_vector_normalise(t.v + i * dims, dims);
    }
    if (n > 7)
        memset(t.v + 5 * dims, 0, dims * sizeof *t.v);
    free(centre);
    return t;
}

static void table_free(table *t) {
    free(t->row);
    free(t->facts);
    free(t->v);
    free(t->gone);
}

/* ---- brute force ---- */

typedef struct asking {
    unsigned tenths; /* bit i: rows with tenth i pass; query i turns it by i */
    size_t calls;
} asking;

static bool passes(unsigned tenths, size_t query, uint8_t tenth) {
    return tenths >> (tenth + query) % 10 & 1;
}

static bool keep(void *self, size_t query, const void *p) {
    asking *a = self;
    facts f;
    memcpy(&f, p, sizeof f);
    ++a->calls;
    assert_int_equal(f.tenth, f.number % 10);
    return passes(a->tenths, query, f.tenth);
}

static int by_rank(const void *x, const void *y) {
    const jl_hit *a = x, *b = y;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (a->row > b->row) - (a->row < b->row);
}

static size_t brute(const table *t, const float *query, size_t which, unsigned tenths, size_t k, jl_hit *all) {
    size_t n = 0;
    for (size_t i = 0; i < t->n; ++i)
        if (!t->gone[i] && passes(tenths, which, t->facts[i].tenth))
            all[n++] = (jl_hit){t->row[i], jl_vector_dot(query, t->v + i * t->dims, t->dims)};
    qsort(all, n, sizeof *all, by_rank);
    return n < k ? n : k;
}

static void same_as_brute(jl_index *x, const table *t, const float *queries, size_t n, size_t k, unsigned tenths) {
    jl_hit *hit = calloc(n * k, sizeof *hit), *all = malloc((t->n + 1) * sizeof *all);
    size_t *hits = calloc(n, sizeof *hits);
    asking a = {tenths, 0};
    jl_err err = {0};
    jl_index_query q = {queries, n, k, tenths == 1023 ? NULL : keep, &a};
    if (jl_index_search(x, &q, hit, hits, &err) != 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < n; ++i) {
        size_t right = brute(t, queries + i * t->dims, i, tenths, k, all);
        if (hits[i] != right)
            fail_msg("query %zu: %zu hits, not %zu", i, hits[i], right);
        for (size_t j = 0; j < right; ++j)
            if (hit[i * k + j].row != all[j].row ||
                memcmp(&hit[i * k + j].score, &all[j].score, sizeof all[j].score) != 0)
                fail_msg("level %d, dims %u, query %zu, hit %zu: row %llu (%.9g), not %llu (%.9g)", (int)jl_level_now(),
                         t->dims, i, j, (unsigned long long)hit[i * k + j].row, (double)hit[i * k + j].score,
                         (unsigned long long)all[j].row, (double)all[j].score);
    }
    free(hit);
    free(all);
    free(hits);
}

/* ---- files ---- */

typedef struct feed {
    const table *t;
    size_t at, step;
    bool gone; /* tell rows that are gone too */
} feed;

static int feed_next(void *self, jl_index_row *row, jl_err *err) {
    (void)err;
    feed *f = self;
    while (f->at < f->t->n && !f->gone && f->t->gone[f->at])
        ++f->at;
    if (f->at >= f->t->n)
        return 0;
    size_t i = f->at;
    *row = (jl_index_row){f->t->row[i], f->t->gone[i], &f->t->facts[i], f->t->v + i * f->t->dims};
    f->at += f->step;
    return 1;
}

static jl_index_head head_of(uint32_t dims) {
    return (jl_index_head){.model = "m-1", .dims = dims, .facts = sizeof(facts), .store = 77, .change = 5};
}

static void write_table(const char *path, const table *t) {
    jl_err err = {0};
    jl_index_head head = head_of(t->dims);
    feed f = {t, 0, 1, false};
    if (jl_index_write(path, &head, feed_next, &f, &err) != 0)
        fail_msg("%s", err.text);
}

static jl_index *opened(const char *path) {
    jl_index *x;
    jl_err err = {0};
    if (jl_index_open(&x, path, NULL, &err) != 0)
        fail_msg("%s", err.text);
    assert_non_null(x);
    return x;
}

/* Queries near rows and elsewhere, one of zeros. */
static float *queries_for(chance *c, const table *t, size_t n) {
    float *q = calloc(n * t->dims, sizeof *q);
    for (size_t i = 0; i + 1 < n; ++i) {
        const float *near = t->n && i % 3 ? t->v + chance_below(c, t->n) * t->dims : NULL;
        for (uint32_t d = 0; d < t->dims; ++d)
            q[i * t->dims + d] = near ? near[d] + 0.01f * normal(c) : normal(c);
        jl_vector_normalise(q + i * t->dims, t->dims);
    }
    return q;
}

/* ---- tests ---- */

static void all_kinds(chance *c, uint32_t dims, size_t n) {
    enum { QUERIES = 7 };
    for (kind k = dims > 200 && dims != 384 ? SPARSE : RANDOM; k < KINDS; ++k) {
        table t = table_made(c, k, dims, n);
        float *q = queries_for(c, &t, QUERIES);
        unlink("i");
        write_table("i", &t);
        jl_index *x = opened("i");
        assert_int_equal(jl_index_about(x)->rows, n);
        for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; level += level == JL_LEVEL_PLAIN ? 3 : 1) {
            jl_level_force(level);
            same_as_brute(x, &t, q, QUERIES, 10, 1023);
            same_as_brute(x, &t, q, 1, 1, 1023);
        }
        same_as_brute(x, &t, q, QUERIES, 10, 4);
        same_as_brute(x, &t, q, QUERIES, 100, 4 + 32 + 256);
        same_as_brute(x, &t, q, 2, n + 5, 1023);
        same_as_brute(x, &t, q, 2, 10, 0);
        jl_index_close(x);
        free(q);
        table_free(&t);
    }
}

static void nearest_are_those_of_brute_force(void **state) {
    (void)state;
    static const struct {
        uint32_t dims;
        size_t n;
    } sizes[] = {{3, 9000},   {1, 40},     {128, 3000}, {384, 1500}, {768, 300}, {1000, 300},
                 {1536, 100}, {8192, 300}, {5, 0},      {7, 1},      {64, 4096}, {65, 4097}};
    chance c = chance_seeded();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i)
        for (size_t round = 0; round < chance_rounds(1); ++round)
            all_kinds(&c, sizes[i].dims, sizes[i].n);
}

/* Estimates have the same bits at all levels, and the true scores are within their bounds. */
static void codes_are_the_same_everywhere(void **state) {
    (void)state;
    chance c = chance_seeded();
    static const uint32_t dims[] = {1, 2, 3, 4, 63, 64, 65, 128, 384, 1000, 1536};
    enum { GROUPS = 9, ROWS = GROUPS * JL_CODES_ROWS };
    for (size_t d = 0; d < sizeof dims / sizeof *dims; ++d)
        for (kind k = 0; k < KINDS; ++k) {
            uint32_t n = dims[d];
            table t = table_made(&c, k, n, ROWS);
            char *group = aligned_alloc(64, GROUPS * jl_codes_group(n));
            for (size_t g = 0; g < GROUPS; ++g)
                jl_codes_pack(t.v + g * JL_CODES_ROWS * n, JL_CODES_ROWS, n, group + g * jl_codes_group(n));
            float *queries = queries_for(&c, &t, JL_CODES_TILE);
            int8_t code[JL_CODES_TILE][8192];
            jl_codes_query q[JL_CODES_TILE];
            for (size_t i = 0; i < JL_CODES_TILE; ++i) {
                jl_codes_ask(queries + i * n, n, code[i], &q[i]);
                q[i].over = 0.1f * (float)i;
            }
            for (size_t wide = 1; wide <= JL_CODES_TILE; ++wide) {
                float right[JL_CODES_TILE * ROWS], got[JL_CODES_TILE * ROWS];
                uint16_t right_hit[JL_CODES_TILE * GROUPS], hit[JL_CODES_TILE * GROUPS];
                jl_codes_scan_plain(group, GROUPS, n, q, wide, right, right_hit);
                for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level) {
                    jl_level_force(level);
                    jl_codes_scan(group, GROUPS, n, q, wide, got, hit);
                    assert_memory_equal(got, right, wide * ROWS * sizeof *got);
                    assert_memory_equal(hit, right_hit, wide * GROUPS * sizeof *hit);
                }
                for (size_t i = 0; i < wide * ROWS; ++i) {
                    size_t r = i % ROWS, which = i / ROWS;
                    float rest, score = jl_vector_dot(queries + which * n, t.v + r * n, n);
                    memcpy(&rest, group + r / 16 * jl_codes_group(n) + 64 + r % 16 * 4, sizeof rest);
                    float most = right[i] + rest * q[which].per_rest + q[which].margin;
                    float least = right[i] - rest * q[which].per_rest - q[which].margin;
                    if (!(score <= most && score >= least))
                        fail_msg("dims %u: %.9g is not from %.9g to %.9g", n, (double)score, (double)least,
                                 (double)most);
                    if (score > q[which].over)
                        assert_true(right_hit[which * GROUPS + r / 16] >> r % 16 & 1);
                }
            }
            free(group);
            free(queries);
            table_free(&t);
        }
}

static void change_some(chance *c, jl_index *x, table *t, size_t changes) {
    for (size_t i = 0; i < changes; ++i) {
        size_t at = chance_below(c, t->n);
        float *v = t->v + at * t->dims;
        if (chance_below(c, 3) == 0) {
            t->gone[at] = true;
            assert_int_equal(jl_index_hide(x, t->row[at], NULL), 0);
            continue;
        }
        for (uint32_t d = 0; d < t->dims; ++d)
            v[d] = normal(c);
        jl_vector_normalise(v, t->dims);
        t->gone[at] = false;
        assert_int_equal(jl_index_set(x, t->row[at], &t->facts[at], v, NULL), 0);
    }
}

static void changes_are_seen_at_once(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t round = 0; round < chance_rounds(8); ++round) {
        table t = table_made(&c, round % KINDS, 24, 5000);
        size_t whole = t.n;
        t.n -= 300; /* the last ones are new */
        unlink("i");
        write_table("i", &t);
        jl_index *x = opened("i");
        t.n = whole;
        for (size_t i = whole - 300; i < whole; ++i)
            assert_int_equal(jl_index_set(x, t.row[i], &t.facts[i], t.v + i * t.dims, NULL), 0);
        float *q = queries_for(&c, &t, 5);
        for (int step = 0; step < 3; ++step) {
            change_some(&c, x, &t, 500);
            same_as_brute(x, &t, q, 5, 20, 1023);
            same_as_brute(x, &t, q, 5, 20, 9);
        }
        jl_index_close(x);
        free(q);
        table_free(&t);
    }
}

static void without_a_file(void **state) {
    (void)state;
    chance c = chance_seeded();
    table t = table_made(&c, CLUSTERED, 40, 3000);
    float *q = queries_for(&c, &t, 3);
    jl_index_head head = head_of(40);
    jl_index *x;
    assert_int_equal(jl_index_open(&x, "none", NULL, NULL), 0);
    assert_null(x);
    assert_int_equal(jl_index_open(&x, NULL, &head, NULL), 0);
    size_t n = 0;
    assert_int_equal(jl_index_search(x, &(jl_index_query){.queries = q, .n = 1, .k = 5}, NULL, &n, NULL), 0);
    assert_int_equal(n, 0);
    for (size_t i = t.n; i-- > 0;)
        assert_int_equal(jl_index_set(x, t.row[i], &t.facts[i], t.v + i * t.dims, NULL), 0);
    same_as_brute(x, &t, q, 3, 10, 1023);
    float bad[40] = {NAN};
    jl_err err = {0};
    assert_int_equal(jl_index_set(x, 1, &t.facts[0], bad, &err), -1);
    assert_int_equal(err.class, JL_DATA);
    jl_hit hit[5];
    assert_int_equal(jl_index_search(x, &(jl_index_query){.queries = bad, .n = 1, .k = 5}, hit, &n, &err), -1);
    assert_int_equal(err.class, JL_DATA);
    jl_index_close(x);
    free(q);
    table_free(&t);
}

/* A file refreshed again and again is the file that is written from nothing, byte for byte. */
static void refreshed_is_like_new(void **state) {
    (void)state;
    chance c = chance_seeded();
    table t = table_made(&c, SPARSE, 33, 9500), changes = t;
    for (size_t i = 0; i < t.n; ++i)
        t.gone[i] = chance_below(&c, 4) == 0;
    unlink("i");
    write_table("i", &t);
    for (int round = 0; round < 4; ++round) {
        size_t from = chance_below(&c, t.n), step = 1 + chance_below(&c, 40);
        for (size_t i = from; i < t.n; i += step) {
            t.gone[i] = chance_below(&c, 2);
            memset(t.v + i * t.dims, 0, t.dims * sizeof *t.v);
            t.v[i * t.dims + chance_below(&c, t.dims)] = 1;
            t.facts[i].more[0] = (char)round;
        }
        jl_index_head head = head_of(t.dims);
        feed f = {&changes, from, step, true};
        assert_int_equal(jl_index_write("i", &head, feed_next, &f, NULL), 0);
        unlink("new");
        write_table("new", &t);
        assert_int_equal(system("cmp i new"), 0);
    }
    /* Of another model nothing is taken over. */
    jl_index_head other = head_of(t.dims);
    strcpy(other.model, "m-2");
    feed none = {&t, t.n, 1, true};
    assert_int_equal(jl_index_write("i", &other, feed_next, &none, NULL), 0);
    assert_int_equal(other.rows, 0);
    table_free(&t);
}

static int two_backwards(void *self, jl_index_row *row, jl_err *err) {
    (void)err;
    static const float v[3] = {1, 0, 0};
    static const facts f;
    int *left = self;
    *row = (jl_index_row){(uint64_t)*left, false, &f, v};
    return (*left)-- > 0;
}

static int no_number(void *self, jl_index_row *row, jl_err *err) {
    (void)err;
    static const float v[3] = {1, INFINITY, 0};
    static const facts f;
    int *left = self;
    *row = (jl_index_row){1, false, &f, v};
    return (*left)-- > 0;
}

static int no_more(void *self, jl_index_row *row, jl_err *err) {
    (void)self;
    (void)row;
    return jl_err_set(err, JL_TEMPFAIL, "later");
}

static void a_failed_writing_leaves_the_file(void **state) {
    (void)state;
    chance c = chance_seeded();
    table t = table_made(&c, RANDOM, 3, 100);
    unlink("i");
    write_table("i", &t);
    assert_int_equal(system("cp i before"), 0);
    int (*const bad[])(void *, jl_index_row *, jl_err *) = {two_backwards, no_number, no_more};
    const jl_class class[] = {JL_SOFTWARE, JL_DATA, JL_TEMPFAIL};
    for (size_t i = 0; i < 3; ++i) {
        jl_index_head head = head_of(3);
        jl_err err = {0};
        int left = 2;
        assert_int_equal(jl_index_write("i", &head, bad[i], &left, &err), -1);
        assert_int_equal(err.class, class[i]);
        assert_int_equal(system("cmp i before"), 0);
    }
    assert_int_equal(system("test $(ls -A | grep -v -x -e i -e before -e new | wc -l) = 0"), 0);
    table_free(&t);
}

/* ---- damage ---- */

typedef struct bytes {
    char *p;
    size_t n;
} bytes;

static bytes slurp(const char *path) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    bytes b = {NULL, (size_t)ftell(f)};
    rewind(f);
    b.p = malloc(b.n);
    assert_int_equal(fread(b.p, 1, b.n, f), b.n);
    fclose(f);
    return b;
}

static void spill(const char *path, const char *p, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* JL_OK: it was searched. */
static jl_class class_of(const char *path, const float *q) {
    jl_index *x;
    jl_err err = {0};
    jl_hit hit[10];
    size_t n;
    asking a = {1023, 0};
    if (jl_index_open(&x, path, NULL, &err) != 0)
        return err.class;
    assert_non_null(x);
    int result = jl_index_search(x, &(jl_index_query){q, 1, 10, keep, &a}, hit, &n, &err);
    jl_index_close(x);
    return result == 0 ? JL_OK : err.class;
}

#define MAGIC 7 /* bytes, before the version's digit: without them it is somebody else's file */

static jl_class check_of(const char *path) {
    jl_err err = {0};
    return jl_index_check(path, &err) == 0 ? JL_OK : err.class;
}

/* Also damage that no search has met. */
static void a_check_looks_at_everything(void **state) {
    (void)state;
    chance c = chance_seeded();
    table t = table_made(&c, RANDOM, 21, 150);
    unlink("i");
    write_table("i", &t);
    bytes b = slurp("i");
    jl_index_shape shape = jl_index_shape_of(21, sizeof(facts));
    jl_index_parts parts = jl_index_parts_of(&shape, 150);
    size_t codes = JL_INDEX_HEADER + parts.codes, floats = JL_INDEX_HEADER + parts.floats;
    assert_int_equal(check_of("i"), JL_OK);
    for (size_t at = codes; at < floats + 150 * 21 * sizeof(float); at += at < floats ? 3 : sizeof(float)) {
        size_t byte = at < floats ? at : at + 3 - (at - floats) % sizeof(float); /* exponents */
        b.p[byte] = (char)(b.p[byte] ^ 64);
        spill("bad", b.p, b.n);
        b.p[byte] = (char)(b.p[byte] ^ 64);
        assert_int_equal(check_of("bad"), JL_CONFIG);
    }
    spill("bad", b.p, 0);
    assert_int_equal(check_of("bad"), JL_OK);
    assert_int_equal(check_of("there-is-none"), JL_OK);
    spill("bad", "{\"company\":\"C\"}\n", 16);
    assert_int_equal(check_of("bad"), JL_DATA);
    free(b.p);
    table_free(&t);
}

static void damage_is_told(void **state) {
    (void)state;
    chance c = chance_seeded();
    table t = table_made(&c, RANDOM, 20, 150);
    float *q = queries_for(&c, &t, 2);
    unlink("i");
    write_table("i", &t);
    bytes b = slurp("i");
    jl_index_shape shape = jl_index_shape_of(20, sizeof(facts));
    size_t checked = JL_INDEX_HEADER + jl_index_parts_of(&shape, 150).codes;
    size_t pads = 0;
    for (size_t at = 0; at < b.n; at += at < checked ? 1 : 13) {
        b.p[at] = (char)(b.p[at] ^ 16);
        spill("bad", b.p, b.n);
        b.p[at] = (char)(b.p[at] ^ 16);
        jl_class class = class_of("bad", q);
        if (at < checked && class == JL_OK)
            ++pads; /* bytes between the parts mean nothing */
        assert_true(class == JL_OK || class == (at < MAGIC ? JL_DATA : JL_CONFIG));
    }
    assert_true(pads < 300);
    for (size_t n = 1; n < b.n; n += 1 + n / 16) {
        spill("bad", b.p, n);
        assert_int_equal(class_of("bad", q), n < MAGIC ? JL_DATA : JL_CONFIG);
    }
    assert_int_equal(class_of("i", q), JL_OK);
    assert_int_equal(class_of(".", q), JL_DATA);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(class_of("pipe", q), JL_DATA);
    free(b.p);
    free(q);
    table_free(&t);
}

/* The file of an open index loses its end. */
static void a_file_that_shrinks(void **state) {
    (void)state;
    chance c = chance_seeded();
    table t = table_made(&c, RANDOM, 20, 9000);
    float *q = queries_for(&c, &t, 2);
    unlink("i");
    write_table("i", &t);
    jl_index *x = opened("i");
    assert_int_equal(truncate("i", 100000), 0);
    jl_err err = {0};
    jl_hit hit[10];
    size_t n;
    assert_int_equal(jl_index_search(x, &(jl_index_query){.queries = q, .n = 1, .k = 10}, hit, &n, &err), -1);
    assert_int_equal(err.class, JL_CONFIG);
    jl_index_close(x);
    free(q);
    table_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_the_same_everywhere),
        cmocka_unit_test(nearest_are_those_of_brute_force),
        cmocka_unit_test(changes_are_seen_at_once),
        cmocka_unit_test(without_a_file),
        cmocka_unit_test(refreshed_is_like_new),
        cmocka_unit_test(a_failed_writing_leaves_the_file),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(a_check_looks_at_everything),
        cmocka_unit_test(a_file_that_shrinks),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
