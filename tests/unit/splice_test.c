/* Lines with members set: those bytes and no others change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "chance.h"
#include "json_reference.h"
#include "jsonl/splice.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* An output into a pipe that nothing is written to while the buffer holds it, or a file. */
typedef struct bench {
    jl_out out;
    FILE *file;
    jl_want *want;
    jl_field field[4];
    jl_rec rec;
    char *line;
} bench;

/* Fields 0, 1, 2: the members x, y, z. */
static void bench_open(bench *b) {
    *b = (bench){.file = tmpfile(), .want = jl_want_new(NULL)};
    assert_non_null(b->file);
    assert_int_equal(jl_out_open(&b->out, fileno(b->file), "a file", NULL), 0);
    assert_int_equal(jl_want_path(b->want, JL_SPAN("x"), NULL), 0);
    assert_int_equal(jl_want_path(b->want, JL_SPAN("y"), NULL), 1);
    assert_int_equal(jl_want_path(b->want, JL_SPAN("z"), NULL), 2);
}

static void bench_scan(bench *b, jl_span line) {
    free(b->line);
    b->line = malloc(line.n + 1 + JL_PAD);
    if (!b->line)
        abort();
    memcpy(b->line, line.p, line.n);
    memset(b->line + line.n, '\n', 1 + JL_PAD);
    assert_int_equal(jl_rec_scan(b->want, b->line, b->line + line.n + 1, true, b->field, &b->rec, NULL),
                     JL_SCAN_RECORD);
}

/* All that has come out since the last call, owned by the caller. */
static jl_span bench_output(bench *b) {
    assert_int_equal(jl_out_flush(&b->out, NULL), 0);
    long n = lseek(fileno(b->file), 0, SEEK_END);
    char *p = malloc((size_t)n + 1);
    if (!p)
        abort();
    assert_int_equal(pread(fileno(b->file), p, (size_t)n, 0), n);
    assert_int_equal(ftruncate(fileno(b->file), 0), 0);
    assert_int_equal(lseek(fileno(b->file), 0, SEEK_SET), 0);
    return (jl_span){p, (size_t)n};
}

static void bench_close(bench *b) {
    jl_out_free(&b->out);
    fclose(b->file);
    jl_want_free(b->want);
    free(b->line);
}

static void comes_out(bench *b, const char *want) {
    jl_span have = bench_output(b);
    if (!jl_span_eq(have, jl_span_of(want)))
        fail_msg("%.*sinstead of %s", (int)have.n, have.p, want);
    free((char *)(uintptr_t)have.p);
}

static const jl_member x = {{"\"x\"", 3}, {"1", 1}, 0};
static const jl_member y = {{"\"y\"", 3}, {"\"two\"", 5}, 1};
static const jl_member z = {{"\"z\"", 3}, {"[3]", 3}, 2};

static void one_member_is_added_or_replaced(void **state) {
    (void)state;
    static const struct {
        const char *line, *want;
    } one[] = {
        {"{}", "{\"x\":1}\n"},
        {"{ }", "{ \"x\":1}\n"},
        {" {\t} \r", " {\t\"x\":1} \r\n"},
        {"{\"a\":0}", "{\"a\":0,\"x\":1}\n"},
        {"{ \"a\" : 0 }  \r", "{ \"a\" : 0 ,\"x\":1}  \r\n"},
        {"{\"a\":{\"x\":9}}", "{\"a\":{\"x\":9},\"x\":1}\n"},
        {"{\"a\":\"}\"}", "{\"a\":\"}\",\"x\":1}\n"},
        {"{\"x\":0}", "{\"x\":1}\n"},
        {"{\"x\" : \"old\" , \"a\":0}", "{\"x\" : 1 , \"a\":0}\n"},
        {"{\"x\":0,\"b\":1.0,\"x\":{\"x\":[]},\"c\":2}", "{\"x\":0,\"b\":1.0,\"x\":1,\"c\":2}\n"},
        {"{\"\\u0078\":null}", "{\"\\u0078\":1}\n"},
        {"{\"n\":1e400,\"m\":792633534497043297,\"s\":\"\\u00e9\\/\"}",
         "{\"n\":1e400,\"m\":792633534497043297,\"s\":\"\\u00e9\\/\",\"x\":1}\n"},
    };
    bench b;
    bench_open(&b);
    for (size_t i = 0; i < COUNT(one); ++i) {
        bench_scan(&b, jl_span_of(one[i].line));
        assert_int_equal(jl_splice(&b.out, &b.rec, &x, 1, NULL), 0);
        comes_out(&b, one[i].want);
    }
    assert_int_equal(b.out.lines, COUNT(one));
    bench_close(&b);
}

