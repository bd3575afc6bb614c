/* Payloads written once, below two hex digits of their hash. */
#include "hasdata/raw.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/digest.h"

static int make_folder(const char *path, jl_err *err) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    return jl_err_errno(err, JL_CANTCREAT, errno, "cannot make the folder '%s'", path);
}

static int write_all(int fd, jl_span bytes, const char *path, jl_err *err) {
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return jl_err_errno(err, JL_IO, errno, "cannot write '%s'", path);
        bytes.p += n;
        bytes.n -= (size_t)n;
    }
    return 0;
}

static int put(const char *path, jl_span body, jl_err *err) {
    struct stat is;
    jl_atomic file;
    if (stat(path, &is) == 0 && is.st_size == (off_t)body.n)
        return 0;
    if (jl_atomic_open(&file, path, err) != 0)
        return -1;
    if (write_all(file.fd, body, path, err) != 0) {
        jl_atomic_abandon(&file);
        return -1;
    }
    return jl_atomic_commit(&file, "", err);
}

static bool begins_as_json(jl_span body) {
    size_t i = 0;
    while (i < body.n && strchr(" \t\r\n", body.p[i]))
        i++;
    return i < body.n && (body.p[i] == '{' || body.p[i] == '[');
}

int jl_raw_put(const char *folder, jl_span body, char name[JL_RAW_NAME_SIZE], jl_err *err) {
    jl_digest128 hash = jl_digest_wide(body, 0);
    char *below = NULL, *path = NULL;
    snprintf(name, JL_RAW_NAME_SIZE, "%02x/%016" PRIx64 "%016" PRIx64 "%s", (unsigned)(hash.hi >> 56), hash.hi, hash.lo,
             begins_as_json(body) ? ".json" : ".html");
    if (asprintf(&below, "%s/%.2s", folder, name) < 0)
        return jl_err_nomem(err);
    int rc = asprintf(&path, "%s/%s", folder, name) < 0 ? jl_err_nomem(err) : 0;
    if (rc == 0)
        rc = make_folder(folder, err) != 0 || make_folder(below, err) != 0 ? -1 : put(path, body, err);
    else
        path = NULL;
    free(below);
    free(path);
    return rc;
}
