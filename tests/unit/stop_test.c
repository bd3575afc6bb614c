/* The stop flag: asked before or after somebody has its descriptor, from a handler, from threads. */
#include "unit/cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/stop.h"
#include "capture.h"

static capture c; /* too large for the stack */

static int readable(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

/* Each scenario needs a fresh flag, so each has a process; 0 = as expected. */
static int asked_after(void *self) {
    (void)self;
    int fd = jl_stop_fd();
    if (fd < 0 || jl_stop_fd() != fd || readable(fd) || jl_stop_asked() != 0)
        return 1;
    if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
        return 2;
    errno = 77;
    jl_stop_ask(SIGTERM);
    if (errno != 77 || jl_stop_asked() != SIGTERM || !readable(fd) || !readable(fd))
        return 3;
    jl_stop_ask(SIGINT);
    return jl_stop_asked() == SIGTERM && readable(fd) ? 0 : 4; /* the first one counts */
}

static int asked_before(void *self) {
    (void)self;
    jl_stop_ask(SIGINT);
    return readable(jl_stop_fd()) && jl_stop_asked() == SIGINT ? 0 : 1;
}

static int asked_by_a_handler(void *self) {
    (void)self;
    signal(SIGHUP, jl_stop_ask);
    int fd = jl_stop_fd();
    raise(SIGHUP);
    return readable(fd) && jl_stop_asked() == SIGHUP ? 0 : 1;
}

static void *get_fd(void *to) {
    *(int *)to = jl_stop_fd();
    return NULL;
}

static int threads_share_one(void *self) {
    (void)self;
    int fds[8];
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        if (pthread_create(&threads[i], NULL, get_fd, &fds[i]) != 0)
            return 9;
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    jl_stop_ask(SIGTERM);
    for (int i = 0; i < 8; i++)
        if (fds[i] != fds[0] || !readable(fds[i]))
            return 1;
    return 0;
}

static int no_descriptors_left(void *self) {
    (void)self;
    struct rlimit was;
    getrlimit(RLIMIT_NOFILE, &was);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = was.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    jl_stop_ask(SIGTERM);
    int fd = jl_stop_fd();
    setrlimit(RLIMIT_NOFILE, &was);
    /* Once there is room again, the flag that was asked before shows. */
    return fd == -1 && jl_stop_asked() == SIGTERM && readable(jl_stop_fd()) ? 0 : 1;
}

#define SCENARIO(name)                                                                                                 \
    static void name##_test(void **state) {                                                                            \
        (void)state;                                                                                                   \
        capture_run(&c, NULL, name, NULL);                                                                             \
        assert_int_equal(c.status, 0);                                                                                 \
    }
SCENARIO(asked_after)
SCENARIO(asked_before)
SCENARIO(asked_by_a_handler)
SCENARIO(threads_share_one)
SCENARIO(no_descriptors_left)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asked_after_test),         cmocka_unit_test(asked_before_test),
        cmocka_unit_test(asked_by_a_handler_test),  cmocka_unit_test(threads_share_one_test),
        cmocka_unit_test(no_descriptors_left_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
