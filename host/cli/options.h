/*
 * The commands and their options. One table of each (command_table.c, option_table.c) feeds getopt_long, --help, the
 * near matches, the ranges in messages, and the man pages and completions (documents/).
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/base.h"
#include <carrynet/carrynet.h>
#include <stdbool.h>
#include <stdio.h>

typedef enum command_id {
    COMMAND_TRAIN = 0,
    COMMAND_SWEEP,
    COMMAND_MERGE,
    COMMAND_REMAKE,
    COMMAND_EVAL,
    COMMAND_RUN,
    COMMAND_SHOW,
    COMMAND_REPLAY,
    COMMAND_DEVICES,
    COMMAND_DOCTOR,
    COMMAND_COMPARE,
    COMMAND_BENCH,
    COMMAND_PLOT,
    COMMAND_TASK,
    COMMAND_IMPORT,
    COMMAND_STATES,
    COMMAND_PROVE,
    COMMAND_VERIFY,
    COMMAND_EXPORT,
    COMMAND_DEMO,
    COMMAND_REPORT,
    COMMAND_HELP
} command_id;

typedef enum option_id {
    OPTION_RANDOM = 0,
    OPTION_SEEDS,
    OPTION_SEQUENCES,
    OPTION_SHARD,
    OPTION_RESUME,
    OPTION_DRY_RUN,
    OPTION_TASK,
    OPTION_BITS,
    OPTION_HIDDEN,
    OPTION_BIAS,
    OPTION_SCALE,
    OPTION_PRECISION,
    OPTION_CELL,
    OPTION_MAP,
    OPTION_NETS,
    OPTION_WAVE,
    OPTION_SEED,
    OPTION_BATCH,
    OPTION_OPTIMIZER,
    OPTION_LR,
    OPTION_SCHEDULE,
    OPTION_LOSS,
    OPTION_MOMENTUM,
    OPTION_DECAY,
    OPTION_EPSILON,
    OPTION_WEIGHT_DECAY,
    OPTION_CLIP,
    OPTION_NOISE,
    OPTION_TRAIN_FRACTION,
    OPTION_SPLIT_SEED,
    OPTION_UNTIL,
    OPTION_MAX_UPDATES,
    OPTION_UPDATES,
    OPTION_CHECK_EVERY,
    OPTION_SNAPSHOT_AT,
    OPTION_CHECKPOINT,
    OPTION_CHECKPOINT_EVERY,
    OPTION_LENGTHS,
    OPTION_PROBLEMS,
    OPTION_NET,
    OPTION_CASE,
    OPTION_BISECT,
    OPTION_DUMP_KERNELS,
    OPTION_FORMAT,
    OPTION_LIST,
    OPTION_ALL,
    OPTION_AGAINST,
    OPTION_CHART,
    OPTION_BY,
    OPTION_ARITHMETIC,
    OPTION_BUDGET,
    OPTION_STATES,
    OPTION_SECONDS,
    OPTION_PROOF,
    OPTION_WHERE,
    OPTION_SCRIPT,
    OPTION_MINIMISE,
    OPTION_EQUAL,
    OPTION_DOT,
    OPTION_FAST,
    OPTION_PLAIN,
    OPTION_DEVICE,
    OPTION_KERNEL_SHAPE,
    OPTION_THREADS,
    OPTION_WORK_GROUP_SIZE,
    OPTION_ALLOW_INEXACT,
    OPTION_OUTPUT,
    OPTION_KEEP,
    OPTION_LOG,
    OPTION_QUIET,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_IDS
} option_id;

typedef enum option_kind {
    OPTION_KIND_FLAG = 0, /* no value */
    OPTION_KIND_COUNT,    /* a whole number from least to most */
    OPTION_KIND_REAL,     /* a number from least_real to most_real */
    OPTION_KIND_CHOICE,   /* one of a list of names */
    OPTION_KIND_LIST,     /* whole numbers from least to most, separated by commas */
    OPTION_KIND_REALS,    /* numbers from least_real to most_real likewise, or LO..HI */
    OPTION_KIND_CHOICES,  /* several of a list of names likewise */
    OPTION_KIND_TEXT      /* anything but nothing: a file, a device */
} option_kind;

/* One option of one or several commands. An option that means different things to two commands has a row for each. */
typedef struct option_row {
    option_id id;
    const char *name;  /* without its dashes */
    char letter;       /* of the short form, or 0 */
    uint32_t commands; /* set of 1 << command_id */
    const char *group; /* its heading in --help */
    option_kind kind;
    const char *argument; /* how --help calls the value */
    uint64_t least, most;
    double least_real, most_real;
    bool below;                          /* most_real itself is too much */
    const char *(*choice)(size_t index); /* the names, NULL after the last */
    const char *meaning;
    const char *fallback; /* what holds without it, where the settings do not say */
} option_row;

/* The row of that index; NULL after the last. */
const option_row *option_at(size_t index);

/* A command in option_row.commands, and the files that the rows stand in, in this order. */
#define FOR(command) (1u << COMMAND_##command)
extern const option_row option_sweep[], option_train[], option_prove[], option_exchange[], option_others[];
extern const size_t option_sweep_size, option_train_size, option_prove_size, option_exchange_size, option_others_size;

