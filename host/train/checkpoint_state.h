/*
 * The state of a training as the parts of a checkpoint file: the counters; the records of all networks; and for each
 * network in training its number in the run, last metrics, proof attempts, parameters and moments. Sizes follow from
 * the settings and the number of networks in training.
 */
#ifndef TRAIN_CHECKPOINT_STATE_H
#define TRAIN_CHECKPOINT_STATE_H

#include "train/checkpoint_file.h"
#include "train/training.h"

/* Every field has 8 bytes, so the struct has no padding. */
struct checkpoint_counters {
    uint64_t batch_first, batch_count, running, updates, look, check_due, trained;
    uint64_t exact, proved, diverged, finished, most_updates, measured;
    double records_loss, records_wrong_share, held_wrong_share, loss, wrong_share, seconds, share_seconds;
    uint64_t marks[CARRYNET_MARKS];
};

/* All arrays of the file, each [networks] of the run or [running]. */
enum checkpoint_part_id {
    PART_COUNTERS,
    PART_VALUES,
    PART_SEEDS,
    PART_UPDATES,
    PART_FLAGS,
    PART_WRONG_BITS,
    PART_BITS,
    PART_SECONDS,
    PART_NUMBERS,
    PART_METRICS,
    PART_DUE,
    PART_HAD,
    PART_PARAMETERS,
    PART_FIRST,
    PART_SECOND,
    CHECKPOINT_PARTS
};

struct checkpoint_state {
    struct checkpoint_counters counters;
    struct checkpoint_part parts[CHECKPOINT_PARTS];
};

/*
 * Creates the parts for a training with these settings and `running` networks; without `memory` their data is NULL.
 * MEMORY.
 */
carrynet_status checkpoint_state_create(struct checkpoint_state *state, const carrynet_settings *settings,
                                        uint64_t running, bool memory);
void checkpoint_state_free(struct checkpoint_state *state);

/* Fills the parts from a training and its engine. Errors of the engine. */
carrynet_status checkpoint_state_take(struct checkpoint_state *state, const struct training *training);

/*
 * Sets the records, network batch, population and engine from the parts and opens the population. FORMAT: values that
 * make no sense; MEMORY; errors of the engine.
 */
carrynet_status checkpoint_state_give(struct checkpoint_state *state, struct training *training);

#endif
