/* Makes job postings like those of the real feed: seeded, repeated as on the job market, spelled in many ways.
 *
 *   generate [--lines=N] [--distinct=M] [--seed=S] [--shape=NAME] [--zipf=1.1] [--cr=PERCENT] [--answers]
 *
 * N lines with exactly M distinct (company, title) pairs. After the first few, new pairs come at an even rate; the
 * other lines repeat a pair that has been there, the earlier the likelier (Zipf; 0: all alike). A repeat may spell the
 * same pair with other escapes and order its members otherwise. Shapes:
 *
 *   raw      ~220 bytes, the default
 *   short    the same as one producer writes it: members in one order, few strings with an escape or beyond ASCII
 *   long     ~3 KB
 *   nested   hiringOrganization.name and jobTitle
 *   mixed    decoys, duplicate members, whitespace, numbers of any spelling, late keys; the pair is that of the top level
 *   pair     company and title alone, never escaped without need
 *   job      ~600 bytes, a job line in the normal form as a listing gives it: id, source, snippet, salary, remote
 *
 * --cr ends that share of lines with CR LF. --answers adds "seniority", 1 to 7, which depends on the pair alone. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { TITLES_PER_COMPANY = 4, EARLY = 64, LEADS = 14, LINE_MAX_BYTES = 16384, BUFFER = 1 << 20 };

static const char *const level[] = {
    "",           "",           "",       "Junior ", "Senior ",  "Lead ", "Principal ", "Staff ",      "Entry-Level ",
    "Assistant ", "Associate ", "Chief ", "Sr. ",    "Interim ", "VP, ",  "Head of ",   "Director of "};
static const char *const field[] = {"Software",
                                    "Data",
                                    "Network",
                                    "Sales",
                                    "Marketing",
                                    "Clinical",
                                    "Electrical",
                                    "Mechanical",
                                    "Legal",
                                    "Tax",
                                    "Supply Chain",
                                    "QA",
                                    "Security",
                                    "Human Resources",
                                    "R&D",
                                    "Payroll",
                                    "UX/UI",
                                    "Cloud",
                                    "Embedded",
                                    "Treasury",
                                    "Customer Success",
                                    "Site",
                                    "Civil",
                                    "Machine Learning",
                                    "Front-End",
                                    "Back-End",
                                    "Hospitality",
                                    "Finance"};
static const char *const trade[] = {"Engineer",      "Analyst",    "Accountant", "Manager",   "Developer", "Consultant",
                                    "Administrator", "Specialist", "Technician", "Architect", "Counsel",   "Recruiter",
                                    "Coordinator",   "Planner",    "Intern",     "Trainee",   "Scientist", "Officer",
                                    "Supervisor",    "Designer",   "Nurse",      "Attorney"};
static const char *const tail[] = {"",
                                   "",
                                   "",
                                   "",
                                   " (m/f/d)",
                                   " - Remote",
                                   " – Zürich",
                                   " III",
                                   ", EMEA",
                                   " / Night Shift",
                                   " \"Tiger Team\"",
                                   " — 2nd Shift",
                                   " 🚀",
                                   " (Montréal)",
                                   " @ HQ",
                                   ", Part-Time"};
static const char *const first[] = {"Acme",    "Blue Ridge", "Northwind", "Zürcher",     "Crédit",     "Globex",
                                    "Initech", "Müller",     "Ōsaka",     "Pine Street", "Quantum",    "Red Barn",
                                    "Sankt",   "Tri-City",   "Umbrella",  "Vandelay",    "Wayne",      "Łódź",
                                    "Harbor",  "Evergreen",  "Summit",    "Cascade",     "Iron Gate",  "Lakeside",
                                    "Mercy",   "Olympia",    "Pacific",   "Riverbend",   "St. Mary's", "Twin Oaks"};
static const char *const second[] = {"Health",   "Logistics",  "Software",  "Foods",    "Energy",
                                     "Bank",     "Robotics",   "Insurance", "Holdings", "Studios",
                                     "Partners", "Systems",    "Pharma",    "Retail",   "Airlines",
                                     "Textiles", "Consulting", "Media",     "Steel",    "Genomics"};
static const char *const form[] = {" Inc.", " LLC", " GmbH", " S.A.", " Ltd.", " & Co.", " AG", " plc", "", " Group"};
static const char *const place[] = {"Austin, TX", "New York, NY",  "München, BY", "Montréal, QC", "Remote",
                                    "Boise, ID",  "São Paulo, SP", "Leeds, UK",   "San José, CA", "Warren, Michigan"};
static const char *const phrase[] = {"You will own the roadmap together with product and design.",
                                     "We offer health insurance, 401(k) matching & paid leave.",
                                     "Du arbeitest eng mit unseren Kundinnen und Kunden zusammen – auch vor Ort.",
                                     "Experience with SQL, Python and \"big data\" tooling is a plus.",
                                     "Travel up to 25% within the region; mileage is reimbursed.",
                                     "Équipe jeune et dynamique, télétravail possible deux jours par semaine.",
                                     "Path: C:\\Tools\\bin or /usr/local/bin, your choice.",
                                     "Must lift 50 lbs and stand for extended periods of time.",
                                     "Please send your résumé → jobs@example.com ✉.",
                                     "Equal opportunity employer; all qualified applicants will be considered."};

typedef struct text {
    char p[LINE_MAX_BYTES];
    size_t n;
} text;

static uint64_t mix(uint64_t x) { /* splitmix64's finaliser */
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t state;

