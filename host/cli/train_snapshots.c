/*
 * train --snapshot-at: an observer of the training that writes models. A file that cannot be written is reported and
 * counted, and the training continues, since its results matter more. Files are written atomically.
 */
#include "cli/train_snapshots.h"
#include "cli/console.h"
#include "cli/job_ranks.h"
#include "comm/collectives.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char ENDING[] = ".safetensors";

/* The model's name with ".at-1000" before its ending. */
static void add_path(sys_text *path, const train_snapshots *snapshots, uint64_t updates)
{
    const size_t length = strlen(snapshots->path), ending = strlen(ENDING);
    const bool ends = length > ending && strcmp(snapshots->path + length - ending, ENDING) == 0;
    sys_text_add(path, "%.*s.at-%" PRIu64 "%s", (int)(ends ? length - ending : length), snapshots->path, updates,
                 ENDING);
}

/* ---- before the training --------------------------------------------------------------------------------------- */

static int compare_counts(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right ? 1 : 0;
}

static carrynet_status take_counts(train_snapshots *snapshots, const cli_value *value)
{
    const size_t count = (size_t)value->count;
    carrynet_status status = sys_allocate(&snapshots->at, count, sizeof *snapshots->at);
    if (status == CARRYNET_OK)
        status = sys_allocate(&snapshots->written, count, sizeof *snapshots->written);
    if (status != CARRYNET_OK)
        return status;
    memcpy(snapshots->at, value->list, count * sizeof *snapshots->at);
    qsort(snapshots->at, count, sizeof *snapshots->at, compare_counts);
    for (size_t i = 0; i < count; ++i)
        if (i == 0 || snapshots->at[i] != snapshots->at[snapshots->count - 1])
            snapshots->at[snapshots->count++] = snapshots->at[i];
    return CARRYNET_OK;
}

/* Each has a name of its own and can be written. False with *code set, after a message. */
static bool can_write(const train_snapshots *snapshots, const cli_arguments *arguments, const char *log_path, int *code)
{
    for (size_t i = 0; i < snapshots->count; ++i) {
        sys_text path = {0};
        add_path(&path, snapshots, snapshots->at[i]);
        carrynet_status status =
            path.failed ? sys_fail(CARRYNET_ERROR_MEMORY, "no memory for a name") : job_writable(path.data);
        if (status != CARRYNET_OK)
            *code = console_status(status);
        else if (log_path != NULL && sys_same_path(log_path, path.data))
            *code =
                arguments_wrong(arguments, "--log names %s, where a snapshot goes; give it another file", path.data);
        else
            *code = EXIT_CODE_DONE;
        sys_text_free(&path);
        if (*code != EXIT_CODE_DONE)
            return false;
    }
    return true;
}

static carrynet_status observe(void *self, carrynet_engine *engine, uint64_t updates, uint64_t *next);

bool train_snapshots_prepare(train_snapshots *snapshots, const cli_arguments *arguments, const cli_value *at,
                             const carrynet_settings *settings, const char *path, const char *log_path, int *code)
{
    *snapshots = (train_snapshots){.settings = settings, .path = path, .observer = {observe, snapshots}};
    *code = EXIT_CODE_DONE;
    if (!at->given)
        return true;
    if (sys_is_stream(path)) {
        *code = arguments_wrong(arguments, "-o is %.200s, but --snapshot-at writes files beside the model: name a file",
                                path);
        return false;
    }
    const carrynet_status status = take_counts(snapshots, at);
    if (status != CARRYNET_OK) {
        *code = console_status(status);
        return false;
    }
    const uint64_t last = snapshots->at[snapshots->count - 1];
    if (last > settings->updates) {
        *code = arguments_wrong(
            arguments, "--snapshot-at has %" PRIu64 ", but the training ends after %" PRIu64 " updates; raise --%s",
            last, settings->updates, settings->until_exact ? "max-updates" : "updates");
        return false;
    }
    return can_write(snapshots, arguments, log_path, code);
}

void train_snapshots_free(train_snapshots *snapshots)
{
    sys_free(snapshots->at);
    sys_free(snapshots->written);
    *snapshots = (train_snapshots){0};
}

/* ---- while it trains ------------------------------------------------------------------------------------------- */

/* Whether a model file may hold these parameters: those of a network that has diverged to NaN it may not. */
static bool is_sound(const char *values, const carrynet_settings *settings)
{
    const size_t size = carrynet_shape_size(&settings->shape);
    for (size_t i = 0; i < size; ++i) {
        double value;
        if (settings->precision == CARRYNET_FP32) {
            float single;
            memcpy(&single, values + i * sizeof single, sizeof single);
            value = (double)single;
        } else {
            memcpy(&value, values + i * sizeof value, sizeof value);
        }
        if (!(fabs(value) <= 0x1p60))
            return false;
    }
    return true;
}

