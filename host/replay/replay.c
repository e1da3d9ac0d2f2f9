/*
 * A replay of an original script. The script's random draws become weights and a problem source, its prints become
 * observations of the engine, and carrynet_train does the rest.
 *
 *     numpy.random.seed, w_xh, w_hy, w_hh as 2 r - 1, row by row;  then two randint(128) an iteration
 *
 * Iterations are drawn in intervals that end before the next iteration that may print. The observer sees the first
 * problem of an interval; then training runs on the whole interval.
 */
#include "platform/environment.h"
#include "platform/platform.h"
#include "replay/numpy_random.h"
#include "replay/numpy_text.h"
#include "replay/script.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

struct problem {
    uint32_t a, b;
};

struct replay {
    const carrynet_recipe *recipe;
    const carrynet_replay_options *options;
    const carrynet_settings *settings;
    struct numpy_random random;
    uint64_t iteration;                           /* the next to be drawn */
    struct problem problems[SCRIPT_PRINTS_EVERY]; /* of the interval, those that train */
    size_t count;
    uint64_t first; /* the update of problems[0] */
};

void carrynet_replay_options_init(carrynet_replay_options *options, const carrynet_recipe *recipe)
{
    *options = (carrynet_replay_options){.iterations = recipe->iterations, .hidden = recipe->hidden};
}

/* ---- what the script draws ------------------------------------------------------------------------------------- */

static void draw_weights(struct numpy_random *random, double *values, const carrynet_shape *shape)
{
    static const carrynet_parameter order[] = {CARRYNET_W_XH, CARRYNET_W_HY, CARRYNET_W_HH};
    for (size_t p = 0; p < sizeof order / sizeof order[0]; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(shape, order[p]);
        for (size_t i = 0; i < tensor.size; ++i) {
            const double twice = 2 * numpy_random_sample(random); /* exact */
            values[tensor.offset + i] = twice - 1;
        }
    }
}

/* The generator as the script has it before its first problem. values [shape size] may be NULL. */
static carrynet_status start(struct numpy_random *random, double *values, const carrynet_recipe *recipe, uint32_t seed,
                             const carrynet_shape *shape)
{
    double *unwanted = NULL;
    carrynet_status status = CARRYNET_OK;
    if (values == NULL)
        status = sys_allocate(&unwanted, carrynet_shape_size(shape), sizeof *unwanted);
    if (status != CARRYNET_OK)
        return status;
    numpy_random_seed(random, seed);
    draw_weights(random, values != NULL ? values : unwanted, shape);
    for (uint32_t i = 0; i < recipe->script->lost; ++i)
        (void)numpy_random_word(random);
    sys_free(unwanted);
    return CARRYNET_OK;
}

/* The next iteration's problem; false if the script leaves it out. */
static bool draw_problem(struct problem *problem, struct numpy_random *random, const struct replay_script *script)
{
    problem->a = numpy_random_below(random, SCRIPT_BOUND);
    problem->b = numpy_random_below(random, SCRIPT_BOUND);
    return !script->not_less || problem->a >= problem->b;
}

/* Symbols and targets of a problem, which fit one word each. */
static void pack(uint32_t *symbols, uint32_t *targets, const struct problem *problem, const carrynet_task *task)
{
    *symbols = 0;
    for (size_t t = 0; t < SCRIPT_STEPS; ++t)
        carrynet_packed_set(symbols, task->inputs, t, (problem->a >> t & 1) | (problem->b >> t & 1) << 1);
    (void)carrynet_targets(task, task->start, symbols, SCRIPT_STEPS, targets);
}

/* ---- settings -------------------------------------------------------------------------------------------------- */

/* The recipe's task: a built-in one, with its output bit repeated where there are several outputs. */
static carrynet_status make_task(carrynet_task *task, const struct replay_script *script)
{
    const carrynet_task *built_in = NULL;
    const carrynet_status status = carrynet_task_find(&built_in, script->task);
    if (status != CARRYNET_OK)
        return status;
    *task = *built_in;
    if (script->outputs == 1)
        return CARRYNET_OK;
    (void)snprintf(task->name, sizeof task->name, "%s-%u-times", script->task, script->outputs);
    task->outputs = script->outputs;
    for (uint32_t q = 0; q < task->states; ++q)
        for (uint32_t a = 0; a < 1u << task->inputs; ++a)
            task->out[q][a] = (uint8_t)(built_in->out[q][a] * ((1u << script->outputs) - 1));
    return CARRYNET_OK;
}

