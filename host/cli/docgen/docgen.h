/*
 * Man pages and completions, written while the program is built, from the tables of commands and options
 * (cli/options.h): there is no second list of either.
 */
#ifndef CLI_DOCGEN_H
#define CLI_DOCGEN_H

#include "cli/options.h"

/* What can stand where --help writes FILE, TASK, D, ... */
typedef enum word_kind {
    WORD_ANYTHING = 0, /* a number: nothing is offered */
    WORD_NAMES,        /* one of `names` */
    WORD_NAMES_LIST,   /* several of them, with commas */
    WORD_TASK,         /* one of `names`, or a file */
    WORD_FILE,         /* a file; `pattern` says which first */
    WORD_FOLDER
} word_kind;

typedef struct word_offer {
    word_kind kind;
    const char *pattern; /* of a file, such as *.safetensors */
    sys_text names;      /* separated by blanks */
} word_offer;

/* What can follow an option of a command. sys_text_free its names. */
void offer_value(word_offer *offer, const cli_option *row);

/*
 * What can stand as operand `index` of a command. False if it takes no more; `word` [64] is its name in the usage line,
 * and *last says whether it is the one that repeats.
 */
bool offer_operand(word_offer *offer, char word[64], bool *repeats, const cli_command *command, size_t index);

/* man1: the page of a command, and of the program itself. */
void manual_command(FILE *stream, const cli_command *command, const char *date);
void manual_program(FILE *stream, const char *date);

/* For bash, that of carrynet-verify apart: bash looks for a file of the program's name. */
void completion_bash(FILE *stream);
void completion_bash_checker(FILE *stream);
void completion_zsh(FILE *stream);

#endif
