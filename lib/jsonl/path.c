/* -k and -a parsed, the paths compiled into a trie. */
#include "jsonl/path.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/buf.h"
#include "jsonl/json.h"
#include "jsonl/utf8.h"
#include "jsonl/want.h"
#include "jsonl/write.h"

/* ---- text ---- */

/* Offset of the first `c` without a backslash before it; text.n when there is none. */
static size_t find_bare(jl_span text, char c) {
    for (size_t i = 0; i < text.n; ++i)
        if (text.p[i] == '\\')
            ++i;
        else if (text.p[i] == c)
            return i;
    return text.n;
}

/* Takes the piece before the next bare `c` off `rest`; false when nothing is left (rest->p is NULL then). */
static bool next_piece(jl_span *rest, char c, jl_span *piece) {
    if (!rest->p)
        return false;
    size_t n = find_bare(*rest, c);
    *piece = (jl_span){rest->p, n};
    *rest = n < rest->n ? (jl_span){rest->p + n + 1, rest->n - n - 1} : (jl_span){0};
    return true;
}

/* Writes the text without its escapes to `to`, which holds text.n bytes. Returns the length, or -1. */
static ptrdiff_t unescape(jl_span text, char *to, jl_err *err) {
    size_t n = 0;
    for (size_t i = 0; i < text.n; ++i) {
        char c = text.p[i];
        if (c == '\\') {
            c = ++i < text.n ? text.p[i] : 0;
            if (c == 0 || !strchr("\\.,=", c))
                return jl_err_set(err, JL_USAGE, "a backslash in '%.*s' must stand before one of . , = \\", (int)text.n,
                                  text.p);
        }
        to[n++] = c;
    }
    return (ptrdiff_t)n;
}

/* The same, for a name: not empty, and UTF-8, as it has to match a JSON string. */
static ptrdiff_t name_of(jl_span text, char *to, jl_err *err) {
    ptrdiff_t n = unescape(text, to, err);
    if (n < 0)
        return -1;
    if (n == 0)
        return jl_err_set(err, JL_USAGE, "an empty name");
    if (!jl_utf8_valid(to, (size_t)n))
        return jl_err_set(err, JL_USAGE, "a name that is not UTF-8");
    return n;
}

static size_t count_pieces(jl_span text, char c) {
    size_t n = 0;
    for (jl_span piece; next_piece(&text, c, &piece);)
        ++n;
    return n;
}

/* ---- -k ---- */

/* Every component of the path is a name. */
static int check_path(jl_span path, jl_err *err) {
    char *scratch = malloc(path.n + 1);
    if (!scratch)
        return jl_err_nomem(err);
    ptrdiff_t n = 0;
    jl_span rest = path;
    for (jl_span piece; n >= 0 && next_piece(&rest, '.', &piece);)
        n = name_of(piece, scratch, err);
    free(scratch);
    return n < 0 ? -1 : 0;
}

static jl_span last_component(jl_span path) {
    jl_span last = path;
    for (jl_span piece; next_piece(&path, '.', &piece);)
        last = piece;
    return last;
}

static int parse_member(jl_span item, jl_keymember *m, char **memory, jl_err *err) {
    size_t equals = find_bare(item, '=');
    jl_span name = {item.p, equals};
    jl_span path = item;
    if (equals < item.n)
        path = (jl_span){item.p + equals + 1, item.n - equals - 1};
    else
        name = last_component(path);
    if (path.n == 0 || check_path(path, err)) {
        if (path.n == 0)
            jl_err_set(err, JL_USAGE, "an empty path");
        return -1;
    }
    ptrdiff_t n = name_of(name, *memory, err);
    if (n < 0)
        return -1;
    m->name = (jl_span){*memory, (size_t)n};
    *memory += n;
    memcpy(*memory, path.p, path.n);
    m->path = (jl_span){*memory, path.n};
    *memory += path.n;
    return 0;
}

