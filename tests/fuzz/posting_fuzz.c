/* Any bytes as two lines of one job: each becomes a posting or is refused, and the two are made one without a byte of the winner lost.
 *
 * The first LF parts the two. What comes out is a line that is read again as the same posting; merging it once more with the
 * line that made it says "same". */
#include "fuzz/target.h"
#include "job/merge.h"
#include "job/visa.h"
#include "jsonl/utf8.h"

#define NOW INT64_C(1795357845)

typedef struct bench {
    jl_postings *p;
    jl_field *field;
} bench;

static bool read_line(bench *b, jl_span text, jl_buf *out, jl_posting *posting) {
    char *line = malloc(text.n + 1 + JL_PAD);
    jl_rec rec;
    jl_err err = {0};
    MUST(line != NULL);
    if (text.n)
        memcpy(line, text.p, text.n);
    memset(line + text.n, '\n', 1 + JL_PAD);
    bool good =
        jl_rec_scan(jl_postings_want(b->p), line, line + text.n + 1, false, b->field, &rec, &err) == JL_SCAN_RECORD;
    if (good && jl_postings_read(b->p, &rec, NOW, out, posting, &err)) {
        MUST(err.class == JL_DATA);
        good = false;
    }
    memset(line, 'X', text.n);
    free(line);
    return good;
}

static bool inside(jl_span text, const jl_posting *p) {
    return text.n == 0 || memmem(p->line.p, p->line.n, text.p, text.n) != NULL;
}

/* A load of what was made gives what was made. */
static void reads_again(bench *b, const jl_posting *p) {
    jl_buf out = {0};
    jl_posting again;
    jl_err err = {0};
    MUST(jl_utf8_valid(p->line.p, p->line.n));
    MUST(p->line.p[p->line.n] == '\n');
    MUST(jl_postings_load(b->p, p->line, &out, &again, &err) == 0);
    MUST(jl_span_eq(again.line, p->line) && jl_span_eq(again.id, p->id) && jl_span_eq(again.source, p->source));
    MUST(jl_span_eq(again.url, p->url) && jl_span_eq(again.hash, p->hash) && jl_span_eq(again.title, p->title));
    MUST(memcmp(&again.facts, &p->facts, sizeof again.facts) == 0);
    MUST(p->id.n > 0 && inside(p->hash, p));
    jl_buf_free(&out);
}

static void merges(bench *b, const jl_posting *old, const jl_posting *in) {
    jl_buf one = {0}, two = {0}, three = {0};
    jl_posting merged, again, changed;
    jl_stored stored;
    jl_err err = {0};
    MUST(jl_merge(b->p, old, in, &one, &merged, &stored, &err) == 0);
    reads_again(b, &merged);
    MUST(jl_span_eq(merged.id, old->id) && jl_span_eq(merged.source, old->source));
    MUST(merged.facts.first_seen <= old->facts.first_seen && merged.facts.last_seen >= old->facts.last_seen);
    MUST(merged.facts.full >= old->facts.full);
    MUST(jl_merge(b->p, &merged, &merged, &two, &again, &stored, &err) == 0);
    MUST(stored == JL_STORED_SAME && jl_span_eq(again.line, merged.line));
    MUST(jl_merge_strip(b->p, &merged, &two, &changed, &err) == 0);
    MUST(!changed.facts.full && changed.line.n <= merged.line.n);
    MUST(jl_merge_mark(b->p, &merged, JL_STATUS_FAILED, 3, &three, &changed, &err) == 0);
    MUST(changed.facts.status == JL_STATUS_FAILED && changed.facts.tries == 3);
    reads_again(b, &changed);
    jl_buf_free(&one);
    jl_buf_free(&two);
    jl_buf_free(&three);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bench b = {.p = jl_postings_new(NULL)};
    jl_buf one = {0}, two = {0};
    jl_posting old, in;
    const char *text = size ? (const char *)data : "";
    const char *lf = memchr(text, '\n', size);
    size_t n = lf ? (size_t)(lf - text) : size;
    jl_span rest = {text + n + (lf != NULL), size - n - (lf != NULL)};
    uint32_t place[JL_FACTS_PLACES];
    MUST(b.p != NULL);
    b.field = calloc(jl_want_count(jl_postings_want(b.p)), sizeof *b.field);
    MUST(b.field != NULL);
    MUST(jl_facts_place((jl_span){text, n}, place) <= JL_FACTS_PLACES);
    (void)jl_visa_told((jl_span){text, n});
    if (memchr(rest.p, '\n', rest.n))
        rest.n = (size_t)((const char *)memchr(rest.p, '\n', rest.n) - rest.p);
    bool has_old = read_line(&b, (jl_span){text, n}, &one, &old);
    if (has_old)
        reads_again(&b, &old);
    if (has_old && read_line(&b, rest, &two, &in))
        merges(&b, &old, &in);
    jl_buf_free(&one);
    jl_buf_free(&two);
    free(b.field);
    jl_postings_free(b.p);
    return 0;
}
