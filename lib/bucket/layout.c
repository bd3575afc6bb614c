/* Entries as bytes: the frozen half of the layout. */
#include "bucket/layout.h"

#include <endian.h>
#include <string.h>

#define LOW_47 ((UINT64_C(1) << 47) - 1)

static void write_48(unsigned char *to, uint64_t value) {
    uint64_t big = htobe64(value << 16);
    memcpy(to, &big, 6);
}

static uint64_t read_48(const unsigned char *from) {
    uint64_t big = 0;
    memcpy(&big, from, 6);
    return be64toh(big) >> 16;
}

void jl_entry_write(const jl_entry_shape *shape, jl_hash key, uint8_t value, unsigned char *entry) {
    if (shape->fingerprint == 6) {
        write_48(entry, key.lo >> 16);
    } else {
        uint64_t lo = htobe64(key.lo);
        write_48(entry, key.hi & LOW_47);
        memcpy(entry + 6, &lo, 8);
    }
    if (shape->value)
        entry[shape->fingerprint] = value;
}

jl_hash jl_entry_key(const jl_entry_shape *shape, uint32_t bucket, const unsigned char *entry) {
    uint64_t hi = (uint64_t)bucket << (64 - JL_BUCKET_BITS);
    if (shape->fingerprint == 6)
        return (jl_hash){hi, read_48(entry) << 16};
    uint64_t lo;
    memcpy(&lo, entry + 6, 8);
    return (jl_hash){hi | read_48(entry), be64toh(lo)};
}

/* Seven bytes an entry, compared through one load of eight whose upper two bytes are masked away. The last entry has no
   eighth byte to load. */
static const unsigned char *find_6_1(const unsigned char *entries, size_t n, const unsigned char *wanted) {
    uint64_t want = 0, have;
    memcpy(&want, wanted, 6);
    want = le64toh(want);
    const uint64_t mask = (UINT64_C(1) << 48) - 1;
    size_t i = 0;
    for (; i + 8 <= n; i += 7) {
        memcpy(&have, entries + i, 8);
        if ((le64toh(have) & mask) == want)
            return entries + i;
    }
    return i < n && memcmp(entries + i, wanted, 6) == 0 ? entries + i : NULL;
}

static const unsigned char *find_14_0(const unsigned char *entries, size_t n, const unsigned char *wanted) {
    uint64_t want_head, want_tail, head, tail;
    memcpy(&want_head, wanted, 8);
    memcpy(&want_tail, wanted + 6, 8);
    for (size_t i = 0; i < n; i += 14) {
        memcpy(&head, entries + i, 8);
        memcpy(&tail, entries + i + 6, 8);
        if (head == want_head && tail == want_tail)
            return entries + i;
    }
    return NULL;
}

const unsigned char *jl_entries_find(const jl_entry_shape *shape, const unsigned char *entries, size_t n, jl_hash key) {
    unsigned char wanted[JL_ENTRY_MAX];
    jl_entry_write(shape, key, 0, wanted);
    if (shape->fingerprint == 6 && shape->value == 1)
        return find_6_1(entries, n, wanted);
    if (shape->fingerprint == 14 && shape->value == 0)
        return find_14_0(entries, n, wanted);
    size_t size = jl_entry_size(shape);
    for (size_t i = 0; i < n; i += size)
        if (memcmp(entries + i, wanted, shape->fingerprint) == 0)
            return entries + i;
    return NULL;
}
