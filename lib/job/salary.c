/* Pay in words and numbers, read only where it can be read in one way. */
#include "job/salary.h"

#include <stdlib.h>

#include "job/space.h"

/* ---- periods ---- */

static const struct period_word {
    const char *word; /* letters alone, upper case */
    const char *period;
} period_words[] = {
    {"HOUR", "hour"},
    {"HOURS", "hour"},
    {"HOURLY", "hour"},
    {"PERHOUR", "hour"},
    {"ANHOUR", "hour"},
    {"HR", "hour"},
    {"HRS", "hour"},
    {"PERHR", "hour"},
    {"PH", "hour"},
    {"DAY", "day"},
    {"DAILY", "day"},
    {"PERDAY", "day"},
    {"ADAY", "day"},
    {"PD", "day"},
    {"WEEK", "week"},
    {"WEEKLY", "week"},
    {"PERWEEK", "week"},
    {"AWEEK", "week"},
    {"WK", "week"},
    {"BW", "two_weeks"},
    {"BIWEEKLY", "two_weeks"},
    {"TWOWEEKS", "two_weeks"},
    {"FORTNIGHT", "two_weeks"},
    {"FORTNIGHTLY", "two_weeks"},
    {"PERFORTNIGHT", "two_weeks"},
    {"EVERYTWOWEEKS", "two_weeks"},
    {"MONTH", "month"},
    {"MONTHLY", "month"},
    {"PERMONTH", "month"},
    {"AMONTH", "month"},
    {"PM", "month"},
    {"MO", "month"},
    {"YEAR", "year"},
    {"YEARLY", "year"},
    {"PERYEAR", "year"},
    {"AYEAR", "year"},
    {"ANNUAL", "year"},
    {"ANNUALLY", "year"},
    {"ANNUM", "year"},
    {"PERANNUM", "year"},
    {"PA", "year"},
    {"YR", "year"},
    {"PERYR", "year"},
    {"Y", "year"},
};

const char *jl_salary_period(jl_span text) {
    char letters[24];
    size_t n = 0;
    for (size_t i = 0; i < text.n; ++i) {
        char c = text.p[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 32);
        if (c < 'A' || c > 'Z') {
            if (!strchr(" \t/_-.", c) || c == '\0')
                return NULL;
            continue;
        }
        if (n == sizeof letters - 1)
            return NULL;
        letters[n++] = c;
    }
    letters[n] = '\0';
    for (size_t i = 0; i < sizeof period_words / sizeof *period_words; ++i)
        if (strcmp(letters, period_words[i].word) == 0)
            return period_words[i].period;
    return NULL;
}

/* ---- currencies ---- */

static const char codes[] = " AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN "
                            "BWP BYN BZD CAD CDF CHF CLP CNY"
                            " COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ "
                            "GYD HKD HNL HTG HUF IDR ILS INR IQD"
                            " IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL "
                            "MGA MKD MMK MNT MOP MRU MUR MVR MWK"
                            " MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF "
                            "SAR SBD SCR SDG SEK SGD SHP SLE SOS"
                            " SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND "
                            "VUV WST XAF XCD XOF XPF YER ZAR ZMW"
                            " ZWG ";

/* The longer ones first; "" is a symbol of several currencies. */
static const struct symbol {
    const char *text;
    const char *code;
} symbols[] = {
    {"US$", "USD"}, {"CA$", "CAD"}, {"AU$", "AUD"}, {"NZ$", "NZD"}, {"HK$", "HKD"}, {"SG$", "SGD"}, {"MX$", "MXN"},
    {"C$", "CAD"},  {"A$", "AUD"},  {"S$", "SGD"},  {"R$", "BRL"},  {"€", "EUR"},   {"£", "GBP"},   {"₹", "INR"},
    {"₩", "KRW"},   {"₪", "ILS"},   {"₺", "TRY"},   {"₽", "RUB"}, {"₱", "PHP"},   {"₴", "UAH"},   {"₫", "VND"},
    {"zł", "PLN"},  {"Kč", "CZK"},  {"$", ""},      {"¥", ""},      {"kr", ""},
};

