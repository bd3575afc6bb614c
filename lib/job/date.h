/* The dates of postings, as sources tell them. */
#ifndef JL_JOB_DATE_H
#define JL_JOB_DATE_H

#include <stdint.h>

#include "base/span.h"

/* Nanoseconds since 1970 (UTC) of what `text` says when `now_ns` is the time on the wall. False: it says nothing that
   can be told for certain, and there is no date. Case and white space do not matter. Understood:

     ISO 8601, RFC 3339   2025-06-03, 2025-06-03T17:22:54.869Z, 2024-06-12T23:59:59.9970, 2025-06-03 17:22, with
                          +02:00, +0200 or +02 behind; 0 to 9 digits of a fraction (dropped: times have seconds); no
                          zone is UTC; a date alone is its midnight; years 1970 to 2199
     an amount of time    "3 days ago", "30+ days ago", "Active 2 days ago", "Posted 5 hours ago", "EmployerActive
                          4 days ago", "a day ago", "1 month ago", "24h", "30d+", "2w": that long before now. A + says
                          "or more": the number counts as it stands, so "30+ days ago" is taken for 30 days, the
                          youngest that the posting can be. Months have 30 days, years 365
     words                "Just posted", "Just now"; "Today"; "Yesterday"

   What is counted in days or longer units has no time of day: it is the midnight (UTC) that began that day, so that
   asking twice on one day gives one answer. */
bool jl_date_read(jl_span text, int64_t now_ns, int64_t *wall_ns);

/* The midnight that began the day `days` before now (ageInDays). False when `days` is negative or above 36500. */
bool jl_date_age(int64_t days, int64_t now_ns, int64_t *wall_ns);

#endif