static uint64_t chance(void) {
    return mix(state++);
}

static bool percent(unsigned p) {
    return chance() % 100 < p;
}

static double unit(void) { /* [0, 1) */
    return (double)(chance() >> 11) * 0x1p-53;
}

static void put(text *t, const char *s) {
    size_t n = strlen(s);
    if (t->n + n > sizeof t->p)
        abort();
    memcpy(t->p + t->n, s, n);
    t->n += n;
}

static void put_number(text *t, uint64_t value) {
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, value);
    put(t, digits);
}

/* Company `c`: different for different `c`. */
static void company_name(text *t, uint64_t c, uint64_t seed) {
    const uint64_t names = COUNT(first) * COUNT(second) * COUNT(form);
    uint64_t i = (c % names * 3607 + seed % names) % names; /* 3607 is prime and divides `names` not: a permutation */
    put(t, first[i % COUNT(first)]);
    put(t, " ");
    put(t, second[i / COUNT(first) % COUNT(second)]);
    put(t, form[i / COUNT(first) / COUNT(second)]);
    if (c >= names) {
        put(t, " #");
        put_number(t, c / names);
    }
}

/* Title `k` of company `c`: different for different `k` < TITLES_PER_COMPANY, as the trade differs. The levels from
   LEADS on lead several. */
static void title_name(text *t, uint64_t c, uint64_t k, uint64_t seed) {
    uint64_t h = mix(c * 31 + seed);
    uint64_t own = mix(h + k);
    put(t, level[own % COUNT(level)]);
    put(t, field[(own >> 16) % COUNT(field)]);
    put(t, " ");
    put(t, trade[(h % COUNT(trade) + k) % COUNT(trade)]);
    put(t, own % COUNT(level) < LEADS ? "" : "s");
    put(t, tail[(own >> 32) % COUNT(tail)]);
}

static void put_utf16(text *t, unsigned unit16) {
    char escape[8];
    (void)snprintf(escape, sizeof escape, (unit16 & 1) ? "\\u%04x" : "\\u%04X", unit16);
    put(t, escape);
}

/* One character of well-formed UTF-8; returns its bytes. */
static size_t decode(const char *s, unsigned *code) {
    unsigned char b = (unsigned char)s[0];
    size_t n = b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
    *code = n == 1 ? b : b & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        *code = *code << 6 | ((unsigned char)s[i] & 0x3f);
    return n;
}

/* Spells a string token: mostly as it is; with `odd`, some of its characters as escapes that mean the same. */
static void put_string(text *t, const char *s, size_t n, bool odd) {
    put(t, "\"");
    for (size_t i = 0, step; i < n; i += step) {
        unsigned code;
        step = decode(s + i, &code);
        bool escape = odd && (code >= 0x80 ? percent(70) : percent(6));
        if (escape && code >= 0x10000) {
            put_utf16(t, 0xd800 + ((code - 0x10000) >> 10));
            put_utf16(t, 0xdc00 + ((code - 0x10000) & 0x3ff));
        } else if (escape) {
            put_utf16(t, code);
        } else if (code == '"' || code == '\\') {
            put(t, code == '"' ? "\\\"" : "\\\\");
        } else if (code == '/' && odd) {
            put(t, "\\/");
        } else if (code == '\n') {
            put(t, "\\n");
        } else {
            memcpy(t->p + t->n, s + i, step);
            t->n += step;
        }
    }
    put(t, "\"");
}

typedef struct posting {
    text company, title;
    uint64_t number; /* of the line */
    bool odd;        /* spells strings with escapes */
} posting;

