/*
 * The reference's values of one case, step by step: for each network its weights and moments, the problems of a pass,
 * every intermediate value of a block, the partial sum of any run of blocks, and the update. launch_checks.h compares
 * launches with them.
 */
#ifndef CONFORMANCE_WITNESS_H
#define CONFORMANCE_WITNESS_H

#include "reference/reference.h"
#include <carrynet/engine.h>

struct witness {
    carrynet_settings settings;
    const struct reference *reference;
    size_t value, size, trained;     /* bytes of a real; parameters of a network, of which trained */
    char *parameters;                /* [networks][size] */
    char *moments[2];                /* [networks][trained] */
    char *sums;                      /* [networks][trained + 2], of the last pass; metrics last */
    struct reference_counts *counts; /* [networks], likewise */
    char *factors;                   /* [networks], of clipping, of the last update */
    carrynet_batch *batches;         /* [networks], or one for all */
    size_t batch_count;
    bool noisy;
    uint64_t first_sequence, update; /* which name the noise */
    carrynet_network_config config;  /* of the pass that runs */
    char *scratch, *trace_scratch;
};

/* Opens a witness; its weights are to be filled in, moments are zero. witness_close takes what was not opened. */
carrynet_status witness_open(struct witness *witness, const carrynet_settings *settings);
void witness_close(struct witness *witness);

/* The problems of update u, each network its own; or `sequences` of them that all share, of the source's update u. */
carrynet_status witness_problems(struct witness *witness, const carrynet_source *source, uint64_t u);
carrynet_status witness_shared(struct witness *witness, const carrynet_source *source, size_t sequences, uint64_t u);

static inline carrynet_batch *witness_batch(const struct witness *w, size_t network)
{
    return &w->batches[w->batch_count == 1 ? 0 : network];
}

/* The sums over `sequences` of a network's sequences from number `first` on: partial [trained + 2]. */
void witness_partial(struct witness *witness, size_t network, size_t first, size_t sequences, void *partial,
                     struct reference_counts *counts);

/* The sums of all networks over all their sequences. */
void witness_sums(struct witness *witness);

/* What one block computes on its way: at most 64 sequences from `first` on. Free with witness_trace_free. */
carrynet_status witness_trace(struct reference_trace *trace, struct witness *witness, size_t network, size_t first,
                              size_t sequences);
void witness_trace_free(struct reference_trace *trace);

/* Forward alone, without noise, of a network's `sequences` sequences from `first` on: metrics [2]. */
void witness_forward(struct witness *witness, const struct reference_outputs *outputs, void *metrics,
                     struct reference_counts *counts, size_t network, size_t first, size_t sequences, bool resume);

/* The factors of clipping from the sums. */
void witness_factors(struct witness *witness);

/* The update of all networks from their sums: update number u of each. */
void witness_update(struct witness *witness, uint64_t u);

#endif
