/* JSON text written: names and values that come from elsewhere, escaped. */
#ifndef JL_JSONL_WRITE_H
#define JL_JSONL_WRITE_H

#include <stdint.h>

#include "base/buf.h"

/* Appends a JSON string token; bytes that are no UTF-8 become U+FFFD. */
int jl_write_string(jl_buf *out, jl_span text, jl_err *err);

/* An object written member by member: jl_write_open, members, jl_write_close. Commas are put by themselves. */
int jl_write_open(jl_buf *out, jl_err *err);
int jl_write_text(jl_buf *out, const char *name, jl_span text, jl_err *err);
int jl_write_u64(jl_buf *out, const char *name, uint64_t value, jl_err *err);
int jl_write_i64(jl_buf *out, const char *name, int64_t value, jl_err *err);
/* Fixed point with `decimals` places; null when it is not finite. */
int jl_write_real(jl_buf *out, const char *name, double value, int decimals, jl_err *err);
int jl_write_raw(jl_buf *out, const char *name, jl_span json, jl_err *err);
int jl_write_close(jl_buf *out, jl_err *err);

#endif
