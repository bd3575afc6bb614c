/* Where the lines go: stdout, a file that appears whole or not at all, or the stdin of a command. */
#ifndef JL_FRAME_OUTPUT_H
#define JL_FRAME_OUTPUT_H

#include "base/atomic_file.h"
#include "frame/child.h"
#include "frame/run.h"
#include "jsonl/out.h"

typedef struct jl_output {
    jl_out out; /* write here */
    jl_atomic file;
    jl_child child; /* the command that takes the lines */
    enum { JL_TO_STDOUT, JL_TO_FILE, JL_TO_COMMAND } kind;
    bool sync; /* the caller sets it when it will commit marks: a regular file on stdout is synced at the end */
} jl_output;

/* Opens what the run asks for: the stdin of `command` (NULL-terminated argv) if one is given, else -o, else stdout. */
int jl_output_open(jl_output *o, const jl_run *run, char *const *command, jl_err *err);

/* True when `fd` is the regular file that the lines go to: reading it would feed the output to itself. */
bool jl_output_is(const jl_output *o, int fd);

/* Ends the output of a run that has come to `status` so far: flushes; then for 0 renames -o, for 69, 75 and signals
   (128+n) leaves it as FILE.partial, else abandons it; for 0 and signals syncs a regular file on stdout if `sync`;
   waits for the command. -1 when that fails or the command did. Once it has returned 0 for status 0, or for that of a signal if there
   is no -o, the lines are safe: marks that suppress future output may be committed. */
int jl_output_end(jl_output *o, int status, jl_err *err);

/* All of that in one: writes `text` to the file `path`, or if that is NULL where the run wants its output. */
int jl_output_text(const jl_run *run, const char *path, jl_span text, jl_err *err);

#endif
