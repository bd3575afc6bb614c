/* JSON text: checked to the letter of RFC 8259 and walked without allocating. */
#ifndef JL_JSONL_JSON_H
#define JL_JSONL_JSON_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Every text handed to a scanner has this many readable bytes of any content behind its end: the scanners load
   whole vectors. lib/jsonl/in.h gives such memory; a caller with its own allocates n + JL_PAD. */
#define JL_PAD 64

/* Arrays and objects nested deeper than this make a line bad; the top-level object has depth 1. */
#define JL_DEPTH_MAX 1024

typedef enum jl_type { JL_ABSENT = 0, JL_NULL, JL_FALSE, JL_TRUE, JL_NUMBER, JL_STRING, JL_ARRAY, JL_OBJECT } jl_type;

/* Checks one value that starts exactly at `p` and ends before `end` (JL_PAD readable bytes behind `end`).
   Returns the first byte behind it, or NULL: `err` then has class JL_DATA, a sentence, and `byte` counted from
   `p` (the first byte is 1). Does not check UTF-8: see utf8.h. */
const char *jl_json_value(const char *p, const char *end, jl_type *type, jl_err *err);

/* Appends what a checked string token (with its quotes) means: escapes decoded, UTF-8. */
int jl_json_decode(jl_span token, jl_buf *out, jl_err *err);

/* The same for a token with JL_PAD readable bytes behind it, as those of a line have, into memory for token.n + JL_PAD
   bytes. Returns the byte behind what it wrote. */
char *jl_json_decode_to(jl_span token, char *to);

/* True when the checked string token has no escape, so that its meaning is the bytes between its quotes. */
bool jl_json_plain(jl_span token);

/* True when the checked string token means exactly `text`. */
bool jl_json_is(jl_span token, jl_span text);

/* True when the number token is digits with an optional minus and fits; 5.0 and 5e0 are no integers here. */
bool jl_json_integer(jl_span token, int64_t *value);

#endif
