/* The map of a Redis Cluster: nodes, and the slots that each of them serves.
   https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ */
#include "wire/redis_cluster.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"

#define PORT 6379

/* The remainders of four bits by the polynomial 0x1021. */
static const uint16_t crc_of[16] = {0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
                                    0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef};

uint16_t jl_redis_slot(jl_span key) {
    const char *open = key.n ? memchr(key.p, '{', key.n) : NULL;
    if (open) {
        const char *tag = open + 1;
        const char *shut = memchr(tag, '}', (size_t)(key.p + key.n - tag));
        if (shut && shut > tag)
            key = (jl_span){tag, (size_t)(shut - tag)};
    }
    unsigned crc = 0;
    for (size_t i = 0; i < key.n; i++) {
        unsigned byte = (unsigned char)key.p[i];
        crc = (crc << 4 ^ crc_of[(crc >> 12 & 15) ^ byte >> 4]) & 0xffff;
        crc = (crc << 4 ^ crc_of[(crc >> 12 & 15) ^ (byte & 15)]) & 0xffff;
    }
    return (uint16_t)(crc % JL_REDIS_SLOTS);
}

/* ---- nodes ---- */

/* The place of a node, which is made unless it is known. -1: memory ran out. */
static ptrdiff_t cluster_node(jl_redis_cluster *c, jl_span host, uint16_t port, jl_err *err) {
    for (size_t i = 0; i < c->nodes; i++)
        if (c->node[i]->port == port && jl_span_eq(jl_span_of(c->node[i]->host), host))
            return (ptrdiff_t)i;
    if (host.n >= sizeof c->node[0]->host)
        return jl_err_set(err, JL_CONFIG, "%s: a node has a host name of %zu bytes", c->name, host.n);
    if (c->nodes == c->room) {
        size_t room = c->room ? 2 * c->room : 16;
        jl_redis_node **more = realloc(c->node, room * sizeof *more);
        if (!more)
            return jl_err_nomem(err);
        c->node = more;
        c->room = room;
    }
    jl_redis_node *node = calloc(1, sizeof *node);
    if (!node)
        return jl_err_nomem(err);
    node->url = c->url;
    node->cluster = true;
    node->port = port;
    memcpy(node->host, host.p, host.n);
    bool v6 = strchr(node->host, ':') != NULL;
    (void)snprintf(node->name, sizeof node->name, "%s://%s%s%s:%u", c->url->scheme, v6 ? "[" : "", node->host,
                   v6 ? "]" : "", (unsigned)port);
    c->node[c->nodes] = node;
    return (ptrdiff_t)c->nodes++;
}

static int cluster_seed(jl_redis_cluster *c, jl_span host, jl_err *err) {
    jl_buf text = {0};
    jl_url url;
    int rc = -1;
    if (jl_buf_add(&text, JL_SPAN("redis://"), err) == 0 && jl_buf_add(&text, host, err) == 0 &&
        jl_url_parse(jl_buf_span(&text), &url, err) == 0)
        rc = cluster_node(c, jl_span_of(url.host[0] ? url.host : "127.0.0.1"), url.port ? url.port : PORT, err) < 0 ? -1
                                                                                                                    : 0;
    jl_buf_free(&text);
    return rc;
}

jl_redis_cluster *jl_redis_cluster_open(const jl_url *url, jl_err *err) {
    jl_redis_cluster *c = calloc(1, sizeof *c);
    if (!c) {
        (void)jl_err_nomem(err);
        return NULL;
    }
    c->url = url;
    c->turn = SIZE_MAX; /* so that the first seed is the first to be asked */
    jl_url_show(url, c->name, sizeof c->name);
    int rc = 0;
    if (url->query[0] || (url->path[0] && strcmp(url->path, "/") != 0 && strcmp(url->path, "/0") != 0))
        rc = jl_err_set(err, JL_USAGE, "redis+cluster: nothing can stand behind the hosts: a cluster has one database");
    for (const char *host = url->hosts; rc == 0 && *host;) {
        size_t n = strcspn(host, ",");
        rc = cluster_seed(c, (jl_span){host, n}, err);
        host += n + (host[n] == ',');
    }
    if (rc == 0)
        return c;
    jl_redis_cluster_close(c);
    return NULL;
}

void jl_redis_cluster_close(jl_redis_cluster *c) {
    if (!c)
        return;
    for (size_t i = 0; i < c->nodes; i++)
        free(c->node[i]);
    free(c->node);
    free(c);
}

/* ---- the map ---- */

jl_redis_node *jl_redis_cluster_master(jl_redis_cluster *c, uint16_t slot, jl_err *err) {
    if (c->slot[slot])
        return c->node[c->slot[slot] - 1];
    (void)jl_err_set(err, JL_UNAVAILABLE, "%s: no node serves slot %u", c->name, (unsigned)slot);
    return NULL;
}

