/* The entries of a namespace as lines of text, to be moved to another store. */
#ifndef JL_BUCKET_TRANSFER_H
#define JL_BUCKET_TRANSFER_H

#include "bucket/store.h"
#include "jsonl/out.h"

/* FORMAT, version 1, JSON Lines:
     {"jobline":"store","version":1,"kind":"senior","bits":17,"fingerprint":6,"value":1,"model":"default"}
     {"bucket":5,"entries":"base64","sum":"0123456789abcdef"}
         one for each bucket that has entries, numbers ascending, its entries sorted by their bytes; sum: XXH3 of these
         with the number as seed, hex
     {"end":true,"buckets":1,"entries":3}
   Stores with the same entries give the same bytes, whatever keeps them. */

typedef struct jl_transfer {
    uint64_t buckets, entries;
} jl_transfer;

/* Writes all lines; does not flush. `model` names the namespace in the first line. Errors: the store's, the
   output's. */
int jl_transfer_export(jl_store *store, const char *model, jl_out *out, jl_transfer *done, jl_err *err);

/* An export that is being read. */
typedef struct jl_import jl_import;

/* Opens PATH ("-" = stdin) and reads its first line. NULL: JL_NOINPUT, JL_IO; JL_DATA when it is no such export;
   JL_CONFIG when it is one of another version, kind or layout. */
jl_import *jl_import_open(const char *path, const jl_entry_shape *shape, uint64_t max_line, jl_err *err);
/* The model that was exported; lives as long as the import. */
const char *jl_import_model(const jl_import *i);
/* Puts all entries into the store, in batches; what is there stays. -1: JL_DATA when a line is damaged, a value is not
   within min and max, or the end is missing (the file is cut short): entries before that may have been put, they are
   right, and a second import does no harm; or the store's error. */
int jl_import_run(jl_import *i, jl_store *store, uint8_t min, uint8_t max, jl_put_counts *counts, jl_transfer *done,
                  jl_err *err);
void jl_import_close(jl_import *i);

#endif
