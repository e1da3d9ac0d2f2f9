/*
 * The arguments of the kernels as structs passed by value: one text for C11 (the launches) and OpenCL C.
 * Only 32- and 64-bit members, widest first, so that both sides lay them out alike.
 *
 * Build constants (-D): CARRYNET_INPUTS, _HIDDEN, _OUTPUTS, _LOSS, _BIAS, _INITIAL_STATE and _OPTIMIZER.
 * Run-time values: steps, sequences, networks, which stand here.
 */
#ifndef CARRYNET_ARGUMENTS_H
#define CARRYNET_ARGUMENTS_H

#ifdef __OPENCL_VERSION__
typedef uint carrynet_u32;
typedef ulong carrynet_u64;
#else
#include <stdint.h>
typedef uint32_t carrynet_u32;
typedef uint64_t carrynet_u64;
#endif

#define CARRYNET_BLOCK 64u /* sequences of a block: the unit of the gradient's order of summation */

/* Values of CARRYNET_LOSS and CARRYNET_OPTIMIZER; the public enumerations have the same numbers. */
#define CARRYNET_LOSS_SQUARED_ 0
#define CARRYNET_LOSS_CROSS_ENTROPY_ 1
#define CARRYNET_OPTIMIZER_SGD_ 0
#define CARRYNET_OPTIMIZER_MOMENTUM_ 1
#define CARRYNET_OPTIMIZER_RMSPROP_ 2
#define CARRYNET_OPTIMIZER_ADAM_ 3

/* A batch as the kernels see it: symbols [networks][sequences][symbol_words], targets likewise, packed (problem.h). */
struct carrynet_pass {
    carrynet_u64 scratch_stride; /* reals of scratch of one work-item (CPU shape) or work-group (GPU shape) */
    carrynet_u64 first_symbol;   /* offset of the batch in the buffer of symbols, in words */
    carrynet_u64 first_target;   /* offset of the batch in the buffer of targets, in words */
    carrynet_u64 symbol_stride;  /* words of symbols from network to network; 0: all networks share one batch */
    carrynet_u64 target_stride;  /* words of targets from network to network; 0: shared */
    carrynet_u64 first_sequence; /* index, in the update's batch, of the pass's first sequence: names its noise */
    carrynet_u32 networks;
    carrynet_u32 sequences;        /* of one network */
    carrynet_u32 steps;            /* T */
    carrynet_u32 symbol_words;     /* words of symbols of one sequence */
    carrynet_u32 target_words;     /* words of targets of one sequence */
    carrynet_u32 chunk_blocks;     /* blocks of one chunk: a power of two */
    carrynet_u32 chunks;           /* chunks of one network */
    carrynet_u32 parameter_stride; /* reals from network to network in parameters and gradient nodes: multiple of 16 */
    carrynet_u32 resume;           /* forward: 1 if h[0] is read from the state buffer */
    carrynet_u32 noisy;            /* training: 1 if any network has noise */
};

/* One update: sums of chunks to averaged gradient, clipping, optimizer. */
struct carrynet_step {
    carrynet_u64 first_rate; /* offset of the update's [networks][2] rates and epsilons, in reals */
    carrynet_u32 networks;
    carrynet_u32 chunks;
    carrynet_u32 parameter_stride;
    carrynet_u32 trained; /* trained parameters of a network; loss and absolute error follow them in a node */
};

#endif
