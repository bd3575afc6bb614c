/* JSON values: accepted or rejected to the letter, at every vector level. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include <jansson.h>

#include "chance.h"
#include "json_reference.h"
#include "jsonl/level.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The length of the value at the front of the text, or -1. Every level gives the same; whatever stands behind. */
static ptrdiff_t scan(jl_span text, jl_type *type, jl_err *err) {
    ptrdiff_t length = -2;
    for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level) {
        jl_level_force(level);
        for (const char *fill = "\n1\"x\\"; *fill; ++fill) {
            char *p = ref_copy(text, *fill);
            const char *q = jl_json_value(p, p + text.n, type, err);
            ptrdiff_t n = q ? q - p : -1;
            if (length != -2)
                assert_int_equal(length, n);
            length = n;
            free(p);
        }
    }
    return length;
}

static ptrdiff_t reference(jl_span text, jl_type *type) {
    ref_reader r = {text.p, text.p + text.n};
    *type = ref_value(&r, 1);
    return r.p ? r.p - text.p : -1;
}

static void same_as_reference(jl_span text) {
    jl_type want;
    jl_type have = JL_ABSENT;
    jl_err err = {0};
    ptrdiff_t wanted = reference(text, &want);
    ptrdiff_t got = scan(text, &have, &err);
    /* "01" is a 0 with something behind it, for the reference; here it is a number spelled wrongly. */
    if (got < 0 && strstr(err.text, "leading zero"))
        return;
    if (wanted != got)
        fail_msg("%td instead of %td: %.*s", got, wanted, (int)text.n, text.p);
    if (got >= 0)
        assert_int_equal(want, have);
}

static const char *const documents[] = {
    "{}",
    "[ ]",
    "{\"a\":1}",
    "[1,-2.5,3e8,4E-7,0,-0,0.5e+10]",
    "{\"a\":{\"b\":[true,false,null,{}]},\"c\":\"\"}",
    "\"\\u0041\\uD83D\\uDE00\\n\\\\\\\"\\/\\b\\f\\r\\t\"",
    " \"x\"",
    "[[[[[]]]],[{\"\":{}}]]",
    "{ \"company\" :\t\"A \\\"B\\\" \\\\\" ,\r \"title\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\" }",
    "[123456789012345678901234567890,1.00000000000000000000000000000001e1234567890123456789]",
    "{\"a\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"b\":[\"\\u12aB\"]}",
    "true",
    "false",
    "null",
};

static void documents_are_read_like_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(documents); ++i)
        same_as_reference(jl_span_of(documents[i]));
}

static void every_prefix_is_read_like_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(documents); ++i)
        for (size_t n = 0; n < strlen(documents[i]); ++n) {
            jl_span prefix = {documents[i], n};
            jl_type type;
            same_as_reference(prefix);
            assert_int_equal(scan(prefix, &type, NULL), -1);
        }
}

static void every_mutation_of_one_byte_is_read_like_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(documents); ++i) {
        jl_span text = jl_span_of(documents[i]);
        char *copy = ref_copy(text, 0);
        for (size_t at = 0; at < text.n; ++at)
            for (int c = 0; c < 256; ++c) {
                copy[at] = (char)c;
                same_as_reference((jl_span){copy, text.n});
                copy[at] = text.p[at];
            }
        free(copy);
    }
}

