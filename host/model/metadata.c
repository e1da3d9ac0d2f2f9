/*
 * The metadata of a model file: texts under these keys, in this order.
 *
 *     format "carrynet", arithmetic (version), task (task_json.c), the fields of the settings (model/fields.c has their keys and
 *     their order; numbers are decimal, the fewest digits that give the double back), until_exact true or false, network_seeds,
 *     network_updates, network_exact (JSON arrays of whole numbers, one a network; exact is 0 or 1); then the fields that are
 *     only written where they are set: until_proved (version of the prover) where a proof was the goal, train_fraction and
 *     split_seed where problems were held out; origin (text) where the weights did not come from the seed alone
 *
 * The tensors give the sizes and the number of networks. Other keys are ignored, so that a file may carry a note.
 */
#include "model/metadata.h"
#include "kernels/arithmetic.h"
#include "model/task_json.h"
#include <carrynet/fields.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- writing --------------------------------------------------------------------------------------------------- */

static const carrynet_field *field_at(unsigned place)
{
    return carrynet_field_in(CARRYNET_MEDIUM_MODEL, place);
}

static const char *key_of(const carrynet_field *field)
{
    return field->in[CARRYNET_MEDIUM_MODEL].key;
}

static void add_entry(struct metadata_entries *made, const char *key, const char *value)
{
    made->entries[made->count++] = (safetensors_entry){key, value};
}

carrynet_status metadata_entries_make(struct metadata_entries *made, const carrynet_settings *settings)
{
    char(*text)[SYS_NUMBER] = made->texts;
    *made = (struct metadata_entries){0};
    const carrynet_status status = task_to_json(&made->task, &settings->task);
    if (status != CARRYNET_OK)
        return status;
    (void)snprintf(*text, SYS_NUMBER, "%d", CARRYNET_ARITHMETIC_VERSION);
    add_entry(made, "format", "carrynet");
    add_entry(made, "arithmetic", *text++);
    add_entry(made, "task", made->task);
    const carrynet_field *field;
    unsigned place = 1;
    for (; (field = field_at(place)) != NULL && (field->traits & CARRYNET_FIELD_OPTIONAL) == 0; ++place)
        add_entry(made, key_of(field), carrynet_field_text(*text++, settings, field, CARRYNET_MEDIUM_MODEL));
    add_entry(made, "until_exact", settings->until_exact ? "true" : "false");
    made->always = made->count;
    for (; (field = field_at(place)) != NULL; ++place)
        if (carrynet_field_is_set(settings, field))
            add_entry(made, key_of(field), carrynet_field_text(*text++, settings, field, CARRYNET_MEDIUM_MODEL));
    if (settings->origin[0] != '\0')
        add_entry(made, "origin", settings->origin);
    return CARRYNET_OK;
}

void metadata_entries_free(struct metadata_entries *made)
{
    sys_free(made->task);
    *made = (struct metadata_entries){0};
}

carrynet_status metadata_write(const char *path, const safetensors_tensor *tensors, size_t tensor_count,
                               const carrynet_settings *settings, const carrynet_network *networks)
{
    struct metadata_entries made;
    sys_text seeds = {0}, updates = {0}, exact = {0};
    safetensors_entry entries[METADATA_ENTRIES + 3];
    size_t count = 0;
    carrynet_status status = metadata_entries_make(&made, settings);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t n = 0; n < settings->networks; ++n) {
        const char before = n == 0 ? '[' : ',';
        sys_text_add(&seeds, "%c%" PRIu64, before, networks[n].seed);
        sys_text_add(&updates, "%c%" PRIu64, before, networks[n].updates);
        sys_text_add(&exact, "%c%d", before, networks[n].exact ? 1 : 0);
    }
    sys_text_add(&seeds, "]");
    sys_text_add(&updates, "]");
    sys_text_add(&exact, "]");
    if (seeds.failed || updates.failed || exact.failed) {
        status =
            sys_fail(CARRYNET_ERROR_MEMORY, "%s: no memory for the records of %u networks", path, settings->networks);
        goto done;
    }
    for (; count < made.always; ++count)
        entries[count] = made.entries[count];
    entries[count++] = (safetensors_entry){"network_seeds", seeds.data};
    entries[count++] = (safetensors_entry){"network_updates", updates.data};
    entries[count++] = (safetensors_entry){"network_exact", exact.data};
    for (size_t i = made.always; i < made.count; ++i)
        entries[count++] = made.entries[i];
    status = safetensors_write(path, tensors, tensor_count, entries, count);
