/* A file of lines that only grows. */
#include "store/append.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the last whole line ends. */
static int find_end(const jl_append *a, int64_t size, int64_t *end, jl_err *err) {
    char piece[4096];
    for (*end = size; *end > 0;) {
        int64_t from = *end > (int64_t)sizeof piece ? *end - (int64_t)sizeof piece : 0;
        ssize_t n = pread(a->fd, piece, (size_t)(*end - from), (off_t)from);
        if (n != (ssize_t)(*end - from))
            return jl_err_errno(err, JL_IO, n < 0 ? errno : EIO, "%s: read", a->path);
        while (n > 0 && piece[n - 1] != '\n')
            n--;
        *end = from + n;
        if (n > 0)
            return 0;
    }
    return 0;
}

static int sync_folder(const char *path, jl_err *err) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (!folder)
        return jl_err_nomem(err);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    int rc = fd < 0 || fsync(fd) != 0 ? jl_err_errno(err, JL_IO, errno, "%s: fsync of its folder", path) : 0;
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

static int repair(jl_append *a, jl_err *err) {
    struct stat st;
    int64_t end = 0;
    if (fstat(a->fd, &st) != 0)
        return jl_err_errno(err, JL_IO, errno, "%s", a->path);
    if (!S_ISREG(st.st_mode))
        return jl_err_set(err, JL_CANTCREAT, "%s: is no regular file: what is archived there could not be synced",
                          a->path);
    if (st.st_nlink == 0) /* whoever had the lock has removed it */
        return jl_err_set(err, JL_TEMPFAIL, "%s: another process has just removed it", a->path);
    if (find_end(a, st.st_size, &end, err) != 0)
        return -1;
    if (end != st.st_size && ftruncate(a->fd, (off_t)end) != 0)
        return jl_err_errno(err, JL_IO, errno, "%s: cutting off a torn line", a->path);
    a->safe = end;
    return sync_folder(a->path, err);
}

int jl_append_open(jl_append *a, const char *path, jl_err *err) {
    *a = (jl_append){.fd = -1, .path = strdup(path)};
    if (!a->path)
        return jl_err_nomem(err);
    a->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    int rc = a->fd < 0 ? jl_err_errno(err, JL_CANTCREAT, errno, "%s", path) : 0;
    if (rc == 0 && flock(a->fd, LOCK_EX | LOCK_NB) != 0)
        rc = errno == EWOULDBLOCK ? jl_err_set(err, JL_TEMPFAIL, "%s: another process is writing to it", path)
                                  : jl_err_errno(err, JL_IO, errno, "%s: lock", path);
    if (rc == 0)
        rc = repair(a, err);
    if (rc == 0)
        rc = jl_out_open(&a->out, a->fd, a->path, err);
    if (rc != 0) {
        if (a->fd >= 0)
            (void)close(a->fd);
        a->fd = -1;
        jl_append_close(a);
    }
    return rc;
}

int jl_append_sync(jl_append *a, jl_err *err) {
    if (jl_out_flush(&a->out, err) != 0)
        return -1;
    if (fdatasync(a->fd) != 0)
        return jl_err_errno(err, JL_IO, errno, "%s: fdatasync", a->path);
    off_t end = lseek(a->fd, 0, SEEK_END);
    if (end < 0)
        return jl_err_errno(err, JL_IO, errno, "%s", a->path);
    a->safe = end;
    return 0;
}

void jl_append_close(jl_append *a) {
    if (a->path && a->fd >= 0) {
        /* A failure leaves lines that nothing relies on. */
        if (ftruncate(a->fd, (off_t)a->safe) != 0)
            a->safe = 0;
        (void)close(a->fd);
    }
    jl_out_free(&a->out);
    free(a->path);
    *a = (jl_append){.fd = -1};
}
