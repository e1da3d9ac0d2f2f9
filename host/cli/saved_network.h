/*
 * A model file opened for the commands that query it: the model, and an engine that holds one of its networks. A file
 * may hold many networks; --net selects one.
 */
#ifndef CLI_SAVED_NETWORK_H
#define CLI_SAVED_NETWORK_H

#include "cli/options.h"

typedef struct saved_network {
    carrynet_model *model;
    carrynet_engine *engine;           /* of one network */
    const carrynet_settings *settings; /* of the model */
    const carrynet_network *networks;  /* [settings->networks], its records */
    carrynet_engine_options options;
    size_t network; /* index of the network in the engine */
} saved_network;

/*
 * Loads the file of the first operand, without an engine; `net` is the value of --net, or NULL. False, with *code set
 * after a message. Call saved_network_close in both cases.
 */
bool saved_network_load(saved_network *saved, const cli_arguments *arguments, const cli_value *net, int *code);

/*
 * Loads the file of the first operand and creates an engine with network --net (else 0) on --device (else `device`).
 * False, with *code set after a message. Call saved_network_close in both cases.
 */
bool saved_network_open(saved_network *saved, const cli_arguments *arguments, const cli_value *net, const char *device,
                        int *code);
void saved_network_close(saved_network *saved);

/* Loads another network of the file into the engine. */
carrynet_status saved_network_choose(saved_network *saved, size_t network);

/*
 * Runs the engine's network on one packed problem of any length, in pieces, and packs its output bits into outputs
 * [carrynet_packed_words(outputs, steps)]; logits [steps][outputs], or NULL, receives every z.
 */
carrynet_status saved_network_outputs(saved_network *saved, const uint32_t *symbols, size_t steps, uint32_t *outputs,
                                      double *logits);

#endif
