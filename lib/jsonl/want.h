/* The inside of a jl_want: a trie of member names, shared by its builder (path.c) with the scanners. */
#ifndef JL_JSONL_WANT_H
#define JL_JSONL_WANT_H

#include <stdint.h>

#include "jsonl/path.h"

/* One member on the way to a wanted one, or a wanted one itself. */
typedef struct jl_node jl_node;
struct jl_node {
    uint64_t id;     /* never used twice in a process, so that a cached name cannot outlive its want */
    jl_node *parent; /* NULL at the top: the record */
    jl_span name;    /* decoded; owned */
    jl_node **child; /* sorted by length, then bytes */
    size_t children;
    uint16_t *field; /* the fields that this member fills: several when a path was added twice */
    size_t fields;
    uint16_t *below; /* the fields of all nodes below this one: void when this member appears again */
    size_t belows;
};

struct jl_want {
    jl_node root;
    size_t fields;
};

/* The child that a checked name stands for, NULL when it is not wanted. `token` has its quotes; `plain`: no escapes. */
const jl_node *jl_node_child(const jl_node *node, jl_span token, bool plain);

#endif
