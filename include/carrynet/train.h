/*
 * Training: from settings to a model. The loop runs updates, tests for exactness every E updates, and reports. A network
 * that is exact (or, where a proof is the goal, proved), or diverged to NaN, leaves the population; the others are not changed
 * by that.
 */
#ifndef CARRYNET_TRAIN_H
#define CARRYNET_TRAIN_H

#include <carrynet/engine.h>
#include <carrynet/evaluate.h>
#include <carrynet/model.h>
#include <carrynet/prove.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the loop says now and then; the pointers are valid during the call. */
typedef struct carrynet_report {
    const char *device; /* the engine's description */
    uint64_t updates; /* of the networks on the device now, of settings->updates planned; at the end the most of any */
    uint64_t sequences; /* trained so far, all networks together */
    /*
     * Of the last batch measured, mean per sequence and network in training, 0 before the first; at the end of all
     * networks, of each the last batch that was measured.
     */
    double loss;
    double wrong_share; /* share of those sequences with a wrong bit, 0 to 1 */
    /*
     * Where problems are held out (train_fraction): how many of them the validation set has, and the share of these with a
     * wrong bit, mean of the networks in training (or the last that were), at the end of all; of a diverged one all are wrong. Measured for each report.
     */
    size_t held_out;
    double held_out_wrong_share;
    uint32_t exact;                /* networks that have left as exact */
    uint32_t proved;               /* of these, proved (until_proved) */
    uint32_t finished;             /* networks that have left: exact, diverged, or trained for all planned updates */
    uint32_t networks;             /* of how many */
    uint32_t network_batch;        /* of these networks, from 0 */
    uint32_t network_batches;      /* of how many */
    uint64_t device_memory;        /* bytes that the engine may come to hold (carrynet_engine_need) */
    uint64_t host_memory;          /* bytes beside it on the host, about: the model and the networks' records */
    double seconds;                /* since the loop began; not part of any result */
    bool last;                     /* the final report */
    const carrynet_sample *sample; /* one problem as network 0 solves it now, or did when it left; or NULL */
} carrynet_report;

/* How the training of one network ended. */
typedef struct carrynet_outcome {
    bool finished; /* exact, diverged, or trained for the planned updates; false where the caller ended the training */
    bool proved;   /* exact, and proved right for every length (until_proved) */
    bool diverged; /* its loss at a check, or a weight, was NaN or infinite: it left there, with weights of zero */
    uint64_t wrong_bits; /* of the validation set with the final weights: 0 if exact, all if diverged */
    uint64_t bits;       /* of the validation set: sequences, steps and outputs */
    double seconds;      /* its share of the time: that of every interval, divided by the networks in it; no result */
} carrynet_outcome;

/*
 * Observes the networks while they learn. observe is called before the first update, and again when the number of updates
 * done is what it put into *next last (the planned number included, where a network is there to reach it); it may read
 * the engine and run it forward. An error ends the training. The engine holds the networks of the network batch that have not
 * left, in an order of its own, which the seeds of its network configs tell; and each network batch begins with 0 updates.
 */
typedef struct carrynet_observer {
    carrynet_status (*observe)(void *self, carrynet_engine *engine, uint64_t updates, uint64_t *next);
    void *self;
} carrynet_observer;

/* Where a training went on from. */
enum { CARRYNET_MARKS = 4 };
typedef struct carrynet_resumption {
    const char *path;      /* of the checkpoint, or NULL: there was none, and the training starts at the beginning */
    bool previous;         /* it is the one before the last, since the last is not whole; `reason` says why */
    const char *reason;    /* or NULL */
    uint64_t updates;      /* done by the networks in training */
    uint64_t sequences;    /* trained so far */
    const uint64_t *marks; /* [CARRYNET_MARKS], as the caller set them when it was written; NULL without a checkpoint */
} carrynet_resumption;

