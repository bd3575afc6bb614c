/* The elements of an array, or the members of an object, one after the other.
 *
 * For whole bodies as they come out of a server: one JSON value, pretty-printed or not. Nothing here allocates but
 * jl_each_compact, which appends to the caller's buffer. */
#ifndef JL_JSONL_EACH_H
#define JL_JSONL_EACH_H

#include "jsonl/json.h"

/* A checked value where it stands: a view that dies with its bytes. Zero bytes are "there is none". */
typedef struct jl_value {
    jl_span text; /* the raw token, a string's with its quotes, without white space around it */
    jl_type type; /* JL_ABSENT: there is none */
} jl_value;

/* Checks `body` (JL_PAD readable bytes behind it): UTF-8, one value, nothing but white space around it; a BOM before
   it is passed over. Raw line ends are white space between tokens and an error inside strings. Linear time; -1
   (JL_DATA) with a sentence and err->byte counted from the first byte of `body`. */
int jl_each_check(jl_span body, jl_value *value, jl_err *err);

/* A walk over a container. The container was checked, as a whole or as a part of a body, and JL_PAD bytes are readable
   behind it. */
typedef struct jl_each {
    const char *p, *end;
    bool object;
} jl_each;

/* A value that is neither array nor object has no elements. */
jl_each jl_each_start(jl_value container);
/* False when there is no further one. `name` gets the raw name token of a member, an empty span for an element; may be
   NULL. */
bool jl_each_next(jl_each *it, jl_span *name, jl_value *value);

/* One pass over an object: found[i] is the value of the last member called names[i] (decoded), JL_ABSENT when there is
   none or when `object` is no object. */
void jl_each_pick(jl_value object, const char *const *names, size_t n, jl_value *found);
/* The value of the last member of that name. */
jl_value jl_each_member(jl_value object, const char *name);

/* Appends a checked value without the white space between its tokens, so that it fits into a line; strings and the
   spelling of numbers stay. -1: JL_DATA when it nests deeper than `depth` (a value that is no container has depth 0),
   or memory. */
int jl_each_compact(jl_value value, size_t depth, jl_buf *out, jl_err *err);

#endif
