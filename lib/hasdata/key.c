/* What is no key is sent nowhere: a line end in it would begin another header. */
#include "hasdata/key.h"

#include <stdio.h>

#include "hasdata/hasdata.h"

int jl_hasdata_key_header(jl_span key, char header[JL_HASDATA_KEY_SIZE], jl_err *err) {
    header[0] = '\0';
    if (key.n == 0)
        return jl_err_set(err, JL_CONFIG, "the key is empty");
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] <= ' ' || key.p[i] > '~')
            return jl_err_set(err, JL_CONFIG, "the key has bytes that no key has");
    if (key.n + sizeof JL_HASDATA_KEY_HEADER ": " > JL_HASDATA_KEY_SIZE)
        return jl_err_set(err, JL_CONFIG, "the key is too long for one");
    (void)snprintf(header, JL_HASDATA_KEY_SIZE, "%s: %.*s", JL_HASDATA_KEY_HEADER, (int)key.n, key.p);
    return 0;
}
