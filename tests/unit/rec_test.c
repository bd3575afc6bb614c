/* Records: which lines are, where their wanted members stand, whatever came before them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "chance.h"
#include "json_reference.h"
#include "jsonl/level.h"
#include "jsonl/rec.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { WANTED = 9 };
/* Under and above each other, one twice, one with a dot in its name, one longer than what is remembered of a name. */
static const char *const wanted[WANTED] = {"a",
                                           "b.a",
                                           "b",
                                           "a.b.c",
                                           "b.a",
                                           "a\\.b",
                                           "company",
                                           "hiringOrganization.name",
                                           "a.a-name-that-is-longer-than-one-vector"};
static const struct {
    jl_span name[3];
    size_t n;
} component[WANTED] = {{{{"a", 1}}, 1},
                       {{{"b", 1}, {"a", 1}}, 2},
                       {{{"b", 1}}, 1},
                       {{{"a", 1}, {"b", 1}, {"c", 1}}, 3},
                       {{{"b", 1}, {"a", 1}}, 2},
                       {{{"a.b", 3}}, 1},
                       {{{"company", 7}}, 1},
                       {{{"hiringOrganization", 18}, {"name", 4}}, 2},
                       {{{"a", 1}, {"a-name-that-is-longer-than-one-vector", 37}}, 2}};

static jl_want *want_all(void) {
    jl_want *w = jl_want_new(NULL);
    for (int i = 0; i < WANTED; ++i)
        assert_int_equal(jl_want_path(w, jl_span_of(wanted[i]), NULL), i);
    return w;
}

/* Scans one line at the level in use and compares everything with the reference. Returns whether it is a record. */
static bool same_line(const jl_want *w, jl_span line) {
    jl_span with_lf = {NULL, line.n + 1};
    char *text = malloc(line.n + 1);
    if (!text)
        abort();
    if (line.n)
        memcpy(text, line.p, line.n);
    text[line.n] = '\n';
    with_lf.p = text;
    char *p = ref_copy(with_lf, '"');
    free(text);

    jl_field *field = malloc(WANTED * sizeof *field);
    jl_rec rec;
    jl_err err = {0};
    jl_scan result = jl_rec_scan(w, p, p + line.n + 1, false, field, &rec, &err);
    jl_span copy = {p, line.n};
    jl_scan expected = ref_blank(copy) ? JL_SCAN_BLANK : ref_record(copy) ? JL_SCAN_RECORD : JL_SCAN_BAD;
    if (result != expected)
        fail_msg("level %d: %d instead of %d: %.*s (%s)", (int)jl_level_now(), result, expected, (int)line.n, line.p,
                 err.text);
    assert_ptr_equal(rec.line, p);
    assert_int_equal(rec.len, line.n);
    if (result == JL_SCAN_BAD) {
        assert_int_equal(err.class, JL_DATA);
        assert_true(err.byte >= 1 && err.byte <= line.n + 1 && err.text[0]);
        /* What is fine in itself may still not be UTF-8. */
        if (!memchr(p, '\n', line.n) && ref_utf8_first_bad(p, line.n) == line.n)
            assert_int_equal(jl_rec_scan(w, p, p + line.n + 1, true, field, &rec, NULL), JL_SCAN_BAD);
    }
    if (result == JL_SCAN_RECORD) {
        assert_int_equal(p[rec.close], '}');
        for (size_t i = rec.close + 1; i < line.n; ++i)
            assert_non_null(strchr(" \t\r", p[i]));
        ref_reader r = {memchr(p, '{', line.n), p + line.n};
        ++r.p;
        ref_space(&r);
        assert_int_equal(rec.empty, *r.p == '}');
        for (size_t i = 0; i < WANTED; ++i) {
            jl_type type = JL_ABSENT;
            jl_span value = ref_path(copy, component[i].name, component[i].n, &type);
            if (!value.p)
                type = JL_ABSENT;
            if (rec.field[i].type != type)
                fail_msg("%s: type %d instead of %d: %.*s", wanted[i], rec.field[i].type, type, (int)line.n, line.p);
            if (type == JL_ABSENT)
                continue;
            assert_ptr_equal(jl_rec_value(&rec, i).p, value.p);
            assert_int_equal(jl_rec_value(&rec, i).n, value.n);
            if (type == JL_STRING)
                assert_int_equal(rec.field[i].plain, jl_json_plain(value));
        }
    }
    free(field);
    free(p);
    return result == JL_SCAN_RECORD;
}

