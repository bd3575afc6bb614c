/* Where the lines go: stdout, a file that appears whole or not at all, or the stdin of a command. */
#ifndef JL_FRAME_OUTPUT_H
#define JL_FRAME_OUTPUT_H

#include <sys/types.h>

#include "base/atomic_file.h"
#include "frame/run.h"
#include "jsonl/out.h"

typedef struct jl_output {
    jl_out out; /* write here */
    jl_atomic file;
    bool is_file;
    pid_t child; /* the command that takes the lines, 0 = none */
} jl_output;

/* Opens what the run asks for: -o, else stdout; with `command` (NULL-terminated argv, may be NULL) its stdin. */
int jl_output_open(jl_output *o, jl_run *run, char *const *command, jl_err *err);
/* Ends the output according to the status so far: flush; then 0: -o is renamed, a regular file on stdout is synced, the
   command is waited for; 75: -o goes to FILE.partial; else -o is abandoned. -1 when that fails or the command did.
   0 means: the output is safe, marks may be committed (only when `status` was 0). */
int jl_output_end(jl_output *o, const jl_run *run, int status, jl_err *err);

#endif
