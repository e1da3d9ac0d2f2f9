/*
 * A ring buffer of words. A cell that is tried in several sizes yields the same word repeatedly; the word is kept once.
 */
#include "prove/branches.h"
#include "platform/platform.h"
#include <string.h>

const struct branch *branches_newest(const struct branches *branches, size_t number)
{
    return &branches->kept[(branches->next + BRANCHES - 1 - number) % BRANCHES];
}

static bool is_kept(const struct branches *branches, const struct prove_word *word)
{
    for (size_t i = 0; i < branches->count; ++i) {
        const struct prove_word *other = &branches->kept[i].word;
        if (other->length == word->length && memcmp(other->symbols, word->symbols, word->length) == 0)
            return true;
    }
    return false;
}

void branches_keep(struct branches *branches, struct prove_word *word, size_t own)
{
    if (word->length <= BRANCH_LONGEST && !is_kept(branches, word)) {
        struct branch *place = &branches->kept[branches->next];
        sys_free(place->word.symbols);
        *place = (struct branch){.word = *word, .own = own};
        branches->next = (branches->next + 1) % BRANCHES;
        branches->count += branches->count < BRANCHES ? 1 : 0;
    } else {
        sys_free(word->symbols);
    }
    *word = (struct prove_word){0};
}

void branches_free(struct branches *branches)
{
    for (size_t i = 0; i < branches->count; ++i)
        sys_free(branches->kept[i].word.symbols);
    *branches = (struct branches){0};
}
