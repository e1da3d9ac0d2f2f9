/*
 * The prover: a network is PROVED right for words of every length, or REFUTED by one wrong word, or UNKNOWN.
 *
 * Three ways. Refutation searches the states that the network reaches for a wrong bit. Exhaustion goes on until no new
 * state is found: float32 has finitely many. Ellipsoids cover the states by sets that words map into one another, which
 * makes a certificate (verify.h). The verdict depends on counts alone, never on the machine or its clock.
 */
#ifndef CARRYNET_PROVE_H
#define CARRYNET_PROVE_H

#include <carrynet/engine.h>
#include <carrynet/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CARRYNET_PROVER_VERSION 2 /* versions may differ in verdict or certificate, but no version is wrong */

typedef enum carrynet_verdict {
    CARRYNET_VERDICT_UNKNOWN = 0,
    CARRYNET_VERDICT_PROVED,
    CARRYNET_VERDICT_REFUTED
} carrynet_verdict;

typedef enum carrynet_prove_by {
    CARRYNET_BY_AUTO = 0, /* short words, then ellipsoids; if both fail, the refuter's whole effort, then exhaustion */
    CARRYNET_BY_EXHAUSTION,
    CARRYNET_BY_ELLIPSOIDS,
    CARRYNET_BY_ALL /* runs all three methods and cross-checks them */
} carrynet_prove_by;

typedef enum carrynet_prove_part {
    CARRYNET_PROVE_WORDS = 0,  /* looks for a wrong word; not counted */
    CARRYNET_PROVE_ELLIPSOIDS, /* steps of sets, out of the budget */
    CARRYNET_PROVE_CHECK,      /* the checker reads the certificate; not counted */
    CARRYNET_PROVE_STATES      /* reachable states stepped, out of those that may be held */
} carrynet_prove_part;

/* Progress of the prover; it does not shape the result. */
typedef struct carrynet_prove_progress {
    carrynet_prove_part part;
    uint64_t done, most; /* 0 if nothing is counted */
} carrynet_prove_progress;

typedef struct carrynet_prove_options {
    carrynet_prove_by by;
    carrynet_bounds bounds; /* CARRYNET_BOUNDS_ANY: by ellipsoids alone */
    uint64_t budget;        /* steps of sets that the search for ellipsoids may take */
    uint64_t effort;        /* approximate limit of the refuter, in steps of states */
    uint64_t states;        /* reachable states that exhaustion may hold; 0: no exhaustion */
    double seconds;         /* aborts (UNKNOWN, aborted); 0: never */
    /* Polled during the search; a return value other than 0 aborts it. NULL: never. */
    int (*interrupted)(void *self);
    void (*progress)(void *self, const carrynet_prove_progress *progress); /* called during the search; or NULL */
    void *self;
} carrynet_prove_options;

/* CARRYNET_BY_AUTO, the bounds of this arithmetic, a budget of some seconds, no limit in seconds. */
CARRYNET_API void carrynet_prove_options_init(carrynet_prove_options *options);

/* A word that the network gets wrong, at its last symbol; stepped by the engine before it is reported. */
typedef struct carrynet_counterexample {
    uint32_t *symbols; /* packed as in problem.h, without the task's closing symbols; owned by the proof; or NULL */
    size_t steps;
    uint32_t output; /* the lowest output bit that is wrong at the last step */
    uint32_t right;  /* the right bit */
    double logit;    /* z of that output there; may be NaN */
    bool shortest;   /* every shorter word is right; else: the shortest word that was found */
} carrynet_counterexample;

typedef struct carrynet_proof {
    carrynet_verdict verdict;
    bool by_exhaustion; /* the method that proved it; with CARRYNET_BY_ALL possibly both */
    bool by_ellipsoids;
    bool aborted;                 /* by the clock or the caller; another run may reach a verdict */
    char reason[CARRYNET_REASON]; /* for UNKNOWN: the obstacle and what to try */
    carrynet_counterexample wrong;
    /* Of exhaustion: */
    uint64_t states;     /* distinct reachable states found */
    uint64_t stepped;    /* steps of states */
    uint32_t levels;     /* depth of the search, in symbols: the longest of the shortest words to a state */
    double exact_margin; /* smallest |logit| of all steps tried; if by_exhaustion, of all words */
    /* Of ellipsoids: */
    uint64_t steps; /* of sets, of the budget */
    carrynet_checked checked;
    char *certificate; /* text, certificate_size bytes; owned by the proof; NULL unless by_ellipsoids */
    size_t certificate_size;
    double seconds; /* not a result */
} carrynet_proof;

/*
 * Proves or refutes one network of a model for a task (NULL: the model's). Small searches run in plain C on one core,
 * large ones on the device that `engine` names, with the same verdict. OK with any verdict. ARGUMENT: no such network, or
 * a task of other sizes; UNSUPPORTED: a weight beyond 2^20; DEVICE: this host does not compute in plain binary64; errors of the
 * engine; MEMORY. Free with carrynet_proof_free
 * in any case.
 */
CARRYNET_API carrynet_status carrynet_prove(carrynet_proof *proof, const carrynet_model *model, size_t network,
                                            const carrynet_task *task, const carrynet_engine_options *engine,
                                            const carrynet_prove_options *options);
CARRYNET_API void carrynet_proof_free(carrynet_proof *proof);

/* Approximate bytes that exhaustion needs for this many states. */
CARRYNET_API uint64_t carrynet_prove_memory(const carrynet_settings *settings, uint64_t states);

#ifdef __cplusplus
}
#endif

#endif
