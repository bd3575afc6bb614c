/* SQLite as this house uses it: one connection to one file that others may be using too. */
#ifndef JL_WIRE_SQLITE_H
#define JL_WIRE_SQLITE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/url.h"

/* What kind of file it has to be. Immutable; lives as long as the connection. */
typedef struct jl_sqlite_kind {
    const char *what;       /* "a store of jobline", for messages */
    int32_t application_id; /* in the file's header */
    int version;            /* user_version: a file with a higher one is refused */
    const char *schema;     /* SQL that makes an empty file one of this kind */
    /* What follows may be 0. */
    const char *const *
        step; /* step[v], for each v < version from the oldest that is known: SQL that makes version v + 1 of version v,
                                run by whoever opens an older file; NULL, or a step that is NULL: it is taken as it is */
    int cache_kib; /* 0 = 65536 */
} jl_sqlite_kind;

/* Errors of all functions name the file and have the class
     JL_UNAVAILABLE  locked by others for longer than patience
     JL_CANTCREAT    the file cannot be created or written
     JL_IO           a read or write failed, the disk is full
     JL_CONFIG       no database, one of another kind, of a newer version, damaged
     JL_USAGE        the library is not installed
     JL_SOFTWARE     anything else */
typedef struct jl_sqlite jl_sqlite;
typedef struct jl_sqlite_stmt jl_sqlite_stmt;

/* Loads the library, unless it is loaded, so that its absence shows before there is a file to open; jl_sqlite_open does
   the same. -1: JL_USAGE with what to install. */
int jl_sqlite_load(jl_err *err);
/* The file that sqlite:PATH names, as jl_sqlite_open takes it; the caller frees it. NULL: JL_USAGE when it names none, or
   the library is not installed; or memory ran out. */
char *jl_sqlite_path(const jl_url *url, jl_err *err);
/* Makes an empty file with this mode, less the umask, for jl_sqlite_open to fill; nothing when there is a file. -1:
   JL_CANTCREAT. */
int jl_sqlite_make_file(const char *path, mode_t mode, jl_err *err);
/* Opens the file; with `create` makes it when it is not there, else sets *db to NULL and returns 0 then: an absent file
   is an empty one. An empty file counts as absent unless `create`. `patience` in ns. `path` is copied. */
int jl_sqlite_open(jl_sqlite **db, const char *path, const jl_sqlite_kind *kind, int64_t patience, bool create,
                   jl_err *err);
void jl_sqlite_close(jl_sqlite *db);
/* True when PATH is no longer the file that is open: removed, or another one in its place. */
bool jl_sqlite_gone(const jl_sqlite *db);
/* Tells the files apart that PATH has named in turn. */
uint64_t jl_sqlite_file(const jl_sqlite *db);
/* Changes how much of the file is kept in memory. A cache that is larger than what a reader uses again costs it a page
   fault for every 4 KiB that it reads. */
int jl_sqlite_cache(jl_sqlite *db, int kib, jl_err *err);
/* Changes how long locks are waited for. */
void jl_sqlite_patience(jl_sqlite *db, int64_t patience);

/* Statements are kept by the connection and freed with it: `slot` points to a NULL that the caller keeps for this SQL,
   so that it is prepared once. */
int jl_sqlite_prepare(jl_sqlite *db, jl_sqlite_stmt **slot, const char *sql, jl_err *err);
/* Parameters count from 1. Bytes are borrowed until the next reset. */
void jl_sqlite_bind_int(jl_sqlite_stmt *s, int i, int64_t value);
void jl_sqlite_bind_text(jl_sqlite_stmt *s, int i, const char *text);
void jl_sqlite_bind_blob(jl_sqlite_stmt *s, int i, const void *bytes, size_t n);
/* 1: a row, 0: no more, -1: error; the statement is reset after 0 and -1. */
int jl_sqlite_step(jl_sqlite_stmt *s, jl_err *err);
/* Ends the statement early. */
void jl_sqlite_reset(jl_sqlite_stmt *s);
/* Columns count from 0; spans live until the next step or reset. */
int64_t jl_sqlite_int(jl_sqlite_stmt *s, int column);
jl_span jl_sqlite_bytes(jl_sqlite_stmt *s, int column);

/* Appends one column of the row with this rowid, a blob, to `to`. Inside a transaction. Takes about 0.3 us less than a
   statement does, of 0.55 us where the page is in the cache. False: not to be had this way, which is so when there is
   no such row; a statement tells why. */
bool jl_sqlite_peek(jl_sqlite *db, const char *table, const char *column, int64_t row, jl_buf *to);

/* Steps to the end, rows ignored. */
int jl_sqlite_run(jl_sqlite_stmt *s, jl_err *err);
/* Several statements without parameters. */
int jl_sqlite_exec(jl_sqlite *db, const char *sql, jl_err *err);
/* The single integer that a query without parameters gives. */
int jl_sqlite_ask(jl_sqlite *db, const char *sql, int64_t *value, jl_err *err);

/* Transactions: one for reading, or one that may write and holds the write lock from its beginning (read, then write,
   without anybody in between). */
int jl_sqlite_begin(jl_sqlite *db, bool write, jl_err *err);
/* Durable when it returns 0. On failure the transaction is rolled back. */
int jl_sqlite_commit(jl_sqlite *db, jl_err *err);
/* Harmless outside of a transaction. */
void jl_sqlite_rollback(jl_sqlite *db);

/* True when the last failure was for want of permission to write. */
bool jl_sqlite_readonly(const jl_sqlite *db);

/* "sqlite 3.40.1", the version that this was built for. Static. */
const char *jl_sqlite_version(void);

#endif
