/* Waits for a command, the time and the signals at once. */
#include "frame/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "frame/child.h"

#define UNTIL_KILL (5 * JL_SECOND)
#define TICK (50 * JL_MILLISECOND) /* how often a kernel without pidfd (before 5.3) is asked */

typedef struct errand {
    jl_child child;
    int pidfd;        /* readable when the command has ended; -1 = there is none */
    jl_span left;     /* of its input */
    int64_t deadline; /* when to lose patience; -1 = never */
    int trouble;      /* errno of the input that could not be handed over */
    bool stop_told;
    jl_errand_end *end;
} errand;

static int64_t sooner(int64_t a, int64_t b) {
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

static void close_input(errand *e) {
    if (e->child.to >= 0)
        (void)close(e->child.to);
    e->child.to = -1;
}

/* As much of the input as the pipe takes. */
static void feed(errand *e) {
    while (e->left.n > 0) {
        ssize_t n = write(e->child.to, e->left.p, e->left.n);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) { /* EPIPE: it does not want any more */
            e->trouble = errno == EPIPE ? 0 : errno;
            break;
        }
        e->left = (jl_span){e->left.p + n, e->left.n - (size_t)n};
    }
    close_input(e);
}

/* Time and signals: both end it, the clock more firmly. */
static void press(errand *e) {
    if (jl_stop_asked() && !e->stop_told) {
        if (jl_stop_asked() != SIGINT) /* which a terminal has sent to both */
            (void)kill(e->child.pid, jl_stop_asked());
        e->stop_told = true;
    }
    if (e->deadline < 0 || jl_clock_now() < e->deadline)
        return;
    (void)kill(e->child.pid, e->end->timed_out ? SIGKILL : SIGTERM);
    e->deadline = e->end->timed_out ? -1 : jl_clock_now() + UNTIL_KILL;
    e->end->timed_out = true;
}

static void wait_a_while(errand *e) {
    struct pollfd fds[] = {{.fd = e->pidfd, .events = POLLIN},
                           {.fd = e->stop_told ? -1 : jl_stop_fd(), .events = POLLIN},
                           {.fd = e->child.to, .events = POLLOUT}};
    int64_t wake = e->pidfd < 0 ? sooner(e->deadline, jl_clock_now() + TICK) : e->deadline;
    if (poll(fds, 3, jl_clock_poll_ms(wake)) > 0 && fds[2].revents)
        feed(e);
}

static int wait_for_end(errand *e, jl_err *err) {
    int status;
    for (;;) {
        pid_t ended = waitpid(e->child.pid, &status, WNOHANG);
        if (ended < 0 && errno != EINTR)
            return jl_err_errno(err, JL_SOFTWARE, errno, "cannot wait for '%s'", e->child.name);
        if (ended > 0)
            break;
        press(e);
        wait_a_while(e);
    }
    e->end->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    e->end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return 0;
}

int jl_errand_run(const jl_errand *given, jl_errand_end *end, jl_err *err) {
    errand e = {.pidfd = -1, .deadline = -1, .end = end, .left = given->input};
    *end = (jl_errand_end){.status = -1};
    if (given->feed ? jl_child_start(&e.child, given->argv, false, given->unset, err) != 0
                    : jl_child_start_here(&e.child, given->argv, given->unset, err) != 0)
        return -1;
    if (given->timeout > 0)
        e.deadline = jl_clock_now() + given->timeout;
    e.pidfd = (int)syscall(SYS_pidfd_open, e.child.pid, 0); /* glibc has a name for it since 2.36 only */
    if (e.child.to >= 0) {
        int flags = fcntl(e.child.to, F_GETFL);
        if (flags < 0 || fcntl(e.child.to, F_SETFL, flags | O_NONBLOCK) != 0) {
            e.trouble = errno;
            close_input(&e);
        } else {
            feed(&e);
        }
    }
    int rc = wait_for_end(&e, err);
    if (rc == 0 && e.trouble)
        rc = jl_err_errno(err, JL_IO, e.trouble, "cannot write to '%s'", e.child.name);
    close_input(&e);
    if (e.pidfd >= 0)
        (void)close(e.pidfd);
    return rc;
}
