/* Lines that carry a key and an answer: what tables are made of, what commands reply. */
#ifndef JL_FRAME_REPLY_H
#define JL_FRAME_REPLY_H

#include "jsonl/key.h"
#include "lookup/lookup.h"

/* Reads such lines. The key stands under the flat NAMEs, or else at the PATHs (a table may be an earlier output). */
typedef struct jl_reply {
    jl_want *want;
    jl_keyspec flat;
    jl_keyer by_name, by_path;
    jl_field *field;
    size_t first_answer, n_answers;
    jl_buf value;
    /* Of the line read last: */
    jl_rec rec;       /* its key, if it has one */
    jl_answer answer; /* JL_FOUND with a value as lookup.h says, valid until the next line; or JL_REFUSED when none of
                         the members is there with a value other than null: the key was passed back */
} jl_reply;

int jl_reply_open(jl_reply *r, const jl_keyspec *key, const jl_names *answer, jl_err *err);
void jl_reply_close(jl_reply *r);
/* Reads the line at `p` as jl_rec_scan does. JL_SCAN_BAD: `err` has the reason; class JL_DATA means that the line is
   bad, any other that memory ran out. */
jl_scan jl_reply_read(jl_reply *r, const char *p, const char *limit, jl_err *err);

#endif
