/* Glassdoor as HasData sells it. */
#include "hasdata/site.h"

static const jl_hasdata_member listed[] = {
    {.name = "title", .means = JL_MEANS_LINE, .to = JL_JOB_TITLE},
    {.name = "employer", .means = JL_MEANS_NAME, .to = JL_JOB_COMPANY},
    {.name = "company", .means = JL_MEANS_NAME, .to = JL_JOB_COMPANY},
    {.name = "location", .means = JL_MEANS_PLACE},
    {.name = "url", .means = JL_MEANS_LINK},
    {.name = "id", .means = JL_MEANS_ID},
    {.name = "description", .means = JL_MEANS_TEXT, .to = JL_JOB_SNIPPET},
    {.name = "ageInDays", .means = JL_MEANS_AGE},
    {.name = "datePosted", .means = JL_MEANS_DATE, .to = JL_JOB_POSTED_AT},
    {.name = "jobType", .means = JL_MEANS_TERMS},
    {.name = "remoteWorkTypes", .means = JL_MEANS_TERMS},
    {.name = "salary", .means = JL_MEANS_SALARY},
    {.name = "expired", .means = JL_MEANS_EXPIRED},
    {.name = NULL},
};

static const jl_hasdata_member detailed[] = {
    {.name = "title", .means = JL_MEANS_LINE, .to = JL_JOB_TITLE},
    {.name = "employer", .means = JL_MEANS_NAME, .to = JL_JOB_COMPANY, .part = true},
    {.name = "company", .means = JL_MEANS_NAME, .to = JL_JOB_COMPANY},
    {.name = "location", .means = JL_MEANS_PLACE},
    {.name = "address", .means = JL_MEANS_PLACE, .part = true},
    {.name = "description", .means = JL_MEANS_DESCRIPTION},
    {.name = "descriptionHtml", .means = JL_MEANS_HTML},
    {.name = "requirements", .means = JL_MEANS_PART, .part = true},
    {.name = "skills", .means = JL_MEANS_PART, .part = true},
    {.name = "benefits", .means = JL_MEANS_PART, .part = true},
    {.name = "jobType", .means = JL_MEANS_TERMS, .part = true},
    {.name = "employmentType", .means = JL_MEANS_TERMS},
    {.name = "remoteWorkTypes", .means = JL_MEANS_TERMS},
    {.name = "salary", .means = JL_MEANS_SALARY, .part = true},
    {.name = "datePosted", .means = JL_MEANS_DATE, .to = JL_JOB_POSTED_AT},
    {.name = "ageInDays", .means = JL_MEANS_AGE},
    {.name = "validThrough", .means = JL_MEANS_DATE, .to = JL_JOB_EXPIRES_AT},
    {.name = "expired", .means = JL_MEANS_EXPIRED},
    {.name = NULL},
};

/* A token stands for itself; a URL has it in a parameter. Anything else that stands where a token may is none. */
static int take_token(jl_value value, jl_buf *next, jl_err *err) {
    jl_buf scratch = {0};
    jl_span text = {"", 0};
    int failed = value.type == JL_STRING && jl_hasdata_text(value, &scratch, &text, err);
    bool path = text.n && text.p[0] == '/';
    bool http = text.n > 4 && memcmp(text.p, "http", 4) == 0 && memmem(text.p, text.n, "://", 3);
    if (!failed && (path || http))
        failed = jl_hasdata_parameter(text, "nextPageToken", next, err);
    else if (!failed && text.n <= 4096)
        failed = jl_buf_add(next, text, err);
    jl_buf_free(&scratch);
    return failed ? -1 : 0;
}

/* The token's name and place are not documented: those that were seen or are likely, the likeliest first. */
static int next_token(jl_value body, jl_buf *next, jl_err *err) {
    static const char *const names[] = {"nextPageToken", "nextToken", "nextPageCursor",
                                        "nextCursor",    "next",      "nextPage"};
    enum { NAMES = sizeof names / sizeof *names };
    jl_value found[2 * NAMES];
    size_t start = next->n;
    jl_each_pick(jl_each_member(body, "pagination"), names, NAMES, found);
    jl_each_pick(body, names, NAMES, found + NAMES);
    for (size_t i = 0; i < 2 * NAMES && next->n == start; ++i)
        if (take_token(found[i], next, err))
            return -1;
    return 0;
}

static const jl_hasdata_site glassdoor = {
    .host = "www.glassdoor.com",
    .next_name = "nextPageToken",
    .by_date = "recent",
    .by_relevance = "relevant",
    .listed = listed,
    .detailed = detailed,
    .next = next_token,
};

const jl_hasdata_endpoint jl_hasdata_glassdoor_listing = {
    "glassdoor.listing", "glassdoor", JL_HASDATA_LISTING, 5, 5, "GET", "/scrape/glassdoor/listing", &glassdoor};
const jl_hasdata_endpoint jl_hasdata_glassdoor_job = {"glassdoor.job",         "glassdoor", JL_HASDATA_JOB, 5, 5, "GET",
                                                      "/scrape/glassdoor/job", &glassdoor};
