/* A real redis-server of our own: on a socket in a folder of its own, and on a free port of 127.0.0.1. */
#ifndef JL_TESTS_REDIS_SERVER_H
#define JL_TESTS_REDIS_SERVER_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct redis_server {
    char folder[64];
    char socket[96]; /* path */
    int port;
    pid_t pid;
} redis_server;

static inline int redis_free_port(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int port =
        fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && getsockname(fd, (struct sockaddr *)&a, &n) == 0
            ? ntohs(a.sin_port)
            : 0;
    close(fd);
    return port;
}

static inline void redis_nap(void) {
    nanosleep(&(struct timespec){0, 5 * 1000 * 1000}, NULL);
}

/* One inline command, its reply as the protocol has it. 0 when the server cannot be reached. */
static inline size_t redis_say(const redis_server *s, const char *command, char *reply, size_t size) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", s->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t n = 0;
    char line[4096];
    int length = snprintf(line, sizeof line, "%s\r\nQUIT\r\n", command);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0 && write(fd, line, (size_t)length) == length) {
        ssize_t got;
        while (n + 1 < size && (got = read(fd, reply + n, size - 1 - n)) > 0)
            n += (size_t)got;
    }
    close(fd);
    reply[n] = '\0';
    return n;
}

/* Starts it (again) with `options`, an argument list that ends with NULL; returns when it answers. False: it does
   not. */
static inline bool redis_start(redis_server *s, char *const *options) {
    char port[16], reply[256];
    if (!s->folder[0]) {
        strcpy(s->folder, "/tmp/jobline-redis.XXXXXX");
        if (!mkdtemp(s->folder))
            return false;
        s->port = redis_free_port();
        snprintf(s->socket, sizeof s->socket, "%s/socket", s->folder);
    }
    snprintf(port, sizeof port, "%d", s->port);
    s->pid = fork();
    if (s->pid == 0) {
        char *argv[64] = {
            "redis-server", "--port", port, "--bind",       "127.0.0.1", "--unixsocket", s->socket, "--dir",
            s->folder,      "--save", "",   "--appendonly", "no"};
        size_t n = 13;
        for (; options && *options && n < 63; options++)
            argv[n++] = *options;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execvp(argv[0], argv);
        _exit(127);
    }
    for (int i = 0; i < 2000; i++) {
        if (redis_say(s, "PING", reply, sizeof reply) && !strstr(reply, "LOADING"))
            return true;
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
            return false;
        redis_nap();
    }
    return false;
}

static inline void redis_stop(redis_server *s) {
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
}

static inline void redis_remove(redis_server *s) {
    char command[128];
    redis_stop(s);
    snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
    if (s->folder[0] && system(command) != 0)
        perror(command);
}

#endif
