/*
 * When a checkpoint is written, how the checkpoint to resume from is found, and its header, which is only compared.
 */
#include "train/checkpoint.h"
#include "model/metadata.h"
#include "platform/json_text.h"
#include "platform/platform.h"
#include "train/checkpoint_state.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

enum { OWN_ENTRIES = 8 };

/* ---- the header ------------------------------------------------------------------------------------------------- */

/* SHA-256 of what the caller gave for each network, or "none". */
static void digest_of(char text[SYS_SHA256], const void *values, size_t size)
{
    if (values == NULL)
        memcpy(text, "none", sizeof "none");
    else
        (void)sys_sha256(text, (const void *[]){values}, &size, 1);
}

/* All that must be the same for a training to go on, as texts. MEMORY. */
static carrynet_status make_header(json_t **header, const carrynet_settings *s, const carrynet_train_options *options)
{
    struct metadata_entries made;
    char hidden[SYS_NUMBER], networks[SYS_NUMBER], initial[SYS_SHA256], configs[SYS_SHA256];
    const uint16_t one = 1;
    const size_t bytes = carrynet_shape_size(&s->shape) * (s->precision / 8);
    *header = NULL;
    carrynet_status status = metadata_entries_make(&made, s);
    if (status != CARRYNET_OK)
        return status;
    (void)snprintf(hidden, sizeof hidden, "%" PRIu32, s->shape.hidden);
    (void)snprintf(networks, sizeof networks, "%" PRIu32, s->networks);
    digest_of(initial, options->initial, s->networks * bytes);
    digest_of(configs, options->configs, s->networks * sizeof *options->configs);
    const safetensors_entry own[OWN_ENTRIES] = {
        {"hidden", hidden},
        {"bias", s->shape.bias ? "true" : "false"},
        {"initial_state", s->shape.initial_state ? "true" : "false"},
        {"networks", networks},
        {"initial_weights", initial},
        {"individuals", configs},
        {"byte_order", *(const uint8_t *)&one == 1 ? "little" : "big"},
        {"version", carrynet_version()},
    };
    json_t *object = json_object();
    int failed = object == NULL;
    for (size_t i = 0; i < made.count && failed == 0; ++i)
        failed = json_object_set_new(object, made.entries[i].key, json_string(made.entries[i].value));
    for (size_t i = 0; i < OWN_ENTRIES && failed == 0; ++i)
        failed = json_object_set_new(object, own[i].key, json_string(own[i].value));
    metadata_entries_free(&made);
    if (failed != 0) {
        json_decref(object);
        return sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the header of a checkpoint");
    }
    *header = object;
    return CARRYNET_OK;
}

static void add_difference(sys_text *text, const char *key, const char *there, const char *here)
{
    char quote[SAFETENSORS_QUOTE], other[SAFETENSORS_QUOTE];
    sys_text_add(text, "%s%s is %s there, %s here", text->size == 0 ? "" : "; ", key,
                 there == NULL ? "absent" : safetensors_quote(quote, there),
                 here == NULL ? "absent" : safetensors_quote(other, here));
}

/* ARGUMENT with every difference; FORMAT if it is no header. */
static carrynet_status compare_header(const char *path, const char *text, const json_t *ours)
{
    json_error_t error;
    json_t *theirs = NULL, *value;
    sys_text differences = {0};
    const char *key;
    char quote[SAFETENSORS_QUOTE];
    if (sys_json_read(&theirs, &error, text, strlen(text), JSON_REJECT_DUPLICATES) == CARRYNET_ERROR_MEMORY)
        return sys_fail(CARRYNET_ERROR_MEMORY, "%s: not enough memory for the header", path);
    if (!json_is_object(theirs)) {
        json_decref(theirs);
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: the header is not a JSON object", path);
    }
    /* Another release writes the same state; the arithmetic and the defaults have versions of their own. */
    json_object_foreach((json_t *)(uintptr_t)ours, key, value)
    {
        const char *here = json_string_value(value), *there = json_string_value(json_object_get(theirs, key));
        if (strcmp(key, "version") != 0 && (there == NULL || strcmp(here, there) != 0))
            add_difference(&differences, key, there, here);
    }
    json_object_foreach(theirs, key, value)
    {
        if (json_object_get(ours, key) == NULL)
            add_difference(&differences, safetensors_quote(quote, key), json_string_value(value), NULL);
    }
    json_decref(theirs);
    carrynet_status status = CARRYNET_OK;
    if (differences.failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "%s: no memory for the differences", path);
    else if (differences.size > 0)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT,
                          "%s is the checkpoint of another run: %s; give the same options, or another file", path,
                          differences.data);
    sys_text_free(&differences);
    return status;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* "PATH.previous". MEMORY. */
