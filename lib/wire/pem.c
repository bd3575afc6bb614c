/* Certificates read from files: bundles of roots are too large for what reads secrets. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "wire/pem.h"

enum { BLOCK = 64 * 1024, PEM_MAX = 4 * 1024 * 1024 };

static int read_all(int fd, const char *path, jl_buf *pem, jl_err *err) {
    size_t before = pem->n;
    for (;;) {
        if (jl_buf_reserve(pem, BLOCK, err) != 0)
            return -1;
        ssize_t n = read(fd, pem->p + pem->n, BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return jl_err_errno(err, JL_IO, errno, "cannot read '%s'", path);
        if (n == 0)
            return 0;
        pem->n += (size_t)n;
        if (pem->n - before > PEM_MAX)
            return jl_err_set(err, JL_CONFIG, "'%s' is too long for certificates", path);
    }
}

int jl_pem_read(const char *path, jl_buf *pem, jl_err *err) {
    size_t before = pem->n;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return jl_err_errno(err, JL_NOINPUT, errno, "cannot open '%s'", path);
    int rc = read_all(fd, path, pem, err);
    close(fd); /* nothing was written */
    if (rc == 0 && (pem->n == before || !memmem(pem->p + before, pem->n - before, "-----BEGIN ", 11)))
        rc = jl_err_set(err, JL_CONFIG, "'%s' is no PEM file", path);
    return rc;
}