/* The networks of the engine in the order of their seeds, which is theirs in the run; *count of them are sound. */
static carrynet_status take_model(carrynet_model **model, size_t *count, const train_snapshots *snapshots,
                                  carrynet_engine *engine, uint64_t updates)
{
    const carrynet_network_config *configs = carrynet_engine_network_configs(engine);
    const uint32_t held = carrynet_engine_settings(engine)->networks;
    const uint64_t first = snapshots->settings->seed;
    const size_t bytes = carrynet_shape_size(&snapshots->settings->shape) * (snapshots->settings->precision / 8);
    carrynet_model *whole = NULL;
    uint32_t *place = NULL, *which = NULL; /* of each network of the run in the engine, from 1; those that are here */
    *count = 0;
    carrynet_status status = carrynet_model_create(&whole, snapshots->settings);
    if (status == CARRYNET_OK)
        status = sys_allocate(&place, snapshots->settings->networks, sizeof *place);
    if (status == CARRYNET_OK)
        status = sys_allocate(&which, snapshots->settings->networks, sizeof *which);
    status = comm_allreduce_status(job_ranks(), status); /* since all take part in what follows, or none */
    for (uint32_t i = 0; i < held && status == CARRYNET_OK; ++i)
        place[configs[i].seed - first] = i + 1;
    for (uint32_t n = 0; n < snapshots->settings->networks && status == CARRYNET_OK; ++n) {
        char *values = (char *)carrynet_model_values(whole) + n * bytes;
        if (place[n] == 0)
            continue;
        status = carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, place[n] - 1, 1, values);
        carrynet_model_networks(whole)[n].updates = updates;
        if (status == CARRYNET_OK && is_sound(values, snapshots->settings))
            which[(*count)++] = n;
    }
    if (status == CARRYNET_OK && *count > 0)
        status = carrynet_model_select(model, whole, which, *count);
    carrynet_model_free(whole);
    sys_free(place);
    sys_free(which);
    return status;
}

static carrynet_status observe(void *self, carrynet_engine *engine, uint64_t updates, uint64_t *next)
{
    train_snapshots *snapshots = self;
    /* A training that goes on from a checkpoint has passed some before. */
    while (snapshots->next < snapshots->count && snapshots->at[snapshots->next] < updates)
        ++snapshots->next;
    if (snapshots->next < snapshots->count && snapshots->at[snapshots->next] == updates) {
        sys_text path = {0};
        carrynet_model *model = NULL;
        size_t count = 0;
        add_path(&path, snapshots, updates);
        carrynet_status status = path.failed ? sys_fail(CARRYNET_ERROR_MEMORY, "no memory for a name") : CARRYNET_OK;
        status = comm_allreduce_status(job_ranks(), status);
        if (status == CARRYNET_OK)
            status = take_model(&model, &count, snapshots, engine, updates);
        if (status == CARRYNET_OK && count > 0 && job_is_first()) /* who has read the engine with the others */
            status = carrynet_model_save(model, path.data);
        if (status != CARRYNET_OK) {
            console_error("no snapshot after %" PRIu64 " updates: %s; training goes on", updates, carrynet_message());
            snapshots->failed = true;
        }
        snapshots->written[snapshots->next++] = status == CARRYNET_OK && count > 0;
        carrynet_model_free(model);
        sys_text_free(&path);
    }
    /* A count that is never reached asks for nothing more. */
    *next = snapshots->next < snapshots->count ? snapshots->at[snapshots->next] : UINT64_MAX;
    return CARRYNET_OK;
}

/* ---- after it -------------------------------------------------------------------------------------------------- */

void train_snapshots_say(const train_snapshots *snapshots)
{
    sys_text text = {0};
    size_t written = 0;
    for (size_t i = 0; i < snapshots->count; ++i)
        if (snapshots->written[i]) {
            sys_text_add(&text, "%s", written++ == 0 ? "Wrote " : ", ");
            add_path(&text, snapshots, snapshots->at[i]);
        }
    if (written > 0 && !text.failed)
        console_note("%s", text.data);
    sys_text_free(&text);
    if (snapshots->next < snapshots->count)
        console_note("No snapshot after %" PRIu64 " updates%s: the training had ended before.",
                     snapshots->at[snapshots->next], snapshots->next + 1 < snapshots->count ? " and later" : "");
}

json_t *train_snapshots_json(const train_snapshots *snapshots)
{
    json_t *names = json_array();
    for (size_t i = 0; i < snapshots->count; ++i)
        if (snapshots->written[i]) {
            sys_text path = {0};
            add_path(&path, snapshots, snapshots->at[i]);
            json_append(names, path.failed ? NULL : json_of_text(path.data));
            sys_text_free(&path);
        }
    return names;
}
