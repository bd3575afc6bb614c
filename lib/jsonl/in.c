/* Reads blocks as large as the pipe or file gives them. The buffer holds complete lines, then the beginning of one. */
#include "jsonl/in.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One read(2) asks for this much: a pipe set to this size is emptied in one call, and the block still fits into the
   second-level cache when its lines are written out again. */
#define BLOCK (UINT64_C(1) << 20)

static const char bom[3] = {'\xef', '\xbb', '\xbf'};

static int in_start(jl_in *in, jl_err *err) {
    struct stat st;
    if (fstat(in->fd, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return jl_err_set(err, JL_NOINPUT, "%s: is a directory", in->name);
        if (S_ISREG(st.st_mode))
            in->size = (uint64_t)st.st_size;
        if (S_ISFIFO(st.st_mode))
            (void)fcntl(in->fd, F_SETPIPE_SZ, (int)BLOCK); /* refused beyond a user's limit: then it stays as it is */
    }
    in->line = 1;
    in->cap = BLOCK + JL_PAD + 1;
    in->buf = malloc(in->cap);
    return in->buf ? 0 : jl_err_nomem(err);
}

int jl_in_open(jl_in *in, const char *path, uint64_t max_line, jl_err *err) {
    if (strcmp(path, "-") == 0)
        return jl_in_from(in, STDIN_FILENO, "stdin", max_line, err);
    *in = (jl_in){.name = path, .max_line = max_line, .own_fd = true};
    in->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        return jl_err_errno(err, JL_NOINPUT, errno, "%s", path);
    if (in_start(in, err) == 0)
        return 0;
    jl_in_close(in);
    return -1;
}

int jl_in_from(jl_in *in, int fd, const char *name, uint64_t max_line, jl_err *err) {
    *in = (jl_in){.fd = fd, .name = name, .max_line = max_line};
    return in_start(in, err);
}

void jl_in_close(jl_in *in) {
    if (in->own_fd && in->fd >= 0)
        (void)close(in->fd); /* only read from: nothing can be lost here */
    free(in->buf);
    *in = (jl_in){.fd = -1};
}

bool jl_in_usual(const jl_in *in) {
    return in->cap <= BLOCK + JL_PAD + 1;
}

bool jl_in_roomy(const jl_in *in) {
    return in->cap - (in->tail - in->head) >= BLOCK / 2 + JL_PAD + 1;
}

/* Makes room for one more block behind the unread bytes, one LF and the padding. */
static int in_room(jl_in *in, jl_err *err) {
    if (in->head > 0) {
        memmove(in->buf, in->buf + in->head, in->tail - in->head);
        in->end -= in->head;
        in->tail -= in->head;
        in->head = 0;
    }
    /* Behind a long line the buffer is a usual one again. */
    if (!jl_in_usual(in) && in->tail <= BLOCK / 2) {
        char *usual = realloc(in->buf, BLOCK + JL_PAD + 1);
        if (usual) {
            in->buf = usual;
            in->cap = BLOCK + JL_PAD + 1;
        }
    }
    if (jl_in_roomy(in))
        return 0;
    /* An unfinished line fills the buffer. It is given up at max_line (jl_in_long), so the buffer stays below twice
       max_line and a block. */
    size_t cap = in->cap * 2;
    size_t most = in->max_line + 2 * BLOCK + JL_PAD + 1;
    if (cap > most)
        cap = most;
    if (cap - in->tail < BLOCK / 2 + JL_PAD + 1)
        cap = in->tail + BLOCK + JL_PAD + 1;
    char *p = realloc(in->buf, cap);
    if (!p)
        return jl_err_nomem(err);
    in->buf = p;
    in->cap = cap;
    return 0;
}

/* A byte order mark at the very start is no part of the first line. */
static void in_skip_bom(jl_in *in, uint64_t before) {
    if (before >= sizeof bom)
        return;
    /* Nothing is taken from the buffer before its first LF, so the first bytes still stand at the head. */
    if (in->boms == 0 && in->line == 1 && in->bytes >= sizeof bom && in->tail - in->head == in->bytes &&
        memcmp(in->buf + in->head, bom, sizeof bom) == 0) {
        in->head += sizeof bom;
        in->boms = 1;
        if (in->end < in->head)
            in->end = in->head;
    }
}

int jl_in_fill(jl_in *in, jl_err *err) {
    if (in->eof)
        return 0;
    if (in_room(in, err) != 0)
        return -1;
    ssize_t got = read(in->fd, in->buf + in->tail, in->cap - in->tail - JL_PAD - 1);
    if (got < 0) {
        if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)
            return -2;
        return jl_err_errno(err, JL_IO, errno, "%s: read failed", in->name);
    }
    size_t scan = in->tail;
    if (got == 0) {
        in->eof = true;
        if (in->tail > in->end)
            in->buf[in->tail++] = '\n';
        else if (!in->in_long)
            return 0;
        else
            in->buf[in->tail++] = '\n'; /* ends the long line whose pieces have been taken */
    } else {
        uint64_t before = in->bytes;
        in->bytes += (uint64_t)got;
        in->tail += (size_t)got;
        in_skip_bom(in, before);
        if (scan < in->head)
            scan = in->head;
    }
    if (!in->in_long) {
        const char *lf = memrchr(in->buf + scan, '\n', in->tail - scan);
        if (lf)
            in->end = (size_t)(lf - in->buf) + 1;
    }
    memset(in->buf + in->tail, 0, JL_PAD);
    return got > 0;
}

int jl_in_hand_over(jl_in *in, char **buf, size_t *cap, jl_span *lines, jl_err *err) {
    size_t rest = in->tail - in->end;
    if (!*buf) {
        *buf = malloc(in->cap);
        if (!*buf)
            return jl_err_nomem(err);
        *cap = in->cap;
    }
    memcpy(*buf, in->buf + in->end, rest + JL_PAD);
    *lines = jl_in_lines(in);
    char *full = in->buf;
    in->buf = *buf;
    *buf = full;
    in->head = in->end = 0;
    in->tail = rest;
    return 0;
}

bool jl_in_long(jl_in *in, jl_span *piece, bool *last) {
    if (!in->in_long) {
        if (in->tail - in->end <= in->max_line)
            return false;
        in->in_long = true;
    }
    if (in->tail == in->end)
        return false;
    char *start = in->buf + in->end;
    char *lf = memchr(start, '\n', in->tail - in->end);
    *last = lf != NULL;
    if (!lf) {
        *piece = (jl_span){start, in->tail - in->end};
        in->head = in->end = in->tail;
        return true;
    }
    *piece = (jl_span){start, (size_t)(lf - start)};
    in->in_long = false;
    in->line++;
    in->head = in->end = (size_t)(lf - in->buf) + 1;
    const char *end = memrchr(in->buf + in->head, '\n', in->tail - in->head);
    if (end)
        in->end = (size_t)(end - in->buf) + 1;
    return true;
}

int jl_in_too_long(const char *name, uint64_t max_line, uint64_t number, jl_err *err) {
    (void)jl_err_set(err, JL_DATA, "longer than --max-line");
    jl_err_place(err, name, number);
    if (err)
        err->byte = max_line + 1;
    return -1;
}
