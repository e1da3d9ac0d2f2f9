/*
 * Parses device specs such as "gpu,gpu,cpu", "all" and "0:0/4", and distributes the devices among the ranks of a
 * machine.
 */
#include "engine/device_list.h"
#include <stdio.h>
#include <string.h>

enum { MOST_DEVICES = 256, MOST_PARTS = 64 };

static carrynet_status add(struct device_list *list, const char *spec, size_t size)
{
    if (list->count == MOST_DEVICES)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "more than %d devices are asked for", MOST_DEVICES);
    (void)snprintf(list->specs[list->count++], DEVICE_SPEC, "%.*s", (int)size, spec);
    return CARRYNET_OK;
}

static carrynet_status add_device(struct device_list *list, const carrynet_device *device)
{
    char spec[32];
    (void)snprintf(spec, sizeof spec, "%u:%u", device->platform, device->index);
    return add(list, spec, strlen(spec));
}

/* Which devices are meant by a kind: "gpu", "cpu", "auto" or "all". */
static bool of_kind(const carrynet_device *device, const char *kind)
{
    return device->available && device->full_profile &&
           (sys_same_word(kind, "all") ||
            device->type == (sys_same_word(kind, "cpu") ? CARRYNET_DEVICE_CPU : CARRYNET_DEVICE_GPU));
}

/* "P:D/N" into its parts; anything else as it is. */
static carrynet_status add_entry(struct device_list *list, const char *spec, size_t size)
{
    char text[DEVICE_SPEC], part[2 * DEVICE_SPEC];
    uint64_t platform = 0, index = 0, parts = 0;
    if (size == 0 || size >= sizeof text)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "a list of devices has an entry that is %s: '%.64s'",
                        size == 0 ? "empty" : "too long", spec);
    (void)snprintf(text, sizeof text, "%.*s", (int)size, spec);
    const char *rest = sys_read_whole(&platform, text, UINT32_MAX);
    rest = rest != NULL && *rest == ':' ? sys_read_whole(&index, rest + 1, UINT32_MAX) : NULL;
    const size_t device = rest != NULL ? (size_t)(rest - text) : 0;
    rest = rest != NULL && *rest == '/' ? sys_read_whole(&parts, rest + 1, UINT32_MAX) : NULL;
    if (rest == NULL || *rest != '\0')
        return add(list, text, size);
    if (parts < 1 || parts > MOST_PARTS)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "'%s' asks for %llu parts of a device, must be 1 to %d", text,
                        (unsigned long long)parts, MOST_PARTS);
    carrynet_status status = CARRYNET_OK;
    for (uint64_t i = 0; i < parts && status == CARRYNET_OK; ++i) {
        (void)snprintf(part, sizeof part, "%.*s/%llu.%llu", (int)device, text, (unsigned long long)parts,
                       (unsigned long long)i);
        status = add(list, part, strlen(part));
    }
    return status;
}

/* Device number `number` of a kind. */
static carrynet_status add_of_kind(struct device_list *list, const carrynet_device *devices, size_t count,
                                   const char *kind, size_t number, const char *spec)
{
    size_t found = 0;
    for (size_t i = 0; i < count; ++i)
        if (of_kind(&devices[i], kind) && found++ == number)
            return add_device(list, &devices[i]);
    return sys_fail(CARRYNET_ERROR_DEVICE, "'%.64s' asks for %zu devices of the kind %s, there %s %zu", spec,
                    number + 1, kind, found == 1 ? "is" : "are", found);
}

static carrynet_status add_entries(struct device_list *list, const carrynet_device *devices, size_t count,
                                   const char *spec)
{
    static const char *const kinds[] = {"gpu", "cpu"};
    size_t named[2] = {0, 0};
    carrynet_status status = CARRYNET_OK;
    for (const char *entry = spec; status == CARRYNET_OK; ++entry) {
        const size_t size = strcspn(entry, ",");
        const char *kind = NULL;
        char word[DEVICE_SPEC];
        (void)snprintf(word, sizeof word, "%.*s", (int)(size < sizeof word ? size : sizeof word - 1), entry);
        for (size_t k = 0; k < 2; ++k)
            if (sys_same_word(word, kinds[k])) {
                kind = kinds[k];
                status = add_of_kind(list, devices, count, kind, named[k]++, spec);
            }
        if (kind == NULL)
            status = add_entry(list, entry, size);
        entry += size;
        if (*entry == '\0')
            break;
    }
    return status;
}

/* Every device of a kind; where there is none, the spec itself, whose message will say so. */
static carrynet_status add_all(struct device_list *list, const carrynet_device *devices, size_t count, const char *kind)
{
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i)
        if (of_kind(&devices[i], kind))
            status = add_device(list, &devices[i]);
    if (status == CARRYNET_OK && list->count == 0)
        status = add(list, sys_same_word(kind, "all") ? "cpu" : kind, strlen(kind));
    return status;
}

/* Of the list those of this rank: every so manyth, at least one, or one alone. */
static void take_turns(struct device_list *list, const carrynet_comm *comm, bool one)
{
    const size_t local = carrynet_comm_local_size(comm);
    const size_t step = one || local > list->count ? list->count : local;
    size_t kept = 0;
    for (size_t i = carrynet_comm_local_rank(comm) % list->count; i < list->count; i += step)
        memmove(list->specs[kept++], list->specs[i], DEVICE_SPEC);
    list->count = kept;
}

carrynet_status device_list_create(struct device_list *list, const char *spec, const carrynet_comm *comm)
{
    carrynet_device *devices = NULL;
    size_t count = 0;
    const size_t local = carrynet_comm_local_size(comm);
    if (spec == NULL || spec[0] == '\0')
        spec = "auto";
    const bool kind = sys_same_word(spec, "auto") || sys_same_word(spec, "gpu") || sys_same_word(spec, "cpu");
    const bool all = sys_same_word(spec, "all"), several = strchr(spec, ',') != NULL;
    *list = (struct device_list){0};
    carrynet_status status = sys_allocate(&list->specs, MOST_DEVICES, sizeof *list->specs);
    if (status == CARRYNET_OK && (all || several || (kind && local > 1)))
        status = carrynet_devices_list(&devices, &count);
    if (status != CARRYNET_OK)
        goto done;
    if (all || (kind && local > 1))
        status = add_all(list, devices, count, spec);
    else if (several)
        status = add_entries(list, devices, count, spec);
    else
        status = add_entry(list, spec, strlen(spec));
    /* A kind is one device for each rank; what is named in a list, and "all", is distributed. */
    if (status == CARRYNET_OK && local > 1)
        take_turns(list, comm, kind);
done:
    carrynet_devices_free(devices);
    if (status != CARRYNET_OK) {
        sys_free(list->specs);
        *list = (struct device_list){0};
    }
    return status;
}

carrynet_status device_list_text(sys_text *local, const char *spec, const carrynet_comm *comm)
{
    struct device_list list;
    carrynet_status status = device_list_create(&list, spec, comm);
    if (status != CARRYNET_OK)
        return status;
    for (size_t i = 0; i < list.count; ++i)
        sys_text_add(local, "%s%s", i > 0 ? "," : "", list.specs[i]);
    sys_free(list.specs);
    return local->failed ? sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the name of a device") : CARRYNET_OK;
}
