/*
 * Tasks in the rows of a sweep. A row has a built-in task by name, any other as NAME:DIGEST: the first 14 characters of
 * the name and 16 hexadecimal digits of a digest over its table. Whoever reproduces the row must supply the table.
 */
#include "sweep/sweep_rows.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 16, KEPT = CARRYNET_TASK_NAME - 1 - 1 - DIGITS };

/* Of all that shapes a training. */
static uint64_t table_digest(const carrynet_task *task)
{
    const uint32_t head[] = {task->inputs, task->outputs,       task->states,
                             task->start,  task->closing_count, (uint32_t)task->constraint};
    uint64_t digest = SYS_DIGEST;
    for (size_t i = 0; i < sizeof head / sizeof head[0]; ++i)
        digest = sys_digest(digest, head[i], sizeof head[i]);
    for (uint32_t i = 0; i < task->closing_count; ++i)
        digest = sys_digest(digest, task->closing[i], 1);
    for (uint32_t q = 0; q < task->states; ++q)
        for (uint32_t a = 0; a < 1u << task->inputs; ++a)
            digest = sys_digest(sys_digest(digest, task->next[q][a], 1), task->out[q][a], 1);
    return digest;
}

void sweep_name_task(carrynet_task *task)
{
    char name[CARRYNET_TASK_NAME];
    const carrynet_task *built_in = NULL;
    const uint64_t digest = table_digest(task);
    if (carrynet_task_find(&built_in, task->name) == CARRYNET_OK && table_digest(built_in) == digest)
        return;
    (void)snprintf(name, sizeof name, "%.*s:%0*" PRIx64, (int)KEPT, task->name, (int)DIGITS, digest);
    memcpy(task->name, name, sizeof name);
}

bool sweep_find_task(carrynet_task *task, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const carrynet_task *built_in = NULL;
    const size_t name = strspn(text, plain);
    if (carrynet_task_find(&built_in, text) == CARRYNET_OK) {
        *task = *built_in;
        return true;
    }
    if (name == 0 || name > KEPT || text[name] != ':' || strlen(text) != name + 1 + DIGITS ||
        strspn(text + name + 1, "0123456789abcdef") != DIGITS)
        return false;
    /* Any table that passes for one, until the row is read. */
    *task = (carrynet_task){.inputs = 1, .outputs = 1, .states = 1};
    (void)snprintf(task->name, sizeof task->name, "%s", text);
    return true;
}

void sweep_forget_stand_in(carrynet_task *task)
{
    if (strchr(task->name, ':') != NULL)
        task->states = 0;
}

carrynet_status carrynet_sweep_supply(carrynet_sweep_row *row, const carrynet_task *task)
{
    carrynet_task named = *task;
    sweep_name_task(&named);
    if (strcmp(named.name, row->settings.task.name) != 0)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "row %" PRIu64 " is of task %s, but this table is %s", row->row,
                        row->settings.task.name, named.name);
    row->settings.task = *task;
    row->settings.shape.inputs = task->inputs;
    row->settings.shape.outputs = task->outputs;
    return carrynet_settings_check(&row->settings);
}
