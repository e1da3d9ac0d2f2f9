/*
 * Certificates that a network is right for every length, and their checker. The checker trusts the model reader, the
 * task's table and the stated bounds of the arithmetic (host/verify/bounds.h); it shares nothing else with the prover.
 *
 * The claim: for every finite word of symbols, every output bit that the network gives from h[0] on, as z > 0 and as
 * y > 1/2, is the task's.
 */
#ifndef CARRYNET_VERIFY_H
#define CARRYNET_VERIFY_H

#include <carrynet/model.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CARRYNET_CERTIFICATE_VERSION 1
#define CARRYNET_REASON 200 /* bytes of a reason with its end */

/* Whose arithmetic a proof speaks of. */
typedef enum carrynet_bounds {
    CARRYNET_BOUNDS_OWN = 0, /* kernels/ARITHMETIC.md in the network's precision */
    /*
     * Any IEEE binary32 (or binary64) program for the same real weights: any order of summation, fused or not, as a
     * sigmoid or a tanh network, with a sigmoid in [0, 1] (or (tanh + 1) / 2) within 1e-6 and one bias a unit: what
     * other frameworks compute. Two biases of a unit that cancel are not covered.
     */
    CARRYNET_BOUNDS_ANY = 1
} carrynet_bounds;

/* What the checker found. */
typedef struct carrynet_checked {
    bool accepted;
    char reason[CARRYNET_REASON];       /* why not, where it stands: line and, in a tree, the word; "" if accepted */
    char network[CARRYNET_DIGEST_TEXT]; /* the digest that the certificate names */
    size_t number;                      /* of that network in the model; as many as it has if it is none of them */
    carrynet_bounds bounds;             /* of the arithmetic that the certificate is for */
    uint32_t cells;
    uint32_t depth;  /* longest word of a tree, in symbols */
    uint64_t steps;  /* sets that were stepped */
    double margin;   /* least |logit| on any set, the error of the arithmetic taken off; above 0 */
    double error;    /* largest error of a hidden value in a step that the proof allows for */
    size_t line;     /* of the file, where the certificate begins */
    size_t consumed; /* bytes that the certificate took: another may follow in the same file */
} carrynet_checked;

/*
 * Checks the certificate at the start of text [size] for one network and a task (NULL: the model's). OK with
 * checked->accepted true or false; FORMAT, naming the line, if it cannot be read; ARGUMENT: no such network; DEVICE: this
 * host does not compute in plain binary64; MEMORY.
 */
CARRYNET_API carrynet_status carrynet_verify(carrynet_checked *checked, const carrynet_model *model, size_t network,
                                             const carrynet_task *task, const char *text, size_t size);

/* What a file of certificates says of a model. */
typedef struct carrynet_verified {
    carrynet_checked *checked; /* [count], in the file's order */
    size_t count;
    bool *proved;           /* [networks] of the model: a certificate of it is accepted */
    size_t networks;        /* of the model */
    size_t proved_networks; /* how many of them are proved */
} carrynet_verified;

/*
 * Checks every certificate of a file for the network of the model that it names, and a task (NULL: the model's). OK with
 * any verdicts: all is well where every one is accepted and proved_networks is networks. IO; FORMAT, naming the line, with
 * what stood before it in *verified; DEVICE: as above; MEMORY. Free with carrynet_verified_free in any case.
 */
CARRYNET_API carrynet_status carrynet_verify_file(carrynet_verified *verified, const carrynet_model *model,
                                                  const carrynet_task *task, const char *path);
CARRYNET_API void carrynet_verified_free(carrynet_verified *verified);

#ifdef __cplusplus
}
#endif

#endif
