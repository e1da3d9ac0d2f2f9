/*
 * Loops of many fused operations: WITH_FMA(type, name, (parameters), (arguments)) makes `name` from `name_plain`,
 * compiled a second time with the FMA instruction where the processor family has it as an option, and chooses at run
 * time. Same bits, 10 times the speed.
 */
#ifndef TESTS_FAST_FMA_H
#define TESTS_FAST_FMA_H

#if defined(__GNUC__) && defined(__x86_64__)
#define WITH_FMA(type, name, parameters, arguments)                                                                    \
    __attribute__((target("avx2,fma"), flatten)) static type name##_fma parameters                                     \
    {                                                                                                                  \
        return name##_plain arguments;                                                                                 \
    }                                                                                                                  \
    static type name parameters                                                                                        \
    {                                                                                                                  \
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? name##_fma arguments                  \
                                                                               : name##_plain arguments;               \
    }
#else
#define WITH_FMA(type, name, parameters, arguments)                                                                    \
    static type name parameters                                                                                        \
    {                                                                                                                  \
        return name##_plain arguments;                                                                                 \
    }
#endif

#endif
