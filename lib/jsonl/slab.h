/* A stretch of lines scanned in one go: their records with their keys. */
#ifndef JL_JSONL_SLAB_H
#define JL_JSONL_SLAB_H

#include "jsonl/key.h"

typedef enum jl_bad { JL_BAD_NONE = 0, JL_BAD_LINE, JL_BAD_LENGTH } jl_bad;

/* The caller reads the fields and writes none. Record i stands in line `line[i]` of the stretch, counted from 0: the
   lines between are blank. */
typedef struct jl_slab {
    const jl_want *want;
    jl_keyer keyer;
    uint64_t max_line;
    jl_rec *rec;     /* `cap` and one more, for the bad line */
    jl_field *field; /* jl_want_count() for each record */
    uint32_t *line;  /* one more than records: line[n] is the bad line's number, or how many lines there were */
    size_t n, cap;
    jl_bad bad; /* the last line of the stretch is a bad one: rec[n] has its `line` and `len` */
} jl_slab;

/* Room for `cap` records. `key` and `first_key` as for jl_keyer_init. */
int jl_slab_open(jl_slab *s, const jl_want *want, const jl_keyspec *key, size_t first_key, uint64_t max_line,
                 size_t cap, jl_err *err);
void jl_slab_free(jl_slab *s);

/* Scans lines from the front of `lines`, which ends with LF and has JL_PAD readable bytes behind it, until the slab is
   full, a bad line has come, or none is left. `utf8`: they are known to be UTF-8. Sets *taken to the bytes of the lines
   scanned. -1: memory ran out. The records are valid as long as the bytes and until the next call. */
int jl_slab_scan(jl_slab *s, jl_span lines, bool utf8, size_t *taken, jl_err *err);

/* How many lines were scanned. */
static inline uint64_t jl_slab_lines(const jl_slab *s) {
    return s->line[s->n] + (s->bad != JL_BAD_NONE);
}

#endif
