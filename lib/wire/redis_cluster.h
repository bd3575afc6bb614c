/* Which node of a Redis Cluster serves which key, for wire/redis*.c alone. */
#ifndef JL_WIRE_REDIS_CLUSTER_H
#define JL_WIRE_REDIS_CLUSTER_H

#include "wire/redis_link.h"

#define JL_REDIS_SLOTS 16384

/* The slot of a key: CRC16 (XMODEM) of what stands between the first '{' and the next '}', of the whole key when that
   is nothing; Redis Cluster Specification, "Key distribution model" and "Hash tags". */
uint16_t jl_redis_slot(jl_span key);

typedef struct jl_redis_cluster {
    const jl_url *url; /* borrowed */
    char name[256];    /* of the whole, for messages; borrows nothing */
    /* All nodes that were ever heard of, the seeds first; they stay where they are. */
    jl_redis_node **node;
    size_t nodes, room;
    uint16_t slot[JL_REDIS_SLOTS]; /* 1 + the place of its master in `node`; 0 = nobody */
    size_t masters;                /* that have slots */
    size_t turn;                   /* whom to ask first */
    uint64_t round;                /* of asking */
} jl_redis_cluster;

/* The URL's hosts are the seeds, any nodes of the cluster. NULL: JL_USAGE, or memory ran out. */
jl_redis_cluster *jl_redis_cluster_open(const jl_url *url, jl_err *err);
void jl_redis_cluster_close(jl_redis_cluster *c);
/* The master of a slot; NULL, with err: nobody serves it now. */
jl_redis_node *jl_redis_cluster_master(jl_redis_cluster *c, uint16_t slot, jl_err *err);
/* One of the masters, for commands that need no key; NULL likewise. */
jl_redis_node *jl_redis_cluster_any(jl_redis_cluster *c, jl_err *err);
/* The next node to ask for the map; `first`: of a new round. In turn, those that answered the last time first. NULL:
   these were all. */
jl_redis_node *jl_redis_cluster_ask(jl_redis_cluster *c, bool first);
/* Takes over the reply of `from` to CLUSTER SLOTS. -1: memory ran out, it is no map, or an empty one. */
int jl_redis_cluster_learn(jl_redis_cluster *c, const jl_redis_node *from, const jl_redis_reply *map, jl_err *err);
/* Reads "MOVED 3999 127.0.0.1:6381" or "ASK 3999 …", which `from` has said; NULL, with err, when it cannot be read. */
jl_redis_node *jl_redis_cluster_target(jl_redis_cluster *c, const jl_redis_node *from, const char *text, uint16_t *slot,
                                       jl_err *err);
void jl_redis_cluster_move(jl_redis_cluster *c, uint16_t slot, const jl_redis_node *to);

#endif
