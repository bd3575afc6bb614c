/* The API key: where it is looked for, how it is sent. */
#ifndef JL_HASDATA_KEY_H
#define JL_HASDATA_KEY_H

#include "base/err.h"
#include "base/span.h"

#define JL_HASDATA_KEY_CREDENTIAL "hasdata-key" /* of systemd */
#define JL_HASDATA_KEY_VARIABLE "HASDATA_API_KEY"
#define JL_HASDATA_KEY_SIZE 1100 /* of the header with the longest key that is taken, and a NUL */

/* Writes the header, "x-api-key: …"; the caller wipes it. -1: JL_CONFIG when no key looks like that. No message repeats
   any of it. */
int jl_hasdata_key_header(jl_span key, char header[JL_HASDATA_KEY_SIZE], jl_err *err);

#endif
