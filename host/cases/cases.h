/*
 * The table of cases: operations, shapes and seeds that tests, `carrynet compare` and the benchmark all read.
 */
#ifndef CASES_CASES_H
#define CASES_CASES_H

#include <carrynet/compare.h>

struct test_case {
    const char *name;
    uint32_t inputs, hidden, outputs, steps, batch, networks, updates;
    int precision;
    carrynet_loss loss;
    carrynet_optimizer optimizer;
    carrynet_schedule schedule;
    bool bias, initial_state;
    double rate, clip, noise, scale;
    const char *task; /* built in; NULL: add, or where inputs or outputs differ a made-up one */
};

/* The table; ends with a NULL name. */
extern const struct test_case test_cases[];

/* The settings of a case. Tasks of other than two inputs and one output are made up, deterministic automata. */
void case_settings(carrynet_settings *settings, const struct test_case *one);

/*
 * Everything that a case computes on one engine: gradient and metrics of a batch, parameters, moments and metrics after
 * its updates, and a forward pass in two windows. Tensors follow one another in `values`.
 */
struct case_values {
    char *values; /* of the case's precision */
    size_t count;
    size_t tensors;
    struct {
        const char *name;
        size_t first;
    } tensor[16];
};

carrynet_status case_run(struct case_values *values, const struct test_case *one,
                         const carrynet_engine_options *options);
void case_values_free(struct case_values *values);

#endif
