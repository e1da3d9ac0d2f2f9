/* A task's table as one line of JSON, as model files hold it (format in task_json.c). */
#ifndef MODEL_TASK_JSON_H
#define MODEL_TASK_JSON_H

#include "platform/platform.h"
#include <carrynet/task.h>

/*
 * Writes the table as compact JSON to *text; free with sys_free. MEMORY; ARGUMENT for a name that a file cannot hold.
 */
carrynet_status task_to_json(char **text, const carrynet_task *task);

/* Reads a table and checks everything. FORMAT, naming the field; MEMORY. */
carrynet_status task_from_json(carrynet_task *task, const char *text);

#endif
