/*
 * The course of a training, kept in memory and shown: the weights now and then, and for each a picture of the hidden
 * states of many sums with what the network gets wrong beside it.
 */
#ifndef CLI_DEMO_FILM_H
#define CLI_DEMO_FILM_H

#include "cli/demo/demo_probe.h"
#include "cli/demo/demo_screen.h"

enum { FILM_FRAMES = 48 /* most, and even */ };

typedef struct demo_film {
    size_t size;                       /* values of a network, fp32 */
    float *values;                     /* [FILM_FRAMES + 1][size] */
    uint64_t updates[FILM_FRAMES + 1]; /* of each frame */
    size_t count;                      /* frames */
    uint64_t every;                    /* updates from one to the next */
    probe_view views[FILM_FRAMES + 1]; /* of each frame, once it is developed */
    carrynet_engine *engine;           /* plain C, to look with */
    const carrynet_task *task;         /* the model's */
    size_t steps;                      /* of a sum: 7-bit operands for 8 */
    double low, high;                  /* of `output` in all of them */
    carrynet_observer observer;        /* for carrynet_train */
} demo_film;

/* An empty film for one network of these settings. MEMORY. The struct must stay where it is. film_free in any case. */
carrynet_status film_open(demo_film *film, const carrynet_settings *settings);
void film_free(demo_film *film);

/* Adds the trained network as the last frame and looks at the states in all of them. MEMORY, errors of the engine. */
carrynet_status film_develop(demo_film *film, const carrynet_model *model);

/* Shows it: all frames on a terminal that can, else some. */
carrynet_status film_show(demo_film *film, const demo_screen *screen);

#endif
