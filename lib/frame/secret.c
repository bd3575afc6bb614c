/* Secrets: where they may come from, and what keeps them from going elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frame/run.h"
#include "frame/secret.h"

/* Far more than any key or URL has; a wrong file name is found out rather than read to its end. */
#define SECRET_MAX 65536

/* A dump of memory would hold the secret. Not the resource limit: commands would inherit that, and a kernel that pipes
   dumps to a program does not obey it. */
void jl_secret_held(void) {
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int read_all(int fd, const char *path, jl_buf *out, jl_err *err) {
    for (;;) {
        if (jl_buf_reserve(out, 4096, NULL) != 0)
            return jl_err_set(err, JL_CONFIG, "'%s' is too long for a secret", path);
        ssize_t n = read(fd, out->p + out->n, 4096);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? 0 : jl_err_errno(err, JL_IO, errno, "cannot read '%s'", path);
        out->n += (size_t)n;
    }
}

/* A file that systemd has handed over (LoadCredential=) and that is named by its path, @%d/url. It belongs to root, and
   an access list lets the service's user read it, which shows as a right of the group: mode 0440. What keeps everybody
   else out is the folder. */
static bool is_credential(const char *path) {
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    const char *slash = strrchr(path, '/');
    struct stat is, theirs;
    if (!folder || !*folder || !slash)
        return false;
    char *above = strndup(path, (size_t)(slash - path) + 1);
    bool found = above && stat(above, &is) == 0 && stat(folder, &theirs) == 0 && is.st_dev == theirs.st_dev &&
                 is.st_ino == theirs.st_ino && !(is.st_mode & 0007);
    free(above);
    return found;
}

/* Group and other must not be able to read it. */
static int check_private(int fd, const char *path, jl_err *err) {
    struct stat is;
    if (fstat(fd, &is) != 0)
        return jl_err_errno(err, JL_IO, errno, "cannot examine '%s'", path);
    if (S_ISREG(is.st_mode) && (is.st_mode & 0077) && !is_credential(path))
        return jl_err_set(err, JL_NOPERM, "'%s' holds a secret and others have access to it: chmod 600 it", path);
    return 0;
}

static int append_line(jl_buf *raw, const char *path, jl_buf *secret, jl_err *err) {
    while (raw->n && (raw->p[raw->n - 1] == '\n' || raw->p[raw->n - 1] == '\r'))
        raw->n--;
    if (raw->n == 0)
        return jl_err_set(err, JL_CONFIG, "'%s' is empty", path);
    return jl_buf_add(secret, jl_buf_span(raw), err);
}

int jl_secret_read(const char *path, bool must_be_private, jl_buf *secret, jl_err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return jl_err_errno(err, errno == ENOENT ? JL_NOINPUT : JL_NOPERM, errno, "cannot open '%s'", path);
    jl_buf raw = {.max = SECRET_MAX};
    int result = must_be_private ? check_private(fd, path, err) : 0;
    if (result == 0) {
        jl_secret_held();
        result = read_all(fd, path, &raw, err);
    }
    if (result == 0)
        result = append_line(&raw, path, secret, err);
    if (raw.p)
        explicit_bzero(raw.p, raw.cap);
    jl_buf_free(&raw);
    close(fd); /* nothing was written */
    return result;
}

/* $CREDENTIALS_DIRECTORY/name (systemd's LoadCredential=): 1 when there is none. The folder belongs to the service
   alone, so the mode of the file is the manager's business. */
static int from_credentials(const char *name, jl_buf *secret, jl_err *err) {
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder || !*folder || !name)
        return 1;
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return jl_err_nomem(err);
    int result = access(path, F_OK) == 0 ? jl_secret_read(path, false, secret, err) : 1;
    free(path);
    return result;
}

/* The variable goes away, from the strings that /proc shows, too: 1 when there is none. */
static int from_environment(const char *env, jl_buf *secret, jl_err *err) {
    char *text = env ? getenv(env) : NULL;
    if (!text || !*text)
        return 1;
    jl_secret_held();
    int result = jl_buf_add(secret, jl_span_of(text), err);
    explicit_bzero(text, strlen(text));
    if (unsetenv(env) != 0)
        return jl_err_errno(err, JL_SOFTWARE, errno, "cannot remove %s from the environment", env);
    return result;
}

int jl_run_secret(const char *file, const char *name, const char *env, jl_buf *secret, jl_err *err) {
    if (file)
        return jl_secret_read(file, true, secret, err);
    int result = from_credentials(name, secret, err);
    if (result == 1)
        result = from_environment(env, secret, err);
    if (result == 1) {
        return jl_err_set(err, JL_NOPERM, "a secret is missing: give a file with --key-file%s%s%s%s",
                          name ? ", a credential named " : "", name ? name : "", env ? ", or the variable " : "",
                          env ? env : "");
    }
    return result;
}