/* Insertion keeps the order; -k lists are short. */
static int order_members(jl_keyspec *spec, jl_err *err) {
    for (size_t i = 0; i < spec->n; ++i) {
        jl_span name = spec->member[i].name;
        size_t at = i;
        for (; at > 0; --at) {
            int order = jl_span_cmp(spec->member[spec->canonical[at - 1]].name, name);
            if (order == 0)
                return jl_err_set(err, JL_USAGE, "the name '%.*s' twice in -k", (int)name.n, name.p);
            if (order < 0)
                break;
            spec->canonical[at] = spec->canonical[at - 1];
        }
        spec->canonical[at] = i;
    }
    return 0;
}

static int keyspec_alloc(jl_keyspec *spec, size_t n, size_t bytes, jl_err *err) {
    *spec = (jl_keyspec){.n = n};
    spec->member = calloc(n, sizeof *spec->member);
    spec->canonical = calloc(n, sizeof *spec->canonical);
    spec->memory = malloc(bytes + 1);
    if (spec->member && spec->canonical && spec->memory)
        return 0;
    jl_keyspec_free(spec);
    return jl_err_nomem(err);
}

int jl_keyspec_parse(jl_span text, jl_keyspec *spec, jl_err *err) {
    *spec = (jl_keyspec){0};
    if (text.n == 0)
        return jl_err_set(err, JL_USAGE, "an empty -k");
    /* A path and a name that is part of it. */
    if (keyspec_alloc(spec, count_pieces(text, ','), 2 * text.n, err))
        return -1;
    char *memory = spec->memory;
    size_t i = 0;
    for (jl_span item; next_piece(&text, ',', &item); ++i)
        if (parse_member(item, &spec->member[i], &memory, err))
            goto fail;
    if (order_members(spec, err))
        goto fail;
    return 0;
fail:
    jl_keyspec_free(spec);
    return -1;
}

/* Writes a name as a path of one component; returns the byte behind. */
static char *escape(jl_span name, char *to) {
    for (size_t i = 0; i < name.n; ++i) {
        if (memchr("\\.,=", name.p[i], 4))
            *to++ = '\\';
        *to++ = name.p[i];
    }
    return to;
}

int jl_keyspec_flat(const jl_keyspec *spec, jl_keyspec *flat, jl_err *err) {
    size_t bytes = 0;
    for (size_t i = 0; i < spec->n; ++i)
        bytes += 3 * spec->member[i].name.n;
    if (keyspec_alloc(flat, spec->n, bytes, err))
        return -1;
    char *memory = flat->memory;
    for (size_t i = 0; i < spec->n; ++i) {
        jl_span name = spec->member[i].name;
        memcpy(memory, name.p, name.n);
        char *path = memory + name.n;
        char *end = escape(name, path);
        flat->member[i] = (jl_keymember){{memory, name.n}, {path, (size_t)(end - path)}};
        flat->canonical[i] = spec->canonical[i];
        memory = end;
    }
    return 0;
}

void jl_keyspec_free(jl_keyspec *spec) {
    free(spec->member);
    free(spec->canonical);
    free(spec->memory);
    *spec = (jl_keyspec){0};
}

/* ---- -a ---- */

static int names_alloc(jl_names *names, size_t n, jl_err *err) {
    *names = (jl_names){.n = n};
    names->name = calloc(n, sizeof *names->name);
    names->token = calloc(n, sizeof *names->token);
    if (names->name && names->token)
        return 0;
    jl_names_free(names);
    return jl_err_nomem(err);
}

