/* The calls of hiredis that are in use, made through pointers into a library that is loaded late (late.h); included by
   wire/redis_link.c alone. */
#ifndef JL_WIRE_REDIS_CALLS_H
#define JL_WIRE_REDIS_CALLS_H

#include <hiredis/hiredis.h>

#include "wire/late.h"

#define REDIS_CALLS(X)                                                                                                 \
    X(freeReplyObject)                                                                                                 \
    X(redisAppendFormattedCommand)                                                                                     \
    X(redisBufferWrite)                                                                                                \
    X(redisCommandArgv)                                                                                                \
    X(redisConnectUnixWithTimeout)                                                                                     \
    X(redisConnectWithTimeout)                                                                                         \
    X(redisEnableKeepAlive)                                                                                            \
    X(redisFree)                                                                                                       \
    X(redisGetReply)                                                                                                   \
    X(redisReaderGetReply)                                                                                             \
    X(redisSetTimeout)

static const char *const redis_names[] = {REDIS_CALLS(JL_LATE_NAME)};

static union {
    struct {
        REDIS_CALLS(JL_LATE_POINTER)
    };
    void *all[sizeof redis_names / sizeof *redis_names];
} redis;

static jl_late redis_library = {.what = "hiredis",
                                .soname = JL_SONAME,
                                .package = JL_PACKAGE,
                                .name = redis_names,
                                .call = redis.all,
                                .n = sizeof redis_names / sizeof *redis_names};

#define freeReplyObject(...) redis.freeReplyObject(__VA_ARGS__)
#define redisAppendFormattedCommand(...) redis.redisAppendFormattedCommand(__VA_ARGS__)
#define redisBufferWrite(...) redis.redisBufferWrite(__VA_ARGS__)
#define redisCommandArgv(...) redis.redisCommandArgv(__VA_ARGS__)
#define redisConnectUnixWithTimeout(...) redis.redisConnectUnixWithTimeout(__VA_ARGS__)
#define redisConnectWithTimeout(...) redis.redisConnectWithTimeout(__VA_ARGS__)
#define redisEnableKeepAlive(...) redis.redisEnableKeepAlive(__VA_ARGS__)
#define redisFree(...) redis.redisFree(__VA_ARGS__)
#define redisGetReply(...) redis.redisGetReply(__VA_ARGS__)
#define redisReaderGetReply(...) redis.redisReaderGetReply(__VA_ARGS__)
#define redisSetTimeout(...) redis.redisSetTimeout(__VA_ARGS__)

#endif
