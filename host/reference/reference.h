/*
 * The reference: sections 4 and 5 of kernels/ARITHMETIC.md as plain C (formulas/training_step.c), for one network at a time. It is what
 * every other backend is compared with, so it shares scalar functions with them (kernels/arithmetic.h) and no loop.
 *
 * It is compiled for both precisions and, on x86, again with FMA instructions; values are float or double.
 */
#ifndef REFERENCE_REFERENCE_H
#define REFERENCE_REFERENCE_H

#include "model/optimizer.h"
#include "model/pass.h"

/* What a forward pass writes; each may be NULL. */
struct reference_outputs {
    void *y;     /* [sequences][steps][outputs] */
    void *z;     /* [sequences][steps][outputs] */
    void *h;     /* [sequences][steps][hidden] */
    void *state; /* [sequences][hidden]: h[0] if the pass resumes; the last h afterwards */
};

struct reference_counts {
    uint64_t wrong_bits;
    uint64_t wrong_sequences;
};

/* What scratch is for: a forward pass that only measures, one that writes h too (the reference makes no difference), or a gradient. */
enum reference_keeps { REFERENCE_MEASURES, REFERENCE_WRITES_H, REFERENCE_TRAINS };

/* What one block of S <= 64 sequences computes on its way, steps in the order of time; none may be NULL. */
struct reference_trace {
    void *rows;    /* [2^I][H]: the input rows of each symbol */
    void *first;   /* [2^I][H]: their sigmoids, h[1] where h[0] = 0 */
    void *h;       /* [T + 1][S][H] */
    void *z;       /* [T][S][O] */
    void *y;       /* [T][S][O] */
    void *dy;      /* [T][S][O] */
    void *dh;      /* [T][S][H] */
    void *buckets; /* [2^I][H]: sums of dh by symbol */
    void *partial; /* [trained + 2] */
};

/*
 * The operations of a network, which the reference has plainly and the backend `host` in tiles, with equal bits. A pass is
 * that of the one network: symbols, targets and network configs are its own.
 */
struct network_operations {
    /* Bytes of scratch of the two passes below, for sequences of that length and number. */
    uint64_t (*scratch_bytes)(const carrynet_settings *settings, size_t steps, size_t sequences,
                              enum reference_keeps keeps);

    /* partial [trained + 2]: the gradient summed over the sequences by the reduction tree, then loss and absolute error. */
    void (*gradient)(void *partial, struct reference_counts *counts, const void *parameters,
                     const carrynet_settings *settings, const struct net_pass *pass, void *scratch);

    /* Forward alone; metrics [2]: loss and absolute error, summed by the reduction tree. */
    void (*forward)(const struct reference_outputs *outputs, void *metrics, struct reference_counts *counts,
                    const void *parameters, const carrynet_settings *settings, const struct net_pass *pass,
                    void *scratch);

    /* One update from a partial sum's sums over `sequences` sequences; moments [trained] may be NULL where unused. */
    void (*update)(void *parameters, void *first_moment, void *second_moment, const void *sums,
                   const carrynet_settings *settings, uint64_t sequences, struct net_rates rates);
};

struct reference {
    struct network_operations operations;

    /* The gradient of one block, and all that it computes on the way: to find where another backend first differs. */
    uint64_t (*trace_bytes)(const carrynet_settings *settings, size_t steps, size_t sequences);
    void (*trace)(const struct reference_trace *trace, const void *parameters, const carrynet_settings *settings,
                  const struct net_pass *pass, void *scratch);

    /* The factor of clipping by norm that an update takes for these sums; 1 without clipping. */
    double (*clip_factor)(const void *sums, const carrynet_settings *settings, uint64_t sequences);

    /* Runs fused multiply-adds in registers, and returns how many operations that were, two each; *result depends on all. */
    double (*peak)(double *result, uint64_t rounds);

    /*
     * The start-up vectors of kernels/admission.cl: results [count][CARRYNET_RESULTS] of operands
     * [count][CARRYNET_OPERANDS].
     */
    void (*start_vectors)(void *results, const void *operands, size_t count);
};

/*
 * Whether this host computes as the arithmetic says: known answers of single operations and of small updates, by what
 * reference_of gives (known_answers.c). DEVICE, with a message that names this host, and no device; MEMORY.
 */
carrynet_status reference_admit(void);
/* The same of a given reference for binary32 and for binary64; and of small updates by given operations alone. */
carrynet_status reference_check(const struct reference *narrow, const struct reference *wide);
carrynet_status reference_check_updates(const struct network_operations *operations, carrynet_precision precision);

/* The reference of a precision. Static. */
const struct reference *reference_of(carrynet_precision precision);

/* Whether this processor runs what is compiled with FMA instructions: the reference and the backend `host` are. */
bool reference_has_fma(void);

#endif