/* The symbol or code that `text` begins with: its length, 0 = none. */
static size_t currency_ahead(jl_span text, char currency[4]) {
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; ++i) {
        size_t n = strlen(symbols[i].text);
        if (text.n >= n && memcmp(text.p, symbols[i].text, n) == 0) {
            memcpy(currency, symbols[i].code, strlen(symbols[i].code) + 1);
            return n;
        }
    }
    char code[6] = " ";
    for (size_t i = 0; i < 3; ++i) {
        char c = i < text.n ? text.p[i] : '\0';
        c = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
        if (c < 'A' || c > 'Z')
            return 0;
        code[1 + i] = c;
    }
    code[4] = ' ';
    bool goes_on = text.n > 3 && ((text.p[3] | 32) >= 'a' && (text.p[3] | 32) <= 'z');
    if (goes_on || !strstr(codes, code))
        return 0;
    memcpy(currency, code + 1, 3);
    currency[3] = '\0';
    return 3;
}

bool jl_salary_currency(jl_span text, char currency[4]) {
    char found[4];
    text = jl_space_trim(text);
    if (text.n == 0 || currency_ahead(text, found) != text.n || !found[0])
        return false;
    memcpy(currency, found, sizeof found);
    return true;
}

static const char *currency_of_country(jl_span country) {
    static const struct {
        const char *country, *currency;
    } of[] = {
        {"uk", "GBP"}, {"gb", "GBP"}, {"us", "USD"},       {"ca", "CAD"},      {"au", "AUD"}, {"nz", "NZD"},
        {"in", "INR"}, {"sg", "SGD"}, {"hk", "HKD"},       {"jp", "JPY"},      {"kr", "KRW"}, {"cn", "CNY"},
        {"tw", "TWD"}, {"my", "MYR"}, {"ph", "PHP"},       {"id", "IDR"},      {"th", "THB"}, {"vn", "VND"},
        {"pk", "PKR"}, {"za", "ZAR"}, {"ng", "NGN"},       {"eg", "EGP"},      {"ma", "MAD"}, {"ae", "AED"},
        {"sa", "SAR"}, {"qa", "QAR"}, {"kw", "KWD"},       {"il", "ILS"},      {"tr", "TRY"}, {"br", "BRL"},
        {"mx", "MXN"}, {"ar", "ARS"}, {"cl", "CLP"},       {"co", "COP"},      {"pe", "PEN"}, {"ch", "CHF"},
        {"se", "SEK"}, {"no", "NOK"}, {"dk", "DKK"},       {"pl", "PLN"},      {"cz", "CZK"}, {"hu", "HUF"},
        {"ro", "RON"}, {"ua", "UAH"}, {"de", "EUR"},       {"fr", "EUR"},      {"es", "EUR"}, {"it", "EUR"},
        {"nl", "EUR"}, {"be", "EUR"}, {"at", "EUR"},       {"ie", "EUR"},      {"pt", "EUR"}, {"fi", "EUR"},
        {"gr", "EUR"}, {"lu", "EUR"}, {"malaysia", "MYR"}, {"emplois", "CAD"},
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; ++i)
        if (jl_span_eq(country, jl_span_of(of[i].country)))
            return of[i].currency;
    return "";
}

const char *jl_salary_currency_of_host(jl_span host) {
    char lower[64];
    if (host.n == 0 || host.n >= sizeof lower)
        return "";
    for (size_t i = 0; i < host.n; ++i)
        lower[i] = host.p[i] >= 'A' && host.p[i] <= 'Z' ? (char)(host.p[i] + 32) : host.p[i];
    const char *dot = memchr(lower, '.', host.n);
    const char *last = memrchr(lower, '.', host.n);
    if (!dot)
        return "";
    jl_span first = {lower, (size_t)(dot - lower)};
    jl_span top = {last + 1, host.n - (size_t)(last + 1 - lower)};
    if (!jl_span_eq(top, JL_SPAN("com")))
        return currency_of_country(top);
    return jl_span_eq(first, JL_SPAN("www")) || dot == last ? "USD" : currency_of_country(first);
}

