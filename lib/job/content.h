/* The hash that says whether a posting still says the same. */
#ifndef JL_JOB_CONTENT_H
#define JL_JOB_CONTENT_H

#include <stdint.h>

#include "base/buf.h"

/* FROZEN FORMAT, version 1 (golden vectors: tests/unit/golden/job.tsv).
   encoding of texts = each text's, one behind the other:
     a text      's' length content; length = uint32 little endian, bytes (as in jsonl/key.h); content = the decoded
                 UTF-8 with every run of white space (U+0009…U+000D, U+0020, U+0085, U+00A0, U+2028, U+2029) made one
                 space, none at its ends
     no text     'z'; so is one without anything but white space
   content_hash = the 32 lower-case hexadecimal digits, high half first, of XXH3_128bits (seed 0) of the encoding of
   title, company, location, description.
   White space does not count because the same posting comes as text, as HTML made text, with other line ends: what is
   said is the same. Case and punctuation count. */

/* Appends one text's encoding. */
int jl_content_encode(jl_span text, jl_buf *out, jl_err *err);

/* `hex` gets 32 digits and a NUL. -1: memory ran out. */
int jl_content_hash(jl_span title, jl_span company, jl_span location, jl_span description, char hex[33], jl_err *err);

#endif
