/* Answers of HasData in the shapes that it documents. */
#ifndef JL_TESTS_HASDATA_BODIES_H
#define JL_TESTS_HASDATA_BODIES_H

#define OK_METADATA "\"requestMetadata\": {\"id\": \"7a\", \"status\": \"ok\", \"url\": \"https://x.example/\"}"

#define INDEED_LISTING                                                                                                 \
    "{" OK_METADATA ",\n \"searchInformation\": {\"totalResults\": 3},\n \"jobs\": [\n"                                \
    "  {\"title\": \" Senior  Engineer\", \"company\": \"Acme \\\"R&D\\\"\", \"location\": \"Hybrid work in Austin, "  \
    "TX\",\n"                                                                                                          \
    "   \"url\": \"https://www.indeed.com/rc/clk?jk=0123456789abcdef&bb=x\", \"description\": "                        \
    "\"Build\\r\\nthings…\",\n"                                                                                      \
    "   \"sponsored\": false, \"date\": \"30+ days ago\", \"isoDate\": \"2025-06-03T17:22:54.869Z\",\n"                \
    "   \"details\": [\"Full-time\", \"Hybrid work\"], \"benefits\": [\"401(k)\"],\n"                                  \
    "   \"salary\": {\"min\": 120000, \"max\": 150000.50, \"type\": \"YEARLY\"}},\n"                                   \
    "  {\"title\": \"Cook\", \"company\": \"Diner\", \"location\": \"Remote\", \"url\": "                              \
    "\"/viewjob?jk=00000000deadbeef\",\n"                                                                              \
    "   \"date\": \"3 days ago\", \"details\": [\"Part-time\", \"Contract\"], \"salary\": null},\n"                    \
    "  {\"title\": \"Ad\", \"company\": \"Adco\", \"location\": \"Reno, NV\",\n"                                       \
    "   \"url\": \"https://www.indeed.com/pagead/clk?mo=r&ad=-6NYb\", \"salary\": \"$20 - $25 an hour\"},\n"           \
    "  {\"title\": \"No company\"}, 17, null, {}\n ],\n"                                                               \
    " \"pagination\": {\"nextPage\": \"https://www.indeed.com/jobs?q=a&start=15\"}}\n"

#define INDEED_JOB_INSIDE                                                                                              \
    "\"title\": \"Senior Engineer\", \"company\": \"Acme\", \"location\": \"Austin, TX\",\n"                           \
    " \"details\": {\"jobType\": [\"Full-time\"], \"workSetting\": [\"Remote\"]},\n"                                   \
    " \"salary\": {\"min\": \"60\", \"max\": \"70\", \"type\": \"HOURLY\", \"currency\": \"USD\"},\n"                  \
    " \"description\": \"Line one.\\r\\nLine two.\", \"descriptionHtml\": \"<p>Line one.<br>Line two.</p>\""
#define INDEED_JOB_FLAT "{" OK_METADATA ", " INDEED_JOB_INSIDE "}"
#define INDEED_JOB_NESTED "{" OK_METADATA ", \"job\": {" INDEED_JOB_INSIDE "}}"

#define GLASSDOOR_LISTING                                                                                              \
    "{" OK_METADATA                                                                                                    \
    ",\"jobs\":[{\"title\":\"Nurse\",\"id\":1009123456789,\"url\":\"https://www.glassdoor.com/job-listing/"            \
    "nurse.htm?jl=1009123456789&src=x\",\"location\":\"Leeds, England\",\"ageInDays\":4,\"skills\":[\"care\"],"        \
    "\"description\":\"Short.\",\"salary\":{\"currency\":\"GBP\",\"period\":\"ANNUAL\",\"min\":30000,\"median\":"      \
    "32000,"                                                                                                           \
    "\"max\":34000,\"source\":\"EMPLOYER_PROVIDED\"},\"employer\":{\"id\":7,\"name\":\"NHS\",\"rating\":3.9}}],"       \
    "\"pagination\":{\"currentPage\":1,\"nextPageToken\":\"AB/c+1==\"}}"

#define GLASSDOOR_JOB                                                                                                  \
    "{" OK_METADATA ",\"job\":{\"id\":1009123456789,\"title\":\"Nurse\",\"employer\":{\"id\":7,\"name\":\"NHS\"},"     \
    "\"address\":{\"country\":\"UK\",\"region\":\"England\",\"city\":\"Leeds\"},\"datePosted\":\"2026-11-01\","        \
    "\"expired\":false,\"requirements\":{\"skills\":[\"care\"]},\"salary\":{\"payCurrency\":\"GBP\",\"period\":"       \
    "\"ANNUAL\",\"min\":30000,\"max\":34000},\"descriptionHtml\":\"<ul><li>Care</li><li>More</li></ul>\"}}"