static const char *const lines[] = {
    "{}",
    "  {\t} \r",
    "",
    " \t\r",
    "{\"a\":1}",
    "{\"x\":0,\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":{\"b\":{\"c\":1}}}",
    "{\"a\":{\"b\":{\"c\":1}},\"a\":{}}",
    "{\"a\":{\"b\":{\"c\":1}},\"a\":5}",
    "{\"a\":{\"b\":{\"c\":1},\"b\":{\"d\":{\"c\":7}}}}",
    "{\"a\":5,\"a\":{\"b\":{\"c\":[{\"c\":1}]}},\"b\":{\"a\":null,\"a\":true}}",
    "{\"b\":{\"x\":{\"a\":1}},\"c\":{\"a\":2}}",
    "{\"b\":[{\"a\":1}],\"a\":[\"b\"]}",
    "{\"\\u0061\":{\"\\u0062\":{\"\\u0063\":\"\\n\"}}}",
    "{\"a.b\":1,\"a\":{\"b\":2}}",
    "{\"comp\\u0061ny\":\"X\",\"compan\":1,\"companys\":2}",
    "{\"hiringOrganization\":{\"@type\":\"O\",\"name\":\"N\"},\"company\":\"C\"}",
    "{\"hiringOrganization\": {\"name\" :\"N\" , \"x\":{}} , \"company\"\t:\r\"C\"}  \r",
    "{\"a\":{\"a-name-that-is-longer-than-one-vector\":\"v\",\"b\":{}}}",
    "{\"a\":\"\",\"a\":{\"a-name-that-is-longer-than-one-vector\":[[]]},\"x\":{\"a\":{\"b\":{\"c\":1}}}}",
    "{\"url\":\"https://jobs.example.com/listing/1234567890?ref=abcdefghijklmnop\",\"company\":\"A\",\"t\":\"B\"}",
    "{\"url\":\"https://jobs.example.com/listing/12\",\"company\":\"A \\\"b\\\"\",\"t\":\"B\",\"n\":-1.5e+7}",
    ("{\"d\":\"0\\n\\\"23456789 0123456789 0123456789 \\\\\\\\ 456789 0123456789 \\ud83d\\ude00\\n 0123456789 012 "
     "\\/\",\"a\":1}"),
    "{\"c\":\"\xc3\xa9\xe2\x80\xa8\",\"company\":\"\\u0000\"}",
    "{\"a\":1}x",
    "{\"a\":1}{}",
    "{\"a\":1}}",
    "[]",
    "null",
    "\"a\"",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{\"a\":1,,\"b\":2}",
    "{\"a\" 1}",
    "{\"a\"::1}",
    "{\"a\":}",
    "{\"a\":1\"b\":2}",
    "{\"b\":{\"a\":1 \"a\":2}}",
    "{\"b\":{\"a\":1,}}",
    "{\"b\":{\"a\":1]}",
    "{\"b\":{\"a\":1}",
    "{\"a\":\"\xff\"}",
    "{\"a\":\"\xed\xa0\x80\"}",
    "{\"a\":\"\\ud800\"}",
    "\xef\xbb\xbf{}",
};

/* In this order, then in every order of two: what is remembered of one line must not change the next. */
static void neighbours_do_not_matter(void **state) {
    (void)state;
    jl_want *w = want_all();
    for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level) {
        jl_level_force(level);
        for (size_t i = 0; i < COUNT(lines); ++i)
            for (size_t k = 0; k < COUNT(lines); ++k) {
                same_line(w, jl_span_of(lines[i]));
                same_line(w, jl_span_of(lines[k]));
            }
    }
    jl_want_free(w);
}

static void every_prefix_is_no_record(void **state) {
    (void)state;
    jl_want *w = want_all();
    for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level) {
        jl_level_force(level);
        for (size_t i = 0; i < COUNT(lines); ++i) {
            jl_span line = jl_span_of(lines[i]);
            const char *close = memrchr(line.p, '}', line.n);
            size_t most = close && ref_record(line) ? (size_t)(close - line.p) : 0;
            for (size_t n = 0; n < most; ++n)
                assert_false(same_line(w, (jl_span){line.p, n}));
        }
    }
    jl_want_free(w);
}

