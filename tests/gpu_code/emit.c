/*
 * Writes the OpenCL programs that the trainer would build on a GPU that is not there: text and options come from the code
 * that builds them, and no call of OpenCL is made. check_gpu_code.py compiles them for the GPUs that it knows.
 *
 *     emit FOLDER KEY=VALUE...      FOLDER must exist; the keys are those of `keys` below
 *
 * Each program becomes FOLDER/PROGRAM.cl. Standard output gets a JSON list of {"program", "kernels", "options", "file",
 * "group" (work-items of a work-group), "groups" (work-groups that are to run at once on a compute unit)}.
 */
#include "backend/opencl/trainer.h"
#include <carrynet/settings.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A virtual GPU, what it is to train, and what is asked of it. */
struct asked {
    const char *platform;
    uint32_t units, work_group_size, local_memory, division; /* division: whether it is correctly rounded */
    uint32_t precision, inputs, hidden, outputs, batch, networks, steps;
    uint32_t group, newton;
};

static struct asked asked = {.platform = "Virtual",
                             .units = 1,
                             .work_group_size = 1024,
                             .local_memory = 48 << 10,
                             .division = 1,
                             .precision = 32,
                             .inputs = 2,
                             .hidden = 16,
                             .outputs = 1,
                             .batch = 1024,
                             .networks = 1,
                             .steps = 8};

static const struct {
    const char *name;
    uint32_t *number;
} keys[] = {
    {"units", &asked.units},                     /* compute units */
    {"work_group_size", &asked.work_group_size}, /* the device's most */
    {"local_memory", &asked.local_memory},       /* bytes of a work-group */
    {"division", &asked.division},               /* 1: correctly rounded */
    {"precision", &asked.precision},             /* 32 or 64 */
    {"inputs", &asked.inputs},
    {"hidden", &asked.hidden},
    {"outputs", &asked.outputs},
    {"batch", &asked.batch},
    {"networks", &asked.networks},
    {"steps", &asked.steps},
    {"group", &asked.group},   /* work-items of a work-group as a user asks for them */
    {"newton", &asked.newton}, /* 1: no divide instructions, as a user asks */
};

/* false: no such key, or no such number. */
static bool take(const char *word)
{
    uint64_t number = 0;
    const char *equals = strchr(word, '=');
    if (equals == NULL)
        return false;
    const size_t length = (size_t)(equals - word);
    if (strncmp(word, "platform=", length + 1) == 0) {
        asked.platform = equals + 1;
        return true;
    }
    const char *rest = sys_read_whole(&number, equals + 1, UINT32_MAX);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && rest != NULL && *rest == '\0'; ++i)
        if (strlen(keys[i].name) == length && strncmp(keys[i].name, word, length) == 0) {
            *keys[i].number = (uint32_t)number;
            return true;
        }
    return false;
}

/* The trainer as it is before it opens its device. */
static carrynet_status describe(struct opencl_trainer *t)
{
    carrynet_settings_init(&t->settings, carrynet_task_at(0));
    t->settings.shape.inputs = asked.inputs;
    t->settings.shape.hidden = asked.hidden;
    t->settings.shape.outputs = asked.outputs;
    t->settings.precision = asked.precision == 64 ? CARRYNET_FP64 : CARRYNET_FP32;
    t->settings.batch = asked.batch;
    t->settings.networks = asked.networks;
    t->settings.steps = asked.steps;
    t->about = (carrynet_device){.type = CARRYNET_DEVICE_GPU,
                                 .full_profile = true,
                                 .available = true,
                                 .round_to_nearest = true,
                                 .inf_nan = true,
                                 .fma = true,
                                 .subnormals = true,
                                 .correct_division = asked.division != 0,
                                 .fp64 = true,
                                 .compute_units = asked.units,
                                 .global_memory = (uint64_t)16 << 30,
                                 .largest_buffer = (uint64_t)4 << 30,
                                 .work_group_size = asked.work_group_size,
                                 .local_memory = asked.local_memory};
    (void)snprintf(t->about.platform_name, sizeof t->about.platform_name, "%s", asked.platform);
    const carrynet_engine_options options = {.work_group_size = asked.group};
    /* As the start-up kernel would have it (admission.c). */
    t->reciprocal_by_seed = asked.precision == 32;
    t->divide_by_newton = asked.newton != 0 || (asked.precision == 32 && asked.division == 0);
    return opencl_choose_sizes(t, &options);
}