/* ---- amounts ---- */

typedef struct cursor {
    const char *p, *end;
    bool thousands; /* the amount read last was written with a k */
} cursor;

static bool digit_at(const cursor *c, size_t i) {
    return (size_t)(c->end - c->p) > i && c->p[i] >= '0' && c->p[i] <= '9';
}

/* The length of a thousands separator with three digits and no fourth behind it: "," "'" " " U+00A0 U+202F. */
static size_t group_ahead(const cursor *c) {
    static const char *const separators[] = {",", "'", " ", "\xc2\xa0", "\xe2\x80\xaf"};
    for (size_t i = 0; i < sizeof separators / sizeof *separators; ++i) {
        size_t n = strlen(separators[i]);
        if ((size_t)(c->end - c->p) > n && memcmp(c->p, separators[i], n) == 0 && digit_at(c, n) &&
            digit_at(c, n + 1) && digit_at(c, n + 2) && !digit_at(c, n + 3))
            return n;
    }
    return 0;
}

/* Copies the digits before the point, groups joined. */
static bool whole_part(cursor *c, char amount[32], size_t *n) {
    size_t first = 0;
    while (digit_at(c, 0)) {
        if (*n == 24)
            return false;
        amount[(*n)++] = *c->p++;
        size_t run = *n;
        first += !first && !digit_at(c, 0) ? run : 0;
        size_t group = !digit_at(c, 0) && first <= 3 ? group_ahead(c) : 0;
        c->p += group;
    }
    return *n > 0 && (amount[0] != '0' || *n == 1);
}

/* Three more digits, out of the fraction as long as there are some. */
static bool times_thousand(char amount[32], size_t *n, size_t point) {
    size_t fraction = point ? *n - point - 1 : 0;
    if (fraction > 3 || *n + 3 >= 31 || amount[0] == '0')
        return false;
    if (point) {
        memmove(amount + point, amount + point + 1, fraction);
        --*n;
    }
    for (size_t i = fraction; i < 3; ++i)
        amount[(*n)++] = '0';
    return true;
}

/* Reads "120,000.50" or "62.5k" and moves behind it. */
static bool read_amount(cursor *c, char amount[32]) {
    size_t n = 0;
    size_t point = 0;
    if (!whole_part(c, amount, &n))
        return false;
    if (c->p < c->end && *c->p == '.' && digit_at(c, 1)) {
        point = n;
        do {
            amount[n++] = *c->p++;
        } while (digit_at(c, 0) && n < 31);
    }
    /* What would go on as a number is none that is understood: 1,23 or 1.234.567. */
    if (digit_at(c, 0) || (c->p < c->end && (*c->p == ',' || *c->p == '.' || *c->p == '\'') && digit_at(c, 1)))
        return false;
    bool word = c->end - c->p > 1 && (c->p[1] | 32) >= 'a' && (c->p[1] | 32) <= 'z';
    c->thousands = c->p < c->end && (*c->p == 'k' || *c->p == 'K') && !word;
    if (c->thousands && !times_thousand(amount, &n, point))
        return false;
    c->p += c->thousands;
    amount[n] = '\0';
    return strspn(amount, "0.") < n;
}

static void skip_space(cursor *c) {
    size_t n;
    while ((n = jl_space_at((jl_span){c->p, (size_t)(c->end - c->p)})) > 0)
        c->p += n;
}

/* A sign that several currencies have, "$" above all; next to one that ends in D it means that. */
#define DOLLAR "?  "

