/* The devices that a spec names, and those of one rank. */
#ifndef ENGINE_DEVICE_LIST_H
#define ENGINE_DEVICE_LIST_H

#include "platform/platform.h"
#include <carrynet/comm.h>
#include <carrynet/device.h>

enum { DEVICE_SPEC = 160 };

struct device_list {
    char (*specs)[DEVICE_SPEC]; /* [count], each of one device; to free with sys_free */
    size_t count;
};

/*
 * Takes a spec (engine.h) apart: "gpu,gpu" are the first GPU and the second, "P:D/N" its N parts, "all" every OpenCL device. With
 * ranks, those of this one: the ranks on a machine take turns, and with a single spec ("gpu") each takes one. ARGUMENT: an
 * empty or too long entry; DEVICE: not so many of a kind.
 */
carrynet_status device_list_create(struct device_list *list, const char *spec, const carrynet_comm *comm);

/*
 * The same list written down as a spec of this rank alone, for who computes without the others. *local to free with
 * sys_text_free. ARGUMENT, DEVICE, MEMORY.
 */
carrynet_status device_list_text(sys_text *local, const char *spec, const carrynet_comm *comm);

#endif
