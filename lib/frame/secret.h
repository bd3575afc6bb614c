/* Reading secrets, for the parts of the frame that meet them. */
#ifndef JL_FRAME_SECRET_H
#define JL_FRAME_SECRET_H

#include "base/buf.h"

/* From now on the process leaves no core dump. */
void jl_secret_held(void);
/* Appends the text of a file without its final newline. -1: JL_NOINPUT, JL_NOPERM (also when `must_be_private` and
   group or others have any right to it, unless it is in $CREDENTIALS_DIRECTORY, which others cannot enter), JL_CONFIG
   when it is empty. */
int jl_secret_read(const char *path, bool must_be_private, jl_buf *secret, jl_err *err);

#endif
