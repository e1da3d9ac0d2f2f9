/*
 * Man pages, one per command, in man(7), which groff and mandoc accept without a warning. carrynet-verify is a command
 * and also a program of its own that does the same; both share one page.
 */
#include "cli/docgen/docgen.h"
#include <string.h>

enum { SOURCE_COLUMNS = 78 };

/* A character as it stands, not a hyphen, an escape or a quote. */
static void add_escaped(sys_text *text, char c)
{
    switch (c) {
    case '\\':
        sys_text_add(text, "\\e");
        break;
    case '-':
        sys_text_add(text, "\\-");
        break;
    case '\'':
        sys_text_add(text, "\\(aq");
        break;
    case '^':
        sys_text_add(text, "\\(ha");
        break;
    case '~':
        sys_text_add(text, "\\(ti");
        break;
    default:
        sys_text_append(text, &c, 1);
    }
}

/* Text in lines that are not too long, a sentence a line; what stands between backquotes is bold. */
static void put_text(FILE *stream, const char *words)
{
    bool bold = false;
    size_t column = 0;
    while (*words != '\0') {
        sys_text word = {0};
        words += strspn(words, " \n");
        if (*words == '\0')
            break;
        const size_t length = strcspn(words, " \n");
        if (words[0] == '.')
            sys_text_add(&word, "\\&");
        for (size_t i = 0; i < length; ++i) {
            if (words[i] == '`') {
                bold = !bold;
                sys_text_add(&word, "%s", bold ? "\\fB" : "\\fR");
            } else {
                add_escaped(&word, words[i]);
            }
        }
        if (column != 0 && column + 1 + word.size > SOURCE_COLUMNS) {
            (void)fputc('\n', stream);
            column = 0;
        }
        (void)fprintf(stream, "%s%s", column != 0 ? " " : "", word.failed ? "" : word.data);
        column += word.size + (column != 0 ? 1 : 0);
        if (strchr(".!?", words[length - 1]) != NULL) {
            (void)fputc('\n', stream);
            column = 0;
        }
        words += length;
        sys_text_free(&word);
    }
    if (column != 0)
        (void)fputc('\n', stream);
}

static void put_escaped(FILE *stream, const char *words)
{
    sys_text text = {0};
    for (; *words != '\0'; ++words)
        add_escaped(&text, *words);
    (void)fputs(text.failed || text.data == NULL ? "" : text.data, stream);
    sys_text_free(&text);
}

static void put_title(FILE *stream, const char *name, const char *date)
{
    (void)fputs(".TH ", stream);
    for (const char *p = name; *p != '\0'; ++p)
        if (*p == '-')
            (void)fputs("\\-", stream);
        else
            (void)fputc(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p, stream);
    (void)fprintf(stream, " 1 %s \"Carrynet %s\" \"User Commands\"\n", date, carrynet_version());
}

static void put_meanings(FILE *stream, const char *heading, const cli_meaning *meanings, const char *between)
{
    (void)fprintf(stream, ".SH %s\n", heading);
    for (; meanings->name != NULL; ++meanings) {
        sys_text text = {0};
        sys_text_add(&text, "%s%s%s.", meanings->meaning, meanings->more != NULL ? between : "",
                     meanings->more != NULL ? meanings->more : "");
        (void)fprintf(stream, ".TP\n.B %s\n", meanings->name);
        put_text(stream, text.failed ? meanings->meaning : text.data);
        sys_text_free(&text);
    }
}

/* ---- options --------------------------------------------------------------------------------------------------- */

static void add_range(sys_text *text, const cli_option *row)
{
    if ((row->kind == OPTION_COUNT || row->kind == OPTION_COUNTS) && row->most < UINT32_MAX)
        sys_text_add(text, " From %llu to %llu.", (unsigned long long)row->least, (unsigned long long)row->most);
    if ((row->kind == OPTION_REAL || row->kind == OPTION_REALS) && row->most_real < 1e9)
        sys_text_add(text, " From %.10g to %s%.10g.", row->least_real, row->below ? "below " : "", row->most_real);
}

static void put_option(FILE *stream, const cli_option *row)
{
    char holds[64];
    sys_text text = {0};
    (void)fputs(".TP\n", stream);
    if (row->letter != 0)
        (void)fprintf(stream, "\\fB\\-%c\\fR, ", row->letter);
    (void)fputs("\\fB\\-\\-", stream);
    put_escaped(stream, row->name);
    (void)fputs("\\fR", stream);
    if (row->argument != NULL) {
        (void)fputs(" \\fI", stream);
        put_escaped(stream, row->argument);
        (void)fputs("\\fR", stream);
    }
    (void)fputc('\n', stream);
    help_meaning(&text, row);
    sys_text_add(&text, ".");
    add_range(&text, row);
    if (help_default(holds, sizeof holds, row)[0] != '\0')
        sys_text_add(&text, " Default: %s.", holds);
    put_text(stream, text.failed ? row->meaning : text.data);
    sys_text_free(&text);
}

