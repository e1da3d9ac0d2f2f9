/* Networks of other programs as models: the file's arrays, the task, the model. */
#include "base/base.h"
#include "base/environment.h"
#include "exchange/import_parts.h"
#include "file/task_json.h"
#include <stdio.h>
#include <string.h>

/* The built-in task of these sizes: add, or the only one there is. */
static carrynet_status task_by_shape(carrynet_task *task, const char *path, const import_parts *parts)
{
    base_text list = {0};
    size_t count = 0;
    const carrynet_task *found = NULL;
    for (size_t i = 0; i < carrynet_task_count(); ++i) {
        const carrynet_task *one = carrynet_task_at(i);
        if (one->inputs != parts->inputs || one->outputs != parts->outputs)
            continue;
        base_text_add(&list, "%s%s", count++ == 0 ? "" : ", ", one->name);
        if (found == NULL || strcmp(one->name, "add") == 0)
            found = one;
    }
    carrynet_status status = CARRYNET_OK;
    if (count == 1 || (count > 1 && strcmp(found->name, "add") == 0))
        *task = *found;
    else
        status = base_fail(
            CARRYNET_ERROR_ARGUMENT,
            "%s: a network of %u inputs and %u outputs: name its task, with --task; of the built-in ones it can be: "
            "%s",
            path, (unsigned)parts->inputs, (unsigned)parts->outputs,
            count == 0 || list.failed ? "none, so give a file with a table" : list.data);
    base_text_free(&list);
    return status;
}

static carrynet_status find_task(carrynet_task *task, bool *by_shape, const char *path, const foreign_file *file,
                                 const import_parts *parts, const carrynet_task *asked)
{
    *by_shape = false;
    if (asked != NULL)
        *task = *asked;
    else if (file->task != NULL) {
        const carrynet_status status = task_from_json(task, file->task);
        if (status != CARRYNET_OK)
            return base_fail(status, "%s: metadata: %s", path, carrynet_message());
    } else {
        *by_shape = true;
        return task_by_shape(task, path, parts);
    }
    if (task->inputs != parts->inputs || task->outputs != parts->outputs)
        return base_fail(CARRYNET_ERROR_ARGUMENT, "%s: the network has %u inputs and %u outputs, task %s has %u and %u",
                         path, (unsigned)parts->inputs, (unsigned)parts->outputs, task->name, task->inputs,
                         task->outputs);
    return CARRYNET_OK;
}

/* "import of NAME", what does not print as '?'. */
static void name_origin(char origin[CARRYNET_ORIGIN], const char *path)
{
    const char *slash = strrchr(path, '/');
    char quote[SAFETENSORS_QUOTE];
    (void)safetensors_quote(quote, slash != NULL ? slash + 1 : path);
    (void)snprintf(origin, CARRYNET_ORIGIN, "import of %.40s", quote);
}

carrynet_status carrynet_import(carrynet_model **model, carrynet_imported *imported, const char *path,
                                const carrynet_import_options *options)
{
    carrynet_imported unasked = {0};
    carrynet_imported *const about = imported != NULL ? imported : &unasked;
    carrynet_model *made = NULL;
    carrynet_settings settings;
    carrynet_task task;
    foreign_file file;
    import_parts parts;
    const fenv_t environment = base_enter_arithmetic();
    *model = NULL;
    *about = (carrynet_imported){0};
    carrynet_status status = foreign_read(&file, path);
    if (status == CARRYNET_OK)
        status = import_find(&parts, path, &file, options->cell);
    if (status == CARRYNET_OK)
        status = find_task(&task, &about->task_by_shape, path, &file, &parts, options->task);
    if (status != CARRYNET_OK)
        goto done;
    const bool tanh_cell = parts.cell == CARRYNET_CELL_TANH;
    about->names = parts.names;
    about->cell = parts.cell;
    about->precision = parts.narrow;
    carrynet_settings_init(&settings, &task);
    settings.shape.hidden = (uint32_t)parts.hidden;
    settings.shape.bias = tanh_cell || parts.arrays[CARRYNET_B_H] != NULL || parts.arrays[CARRYNET_B_Y] != NULL;
    settings.shape.initial_state = tanh_cell || parts.arrays[CARRYNET_H_0] != NULL;
    settings.precision = options->precision != 0 ? options->precision : parts.wide;
    settings.networks = (uint32_t)parts.networks;
    settings.updates = 0;
    settings.until_exact = false;
    if (options->steps != 0)
        settings.steps = options->steps;
    name_origin(settings.origin, path);
    status = carrynet_model_create(&made, &settings);
    if (status == CARRYNET_OK)
        status = import_values(made, about, path, &parts);
    if (status == CARRYNET_OK) {
        *model = made;
        made = NULL;
    }
done:
    carrynet_model_free(made);
    foreign_free(&file);
    return base_leave_arithmetic(&environment, status);
}
