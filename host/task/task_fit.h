/* Whether a network reads and writes as many bits per step as a task. */
#ifndef TASK_TASK_FIT_H
#define TASK_TASK_FIT_H

#include "platform/platform.h"
#include <carrynet/task.h>

/* Whether a task has so many inputs and outputs. */
bool task_fits(const carrynet_task *task, uint64_t inputs, uint64_t outputs);

/* ARGUMENT unless the task has the network's inputs and outputs; the message names both. */
carrynet_status task_check_fit(const carrynet_task *task, uint64_t inputs, uint64_t outputs);

#endif
