/* The calls of SQLite that are in use, made through pointers into a library that is loaded late (late.h); included by
   wire/sqlite.c alone. */
#ifndef JL_WIRE_SQLITE_CALLS_H
#define JL_WIRE_SQLITE_CALLS_H

#include <sqlite3.h>

#include "wire/late.h"

#define SQLITE_CALLS(X)                                                                                                \
    X(sqlite3_bind_blob64)                                                                                             \
    X(sqlite3_bind_int64)                                                                                              \
    X(sqlite3_bind_text)                                                                                               \
    X(sqlite3_blob_bytes)                                                                                              \
    X(sqlite3_blob_close)                                                                                              \
    X(sqlite3_blob_open)                                                                                               \
    X(sqlite3_blob_read)                                                                                               \
    X(sqlite3_blob_reopen)                                                                                             \
    X(sqlite3_busy_handler)                                                                                            \
    X(sqlite3_close)                                                                                                   \
    X(sqlite3_column_blob)                                                                                             \
    X(sqlite3_column_bytes)                                                                                            \
    X(sqlite3_column_int64)                                                                                            \
    X(sqlite3_errmsg)                                                                                                  \
    X(sqlite3_exec)                                                                                                    \
    X(sqlite3_extended_result_codes)                                                                                   \
    X(sqlite3_finalize)                                                                                                \
    X(sqlite3_get_autocommit)                                                                                          \
    X(sqlite3_open_v2)                                                                                                 \
    X(sqlite3_prepare_v2)                                                                                              \
    X(sqlite3_prepare_v3)                                                                                              \
    X(sqlite3_reset)                                                                                                   \
    X(sqlite3_step)                                                                                                    \
    X(sqlite3_system_errno)

static const char *const sqlite_names[] = {SQLITE_CALLS(JL_LATE_NAME)};

static union {
    struct {
        SQLITE_CALLS(JL_LATE_POINTER)
    };
    void *all[sizeof sqlite_names / sizeof *sqlite_names];
} sqlite;

static jl_late sqlite_library = {.what = "SQLite",
                                 .soname = JL_SONAME,
                                 .package = JL_PACKAGE,
                                 .name = sqlite_names,
                                 .call = sqlite.all,
                                 .n = sizeof sqlite_names / sizeof *sqlite_names};

#define sqlite3_bind_blob64(...) sqlite.sqlite3_bind_blob64(__VA_ARGS__)
#define sqlite3_bind_int64(...) sqlite.sqlite3_bind_int64(__VA_ARGS__)
#define sqlite3_bind_text(...) sqlite.sqlite3_bind_text(__VA_ARGS__)
#define sqlite3_blob_bytes(...) sqlite.sqlite3_blob_bytes(__VA_ARGS__)
#define sqlite3_blob_close(...) sqlite.sqlite3_blob_close(__VA_ARGS__)
#define sqlite3_blob_open(...) sqlite.sqlite3_blob_open(__VA_ARGS__)
#define sqlite3_blob_read(...) sqlite.sqlite3_blob_read(__VA_ARGS__)
#define sqlite3_blob_reopen(...) sqlite.sqlite3_blob_reopen(__VA_ARGS__)
#define sqlite3_busy_handler(...) sqlite.sqlite3_busy_handler(__VA_ARGS__)
#define sqlite3_close(...) sqlite.sqlite3_close(__VA_ARGS__)
#define sqlite3_column_blob(...) sqlite.sqlite3_column_blob(__VA_ARGS__)
#define sqlite3_column_bytes(...) sqlite.sqlite3_column_bytes(__VA_ARGS__)
#define sqlite3_column_int64(...) sqlite.sqlite3_column_int64(__VA_ARGS__)
#define sqlite3_errmsg(...) sqlite.sqlite3_errmsg(__VA_ARGS__)
#define sqlite3_exec(...) sqlite.sqlite3_exec(__VA_ARGS__)
#define sqlite3_extended_result_codes(...) sqlite.sqlite3_extended_result_codes(__VA_ARGS__)
#define sqlite3_finalize(...) sqlite.sqlite3_finalize(__VA_ARGS__)
#define sqlite3_get_autocommit(...) sqlite.sqlite3_get_autocommit(__VA_ARGS__)
#define sqlite3_open_v2(...) sqlite.sqlite3_open_v2(__VA_ARGS__)
#define sqlite3_prepare_v2(...) sqlite.sqlite3_prepare_v2(__VA_ARGS__)
#define sqlite3_prepare_v3(...) sqlite.sqlite3_prepare_v3(__VA_ARGS__)
#define sqlite3_reset(...) sqlite.sqlite3_reset(__VA_ARGS__)
#define sqlite3_step(...) sqlite.sqlite3_step(__VA_ARGS__)
#define sqlite3_system_errno(...) sqlite.sqlite3_system_errno(__VA_ARGS__)

#endif
