/* What went wrong: a class that decides the exit status, a place, a sentence for a person. */
#ifndef JL_BASE_ERR_H
#define JL_BASE_ERR_H

#include <stdint.h>

#include "base/span.h"

/* The classes are the exit statuses of every program (the names and numbers of sysexits.h). */
typedef enum jl_class {
    JL_OK = 0,
    JL_USAGE = 64,       /* the command line is wrong, or a command that cannot be run */
    JL_DATA = 65,        /* a bad input line */
    JL_NOINPUT = 66,     /* no such input */
    JL_UNAVAILABLE = 69, /* a service stayed unreachable through the retries */
    JL_SOFTWARE = 70,    /* a command failed in a way not listed here; memory ran out */
    JL_CANTCREAT = 73,   /* an output cannot be created */
    JL_IO = 74,          /* a read or a write failed */
    JL_TEMPFAIL = 75,    /* not finished, worth retrying */
    JL_NOPERM = 77,      /* credentials refused */
    JL_CONFIG = 78,      /* the configuration is wrong */
    JL_PIPE = 141        /* the reader of stdout went away: end silently, as SIGPIPE would */
} jl_class;

/* Filled by the function that fails, printed by lib/frame/. A caller that adds a place fills `file` and
   `line` while they are unset. Zero-initialise before first use. */
typedef struct jl_err {
    jl_class class;
    char file[128]; /* the input's name, "" when there is none; shortened from the left when too long */
    uint64_t line;  /* counted from 1; 0 = no line */
    uint64_t byte;  /* of the line, counted from 1; 0 = no byte */
    char text[512]; /* one sentence without a final stop or newline; no secrets, control bytes escaped */
} jl_err;

/* Records class and sentence (printf form), clears the place. Always returns -1, so that a function can
   end with `return jl_err_set(err, …)`. `err` may be NULL. */
int jl_err_set(jl_err *err, jl_class class, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with ": " and the text of errno value `number` appended. */
int jl_err_errno(jl_err *err, jl_class class, int number, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Memory ran out: class JL_SOFTWARE. Always -1. */
int jl_err_nomem(jl_err *err);

/* Adds the place to an error that has none yet. `file` may be NULL. */
void jl_err_place(jl_err *err, const char *file, uint64_t line);

/* Writes `text` so that a terminal can show it: control bytes, DEL, C1 controls and bytes that are no UTF-8 become
   \x1b; printable text, backslashes too, stays, so that escaping twice changes nothing. Cut with "..." when it does
   not fit in `size` (>= 4) bytes with its NUL. Returns the length without the NUL. */
size_t jl_err_escape(jl_span text, char *to, size_t size);

#endif
