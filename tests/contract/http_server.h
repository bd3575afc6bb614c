/* The servers that lib/wire/http is tested against, in processes of their own that end with the test. */
#ifndef JL_TESTS_HTTP_SERVER_H
#define JL_TESTS_HTTP_SERVER_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct http_server {
    char folder[64];             /* with certificates: good.pem, other.pem */
    int port, tls, other, http2; /* plain; TLS; TLS with a certificate for another name; HTTP/2 */
    pid_t pid[2];
    int to[2]; /* their stdin */
} http_server;

/* A certificate of its own making, for `names`. */
static inline bool http_certificate(const http_server *s, const char *file, const char *names) {
    char command[512];
    (void)snprintf(command, sizeof command,
                   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=%s "
                   "-addext subjectAltName=%s -keyout %s/%s.key -out %s/%s.pem 2>/dev/null",
                   file, names, s->folder, file, s->folder, file);
    return system(command) == 0;
}

/* Starts one with a pipe to its stdin, and reads the line that it prints. */
static inline bool http_process(http_server *s, int i, const char *program, const char *script, char *line, int size) {
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        return false;
    s->to[i] = to[1];
    s->pid[i] = fork();
    if (s->pid[i] == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(to[0], 0);
        dup2(from[1], 1);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        execlp(program, program, script, s->folder, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    FILE *f = fdopen(from[0], "r");
    bool there = f && fgets(line, size, f);
    if (f)
        (void)fclose(f);
    return there;
}

static inline bool http_start_servers(http_server *s) {
    const char *python = getenv("PYTHON");
    char line[256];
    strcpy(s->folder, "/tmp/jobline-http.XXXXXX");
    return mkdtemp(s->folder) && http_certificate(s, "good", "DNS:localhost,IP:127.0.0.1") &&
           http_certificate(s, "other", "DNS:elsewhere.example") &&
           http_process(s, 0, python ? python : "/usr/bin/python3", JL_TESTS "/contract/http_server.py", line,
                        sizeof line) &&
           sscanf(line, "%d %d %d", &s->port, &s->tls, &s->other) == 3 &&
           http_process(s, 1, "node", JL_TESTS "/contract/http2_server.js", line, sizeof line) &&
           sscanf(line, "%d", &s->http2) == 1;
}

static inline void http_stop_servers(http_server *s) {
    char command[128];
    for (int i = 0; i < 2; i++) {
        if (s->pid[i] <= 0)
            continue;
        close(s->to[i]);
        kill(s->pid[i], SIGKILL);
        waitpid(s->pid[i], NULL, 0);
    }
    (void)snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
    if (s->folder[0] && system(command) != 0)
        perror(command);
}

#endif
