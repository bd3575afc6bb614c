/* UTF-8: every short sequence, everywhere in a vector, at every vector level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "chance.h"
#include "json_reference.h"
#include "jsonl/level.h"
#include "jsonl/utf8.h"

static void at_every_level(void (*body)(void)) {
    for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level) {
        jl_level_force(level);
        body();
    }
}

/* In memory of exactly its size. */
static void same_as_reference(const char *text, size_t n) {
    char *p = malloc(n ? n : 1);
    if (!p)
        abort();
    memcpy(p, text, n);
    size_t bad = ref_utf8_first_bad(p, n);
    assert_int_equal(jl_utf8_first_bad(p, n), bad);
    if (jl_utf8_valid(p, n) != (bad == n))
        fail_msg("level %d, %zu bytes, first bad %zu", (int)jl_level_now(), n, bad);
    free(p);
}

/* Puts a sequence into a block of 192 bytes, across a boundary between vectors among others. */
static void same_inside_a_block(const char *sequence, size_t n, size_t at) {
    char block[192];
    memset(block, 'x', sizeof block);
    memcpy(block + at, sequence, n);
    bool good = ref_utf8_first_bad(sequence, n) == n;
    if (jl_utf8_valid(block, sizeof block) != good)
        fail_msg("level %d: %02x %02x %02x %02x at %zu", (int)jl_level_now(), sequence[0] & 0xff,
                 n > 1 ? sequence[1] & 0xff : 0, n > 2 ? sequence[2] & 0xff : 0, n > 3 ? sequence[3] & 0xff : 0, at);
}

static void two_bytes(void) {
    for (unsigned code = 0; code < 0x10000; ++code) {
        char s[2] = {(char)(code >> 8), (char)code};
        same_as_reference(s, 2);
        same_as_reference(s, 1);
        static const size_t places[] = {0, 15, 31, 62, 63, 64, 127, 190};
        for (size_t i = 0; i < sizeof places / sizeof *places; ++i)
            same_inside_a_block(s, 2, places[i]);
    }
}

static void every_two_bytes(void **state) {
    (void)state;
    at_every_level(two_bytes);
}

/* Behind and before long runs of ASCII, which are read in longer strides; a character may be cut where one begins. */
static void strides(void) {
    static const char *const sequence[] = {
        "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf0\x9f\x98", "\xf0\x9f",         "\xe2\x82",
        "\xc3",     "\x80",         "\xed\xa0\x80",     "\xc0\x80",     "\xf4\x90\x80\x80", "\xff"};
    static char block[2048];
    for (size_t i = 0; i < sizeof sequence / sizeof *sequence; ++i) {
        size_t n = strlen(sequence[i]);
        bool good = ref_utf8_first_bad(sequence[i], n) == n;
        for (size_t at = 0; at < sizeof block - n; at += at % 64 < 57 && at % 64 > 4 ? 13 : 1) {
            memset(block, 'a', sizeof block);
            memcpy(block + at, sequence[i], n);
            if (jl_utf8_valid(block, sizeof block) != good)
                fail_msg("level %d: sequence %zu at %zu", (int)jl_level_now(), i, at);
        }
    }
}

static void sequences_between_long_runs_of_ascii(void **state) {
    (void)state;
    at_every_level(strides);
}

static void three_bytes(void) {
    for (unsigned code = 0x800000; code < 0x1000000; code += code >> 16 < 0xe0 ? 37 : 1) {
        char s[3] = {(char)(code >> 16), (char)(code >> 8), (char)code};
        same_inside_a_block(s, 3, 61 + code % 5);
    }
}

static void every_three_bytes(void **state) {
    (void)state;
    at_every_level(three_bytes);
}

