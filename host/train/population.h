/*
 * The population: the networks of a run that are on the device now. A network leaves when it is exact, has diverged to
 * NaN, or has had all planned updates. The run's model and outcomes record it; the remaining networks are compacted.
 */
#ifndef TRAIN_POPULATION_H
#define TRAIN_POPULATION_H

#include "train/attempts.h"

/* What the run keeps of all its networks. */
struct population_records {
    carrynet_model *model;
    carrynet_outcome *outcomes; /* [networks] or NULL */
    uint32_t exact, proved, diverged, finished;
    uint64_t updates;  /* the most that any network has had */
    uint32_t measured; /* networks with a finite loss in their last batch; sums over these, per sequence: */
    double loss, wrong_share;
};

struct population {
    carrynet_engine *engine; /* the caller's */
    const carrynet_settings *settings;
    const carrynet_batch *check; /* the validation set (kernels/ARITHMETIC.md 7) */
    struct population_records *records;
    uint32_t running;          /* networks in the engine; 0: all have left, the engine's contents are no longer used */
    uint32_t *number;          /* [running]: their numbers in the run */
    carrynet_metrics *metrics; /* [running], of the last batch that was measured */
    carrynet_metrics *checked; /* [running], of networks measured at the end */
    uint64_t *wrong_bits;      /* [running], set when some leave */
    bool *stays;               /* [running], of networks that leave */
    bool *proved;              /* [running], of those that leave */
    uint64_t *due;             /* [running]: updates before the next attempt at a proof */
    uint32_t *had;             /* [running], for carrynet_engine_compact */
    uint32_t *from;            /* [running], of carrynet_engine_compact */
    double clock, seconds;     /* up to the clock: time share of a network present from the start */
};

/* Creates the validation set of the settings; free with carrynet_batch_free. MEMORY. */
carrynet_status population_check_set(carrynet_batch *check, const carrynet_settings *settings);

/* Opens the population with networks first, ..., first + count - 1 of the run, which the engine holds. MEMORY. */
carrynet_status population_open(struct population *p, carrynet_engine *engine, const carrynet_batch *check,
                                struct population_records *records, uint32_t first, uint32_t count);
void population_close(struct population *p);

/* Starts the clock. */
void population_start(struct population *p);

/* Removes networks whose last loss is NaN or infinite, as diverged after `updates` updates. */
carrynet_status population_drop_diverged(struct population *p, uint64_t updates);

/*
 * Removes networks that are right on the whole validation set, as exact. finished: their training has reached its end.
 */
carrynet_status population_drop_exact(struct population *p, uint64_t updates, bool finished);

/*
 * Finds networks that are right on the whole validation set and proved. last: their training has reached its end, and
 * networks that are only exact leave too. If the caller ends the attempts, the networks to try next stay the same.
 */
carrynet_status population_test_proved(struct population *p, uint64_t updates, bool last, struct attempts_stop *stop);

/* Removes the networks that population_test_proved found. */
carrynet_status population_drop_proved(struct population *p, uint64_t updates);

/* Records all remaining networks as they are: as finished, or as ended by the caller. */
carrynet_status population_end(struct population *p, uint64_t updates, bool finished);

#endif
