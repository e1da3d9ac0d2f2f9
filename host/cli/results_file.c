/*
 * The results file: its name ends in .csv, which determines the name of the file of seconds (results.times.csv).
 * Neither file ever replaces one that existed before.
 */
#include "cli/results_file.h"
#include "cli/console.h"
#include "cli/job_ranks.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ENDING[] = ".csv", TIMES[] = ".times.csv";

static bool ends_in(const char *path, const char *ending)
{
    const size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

int results_file_exists(const cli_arguments *arguments, const char *path)
{
    const bool can_go_on = strcmp(arguments->command->name, "sweep") == 0 && !ends_in(path, TIMES);
    return arguments_wrong(arguments, "%s is there already; %schoose another -o, or remove it", path,
                           can_go_on ? "--resume goes on with it, or " : "");
}

bool results_file_fits(const cli_arguments *arguments, const char *path, results_use use, int *code)
{
    struct stat about;
    sys_text times = {0};
    carrynet_status status = CARRYNET_OK;
    bool fits = false;
    if (sys_is_stream(path)) {
        *code = arguments_wrong(arguments,
                                "-o is %.200s, but the table is written with NAME.times.csv beside it: name a file "
                                "NAME.csv",
                                path);
        goto done;
    }
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
        status = job_writable(path);
        goto done;
    }
    if (!ends_in(path, ENDING) || ends_in(path, TIMES)) {
        *code =
            arguments_wrong(arguments, "-o is '%.200s', but must be NAME.csv; NAME.times.csv is for the seconds", path);
        goto done;
    }
    sys_text_add(&times, "%.*s%s", (int)(strlen(path) - strlen(ENDING)), path, TIMES);
    if (times.failed) {
        status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for a file name");
        goto done;
    }
    if (use == RESULTS_NEW && (access(path, F_OK) == 0 || access(times.data, F_OK) == 0)) {
        *code = results_file_exists(arguments, access(path, F_OK) == 0 ? path : times.data);
        goto done;
    }
    if (use != RESULTS_NONE)
        status = job_writable(path);
    if (use != RESULTS_NONE && status == CARRYNET_OK)
        status = job_writable(times.data);
    fits = status == CARRYNET_OK;
done:
    if (status != CARRYNET_OK)
        *code = console_status(status);
    sys_text_free(&times);
    return fits;
}
