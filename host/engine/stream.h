/* Long sequences in windows of steps, with the hidden state carried from window to window. */
#ifndef ENGINE_STREAM_H
#define ENGINE_STREAM_H

#include <carrynet/engine.h>

/* ARGUMENT, naming both, unless the task has the inputs and outputs of the engine, and the engine that network. */
carrynet_status stream_fits(const carrynet_engine *engine, const carrynet_task *task, size_t network);

/* The output bits of one network for a batch, packed like targets: bits [sequences][target_words]. */
carrynet_status stream_bits(uint32_t *bits, carrynet_engine *engine, size_t network, const carrynet_batch *batch);

#endif
