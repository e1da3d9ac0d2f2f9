/*
 * The table of cases. The sizes are awkward on purpose: 1, 7, 31, 93, not multiples of 16 or 64, one step, one
 * sequence. Compiling takes most of the time, so several cases share inputs, hidden units, outputs and precision, the
 * constants of a program; they are not neighbours in the table, since neighbours run at the same time.
 */
#include "conformance/cases.h"
#include "task/task_fit.h"
#include <stdio.h>
#include <string.h>

#define SQUARED CARRYNET_LOSS_SQUARED
#define ENTROPY CARRYNET_LOSS_CROSS_ENTROPY
#define FAULTY CARRYNET_LOSS_FAULTY_SQUARED
#define SGD CARRYNET_OPTIMIZER_SGD
#define MOMENTUM CARRYNET_OPTIMIZER_MOMENTUM
#define RMSPROP CARRYNET_OPTIMIZER_RMSPROP
#define ADAM CARRYNET_OPTIMIZER_ADAM
#define CONSTANT CARRYNET_SCHEDULE_CONSTANT
#define COSINE CARRYNET_SCHEDULE_COSINE

const struct test_case test_cases[] = {
    /*
     * name, I, H, O, T, B, N, updates, precision, loss, optimizer, schedule, bias, h_0, rate, clip, noise, scale, weight decay, task
     */
    {"smallest", 2, 1, 1, 2, 1, 1, 3, 32, SQUARED, SGD, CONSTANT, false, false, 0.5, 0, 0, 1, 0, NULL},
    {"seeds", 2, 16, 1, 8, 1, 1, 20, 32, SQUARED, SGD, CONSTANT, false, false, 0.1, 0, 0, 1, 0, NULL},
    {"odd", 2, 7, 1, 13, 31, 1, 4, 32, SQUARED, MOMENTUM, CONSTANT, false, false, 0.1, 0, 0, 1, 0, NULL},
    {"start-state", 2, 17, 1, 5, 33, 1, 4, 32, SQUARED, ADAM, COSINE, true, true, 0.02, 0, 0, 1, 0, NULL},
    {"one-input", 1, 4, 1, 9, 20, 1, 4, 32, ENTROPY, SGD, CONSTANT, false, false, 0.5, 0, 0, 1, 0, NULL},
    {"three-inputs", 3, 7, 2, 11, 40, 1, 4, 32, ENTROPY, ADAM, CONSTANT, true, false, 0.02, 0, 0, 1, 0, NULL},
    {"four-inputs", 4, 20, 4, 10, 70, 1, 3, 32, SQUARED, MOMENTUM, CONSTANT, true, true, 0.2, 0, 0, 1, 0, NULL},
    {"one-unit", 2, 1, 1, 5, 65, 1, 3, 32, ENTROPY, ADAM, CONSTANT, true, true, 0.1, 0, 0, 1, 0, NULL},
    {"default", 2, 16, 1, 8, 64, 1, 10, 32, ENTROPY, ADAM, CONSTANT, false, false, 0.03, 0, 0, 1, 0, NULL},
    {"bias", 2, 7, 1, 8, 65, 1, 4, 32, ENTROPY, RMSPROP, COSINE, true, false, 0.02, 0, 0, 1, 0, NULL},
    {"noise", 2, 16, 1, 8, 70, 1, 5, 32, ENTROPY, ADAM, CONSTANT, false, false, 0.02, 0, 0.1, 1, 0, NULL},
    {"noise-odd", 2, 35, 1, 6, 21, 2, 3, 32, SQUARED, SGD, CONSTANT, true, true, 0.2, 0, 0.25, 1, 0, NULL},
    {"clip", 2, 16, 1, 8, 50, 1, 5, 32, ENTROPY, SGD, CONSTANT, false, false, 1, 0.05, 0, 1, 0, NULL},
    {"clip-adam", 2, 31, 1, 7, 64, 3, 3, 32, ENTROPY, ADAM, CONSTANT, true, false, 0.05, 0.01, 0, 1, 0, NULL},
    {"population", 2, 7, 1, 8, 64, 5, 6, 32, ENTROPY, RMSPROP, CONSTANT, false, false, 0.03, 0, 0, 1, 0, NULL},
    {"blocks", 2, 4, 1, 4, 449, 1, 3, 32, SQUARED, SGD, CONSTANT, false, false, 1, 0, 0, 1, 0, NULL},
    {"wide-32", 2, 32, 2, 8, 64, 1, 3, 32, ENTROPY, ADAM, CONSTANT, false, false, 0.02, 0, 0, 1, 0, NULL},
    {"wide-64", 2, 64, 1, 6, 48, 1, 2, 32, SQUARED, SGD, CONSTANT, false, false, 0.1, 0, 0, 0.5, 0, NULL},
    {"wide-93", 2, 93, 1, 8, 9, 1, 2, 32, ENTROPY, MOMENTUM, CONSTANT, false, false, 0.05, 0, 0, 0.3, 0, NULL},
    {"many-blocks", 2, 3, 1, 3, 4000, 2, 2, 32, ENTROPY, ADAM, CONSTANT, false, false, 0.05, 0, 0, 1, 0, NULL},
    {"wide-77", 2, 77, 1, 4, 16, 1, 1, 32, ENTROPY, ADAM, CONSTANT, true, false, 0.01, 0, 0, 0.3, 0, NULL},
    {"long", 2, 7, 1, 700, 3, 1, 2, 32, ENTROPY, ADAM, CONSTANT, false, false, 0.01, 0, 0, 1, 0, NULL},
    {"saturated", 2, 16, 1, 8, 64, 1, 4, 32, SQUARED, SGD, CONSTANT, true, true, 4, 0, 0, 64, 0, NULL},
    {"tiny-weights", 2, 16, 1, 8, 64, 1, 4, 32, SQUARED, ADAM, CONSTANT, false, false, 1e-9, 0, 0, 0x1p-30, 0, NULL},
    {"fp64-seeds", 2, 16, 1, 8, 1, 1, 20, 64, SQUARED, SGD, CONSTANT, false, false, 0.1, 0, 0, 1, 0, NULL},
    {"fp64-odd", 2, 7, 1, 13, 65, 2, 3, 64, ENTROPY, ADAM, COSINE, true, true, 0.02, 0, 0.1, 1, 0, NULL},
    {"fp64-wide", 2, 93, 1, 5, 40, 1, 2, 64, SQUARED, RMSPROP, CONSTANT, false, false, 0.01, 0.5, 0, 0.3, 0, NULL},
    {"fp64-blocks", 3, 33, 1, 6, 300, 1, 2, 64, ENTROPY, MOMENTUM, CONSTANT, true, false, 0.05, 0, 0, 1, 0, NULL},
    {"one-step", 3, 7, 2, 1, 70, 2, 3, 32, ENTROPY, ADAM, CONSTANT, true, true, 0.05, 0, 0, 1, 0, NULL},
    {"wide-256", 2, 256, 1, 3, 20, 1, 1, 32, ENTROPY, ADAM, CONSTANT, false, false, 0.01, 0, 0, 0.1, 0, NULL},
    {"subtract", 2, 16, 1, 20, 65, 1, 3, 32, ENTROPY, ADAM, CONSTANT, false, false, 0.03, 0, 0, 1, 0, "sub"},
    {"fp64-faulty", 2, 32, 2, 8, 1, 1, 20, 64, FAULTY, SGD, CONSTANT, false, false, 0.1, 0, 0, 1, 0, NULL},
    {"faulty", 2, 32, 2, 8, 65, 1, 4, 32, FAULTY, SGD, CONSTANT, false, false, 0.1, 0, 0, 1, 0, NULL},
    {"abreast", 3, 7, 2, 5, 1500, 1, 2, 32, ENTROPY, ADAM, CONSTANT, true, true, 0.02, 0, 0.1, 1, 0, NULL},
    {"fp64-abreast", 2, 7, 2, 4, 700, 2, 10, 64, ENTROPY, MOMENTUM, CONSTANT, true, false, 0.1, 0, 0.1, 1, 0, NULL},
    {"abreast-whole", 2, 4, 1, 6, 1100, 2, 10, 32, SQUARED, SGD, CONSTANT, false, false, 1, 0, 0, 1, 0, NULL},
    {"networks", 3, 7, 2, 11, 70, 19, 4, 32, ENTROPY, ADAM, COSINE, true, true, 0.02, 0.5, 0.1, 1, 0, NULL},
    {"networks-one", 2, 18, 1, 7, 1, 16, 12, 32, SQUARED, RMSPROP, CONSTANT, false, false, 0.01, 0, 0, 1, 0, "sub"},
    {"networks-blocks", 1, 2, 1, 3, 450, 9, 3, 32, SQUARED, SGD, CONSTANT, false, true, 1, 0, 0, 1, 0, NULL},
    {"fp64-networks", 2, 7, 2, 40, 3, 10, 3, 64, ENTROPY, MOMENTUM, CONSTANT, true, false, 0.1, 0.2, 0, 1, 0, NULL},
    {"weight-decay", 2, 16, 1, 8, 70, 1, 10, 32, ENTROPY, ADAM, COSINE, true, true, 0.03, 0, 0, 1, 0.5, NULL},
    {"fp64-decay", 2, 7, 2, 6, 65, 2, 5, 64, SQUARED, SGD, CONSTANT, true, false, 0.5, 0, 0, 1, 0.25, NULL},
    {"decay-networks", 3, 7, 2, 5, 40, 19, 6, 32, ENTROPY, MOMENTUM, COSINE, true, true, 0.1, 0.5, 0, 1, 1, NULL},
    {"fp64-decay-nets", 2, 7, 2, 6, 20, 9, 4, 64, ENTROPY, RMSPROP, CONSTANT, true, false, 0.05, 0, 0.1, 1, 0.1, NULL},
    {NULL, 0, 0, 0, 0, 0, 0, 0, 0, SQUARED, SGD, CONSTANT, false, false, 0, 0, 0, 0, 0, NULL},
};