static carrynet_status previous_name(sys_text *name, const char *path)
{
    sys_text_add(name, "%s.previous", path);
    return name->failed ? sys_fail(CARRYNET_ERROR_MEMORY, "no memory for a file name") : CARRYNET_OK;
}

static carrynet_status write_state(const struct training *t)
{
    struct checkpoint_state state = {0};
    json_t *header = NULL;
    char *text = NULL;
    size_t size = 0;
    sys_text previous = {0};
    const char *path = t->options->checkpoints->path;
    carrynet_status status = previous_name(&previous, path);
    if (status == CARRYNET_OK)
        status = checkpoint_state_create(&state, t->settings, t->population.running, true);
    if (status == CARRYNET_OK)
        status = make_header(&header, t->settings, t->options);
    if (status == CARRYNET_OK)
        status = sys_json_write(&text, &size, header, JSON_COMPACT);
    status = comm_allreduce_status(t->comm, status); /* since all take part in what follows, or none */
    if (status == CARRYNET_OK)
        status = checkpoint_state_take(&state, t);
    if (status == CARRYNET_OK && carrynet_comm_rank(t->comm) == 0)
        status = checkpoint_file_write(path, previous.data, text, state.parts, CHECKPOINT_PARTS);
    sys_free(text);
    json_decref(header);
    checkpoint_state_free(&state);
    sys_text_free(&previous);
    return status;
}

/* A checkpoint that cannot be written is the caller's to judge: what is learnt may be worth more. */
static carrynet_status save(struct training *t)
{
    const carrynet_checkpoints *wanted = t->options->checkpoints;
    const carrynet_status status = comm_allreduce_status(t->comm, write_state(t));
    t->saved_updates = t->updates;
    t->saved = sys_seconds();
    if (status == CARRYNET_OK && wanted->saved != NULL)
        wanted->saved(wanted->self, t->updates);
    if (status == CARRYNET_OK || status == CARRYNET_ERROR_DEVICE || wanted->failed == NULL)
        return status;
    return wanted->failed(wanted->self, status, t->updates);
}

uint64_t checkpoint_next(const struct training *t)
{
    const uint64_t every = t->options->checkpoints != NULL ? t->options->checkpoints->every_updates : 0;
    return every == 0 ? UINT64_MAX : (t->updates / every + 1) * every;
}

carrynet_status checkpoint_when_due(struct training *t)
{
    const carrynet_checkpoints *wanted = t->options->checkpoints;
    if (wanted == NULL || t->updates == t->saved_updates)
        return CARRYNET_OK;
    const bool by_count = wanted->every_updates > 0 && t->updates % wanted->every_updates == 0;
    const bool by_clock = wanted->every_seconds > 0 && sys_seconds() - t->saved >= wanted->every_seconds;
    return by_count || (wanted->every_seconds > 0 && comm_broadcast_flag(t->comm, by_clock)) ? save(t) : CARRYNET_OK;
}

