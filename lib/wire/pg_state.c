/* The table of the codes that can come. */
#include "wire/pg_state.h"

#include <ctype.h>

/* Of several that fit, the first: exact codes stand before their class. */
static const jl_pg_meaning meanings[] = {
    {"08", JL_UNAVAILABLE, JL_PG_LOST, ""},
    {"22021", JL_CONFIG, JL_PG_FINAL, "; the database should have the encoding UTF8"},
    {"22P05", JL_CONFIG, JL_PG_FINAL, "; the database should have the encoding UTF8"},
    {"25006", JL_UNAVAILABLE, JL_PG_FINAL, "; the server is a read-only replica, or set so: name the primary"},
    {"25P03", JL_UNAVAILABLE, JL_PG_LOST, ""},
    {"26000", JL_CONFIG, JL_PG_FINAL, "; a pooler that changes connections between transactions cannot be used"},
    {"28", JL_NOPERM, JL_PG_FINAL, ""},
    {"3D000", JL_CONFIG, JL_PG_FINAL, "; make it with the createdb command"},
    {"3F000", JL_CONFIG, JL_PG_FINAL, "; its search_path names no schema that exists"},
    {"40001", JL_TEMPFAIL, JL_PG_AGAIN, ""},
    {"40P01", JL_TEMPFAIL, JL_PG_AGAIN, ""},
    {"42501", JL_NOPERM, JL_PG_FINAL, ""},
    {"42703", JL_CONFIG, JL_PG_FINAL, "; a table of jobline's has been changed"},
    {"42P01", JL_CONFIG, JL_PG_FINAL, "; a table of jobline's has been taken out"},
    {"42P07", JL_CONFIG, JL_PG_FINAL, "; the name is taken by somebody else's table"},
    {"53100", JL_IO, JL_PG_FINAL, ""},
    {"53300", JL_UNAVAILABLE, JL_PG_LOST, ""},
    {"53", JL_UNAVAILABLE, JL_PG_FINAL, ""},
    {"55P03", JL_UNAVAILABLE, JL_PG_FINAL, ""},
    {"57014", JL_UNAVAILABLE, JL_PG_FINAL, ""},
    {"57P0", JL_UNAVAILABLE, JL_PG_LOST, ""},
    {"58", JL_IO, JL_PG_FINAL, ""},
    {"XX001", JL_CONFIG, JL_PG_FINAL, "; the database is damaged"},
    {"XX002", JL_CONFIG, JL_PG_FINAL, "; an index of the database is damaged: REINDEX"},
    {"", JL_SOFTWARE, JL_PG_FINAL, ""},
};

const jl_pg_meaning *jl_pg_meaning_of(const char *state) {
    const jl_pg_meaning *m = meanings;
    while (strncmp(state, m->state, strlen(m->state)) != 0)
        m++;
    return m;
}

/* ":  28P01: " */
static bool is_code(const char *p) {
    if (strncmp(p, ":  ", 3) != 0)
        return false;
    for (int i = 3; i < 8; i++)
        if (!isdigit((unsigned char)p[i]) && !(p[i] >= 'A' && p[i] <= 'Z'))
            return false;
    return p[8] == ':' && p[9] == ' ';
}

static size_t line_length(const char *line) {
    return strcspn(line, "\n");
}

bool jl_pg_state_in(const char *message, char state[6], jl_span *line) {
    *line = (jl_span){message, line_length(message)};
    state[0] = '\0';
    for (const char *p = message, *start = message; *p; p++) {
        if (*p == '\n')
            start = p + 1;
        if (is_code(p)) {
            memcpy(state, p + 3, 5);
            state[5] = '\0';
            *line = (jl_span){start, line_length(start)};
            return true;
        }
    }
    return false;
}
