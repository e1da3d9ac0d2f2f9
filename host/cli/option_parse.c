/*
 * Parses a command line with getopt_long by the options of its command. Numbers are strict: the whole word, in range. A
 * message names the option, the value, and valid values.
 */
#include "cli/console.h"
#include "cli/options.h"
#include "cli/settings_options.h"
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MOST = 64, NAMES_MOST = 64, LONG_BASE = 256 /* above every letter */ };

/* ---- values ---------------------------------------------------------------------------------------------------- */

/* The digits from *text on, and a k or an M for thousands or millions, as a number in [least, most]; *text moves behind. */
static bool read_count(uint64_t *count, const char **text, uint64_t least, uint64_t most)
{
    uint64_t value = 0;
    const char *p = *text;
    if (!isdigit((unsigned char)*p))
        return false;
    for (; isdigit((unsigned char)*p); ++p) {
        const uint64_t digit = (uint64_t)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    const uint64_t unit = *p == 'k' ? 1000 : *p == 'M' ? 1000000 : 1;
    if (value > UINT64_MAX / unit)
        return false;
    value *= unit;
    *count = value;
    *text = unit > 1 ? p + 1 : p;
    return value >= least && value <= most;
}

static bool read_real(double *real, const char *text, double least, double most)
{
    char *end = NULL;
    /* Decimal only: neither blanks, "inf", "nan" nor hexadecimal, all of which strtod would take. */
    if (text[0] == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
        return false;
    *real = strtod(text, &end);
    return *end == '\0' && *real >= least && *real <= most;
}

static size_t count_entries(const char *text)
{
    size_t entries = 1;
    for (const char *p = text; *p != '\0'; ++p)
        entries += *p == ',' ? 1 : 0;
    return entries;
}

/* Memory for the values of a list. False with *code, after a message. */
static bool reserve(cli_value *value, const cli_option *row, const char *text, int *code)
{
    const size_t entries = count_entries(text) + 1; /* or the two of a range */
    if (row->kind == OPTION_COUNTS || row->kind == OPTION_NAMES)
        value->list = calloc(entries, sizeof *value->list);
    else if (row->kind == OPTION_REALS)
        value->reals = calloc(entries, sizeof *value->reals);
    else
        return true;
    if (value->list == NULL && value->reals == NULL)
        *code = console_status(
            sys_fail(CARRYNET_ERROR_MEMORY, "--%s: not enough memory for its %zu values", row->name, entries - 1));
    return value->list != NULL || value->reals != NULL;
}

static bool read_list(cli_value *value, const char *text, uint64_t least, uint64_t most)
{
    const size_t entries = count_entries(text);
    value->count = entries;
    for (size_t i = 0; i < entries; ++i) {
        if (!read_count(&value->list[i], &text, least, most) || *text != (i + 1 < entries ? ',' : '\0'))
            return false;
        ++text;
    }
    return true;
}

/* "0.1,0.3" or "0.1..0.3". */
static bool read_reals(cli_value *value, const char *text, double least, double most)
{
    const char *dots = strstr(text, "..");
    const size_t entries = dots != NULL ? 2 : count_entries(text);
    char entry[64];
    value->count = entries;
    value->range = dots != NULL;
    for (size_t i = 0; i < entries; ++i) {
        const size_t length = dots != NULL && i == 0 ? (size_t)(dots - text) : strcspn(text, ",");
        if (length >= sizeof entry)
            return false;
        memcpy(entry, text, length);
        entry[length] = '\0';
        text += length;
        if (!read_real(&value->reals[i], entry, least, most) || (i + 1 == entries && *text != '\0'))
            return false;
        text += dots != NULL ? 2 : 1;
    }
    return true;
}

/* Which of the row's names the word is; says, if it is none, what it could be. */
static bool find_name(size_t *which, const cli_option *row, const cli_arguments *arguments, const char *word)
{
    const char *names[NAMES_MOST];
    sys_text list = {0};
    size_t count = 0;
    bool found = false;
    for (const char *name; count < NAMES_MOST && (name = option_name(row, count)) != NULL; ++count) {
        names[count] = name;
        if (strcmp(name, word) == 0) {
            *which = count;
            found = true;
        }
        sys_text_add(&list, "%s%s", count == 0 ? "" : ", ", name);
    }
    if (!found) {
        const char *near = console_nearest(word, names, count);
        (void)arguments_wrong(arguments, "--%s is '%.64s', which is not known%s%s%s It can be: %s", row->name, word,
                              near != NULL ? "; did you mean '" : ".", near != NULL ? near : "",
                              near != NULL ? "'?" : "", list.failed ? names[0] : list.data);
    }
    sys_text_free(&list);
    return found;
}

static bool read_names(cli_value *value, const cli_option *row, const cli_arguments *arguments)
{
    const char *text = value->text;
    const size_t entries = count_entries(text);
    value->count = entries;
    for (size_t i = 0; i < entries; ++i) {
        char word[64];
        size_t which = 0;
        const size_t length = strcspn(text, ",");
        (void)snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), text);
        if (!find_name(&which, row, arguments, word))
            return false;
        value->list[i] = which;
        text += length + 1;
    }
    return true;
}

