/*
 * Commands and their options. Each command has an array of options next to the code that reads them, which includes
 * arrays shared by several commands, and a row in command_table.c. getopt_long, --help, the near matches, the ranges in
 * messages, the man pages and the completions (docgen/) all use both.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "platform/platform.h"
#include <carrynet/carrynet.h>
#include <carrynet/fields.h>
#include <stdbool.h>
#include <stdio.h>

typedef enum option_kind {
    OPTION_FLAG = 0,    /* no value */
    OPTION_COUNT,       /* a whole number from least to most */
    OPTION_REAL,        /* a number from least_real to most_real */
    OPTION_NAME,        /* one of a list of names */
    OPTION_COUNTS,      /* whole numbers from least to most, separated by commas */
    OPTION_REALS,       /* numbers from least_real to most_real likewise, or LO..HI */
    OPTION_NAMES,       /* several of a list of names likewise */
    OPTION_TEXT,        /* any value that is not empty; so are those below */
    OPTION_TASK,        /* a built-in task, or a file that is read */
    OPTION_READ,        /* a file that is read */
    OPTION_WRITE,       /* a file that is written, */
    OPTION_WRITE_BINARY /* which is binary, not for a terminal */
} option_kind;

/* The value of an option. */
typedef struct cli_value {
    bool given;
    const char *text;
    uint64_t count; /* for lists too: number of values */
    double real;
    size_t name;    /* index in the names */
    uint64_t *list; /* [count] numbers, or indices in the names */
    double *reals;  /* [count] */
    bool range;     /* LO..HI: both ends are in reals */
} cli_value;

/*
 * One option; or, with `include`, the options of another array; or, with `fields`, all settings under that heading
 * (carrynet/fields.h) for which the command has no row of its own. Arrays end with {0}.
 */
typedef struct cli_option {
    const char *heading; /* in --help; NULL: as the row before */
    const char *name;    /* without its dashes */
    char letter;         /* of the short form, or 0 */
    option_kind kind;
    const char *argument; /* name of the value in --help */
    uint64_t least, most;
    double least_real, most_real;
    bool below;                    /* most_real itself is excluded */
    const char *const *names;      /* allowed names, ended by NULL; */
    const char *(*choice)(size_t); /* or this function gives them, NULL after the last */
    const char *(*offer)(size_t);  /* names that completion offers; the option accepts more */
    const char *meaning;
    const char *fallback;     /* the default in words, */
    uint64_t (*preset)(void); /* or the number that does */
    const char *no_stream;    /* why the file cannot be standard output */
    const char *fills_output; /* why with this flag no file can be */
    bool (*is_text)(void);    /* whether OPTION_WRITE_BINARY writes text this time */

    /* Destination of the value: one of these, else the settings (settings_options.h). */
    bool *flag;
    const char **text;
    cli_value *value;

    /* Key of the setting that the option sets; members not set above are taken from that field. */
    const char *field;
    const carrynet_field *of; /* the field, found */

    const struct cli_option *include;
    const char *fields;
    bool of_rows; /* only the fields that the rows of a sweep have */
} cli_option;

/* Options shared by many commands. */
#define OPT_OUTPUT(to, word, means, otherwise)                                                                         \
    .heading = "Output", .name = "output", .letter = 'o', .kind = OPTION_WRITE, .argument = (word),                    \
    .meaning = (means), .fallback = (otherwise), .text = (to)
#define OPT_OUTPUT_BINARY(to, means, otherwise)                                                                        \
    .heading = "Output", .name = "output", .letter = 'o', .kind = OPTION_WRITE_BINARY, .argument = "FILE",             \
    .meaning = (means), .fallback = (otherwise), .text = (to)
#define OPT_QUIET(to)                                                                                                  \
    .heading = "Output", .name = "quiet", .letter = 'q', .meaning = "say only how it ended", .flag = (to)
#define OPT_JSON_MEANING(to, means)                                                                                    \
    .heading = "Output", .name = "json", .meaning = (means), .flag = (to),                                             \
    .fills_output = "the JSON of --json goes there; name a file"
#define OPT_JSON(to) OPT_JSON_MEANING(to, "the result as JSON on standard output")
#define OPT_NET(under, to, means, otherwise)                                                                           \
    .heading = (under), .name = "net", .kind = OPTION_COUNT, .argument = "I", .most = 16777215, .meaning = (means),    \
    .fallback = (otherwise), .value = (to)
#define OPT_ONE_NET(to) OPT_NET("The network", to, "network I of the file, counted from 0", "0")
#define OPT_TASK_OF_MODEL(under, to, otherwise)                                                                        \
    .heading = (under), .name = "task", .kind = OPTION_TASK, .argument = "T|FILE",                                     \
    .meaning = "what the network has to do: a built-in task, or a file as `carrynet task add --json` prints",          \
    .fallback = (otherwise), .text = (to)

