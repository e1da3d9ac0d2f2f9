/*
 * Imports another program's network as a model: finds the arrays of the file, chooses the task and creates the model.
 */
#include "exchange/import_parts.h"
#include "model/task_json.h"
#include "platform/environment.h"
#include "platform/platform.h"
#include "task/task_fit.h"
#include <stdio.h>
#include <string.h>

/* The built-in task of these sizes: add, or the only one there is; NULL with the names of several, or none, in *list. */
static const carrynet_task *built_in_task(sys_text *list, uint64_t inputs, uint64_t outputs)
{
    const carrynet_task *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < carrynet_task_count(); ++i) {
        const carrynet_task *one = carrynet_task_at(i);
        if (!task_fits(one, inputs, outputs))
            continue;
        sys_text_add(list, "%s%s", list->size > 0 ? ", " : "", one->name);
        if (count++ == 0 || strcmp(one->name, "add") == 0)
            found = one;
    }
    return count == 1 || (count > 1 && strcmp(found->name, "add") == 0) ? found : NULL;
}

/* By the sizes; a head of two outputs can be of two classes. */
static carrynet_status task_by_shape(carrynet_task *task, const char *path, import_parts *parts)
{
    sys_text list = {0};
    carrynet_status status = CARRYNET_OK;
    const carrynet_task *found = built_in_task(&list, parts->inputs, parts->outputs);
    if (found == NULL && list.size == 0 && parts->outputs == 2) {
        found = built_in_task(&list, parts->inputs, 1);
        parts->two_logits = found != NULL;
    }
    if (list.failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "%s: no memory for the names of tasks", path);
    else if (found != NULL)
        *task = *found;
    else
        status = sys_fail(
            CARRYNET_ERROR_ARGUMENT,
            "%s: a network of %u inputs and %u outputs: name its task, with --task; of the built-in ones it can be: "
            "%s%s",
            path, (unsigned)parts->inputs, (unsigned)parts->outputs,
            list.size == 0 ? "none, so give a file with a table" : list.data,
            list.size == 0 ? "; a table of two outputs means two bits, one of one output a bit of two logits" : "");
    sys_text_free(&list);
    return status;
}

static carrynet_status find_task(carrynet_task *task, bool *by_shape, const char *path, const foreign_file *file,
                                 import_parts *parts, const carrynet_task *asked)
{
    *by_shape = false;
    if (asked != NULL)
        *task = *asked;
    else if (file->task != NULL) {
        const carrynet_status status = task_from_json(task, file->task);
        if (status != CARRYNET_OK)
            return sys_fail(status, "%s: metadata: %s", path, carrynet_message());
    } else {
        *by_shape = true;
        return task_by_shape(task, path, parts);
    }
    /* Two classes for a bit. */
    parts->two_logits = task->outputs == 1 && parts->outputs == 2;
    if (task_check_fit(task, parts->inputs, parts->two_logits ? 1 : parts->outputs) != CARRYNET_OK)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "%s: %s%s", path, carrynet_message(),
                        parts->outputs == 2 * task->outputs
                            ? "; of two classes for each of several bits no file says which belong together: save a "
                              "head with the differences of their weights and biases"
                            : "");
    return CARRYNET_OK;
}

/* The arrays that were passed over, the first of them by name. */
static void name_passed_over(char text[CARRYNET_IMPORT_TEXT], const foreign_file *file, const import_parts *parts)
{
    enum { MOST = 3 }; /* names that fit */
    char quote[SAFETENSORS_QUOTE];
    size_t count = 0, length = 0;
    for (size_t i = 0; i < file->count; ++i)
        if (parts->uses[i] == IMPORT_PASSED_OVER && count++ < MOST)
            length += (size_t)snprintf(text + length, CARRYNET_IMPORT_TEXT - length, "%s%s", length > 0 ? ", " : "",
                                       safetensors_quote(quote, file->arrays[i].name));
    if (count > MOST)
        (void)snprintf(text + length, CARRYNET_IMPORT_TEXT - length, ", and %zu more", count - MOST);
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
    const fenv_t environment = sys_enter_arithmetic();
    *model = NULL;
    *about = (carrynet_imported){0};
    parts = (import_parts){.cell = options->cell};
    carrynet_status status = foreign_read(&file, path);
    if (status == CARRYNET_OK)
        status = import_find(&parts, path, &file, options->map);
    if (status == CARRYNET_OK)
        status = import_check_types(&parts, path);
    if (status == CARRYNET_OK)
        status = import_shapes(&parts, path, false);
    if (status == CARRYNET_OK)
        status = import_check_values(&parts, path);
    if (status == CARRYNET_OK && parts.cell == CARRYNET_CELL_UNSAID)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT,
                          "%s: no file says what its cell computes; name it, with --cell tanh (what nn.RNN has without "
                          "more) or --cell sigmoid; nonlinearity='relu' cannot be imported",
                          path);
    if (status == CARRYNET_OK)
        status = find_task(&task, &about->task_by_shape, path, &file, &parts, options->task);
    if (status != CARRYNET_OK)
        goto done;
    const bool tanh_cell = parts.cell == CARRYNET_CELL_TANH;
    about->names = parts.names;
    about->cell = parts.cell;
    about->cell_by_names = parts.cell_by_names;
    about->cell_guessed = parts.cell_guessed;
    about->precision = parts.narrow;
    about->transposed = parts.turned[CARRYNET_W_XH];
    about->turned_by_shape = parts.turned_by_shape;
    about->either = parts.either;
    about->two_logits = parts.two_logits;
    name_passed_over(about->passed_over, &file, &parts);
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
    sys_free(parts.uses);
    carrynet_model_free(made);
    foreign_free(&file);
    return sys_leave_arithmetic(&environment, status);
}
