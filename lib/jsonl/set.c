/* Hashes kept in the order of their bits.
 *
 * The home of a key in its segment is its place on a ruler: the bits below the segment's, as a fraction, times the
 * number of homes. Keys stand in ascending order, each at its home or behind it, with no gap between its home and
 * itself. So a search walks from the home to the first larger key or gap, and a segment grows by one pass over the old
 * slots in order. No wrapping round: a few spare slots follow the last home, and the very last slot stays free.
 */
#include "jsonl/set.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SEGMENTS 256
/* A free slot is all zero; the key that is all zero is kept beside the segments. */
#define FIRST_HOMES 4
/* Spare slots behind the last home: at 7/8 load one segment in some hundreds needs more, and doubles them. */
#define SPARE 24
/* Homes grow by 89/64 = 1.39, a little less than the 1.4 promised: the rest pays for spare slots and for the old slots
   of the one segment that is growing. */
#define GROW(homes) ((homes)*89 / 64)
/* From here on segments come straight from the system, so that what one gives back leaves no hole in the heap. */
#define MAP_BYTES ((size_t)128 << 10)

typedef struct segment {
    jl_hash *slot;     /* homes + spare slots, then their payloads */
    uint64_t *payload; /* NULL without payloads */
    uint64_t homes;
    uint64_t slots; /* homes and spare */
    uint64_t count;
} segment;

struct jl_set {
    segment segment[SEGMENTS];
    uint64_t count, bytes, peak;
    uint64_t zero_payload;
    bool payload, has_zero;
};

