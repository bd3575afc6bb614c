/* Batches: encoded as protobuf-c would, split, asked in parts, matched with replies of any kind. */
#include "unit/cmocka_all.h"

#include "chance.h"
#include "senior/model_batch.h"
#include "seniority.pb-c.h"

typedef struct pair {
    int32_t uuid;
    jl_span company, title;
} pair;

enum { PAIRS = 300 };
static pair seen[PAIRS];
static size_t n_seen;

static void see(void *self, int32_t uuid, jl_span company, jl_span title) {
    (void)self;
    assert_true(n_seen < PAIRS);
    seen[n_seen++] = (pair){uuid, company, title};
}

static void read_all(jl_span bytes, jl_model_arena *arena) {
    n_seen = 0;
    assert_int_equal(jl_model_read_questions(bytes, arena, see, NULL), 0);
}

static jl_hash key_of(size_t i) {
    return (jl_hash){i, ~(uint64_t)i};
}

static jl_model_part *batch_of(size_t n) {
    jl_err err = {0};
    jl_model_part *p = jl_model_part_new(n / 2 + 1, &err);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++) {
        char company[32], title[32];
        int c = snprintf(company, sizeof company, "C%zu", i), t = snprintf(title, sizeof title, "T%zu", i);
        assert_int_equal(
            jl_model_part_add(p, key_of(i), i, (jl_span){company, (size_t)c}, (jl_span){title, (size_t)t}, &err), 0);
    }
    return p;
}

/* The request that the part would send, as one run of bytes; the caller frees. */
static jl_buf request_of(const jl_model_part *p) {
    jl_buf all = {0};
    jl_err err = {0};
    jl_span *piece = calloc(p->open + 1, sizeof *piece);
    assert_non_null(piece);
    size_t n = jl_model_part_pieces(p, piece);
    assert_true(n <= p->open + 1);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(jl_buf_add(&all, piece[i], &err), 0);
    free(piece);
    return all;
}

static void finish(jl_model_part *p, size_t i) {
    assert_false(p->batch->question[i].done);
    p->batch->question[i].done = true;
    p->open--;
}

/* ---- the messages ---- */

static void a_question_is_what_protobuf_c_packs(void **state) {
    (void)state;
    chance c = chance_seeded();
    jl_err err = {0};
    jl_model_arena arena = {0};
    static const size_t lengths[] = {0, 1, 2, 60, 120, 125, 126, 127, 128, 129, 300, 16383, 16384, 70000};
    static char text[70000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)chance_bits(&c); /* NUL and all others */
    static const int32_t uuids[] = {0, 1, 2, 127, 128, 1000, 16384, 2097152, INT32_MAX, -1, INT32_MIN};
    for (size_t round = 0; round < chance_rounds(2000); round++) {
        size_t a = lengths[chance_below(&c, 14)], b = lengths[chance_below(&c, 14)];
        int32_t uuid = uuids[chance_below(&c, 11)];
        jl_span company = {text + chance_below(&c, sizeof text - a + 1), a};
        jl_span title = {text + chance_below(&c, sizeof text - b + 1), b};
        jl_buf got = {0};
        assert_int_equal(jl_model_put_question(&got, uuid, company, title, &err), 0);

        SeniorityRequest q = SENIORITY_REQUEST__INIT, *list = &q;
        SeniorityRequestBatch batch = SENIORITY_REQUEST_BATCH__INIT;
        q.uuid = uuid;
        q.company = (ProtobufCBinaryData){company.n, (uint8_t *)(uintptr_t)company.p};
        q.title = (ProtobufCBinaryData){title.n, (uint8_t *)(uintptr_t)title.p};
        batch.n_batch = 1;
        batch.batch = &list;
        size_t size = seniority_request_batch__get_packed_size(&batch);
        uint8_t *wanted = malloc(size);
        assert_non_null(wanted);
        assert_int_equal(seniority_request_batch__pack(&batch, wanted), size);
        assert_int_equal(got.n, size);
        assert_memory_equal(got.p, wanted, size);

        read_all(jl_buf_span(&got), &arena);
        assert_int_equal(n_seen, 1);
        assert_int_equal(seen[0].uuid, uuid);
        assert_true(jl_span_eq(seen[0].company, company));
        assert_true(jl_span_eq(seen[0].title, title));
        free(wanted);
        jl_buf_free(&got);
    }
    jl_model_arena_free(&arena);
}

typedef struct heard {
    int32_t uuid[64], seniority[64];
    size_t n;
} heard;

static void hear(void *self, int32_t uuid, int32_t seniority) {
    heard *h = self;
    assert_true(h->n < 64);
    h->uuid[h->n] = uuid;
    h->seniority[h->n++] = seniority;
}

