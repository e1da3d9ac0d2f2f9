/*
 * The program: finds the command and runs it. Only the files of this folder print, and only main returns to the shell:
 * 0 done, 1 a check failed, 2 usage, 3 device, 4 file, 5 not reached; 129, 130 and 143 after a signal.
 */
#include "cli/console.h"
#include "cli/drivers.h"
#include "cli/job.h"
#include "cli/job_ranks.h"
#include "cli/options.h"
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A stream that was closed stays unusable, but no file that is opened later may come to stand in its place. */
static void hold_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream)
        if (fcntl(stream, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY); /* the lowest that is free: this */
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        help_program(stderr, command_table, command_table_size);
        return EXIT_CODE_USAGE;
    }
    if (is_one_of(argv[1], "--help", "-h")) {
        help_program(stdout, command_table, command_table_size);
        return console_finish(EXIT_CODE_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        help_version(stdout);
        return console_finish(EXIT_CODE_DONE);
    }
    if (argv[1][0] == '-') {
        console_error("the command comes first, then its options: carrynet train %.64s", argv[1]);
        return EXIT_CODE_USAGE;
    }
    const cli_command *command = command_find(argv[1]);
    if (command == NULL)
        return EXIT_CODE_USAGE;
    int code = EXIT_CODE_DONE;
    if (!job_same_command(command->name, &code))
        return code;
    if (job_ranks() != NULL && !command->on_ranks) {
        console_error("carrynet %s runs in one process: start it without mpirun", command->name);
        return EXIT_CODE_USAGE;
    }
    cli_arguments arguments;
    if (arguments_read(&arguments, command, argc - 1, argv + 1, &code))
        code = command->run(&arguments);
    arguments_free(&arguments);
    return console_finish(code);
}

int main(int argc, char **argv)
{
    int code;
    hold_streams();
    (void)fesetenv(FE_DFL_ENV); /* a library that was linked or loaded in may have set another */
    /* Only the encoding of the terminal is the user's: numbers are written and read the same everywhere. */
    (void)setlocale(LC_CTYPE, "");
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, as some parents have it, no process could be waited for */
#ifdef SIGXFSZ
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of writing, which is told */
#endif
    const bool briefly = argc >= 2 && (is_one_of(argv[1], "--help", "-h") || is_one_of(argv[1], "--version", "help"));
    if (!job_join(briefly, &code))
        return code;
    job_prepare(); /* the threads of this rank */
    code = run(argc, argv);
    if (code == EXIT_CODE_DEVICE)
        drivers_explain();
    drivers_leave();
    return job_leave(code);
}
