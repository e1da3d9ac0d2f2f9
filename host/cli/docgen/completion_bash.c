/*
 * Completion for bash: commands, options, the choices of options, and files where files are expected. Needs only bash:
 * the words come as COMP_WORDS, in which `--name=value` is three words.
 */
#include "cli/docgen/docgen.h"
#include <string.h>

static const char head[] =
    "# bash completion for carrynet\n"
    "\n"
    "_carrynet_words() # WORDS\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "# The last of several words with commas between them.\n"
    "_carrynet_list() # WORDS\n"
    "{\n"
    "    local before=\n"
    "    [[ $cur == *,* ]] && before=${cur%,*},\n"
    "    mapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$1\" -- \"${cur##*,}\")\n"
    "}\n"
    "\n"
    "# Files that the pattern fits, and folders; all files if it fits none.\n"
    "_carrynet_files() # PATTERN\n"
    "{\n"
    "    local fitting\n"
    "    compopt -o filenames 2> /dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "    mapfile -t fitting < <(compgen -f -X \"!$1\" -- \"$cur\")\n"
    "    (( ${#fitting[@]} == 0 )) && return\n"
    "    mapfile -t COMPREPLY < <({ printf '%s\\n' \"${fitting[@]}\"; compgen -d -- \"$cur\"; } | sort -u)\n"
    "}\n"
    "\n"
    "_carrynet_folders()\n"
    "{\n"
    "    compopt -o filenames 2> /dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
    "}\n"
    "\n"
    "# Names of tasks, and files.\n"
    "_carrynet_tasks() # NAMES PATTERN\n"
    "{\n"
    "    local names\n"
    "    mapfile -t names < <(compgen -W \"$1\" -- \"$cur\")\n"
    "    _carrynet_files \"$2\"\n"
    "    COMPREPLY+=(\"${names[@]}\")\n"
    "}\n"
    "\n"
    "_carrynet()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}\n"
    "    local options= valued= operand=0 i\n"
    "    COMPREPLY=()\n"
    "    if [[ $cur == '=' ]]; then\n"
    "        cur=\n"
    "    elif [[ $before == '=' ]] && (( COMP_CWORD > 2 )); then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n";

/* The call that offers it; nothing for a number. */
static void put_offer(FILE *stream, const word_offer *offer)
{
    const char *names = offer->names.data != NULL ? offer->names.data : "";
    switch (offer->kind) {
    case WORD_ANYTHING:
        (void)fputs(":", stream);
        break;
    case WORD_NAMES:
        (void)fprintf(stream, "_carrynet_words '%s'", names);
        break;
    case WORD_NAMES_LIST:
        (void)fprintf(stream, "_carrynet_list '%s'", names);
        break;
    case WORD_TASK:
        (void)fprintf(stream, "_carrynet_tasks '%s' '%s'", names, offer->pattern);
        break;
    case WORD_FILE:
        (void)fprintf(stream, "_carrynet_files '%s'", offer->pattern);
        break;
    case WORD_FOLDER:
        (void)fputs("_carrynet_folders", stream);
        break;
    }
}

/* The names of a command's options: all of them, or those that take a value. */
static void put_options(FILE *stream, const cli_command *command, bool valued)
{
    cli_option row;
    for (size_t i = 0; option_at(&row, command, i); ++i) {
        if (valued && row.kind == OPTION_FLAG)
            continue;
        if (row.letter != 0)
            (void)fprintf(stream, " -%c", row.letter);
        (void)fprintf(stream, " --%s", row.name);
    }
}

static void put_values(FILE *stream, const cli_command *command)
{
    cli_option row;
    for (size_t i = 0; option_at(&row, command, i); ++i) {
        word_offer offer;
        if (row.kind == OPTION_FLAG)
            continue;
        (void)fputs("    '", stream);
        if (row.letter != 0)
            (void)fprintf(stream, "%s -%c' | '", command->name, row.letter);
        (void)fprintf(stream, "%s --%s') ", command->name, row.name);
        offer_value(&offer, &row);
        put_offer(stream, &offer);
        (void)fputs("; return ;;\n", stream);
        sys_text_free(&offer.names);
    }
}

static void put_operands(FILE *stream, const cli_command *command)
{
    word_offer offer;
    char word[64];
    bool repeats = false;
    for (size_t k = 0; !repeats && offer_operand(&offer, word, &repeats, command, k); ++k) {
        if (repeats)
            (void)fprintf(stream, "    '%s '*) ", command->name); /* this one and all after it */
        else
            (void)fprintf(stream, "    '%s %zu') ", command->name, k);
        put_offer(stream, &offer);
        (void)fputs(" ;;\n", stream);
        sys_text_free(&offer.names);
    }
}

void completion_bash(FILE *stream)
{
    (void)fputs(head, stream);
    (void)fputs("    if (( COMP_CWORD == 1 )); then\n        _carrynet_words '--help --version", stream);
    for (size_t i = 0; i < command_table_size; ++i)
        (void)fprintf(stream, " %s", command_table[i].name);
    (void)fputs("'\n        return\n    fi\n    case $command in\n", stream);
    for (size_t i = 0; i < command_table_size; ++i) {
        (void)fprintf(stream, "    %s)\n        options='", command_table[i].name);
        put_options(stream, &command_table[i], false);
        (void)fputs(" '\n        valued='", stream);
        put_options(stream, &command_table[i], true);
        (void)fputs(" ' ;;\n", stream);
    }
    (void)fputs("    esac\n    case \"$command $before\" in\n", stream);
    for (size_t i = 0; i < command_table_size; ++i)
        put_values(stream, &command_table[i]);
    (void)fputs("    esac\n"
                "    if [[ $cur == -* ]]; then\n"
                "        _carrynet_words \"$options\"\n"
                "        return\n"
                "    fi\n"
                "    # How many operands stand before the word.\n"
                "    for (( i = 2; i < COMP_CWORD; ++i )); do\n"
                "        if [[ ${COMP_WORDS[i]} != -* ]]; then\n"
                "            (( ++operand ))\n"
                "        elif [[ ${COMP_WORDS[i + 1]} == '=' ]]; then\n"
                "            (( i += 2 ))\n"
                "        elif [[ $valued == *\" ${COMP_WORDS[i]} \"* ]]; then\n"
                "            (( ++i ))\n"
                "        fi\n"
                "    done\n"
                "    case \"$command $operand\" in\n",
                stream);
    for (size_t i = 0; i < command_table_size; ++i)
        put_operands(stream, &command_table[i]);
    (void)fputs("    esac\n}\ncomplete -F _carrynet carrynet\n", stream);
}

void completion_bash_checker(FILE *stream)
{
    (void)fputs(
        "# bash completion for carrynet-verify\n"
        "\n"
        "_carrynet_verify()\n"
        "{\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} pattern='*.safetensors'\n"
        "    compopt -o filenames 2> /dev/null\n"
        "    (( COMP_CWORD == 1 )) || pattern='*.cert'\n"
        "    mapfile -t COMPREPLY < <({ compgen -f -X \"!$pattern\" -- \"$cur\"; compgen -d -- \"$cur\"; } | sort -u)\n"
        "}\n"
        "complete -F _carrynet_verify carrynet-verify\n",
        stream);
}
