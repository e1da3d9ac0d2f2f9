/*
 * Training: from settings to a model. The loop runs updates, tests for exactness every E updates, and reports. A
 * network leaves the population when it is exact (where a proof is the goal: proved) or has diverged to NaN; this does
 * not change the others.
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

/* A progress report of the loop. The pointers are valid during the call. */
typedef struct carrynet_report {
    const char *device; /* the engine's description */
    uint64_t
        updates; /* done by the networks on the device, of settings->updates; in the last report the maximum over all networks */
    uint64_t sequences; /* trained so far, all networks together */
    /*
     * Mean loss per sequence over the last measured batch of the networks in training; 0 before the first. In the last
     * report: over the last measured batch of every network.
     */
    double loss;
    double wrong_share; /* share of those sequences with a wrong bit, 0 to 1 */
    /*
     * With held-out problems (train_fraction): how many of them the validation set has, and the share of them with a
     * wrong bit, as a mean over the networks in training (in the last report: over all; a diverged network counts as
     * wrong on all). Measured for each report.
     */
    size_t held_out;
    double held_out_wrong_share;
    uint32_t exact;                /* networks that left as exact */
    uint32_t proved;               /* of these, proved (until_proved) */
    uint32_t finished;             /* networks that left: exact, diverged, or trained for all planned updates */
    uint32_t networks;             /* of how many */
    uint32_t network_batch;        /* of these networks, from 0 */
    uint32_t network_batches;      /* of how many */
    uint64_t device_memory;        /* bytes that the engine needs at most (carrynet_engine_need) */
    uint64_t host_memory;          /* approximate bytes on the host beside it: the model and the networks' records */
    double seconds;                /* since the loop began; not part of any result */
    bool last;                     /* the final report */
    const carrynet_sample *sample; /* one problem as network 0 solves it, or solved it when it left; or NULL */
} carrynet_report;

/* How the training of one network ended. */
typedef struct carrynet_outcome {
    bool finished; /* exact, diverged, or trained for the planned updates; false where the caller ended the training */
    bool proved;   /* exact, and proved right for every length (until_proved) */
    bool diverged; /* its loss at a check, or a weight, was NaN or infinite: it left there, with weights of zero */
    uint64_t wrong_bits; /* of the validation set with the final weights: 0 if exact, all if diverged */
    uint64_t bits;       /* of the validation set: sequences, steps and outputs */
    double seconds; /* its share of the time: of each interval, divided by the networks in training; not a result */
} carrynet_outcome;

/*
 * Observes the networks while they learn. observe is called before the first update, and again when the number of
 * updates reaches the value that it last wrote to *next (which may be the planned number). It may read the engine and
 * run forward passes. An error ends the training. The engine holds the networks of the current network batch that have
 * not left, in any order; the seeds of their configurations identify them. Each network batch starts at 0 updates.
 */
typedef struct carrynet_observer {
    carrynet_status (*observe)(void *self, carrynet_engine *engine, uint64_t updates, uint64_t *next);
    void *self;
} carrynet_observer;

/* The checkpoint that a training resumed from. */
enum { CARRYNET_MARKS = 4 };
typedef struct carrynet_resumption {
    const char *path;   /* of the checkpoint; NULL: there was none, and the training starts from the beginning */
    bool previous;      /* it is the last but one, since the last is damaged; `reason` says how */
    const char *reason; /* or NULL */
    uint64_t updates;   /* done by the networks in training */
    uint64_t sequences; /* trained so far */
    const uint64_t
        *marks; /* [CARRYNET_MARKS], as the caller set them when the checkpoint was written; NULL without one */
} carrynet_resumption;

/*
 * Checkpoints: a file with the whole state of a training. A resumed training ends with the same bits as one that was
 * never stopped, on any device, kernel variant and number of threads. The file is written under a temporary name,
 * synced and renamed; the one before it is kept as PATH.previous.
 */
typedef struct carrynet_checkpoints {
    const char *path;
    uint64_t every_updates; /* written when the updates are a multiple; 0: not by count */
    double every_seconds;   /* and so many seconds after the last; 0: not by the clock */
    /*
     * Resume from `path`, or from PATH.previous if `path` is damaged, if either exists. The settings must be the same.
     */
    bool resume;
    /*
     * Fills in numbers of the caller's, marks [CARRYNET_MARKS], which are kept with the checkpoint; they are zero
     * before the call. NULL: none.
     */
    void (*mark)(void *self, uint64_t *marks);
    /* Called, with resume, before the first report. NULL: not called. */
    void (*resumed)(void *self, const carrynet_resumption *resumption);
    /*
     * Called when a checkpoint could not be written; carrynet_message says why. A status other than OK ends the
     * training.
     */
    carrynet_status (*failed)(void *self, carrynet_status status, uint64_t updates);
    /* Called when one was written. NULL: not called. */
    void (*saved)(void *self, uint64_t updates);
    void *self; /* of all four */
} carrynet_checkpoints;

typedef struct carrynet_train_options {
    /*
     * Called before the first update, about every report_seconds (0: at every check) and at the end. A return value
     * other than 0 ends the training. Each rank has its own callback or none; all are called when rank 0's is due, and
     * each can end the training on all ranks.
     */
    int (*report)(void *self, const carrynet_report *report);
    /*
     * Polled between updates and within proofs, from any thread but never from two at once. A return value other than 0
     * ends the training. NULL: never.
     */
    int (*interrupted)(void *self);
    void *self; /* of both */
    double report_seconds;
    const carrynet_source *source; /* NULL: the counter-based source of the task, without held-out problems */
    /* Parameters to start from, [networks][carrynet_shape_size] float or double; NULL: from the seeds. */
    const void *initial;
    const carrynet_observer *observer; /* NULL: none */
    /*
     * NULL: none. One is also written when the caller ends the training. Not available with a source of the caller's.
     */
    const carrynet_checkpoints *checkpoints;
    /*
     * The configuration of each network, [networks], with updates 0; NULL: as in carrynet_engine_create. The records of
     * the model get these seeds.
     */
    const carrynet_network_config *configs;
    /* Receives how each network ended, [networks], owned by the caller. NULL: not wanted. */
    carrynet_outcome *outcomes;
    uint32_t network_batch; /* most networks on the device at once, which changes no result; 0: all */
} carrynet_train_options;

/* No reports, counter-based source, weights from the seeds. */
CARRYNET_API void carrynet_train_options_init(carrynet_train_options *options);

/* Bytes that a training needs on the host, beside the engine and the caller's own arrays. */
CARRYNET_API uint64_t carrynet_train_memory(const carrynet_settings *settings);

/*
 * The largest search for a proof during training (until_proved); its limits are counts, so no result depends on time.
 */
CARRYNET_API void carrynet_train_proof(carrynet_prove_options *options);

/*
 * Trains settings->networks networks and makes a model of all of them: *model is the caller's, to free with
 * carrynet_model_free. A network stops when it is exact (until_exact) or, where a proof is the goal, exact and proved.
 * OK also if some networks did not get there: the records of the model and the outcomes say which. UNSUPPORTED:
 * until_proved is of another version of the prover. With checkpoints: ARGUMENT, naming the differences, if the
 * checkpoint has other settings; FORMAT if none is intact; IO if one cannot be written. Errors of the engine. NUMERIC
 * if every network diverged, unless outcomes is given.
 */
CARRYNET_API carrynet_status carrynet_train(carrynet_model **model, const carrynet_settings *settings,
                                            const carrynet_engine_options *engine,
                                            const carrynet_train_options *options);

#ifdef __cplusplus
}
#endif

#endif
