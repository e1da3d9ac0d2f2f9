/* The parts of a network that the writers of all formats read: its values, and its task in words. */
#include "exchange/exports.h"
#include "model/value.h"
#include "task/task_fit.h"
#include <stdio.h>
#include <string.h>

double exported_value(const exported *net, const carrynet_tensor *tensor, size_t i)
{
    return net_value(net->values, net->settings->precision, tensor->offset + i);
}

void exported_meaning(sys_text *text, const exported *net)
{
    const carrynet_task *task = &net->settings->task, *known = NULL;
    carrynet_task_difference difference;
    char name[CARRYNET_TASK_NAME];
    for (size_t i = 0; i < carrynet_task_count(); ++i) {
        known = carrynet_task_at(i);
        if (strcmp(task->name, known->name) != 0 || !task_fits(task, known->inputs, known->outputs))
            continue;
        const carrynet_status status = carrynet_task_distinguish(&difference, task, known);
        if (status == CARRYNET_ERROR_MEMORY)
            text->failed = 1;
        if (status == CARRYNET_OK && difference.length == 0) {
            sys_text_add(text, "%s (task %s)", carrynet_task_meaning(i), task->name);
            return;
        }
    }
    /* A name may have any printable character, a comment's end too. */
    (void)snprintf(name, sizeof name, "%s", task->name);
    for (char *c = name; *c != '\0'; ++c)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -_.,+", *c) == NULL)
            *c = '?';
    sys_text_add(text, "task %s", name);
}

void exported_closing(sys_text *text, const exported *net)
{
    const carrynet_task *task = &net->settings->task;
    if (task->closing_count == 0)
        return;
    sys_text_add(text, "After the highest bits of the operands: ");
    for (uint32_t i = 0; i < task->closing_count; ++i)
        sys_text_add(text, "%sone step with symbol %u", i == 0 ? "" : ", ", task->closing[i]);
    sys_text_add(text, ".");
}
