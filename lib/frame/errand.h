/* A command that is run from its start to its end. */
#ifndef JL_FRAME_ERRAND_H
#define JL_FRAME_ERRAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

typedef struct jl_errand {
    char *const *argv;        /* NULL-terminated, searched in PATH */
    bool feed;                /* its stdin is `input`; else it has ours, as it has our stdout and stderr */
    jl_span input;            /* a command that does not read it all is none the worse */
    const char *const *unset; /* environment variables that it must not see, NULL-terminated; may be NULL */
    int64_t timeout;          /* ns, after which it is sent SIGTERM, and five seconds later SIGKILL; 0 = none */
} jl_errand;

typedef struct jl_errand_end {
    int status;     /* that it exited with; -1 when a signal ended it */
    int signal;     /* that ended it; 0 = none */
    bool timed_out; /* it was sent SIGTERM for want of time */
} jl_errand_end;

/* Starts it and waits. A signal that asks this process to stop (base/stop.h) is passed on to it, once, and its end waited
   for; not SIGINT, which comes from a terminal and has gone to both. -1: JL_USAGE when it cannot be run: it has done
   nothing then; JL_IO when its input could not be handed over whole, though it wanted it: it has ended; JL_SOFTWARE when
   its end cannot be known. */
int jl_errand_run(const jl_errand *e, jl_errand_end *end, jl_err *err);

#endif
