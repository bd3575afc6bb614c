/* Base64 as RFC 4648 section 4 has it: one spelling for given bytes, no other is read. */
#ifndef JL_VECTOR_BASE64_H
#define JL_VECTOR_BASE64_H

#include "base/buf.h"

/* Bytes that jl_base64_write may touch behind its text, and jl_base64_read behind its bytes. */
#define JL_BASE64_SLACK 32

static inline size_t jl_base64_length(size_t bytes) {
    return (bytes + 2) / 3 * 4;
}

/* `to` has room for jl_base64_length(bytes.n) + JL_BASE64_SLACK. Returns the byte behind the text. */
char *jl_base64_write(jl_span bytes, char *to);

/* `to` has room for text.n / 4 * 3 + JL_BASE64_SLACK. False when the text is no base64: its length no multiple of 4, a
   byte beyond the alphabet, padding elsewhere than at the end, bits left over that are not zero. */
bool jl_base64_read(jl_span text, char *to, size_t *n);

#endif
