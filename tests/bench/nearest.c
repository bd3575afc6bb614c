/* Makes vectors, writes them as a side file, asks it and brute force for the nearest: our part of the group `nearest`.
 *
 *   nearest make ROWS DIMS QUERIES FOLDER    vectors.f32 and queries.f32: float32 rows of length 1, in clusters
 *   nearest build VECTORS DIMS INDEX
 *   nearest search INDEX QUERIES K AT-ONCE   a whole process: opens, asks all queries, AT-ONCE at a time
 *   nearest brute VECTORS DIMS QUERIES K     float32, all rows, vectors read into memory first
 *
 * The last two print the rows found, a query a line, and on stderr the seconds of an average query. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "vector/index.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static _Noreturn void die(const char *what, const char *why) {
    fprintf(stderr, "nearest: %s: %s\n", what, why);
    exit(70);
}

static void *memory(size_t n) {
    void *p = aligned_alloc(64, (n + 64) & ~(size_t)63);
    if (!p)
        die("memory", strerror(ENOMEM));
    return p;
}

/* ---- vectors ---- */

static uint64_t state = 20261122;

static uint64_t bits(void) { /* splitmix64 */
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Nearly normal: four sums of sixteen bits. */
static float normal(void) {
    uint64_t b = bits();
    double sum = (double)(b & 0xffff) + (double)(b >> 16 & 0xffff) + (double)(b >> 32 & 0xffff) + (double)(b >> 48);
    return (float)((sum / 65536 - 2) * 1.7320508);
}

/* Around `centre` with as much noise as it is long itself: cosines of about 0.5 within a cluster. */
static void vector_near(const float *centre, uint32_t dims, float *v) {
    for (uint32_t i = 0; i < dims; ++i)
        v[i] = centre[i] + normal();
    jl_vector_normalise(v, dims);
}

static void write_vectors(const char *folder, const char *name, const float *centre, size_t centres, size_t n,
                          uint32_t dims) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    float *v = memory(dims * sizeof *v);
    if (!f)
        die(path, strerror(errno));
    for (size_t i = 0; i < n; ++i) {
        vector_near(centre + bits() % centres * dims, dims, v);
        if (fwrite(v, sizeof *v, dims, f) != dims)
            die(path, strerror(errno));
    }
    if (fclose(f) != 0)
        die(path, strerror(errno));
    free(v);
}

static int make(char **arg) {
    enum { CENTRES = 2000 };
    size_t rows = strtoull(arg[0], NULL, 10), queries = strtoull(arg[2], NULL, 10);
    uint32_t dims = (uint32_t)strtoul(arg[1], NULL, 10);
    float *centre = memory(CENTRES * dims * sizeof *centre);
    for (size_t i = 0; i < CENTRES * dims; ++i)
        centre[i] = normal();
    write_vectors(arg[3], "vectors.f32", centre, CENTRES, rows, dims);
    write_vectors(arg[3], "queries.f32", centre, CENTRES, queries, dims);
    free(centre);
    return 0;
}

static float *read_floats(const char *path, size_t *n) {
    struct stat st;
    FILE *f = fopen(path, "rb");
    if (!f || fstat(fileno(f), &st) != 0)
        die(path, strerror(errno));
    *n = (size_t)st.st_size / sizeof(float);
    float *v = memory((size_t)st.st_size);
    if (fread(v, sizeof *v, *n, f) != *n)
        die(path, "short");
    fclose(f);
    return v;
}

/* ---- our side file ---- */

typedef struct feed {
    FILE *file;
    uint64_t row;
    uint32_t dims;
    float v[JL_DIMS_MAX];
} feed;

static int next(void *self, jl_index_row *row, jl_err *err) {
    static const char facts[96];
    feed *f = self;
    (void)err;
    if (fread(f->v, sizeof *f->v, f->dims, f->file) != f->dims)
        return 0;
    *row = (jl_index_row){f->row++, false, facts, f->v};
    return 1;
}