static void every_mutation_of_one_byte_is_read_like_the_reference(void **state) {
    (void)state;
    jl_want *w = want_all();
    for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level) {
        if (level == JL_LEVEL_SSSE3)
            continue; /* the scanner of SSE2 */
        jl_level_force(level);
        for (size_t i = 0; i < COUNT(lines); ++i) {
            jl_span line = jl_span_of(lines[i]);
            char *copy = ref_copy(line, 0);
            for (size_t at = 0; at < line.n; ++at)
                for (int c = 0; c < 256; c += 1 + (c > ' ' && c < 0x7e && !strchr("\"\\{}[]:,0189.eE+-un/ab", c + 1))) {
                    if (c == '\n')
                        continue;
                    copy[at] = (char)c;
                    same_line(w, (jl_span){copy, line.n});
                    copy[at] = line.p[at];
                }
            free(copy);
        }
    }
    jl_want_free(w);
}

/* ---- random lines of few names, so that they meet often ---- */

typedef struct draft {
    char p[2048];
    size_t n;
    chance *c;
} draft;

static void add(draft *t, const char *piece) {
    size_t n = strlen(piece);
    if (t->n + n < sizeof t->p - 200) {
        memcpy(t->p + t->n, piece, n);
        t->n += n;
    }
}

static void add_space(draft *t) {
    static const char *const pieces[] = {"", "", "", "", "", "", " ", "\t"};
    add(t, pieces[chance_below(t->c, COUNT(pieces))]);
}

static void add_value(draft *t, size_t depth) {
    static const char *const names[] = {"\"a\"",
                                        "\"b\"",
                                        "\"c\"",
                                        "\"a\"",
                                        "\"b\"",
                                        "\"\\u0061\"",
                                        "\"a.b\"",
                                        "\"name\"",
                                        "\"hiringOrganization\"",
                                        "\"company\"",
                                        "\"comp\\u0061ny\"",
                                        "\"a-name-that-is-longer-than-one-vector\"",
                                        "\"\"",
                                        "\"another-name-of-some-length\""};
    static const char *const values[] = {"1",
                                         "-2.5e7",
                                         "true",
                                         "false",
                                         "null",
                                         "\"\"",
                                         "\"a\"",
                                         "\"a \\\"quote\\\" and more than thirty-two bytes\"",
                                         "[]",
                                         "[{\"a\":{\"b\":1}}]",
                                         "[1,[2,{}]]",
                                         "{}",
                                         "\"\xe2\x82\xac\"",
                                         "{\"a\":1}"};
    if (depth == 0 || chance_below(t->c, 3) == 0) {
        add(t, values[chance_below(t->c, COUNT(values))]);
        return;
    }
    add(t, "{");
    size_t n = chance_below(t->c, 5);
    for (size_t i = 0; i < n; ++i) {
        add_space(t);
        add(t, i ? "," : "");
        add_space(t);
        add(t, names[chance_below(t->c, COUNT(names))]);
        add_space(t);
        add(t, ":");
        add_space(t);
        add_value(t, depth - 1);
        add_space(t);
    }
    add(t, "}");
}

static void mutate(draft *t) {
    static const char bytes[] = "\"\\{}[],:019.e-tfnu \r\t\x01\x7f\x80\xc3\xff";
    size_t at = chance_below(t->c, t->n);
    char byte = bytes[chance_below(t->c, sizeof bytes - 1)];
    switch (chance_below(t->c, 3)) {
    case 0:
        t->p[at] = byte;
        break;
    case 1:
        memmove(t->p + at, t->p + at + 1, t->n - at - 1);
        --t->n;
        break;
    default:
        memmove(t->p + at + 1, t->p + at, t->n - at);
        t->p[at] = byte;
        ++t->n;
    }
}

static void random_lines_are_read_like_the_reference(void **state) {
    (void)state;
    jl_want *w = want_all();
    chance c = chance_seeded();
    size_t rounds = chance_rounds(40000);
    size_t records = 0;
    for (size_t round = 0; round < rounds; ++round) {
        draft t = {.c = &c};
        jl_level_force((jl_level)chance_below(&c, JL_LEVELS));
        if (chance_below(&c, 20) == 0)
            add(&t, " ");
        add_value(&t, 4);
        if (t.n && t.p[0] != '{')
            continue;
        for (size_t n = chance_below(&c, 4); n > 1 && t.n > 0; --n)
            mutate(&t);
        records += same_line(w, (jl_span){t.p, t.n});
    }
    assert_true(records > rounds / 5 && records < rounds);
    jl_want_free(w);
}

