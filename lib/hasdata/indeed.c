/* Indeed as HasData sells it. */
#include "hasdata/site.h"

/* An element of `jobs`. Its `details` are a list of phrases: "Full-time", "Hybrid work". */
static const jl_hasdata_member listed[] = {
    {.name = "title", .means = JL_MEANS_LINE, .to = JL_JOB_TITLE},
    {.name = "company", .means = JL_MEANS_NAME, .to = JL_JOB_COMPANY},
    {.name = "location", .means = JL_MEANS_PLACE},
    {.name = "url", .means = JL_MEANS_LINK},
    {.name = "description", .means = JL_MEANS_TEXT, .to = JL_JOB_SNIPPET},
    {.name = "isoDate", .means = JL_MEANS_DATE, .to = JL_JOB_POSTED_AT},
    {.name = "date", .means = JL_MEANS_DATE, .to = JL_JOB_POSTED_AT},
    {.name = "details", .means = JL_MEANS_TERMS},
    {.name = "salary", .means = JL_MEANS_SALARY},
    {.name = "expired", .means = JL_MEANS_EXPIRED},
    {.name = NULL},
};

/* A job, flat or under `job`. Its `details` are an object of lists: jobType, workSetting. */
static const jl_hasdata_member detailed[] = {
    {.name = "title", .means = JL_MEANS_LINE, .to = JL_JOB_TITLE},
    {.name = "company", .means = JL_MEANS_NAME, .to = JL_JOB_COMPANY},
    {.name = "location", .means = JL_MEANS_PLACE},
    {.name = "description", .means = JL_MEANS_DESCRIPTION},
    {.name = "descriptionHtml", .means = JL_MEANS_HTML},
    {.name = "details", .means = JL_MEANS_TERMS, .part = true},
    {.name = "jobType", .means = JL_MEANS_TERMS},
    {.name = "workSetting", .means = JL_MEANS_TERMS},
    {.name = "salary", .means = JL_MEANS_SALARY, .part = true},
    {.name = "benefits", .means = JL_MEANS_PART, .part = true},
    {.name = "isoDate", .means = JL_MEANS_DATE, .to = JL_JOB_POSTED_AT},
    {.name = "datePosted", .means = JL_MEANS_DATE, .to = JL_JOB_POSTED_AT},
    {.name = "date", .means = JL_MEANS_DATE, .to = JL_JOB_POSTED_AT},
    {.name = "validThrough", .means = JL_MEANS_DATE, .to = JL_JOB_EXPIRES_AT},
    {.name = "expired", .means = JL_MEANS_EXPIRED},
    {.name = NULL},
};

/* pagination.nextPage is a URL with the offset in start=, of the site, of the API, or without a host. Offset 0 is no
   further page. */
static int next_offset(jl_value body, jl_buf *next, jl_err *err) {
    jl_buf url = {0};
    jl_span text;
    jl_value page = jl_each_member(jl_each_member(body, "pagination"), "nextPage");
    size_t start = next->n;
    int failed = jl_hasdata_text(page, &url, &text, err) || jl_hasdata_parameter(text, "start", next, err);
    bool zero = true;
    for (size_t i = start; !failed && i < next->n; ++i) {
        char c = next->p[i];
        zero = zero && c == '0';
        if (c < '0' || c > '9' || next->n - start > 9)
            next->n = start;
    }
    if (zero)
        next->n = start;
    jl_buf_free(&url);
    return failed ? -1 : 0;
}

static const jl_hasdata_site indeed = {
    .host = "www.indeed.com",
    .next_name = "start",
    .by_date = "date",
    .by_relevance = "relevance",
    .listed = listed,
    .detailed = detailed,
    .next = next_offset,
};

const jl_hasdata_endpoint jl_hasdata_indeed_listing = {
    "indeed.listing", "indeed", JL_HASDATA_LISTING, 5, 5, "GET", "/scrape/indeed/listing", &indeed};
const jl_hasdata_endpoint jl_hasdata_indeed_job = {"indeed.job",         "indeed", JL_HASDATA_JOB, 5, 5, "GET",
                                                   "/scrape/indeed/job", &indeed};
