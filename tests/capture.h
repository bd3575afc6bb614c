/* Running a function in a process of its own, for tests: what it reads, writes and ends with. */
#ifndef JL_TESTS_CAPTURE_H
#define JL_TESTS_CAPTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct capture {
    char out[1 << 16], err[1 << 16]; /* NUL-terminated */
    int status;                      /* exit status, or 128 + n after signal n */
} capture;

static inline int capture_file(void) {
    FILE *f = tmpfile();
    if (!f)
        abort();
    int fd = dup(fileno(f));
    fclose(f);
    return fd;
}

static inline void capture_read(int fd, char *text, size_t size) {
    ssize_t n = pread(fd, text, size - 1, 0);
    if (n < 0)
        abort();
    text[n] = '\0';
    close(fd);
}

/* Waits for a child; what a shell calls its status. */
static inline int capture_wait(pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) != pid)
        abort();
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Runs `body(self)` in a child with `in` on its stdin (NULL: /dev/null); its result is the exit status. */
static inline void capture_run(capture *c, const char *in, int (*body)(void *self), void *self) {
    int fd[3] = {in ? capture_file() : open("/dev/null", O_RDONLY), capture_file(), capture_file()};
    if (in && (write(fd[0], in, strlen(in)) != (ssize_t)strlen(in) || lseek(fd[0], 0, SEEK_SET) != 0))
        abort();
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        for (int i = 0; i < 3; i++) {
            dup2(fd[i], i);
            close(fd[i]);
        }
        exit(body(self));
    }
    c->status = capture_wait(pid);
    close(fd[0]);
    capture_read(fd[1], c->out, sizeof c->out);
    capture_read(fd[2], c->err, sizeof c->err);
}

#endif
