/*
 * Commands and their options. Each command has an array of options beside the code that reads them, which includes
 * arrays that several commands share, and a row in command_table.c. getopt_long, --help, the near matches, the ranges
 * in messages, the man pages and the completions (documents/) follow from both.
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
    OPTION_TEXT,        /* anything but nothing; so are those below */
    OPTION_TASK,        /* a built-in task, or a file that is read */
    OPTION_READ,        /* a file that is read */
    OPTION_WRITE,       /* a file that is written, */
    OPTION_WRITE_BINARY /* which is no text for a terminal */
} option_kind;

/* What an option with a value was given. */
typedef struct cli_value {
    bool given;
    const char *text;
    uint64_t count; /* also of a list: how many */
    double real;
    size_t name;    /* which of the names */
    uint64_t *list; /* [count] numbers, or which of the names */
    double *reals;  /* [count] */
    bool range;     /* LO..HI: its two ends are in reals */
} cli_value;

/*
 * One option; or, with `include`, those of another array; or, with `fields`, those of all settings under that heading
 * (carrynet/fields.h) that the command has no row of its own for. Arrays end with {0}.
 */
typedef struct cli_option {
    const char *heading; /* in --help; NULL: as before */
    const char *name;    /* without its dashes */
    char letter;         /* of the short form, or 0 */
    option_kind kind;
    const char *argument; /* how --help calls the value */
    uint64_t least, most;
    double least_real, most_real;
    bool below;                    /* most_real itself is too much */
    const char *const *names;      /* those that it takes, ended by NULL; */
    const char *(*choice)(size_t); /* or from here, NULL after the last */
    const char *(*offer)(size_t);  /* names that completion offers, of more that it takes */
    const char *meaning;
    const char *fallback;     /* what holds without it, */
    uint64_t (*preset)(void); /* or the number that does */
    const char *no_stream;    /* why the file that it names cannot be standard output */
    const char *fills_output; /* why with this flag no file can */
    bool (*is_text)(void);    /* whether what OPTION_WRITE_BINARY writes is text this time */

    /* Where the value goes: one of these, else to the settings (settings_options.h). */
    bool *flag;
    const char **text;
    cli_value *value;

    /* The setting that it is an option of: what is not said above is that field's. */
    const char *field;
    const carrynet_field *of; /* the same, found */

    const struct cli_option *include;
    const char *fields;
    bool of_rows; /* of the fields only those that the rows of a sweep have */
} cli_option;

/* Options that many commands have. */
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

/* The option of that index, with its heading, name, range, ... filled in; --help comes last. False after the last. */
bool option_at(cli_option *row, const cli_command *command, size_t index);

/* The names that an option takes, or that completion offers; NULL after the last. */
const char *option_name(const cli_option *row, size_t index);

/* A command line, read, but for the values of the options. */
typedef struct cli_arguments {
    const cli_command *command;
    char **operands;
    size_t operand_count;
} cli_arguments;

struct cli_command {
    const char *name;
    const char *operands;                       /* as the usage line writes them, or "" */
    const char *output;                         /* the option -o where it must be given, as the usage line writes it */
    size_t least, most;                         /* how many operands */
    size_t files;                               /* how many of them at most, from the first, name files */
    const char *missing;                        /* what to say if there are fewer */
    const char *(*offer)(size_t index);         /* names that completion offers for the first; NULL after the last */
    const char *summary;                        /* a line for the list of commands */
    const char *text;                           /* what its --help says first */
    const char *const *example;                 /* command lines, NULL after the last */
    const cli_option *options;                  /* {0} after the last; or NULL */
    int (*run)(const cli_arguments *arguments); /* returns the exit code */
    bool on_ranks;                              /* in several processes, as an MPI launcher starts them */
};

extern const cli_command command_table[];
extern const size_t command_table_size;

/* Of each command: what runs it, and its options. */
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

/* What completion offers as operands. */
const char *replay_offer(size_t index);

/* The command of that name; NULL, with a message that has the list and a near match, if there is none. */
const cli_command *command_find(const char *name);

/*
 * Reads argv [argc], the words after the program's name with the command's first. Returns true if they are right;
 * false, with *code set, if they are not (after a message) or --help was asked for and printed. arguments_free in both
 * cases: the values of all options of the command are then as before.
 */
bool arguments_read(cli_arguments *arguments, const cli_command *command, int argc, char **argv, int *code);
void arguments_free(cli_arguments *arguments);

/*
 * Makes "-" the path of a standard stream, and keeps standard output for a file that goes there. False with *code set,
 * after a message, if the files do not fit together.
 */
bool arguments_take_files(cli_arguments *arguments, int *code);

/* A message about the command line, where to read more, and the exit code for it. */
int arguments_wrong(const cli_arguments *arguments, const char *format, ...) SYS_PRINTF(2, 3);

/* A name and what it means, in short and, where there is more, at length; the tables end with a NULL name. */
typedef struct cli_meaning {
    const char *name, *meaning, *more;
} cli_meaning;
extern const cli_meaning exit_meanings[], variable_meanings[];

/* What an option does, with its names but without its default. */
void help_meaning(sys_text *text, const cli_option *row);

/* What holds without an option, as --help writes it: the row's own, or the library's default; "" if there is nothing. */
const char *help_default(char *text, size_t size, const cli_option *row);

/* --help of the program and of a command. */
void help_program(FILE *stream, const cli_command *commands, size_t count);
void help_command(FILE *stream, const cli_command *command);
void help_version(FILE *stream);

/*
 * The task of a word on the command line: the name of a built-in one, or a file. `what` says where the word stands,
 * "--task". False with *code set, after a message, if it is neither or the file is wrong.
 */
bool task_from_word(carrynet_task *task, const cli_arguments *arguments, const char *what, const char *word, int *code);

#endif
