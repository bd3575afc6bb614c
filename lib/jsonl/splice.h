/* A line with members added or replaced and every other byte as it was. */
#ifndef JL_JSONL_SPLICE_H
#define JL_JSONL_SPLICE_H

#include "jsonl/out.h"
#include "jsonl/path.h"
#include "jsonl/rec.h"

/* One member to set. */
typedef struct jl_member {
    jl_span token; /* the name as a JSON string with quotes */
    jl_span value; /* raw JSON */
    size_t field;  /* its index in jl_rec.field: replaced in place when present there, else added before the '}' */
} jl_member;

/* Writes the line with the `n` members set, in the order given where they are added, and an LF. Adds no whitespace. The
   members have different fields, each that of a top-level member. */
int jl_splice(jl_out *out, const jl_rec *rec, const jl_member *member, size_t n, jl_err *err);

/* The same appended to a buffer, and the object alone: from its '{' to its '}', then an LF, behind which JL_PAD bytes can be
   read, so that it can be scanned. */
int jl_splice_set(jl_buf *out, const jl_rec *rec, const jl_member *member, size_t n, jl_err *err);
/* Appends the object without any top-level member of these (decoded) names, however often they stand there; then as
   jl_splice_set. */
int jl_splice_drop(jl_buf *out, const jl_rec *rec, const jl_span *name, size_t n, jl_err *err);

/* Appends `{"NAME":value,…}` of the key members, raw values under the NAMEs (jl_keyspec_names), then `extra` (raw
   members that begin with ',' or nothing), then `}` and an LF. `first` is what jl_want_key returned. Absent members
   are left out. */
int jl_splice_key(jl_buf *out, const jl_rec *rec, const jl_names *names, size_t first, jl_span extra, jl_err *err);

#endif
