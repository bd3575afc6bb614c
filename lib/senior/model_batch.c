/* A batch of questions for the model: built, split, matched with replies. */
#include <stdlib.h>

#include "senior/model_batch.h"

#define USUAL_BYTES 96   /* of a question */
#define FIRST_MOST 1024U /* questions that room is made for before they come */

jl_model_part *jl_model_part_new(size_t pairs, jl_err *err) {
    size_t room = pairs < FIRST_MOST ? pairs : FIRST_MOST;
    jl_model_part *p = calloc(1, sizeof *p);
    jl_model_batch *b = calloc(1, sizeof *b);
    if (!p || !b || !(b->question = reallocarray(NULL, room, sizeof *b->question)) ||
        jl_buf_reserve(&b->wire, room * USUAL_BYTES, NULL) != 0) {
        if (b)
            free(b->question);
        free(p);
        free(b);
        jl_err_nomem(err);
        return NULL;
    }
    p->batch = b;
    b->cap = room;
    b->parts = 1;
    return p;
}

void jl_model_part_free(jl_model_part *p) {
    jl_model_batch *b = p->batch;
    if (--b->parts == 0) {
        jl_buf_free(&b->wire);
        free(b->question);
        free(b);
    }
    free(p);
}

int jl_model_part_add(jl_model_part *p, jl_hash key, uint64_t ticket, jl_span company, jl_span title, jl_err *err) {
    jl_model_batch *b = p->batch;
    if (b->n == b->cap) {
        size_t cap = 2 * b->cap;
        jl_model_question *bigger = reallocarray(b->question, cap, sizeof *bigger);
        if (!bigger)
            return jl_err_nomem(err);
        b->question = bigger;
        b->cap = cap;
    }
    if (jl_model_put_question(&b->wire, (int32_t)(b->n + 1), company, title, err) != 0)
        return -1;
    b->question[b->n++] = (jl_model_question){.key = key, .ticket = ticket, .end = b->wire.n};
    p->end = b->n;
    p->open++;
    return 0;
}

jl_model_part *jl_model_part_split(jl_model_part *p, jl_err *err) {
    jl_model_part *second = calloc(1, sizeof *second);
    if (!second) {
        jl_err_nomem(err);
        return NULL;
    }
    size_t keep = p->open / 2, middle = p->first;
    for (size_t seen = 0; seen < keep; middle++)
        seen += !p->batch->question[middle].done;
    *second = *p;
    second->next = NULL;
    second->first = middle;
    second->open = p->open - keep;
    p->end = middle;
    p->open = keep;
    p->batch->parts++;
    return second;
}

static size_t begin_of(const jl_model_batch *b, size_t i) {
    return i ? b->question[i - 1].end : 0;
}

size_t jl_model_part_pieces(const jl_model_part *p, jl_span *piece) {
    const jl_model_batch *b = p->batch;
    size_t n = 0;
    for (size_t i = p->first; i < p->end;) {
        if (b->question[i].done) {
            i++;
            continue;
        }
        size_t from = begin_of(b, i);
        while (i < p->end && !b->question[i].done)
            i++;
        piece[n++] = (jl_span){b->wire.p + from, begin_of(b, i) - from};
    }
    return n;
}

static void hear(void *self, int32_t uuid, int32_t seniority) {
    jl_model_part *p = self;
    if (uuid < 1 || (size_t)uuid <= p->first || (size_t)uuid > p->end)
        return;
    jl_model_question *q = &p->batch->question[uuid - 1];
    if (q->heard == JL_HEARD_NOTHING) {
        q->heard = JL_HEARD_VALUE;
        q->said = seniority;
    } else if (q->said != seniority) {
        q->heard = JL_HEARD_CONTRADICTION;
    }
}

int jl_model_part_read(jl_model_part *p, jl_span reply, jl_model_arena *arena) {
    for (size_t i = p->first; i < p->end; i++)
        p->batch->question[i].heard = JL_HEARD_NOTHING;
    return jl_model_read_replies(reply, arena, hear, p);
}
