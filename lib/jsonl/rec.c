/* One line scanned for the members that a program wants. */
#include "jsonl/rec.h"

#include "jsonl/scan.h"
#include "jsonl/utf8.h"

static jl_scan_line_fn *const scan_line[JL_LEVELS] = {
#if defined(__x86_64__)
    [JL_LEVEL_PLAIN] = jl_scan_line_plain,   [JL_LEVEL_SSE2] = jl_scan_line_sse2,
    [JL_LEVEL_SSSE3] = jl_scan_line_sse2,    [JL_LEVEL_AVX2] = jl_scan_line_avx2,
    [JL_LEVEL_AVX512] = jl_scan_line_avx512,
#else
    [JL_LEVEL_PLAIN] = jl_scan_line_plain,
#endif
};

/* A memory of names, not of values: what it holds changes how long a scan takes, never what it finds. */
static _Thread_local jl_shape shape;

/* Names are told apart by their first and last bytes and their length, equal ones by their place and by the length of
   what stands around them. */
static uint32_t hash_of(jl_span name, uint64_t place, size_t n) {
    /* Eight bytes can be read whatever the length: the line has padding. Those that are not the name's are shifted out;
       the quotes at both ends make it two bytes at least. */
    uint64_t head;
    memcpy(&head, name.p, sizeof head);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    head <<= name.n < sizeof head ? 64 - 8 * name.n : 0;
#else
    head >>= name.n < sizeof head ? 64 - 8 * name.n : 0;
#endif
    uint64_t tail = 0;
    if (name.n >= sizeof tail)
        memcpy(&tail, name.p + name.n - sizeof tail, sizeof tail);
    uint64_t all = head ^ (tail << 7 | tail >> 57) ^ place << 32 ^ name.n << 8 ^ n;
    uint64_t hash = all * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash >> (64 - JL_SHAPE_HASH_BITS));
}

uint32_t jl_shape_name(jl_shape *s, const jl_node *node, uint64_t place, jl_span name, bool plain, const char *start,
                       size_t n) {
    if (n > JL_SHAPE_TOKEN) {
        s->seen[0].child = jl_node_child(node, name, plain);
        return 0;
    }
    uint16_t *at = &s->by_hash[hash_of(name, place, n)];
    const jl_name_seen *known = &s->seen[*at];
    if (known->place == place && known->n == n && memcmp(known->token, start, n) == 0)
        return *at * (uint32_t)sizeof *known;
    s->newest = s->newest % JL_SHAPE_NAMES + 1;
    *at = (uint16_t)s->newest;
    jl_name_seen *seen = &s->seen[s->newest];
    *seen = (jl_name_seen){.place = place,
                           .child = jl_node_child(node, name, plain),
                           .mask = UINT32_MAX >> (JL_SHAPE_TOKEN - n),
                           .n = (uint16_t)n};
    memcpy(seen->token, start, n);
    return s->newest * (uint32_t)sizeof *seen;
}

/* Faults are rare: what is needed to tell them is found out here. */
static __attribute__((noinline, cold)) jl_scan bad_line(const char *limit, bool utf8_known, jl_fault fault, jl_rec *rec,
                                                        jl_err *err) {
    const char *line = rec->line;
    const char *lf = memchr(fault.at, '\n', (size_t)(limit - fault.at));
    size_t len = (size_t)(lf - line);
    rec->len = (uint32_t)len;
    if (!err)
        return JL_SCAN_BAD;
    if (!utf8_known) {
        size_t ill = jl_utf8_first_bad(line, len);
        if (ill < len && ill < (size_t)(fault.at - line))
            fault = (jl_fault){line + ill, "invalid UTF-8"};
    }
    jl_err_set(err, JL_DATA, "%s", fault.text);
    err->byte = (uint64_t)(fault.at - line) + 1;
    return JL_SCAN_BAD;
}

jl_scan jl_rec_scan(const jl_want *want, const char *p, const char *limit, bool utf8_known, jl_field *field,
                    jl_rec *rec, jl_err *err) {
    rec->line = p;
    rec->field = field;
    rec->has_key = false;
    const char *brace = p;
    while (*brace == ' ' || *brace == '\t' || *brace == '\r')
        ++brace;
    if (*brace == '\n') {
        rec->len = (uint32_t)(brace - p);
        return JL_SCAN_BLANK;
    }
    if (*brace != '{')
        return bad_line(limit, utf8_known, (jl_fault){brace, "not a JSON object"}, rec, err);
    if (!scan_line[jl_level_now()](want, &shape, brace, field, rec))
        return bad_line(limit, utf8_known, shape.fault, rec, err);
    if (!utf8_known && !jl_utf8_valid(p, rec->len))
        return bad_line(limit, utf8_known, (jl_fault){p + rec->len, ""}, rec, err);
    return JL_SCAN_RECORD;
}
