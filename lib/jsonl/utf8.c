/* UTF-8 checked a vector at a time.
 *
 * The vector method is that of J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte"
 * (Software: Practice and Experience 51, 2021): whatever can be wrong with two neighbouring bytes shows in the high
 * half of the second and the two halves of the first. Three table look-ups by half bytes give, for each, the set of
 * errors it is compatible with; an error in all three sets has happened. What is left is that third and fourth bytes
 * stand exactly where a leading byte two or three before asks for them.
 */
#include "jsonl/utf8.h"

#include <stdint.h>
#include <string.h>

#include "jsonl/level.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Table 3-7 of the Unicode Standard: a leading byte narrows the range of the second byte only. */
size_t jl_utf8_sequence(const char *text, size_t n, bool *valid) {
    const unsigned char *p = (const unsigned char *)text;
    unsigned lead = p[0];
    unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    size_t want = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    size_t have = 1;
    if (want > 1 && n > 1 && p[1] >= low && p[1] <= high) {
        have = 2;
        while (have < want && have < n && (p[have] & 0xc0) == 0x80)
            ++have;
    }
    *valid = have == want;
    return have;
}

static size_t ascii_run(const char *p, size_t n) {
    size_t i = 0;
    for (uint64_t word; i + sizeof word <= n; i += sizeof word) {
        memcpy(&word, p + i, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < n && (unsigned char)p[i] < 0x80)
        ++i;
    return i;
}

size_t jl_utf8_first_bad(const char *p, size_t n) {
    size_t i = 0;
    for (;;) {
        i += ascii_run(p + i, n - i);
        if (i == n)
            return n;
        bool valid;
        size_t length = jl_utf8_sequence(p + i, n - i, &valid);
        if (!valid)
            return i;
        i += length;
    }
}

#if defined(__x86_64__)

enum {
    TOO_SHORT = 1 << 0,   /* 11______ 0_______ or 11______ 11______ */
    TOO_LONG = 1 << 1,    /* 0_______ 10______ */
    OVERLONG_3 = 1 << 2,  /* 11100000 100_____ */
    TOO_LARGE = 1 << 3,   /* over F4 8F: 11110100 1001____ or 101_____, and any larger first byte with these */
    SURROGATE = 1 << 4,   /* 11101101 101_____ */
    OVERLONG_2 = 1 << 5,  /* 1100000_ 10______ */
    TOO_LARGE_8 = 1 << 6, /* over F4 with 1000____ */
    OVERLONG_4 = 1 << 6,  /* 11110000 1000____ */
    TWO_CONTS = 1 << 7,   /* 10______ 10______: right or wrong depending on what stands before */
    CARRY = TOO_SHORT | TOO_LONG | TWO_CONTS,
    LARGE = CARRY | TOO_LARGE | TOO_LARGE_8,
    CONT = TOO_LONG | OVERLONG_2 | TWO_CONTS
};

#define FIRST_HIGH                                                                                                     \
    TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, (char)TWO_CONTS, (char)TWO_CONTS,  \
        (char)TWO_CONTS, (char)TWO_CONTS, TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,       \
        TOO_SHORT | TOO_LARGE | TOO_LARGE_8 | OVERLONG_4
#define FIRST_LOW                                                                                                      \
    (char)(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), (char)(CARRY | OVERLONG_2), (char)CARRY, (char)CARRY,        \
        (char)(CARRY | TOO_LARGE), (char)LARGE, (char)LARGE, (char)LARGE, (char)LARGE, (char)LARGE, (char)LARGE,       \
        (char)LARGE, (char)LARGE, (char)(LARGE | SURROGATE), (char)LARGE, (char)LARGE
#define SECOND_HIGH                                                                                                    \
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,                            \
        (char)(CONT | OVERLONG_3 | TOO_LARGE_8 | OVERLONG_4), (char)(CONT | OVERLONG_3 | TOO_LARGE),                   \
        (char)(CONT | SURROGATE | TOO_LARGE), (char)(CONT | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT, TOO_SHORT,   \
        TOO_SHORT

/* A trailing byte pattern that leaves a character unfinished: larger than this in its last three bytes. */
#define UNFINISHED_LAST (char)0xef, (char)0xdf, (char)0xbf

#define SSSE3 __attribute__((target("ssse3")))
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))

/* State between vectors: what was wrong so far (any bit), the vector before. */
typedef struct check16 {
    __m128i wrong, before;
} check16;

