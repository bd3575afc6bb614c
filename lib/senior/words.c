/* The vocabulary of job titles, found by hashing. */
#include <pthread.h>

#include "senior/words.h"

/* clang-format off */
#define ROLE(text, level) {text, JL_WORD_ROLE, level}
#define MAKER(text) {text, JL_WORD_MAKER, 2}
#define SUPPORT(text) {text, JL_WORD_SUPPORT, 1}
#define WORD(text, kind) {text, JL_WORD_##kind, 0}
#define LEVEL(text, kind, level) {text, JL_WORD_##kind, level}

static const jl_word vocabulary[] = {
    /* supporting occupations */
    SUPPORT("aide"), SUPPORT("attendant"), SUPPORT("babysitter"), SUPPORT("bagger"), SUPPORT("barback"), SUPPORT("barista"),
    SUPPORT("bartender"), SUPPORT("busser"), SUPPORT("caregiver"), SUPPORT("cashier"), SUPPORT("cleaner"), SUPPORT("clerk"),
    SUPPORT("crew"), SUPPORT("custodian"), SUPPORT("dishwasher"), SUPPORT("groundskeeper"), SUPPORT("guard"), SUPPORT("helper"),
    SUPPORT("host"), SUPPORT("hostess"), SUPPORT("housekeeper"), SUPPORT("janitor"), SUPPORT("laborer"), SUPPORT("labourer"),
    SUPPORT("loader"), SUPPORT("maid"), SUPPORT("nanny"), SUPPORT("packager"), SUPPORT("packer"), SUPPORT("paralegal"),
    SUPPORT("picker"), SUPPORT("porter"), SUPPORT("receptionist"), SUPPORT("runner"), SUPPORT("secretary"), SUPPORT("server"),
    SUPPORT("stocker"), SUPPORT("typist"), SUPPORT("usher"), SUPPORT("valet"), SUPPORT("volunteer"), SUPPORT("waiter"),
    SUPPORT("waitress"), WORD("assistant", ASSISTANT), WORD("asst", ASSISTANT), WORD("assistants", ASSISTANT),

    /* most occupations */
    MAKER("engineer"), MAKER("engineers"), MAKER("eng"), MAKER("engr"), MAKER("developer"), MAKER("designer"), MAKER("scientist"),
    MAKER("researcher"), MAKER("programmer"), MAKER("sre"), MAKER("swe"),
    ROLE("accountant", 2), ROLE("adjuster", 2), ROLE("administrator", 2), ROLE("admin", 2), ROLE("adviser", 2),
    ROLE("advisor", 2), ROLE("advocate", 2), ROLE("agent", 2), ROLE("analyst", 2), ROLE("appraiser", 2), ROLE("artist", 2),
    ROLE("auditor", 2), ROLE("baker", 2), ROLE("banker", 2), ROLE("bookkeeper", 2), ROLE("broker", 2), ROLE("builder", 2),
    ROLE("butcher", 2), ROLE("buyer", 2), ROLE("carpenter", 2), ROLE("chef", 2), ROLE("chemist", 2), ROLE("coach", 2), ROLE("coder", 2),
    ROLE("consultant", 2), ROLE("cook", 2), ROLE("coordinator", 2), ROLE("copywriter", 2), ROLE("counselor", 2),
    ROLE("counsellor", 2), ROLE("dispatcher", 2), ROLE("driver", 2), ROLE("economist", 2), ROLE("editor", 2),
    ROLE("electrician", 2), ROLE("estimator", 2), ROLE("examiner", 2), ROLE("generalist", 2), ROLE("geologist", 2),
    ROLE("handler", 2), ROLE("hygienist", 2), ROLE("inspector", 2), ROLE("installer", 2), ROLE("instructor", 2),
    ROLE("interpreter", 2), ROLE("investigator", 2), ROLE("journalist", 2), ROLE("librarian", 2), ROLE("lpn", 2),
    ROLE("machinist", 2), ROLE("marketer", 2), ROLE("mechanic", 2), ROLE("merchandiser", 2), ROLE("midwife", 2),
    ROLE("millwright", 2), ROLE("negotiator", 2), ROLE("nurse", 2), ROLE("nutritionist", 2), ROLE("officers", 2),
    ROLE("painter", 2), ROLE("paramedic", 2), ROLE("photographer", 2), ROLE("pipefitter", 2), ROLE("planner", 2),
    ROLE("plumber", 2), ROLE("processor", 2), ROLE("producer", 2), ROLE("realtor", 2), ROLE("rep", 2),
    ROLE("representative", 2), ROLE("rn", 2), ROLE("roofer", 2), ROLE("sales", 2), ROLE("salesperson", 2),
    ROLE("scheduler", 2), ROLE("sommelier", 2), ROLE("specialist", 2), ROLE("strategist", 2), ROLE("stylist", 2),
    ROLE("surveyor", 2), ROLE("teacher", 2), ROLE("tech", 2), ROLE("technician", 2), ROLE("technologist", 2), ROLE("teller", 2),
    ROLE("tester", 2), ROLE("therapist", 2), ROLE("trader", 2), ROLE("trainer", 2), ROLE("translator", 2), ROLE("tutor", 2),
    ROLE("underwriter", 2), ROLE("welder", 2), WORD("worker", WORKER), WORD("employee", WORKER), ROLE("writer", 2), WORD("member", MEMBER),

    /* those with a long formation, or with people to look after */
    ROLE("actuary", 3), ROLE("anesthesiologist", 3), ROLE("architect", 3), ROLE("attorney", 3), ROLE("barrister", 3),
    ROLE("cardiologist", 3), ROLE("captain", 3), ROLE("crna", 3), ROLE("dentist", 3), ROLE("dermatologist", 3), ROLE("doctor", 3),
    ROLE("foreman", 3), ROLE("foreperson", 3), ROLE("hospitalist", 3), ROLE("lawyer", 3), ROLE("leader", 3), ROLE("lecturer", 3),
    ROLE("neurologist", 3), ROLE("optometrist", 3), ROLE("pediatrician", 3), ROLE("pharmacist", 3), ROLE("physician", 3),
    ROLE("pilot", 3), ROLE("practitioner", 3), ROLE("psychiatrist", 3), ROLE("psychologist", 3), ROLE("radiologist", 3),
    ROLE("solicitor", 3), ROLE("surgeon", 3), ROLE("veterinarian", 3), ROLE("professor", 4),

    /* beginners */
    WORD("intern", ENTRY), WORD("interns", ENTRY), WORD("internship", ENTRY), WORD("internships", ENTRY), WORD("extern", ENTRY),
    WORD("externship", ENTRY), WORD("trainee", ENTRY), WORD("traineeship", ENTRY), WORD("apprentice", ENTRY), WORD("apprenticeship", ENTRY),
    WORD("cadet", ENTRY), WORD("student", STUDENT), WORD("undergraduate", STUDENT), WORD("graduate", STUDENT), WORD("grad", STUDENT),
    WORD("junior", JUNIOR), WORD("jr", JUNIOR), WORD("jnr", JUNIOR),

    /* what raises and lowers */
    WORD("senior", SENIOR), WORD("sr", SENIOR), WORD("snr", SENIOR), WORD("lead", LEAD), LEVEL("expert", STEP, 1),
    LEVEL("advanced", STEP, 1), LEVEL("distinguished", STEP, 2), WORD("staff", STAFF), WORD("principal", PRINCIPAL), WORD("master", MASTER),
    WORD("deputy", UNDER), WORD("adjunct", UNDER), WORD("dep", UNDER), WORD("sub", UNDER), WORD("associate", ASSOCIATE), WORD("assoc", ASSOCIATE),
    LEVEL("i", NUMERAL, 1), LEVEL("ii", NUMERAL, 2), LEVEL("iii", NUMERAL, 3), LEVEL("iv", NUMERAL, 4), LEVEL("v", NUMERAL, 5),
    LEVEL("1", NUMERAL, 1), LEVEL("2", NUMERAL, 2), LEVEL("3", NUMERAL, 3), LEVEL("4", NUMERAL, 4), LEVEL("5", NUMERAL, 5),

    /* ranks */
    WORD("chief", CHIEF), WORD("officer", OFFICER), WORD("executive", EXECUTIVE), WORD("exec", EXECUTIVE),
    WORD("president", PRESIDENT), WORD("vice", VICE), LEVEL("vp", VP, 5), LEVEL("svp", VP, 6), LEVEL("evp", VP, 6), LEVEL("avp", VP, 4),
    WORD("director", DIRECTOR), WORD("dir", DIRECTOR), WORD("directors", DIRECTOR), WORD("manager", MANAGER), WORD("managers", MANAGER), WORD("mgr", MANAGER),
    WORD("mngr", MANAGER), WORD("managing", MANAGING), WORD("general", GENERAL), WORD("country", GENERAL), LEVEL("gm", RANK, 5),
    LEVEL("counsel", COUNSEL, 3), WORD("head", HEAD), WORD("partner", PARTNER), WORD("owner", OWNER), WORD("operator", OPERATOR),
    LEVEL("controller", CONTROLLER, 2), LEVEL("comptroller", CONTROLLER, 2), WORD("board", BOARD),
    LEVEL("founder", RANK, 7), LEVEL("cofounder", RANK, 7), WORD("coowner", OWNER), LEVEL("chairman", RANK, 7), LEVEL("chairwoman", RANK, 7), LEVEL("chairperson", RANK, 7),
    LEVEL("chair", RANK, 6), LEVEL("dean", RANK, 6), LEVEL("provost", RANK, 6), LEVEL("chancellor", RANK, 6), LEVEL("treasurer", RANK, 6),
    LEVEL("superintendent", SUPERIOR, 4), LEVEL("supt", SUPERIOR, 4), LEVEL("supervisor", SUPERIOR, 4), LEVEL("supv", SUPERIOR, 4),
    LEVEL("ceo", LETTERS, 7), LEVEL("cfo", LETTERS, 7), LEVEL("coo", LETTERS, 7), LEVEL("cto", LETTERS, 7), LEVEL("cio", LETTERS, 7),
    LEVEL("cmo", LETTERS, 7), LEVEL("cpo", LETTERS, 7), LEVEL("cso", LETTERS, 7), LEVEL("cro", LETTERS, 7), LEVEL("cdo", LETTERS, 7),
    LEVEL("chro", LETTERS, 7), LEVEL("clo", LETTERS, 7), LEVEL("cco", LETTERS, 7), LEVEL("cao", LETTERS, 7), LEVEL("ciso", LETTERS, 7),
    LEVEL("cbo", LETTERS, 7), LEVEL("cxo", LETTERS, 7), LEVEL("cno", LETTERS, 7), LEVEL("caio", LETTERS, 7),

    /* what gives the others their meaning */
    WORD("regional", SCOPE), WORD("global", SCOPE), WORD("area", SCOPE), WORD("national", SCOPE), WORD("international", SCOPE),
    WORD("worldwide", SCOPE), WORD("district", SCOPE), WORD("divisional", SCOPE), WORD("interim", SCOPE), WORD("acting", SCOPE), WORD("us", SCOPE),
    WORD("uk", SCOPE), WORD("emea", SCOPE), WORD("apac", SCOPE), WORD("fractional", SCOPE), WORD("founding", SCOPE),
    WORD("product", THING), WORD("process", THING), WORD("system", THING), WORD("service", THING), WORD("data", THING), WORD("application", THING),
    WORD("platform", THING), WORD("content", THING), WORD("solution", THING), WORD("solutions", THING), WORD("program", PROGRAM), WORD("project", THING),
    WORD("business", THING), WORD("hr", THING), WORD("people", THING), WORD("talent", THING), WORD("client", THING), WORD("channel", THING),
    WORD("delivery", THING), WORD("care", CARE), WORD("success", THING), WORD("engagement", THING), WORD("alliance", THING),
    WORD("alliances", THING), WORD("risk", THING), WORD("technical", THING),
    WORD("financial", MONEY), WORD("finance", MONEY), WORD("corporate", MONEY), WORD("group", MONEY), WORD("plant", MONEY),
    WORD("division", MONEY), WORD("commercial", MONEY), WORD("company", MONEY), WORD("accounting", MONEY),
    WORD("shift", GRADE), WORD("tier", GRADE), WORD("class", GRADE), WORD("grade", GRADE), WORD("shop", SHOP), WORD("unit", GRADE),
    WORD("zone", GRADE), WORD("route", GRADE), WORD("store", SHOP), WORD("phase", GRADE), WORD("day", GRADE), WORD("days", GRADE), WORD("week", GRADE),
    WORD("warehouse", SHOP), WORD("retail", SHOP), WORD("fulfillment", SHOP), WORD("guest", SHOP), WORD("production", SHOP),
    WORD("programs", PROGRAM), WORD("programme", PROGRAM), WORD("recruiter", PROGRAM), WORD("recruiting", PROGRAM), WORD("relations", PROGRAM),
    WORD("experience", PROGRAM), WORD("living", CARE), WORD("citizen", CARE), WORD("citizens", CARE), WORD("center", CARE), WORD("housing", CARE),
    WORD("home", CARE), WORD("services", CARE), WORD("generation", GENERATION), WORD("gen", GENERATION), WORD("qualification", GENERATION),
    WORD("nurturing", GENERATION), WORD("admissions", SCHOOL), WORD("medical", SCHOOL), WORD("education", SCHOOL), WORD("school", SCHOOL),
    WORD("studies", SCHOOL), WORD("start", START), WORD("team", TEAM), WORD("entry", FIRST), WORD("level", LEVEL), WORD("training", TRAINING), WORD("office", OFFICE), WORD("suite", OFFICE), WORD("of", OF), WORD("for", FIELD), WORD("in", FIELD), WORD("at", FIELD),
    WORD("with", FIELD), WORD("on", FIELD), WORD("from", FIELD), WORD("reporting", FIELD), WORD("to", TO), WORD("and", AND),
};
/* clang-format on */

enum { WORDS = sizeof vocabulary / sizeof *vocabulary, SLOTS = 2048, LONGEST = 24 };
_Static_assert(WORDS * 4 <= SLOTS * 3, "the table gets too full");

static uint16_t slot[SLOTS]; /* index + 1 into the vocabulary; 0 = free */
static pthread_once_t built = PTHREAD_ONCE_INIT;

/* FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
static size_t hash(jl_span text) {
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < text.n; i++)
        h = (h ^ (unsigned char)text.p[i]) * 16777619U;
    return (h ^ (h >> 15)) % SLOTS;
}

static size_t probe(jl_span text) {
    size_t at = hash(text);
    while (slot[at] && !jl_span_eq(text, jl_span_of(vocabulary[slot[at] - 1].text)))
        at = (at + 1) % SLOTS;
    return at;
}

static void build(void) {
    for (size_t i = 0; i < WORDS; i++)
        slot[probe(jl_span_of(vocabulary[i].text))] = (uint16_t)(i + 1);
}

const jl_word *jl_word_find(jl_span text) {
    if (text.n > LONGEST)
        return NULL;
    pthread_once(&built, build);
    size_t at = probe(text);
    return slot[at] ? &vocabulary[slot[at] - 1] : NULL;
}
