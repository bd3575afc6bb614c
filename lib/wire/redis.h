/* Redis as this house uses it, one server or a cluster: many commands in flight, sent again when a connection is
   lost. */
#ifndef JL_WIRE_REDIS_H
#define JL_WIRE_REDIS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/url.h"

/* Errors name the server, of a cluster the node, never the password:
     JL_UNAVAILABLE  not reached within patience; out of memory; a read-only replica; refuses writes
     JL_NOPERM       password or permission refused
     JL_CONFIG       a key of another type; no such database; a cluster that is named as a single server, or the other
                     way round
     JL_USAGE        a URL that cannot be meant; the library is not installed
     JL_SOFTWARE     a script failed, a command unknown to the server, memory ran out

   In a cluster (redis+cluster:) a command goes to the node that serves the slot of its key (jl_redis_key); one without
   a key goes to any. The map of the slots is asked for, and asked for again when a node says that it has changed
   (MOVED; ASK is followed too), or when a node is lost: its replica is waited for, up to patience. A node that has not
   answered for 2 seconds, later 5, is taken for lost. Replication is asynchronous: what was written last before a
   master fails may be lost although it was confirmed. */
typedef struct jl_redis jl_redis;

/* A Lua script; `sha` is filled by the server that it is loaded into. */
typedef struct jl_redis_script {
    const char *text;
    char sha[41];
} jl_redis_script;

/* A command that is being written. */
typedef struct jl_redis_command {
    jl_buf bytes;        /* in the server's protocol */
    size_t expected;     /* bytes of the reply, roughly: bounds what is in flight */
    size_t key, key_n;   /* where in `bytes` the key stands, for messages and for its slot */
    const char *script;  /* the sha of the pipeline's script */
    uint64_t connection; /* not 0: over this one or not at all; for works that are done once */
    unsigned near_slot;  /* 1 + a slot; 0: says nothing */
    unsigned apart;      /* in a cluster: 1 to JL_REDIS_APART, commands of the same number share a connection that those
                            of another number do not use, as long as their keys share a slot; 0: any connection */
} jl_redis_command;

#define JL_REDIS_APART 32

int jl_redis_begin(jl_redis_command *c, size_t arguments, jl_err *err);
int jl_redis_arg(jl_redis_command *c, const void *bytes, size_t n, jl_err *err);
int jl_redis_word(jl_redis_command *c, const char *word, jl_err *err);
int jl_redis_number(jl_redis_command *c, uint64_t number, jl_err *err);
/* The same as jl_redis_word; messages about this command name it, and in a cluster it says where the command goes. */
int jl_redis_key(jl_redis_command *c, const char *key, jl_err *err);
/* For a command without a key: in a cluster it goes where this key is. */
void jl_redis_near(jl_redis_command *c, const char *key);

/* A reply, valid until the next one is taken. */
typedef struct jl_redis_reply jl_redis_reply;
int64_t jl_redis_integer(const jl_redis_reply *r); /* 0 when it is none */
jl_span jl_redis_text(const jl_redis_reply *r);    /* empty when it is none */
size_t jl_redis_count(const jl_redis_reply *r);    /* of an array; 0 when it is none */
const jl_redis_reply *jl_redis_at(const jl_redis_reply *r, size_t i);

/* Commands 0 to n-1. `ask` writes the i-th, perhaps more than once: it may be sent again after a lost connection, so it
   must do no harm when done twice. `take` gets the replies, each once, in order; never an error, nor an array with one.
   Both return 0, or -1 with err, which ends it all. Commands with the same key are carried out in order; others are not
   where they go to different nodes. */
typedef struct jl_redis_work {
    void *self;
    size_t n;
    jl_redis_script *script; /* that the commands use; NULL: none */
    bool once;               /* nothing is sent again, and each command says over which connection it goes */
    int (*ask)(void *self, size_t i, jl_redis_command *c, jl_err *err);
    int (*take)(void *self, size_t i, const jl_redis_reply *reply, jl_err *err);
} jl_redis_work;

/* Loads the library and connects to nothing yet. `patience`: ns without an answer from the server before giving up,
   0 = 10 s, in a cluster 60 s: longer than a failover takes with its default settings. */
jl_redis *jl_redis_open(const jl_url *url, int64_t patience, jl_err *err);
void jl_redis_close(jl_redis *r);
/* Does all of it, or fails; a later call may succeed. 1, with err, for a work that is done once: a connection is lost,
   or has refused a command for now; which of the commands were done whose replies were not taken is not known. */
int jl_redis_pipeline(jl_redis *r, const jl_redis_work *work, jl_err *err);
/* True for a cluster. */
bool jl_redis_clustered(const jl_redis *r);
/* The number of the connection that the reply at hand has come over; another one after each loss. */
uint64_t jl_redis_connection(const jl_redis *r);
/* The server's name for messages: the URL without user and password. */
const char *jl_redis_name(const jl_redis *r);

/* "hiredis 0.14.1", the version that this was built for. Static. */
const char *jl_redis_version(void);

#endif
