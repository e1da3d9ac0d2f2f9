/* The words that completion offers for a placeholder, by its name in the usage line or the option. */
#include "cli/docgen/docgen.h"
#include <ctype.h>
#include <string.h>

/* Words that stand for files; all others, but those below, are numbers and the like. */
static const struct {
    const char *word;
    word_kind kind;
    const char *pattern;
} words[] = {
    {"MODEL", WORD_FILE, "*.safetensors"}, {"CERTIFICATE", WORD_FILE, "*.cert"}, {"CERT", WORD_FILE, "*.cert"},
    {"CSV", WORD_FILE, "*.csv"},           {"PART", WORD_FILE, "*.csv"},         {"FILE", WORD_FILE, "*"},
    {"FOLDER", WORD_FOLDER, NULL},         {"TASK", WORD_TASK, "*.json"},        {"T|FILE", WORD_TASK, "*.json"},
};

static void add_name(word_offer *offer, const char *name)
{
    sys_text_add(&offer->names, "%s%s", offer->names.size == 0 ? "" : " ", name);
}

static void offer_word(word_offer *offer, const char *word)
{
    *offer = (word_offer){.kind = WORD_ANYTHING};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; ++i)
        if (strcmp(words[i].word, word) == 0) {
            offer->kind = words[i].kind;
            offer->pattern = words[i].pattern;
        }
    for (size_t i = 0; offer->kind == WORD_TASK && i < carrynet_task_count(); ++i)
        add_name(offer, carrynet_task_at(i)->name);
}

static void add_offers(word_offer *offer, const char *(*name)(size_t))
{
    offer->kind = WORD_NAMES;
    for (size_t i = 0; name(i) != NULL; ++i)
        add_name(offer, name(i));
}

void offer_value(word_offer *offer, const cli_option *row)
{
    offer_word(offer, row->kind >= OPTION_TEXT ? row->argument : "");
    if (row->kind == OPTION_NAME || row->kind == OPTION_NAMES)
        offer->kind = row->kind == OPTION_NAMES ? WORD_NAMES_LIST : WORD_NAMES;
    for (size_t i = 0; option_name(row, i) != NULL; ++i)
        add_name(offer, option_name(row, i));
    if (row->offer != NULL)
        add_offers(offer, row->offer);
}

bool offer_operand(word_offer *offer, char word[64], bool *repeats, const cli_command *command, size_t index)
{
    const char *p = command->operands;
    size_t seen = 0;
    bool found = false;
    word[0] = '\0';
    *offer = (word_offer){.kind = WORD_ANYTHING};
    *repeats = false;
    /* Words of a usage line are capitals; "..." behind one says that it repeats. */
    while (*p != '\0' && !*repeats && !(found && seen > index + 1)) {
        if (isupper((unsigned char)*p)) {
            const size_t length = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
            if (seen++ <= index) {
                (void)snprintf(word, 64, "%.*s", (int)length, p);
                found = seen == index + 1;
            }
            p += length;
        } else {
            *repeats = strncmp(p, "...", 3) == 0 && seen <= index + 1;
            ++p;
        }
    }
    if (!found && !*repeats)
        return false;
    offer_word(offer, word);
    if (command->offer != NULL)
        add_offers(offer, command->offer);
    return true;
}