jl_redis_node *jl_redis_cluster_any(jl_redis_cluster *c, jl_err *err) {
    jl_redis_node *any = NULL;
    for (size_t s = 0; s < JL_REDIS_SLOTS; s++)
        if (c->slot[s]) {
            any = c->node[c->slot[s] - 1];
            if (!any->suspect)
                return any;
        }
    if (!any)
        (void)jl_err_set(err, JL_UNAVAILABLE, "%s: no node serves any slot", c->name);
    return any;
}

jl_redis_node *jl_redis_cluster_ask(jl_redis_cluster *c, bool first) {
    if (first) {
        c->turn++;
        c->round++;
    }
    for (int suspect = 0; suspect < 2; suspect++)
        for (size_t i = 0; i < c->nodes; i++) {
            jl_redis_node *node = c->node[(c->turn + i) % c->nodes];
            if (node->asked != c->round && node->suspect <= (suspect != 0)) {
                node->asked = c->round;
                return node;
            }
        }
    return NULL;
}

static void cluster_count(jl_redis_cluster *c) {
    c->masters = 0;
    for (size_t i = 0; i < c->nodes; i++)
        for (size_t s = 0; s < JL_REDIS_SLOTS; s++)
            if (c->slot[s] == i + 1) {
                c->masters++;
                break;
            }
}

/* The place of the node that an entry describes: host, port, and more. A node that does not know what it is called, or
   does not say it, is called as the one that was asked. */
static ptrdiff_t cluster_entry(jl_redis_cluster *c, const jl_redis_node *from, const jl_redis_reply *entry,
                               jl_err *err) {
    int64_t port = jl_redis_count(entry) >= 2 ? jl_redis_integer(jl_redis_at(entry, 1)) : 0;
    if (port < 1 || port > UINT16_MAX)
        return jl_err_set(err, JL_CONFIG, "%s: CLUSTER SLOTS names a node without a port", from->name);
    jl_span host = jl_redis_text(jl_redis_at(entry, 0));
    if (host.n == 0 || jl_span_eq(host, JL_SPAN("?")))
        host = jl_span_of(from->host);
    return cluster_node(c, host, (uint16_t)port, err);
}

/* One range of slots: first, last, master, replicas. */
static int cluster_range(jl_redis_cluster *c, const jl_redis_node *from, const jl_redis_reply *range, uint16_t *slot,
                         jl_err *err) {
    size_t n = jl_redis_count(range);
    int64_t first = n >= 3 ? jl_redis_integer(jl_redis_at(range, 0)) : -1;
    int64_t last = n >= 3 ? jl_redis_integer(jl_redis_at(range, 1)) : -1;
    if (first < 0 || last < first || last >= JL_REDIS_SLOTS)
        return jl_err_set(err, JL_CONFIG, "%s: the reply to CLUSTER SLOTS is no map of slots", from->name);
    for (size_t i = 2; i < n; i++) {
        ptrdiff_t node = cluster_entry(c, from, jl_redis_at(range, i), err);
        if (node < 0)
            return -1;
        for (int64_t s = first; i == 2 && s <= last; s++)
            slot[s] = (uint16_t)(node + 1);
    }
    return 0;
}

int jl_redis_cluster_learn(jl_redis_cluster *c, const jl_redis_node *from, const jl_redis_reply *map, jl_err *err) {
    uint16_t slot[JL_REDIS_SLOTS] = {0};
    for (size_t i = 0; i < jl_redis_count(map); i++)
        if (cluster_range(c, from, jl_redis_at(map, i), slot, err) != 0)
            return -1;
    if (jl_redis_count(map) == 0)
        return jl_err_set(err, JL_UNAVAILABLE, "%s: knows of no node that serves any slot", from->name);
    memcpy(c->slot, slot, sizeof slot);
    cluster_count(c);
    return 0;
}

jl_redis_node *jl_redis_cluster_target(jl_redis_cluster *c, const jl_redis_node *from, const char *text, uint16_t *slot,
                                       jl_err *err) {
    const char *number = text + strcspn(text, " "), *colon = strrchr(text, ':');
    number += *number == ' ';
    size_t digits = strcspn(number, " ");
    const char *host = number + digits + (number[digits] == ' ');
    uint64_t s, port;
    if (colon && colon >= host && jl_num_u64((jl_span){number, digits}, 0, JL_REDIS_SLOTS - 1, &s, NULL) == 0 &&
        jl_num_u64(jl_span_of(colon + 1), 1, UINT16_MAX, &port, NULL) == 0) {
        jl_span name = {host, (size_t)(colon - host)};
        if (name.n == 0 || jl_span_eq(name, JL_SPAN("?")))
            name = jl_span_of(from->host);
        ptrdiff_t node = cluster_node(c, name, (uint16_t)port, err);
        *slot = (uint16_t)s;
        return node < 0 ? NULL : c->node[node];
    }
    (void)jl_err_set(err, JL_SOFTWARE, "%s: %s: names no node", from->name, text);
    return NULL;
}

void jl_redis_cluster_move(jl_redis_cluster *c, uint16_t slot, const jl_redis_node *to) {
    for (size_t i = 0; i < c->nodes; i++)
        if (c->node[i] == to)
            c->slot[slot] = (uint16_t)(i + 1);
    cluster_count(c);
}
