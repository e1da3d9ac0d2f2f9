/*
 * train --snapshot-at 0,1k,2k: the weights of the networks that still train after so many updates, as model files
 * beside the model: add.at-1000.safetensors for add.safetensors.
 */
#ifndef CLI_TRAIN_SNAPSHOTS_H
#define CLI_TRAIN_SNAPSHOTS_H

#include "cli/json_values.h"
#include "cli/options.h"

typedef struct train_snapshots {
    const carrynet_settings *settings;
    const char *path;           /* of the model */
    uint64_t *at;               /* [count] updates, ascending, each once */
    size_t count, next;         /* next: of those that are still to come; the ones before were reached */
    bool *written;              /* [count] */
    bool failed;                /* one could not be written, which was said */
    carrynet_observer observer; /* for carrynet_train, if count > 0 */
} train_snapshots;

/*
 * Takes the updates of --snapshot-at and tests, before anything is spent on it, that each can be reached and written. False, with
 * *code set after a message, if not. train_snapshots_free in both cases; the struct must stay where it is.
 */
bool train_snapshots_prepare(train_snapshots *snapshots, const cli_arguments *arguments, const cli_value *at,
                             const carrynet_settings *settings, const char *path, const char *log_path, int *code);
void train_snapshots_free(train_snapshots *snapshots);

/* Says which were written, and which not because the training had ended, in a line or two on standard error. */
void train_snapshots_say(const train_snapshots *snapshots);

/* The names of those that were written, as a list. */
json_t *train_snapshots_json(const train_snapshots *snapshots);

#endif
