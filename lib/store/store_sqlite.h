/* A table of jobs that is an SQLite file, for lib/store/store_*_sqlite.c alone: its rows, with the transactions around them.

   store_rows_sqlite.c    tables, statements, the transaction that every write is, one job read or written
   store_put_sqlite.c     put, import
   store_mark_sqlite.c    what changes jobs that are there: mark, requeue, purge
   store_find_sqlite.c    what hands out jobs: find, rows
   store_sqlite.c         what tells about the store, vacuum, the opener

   Functions return 0, or -1 with err, unless they say something else. */
#ifndef JL_STORE_STORE_SQLITE_H
#define JL_STORE_STORE_SQLITE_H

#include "store/store.h"
#include "wire/sqlite.h"

/* Each is one statement. */
enum jl_jfile_query {
    HEAD_READ,
    HEAD_WRITE,
    MODEL_LIST,
    MODEL_ADD,
    MODEL_COUNT,
    JOB_BY_ROW,
    JOB_BY_KEY,
    JOB_BY_LINK,
    JOB_BY_CONTENT,
    JOB_ADD,
    JOB_CHANGE, /* where nothing that an index but that of changes holds is another */
    JOB_CHANGE_ALL,
    JOB_DELETE,
    JOB_HAS_DUPLICATES,
    JOB_DUPLICATES,
    JOB_SCAN,
    JOB_SCAN_FACTS,
    JOB_FACTS_BY_ROW,
    JOB_CHANGED,
    JOB_WAITING,
    JOB_COUNT,
    VECTOR_READ,
    VECTOR_WRITE,
    VECTOR_DELETE,
    GONE_ADD,
    GONE_LIST,
    GONE_FORGET,
    INTEGRITY,
    QUERIES
};

/* A model with one number of dimensions. */
typedef struct jl_jfile_model {
    char name[JL_MODEL_MAX];
    uint32_t dims;
    int64_t id;
    int64_t rows[JL_STAGES]; /* that have such a vector, duplicates left out */
    int64_t more[JL_STAGES]; /* and what the transaction adds */
} jl_jfile_model;

/* One job as the file has it. The posting's spans live in the buffers until the next read into the same row. */
typedef struct jl_jfile_row {
    jl_stored_job job;
    bool waiting;             /* queued or failed, and not given up */
    int64_t model[JL_STAGES]; /* ids, 0 = no vector */
    jl_buf line, text, vector;
} jl_jfile_row;

/* Row numbers. */
typedef struct jl_jfile_list {
    uint64_t *row;
    size_t n, room;
} jl_jfile_list;

typedef struct jl_jfile {
    jl_jobs base;
    jl_sqlite *db; /* NULL while there is no file */
    jl_sqlite_stmt *stmt[QUERIES];
    char *path;
    int64_t patience;
    jl_postings *postings;
    bool importing; /* the file was empty when this began to import */

    /* The file's one row, as read by the transaction at hand, and as it leaves it. */
    int64_t number, change, row, forgotten;
    bool writing, changed;
    bool roomy; /* the cache is that of a writer */

    /* As read when the transaction at hand began: nobody else adds one. */
    jl_jfile_model **model;
    size_t models, model_room;

    jl_jfile_row at_hand, other;
    jl_buf merged, stripped;
    struct jl_jfile_piece *piece;
} jl_jfile;

/* ---- file, transactions ---- */

/* Sees to it that db is the file that the path names now, or NULL when there is none and `create` is false. */
int jl_jfile_attach(jl_jfile *f, bool create, jl_err *err);
/* The statement, prepared; NULL with err. */
jl_sqlite_stmt *jl_jfile_ready(jl_jfile *f, enum jl_jfile_query q, jl_err *err);
/* JL_CONFIG. */
int jl_jfile_damaged(const jl_jfile *f, const char *what, jl_err *err);
/* Reads the one row. */
int jl_jfile_head(jl_jfile *f, jl_err *err);
/* Begins a transaction that may write. The file is there: jl_jfile_attach. */
int jl_jfile_enter(jl_jfile *f, jl_err *err);
/* The number of the change that the transaction is. */
int64_t jl_jfile_touch(jl_jfile *f);
/* Ends it: durable, unless nothing has changed, or `rc` is a failure. Returns `rc`, or -1. */
int jl_jfile_leave(jl_jfile *f, int rc, jl_err *err);

