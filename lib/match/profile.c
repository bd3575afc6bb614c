/* JSON Resume read leniently: what has another type than it should says
 * nothing. */
#include "match/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/digest.h"
#include "job/salary.h"
#include "job/space.h"
#include "job/terms.h"
#include "match/asked.h"
#include "match/draft.h"
#include "match/title.h"

/* ---- values ---- */

/* Appends what a string means; an empty mark for what is none. */
static int decoded(jl_draft *d, jl_value v, jl_mark *mark, jl_err *err) {
    jl_buf *b = &d->profile->bytes;
    *mark = (jl_mark){b->n, 0};
    if (v.type != JL_STRING)
        return 0;
    if (jl_json_decode(v.text, b, err))
        return -1;
    mark->n = b->n - mark->off;
    return 0;
}

static jl_span marked(const jl_draft *d, jl_mark m) {
    return m.n ? (jl_span){d->profile->bytes.p + m.off, m.n} : (jl_span){"", 0};
}

/* What is done with a decoded text. */
typedef int (*use)(jl_draft *d, jl_span text, jl_err *err);

/* Hands on a string, each string of an array, or those members of each object
 * of it. */
static int each_text(jl_draft *d, jl_value v, const char *const *names, size_t n, use with, jl_err *err) {
    jl_mark mark;
    jl_value one;
    if (v.type == JL_STRING) {
        if (decoded(d, v, &mark, err))
            return -1;
        /* `with` may keep a copy: there is room for it, so that the text stays
     * where it is. */
        return jl_buf_reserve(&d->profile->bytes, mark.n + 1, err) ? -1 : with(d, marked(d, mark), err);
    }
    if (v.type == JL_OBJECT) {
        for (size_t i = 0; i < n; ++i)
            if (each_text(d, jl_each_member(v, names[i]), NULL, 0, with, err))
                return -1;
        return 0;
    }
    jl_each it = jl_each_start(v);
    while (v.type == JL_ARRAY && jl_each_next(&it, NULL, &one))
        if (one.type != JL_ARRAY && each_text(d, one, names, n, with, err))
            return -1;
    return 0;
}

/* ---- the text ---- */

static int add_line(jl_draft *d, jl_value v, jl_err *err) {
    jl_mark mark;
    jl_value one;
    if (v.type == JL_ARRAY) {
        jl_each it = jl_each_start(v);
        while (jl_each_next(&it, NULL, &one))
            if (one.type == JL_STRING && add_line(d, one, err))
                return -1;
        return 0;
    }
    if (decoded(d, v, &mark, err))
        return -1;
    return mark.n ? jl_buf_addc(&d->profile->bytes, '\n', err) : 0;
}

static int add_members(jl_draft *d, jl_value v, const char *const *names, size_t n, jl_err *err) {
    jl_value one;
    if (v.type == JL_ARRAY) {
        jl_each it = jl_each_start(v);
        while (jl_each_next(&it, NULL, &one))
            if (one.type == JL_OBJECT && add_members(d, one, names, n, err))
                return -1;
        return 0;
    }
    for (size_t i = 0; i < n && v.type == JL_OBJECT; ++i)
        if (add_line(d, jl_each_member(v, names[i]), err))
            return -1;
    return 0;
}

#define COUNT(a) (sizeof(a) / sizeof *(a))

static int gather_text(jl_draft *d, jl_value top, jl_err *err) {
    static const char *const own[] = {"text", "summary", "about"};
    static const char *const basics[] = {"summary", "about"};
    static const char *const parts[] = {"summary", "description", "highlights", "keywords", "responsibilities"};
    static const char *const sections[] = {"work", "experience", "volunteer", "projects"};
    size_t from = d->profile->bytes.n;
    if (add_members(d, top, own, COUNT(own), err) ||
        add_members(d, jl_each_member(top, "basics"), basics, COUNT(basics), err))
        return -1;
    for (size_t i = 0; i < COUNT(sections); ++i)
        if (add_members(d, jl_each_member(top, sections[i]), parts, COUNT(parts), err))
            return -1;
    d->text = (jl_mark){from, d->profile->bytes.n - from};
    return 0;
}

/* ---- work ---- */

/* "2016", "2016-03-01", "03/2016", "March 2016": months since year 0; 0: none
 * of these. `now` for present ones. */