static void four_bytes(void) {
    /* Both sides of every boundary that the standard draws. */
    static const unsigned char edge[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                                         0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    const size_t n = sizeof edge;
    for (size_t i = 0; i < n * n * n * n; ++i) {
        char s[4] = {(char)edge[i % n], (char)edge[i / n % n], (char)edge[i / n / n % n], (char)edge[i / n / n / n]};
        same_inside_a_block(s, 4, 60 + i % 5);
    }
}

static void four_bytes_at_the_edges(void **state) {
    (void)state;
    at_every_level(four_bytes);
}

static void characters(void) {
    for (uint32_t code = 0x80; code < 0x120000; ++code) {
        char s[4];
        size_t n = ref_encode(code, s);
        char block[130];
        memset(block, ' ', sizeof block);
        memcpy(block + 60 + code % 6, s, n);
        bool good = code < 0x110000 && !(code >= 0xd800 && code < 0xe000);
        assert_int_equal(jl_utf8_valid(block, sizeof block), good);
        assert_int_equal(jl_utf8_first_bad(block, sizeof block) == sizeof block, good);
    }
}

static void every_character(void **state) {
    (void)state;
    at_every_level(characters);
}

/* A character cut by the end of the text, whatever the length of the text. */
static void cuts(void) {
    char text[300];
    static const char *const character[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t length = 0; length < 260; ++length)
        for (size_t i = 0; i < 3; ++i)
            for (size_t n = 0; n <= strlen(character[i]); ++n) {
                memset(text, length % 2 ? 'a' : 'z', length);
                memcpy(text + length, character[i], n);
                same_as_reference(text, length + n);
            }
}

static void characters_cut_at_the_end(void **state) {
    (void)state;
    at_every_level(cuts);
}

static void texts(void) {
    chance c = chance_seeded();
    char text[2100];
    for (size_t round = chance_rounds(30000); round > 0; --round) {
        size_t n = 0;
        size_t wanted = chance_below(&c, sizeof text - 4);
        /* Of one language each, so that runs of ASCII and of others meet. */
        uint32_t from = (uint32_t[]){0x20, 0x80, 0x400, 0x4e00, 0x1f300}[chance_below(&c, 5)];
        while (n < wanted)
            n += ref_encode(chance_below(&c, 3) ? from + (uint32_t)chance_below(&c, 64) : 'a', text + n);
        for (size_t k = chance_below(&c, 3); k > 0 && n > 0; --k)
            text[chance_below(&c, n)] = (char)chance_bits(&c);
        same_as_reference(text, n);
    }
}

static void random_texts(void **state) {
    (void)state;
    at_every_level(texts);
}

/* The examples of the Unicode Standard, tables 3-8 to 3-10, and of section 3.9. */
static void ill_formed_runs_have_the_standard_length(void **state) {
    (void)state;
    const struct {
        jl_span text;
        const char *lengths;
    } run[] = {
        {JL_SPAN("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"), "11111111"},
        {JL_SPAN("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"), "11111111"},
        {JL_SPAN("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"), "1111111"},
        {JL_SPAN("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), "2132"},
        {JL_SPAN("\xf4\x8f\xbf"), "3"},
    };
    for (size_t i = 0; i < sizeof run / sizeof *run; ++i) {
        char lengths[16];
        size_t found = 0;
        for (size_t at = 0; at < run[i].text.n;) {
            bool valid;
            size_t n = jl_utf8_sequence(run[i].text.p + at, run[i].text.n - at, &valid);
            if (!valid)
                lengths[found++] = (char)('0' + n);
            at += n;
        }
        lengths[found] = 0;
        assert_string_equal(lengths, run[i].lengths);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_two_bytes),   cmocka_unit_test(sequences_between_long_runs_of_ascii),
        cmocka_unit_test(every_three_bytes), cmocka_unit_test(four_bytes_at_the_edges),
        cmocka_unit_test(every_character),   cmocka_unit_test(characters_cut_at_the_end),
        cmocka_unit_test(random_texts),      cmocka_unit_test(ill_formed_runs_have_the_standard_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