/* Everything that a vector looks for, at every offset in it, with every alignment of what follows. */
static void marks_are_found_at_every_offset(void **state) {
    (void)state;
    static const char *const marks[] = {"\"",      "\\\"",           "\\\\",    "\\n",  "\\x",
                                        "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "\x1f", "\x7f",
                                        "\n",      "\x01",           "",        "\\",   "\xff"};
    char text[512];
    for (size_t before = 0; before < 140; ++before)
        for (size_t i = 0; i < COUNT(marks); ++i)
            for (size_t after = 0; after < 70; after += 1 + after % 7) {
                /* Long strings are read otherwise behind their first escapes. */
                const char *first = after & 1 ? "\\t" : "";
                size_t n = (size_t)snprintf(
                    text, sizeof text, "\"%s%.*s%s%.*s\"", first, (int)before,
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                    marks[i], (int)after, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
                same_as_reference((jl_span){text, n});
            }
}

static void runs_of_escapes_cross_vectors(void **state) {
    (void)state;
    char text[400];
    for (size_t slashes = 0; slashes < 140; ++slashes)
        for (size_t before = 0; before < 140; before += 3) {
            char *p = text;
            *p++ = '"';
            if (before & 1) {
                memcpy(p, "\\/", 2);
                p += 2;
            }
            memset(p, 'a', before);
            p += before;
            memset(p, '\\', slashes);
            p += slashes;
            memcpy(p, "\"\"", 2);
            same_as_reference((jl_span){text, (size_t)(p + 2 - text)});
        }
}

static void escapes_of_all_kinds_follow_each_other(void **state) {
    (void)state;
    static const char *const pieces[] = {"\\n",     "\\\"",  "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00",
                                         "\\udc00", "\\u12", "\\q",  "a",   "b c",     "0123456789abcdef0123456789"};
    chance c = chance_seeded();
    size_t rounds = chance_rounds(20000);
    for (size_t round = 0; round < rounds; ++round) {
        char text[1024];
        size_t n = 1;
        text[0] = '"';
        size_t faulty = chance_below(&c, 60); /* the piece that may be a fault */
        for (size_t i = chance_below(&c, 40); i > 0; --i) {
            const char *piece = pieces[chance_below(&c, COUNT(pieces))];
            if (i != faulty &&
                (strcmp(piece, "\\udc00") == 0 || strcmp(piece, "\\u12") == 0 || strcmp(piece, "\\q") == 0))
                continue;
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        text[n++] = '"';
        same_as_reference((jl_span){text, n - chance_below(&c, 3) % n});
    }
}

static void digits_are_counted_over_vectors(void **state) {
    (void)state;
    char text[100];
    for (size_t n = 1; n < 70; ++n) {
        memset(text, '7', sizeof text);
        same_as_reference((jl_span){text, n});
        for (const char *c = ".eE+-x ,"; *c; ++c) {
            text[n] = *c;
            same_as_reference((jl_span){text, n + 1});
            same_as_reference((jl_span){text, n + 20});
        }
    }
}

static void nest(char *text, size_t depth, const char *open, const char *close) {
    char *p = text;
    for (size_t i = 0; i < depth; ++i)
        p = stpcpy(p, i + 1 == depth && open[0] == '{' ? "{" : open);
    for (size_t i = 0; i < depth; ++i)
        p = stpcpy(p, close);
}

/* Arrays of many small values of one kind are read in blocks: whatever is wrong in them is found all the same. */
static void long_arrays_are_read_like_the_reference(void **state) {
    (void)state;
    static const char *const numbers[] = {"0",      "7",      "-1",    "12",    "-0.5", "3.25", "1e5",       "-2E+10",
                                          "0.0e-0", "123456", "-9876", "1.0E7", "40",   "0e0",  "1234567.5", "8"};
    static const char *const strings[] = {"\"\"",       "\"a\"",        "\"bc\"",  "\"d,e\"",
                                          "\"[1, 2]\"", "\"\xc3\xa9\"", "\" f \"", "\"0123456789abcdef\""};
    static const char *const literals[] = {"true", "false", "null"};
    static const char *const others[] = {
        "true",     "null",
        "[]",       "{\"a\":1}",
        "\"\\n\"",  "[1,2,3,4,5]",
        "\"\\\\\"", "\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\""};
    static const char *const between[] = {",", ",", ", ", ",  ", " ,", ",\t"};
    static const char bytes[] = "\"\\{}[],:01289.eE+-tn /\x01\x1f\xff";
    chance c = chance_seeded();
    size_t rounds = chance_rounds(30000);
    size_t good = 0;
    for (size_t round = 0; round < rounds; ++round) {
        char text[8192] = "[";
        size_t n = 1;
        size_t kind = chance_below(&c, 3);
        size_t odd = 1 + chance_below(&c, 60); /* one in so many values is of another kind */
        const char *separator = between[chance_below(&c, COUNT(between))];
        for (size_t i = chance_below(&c, 80); i > 0; --i) {
            const char *value = kind == 0   ? strings[chance_below(&c, COUNT(strings))]
                                : kind == 1 ? literals[chance_below(&c, COUNT(literals))]
                                            : numbers[chance_below(&c, COUNT(numbers))];
            if (chance_below(&c, odd) == odd - 2)
                value = others[chance_below(&c, COUNT(others))];
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", value, i > 1 ? separator : "");
        }
        text[n++] = ']';
        if (chance_below(&c, 3))
            text[chance_below(&c, n)] = bytes[chance_below(&c, sizeof bytes - 1)];
        jl_type type;
        good += reference((jl_span){text, n}, &type) > 0;
        same_as_reference((jl_span){text, n - (chance_below(&c, 4) ? 0 : chance_below(&c, n))});
    }
    assert_true(good > rounds / 3 && good < rounds);
}

static void depth_ends_at_1024(void **state) {
    (void)state;
    static char text[32 * 1200];
    static const struct { const char *open, *close; } kind[] = {{"[", "]"}, {"{\"a\":", "}"}};
    for (size_t i = 0; i < 2; ++i)
        for (size_t depth = 1020; depth < 1030; ++depth) {
            jl_type type;
            jl_err err = {0};
            nest(text, depth, kind[i].open, kind[i].close);
            ptrdiff_t n = scan(jl_span_of(text), &type, &err);
            assert_int_equal(n, depth <= 1024 ? (ptrdiff_t)strlen(text) : -1);
            if (n < 0) {
                assert_string_equal(err.text, "nested deeper than 1024");
                assert_int_equal(err.byte, 1024 * strlen(kind[i].open) + 1);
            }
        }
    /* The depth is that of what is open, not of all that was opened. */
    char *p = stpcpy(text, "[");
    for (size_t i = 0; i < 2000; ++i)
        p = stpcpy(p, "[{}],");
    strcpy(p, "[]]");
    same_as_reference(jl_span_of(text));
}

static void faults_name_their_byte(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned byte;
        const char *what;
    } fault[] = {
        {"", 1, "expected a value"},
        {"nul", 1, "expected a value"},
        {"[1,]", 4, "expected a value"},
        {"[1 2]", 4, "expected ',' or ']'"},
        {"{\"a\":1 \"b\":2}", 8, "expected ',' or '}'"},
        {"{\"a\" 1}", 6, "expected ':'"},
        {"{a:1}", 2, "expected a member name"},
        {"{\"a\":1,}", 8, "expected a member name"},
        {"\"abc", 1, "unterminated string"},
        {"[\"abc", 2, "unterminated string"},
        {"\"abc\\", 1, "unterminated string"},
        {"\"a\tb\"", 3, "a raw control character in a string"},
        {"\"a\nb\"", 3, "a raw control character in a string"},
        {"\"\\x\"", 2, "an escape that JSON does not have"},
        {"\"\\u12g4\"", 2, "a \\u escape without four hexadecimal digits"},
        {"\"a\\ud800\"", 3, "lone surrogate"},
        {"\"a\\udc00\"", 3, "lone surrogate"},
        {"\"a\\ud800\\u0041\"", 3, "lone surrogate"},
        {"-", 2, "expected a digit"},
        {"1.", 3, "expected a digit"},
        {"1e+", 4, "expected a digit"},
        {"[01]", 2, "a number with a leading zero"},
        {"[+1]", 2, "expected a value"},
        {"[.5]", 2, "expected a value"},
    };
    for (size_t i = 0; i < COUNT(fault); ++i) {
        jl_type type;
        jl_err err = {0};
        assert_int_equal(scan(jl_span_of(fault[i].text), &type, &err), -1);
        assert_int_equal(err.class, JL_DATA);
        assert_string_equal(err.text, fault[i].what);
        if (err.byte != fault[i].byte)
            fail_msg("byte %u instead of %u: %s", (unsigned)err.byte, fault[i].byte, fault[i].text);
    }
}

static void strings_decode(void **state) {
    (void)state;
    const struct {
        jl_span token, meaning;
        bool plain;
    } string[] = {
        {JL_SPAN("\"\""), JL_SPAN(""), true},
        {JL_SPAN("\"abc\""), JL_SPAN("abc"), true},
        {JL_SPAN("\"comp\\u0061ny\""), JL_SPAN("company"), false},
        {JL_SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), JL_SPAN("\"\\/\b\f\n\r\t"), false},
        {JL_SPAN("\"a\\u0000b\""), JL_SPAN("a\0b"), false},
        {JL_SPAN("\"\\u007f\\u0080\\u07ff\\u0800\\uFFFF\""), JL_SPAN("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"),
         false},
        {JL_SPAN("\"\\ud83d\\uDE00x\""), JL_SPAN("\xf0\x9f\x98\x80x"), false},
        {JL_SPAN("\"\\ud800\\udc00\\udbff\\udfff\""), JL_SPAN("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), false},
    };
    for (size_t i = 0; i < COUNT(string); ++i) {
        jl_buf out = {0};
        assert_int_equal(jl_buf_add(&out, JL_SPAN("before"), NULL), 0);
        assert_int_equal(jl_json_decode(string[i].token, &out, NULL), 0);
        assert_int_equal(out.n, 6 + string[i].meaning.n);
        assert_memory_equal(out.p + 6, string[i].meaning.p, string[i].meaning.n);
        assert_int_equal(jl_json_plain(string[i].token), string[i].plain);
        for (size_t k = 0; k < COUNT(string); ++k)
            assert_int_equal(jl_json_is(string[i].token, string[k].meaning), i == k);
        jl_buf_free(&out);
    }
    assert_false(jl_json_is(JL_SPAN("\"abc\""), JL_SPAN("abcd")));
    assert_false(jl_json_is(JL_SPAN("\"abcd\""), JL_SPAN("abc")));
    assert_false(jl_json_is(JL_SPAN("\"\\u00e9\""), JL_SPAN("\xc3")));
}

/* The two decoders agree, each within its memory. */
static void strings_decode_with_padding(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83d\\ude00", "\\u0041", "a", "b c", "0123456789abcdef0123456789"};
    chance c = chance_seeded();
    for (size_t round = chance_rounds(20000); round > 0; --round) {
        char text[1024] = "\"";
        size_t n = 1;
        for (size_t i = chance_below(&c, 30); i > 0; --i) {
            const char *piece = pieces[chance_below(&c, COUNT(pieces))];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        text[n++] = '"';
        jl_span token = {text, n};
        char *line = ref_copy(token, '\\');
        char *meaning = malloc(n + JL_PAD);
        jl_buf out = {0};
        if (!meaning)
            abort();
        assert_int_equal(jl_json_decode(token, &out, NULL), 0);
        assert_int_equal(jl_json_decode_to((jl_span){line, n}, meaning) - meaning, out.n);
        if (out.n)
            assert_memory_equal(meaning, out.p, out.n);
        jl_buf_free(&out);
        free(meaning);
        free(line);
    }
}

static void every_escape_decodes(void **state) {
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code += code < 0x10000 ? 1 : 97) {
        char token[32];
        char want[4];
        if (code >= 0xd800 && code < 0xe000)
            continue;
        if (code < 0x10000)
            snprintf(token, sizeof token, "\"\\u%04x\"", (unsigned)code);
        else
            snprintf(token, sizeof token, "\"\\u%04X\\u%04x\"", (unsigned)(0xd800 + ((code - 0x10000) >> 10)),
                     (unsigned)(0xdc00 + (code & 0x3ff)));
        jl_buf out = {0};
        size_t n = ref_encode(code, want);
        assert_int_equal(jl_json_decode(jl_span_of(token), &out, NULL), 0);
        assert_int_equal(out.n, n);
        assert_memory_equal(out.p, want, n);
        jl_buf_free(&out);
    }
}

static void integers_fit_or_are_none(void **state) {
    (void)state;
    static const struct {
        const char *token;
        bool is;
        int64_t value;
    } number[] = {{"0", true, 0},
                  {"-0", true, 0},
                  {"7", true, 7},
                  {"-12", true, -12},
                  {"9223372036854775807", true, INT64_MAX},
                  {"9223372036854775808", false, 0},
                  {"-9223372036854775808", true, INT64_MIN},
                  {"-9223372036854775809", false, 0},
                  {"99999999999999999999", false, 0},
                  {"18446744073709551616", false, 0},
                  {"5.0", false, 0},
                  {"5e0", false, 0},
                  {"-", false, 0},
                  {"", false, 0},
                  {"\"5\"", false, 0},
                  {"null", false, 0}};
    for (size_t i = 0; i < COUNT(number); ++i) {
        int64_t value = 0;
        assert_int_equal(jl_json_integer(jl_span_of(number[i].token), &value), number[i].is);
        assert_true(value == number[i].value);
    }
}

/* ---- against another parser ---- */

typedef struct document {
    char text[4096];
    size_t n;
    chance *c;
} document;

static void add(document *d, const char *piece) {
    size_t n = strlen(piece);
    if (d->n + n < sizeof d->text - 256) {
        memcpy(d->text + d->n, piece, n);
        d->n += n;
    }
}

static const char *pick(document *d, const char *const *piece, size_t n) {
    return piece[chance_below(d->c, n)];
}

static void add_string(document *d) {
    static const char *const pieces[] = {
        "a",
        "company",
        "\\n",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\\\",
        "\\\"",
        "\xc3\xa9",
        "\xe2\x80\xa8",
        " ",
        "\\u2028",
        "x",
        "the quick brown fox jumps over the lazy dog and far beyond the sixty-fourth byte",
        "\xf0\x9f\x98\x80"};
    add(d, "\"");
    for (size_t n = chance_below(d->c, 6); n > 0; --n)
        add(d, pick(d, pieces, COUNT(pieces)));
    add(d, "\"");
}

static void add_space(document *d) {
    static const char *const pieces[] = {"", "", "", "", " ", "\t", "\r", "  "};
    add(d, pick(d, pieces, COUNT(pieces)));
}

static void add_value(document *d, size_t depth) {
    static const char *const scalars[] = {"1",    "-0.5", "1e5",  "12345678", "true", "false",
                                          "null", "0",    "1E-2", "3.25",     "-7",   "100000000000"};
    size_t kind = chance_below(d->c, depth > 0 ? 6 : 4);
    if (kind < 2) {
        add_string(d);
    } else if (kind < 4) {
        add(d, pick(d, scalars, COUNT(scalars)));
    } else {
        add(d, kind == 4 ? "[" : "{");
        add_space(d);
        size_t n = chance_below(d->c, 5);
        for (size_t i = 0; i < n; ++i) {
            add(d, i ? "," : "");
            add_space(d);
            if (kind == 5) {
                add_string(d);
                add_space(d);
                add(d, ":");
                add_space(d);
            }
            add_value(d, depth - 1);
            add_space(d);
        }
        add(d, kind == 4 ? "]" : "}");
    }
}

static void mutate(document *d) {
    static const char interesting[] = "\"\\{}[],:0129.eE+-tfn u/\n\t\x01\x1f\x7f\x80\xc3\xed\xf4\xff";
    size_t at = chance_below(d->c, d->n);
    size_t size = sizeof interesting - 1;
    switch (chance_below(d->c, 4)) {
    case 0:
        d->text[at] = interesting[chance_below(d->c, size)];
        break;
    case 1:
        memmove(d->text + at, d->text + at + 1, d->n - at - 1);
        --d->n;
        break;
    case 2:
        memmove(d->text + at + 1, d->text + at, d->n - at);
        d->text[at] = interesting[chance_below(d->c, size)];
        ++d->n;
        break;
    default:
        d->n = at;
    }
}

/* What jansson leaves to taste: exponents that overflow a double, its own limits. Such texts are not compared. */
static bool jansson_decides(const json_error_t *error) {
    return strstr(error->text, "too big") == NULL && strstr(error->text, "overflow") == NULL &&
           strstr(error->text, "depth") == NULL;
}

static void random_documents_are_read_as_jansson_reads_them(void **state) {
    (void)state;
    chance c = chance_seeded();
    size_t rounds = chance_rounds(20000);
    size_t accepted = 0;
    for (size_t round = 0; round < rounds; ++round) {
        document d = {.c = &c};
        add_value(&d, 1 + chance_below(&c, 5));
        for (size_t n = chance_below(&c, 3); n > 0 && d.n > 0; --n)
            mutate(&d);
        jl_span text = {d.text, d.n};
        same_as_reference(text);

        json_error_t error;
        json_t *tree = json_loadb(d.text, d.n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
        bool theirs = tree != NULL;
        json_decref(tree);
        if (!theirs && !jansson_decides(&error))
            continue;
        char *copy = ref_copy(text, ' ');
        const char *end = copy + d.n;
        const char *start = copy;
        while (start < end && strchr(" \t\r\n", *start) && *start)
            ++start;
        jl_type type;
        const char *q = jl_json_value(start, end, &type, NULL);
        while (q && q < end && *q && strchr(" \t\r\n", *q))
            ++q;
        bool ours = q == end && ref_utf8_first_bad(d.text, d.n) == d.n;
        free(copy);
        if (ours != theirs)
            fail_msg("seed round %zu: jansson says %s: %.*s", round, theirs ? "good" : error.text, (int)d.n, d.text);
        accepted += ours;
    }
    /* A campaign that accepts nothing, or everything, compares nothing. */
    assert_true(accepted > rounds / 10 && accepted < rounds - rounds / 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_read_like_the_reference),
        cmocka_unit_test(every_prefix_is_read_like_the_reference),
        cmocka_unit_test(every_mutation_of_one_byte_is_read_like_the_reference),
        cmocka_unit_test(marks_are_found_at_every_offset),
        cmocka_unit_test(runs_of_escapes_cross_vectors),
        cmocka_unit_test(escapes_of_all_kinds_follow_each_other),
        cmocka_unit_test(digits_are_counted_over_vectors),
        cmocka_unit_test(long_arrays_are_read_like_the_reference),
        cmocka_unit_test(depth_ends_at_1024),
        cmocka_unit_test(faults_name_their_byte),
        cmocka_unit_test(strings_decode),
        cmocka_unit_test(strings_decode_with_padding),
        cmocka_unit_test(every_escape_decodes),
        cmocka_unit_test(integers_fit_or_are_none),
        cmocka_unit_test(random_documents_are_read_as_jansson_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
