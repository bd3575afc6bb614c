/* Rows in memory: appended as they come, sorted when they are asked for. */
#include "vector/overlay.h"

#include <stdlib.h>

#include "vector/float.h"

/* Facts and floats start where any type may. */
static size_t aligned(size_t n) {
    return (n + 15) & ~(size_t)15;
}

static int grow(void **p, size_t *cap, size_t size, size_t want, jl_err *err) {
    if (want <= *cap)
        return 0;
    size_t more = *cap + *cap / 2 > want ? *cap + *cap / 2 : want;
    void *bigger = more < SIZE_MAX / 2 / size ? realloc(*p, more * size) : NULL;
    if (!bigger)
        return jl_err_nomem(err);
    *p = bigger;
    *cap = more;
    return 0;
}

static int copy(jl_overlay *o, const void *facts, const float *vector, jl_err *err) {
    size_t floats = o->dims * sizeof *vector, size = aligned(o->facts) + aligned(floats);
    void *data = o->data;
    if (grow(&data, &o->room, 1, o->used + size, err) != 0)
        return -1;
    o->data = data;
    char *to = o->data + o->used;
    if (o->facts)
        memcpy(to, facts, o->facts);
    memcpy(to + aligned(o->facts), vector, floats);
    if (!jl_float_normalise((float *)(void *)(to + aligned(o->facts)), o->dims))
        return jl_err_set(err, JL_DATA, "a vector has a number that is NaN or infinite");
    o->used += size;
    return 0;
}

int jl_overlay_set(jl_overlay *o, uint64_t row, const void *facts, const float *vector, jl_err *err) {
    void *list = o->list;
    if (grow(&list, &o->cap, sizeof *o->list, o->n + 1, err) != 0)
        return -1;
    o->list = list;
    size_t at = o->used;
    if (vector && copy(o, facts, vector, err) != 0)
        return -1;
    o->list[o->n++] = (jl_overlay_row){row, o->turns++, vector ? at : JL_OVERLAY_HIDDEN};
    o->settled = false;
    return 0;
}

static int by_row_and_turn(const void *x, const void *y) {
    const jl_overlay_row *a = x, *b = y;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->turn > b->turn) - (a->turn < b->turn);
}

void jl_overlay_settle(jl_overlay *o) {
    if (o->settled || o->n == 0)
        return;
    qsort(o->list, o->n, sizeof *o->list, by_row_and_turn);
    size_t n = 0;
    for (size_t i = 0; i < o->n; ++i)
        if (i + 1 == o->n || o->list[i + 1].row != o->list[i].row)
            o->list[n++] = o->list[i];
    o->n = n;
    o->settled = true;
}

bool jl_overlay_has(const jl_overlay *o, uint64_t row) {
    size_t low = 0, high = o->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (o->list[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < o->n && o->list[low].row == row;
}

const float *jl_overlay_vector(const jl_overlay *o, const jl_overlay_row *r) {
    return (const float *)(const void *)(o->data + r->at + aligned(o->facts));
}

void jl_overlay_free(jl_overlay *o) {
    free(o->list);
    free(o->data);
    *o = (jl_overlay){0};
}
