/* A clock that a test turns ahead: its own, and that of a server that tests/fault/clock.c is preloaded into. */
#ifndef JL_TESTS_TURNED_CLOCK_H
#define JL_TESTS_TURNED_CLOCK_H

#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TURNED_SECOND INT64_C(1000000000)

static volatile int64_t *turned_ahead; /* ns; NULL: not at all. Children see it turn too */

/* In place of libc's, for the whole program. */
int clock_gettime(clockid_t which, struct timespec *t) {
    if (syscall(SYS_clock_gettime, which, t) != 0)
        return -1;
    if (turned_ahead && (which == CLOCK_REALTIME || which == CLOCK_BOOTTIME)) {
        int64_t ns = (int64_t)t->tv_sec * TURNED_SECOND + t->tv_nsec + *turned_ahead;
        *t = (struct timespec){ns / TURNED_SECOND, ns % TURNED_SECOND};
    }
    return 0;
}

/* The clock hangs on a file in `folder`. */
static inline bool turned_begin(const char *folder) {
    char path[256];
    snprintf(path, sizeof path, "%s/clock", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool made = fd >= 0 && ftruncate(fd, sizeof *turned_ahead) == 0;
    void *at = made ? mmap(NULL, sizeof *turned_ahead, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (at == MAP_FAILED || setenv("JL_CLOCK", path, 1) != 0)
        return false;
    turned_ahead = at;
    return true;
}

/* Programs that are started between the two go by the clock. */
static inline void turned_preload(void) {
    char self[512], shim[600];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    snprintf(shim, sizeof shim, "%s/../fault/clock.so", dirname(self));
    if (access(shim, R_OK) != 0 || setenv("LD_PRELOAD", shim, 1) != 0) {
        perror(shim);
        abort();
    }
}
static inline void turned_preloaded(void) {
    unsetenv("LD_PRELOAD");
}

#endif
