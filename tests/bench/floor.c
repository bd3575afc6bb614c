/* The loop of a filter, stage by stage, so that one sees what each stage costs.
 *
 *   floor read|copy|lines|scan|key [FILE]
 *
 * read   blocks into the buffer, as all programs read them
 * copy   and out again, as all programs write them
 * lines  read, and the end of each line found
 * scan   read, and each line checked to the letter with company and title found
 * key    scan, and the hash of the key made
 *
 * Prints the lines (read and copy: bytes) to stderr, so that no stage can be left out by a compiler. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "jsonl/in.h"
#include "jsonl/key.h"
#include "jsonl/out.h"
#include "jsonl/utf8.h"

typedef struct loop {
    jl_in in;
    jl_out out;
    jl_keyspec spec;
    jl_want *want;
    jl_keyer keyer;
    jl_field field[2];
    uint64_t lines, keys; /* keys: their sum, which depends on every one */
    bool with_key;
} loop;

typedef int (*stage)(loop *l, jl_span block, jl_err *err);

static int stage_read(loop *l, jl_span block, jl_err *err) {
    (void)err;
    l->lines += block.n;
    return 0;
}

static int stage_copy(loop *l, jl_span block, jl_err *err) {
    l->lines += block.n;
    return jl_out_add(&l->out, block, err);
}

static int stage_lines(loop *l, jl_span block, jl_err *err) {
    (void)err;
    const char *limit = block.p + block.n;
    for (const char *p = block.p; p < limit; l->lines++)
        p = (const char *)memchr(p, '\n', (size_t)(limit - p)) + 1;
    return 0;
}

static int stage_scan(loop *l, jl_span block, jl_err *err) {
    const char *limit = block.p + block.n;
    bool utf8 = jl_utf8_valid(block.p, block.n);
    jl_rec rec;
    for (const char *p = block.p; p < limit; p = rec.line + rec.len + 1, l->lines++) {
        jl_scan kind = jl_rec_scan(l->want, p, limit, utf8, l->field, &rec, err);
        if (kind == JL_SCAN_BAD)
            return -1;
        if (l->with_key && kind == JL_SCAN_RECORD) {
            if (jl_key_of(&l->keyer, &rec, err) != 0)
                return -1;
            l->keys += rec.key.lo;
        }
    }
    return 0;
}

static int run(loop *l, stage each, jl_err *err) {
    for (int got; (got = jl_in_fill(&l->in, err)) != 0;) {
        if (got < 0)
            return -1;
        jl_span block = jl_in_lines(&l->in);
        if (block.n && each(l, block, err) != 0)
            return -1;
        jl_in_take(&l->in, block.n, 0);
    }
    jl_span rest = jl_in_lines(&l->in);
    return (rest.n && each(l, rest, err) != 0) ? -1 : jl_out_flush(&l->out, err);
}

static int set_up(loop *l, const char *path, jl_err *err) {
    if (jl_in_open(&l->in, path, JL_MAX_LINE_DEFAULT, err) != 0 ||
        jl_out_open(&l->out, STDOUT_FILENO, "stdout", err) != 0 ||
        jl_keyspec_parse(JL_SPAN("company,title"), &l->spec, err) != 0)
        return -1;
    l->want = jl_want_new(err);
    int first = l->want ? jl_want_key(l->want, &l->spec, err) : -1;
    return first < 0 ? -1 : jl_keyer_init(&l->keyer, &l->spec, (size_t)first, err);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        stage each;
        bool with_key;
    } stages[] = {{"read", stage_read, false},
                  {"copy", stage_copy, false},
                  {"lines", stage_lines, false},
                  {"scan", stage_scan, false},
                  {"key", stage_scan, true}};
    static loop l;
    stage each = NULL;
    for (size_t i = 0; argc > 1 && i < sizeof stages / sizeof *stages; i++) {
        if (strcmp(argv[1], stages[i].name) == 0) {
            each = stages[i].each;
            l.with_key = stages[i].with_key;
        }
    }
    if (!each) {
        fprintf(stderr, "usage: floor read|copy|lines|scan|key [FILE]\n");
        return 64;
    }
    jl_err err = {0};
    if (set_up(&l, argc > 2 ? argv[2] : "-", &err) != 0 || run(&l, each, &err) != 0) {
        fprintf(stderr, "floor: %s\n", err.text);
        return (int)err.class;
    }
    fprintf(stderr, "%" PRIu64 " %016" PRIx64 "\n", l.lines, l.keys);
    return 0;
}
