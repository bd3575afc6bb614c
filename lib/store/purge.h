/* Jobs that have not been seen for long, taken out of a store. */
#ifndef JL_STORE_PURGE_H
#define JL_STORE_PURGE_H

#include "store/payload.h"

typedef struct jl_purge {
    jl_jobs *store;
    int64_t before;        /* seconds since 1970: jobs last seen before then go; 0 = of any age */
    const jl_find *named;  /* NULL, or: those alone that its ids and urls name */
    jl_append *archive;    /* their lines go there, durable before the jobs are deleted; NULL: nowhere */
    jl_payloads *payloads; /* the names of their payloads go there likewise; NULL: nowhere */
    jl_out *show;          /* not NULL: nothing is deleted, their lines are shown here */
    uint64_t found;        /* jobs that are old enough and may go */
    uint64_t needed;       /* old ones that stay, because a younger job is a duplicate of them */
    uint64_t deleted;
    uint64_t touched; /* old ones that stay, because they were seen again meanwhile */
} jl_purge;

/* A thousand jobs at a time: archived, then deleted. Asked to stop, it stops between two of these; what is not done is done by the next run, which may archive
   up to a thousand lines a second time. */
int jl_purge_run(jl_purge *p, jl_err *err);

#endif
