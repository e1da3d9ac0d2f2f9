/* --help without a command, and --version. */
#include "backend/opencl/installation.h"
#include "cli/console.h"
#include "cli/doctor_probe.h"
#include "cli/options.h"
#include <string.h>

void help_program(FILE *stream, const cli_command *commands, size_t count)
{
    (void)fputs("carrynet: small recurrent networks that learn to add, on OpenCL, with the same\n"
                "bits on every device.\n\n"
                "Usage: carrynet COMMAND [OPTIONS]\n\n",
                stream);
    for (size_t i = 0; i < count; ++i)
        (void)fprintf(stream, "  %-11s%s\n", commands[i].name, commands[i].summary);
    (void)fputs("\n"
                "  carrynet COMMAND --help says more, carrynet --version which version this is.\n"
                "  A FILE can be a pipe; - is standard input, or the output of one file.\n\n"
                "Start with:  carrynet train && carrynet run add.safetensors 93 38\n\n"
                "Exit codes:  ",
                stream);
    sys_text codes = {0};
    for (const cli_meaning *m = exit_meanings; m->name != NULL; ++m)
        sys_text_add(&codes, "%s%s %s", m == exit_meanings ? "" : ", ", m->name, m->meaning);
    console_fold(stream, strlen("Exit codes:  "), strlen("Exit codes:  "), codes.failed ? "" : codes.data);
    (void)fputc('\n', stream);
    sys_text_free(&codes);
}

void help_version(FILE *stream)
{
    opencl_loader about;
    opencl_loader_find(&about);
    const doctor_answer loader = doctor_ask_loader(), all = doctor_ask_all(NULL, &about);
    const char *mpi = carrynet_comm_library(), *text = json_string_value(loader.value);
    const json_t *platforms = json_object_get(all.value, "platforms");
    const size_t count = json_array_size(platforms);
    (void)fprintf(stream,
                  "carrynet %s\narithmetic version %d\ndefaults version %d\nprover version %d\n"
                  "model format safetensors\nOpenCL loader %s\n",
                  carrynet_version(), carrynet_arithmetic_version(), CARRYNET_DEFAULTS_VERSION, CARRYNET_PROVER_VERSION,
                  text != NULL ? text : "unknown");
    (void)fprintf(stream, "MPI %.*s\n", mpi != NULL ? (int)strcspn(mpi, ",") : 12, mpi != NULL ? mpi : "not built in");
    for (size_t i = 0; i < count; ++i) {
        char line[512];
        const char *name = json_string_value(json_object_get(json_array_get(platforms, i), "name"));
        const char *version = json_string_value(json_object_get(json_array_get(platforms, i), "version"));
        (void)snprintf(line, sizeof line, "OpenCL platform %zu %s, %s\n", i, name != NULL ? name : "",
                       version != NULL ? version : "");
        console_fold(stream, 0, 0, line);
    }
    if (all.how[0] != '\0' && !all.died)
        (void)fprintf(stream, "OpenCL platforms %s\n", all.how);
    else if (all.died)
        (void)fprintf(stream, "a driver stops every program that uses OpenCL (%s);\n`carrynet doctor` says which\n",
                      all.how);
    else if (count == 0)
        (void)fputs("no OpenCL platform\n", stream);
    json_decref(loader.value);
    json_decref(all.value);
}
