/*
 * Shortens wrong words by leaving out runs of 1, 2, 3, 4, 6, 8, 12, ... symbols, which also shortens pumped parts. Each
 * round starts from the best word of the round before, until no shorter word is found.
 */
#include "platform/platform.h"
#include "prove/refute_parts.h"
#include "prove/word.h"
#include <string.h>

enum { AT_ONCE = 256, ROUND_STEPS = 1 << 20, ALL_STEPS = 8 << 20 };

/* One candidate: the word without `size` symbols from `at` on. */
struct cut {
    size_t at, size;
};

static size_t next_size(size_t size)
{
    if (size == 1)
        return 2;
    return (size & (size - 1)) == 0 ? size / 2 * 3 : size / 3 * 4;
}

/* The cuts of a round: all sizes from the least that keeps the round short. */
static carrynet_status list_cuts(struct cut **cuts, size_t *count, size_t length)
{
    size_t least = 1, total = 0;
    *count = 0;
    while ((length / least + 1) * length > ROUND_STEPS / 4 && least < length)
        least = next_size(least);
    for (size_t size = least; size < length; size = next_size(size))
        total += (length + size - 1) / size;
    const carrynet_status status = sys_allocate(cuts, total, sizeof **cuts);
    if (status != CARRYNET_OK)
        return status;
    for (size_t size = least; size < length; size = next_size(size))
        for (size_t at = 0; at < length; at += size)
            (*cuts)[(*count)++] = (struct cut){.at = at, .size = length - at < size ? length - at : size};
    return CARRYNET_OK;
}

static void leave_out(uint8_t *to, const struct prove_word *word, struct cut cut)
{
    memcpy(to, word->symbols, cut.at);
    memcpy(to + cut.at, word->symbols + cut.at + cut.size, word->length - cut.at - cut.size);
}

/* One round: *best is the length of the shortest wrong word found, and *which its cut. */
static carrynet_status try_cuts(size_t *best, struct cut *which, carrynet_engine *engine, const carrynet_task *task,
                                const struct prove_word *word, const struct cut *cuts, size_t count,
                                const struct prove_stop *stop)
{
    struct prove_word words[AT_ONCE];
    struct word_error errors[AT_ONCE];
    uint8_t *symbols = NULL;
    carrynet_status status = sys_allocate(&symbols, AT_ONCE, word->length);
    for (size_t first = 0; first < count && status == CARRYNET_OK && !prove_stopped(stop); first += AT_ONCE) {
        const size_t many = count - first < AT_ONCE ? count - first : AT_ONCE;
        for (size_t i = 0; i < many; ++i) {
            words[i].symbols = symbols + i * word->length;
            words[i].length = word->length - cuts[first + i].size;
            leave_out(words[i].symbols, word, cuts[first + i]);
        }
        status = word_errors(errors, engine, task, words, many, stop);
        for (size_t i = 0; i < many && status == CARRYNET_OK; ++i)
            if (errors[i].wrong && errors[i].at + 1 < *best) {
                *best = (size_t)errors[i].at + 1;
                *which = cuts[first + i];
            }
    }
    sys_free(symbols);
    return status;
}

carrynet_status refute_shorten(struct prove_word *word, carrynet_engine *engine, const carrynet_task *task,
                               const struct prove_stop *stop)
{
    carrynet_status status = CARRYNET_OK;
    uint64_t steps = 0;
    for (bool better = true; better && steps < ALL_STEPS && status == CARRYNET_OK;) {
        struct cut *cuts = NULL, which = {0};
        size_t count = 0, best = word->length;
        status = list_cuts(&cuts, &count, word->length);
        if (status == CARRYNET_OK)
            status = try_cuts(&best, &which, engine, task, word, cuts, count, stop);
        steps += (uint64_t)count * word->length;
        better = best < word->length;
        if (status == CARRYNET_OK && better) {
            memmove(word->symbols + which.at, word->symbols + which.at + which.size,
                    word->length - which.at - which.size);
            word->length = best;
        }
        sys_free(cuts);
    }
    return status;
}
