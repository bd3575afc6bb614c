/* The inside of jl_postings, shared by what reads postings with what merges them. */
#ifndef JL_JOB_POSTING_H
#define JL_JOB_POSTING_H

#include "job/job.h"
#include "job/merge.h"
#include "jsonl/each.h"
#include "jsonl/splice.h"

/* A member of a line as it stands there. */
typedef struct jl_named {
    jl_span token, value;
    uint64_t hash; /* of the decoded name */
} jl_named;

/* The members of a line by name; of those with the same name the last. */
typedef struct jl_roll {
    jl_named *member;
    size_t n, cap;
    uint32_t *slot; /* 1 + index, 0 = free; a power of two of them, at most half of them in use */
    size_t slots;
} jl_roll;

struct jl_postings {
    jl_want *want;      /* the names of job/job.h from 0 on, then `stored`, `scraped_on` */
    jl_field *field[2]; /* for the lines that are scanned here */
    jl_buf scratch;     /* of the decoding of one value */
    jl_buf text;        /* a description */
    jl_buf line;        /* a line on its way */
    jl_buf stored;      /* a line that is loaded */
    jl_roll roll[2];
    uint64_t hash[JL_JOB_COUNT]; /* of the names */
    jl_member *member;
    size_t members;
};

/* The indexes of the other fields. */
#define JL_POSTING_STORED JL_JOB_COUNT
#define JL_POSTING_SCRAPED (JL_JOB_COUNT + 1)

/* Scans a posting's line into field[which]. JL_DATA: it is damaged. */
int jl_posting_scan(jl_postings *p, size_t which, jl_span line, jl_rec *rec, jl_err *err);

#endif
