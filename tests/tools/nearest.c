/* Says whether vectors of the same group are each other's nearest: what tests/quality/titles measures title models by.
 *
 *     nearest DIMS QUERIES < vectors
 *
 * stdin: for each title a group (32 bits) and DIMS floats, in the machine's byte order. QUERIES of them, evenly spread, are looked
 * for among all others by dot product. Prints, over those that have another title in their group: how many there are, MRR,
 * precision at 1, and recall at 10 (of at most 10).
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 10

typedef struct titles {
    size_t n, room, dims;
    uint32_t *group;
    float *vector; /* n * dims */
} titles;

typedef struct sums {
    size_t queries;
    double reciprocal, first, recall;
} sums;

static int grow(titles *all) {
    size_t room = all->room ? 2 * all->room : 4096;
    uint32_t *group = realloc(all->group, room * sizeof *group);
    if (!group)
        return -1;
    all->group = group;
    float *vector = realloc(all->vector, room * all->dims * sizeof *vector);
    if (!vector)
        return -1;
    all->vector = vector;
    all->room = room;
    return 0;
}

/* -1: memory, a read error, or a last title that is cut off. */
static int read_all(titles *all, FILE *in) {
    for (;;) {
        if (all->n == all->room && grow(all) != 0)
            return -1;
        size_t got = fread(&all->group[all->n], 1, sizeof *all->group, in);
        if (got == 0)
            return ferror(in) ? -1 : 0;
        if (got != sizeof *all->group ||
            fread(&all->vector[all->n * all->dims], sizeof *all->vector, all->dims, in) != all->dims)
            return -1;
        all->n++;
    }
}

static float dot(const float *a, const float *b, size_t n) {
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The place that title i has in the order of likeness to the query; of equals the earlier comes first. */
static size_t place_of(const float *likeness, size_t n, size_t query, size_t i) {
    size_t place = 1;
    for (size_t j = 0; j < n; j++)
        if (j != query && j != i && (likeness[j] > likeness[i] || (likeness[j] == likeness[i] && j < i)))
            place++;
    return place;
}

static void judge(const titles *all, const float *likeness, size_t query, sums *sum) {
    size_t kin = 0, near = 0, best = SIZE_MAX;
    for (size_t i = 0; i < all->n; i++) {
        if (i == query || all->group[i] != all->group[query])
            continue;
        size_t place = place_of(likeness, all->n, query, i);
        kin++;
        near += place <= DEPTH;
        best = place < best ? place : best;
    }
    if (kin == 0)
        return;
    sum->queries++;
    sum->reciprocal += 1.0 / (double)best;
    sum->first += best == 1;
    sum->recall += (double)near / (double)(kin < DEPTH ? kin : DEPTH);
}

static int measure(const titles *all, size_t queries, sums *sum) {
    float *likeness = malloc((all->n ? all->n : 1) * sizeof *likeness);
    if (!likeness)
        return -1;
    size_t asked = queries < all->n ? queries : all->n;
    for (size_t q = 0; q < asked; q++) {
        size_t query = q * all->n / asked;
        for (size_t i = 0; i < all->n; i++)
            likeness[i] = dot(&all->vector[query * all->dims], &all->vector[i * all->dims], all->dims);
        judge(all, likeness, query, sum);
    }
    free(likeness);
    return 0;
}

static size_t number(const char *text) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    return errno || *end || end == text || value > 1000000 ? 0 : value;
}

int main(int argc, char **argv) {
    titles all = {.dims = argc == 3 ? number(argv[1]) : 0};
    size_t queries = argc == 3 ? number(argv[2]) : 0;
    if (!all.dims || !queries) {
        fputs("usage: nearest DIMS QUERIES < vectors\n", stderr);
        return 64;
    }
    sums sum = {0};
    int status = 0;
    if (read_all(&all, stdin) != 0) {
        fputs("nearest: stdin cannot be read, or is cut off\n", stderr);
        status = 65;
    } else if (measure(&all, queries, &sum) != 0) {
        fputs("nearest: out of memory\n", stderr);
        status = 70;
    } else {
        double n = sum.queries ? (double)sum.queries : 1;
        printf("%zu\t%.4f\t%.4f\t%.4f\n", sum.queries, sum.reciprocal / n, sum.first / n, sum.recall / n);
    }
    free(all.group);
    free(all.vector);
    return status || fflush(stdout) == 0 ? status : 74;
}
