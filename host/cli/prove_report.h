/*
 * What prove says of a network: PROVED, REFUTED or UNKNOWN, in several lines of one network, a line of many, or JSON; and
 * what a checked certificate says, for verify and eval.
 */
#ifndef CLI_PROVE_REPORT_H
#define CLI_PROVE_REPORT_H

#include "cli/wrong_sum.h"

typedef struct prove_result {
    size_t network;
    uint64_t seed;
    carrynet_proof proof;
    wrong_sum wrong; /* of a refuted one, replayed */
} prove_result;

/* Takes what is left of the certificate too. */
void prove_result_free(prove_result *result);

/* Adds the verdict, in several lines; MEMORY. */
carrynet_status prove_report_text(sys_text *text, const prove_result *result, const carrynet_task *task);
/* Prints it. */
carrynet_status prove_report_alone(const prove_result *result, const carrynet_task *task);
/* As one line; with the wrong sum where `whole` is set. */
carrynet_status prove_report_row(const prove_result *result, const carrynet_task *task, bool whole);
/* Appends an object to the array. */
carrynet_status prove_report_json(json_t *array, const prove_result *result, const carrynet_task *task);

/* Adds "66 cells, depth 5, margin 4.34": what a proof by ellipsoids rests on. */
void prove_report_cells(sys_text *text, const carrynet_checked *checked);
/* Puts the members of an accepted certificate. */
void prove_report_checked(json_t *object, const carrynet_checked *checked);

/* "carrynet" or "any". */
extern const char *const prove_arithmetics[];

#endif