static void free_value(cli_value *value)
{
    free(value->list);
    free(value->reals);
    *value = (cli_value){0};
}

/* Reads the value, whose memory is the caller's even if this fails. False with *code, after a message. */
static bool read_value(cli_value *value, const cli_arguments *arguments, const cli_option *row, const char *text,
                       int *code)
{
    const char *rest = text;
    value->given = true;
    value->text = text;
    if (!reserve(value, row, text, code))
        return false;
    switch (row->kind) {
    case OPTION_FLAG:
        break;
    case OPTION_COUNT:
        if (!read_count(&value->count, &rest, row->least, row->most) || *rest != '\0') {
            (void)arguments_wrong(arguments, "--%s is '%.64s', but must be a whole number from %llu to %llu", row->name,
                                  text, (unsigned long long)row->least, (unsigned long long)row->most);
            return false;
        }
        break;
    case OPTION_REAL:
        if (!read_real(&value->real, text, row->least_real, row->most_real) ||
            (row->below && value->real == row->most_real)) {
            (void)arguments_wrong(arguments, "--%s is '%.64s', but must be a number from %.10g to %s%.10g", row->name,
                                  text, row->least_real, row->below ? "below " : "", row->most_real);
            return false;
        }
        break;
    case OPTION_COUNTS:
        if (strstr(text, "..") != NULL) {
            (void)arguments_wrong(arguments, "--%s is '%.64s', but takes a list, such as 2,3,4", row->name, text);
            return false;
        }
        if (!read_list(value, text, row->least, row->most)) {
            (void)arguments_wrong(arguments,
                                  "--%s is '%.64s', but must be whole numbers from %llu to %llu with commas between "
                                  "them, such as 8,16,32",
                                  row->name, text, (unsigned long long)row->least, (unsigned long long)row->most);
            return false;
        }
        break;
    case OPTION_NAME:
        if (!find_name(&value->name, row, arguments, text))
            return false;
        break;
    case OPTION_NAMES:
        if (!read_names(value, row, arguments))
            return false;
        break;
    case OPTION_REALS:
        if (!read_reals(value, text, row->least_real, row->most_real)) {
            (void)arguments_wrong(arguments,
                                  "--%s is '%.64s', but must be numbers from %.10g to %.10g with commas between them, "
                                  "such as 0.1,0.3, or a range, such as 0.1..0.3",
                                  row->name, text, row->least_real, row->most_real);
            return false;
        }
        if (value->range && value->reals[0] > value->reals[1]) {
            (void)arguments_wrong(
                arguments,
                "--%s is '%.64s': the first is larger, but a range goes from the smaller to the larger number",
                row->name, text);
            return false;
        }
        break;
    case OPTION_TEXT:
    case OPTION_TASK:
    case OPTION_READ:
    case OPTION_WRITE:
    case OPTION_WRITE_BINARY:
        if (text[0] == '\0') {
            (void)arguments_wrong(arguments, "--%s is empty; write --%s %s", row->name, row->name, row->argument);
            return false;
        }
        break;
    }
    return true;
}

/* Puts a value where its option wants it. */
static void store(const cli_option *row, cli_value *value)
{
    if (row->of != NULL)
        settings_take(row, value);
    if (row->flag != NULL) {
        *row->flag = true;
    } else if (row->text != NULL) {
        *row->text = value->text;
    } else if (row->value != NULL) {
        free_value(row->value);
        *row->value = *value;
        *value = (cli_value){0};
    }
}

static bool take_value(const cli_arguments *arguments, const cli_option *row, const char *text, int *code)
{
    cli_value value = {0};
    const bool good = read_value(&value, arguments, row, text, code);
    if (good)
        store(row, &value);
    free_value(&value);
    return good;
}

/* ---- words that are no option ---------------------------------------------------------------------------------- */

static void say_unknown(const cli_arguments *arguments, const char *word)
{
    const char *names[OPTIONS_MOST];
    sys_text list = {0};
    size_t count = 0;
    cli_option row;
    for (; count < OPTIONS_MOST && option_at(&row, arguments->command, count); ++count) {
        names[count] = row.name;
        sys_text_add(&list, " --%s", row.name);
    }
    if (isdigit((unsigned char)word[1])) {
        (void)arguments_wrong(arguments, "'%.64s' has a minus sign; the numbers are 0 or more", word);
    } else {
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + strspn(word, "-"), "="),
                       word + strspn(word, "-"));
        const char *near = console_nearest(name, names, count);
        (void)arguments_wrong(arguments, "there is no option '%.64s'%s%s%s\nOptions:%s", word,
                              near != NULL ? "; did you mean '--" : ".", near != NULL ? near : "",
                              near != NULL ? "'?" : "", list.failed ? " --help" : list.data);
    }
    sys_text_free(&list);
}

