/*
 * The settings of a training run: everything that shapes its result, and nothing that does not (no device, no time).
 * A model file stores them, so that the run can be repeated.
 */
#ifndef CARRYNET_SETTINGS_H
#define CARRYNET_SETTINGS_H

#include <carrynet/net.h>
#include <carrynet/task.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CARRYNET_DEFAULTS_VERSION 2
#define CARRYNET_ORIGIN 64 /* bytes of an origin with its end */

typedef enum carrynet_loss {
    CARRYNET_LOSS_SQUARED = 0,       /* the original scripts': (target - y)^2 / 2 */
    CARRYNET_LOSS_CROSS_ENTROPY = 1, /* -log of the probability given to the target bit, in nats */
    CARRYNET_LOSS_FAULTY_SQUARED = 2 /* measured as squared; its delta is the mistake of seed 003, no gradient */
} carrynet_loss;

typedef enum carrynet_optimizer {
    CARRYNET_OPTIMIZER_SGD = 0,
    CARRYNET_OPTIMIZER_MOMENTUM = 1,
    CARRYNET_OPTIMIZER_RMSPROP = 2,
    CARRYNET_OPTIMIZER_ADAM = 3
} carrynet_optimizer;

typedef enum carrynet_schedule { CARRYNET_SCHEDULE_CONSTANT = 0, CARRYNET_SCHEDULE_COSINE = 1 } carrynet_schedule;

typedef struct carrynet_settings {
    carrynet_task task;
    carrynet_shape shape; /* inputs and outputs are the task's */
    carrynet_precision precision;
    uint32_t steps; /* T, the program's --bits: above the task's closing symbols, to 1,000,000 */
    uint32_t batch; /* B: sequences of one update of one network, 1 to 16,777,216 */
    carrynet_loss loss;
    carrynet_optimizer optimizer;
    carrynet_schedule schedule;
    double rate;     /* learning rate, 2^-40 to 2^20 */
    double momentum; /* mu of momentum and beta1 of adam, in [0, 1); 0 or at least 2^-30, like decay, clip and noise */
    double decay;    /* rho of rmsprop and beta2 of adam, in [0, 1) */
    double epsilon;  /* of rmsprop and adam, 2^-40 to 1 */
    /*
     * 0 to 1; its product with rate is at most 1. Each update subtracts weight_decay * (scheduled rate) * w from every
     * trained weight w, as AdamW does.
     */
    double weight_decay;
    double clip;       /* largest L2 norm of an averaged gradient; 0: none */
    double noise;      /* training noise, uniform in [-noise, noise), 0 to 1 */
    double scale;      /* initial weights are uniform in [-scale, scale), 2^-30 to 2^10 */
    uint64_t seed;     /* network i of a run has seed + i */
    uint32_t networks; /* N */
    uint64_t updates;  /* the planned number: the most with until_exact, else exactly this many; below 2^32 */
    bool until_exact;  /* stop a network that is right on the whole validation set */
    /*
     * 0, or, with until_exact, the version of the prover (CARRYNET_PROVER_VERSION): stop a network only when that
     * prover also proves it right for every length. Another version may stop elsewhere.
     */
    uint32_t until_proved;
    /*
     * 0: every problem may be drawn for training. Otherwise the share of problems that may, 0.01 to 0.99. The others
     * are held out (problem.h, carrynet_split); split_seed decides which, the same for all networks.
     */
    double train_fraction;
    uint64_t split_seed;       /* 0 without a train_fraction */
    uint32_t check_every;      /* E: updates of a network between tests of exactness */
    uint32_t defaults_version; /* of the defaults that these settings started from */
    /*
     * The origin of initial weights and problems if it is not the seed (kernels/ARITHMETIC.md), such as "replay 000":
     * these settings alone then do not reproduce the network. Printable ASCII; "" otherwise.
     */
    char origin[CARRYNET_ORIGIN];
} carrynet_settings;

/* The defaults for a task, by measurement (defaults version above); the task is copied. */
CARRYNET_API void carrynet_settings_init(carrynet_settings *settings, const carrynet_task *task);

/*
 * Makes a proof the goal: sets until_proved, and the steps, rate and training noise that measurements found best
 * (README, "Proofs"). Call it after choosing optimizer, loss and task.
 */
CARRYNET_API void carrynet_settings_until_proved(carrynet_settings *settings);

/*
 * The learning rate that suits an optimizer and a loss at the default shape and batch, by measurement: of 200 to
 * 1,000 seeds all became exact (README, "What the seeds asked").
 */
CARRYNET_API double carrynet_default_rate(carrynet_optimizer optimizer, carrynet_loss loss);

/* ARGUMENT, naming the field by its option and its range, if a value is out of range or conflicts with another. */
CARRYNET_API carrynet_status carrynet_settings_check(const carrynet_settings *settings);

/*
 * Names as the command line and the files spell them ("cross-entropy", "adam", "cosine"); find: ARGUMENT with the list.
 */
CARRYNET_API const char *carrynet_loss_name(carrynet_loss loss);
CARRYNET_API const char *carrynet_optimizer_name(carrynet_optimizer optimizer);
CARRYNET_API const char *carrynet_schedule_name(carrynet_schedule schedule);
CARRYNET_API carrynet_status carrynet_loss_find(carrynet_loss *loss, const char *name);
CARRYNET_API carrynet_status carrynet_optimizer_find(carrynet_optimizer *optimizer, const char *name);
CARRYNET_API carrynet_status carrynet_schedule_find(carrynet_schedule *schedule, const char *name);

#ifdef __cplusplus
}
#endif

#endif
