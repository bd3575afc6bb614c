/* A file that appears whole or not at all. */
#ifndef JL_BASE_ATOMIC_FILE_H
#define JL_BASE_ATOMIC_FILE_H

#include "base/err.h"

/* Written to a temporary file beside PATH; PATH changes only in jl_atomic_commit. */
typedef struct jl_atomic {
    char *path;      /* what the caller asked for; symbolic links are followed, so the link stays */
    char *temporary; /* owned; in the same folder */
    int fd;          /* write here; -1 when closed */
} jl_atomic;

/* A device, a named pipe or /dev/stdout at PATH is opened itself and written at once: there is nothing to rename then.
   Creates the temporary file with the mode that an existing PATH has, else 0666 less umask. -1: JL_CANTCREAT. */
int jl_atomic_open(jl_atomic *f, const char *path, jl_err *err);
/* fsync, close, rename to PATH plus `suffix` ("" or ".partial"), fsync of the folder. On failure (JL_IO) the temporary
   file is removed and PATH is as it was. `f` is spent either way. */
int jl_atomic_commit(jl_atomic *f, const char *suffix, jl_err *err);
/* Removes the temporary file. Harmless on one that is committed or zero. */
void jl_atomic_abandon(jl_atomic *f);

#endif
