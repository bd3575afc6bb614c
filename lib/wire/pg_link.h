/* One connection to one PostgreSQL server: login, what is sent, what comes back, waiting that has an end. */
#ifndef JL_WIRE_PG_LINK_H
#define JL_WIRE_PG_LINK_H

#include <stdint.h>

#include "base/url.h"
#include "wire/pg_state.h"

/* Zero bytes, then url, name, patience and silence are a link that is not connected. */
typedef struct jl_pg_link {
    const jl_url *url;
    const char *name;    /* of the server, for messages */
    int64_t patience;    /* ns, for a lock, and for a server to come back */
    int64_t silence;     /* ns without a sign from the server; INT64_MAX: any time */
    void *conn, *result; /* libpq's; the result is the row at hand */
    uint64_t number;     /* of the connection; another one after each loss; 0: never connected */
    int64_t stop_seen;   /* when it was first noticed that a stop is asked, monotonic ns */
    bool busy;           /* something was sent whose end has not come */
    jl_pg_next next;     /* what the last failure asks for */
    char state[6];       /* its code; "" when it has none */
} jl_pg_link;

/* All functions: -1 with a message that names the server and has no password in it; `next` and `state` say more. After
   JL_PG_LOST the link is not connected. */

/* Loads the library. */
int jl_pg_link_ready(jl_err *err);
/* Tries until it succeeds, fails for good, or `patience` is over. Nothing when it is connected. */
int jl_pg_link_connect(jl_pg_link *l, jl_err *err);
void jl_pg_link_close(jl_pg_link *l);
/* 150020 is 15.20. */
int jl_pg_link_server(const jl_pg_link *l);
/* True between BEGIN and its end, also when the transaction has failed. */
bool jl_pg_link_open(const jl_pg_link *l);

/* Statements without parameters or rows; the server's own transaction when there are several. */
int jl_pg_link_exec(jl_pg_link *l, const char *sql, jl_err *err);
int jl_pg_link_prepare(jl_pg_link *l, const char *name, const char *sql, jl_err *err);

/* Parameters and results in binary form. */
int jl_pg_link_ask(jl_pg_link *l, const char *name, int n, const char *const *value, const int *length, jl_err *err);
/* 1: a row, 0: no more, -1. */
int jl_pg_link_row(jl_pg_link *l, jl_err *err);
/* Of the row at hand, until the next one; `p` is NULL for NULL. */
jl_span jl_pg_link_value(const jl_pg_link *l, int column);
/* Rows that the last statement changed, when it has ended. */
uint64_t jl_pg_link_touched(const jl_pg_link *l);
/* Ends a statement whose rows are not wanted any more; what takes long to end costs the connection. */
void jl_pg_link_drop(jl_pg_link *l);

/* COPY … FROM STDIN: begun, bytes in its format, ended. When `end` fails, nothing was copied. */
int jl_pg_link_copy(jl_pg_link *l, const char *sql, jl_err *err);
int jl_pg_link_feed(jl_pg_link *l, jl_span bytes, jl_err *err);
int jl_pg_link_fed(jl_pg_link *l, jl_err *err);

/* Sleeps, but not after a stop is asked: -1 (JL_TEMPFAIL) then. */
int jl_pg_link_nap(jl_pg_link *l, int64_t ns, jl_err *err);

#endif
