/* Ends an output so that what it says about the run is true. */
#include "frame/output.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int jl_output_open(jl_output *o, const jl_run *run, char *const *command, jl_err *err) {
    memset(o, 0, sizeof *o);
    o->file.fd = -1;
    if (command) {
        if (run->output)
            return jl_err_set(err, JL_USAGE, "the command takes the output: -o cannot have it too");
        o->kind = JL_TO_COMMAND;
        if (jl_child_start(&o->child, command, false, NULL, err) != 0)
            return -1;
        return jl_out_open(&o->out, o->child.to, o->child.name, err);
    }
    if (run->output && strcmp(run->output, "-") != 0) {
        o->kind = JL_TO_FILE;
        if (jl_atomic_open(&o->file, run->output, err) != 0)
            return -1;
        return jl_out_open(&o->out, o->file.fd, run->output, err);
    }
    o->kind = JL_TO_STDOUT;
    return jl_out_open(&o->out, STDOUT_FILENO, "stdout", err);
}

bool jl_output_is(const jl_output *o, int fd) {
    struct stat in, out;
    if (o->kind != JL_TO_STDOUT || fstat(fd, &in) != 0 || fstat(o->out.fd, &out) != 0)
        return false;
    return S_ISREG(in.st_mode) && in.st_dev == out.st_dev && in.st_ino == out.st_ino && in.st_size > 0;
}

/* A regular file on stdout is synced, so that a mark committed afterwards never outlives the lines; its close is
   checked, because that is where a network file system reports a full disk. */
static int stdout_end(bool sync, jl_err *err) {
    struct stat st;
    if (sync && fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) && fsync(STDOUT_FILENO) != 0 && errno != EINVAL &&
        errno != EROFS)
        return jl_err_errno(err, JL_IO, errno, "stdout: cannot sync");
    int copy = dup(STDOUT_FILENO);
    if (copy >= 0 && close(copy) != 0)
        return jl_err_errno(err, JL_IO, errno, "stdout: close failed");
    return 0;
}

static bool is_signal(int status) {
    return status > 128 && status != JL_PIPE;
}

/* The lines so far are whole, and some may have cost model time. */
static bool is_partial(int status) {
    return status == JL_TEMPFAIL || status == JL_UNAVAILABLE || is_signal(status);
}

int jl_output_end(jl_output *o, int status, jl_err *err) {
    int rc = o->out.broken ? 0 : jl_out_flush(&o->out, err);
    if (o->kind == JL_TO_COMMAND) {
        jl_err ended = {0};
        if (jl_child_wait(&o->child, &ended) != JL_OK && (rc == 0 || (err && err->class == JL_PIPE))) {
            if (err)
                *err = ended;
            rc = -1;
        }
    } else if (o->kind == JL_TO_FILE && rc == 0 && !o->out.broken && (status == JL_OK || is_partial(status))) {
        rc = jl_atomic_commit(&o->file, status == JL_OK ? "" : ".partial", err);
    } else if (o->kind == JL_TO_STDOUT && rc == 0 && (status == JL_OK || is_signal(status))) {
        rc = stdout_end(o->sync, err);
    }
    jl_atomic_abandon(&o->file);
    jl_out_free(&o->out);
    return rc;
}

int jl_output_text(const jl_run *run, const char *path, jl_span text, jl_err *err) {
    jl_run to = *run;
    jl_output output;
    jl_err first = {0}, second = {0};
    to.output = path ? path : run->output;
    if (jl_output_open(&output, &to, NULL, err) != 0)
        return -1;
    int rc = jl_out_add(&output.out, text, &first);
    if (jl_output_end(&output, (int)first.class, &second) != 0 && rc == 0) {
        first = second;
        rc = -1;
    }
    if (rc != 0 && err)
        *err = first;
    return rc;
}
