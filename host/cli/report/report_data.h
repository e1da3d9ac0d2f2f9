/*
 * The contents of the page of `carrynet report`, as JSON objects: the network, problems that it solved, the checks, and
 * its hidden states. The page's own script (page.js) draws them.
 */
#ifndef CLI_REPORT_DATA_H
#define CLI_REPORT_DATA_H

#include "cli/prove_report.h"
#include "cli/training_log.h"

/* Puts "task", "shape", "parameters" and the file's records of the network that the engine holds. MEMORY. */
carrynet_status report_put_network(json_t *page, const saved_network *saved);

/* Puts "course": updates, sequences, loss and shares, of at most about 2,000 reports. */
void report_put_course(json_t *page, const training_log *log);

/* Puts "evaluation": carrynet_evaluate at the length of the training. MEMORY, errors of the engine. */
carrynet_status report_put_evaluation(json_t *page, saved_network *saved);

/* Puts "proof": the verdict in words and as `prove --json` has it. MEMORY. */
carrynet_status report_put_proof(json_t *page, const prove_result *result, const carrynet_task *task);

/*
 * Puts "samples": an example, two random problems, and the wrong sum if it has few steps (a wrong sum without answers
 * means none), each with all values of every step. MEMORY, errors of the engine.
 */
carrynet_status report_put_samples(json_t *page, saved_network *saved, const wrong_sum *wrong);

/*
 * Puts "states" (report_states.c): the hidden states of many problems, projected by linear probes. MEMORY, errors of
 * the engine; NUMERIC if no probe fits.
 */
carrynet_status report_put_states(json_t *page, saved_network *saved);

#endif
