/* The flag that asks the process to come to an orderly end. */
#ifndef JL_BASE_STOP_H
#define JL_BASE_STOP_H

/* The signal number that asked to stop, 0 while nobody has. Safe to call from any thread. */
int jl_stop_asked(void);
/* Async-signal-safe: called by the handlers that lib/frame/ installs, and by tests. Makes jl_stop_fd readable. */
void jl_stop_ask(int signal_number);
/* A descriptor for poll() that becomes readable, for good, once a stop is asked; -1 when none could be made. */
int jl_stop_fd(void);

#endif
