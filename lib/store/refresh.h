/* The side file of a store, brought up to what the store holds. */
#ifndef JL_STORE_REFRESH_H
#define JL_STORE_REFRESH_H

#include "store/store.h"
#include "vector/index.h"

/* The index holds, for one model, the listing-stage vectors and the facts (jl_facts) of all jobs but duplicates; a job without
   such a vector is not in it. It names the store and the store's last change that it holds, so that what came later can be
   laid over it; one of another store, of another model, or of a store that was set back, is not used. */

#define JL_REFRESH_MOST 20000 /* changed rows that are laid over in memory; with more the file is written anew */

/* What was done. */
typedef struct jl_refreshed {
    uint64_t rows;    /* in the file; those laid over in memory are not counted */
    uint64_t changed; /* rows that were read from the store: new or touched since the file was written */
    uint64_t gone;    /* rows taken out: deleted, made a duplicate, or without a vector of the model now */
    uint64_t odd;     /* rows left out because their vector has another number of dimensions */
    bool written;     /* the file was written */
    bool whole;       /* from nothing: there was no file that could be used */
} jl_refreshed;

/* `model` is empty: the model that most listings have (between equals the first by name); else that one. `*dims` is the number of dimensions
   that most of its vectors have, 0 with `model` as it was when the store has none. */
int jl_refresh_model(jl_jobs *s, char model[JL_MODEL_MAX], uint32_t *dims, jl_err *err);

/* Writes the file at `path` (jl_jobs_index_path) whole or not at all, reading only what changed when the one there can be used; untouched when nothing
   did. What is there is read through first: a damaged file is made from nothing, what is no side file is left alone. Memory: a few thousand rows, and 8 bytes for each row deleted since. The store may be written to meanwhile: what it then gets is
   in the file or counts as changed since. The file has the mode of the store's. -1: JL_CONFIG (something else stands there), JL_CANTCREAT, JL_IO, or as the store says. */
int jl_refresh_write(jl_jobs *s, const char *path, const char *model, uint32_t dims, jl_refreshed *done, jl_err *err);

/* Opens an index that shows the store as it is now: the file with what changed since laid over it in memory, written anew first when that is more than
   JL_REFRESH_MOST rows. A small store needs no file. Damage that only a search meets is mended by jl_refresh_write. The caller closes *index (jl_index_close); `done` may be NULL. */
int jl_refresh_open(jl_jobs *s, const char *path, const char *model, uint32_t dims, jl_index **index,
                    jl_refreshed *done, jl_err *err);

#endif