/*
 * Checkpoints: the whole state of a training in a file, from which it goes on to the same bits, on any device, with any
 * kernel variant and number of threads. The file is written whole to a temporary one, synced and renamed; the one before it
 * stays as PATH.previous.
 */
typedef struct carrynet_checkpoints {
    const char *path;
    uint64_t every_updates; /* written when the updates are a multiple; 0: not by count */
    double every_seconds;   /* and so many seconds after the last; 0: not by the clock */
    /*
     * Go on from `path`, or from the previous one where that is not whole, if there is one. The settings must be the
     * same.
     */
    bool resume;
    /* Asked for the caller's own numbers, which are kept with the checkpoint: [CARRYNET_MARKS], zeroed. NULL: none. */
    void (*mark)(void *self, uint64_t *marks);
    /* Called, with resume, before the first report. NULL: not called. */
    void (*resumed)(void *self, const carrynet_resumption *resumption);
    /* Called when a checkpoint could not be written, which carrynet_message explains; other than OK ends the training. */
    carrynet_status (*failed)(void *self, carrynet_status status, uint64_t updates);
    /* Called when one was written. NULL: not called. */
    void (*saved)(void *self, uint64_t updates);
    void *self; /* of all four */
} carrynet_checkpoints;

typedef struct carrynet_train_options {
    /*
     * Called before the first update, about every report_seconds (0: every check) and at the end; a return other than 0
     * ends the training there. Of several ranks each has its own or none; it is called when rank 0's is due, and any ends
     * the training on all.
     */
    int (*report)(void *self, const carrynet_report *report);
    /*
     * Asked between updates, and within proofs, from any thread but never from two at once; a return other than 0 ends
     * the training there. NULL: never.
     */
    int (*interrupted)(void *self);
    void *self; /* of both */
    double report_seconds;
    const carrynet_source *source; /* NULL: the counter-based source of the task, without what is held out */
    /* Parameters to start from, [networks][carrynet_shape_size] float or double; NULL: from the seeds. */
    const void *initial;
    const carrynet_observer *observer; /* NULL: none */
    /* NULL: none. Also written where the caller ends the training. Not with a source of the caller's. */
    const carrynet_checkpoints *checkpoints;
    /*
     * What each network has of its own, [networks], its updates 0; NULL: as carrynet_engine_create has it. The records
     * of the model have their seeds.
     */
    const carrynet_network_config *configs;
    /* Filled with how each network ended, [networks]; the caller's. NULL: not asked for. */
    carrynet_outcome *outcomes;
    uint32_t network_batch; /* most networks on the device at once, which changes no result; 0: all */
} carrynet_train_options;

/* No reports, counter-based source, weights from the seeds. */
CARRYNET_API void carrynet_train_options_init(carrynet_train_options *options);

/* Bytes that a training takes on the host, beside the engine and what the caller asks for. */
CARRYNET_API uint64_t carrynet_train_memory(const carrynet_settings *settings);

/* How a network is proved while it trains (until_proved), at most: a search that depends on counts alone. */
CARRYNET_API void carrynet_train_proof(carrynet_prove_options *options);

/*
 * Trains settings->networks networks and makes a model of all of them: *model is the caller's, to free with
 * carrynet_model_free. A network that is exact stops there (until_exact), or, where a proof is the goal, one that is
 * exact and proved. OK also if some did not become exact or proved: the records of the model and the outcomes say which.
 * UNSUPPORTED: until_proved is of another version of the prover. With checkpoints: ARGUMENT, with the differences, if
 * the one to go on from is of other settings; FORMAT if none is whole; IO if one cannot be written. Errors of the engine; NUMERIC if every network diverged, unless outcomes are asked for.
 */
CARRYNET_API carrynet_status carrynet_train(carrynet_model **model, const carrynet_settings *settings,
                                            const carrynet_engine_options *engine,
                                            const carrynet_train_options *options);

#ifdef __cplusplus
}
#endif

#endif