SSSE3 static inline void check_16(check16 *c, __m128i v) {
    const __m128i half = _mm_set1_epi8(0x0f);
    __m128i one = _mm_alignr_epi8(v, c->before, 15);
    __m128i two = _mm_alignr_epi8(v, c->before, 14);
    __m128i three = _mm_alignr_epi8(v, c->before, 13);
    __m128i a = _mm_shuffle_epi8(_mm_setr_epi8(FIRST_HIGH), _mm_and_si128(_mm_srli_epi16(one, 4), half));
    __m128i b = _mm_shuffle_epi8(_mm_setr_epi8(FIRST_LOW), _mm_and_si128(one, half));
    __m128i d = _mm_shuffle_epi8(_mm_setr_epi8(SECOND_HIGH), _mm_and_si128(_mm_srli_epi16(v, 4), half));
    __m128i pair = _mm_and_si128(_mm_and_si128(a, b), d);
    /* The high bit is set where a byte two back is at least E0 or one three back at least F0. */
    __m128i asked = _mm_or_si128(_mm_subs_epu8(two, _mm_set1_epi8(0x60)), _mm_subs_epu8(three, _mm_set1_epi8(0x70)));
    asked = _mm_and_si128(asked, _mm_set1_epi8((char)0x80));
    c->wrong = _mm_or_si128(c->wrong, _mm_xor_si128(asked, pair));
    c->before = v;
}

SSSE3 static inline void check_64_ssse3(check16 *c, const char *p) {
    const __m128i *from = (const __m128i *)(const void *)p;
    __m128i v0 = _mm_loadu_si128(from), v1 = _mm_loadu_si128(from + 1);
    __m128i v2 = _mm_loadu_si128(from + 2), v3 = _mm_loadu_si128(from + 3);
    if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(v0, v1), _mm_or_si128(v2, v3))) == 0) {
        const __m128i finished = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, UNFINISHED_LAST);
        c->wrong = _mm_or_si128(c->wrong, _mm_subs_epu8(c->before, finished));
        c->before = v3;
        return;
    }
    check_16(c, v0);
    check_16(c, v1);
    check_16(c, v2);
    check_16(c, v3);
}

SSSE3 static bool valid_ssse3(const char *p, size_t n) {
    check16 c = {_mm_setzero_si128(), _mm_setzero_si128()};
    size_t i = 0;
    for (; n - i >= 64; i += 64)
        check_64_ssse3(&c, p + i);
    /* The zeros behind the end show a character that is cut there. */
    char rest[64] = {0};
    memcpy(rest, p + i, n - i);
    check_64_ssse3(&c, rest);
    return _mm_movemask_epi8(_mm_cmpeq_epi8(c.wrong, _mm_setzero_si128())) == 0xffff;
}

typedef struct check32 {
    __m256i wrong, before;
} check32;

AVX2 static inline void check_32(check32 *c, __m256i v) {
    const __m256i half = _mm256_set1_epi8(0x0f);
    /* alignr works within 16-byte lanes: give it the lanes one before. */
    __m256i lanes = _mm256_permute2x128_si256(c->before, v, 0x21);
    __m256i one = _mm256_alignr_epi8(v, lanes, 15);
    __m256i two = _mm256_alignr_epi8(v, lanes, 14);
    __m256i three = _mm256_alignr_epi8(v, lanes, 13);
    __m256i a = _mm256_shuffle_epi8(_mm256_setr_epi8(FIRST_HIGH, FIRST_HIGH),
                                    _mm256_and_si256(_mm256_srli_epi16(one, 4), half));
    __m256i b = _mm256_shuffle_epi8(_mm256_setr_epi8(FIRST_LOW, FIRST_LOW), _mm256_and_si256(one, half));
    __m256i d = _mm256_shuffle_epi8(_mm256_setr_epi8(SECOND_HIGH, SECOND_HIGH),
                                    _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
    __m256i pair = _mm256_and_si256(_mm256_and_si256(a, b), d);
    __m256i asked =
        _mm256_or_si256(_mm256_subs_epu8(two, _mm256_set1_epi8(0x60)), _mm256_subs_epu8(three, _mm256_set1_epi8(0x70)));
    asked = _mm256_and_si256(asked, _mm256_set1_epi8((char)0x80));
    c->wrong = _mm256_or_si256(c->wrong, _mm256_xor_si256(asked, pair));
    c->before = v;
}

/* Text that is not all ASCII has characters beyond it everywhere: whether a stride has any is asked for that many bytes
   at once, for the answer must be foreseeable. */
#define STRIDE 512

AVX2 static inline bool ascii_avx2(const char *p, __m256i *last) {
    __m256i all = _mm256_setzero_si256();
    for (size_t i = 0; i < STRIDE; i += 32)
        all = _mm256_or_si256(all, *last = _mm256_loadu_si256((const __m256i *)(const void *)(p + i)));
    return _mm256_movemask_epi8(all) == 0;
}

AVX2 static inline void check_stride_avx2(check32 *c, const char *p) {
    __m256i last;
    if (ascii_avx2(p, &last)) {
        const __m256i finished = _mm256_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                                  -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, UNFINISHED_LAST);
        c->wrong = _mm256_or_si256(c->wrong, _mm256_subs_epu8(c->before, finished));
        c->before = last;
        return;
    }
    for (size_t i = 0; i < STRIDE; i += 32)
        check_32(c, _mm256_loadu_si256((const __m256i *)(const void *)(p + i)));
}

