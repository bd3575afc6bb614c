/* Signals turned into the stop flag; the three standard descriptors made sure of. */
#ifndef JL_FRAME_SIGNALS_H
#define JL_FRAME_SIGNALS_H

/* Opens /dev/null in the place of any of the descriptors 0 to 2 that is closed, so that no data file gets its number.
   In the wrong direction for 0 and 1: using them still fails, as it does with a closed descriptor. */
void jl_signals_descriptors(void);
/* SIGPIPE no longer kills (and is at its default again in commands that are started); SIGINT, SIGTERM and SIGHUP,
   unless ignored from the start, ask to stop; the second one kills. */
void jl_signals_install(void);
/* Dies of SIGPIPE; returns only when that is impossible. */
void jl_signals_die_of_pipe(void);

#endif