static void put_text(text *t, const char *s, bool odd) {
    put_string(t, s, strlen(s), odd);
}

static void member_company(text *t, const posting *p, const char *name) {
    put(t, name);
    put_string(t, p->company.p, p->company.n, p->odd);
}

static void member_title(text *t, const posting *p, const char *name) {
    put(t, name);
    put_string(t, p->title.p, p->title.n, p->odd);
}

static void member_url(text *t) {
    static const char hex[] = "0123456789abcdef";
    char id[17];
    uint64_t h = chance();
    for (size_t i = 0; i < 16; i++, h >>= 4)
        id[i] = hex[h & 15];
    id[16] = 0;
    put(t, "\"url\":\"https://www.example.com/viewjob?jk=");
    put(t, id);
    put(t, "&from=serp&vjs=3&tk=1hqk");
    put(t, id);
    put(t, "\"");
}

static void member_location(text *t, bool odd) {
    put(t, "\"location\":");
    put_text(t, place[chance() % COUNT(place)], odd);
}

static void member_date(text *t, const posting *p) {
    put(t, "\"scraped_on\":");
    put_number(t, UINT64_C(1721183934) + p->number / 100);
}

static void raw_line(text *t, const posting *p) {
    put(t, "{");
    if (percent(80)) {
        member_url(t), put(t, ",");
        member_company(t, p, "\"company\":"), put(t, ",");
        member_title(t, p, "\"title\":"), put(t, ",");
        member_location(t, p->odd), put(t, ",");
        member_date(t, p);
    } else if (percent(50)) {
        member_title(t, p, "\"title\":"), put(t, ",");
        member_company(t, p, "\"company\":"), put(t, ",");
        member_location(t, p->odd), put(t, ",");
        member_url(t), put(t, ",");
        member_date(t, p);
    } else {
        member_date(t, p), put(t, ", ");
        member_location(t, p->odd), put(t, ", ");
        member_url(t), put(t, ", ");
        member_title(t, p, "\"title\": "), put(t, ", ");
        member_company(t, p, "\"company\": ");
    }
    put(t, "}");
}

static void member_description(text *t, bool odd) {
    text d = {.n = 0};
    for (size_t i = 0; i < 46; i++) {
        put(&d, phrase[chance() % COUNT(phrase)]);
        put(&d, i % 7 == 6 ? "\n\n" : " ");
    }
    put(t, "\"description\":");
    put_string(t, d.p, d.n, odd && percent(10));
}

static void long_line(text *t, const posting *p) {
    put(t, "{");
    member_url(t), put(t, ",");
    member_company(t, p, "\"company\":"), put(t, ",");
    member_title(t, p, "\"title\":"), put(t, ",");
    member_location(t, p->odd), put(t, ",");
    member_description(t, p->odd), put(t, ",");
    put(t, "\"salary\":{\"min\":");
    put_number(t, 40000 + chance() % 90000);
    put(t, ".50,\"max\":1.9e5,\"currency\":\"USD\"},\"skills\":[\"C\",\"SQL\",\"Linux\"],\"remote\":");
    put(t, percent(50) ? "true," : "false,");
    member_date(t, p);
    put(t, "}");
}

static void nested_line(text *t, const posting *p) {
    put(t, "{\"@type\":\"JobPosting\",\"title\":\"see jobTitle\",");
    if (percent(50)) {
        put(t, "\"hiringOrganization\":{\"@type\":\"Organization\",");
        member_company(t, p, "\"name\":");
        put(t, ",\"sameAs\":\"https://example.com\"},");
        member_title(t, p, "\"jobTitle\":"), put(t, ",");
    } else {
        member_title(t, p, "\"jobTitle\":"), put(t, ",");
        put(t, "\"hiringOrganization\":{\"parent\":{\"name\":\"decoy\"},");
        member_company(t, p, "\"name\":");
        put(t, "},");
    }
    put(t, "\"jobLocation\":{\"address\":[{\"addressLocality\":");
    put_text(t, place[chance() % COUNT(place)], p->odd);
    put(t, "}]},");
    member_date(t, p);
    put(t, "}");
}

