/* Runs a command with all its children and tells what they cost.
 *
 *   measure [-n TIMES] [-t SECONDS] COMMAND [ARG...]
 *
 * Each run prints one line of JSON: {"status":0,"wall":1.25,"user":1.2,"sys":0.05,"rss":10485760}: seconds, and the
 * bytes of memory that the largest of its processes had at once. The command's stdout is /dev/null: one that is to be
 * written elsewhere goes through a shell. A run that is not over after SECONDS is killed, status 124. It is a small
 * program because what a child inherits on its way to exec counts as memory that the child has had. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t group; /* of the run at hand, 0 = none */
static volatile sig_atomic_t caught;

static void on_signal(int number) {
    caught = number;
    if (group)
        (void)kill(-(pid_t)group, SIGKILL);
}

static double now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static _Noreturn void become(char **command) {
    int null = open("/dev/null", O_WRONLY);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || setpgid(0, 0) != 0)
        _exit(126);
    execvp(command[0], command);
    fprintf(stderr, "measure: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

/* Until the last descendant has ended: those whose parents are gone come to this process. */
static int wait_for_all(pid_t first, double since, double *wall, struct rusage *sum) {
    int status = 0, its;
    struct rusage one;
    for (pid_t pid; (pid = wait4(-1, &its, 0, &one)) > 0 || errno == EINTR;) {
        if (pid < 0)
            continue;
        if (pid == first) {
            *wall = now() - since;
            status = WIFEXITED(its) ? WEXITSTATUS(its) : 128 + WTERMSIG(its);
        }
        timeradd(&sum->ru_utime, &one.ru_utime, &sum->ru_utime);
        timeradd(&sum->ru_stime, &one.ru_stime, &sum->ru_stime);
        if (one.ru_maxrss > sum->ru_maxrss)
            sum->ru_maxrss = one.ru_maxrss;
    }
    return status;
}

static int measure(char **command, unsigned limit) {
    double since = now(), wall = 0;
    pid_t pid = fork();
    if (pid < 0) {
        perror("measure: fork");
        return 70;
    }
    if (pid == 0)
        become(command);
    (void)setpgid(pid, pid); /* here too: whoever comes first */
    group = (sig_atomic_t)pid;
    (void)alarm(limit);
    struct rusage sum = {0};
    int status = wait_for_all(pid, since, &wall, &sum);
    (void)alarm(0);
    group = 0;
    if (caught == SIGALRM)
        status = 124;
    printf("{\"status\":%d,\"wall\":%.6f,\"user\":%.6f,\"sys\":%.6f,\"rss\":%ld}\n", status, wall,
           seconds(sum.ru_utime), seconds(sum.ru_stime), sum.ru_maxrss * 1024);
    return fflush(stdout) != 0 ? 74 : caught && caught != SIGALRM ? 128 + caught : 0;
}

int main(int argc, char **argv) {
    unsigned long times = 1, limit = 0;
    for (int c; (c = getopt(argc, argv, "+n:t:")) != -1;) {
        switch (c) {
        case 'n':
            times = strtoul(optarg, NULL, 10);
            break;
        case 't':
            limit = strtoul(optarg, NULL, 10);
            break;
        default:
            return 64;
        }
    }
    if (optind == argc) {
        fprintf(stderr, "usage: measure [-n TIMES] [-t SECONDS] COMMAND [ARG...]\n");
        return 64;
    }
    struct sigaction action = {.sa_handler = on_signal};
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], &action, NULL) != 0)
            return 71;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return 71;
    int status = 0;
    for (unsigned long i = 0; i < times && status == 0; i++)
        status = measure(argv + optind, (unsigned)limit);
    return status;
}