static int build(char **arg) {
    static feed f;
    jl_err err = {0};
    f.file = fopen(arg[0], "rb");
    f.dims = (uint32_t)strtoul(arg[1], NULL, 10);
    if (!f.file)
        die(arg[0], strerror(errno));
    jl_index_head head = {.model = "bench", .dims = f.dims, .facts = 96, .store = 1};
    remove(arg[2]);
    if (jl_index_write(arg[2], &head, next, &f, &err) != 0)
        die(arg[2], err.text);
    fclose(f.file);
    return 0;
}

static void print_hits(const jl_hit *hit, const size_t *hits, size_t n, size_t k) {
    for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < hits[i]; ++j)
            printf("%s%llu", j ? " " : "", (unsigned long long)hit[i * k + j].row);
        putchar('\n');
    }
}

static bool keep(void *self, size_t query, const void *facts) {
    (void)self;
    (void)query;
    return *(const char *)facts == 0;
}

static int search(char **arg) {
    jl_index *x;
    jl_err err = {0};
    size_t floats, k = strtoull(arg[2], NULL, 10), once = strtoull(arg[3], NULL, 10);
    if (jl_index_open(&x, arg[0], NULL, &err) != 0 || !x)
        die(arg[0], x ? err.text : "no index");
    float *q = read_floats(arg[1], &floats);
    uint32_t dims = jl_index_about(x)->dims;
    size_t n = floats / dims;
    jl_hit *hit = memory(n * k * sizeof *hit);
    size_t *hits = memory(n * sizeof *hits);
    double start = now();
    for (size_t i = 0; i < n; i += once) {
        jl_index_query query = {q + i * dims, n - i < once ? n - i : once, k, keep, NULL};
        if (jl_index_search(x, &query, hit + i * k, hits + i, &err) != 0)
            die(arg[0], err.text);
    }
    fprintf(stderr, "%.9f\n", (now() - start) / (double)n);
    print_hits(hit, hits, n, k);
    jl_index_close(x);
    free(q);
    free(hit);
    free(hits);
    return 0;
}

/* ---- brute force ---- */

static void put_hit(jl_hit *best, size_t *n, size_t k, jl_hit hit) {
    size_t i = *n < k ? (*n)++ : k - 1;
    for (; i > 0 && best[i - 1].score < hit.score; --i)
        best[i] = best[i - 1];
    best[i] = hit;
}

static int brute(char **arg) {
    size_t floats, query_floats, k = strtoull(arg[3], NULL, 10);
    uint32_t dims = (uint32_t)strtoul(arg[1], NULL, 10);
    float *v = read_floats(arg[0], &floats), *q = read_floats(arg[2], &query_floats);
    size_t rows = floats / dims, n = query_floats / dims;
    jl_hit *hit = memory(n * k * sizeof *hit);
    size_t *hits = memory(n * sizeof *hits);
    double start = now();
    for (size_t i = 0; i < n; ++i) {
        hits[i] = 0;
        for (size_t r = 0; r < rows; ++r) {
            float score = jl_vector_dot(q + i * dims, v + r * dims, dims);
            if (hits[i] < k || score > hit[i * k + k - 1].score)
                put_hit(hit + i * k, &hits[i], k, (jl_hit){r, score});
        }
    }
    fprintf(stderr, "%.9f\n", (now() - start) / (double)n);
    print_hits(hit, hits, n, k);
    free(v);
    free(q);
    free(hit);
    free(hits);
    return 0;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int args;
        int (*run)(char **arg);
    } verb[] = {{"make", 4, make}, {"build", 3, build}, {"search", 4, search}, {"brute", 4, brute}};
    for (size_t i = 0; i < sizeof verb / sizeof *verb; ++i)
        if (argc > 1 && argc == verb[i].args + 2 && strcmp(argv[1], verb[i].name) == 0)
            return verb[i].run(argv + 2);
    fprintf(stderr, "usage: nearest make ROWS DIMS QUERIES FOLDER | build VECTORS DIMS INDEX | search INDEX QUERIES K "
                    "AT-ONCE | brute VECTORS DIMS QUERIES K\n");
    return 64;
}
