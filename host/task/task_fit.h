/* Whether a network reads and writes as many bits a step as a task has. */
#ifndef TASK_TASK_FIT_H
#define TASK_TASK_FIT_H

#include "platform/platform.h"
#include <carrynet/task.h>

/* Whether a task has these inputs and outputs. */
bool task_fits(const carrynet_task *task, uint64_t inputs, uint64_t outputs);

/* ARGUMENT unless it has those of the network; the message names both. */
carrynet_status task_check_fit(const carrynet_task *task, uint64_t inputs, uint64_t outputs);

#endif
