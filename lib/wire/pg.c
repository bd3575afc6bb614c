/* Statements, their values in PostgreSQL's binary forms, transactions. */
#include "wire/pg.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "wire/pg_link.h"

#define PATIENCE (60 * JL_SECOND)
#define COPY_BLOCK ((size_t)1 << 16)
#define OID_BYTEA 17
#define OID_INT8 20

struct jl_pg_stmt {
    jl_pg *db;
    jl_pg_stmt **slot, *next;
    char *sql;
    char name[24];
    uint64_t session; /* in which it is prepared; 0: in none */
    bool running;
    int n;
    const char *value[JL_PG_PARAMETERS];
    int length[JL_PG_PARAMETERS];
    char number[JL_PG_PARAMETERS][8];
    jl_buf array[JL_PG_PARAMETERS];
};

struct jl_pg {
    jl_url url;
    char name[sizeof(((jl_url *)0)->path) + 320];
    jl_pg_link link;
    int64_t patience;
    jl_pg_stmt *statements;
    unsigned prepared;
    bool transaction; /* begun and not ended: a connection that is lost meanwhile is not made anew */
    jl_buf copy;
    unsigned columns, column; /* of a row that is copied */
};

/* ---- opening ---- */

jl_pg *jl_pg_open(const jl_url *url, int64_t patience, jl_err *err) {
    if (jl_pg_link_ready(err) != 0)
        return NULL;
    jl_pg *db = calloc(1, sizeof *db);
    if (!db) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    db->url = *url;
    jl_url_show(url, db->name, sizeof db->name);
    db->patience = patience > 0 ? patience : PATIENCE;
    db->link = (jl_pg_link){.url = &db->url, .name = db->name, .patience = db->patience, .silence = db->patience};
    return db;
}

static void stmt_free(jl_pg_stmt *s) {
    for (int i = 0; i < JL_PG_PARAMETERS; i++)
        jl_buf_free(&s->array[i]);
    free(s->sql);
    free(s);
}

void jl_pg_close(jl_pg *db) {
    if (!db)
        return;
    while (db->statements) {
        jl_pg_stmt *s = db->statements;
        db->statements = s->next;
        *s->slot = NULL;
        stmt_free(s);
    }
    jl_pg_link_close(&db->link);
    jl_buf_free(&db->copy);
    jl_url_wipe(&db->url);
    free(db);
}

const char *jl_pg_name(const jl_pg *db) {
    return db->name;
}

int jl_pg_server(const jl_pg *db) {
    return jl_pg_link_server(&db->link);
}

uint64_t jl_pg_session(const jl_pg *db) {
    return db->link.number;
}

void jl_pg_silence(jl_pg *db, int64_t ns) {
    db->link.silence = ns ? ns : db->patience;
}

int jl_pg_connect(jl_pg *db, jl_err *err) {
    if (db->transaction && db->link.conn)
        return 0;
    if (db->transaction)
        return jl_err_set(err, JL_UNAVAILABLE, "%s: the connection was lost", db->name);
    return jl_pg_link_connect(&db->link, err);
}

/* Before anything is sent. */
static int db_ready(jl_pg *db, jl_err *err) {
    if (db->link.busy)
        return jl_err_set(err, JL_SOFTWARE, "%s: a statement has not ended", db->name);
    return jl_pg_connect(db, err);
}

/* ---- parameters ---- */

/* Numbers travel with their highest byte first. */
static void put_number(char *to, uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; i--, value >>= 8)
        to[i] = (char)(value & 0xff);
}

static uint64_t get_number(jl_span bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.n; i++)
        value = value << 8 | (unsigned char)bytes.p[i];
    return value;
}

static int add_number(jl_buf *b, uint64_t value, int bytes, jl_err *err) {
    char text[8];
    put_number(text, value, bytes);
    return jl_buf_add(b, (jl_span){text, (size_t)bytes}, err);
}

int jl_pg_prepare(jl_pg *db, jl_pg_stmt **slot, const char *sql, jl_err *err) {
    if (*slot)
        return 0;
    jl_pg_stmt *s = calloc(1, sizeof *s);
    if (!s || !(s->sql = strdup(sql))) {
        free(s);
        return jl_err_nomem(err);
    }
    (void)snprintf(s->name, sizeof s->name, "jobline_%u", ++db->prepared);
    s->db = db;
    s->slot = slot;
    s->next = db->statements;
    db->statements = s;
    *slot = s;
    return 0;
}