AVX2 static bool valid_avx2(const char *p, size_t n) {
    check32 c = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    size_t i = 0;
    for (; n - i >= STRIDE; i += STRIDE)
        check_stride_avx2(&c, p + i);
    for (; n - i >= 32; i += 32)
        check_32(&c, _mm256_loadu_si256((const __m256i *)(const void *)(p + i)));
    char rest[32] = {0};
    memcpy(rest, p + i, n - i);
    check_32(&c, _mm256_loadu_si256((const __m256i *)(const void *)rest));
    return _mm256_testz_si256(c.wrong, c.wrong) != 0;
}

typedef struct check64 {
    __m512i wrong, before;
} check64;

AVX512 static inline void check_64(check64 *c, __m512i v) {
    const __m512i half = _mm512_set1_epi8(0x0f);
    const __m512i first_high = _mm512_broadcast_i32x4(_mm_setr_epi8(FIRST_HIGH));
    const __m512i first_low = _mm512_broadcast_i32x4(_mm_setr_epi8(FIRST_LOW));
    const __m512i second_high = _mm512_broadcast_i32x4(_mm_setr_epi8(SECOND_HIGH));
    /* As with 32 bytes, alignr works within 16-byte lanes. */
    __m512i lanes = _mm512_alignr_epi64(v, c->before, 6);
    __m512i one = _mm512_alignr_epi8(v, lanes, 15);
    __m512i two = _mm512_alignr_epi8(v, lanes, 14);
    __m512i three = _mm512_alignr_epi8(v, lanes, 13);
    __m512i a = _mm512_shuffle_epi8(first_high, _mm512_and_si512(_mm512_srli_epi16(one, 4), half));
    __m512i b = _mm512_shuffle_epi8(first_low, _mm512_and_si512(one, half));
    __m512i d = _mm512_shuffle_epi8(second_high, _mm512_and_si512(_mm512_srli_epi16(v, 4), half));
    __m512i pair = _mm512_and_si512(_mm512_and_si512(a, b), d);
    __m512i asked =
        _mm512_or_si512(_mm512_subs_epu8(two, _mm512_set1_epi8(0x60)), _mm512_subs_epu8(three, _mm512_set1_epi8(0x70)));
    asked = _mm512_and_si512(asked, _mm512_set1_epi8((char)0x80));
    c->wrong = _mm512_or_si512(c->wrong, _mm512_xor_si512(asked, pair));
    c->before = v;
}

AVX512 static inline bool ascii_avx512(const char *p, __m512i *last) {
    __m512i all = _mm512_setzero_si512();
    for (size_t i = 0; i < STRIDE; i += 64)
        all = _mm512_or_si512(all, *last = _mm512_loadu_si512(p + i));
    return _mm512_movepi8_mask(all) == 0;
}

AVX512 static inline void check_stride_avx512(check64 *c, const char *p) {
    __m512i last;
    if (ascii_avx512(p, &last)) {
        const __m512i finished =
            _mm512_inserti64x4(_mm512_set1_epi8(-1),
                               _mm256_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                                -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, UNFINISHED_LAST),
                               1);
        c->wrong = _mm512_or_si512(c->wrong, _mm512_subs_epu8(c->before, finished));
        c->before = last;
        return;
    }
    for (size_t i = 0; i < STRIDE; i += 64)
        check_64(c, _mm512_loadu_si512(p + i));
}

AVX512 static bool valid_avx512(const char *p, size_t n) {
    check64 c = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    size_t i = 0;
    for (; n - i >= STRIDE; i += STRIDE)
        check_stride_avx512(&c, p + i);
    for (; n - i >= 64; i += 64)
        check_64(&c, _mm512_loadu_si512(p + i));
    /* What is not there is zero, which shows a character that is cut at the end. */
    check_64(&c, _mm512_maskz_loadu_epi8((UINT64_C(1) << (n - i)) - 1, p + i));
    return _mm512_test_epi8_mask(c.wrong, c.wrong) == 0;
}

#endif

bool jl_utf8_valid(const char *p, size_t n) {
    if (n == 0)
        return true;
#if defined(__x86_64__)
    jl_level level = jl_level_now();
    if (level >= JL_LEVEL_AVX512)
        return valid_avx512(p, n);
    if (level >= JL_LEVEL_AVX2)
        return valid_avx2(p, n);
    if (level >= JL_LEVEL_SSSE3)
        return valid_ssse3(p, n);
#endif
    return jl_utf8_first_bad(p, n) == n;
}