/* Far more names than the scanners remember, spelled in two ways, in runs that come again and in none. */
static void more_names_than_are_remembered(void **state) {
    (void)state;
    jl_want *w = want_all();
    chance c = chance_seeded();
    size_t rounds = chance_rounds(4000);
    for (size_t round = 0; round < rounds; ++round) {
        draft t = {.c = &c};
        bool in_order = chance_below(&c, 2);
        size_t first = chance_below(&c, 1500);
        size_t n = chance_below(&c, 100);
        size_t wanted_at = chance_below(&c, 120);
        jl_level_force((jl_level)chance_below(&c, JL_LEVELS));
        add(&t, "{");
        for (size_t i = 0; i < n; ++i) {
            char member[64];
            size_t name = in_order ? (first + i) % 1500 : chance_below(&c, 1500);
            (void)snprintf(member, sizeof member, i == wanted_at ? "%s\"company\":%zu" : "%s\"m%zu\":1",
                           i == 0        ? ""
                           : (round & 1) ? ","
                                         : ", ",
                           name);
            add(&t, member);
        }
        add(&t, "}");
        assert_true(same_line(w, (jl_span){t.p, t.n}));
    }
    jl_want_free(w);
}

/* Good, bad and blank lines in one block: each is found where it stands. */
static void lines_of_a_block_keep_apart(void **state) {
    (void)state;
    jl_want *w = want_all();
    chance c = chance_seeded();
    static char block[65536];
    for (size_t round = 0; round < 50; ++round) {
        size_t n = 0;
        size_t order[200];
        size_t count = 0;
        for (; count < 200; ++count) {
            size_t k = order[count] = chance_below(&c, COUNT(lines));
            memcpy(block + n, lines[k], strlen(lines[k]));
            n += strlen(lines[k]);
            block[n++] = '\n';
        }
        char *p = ref_copy((jl_span){block, n}, 'x');
        const char *at = p;
        jl_level_force((jl_level)(round % JL_LEVELS));
        for (size_t i = 0; i < count; ++i) {
            jl_field field[WANTED];
            jl_rec rec;
            jl_span line = jl_span_of(lines[order[i]]);
            jl_scan result = jl_rec_scan(w, at, p + n, false, field, &rec, NULL);
            assert_int_equal(result, ref_blank(line) ? JL_SCAN_BLANK : ref_record(line) ? JL_SCAN_RECORD : JL_SCAN_BAD);
            assert_int_equal(rec.len, line.n);
            at += rec.len + 1;
        }
        assert_ptr_equal(at, p + n);
        free(p);
    }
    jl_want_free(w);
}

