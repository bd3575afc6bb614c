/* Signal handlers: the first signal asks, the second one kills. */
#include "frame/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/stop.h"

static const int stoppers[] = {SIGINT, SIGTERM, SIGHUP};
#define N_STOPPERS (sizeof stoppers / sizeof stoppers[0])

/* Those that were not ignored when the process began (nohup and shells in the background ignore some). */
static volatile sig_atomic_t ours[N_STOPPERS];

static void ask(int number) {
    jl_stop_ask(number);
    for (size_t i = 0; i < N_STOPPERS; i++)
        if (ours[i])
            signal(stoppers[i], SIG_DFL);
}

static void nothing(int number) {
    (void)number;
}

void jl_signals_descriptors(void) {
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* The lowest number free is `fd`, as all below it are open. */
        if (open("/dev/null", fd == 1 ? O_RDONLY : O_WRONLY) != fd)
            abort();
    }
}

/* Before main is not early enough: the constructors of shared libraries open descriptors of their own. */
__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(void) = jl_signals_descriptors;

void jl_signals_install(void) {
    signal(SIGCHLD, SIG_DFL); /* who ignores it, as our parent may, cannot wait for a command */
    struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    /* A handler, not SIG_IGN: exec resets handlers, while commands would inherit that a signal is ignored. */
    sigaction(SIGPIPE, &action, NULL);

    /* No SA_RESTART: a call that waits comes back, so that the flag is seen. */
    action = (struct sigaction){.sa_handler = ask};
    for (size_t i = 0; i < N_STOPPERS; i++)
        sigaddset(&action.sa_mask, stoppers[i]);
    for (size_t i = 0; i < N_STOPPERS; i++) {
        struct sigaction was;
        if (sigaction(stoppers[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN) {
            ours[i] = 1;
            sigaction(stoppers[i], &action, NULL);
        }
    }
}

void jl_signals_die_of_pipe(void) {
    signal(SIGPIPE, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGPIPE);
}