/* A currency before or behind an amount. False: another one was there already. */
static bool read_currency(cursor *c, char currency[4], bool *any) {
    char found[4] = "";
    size_t n = currency_ahead((jl_span){c->p, (size_t)(c->end - c->p)}, found);
    if (n == 0)
        return true;
    c->p += n;
    *any = true;
    const char *code = found[0] ? found : DOLLAR;
    if (!currency[0] || (strcmp(currency, DOLLAR) == 0 && code[2] == 'D'))
        memcpy(currency, code, 4);
    else if (strcmp(code, currency) != 0 && !(strcmp(code, DOLLAR) == 0 && currency[2] == 'D'))
        return false;
    return true;
}

bool jl_salary_amount(jl_span text, char amount[32]) {
    text = jl_space_trim(text);
    if (text.n == 0)
        return false;
    cursor c = {text.p, text.p + text.n, false};
    char found[32];
    char currency[4] = "";
    bool any;
    if (!read_currency(&c, currency, &any))
        return false;
    skip_space(&c);
    if (!read_amount(&c, found))
        return false;
    skip_space(&c);
    if (!read_currency(&c, currency, &any) || c.p != c.end)
        return false;
    memcpy(amount, found, strlen(found) + 1);
    return true;
}

/* ---- sentences ---- */

/* The letters ahead in lower case; false when there are none or more than fit. */
static bool read_word(cursor *c, char word[24]) {
    size_t n = 0;
    while (c->p < c->end && ((*c->p | 32) >= 'a' && (*c->p | 32) <= 'z')) {
        if (n == 23)
            return false;
        word[n++] = (char)(*c->p++ | 32);
    }
    word[n] = '\0';
    return n > 0;
}

static bool listed(const char *word, const char *list) {
    char padded[26];
    size_t n = strlen(word);
    padded[0] = ' ';
    memcpy(padded + 1, word, n);
    padded[n + 1] = ' ';
    padded[n + 2] = '\0';
    return strstr(list, padded) != NULL;
}

/* What may stand before the amounts. *from, *up_to: what it says of a single one. */
static bool read_lead(cursor *c, bool *from, bool *up_to) {
    char word[24];
    for (;;) {
        skip_space(c);
        char currency[4];
        if (c->p == c->end)
            return false;
        if (digit_at(c, 0) || currency_ahead((jl_span){c->p, (size_t)(c->end - c->p)}, currency))
            return true;
        if (*c->p == ':') {
            ++c->p;
            continue;
        }
        if (!read_word(c, word) || !listed(word, " pay salary compensation range rate base wage estimated is of at to "
                                                 "from starting minimum min up maximum max "))
            return false;
        *from |= listed(word, " from starting minimum min ");
        *up_to |= listed(word, " up maximum max ");
    }
}

/* "a year", "/hr", "per annum", "p.a.": moves behind it when it is one. False: two different ones. */
static bool read_period(cursor *c, const char **period) {
    skip_space(c);
    const char *start = c->p;
    for (cursor at = *c; at.p < at.end && at.p - start < 24;) {
        const char *before = at.p;
        while (at.p < at.end && strchr(" /.", *at.p) && *at.p)
            ++at.p;
        while (at.p < at.end && ((*at.p | 32) >= 'a' && (*at.p | 32) <= 'z'))
            ++at.p;
        if (at.p == before)
            break;
        const char *found = jl_salary_period((jl_span){start, (size_t)(at.p - start)});
        if (!found)
            continue;
        if (*period && strcmp(*period, found) != 0)
            return false;
        *period = found;
        c->p = at.p;
        break;
    }
    return true;
}

static bool read_dash(cursor *c) {
    static const char *const dashes[] = {"-", "–", "—", "to ", "and "};
    skip_space(c);
    for (size_t i = 0; i < sizeof dashes / sizeof *dashes; ++i) {
        size_t n = strlen(dashes[i]);
        if ((size_t)(c->end - c->p) > n && memcmp(c->p, dashes[i], n) == 0) {
            c->p += n;
            return true;
        }
    }
    return false;
}

