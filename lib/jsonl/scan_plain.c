/* The scanner with 64-bit words, for any processor. */
#include "jsonl/scan.h"

#define SCAN(name) name##_plain
#define STEP 8

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The first byte of memory is the lowest of the word. */
static inline uint64_t load(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The high bit of each byte that is zero; exact, no carry passes between bytes. */
static inline uint64_t zero_bytes(uint64_t x) {
    return ~(((x & EACH(0x7f)) + EACH(0x7f)) | x | EACH(0x7f));
}

/* One bit for each byte's high bit: the multiplication moves bit 8i+7 to bit 56+i. */
static inline uint64_t gather(uint64_t high_bits) {
    return ((high_bits >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline uint64_t quotes_at(const char *p) {
    return gather(zero_bytes(load(p) ^ EACH('"')));
}

static inline uint64_t odd_at(const char *p) {
    uint64_t x = load(p);
    return gather(zero_bytes(x ^ EACH('\\')) | zero_bytes(x & EACH(0xe0)));
}

static inline size_t digit_run(const char *p) {
    size_t n = 0;
    while (n < 16 && (unsigned char)(p[n] - '0') < 10)
        ++n;
    return n;
}

static inline bool same_token(const char *p, const jl_name_seen *seen) {
    return memcmp(p, seen->token, seen->n) == 0;
}

#include "jsonl/scan_body.h"
