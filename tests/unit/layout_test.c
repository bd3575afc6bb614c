/* The frozen layout: golden bytes, and what a search in a bucket finds. */
#include "unit/cmocka_all.h"

#include <sys/mman.h>
#include <unistd.h>

#include "bucket/layout.h"
#include "bucket/order.h"
#include "chance.h"

static const jl_entry_shape answers = {"senior", 6, 1}, marks = {"seen", 14, 0}, wide = {"x", 14, 1},
                            narrow = {"x", 6, 0};

/* These bytes may never change: stores that are out there depend on them. */
static void golden_bytes(void **state) {
    (void)state;
    static const struct {
        jl_hash key;
        uint32_t bucket;
        uint8_t value;
        unsigned char answer[7], mark[14];
    } golden[] = {
        {{0, 0}, 0, 1, {0, 0, 0, 0, 0, 0, 1}, {0}},
        {{UINT64_MAX, UINT64_MAX},
         131071,
         255,
         {255, 255, 255, 255, 255, 255, 255},
         {0x7f, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}},
        {{UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210)},
         0x0123456789abcdef >> 47,
         7,
         {0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 7},
         {0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10}},
        {{UINT64_C(0x0000800000000000), UINT64_C(0x0000000000010000)},
         1,
         3,
         {0, 0, 0, 0, 0, 1, 3},
         {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}},
    };
    assert_int_equal(JL_BUCKET_BITS, 17);
    assert_int_equal(JL_LAYOUT_VERSION, 1);
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        unsigned char entry[JL_ENTRY_MAX + 1];
        memset(entry, 0xee, sizeof entry);
        assert_int_equal(jl_bucket_of(golden[i].key), golden[i].bucket);
        jl_entry_write(&answers, golden[i].key, golden[i].value, entry);
        assert_memory_equal(entry, golden[i].answer, 7);
        assert_int_equal(entry[7], 0xee);
        assert_int_equal(jl_entry_value(&answers, entry), golden[i].value);
        jl_entry_write(&marks, golden[i].key, 1, entry);
        assert_memory_equal(entry, golden[i].mark, 14);
        assert_int_equal(entry[14], 0xee);
        assert_int_equal(jl_entry_value(&marks, entry), 1);
    }
}

static void keys_come_back(void **state) {
    (void)state;
    chance c = chance_seeded();
    for (size_t i = 0; i < chance_rounds(10000); i++) {
        jl_hash key = {chance_bits(&c), 0};
        key.lo = chance_bits(&c);
        unsigned char entry[JL_ENTRY_MAX];
        jl_entry_write(&marks, key, 1, entry);
        assert_true(jl_hash_eq(jl_entry_key(&marks, jl_bucket_of(key), entry), key));
        jl_entry_write(&answers, key, 1, entry);
        jl_hash back = jl_entry_key(&answers, jl_bucket_of(key), entry);
        assert_int_equal(jl_bucket_of(back), jl_bucket_of(key));
        assert_true(back.lo == (key.lo & ~UINT64_C(0xffff)) && (back.hi & ((UINT64_C(1) << 47) - 1)) == 0);
    }
}

/* What jl_entries_find is to find, byte by byte. */
static const unsigned char *plain_find(const jl_entry_shape *shape, const unsigned char *p, size_t n, jl_hash key) {
    unsigned char wanted[JL_ENTRY_MAX];
    jl_entry_write(shape, key, 1, wanted);
    for (size_t i = 0; i + jl_entry_size(shape) <= n; i += jl_entry_size(shape))
        if (memcmp(p + i, wanted, shape->fingerprint) == 0)
            return p + i;
    return NULL;
}

/* Buckets that end where memory ends, so that reading a byte too far is noticed. */
static void searches_agree_and_stay_inside(void **state) {
    (void)state;
    static const jl_entry_shape *const shapes[] = {&answers, &marks, &wide, &narrow};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    assert_int_equal(mprotect(memory + page, page, PROT_NONE), 0);
    chance c = chance_seeded();
    for (size_t round = 0; round < chance_rounds(20000); round++) {
        const jl_entry_shape *shape = shapes[round % 4];
        size_t size = jl_entry_size(shape), entries = chance_below(&c, round % 3 ? 6 : 200);
        unsigned char *p = memory + page - entries * size;
        /* Few different bytes, so that near misses and matches off the borders are frequent. */
        for (size_t i = 0; i < entries * size; i++)
            p[i] = (unsigned char)chance_below(&c, 2);
        jl_hash key = {0, 0};
        for (unsigned bit = 0; bit < 64; bit += 8) {
            key.hi |= (uint64_t)chance_below(&c, 2) << bit;
            key.lo |= (uint64_t)chance_below(&c, 2) << bit;
        }
        if (entries && chance_below(&c, 2))
            key = jl_entry_key(shape, 0, p + chance_below(&c, entries) * size);
        assert_ptr_equal(jl_entries_find(shape, p, entries * size, key), plain_find(shape, p, entries * size, key));
    }
    munmap(memory, 2 * page);
}

static void batches_are_sorted_by_bucket(void **state) {
    (void)state;
    chance c = chance_seeded();
    jl_order o = {0};
    jl_err err = {0};
    static jl_hash key[70000];
    for (size_t round = 0; round < chance_rounds(60); round++) {
        size_t n = round < 50 ? round : 1 + chance_below(&c, 70000), seen = 0;
        unsigned crowd = (unsigned)chance_below(&c, 18); /* bits of the bucket that are always 0 */
        for (size_t i = 0; i < n; i++)
            key[i] = (jl_hash){chance_bits(&c) >> crowd, i};
        assert_int_equal(jl_order_make(&o, key, n, &err), 0);
        assert_int_equal(o.n, n);
        for (size_t i = 0; i < n; i = jl_order_next(&o, i)) {
            size_t next = jl_order_next(&o, i);
            assert_true(i == 0 || jl_order_bucket(&o, i - 1) < jl_order_bucket(&o, i));
            for (size_t k = i; k < next; k++, seen++) {
                assert_int_equal(jl_bucket_of(key[jl_order_index(&o, k)]), jl_order_bucket(&o, i));
                assert_true(k == i || jl_order_index(&o, k - 1) < jl_order_index(&o, k));
            }
        }
        assert_int_equal(seen, n);
    }
    jl_order_free(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_bytes),
        cmocka_unit_test(keys_come_back),
        cmocka_unit_test(searches_agree_and_stay_inside),
        cmocka_unit_test(batches_are_sorted_by_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