#define LONG_TEXT                                                                                                      \
    "We are looking for somebody who builds things that last. You write code every day. You read more code than you "  \
    "write. You talk to the people who use it.\\n\\nWhat you bring\\n\\n- Years of practice\\n- Patience with old "    \
    "machines\\n- Joy in small programs\\n\\nWhat we offer\\n\\n- A quiet room\\n- Forty days off\\n- Colleagues who " \
    "know what they do\\n\\nApply with a letter, please. We answer each of them within a week, and we pay for your "   \
    "way here."
#define JOB_POSTING                                                                                                    \
    "{\\\"@context\\\":\\\"https://schema.org\\\",\\\"@type\\\":\\\"JobPosting\\\",\\\"title\\\":\\\"Welder\\\","      \
    "\\\"hiringOrganization\\\":{\\\"@type\\\":\\\"Organization\\\",\\\"name\\\":\\\"Hull\\\"},\\\"jobLocation\\\":["  \
    "{\\\"@type\\\":\\\"Place\\\",\\\"address\\\":{\\\"addressLocality\\\":\\\"Kiel\\\",\\\"addressCountry\\\":"       \
    "{\\\"@type\\\":\\\"Country\\\",\\\"name\\\":\\\"DE\\\"}}}],\\\"employmentType\\\":[\\\"FULL_TIME\\\"],"           \
    "\\\"jobLocationType\\\":\\\"TELECOMMUTE\\\",\\\"datePosted\\\":\\\"2026-11-01\\\",\\\"validThrough\\\":"          \
    "\\\"2027-01-01T00:00\\\",\\\"baseSalary\\\":{\\\"@type\\\":\\\"MonetaryAmount\\\",\\\"currency\\\":\\\"EUR\\\","  \
    "\\\"value\\\":{\\\"minValue\\\":20,\\\"maxValue\\\":25.5,\\\"unitText\\\":\\\"HOUR\\\"}},\\\"description\\\":"    \
    "\\\"<p>You weld hulls of ships in our yard by the sea.</p><p>You weld them well, and you weld them all day "      \
    "long.</p>\\\"}"
#define LD_SCRIPT(json) "<script type=\\\"application/ld+json\\\">" json "</script>"
#define PAGE_OF(html)                                                                                                  \
    "{" OK_METADATA ",\"statusCode\":200,\"content\":\"<!DOCTYPE html><html><head>" html                               \
    "</head><body>Welder</body></html>\"}"
#define PAGE_LD PAGE_OF(LD_SCRIPT("{\\\"@type\\\":\\\"WebSite\\\"}") LD_SCRIPT(JOB_POSTING))
#define PAGE_GRAPH PAGE_OF(LD_SCRIPT("{\\\"@graph\\\":[{\\\"@type\\\":\\\"BreadcrumbList\\\"}," JOB_POSTING "]}"))
#define PAGE_ARRAY PAGE_OF(LD_SCRIPT("\\n//<![CDATA[\\n[{\\\"@type\\\":\\\"Thing\\\"},[" JOB_POSTING "]]\\n//]]>;"))
#define PAGE_ESCAPED                                                                                                   \
    PAGE_OF(LD_SCRIPT(                                                                                                 \
        "{&quot;@type&quot;:[&quot;Thing&quot;,&quot;JobPosting&quot;],&quot;title&quot;:&quot;A&amp;B&quot;,"         \
        "&quot;description&quot;:&quot;&amp;lt;p&amp;gt;You weld hulls of ships in our yard by the "                   \
        "sea.&amp;lt;/p&amp;gt;"                                                                                       \
        "\\nYou weld them well, and you weld them all day long.&quot;}"))
#define PAGE_TEXT "{" OK_METADATA ",\"content\":\"<html><body>x</body></html>\",\"text\":\"" LONG_TEXT "\"}"
#define PAGE_MARKDOWN "{" OK_METADATA ",\"markdown\":\"# Job\\n\\n" LONG_TEXT "\"}"
#define PAGE_CAPTCHA "{" OK_METADATA ",\"text\":\"Verify you are human\\n\\n" LONG_TEXT "\"}"
#define PAGE_SHORT "{" OK_METADATA ",\"content\":\"<html><body><p>Sign in</p></body></html>\",\"text\":\"Sign in\"}"
#define PAGE_GONE "{" OK_METADATA ",\"text\":\"Welder\\n\\nThis job has expired on the site.\"}"

#define ERROR_BODY                                                                                                     \
    "{\"requestMetadata\":{\"id\":\"7a\",\"status\":\"error\"},\"status\":\"error\",\"error\":\"Job posting is not "   \
    "available.\"}"
#define USAGE_BODY                                                                                                     \
    "{\"status\":\"ok\",\"data\":{\"totalCredits\":200000,\"usedCredits\":1234,\"availableCredits\":198766,"           \
    "\"totalConcurrency\":15,\"availableConcurrency\":14}}"

#endif
