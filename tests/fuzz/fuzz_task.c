/*
 * Tasks: their JSON (host/model/task_json.c, task_file.c), as a file and within a model. What is read is written and read
 * again, minimised and stepped. How: unused.
 */
#include "fuzz.h"
#include "model/task_json.h"
#include <string.h>

static const char *path;

void fuzz_prepare(void)
{
    path = fuzz_path("task");
}

void fuzz_seeds(void)
{
    for (size_t i = 0; i < carrynet_task_count(); ++i) {
        const carrynet_task *task = carrynet_task_at(i);
        char *text = NULL;
        fuzz_must(carrynet_task_text(&text, task) == CARRYNET_OK, task->name);
        fuzz_seed(task->name, 0, text, strlen(text));
        carrynet_task_text_free(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    carrynet_task task, again, minimal;
    carrynet_task_difference difference;
    char *text = NULL;
    if (size < 1)
        return 0;
    fuzz_write(path, data + 1, size - 1);
    const carrynet_status status = carrynet_task_read(&task, path);
    fuzz_answered(status);
    fuzz_must(sys_allocate(&text, size, 1) == CARRYNET_OK, "memory");
    memcpy(text, data + 1, size - 1);
    fuzz_answered(task_from_json(&again, text)); /* as a model has it: to the first zero byte, of any name */
    sys_free(text);
    if (status != CARRYNET_OK)
        return 0;
    fuzz_must(carrynet_task_text(&text, &task) == CARRYNET_OK, "what was read can be written");
    fuzz_write(path, text, strlen(text));
    fuzz_must(carrynet_task_read(&again, path) == CARRYNET_OK, "what was written can be read");
    fuzz_must(memcmp(&task, &again, sizeof task) == 0, "the same task comes back");
    carrynet_task_text_free(text);
    carrynet_task_minimise(&minimal, &task);
    fuzz_must(carrynet_task_distinguish(&difference, &task, &minimal) == CARRYNET_OK && difference.length == 0,
              "the smallest automaton answers alike");
    return 0;
}
