/* One line seen as a record: where its braces and the wanted members stand. */
#ifndef JL_JSONL_REC_H
#define JL_JSONL_REC_H

#include <stdint.h>

#include "jsonl/json.h"
#include "jsonl/path.h"

/* 128 bits that stand for a key (see key.h). */
typedef struct jl_hash {
    uint64_t hi, lo;
} jl_hash;

static inline bool jl_hash_eq(jl_hash a, jl_hash b) {
    return a.hi == b.hi && a.lo == b.lo;
}

/* A wanted member's value: the last one of that path in the line (duplicates: the last counts, at every level). */
typedef struct jl_field {
    uint32_t off; /* of the raw value, from the start of the line */
    uint32_t len; /* of the raw value; strings with their quotes */
    jl_type type; /* JL_ABSENT when the line has no such member */
    bool plain;   /* a string without escapes: its meaning is the bytes between its quotes */
} jl_field;

/* A view; owns nothing and dies with the bytes of the line. */
typedef struct jl_rec {
    const char *line;      /* first byte of the line (behind a BOM) */
    const jl_field *field; /* jl_want_count() entries, in the memory that the caller passed to jl_rec_scan */
    uint32_t len;          /* without the LF; a CR at the end counts */
    uint32_t close;        /* offset of the '}' that ends the object */
    bool empty;            /* the object has no member */
    bool has_key;          /* set by jl_key_of */
    jl_hash key;           /* set by jl_key_of when has_key */
} jl_rec;

static inline jl_span jl_rec_value(const jl_rec *r, size_t i) {
    return (jl_span){r->line + r->field[i].off, r->field[i].len};
}

typedef enum jl_scan { JL_SCAN_BAD = -1, JL_SCAN_RECORD = 0, JL_SCAN_BLANK = 1 } jl_scan;

/* Scans the line that starts at `p` and ends at the first LF before `limit`; one is there (the last byte before
   `limit` is LF) and JL_PAD bytes are readable behind `limit`. Always sets rec->line and rec->len. A record is
   one JSON object with nothing but whitespace around it; a blank line has whitespace only. `utf8_known` says that
   the caller has checked the whole block with jl_utf8_valid; otherwise the line is checked here. `err` may be
   NULL (a bad line can be scanned again for the reason); its `byte` counts from the start of the line.
   Lines are shorter than 2^32 bytes. */
jl_scan jl_rec_scan(const jl_want *want, const char *p, const char *limit, bool utf8_known, jl_field *field,
                    jl_rec *rec, jl_err *err);

#endif