/* Moves the names, wherever they are, into memory of their own, with their tokens. */
static int names_settle(jl_names *names, jl_err *err) {
    jl_buf b = {0};
    for (size_t i = 0; i < names->n; ++i) {
        size_t start = b.n + names->name[i].n;
        if (jl_buf_add(&b, names->name[i], err) || jl_write_string(&b, names->name[i], err)) {
            jl_buf_free(&b);
            return -1;
        }
        names->token[i].n = b.n - start;
    }
    const char *p = b.p;
    for (size_t i = 0; i < names->n; ++i) {
        names->name[i].p = p;
        p += names->name[i].n;
        names->token[i].p = p;
        p += names->token[i].n;
    }
    names->memory = b.p;
    return 0;
}

/* Fills names->name with spans into `to`. */
static int parse_names(jl_span text, jl_names *names, char *to, jl_err *err) {
    size_t i = 0;
    for (jl_span item; next_piece(&text, ',', &item); ++i) {
        if (find_bare(item, '.') < item.n)
            return jl_err_set(err, JL_USAGE,
                              "'%.*s' names a member inside another; -a takes top-level members (\\. for a dot)",
                              (int)item.n, item.p);
        ptrdiff_t n = name_of(item, to, err);
        if (n < 0)
            return -1;
        names->name[i] = (jl_span){to, (size_t)n};
        for (size_t k = 0; k < i; ++k)
            if (jl_span_eq(names->name[k], names->name[i]))
                return jl_err_set(err, JL_USAGE, "the name '%.*s' twice in -a", (int)n, to);
        to += n;
    }
    return 0;
}

int jl_names_parse(jl_span text, jl_names *names, jl_err *err) {
    *names = (jl_names){0};
    if (text.n == 0)
        return jl_err_set(err, JL_USAGE, "an empty -a");
    char *scratch = malloc(text.n);
    if (!scratch)
        return jl_err_nomem(err);
    int failed = names_alloc(names, count_pieces(text, ','), err);
    if (!failed) {
        failed = parse_names(text, names, scratch, err) || names_settle(names, err);
        if (failed)
            jl_names_free(names);
    }
    free(scratch);
    return failed ? -1 : 0;
}

int jl_keyspec_names(const jl_keyspec *spec, jl_names *names, jl_err *err) {
    if (names_alloc(names, spec->n, err))
        return -1;
    for (size_t i = 0; i < spec->n; ++i)
        names->name[i] = spec->member[i].name;
    if (names_settle(names, err) == 0)
        return 0;
    jl_names_free(names);
    return -1;
}

void jl_names_free(jl_names *names) {
    free(names->name);
    free(names->token);
    free(names->memory);
    *names = (jl_names){0};
}

/* ---- the trie ---- */

static uint64_t fresh_id(void) {
    static _Atomic uint64_t last_id;
    return atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
}

/* Shorter names first: comparing lengths settles most. */
static int name_order(jl_span a, jl_span b) {
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return memcmp(a.p, b.p, a.n);
}

