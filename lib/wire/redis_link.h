/* One connection to one Redis server, for wire/redis*.c alone: everything that calls hiredis. */
#ifndef JL_WIRE_REDIS_LINK_H
#define JL_WIRE_REDIS_LINK_H

#include "wire/redis.h"

/* What a failure calls for. */
enum jl_redis_next {
    NEXT_FAIL,
    NEXT_AGAIN,  /* wait, then send the command again */
    NEXT_SCRIPT, /* load the script, then send the command again */
    NEXT_MOVED,  /* cluster: the key's slot has another home */
    NEXT_ASK     /* cluster: send this command once to another node, behind ASKING */
};

/* A server, and what it takes to log into it. */
typedef struct jl_redis_node {
    const jl_url *url; /* user, password; borrowed */
    const char *path;  /* of a socket, borrowed; NULL: host and port */
    char host[256];
    uint16_t port;
    uint64_t database;
    bool cluster;               /* it is one of many */
    bool suspect;               /* it did not answer the last time */
    uint64_t asked;             /* the last round of asking for the map */
    struct jl_redis_link *link; /* for all but conversations; NULL: none yet */
    char name[512];             /* for messages, without user and password */
} jl_redis_node;

typedef struct jl_redis_link {
    jl_redis_node *node; /* borrowed */
    void *context;       /* hiredis's; NULL: not connected */
    uint64_t number;     /* of the connection, never the same twice */
    bool apart;          /* it serves conversations only */
    bool asked;          /* what it was used for last took ASKING */
    uint64_t work;       /* the last work that has used it */
    size_t flying;       /* replies still to come */
    size_t unsent;       /* bytes, roughly, that are not on their way yet */
    char why[128];       /* it was lost */
} jl_redis_link;

/* Loads the library. */
int jl_redis_link_ready(jl_err *err);
/* 0: connected and logged in. -1 with *next: NEXT_AGAIN when it is worth another try. `limit`: ns to wait for the
   server, now and for each reply. */
int jl_redis_link_connect(jl_redis_link *l, int64_t limit, enum jl_redis_next *next, jl_err *err);
void jl_redis_link_close(jl_redis_link *l);

/* Those that return -1 or NULL have lost the connection, and closed it. */

/* Puts a command behind those to send; sent at the latest when a reply is waited for. */
int jl_redis_link_send(jl_redis_link *l, const char *command, size_t n, jl_err *err);
int jl_redis_link_flush(jl_redis_link *l, jl_err *err);
/* The next reply. `at_hand`: only one that has come already, *reply = NULL when there is none. The caller frees it. */
int jl_redis_link_take(jl_redis_link *l, bool at_hand, jl_redis_reply **reply, jl_err *err);
/* One command and its reply, on a connection with nothing in flight. NULL: lost (NEXT_AGAIN), or refused with *next
   saying what to do. */
jl_redis_reply *jl_redis_link_call(jl_redis_link *l, const char *const *argument, int n, enum jl_redis_next *next,
                                   jl_err *err);

void jl_redis_reply_free(jl_redis_reply *reply);
/* What an error reply says, or the first of a transaction's replies that is one; NULL: all is well. */
const char *jl_redis_reply_error(const jl_redis_reply *reply);
/* Sorts an error reply to `c`, of which only the key is looked at, and writes the message. */
enum jl_redis_next jl_redis_refused(const jl_redis_node *node, const jl_redis_command *c, const char *reply,
                                    jl_err *err);

#endif
