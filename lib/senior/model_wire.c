/* The seniority model's messages on protobuf-c, with an arena in place of malloc. What nearly all messages look like is
   written and read by hand, several times faster; the tests compare both ways byte for byte. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "senior/model_wire.h"
#include "seniority.pb-c.h"

/* ---- writing ---- */

/* Field number << 3 | wire type: 0 = varint, 2 = length-delimited. */
enum {
    ELEMENT_TAG = 1 << 3 | 2,
    UUID_TAG = 1 << 3 | 0,
    COMPANY_TAG = 2 << 3 | 2,
    TITLE_TAG = 3 << 3 | 2,
    SENIORITY_TAG = 2 << 3 | 0
};
enum { VARINT_MAX = 5, TEXT_MAX = 1 << 30 };

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

static size_t varint_size(size_t value) {
    size_t n = 1;
    for (; value >= 0x80; value >>= 7)
        n++;
    return n;
}

/* proto3 leaves empty fields off. */
static size_t text_size(jl_span text) {
    return text.n ? 1 + varint_size(text.n) + text.n : 0;
}

static char *put_text(char *p, char tag, jl_span text) {
    if (text.n == 0)
        return p;
    *p++ = tag;
    p = put_varint(p, (uint32_t)text.n);
    memcpy(p, text.p, text.n);
    return p + text.n;
}

/* Negative numbers take ten bytes; nobody sends them. */
static int put_rare_question(jl_buf *batch, int32_t uuid, jl_span company, jl_span title, jl_err *err) {
    SeniorityRequest q = SENIORITY_REQUEST__INIT;
    q.uuid = uuid;
    q.company = binary(company);
    q.title = binary(title);
    return put_element(batch, &q.base, err);
}

int jl_model_put_question(jl_buf *batch, int32_t uuid, jl_span company, jl_span title, jl_err *err) {
    if (uuid <= 0 || company.n > TEXT_MAX || title.n > TEXT_MAX)
        return put_rare_question(batch, uuid, company, title, err);
    size_t size = 1 + varint_size((size_t)uuid) + text_size(company) + text_size(title);
    if (jl_buf_reserve(batch, 1 + VARINT_MAX + size, err) != 0)
        return -1;
    char *p = batch->p + batch->n;
    *p++ = ELEMENT_TAG;
    p = put_varint(p, (uint32_t)size);
    *p++ = UUID_TAG;
    p = put_varint(p, (uint32_t)uuid);
    p = put_text(p, COMPANY_TAG, company);
    p = put_text(p, TITLE_TAG, title);
    batch->n = (size_t)(p - batch->p);
    return 0;
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

/* One element that has its two fields in order, the seniority in one byte. Moves `p` behind it; false: it is
   another. */
static bool plain_reply(const unsigned char **p, const unsigned char *end, int32_t *uuid, int32_t *seniority) {
    const unsigned char *at = *p;
    if (end - at < 6 || at[0] != ELEMENT_TAG || at[1] > end - at - 2 || at[2] != UUID_TAG)
        return false;
    end = at + 2 + at[1];
    uint32_t value = 0;
    int shift = 0;
    for (at += 3; at < end && *at >= 0x80 && shift < 21; shift += 7)
        value |= (uint32_t)(*at++ & 0x7f) << shift;
    if (end - at != 3 || at[0] >= 0x80 || at[1] != SENIORITY_TAG || at[2] >= 0x80)
        return false;
    *uuid = (int32_t)(value | (uint32_t)at[0] << shift);
    *seniority = at[2];
    *p = end;
    return true;
}

static bool all_plain(jl_span bytes) {
    const unsigned char *p = (const unsigned char *)bytes.p, *end = p + bytes.n;
    int32_t uuid, seniority;
    while (p < end)
        if (!plain_reply(&p, end, &uuid, &seniority))
            return false;
    return true;
}

static int read_any_replies(jl_span bytes, jl_model_arena *arena,
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

int jl_model_read_replies(jl_span bytes, jl_model_arena *arena,
                          void (*each)(void *self, int32_t uuid, int32_t seniority), void *self) {
    if (!all_plain(bytes))
        return read_any_replies(bytes, arena, each, self);
    const unsigned char *p = (const unsigned char *)bytes.p, *end = p + bytes.n;
    int32_t uuid, seniority;
    while (p < end && plain_reply(&p, end, &uuid, &seniority))
        each(self, uuid, seniority);
    return 0;
}
