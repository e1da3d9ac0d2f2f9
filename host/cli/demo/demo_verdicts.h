/* The second half of demo: the network is proved, its twin is refuted, and another device gives the same bits. */
#ifndef CLI_DEMO_VERDICTS_H
#define CLI_DEMO_VERDICTS_H

#include "cli/demo/demo_screen.h"
#include <carrynet/carrynet.h>

/* Trains one network with the settings, on the device of `options`, with an observer or NULL; shows a progress line. */
carrynet_status demo_train(carrynet_model **model, char *device, size_t size, const carrynet_settings *settings,
                           const carrynet_engine_options *options, const carrynet_observer *observer);

/* Proves the network. False, after a message and with *code set, if the network is not proved. */
bool demo_prove(const carrynet_model *model, int *code);

/*
 * Trains networks with the settings, from their seed on, until one is exact on every sum of its training length and yet
 * REFUTED; shows that network. False likewise.
 */
bool demo_twin(const carrynet_settings *settings, const carrynet_engine_options *options, int *code);

/*
 * Trains the network of the model again on another device, if there is one, and compares the digests. False likewise.
 */
bool demo_digests(const carrynet_model *model, const char *device, const carrynet_engine_options *options, int *code);

#endif
