/* Status names and the message of each thread. */
#include "kernels/arithmetic.h"
#include "platform/platform.h"
#include <stdio.h>

static _Thread_local char message[16384];

carrynet_status sys_fail(carrynet_status status, const char *format, ...)
{
    /* Formatted apart, since an argument may be the old message. */
    static _Thread_local char next[sizeof message];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(next, sizeof next, format, arguments);
    va_end(arguments);
    (void)snprintf(message, sizeof message, "%s", sys_printable(next));
    return status;
}

const char *carrynet_message(void)
{
    return message;
}

const char *carrynet_status_name(carrynet_status status)
{
    switch (status) {
    case CARRYNET_OK:
        return "no error";
    case CARRYNET_ERROR_MEMORY:
        return "memory error";
    case CARRYNET_ERROR_ARGUMENT:
        return "argument error";
    case CARRYNET_ERROR_IO:
        return "input/output error";
    case CARRYNET_ERROR_FORMAT:
        return "format error";
    case CARRYNET_ERROR_DEVICE:
        return "device error";
    case CARRYNET_ERROR_UNSUPPORTED:
        return "unsupported";
    case CARRYNET_ERROR_NUMERIC:
        return "numeric error";
    }
    return "unknown status";
}

const char *carrynet_version(void)
{
    return CARRYNET_VERSION;
}

int carrynet_arithmetic_version(void)
{
    return CARRYNET_ARITHMETIC_VERSION;
}
