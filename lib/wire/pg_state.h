/* What PostgreSQL's error codes mean to a program that has to go on, or to end with a status. */
#ifndef JL_WIRE_PG_STATE_H
#define JL_WIRE_PG_STATE_H

#include "base/err.h"

typedef enum jl_pg_next {
    JL_PG_FINAL = 0, /* doing it over gives the same */
    JL_PG_AGAIN,     /* the same transaction, done over, may succeed */
    JL_PG_LOST       /* so it may over a new connection; this one is of no more use */
} jl_pg_next;

/* What a code asks for. Codes are the five letters of PostgreSQL's documentation, Appendix A ("SQLSTATE"). */
typedef struct jl_pg_meaning {
    const char *state; /* the code, or the beginning of codes */
    jl_class class;
    jl_pg_next next;
    const char *advice; /* to be put behind the server's own sentence; "" */
} jl_pg_meaning;

/* Never NULL: a code that nobody knows is JL_SOFTWARE. */
const jl_pg_meaning *jl_pg_meaning_of(const char *state);

/* Finds the code in the text of an error that has no other place for it: a login that was refused, told verbosely, as in
   »connection to … failed: FATAL:  28P01: password …«. `*line` becomes the line that holds the code, else the first one.
   False: there is none. */
bool jl_pg_state_in(const char *message, char state[6], jl_span *line);

#endif
