/* From a URL to the back end of what was bought that its scheme names. */
#include "gate/kept.h"

#include "base/buf.h"

static void refuse_scheme(const jl_kept_opener *const *openers, const char *scheme, jl_err *err) {
    jl_buf list = {.max = 128};
    for (; *openers; openers++)
        (void)jl_buf_addf(&list, NULL, " %s:", (*openers)->scheme);
    (void)jl_err_set(err, JL_USAGE, "%s: cannot keep what was bought in this build, which has:%.*s", scheme,
                     (int)list.n, list.n ? list.p : "");
    jl_buf_free(&list);
}

jl_kept *jl_kept_open(const jl_kept_opener *const *openers, const jl_url *url, int64_t patience, jl_err *err) {
    for (const jl_kept_opener *const *o = openers; *o; o++)
        if (strcmp((*o)->scheme, url->scheme) == 0)
            return (*o)->open(url, patience, err);
    refuse_scheme(openers, url->scheme, err);
    return NULL;
}
