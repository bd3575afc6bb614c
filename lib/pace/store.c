/* From a URL to the back end that its scheme names. */
#include "pace/store.h"

#include "base/buf.h"
#include "base/clock.h"

/* Eleven days, the cost of a million at one a second: sums stay far from where an int64_t ends. */
#define COST_MOST (JL_SECOND * 1000000)
#define TAKEN_MOST (INT64_MAX / 4)

int64_t jl_pace_turn(int64_t *taken, int64_t now, int64_t cost) {
    int64_t at = *taken > now ? *taken : now;
    *taken = at < TAKEN_MOST ? at + cost : at;
    return at - now;
}

int64_t jl_pace_cost(double n, double per_second) {
    double ns = n * (double)JL_SECOND / per_second;
    if (ns >= (double)COST_MOST)
        return COST_MOST;
    int64_t whole = (int64_t)ns;
    return whole + (ns > (double)whole);
}

static int check_name(const char *name, jl_err *err) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t n = strlen(name);
    if (n >= 1 && n <= JL_PACE_NAME_MAX && strspn(name, allowed) == n)
        return 0;
    return jl_err_set(err, JL_USAGE, "the name of a pace is 1 to %d letters, digits and '._-'", JL_PACE_NAME_MAX);
}

static void refuse_scheme(const jl_pace_opener *const *openers, const char *scheme, jl_err *err) {
    jl_buf list = {.max = 128};
    for (; *openers; openers++)
        (void)jl_buf_addf(&list, NULL, " %s:", (*openers)->scheme);
    (void)jl_err_set(err, JL_USAGE, "%s: cannot keep a pace in this build, which has:%.*s", scheme, (int)list.n,
                     list.n ? list.p : "");
    jl_buf_free(&list);
}

jl_pace_store *jl_pace_store_open(const jl_pace_opener *const *openers, const jl_url *url, const char *name,
                                  int64_t patience, jl_err *err) {
    if (check_name(name, err) != 0)
        return NULL;
    for (const jl_pace_opener *const *o = openers; *o; o++)
        if (strcmp((*o)->scheme, url->scheme) == 0)
            return (*o)->open(url, name, patience, err);
    refuse_scheme(openers, url->scheme, err);
    return NULL;
}