/* Writes the program, and describes it in the list. */
static carrynet_status write_program(json_t *list, const char *folder, const struct opencl_trainer *t,
                                     enum opencl_program program, enum opencl_kernel_id first, json_t *kernels)
{
    struct opencl_source source = {0};
    sys_text path = {0};
    carrynet_status status = opencl_program_source(&source, t, program);
    if (status != CARRYNET_OK)
        return status;
    const int stem = (int)strcspn(source.last_file, ".");
    sys_text_add(&path, "%s/%.*s.cl", folder, stem, source.last_file);
    status = path.failed
                 ? CARRYNET_ERROR_MEMORY
                 : sys_write_file(path.data, (const void *[]){source.text.data}, (size_t[]){source.text.size}, 1);
    if (status == CARRYNET_OK &&
        json_array_append_new(list, json_pack("{s:s%, s:O, s:s, s:s, s:I, s:I}", "program", source.last_file,
                                              (size_t)stem, "kernels", kernels, "options", source.options.data, "file",
                                              path.data, "group", (json_int_t)opencl_group(t, first), "groups",
                                              (json_int_t)(t->workers / asked.units))) != 0)
        status = CARRYNET_ERROR_MEMORY;
    sys_text_free(&path);
    opencl_source_free(&source);
    return status;
}

/* Every program that has kernels in this variant, in the order of the kernels' numbers. */
static carrynet_status write_programs(json_t *list, const char *folder, const struct opencl_trainer *t)
{
    carrynet_status status = CARRYNET_OK;
    for (int id = 0; id < OPENCL_KERNELS && status == CARRYNET_OK; ++id) {
        const enum opencl_program program = opencl_program_of((enum opencl_kernel_id)id);
        json_t *kernels = json_array();
        bool written = false; /* with an earlier kernel */
        for (int other = 0; other < OPENCL_KERNELS; ++other) {
            const char *name = opencl_kernel_name(t, (enum opencl_kernel_id)other);
            if (name == NULL || opencl_program_of((enum opencl_kernel_id)other) != program)
                continue;
            written = written || other < id;
            (void)json_array_append_new(kernels, json_string(name));
        }
        if (!written && json_array_size(kernels) > 0 && opencl_program_used(t, program))
            status = write_program(list, folder, t, program, (enum opencl_kernel_id)id, kernels);
        json_decref(kernels);
    }
    return status;
}

int main(int count, char **words)
{
    static struct opencl_trainer trainer;
    for (int i = 2; i < count; ++i)
        if (!take(words[i])) {
            (void)fprintf(stderr, "emit: %s is no KEY=VALUE that it knows\n", words[i]);
            return 2;
        }
    if (count < 2 || asked.units == 0) {
        (void)fprintf(stderr, "usage: emit FOLDER KEY=VALUE...\n");
        return 2;
    }
    json_t *list = json_array();
    carrynet_status status = describe(&trainer);
    if (status == CARRYNET_OK)
        status = write_programs(list, words[1], &trainer);
    if (status != CARRYNET_OK)
        (void)fprintf(stderr, "emit: %s\n", carrynet_message());
    else if (json_dumpf(list, stdout, JSON_INDENT(1)) != 0 || printf("\n") < 0 || fflush(stdout) != 0)
        status = CARRYNET_ERROR_IO;
    json_decref(list);
    return status == CARRYNET_OK ? 0 : 1;
}