typedef struct cli_command cli_command;

/* The option with that index, with heading, name, range, ... filled in; --help comes last. False after the last. */
bool option_at(cli_option *row, const cli_command *command, size_t index);

/* The names that an option accepts, or that completion offers; NULL after the last. */
const char *option_name(const cli_option *row, size_t index);

/* A parsed command line, without the values of the options. */
typedef struct cli_arguments {
    const cli_command *command;
    char **operands;
    size_t operand_count;
} cli_arguments;

struct cli_command {
    const char *name;
    const char *operands;                       /* as in the usage line, or "" */
    const char *output;                         /* the option -o as in the usage line, if it is required */
    size_t least, most;                         /* least and most number of operands */
    size_t files;                               /* number of leading operands, at most, that name files */
    const char *missing;                        /* message if there are fewer */
    const char *(*offer)(size_t index);         /* names that completion offers for the first; NULL after the last */
    const char *summary;                        /* its line in the list of commands */
    const char *text;                           /* first text of its --help */
    const char *const *example;                 /* example command lines, NULL after the last */
    const cli_option *options;                  /* {0} after the last; or NULL */
    int (*run)(const cli_arguments *arguments); /* returns the exit code */
    bool on_ranks;                              /* may run in several processes, as an MPI launcher starts them */
};

extern const cli_command command_table[];
extern const size_t command_table_size;

/* The entry function of each command, and its options. */
int command_train(const cli_arguments *arguments);
int command_sweep(const cli_arguments *arguments);
int command_merge(const cli_arguments *arguments);
int command_reproduce(const cli_arguments *arguments);
int command_eval(const cli_arguments *arguments);
int command_run(const cli_arguments *arguments);
int command_show(const cli_arguments *arguments);
int command_replay(const cli_arguments *arguments);
int command_devices(const cli_arguments *arguments);
int command_doctor(const cli_arguments *arguments);
int command_bench(const cli_arguments *arguments);
int command_plot(const cli_arguments *arguments);
int command_task(const cli_arguments *arguments);
int command_prove(const cli_arguments *arguments);
int command_verify(const cli_arguments *arguments);
int command_import(const cli_arguments *arguments);
int command_states(const cli_arguments *arguments);
int command_export(const cli_arguments *arguments);
int command_report(const cli_arguments *arguments);
int command_compare(const cli_arguments *arguments);
int command_demo(const cli_arguments *arguments);
extern const cli_option train_options[], sweep_options[], merge_options[], reproduce_options[], eval_options[],
    run_options[], show_options[], replay_options[], devices_options[], doctor_options[], bench_options[],
    plot_options[], task_options[], prove_options[], verify_options[], import_options[], states_options[],
    export_options[], report_options[], compare_options[], demo_options[];

/* Names that completion offers as operands. */
const char *replay_offer(size_t index);

/* The command of that name; NULL, after a message with the list and a near match, if there is none. */
const cli_command *command_find(const char *name);

/*
 * Parses argv [argc], the words after the program's name, the first being the command's. Returns true if they are
 * valid. Returns false, with *code set, if they are not (after a message) or if --help was asked for and printed. Call
 * arguments_free in both cases: it restores the values of all options of the command.
 */
bool arguments_read(cli_arguments *arguments, const cli_command *command, int argc, char **argv, int *code);
void arguments_free(cli_arguments *arguments);

/*
 * Replaces "-" by the path of a standard stream, and reserves standard output for a file that goes there. False, with
 * *code set after a message, if the files conflict.
 */
bool arguments_take_files(cli_arguments *arguments, int *code);

/* Prints a message about the command line and where to read more; returns the exit code. */
int arguments_wrong(const cli_arguments *arguments, const char *format, ...) SYS_PRINTF(2, 3);

/* A name and its meaning, short and optionally long; the tables end with a NULL name. */
typedef struct cli_meaning {
    const char *name, *meaning, *more;
} cli_meaning;
extern const cli_meaning exit_meanings[], variable_meanings[];

/* What an option does, with the names it accepts but without its default. */
void help_meaning(sys_text *text, const cli_option *row);

/* The default of an option as --help shows it: the row's own or the library's; "" if there is none. */
const char *help_default(char *text, size_t size, const cli_option *row);

/* Print --help of the program, of a command. */
void help_program(FILE *stream, const cli_command *commands, size_t count);
void help_command(FILE *stream, const cli_command *command);
void help_version(FILE *stream);

/*
 * The task that a word on the command line names: a built-in task or a file. `what` names the word's source, such as
 * "--task". False, with *code set after a message, if the word is neither or the file is invalid.
 */
bool task_from_word(carrynet_task *task, const cli_arguments *arguments, const char *what, const char *word, int *code);

#endif
