/* The seniority model's messages on protobuf-c, with an arena in place of malloc. */
#include <stdlib.h>

#include "senior/model_wire.h"
#include "seniority.pb-c.h"

/* ---- writing ---- */

/* The batch's only field, number 1, wire type 2 (length-delimited). */
enum { ELEMENT_TAG = 1 << 3 | 2, VARINT_MAX = 5 };

static char *put_varint(char *p, uint32_t value) {
    for (; value >= 0x80; value >>= 7)
        *p++ = (char)(value | 0x80);
    *p++ = (char)value;
    return p;
}

static int put_element(jl_buf *batch, const ProtobufCMessage *message, jl_err *err) {
    size_t size = protobuf_c_message_get_packed_size(message);
    if (size > INT32_MAX)
        return jl_err_set(err, JL_DATA, "a company and title of %zu bytes are too long for a message", size);
    if (jl_buf_reserve(batch, 1 + VARINT_MAX + size, err) != 0)
        return -1;
    char *p = batch->p + batch->n;
    *p++ = ELEMENT_TAG;
    p = put_varint(p, (uint32_t)size);
    p += protobuf_c_message_pack(message, (uint8_t *)p);
    batch->n = (size_t)(p - batch->p);
    return 0;
}

static ProtobufCBinaryData binary(jl_span text) {
    return (ProtobufCBinaryData){.len = text.n, .data = (uint8_t *)(uintptr_t)text.p};
}

int jl_model_put_question(jl_buf *batch, int32_t uuid, jl_span company, jl_span title, jl_err *err) {
    SeniorityRequest q = SENIORITY_REQUEST__INIT;
    q.uuid = uuid;
    q.company = binary(company);
    q.title = binary(title);
    return put_element(batch, &q.base, err);
}

int jl_model_put_reply(jl_buf *batch, int32_t uuid, int32_t seniority, jl_err *err) {
    SeniorityResponse r = SENIORITY_RESPONSE__INIT;
    r.uuid = uuid;
    r.seniority = seniority;
    return put_element(batch, &r.base, err);
}

/* ---- the arena ---- */

typedef struct jl_model_block {
    struct jl_model_block *older;
    size_t used, size;
    _Alignas(max_align_t) char bytes[];
} block;

enum { FIRST_BLOCK = 64 * 1024, ALIGN = _Alignof(max_align_t) };

static void *arena_alloc(void *self, size_t size) {
    jl_model_arena *a = self;
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    block *b = a->block;
    if (!b || b->size - b->used < size) {
        size_t room = b ? 2 * b->size : FIRST_BLOCK;
        if (room < size)
            room = size;
        block *bigger = malloc(sizeof *bigger + room);
        if (!bigger)
            return NULL;
        *bigger = (block){.older = b, .size = room};
        a->block = b = bigger;
    }
    void *p = b->bytes + b->used;
    b->used += size;
    return p;
}

/* Everything goes at once, with the next message. */
static void arena_free_one(void *self, void *p) {
    (void)self;
    (void)p;
}

/* Keeps the newest block, which is the largest: the next message of this size fits into it alone. */
static void arena_reset(jl_model_arena *a) {
    if (!a->block)
        return;
    a->block->used = 0;
    for (block *b = a->block->older, *older; b; b = older) {
        older = b->older;
        free(b);
    }
    a->block->older = NULL;
}

void jl_model_arena_free(jl_model_arena *a) {
    arena_reset(a);
    free(a->block);
    a->block = NULL;
}

/* ---- reading ---- */

int jl_model_read_questions(jl_span bytes, jl_model_arena *arena,
                            void (*each)(void *self, int32_t uuid, jl_span company, jl_span title), void *self) {
    arena_reset(arena);
    ProtobufCAllocator allocator = {arena_alloc, arena_free_one, arena};
    const SeniorityRequestBatch *batch = seniority_request_batch__unpack(&allocator, bytes.n, (const uint8_t *)bytes.p);
    if (!batch)
        return -1;
    for (size_t i = 0; i < batch->n_batch; i++) {
        const SeniorityRequest *q = batch->batch[i];
        each(self, q->uuid, (jl_span){(char *)q->company.data, q->company.len},
             (jl_span){(char *)q->title.data, q->title.len});
    }
    return 0;
}

int jl_model_read_replies(jl_span bytes, jl_model_arena *arena,
                          void (*each)(void *self, int32_t uuid, int32_t seniority), void *self) {
    arena_reset(arena);
    ProtobufCAllocator allocator = {arena_alloc, arena_free_one, arena};
    const SeniorityResponseBatch *batch =
        seniority_response_batch__unpack(&allocator, bytes.n, (const uint8_t *)bytes.p);
    if (!batch)
        return -1;
    for (size_t i = 0; i < batch->n_batch; i++)
        each(self, batch->batch[i]->uuid, batch->batch[i]->seniority);
    return 0;
}
