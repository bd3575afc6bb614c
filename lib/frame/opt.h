/* The option table: one list per program feeds the parser, --help and the completions. */
#ifndef JL_FRAME_OPT_H
#define JL_FRAME_OPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

typedef enum jl_opt_kind {
    JL_OPT_FLAG = 1, /* bool * */
    JL_OPT_TEXT,     /* const char **, borrowed from argv or the environment */
    JL_OPT_LIST,     /* jl_texts *, may be repeated */
    JL_OPT_NUMBER,   /* uint64_t *, min..max */
    JL_OPT_SIZE,     /* uint64_t *, bytes, min..max */
    JL_OPT_TIME,     /* int64_t *, ns */
    JL_OPT_CHOICE,   /* int *: index of the word in `words` ("keep|null|fail") */
    JL_OPT_SHARE,    /* jl_share * */
    JL_OPT_CALL,     /* `call` parses the text into `to` */
    JL_OPT_REST      /* bool *: set, and everything behind it goes to run->rest (--then COMMAND…) */
} jl_opt_kind;

typedef struct jl_texts {
    const char **text; /* owned by the run */
    size_t n;
} jl_texts;

typedef struct jl_share { /* "N" or "N%"; both -1 = not given */
    int64_t count;
    double percent;
} jl_share;

/* What the shell offers behind the option or as an operand. */
typedef enum jl_complete { JL_COMPLETE_NONE = 0, JL_COMPLETE_FILE, JL_COMPLETE_COMMAND, JL_COMPLETE_HOST } jl_complete;

typedef struct jl_opt {
    char letter;      /* 0 = long form only */
    const char *name; /* long form without dashes; NULL = letter only */
    const char *arg;  /* placeholder in capitals, NULL for flags; "WHEN?" ends in '?' when it may be left out (=WHEN) */
    jl_opt_kind kind;
    void *to;
    const char *words; /* for JL_OPT_CHOICE */
    uint64_t min, max; /* for JL_OPT_NUMBER and JL_OPT_SIZE; max 0 = UINT64_MAX */
    const char *env;   /* environment variable that gives the value when the option is absent; NULL = none */
    int (*call)(void *to, const char *text, jl_err *err); /* `text` is NULL when an optional value was left out */
    jl_complete complete;
    const char *verbs; /* "get|fill": only with these verbs; NULL = always */
    const char *help;  /* one line; says the default in brackets */
    bool *given;       /* set when the option stands on the command line (not for `env`); may be NULL */
} jl_opt;

/* Tables end with an entry that has neither letter nor name. */
#define JL_OPT_END                                                                                                     \
    { 0 }

#endif
