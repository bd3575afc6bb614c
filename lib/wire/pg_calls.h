/* The calls of libpq that are in use, made through pointers into a library that is loaded late (late.h); included by
   wire/pg_link.c alone. All of them are in libpq 13 and later. */
#ifndef JL_WIRE_PG_CALLS_H
#define JL_WIRE_PG_CALLS_H

#include <libpq-fe.h>

#include "wire/late.h"

#define PG_CALLS(X)                                                                                                    \
    X(PQclear)                                                                                                         \
    X(PQcmdTuples)                                                                                                     \
    X(PQconnectPoll)                                                                                                   \
    X(PQconnectStartParams)                                                                                            \
    X(PQconnectionNeedsPassword)                                                                                       \
    X(PQconsumeInput)                                                                                                  \
    X(PQerrorMessage)                                                                                                  \
    X(PQfinish)                                                                                                        \
    X(PQflush)                                                                                                         \
    X(PQgetResult)                                                                                                     \
    X(PQgetisnull)                                                                                                     \
    X(PQgetlength)                                                                                                     \
    X(PQgetvalue)                                                                                                      \
    X(PQisBusy)                                                                                                        \
    X(PQputCopyData)                                                                                                   \
    X(PQputCopyEnd)                                                                                                    \
    X(PQresultErrorField)                                                                                              \
    X(PQresultStatus)                                                                                                  \
    X(PQsendPrepare)                                                                                                   \
    X(PQsendQuery)                                                                                                     \
    X(PQsendQueryPrepared)                                                                                             \
    X(PQserverVersion)                                                                                                 \
    X(PQsetErrorVerbosity)                                                                                             \
    X(PQsetNoticeReceiver)                                                                                             \
    X(PQsetSingleRowMode)                                                                                              \
    X(PQsetnonblocking)                                                                                                \
    X(PQsocket)                                                                                                        \
    X(PQstatus)                                                                                                        \
    X(PQtransactionStatus)

static const char *const pg_names[] = {PG_CALLS(JL_LATE_NAME)};

static union {
    struct {
        PG_CALLS(JL_LATE_POINTER)
    };
    void *all[sizeof pg_names / sizeof *pg_names];
} pq;

static jl_late pg_library = {.what = "PostgreSQL",
                             .soname = JL_SONAME,
                             .package = JL_PACKAGE,
                             .name = pg_names,
                             .call = pq.all,
                             .n = sizeof pg_names / sizeof *pg_names};

#define PQclear(...) pq.PQclear(__VA_ARGS__)
#define PQcmdTuples(...) pq.PQcmdTuples(__VA_ARGS__)
#define PQconnectPoll(...) pq.PQconnectPoll(__VA_ARGS__)
#define PQconnectStartParams(...) pq.PQconnectStartParams(__VA_ARGS__)
#define PQconnectionNeedsPassword(...) pq.PQconnectionNeedsPassword(__VA_ARGS__)
#define PQconsumeInput(...) pq.PQconsumeInput(__VA_ARGS__)
#define PQerrorMessage(...) pq.PQerrorMessage(__VA_ARGS__)
#define PQfinish(...) pq.PQfinish(__VA_ARGS__)
#define PQflush(...) pq.PQflush(__VA_ARGS__)
#define PQgetResult(...) pq.PQgetResult(__VA_ARGS__)
#define PQgetisnull(...) pq.PQgetisnull(__VA_ARGS__)
#define PQgetlength(...) pq.PQgetlength(__VA_ARGS__)
#define PQgetvalue(...) pq.PQgetvalue(__VA_ARGS__)
#define PQisBusy(...) pq.PQisBusy(__VA_ARGS__)
#define PQputCopyData(...) pq.PQputCopyData(__VA_ARGS__)
#define PQputCopyEnd(...) pq.PQputCopyEnd(__VA_ARGS__)
#define PQresultErrorField(...) pq.PQresultErrorField(__VA_ARGS__)
#define PQresultStatus(...) pq.PQresultStatus(__VA_ARGS__)
#define PQsendPrepare(...) pq.PQsendPrepare(__VA_ARGS__)
#define PQsendQuery(...) pq.PQsendQuery(__VA_ARGS__)
#define PQsendQueryPrepared(...) pq.PQsendQueryPrepared(__VA_ARGS__)
#define PQserverVersion(...) pq.PQserverVersion(__VA_ARGS__)
#define PQsetErrorVerbosity(...) pq.PQsetErrorVerbosity(__VA_ARGS__)
#define PQsetNoticeReceiver(...) pq.PQsetNoticeReceiver(__VA_ARGS__)
#define PQsetSingleRowMode(...) pq.PQsetSingleRowMode(__VA_ARGS__)
#define PQsetnonblocking(...) pq.PQsetnonblocking(__VA_ARGS__)
#define PQsocket(...) pq.PQsocket(__VA_ARGS__)
#define PQstatus(...) pq.PQstatus(__VA_ARGS__)
#define PQtransactionStatus(...) pq.PQtransactionStatus(__VA_ARGS__)

#endif