/* ---- the whole line -------------------------------------------------------------------------------------------- */

/* The options of one command as getopt_long wants them. */
typedef struct getopt_tables {
    cli_option rows[OPTIONS_MOST];
    size_t count;
    struct option longs[OPTIONS_MOST + 1];
    char letters[2 * OPTIONS_MOST + 2];
} getopt_tables;

static void fill_tables(getopt_tables *tables, const cli_command *command)
{
    *tables = (getopt_tables){.letters = ":"}; /* so that a missing value is told apart from an unknown option */
    for (; tables->count < OPTIONS_MOST && option_at(&tables->rows[tables->count], command, tables->count);
         ++tables->count) {
        const cli_option *row = &tables->rows[tables->count];
        const int has_value = row->kind == OPTION_FLAG ? no_argument : required_argument;
        tables->longs[tables->count] =
            (struct option){.name = row->name, .has_arg = has_value, .val = LONG_BASE + (int)tables->count};
        if (row->letter != 0) {
            const size_t used = strlen(tables->letters);
            tables->letters[used] = row->letter;
            tables->letters[used + 1] = has_value == required_argument ? ':' : '\0';
        }
    }
}

static const cli_option *row_of(const getopt_tables *tables, int found)
{
    if (found >= LONG_BASE)
        return &tables->rows[found - LONG_BASE];
    for (size_t i = 0; i < tables->count && found != 0; ++i) /* 0 stands for a name that is not known */
        if (tables->rows[i].letter == found)
            return &tables->rows[i];
    return NULL;
}

/* The word in which getopt_long has just met the unknown letter, or with 0 the unknown name. */
static const char *unknown_word(int argc, char **argv, int letter)
{
    /* It stays at a word until its last letter is read. */
    const char *here = optind < argc ? argv[optind] : "";
    if (letter != 0 && here[0] == '-' && here[1] != '-' && strchr(here, letter) != NULL)
        return here;
    return argv[optind - 1];
}

/* "-hidden 3" would be read as -h: a name with one dash is a slip of the hand. */
static bool has_single_dash(const cli_arguments *arguments, const getopt_tables *tables, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; ++i)
        for (size_t k = 0; k < tables->count && argv[i][0] == '-'; ++k)
            if (strncmp(argv[i] + 1, tables->rows[k].name, strcspn(argv[i] + 1, "=")) == 0 &&
                strcspn(argv[i] + 1, "=") == strlen(tables->rows[k].name)) {
                (void)arguments_wrong(arguments, "'%.64s' has one dash; write --%s", argv[i], tables->rows[k].name);
                return true;
            }
    return false;
}

bool arguments_read(cli_arguments *arguments, const cli_command *command, int argc, char **argv, int *code)
{
    getopt_tables tables;
    *arguments = (cli_arguments){.command = command};
    settings_begin();
    *code = EXIT_CODE_USAGE;
    fill_tables(&tables, command);
    if (has_single_dash(arguments, &tables, argc, argv))
        return false;
    opterr = 0;
    for (;;) {
        const int found = getopt_long(argc, argv, tables.letters, tables.longs, NULL);
        if (found == -1)
            break;
        const cli_option *row = row_of(&tables, found == '?' || found == ':' ? optopt : found);
        if (row == NULL) {
            say_unknown(arguments, unknown_word(argc, argv, optopt));
            return false;
        }
        if (found == ':') {
            (void)arguments_wrong(arguments, "--%s needs a value: --%s %s", row->name, row->name, row->argument);
            return false;
        }
        if (found == '?') { /* known, but written --json=1 */
            (void)arguments_wrong(arguments, "--%s takes no value", row->name);
            return false;
        }
        if (row->letter == 'h') {
            help_command(stdout, command);
            *code = EXIT_CODE_DONE;
            return false;
        }
        if (!take_value(arguments, row, optarg != NULL ? optarg : "", code))
            return false;
    }
    arguments->operands = argv + optind;
    arguments->operand_count = (size_t)(argc - optind);
    if (arguments->operand_count < command->least) {
        (void)arguments_wrong(arguments, "%s", command->missing);
        return false;
    }
    if (arguments->operand_count > command->most) {
        if (command->most == 0)
            (void)arguments_wrong(arguments, "'%.64s' is not expected; %s takes only options", arguments->operands[0],
                                  command->name);
        else
            (void)arguments_wrong(arguments, "'%.64s' is not expected after '%.64s'",
                                  arguments->operands[command->most], arguments->operands[command->most - 1]);
        return false;
    }
    return arguments_take_files(arguments, code);
}

void arguments_free(cli_arguments *arguments)
{
    cli_option row;
    for (size_t i = 0; arguments->command != NULL && option_at(&row, arguments->command, i); ++i) {
        if (row.flag != NULL)
            *row.flag = false;
        if (row.text != NULL)
            *row.text = NULL;
        if (row.value != NULL)
            free_value(row.value);
    }
    *arguments = (cli_arguments){0};
}
