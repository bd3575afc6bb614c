/* The lookup that embeds job lines at once, with a model that is in this process. */
#ifndef JL_EMBED_LOCAL_H
#define JL_EMBED_LOCAL_H

#include "embed/embed.h"
#include "lookup/lookup.h"

/* For a loop that does not remember keys; `model` is borrowed. All is answered in submit(): JL_FOUND with the value of
   "embedding"; JL_REFUSED for a record without any text (embed/line.h). `first`: as in jl_facts_want. NULL: memory ran out, or the
   model's own trouble. */
jl_lookup *jl_local_lookup(jl_embed *model, jl_stage stage, size_t first, jl_err *err);

#endif
