/* Finds out once which vector instructions the machine has. */
#include "jsonl/level.h"

#include <stdbool.h>

/* Threads that race to ask find the same answer. */
_Atomic int jl_level_in_use = JL_LEVELS;

jl_level jl_level_best(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) {
        /* VBMI2 is not used: it tells the processors that do not clock down for long vectors. */
        bool long_vectors = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                            __builtin_cpu_supports("avx512vbmi2");
        return long_vectors ? JL_LEVEL_AVX512 : JL_LEVEL_AVX2;
    }
    if (__builtin_cpu_supports("ssse3"))
        return JL_LEVEL_SSSE3;
    return JL_LEVEL_SSE2;
#else
    return JL_LEVEL_PLAIN;
#endif
}

jl_level jl_level_start(void) {
    jl_level level = jl_level_best();
    atomic_store_explicit(&jl_level_in_use, (int)level, memory_order_relaxed);
    return level;
}

void jl_level_force(jl_level level) {
    jl_level best = jl_level_best();
    atomic_store_explicit(&jl_level_in_use, (int)(level < best ? level : best), memory_order_relaxed);
}