done:
    metadata_entries_free(&made);
    sys_text_free(&seeds);
    sys_text_free(&updates);
    sys_text_free(&exact);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static carrynet_status get(const char **text, const char *path, const safetensors_file *file, const char *key)
{
    *text = safetensors_metadata(file, key);
    if (*text == NULL)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: metadata: %s is missing", path, key);
    return CARRYNET_OK;
}

static carrynet_status refuse(const char *path, const char *key, const char *text, const char *wanted)
{
    char quote[SAFETENSORS_QUOTE];
    return sys_fail(CARRYNET_ERROR_FORMAT, "%s: metadata: %s is '%s', must be %s", path, key,
                    safetensors_quote(quote, text), wanted);
}

/* Before all else: a file of another program or version may differ in everything that follows. */
static carrynet_status check_versions(const char *path, const safetensors_file *file)
{
    const char *format = safetensors_metadata(file, "format"), *version = NULL;
    if (format == NULL || strcmp(format, "carrynet") != 0)
        return sys_fail(
            CARRYNET_ERROR_FORMAT,
            "%s: a safetensors file, but not a Carrynet model: metadata: format is not carrynet; `carrynet import` "
            "makes a model of another program's network",
            path);
    uint64_t number = 0;
    carrynet_status status = get(&version, path, file, "arithmetic");
    if (status != CARRYNET_OK)
        return status;
    const char *end = sys_read_whole(&number, version, UINT32_MAX);
    if (end == NULL || *end != '\0')
        status = refuse(path, "arithmetic", version, "a version number");
    else if (number != CARRYNET_ARITHMETIC_VERSION)
        status = sys_fail(CARRYNET_ERROR_FORMAT,
                          "%s: made with arithmetic version %" PRIu64 "; this program computes version %d", path,
                          number, CARRYNET_ARITHMETIC_VERSION);
    return status;
}

static carrynet_status read_task_and_goal(carrynet_settings *settings, const char *path, const safetensors_file *file)
{
    const char *task = NULL, *until = NULL;
    carrynet_status status = get(&task, path, file, "task");
    if (status == CARRYNET_OK)
        status = get(&until, path, file, "until_exact");
    if (status != CARRYNET_OK)
        return status;
    if (strcmp(until, "true") != 0 && strcmp(until, "false") != 0)
        return refuse(path, "until_exact", until, "true or false");
    settings->until_exact = strcmp(until, "true") == 0;
    status = task_from_json(&settings->task, task);
    if (status != CARRYNET_OK)
        status = sys_fail(status, "%s: metadata: %s", path, carrynet_message());
    return status;
}

/* One that is only written where it is set must be set where it is there. */
static carrynet_status read_field(carrynet_settings *settings, const carrynet_field *field, const char *path,
                                  const safetensors_file *file)
{
    const bool optional = (field->traits & CARRYNET_FIELD_OPTIONAL) != 0;
    const char *text = safetensors_metadata(file, key_of(field));
    if (text == NULL)
        return optional ? CARRYNET_OK : get(&text, path, file, key_of(field));
    const char *wanted = carrynet_field_read(settings, field, text, CARRYNET_MEDIUM_MODEL);
    if (wanted != NULL)
        return refuse(path, key_of(field), text, wanted);
    return CARRYNET_OK;
}