static int32_t date_of(const jl_draft *d, jl_span text, bool *whole) {
    jl_walk w = jl_walk_start(&d->v->profile, text);
    jl_hit hit;
    int32_t year = 0, month = 0;
    while (jl_walk_next(&w, &hit)) {
        size_t n;
        int value = jl_digits((jl_span){text.p + hit.off, hit.n}, &n);
        jl_cue c = jl_cue_of(hit.id);
        if (c == JL_CUE_PRESENT)
            return *whole = true, d->now;
        if (c == JL_CUE_MONTH)
            month = hit.id & 0xFF;
        else if (n == 4 && value >= 1950 && value <= 2100)
            year = year ? year : value;
        else if (value >= 1 && value <= 12 && !month)
            month = value;
    }
    *whole = month > 0;
    return year ? year * 12 + (month ? month - 1 : 5) : 0;
}

static int read_date(jl_draft *d, jl_value job, const char *const *names, size_t n, int32_t *month, bool *whole,
                     jl_err *err) {
    char digits[24];
    jl_mark mark;
    *month = 0;
    for (size_t i = 0; i < n && !*month; ++i) {
        jl_value v = jl_each_member(job, names[i]);
        jl_span text = {digits, 0};
        if (v.type == JL_NUMBER && v.text.n < sizeof digits) {
            memcpy(digits, v.text.p, v.text.n);
            text.n = v.text.n;
        } else if (decoded(d, v, &mark, err)) {
            return -1;
        } else if (mark.n) {
            text = marked(d, mark);
        }
        *month = date_of(d, text, whole);
    }
    return 0;
}

static int read_spell(jl_draft *d, jl_value job, jl_err *err) {
    static const char *const starts[] = {"startDate", "start", "start_date", "from"};
    static const char *const ends[] = {"endDate", "end", "end_date", "to"};
    int32_t from, to;
    bool whole = false, until = false;
    if (read_date(d, job, starts, COUNT(starts), &from, &whole, err) ||
        read_date(d, job, ends, COUNT(ends), &to, &until, err))
        return -1;
    if (!from)
        return 0;
    to = to ? to + (until ? 1 : 0) : d->now;
    jl_draft_spell(d, from, to > from ? to : from + 6);
    return 0;
}

static int read_work(jl_draft *d, jl_value top, jl_err *err) {
    static const char *const sections[] = {"work", "experience", "employment"};
    static const char *const names[] = {"position", "title", "jobTitle", "role"};
    jl_value one;
    for (size_t i = 0; i < COUNT(sections); ++i) {
        jl_value work = jl_each_member(top, sections[i]);
        if (each_text(d, work, names, COUNT(names), jl_draft_title, err))
            return -1;
        jl_each it = jl_each_start(work);
        while (work.type == JL_ARRAY && jl_each_next(&it, NULL, &one))
            if (one.type == JL_OBJECT && read_spell(d, one, err))
                return -1;
    }
    return 0;
}

/* ---- what the person can, where the person is ---- */

/* "Python, SQL and Excel (advanced)" names several. */
static int skill_text(jl_draft *d, jl_span text, jl_err *err) {
    size_t from = 0;
    for (size_t i = 0; i <= text.n; ++i) {
        if (i < text.n && !strchr(",;|\n", text.p[i]))
            continue;
        if (jl_draft_skill(d, (jl_span){text.p + from, i - from}, err))
            return -1;
        from = i + 1;
    }
    return 0;
}

static int degree_text(jl_draft *d, jl_span text, jl_err *err) {
    (void)err;
    jl_walk w = jl_walk_start(&d->v->profile, text);
    jl_hit hit;
    while (jl_walk_next(&w, &hit)) {
        uint16_t id = hit.id;
        if (id != JL_PHRASE_NONE && jl_is_skill(id))
            id = d->v->skill[id].also;
        if (jl_cue_of(id) == JL_CUE_DEGREE)
            jl_draft_degree(d, (jl_degree)(id & 0xFF));
    }
    static const char *const plain[] = {"", "", "associate", "bachelor", "master", "doctor"};
    for (size_t i = 2; i < COUNT(plain); ++i)
        if (text.n >= strlen(plain[i]) && strncasecmp(text.p, plain[i], strlen(plain[i])) == 0)
            jl_draft_degree(d, (jl_degree)i);
    return 0;
}

