/* The raw payloads of jobs that are no more, until they are gone, too. */
#ifndef JL_STORE_PAYLOAD_H
#define JL_STORE_PAYLOAD_H

#include "store/append.h"
#include "store/store.h"

/* A job line's `raw` names the payload that it was made of, below a folder (hd-fetch --raw): "ab/abcdef….json". Jobs share payloads, as those of
   one page of a listing do. So the names are put on a list, durable before the jobs are deleted; afterwards those that no
   job names any more are dropped, and then the list. A run that dies in between leaves the list to the next one. */
typedef struct jl_payloads {
    jl_append list;
    uint64_t listed;         /* names on the list */
    uint64_t strange;        /* texts that are no such name, which are left alone */
    uint64_t dropped, named; /* what became of them: distinct ones gone; still named by a job */
} jl_payloads;

/* Exactly two lower-case hexadecimal digits, '/', 32 of them, ".json" or ".html": nothing that leads elsewhere. */
bool jl_payload_is_name(jl_span name);

/* `path` is the list's, made if there is none. Zero-initialise before. As jl_append_open. */
int jl_payloads_open(jl_payloads *p, const char *path, jl_err *err);
int jl_payloads_add(jl_payloads *p, jl_span name, jl_err *err);
/* Names that were added are durable when it returns 0. */
int jl_payloads_sync(jl_payloads *p, jl_err *err);

/* Drops up to a thousand payloads; one that is not there is none the worse. `name`: NUL-terminated, in the form above. */
typedef int (*jl_payloads_drop)(void *self, const char *const *name, size_t n, jl_err *err);

/* Reads the list, asks the store which of them are still named, drops the others, removes the list. Memory: 39 bytes a distinct
   name. */
int jl_payloads_end(jl_payloads *p, jl_jobs *store, jl_payloads_drop drop, void *self, jl_err *err);
void jl_payloads_close(jl_payloads *p);

#endif
