/* A file of lines that only grows, whatever dies meanwhile. */
#ifndef JL_STORE_APPEND_H
#define JL_STORE_APPEND_H

#include "jsonl/out.h"

/* What was synced stays; a torn line that a killed run or a full disk left at the end is cut off. */
typedef struct jl_append {
    jl_out out; /* write whole lines here */
    char *path;
    int fd;
    int64_t safe; /* bytes that are synced */
} jl_append;

/* Opens the file for appending, made with mode 0666 less umask if there is none, locked for this process alone. Zero-initialise before; `path` is
   copied. -1: JL_CANTCREAT; JL_IO; JL_TEMPFAIL when another process has it. */
int jl_append_open(jl_append *a, const char *path, jl_err *err);
/* Durable when it returns 0; else the file ends where it was synced last. */
int jl_append_sync(jl_append *a, jl_err *err);
/* What was not synced is taken back. Harmless on one that is zero or closed. */
void jl_append_close(jl_append *a);

#endif
