/* Sentences about sponsorship found by their words. */
#include "job/visa.h"

/* Bytes to either side of the word that are looked at, and how many of the words. */
#define REACH 160
#define MOST 8

static bool ends_sentence(const char *p) {
    return *p == '.' || *p == '!' || *p == '?' || *p == ';' || *p == '\n';
}

static bool is_break(const char *p, const char *end) {
    return *p == '\\' && p + 1 < end && (p[1] == 'n' || p[1] == 'r');
}

static bool is_mark(char c) {
    return c == ',' || c == ':' || c == '(' || c == ')' || c == '"';
}

/* The sentence around `at` in lower case between spaces; true when it is a question. */
static bool sentence(jl_span text, const char *at, char words[2 * REACH + 3]) {
    const char *end = text.p + text.n;
    const char *from = at;
    const char *to = at;
    while (from > text.p && at - from < REACH && !ends_sentence(from - 1) && !is_break(from - 1, end))
        --from;
    while (to < end && to - at < REACH && !ends_sentence(to) && !is_break(to, end))
        ++to;
    size_t n = 0;
    words[n++] = ' ';
    for (const char *p = from; p < to; ++p) {
        char c = *p;
        words[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : is_mark(c) ? ' ' : c);
    }
    words[n++] = ' ';
    words[n] = '\0';
    return to < end && *to == '?';
}

static bool has_any(const char *words, const char *const *list) {
    for (; *list; ++list)
        if (strstr(words, *list))
            return true;
    return false;
}

static jl_tri told_by(const char *words) {
    static const char *const visa[] = {"visa", "h1b", "h-1b", "h1-b", "work permit", "immigration", "green card", NULL};
    static const char *const people[] = {"sponsorship", "applicant", "candidate", "individual", "work authori", NULL};
    static const char *const no[] = {" not ",   "n't ",   "n\xe2\x80\x99t ", "n\\u2019t ", "unable",     " no ",
                                     "without", "cannot", " never ",         "neither",    "ineligible", NULL};
    static const char *const yes[] = {"offer",      "provid",  "available", "will sponsor", "can sponsor", "we sponsor",
                                      "do sponsor", "support", "eligible",  "welcome",      " yes ",       "possible",
                                      "consider",   "able to", "happy to",  "willing",      NULL};
    bool about_visa = has_any(words, visa);
    if (!about_visa && !has_any(words, people))
        return JL_UNTOLD;
    if (has_any(words, no))
        return JL_NO;
    return about_visa && has_any(words, yes) ? JL_YES : JL_UNTOLD;
}

jl_tri jl_visa_told(jl_span text) {
    const char *end = text.p + text.n;
    const char *at = text.p;
    jl_tri told = JL_UNTOLD;
    for (int i = 0; i < MOST && (at = memmem(at, (size_t)(end - at), "ponsor", 6)); ++i, at += 6) {
        char words[2 * REACH + 3];
        if (sentence(text, at, words))
            continue;
        jl_tri this = told_by(words);
        if (this == JL_NO)
            return JL_NO;
        if (this == JL_YES)
            told = JL_YES;
    }
    return told;
}
