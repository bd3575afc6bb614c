/* Dates of postings read, absolute ones first. */
#include "job/date.h"

#include "base/clock.h"

#define DAY (86400 * JL_SECOND)

/* What is longer says more than a date. */
#define LONGEST 64

/* ---- absolute ---- */

/* Reads exactly `n` digits; moves *p behind them. */
static bool digits(const char **p, const char *end, size_t n, int *value) {
    int sum = 0;
    if ((size_t)(end - *p) < n)
        return false;
    for (size_t i = 0; i < n; ++i) {
        int digit = (*p)[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        sum = sum * 10 + digit;
    }
    *p += n;
    *value = sum;
    return true;
}

static bool one(const char **p, const char *end, char c) {
    bool there = *p < end && **p == c;
    *p += there;
    return there;
}

/* Days since 1970 of a day in the Gregorian calendar: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
   days_from_civil, for years after 0. */
static int64_t days_since_1970(int year, int month, int date) {
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool read_day(const char **p, const char *end, int64_t *seconds) {
    int year, month, date;
    if (!digits(p, end, 4, &year) || !one(p, end, '-') || !digits(p, end, 2, &month) || !one(p, end, '-') ||
        !digits(p, end, 2, &date))
        return false;
    if (year < 1970 || year > 2199 || month < 1 || month > 12 || date < 1 || date > days_in_month(year, month))
        return false;
    *seconds = days_since_1970(year, month, date) * 86400;
    return true;
}

/* "17:22", "17:22:54", "17:22:54.869": a leap second counts as the second before. */
static bool read_time(const char **p, const char *end, int64_t *seconds) {
    int hour, minute, second = 0;
    if (!digits(p, end, 2, &hour) || !one(p, end, ':') || !digits(p, end, 2, &minute))
        return false;
    if (one(p, end, ':')) {
        if (!digits(p, end, 2, &second))
            return false;
        int digit;
        if (one(p, end, '.')) {
            size_t n = 0;
            while (digits(p, end, 1, &digit))
                ++n;
            if (n > 9)
                return false;
        }
    }
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *seconds += hour * 3600 + minute * 60 + (second == 60 ? 59 : second);
    return true;
}

/* "Z", "+02:00", "-0530", "+02" or nothing, which is UTC too. */
static bool read_zone(const char **p, const char *end, int64_t *seconds) {
    if (*p == end || one(p, end, 'Z') || one(p, end, 'z'))
        return true;
    bool west = **p == '-';
    int hours, minutes = 0;
    if (**p != '+' && **p != '-')
        return false;
    ++*p;
    if (!digits(p, end, 2, &hours))
        return false;
    if ((one(p, end, ':') || *p < end) && !digits(p, end, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    int64_t offset = hours * 3600 + minutes * 60;
    *seconds += west ? offset : -offset;
    return true;
}

static bool read_absolute(jl_span text, int64_t *wall_ns) {
    const char *p = text.p;
    const char *end = text.p + text.n;
    int64_t seconds;
    if (!read_day(&p, end, &seconds))
        return false;
    if (p < end) {
        if (!one(&p, end, 'T') && !one(&p, end, 't') && !one(&p, end, ' '))
            return false;
        if (!read_time(&p, end, &seconds) || !read_zone(&p, end, &seconds) || p != end)
            return false;
    }
    *wall_ns = seconds * JL_SECOND;
    return true;
}

/* ---- relative ---- */

static bool days_ago(int64_t days, int64_t now_ns, int64_t *wall_ns) {
    *wall_ns = now_ns - now_ns % DAY - days * DAY;
    return true;
}

bool jl_date_age(int64_t days, int64_t now_ns, int64_t *wall_ns) {
    return days >= 0 && days <= 36500 && days_ago(days, now_ns, wall_ns);
}

static const struct unit {
    const char *word;
    int64_t ns;
} units[] = {
    {"second", JL_SECOND},
    {"seconds", JL_SECOND},
    {"sec", JL_SECOND},
    {"secs", JL_SECOND},
    {"s", JL_SECOND},
    {"minute", 60 * JL_SECOND},
    {"minutes", 60 * JL_SECOND},
    {"min", 60 * JL_SECOND},
    {"mins", 60 * JL_SECOND},
    {"hour", 3600 * JL_SECOND},
    {"hours", 3600 * JL_SECOND},
    {"hr", 3600 * JL_SECOND},
    {"hrs", 3600 * JL_SECOND},
    {"h", 3600 * JL_SECOND},
    {"day", DAY},
    {"days", DAY},
    {"d", DAY},
    {"week", 7 * DAY},
    {"weeks", 7 * DAY},
    {"wk", 7 * DAY},
    {"wks", 7 * DAY},
    {"w", 7 * DAY},
    {"month", 30 * DAY},
    {"months", 30 * DAY},
    {"mo", 30 * DAY},
    {"mos", 30 * DAY},
    {"year", 365 * DAY},
    {"years", 365 * DAY},
    {"yr", 365 * DAY},
    {"yrs", 365 * DAY},
    {"y", 365 * DAY},
};

/* The words of a text in lower case, with one space before and behind each; "" when it is too long. */
static void in_words(jl_span text, char words[LONGEST + 2]) {
    size_t n = 0;
    words[n++] = ' ';
    for (size_t i = 0; i < text.n && n < LONGEST; ++i) {
        char c = text.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        bool space = c == ' ' || (c >= '\t' && c <= '\r');
        if (!space)
            words[n++] = c;
        else if (words[n - 1] != ' ')
            words[n++] = ' ';
    }
    if (n > 1 && words[n - 1] != ' ')
        words[n++] = ' ';
    words[n] = '\0';
    if (text.n >= LONGEST)
        words[0] = '\0';
}

/* Behind " WORD" when the words at `p` begin with it and it ends there; else `p`. */
static const char *behind_word(const char *p, const char *word) {
    size_t n = strlen(word);
    return strncmp(p + 1, word, n) == 0 && p[1 + n] == ' ' ? p + 1 + n : p;
}

/* What stands before the amount and says nothing about it. */
static const char *behind_lead(const char *p) {
    static const char *const lead[] = {"employeractive", "employer", "active", "posted",
                                       "posted:",        "over",     "about",  "updated"};
    for (size_t i = 0; i < sizeof lead / sizeof *lead; ++i) {
        const char *q = behind_word(p, lead[i]);
        if (q != p) {
            p = q;
            i = (size_t)-1;
        }
    }
    return p;
}

/* "30+", "3", "a": in `*n`; behind them, with the space that may follow, or NULL. */
static const char *read_count(const char *p, int64_t *n) {
    const char *start = p;
    for (*n = 0; *p >= '0' && *p <= '9' && p - start < 5; ++p)
        *n = *n * 10 + (*p - '0');
    if (p == start) {
        p += *p == 'a';
        p += p > start && *p == 'n';
        if (p == start || *p != ' ')
            return NULL;
        *n = 1;
    }
    p += *p == '+';
    return p + (*p == ' ');
}

/* "day ", "days ago ", "d+ ": false when anything else stands there. */
static bool read_unit(const char *p, int64_t *ns) {
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz");
    for (size_t i = 0; i < sizeof units / sizeof *units; ++i) {
        if (strlen(units[i].word) != n || memcmp(p, units[i].word, n) != 0)
            continue;
        *ns = units[i].ns;
        p += n;
        p += *p == '+';
        return strcmp(p, " ") == 0 || strcmp(p, " ago ") == 0;
    }
    return false;
}

static bool read_amount(const char *words, int64_t now_ns, int64_t *wall_ns) {
    int64_t n, ns;
    const char *p = read_count(words + 1, &n);
    if (!p || !read_unit(p, &ns) || n > 36500 || n * (ns / JL_SECOND) > 36500 * (DAY / JL_SECOND))
        return false;
    if (ns >= DAY)
        return days_ago(n * (ns / DAY), now_ns, wall_ns);
    *wall_ns = now_ns - n * ns;
    return true;
}

static bool read_word(const char *words, int64_t now_ns, int64_t *wall_ns) {
    static const char *const now[] = {" just posted ", " just now ", " now ", " just "};
    for (size_t i = 0; i < sizeof now / sizeof *now; ++i)
        if (strcmp(words, now[i]) == 0) {
            *wall_ns = now_ns;
            return true;
        }
    if (strcmp(words, " today ") == 0)
        return days_ago(0, now_ns, wall_ns);
    return strcmp(words, " yesterday ") == 0 && days_ago(1, now_ns, wall_ns);
}

bool jl_date_read(jl_span text, int64_t now_ns, int64_t *wall_ns) {
    while (text.n && (text.p[0] == ' ' || (text.p[0] >= '\t' && text.p[0] <= '\r'))) {
        ++text.p;
        --text.n;
    }
    while (text.n && (text.p[text.n - 1] == ' ' || (text.p[text.n - 1] >= '\t' && text.p[text.n - 1] <= '\r')))
        --text.n;
    if (text.n == 0 || text.n > LONGEST || now_ns < 0)
        return false;
    if (text.n >= 10 && text.p[4] == '-')
        return read_absolute(text, wall_ns);
    char words[LONGEST + 2];
    in_words(text, words);
    const char *rest = behind_lead(words);
    return words[0] && (read_word(words, now_ns, wall_ns) || read_word(rest, now_ns, wall_ns) ||
                        read_amount(rest, now_ns, wall_ns));
}
