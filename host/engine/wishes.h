/* A wish for a device (engine.h) as one rank has it, where each rank computes for itself. */
#ifndef ENGINE_WISHES_H
#define ENGINE_WISHES_H

#include "base/base.h"
#include <carrynet/ranks.h>

/*
 * The devices of a wish that are this rank's, as a wish of their own: the ranks on a machine take turns, so that with
 * "gpu" each has a GPU of its own, where there are as many. *local to free with base_text_free. ARGUMENT, DEVICE, MEMORY.
 */
carrynet_status engine_local_wish(base_text *local, const char *wish, const carrynet_ranks *ranks);

#endif