static void bind(jl_pg_stmt *s, int i, const char *value, size_t length) {
    s->value[i - 1] = value;
    s->length[i - 1] = (int)length;
    if (s->n < i)
        s->n = i;
}

void jl_pg_bind_null(jl_pg_stmt *s, int i) {
    bind(s, i, NULL, 0);
}

void jl_pg_bind_int(jl_pg_stmt *s, int i, int64_t value) {
    put_number(s->number[i - 1], (uint64_t)value, 8);
    bind(s, i, s->number[i - 1], 8);
}

void jl_pg_bind_bool(jl_pg_stmt *s, int i, bool value) {
    s->number[i - 1][0] = (char)value;
    bind(s, i, s->number[i - 1], 1);
}

void jl_pg_bind_bytes(jl_pg_stmt *s, int i, jl_span bytes) {
    bind(s, i, bytes.p ? bytes.p : "", bytes.n);
}

/* Dimensions, whether there are NULLs, type of the elements; of each dimension its size and first index. */
static int array_head(jl_buf *b, uint32_t type, size_t n, jl_err *err) {
    jl_buf_clear(b);
    if (add_number(b, n > 0, 4, err) != 0 || add_number(b, 0, 4, err) != 0 || add_number(b, type, 4, err) != 0)
        return -1;
    return n == 0 || (add_number(b, n, 4, err) == 0 && add_number(b, 1, 4, err) == 0) ? 0 : -1;
}

int jl_pg_bind_ints(jl_pg_stmt *s, int i, const int64_t *value, size_t n, jl_err *err) {
    jl_buf *b = &s->array[i - 1];
    if (array_head(b, OID_INT8, n, err) != 0)
        return -1;
    for (size_t k = 0; k < n; k++)
        if (add_number(b, 8, 4, err) != 0 || add_number(b, (uint64_t)value[k], 8, err) != 0)
            return -1;
    bind(s, i, b->p, b->n);
    return 0;
}

int jl_pg_bind_spans(jl_pg_stmt *s, int i, const jl_span *value, size_t n, jl_err *err) {
    jl_buf *b = &s->array[i - 1];
    if (array_head(b, OID_BYTEA, n, err) != 0)
        return -1;
    for (size_t k = 0; k < n; k++)
        if (add_number(b, value[k].n, 4, err) != 0 || jl_buf_add(b, value[k], err) != 0)
            return -1;
    bind(s, i, b->p, b->n);
    return 0;
}

/* ---- statements ---- */

static int stmt_start(jl_pg_stmt *s, jl_err *err) {
    jl_pg *db = s->db;
    if (db_ready(db, err) != 0)
        return -1;
    if (s->session != db->link.number) {
        if (jl_pg_link_prepare(&db->link, s->name, s->sql, err) != 0)
            return -1;
        s->session = db->link.number;
    }
    if (jl_pg_link_ask(&db->link, s->name, s->n, s->value, s->length, err) != 0)
        return -1;
    s->running = true;
    return 0;
}

int jl_pg_step(jl_pg_stmt *s, jl_err *err) {
    if (!s->running && stmt_start(s, err) != 0)
        return -1;
    int rc = jl_pg_link_row(&s->db->link, err);
    s->running = rc == 1;
    return rc;
}

void jl_pg_reset(jl_pg_stmt *s) {
    if (s->running)
        jl_pg_link_drop(&s->db->link);
    s->running = false;
}

int64_t jl_pg_int(const jl_pg_stmt *s, int column) {
    jl_span v = jl_pg_link_value(&s->db->link, column);
    uint64_t n = get_number(v);
    switch (v.n) {
    case 2:
        return (int16_t)n;
    case 4:
        return (int32_t)n;
    default:
        return (int64_t)n;
    }
}

jl_span jl_pg_bytes(const jl_pg_stmt *s, int column) {
    return jl_pg_link_value(&s->db->link, column);
}

int jl_pg_run(jl_pg_stmt *s, uint64_t *touched, jl_err *err) {
    int rc;
    do
        rc = jl_pg_step(s, err);
    while (rc == 1);
    if (rc == 0 && touched)
        *touched = jl_pg_link_touched(&s->db->link);
    return rc;
}

int jl_pg_exec(jl_pg *db, const char *sql, jl_err *err) {
    return db_ready(db, err) == 0 ? jl_pg_link_exec(&db->link, sql, err) : -1;
}

/* ---- copying ---- */

