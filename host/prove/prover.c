/* Functions shared by the parts of the prover. */
#include "prove/prover.h"
#include "platform/platform.h"

bool prove_stopped(const struct prove_stop *stop)
{
    if (stop == NULL)
        return false;
    if (stop->deadline > 0 && sys_seconds() >= stop->deadline)
        return true;
    return stop->interrupted != NULL && stop->interrupted(stop->self) != 0;
}

void prove_notify(const struct prove_stop *stop, uint64_t done)
{
    if (stop == NULL || stop->progress == NULL)
        return;
    carrynet_prove_progress progress = stop->before;
    progress.done += progress.most > 0 ? done : 0;
    stop->progress(stop->self, &progress);
}
