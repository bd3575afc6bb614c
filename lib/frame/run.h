/* What every run of every program has: the common options, operands, counters.
   Implemented in run.c (messages), progress.c, state.c (URLs), secret.c. */
#ifndef JL_FRAME_RUN_H
#define JL_FRAME_RUN_H

#include <stdio.h>

#include "base/err.h"
#include "frame/opt.h"
#include "jsonl/write.h"

struct jl_prog;

/* A figure of the run: shown by -v, --progress, --stats and --metrics under `name` (snake_case). */
typedef struct jl_counter {
    const char *name;
    const uint64_t *value;
    bool progress; /* worth a place in the progress line */
} jl_counter;

typedef enum jl_when { JL_WHEN_AUTO = 0, JL_WHEN_ALWAYS, JL_WHEN_NEVER } jl_when;

typedef struct jl_run {
    const struct jl_prog *prog;
    const char *verb; /* NULL when the program has none */
    char **operand;   /* input files, or COMMAND [ARG...]; NULL-terminated */
    size_t n_operands;
    char **rest; /* what stands behind a JL_OPT_REST option, NULL-terminated; NULL when none was given */

    bool quiet, verbose;
    const char *output;  /* -o, NULL = stdout */
    const char *rejects; /* --rejects, NULL = the first bad line ends the run */
    const char *reasons; /* --reasons, NULL = nowhere but in warnings */
    jl_share max_rejects;
    uint64_t max_line, threads; /* threads: at least 1 */
    const char *stats, *metrics;
    int progress; /* jl_when; JL_WHEN_NEVER when --progress was not given */

    char id[65];     /* the run id: $JOBLINE_RUN, else 32 hex digits; handed to children in the environment */
    int64_t started; /* monotonic ns */
    int64_t started_wall;

    uint64_t lines_in, lines_out, rejected, dropped, blank, boms, bytes_in, bytes_out;
    jl_counter counter[48]; /* the program's own figures */
    size_t n_counters;
    jl_buf extra;  /* raw JSON members (",\"a\":1") that the program adds to --stats; may be empty */
    jl_buf gauges; /* whole lines that the program adds to --metrics; may be empty */

    bool no_state_folder; /* jl_run_state_url makes none: jl_run_state_folder does when it is needed */

    int status; /* set for an end that is no error: 75 with a message printed, 128+n; printed errors win */
} jl_run;

/* Registers a figure; `name` and `value` live as long as the run. */
void jl_run_counter(jl_run *run, const char *name, const uint64_t *value, bool progress);

/* One line on stderr, "PROGRAM: …": errors always; warnings unless -q; info with -v. Control bytes in
   texts that come from elsewhere are escaped here. */
void jl_run_error(const jl_run *run, const jl_err *err);
void jl_run_warn(const jl_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void jl_run_info(const jl_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The progress line, at most ten times a second; cheap enough to call once per block. `done` of `total` input bytes
   (total 0 = unknown). Does nothing unless asked for and stderr is a terminal (or =always). */
void jl_run_progress(jl_run *run, uint64_t done, uint64_t total);
/* The same for the last time: shown whatever the time, and left standing. */
void jl_run_progress_end(jl_run *run, uint64_t done, uint64_t total);
/* Clears the progress line so that a message can be printed. */
void jl_run_progress_clear(const jl_run *run);

/* The URL of a piece of state: `option` (argv), else environment `env`, else sqlite:$XDG_STATE_HOME/jobline/NAME.db
   with the folders made. "@FILE" reads the URL from a file that others cannot read. A password in argv is refused with
   that advice (JL_USAGE). `name` is without ".db"; `from_argv` says where `option` came from. */
struct jl_url;
int jl_run_state_url(const jl_run *run, const char *option, bool from_argv, const char *env, const char *name,
                     struct jl_url *url, jl_err *err);
/* Makes the folder of a default URL, when that was not done yet; of others nothing. */
int jl_run_state_folder(const struct jl_url *url, jl_err *err);

/* A secret: from `file` (refused when others can read it), else $CREDENTIALS_DIRECTORY/name, else environment `env`,
   which is then removed from the environment. Appended to `secret` without a final newline. -1 (JL_NOPERM): nowhere. */
int jl_run_secret(const char *file, const char *name, const char *env, jl_buf *secret, jl_err *err);

#endif