static int read_location(jl_draft *d, jl_value v, jl_err *err) {
    static const char *const names[] = {"city", "region", "country"};
    jl_mark part;
    char place[160];
    size_t n = 0;
    if (v.type != JL_OBJECT)
        return v.type == JL_STRING ? each_text(d, v, NULL, 0, jl_draft_location, err) : 0;
    for (size_t i = 0; i < COUNT(names); ++i) {
        jl_value one = jl_each_member(v, names[i]);
        if (i == 2 && one.type != JL_STRING)
            one = jl_each_member(v, "countryCode");
        if (decoded(d, one, &part, err))
            return -1;
        if (!part.n || n + part.n + 2 > sizeof place)
            continue;
        memcpy(place + n, ", ", 2);
        n += n ? 2 : 0;
        memcpy(place + n, marked(d, part).p, part.n);
        n += part.n;
    }
    return n ? jl_draft_location(d, (jl_span){place, n}, err) : 0;
}

/* "Languages" over a list of keywords is a heading, "Python" over one is a skill too. */
static int heading_of(jl_draft *d, jl_span text, jl_err *err) {
    uint16_t id = jl_phrases_find(&d->v->posting, text);
    return id != JL_PHRASE_NONE && jl_is_skill(id) ? jl_draft_skill(d, text, err) : 0;
}

static int read_skills(jl_draft *d, jl_value skills, jl_err *err) {
    static const char *const names[] = {"name", "keywords"};
    jl_value one, first;
    jl_each it = jl_each_start(skills);
    if (skills.type != JL_ARRAY)
        return each_text(d, skills, names, COUNT(names), skill_text, err);
    while (jl_each_next(&it, NULL, &one)) {
        jl_value keywords = one.type == JL_OBJECT ? jl_each_member(one, "keywords") : (jl_value){.type = JL_ABSENT};
        jl_each inner = jl_each_start(keywords);
        bool heads = keywords.type == JL_ARRAY && jl_each_next(&inner, NULL, &first);
        if (one.type == JL_ARRAY)
            continue;
        if (heads ? each_text(d, jl_each_member(one, "name"), NULL, 0, heading_of, err) ||
                        each_text(d, keywords, NULL, 0, skill_text, err)
                  : each_text(d, one, names, COUNT(names), skill_text, err))
            return -1;
    }
    return 0;
}

static int read_abilities(jl_draft *d, jl_value top, jl_err *err) {
    static const char *const language[] = {"language", "name"};
    static const char *const paper[] = {"name", "title"};
    static const char *const study[] = {"studyType", "degree", "area"};
    static const char *const keyword[] = {"keywords", "technologies"};
    return read_skills(d, jl_each_member(top, "skills"), err) ||
                   each_text(d, jl_each_member(top, "certificates"), paper, COUNT(paper), jl_draft_skill, err) ||
                   each_text(d, jl_each_member(top, "certifications"), paper, COUNT(paper), jl_draft_skill, err) ||
                   each_text(d, jl_each_member(top, "licenses"), paper, COUNT(paper), jl_draft_skill, err) ||
                   each_text(d, jl_each_member(top, "languages"), language, COUNT(language), jl_draft_skill, err) ||
                   each_text(d, jl_each_member(top, "projects"), keyword, COUNT(keyword), skill_text, err) ||
                   each_text(d, jl_each_member(top, "education"), study, COUNT(study), degree_text, err)
               ? -1
               : 0;
}

static int read_basics(jl_draft *d, jl_value top, jl_err *err) {
    static const char *const titles[] = {"title", "titles", "label", "headline"};
    jl_value basics = jl_each_member(top, "basics");
    if (each_text(d, jl_each_member(basics, "label"), NULL, 0, jl_draft_title, err) ||
        each_text(d, top, titles, COUNT(titles), jl_draft_title, err) || read_work(d, top, err))
        return -1;
    return read_location(d, jl_each_member(basics, "location"), err) ||
                   read_location(d, jl_each_member(top, "location"), err)
               ? -1
               : 0;
}

/* ---- preferences ---- */

static bool absent(jl_value v) {
    return v.type == JL_ABSENT || v.type == JL_NULL;
}

static int wrong(const char *name, const char *expected, jl_err *err) {
    return jl_err_set(err, JL_DATA, "preferences.%s: %s is expected", name, expected);
}

static int read_tri(jl_value preferences, const char *name, jl_tri *tri, jl_err *err) {
    jl_value v = jl_each_member(preferences, name);
    *tri = v.type == JL_TRUE ? JL_YES : v.type == JL_FALSE ? JL_NO : JL_UNTOLD;
    return absent(v) || *tri != JL_UNTOLD ? 0 : wrong(name, "true or false", err);
}

/* A text or an array of texts. */
static bool are_texts(jl_value v) {
    jl_value one;
    jl_each it = jl_each_start(v);
    while (v.type == JL_ARRAY && jl_each_next(&it, NULL, &one))
        if (one.type != JL_STRING && one.type != JL_NULL)
            return false;
    return absent(v) || v.type == JL_STRING || v.type == JL_ARRAY;
}

