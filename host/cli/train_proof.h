/* The certificates that `train --until proved` writes beside its model. */
#ifndef CLI_TRAIN_PROOF_H
#define CLI_TRAIN_PROOF_H

#include "platform/platform.h"
#include <carrynet/carrynet.h>

typedef struct train_proof {
    sys_text path;   /* MODEL.cert */
    uint32_t proved; /* networks of the file */
    uint64_t cells;  /* in all certificates together */
    uint32_t depth;  /* longest word in a tree */
    double margin;   /* the least */
    bool written;    /* the file was written */
} train_proof;

/* Tests, before any work, whether MODEL.cert can be written. Call train_proof_free in any case. */
carrynet_status train_proof_prepare(train_proof *proof, const char *model_path);
void train_proof_free(train_proof *proof);

/*
 * Proves the networks that were proved in training, proved[networks], once more, with the same outcome, and writes
 * their certificates one after another; writes nothing if there is none.
 */
carrynet_status train_proof_write(train_proof *proof, const carrynet_model *model, const bool *proved);

#endif
