/* The final output of a training, in words and as JSON. */
#include "cli/train_end.h"
#include "cli/console.h"
#include "cli/problem_text.h"
#include <inttypes.h>
#include <string.h>

enum { LISTED = 10 };

/* ---- the end, in words ----------------------------------------------------------------------------------------- */

/* A file name as the shell wants it. */
static void add_quoted(sys_text *text, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-@%=:,";
    if (path[0] == '-')
        sys_text_add(text, "./");
    if (path[strspn(path, plain)] == '\0') {
        sys_text_add(text, "%s", path);
        return;
    }
    sys_text_add(text, "'");
    for (const char *p = path; *p != '\0'; ++p)
        sys_text_add(text, *p == '\'' ? "'\\''" : "%c", *p);
    sys_text_add(text, "'");
}

static void print_check(const final_check *check, const carrynet_model *model)
{
    const carrynet_settings *s = carrynet_model_settings(model);
    const carrynet_network *records = carrynet_model_networks_const(model);
    const char *word = problem_word(&s->task);
    if (check->networks == 0)
        return;
    if (s->networks == 1 || s->networks > CHECKED_NETWORKS) {
        (void)printf("%s%" PRIu64 " of %" PRIu64 " %s right%s\n", s->networks > 1 ? "Network 0: " : "",
                     check->problems - check->wrong[0], check->problems, word, check->exhaustive ? "" : " (a sample)");
        return;
    }
    if (check->all_wrong == 0)
        (void)printf("%" PRIu64 " of %" PRIu64 " %s right in each of them%s\n", check->problems, check->problems, word,
                     check->exhaustive ? "" : " (a sample)");
    for (uint32_t n = 0; n < check->networks && check->all_wrong != 0; ++n)
        (void)printf("Network %2u, seed %" PRIu64 ": %" PRIu64 " of %" PRIu64 " %s right%s\n", n, records[n].seed,
                     check->problems - check->wrong[n], check->problems, word, check->exhaustive ? "" : " (a sample)");
}

/* Those that an early stop left untouched, those that diverged to NaN or infinity, and others that are not exact. */
typedef enum network_fate { FATE_EXACT = 0, FATE_UNTRAINED, FATE_DIVERGED, FATE_WRONG } network_fate;

static network_fate fate_of(const carrynet_network *record, const carrynet_outcome *outcome)
{
    return record->exact                          ? FATE_EXACT
           : outcome != NULL && outcome->diverged ? FATE_DIVERGED
           : record->updates == 0                 ? FATE_UNTRAINED
                                                  : FATE_WRONG;
}

/* The first networks of a fate. */
static void list_some(const carrynet_network *records, const carrynet_outcome *outcomes, uint32_t networks,
                      network_fate fate, const char *heading)
{
    uint32_t listed = 0, found = 0;
    for (uint32_t n = 0; n < networks; ++n) {
        if (fate_of(&records[n], outcomes != NULL ? &outcomes[n] : NULL) != fate)
            continue;
        if (++found <= LISTED)
            (void)printf("%s network %u (seed %" PRIu64 ")", listed++ == 0 ? heading : ",", n, records[n].seed);
    }
    if (found > 0)
        (void)printf(found > listed ? " and %u more\n" : "\n", found - listed);
}

/* Which networks diverged or were left untouched; of a large population, which others did not become exact. */
static void list_failed(const carrynet_model *model, const carrynet_outcome *outcomes)
{
    const carrynet_network *records = carrynet_model_networks_const(model);
    const uint32_t networks = carrynet_model_settings(model)->networks;
    if (networks > 1)
        list_some(records, outcomes, networks, FATE_DIVERGED, "Lost to NaN or infinity, weights zero:");
    if (networks > CHECKED_NETWORKS)
        list_some(records, outcomes, networks, FATE_WRONG, "Not exact:");
    if (networks > 1)
        list_some(records, outcomes, networks, FATE_UNTRAINED, "Not trained:");
}

/* Of one network the verdict as `carrynet prove` says it. */
static void print_proof(const train_proof *proof, uint32_t networks)
{
    if (proof->proved == 0)
        return;
    if (networks == 1)
        (void)printf("PROVED for every length: %" PRIu64 " cell%s, depth %" PRIu32 ", margin %.3g\n", proof->cells,
                     proof->cells == 1 ? "" : "s", proof->depth, proof->margin);
    else
        (void)printf("%" PRIu32 " of the %" PRIu32 " in the file PROVED for every length\n", proof->proved, networks);
}

