/*
 * The output of prove for a network: PROVED, REFUTED or UNKNOWN, in several lines for one network, a line for each of
 * many, or JSON; and the output of verify and eval for a checked certificate.
 */
#ifndef CLI_PROVE_REPORT_H
#define CLI_PROVE_REPORT_H

#include "cli/wrong_sum.h"

typedef struct prove_result {
    size_t network;
    uint64_t seed;
    carrynet_proof proof;
    wrong_sum wrong; /* of a refuted network, replayed */
} prove_result;

/* Also frees a remaining certificate. */
void prove_result_free(prove_result *result);

/* Adds the verdict in several lines. MEMORY. */
carrynet_status prove_report_text(sys_text *text, const prove_result *result, const carrynet_task *task);
/* Prints the verdict. */
carrynet_status prove_report_alone(const prove_result *result, const carrynet_task *task);
/* Prints the verdict as one line; with the wrong sum if `whole` is set. */
carrynet_status prove_report_row(const prove_result *result, const carrynet_task *task, bool whole);
/* Appends the verdict as an object to the array. */
carrynet_status prove_report_json(json_t *array, const prove_result *result, const carrynet_task *task);

/* Adds "66 cells, depth 5, margin 4.34": the size of a proof by ellipsoids. */
void prove_report_cells(sys_text *text, const carrynet_checked *checked);
/* Puts the members of an accepted certificate into the object. */
void prove_report_checked(json_t *object, const carrynet_checked *checked);

/* The names of the arithmetics: "carrynet", "any". */
extern const char *const prove_arithmetics[];

#endif
