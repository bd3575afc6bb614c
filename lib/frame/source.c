/* Lines are scanned where they were read; with several threads whole buffers travel through the crew, and what it did
   not scan, or was not worth it, is scanned here. */
#include "frame/source.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jsonl/utf8.h"

#define WORTH_A_THREAD (UINT32_C(64) << 10) /* bytes of lines */

/* ---- inputs ---- */

static int source_check(jl_source *s, jl_err *err) {
    bool known = true;
    for (char *const *path = s->next_input; *path; path++) {
        struct stat st;
        bool is_stdin = strcmp(*path, "-") == 0;
        if (is_stdin ? fstat(STDIN_FILENO, &st) != 0 : stat(*path, &st) != 0)
            return jl_err_errno(err, JL_NOINPUT, errno, "%s", is_stdin ? "stdin" : *path);
        if (!is_stdin && access(*path, R_OK) != 0)
            return jl_err_errno(err, JL_NOINPUT, errno, "%s", *path);
        if (S_ISDIR(st.st_mode))
            return jl_err_set(err, JL_NOINPUT, "%s: is a directory", is_stdin ? "stdin" : *path);
        known = known && S_ISREG(st.st_mode);
        s->bytes_total += (uint64_t)st.st_size;
    }
    if (!known)
        s->bytes_total = 0;
    return 0;
}

int jl_source_open(jl_source *s, const jl_source_options *options, jl_err *err) {
    static char *const only_stdin[] = {(char *)"-", NULL};
    const jl_source_options *o = options;
    *s = (jl_source){.o = *o, .next_input = o->inputs && o->inputs[0] ? o->inputs : only_stdin};
    if (source_check(s, err) != 0 ||
        jl_slab_open(&s->own, o->want, o->key, o->first_key, o->max_line, o->slab, err) != 0)
        return -1;
    if (o->threads <= 1)
        return 0;
    s->crew = jl_crew_new(o->threads - 1, o->want, o->key, o->first_key, o->max_line, err);
    return s->crew ? 0 : -1;
}

static void source_close_input(jl_source *s) {
    if (!s->open)
        return;
    s->boms += s->in.boms;
    s->bytes_before += s->in.bytes;
    jl_in_close(&s->in);
    s->open = false;
}

void jl_source_close(jl_source *s) {
    jl_crew_free(s->crew);
    s->crew = NULL;
    jl_slab_free(&s->own);
    source_close_input(s);
}

/* 1: it is open, 0: there is none, -1. */
static int source_next_input(jl_source *s, jl_err *err) {
    source_close_input(s);
    const char *path = *s->next_input;
    if (!path)
        return 0;
    s->next_input++;
    s->line = 1;
    if (jl_in_open(&s->in, path, s->o.max_line, err) != 0)
        return -1;
    s->open = true;
    s->name = s->in.name;
    if (jl_output_is(s->o.output, s->in.fd))
        return jl_err_set(err, JL_USAGE, "%s: the input is the output", s->in.name);
    return 1;
}

uint64_t jl_source_bytes(const jl_source *s) {
    return s->bytes_before + (s->open ? s->in.bytes : 0);
}

uint64_t jl_source_boms(const jl_source *s) {
    return s->boms + (s->open ? s->in.boms : 0);
}

/* A regular file never keeps anybody waiting. */
int jl_source_fd(const jl_source *s) {
    return s->in.size > 0 ? -1 : s->in.fd;
}

int jl_source_fill(jl_source *s, jl_err *err) {
    return jl_in_fill(&s->in, err) == -1 ? -1 : 0;
}

/* ---- several threads ---- */

/* Hands the lines of the buffer over when they are worth it and there is a place for them. 1: done. */
static int source_hand_over(jl_source *s, jl_err *err) {
    jl_block *block = jl_crew_place(s->crew);
    if (!block || !s->open || jl_in_lines(&s->in).n < WORTH_A_THREAD || !jl_in_usual(&s->in))
        return 0;
    if (jl_in_hand_over(&s->in, &block->buf, &block->cap, &block->lines, err) != 0)
        return -1;
    jl_crew_put(s->crew);
    return 1;
}

/* Reads more while the crew has little to do, if that needs no waiting. Trouble is told when its turn comes. */
static bool source_read_ahead(jl_source *s) {
    if (!s->open || s->in.eof || s->trouble.class != JL_OK || !jl_crew_place(s->crew) || !jl_crew_hungry(s->crew) ||
        !jl_in_roomy(&s->in))
        return false;
    struct pollfd fd = {.fd = jl_source_fd(s), .events = POLLIN};
    if (fd.fd >= 0 && poll(&fd, 1, 0) <= 0)
        return false;
    return jl_in_fill(&s->in, &s->trouble) == 1;
}

/* Keeps the crew busy, then takes its oldest block. 1: done, 0: it has none. */
static int source_from_crew(jl_source *s, jl_err *err) {
    int handed;
    do
        handed = source_hand_over(s, err);
    while (handed > 0 || (handed == 0 && jl_crew_count(s->crew) > 0 && source_read_ahead(s)));
    if (handed < 0 || jl_crew_count(s->crew) == 0)
        return handed;
    jl_block *b = jl_crew_first(s->crew);
    if (b->trouble.class != JL_OK) {
        *err = b->trouble;
        return -1;
    }
    s->block = b;
    s->slab = &b->slab;
    s->rest = (jl_span){b->lines.p + b->scanned, b->lines.n - b->scanned};
    s->utf8 = b->utf8;
    return 1;
}

/* ---- what comes next ---- */

/* The lines at hand are all done. */
static void source_release(jl_source *s) {
    if (s->block)
        jl_crew_drop(s->crew);
    else if (s->in_place)
        jl_in_take(&s->in, jl_in_lines(&s->in).n, s->line - s->in.line);
    s->block = NULL;
    s->in_place = false;
}

static int source_scan(jl_source *s, jl_err *err) {
    size_t bytes;
    if (jl_slab_scan(&s->own, s->rest, s->utf8, &bytes, err) != 0)
        return -1;
    s->rest = (jl_span){s->rest.p + bytes, s->rest.n - bytes};
    s->slab = &s->own;
    return JL_SOURCE_LINES;
}

static bool source_piece(jl_source *s) {
    s->first = !s->in.in_long;
    return jl_in_long(&s->in, &s->piece, &s->last);
}

int jl_source_next(jl_source *s, jl_err *err) {
    if (s->slab)
        s->line += jl_slab_lines(s->slab);
    s->slab = NULL;
    if (s->piece.p && s->last)
        s->line++;
    s->piece = (jl_span){NULL, 0};
    if (s->rest.n > 0)
        return source_scan(s, err);
    source_release(s);
    for (;;) {
        int taken = s->crew ? source_from_crew(s, err) : 0;
        if (taken != 0)
            return taken > 0 ? JL_SOURCE_LINES : -1;
        if (s->open && jl_in_lines(&s->in).n > 0) {
            s->rest = jl_in_lines(&s->in);
            s->utf8 = jl_utf8_valid(s->rest.p, s->rest.n);
            s->in_place = true;
            return source_scan(s, err);
        }
        if (s->open && source_piece(s))
            return JL_SOURCE_PIECE;
        if (s->trouble.class != JL_OK) {
            *err = s->trouble;
            return -1;
        }
        if (s->open && !s->in.eof)
            return JL_SOURCE_NOTHING;
        int opened = source_next_input(s, err);
        if (opened <= 0)
            return opened < 0 ? -1 : JL_SOURCE_END;
    }
}