/* ---- models ---- */

/* Reads them anew. */
int jl_jfile_models(jl_jfile *f, jl_err *err);
/* The model with this id, read anew when it is not known; NULL with err. */
const jl_jfile_model *jl_jfile_model_of(jl_jfile *f, int64_t id, jl_err *err);

/* ---- one job ---- */

/* The columns alone: the job's spans stay empty. */
int jl_jfile_row_columns(jl_jfile *f, jl_sqlite_stmt *s, jl_jfile_row *r, jl_err *err);
jl_span jl_jfile_line(jl_sqlite_stmt *s);
/* Fills the posting's texts from its line, behind which an LF and JL_PAD bytes stand; `text` has those that had to be decoded. */
int jl_jfile_load(jl_jfile *f, jl_span line, jl_buf *text, jl_posting *posting, jl_err *err);
/* 1: found, 0: there is none. With its vectors. */
int jl_jfile_by_row(jl_jfile *f, int64_t row, jl_jfile_row *r, jl_err *err);
int jl_jfile_by_name(jl_jfile *f, jl_span source, jl_span id, jl_jfile_row *r, jl_err *err);
int jl_jfile_by_url(jl_jfile *f, jl_span url, jl_jfile_row *r, jl_err *err);
/* The job that has the description with this hash, but for `row`. Without vectors. */
int jl_jfile_by_content(jl_jfile *f, jl_span hash, uint64_t row, jl_jfile_row *r, jl_err *err);
/* 1: others are duplicates of it. */
int jl_jfile_has_duplicates(jl_jfile *f, uint64_t row, jl_err *err);
/* Appends their rows, ascending. */
int jl_jfile_duplicates(jl_jfile *f, uint64_t row, jl_jfile_list *to, jl_err *err);
/* Appends a vector's bytes. 1: there is one. */
int jl_jfile_vector(jl_jfile *f, uint64_t row, jl_stage stage, jl_buf *out, jl_err *err);

/* Stores a new job with its row and change. */
int jl_jfile_add(jl_jfile *f, const jl_stored_job *job, jl_err *err);
/* Stores what `old` has become: job->row is the same. job->change is set. */
int jl_jfile_change(jl_jfile *f, const jl_jfile_row *old, jl_stored_job *job, jl_err *err);
int jl_jfile_delete(jl_jfile *f, const jl_jfile_row *old, jl_err *err);
void jl_jfile_row_free(jl_jfile_row *r);

/* The keys of the indices. */
int64_t jl_jfile_key(jl_span text);

/* ---- rows ---- */

/* Ascending, each once. */
void jl_jfile_list_sort(jl_jfile_list *l);
/* Appends the first column of what the statement gives. */
int jl_jfile_list_take(jl_jfile_list *l, jl_sqlite_stmt *s, jl_err *err);

/* ---- operations: store/store.h ---- */

int jl_jfile_put(jl_jobs *base, jl_put *put, size_t n, jl_err *err);
int jl_jfile_import(jl_jobs *base, const jl_stored_job *job, size_t n, jl_err *err);
int jl_jfile_mark(jl_jobs *base, const jl_posting *const *which, size_t n, jl_status status, int64_t now,
                  uint64_t *marked, jl_err *err);
int jl_jfile_requeue(jl_jobs *base, int64_t before, uint8_t tries, uint64_t *again, uint64_t *given_up, jl_err *err);
int jl_jfile_purge(jl_jobs *base, const uint64_t *row, size_t n, uint64_t change, uint64_t *deleted, jl_err *err);
int jl_jfile_find(jl_jobs *base, const jl_find *what, jl_each_job each, void *self, jl_err *err);
int jl_jfile_rows(jl_jobs *base, const uint64_t *row, size_t n, bool vectors, jl_each_job each, void *self,
                  jl_err *err);
/* Of what find keeps between calls. */
void jl_jfile_piece_free(struct jl_jfile_piece *piece);

#endif
