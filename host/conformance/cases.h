/*
 * The table of cases: operations, shapes and seeds that tests, `carrynet compare` and the benchmark all read.
 */
#ifndef CONFORMANCE_CASES_H
#define CONFORMANCE_CASES_H

#include <carrynet/compare.h>

struct test_case {
    const char *name;
    uint32_t inputs, hidden, outputs, steps, batch, networks, updates;
    int precision;
    carrynet_loss loss;
    carrynet_optimizer optimizer;
    carrynet_schedule schedule;
    bool bias, initial_state;
    double rate, clip, noise, scale, weight_decay;
    const char *task; /* built in; NULL: add, or where inputs or outputs differ a made-up one */
};

/* The table; ends with a NULL name. */
extern const struct test_case test_cases[];

/* The settings of a case. Tasks of other than two inputs and one output are made up, deterministic automata. */
void case_settings(carrynet_settings *settings, const struct test_case *one);

/* How its updates are cut into launches: all cuts are tried, each on a part of the table, as a cut is a kernel to compile. */
carrynet_launches case_launches(const struct test_case *one);

/* What a case does: a forward pass of so many problems, the gradient of a batch, from update numbers of the source. */
enum { CASE_FORWARD_SEQUENCES = 70, CASE_FORWARD_UPDATE = 3, CASE_GRADIENT_UPDATE = 7, CASE_GRADIENT_FIRST = 128 };

/*
 * The weights that a case begins with. Biases and h_0 begin at zero; a case wants them to matter, so they are words of
 * another seed's weights.
 */
carrynet_status case_weights(carrynet_engine *engine);

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