static void faults_name_their_byte(void **state) {
    (void)state;
    static const struct {
        const char *line;
        unsigned byte;
        const char *what;
    } fault[] = {
        {"x", 1, "not a JSON object"},
        {"  [1]", 3, "not a JSON object"},
        {"\xef\xbb\xbf{}", 1, "not a JSON object"},
        {"\xff{}", 1, "not a JSON object"},
        {"{", 2, "expected a member name or '}'"},
        {"{\"a\":1", 7, "expected ',' or '}'"},
        {"{\"a\":1,", 8, "expected a member name"},
        {"{\"a\"", 5, "expected ':'"},
        {"{\"a\":", 6, "expected a value"},
        {"{\"a\":\"x", 6, "unterminated string"},
        {"{\"a\":\"x\\", 6, "unterminated string"},
        {"{\"a\":\"x\r", 6, "unterminated string"},
        {"{\"a", 2, "unterminated string"},
        {"{\"a\":1} x", 9, "bytes after the object"},
        {"{\"a\":\"b\x1f\"}", 8, "a raw control character in a string"},
        {"{\"a\":{\"b\":{\"c\":[1,2}}}", 20, "expected ',' or ']'"},
        {"{\"x\":\"\xc3\xa9\",\"a\":\"\\udead\"}", 16, "lone surrogate"},
        {"{\"x\":\"\xc3\",\"a\":\"\\udead\"}", 7, "invalid UTF-8"},
        {"{\"x\":\"\\udead\",\"a\":\"\xc3\"}", 7, "lone surrogate"},
        {"{\"x\":\"\xf0\x9f\x98\"}", 7, "invalid UTF-8"},
        {"{\"x\":1,\"y\":\"\xff\"}", 13, "invalid UTF-8"},
        {"{\"a\":tru}", 6, "expected a value"},
        {"{\"a\":00}", 6, "a number with a leading zero"},
    };
    jl_want *w = want_all();
    for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level)
        for (size_t i = 0; i < COUNT(fault); ++i) {
            char text[100];
            jl_level_force(level);
            size_t n = (size_t)snprintf(text, sizeof text, "%s\n", fault[i].line);
            char *p = ref_copy((jl_span){text, n}, '}');
            jl_field field[WANTED];
            jl_rec rec;
            jl_err err = {0};
            assert_int_equal(jl_rec_scan(w, p, p + n, false, field, &rec, &err), JL_SCAN_BAD);
            if (err.byte != fault[i].byte || strcmp(err.text, fault[i].what) != 0)
                fail_msg("byte %u: %s; instead of byte %u: %s; in %s", (unsigned)err.byte, err.text, fault[i].byte,
                         fault[i].what, fault[i].line);
            assert_int_equal(err.class, JL_DATA);
            assert_int_equal(rec.len, n - 1);
            free(p);
        }
    jl_want_free(w);
}

static char *nested(size_t depth, const char *name) {
    size_t each = strlen(name) + 4;
    char *text = malloc(depth * (each + 1) + 8);
    if (!text)
        abort();
    char *p = text;
    for (size_t i = 1; i < depth; ++i)
        p += sprintf(p, "{\"%s\":", name);
    p = stpcpy(p, "{}");
    for (size_t i = 1; i < depth; ++i)
        *p++ = '}';
    *p = 0;
    return text;
}

static void depth_ends_at_1024_wanted_or_not(void **state) {
    (void)state;
    /* A path of 1100 components: the scanner follows it as deep as a record may go. */
    char *path = malloc(2300);
    if (!path)
        abort();
    for (size_t i = 0; i < 1100; ++i)
        memcpy(path + 2 * i, "a.", 2);
    path[2199] = 0;
    jl_want *w = jl_want_new(NULL);
    assert_int_equal(jl_want_path(w, jl_span_of(path), NULL), 0);
    free(path);
    for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level)
        for (size_t depth = 1022; depth < 1028; ++depth)
            for (size_t i = 0; i < 2; ++i) {
                jl_level_force(level);
                char *text = nested(depth, i ? "a" : "x");
                size_t n = strlen(text);
                text[n] = '\n';
                char *p = ref_copy((jl_span){text, n + 1}, '{');
                jl_field field[1];
                jl_rec rec;
                jl_err err = {0};
                jl_scan result = jl_rec_scan(w, p, p + n + 1, true, field, &rec, &err);
                assert_int_equal(result, depth <= 1024 ? JL_SCAN_RECORD : JL_SCAN_BAD);
                if (depth > 1024) {
                    assert_string_equal(err.text, "nested deeper than 1024");
                    assert_int_equal(err.byte, 1024 * 5 + 1);
                }
                assert_int_equal(rec.len, n);
                free(p);
                free(text);
            }
    jl_want_free(w);
}

/* The depth is that of what is open, not of all that was opened. */
static void wanted_objects_may_follow_each_other(void **state) {
    (void)state;
    static char line[20000];
    char *p = stpcpy(line, "{\"x\":0");
    for (size_t i = 0; i < 1500; ++i)
        p = stpcpy(p, i % 2 ? ",\"b\":{}" : ",\"a\":{}");
    strcpy(p, "}");
    jl_want *w = want_all();
    for (jl_level level = JL_LEVEL_PLAIN; level < JL_LEVELS; ++level) {
        jl_level_force(level);
        assert_true(same_line(w, jl_span_of(line)));
    }
    jl_want_free(w);
}

