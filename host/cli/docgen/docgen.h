/*
 * Man pages and completions, generated at build time from the tables of commands and options (cli/options.h), the only
 * list of either.
 */
#ifndef CLI_DOCGEN_H
#define CLI_DOCGEN_H

#include "cli/options.h"

/* What the placeholder FILE, TASK, D, ... of --help accepts. */
typedef enum word_kind {
    WORD_ANYTHING = 0, /* a number: no completion */
    WORD_NAMES,        /* one of `names` */
    WORD_NAMES_LIST,   /* several of them, separated by commas */
    WORD_TASK,         /* one of `names`, or a file */
    WORD_FILE,         /* a file; `pattern` says which are offered first */
    WORD_FOLDER
} word_kind;

typedef struct word_offer {
    word_kind kind;
    const char *pattern; /* of a file name, such as *.safetensors */
    sys_text names;      /* separated by blanks */
} word_offer;

/* What can follow an option of a command. Free its names with sys_text_free. */
void offer_value(word_offer *offer, const cli_option *row);

/*
 * What can be operand `index` of a command. False if the command takes no more; `word` [64] receives its name in the
 * usage line, and *last tells whether it is the repeated one.
 */
bool offer_operand(word_offer *offer, char word[64], bool *repeats, const cli_command *command, size_t index);

/* man1: the page of a command, and of the program. */
void manual_command(FILE *stream, const cli_command *command, const char *date);
void manual_program(FILE *stream, const char *date);

/* The completions for bash; carrynet-verify has its own, since bash looks for a file with the program's name. */
void completion_bash(FILE *stream);
void completion_bash_checker(FILE *stream);
void completion_zsh(FILE *stream);

#endif
