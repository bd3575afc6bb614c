/* From a URL to the ledger that its scheme names, with the words for what a ledger says. */
#include "gate/ledger.h"

#include <errno.h>
#include <sys/random.h>

#include "base/buf.h"

#define ID_BYTES 16

int jl_hold_id(char id[JL_HOLD_ID_SIZE], jl_err *err) {
    static const char hex[] = "0123456789abcdef";
    unsigned char byte[ID_BYTES];
    ssize_t n = getrandom(byte, sizeof byte, 0);
    if (n != (ssize_t)sizeof byte)
        return jl_err_errno(err, JL_SOFTWARE, n < 0 ? errno : EIO, "no random bytes for the id of a call");
    for (size_t i = 0; i < sizeof byte; i++) {
        id[2 * i] = hex[byte[i] >> 4];
        id[2 * i + 1] = hex[byte[i] & 15];
    }
    id[JL_HOLD_ID_SIZE - 1] = '\0';
    return 0;
}

static const char *word(const char *const *words, size_t n, unsigned i) {
    return i < n ? words[i] : "unknown";
}

#define WORD(words, i) word(words, sizeof(words) / sizeof *(words), (unsigned)(i))

const char *jl_refusal_name(jl_refusal r) {
    static const char *const names[JL_REFUSALS] = {"admitted",    "price", "budget",  "user",
                                                   "concurrency", "rate",  "breaker", "quota"};
    return WORD(names, r);
}

bool jl_refusal_passes(jl_refusal r) {
    return r == JL_REFUSED_CONCURRENCY || r == JL_REFUSED_RATE;
}

const char *jl_hold_state_name(jl_hold_state s) {
    static const char *const names[] = {"none", "reserved", "sent", "uncertain", "settled", "void"};
    return WORD(names, s);
}

const char *jl_event_name(jl_event_kind k) {
    static const char *const names[] = {"unknown", "set",       "reserve", "send",    "settle",
                                        "void",    "uncertain", "adjust",  "breaker", "rebuild"};
    return WORD(names, k);
}

static int check_provider(const char *provider, jl_err *err) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t n = strlen(provider);
    if (n >= 1 && n <= JL_PROVIDER_MAX && strspn(provider, allowed) == n)
        return 0;
    return jl_err_set(err, JL_USAGE, "the name of a provider is 1 to %d letters, digits and '._-'", JL_PROVIDER_MAX);
}

static void refuse_scheme(const jl_ledger_opener *const *openers, const char *scheme, jl_err *err) {
    jl_buf list = {.max = 128};
    for (; *openers; openers++)
        (void)jl_buf_addf(&list, NULL, " %s:", (*openers)->scheme);
    (void)jl_err_set(err, JL_USAGE, "%s: cannot keep a ledger in this build, which has:%.*s", scheme, (int)list.n,
                     list.n ? list.p : "");
    jl_buf_free(&list);
}

jl_ledger *jl_ledger_open(const jl_ledger_opener *const *openers, const jl_url *url, const char *provider,
                          int64_t patience, jl_err *err) {
    if (check_provider(provider, err) != 0)
        return NULL;
    for (const jl_ledger_opener *const *o = openers; *o; o++)
        if (strcmp((*o)->scheme, url->scheme) == 0)
            return (*o)->open(url, provider, patience, err);
    refuse_scheme(openers, url->scheme, err);
    return NULL;
}
