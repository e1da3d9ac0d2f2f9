/*
 * What the page of `carrynet report` says, as JSON objects: the network, problems that it solved, what was checked, and its
 * hidden states. The page's own script (page.js) draws them.
 */
#ifndef CLI_REPORT_DATA_H
#define CLI_REPORT_DATA_H

#include "cli/prove_report.h"
#include "cli/training_log.h"

/* Puts "task", "shape", "parameters" and what the file says of the network that the engine holds. MEMORY. */
carrynet_status report_put_network(json_t *page, const saved_network *saved);

/* Puts "course": updates, sequences, loss and shares, some 2,000 reports at most. */
void report_put_course(json_t *page, const training_log *log);

/* Puts "evaluation": carrynet_evaluate at the length of the training. MEMORY, errors of the engine. */
carrynet_status report_put_evaluation(json_t *page, saved_network *saved);

/* Puts "proof": the verdict in words and as `prove --json` has it. MEMORY. */
carrynet_status report_put_proof(json_t *page, const prove_result *result, const carrynet_task *task);

/*
 * Puts "samples": an example, two problems that were drawn, and the wrong sum (which may be without answers: none) if it
 * has few steps; each with all that happened at every step. MEMORY, errors of the engine.
 */
carrynet_status report_put_samples(json_t *page, saved_network *saved, const wrong_sum *wrong);

/*
 * Puts "states" (report_states.c): the hidden states of many problems, seen by linear probes. MEMORY, errors of the engine;
 * NUMERIC if no probe fits.
 */
carrynet_status report_put_states(json_t *page, saved_network *saved);

#endif
