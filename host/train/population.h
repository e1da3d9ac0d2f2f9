/*
 * The networks that are on the device now, a part of those of a run, and how they leave: exact, diverged to NaN, or trained
 * for all planned updates. Who has left is recorded in the run's model and outcomes; the others are compacted.
 */
#ifndef TRAIN_POPULATION_H
#define TRAIN_POPULATION_H

#include "train/attempts.h"

/* What the run keeps of all its networks. */
struct population_records {
    carrynet_model *model;
    carrynet_outcome *outcomes; /* [networks] or NULL */
    uint32_t exact, proved, diverged, finished;
    uint64_t updates;  /* the most that one of them has had */
    uint32_t measured; /* networks with a finite loss in their last batch; sums over them, a sequence: */
    double loss, wrong_share;
};

struct population {
    carrynet_engine *engine; /* the caller's */
    const carrynet_settings *settings;
    const carrynet_batch *check; /* the validation set (kernels/ARITHMETIC.md 7) */
    struct population_records *records;
    uint32_t running;          /* networks of the engine; 0: all have left, and the engine's are done with */
    uint32_t *number;          /* [running]: their numbers in the run */
    carrynet_metrics *metrics; /* [running], of the last batch that was measured */
    carrynet_metrics *checked; /* [running], of one slice of the validation set */
    uint64_t *wrong_bits;      /* [running], of those that are measured at the end */
    bool *stays;               /* [running], when some leave */
    bool *proved;              /* [running], of those that leave */
    uint64_t *due;             /* [running]: updates before the next attempt at a proof */
    uint32_t *had;             /* [running]: attempts that failed */
    uint32_t *from;            /* [running], of carrynet_engine_compact */
    double clock, seconds;     /* the share of time of a network that has been there from the start, up to the clock */
};

/* The validation set of the settings, to free with carrynet_batch_free. MEMORY. */
carrynet_status population_check_set(carrynet_batch *check, const carrynet_settings *settings);

/* The networks first, ..., first + count - 1 of the run, all in the engine. MEMORY. */
carrynet_status population_open(struct population *p, carrynet_engine *engine, const carrynet_batch *check,
                                struct population_records *records, uint32_t first, uint32_t count);
void population_close(struct population *p);

/* From here on time counts. */
void population_start(struct population *p);

/* Those whose last loss was NaN or infinite leave as diverged, after `updates` updates. */
carrynet_status population_drop_diverged(struct population *p, uint64_t updates);

/* Those that are right on the whole validation set leave as exact; finished: their training has reached its end. */
carrynet_status population_drop_exact(struct population *p, uint64_t updates, bool finished);

/*
 * Finds those that are right on the whole validation set and proved; last: their training has reached its end, and those that
 * are exact alone are to leave too. Where the caller ends the attempts, those who are left to try next are the same as before.
 */
carrynet_status population_test_proved(struct population *p, uint64_t updates, bool last, struct attempts_stop *stop);

/* Those that were found leave. */
carrynet_status population_drop_proved(struct population *p, uint64_t updates);

/* All that are still there are recorded as they are; as finished, or the caller has ended the training. */
carrynet_status population_end(struct population *p, uint64_t updates, bool finished);

#endif
