/* What the terminal at stdout can show. */
#ifndef JL_FRAME_TERMINAL_H
#define JL_FRAME_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Block characters: the locale, once setlocale was called, is UTF-8, and TERM is not dumb. */
bool jl_terminal_blocks(void);
/* In columns; 80 when nobody knows. */
size_t jl_terminal_width(void);

#endif
