/* A real PostgreSQL of our own: on a socket in a folder of its own, and on a free port of 127.0.0.1.

   PostgreSQL refuses to run as root: there it runs as the user nobody. Its folder is made once (initdb takes a second) and
   copied for each server that a test starts; without fsync, for no test pulls the plug. */
#ifndef JL_TESTS_PG_SERVER_H
#define JL_TESTS_PG_SERVER_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct pg_server {
    char folder[64];  /* with the socket */
    char url[160];    /* postgres://jobline:PG_PASSWORD@127.0.0.1:PORT/jobline */
    char socket[200]; /* the same over the socket, without a password */
    int port;
    pid_t pid;
} pg_server;

#define PG_PASSWORD "s3cret"

/* tests/tools/pg_server COMMAND FOLDER [OPTION...]: what a shell does better. False: it failed. */
static inline bool pg_tool(const char *command, pg_server *s) {
    char line[256];
    snprintf(line, sizeof line, JL_TESTS "/tools/pg_server %s '%s'", command, s->folder);
    return system(line) == 0;
}

static inline void pg_nap(void) {
    nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
}

static inline bool pg_read(const pg_server *s, const char *name, char *text, size_t size) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, size - 1, f) : 0;
    text[n] = '\0';
    if (f)
        fclose(f);
    return n > 0;
}

/* Starts it again on the same port and folder; returns when it answers. */
static inline bool pg_start_again(pg_server *s) {
    char line[64];
    s->pid = fork();
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGINT);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execl(JL_TESTS "/tools/pg_server", "pg_server", "run", s->folder, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 3000; i++) {
        if (pg_read(s, "data/postmaster.pid", line, sizeof line) && pg_tool("answers", s))
            return true;
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
            return false;
        pg_nap();
    }
    return false;
}

static inline bool pg_start(pg_server *s) {
    char port[16];
    strcpy(s->folder, "/tmp/jobline-pg.XXXXXX");
    if (!mkdtemp(s->folder) || !pg_tool("make", s) || !pg_read(s, "port", port, sizeof port))
        return false;
    s->port = atoi(port);
    snprintf(s->url, sizeof s->url, "postgres://jobline:" PG_PASSWORD "@127.0.0.1:%d/jobline", s->port);
    snprintf(s->socket, sizeof s->socket, "postgres://jobline@/jobline?host=%s&port=%d", s->folder, s->port);
    return pg_start_again(s);
}

/* SIGINT ends it in order, its clients' connections at once; SIGQUIT as a crash would; SIGTERM waits for the clients. */
static inline void pg_stop(pg_server *s, int signal_number) {
    if (s->pid > 0) {
        kill(s->pid, signal_number);
        waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
}

static inline void pg_remove(pg_server *s) {
    char command[128];
    pg_stop(s, SIGQUIT);
    snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
    if (s->folder[0] && system(command) != 0)
        perror(command);
}

#endif
