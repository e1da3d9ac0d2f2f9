/* What train says when it has ended: the check of the model, which networks failed, what was written, what to try next. */
#ifndef CLI_TRAIN_END_H
#define CLI_TRAIN_END_H

#include "cli/json_values.h"
#include "cli/train_progress.h"
#include "cli/train_proof.h"

enum { CHECKED_NETWORKS = 16 }; /* of a large population only the first is checked once more */

/* The check of the finished model. */
typedef struct final_check {
    uint32_t networks; /* checked: the first so many */
    bool exhaustive;
    uint64_t problems; /* a network */
    uint64_t wrong[CHECKED_NETWORKS];
    uint64_t all_wrong; /* of all that were checked */
} final_check;

/* The pointers are the command's. */
typedef struct train_end {
    const carrynet_model *model;      /* of all networks */
    const carrynet_model *kept;       /* of those that are kept; NULL: none is */
    const carrynet_outcome *outcomes; /* [networks], or NULL */
    uint32_t exact, diverged;         /* networks */
    final_check check;
    const train_proof *proof;
    const train_progress *progress;
    const char *path; /* of the file */
} train_end;

/* On standard output; kept is there. */
void train_end_print(const train_end *end);

/* The result as one object, for the caller to release. */
json_t *train_end_json(const train_end *end);

#endif
