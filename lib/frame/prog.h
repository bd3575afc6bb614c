/* A program's descriptor, from which jl_main makes the common conduct. */
#ifndef JL_FRAME_PROG_H
#define JL_FRAME_PROG_H

#include "frame/opt.h"
#include "frame/run.h"

typedef struct jl_verb {
    const char *name;
    const char *help;    /* one line */
    bool takes_command;  /* its operands are COMMAND [ARG...]: options stop at the first of them */
    bool takes_no_input; /* no operands, reads nothing: no help when stdin is a terminal */
} jl_verb;

typedef struct jl_prog {
    const char *name;
    const char *about;           /* one line, as in the man page's NAME */
    const char *const *synopsis; /* usage lines without the program's name, NULL-terminated */
    const jl_opt *opts;          /* its own options; the common ones are added by jl_main */
    const jl_verb *verbs;        /* NULL, or ends with {0}; the first is the default */
    /* For --version: says the back ends compiled in, "sqlite 3.40.1", one at a time; may be NULL. */
    void (*versions)(void (*say)(void *to, const char *line), void *to);
    bool takes_command;        /* operands are COMMAND [ARG...] unless `files_when` says otherwise */
    bool *files_when;          /* once the parser has set this (an option was given), operands are files; may be NULL */
    const bool *no_input_when; /* once the parser has set this (--ping), stdin is not read; may be NULL */
    bool no_input;             /* reads no stdin (a server): no help when it is a terminal */
    bool no_filter;            /* has no lines in or out: only -h -V -q -v of the common options */
    bool tells;                /* with no_filter: has an output and figures all the same: -o, --stats, --metrics, too */
    int (*run)(jl_run *run, jl_err *err); /* 0, or -1 with err; a status that is not an error goes to run->status */
} jl_prog;

/* Parses the command line and the environment, installs the signal handlers, runs, prints the error if any, writes
   summary, statistics and metrics, returns the exit status. All of main(). */
int jl_main(const jl_prog *prog, int argc, char **argv);

#endif
