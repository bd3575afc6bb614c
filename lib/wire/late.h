/* Third-party libraries that are loaded when they are first needed: a program that never opens such a store neither
   waits for the library at its start nor needs it installed. */
#ifndef JL_WIRE_LATE_H
#define JL_WIRE_LATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* A library and the calls of it that are in use. For each library a header beside its client lists the calls once, as a
   macro CALLS(X) of X(name)…, and makes of that list the pointers, with the types that the library's own header
   declares, and the names. Then it defines each name as a macro for the call through its pointer, so that the client
   reads like any other. */
typedef struct jl_late {
    const char *what;    /* for messages: "SQLite" */
    const char *soname;  /* what the linker would have written into the program */
    const char *package; /* that has it in Debian */
    const char *const *name;
    void **call; /* receives the pointers; as many as there are names */
    size_t n;
    bool loaded;
} jl_late;

#define JL_LATE_POINTER(name) __typeof__(name) *name; /* NOLINT(bugprone-macro-parentheses): it declares */
#define JL_LATE_NAME(name) #name,

/* Loads the library unless it is loaded, for the rest of the process. -1: JL_USAGE, as for a back end that this build
   has not: it cannot be loaded, or lacks a call; the sentence says what to install. One thread at a time. */
int jl_late_load(jl_late *late, jl_err *err);

#endif
