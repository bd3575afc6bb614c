/* A library to be preloaded that makes the N-th call of one function fail.
 *
 *   JL_FAULT=read:5:EIO       the fifth read() fails with EIO (functions and errors: the tables below)
 *   JL_FAULT=write:3:short    the third write() takes one byte only
 *   JL_FAULT=send:1:stop      the program stops (SIGSTOP) before the first send(), which it then does
 *   JL_FAULT_SEEN=FILE        at exit, writes how many calls of the function there were
 *
 * Only the program that JL_FAULT_IN names (its file name) is disturbed, not the commands that it starts. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#define STOP (-1)

static struct {
    char function[16];
    long nth;
    int error; /* 0 = a short transfer, STOP = none */
    bool armed;
    atomic_long calls;
} fault;

static const struct {
    const char *name;
    int number;
} errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},   {"EAGAIN", EAGAIN},
              {"ENOMEM", ENOMEM}, {"EMFILE", EMFILE}, {"short", 0},       {"stop", STOP},
              {"EACCES", EACCES}, {"EPIPE", EPIPE},   {"EDQUOT", EDQUOT}, {"ECONNREFUSED", ECONNREFUSED}};

__attribute__((constructor)) static void arm(void) {
    const char *spec = getenv("JL_FAULT");
    const char *only = getenv("JL_FAULT_IN");
    char error[16];
    if (!spec || !only || strcmp(only, program_invocation_short_name) != 0 ||
        sscanf(spec, "%15[^:]:%ld:%15s", fault.function, &fault.nth, error) != 3)
        return;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (strcmp(error, errors[i].name) == 0) {
            fault.error = errors[i].number;
            fault.armed = true;
        }
    }
}

__attribute__((destructor)) static void tell(void) {
    const char *file = getenv("JL_FAULT_SEEN");
    if (!fault.armed || !file)
        return;
    fault.armed = false;
    FILE *f = fopen(file, "w");
    if (f) {
        fprintf(f, "%ld\n", atomic_load(&fault.calls));
        (void)fclose(f);
    }
}

/* True when this call of `function` is the one. */
static bool strikes(const char *function) {
    if (!fault.armed || strcmp(function, fault.function) != 0 || atomic_fetch_add(&fault.calls, 1) + 1 != fault.nth)
        return false;
    if (fault.error == STOP)
        (void)raise(SIGSTOP);
    return fault.error != STOP;
}

/* The function behind ours. A data pointer becomes a function pointer as POSIX says it may. */
#define REAL(type, name, ...)                                                                                          \
    static type (*real)(__VA_ARGS__);                                                                                  \
    if (!real)                                                                                                         \
    *(void **)&real = dlsym(RTLD_NEXT, name)

#define FAIL_IF_STRUCK(name, result)                                                                                   \
    if (strikes(name)) {                                                                                               \
        errno = fault.error;                                                                                           \
        return result;                                                                                                 \
    }

ssize_t read(int fd, void *buffer, size_t n) {
    REAL(ssize_t, "read", int, void *, size_t);
    if (strikes("read")) {
        if (fault.error == 0)
            return real(fd, buffer, n ? 1 : 0);
        errno = fault.error;
        return -1;
    }
    return real(fd, buffer, n);
}

ssize_t write(int fd, const void *buffer, size_t n) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (fd != 2 && strikes("write")) {
        if (fault.error == 0)
            return real(fd, buffer, n ? 1 : 0);
        errno = fault.error;
        return -1;
    }
    return real(fd, buffer, n);
}

ssize_t pread64(int fd, void *buffer, size_t n, off64_t at) {
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
    if (strikes("read")) {
        if (fault.error == 0)
            return real(fd, buffer, n ? 1 : 0, at);
        errno = fault.error;
        return -1;
    }
    return real(fd, buffer, n, at);
}

ssize_t pwrite64(int fd, const void *buffer, size_t n, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (strikes("write")) {
        if (fault.error == 0)
            return real(fd, buffer, n ? 1 : 0, at);
        errno = fault.error;
        return -1;
    }
    return real(fd, buffer, n, at);
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    FAIL_IF_STRUCK("fsync", -1)
    return real(fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    FAIL_IF_STRUCK("fsync", -1)
    return real(fd);
}

int close(int fd) { /* closes, as Linux does, and fails */
    REAL(int, "close", int);
    int result = real(fd);
    FAIL_IF_STRUCK("close", -1)
    return result;
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    FAIL_IF_STRUCK("rename", -1)
    return real(from, to);
}

/* Declared here because <sys/socket.h> gives it a type of glibc's own. */
struct sockaddr;
int connect(int fd, const struct sockaddr *address, unsigned n);
ssize_t send(int fd, const void *buffer, size_t n, int flags);

int connect(int fd, const struct sockaddr *address, unsigned n) {
    REAL(int, "connect", int, const struct sockaddr *, unsigned);
    FAIL_IF_STRUCK("connect", -1)
    return real(fd, address, n);
}

ssize_t send(int fd, const void *buffer, size_t n, int flags) {
    REAL(ssize_t, "send", int, const void *, size_t, int);
    if (strikes("send") || strikes("write")) {
        if (fault.error == 0)
            return real(fd, buffer, n ? 1 : 0, flags);
        errno = fault.error;
        return -1;
    }
    return real(fd, buffer, n, flags);
}

int open(const char *path, int flags, ...) {
    REAL(int, "open", const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    FAIL_IF_STRUCK("open", -1)
    return real(path, flags, mode);
}

int mkostemp(char *name, int flags) {
    REAL(int, "mkostemp", char *, int);
    FAIL_IF_STRUCK("open", -1)
    return real(name, flags);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset) {
    REAL(void *, "mmap", void *, size_t, int, int, int, off_t);
    FAIL_IF_STRUCK("mmap", MAP_FAILED)
    return real(at, n, protection, flags, fd, offset);
}

int pipe2(int fds[2], int flags) {
    REAL(int, "pipe2", int *, int);
    FAIL_IF_STRUCK("pipe", -1)
    return real(fds, flags);
}

int posix_spawnp(pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *restrict actions,
                 const posix_spawnattr_t *restrict attributes, char *const argv[restrict], char *const env[restrict]) {
    REAL(int, "posix_spawnp", pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
         char *const *, char *const *);
    FAIL_IF_STRUCK("spawn", fault.error)
    return real(pid, file, actions, attributes, argv, env);
}

/* glibc's own entry points: dlsym may allocate, so the real functions are called by their other names. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);

void *malloc(size_t n) {
    FAIL_IF_STRUCK("malloc", NULL)
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
    FAIL_IF_STRUCK("malloc", NULL)
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n) {
    FAIL_IF_STRUCK("malloc", NULL)
    return __libc_realloc(p, n);
}

void *reallocarray(void *p, size_t n, size_t size) {
    size_t bytes;
    FAIL_IF_STRUCK("malloc", NULL)
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(p, bytes);
}

void *aligned_alloc(size_t alignment, size_t n) {
    FAIL_IF_STRUCK("malloc", NULL)
    return __libc_memalign(alignment, n);
}