static void several_are_set_at_once(void **state) {
    (void)state;
    const struct {
        const char *line;
        jl_member member[3];
        size_t n;
        const char *want;
    } many[] = {
        {"{}", {{{0}, {0}, 0}}, 0, "{}\n"},
        {"{\"a\":1} ", {{{0}, {0}, 0}}, 0, "{\"a\":1} \n"},
        {"{}", {x, y, z}, 3, "{\"x\":1,\"y\":\"two\",\"z\":[3]}\n"},
        {"{\"a\":1}", {z, y, x}, 3, "{\"a\":1,\"z\":[3],\"y\":\"two\",\"x\":1}\n"},
        {"{\"y\":0,\"a\":1}", {x, y, z}, 3, "{\"y\":\"two\",\"a\":1,\"x\":1,\"z\":[3]}\n"},
        {"{\"z\":0,\"y\":0,\"x\":0}", {x, y, z}, 3, "{\"z\":[3],\"y\":\"two\",\"x\":1}\n"},
        {"{\"z\":0,\"x\":0,\"z\":0}", {z, x}, 2, "{\"z\":0,\"x\":1,\"z\":[3]}\n"},
        {"{ \"x\":0 }", {y, x}, 2, "{ \"x\":1 ,\"y\":\"two\"}\n"},
    };
    bench b;
    bench_open(&b);
    for (size_t i = 0; i < COUNT(many); ++i) {
        bench_scan(&b, jl_span_of(many[i].line));
        assert_int_equal(jl_splice(&b.out, &b.rec, many[i].member, many[i].n, NULL), 0);
        comes_out(&b, many[i].want);
    }
    bench_close(&b);
}

/* A line larger than the buffer goes through it in pieces; one that just fits, or just does not, too. */
static void lines_of_any_size_pass(void **state) {
    (void)state;
    bench b;
    bench_open(&b);
    size_t cap = b.out.cap;
    const size_t lengths[] = {cap - 40, cap - 20, cap - 10, cap - 2, cap - 1, cap, cap + 1, 3 * cap};
    for (size_t i = 0; i < 2 * COUNT(lengths); ++i) {
        size_t n = lengths[i / 2];
        char *line = malloc(n);
        assert_non_null(line);
        memset(line, 'a', n);
        memcpy(line, i % 2 ? "{\"x\":0,\"a\":\"" : "{\"bb\":0,\"a\":\"", i % 2 ? 12 : 13);
        memcpy(line + n - 2, "\"}", 2);
        bench_scan(&b, (jl_span){line, n});
        uint64_t before = b.out.bytes;
        assert_int_equal(jl_splice(&b.out, &b.rec, &x, 1, NULL), 0);
        assert_int_equal(b.out.cap, cap);
        size_t wanted = n + (i % 2 ? 1 : 7);
        assert_int_equal(b.out.bytes - before, wanted);
        jl_span have = bench_output(&b);
        assert_int_equal(have.n, wanted);
        if (i % 2) {
            assert_memory_equal(have.p, "{\"x\":1", 6);
            assert_memory_equal(have.p + 6, line + 6, n - 6);
        } else {
            assert_memory_equal(have.p, line, n - 1);
            assert_memory_equal(have.p + n - 1, ",\"x\":1}\n", 8);
        }
        free((char *)(uintptr_t)have.p);
        free(line);
    }
    assert_int_equal(b.out.lines, 2 * COUNT(lengths));
    bench_close(&b);
}

