/* Completion for zsh: as for bash, with a description beside each command and option, for _arguments. */
#include "cli/docgen/docgen.h"
#include <string.h>

/*
 * A description within single quotes and brackets: what these mean to zsh and _arguments is escaped, backquotes go. It
 * ends at the first break, so that it fits a line.
 */
static void put_description(FILE *stream, const char *text)
{
    const size_t length = strcspn(text, ";(");
    const char *stop = strstr(text, ". ");
    size_t end = stop != NULL && (size_t)(stop - text) < length ? (size_t)(stop - text) : length;
    while (end > 0 && text[end - 1] == ' ')
        --end;
    for (size_t i = 0; i < end; ++i)
        if (text[i] == '\'')
            (void)fputs("'\\''", stream);
        else if (text[i] != '`')
            (void)fprintf(stream, "%s%c", strchr("[]:\\", text[i]) != NULL ? "\\" : "", text[i]);
}

/* ":WORD:ACTION" of _arguments. */
static void put_offer(FILE *stream, const word_offer *offer, const char *word)
{
    const char *names = offer->names.data != NULL ? offer->names.data : "";
    (void)fputc(':', stream);
    for (const char *p = word; *p != '\0'; ++p)
        (void)fputc(*p == '|' || *p == ':' ? '/' : *p, stream);
    switch (offer->kind) {
    case WORD_ANYTHING:
        (void)fputs(": ", stream);
        break;
    case WORD_NAMES:
        (void)fprintf(stream, ":(%s)", names);
        break;
    case WORD_NAMES_LIST:
        (void)fprintf(stream, ":_sequence compadd - %s", names);
        break;
    case WORD_TASK:
        (void)fprintf(stream, ":{ compadd %s; _files -g \"%s\" }", names, offer->pattern);
        break;
    case WORD_FILE:
        if (strcmp(offer->pattern, "*") == 0)
            (void)fputs(":_files", stream);
        else
            (void)fprintf(stream, ":_files -g \"%s\"", offer->pattern);
        break;
    case WORD_FOLDER:
        (void)fputs(":_files -/", stream);
        break;
    }
}

static void put_option(FILE *stream, const cli_option *row)
{
    const bool valued = row->kind != OPTION_FLAG;
    word_offer offer = {0};
    (void)fputs(" \\\n        ", stream);
    if (row->letter != 0)
        (void)fprintf(stream, "'(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter, valued ? "+" : "",
                      row->name, valued ? "=" : "");
    else
        (void)fprintf(stream, "'--%s%s[", row->name, valued ? "=" : "");
    put_description(stream, row->meaning);
    (void)fputc(']', stream);
    if (valued) {
        offer_value(&offer, row);
        put_offer(stream, &offer, row->argument);
    }
    (void)fputc('\'', stream);
    sys_text_free(&offer.names);
}

static void put_command(FILE *stream, const cli_command *command)
{
    cli_option row;
    word_offer offer;
    char word[64];
    bool repeats = false;
    (void)fprintf(stream, "    (%s) _arguments -s -S", command->name);
    for (size_t i = 0; option_at(&row, command, i); ++i)
        put_option(stream, &row);
    for (size_t k = 0; !repeats && offer_operand(&offer, word, &repeats, command, k); ++k) {
        if (repeats)
            (void)fputs(" \\\n        '*", stream);
        else
            (void)fprintf(stream, " \\\n        '%zu", k + 1);
        put_offer(stream, &offer, word);
        (void)fputc('\'', stream);
        sys_text_free(&offer.names);
    }
    (void)fputs(" ;;\n", stream);
}

void completion_zsh(FILE *stream)
{
    (void)fputs(
        "#compdef carrynet carrynet-verify\n"
        "\n"
        "_carrynet() {\n"
        "  local curcontext=\"$curcontext\" state line\n"
        "  typeset -A opt_args\n"
        "  if [[ $service == carrynet-verify ]]; then\n"
        "    _arguments '1:MODEL:_files -g \"*.safetensors\"' '2:CERTIFICATE:_files -g \"*.cert\"'\n"
        "    return\n"
        "  fi\n"
        "  _arguments -C '(- *)'{-h,--help}'[say what there is]' '(- *)--version[say which version this is]' \\\n"
        "    '1: :->command' '*:: :->argument' && return\n"
        "  case $state in\n"
        "  (command)\n"
        "    local -a commands=(\n",
        stream);
    for (size_t i = 0; i < command_table_size; ++i) {
        (void)fprintf(stream, "      '%s:", command_table[i].name);
        put_description(stream, command_table[i].summary);
        (void)fputs("'\n", stream);
    }
    (void)fputs("    )\n"
                "    _describe -t commands command commands ;;\n"
                "  (argument)\n"
                "    curcontext=\"${curcontext%:*:*}:carrynet-$words[1]:\"\n"
                "    case $words[1] in\n",
                stream);
    for (size_t i = 0; i < command_table_size; ++i)
        put_command(stream, &command_table[i]);
    (void)fputs("    esac ;;\n"
                "  esac\n"
                "}\n"
                "\n"
                "_carrynet \"$@\"\n",
                stream);
}
