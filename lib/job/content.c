/* Texts in one unambiguous encoding, hashed. */
#include "job/content.h"

#include <stdio.h>

#include "base/digest.h"
#include "job/space.h"

int jl_content_encode(jl_span text, jl_buf *out, jl_err *err) {
    size_t start = out->n;
    if (jl_space_trim(text).n == 0)
        return jl_buf_addc(out, 'z', err);
    if (jl_buf_add(out, JL_SPAN("s\0\0\0\0"), err) || jl_space_one(text, out, err)) {
        out->n = start;
        return -1;
    }
    size_t n = out->n - start - 5;
    for (size_t i = 0; i < 4; ++i)
        out->p[start + 1 + i] = (char)(n >> 8 * i & 0xff);
    return 0;
}

int jl_content_hash(jl_span title, jl_span company, jl_span location, jl_span description, char hex[33], jl_err *err) {
    jl_buf b = {0};
    int failed = jl_content_encode(title, &b, err) || jl_content_encode(company, &b, err) ||
                 jl_content_encode(location, &b, err) || jl_content_encode(description, &b, err);
    if (!failed) {
        jl_digest128 hash = jl_digest_wide(jl_buf_span(&b), 0);
        snprintf(hex, 33, "%016llx%016llx", (unsigned long long)hash.hi, (unsigned long long)hash.lo);
    }
    jl_buf_free(&b);
    return failed ? -1 : 0;
}
