/* The filter loop, written once: bytes in, line, record, key, lookup, splice, bytes out. */
#ifndef JL_FRAME_FILTER_H
#define JL_FRAME_FILTER_H

#include "frame/run.h"
#include "jsonl/key.h"
#include "jsonl/out.h"
#include "lookup/lookup.h"

/* What the program wants done with a line before any question is asked. */
typedef enum jl_verdict {
    JL_ASK = 0, /* look its key up; `answer` is called with what comes */
    JL_PASS,    /* goes out untouched, in its place */
    JL_DROP,    /* dropped on purpose, counted */
    JL_REJECT,  /* of `look` only: a bad line, err says why: put aside, or the end of the run (--rejects) */
    JL_TURNED   /* of `answer` only: it became other lines, which the program has written and counted */
} jl_verdict;

typedef struct jl_filter {
    void *self; /* handed to the callbacks */
    const jl_want *want;
    const jl_keyspec *key;
    size_t first_key;    /* what jl_want_key returned */
    jl_lookup *lookup;   /* NULL: nothing is ever asked. Closed by the caller */
    bool remember;       /* each distinct key is asked once in the run, its answer is kept; else each line asks */
    size_t batch;        /* lines per submit(), at most; 0 = 256. A lookup that sorts its batch wants more */
    uint64_t window;     /* bytes of lines and questions that may wait; reading pauses beyond. 0 = 32 MiB */
    uint64_t question;   /* bytes that a question costs the lookup; 0 = 64 and those of its key members */
    bool as_is;          /* `answer` writes lines as they are, or not at all: those that wait have no fields then */
    char *const *inputs; /* NULL-terminated; NULL or an empty list is stdin */
    char *const *then;   /* the command that takes the output, or NULL */

    /* Called for every record, in input order, has_key and key set. -1 with err ends the run; else a jl_verdict but JL_TURNED.
       NULL: ask when it has a key, else pass. */
    int (*look)(void *self, const jl_rec *rec, jl_err *err);
    /* Writes what becomes of the line to `out`, in input order: jl_splice or jl_out_line, returning JL_PASS; or
       nothing, returning JL_DROP; or other lines in its place, returning JL_TURNED. `answer` is never JL_PENDING. -1 with err ends the run. */
    int (*answer)(void *self, const jl_rec *rec, const jl_answer *answer, jl_out *out, jl_err *err);
    /* After the last line of a run without error, before the output is ended. NULL: nothing. */
    int (*end)(void *self, jl_out *out, jl_err *err);
    /* After that: -1 with err for a status of the program's own, e.g. JL_TEMPFAIL "3 lines are unanswered" (-o then
       becomes FILE.partial). NULL: all is well. */
    int (*verdict)(void *self, jl_err *err);
} jl_filter;

/* What `answer` does with a line that stays as it is: writes it. JL_PASS, or -1. */
int jl_filter_pass(const jl_rec *rec, jl_out *out, jl_err *err);

/* Runs until the input ends, a signal asks to stop, or something fails; sees to order, window, flushing, rejects,
   counters, progress, the end of the output, and the lookup's commit. The first error of the run counts, then the
   lookup's verdict, then the program's. A closed stdout gives JL_PIPE after what is in flight has been stored. */
int jl_filter_run(jl_run *run, const jl_filter *filter, jl_err *err);

#endif