static carrynet_status count_updates(uint64_t *updates, const carrynet_recipe *recipe,
                                     const carrynet_replay_options *options, const carrynet_shape *shape)
{
    struct numpy_random random;
    struct problem problem;
    *updates = options->iterations;
    if (!recipe->script->not_less)
        return CARRYNET_OK;
    const carrynet_status status = start(&random, NULL, recipe, options->seed, shape);
    *updates = 0;
    for (uint64_t i = 0; i < options->iterations && status == CARRYNET_OK; ++i)
        *updates += draw_problem(&problem, &random, recipe->script);
    if (status == CARRYNET_OK && *updates == 0)
        return sys_fail(CARRYNET_ERROR_ARGUMENT,
                        "%s leaves out iterations with a < b, and with seed %u that is all of the first %llu: nothing "
                        "would be trained; ask for more",
                        recipe->name, options->seed, (unsigned long long)options->iterations);
    return status;
}

carrynet_status carrynet_replay_settings(carrynet_settings *settings, const carrynet_recipe *recipe,
                                         const carrynet_replay_options *options)
{
    carrynet_task task;
    carrynet_status status = make_task(&task, recipe->script);
    if (status != CARRYNET_OK)
        return status;
    if (options->iterations < 1 || options->iterations > UINT32_MAX)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "iterations is %llu, must be 1 to %u",
                        (unsigned long long)options->iterations, UINT32_MAX);
    carrynet_settings_init(settings, &task);
    settings->shape.hidden = options->hidden;
    settings->precision = CARRYNET_FP64;
    settings->steps = SCRIPT_STEPS;
    settings->batch = 1;
    settings->loss = recipe->script->loss;
    settings->optimizer = CARRYNET_OPTIMIZER_SGD;
    settings->rate = 0.1;
    settings->seed = options->seed;
    settings->until_exact = false;
    settings->check_every = SCRIPT_PRINTS_EVERY;
    (void)snprintf(settings->origin, sizeof settings->origin, "replay %s", recipe->name);
    status = carrynet_shape_check(&settings->shape);
    if (status == CARRYNET_OK)
        status = count_updates(&settings->updates, recipe, options, &settings->shape);
    return status == CARRYNET_OK ? carrynet_settings_check(settings) : status;
}

/* ---- what the script prints ------------------------------------------------------------------------------------ */