carrynet_status checkpoint_at_stop(struct training *t)
{
    if (t->options->checkpoints == NULL || t->saved_at_stop)
        return CARRYNET_OK;
    t->saved_at_stop = true;
    return save(t);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* Reads one file and compares it. FORMAT and IO mean that it is not whole. */
static carrynet_status read_state(struct checkpoint *from, const char *path, const json_t *header,
                                  const carrynet_settings *settings)
{
    struct checkpoint_counters c;
    struct checkpoint_state state;
    uint64_t size = 0;
    carrynet_status status = checkpoint_file_read(&from->file, path);
    if (status == CARRYNET_OK)
        status = compare_header(path, from->file.header, header);
    if (status == CARRYNET_OK && from->file.size < sizeof c)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: ends before its counters", path);
    if (status != CARRYNET_OK)
        return status;
    memcpy(&c, from->file.data, sizeof c);
    if (c.batch_first >= settings->networks || c.batch_count < 1 ||
        c.batch_count > settings->networks - c.batch_first || c.running < 1 || c.running > c.batch_count ||
        c.updates > settings->updates || c.check_due > 1 || !(c.seconds >= 0 && c.seconds < 1e12))
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: its counters are not those of a training", path);
    (void)checkpoint_state_create(&state, settings, c.running, false);
    for (int p = 0; p < CHECKPOINT_PARTS; ++p)
        size += state.parts[p].size;
    if (size != from->file.size)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: has %zu bytes of state, not %" PRIu64, path, from->file.size, size);
    from->batch_first = (uint32_t)c.batch_first;
    from->running = (uint32_t)c.running;
    from->seconds = c.seconds;
    from->found = true;
    return CARRYNET_OK;
}

static void notify_resumed(const struct checkpoint *from, const carrynet_checkpoints *wanted, const char *path,
                           bool previous, const char *reason)
{
    struct checkpoint_counters c = {0};
    if (from->found)
        memcpy(&c, from->file.data, sizeof c);
    const carrynet_resumption resumption = {
        .path = from->found ? path : NULL,
        .previous = previous,
        .reason = reason,
        .updates = c.updates,
        .sequences = c.trained,
        .marks = from->found ? c.marks : NULL,
    };
    if (wanted->resumed != NULL)
        wanted->resumed(wanted->self, &resumption);
}

carrynet_status checkpoint_find(struct checkpoint *from, const carrynet_settings *settings,
                                const carrynet_train_options *options, bool tidies)
{
    const carrynet_checkpoints *wanted = options->checkpoints;
    sys_text previous = {0}, reason = {0};
    sys_identity identity;
    json_t *header = NULL;
    *from = (struct checkpoint){0};
    if (wanted == NULL)
        return CARRYNET_OK;
    if (options->source != NULL)
        return sys_fail(CARRYNET_ERROR_UNSUPPORTED, "checkpoints do not know the state of a source of the caller's");
    if (!wanted->resume)
        return CARRYNET_OK;
    carrynet_status status = previous_name(&previous, wanted->path);
    if (tidies)
        sys_remove_leftovers(wanted->path);
    if (status == CARRYNET_OK && tidies)
        sys_remove_leftovers(previous.data);
    if (status == CARRYNET_OK)
        status = make_header(&header, settings, options);
    bool last_there = false, previous_there = false;
    if (status == CARRYNET_OK)
        status = sys_identify(&identity, &last_there, wanted->path);
    if (status == CARRYNET_OK)
        status = sys_identify(&identity, &previous_there, previous.data);
    if (status != CARRYNET_OK || (!last_there && !previous_there))
        goto notify;
    status = last_there ? read_state(from, wanted->path, header, settings)
                        : sys_fail(CARRYNET_ERROR_IO, "%s: is not there", wanted->path);
    if ((status == CARRYNET_ERROR_FORMAT || status == CARRYNET_ERROR_IO) && previous_there) {
        sys_text_add(&reason, "%s", carrynet_message());
        checkpoint_file_free(&from->file);
        status = read_state(from, previous.data, header, settings);
    }
notify:
    if (status == CARRYNET_OK)
        notify_resumed(from, wanted, reason.size > 0 ? previous.data : wanted->path, reason.size > 0, reason.data);
    json_decref(header);
    sys_text_free(&previous);
    sys_text_free(&reason);
    return status;
}

static carrynet_status same_entry(carrynet_comm *comm, const char *key, const char *value)
{
    sys_text entry = {0};
    sys_text_add(&entry, "%s %s", key, value);
    const carrynet_status made =
        entry.failed ? sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the settings") : CARRYNET_OK;
    const carrynet_status status = comm_check_same(comm, made, "the settings", entry.failed ? "" : entry.data);
    sys_text_free(&entry);
    return status;
}

carrynet_status checkpoint_same(const struct checkpoint *from, const carrynet_settings *settings,
                                const carrynet_train_options *options, carrynet_comm *comm, carrynet_status status)
{
    char digest[SYS_SHA256] = "none";
    json_t *header = NULL, *value;
    const char *key;
    if (carrynet_comm_size(comm) == 1)
        return status;
    if (status == CARRYNET_OK)
        status = make_header(&header, settings, options);
    if (status == CARRYNET_OK && from->found)
        (void)sys_sha256(digest, (const void *[]){from->file.data}, &from->file.size, 1);
    status = comm_allreduce_status(comm, status);
    /* With their names, so that one that is on some ranks alone differs too. */
    json_object_foreach(header, key, value)
    {
        if (status == CARRYNET_OK)
            status = same_entry(comm, key, json_string_value(value));
    }
    if (status == CARRYNET_OK)
        status = comm_check_same(comm, status, "the checkpoint to go on from", digest);
    json_decref(header);
    return status;
}

void checkpoint_free(struct checkpoint *from)
{
    checkpoint_file_free(&from->file);
    *from = (struct checkpoint){0};
}

carrynet_status checkpoint_restore(struct checkpoint *from, struct training *t)
{
    struct checkpoint_state state;
    const char *data = from->file.data;
    carrynet_status status = checkpoint_state_create(&state, t->settings, from->running, true);
    for (int p = 0; p < CHECKPOINT_PARTS && status == CARRYNET_OK; ++p) {
        memcpy(state.parts[p].data, data, state.parts[p].size);
        data += state.parts[p].size;
    }
    if (status == CARRYNET_OK)
        status = checkpoint_state_give(&state, t);
    checkpoint_state_free(&state);
    checkpoint_file_free(&from->file);
    return status;
}