/* "Remote" among the places is no place: remote jobs are in all of them. */
static int place_text(jl_draft *d, jl_span text, jl_err *err) {
    (void)err;
    jl_profile *p = d->profile;
    jl_terms terms = {0};
    d->remote = d->remote || (jl_terms_location_of(&terms, text) && terms.remote);
    if (p->ask.places == JL_ASK_PLACES || jl_facts_place(text, p->ask.place[p->ask.places]) == 0)
        return 0;
    p->ask.places++;
    d->place[p->places++] = (jl_mark){(size_t)(text.p - p->bytes.p), text.n};
    return 0;
}

static int type_text(jl_draft *d, jl_span text, jl_err *err) {
    jl_terms terms = {0};
    jl_terms_type_of(&terms, text);
    for (size_t k = 0; jl_terms_type[k]; ++k)
        if (jl_span_eq(text, jl_span_of(jl_terms_type[k])))
            terms.types |= 1U << k;
    if (!terms.types)
        return jl_err_set(err, JL_DATA,
                          "preferences.employment_types: '%.*s': full_time, part_time, contract, temporary, "
                          "internship or per_diem is expected",
                          text.n < 64 ? (int)text.n : 64, text.p);
    d->profile->ask.employment |= terms.types;
    return 0;
}

static int read_amount(jl_draft *d, jl_value v, float *amount, jl_err *err) {
    char text[32];
    jl_mark mark = {0};
    jl_span span = v.text;
    if (v.type != JL_NUMBER) {
        if (decoded(d, v, &mark, err))
            return -1;
        span = marked(d, mark);
    }
    if (v.type == JL_NUMBER && span.n == 1 && *span.p == '0')
        return *amount = 0, 0;
    if (!jl_salary_amount(span, text))
        return wrong("min_salary", "an amount", err);
    *amount = strtof(text, NULL);
    return 0;
}

static float in_a_year(const char *period) {
    static const struct {
        const char *period;
        float times;
    } periods[] = {{"hour", 2080}, {"day", 260}, {"week", 52}, {"two_weeks", 26}, {"month", 12}, {"year", 1}};
    for (size_t i = 0; period && i < COUNT(periods); ++i)
        if (strcmp(period, periods[i].period) == 0)
            return periods[i].times;
    return 0;
}

static int read_min_salary(jl_draft *d, jl_value v, jl_err *err) {
    jl_mark mark;
    float *least = &d->profile->ask.min_salary;
    if (absent(v))
        return 0;
    if (v.type != JL_OBJECT)
        return read_amount(d, v, least, err);
    jl_value period = jl_each_member(v, "period");
    if (read_amount(d, jl_each_member(v, "amount"), least, err) || decoded(d, period, &mark, err))
        return -1;
    float times = absent(period) ? 1 : in_a_year(jl_salary_period(marked(d, mark)));
    if (times == 0)
        return wrong("min_salary.period", "hour, day, week, two_weeks, month or year", err);
    *least *= times;
    return 0;
}

/* {"remote":true} alone wants remote jobs alone; with places, or onsite too, it
 * wants them as well. */
static jl_tri remote_of(jl_tri remote, jl_tri onsite, bool places) {
    if (remote == JL_YES)
        return onsite == JL_NO || (onsite == JL_UNTOLD && !places) ? JL_YES : JL_UNTOLD;
    return remote == JL_UNTOLD && onsite == JL_NO ? JL_YES : remote;
}

static int read_preferences(jl_draft *d, jl_value top, jl_err *err) {
    jl_value p = jl_each_member(top, "preferences");
    jl_ask_facts *ask = &d->profile->ask;
    jl_tri remote, onsite, visa;
    if (absent(p))
        return 0;
    if (p.type != JL_OBJECT)
        return jl_err_set(err, JL_DATA, "preferences: an object is expected");
    jl_value locations = jl_each_member(p, "locations"), types = jl_each_member(p, "employment_types");
    if (!are_texts(locations))
        return wrong("locations", "a text or an array of texts", err);
    if (!are_texts(types))
        return wrong("employment_types", "a text or an array of texts", err);
    if (read_tri(p, "remote", &remote, err) || read_tri(p, "onsite", &onsite, err) || read_tri(p, "visa", &visa, err) ||
        read_min_salary(d, jl_each_member(p, "min_salary"), err) || each_text(d, locations, NULL, 0, place_text, err) ||
        each_text(d, types, NULL, 0, type_text, err))
        return -1;
    if (d->remote && remote == JL_UNTOLD && ask->places == 0)
        remote = JL_YES; /* "Remote" is the only place */
    ask->remote = remote_of(remote, onsite, ask->places > 0);
    ask->visa = visa == JL_YES;
    return d->profile->places ? jl_draft_location(d, marked(d, d->place[0]), err) : 0;
}

