/*
 * Status codes and messages. Every function that can fail returns a carrynet_status; what failed, and what to do about
 * it, is then in carrynet_message() of the same thread until the next failing call.
 */
#ifndef CARRYNET_STATUS_H
#define CARRYNET_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(CARRYNET_SHARED) && defined(__GNUC__)
#define CARRYNET_API __attribute__((visibility("default")))
#else
#define CARRYNET_API
#endif

typedef enum carrynet_status {
    CARRYNET_OK = 0,
    CARRYNET_ERROR_MEMORY = -1,      /* not enough memory on host or device; the message states the need */
    CARRYNET_ERROR_ARGUMENT = -2,    /* a value outside its range, or values that do not fit together */
    CARRYNET_ERROR_IO = -3,          /* a file could not be opened, read, written or renamed */
    CARRYNET_ERROR_FORMAT = -4,      /* a file was read, but is not what it should be */
    CARRYNET_ERROR_DEVICE = -5,      /* no such device, a device that is not admitted, or a failing OpenCL call */
    CARRYNET_ERROR_UNSUPPORTED = -6, /* a valid request that this device or build cannot serve */
    CARRYNET_ERROR_NUMERIC = -7      /* NaN or infinity where a number is needed */
} carrynet_status;

/* The name of a status in words, such as "format error". Never NULL. */
CARRYNET_API const char *carrynet_status_name(carrynet_status status);

/* The message of the last failing call of this thread; "" if there was none. Valid until the next failing call. */
CARRYNET_API const char *carrynet_message(void);

/* The version of the library, such as "0.2.0", and of its arithmetic (kernels/ARITHMETIC.md). */
CARRYNET_API const char *carrynet_version(void);
CARRYNET_API int carrynet_arithmetic_version(void);

#ifdef __cplusplus
}
#endif

#endif
