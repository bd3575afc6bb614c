/* Bytes in, complete lines out, in big blocks. */
#ifndef JL_JSONL_IN_H
#define JL_JSONL_IN_H

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "jsonl/json.h"

#define JL_MAX_LINE_DEFAULT (UINT64_C(16) << 20)

/* One input. The caller reads the fields and writes none. */
typedef struct jl_in {
    int fd;
    const char *name; /* for messages; borrowed */
    uint64_t line;    /* number of the line that starts at `head`, if all were taken by jl_in_take */
    uint64_t bytes;   /* read so far */
    uint64_t size;    /* of a regular file, else 0 */
    uint64_t boms;    /* leading byte order marks dropped */
    bool eof;         /* nothing more will come; unread lines may still stand in the buffer */
    bool own_fd;
    bool in_long;                /* inside a line that is longer than max_line */
    uint64_t max_line;           /* bytes without LF */
    char *buf;                   /* owned */
    size_t cap, head, end, tail; /* head..end complete lines, end..tail the beginning of one */
} jl_in;

/* Opens PATH ("-" = stdin). -1: JL_NOINPUT or JL_IO. */
int jl_in_open(jl_in *in, const char *path, uint64_t max_line, jl_err *err);
/* Reads from a descriptor that the caller keeps. */
int jl_in_from(jl_in *in, int fd, const char *name, uint64_t max_line, jl_err *err);
void jl_in_close(jl_in *in);

/* One read(2), after moving what is unread to the front: spans into the buffer die here. 1: bytes came, 0: the end
   (a last line without LF has got one), -1: JL_IO; -2: nothing there now (a non-blocking descriptor). */
int jl_in_fill(jl_in *in, jl_err *err);

/* The complete lines not taken yet; ends with LF, JL_PAD readable bytes behind it. May be empty. */
static inline jl_span jl_in_lines(const jl_in *in) {
    return (jl_span){in->buf + in->head, in->end - in->head};
}
/* Takes the first `bytes` of them, which are `lines` lines. */
static inline void jl_in_take(jl_in *in, size_t bytes, uint64_t lines) {
    in->head += bytes;
    in->line += lines;
}
/* True when the buffer has not grown to hold a long line. */
bool jl_in_usual(const jl_in *in);
/* True when another block can be read without making it larger. */
bool jl_in_roomy(const jl_in *in);
/* Hands the buffer with its complete lines over and goes on in `*buf`, which was handed over before or is NULL: sets
   `*lines`, which stand in the buffer that `*buf` (`*cap` bytes, the caller frees it) is then. The buffer is a usual one.
   `in->line` stays, as nobody has counted the lines. -1: memory ran out, nothing has changed. */
int jl_in_hand_over(jl_in *in, char **buf, size_t *cap, jl_span *lines, jl_err *err);
/* A piece of a line longer than max_line stands at the front of the buffer: true, the piece, and whether it is the
   last one (then without LF). The piece is taken; it dies with the next fill. Call when jl_in_lines is empty. */
bool jl_in_long(jl_in *in, jl_span *piece, bool *last);
/* Records that line `number` of `name` is longer than `max_line` bytes: JL_DATA, with its place. Always -1. `err` may
   be NULL. */
int jl_in_too_long(const char *name, uint64_t max_line, uint64_t number, jl_err *err);

#endif
