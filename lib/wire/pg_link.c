/* libpq without its blocking calls: every wait has an end, and a stop that is asked shortens it. */
#include "wire/pg_link.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/stop.h"
#include "wire/pg.h"
#include "wire/pg_calls.h"

#define FIRST_CONTACT (10 * JL_SECOND) /* a server that was never reached is rather not there than restarting */
#define ATTEMPT (10 * JL_SECOND)
#define GRACE (5 * JL_SECOND) /* for the server to tell that a lock was not had; for what is under way at a stop */
#define DROP_ROWS 64
#define PARAMETERS 48

static PGconn *conn_of(const jl_pg_link *l) {
    return l->conn;
}

/* ---- errors ---- */

/* `text` without the password, should a server repeat it. */
static void without_secret(const jl_pg_link *l, char *text) {
    size_t n = strlen(l->url->pass);
    for (char *p = n ? strstr(text, l->url->pass) : NULL; p; p = strstr(p + 1, l->url->pass))
        memset(p, '*', n);
}

static int link_say(jl_pg_link *l, jl_class class, jl_span text, const char *advice, jl_err *err) {
    char shown[400];
    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == ' '))
        text.n--;
    (void)jl_err_escape(text, shown, sizeof shown);
    without_secret(l, shown);
    return jl_err_set(err, class, "%s: %s%s", l->name, shown[0] ? shown : "it has closed the connection", advice);
}

static void link_end(jl_pg_link *l) {
    PQclear(l->result);
    l->result = NULL;
    l->busy = false;
    if (l->conn)
        PQfinish(l->conn);
    l->conn = NULL;
}

/* The connection is of no more use. Always -1. */
static int link_lost(jl_pg_link *l, jl_err *err) {
    const char *message = PQerrorMessage(l->conn);
    (void)link_say(l, JL_UNAVAILABLE, (jl_span){message, strcspn(message, "\n")}, "", err);
    l->next = JL_PG_LOST;
    l->state[0] = '\0';
    link_end(l);
    return -1;
}

/* Nobody knows what of it the server has done; it will notice that it is left alone. */
static int link_leave(jl_pg_link *l, jl_class class, const char *why, jl_err *err) {
    l->next = JL_PG_FINAL;
    l->state[0] = '\0';
    link_end(l);
    return jl_err_set(err, class, "%s: %s", l->name, why);
}

static void quietly(void *self, const PGresult *notice) {
    (void)self;
    (void)notice;
}

/* Reads what is left of a statement that has failed. */
static int link_drain(jl_pg_link *l, jl_err *err);

static int link_refused(jl_pg_link *l, const PGresult *result, jl_err *err) {
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!state || !text)
        return link_lost(l, err);
    const jl_pg_meaning *m = jl_pg_meaning_of(state);
    jl_err why = {0};
    if (strcmp(state, "55P03") == 0)
        (void)jl_err_set(&why, m->class, "%s: locked by another process for %.0f s", l->name,
                         (double)l->patience / (double)JL_SECOND);
    else
        (void)link_say(l, m->class, jl_span_of(text), m->advice, &why);
    char code[6];
    (void)snprintf(code, sizeof code, "%s", state);
    jl_pg_next next = m->next;
    if (next == JL_PG_LOST)
        link_end(l);
    else if (link_drain(l, NULL) != 0)
        next = JL_PG_LOST;
    l->next = next;
    memcpy(l->state, code, sizeof code);
    if (err)
        *err = why;
    return -1;
}

/* ---- waiting ---- */

