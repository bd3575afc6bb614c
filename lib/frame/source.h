/* The lines of a run's inputs, one input after another, scanned a slab at a time. */
#ifndef JL_FRAME_SOURCE_H
#define JL_FRAME_SOURCE_H

#include "frame/crew.h"
#include "frame/output.h"

typedef struct jl_source_options {
    char *const *inputs; /* NULL-terminated; NULL or an empty list is stdin */
    const jl_output *output;
    const jl_want *want;
    const jl_keyspec *key;
    size_t first_key; /* what jl_want_key returned */
    uint64_t max_line;
    size_t slab;    /* records at a time */
    size_t threads; /* that scan, the caller's included */
} jl_source_options;

typedef enum jl_source_has {
    JL_SOURCE_END = 0,
    JL_SOURCE_LINES,  /* `slab` */
    JL_SOURCE_PIECE,  /* `piece` of a line longer than max_line */
    JL_SOURCE_NOTHING /* for now: wait, then jl_source_fill */
} jl_source_has;

/* The caller reads the first group and writes nothing. */
typedef struct jl_source {
    const char *name;     /* of the input at hand, for messages */
    uint64_t line;        /* number of the line at hand, or of the slab's first */
    jl_slab *slab;        /* valid until the next call */
    jl_span piece;        /* valid until the next call */
    bool first, last;     /* it begins its line; it ends it (without LF) */
    uint64_t bytes_total; /* of all inputs, 0 when one has no known size */

    jl_source_options o;
    char *const *next_input;
    jl_in in;
    bool open;                   /* `in` is */
    uint64_t bytes_before, boms; /* of the inputs already closed */
    jl_span rest;                /* complete lines at hand, not scanned yet: of `block`, or of `in` when `in_place` */
    bool in_place, utf8;         /* utf8: all of `rest` is */
    jl_block *block;             /* the crew's oldest, when it is being taken */
    jl_slab own;                 /* for the lines that no thread has scanned */
    jl_crew *crew;               /* NULL: there is one thread */
    jl_err trouble;              /* of reading ahead, for when what was read before is done */
} jl_source;

/* Every input is there, or -1 says which is not. A run on several threads starts them. */
int jl_source_open(jl_source *s, const jl_source_options *options, jl_err *err);
void jl_source_close(jl_source *s);

/* What comes next, without waiting; what came before is done with then. A jl_source_has, or -1. */
int jl_source_next(jl_source *s, jl_err *err);
/* After JL_SOURCE_NOTHING: what to poll for input; -1 when a read would not wait (a file). */
int jl_source_fd(const jl_source *s);
/* One read. -1: it failed. */
int jl_source_fill(jl_source *s, jl_err *err);

/* Read so far, and leading byte order marks dropped. */
uint64_t jl_source_bytes(const jl_source *s);
uint64_t jl_source_boms(const jl_source *s);

#endif
