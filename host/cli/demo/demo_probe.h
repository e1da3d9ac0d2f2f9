/*
 * What the hidden units of a network represent: many sums, step by step, with a linear probe for the carry fitted by
 * least squares, and the position of each state along the probe and along the output's direction.
 */
#ifndef CLI_DEMO_PROBE_H
#define CLI_DEMO_PROBE_H

#include <carrynet/carrynet.h>

/* One hidden state, after one step of one sum. */
typedef struct probe_point {
    double probe;  /* the probe's estimate of the carry, near 0 or 1 if it can tell */
    double output; /* along the unit vector of w_hy: the logit, up to a factor and b_y */
    uint8_t carry; /* the automaton's state after the step, 0 or 1 */
    uint8_t bit;   /* the right bit of the sum */
} probe_point;

typedef struct probe_view {
    size_t count;
    probe_point *points; /* [count] */
    size_t probe_errors; /* points on the wrong side of 1/2 */
    double means[2];     /* of `output`, by carry */
    double spread[2];    /* standard deviation of `output`, by carry */
} probe_view;

/*
 * Collects the states of network 0 of an engine, in binary32, with one output, on `count` problems of `steps` steps of
 * a task with two states. MEMORY, errors of the engine; ARGUMENT for another network or task. Free with probe_free in
 * any case.
 */
carrynet_status probe_look(probe_view *view, carrynet_engine *engine, const carrynet_task *task,
                           const carrynet_source *sums, size_t count, size_t steps);
void probe_free(probe_view *view);

#endif
