/*
 * Problems that a training never draws (settings.h, train_fraction): the split, the source without them, and the
 * networks' errors on those of the validation set.
 */
#ifndef EVAL_HELD_OUT_H
#define EVAL_HELD_OUT_H

#include <carrynet/engine.h>
#include <carrynet/evaluate.h>
#include <carrynet/model.h>

struct held_out {
    carrynet_split split;
    carrynet_batch batch; /* sequences 0 where nothing is held out */
};

/*
 * The split of the settings, whose task must outlive it, and the held-out problems of the validation set. Nothing to do where
 * train_fraction is 0. ARGUMENT if the validation set is every problem and the split leaves none to draw, or holds none out;
 * MEMORY. held_out_close in any case.
 */
carrynet_status held_out_open(struct held_out *held, const carrynet_settings *settings, const carrynet_batch *check);
void held_out_close(struct held_out *held);

/* Share of the held-out problems with a wrong bit, mean of the networks of the engine. MEMORY, errors of the engine. */
carrynet_status held_out_measure(double *wrong_share, const struct held_out *held, carrynet_engine *engine);

/* The same of all networks of a model, at most `most` at a time; of a diverged one, whose weights are zero, all are wrong. */
carrynet_status held_out_measure_model(double *wrong_share, const struct held_out *held, const carrynet_model *model,
                                       uint32_t most, const carrynet_engine_options *options);

#endif
