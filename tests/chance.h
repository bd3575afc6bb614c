/* Random numbers that a test can repeat: JL_SEED in the environment picks them, JL_SCALE how many rounds they drive. */
#ifndef TESTS_CHANCE_H
#define TESTS_CHANCE_H

#include <stdint.h>
#include <stdlib.h>

typedef struct chance {
    uint64_t state;
} chance;

static inline chance chance_seeded(void) {
    const char *seed = getenv("JL_SEED");
    return (chance){seed ? strtoull(seed, NULL, 10) : 20261122};
}

/* splitmix64 */
static inline uint64_t chance_bits(chance *c) {
    uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 <= result < n */
static inline size_t chance_below(chance *c, size_t n) {
    return (size_t)(chance_bits(c) % n);
}

/* `rounds` at scale 1, which is what `make check` runs. */
static inline size_t chance_rounds(size_t rounds) {
    const char *scale = getenv("JL_SCALE");
    double factor = scale ? strtod(scale, NULL) : 1;
    size_t n = (size_t)((double)rounds * (factor > 0 ? factor : 1));
    return n > 0 ? n : 1;
}

#endif