/* More names than are remembered, longer and shorter, in orders that change. */
static void many_names_are_kept_apart(void **state) {
    (void)state;
    jl_want *w = jl_want_new(NULL);
    chance c = chance_seeded();
    char name[64];
    for (int i = 0; i < 300; ++i) {
        snprintf(name, sizeof name, "%.*s%d", i % 40, "name-of-a-member-of-a-record-of-many-mem", i);
        assert_int_equal(jl_want_name(w, jl_span_of(name), NULL), i);
    }
    static char line[20000];
    for (size_t round = 0; round < 100; ++round) {
        size_t present[300] = {0};
        char *p = line;
        *p++ = '{';
        for (size_t k = 1 + chance_below(&c, 200); k > 0; --k) {
            size_t i = round % 2 ? chance_below(&c, 300) : k;
            present[i] = k;
            p += sprintf(p, "%s\"%.*s%zu\":%zu", p[-1] == '{' ? "" : ",", (int)i % 40,
                         "name-of-a-member-of-a-record-of-many-mem", i, k);
        }
        strcpy(p, "}\n");
        size_t n = strlen(line);
        char *copy = ref_copy((jl_span){line, n}, 0);
        jl_field field[300];
        jl_rec rec;
        jl_level_force((jl_level)(round % JL_LEVELS));
        assert_int_equal(jl_rec_scan(w, copy, copy + n, true, field, &rec, NULL), JL_SCAN_RECORD);
        for (size_t i = 0; i < 300; ++i) {
            assert_int_equal(field[i].type, present[i] ? JL_NUMBER : JL_ABSENT);
            if (present[i]) {
                int64_t value;
                assert_true(jl_json_integer(jl_rec_value(&rec, i), &value));
                assert_int_equal(value, present[i]);
            }
        }
        free(copy);
    }
    jl_want_free(w);
}

/* Another want at the same address, or a path added late, must not meet what was remembered. */
static void wants_come_and_go(void **state) {
    (void)state;
    static const char line[] = "{\"a\":1,\"b\":{\"c\":2}}\n";
    char *p = ref_copy(JL_SPAN(line), 0);
    size_t n = strlen(line);
    for (int i = 0; i < 100; ++i) {
        static const char *const path[] = {"a", "b", "b.c", "x"};
        static const jl_type type[] = {JL_NUMBER, JL_OBJECT, JL_NUMBER, JL_ABSENT};
        jl_field field[2];
        jl_rec rec;
        jl_want *w = jl_want_new(NULL);
        jl_want_path(w, jl_span_of(path[i % 4]), NULL);
        for (int k = 0; k < 2; ++k) {
            assert_int_equal(jl_rec_scan(w, p, p + n, true, field, &rec, NULL), JL_SCAN_RECORD);
            assert_int_equal(field[0].type, type[i % 4]);
        }
        jl_want_path(w, jl_span_of(path[(i / 4) % 4]), NULL);
        assert_int_equal(jl_rec_scan(w, p, p + n, true, field, &rec, NULL), JL_SCAN_RECORD);
        assert_int_equal(field[0].type, type[i % 4]);
        assert_int_equal(field[1].type, type[(i / 4) % 4]);
        jl_want_free(w);
    }
    free(p);
}

static void a_want_of_nothing_only_checks(void **state) {
    (void)state;
    jl_want *w = jl_want_new(NULL);
    static const char good[] = "{\"a\":[{\"b\":1}]} \r\n";
    char *p = ref_copy(JL_SPAN(good), 0);
    jl_rec rec;
    assert_int_equal(jl_rec_scan(w, p, p + strlen(good), false, NULL, &rec, NULL), JL_SCAN_RECORD);
    assert_int_equal(rec.close, 14);
    assert_int_equal(rec.len, 17);
    free(p);
    jl_want_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_do_not_matter),
        cmocka_unit_test(every_prefix_is_no_record),
        cmocka_unit_test(every_mutation_of_one_byte_is_read_like_the_reference),
        cmocka_unit_test(random_lines_are_read_like_the_reference),
        cmocka_unit_test(more_names_than_are_remembered),
        cmocka_unit_test(lines_of_a_block_keep_apart),
        cmocka_unit_test(faults_name_their_byte),
        cmocka_unit_test(depth_ends_at_1024_wanted_or_not),
        cmocka_unit_test(wanted_objects_may_follow_each_other),
        cmocka_unit_test(many_names_are_kept_apart),
        cmocka_unit_test(wants_come_and_go),
        cmocka_unit_test(a_want_of_nothing_only_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