/* A made-up automaton that uses every state, symbol and output bit. */
static void make_task(carrynet_task *task, const struct test_case *one)
{
    *task = (carrynet_task){
        .inputs = one->inputs,
        .outputs = one->outputs,
        .states = 5,
        .start = 1,
        .closing_count = one->steps > 1 ? 1 : 0,
    };
    (void)snprintf(task->name, sizeof task->name, "case-%u-%u", one->inputs, one->outputs);
    for (uint32_t q = 0; q < task->states; ++q)
        for (uint32_t a = 0; a < 1u << one->inputs; ++a) {
            task->next[q][a] = (uint8_t)((3 * q + 2 * a + q * a) % task->states);
            task->out[q][a] = (uint8_t)((5 * q + 3 * a + 1 + q * a / 2) % (1u << one->outputs));
        }
}

void case_settings(carrynet_settings *settings, const struct test_case *one)
{
    carrynet_task task = *carrynet_task_at(0);
    for (size_t i = 0; one->task != NULL && i < carrynet_task_count(); ++i)
        if (strcmp(carrynet_task_at(i)->name, one->task) == 0)
            task = *carrynet_task_at(i);
    if (!task_fits(&task, one->inputs, one->outputs))
        make_task(&task, one);
    carrynet_settings_init(settings, &task);
    settings->shape.hidden = one->hidden;
    settings->shape.bias = one->bias;
    settings->shape.initial_state = one->initial_state;
    settings->precision = (carrynet_precision)one->precision;
    settings->steps = one->steps;
    settings->batch = one->batch;
    settings->networks = one->networks;
    settings->updates = 2 * (uint64_t)one->updates; /* so that a cosine is cut in the middle */
    settings->loss = one->loss;
    settings->optimizer = one->optimizer;
    settings->schedule = one->schedule;
    settings->rate = one->rate;
    settings->clip = one->clip;
    settings->noise = one->noise;
    settings->scale = one->scale;
    settings->weight_decay = one->weight_decay;
    settings->seed = 20161115;
}
