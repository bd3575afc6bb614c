/* Base64, 24 bytes a step where the machine has 32-byte vectors.
 *
 * The vector methods are those of W. Muła and D. Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions"
 * (ACM Transactions on the Web 12, 2018): digits are split and joined by multiplications, characters translated by
 * look-ups in tables of sixteen. */
#include "vector/base64.h"

#include <stdint.h>

#include "jsonl/level.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { BAD = 0x80 };

/* What a character stands for; BAD for those beyond the alphabet. */
static const uint8_t digit[256] = {
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 62,
    128, 128, 128, 63,  52,  53,  54,  55,  56,  57,  58,  59,  60,  61,  128, 128, 128, 128, 128, 128, 128, 0,
    1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,  16,  17,  18,  19,  20,  21,  22,
    23,  24,  25,  128, 128, 128, 128, 128, 128, 26,  27,  28,  29,  30,  31,  32,  33,  34,  35,  36,  37,  38,
    39,  40,  41,  42,  43,  44,  45,  46,  47,  48,  49,  50,  51,  128, 128, 128, 128, 128, 128, 128, 128, 128,
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};

#if defined(__x86_64__)

/* Sixteen bytes twice: look-ups and shuffles stay inside a vector's halves. */
#define TWICE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

/* Returns how many bytes it took, a multiple of 3. */
__attribute__((target("avx2"))) static size_t write_avx2(const char *p, size_t n, char *to) {
    const __m256i spread = TWICE(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    /* By groups of digits: 13 is A-Z, 0 a-z, 1 to 10 are 0-9, 11 is +, 12 is /. */
    const __m256i offset = TWICE('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                 '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    size_t i = 0;
    for (; n - i >= 28; i += 24, to += 32) {
        __m128i low = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(p + i + 12));
        __m256i v = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
        __m256i odd =
            _mm256_mulhi_epu16(_mm256_and_si256(v, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
        __m256i even =
            _mm256_mullo_epi16(_mm256_and_si256(v, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
        __m256i digits = _mm256_or_si256(odd, even);
        __m256i group = _mm256_subs_epu8(digits, _mm256_set1_epi8(51));
        __m256i capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), digits);
        group = _mm256_or_si256(group, _mm256_and_si256(capital, _mm256_set1_epi8(13)));
        __m256i text = _mm256_add_epi8(digits, _mm256_shuffle_epi8(offset, group));
        _mm256_storeu_si256((__m256i *)(void *)to, text);
    }
    return i;
}

/* Stops before what it does not know; the last four characters, which may be padded, are always left. Returns how many
   characters it took, a multiple of 4. */
__attribute__((target("avx2"))) static size_t read_avx2(const char *p, size_t n, char *to) {
    /* A character is bad when its two halves agree on a reason. */
    const __m256i bad_low =
        TWICE(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
    const __m256i bad_high =
        TWICE(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    const __m256i offset = TWICE(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i order = TWICE(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i together = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
    const __m256i slash = _mm256_set1_epi8('/');
    size_t i = 0;
    for (; n - i >= 36; i += 32, to += 24) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
        /* Bit 5 does not matter to a look-up and spares a second mask. */
        __m256i high = _mm256_and_si256(_mm256_srli_epi32(v, 4), slash);
        __m256i low = _mm256_and_si256(v, slash);
        if (!_mm256_testz_si256(_mm256_shuffle_epi8(bad_low, low), _mm256_shuffle_epi8(bad_high, high)))
            break;
        __m256i group = _mm256_add_epi8(_mm256_cmpeq_epi8(v, slash), high);
        __m256i digits = _mm256_add_epi8(v, _mm256_shuffle_epi8(offset, group));
        __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi32(0x01400140));
        __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
        __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(fours, order), together);
        _mm256_storeu_si256((__m256i *)(void *)to, bytes);
    }
    return i;
}

#endif

char *jl_base64_write(jl_span bytes, char *to) {
    size_t i = 0;
#if defined(__x86_64__)
    if (jl_level_now() >= JL_LEVEL_AVX2)
        i = write_avx2(bytes.p, bytes.n, to);
    to += i / 3 * 4;
#endif
    const unsigned char *p = (const unsigned char *)bytes.p;
    for (; i + 3 <= bytes.n; i += 3, to += 4) {
        unsigned bits = (unsigned)p[i] << 16 | (unsigned)p[i + 1] << 8 | p[i + 2];
        to[0] = alphabet[bits >> 18];
        to[1] = alphabet[bits >> 12 & 63];
        to[2] = alphabet[bits >> 6 & 63];
        to[3] = alphabet[bits & 63];
    }
    if (i == bytes.n)
        return to;
    unsigned bits = (unsigned)p[i] << 16 | (i + 1 < bytes.n ? (unsigned)p[i + 1] << 8 : 0);
    to[0] = alphabet[bits >> 18];
    to[1] = alphabet[bits >> 12 & 63];
    to[2] = '=';
    if (i + 1 < bytes.n)
        to[2] = alphabet[bits >> 6 & 63];
    to[3] = '=';
    return to + 4;
}

/* Four characters to three bytes; of `used` characters only, the others are padding. */
static unsigned read_four(const unsigned char *p, unsigned used, char *to) {
    unsigned a = digit[p[0]], b = digit[p[1]], c = used > 2 ? digit[p[2]] : 0, d = used > 3 ? digit[p[3]] : 0;
    unsigned bits = a << 18 | b << 12 | c << 6 | d;
    to[0] = (char)(bits >> 16);
    to[1] = (char)(bits >> 8);
    to[2] = (char)bits;
    unsigned left = used == 2 ? bits & 0xffff : used == 3 ? bits & 0xff : 0;
    return ((a | b | c | d) & BAD) | left;
}

bool jl_base64_read(jl_span text, char *to, size_t *n) {
    *n = 0;
    if (text.n % 4)
        return false;
    if (text.n == 0)
        return true;
    const char *start = to;
    size_t i = 0;
#if defined(__x86_64__)
    if (jl_level_now() >= JL_LEVEL_AVX2)
        i = read_avx2(text.p, text.n, to);
    to += i / 4 * 3;
#endif
    const unsigned char *p = (const unsigned char *)text.p;
    unsigned wrong = 0;
    for (; i + 4 < text.n; i += 4, to += 3)
        wrong |= read_four(p + i, 4, to);
    unsigned used = p[i + 3] != '=' ? 4 : p[i + 2] != '=' ? 3 : 2;
    wrong |= read_four(p + i, used, to);
    *n = (size_t)(to - start) + used - 1;
    return wrong == 0;
}
