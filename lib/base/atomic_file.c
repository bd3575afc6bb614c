/* Temporary file beside the target, fsync, rename, fsync of the folder: in this order a crash leaves the old file or
   the new one. */
#include "base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/* As many links as the kernel itself follows (path_resolution(7)). */
#define LINKS_MAX 40

/* The part of `path` before its last component, '/' included; "" when it has one component only. */
static jl_span folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return (jl_span){path, slash ? (size_t)(slash - path) + 1 : 0};
}

/* The path that a symbolic link at `path` leads to (one step), for the caller to free; NULL with errno: EINVAL when
   it is no link. */
static char *follow(const char *path) {
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0)
        return NULL;
    target[n] = '\0';
    jl_span folder = folder_of(path);
    char *next = NULL;
    if (asprintf(&next, "%.*s%s", target[0] == '/' ? 0 : (int)folder.n, folder.p, target) < 0)
        return NULL;
    return next;
}

/* Where a file at `path` really stands or will stand; for the caller to free. NULL with errno. */
static char *resolve(const char *path) {
    char *at = strdup(path);
    for (int links = 0; at && links < LINKS_MAX; links++) {
        char *next = follow(at);
        if (!next && (errno == EINVAL || errno == ENOENT))
            return at;
        int saved = errno;
        free(at);
        at = next;
        errno = saved;
    }
    if (at) {
        free(at);
        errno = ELOOP;
    }
    return NULL;
}

/* Creates a file that nobody else has, with the mode that the umask gives. Fills f->temporary and f->fd. */
static int create_beside(jl_atomic *f, jl_err *err) {
    static atomic_uint serial;
    jl_span folder = folder_of(f->path);
    const char *name = f->path + folder.n;
    for (int attempt = 0; attempt < 100; attempt++) {
        /* NAME_MAX is 255: a long name is cut to leave room for the rest. */
        if (asprintf(&f->temporary, "%.*s.%.200s.%ld-%u-%06" PRId64 ".tmp", (int)folder.n, folder.p, name,
                     (long)getpid(), atomic_fetch_add(&serial, 1), jl_clock_wall() / 1000 % 1000000) < 0) {
            f->temporary = NULL;
            return jl_err_nomem(err);
        }
        f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
        if (f->fd >= 0)
            return 0;
        int saved = errno;
        free(f->temporary);
        f->temporary = NULL;
        if (saved != EEXIST)
            return jl_err_errno(err, JL_CANTCREAT, saved, "cannot create a file beside '%s'", f->path);
    }
    return jl_err_errno(err, JL_CANTCREAT, EEXIST, "cannot create a file beside '%s'", f->path);
}

/* A device or a named pipe cannot be replaced by a file. Nor must what the shell has opened for us: behind `>> FILE`,
   a renamed /dev/stdout would throw away what FILE held. */
static bool is_special(const char *path, const struct stat *is) {
    static const char *const open_already[] = {"/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/"};
    for (size_t i = 0; i < sizeof open_already / sizeof open_already[0]; i++)
        if (strncmp(path, open_already[i], strlen(open_already[i])) == 0)
            return true;
    return !S_ISREG(is->st_mode);
}

/* Written as it stands: no temporary file then. */
static int open_special(jl_atomic *f, jl_err *err) {
    f->fd = open(f->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
    if (f->fd < 0)
        return jl_err_errno(err, JL_CANTCREAT, errno, "cannot open '%s'", f->path);
    return 0;
}

static int open_path(jl_atomic *f, const char *path, jl_err *err) {
    if (!*path)
        return jl_err_set(err, JL_CANTCREAT, "cannot create a file without a name");
    struct stat was;
    bool exists = stat(path, &was) == 0;
    if (exists && S_ISDIR(was.st_mode))
        return jl_err_errno(err, JL_CANTCREAT, EISDIR, "cannot create '%s'", path);
    bool special = exists && is_special(path, &was);
    f->path = special ? strdup(path) : resolve(path);
    if (!f->path)
        return errno == ENOMEM ? jl_err_nomem(err) : jl_err_errno(err, JL_CANTCREAT, errno, "cannot create '%s'", path);
    if (special)
        return open_special(f, err);
    if (create_beside(f, err) != 0)
        return -1;
    if (exists && fchmod(f->fd, was.st_mode & 07777) != 0)
        return jl_err_errno(err, JL_CANTCREAT, errno, "cannot give a file beside '%s' its mode", path);
    return 0;
}

int jl_atomic_open(jl_atomic *f, const char *path, jl_err *err) {
    *f = (jl_atomic){.fd = -1};
    if (open_path(f, path, err) != 0) {
        jl_atomic_abandon(f);
        return -1;
    }
    return 0;
}

/* Makes the rename durable. */
static int sync_folder(const char *path) {
    jl_span folder = folder_of(path);
    char *name = folder.n ? strndup(folder.p, folder.n) : strdup(".");
    if (!name)
        return -1;
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int saved = errno;
    free(name);
    if (fd < 0) {
        if (saved == EACCES) { /* a folder that one may write and search, but not read */
            sync();
            return 0;
        }
        errno = saved;
        return -1;
    }
    /* Some file systems know no fsync of a folder and say EINVAL. */
    int failed = fsync(fd) != 0 && errno != EINVAL;
    saved = errno;
    if (close(fd) != 0 && !failed)
        return -1;
    errno = saved;
    return failed ? -1 : 0;
}

static int commit(jl_atomic *f, const char *suffix, jl_err *err) {
    /* EINVAL: nothing that could be synced, such as a pipe. */
    if (fsync(f->fd) != 0 && (f->temporary || errno != EINVAL))
        return jl_err_errno(err, JL_IO, errno, "cannot sync '%s'", f->path);
    int closed = close(f->fd);
    f->fd = -1;
    if (closed != 0)
        return jl_err_errno(err, JL_IO, errno, "cannot close '%s'", f->path);
    if (!f->temporary)
        return 0;
    char *target = NULL;
    if (asprintf(&target, "%s%s", f->path, suffix) < 0)
        return jl_err_nomem(err);
    int result = 0;
    if (rename(f->temporary, target) != 0) {
        result = jl_err_errno(err, JL_IO, errno, "cannot rename to '%s'", target);
    } else {
        free(f->temporary);
        f->temporary = NULL;
        if (sync_folder(target) != 0)
            result = jl_err_errno(err, JL_IO, errno, "cannot sync the folder of '%s'", target);
    }
    free(target);
    return result;
}

int jl_atomic_commit(jl_atomic *f, const char *suffix, jl_err *err) {
    int result = commit(f, suffix, err);
    jl_atomic_abandon(f);
    return result;
}

void jl_atomic_abandon(jl_atomic *f) {
    /* A zero struct has fd 0 but no path: stdin is not ours to close. */
    if (f->path && f->fd >= 0)
        close(f->fd);
    if (f->temporary)
        unlink(f->temporary);
    free(f->temporary);
    free(f->path);
    *f = (jl_atomic){.fd = -1};
}
