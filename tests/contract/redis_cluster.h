/* A real Redis Cluster of our own: three masters, each a redis_server. */
#ifndef JL_TESTS_REDIS_CLUSTER_H
#define JL_TESTS_REDIS_CLUSTER_H

#include "contract/redis_server.h"

#define CLUSTER_NODES 3

typedef struct redis_cluster {
    redis_server node[CLUSTER_NODES];
    char url[160];
} redis_cluster;

/* The port of a node, whose bus is 10000 higher. */
static inline int redis_cluster_port(void) {
    int port = redis_free_port();
    for (int tries = 0; port > 55535 && tries < 200; tries++)
        port = redis_free_port();
    return port;
}

static inline bool redis_cluster_node(redis_server *s) {
    char *const options[] = {"--cluster-enabled", "yes", NULL};
    for (int tries = 0; tries < 5; tries++) {
        snprintf(s->folder, sizeof s->folder, "/tmp/jobline-redis.XXXXXX");
        if (!mkdtemp(s->folder))
            return false;
        snprintf(s->socket, sizeof s->socket, "%s/socket", s->folder);
        s->port = redis_cluster_port();
        if (redis_start(s, options))
            return true;
        redis_remove(s);
    }
    return false;
}

/* Returns when each node says that all is well. */
static inline bool redis_cluster_start(redis_cluster *c) {
    char command[256], reply[4096];
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (!redis_cluster_node(&c->node[i]))
            return false;
    const redis_server *n = c->node;
    snprintf(c->url, sizeof c->url, "redis+cluster://127.0.0.1:%d,127.0.0.1:%d", n[0].port, n[1].port);
    snprintf(command, sizeof command,
             "redis-cli --cluster create 127.0.0.1:%d 127.0.0.1:%d 127.0.0.1:%d --cluster-yes >%s/created 2>&1",
             n[0].port, n[1].port, n[2].port, n[0].folder);
    if (system(command) != 0)
        return false;
    int well = 0;
    for (int i = 0; well < CLUSTER_NODES && i < 4000; i++) {
        bool ok = redis_say(&n[well], "CLUSTER INFO", reply, sizeof reply) && strstr(reply, "cluster_state:ok");
        well += ok;
        if (!ok)
            redis_nap();
    }
    return well == CLUSTER_NODES;
}

/* The sum of what the nodes reply, for commands that reply a number. -1: one cannot be reached. */
static inline long redis_cluster_say(const redis_cluster *c, const char *command) {
    long sum = 0;
    for (int i = 0; i < CLUSTER_NODES; i++) {
        char reply[4096];
        if (redis_say(&c->node[i], command, reply, sizeof reply) == 0)
            return -1;
        sum += reply[0] == ':' ? strtol(reply + 1, NULL, 10) : 0;
    }
    return sum;
}

static inline void redis_cluster_remove(redis_cluster *c) {
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_remove(&c->node[i]);
}

#endif
