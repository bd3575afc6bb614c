/* Payloads as they came, each in a file under the hash of its bytes. */
#ifndef JL_HASDATA_RAW_H
#define JL_HASDATA_RAW_H

#include "base/err.h"
#include "base/span.h"

#define JL_RAW_NAME_SIZE 48 /* "ab/abcdef….json" and a NUL */

/* Writes `body` below the folder, which is made if need be, unless it is there already; durable when it returns 0.
   `name` gets its path below the folder: two hex digits, '/', the 32 hex digits of XXH3_128 of the bytes, then ".json"
   or, for what does not begin as JSON, ".html". So folders from many machines can be synced into one place: the same
   name is the same bytes. -1: JL_CANTCREAT, JL_IO. */
int jl_raw_put(const char *folder, jl_span body, char name[JL_RAW_NAME_SIZE], jl_err *err);

#endif
