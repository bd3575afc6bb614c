/* Is it UTF-8? RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef JL_JSONL_UTF8_H
#define JL_JSONL_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Fast on whole blocks (vectors where the machine has them); a block cut in the middle of a character is
   invalid, one cut at LF is as valid as its lines. Reads nothing behind `n`. */
bool jl_utf8_valid(const char *p, size_t n);

/* The offset of the first byte of the first ill-formed sequence; `n` when there is none. */
size_t jl_utf8_first_bad(const char *p, size_t n);

/* The length of the character at `p` (n > 0) when it is well formed, else of the ill-formed run that one U+FFFD stands
   for (Unicode 3.9, "maximal subpart": what a character may begin with, at least one byte). */
size_t jl_utf8_sequence(const char *p, size_t n, bool *valid);

#endif
