/* Bounds are compared, so that a row is dropped only when it cannot be among the nearest. */
#include "vector/best.h"

#include <stdlib.h>

void jl_best_start(jl_best *b, size_t k) {
    b->n = 0;
    b->k = k;
    b->room = jl_best_room(k);
    b->least = -__builtin_inff();
    b->last_row = UINT64_MAX;
}

static void swap(float *a, float *b) {
    float t = *a;
    *a = *b;
    *b = t;
}

/* The k-th largest of n >= k > 0 numbers, which change their places (Hoare's selection). */
static float kth_largest(float *v, size_t n, size_t k) {
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, wanted = (ptrdiff_t)k - 1;
    while (low < high) {
        float pivot = v[low + (high - low) / 2];
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (v[i] > pivot)
                ++i;
            while (v[j] < pivot)
                --j;
            if (i <= j)
                swap(&v[i++], &v[j--]);
        }
        if (wanted <= j)
            high = j;
        else if (wanted >= i)
            low = i;
        else
            break;
    }
    return v[wanted];
}

static int by_rank(const void *x, const void *y) {
    const jl_near *a = x, *b = y;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (a->row > b->row) - (a->row < b->row);
}

static int by_place(const void *x, const void *y) {
    const jl_near *a = x, *b = y;
    return (a->at > b->at) - (a->at < b->at);
}

static void keep_the_k(jl_best *b) {
    qsort(b->list, b->n, sizeof *b->list, by_rank);
    if (b->n < b->k)
        return;
    b->n = b->k;
    b->least = b->list[b->k - 1].score;
    b->last_row = b->list[b->k - 1].row;
}

void jl_best_drop(jl_best *b) {
    if (b->n >= b->k) {
        for (size_t i = 0; i < b->n; ++i)
            b->scratch[i] = b->list[i].score - b->list[i].radius;
        float least = kth_largest(b->scratch, b->n, b->k);
        if (least > b->least) {
            b->least = least;
            b->last_row = UINT64_MAX;
        }
    }
    size_t n = 0, unsettled = 0;
    for (size_t i = 0; i < b->n; ++i)
        if (b->list[i].score + b->list[i].radius >= b->least) {
            unsettled += b->list[i].radius > 0;
            b->list[n++] = b->list[i];
        }
    b->n = n;
    if (unsettled == 0)
        keep_the_k(b);
}

size_t jl_best_unsettled(jl_best *b, bool all) {
    float from = -__builtin_inff();
    if (!all && b->n > b->k) {
        for (size_t i = 0; i < b->n; ++i)
            b->scratch[i] = b->list[i].score;
        from = kth_largest(b->scratch, b->n, b->k);
    }
    size_t n = 0;
    for (size_t i = 0; i < b->n; ++i)
        if (b->list[i].radius > 0 && b->list[i].score >= from) {
            jl_near t = b->list[n];
            b->list[n++] = b->list[i];
            b->list[i] = t;
        }
    qsort(b->list, n, sizeof *b->list, by_place);
    return n;
}
