/* What the scanners of all levels have in common: faults, remembered names, entry points. */
#ifndef JL_JSONL_SCAN_H
#define JL_JSONL_SCAN_H

#include <stdint.h>

#include "jsonl/json.h"
#include "jsonl/level.h"
#include "jsonl/rec.h"
#include "jsonl/want.h"

/* The first thing wrong with a text. */
typedef struct jl_fault {
    const char *at;   /* the byte */
    const char *text; /* a sentence with static lifetime */
} jl_fault;

/* Records like their neighbours: a member's name, with the comma, colon and spaces around it, is usually the text that
   followed the same member in a record before. So each name that was met is remembered together with what it matched
   and with the names that came next; one vector compare then replaces scanning and matching it. Guesses that fail
   cost those compares and nothing else. */
#define JL_SHAPE_TOKEN 32
#define JL_SHAPE_NAMES 511
#define JL_SHAPE_HASH_BITS 10

typedef struct jl_name_seen {
    char token[JL_SHAPE_TOKEN]; /* from behind the value before (or '{') up to the first byte of the value */
    uint64_t place;             /* id of the node it stands in, times 2, plus 1 for an object's first; 0 = free */
    const jl_node *child;       /* what it matched; NULL = not wanted. Alive whenever `place` is that of a live node */
    uint32_t mask;              /* the low `n` bits */
    uint16_t n;                 /* bytes in use */
    uint16_t away;              /* so many times in a row next[1] was right and next[0] wrong */
    uint32_t next[2];           /* the names that came after it, 0 = none; the usual one first */
} jl_name_seen;

typedef struct jl_shape {
    jl_name_seen seen[1 + JL_SHAPE_NAMES];     /* the first one is for names that do not fit */
    uint16_t by_hash[1 << JL_SHAPE_HASH_BITS]; /* index of the entry, if there is one */
    uint32_t newest;                           /* index of the entry learned last: the one behind it is the oldest */
    uint32_t last;                             /* the name met last, also across lines */
    jl_fault fault;                            /* of the line at hand */
} jl_shape;

/* Names stand for each other by their distance in bytes from the first entry: one addition leads there. */
static inline jl_name_seen *jl_shape_at(jl_shape *shape, uint32_t name) {
    return (jl_name_seen *)(void *)((char *)shape->seen + name);
}

/* Both return the byte behind what they scanned, or NULL and fill the fault.
   value: see jl_json_value. line: a record as in jl_rec_scan with rec->line and rec->field set, `brace` its '{'; fills
   the fields and rec->len, close, empty; what it returns is the LF. */
typedef const char *jl_scan_value_fn(const char *p, const char *end, jl_type *type, jl_fault *fault);
typedef const char *jl_scan_line_fn(const jl_want *want, jl_shape *shape, const char *brace, jl_field *field,
                                    jl_rec *rec);

jl_scan_value_fn jl_scan_value_plain, jl_scan_value_sse2, jl_scan_value_avx2, jl_scan_value_avx512;
jl_scan_line_fn jl_scan_line_plain, jl_scan_line_sse2, jl_scan_line_avx2, jl_scan_line_avx512;

/* Which of 64 bytes are what: bit i is that of byte i. */
typedef struct jl_scan_block {
    uint64_t quote, slash, control;
    uint64_t simple; /* what a backslash before it makes an escape of two bytes: " \ / b f n r t */
} jl_scan_block;

/* For `simple`: the entries of the low and of the high half byte have a bit in common. */
#define JL_ESCAPE_LOW 0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1
#define JL_ESCAPE_HIGH 0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0

/* Hexadecimal digits by their byte: value plus one; 0 is no digit. */
extern const unsigned char jl_scan_hex[256];

/* The value of four hexadecimal digits, negative when one is none. */
static inline int jl_scan_hex4(const char *p) {
    int a = jl_scan_hex[(unsigned char)p[0]] - 1;
    int b = jl_scan_hex[(unsigned char)p[1]] - 1;
    int c = jl_scan_hex[(unsigned char)p[2]] - 1;
    int d = jl_scan_hex[(unsigned char)p[3]] - 1;
    return (a | b | c | d) < 0 ? -1 : a << 12 | b << 8 | c << 4 | d;
}

/* The length of the escape at `s`, which is a backslash, when it is \uXXXX or a pair of them; 0 with the reason. */
size_t jl_scan_unicode_escape(const char *s, jl_fault *fault);

/* The entry, as jl_shape_at takes it, of a name and the token that it is part of; learns them when there is none.
   `name` has its quotes, `plain` when it has no escapes; `start` and `n` are the token's first byte and length. */
uint32_t jl_shape_name(jl_shape *shape, const jl_node *node, uint64_t place, jl_span name, bool plain,
                       const char *start, size_t n);

#endif
