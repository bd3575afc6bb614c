/* The lookup that is a table: lines that carry the key and the answer, read once into memory. */
#ifndef JL_FRAME_TABLE_H
#define JL_FRAME_TABLE_H

#include "frame/run.h"
#include "jsonl/path.h"
#include "lookup/lookup.h"

typedef struct jl_table_options {
    const char *const *file; /* paths, "-" = stdin */
    size_t n_files;
    const jl_keyspec *key;
    const jl_names *answer;
    uint64_t max_line;
} jl_table_options;

/* Reads the tables. A line's key stands under the flat NAMEs, or else at the PATHs (a table may be an earlier output).
   Of lines with the same key the last one that has an answer counts. Lines without a key or an answer are counted in
   `without`. NULL: no such file, a bad line (JL_DATA with its place), memory ran out. Costs 38.4 bytes a key at the
   worst moment and the distinct answers' texts. */
jl_lookup *jl_table_open(const jl_table_options *options, uint64_t *without, jl_err *err);
/* Distinct keys with an answer. */
uint64_t jl_table_keys(const jl_lookup *table);

#endif
