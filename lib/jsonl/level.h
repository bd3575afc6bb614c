/* Which vector instructions the scanners use. */
#ifndef JL_JSONL_LEVEL_H
#define JL_JSONL_LEVEL_H

#include <stdatomic.h>

/* Each level includes those before it. */
typedef enum jl_level {
    JL_LEVEL_PLAIN = 0,
    JL_LEVEL_SSE2,
    JL_LEVEL_SSSE3,
    JL_LEVEL_AVX2,
    JL_LEVEL_AVX512,
    JL_LEVELS
} jl_level;

/* The highest level that this machine has. */
jl_level jl_level_best(void);
/* Finds out which level to use. */
jl_level jl_level_start(void);
/* What it found; JL_LEVELS before. For jl_level_now only. */
extern _Atomic int jl_level_in_use;
/* The level in use: the best one, found out at the first call; safe from any thread. */
static inline jl_level jl_level_now(void) {
    int level = atomic_load_explicit(&jl_level_in_use, memory_order_relaxed);
    return level == JL_LEVELS ? jl_level_start() : (jl_level)level;
}
/* Uses `level`, or the best one when the machine has less. All levels give the same results: this is for tests and
   measurements. */
void jl_level_force(jl_level level);

#endif
