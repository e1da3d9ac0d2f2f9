/*
 * carrynet states MODEL -o h.npz: the hidden states of a saved network, for NumPy. Arrays, for S problems of T steps:
 *
 *     h [S,T,H] after each step, h_0 [H] before the first, y [S,T,O]: float32 or float64, as the network is
 *     x [S,T,I], target [S,T,O], state [S,T] (of the task's automaton before the step): uint8
 *     operands [S,I]: uint64, where they have at most 64 bits
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/saved_network.h"
#include "exchange/npz.h"
#include <inttypes.h>
#include <string.h>

static carrynet_status write_states(const char *path, const carrynet_states *s, const void *h_0)
{
    const size_t width = s->precision / 8, all = s->problems * s->steps;
    const npz_array arrays[] = {
        {"h", NPZ_FLOAT, width, 3, {s->problems, s->steps, s->hidden}, s->h, all * s->hidden * width},
        {"h_0", NPZ_FLOAT, width, 1, {s->hidden}, h_0, s->hidden * width},
        {"y", NPZ_FLOAT, width, 3, {s->problems, s->steps, s->outputs}, s->y, all * s->outputs * width},
        {"x", NPZ_UNSIGNED, 1, 3, {s->problems, s->steps, s->inputs}, s->x, all * s->inputs},
        {"target", NPZ_UNSIGNED, 1, 3, {s->problems, s->steps, s->outputs}, s->target, all * s->outputs},
        {"state", NPZ_UNSIGNED, 1, 2, {s->problems, s->steps}, s->state, all},
        {"operands", NPZ_UNSIGNED, 8, 2, {s->problems, s->inputs}, s->operands, s->problems * s->inputs * 8},
    };
    const size_t count = sizeof arrays / sizeof arrays[0];
    return npz_write(path, arrays, s->operands != NULL ? count : count - 1);
}

/* h[0] of the network: the model's, or zeros. The caller's. */
static carrynet_status first_state(void **h_0, const saved_network *saved)
{
    const carrynet_shape *shape = &saved->settings->shape;
    const size_t width = saved->settings->precision / 8;
    const carrynet_tensor tensor = carrynet_shape_tensor(shape, CARRYNET_H_0);
    const carrynet_status status = sys_allocate(h_0, shape->hidden, width);
    if (status == CARRYNET_OK && tensor.size > 0)
        memcpy(*h_0,
               (const char *)carrynet_model_values_const(saved->model) +
                   (saved->network * carrynet_shape_size(shape) + tensor.offset) * width,
               tensor.size * width);
    return status;
}

static void print_arrays(const carrynet_states *s, const char *path)
{
    (void)printf("%zu problems of %zu steps, %s\n", s->problems, s->steps,
                 s->exhaustive ? "all there are" : "of the evaluation set");
    (void)printf("h [%zu,%zu,%" PRIu32 "] after each step, h_0 [%" PRIu32 "], y [%zu,%zu,%" PRIu32 "]: float%d\n",
                 s->problems, s->steps, s->hidden, s->hidden, s->problems, s->steps, s->outputs, (int)s->precision);
    (void)printf("x [%zu,%zu,%" PRIu32 "], target [%zu,%zu,%" PRIu32 "], state [%zu,%zu] before each step: uint8\n",
                 s->problems, s->steps, s->inputs, s->problems, s->steps, s->outputs, s->problems, s->steps);
    if (s->operands != NULL)
        (void)printf("operands [%zu,%" PRIu32 "]: uint64\n", s->problems, s->inputs);
    (void)printf("Wrote %s\n", path);
}

static struct {
    const char *output;
    cli_value bits, problems, net;
} given;

const cli_option states_options[] = {
    {.heading = "What to look at",
     .field = "bits",
     .meaning = "steps of a problem; operands have T-1 bits, or as the task has it",
     .fallback = "as trained",
     .value = &given.bits},
    {.name = "problems",
     .kind = OPTION_COUNT,
     .argument = "N",
     .least = 1,
     .most = 1000000000,
     .meaning = "so many of the fixed set of `eval`: random ones, carry chains, constant and alternating bits",
     .fallback = "all, up to 16384; 1024 where there are more",
     .value = &given.problems},
    {OPT_NET("What to look at", &given.net, "network I of the file, counted from 0", "0")},
    {OPT_OUTPUT_BINARY(&given.output, "where the arrays go, FILE.npz; it must be given", NULL)},
    {.include = host_device_options},
    {0},
};

int command_states(const cli_arguments *arguments)
{
    const char *const path = given.output;
    saved_network saved = {0};
    carrynet_states states = {0};
    void *h_0 = NULL;
    int code;
    if (given.output == NULL)
        return arguments_wrong(arguments, "say where the arrays go, with -o FILE.npz");
    if (!saved_network_open(&saved, arguments, &given.net, "host", &code))
        goto done;
    const carrynet_task *task = &saved.settings->task;
    const size_t steps = given.bits.given ? (size_t)given.bits.count : saved.settings->steps;
    if (sys_same_file(path, arguments->operands[0])) {
        code = arguments_wrong(arguments, "-o %s is the model itself; choose another name", path);
        goto done;
    }
    if (steps <= task->closing_count) {
        code = arguments_wrong(arguments, "%zu steps are too few for task %s, which needs at least %u", steps,
                               task->name, task->closing_count + 1);
        goto done;
    }
    carrynet_status status = carrynet_writable(path);
    if (status == CARRYNET_OK)
        status = carrynet_states_collect(&states, saved.engine, task, 0, steps, given.problems.count, NULL);
    if (status == CARRYNET_OK)
        status = first_state(&h_0, &saved);
    if (status == CARRYNET_OK)
        status = write_states(path, &states, h_0);
    if (status == CARRYNET_OK)
        print_arrays(&states, path);
    code = status == CARRYNET_OK ? EXIT_CODE_DONE : console_status(status);
done:
    sys_free(h_0);
    carrynet_states_free(&states);
    saved_network_close(&saved);
    return code;
}
