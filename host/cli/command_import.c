/*
 * carrynet import FILE -o MODEL: converts another program's network, in safetensors or NPZ, to a model file. Prints the
 * source of each parameter, the assumed task and orders, and the arithmetic that a proof will be about.
 */
#include "cli/console.h"
#include "cli/options.h"
#include <string.h>

static void print_imported(const carrynet_model *model, const carrynet_imported *imported)
{
    const carrynet_settings *s = carrynet_model_settings(model);
    const bool one = s->networks == 1;
    const char *const names = imported->names;
    console_say("%c%s; %lu network%s of %u inputs, %u hidden unit%s, %u output%s, fp%d",
                names[0] >= 'a' && names[0] <= 'z' ? names[0] - 'a' + 'A' : names[0], names + 1,
                (unsigned long)s->networks, one ? "" : "s", s->shape.inputs, s->shape.hidden,
                s->shape.hidden == 1 ? "" : "s", s->shape.outputs, s->shape.outputs == 1 ? "" : "s", (int)s->precision);
    if (imported->cell == CARRYNET_CELL_TANH)
        console_say("Cell tanh%s, made into one of sigmoid: g = 2 h - 1",
                    imported->cell_by_names ? " (as such names have without more; --cell sigmoid names the other)"
                                            : "");
    else
        console_say("Cell sigmoid%s", imported->cell_guessed ? " (nothing says it; --cell tanh names the other)" : "");
    for (int p = 0; p < CARRYNET_PARAMETERS; ++p)
        if (imported->from[p][0] != '\0')
            console_say("  %s = %s", carrynet_shape_tensor(&s->shape, (carrynet_parameter)p).name, imported->from[p]);
    if (imported->turned_by_shape)
        console_say("The matrices are taken as %s, the only way in which their shapes fit; such names have them the "
                    "other way",
                    imported->transposed ? "[H, I], [H, H] and [O, H]" : "[I, H], [H, H] and [H, O]");
    else if (imported->either)
        console_say("The shapes fit either way: the matrices are taken as %s; --map NAME.T transposes one",
                    imported->transposed ? "[H, I], [H, H] and [O, H]" : "[I, H], [H, H] and [H, O]");
    if (imported->two_logits)
        console_say(
            "Two logits a bit: a bit is 1 where the second is above the first, so the head is their difference, "
            "%s",
            imported->rounded == 0 ? "which is exact" : "rounded");
    console_say(
        "Task %s%s: lowest bit first, input 0 is a bit of a%s; a bit is 1 where the output is above 0 (before a "
        "sigmoid)",
        s->task.name, imported->task_by_shape ? " (by its sizes; --task names another)" : "",
        s->shape.inputs > 1 ? ", input 1 of b" : "");
    if (imported->covered)
        console_say("`carrynet prove --arithmetic any` speaks of the other program's float%d as well, in any order of "
                    "summation; not of TF32, float16 or bfloat16",
                    (int)imported->precision);
    else
        console_say("`carrynet prove --arithmetic any` does not speak of the other program's arithmetic: %s",
                    imported->uncovered);
}

/* Differences of two logits that the model cannot have exactly. */
static void note_rounded(size_t count, carrynet_precision precision)
{
    console_note("%zu difference%s of weights of the two logits %s of fp%d and %s rounded: where the logits are nearly "
                 "equal a bit may differ%s",
                 count, count == 1 ? "" : "s", count == 1 ? "is no number" : "are no numbers", (int)precision,
                 count == 1 ? "was" : "were", precision == CARRYNET_FP32 ? "; --precision fp64 rounds less" : "");
}

static struct {
    const char *map, *task, *output;
    cli_value cell, bits, precision;
} given;

/* In the order of carrynet_cell, which has the unsaid one before them. */
static const char *const cells[] = {"sigmoid", "tanh", NULL};

const cli_option import_options[] = {
    {.heading = "The network",
     .name = "cell",
     .kind = OPTION_NAME,
     .argument = "CELL",
     .names = cells,
     .meaning =
         "activation of the hidden units, which no file records; relu cannot be imported. PyTorch's names need it; "
         "names of Keras, Flax and well-known scripts mean tanh",
     .fallback = "as the names say, else sigmoid",
     .value = &given.cell},
    {.name = "map",
     .kind = OPTION_TEXT,
     .argument = "KEY=NAME,...",
     .meaning = "which array is what: the keys w_xh, w_hh, w_hy, b_h, b_y and h_0. NAME.T is a matrix that is to be "
                "transposed, b_h=NAME+NAME a sum; skip=NAME or skip=START* passes arrays over. With all three matrices "
                "the map is the whole network, else the rest is found by names",
     .fallback = "by names in use",
     .text = &given.map},
    {OPT_TASK_OF_MODEL("The network", &given.task, "add, or the only built-in one that fits")},
    {.heading = "The network",
     .field = "bits",
     .meaning = "steps of a problem for which `eval` then checks it",
     .value = &given.bits},
    {.field = "precision", .fallback = "as the file", .value = &given.precision},
    {OPT_OUTPUT_BINARY(&given.output, "where the model goes; it must be given", NULL)},
    {0},
};

int command_import(const cli_arguments *arguments)
{
    const char *const from = arguments->operands[0], *const to = given.output;
    carrynet_import_options options = {.steps = (uint32_t)given.bits.count};
    carrynet_imported imported;
    carrynet_model *model = NULL;
    carrynet_task task;
    int code;
    if (given.output == NULL)
        return arguments_wrong(arguments, "say where the model goes, with -o FILE.safetensors");
    if (sys_same_file(from, to))
        return arguments_wrong(arguments, "-o %s is the file to import; choose another name", to);
    if (given.task != NULL) {
        if (!task_from_word(&task, arguments, "--task", given.task, &code))
            return code;
        options.task = &task;
    }
    if (given.cell.given)
        options.cell = (carrynet_cell)(given.cell.name + 1);
    if (given.map != NULL)
        options.map = given.map;
    if (given.precision.given)
        options.precision = given.precision.name == 0 ? CARRYNET_FP32 : CARRYNET_FP64;
    carrynet_status status = carrynet_writable(to);
    if (status == CARRYNET_OK)
        status = carrynet_import(&model, &imported, from, &options);
    if (status == CARRYNET_OK)
        status = carrynet_model_save(model, to);
    if (status == CARRYNET_ERROR_ARGUMENT)
        code = arguments_wrong(arguments, "%s", carrynet_message());
    else
        code = status == CARRYNET_OK ? EXIT_CODE_DONE : console_status(status);
    if (status == CARRYNET_OK) {
        print_imported(model, &imported);
        (void)fflush(stdout); /* notes come after what they are about */
        if (imported.passed_over[0] != '\0')
            console_note("Passed over, as no part of the network: %s", imported.passed_over);
        if (imported.rounded > 0)
            note_rounded(imported.rounded, carrynet_model_settings(model)->precision);
        (void)printf("Wrote %s\n", to);
        if (!sys_is_stream(to))
            console_note("Next: carrynet eval %s", to);
    }
    carrynet_model_free(model);
    return code;
}
