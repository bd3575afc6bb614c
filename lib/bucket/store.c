/* From a URL to the back end that its scheme names. */
#include "bucket/store.h"

#include <string.h>

#include "jsonl/utf8.h"

#define MODEL_MAX 128

/* Schemes that a reader of the manual may try although this program was not built with them. */
static const char *const known[] = {"sqlite",  "redis",    "redis+unix", "redis+cluster", "rediss",  "valkey",
                                    "valkeys", "postgres", "postgresql", "mysql",         "mariadb", "memcached",
                                    "file",    "s3",       NULL};

static bool is_known(const char *scheme) {
    for (const char *const *k = known; *k; k++)
        if (strcmp(*k, scheme) == 0)
            return true;
    return false;
}

static int refuse_scheme(const jl_store_opener *const *openers, const char *scheme, jl_err *err) {
    char list[128] = "";
    for (size_t used = 0; *openers && used + 34 < sizeof list; openers++) {
        size_t n = strlen((*openers)->scheme);
        if (used)
            list[used++] = ' ';
        memcpy(list + used, (*openers)->scheme, n);
        memcpy(list + used + n, ":", 2);
        used += n + 1;
    }
    if (is_known(scheme))
        return jl_err_set(err, JL_USAGE, "%s: is not supported by this build, which has: %s", scheme, list);
    return jl_err_set(err, JL_USAGE, "%s: is not a scheme known here; this build has: %s", scheme, list);
}

static int check_model(const char *model, jl_err *err) {
    size_t n = strlen(model);
    if (n == 0 || n > MODEL_MAX)
        return jl_err_set(err, JL_USAGE, "a model's name has 1 to %d bytes", MODEL_MAX);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)model[i] < 0x20 || model[i] == 0x7f)
            return jl_err_set(err, JL_USAGE, "a model's name has no control characters");
    if (!jl_utf8_valid(model, n))
        return jl_err_set(err, JL_USAGE, "a model's name is UTF-8");
    return 0;
}

jl_store *jl_store_open(const jl_store_opener *const *openers, const jl_url *url, const jl_space *space, jl_err *err) {
    if (check_model(space->model, err) != 0)
        return NULL;
    for (const jl_store_opener *const *o = openers; *o; o++)
        if (strcmp((*o)->scheme, url->scheme) == 0)
            return (*o)->open(url, space, err);
    (void)refuse_scheme(openers, url->scheme, err);
    return NULL;
}

void jl_put_report(const uint8_t *became, size_t n, uint8_t *outcome, jl_put_counts *counts) {
    uint64_t count[JL_PUT_CONFLICT + 1] = {0};
    for (size_t i = 0; i < n; i++)
        count[became[i]]++;
    counts->added += count[JL_PUT_ADDED];
    counts->present += count[JL_PUT_PRESENT];
    counts->conflicts += count[JL_PUT_CONFLICT];
    if (outcome)
        memcpy(outcome, became, n);
}
