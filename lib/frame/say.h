/* How the frame itself puts things on stderr and into the files that are about the run.
   Implemented in run.c and summary.c. */
#ifndef JL_FRAME_SAY_H
#define JL_FRAME_SAY_H

#include "frame/run.h"

/* Writes all of it to stderr; a failure has nobody to be told to. */
void jl_say_bytes(const char *text, size_t n);
/* "PROGRAM: text" in one write, escaped, the progress line cleared first. */
void jl_say_line(const jl_run *run, const char *text);
/* "file:17: byte 42: sentence", as messages and --stats have it. */
void jl_say_error_text(const jl_err *err, char *text, size_t size);
/* True when escape sequences are welcome on the terminal at `fd`: it is one, NO_COLOR is not set, TERM is not dumb. */
bool jl_say_styled(int fd);

/* "1.1 GB", "830 MB", "17 B": powers of 1000, as disks and networks are sold. */
void jl_say_size(double bytes, char text[24]);

/* The figures of the run. `status` is the exit status; `err` may be NULL. */
void jl_summary_say(const jl_run *run);
/* Opens --stats for appending, so that a bad name is found out before any input is read. *fd is -1 when none is
   asked. */
int jl_summary_open(const jl_run *run, int *fd, jl_err *err);
/* Appends the run's line of JSON with one write, closes `fd`. */
int jl_summary_stats(const jl_run *run, int fd, int status, const jl_err *failure, jl_err *err);
/* Writes --metrics, if asked. */
int jl_summary_metrics(const jl_run *run, int status, jl_err *err);

#endif
