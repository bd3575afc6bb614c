/* Collects bytes into large writes. */
#include "jsonl/out.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define CAPACITY (UINT32_C(256) << 10)

int jl_out_open(jl_out *out, int fd, const char *name, jl_err *err) {
    *out = (jl_out){.fd = fd, .name = name, .cap = CAPACITY};
    out->buf = malloc(out->cap);
    return out->buf ? 0 : jl_err_nomem(err);
}

static int out_write(jl_out *out, jl_span bytes, jl_err *err) {
    if (out->broken)
        return jl_err_set(err, JL_IO, "%s: an earlier write failed", out->name);
    while (bytes.n > 0) {
        ssize_t put = write(out->fd, bytes.p, bytes.n);
        if (put >= 0) {
            bytes.p += put;
            bytes.n -= (size_t)put;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            /* Somebody else made the shared descriptor non-blocking. */
            struct pollfd fd = {.fd = out->fd, .events = POLLOUT};
            (void)poll(&fd, 1, -1);
        } else if (errno != EINTR) {
            out->broken = true;
            if (errno == EPIPE)
                return jl_err_set(err, JL_PIPE, "%s: the reader has gone away", out->name);
            return jl_err_errno(err, JL_IO, errno, "%s: write failed", out->name);
        }
    }
    return 0;
}

int jl_out_flush(jl_out *out, jl_err *err) {
    jl_span bytes = {out->buf, out->n};
    out->n = 0;
    return bytes.n || out->broken ? out_write(out, bytes, err) : 0;
}

int jl_out_add(jl_out *out, jl_span bytes, jl_err *err) {
    out->bytes += bytes.n;
    if (bytes.n > out->cap - out->n || out->broken) {
        if (jl_out_flush(out, err) != 0)
            return -1;
        if (bytes.n >= out->cap)
            return out_write(out, bytes, err);
    }
    if (bytes.n)
        memcpy(out->buf + out->n, bytes.p, bytes.n);
    out->n += bytes.n;
    return 0;
}

int jl_out_line(jl_out *out, jl_span line, jl_err *err) {
    if (line.n < out->cap - out->n && !out->broken) {
        if (line.n)
            memcpy(out->buf + out->n, line.p, line.n);
        out->buf[out->n + line.n] = '\n';
        jl_out_advance(out, line.n + 1, 1);
        return 0;
    }
    if (jl_out_add(out, line, err) != 0 || jl_out_add(out, JL_SPAN("\n"), err) != 0)
        return -1;
    out->lines++;
    return 0;
}

char *jl_out_room(jl_out *out, size_t n, jl_err *err) {
    if (n <= out->cap - out->n && !out->broken)
        return out->buf + out->n;
    if (jl_out_flush(out, err) != 0)
        return NULL;
    if (n > out->cap) {
        char *p = realloc(out->buf, n);
        if (!p) {
            (void)jl_err_nomem(err);
            return NULL;
        }
        out->buf = p;
        out->cap = n;
    }
    return out->buf;
}

void jl_out_free(jl_out *out) {
    free(out->buf);
    out->buf = NULL;
    out->n = out->cap = 0;
}
