/*
 * carrynet export MODEL -o FILE: writes one network of a model file for other tools, as ONNX, NPZ or C, by the ending
 * of FILE or --format. Prints what was written; computes nothing.
 */
#include "cli/console.h"
#include "cli/json_values.h"
#include "cli/saved_network.h"
#include <string.h>

static int print_written(const saved_network *saved, const char *from, const char *path, carrynet_format format)
{
    char digest[CARRYNET_DIGEST_TEXT];
    const carrynet_status status = carrynet_network_digest(digest, saved->model, saved->network);
    if (status != CARRYNET_OK)
        return console_status(status);
    json_t *object = json_object();
    json_put(object, "model", json_of_text(from));
    json_put(object, "network", json_of_count(saved->network));
    json_put(object, "digest", json_of_text(digest));
    json_put(object, "format", json_of_text(carrynet_format_name(format)));
    json_put(object, "file", json_of_text(path));
    (void)json_line(stdout, object, JSON_DIGITS);
    return EXIT_CODE_DONE;
}

static struct {
    const char *output;
    cli_value format, net;
    bool json;
} given;

static const char *format_name(size_t index)
{
    return carrynet_format_name((carrynet_format)index);
}

static bool is_text(void)
{
    return given.format.given && (carrynet_format)given.format.name == CARRYNET_FORMAT_C;
}

const cli_option export_options[] = {
    {OPT_ONE_NET(&given.net)},
    {OPT_OUTPUT_BINARY(
         &given.output,
         "where the network goes: FILE.onnx, FILE.npz or FILE.c; - is standard output, which needs --format", NULL),
     .is_text = is_text},
    {.name = "format",
     .kind = OPTION_NAME,
     .argument = "NAME",
     .choice = format_name,
     .meaning = "what to write",
     .fallback = "as FILE ends",
     .value = &given.format},
    {OPT_JSON(&given.json)},
    {0},
};

int command_export(const cli_arguments *arguments)
{
    const char *path = given.output, *from = arguments->operands[0];
    carrynet_format format = (carrynet_format)given.format.name;
    saved_network saved = {0};
    int code;
    if (path == NULL)
        return arguments_wrong(arguments, "where does the network go? Write -o FILE.onnx, -o FILE.npz or -o FILE.c");
    if (!given.format.given && carrynet_format_of_path(&format, path) != CARRYNET_OK)
        return arguments_wrong(
            arguments, "-o is '%.200s', which ends in none of .onnx, .npz, .c; say with --format what it is to be",
            path);
    if (sys_same_file(path, from))
        return arguments_wrong(arguments, "-o names the model itself, %.200s; choose another -o", path);
    if (!saved_network_load(&saved, arguments, &given.net, &code))
        goto done;
    const carrynet_status status = carrynet_export(saved.model, saved.network, path, format);
    if (status != CARRYNET_OK)
        code = console_status(status);
    else if (given.json)
        code = print_written(&saved, from, path, format);
    else if (saved.settings->networks > 1)
        (void)printf("Wrote %s, network %zu of 0 to %u\n", path, saved.network, saved.settings->networks - 1);
    else
        (void)printf("Wrote %s\n", path);
done:
    saved_network_close(&saved);
    return code;
}
