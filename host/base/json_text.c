/*
 * Where memory is short, jansson may leave a byte out of a text and go on (it does not look whether a token could grow). So
 * it gets its bytes one by one: before each, errno says whether an allocation has failed, and then there are no more.
 * Writing is counted, since it may stop midway.
 */
#include "base/json_text.h"
#include "base/environment.h"
#include <errno.h>

struct reading {
    const char *text;
    size_t left;
    bool short_of_memory;
};

static size_t next_byte(void *byte, size_t room, void *self)
{
    struct reading *reading = self;
    (void)room;
    reading->short_of_memory = reading->short_of_memory || errno == ENOMEM;
    if (reading->left == 0 || reading->short_of_memory)
        return 0;
    *(char *)byte = *reading->text++;
    --reading->left;
    return 1;
}

carrynet_status base_json_read(json_t **value, json_error_t *error, const char *text, size_t size, size_t flags)
{
    struct reading reading = {.text = text, .left = size};
    const fenv_t environment = base_enter_arithmetic(); /* numbers are the nearest, whatever the caller runs with */
    errno = 0;
    *value = json_load_callback(next_byte, &reading, flags, error);
    (void)base_leave_arithmetic(&environment, CARRYNET_OK);
    if (reading.short_of_memory || errno == ENOMEM) {
        json_decref(*value);
        *value = NULL;
        return base_fail(CARRYNET_ERROR_MEMORY, "not enough memory to read %zu bytes of JSON", size);
    }
    return *value != NULL ? CARRYNET_OK : base_fail(CARRYNET_ERROR_FORMAT, "line %d: %s", error->line, error->text);
}

carrynet_status base_json_write(char **text, size_t *size, const json_t *value, size_t flags)
{
    const fenv_t environment = base_enter_arithmetic();
    *text = NULL;
    *size = value == NULL ? 0 : json_dumpb(value, NULL, 0, flags);
    carrynet_status status = *size == 0 ? CARRYNET_ERROR_MEMORY : base_allocate(text, *size + 1, 1);
    if (status == CARRYNET_OK && json_dumpb(value, *text, *size, flags) != *size)
        status = CARRYNET_ERROR_MEMORY;
    if (base_leave_arithmetic(&environment, status) == CARRYNET_OK)
        return CARRYNET_OK;
    base_free(*text);
    *text = NULL;
    return base_fail(CARRYNET_ERROR_MEMORY, "not enough memory to write JSON");
}
