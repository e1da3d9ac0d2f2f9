/*
 * carrynet run MODEL 93 38: prints the network's answer and nothing else. Without numbers it answers lines of standard
 * input, in groups as they arrive, so that a program connected by two pipes gets each answer at once.
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/problem_text.h"
#include "cli/saved_network.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH = 4096,              /* most problems of one pass */
    BATCH_DIGITS = 1024 * 1024 /* and most characters of their lines together: the padded batch is some times that */
};

/* Problems that wait for an answer: operands [count][inputs] point into the buffer of lines. */
typedef struct waiting_problems {
    const char *operands[BATCH * CARRYNET_TASK_INPUTS];
    size_t count;
    size_t longest; /* characters of the longest line */
} waiting_problems;

static int answer(saved_network *saved, waiting_problems *waiting)
{
    char **answers = NULL;
    if (waiting->count == 0)
        return EXIT_CODE_DONE;
    const carrynet_status status =
        carrynet_solve(&answers, saved->engine, &saved->settings->task, 0, waiting->operands, waiting->count);
    if (status != CARRYNET_OK)
        return console_status(status);
    for (size_t i = 0; i < waiting->count; ++i)
        (void)printf("%s\n", answers[i]);
    carrynet_answers_free(answers, waiting->count);
    waiting->count = 0;
    waiting->longest = 0;
    return fflush(stdout) == 0 ? EXIT_CODE_DONE : EXIT_CODE_FILE;
}

/* One line, without its end: queued, or answered with a message. Returns a code that ends the command, or DONE. */
static int take_line(saved_network *saved, waiting_problems *waiting, char *line, size_t length, uint64_t number,
                     bool *bad)
{
    const carrynet_task *task = &saved->settings->task;
    const char *operands[CARRYNET_TASK_INPUTS];
    char why[512];
    int code = EXIT_CODE_DONE;
    if (line[strspn(line, " \t\r")] == '\0' && strlen(line) == length)
        return EXIT_CODE_DONE; /* an empty line asks nothing */
    if (memchr(line, '\0', length) != NULL)
        (void)snprintf(why, sizeof why, "has a zero byte; is this a text file?");
    if (memchr(line, '\0', length) != NULL || !problem_read(operands, task, line, why, sizeof why)) {
        code = answer(saved, waiting); /* first, so that messages and answers keep their order */
        console_error("line %llu: %s", (unsigned long long)number, why);
        *bad = true;
        return code;
    }
    /* A pass pads every problem to its longest. */
    const size_t longest = length > waiting->longest ? length : waiting->longest;
    if (waiting->count == BATCH || (waiting->count > 0 && longest * (waiting->count + 1) > BATCH_DIGITS))
        code = answer(saved, waiting);
    waiting->longest = length > waiting->longest ? length : waiting->longest;
    for (uint32_t i = 0; i < task->inputs; ++i)
        waiting->operands[waiting->count * task->inputs + i] = operands[i];
    ++waiting->count;
    return code;
}

static int answer_lines(saved_network *saved)
{
    size_t capacity = 65536, held = 0;
    uint64_t number = 0;
    bool bad = false, ended = false;
    int code = EXIT_CODE_DONE;
    char *lines = malloc(capacity + 1), example[64];
    waiting_problems *queue = calloc(1, sizeof *queue);
    if (lines == NULL || queue == NULL) {
        code = console_status(sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory to read lines"));
        goto done;
    }
    problem_example(example, sizeof example, &saved->settings->task, saved->settings->steps, true);
    if (console_is_terminal(stdin))
        console_note("A problem a line, such as %s; Ctrl-D ends.", example);
    while (!ended && code == EXIT_CODE_DONE) {
        if (held == capacity) { /* one line fills the buffer */
            char *more = capacity > SIZE_MAX / 4 ? NULL : realloc(lines, 2 * capacity + 1);
            if (more == NULL) {
                code = console_status(sys_fail(CARRYNET_ERROR_MEMORY, "line %llu is too long for this machine's memory",
                                               (unsigned long long)number + 1));
                goto done;
            }
            lines = more;
            capacity *= 2;
        }
        const ssize_t got = read(STDIN_FILENO, lines + held, capacity - held);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            code = console_status(sys_fail(CARRYNET_ERROR_IO, "cannot read standard input: %s", strerror(errno)));
            goto done;
        }
        ended = got == 0;
        held += (size_t)got;
        size_t start = 0;
        for (char *end; code == EXIT_CODE_DONE && start < held; start = (size_t)(end - lines) + 1) {
            end = memchr(lines + start, '\n', held - start);
            if (end == NULL && !ended)
                break;
            if (end == NULL)
                end = lines + held;
            *end = '\0';
            code = take_line(saved, queue, lines + start, (size_t)(end - (lines + start)), ++number, &bad);
        }
        if (code == EXIT_CODE_DONE)
            code = answer(saved, queue); /* before the buffer moves */
        held = start < held ? held - start : 0;
        memmove(lines, lines + start, held);
    }
    if (code == EXIT_CODE_DONE && bad)
        code = EXIT_CODE_USAGE;
done:
    free(lines);
    free(queue);
    return code;
}

static int answer_operands(saved_network *saved, const cli_arguments *arguments)
{
    const carrynet_task *task = &saved->settings->task;
    const char *operands[CARRYNET_TASK_INPUTS];
    char why[512], **answers = NULL;
    sys_text line = {0};
    int code = EXIT_CODE_DONE;
    /* Joined, so that 93 38, 93 + 38 and "93 + 38" are the same. */
    for (size_t i = 1; i < arguments->operand_count; ++i)
        sys_text_add(&line, "%s%s", i == 1 ? "" : " ", arguments->operands[i]);
    if (line.failed) {
        code = console_status(sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory for the numbers"));
        goto done;
    }
    if (!problem_read(operands, task, line.data, why, sizeof why)) {
        code = arguments_wrong(arguments, "%s", why);
        goto done;
    }
    const carrynet_status status = carrynet_solve(&answers, saved->engine, task, 0, operands, 1);
    if (status != CARRYNET_OK) {
        code = console_status(status);
        goto done;
    }
    (void)printf("%s\n", answers[0]);
    carrynet_answers_free(answers, 1);
done:
    sys_text_free(&line);
    return code;
}

static cli_value net;

const cli_option run_options[] = {
    {OPT_ONE_NET(&net)},
    {.include = host_device_options},
    {0},
};

int command_run(const cli_arguments *arguments)
{
    saved_network saved;
    sys_stream stream;
    int code;
    if (arguments->operand_count == 1 && sys_find_stream(&stream, arguments->operands[0]) == CARRYNET_OK &&
        stream.input)
        return arguments_wrong(arguments, "the model is standard input, so that no problems can come from there; write "
                                          "the numbers behind it");
    /* The host backend starts in no time, and its answers are those of every device. */
    if (saved_network_open(&saved, arguments, &net, "host", &code))
        code = arguments->operand_count > 1 ? answer_operands(&saved, arguments) : answer_lines(&saved);
    saved_network_close(&saved);
    return code;
}
