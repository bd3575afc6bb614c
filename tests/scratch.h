/* A folder of a test's own, made before its tests and removed behind them. */
#ifndef JL_TESTS_SCRATCH_H
#define JL_TESTS_SCRATCH_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

static char scratch_folder[64];

/* The group's setup: the folder is the current one. A test that hangs is ended after two minutes. */
static inline int scratch_enter(void **state) {
    (void)state;
    alarm(120);
    strcpy(scratch_folder, "/tmp/jobline-test.XXXXXX");
    return mkdtemp(scratch_folder) && chdir(scratch_folder) == 0 ? 0 : -1;
}

static inline int scratch_leave(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", scratch_folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static inline void scratch_write(const char *path, jl_span bytes) {
    FILE *f = fopen(path, "w");
    if (!f || (bytes.n && fwrite(bytes.p, 1, bytes.n, f) != bytes.n) || fclose(f) != 0)
        abort();
}

/* Appends what can be read from `fd` to `to`. */
static inline void scratch_drain(int fd, jl_buf *to) {
    ssize_t got;
    do {
        if (jl_buf_reserve(to, 1 << 16, NULL) != 0)
            abort();
        got = read(fd, to->p + to->n, to->cap - to->n);
        if (got > 0)
            to->n += (size_t)got;
    } while (got > 0);
}

/* The bytes of a file, for the caller to free; `none`, when not NULL, says whether it is missing. */
static inline jl_buf scratch_read(const char *path, bool *none) {
    jl_buf b = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (none)
        *none = fd < 0;
    else if (fd < 0)
        abort();
    if (fd >= 0) {
        scratch_drain(fd, &b);
        close(fd);
    }
    return b;
}

static inline bool scratch_exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* Entries of the folder, so that nothing is left behind unseen. */
static inline int scratch_count(void) {
    FILE *f = popen("ls -A | wc -l", "r");
    int n = -1;
    if (!f || fscanf(f, "%d", &n) != 1 || pclose(f) != 0)
        abort();
    return n;
}

#endif