static void mixed_line(text *t, const posting *p) {
    switch (chance() % 8) {
    case 0:
        long_line(t, p);
        break;
    case 1: /* nested members of the same names are not the key */
        put(t, "{\"similar\":[{\"company\":\"decoy\",\"title\":\"decoy\"}],\"n\":{\"title\":null},");
        member_company(t, p, "\"company\":"), put(t, ",");
        member_title(t, p, "\"title\":"), put(t, ",\"big\":792633534497043297,\"real\":1e400,\"zero\":-0.0}");
        break;
    case 2: /* of duplicate members the last one counts */
        put(t, "{\"company\":\"decoy\",\"title\":[1,2,{\"a\":{}}],");
        member_title(t, p, "\"title\":"), put(t, ",");
        member_company(t, p, "\"company\":"), put(t, "}");
        break;
    case 3:
        put(t, "  { ");
        member_title(t, p, "\"title\" :\t"), put(t, " ,  ");
        member_company(t, p, "\"company\" : "), put(t, " } ");
        break;
    case 4: /* escaped names */
        put(t, "{");
        member_company(t, p, "\"comp\\u0061ny\":"), put(t, ",");
        member_title(t, p, "\"t\\u0069tle\":"), put(t, "}");
        break;
    case 5: /* a key that comes late; an answer that is none */
        put(t, "{\"seniority\":\"unknown\",\"tags\":[");
        for (size_t i = 0; i < 60; i++) {
            put(t, i ? "," : "");
            put_text(t, trade[chance() % COUNT(trade)], p->odd);
        }
        put(t, "],");
        member_company(t, p, "\"company\":"), put(t, ",");
        member_title(t, p, "\"title\":"), put(t, "}");
        break;
    default:
        raw_line(t, p);
    }
}

/* Letters of the lists above that are not ASCII, and what a producer without them writes; others become nothing. */
static const struct {
    const char *letter, *ascii;
} plain_letter[] = {{"ü", "u"}, {"é", "e"}, {"Ō", "O"}, {"Ł", "L"}, {"ó", "o"}, {"ź", "z"},
                    {"ć", "c"}, {"ã", "a"}, {"–", "-"}, {"—", "-"}, {"\"", "'"}};

static const char *in_ascii(const char *s, size_t n) {
    for (size_t i = 0; i < COUNT(plain_letter); i++)
        if (strlen(plain_letter[i].letter) == n && memcmp(plain_letter[i].letter, s, n) == 0)
            return plain_letter[i].ascii;
    return NULL;
}

/* Different texts of the lists stay different. */
static void make_plain(text *t) {
    text from = *t;
    t->n = 0;
    for (size_t i = 0, step; i < from.n; i += step) {
        unsigned code;
        step = decode(from.p + i, &code);
        const char *ascii = in_ascii(from.p + i, step);
        if (ascii)
            put(t, ascii);
        else if (code < 0x80)
            t->p[t->n++] = from.p[i];
    }
}

static uint64_t text_hash(const text *t) {
    uint64_t h = t->n;
    for (size_t i = 0; i < t->n; i++)
        h = mix(h ^ (unsigned char)t->p[i]);
    return h;
}

static void short_line(text *t, const posting *given) {
    static posting p;
    static text where;
    p = *given;
    if ((text_hash(&p.company) ^ text_hash(&p.title)) % 100 >= 8) { /* a pair is the same wherever it comes */
        make_plain(&p.company);
        make_plain(&p.title);
    }
    where.n = 0;
    put(&where, place[chance() % COUNT(place)]);
    if (percent(92))
        make_plain(&where);
    p.odd = p.odd && percent(20);
    put(t, "{");
    member_url(t), put(t, ",");
    member_company(t, &p, "\"company\":"), put(t, ",");
    member_title(t, &p, "\"title\":"), put(t, ",\"location\":");
    put_string(t, where.p, where.n, p.odd), put(t, ",");
    member_date(t, &p);
    put(t, "}");
}

static void pair_line(text *t, const posting *p) {
    put(t, "{\"company\":");
    put_string(t, p->company.p, p->company.n, false);
    put(t, ",\"title\":");
    put_string(t, p->title.p, p->title.n, false);
    put(t, "}");
}