static inline bool key_less(jl_hash a, jl_hash b) {
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

static inline bool is_free(jl_hash slot) {
    return (slot.hi | slot.lo) == 0;
}

__extension__ typedef unsigned __int128 wide;

static inline uint64_t home_of(jl_hash key, uint64_t homes) {
    return (uint64_t)((wide)(key.hi << 8) * homes >> 64);
}

static inline const segment *segment_of(const jl_set *s, jl_hash key) {
    return &s->segment[key.hi >> 56];
}

static size_t bytes_for(const jl_set *s, uint64_t slots) {
    return (size_t)slots * (sizeof(jl_hash) + (s->payload ? sizeof(uint64_t) : 0));
}

/* ---- memory ---- */

static void segment_free(jl_set *s, segment *g) {
    size_t bytes = bytes_for(s, g->slots);
    if (bytes >= MAP_BYTES)
        munmap(g->slot, bytes);
    else
        free(g->slot);
    s->bytes -= bytes;
    *g = (segment){0};
}

static int segment_alloc(jl_set *s, segment *g, uint64_t homes, uint64_t slots, jl_err *err) {
    size_t bytes = bytes_for(s, slots);
    void *memory;
    if (bytes >= MAP_BYTES) {
        memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            memory = NULL;
    } else {
        memory = calloc(1, bytes);
    }
    if (!memory)
        return jl_err_nomem(err);
    *g = (segment){.slot = memory, .homes = homes, .slots = slots};
    if (s->payload)
        g->payload = (uint64_t *)(void *)(g->slot + slots);
    s->bytes += bytes;
    if (s->bytes > s->peak)
        s->peak = s->bytes;
    return 0;
}

jl_set *jl_set_new(bool payload, jl_err *err) {
    jl_set *s = calloc(1, sizeof *s);
    if (!s) {
        jl_err_nomem(err);
        return NULL;
    }
    s->payload = payload;
    s->bytes = s->peak = sizeof *s;
    return s;
}

void jl_set_clear(jl_set *s) {
    for (size_t i = 0; i < SEGMENTS; ++i)
        if (s->segment[i].slot)
            segment_free(s, &s->segment[i]);
    s->count = 0;
    s->has_zero = false;
}

void jl_set_free(jl_set *s) {
    if (!s)
        return;
    jl_set_clear(s);
    free(s);
}

uint64_t jl_set_count(const jl_set *s) {
    return s->count;
}

uint64_t jl_set_bytes(const jl_set *s) {
    return s->bytes;
}

uint64_t jl_set_peak(const jl_set *s) {
    return s->peak;
}

/* ---- growth ---- */

static inline bool is_full(const segment *g) {
    return (g->count + 1) * 8 > g->homes * 7;
}

/* Copies all keys in order. False when the last ones would come to stand in the slot that has to stay free. */
static bool segment_copy(segment *to, const segment *from) {
    uint64_t next = 0;
    for (uint64_t i = 0; to->count < from->count; ++i) {
        if (is_free(from->slot[i]))
            continue;
        uint64_t at = home_of(from->slot[i], to->homes);
        if (at < next)
            at = next;
        if (at + 1 >= to->slots)
            return false;
        to->slot[at] = from->slot[i];
        if (to->payload)
            to->payload[at] = from->payload[i];
        ++to->count;
        next = at + 1;
    }
    return true;
}

/* More homes when they are nearly all taken, else more spare slots: keys crowd at the end. */
static int segment_grow(jl_set *s, segment *g, jl_err *err) {
    uint64_t homes = g->homes;
    uint64_t spare = g->slots - g->homes;
    if (is_full(g))
        homes = homes < FIRST_HOMES ? FIRST_HOMES : GROW(homes) > homes + 4 ? GROW(homes) : homes + 4;
    else
        spare *= 2;
    uint64_t least = homes / 4 + 3 < SPARE ? homes / 4 + 3 : SPARE;
    if (spare < least)
        spare = least;
    for (;; spare *= 2) {
        segment grown;
        if (segment_alloc(s, &grown, homes, homes + spare, err))
            return -1;
        if (segment_copy(&grown, g)) {
            if (g->slot)
                segment_free(s, g);
            *g = grown;
            return 0;
        }
        segment_free(s, &grown);
    }
}

/* ---- keys ---- */

void jl_set_prefetch(const jl_set *s, jl_hash key) {
    const segment *g = segment_of(s, key);
    if (!g->slot)
        return;
    uint64_t home = home_of(key, g->homes);
    /* A walk crosses several lines when the table is nearly full. */
    for (int line = 0; line < 4; ++line)
        __builtin_prefetch((const char *)&g->slot[home] + 64 * line);
    if (g->payload) {
        __builtin_prefetch(&g->payload[home]);
        __builtin_prefetch((const char *)&g->payload[home] + 64);
    }
}

/* Most keys stand within so many slots of their home: at least as many are spare, see segment_grow. */
#define LOOK 4

/* The slot that has the key, or the one where it would go. The segment has slots. How far from home that is cannot be
   foreseen, so the smaller keys among the first LOOK slots are counted without a branch that could be guessed wrongly:
   what stands behind a gap is never smaller, and the loop makes up for a key that was not counted (its high half is
   that of the key, or zero). */
static inline uint64_t slot_of(const segment *g, jl_hash key) {
    uint64_t i = home_of(key, g->homes);
    const jl_hash *slot = &g->slot[i];
    for (int k = 0; k < LOOK; ++k)
        i += (slot[k].hi < key.hi) & (slot[k].hi != 0);
    while (!is_free(g->slot[i]) && key_less(g->slot[i], key))
        ++i;
    return i;
}

static const uint64_t no_payload;

/* The payload's place of a key that is there, any address without payloads; NULL when it is not there. */
static const uint64_t *lookup(const jl_set *s, jl_hash key) {
    if (is_free(key))
        return s->has_zero ? &s->zero_payload : NULL;
    const segment *g = segment_of(s, key);
    if (!g->slot)
        return NULL;
    uint64_t i = slot_of(g, key);
    if (!jl_hash_eq(g->slot[i], key))
        return NULL;
    return g->payload ? &g->payload[i] : &no_payload;
}

bool jl_set_has(const jl_set *s, jl_hash key) {
    return lookup(s, key) != NULL;
}

uint64_t *jl_set_find(const jl_set *s, jl_hash key) {
    return s->payload ? (uint64_t *)(uintptr_t)lookup(s, key) : NULL;
}

static int add_zero(jl_set *s, uint64_t **payload) {
    bool was = s->has_zero;
    if (!was) {
        s->has_zero = true;
        s->zero_payload = 0;
        ++s->count;
    }
    if (payload)
        *payload = s->payload ? &s->zero_payload : NULL;
    return !was;
}

/* Frees slot `i` by moving what stands from there to the next gap one on; false when there is no gap to move into. */
static bool make_gap(segment *g, uint64_t i) {
    uint64_t gap = i;
    while (!is_free(g->slot[gap]))
        ++gap;
    if (gap + 1 >= g->slots)
        return false;
    memmove(&g->slot[i + 1], &g->slot[i], (size_t)(gap - i) * sizeof *g->slot);
    if (g->payload)
        memmove(&g->payload[i + 1], &g->payload[i], (size_t)(gap - i) * sizeof *g->payload);
    return true;
}

/* Inserts a key that is not there; `i` is its slot when the segment has slots. Returns its slot, -1 when memory ran
   out. */
static __attribute__((noinline)) int64_t insert(jl_set *s, segment *g, uint64_t i, jl_hash key, jl_err *err) {
    while (is_full(g) || !make_gap(g, i)) {
        if (segment_grow(s, g, err))
            return -1;
        i = slot_of(g, key);
    }
    g->slot[i] = key;
    if (g->payload)
        g->payload[i] = 0;
    ++g->count;
    ++s->count;
    return (int64_t)i;
}

int jl_set_add(jl_set *s, jl_hash key, uint64_t **payload, jl_err *err) {
    if (is_free(key))
        return add_zero(s, payload);
    segment *g = &s->segment[key.hi >> 56];
    uint64_t i = g->slot ? slot_of(g, key) : 0;
    bool is_new = !g->slot || !jl_hash_eq(g->slot[i], key);
    if (is_new) {
        int64_t at = insert(s, g, i, key, err);
        if (at < 0)
            return -1;
        i = (uint64_t)at;
    }
    if (payload)
        *payload = g->payload ? &g->payload[i] : NULL;
    return is_new;
}

bool jl_set_remove(jl_set *s, jl_hash key) {
    if (is_free(key)) {
        bool was = s->has_zero;
        s->has_zero = false;
        s->count -= was;
        return was;
    }
    segment *g = &s->segment[key.hi >> 56];
    if (!g->slot)
        return false;
    uint64_t i = slot_of(g, key);
    if (!jl_hash_eq(g->slot[i], key))
        return false;
    /* Those behind it that are away from home come one nearer. */
    uint64_t end = i + 1;
    while (!is_free(g->slot[end]) && home_of(g->slot[end], g->homes) < end)
        ++end;
    size_t moved = (size_t)(end - i - 1);
    memmove(&g->slot[i], &g->slot[i + 1], moved * sizeof *g->slot);
    g->slot[end - 1] = (jl_hash){0};
    if (g->payload)
        memmove(&g->payload[i], &g->payload[i + 1], moved * sizeof *g->payload);
    --g->count;
    --s->count;
    return true;
}

int jl_set_walk(const jl_set *s, int (*each)(void *self, jl_hash key, uint64_t payload), void *self) {
    if (s->has_zero) {
        int stop = each(self, (jl_hash){0}, s->payload ? s->zero_payload : 0);
        if (stop)
            return stop;
    }
    for (size_t i = 0; i < SEGMENTS; ++i) {
        const segment *g = &s->segment[i];
        for (uint64_t k = 0; k < g->slots; ++k) {
            if (is_free(g->slot[k]))
                continue;
            int stop = each(self, g->slot[k], g->payload ? g->payload[k] : 0);
            if (stop)
                return stop;
        }
    }
    return 0;
}
