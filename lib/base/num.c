/* Every number that a person types is read here, digit by digit: whole, bounded, without locale. */
#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

/* What messages show of the text. */
#define SHOWN(text) (int)((text).n < 100 ? (text).n : 100), (text).p ? (text).p : ""

/* Reads digits from *i on; false when there is none or they do not fit. */
static bool digits(jl_span text, size_t *i, uint64_t *value) {
    uint64_t sum = 0;
    size_t at = *i;
    for (; at < text.n && digit(text.p[at]); at++)
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, (uint64_t)(text.p[at] - '0'), &sum))
            return false;
    bool some = at > *i;
    *i = at;
    *value = sum;
    return some;
}

/* Reads ".digits" from *i on, if there is a point: 0 <= *value < 1; false when no digit follows the point. */
static bool fraction(jl_span text, size_t *i, double *value) {
    *value = 0;
    if (*i == text.n || text.p[*i] != '.')
        return true;
    size_t at = *i + 1;
    double scale = 1;
    double sum = 0;
    for (; at < text.n && digit(text.p[at]); at++) {
        if (scale < 1e15) { /* as many digits as a double holds exactly; what follows changes nothing */
            sum = sum * 10 + (text.p[at] - '0');
            scale *= 10;
        }
    }
    bool some = at > *i + 1;
    *i = at;
    *value = sum / scale;
    return some;
}

static jl_span rest(jl_span text, size_t i) {
    return (jl_span){text.p + i, text.n - i};
}

int jl_num_u64(jl_span text, uint64_t min, uint64_t max, uint64_t *value, jl_err *err) {
    size_t i = 0;
    uint64_t read;
    if (digits(text, &i, &read) && i == text.n && read >= min && read <= max) {
        *value = read;
        return 0;
    }
    if (max == UINT64_MAX)
        return jl_err_set(err, JL_USAGE, "'%.*s' is not a whole number of at least %" PRIu64, SHOWN(text), min);
    return jl_err_set(err, JL_USAGE, "'%.*s' is not a whole number from %" PRIu64 " to %" PRIu64, SHOWN(text), min,
                      max);
}

int jl_num_size(jl_span text, uint64_t *bytes, jl_err *err) {
    static const char letters[] = "kmgt";
    size_t i = 0;
    uint64_t read;
    if (digits(text, &i, &read)) {
        jl_span unit = rest(text, i);
        if (unit.n == 0) {
            *bytes = read;
            return 0;
        }
        const char *letter = unit.p[0] ? strchr(letters, unit.p[0] | 0x20) : NULL;
        if (letter && (unit.n == 1 || jl_span_eq(rest(unit, 1), JL_SPAN("iB")))) {
            uint64_t factor = UINT64_C(1) << (10 * (unsigned)(letter - letters + 1));
            if (!__builtin_mul_overflow(read, factor, bytes))
                return 0;
        }
    }
    return jl_err_set(err, JL_USAGE, "'%.*s' is not a size such as 4096, 64K, 16M or 2G", SHOWN(text));
}

int jl_num_duration(jl_span text, int64_t *ns, jl_err *err) {
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {
        {"s", INT64_C(1000000000)},
        {"", INT64_C(1000000000)},
        {"ms", INT64_C(1000000)},
        {"us", INT64_C(1000)},
        {"ns", 1},
        {"m", INT64_C(60000000000)},
        {"h", INT64_C(3600000000000)},
        {"d", INT64_C(86400000000000)},
    };
    size_t i = 0;
    uint64_t whole;
    double part;
    if (digits(text, &i, &whole) && whole <= INT64_MAX && fraction(text, &i, &part)) {
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            int64_t total;
            if (jl_span_eq(rest(text, i), jl_span_of(units[u].name)) &&
                !__builtin_mul_overflow((int64_t)whole, units[u].ns, &total) &&
                !__builtin_add_overflow(total, (int64_t)(part * (double)units[u].ns + 0.5), &total)) {
                *ns = total;
                return 0;
            }
        }
    }
    return jl_err_set(err, JL_USAGE, "'%.*s' is not a time such as 20ms, 1.5s, 10m or 2h", SHOWN(text));
}

int jl_num_share(jl_span text, int64_t *count, double *percent, jl_err *err) {
    size_t i = 0;
    uint64_t whole;
    double part;
    if (digits(text, &i, &whole) && whole <= INT64_MAX) {
        if (i == text.n) {
            *count = (int64_t)whole;
            *percent = -1;
            return 0;
        }
        if (fraction(text, &i, &part) && jl_span_eq(rest(text, i), JL_SPAN("%")) && (double)whole + part <= 100) {
            *count = -1;
            *percent = (double)whole + part;
            return 0;
        }
    }
    return jl_err_set(err, JL_USAGE, "'%.*s' is neither a count nor a share such as 0.1%%", SHOWN(text));
}

const char *jl_num_text(int64_t n, char text[32]) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, n < 0 ? -(uint64_t)n : (uint64_t)n);
    size_t to = 0;
    if (n < 0)
        text[to++] = '-';
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            text[to++] = ',';
        text[to++] = digits[i];
    }
    text[to] = '\0';
    return text;
}