/* The same replies as protobuf-c finds, or the same refusal, for bytes of any kind. */
static void compare_with_reference(jl_span bytes, jl_model_arena *arena) {
    heard h = {.n = 0};
    int rc = jl_model_read_replies(bytes, arena, hear, &h);
    SeniorityResponseBatch *r = seniority_response_batch__unpack(NULL, bytes.n, (const uint8_t *)bytes.p);
    assert_int_equal(rc, r ? 0 : -1);
    if (!r)
        assert_int_equal(h.n, 0);
    for (size_t i = 0; r && i < r->n_batch; i++) {
        assert_int_equal(h.uuid[i], r->batch[i]->uuid);
        assert_int_equal(h.seniority[i], r->batch[i]->seniority);
    }
    if (r) {
        assert_int_equal(h.n, r->n_batch);
        seniority_response_batch__free_unpacked(r, NULL);
    }
}

static void replies_are_what_protobuf_c_reads(void **state) {
    (void)state;
    chance c = chance_seeded();
    jl_err err = {0};
    jl_model_arena arena = {0};
    static const int32_t values[] = {0, 1, 3, 7, 8, 127, 128, 300, 100000, INT32_MAX, -1, INT32_MIN};
    for (size_t round = 0; round < chance_rounds(20000); round++) {
        jl_buf b = {0};
        size_t n = chance_below(&c, 20);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(jl_model_put_reply(&b, values[chance_below(&c, 12)], values[chance_below(&c, 12)], &err),
                             0);
        compare_with_reference(jl_buf_span(&b), &arena);
        /* Now with bytes changed, dropped or added: unknown fields, other wire types, lengths that lie. */
        for (size_t hit = chance_below(&c, 4); b.n && hit > 0; hit--)
            b.p[chance_below(&c, b.n)] = (char)chance_bits(&c);
        if (b.n && chance_below(&c, 3) == 0)
            b.n -= chance_below(&c, b.n);
        compare_with_reference(jl_buf_span(&b), &arena);
        jl_buf_free(&b);
    }
    jl_model_arena_free(&arena);
}

static void fields_in_another_order_and_unknown_ones_are_read(void **state) {
    (void)state;
    jl_model_arena arena = {0};
    static const char swapped[] = "\x0a\x04\x10\x05\x08\x07";                /* seniority before uuid */
    static const char extra[] = "\x0a\x07\x08\x07\x1a\x01x\x10\x05\x12\x00"; /* a string 3 inside, a field 2 behind */
    static const char twice[] = "\x0a\x06\x08\x01\x08\x07\x10\x05";          /* the last uuid counts */
    static const jl_span cases[] = {{swapped, 6}, {extra, 11}, {twice, 8}};
    for (size_t i = 0; i < 3; i++) {
        heard h = {.n = 0};
        assert_int_equal(jl_model_read_replies(cases[i], &arena, hear, &h), 0);
        assert_int_equal(h.n, 1);
        assert_int_equal(h.uuid[0], 7);
        assert_int_equal(h.seniority[0], 5);
        compare_with_reference(cases[i], &arena);
    }
    jl_model_arena_free(&arena);
}

/* ---- parts ---- */

static void a_part_asks_all_of_its_questions(void **state) {
    (void)state;
    jl_model_arena arena = {0};
    jl_model_part *p = batch_of(100);
    jl_buf request = request_of(p);
    read_all(jl_buf_span(&request), &arena);
    assert_int_equal(n_seen, 100);
    for (size_t i = 0; i < 100; i++) {
        char company[32];
        int n = snprintf(company, sizeof company, "C%zu", i);
        assert_int_equal(seen[i].uuid, i + 1);
        assert_true(jl_span_eq(seen[i].company, (jl_span){company, (size_t)n}));
    }
    jl_buf_free(&request);
    jl_model_part_free(p);
    jl_model_arena_free(&arena);
}

static void what_is_done_is_not_asked_again(void **state) {
    (void)state;
    chance c = chance_seeded();
    jl_model_arena arena = {0};
    for (size_t round = 0; round < chance_rounds(200); round++) {
        size_t n = 1 + chance_below(&c, 60);
        jl_model_part *p = batch_of(n);
        for (size_t i = 0; i < n; i++)
            if (chance_below(&c, 2))
                finish(p, i);
        jl_buf request = request_of(p);
        read_all(jl_buf_span(&request), &arena);
        assert_int_equal(n_seen, p->open);
        for (size_t i = 0, at = 0; i < n; i++)
            if (!p->batch->question[i].done)
                assert_int_equal(seen[at++].uuid, i + 1);
        jl_buf_free(&request);
        jl_model_part_free(p);
    }
    jl_model_arena_free(&arena);
}

