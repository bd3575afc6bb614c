/* Words of employment looked up in tables. */
#include "job/terms.h"

const char *const jl_terms_type[] = {"full_time",  "part_time", "contract", "temporary",
                                     "internship", "per_diem",  "other",    NULL};

enum { FULL = 1, PART = 2, CONTRACT = 4, TEMPORARY = 8, INTERN = 16, PER_DIEM = 32, OTHER = 64 };

/* Letters alone, lower case. */
static const struct type_word {
    const char *word;
    unsigned types;
} type_words[] = {
    {"fulltime", FULL},
    {"fulltimeemployee", FULL},
    {"permanent", 0},
    {"parttime", PART},
    {"parttimeemployee", PART},
    {"contract", CONTRACT},
    {"contractor", CONTRACT},
    {"contracttohire", CONTRACT},
    {"temptohire", TEMPORARY},
    {"freelance", CONTRACT},
    {"freelancer", CONTRACT},
    {"subcontract", CONTRACT},
    {"fixedterm", CONTRACT},
    {"fixedtermcontract", CONTRACT},
    {"temporary", TEMPORARY},
    {"temp", TEMPORARY},
    {"seasonal", TEMPORARY},
    {"temporarycontract", TEMPORARY},
    {"intern", INTERN},
    {"internship", INTERN},
    {"apprenticeship", INTERN},
    {"perdiem", PER_DIEM},
    {"prn", PER_DIEM},
    {"casual", OTHER},
    {"volunteer", OTHER},
    {"other", OTHER},
    {"fullorparttime", FULL | PART},
    {"zerohours", OTHER},
    {"zerohourscontract", OTHER},
    {"fulltimeparttime", FULL | PART},
    {"fulltimeorparttime", FULL | PART},
};

enum { REMOTE = 1, HYBRID, ON_SITE };

static const struct place_word {
    const char *word;
    int place;
} place_words[] = {
    {"remote", REMOTE},       {"fullyremote", REMOTE},     {"remotework", REMOTE},   {"remotejob", REMOTE},
    {"telecommute", REMOTE},  {"telework", REMOTE},        {"workfromhome", REMOTE}, {"wfh", REMOTE},
    {"homeoffice", REMOTE},   {"remoteonly", REMOTE},      {"remotefirst", REMOTE},  {"anywhere", REMOTE},
    {"hybrid", HYBRID},       {"hybridwork", HYBRID},      {"hybridremote", HYBRID}, {"temporarilyremote", HYBRID},
    {"partlyremote", HYBRID}, {"partiallyremote", HYBRID}, {"inperson", ON_SITE},    {"onsite", ON_SITE},
    {"inoffice", ON_SITE},    {"notremote", ON_SITE},      {"ontheroad", ON_SITE},
};

#define LONGEST 32

/* False: it is longer than any word of the tables, or has other characters than letters and what stands between them.
   */
static bool letters_of(jl_span phrase, char letters[LONGEST]) {
    size_t n = 0;
    for (size_t i = 0; i < phrase.n; ++i) {
        char c = phrase.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (c >= 'a' && c <= 'z') {
            if (n == LONGEST - 1)
                return false;
            letters[n++] = c;
        } else if (c == '\0' || !strchr(" \t\r\n-_/,()", c)) {
            return false;
        }
    }
    letters[n] = '\0';
    return n > 0;
}

bool jl_terms_type_of(jl_terms *terms, jl_span phrase) {
    char letters[LONGEST];
    if (!letters_of(phrase, letters))
        return false;
    for (size_t i = 0; i < sizeof type_words / sizeof *type_words; ++i)
        if (strcmp(letters, type_words[i].word) == 0) {
            terms->types |= type_words[i].types;
            return true;
        }
    return false;
}

static bool place_named(jl_terms *terms, const char *letters) {
    for (size_t i = 0; i < sizeof place_words / sizeof *place_words; ++i)
        if (strcmp(letters, place_words[i].word) == 0) {
            terms->remote |= place_words[i].place == REMOTE;
            terms->hybrid |= place_words[i].place == HYBRID;
            terms->on_site |= place_words[i].place == ON_SITE;
            return true;
        }
    return false;
}

bool jl_terms_place_of(jl_terms *terms, jl_span phrase) {
    char letters[LONGEST];
    return letters_of(phrase, letters) && place_named(terms, letters);
}

/* "remote in austin": what stands before " in " is the word. */
static size_t before_in(jl_span text) {
    for (size_t i = 0; i + 4 <= text.n; ++i)
        if (text.p[i] == ' ' && (text.p[i + 1] | 32) == 'i' && (text.p[i + 2] | 32) == 'n' && text.p[i + 3] == ' ')
            return i;
    return text.n;
}

bool jl_terms_location_of(jl_terms *terms, jl_span location) {
    bool found = false;
    if (location.n == 0)
        return false;
    jl_span part = {location.p, 0};
    for (size_t i = 0; i <= location.n; ++i) {
        bool ends = i == location.n || strchr(",()/|;\n", location.p[i]) ||
                    (location.p[i] == '-' && i + 1 < location.n && location.p[i + 1] == ' ');
        if (!ends)
            continue;
        part.n = (size_t)(location.p + i - part.p);
        part.n = before_in(part);
        found |= jl_terms_place_of(terms, part);
        part.p = location.p + i + 1;
    }
    return found;
}

int jl_terms_put(const jl_terms *terms, jl_job *job, jl_err *err) {
    char names[128] = "";
    size_t n = 0;
    unsigned types = terms->types & ~(unsigned)OTHER ? terms->types & ~(unsigned)OTHER : terms->types;
    for (size_t i = 0; jl_terms_type[i]; ++i) {
        if (!(types >> i & 1))
            continue;
        size_t length = strlen(jl_terms_type[i]);
        if (n)
            names[n++] = ',';
        memcpy(names + n, jl_terms_type[i], length);
        n += length;
    }
    if (jl_job_text(job, JL_JOB_EMPLOYMENT_TYPE, (jl_span){names, n}, err))
        return -1;
    if (!terms->remote && !terms->hybrid && !terms->on_site)
        return 0;
    return jl_job_bool(job, JL_JOB_REMOTE, terms->remote && !terms->hybrid, err);
}
