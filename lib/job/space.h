/* White space in what postings say. */
#ifndef JL_JOB_SPACE_H
#define JL_JOB_SPACE_H

#include "base/buf.h"

/* U+0009…U+000D, U+0020, U+0085, U+00A0, U+2028, U+2029, in UTF-8. Part of a frozen format: job/content.h. */

/* The length of the white space character that `text` begins with; 0: it begins with none. */
size_t jl_space_at(jl_span text);
/* The text without white space at its ends. */
jl_span jl_space_trim(jl_span text);
/* Appends the text with every run of white space made one space, none at its ends. */
int jl_space_one(jl_span text, jl_buf *out, jl_err *err);

#endif