static carrynet_status hand_over(const struct replay *replay, sys_text *text)
{
    carrynet_status status = CARRYNET_OK;
    if (text->failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for a piece of the transcript");
    else if (replay->options->write != NULL && text->data != NULL)
        status = replay->options->write(replay->options->self, text->data);
    sys_text_free(text);
    return status;
}

/* What the network makes of a problem: error [outputs], summed over the steps, and the bits of its first output. */
static carrynet_status answer(uint32_t *bits, double *error, const struct replay *replay, carrynet_engine *engine,
                              const struct problem *problem, uint32_t *targets)
{
    const uint32_t outputs = replay->settings->shape.outputs;
    double y[SCRIPT_STEPS * CARRYNET_TASK_OUTPUTS], z[SCRIPT_STEPS * CARRYNET_TASK_OUTPUTS];
    uint32_t symbols;
    pack(&symbols, targets, problem, &replay->settings->task);
    const carrynet_batch batch = {1, SCRIPT_STEPS, 1, 1, &symbols, targets};
    const carrynet_status status = carrynet_engine_forward(engine, &batch, &(carrynet_forward){.y = y, .z = z});
    *bits = 0;
    memset(error, 0, outputs * sizeof *error);
    for (size_t t = 0; t < SCRIPT_STEPS && status == CARRYNET_OK; ++t) {
        const uint32_t target = carrynet_packed_get(targets, outputs, t);
        *bits |= (uint32_t)(z[t * outputs] > 0) << t;
        for (uint32_t o = 0; o < outputs; ++o) {
            const double e = (double)(target >> o & 1) - y[t * outputs + o];
            error[o] += e < 0 ? -e : e;
        }
    }
    return status;
}

static carrynet_status print(const struct replay *replay, carrynet_engine *engine, const struct problem *problem)
{
    const struct replay_script *script = replay->recipe->script;
    const uint32_t a = problem->a, b = problem->b;
    double error[CARRYNET_TASK_OUTPUTS];
    uint32_t bits, targets, right = 0;
    sys_text text = {0};
    const carrynet_status status = answer(&bits, error, replay, engine, problem, &targets);
    if (status != CARRYNET_OK)
        return status;
    for (size_t t = 0; t < SCRIPT_STEPS; ++t)
        right |= (carrynet_packed_get(&targets, script->outputs, t) & 1) << t;
    sys_text_add(&text, "%s", script->error);
    numpy_text_floats(&text, error, script->outputs, script->old_floats);
    sys_text_add(&text, "\n%s", script->predicted);
    numpy_text_bits(&text, bits, SCRIPT_STEPS);
    sys_text_add(&text, "\n%s", script->right);
    numpy_text_bits(&text, right, SCRIPT_STEPS);
    if (script->end == SCRIPT_END_VERDICT)
        sys_text_add(&text, "\n%u and %u = %u - %u %s\n", a, b, bits, right, bits == right ? "True" : "False");
    else
        sys_text_add(&text, "\n%u + %u = %u\n", a, b, bits);
    if (script->end != SCRIPT_END_PLAIN)
        sys_text_add(&text, "------------\n");
    return hand_over(replay, &text);
}

/* ---- training on it -------------------------------------------------------------------------------------------- */

/* Draws the iterations up to the next that may print. True if the first of them prints. */
static bool draw_interval(struct replay *replay)
{
    const struct replay_script *script = replay->recipe->script;
    const uint64_t from = replay->iteration, last = replay->options->iterations - 1;
    uint64_t end = from - from % SCRIPT_PRINTS_EVERY + SCRIPT_PRINTS_EVERY;
    if (script->last_only && from < last && end > last)
        end = last;
    if (end > last + 1)
        end = last + 1;
    bool first_trains = false;
    replay->count = 0;
    for (; replay->iteration < end; ++replay->iteration) {
        const bool trains = draw_problem(&replay->problems[replay->count], &replay->random, script);
        first_trains = first_trains || (trains && replay->iteration == from);
        replay->count += trains;
    }
    return first_trains && (script->last_only ? from == last : from % SCRIPT_PRINTS_EVERY == 0);
}

static carrynet_status observe(void *self, carrynet_engine *engine, uint64_t updates, uint64_t *next)
{
    struct replay *replay = self;
    bool prints = false;
    replay->first = updates;
    replay->count = 0;
    while (replay->count == 0 && replay->iteration < replay->options->iterations)
        prints = draw_interval(replay);
    *next = replay->count > 0 ? updates + replay->count : UINT64_MAX;
    return prints ? print(replay, engine, &replay->problems[0]) : CARRYNET_OK;
}

static carrynet_status fill(void *self, uint64_t seed, uint64_t update, size_t first, size_t count, size_t steps,
                            uint32_t *symbols, uint32_t *targets)
{
    const struct replay *replay = self;
    (void)seed;
    assert(first == 0 && count == 1 && steps == SCRIPT_STEPS);
    assert(update >= replay->first && update - replay->first < replay->count);
    (void)first, (void)count, (void)steps;
    pack(symbols, targets, &replay->problems[update - replay->first], &replay->settings->task);
    return CARRYNET_OK;
}

carrynet_status carrynet_replay(carrynet_model **model, const carrynet_recipe *recipe,
                                const carrynet_replay_options *options, const carrynet_engine_options *engine,
                                const carrynet_train_options *train)
{
    carrynet_settings settings;
    carrynet_train_options mine;
    struct replay replay = {.recipe = recipe, .options = options, .settings = &settings};
    const carrynet_source source = {.fill = fill, .self = &replay};
    const carrynet_observer observer = {observe, &replay};
    sys_text head = {0};
    double *weights = NULL;
    const fenv_t environment = sys_enter_arithmetic();
    *model = NULL;
    carrynet_train_options_init(&mine);
    if (train != NULL)
        mine = *train;
    carrynet_status status = carrynet_replay_settings(&settings, recipe, options);
    if (status == CARRYNET_OK)
        status = sys_allocate(&weights, carrynet_shape_size(&settings.shape), sizeof *weights);
    if (status == CARRYNET_OK)
        status = start(&replay.random, weights, recipe, options->seed, &settings.shape);
    if (status != CARRYNET_OK)
        goto done;
    mine.source = &source;
    mine.initial = weights;
    mine.observer = &observer;
    sys_text_add(&head, "%s", recipe->script->head);
    status = hand_over(&replay, &head);
    if (status == CARRYNET_OK)
        status = carrynet_train(model, &settings, engine, &mine);
done:
    sys_free(weights);
    return sys_leave_arithmetic(&environment, status);
}
