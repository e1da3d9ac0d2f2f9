/*
 * The course of a training, kept in memory and shown: the weights at intervals, and for each a picture of the hidden
 * states of many sums, with the network's errors.
 */
#ifndef CLI_DEMO_FILM_H
#define CLI_DEMO_FILM_H

#include "cli/demo/demo_probe.h"
#include "cli/demo/demo_screen.h"

enum { FILM_FRAMES = 48 /* most frames; even */ };

typedef struct demo_film {
    size_t size;                       /* values of a network, binary32 */
    float *values;                     /* [FILM_FRAMES + 1][size] */
    uint64_t updates[FILM_FRAMES + 1]; /* of each frame */
    size_t count;                      /* frames */
    uint64_t every;                    /* updates between frames */
    probe_view views[FILM_FRAMES + 1]; /* of each frame, once evaluated */
    carrynet_engine *engine;           /* the plain C engine that evaluates frames */
    const carrynet_task *task;         /* the model's */
    size_t steps;                      /* steps of a sum: 7-bit operands for 8 */
    double low, high;                  /* range of `output` in all frames */
    carrynet_observer observer;        /* for carrynet_train */
} demo_film;

/*
 * Creates an empty film for one network of these settings. MEMORY. The struct must not move. Call film_free in any
 * case.
 */
carrynet_status film_open(demo_film *film, const carrynet_settings *settings);
void film_free(demo_film *film);

/* Adds the trained network as the last frame and evaluates the states in all frames. MEMORY, errors of the engine. */
carrynet_status film_develop(demo_film *film, const carrynet_model *model);

/* Shows the film: all frames on a terminal that can redraw, else some. */
carrynet_status film_show(demo_film *film, const demo_screen *screen);

#endif