/* The index at which `name` stands among the children or would have to. */
static size_t child_index(const jl_node *node, jl_span name) {
    size_t low = 0;
    size_t high = node->children;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (name_order(node->child[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const jl_node *jl_node_child(const jl_node *node, jl_span token, bool plain) {
    jl_span name = {token.p + 1, token.n - 2};
    if (plain) {
        size_t i = child_index(node, name);
        return i < node->children && jl_span_eq(node->child[i]->name, name) ? node->child[i] : NULL;
    }
    for (size_t i = 0; i < node->children; ++i)
        if (jl_json_is(token, node->child[i]->name))
            return node->child[i];
    return NULL;
}

static void node_clear(jl_node *node) {
    free(node->child);
    free(node->field);
    free(node->below);
    free((char *)(uintptr_t)node->name.p);
}

/* Without recursion: a path may have thousands of components. */
static void trie_free(jl_node *root) {
    jl_node *node = root;
    for (;;) {
        if (node->children > 0) {
            node = node->child[--node->children];
            continue;
        }
        jl_node *parent = node->parent;
        node_clear(node);
        if (!parent)
            return;
        free(node);
        node = parent;
    }
}

/* Room for one more of `n`: lists double, so a full one has a power of two. NULL: memory ran out. */
static void *room_for_one(void *list, size_t n, size_t size) {
    bool full = (n & (n - 1)) == 0;
    return full ? realloc(list, (n ? 2 * n : 1) * size) : list;
}

static int append_field(uint16_t **list, size_t *n, size_t field, jl_err *err) {
    uint16_t *grown = room_for_one(*list, *n, sizeof *grown);
    if (!grown)
        return jl_err_nomem(err);
    grown[(*n)++] = (uint16_t)field;
    *list = grown;
    return 0;
}

/* The child of that name, made when there is none. */
static jl_node *child_for(jl_node *node, jl_span name, jl_err *err) {
    size_t i = child_index(node, name);
    if (i < node->children && jl_span_eq(node->child[i]->name, name))
        return node->child[i];
    jl_node **grown = room_for_one(node->child, node->children, sizeof(jl_node *));
    if (grown)
        node->child = grown;
    jl_node *child = calloc(1, sizeof *child);
    char *copy = malloc(name.n);
    if (!grown || !child || !copy) {
        free(child);
        free(copy);
        jl_err_nomem(err);
        return NULL;
    }
    memcpy(copy, name.p, name.n);
    child->name = (jl_span){copy, name.n};
    child->parent = node;
    child->id = fresh_id();
    /* Names of this object that the scanners remember as not wanted may be wanted now. */
    node->id = fresh_id();
    memmove(grown + i + 1, grown + i, (node->children - i) * sizeof(jl_node *));
    grown[i] = child;
    ++node->children;
    return child;
}

jl_want *jl_want_new(jl_err *err) {
    jl_want *w = calloc(1, sizeof *w);
    if (!w)
        jl_err_nomem(err);
    else
        w->root.id = fresh_id();
    return w;
}

size_t jl_want_count(const jl_want *w) {
    return w->fields;
}

void jl_want_free(jl_want *w) {
    if (!w)
        return;
    trie_free(&w->root);
    free(w);
}

static int full(const jl_want *w, jl_err *err) {
    return w->fields < UINT16_MAX ? 0 : jl_err_set(err, JL_USAGE, "more than 65535 paths");
}

/* Makes `node` fill a new field; everything above it forgets that field when it appears again. */
static int want_node(jl_want *w, jl_node *node, jl_err *err) {
    size_t index = w->fields;
    if (append_field(&node->field, &node->fields, index, err))
        return -1;
    for (jl_node *above = node->parent; above->parent; above = above->parent)
        if (append_field(&above->below, &above->belows, index, err))
            return -1;
    ++w->fields;
    return (int)index;
}

int jl_want_path(jl_want *w, jl_span dotted, jl_err *err) {
    if (full(w, err))
        return -1;
    if (dotted.n == 0)
        return jl_err_set(err, JL_USAGE, "an empty path");
    char *scratch = malloc(dotted.n);
    if (!scratch)
        return jl_err_nomem(err);
    jl_node *node = &w->root;
    for (jl_span piece; node && next_piece(&dotted, '.', &piece);) {
        ptrdiff_t n = name_of(piece, scratch, err);
        node = n < 0 ? NULL : child_for(node, (jl_span){scratch, (size_t)n}, err);
    }
    free(scratch);
    return node ? want_node(w, node, err) : -1;
}

int jl_want_name(jl_want *w, jl_span name, jl_err *err) {
    if (full(w, err))
        return -1;
    if (name.n == 0)
        return jl_err_set(err, JL_USAGE, "an empty name");
    jl_node *node = child_for(&w->root, name, err);
    return node ? want_node(w, node, err) : -1;
}

int jl_want_key(jl_want *w, const jl_keyspec *spec, jl_err *err) {
    int first = (int)w->fields;
    for (size_t i = 0; i < spec->n; ++i)
        if (jl_want_path(w, spec->member[i].path, err) < 0)
            return -1;
    return first;
}
