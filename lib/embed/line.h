/* What of a job line is embedded. */
#ifndef JL_EMBED_LINE_H
#define JL_EMBED_LINE_H

#include "embed/embed.h"
#include "jsonl/rec.h"

/* Zero bytes before the first use; freed with jl_embed_line_free. */
typedef struct jl_embed_line {
    jl_embed_text text; /* valid until the next read, and while the line's bytes are */
    jl_buf bytes;
} jl_embed_line;

/* Listing: title, company, location, snippet. Full: these, and the description as `body`. `first`: as in jl_facts_want. What is
   no string counts as absent. -1: memory ran out. */
int jl_embed_line_read(jl_embed_line *l, const jl_rec *rec, size_t first, jl_stage stage, jl_err *err);
void jl_embed_line_free(jl_embed_line *l);

/* True when there is nothing to embed but white space. */
bool jl_embed_text_empty(const jl_embed_text *text);
/* Appends the parts that are there, with LF between them: for a model that takes a single text. */
int jl_embed_text_join(const jl_embed_text *text, jl_buf *out, jl_err *err);

#endif
