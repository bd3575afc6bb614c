/* White space found by its bytes. */
#include "job/space.h"

size_t jl_space_at(jl_span text) {
    const unsigned char *p = (const unsigned char *)text.p;
    if (text.n == 0)
        return 0;
    if (p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r'))
        return 1;
    if (text.n >= 2 && p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0))
        return 2;
    if (text.n >= 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
        return 3;
    return 0;
}

/* The length of the white space character that `text` ends with. */
static size_t space_before_end(jl_span text) {
    for (size_t n = 1; n <= 3 && n <= text.n; ++n)
        if (jl_space_at((jl_span){text.p + text.n - n, n}) == n)
            return n;
    return 0;
}

jl_span jl_space_trim(jl_span text) {
    size_t n;
    while ((n = jl_space_at(text)) > 0) {
        text.p += n;
        text.n -= n;
    }
    while ((n = space_before_end(text)) > 0)
        text.n -= n;
    return text;
}

int jl_space_one(jl_span text, jl_buf *out, jl_err *err) {
    text = jl_space_trim(text);
    if (jl_buf_reserve(out, text.n, err))
        return -1;
    bool between = false;
    while (text.n > 0) {
        size_t n = jl_space_at(text);
        size_t used = n ? n : 1;
        if (n && !between)
            out->p[out->n++] = ' ';
        else if (!n)
            out->p[out->n++] = *text.p;
        between = n > 0;
        text.p += used;
        text.n -= used;
    }
    return 0;
}
