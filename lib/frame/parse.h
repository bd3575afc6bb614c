/* The command line and the environment, taken apart by a program's option table; what --help prints of it.
   Implemented in opt.c (the parser) and help.c. */
#ifndef JL_FRAME_PARSE_H
#define JL_FRAME_PARSE_H

#include "frame/prog.h"

#define JL_COMMON_OPTIONS 14
#define JL_OPTIONS_MAX 256 /* in one table, the common ones included */

/* What --help was asked for: the index in "text|options|verbs|program". */
typedef enum jl_show { JL_SHOW_TEXT = 0, JL_SHOW_OPTIONS, JL_SHOW_VERBS, JL_SHOW_PROGRAM, JL_SHOW_NOTHING } jl_show;

typedef struct jl_parse {
    const jl_prog *prog;
    jl_run *run;                          /* the values of the common options, verb and operands go here */
    jl_opt common[JL_COMMON_OPTIONS + 1]; /* the table of the common options, aimed at `run` */
    bool given[JL_OPTIONS_MAX];           /* on the command line; in the order of jl_parse_opt */
    int show;                             /* jl_show */
    bool version;                         /* -V was given */
    const jl_verb *verb;                  /* NULL when the program has none */
} jl_parse;

void jl_parse_init(jl_parse *p, const jl_prog *prog, jl_run *run);
/* Fills what the tables point to and the run's verb, operands and rest. Stops early, with 0, at --help and --version.
   -1: JL_USAGE, or the class that an option's `call` chose. */
int jl_parse_args(jl_parse *p, int argc, char **argv, jl_err *err);
/* Do the operands suit the program and the verb? Apart from parsing, so that somebody who types the bare name of a
   program at a terminal gets the usage lines and no complaint. -1: JL_USAGE. */
int jl_parse_check(const jl_parse *p, jl_err *err);
/* Frees operands and lists. */
void jl_parse_free(jl_parse *p);

/* Option `i` of the program's own table followed by the common ones; NULL behind the last. */
const jl_opt *jl_parse_opt(const jl_parse *p, size_t i);
/* True when option `i` is a common one. */
bool jl_parse_is_common(const jl_parse *p, size_t i);
/* The option that makes the operands files (prog.files_when); NULL when there is none. */
const jl_opt *jl_parse_files_option(const jl_parse *p);
/* True when the run would read stdin. */
bool jl_parse_reads_stdin(const jl_parse *p);

/* The --help text, 80 columns wide; `styled`: with bold headings and names. */
int jl_help_text(const jl_parse *p, bool styled, jl_buf *out, jl_err *err);
/* The usage lines and a pointer to --help. */
int jl_help_usage(const jl_parse *p, bool styled, jl_buf *out, jl_err *err);
/* For tools, tab-separated, one line for each, behind a line of column names that begins with '#':
   options: letter, name, arg (ends in '?' when it may be left out), kind, words, complete, verbs, help, scope
            (own|common), env. Cells may be empty.
   verbs:   name, operands (command|file|none), help.
   program: name, about, version, operands, the option that makes operands files ("-t|--table"; may be empty). */
int jl_help_options(const jl_parse *p, jl_buf *out, jl_err *err);
int jl_help_verbs(const jl_parse *p, jl_buf *out, jl_err *err);
int jl_help_program(const jl_parse *p, jl_buf *out, jl_err *err);
/* The program, its version and what it is built with, one per line. */
int jl_help_version(const jl_parse *p, jl_buf *out, jl_err *err);

#endif
