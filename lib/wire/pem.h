/* Certificates read from files. */
#ifndef JL_WIRE_PEM_H
#define JL_WIRE_PEM_H

#include "base/buf.h"

/* Appends the file's bytes, at most 4 MiB. -1: JL_NOINPUT, JL_IO, or JL_CONFIG when it is no PEM text. Keys are secrets
   and are read by lib/frame/ (jl_run_secret). */
int jl_pem_read(const char *path, jl_buf *pem, jl_err *err);

#endif
