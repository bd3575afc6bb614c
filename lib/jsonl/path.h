/* The members that a program looks for in each line: dotted paths, compiled. */
#ifndef JL_JSONL_PATH_H
#define JL_JSONL_PATH_H

#include "base/err.h"
#include "base/span.h"

/* How -k and -a are read. A list is split at each bare comma, an item of -k at its first bare '=' into NAME and PATH, a
   PATH at each bare dot into components; bare means without a backslash before it. Then in each NAME and component
   `\.` `\,` `\=` `\\` become . , = \ and any other backslash is an error. So
     hiringOrganization\.x      the top-level member "hiringOrganization.x", under the NAME "hiringOrganization.x"
     a.b\.c                    the member "b.c" of "a", under the NAME "b.c"
     x\=y=p                    the member "p", under the NAME "x=y"
     n=p=q                      the member "p=q", under the NAME "n"
   A dot in an explicit NAME stands for itself, with or without a backslash: a NAME is one flat member. */

/* One NAME=PATH of -k. Texts are owned by the jl_keyspec. */
typedef struct jl_keymember {
    jl_span name; /* decoded: `\.` is a dot, `\\` a backslash */
    jl_span path; /* as typed */
} jl_keymember;

/* A parsed -k. The members stand in the order typed (questions and --keys-only lines use it); `canonical` lists
   their indices in the byte order of their NAMEs (the key's hash uses it, so -k b,a is the key of -k a,b). */
typedef struct jl_keyspec {
    jl_keymember *member;
    size_t *canonical;
    size_t n;
    char *memory; /* owned */
} jl_keyspec;

/* Parses "NAME=PATH,…"; NAME defaults to the last component. -1 (JL_USAGE): empty, equal NAMEs, an empty
   component, a bad escape. `\,` and `\=` stand for themselves inside a NAME or PATH. */
int jl_keyspec_parse(jl_span text, jl_keyspec *spec, jl_err *err);
/* The spec that reads lines which carry the flat NAMEs of `spec` (replies, tables, --keys-only lines). */
int jl_keyspec_flat(const jl_keyspec *spec, jl_keyspec *flat, jl_err *err);
void jl_keyspec_free(jl_keyspec *spec);

/* A parsed -a: the names of top-level members. */
typedef struct jl_names {
    jl_span *name;  /* decoded */
    jl_span *token; /* the same as JSON string tokens with quotes, ready to be spliced */
    size_t n;
    char *memory; /* owned */
} jl_names;

/* Parses "FIELD,…". -1 (JL_USAGE): empty, twice the same, an unescaped dot (answers are top-level members). */
int jl_names_parse(jl_span text, jl_names *names, jl_err *err);
/* The NAMEs of a key, in the order typed. */
int jl_keyspec_names(const jl_keyspec *spec, jl_names *names, jl_err *err);
void jl_names_free(jl_names *names);

/* A compiled set of paths. Immutable once built, so threads may share it. */
typedef struct jl_want jl_want;

/* NULL when memory ran out. The caller frees it with jl_want_free. */
jl_want *jl_want_new(jl_err *err);
/* Adds a dotted path ("a.b", `\.` literal); returns its index in jl_rec.field (0, 1, …), or -1. Adding a path
   twice gives two indices that are always equal. At most 65535 paths. */
int jl_want_path(jl_want *w, jl_span dotted, jl_err *err);
/* Adds a top-level member by its decoded name. */
int jl_want_name(jl_want *w, jl_span name, jl_err *err);
/* Adds all members of a keyspec; returns the index of the first, the others follow in the order typed. */
int jl_want_key(jl_want *w, const jl_keyspec *spec, jl_err *err);
size_t jl_want_count(const jl_want *w);
void jl_want_free(jl_want *w);

#endif
