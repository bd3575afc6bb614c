/* Many lines at a time, so that what is done with them later can be done for many at a time. */
#include "jsonl/slab.h"

#include <stdlib.h>

int jl_slab_open(jl_slab *s, const jl_want *want, const jl_keyspec *key, size_t first_key, uint64_t max_line,
                 size_t cap, jl_err *err) {
    size_t fields = jl_want_count(want);
    *s = (jl_slab){.want = want, .max_line = max_line, .cap = cap};
    s->rec = calloc(cap + 1, sizeof *s->rec);
    s->field = calloc((cap + 1) * (fields ? fields : 1), sizeof *s->field);
    s->line = calloc(cap + 1, sizeof *s->line);
    if (s->rec && s->field && s->line)
        return jl_keyer_init(&s->keyer, key, first_key, err);
    return jl_err_nomem(err);
}

void jl_slab_free(jl_slab *s) {
    jl_keyer_free(&s->keyer);
    free(s->rec);
    free(s->field);
    free(s->line);
    *s = (jl_slab){0};
}

int jl_slab_scan(jl_slab *s, jl_span lines, bool utf8, size_t *taken, jl_err *err) {
    const char *p = lines.p, *limit = p + lines.n;
    const size_t fields = jl_want_count(s->want);
    uint32_t line = 0;
    size_t n = 0;
    s->bad = JL_BAD_NONE;
    while (p < limit && n < s->cap && line < UINT32_MAX) {
        if (*p == '\n') { /* runs of empty lines go fast */
            ++p;
            ++line;
            continue;
        }
        jl_rec *rec = &s->rec[n];
        jl_scan kind = jl_rec_scan(s->want, p, limit, utf8, s->field + n * fields, rec, NULL);
        p += rec->len + 1;
        s->line[n] = line;
        if (kind == JL_SCAN_BAD || rec->len > s->max_line) {
            /* Its length comes first: of a line that does not fit the buffer nothing else is known. */
            s->bad = rec->len > s->max_line ? JL_BAD_LENGTH : JL_BAD_LINE;
            break;
        }
        line++;
        if (kind == JL_SCAN_BLANK)
            continue;
        if (jl_key_of(&s->keyer, rec, err) != 0)
            return -1;
        n++;
    }
    s->n = n;
    s->line[n] = line;
    *taken = (size_t)(p - lines.p);
    return 0;
}
