/*
 * The arguments of the kernels as structs passed by value: one text for C11 (the launches) and OpenCL C.
 * Only 32- and 64-bit members, widest first, so that both sides lay them out alike.
 *
 * Kernels of single steps are left out where CARRYNET_FUSED is set: the kernel of fused updates wants their functions
 * alone, and the time to compile a kernel grows with the program around it.
 *
 * Build constants (-D): CARRYNET_INPUTS, _HIDDEN, _OUTPUTS, _INTERLEAVED (SIMD variant: lanes are blocks or networks, not units):
 * what the inner loops need. All else (steps, sequences, networks, loss, biases, optimizer) is a run-time value and
 * stands here, so that networks which differ in it share a program.
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
/* Partial sums of an output; rows in scratch, and columns of the SIMD variant, are multiples of it. */
#define CARRYNET_OUTPUT_PARTIALS 16

/* Values of carrynet_pass.loss and carrynet_step.optimizer; the public enumerations have the same numbers. */
#define CARRYNET_LOSS_SQUARED_ 0
#define CARRYNET_LOSS_CROSS_ENTROPY_ 1
#define CARRYNET_LOSS_FAULTY_SQUARED_ 2
#define CARRYNET_OPTIMIZER_SGD_ 0
#define CARRYNET_OPTIMIZER_MOMENTUM_ 1
#define CARRYNET_OPTIMIZER_RMSPROP_ 2
#define CARRYNET_OPTIMIZER_ADAM_ 3

/* Bits of carrynet_pass.outputs: which arrays a forward pass writes. */
#define CARRYNET_WRITE_Y 1u
#define CARRYNET_WRITE_Z 2u
#define CARRYNET_WRITE_H 4u
#define CARRYNET_WRITE_STATE 8u

/*
 * A pass over the sequences of all networks. They lie, packed as problem.h says, in the buffer `staged` of words:
 *     network configs [networks][CARRYNET_CONFIG]; symbols [networks or 1][sequences][symbol_words]; targets likewise
 * Where the device generates them (generated.cl) they lie there too, but a block's words as [symbol_words][CARRYNET_BLOCK]; and
 * where a worker trains whole networks, for each worker in place of each network, one update at a time.
 * A network's blocks are cut into chunks, aligned runs of chunk_blocks blocks; a task is one chunk of one network, and
 * its result one partial sum of the reduction tree: [partial_stride] values, the gradient, then loss and absolute error.
 */
struct carrynet_pass {
    carrynet_u64 scratch_stride; /* reals of scratch of one work-item (SIMD variant) or work-group (SIMT variant) */
    carrynet_u64 first_symbol;   /* offset of the symbols in `staged` */
    carrynet_u64 first_target;   /* offset of the targets in `staged` */
    carrynet_u64 symbol_stride;  /* words from network to network; 0: all networks share the sequences */
    carrynet_u64 target_stride;
    carrynet_u64 first_sequence; /* place of the first sequence in the update's batch: names it, and its noise */
    carrynet_u32 networks;
    carrynet_u32 sequences; /* of one network */
    carrynet_u32 steps;     /* T */
    carrynet_u32 symbol_words;
    carrynet_u32 target_words;
    carrynet_u32 chunk_blocks;     /* a power of two */
    carrynet_u32 chunks;           /* of one network */
    carrynet_u32 rows;             /* sequences of the longest block, rounded up to 16: rows of the arrays in scratch */
    carrynet_u32 parameter_stride; /* reals from network to network in parameters and moments: a multiple of 16 */
    carrynet_u32 partial_stride;   /* reals of a partial sum: a multiple of 16 */
    carrynet_u32 resume;           /* forward: 1 if h[0] is read from the state */
    carrynet_u32 outputs;          /* forward: CARRYNET_WRITE_ bits */
    carrynet_u32 until_wrong;      /* metrics: 1 if a chunk may end after a block with a wrong sequence */
    carrynet_u32 update;           /* training: added to the network configs' updates */
    carrynet_u32 generated;        /* training: 1 if the kernel generates the problems */
    carrynet_u32 drawn_steps;      /* of a generated problem: T less its closing symbols */
    carrynet_u32 drawn_words;      /* words of those */
    carrynet_u32 loss;             /* CARRYNET_LOSS_ */
    carrynet_u32 bias;             /* 1 if the networks have biases */
    carrynet_u32 initial_state;    /* 1 if they have an h_0 */
    carrynet_u32 two_stages;       /* SIMT variant: 1 if the gradient is made in two stages (simt_stages.cl) */
    carrynet_u32 first_task;       /* of those launched together, */
    carrynet_u32 chunk_block;      /* and the block of each one's chunk */
};

/* From the chunks' partial sums to a network's sums, and from these to its update. */
struct carrynet_step {
    carrynet_u32 networks;
    carrynet_u32 chunks;
    carrynet_u32 parameter_stride;
    carrynet_u32 partial_stride;
    carrynet_u32 trained;    /* trained parameters of a network */
    carrynet_u32 clipped;    /* 1: factors of clipping apply */
    carrynet_u32 first_rate; /* where the update's rates begin, in reals */
    carrynet_u32 optimizer;  /* CARRYNET_OPTIMIZER_ */
};

/* Reals of the buffer `constants`, which the update reads. */
#define CARRYNET_CONSTANT_AVERAGE 0 /* 1 / B */
#define CARRYNET_CONSTANT_CLIP 1
#define CARRYNET_CONSTANT_MOMENTUM 2
#define CARRYNET_CONSTANT_MOMENTUM_REST 3 /* 1 - momentum */
#define CARRYNET_CONSTANT_DECAY 4
#define CARRYNET_CONSTANT_DECAY_REST 5
#define CARRYNET_CONSTANTS 8

/* Reals a network of the buffer `rates`: [updates][networks][CARRYNET_RATES]. */
#define CARRYNET_RATE 0
#define CARRYNET_EPSILON 1
#define CARRYNET_WEIGHT_DECAY 2 /* d of ARITHMETIC.md 5 */
#define CARRYNET_RATES 3

/*
 * Words a network of the network configs: seed, low word first; update; 0; the noise as the bits of a real, low word first;
 * problem seed, low word first.
 */
#define CARRYNET_CONFIG 8
#define CARRYNET_CONFIG_SEED 0
#define CARRYNET_CONFIG_UPDATE 2
#define CARRYNET_CONFIG_NOISE 4
#define CARRYNET_CONFIG_PROBLEMS 6

/*
 * Words of the buffer `task`, for problems that are generated: the automaton as its table, entries next | out << 8 at index
 * state << I | symbol; where the table has at most 32 entries also as a word for each bit of them.
 */
#define CARRYNET_AUTOMATON_START 0
#define CARRYNET_AUTOMATON_NOT_LESS 1   /* 1: operands 0 and 1 are exchanged where 0 is less */
#define CARRYNET_AUTOMATON_CLOSING 2    /* the closing symbols, 4 bits each */
#define CARRYNET_AUTOMATON_STATE_BITS 3 /* words of NEXT; 0: only the table holds */
#define CARRYNET_AUTOMATON_NEXT 4
#define CARRYNET_AUTOMATON_OUT 9
#define CARRYNET_AUTOMATON_TABLE 13

/* The start-up vectors (admission.cl): operands and results of one. */
#define CARRYNET_OPERANDS 3
#define CARRYNET_RESULTS 10
#define CARRYNET_SUMMED 64u
#define CARRYNET_SEED_ULP 1024u /* how far off a seed of a reciprocal may be (ARITHMETIC.md 2, rule 7) */

#endif
