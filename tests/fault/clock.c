/* Turns the wall clock of a server: preloaded, it adds the nanoseconds that stand in the file $JL_CLOCK, whenever it is
   asked for the time. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static int64_t ahead(void) {
    static const volatile int64_t *turned;
    const char *path = turned ? NULL : getenv("JL_CLOCK");
    if (path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        void *at = fd >= 0 ? mmap(NULL, sizeof *turned, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
        if (at == MAP_FAILED)
            abort();
        close(fd);
        turned = at;
    }
    return turned ? *turned : 0;
}

int clock_gettime(clockid_t which, struct timespec *t) {
    if (syscall(SYS_clock_gettime, which, t) != 0)
        return -1;
    if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE) {
        int64_t ns = (int64_t)t->tv_sec * SECOND + t->tv_nsec + ahead();
        *t = (struct timespec){ns / SECOND, ns % SECOND};
    }
    return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    struct timespec now;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *t = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *t) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (t)
        *t = now.tv_sec;
    return now.tv_sec;
}
