/* By what a line says which job it means. */
#ifndef JL_STORE_KNOWN_H
#define JL_STORE_KNOWN_H

#include "job/merge.h"

/* A line needs much less to mean a job than to be stored as one: id and source; or its URL; or, as for a job that was stored without
   both, company, title and location. */

/* The members that jl_known_read wants; returns the index of the first. -1: memory ran out. */
int jl_known_want(jl_want *want, jl_err *err);

/* Fills source, id and url of `known` as jl_postings_read would, and nothing else; the spans live in `out` and in the line. -1: JL_DATA when the
   line means no job; memory. */
int jl_known_read(const jl_rec *rec, size_t first, jl_buf *out, jl_posting *known, jl_err *err);

#endif
