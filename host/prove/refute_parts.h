/* What the files of the refuter share. */
#ifndef PROVE_REFUTE_PARTS_H
#define PROVE_REFUTE_PARTS_H

#include "prove/refute.h"

/*
 * Steps a wrong word again and reports it, from its start to its first wrong bit. DEVICE if it is right this time, or if
 * it is said to be a shortest one and ends elsewhere.
 */
carrynet_status refute_report(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              const struct prove_word *word, bool shortest);

/* Shortens a wrong word and reports it. */
carrynet_status refute_found(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                             struct prove_word *word, const struct prove_stop *stop);

#endif
