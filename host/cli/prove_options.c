/* The options of prove, and the options of effort, which report shares. */
#include "cli/prove_options.h"
#include "cli/device_options.h"
#include "cli/prove_report.h"

static struct {
    cli_value budget, states, seconds;
} given;

static uint64_t preset_budget(void)
{
    carrynet_prove_options options;
    carrynet_prove_options_init(&options);
    return options.budget;
}

static uint64_t preset_states(void)
{
    carrynet_prove_options options;
    carrynet_prove_options_init(&options);
    return options.states;
}

const cli_option effort_options[] = {
    {.heading = "How",
     .name = "budget",
     .kind = OPTION_COUNT,
     .argument = "STEPS",
     .least = 1,
     .most = UINT64_C(1) << 48,
     .meaning = "steps of ellipsoids to try",
     .preset = preset_budget,
     .value = &given.budget},
    {.name = "states",
     .kind = OPTION_COUNT,
     .argument = "LIMIT",
     .least = 1,
     .most = 4000000000,
     .meaning = "reachable states that exhaustion may hold in memory",
     .preset = preset_states,
     .value = &given.states},
    {.name = "seconds",
     .kind = OPTION_REAL,
     .argument = "S",
     .least_real = 1e-6,
     .most_real = 1e9,
     .meaning = "stop after so long, with the verdicts that there are then",
     .fallback = "never",
     .value = &given.seconds},
    {0},
};

void effort_from_options(carrynet_prove_options *options)
{
    carrynet_prove_options_init(options);
    if (given.budget.given)
        options->budget = given.budget.count;
    if (given.states.given)
        options->states = given.states.count;
    options->seconds = given.seconds.real;
}

/* ---- prove's own ------------------------------------------------------------------------------------------------ */

prove_given given_prove;
const char *const prove_ways[] = {"auto", "exhaustion", "ellipsoids", "all", NULL};

const cli_option prove_options[] = {
    {OPT_TASK_OF_MODEL("What to prove", &given_prove.task, "the model's")},
    {OPT_NET("What to prove", &given_prove.net, "only network I of the file, counted from 0", "all")},
    {.name = "arithmetic",
     .kind = OPTION_NAME,
     .argument = "WHOSE",
     .names = prove_arithmetics,
     .meaning =
         "a proof for Carrynet's arithmetic, or for any program's with IEEE numbers, which ellipsoids alone give",
     .fallback = "carrynet",
     .value = &given_prove.arithmetic},
    {.heading = "How",
     .name = "by",
     .kind = OPTION_NAME,
     .argument = "WAY",
     .names = prove_ways,
     .meaning = "ellipsoids, which make a certificate; exhaustion of the reachable states, which makes none; all ways "
                "to their ends",
     .fallback = "auto, until one answers",
     .value = &given_prove.by},
    {.include = effort_options},
    {OPT_DEVICE(DEVICE_NAMES "also by the variable CARRYNET_DEVICE; it steps the states of a large exhaustion, and "
                             "every wrong sum once more",
                "the best there is for exhaustion, host for sums")},
    {OPT_KERNEL_SHAPE("what suits the device")},
    {.include = other_device_options},
    {.heading = "Output",
     .name = "all",
     .meaning = "show the wrong sums of all networks of a file, not the first alone",
     .flag = &given_prove.all},
    {OPT_OUTPUT(&given_prove.output, "FILE", "where the certificates go, one after another",
                "MODEL.cert; with --net I of several networks MODEL.I.cert")},
    {OPT_JSON(&given_prove.json)},
    {0},
};