/* train_fraction and split_seed stand together; a version of the prover, of this program or another, is from 1; a decay of 0 is none. */
static carrynet_status check_optional(const carrynet_settings *settings, const char *path, const safetensors_file *file)
{
    const char *prover = safetensors_metadata(file, "until_proved");
    const char *fraction = safetensors_metadata(file, "train_fraction");
    const char *seed = safetensors_metadata(file, "split_seed");
    const char *decay = safetensors_metadata(file, "weight_decay");
    if (decay != NULL && settings->weight_decay == 0)
        return refuse(path, "weight_decay", decay, "a number above 0");
    if (prover != NULL && settings->until_proved == 0)
        return refuse(path, "until_proved", prover, "a version number from 1");
    if ((fraction == NULL) != (seed == NULL))
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: metadata: %s is missing beside %s", path,
                        fraction == NULL ? "train_fraction" : "split_seed",
                        fraction == NULL ? "split_seed" : "train_fraction");
    if (fraction != NULL && settings->train_fraction == 0)
        return refuse(path, "train_fraction", fraction, "a share from 0.01 to 0.99");
    return CARRYNET_OK;
}

static carrynet_status read_origin(carrynet_settings *settings, const char *path, const safetensors_file *file)
{
    const char *origin = safetensors_metadata(file, "origin");
    if (origin == NULL)
        return CARRYNET_OK;
    if (strlen(origin) >= sizeof settings->origin)
        return refuse(path, "origin", origin, "at most 63 characters");
    memcpy(settings->origin, origin, strlen(origin) + 1);
    return CARRYNET_OK;
}

carrynet_status metadata_read(carrynet_settings *settings, const char *path, const safetensors_file *file)
{
    *settings = (carrynet_settings){0};
    carrynet_status status = check_versions(path, file);
    if (status == CARRYNET_OK)
        status = read_task_and_goal(settings, path, file);
    const carrynet_field *field;
    for (unsigned place = 1; (field = field_at(place)) != NULL && status == CARRYNET_OK; ++place)
        status = read_field(settings, field, path, file);
    if (status == CARRYNET_OK)
        status = check_optional(settings, path, file);
    if (status == CARRYNET_OK)
        status = read_origin(settings, path, file);
    settings->shape.inputs = settings->task.inputs;
    settings->shape.outputs = settings->task.outputs;
    return status;
}

/* The next of an array's whole numbers, "[1,2]", with the bracket or comma before it; NULL if it is not there. */
static const char *next_whole(uint64_t *value, const char *text, size_t index, uint64_t most)
{
    if (text == NULL || *text != (index == 0 ? '[' : ','))
        return NULL;
    return sys_read_whole(value, text + 1, most);
}

carrynet_status metadata_read_networks(carrynet_network *networks, size_t count, const char *path,
                                       const safetensors_file *file)
{
    const char *seeds = NULL, *updates = NULL, *exact = NULL;
    carrynet_status status = get(&seeds, path, file, "network_seeds");
    if (status == CARRYNET_OK)
        status = get(&updates, path, file, "network_updates");
    if (status == CARRYNET_OK)
        status = get(&exact, path, file, "network_exact");
    if (status != CARRYNET_OK)
        return status;
    for (size_t n = 0; n < count; ++n) {
        uint64_t flag = 0;
        seeds = next_whole(&networks[n].seed, seeds, n, UINT64_MAX);
        updates = next_whole(&networks[n].updates, updates, n, UINT64_MAX);
        exact = next_whole(&flag, exact, n, 1);
        networks[n].exact = flag != 0;
    }
    const char *key = NULL;
    if (seeds == NULL || strcmp(seeds, "]") != 0)
        key = "network_seeds";
    else if (updates == NULL || strcmp(updates, "]") != 0)
        key = "network_updates";
    else if (exact == NULL || strcmp(exact, "]") != 0)
        key = "network_exact";
    if (key != NULL)
        status = sys_fail(CARRYNET_ERROR_FORMAT,
                          "%s: metadata: %s is not an array of %zu whole numbers in range, '[1,2]'", path, key, count);
    return status;
}