/* Whatever the line: rescanned, it has the members; the bytes around them are as they were. */
static void random_lines_keep_their_bytes(void **state) {
    (void)state;
    static const char *const item[] = {"\"a\":1",  "\"x\":0",      "\"y\":{\"x\":1}", "\"z\":\"}\"",
                                       "\"x\":[]", "\"y\" : null", "\"b\":\"\\\"\"",  "\"z\":-1.5e5"};
    static const char *const gap[] = {"", "", " ", "\t"};
    chance c = chance_seeded();
    bench b;
    bench_open(&b);
    for (size_t round = chance_rounds(20000); round > 0; --round) {
        char line[400];
        char *p = stpcpy(line, gap[chance_below(&c, 4)]);
        p = stpcpy(p, "{");
        size_t n = chance_below(&c, 6);
        for (size_t i = 0; i < n; ++i)
            p += sprintf(p, "%s%s%s%s", i ? "," : "", gap[chance_below(&c, 4)], item[chance_below(&c, COUNT(item))],
                         gap[chance_below(&c, 4)]);
        p = stpcpy(stpcpy(p, gap[chance_below(&c, 4)]), "}");
        strcpy(p, gap[chance_below(&c, 4)]);
        bench_scan(&b, jl_span_of(line));

        jl_member member[3] = {x, y, z};
        size_t members = 1 + chance_below(&c, 3);
        for (size_t i = 0; i + 1 < members; ++i) {
            size_t k = i + chance_below(&c, 3 - i);
            jl_member swap = member[i];
            member[i] = member[k];
            member[k] = swap;
        }
        /* The line with what was set taken out again, from behind. */
        jl_rec before = b.rec;
        jl_field old[3];
        memcpy(old, b.field, sizeof old);
        assert_int_equal(jl_splice(&b.out, &before, member, members, NULL), 0);
        jl_span have = bench_output(&b);
        assert_int_equal(have.p[have.n - 1], '\n');
        --have.n;
        assert_true(ref_record(have));
        char rebuilt[600];
        memcpy(rebuilt, have.p, have.n);
        size_t size = have.n;
        for (size_t done = 0; done < members; ++done) {
            /* The last one set that is still in. */
            size_t last = members;
            size_t at = 0;
            for (size_t i = 0; i < members; ++i) {
                jl_type type;
                jl_span name = {member[i].token.p + 1, member[i].token.n - 2};
                jl_span value = ref_member(have, name, &type);
                assert_true(jl_span_eq(value, member[i].value));
                size_t off = (size_t)(value.p - have.p);
                if (member[i].field != SIZE_MAX && off >= at) {
                    last = i;
                    at = off;
                }
            }
            jl_member *m = &member[last];
            const jl_field *f = &old[m->field];
            bool was = f->type != JL_ABSENT;
            size_t from = was ? at : at - m->token.n - 1 - (n > 0 || rebuilt[at - m->token.n - 2] == ',');
            size_t to = at + m->value.n;
            jl_span put = was ? (jl_span){line + f->off, f->len} : (jl_span){"", 0};
            memmove(rebuilt + from + put.n, rebuilt + to, size - to);
            memcpy(rebuilt + from, put.p, put.n);
            size = size - (to - from) + put.n;
            /* Marks it as done for the search above; its value stays findable in `have`. */
            m->field = SIZE_MAX;
        }
        if (!jl_span_eq((jl_span){rebuilt, size}, jl_span_of(line)))
            fail_msg("%.*s does not go back to %s but to %.*s", (int)have.n, have.p, line, (int)size, rebuilt);
        free((char *)(uintptr_t)have.p);
    }
    bench_close(&b);
}