static bool read_priced(cursor *c, char amount[32], jl_salary *s, bool *any) {
    skip_space(c);
    if (!read_currency(c, s->currency, any))
        return false;
    skip_space(c);
    if (!read_amount(c, amount))
        return false;
    cursor behind = *c;
    skip_space(&behind);
    const char *before = behind.p;
    if (!read_currency(&behind, s->currency, any))
        return false;
    if (behind.p != before)
        *c = behind;
    return read_period(c, &s->period);
}

/* "45.000" in a sentence is forty-five thousand where points part the thousands. */
static bool ambiguous(const char *amount) {
    const char *point = strchr(amount, '.');
    return point && strlen(point) == 4;
}

/* "$120 - $150k" says thousands once. */
static void share_thousands(char min[32], const char *max) {
    size_t n = strlen(min);
    if (n <= 3 && !strchr(min, '.') && !strchr(max, '.'))
        memcpy(min + n, "000", 4);
}

static void take_known(jl_salary *to, const jl_salary *from) {
    if (!to->min[0] && !to->max[0]) {
        memcpy(to->min, from->min, sizeof to->min);
        memcpy(to->max, from->max, sizeof to->max);
    }
    if (!to->currency[0])
        memcpy(to->currency, from->currency, sizeof to->currency);
    if (!to->period)
        to->period = from->period;
}

void jl_salary_sentence(jl_span text, jl_salary *salary) {
    jl_salary s = {0};
    bool from = false, up_to = false, any = false;
    text = jl_space_trim(text);
    if (text.n == 0)
        return;
    cursor c = {text.p, text.p + text.n, false};
    if (!read_lead(&c, &from, &up_to) || !read_priced(&c, s.min, &s, &any))
        return;
    bool thousands = c.thousands;
    if (read_dash(&c)) {
        if (!read_priced(&c, s.max, &s, &any))
            return;
        if (c.thousands && !thousands)
            share_thousands(s.min, s.max);
    } else if (up_to) {
        memcpy(s.max, s.min, sizeof s.max);
        s.min[0] = '\0';
    } else if (!from) {
        memcpy(s.max, s.min, sizeof s.max);
    }
    for (; c.p < c.end; ++c.p)
        if (digit_at(&c, 0))
            return;
    if (strcmp(s.currency, DOLLAR) == 0)
        s.currency[0] = '\0';
    if ((any || s.period) && !ambiguous(s.min) && !ambiguous(s.max))
        take_known(salary, &s);
}

/* ---- into the line ---- */

/* Orders plain numbers without rounding them. */
static int amount_order(const char *a, const char *b) {
    size_t whole_a = strcspn(a, ".");
    size_t whole_b = strcspn(b, ".");
    if (whole_a != whole_b)
        return whole_a < whole_b ? -1 : 1;
    return strcmp(a, b); /* a fraction that goes on with zeros is taken for more: nothing depends on it */
}

int jl_salary_put(const jl_salary *salary, jl_job *job, jl_err *err) {
    if (!salary->min[0] && !salary->max[0])
        return 0;
    bool wrong = salary->min[0] && salary->max[0] && amount_order(salary->min, salary->max) > 0;
    const char *min = wrong ? salary->max : salary->min;
    const char *max = wrong ? salary->min : salary->max;
    if (*min && jl_job_raw(job, JL_JOB_SALARY_MIN, jl_span_of(min), err))
        return -1;
    if (*max && jl_job_raw(job, JL_JOB_SALARY_MAX, jl_span_of(max), err))
        return -1;
    if (jl_job_text(job, JL_JOB_SALARY_CURRENCY, jl_span_of(salary->currency), err))
        return -1;
    return salary->period ? jl_job_text(job, JL_JOB_SALARY_PERIOD, jl_span_of(salary->period), err) : 0;
}
