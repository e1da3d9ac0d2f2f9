/*
 * The metadata of a model file: texts under these keys, in this order.
 *
 *     format "carrynet", arithmetic (version), task (task_json.c), precision fp32 or fp64, loss, optimizer, schedule
 *     (names), the numbers of the table below (decimal; 15 to 17 digits, the fewest that give the double back),
 *     until_exact true or false, network_seeds, network_updates, network_exact (JSON arrays of whole numbers, one a
 *     network; exact is 0 or 1); until_proved (version of the prover) where a proof was the goal; train_fraction and
 *     split_seed (numbers) where problems were held out; origin (text) where the weights did not come from the seed
 *     alone
 *
 * Sizes of the network and their number are the tensors'. Other keys are ignored, so that a file may carry a note.
 */
#include "file/metadata.h"
#include "base/json_text.h"
#include "file/task_json.h"
#include "kernels/arithmetic.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

typedef enum number_kind { KIND_U32, KIND_U64, KIND_DOUBLE } number_kind;

static const struct {
    const char *key;
    number_kind kind;
    size_t offset; /* in carrynet_settings */
} numbers[] = {
    {"bits", KIND_U32, offsetof(carrynet_settings, steps)},
    {"batch", KIND_U32, offsetof(carrynet_settings, batch)},
    {"rate", KIND_DOUBLE, offsetof(carrynet_settings, rate)},
    {"momentum", KIND_DOUBLE, offsetof(carrynet_settings, momentum)},
    {"decay", KIND_DOUBLE, offsetof(carrynet_settings, decay)},
    {"epsilon", KIND_DOUBLE, offsetof(carrynet_settings, epsilon)},
    {"clip", KIND_DOUBLE, offsetof(carrynet_settings, clip)},
    {"noise", KIND_DOUBLE, offsetof(carrynet_settings, noise)},
    {"scale", KIND_DOUBLE, offsetof(carrynet_settings, scale)},
    {"seed", KIND_U64, offsetof(carrynet_settings, seed)},
    {"updates", KIND_U64, offsetof(carrynet_settings, updates)},
    {"check_every", KIND_U32, offsetof(carrynet_settings, check_every)},
    {"defaults", KIND_U32, offsetof(carrynet_settings, defaults_version)},
};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void number_to_text(char text[BASE_NUMBER], const carrynet_settings *settings, size_t index)
{
    const char *field = (const char *)settings + numbers[index].offset;
    uint64_t whole = 0;
    uint32_t narrow = 0;
    double decimal = 0;
    switch (numbers[index].kind) {
    case KIND_U32:
        memcpy(&narrow, field, sizeof narrow);
        (void)snprintf(text, BASE_NUMBER, "%" PRIu32, narrow);
        break;
    case KIND_U64:
        memcpy(&whole, field, sizeof whole);
        (void)snprintf(text, BASE_NUMBER, "%" PRIu64, whole);
        break;
    case KIND_DOUBLE:
        memcpy(&decimal, field, sizeof decimal);
        (void)base_real_text(text, decimal);
        break;
    }
}

static void add_entry(struct metadata_entries *made, const char *key, const char *value)
{
    made->entries[made->count++] = (safetensors_entry){key, value};
}

carrynet_status metadata_entries_make(struct metadata_entries *made, const carrynet_settings *settings)
{
    char(*text)[BASE_NUMBER] = made->texts;
    *made = (struct metadata_entries){0};
    const carrynet_status status = task_to_json(&made->task, &settings->task);
    if (status != CARRYNET_OK)
        return status;
    (void)snprintf(*text, BASE_NUMBER, "%d", CARRYNET_ARITHMETIC_VERSION);
    add_entry(made, "format", "carrynet");
    add_entry(made, "arithmetic", *text++);
    add_entry(made, "task", made->task);
    add_entry(made, "precision", settings->precision == CARRYNET_FP32 ? "fp32" : "fp64");
    add_entry(made, "loss", carrynet_loss_name(settings->loss));
    add_entry(made, "optimizer", carrynet_optimizer_name(settings->optimizer));
    add_entry(made, "schedule", carrynet_schedule_name(settings->schedule));
    for (size_t i = 0; i < NUMBERS; ++i, ++text) {
        number_to_text(*text, settings, i);
        add_entry(made, numbers[i].key, *text);
    }
    add_entry(made, "until_exact", settings->until_exact ? "true" : "false");
    made->always = made->count;
    if (settings->until_proved != 0) {
        (void)snprintf(*text, BASE_NUMBER, "%" PRIu32, settings->until_proved);
        add_entry(made, "until_proved", *text++);
    }
    if (settings->train_fraction != 0) {
        add_entry(made, "train_fraction", base_real_text(*text++, settings->train_fraction));
        (void)snprintf(*text, BASE_NUMBER, "%" PRIu64, settings->split_seed);
        add_entry(made, "split_seed", *text++);
    }
    if (settings->origin[0] != '\0')
        add_entry(made, "origin", settings->origin);
    return CARRYNET_OK;
}

