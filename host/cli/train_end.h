/* The final output of train: the check of the model, networks that failed, files written, advice. */
#ifndef CLI_TRAIN_END_H
#define CLI_TRAIN_END_H

#include "cli/json_values.h"
#include "cli/train_progress.h"
#include "cli/train_proof.h"

enum { CHECKED_NETWORKS = 16 }; /* of a large population only so many are checked again */

/* The check of the finished model. */
typedef struct final_check {
    uint32_t networks; /* checked: the first so many */
    bool exhaustive;
    uint64_t problems; /* problems per network */
    uint64_t wrong[CHECKED_NETWORKS];
    uint64_t all_wrong; /* of all networks checked */
} final_check;

/* The result; the command owns the pointers. */
typedef struct train_end {
    const carrynet_model *model;      /* of all networks */
    const carrynet_model *kept;       /* of the kept networks; NULL: none is kept */
    const carrynet_outcome *outcomes; /* [networks], or NULL */
    uint32_t exact, diverged;         /* networks */
    final_check check;
    const train_proof *proof;
    const train_progress *progress;
    const char *path; /* path of the file */
} train_end;

/* Prints the result on standard output; `kept` must not be NULL. */
void train_end_print(const train_end *end);

/* The result as one object, which the caller frees. */
json_t *train_end_json(const train_end *end);

#endif