static int64_t sooner(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* 1: the socket is ready, 0: `deadline` has passed, -1: a stop was asked, and `grace` too has passed since. */
static int link_wait(jl_pg_link *l, short events, int64_t deadline, int64_t grace) {
    for (;;) {
        bool stop = jl_stop_asked() != 0;
        int64_t now = jl_clock_now();
        if (stop && !l->stop_seen)
            l->stop_seen = now;
        int64_t until = stop ? sooner(deadline, l->stop_seen + grace) : deadline;
        struct pollfd fd[] = {{.fd = l->conn ? PQsocket(l->conn) : -1, .events = events},
                              {.fd = stop ? -1 : jl_stop_fd(), .events = POLLIN}};
        int ready = poll(fd, 2, until == INT64_MAX ? -1 : until <= now ? 0 : jl_clock_poll_ms(until));
        if (ready > 0 && fd[0].revents)
            return 1;
        if (ready == 0 && until <= jl_clock_now())
            return until < deadline ? -1 : 0;
    }
}

int jl_pg_link_nap(jl_pg_link *l, int64_t ns, jl_err *err) {
    jl_pg_link none = {.stop_seen = l->stop_seen};
    if (link_wait(&none, 0, jl_clock_now() + ns, 0) == 0)
        return 0;
    return jl_err_set(err, JL_TEMPFAIL, "%s: stopped before the server could be used", l->name);
}

static int link_wait_for(jl_pg_link *l, short events, jl_err *err) {
    char why[64];
    int64_t deadline = l->silence > INT64_MAX / 2 ? INT64_MAX : jl_clock_now() + l->silence + GRACE;
    switch (link_wait(l, events, deadline, GRACE)) {
    case 1:
        return 0;
    case 0:
        (void)snprintf(why, sizeof why, "no answer for %.0f s", (double)l->silence / (double)JL_SECOND);
        return link_leave(l, JL_UNAVAILABLE, why, err);
    default:
        return link_leave(l, JL_TEMPFAIL, "stopped before the server answered", err);
    }
}

/* Everything is sent; what comes meanwhile is read, for a server that is not read from does not read, either. */
static int link_flush(jl_pg_link *l, jl_err *err) {
    for (;;) {
        int left = PQflush(l->conn);
        if (left == 0)
            return 0;
        if (left < 0)
            return link_lost(l, err);
        if (link_wait_for(l, POLLIN | POLLOUT, err) != 0)
            return -1;
        if (!PQconsumeInput(l->conn))
            return link_lost(l, err);
    }
}

/* NULL: the statement has ended. */
static int link_result(jl_pg_link *l, PGresult **result, jl_err *err) {
    *result = NULL;
    while (PQisBusy(l->conn)) {
        if (link_wait_for(l, POLLIN, err) != 0)
            return -1;
        if (!PQconsumeInput(l->conn))
            return link_lost(l, err);
    }
    *result = PQgetResult(l->conn);
    if (*result)
        return 0;
    l->busy = false;
    return PQstatus(l->conn) == CONNECTION_OK ? 0 : link_lost(l, err);
}

static int link_drain(jl_pg_link *l, jl_err *err) {
    PGresult *result = NULL;
    do {
        PQclear(result);
        if (link_result(l, &result, err) != 0)
            return -1;
        if (result && PQresultStatus(result) == PGRES_COPY_IN && PQputCopyEnd(l->conn, "not wanted") < 0) {
            PQclear(result);
            return link_lost(l, err);
        }
    } while (result);
    return 0;
}

/* ---- connecting ---- */

typedef struct words {
    const char *key[PARAMETERS], *value[PARAMETERS];
    size_t n;
    char query[sizeof(((jl_url *)0)->query)];
    char host[sizeof(((jl_url *)0)->hosts)], port[sizeof(((jl_url *)0)->hosts)];
    int64_t attempt;
} words;

static void word(words *w, const char *key, const char *value) {
    if (w->n + 1 >= PARAMETERS || !value[0])
        return;
    w->key[w->n] = key;
    w->value[w->n++] = value;
}

/* name=value&name=value, as libpq has it. */
static int words_of_query(words *w, const jl_pg_link *l, jl_err *err) {
    (void)snprintf(w->query, sizeof w->query, "%s", l->url->query);
    char *left = w->query;
    for (char *one; (one = strsep(&left, "&"));) {
        char *value = strchr(one, '=');
        if (!one[0])
            continue;
        if (!value)
            return jl_err_set(err, JL_USAGE, "%s: a parameter of the URL has no value: NAME=VALUE&NAME=VALUE", l->name);
        *value++ = '\0';
        word(w, one, value);
        uint64_t seconds;
        if (strcmp(one, "connect_timeout") == 0 && jl_num_u64(jl_span_of(value), 1, 3600, &seconds, NULL) == 0)
            w->attempt = (int64_t)seconds * JL_SECOND;
    }
    return 0;
}

/* "a:1,b:2" becomes "a,b" and "1,2". */
static void words_of_hosts(words *w, const char *hosts) {
    char *host = w->host, *port = w->port;
    for (bool in_port = false, in_six = false; *hosts; hosts++) {
        char c = *hosts;
        if (c == '[' || c == ']') {
            in_six = c == '[';
        } else if (c == ',') {
            in_port = false;
            *host++ = *port++ = c;
        } else if (c == ':' && !in_six && !in_port) {
            in_port = true;
        } else if (in_port) {
            *port++ = c;
        } else {
            *host++ = c;
        }
    }
    *host = *port = '\0';
}

static int words_of_url(words *w, const jl_pg_link *l, jl_err *err) {
    const jl_url *u = l->url;
    w->attempt = ATTEMPT;
    word(w, "fallback_application_name", "jobline");
    word(w, "client_encoding", "UTF8");
    word(w, "keepalives_idle", "30");
    word(w, "keepalives_interval", "10");
    word(w, "keepalives_count", "3");
    word(w, "tcp_user_timeout", "60000");
    if (words_of_query(w, l, err) != 0)
        return -1;
    if (u->hosts[0]) {
        words_of_hosts(w, u->hosts);
    } else {
        (void)snprintf(w->host, sizeof w->host, "%s", u->host);
        (void)snprintf(w->port, sizeof w->port, "%.0u", (unsigned)u->port);
    }
    word(w, "host", w->host);
    word(w, "port", w->port);
    word(w, "user", u->user);
    word(w, "password", u->pass);
    word(w, "dbname", u->path[0] == '/' ? u->path + 1 : u->path);
    return 0;
}

/* The sentence of a login that failed, without what stands in it for this program alone. */
static int login_refused(jl_pg_link *l, jl_err *err) {
    const char *message = PQerrorMessage(l->conn);
    char text[512];
    jl_span line;
    jl_class class = JL_UNAVAILABLE;
    const char *advice = "";
    l->next = JL_PG_LOST;
    if (jl_pg_state_in(message, l->state, &line)) {
        const jl_pg_meaning *m = jl_pg_meaning_of(l->state);
        class = m->class == JL_SOFTWARE ? JL_UNAVAILABLE : m->class;
        l->next = m->next;
        advice = m->advice;
    } else if (PQconnectionNeedsPassword(l->conn)) {
        class = JL_NOPERM;
        l->next = JL_PG_FINAL;
        advice = "; give it in the URL, or in the file that PGPASSFILE names";
    } else if (strncmp(message, "invalid ", 8) == 0) { /* a parameter; nobody was asked yet */
        class = JL_USAGE;
        l->next = JL_PG_FINAL;
    }
    (void)snprintf(text, sizeof text, "%.*s", (int)(line.n < sizeof text ? line.n : sizeof text - 1), line.p);
    char *code = l->state[0] ? strstr(text, l->state) : NULL;
    if (code)
        memmove(code, code + 7, strlen(code + 7) + 1);
    (void)link_say(l, class, jl_span_of(text), advice, err);
    link_end(l);
    return -1;
}

static int login(jl_pg_link *l, int64_t deadline, jl_err *err) {
    for (PostgresPollingStatusType step = PGRES_POLLING_WRITING; step != PGRES_POLLING_OK;
         step = PQconnectPoll(l->conn)) {
        if (step == PGRES_POLLING_FAILED)
            return login_refused(l, err);
        int ready = link_wait(l, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline, 0);
        if (ready < 0)
            return link_leave(l, JL_TEMPFAIL, "stopped before the server answered", err);
        if (ready == 0) {
            (void)link_leave(l, JL_UNAVAILABLE, "not reached in time", err);
            l->next = JL_PG_LOST;
            return -1;
        }
    }
    return 0;
}

/* What each session is to be like, whatever the server's and the user's defaults are. A commit that has been confirmed
   is on the disk; locks are waited for as long as asked; who waits for nothing, for a client that is no more, ends. */
static int session(jl_pg_link *l, jl_err *err) {
    char sql[512];
    int64_t lock = l->patience / JL_MILLISECOND;
    jl_err ignored = {0};
    (void)snprintf(
        sql, sizeof sql,
        "SET client_min_messages = error; SET statement_timeout = 0; SET lock_timeout = %lld; SET jit = off; "
        "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; "
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
        (long long)(lock < INT32_MAX ? lock : INT32_MAX));
    if (jl_pg_link_exec(l, sql, err) != 0)
        return -1;
    /* Not on every system: */
    (void)(jl_pg_link_server(l) < 140000 ||
           jl_pg_link_exec(l, "SET client_connection_check_interval = '5s'", &ignored));
    if (!l->conn)
        *err = ignored;
    return l->conn ? 0 : -1;
}

static int link_attempt(jl_pg_link *l, int64_t deadline, jl_err *err) {
    words w = {0};
    l->state[0] = '\0';
    l->next = JL_PG_FINAL;
    if (words_of_url(&w, l, err) != 0)
        return -1;
    l->conn = PQconnectStartParams(w.key, w.value, 0);
    explicit_bzero(w.query, sizeof w.query);
    if (!l->conn)
        return jl_err_nomem(err);
    (void)PQsetNoticeReceiver(l->conn, quietly, NULL);
    (void)PQsetErrorVerbosity(l->conn, PQERRORS_VERBOSE);
    if (PQstatus(l->conn) == CONNECTION_BAD)
        return login_refused(l, err);
    if (login(l, sooner(deadline, jl_clock_now() + w.attempt), err) != 0)
        return -1;
    (void)PQsetErrorVerbosity(l->conn, PQERRORS_DEFAULT);
    if (PQsetnonblocking(l->conn, 1) != 0)
        return link_lost(l, err);
    return session(l, err);
}

/* True when the server has closed a connection on which nothing is under way: it says why, then comes the end. */
static bool link_stale(jl_pg_link *l) {
    struct pollfd fd = {.fd = PQsocket(l->conn), .events = POLLIN};
    while (poll(&fd, 1, 0) > 0)
        if (!PQconsumeInput(l->conn) || PQisBusy(l->conn) || PQstatus(l->conn) != CONNECTION_OK)
            return true;
    return false;
}

int jl_pg_link_connect(jl_pg_link *l, jl_err *err) {
    if (l->conn && !l->busy && !jl_pg_link_open(l) && link_stale(l))
        link_end(l);
    if (l->conn)
        return 0;
    int64_t time = l->number ? l->patience : sooner(l->patience, FIRST_CONTACT);
    int64_t now = jl_clock_now(), nap = 20 * JL_MILLISECOND;
    int64_t deadline = time > INT64_MAX - now ? INT64_MAX : now + time;
    jl_err why = {0}; /* of attempts that do not count in the end */
    while (link_attempt(l, deadline, &why) != 0) {
        if (l->conn)
            link_end(l);
        bool again = l->next == JL_PG_LOST && jl_clock_now() + nap < deadline;
        if (again && jl_pg_link_nap(l, nap, &why) != 0) {
            l->next = JL_PG_FINAL;
            again = false;
        }
        if (!again && err)
            *err = why;
        if (!again)
            return -1;
        nap = sooner(nap * 2, JL_SECOND / 2);
    }
    l->number++;
    l->next = JL_PG_FINAL;
    return 0;
}

void jl_pg_link_close(jl_pg_link *l) {
    if (l->conn)
        link_end(l);
}

int jl_pg_link_ready(jl_err *err) {
    return jl_late_load(&pg_library, err);
}

int jl_pg_link_server(const jl_pg_link *l) {
    return l->conn ? PQserverVersion(conn_of(l)) : 0;
}

bool jl_pg_link_open(const jl_pg_link *l) {
    return l->conn && PQtransactionStatus(conn_of(l)) != PQTRANS_IDLE;
}

/* ---- statements ---- */

/* `sent` is what the sending call returned. */
static int link_sent(jl_pg_link *l, int sent, jl_err *err) {
    l->next = JL_PG_FINAL;
    l->state[0] = '\0';
    if (!sent)
        return link_lost(l, err);
    l->busy = true;
    return link_flush(l, err);
}

/* To the end of what was sent, rows ignored. */
static int link_finish(jl_pg_link *l, jl_err *err) {
    int rc;
    do
        rc = jl_pg_link_row(l, err);
    while (rc == 1);
    return rc;
}

int jl_pg_link_exec(jl_pg_link *l, const char *sql, jl_err *err) {
    return link_sent(l, PQsendQuery(l->conn, sql), err) == 0 ? link_finish(l, err) : -1;
}

int jl_pg_link_prepare(jl_pg_link *l, const char *name, const char *sql, jl_err *err) {
    return link_sent(l, PQsendPrepare(l->conn, name, sql, 0, NULL), err) == 0 ? link_finish(l, err) : -1;
}

int jl_pg_link_ask(jl_pg_link *l, const char *name, int n, const char *const *value, const int *length, jl_err *err) {
    int binary[PARAMETERS];
    for (int i = 0; i < PARAMETERS; i++)
        binary[i] = 1;
    if (n > PARAMETERS)
        return jl_err_set(err, JL_SOFTWARE, "%s: too many parameters", l->name);
    int sent = PQsendQueryPrepared(l->conn, name, n, value, length, binary, 1);
    if (sent && !PQsetSingleRowMode(l->conn))
        return link_lost(l, err);
    return link_sent(l, sent, err);
}

int jl_pg_link_row(jl_pg_link *l, jl_err *err) {
    for (;;) {
        PGresult *result;
        if (link_result(l, &result, err) != 0)
            return -1;
        if (!result)
            return 0;
        PQclear(l->result);
        l->result = result;
        switch (PQresultStatus(result)) {
        case PGRES_SINGLE_TUPLE:
            return 1;
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
            continue;
        default:
            l->result = NULL;
            int rc = link_refused(l, result, err);
            PQclear(result);
            return rc;
        }
    }
}

jl_span jl_pg_link_value(const jl_pg_link *l, int column) {
    if (PQgetisnull(l->result, 0, column))
        return (jl_span){NULL, 0};
    return (jl_span){PQgetvalue(l->result, 0, column), (size_t)PQgetlength(l->result, 0, column)};
}

uint64_t jl_pg_link_touched(const jl_pg_link *l) {
    return l->result ? strtoull(PQcmdTuples(l->result), NULL, 10) : 0;
}

void jl_pg_link_drop(jl_pg_link *l) {
    for (int i = 0; l->busy && i < DROP_ROWS; i++)
        if (jl_pg_link_row(l, NULL) <= 0)
            return;
    if (l->busy)
        link_end(l);
}

/* ---- copying ---- */

int jl_pg_link_copy(jl_pg_link *l, const char *sql, jl_err *err) {
    PGresult *result;
    if (link_sent(l, PQsendQuery(l->conn, sql), err) != 0 || link_result(l, &result, err) != 0)
        return -1;
    bool ready = result && PQresultStatus(result) == PGRES_COPY_IN;
    int rc = ready ? 0 : result ? link_refused(l, result, err) : link_lost(l, err);
    PQclear(result);
    return rc;
}

/* `put` again until libpq has room for it. */
static int link_put(jl_pg_link *l, int put, bool *again, jl_err *err) {
    *again = put == 0;
    if (put < 0)
        return link_lost(l, err);
    return put == 0 ? link_flush(l, err) : 0;
}

int jl_pg_link_feed(jl_pg_link *l, jl_span bytes, jl_err *err) {
    for (bool again = true; again;)
        if (link_put(l, PQputCopyData(l->conn, bytes.p, (int)bytes.n), &again, err) != 0)
            return -1;
    /* libpq would keep all of it that the server has not taken yet. */
    return link_flush(l, err);
}

int jl_pg_link_fed(jl_pg_link *l, jl_err *err) {
    for (bool again = true; again;)
        if (link_put(l, PQputCopyEnd(l->conn, NULL), &again, err) != 0)
            return -1;
    return link_flush(l, err) == 0 ? link_finish(l, err) : -1;
}

const char *jl_pg_version(void) {
    return "libpq " JL_PQ_VERSION;
}