typedef struct option_value {
    bool given;
    const char *text;
    uint64_t count;
    double real;
    size_t choice;
    uint64_t *list; /* [count] of a list, or of choices */
    double *reals;  /* [count] */
    bool range;     /* LO..HI: its two ends are in reals */
} option_value;

typedef struct cli_command cli_command;

/* A command line, read. */
typedef struct cli_arguments {
    const cli_command *command;
    option_value values[OPTION_IDS];
    char **operands;
    size_t operand_count;
} cli_arguments;

struct cli_command {
    command_id id;
    const char *name;
    const char *operands;                       /* as the usage line writes them, or "" */
    const char *output;                         /* the option -o where it must be given, as the usage line writes it */
    size_t least, most;                         /* how many operands */
    const char *missing;                        /* what to say if there are fewer */
    const char *summary;                        /* a line for the list of commands */
    const char *text;                           /* what its --help says first */
    const char *const *example;                 /* command lines, NULL after the last */
    int (*run)(const cli_arguments *arguments); /* returns the exit code */
    bool on_ranks;                              /* in several processes, as an MPI launcher starts them */
};

extern const cli_command command_table[];
extern const size_t command_table_size;

int command_train(const cli_arguments *arguments);
int command_sweep(const cli_arguments *arguments);
int command_merge(const cli_arguments *arguments);
int command_remake(const cli_arguments *arguments);
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
int command_help(const cli_arguments *arguments);

/* The command of that name; NULL, with a message that has the list and a near match, if there is none. */
const cli_command *command_find(const char *name);

/*
 * Reads argv [argc], the words after the program's name with the command's first. Returns true if they are right;
 * false, with *code set, if they are not (after a message) or --help was asked for and printed. arguments_free in both
 * cases.
 */
bool arguments_read(cli_arguments *arguments, const cli_command *command, int argc, char **argv, int *code);
void arguments_free(cli_arguments *arguments);

/*
 * Makes "-" the path of a standard stream, and keeps standard output for a file that goes there. False with *code set,
 * after a message, if the files do not fit together.
 */
bool arguments_take_files(cli_arguments *arguments, int *code);

/* A message about the command line, where to read more, and the exit code for it. */
int arguments_wrong(const cli_arguments *arguments, const char *format, ...) BASE_PRINTF(2, 3);

/* A name and what it means, in short and, where there is more, at length; the tables end with a NULL name. */
typedef struct cli_meaning {
    const char *name, *meaning, *more;
} cli_meaning;
extern const cli_meaning exit_meanings[], variable_meanings[];

/* What an option does, with its choices but without its default. */
void help_meaning(base_text *text, const option_row *row);

/* --help of the program and of a command. */
void help_program(FILE *stream);
void help_command(FILE *stream, const cli_command *command);
void help_version(FILE *stream);

/*
 * The settings that the options ask for, checked; an option with several values leaves its default. False with *code
 * set, after a message, if they do not fit.
 */
bool settings_from_arguments(carrynet_settings *settings, const cli_arguments *arguments, int *code);

/*
 * The task of a word on the command line: the name of a built-in one, or a file. `what` says where the word stands,
 * "--task". False with *code set, after a message, if it is neither or the file is wrong.
 */
bool task_from_word(carrynet_task *task, const cli_arguments *arguments, const char *what, const char *word, int *code);

/* The default of an option as --help writes it: from the library's defaults, or the row's own; "" if there is none. */
const char *settings_default(char *text, size_t size, const option_row *row);

/* Whether a --device names one of the backends in C, host or reference, which need no OpenCL driver; NULL names none. */
bool device_in_c(const char *device);

/*
 * The engine options that --device (else CARRYNET_DEVICE, else `device`, which may be NULL), --kernel-shape,
 * --threads, ... ask for. To be called before anything else of the library, for the number of threads.
 */
void engine_from_arguments(carrynet_engine_options *options, const cli_arguments *arguments, const char *device);

/* Says why an engine could not be made, with a near match for a misspelt device, and returns the exit code. */
int engine_status(carrynet_status status, const carrynet_engine_options *options);

/* The name of an individual choice. */
const char *choice_loss(size_t index);
const char *choice_optimizer(size_t index);
const char *choice_schedule(size_t index);
const char *choice_precision(size_t index);
const char *choice_kernel_shape(size_t index);
const char *choice_until(size_t index);
const char *choice_keep(size_t index);
const char *choice_chart(size_t index);
const char *choice_by(size_t index);
const char *choice_prove_by(size_t index);
const char *choice_arithmetic(size_t index);
const char *choice_cell(size_t index);
const char *choice_format(size_t index);

/* In the order of choice_until. */
typedef enum training_goal { UNTIL_EXACT = 0, UNTIL_PROVED } training_goal;

/* In the order of choice_keep. */
typedef enum kept_networks { KEEP_ALL = 0, KEEP_BEST, KEEP_EXACT } kept_networks;

#endif