/* Splits down to single questions: each open question ends up in exactly one part. */
static void split_down(jl_model_part *p, jl_model_arena *arena, bool *found) {
    jl_err err = {0};
    if (p->open == 1) {
        jl_buf request = request_of(p);
        read_all(jl_buf_span(&request), arena);
        assert_int_equal(n_seen, 1);
        assert_false(found[seen[0].uuid]);
        found[seen[0].uuid] = true;
        jl_buf_free(&request);
        jl_model_part_free(p);
        return;
    }
    size_t open = p->open;
    jl_model_part *second = jl_model_part_split(p, &err);
    assert_non_null(second);
    assert_int_equal(p->open + second->open, open);
    assert_true(p->open == open / 2);
    split_down(p, arena, found);
    split_down(second, arena, found);
}

static void halves_have_every_open_question_once(void **state) {
    (void)state;
    chance c = chance_seeded();
    jl_model_arena arena = {0};
    for (size_t round = 0; round < chance_rounds(50); round++) {
        size_t n = 2 + chance_below(&c, 200);
        bool found[PAIRS] = {false};
        bool done[PAIRS] = {false};
        jl_model_part *p = batch_of(n);
        for (size_t i = 0; i < n && p->open > 2; i++) {
            done[i] = chance_below(&c, 3) == 0;
            if (done[i])
                finish(p, i);
        }
        split_down(p, &arena, found);
        for (size_t i = 0; i < n; i++)
            assert_true(found[i + 1] != done[i]);
    }
    jl_model_arena_free(&arena);
}

static jl_model_heard heard_of(const jl_model_part *p, size_t i) {
    return (jl_model_heard)p->batch->question[i].heard;
}

static void replies_are_matched_by_uuid(void **state) {
    (void)state;
    jl_err err = {0};
    jl_model_arena arena = {0};
    jl_model_part *p = batch_of(8), *second = jl_model_part_split(p, &err); /* uuids 1..4 and 5..8 */
    assert_non_null(second);
    static const int32_t reply[][2] = {{4, 1}, {2, 7}, {2, 7},  {1, 3}, {1, 5},         {1, 3},
                                       {6, 2}, {0, 4}, {-1, 4}, {9, 4}, {INT32_MAX, 4}, {INT32_MIN, 4}};
    jl_buf b = {0};
    for (size_t i = 0; i < sizeof reply / sizeof *reply; i++)
        assert_int_equal(jl_model_put_reply(&b, reply[i][0], reply[i][1], &err), 0);
    assert_int_equal(jl_model_part_read(p, jl_buf_span(&b), &arena), 0);
    assert_int_equal(heard_of(p, 0), JL_HEARD_CONTRADICTION);
    assert_int_equal(heard_of(p, 1), JL_HEARD_VALUE); /* twice the same */
    assert_int_equal(p->batch->question[1].said, 7);
    assert_int_equal(heard_of(p, 2), JL_HEARD_NOTHING);
    assert_int_equal(heard_of(p, 3), JL_HEARD_VALUE);
    assert_int_equal(p->batch->question[3].said, 1);
    for (size_t i = 4; i < 8; i++)
        assert_int_equal(heard_of(p, i), JL_HEARD_NOTHING); /* asked by the other part: nobody's here */
    /* What an earlier reply said is forgotten with the next. */
    assert_int_equal(jl_model_part_read(p, (jl_span){NULL, 0}, &arena), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(heard_of(p, i), JL_HEARD_NOTHING);
    assert_int_equal(jl_model_part_read(p, JL_SPAN("\x0a\xff"), &arena), -1);
    /* And the same for the other part: uuids below its own are nobody's. */
    assert_int_equal(jl_model_part_read(second, jl_buf_span(&b), &arena), 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(heard_of(p, i), i == 5 ? JL_HEARD_VALUE : JL_HEARD_NOTHING);
    jl_buf_free(&b);
    jl_model_part_free(second);
    jl_model_part_free(p);
    jl_model_arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_what_protobuf_c_packs),
        cmocka_unit_test(replies_are_what_protobuf_c_reads),
        cmocka_unit_test(fields_in_another_order_and_unknown_ones_are_read),
        cmocka_unit_test(a_part_asks_all_of_its_questions),
        cmocka_unit_test(what_is_done_is_not_asked_again),
        cmocka_unit_test(halves_have_every_open_question_once),
        cmocka_unit_test(replies_are_matched_by_uuid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