void train_end_print(const train_end *end)
{
    const carrynet_settings *s = carrynet_model_settings(end->model);
    const uint32_t written = carrynet_model_settings(end->kept)->networks;
    const train_proof *proof = end->proof;
    const train_progress *progress = end->progress;
    sys_text file = {0};
    char example[64];
    if (s->networks > 1)
        (void)printf("%u of %u networks exact\n", end->exact, s->networks);
    if (written == 1 && s->networks > 1)
        (void)printf("Kept the one with seed %" PRIu64 "\n", carrynet_model_networks_const(end->kept)[0].seed);
    else if (written < s->networks)
        (void)printf("Kept the %u that are exact\n", written);
    print_check(&end->check, end->kept);
    print_proof(proof, written);
    list_failed(end->model, end->outcomes);
    (void)printf(progress->stopped ? "Stopped early; wrote what there is to %s\n" : "Wrote %s\n", end->path);
    if (proof->written)
        (void)printf("Wrote %s\n", proof->path.data);
    (void)fflush(stdout);
    add_quoted(&file, end->path);
    problem_example(example, sizeof example, &s->task, s->steps, false);
    const bool shows = !progress->quiet && !file.failed && !sys_is_stream(end->path);
    if (shows && proof->written && proof->proved == written)
        console_note("Next: carrynet verify %s %s.cert", file.data, file.data);
    else if (shows &&
             (progress->stopped || !s->until_exact || (end->exact == s->networks && end->check.all_wrong == 0)))
        console_note("Next: carrynet run %s %s", file.data, example);
    sys_text_free(&file);
}

/* ---- the end, as JSON ------------------------------------------------------------------------------------------ */

/* How many the file holds, and which, where it does not hold all: of a few the seeds. */
static void put_kept(json_t *object, const carrynet_model *kept, uint32_t networks)
{
    const carrynet_network *records = kept != NULL ? carrynet_model_networks_const(kept) : NULL;
    const uint32_t count = kept != NULL ? carrynet_model_settings(kept)->networks : 0;
    json_put(object, "kept", json_of_count(count));
    if (count == networks || count > CHECKED_NETWORKS)
        return;
    json_t *seeds = json_array();
    for (uint32_t n = 0; n < count; ++n)
        json_append(seeds, json_of_count(records[n].seed));
    json_put(object, "seeds", seeds);
}

json_t *train_end_json(const train_end *end)
{
    const train_progress *progress = end->progress;
    const train_proof *proof = end->proof;
    const final_check *check = &end->check;
    const carrynet_settings *s = progress->settings;
    json_t *object = json_object();
    json_put(object, "model", end->kept != NULL ? json_of_text(end->path) : json_null());
    json_put(object, "device", json_of_text(progress->device));
    json_put(object, "settings", json_of_settings(progress->settings));
    json_put(object, "memory", json_of_count(progress->memory));
    json_put(object, "updates", json_of_count(progress->last.updates));
    json_put(object, "sequences", json_of_count(progress->last.sequences));
    json_put(object, "seconds", json_of_real(progress->last.seconds));
    json_put(object, "loss", json_of_real(progress->last.loss));
    json_put(object, "wrong_share", json_of_real(progress->last.wrong_share));
    if (progress->last.held_out > 0) {
        json_put(object, "held_out", json_of_count(progress->last.held_out));
        json_put(object, "held_out_wrong_share", json_of_real(progress->last.held_out_wrong_share));
    }
    json_put(object, "networks", json_of_count(s->networks));
    json_put(object, "exact", json_of_count(end->exact));
    json_put(object, "lost", json_of_count(end->diverged));
    if (s->until_proved != 0) {
        json_put(object, "proved", json_of_count(progress->last.proved));
        json_put(object, "certificate", proof->written ? json_of_text(proof->path.data) : json_null());
    }
    put_kept(object, end->kept, s->networks);
    json_put(object, "stopped", json_boolean(progress->stopped));
    if (check->networks > 0) {
        json_t *checked = json_object();
        json_put(checked, "networks", json_of_count(check->networks));
        json_put(checked, "exhaustive", json_boolean(check->exhaustive));
        json_put(checked, "problems", json_of_count(check->problems));
        json_put(checked, "wrong", json_of_count(check->all_wrong));
        json_put(object, "check", checked);
    }
    return object;
}
