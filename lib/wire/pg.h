/* PostgreSQL as this house uses it: one connection, made when it is needed, to one database that others use too. */
#ifndef JL_WIRE_PG_H
#define JL_WIRE_PG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/url.h"

/* Errors name the server and database, never the password, and have the class
     JL_UNAVAILABLE  not reached within patience; the connection lost; locked by others, or silent, for longer than
                     patience; too many connections; a read-only replica
     JL_NOPERM       credentials or permission refused, or a password missing
     JL_CONFIG       no such database; a table missing, changed or somebody else's; damaged; a pooler in between that
                     changes connections
     JL_IO           the server's disk is full, or failed it
     JL_TEMPFAIL     a deadlock or a serialisation failure, again and again; a stop was asked (base/stop.h)
     JL_USAGE        a URL that cannot be meant; the library is not installed
     JL_SOFTWARE     anything else

   postgres://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE&NAME=VALUE, likewise postgresql:. Parameters are libpq's
   (sslmode=verify-full, host=/run/postgresql for a socket, options=…); what the URL does not say is taken from libpq's
   environment (PGHOST, PGUSER, PGPASSFILE, PGSERVICE, …), then its defaults. Several HOST:PORT are tried in their order.

   Nobody who asks a program to stop waits for long: what is under way has 5 s to come to its end, connecting has none.
   Resolving a host's name is the one thing that libpq blocks in. One thread at a time. */
typedef struct jl_pg jl_pg;
typedef struct jl_pg_stmt jl_pg_stmt;

/* Loads the library and connects to nothing yet. `patience`: ns, for locks, for a sign from the server, and for it to
   come back when it was lost; 0 = 60 s. A server that has not been reached at all yet is waited for 10 s at most. The
   URL is copied. NULL: JL_USAGE, or memory ran out. */
jl_pg *jl_pg_open(const jl_url *url, int64_t patience, jl_err *err);
/* NULL is fine. A transaction is rolled back. */
void jl_pg_close(jl_pg *db);
/* The URL without user, password and parameters. */
const char *jl_pg_name(const jl_pg *db);
/* Connects, unless it is connected. The functions below do so by themselves. */
int jl_pg_connect(jl_pg *db, jl_err *err);
/* 150020 is 15.20; 0 while it is not connected. */
int jl_pg_server(const jl_pg *db);
/* The number of the connection: what a session had (temporary tables) is no more when it is another. */
uint64_t jl_pg_session(const jl_pg *db);
/* For works that are silent for long, as building an index is: how long the server may keep silent from now on (ns,
   INT64_MAX = any time, 0 = as at first). Locks are waited for as before. */
void jl_pg_silence(jl_pg *db, int64_t ns);

/* Statements are kept by the connection and freed with it: `slot` points to a NULL that the caller keeps for this SQL,
   so that it is prepared once; after a lost connection that happens again by itself. Parameters are $1, $2, …, and need a
   type in the SQL where it does not follow: $1::int8. */
#define JL_PG_PARAMETERS 32
int jl_pg_prepare(jl_pg *db, jl_pg_stmt **slot, const char *sql, jl_err *err);
/* Parameters count from 1, keep their value from one run to the next and are NULL at first. */
void jl_pg_bind_null(jl_pg_stmt *s, int i);
void jl_pg_bind_int(jl_pg_stmt *s, int i, int64_t value); /* int8 */
void jl_pg_bind_bool(jl_pg_stmt *s, int i, bool value);
void jl_pg_bind_bytes(jl_pg_stmt *s, int i, jl_span bytes); /* bytea or text; borrowed until the statement has ended */
/* int8[] and bytea[]: copied. */
int jl_pg_bind_ints(jl_pg_stmt *s, int i, const int64_t *value, size_t n, jl_err *err);
int jl_pg_bind_spans(jl_pg_stmt *s, int i, const jl_span *value, size_t n, jl_err *err);
/* 1: a row, 0: no more, -1. Rows stream: one at a time is in memory. Until the last, or jl_pg_reset, there is no other
   statement (JL_SOFTWARE). */
int jl_pg_step(jl_pg_stmt *s, jl_err *err);
/* Ends the statement early, which may cost the connection, and with it the transaction. */
void jl_pg_reset(jl_pg_stmt *s);
/* Columns count from 0. Integers of any size, and booleans; 0 for NULL. */
int64_t jl_pg_int(const jl_pg_stmt *s, int column);
/* Until the next step; `p` is NULL for NULL, and only then. */
jl_span jl_pg_bytes(const jl_pg_stmt *s, int column);

/* Steps to the end, rows ignored. `touched`, unless it is NULL: rows inserted, changed or deleted. */
int jl_pg_run(jl_pg_stmt *s, uint64_t *touched, jl_err *err);
/* Several statements without parameters. */
int jl_pg_exec(jl_pg *db, const char *sql, jl_err *err);

/* COPY TABLE(COLUMNS) FROM STDIN, rows of `columns` values each; the values stream, at most 64 KiB and the longest are in
   memory. When the end fails, no row was copied. */
int jl_pg_copy(jl_pg *db, const char *table_and_columns, unsigned columns, jl_err *err);
int jl_pg_copy_int(jl_pg *db, int64_t value, jl_err *err); /* int8 */
int jl_pg_copy_bytes(jl_pg *db, jl_span bytes, jl_err *err);
int jl_pg_copy_null(jl_pg *db, jl_err *err);
int jl_pg_copy_end(jl_pg *db, jl_err *err);

/* Transactions. A reading one sees one state of the database from its first statement on; in a writing one each
   statement sees what has been committed before it. */
typedef enum jl_pg_mode { JL_PG_READ, JL_PG_WRITE } jl_pg_mode;
int jl_pg_begin(jl_pg *db, jl_pg_mode mode, jl_err *err);
/* Durable when it returns 0. On failure the transaction is rolled back, unless it was the answer that got lost. */
int jl_pg_commit(jl_pg *db, jl_err *err);
/* Harmless outside of a transaction. */
void jl_pg_rollback(jl_pg *db);
/* True when the last failure may be over when the transaction is done again. */
bool jl_pg_passing(const jl_pg *db);
/* A transaction around `body`, done again, body and all, while what fails it passes by itself (a deadlock, a server that
   restarts) and patience lasts. When a connection is lost in the very moment of the commit, `body` is called again
   although its work is done: it has to bear that. */
int jl_pg_transact(jl_pg *db, jl_pg_mode mode, int (*body)(void *self, jl_err *err), void *self, jl_err *err);
/* The code of the last failure (PostgreSQL's documentation, Appendix A); "" when it has none. */
const char *jl_pg_state(const jl_pg *db);

/* "libpq 15.20", the version that this was built for. Static. */
const char *jl_pg_version(void);

#endif