/* ---- the whole ---- */

static int read_id(jl_draft *d, jl_value top, jl_err *err) {
    jl_value v = jl_each_member(top, "id");
    jl_profile *p = d->profile;
    jl_mark mark;
    if (decoded(d, v, &mark, err))
        return -1;
    jl_span text = v.type == JL_NUMBER ? v.text : jl_space_trim(marked(d, mark));
    if (text.n == 0 || text.n >= sizeof p->id || memchr(text.p, '\0', text.n))
        snprintf(p->id, sizeof p->id, "%016llx", (unsigned long long)jl_digest(top.text, 0));
    else
        snprintf(p->id, sizeof p->id, "%.*s", (int)text.n, text.p);
    return 0;
}

static int32_t month_of(int64_t now) {
    struct tm tm;
    time_t t = (time_t)now;
    return gmtime_r(&t, &tm) ? (tm.tm_year + 1900) * 12 + tm.tm_mon : 0;
}

static void settle(jl_draft *d) {
    jl_profile *p = d->profile;
    for (size_t i = 0; i < p->titles; ++i)
        p->title[i] = marked(d, d->title[i]);
    for (size_t i = 0; i < p->skills; ++i)
        p->skill[i] = marked(d, d->skill[i]);
    for (size_t i = 0; i < p->places; ++i)
        p->place[i] = marked(d, d->place[i]);
    /* Who would work anywhere is held to no place; places wanted by name still count. */
    p->location = d->anywhere && p->places == 0 ? (jl_span){"", 0} : marked(d, d->location);
    p->text = marked(d, d->text);
}

static int read_rest(jl_draft *d, jl_value top, jl_err *err) {
    jl_profile *p = d->profile;
    int64_t level = 0;
    jl_value seniority = jl_each_member(top, "seniority"), years = jl_each_member(top, "years");
    if (absent(years))
        years = jl_each_member(top, "years_experience");
    p->years = jl_draft_years(d);
    if (years.type == JL_NUMBER && years.text.n < 24) {
        char digits[24] = "";
        memcpy(digits, years.text.p, years.text.n);
        float told = strtof(digits, NULL);
        p->years = told >= 0 && told <= 80 ? told : p->years;
    }
    if (seniority.type == JL_NUMBER && jl_json_integer(seniority.text, &level) && level >= 1 && level <= 7)
        p->seniority = (uint8_t)level;
    for (size_t i = 0; i < p->titles && i < 2 && p->seniority == 0; ++i) {
        jl_title t;
        jl_title_read(d->v, marked(d, d->title[i]), &t);
        p->seniority = t.level;
    }
    return read_id(d, top, err);
}

static int read_all(jl_draft *d, jl_value top, jl_err *err) {
    jl_profile *p = d->profile;
    if (gather_text(d, top, err) || read_basics(d, top, err) || read_abilities(d, top, err) ||
        read_preferences(d, top, err) || jl_resume_read(d, err) || read_rest(d, top, err))
        return -1;
    settle(d);
    if (!p->titles && !p->skills && !jl_space_trim(p->text).n)
        return jl_err_set(err, JL_DATA, "the profile has neither title, skills nor text");
    return 0;
}

int jl_profile_read(jl_profile *p, jl_value value, int64_t now, jl_err *err) {
    const jl_vocabulary *v = jl_vocabulary_get(err);
    jl_buf bytes = p->bytes;
    if (!v)
        return -1;
    jl_buf_clear(&bytes);
    *p = (jl_profile){.bytes = bytes, .ask = {.now = now}};
    if (value.type != JL_OBJECT)
        return jl_err_set(err, JL_DATA, "a profile is a JSON object");
    jl_draft *d = calloc(1, sizeof *d);
    if (!d)
        return jl_err_nomem(err);
    d->v = v;
    d->profile = p;
    d->now = month_of(now);
    d->said = -1;
    int result = read_all(d, value, err);
    free(d);
    return result;
}

void jl_profile_free(jl_profile *p) {
    jl_buf_free(&p->bytes);
    *p = (jl_profile){0};
}
