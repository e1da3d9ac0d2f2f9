/*
 * Operands: the lines that `carrynet run MODEL` reads from its standard input (host/cli/command_run.c, problem_text.c),
 * and decimal numbers to symbols and back (host/task/operands.c). How: the task.
 */
#include "cli/console.h"
#include "cli/options.h"
#include "fuzz.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *models[3], *lines;
static const char *const tasks[] = {"add", "sub", "parity"};

void fuzz_prepare(void)
{
    lines = fuzz_path("lines");
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; ++i) {
        carrynet_model *model = fuzz_model(tasks[i], 2, 1, true, i == 1 ? CARRYNET_FP64 : CARRYNET_FP32);
        models[i] = fuzz_path(tasks[i]);
        fuzz_must(carrynet_model_save(model, models[i]) == CARRYNET_OK, "a model");
        carrynet_model_free(model);
    }
}

void fuzz_seeds(void)
{
    static const char *const texts[] = {
        "93 + 38\n93 38\n\n 1\t2 \r\n0 0\n18446744073709551616+340282366920938463463374607431768211455\n007 + 1",
        "93 - 38\n5 - 7\n9 9\n", "7\n123456789012345678901234567890\nx\n"};
    for (uint8_t i = 0; i < 3; ++i)
        fuzz_seed(tasks[i], i, texts[i], strlen(texts[i]));
}

static void answer_lines(size_t which, const uint8_t *bytes, size_t size)
{
    char name[] = "run", *model = (char *)(uintptr_t)models[which];
    char *words[] = {name, model, NULL};
    cli_arguments arguments;
    int code = -1;
    fuzz_write(lines, bytes, size);
    const int file = open(lines, O_RDONLY | O_CLOEXEC);
    fuzz_must(file >= 0 && dup2(file, STDIN_FILENO) == STDIN_FILENO && close(file) == 0, "standard input");
    if (arguments_read(&arguments, command_find(name), 2, words, &code))
        code = command_run(&arguments);
    arguments_free(&arguments);
    fuzz_must(code == EXIT_CODE_DONE || code == EXIT_CODE_USAGE, "answered, or a line was wrong");
}

/* The text as an operand: what is read is what it says. */
static void there_and_back(const char *text)
{
    const carrynet_task *task = carrynet_task_at(0);
    const char *const operands[CARRYNET_TASK_INPUTS] = {text, "1", "1", "1"};
    uint32_t *symbols = NULL;
    size_t steps = 0;
    char *decimal = NULL;
    const carrynet_status status = carrynet_operands_pack(&symbols, &steps, task, operands, 1);
    fuzz_answered(status);
    if (status != CARRYNET_OK)
        return;
    fuzz_must(carrynet_operand_unpack(&decimal, symbols, task->inputs, 0, steps) == CARRYNET_OK, "a number");
    text += text[0] == '+' ? 1 : 0;
    text += strspn(text, "0");
    fuzz_must(strcmp(decimal, text[0] == '\0' ? "0" : text) == 0, "the same number comes back");
    carrynet_decimal_free(decimal);
    carrynet_operands_free(symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = NULL;
    if (size < 1)
        return 0;
    answer_lines(data[0] % (sizeof tasks / sizeof tasks[0]), data + 1, size - 1);
    fuzz_must(sys_allocate(&text, size, 1) == CARRYNET_OK, "memory");
    memcpy(text, data + 1, size - 1);
    text[strcspn(text, " \n")] = '\0';
    there_and_back(text);
    sys_free(text);
    return 0;
}