static void a_failed_write_is_reported(void **state) {
    (void)state;
    bench b;
    bench_open(&b);
    jl_out full;
    jl_err err = {0};
    FILE *dev = fopen("/dev/full", "w");
    assert_non_null(dev);
    assert_int_equal(jl_out_open(&full, fileno(dev), "/dev/full", &err), 0);
    bench_scan(&b, JL_SPAN("{\"a\":\"a line of some length, so that the buffer fills\"}"));
    int result = 0;
    for (size_t i = 0; i < 100000 && result == 0; ++i)
        result = jl_splice(&full, &b.rec, &x, 1, &err);
    assert_int_equal(result, -1);
    assert_int_equal(err.class, JL_IO);
    assert_true(jl_splice(&full, &b.rec, &x, 1, &err) != 0 || jl_out_flush(&full, &err) != 0);
    jl_out_free(&full);
    fclose(dev);
    bench_close(&b);
}

static void key_lines_carry_flat_names(void **state) {
    (void)state;
    static const struct {
        const char *spec, *line, *extra, *want;
    } key[] = {
        {"company,title", "{\"title\" : \"T\\u0041\",\"x\":1,\"company\":\"C\"}", "",
         "{\"company\":\"C\",\"title\":\"T\\u0041\"}\n"},
        {"title,company", "{\"title\":1e400,\"company\":[ 1, {} ]}", ",\"count\":3",
         "{\"title\":1e400,\"company\":[ 1, {} ],\"count\":3}\n"},
        {"c=o.n\\.m,t\\.u", "{\"o\":{\"n.m\":\"x\"},\"t.u\":true}", "", "{\"c\":\"x\",\"t.u\":true}\n"},
        {"q\"=a", "{\"a\":null}", "", "{\"q\\\"\":null}\n"},
        {"a,b", "{\"b\":2}", ",\"n\":1", "{\"b\":2,\"n\":1}\n"},
        {"a,b", "{}", ",\"n\":1", "{\"n\":1}\n"},
        {"a,b", "{}", "", "{}\n"},
    };
    for (size_t i = 0; i < COUNT(key); ++i) {
        jl_keyspec spec;
        jl_names names;
        jl_field field[2];
        jl_rec rec;
        assert_int_equal(jl_keyspec_parse(jl_span_of(key[i].spec), &spec, NULL), 0);
        assert_int_equal(jl_keyspec_names(&spec, &names, NULL), 0);
        jl_want *w = jl_want_new(NULL);
        int first = jl_want_key(w, &spec, NULL);
        char with_lf[200];
        snprintf(with_lf, sizeof with_lf, "%s\n", key[i].line);
        char *p = ref_copy(jl_span_of(with_lf), 0);
        assert_int_equal(jl_rec_scan(w, p, p + strlen(with_lf), true, field, &rec, NULL), JL_SCAN_RECORD);
        jl_buf out = {0};
        assert_int_equal(jl_buf_add(&out, JL_SPAN("before\n"), NULL), 0);
        assert_int_equal(jl_splice_key(&out, &rec, &names, (size_t)first, jl_span_of(key[i].extra), NULL), 0);
        if (!jl_span_eq((jl_span){out.p + 7, out.n - 7}, jl_span_of(key[i].want)))
            fail_msg("%.*s instead of %s", (int)out.n, out.p, key[i].want);
        jl_buf_free(&out);
        free(p);
        jl_want_free(w);
        jl_names_free(&names);
        jl_keyspec_free(&spec);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_member_is_added_or_replaced), cmocka_unit_test(several_are_set_at_once),
        cmocka_unit_test(lines_of_any_size_pass),          cmocka_unit_test(random_lines_keep_their_bytes),
        cmocka_unit_test(a_failed_write_is_reported),      cmocka_unit_test(key_lines_carry_flat_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
