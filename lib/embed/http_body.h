/* The bodies of /v1/embeddings: the request, the reply. */
#ifndef JL_EMBED_HTTP_BODY_H
#define JL_EMBED_HTTP_BODY_H

#include "base/buf.h"
#include "vector/vector.h"

/* Appends {"model":…,"input":[; then comes each text with jl_embeddings_text; then jl_embeddings_end. */
int jl_embeddings_begin(jl_buf *out, const char *model, jl_err *err);
int jl_embeddings_text(jl_buf *out, jl_span text, bool first, jl_err *err);
int jl_embeddings_end(jl_buf *out, jl_err *err);

/* Walks the reply's `data`, in whatever order. `each` gets an index below `n` and `dims` finite floats of length 1; an element with
   another index, with NaN or without a vector is passed over, so that its text stays unanswered. `body` has JL_PAD readable
   bytes behind it. -1: JL_DATA, it is no such reply; what `each` returned. `scratch`'s content is lost. */
typedef int (*jl_embeddings_each)(void *self, size_t index, const float *v, uint32_t dims, jl_err *err);
int jl_embeddings_read(jl_span body, size_t n, jl_buf *scratch, jl_embeddings_each each, void *self, jl_err *err);

/* What an error body says: {"error":{"message"}}, {"error":"…"}, {"message"}, {"detail"}; else its beginning. Escaped. */
void jl_embeddings_error(jl_span body, char *text, size_t size);

#endif
