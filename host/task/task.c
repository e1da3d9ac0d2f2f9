/* Bit automata: validation, one step, and whether a network fits. built_in_tasks.c has the built-in tables. */
#include "platform/platform.h"
#include "task/task_fit.h"
#include <carrynet/task.h>
#include <string.h>

carrynet_status carrynet_task_check(const carrynet_task *task)
{
    if (memchr(task->name, '\0', sizeof task->name) == NULL || task->name[0] == '\0')
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "task: the name must have 1 to %d characters", CARRYNET_TASK_NAME - 1);
    for (const char *c = task->name; *c != '\0'; ++c)
        if (*c < ' ' || *c > '~')
            return sys_fail(CARRYNET_ERROR_ARGUMENT, "task: the name must be printable ASCII");
    if (task->sign != '\0' && (task->sign <= ' ' || task->sign > '~' || (task->sign >= '0' && task->sign <= '9')))
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "task %s: the sign must be a printable ASCII character, no digit",
                        task->name);
    if (task->inputs < 1 || task->inputs > CARRYNET_TASK_INPUTS)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "task %s: inputs is %u, must be 1 to %d", task->name, task->inputs,
                        CARRYNET_TASK_INPUTS);
    if (task->outputs < 1 || task->outputs > CARRYNET_TASK_OUTPUTS)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "task %s: outputs is %u, must be 1 to %d", task->name, task->outputs,
                        CARRYNET_TASK_OUTPUTS);
    if (task->states < 1 || task->states > CARRYNET_TASK_STATES)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "task %s: states is %u, must be 1 to %d", task->name, task->states,
                        CARRYNET_TASK_STATES);
    if (task->start >= task->states)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "task %s: start is %u, but there are %u states", task->name,
                        task->start, task->states);
    if (task->closing_count > CARRYNET_TASK_CLOSING)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "task %s: %u closing symbols, at most %d", task->name,
                        task->closing_count, CARRYNET_TASK_CLOSING);
    const uint32_t symbols = 1u << task->inputs;
    for (uint32_t i = 0; i < task->closing_count; ++i)
        if (task->closing[i] >= symbols)
            return sys_fail(CARRYNET_ERROR_ARGUMENT, "task %s: closing symbol %u is not below %u", task->name,
                            task->closing[i], symbols);
    if (task->constraint != CARRYNET_CONSTRAINT_NONE &&
        (task->constraint != CARRYNET_CONSTRAINT_NOT_LESS || task->inputs < 2))
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "task %s: constraint %d is unknown or needs two operands", task->name,
                        (int)task->constraint);
    for (uint32_t q = 0; q < task->states; ++q)
        for (uint32_t a = 0; a < symbols; ++a)
            if (task->next[q][a] >= task->states || task->out[q][a] >= 1u << task->outputs)
                return sys_fail(CARRYNET_ERROR_ARGUMENT, "task %s: state %u, symbol %u: next or output out of range",
                                task->name, q, a);
    return CARRYNET_OK;
}

uint32_t carrynet_task_step(const carrynet_task *task, uint32_t *state, uint32_t symbol)
{
    const uint32_t out = task->out[*state][symbol];
    *state = task->next[*state][symbol];
    return out;
}

bool task_fits(const carrynet_task *task, uint64_t inputs, uint64_t outputs)
{
    return task->inputs == inputs && task->outputs == outputs;
}

carrynet_status task_check_fit(const carrynet_task *task, uint64_t inputs, uint64_t outputs)
{
    if (task_fits(task, inputs, outputs))
        return CARRYNET_OK;
    return sys_fail(CARRYNET_ERROR_ARGUMENT, "the network has %llu inputs and %llu outputs, task %s has %u and %u",
                    (unsigned long long)inputs, (unsigned long long)outputs, task->name, task->inputs, task->outputs);
}