/* "File Format", "Binary Format" in the documentation of COPY. */
int jl_pg_copy(jl_pg *db, const char *table_and_columns, unsigned columns, jl_err *err) {
    char sql[512];
    (void)snprintf(sql, sizeof sql, "COPY %s FROM STDIN (FORMAT binary)", table_and_columns);
    if (db_ready(db, err) != 0 || jl_pg_link_copy(&db->link, sql, err) != 0)
        return -1;
    db->columns = columns;
    db->column = 0;
    jl_buf_clear(&db->copy);
    return jl_buf_add(&db->copy, (jl_span){"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19}, err);
}

static int copy_feed(jl_pg *db, jl_err *err) {
    if (db->link.conn == NULL)
        return jl_pg_connect(db, err) == 0 ? jl_err_set(err, JL_SOFTWARE, "%s: nothing is copied", db->name) : -1;
    int rc = jl_pg_link_feed(&db->link, jl_buf_span(&db->copy), err);
    jl_buf_clear(&db->copy);
    return rc;
}

/* The head of a row, when it begins, and of a value. */
static int copy_head(jl_pg *db, uint64_t length, jl_err *err) {
    if (db->copy.n >= COPY_BLOCK && copy_feed(db, err) != 0)
        return -1;
    if (db->column == 0 && add_number(&db->copy, db->columns, 2, err) != 0)
        return -1;
    db->column = (db->column + 1) % db->columns;
    return add_number(&db->copy, length, 4, err);
}

int jl_pg_copy_int(jl_pg *db, int64_t value, jl_err *err) {
    return copy_head(db, 8, err) == 0 ? add_number(&db->copy, (uint64_t)value, 8, err) : -1;
}

int jl_pg_copy_bytes(jl_pg *db, jl_span bytes, jl_err *err) {
    return copy_head(db, bytes.n, err) == 0 ? jl_buf_add(&db->copy, bytes, err) : -1;
}

int jl_pg_copy_null(jl_pg *db, jl_err *err) {
    return copy_head(db, UINT32_MAX, err);
}

int jl_pg_copy_end(jl_pg *db, jl_err *err) {
    if (add_number(&db->copy, UINT16_MAX, 2, err) != 0 || copy_feed(db, err) != 0)
        return -1;
    return jl_pg_link_fed(&db->link, err);
}

/* ---- transactions ---- */

int jl_pg_begin(jl_pg *db, jl_pg_mode mode, jl_err *err) {
    static const char *const sql[] = {[JL_PG_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                                      [JL_PG_WRITE] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"};
    if (jl_pg_exec(db, sql[mode], err) != 0)
        return -1;
    db->transaction = true;
    return 0;
}

int jl_pg_commit(jl_pg *db, jl_err *err) {
    int rc = jl_pg_exec(db, "COMMIT", err);
    if (rc != 0)
        jl_pg_rollback(db);
    db->transaction = false;
    return rc;
}

void jl_pg_rollback(jl_pg *db) {
    for (jl_pg_stmt *s = db->statements; s; s = s->next)
        s->running = false;
    jl_pg_next next = db->link.next;
    char state[sizeof db->link.state];
    memcpy(state, db->link.state, sizeof state);
    jl_pg_link_drop(&db->link);
    if (jl_pg_link_open(&db->link) && jl_pg_link_exec(&db->link, "ROLLBACK", NULL) != 0)
        jl_pg_link_close(&db->link);
    db->link.next = next;
    memcpy(db->link.state, state, sizeof state);
    db->transaction = false;
}

bool jl_pg_passing(const jl_pg *db) {
    return db->link.next != JL_PG_FINAL;
}

const char *jl_pg_state(const jl_pg *db) {
    return db->link.state;
}

static int attempt(jl_pg *db, jl_pg_mode mode, int (*body)(void *self, jl_err *err), void *self, jl_err *err) {
    db->link.next = JL_PG_FINAL;
    if (jl_pg_begin(db, mode, err) != 0)
        return -1;
    if (body(self, err) == 0)
        return jl_pg_commit(db, err);
    jl_pg_rollback(db);
    return -1;
}

int jl_pg_transact(jl_pg *db, jl_pg_mode mode, int (*body)(void *self, jl_err *err), void *self, jl_err *err) {
    int64_t deadline = jl_clock_now() + db->patience, nap = 10 * JL_MILLISECOND;
    jl_err why = {0}; /* of attempts that do not count in the end */
    while (attempt(db, mode, body, self, &why) != 0) {
        if (!jl_pg_passing(db) || jl_clock_now() + nap >= deadline || jl_pg_link_nap(&db->link, nap, &why) != 0) {
            if (err)
                *err = why;
            return -1;
        }
        nap *= nap < JL_SECOND / 2 ? 2 : 1;
    }
    return 0;
}
