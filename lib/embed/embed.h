/* A model that turns texts into vectors. */
#ifndef JL_EMBED_EMBED_H
#define JL_EMBED_EMBED_H

#include "vector/vector.h"

/* What is embedded. Decoded UTF-8, borrowed; any may be empty. For a job's listing: title, company, location, snippet; for its
   full text `body` too. For a profile: its titles, "", its location, its skills, its text. A model weighs them as it likes; one that takes a single
   text gets them joined by LF in this order. */
typedef struct jl_embed_text {
    jl_span title, company, location, skills, snippet, body;
} jl_embed_text;

typedef struct jl_embed jl_embed;
typedef struct jl_embed_ops {
    /* n * dims floats of length 1 to `out`. `dims` is known after open, or for a server after jl_embed_dims. -1: as the model says. */
    int (*batch)(jl_embed *m, const jl_embed_text *text, size_t n, float *out, jl_err *err);
    /* Number of dimensions; asks a server when it must. */
    int (*dims)(jl_embed *m, uint32_t *dims, jl_err *err);
    void (*close)(jl_embed *m);
} jl_embed_ops;

struct jl_embed {
    const jl_embed_ops *ops;
    char name[JL_MODEL_MAX]; /* with its version; what travels with the vectors */
};

/* "jobline-hash-1": signed feature hashing, no server, no weights (embed/hash.c has the formula). 384 dimensions. */
#define JL_EMBED_HASH "jobline-hash-1"
jl_embed *jl_embed_hash(jl_err *err);

#endif