/* What is asked for in a field of `field`, in its order; those of a posting are some of them. */
static const char *const asked[][5] = {{"Java", "Python", "Git", "Kubernetes", "REST APIs"},
                                       {"SQL", "Python", "Airflow", "Spark", "dbt"},
                                       {"Cisco routers", "BGP", "firewalls", "VPN", "Wireshark"},
                                       {"cold calling", "Salesforce", "negotiation", "quota attainment", "CRM"},
                                       {"SEO", "Google Analytics", "copywriting", "campaigns", "HubSpot"},
                                       {"patient care", "BLS", "EHR", "triage", "GCP"},
                                       {"PLC", "AutoCAD Electrical", "NEC", "switchgear", "motor controls"},
                                       {"SolidWorks", "GD&T", "FEA", "CNC", "thermodynamics"},
                                       {"contracts", "litigation", "legal research", "compliance", "Westlaw"},
                                       {"corporate tax", "CPA", "Excel", "IRS audits", "tax returns"},
                                       {"SAP", "inventory planning", "procurement", "logistics", "forecasting"},
                                       {"Selenium", "test plans", "regression testing", "Jira", "pytest"},
                                       {"SIEM", "incident response", "penetration testing", "IAM", "ISO 27001"},
                                       {"recruiting", "onboarding", "HRIS", "employee relations", "Workday"},
                                       {"experiments", "prototyping", "patents", "statistics", "lab work"},
                                       {"ADP", "payroll tax", "timekeeping", "Excel", "benefits administration"},
                                       {"Figma", "user research", "wireframes", "design systems", "prototyping"},
                                       {"AWS", "Terraform", "Docker", "Linux", "CI/CD"},
                                       {"C", "RTOS", "microcontrollers", "I2C", "oscilloscopes"},
                                       {"cash management", "hedging", "bank relations", "Excel", "liquidity"},
                                       {"onboarding", "renewals", "Zendesk", "churn analysis", "account plans"},
                                       {"scheduling", "OSHA-10", "subcontractors", "blueprints", "safety"},
                                       {"AutoCAD Civil 3D", "grading", "stormwater", "surveying", "permits"},
                                       {"PyTorch", "Python", "MLOps", "statistics", "feature stores"},
                                       {"TypeScript", "React", "CSS", "accessibility", "GraphQL"},
                                       {"Go", "PostgreSQL", "microservices", "Kafka", "gRPC"},
                                       {"guest service", "reservations", "banquets", "POS", "upselling"},
                                       {"financial modelling", "GAAP", "budgeting", "variance analysis", "ERP"}};

static void member_snippet(text *t, const posting *p) {
    size_t f = 0;
    for (size_t n; f < COUNT(field) - 1; f++) { /* the last one where none is found */
        n = strlen(field[f]);
        if (memmem(p->title.p, p->title.n, field[f], n))
            break;
    }
    text d = {.n = 0};
    size_t from = chance() % 5;
    put(&d, phrase[chance() % COUNT(phrase)]);
    put(&d, " You know ");
    for (size_t i = 0; i < 3; i++) {
        put(&d, i == 0 ? "" : i == 1 ? ", " : " and ");
        put(&d, asked[f][(from + i) % 5]);
    }
    put(&d, "; ");
    put_number(&d, 1 + chance() % 10);
    put(&d, "+ years of experience. ");
    put(&d, phrase[chance() % COUNT(phrase)]);
    put(t, "\"snippet\":");
    put_string(t, d.p, d.n, p->odd && percent(10));
}

static void job_line(text *t, const posting *p) {
    char id[17];
    (void)snprintf(id, sizeof id, "%016" PRIx64, mix(chance() ^ p->number));
    put(t, "{\"id\":\""), put(t, id);
    put(t, "\",\"source\":\"indeed\",\"url\":\"https://www.indeed.com/viewjob?jk="), put(t, id);
    put(t, "\","), member_company(t, p, "\"company\":");
    put(t, ","), member_title(t, p, "\"title\":");
    put(t, ","), member_location(t, p->odd);
    put(t, ","), member_snippet(t, p);
    if (percent(60)) {
        uint64_t pay = 35 + chance() % 120;
        put(t, ",\"salary_min\":"), put_number(t, pay * 1000);
        put(t, ",\"salary_max\":"), put_number(t, (pay + chance() % 40) * 1000);
        put(t, ",\"salary_currency\":\"USD\",\"salary_period\":\"year\"");
    }
    if (percent(80))
        put(t, percent(90) ? ",\"employment_type\":\"full_time\"" : ",\"employment_type\":\"contract\"");
    if (percent(40))
        put(t, percent(30) ? ",\"remote\":true" : ",\"remote\":false");
    put(t, ",\"enrichment_status\":\"none\"}");
}

static void add_answer(text *t, uint64_t pair) {
    while (t->p[t->n - 1] != '}')
        t->n--;
    t->n--;
    put(t, ",\"seniority\":");
    put_number(t, mix(pair) % 7 + 1);
    put(t, "}");
}

typedef struct options {
    uint64_t lines, distinct, seed, cr;
    double zipf;
    bool answers;
    void (*shape)(text *, const posting *);
} options;

