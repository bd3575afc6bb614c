/* Any bytes as lines: records are those that the reference accepts, members are found where it finds them, and a
 * splice changes what it should and nothing else. */
#include "fuzz/target.h"
#include "json_reference.h"
#include "jsonl/key.h"
#include "jsonl/level.h"
#include "jsonl/splice.h"

enum { WANTED = 5, ANSWER = 4 };

static const struct {
    jl_span name[2];
    size_t n;
} component[WANTED] = {
    {{{"company", 7}}, 1}, {{{"a", 1}, {"b", 1}}, 2}, {{{"a", 1}}, 1}, {{{"b", 1}}, 1}, {{{"s", 1}}, 1}};

/* Made once: what is remembered from input to input is part of what is tested. */
static struct {
    jl_keyspec spec;
    jl_want *want;
    jl_keyer keyer;
    jl_out out;
} shared;

static void set_up(void) {
    if (shared.want)
        return;
    MUST(jl_keyspec_parse(JL_SPAN("company,a.b"), &shared.spec, NULL) == 0);
    MUST((shared.want = jl_want_new(NULL)) != NULL);
    MUST(jl_want_key(shared.want, &shared.spec, NULL) == 0);
    MUST(jl_want_path(shared.want, JL_SPAN("a"), NULL) == 2);
    MUST(jl_want_path(shared.want, JL_SPAN("b"), NULL) == 3);
    MUST(jl_want_name(shared.want, JL_SPAN("s"), NULL) == ANSWER);
    MUST(jl_keyer_init(&shared.keyer, &shared.spec, 0, NULL) == 0);
    /* Nothing is ever flushed: what is spliced is taken out of the buffer. */
    MUST(jl_out_open(&shared.out, -1, "nowhere", NULL) == 0);
}

static void members_are_where_the_reference_finds_them(const jl_rec *rec, jl_span line) {
    for (size_t i = 0; i < WANTED; ++i) {
        jl_type type = JL_ABSENT;
        jl_span value = ref_path(line, component[i].name, component[i].n, &type);
        MUST(rec->field[i].type == (value.p ? type : JL_ABSENT));
        MUST(!value.p || jl_span_eq(jl_rec_value(rec, i), value));
        MUST(!value.p || jl_rec_value(rec, i).p == value.p);
        MUST(type != JL_STRING || !value.p || rec->field[i].plain == jl_json_plain(value));
    }
}

static void key_is_there_with_its_members(const jl_rec *rec) {
    jl_rec with_key = *rec;
    MUST(jl_key_of(&shared.keyer, &with_key, NULL) == 0);
    MUST(with_key.has_key == (rec->field[0].type > JL_NULL && rec->field[1].type > JL_NULL));
}

static void splice_changes_one_member(const jl_rec *rec) {
    jl_out *out = &shared.out;
    if (rec->len + 16 > out->cap)
        return;
    out->n = 0;
    jl_member member = {JL_SPAN("\"s\""), JL_SPAN("42"), ANSWER};
    MUST(jl_splice(out, rec, &member, 1, NULL) == 0);
    jl_span made = {out->buf, out->n};
    MUST(made.p[made.n - 1] == '\n');

    char *copy = ref_copy(made, 'x');
    jl_field field[WANTED];
    jl_rec again;
    MUST(jl_rec_scan(shared.want, copy, copy + made.n, false, field, &again, NULL) == JL_SCAN_RECORD);
    MUST(jl_span_eq(jl_rec_value(&again, ANSWER), member.value));
    const jl_field *old = &rec->field[ANSWER];
    bool was = old->type != JL_ABSENT;
    size_t from = was ? old->off : rec->close;               /* in both lines, first byte that differs */
    size_t old_end = was ? old->off + old->len : rec->close; /* in the line before */
    size_t new_end = field[ANSWER].off + field[ANSWER].len;  /* in the line made */
    MUST(memcmp(copy, rec->line, from) == 0);
    MUST(again.len - new_end == rec->len - old_end);
    MUST(memcmp(copy + new_end, rec->line + old_end, rec->len - old_end) == 0);
    MUST(was || new_end - from == (rec->empty ? 6u : 7u));
    free(copy);
}

static void one_line(const char *p, const char *limit, jl_level level, bool known, size_t *len) {
    jl_field field[WANTED];
    jl_rec rec;
    jl_err err = {0};
    jl_level_force(level);
    jl_scan result = jl_rec_scan(shared.want, p, limit, known, field, &rec, &err);
    const char *lf = memchr(p, '\n', (size_t)(limit - p));
    jl_span line = {p, (size_t)(lf - p)};
    *len = line.n;
    MUST(rec.line == p && rec.len == line.n);
    MUST(result == (ref_blank(line) ? JL_SCAN_BLANK : ref_record(line) ? JL_SCAN_RECORD : JL_SCAN_BAD));
    if (result == JL_SCAN_BAD)
        MUST(err.class == JL_DATA && err.byte >= 1 && err.byte <= line.n + 1 && err.text[0]);
    if (result != JL_SCAN_RECORD)
        return;
    members_are_where_the_reference_finds_them(&rec, line);
    key_is_there_with_its_members(&rec);
    splice_changes_one_member(&rec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    set_up();
    char *p = malloc(size + 1 + JL_PAD);
    MUST(p != NULL);
    if (size)
        memcpy(p, data, size);
    p[size] = '\n';
    memset(p + size + 1, size % 2 ? '"' : '1', JL_PAD);
    bool known = ref_utf8_first_bad(p, size) == size;
    const jl_level levels[] = {JL_LEVEL_PLAIN, JL_LEVEL_SSE2, JL_LEVEL_AVX2, JL_LEVEL_AVX512};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; ++i)
        for (size_t at = 0, len; at <= size; at += len + 1)
            one_line(p + at, p + size + 1, levels[i], known, &len);
    free(p);
    return 0;
}
