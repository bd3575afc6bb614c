/* A command that was started with its stdin, or stdin and stdout, in our hands. */
#ifndef JL_FRAME_CHILD_H
#define JL_FRAME_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

typedef struct jl_child {
    pid_t pid;        /* 0 = none */
    int to;           /* its stdin; -1 when closed */
    int from;         /* its stdout, or -1 when it shares ours */
    const char *name; /* argv[0], borrowed */
} jl_child;

/* Starts argv (NULL-terminated, searched in PATH) with the signals as they were before jl_main touched them.
   `unset`: NULL-terminated names of environment variables that it must not see; may be NULL. -1 (JL_USAGE) when it
   cannot be run. */
int jl_child_start(jl_child *c, char *const *argv, bool take_stdout, const char *const *unset, jl_err *err);

/* The same, with our own stdin, stdout and stderr. */
int jl_child_start_here(jl_child *c, char *const *argv, const char *const *unset, jl_err *err);

/* Closes what is still open, waits for its end. Returns JL_OK for exit 0, the status itself for 64 to 78, else
   JL_SOFTWARE, with a sentence in `err` when it is not JL_OK. */
jl_class jl_child_wait(jl_child *c, jl_err *err);

#endif