/* The rank, 0 <= rank < n, with weight (rank + 1)^-s: the inverse of the continuous distribution. */
static uint64_t zipf_rank(uint64_t n, double s) {
    double u = unit();
    double top = (double)n + 1;
    double x = fabs(s - 1) < 1e-9 ? pow(top, u) : pow(1 + u * (pow(top, 1 - s) - 1), 1 / (1 - s));
    uint64_t rank = (uint64_t)x - 1;
    return rank < n ? rank : n - 1;
}

static uint64_t common_divisor(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static int run(const options *o) {
    static char buffer[BUFFER];
    static posting p;
    static text line;
    if (setvbuf(stdout, buffer, _IOFBF, sizeof buffer) != 0)
        return -1;
    state = mix(o->seed);
    /* Pairs in an order in which those of one company do not stand together: a permutation of 0 … distinct-1. */
    uint64_t stride = o->distinct > 2 ? o->distinct * 618 / 1000 : 1;
    while (common_divisor(stride, o->distinct) != 1)
        stride++;
    uint64_t known = 0;
    for (uint64_t i = 0; i < o->lines; i++) {
        uint64_t rank;
        bool early = known < EARLY && known < o->distinct && percent(50);
        if (known == 0 || early || chance() % (o->lines - i) < o->distinct - known)
            rank = known++;
        else
            rank = zipf_rank(known, o->zipf);
        uint64_t pair = rank * stride % o->distinct; /* fits: both are under 2^32 */
        p.number = i;
        p.odd = percent(15);
        p.company.n = p.title.n = line.n = 0;
        company_name(&p.company, pair / TITLES_PER_COMPANY, o->seed);
        title_name(&p.title, pair / TITLES_PER_COMPANY, pair % TITLES_PER_COMPANY, o->seed);
        o->shape(&line, &p);
        if (o->answers)
            add_answer(&line, pair);
        put(&line, o->cr && percent((unsigned)o->cr) ? "\r\n" : "\n");
        if (fwrite(line.p, 1, line.n, stdout) != line.n)
            return -1;
    }
    return fflush(stdout);
}

static uint64_t number(const char *s) {
    char *end;
    errno = 0;
    uint64_t n = strtoull(s, &end, 10);
    if (errno || end == s || *end) {
        fprintf(stderr, "generate: not a number: %s\n", s);
        exit(64);
    }
    return n;
}

static void choose_shape(options *o, const char *name) {
    static const struct {
        const char *name;
        void (*shape)(text *, const posting *);
    } shapes[] = {{"raw", raw_line},       {"short", short_line}, {"long", long_line}, {"mixed", mixed_line},
                  {"nested", nested_line}, {"pair", pair_line},   {"job", job_line}};
    for (size_t i = 0; i < COUNT(shapes); i++) {
        if (strcmp(name, shapes[i].name) == 0) {
            o->shape = shapes[i].shape;
            return;
        }
    }
    fprintf(stderr, "generate: no such shape: %s\n", name);
    exit(64);
}

int main(int argc, char **argv) {
    static const struct option long_options[] = {
        {"lines", required_argument, NULL, 'n'}, {"distinct", required_argument, NULL, 'd'},
        {"seed", required_argument, NULL, 's'},  {"shape", required_argument, NULL, 'f'},
        {"zipf", required_argument, NULL, 'z'},  {"cr", required_argument, NULL, 'c'},
        {"answers", no_argument, NULL, 'a'},     {NULL, 0, NULL, 0}};
    options o = {.lines = 1000, .seed = 1, .zipf = 1.1, .shape = raw_line};
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (c) {
        case 'n':
            o.lines = number(optarg);
            break;
        case 'd':
            o.distinct = number(optarg);
            break;
        case 's':
            o.seed = number(optarg);
            break;
        case 'f':
            choose_shape(&o, optarg);
            break;
        case 'z':
            o.zipf = strtod(optarg, NULL);
            break;
        case 'c':
            o.cr = number(optarg);
            break;
        case 'a':
            o.answers = true;
            break;
        default:
            return 64;
        }
    }
    if (o.distinct == 0)
        o.distinct = o.lines / 10 + 1;
    if (o.distinct > o.lines)
        o.distinct = o.lines;
    if (o.distinct >> 32) {
        fprintf(stderr, "generate: at most 4294967295 distinct pairs\n");
        return 64;
    }
    if (o.lines && run(&o) != 0) {
        perror("generate");
        return 74;
    }
    return 0;
}
