/* What a store makes of a job that it knows when the job comes again. */
#ifndef JL_JOB_MERGE_H
#define JL_JOB_MERGE_H

#include "job/facts.h"
#include "vector/vector.h"

/* One job as a store takes and keeps it. Spans are borrowed. Behind `line` an LF stands and JL_PAD bytes can be read: postings
   come out of the functions below. */
typedef struct jl_posting {
    jl_span source, id; /* decoded; what a job is known by. `source` may be empty, `id` never is */
    jl_span
        url; /* canonical, decoded; may be empty. Two jobs of a store rarely have the same: then it means the lowest row */
    jl_span hash;                     /* content_hash when there is a full description, else empty */
    jl_span company, title, location; /* decoded */
    jl_span line;                     /* the object in its own bytes, without `embedding` and `stored`, without LF */
    jl_facts facts;                   /* of `line` */
    jl_vector vector[JL_STAGES];      /* by stage; n = 0: none */
} jl_posting;

/* Makes postings of lines. */
typedef struct jl_postings jl_postings;
jl_postings *jl_postings_new(jl_err *err);
void jl_postings_free(jl_postings *p);
const jl_want *jl_postings_want(const jl_postings *p);
/* Reads a record scanned with that want. Without `id` the line gets the one that follows from its URL or text (job/link.h), without `source`
   the site of its URL; `now` (seconds since 1970) is first_seen_at and last_seen_at where the line has none, or `scraped_on` (a number of seconds since 1970, not later than `now`): what is missing is
   spliced into the posting's line, and so is the content_hash of a description that has none. -1 with JL_DATA: no company or title,
   an id or source longer than 512 bytes or with a NUL, an embedding that is none (err->byte says where). `out` is emptied first;
   the posting's spans live in it until the next read with the same `out`. */
int jl_postings_read(jl_postings *p, const jl_rec *rec, int64_t now, jl_buf *out, jl_posting *posting, jl_err *err);

typedef enum jl_stored {
    JL_STORED_NEW = 0,
    JL_STORED_UPDATED,
    JL_STORED_SAME,
    JL_STORED_DUPLICATE,
    JL_STOREDS
} jl_stored;
/* "new", "updated", "same", "duplicate"; static. */
extern const char *const jl_stored_name[JL_STOREDS];

/* The rule, the same for every back end:
     - the more enriched of the two gives its members: the one with a description, whatever statuses they tell; of two that both have one, or
       none, by jl_status (done > partial > dead > failed > queued > none); between equals the one seen later; members that only the other has are
       added, and a member that is null or "" is none: the other's value takes its place
     - so a bare listing never takes anything from an enriched job; a queued or failed one that comes as a bare listing keeps
       status and tries
     - first_seen_at is the earlier, last_seen_at the later; enriched_at is that of the enriched one
     - vectors: each stage the incoming one, else the one at hand; a vector made from a text that is no longer the line's
       (title, company, location, snippet for listing; description for full) is dropped unless a new one came
     - a vector that came is kept though it was made from another text than the merged line's only when the one at hand was too
     - members that belong together come from one line: the pay (amounts, currency, period), the description with its HTML and
       hash; enriched_at, status and tries are never added to a line of another status
     - JL_STORED_SAME: nothing but last_seen_at differs; then the line at hand stays but for that
     - a job that was known by its URL keeps its own id, source and URL, in its line too; `url` is the one at hand, else the incoming one
   Fills `merged` whose spans live in `old`, `in` and `out`. -1: memory. `old` and `in` need not have the same id: by URL the
   job at hand keeps its own (source, id). */
int jl_merge(jl_postings *p, const jl_posting *old, const jl_posting *in, jl_buf *out, jl_posting *merged,
             jl_stored *stored, jl_err *err);

/* The line of a duplicate: without description, description_html and the vector of the full text, which the first has. */
int jl_merge_strip(jl_postings *p, const jl_posting *in, jl_buf *out, jl_posting *stripped, jl_err *err);

/* When the first of duplicates gets another text: `heir`, one of them, gets what was stripped from it: the description, its HTML and
   hash, the vector of the full text that `from`, the first as it was, has. `whole` has spans in `heir`, `from` and `out`. */
int jl_merge_inherit(jl_postings *p, const jl_posting *heir, const jl_posting *from, jl_buf *out, jl_posting *whole,
                     jl_err *err);

/* The first of duplicates is there for all of them: what was seen last of any counts for it. `first` gets the duplicate's last_seen when that is
   later, and its expiry when that is later, or none when the duplicate has none and was seen after the first's. True: something of it changed. */
bool jl_merge_outlives(jl_facts *first, const jl_facts *duplicate);
/* The line with last_seen_at and expires_at as `lives` has them. */
int jl_merge_live(jl_postings *p, const jl_posting *old, const jl_facts *lives, jl_buf *out, jl_posting *lived,
                  jl_err *err);

/* Replaces enrichment_status and enrichment_tries, as `mark` and `requeue` do. */
int jl_merge_mark(jl_postings *p, const jl_posting *old, jl_status status, uint8_t tries, jl_buf *out,
                  jl_posting *marked, jl_err *err);

/* A posting out of what a store keeps: fills everything but row columns from `line` (which is checked) and the vectors. The spans
   live in `out`, which is emptied first. JL_DATA: the line is damaged. */
int jl_postings_load(jl_postings *p, jl_span line, jl_buf *out, jl_posting *posting, jl_err *err);

#endif