static void put_options(FILE *stream, const cli_command *command)
{
    const char *heading = "";
    cli_option row;
    (void)fputs(".SH OPTIONS\n", stream);
    for (size_t i = 0; option_at(&row, command, i); ++i) {
        if (strcmp(heading, row.heading) != 0)
            (void)fprintf(stream, ".SS %s\n", row.heading);
        heading = row.heading;
        put_option(stream, &row);
    }
}

/* ---- pages ----------------------------------------------------------------------------------------------------- */

/* "MODEL [NUMBER ...]" with its words in italics. */
static void put_operands(FILE *stream, const char *operands)
{
    for (const char *p = operands; *p != '\0';) {
        const size_t length = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        if (length != 0)
            (void)fprintf(stream, "\\fI%.*s\\fR", (int)length, p);
        else
            (void)fputc(*p, stream);
        p += length != 0 ? length : 1;
    }
}

static void put_examples(FILE *stream, const char *const *examples)
{
    (void)fputs(".SH EXAMPLES\n.EX\n", stream);
    for (; *examples != NULL; ++examples) {
        put_escaped(stream, *examples);
        (void)fputc('\n', stream);
    }
    (void)fputs(".EE\n", stream);
}

void manual_command(FILE *stream, const cli_command *command, const char *date)
{
    char name[64];
    (void)snprintf(name, sizeof name, "carrynet-%s", command->name);
    put_title(stream, name, date);
    (void)fputs(".SH NAME\n", stream);
    put_escaped(stream, name);
    (void)fputs(" \\- ", stream);
    put_escaped(stream, command->summary);
    (void)fprintf(stream, "\n.SH SYNOPSIS\n\\fBcarrynet %s\\fR%s", command->name,
                  command->operands[0] != '\0' ? " " : "");
    put_operands(stream, command->operands);
    if (command->output != NULL) {
        (void)fputs(" \\fB\\-o\\fR ", stream);
        put_operands(stream, command->output + strlen("-o "));
    }
    (void)fputs(" [\\fIOPTIONS\\fR]\n", stream);
    if (strcmp(command->name, "verify") == 0) {
        (void)fputs(".br\n\\fBcarrynet\\-verify\\fR ", stream);
        put_operands(stream, command->operands);
        (void)fputc('\n', stream);
    }
    (void)fputs(".SH DESCRIPTION\n", stream);
    put_text(stream, command->text);
    if (strcmp(command->name, "verify") == 0) {
        (void)fputs(".PP\n", stream);
        put_text(stream, "`carrynet-verify` is that program: it has no options, and links neither OpenCL nor the "
                         "prover.");
    }
    put_options(stream, command);
    put_meanings(stream, "EXIT STATUS", exit_meanings, ": ");
    put_examples(stream, command->example);
    (void)fputs(".SH SEE ALSO\n.BR carrynet (1)\n", stream);
}

void manual_program(FILE *stream, const char *date)
{
    static const char *const examples[] = {"carrynet train", "carrynet run add.safetensors 93 38",
                                           "carrynet train \\-\\-help", NULL};
    put_title(stream, "carrynet", date);
    (void)fputs(".SH NAME\ncarrynet \\- recurrent networks that learn to add, on OpenCL\n"
                ".SH SYNOPSIS\n\\fBcarrynet\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.br\n"
                "\\fBcarrynet \\-\\-help\\fR\n.br\n\\fBcarrynet \\-\\-version\\fR\n.SH DESCRIPTION\n",
                stream);
    put_text(stream, "Trains small recurrent networks, with OpenCL and in batches, until they add binary numbers "
                     "without a mistake, and proves that they do, for numbers of every length. A run gives the same "
                     "bits on every device: on a GPU, on a CPU through pocl, and in plain C. `carrynet COMMAND "
                     "--help` says what the page of the command says.");
    (void)fputs(".SH COMMANDS\n", stream);
    for (size_t i = 0; i < command_table_size; ++i) {
        (void)fprintf(stream, ".TP\n.BR carrynet\\-%s (1)\n", command_table[i].name);
        put_text(stream, command_table[i].summary);
    }
    put_meanings(stream, "EXIT STATUS", exit_meanings, ": ");
    put_meanings(stream, "ENVIRONMENT", variable_meanings, ". ");
    (void)fputs(".SH EXAMPLES\n.EX\n", stream);
    for (size_t i = 0; examples[i] != NULL; ++i)
        (void)fprintf(stream, "%s\n", examples[i]);
    (void)fputs(".EE\n", stream);
}
