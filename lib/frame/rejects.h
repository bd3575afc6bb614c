/* The bad lines of a run, put aside byte for byte or ending it. */
#ifndef JL_FRAME_REJECTS_H
#define JL_FRAME_REJECTS_H

#include "base/atomic_file.h"
#include "base/buf.h"
#include "frame/run.h"
#include "jsonl/out.h"

/* A file of the run that is put in place at its end. */
typedef struct jl_aside {
    jl_atomic file;
    jl_out out;
    bool open; /* the option was given */
} jl_aside;

/* The i-th line of one file and the i-th of the other are about the same bad line. */
typedef struct jl_rejects {
    jl_run *run;
    jl_aside lines;   /* --rejects */
    jl_aside reasons; /* --reasons: a JSON object each */
    jl_buf text;      /* of the reason at hand */
    bool tolerant;    /* --rejects or --max-rejects was given: bad lines do not end the run by themselves */
    uint64_t told;    /* bad lines warned of so far */
} jl_rejects;

int jl_rejects_open(jl_rejects *r, jl_run *run, jl_err *err);
/* One bad line, without its LF; `input` is the whole name of where it stood, `why` has its place. 0: go on; -1: the run
   ends (JL_DATA, or a write failed). */
int jl_rejects_add(jl_rejects *r, jl_span line, const char *input, const jl_err *why, jl_err *err);
/* A line that comes in pieces is counted, and may end the run, with its last piece when it is kept, else at once. */
static inline bool jl_rejects_judges(const jl_rejects *r, bool first, bool last) {
    return r->lines.open ? last : first;
}
/* A piece of a line too long to be held; `last` ends it. `input` and `why` as above, the same with each piece. */
int jl_rejects_piece(jl_rejects *r, jl_span piece, bool first, bool last, const char *input, const jl_err *why,
                     jl_err *err);
/* After the last line: -1 (JL_DATA) when a share of more than --max-rejects=N% was bad. */
int jl_rejects_share(const jl_rejects *r, jl_err *err);
/* Puts the files in place, however the run ended. */
int jl_rejects_close(jl_rejects *r, jl_err *err);

#endif
