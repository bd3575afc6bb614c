/* The stop flag: an atomic number for those who look, an eventfd for those who sleep. */
#include "base/stop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Lock-free, so that a signal handler may touch them. */
static atomic_int asked;
static atomic_int event_fd = -1;

int jl_stop_asked(void) {
    return atomic_load_explicit(&asked, memory_order_relaxed);
}

/* Nobody ever reads the eventfd, so one write keeps it readable for good. It cannot fill up: that would take 2^64 - 2
   calls. */
static void wake(int fd) {
    uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof one);
    (void)n;
}

void jl_stop_ask(int signal_number) {
    int saved = errno;
    int none = 0;
    /* The first signal is the one that the exit status tells. */
    atomic_compare_exchange_strong(&asked, &none, signal_number);
    int fd = atomic_load(&event_fd);
    if (fd >= 0)
        wake(fd);
    errno = saved;
}

int jl_stop_fd(void) {
    int fd = atomic_load(&event_fd);
    if (fd >= 0)
        return fd;
    int fresh = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fresh < 0)
        return -1;
    int none = -1;
    if (!atomic_compare_exchange_strong(&event_fd, &none, fresh)) {
        close(fresh); /* nothing was written to it */
        return none;
    }
    /* A signal between the first look and now has found no descriptor to write to. */
    if (jl_stop_asked())
        wake(fresh);
    return fresh;
}
