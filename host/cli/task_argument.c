/* A task on the command line: the name of a built-in task, else a file. */
#include "cli/console.h"
#include "cli/options.h"
#include <string.h>
#include <unistd.h>

enum { NAMES_MOST = 64 };

bool task_from_word(carrynet_task *task, const cli_arguments *arguments, const char *what, const char *word, int *code)
{
    const char *names[NAMES_MOST];
    const carrynet_task *built_in;
    sys_text list = {0};
    size_t count = 0;
    for (; count < NAMES_MOST && (built_in = carrynet_task_at(count)) != NULL; ++count) {
        if (strcmp(built_in->name, word) == 0) {
            *task = *built_in;
            sys_text_free(&list);
            *code = EXIT_CODE_DONE;
            return true;
        }
        names[count] = built_in->name;
        sys_text_add(&list, "%s%s", count == 0 ? "" : ", ", built_in->name);
    }
    /* What can be no name was meant as a file, so that its absence is the file's error. */
    if (access(word, F_OK) == 0 || strpbrk(word, "./") != NULL) {
        const carrynet_status status = carrynet_task_read(task, word);
        *code = status == CARRYNET_OK ? EXIT_CODE_DONE : console_status(status);
    } else {
        const char *near = console_nearest(word, names, count);
        *code = arguments_wrong(arguments,
                                "%s is '%.64s', which is neither a built-in task nor a file%s%s%s It can be: %s; or a "
                                "file, which begins as the output of `carrynet task add --json`",
                                what, word, near != NULL ? "; did you mean '" : ".", near != NULL ? near : "",
                                near != NULL ? "'?" : "", list.failed ? names[0] : list.data);
    }
    sys_text_free(&list);
    return *code == EXIT_CODE_DONE;
}
