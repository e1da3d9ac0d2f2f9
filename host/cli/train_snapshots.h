/*
 * train --snapshot-at 0,1k,2k: the weights of the networks still in training after so many updates, as model files
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
    size_t count, next;         /* next: index of the next one; earlier ones were reached */
    bool *written;              /* [count] */
    bool failed;                /* a snapshot could not be written, which was reported */
    carrynet_observer observer; /* for carrynet_train, if count > 0 */
} train_snapshots;

/*
 * Takes the updates of --snapshot-at and tests, before any work, that each can be reached and written. False, with
 * *code set after a message, if not. Call train_snapshots_free in both cases; the struct must not move.
 */
bool train_snapshots_prepare(train_snapshots *snapshots, const cli_arguments *arguments, const cli_value *at,
                             const carrynet_settings *settings, const char *path, const char *log_path, int *code);
void train_snapshots_free(train_snapshots *snapshots);

/*
 * Reports in a line or two on standard error which snapshots were written, and which were not because training had
 * ended.
 */
void train_snapshots_say(const train_snapshots *snapshots);

/* The names of the written snapshots, as a list. */
json_t *train_snapshots_json(const train_snapshots *snapshots);

#endif
