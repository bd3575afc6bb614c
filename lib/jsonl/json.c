/* What a checked JSON token means. */
#include "jsonl/json.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "jsonl/scan.h"

static jl_scan_value_fn *const scan_value[JL_LEVELS] = {
#if defined(__x86_64__)
    [JL_LEVEL_PLAIN] = jl_scan_value_plain,   [JL_LEVEL_SSE2] = jl_scan_value_sse2,
    [JL_LEVEL_SSSE3] = jl_scan_value_sse2,    [JL_LEVEL_AVX2] = jl_scan_value_avx2,
    [JL_LEVEL_AVX512] = jl_scan_value_avx512,
#else
    [JL_LEVEL_PLAIN] = jl_scan_value_plain,
#endif
};

const char *jl_json_value(const char *p, const char *end, jl_type *type, jl_err *err) {
    jl_fault fault = {0};
    const char *q = scan_value[jl_level_now()](p, end, type, &fault);
    if (!q) {
        jl_err_set(err, JL_DATA, "%s", fault.text);
        if (err)
            err->byte = (uint64_t)(fault.at - p) + 1;
    }
    return q;
}

const unsigned char jl_scan_hex[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

size_t jl_scan_unicode_escape(const char *s, jl_fault *fault) {
    int code = s[1] == 'u' ? jl_scan_hex4(s + 2) : -1;
    size_t n = code < 0 ? 0 : 6;
    fault->at = s;
    fault->text = s[1] == 'u' ? "a \\u escape without four hexadecimal digits" : "an escape that JSON does not have";
    if (code >= 0xd800 && code <= 0xdfff) {
        int low = code < 0xdc00 && s[6] == '\\' && s[7] == 'u' ? jl_scan_hex4(s + 8) : -1;
        n = low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
        fault->text = "lone surrogate";
    }
    return n;
}

/* What the second byte of an escape means where it does not mean itself. */
static const char meaning[256] = {['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};

/* Writes a character below U+10000 that is no surrogate; touches four bytes. Which scripts a text mixes cannot be
   foreseen, so nothing branches here. */
static inline size_t put_unit(char utf8[4], uint32_t code) {
    uint32_t two = 0x80c0 | code >> 6 | (code & 0x3f) << 8;
    uint32_t three = 0x8080e0 | code >> 12 | (code >> 6 & 0x3f) << 8 | (code & 0x3f) << 16;
    uint32_t bytes = code < 0x800 ? two : three;
    bytes = code < 0x80 ? code : bytes;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap32(bytes);
#endif
    memcpy(utf8, &bytes, sizeof bytes);
    return 1u + (code >= 0x80) + (code >= 0x800);
}

/* Writes the meaning of the checked escape at `p` as UTF-8; returns its length, the escape's in *used. */
static inline size_t unescape(const char *p, char utf8[4], size_t *used) {
    if (p[1] != 'u') {
        char c = meaning[(unsigned char)p[1]];
        utf8[0] = c ? c : p[1];
        *used = 2;
        return 1;
    }
    int code = jl_scan_hex4(p + 2);
    *used = 6;
    if (code < 0xd800 || code > 0xdfff)
        return put_unit(utf8, (uint32_t)code);
    code = 0x10000 + ((code - 0xd800) << 10) + (jl_scan_hex4(p + 8) - 0xdc00);
    *used = 12;
    utf8[0] = (char)(0xf0 | code >> 18);
    utf8[1] = (char)(0x80 | (code >> 12 & 0x3f));
    utf8[2] = (char)(0x80 | (code >> 6 & 0x3f));
    utf8[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* How many of the 8 bytes at `p` come before the first backslash. */
static inline size_t before_slash(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    word ^= EACH('\\');
    /* A borrow can only spoil the bytes above the first zero. */
    uint64_t zero = (word - EACH(1)) & ~word & EACH(0x80);
    return zero ? (size_t)__builtin_ctzll(zero) / 8 : 8;
}

/* Copies what stands before the next escape or the end; `to` has 8 bytes to spare. Returns the length. */
static inline size_t copy_plain(const char *p, const char *end, char *to) {
    const char *start = p;
    size_t n = 8;
    for (; n == 8 && end - p >= 8; p += n, to += n) {
        memcpy(to, p, 8);
        n = before_slash(p);
    }
    while (n == 8 && p < end && *p != '\\')
        *to++ = *p++;
    return (size_t)(p - start);
}

int jl_json_decode(jl_span token, jl_buf *out, jl_err *err) {
    /* No escape means more bytes than it has. */
    if (jl_buf_reserve(out, token.n + 8, err))
        return -1;
    const char *p = token.p + 1;
    const char *end = token.p + token.n - 1;
    char *to = out->p + out->n;
    for (;;) {
        size_t plain = copy_plain(p, end, to);
        p += plain;
        to += plain;
        if (p == end)
            break;
        size_t used;
        to += unescape(p, to, &used);
        p += used;
    }
    out->n = (size_t)(to - out->p);
    return 0;
}

/* Copies 32 bytes; returns how many of them come before the first backslash. */
static inline size_t copy_32(const char *p, char *to) {
#if defined(__SSE2__)
    __m128i low = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));
    _mm_storeu_si128((__m128i *)(void *)to, low);
    _mm_storeu_si128((__m128i *)(void *)(to + 16), high);
    uint64_t slashes = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(low, _mm_set1_epi8('\\')));
    slashes |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(high, _mm_set1_epi8('\\'))) << 16;
    return (size_t)__builtin_ctzll(slashes | UINT64_C(1) << 32);
#else
    size_t n = 0;
    for (size_t more = 8; n < 32 && more == 8; n += more) {
        memcpy(to + n, p + n, 8);
        more = before_slash(p + n);
    }
    return n;
#endif
}

char *jl_json_decode_to(jl_span token, char *to) {
    const char *p = token.p + 1;
    const char *end = token.p + token.n - 1;
    for (;;) {
        size_t plain = copy_32(p, to);
        size_t left = (size_t)(end - p);
        if (plain >= left)
            return to + left;
        p += plain;
        to += plain;
        while (*p == '\\') {
            size_t used;
            to += unescape(p, to, &used);
            p += used;
        }
    }
}

bool jl_json_is(jl_span token, jl_span text) {
    const char *p = token.p + 1;
    const char *end = token.p + token.n - 1;
    size_t at = 0;
    while (p < end) {
        char utf8[4];
        size_t used = 1;
        size_t n = 1;
        if (*p == '\\')
            n = unescape(p, utf8, &used);
        else
            utf8[0] = *p;
        if (text.n - at < n || memcmp(text.p + at, utf8, n) != 0)
            return false;
        at += n;
        p += used;
    }
    return at == text.n;
}

bool jl_json_plain(jl_span token) {
    return memchr(token.p, '\\', token.n) == NULL;
}

bool jl_json_integer(jl_span token, int64_t *value) {
    bool negative = token.n > 0 && token.p[0] == '-';
    uint64_t limit = negative ? UINT64_C(1) << 63 : INT64_MAX;
    uint64_t sum = 0;
    if (token.n == (size_t)negative)
        return false;
    for (size_t i = negative; i < token.n; ++i) {
        unsigned digit = (unsigned char)token.p[i] - (unsigned)'0';
        if (digit > 9 || sum > (limit - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}