void metadata_entries_free(struct metadata_entries *made)
{
    base_free(made->task);
    *made = (struct metadata_entries){0};
}

carrynet_status metadata_write(const char *path, const safetensors_tensor *tensors, size_t tensor_count,
                               const carrynet_settings *settings, const carrynet_network *networks)
{
    struct metadata_entries made;
    base_text seeds = {0}, updates = {0}, exact = {0};
    safetensors_entry entries[METADATA_ENTRIES + 3];
    size_t count = 0;
    carrynet_status status = metadata_entries_make(&made, settings);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t n = 0; n < settings->networks; ++n) {
        const char before = n == 0 ? '[' : ',';
        base_text_add(&seeds, "%c%" PRIu64, before, networks[n].seed);
        base_text_add(&updates, "%c%" PRIu64, before, networks[n].updates);
        base_text_add(&exact, "%c%d", before, networks[n].exact ? 1 : 0);
    }
    base_text_add(&seeds, "]");
    base_text_add(&updates, "]");
    base_text_add(&exact, "]");
    if (seeds.failed || updates.failed || exact.failed) {
        status =
            base_fail(CARRYNET_ERROR_MEMORY, "%s: no memory for the records of %u networks", path, settings->networks);
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
    base_text_free(&seeds);
    base_text_free(&updates);
    base_text_free(&exact);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static carrynet_status get(const char **text, const char *path, const safetensors_file *file, const char *key)
{
    *text = safetensors_metadata(file, key);
    if (*text == NULL)
        return base_fail(CARRYNET_ERROR_FORMAT, "%s: metadata: %s is missing", path, key);
    return CARRYNET_OK;
}

static carrynet_status refuse(const char *path, const char *key, const char *text, const char *wanted)
{
    char quote[SAFETENSORS_QUOTE];
    return base_fail(CARRYNET_ERROR_FORMAT, "%s: metadata: %s is '%s', must be %s", path, key,
                     safetensors_quote(quote, text), wanted);
}

enum { LONGEST_NUMBER = 400 }; /* letters: ten times what a writer needs */

/* A JSON number: no infinity, no hexadecimal, and a point in every locale. */
static carrynet_status read_double(double *value, const char *path, const char *key, const char *text)
{
    json_error_t error;
    json_t *number = NULL;
    *value = 0;
    if (strlen(text) >= LONGEST_NUMBER)
        return refuse(path, key, text, "a decimal number");
    const carrynet_status status =
        base_json_read(&number, &error, text, strlen(text), JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL);
    const bool good = json_is_real(number);
    *value = json_real_value(number);
    json_decref(number);
    return good || status == CARRYNET_ERROR_MEMORY ? status : refuse(path, key, text, "a decimal number");
}

static carrynet_status read_number(carrynet_settings *settings, size_t index, const char *path,
                                   const safetensors_file *file)
{
    const char *key = numbers[index].key, *text = NULL, *end = NULL;
    char *field = (char *)settings + numbers[index].offset;
    uint64_t whole = 0;
    double decimal = 0;
    carrynet_status status = get(&text, path, file, key);
    if (status != CARRYNET_OK)
        return status;
    switch (numbers[index].kind) {
    case KIND_U32:
        end = base_read_whole(&whole, text, UINT32_MAX);
        if (end == NULL || *end != '\0')
            status = refuse(path, key, text, "a whole number below 2^32");
        const uint32_t narrow = (uint32_t)whole;
        memcpy(field, &narrow, sizeof narrow);
        break;
    case KIND_U64:
        end = base_read_whole(&whole, text, UINT64_MAX);
        if (end == NULL || *end != '\0')
            status = refuse(path, key, text, "a whole number below 2^64");
        memcpy(field, &whole, sizeof whole);
        break;
    case KIND_DOUBLE:
        status = read_double(&decimal, path, key, text);
        memcpy(field, &decimal, sizeof decimal);
        break;
    }
    return status;
}

/* Before all else: a file of another program or version may differ in everything that follows. */
static carrynet_status check_versions(const char *path, const safetensors_file *file)
{
    const char *format = safetensors_metadata(file, "format"), *version = NULL;
    if (format == NULL || strcmp(format, "carrynet") != 0)
        return base_fail(
            CARRYNET_ERROR_FORMAT,
            "%s: a safetensors file, but not a Carrynet model: metadata: format is not carrynet; `carrynet import` "
            "makes a model of another program's network",
            path);
    uint64_t number = 0;
    carrynet_status status = get(&version, path, file, "arithmetic");
    if (status != CARRYNET_OK)
        return status;
    const char *end = base_read_whole(&number, version, UINT32_MAX);
    if (end == NULL || *end != '\0')
        status = refuse(path, "arithmetic", version, "a version number");
    else if (number != CARRYNET_ARITHMETIC_VERSION)
        status = base_fail(CARRYNET_ERROR_FORMAT,
                           "%s: made with arithmetic version %" PRIu64 "; this program computes version %d", path,
                           number, CARRYNET_ARITHMETIC_VERSION);
    return status;
}

static carrynet_status read_names(carrynet_settings *settings, const char *path, const safetensors_file *file)
{
    const char *task = NULL, *precision = NULL, *loss = NULL, *optimizer = NULL, *schedule = NULL, *until = NULL;
    carrynet_status status = get(&task, path, file, "task");
    if (status == CARRYNET_OK)
        status = get(&precision, path, file, "precision");
    if (status == CARRYNET_OK)
        status = get(&loss, path, file, "loss");
    if (status == CARRYNET_OK)
        status = get(&optimizer, path, file, "optimizer");
    if (status == CARRYNET_OK)
        status = get(&schedule, path, file, "schedule");
    if (status == CARRYNET_OK)
        status = get(&until, path, file, "until_exact");
    if (status != CARRYNET_OK)
        return status;
    if (strcmp(precision, "fp32") != 0 && strcmp(precision, "fp64") != 0)
        return refuse(path, "precision", precision, "fp32 or fp64");
    if (strcmp(until, "true") != 0 && strcmp(until, "false") != 0)
        return refuse(path, "until_exact", until, "true or false");
    settings->precision = strcmp(precision, "fp32") == 0 ? CARRYNET_FP32 : CARRYNET_FP64;
    settings->until_exact = strcmp(until, "true") == 0;
    if (carrynet_loss_find(&settings->loss, loss) != CARRYNET_OK)
        return refuse(path, "loss", loss, "the name of a loss");
    if (carrynet_optimizer_find(&settings->optimizer, optimizer) != CARRYNET_OK)
        return refuse(path, "optimizer", optimizer, "the name of an optimizer");
    if (carrynet_schedule_find(&settings->schedule, schedule) != CARRYNET_OK)
        return refuse(path, "schedule", schedule, "the name of a schedule");
    status = task_from_json(&settings->task, task);
    if (status != CARRYNET_OK)
        status = base_fail(status, "%s: metadata: %s", path, carrynet_message());
    return status;
}

/* A version that this program does not have is read like its own: only to train so again takes the same. */
static carrynet_status read_prover(carrynet_settings *settings, const char *path, const safetensors_file *file)
{
    const char *version = safetensors_metadata(file, "until_proved");
    uint64_t number = 0;
    if (version == NULL)
        return CARRYNET_OK;
    const char *end = base_read_whole(&number, version, UINT32_MAX);
    if (end == NULL || *end != '\0' || number == 0)
        return refuse(path, "until_proved", version, "a version number from 1");
    settings->until_proved = (uint32_t)number;
    return CARRYNET_OK;
}

static carrynet_status read_split(carrynet_settings *settings, const char *path, const safetensors_file *file)
{
    const char *fraction = safetensors_metadata(file, "train_fraction");
    const char *seed = safetensors_metadata(file, "split_seed");
    if (fraction == NULL && seed == NULL)
        return CARRYNET_OK;
    if (fraction == NULL || seed == NULL)
        return base_fail(CARRYNET_ERROR_FORMAT, "%s: metadata: %s is missing beside %s", path,
                         fraction == NULL ? "train_fraction" : "split_seed",
                         fraction == NULL ? "split_seed" : "train_fraction");
    const carrynet_status status = read_double(&settings->train_fraction, path, "train_fraction", fraction);
    if (status != CARRYNET_OK)
        return status;
    if (settings->train_fraction == 0)
        return refuse(path, "train_fraction", fraction, "a share from 0.01 to 0.99");
    const char *end = base_read_whole(&settings->split_seed, seed, UINT64_MAX);
    return end == NULL || *end != '\0' ? refuse(path, "split_seed", seed, "a whole number below 2^64") : CARRYNET_OK;
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
        status = read_names(settings, path, file);
    for (size_t i = 0; i < NUMBERS && status == CARRYNET_OK; ++i)
        status = read_number(settings, i, path, file);
    if (status == CARRYNET_OK)
        status = read_prover(settings, path, file);
    if (status == CARRYNET_OK)
        status = read_split(settings, path, file);
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
    return base_read_whole(value, text + 1, most);
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
        status = base_fail(CARRYNET_ERROR_FORMAT,
                           "%s: metadata: %s is not an array of %zu whole numbers in range, '[1,2]'", path, key, count);
    return status;
}
