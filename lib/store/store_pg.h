/* The job store on PostgreSQL, as its files know it. */
#ifndef JL_STORE_STORE_PG_H
#define JL_STORE_STORE_PG_H

#include "store/keep.h"
#include "store/store.h"
#include "wire/pg.h"

/* Statements that are kept; those of finding come by what they fetch. */
typedef enum pg_slot {
    SLOT_FIND, /* and seven more: + FETCH_… */
    SLOT_CHANGED = 8,
    SLOT_NAMED,
    SLOT_THERE,
    SLOT_FORMAT,
    SLOT_META,
    SLOT_LOCK,
    SLOT_NOTE,
    SLOT_LOAD,
    SLOT_LOAD_ROWS,
    SLOT_ALIKE,
    SLOT_DUPLICATES,
    SLOT_FIRSTS,
    SLOT_DELETE,
    SLOT_DELETE_VECTORS,
    SLOT_MARKED,
    SLOT_PURGE,
    SLOT_GONE,
    SLOT_FORGET,
    SLOT_STAT,
    SLOT_STAT_VECTORS,
    SLOT_SIZE,
    SLOT_MODELS,
    SLOT_CHECK,
    SLOT_NEAR_VERSION,
    SLOT_NEAR_THERE,
    SLOT_NEAR_ABOUT,
    SLOT_NEAR_NEXT,
    SLOT_NEAR_DELETE,
    SLOT_NEAR_MISSING,
    SLOT_NEAR_NOTE,
    SLOT_NEAR_NEAREST,
    SLOT_NEAR_VECTORS,
    SLOT_NEAR_SWEEP,
    SLOT_NEAR_TOUCHED,
    SLOTS
} pg_slot;

enum { FETCH_TEXTS = 1, FETCH_VECTORS = 2, FETCH_LISTED = 4 };

typedef struct pg_store {
    jl_jobs base;
    jl_pg *db;
    jl_postings *reader;
    bool there;      /* the tables were seen */
    bool importing;  /* what it holds came through this handle */
    int64_t near_id; /* of the table over vectors that statements name; 0: none yet */
    jl_buf line;     /* of the row at hand, padded */
    jl_buf text;     /* what its line says, decoded */
    jl_pg_stmt *stmt[SLOTS];
} pg_store;

/* What the store knows of itself, in one row; `change` and `rows` are the last that were given. Deletions up to the
   change `forgot` are no longer known. */
typedef struct pg_meta {
    uint64_t store, change, rows, forgot;
} pg_meta;

/* The keys by which jobs are looked up: digests, for an index of PostgreSQL takes 2700 bytes and no more. Bytes are
   compared as well. */
int64_t pg_key(jl_span text);

/* 1: there is a store, and this program knows its format; 0: there is none, -1. */
int pg_attach(pg_store *s, jl_err *err);
/* The same, but makes it. */
int pg_make(pg_store *s, jl_err *err);
int pg_prepare(pg_store *s, pg_slot slot, const char *sql, jl_pg_stmt **stmt, jl_err *err);
/* The single integer that a query gives, 0 when it gives none. */
int pg_ask(pg_store *s, pg_slot slot, const char *sql, int64_t *value, jl_err *err);
/* Inside a writing transaction: nobody else writes until its end. */
int pg_lock(pg_store *s, pg_meta *meta, jl_err *err);
int pg_note(pg_store *s, const pg_meta *meta, jl_err *err);
int pg_read_meta(pg_store *s, pg_meta *meta, jl_err *err);

/* The columns of a job, in this order, from jobline_job j and, joined, its vectors v0 and v1. */
#define PG_ROW_COLUMNS "j.row, j.change, j.first, j.marked, j.facts"
#define PG_TEXT_COLUMNS ", j.line"
#define PG_VECTOR_COLUMNS ", v0.model, v0.dims, v0.data, v1.model, v1.dims, v1.data"
#define PG_VECTOR_JOINS                                                                                                \
    " LEFT JOIN jobline_vector v0 ON v0.row = j.row AND v0.stage = 0"                                                  \
    " LEFT JOIN jobline_vector v1 ON v1.row = j.row AND v1.stage = 1"
/* The row at hand of a statement with these columns, NULL where they are not wanted; spans live until its next step. */
int pg_read_job(pg_store *s, jl_pg_stmt *stmt, jl_stored_job *job, jl_err *err);

/* store_find_pg.c */
int pg_find(jl_jobs *s, const jl_find *what, jl_each_job each, void *self, jl_err *err);
int pg_rows(jl_jobs *s, const uint64_t *row, size_t n, bool vectors, jl_each_job each, void *self, jl_err *err);
/* store_put_pg.c */
int pg_put(jl_jobs *s, jl_put *put, size_t n, jl_err *err);
int pg_mark(jl_jobs *s, const jl_posting *const *which, size_t n, jl_status status, int64_t now, uint64_t *marked,
            jl_err *err);
int pg_requeue(jl_jobs *s, int64_t before, uint8_t tries, uint64_t *again, uint64_t *given_up, jl_err *err);
int pg_import(jl_jobs *s, const jl_stored_job *job, size_t n, jl_err *err);
/* store_near_pg.c */
int pg_near(jl_jobs *s, const jl_nearest *what, jl_hit *hit, size_t *hits, jl_near_index *about, jl_err *err);
int pg_near_index(jl_jobs *s, const char *model, uint32_t dims, jl_near_index *done, jl_err *err);

static inline pg_store *pg_store_of(jl_jobs *s) {
    return (pg_store *)(void *)s;
}

#endif
